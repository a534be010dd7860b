//! Which findings stand at which cells of the annex sheets.
//!
//! A finding knows a cell of a return; a county row knows the row of the return that it was taken
//! from. Most tables have no finding at all, so rows are only looked up in those that have.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Detail, Finding, Kind, Level, Place};
use crate::pipeline::Merged;

/// Findings by cell of the annex sheets, and back.
pub(super) struct Marks {
    /// For each annex: by data row, findings by leaf.
    rows: Vec<HashMap<usize, Vec<Mark>>>,
    /// For each annex: findings of the total row that the responsible office returned.
    totals: Vec<Vec<Mark>>,
    /// For each finding, where it stands, if it does.
    spots: Vec<Option<Spot>>,
    forms: Forms,
    /// For each table, what became of its rows; empty where nothing was found.
    became: Vec<Vec<Option<Became>>>,
}

/// The tables of each sheet of the returns, by file and sheet.
type Forms = HashMap<(Arc<str>, Arc<str>), Vec<usize>>;

/// The row of the county that the row of a return became; `None` for the total row.
type Became = Option<usize>;

/// The findings of one cell.
#[derive(Debug)]
pub(super) struct Mark {
    /// Leaf column.
    pub(super) leaf: usize,
    /// Indices of the findings.
    pub(super) findings: Vec<usize>,
}

/// A cell of an annex sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Index of the annex.
    pub(super) annex: usize,
    /// Data row of the county; `None` for the total row.
    pub(super) row: Option<usize>,
    /// Leaf column.
    pub(super) leaf: usize,
}

impl Marks {
    pub(super) fn of(merged: &Merged) -> Self {
        let forms = match merged.findings.is_empty() {
            true => Forms::new(),
            false => forms(merged),
        };
        let found = by_table_row(merged, &forms);
        let mut marks = Self {
            rows: Vec::new(),
            totals: Vec::new(),
            spots: vec![None; merged.findings.len()],
            became: became(merged),
            forms,
        };
        for (annex, county) in merged.county.annexes.iter().enumerate() {
            let mut rows = HashMap::new();
            for (row_idx, row) in county.rows.iter().enumerate() {
                let Some(source) = row.source else { continue };
                if let Some(cells) = found.get(&(source.table, source.row)) {
                    rows.insert(row_idx, marks.place(annex, Some(row_idx), cells));
                }
            }
            let stated = county.total.as_ref().and_then(|total| total.stated);
            let cells = stated.and_then(|source| found.get(&(source.table, source.row)));
            let total = match cells {
                Some(cells) => marks.place(annex, None, cells),
                None => Vec::new(),
            };
            marks.rows.push(rows);
            marks.totals.push(total);
        }
        marks
    }

    /// The marked cells of a data row.
    pub(super) fn row(&self, annex: usize, row: usize) -> &[Mark] {
        match self.rows[annex].is_empty() {
            true => &[],
            false => self.rows[annex].get(&row).map_or(&[], Vec::as_slice),
        }
    }

    /// Whether any data row of an annex is marked.
    pub(super) fn any(&self, annex: usize) -> bool {
        !self.rows[annex].is_empty()
    }

    /// The marked cells of a total row.
    pub(super) fn total(&self, annex: usize) -> &[Mark] {
        &self.totals[annex]
    }

    /// Where a finding stands.
    pub(super) fn spot(&self, finding: usize) -> Option<Spot> {
        self.spots[finding]
    }

    /// The cell of the annex sheets that the cell of a return became, if it did.
    pub(super) fn spot_of(&self, merged: &Merged, place: &Place) -> Option<Spot> {
        let (table, row, leaf) = locate(merged, &self.forms, place)?;
        let became = self.became.get(table)?;
        Some(Spot {
            annex: merged.tables[table].annex,
            row: became[row]?,
            leaf,
        })
    }

