//! Anything told to the user about the data, from any stage.
//!
//! A finding carries facts; the words are chosen in `report`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::read::Unreadable;

use super::suspect::{Evidence, Explained, Extent, Reason, Slip, Suspect};
use super::{Amount, CellRef, NewerBy, Period};

/// One thing to tell the user about the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id, where a rule found it.
    pub rule: Option<Arc<str>>,
    /// What kind of fault it is.
    pub kind: Kind,
    /// How serious it is.
    pub level: Level,
    /// Number of the annex: 附件7.
    pub annex: Option<Arc<str>>,
    /// Name of the reporter.
    pub reporter: Option<Arc<str>>,
    /// Row by its key, or the label of the total row.
    pub row: Option<Box<str>>,
    /// Name of the column.
    pub column: Option<Box<str>>,
    /// Year of the figure.
    pub year: Option<u16>,
    /// Where it is; `None` for what is nowhere, such as a form not returned.
    pub place: Option<Place>,
    /// The other cells concerned.
    pub cells: Vec<Place>,
    /// What stands there.
    pub given: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// `given − expected`.
    pub difference: Option<Amount>,
    /// How far off rounding alone could put it.
    pub tolerance: Option<Amount>,
    /// The unit that the four above are in, where they are figures with one.
    pub unit: Option<Arc<str>>,
    /// What the words are made of.
    pub detail: Detail,
    /// Cells that would explain it if they were wrong, the likeliest first.
    pub suspects: Vec<Suspect>,
    /// What the reporter wrote about it.
    pub explanation: Option<String>,
}

/// A place in a return.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Path relative to the inbox.
    pub file: Arc<str>,
    /// Sheet, where the file has any.
    pub sheet: Option<Arc<str>>,
    /// Cell, where it is about one.
    pub cell: Option<CellRef>,
}

/// 审核级别, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 强制: must be put right.
    Mandatory,
    /// 准强制: passes with an explanation that the county accepts.
    QuasiMandatory,
    /// 核实: needs an explanation.
    Verification,
    /// 提示: worth knowing.
    Hint,
}

/// What kind of fault a finding is: the kind of rule that failed, or what a stage came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is explained by its name; see `Detail`")]
pub enum Kind {
    Sum,
    TotalRow,
    Equal,
    Target,
    Part,
    Range,
    Order,
    Trend,
    Ratio,
    Unique,
    Code,
    Pair,
    When,
    Chain,
    Cumulative,
    Compare,
    UnreadableFile,
    UnknownForm,
    AmbiguousForm,
    MissingColumn,
    UnexpectedColumn,
    UnexpectedRow,
    MissingRow,
    MissingValue,
    UnitDiffers,
    UnitMissing,
    NotANumber,
    ReadAs,
    FormulaError,
    FormulaReplaced,
    Alias,
    UnknownReporter,
    Conflict,
    NotReturned,
    DuplicateReturn,
    Explanation,
    UnitSlip,
    Shifted,
    OldForm,
    WrongPeriod,
    Copied,
}

