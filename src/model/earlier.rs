//! What is already known when a period comes in: the plan, last month, the same month last year.

use super::{Period, Table, Unreadable};

/// Figures of earlier periods, as they were consolidated then. `None` where there are none.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// The approved figures.
    pub plan: Option<Past>,
    /// The month before.
    pub last_month: Option<Past>,
    /// The same month of the year before.
    pub year_before: Option<Past>,
    /// The months of the same year up to the month before last, ascending; those that are there.
    pub months: Vec<Past>,
    /// Periods that should be there and could not be used, and why.
    pub left_out: Vec<(Period, Damage)>,
}

/// Why what an earlier period was consolidated to cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The system would not open the file.
    NotOpened {
        /// What it said.
        detail: String,
    },
    /// It is no file that could be read.
    Unreadable(Unreadable),
    /// The file is not as this program wrote it.
    NotAsWritten,
    /// The content contradicts its own format.
    Damaged {
        /// What was noticed.
        detail: String,
    },
    /// A column is missing, or of another type.
    Column {
        /// Its name.
        name: &'static str,
        /// The type that it should have.
        wanted: String,
    },
    /// Something in a row cannot be what this program wrote.
    Entry {
        /// The row, from 1.
        row: usize,
        /// The column.
        column: &'static str,
    },
    /// It is about another period.
    OtherPeriod {
        /// As it says itself.
        printed: String,
    },
}

/// The forms that counted in an earlier period, in order of trust.
#[derive(Clone, Debug)]
pub struct Past {
    /// Which period.
    pub period: Period,
    /// Its forms.
    pub tables: Vec<Table>,
    /// Annexes and columns (附件3 造林任务) that it has and the scheme has no longer: nothing is held against them.
    pub unknown: Vec<String>,
}

impl Earlier {
    /// The periods that a period is held against, in the order of the fields.
    pub fn periods(period: Period) -> [Option<Period>; 3] {
        let plan = (period != Period::Plan).then_some(Period::Plan);
        [plan, period.previous(), period.year_before()]
    }

    /// The months of a period's year before the month before it, ascending.
    pub fn months(period: Period) -> Vec<Period> {
        let Period::Month { year, month } = period else {
            return Vec::new();
        };
        (1..month.saturating_sub(1))
            .filter_map(|month| Period::month(year, month))
            .collect()
    }

    /// What a period is held against, the nearest first.
    pub fn all(&self) -> impl Iterator<Item = &Past> {
        [&self.last_month, &self.plan, &self.year_before]
            .into_iter()
            .flatten()
    }
}