    /// How many cells of an annex have a finding of each level as their worst.
    pub(super) fn count(&self, annex: usize, findings: &[Finding]) -> [usize; Level::ALL.len()] {
        let mut counts = [0; Level::ALL.len()];
        let rows = self.rows[annex].values().flatten();
        for mark in rows.chain(&self.totals[annex]) {
            if let Some(level) = worst(findings, &mark.findings) {
                counts[level as usize] += 1;
            }
        }
        counts
    }

    fn place(&mut self, annex: usize, row: Option<usize>, cells: &[(usize, usize)]) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for &(leaf, finding) in cells {
            self.spots[finding].get_or_insert(Spot { annex, row, leaf });
            match marks.last_mut() {
                Some(mark) if mark.leaf == leaf => mark.findings.push(finding),
                _ => marks.push(Mark {
                    leaf,
                    findings: vec![finding],
                }),
            }
        }
        marks
    }
}

/// The worst level among some findings.
pub(super) fn worst(findings: &[Finding], which: &[usize]) -> Option<Level> {
    which.iter().map(|&idx| findings[idx].level).min()
}

/// The cells that a finding is about: its own, and its others where it is about them alike.
///
/// The parts of a sum that does not add up are only concerned; of a text number, a blank, figures in another
/// unit or place, or a promise that several cells should keep together each cell is meant.
pub(in crate::report) fn marked_places(finding: &Finding) -> impl Iterator<Item = &Place> {
    let own = finding.place.iter();
    let alike = matches!(
        finding.kind,
        Kind::ReadAs | Kind::MissingValue | Kind::UnitSlip | Kind::Shifted
    ) || matches!(finding.detail, Detail::OthersRows { .. })
        || finding
            .place
            .as_ref()
            .is_none_or(|place| place.cell.is_none());
    own.chain(finding.cells.iter().filter(move |_| alike))
}

/// `(leaf, finding)` in order, for each `(table, row)` that has any.
fn by_table_row(merged: &Merged, forms: &Forms) -> HashMap<(usize, usize), Vec<(usize, usize)>> {
    let mut found: HashMap<(usize, usize), Vec<(usize, usize)>> = HashMap::new();
    for (idx, finding) in merged.findings.iter().enumerate() {
        let places = marked_places(finding);
        for (table, row, leaf) in places.filter_map(|place| locate(merged, forms, place)) {
            found.entry((table, row)).or_default().push((leaf, idx));
        }
    }
    for cells in found.values_mut() {
        cells.sort_by_key(|&(leaf, finding)| (leaf, merged.findings[finding].level, finding));
    }
    found
}

fn forms(merged: &Merged) -> Forms {
    let mut forms = Forms::new();
    for (idx, table) in merged.tables.iter().enumerate() {
        let sheet = (table.file.clone(), table.sheet.clone());
        forms.entry(sheet).or_default().push(idx);
    }
    forms
}

/// Table, row and leaf of a cell of a return.
fn locate(merged: &Merged, forms: &Forms, place: &Place) -> Option<(usize, usize, usize)> {
    let (sheet, cell) = (place.sheet.clone()?, place.cell?);
    // Several forms may stand on one sheet; the cell's row tells them apart.
    let forms = forms.get(&(place.file.clone(), sheet))?;
    forms.iter().find_map(|&idx| {
        let table = &merged.tables[idx];
        let row = table
            .rows
            .binary_search_by_key(&cell.row, |row| row.sheet_row);
        let leaf = table.columns.iter().position(|col| *col == Some(cell.col));
        Some((idx, row.ok()?, leaf?))
    })
}

fn became(merged: &Merged) -> Vec<Vec<Option<Became>>> {
    if merged.findings.is_empty() {
        return Vec::new();
    }
    let tables = merged.tables.iter();
    let mut became: Vec<Vec<Option<Became>>> =
        tables.map(|table| vec![None; table.rows.len()]).collect();
    for county in &merged.county.annexes {
        let rows = county.rows.iter().enumerate();
        let rows = rows.filter_map(|(idx, row)| Some((Some(idx), row.source?)));
        let total = county.total.as_ref().and_then(|total| total.stated);
        for (row, source) in rows.chain(total.map(|source| (None, source))) {
            became[source.table][source.row] = Some(row);
        }
    }
    became
}
