#![doc = include_str!("code.md")]

use crate::model::{Detail, Value};
use crate::scheme::{Relation, plain};

use super::cells::{At, Cells};
use super::outcome::{Checking, Outcome, Why};

/// Slots: the cell.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Code {
        values,
        aliases,
        digits,
        ..
    } = &at.rule.relation
    else {
        return Ok(Outcome::NotApplied);
    };
    let spot = cells.one(0)?;
    let is_listed = |text: &str| {
        values.iter().any(|value| **value == *text)
            || aliases.iter().any(|(alias, _)| alias == text)
    };
    let passes = match spot.value() {
        Value::Missing if spot.may_be_blank(at.scheme) => return Ok(Outcome::NotApplied),
        Value::Text(text) => {
            let has_digits = digits.is_none_or(|digits| {
                text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
            });
            let on_list = values.is_empty() || is_listed(text) || {
                // Spelled in full width or with blanks, it is still the same answer.
                let text = plain(text);
                let mut spellings = values
                    .iter()
                    .map(|value| &**value)
                    .chain(aliases.iter().map(|(alias, _)| alias.as_str()));
                spellings.any(|spelling| plain(spelling) == text)
            };
            has_digits && on_list
        }
        value => return Err(Why::of(value)),
    };
    if passes {
        return Ok(Outcome::Pass);
    }
    let detail = Detail::Code {
        values: values.clone(),
        digits: *digits,
    };
    let mut finding = at.finding(false, cells.slot(0), &[], detail);
    finding.expected = (!values.is_empty()).then(|| values.join("、"));
    Ok(Outcome::told(finding, false))
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    #[test]
    fn an_answer_that_is_not_on_the_list_is_marked() {
        check(
            code("改造", &["是", "否"], &[("Y", "是")]),
            "
            单位 | 改造(code)
            甲 | 是
            乙 | 没有   <- B3 code: 是、否
            丙 | Y
            丁 | Ｙ
            戊 |        <- B6 cannot check
            己 | －     <- B7 cannot check
            ",
        );
    }

    /// 附件6.1: registration codes have 20 digits, and lose some when they are kept as numbers.
    #[test]
    fn a_code_has_exactly_its_digits() {
        check(
            digits("注册代码", 20),
            "
            单位 | 序(serial) | 注册代码(code)
            甲 | 1 | 11006528002016060003
            乙 | 2 | 1100652800201606003     <- C3 code
            丙 | 3 | 1100652800201606000A    <- C4 code
            丁 | 4 | ?1.10065280020161E+19   <- C5 cannot check
            戊 | 5 | １1006528002016060003   <- C6 code
            ",
        );
    }

    #[test]
    fn what_may_be_left_blank_is_not_asked_for() {
        check(
            code("备注", &["轮南", "草湖"], &[]),
            "
            项目 | 面积 | 备注(text optional)
            甲 | 5 | 轮南
            乙 | 4 |
            ",
        );
    }
}
