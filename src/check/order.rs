#![doc = include_str!("order.md")]

use crate::model::{Detail, Value};

use super::cells::{At, Cells};
use super::judge::{Holds, compare};
use super::outcome::{Checking, Outcome, Why};

/// Slots: first, then.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (first, then) = (cells.slot(0), cells.slot(1));
    let detail = || Detail::Order {
        first: at.operand(cells.all(), first),
        then: at.operand(cells.all(), then),
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    #[test]
    fn a_date_before_the_one_it_should_follow_is_marked() {
        check(
            order("建成时间", "改造时间"),
            "
            单位 | 建成时间(date) | 改造时间(date)
            甲 | 2019-06-03 | 2023-08-30
            乙 | 2024-06-03 | 2023-08-30   <- B3 order: 2023-08-30
            丙 | 2024-12-31 | 2024-12
            丁 | 2025-01    | 2024-12      <- B5 order: 2024-12
            戊 | 2016-06    |              <- C6 cannot check
            己 | ?去年      | 2024-12      <- B7 cannot check
            ",
        );
    }

    #[test]
    fn a_figure_greater_than_the_one_that_should_be_greater_is_marked() {
        check(
            order("最低", "最高"),
            "
            乡镇 | 最低(.1) | 最高(.1)
            东河 | 1.0 | 2.0
            西岭 | 2.1 | 2.0   <- B3 order hint: 2.0
            南坪 | 2.2 | 2.0   <- B4 order: 2.0
            北原 |     | 2.0   <- B5 cannot check
            ",
        );
    }
}
