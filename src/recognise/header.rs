//! Header paths: which column of a sheet is which leaf column of an annex.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::{HashMap, HashMapExt};

use crate::model::{CellRef, CellValue, Sheet};
use crate::scheme::{Annex, ColumnKind, Scheme, is_near, plain, without_remark};

use super::guess::{HeaderColumn, Meaning, Meanings, guess, year_alone};
use super::merges::Merges;
use super::rows::is_figure;
use super::sides::Columns;

/// The widest form.
const MAX_WIDTH: u32 = 512;

/// Rows below a header that are looked at for labels.
const MAX_LABELS: usize = 64;

/// Rows above the first in which half of a header stands, where the rest of it may stand.
const N_ABOVE: u32 = 2;

/// Nor has any more columns than this that are not the annex's.
const MAX_UNMATCHED: usize = 64;

/// The header of one annex, prepared for look-up.
pub(super) struct HeaderIndex {
    /// Plain texts of the top level, with and without bracketed remarks.
    pub(super) tops: HashSet<String>,
    /// How many different top cells there are.
    pub(super) n_tops: usize,
    /// Plain texts of the lower levels, likewise.
    pub(super) lower: HashSet<String>,
    /// Joined path → leaf.
    paths: HashMap<String, usize>,
    /// Joined path without remarks → leaf; only where that is unique.
    bases: HashMap<String, Option<usize>>,
    /// Plain levels of each leaf's path.
    leaves: Vec<Vec<String>>,
    /// The unit that each leaf's path states in brackets, if any.
    printed_units: Vec<Option<usize>>,
    /// Plain labels of the rows in each leaf that is a key of fixed rows.
    labels: Vec<HashSet<String>>,
    /// What each leaf's path means.
    pub(super) meanings: Meanings,
    depth: usize,
}

/// An annex's header found in a sheet.
pub(super) struct Match {
    /// First and last header row.
    pub(super) rows: (u32, u32),
    /// Leftmost column of the table.
    pub(super) first_col: u32,
    /// Rightmost column of the table.
    pub(super) last_col: u32,
    /// Leaf → sheet column.
    pub(super) columns: Vec<Option<u32>>,
    /// Leaf → unit that its header states.
    pub(super) units: Vec<Option<usize>>,
    /// Headers spelled differently: cell, text, leaf.
    pub(super) misprints: Vec<(CellRef, String, usize)>,
    /// Columns whose leaf was already found.
    pub(super) repeated: Vec<(CellRef, String)>,
    /// Columns that are no leaf.
    pub(super) extra: Vec<(CellRef, String)>,
    /// Columns that no header tells to be what they were taken for.
    pub(super) guesses: Vec<Guess>,
    /// How many of the columns that make the form were found, and how many there are.
    pub(super) n_found: (usize, usize),
    /// Of 1000: how much of the annex's header was found, less what does not belong.
    pub(super) score: usize,
}

/// A column that was taken for a leaf whose header it does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Its header, or where that should be.
    pub cell: CellRef,
    /// What stands there, levels joined by `/`; empty where nothing does.
    pub given: String,
    /// The leaf that it was taken for.
    pub leaf: usize,
}

/// How sure it must be that a header is an annex's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looking {
    /// Half of its columns have the annex's headers.
    Strictly,
    /// Half of them have; columns without are taken for those that are missing.
    Closely,
    /// All its columns are found, by whatever they mean and wherever they stand.
    Loosely,
}

impl Match {
    /// From the first of its columns to the last.
    pub(super) fn taken(&self) -> Columns {
        self.first_col..=self.last_col
    }
}

