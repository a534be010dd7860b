//! Nouns that several stages share.

mod amount;
mod cell_ref;
mod date;
mod finding;
mod returns;
mod sheet;
mod table;

pub use amount::Amount;
pub use cell_ref::{CellRange, CellRef};
pub use date::Date;
pub use finding::{
    AliasMatch, Condition, Detail, Direction, Finding, Kind, LEAST_EXPLANATION, Level, Need,
    Operand, Place, ReadAs, ReporterSource, Suspect, Verdict, Wanted, is_explanation,
};
pub use returns::{FileRecord, FileStatus, ReturnRecord, ReturnStatus, TableRecord, Tally};
pub use sheet::{Cell, CellValue, Format, NumberFormat, Sheet, Workbook};
pub use table::{Entry, Row, RowKind, Table, Value};
