//! One sheet for each annex, as the plan prints it, with live totals and marked cells.

use std::borrow::Cow;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

use crate::consolidate::{CountyAnnex, CountyRow, Source};
use crate::model::{Amount, CellRef, Date, Level, Row, Table, Value};
use crate::report::words;
use crate::scheme::{Annex, CellSel, ColumnKind, Relation, RowSel, Rule, YearSel};

use super::layout::{AnnexSheets, Part};
use super::marks::{Mark, worst};
use super::style::{Look, Number, Role, Styles, tab_colour};
use super::{Context, page, text};

/// Rows that column widths are measured on.
const MEASURED: usize = 2_000;
/// A table narrower than this is spread over the page, as the plan does.
const NARROW: f64 = 100.0;
/// The widest that text may make a column.
const WIDEST: usize = 44;

/// Writes all sheets of one annex; says for how many cells no note could be written.
pub(super) fn write(
    context: &Context<'_>,
    idx: usize,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let frame = Frame::of(context, idx);
    for part in 0..frame.sheets.parts.len() {
        let n_cells = frame.part(part).n_rows() * frame.annex.leaves.len();
        let sheet = super::new_sheet(workbook, n_cells, context.limits)?;
        sheet.set_name(&frame.part(part).name)?;
        if let Some(level) = worst_of_annex(context, idx) {
            sheet.set_tab_color(tab_colour(level));
        }
        Writer {
            context,
            frame: &frame,
            part: frame.part(part),
            part_idx: part,
            sheet,
            styles,
            notes_left: frame.notes,
        }
        .write()?;
    }
    Ok(())
}

/// What a whole annex needs to know before its rows are written.
struct Frame<'a> {
    context: &'a Context<'a>,
    idx: usize,
    annex: &'a Annex,
    county: &'a CountyAnnex,
    sheets: &'a AnnexSheets,
    /// For each leaf, its place among the printed cells of the key columns.
    keys: Vec<Option<usize>>,
    /// For each leaf, whether its figures are shown with a percent sign.
    percent: Vec<bool>,
    /// Sums of cells of one row that are shown as live formulas.
    sums: Vec<RowSum<'a>>,
    /// For each leaf that merges neighbours, how many rows the cell at each row covers; 0 under
    /// another.
    spans: Vec<Option<Vec<u32>>>,
    /// Serial number of each row.
    serials: Vec<u32>,
    /// Width of each leaf.
    widths: Vec<f64>,
    /// Leading columns that the label of the total row covers.
    label_cols: usize,
    /// The first column that holds no key: where a row says that it was not returned.
    first_value: Option<usize>,
    /// How many notes each level may still have.
    notes: [usize; Level::ALL.len()],
}

/// A rule that makes one cell of a row the sum of others.
struct RowSum<'a> {
    rule: &'a Rule,
    year: Option<u16>,
    total: usize,
    parts: Vec<usize>,
}

/// What a cell shows.
enum Shown<'a> {
    Blank,
    Text(Cow<'a, str>),
    Number(u32),
    Figure(Amount, Number),
    Date(Date),
}

impl Part {
    fn n_rows(&self) -> usize {
        self.rows.1 - self.rows.0
    }
}

impl<'a> Frame<'a> {
    fn of(context: &'a Context<'a>, idx: usize) -> Self {
        let annex = &context.scheme.annexes[idx];
        let county = &context.merged.county.annexes[idx];
        let leaf_kind = |leaf: usize| annex.column_of(leaf).kind;
        let n_leaves = annex.leaves.len();
        let mut n_keys = 0;
        let mut keys = Vec::new();
        for leaf in &annex.leaves {
            let is_key = annex.is_key(leaf.column);
            keys.push(is_key.then_some(n_keys));
            n_keys += usize::from(is_key);
        }
        let leading =
            |leaf: &usize| keys[*leaf].is_some() || leaf_kind(*leaf) == ColumnKind::Serial;
        let label_cols = (0..n_leaves).take_while(|leaf| leading(leaf)).count();
        let first_value = (0..n_leaves).find(|leaf| !leading(leaf));
        let mut frame = Self {
            context,
            idx,
            annex,
            county,
            sheets: &context.layout.annexes[idx],
            percent: Vec::new(),
            sums: row_sums(context, idx),
            spans: Vec::new(),
            serials: Vec::new(),
            widths: Vec::new(),
            label_cols,
            first_value,
            notes: note_budget(
                context.marks.count(idx, &context.merged.findings),
                context.limits.notes,
            ),
            keys,
        };
        frame.percent = (0..n_leaves)
            .map(|leaf| frame.shows_percent(leaf))
            .collect();
        frame.set_spans();
        frame.set_widths();
        frame
    }

