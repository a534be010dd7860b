#![doc = include_str!("ratio.md")]

use rust_decimal::RoundingStrategy::MidpointAwayFromZero;

use crate::model::{Amount, Detail};
use crate::scheme::Relation;

use super::cells::{At, Cells, Spot};
use super::judge::Common;
use super::outcome::{Checking, Outcome, Why};

/// Slots: the printed quotient, the numerator, the denominator.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Ratio { percent, .. } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let (scheme, value) = (at.scheme, cells.one(0)?);
    let (numerator, denominator) = (cells.slot(1), cells.slot(2));
    let in_base = |spots: &[Spot<'_>]| -> Result<Amount, Why> {
        let common = Common::of(scheme, spots.iter().map(|spot| spot.unit(scheme)))?;
        let sum = common.add_up(scheme, spots)?;
        let unit = spots.first().and_then(|spot| spot.unit(scheme));
        match common {
            Common::Own(_) => scheme.units.to_base(sum, unit).ok_or(Why::TooManyDigits),
            Common::Base(_) => Ok(sum),
        }
    };
    let as_printed = |spots: &[Spot<'_>]| -> Result<Amount, Why> {
        Common::of(scheme, spots.iter().map(|spot| spot.unit(scheme)))?.add_up(scheme, spots)
    };
    let unit = |spots: &[Spot<'_>]| spots.first().and_then(|spot| spot.unit(scheme));
    let alike = |a: Option<usize>, b: Option<usize>| match (a, b) {
        (Some(a), Some(b)) => scheme.units.convertible(a, b),
        _ => false,
    };
    let printed = value.amount()?;
    // 公顷 in 平方公里 is a share, ㎡ in 人 an area; 万元 in 亩 has a unit of its own, which says what
    // was divided by what, so the figures are divided as they are printed.
    let (a, b, factor) = if alike(unit(numerator), unit(denominator)) {
        (in_base(numerator)?, in_base(denominator)?, None)
    } else if alike(value.unit(scheme), unit(numerator)) {
        let factor = value.unit(scheme).map(|unit| scheme.units.0[unit].factor);
        (in_base(numerator)?, in_base(denominator)?, factor)
    } else {
        (as_printed(numerator)?, as_printed(denominator)?, None)
    };
    if b.is_zero() {
        return Err(Why::DividedByZero);
    }
    // |p·b − k·a| ≤ t·|b|: quotients are never compared.
    let times = |x: Amount, y: Amount| x.checked_mul(y).ok_or(Why::TooManyDigits);
    let b = times(b, factor.unwrap_or(Amount::from(1)))?;
    let a = if *percent {
        times(a, Amount::from(100))?
    } else {
        a
    };
    let off = times(printed, b)?
        .checked_sub(a)
        .ok_or(Why::TooManyDigits)?
        .abs();
    let tolerance = match at.rule.tolerance {
        Some(tolerance) => tolerance,
        None => value.last_digit(scheme).half(),
    };
    // A printed quotient is rounded as a rule, so rounding is nothing to tell anybody.
    if off <= times(tolerance, b.abs())? {
        return Ok(Outcome::Pass);
    }
    let detail = Detail::Ratio {
        numerator: at.operand(cells.all(), numerator),
        denominator: at.operand(cells.all(), denominator),
    };
    let mut finding = at.finding(false, cells.slot(0), cells.after_first(), detail);
    finding.tolerance = Some(tolerance.normalised());
    // What should be printed, rounded as the column is; only to be shown.
    let decimals = value
        .annex(scheme)
        .decimals_of(value.leaf, value.row().spec);
    if let Some(quotient) = rounded_quotient(a, b, decimals) {
        finding.difference = printed.checked_sub(quotient);
        finding.expected = Some(quotient.to_string());
    }
    Ok(Outcome::told(finding, false))
}

fn rounded_quotient(a: Amount, b: Amount, decimals: u8) -> Option<Amount> {
    let decimals = u32::from(decimals);
    let quotient = a.0.checked_div(b.0)?;
    let mut rounded = quotient.round_dp_with_strategy(decimals, MidpointAwayFromZero);
    rounded.rescale(decimals);
    Some(Amount(rounded))
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    #[test]
    fn a_percentage_that_is_not_the_quotient_is_marked() {
        check(
            ratio("利用率", "再生水", "污水"),
            "
            年份 | 再生水(万立方米) | 污水(万立方米) | 利用率(% rate)
            甲 | 120 | 300 | 40
            乙 | 120 | 300 | 45   <- D3 ratio: 40
            丙 | 100 | 300 | 33
            丁 | 100 | 300 | 34   <- D5 ratio: 33
            戊 | 120 |   0 | 40   <- cannot check: divided by zero
            己 |     | 300 | 40   <- B7 cannot check
            庚 | 121 | 200 | 60
            辛 | 121 | 200 | 61
            ",
        );
    }

    /// 附件2: 人均公园绿地 in ㎡, from an area and a number of people in ten thousands.
    #[test]
    fn what_is_divided_is_brought_to_the_unit_of_the_quotient() {
        check(
            ratio("人均", "面积", "人口"),
            "
            区域 | 面积(万㎡ .1) | 人口(万人 .1) | 人均(㎡ .2 rate)
            甲 | 118.2 | 7.2 | 16.42
            乙 | 118.2 | 7.2 | 16.41   <- D3 ratio: 16.42
            ",
        );
        check(
            ratio("占比", "林地", "总面积"),
            "
            区域 | 林地(亩) | 总面积(万亩 .2) | 占比(% .1 rate)
            甲 | 4500 | 0.90 | 50.0
            乙 | 4500 | 0.90 | 0.5   <- D3 ratio: 50.0
            ",
        );
        // 万元 by 亩 has no unit of its own: as printed.
        check(
            ratio("单价", "投资", "面积"),
            "
            项目 | 投资(万元) | 面积(万亩 .2) | 单价(.1 rate)
            甲 | 405 | 0.45 | 900
            乙 | 405 | 0.45 | 90   <- D3 ratio: 900.0
            ",
        );
    }

    #[test]
    fn a_rule_may_allow_more_than_rounding() {
        check(
            ratio("占比", "林地", "总面积").tolerance("1"),
            "
            区域 | 林地(亩) | 总面积(亩) | 占比(% rate)
            甲 | 50 | 100 | 51
            乙 | 50 | 100 | 52   <- D3 ratio: 50
            ",
        );
    }
}
