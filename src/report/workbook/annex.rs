//! One sheet for each annex, as the plan prints it, with live totals and marked cells.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use rayon::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::consolidate::{Completion, Source, State};
use crate::model::{Amount, CellRef, Date, Level, ReturnStatus, Value};
use crate::report::Lang;
use crate::scheme::{ColumnKind, Mean, Target};

use super::body::{Body, Cells};
use super::frame::{COMPLETION, Frame, MEASURED, Shown};
use super::head::{self, merge};
use super::layout::Part;
use super::marks::{Mark, MarkLook, Marked, Told, weight};
use super::notes::{
    Repeated, all_digits, as_returned, findings_note, no_formula, no_sum, stated_total,
};
use super::style::{Look, Number, Role, Styles, tab_colour};
use super::{
    Context, page, progress,
    text::{self, Texts},
};

/// Writes all sheets of one annex but for their data rows, and says what these are.
pub(super) fn write<'a>(
    frame: &'a Frame<'a>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<Vec<Body<'a>>, XlsxError> {
    let mut bodies = Vec::new();
    for part in &frame.sheets.parts {
        let grid = Grid { frame, part };
        let looks = grid.looks();
        let ids: HashMap<Look, u32> = looks
            .into_iter()
            .map(|look| (look, styles.register(workbook, look)))
            .collect();
        bodies.push(Body {
            sheet: workbook.worksheets().len(),
            first_row: part.first_row,
            n_rows: part.n_rows(),
            n_cols: usize::from(frame.last_col()) + 1,
            write: Box::new(move |rows, cells| grid.write(rows, &ids, cells)),
        });
        let sheet = workbook.add_worksheet();
        sheet.set_name(&part.name)?;
        if let Some(level) = worst_of_annex(frame.context, frame.idx) {
            sheet.set_tab_color(tab_colour(level));
        }
        Writer {
            grid,
            sheet,
            styles,
            notes_left: frame.notes,
            repeated: Repeated::default(),
        }
        .write()?;
    }
    Ok(bodies)
}

/// The data rows of one sheet.
#[derive(Clone, Copy)]
struct Grid<'a> {
    frame: &'a Frame<'a>,
    part: &'a Part,
}

impl<'a> Grid<'a> {
    /// Whether this sheet has the total row below its data.
    fn total_below(self) -> Option<u32> {
        let (part, row) = self.frame.sheets.total?;
        let here = std::ptr::eq(&self.frame.sheets.parts[part], self.part);
        (here && row >= self.part.first_row).then_some(row)
    }