    fn part(&self, part: usize) -> &'a Part {
        &self.sheets.parts[part]
    }

    fn source(&self, row: &CountyRow) -> Option<(&'a Table, &'a Row)> {
        row.source.map(|source| self.returned(source))
    }

    fn returned(&self, source: Source) -> (&'a Table, &'a Row) {
        let table = &self.context.merged.tables[source.table];
        (table, &table.rows[source.row])
    }

    fn is_percent_unit(&self, leaf: usize, spec: Option<usize>) -> bool {
        let units = &self.context.scheme.units;
        let unit = self.context.scheme.unit_of(self.annex, leaf, spec);
        unit.is_some_and(|unit| &**units.name(unit) == "%")
    }

    /// Whether a leaf's percentages are shown with their sign: where nothing printed has the sign
    /// and some return wrote it. The plan prints 40% in 附件4, and 100 in 附件1.1.
    fn shows_percent(&self, leaf: usize) -> bool {
        let has_sign = |text: &str| text.contains(['%', '％']);
        if !self.annex.column_of(leaf).kind.is_figure()
            || self.annex.leaves[leaf]
                .path
                .iter()
                .any(|text| has_sign(text))
            || self.annex.unit_line.as_deref().is_some_and(has_sign)
        {
            return false;
        }
        self.county.rows.iter().any(|row| {
            let Some(source) = row.source else {
                return false;
            };
            if !self.is_percent_unit(leaf, row.spec) {
                return false;
            }
            let (table, returned) = self.returned(source);
            let hundredth = |text: &str| {
                let typed: Option<Amount> = text.parse().ok();
                let hundred = typed.and_then(|typed| typed.checked_mul(Amount::from(100)));
                hundred.is_some() && hundred == returned.entries[leaf].value.amount()
            };
            let typed = table.original(source.row, leaf);
            typed.is_some_and(|typed| has_sign(typed) || hundredth(typed))
        })
    }

    /// What a data row shows under a leaf.
    fn shown(&self, row_idx: usize, leaf: usize) -> Shown<'a> {
        let row = &self.county.rows[row_idx];
        let column = self.annex.column_of(leaf);
        if column.kind == ColumnKind::Serial {
            return Shown::Number(self.serials[row_idx]);
        }
        let returned = self
            .source(row)
            .map(|(_, returned)| &returned.entries[leaf].value);
        if let Some(key) = self.keys[leaf] {
            let spec = row.spec.map(|spec| &self.annex.rows.fixed()[spec]);
            if let Some(printed) = spec.and_then(|spec| spec.printed.get(key)) {
                return Shown::Text(Cow::Borrowed(printed));
            }
            // Names are shown as the annex spells them; dates and numbers keep their own kind.
            let column_idx = self.annex.leaves[leaf].column;
            let position = self.annex.row_key.iter().position(|key| *key == column_idx);
            let key = position.and_then(|position| row.key.get(position));
            match (returned, key, row.year) {
                (Some(Value::Date(_) | Value::Amount(_)), ..) => {}
                (_, Some(key), _) => return Shown::Text(Cow::Borrowed(key)),
                (_, None, Some(year)) if self.annex.year_column == Some(column_idx) => {
                    return Shown::Text(Cow::Owned(year.to_string()));
                }
                _ => {}
            }
            if returned.is_none()
                && position == Some(self.annex.reporter_key.unwrap_or(0))
                && let Some(reporter) = row.reporter
            {
                return Shown::Text(Cow::Borrowed(&self.context.scheme.reporters[reporter].name));
            }
        }
        match returned {
            Some(value) => self.shown_value(value, leaf, row.spec),
            None => Shown::Blank,
        }
    }

    fn shown_value(&self, value: &'a Value, leaf: usize, spec: Option<usize>) -> Shown<'a> {
        match value {
            Value::Missing => Shown::Blank,
            Value::NotApplicable => Shown::Text(Cow::Borrowed("－")),
            Value::Amount(amount) => {
                let decimals = self.annex.decimals_of(leaf, spec).max(amount.decimals());
                if self.percent[leaf] && self.is_percent_unit(leaf, spec) {
                    let hundredth = Amount::last_digit(2).checked_mul(*amount);
                    if let Some(hundredth) = hundredth {
                        return Shown::Figure(hundredth, Number::Percent(decimals));
                    }
                }
                Shown::Figure(*amount, Number::Decimals(decimals))
            }
            Value::Text(text) | Value::Unusable(text) => Shown::Text(Cow::Borrowed(text)),
            Value::Date(date) => Shown::Date(*date),
        }
    }

    /// Works out merged neighbours and, from them, serial numbers.
    fn set_spans(&mut self) {
        let n_rows = self.county.rows.len();
        self.serials = (1..=n_rows as u32).collect();
        let n_leaves = self.annex.leaves.len();
        let merges = |leaf: usize| self.annex.column_of(leaf).merge_down;
        self.spans = vec![None; n_leaves];
        // Key columns first: a group never reaches over the groups to its left.
        let mut breaks: Vec<bool> = vec![false; n_rows];
        for part in &self.sheets.parts {
            if part.n_rows() > 0 {
                breaks[part.rows.0] = true;
            }
        }
        let starts_of_part = breaks.clone();
        let mut first_groups: Option<Vec<bool>> = None;
        for leaf in 0..n_leaves {
            if !merges(leaf) || self.keys[leaf].is_none() {
                continue;
            }
            for row in 1..n_rows {
                let (above, here) = (self.shown(row - 1, leaf), self.shown(row, leaf));
                breaks[row] |= !above.same_text(&here);
            }
            self.spans[leaf] = Some(spans(&breaks));
            first_groups.get_or_insert_with(|| breaks.clone());
        }
        for leaf in 0..n_leaves {
            if !merges(leaf) || self.keys[leaf].is_some() {
                continue;
            }
            if self.annex.column_of(leaf).kind == ColumnKind::Serial {
                let Some(groups) = &first_groups else {
                    continue;
                };
                let mut serial = 0;
                for (row, starts) in groups.iter().enumerate() {
                    serial += u32::from(*starts);
                    self.serials[row] = serial;
                }
                self.spans[leaf] = Some(spans(groups));
                continue;
            }
            let fixed = !self.annex.rows.fixed().is_empty();
            let mut breaks = starts_of_part.clone();
            for row in 1..n_rows {
                // Under a printed remark the plan leaves its neighbours blank.
                let marked = self.context.marks.row(self.idx, row);
                let marked = marked.iter().any(|mark| mark.leaf == leaf);
                let blank = matches!(self.shown(row, leaf), Shown::Blank);
                let above = self.shown(row - 1, leaf);
                let same = above.same_text(&self.shown(row, leaf));
                let returned = self.county.rows[row].source.is_some();
                breaks[row] |= match blank {
                    true => !fixed || marked || !returned,
                    false => !same || marked,
                };
            }
            self.spans[leaf] = Some(spans(&breaks));
        }
    }

    fn set_widths(&mut self) {
        let n_leaves = self.annex.leaves.len();
        let mut widths = vec![0usize; n_leaves];
        for (leaf, width) in widths.iter_mut().enumerate() {
            let column = self.annex.column_of(leaf);
            // Headers may break over lines, but not into single characters.
            let header = self.annex.leaves[leaf].path.last();
            let header = header.map_or(0, |header| {
                let wide = text::width(header);
                let n_lines = match wide {
                    0..=10 => 1,
                    11..=24 => 2,
                    25..=36 => 3,
                    _ => 4,
                };
                wide.div_ceil(n_lines).max(4)
            });
            let n_rows = self.county.rows.len().min(MEASURED);
            let content = (0..n_rows).map(|row| self.shown(row, leaf).width()).max();
            let total = self.county.total.as_ref();
            let total = total.and_then(|total| *total.sums.get(leaf)?);
            let total = total.map_or(0, |sum| sum.to_string().len() + 1);
            let content = content.unwrap_or(0).max(total);
            let content = match column.kind.is_figure() {
                true => content,
                false => content.min(WIDEST),
            };
            *width = header.max(content) + 2;
        }
        let sum: usize = widths.iter().sum();
        let title = text::width(&self.annex.title) as f64 * 1.7;
        let wanted = NARROW.max(title.min(130.0));
        let stretch = (wanted / sum as f64).clamp(1.0, 3.0);
        self.widths = widths.iter().map(|&width| width as f64 * stretch).collect();
    }
}

