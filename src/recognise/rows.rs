//! Row labels: which row of a sheet is which row of an annex.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::model::{
    AliasMatch, Cell, CellRef, CellValue, Detail, GuessedColumn, Kind, Level, ReadAs, RowKind,
    Sheet,
};
use crate::scheme::{
    Annex, Column, ColumnKind, NameMatch, RowSpec, Rows, Scheme, bare, is_near, is_shortened,
    plain, without_remark,
};

use super::LayoutRow;
use super::evidence::is_form_line;
use super::guess::year_alone;
use super::header::Match;
use super::merges::{Merges, MergesDown};
use super::period::chinese_digit;

/// Rows that are looked at for the years of another plan.
const MOST_YEAR_ROWS: usize = 200;

/// Rows that one figure may stand for.
pub(super) const MOST_MERGED: u32 = 64;

/// More oddities than this of one form are told of together.
const MAX_PROBLEMS: usize = 200;

/// The rows of a table, and what is odd about them.
pub(super) struct TableRows {
    pub(super) rows: Vec<LayoutRow>,
    pub(super) problems: Vec<RowProblem>,
    /// How many rows are none of the annex's.
    pub(super) n_unknown: usize,
    /// Totals of some of the rows.
    pub(super) subtotals: Vec<Subtotal>,
    /// Years of another plan, the first row of each, and what they were taken for.
    pub(super) other_years: Vec<GuessedColumn>,
    /// The last row of the table.
    pub(super) last: u32,
}

/// A row that adds up some of the rows of a table, and is none of the annex's.
#[derive(Clone, Debug)]
pub struct Subtotal {
    /// Row of the sheet.
    pub sheet_row: u32,
    /// Its label.
    pub label: String,
}

impl TableRows {
    /// Adds the rows of another page.
    pub(super) fn append(&mut self, next: Self) {
        self.rows.extend(next.rows);
        self.problems.extend(next.problems);
        self.subtotals.extend(next.subtotals);
        self.n_unknown += next.n_unknown;
        self.last = next.last;
    }
}

/// Something odd about a row.
pub(super) struct RowProblem {
    pub(super) kind: Kind,
    pub(super) level: Level,
    pub(super) detail: Detail,
    pub(super) cell: CellRef,
    /// Where the same was found again.
    pub(super) others: Vec<CellRef>,
    pub(super) given: Option<String>,
    /// The reporter that a name was taken for.
    pub(super) reporter: Option<usize>,
}

/// The rows of one annex, prepared for look-up.
pub(super) struct RowIndex {
    specs: Vec<SpecIndex>,
    /// Joined plain labels and year → row.
    exact: HashMap<(String, Option<u16>), usize>,
    /// Plain label of the total row, without its count.
    total: Option<String>,
}

/// Plain labels of a fixed row.
struct SpecIndex {
    key: Vec<String>,
    name: String,
}

impl RowIndex {
    pub(super) fn new(annex: &Annex) -> Self {
        let specs: Vec<SpecIndex> = annex
            .rows
            .fixed()
            .iter()
            .map(|spec| SpecIndex {
                key: spec.key.iter().map(|key| plain(key).into_owned()).collect(),
                name: spec.key.join("·"),
            })
            .collect();
        let exact = specs.iter().zip(annex.rows.fixed()).enumerate();
        Self {
            exact: exact
                .map(|(idx, (names, spec))| ((joined(&names.key), spec.year), idx))
                .collect(),
            total: annex
                .total
                .as_ref()
                .map(|total| without_remark(&plain(&total.label)).0.to_owned()),
            specs,
        }
    }
}

fn joined(key: &[String]) -> String {
    key.join("\u{1f}")
}

/// How badly an annex fits the rows below a header; the smaller the better. Two annexes with the same
/// rows are told apart by their titles, and those of which only some rows stand there not at all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    n_unknown: usize,
    title_differs: usize,
    is_partial: bool,
}

/// How badly this annex fits the rows below the header.
pub(super) fn fit(annex: &Annex, table: &TableRows, title_differs: usize) -> Fit {
    let specs: HashSet<usize> = table.rows.iter().filter_map(|row| row.spec).collect();
    Fit {
        n_unknown: table.n_unknown,
        title_differs,
        is_partial: specs.len() < annex.rows.fixed().len(),
    }
}

/// Where a table stands, and what it is.
pub(super) struct Site<'r> {
    pub(super) scheme: &'r Scheme,
    pub(super) annex: &'r Annex,
    pub(super) index: &'r RowIndex,
    pub(super) sheet: &'r Sheet,
    pub(super) merges: &'r Merges,
    pub(super) header: &'r Match,
    /// The row in which the next header starts.
    pub(super) end: u32,
}

