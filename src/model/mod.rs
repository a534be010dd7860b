//! Nouns that several stages share.

mod amount;
mod cell_ref;
mod cells;
mod date;
mod detail;
mod doubt;
mod earlier;
mod finding;
mod fraction;
mod guard;
mod hash;
mod kind;
pub mod looks;
mod moment;
mod period;
mod returns;
mod sheet;
mod stamp;
mod suspect;
mod table;
mod unreadable;
mod unseen;
mod version;

pub use amount::Amount;
pub(crate) use amount::float_of;
pub use cell_ref::{CellRange, CellRef};
pub use cells::{Cells, Run};
pub use date::Date;
pub use detail::{
    AliasMatch, Basis, Condition, CopiedExtent, CopiedFrom, Detail, Direction, GuessedColumn, Need,
    NoCopy, Operand, PeriodSource, ReadAs, ReporterSource, Side, Stage, Wanted,
};
pub use doubt::{Cause, Doubt, Proof};
pub use earlier::{Damage, Earlier, Past};
pub use finding::{Awaits, Finding, LEAST_EXPLANATION, Level, Place, Verdict, is_explanation};
pub use fraction::Fraction;
pub use guard::{Guard, Guards};
pub(crate) use hash::hex;
pub use kind::Kind;
pub use moment::Moment;
pub use period::Period;
pub use returns::{
    Call, CellChange, Correction, Effect, FileRecord, FileStatus, ReturnRecord, ReturnState,
    ReturnStatus, TableRecord, Tally,
};
pub use sheet::{
    Cell, CellValue, Format, Hidden, NumberFormat, Runs, Scaled, Sheet, SheetKind, Shows,
    SkippedSheet, Workbook,
};
pub use stamp::Stamp;
pub use suspect::{Evidence, Extent, Reason, Slip, Suspect};
pub use table::{Computes, Entry, Formula, Note, Noted, Row, RowKind, Table, Value};
pub use unreadable::{FileKind, Quantity, Unreadable};
pub use unseen::is_unseen;
pub use version::{NewerBy, Version, VersionMark};
