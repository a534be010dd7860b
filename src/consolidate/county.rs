//! The county's annexes: which row comes from which return, and what the totals come to.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Amount, Finding};

/// All annexes of the county for one period.
#[derive(Clone, Debug, Default)]
pub struct County {
    /// One for each annex of the scheme, in its order.
    pub annexes: Vec<CountyAnnex>,
    /// Conflicts between returns.
    pub findings: Vec<Finding>,
}

/// One annex over all returns.
#[derive(Clone, Debug, Default)]
pub struct CountyAnnex {
    /// Data rows in the order of the annex, or of the roster in registers.
    pub rows: Vec<CountyRow>,
    /// Its total row, if the annex has one.
    pub total: Option<CountyTotal>,
    /// How far its tasks have come, if it tells of progress.
    pub progress: Option<Progress>,
}

/// How far the tasks of an annex have come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// In the order of the annex.
    pub tasks: Vec<Task>,
    /// Those who lead them, who has most open first.
    pub leads: Vec<Lead>,
}

/// A task: one row, or several that share the first key.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its rows.
    pub rows: Range<usize>,
    /// Who leads it.
    pub leads: Vec<usize>,
    /// Where all of it stands.
    pub state: State,
    /// Whether anything was said of it in words.
    pub has_news: bool,
}

/// The tasks that one reporter leads.
#[derive(Clone, Debug)]
pub struct Lead {
    /// The reporter.
    pub reporter: usize,
    /// How many of them stand where, in the order of [`State::ALL`].
    pub tasks: [usize; State::ALL.len()],
}

impl Lead {
    /// How many are not done.
    pub fn open(&self) -> usize {
        self.tasks.iter().sum::<usize>() - self.tasks[State::Done as usize]
    }
}

/// One data row of the county.
#[derive(Clone, Debug)]
pub struct CountyRow {
    /// Which of the annex's fixed rows it is.
    pub spec: Option<usize>,
    /// Its keys, as the annex spells them.
    pub key: Box<[Arc<str>]>,
    /// Its year, where rows have years.
    pub year: Option<u16>,
    /// Whom it is about.
    pub reporter: Option<usize>,
    /// The row of a return that was taken; `None` where nothing was returned.
    pub source: Option<Source>,
    /// Cells for which another return gives another value: `(leaf, the other rows)`.
    pub conflicts: Vec<(usize, Vec<Source>)>,
    /// Rows of others who share it: their words stand beside those of the row taken.
    pub shared: Vec<Source>,
    /// How far it has come, where it quotes a target or tells of progress.
    pub completion: Option<Completion>,
}

#[cfg(feature = "consolidate")]
impl CountyRow {
    /// A row with its key and the row of a return that stands for it, of which nothing else is known.
    pub(super) fn new(key: Box<[Arc<str>]>, source: Option<Source>) -> Self {
        Self {
            spec: None,
            key,
            year: None,
            reporter: None,
            source,
            conflicts: Vec::new(),
            shared: Vec::new(),
            completion: None,
        }
    }
}

/// How far a row has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where it stands.
    pub state: State,
    /// In percent of the target, to one decimal and never rounded up; `None` where nothing can be divided.
    pub rate: Option<Amount>,
    /// Whether anything was said in words.
    pub has_news: bool,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The target is met, or the task is said to be done.
    Done,
    /// The target is not met.
    Open,
    /// Something was said, and no figure that could be held against a target.
    UnderWay,
    /// It was returned, and nothing was said.
    NoNews,
    /// It was not returned.
    NotReturned,
}

impl State {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Open,
        Self::UnderWay,
        Self::NoNews,
        Self::NotReturned,
    ];
}

/// The county's total row.
#[derive(Clone, Debug)]
pub struct CountyTotal {
    /// For each leaf column, the sum over the data rows; of rates, which are never added, their quotient or weighted
    /// mean where the scheme says how. `None` where nothing adds up or all is missing.
    pub sums: Vec<Option<Amount>>,
    /// The total row that the responsible office returned.
    pub stated: Option<Source>,
}

/// A row of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Index of the table.
    pub table: usize,
    /// Index of its row.
    pub row: usize,
}
