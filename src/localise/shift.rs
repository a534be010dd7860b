//! 错行、错列: figures that stand in the neighbouring row or column.
//!
//! Each relation that fails says what its cell in the row or column in question should hold. Where that is,
//! cell by cell, what the next cell holds, the figures were entered one place off. It takes three such cells
//! and at most one that does not fit, which is where the block was cut off.
//!
//! A row that stands alone has no totals to be held against. It was moved sideways where it has one blank, and
//! all of its sums hold once the figures beside the blank are moved into it.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Checker, Holds};
use crate::model::{Amount, Entry, Evidence, Extent, RowKind, Table};
use crate::scheme::{ColumnKind, Scheme};

use super::evidence::Before;
use super::search::touched;
use super::system::{Group, Spot, System};

/// A block of figures one place off.
#[derive(Debug)]
pub(super) struct Found {
    /// `Column`: moved down or up. `Row`: moved sideways. `Form`: rows of all columns moved.
    pub(super) extent: Extent,
    pub(super) by: i32,
    pub(super) evidence: Evidence,
    /// Each cell with what would be right, in the system's integers; none where that is not known.
    pub(super) cells: Vec<(Spot, Option<i128>)>,
    pub(super) explains: Vec<usize>,
}

/// Finds shifted blocks by the relations that fail, and puts them right in the system.
pub(super) fn by_relations(system: &mut System<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for extent in [Extent::Column, Extent::Row] {
        for implied in implied(system, extent).into_values() {
            let shifted = [1, -1]
                .into_iter()
                .find_map(|by| fits(system, extent, by, &implied));
            let Some((by, cells, missed)) = shifted else {
                continue;
            };
            let were = failing(system);
            let given: Vec<(usize, i128)> = (cells.iter().chain(&missed))
                .map(|&(cell, _)| (cell, system.cells[cell].value))
                .collect();
            cells
                .iter()
                .for_each(|&(cell, value)| system.set(cell, value));
            let mut cells = cells;
            extend(system, extent, by, &mut cells);
            // The figure that was cut off is known if it makes everything hold.
            let n_failing = failing(system).len();
            missed
                .iter()
                .for_each(|&(cell, value)| system.set(cell, value));
            let at_missed: Vec<usize> = missed.iter().map(|(cell, _)| *cell).collect();
            let hold = |system: &System<'_>| {
                let mut touched = touched(system, &at_missed).into_iter();
                touched.all(|idx| !system.balances[idx].is_violated())
            };
            if hold(system) && failing(system).len() < n_failing {
                cells.extend(&missed);
            } else {
                let known = |cell: usize| given.iter().find(|(it, _)| *it == cell);
                for &(cell, _) in &missed {
                    system.set(cell, known(cell).map_or(0, |(_, value)| *value));
                }
            }
            let are = failing(system);
            let n_broken = are.iter().filter(|idx| !were.contains(idx)).count();
            let explains: Vec<usize> = were.into_iter().filter(|idx| !are.contains(idx)).collect();
            // Put back, it must not break more than the total that the end of the block was cut off from.
            if n_broken > 1 || explains.len() < 3 {
                given
                    .iter()
                    .for_each(|&(cell, value)| system.set(cell, value));
                continue;
            }
            all.push(Found {
                extent,
                by,
                evidence: Evidence::Relations(explains.len()),
                cells: cells
                    .iter()
                    .map(|&(cell, value)| (system.cells[cell].spot, Some(value)))
                    .collect(),
                explains,
            });
        }
    }
    all
}