/// The facts that a finding's words are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// The file (or, if the place names one, the sheet) could not be read.
    Unreadable(Unreadable),
    /// No annex fits. The nearest, with how many of its columns were found.
    UnknownForm {
        /// Number of the nearest annex, found columns, all its columns.
        nearest: Option<(Arc<str>, usize, usize)>,
    },
    /// Several annexes fit equally well.
    AmbiguousForm {
        /// Their numbers.
        candidates: Vec<Arc<str>>,
    },
    /// A column of the annex is not in the form.
    MissingColumn {
        /// Its header, levels joined by `/`.
        header: String,
    },
    /// A column of the form is not in the annex; what it holds is left out.
    UnexpectedColumn {
        /// Its header.
        header: String,
    },
    /// A row of the form is not in the annex; what it holds is left out.
    UnexpectedRow {
        /// Its label.
        label: String,
        /// The row of the annex that it may mean.
        nearest: Option<String>,
    },
    /// Rows of others, who have not returned them; what they hold is left out.
    OthersRows {
        /// Their names.
        rows: Vec<String>,
    },
    /// A row that the annex asks for is not there.
    MissingRow {
        /// Its label.
        label: String,
    },
    /// A row that the annex asks for is there and was left blank.
    BlankRow {
        /// Its label.
        label: String,
    },
    /// Nothing of the form was filled in.
    BlankForm,
    /// Cells of a row that is otherwise filled in are blank.
    MissingValue {
        /// Their headers.
        columns: Vec<String>,
    },
    /// The form states another unit than the annex.
    UnitDiffers {
        /// As printed in the form.
        printed: String,
        /// The annex's.
        declared: Arc<str>,
        /// Figures were converted; otherwise no conversion is known and they are left out.
        converted: bool,
    },
    /// The form states a unit that the scheme does not know; figures were taken in the annex's unit.
    UnitUnknown {
        /// As printed in the form.
        printed: String,
        /// The annex's.
        declared: Arc<str>,
    },
    /// The annex prints a unit and the form does not; figures were taken in the annex's unit.
    UnitMissing {
        /// The annex's.
        declared: Arc<str>,
    },
    /// Something in a number, date or code column that is none.
    NotANumber {
        /// What the column asks for.
        wanted: Wanted,
    },
    /// Something was understood in a way worth saying.
    ReadAs(ReadAs),
    /// The formula came to an error, or was never calculated.
    FormulaError {
        /// `#DIV/0!` and the like; `None` if never calculated.
        error: Option<&'static str>,
        /// A plain sum that was never calculated was added up here.
        computed: bool,
    },
    /// A total was typed where other rows of the form have formulas.
    FormulaReplaced,
    /// A name was understood as another.
    Alias {
        /// How they were matched.
        how: AliasMatch,
    },
    /// Who returned it cannot be told.
    UnknownReporter {
        /// Names that it may mean.
        suggestions: Vec<Arc<str>>,
    },
    /// Two sources name different reporters.
    ReporterContradicted {
        /// The one taken, and where it was found.
        taken: (Arc<str>, ReporterSource),
        /// The other one, and where it was found.
        other: (Arc<str>, ReporterSource),
    },
    /// The reporter is not among those who return this annex.
    ReporterNotAsked,
    /// Two returns give different values.
    Conflict {
        /// The place and value taken.
        taken: (Place, String),
        /// The others.
        others: Vec<(Place, String)>,
    },
    /// A reporter owes this annex.
    NotReturned,
    /// Another return of the same reporter and annex exists.
    DuplicateReturn {
        /// The file taken where they differ.
        taken: Arc<str>,
        /// The file set aside.
        other: Arc<str>,
        /// Whether both say the same.
        identical: bool,
        /// By what the one taken is the newer, where the same office sent both.
        newer_by: Option<NewerBy>,
        /// How many rows others have too, where the other is not set aside as a whole.
        n_rows: Option<usize>,
    },
    /// What a county said of it, in its own words.
    Told {
        /// Who, and where in which file.
        about: String,
        /// The county's sentence.
        message: String,
    },
    /// The form was made for another scheme, or for this one before it was changed.
    OldForm {
        /// The scheme's id on its stamp.
        scheme: String,
        /// Whether it is this scheme.
        same_scheme: bool,
    },
    /// The form is about another period than the one that it came in for.
    WrongPeriod {
        /// Where that was found.
        found_by: PeriodSource,
        /// As printed.
        printed: String,
    },
    /// One explanation stands for every finding of a return.
    RepeatedText {
        /// For how many.
        n_findings: usize,
    },
    /// An explanation that is too short to be one.
    TooShort,
    /// An explanation whose finding is gone.
    NoLongerNeeded {
        /// What it was about.
        about: String,
    },
    /// total ≠ Σ parts.
    Sum {
        /// The total.
        total: Operand,
        /// The parts.
        parts: Vec<Operand>,
    },
    /// The total row ≠ Σ data rows.
    TotalRow {
        /// How many rows were added up.
        n_rows: usize,
    },
    /// The number of rows stated in the label of the total row.
    RowCount {
        /// As stated.
        stated: usize,
        /// As counted.
        counted: usize,
    },
    /// left ≠ right.
    Equal {
        /// The first.
        left: Operand,
        /// The second.
        right: Operand,
    },
    /// An annex does not agree with the plan's text.
    Target {
        /// Section of the plan.
        section: Arc<str>,
        /// Its sentence.
        sentence: Arc<str>,
        /// The promise, with unit.
        promised: String,
        /// What the annex says.
        actual: Operand,
    },
    /// part > whole.
    Part {
        /// The part.
        part: Operand,
        /// The whole.
        whole: Operand,
    },
    /// Outside its bounds.
    Range {
        /// Lower bound.
        min: Option<String>,
        /// Upper bound.
        max: Option<String>,
    },
    /// The first comes after the second.
    Order {
        /// What should not be greater or later.
        first: Operand,
        /// What should not be smaller or earlier.
        then: Operand,
    },
    /// A figure does not go the way it should over the years.
    Trend {
        /// The year before.
        from: Operand,
        /// The year in question.
        to: Operand,
        /// The direction asked for.
        direction: Direction,
        /// The least step, with unit or `%`.
        at_least: Option<String>,
    },
    /// A printed quotient is not the quotient.
    Ratio {
        /// Divided.
        numerator: Operand,
        /// By.
        denominator: Operand,
    },
    /// Two rows have the same key.
    Unique {
        /// The columns that should differ.
        columns: Vec<Arc<str>>,
    },
    /// Not on the list.
    Code {
        /// The list; empty where digits are asked for.
        values: Vec<Arc<str>>,
        /// How many digits are asked for.
        digits: Option<usize>,
    },
    /// The wrong ones of a group of columns are filled in.
    Pair {
        /// What is asked for.
        need: Need,
        /// Columns filled in.
        filled: Vec<Arc<str>>,
        /// Columns left blank.
        blank: Vec<Arc<str>>,
    },
    /// A condition holds and its consequence does not.
    When {
        /// The condition's cell.
        condition: Operand,
        /// What was expected of the consequence's cell.
        wanted: Condition,
    },
    /// last cumulative + this month ≠ this cumulative.
    Chain {
        /// The cumulative figure.
        cumulative: Operand,
        /// Last month's; `None` in the month that begins.
        last: Option<Operand>,
        /// The month's own.
        month: Operand,
    },
    /// A cumulative figure is less than it was last month.
    Cumulative {
        /// Now.
        now: Operand,
        /// Last month.
        last: Operand,
    },
    /// Further off what it is held against than two thresholds allow.
    Compare {
        /// What it is held against.
        with: Basis,
        /// Now.
        now: Operand,
        /// The plan's figure, last month's or last year's.
        base: Operand,
        /// The thresholds: in %, and with unit.
        thresholds: (String, String),
    },
    /// Figures are those of another return.
    Copied {
        /// Of which.
        from: CopiedFrom,
        /// How many figures.
        n_figures: usize,
        /// Whether it is the whole return, and not one row of it.
        whole: bool,
    },
    /// Figures were filled in in another unit.
    UnitSlip {
        /// From which unit, and how far off they are.
        slip: Slip,
        /// How much of the form it is about.
        extent: Extent,
        /// What it was concluded from.
        evidence: Evidence,
        /// The failures that are not told by themselves, because this one explains them.
        explains: Vec<Explained>,
    },
    /// Figures stand in the neighbouring row or column.
    Shifted {
        /// How far below, or to the right of, their place.
        by: i32,
        /// `Column`: a column's figures moved down or up; `Row`: a row's figures moved sideways.
        extent: Extent,
        /// What it was concluded from.
        evidence: Evidence,
        /// The failures that are not told by themselves, because this one explains them.
        explains: Vec<Explained>,
    },
}

