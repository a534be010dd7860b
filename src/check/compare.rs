#![doc = include_str!("compare.md")]

use std::cmp::Ordering;

use crate::model::{Amount, Basis, Detail, Side};
use crate::scheme::{Course, DueAmount, Relation};

use super::cells::{At, Spot};
use super::outcome::{Checking, Outcome, Why};
use super::over_time::{NOT_APPLIED, Now, begins_anew, past_operand};

/// What a figure is held against: all or a share of what was planned or reported before.
struct Standard<'t> {
    /// The same figure in the earlier period.
    base: Spot<'t>,
    due: DueAmount,
}

/// The cell.
pub(super) fn check(at: At<'_>, now: Now<'_, '_>) -> Checking {
    let Relation::Compare {
        with,
        percent,
        absolute,
        side,
        ..
    } = &at.rule.relation
    else {
        return NOT_APPLIED;
    };
    let (scheme, spot) = (at.scheme, now.spot);
    let Some(standard) = standard(at, now, *with) else {
        return NOT_APPLIED;
    };
    let Standard { base, due } = standard?;
    let given = spot.amount()?;
    let is_wanted = match due.compare(given).ok_or(Why::TooManyDigits)? {
        Ordering::Less => *side != Side::Above,
        Ordering::Greater => *side != Side::Below,
        Ordering::Equal => false,
    };
    if !is_wanted || !is_far_off(given, due, *percent, *absolute).ok_or(Why::TooManyDigits)? {
        return Ok(Outcome::Pass);
    }
    let unit = spot.unit(scheme).map_or("", |unit| scheme.units.name(unit));
    let detail = Detail::Compare {
        with: *with,
        now: at.operand(&[spot], &[spot]),
        base: past_operand(at, base),
        thresholds: (format!("{percent}%"), format!("{absolute}{unit}")),
    };
    let mut finding = at.finding(false, &[spot], &[], detail);
    let decimals = spot.annex(scheme).decimals_of(spot.leaf, spot.row().spec);
    let expected = match due.denominator {
        1 => due.parts,
        _ => due.rounded(decimals).ok_or(Why::TooManyDigits)?,
    };
    finding.expected = Some(expected.to_string());
    finding.difference = given.checked_sub(expected);
    Ok(Outcome::Fail(finding))
}

/// What the figure is held against; `None` where there is nothing that it could be compared with in this month.
fn standard<'t>(at: At<'_>, now: Now<'_, 't>, with: Basis) -> Option<Result<Standard<'t>, Why>> {
    let (scheme, spot) = (at.scheme, now.spot);
    let course = now.course(scheme);
    let whole = |base: Result<Spot<'t>, Why>| {
        let base = base?;
        let due = DueAmount::whole(base.amount()?);
        Ok(Standard { base, due })
    };
    match with {
        Basis::LastMonth if begins_anew(course, at.period) => None,
        Basis::LastMonth => Some(whole(now.known.last_month.find(scheme, spot))),
        Basis::LastYear => now
            .known
            .year_before
            .find_year_before(scheme, spot)
            .map(whole),
        // A plan for a year is compared with what the whole year came to.
        Basis::Plan if !is_complete(at, course) => None,
        Basis::Plan => Some(whole(now.known.plan.find(scheme, spot))),
        // A row of states in a column of cumulative figures.
        Basis::Schedule if course == Course::State => None,
        Basis::Schedule => {
            let share = scheme.due_share(spot.table.annex, spot.leaf, at.period)?;
            let base = now.known.plan.find(scheme, spot);
            let due = now.planned(scheme, &share);
            Some(base.and_then(|base| {
                base.amount()?;
                Ok(Standard { base, due: due? })
            }))
        }
    }
}

/// Whether a figure of this course has come to all that the plan gives it.
fn is_complete(at: At<'_>, course: Course) -> bool {
    let last_year = at.scheme.years.last().copied();
    match course {
        Course::State => true,
        Course::SinceYear => at
            .period
            .year()
            .is_some_and(|year| at.period.has_ended(year)),
        Course::SincePlan => last_year.is_some_and(|year| at.period.has_ended(year)),
        Course::Month => false,
    }
}

