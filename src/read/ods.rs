use super::{Unreadable, budget::Budget, package::Package};
use crate::model::Workbook;
pub(super) fn read(_: &mut Package, _: &mut Budget) -> Result<Workbook, Unreadable> {
    Err(Unreadable::NoWorksheet)
}
pub(super) fn read_flat(_: &[u8], _: &mut Budget) -> Result<Workbook, Unreadable> {
    Err(Unreadable::NoWorksheet)
}
