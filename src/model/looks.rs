//! How a workbook looks, and what its cells are given beside their values: what a copy in another format keeps.
//!
//! The numbers of patterns, lines, alignments and so on are those that .xls counts by ([MS-XLS]).

use std::collections::HashMap;

use super::{CellRange, CellRef};

/// The looks of a whole workbook.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// By the number that formats give.
    pub fonts: Vec<Font>,
    /// By the number that cells, rows and columns give.
    pub formats: Vec<CellFormat>,
    /// By the names of sheets.
    pub sheets: HashMap<String, SheetLooks>,
    /// Names of cells and formulas.
    pub names: Vec<DefinedName>,
    /// Days are counted from 1904.
    pub is_1904: bool,
    /// What was seen and is not kept.
    pub left_out: Vec<LeftOut>,
}

/// What a copy in another format does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Pictures, charts, shapes, buttons.
    Drawings,
    /// Macros.
    Macros,
    /// Pivot tables.
    PivotTables,
    /// Conditional formats of kinds that came after Excel 2003: bars, scales, icons.
    NewConditions,
    /// By what rows were filtered.
    FilterCriteria,
    /// More blank cells with a look of their own than are kept.
    BlankCells,
}

/// A font.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Font {
    /// Its name.
    pub name: String,
    /// In points.
    pub size: f64,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// 1 single, 2 double, 0x21 and 0x22 the same for bookkeeping.
    pub underline: u8,
    /// 1 above, 2 below the line.
    pub script: u8,
    /// Its colour, where it is not the usual one.
    pub colour: Option<Colour>,
    /// The number of its character set.
    pub charset: u8,
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour(pub [u8; 3]);

/// What a cell looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellFormat {
    /// How its number is shown.
    pub number: NumberCode,
    /// Number of its font.
    pub font: usize,
    /// What lies behind it.
    pub fill: Fill,
    /// Left, right, top, bottom, across.
    pub lines: [Line; 5],
    /// Whether the line across goes down, up.
    pub across: (bool, bool),
    /// Where its text stands.
    pub alignment: Alignment,
    /// Not to be changed while the sheet is protected.
    pub locked: bool,
    /// Its formula is not to be seen while the sheet is protected.
    pub hidden: bool,
}

/// A number format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NumberCode {
    /// One that all programs know by number.
    BuiltIn(u16),
    /// As it is typed.
    Code(String),
}

/// What lies behind a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fill {
    /// 0 none, 1 solid, others as .xls counts them.
    pub pattern: u8,
    /// Of the pattern; of the whole cell where it is solid.
    pub front: Option<Colour>,
    /// Behind the pattern.
    pub back: Option<Colour>,
}

/// A line at the edge of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Line {
    /// 0 none, 1 thin, others as .xls counts them.
    pub style: u8,
    /// Its colour, where it is not the usual one.
    pub colour: Option<Colour>,
}

/// Where text stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alignment {
    /// 0 by what it is, 1 left, 2 centre, 3 right, 4 fill, 5 justify, 6 centre across, 7 distributed.
    pub horizontal: u8,
    /// 0 top, 1 centre, 2 bottom, 3 justify, 4 distributed.
    pub vertical: u8,
    /// Lines are broken.
    pub wrap: bool,
    /// Made smaller to fit.
    pub shrink: bool,
    /// In steps of three blanks.
    pub indent: u8,
    /// In degrees up to 90, from 91 on downwards; 255 upright letters one below the other.
    pub rotation: u8,
}

/// The looks of one sheet.
#[derive(Clone, Debug, Default)]
pub struct SheetLooks {
    /// Every cell that has a format or a number, in the order of the file.
    pub cells: Vec<CellLooks>,
    /// Widths and looks of columns.
    pub columns: Vec<ColumnLooks>,
    /// Heights and looks of rows.
    pub rows: Vec<RowLooks>,
    /// Width of the other columns, in characters.
    pub default_width: Option<f64>,
    /// Height of the other rows, in points.
    pub default_height: Option<f64>,
    /// Formulas that fill several cells at once.
    pub arrays: Vec<CellRange>,
    /// Parts of texts that have a font of their own: from which character on, and which font.
    pub runs: Vec<(CellRef, Vec<(usize, usize)>)>,
    /// Links.
    pub links: Vec<Link>,
    /// What may be typed.
    pub validations: Vec<Validation>,
    /// Looks that depend on values.
    pub conditions: Vec<Condition>,
    /// Notes: author and text.
    pub notes: Vec<(CellRef, String, String)>,
    /// How it is printed.
    pub page: Page,
    /// Rows and columns that stay in sight.
    pub frozen: (u32, u32),
    /// Without the usual grid.
    pub no_grid: bool,
    /// In percent, where it is not 100.
    pub zoom: Option<u16>,
    /// Protected, perhaps with a password, of which this is the check.
    pub protected: Option<u16>,
    /// Rows that have buttons to filter by.
    pub filter: Option<CellRange>,
    /// Whether it is hidden so that only macros show it.
    pub very_hidden: bool,
}