impl Shown<'_> {
    fn same_text(&self, other: &Self) -> bool {
        match (self, other) {
            (Shown::Text(a), Shown::Text(b)) => a == b,
            (Shown::Date(a), Shown::Date(b)) => a == b,
            _ => false,
        }
    }

    fn width(&self) -> usize {
        match self {
            Shown::Blank => 0,
            Shown::Text(text) => text::width(text),
            Shown::Number(_) => 3,
            Shown::Figure(amount, _) => amount.to_string().len() + 1,
            Shown::Date(_) => 10,
        }
    }
}

/// How many rows the group that starts at each row covers; 0 inside a group.
fn spans(breaks: &[bool]) -> Vec<u32> {
    let mut spans = vec![0; breaks.len()];
    let mut start = 0;
    for (row, starts) in breaks.iter().enumerate() {
        if *starts {
            start = row;
        }
        spans[start] += 1;
    }
    spans
}

/// Serious findings have notes before others do.
fn note_budget(counts: [usize; Level::ALL.len()], limit: usize) -> [usize; Level::ALL.len()] {
    let mut left = limit;
    counts.map(|count| {
        let granted = count.min(left);
        left -= granted;
        granted
    })
}

fn worst_of_annex(context: &Context<'_>, annex: usize) -> Option<Level> {
    let counts = &context.annex_findings[annex];
    Level::ALL
        .into_iter()
        .find(|level| counts[*level as usize] > 0)
}

