//! 审核关系: what must hold, with every name resolved.

use std::sync::Arc;

use crate::model::{Amount, Basis, Condition, Date, Direction, Kind, Level, Need, Period, Side};

/// One rule of the scheme.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Published once, never used again for another.
    pub id: Arc<str>,
    /// A few words.
    pub label: String,
    /// One sentence for the clerk.
    pub say: String,
    /// How serious a failure is.
    pub level: Level,
    /// In the unit of the rule's first cell; replaces the tolerance worked out from declared decimals.
    pub tolerance: Option<Amount>,
    /// Whether it holds in every year, with bare column names meaning that year's.
    pub each_year: bool,
    /// Where it holds.
    pub applies: Applies,
    /// The annex it belongs to; `None` for rules across annexes.
    pub annex: Option<usize>,
    /// What must hold.
    pub relation: Relation,
}

/// Where a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Applies {
    /// Only rows with these keys; the total row's key is empty.
    pub rows: Option<Vec<Box<[Arc<str>]>>>,
    /// Not rows with these keys.
    pub except_rows: Vec<Box<[Arc<str>]>>,
    /// Only these years.
    pub years: Option<Vec<u16>>,
    /// Total rows too.
    pub total_rows: bool,
    /// In which periods.
    pub period: AppliesIn,
}

/// In which periods a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppliesIn {
    /// The plan and every month.
    #[default]
    Every,
    /// Only the plan.
    Plan,
    /// Only months.
    Month,
}

/// What must hold: one variant for each kind of rule.
#[derive(Clone, Debug)]
pub enum Relation {
    /// total = Σ parts.
    Sum {
        /// The total.
        total: CellSel,
        /// The parts.
        parts: Vec<CellSel>,
    },
    /// Each total = Σ data rows.
    TotalRow {
        /// Leaf columns that are totalled.
        leaves: Vec<usize>,
        /// Whether the number in the label must be the number of rows.
        count: bool,
    },
    /// left = right.
    Equal {
        /// The first.
        left: CellSel,
        /// The second.
        right: CellSel,
    },
    /// A promise of the plan's text.
    Target {
        /// Section of the plan.
        section: Arc<str>,
        /// The sentence.
        sentence: Arc<str>,
        /// The figure promised.
        value: Amount,
        /// Its unit.
        unit: usize,
        /// The year, or first and last year, that it is promised for.
        years: (u16, u16),
        /// Least, most, or exactly.
        bound: Bound,
        /// The cell that must agree; `None` where no annex holds the quantity.
        cell: Option<CellSel>,
    },
    /// part ≤ whole.
    Part {
        /// The part.
        part: CellSel,
        /// The whole.
        whole: CellSel,
    },
    /// min ≤ value ≤ max, or the same of value / per.
    Range {
        /// The cells.
        cells: Vec<CellSel>,
        /// What each is divided by: 投资 by 面积. Bounds are then in the units of both as their columns have them.
        per: Option<CellSel>,
        /// Lower bound.
        min: Option<Limit>,
        /// Upper bound.
        max: Option<Limit>,
    },
    /// first ≤ then.
    Order {
        /// Not greater, not later.
        first: CellSel,
        /// Not smaller, not earlier.
        then: CellSel,
    },
    /// Year after year.
    Trend {
        /// The figure; its year is each of the plan's in turn.
        cell: CellSel,
        /// Which way.
        direction: Direction,
        /// The least step: an amount in the column's unit, or relative in % (true).
        at_least: Option<(Amount, bool)>,
    },
    /// value = numerator / denominator.
    Ratio {
        /// The printed quotient.
        value: CellSel,
        /// Divided.
        numerator: CellSel,
        /// By.
        denominator: CellSel,
        /// Whether the quotient is printed in %.
        percent: bool,
    },
    /// No two rows have the same.
    Unique {
        /// The columns.
        columns: Vec<usize>,
    },
    /// On the list.
    Code {
        /// The cell.
        cell: CellSel,
        /// The list; empty where digits are asked for.
        values: Vec<Arc<str>>,
        /// Other spellings, and what they mean.
        aliases: Vec<(String, Arc<str>)>,
        /// How many digits.
        digits: Option<usize>,
    },
    /// Which of a group are filled in.
    Pair {
        /// The group.
        cells: Vec<CellSel>,
        /// How many of them.
        need: Need,
    },
    /// If the condition holds, so does the consequence.
    When {
        /// The condition.
        condition: Test,
        /// The consequence.
        then: Test,
    },
    /// last cumulative + this month = this cumulative.
    Chain {
        /// The cumulative figure; the row in hand and the year in hand, as all cells over time.
        cumulative: CellSel,
        /// The month's own.
        month: CellSel,
    },
    /// Not less than last month.
    Cumulative {
        /// The figures.
        cells: Vec<CellSel>,
    },
    /// Not too far off.
    Compare {
        /// The figures.
        cells: Vec<CellSel>,
        /// What they are held against.
        with: Basis,
        /// How far off they may be in % …
        percent: Amount,
        /// … and in the columns' unit: beyond both is too far.
        absolute: Amount,
        /// Which departures matter.
        side: Side,
    },
}

