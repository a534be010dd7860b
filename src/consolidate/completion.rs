//! How far a row of the county has come: against the target that it quotes, and in words.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::{Amount, Value};
use crate::scheme::{Annex, Bound, Scheme, Target, plain};

use super::{Completion, CountyRow, Lead, Progress, State, Task};

/// How far a fixed row has come, if it quotes a target or its annex asks for progress in words. `entry` gives
/// what was returned under a leaf, `is_returned` tells whether any of its offices returned the form.
pub(super) fn completion<'v>(
    scheme: &Scheme,
    annex: &Annex,
    spec: usize,
    is_returned: bool,
    entry: impl Fn(usize) -> Vec<&'v Value>,
) -> Option<Completion> {
    let spec = &annex.rows.fixed()[spec];
    let target = spec.target.as_ref();
    let measured = target.and_then(|target| Some((target, annex.measured_leaf(target)?)));
    let progress = annex.progress_leaf();
    if measured.is_none() && progress.is_none() {
        return None;
    }
    let figure = measured.and_then(|(target, leaf)| {
        let value = entry(leaf).into_iter().find_map(Value::amount)?;
        // The figure is in the unit of the row.
        let unit = scheme.unit_of(annex, leaf, annex.row_spec(&spec.key, spec.year))?;
        let promised = scheme.units.convert(target.value, target.unit, unit)?;
        Some((target, value, promised))
    });
    let texts: Vec<&str> = (progress.into_iter().flat_map(entry))
        .filter_map(|value| match value {
            Value::Text(text) if !says_nothing(text) => Some(&**text),
            _ => None,
        })
        .collect();
    let words = progress.map(|leaf| &annex.column_of(leaf).done);
    let is_done = |text: &&str| {
        let mut words = words.into_iter().flatten();
        words.any(|word| text.starts_with(word.as_str()))
    };
    let state = match &figure {
        Some((target, value, promised)) => match is_met(target, *value, *promised) {
            true => State::Done,
            false => State::Open,
        },
        // Who has a target to meet is not done by saying so.
        None if measured.is_none() && !texts.is_empty() && texts.iter().all(is_done) => State::Done,
        None if !texts.is_empty() => State::UnderWay,
        None if is_returned => State::NoNews,
        None => State::NotReturned,
    };
    Some(Completion {
        state,
        rate: figure.and_then(|(target, value, promised)| rate(target, value, promised)),
        has_news: !texts.is_empty(),
    })
}

/// How far the tasks of an annex have come, if it tells of progress.
pub(super) fn progress(annex: &Annex, rows: &[CountyRow]) -> Option<Progress> {
    annex.progress_leaf()?;
    let mut progress = Progress::default();
    let mut start = 0;
    for rows in rows.chunk_by(|a, b| a.key.first() == b.key.first()) {
        let lines: Vec<Completion> = rows.iter().filter_map(|row| row.completion).collect();
        let spec = rows.first().and_then(|row| row.spec);
        let leads = spec.map(|spec| annex.rows.fixed()[spec].reporters.clone());
        progress.tasks.push(Task {
            rows: start..start + rows.len(),
            leads: leads.unwrap_or_default(),
            state: state_of(&lines),
            has_news: lines.iter().any(|line| line.has_news),
        });
        start += rows.len();
    }
    let mut leads: BTreeMap<usize, Lead> = BTreeMap::new();
    for task in &progress.tasks {
        for &reporter in &task.leads {
            let lead = leads.entry(reporter).or_insert(Lead {
                reporter,
                tasks: [0; State::ALL.len()],
            });
            lead.tasks[task.state as usize] += 1;
        }
    }
    progress.leads = leads.into_values().collect();
    // Those with as many stay in the order of the roster.
    progress.leads.sort_by_key(|lead| Reverse(lead.open()));
    Some(progress)
}

