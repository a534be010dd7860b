//! What a newer return of the same reporter and annex changed against the one before.

use std::collections::{HashMap, HashSet};

use crate::model::{CellChange, Correction, NewerBy, Place, Row, RowKind, Table, Value};
use crate::scheme::{Annex, Scheme};

use super::{RowName, Sender, row_name};

/// The changes of every return that was replaced by a later one of the same sender. Tables are in order of
/// trust, the newest of a sender first. A copy with the same figures changed nothing and is not among them.
pub(super) fn corrections(
    scheme: &Scheme,
    tables: &[Table],
    senders: &[Sender],
    is_replaced: &[bool],
    newer_by: &dyn Fn(usize, usize) -> Option<NewerBy>,
) -> Vec<Correction> {
    let mut corrections = Vec::new();
    for older in (0..tables.len()).filter(|idx| is_replaced[*idx]) {
        let Some(reporter) = tables[older].reporter else {
            continue;
        };
        let annex = &scheme.annexes[tables[older].annex];
        let rows = Rows::of(annex, &tables[older]);
        let newer = (0..older)
            .rev()
            .take_while(|newer| senders[*newer] == senders[older])
            .find(|newer| rows.are_in(annex, &tables[*newer]));
        let decided = newer.and_then(|newer| Some((newer, newer_by(newer, older)?)));
        let Some((newer, newer_by)) = decided else {
            continue;
        };
        let changes = changes(annex, &rows, &tables[newer]);
        if !changes.is_empty() {
            let place = |table: &Table| Place::sheet(&table.file, &table.sheet, None);
            corrections.push(Correction {
                reporter,
                annex: tables[older].annex,
                older: place(&tables[older]),
                newer: place(&tables[newer]),
                newer_by,
                changes,
                removed: Vec::new(),
                made: Vec::new(),
            });
        }
    }
    corrections
}

/// The rows of a table that say something.
struct Rows<'t> {
    table: &'t Table,
    by_name: HashMap<RowName<'t>, &'t Row>,
}

impl<'t> Rows<'t> {
    fn of(annex: &Annex, table: &'t Table) -> Self {
        let mut by_name = HashMap::new();
        for row in table.rows.iter().filter(|row| annex.says_something(row)) {
            by_name.entry(row_name(table, row)).or_insert(row);
        }
        Self { table, by_name }
    }

    /// Whether another table has any of them.
    fn are_in(&self, annex: &Annex, table: &Table) -> bool {
        let mut rows = table.rows.iter().filter(|row| annex.says_something(row));
        rows.any(|row| self.by_name.contains_key(&row_name(table, row)))
    }
}

fn changes(annex: &Annex, older: &Rows<'_>, newer: &Table) -> Vec<CellChange> {
    let mut changes = Vec::new();
    let mut seen = HashSet::new();
    for row in newer.rows.iter().filter(|row| annex.says_something(row)) {
        let name = row_name(newer, row);
        if !seen.insert(name) {
            continue;
        }
        let before = older.by_name.get(&name).copied();
        changes.extend(row_changes(annex, newer, row, before, Some(row)));
    }
    for row in &older.table.rows {
        let name = row_name(older.table, row);
        if older.by_name.contains_key(&name) && seen.insert(name) {
            changes.extend(row_changes(annex, older.table, row, Some(row), None));
        }
    }
    changes
}

/// What changed in one row. `at` is the row of `table` by which the cells are named.
fn row_changes<'a>(
    annex: &'a Annex,
    table: &'a Table,
    at: &'a Row,
    before: Option<&'a Row>,
    now: Option<&'a Row>,
) -> impl Iterator<Item = CellChange> + 'a {
    let value = |row: Option<&Row>, leaf: usize| {
        row.map_or(Value::Missing, |row| row.entries[leaf].value.clone())
    };
    let leaves = (0..annex.leaves.len()).filter(|leaf| annex.is_data(*leaf));
    leaves.filter_map(move |leaf| {
        let (old, new) = (value(before, leaf), value(now, leaf));
        (old != new).then(|| CellChange {
            place: Place::sheet(&table.file, &table.sheet, table.cell(at, leaf)),
            row: match (at.kind, &annex.total) {
                (RowKind::Total, Some(total)) => {
                    total.label(at.stated_count.unwrap_or_default() as usize)
                }
                _ => at.name(),
            },
            column: annex.column_of(leaf).name.clone(),
            year: annex.leaves[leaf].year.or(at.year),
            old,
            new,
        })
    })
}
