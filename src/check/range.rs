#![doc = include_str!("range.md")]

use crate::model::{Amount, Detail, Value};
use crate::scheme::{Limit, Relation};

use super::cells::{At, Cells};
use super::compare::{Common, Holds, Judged, judge};
use super::outcome::{Checking, Outcome, Why};

/// Slots: the cell.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Range { min, max, .. } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let given = cells.slot(0);
    if let Value::Date(_) = cells.one(0)?.value() {
        if within(cells.one(0)?.value(), *min, *max)? {
            return Ok(Outcome::Pass);
        }
        let mut finding = at.finding(false, given, &[], detail(*min, *max));
        finding.expected = Some(in_words(*min, *max));
        return Ok(Outcome::told(finding, false));
    }
    let units = given.iter().map(|spot| spot.unit(at.scheme));
    let common = Common::of(at.scheme, units)?;
    let actual = common.add_up(at.scheme, given)?;
    let tolerance = || -> Result<Amount, Why> {
        match given {
            // A printed figure is held against the bound as it is printed.
            [_] => Ok(common.set_tolerance(at, given)?.unwrap_or_default()),
            _ => common.tolerance(at, given, given.iter()),
        }
    };
    let limit = |limit: Option<Limit>| match limit {
        None => Ok(None),
        Some(Limit::Amount(limit)) => {
            let unit = given.first().and_then(|spot| spot.unit(at.scheme));
            common.take(at.scheme, limit, unit).map(Some)
        }
        Some(Limit::Date(_)) => Err(Why::Unusable),
    };
    let mut wrong: Option<(Judged, Amount)> = None;
    for (limit, holds) in [
        (limit(*min)?, Holds::AtLeast),
        (limit(*max)?, Holds::AtMost),
    ] {
        if let (Some(limit), None) = (limit, &wrong) {
            wrong = judge(holds, actual, limit, tolerance)?.map(|judged| (judged, limit));
        }
    }
    let Some((judged, limit)) = wrong else {
        return Ok(Outcome::Pass);
    };
    let mut finding = at.finding(judged.within, given, &[], detail(*min, *max));
    common.write(at.scheme, &mut finding, given, actual, limit, &judged);
    finding.expected = Some(in_words(*min, *max));
    Ok(Outcome::told(finding, judged.within))
}

/// Whether a value may lie within bounds. A date that is not written out to the day is outside only
/// if every day that it can mean is.
pub(super) fn within(value: &Value, min: Option<Limit>, max: Option<Limit>) -> Result<bool, Why> {
    let above = match (value, min) {
        (_, None) => true,
        (Value::Amount(value), Some(Limit::Amount(min))) => *value >= min,
        (Value::Date(value), Some(Limit::Date(min))) => value.latest() >= min.earliest(),
        (value, Some(_)) => return Err(Why::of(value)),
    };
    let below = match (value, max) {
        (_, None) => true,
        (Value::Amount(value), Some(Limit::Amount(max))) => *value <= max,
        (Value::Date(value), Some(Limit::Date(max))) => value.earliest() <= max.latest(),
        (value, Some(_)) => return Err(Why::of(value)),
    };
    Ok(above && below)
}

fn detail(min: Option<Limit>, max: Option<Limit>) -> Detail {
    Detail::Range {
        min: min.map(as_text),
        max: max.map(as_text),
    }
}

fn in_words(min: Option<Limit>, max: Option<Limit>) -> String {
    match (min.map(as_text), max.map(as_text)) {
        (Some(min), Some(max)) => format!("{min}～{max}"),
        (Some(min), None) => format!("≥{min}"),
        (None, Some(max)) => format!("≤{max}"),
        (None, None) => String::new(),
    }
}

fn as_text(limit: Limit) -> String {
    match limit {
        Limit::Amount(amount) => amount.to_string(),
        Limit::Date(date) => date.to_string(),
    }
}
