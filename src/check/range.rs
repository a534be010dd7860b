#![doc = include_str!("range.md")]

use rust_decimal::Decimal;

use crate::model::{Amount, Detail, Value};
use crate::scheme::{Limit, Relation};

use super::cells::{At, Cells, Spot};
use super::judge::{Common, Holds, Judged, judge};
use super::outcome::{Checking, Outcome, Why};

/// Slots: the cell, and what it is divided by, if anything.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Range { per, min, max, .. } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let (given, first) = (cells.slot(0), cells.one(0)?);
    if let ([only], Value::Missing) = (given, first.value())
        && only.may_be_blank(at.scheme)
    {
        return Ok(Outcome::NotApplied);
    }
    if per.is_some() {
        return check_quotient(at, cells, *min, *max);
    }
    if let [only] = given {
        if within(only.value(), *min, *max)? {
            return Ok(Outcome::Pass);
        }
        if let Value::Date(_) = only.value() {
            let mut finding = at.finding(false, given, &[], detail(*min, *max));
            finding.expected = Some(in_words(*min, *max));
            return Ok(Outcome::told(finding, false));
        }
    }
    let common = common(at, given)?;
    let actual = common.add_up(at.scheme, given)?;
    let tolerance = |_| match given {
        // A printed figure is held against the bound as it is printed.
        [_] => Ok(common.set_tolerance(at, given)?.unwrap_or_default()),
        _ => common.tolerance(at, given, given.iter()),
    };
    let unit = first.unit(at.scheme);
    let bound = |limit| common.take(at.scheme, limit, unit);
    let Some((judged, limit)) = beyond(actual, [*min, *max], bound, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let mut finding = at.finding(judged.within, given, &[], detail(*min, *max));
    common.write(at.scheme, &mut finding, given, actual, limit, &judged);
    finding.expected = Some(in_words(*min, *max));
    Ok(Outcome::told(finding, judged.within))
}

/// The same of the cell divided by another: min × per ≤ value ≤ max × per, so that nothing is rounded.
fn check_quotient(
    at: At<'_>,
    cells: &Cells<'_>,
    min: Option<Limit>,
    max: Option<Limit>,
) -> Checking {
    let (given, per) = (cells.slot(0), cells.slot(1));
    let (own, of_per) = (common(at, given)?, common(at, per)?);
    let value = own.add_up(at.scheme, given)?;
    let divisor = of_per.add_up(at.scheme, per)?;
    if divisor.is_zero() {
        return Err(Why::DividedByZero);
    }
    if divisor < Amount::ZERO {
        return Err(Why::Unusable);
    }
    let times = |a: Amount, b: Amount| a.checked_mul(b).ok_or(Why::TooManyDigits);
    let bound = |limit| Ok(times(limit, divisor)?.normalised());
    let tolerance = |limit: Amount| match own.set_tolerance(at, given)? {
        Some(tolerance) => Ok(tolerance),
        None => {
            let off = times(limit.abs(), of_per.last_digits(at.scheme, per.iter())?)?;
            let off = off.checked_add(own.last_digits(at.scheme, given.iter())?);
            Ok(off.ok_or(Why::TooManyDigits)?.half())
        }
    };
    let Some((judged, limit)) = beyond(value, [min, max], bound, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let detail = Detail::RangePer {
        per: at.operand(cells.all(), per),
        quotient: in_short(value, divisor, [min, max])?,
        min: min.map(as_text),
        max: max.map(as_text),
    };
    let mut finding = at.finding(judged.within, given, per, detail);
    own.write(at.scheme, &mut finding, given, value, limit, &judged);
    let amount = |limit: Option<Limit>| match as_amount(limit)? {
        Some(limit) => Ok(Some(Limit::Amount(bound(limit)?))),
        None => Ok(None),
    };
    finding.expected = Some(in_words(amount(min)?, amount(max)?));
    Ok(Outcome::told(finding, judged.within))
}

/// The unit in which cells of one slot are added up.
fn common(at: At<'_>, spots: &[Spot<'_>]) -> Result<Common, Why> {
    Common::of(at.scheme, spots.iter().map(|spot| spot.unit(at.scheme)))
}

/// The bound that a figure lies beyond, if it does. `bound` makes one of a limit of the rule, and `tolerance` says
/// how far off rounding could put it.
fn beyond(
    value: Amount,
    limits: [Option<Limit>; 2],
    bound: impl Fn(Amount) -> Result<Amount, Why>,
    tolerance: impl Fn(Amount) -> Result<Amount, Why>,
) -> Result<Option<(Judged, Amount)>, Why> {
    for (limit, holds) in limits.into_iter().zip([Holds::AtLeast, Holds::AtMost]) {
        let Some(limit) = as_amount(limit)? else {
            continue;
        };
        let bound = bound(limit)?;
        if let Some(judged) = judge(holds, value, bound, || tolerance(limit))? {
            return Ok(Some((judged, bound)));
        }
    }
    Ok(None)
}

fn as_amount(limit: Option<Limit>) -> Result<Option<Amount>, Why> {
    match limit {
        None => Ok(None),
        Some(Limit::Amount(amount)) => Ok(Some(amount)),
        Some(Limit::Date(_)) => Err(Why::Unusable),
    }
}

