//! Which cells must be wrong: an exact search for the smallest sets of cells whose change satisfies
//! every relation.
//!
//! The sets are found as minimal hitting sets of conflicts (Reiter 1987, *A theory of diagnosis from first
//! principles*), which for linear rules are combinations of relations that contradict each other whatever the
//! cells assumed wrong may hold; what a smallest set means is Fellegi and Holt's (1976). Everything is
//! integers, and the cost grows with the number of wrong cells, not with the size of the form.

use std::collections::HashSet;

use super::system::System;

/// Cells to change, and their new values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) changes: Vec<(usize, i128)>,
}

/// How far to search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) n_cells: usize,
    pub(super) n_nodes: usize,
}

struct Search<'a, 't> {
    system: &'a System<'t>,
    /// What must hold in the end, besides every relation of a changed cell.
    goals: &'a [usize],
    seen: HashSet<Vec<usize>>,
    repairs: Vec<Repair>,
    n_nodes: usize,
    max_nodes: usize,
}

enum Verdict {
    /// Whatever the cells hold, one of these must be changed too.
    Conflict(Vec<usize>),
    Repair(Vec<(usize, i128)>),
    /// Only bounds forbid it.
    Refused,
}

/// Finds all smallest sets of cells that satisfy `goals` and break nothing; perhaps not all where the
/// search had to be cut short.
pub(super) fn search(system: &System<'_>, goals: &[usize], limits: Limits) -> Vec<Repair> {
    for size in 1..=limits.n_cells {
        let mut search = Search {
            system,
            goals,
            seen: HashSet::new(),
            repairs: Vec::new(),
            n_nodes: 0,
            max_nodes: limits.n_nodes,
        };
        search.extend(&mut Vec::new(), size);
        if !search.repairs.is_empty() || search.n_nodes >= search.max_nodes {
            return search.repairs;
        }
    }
    Vec::new()
}

impl Search<'_, '_> {
    fn extend(&mut self, set: &mut Vec<usize>, size: usize) {
        self.n_nodes += 1;
        if self.n_nodes >= self.max_nodes {
            return;
        }
        let mut key = set.clone();
        key.sort_unstable();
        if !self.seen.insert(key) {
            return;
        }
        let left = size - set.len();
        if self.at_least(set) > left {
            return;
        }
        match self.judge(set) {
            Verdict::Repair(changes) => {
                // A cell that need not change makes the set larger than the smallest.
                if set.len() == size
                    && changes
                        .iter()
                        .all(|&(cell, value)| value != self.system.cells[cell].value)
                {
                    self.repairs.push(Repair { changes });
                }
            }
            Verdict::Conflict(cells) if left > 0 => {
                for cell in cells {
                    set.push(cell);
                    self.extend(set, size);
                    set.pop();
                }
            }
            Verdict::Conflict(_) | Verdict::Refused => {}
        }
    }

    /// A lower bound: goals that fail and share no cell need one each.
    fn at_least(&self, set: &[usize]) -> usize {
        let mut used: Vec<usize> = set.to_vec();
        let mut n = 0;
        for &goal in self.goals {
            let balance = &self.system.balances[goal];
            if balance.is_violated() && !balance.terms.iter().any(|(cell, _)| used.contains(cell)) {
                used.extend(balance.terms.iter().map(|(cell, _)| *cell));
                n += 1;
            }
        }
        n
    }

    fn judge(&self, set: &[usize]) -> Verdict {
        let system = self.system;
        let untouched = self
            .goals
            .iter()
            .map(|&goal| &system.balances[goal])
            .filter(|it| it.is_violated() && !it.terms.iter().any(|(cell, _)| set.contains(cell)))
            .min_by_key(|balance| balance.terms.len());
        if let Some(balance) = untouched {
            return Verdict::Conflict(balance.terms.iter().map(|(cell, _)| *cell).collect());
        }
        let touched = touched(system, set);
        let solved = match eliminate(system, set, &touched) {
            Ok(solved) => solved,
            Err(conflict) => return Verdict::Conflict(conflict),
        };
        match settle(system, set, solved, &touched) {
            Some(changes) if allowed(system, &changes) && tells(system, &changes) => {
                Verdict::Repair(changes)
            }
            _ => Verdict::Refused,
        }
    }
}