/// The rules of an annex that make a cell the sum of cells of its row.
fn row_sums<'a>(context: &'a Context<'a>, idx: usize) -> Vec<RowSum<'a>> {
    let scheme = context.scheme;
    let annex = &scheme.annexes[idx];
    let mut sums: Vec<RowSum<'a>> = Vec::new();
    for rule in &scheme.rules {
        let Relation::Sum { total, parts } = &rule.relation else {
            continue;
        };
        let years: Vec<Option<u16>> = match rule.each_year && annex.year_column.is_none() {
            true => scheme.years.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        for year in years {
            let of = |sel: &CellSel| leaves_of(annex, idx, sel, year);
            let total = of(total);
            let parts: Option<Vec<Vec<usize>>> = parts.iter().map(of).collect();
            let (Some(total), Some(parts)) = (total, parts) else {
                continue;
            };
            let parts = parts.concat();
            if let [total] = total[..]
                && !parts.is_empty()
                && !sums.iter().any(|sum| sum.total == total)
                && !depends(&sums, &parts, total)
            {
                sums.push(RowSum {
                    rule,
                    year,
                    total,
                    parts,
                });
            }
        }
    }
    sums
}

/// The cells of the current row that a rule names; `None` where it names others.
fn leaves_of(annex: &Annex, idx: usize, sel: &CellSel, year: Option<u16>) -> Option<Vec<usize>> {
    if sel.annex != idx || sel.row != RowSel::Current {
        return None;
    }
    let of_column =
        || (0..annex.leaves.len()).filter(|&leaf| annex.leaves[leaf].column == sel.column);
    let leaves: Vec<usize> = match (annex.columns[sel.column].each_year, sel.year) {
        (true, YearSel::Every) => of_column().collect(),
        (true, YearSel::Current) => annex.leaf(sel.column, Some(year?)).into_iter().collect(),
        (true, YearSel::Fixed(fixed)) => annex.leaf(sel.column, Some(fixed)).into_iter().collect(),
        (false, YearSel::Current) => of_column().collect(),
        // Other years are other rows.
        (false, _) if annex.year_column.is_some() => return None,
        (false, _) => of_column().collect(),
    };
    (!leaves.is_empty()).then_some(leaves)
}

/// Whether a formula over `parts` would come back to `cell`.
fn depends(sums: &[RowSum<'_>], parts: &[usize], cell: usize) -> bool {
    parts.iter().any(|part| {
        *part == cell
            || sums
                .iter()
                .any(|sum| sum.total == *part && depends(sums, &sum.parts, cell))
    })
}

/// Writes one sheet, from top to bottom: large sheets cannot go back.
struct Writer<'a, 'b> {
    context: &'a Context<'a>,
    frame: &'b Frame<'a>,
    part: &'a Part,
    part_idx: usize,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    notes_left: [usize; Level::ALL.len()],
}

impl<'a> Writer<'a, '_> {
    fn write(mut self) -> Result<(), XlsxError> {
        self.set_up()?;
        self.write_head()?;
        let total = self.frame.sheets.total;
        let total = total.filter(|(part, _)| *part == self.part_idx);
        let at_top = total.is_some_and(|(_, row)| row < self.part.first_row);
        if let Some((_, row)) = total.filter(|_| at_top) {
            self.write_total(row)?;
        }
        if self.part.n_rows() == 0 {
            self.write_no_rows()?;
        }
        for row in self.part.rows.0..self.part.rows.1 {
            self.write_row(row, total.filter(|_| !at_top).map(|(_, row)| row))?;
        }
        if let Some((_, row)) = total.filter(|_| !at_top) {
            self.write_total(row)?;
        }
        self.write_notes()
    }

    fn last_col(&self) -> u16 {
        (self.frame.annex.leaves.len() - 1) as u16
    }

    fn set_up(&mut self) -> Result<(), XlsxError> {
        for (col, width) in self.frame.widths.iter().enumerate() {
            self.sheet.set_column_width(col as u16, *width)?;
        }
        let (head, body) = (self.frame.sheets.head, self.frame.sheets.body);
        page::set_up(self.sheet, Some((head, body - 1)), self.context.lang)?;
        let keys = &self.frame.widths[..self.frame.label_cols];
        let frozen_cols = match keys.iter().sum::<f64>() < 70.0 {
            true => self.frame.label_cols as u16,
            false => 0,
        };
        self.sheet.set_freeze_panes(body, frozen_cols)?;
        Ok(())
    }

    fn write_head(&mut self) -> Result<(), XlsxError> {
        let annex = self.frame.annex;
        let last = self.last_col();
        self.sheet.set_row_height(0, 22)?;
        let number = self.styles.role(Role::AnnexNumber);
        self.sheet.write_with_format(0, 0, &*annex.number, number)?;
        let status = self.context.annex_status(self.frame.idx);
        let small = self.styles.role(Role::Small);
        if last > 0 {
            self.sheet.write_with_format(0, last, status, small)?;
        }
        let title_width: f64 = self.frame.widths.iter().sum();
        let n_lines = text::lines(&annex.title, title_width / 1.7);
        self.sheet.set_row_height(1, n_lines as f64 * 26.0 + 10.0)?;
        let title = self.styles.role(Role::Title);
        merge(self.sheet, (1, 0), (1, last), &annex.title, title)?;
        if let Some(unit_line) = &annex.unit_line {
            let aside = self.styles.role(Role::Aside);
            self.sheet.write_with_format(2, last, unit_line, aside)?;
        }
        let header = annex.header();
        let mut heights = vec![text::height(1); annex.depth];
        for deep in [false, true] {
            for cell in header
                .iter()
                .filter(|cell| (cell.rows.0 != cell.rows.1) == deep)
            {
                let width: f64 = self.frame.widths[cell.cols.0..=cell.cols.1].iter().sum();
                let needed = text::height(text::lines(&cell.text, width));
                let rows = &mut heights[cell.rows.0..=cell.rows.1];
                let missing = needed - rows.iter().sum::<f64>();
                if missing > 0.0 {
                    let each = missing / rows.len() as f64;
                    rows.iter_mut().for_each(|height| *height += each);
                }
            }
        }
        let head = self.frame.sheets.head;
        for (level, height) in heights.iter().enumerate() {
            self.sheet.set_row_height(head + level as u32, *height)?;
        }
        let format = self.styles.role(Role::Header);
        for cell in header {
            merge(
                self.sheet,
                (head + cell.rows.0 as u32, cell.cols.0 as u16),
                (head + cell.rows.1 as u32, cell.cols.1 as u16),
                &cell.text,
                format,
            )?;
        }
        Ok(())
    }

    fn write_no_rows(&mut self) -> Result<(), XlsxError> {
        let word = self.context.lang.pick("未报", "not returned");
        let last = self.last_col();
        let row = self.part.first_row;
        let absent = self.styles.role(Role::Absent);
        self.sheet.set_row_height(row, text::height(1))?;
        merge(self.sheet, (row, 0), (row, last), word, absent)
    }

    fn write_row(&mut self, row_idx: usize, total_below: Option<u32>) -> Result<(), XlsxError> {
        let frame = self.frame;
        let row = &frame.county.rows[row_idx];
        let at = self.part.first_row + (row_idx - self.part.rows.0) as u32;
        let marks = self.context.marks.row(frame.idx, row_idx);
        let mut n_lines = 1;
        for leaf in 0..frame.annex.leaves.len() {
            let shown = frame.shown(row_idx, leaf);
            let mut group: Cow<'_, [usize]> = Cow::Borrowed(findings_at(marks, leaf));
            let mut bottom = at;
            if let Some(spans) = &frame.spans[leaf] {
                let span = spans[row_idx] as usize;
                if span == 0 {
                    continue;
                }
                bottom = at + span as u32 - 1;
                if span > 1 {
                    let rows = row_idx..row_idx + span;
                    let under = rows.map(|row| self.context.marks.row(frame.idx, row));
                    group = Cow::Owned(
                        under
                            .flat_map(|marks| findings_at(marks, leaf).iter().copied())
                            .collect(),
                    );
                }
                // A printed remark covers the total row too, as in 附件2.1.
                let ends = row_idx + span == self.part.rows.1;
                let remark = frame.keys[leaf].is_none() && matches!(shown, Shown::Text(_));
                if ends && remark && total_below.is_some() && self.total_is_blank(leaf) {
                    bottom += 1;
                }
            }
            if let Shown::Text(text) = &shown
                && bottom == at
            {
                n_lines = n_lines.max(text::lines(text, frame.widths[leaf]));
            }
            let level = worst(&self.context.merged.findings, &group);
            self.write_cell((at, bottom), leaf, row_idx, &shown, level)?;
            if !group.is_empty() {
                self.write_note(at, leaf, &group, None)?;
            }
        }
        // In a large register only rows that need another height say so.
        if n_lines > 1 || frame.county.rows.len() <= MEASURED {
            self.sheet.set_row_height(at, text::height(n_lines))?;
        }
        debug_assert!(row.source.is_some() || marks.is_empty());
        Ok(())
    }

    fn write_cell(
        &mut self,
        (at, bottom): (u32, u32),
        leaf: usize,
        row_idx: usize,
        shown: &Shown<'_>,
        level: Option<Level>,
    ) -> Result<(), XlsxError> {
        let frame = self.frame;
        let row = &frame.county.rows[row_idx];
        let col = leaf as u16;
        let kind = frame.annex.column_of(leaf).kind;
        let is_key = frame.keys[leaf].is_some() || kind == ColumnKind::Serial;
        if row.source.is_none() && !is_key {
            let absent = self.styles.role(Role::Absent);
            let word = match frame.first_value == Some(leaf) {
                true => self.context.lang.pick("未报", "missing"),
                false => "",
            };
            self.sheet.write_string_with_format(at, col, word, absent)?;
            return Ok(());
        }
        let role = match kind {
            _ if is_key => Role::Centred,
            ColumnKind::Additive | ColumnKind::Rate => Role::Figure,
            ColumnKind::Text if text_is_long(frame.widths[leaf]) => Role::Text,
            _ => Role::Centred,
        };
        let look = Look::new(role).level(level);
        if bottom > at {
            let format = self.styles.get(look);
            self.sheet.merge_range(at, col, bottom, col, "", format)?;
        }
        match shown {
            Shown::Figure(amount, number) => {
                let format = self.styles.get(look.number(*number));
                match frame.formula(row_idx, leaf, *amount, at) {
                    Some(formula) => {
                        self.sheet
                            .write_formula_with_format(at, col, formula, format)?;
                    }
                    None => write_figure(self.sheet, at, col, *amount, format)?,
                }
            }
            other => write_shown(self.sheet, self.styles, at, col, other, look, kind)?,
        }
        Ok(())
    }

    /// Colours tell that there is something; the note tells what.
    fn write_note(
        &mut self,
        at: u32,
        leaf: usize,
        findings: &[usize],
        more: Option<String>,
    ) -> Result<(), XlsxError> {
        let level = worst(&self.context.merged.findings, findings).unwrap_or(Level::Hint);
        let left = &mut self.notes_left[level as usize];
        // A note about a stated total belongs to no finding and is always written.
        if *left == 0 && more.is_none() {
            return Ok(());
        }
        *left = left.saturating_sub(1);
        let mut text = more.unwrap_or_default();
        if !findings.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&self.context.note(findings));
        }
        self.sheet
            .insert_note(at, leaf as u16, &page::note(&text))?;
        Ok(())
    }

    fn total_is_blank(&self, leaf: usize) -> bool {
        let total = self.frame.county.total.as_ref();
        let sum = total.and_then(|total| *total.sums.get(leaf)?);
        let stated = total.and_then(|total| total.stated);
        let stated = stated.map(|source| &self.frame.returned(source).1.entries[leaf].value);
        sum.is_none() && stated.is_none_or(|value| *value == Value::Missing)
    }

    fn write_total(&mut self, at: u32) -> Result<(), XlsxError> {
        let frame = self.frame;
        let (Some(spec), Some(total)) = (&frame.annex.total, &frame.county.total) else {
            return Ok(());
        };
        self.sheet.set_row_height(at, text::height(1))?;
        let n_returned = frame
            .county
            .rows
            .iter()
            .filter(|row| row.source.is_some())
            .count();
        let marks = self.context.marks.total(frame.idx);
        // A finding about the label stands at one of the columns that the label covers.
        let label: Vec<usize> = marks
            .iter()
            .filter(|mark| mark.leaf < frame.label_cols)
            .flat_map(|mark| mark.findings.iter().copied())
            .collect();
        let level = worst(&self.context.merged.findings, &label);
        if frame.label_cols > 0 {
            let format = self.styles.get(Look::new(Role::TotalLabel).level(level));
            let last = frame.label_cols as u16 - 1;
            let text = spec.label(n_returned);
            merge(self.sheet, (at, 0), (at, last), &text, format)?;
            if !label.is_empty() {
                self.write_note(at, 0, &label, None)?;
            }
        }
        for leaf in frame.label_cols..frame.annex.leaves.len() {
            let covered = frame.spans[leaf].is_some()
                && at > self.part.first_row
                && self.part.n_rows() > 0
                && self.total_is_blank(leaf)
                && self.remark_reaches_total(leaf);
            if !covered {
                self.write_total_cell(at, leaf, total.sums.get(leaf).copied().flatten())?;
            }
        }
        Ok(())
    }

    /// Whether the last remark of a merged column was drawn down over the total row.
    fn remark_reaches_total(&self, leaf: usize) -> bool {
        let Some(spans) = &self.frame.spans[leaf] else {
            return false;
        };
        let rows = self.part.rows.0..self.part.rows.1;
        let start = rows.rev().find(|&row| spans[row] > 0);
        self.frame.keys[leaf].is_none()
            && start.is_some_and(|row| {
                let returned = self.frame.county.rows[row].source.is_some();
                returned && matches!(self.frame.shown(row, leaf), Shown::Text(_))
            })
    }

    fn write_total_cell(
        &mut self,
        at: u32,
        leaf: usize,
        sum: Option<Amount>,
    ) -> Result<(), XlsxError> {
        let frame = self.frame;
        let col = leaf as u16;
        let stated = frame.county.total.as_ref().and_then(|total| total.stated);
        let stated = stated.map(|source| &frame.returned(source).1.entries[leaf].value);
        let marks = self.context.marks.total(frame.idx);
        let findings = findings_at(marks, leaf);
        let mut level = worst(&self.context.merged.findings, findings);
        let kind = frame.annex.column_of(leaf).kind;
        let Some(sum) = sum else {
            // Nothing adds up here; what the responsible office says is shown as it says it.
            let shown = match stated {
                Some(value) => frame.shown_value(value, leaf, None),
                None => Shown::Blank,
            };
            let look = Look::new(Role::TotalFigure).level(level);
            write_shown(self.sheet, self.styles, at, col, &shown, look, kind)?;
            if !findings.is_empty() {
                self.write_note(at, leaf, findings, None)?;
            }
            return Ok(());
        };
        let differs = stated
            .and_then(Value::amount)
            .filter(|stated| *stated != sum);
        let said = differs.map(|stated| {
            level = level.or(Some(Level::Hint));
            self.context.stated_total(frame.idx, leaf, stated, sum)
        });
        let decimals = frame.annex.decimals_of(leaf, None).max(sum.decimals());
        let look = Look::new(Role::TotalFigure)
            .number(Number::Decimals(decimals))
            .level(level);
        let format = self.styles.get(look);
        let formula = frame.total_formula(leaf).set_result(sum.to_string());
        self.sheet
            .write_formula_with_format(at, col, formula, format)?;
        if said.is_some() || !findings.is_empty() {
            self.write_note(at, leaf, findings, said)?;
        }
        Ok(())
    }

    fn write_notes(&mut self) -> Result<(), XlsxError> {
        let frame = self.frame;
        let below_data = self.part.first_row + self.part.n_rows().max(1) as u32;
        let total_below = frame
            .sheets
            .total
            .is_some_and(|(part, row)| part == self.part_idx && row >= below_data);
        let last = self.last_col();
        let width: f64 = frame.widths.iter().sum();
        let format = self.styles.role(Role::Paragraph);
        let first = below_data + u32::from(total_below);
        for (idx, note) in frame.annex.notes.iter().enumerate() {
            let at = first + idx as u32;
            let n_lines = text::lines(note, width);
            self.sheet.set_row_height(at, text::height(n_lines))?;
            merge(self.sheet, (at, 0), (at, last), note, format)?;
        }
        Ok(())
    }
}

