//! Which annex a sheet is, and which column and row is which.
//!
//! Goes in: raw cells. Comes out: [`Layout`]s, that say where each leaf column and each row of an
//! annex stands, and findings about what could not be placed. Columns are known by their header
//! paths and rows by their labels, never by position. What the cells say is left to
//! [`normalise`](crate::normalise).

mod evidence;
mod header;
mod reporter;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{CellRef, Detail, Finding, Kind, Level, Place, ReadAs, RowKind, Sheet};
use crate::scheme::{Scheme, plain, without_remark};

use evidence::Evidence;
use header::{HeaderIndex, Match};

pub use evidence::Mention;
pub use reporter::{Who, settle_reporters};

/// Where the parts of one annex stand in a sheet.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Index of the annex.
    pub annex: usize,
    /// The sheet column of each leaf; `None` where the form lacks it.
    pub columns: Vec<Option<u32>>,
    /// The unit that a header states for a leaf, where it is not the annex's.
    pub column_units: Vec<Option<usize>>,
    /// The unit that the unit line states, and where.
    pub unit: Option<(CellRef, Option<usize>, String)>,
    /// First row of the header.
    pub header_row: u32,
    /// The rows of the table, from top to bottom.
    pub rows: Vec<LayoutRow>,
    /// Texts that may say who returned the form.
    pub mentions: Vec<Mention>,
}

/// One row of a table, by what its labels say.
#[derive(Clone, Debug)]
pub struct LayoutRow {
    /// Row of the sheet.
    pub sheet_row: u32,
    /// Data or total.
    pub kind: RowKind,
    /// Which fixed row of the annex it is.
    pub spec: Option<usize>,
    /// Its key as the annex spells it.
    pub key: Box<[Arc<str>]>,
    /// Its year, where rows have years.
    pub year: Option<u16>,
    /// The reporter that it names.
    pub reporter: Option<usize>,
    /// The count that a total's label states.
    pub stated_count: Option<u32>,
    /// The unit that its label states, where it is not the annex's.
    pub unit: Option<usize>,
    /// Whether any figure or text of its own is filled in.
    pub filled: bool,
}

/// Recognises sheets as annexes of one scheme.
pub struct Recogniser<'s> {
    scheme: &'s Scheme,
    headers: Vec<HeaderIndex>,
    /// Plain texts of top header cells → annexes that have them.
    tops: HashMap<String, Vec<usize>>,
}

impl<'s> Recogniser<'s> {
    /// Prepares a scheme's headers for look-up.
    pub fn new(scheme: &'s Scheme) -> Self {
        let headers: Vec<HeaderIndex> = scheme.annexes.iter().map(HeaderIndex::new).collect();
        let mut tops: HashMap<String, Vec<usize>> = HashMap::new();
        for (annex, header) in headers.iter().enumerate() {
            for top in &header.tops {
                tops.entry(top.clone()).or_default().push(annex);
            }
        }
        Self {
            scheme,
            headers,
            tops,
        }
    }

    /// Finds every annex that stands on a sheet. `file` is the return's path.
    pub fn recognise(&self, file: &Arc<str>, sheet: &Sheet) -> (Vec<Layout>, Vec<Finding>) {
        let place = SheetPlace {
            file,
            sheet: Arc::from(sheet.name.as_str()),
        };
        let mut layouts = Vec::new();
        let mut findings = Vec::new();
        let rows: Vec<u32> = sheet.rows().map(|(row, _)| row).collect();
        let mut from = 0;
        let mut idx = 0;
        while idx < rows.len() {
            let candidates = self.candidates(sheet, rows[idx]);
            match self.best(&place, sheet, rows[idx], from, candidates, &mut findings) {
                Some(found) => {
                    let end = found.end;
                    layouts.extend(self.layout(&place, sheet, found, &mut findings));
                    from = end;
                    idx = rows.partition_point(|&row| row < end);
                }
                None => idx += 1,
            }
        }
        if layouts.is_empty() && findings.is_empty() {
            findings.extend(self.unknown(&place, sheet));
        }
        (layouts, findings)
    }

