use super::{Unreadable, budget::Budget, package::Package};
use crate::model::Workbook;
pub(super) fn read(_: &mut Package, _: &str, _: &mut Budget) -> Result<Workbook, Unreadable> {
    Err(Unreadable::NoWorksheet)
}
