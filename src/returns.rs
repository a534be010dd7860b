//! Which returns count: what is owed, what came twice, and which of two is taken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::model::{
    Detail, Finding, Kind, Level, Period, Place, ReturnRecord, ReturnStatus, Row, RowKind, Table,
};
use crate::scheme::{ReturnedBy, Scheme};

/// Returns in order, and what is to be said of them.
#[derive(Debug, Default)]
pub struct Settled {
    /// All tables, in order of trust: where two have the same row, the first is taken.
    pub tables: Vec<Table>,
    /// For each table, the file that replaced the whole of it.
    pub superseded_by: Vec<Option<Arc<str>>>,
    /// What is owed, by reporter and annex.
    pub returns: Vec<ReturnRecord>,
    /// Returns that came twice, or not.
    pub findings: Vec<Finding>,
}

/// Puts tables in order of trust, and says what came twice or not at all.
///
/// A reporter's own rows are trusted before those that another office returns for it; of two
/// returns of one reporter the file whose name comes later is taken.
pub fn settle(scheme: &Scheme, period: Period, mut tables: Vec<Table>) -> Settled {
    tables.sort_by_cached_key(|table| {
        let annex = &scheme.annexes[table.annex];
        let own = match (annex.returned_by, table.reporter) {
            (ReturnedBy::Kind(kind), Some(reporter)) => scheme.reporters[reporter].kind == kind,
            (ReturnedBy::One(one), reporter) => reporter == Some(one),
            _ => false,
        };
        (
            table.annex,
            !own,
            table.reporter,
            Reverse(table.file.clone()),
            table.sheet.clone(),
        )
    });
    let mut settled = Settled {
        superseded_by: vec![None; tables.len()],
        ..Settled::default()
    };
    // Rows already taken, by whose they are: (annex, reporter, row) → table.
    let mut taken: HashMap<RowName<'_>, usize> = HashMap::new();
    for (idx, table) in tables.iter().enumerate() {
        let mut replaced_by: BTreeMap<usize, usize> = BTreeMap::new();
        let mut n_new = 0;
        for row in &table.rows {
            match taken.get(&row_name(table, row)) {
                Some(&earlier) if answers_for(scheme, table, row) => {
                    *replaced_by.entry(earlier).or_default() += 1;
                }
                Some(_) => {}
                None => n_new += 1,
            }
        }
        // Two rows of one name in the same form are its own fault, reported when it was read.
        let own = |row: &&Row| answers_for(scheme, table, row);
        for row in table.rows.iter().filter(own) {
            taken.entry(row_name(table, row)).or_insert(idx);
        }
        let Some((&by, _)) = replaced_by
            .iter()
            .max_by_key(|(by, n_rows)| (**n_rows, Reverse(**by)))
        else {
            continue;
        };
        let taken_table = &tables[by];
        let identical = n_new == 0 && same_rows(table, taken_table);
        if n_new == 0 {
            settled.superseded_by[idx] = Some(taken_table.file.clone());
        }
        let detail = Detail::DuplicateReturn {
            taken: taken_table.file.clone(),
            other: table.file.clone(),
            identical,
        };
        let level = if identical {
            Level::Hint
        } else {
            Level::Verification
        };
        let mut finding = Finding::new(Kind::DuplicateReturn, level, detail).at(Place::sheet(
            &table.file,
            &table.sheet,
            None,
        ));
        finding.annex = Some(scheme.annexes[table.annex].number.clone());
        finding.reporter = table.reporter.map(|idx| scheme.reporters[idx].name.clone());
        settled.findings.push(finding);
    }
    settled.tables = tables;
    settled.owed(scheme, period);
    settled
}

impl Settled {
    fn owed(&mut self, scheme: &Scheme, period: Period) {
        // (annex, reporter) → files, those replaced first.
        let mut came: HashMap<(usize, usize), Vec<Arc<str>>> = HashMap::new();
        for table in self.tables.iter().rev() {
            let named = table
                .rows
                .iter()
                .filter(|row| row.kind == RowKind::Data)
                .filter_map(|row| row.reporter);
            let about: HashSet<usize> = named.chain(table.reporter).collect();
            for reporter in about {
                let files = came.entry((table.annex, reporter)).or_default();
                files.retain(|file| *file != table.file);
                files.push(table.file.clone());
            }
        }
        for (annex_idx, annex) in scheme.annexes.iter().enumerate() {
            for reporter in scheme.reporters_of(annex) {
                let files = came.remove(&(annex_idx, reporter)).unwrap_or_default();
                let replaced = self
                    .tables
                    .iter()
                    .zip(&self.superseded_by)
                    .any(|(table, by)| {
                        by.is_some() && table.annex == annex_idx && table.reporter == Some(reporter)
                    });
                let status = match (files.is_empty(), replaced) {
                    (true, _) => ReturnStatus::Missing,
                    (false, true) => ReturnStatus::Superseded,
                    (false, false) => ReturnStatus::Returned,
                };
                if status == ReturnStatus::Missing && !annex.due.is_in(period) {
                    continue;
                }
                if status == ReturnStatus::Missing {
                    let mut finding =
                        Finding::new(Kind::NotReturned, Level::Mandatory, Detail::NotReturned);
                    finding.annex = Some(annex.number.clone());
                    finding.reporter = Some(scheme.reporters[reporter].name.clone());
                    self.findings.push(finding);
                }
                self.returns.push(ReturnRecord {
                    reporter,
                    annex: annex_idx,
                    status,
                    files,
                });
            }
        }
        self.returns
            .sort_by_key(|record| (record.reporter, record.annex));
    }
}

/// What tells rows of one annex apart over all returns.
type RowName<'t> = (
    usize,
    Option<usize>,
    RowKind,
    &'t [Arc<str>],
    Option<u16>,
    Option<usize>,
);

fn row_name<'t>(table: &Table, row: &'t Row) -> RowName<'t> {
    // Every office's total row is its own.
    let whose = match row.kind {
        RowKind::Total => table.reporter,
        RowKind::Data => row.reporter,
    };
    (table.annex, row.spec, row.kind, &row.key, row.year, whose)
}

/// Whether a row is the table's to replace: a township's row about another township is not.
fn answers_for(scheme: &Scheme, table: &Table, row: &Row) -> bool {
    let by_kind = match (scheme.annexes[table.annex].returned_by, table.reporter) {
        (ReturnedBy::Kind(kind), Some(reporter)) => scheme.reporters[reporter].kind == kind,
        _ => false,
    };
    !by_kind || row.reporter.is_none() || row.reporter == table.reporter
}

/// Whether every row of one table stands in the other with the same values.
fn same_rows(a: &Table, b: &Table) -> bool {
    let mut rows: HashMap<RowName<'_>, &Row> = HashMap::new();
    for row in &b.rows {
        rows.entry(row_name(b, row)).or_insert(row);
    }
    a.rows.iter().all(|row| {
        rows.get(&row_name(a, row)).is_some_and(|other| {
            let pairs = || row.entries.iter().zip(&other.entries);
            pairs().all(|(x, y)| x.value == y.value)
        })
    })
}
