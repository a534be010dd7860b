//! Which annex a sheet is, and which column and row is which.
//!
//! Goes in: raw cells. Comes out: [`Layout`]s, that say where each leaf column and each row of an
//! annex stands, and findings about what could not be placed. Columns are known by their header
//! paths and rows by their labels, never by position. What the cells say is left to
//! [`normalise`](crate::normalise).

mod above;
mod blank;
mod evidence;
mod guess;
mod header;
mod merges;
mod period;
mod reporter;
mod rows;
mod sides;
mod unheaded;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::model::{
    Cell, CellRange, CellRef, Detail, Finding, GuessedColumn, Kind, Level, Place, ReadAs, RowKind,
    Sheet,
};
use crate::scheme::{Annex, Scheme, plain, without_remark};

use above::figures_above;
use evidence::{Evidence, annex_number};
use guess::{Meaning, year_alone};
use header::{HeaderIndex, Looking, Match};
use merges::Merges;
use rows::{RowIndex, Site, TableRows};
use sides::{ALL, Columns, around, beside, free, overlap};
use unheaded::unheaded_figures;

pub use blank::drop_blank_copies;
pub use evidence::Mention;
pub use header::Guess;
pub(crate) use period::chinese_digit;
pub use period::{About, PeriodMention, Said, settle_period};
pub use reporter::{Who, named_by_path, settle_reporters};
pub use rows::Subtotal;

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
    /// Columns that no header tells to be what they were taken for.
    pub guesses: Vec<Guess>,
    /// First row of the header.
    pub header_row: u32,
    /// The rows of the table, from top to bottom.
    pub rows: Vec<LayoutRow>,
    /// How many rows with figures are none of the annex's.
    pub n_unknown: usize,
    /// Totals of some of its rows.
    pub subtotals: Vec<Subtotal>,
    /// Figures that stand for several cells of it, in merged cells.
    pub merged: Vec<MergedFigure>,
    /// Texts that may say who returned the form.
    pub mentions: Vec<Mention>,
    /// Texts that may say what it is about.
    pub periods: Vec<PeriodMention>,
}

/// One figure in a merged cell that stands for several cells of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedFigure {
    /// The cells, the one that holds the figure first.
    pub cells: Vec<CellRef>,
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
    rows: Vec<RowIndex>,
    /// Plain texts of top header cells → annexes that have them.
    tops: HashMap<String, Vec<usize>>,
}

/// Forms on one sheet; more than a county has annexes are no forms but nonsense.
const MAX_FORMS: usize = 500;
/// Forms beside each other, likewise.
const MAX_BESIDE: usize = 16;
/// How far, of 10, a title may be from an annex's and still be the same.
const ALIKE: usize = 3;
/// Cells of a sheet of which it is tried whether rows and columns are exchanged.
const MOST_EXCHANGED: usize = 5_000;
/// Where a header may stand that only means what an annex's does, and how long its texts and how many they are.
const N_LOOSE_ROWS: usize = 40;
const MAX_LOOSE_CELLS: usize = 64;
const MAX_LOOSE_CHARS: usize = 40;
/// Texts of a sheet among which its number is looked for.
const N_FIRST: usize = 16;

impl<'s> Recogniser<'s> {
    /// Prepares a scheme's headers for look-up.
    pub fn new(scheme: &'s Scheme) -> Self {
        let headers: Vec<HeaderIndex> = scheme
            .annexes
            .iter()
            .map(|annex| HeaderIndex::new(scheme, annex))
            .collect();
        let mut tops: HashMap<String, Vec<usize>> = HashMap::new();
        for (annex, header) in headers.iter().enumerate() {
            for top in &header.tops {
                tops.entry(top.clone()).or_default().push(annex);
            }
        }
        Self {
            scheme,
            headers,
            rows: scheme.annexes.iter().map(RowIndex::new).collect(),
            tops,
        }
    }