impl Frame<'_> {
    /// A live formula for a cell that a rule makes the sum of others, where the figure that was
    /// returned is exactly that sum. A figure that is not stays as it was typed.
    fn formula(&self, row_idx: usize, leaf: usize, given: Amount, at: u32) -> Option<Formula> {
        let row = &self.county.rows[row_idx];
        let sum = self.sums.iter().find(|sum| sum.total == leaf)?;
        if self.percent[leaf] || !sum.applies(row) {
            return None;
        }
        let (_, returned) = self.source(row)?;
        let unit = |leaf| self.context.scheme.unit_of(self.annex, leaf, row.spec);
        let mut added = Amount::ZERO;
        for &part in &sum.parts {
            if unit(part) != unit(leaf) || self.percent[part] {
                return None;
            }
            match &returned.entries[part].value {
                Value::Amount(amount) => added = added.checked_add(*amount)?,
                Value::Missing if self.annex.column_of(part).blank_is_none => {}
                _ => return None,
            }
        }
        let cells = runs(&sum.parts).map(|(first, last)| {
            let cell = |leaf: usize| CellRef::new(at, leaf as u32);
            match first == last {
                true => cell(first).to_string(),
                false => format!("{}:{}", cell(first), cell(last)),
            }
        });
        let cells = cells.collect::<Vec<_>>().join(",");
        (added == given)
            .then(|| Formula::new(format!("=SUM({cells})")).set_result(given.to_string()))
    }

    /// The sum of a column over all sheets of the annex.
    fn total_formula(&self, leaf: usize) -> Formula {
        let (total_part, _) = self.sheets.total.unwrap_or_default();
        let ranges = self.sheets.parts.iter().enumerate().map(|(idx, part)| {
            let first = CellRef::new(part.first_row, leaf as u32);
            let last = part.first_row + part.n_rows().max(1) as u32 - 1;
            let last = CellRef::new(last, leaf as u32);
            match idx == total_part {
                true => format!("{first}:{last}"),
                false => format!("'{}'!{first}:{last}", part.name.replace('\'', "''")),
            }
        });
        Formula::new(format!("=SUM({})", ranges.collect::<Vec<_>>().join(",")))
    }
}

