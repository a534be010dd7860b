//! Which findings stand at which cells of the annex sheets.
//!
//! A finding knows a cell of a return; a county row knows the row of the return that it was taken
//! from. Where the county has one row for each reporter, every row of a form stands behind that one: what is found
//! in any of them is marked there, and none of their cells is said to be that one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::consolidate::Source;
use crate::model::{Detail, Finding, Kind, Level, Place};
use crate::pipeline::Merged;
use crate::scheme::Scheme;

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
    became: Vec<Became>,
}

/// The tables of each sheet of the returns, by file and sheet.
type Forms = HashMap<(Arc<str>, Arc<str>), Vec<usize>>;

/// A row of the county; `None` for the total row.
type Row = Option<usize>;

/// What became of the rows of a form.
#[derive(Clone)]
enum Became {
    /// Each became one, or did not.
    Rows(Vec<Option<Row>>),
    /// All stand behind one.
    One {
        row: Row,
        /// The leaf that names it: the only key that is shown.
        name: usize,
    },
}

/// The findings of one cell.
#[derive(Debug)]
pub(super) struct Mark {
    /// Leaf column.
    pub(super) leaf: usize,
    /// The findings, those that it is wrong by first.
    pub(super) findings: Vec<Told>,
    /// How it is marked.
    pub(super) look: MarkLook,
}

/// How a finding marks a cell, and its index.
pub(super) type Told = (Marked, usize);

