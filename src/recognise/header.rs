//! Header paths: which column of a sheet is which leaf column of an annex.

use std::collections::{HashMap, HashSet};

use crate::model::{CellRange, CellRef, CellValue, Sheet};
use crate::scheme::{Annex, ColumnKind, Scheme, is_near, plain, without_remark};

/// The header of one annex, prepared for look-up.
pub(super) struct HeaderIndex {
    /// Plain texts of the top level, with and without bracketed remarks.
    pub(super) tops: HashSet<String>,
    /// How many different top cells there are.
    pub(super) n_tops: usize,
    /// Plain texts of the lower levels, likewise.
    lower: HashSet<String>,
    /// Joined path → leaf.
    paths: HashMap<String, usize>,
    /// Joined path without remarks → leaf; only where that is unique.
    bases: HashMap<String, Option<usize>>,
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
    /// Leaf → unit that its header states, where that is not the annex's.
    pub(super) units: Vec<Option<usize>>,
    /// Headers spelled differently: cell, text, leaf.
    pub(super) misprints: Vec<(CellRef, String, usize)>,
    /// Columns whose leaf was already found.
    pub(super) repeated: Vec<(CellRef, String)>,
    /// Columns that are no leaf.
    pub(super) extra: Vec<(CellRef, String)>,
    /// Of 1000: how much of the annex's header was found, less what does not belong.
    pub(super) score: usize,
}

impl HeaderIndex {
    pub(super) fn new(annex: &Annex) -> Self {
        let mut index = Self {
            tops: HashSet::new(),
            n_tops: 0,
            lower: HashSet::new(),
            paths: HashMap::new(),
            bases: HashMap::new(),
            depth: annex.depth,
        };
        for (leaf, described) in annex.leaves.iter().enumerate() {
            for (level, text) in described.path.iter().enumerate() {
                let text = plain(text);
                let set = if level == 0 {
                    &mut index.tops
                } else {
                    &mut index.lower
                };
                let new = set.insert(text.clone().into_owned());
                set.insert(without_remark(&text).0.to_owned());
                index.n_tops += usize::from(level == 0 && new);
            }
            index.paths.insert(joined(&described.path), leaf);
            index
                .bases
                .entry(joined_bases(&described.path))
                .and_modify(|entry| *entry = None)
                .or_insert(Some(leaf));
        }
        index
    }

    /// How many different texts the header has.
    pub(super) fn n_texts(&self) -> usize {
        self.paths.len()
    }

    /// How many of its texts stand anywhere on the sheet.
    pub(super) fn n_found(&self, sheet: &Sheet) -> usize {
        let texts: HashSet<String> = sheet
            .cells()
            .iter()
            .filter_map(|cell| cell.text())
            .map(|text| plain(text).into_owned())
            .filter(|text| self.tops.contains(text) || self.lower.contains(text))
            .collect();
        texts.len().min(self.n_texts())
    }