    /// The findings of a cell and of those that are merged into it.
    fn findings(self, row_idx: usize, leaf: usize, span: usize) -> Cow<'a, [Told]> {
        let marks = |row| findings_at(self.frame.context.marks.row(self.frame.idx, row), leaf);
        match span {
            0 | 1 => Cow::Borrowed(marks(row_idx)),
            _ => (row_idx..row_idx + span).flat_map(marks).copied().collect(),
        }
    }

    /// How a cell and those that are merged into it are marked.
    fn mark(self, row_idx: usize, leaf: usize, span: usize) -> Option<MarkLook> {
        let marks = |row| self.frame.context.marks.row(self.frame.idx, row);
        let rows = row_idx..row_idx + span.max(1);
        rows.filter_map(|row| look_at(marks(row), leaf)).min()
    }

    fn is_absent(self, row_idx: usize, leaf: usize) -> bool {
        let (frame, row) = (self.frame, &self.frame.county.rows[row_idx]);
        let kind = frame.annex.column_of(leaf).kind;
        let is_label = frame.labels[leaf] || kind == ColumnKind::Serial;
        let state = row.completion.map(|completion| completion.state);
        let was_returned = state.is_some_and(|state| state != State::NotReturned);
        // A row of a later year stays blank.
        let period = frame.context.merged.period;
        let is_due = row.year.is_none_or(|year| period.has_begun(year));
        row.source.is_none() && !is_label && !was_returned && is_due
    }

    /// What the cell that starts here looks like, but for its number format.
    fn look(self, row_idx: usize, leaf: usize, span: usize) -> Look {
        let role = match self.frame.annex.column_of(leaf).kind {
            _ if self.is_absent(row_idx, leaf) => Role::Absent,
            // A name stands in the middle; what is printed beside it may be a whole paragraph.
            _ if self.frame.keys[leaf].is_some() => Role::Centred,
            ColumnKind::Serial => Role::Centred,
            ColumnKind::Additive | ColumnKind::Rate => Role::Figure,
            ColumnKind::Text if text_is_long(self.frame.widths[leaf]) => Role::Text,
            _ => Role::Centred,
        };
        Look::new(role).mark(self.mark(row_idx, leaf, span))
    }

    /// The looks of all cells, in a fixed order.
    fn looks(self) -> Vec<Look> {
        let rows = self.part.rows.0..self.part.rows.1;
        let looks = rows
            .into_par_iter()
            .fold(Vec::new, |mut looks: Vec<Look>, row| {
                for leaf in 0..self.frame.annex.leaves.len() {
                    let span = self.frame.span(row, leaf);
                    if span == 0 {
                        continue;
                    }
                    let look = self.look(row, leaf, span);
                    let shown = self.frame.shown(row, leaf);
                    let kind = self.frame.annex.column_of(leaf).kind;
                    // There are never many.
                    for look in [look, numbered(look, &shown, kind)] {
                        if !looks.contains(&look) {
                            looks.push(look);
                        }
                    }
                }
                let completion = self.completion_looks(row).into_iter().flatten();
                looks.extend(
                    completion
                        .filter(|look| !looks.contains(look))
                        .collect::<Vec<_>>(),
                );
                looks
            });
        let looks: BTreeSet<Look> = looks.flatten().collect();
        looks.into_iter().collect()
    }

    /// How 完成率 and 状态 of a row look, where rows have them.
    fn completion_looks(self, row_idx: usize) -> Option<[Look; 2]> {
        if !self.frame.completion {
            return None;
        }
        let rate = self
            .rate(row_idx)
            .map_or(Number::General, |_| Number::Percent(1));
        let state = match self.completion(row_idx) {
            Some(completion) => {
                let target = self.target(row_idx);
                progress::look(self.frame.context, completion.state, target)
            }
            None => Look::new(Role::Centred),
        };
        Some([Look::new(Role::Figure).number(rate), state])
    }

    fn completion(self, row_idx: usize) -> Option<Completion> {
        self.frame.county.rows[row_idx].completion
    }

    /// The share of its target that a row has reached.
    fn rate(self, row_idx: usize) -> Option<Amount> {
        let rate = self.completion(row_idx)?.rate?;
        rate.checked_mul(Amount::last_digit(2))
    }

    fn target(self, row_idx: usize) -> Option<&'a Target> {
        let spec = self.frame.county.rows[row_idx].spec?;
        self.frame.annex.rows.fixed()[spec].target.as_ref()
    }

    /// Lines that a row needs.
    fn n_lines(self, row_idx: usize) -> usize {
        let lines = (0..self.frame.annex.leaves.len()).map(|leaf| {
            match (
                self.frame.span(row_idx, leaf),
                self.frame.shown(row_idx, leaf),
            ) {
                (1, Shown::Text(text)) if self.remark_end(row_idx, leaf).is_none() => {
                    text::lines(&text, self.frame.widths[leaf])
                }
                _ => 1,
            }
        });
        let over_several = self.frame.lines.get(row_idx).copied();
        lines.chain(over_several).max().unwrap_or(1)
    }

    /// The total row, where a printed remark covers it too, as in 附件2.1.
    fn remark_end(self, row_idx: usize, leaf: usize) -> Option<u32> {
        let frame = self.frame;
        let ends = row_idx + self.frame.spans[leaf].as_ref()?[row_idx] as usize;
        let total = self.total_below()?;
        (ends == self.part.rows.1
            && !frame.labels[leaf]
            && matches!(frame.shown(row_idx, leaf), Shown::Text(_))
            && self.total_is_blank(leaf))
        .then_some(total)
    }

    /// The height of a row, unless it is the usual one. In a large register only rows that need another
    /// height say so.
    fn height(self, row_idx: usize) -> Option<f64> {
        let n_lines = self.n_lines(row_idx);
        let said = n_lines > 1 || self.frame.county.rows.len() <= MEASURED;
        said.then(|| text::height(n_lines))
    }

    fn write(self, rows: Range<usize>, ids: &HashMap<Look, u32>, cells: &mut Cells) {
        let n_leaves = self.frame.annex.leaves.len();
        // Cells of a column look alike, mostly.
        let mut last: Vec<Option<(Look, u32)>> = vec![None; n_leaves];
        let mut style = |leaf: usize, look: Look| match last[leaf] {
            Some((same, id)) if same == look => id,
            _ => last[leaf].insert((look, ids[&look])).1,
        };
        let mut covering: Vec<Option<Look>> = vec![None; n_leaves];
        for row in rows {
            let row_idx = self.part.rows.0 + row;
            cells.start_row(row, self.height(row_idx));
            for (leaf, covering) in covering.iter_mut().enumerate() {
                if self.frame.span(row_idx, leaf) == 0 {
                    let look = *covering.get_or_insert_with(|| self.look_above(row_idx, leaf));
                    cells.blank(leaf, style(leaf, look));
                } else {
                    let look = self.write_cell(row, leaf, &mut style, cells);
                    *covering = Some(look);
                }
            }
            if let Some([rate, state]) = self.completion_looks(row_idx) {
                match self.rate(row_idx).and_then(figure) {
                    Some(share) => cells.number(n_leaves, ids[&rate], share),
                    None => cells.blank(n_leaves, ids[&rate]),
                }
                let word = self.completion(row_idx).map_or("", |completion| {
                    progress::word(completion.state, self.frame.context.lang)
                });
                cells.text(n_leaves + 1, ids[&state], word);
            }
        }
    }

    /// Writes a cell that no other covers; the look of those that it covers itself.
    fn write_cell(
        self,
        row: usize,
        leaf: usize,
        style: &mut impl FnMut(usize, Look) -> u32,
        cells: &mut Cells,
    ) -> Look {
        let row_idx = self.part.rows.0 + row;
        let span = self.frame.span(row_idx, leaf);
        let look = self.look(row_idx, leaf, span);
        if self.is_absent(row_idx, leaf) {
            let word = match self.frame.first_value == Some(leaf) {
                true => self.frame.why_absent(row_idx),
                false => "",
            };
            cells.text(leaf, style(leaf, look), word);
            return look;
        }
        match self.remark_end(row_idx, leaf) {
            Some(_) => cells.merge((leaf, leaf), row + span),
            None if span > 1 => cells.merge((leaf, leaf), row + span - 1),
            None => {}
        }
        let shown = self.frame.shown(row_idx, leaf);
        let kind = self.frame.annex.column_of(leaf).kind;
        let style = style(leaf, numbered(look, &shown, kind));
        match &shown {
            Shown::Figure(amount, _) => match self.frame.row_sum(row_idx, leaf) {
                Some((runs, sum)) => cells.sum(leaf, style, runs, sum),
                // Of a figure of very many digits the note has them all.
                None => cells.number(leaf, style, amount.to_shown_float()),
            },
            Shown::Blank => cells.blank(leaf, style),
            Shown::Number(number) => cells.number(leaf, style, f64::from(*number)),
            Shown::Text(text) => cells.text(leaf, style, text),
            Shown::Date(date) => match serial(*date) {
                Some(date) => cells.number(leaf, style, date.to_excel()),
                None => cells.text(leaf, style, &printed(*date)),
            },
        }
        look
    }

    /// The look of the cell that covers this one.
    fn look_above(self, row_idx: usize, leaf: usize) -> Look {
        let mut rows = (self.part.rows.0..row_idx).rev();
        let top = rows
            .find(|&row| self.frame.span(row, leaf) > 0)
            .unwrap_or(row_idx);
        self.look(top, leaf, self.frame.span(top, leaf))
    }

    fn total_is_blank(self, leaf: usize) -> bool {
        let total = self.frame.county.total.as_ref();
        let sum = total.and_then(|total| *total.sums.get(leaf)?);
        let stated = total.and_then(|total| total.stated);
        let stated = stated.map(|source| &self.frame.returned(source).1.entries[leaf].value);
        sum.is_none() && stated.is_none_or(Value::is_missing)
    }

    /// The look of the last remark of a merged column, where it is drawn down over the total row.
    fn remark_over_total(self, leaf: usize) -> Option<Look> {
        let spans = self.frame.spans[leaf].as_ref()?;
        let mut rows = (self.part.rows.0..self.part.rows.1).rev();
        let start = rows.find(|&row| spans[row] > 0)?;
        self.remark_end(start, leaf)
            .filter(|_| !self.is_absent(start, leaf))
            .map(|_| self.look(start, leaf, spans[start] as usize))
    }
}