/// A quotient in as few decimals as show that it lies beyond its bounds, two where that is enough; only to be shown.
fn in_short(value: Amount, divisor: Amount, limits: [Option<Limit>; 2]) -> Result<String, Why> {
    let quotient = value.0.checked_div(divisor.0).unwrap_or_default();
    let [min, max] = limits.map(as_amount);
    let (min, max) = (min?, max?);
    let is_beyond = |quotient: &Decimal| {
        let quotient = Amount(*quotient);
        min.is_some_and(|min| quotient < min) || max.is_some_and(|max| quotient > max)
    };
    let mut rounded = (2..=8).map(|decimals| quotient.round_dp(decimals));
    let told = rounded.find(is_beyond).unwrap_or(quotient);
    Ok(told.normalize().to_string())
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
        (Some(min), Some(max)) if min == max => min,
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;

    #[test]
    fn a_figure_outside_its_bounds_is_marked() {
        check(
            range(&["优良率", "PM10"], Some("0"), Some("100")),
            "
            区域 | 优良率@2023(% rate) | 优良率@2024 | PM10(rate)
            甲 |  55 | 100 |  0
            乙 | 550 |  57 | -1    <- B3 range: 0～100; D3 range: 0～100
            丙 |  －  |  ?x |       <- B4 cannot check; C4 cannot check; D4 cannot check
            ",
        );
        check(
            range(&["面积"], Some("0"), None),
            "
            乡镇 | 面积(亩 .1)
            东河 | 0.0
            西岭 | -0.1   <- B3 range: ≥0
            ",
        );
        let lenient = range(&["面积"], None, Some("10")).tolerance("0.1");
        check(
            lenient,
            "
            乡镇 | 面积(亩 .1)
            东河 | 10.1   <- B2 range hint: ≤10
            西岭 | 10.2   <- B3 range: ≤10
            ",
        );
    }

    #[test]
    fn a_figure_for_each_unit_of_another_outside_its_bounds_is_marked() {
        check(
            range_per("投资", "面积", Some("100"), Some("100")),
            "
            项目 | 面积(万亩 .2) | 投资(万元)
            甲 | 5.00 | 500
            乙 | 4.00 | 450   <- C3 range: 400
            丙 | 4.00 | 350   <- C4 range: 400
            丁 | 4.00 | 401   <- C5 range hint: 400
            戊 | 4.00 | 402   <- C6 range: 400
            己 |      | 500   <- B7 cannot check
            庚 | 0.00 | 500   <- cannot check: divided by zero
            ",
        );
        check(
            range_per("投资", "面积", Some("80"), Some("120")),
            "
            项目 | 面积(万亩) | 投资(万元)
            甲 | 10 |  800
            乙 | 10 | 1200
            丙 | 10 | 2000   <- C4 range: 800～1200
            丁 | 10 |  100   <- C5 range: 800～1200
            ",
        );
    }

    #[test]
    fn a_quotient_is_told_so_that_it_is_seen_to_be_outside() {
        let told = |investment: &str, min: &str, max: &str| {
            let form = format!("项目 | 面积(万亩 .2) | 投资(万元 .2)\n甲 | 400.00 | {investment}");
            let finding = finding(range_per("投资", "面积", Some(min), Some(max)), &form);
            match finding.detail {
                Detail::RangePer { quotient, .. } => quotient,
                other => panic!("{other:?}"),
            }
        };
        // 40001.2 ÷ 400 = 100.003, which two decimals would make 100.
        assert_eq!(told("40001.2", "100", "100"), "100.003");
        assert_eq!(told("45000", "80", "100"), "112.5");
        assert_eq!(told("31999.6", "80", "100"), "79.999");
    }

    #[test]
    fn what_may_be_left_blank_is_not_asked_for() {
        check(
            range(&["生产绿地", "改造时间"], Some("0"), None).only_rows(&["甲"]),
            "
            区域 | 公园绿地 | 生产绿地(none) | 改造时间(optional)
            甲 | 1 | |
            ",
        );
    }

    /// 附件6 and 附件6.1: work is planned for the years of the plan.
    #[test]
    fn a_month_is_outside_only_if_all_its_days_are() {
        check(
            range(&["完成时间"], Some("2023-01-01"), Some("2024-12-15")),
            "
            单位 | 完成时间(date)
            甲 | 2023-08-30
            乙 | 2024-12
            丙 | 2022        <- B4 range: 2023-01-01～2024-12-15
            丁 | 2025-01     <- B5 range: 2023-01-01～2024-12-15
            戊 |             <- B6 cannot check
            己 | ?明年       <- B7 cannot check
            ",
        );
    }

    #[test]
    fn a_finding_tells_the_bounds_and_how_far_off_it_is() {
        let finding = finding(
            range(&["优良率"], Some("0"), Some("100")),
            "
            区域   | 优良率@2023(% rate) | 优良率@2024
            轮台县 | 55 | 570
            ",
        );
        assert_eq!(finding.year, Some(2024));
        assert_eq!(finding.difference, Some(amount("470")));
        let (min, max) = (Some("0".to_owned()), Some("100".to_owned()));
        assert_eq!(finding.detail, Detail::Range { min, max });
    }
}