/// How a promise binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Exactly.
    #[default]
    Equal,
    /// Or more.
    AtLeast,
    /// Or less.
    AtMost,
}

/// Names a cell, or cells to add up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellSel {
    /// The annex.
    pub annex: usize,
    /// The row.
    pub row: RowSel,
    /// Index of the column.
    pub column: usize,
    /// The year.
    pub year: YearSel,
}

/// Names a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowSel {
    /// The row in hand.
    Current,
    /// The row with this key (and the selected year, where rows have years).
    Key(Box<[Arc<str>]>),
    /// The total row.
    Total,
    /// All data rows, added up.
    Every,
}

/// Names a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearSel {
    /// The year in hand, or none where neither row nor column has years.
    Current,
    /// This one.
    Fixed(u16),
    /// All years, added up.
    Every,
}

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Of an amount, in the column's unit.
    Amount(Amount),
    /// Of a date.
    Date(Date),
}

/// A cell and what it is asked to be.
#[derive(Clone, Debug)]
pub struct Test {
    /// The cell.
    pub cell: CellSel,
    /// What it is asked to be.
    pub is: Condition,
    /// Bounds of [`Condition::Between`].
    pub min: Option<Limit>,
    /// Likewise.
    pub max: Option<Limit>,
}

impl AppliesIn {
    /// Whether a rule holds in this period.
    pub fn covers(self, period: Period) -> bool {
        match self {
            AppliesIn::Every => true,
            AppliesIn::Plan => period == Period::Plan,
            AppliesIn::Month => period != Period::Plan,
        }
    }
}

impl Relation {
    /// Whether it holds a period against earlier ones.
    pub fn is_over_time(&self) -> bool {
        matches!(
            self,
            Relation::Chain { .. } | Relation::Cumulative { .. } | Relation::Compare { .. }
        )
    }

    /// The cells that it names, what is held against others first; none where it takes whole columns of its annex.
    pub fn cells(&self) -> Vec<&CellSel> {
        match self {
            Relation::Sum { total, parts } => [total].into_iter().chain(parts).collect(),
            Relation::TotalRow { .. } | Relation::Unique { .. } => Vec::new(),
            Relation::Equal { left, right } => vec![left, right],
            Relation::Target { cell, .. } => cell.iter().collect(),
            Relation::Part { part, whole } => vec![part, whole],
            Relation::Order { first, then } => vec![first, then],
            Relation::Trend { cell, .. } | Relation::Code { cell, .. } => vec![cell],
            Relation::Ratio {
                value,
                numerator,
                denominator,
                ..
            } => vec![value, numerator, denominator],
            Relation::When { condition, then } => vec![&condition.cell, &then.cell],
            Relation::Chain { cumulative, month } => vec![cumulative, month],
            Relation::Range { cells, per, .. } => cells.iter().chain(per).collect(),
            Relation::Pair { cells, .. }
            | Relation::Cumulative { cells }
            | Relation::Compare { cells, .. } => cells.iter().collect(),
        }
    }

    /// The kind of rule.
    pub fn kind(&self) -> Kind {
        match self {
            Relation::Sum { .. } => Kind::Sum,
            Relation::TotalRow { .. } => Kind::TotalRow,
            Relation::Equal { .. } => Kind::Equal,
            Relation::Target { .. } => Kind::Target,
            Relation::Part { .. } => Kind::Part,
            Relation::Range { .. } => Kind::Range,
            Relation::Order { .. } => Kind::Order,
            Relation::Trend { .. } => Kind::Trend,
            Relation::Ratio { .. } => Kind::Ratio,
            Relation::Unique { .. } => Kind::Unique,
            Relation::Code { .. } => Kind::Code,
            Relation::Pair { .. } => Kind::Pair,
            Relation::When { .. } => Kind::When,
            Relation::Chain { .. } => Kind::Chain,
            Relation::Cumulative { .. } => Kind::Cumulative,
            Relation::Compare { .. } => Kind::Compare,
        }
    }
}
