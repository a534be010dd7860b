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
        Value::Missing if spot.annex(at.scheme).column_of(spot.leaf).optional => {
            return Ok(Outcome::NotApplied);
        }
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
