//! A workbook as read: raw cells with their addresses, and no meaning yet.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::Unreadable;
use super::{Amount, CellRange, CellRef, Date, Moment};

/// What kind of file a return is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Office Open XML workbook.
    Xlsx,
    /// Office Open XML workbook with macros.
    Xlsm,
    /// Office Open XML workbook in binary parts.
    Xlsb,
    /// Excel 5 to 2003 workbook; WPS `.et` is the same inside.
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
}

/// One spreadsheet file.
#[derive(Clone, Debug)]
pub struct Workbook {
    /// By content, never by extension.
    pub format: Format,
    /// In the order of the file.
    pub sheets: Vec<Sheet>,
    /// Sheets that could not be read, with the reason.
    pub unreadable_sheets: Vec<(String, Unreadable)>,
    /// Sheets that are no worksheets, and were passed over.
    pub skipped_sheets: Vec<SkippedSheet>,
    /// Parts of the file that are damaged and that no sheet needs.
    pub damaged_parts: Vec<String>,
    /// Custom document properties, by name.
    pub properties: Vec<(String, String)>,
    /// When it was last saved, by its own account.
    pub saved: Option<Moment>,
}

/// A sheet that holds no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedSheet {
    /// As on its tab.
    pub name: String,
    /// What it is.
    pub kind: SheetKind,
}

/// What a sheet may be instead of a worksheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetKind {
    /// One chart that fills it.
    Chart,
    /// Macros of Excel 4, in cells.
    Macros,
    /// A dialog of Excel 5.
    Dialog,
    /// A module of Visual Basic in Excel 5.
    Module,
}

/// One worksheet. Blank cells are not kept.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// As on its tab.
    pub name: String,
    /// False for hidden and very hidden sheets.
    pub visible: bool,
    /// Row by row, each row from left to right.
    cells: Vec<Cell>,
    /// Merged regions, by their first cell.
    pub merges: Vec<CellRange>,
    /// Whether its dates are counted from 1904.
    pub is_1904: bool,
    /// Texts of which a part is crossed out, with what is left of them, ascending.
    struck: Vec<(CellRef, Box<str>)>,
    /// The last rows of merged regions as a binary tree, each node the larger of its two: one region that reaches
    /// down the whole sheet must not make a search through all of them of every look.
    merge_ends: Vec<u32>,
    /// `(row, index of its first cell)`, ascending.
    row_starts: Vec<(u32, u32)>,
    /// Rows and columns that are not shown.
    pub hidden: Hidden,
}

/// Rows and columns that a sheet does not show: hidden, filtered out, of no height or width, or in a group that is
/// closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// By their numbers.
    pub rows: Runs,
    /// By their numbers.
    pub columns: Runs,
}

/// Numbers from where to where, both included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    list: Vec<(u32, u32)>,
}

/// One cell that holds something.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its address.
    pub at: CellRef,
    /// What it holds, or what its formula came to when the file was saved.
    pub value: CellValue,
    /// How its number is shown.
    pub format: NumberFormat,
    /// Its formula without the `=`.
    pub formula: Option<Box<str>>,
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    /// A binary float, as spreadsheets keep numbers.
    Number(f64),
    /// Text as typed, line breaks and all. Cells that hold the same share it where their file does.
    Text(Arc<str>),
    /// A number shown as a date.
    Date(Date),
    /// TRUE or FALSE.
    Bool(bool),
    /// `#DIV/0!`, `#N/A` and the like.
    Error(&'static str),
    /// A formula whose value was never saved.
    NotCalculated,
}

/// The part of a number format that says what the printed figure looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberFormat {
    /// Shown as a percentage: 0.4 is printed 40%.
    pub percent: bool,
    /// Decimals printed; `None` where the format does not fix them.
    pub decimals: Option<u8>,
    /// Shown a power of ten larger or smaller than it is.
    pub scaled: Option<Scaled>,
    /// What the cell shows of its number.
    pub shows: Shows,
    /// Crossed out.
    pub is_struck: bool,
}

/// How far off its value a figure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The power of ten that it is shown by: -3 for thousands.
    pub power: i8,
    /// Decimals of what is shown.
    pub decimals: u8,
}

impl Scaled {
    /// What is shown of a figure.
    pub fn shown(self, amount: Amount) -> String {
        let step = Decimal::new(1, 1);
        let times = match self.power < 0 {
            true => step,
            false => Decimal::TEN,
        };
        let powers = 0..self.power.unsigned_abs();
        let shown = powers.fold(amount.0, |shown, _| shown.saturating_mul(times));
        Amount(shown).rounded(self.decimals).to_string()
    }
}

/// What a cell shows of its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// The number.
    #[default]
    Figure,
    /// A date, though it is none.
    Date,
    /// A time of day.
    Time,
    /// No digit of it.
    Nothing,
}