/// A cell, or a sum of cells, that takes part in a relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// What it is, in the form's own words: 2023年 地表水.
    pub label: String,
    /// The value as filled in, with its unit where units matter.
    pub value: String,
    /// Where it stands; `None` for a sum over several places.
    pub place: Option<Place>,
}

/// What a column asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A figure.
    Number,
    /// A date.
    Date,
    /// A code kept as text.
    Code,
    /// A year.
    Year,
}

/// What was understood in a way worth saying.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadAs {
    /// A number kept as text (also full-width digits and thousands separators).
    TextNumber,
    /// A share shown as a percentage.
    Percent,
    /// A number with its unit in the same cell.
    NumberWithUnit,
    /// A negative number in brackets.
    Bracketed,
    /// A date in an unusual spelling.
    DateText,
    /// A code kept as a number: digits beyond the fifteenth are lost.
    NumericCode,
    /// A header spelled differently.
    Header {
        /// The annex's header.
        declared: String,
    },
    /// A row label spelled differently.
    RowLabel {
        /// The annex's label.
        declared: String,
    },
    /// Two annexes share their headers; the rows decided.
    AnnexByContent {
        /// The annexes that were not taken.
        others: Vec<Arc<str>>,
    },
    /// The form calls itself another annex than its columns say.
    AnnexNumber {
        /// What the form calls itself.
        printed: String,
    },
    /// Two columns have the same header; the first was taken.
    RepeatedColumn {
        /// The header.
        header: String,
    },
    /// A cell that the scheme prints says something else; the scheme's is taken.
    Printed,
    /// Two rows of one form have the same key; the first was taken.
    RepeatedRow {
        /// The row's name.
        label: String,
        /// Where the first stands.
        first: CellRef,
    },
}