/// Whether `given` is beyond both thresholds from what is due. Everything is multiplied by the share's
/// denominator, so that nothing is divided.
fn is_far_off(given: Amount, due: DueAmount, percent: Amount, absolute: Amount) -> Option<bool> {
    let denominator = Amount::from(i64::from(due.denominator));
    let off = (given.checked_mul(denominator)?)
        .checked_sub(due.parts)?
        .abs();
    let beyond_absolute = off > absolute.checked_mul(denominator)?;
    let beyond_percent =
        off.checked_mul(Amount::from(100))? > due.parts.abs().checked_mul(percent)?;
    Some(beyond_absolute && beyond_percent)
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{Basis, Side};

    /// By May 5/12 of 240 are due: 100. Thresholds 20 % and 15: below 80 is beyond both, 80 is not.
    #[test]
    fn a_figure_is_too_far_off_beyond_both_thresholds() {
        let plan = "
            == 附件3 · plan
            单位 | 造林@2023(亩 since-year) | 造林@2024 | 造林@2025
            东河 | 10 | 240 | 10
            西岭 | 10 | 240 | 10
            南坪 | 10 | 24  | 10
            北原 | 10 |     | 10
            ";
        let may = "
            == 附件3 · 2024-05
            单位 | 造林@2023(亩 since-year) | 造林@2024 | 造林@2025
            东河 | 10 | 79  |     <- C2 compare: 100
            西岭 | 10 | 80  |
            南坪 | 10 | 1   |
            北原 | 10 | 80  |     <- cannot check: missing
            山口 | 10 |     |     <- C6 cannot check
            ";
        let rule = || compare("造林", Basis::Schedule, ("20", "15"));
        // 南坪: 9 of 10 are missing, 90 %, but 9 is no more than 15. 山口 has no plan, and reports nothing.
        let may = may.replace(
            "山口 | 10 |     |     <- C6 cannot check",
            "山口 | 10 | 5 |   <- cannot check: not returned",
        );
        check(rule(), &format!("{plan}{may}"));
        let without_plan = may
            .lines()
            .map(|line| match line.contains('|') && !line.contains('@') {
                true => format!(
                    "{} <- cannot check: no earlier\n",
                    line.split("<-").next().unwrap_or("")
                ),
                false => format!("{line}\n"),
            })
            .collect::<String>();
        check(rule(), &without_plan);
    }

    #[test]
    fn too_much_is_as_bad_as_too_little_unless_one_side_is_asked_for() {
        let forms = |marks: [&str; 2]| {
            format!(
                "
                == 附件7 · plan
                单位 | 用水@2023(万立方米 since-year) | 用水@2024 | 用水@2025
                东河 | 0 | 1200 | 0
                西岭 | 0 | 1200 | 0
                == 附件7 · 2024-06
                单位 | 用水@2023(万立方米 since-year) | 用水@2024 | 用水@2025
                东河 | 0 | 400 |  {}
                西岭 | 0 | 800 |  {}
                ",
                marks[0], marks[1]
            )
        };
        // Half of 1200 is due; 200 off is a third.
        let (low, high) = ("<- C2 compare: 600", "<- C3 compare: 600");
        let rule = |side| compare_side("用水", Basis::Schedule, ("30", "100"), side);
        check(rule(Side::Either), &forms([low, high]));
        check(rule(Side::Below), &forms([low, ""]));
        check(rule(Side::Above), &forms(["", high]));
    }

    /// 2024's figure of May 2024 against 2023's figure of May 2023.
    #[test]
    fn last_years_figure_stood_in_last_years_column() {
        check(
            compare("造林", Basis::LastYear, ("50", "20")),
            "
            == 附件3 · 2023-05
            单位 | 造林@2022(亩 since-year) | 造林@2023 | 造林@2024
            东河 | 500 | 100 |
            西岭 | 500 | 100 |
            == 附件3 · 2024-05
            单位 | 造林@2022(亩 since-year) | 造林@2023 | 造林@2024
            东河 | 500 | 300 | 150
            西岭 | 500 | 300 | 151   <- D3 compare: 100
            ",
        );
    }

    #[test]
    fn a_year_is_held_against_its_plan_when_it_is_over() {
        let forms = |month: &str, mark: &str| {
            format!(
                "
                == 附件3 · plan
                单位 | 造林@2023(亩 since-year) | 造林@2024
                东河 | 0 | 100
                == 附件3 · {month}
                单位 | 造林@2023(亩 since-year) | 造林@2024
                东河 | 0 | 50   {mark}
                "
            )
        };
        let rule = || compare("造林", Basis::Plan, ("10", "10"));
        check(rule(), &forms("2024-11", ""));
        check(rule(), &forms("2024-12", "<- C2 compare: 100"));
    }

    #[test]
    fn a_state_is_held_against_last_month_and_a_new_year_against_nothing() {
        let forms = |course: &str, mark: &str| {
            format!(
                "
                == 附件1 · 2023-12
                单位 | 数(.1 {course})
                东河 | 60.0
                == 附件1 · 2024-01
                单位 | 数(.1 {course})
                东河 | 30.0   {mark}
                "
            )
        };
        let rule = || compare("数", Basis::LastMonth, ("20", "10"));
        check(rule(), &forms("rate", "<- B2 compare: 60.0"));
        check(rule(), &forms("since-year", ""));
    }
}
