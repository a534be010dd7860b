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
        condition: at.operand(cells.all(), cells.slot(0)),
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{Condition, Detail};

    /// 附件6.1: what is not yet done has a date by which it will be.
    #[test]
    fn a_consequence_that_does_not_follow_is_marked() {
        check(
            when(("是否完成", "否、未完成"), ("完成时间", "filled")),
            "
            单位 | 是否完成(code) | 完成时间(date)
            甲 | 否     | 2024-12
            乙 | 否     |          <- C3 when
            丙 | 未完成 | －       <- C4 when
            丁 | 是     |
            戊 |        | 2024-12  <- B6 cannot check
            ",
        );
        check(
            when(("是否完成", "是"), ("金额", "blank")),
            "
            单位 | 是否完成(code) | 金额(万元)
            甲 | 是 | －
            乙 | 是 | 12   <- C3 when
            丙 | 否 | 12
            ",
        );
    }

    #[test]
    fn figures_and_dates_may_be_asked_for() {
        check(
            when(("蒸吨数", "65～"), ("完成时间", "2023-01-01～2025-12-31")),
            "
            单位 | 蒸吨数(.1) | 完成时间(date)
            甲 | 110 | 2024-12
            乙 | 110 | 2026-01   <- C3 when
            丙 | 64.9 | 2026-01
            丁 | 65.0 |          <- C5 cannot check
            ",
        );
        check(
            when(("蒸吨数", "2"), ("改造", "是")),
            "
            单位 | 蒸吨数(.1) | 改造(code)
            甲 | 2.0 | 是
            乙 | 2   | 否   <- C3 when
            丙 | 2.5 | 否
            丁 | 2   |      <- C5 cannot check
            ",
        );
    }

    #[test]
    fn a_finding_tells_the_condition_and_what_was_wanted() {
        let finding = finding(
            when(("是否完成", "否"), ("完成时间", "filled")),
            "
            单位 | 是否完成(code) | 完成时间(date)
            甲 | 否 |
            ",
        );
        let Detail::When { condition, wanted } = finding.detail else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!((&*condition.label, &*condition.value), ("是否完成", "否"));
        assert_eq!(wanted, Condition::Filled);
    }
}
