#![doc = include_str!("chain.md")]

use crate::model::Detail;

use super::cells::{At, Spot};
use super::judge::{Common, Holds, judge};
use super::outcome::{Checking, Outcome, Why};
use super::over_time::{Now, begins_anew, past_operand};

/// The cumulative cell, and the month's own.
pub(super) fn check(at: At<'_>, now: Now<'_, '_>, month: Spot<'_>) -> Checking {
    let (scheme, spot) = (at.scheme, now.spot);
    let last = match begins_anew(now.course(scheme), at.period) {
        true => None,
        false => Some(now.known.last_month.find(scheme, spot)?),
    };
    let parts: Vec<Spot<'_>> = last.into_iter().chain([month]).collect();
    let all = || parts.iter().chain([&spot]);
    let common = Common::of(scheme, all().map(|spot| spot.unit(scheme)))?;
    let given = common.add_up(scheme, &[spot])?;
    let mut expected = common.add_up(scheme, &[month])?;
    if let Some(last) = last {
        let before = common.add_up(scheme, &[last])?;
        expected = expected.checked_add(before).ok_or(Why::TooManyDigits)?;
    }
    let tolerance = || common.tolerance(at, &[spot], all());
    let Some(judged) = judge(Holds::Equal, given, expected, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let here = [spot, month];
    let detail = Detail::Chain {
        cumulative: at.operand(&here, &[spot]),
        last: last.map(|last| past_operand(at, last)),
        month: at.operand(&here, &[month]),
    };
    let mut finding = at.finding(judged.within, &[spot], &[month], detail);
    common.write(scheme, &mut finding, &[spot], given, expected, &judged);
    Ok(Outcome::told(finding, judged.within))
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;

    const FEBRUARY: &str = "
        == 附件1 · 2024-02
        乡镇 | 本月(户 month) | 累计(户 since-year)
        东河 | 5  | 20
        西岭 | 5  | 20
        南坪 | 5  |
        北原 | 5  | 20
        ";

    fn march(rows: &str) -> String {
        format!(
            "{FEBRUARY}\n== 附件1 · 2024-03\n乡镇 | 本月(户 month) | 累计(户 since-year)\n{rows}"
        )
    }

    #[test]
    fn last_months_total_and_this_month_make_this_months_total() {
        // 20 + 10 = 30; households are counted, so one more is one too many.
        check(
            chain("累计", "本月"),
            &march(
                "东河 | 10 | 30
                 西岭 | 10 | 35   <- C3 chain: 30
                 南坪 | 10 | 15   <- cannot check: missing
                 北原 | 10 | 31   <- C5 chain: 30
                 山口 | 10 | 31   <- cannot check: not returned",
            ),
        );
    }

    #[test]
    fn a_year_begins_with_its_first_month() {
        check(
            chain("累计", "本月"),
            "
            == 附件1 · 2023-12
            乡镇 | 本月(户 month) | 累计(户 since-year)
            东河 | 5 | 90
            == 附件1 · 2024-01
            乡镇 | 本月(户 month) | 累计(户 since-year)
            东河 | 7 | 7
            西岭 | 7 | 97   <- C3 chain: 7
            ",
        );
        check(
            chain("累计", "本月"),
            "
            == 附件1 · 2023-12
            乡镇 | 本月(户 month) | 累计(户 since-plan)
            东河 | 5 | 90
            == 附件1 · 2024-01
            乡镇 | 本月(户 month) | 累计(户 since-plan)
            东河 | 7 | 97
            ",
        );
    }

    #[test]
    fn without_last_month_nothing_can_be_said() {
        check(
            chain("累计", "本月"),
            "
            == 附件1 · 2024-03
            乡镇 | 本月(户 month) | 累计(户 since-year)
            东河 | 7 | 99   <- cannot check: no earlier
            ",
        );
    }

    #[test]
    fn a_finding_tells_last_months_figure_and_points_at_no_file_of_last_month() {
        let text = march("西岭 | 10 | 35");
        let finding = finding(chain("累计", "本月"), &text);
        let Detail::Chain { last, month, .. } = &finding.detail else {
            panic!("{:?}", finding.detail);
        };
        let last = last.as_ref().expect("a figure of last month");
        assert_eq!((&*last.value, &last.place), ("20户", &None));
        assert_eq!(month.value, "10户");
        let cells: Vec<String> = finding.cells.iter().map(|it| format!("{it:?}")).collect();
        assert_eq!(cells.len(), 1);
        assert_eq!(finding.difference, Some(amount("5")));
    }
}
