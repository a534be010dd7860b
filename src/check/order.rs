#![doc = include_str!("order.md")]

use crate::model::{Detail, Value};

use super::cells::{At, Cells};
use super::compare::{Holds, compare};
use super::outcome::{Checking, Outcome, Why};

/// Slots: first, then.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (first, then) = (cells.slot(0), cells.slot(1));
    let detail = || Detail::Order {
        first: at.operand(cells.from_slot(0), first),
        then: at.operand(cells.from_slot(0), then),
    };
    match (cells.one(0)?.value(), cells.one(1)?.value()) {
        (Value::Date(a), Value::Date(b)) => {
            // 2024年12月 may mean its first day: only what is later in any reading is out of order.
            if a.earliest() <= b.latest() {
                return Ok(Outcome::Pass);
            }
            let mut finding = at.finding(false, first, then, detail());
            finding.expected = Some(b.to_string());
            Ok(Outcome::told(finding, false))
        }
        (Value::Date(_), value) | (value, Value::Date(_)) => Err(Why::of(value)),
        _ => compare(at, first, then, Holds::AtMost, detail),
    }
}