impl RowSum<'_> {
    fn applies(&self, row: &CountyRow) -> bool {
        let applies = &self.rule.applies;
        let year = self.year.or(row.year);
        applies
            .rows
            .as_ref()
            .is_none_or(|rows| rows.contains(&row.key))
            && !applies.except_rows.contains(&row.key)
            && match (&applies.years, year) {
                (Some(years), Some(year)) => years.contains(&year),
                _ => true,
            }
    }
}

/// Neighbouring leaves as first and last, in order.
fn runs(leaves: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &leaf in leaves {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == leaf => *last = leaf,
            _ => runs.push((leaf, leaf)),
        }
    }
    runs.into_iter()
}

fn findings_at(marks: &[Mark], leaf: usize) -> &[usize] {
    let mark = marks.iter().find(|mark| mark.leaf == leaf);
    mark.map_or(&[], |mark| &mark.findings)
}

/// Short texts stand in the middle of their column, as in the plan; long ones start at the left.
fn text_is_long(width: f64) -> bool {
    width > 30.0
}

fn write_shown(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    at: u32,
    col: u16,
    shown: &Shown<'_>,
    look: Look,
    kind: ColumnKind,
) -> Result<(), XlsxError> {
    match shown {
        Shown::Blank => {
            sheet.write_blank(at, col, styles.get(look))?;
        }
        Shown::Text(text) => {
            let look = match kind {
                ColumnKind::Code => look.number(Number::Text),
                _ => look,
            };
            // Excel refuses longer texts; the return has the whole of it.
            let text = text::cut(text, 32_000);
            sheet.write_string_with_format(at, col, text, styles.get(look))?;
        }
        Shown::Number(number) => {
            sheet.write_number_with_format(at, col, *number, styles.get(look))?;
        }
        Shown::Figure(amount, number) => {
            write_figure(sheet, at, col, *amount, styles.get(look.number(*number)))?;
        }
        Shown::Date(date) => match (date.month, date.day) {
            (Some(month), Some(day)) => {
                let format = styles.get(look.number(Number::Date));
                let date = ExcelDateTime::from_ymd(date.year, month, day)?;
                sheet.write_datetime_with_format(at, col, date, format)?;
            }
            (month, _) => {
                let month = month.map(|month| format!("{month}月")).unwrap_or_default();
                let text = format!("{}年{month}", date.year);
                sheet.write_string_with_format(at, col, text, styles.get(look))?;
            }
        },
    }
    Ok(())
}