    /// The annex's header, if it starts in `row`.
    pub(super) fn find(
        &self,
        scheme: &Scheme,
        annex_idx: usize,
        sheet: &Sheet,
        row: u32,
    ) -> Option<Match> {
        let annex = &scheme.annexes[annex_idx];
        let band = Band::new(sheet, row, self.last_row(sheet, row));
        let mut found = Match {
            rows: (row, band.last),
            first_col: band.columns.first().copied()?,
            last_col: 0,
            columns: vec![None; annex.leaves.len()],
            units: vec![None; annex.leaves.len()],
            misprints: Vec::new(),
            repeated: Vec::new(),
            extra: Vec::new(),
            score: 0,
        };
        let mut unmatched: Vec<(u32, Path)> = Vec::new();
        for &col in &band.columns {
            let direct = band.path(sheet, col, false);
            let path = match self.leaf(&direct) {
                Some(_) => direct,
                None => band.path(sheet, col, true),
            };
            if path.levels.is_empty() {
                continue;
            }
            match self.leaf(&path) {
                Some(leaf) if found.columns[leaf].is_none() => {
                    found.take(scheme, annex, leaf, col, &path)
                }
                Some(_) => found.repeated.push((path.cell, path.text())),
                None => unmatched.push((col, path)),
            }
        }
        found.take_misprints(scheme, annex, unmatched);

        let required: Vec<usize> = (0..annex.leaves.len())
            .filter(|&leaf| {
                !annex.column_of(leaf).optional && annex.column_of(leaf).kind != ColumnKind::Serial
            })
            .collect();
        let n_found = required
            .iter()
            .filter(|&&leaf| found.columns[leaf].is_some())
            .count();
        let has_key = annex
            .leaves
            .iter()
            .zip(&found.columns)
            .any(|(leaf, col)| col.is_some() && annex.is_key(leaf.column));
        if !has_key || n_found * 2 < required.len() || n_found < 2 {
            return None;
        }
        let columns = || found.columns.iter().flatten().copied();
        (found.first_col, found.last_col) = (columns().min()?, columns().max()?);
        // A look-up list to the right of the form is not part of its header.
        let inside = found.first_col.saturating_sub(1)..=found.last_col + 1;
        found.extra.retain(|(cell, _)| inside.contains(&cell.col));
        let wrong = found.extra.len() + found.misprints.len();
        found.score = (n_found * 1000 / required.len()).saturating_sub(wrong * 20);
        Some(found)
    }

    fn leaf(&self, path: &Path) -> Option<usize> {
        let exact = self.paths.get(&joined(&path.levels)).copied();
        exact.or_else(|| {
            self.bases
                .get(&joined_bases(&path.levels))
                .copied()
                .flatten()
        })
    }

