//! Turns the bytes of a workbook into raw cells with their addresses.
//!
//! In go the bytes of any file, in whatever format and however broken; out comes a [`Workbook`], or
//! the reason why there is none in terms that a clerk can act on. The kind of a file is told by its
//! content, never by its name. What a cell *means* is for later stages.
//!
//! Files may be hostile. Nothing declared in a file is believed: what is inflated, counted or kept is
//! held against [`Limits`] as it comes in, and a fault in a parser ends one file and not the program.
//!
//! calamine reads .xlsx, from a small package of just the parts that were guarded. .xls, .ods and .xlsb are
//! read by code of our own: calamine gives no number formats for them, so that 40 % would become 0.4, no
//! merged regions for .ods, and its .xls reader reserves memory by what a file declares.

mod budget;
mod cell_error;
mod guard;
mod markup;
mod number_format;
mod ods;
mod ole2;
mod package;
mod repack;
mod saved;
mod serial;
mod sniff;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

use std::fmt;

use crate::model::Workbook;
use budget::Budget;
use sniff::Content;

/// Reads a workbook from the bytes of its file.
///
/// A sheet that cannot be read does not lose the others: it is named in
/// [`Workbook::unreadable_sheets`]. Where none can be read, neither can the workbook.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Unreadable> {
    if bytes.len() > limits.file_bytes {
        return Err(Unreadable::too_large(
            Quantity::FileBytes,
            limits.file_bytes,
        ));
    }
    let workbook = guard::catch_panics(|| {
        let mut budget = Budget::new(limits);
        match sniff::content(bytes, limits)? {
            Content::Package => package::read(bytes, &mut budget),
            Content::Ole2 => xls::read_ole2(bytes, &mut budget),
            Content::BiffStream => xls::read_stream(bytes, &mut budget),
            Content::FlatOds => ods::read_flat(bytes, &mut budget),
        }
    })?;
    if !workbook.sheets.is_empty() {
        return Ok(workbook);
    }
    Err(match workbook.unreadable_sheets.first() {
        Some((_, reason)) => reason.clone(),
        None => Unreadable::NoWorksheet,
    })
}

/// How much a file may ask for before it is refused.
///
/// The defaults are far above any form and below what an ordinary PC minds: the largest file that
/// passes them takes some hundred megabytes while it is read.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the file itself; 64 MiB.
    pub file_bytes: usize,
    /// Files inside a zip file; 5,000.
    pub entries: usize,
    /// Bytes of all parts read, once expanded, whatever sizes the file declares; 256 MiB.
    pub expanded_bytes: usize,
    /// Sheets; 1,000.
    pub sheets: usize,
    /// Different texts, kept once for the cells that share them; 2,000,000.
    pub shared_strings: usize,
    /// Rows of a sheet that may hold something, counted from its top; 1,048,576, as in Excel.
    pub rows: u32,
    /// Columns of a sheet that may hold something; 16,384, as in Excel.
    pub columns: u32,
    /// Cells that hold something, of all sheets; 5,000,000.
    pub cells: usize,
    /// Merged regions of all sheets; 200,000.
    pub merges: usize,
    /// Bytes of all texts and formulas of cells, a text counted each time it is used; 256 MiB.
    pub text_bytes: usize,
    /// Bytes of one formula; 32 KiB (Excel allows 8,192 characters).
    pub formula_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            entries: 5_000,
            expanded_bytes: 256 << 20,
            sheets: 1_000,
            shared_strings: 2_000_000,
            rows: 1 << 20,
            columns: 1 << 14,
            cells: 5_000_000,
            merges: 200_000,
            text_bytes: 256 << 20,
            formula_bytes: 32 << 10,
        }
    }
}

