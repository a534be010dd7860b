//! Where things stand in the annex sheets, known before anything is written, so that other sheets
//! can link to them.

use std::collections::{HashMap, HashSet};

use crate::consolidate::{County, CountyAnnex};
use crate::model::CellRef;
use crate::pipeline::Merged;
use crate::scheme::{Annex, Scheme};

use super::marks::Spot;
use super::text::sheet_name;

/// What one sheet may hold. Smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Data rows; Excel ends at row 1,048,576.
    pub(super) rows: usize,
    /// Notes; with more, files open slowly or not at all.
    pub(super) notes: usize,
    /// Links; Excel drops those after 65,530.
    pub(super) links: usize,
    /// Cells above which a sheet is written row by row instead of being kept.
    pub(super) kept_cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 1_000_000,
            notes: 60_000,
            links: 60_000,
            kept_cells: 300_000,
        }
    }
}

/// The sheets of all annexes.
pub(super) struct Layout {
    /// In the order of the scheme.
    pub(super) annexes: Vec<AnnexSheets>,
    /// Names of the sheets that are no annex.
    pub(super) names: Names,
}

/// Names of the sheets that are no annex.
pub(super) struct Names {
    pub(super) overview: String,
    pub(super) summary: String,
    pub(super) returns: String,
    pub(super) findings: String,
    pub(super) variances: String,
    pub(super) sources: String,
    pub(super) rounding: String,
}

/// The sheets of one annex: one, or as many as its rows need.
pub(super) struct AnnexSheets {
    /// At least one.
    pub(super) parts: Vec<Part>,
    /// First row of the header.
    pub(super) head: u32,
    /// First row below the header: the first data row, or the total row where that is on top.
    pub(super) body: u32,
    /// The sheet and row of the total row.
    pub(super) total: Option<(usize, u32)>,
    /// Name of the sheet that says how far its tasks have come, if any does.
    pub(super) progress: Option<String>,
    /// The first data row of each reporter that any row is about and was returned.
    pub(super) first_rows: HashMap<usize, usize>,
}

/// One sheet of an annex.
pub(super) struct Part {
    /// Its name.
    pub(super) name: String,
    /// County rows on it: the first, and one past the last.
    pub(super) rows: (usize, usize),
    /// Sheet row of its first data row.
    pub(super) first_row: u32,
}

impl Layout {
    /// `annexes` are those of the scheme, as they are printed.
    pub(super) fn of<'a>(
        merged: &Merged,
        annexes: impl Iterator<Item = &'a Annex>,
        names: Names,
        limits: Limits,
    ) -> Self {
        let ours = [
            &names.overview,
            &names.summary,
            &names.returns,
            &names.findings,
            &names.variances,
            &names.sources,
            &names.rounding,
        ];
        // Excel takes names that differ in case alone for the same.
        let mut taken: HashSet<String> = ours.iter().map(|name| name.to_lowercase()).collect();
        let annexes = annexes
            .zip(&merged.county.annexes)
            .map(|(annex, county)| AnnexSheets::of(annex, county, limits, &mut taken))
            .collect();
        Self { annexes, names }
    }

    /// Sheet and cell of a place in an annex.
    pub(super) fn cell(&self, spot: Spot) -> Option<(&str, CellRef)> {
        let (sheet, row) = self.annexes[spot.annex].row(spot.row)?;
        Some((sheet, CellRef::new(row, spot.leaf as u32)))
    }
}

impl AnnexSheets {
    fn of(
        annex: &Annex,
        county: &CountyAnnex,
        limits: Limits,
        taken: &mut HashSet<String>,
    ) -> Self {
        let base = sheet_name(&annex.number);
        let head = 2 + u32::from(annex.unit_line.is_some());
        let body = head + annex.depth as u32;
        let n_rows = county.rows.len();
        let n_parts = n_rows.div_ceil(limits.rows).max(1);
        let at_top = annex.total.as_ref().is_some_and(|total| total.at_top);
        let has_total = annex.total.is_some() && county.total.is_some();
        let parts: Vec<Part> = (0..n_parts)
            .map(|idx| Part {
                name: free_name(&base, idx, taken),
                rows: (idx * limits.rows, ((idx + 1) * limits.rows).min(n_rows)),
                first_row: body + u32::from(has_total && at_top && idx == 0),
            })
            .collect();
        let last = &parts[n_parts - 1];
        let total = has_total.then(|| match at_top {
            true => (0, body),
            false => {
                let shown = (last.rows.1 - last.rows.0).max(1);
                (n_parts - 1, last.first_row + shown as u32)
            }
        });
        let mut first_rows = HashMap::new();
        for (idx, row) in county.rows.iter().enumerate() {
            if let (Some(reporter), Some(_)) = (row.reporter, row.source) {
                first_rows.entry(reporter).or_insert(idx);
            }
        }
        let progress = county.progress.as_ref();
        let progress = progress.map(|_| free_name(&format!("{base}汇总"), 0, taken));
        Self {
            parts,
            progress,
            head,
            body,
            total,
            first_rows,
        }
    }

    /// Sheet and sheet row of a data row, or of the total row.
    pub(super) fn row(&self, row: Option<usize>) -> Option<(&str, u32)> {
        match row {
            Some(row) => {
                let part = self.parts.iter().find(|part| row < part.rows.1)?;
                let below = row.checked_sub(part.rows.0)?;
                Some((&part.name, part.first_row + below as u32))
            }
            None => {
                let (part, row) = self.total?;
                Some((&self.parts[part].name, row))
            }
        }
    }
}

/// The sheet of an annex in the workbook of a county, and where its rows (or, without a row, the
/// total) stand, from 0. Of an annex of several sheets, those on the first.
pub(in crate::report) fn sheet_rows(
    scheme: &Scheme,
    county: &County,
    annex: usize,
) -> (String, impl Fn(Option<usize>) -> Option<u32> + use<>) {
    let mut taken = HashSet::new();
    let of_annexes = scheme.annexes[..=annex].iter().zip(&county.annexes);
    let sheets =
        of_annexes.map(|(spec, rows)| AnnexSheets::of(spec, rows, Limits::default(), &mut taken));
    let sheets = sheets.last().expect("the annex is one of them");
    let name = sheets.parts[0].name.clone();
    let first = name.clone();
    let at = move |row| {
        let (sheet, row) = sheets.row(row)?;
        (sheet == first).then_some(row)
    };
    (name, at)
}

/// 附件7, then 附件7(2) and so on; never a name in use.
fn free_name(base: &str, idx: usize, taken: &mut HashSet<String>) -> String {
    let mut number = idx + 1;
    loop {
        let name = match number {
            1 => base.to_owned(),
            number => format!("{base}({number})"),
        };
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        number += 1;
    }
}

/// A link to a cell of this workbook.
pub(super) fn link(sheet: &str, cell: CellRef) -> String {
    format!("internal:'{}'!{cell}", sheet.replace('\'', "''"))
}
