#![doc = include_str!("pair.md")]

use std::sync::Arc;

use crate::model::{Detail, Need, Value};
use crate::scheme::Relation;

use super::cells::{At, Cells, Spot};
use super::outcome::{Checking, Outcome};

/// Slots: each cell of the group.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let Relation::Pair { need, .. } = &at.rule.relation else {
        return Ok(Outcome::NotApplied);
    };
    let group = cells.from_slot(0);
    let n_filled = group.iter().filter(|spot| !is_blank(spot.value())).count();
    let passes = match need {
        Need::AllOrNone => n_filled == 0 || n_filled == group.len(),
        Need::ExactlyOne => n_filled == 1,
        Need::AtLeastOne => n_filled >= 1,
    };
    if passes {
        return Ok(Outcome::Pass);
    }
    let (blank, filled): (Vec<Spot<'_>>, Vec<Spot<'_>>) =
        group.iter().partition(|spot| is_blank(spot.value()));
    let names = |spots: &[Spot<'_>]| -> Vec<Arc<str>> {
        spots
            .iter()
            .map(
                |spot| match at.scheme.annexes[spot.table.annex].leaves[spot.leaf].year {
                    Some(year) => format!("{year}年 {}", spot.column(at.scheme)).into(),
                    None => spot.column(at.scheme).clone(),
                },
            )
            .collect()
    };
    let detail = Detail::Pair {
        need: *need,
        filled: names(&filled),
        blank: names(&blank),
    };
    // Something should be filled in where a blank is; where too much is filled in, no blank is at fault.
    let (given, others) = match blank.split_first() {
        Some((first, rest)) if *need != Need::ExactlyOne || filled.is_empty() => {
            (*first, [rest, &filled].concat())
        }
        _ => (filled[0], [&filled[1..], &blank].concat()),
    };
    let finding = at.finding(false, &[given], &others, detail);
    Ok(Outcome::told(finding, false))
}

/// Whether nothing is filled in. `－` says that there is nothing to fill in; what cannot be read is
/// something nevertheless.
pub(super) fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Missing | Value::NotApplicable)
}