/// Reads the rows below a header, up to the next header or the end of the sheet.
pub(super) fn read(site: &Site<'_>) -> TableRows {
    let mut reader = RowReader::new(site);
    reader.years_off = reader.years_off(site);
    let mut last = site.header.rows.1;
    for (row, cells) in site.sheet.rows_from(site.header.rows.1 + 1) {
        if row >= site.end {
            break;
        }
        let before = reader.rows.len() + reader.problems.len();
        reader.row(row, cells);
        if reader.rows.len() + reader.problems.len() > before {
            last = row;
        }
    }
    TableRows {
        rows: reader.rows,
        problems: reader.problems,
        n_unknown: reader.n_unknown,
        subtotals: reader.subtotals,
        other_years: reader.other_years,
        last,
    }
}

/// A label as it was given, and what of it may be the name of a row.
struct GivenKey<'k> {
    whole: &'k str,
    /// Without a list's number, marks and a remark.
    base: &'k str,
    /// Without a remark.
    remarkless: &'k str,
    /// Without a list's number and marks.
    bare: &'k str,
}

impl<'k> GivenKey<'k> {
    fn new(whole: &'k str) -> Self {
        let bare = bare(whole);
        Self {
            whole,
            base: self::bare(without_remark(bare).0),
            remarkless: without_remark(whole).0,
            bare,
        }
    }

    /// Whether it is this row's key, but for what clerks put around it.
    fn is(&self, declared: &str) -> bool {
        let base = without_remark(declared).0;
        [self.bare, self.base, self.remarkless].contains(&declared)
            || base == self.base
            || base == self.remarkless
    }
}

struct RowReader<'r> {
    scheme: &'r Scheme,
    annex: &'r Annex,
    index: &'r RowIndex,
    sheet: &'r Sheet,
    merges: &'r Merges,
    first_col: u32,
    last_col: u32,
    /// Key columns other than the year's, by position in the key.
    key_cols: Vec<Option<LabelColumn>>,
    year_col: Option<LabelColumn>,
    serial_col: Option<u32>,
    /// Columns whose filling makes a row a row, ascending.
    content_cols: Vec<u32>,
    /// Columns of figures.
    figure_cols: Vec<u32>,
    last_key_col: u32,
    /// Labels of the row above, for blanks that stand for them.
    above: Option<(Vec<String>, Option<u16>)>,
    /// Whether the lines below the table have begun: signatures, notes.
    below: bool,
    names: HashMap<String, Option<NameMatch>>,
    /// Which fixed rows were found: the row of the sheet, and whether it was filled in.
    found: Vec<Option<(u32, bool)>>,
    has_total: bool,
    n_unknown: usize,
    subtotals: Vec<Subtotal>,
    /// By how many years the rows' years are off the annex's, all alike.
    years_off: i32,
    other_years: Vec<GuessedColumn>,
    rows: Vec<LayoutRow>,
    problems: Vec<RowProblem>,
}

/// A column of labels, with the merged regions in it.
struct LabelColumn {
    col: u32,
    merges: MergesDown,
}

impl LabelColumn {
    /// Where the label of a row stands.
    fn at(&self, row: u32) -> CellRef {
        self.merges.corner(CellRef::new(row, self.col))
    }
}

