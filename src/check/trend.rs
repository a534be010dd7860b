#![doc = include_str!("trend.md")]

use crate::model::{Amount, Detail, Direction};
use crate::scheme::Relation;

use super::cells::{At, Cells};
use super::judge::{Common, Holds, judge};
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
    let both = || cells.all().iter();
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
        from: at.operand(cells.all(), from),
        to: at.operand(cells.all(), to),
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{Detail, Direction};

    /// 附件2: 绿地率 grows by 1 % a year at least.
    #[test]
    fn a_step_that_is_too_small_is_marked() {
        check(
            trend("指标", Direction::Rising, Some("1%")),
            "
            绿化指标 | 指标@2023(% .2 rate) | 指标@2024 | 指标@2025
            绿地率   | 40.21 | 40.85 | 41.3
            覆盖率   | 43.07 | 43.68 | 44.01   <- D3 trend: 44.1168
            公园绿地 | 16.42 |       | 18.32   <- C4 cannot check; C4 cannot check
            林荫路   | 50.00 | 50.50 | 51.00   <- D5 trend hint: 51.005
            ",
        );
        check(
            trend("指标", Direction::Falling, Some("0.5")),
            "
            区域 | 指标@2023(.1 rate) | 指标@2024 | 指标@2025
            甲   | 170 | 169.5 | 169
            乙   | 170 | 169.6 | 169.6   <- C3 trend hint: 169.5; D3 trend: 169.1
            ",
        );
    }

    /// 附件1: PM2.5 stays at 40.0 for a year.
    #[test]
    fn standing_still_is_neither_rising_nor_falling() {
        let form = |mark: &str| {
            format!(
                "
                区域   | PM@2023(.1 rate) | PM@2024 | PM@2025
                轮台县 | 40.0 | 40.0 | 39.8   {mark}
                "
            )
        };
        check(trend("PM", Direction::NotRising, None), &form(""));
        check(
            trend("PM", Direction::Falling, None),
            &form("<- C2 trend: 40.0"),
        );
        check(
            trend("PM", Direction::NotFalling, None),
            &form("<- D2 trend: 40.0"),
        );
        check(
            trend("PM", Direction::Rising, None),
            &form("<- C2 trend: 40.0; D2 trend: 40.0"),
        );
        check(
            trend("PM", Direction::NotFalling, None).tolerance("0.2"),
            &form("<- D2 trend hint: 40.0"),
        );
        check(
            trend("PM", Direction::Rising, None).years(&[2025]),
            &form("<- D2 trend: 40.0"),
        );
    }

    /// 附件4: years down.
    #[test]
    fn years_may_be_rows() {
        check(
            trend("利用率", Direction::Rising, None),
            "
            年份(year) | 利用率(% rate)
            2023年 | 40
            2024年 | 50
            2025年 | 45   <- B4 trend: 50
            ",
        );
        check(
            trend("利用率", Direction::Rising, None),
            "
            年份(year) | 利用率(% rate)
            2023年 | 40
            2024年 |      <- cannot check: not returned
            2025年 | 60   <- cannot check: not returned
            ",
        );
    }

    #[test]
    fn a_finding_tells_both_years_and_the_step() {
        let finding = finding(
            trend("绿地率", Direction::Rising, Some("1%")),
            "
            区域   | 绿地率@2023(% .2 rate) | 绿地率@2024
            轮台县 | 40.21 | 40.30
            ",
        );
        assert_eq!(finding.year, Some(2024));
        assert_eq!(finding.difference, Some(amount("-0.3121")));
        let Detail::Trend {
            from, to, at_least, ..
        } = finding.detail
        else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!((&*from.label, &*from.value), ("2023年 绿地率", "40.21%"));
        assert_eq!((&*to.label, &*to.value), ("2024年 绿地率", "40.30%"));
        assert_eq!(at_least.as_deref(), Some("1%"));
    }
}