/// Why a file, or a sheet of one, could not be read.
///
/// The reasons are what a clerk can be told; `detail` is for whoever looks after the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The system would not open the file.
    NotOpened {
        /// What it said.
        detail: String,
    },
    /// The file has no bytes, or only blanks.
    Empty,
    /// The file ends too early, as after an interrupted transfer.
    Truncated {
        /// Where it was noticed.
        detail: String,
    },
    /// The content contradicts its own format.
    Damaged {
        /// What was noticed.
        detail: String,
    },
    /// A password is needed to open it. Also files that Excel opens by itself, because they have its
    /// standard password.
    PasswordProtected,
    /// A web page saved under the name of a workbook, as portals like to export.
    HtmlPage,
    /// The XML format of Excel 2003.
    XmlSpreadsheet2003,
    /// A table as plain text, with commas, tabs or semicolons.
    TextTable,
    /// A spreadsheet in a format that has died out.
    OldFormat {
        /// Its name, as `Excel 4`, `Lotus 1-2-3`.
        name: &'static str,
    },
    /// Something else altogether.
    NotASpreadsheet(FileKind),
    /// It holds no worksheet, only charts or macros perhaps.
    NoWorksheet,
    /// It asks for more than [`Limits`] allow.
    TooLarge {
        /// Of what.
        what: Quantity,
        /// The most that is allowed.
        limit: u64,
    },
    /// Our fault: a parser stumbled where it should have refused.
    ParserPanicked {
        /// Its last words.
        detail: String,
    },
}

/// What a file that is no spreadsheet is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// PDF, often a printed or scanned form.
    Pdf,
    /// Word or WPS text, RTF, OpenDocument text.
    TextDocument,
    /// PowerPoint, WPS or OpenDocument slides.
    Presentation,
    /// A picture, as of a form photographed.
    Picture,
    /// Apple Numbers, which exports to Excel.
    Numbers,
    /// zip, rar, 7z, gzip: whatever is packed in it.
    Archive,
    /// Plain text that is no table.
    Text,
    /// XML of some other use.
    Xml,
    /// A file of a program that keeps its files as Office did before 2007, such as mail.
    OtherOffice,
    /// Not known.
    Unknown,
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// [`Limits::file_bytes`]
    FileBytes,
    /// [`Limits::entries`]
    Entries,
    /// [`Limits::expanded_bytes`]
    ExpandedBytes,
    /// [`Limits::sheets`]
    Sheets,
    /// [`Limits::shared_strings`]
    SharedStrings,
    /// [`Limits::rows`]
    Rows,
    /// [`Limits::columns`]
    Columns,
    /// [`Limits::cells`]
    Cells,
    /// [`Limits::merges`]
    Merges,
    /// [`Limits::text_bytes`]
    TextBytes,
    /// [`Limits::formula_bytes`]
    FormulaBytes,
}

impl Unreadable {
    fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged {
            detail: detail.into(),
        }
    }

    fn truncated(detail: impl Into<String>) -> Self {
        Self::Truncated {
            detail: detail.into(),
        }
    }

    fn too_large(what: Quantity, limit: impl TryInto<u64>) -> Self {
        Self::TooLarge {
            what,
            limit: limit.try_into().unwrap_or(u64::MAX),
        }
    }
}

impl fmt::Display for Unreadable {
    /// For logs; what clerks are told is written elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOpened { detail } => write!(f, "the file cannot be opened: {detail}"),
            Self::Empty => write!(f, "the file is empty"),
            Self::Truncated { detail } => write!(f, "the file ends too early: {detail}"),
            Self::Damaged { detail } => write!(f, "the file is damaged: {detail}"),
            Self::PasswordProtected => write!(f, "a password is needed"),
            Self::HtmlPage => write!(f, "a web page"),
            Self::XmlSpreadsheet2003 => write!(f, "an XML spreadsheet of Excel 2003"),
            Self::TextTable => write!(f, "a table as plain text"),
            Self::OldFormat { name } => write!(f, "an old format: {name}"),
            Self::NotASpreadsheet(kind) => write!(f, "not a spreadsheet: {kind:?}"),
            Self::NoWorksheet => write!(f, "no worksheet"),
            Self::TooLarge { what, limit } => write!(f, "too large: {what:?} above {limit}"),
            Self::ParserPanicked { detail } => write!(f, "a parser panicked: {detail}"),
        }
    }
}

impl std::error::Error for Unreadable {}