    /// Annexes of whose top header cells at least half stand in this row.
    fn candidates(&self, sheet: &Sheet, row: u32) -> Vec<usize> {
        let mut counts: HashMap<usize, Vec<&str>> = HashMap::new();
        for cell in sheet.row(row) {
            let Some(text) = cell.text() else { continue };
            let text = plain(text);
            let known = self
                .tops
                .get_key_value(text.as_ref())
                .or_else(|| self.tops.get_key_value(without_remark(&text).0));
            let Some((top, annexes)) = known else {
                continue;
            };
            for &annex in annexes {
                let seen = counts.entry(annex).or_default();
                if !seen.contains(&top.as_str()) {
                    seen.push(top);
                }
            }
        }
        let mut candidates: Vec<usize> = counts
            .into_iter()
            .filter(|(annex, seen)| seen.len() * 2 >= self.headers[*annex].n_tops)
            .map(|(annex, _)| annex)
            .collect();
        candidates.sort_unstable();
        candidates
    }

    /// The candidate whose header really starts in this row, if any.
    fn best(
        &self,
        place: &SheetPlace<'_>,
        sheet: &Sheet,
        row: u32,
        from: u32,
        candidates: Vec<usize>,
        findings: &mut Vec<Finding>,
    ) -> Option<Found> {
        let mut matches: Vec<(usize, Match)> = candidates
            .into_iter()
            .filter_map(|annex| {
                let found = self.headers[annex].find(self.scheme, annex, sheet, row)?;
                Some((annex, found))
            })
            .collect();
        let top = matches.iter().map(|(_, found)| found.score).max()?;
        matches.retain(|(_, found)| found.score == top);
        let evidence = Evidence::gather(self.scheme, sheet, from, row);
        let starts_here = |row| !self.candidates(sheet, row).is_empty();
        let mut others = Vec::new();
        if matches.len() > 1 {
            let number = |annex: usize| &*self.scheme.annexes[annex].number;
            let named: Vec<usize> = (0..matches.len())
                .filter(|&idx| evidence.names(number(matches[idx].0), place.file, &sheet.name))
                .collect();
            if let [only] = named[..] {
                matches = vec![matches.swap_remove(only)];
            } else {
                others = matches
                    .iter()
                    .map(|(annex, _)| self.scheme.annexes[*annex].number.clone())
                    .collect();
                // What is not printed, the rows may tell: unknown rows first, then rows that lack.
                let mut fits: Vec<(rows::Fit, usize)> = matches
                    .iter()
                    .enumerate()
                    .map(|(idx, (annex, found))| {
                        let title = evidence.title_differs(&self.scheme.annexes[*annex].title);
                        (
                            rows::fit(self.scheme, *annex, sheet, found, title, &starts_here),
                            idx,
                        )
                    })
                    .collect();
                fits.sort_unstable();
                if fits[0].0 == fits[1].0 {
                    let detail = Detail::AmbiguousForm { candidates: others };
                    let cell = Some(CellRef::new(row, matches[0].1.first_col));
                    findings.push(
                        Finding::new(Kind::AmbiguousForm, Level::Mandatory, detail)
                            .at(Place::sheet(place.file, &place.sheet, cell)),
                    );
                    return None;
                }
                matches = vec![matches.swap_remove(fits[0].1)];
                others.retain(|number| **number != *self.scheme.annexes[matches[0].0].number);
            }
        }
        let (annex, header) = matches.pop()?;
        let table = rows::read(self.scheme, annex, sheet, &header, &starts_here);
        Some(Found {
            annex,
            header,
            evidence,
            others,
            end: table.end,
            table,
        })
    }

