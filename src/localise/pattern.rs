//! What a difference looks like: ways in which a sum goes wrong that leave a mark in the difference itself.
//!
//! One pass over the relations that fail, no search. A part left out or counted twice is evidence for
//! the total as the wrong cell; another definition, or two rows mixed up, is no single wrong figure at all.

use crate::model::{Reason, RowKind, Suspect};
use crate::scheme::Relation;

use super::evidence::Before;
use super::system::System;

/// Why a total that should be `right` is what it is.
pub(super) fn of_total(
    system: &System<'_>,
    before: &Before<'_>,
    cell: usize,
    right: i128,
) -> Option<Reason> {
    let given = system.cells[cell].value;
    let step = system.cells[cell].step;
    for &idx in &system.cells[cell].balances {
        let balance = &system.balances[idx];
        if balance.total() != Some(cell) || !balance.is_violated() || balance.named.len() < 3 {
            continue;
        }
        // How much too large the total is: exactly that, and not what rounding would allow as well.
        let excess = given - right;
        if excess != balance.residual {
            continue;
        }
        let parts = || balance.parts().iter().copied();
        // A part of a few units equals a small difference by chance.
        let is_telling = |part: &usize| {
            let value = system.cells[*part].value.abs();
            value >= 10 * step && value > 5 * balance.tolerance
        };
        let is_excess = |part: &usize| system.cells[*part].value == excess;
        let is_shortfall = |part: &usize| system.cells[*part].value == -excess;
        if given == 2 * right && right.abs() >= 10 * step {
            return Some(Reason::AddedToItself);
        }
        if let Some(part) = only(parts().filter(is_telling).filter(is_shortfall)) {
            return Some(Reason::LeftOut {
                part: system.operand(part, cell),
            });
        }
        if let Some(part) = only(parts().filter(is_telling).filter(is_excess)) {
            return Some(Reason::CountedTwice {
                part: system.operand(part, cell),
            });
        }
        let items = parts().flat_map(|whole| {
            let parts = system.cells[whole].parts.iter();
            parts.filter(|(_, is_part)| !is_part).map(|(item, _)| *item)
        });
        if let Some(item) = only(items.filter(is_telling).filter(is_excess)) {
            return Some(Reason::OfWhichCounted {
                item: system.operand(item, cell),
            });
        }
        let (table, row, leaf) = system.cells[cell].spot;
        let earlier = before.last(&system.tables[table], row, leaf);
        let earlier = earlier.and_then(|amount| system.of(amount, system.cells[cell].unit));
        let has_moved = parts().any(|part| {
            let (table, row, leaf) = system.cells[part].spot;
            let was = before.last(&system.tables[table], row, leaf);
            let was = was.and_then(|amount| system.of(amount, system.cells[part].unit));
            was.is_some_and(|was| was != system.cells[part].value)
        });
        if earlier == Some(given) && has_moved {
            return Some(Reason::Stale);
        }
    }
    None
}

/// Suspects that are no wrong figures by themselves, for a balance that fails.
pub(super) fn of_difference(system: &System<'_>, idx: usize) -> Vec<Suspect> {
    let misplaced = misplaced(system, idx);
    if !misplaced.is_empty() {
        return misplaced;
    }
    equals_other(system, idx).into_iter().collect()
}

/// 口径不同: the difference is another figure of the row, which the parts do not hold.
fn equals_other(system: &System<'_>, idx: usize) -> Option<Suspect> {
    let balance = &system.balances[idx];
    let total = balance.total()?;
    if !is_sum(system, idx) {
        return None;
    }
    if let Some(other) = other_equal(system, idx) {
        let exact = balance.residual.abs() == system.cells[other].value.abs();
        let why = Reason::DifferenceEquals {
            cell: system.operand(other, total),
            exact,
        };
        return Some(suspect(system, other, why));
    }
    // It is near a figure that explains it in other years: worth saying, but no explanation.
    let mut fits: Vec<(usize, u16)> = Vec::new();
    let (table, row, _) = system.cells[total].spot;
    for twin in totals_of_row(system, (table, row)) {
        let same_rule = twin != idx && system.balances[twin].rule == balance.rule;
        if !same_rule || !system.balances[twin].is_violated() {
            continue;
        }
        let year = system.balances[twin].total().and_then(|it| system.year(it));
        if let (Some(other), Some(year)) = (other_equal(system, twin), year) {
            fits.push((other, year));
        }
    }
    let &(pattern, _) = fits.first()?;
    let near = others_in_row(system, idx).into_iter().find(|&other| {
        let value = system.cells[other].value;
        system.column(other) == system.column(pattern)
            && (balance.residual.abs() - value.abs()).abs() * 50 <= value.abs()
    })?;
    let mut fits_in: Vec<u16> = fits.iter().map(|(_, year)| *year).collect();
    fits_in.sort_unstable();
    let unit = system.unit_name(total);
    let difference = balance.residual.abs();
    let short_by = (difference - system.cells[near].value.abs()).abs();
    let why = Reason::DifferenceNear {
        cell: system.operand(near, total),
        difference: format!("{}{unit}", system.amount(total, difference)),
        short_by: format!("{}{unit}", system.amount(total, short_by)),
        fits_in,
    };
    Some(suspect(system, near, why))
}

/// The balances whose only given cell is in a row.
fn totals_of_row(system: &System<'_>, (table, row): (usize, usize)) -> Vec<usize> {
    let n_leaves = system.tables[table].rows[row].entries.len();
    let cells = (0..n_leaves).filter_map(|leaf| system.find((table, row, leaf)));
    cells
        .flat_map(|cell| {
            let balances = system.cells[cell].balances.iter().copied();
            balances.filter(move |&idx| system.balances[idx].total() == Some(cell))
        })
        .collect()
}

