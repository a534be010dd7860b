//! What became of every file in the inbox, and of every return that is owed.

use std::sync::Arc;

use super::Unreadable;

use super::{
    Amount, Date, Finding, Format, Level, Moment, NewerBy, Period, PeriodSource, Place,
    ReporterSource, Value, Version,
};

/// One file of the inbox.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// Path relative to the inbox, with `/`.
    pub path: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What it is by its content; `None` where that could not be told.
    pub format: Option<Format>,
    /// What it tells about when it was made.
    pub version: Version,
    /// What became of it.
    pub status: FileStatus,
    /// Whether all its sheets could be read; of a file that could not be read at all it says nothing.
    pub is_whole: bool,
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
    /// Other bytes, but in every form the same figures as this other file.
    SameFigures(Arc<str>),
    /// Every form in it is replaced by a form of this other file.
    Superseded(Arc<str>),
    /// A lock file, a hidden file, the note about the period: no return.
    Ignored,
}

/// One form found in a file.
#[derive(Clone, Debug)]
pub struct TableRecord {
    /// Name of the sheet.
    pub sheet: Arc<str>,
    /// Whether that sheet is hidden.
    pub hidden: bool,
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
    /// The day on the form.
    pub dated: Option<Date>,
    /// How many values it holds.
    pub observations: usize,
    /// Whether another return replaced it.
    pub superseded: bool,
}

impl TableRecord {
    /// Whether it is consolidated.
    pub fn counts(&self) -> bool {
        !self.superseded && !self.kept_apart
    }
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
    /// By what the one taken was found to be the newer one, where it came more than once.
    pub newer_by: Option<NewerBy>,
    /// When the one taken was made, by its own account.
    pub time: Option<Moment>,
    /// Whether the first that came was made after the due day.
    pub is_late: bool,
    /// Open findings about it, by level.
    pub open: [usize; Level::ALL.len()],
    /// What is to be done about it.
    pub state: ReturnState,
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

/// How things stand with a return, in one word: the one that asks most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReturnState {
    /// 未报: it has not come.
    Missing,
    /// 退回: something must be put right.
    SentBack,
    /// 需说明: something must be explained.
    ToExplain,
    /// 迟报: nothing is open, but it came after the due day.
    Late,
    /// 已替换: nothing is open, and it came more than once.
    Superseded,
    /// 已报: nothing is open.
    Returned,
}

/// What a newer return of the same reporter and annex changed.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Index of the reporter.
    pub reporter: usize,
    /// Index of the annex.
    pub annex: usize,
    /// File and sheet of the one that was replaced.
    pub older: Place,
    /// File and sheet of the one that replaced it.
    pub newer: Place,
    /// By what it was found to be the newer one.
    pub newer_by: NewerBy,
    /// Cells that say something else now, in the order of the newer form; then what it lacks.
    pub changes: Vec<CellChange>,
    /// Findings of the older form that the newer has not.
    pub removed: Vec<Finding>,
    /// Findings of the newer form that the older had not.
    pub made: Vec<Finding>,
}

/// A cell that says something else in the newer form.
#[derive(Clone, Debug, PartialEq)]
pub struct CellChange {
    /// Where it stands: in the newer form, or, for a row that it lacks, in the older.
    pub place: Place,
    /// Its row by its key.
    pub row: String,
    /// Name of its column.
    pub column: Arc<str>,
    /// The year of the figure.
    pub year: Option<u16>,
    /// What stood there.
    pub old: Value,
    /// What stands there now.
    pub new: Value,
}

/// One matter to telephone about.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Index of the reporter; `None` where that is not known.
    pub reporter: Option<usize>,
    /// Index of the annex; `None` where that is not known.
    pub annex: Option<usize>,
    /// Which of the findings it is about.
    pub finding: usize,
    /// How much of the county's total is at stake.
    pub effect: Effect,
}

/// How much of the county's total a finding puts at stake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Nothing says how much: all of it may be.
    Unknown,
    /// This much of that total.
    Share {
        /// The difference, or the figure in question.
        part: Amount,
        /// The county's total, greater than nothing.
        whole: Amount,
    },
    /// No total depends on it.
    Nothing,
}

impl ReturnRecord {
    /// A return of which only is known whether it came.
    pub fn new(reporter: usize, annex: usize, status: ReturnStatus, files: Vec<Arc<str>>) -> Self {
        Self {
            reporter,
            annex,
            status,
            files,
            newer_by: None,
            time: None,
            is_late: false,
            open: [0; Level::ALL.len()],
            state: match status {
                ReturnStatus::Missing => ReturnState::Missing,
                ReturnStatus::Superseded => ReturnState::Superseded,
                ReturnStatus::Returned => ReturnState::Returned,
            },
        }
    }
}

impl ReturnState {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Missing,
        Self::SentBack,
        Self::ToExplain,
        Self::Late,
        Self::Superseded,
        Self::Returned,
    ];

    /// The name used in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            ReturnState::Missing => "missing",
            ReturnState::SentBack => "sent-back",
            ReturnState::ToExplain => "to-explain",
            ReturnState::Late => "late",
            ReturnState::Superseded => "superseded",
            ReturnState::Returned => "returned",
        }
    }
}

impl Effect {
    /// The part over the whole, to 28 digits.
    pub fn share(self) -> Option<Amount> {
        match self {
            Effect::Share { part, whole } => part.0.checked_div(whole.0).map(Amount),
            Effect::Unknown | Effect::Nothing => None,
        }
    }
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