/// Writes what surrounds the data rows of one sheet.
struct Writer<'a, 'b> {
    grid: Grid<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    notes_left: [usize; Level::ALL.len()],
    repeated: Repeated,
}

impl Writer<'_, '_> {
    fn write(mut self) -> Result<(), XlsxError> {
        self.set_up()?;
        self.write_head()?;
        let part = self.grid.part;
        if part.n_rows() == 0 {
            self.write_no_rows()?;
        } else {
            // From this the library knows how far the sheet extends; the row itself takes its place.
            let last = part.first_row + part.n_rows() as u32 - 1;
            let last_col = self.last_col();
            let format = self.styles.role(Role::Centred);
            self.sheet.write_blank(last, last_col, format)?;
        }
        self.mark_rows()?;
        let sheets = self.grid.frame.sheets;
        if let Some((_, row)) = sheets
            .total
            .filter(|&(idx, _)| std::ptr::eq(&sheets.parts[idx], part))
        {
            self.write_total(row)?;
        }
        self.write_notes()
    }

    fn first_col(&self) -> u16 {
        head::first_col(&self.grid.frame.widths)
    }

    fn last_col(&self) -> u16 {
        self.grid.frame.last_col()
    }

    fn set_up(&mut self) -> Result<(), XlsxError> {
        for (col, width) in self.grid.frame.widths.iter().enumerate() {
            match *width > 0.0 {
                true => self.sheet.set_column_width(col as u16, *width)?,
                false => self.sheet.set_column_hidden(col as u16)?,
            };
        }
        if self.grid.frame.completion {
            for (nth, width) in COMPLETION.into_iter().enumerate() {
                let col = (self.grid.frame.widths.len() + nth) as u16;
                self.sheet.set_column_width(col, width)?;
            }
        }
        let (top, body) = (self.grid.frame.sheets.head, self.grid.frame.sheets.body);
        page::set_up(
            self.sheet,
            Some((top, body - 1)),
            self.grid.frame.context.lang,
        )?;
        let frozen_cols = head::frozen_cols(&self.grid.frame.widths, self.grid.frame.label_cols);
        self.sheet.set_freeze_panes(body, frozen_cols)?;
        Ok(())
    }

