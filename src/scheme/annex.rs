//! 附件（表式）: the schema of one form.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::{Amount, Period, Row, hex};

use super::{Bound, Publish, ReporterKind, Schedule};

/// The schema of one form.
#[derive(Clone, Debug)]
pub struct Annex {
    /// 附件7.
    pub number: Arc<str>,
    /// As printed.
    pub title: String,
    /// Unit line as printed, if any: 单位：亩.
    pub unit_line: Option<String>,
    /// The unit that columns have unless they say otherwise.
    pub unit: Option<usize>,
    /// Who owes it.
    pub returned_by: ReturnedBy,
    /// Who answers for the whole of it, and may return its total row.
    pub responsible: Option<usize>,
    /// As declared.
    pub columns: Vec<Column>,
    /// Columns as they stand in the form, a yearly column once a year, from left to right.
    pub leaves: Vec<Leaf>,
    /// Levels of the header.
    pub depth: usize,
    /// Key columns other than years, in order (indices into `columns`).
    pub row_key: Vec<usize>,
    /// The key column that holds the row's year.
    pub year_column: Option<usize>,
    /// Which of `row_key` names a reporter (a position in `row_key`).
    pub reporter_key: Option<usize>,
    /// The column that names whose a row is: a key column, or one that the scheme prints.
    pub reporter_column: Option<usize>,
    /// Its rows.
    pub rows: Rows,
    /// Its total row.
    pub total: Option<TotalRow>,
    /// The key column that names a reporter where the county's form has one row for each: the total row of its
    /// form (an index into `columns`).
    pub one_row_each: Option<usize>,
    /// Lines printed below the table.
    pub notes: Vec<String>,
    /// How often it is returned, and by when.
    pub due: Due,
    /// Whether rows that differ in more than their reporter hold different figures, which are not added up:
    /// indicators down, in a roll-up.
    pub rows_are_figures: bool,
    /// Units that its figures are published in, where these are not their own; at most one for each kind of
    /// quantity.
    pub publish: Vec<Publish>,
}

/// How often an annex is returned, and by when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// How often; `None` for what only the plan has.
    pub every: Option<Frequency>,
    /// Whether the plan has it too.
    pub plan: bool,
    /// The last day for it, in the month after the one reported on; `None` where none is set.
    pub day: Option<u8>,
    /// The last year in which months are returned; `None` for as long as the plan runs.
    pub until: Option<u16>,
}

/// How often an annex is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frequency {
    /// Every month.
    Month,
    /// In March, June, September and December.
    Quarter,
    /// In December.
    Year,
}

/// Who owes an annex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnedBy {
    /// Each reporter of a kind; of an annex with fixed rows, each that a row names.
    Kind(ReporterKind),
    /// One reporter.
    One(usize),
}

/// A declared column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name that rules use.
    pub name: Arc<str>,
    /// What it holds and how it adds up.
    pub kind: ColumnKind,
    /// Its unit.
    pub unit: Option<usize>,
    /// Declared decimals.
    pub decimals: u8,
    /// Whether the scheme says how many; where it does not, none are reckoned with, and any are taken.
    pub has_decimals: bool,
    /// Whether it stands once for every year.
    pub each_year: bool,
    /// Whether a blank is not missing.
    pub optional: bool,
    /// Whether a blank counts as nothing in sums.
    pub blank_is_none: bool,
    /// Whether equal neighbours are one merged cell in print.
    pub merge_down: bool,
    /// What a month's figure counts.
    pub course: Course,
    /// Which way is better.
    pub goal: Goal,
    /// The column that a rate is weighted with where rates of several rows are taken together.
    pub weight: Option<usize>,
    /// How much of a year's work should be done by the end of each month; `None`: evenly.
    pub schedule: Option<Schedule>,
    /// What the scheme prints in it, where nobody fills it in.
    pub print: Option<Print>,
    /// Whether its figure is held against the row's target; a row that has none has nothing to fill in.
    pub measures_target: bool,
    /// Of a text that says how far a row's task has come: the words with which it begins when the task is
    /// done. Empty for other columns.
    pub done: Vec<String>,
    /// Its width in digits, where the scheme sets it.
    pub width: Option<u8>,
}

/// Which way a planned figure is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// To be reached: more is better.
    #[default]
    AtLeast,
    /// A limit (控制数): less is better.
    AtMost,
}

/// What the scheme prints in the rows of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Print {
    /// What is written with each row.
    Row,
    /// The value of the row's target.
    Target,
    /// The unit of the row's figures.
    Unit,
    /// The year, or years, of the row's target.
    Year,
}

/// What a month's figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Everything since the year began (累计).
    SinceYear,
    /// Everything since the plan began.
    SincePlan,
    /// What is there at the end of the month (时点).
    State,
    /// That month's own (当月).
    Month,
}

/// What a column holds, and how it adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Amounts that add up.
    Additive,
    /// Percentages, concentrations, per head: never summed.
    Rate,
    /// Free text.
    Text,
    /// Dates.
    Date,
    /// Texts from a list, or identifiers.
    Code,
    /// Row numbers; not data.
    Serial,
    /// The year of the row.
    Year,
    /// Names of reporters.
    Reporter,
}

