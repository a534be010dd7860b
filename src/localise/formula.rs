//! Totals that the form computes.
//!
//! A cell with a formula is not typed, so it cannot be wrong by itself: what it adds up is put in its place wherever
//! it takes part in a relation, and its inputs are suspected instead. It stays a suspect where the formula itself is
//! at fault: its result is out of date, it passes over a figure that is a text, or it adds up other cells than the
//! rule of which it is the total. A formula that is no sum of cells of the form stays a figure like any other.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use crate::check::Holds;
use crate::model::{Amount, CellRange, CellRef, Computes, Formula, Reason, Table, Value};

use super::system::System;

/// Totals of totals of totals.
const MAX_DEPTH: usize = 6;
/// A formula over more cells says nothing about any single one.
const MAX_CELLS: usize = 400;

/// What a formula adds up: cells, and how often.
type Sum = BTreeMap<usize, i128>;

/// Puts what formulas add up in their place, and notes what is wrong with the others.
pub(super) fn put_in_place(system: &mut System<'_>, tables: &[usize]) {
    let mut sums: HashMap<usize, Sum> = HashMap::new();
    for &table in tables {
        for formula in &system.tables[table].formulas {
            let spot = (table, formula.row as usize, formula.leaf as usize);
            let Some(cell) = system.find(spot) else {
                continue;
            };
            match &formula.does {
                Computes::Sum { ranges, skips, .. } => {
                    if let Some(sum) = sum_of(system, table, cell, ranges)
                        && is_followed(system, cell, &sum, &formula.does, *skips)
                    {
                        sums.insert(cell, sum);
                    }
                }
                Computes::Unread => sums.extend(sum_by_rule(system, cell).map(|sum| (cell, sum))),
                Computes::TypedOver => system.cells[cell].typed_over = true,
                Computes::External(name) => {
                    let name = name.clone();
                    let value = system.cells[cell].value;
                    system
                        .faults
                        .insert(cell, (value, Reason::OtherWorkbook { name }));
                }
                Computes::Other => {}
            }
        }
    }
    if sums.is_empty() {
        return;
    }
    let expanded: HashMap<usize, Sum> = sums
        .keys()
        .filter_map(|&cell| Some((cell, expand(&sums, &Sum::from([(cell, 1)]), MAX_DEPTH)?)))
        .collect();
    let mut followed: Vec<usize> = expanded.keys().copied().collect();
    followed.sort_unstable();
    followed.retain(|&cell| match other_than_rules(system, &expanded, cell) {
        None => true,
        Some(fault) => {
            system.faults.insert(cell, fault);
            false
        }
    });
    let faulty: Vec<usize> = (expanded.keys().copied())
        .filter(|cell| followed.binary_search(cell).is_err())
        .collect();
    // What adds up a total whose formula is at fault adds up that total, and not its parts.
    sums.retain(|cell, _| !faulty.contains(cell));
    for &cell in &followed {
        if let Some(sum) = expand(&sums, &Sum::from([(cell, 1)]), MAX_DEPTH) {
            system.cells[cell].follows = true;
            // The form has counted a blank as nothing, so relations were checked all the same.
            for &part in sum.keys() {
                if system.cells[part].is_unknown() {
                    system.cells[part].holds = Holds::Nothing;
                }
            }
            replace(system, cell, &sum);
        }
    }
}

/// The cells that a formula adds up, as far as the form has them as figures or blanks.
fn sum_of(
    system: &System<'_>,
    table_idx: usize,
    own: usize,
    ranges: &[(CellRange, i8)],
) -> Option<Sum> {
    let table = &system.tables[table_idx];
    let mut sum = Sum::new();
    for (range, times) in ranges {
        for (row_idx, leaf) in entries_in(table, *range) {
            let spot = (table_idx, row_idx, leaf);
            let Some(cell) = system.find(spot) else {
                // A text, a mark or a blank that no relation asks for counts as nothing.
                if system.value_at(spot)?.amount().is_some() {
                    return None;
                }
                continue;
            };
            if system.cells[cell].unit != system.cells[own].unit || sum.len() > MAX_CELLS {
                return None;
            }
            *sum.entry(cell).or_default() += i128::from(*times);
        }
    }
    sum.retain(|_, times| *times != 0);
    (!sum.is_empty() && !sum.contains_key(&own)).then_some(sum)
}