    fn write_head(&mut self) -> Result<(), XlsxError> {
        let annex = self.grid.frame.annex;
        let last = self.last_col();
        let widths = &self.grid.frame.widths;
        head::write_number(self.sheet, self.styles, annex, widths)?;
        let status = self.grid.frame.context.annex_status(self.grid.frame.idx);
        let small = self.styles.role(Role::Small);
        if last > 0 {
            self.sheet.text(0, last, status, small)?;
        }
        head::write_title(self.sheet, self.styles, annex, widths)?;
        if let Some(unit_line) = &annex.unit_line {
            let aside = self.styles.role(Role::Aside);
            self.sheet.text(2, last, unit_line, aside)?;
        }
        let top = self.grid.frame.sheets.head;
        head::write_header(self.sheet, self.styles, annex, widths, top)?;
        if self.grid.frame.completion {
            let format = self.styles.role(Role::Header);
            let bottom = self.grid.frame.sheets.body - 1;
            let lang = self.grid.frame.context.lang;
            let names = [lang.pick("完成率", "Rate"), lang.pick("状态", "State")];
            for (col, name) in (widths.len() as u16..).zip(names) {
                merge(self.sheet, (top, col), (bottom, col), name, format)?;
            }
        }
        Ok(())
    }

    fn write_no_rows(&mut self) -> Result<(), XlsxError> {
        let (context, idx) = (self.grid.frame.context, self.grid.frame.idx);
        let word = match context.is_due(idx) {
            true => context.lang.pick("未报", "not returned"),
            false => context.lang.pick("本期不报", "not due"),
        };
        let last = self.last_col();
        let row = self.grid.part.first_row;
        let first = self.first_col();
        let absent = self.styles.role(Role::Absent);
        self.sheet.set_row_height(row, text::height(1))?;
        merge(self.sheet, (row, first), (row, last), word, absent)
    }

