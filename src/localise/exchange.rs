//! 互换: two figures that changed places.
//!
//! Found ahead of the search, because one slip of the hand changes two cells, and a search for the fewest
//! cells would rather believe in any single one.

use std::collections::BTreeSet;

use super::search::{holds, touched};
use super::system::System;

/// Two cells, and the balances that fail because of them.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cells: [usize; 2],
    pub(super) explains: Vec<usize>,
}

/// Finds pairs by the relations that fail. It takes two relations that hold once the figures are put back, each
/// of them with one of the two only, and none that breaks.
pub(super) fn by_relations(system: &System<'_>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let failing: Vec<usize> = (0..system.balances.len())
        .filter(|idx| system.balances[*idx].is_violated())
        .collect();
    for (position, &a) in failing.iter().enumerate() {
        for &b in &failing[position + 1..] {
            let (one, other) = (&system.balances[a], &system.balances[b]);
            let rounding = one.tolerance + other.tolerance;
            if (one.residual.abs() - other.residual.abs()).abs() > rounding {
                continue;
            }
            for &(cell, sign) in &one.terms {
                for &(twin, _) in &other.terms {
                    // Their difference is what the relation is off by.
                    let moved = sign * (system.cells[twin].value - system.cells[cell].value);
                    if (one.residual + moved).abs() <= one.tolerance {
                        all.extend(found(system, [cell, twin]));
                    }
                }
            }
        }
    }
    // A cell that may have changed places with several has not been told apart.
    let mut seen: BTreeSet<[usize; 2]> = BTreeSet::new();
    all.retain(|it| seen.insert([it.cells[0].min(it.cells[1]), it.cells[0].max(it.cells[1])]));
    let is_in = |it: &Found, balance: &usize| it.explains.contains(balance);
    let unique = all.iter().filter(|it| {
        all.iter()
            .filter(|other| other.explains.iter().any(|idx| is_in(it, idx)))
            .count()
            == 1
    });
    let unique: Vec<[usize; 2]> = unique.map(|it| it.cells).collect();
    all.retain(|it| unique.contains(&it.cells));
    all
}

/// Pairs that explain some of the relations that fail, and break none: what is left has another cause.
pub(super) fn beside_others(system: &System<'_>, failing: &[usize]) -> Vec<[usize; 2]> {
    const MAX: usize = 24;
    let mut pairs: BTreeSet<[usize; 2]> = BTreeSet::new();
    for &idx in failing {
        let balance = &system.balances[idx];
        for &(cell, sign) in &balance.terms {
            let (table, row, leaf) = system.cells[cell].spot;
            let wanted = system.cells[cell].value - balance.residual / sign;
            let in_row = (0..system.n_leaves(table)).map(|other| (table, row, other));
            let in_column = (0..system.tables[table].rows.len()).map(|other| (table, other, leaf));
            let in_line = in_row
                .chain(in_column)
                .filter(|spot| *spot != (table, row, leaf));
            let twins = in_line
                .filter_map(|spot| system.find(spot))
                .filter(|&twin| {
                    (system.cells[twin].value - wanted).abs() <= balance.tolerance
                        && balance.sign_of(twin) == 0
                });
            let pair = |twin: usize| [cell.min(twin), cell.max(twin)];
            pairs.extend(twins.map(pair).filter(|pair| is_exchange(system, *pair)));
        }
        if pairs.len() > MAX {
            break;
        }
    }
    pairs.into_iter().collect()
}

/// Whether two figures may have changed places: putting them back breaks nothing, and moves each far enough.
fn is_exchange(system: &System<'_>, [a, b]: [usize; 2]) -> bool {
    let (one, other) = (&system.cells[a], &system.cells[b]);
    let difference = (one.value - other.value).abs();
    let changes = [(a, other.value), (b, one.value)];
    one.unit == other.unit
        && system.is_total_row(a) == system.is_total_row(b)
        && difference >= 10 * one.step
        && touched(system, &[a, b])
            .into_iter()
            .all(|idx| system.balances[idx].is_violated() || holds(system, idx, &changes))
        && changes
            .iter()
            .all(|&(cell, value)| system.is_allowed(cell, value, &changes))
}

fn found(system: &System<'_>, cells: [usize; 2]) -> Option<Found> {
    let [a, b] = cells;
    let (one, other) = (&system.cells[a], &system.cells[b]);
    let in_one_line = one.spot.0 == other.spot.0
        && ((one.spot.1 == other.spot.1) != (one.spot.2 == other.spot.2))
        && system.is_total_row(a) == system.is_total_row(b);
    if a == b || one.unit != other.unit || !in_one_line {
        return None;
    }
    let changes = [(a, other.value), (b, one.value)];
    let difference = (one.value - other.value).abs();
    let mut explains = Vec::new();
    for idx in touched(system, &cells) {
        let balance = &system.balances[idx];
        if !holds(system, idx, &changes) {
            return None;
        }
        if balance.is_violated() {
            // A small difference is any two neighbours'.
            if difference <= 5 * balance.tolerance || difference < 10 * one.step {
                return None;
            }
            explains.push(idx);
        }
    }
    let allowed = changes
        .iter()
        .all(|&(cell, value)| system.is_allowed(cell, value, &changes));
    (explains.len() >= 2 && allowed).then_some(Found { cells, explains })
}