/// The balances in which any of the cells takes part.
pub(super) fn touched(system: &System<'_>, set: &[usize]) -> Vec<usize> {
    let mut touched: Vec<usize> = set
        .iter()
        .flat_map(|&cell| system.cells[cell].balances.iter().copied())
        .collect();
    touched.sort_unstable();
    touched.dedup();
    touched
}

/// One combination of balances.
struct Combined {
    /// Its coefficients in the cells of the set.
    coefficients: Vec<i128>,
    residual: i128,
    tolerance: i128,
    /// Which balances, and how often.
    of: Vec<(usize, i128)>,
}

/// Fraction-free elimination of the cells of the set. Either changes of the cells, or a conflict: the
/// cells outside the set one of which must be wrong as well.
fn eliminate(
    system: &System<'_>,
    set: &[usize],
    touched: &[usize],
) -> Result<Vec<i128>, Vec<usize>> {
    let mut rows: Vec<Combined> = touched
        .iter()
        .filter(|idx| !system.balances[**idx].set_aside)
        .map(|&idx| {
            let balance = &system.balances[idx];
            Combined {
                coefficients: set.iter().map(|&cell| balance.sign_of(cell)).collect(),
                residual: balance.residual,
                tolerance: balance.tolerance,
                of: vec![(idx, 1)],
            }
        })
        .collect();
    let mut pivots: Vec<Option<usize>> = vec![None; set.len()];
    for column in 0..set.len() {
        // The finest relation says most exactly what the cell should be.
        let pivot = (0..rows.len())
            .filter(|row| rows[*row].coefficients[column] != 0 && !pivots.contains(&Some(*row)))
            .min_by_key(|row| (rows[*row].tolerance, rows[*row].of.len()));
        let Some(pivot) = pivot else { continue };
        pivots[column] = Some(pivot);
        for row in 0..rows.len() {
            let factor = rows[row].coefficients[column];
            if row != pivot && factor != 0 {
                let combined = combine(system, &rows[row], &rows[pivot], column);
                rows[row] = combined;
            }
        }
    }
    let conflict = rows
        .iter()
        .enumerate()
        .filter(|(idx, _)| !pivots.contains(&Some(*idx)))
        .filter(|(_, row)| row.residual.abs() > row.tolerance)
        .map(|(_, row)| support(system, set, &row.of))
        .min_by_key(Vec::len);
    if let Some(cells) = conflict {
        return Err(cells);
    }
    let changes = pivots
        .iter()
        .enumerate()
        .map(|(column, pivot)| match pivot {
            // Rows hold other columns without a pivot only; those cells stay as they are.
            Some(pivot) => {
                let row = &rows[*pivot];
                -row.residual / row.coefficients[column]
            }
            None => 0,
        });
    Ok(changes.collect())
}

/// `row` freed of a column by `pivot`.
fn combine(system: &System<'_>, row: &Combined, pivot: &Combined, column: usize) -> Combined {
    let (p, q) = (pivot.coefficients[column], row.coefficients[column]);
    let mut of: Vec<(usize, i128)> = row
        .of
        .iter()
        .map(|&(idx, times)| (idx, times * p))
        .collect();
    for &(idx, times) in &pivot.of {
        match of.iter_mut().find(|(known, _)| *known == idx) {
            Some((_, known)) => *known -= times * q,
            None => of.push((idx, -times * q)),
        }
    }
    of.retain(|(_, times)| *times != 0);
    let pairs = row.coefficients.iter().zip(&pivot.coefficients);
    Combined {
        coefficients: pairs.map(|(a, b)| a * p - b * q).collect(),
        residual: row.residual * p - pivot.residual * q,
        tolerance: of
            .iter()
            .map(|(idx, times)| times.abs() * system.balances[*idx].tolerance)
            .sum(),
        of,
    }
}