/// A column as it stands in the form.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Index into the annex's columns.
    pub column: usize,
    /// Its year, if its column is yearly.
    pub year: Option<u16>,
    /// Header cells from top to bottom.
    pub path: Vec<String>,
}

/// The rows of an annex.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Any rows, each with a key of its own.
    Register,
    /// These.
    Fixed(Vec<RowSpec>),
}

/// A fixed row.
#[derive(Clone, Debug)]
pub struct RowSpec {
    /// Values of the key columns other than years.
    pub key: Box<[Arc<str>]>,
    /// Cells of the key columns as printed, in the order of the columns (the year's among them).
    pub printed: Vec<String>,
    /// The year that the row is about, if a key column holds years.
    pub year: Option<u16>,
    /// The reporters that it names: whose it is, the first before others who share it.
    pub reporters: Vec<usize>,
    /// What the scheme prints in columns that are no key: `(column, text)`.
    pub cells: Vec<(usize, String)>,
    /// The target that its figure is held against.
    pub target: Option<Target>,
    /// Unit of all its figures, where it differs from the columns'.
    pub unit: Option<usize>,
    /// Kind of all its figures, likewise.
    pub kind: Option<ColumnKind>,
    /// Declared decimals of all its figures, likewise.
    pub decimals: Option<u8>,
    /// Which way is better, likewise.
    pub goal: Option<Goal>,
    /// What a month's figures count, likewise.
    pub course: Option<Course>,
}

/// A figure that the plan promises, as a row of an annex quotes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Id of its rule.
    pub id: Arc<str>,
    /// The figure.
    pub value: Amount,
    /// Its unit.
    pub unit: usize,
    /// The year, or first and last year, that it is promised for.
    pub years: (u16, u16),
    /// Least, most, or exactly.
    pub bound: Bound,
}

/// The total row of an annex.
#[derive(Clone, Debug)]
pub struct TotalRow {
    /// Its label; `{count}` stands for the number of rows.
    pub label: String,
    /// Above the data rows instead of below.
    pub at_top: bool,
}

/// A header cell with the rectangle it covers, both corners included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderCell {
    /// Its text.
    pub text: String,
    /// First and last header row, from 0.
    pub rows: (usize, usize),
    /// First and last leaf column.
    pub cols: (usize, usize),
}

impl Annex {
    /// The header as merged cells, top to bottom and left to right.
    pub fn header(&self) -> Vec<HeaderCell> {
        let mut cells = Vec::new();
        for level in 0..self.depth {
            let mut col = 0;
            while col < self.leaves.len() {
                let path = &self.leaves[col].path;
                let mut end = col;
                if level < path.len() {
                    let is_leaf = level + 1 == path.len();
                    while !is_leaf
                        && end + 1 < self.leaves.len()
                        && self.leaves[end + 1].path.len() > level + 1
                        && self.leaves[end + 1].path[..=level] == path[..=level]
                    {
                        end += 1;
                    }
                    let bottom = if is_leaf { self.depth - 1 } else { level };
                    cells.push(HeaderCell {
                        text: path[level].clone(),
                        rows: (level, bottom),
                        cols: (col, end),
                    });
                }
                col = end + 1;
            }
        }
        cells
    }