    /// Notes of the data rows, and the heights by which boxes of notes are placed.
    fn mark_rows(&mut self) -> Result<(), XlsxError> {
        let (frame, part) = (self.grid.frame, self.grid.part);
        let few = frame.county.rows.len() <= MEASURED;
        let marks = &frame.context.marks;
        let all_exact = frame.inexact.iter().all(Vec::is_empty);
        if !few && !marks.any(frame.idx) && !frame.completion && all_exact {
            return Ok(());
        }
        for row_idx in part.rows.0..part.rows.1 {
            let at = part.first_row + (row_idx - part.rows.0) as u32;
            let mut marked = false;
            for leaf in 0..frame.annex.leaves.len() {
                let span = frame.span(row_idx, leaf);
                let findings = match span {
                    0 => continue,
                    _ => self.grid.findings(row_idx, leaf, span),
                };
                let exact = frame.inexact(row_idx, leaf);
                if !findings.is_empty() || exact.is_some() {
                    let source = frame.county.rows[row_idx].source;
                    let exact = exact.map(|exact| all_digits(frame.context, exact));
                    let look = self.grid.mark(row_idx, leaf, span);
                    self.write_note((at, Some(row_idx)), leaf, (&findings, look), source, exact)?;
                    marked = true;
                }
            }
            if let Some(note) = self.grid.completion(row_idx).and_then(|completion| {
                let target = self.grid.target(row_idx);
                progress::note(frame.context, completion.state, target)
            }) {
                let col = self.last_col();
                self.sheet.insert_note(at, col, &page::note(&note))?;
                marked = true;
            }
            if let Some(height) = (few || marked).then(|| self.grid.height(row_idx)).flatten() {
                self.sheet.set_row_height(at, height)?;
            }
        }
        Ok(())
    }

    /// Colours tell that there is something; the note tells what. `row` is the county's row; `None` for
    /// the total row.
    fn write_note(
        &mut self,
        (at, row): (u32, Option<usize>),
        leaf: usize,
        (findings, look): (&[Told], Option<MarkLook>),
        source: Option<Source>,
        more: Option<String>,
    ) -> Result<(), XlsxError> {
        let level = look.map_or(Level::Hint, weight);
        let left = &mut self.notes_left[level as usize];
        // A note about a stated total belongs to no finding and is always written.
        if *left == 0 && more.is_none() {
            return Ok(());
        }
        *left = left.saturating_sub(1);
        let context = self.grid.frame.context;
        let published = self.grid.frame.published(row, leaf);
        let unit = published.map(|figure| as_returned(context, figure));
        let place = (&*self.grid.part.name, CellRef::new(at, leaf as u32));
        let found = (!findings.is_empty()).then(|| {
            let repeated = &mut self.repeated;
            findings_note(context, repeated, place, findings, source, leaf)
        });
        let text: Vec<String> = unit.into_iter().chain(more).chain(found).collect();
        let text = text.join("\n\n");
        self.sheet
            .insert_note(at, leaf as u16, &page::note(&text))?;
        Ok(())
    }

    fn write_total(&mut self, at: u32) -> Result<(), XlsxError> {
        let frame = self.grid.frame;
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
        let marks = self.grid.frame.context.marks.total(frame.idx);
        // A finding about the label stands at one of the columns that the label covers.
        let label: Vec<Told> = marks
            .iter()
            .filter(|mark| frame.total_label.contains(&mark.leaf))
            .flat_map(|mark| mark.findings.iter().copied())
            .collect();
        let look = (marks.iter())
            .filter(|mark| frame.total_label.contains(&mark.leaf))
            .map(|mark| mark.look)
            .min();
        if !frame.total_label.is_empty() {
            let last = frame.total_label.end as u16 - 1;
            let first = self
                .first_col()
                .max(frame.total_label.start as u16)
                .min(last);
            let format = self.styles.get(Look::new(Role::TotalLabel).mark(look));
            let text = spec.label(n_returned);
            merge(self.sheet, (at, first), (at, last), &text, format)?;
            if !label.is_empty() {
                self.write_note((at, None), first.into(), (&label, look), total.stated, None)?;
            }
        }
        let is_label = |leaf: &usize| frame.total_label.contains(leaf);
        for leaf in (0..frame.annex.leaves.len()).filter(|leaf| !is_label(leaf)) {
            match self.grid.remark_over_total(leaf) {
                Some(look) => {
                    let format = self.styles.get(look);
                    self.sheet.write_blank(at, leaf as u16, format)?;
                }
                None => self.write_total_cell(at, leaf, total.sums.get(leaf).copied().flatten())?,
            }
        }
        Ok(())
    }