/// Finds rows whose figures were moved sideways away from a blank, and puts them right in the system: every relation
/// of the row holds once they are moved back, be it over the border of a year. The figure that was moved out of the
/// row is what one of its relations says.
pub(super) fn by_gap(system: &mut System<'_>) -> Vec<Found> {
    let unknown = (0..system.cells.len()).filter(|cell| {
        let it = &system.cells[*cell];
        it.holds != Holds::Figure && it.spot.1 < system.tables[it.spot.0].rows.len()
    });
    let rows: BTreeSet<(usize, usize)> = unknown
        .map(|cell| (system.cells[cell].spot.0, system.cells[cell].spot.1))
        .collect();
    let mut all = Vec::new();
    for (table, row) in rows {
        let Some((figures, blank)) = with_one_gap(system, table, row) else {
            continue;
        };
        let before = system.clone_values(&figures);
        let mut fitting = Vec::new();
        for (by, block) in moves(&figures, blank) {
            if let Some(n_holding) = move_back(system, &block) {
                fitting.push((by, block, n_holding));
            }
            system.restore(&before);
        }
        // Where several fit, nobody knows where the block began.
        let [(by, block, n_holding)] = &fitting[..] else {
            continue;
        };
        let were = failing(system);
        move_back(system, block);
        let explains = were
            .into_iter()
            .filter(|idx| !system.balances[*idx].fails())
            .collect();
        let cells = block.iter().map(|&(cell, _)| {
            let it = &system.cells[cell];
            (it.spot, Some(it.value))
        });
        all.push(Found {
            extent: Extent::Row,
            by: *by,
            evidence: Evidence::Relations(*n_holding),
            cells: cells.collect(),
            explains,
        });
    }
    all
}

/// The typed figures of a row from left to right, all in one unit, and which of them is the only blank.
fn with_one_gap(system: &System<'_>, table: usize, row: usize) -> Option<(Vec<usize>, usize)> {
    let mut cells: Vec<usize> = (0..system.n_leaves(table))
        .filter_map(|leaf| system.find((table, row, leaf)))
        .filter(|cell| !system.cells[*cell].follows)
        .collect();
    cells.sort_by_key(|&cell| system.tables[table].columns[system.cells[cell].spot.2]);
    let unit = system.cells[*cells.first()?].unit;
    if cells.iter().any(|&cell| system.cells[cell].unit != unit) {
        return None;
    }
    let is_blank = |cell: &usize| system.cells[*cell].holds != Holds::Figure;
    let blank = cells.iter().position(is_blank)?;
    let has_failed = cells.iter().any(|&cell| {
        let mut balances = system.cells[cell].balances.iter();
        balances.any(|&idx| system.balances[idx].is_violated())
    });
    let n_blanks = cells.iter().filter(|cell| is_blank(cell)).count();
    (has_failed && n_blanks == 1 && cells.len() > 3).then_some((cells, blank))
}

/// Moves a block back, and says how many relations then hold that did not, or could not be checked; none where the
/// figures would not fit.
fn move_back(system: &mut System<'_>, block: &Block) -> Option<usize> {
    let given: Vec<Option<i128>> = block
        .iter()
        .map(|(_, from)| Some(system.cells[(*from)?].value))
        .collect();
    let told = given.iter().flatten().filter(|value| **value != 0);
    if told.collect::<BTreeSet<_>>().len() < 2 {
        return None;
    }
    let cells: Vec<usize> = block.iter().map(|(cell, _)| *cell).collect();
    let touched = touched(system, &cells);
    let did_hold = |idx: &usize| !system.balances[*idx].open && !system.balances[*idx].fails();
    let held: Vec<usize> = touched.iter().copied().filter(did_hold).collect();
    let mut lost = None;
    for (&cell, value) in cells.iter().zip(&given) {
        match value {
            Some(value) => system.fill_in(cell, *value),
            None => lost = Some(cell),
        }
    }
    system.settle_balances();
    if let Some(cell) = lost {
        let own = system.cells[cell].balances.iter().copied();
        let closed = own.filter(|idx| !system.balances[*idx].open);
        let finest = closed.min_by_key(|idx| system.balances[*idx].tolerance)?;
        let change = system.balances[finest].change_of(cell)?;
        let value = system.printable(cell, system.cells[cell].value + change);
        system.fill_in(cell, value);
    }
    let holds = |idx: &usize| {
        let balance = &system.balances[*idx];
        balance.set_aside || !balance.open && !balance.fails()
    };
    let is_allowed = |&cell: &usize| system.is_allowed(cell, system.cells[cell].value, &[]);
    if !touched.iter().all(holds) || !cells.iter().all(is_allowed) {
        return None;
    }
    let n_new = touched.iter().filter(|idx| !held.contains(idx)).count();
    (n_new >= 3).then_some(n_new)
}

/// Table and leaf, or table and row → position along it → cell and what it should hold.
type Implied = BTreeMap<(usize, usize, usize), BTreeMap<usize, (usize, i128, i128)>>;

