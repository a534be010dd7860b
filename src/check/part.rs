#![doc = include_str!("part.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::compare::{Holds, compare};
use super::outcome::Checking;

/// Slots: the part, the whole.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (part, whole) = (cells.slot(0), cells.slot(1));
    compare(at, part, whole, Holds::AtMost, || Detail::Part {
        part: at.operand(cells.from_slot(0), part),
        whole: at.operand(cells.from_slot(0), whole),
    })
}
