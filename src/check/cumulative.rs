#![doc = include_str!("cumulative.md")]

use crate::model::Detail;

use super::cells::At;
use super::judge::{Common, Holds, judge};
use super::outcome::{Checking, Outcome};
use super::over_time::{NOT_APPLIED, Now, begins_anew, past_operand};

/// The cumulative cell.
pub(super) fn check(at: At<'_>, now: Now<'_, '_>) -> Checking {
    let (scheme, spot) = (at.scheme, now.spot);
    if begins_anew(now.course(scheme), at.period) {
        return NOT_APPLIED;
    }
    let last = now.known.last_month.find(scheme, spot)?;
    let common = Common::of(scheme, [spot, last].iter().map(|it| it.unit(scheme)))?;
    let (given, before) = (
        common.add_up(scheme, &[spot])?,
        common.add_up(scheme, &[last])?,
    );
    // Printed figures fall as they are printed.
    let tolerance = || Ok(common.set_tolerance(at, &[spot])?.unwrap_or_default());
    let Some(judged) = judge(Holds::AtLeast, given, before, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let detail = Detail::Cumulative {
        now: at.operand(&[spot], &[spot]),
        last: past_operand(at, last),
    };
    let mut finding = at.finding(judged.within, &[spot], &[], detail);
    common.write(scheme, &mut finding, &[spot], given, before, &judged);
    Ok(Outcome::told(finding, judged.within))
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    #[test]
    fn what_is_done_does_not_become_undone() {
        check(
            cumulative(&["造林"]),
            "
            == 附件3 · 2024-04
            单位 | 造林@2023(亩 .1 since-year) | 造林@2024 | 造林@2025
            东河 | 90.0 | 102.5 |
            西岭 | 90.0 | 102.5 |
            南坪 | 90.0 | 102.5 |
            北原 | 90.0 |       |
            == 附件3 · 2024-05
            单位 | 造林@2023(亩 .1 since-year) | 造林@2024 | 造林@2025
            东河 | 90.0 | 140.0 |
            西岭 | 90.0 | 102.4 |   <- C3 cumulative: 102.5
            南坪 | 80.0 | 102.6 |
            北原 | 90.0 | 10.0  |   <- cannot check: missing
            山口 | 90.0 | 10.0  |   <- cannot check: not returned
            ",
        );
        // 南坪 put the year before right; that is over, and moves no more.
    }

    #[test]
    fn a_year_begins_with_nothing_and_the_plan_does_not() {
        let forms = |course: &str, mark: &str| {
            format!(
                "
                == 附件3 · 2023-12
                单位 | 造林(亩 .1 {course})
                东河 | 331.6
                == 附件3 · 2024-01
                单位 | 造林(亩 .1 {course})
                东河 | 12.0   {mark}
                "
            )
        };
        check(cumulative(&["造林"]), &forms("since-year", ""));
        check(
            cumulative(&["造林"]),
            &forms("since-plan", "<- B2 cumulative: 331.6"),
        );
    }

    #[test]
    fn a_tolerance_lets_small_corrections_pass_as_hints() {
        let text = "
            == 附件3 · 2024-04
            单位 | 造林(亩 .1 since-year)
            东河 | 102.5
            == 附件3 · 2024-05
            单位 | 造林(亩 .1 since-year)
            东河 | 102.3   <- B2 cumulative hint: 102.5
            ";
        check(cumulative(&["造林"]).tolerance("0.2"), text);
    }

    /// 附件5: years down.
    #[test]
    fn only_the_row_of_this_year_moves() {
        check(
            cumulative(&["面积"]),
            "
            == 附件5 · 2024-04
            年度(year) | 项目(key) | 面积(万亩 .2 since-year)
            2023 | 造林 | 0.45
            2024 | 造林 | 0.20
            == 附件5 · 2024-05
            年度(year) | 项目(key) | 面积(万亩 .2 since-year)
            2023 | 造林 | 0.44
            2024 | 造林 | 0.18   <- C3 cumulative: 0.20
            ",
        );
    }
}