/// A cell's format, and its number where it is one.
#[derive(Clone, Copy, Debug)]
pub struct CellLooks {
    /// Its address.
    pub at: CellRef,
    /// Number of its format.
    pub format: u16,
    /// As it is kept: of a date the days.
    pub number: Option<f64>,
}

/// Neighbouring columns.
#[derive(Clone, Copy, Debug)]
pub struct ColumnLooks {
    /// First and last.
    pub columns: (u32, u32),
    /// In characters.
    pub width: f64,
    /// Not shown.
    pub hidden: bool,
    /// Number of the format of their blank cells.
    pub format: u16,
    /// How many groups they are in.
    pub level: u8,
    /// The group before them is closed.
    pub collapsed: bool,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct RowLooks {
    /// Its number.
    pub row: u32,
    /// In points.
    pub height: f64,
    /// The height was set by hand.
    pub is_set: bool,
    /// Not shown.
    pub hidden: bool,
    /// Number of the format of its blank cells.
    pub format: Option<u16>,
    /// How many groups it is in.
    pub level: u8,
    /// The group before it is closed.
    pub collapsed: bool,
}

/// A link from cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The cells.
    pub range: CellRange,
    /// An address or a file.
    pub target: Option<String>,
    /// A place in it, or in this workbook.
    pub location: Option<String>,
    /// What is shown beside the mouse.
    pub tip: Option<String>,
}

/// What may be typed into some cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The cells.
    pub ranges: Vec<CellRange>,
    /// 0 anything, 1 whole, 2 decimal, 3 list, 4 date, 5 time, 6 length of text, 7 formula.
    pub kind: u8,
    /// 0 between, 1 not between, 2 =, 3 ≠, 4 >, 5 <, 6 ≥, 7 ≤.
    pub operator: u8,
    /// 0 refuses, 1 warns, 2 informs.
    pub style: u8,
    /// A blank passes.
    pub allow_blank: bool,
    /// A list without its arrow.
    pub no_arrow: bool,
    /// Its message is shown.
    pub shows_prompt: bool,
    /// Its error is shown.
    pub shows_error: bool,
    /// Title and text beside the cell.
    pub prompt: (String, String),
    /// Title and text of the error.
    pub error: (String, String),
    /// What is compared with.
    pub formulas: [Option<String>; 2],
}

/// Cells that look otherwise where something holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The cells.
    pub ranges: Vec<CellRange>,
    /// 0 where a formula is true; else the cell is compared: 1 between, 2 not between, 3 =, 4 ≠, 5 >, 6 <, 7 ≥, 8 ≤.
    pub operator: u8,
    /// What is compared with.
    pub formulas: [Option<String>; 2],
    /// What then differs.
    pub look: ConditionLook,
}

/// What differs where a condition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConditionLook {
    /// Bold, where it says.
    pub bold: Option<bool>,
    /// Italic, where it says.
    pub italic: Option<bool>,
    /// Struck through, where it says.
    pub strike: Option<bool>,
    /// Underlined, where it says.
    pub underline: Option<u8>,
    /// Of the text.
    pub colour: Option<Colour>,
    /// Behind it; of a solid one the colour is the back.
    pub fill: Option<Fill>,
    /// Left, right, top, bottom.
    pub lines: [Option<Line>; 4],
}

/// How a sheet is printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The number of the size of its paper.
    pub paper: Option<u16>,
    /// Wider than high.
    pub landscape: bool,
    /// In percent.
    pub scale: Option<u16>,
    /// On so many pages across and down; 0 as many as it takes.
    pub fit: Option<(u16, u16)>,
    /// Left, right, top, bottom, header, footer, in inches.
    pub margins: [Option<f64>; 6],
    /// Above each page.
    pub header: String,
    /// Below each page.
    pub footer: String,
    /// In the middle across, down.
    pub centred: (bool, bool),
}

/// A name of cells or of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinedName {
    /// As formulas write it, `_xlnm.Print_Area` and the like included.
    pub name: String,
    /// The sheet that it is for alone.
    pub sheet: Option<String>,
    /// Without the `=`.
    pub formula: String,
    /// Not listed.
    pub hidden: bool,
}

impl Default for NumberCode {
    fn default() -> Self {
        Self::BuiltIn(0)
    }
}

impl Default for Alignment {
    fn default() -> Self {
        Self {
            horizontal: 0,
            vertical: 2,
            wrap: false,
            shrink: false,
            indent: 0,
            rotation: 0,
        }
    }
}