/// A task is done when all its lines are.
fn state_of(lines: &[Completion]) -> State {
    let is = |state: State| lines.iter().filter(|line| line.state == state).count();
    match lines.len() {
        n if is(State::NotReturned) == n => State::NotReturned,
        n if is(State::Done) == n => State::Done,
        _ if is(State::Open) > 0 => State::Open,
        _ if is(State::UnderWay) + is(State::Done) > 0 => State::UnderWay,
        _ => State::NoNews,
    }
}

/// Whether a text only says that there is nothing to say.
fn says_nothing(text: &str) -> bool {
    matches!(
        &*plain(text),
        "-" | "/" | "无" | "暂无" | "无进展" | "暂无进展"
    )
}

/// A bound is meant as it is written.
fn is_met(target: &Target, value: Amount, promised: Amount) -> bool {
    match target.bound {
        Bound::Equal => value == promised,
        Bound::AtLeast => value >= promised,
        Bound::AtMost => value <= promised,
    }
}

/// The figure in percent of the target; where it must not be exceeded, the target in percent of the figure, so that
/// 100 and more is always good.
fn rate(target: &Target, value: Amount, promised: Amount) -> Option<Amount> {
    let (part, whole) = match target.bound {
        Bound::Equal | Bound::AtLeast => (value, promised),
        Bound::AtMost => (promised, value),
    };
    if whole <= Amount::ZERO || part < Amount::ZERO {
        return None;
    }
    let percent = (part.0.checked_mul(Decimal::ONE_HUNDRED)?).checked_div(whole.0)?;
    // 99.96 is not 100.
    let mut cut = percent.round_dp_with_strategy(1, RoundingStrategy::ToZero);
    cut.rescale(1);
    Some(Amount(cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(bound: Bound, value: &str) -> Target {
        Target {
            id: "T-1".into(),
            value: amount(value),
            unit: 0,
            years: (2025, 2025),
            bound,
        }
    }

    fn amount(text: &str) -> Amount {
        text.parse().expect(text)
    }

    /// Met or not, and the rate, worked out by hand.
    fn against(bound: Bound, promised: &str, value: &str) -> (bool, Option<String>) {
        let target = target(bound, promised);
        let (value, promised) = (amount(value), amount(promised));
        let rate = rate(&target, value, promised);
        let rate = rate.map(|rate| rate.to_string());
        (is_met(&target, value, promised), rate)
    }

    #[test]
    fn a_bound_is_meant_as_it_is_written() {
        let percent = |text: &str| Some(text.to_owned());
        // 45.3 / 60 = 0.755
        let at_least = |value| against(Bound::AtLeast, "60", value);
        assert_eq!(at_least("45.3"), (false, percent("75.5")));
        assert_eq!(at_least("60.0"), (true, percent("100.0")));
        assert_eq!(at_least("72"), (true, percent("120.0")));
        // 59.99 / 60 = 0.99983…: not 100 %
        assert_eq!(at_least("59.99"), (false, percent("99.9")));
        assert_eq!(at_least("0"), (false, percent("0.0")));
        assert_eq!(at_least("-1"), (false, None));
        // 39.8 / 44 = 0.90454…; 39.8 / 38 = 1.04736…
        let at_most = |value| against(Bound::AtMost, "39.8", value);
        assert_eq!(at_most("44"), (false, percent("90.4")));
        assert_eq!(at_most("39.8"), (true, percent("100.0")));
        assert_eq!(at_most("38"), (true, percent("104.7")));
        assert_eq!(at_most("0"), (true, None));
        let equal = |value| against(Bound::Equal, "6", value);
        assert_eq!(equal("3"), (false, percent("50.0")));
        assert_eq!(equal("6.00"), (true, percent("100.0")));
        assert_eq!(equal("7"), (false, percent("116.6")));
        // Nothing is 100 % of nothing.
        assert_eq!(against(Bound::AtMost, "0.0", "0"), (true, None));
        assert_eq!(
            against(Bound::AtMost, "0.0", "0.3"),
            (false, percent("0.0"))
        );
    }
}
