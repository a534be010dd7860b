//! What became of every file in the inbox, and of every return that is owed.

use std::sync::Arc;

use crate::read::Unreadable;

use super::{Format, Period, PeriodSource, ReporterSource};

/// One file of the inbox.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// Path relative to the inbox, with `/`.
    pub path: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What it is by its content; `None` where that could not be told.
    pub format: Option<Format>,
    /// What became of it.
    pub status: FileStatus,
    /// The forms found in it.
    pub tables: Vec<TableRecord>,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileStatus {
    /// Read.
    Read,
    /// Could not be read.
    Unreadable(Unreadable),
    /// The same bytes as this other file.
    Duplicate(Arc<str>),
    /// Every form in it is replaced by a form of this other file.
    Superseded(Arc<str>),
    /// A lock file or hidden file: no return.
    Ignored,
}

/// One form found in a file.
#[derive(Clone, Debug)]
pub struct TableRecord {
    /// Name of the sheet.
    pub sheet: Arc<str>,
    /// Index of the annex.
    pub annex: usize,
    /// Index of the reporter.
    pub reporter: Option<usize>,
    /// How the reporter was found.
    pub found_by: Option<ReporterSource>,
    /// What it is about.
    pub period: Period,
    /// Where that was found; `None` where the form does not say, and is about what it came in for.
    pub period_found_by: Option<PeriodSource>,
    /// Whether it was kept apart, because it is about another period than the one that it came in for.
    pub kept_apart: bool,
    /// How many values it holds.
    pub observations: usize,
    /// Whether another return replaced it.
    pub superseded: bool,
}

/// What is owed by one reporter for one annex.
#[derive(Clone, Debug)]
pub struct ReturnRecord {
    /// Index of the reporter.
    pub reporter: usize,
    /// Index of the annex.
    pub annex: usize,
    /// Whether it came.
    pub status: ReturnStatus,
    /// The files it came in, the one taken last.
    pub files: Vec<Arc<str>>,
}

/// Whether a return came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnStatus {
    /// 已报.
    Returned,
    /// 未报.
    Missing,
    /// 已替换: it came more than once.
    Superseded,
}

/// How often a rule came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// It held.
    pub pass: u64,
    /// It did not.
    pub fail: u64,
    /// Something it needs is missing.
    pub cannot_check: u64,
    /// It is not for this row, year or form.
    pub not_applied: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.cannot_check += other.cannot_check;
        self.not_applied += other.not_applied;
    }
}
