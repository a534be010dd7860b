#![doc = include_str!("target.md")]

use crate::model::{Amount, Detail};
use crate::scheme::{Bound, Relation};

use super::cells::{At, Cells};
use super::judge::{Common, Holds, judge};
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;
    use crate::scheme::Bound;

    /// 附件5 for the three years of the plan.
    fn forms(mark: &str) -> String {
        format!(
            "
            == 附件5 · 县林草局
            年度(year) | 项目内容(key) | 面积(万亩 .2)
            2023 | 退化林修复 | 0.2   {mark}
            2023 | 草原改良   | 1
            2024 | 退化林修复 | 0.2
            2025 | 退化林修复 | 0.2
            "
        )
    }

    #[test]
    fn a_promise_for_several_years_is_kept_by_their_sum() {
        let cell = Some("附件5/退化林修复/面积@*");
        let years = (2023, 2025);
        check(target(Bound::Equal, "0.60 万亩", years, cell), &forms(""));
        check(target(Bound::Equal, "6000 亩", years, cell), &forms(""));
        check(
            target(Bound::Equal, "0.65 万亩", years, cell),
            &forms("<- - target: 0.65"),
        );
        // ½ × (3 × 0.01 + 0.01)
        check(
            target(Bound::Equal, "0.62 万亩", years, cell),
            &forms("<- - target hint: 0.62"),
        );
        // 草原改良 is asked for in one year only.
        let pasture = Some("附件5/草原改良/面积@*");
        check(target(Bound::Equal, "1 万亩", years, pasture), &forms(""));
        // Two of the three years.
        let two = (2024, 2025);
        check(target(Bound::Equal, "0.40 万亩", two, cell), &forms(""));
    }

    #[test]
    fn a_finding_quotes_the_promise() {
        let cell = Some("附件5/退化林修复/面积@*");
        let finding = finding(
            target(Bound::Equal, "0.65 万亩", (2023, 2025), cell),
            &forms(""),
        );
        assert_eq!(finding.given.as_deref(), Some("0.6"));
        assert_eq!(finding.difference, Some(amount("-0.05")));
        assert_eq!(finding.tolerance, Some(amount("0.02")));
        assert_eq!(finding.cells.len(), 3);
        assert_eq!(finding.row.as_deref(), Some("退化林修复"));
        let Detail::Target {
            promised, actual, ..
        } = finding.detail
        else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!(promised, "0.65万亩");
        assert_eq!(actual.label, "2023—2025年 面积");
        assert_eq!(actual.value, "0.6万亩");
    }

    /// 3.8044亿立方米 in the text, 万立方米 in 附件7.
    #[test]
    fn a_bound_is_meant_as_it_is_written() {
        let form = |total: &str| {
            format!(
                "
                == 附件7 · 县水利局
                灌区 | 用水总量@2025(万立方米)
                合计 | {total}
                "
            )
        };
        let cell = Some("附件7/合计/用水总量@2025");
        let rule = || target(Bound::AtMost, "3.8044 亿立方米", (2025, 2025), cell);
        check(rule(), &form("38043"));
        check(rule(), &form("38044"));
        check(rule(), &form("38045   <- B2 target: 38044"));
        check(rule(), &form("   <- B2 cannot check"));
        check(
            rule().tolerance("1"),
            &form("38045   <- B2 target hint: 38044"),
        );
    }

    #[test]
    fn only_a_sum_may_fall_short_of_a_bound_by_rounding() {
        let rule = |value: &str| {
            let cell = Some("附件5/退化林修复/面积@*");
            target(Bound::AtLeast, value, (2023, 2025), cell)
        };
        check(rule("0.6 万亩"), &forms(""));
        // ½ × 3 × 0.01
        check(rule("0.61 万亩"), &forms("<- - target hint: 0.61"));
        check(rule("0.62 万亩"), &forms("<- - target: 0.62"));
        let cell = Some("附件5/退化林修复/面积@2023");
        check(
            target(Bound::AtLeast, "0.201 万亩", (2023, 2023), cell),
            &forms("<- C2 target: 0.201"),
        );
    }

    #[test]
    fn a_promise_that_no_annex_holds_is_not_applied() {
        let rule = target(Bound::Equal, "45.5 %", (2025, 2025), None);
        let tally = checked(rule, &forms("")).tallies[0];
        assert_eq!((tally.not_applied, tally.pass), (1, 0));
    }
}