impl HeaderIndex {
    pub(super) fn new(scheme: &Scheme, annex: &Annex) -> Self {
        let mut index = Self {
            tops: HashSet::new(),
            n_tops: 0,
            lower: HashSet::new(),
            paths: HashMap::new(),
            bases: HashMap::new(),
            leaves: Vec::new(),
            printed_units: Vec::new(),
            labels: Vec::new(),
            meanings: Meanings::new(scheme, &[]),
            depth: annex.depth,
        };
        for (leaf, described) in annex.leaves.iter().enumerate() {
            let levels: Vec<String> = described
                .path
                .iter()
                .map(|level| plain(level).into_owned())
                .collect();
            for (level, text) in levels.iter().enumerate() {
                let set = if level == 0 {
                    &mut index.tops
                } else {
                    &mut index.lower
                };
                let new = set.insert(text.clone());
                set.insert(without_remark(text).0.to_owned());
                set.extend(year_spellings(text).into_iter().flatten());
                index.n_tops += usize::from(level == 0 && new);
            }
            let texts = || levels.iter().map(String::as_str);
            for nth in 0..N_YEAR_SPELLINGS {
                let spelled = texts().map(|text| match year_spellings(text) {
                    Some(spellings) => spellings[nth].clone(),
                    None => text.to_owned(),
                });
                index.paths.entry(spelled.collect()).or_insert(leaf);
            }
            index.paths.insert(texts().collect(), leaf);
            index
                .bases
                .entry(bases(texts()))
                .and_modify(|entry| *entry = None)
                .or_insert(Some(leaf));
            index.printed_units.push(unit_in(scheme, texts()));
            index.leaves.push(levels);
            index.labels.push(labels(annex, described.column));
        }
        index.meanings = Meanings::new(scheme, &index.leaves);
        index
    }

    /// How many different texts the header has.
    pub(super) fn n_texts(&self) -> usize {
        self.leaves.len()
    }

    /// The annex's header, if it starts in `row` within these columns; `col` is the first of its top cells there.
    pub(super) fn find(
        &self,
        scheme: &Scheme,
        annex: &Annex,
        (sheet, merges): (&Sheet, &Merges),
        (row, col): (u32, u32),
        columns: &Columns,
        looking: Looking,
    ) -> Option<Match> {
        // No form is wider than this, counted from the first of its top cells.
        let from = col.saturating_sub(MAX_WIDTH / 8).max(*columns.start());
        let columns = from..=col.saturating_add(MAX_WIDTH).min(*columns.end());
        let last = self.last_row(sheet, merges, row, &columns);
        let band = Band::new(sheet, merges, (row, last), columns);
        let mut found = Match {
            rows: (row, band.last),
            first_col: 0,
            last_col: 0,
            columns: vec![None; annex.leaves.len()],
            units: vec![None; annex.leaves.len()],
            misprints: Vec::new(),
            repeated: Vec::new(),
            extra: Vec::new(),
            guesses: Vec::new(),
            n_found: (0, 0),
            score: 0,
        };
        let mut unmatched: Vec<(u32, Path<'_, '_>)> = Vec::new();
        let mut repeated: Vec<(usize, u32, Path<'_, '_>)> = Vec::new();
        for (idx, &col) in band.columns.iter().enumerate() {
            let direct = band.path(idx, false);
            let path = match self.leaf(&direct) {
                Some(_) => direct,
                None => band.path(idx, true),
            };
            if path.0.is_empty() {
                continue;
            }
            match self.leaf(&path) {
                Some(leaf) if found.columns[leaf].is_none() => {
                    found.columns[leaf] = Some(col);
                    found.units[leaf] = self.stated_unit(scheme, annex, leaf, &path);
                }
                Some(leaf) => repeated.push((leaf, col, path)),
                None if unmatched.len() < MAX_UNMATCHED => unmatched.push((col, path)),
                None => {}
            }
        }
        self.take_misprints(scheme, annex, &unmatched, &mut found);
        if looking == Looking::Loosely {
            // Keys are looked for to the left of what is known.
            self.take_guesses(scheme, annex, sheet, &band, &mut repeated, &mut found);
        }
        self.take_keys(scheme, annex, sheet, &band, &mut found);

        let required = required(annex);
        let count = |found: &Match| {
            let is_found = |leaf: &&usize| found.columns[**leaf].is_some();
            required.iter().filter(is_found).count()
        };
        let mut n_found = count(&found);
        if looking != Looking::Strictly {
            self.take_guesses(scheme, annex, sheet, &band, &mut repeated, &mut found);
        }
        if looking == Looking::Loosely {
            n_found = count(&found);
            if n_found < required.len() {
                return None;
            }
        }
        let has_key = annex
            .leaves
            .iter()
            .zip(&found.columns)
            .any(|(leaf, col)| col.is_some() && annex.is_key(leaf.column));
        if !has_key || n_found * 2 < required.len() || n_found < 2 {
            return None;
        }
        self.take_nearest(&required, repeated, &mut found);
        let columns = || found.columns.iter().flatten().copied();
        (found.first_col, found.last_col) = (columns().min()?, columns().max()?);
        take_unit_row(scheme, sheet, merges, &mut found);
        // A look-up list to the right of the form is not part of its header.
        let inside = found.first_col.saturating_sub(1)..=found.last_col + 1;
        found.extra.retain(|(cell, _)| inside.contains(&cell.col));
        found
            .repeated
            .retain(|(cell, _)| inside.contains(&cell.col));
        found.n_found = (n_found, required.len());
        let wrong = found.extra.len() + found.misprints.len();
        found.score = (n_found * 1000 / required.len()).saturating_sub(wrong * 20);
        Some(found)
    }