impl Sheet {
    /// Makes a sheet of `cells`, in any order. Of two cells at one address the later is kept; readers take two with
    /// different values for damage. Of two merged regions that overlap the smaller is kept: one that was damaged may cover
    /// the whole form.
    pub fn new(
        name: String,
        visible: bool,
        mut cells: Vec<Cell>,
        mut merges: Vec<CellRange>,
    ) -> Self {
        merges.sort_by_key(|merge| merge.start);
        drop_overlapping(&mut merges);
        let merge_ends = tree_of_ends(&merges);
        if !cells.is_sorted_by(|a, b| a.at < b.at) {
            cells.sort_by_key(|cell| cell.at);
            cells.dedup_by(|later, earlier| {
                let same = later.at == earlier.at;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        let mut row_starts: Vec<(u32, u32)> = Vec::new();
        for (idx, cell) in cells.iter().enumerate() {
            if row_starts.last().is_none_or(|&(row, _)| row != cell.at.row) {
                row_starts.push((cell.at.row, idx as u32));
            }
        }
        Self {
            name,
            visible,
            cells,
            merges,
            is_1904: false,
            struck: Vec::new(),
            merge_ends,
            row_starts,
            hidden: Hidden::default(),
        }
    }

    /// The same, with rows and columns that are not shown.
    pub fn with_hidden(mut self, hidden: Hidden) -> Self {
        self.hidden = hidden;
        self
    }

    /// All cells, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Gives cells other values, where `value` has one for them.
    pub(crate) fn change_values(&mut self, value: impl Fn(&Cell) -> Option<CellValue>) {
        for cell in &mut self.cells {
            if let Some(value) = value(cell) {
                cell.value = value;
            }
        }
    }

    /// The rows that hold anything, from top to bottom: `(row, its cells)`.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (u32, &[Cell])> {
        self.rows_from(0)
    }

    /// The same from `row` downwards.
    pub fn rows_from(&self, row: u32) -> impl DoubleEndedIterator<Item = (u32, &[Cell])> {
        let from = self.row_starts.partition_point(|&(start, _)| start < row);
        (from..self.row_starts.len()).map(|idx| (self.row_starts[idx].0, self.row_at(idx)))
    }

    /// The cells of one row, from left to right; empty where the row is blank.
    pub fn row(&self, row: u32) -> &[Cell] {
        match self.row_starts.binary_search_by_key(&row, |&(row, _)| row) {
            Ok(idx) => self.row_at(idx),
            Err(_) => &[],
        }
    }

    /// The cell at `at`, if it holds anything.
    pub fn get(&self, at: CellRef) -> Option<&Cell> {
        let row = self.row(at.row);
        let idx = row.binary_search_by_key(&at.col, |cell| cell.at.col).ok()?;
        Some(&row[idx])
    }

    /// Takes what is left of texts of which a part is crossed out, in any order.
    pub fn set_struck(&mut self, mut struck: Vec<(CellRef, Box<str>)>) {
        struck.sort_by_key(|(at, _)| *at);
        self.struck = struck;
    }

    /// What is left of a text of which a part is crossed out.
    pub fn left_of_struck(&self, at: CellRef) -> Option<&str> {
        let idx = self.struck.binary_search_by_key(&at, |(cell, _)| *cell);
        Some(&self.struck[idx.ok()?].1)
    }

    /// The merged region that covers `at`, if any.
    pub fn merge_at(&self, at: CellRef) -> Option<CellRange> {
        if self.merge_ends.is_empty() {
            return None;
        }
        let after = (self.merges).partition_point(|merge| merge.start.row <= at.row);
        let n_leaves = self.merge_ends.len() / 2;
        // Nodes to look at, the first region on top: node, the first of its regions, and how many it has.
        let mut open = vec![(1, 0, n_leaves)];
        while let Some((node, first, count)) = open.pop() {
            let end = self.merge_ends.get(node).copied().unwrap_or(0);
            if first >= after || end < at.row {
                continue;
            }
            if count == 1 {
                let merge = self.merges.get(first).filter(|merge| merge.contains(at));
                if let Some(merge) = merge {
                    return Some(*merge);
                }
                continue;
            }
            let half = count / 2;
            open.push((2 * node + 1, first + half, half));
            open.push((2 * node, first, half));
        }
        None
    }

    fn row_at(&self, idx: usize) -> &[Cell] {
        let start = self.row_starts[idx].1 as usize;
        let end = self
            .row_starts
            .get(idx + 1)
            .map_or(self.cells.len(), |&(_, start)| start as usize);
        &self.cells[start..end]
    }
}

impl Runs {
    /// Whether a number is among them.
    pub fn contains(&self, number: u32) -> bool {
        self.run_of(number).is_some()
    }

    /// The run that a number is in.
    pub fn run_of(&self, number: u32) -> Option<(u32, u32)> {
        let idx = self.list.partition_point(|run| run.1 < number);
        self.list.get(idx).copied().filter(|run| run.0 <= number)
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.list.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl FromIterator<(u32, u32)> for Runs {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(runs: I) -> Self {
        let mut runs: Vec<(u32, u32)> = runs.into_iter().filter(|run| run.0 <= run.1).collect();
        runs.sort_unstable();
        let mut list: Vec<(u32, u32)> = Vec::new();
        for run in runs {
            match list.last_mut() {
                Some(last) if run.0 <= last.1.saturating_add(1) => last.1 = last.1.max(run.1),
                _ => list.push(run),
            }
        }
        Self { list }
    }
}

/// Drops of two merged regions that overlap, which Excel takes for damage, the larger. They are sorted by their starts.
fn drop_overlapping(merges: &mut Vec<CellRange>) {
    // Where more lie side by side, as in no form, they stay as they are.
    const MOST: usize = 4_000_000;
    let area = |merge: &CellRange| {
        let rows = u64::from(merge.end.row.saturating_sub(merge.start.row)) + 1;
        rows * (u64::from(merge.end.col.saturating_sub(merge.start.col)) + 1)
    };
    let mut dropped = vec![false; merges.len()];
    let mut n_compared = 0;
    for (idx, merge) in merges.iter().enumerate() {
        let beside = merges[idx + 1..].iter().enumerate();
        for (after, other) in beside.take_while(|(_, other)| other.start.row <= merge.end.row) {
            n_compared += 1;
            if n_compared > MOST {
                return;
            }
            if other.start.col <= merge.end.col && merge.start.col <= other.end.col {
                let larger = if area(merge) > area(other) {
                    idx
                } else {
                    idx + 1 + after
                };
                dropped[larger] = true;
            }
        }
    }
    let mut dropped = dropped.into_iter();
    merges.retain(|_| dropped.next() != Some(true));
}

/// The tree of [`Sheet::merge_ends`]: its root at 1, its leaves in the second half.
fn tree_of_ends(merges: &[CellRange]) -> Vec<u32> {
    if merges.is_empty() {
        return Vec::new();
    }
    let n_leaves = merges.len().next_power_of_two();
    let mut ends = vec![0; 2 * n_leaves];
    for (idx, merge) in merges.iter().enumerate() {
        ends[n_leaves + idx] = merge.end.row;
    }
    for node in (1..n_leaves).rev() {
        ends[node] = ends[2 * node].max(ends[2 * node + 1]);
    }
    ends
}

impl Cell {
    /// The text of a text cell.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            CellValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Xlsx => "xlsx",
            Format::Xlsm => "xlsm",
            Format::Xlsb => "xlsb",
            Format::Xls => "xls",
            Format::Ods => "ods",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: u32, col: u32, text: &str) -> Cell {
        Cell {
            at: CellRef::new(row, col),
            value: CellValue::Text(text.into()),
            format: NumberFormat::default(),
            formula: None,
        }
    }

    #[test]
    fn of_two_merged_regions_that_overlap_the_smaller_is_kept() {
        let merges = ["A1:E1", "A3:E1027", "A6:E6", "A6:E6", "B8:C9", "C9:D12"];
        let merges = merges.map(|range| range.parse().expect("a range")).to_vec();
        let sheet = Sheet::new("表".into(), true, Vec::new(), merges);
        let kept: Vec<String> = sheet.merges.iter().map(CellRange::to_string).collect();
        assert_eq!(kept, ["A1:E1", "A6:E6", "B8:C9"]);
    }

    #[test]
    fn the_merged_region_of_a_cell_is_found_however_far_it_reaches() {
        let range = |text: &str| text.parse::<CellRange>().expect("a range");
        let mut merges: Vec<CellRange> = (1..40).map(|n| range(&format!("C{n}:D{n}"))).collect();
        merges.extend([range("A1:A90"), range("B3:B5"), range("E20:F21")]);
        let sheet = Sheet::new("表".into(), true, Vec::new(), merges.clone());
        for row in 0..95 {
            for col in 0..8 {
                let at = CellRef::new(row, col);
                let expected = merges.iter().copied().find(|merge| merge.contains(at));
                assert_eq!(sheet.merge_at(at), expected, "{at}");
            }
        }
        let bare = Sheet::new("表".into(), true, Vec::new(), Vec::new());
        assert_eq!(bare.merge_at(CellRef::new(0, 0)), None);
    }

    #[test]
    fn runs_of_numbers_are_joined_where_they_touch() {
        let runs: Runs = [(10, 10), (3, 4), (11, 12), (5, 5), (9, 8), (3, 3)]
            .into_iter()
            .collect();
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(3, 5), (10, 12)]);
        assert!(runs.contains(4) && runs.contains(12) && !runs.contains(9) && !runs.contains(13));
    }

    #[test]
    fn cells_in_any_order_are_found_by_address() {
        let cells = vec![
            cell(4, 1, "d"),
            cell(0, 2, "b"),
            cell(0, 0, "a"),
            cell(4, 1, "e"),
        ];
        let sheet = Sheet::new("表".into(), true, cells, Vec::new());
        let shown: Vec<_> = sheet.cells().iter().filter_map(Cell::text).collect();
        assert_eq!(shown, ["a", "b", "e"]);
        assert_eq!(
            sheet.get(CellRef::new(4, 1)).and_then(Cell::text),
            Some("e")
        );
        assert!(sheet.get(CellRef::new(4, 2)).is_none());
        assert!(sheet.row(3).is_empty());
        assert_eq!(
            sheet
                .rows()
                .map(|(row, cells)| (row, cells.len()))
                .collect::<Vec<_>>(),
            [(0, 2), (4, 1)]
        );
    }
}