    /// Eight digits that differ where forms differ: in title, header, rows or units. Rules may change without
    /// making old forms useless.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            // Lengths keep two texts apart.
            hash.update(format!("{}:", text.len()));
            hash.update(text);
        };
        add(&self.number);
        add(&self.title);
        add(self.unit_line.as_deref().unwrap_or_default());
        for leaf in &self.leaves {
            leaf.path.iter().for_each(|level| add(level));
            add(&format!("{:?}", self.columns[leaf.column].unit));
        }
        for row in self.rows.fixed() {
            row.printed.iter().for_each(|cell| add(cell));
            row.cells.iter().for_each(|(_, cell)| add(cell));
            add(&format!("{:?}", row.unit));
        }
        add(self.total.as_ref().map_or("", |total| &total.label));
        hex(&hash.finalize()[..4])
    }

    /// The column behind a leaf.
    pub fn column_of(&self, leaf: usize) -> &Column {
        &self.columns[self.leaves[leaf].column]
    }

    /// The leaf of a column in a year (`None` for columns that are not yearly).
    pub fn leaf(&self, column: usize, year: Option<u16>) -> Option<usize> {
        self.leaves
            .iter()
            .position(|leaf| leaf.column == column && (leaf.year.is_none() || leaf.year == year))
    }

    /// Index of the column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }

    /// What a figure is in one of the fixed rows: the row's kind where it has one of its own.
    pub fn kind_of(&self, leaf: usize, spec: Option<usize>) -> ColumnKind {
        let column = self.column_of(leaf);
        match spec.and_then(|idx| self.rows.fixed()[idx].kind) {
            Some(kind) if column.kind.is_figure() => kind,
            _ => column.kind,
        }
    }

    /// Declared decimals, likewise.
    pub fn decimals_of(&self, leaf: usize, spec: Option<usize>) -> u8 {
        spec.and_then(|idx| self.rows.fixed()[idx].decimals)
            .unwrap_or(self.column_of(leaf).decimals)
    }

    /// Whether the scheme says how many decimals an entry has.
    pub fn has_decimals(&self, leaf: usize, spec: Option<usize>) -> bool {
        spec.is_some_and(|idx| self.rows.fixed()[idx].decimals.is_some())
            || self.column_of(leaf).has_decimals
    }

    /// Which way is better, likewise.
    pub fn goal_of(&self, leaf: usize, spec: Option<usize>) -> Goal {
        spec.and_then(|idx| self.rows.fixed()[idx].goal)
            .unwrap_or(self.column_of(leaf).goal)
    }

    /// What a month's figures count, likewise.
    pub fn course_of(&self, leaf: usize, spec: Option<usize>) -> Course {
        spec.and_then(|idx| self.rows.fixed()[idx].course)
            .unwrap_or(self.column_of(leaf).course)
    }

    /// The index of the fixed row with this key and year.
    pub fn row_spec(&self, key: &[Arc<str>], year: Option<u16>) -> Option<usize> {
        self.rows
            .fixed()
            .iter()
            .position(|row| *row.key == *key && row.year == year)
    }

    /// Whether a leaf holds data: no key and no row number.
    pub fn is_data(&self, leaf: usize) -> bool {
        self.column_of(leaf).kind != ColumnKind::Serial && !self.is_label(self.leaves[leaf].column)
    }

    /// Whether the county shows what its rows hold under a leaf: of total rows that stand for reporters only the
    /// figures.
    pub fn is_shown(&self, leaf: usize) -> bool {
        self.one_row_each.is_none() || self.column_of(leaf).kind.is_figure()
    }

    /// The first leaf of a row that holds data.
    pub fn first_filled(&self, row: &Row) -> Option<usize> {
        let is_filled = |leaf: &usize| !row.entries[*leaf].value.is_missing();
        (0..row.entries.len()).find(|leaf| is_filled(leaf) && self.is_data(*leaf))
    }

    /// Whether a row holds more than its name.
    pub fn says_something(&self, row: &Row) -> bool {
        self.first_filled(row).is_some()
    }

    /// Whether a column identifies rows rather than describing them.
    pub fn is_key(&self, column: usize) -> bool {
        self.row_key.contains(&column) || self.year_column == Some(column)
    }

    /// Whether a column is nobody's to fill in: a key, a row number, or printed by the scheme.
    pub fn is_label(&self, column: usize) -> bool {
        let described = &self.columns[column];
        self.is_key(column) || described.kind == ColumnKind::Serial || described.print.is_some()
    }

    /// Whether a row need not be filled in: every column that may be is optional.
    pub fn may_be_blank(&self) -> bool {
        let columns = self.columns.iter().enumerate();
        let mut inputs = columns.filter(|(column, _)| !self.is_label(*column));
        inputs.all(|(_, column)| column.optional)
    }

    /// Whether each row prints the unit of its figures.
    pub fn prints_unit(&self) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|column| column.print == Some(Print::Unit))
    }

    /// The leaf whose figure is held against the target of a row.
    pub fn measured_leaf(&self, target: &Target) -> Option<usize> {
        let column = self
            .columns
            .iter()
            .position(|column| column.measures_target)?;
        self.leaf(column, Some(target.years.1))
    }

    /// The leaf that says in words how far a row's task has come.
    pub fn progress_leaf(&self) -> Option<usize> {
        let tells = |column: &Column| !column.done.is_empty();
        self.leaf(self.columns.iter().position(tells)?, None)
    }
}

impl Due {
    /// Whether it is returned for a period.
    pub fn is_in(self, period: Period) -> bool {
        if let (Some(until), Some(year)) = (self.until, period.year())
            && year > until
        {
            return false;
        }
        match (self.every, period) {
            (_, Period::Plan) => self.plan,
            (None, Period::Month { .. }) => false,
            (Some(Frequency::Month), Period::Month { .. }) => true,
            (Some(Frequency::Quarter), Period::Month { month, .. }) => month % 3 == 0,
            (Some(Frequency::Year), Period::Month { month, .. }) => month == 12,
        }
    }
}

impl Rows {
    /// The fixed rows; none in a register.
    pub fn fixed(&self) -> &[RowSpec] {
        match self {
            Rows::Register => &[],
            Rows::Fixed(rows) => rows,
        }
    }
}

impl ColumnKind {
    /// Whether it holds figures.
    pub fn is_figure(self) -> bool {
        matches!(self, ColumnKind::Additive | ColumnKind::Rate)
    }
}

impl RowSpec {
    /// Whom it is about.
    pub fn reporter(&self) -> Option<usize> {
        self.reporters.first().copied()
    }

    /// What the scheme prints in a column that is no key.
    pub fn cell(&self, column: usize) -> Option<&str> {
        let mut cells = self.cells.iter();
        let cell = cells.find(|(printed, _)| *printed == column)?;
        Some(&cell.1)
    }
}

impl TotalRow {
    /// The label with its count filled in.
    pub fn label(&self, count: usize) -> String {
        self.label.replace("{count}", &count.to_string())
    }
}