    fn leaf(&self, path: &Path<'_, '_>) -> Option<usize> {
        let texts = || path.0.iter().map(|level| level.plain.as_ref());
        let joined: String = texts().collect();
        let exact = self.paths.get(&joined).copied();
        exact.or_else(|| self.bases.get(&bases(texts())).copied().flatten())
    }

    /// The unit that a header states. What the annex itself prints in brackets means the annex's own unit:
    /// 户数（个） counts 户.
    fn stated_unit(
        &self,
        scheme: &Scheme,
        annex: &Annex,
        leaf: usize,
        path: &Path<'_, '_>,
    ) -> Option<usize> {
        let levels = || path.0.iter().map(|level| level.plain.as_ref());
        let printed = self.printed_units[leaf];
        let stated = if levels().eq(self.leaves[leaf].iter().map(String::as_str)) {
            printed
        } else {
            unit_in(scheme, levels())
        };
        match stated {
            Some(_) if stated == printed => scheme.unit_of(annex, leaf, None),
            stated => stated,
        }
    }

    /// Columns that may be misprinted leaves: only where one column and one leaf fit each other alone.
    fn take_misprints(
        &self,
        scheme: &Scheme,
        annex: &Annex,
        unmatched: &[(u32, Path<'_, '_>)],
        found: &mut Match,
    ) {
        let free: Vec<usize> = (0..annex.leaves.len())
            .filter(|&leaf| found.columns[leaf].is_none())
            .collect();
        let fits: Vec<Vec<usize>> = unmatched
            .iter()
            .map(|(_, path)| {
                let near = |leaf: &usize| self.is_near(path, *leaf);
                free.iter().copied().filter(near).collect()
            })
            .collect();
        for ((col, path), leaves) in unmatched.iter().zip(&fits) {
            let rivals = |leaf| fits.iter().filter(|leaves| leaves.contains(&leaf)).count() > 1;
            match leaves[..] {
                [leaf] if !rivals(leaf) => {
                    found.columns[leaf] = Some(*col);
                    found.units[leaf] = self.stated_unit(scheme, annex, leaf, path);
                    found.misprints.push((path.cell(), path.text(), leaf));
                }
                _ => found.extra.push((path.cell(), path.text())),
            }
        }
    }

    /// Of two columns with one header the first is taken. Of row numbers and remarks it is the one nearer to what
    /// the form must have: the other is that of a form beside it.
    fn take_nearest(
        &self,
        required: &[usize],
        repeated: Vec<(usize, u32, Path<'_, '_>)>,
        found: &mut Match,
    ) {
        let columns = || required.iter().filter_map(|&leaf| found.columns[leaf]);
        let (first, last) = (columns().min().unwrap_or(0), columns().max().unwrap_or(0));
        let gap = |col: u32| first.saturating_sub(col).max(col.saturating_sub(last));
        for (leaf, col, path) in repeated {
            let taken = found.columns[leaf].unwrap_or(col);
            if !required.contains(&leaf) && gap(col) < gap(taken) {
                found.columns[leaf] = Some(col);
            } else {
                found.repeated.push((path.cell(), path.text()));
            }
        }
    }