/// How a name was matched with the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasMatch {
    /// It is a listed alias.
    Listed,
    /// It sounds the same.
    Homophone,
    /// It is the roster's name cut short.
    Short,
    /// One character differs.
    Misprint,
}

/// Where a reporter's name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReporterSource {
    /// The 填报单位 cell.
    Form,
    /// The title.
    Title,
    /// The stamp of the form that this program made.
    Stamp,
    /// The only row filled.
    Rows,
    /// The file's name.
    FileName,
    /// The folder's name.
    Folder,
    /// Only this reporter returns the annex.
    Annex,
}

/// Where it was found what a form is about, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodSource {
    /// A line of its own: 报告期.
    Form,
    /// The title, or another line above the table.
    Title,
    /// The stamp of the form that this program made.
    Stamp,
    /// The sheet's name.
    SheetName,
    /// The file's name.
    FileName,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The plan.
    Plan,
    /// 序时进度: what of the plan should be done by then.
    Schedule,
    /// The month before.
    LastMonth,
    /// The same month of the year before.
    LastYear,
}

/// Which departures matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Too little.
    Below,
    /// Too much.
    Above,
    /// Both.
    #[default]
    Either,
}

/// Whose figures were copied.
#[derive(Clone, Debug, PartialEq)]
pub enum CopiedFrom {
    /// The reporter's own of this month.
    LastMonth(Period),
    /// Another reporter's, for the same month.
    Reporter(Arc<str>),
}

/// Which way a figure should go over the years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Greater every year.
    Rising,
    /// Smaller every year.
    Falling,
    /// Never smaller.
    NotFalling,
    /// Never greater.
    NotRising,
}

/// How many of a group of columns should be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// All of them or none.
    AllOrNone,
    /// One and no other.
    ExactlyOne,
    /// One or more.
    AtLeastOne,
}

/// What a cell is asked to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Anything but blank.
    Filled,
    /// Blank.
    Blank,
    /// One of these.
    OneOf(Vec<Arc<str>>),
    /// Between these, as written.
    Between {
        /// Lower bound.
        min: Option<String>,
        /// Upper bound.
        max: Option<String>,
    },
}

/// What is to become of a return, by its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 可以报送.
    Acceptable,
    /// 需说明: something has to be put right or explained.
    ToExplain,
    /// 须改正: something has to be put right.
    ToCorrect,
}

impl Finding {
    /// A finding with nothing but its kind, level and facts.
    pub fn new(kind: Kind, level: Level, detail: Detail) -> Self {
        Self {
            rule: None,
            kind,
            level,
            annex: None,
            reporter: None,
            row: None,
            column: None,
            year: None,
            place: None,
            cells: Vec::new(),
            given: None,
            expected: None,
            difference: None,
            tolerance: None,
            unit: None,
            detail,
            suspects: Vec::new(),
            explanation: None,
        }
    }

    /// The same, at `place`.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, saying what stands there.
    pub fn given(mut self, given: impl Into<String>) -> Self {
        self.given = Some(given.into());
        self
    }