/// How a cell is marked, and the worst level of the findings that mark it so. The lesser is seen first.
pub(in crate::report) type MarkLook = (Marked, Level);

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
    pub(super) fn of(merged: &Merged, scheme: &Scheme) -> Self {
        let forms = match merged.findings.is_empty() {
            true => Forms::new(),
            false => forms(merged),
        };
        let mut marks = Self {
            rows: Vec::new(),
            totals: Vec::new(),
            spots: vec![None; merged.findings.len()],
            became: became(merged, scheme),
            forms,
        };
        let found = marks.found(merged, scheme);
        for annex in 0..merged.county.annexes.len() {
            let mut rows = HashMap::new();
            let mut total = Vec::new();
            let start = found.partition_point(|(spot, ..)| spot.annex < annex);
            let end = found.partition_point(|(spot, ..)| spot.annex <= annex);
            for cells in found[start..end].chunk_by(|(a, ..), (b, ..)| a.row == b.row) {
                let placed = marks.place(cells, &merged.findings);
                match cells[0].0.row {
                    Some(row) => drop(rows.insert(row, placed)),
                    None => total = placed,
                }
            }
            marks.rows.push(rows);
            marks.totals.push(total);
        }
        // Of a tie that one relation shows, the relation is told, whichever cell is wrong.
        for (idx, finding) in merged.findings.iter().enumerate() {
            let own = finding.place.as_ref().filter(|_| finding.is_tie());
            let spot = own.and_then(|own| marks.marked_at(merged, scheme, own));
            marks.spots[idx] = spot.or(marks.spots[idx]);
        }
        marks
    }

    /// Each finding at each cell that it marks: row by row, the total row last, the plainest mark and the worst first.
    fn found(&self, merged: &Merged, scheme: &Scheme) -> Vec<(Spot, Marked, usize)> {
        let mut found: Vec<(Spot, Marked, usize)> = Vec::new();
        for (idx, finding) in merged.findings.iter().enumerate() {
            let cells = marked_cells(finding).into_iter();
            let spots = cells.filter_map(|(place, marked)| {
                Some((self.marked_at(merged, scheme, &place)?, marked, idx))
            });
            let named = self.without_total(merged, scheme, finding);
            found.extend(spots.chain(named.map(|spot| (spot, Marked::Wrong, idx))));
        }
        found.sort_unstable_by_key(|&(Spot { annex, row, leaf }, marked, finding)| {
            let level = merged.findings[finding].level;
            (annex, row.is_none(), row, leaf, finding, marked, level)
        });
        // Several villages' figures of a column are one figure of their township.
        found.dedup_by_key(|(spot, _, finding)| (*spot, *finding));
        found.sort_unstable_by_key(|&(Spot { annex, row, leaf }, marked, finding)| {
            let level = merged.findings[finding].level;
            (annex, row.is_none(), row, leaf, marked, level, finding)
        });
        found
    }

    /// The cell at which it is marked what is found in a cell of a return.
    fn marked_at(&self, merged: &Merged, scheme: &Scheme, place: &Place) -> Option<Spot> {
        let (table, row, leaf) = locate(merged, &self.forms, place)?;
        let annex = merged.tables[table].annex;
        match self.became.get(table)? {
            Became::Rows(rows) => Some(Spot {
                annex,
                row: (*rows.get(row)?)?,
                leaf,
            }),
            Became::One { row, name } => {
                let spec = &scheme.annexes[annex];
                let is_key = spec.is_key(spec.leaves[leaf].column);
                Some(Spot {
                    annex,
                    row: *row,
                    leaf: if is_key { *name } else { leaf },
                })
            }
        }
    }

    /// The name of a reporter whose total row is missing, and so has no cell.
    fn without_total(&self, merged: &Merged, scheme: &Scheme, finding: &Finding) -> Option<Spot> {
        let (Detail::MissingTotal { .. }, Some(place)) = (&finding.detail, &finding.place) else {
            return None;
        };
        let forms = self
            .forms
            .get(&(place.file.clone(), place.sheet.clone()?))?;
        forms.iter().find_map(|&table| {
            let annex = merged.tables[table].annex;
            let is_its = finding.annex.as_ref() == Some(&scheme.annexes[annex].number);
            match self.became[table] {
                Became::One { row, name } if is_its => Some(Spot {
                    annex,
                    row,
                    leaf: name,
                }),
                _ => None,
            }
        })
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
        let Became::Rows(rows) = self.became.get(table)? else {
            return None;
        };
        Some(Spot {
            annex: merged.tables[table].annex,
            row: (*rows.get(row)?)?,
            leaf,
        })
    }

    /// Whether the cell of a return stands behind one of the annex sheets.
    pub(super) fn is_behind(&self, merged: &Merged, place: &Place) -> bool {
        let table = locate(merged, &self.forms, place).map(|(table, ..)| table);
        let became = table.and_then(|table| self.became.get(table));
        matches!(became, Some(Became::One { .. }))
    }

    /// How many cells of an annex have a finding of each level as their worst. Those that are right as far as anybody
    /// can tell count as hints do.
    pub(super) fn count(&self, annex: usize) -> [usize; Level::ALL.len()] {
        let mut counts = [0; Level::ALL.len()];
        let rows = self.rows[annex].values().flatten();
        for mark in rows.chain(&self.totals[annex]) {
            counts[weight(mark.look) as usize] += 1;
        }
        counts
    }

    /// The marks of one row.
    fn place(&mut self, cells: &[(Spot, Marked, usize)], findings: &[Finding]) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for &(spot, marked, idx) in cells {
            // A link to a finding goes to what is wrong.
            if marked != Marked::Related {
                self.spots[idx].get_or_insert(spot);
            }
            match marks.last_mut() {
                Some(mark) if mark.leaf == spot.leaf => mark.findings.push((marked, idx)),
                // The first of a cell are the plainest and the worst.
                _ => marks.push(Mark {
                    leaf: spot.leaf,
                    findings: vec![(marked, idx)],
                    look: (marked, findings[idx].level),
                }),
            }
        }
        marks
    }
}

/// How much a marked cell matters.
pub(super) fn weight((marked, level): MarkLook) -> Level {
    match marked {
        Marked::Wrong | Marked::Candidate => level,
        Marked::Related => Level::Hint,
    }
}

/// How a cell is marked because of a finding, the plainest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::report) enum Marked {
    /// It is wrong, or what is wrong is said of it.
    Wrong,
    /// It may be wrong, as others may.
    Candidate,
    /// It is held against what is wrong, and right as far as anybody can tell.
    Related,
}