    /// Key columns with a header of their own, as 乡镇 for 单位, or none: they are known by the labels of the rows
    /// below, where most of these stand in one column.
    fn take_keys(
        &self,
        scheme: &Scheme,
        annex: &Annex,
        sheet: &Sheet,
        band: &Band<'_>,
        found: &mut Match,
    ) {
        for leaf in 0..annex.leaves.len() {
            let last = found.columns.iter().flatten().max().copied();
            let Some(last) = last.filter(|_| found.columns[leaf].is_none()) else {
                continue;
            };
            let labels = &self.labels[leaf];
            if labels.is_empty() {
                continue;
            }
            let names_reporters = annex.reporter_column == Some(annex.leaves[leaf].column);
            let is_label = |value: &CellValue| match value {
                CellValue::Text(text) => {
                    let text = plain(text);
                    labels.contains(without_remark(&text).0)
                        || names_reporters && scheme.roster.look_up(&text, true).is_some()
                }
                value => year_of(value).is_some_and(|year| labels.contains(&year.to_string())),
            };
            let mut n_labels: HashMap<u32, usize> = HashMap::new();
            for (_, cells) in sheet.rows_from(band.last + 1).take(MAX_LABELS) {
                for cell in cells {
                    let col = cell.at.col;
                    let is_free = band.wide.contains(&col)
                        && col <= last
                        && !found.columns.contains(&Some(col));
                    if is_free && is_label(&cell.value) {
                        *n_labels.entry(col).or_default() += 1;
                    }
                }
            }
            let Some((&col, most)) = n_labels.iter().max_by_key(|(_, n)| **n) else {
                continue;
            };
            if n_labels.values().filter(|n| *n == most).count() > 1 {
                continue;
            }
            found.columns[leaf] = Some(col);
            let header = band.columns.binary_search(&col).ok();
            let path = header
                .map(|idx| band.path(idx, false))
                .filter(|path| !path.0.is_empty());
            let (cell, text) = match path {
                Some(path) => (path.cell(), path.text()),
                None => (CellRef::new(band.last, col), String::new()),
            };
            found.extra.retain(|(cell, _)| cell.col != col);
            found.misprints.push((cell, text, leaf));
        }
    }

    /// Columns of figures whose headers are not the annex's, where leaves are missing.
    fn take_guesses(
        &self,
        scheme: &Scheme,
        annex: &Annex,
        sheet: &Sheet,
        band: &Band<'_>,
        repeated: &mut Vec<(usize, u32, Path<'_, '_>)>,
        found: &mut Match,
    ) {
        let is_missing = |leaf: &usize| {
            annex.column_of(*leaf).kind.is_figure() && found.columns[*leaf].is_none()
        };
        let n_missing = (0..annex.leaves.len()).filter(is_missing).count();
        if n_missing == 0 {
            return;
        }
        let known = || found.columns.iter().flatten().copied();
        let headed = band.columns.iter().copied();
        let first = known().chain(headed.clone()).min().unwrap_or(0);
        let last = known().chain(headed).max().unwrap_or(0) + n_missing as u32;
        let inside = first.max(*band.wide.start())..=last.min(*band.wide.end());
        let with_figures = columns_with_figures(sheet, band.last + 1, &inside);
        let mut cols: Vec<u32> = with_figures.iter().chain(&band.columns).copied().collect();
        cols.retain(|col| inside.contains(col));
        cols.sort_unstable();
        cols.dedup();
        let path = |col: u32| {
            let idx = band.columns.binary_search(&col).ok()?;
            let direct = band.path(idx, false);
            let is_known = self.leaf(&direct).is_some();
            let path = if is_known {
                direct
            } else {
                band.path(idx, true)
            };
            (!path.0.is_empty()).then_some(path)
        };
        // A header of two rows that were not merged: 三年合计 stands above, and nothing below it.
        let above = |col: u32| {
            let rows = (found.rows.0.saturating_sub(N_ABOVE)..found.rows.0).rev();
            let mut texts = rows.filter_map(|row| HeaderText::new(sheet, CellRef::new(row, col)));
            let leaf = self.leaf(&Path(vec![&texts.next()?]))?;
            found.columns[leaf].is_none().then_some(leaf)
        };
        let unheaded = cols.iter().filter(|col| path(**col).is_none());
        let headed_above: Vec<(u32, usize)> = unheaded
            .filter_map(|&col| Some((col, above(col)?)))
            .collect();
        for (col, leaf) in headed_above {
            found.columns[leaf].get_or_insert(col);
        }
        let mut columns: Vec<HeaderColumn> = cols
            .iter()
            .map(|&col| {
                let meaning = path(col).map(|path| {
                    let levels = path.0.iter().map(|level| level.plain.as_ref());
                    Meaning::of(scheme, levels)
                });
                let repeats = repeated.iter().find(|(_, repeated, _)| *repeated == col);
                HeaderColumn {
                    col,
                    meaning,
                    leaf: found.columns.iter().position(|known| *known == Some(col)),
                    repeats: repeats.map(|repeats| repeats.0),
                    has_figures: with_figures.binary_search(&col).is_ok(),
                }
            })
            .collect();
        let before: Vec<Option<usize>> = columns.iter().map(|column| column.leaf).collect();
        guess(annex, &self.meanings, &mut columns);
        let changed = columns
            .iter()
            .zip(before)
            .filter(|(now, was)| now.leaf != *was);
        let changed: Vec<(u32, usize)> = changed
            .filter_map(|(column, _)| Some((column.col, column.leaf?)))
            .collect();
        // A column that was another leaf's before gives that up first.
        for (col, _) in &changed {
            let was = found.columns.iter_mut().find(|was| **was == Some(*col));
            was.into_iter().for_each(|was| *was = None);
        }
        for (col, leaf) in changed {
            let path = path(col);
            let (cell, given) = match &path {
                Some(path) => (path.cell(), path.text()),
                None => (CellRef::new(band.last, col), String::new()),
            };
            found.columns[leaf] = Some(col);
            found.units[leaf] = path
                .as_ref()
                .and_then(|path| self.stated_unit(scheme, annex, leaf, path));
            found.extra.retain(|(cell, _)| cell.col != col);
            found.misprints.retain(|(cell, ..)| cell.col != col);
            repeated.retain(|(_, repeated, _)| *repeated != col);
            found.guesses.push(Guess { cell, given, leaf });
        }
    }