/// What the relations of one rule say that the cells of each column, or each row, should hold.
fn implied(system: &System<'_>, extent: Extent) -> Implied {
    let mut lines = Implied::new();
    for balance in system.balances.iter().filter(|it| it.is_violated()) {
        let spots: Vec<Spot> = balance
            .terms
            .iter()
            .map(|(cell, _)| system.cells[*cell].spot)
            .collect();
        let one = |part: fn(&Spot) -> usize| spots.iter().all(|spot| part(spot) == part(&spots[0]));
        // A column's cells are judged by the sums of their rows, a row's by the totals of their columns.
        let crosses = match extent {
            Extent::Column => one(|spot| spot.0) && one(|spot| spot.1),
            _ => one(|spot| spot.2),
        };
        if !crosses {
            continue;
        }
        for &(cell, sign) in &balance.terms {
            let (table, row, leaf) = system.cells[cell].spot;
            let should = system.cells[cell].value - balance.residual / sign;
            let (line, position) = match extent {
                Extent::Column => (leaf, row),
                _ => (row, leaf),
            };
            let line = lines.entry((table, line, balance.rule)).or_default();
            line.insert(position, (cell, should, balance.tolerance));
        }
    }
    lines.retain(|_, cells| cells.len() >= 3);
    lines
}

/// The cells of a line and what they should hold, if that is what their neighbours hold.
fn fits(
    system: &System<'_>,
    extent: Extent,
    by: i32,
    line: &BTreeMap<usize, (usize, i128, i128)>,
) -> Option<Shifted> {
    let mut cells = Vec::new();
    let mut values = BTreeSet::new();
    for (&position, &(cell, should, tolerance)) in line {
        let (table, row, leaf) = system.cells[cell].spot;
        let at = position.checked_add_signed(by as isize);
        let neighbour = at.and_then(|at| match extent {
            Extent::Column => system.find((table, at, leaf)),
            _ => system.find((table, row, at)),
        });
        let same_kind = |other: usize| match extent {
            Extent::Column => !system.is_total_row(other) && !system.is_total_row(cell),
            _ => system.cells[other].unit == system.cells[cell].unit,
        };
        if let Some(other) = neighbour.filter(|other| same_kind(*other))
            && (system.cells[other].value - should).abs() <= tolerance
        {
            let value = system.cells[other].value;
            if value.abs() >= 10 * system.cells[cell].step {
                values.insert(value);
            }
            cells.push((cell, value));
        }
    }
    // One that does not fit is put by its own relation: its figure was cut off at the end of the block.
    let missed: Vec<(usize, i128)> = line
        .values()
        .filter(|(cell, ..)| !cells.iter().any(|(known, _)| known == cell))
        .map(|&(cell, should, _)| (cell, system.printable(cell, should)))
        .collect();
    let enough = values.len() >= 3 && missed.len() <= (cells.len() / 4).max(1);
    let allowed = |(cell, value): &(usize, i128)| system.is_allowed(*cell, *value, &[]);
    enough.then(|| (by, cells, missed.into_iter().filter(allowed).collect()))
}

/// Direction, cells with their neighbours' values, and cells that are not their neighbours'.
type Shifted = (i32, Vec<(usize, i128)>, Vec<(usize, i128)>);

/// Adds the cells next to a block that their neighbours' values put right as well: those in which rounding
/// hid the difference from one of the relations.
fn extend(system: &mut System<'_>, extent: Extent, by: i32, cells: &mut Vec<(usize, i128)>) {
    let Some(&(first, _)) = cells.first() else {
        return;
    };
    let (table, row, leaf) = system.cells[first].spot;
    let n_positions = match extent {
        Extent::Column => system.tables[table].rows.len(),
        _ => system.tables[table].rows[row].entries.len(),
    };
    let spot = |position: usize| match extent {
        Extent::Column => (table, position, leaf),
        _ => (table, row, position),
    };
    let given: Vec<Option<(usize, i128)>> = (0..n_positions)
        .map(|position| {
            let cell = system.find(spot(position))?;
            let original = system.given(cell);
            Some((cell, original))
        })
        .collect();
    for position in 0..n_positions {
        let neighbour = position
            .checked_add_signed(by as isize)
            .and_then(|at| given.get(at).copied().flatten());
        let (Some((cell, value)), Some((other, right))) = (given[position], neighbour) else {
            continue;
        };
        if cells.iter().any(|(known, _)| *known == cell)
            || system.cells[cell].unit != system.cells[other].unit
            || system.is_total_row(cell) != system.is_total_row(other)
        {
            continue;
        }
        let n_failing = |system: &System<'_>| {
            let balances = system.cells[cell].balances.iter();
            balances
                .filter(|&&idx| system.balances[idx].is_violated())
                .count()
        };
        let before = n_failing(system);
        system.set(cell, right);
        match n_failing(system) < before {
            true => cells.push((cell, right)),
            false => system.set(cell, value),
        }
    }
}

