//! The stages strung together; the only place that knows their order.

use crate::consolidate::County;
use crate::model::{FileRecord, Finding, ReturnRecord, Table, Tally};

/// Everything that a merge found out; what `report` writes.
pub struct Merged {
    /// `plan` or a month.
    pub period: String,
    /// Every file of the inbox, by path.
    pub files: Vec<FileRecord>,
    /// Every form that was read, those that count first.
    pub tables: Vec<Table>,
    /// What is owed, in the order of the roster and the annexes.
    pub returns: Vec<ReturnRecord>,
    /// All findings, in the order of annexes, reporters and cells.
    pub findings: Vec<Finding>,
    /// One for each rule of the scheme.
    pub tallies: Vec<Tally>,
    /// The county's annexes.
    pub county: County,
}