impl<'r> RowReader<'r> {
    fn new(site: &Site<'r>) -> Self {
        let Site { annex, header, .. } = *site;
        let col_of = |column: usize| {
            let leaf = annex.leaves.iter().position(|leaf| leaf.column == column)?;
            header.columns[leaf]
        };
        let rows = header.rows.1 + 1..=site.end.max(header.rows.1 + 1);
        let labels = |column: usize| {
            let col = col_of(column)?;
            let merges = site.merges.down(col, rows.clone());
            Some(LabelColumn { col, merges })
        };
        let key_cols: Vec<Option<LabelColumn>> =
            annex.row_key.iter().map(|&column| labels(column)).collect();
        let year_col = annex.year_column.and_then(labels);
        // A remark alone fills in nothing, unless there is nothing else to fill in.
        let may_be_blank = annex.may_be_blank();
        let content = |leaf: usize| {
            let is_asked = may_be_blank || !annex.column_of(leaf).optional;
            is_asked && !annex.is_label(annex.leaves[leaf].column)
        };
        let mut content_cols: Vec<u32> = (0..annex.leaves.len())
            .filter(|&leaf| content(leaf))
            .filter_map(|leaf| header.columns[leaf])
            .collect();
        content_cols.sort_unstable();
        let figure_cols = (0..annex.leaves.len())
            .filter(|&leaf| annex.column_of(leaf).kind.is_figure())
            .filter_map(|leaf| header.columns[leaf])
            .collect();
        let serial = |column: &Column| column.kind == ColumnKind::Serial;
        Self {
            scheme: site.scheme,
            annex,
            index: site.index,
            sheet: site.sheet,
            merges: site.merges,
            first_col: header.first_col,
            last_col: header.last_col,
            last_key_col: key_cols
                .iter()
                .flatten()
                .chain(&year_col)
                .map(|labels| labels.col)
                .max()
                .unwrap_or(header.first_col),
            key_cols,
            year_col,
            serial_col: annex.columns.iter().position(serial).and_then(col_of),
            content_cols,
            figure_cols,
            above: None,
            below: false,
            names: HashMap::new(),
            found: vec![None; annex.rows.fixed().len()],
            has_total: false,
            n_unknown: 0,
            subtotals: Vec::new(),
            years_off: 0,
            other_years: Vec::new(),
            rows: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn row(&mut self, row: u32, cells: &'r [Cell]) {
        let from = cells.partition_point(|cell| cell.at.col < self.first_col);
        let to = cells.partition_point(|cell| cell.at.col <= self.last_col);
        let cells = &cells[from..to];
        let Some(first) = cells.first() else { return };
        let line = Line {
            row,
            cells,
            // A formula that comes to nothing, or a stray blank, fills in nothing.
            filled: cells.iter().any(|cell| {
                self.content_cols.binary_search(&cell.at.col).is_ok()
                    && cell.text().is_none_or(|text| !text.trim().is_empty())
            }) || self.is_covered(row),
            has_figure: cells.iter().any(|cell| is_figure(&cell.value)),
        };
        if self.rows.is_empty() && is_code_row(cells) {
            return;
        }
        if let Some((cell, label)) = self.total_label(cells) {
            self.above = None;
            self.total(&line, cell, &label);
            return;
        }
        let at = |labels: &Option<LabelColumn>| labels.as_ref().map(|labels| labels.at(row));
        let label = |at: Option<CellRef>| at.and_then(|at| self.label(at)).unwrap_or_default();
        let mut keys: Vec<String> = self.key_cols.iter().map(|col| label(at(col))).collect();
        let year_label = label(at(&self.year_col));
        let is_unlabelled = year_label.is_empty() && keys.iter().all(String::is_empty);
        if is_line(&line, is_unlabelled) {
            self.below |= !self.rows.is_empty();
            self.figures_of_line(&line);
            return;
        }
        let mut year = self.year_of_row(&year_label, at(&self.year_col));
        let cell = at(self.key_cols.last().unwrap_or(&None))
            .or(at(&self.year_col))
            .unwrap_or(first.at);
        if is_unlabelled {
            // A lone remark or a stray mark is no row; figures that nobody names are.
            if let [only] = cells {
                if line.filled && line.has_figure {
                    self.lone_figure(only);
                }
            } else if line.filled && line.has_figure {
                self.unexpected(cell, year_label, None);
            } else if line.filled && cells.len() > 2 {
                self.below_table(cell, year_label);
            }
            return;
        }
        if let Some((above, year_above)) = &self.above {
            // A blank under a label stands for it, except in the column that tells rows apart.
            let last = keys.len().saturating_sub(1);
            for (idx, key) in keys.iter_mut().enumerate() {
                if key.is_empty() && idx < last && self.key_cols[idx].is_some() {
                    key.clone_from(&above[idx]);
                }
            }
            if year.is_none() && year_label.is_empty() && !keys.is_empty() {
                year = *year_above;
            }
        }
        self.above = Some((keys.clone(), year));
        match &self.annex.rows {
            Rows::Register => self.register_row(&line, cell, keys, year),
            Rows::Fixed(specs) => self.fixed_row(specs, &line, cell, keys, year, year_label),
        }
    }

    /// A figure alone in its row, with nothing to say whose it is. Below the signatures, or made by a formula, it may be
    /// a sum that somebody made for herself.
    fn lone_figure(&mut self, cell: &Cell) {
        let level = match self.below || cell.formula.is_some() {
            true => Level::Hint,
            false => Level::QuasiMandatory,
        };
        self.left_out(level, cell.at, String::new());
    }

    /// Figures under the headers of figures, in a row that begins as a note or a signature does. What answers a label, as
    /// a telephone number or a date, is none.
    fn figures_of_line(&mut self, line: &Line<'_>) {
        let is_left_out = |idx: &usize| {
            let cell = &line.cells[*idx];
            self.figure_cols.contains(&cell.at.col)
                && number_of(&cell.value).is_some_and(|number| !is_answer(line.cells, *idx, number))
        };
        let left_out: Vec<usize> = (0..line.cells.len()).filter(is_left_out).collect();
        let [first, rest @ ..] = &left_out[..] else {
            return;
        };
        let number = number_of(&line.cells[*first].value);
        if rest.is_empty() && number.is_some_and(is_year) {
            return;
        }
        let label = line.cells.iter().find_map(|cell| cell.text());
        let label = label.map_or(String::new(), |label| plain(label).into_owned());
        self.left_out(Level::Verification, line.cells[*first].at, label);
    }

    /// A row that is none of the table's, though it has figures under its headers.
    fn left_out(&mut self, level: Level, cell: CellRef, label: String) {
        let given = Some(label.clone()).filter(|label| !label.is_empty());
        let nearest = None;
        let detail = Detail::UnexpectedRow { label, nearest };
        self.problem(Kind::UnexpectedRow, level, detail, cell, given);
    }

    /// Whether a merged cell that begins in a row above holds a figure for this one.
    fn is_covered(&self, row: u32) -> bool {
        let merges = self.merges.across(row, MOST_MERGED);
        let mut above = merges.iter().filter(|merge| merge.start.row < row);
        above.any(|merge| {
            let is_content = |col: &u32| (merge.start.col..=merge.end.col).contains(col);
            let mut last = self.rows.iter().rev().take(MOST_MERGED as usize);
            let is_row = last.any(|row| row.sheet_row == merge.start.row);
            let value = self.sheet.get(merge.start).map(|cell| &cell.value);
            is_row && value.is_some_and(is_figure) && self.content_cols.iter().any(is_content)
        })
    }

    /// By how many years the years of fixed rows are off the annex's, where there are as many, and all are off alike:
    /// those of another plan.
    fn years_off(&self, site: &Site<'_>) -> i32 {
        let mut asked: Vec<u16> = (self.annex.rows.fixed().iter())
            .filter_map(|spec| spec.year)
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let Some(labels) = self.year_col.as_ref().filter(|_| asked.len() > 1) else {
            return 0;
        };
        let mut given: Vec<u16> = Vec::new();
        let rows = self.sheet.rows_from(site.header.rows.1 + 1);
        for (row, _) in rows
            .take(MOST_YEAR_ROWS)
            .take_while(|(row, _)| *row < site.end)
        {
            let label = self.label(labels.at(row)).unwrap_or_default();
            // 填报日期：2024年5月6日 is no year.
            let is_year = label.chars().count() <= "二〇二三年度".chars().count();
            given.extend(year_in(&label).filter(|_| is_year));
        }
        given.sort_unstable();
        given.dedup();
        let off = |(given, asked): (&u16, &u16)| i32::from(*given) - i32::from(*asked);
        let mut offs = given.iter().zip(&asked).map(off);
        let first = offs.next().unwrap_or(0);
        match given.len() == asked.len() && offs.all(|off| off == first) {
            true => first,
            false => 0,
        }
    }

    /// The year that a row is of.
    fn year_of_row(&mut self, label: &str, at: Option<CellRef>) -> Option<u16> {
        let printed = year_in(label)?;
        if self.years_off == 0 {
            return Some(printed);
        }
        let year = u16::try_from(i32::from(printed) - self.years_off).ok()?;
        let declared = format!("{year}年");
        let is_known = self
            .other_years
            .iter()
            .any(|known| known.declared == declared);
        if let Some(cell) = at.filter(|_| !is_known) {
            self.other_years.push(GuessedColumn {
                cell,
                given: label.to_owned(),
                declared,
            });
        }
        Some(year)
    }

    fn register_row(
        &mut self,
        line: &Line<'_>,
        cell: CellRef,
        keys: Vec<String>,
        year: Option<u16>,
    ) {
        // Row numbers are printed in advance; a row with nothing else is not filled in.
        let own = |cell: &&Cell| Some(cell.at.col) != self.serial_col;
        let n_own = line.cells.iter().filter(own).count();
        if n_own == 0 {
            return;
        }
        if let [only] = line.cells {
            // A lone text may say anything; the code of a boiler is one whose row was not filled in.
            if is_figure(&only.value) {
                self.left_out(Level::QuasiMandatory, only.at, keys.join("·"));
            }
            return;
        }
        if self.below && !line.has_figure {
            // 二〇二四年五月 | 六日 below the signatures is no row of a register, but what is?
            if n_own > 2 {
                self.below_table(cell, keys.join("·"));
            }
            return;
        }
        let reporter = self
            .annex
            .reporter_key
            .and_then(|idx| self.reporter(&keys[idx]));
        if let (Some(found), Some(key)) = (reporter, self.annex.reporter_key) {
            self.note_alias(cell, &keys[key], found);
        }
        let key: Box<[Arc<str>]> = keys
            .iter()
            .map(|key| Arc::from(register_key(key)))
            .collect();
        self.rows.push(LayoutRow {
            sheet_row: line.row,
            kind: RowKind::Data,
            spec: None,
            key,
            year,
            reporter: reporter.map(|found| found.reporter),
            stated_count: None,
            unit: None,
            filled: true,
        });
    }

    fn fixed_row(
        &mut self,
        specs: &'r [RowSpec],
        line: &Line<'_>,
        cell: CellRef,
        keys: Vec<String>,
        year: Option<u16>,
        year_label: String,
    ) {
        let filled = line.filled;
        let reporter = self
            .annex
            .reporter_key
            .and_then(|idx| self.reporter(&keys[idx]));
        let Some((cost, idx)) = self.spec_of(specs, &keys, year, reporter) else {
            if filled && (line.has_figure || !self.below) {
                let given = keys.iter().filter(|key| !key.is_empty()).cloned();
                let label = given.collect::<Vec<_>>().join("·");
                let label = if label.is_empty() { year_label } else { label };
                let named = self.scheme.roster.all_named_in(&label);
                let near = match named.len() > 1 {
                    // 轮台镇(草湖乡) may be either.
                    true => {
                        let names = named.iter().map(|&idx| &*self.scheme.reporters[idx].name);
                        Some(names.collect::<Vec<&str>>().join("、"))
                    }
                    false => self.nearest(&label),
                };
                self.unexpected(cell, label, near);
            }
            return;
        };
        let spec = &specs[idx];
        match self.found[idx] {
            Some((first, true)) => {
                if filled {
                    let first = CellRef::new(first, cell.col);
                    let label = spec.printed.join("·");
                    let detail = Detail::ReadAs(ReadAs::RepeatedRow {
                        label: label.clone(),
                        first,
                    });
                    let before = self.problems.len();
                    self.problem(
                        Kind::ReadAs,
                        Level::QuasiMandatory,
                        detail,
                        cell,
                        Some(label),
                    );
                    if let Some(new) = self.problems.get_mut(before) {
                        new.others.push(first);
                    }
                }
                return;
            }
            Some((_, false)) if !filled => return,
            _ => self.found[idx] = Some((line.row, filled)),
        }
        if filled {
            if let (Some(found), Some(key)) = (reporter, self.annex.reporter_key) {
                self.note_alias(cell, &keys[key], found);
            }
            if cost >= NEAR {
                let declared = spec.key.join("·");
                let detail = Detail::ReadAs(ReadAs::RowLabel { declared });
                self.problem(
                    Kind::ReadAs,
                    Level::Hint,
                    detail,
                    cell,
                    Some(keys.join("·")),
                );
            }
        }
        let unit = keys.last().and_then(|key| {
            without_remark(key)
                .1
                .and_then(|unit| self.scheme.units.find(unit))
        });
        self.rows.push(LayoutRow {
            sheet_row: line.row,
            kind: RowKind::Data,
            spec: Some(idx),
            key: spec.key.clone(),
            year: spec.year,
            reporter: spec.reporter(),
            stated_count: None,
            unit: unit.filter(|unit| Some(*unit) != spec.unit),
            filled,
        });
    }

    /// The fixed row that these labels mean, and how far they are from its own.
    fn spec_of(
        &self,
        specs: &[RowSpec],
        keys: &[String],
        year: Option<u16>,
        reporter: Option<NameMatch>,
    ) -> Option<(usize, usize)> {
        // Rows known by their year alone have no labels.
        let year_of_row = year.filter(|_| self.annex.year_column.is_some());
        if let Some(&idx) = self.index.exact.get(&(joined(keys), year_of_row)) {
            return Some((0, idx));
        }
        let keys: Vec<GivenKey<'_>> = keys.iter().map(|key| GivenKey::new(key)).collect();
        let keys = &keys[..];
        let mut best: Option<(usize, usize)> = None;
        let mut is_tie = false;
        for (idx, spec) in specs.iter().enumerate() {
            let Some(cost) = self.cost(spec, idx, keys, year, reporter) else {
                continue;
            };
            match best {
                Some((least, _)) if cost == least => is_tie = true,
                Some((least, _)) if cost > least => {}
                _ => (best, is_tie) = (Some((cost, idx)), false),
            }
        }
        best.filter(|_| !is_tie)
    }

    /// How far the labels are from a row's: nothing for the row itself, `None` if it is another.
    fn cost(
        &self,
        spec: &RowSpec,
        idx: usize,
        keys: &[GivenKey<'_>],
        year: Option<u16>,
        reporter: Option<NameMatch>,
    ) -> Option<usize> {
        if spec.year.is_some() && spec.year != year {
            return None;
        }
        let mut cost = 0;
        let (mut is_named, mut is_short) = (false, false);
        for (idx, (declared, given)) in self.index.specs[idx].key.iter().zip(keys).enumerate() {
            let base = given.base;
            let is_reporter = Some(idx) == self.annex.reporter_key;
            cost += if given.whole.is_empty() {
                BLANK
            } else if declared == given.whole {
                is_named = true;
                0
            } else if is_reporter && let Some(found) = reporter {
                if !spec.reporters.contains(&found.reporter) {
                    return None;
                }
                is_named = true;
                1
            } else if given.is(declared) && !(is_reporter && self.names_anybody(given.whole)) {
                is_named = true;
                0
            } else if is_reporter {
                return None;
            } else if is_near(declared, base) {
                NEAR
            } else if is_shortened(declared, base) {
                is_short = true;
                NEAR
            } else {
                return None;
            };
        }
        // Half a name is enough only beside a whole one: a task's number, and a few words of its target.
        if is_short && !is_named {
            return None;
        }
        let all_blank = !keys.is_empty() && keys.iter().all(|key| key.whole.is_empty());
        (!all_blank).then_some(cost)
    }

    fn names_anybody(&self, label: &str) -> bool {
        !self.scheme.roster.all_named_in(label).is_empty()
    }

    /// The row whose name is nearest to a label that is none.
    fn nearest(&self, label: &str) -> Option<String> {
        // Longer texts are sentences; comparing them would cost more than it is worth.
        if label.chars().count() > 40 || self.problems.len() >= MAX_PROBLEMS {
            return None;
        }
        self.index
            .specs
            .iter()
            .map(|spec| {
                let similarity = strsim::normalized_damerau_levenshtein(&spec.name, label);
                (similarity, &spec.name)
            })
            .filter(|(similarity, _)| *similarity >= 0.5)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.clone())
    }

    fn total(&mut self, line: &Line<'_>, cell: CellRef, label: &str) {
        if !line.filled {
            return;
        }
        if self.annex.total.is_none() || self.has_total || label.contains("小计") {
            // What stands below the total may add up anything.
            if !self.has_total {
                self.subtotals.push(Subtotal {
                    sheet_row: line.row,
                    label: label.to_owned(),
                });
            }
            let detail = Detail::UnexpectedRow {
                label: label.to_owned(),
                nearest: None,
            };
            self.problem(
                Kind::UnexpectedRow,
                Level::Hint,
                detail,
                cell,
                Some(label.to_owned()),
            );
            return;
        }
        self.has_total = true;
        let remark = without_remark(label).1.unwrap_or("");
        let digits: String = remark.chars().filter(char::is_ascii_digit).collect();
        self.rows.push(LayoutRow {
            sheet_row: line.row,
            kind: RowKind::Total,
            spec: None,
            key: Box::default(),
            year: None,
            reporter: None,
            stated_count: digits.parse().ok(),
            unit: None,
            filled: true,
        });
    }

    /// The label of a total row: 合计, 全县合计, 合计（10个乡、镇）, in any column up to the last key.
    fn total_label(&self, cells: &[Cell]) -> Option<(CellRef, String)> {
        const WORDS: [&str; 4] = ["合计", "总计", "共计", "小计"];
        for cell in cells {
            if cell.at.col > self.last_key_col {
                break;
            }
            let Some(text) = cell.text() else { continue };
            let label = plain(text);
            let label = label.trim_end_matches(':');
            let base = without_remark(label).0;
            let is_total = self.index.total.as_deref() == Some(base)
                || base == "全县"
                || WORDS.iter().any(|word| base.ends_with(word));
            let mut keys = self.index.specs.iter().flat_map(|spec| &spec.key);
            if is_total && !keys.any(|key| key == label) {
                return Some((cell.at, label.to_owned()));
            }
        }
        None
    }

    fn reporter(&mut self, name: &str) -> Option<NameMatch> {
        if name.is_empty() {
            return None;
        }
        if let Some(found) = self.names.get(name) {
            return *found;
        }
        // A form with more strange names than this is none; misprints are not worth looking for.
        let only_listed = self.names.len() > 1000;
        let found = self.scheme.roster.look_up(name, only_listed);
        self.names.insert(name.to_owned(), found);
        found
    }

    fn note_alias(&mut self, cell: CellRef, given: &str, found: NameMatch) {
        if let Some((level, how)) = alias_problem(self.scheme, given, found) {
            let before = self.problems.len();
            self.problem(
                Kind::Alias,
                level,
                Detail::Alias { how },
                cell,
                Some(given.to_owned()),
            );
            if let Some(new) = self.problems.get_mut(before) {
                new.reporter = Some(found.reporter);
            }
        }
    }

    fn unexpected(&mut self, cell: CellRef, label: String, nearest: Option<String>) {
        self.n_unknown += 1;
        let detail = Detail::UnexpectedRow {
            label: label.clone(),
            nearest,
        };
        self.problem(
            Kind::UnexpectedRow,
            Level::QuasiMandatory,
            detail,
            cell,
            Some(label),
        );
    }

    /// Texts below the signatures that look like a row.
    fn below_table(&mut self, cell: CellRef, label: String) {
        let detail = Detail::UnexpectedRow {
            label: label.clone(),
            nearest: None,
        };
        self.problem(Kind::UnexpectedRow, Level::Hint, detail, cell, Some(label));
    }

    fn problem(
        &mut self,
        kind: Kind,
        level: Level,
        detail: Detail,
        cell: CellRef,
        given: Option<String>,
    ) {
        // A sheet of a million strange rows is told of once, with all their places.
        if self.problems.len() >= MAX_PROBLEMS
            && let Some(last) = self
                .problems
                .iter_mut()
                .rev()
                .find(|last| last.kind == kind)
        {
            last.others.push(cell);
            return;
        }
        self.problems.push(RowProblem {
            kind,
            level,
            detail,
            cell,
            others: Vec::new(),
            given,
            reporter: None,
        });
    }

    fn label(&self, at: CellRef) -> Option<String> {
        Some(match &self.sheet.get(at)?.value {
            CellValue::Text(text) => plain(text).into_owned(),
            CellValue::Number(number) => number.to_string(),
            CellValue::Date(date) => date.to_string(),
            _ => return None,
        })
    }
}

/// What names a row of a register: 1、某某公司 and 某某公司: are 某某公司; 2#炉 and 1.5吨 stay as they are.
fn register_key(label: &str) -> &str {
    let name = bare(label);
    match name.chars().all(|c| is_han(c) || "()·".contains(c)) {
        true => name,
        false => label,
    }
}

/// Cost of a label that is a misprint, and of one that is blank; more than any number of aliases.
const NEAR: usize = 100;
const BLANK: usize = 10;

/// The level of an alias finding; `None` where the spelling is the roster's or only shorter or longer.
pub(super) fn alias_problem(
    scheme: &Scheme,
    given: &str,
    found: NameMatch,
) -> Option<(Level, AliasMatch)> {
    let how = found.how?;
    let name = plain(&scheme.reporters[found.reporter].name).into_owned();
    match how {
        AliasMatch::Listed if name.contains(given) || given.contains(&name) => None,
        // Spelled with as many characters, it is the same name otherwise; 州生态环境局 for 县生态环境局 is another.
        AliasMatch::Listed if name.chars().count() != given.chars().count() => None,
        AliasMatch::Listed | AliasMatch::Remark => Some((Level::Hint, how)),
        _ => Some((Level::Verification, how)),
    }
}

/// A row of cells inside a table's columns.
struct Line<'r> {
    row: u32,
    cells: &'r [Cell],
    /// Whether a column that a row is filled in for holds anything.
    filled: bool,
    /// Whether any cell holds a figure.
    has_figure: bool,
}

/// Whether a row belongs to what is printed around tables: notes, signatures, the title of the next form.
fn is_line(line: &Line<'_>, is_unlabelled: bool) -> bool {
    let is_text = |text: &str| {
        let text = plain(text);
        is_remark(&text) || is_form_line(&text)
    };
    let mut texts = line.cells.iter().filter_map(|cell| cell.text());
    let Some(first) = texts.next() else {
        return false;
    };
    if line.has_figure {
        // 联系电话：13999999999
        return plain(first).contains(':') && is_text(first);
    }
    // Signatures stand in any column, under figures too.
    is_text(first) || (is_unlabelled && texts.any(is_text))
}

/// A number, or a text that is one.
pub(super) fn is_figure(value: &CellValue) -> bool {
    match value {
        CellValue::Number(_) => true,
        CellValue::Text(text) => {
            let mut chars = text.trim().chars().peekable();
            let starts = chars.peek().is_some_and(|c| c.is_numeric() && !is_han(*c));
            starts && text.chars().count() <= 30 && text.chars().all(|c| !is_han(c))
        }
        _ => false,
    }
}

/// A number, also one that is written as a text.
pub(super) fn number_of(value: &CellValue) -> Option<f64> {
    match value {
        CellValue::Number(number) => Some(*number),
        CellValue::Text(text) => plain(text).replace(',', "").parse().ok(),
        _ => None,
    }
}

/// Whether a number of a row of notes answers what stands before it: a telephone number, part of a date, a page.
pub(super) fn is_answer(row: &[Cell], idx: usize, number: f64) -> bool {
    const OF_DATES: [&str; 9] = ["日期", "时间", "年", "月", "日", "期", "第", "共", "号"];
    const OF_NUMBERS: [&str; 7] = ["电话", "手机", "联系", "传真", "邮编", "代码", "编号"];
    let is_whole = number.fract() == 0.0;
    // A mobile telephone number stands behind a name as well.
    if is_whole && (1.3e10..2e10).contains(&number) {
        return true;
    }
    let text_of = |cell: &Cell| match number_of(&cell.value) {
        Some(_) => None,
        None => cell.text().map(|text| plain(text).into_owned()),
    };
    let after = row.get(idx + 1).and_then(text_of).unwrap_or_default();
    if is_whole && "年月日号期页份".chars().any(|c| after.starts_with(c)) {
        return true;
    }
    let before = row[..idx].iter().rev().find_map(text_of);
    let before = before.unwrap_or_default();
    let before = before.trim_end_matches(':');
    let is_date = is_whole && (number <= 31.0 || is_year(number) || number >= 19_900_000.0);
    let asks = |words: &[&str]| words.iter().any(|word| before.ends_with(word));
    asks(&OF_DATES) && is_date || asks(&OF_NUMBERS) && is_whole && number >= 100_000.0
}

/// Whether a number may be a year of our time.
pub(super) fn is_year(number: f64) -> bool {
    number.fract() == 0.0 && (1990.0..=2100.0).contains(&number)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) || c == '〇'
}