fn failing(system: &System<'_>) -> Vec<usize> {
    (0..system.balances.len())
        .filter(|idx| system.balances[*idx].is_violated())
        .collect()
}

/// A row moved sideways, with what its cells should hold; nothing where that was lost.
pub(super) type Sideways = (Found, Vec<Option<Amount>>);

/// Whether a blank in a row says where its figures were moved away from, and from where to where.
pub(super) fn by_blank(
    checker: &Checker<'_>,
    tables: &[Table],
    (table_idx, row_idx): (usize, usize),
) -> Option<Sideways> {
    let table = &tables[table_idx];
    let (figures, blank) = with_one_blank(checker.scheme(), table, row_idx)?;
    // Only its own sums tell, so it is looked at alone.
    let given = Table {
        rows: vec![table.rows[row_idx].clone()],
        originals: Vec::new(),
        notes: Vec::new(),
        formulas: Vec::new(),
        blank_rows: Vec::new(),
        file: table.file.clone(),
        sheet: table.sheet.clone(),
        columns: table.columns.clone(),
        ..*table
    };
    let sums = Sums::of(checker, &given);
    if sums.n_failing == 0 {
        return None;
    }
    let restored = moves(&figures, blank)
        .into_iter()
        .filter_map(|(by, block)| {
            let moved = moved_back(&given, &block);
            let restored = Sums::of(checker, &moved);
            let fits = restored.n_failing == 0
                && restored.n_holding >= 3
                && restored.n_holding > sums.n_holding
                && says_something(&given, &block);
            fits.then_some((by, block, moved, restored.n_holding))
        });
    // Where several fit, nobody knows where the block began.
    let restored: Vec<_> = restored.collect();
    let [(by, block, moved, n_holding)] = &restored[..] else {
        return None;
    };
    let spots = block
        .iter()
        .map(|&(leaf, _)| ((table_idx, row_idx, leaf), None));
    let found = Found {
        extent: Extent::Row,
        by: *by,
        evidence: Evidence::Relations(*n_holding),
        cells: spots.collect(),
        explains: Vec::new(),
    };
    let entries = &moved.rows[0].entries;
    let values = block.iter().map(|&(leaf, _)| entries[leaf].value.amount());
    Some((found, values.collect()))
}

/// The figures of a row from left to right, all in one unit, and which of them is the only blank.
fn with_one_blank(scheme: &Scheme, table: &Table, row_idx: usize) -> Option<(Vec<usize>, usize)> {
    let annex = &scheme.annexes[table.annex];
    let row = &table.rows[row_idx];
    let mut figures: Vec<usize> = (0..annex.leaves.len())
        .filter(|&leaf| {
            annex.kind_of(leaf, row.spec) == ColumnKind::Additive && table.columns[leaf].is_some()
        })
        .collect();
    figures.sort_by_key(|&leaf| table.columns[leaf]);
    let unit = |leaf: usize| scheme.unit_of(annex, leaf, row.spec);
    if figures.iter().any(|&leaf| unit(leaf) != unit(figures[0])) {
        return None;
    }
    let is_blank = |leaf: &usize| row.entries[*leaf].value.is_missing();
    let blank = figures.iter().position(is_blank)?;
    let n_blanks = figures.iter().filter(|&leaf| is_blank(leaf)).count();
    (n_blanks == 1).then_some((figures, blank))
}

/// Each cell of a block, with the cell that its figure was moved to; nothing where it was moved out of the row.
type Block = Vec<(usize, Option<usize>)>;