    fn write_total_cell(
        &mut self,
        at: u32,
        leaf: usize,
        sum: Option<Amount>,
    ) -> Result<(), XlsxError> {
        let frame = self.grid.frame;
        let col = leaf as u16;
        let office = frame.county.total.as_ref().and_then(|total| total.stated);
        let stated = office.map(|source| &frame.returned(source).1.entries[leaf].value);
        let marks = self.grid.frame.context.marks.total(frame.idx);
        let findings = findings_at(marks, leaf);
        let mut mark = look_at(marks, leaf);
        let kind = frame.annex.column_of(leaf).kind;
        let Some(sum) = sum else {
            // Nothing adds up here; what the responsible office says is shown as it says it.
            let shown = match (frame.published(None, leaf), stated) {
                (Some(figure), _) => Shown::published(figure),
                (None, Some(value)) => frame.shown_value(value, leaf, None),
                (None, None) => Shown::Blank,
            };
            let look = Look::new(Role::TotalFigure).mark(mark);
            write_shown(self.sheet, self.styles, at, col, &shown, look, kind)?;
            let exact = match shown {
                Shown::Figure(amount, _) if !amount.is_short() => {
                    Some(all_digits(frame.context, amount))
                }
                Shown::Blank if frame.is_too_long(leaf) => Some(no_sum(frame.context)),
                _ => None,
            };
            if !findings.is_empty() || exact.is_some() {
                self.write_note((at, None), leaf, (findings, mark), office, exact)?;
            }
            return Ok(());
        };
        let mean = frame.context.scheme.mean_of(frame.idx, leaf);
        let is_same = |stated: Amount| match mean {
            // Both are rounded.
            Some(_) => {
                let decimals = stated.decimals().min(sum.decimals());
                let off = stated.checked_sub(sum).map(Amount::abs);
                off.is_some_and(|off| off < Amount::last_digit(decimals))
            }
            None => stated == sum,
        };
        let differs = stated
            .and_then(Value::amount)
            .filter(|stated| !is_same(*stated));
        let said = differs.map(|stated| {
            // While rows are missing the two must differ; that alone is worth no colour.
            let complete = frame.county.rows.iter().all(|row| row.source.is_some());
            mark = mark.or(complete.then_some((Marked::Wrong, Level::Hint)));
            stated_total(self.grid.frame.context, frame.idx, leaf, stated, sum)
        });
        if let Some(mean) = &mean {
            let look = Look::new(Role::TotalFigure).mark(mark);
            self.write_mean((at, col), mean, sum, look)?;
            if said.is_some() || !findings.is_empty() {
                self.write_note((at, None), leaf, (findings, mark), office, said)?;
            }
            return Ok(());
        }
        let (shown, decimals) = match frame.published(None, leaf) {
            Some(figure) => (figure.published, figure.publish.decimals),
            None => (sum, frame.annex.decimals_of(leaf, None).max(sum.decimals())),
        };
        let look = Look::new(Role::TotalFigure)
            .number(Number::Decimals(decimals))
            .mark(mark);
        let format = self.styles.get(look);
        // A formula adds up what the cells keep, which would be another sum.
        let why_no_formula = match frame.inexact[leaf].is_empty() && shown.is_short() {
            true => {
                let formula = frame.total_formula(leaf).set_result(shown.to_string());
                self.sheet
                    .write_formula_with_format(at, col, formula, format)?;
                None
            }
            false => {
                let sum = shown.to_shown_float();
                self.sheet.write_number_with_format(at, col, sum, format)?;
                Some(no_formula(frame.context, shown))
            }
        };
        if said.is_some() || !findings.is_empty() || why_no_formula.is_some() {
            let said: Vec<String> = said.into_iter().chain(why_no_formula).collect();
            let said = (!said.is_empty()).then(|| said.join("\n\n"));
            self.write_note((at, None), leaf, (findings, mark), office, said)?;
        }
        Ok(())
    }