    /// Finds every annex that stands on a sheet. `file` is the return's path.
    pub fn recognise(&self, file: &Arc<str>, sheet: &Sheet) -> (Vec<Layout>, Vec<Finding>) {
        let place = SheetPlace {
            file,
            sheet: Arc::from(sheet.name.as_str()),
        };
        let merges = Merges::new(sheet);
        let (layouts, findings) = self.look(&place, sheet, &merges, Looking::Strictly);
        if !layouts.is_empty() {
            return (layouts, findings);
        }
        if sheet.cells().is_empty() {
            return (layouts, findings);
        }
        // Headers that are no annex's may still mean the same.
        let (loose, noticed) = self.look(&place, sheet, &merges, Looking::Loosely);
        if !loose.is_empty() {
            return (loose, noticed);
        }
        if let Some(finding) = self.exchanged(&place, sheet) {
            return (layouts, vec![finding]);
        }
        if !findings.is_empty() {
            return (layouts, findings);
        }
        (layouts, self.unknown(&place, sheet).into_iter().collect())
    }

    /// Finds the annexes on a sheet, and what is odd about them.
    fn look(
        &self,
        place: &SheetPlace<'_>,
        sheet: &Sheet,
        merges: &Merges,
        looking: Looking,
    ) -> (Vec<Layout>, Vec<Finding>) {
        let mut findings = Vec::new();
        let starts = match looking {
            Looking::Strictly | Looking::Closely => self.starts(sheet),
            Looking::Loosely => self.loose_starts(sheet),
        };
        // A form that goes on over several pages is one.
        let mut forms: Vec<(Spot<'_>, Found)> = Vec::new();
        let mut n_headers = 0;
        'rows: for (nth, start) in starts.iter().enumerate() {
            let open = forms
                .iter()
                .filter(|(_, form)| form.table.last >= start.row);
            for columns in free(open.map(|(_, form)| form.header.taken())) {
                let mut spot = Spot {
                    place,
                    sheet,
                    merges,
                    looking,
                    later: &starts[nth + 1..],
                    row: start.row,
                    columns,
                    from: 0,
                };
                for (nth, side) in self.sides(&spot, start).into_iter().enumerate() {
                    if n_headers == MAX_FORMS || nth == MAX_BESIDE {
                        let detail = Detail::UnknownForm { nearest: None };
                        let finding = Finding::new(Kind::UnknownForm, Level::Mandatory, detail);
                        let cell = CellRef::new(start.row, *side.taken.start());
                        findings.push(finding.at(spot.at(Some(cell))));
                        break 'rows;
                    }
                    n_headers += 1;
                    spot.columns = side.columns;
                    let mut above = forms
                        .iter_mut()
                        .rev()
                        .filter(|(_, form)| overlap(&form.header.taken(), &spot.columns))
                        .map(|(_, form)| form);
                    let last = above.next();
                    let rows_above = last.iter().map(|form| form.table.last);
                    let rows_above = rows_above.chain(above.map(|form| form.table.last));
                    spot.from = rows_above.max().map_or(0, |last| last + 1);
                    let Some(found) = self.decide(&spot, side.matches, &mut findings) else {
                        continue;
                    };
                    match last {
                        Some(form) if self.goes_on(form, &found) => form.table.append(found.table),
                        _ => forms.push((spot.clone(), found)),
                    }
                }
            }
        }
        let layouts: Vec<Layout> = forms
            .into_iter()
            .map(|(spot, form)| self.layout(&spot, form, &mut findings))
            .collect();
        (layouts, findings)
    }

