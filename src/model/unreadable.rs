//! Why what was returned could not be read.

use std::fmt;
use std::io::ErrorKind;

/// Why a file, or a sheet of one, could not be read.
///
/// The reasons are what a clerk can be told; `detail` is for whoever looks after the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The system would not open the file.
    NotOpened {
        /// Why.
        kind: ErrorKind,
        /// What it said.
        detail: String,
    },
    /// The system would not list the folder.
    FolderNotOpened {
        /// Why.
        kind: ErrorKind,
        /// What it said.
        detail: String,
    },
    /// It was listed, and was gone when it should be read.
    Vanished,
    /// A pipe, a socket, a device, or a folder where a file is asked for.
    NotAFile,
    /// A link to a folder, which is not followed.
    LinkToFolder,
    /// A link to nothing.
    DanglingLink,
    /// A text in an encoding that is not known.
    UnknownEncoding,
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
    /// Its parts are packed in a way that no office program uses, as bzip2 or LZMA.
    UnusualPacking,
    /// A password is needed to open it: any but the standard one, with which programs open a file by themselves.
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
    /// It asks for more than [`Limits`](crate::read::Limits) allow.
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
    /// Our fault: it was read, and what came after stumbled.
    ProgramFailed {
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
    /// A document of fixed pages (GB/T 33190), as offices exchange them.
    Ofd,
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
    /// `file_bytes` of [`Limits`](crate::read::Limits)
    FileBytes,
    /// `entries` of [`Limits`](crate::read::Limits)
    Entries,
    /// `expanded_bytes` of [`Limits`](crate::read::Limits)
    ExpandedBytes,
    /// `sheets` of [`Limits`](crate::read::Limits)
    Sheets,
    /// `shared_strings` of [`Limits`](crate::read::Limits)
    SharedStrings,
    /// `rows` of [`Limits`](crate::read::Limits)
    Rows,
    /// `columns` of [`Limits`](crate::read::Limits)
    Columns,
    /// `cells` of [`Limits`](crate::read::Limits)
    Cells,
    /// `merges` of [`Limits`](crate::read::Limits)
    Merges,
    /// `text_bytes` of [`Limits`](crate::read::Limits)
    TextBytes,
    /// `formula_bytes` of [`Limits`](crate::read::Limits)
    FormulaBytes,
    /// `one_text_bytes` of [`Limits`](crate::read::Limits)
    OneTextBytes,
    /// `held_bytes` of [`Limits`](crate::read::Limits)
    HeldBytes,
}

impl Unreadable {
    pub(crate) fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged {
            detail: detail.into(),
        }
    }

    pub(crate) fn truncated(detail: impl Into<String>) -> Self {
        Self::Truncated {
            detail: detail.into(),
        }
    }

    pub(crate) fn too_large(what: Quantity, limit: impl TryInto<u64>) -> Self {
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
            Self::NotOpened { detail, .. } => write!(f, "the file cannot be opened: {detail}"),
            Self::FolderNotOpened { detail, .. } => {
                write!(f, "the folder cannot be opened: {detail}")
            }
            Self::Vanished => write!(f, "the file was gone when it should be read"),
            Self::NotAFile => write!(f, "not a regular file"),
            Self::LinkToFolder => write!(f, "a link to a folder"),
            Self::UnusualPacking => write!(f, "an unusual compression"),
            Self::DanglingLink => write!(f, "a link to nothing"),
            Self::UnknownEncoding => write!(f, "an unknown encoding"),
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
            Self::ProgramFailed { detail } => write!(f, "the program panicked: {detail}"),
        }
    }
}

impl std::error::Error for Unreadable {}