    /// What rates come to together, as a live formula where all that it needs stands on this sheet.
    fn write_mean(
        &mut self,
        (at, col): (u32, u16),
        mean: &Mean,
        figure: Amount,
        look: Look,
    ) -> Result<(), XlsxError> {
        let frame = self.grid.frame;
        let value = Value::Amount(figure);
        let shown = frame.shown_value(&value, col.into(), None);
        let Shown::Figure(printed, number) = shown else {
            return Ok(());
        };
        let format = self.styles.get(look.number(number));
        match frame.mean_formula(col.into(), at, mean, printed.decimals()) {
            Some(formula) => {
                let formula = formula.set_result(printed.to_string());
                self.sheet
                    .write_formula_with_format(at, col, formula, format)?;
            }
            None => write_figure(self.sheet, at, col, printed, format)?,
        }
        Ok(())
    }

    /// That the totals lack somebody's figures, and whose.
    fn incomplete(&self) -> Option<String> {
        let frame = self.grid.frame;
        let context = frame.context;
        let lang = context.lang;
        frame.county.total.as_ref()?;
        let (owed, came) = context.owed(Some(frame.idx));
        let partly = context.partly(frame.idx);
        let missing = context.merged.returns.iter();
        let missing =
            missing.filter(|one| one.annex == frame.idx && one.status == ReturnStatus::Missing);
        let missing = missing.map(|one| &*context.scheme.reporters[one.reporter].name);
        let missing = some_of(missing.collect(), lang);
        let partly = partly.into_iter().map(|(county, without)| {
            let without = some_of(without, lang);
            match lang {
                Lang::Zh => format!("{county}的数不含未报的{without}"),
                Lang::En => format!("{county} lacks {without}"),
            }
        });
        let whole = (came < owed).then(|| match lang {
            Lang::Zh => format!("合计只含已报的 {came} 个单位，应报 {owed} 个；未报：{missing}"),
            Lang::En => {
                format!("the totals hold {came} of {owed} reporters; missing: {missing}")
            }
        });
        let said = whole.into_iter().chain(partly).chain(self.without_total());
        let said: Vec<String> = said.collect();
        let said = said.join(lang.pick("；", "; "));
        (!said.is_empty()).then(|| match lang {
            Lang::Zh => format!("数据不全：{said}。"),
            Lang::En => format!("Incomplete: {said}."),
        })
    }

    /// Whose forms came without the total row that the county takes.
    fn without_total(&self) -> Option<String> {
        let frame = self.grid.frame;
        let context = frame.context;
        let absent = frame.county.rows.iter().filter(|row| row.source.is_none());
        let lacking = absent.filter_map(|row| row.reporter);
        let lacking = lacking.filter(|&reporter| context.lacks_total(frame.idx, reporter));
        let names: Vec<&str> = lacking
            .map(|reporter| &*context.scheme.reporters[reporter].name)
            .collect();
        let named = (!names.is_empty()).then(|| some_of(names, context.lang))?;
        Some(match context.lang {
            Lang::Zh => format!("合计不含没有合计行的{named}"),
            Lang::En => format!("the totals lack {named}, returned without a total row"),
        })
    }