    /// The rows near the top in which a header may start whose texts mean what an annex's do. Two annexes may mean
    /// the same; what stands below and around tells which it is.
    fn loose_starts(&self, sheet: &Sheet) -> Vec<Start> {
        let mut starts = Vec::new();
        for (row, cells) in sheet.rows().take(N_LOOSE_ROWS) {
            let texts = cells.iter().take(MAX_LOOSE_CELLS);
            let meanings: Vec<(u32, Meaning)> = texts
                .filter_map(|cell| {
                    let text: Cow<'_, str> = match cell.text() {
                        Some(text) if text.chars().count() <= MAX_LOOSE_CHARS => plain(text),
                        Some(_) => return None,
                        None => header::year_of(&cell.value)?.to_string().into(),
                    };
                    let meaning = Meaning::of(self.scheme, std::iter::once(&*text));
                    Some((cell.at.col, meaning))
                })
                .collect();
            let candidate = |annex: usize| {
                let index = &self.headers[annex];
                let known = meanings.iter();
                let known = known.filter(|(_, meaning)| index.meanings.may_start(meaning));
                let cols: Vec<u32> = known.map(|(col, _)| *col).collect();
                let is_enough = cols.len() >= 2 && cols.len() * 2 >= index.n_tops;
                let first_col = cols.first().copied().filter(|_| is_enough)?;
                Some(Candidate { annex, first_col })
            };
            let candidates: Vec<Candidate> = match meanings.len() < 2 {
                true => Vec::new(),
                false => (0..self.headers.len()).filter_map(candidate).collect(),
            };
            starts.extend(Start::of(row, candidates));
        }
        starts
    }

    /// The rows in which a header may start, with the annexes that it may be of.
    fn starts(&self, sheet: &Sheet) -> Vec<Start> {
        let mut starts = Vec::new();
        let mut seen = Vec::new();
        for (row, cells) in sheet.rows() {
            let candidates = self.candidates(cells, &mut seen);
            starts.extend(Start::of(row, candidates));
        }
        starts
    }

    /// Annexes of whose top header cells at least half stand in this row. `seen` is only lent.
    fn candidates<'i>(
        &'i self,
        cells: &[Cell],
        seen: &mut Vec<(usize, &'i str, u32)>,
    ) -> Vec<Candidate> {
        seen.clear();
        for cell in cells {
            let text = match cell.text() {
                Some(text) => plain(text),
                None => match header::year_of(&cell.value) {
                    Some(year) => year.to_string().into(),
                    None => continue,
                },
            };
            let without = || match without_remark(&text) {
                (without, Some(_)) => self.tops.get_key_value(without),
                (_, None) => None,
            };
            // 二〇二三年 and 23年 are years as well.
            let year = || self.tops.get_key_value(&year_alone(&text)?.to_string());
            let known = (self.tops.get_key_value(text.as_ref()))
                .or_else(without)
                .or_else(year);
            let Some((top, annexes)) = known else {
                continue;
            };
            seen.extend(
                annexes
                    .iter()
                    .map(|&annex| (annex, top.as_str(), cell.at.col)),
            );
        }
        // The same text in two cells counts once.
        seen.sort_unstable();
        let mut candidates = Vec::new();
        for same in seen.chunk_by(|a, b| a.0 == b.0) {
            let annex = same[0].0;
            let n_tops = same.chunk_by(|a, b| a.1 == b.1).count();
            if n_tops * 2 >= self.headers[annex].n_tops {
                let first_col = same.iter().map(|top| top.2).min().unwrap_or(0);
                candidates.push(Candidate { annex, first_col });
            }
        }
        candidates
    }

    /// The headers that really start in a row, from left to right. Nearly all rows have one or none.
    fn sides(&self, spot: &Spot<'_>, start: &Start) -> Vec<Side> {
        let cells = spot.sheet.row(spot.row);
        let mut sides: Vec<Side> = Vec::new();
        let mut left = vec![spot.columns.clone()];
        while let Some(columns) = left.pop().filter(|_| sides.len() <= MAX_BESIDE) {
            let from = cells.partition_point(|cell| cell.at.col < *columns.start());
            let to = cells.partition_point(|cell| cell.at.col <= *columns.end());
            let own;
            let candidates = match to - from == cells.len() {
                true => &start.candidates,
                false => {
                    own = self.candidates(&cells[from..to], &mut Vec::new());
                    &own
                }
            };
            let mut matches: Vec<(usize, Match)> = candidates
                .iter()
                .filter_map(|candidate| {
                    let found = self.find(spot, spot.row, candidate, &columns)?;
                    Some((candidate.annex, found))
                })
                .collect();
            let rank = |(_, found): &(usize, Match)| (found.score, Reverse(found.first_col));
            let Some((score, taken)) = matches
                .iter()
                .max_by_key(|found| rank(found))
                .map(|(_, found)| (found.score, found.taken()))
            else {
                continue;
            };
            matches.retain(|(_, found)| found.score == score && overlap(&found.taken(), &taken));
            left.extend(beside(&columns, &taken).into_iter().flatten());
            sides.push(Side {
                columns: columns.clone(),
                taken,
                matches,
            });
        }
        if sides.len() > 1 {
            sides.sort_by_key(|side| *side.taken.start());
            let taken: Vec<Columns> = sides.iter().map(|side| side.taken.clone()).collect();
            // Each is looked at by itself once more: what a neighbour has is none of its columns.
            for (side, columns) in sides.iter_mut().zip(around(&spot.columns, &taken)) {
                for (annex, found) in &mut side.matches {
                    let candidate = Candidate {
                        annex: *annex,
                        first_col: found.first_col,
                    };
                    if let Some(alone) = self.find(spot, spot.row, &candidate, &columns) {
                        *found = alone;
                    }
                }
                side.columns = columns;
            }
        }
        sides
    }

    /// Which of the annexes that a header fits it is.
    fn decide(
        &self,
        spot: &Spot<'_>,
        mut matches: Vec<(usize, Match)>,
        findings: &mut Vec<Finding>,
    ) -> Option<Found> {
        let annexes = &self.scheme.annexes;
        let above = spot.from..spot.row;
        let mut evidence = Evidence::gather(self.scheme, spot.sheet, above, &spot.columns);
        if matches.len() > 1 {
            let named: Vec<usize> = (0..matches.len())
                .filter(|&idx| {
                    let number = &annexes[matches[idx].0].number;
                    evidence.names(self.scheme, number, spot.place.file, &spot.sheet.name)
                })
                .collect();
            if let [only] = named[..] {
                matches = vec![matches.swap_remove(only)];
            }
        }
        let end = self.next_header(spot, &matches[0].1);
        let read = |annex: usize, header: &Match| {
            rows::read(&Site {
                scheme: self.scheme,
                annex: &annexes[annex],
                index: &self.rows[annex],
                sheet: spot.sheet,
                merges: spot.merges,
                header,
                end,
            })
        };
        let mut tables: Vec<(usize, Match, TableRows)> = matches
            .into_iter()
            .map(|(annex, header)| {
                let table = read(annex, &header);
                (annex, header, table)
            })
            .collect();
        let best = tables
            .iter()
            .max_by_key(|(annex, header, _)| (header.score, Reverse(*annex)));
        let nearest = best.map(|(annex, header, _)| {
            let (n_found, n_asked) = header.n_found;
            (annexes[*annex].number.clone(), n_found, n_asked)
        });
        let corner = Some(CellRef::new(spot.row, tables[0].1.first_col));
        tables.retain(|(annex, header, table)| {
            self.is_its_form(spot, *annex, header, table, &evidence)
        });
        if tables.is_empty() {
            let detail = Detail::UnknownForm { nearest };
            let finding = Finding::new(Kind::UnknownForm, Level::Hint, detail);
            findings.push(finding.at(spot.at(corner)));
            return None;
        }
        let mut others = Vec::new();
        if tables.len() > 1 {
            // What is not printed, the rows may tell.
            let fit = |(annex, _, table): &(usize, Match, TableRows)| {
                let title_differs = evidence.title_differs(&annexes[*annex].title);
                rows::fit(&annexes[*annex], table, title_differs)
            };
            tables.sort_by_cached_key(fit);
            let number = |(annex, ..): &(usize, Match, TableRows)| annexes[*annex].number.clone();
            if fit(&tables[0]) == fit(&tables[1]) {
                let cell = Some(CellRef::new(spot.row, tables[0].1.first_col));
                tables.sort_by_key(|(annex, ..)| *annex);
                let candidates = tables.iter().map(number).collect();
                let detail = Detail::AmbiguousForm { candidates };
                let finding = Finding::new(Kind::AmbiguousForm, Level::Mandatory, detail);
                findings.push(finding.at(spot.at(cell)));
                return None;
            }
            others = tables[1..].iter().map(number).collect();
        }
        let (annex, mut header, mut table) = tables.swap_remove(0);
        let described = &annexes[annex];
        let lacks_figures = (0..described.leaves.len()).any(|leaf| {
            described.column_of(leaf).kind.is_figure() && header.columns[leaf].is_none()
        });
        if spot.looking == Looking::Strictly && lacks_figures {
            // Now that it is known which columns are its own, those without a header of its may be the missing ones.
            let candidate = Candidate {
                annex,
                first_col: header.first_col,
            };
            let close = Spot {
                looking: Looking::Closely,
                ..spot.clone()
            };
            let completed = self.find(&close, spot.row, &candidate, &spot.columns);
            if let Some(completed) = completed.filter(|it| it.columns != header.columns) {
                table = read(annex, &completed);
                header = completed;
            }
        }
        evidence.look_below(self.scheme, spot.sheet, table.last + 1..end, &spot.columns);
        Some(Found {
            annex,
            header,
            evidence,
            others,
            table,
        })
    }

    /// Whether a table is the form whose header it has: most of its columns are there, and a row that is the annex's.
    /// Tables that share a few headers are others, unless what stands around them says which form they are.
    fn is_its_form(
        &self,
        spot: &Spot<'_>,
        annex: usize,
        header: &Match,
        table: &TableRows,
        evidence: &Evidence,
    ) -> bool {
        let described = &self.scheme.annexes[annex];
        let (n_found, n_asked) = header.n_found;
        let has_columns = n_found * 2 > n_asked;
        // 合计 stands below any table.
        let mut data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
        let has_row = data.next().is_some();
        let has_rows = table.n_unknown == 0 || has_row;
        let names = || {
            evidence.names(
                self.scheme,
                &described.number,
                spot.place.file,
                &spot.sheet.name,
            )
        };
        let is_titled = || evidence.title_differs(&described.title) <= ALIKE || names();
        // A header that only means the same needs rows that are the annex's, or its title.
        let is_fixed = !described.rows.fixed().is_empty();
        match spot.looking {
            Looking::Strictly | Looking::Closely => has_columns && has_rows || is_titled(),
            Looking::Loosely => has_columns && (is_fixed && has_row || is_titled()),
        }
    }

    /// Whether a table is another page of the form before it, with the header printed again: nothing else
    /// stands between them, and no row of the one is in the other.
    fn goes_on(&self, form: &Found, next: &Found) -> bool {
        let annex = &self.scheme.annexes[form.annex];
        let at_top = annex.total.as_ref().is_some_and(|total| total.at_top);
        let is_total = |row: &LayoutRow| row.kind == RowKind::Total;
        let specs: HashSet<usize> = form.table.rows.iter().filter_map(|row| row.spec).collect();
        let is_there = |row: &LayoutRow| row.spec.is_some_and(|spec| specs.contains(&spec));
        form.annex == next.annex
            && form.header.columns == next.header.columns
            && form.evidence.covers(&next.evidence)
            && (at_top || !form.table.rows.iter().any(is_total))
            && !next.table.rows.iter().any(is_there)
    }

    /// The row below a header in which another really starts in its columns, or past the end of the sheet.
    fn next_header(&self, spot: &Spot<'_>, header: &Match) -> u32 {
        let own = header.taken();
        let starts = |start: &&Start| {
            let find = |candidate| Some(self.find(spot, start.row, candidate, &ALL)?.taken());
            let taken = || start.candidates.iter().filter_map(find).collect();
            let mut taken = start.taken.get_or_init(taken).iter();
            start.row > header.rows.1 && taken.any(|columns| overlap(columns, &own))
        };
        spot.later
            .iter()
            .find(starts)
            .map_or(u32::MAX, |start| start.row)
    }

    fn find(
        &self,
        spot: &Spot<'_>,
        row: u32,
        candidate: &Candidate,
        columns: &Columns,
    ) -> Option<Match> {
        let annex = &self.scheme.annexes[candidate.annex];
        let corner = (row, candidate.first_col);
        let index = &self.headers[candidate.annex];
        let stands_in = (spot.sheet, spot.merges);
        index.find(self.scheme, annex, stands_in, corner, columns, spot.looking)
    }

    fn layout(&self, spot: &Spot<'_>, found: Found, findings: &mut Vec<Finding>) -> Layout {
        let Found {
            annex: annex_idx,
            header,
            evidence,
            others,
            table,
        } = found;
        let annex = &self.scheme.annexes[annex_idx];
        let mut unheaded = figures_above(spot.sheet, &header, spot.from, &spot.columns);
        unheaded.extend(unheaded_figures(
            spot.sheet,
            &header,
            &table.rows,
            &spot.columns,
            &self.scheme.units,
        ));
        let start = findings.len();
        if let Some(first) = header.guesses.first() {
            let columns = header.guesses.iter().map(|guess| GuessedColumn {
                cell: guess.cell,
                given: guess.given.clone(),
                declared: annex.leaves[guess.leaf].path.join("/").replace('\n', ""),
            });
            let detail = Detail::ReadAs(ReadAs::Guessed {
                columns: columns.collect(),
                rows: false,
                sums: None,
            });
            let mut finding = Finding::new(Kind::ReadAs, Level::Verification, detail)
                .at(spot.at(Some(first.cell)))
                .given(first.given.as_str());
            let others = header.guesses[1..].iter();
            finding.cells = others.map(|guess| spot.at(Some(guess.cell))).collect();
            findings.push(finding);
        }
        if let Some(first) = table.other_years.first() {
            let detail = Detail::ReadAs(ReadAs::Guessed {
                columns: table.other_years.clone(),
                rows: true,
                sums: None,
            });
            let mut finding = Finding::new(Kind::ReadAs, Level::Verification, detail)
                .at(spot.at(Some(first.cell)))
                .given(first.given.as_str());
            let others = table.other_years[1..].iter();
            finding.cells = others.map(|year| spot.at(Some(year.cell))).collect();
            findings.push(finding);
        }
        let mut note = |kind, level, detail, cell: Option<CellRef>, given: Option<String>| {
            let mut finding = Finding::new(kind, level, detail).at(spot.at(cell));
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
            let is_asked = !described.optional || !described.done.is_empty();
            if column.is_none() && is_asked && described.kind != crate::scheme::ColumnKind::Serial {
                let header = annex.leaves[leaf].path.join("/").replace('\n', "");
                let level = if annex.is_label(annex.leaves[leaf].column) {
                    Level::Hint
                } else {
                    Level::Mandatory
                };
                note(
                    Kind::MissingColumn,
                    level,
                    Detail::MissingColumn {
                        header,
                        seems: None,
                    },
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
        let used = used_columns(spot.sheet, &table.rows, &header.extra);
        for ((cell, header), _) in header.extra.into_iter().zip(used).filter(|(_, used)| *used) {
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
        if let [first, others @ ..] = &*unheaded {
            let mut finding = Finding::new(Kind::UnexpectedColumn, Level::Hint, Detail::Beside)
                .at(spot.at(Some(first.at)));
            finding.given = Some(first.given.clone());
            finding.cells = (others.iter())
                .map(|figure| spot.at(Some(figure.at)))
                .collect();
            findings.push(finding);
        }
        for problem in table.problems {
            let mut finding = Finding::new(problem.kind, problem.level, problem.detail)
                .at(spot.at(Some(problem.cell)));
            finding.given = problem.given;
            if let Some(reporter) = problem.reporter {
                let name = &self.scheme.reporters[reporter].name;
                finding.reporter = Some(name.clone());
                finding.expected = Some(name.to_string());
            }
            let others = problem.others.into_iter();
            finding.cells = others.map(|cell| spot.at(Some(cell))).collect();
            findings.push(finding);
        }
        for finding in &mut findings[start..] {
            finding.annex = Some(annex.number.clone());
        }
        let merged = merged_figures(spot, annex, &header.columns, &table.rows);
        Layout {
            annex: annex_idx,
            merged,
            n_unknown: table.n_unknown,
            subtotals: table.subtotals,
            columns: header.columns,
            column_units: header.units,
            guesses: header.guesses,
            unit: evidence.unit,
            header_row: header.rows.0,
            rows: table.rows,
            mentions: evidence.mentions,
            periods: evidence.periods,
        }
    }

    /// A sheet that is an annex once its rows are taken for columns: all columns are there then, and no row too many.
    fn exchanged(&self, place: &SheetPlace<'_>, sheet: &Sheet) -> Option<Finding> {
        if sheet.cells().len() > MOST_EXCHANGED {
            return None;
        }
        let turn = |at: CellRef| CellRef::new(at.col, at.row);
        let cells = sheet.cells().iter().map(|cell| Cell {
            at: turn(cell.at),
            ..cell.clone()
        });
        let merges = sheet.merges.iter().map(|merge| CellRange {
            start: turn(merge.start),
            end: turn(merge.end),
        });
        let turned = Sheet::new(
            sheet.name.clone(),
            sheet.visible,
            cells.collect(),
            merges.collect(),
        );
        let merges = Merges::new(&turned);
        let ways = [Looking::Strictly, Looking::Loosely].into_iter();
        let mut looks = ways.map(|looking| self.look(place, &turned, &merges, looking));
        let (layouts, findings) = looks.find(|(layouts, _)| !layouts.is_empty())?;
        let is_odd = |kind: Kind| matches!(kind, Kind::MissingColumn | Kind::UnexpectedRow);
        let layout = layouts
            .iter()
            .find(|it| it.rows.iter().any(|row| row.filled))?;
        if findings.iter().any(|finding| is_odd(finding.kind)) {
            return None;
        }
        let annex = self.scheme.annexes[layout.annex].number.clone();
        let first = layout.columns.iter().flatten().min().copied().unwrap_or(0);
        let corner = turn(CellRef::new(layout.header_row, first));
        let detail = Detail::Exchanged { annex };
        let finding = Finding::new(Kind::UnknownForm, Level::Hint, detail);
        let place = Place::sheet(place.file, &place.sheet, Some(corner));
        Some(finding.at(place))
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
        let mut headers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (annex, header) in self.headers.iter().enumerate() {
            for text in header.tops.union(&header.lower) {
                headers.entry(text).or_default().push(annex);
            }
        }
        let texts = sheet.cells().iter().filter_map(|cell| cell.text());
        let found: HashSet<&str> = texts
            .filter_map(|text| headers.get_key_value(plain(text).as_ref()))
            .map(|(text, _)| *text)
            .collect();
        let mut n_found = vec![0; self.headers.len()];
        for annex in found.into_iter().flat_map(|text| &headers[text]) {
            n_found[*annex] += 1;
        }
        // What it calls itself says more than any header that it shares with others.
        let texts = sheet.cells().iter().filter_map(|cell| cell.text());
        let printed = texts
            .take(N_FIRST)
            .find_map(|text| annex_number(self.scheme, text));
        let is_named =
            |annex: usize| printed.as_deref() == Some(&*self.scheme.annexes[annex].number);
        let nearest = (0..self.headers.len())
            .map(|annex| {
                let n_texts = self.headers[annex].n_texts();
                (annex, n_found[annex].min(n_texts), n_texts)
            })
            .filter(|&(annex, n_found, _)| n_found > 1 || is_named(annex))
            .max_by_key(|&(annex, n_found, n_texts)| {
                (is_named(annex), n_found * 100 / n_texts, Reverse(annex))
            })
            .map(|(annex, n_found, n_texts)| {
                let number = self.scheme.annexes[annex].number.clone();
                (number, n_found, n_texts)
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

/// A header that may start in a row.
struct Candidate {
    annex: usize,
    /// The first of its top cells.
    first_col: u32,
}

/// A row in which a header may start.
struct Start {
    row: u32,
    candidates: Vec<Candidate>,
    /// The columns of those that really start there, once they were asked for.
    taken: OnceCell<Vec<Columns>>,
}

impl Start {
    /// The start of those that may start there, if any do.
    fn of(row: u32, candidates: Vec<Candidate>) -> Option<Self> {
        (!candidates.is_empty()).then(|| Self {
            row,
            candidates,
            taken: OnceCell::new(),
        })
    }
}

/// A header among those that start in one row, with all annexes that it fits as well as any.
struct Side {
    /// The columns that are its own or nobody's.
    columns: Columns,
    /// From its first column to its last.
    taken: Columns,
    matches: Vec<(usize, Match)>,
}

/// A row in which a header may start, and what is known around it.
#[derive(Clone)]
struct Spot<'f> {
    place: &'f SheetPlace<'f>,
    sheet: &'f Sheet,
    merges: &'f Merges,
    looking: Looking,
    /// The rows further down in which headers may start.
    later: &'f [Start],
    row: u32,
    /// The columns in which it may stand.
    columns: Columns,
    /// The first row that belongs to no earlier form in these columns.
    from: u32,
}

impl Spot<'_> {
    fn at(&self, cell: Option<CellRef>) -> Place {
        Place::sheet(self.place.file, &self.place.sheet, cell)
    }
}

/// A table found on a sheet.
struct Found {
    annex: usize,
    header: Match,
    evidence: Evidence,
    /// Annexes that the header fits as well.
    others: Vec<Arc<str>>,
    table: TableRows,
}

/// The merged cells that hold one figure for several cells of a table.
fn merged_figures(
    spot: &Spot<'_>,
    annex: &Annex,
    columns: &[Option<u32>],
    rows: &[LayoutRow],
) -> Vec<MergedFigure> {
    let filled = rows.iter().filter(|row| row.filled);
    let mut filled: Vec<u32> = filled.map(|row| row.sheet_row).collect();
    filled.sort_unstable();
    let (Some(&first), Some(&last)) = (filled.first(), filled.last()) else {
        return Vec::new();
    };
    let is_figure = |leaf: &usize| annex.column_of(*leaf).kind.is_figure();
    let figures = (0..columns.len()).filter(is_figure);
    let figures: Vec<u32> = figures.filter_map(|leaf| columns[leaf]).collect();
    let merges = spot.merges.starting_in(first..=last).iter();
    let small = merges.filter(|merge| merge.end.row - merge.start.row <= rows::MOST_MERGED);
    let merged = small.filter_map(|merge| {
        let value = spot.sheet.get(merge.start).map(|cell| &cell.value)?;
        if !rows::is_figure(value) || !figures.contains(&merge.start.col) {
            return None;
        }
        let from = filled.partition_point(|row| *row < merge.start.row);
        let to = filled.partition_point(|row| *row <= merge.end.row);
        let rows = filled[from..to].iter();
        let cells = rows.flat_map(|&row| figures.iter().map(move |&col| CellRef::new(row, col)));
        let mut cells: Vec<CellRef> = cells.filter(|cell| merge.contains(*cell)).collect();
        cells.sort_unstable();
        let is_one = cells.len() > 1 && cells[0] == merge.start;
        is_one.then_some(MergedFigure { cells })
    });
    merged.collect()
}

/// Which of these columns hold anything in the rows of a table.
fn used_columns(sheet: &Sheet, rows: &[LayoutRow], columns: &[(CellRef, String)]) -> Vec<bool> {
    let mut used = vec![false; columns.len()];
    for row in rows {
        for (used, (cell, _)) in used.iter_mut().zip(columns) {
            *used = *used || sheet.get(CellRef::new(row.sheet_row, cell.col)).is_some();
        }
    }
    used
}