    /// The same, saying what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Lets `change` see every place that it names: its own, those of its figures and of its suspects.
    pub fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        let own = self.place.iter_mut().chain(&mut self.cells);
        own.for_each(&mut *change);
        self.detail.change_places(change);
        for suspect in &mut self.suspects {
            suspect.change_places(change);
        }
    }

    /// Whether the reporter has explained it in so many words as an explanation needs.
    pub fn is_explained(&self) -> bool {
        self.explanation.as_deref().is_some_and(is_explanation)
    }

    /// Whether something is still to be done about it. A `verification` is closed by an explanation;
    /// a `quasi-mandatory` one stays open until the county accepts it; a hint asks for nothing.
    pub fn is_open(&self) -> bool {
        match self.level {
            Level::Mandatory | Level::QuasiMandatory => true,
            Level::Verification => !self.is_explained(),
            Level::Hint => false,
        }
    }

    /// Whether the reporter has to do something about it before the return is taken.
    pub fn is_for_reporter(&self) -> bool {
        self.is_open() && !(self.level == Level::QuasiMandatory && self.is_explained())
    }
}

impl Detail {
    fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        let operands: Vec<&mut Operand> = match self {
            Detail::Sum { total, parts } => parts.iter_mut().chain([total]).collect(),
            Detail::Equal { left, right } => vec![left, right],
            Detail::Target { actual, .. } => vec![actual],
            Detail::Part { part, whole } => vec![part, whole],
            Detail::Order { first, then } => vec![first, then],
            Detail::Trend { from, to, .. } => vec![from, to],
            Detail::Ratio {
                numerator,
                denominator,
            } => vec![numerator, denominator],
            Detail::When { condition, .. } => vec![condition],
            Detail::Chain {
                cumulative,
                last,
                month,
            } => last.iter_mut().chain([cumulative, month]).collect(),
            Detail::Cumulative { now, last } => vec![now, last],
            Detail::Compare { now, base, .. } => vec![now, base],
            Detail::Conflict { taken, others } => {
                let places = others.iter_mut().chain([taken]);
                return places.for_each(|(place, _)| change(place));
            }
            Detail::UnitSlip { explains, .. } | Detail::Shifted { explains, .. } => {
                let places = explains.iter_mut().filter_map(|it| it.place.as_mut());
                return places.for_each(change);
            }
            // The others name no cells beyond those of the finding.
            _ => Vec::new(),
        };
        let places = operands.into_iter().filter_map(|it| it.place.as_mut());
        places.for_each(change);
    }
}

impl Suspect {
    fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        change(&mut self.place);
        for reason in &mut self.why {
            match reason {
                Reason::Together { with } => with.iter_mut().for_each(|(place, _)| change(place)),
                Reason::Exchanged { with } => change(with),
                Reason::Misplaced { other, .. } => change(&mut other.0),
                Reason::LeftOut { part: operand }
                | Reason::CountedTwice { part: operand }
                | Reason::OfWhichCounted { item: operand }
                | Reason::DifferenceEquals { cell: operand, .. }
                | Reason::DifferenceNear { cell: operand, .. } => {
                    operand.place.iter_mut().for_each(&mut *change);
                }
                _ => {}
            }
        }
    }
}

/// Fewer characters than this explain nothing.
pub const LEAST_EXPLANATION: usize = 6;

/// Whether a text is long enough to explain something; blanks and punctuation do not count.
pub fn is_explanation(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_EXPLANATION
}

impl Verdict {
    /// The worst that some findings ask for.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let verdict = |finding: &Finding| match finding.level {
            _ if !finding.is_for_reporter() => Self::Acceptable,
            Level::Mandatory => Self::ToCorrect,
            _ => Self::ToExplain,
        };
        let all = findings.into_iter().map(verdict);
        all.max().unwrap_or(Self::Acceptable)
    }
}

impl Place {
    /// A whole file.
    pub fn file(file: &Arc<str>) -> Self {
        Self {
            file: file.clone(),
            sheet: None,
            cell: None,
        }
    }

    /// A sheet, or one of its cells.
    pub fn sheet(file: &Arc<str>, sheet: &Arc<str>, cell: Option<CellRef>) -> Self {
        Self {
            file: file.clone(),
            sheet: Some(sheet.clone()),
            cell,
        }
    }
}

