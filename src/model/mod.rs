//! Nouns that several stages share.

mod amount;
mod cell_ref;
mod date;
mod earlier;
mod finding;
mod fraction;
mod moment;
mod period;
mod returns;
mod sheet;
mod stamp;
mod suspect;
mod table;
mod version;

pub use amount::Amount;
pub use cell_ref::{CellRange, CellRef};
pub use date::Date;
pub use earlier::{Earlier, Past};
pub use finding::{
    AliasMatch, Awaits, Basis, Condition, CopiedExtent, CopiedFrom, Detail, Direction, Finding,
    Kind, LEAST_EXPLANATION, Level, Need, Operand, PeriodSource, Place, ReadAs, ReporterSource,
    Side, Verdict, Wanted, is_explanation,
};
pub use fraction::Fraction;
pub use moment::Moment;
pub use period::Period;
pub use returns::{
    Call, CellChange, Correction, Effect, FileRecord, FileStatus, ReturnRecord, ReturnState,
    ReturnStatus, TableRecord, Tally,
};
pub use sheet::{Cell, CellValue, Format, NumberFormat, Sheet, Workbook};
pub use stamp::Stamp;
pub use suspect::{Evidence, Explained, Extent, Reason, Slip, Suspect};
pub use table::{Entry, Row, RowKind, Table, Value};
pub use version::{NewerBy, Version, VersionMark};
