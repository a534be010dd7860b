#![doc = include_str!("pair.md")]

use std::sync::Arc;

use crate::model::{Detail, Need, Value};
use crate::scheme::Relation;

use super::cells::{At, Cells, Spot};
use super::outcome::{Checking, Outcome};

/// Slots: each cell of the group.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Pair { need, .. } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let group = cells.all();
    let n_filled = group.iter().filter(|spot| !is_blank(spot.value())).count();
    let passes = match need {
        Need::AllOrNone => n_filled == 0 || n_filled == group.len(),
        Need::ExactlyOne => n_filled == 1,
        Need::AtLeastOne => n_filled >= 1,
    };
    if passes {
        return Ok(Outcome::Pass);
    }
    let (blank, filled): (Vec<Spot<'_>>, Vec<Spot<'_>>) =
        group.iter().partition(|spot| is_blank(spot.value()));
    let names = |spots: &[Spot<'_>]| -> Vec<Arc<str>> {
        spots
            .iter()
            .map(
                |spot| match at.scheme.annexes[spot.table.annex].leaves[spot.leaf].year {
                    Some(year) => format!("{year}年 {}", spot.column(at.scheme)).into(),
                    None => spot.column(at.scheme).clone(),
                },
            )
            .collect()
    };
    let detail = Detail::Pair {
        need: *need,
        filled: names(&filled),
        blank: names(&blank),
    };
    // Something should be filled in where a blank is; where too much is filled in, no blank is at fault.
    let (given, others) = match blank.split_first() {
        Some((first, rest)) if *need != Need::ExactlyOne || filled.is_empty() => {
            (*first, [rest, &filled].concat())
        }
        _ => (filled[0], [&filled[1..], &blank].concat()),
    };
    let finding = at.finding(false, &[given], &others, detail);
    Ok(Outcome::told(finding, false))
}

/// Whether nothing is filled in. `－` says that there is nothing to fill in; what cannot be read is
/// something nevertheless.
pub(super) fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Missing | Value::NotApplicable)
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{Detail, Need};

    #[test]
    fn a_group_filled_in_by_half_is_marked() {
        let forms = "
            单位 | 工艺(text) | 时间(date) | 金额(万元)
            甲 | 除尘器 | 2024-12 | 12
            乙 | 除尘器 |         | 12   <- C3 pair
            丙 | －     |         |
            丁 |        | ?明年   |      <- B5 pair
            戊 |        |         |
            ";
        check(
            pair(&["工艺", "时间", "金额"], Need::AllOrNone),
            &forms.replace(
                "戊 |        |         |",
                "戊 |        |         |       <- cannot check: missing",
            ),
        );
    }

    #[test]
    fn one_of_a_group_or_at_least_one() {
        let forms = |mark: &str, none: &str| {
            format!(
                "
                单位 | 燃气 | 燃煤 | 金额
                甲 | 1 |   | 5
                乙 | 1 | 2 | 5   {mark}
                丙 |   |   | 5   {none}
                "
            )
        };
        let group = ["燃气", "燃煤"];
        check(
            pair(&group, Need::ExactlyOne),
            &forms("<- B3 pair", "<- B4 pair"),
        );
        check(pair(&group, Need::AtLeastOne), &forms("", "<- B4 pair"));
    }

    #[test]
    fn a_finding_names_what_is_filled_in_and_what_is_not() {
        let finding = finding(
            pair(&["面积", "投资"], Need::AllOrNone).each_year(),
            "
            项目 | 面积@2023 | 投资@2023
            甲   | 5 |
            ",
        );
        let detail = Detail::Pair {
            need: Need::AllOrNone,
            filled: vec!["2023年 面积".into()],
            blank: vec!["2023年 投资".into()],
        };
        assert_eq!(finding.detail, detail);
        assert_eq!(finding.column.as_deref(), Some("投资"));
    }

    #[test]
    fn years_that_have_not_begun_are_not_asked_for() {
        let form = |month: &str, mark: &str| {
            format!(
                "
                == 附件1 · {month}
                单位 | 面积@2023 | 面积@2024 | 面积@2025
                甲   | 5 | 6 |   {mark}
                乙   | 5 | 6 | －   {mark_below}
                ",
                mark_below = mark.replace('2', "3")
            )
        };
        let rule = || pair(&["面积"], Need::AllOrNone);
        check(rule(), &form("2024-05", ""));
        check(rule(), &form("2025-01", "<- D2 pair"));
    }
}