/// Lines below a table: notes and signatures.
pub(super) fn is_remark(plain: &str) -> bool {
    const STARTS: [&str; 20] = [
        "单位负责",
        "单位领导",
        "经办",
        "注:",
        "注1",
        "备注:",
        "说明",
        "填表说明",
        "填表人",
        "填报人",
        "制表",
        "审核",
        "负责人",
        "主要领导",
        "分管领导",
        "联系",
        "填表日期",
        "填报日期",
        "报送日期",
        "日期:",
    ];
    matches!(plain, "注" | "备注") || STARTS.iter().any(|start| plain.starts_with(start))
}

/// A row of column codes below a header: 甲 乙 1 2 3=1+2, （1） （2）, or just 1 2 3 4.
fn is_code_row(cells: &[Cell]) -> bool {
    // Most rows show what they are by their first cell.
    let is_code = |cell: &Cell| match &cell.value {
        CellValue::Number(number) => (1.0..=100.0).contains(number) && number.fract() == 0.0,
        CellValue::Text(text) => {
            let text = plain(text);
            let inner = text.trim_start_matches('(').trim_end_matches(')');
            matches!(inner, "甲" | "乙" | "丙" | "丁" | "栏次" | "序号" | "-")
                || inner
                    .chars()
                    .all(|c| c.is_ascii_digit() || "=+-".contains(c))
        }
        _ => false,
    };
    if cells.len() < 2 || !cells.iter().all(is_code) {
        return false;
    }
    let is_marked = |cell: &Cell| {
        cell.text().is_some_and(|text| {
            let text = plain(text);
            text.starts_with('(') || text.contains('=') || matches!(&*text, "甲" | "乙" | "栏次")
        })
    };
    let nth = |cell: &Cell| match &cell.value {
        CellValue::Number(number) => Some(*number),
        value => match value {
            CellValue::Text(text) => plain(text).parse().ok(),
            _ => None,
        },
    };
    let counts_up = || {
        let numbers: Option<Vec<f64>> = cells.iter().map(nth).collect();
        let up = |numbers: &[f64]| numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
        numbers.is_some_and(|numbers| numbers.len() > 2 && numbers[0] == 1.0 && up(&numbers))
    };
    cells.iter().any(is_marked) || counts_up()
}

/// The year in 2023年, 2023年度, 2023 or 二〇二三年.
fn year_in(label: &str) -> Option<u16> {
    let digit = |c| chinese_digit(c).and_then(|digit| char::from_digit(digit, 10));
    let spelled = || {
        label
            .chars()
            .map(|c| digit(c).unwrap_or(c))
            .collect::<String>()
    };
    year_in_digits(label)
        .or_else(|| year_in_digits(&spelled()))
        .or_else(|| year_alone(label))
}

fn year_in_digits(label: &str) -> Option<u16> {
    let digits: String = label
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits
        .parse()
        .ok()
        .filter(|year| (1990..2100).contains(year))
}
