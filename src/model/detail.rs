//! The facts that the words of findings are made of.

use std::io::ErrorKind;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::suspect::{Evidence, Extent, Slip};
use super::{
    Cause, CellRef, Damage, Finding, Guard, Hidden, NewerBy, Period, Place, SkippedSheet,
    Unreadable,
};

/// The facts that a finding's words are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// The file (or, if the place names one, the sheet) could not be read.
    Unreadable(Unreadable),
    /// Sheets of the file are no worksheets, and were passed over.
    SkippedSheets(Vec<SkippedSheet>),
    /// Parts of the file are damaged that no sheet needs.
    DamagedParts(Vec<String>),
    /// No annex fits. The nearest, with how many of its columns were found.
    UnknownForm {
        /// Number of the nearest annex, found columns, all its columns.
        nearest: Option<(Arc<str>, usize, usize)>,
    },
    /// No sheet of the file holds anything.
    NothingIn,
    /// Rows and columns of the form are exchanged.
    Exchanged {
        /// Number of the annex that it is then.
        annex: Arc<str>,
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
        /// The column of the form that it seems to be, since sums hold with it: its header's cell, and what stands
        /// there.
        seems: Option<(CellRef, String)>,
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
    /// Rows of others; what they hold is left out.
    OthersRows {
        /// Their names.
        rows: Vec<String>,
        /// Whether it is known that they have not returned them themselves.
        not_returned: bool,
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
    /// The row that the county takes a reporter's figures from, the total row of its form, is not there or was
    /// left blank.
    MissingTotal {
        /// Its label.
        label: String,
    },
    /// One figure in a merged cell that covers several.
    Merged {
        /// What the cells are that it covers, in the form's own words.
        of: Vec<String>,
        /// Where relations tell each part, and the parts add up to it: what each should be, in the same order.
        parts: Vec<String>,
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
        /// What is the matter with it, the first noticed first; empty where nothing can be said.
        causes: Vec<Cause>,
        /// What it may mean, the likeliest first.
        readings: Vec<String>,
        /// Whether the reading is only what the relations that it stands in ask for.
        is_reckoned: bool,
    },
    /// More decimals than the column has.
    Decimals {
        /// Those of the column.
        declared: u8,
        /// What the sheet shows of the first.
        shown: Option<String>,
        /// Whether it counts what is whole: 户, 人, 个.
        is_count: bool,
    },
    /// A figure that no form can mean: larger than any that a spreadsheet keeps to the last digit.
    TooLarge,
    /// More digits than can be reckoned with exactly: of one figure, or of what several come to.
    TooLong,
    /// A figure in another unit that cannot be written exactly in the annex's.
    Inexact {
        /// The annex's.
        declared: Arc<str>,
        /// What it comes to, rounded to the decimals of its column.
        about: String,
        /// The other figures of the same row or column, each with what was typed and what it comes to.
        others: Vec<(CellRef, String, String)>,
    },
    /// Figures stand beside the table, in columns that have no header; what they mean is not known.
    Beside,
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
        /// Whether both stand in one file; its sheets are named then.
        in_one_file: bool,
        /// Whether both say the same.
        identical: bool,
        /// By what the one taken is the newer, where the same office sent both.
        newer_by: Option<NewerBy>,
        /// Whether the version marks of their names say the opposite.
        against_mark: bool,
        /// How many rows others have too, where the other is not set aside as a whole.
        n_rows: Option<usize>,
        /// Where both stand in one file: the first figures that differ, the one taken before the other.
        differ: Vec<[(Place, String); 2]>,
    },
    /// What an earlier period was consolidated to cannot be used.
    EarlierUnread {
        /// The period.
        period: Period,
        /// What is wrong with its records.
        damage: Damage,
    },
    /// Our fault: what all forms together are looked through for was not done to its end.
    StageFailed {
        /// What was not done.
        stage: Stage,
        /// The program's last words.
        detail: String,
    },
    /// What a county said of it, in its own words.
    Told {
        /// Who, and where in which file.
        about: String,
        /// The county's sentence.
        message: String,
    },
    /// A sheet has figures that nobody sees who opens it.
    Hidden {
        /// Whether the whole sheet is hidden.
        sheet: bool,
        /// Its rows and columns that are hidden and hold figures.
        parts: Hidden,
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
        /// The file that the same reporter returned for this period.
        taken: Option<Arc<str>>,
    },
    /// A form says two periods. That of the place believed first is taken.
    PeriodsDiffer {
        /// Where that one stands, and how it is printed.
        taken: (PeriodSource, String),
        /// Where the other one stands, and how it is printed.
        other: (PeriodSource, String),
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
    /// An explanation that was written about the same finding of another period.
    OfOtherPeriod {
        /// The period that it was written about.
        period: Period,
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
    /// Divided by another figure, it is outside its bounds.
    RangePer {
        /// What it is divided by.
        per: Operand,
        /// What that comes to, rounded to be shown.
        quotient: String,
        /// Lower bound of the quotient.
        min: Option<String>,
        /// Upper bound of the quotient.
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
        /// How much of the return they are.
        extent: CopiedExtent,
    },
    /// Something odd by the schema itself, whatever the rules say.
    Guard(Guard),
    /// There is no marked copy of the return.
    NoCopy(NoCopy),
    /// A figure, or a few that belong together, is not what it should be: because of it relations fail. Where nothing
    /// tells which of several it is, all of them are its [candidates](Finding::candidates).
    Miswritten {
        /// The failures that are not told by themselves, because this one explains them.
        explains: Vec<Finding>,
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
        explains: Vec<Finding>,
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
        explains: Vec<Finding>,
    },
}

/// What is done with all forms of a period together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rules between forms.
    Together,
    /// Rules against earlier periods.
    OverTime,
    /// Which cell is probably the wrong one.
    Localise,
    /// Variances.
    Variances,
    /// Whom to telephone.
    Calls,
}

/// Why a return has no marked copy. What was found in it is told all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCopy {
    /// The file is no longer the one that was checked.
    Changed,
    /// The file can no longer be opened.
    NotOpened(ErrorKind),
    /// The file can no longer be read, though it is the same.
    Unreadable(Unreadable),
    /// Something in it that marks go into is damaged.
    Damaged {
        /// What was noticed.
        detail: String,
    },
    /// Making it panicked: a fault of this program, whatever the file is like.
    ProgramFailed {
        /// The last words of the panic.
        detail: String,
    },
    /// The copy could not be written under its name.
    NotWritten(ErrorKind),
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
    /// A number in whose text characters stand that nobody sees.
    Unseen,
    /// A number with the sign of a currency.
    Currency,
    /// A number with blanks between its thousands.
    Spaced,
    /// A number with a Chinese full stop for its point.
    FullStop,
    /// A number with 万 or 亿 behind it, where the unit counts in ones.
    Times,
    /// A word or a mark that means that there is no figure.
    Nothing,
    /// A number that the sheet shows as another one.
    ShownOtherwise,
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
    /// Columns whose headers are not the annex's, or rows whose years are not, taken for its own by what they mean and
    /// where they stand.
    Guessed {
        /// Which were taken for what, from left to right, or from top to bottom.
        columns: Vec<GuessedColumn>,
        /// Whether they are rows.
        rows: bool,
        /// Whether the sums that these columns take part in hold then; `None` where none could tell.
        sums: Option<bool>,
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
    /// A formula takes its figure from another workbook; what was saved of it is taken.
    OtherWorkbook {
        /// The formula.
        formula: String,
    },
    /// The saved result of a formula is not what its cells come to now.
    OutOfDate {
        /// The formula.
        formula: String,
    },
    /// Two rows of one form have the same key; the first was taken.
    RepeatedRow {
        /// The row's name.
        label: String,
        /// Where the first stands.
        first: CellRef,
    },
}

/// A column that was taken for another than its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuessedColumn {
    /// Where its header stands, or should stand.
    pub cell: CellRef,
    /// What stands there; empty where nothing does.
    pub given: String,
    /// The annex's header.
    pub declared: String,
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
    /// Something stands behind it that is no part of the name: 轮台镇（含城区）.
    Remark,
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

/// How much of a return is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedExtent {
    /// All figures that should have moved.
    Return,
    /// Those of one row.
    Row,
    /// Some of one row.
    Figures,
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

impl Detail {
    /// Lets `change` see every text that stood in a return.
    pub(super) fn change_quotations(&mut self, change: &mut dyn FnMut(&mut String)) {
        let mut operands: Vec<&mut Operand> = Vec::new();
        match self {
            Detail::MissingColumn { header, .. }
            | Detail::UnexpectedColumn { header }
            | Detail::ReadAs(
                ReadAs::RepeatedColumn { header } | ReadAs::Header { declared: header },
            ) => change(header),
            Detail::ReadAs(ReadAs::Guessed { columns, .. }) => {
                columns
                    .iter_mut()
                    .for_each(|column| change(&mut column.given));
            }
            Detail::UnexpectedRow { label, nearest } => {
                change(label);
                nearest.iter_mut().for_each(&mut *change);
            }
            Detail::MissingRow { label }
            | Detail::BlankRow { label }
            | Detail::MissingTotal { label }
            | Detail::ReadAs(
                ReadAs::RowLabel { declared: label } | ReadAs::RepeatedRow { label, .. },
            ) => change(label),
            Detail::OthersRows { rows: texts, .. } | Detail::MissingValue { columns: texts } => {
                texts.iter_mut().for_each(&mut *change);
            }
            Detail::UnitDiffers { printed, .. }
            | Detail::UnitUnknown { printed, .. }
            | Detail::WrongPeriod { printed, .. }
            | Detail::ReadAs(ReadAs::AnnexNumber { printed }) => change(printed),
            Detail::Conflict { taken, others } => {
                let all = others.iter_mut().chain([taken]);
                all.for_each(|(_, text)| change(text));
            }
            Detail::Told { about, message } => {
                change(about);
                change(message);
            }
            Detail::OldForm { scheme, .. } => change(scheme),
            Detail::PeriodsDiffer { taken, other } => {
                change(&mut taken.1);
                change(&mut other.1);
            }
            Detail::NoLongerNeeded { about } | Detail::OfOtherPeriod { about, .. } => {
                change(about);
            }
            Detail::Sum { total, parts } => operands.extend(parts.iter_mut().chain([total])),
            Detail::Equal { left, right } => operands.extend([left, right]),
            Detail::Target { actual, .. } => operands.push(actual),
            Detail::Part { part, whole } => operands.extend([part, whole]),
            Detail::Order { first, then } => operands.extend([first, then]),
            Detail::Trend { from, to, .. } => operands.extend([from, to]),
            Detail::Ratio {
                numerator,
                denominator,
            } => operands.extend([numerator, denominator]),
            Detail::When { condition, .. } => operands.push(condition),
            Detail::RangePer { per, .. } => operands.push(per),
            Detail::Chain {
                cumulative,
                last,
                month,
            } => operands.extend(last.iter_mut().chain([cumulative, month])),
            Detail::Cumulative { now, last } => operands.extend([now, last]),
            Detail::Compare { now, base, .. } => operands.extend([now, base]),
            Detail::Guard(guard) => operands.extend(guard.operands()),
            // The others hold numbers, and what the scheme says.
            _ => {}
        }
        for operand in operands {
            change(&mut operand.label);
            change(&mut operand.value);
        }
    }

    pub(super) fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
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
            Detail::RangePer { per, .. } => vec![per],
            Detail::Chain {
                cumulative,
                last,
                month,
            } => last.iter_mut().chain([cumulative, month]).collect(),
            Detail::Cumulative { now, last } => vec![now, last],
            Detail::Compare { now, base, .. } => vec![now, base],
            Detail::DuplicateReturn { differ, .. } => {
                let places = differ.iter_mut().flatten();
                return places.for_each(|(place, _)| change(place));
            }
            Detail::Guard(guard) => {
                for explained in guard.explained() {
                    explained.change_places(&mut *change);
                }
                guard.operands()
            }
            Detail::Conflict { taken, others } => {
                let places = others.iter_mut().chain([taken]);
                return places.for_each(|(place, _)| change(place));
            }
            Detail::Miswritten { explains }
            | Detail::UnitSlip { explains, .. }
            | Detail::Shifted { explains, .. } => {
                let explains = explains.iter_mut();
                return explains.for_each(|finding| finding.change_places(&mut *change));
            }
            // The others name no cells beyond those of the finding.
            _ => Vec::new(),
        };
        let places = operands.into_iter().filter_map(|it| it.place.as_mut());
        places.for_each(change);
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