    fn layout(
        &self,
        place: &SheetPlace<'_>,
        sheet: &Sheet,
        found: Found,
        findings: &mut Vec<Finding>,
    ) -> Option<Layout> {
        let Found {
            annex: annex_idx,
            header,
            evidence,
            others,
            table,
            ..
        } = found;
        let annex = &self.scheme.annexes[annex_idx];
        let start = findings.len();
        let mut note = |kind, level, detail, cell: Option<CellRef>, given: Option<String>| {
            let mut finding =
                Finding::new(kind, level, detail).at(Place::sheet(place.file, &place.sheet, cell));
            finding.given = given;
            findings.push(finding);
        };
        let corner = Some(CellRef::new(header.rows.0, header.first_col));
        if !others.is_empty() {
            let detail = Detail::ReadAs(ReadAs::AnnexByContent { others });
            note(Kind::ReadAs, Level::Hint, detail, corner, None);
        } else if let Some((cell, printed)) = evidence.other_number(&annex.number, &annex.title) {
            let detail = Detail::ReadAs(ReadAs::AnnexNumber {
                printed: printed.clone(),
            });
            note(
                Kind::ReadAs,
                Level::Verification,
                detail,
                Some(cell),
                Some(printed),
            );
        }
        for (leaf, column) in header.columns.iter().enumerate() {
            let described = annex.column_of(leaf);
            if column.is_none()
                && !described.optional
                && described.kind != crate::scheme::ColumnKind::Serial
            {
                let header = annex.leaves[leaf].path.join("/").replace('\n', "");
                let level = if annex.is_key(annex.leaves[leaf].column) {
                    Level::Hint
                } else {
                    Level::Mandatory
                };
                note(
                    Kind::MissingColumn,
                    level,
                    Detail::MissingColumn { header },
                    corner,
                    None,
                );
            }
        }
        for (cell, given, leaf) in header.misprints {
            let declared = annex.leaves[leaf].path.join("/").replace('\n', "");
            let detail = Detail::ReadAs(ReadAs::Header { declared });
            note(Kind::ReadAs, Level::Hint, detail, Some(cell), Some(given));
        }
        for (cell, header) in header.repeated {
            let detail = Detail::ReadAs(ReadAs::RepeatedColumn {
                header: header.clone(),
            });
            note(
                Kind::ReadAs,
                Level::Verification,
                detail,
                Some(cell),
                Some(header),
            );
        }
        for (cell, header) in header.extra {
            if table
                .rows
                .iter()
                .any(|row| sheet.get(CellRef::new(row.sheet_row, cell.col)).is_some())
            {
                let detail = Detail::UnexpectedColumn {
                    header: header.clone(),
                };
                note(
                    Kind::UnexpectedColumn,
                    Level::Hint,
                    detail,
                    Some(cell),
                    Some(header),
                );
            }
        }
        for problem in table.problems {
            let place = Place::sheet(place.file, &place.sheet, Some(problem.cell));
            let mut finding = Finding::new(problem.kind, problem.level, problem.detail).at(place);
            finding.given = problem.given;
            if let Some(reporter) = problem.reporter {
                let name = &self.scheme.reporters[reporter].name;
                finding.reporter = Some(name.clone());
                finding.expected = Some(name.to_string());
            }
            findings.push(finding);
        }
        for finding in &mut findings[start..] {
            finding.annex = Some(annex.number.clone());
        }
        Some(Layout {
            annex: annex_idx,
            columns: header.columns,
            column_units: header.units,
            unit: evidence.unit,
            header_row: header.rows.0,
            rows: table.rows,
            mentions: evidence.mentions,
        })
    }

    /// A sheet with figures that is no annex: the nearest is said, so that a misprinted header is seen.
    fn unknown(&self, place: &SheetPlace<'_>, sheet: &Sheet) -> Option<Finding> {
        let has_figures = sheet
            .cells()
            .iter()
            .any(|cell| matches!(cell.value, crate::model::CellValue::Number(_)));
        if !has_figures {
            return None;
        }
        let nearest = self
            .headers
            .iter()
            .enumerate()
            .map(|(annex, header)| (header.n_found(sheet), annex))
            .filter(|(n_found, _)| *n_found > 1)
            .max_by_key(|(n_found, annex)| {
                (
                    *n_found * 100 / self.headers[*annex].n_texts(),
                    usize::MAX - annex,
                )
            })
            .map(|(n_found, annex)| {
                (
                    self.scheme.annexes[annex].number.clone(),
                    n_found,
                    self.headers[annex].n_texts(),
                )
            });
        let detail = Detail::UnknownForm { nearest };
        let cell = sheet.cells().first().map(|cell| cell.at);
        Some(
            Finding::new(Kind::UnknownForm, Level::Hint, detail).at(Place::sheet(
                place.file,
                &place.sheet,
                cell,
            )),
        )
    }
}

/// A sheet of a return, for places.
struct SheetPlace<'f> {
    file: &'f Arc<str>,
    sheet: Arc<str>,
}

/// A table found on a sheet.
struct Found {
    annex: usize,
    header: Match,
    evidence: Evidence,
    /// Annexes that the header fits as well.
    others: Vec<Arc<str>>,
    table: rows::TableRows,
    /// The first row below it.
    end: u32,
}