    /// The header goes down as far as its merged cells, and as rows hold its lower levels.
    fn last_row(&self, sheet: &Sheet, first: u32) -> u32 {
        let limit = first + self.depth as u32 + 1;
        let merged = sheet
            .merges
            .iter()
            .filter(|merge| merge.start.row == first && sheet.get(merge.start).is_some())
            .map(|merge| merge.end.row)
            .filter(|&end| end <= limit)
            .max()
            .unwrap_or(first);
        let mut last = merged;
        for row in merged + 1..=limit {
            let cells = sheet.row(row);
            let is_header = |text: &str| {
                let text = plain(text);
                self.lower.contains(text.as_ref()) || self.lower.contains(without_remark(&text).0)
            };
            let texts = cells.iter().filter_map(|cell| cell.text());
            if texts.clone().any(is_header)
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

impl Match {
    fn take(&mut self, scheme: &Scheme, annex: &Annex, leaf: usize, col: u32, path: &Path) {
        self.columns[leaf] = Some(col);
        let declared = scheme.unit_of(annex, leaf, None);
        let stated = path.levels.iter().rev().find_map(|level| {
            let level = plain(level);
            without_remark(&level)
                .1
                .and_then(|remark| scheme.units.find(remark))
        });
        // What the annex itself prints in brackets is not another unit: 户数（个） counts 户.
        let own = annex.leaves[leaf]
            .path
            .iter()
            .map(|level| plain(level))
            .collect::<Vec<_>>();
        let as_printed = path.levels.iter().map(|level| plain(level)).eq(own);
        if !as_printed && stated.is_some() && stated != declared {
            self.units[leaf] = stated;
        }
    }

    /// Columns that may be misprinted leaves: only where one column and one leaf fit each other alone.
    fn take_misprints(&mut self, scheme: &Scheme, annex: &Annex, unmatched: Vec<(u32, Path)>) {
        let free: Vec<usize> = (0..annex.leaves.len())
            .filter(|&leaf| self.columns[leaf].is_none())
            .collect();
        let near = |path: &Path, leaf: usize| {
            let declared = &annex.leaves[leaf].path;
            if path.levels.len() == declared.len() {
                path.levels.iter().zip(declared).all(|(a, b)| {
                    let (a, b) = (plain(a), plain(b));
                    is_near(&a, &b) || is_near(without_remark(&a).0, without_remark(&b).0)
                })
            } else {
                is_near(&joined(&path.levels), &joined(declared))
            }
        };
        for (idx, (col, path)) in unmatched.iter().enumerate() {
            let mut fits = free.iter().copied().filter(|&leaf| near(path, leaf));
            let rivals = |leaf| {
                unmatched
                    .iter()
                    .enumerate()
                    .any(|(other, (_, path))| other != idx && near(path, leaf))
            };
            match (fits.next(), fits.next()) {
                (Some(leaf), None) if self.columns[leaf].is_none() && !rivals(leaf) => {
                    self.take(scheme, annex, leaf, *col, path);
                    self.misprints.push((path.cell, path.text(), leaf));
                }
                _ => self.extra.push((path.cell, path.text())),
            }
        }
    }
}

/// The header cells above one column, from top to bottom.
struct Path {
    levels: Vec<String>,
    /// The lowest.
    cell: CellRef,
}

impl Path {
    fn text(&self) -> String {
        self.levels.join("/").replace('\n', "")
    }
}

/// The rows of a header.
struct Band {
    first: u32,
    last: u32,
    /// Columns that hold anything in it, from left to right.
    columns: Vec<u32>,
    /// Merged regions that reach into it.
    merges: Vec<CellRange>,
}

impl Band {
    fn new(sheet: &Sheet, first: u32, last: u32) -> Self {
        let merges: Vec<CellRange> = sheet
            .merges
            .iter()
            .copied()
            .filter(|merge| {
                merge.start.row <= last
                    && merge.end.row >= first
                    && sheet.get(merge.start).is_some()
            })
            .collect();
        let mut columns: Vec<u32> = Vec::new();
        for row in first..=last {
            columns.extend(sheet.row(row).iter().map(|cell| cell.at.col));
        }
        for merge in &merges {
            // No form is wider than this; a merge over the whole sheet must not cost anything.
            columns.extend(merge.start.col..=merge.end.col.min(merge.start.col + 500));
        }
        columns.sort_unstable();
        columns.dedup();
        Self {
            first,
            last,
            columns,
            merges,
        }
    }

    /// The path above a column; with `spread`, group headers that were not merged cover the blanks to their right.
    fn path(&self, sheet: &Sheet, col: u32, spread: bool) -> Path {
        let mut levels: Vec<String> = Vec::new();
        let mut cell = CellRef::new(self.last, col);
        let mut before: Option<CellRef> = None;
        for row in self.first..=self.last {
            let mut at = self.origin(CellRef::new(row, col));
            let mut text = header_text(sheet, at);
            let below_has_text = |col| {
                (row + 1..=self.last)
                    .any(|row| header_text(sheet, self.origin(CellRef::new(row, col))).is_some())
            };
            if text.is_none() && spread && below_has_text(col) {
                let left = self
                    .columns
                    .iter()
                    .rev()
                    .copied()
                    .filter(|&left| left < col);
                for left in left {
                    let candidate = self.origin(CellRef::new(row, left));
                    if let Some(found) = header_text(sheet, candidate) {
                        if below_has_text(left) {
                            (at, text) = (candidate, Some(found));
                        }
                        break;
                    }
                }
            }
            if let Some(text) = text.filter(|_| before != Some(at)) {
                levels.push(text);
                cell = at;
                before = Some(at);
            }
        }
        Path { levels, cell }
    }

    fn origin(&self, cell: CellRef) -> CellRef {
        self.merges
            .iter()
            .find(|merge| merge.contains(cell))
            .map_or(cell, |merge| merge.start)
    }
}

fn header_text(sheet: &Sheet, at: CellRef) -> Option<String> {
    match &sheet.get(at)?.value {
        CellValue::Text(text) if !text.trim().is_empty() => Some(text.to_string()),
        value => year_of(value).map(|year| year.to_string()),
    }
}

/// A year written as a number.
fn year_of(value: &CellValue) -> Option<u16> {
    match value {
        CellValue::Number(number) if number.fract() == 0.0 && (1990.0..2100.0).contains(number) => {
            Some(*number as u16)
        }
        _ => None,
    }
}

fn joined(levels: &[String]) -> String {
    levels.iter().map(|level| plain(level)).collect()
}

fn joined_bases(levels: &[String]) -> String {
    levels
        .iter()
        .map(|level| without_remark(&plain(level)).0.to_owned())
        .collect()
}