impl ReporterSource {
    /// The name used in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            ReporterSource::Form => "form",
            ReporterSource::Title => "title",
            ReporterSource::Stamp => "stamp",
            ReporterSource::Rows => "rows",
            ReporterSource::FileName => "file-name",
            ReporterSource::Folder => "folder",
            ReporterSource::Annex => "annex",
        }
    }
}

impl PeriodSource {
    /// The name used in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            PeriodSource::Form => "form",
            PeriodSource::Title => "title",
            PeriodSource::Stamp => "stamp",
            PeriodSource::SheetName => "sheet-name",
            PeriodSource::FileName => "file-name",
        }
    }
}

impl Level {
    /// All, the most serious first.
    pub const ALL: [Self; 4] = [
        Self::Mandatory,
        Self::QuasiMandatory,
        Self::Verification,
        Self::Hint,
    ];

    /// The name used in schemes and in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            Level::Mandatory => "mandatory",
            Level::QuasiMandatory => "quasi-mandatory",
            Level::Verification => "verification",
            Level::Hint => "hint",
        }
    }
}

impl Kind {
    /// All kinds, in the order in which they are explained.
    pub const ALL: [Self; 41] = [
        Self::Sum,
        Self::TotalRow,
        Self::Equal,
        Self::Target,
        Self::Part,
        Self::Range,
        Self::Order,
        Self::Trend,
        Self::Ratio,
        Self::Unique,
        Self::Code,
        Self::Pair,
        Self::When,
        Self::Chain,
        Self::Cumulative,
        Self::Compare,
        Self::UnreadableFile,
        Self::UnknownForm,
        Self::AmbiguousForm,
        Self::MissingColumn,
        Self::UnexpectedColumn,
        Self::UnexpectedRow,
        Self::MissingRow,
        Self::MissingValue,
        Self::UnitDiffers,
        Self::UnitMissing,
        Self::NotANumber,
        Self::ReadAs,
        Self::FormulaError,
        Self::FormulaReplaced,
        Self::Alias,
        Self::UnknownReporter,
        Self::Conflict,
        Self::NotReturned,
        Self::DuplicateReturn,
        Self::Explanation,
        Self::UnitSlip,
        Self::Shifted,
        Self::OldForm,
        Self::WrongPeriod,
        Self::Copied,
    ];

    /// The name used in schemes and in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sum => "sum",
            Kind::TotalRow => "total-row",
            Kind::Equal => "equal",
            Kind::Target => "target",
            Kind::Part => "part",
            Kind::Range => "range",
            Kind::Order => "order",
            Kind::Trend => "trend",
            Kind::Ratio => "ratio",
            Kind::Unique => "unique",
            Kind::Code => "code",
            Kind::Pair => "pair",
            Kind::When => "when",
            Kind::Chain => "chain",
            Kind::Cumulative => "cumulative",
            Kind::Compare => "compare",
            Kind::UnreadableFile => "unreadable-file",
            Kind::UnknownForm => "unknown-form",
            Kind::AmbiguousForm => "ambiguous-form",
            Kind::MissingColumn => "missing-column",
            Kind::UnexpectedColumn => "unexpected-column",
            Kind::UnexpectedRow => "unexpected-row",
            Kind::MissingRow => "missing-row",
            Kind::MissingValue => "missing-value",
            Kind::UnitDiffers => "unit-differs",
            Kind::UnitMissing => "unit-missing",
            Kind::NotANumber => "not-a-number",
            Kind::ReadAs => "read-as",
            Kind::FormulaError => "formula-error",
            Kind::FormulaReplaced => "formula-replaced",
            Kind::Alias => "alias",
            Kind::UnknownReporter => "unknown-reporter",
            Kind::Conflict => "conflict",
            Kind::NotReturned => "not-returned",
            Kind::DuplicateReturn => "duplicate-return",
            Kind::Explanation => "explanation",
            Kind::UnitSlip => "unit-slip",
            Kind::Shifted => "shifted",
            Kind::OldForm => "old-form",
            Kind::WrongPeriod => "wrong-period",
            Kind::Copied => "copied",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