/// The entries of a table, and of the rows that it prints and nobody filled in, within a range of its sheet.
fn entries_in(table: &Table, range: CellRange) -> impl Iterator<Item = (usize, usize)> {
    let first = (table.rows).partition_point(|row| row.sheet_row < range.start.row);
    let rows = (first..table.rows.len())
        .take_while(move |&row| table.rows[row].sheet_row <= range.end.row);
    let leaves: Vec<usize> = (0..table.columns.len())
        .filter(|&leaf| {
            let col = table.columns[leaf];
            col.is_some_and(|col| (range.start.col..=range.end.col).contains(&col))
        })
        .collect();
    let blank = (0..table.blank_rows.len()).filter(move |&row| {
        (range.start.row..=range.end.row).contains(&table.blank_rows[row].sheet_row)
    });
    let rows = rows.chain(blank.map(|row| table.rows.len() + row));
    rows.flat_map(move |row| leaves.clone().into_iter().map(move |leaf| (row, leaf)))
}

/// Whether a cell shows what its formula adds up. Where it does not, it is noted why.
fn is_followed(
    system: &mut System<'_>,
    cell: usize,
    sum: &Sum,
    does: &Computes,
    skips: Option<CellRef>,
) -> bool {
    let Computes::Sum { result, .. } = does else {
        return false;
    };
    let should = value_of(system, sum);
    let it = &system.cells[cell];
    // A blank total of blank parts is as it should be.
    if it.holds != Holds::Figure {
        return it.holds == Holds::Nothing && should == 0;
    }
    let shown = it.value;
    let near = |a: i128, b: i128| (a - b).abs() <= it.step / 2;
    let result = result.and_then(|result| system.of_any(result, it.unit));
    if near(shown, should) {
        return true;
    }
    let (should, reason) = match (result, skips) {
        // The spreadsheet came to what it shows, and passed over a figure.
        (Some(result), Some(skipped)) if near(shown, result) => {
            let table = &system.tables[it.spot.0];
            let text = (sum.keys().copied()).find(|&part| {
                let (_, _, leaf) = system.cells[part].spot;
                table.cell(system.row(part), leaf) == Some(skipped)
            });
            let Some(text) = text else { return false };
            let part = system.operand(text, cell);
            (should, Reason::TextSkipped { part })
        }
        (Some(result), _) if !near(shown, result) && (near(result, should) || skips.is_some()) => {
            (should, Reason::OutOfDate)
        }
        // It adds up cells that are not the form's, or in another unit.
        _ => return false,
    };
    let should = system.printable(cell, should);
    system.faults.insert(cell, (should, reason));
    false
}

fn value_of(system: &System<'_>, sum: &Sum) -> i128 {
    let values = sum
        .iter()
        .map(|(&cell, times)| times * system.cells[cell].value);
    values.sum()
}

/// A formula of which only the presence is known, and which shows exactly what a rule asks for, is that sum.
fn sum_by_rule(system: &System<'_>, cell: usize) -> Option<Sum> {
    let own = system.cells[cell].balances.iter();
    let balance = own.map(|&idx| &system.balances[idx]).find(|balance| {
        balance.total() == Some(cell)
            && balance.residual == 0
            && !balance.set_aside
            && balance
                .named
                .iter()
                .all(|&it| !system.cells[it].is_unknown())
    })?;
    let parts = balance.parts();
    let n_filled = parts.iter().filter(|part| system.cells[**part].value != 0);
    (n_filled.count() >= 1).then(|| parts.iter().map(|&part| (part, 1)).collect())
}

/// A sum with the sums in it written out; nothing where one comes back to itself.
fn expand(sums: &HashMap<usize, Sum>, sum: &Sum, depth: usize) -> Option<Sum> {
    let mut all = Sum::new();
    for (&cell, &times) in sum {
        match sums.get(&cell) {
            Some(inner) => {
                let inner = expand(sums, inner, depth.checked_sub(1)?)?;
                for (cell, inner_times) in inner {
                    *all.entry(cell).or_default() += times * inner_times;
                }
            }
            None => *all.entry(cell).or_default() += times,
        }
    }
    all.retain(|_, times| *times != 0);
    Some(all)
}