/// The cells that a combination of balances depends on.
fn support(system: &System<'_>, set: &[usize], of: &[(usize, i128)]) -> Vec<usize> {
    let mut sums: Vec<(usize, i128)> = Vec::new();
    for &(idx, times) in of {
        sums.extend(
            system.balances[idx]
                .terms
                .iter()
                .map(|&(cell, sign)| (cell, sign * times)),
        );
    }
    sums.sort_unstable_by_key(|(cell, _)| *cell);
    let mut cells = Vec::new();
    for group in sums.chunk_by(|a, b| a.0 == b.0) {
        let sum: i128 = group.iter().map(|(_, times)| times).sum();
        if sum != 0 && !set.contains(&group[0].0) {
            cells.push(group[0].0);
        }
    }
    cells
}

/// New values that satisfy every touched balance within its own tolerance.
fn settle(
    system: &System<'_>,
    set: &[usize],
    changes: Vec<i128>,
    touched: &[usize],
) -> Option<Vec<(usize, i128)>> {
    const ROUNDS: usize = 6;
    let mut values: Vec<(usize, i128)> = set
        .iter()
        .zip(changes)
        .map(|(&cell, change)| {
            (
                cell,
                system.printable(cell, system.cells[cell].value + change),
            )
        })
        .collect();
    for _ in 0..ROUNDS {
        if touched.iter().all(|&idx| holds(system, idx, &values)) {
            return Some(values);
        }
        // Rounding may leave a cell that satisfies its finest relation outside another one's tolerance.
        for position in 0..values.len() {
            let (low, high) = interval(system, &values, position);
            let value = values[position].1;
            let moved = match low <= high {
                true => value.clamp(low, high),
                false => low.midpoint(high),
            };
            values[position].1 = moved;
        }
    }
    None
}

/// What a balance comes to once cells are changed.
pub(super) fn residual(system: &System<'_>, balance: usize, changes: &[(usize, i128)]) -> i128 {
    let balance = &system.balances[balance];
    let moved = changes
        .iter()
        .map(|&(cell, value)| balance.sign_of(cell) * (value - system.cells[cell].value));
    balance.residual + moved.sum::<i128>()
}

/// Whether a balance holds once cells are changed.
pub(super) fn holds(system: &System<'_>, balance: usize, changes: &[(usize, i128)]) -> bool {
    system.balances[balance].set_aside
        || residual(system, balance, changes).abs() <= system.balances[balance].tolerance
}

/// The values that satisfy every balance of one of the cells, the others being as given.
pub(super) fn interval(
    system: &System<'_>,
    changes: &[(usize, i128)],
    position: usize,
) -> (i128, i128) {
    let (cell, value) = changes[position];
    let (mut low, mut high) = (i128::MIN, i128::MAX);
    for &idx in &system.cells[cell].balances {
        let balance = &system.balances[idx];
        if balance.set_aside {
            continue;
        }
        let centre = value - balance.sign_of(cell) * residual(system, idx, changes);
        low = low.max(centre - balance.tolerance);
        high = high.min(centre + balance.tolerance);
    }
    (low, high)
}

fn allowed(system: &System<'_>, changes: &[(usize, i128)]) -> bool {
    changes
        .iter()
        .all(|&(cell, value)| system.is_allowed(cell, value, changes))
}

/// Whether some relation would notice each of several changes: one that is no more than rounding everywhere, made
/// only to let another cell take a rounder value, explains nothing.
fn tells(system: &System<'_>, changes: &[(usize, i128)]) -> bool {
    changes.len() == 1
        || changes.iter().all(|&(cell, value)| {
            let balances = system.cells[cell].balances.iter();
            let rounding = balances.map(|&idx| system.balances[idx].tolerance).min();
            (value - system.cells[cell].value).abs() > rounding.unwrap_or(0)
        })
}