/// The one other figure of the row that is the difference, but for rounding.
fn other_equal(system: &System<'_>, idx: usize) -> Option<usize> {
    let balance = &system.balances[idx];
    let total = balance.total()?;
    let step = system.cells[total].step;
    let is_it = |other: &usize| {
        let value = system.cells[*other].value.abs();
        let off = (balance.residual.abs() - value).abs();
        // The looser the match, the larger the figure that it takes.
        let least = if off == 0 { 5 } else { 50 };
        value >= 10 * step && value > least * balance.tolerance && off <= balance.tolerance
    };
    only(others_in_row(system, idx).into_iter().filter(is_it))
}

/// The cells of a row that one of its balances does not hold, of the same year and unit.
fn others_in_row(system: &System<'_>, idx: usize) -> Vec<usize> {
    let balance = &system.balances[idx];
    let Some(total) = balance.total() else {
        return Vec::new();
    };
    let (table, row, _) = system.cells[total].spot;
    let n_leaves = system.tables[table].rows[row].entries.len();
    (0..n_leaves)
        .filter_map(|leaf| system.find((table, row, leaf)))
        .filter(|other| !balance.named.contains(other) && balance.sign_of(*other) == 0)
        .filter(|other| !system.cells[*other].follows)
        // What the balance holds already as part of one of its cells is no other definition.
        .filter(|other| {
            let wholes = system.cells[*other]
                .parts
                .iter()
                .filter(|(_, is_part)| *is_part);
            wholes
                .into_iter()
                .all(|(whole, _)| balance.sign_of(*whole) == 0)
        })
        .filter(|other| system.cells[*other].unit == system.cells[total].unit)
        .filter(|other| system.year(*other) == system.year(total))
        .collect()
}

/// 错位: the same relation fails in another row of the form by the same amount the other way.
fn misplaced(system: &System<'_>, idx: usize) -> Vec<Suspect> {
    let balance = &system.balances[idx];
    let Some(total) = balance.total().filter(|_| is_sum(system, idx)) else {
        return Vec::new();
    };
    let (table, row, leaf) = system.cells[total].spot;
    let reporter = system.row(total).reporter;
    if reporter.is_none() || system.is_total_row(total) {
        return Vec::new();
    }
    // Two districts of one reporter stand in one form.
    let rows = (0..system.tables[table].rows.len()).filter(|&other| {
        let it = &system.tables[table].rows[other];
        other != row && it.kind == RowKind::Data && it.reporter == reporter
    });
    let twins = rows
        .filter_map(|other| system.find((table, other, leaf)))
        .flat_map(|cell| {
            let balances = system.cells[cell].balances.iter().copied();
            balances.filter(move |&twin| system.balances[twin].total() == Some(cell))
        })
        .filter(|&twin| {
            let other = &system.balances[twin];
            other.rule == balance.rule && other.is_violated() && is_opposite(system, idx, twin)
        });
    let Some(twin) = only(twins) else {
        return Vec::new();
    };
    let Some(other_total) = system.balances[twin].total() else {
        return Vec::new();
    };
    let mut found: Vec<(i128, Suspect)> = Vec::new();
    for &cell in balance.parts() {
        let sign = balance.sign_of(cell);
        if sign.abs() != 1 {
            continue;
        }
        let (table, _, leaf) = system.cells[cell].spot;
        let Some(other) = system.find((table, system.cells[other_total].spot.1, leaf)) else {
            continue;
        };
        let to = system.cells[cell].value - sign * balance.residual;
        let to_other = system.cells[other].value - sign * system.balances[twin].residual;
        let changes = [(cell, to), (other, to_other)];
        if !system.is_allowed(cell, to, &changes) || !system.is_allowed(other, to_other, &changes) {
            continue;
        }
        let amount = |value: i128| system.amount(total, value);
        let left = (balance.residual + system.balances[twin].residual).abs();
        let why = Reason::Misplaced {
            row: system.row(other_total).name(),
            other: (
                system.place(other),
                system.amount(other, to_other).to_string(),
            ),
            here: amount(-balance.residual),
            there: amount(-system.balances[twin].residual),
            left: amount(left),
            unit: system.unit_name(total).into(),
        };
        let mut suspect = suspect(system, cell, why);
        suspect.likely = Some(system.amount(cell, to).to_string());
        // The larger the figure, the smaller the share of it that was misplaced.
        found.push((-system.cells[cell].value, suspect));
    }
    found.sort_by_key(|(size, _)| *size);
    found.into_iter().map(|(_, suspect)| suspect).collect()
}

/// Whether two differences cancel out but for little.
fn is_opposite(system: &System<'_>, a: usize, b: usize) -> bool {
    let (one, other) = (&system.balances[a], &system.balances[b]);
    let (x, y) = (one.residual, other.residual);
    let left = (x + y).abs();
    let rounding = one.tolerance + other.tolerance;
    let size = x.abs().min(y.abs());
    x.signum() == -y.signum() && size > 5 * rounding && left <= rounding.max(size / 50)
}

fn suspect(system: &System<'_>, cell: usize, why: Reason) -> Suspect {
    Suspect {
        place: system.place(cell),
        given: system.given_text(cell),
        likely: None,
        why: vec![why],
    }
}

fn is_sum(system: &System<'_>, idx: usize) -> bool {
    let rule = &system.scheme.rules[system.balances[idx].rule];
    matches!(rule.relation, Relation::Sum { .. })
}

fn only(mut cells: impl Iterator<Item = usize>) -> Option<usize> {
    let first = cells.next()?;
    cells.next().is_none().then_some(first)
}