    fn is_near(&self, path: &Path<'_, '_>, leaf: usize) -> bool {
        let declared = &self.leaves[leaf];
        if path.0.len() == declared.len() {
            path.0.iter().zip(declared).all(|(a, b)| {
                is_near(&a.plain, b) || is_near(without_remark(&a.plain).0, without_remark(b).0)
            })
        } else {
            let joined: String = path.0.iter().map(|level| level.plain.as_ref()).collect();
            is_near(&joined, &declared.concat())
        }
    }

    /// The header goes down as far as its merged cells, and as rows hold its lower levels.
    fn last_row(&self, sheet: &Sheet, merges: &Merges, first: u32, columns: &Columns) -> u32 {
        let limit = first.saturating_add(self.depth as u32 + 1);
        let merged = merges
            .starting_in(first..=first)
            .iter()
            .filter(|merge| columns.contains(&merge.start.col))
            .map(|merge| merge.end.row)
            .filter(|&end| end <= limit)
            .max()
            .unwrap_or(first);
        let mut last = merged;
        for row in merged + 1..=limit {
            let cells = sheet.row(row);
            let from = cells.partition_point(|cell| cell.at.col < *columns.start());
            let to = cells.partition_point(|cell| cell.at.col <= *columns.end());
            let cells = &cells[from..to];
            let is_header = |text: &str| {
                let text = plain(text);
                self.lower.contains(text.as_ref()) || self.lower.contains(without_remark(&text).0)
            };
            let mut texts = cells.iter().filter_map(|cell| cell.text());
            if texts.any(is_header)
                && cells
                    .iter()
                    .all(|cell| cell.text().is_some() || year_of(&cell.value).is_some())
            {
                last = row;
            } else if !cells.is_empty() {
                break;
            }
        }
        last
    }
}

/// The columns that make the form: all that must be filled in, and the keys; where all that is filled in may be left
/// out, everything.
fn required(annex: &Annex) -> Vec<usize> {
    let is_serial = |leaf: &usize| annex.column_of(*leaf).kind == ColumnKind::Serial;
    let all: Vec<usize> = (0..annex.leaves.len())
        .filter(|leaf| !is_serial(leaf))
        .collect();
    let is_asked = |leaf: &usize| !annex.column_of(*leaf).optional;
    let asked: Vec<usize> = all.iter().copied().filter(is_asked).collect();
    match asked
        .iter()
        .all(|&leaf| annex.is_key(annex.leaves[leaf].column))
    {
        true => all,
        false => asked,
    }
}

/// A text of a header.
struct HeaderText<'t> {
    at: CellRef,
    raw: Cow<'t, str>,
    plain: Cow<'t, str>,
}

impl<'t> HeaderText<'t> {
    fn new(sheet: &'t Sheet, at: CellRef) -> Option<Self> {
        match &sheet.get(at)?.value {
            CellValue::Text(text) if !text.trim().is_empty() => {
                // 2023年度① has a footnote.
                let name = text.trim_end_matches(|c| ('①'..='⑳').contains(&c));
                let plain = plain(name);
                Some(Self {
                    at,
                    raw: Cow::Borrowed(text),
                    plain: match year_alone(&plain) {
                        Some(year) => Cow::Owned(format!("{year}年度")),
                        None => plain,
                    },
                })
            }
            value => year_of(value).map(|year| Self {
                at,
                raw: Cow::Owned(year.to_string()),
                plain: Cow::Owned(year.to_string()),
            }),
        }
    }
}

