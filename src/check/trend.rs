#![doc = include_str!("trend.md")]

use crate::model::{Amount, Detail, Direction};
use crate::scheme::Relation;

use super::cells::{At, Cells};
use super::compare::{Common, Holds, judge};
use super::outcome::{Checking, Outcome, Why};

/// Slots: the year before, the year in question.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Trend {
        direction,
        at_least,
        ..
    } = &at.rule.relation
    else {
        return Ok(Outcome::NotApplied);
    };
    let (scheme, from, to) = (at.scheme, cells.slot(0), cells.slot(1));
    let both = || cells.from_slot(0).iter();
    let common = Common::of(scheme, both().map(|spot| spot.unit(scheme)))?;
    let (before, now) = (common.add_up(scheme, from)?, common.add_up(scheme, to)?);
    let step = match *at_least {
        None => Amount::ZERO,
        Some((step, false)) => {
            let unit = to.first().and_then(|spot| spot.unit(scheme));
            common.take(scheme, step, unit)?
        }
        // x % of the figure before: multiplied by x and by 0.01, so nothing is divided.
        Some((step, true)) => before
            .abs()
            .checked_mul(step)
            .and_then(|product| product.checked_mul(Amount::last_digit(2)))
            .ok_or(Why::TooManyDigits)?,
    };
    let is_up = matches!(direction, Direction::Rising | Direction::NotFalling);
    let expected = match is_up {
        true => before.checked_add(step),
        false => before.checked_sub(step),
    };
    let expected = expected.ok_or(Why::TooManyDigits)?;
    let holds = match (direction, at_least) {
        (Direction::Rising, None) => Holds::MoreThan,
        (Direction::Falling, None) => Holds::LessThan,
        _ if is_up => Holds::AtLeast,
        _ => Holds::AtMost,
    };
    // Printed figures rise or fall as they are printed. How large a step was can be off by rounding.
    let tolerance = || -> Result<Amount, Why> {
        match at_least {
            Some(_) => common.tolerance(at, to, both()),
            None => Ok(common.set_tolerance(at, to)?.unwrap_or_default()),
        }
    };
    let Some(judged) = judge(holds, now, expected, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let detail = Detail::Trend {
        from: at.operand(cells.from_slot(0), from),
        to: at.operand(cells.from_slot(0), to),
        direction: *direction,
        at_least: at_least.map(|(step, is_relative)| match is_relative {
            true => format!("{step}%"),
            false => {
                let unit = to.first().and_then(|spot| spot.unit(scheme));
                let unit = unit.map_or("", |unit| scheme.units.name(unit));
                format!("{step}{unit}")
            }
        }),
    };
    let mut finding = at.finding(judged.within, to, from, detail);
    common.write(scheme, &mut finding, to, now, expected, &judged);
    Ok(Outcome::told(finding, judged.within))
}
