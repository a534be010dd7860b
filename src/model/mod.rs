//! Nouns that several stages share.

mod amount;
mod cell_ref;
mod date;
mod sheet;

pub use amount::Amount;
pub use cell_ref::{CellRange, CellRef};
pub use date::Date;
pub use sheet::{Cell, CellValue, Format, NumberFormat, Sheet, Workbook};