/// The header cells above one column, from top to bottom.
struct Path<'b, 't>(Vec<&'b HeaderText<'t>>);

impl Path<'_, '_> {
    fn text(&self) -> String {
        let levels: Vec<&str> = self.0.iter().map(|level| level.raw.as_ref()).collect();
        levels.join("/").replace('\n', "")
    }

    /// The lowest.
    fn cell(&self) -> CellRef {
        self.0.last().map_or(CellRef::new(0, 0), |level| level.at)
    }
}

/// The rows of a header.
struct Band<'t> {
    last: u32,
    /// Where its columns may be.
    wide: Columns,
    /// Columns that hold anything in it, from left to right.
    columns: Vec<u32>,
    texts: Vec<HeaderText<'t>>,
    rows: Vec<BandRow>,
}

/// One row of a header; one entry for each of the band's columns, which says its text.
struct BandRow {
    /// The text that stands there, or in the merged region.
    own: Vec<Option<usize>>,
    /// The same, with group headers that were not merged over the blanks to their right.
    spread: Vec<Option<usize>>,
}

impl<'t> Band<'t> {
    fn new(sheet: &'t Sheet, merges: &Merges, (first, last): (u32, u32), wide: Columns) -> Self {
        let mut columns: Vec<u32> = Vec::new();
        let mut across = Vec::new();
        for row in first..=last {
            let cells = sheet.row(row).iter().map(|cell| cell.at.col);
            columns.extend(cells.filter(|col| wide.contains(col)));
            // A header may begin in a cell that is merged from above.
            let merges = merges.across(row, 8);
            for merge in &merges {
                let from = merge.start.col.max(*wide.start());
                columns.extend(from..=merge.end.col.min(*wide.end()));
            }
            across.push(merges);
        }
        columns.sort_unstable();
        columns.dedup();
        let mut band = Self {
            last,
            wide,
            columns,
            texts: Vec::new(),
            rows: Vec::new(),
        };
        for (row, merges) in (first..=last).zip(&across) {
            let mut own = vec![None; band.columns.len()];
            for cell in sheet.row(row) {
                if let Ok(idx) = band.columns.binary_search(&cell.at.col) {
                    own[idx] = band.text(sheet, cell.at);
                }
            }
            for merge in merges {
                let from = band.columns.partition_point(|col| *col < merge.start.col);
                let to = band.columns.partition_point(|col| *col <= merge.end.col);
                if from < to {
                    // A text is kept once, however many cells it covers.
                    let text = match band.rows.last() {
                        _ if merge.start.row == row => own[from],
                        Some(above) => above.own[from],
                        None => band.text(sheet, merge.start),
                    };
                    own[from..to].fill(text);
                }
            }
            band.rows.push(BandRow {
                own,
                spread: Vec::new(),
            });
        }
        band.spread();
        band
    }

    fn text(&mut self, sheet: &'t Sheet, at: CellRef) -> Option<usize> {
        self.texts.push(HeaderText::new(sheet, at)?);
        Some(self.texts.len() - 1)
    }

    /// Lets group headers that were not merged cover the blanks to their right: a blank with a text below it
    /// belongs to the nearest text on its left, if that has another text below it too.
    fn spread(&mut self) {
        let mut lowest: Vec<Option<usize>> = vec![None; self.columns.len()];
        for row in self.rows.iter_mut().rev() {
            let mut group = None;
            row.spread = row.own.clone();
            for (text, lowest) in row.spread.iter_mut().zip(&lowest) {
                match text {
                    Some(own) => {
                        group =
                            Some(*own).filter(|own| lowest.is_some_and(|lowest| lowest != *own));
                    }
                    None if lowest.is_some() => *text = group,
                    None => {}
                }
            }
            for (lowest, own) in lowest.iter_mut().zip(&row.own) {
                *lowest = lowest.or(*own);
            }
        }
    }

