#![doc = include_str!("target.md")]

use crate::model::{Amount, Detail};
use crate::scheme::{Bound, Relation};

use super::cells::{At, Cells};
use super::compare::{Common, Holds, judge};
use super::outcome::{Checking, Outcome, Why};

/// Slots: the cell, or the cells of several years to be added up; none where no annex holds it.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Target {
        section,
        sentence,
        value,
        unit,
        bound,
        cell: Some(_),
        ..
    } = &at.rule.relation
    else {
        return Ok(Outcome::NotApplied);
    };
    let (scheme, given) = (at.scheme, cells.slot(0));
    let units = given.iter().map(|spot| spot.unit(scheme));
    let common = Common::of(scheme, units.chain([Some(*unit)]))?;
    let actual = common.add_up(scheme, given)?;
    let promised = common.take(scheme, *value, Some(*unit))?;
    let tolerance = || -> Result<Amount, Why> {
        if let Some(set) = common.set_tolerance(at, given)? {
            return Ok(set);
        }
        let digits = common.last_digits(scheme, given.iter())?;
        let rounding = match bound {
            // The text is rounded as well as the figures.
            Bound::Equal => {
                let text = Amount::last_digit(value.decimals());
                let text = common.take(scheme, text, Some(*unit))?;
                digits.checked_add(text).ok_or(Why::TooManyDigits)?
            }
            // A bound is meant as it is written, and a printed figure is compared with it as it is
            // printed. Only a sum may fall short by the rounding of what was added up.
            Bound::AtLeast | Bound::AtMost if given.len() > 1 => digits,
            Bound::AtLeast | Bound::AtMost => Amount::ZERO,
        };
        Ok(rounding.half())
    };
    let holds = match bound {
        Bound::Equal => Holds::Equal,
        Bound::AtLeast => Holds::AtLeast,
        Bound::AtMost => Holds::AtMost,
    };
    let Some(judged) = judge(holds, actual, promised, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let detail = Detail::Target {
        section: section.clone(),
        sentence: sentence.clone(),
        promised: format!("{value}{}", scheme.units.name(*unit)),
        actual: at.operand(given, given),
    };
    let mut finding = at.finding(judged.within, given, &[], detail);
    common.write(scheme, &mut finding, given, actual, promised, &judged);
    Ok(Outcome::told(finding, judged.within))
}
