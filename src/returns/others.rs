//! Rows that reporters filled in for others, told to whoever filled them in.

use std::collections::HashSet;

use crate::model::{Detail, Finding, Kind, Level, Place, Row, RowKind, Table};
use crate::scheme::Scheme;

use super::answers_for;

/// Rows of others in forms that each reporter returns for itself, unless those others' own forms are among the tables:
/// then both are held against each other.
pub fn others_rows(scheme: &Scheme, tables: &[Table]) -> Vec<Finding> {
    let own = tables.iter().map(|table| (table.annex, table.reporter));
    let own: HashSet<(usize, Option<usize>)> = own.collect();
    let mut findings = Vec::new();
    for table in tables.iter().filter(|table| table.reporter.is_some()) {
        let annex = &scheme.annexes[table.annex];
        let is_others = |row: &&Row| {
            row.kind == RowKind::Data
                && !answers_for(scheme, table, row)
                && annex.says_something(row)
                && !own.contains(&(table.annex, row.reporter))
        };
        let rows: Vec<&Row> = table.rows.iter().filter(is_others).collect();
        let place = |row: &&Row| {
            let cell = annex
                .first_filled(row)
                .and_then(|leaf| table.cell(row, leaf));
            Place::sheet(&table.file, &table.sheet, cell)
        };
        let Some(first) = rows.first() else { continue };
        let detail = Detail::OthersRows {
            rows: rows.iter().map(|row| row.name()).collect(),
            not_returned: false,
        };
        let mut finding =
            Finding::new(Kind::UnexpectedRow, Level::Verification, detail).at(place(first));
        finding.annex = Some(annex.number.clone());
        let by = table.reporter.map(|idx| scheme.reporters[idx].name.clone());
        finding.reporter = by;
        finding.cells = rows[1..].iter().map(place).collect();
        findings.push(finding);
    }
    findings
}
