//! What the schema itself makes odd, without any rule: years, accumulation, the plan as a whole.

use super::{Finding, Operand};

/// Something that no rule has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// Figures in a year that has not begun.
    YearNotBegun {
        /// The first such year.
        year: u16,
        /// How many figures.
        n_figures: usize,
        /// Whether all of them are the plan's, left in the form.
        is_plan: bool,
    },
    /// A year that was over last month has other figures now.
    ClosedYear {
        /// Which year.
        year: u16,
        /// How many figures.
        n_figures: usize,
    },
    /// The month's own figure where the figure since the year began is due.
    MonthForTotal {
        /// What was reported last month.
        last: Operand,
        /// The failures that it explains.
        explains: Vec<Finding>,
    },
    /// More than was planned for the whole year.
    BeyondPlan {
        /// The plan's figure.
        plan: Operand,
        /// Whether it is a limit.
        is_limit: bool,
    },
    /// Two figures of a row stand in each other's place.
    Exchanged {
        /// The figure at the finding's cell, and the other.
        cells: Box<[Operand; 2]>,
        /// What was reported for each last month.
        last: Box<[Operand; 2]>,
        /// The failures that it explains.
        explains: Vec<Finding>,
    },
}

/// Which guards are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Guards {
    /// Figures in a year that has not begun.
    pub year_not_begun: bool,
    /// Figures of a year that is over, changed since last month.
    pub closed_year: bool,
    /// A month's own figure in the place of a cumulative one.
    pub month_for_total: bool,
    /// More than the plan of the whole year.
    pub beyond_plan: bool,
    /// Figures that changed places.
    pub exchanged: bool,
}

impl Guards {
    /// None of them.
    pub const NONE: Self = Self {
        year_not_begun: false,
        closed_year: false,
        month_for_total: false,
        beyond_plan: false,
        exchanged: false,
    };
}

impl Default for Guards {
    /// All of them.
    fn default() -> Self {
        Self {
            year_not_begun: true,
            closed_year: true,
            month_for_total: true,
            beyond_plan: true,
            exchanged: true,
        }
    }
}

impl Guard {
    /// The failures that are not told by themselves, because this explains them.
    pub fn explains(&self) -> &[Finding] {
        match self {
            Self::MonthForTotal { explains, .. } | Self::Exchanged { explains, .. } => explains,
            _ => &[],
        }
    }

    pub(super) fn operands(&mut self) -> Vec<&mut Operand> {
        match self {
            Self::YearNotBegun { .. } | Self::ClosedYear { .. } => Vec::new(),
            Self::MonthForTotal { last, .. } => vec![last],
            Self::BeyondPlan { plan, .. } => vec![plan],
            Self::Exchanged { cells, last, .. } => cells.iter_mut().chain(&mut **last).collect(),
        }
    }

    pub(super) fn explained(&mut self) -> &mut [Finding] {
        match self {
            Self::MonthForTotal { explains, .. } | Self::Exchanged { explains, .. } => explains,
            _ => &mut [],
        }
    }
}
