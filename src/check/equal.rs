#![doc = include_str!("equal.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::compare::{Holds, compare};
use super::outcome::Checking;

/// Slots: left, right.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (left, right) = (cells.slot(0), cells.slot(1));
    // A sum has no cell that could be marked: where only the right side is a single cell,
    // that is the one to look at, and the sum is what it is held against.
    let (given, expected) = match (left.len(), right.len()) {
        (1, _) => (left, right),
        (_, 1) => (right, left),
        _ => (left, right),
    };
    compare(at, given, expected, Holds::Equal, || Detail::Equal {
        left: at.operand(cells.from_slot(0), left),
        right: at.operand(cells.from_slot(0), right),
    })
}
