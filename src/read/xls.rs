use super::{Unreadable, budget::Budget};
use crate::model::Workbook;
pub(super) fn read_ole2(_: &[u8], _: &mut Budget) -> Result<Workbook, Unreadable> {
    Err(Unreadable::NoWorksheet)
}
pub(super) fn read_stream(_: &[u8], _: &mut Budget) -> Result<Workbook, Unreadable> {
    Err(Unreadable::NoWorksheet)
}
