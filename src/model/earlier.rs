//! What is already known when a period comes in: the plan, last month, the same month last year.

use super::{Period, Table};

/// Figures of earlier periods, as they were consolidated then. `None` where there are none.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// The approved figures.
    pub plan: Option<Past>,
    /// The month before.
    pub last_month: Option<Past>,
    /// The same month of the year before.
    pub year_before: Option<Past>,
}

/// The forms that counted in an earlier period, in order of trust.
#[derive(Clone, Debug)]
pub struct Past {
    /// Which period.
    pub period: Period,
    /// Its forms.
    pub tables: Vec<Table>,
}

impl Earlier {
    /// The periods that a period is held against, in the order of the fields.
    pub fn periods(period: Period) -> [Option<Period>; 3] {
        let plan = (period != Period::Plan).then_some(Period::Plan);
        [plan, period.previous(), period.year_before()]
    }

    /// Everything that is known, the nearest first.
    pub fn all(&self) -> impl Iterator<Item = &Past> {
        [&self.last_month, &self.plan, &self.year_before]
            .into_iter()
            .flatten()
    }
}