/// A figure as a number cell, unless a spreadsheet would lose digits of it.
fn write_figure(
    sheet: &mut Worksheet,
    at: u32,
    col: u16,
    amount: Amount,
    format: &Format,
) -> Result<(), XlsxError> {
    let digits = amount.0.mantissa().unsigned_abs();
    if digits < 1_000_000_000_000_000
        || amount.normalised().0.mantissa().unsigned_abs() < 1_000_000_000_000_000
    {
        sheet.write_number_with_format(at, col, amount.to_float(), format)?;
    } else {
        sheet.write_string_with_format(at, col, amount.to_string(), format)?;
    }
    Ok(())
}

/// Writes a cell, merged where it covers more than one.
pub(super) fn merge(
    sheet: &mut Worksheet,
    (first_row, first_col): (u32, u16),
    (last_row, last_col): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match (first_row, first_col) == (last_row, last_col) {
        true => sheet.write_string_with_format(first_row, first_col, text, format)?,
        false => sheet.merge_range(first_row, first_col, last_row, last_col, text, format)?,
    };
    Ok(())
}

impl Context<'_> {
    /// 县水利局填报的合计为 35020，各行之和为 35038，差 -18.
    fn stated_total(&self, annex: usize, leaf: usize, stated: Amount, sum: Amount) -> String {
        let annex_spec = &self.scheme.annexes[annex];
        let county = &self.merged.county.annexes[annex];
        let office = county.total.as_ref().and_then(|total| total.stated);
        let office = office.and_then(|source| self.merged.tables[source.table].reporter);
        let office = office.or(annex_spec.responsible);
        let office = office.map_or(
            self.lang.pick("责任单位", "the responsible office"),
            |idx| &self.scheme.reporters[idx].name,
        );
        let unit = self.scheme.unit_of(annex_spec, leaf, None);
        let unit = unit.map_or(String::new(), |unit| {
            format!(" {}", self.scheme.units.name(unit))
        });
        let difference = stated.checked_sub(sum).unwrap_or_default();
        let missing = county
            .rows
            .iter()
            .filter(|row| row.source.is_none())
            .count();
        let missing = match (missing, self.lang) {
            (0, _) => String::new(),
            (n, crate::report::Lang::Zh) => format!("（另有 {n} 行未报）"),
            (n, crate::report::Lang::En) => format!(" ({n} rows are missing)"),
        };
        match self.lang {
            crate::report::Lang::Zh => format!(
                "{office}填报的合计为 {stated}{unit}，各行之和为 {sum}{unit}，差 {difference}{unit}{missing}。本表按各行相加列出。"
            ),
            crate::report::Lang::En => format!(
                "{office} states a total of {stated}{unit}; the rows add up to {sum}{unit}, difference {difference}{unit}{missing}. This sheet shows the sum of the rows."
            ),
        }
    }

    /// All findings of a cell: what, expected, what to do, and where in the return.
    fn note(&self, findings: &[usize]) -> String {
        const SHOWN: usize = 6;
        let lang = self.lang;
        let mut blocks: Vec<String> = Vec::new();
        for &idx in findings.iter().take(SHOWN) {
            let finding = &self.merged.findings[idx];
            let mut block = format!(
                "【{}】{}",
                words::level(finding.level, lang),
                words::title(finding, lang)
            );
            if let Some(rule) = &finding.rule {
                block.push_str(&format!(" [{rule}]"));
            }
            for line in [words::facts(finding, lang), words::advice(finding, lang)] {
                if !line.is_empty() {
                    block.push('\n');
                    block.push_str(&text::cut(&line, 600));
                }
            }
            for suspect in finding.suspects.iter().take(3) {
                block.push_str(lang.pick("\n嫌疑：", "\nSuspect: "));
                block.push_str(&words::suspect(finding, suspect, lang));
            }
            if let Some(explanation) = &finding.explanation {
                block.push_str(lang.pick("\n审核说明：", "\nExplanation: "));
                block.push_str(&text::cut(explanation, 300));
            }
            blocks.push(block);
        }
        if findings.len() > SHOWN {
            let more = findings.len() - SHOWN;
            blocks.push(match lang {
                crate::report::Lang::Zh => {
                    format!("另有 {more} 条，见“{}”", self.layout.names.findings)
                }
                crate::report::Lang::En => {
                    format!("{more} more in sheet {}", self.layout.names.findings)
                }
            });
        }
        let place = findings
            .first()
            .and_then(|&idx| self.merged.findings[idx].place.as_ref());
        if let Some(place) = place {
            let sheet = place.sheet.as_deref().unwrap_or_default();
            let cell = place
                .cell
                .map(|cell| format!("!{cell}"))
                .unwrap_or_default();
            // The addresses above are the return's own, which this sheet does not share.
            blocks.push(format!(
                "{}{} {sheet}{cell}",
                lang.pick("原表：", "In the return: "),
                place.file
            ));
        }
        blocks.join("\n\n")
    }
}