/// How the figures may have been moved: right from the blank on, or, where the last is blank, left from any.
fn moves(figures: &[usize], blank: usize) -> Vec<(i32, Block)> {
    let last = figures.len() - 1;
    let right = (blank..=last).map(|at| (figures[at], figures.get(at + 1).copied()));
    let mut all = vec![(1, right.collect())];
    if blank == last {
        all.extend((1..last).map(|first| {
            // What stood before the block was written over.
            let over = std::iter::once((figures[first - 1], None));
            let left = (first..=last).map(|at| (figures[at], Some(figures[at - 1])));
            (-1, over.chain(left).collect())
        }));
    }
    all
}

/// The only row of a table, with the figures of a block where they were moved from.
fn moved_back(table: &Table, block: &Block) -> Table {
    let mut moved = table.clone();
    let given = &table.rows[0].entries;
    let entries = &mut moved.rows[0].entries;
    for &(leaf, from) in block {
        entries[leaf] = from.map_or(Entry::MISSING, |from| given[from].clone());
    }
    moved
}

/// Whether a block has figures enough that it does not fit by chance.
fn says_something(table: &Table, block: &Block) -> bool {
    let entries = &table.rows[0].entries;
    let amounts = block
        .iter()
        .filter_map(|&(leaf, _)| entries[leaf].value.amount());
    let mut told: Vec<Amount> = amounts.filter(|amount| !amount.is_zero()).collect();
    told.sort();
    told.dedup();
    told.len() >= 3
}

/// How the sums of a row come out.
struct Sums {
    n_holding: usize,
    n_failing: usize,
}

impl Sums {
    fn of(checker: &Checker<'_>, table: &Table) -> Self {
        let tables = std::slice::from_ref(table);
        let groups = Group::all(checker, tables, &[true]).into_iter();
        let balances = groups.flat_map(|group| System::new(checker, tables, group).balances);
        let sums = balances.filter(|it| it.named.len() > 1 && !it.open);
        let (failing, holding): (Vec<_>, Vec<_>) = sums.partition(|it| it.fails());
        Self {
            n_holding: holding.len(),
            n_failing: failing.len(),
        }
    }
}

/// Finds columns whose figures are those that the neighbouring rows had in the plan or last month.
pub(super) fn by_before(scheme: &Scheme, tables: &[Table], before: &Before<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    if before.is_empty() {
        return all;
    }
    for (table_idx, table) in tables.iter().enumerate() {
        let annex = &scheme.annexes[table.annex];
        let rows: Vec<usize> = (0..table.rows.len())
            .filter(|row| table.rows[*row].kind == RowKind::Data)
            .collect();
        if rows.len() < 4 {
            continue;
        }
        for by in [1, -1] {
            let figures =
                (0..annex.leaves.len()).filter(|leaf| annex.column_of(*leaf).kind.is_figure());
            let columns: Vec<usize> = figures
                .filter(|leaf| is_shifted(table, &rows, *leaf, by, before))
                .collect();
            if columns.is_empty() {
                continue;
            }
            let cells = columns
                .iter()
                .flat_map(|&leaf| rows.iter().map(move |&row| ((table_idx, row, leaf), None)));
            all.push(Found {
                extent: if columns.len() == 1 {
                    Extent::Column
                } else {
                    Extent::Form
                },
                by,
                evidence: Evidence::Before,
                cells: cells.collect(),
                explains: Vec::new(),
            });
        }
    }
    all
}

fn is_shifted(table: &Table, rows: &[usize], leaf: usize, by: i32, before: &Before<'_>) -> bool {
    let (mut n_fit, mut n_compared) = (0, 0);
    for (position, &row) in rows.iter().enumerate() {
        let from = position
            .checked_add_signed(-by as isize)
            .and_then(|at| rows.get(at));
        let given = table.rows[row].entries[leaf].value.amount();
        let (Some(&from), Some(given)) = (from, given.filter(|it| !it.is_zero())) else {
            continue;
        };
        let theirs = before.last(table, from, leaf);
        // Where the row has its own figure it is not shifted, and where neighbours are equal it says nothing.
        if theirs == before.last(table, row, leaf) {
            continue;
        }
        n_compared += 1;
        n_fit += usize::from(theirs == Some(given));
    }
    n_fit >= 3 && n_fit * 5 >= n_compared * 4
}
