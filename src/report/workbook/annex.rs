//! One sheet for each annex, as the plan prints it, with live totals and marked cells.

use std::borrow::Cow;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::consolidate::{CountyRow, Source, State};
use crate::model::{Amount, Level, Value};
use crate::scheme::ColumnKind;

use super::frame::{COMPLETION, Frame, MEASURED, Shown};
use super::head::{self, merge};
use super::layout::Part;
use super::marks::{Mark, worst};
use super::notes::{as_returned, findings_note, stated_total};
use super::style::{Look, Number, Role, Styles, tab_colour};
use super::{Context, page, progress, text};

/// Writes all sheets of one annex.
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
        self.frame.last_col()
    }

    fn set_up(&mut self) -> Result<(), XlsxError> {
        for (col, width) in self.frame.widths.iter().enumerate() {
            self.sheet.set_column_width(col as u16, *width)?;
        }
        if self.frame.completion {
            for (nth, width) in COMPLETION.into_iter().enumerate() {
                let col = (self.frame.widths.len() + nth) as u16;
                self.sheet.set_column_width(col, width)?;
            }
        }
        let (top, body) = (self.frame.sheets.head, self.frame.sheets.body);
        page::set_up(self.sheet, Some((top, body - 1)), self.context.lang)?;
        let frozen_cols = head::frozen_cols(&self.frame.widths, self.frame.label_cols);
        self.sheet.set_freeze_panes(body, frozen_cols)?;
        Ok(())
    }

    fn write_head(&mut self) -> Result<(), XlsxError> {
        let annex = self.frame.annex;
        let last = self.last_col();
        let widths = &self.frame.widths;
        head::write_number(self.sheet, self.styles, annex)?;
        let status = self.context.annex_status(self.frame.idx);
        let small = self.styles.role(Role::Small);
        if last > 0 {
            self.sheet.write_with_format(0, last, status, small)?;
        }
        head::write_title(self.sheet, self.styles, annex, widths)?;
        if let Some(unit_line) = &annex.unit_line {
            let aside = self.styles.role(Role::Aside);
            self.sheet.write_with_format(2, last, unit_line, aside)?;
        }
        let top = self.frame.sheets.head;
        head::write_header(self.sheet, self.styles, annex, widths, top)?;
        if self.frame.completion {
            let format = self.styles.role(Role::Header);
            let bottom = self.frame.sheets.body - 1;
            let lang = self.context.lang;
            let names = [lang.pick("完成率", "Rate"), lang.pick("状态", "State")];
            for (col, name) in (widths.len() as u16..).zip(names) {
                merge(self.sheet, (top, col), (bottom, col), name, format)?;
            }
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
        let mut n_lines = frame.lines.get(row_idx).copied().unwrap_or(1);
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
                let remark = !frame.labels[leaf] && matches!(shown, Shown::Text(_));
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
                self.write_note((at, Some(row_idx)), leaf, &group, row.source, None)?;
            }
        }
        if frame.completion {
            self.write_completion(at, row)?;
        }
        // In a large register only rows that need another height say so.
        if n_lines > 1 || frame.county.rows.len() <= MEASURED {
            self.sheet.set_row_height(at, text::height(n_lines))?;
        }
        debug_assert!(row.source.is_some() || marks.is_empty());
        Ok(())
    }

    /// 完成率 and 状态 of a row.
    fn write_completion(&mut self, at: u32, row: &CountyRow) -> Result<(), XlsxError> {
        let (rate_col, state_col) = (self.last_col() - 1, self.last_col());
        let rate = row.completion.and_then(|completion| completion.rate);
        let hundredth = rate.and_then(|rate| rate.checked_mul(Amount::last_digit(2)));
        let shown = match hundredth {
            Some(share) => Shown::Figure(share, Number::Percent(1)),
            None => Shown::Blank,
        };
        let (look, kind) = (Look::new(Role::Figure), ColumnKind::Rate);
        write_shown(self.sheet, self.styles, at, rate_col, &shown, look, kind)?;
        let Some(completion) = row.completion else {
            let format = self.styles.role(Role::Centred);
            self.sheet.write_blank(at, state_col, format)?;
            return Ok(());
        };
        let target = row
            .spec
            .and_then(|spec| self.frame.annex.rows.fixed()[spec].target.as_ref());
        let format = self
            .styles
            .get(progress::look(self.context, completion.state, target));
        let word = progress::word(completion.state, self.context.lang);
        self.sheet
            .write_string_with_format(at, state_col, word, format)?;
        if let Some(note) = progress::note(self.context, completion.state, target) {
            self.sheet.insert_note(at, state_col, &page::note(&note))?;
        }
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
        let is_key = frame.labels[leaf] || kind == ColumnKind::Serial;
        let state = row.completion.map(|completion| completion.state);
        let was_returned = state.is_some_and(|state| state != State::NotReturned);
        if row.source.is_none() && !is_key && !was_returned {
            let absent = self.styles.role(Role::Absent);
            let word = match frame.first_value == Some(leaf) {
                true => self.context.lang.pick("未报", "missing"),
                false => "",
            };
            self.sheet.write_string_with_format(at, col, word, absent)?;
            return Ok(());
        }
        let role = match kind {
            // A name stands in the middle; what is printed beside it may be a whole paragraph.
            _ if frame.keys[leaf].is_some() || kind == ColumnKind::Serial => Role::Centred,
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
                match frame.formula(row_idx, leaf, at) {
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

    /// Colours tell that there is something; the note tells what. `row` is the county's row; `None` for
    /// the total row.
    fn write_note(
        &mut self,
        (at, row): (u32, Option<usize>),
        leaf: usize,
        findings: &[usize],
        source: Option<Source>,
        more: Option<String>,
    ) -> Result<(), XlsxError> {
        let level = worst(&self.context.merged.findings, findings).unwrap_or(Level::Hint);
        let left = &mut self.notes_left[level as usize];
        // A note about a stated total belongs to no finding and is always written.
        if *left == 0 && more.is_none() {
            return Ok(());
        }
        *left = left.saturating_sub(1);
        let published = self.frame.published(row, leaf);
        let unit = published.map(|figure| as_returned(self.context, figure));
        let found =
            (!findings.is_empty()).then(|| findings_note(self.context, findings, source, leaf));
        let text: Vec<String> = unit.into_iter().chain(more).chain(found).collect();
        let text = text.join("\n\n");
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
                self.write_note((at, None), 0, &label, total.stated, None)?;
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
        !self.frame.labels[leaf]
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
        let office = frame.county.total.as_ref().and_then(|total| total.stated);
        let stated = office.map(|source| &frame.returned(source).1.entries[leaf].value);
        let marks = self.context.marks.total(frame.idx);
        let findings = findings_at(marks, leaf);
        let mut level = worst(&self.context.merged.findings, findings);
        let kind = frame.annex.column_of(leaf).kind;
        let Some(sum) = sum else {
            // Nothing adds up here; what the responsible office says is shown as it says it.
            let shown = match (frame.published(None, leaf), stated) {
                (Some(figure), _) => Shown::published(figure),
                (None, Some(value)) => frame.shown_value(value, leaf, None),
                (None, None) => Shown::Blank,
            };
            let look = Look::new(Role::TotalFigure).level(level);
            write_shown(self.sheet, self.styles, at, col, &shown, look, kind)?;
            if !findings.is_empty() {
                self.write_note((at, None), leaf, findings, office, None)?;
            }
            return Ok(());
        };
        let differs = stated
            .and_then(Value::amount)
            .filter(|stated| *stated != sum);
        let said = differs.map(|stated| {
            // While rows are missing the two must differ; that alone is worth no colour.
            let complete = frame.county.rows.iter().all(|row| row.source.is_some());
            level = level.or(complete.then_some(Level::Hint));
            stated_total(self.context, frame.idx, leaf, stated, sum)
        });
        let (shown, decimals) = match frame.published(None, leaf) {
            Some(figure) => (figure.published, figure.publish.decimals),
            None => (sum, frame.annex.decimals_of(leaf, None).max(sum.decimals())),
        };
        let look = Look::new(Role::TotalFigure)
            .number(Number::Decimals(decimals))
            .level(level);
        let format = self.styles.get(look);
        let formula = frame.total_formula(leaf).set_result(shown.to_string());
        self.sheet
            .write_formula_with_format(at, col, formula, format)?;
        if said.is_some() || !findings.is_empty() {
            self.write_note((at, None), leaf, findings, office, said)?;
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
        let printed = self.context.printed(frame.idx);
        let rounded = printed.map(|printed| {
            let (units, names) = (&self.context.scheme.units, &self.context.layout.names);
            printed.note(units, &names.rounding, self.context.lang)
        });
        for (idx, note) in frame.annex.notes.iter().chain(&rounded).enumerate() {
            let at = first + idx as u32;
            let n_lines = text::lines(note, width);
            self.sheet.set_row_height(at, text::height(n_lines))?;
            merge(self.sheet, (at, 0), (at, last), note, format)?;
        }
        Ok(())
    }
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
pub(super) fn write_figure(
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

fn worst_of_annex(context: &Context<'_>, annex: usize) -> Option<Level> {
    let counts = &context.annex_findings[annex];
    Level::ALL
        .into_iter()
        .find(|level| counts[*level as usize] > 0)
}
