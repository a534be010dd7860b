#![doc = include_str!("when.md")]

use std::sync::Arc;

use crate::model::{Amount, Condition, Detail, Value};
use crate::scheme::{Relation, Test, plain};

use super::cells::{At, Cells};
use super::outcome::{Checking, Outcome, Why};
use super::pair::is_blank;
use super::range;

/// Slots: the condition's cell, the consequence's cell.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::When { condition, then } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let (asked, answer) = (cells.one(0)?.value(), cells.one(1)?.value());
    if !is_met(condition, asked)? {
        return Ok(Outcome::NotApplied);
    }
    if is_met(then, answer)? {
        return Ok(Outcome::Pass);
    }
    let detail = Detail::When {
        condition: at.operand(cells.from_slot(0), cells.slot(0)),
        wanted: then.is.clone(),
    };
    let finding = at.finding(false, cells.slot(1), cells.slot(0), detail);
    Ok(Outcome::told(finding, false))
}

/// Whether a value is what is asked. A blank is neither the one nor the other of a list: whether
/// something must be filled in is asked by `filled`.
fn is_met(test: &Test, value: &Value) -> Result<bool, Why> {
    match &test.is {
        Condition::Filled => Ok(!is_blank(value)),
        Condition::Blank => Ok(is_blank(value)),
        Condition::OneOf(list) => is_one_of(list, value),
        Condition::Between { .. } => match value {
            Value::Amount(_) | Value::Date(_) => range::within(value, test.min, test.max),
            value => Err(Why::of(value)),
        },
    }
}

fn is_one_of(list: &[Arc<str>], value: &Value) -> Result<bool, Why> {
    match value {
        Value::Text(text) => Ok(list.iter().any(|one| **one == **text) || {
            let text = plain(text);
            list.iter().any(|one| plain(one) == text)
        }),
        // 2 and 2.0 are the same figure.
        Value::Amount(amount) => Ok(list.iter().any(|one| one.parse::<Amount>() == Ok(*amount))),
        Value::Date(date) => {
            let date = date.to_string();
            Ok(list.iter().any(|one| **one == *date))
        }
        value => Err(Why::of(value)),
    }
}
