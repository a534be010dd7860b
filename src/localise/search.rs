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
        let (cells, touched) = with_unknown(system, set, touched(system, set));
        let solved = match eliminate(system, &cells, &touched) {
            Ok(solved) => solved,
            Err(conflict) => return Verdict::Conflict(conflict),
        };
        let known = cells.into_iter().zip(solved);
        let known = known.filter_map(|(cell, change)| Some((cell, change?)));
        match settle(system, known.collect(), &touched) {
            Some(mut changes) if allowed(system, &changes) => {
                // What stands in the blanks is asked once the rest is right.
                changes.retain(|(cell, _)| set.contains(cell));
                match tells(system, &changes) {
                    true => Verdict::Repair(changes),
                    false => Verdict::Refused,
                }
            }
            _ => Verdict::Refused,
        }
    }
}

/// Cells with the blanks that may hold anything, as far as these are connected with them.
fn with_unknown(
    system: &System<'_>,
    set: &[usize],
    mut touched: Vec<usize>,
) -> (Vec<usize>, Vec<usize>) {
    let mut cells = set.to_vec();
    let mut position = 0;
    while position < touched.len() {
        let balance = &system.balances[touched[position]];
        position += 1;
        if !balance.open {
            continue;
        }
        for &(cell, _) in &balance.terms {
            if system.cells[cell].is_unknown() && !cells.contains(&cell) {
                cells.push(cell);
                for idx in &system.cells[cell].balances {
                    if !touched.contains(idx) {
                        touched.push(*idx);
                    }
                }
            }
        }
    }
    (cells, touched)
}

/// A blank, what the relations say that belongs there, and how many of them say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) cell: usize,
    pub(super) value: i128,
    pub(super) n_relations: usize,
}

/// What belongs into the blanks because of which relations cannot be checked, where these determine it.
pub(super) fn fill(system: &System<'_>) -> Vec<Filled> {
    /// More blanks than these are a form that was not filled in.
    const MOST: usize = 12;
    let mut done: HashSet<usize> = HashSet::new();
    let mut all = Vec::new();
    for cell in (0..system.cells.len()).filter(|cell| system.cells[*cell].is_unknown()) {
        if done.contains(&cell) {
            continue;
        }
        let (cells, touched) = with_unknown(system, &[cell], system.cells[cell].balances.clone());
        done.extend(&cells);
        if cells.len() > MOST {
            continue;
        }
        // Where relations contradict each other the finest is believed, and the value is its alone.
        let by_one = |cell: usize| {
            let alone = touched.iter().copied().filter(|&idx| {
                let terms = &system.balances[idx].terms;
                let mut unknown = terms
                    .iter()
                    .filter(|(it, _)| system.cells[*it].is_unknown());
                unknown.next().is_some_and(|(it, _)| *it == cell) && unknown.next().is_none()
            });
            let finest = alone.min_by_key(|idx| system.balances[*idx].tolerance)?;
            system.balances[finest].change_of(cell)
        };
        let solved = eliminate(system, &cells, &touched);
        let is_agreed = solved.is_ok();
        let solved = solved.unwrap_or_else(|_| cells.iter().map(|&cell| by_one(cell)).collect());
        for (&cell, change) in cells.iter().zip(solved) {
            let Some(change) = change else { continue };
            let value = system.printable(cell, system.cells[cell].value + change);
            let n_relations = match is_agreed {
                true => system.cells[cell].balances.len(),
                false => 1,
            };
            if system.is_allowed(cell, value, &[(cell, value)]) {
                all.push(Filled {
                    cell,
                    value,
                    n_relations,
                });
            }
        }
    }
    all
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

/// Fraction-free elimination of the cells of the set. Either changes of the cells, none of blanks that nothing
/// determines, or a conflict: the cells outside the set one of which must be wrong as well.
fn eliminate(
    system: &System<'_>,
    set: &[usize],
    touched: &[usize],
) -> Result<Vec<Option<i128>>, Vec<usize>> {
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
            Some(pivot) => {
                let row = &rows[*pivot];
                // Rows hold other columns without a pivot only; those cells stay as they are, unless they are blank.
                let is_open = (0..set.len()).any(|other| {
                    other != column
                        && row.coefficients[other] != 0
                        && system.cells[set[other]].is_unknown()
                });
                let change = nearest(-row.residual, row.coefficients[column]);
                (!is_open).then_some(change)
            }
            None if system.cells[set[column]].is_unknown() => None,
            None => Some(0),
        });
    Ok(changes.collect())
}

/// Where no few cells satisfy everything: those that satisfy this relation, whatever becomes of the others.
pub(super) fn by_this_alone(system: &System<'_>, goal: usize) -> Vec<Repair> {
    let balance = &system.balances[goal];
    let repair = |&(cell, _): &(usize, i128)| {
        let change = balance.change_of(cell)?;
        let value = system.printable(cell, system.cells[cell].value + change);
        let changes = vec![(cell, value)];
        let is_possible =
            value != system.cells[cell].value && system.is_allowed(cell, value, &changes);
        is_possible.then_some(Repair { changes })
    };
    balance.terms.iter().filter_map(repair).collect()
}

/// A quotient, rounded to the nearest whole number.
fn nearest(a: i128, b: i128) -> i128 {
    let (a, b) = if b < 0 { (-a, -b) } else { (a, b) };
    (a + a.signum() * (b / 2)) / b
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
    changes: Vec<(usize, i128)>,
    touched: &[usize],
) -> Option<Vec<(usize, i128)>> {
    const ROUNDS: usize = 6;
    let new = |(cell, change): (usize, i128)| {
        let value = system.printable(cell, system.cells[cell].value + change);
        (cell, value)
    };
    let mut values: Vec<(usize, i128)> = changes.into_iter().map(new).collect();
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

/// Whether a balance can be checked once cells are changed: blanks may hold anything.
fn is_closed(system: &System<'_>, balance: usize, changes: &[(usize, i128)]) -> bool {
    let balance = &system.balances[balance];
    !balance.open
        || balance.terms.iter().all(|(cell, _)| {
            !system.cells[*cell].is_unknown() || changes.iter().any(|(it, _)| it == cell)
        })
}

/// Whether a balance holds once cells are changed.
pub(super) fn holds(system: &System<'_>, balance: usize, changes: &[(usize, i128)]) -> bool {
    system.balances[balance].set_aside
        || !is_closed(system, balance, changes)
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
        let sign = balance.sign_of(cell);
        if balance.set_aside || sign == 0 || !is_closed(system, idx, changes) {
            continue;
        }
        // value + (±tolerance − residual) ÷ sign, towards the inside.
        let residual = residual(system, idx, changes);
        let ends = [-balance.tolerance - residual, balance.tolerance - residual];
        let (a, b) = match sign > 0 {
            true => (ends[0], ends[1]),
            false => (-ends[1], -ends[0]),
        };
        let sign = sign.abs();
        low = low.max(value + a.div_euclid(sign) + i128::from(a.rem_euclid(sign) != 0));
        high = high.min(value + b.div_euclid(sign));
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
            let rounding = balances.map(|&idx| {
                let balance = &system.balances[idx];
                balance.tolerance / balance.sign_of(cell).abs().max(1)
            });
            (value - system.cells[cell].value).abs() > rounding.min().unwrap_or(0)
        })
}