    /// The path above a column; with `spread`, under group headers that were not merged.
    fn path(&self, idx: usize, spread: bool) -> Path<'_, 't> {
        let mut levels: Vec<&HeaderText<'t>> = Vec::new();
        for row in &self.rows {
            let text = if spread {
                row.spread[idx]
            } else {
                row.own[idx]
            };
            let Some(text) = text.map(|text| &self.texts[text]) else {
                continue;
            };
            // One cell over two rows is one level.
            if levels.last().is_none_or(|above| above.at != text.at) {
                levels.push(text);
            }
        }
        Path(levels)
    }
}

/// The columns below a header's last row, among these, in which figures stand.
fn columns_with_figures(sheet: &Sheet, row: u32, among: &Columns) -> Vec<u32> {
    let mut columns: Vec<u32> = Vec::new();
    for (_, cells) in sheet.rows_from(row).take(MAX_LABELS) {
        let is_figure = |value: &CellValue| {
            is_figure(value) || matches!(value, CellValue::NotCalculated | CellValue::Error(_))
        };
        let figures = cells.iter().filter(|cell| is_figure(&cell.value));
        columns.extend(
            figures
                .map(|cell| cell.at.col)
                .filter(|col| among.contains(col)),
        );
    }
    columns.sort_unstable();
    columns.dedup();
    columns
}

const N_YEAR_SPELLINGS: usize = 3;

/// 2023年度, 2023年 and 2023 are one header, if it is nothing but a year.
fn year_spellings(plain: &str) -> Option<[String; N_YEAR_SPELLINGS]> {
    let year: u16 = plain
        .trim_end_matches('度')
        .trim_end_matches('年')
        .parse()
        .ok()?;
    (1990..2100)
        .contains(&year)
        .then(|| [format!("{year}年度"), format!("{year}年"), year.to_string()])
}

/// A year written as a number.
pub(super) fn year_of(value: &CellValue) -> Option<u16> {
    match value {
        CellValue::Number(number) if (1990.0..2100.0).contains(number) && number.fract() == 0.0 => {
            Some(*number as u16)
        }
        _ => None,
    }
}

/// A row of units below the headers: 亩 | 亩 | 亩, or （万亩） in a cell merged over them.
fn take_unit_row(scheme: &Scheme, sheet: &Sheet, merges: &Merges, found: &mut Match) {
    let Some((row, cells)) = sheet.rows_from(found.rows.1 + 1).next() else {
        return;
    };
    let merges = merges.across(row, 0);
    let mut units: Vec<(Columns, usize)> = Vec::new();
    for cell in cells
        .iter()
        .filter(|cell| found.taken().contains(&cell.at.col))
    {
        let text = plain(cell.text().unwrap_or("?"));
        let name = text.trim_start_matches('(').trim_end_matches(')');
        match scheme.units.find(name) {
            Some(unit) => {
                let merge = merges.iter().find(|merge| merge.contains(cell.at));
                let last = merge.map_or(cell.at.col, |merge| merge.end.col);
                units.push((cell.at.col..=last, unit));
            }
            None if matches!(name, "单位" | "计量单位") => {}
            None => return,
        }
    }
    if units.is_empty() {
        return;
    }
    found.rows.1 = row;
    for (column, unit) in found.columns.iter().zip(&mut found.units) {
        let is_above = |columns: &Columns| column.is_some_and(|col| columns.contains(&col));
        let stated = units.iter().find(|(columns, _)| is_above(columns));
        *unit = stated.map(|(_, stated)| *stated).or(*unit);
    }
}

/// The labels that a key column of fixed rows holds; numbers alone tell no column, but years do.
fn labels(annex: &Annex, column: usize) -> HashSet<String> {
    let mut labels = HashSet::new();
    let position = annex.row_key.iter().position(|&key| key == column);
    for spec in annex.rows.fixed() {
        let year = spec.year.filter(|_| annex.year_column == Some(column));
        labels.extend(year.map(|year| year.to_string()));
        labels.extend(year.map(|year| format!("{year}年")));
        let key = position.map(|position| plain(&spec.key[position]).into_owned());
        labels.extend(key.filter(|key| key.parse::<u32>().is_err()));
    }
    labels
}

fn bases<'p>(levels: impl Iterator<Item = &'p str>) -> String {
    levels.map(|level| without_remark(level).0).collect()
}

/// The unit in the brackets of the lowest level that has any.
fn unit_in<'p>(scheme: &Scheme, levels: impl DoubleEndedIterator<Item = &'p str>) -> Option<usize> {
    levels
        .rev()
        .find_map(|level| scheme.units.find(without_remark(level).1?))
}
