#![doc = include_str!("compare.md")]

use std::cmp::Ordering;

use crate::model::{Amount, Basis, Detail, Side};
use crate::scheme::{Course, Relation, Share};

use super::cells::{At, Spot};
use super::outcome::{Checking, Outcome, Why};
use super::over_time::{NOT_APPLIED, Now, begins_anew, past_operand};

/// What a figure is held against: a share of an earlier one.
struct Standard<'t> {
    base: Spot<'t>,
    share: Share,
}

const WHOLE: Share = Share {
    numerator: 1,
    denominator: 1,
};

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
    let Standard { base, share } = standard?;
    let (given, planned) = (spot.amount()?, base.amount()?);
    let is_wanted = match share.compare(given, planned).ok_or(Why::TooManyDigits)? {
        Ordering::Less => *side != Side::Above,
        Ordering::Greater => *side != Side::Below,
        Ordering::Equal => false,
    };
    if !is_wanted
        || !is_far_off(given, planned, share, *percent, *absolute).ok_or(Why::TooManyDigits)?
    {
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
    let expected = match share == WHOLE {
        true => planned,
        false => share.of(planned, decimals).ok_or(Why::TooManyDigits)?,
    };
    finding.expected = Some(expected.to_string());
    finding.difference = given.checked_sub(expected);
    Ok(Outcome::Fail(finding))
}

/// What the figure is held against; `None` where there is nothing that it could be compared with in this month.
fn standard<'t>(at: At<'_>, now: Now<'_, 't>, with: Basis) -> Option<Result<Standard<'t>, Why>> {
    let (scheme, spot) = (at.scheme, now.spot);
    let course = now.course(scheme);
    let whole = |base: Result<Spot<'t>, Why>| base.map(|base| Standard { base, share: WHOLE });
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
        Basis::Schedule => {
            let annex = spot.annex(scheme);
            let column = annex.leaves[spot.leaf].column;
            let share = scheme.schedule_share(annex, column, at.period)?;
            let base = now.known.plan.find(scheme, spot);
            Some(base.map(|base| Standard { base, share }))
        }
    }
}

/// Whether a figure of this course has come to all that the plan gives it.
fn is_complete(at: At<'_>, course: Course) -> bool {
    let last_year = at.scheme.years.last().copied();
    match course {
        Course::State => true,
        Course::SinceYear => at.year.is_some_and(|year| at.period.has_ended(year)),
        Course::SincePlan => last_year.is_some_and(|year| at.period.has_ended(year)),
        Course::Month => false,
    }
}

/// Whether `given` is beyond both thresholds from a share of `planned`. Everything is multiplied by the
/// share's denominator, so that nothing is divided.
fn is_far_off(
    given: Amount,
    planned: Amount,
    share: Share,
    percent: Amount,
    absolute: Amount,
) -> Option<bool> {
    let denominator = Amount::from(i64::from(share.denominator));
    let expected = share.times(planned)?;
    let off = given.checked_mul(denominator)?.checked_sub(expected)?.abs();
    let beyond_absolute = off > absolute.checked_mul(denominator)?;
    let beyond_percent =
        off.checked_mul(Amount::from(100))? > expected.abs().checked_mul(percent)?;
    Some(beyond_absolute && beyond_percent)
}