/// What is wrong with a formula that adds up other cells than each rule of which it is the total, where these fail.
fn other_than_rules(
    system: &System<'_>,
    expanded: &HashMap<usize, Sum>,
    cell: usize,
) -> Option<(i128, Reason)> {
    let own = &expanded[&cell];
    let mut fault = None;
    for balance in system.cells[cell]
        .balances
        .iter()
        .map(|&idx| &system.balances[idx])
    {
        if balance.total() != Some(cell) {
            continue;
        }
        let mut asked = Sum::new();
        for &part in balance.parts() {
            let as_it_is = Sum::from([(part, 1)]);
            for (&cell, times) in expanded.get(&part).unwrap_or(&as_it_is) {
                *asked.entry(cell).or_default() += times;
            }
        }
        if asked == *own {
            return None;
        }
        let fails = balance.residual.abs() > balance.tolerance && !balance.set_aside;
        if !fails
            || balance
                .named
                .iter()
                .any(|&it| system.cells[it].is_unknown())
        {
            continue;
        }
        let named = |cells: Vec<usize>| cells.into_iter().map(|it| system.operand(it, cell));
        let left_out: Vec<usize> = (asked.keys().copied())
            .filter(|it| !own.contains_key(it))
            .collect();
        let besides: Vec<usize> = (own.keys().copied())
            .filter(|it| !asked.contains_key(it))
            .collect();
        let reason = match (left_out.is_empty(), besides.is_empty()) {
            (false, true) => Reason::FormulaLeavesOut {
                parts: named(left_out).collect(),
            },
            (true, false) => Reason::FormulaAdds {
                cells: named(besides).collect(),
            },
            _ => Reason::FormulaDiffers,
        };
        let right = system.printable(cell, value_of(system, &asked));
        fault.get_or_insert((right, reason));
    }
    fault
}

/// Puts a sum in the place of a cell in every balance.
fn replace(system: &mut System<'_>, cell: usize, sum: &Sum) {
    let change = value_of(system, sum) - system.cells[cell].value;
    for idx in system.cells[cell].balances.clone() {
        let balance = &mut system.balances[idx];
        let times = balance.sign_of(cell);
        let mut terms: Sum = Sum::new();
        for &(it, coefficient) in balance.terms.iter().filter(|(it, _)| *it != cell) {
            *terms.entry(it).or_default() += coefficient;
        }
        for (&part, inner) in sum {
            *terms.entry(part).or_default() += times * inner;
        }
        balance.residual += times * change;
        balance.terms = terms.into_iter().filter(|(_, times)| *times != 0).collect();
    }
}

/// Lets a table calculate once some of its figures have changed: what its formulas add up has grown by as much.
pub(super) fn calculate(before: &Table, now: &mut Table) {
    let sum = |table: &Table, ranges: &[(CellRange, i8)]| {
        let mut sum = Amount::ZERO;
        for (range, times) in ranges {
            for (row, leaf) in entries_in(table, *range) {
                let entry = table.rows.get(row).and_then(|row| row.entries.get(leaf));
                if let Some(amount) = entry.and_then(|entry| entry.value.amount()) {
                    let times = Amount::from(i64::from(*times));
                    sum = sum.checked_add(amount.checked_mul(times)?)?;
                }
            }
        }
        Some(sum)
    };
    // A figure that was put right itself is as it is.
    let is_put_right = |formula: &&Formula| {
        let (row, leaf) = (formula.row as usize, formula.leaf as usize);
        now.rows[row].entries[leaf].value != before.rows[row].entries[leaf].value
    };
    let computed: Vec<&Formula> = before
        .formulas
        .iter()
        .filter(|it| !is_put_right(it))
        .collect();
    for _ in 0..MAX_DEPTH {
        let mut is_done = true;
        for formula in &computed {
            let Computes::Sum { ranges, .. } = &formula.does else {
                continue;
            };
            let (row, leaf) = (formula.row as usize, formula.leaf as usize);
            let given = before.rows[row].entries[leaf].value.amount();
            let grown = sum(now, ranges)
                .and_then(|sum_now| given?.checked_add(sum_now.checked_sub(sum(before, ranges)?)?));
            if let Some(grown) = grown
                && Some(grown) != now.rows[row].entries[leaf].value.amount()
            {
                now.rows[row].entries[leaf].value = Value::Amount(grown);
                is_done = false;
            }
        }
        if is_done {
            return;
        }
    }
}
