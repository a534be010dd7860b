//! A sheet recognised as an annex and normalised: exact values under the annex's own columns.

use std::sync::Arc;

use super::{Amount, CellRange, CellRef, Date, Doubt, Period};

/// What one sheet says as a return of one annex.
#[derive(Clone, Debug)]
pub struct Table {
    /// Index into the scheme's annexes.
    pub annex: usize,
    /// What it is about: the plan, or a month.
    pub period: Period,
    /// Path of the return, relative to the inbox.
    pub file: Arc<str>,
    /// Name of the sheet.
    pub sheet: Arc<str>,
    /// Who returned it: index into the scheme's reporters.
    pub reporter: Option<usize>,
    /// The sheet column of each leaf column of the annex; `None` where the form lacks it.
    pub columns: Vec<Option<u32>>,
    /// In the order of the sheet.
    pub rows: Vec<Row>,
    /// What was typed, where that is not what the value prints: `(row index, leaf, text)`, ascending.
    pub originals: Vec<(u32, u32, Box<str>)>,
    /// What few entries have beside their value, ascending by row and leaf.
    pub notes: Vec<Note>,
    /// What the form computes, ascending by row and leaf; not of forms that were read back from records.
    pub formulas: Vec<Formula>,
    /// Fixed rows that the form prints and nobody filled in, without entries; kept where a total is filled in, which
    /// may count them.
    pub blank_rows: Vec<Row>,
}

/// What an entry has beside its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Index of its row.
    pub row: u32,
    /// Its leaf column.
    pub leaf: u32,
    /// What it is.
    pub what: Noted,
}

/// What few entries have beside their value.
#[derive(Clone, Debug, PartialEq)]
pub enum Noted {
    /// It was converted from another unit.
    Converted,
    /// The sheet shows it with fewer decimals, as this.
    Shown(Box<str>),
    /// It cannot be taken as it was typed.
    Doubt(Doubt),
}

/// What the formula of an entry does.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// Index of the row.
    pub row: u32,
    /// Its leaf.
    pub leaf: u32,
    /// What it adds up.
    pub does: Computes,
}

/// What a formula computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Computes {
    /// A sum of cells of its own sheet, each range so many times.
    Sum {
        /// What is added up.
        ranges: Box<[(CellRange, i8)]>,
        /// What it comes to by the cells as a spreadsheet counts them; `None` where they are no figures.
        result: Option<Amount>,
        /// The first figure in it that is a text, and so is passed over by a spreadsheet's sum.
        skips: Option<CellRef>,
    },
    /// The figures of another workbook, and its name where the file gives it.
    External(Box<str>),
    /// Anything else.
    Other,
    /// Something: of its format only that there is a formula is known.
    Unread,
    /// Nothing: a figure was typed where the cells around it have formulas.
    TypedOver,
}

/// One row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Data, or a total over data rows.
    pub kind: RowKind,
    /// Which of the annex's fixed rows it is; `None` in registers and total rows.
    pub spec: Option<usize>,
    /// Values of the key columns other than years, as the annex spells them; empty for total rows.
    pub key: Box<[Arc<str>]>,
    /// The year that the row is about, where a key column holds it.
    pub year: Option<u16>,
    /// The reporter whom the row is about: the one it names, else the one who returned it.
    pub reporter: Option<usize>,
    /// Row of the sheet, from 0.
    pub sheet_row: u32,
    /// The number of rows that a total's label states, as in 合计（10个乡、镇）.
    pub stated_count: Option<u32>,
    /// One for each leaf column of the annex.
    pub entries: Box<[Entry]>,
}

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// A row of figures.
    Data,
    /// 合计, 小计, 全县合计.
    Total,
}

/// One cell under one leaf column.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// In the annex's unit.
    pub value: Value,
    /// Whether the form computes it.
    pub formula: bool,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Blank: not reported. Missing is not zero.
    Missing,
    /// `－`, `—`, `/`: does not apply here.
    NotApplicable,
    /// An exact figure.
    Amount(Amount),
    /// Text or code.
    Text(Box<str>),
    /// A date.
    Date(Date),
    /// Something that cannot be taken for what the column asks; a finding says why.
    Unusable(Box<str>),
}

impl Table {
    /// The address of an entry, where the form has the column.
    pub fn cell(&self, row: &Row, leaf: usize) -> Option<CellRef> {
        self.columns[leaf].map(|col| CellRef::new(row.sheet_row, col))
    }

    /// What was typed into an entry, where that is not what its value prints.
    pub fn original(&self, row_idx: usize, leaf: usize) -> Option<&str> {
        let key = (row_idx as u32, leaf as u32);
        let idx = self
            .originals
            .binary_search_by_key(&key, |&(row, leaf, _)| (row, leaf))
            .ok()?;
        Some(&self.originals[idx].2)
    }

    /// What an entry has beside its value, if anything.
    pub fn note(&self, row_idx: usize, leaf: usize) -> Option<&Noted> {
        let key = (row_idx as u32, leaf as u32);
        let idx = (self.notes).binary_search_by_key(&key, |note| (note.row, note.leaf));
        Some(&self.notes[idx.ok()?].what)
    }
}

impl Row {
    /// The row's name for people: its keys, or nothing for rows known by their year alone.
    pub fn name(&self) -> String {
        self.key.join("·")
    }
}

impl Entry {
    /// A blank.
    pub const MISSING: Self = Self {
        value: Value::Missing,
        formula: false,
    };
}

impl Value {
    /// The figure, if it is one.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Value::Amount(amount) => Some(*amount),
            _ => None,
        }
    }

    /// Whether it is a blank.
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// Whether something usable was filled in.
    pub fn is_filled(&self) -> bool {
        matches!(self, Value::Amount(_) | Value::Text(_) | Value::Date(_))
    }
}

impl std::fmt::Display for Value {
    /// As a clerk would type it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Missing => Ok(()),
            Value::NotApplicable => f.write_str("－"),
            Value::Amount(amount) => amount.fmt(f),
            Value::Text(text) | Value::Unusable(text) => f.write_str(text),
            Value::Date(date) => date.fmt(f),
        }
    }
}