    fn write_notes(&mut self) -> Result<(), XlsxError> {
        let frame = self.grid.frame;
        let below_data = self.grid.part.first_row + self.grid.part.n_rows().max(1) as u32;
        let total_below = frame.sheets.total.is_some_and(|(idx, row)| {
            std::ptr::eq(&frame.sheets.parts[idx], self.grid.part) && row >= below_data
        });
        let (left, last) = (self.first_col(), self.last_col());
        let width: f64 = frame.widths.iter().sum();
        let mut first = below_data + u32::from(total_below);
        if let Some(said) = self.incomplete() {
            let format = self.styles.role(Role::Warning);
            let n_lines = text::lines(&said, width);
            self.sheet.set_row_height(first, text::height(n_lines))?;
            merge(self.sheet, (first, left), (first, last), &said, format)?;
            first += 1;
        }
        let format = self.styles.role(Role::Paragraph);
        let printed = frame.context.printed(frame.idx);
        let rounded = printed.map(|printed| {
            let (units, names) = (&frame.context.scheme.units, &frame.context.layout.names);
            printed.note(units, &names.rounding, frame.context.lang)
        });
        for (idx, note) in frame.annex.notes.iter().chain(&rounded).enumerate() {
            let at = first + idx as u32;
            let n_lines = text::lines(note, width);
            self.sheet.set_row_height(at, text::height(n_lines))?;
            merge(self.sheet, (at, left), (at, last), note, format)?;
        }
        Ok(())
    }
}

fn findings_at(marks: &[Mark], leaf: usize) -> &[Told] {
    let mark = marks.iter().find(|mark| mark.leaf == leaf);
    mark.map_or(&[], |mark| &mark.findings)
}

fn look_at(marks: &[Mark], leaf: usize) -> Option<MarkLook> {
    let mark = marks.iter().find(|mark| mark.leaf == leaf);
    mark.map(|mark| mark.look)
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
    let format = styles.get(numbered(look, shown, kind));
    match shown {
        Shown::Blank => sheet.write_blank(at, col, format)?,
        Shown::Text(text) => sheet.text(at, col, text, format)?,
        Shown::Number(number) => sheet.write_number_with_format(at, col, *number, format)?,
        Shown::Figure(amount, _) => {
            sheet.write_number_with_format(at, col, amount.to_shown_float(), format)?
        }
        Shown::Date(date) => match serial(*date) {
            Some(date) => sheet.write_datetime_with_format(at, col, date, format)?,
            None => sheet.text(at, col, printed(*date), format)?,
        },
    };
    Ok(())
}

/// A figure as a number cell, unless a spreadsheet would lose digits of it.
pub(super) fn write_figure(
    sheet: &mut Worksheet,
    at: u32,
    col: u16,
    amount: Amount,
    format: &Format,
) -> Result<(), XlsxError> {
    match figure(amount) {
        Some(number) => sheet.write_number_with_format(at, col, number, format)?,
        None => sheet.text(at, col, amount.to_string(), format)?,
    };
    Ok(())
}

/// The look with the number format that suits what is shown.
fn numbered(look: Look, shown: &Shown<'_>, kind: ColumnKind) -> Look {
    match shown {
        Shown::Text(_) if kind == ColumnKind::Code && look.role != Role::Absent => {
            look.number(Number::Text)
        }
        Shown::Figure(_, number) => look.number(*number),
        Shown::Date(date) if serial(*date).is_some() => look.number(Number::Date),
        _ => look,
    }
}

/// The number of a figure's cell, unless a spreadsheet would lose digits of it.
fn figure(amount: Amount) -> Option<f64> {
    amount.is_short().then(|| amount.to_float())
}

/// The date as spreadsheets keep it, where it is whole and they can.
fn serial(date: Date) -> Option<ExcelDateTime> {
    ExcelDateTime::from_ymd(date.year, date.month?, date.day?).ok()
}

/// A date of which only the month or the year is known.
fn printed(date: Date) -> String {
    let month = date.month.map(|month| format!("{month}月"));
    let day = date.day.map(|day| format!("{day}日"));
    format!(
        "{}年{}{}",
        date.year,
        month.unwrap_or_default(),
        day.unwrap_or_default()
    )
}

fn worst_of_annex(context: &Context<'_>, annex: usize) -> Option<Level> {
    let counts = &context.annex_findings[annex];
    Level::ALL
        .into_iter()
        .find(|level| counts[*level as usize] > 0)
}

/// Names, of many only the first.
fn some_of(mut names: Vec<&str>, lang: Lang) -> String {
    const NAMED: usize = 12;
    let rest = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let mut said = names.join(lang.pick("、", ", "));
    if rest > 0 {
        said += lang.pick("等", " and others");
    }
    said
}
