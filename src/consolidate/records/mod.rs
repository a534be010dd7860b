//! `records.parquet`: every observation with its key, its unit and the cell it came from.
//!
//! One row for each cell under a data column of a form that was read, in the order of the forms; cells of
//! forms that another return replaced are marked as superseded and kept. Key columns and row numbers
//! are not observations; a column that a form lacks has none.
//!
//! | column | holds |
//! |---|---|
//! | `period`, `annex`, `row`, `column`, `year`, `unit` | the key; `row` is empty in total rows and where the year alone names the row; the parts of its key are joined by `·`, and a `·` that is in a part is written `\\·` |
//! | `reporter_code`, `reporter` | whom the row is about; for total rows, who returned it |
//! | `returned_by` | code of who returned the form |
//! | `row_kind` | `data` or `total` |
//! | `status` | `amount`, `long-amount`, `missing`, `not-applicable`, `text`, `date`, `unusable` |
//! | `value` | the exact figure; empty unless `status` is `amount` |
//! | `decimals` | decimals as printed, of amounts |
//! | `text` | texts, dates (ISO), unusable entries, and amounts with too many digits for `value` (`long-amount`) |
//! | `original` | what was typed, where it is not what the value prints |
//! | `file`, `sheet`, `cell`, `sha256` | where it stands |
//! | `superseded` | whether another return replaced the form |

mod read;
mod sound;
mod write;

use polars::prelude::*;

use super::exact::figure_type;
use crate::model::Damage;

pub use read::read_records;
pub use write::{write_all_records, write_records};

/// Why records could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// They could not be written.
    #[error("cannot write the records")]
    Write(#[source] PolarsError),
    /// What is to be read is not what this program wrote.
    #[error("cannot use the records: {0:?}")]
    Damaged(Damage),
}

/// Types of columns.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Whole,
    Figure,
    Flag,
}

impl Type {
    fn polars(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Whole => DataType::UInt32,
            Self::Figure => figure_type(),
            Self::Flag => DataType::Boolean,
        }
    }
}

/// The columns of the file, in its order.
const COLUMNS: [(&str, Type); 20] = [
    ("period", Type::Text),
    ("annex", Type::Text),
    ("reporter_code", Type::Text),
    ("reporter", Type::Text),
    ("returned_by", Type::Text),
    ("row", Type::Text),
    ("row_kind", Type::Text),
    ("column", Type::Text),
    ("year", Type::Whole),
    ("unit", Type::Text),
    ("status", Type::Text),
    ("value", Type::Figure),
    ("decimals", Type::Whole),
    ("text", Type::Text),
    ("original", Type::Text),
    ("file", Type::Text),
    ("sheet", Type::Text),
    ("cell", Type::Text),
    ("sha256", Type::Text),
    ("superseded", Type::Flag),
];

fn schema() -> Schema {
    let field = |(name, kind): (&'static str, Type)| {
        Field::new(PlSmallStr::from_static(name), kind.polars())
    };
    COLUMNS.into_iter().map(field).collect()
}