/// The cells that a finding marks, and how: those that it is about, the candidates of a tie, and where relations fail
/// because of it. Each cell once.
pub(in crate::report) fn marked_cells(finding: &Finding) -> Vec<(Place, Marked)> {
    let mut cells: Vec<(Place, Marked)> = Vec::new();
    let mut seen: HashSet<Place> = HashSet::new();
    let mut add = |place: Place, marked| {
        if seen.insert(place.clone()) {
            cells.push((place, marked));
        }
    };
    if finding.is_tie() {
        let candidates = finding.candidates();
        candidates.for_each(|suspect| add(suspect.place.clone(), Marked::Candidate));
        let own = finding.place.iter().filter(|place| place.cell.is_some());
        own.for_each(|place| add(place.clone(), Marked::Related));
    } else {
        about(finding).for_each(|place| add(place, Marked::Wrong));
    }
    for relation in finding.explains() {
        about(relation).for_each(|place| add(place, Marked::Related));
    }
    cells
}

/// The cells that a finding is about, or that may be wrong.
pub(in crate::report) fn marked_places(finding: &Finding) -> impl Iterator<Item = Place> {
    let marked = marked_cells(finding).into_iter();
    let marked = marked.filter(|(_, marked)| *marked != Marked::Related);
    marked.map(|(place, _)| place)
}

/// The cells that a finding is about: its own, and its others where it is about them alike.
///
/// The parts of a sum that does not add up are only concerned; of a text number, a blank, figures in another
/// unit or place, rows that are alike, or a promise that several cells should keep together each cell is meant.
fn about(finding: &Finding) -> impl Iterator<Item = Place> + '_ {
    let own = finding.place.iter().cloned();
    let alike = matches!(
        finding.kind,
        Kind::ReadAs
            | Kind::Decimals
            | Kind::MissingValue
            | Kind::Miswritten
            | Kind::UnitSlip
            | Kind::Shifted
            | Kind::Unique
            | Kind::Guard
    ) || matches!(
        finding.detail,
        Detail::OthersRows { .. }
            | Detail::Inexact { .. }
            | Detail::Beside
            | Detail::FormulaError {
                computed: false,
                ..
            }
    ) || finding
        .place
        .as_ref()
        .is_none_or(|place| place.cell.is_none());
    let others = alike.then(|| finding.cells.iter());
    own.chain(others.into_iter().flatten())
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

fn became(merged: &Merged, scheme: &Scheme) -> Vec<Became> {
    if merged.findings.is_empty() {
        return Vec::new();
    }
    let mut became = vec![Became::Rows(Vec::new()); merged.tables.len()];
    for (idx, annex) in scheme.annexes.iter().enumerate() {
        match annex
            .one_row_each
            .and_then(|column| annex.leaf(column, None))
        {
            Some(name) => stand_behind(merged, idx, name, &mut became),
            None => become_rows(merged, idx, &mut became),
        }
    }
    became
}

/// Rows of the county, and of the returns that they show.
fn sources(merged: &Merged, annex: usize) -> impl Iterator<Item = (Row, Source)> {
    let county = &merged.county.annexes[annex];
    let rows = county.rows.iter().enumerate();
    let rows = rows.filter_map(|(idx, row)| Some((Some(idx), row.source?)));
    let total = county.total.as_ref().and_then(|total| total.stated);
    rows.chain(total.map(|source| (None, source)))
}

fn become_rows(merged: &Merged, annex: usize, became: &mut [Became]) {
    for (row, source) in sources(merged, annex) {
        let n_rows = merged.tables[source.table].rows.len();
        if let Became::Rows(rows) = &mut became[source.table] {
            rows.resize(n_rows, None);
            rows[source.row] = Some(row);
        }
    }
}

/// The rows of every form that counts stand behind its reporter's row.
fn stand_behind(merged: &Merged, annex: usize, name: usize, became: &mut [Became]) {
    let rows = merged.county.annexes[annex].rows.iter().enumerate();
    let by_reporter: HashMap<usize, usize> = rows
        .filter_map(|(idx, row)| Some((row.reporter?, idx)))
        .collect();
    let forms = merged.tables.iter().zip(&merged.superseded_by).enumerate();
    for (idx, (table, _)) in forms.filter(|(_, (table, by))| table.annex == annex && by.is_none()) {
        if let Some(&row) = table.reporter.and_then(|by| by_reporter.get(&by)) {
            let row = Some(row);
            became[idx] = Became::One { row, name };
        }
    }
    for (row, source) in sources(merged, annex) {
        became[source.table] = Became::One { row, name };
    }
}
