//! One blank form: the annex's layout, the reporter's rows, and room for signatures.

use rust_xlsxwriter::{ProtectionOptions, Worksheet, XlsxError};

use crate::model::CellRef;
use crate::report::Lang;

use super::super::frame::spans;
use super::super::head::{self, merge};
use super::super::style::{Look, Role, Styles};
use super::super::{page, text};
use super::blank::{Blank, Use};
use super::entry::{Entry, RowOf};

/// Rows to be filled in are higher than those of a printed table, but for those of a register: all of
/// them should fit on one page.
const TALLER: f64 = 4.0;

/// In a wider column printed texts start at the left.
const WIDE: f64 = 30.0;

/// Writes the form on a sheet.
pub(super) fn write(
    blank: &Blank<'_>,
    period: Option<&str>,
    sheet: &mut Worksheet,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let head = 3 + u32::from(period.is_some());
    let body = head + blank.annex.depth as u32;
    let at_top = blank.annex.total.as_ref().is_some_and(|total| total.at_top);
    let first_row = body + u32::from(blank.has_total && at_top);
    let mut writer = Writer {
        blank,
        widths: widths(blank),
        head,
        body,
        first_row,
        total_row: match (blank.has_total, at_top) {
            (false, _) => None,
            (true, true) => Some(body),
            (true, false) => Some(first_row + blank.rows.len() as u32),
        },
        sheet,
        styles,
    };
    writer.set_up()?;
    writer.write_head(period)?;
    writer.write_rows()?;
    writer.write_total()?;
    writer.ask()?;
    writer.write_below()?;
    writer.protect()
}

struct Writer<'a, 's> {
    blank: &'a Blank<'s>,
    widths: Vec<f64>,
    /// First row of the header.
    head: u32,
    /// First row below it.
    body: u32,
    /// First data row.
    first_row: u32,
    total_row: Option<u32>,
    sheet: &'a mut Worksheet,
    styles: &'a mut Styles,
}

impl Writer<'_, '_> {
    fn last_col(&self) -> u16 {
        (self.widths.len() - 1) as u16
    }

    /// The first and last data row; the same row where there is none.
    fn data_rows(&self) -> (u32, u32) {
        let n_rows = self.blank.rows.len().max(1) as u32;
        (self.first_row, self.first_row + n_rows - 1)
    }

    fn set_up(&mut self) -> Result<(), XlsxError> {
        for (col, width) in self.widths.iter().enumerate() {
            self.sheet.set_column_width(col as u16, *width)?;
        }
        page::set_up(self.sheet, Some((self.head, self.body - 1)), Lang::Zh)?;
        let frozen = head::frozen_cols(&self.widths, self.blank.label_cols);
        self.sheet.set_freeze_panes(self.body, frozen)?;
        Ok(())
    }

    fn write_head(&mut self, period: Option<&str>) -> Result<(), XlsxError> {
        let (annex, last) = (self.blank.annex, self.last_col());
        head::write_number(self.sheet, self.styles, annex, &self.widths)?;
        head::write_title(self.sheet, self.styles, annex, &self.widths)?;
        if let Some(period) = period {
            let format = self.styles.role(Role::Period);
            let text = format!("报告期：{period}");
            merge(self.sheet, (2, 0), (2, last), &text, format)?;
        }
        let line = self.head - 1;
        self.sheet.set_row_height(line, 21)?;
        let reporter = &self.blank.scheme.reporters[self.blank.reporter].name;
        let who = format!("填报单位：{reporter}");
        let unit = self.blank.unit_line();
        // The unit takes what it needs from the right, the reporter has the rest.
        let needed = unit.as_deref().map_or(0.0, |unit| text::width(unit) as f64);
        let mut from = last;
        let mut room = self.widths[usize::from(last)];
        while room < needed + 2.0 && from > 1 {
            from -= 1;
            room += self.widths[usize::from(from)];
        }
        if let Some(unit) = unit.filter(|_| last > 0) {
            let format = self.styles.role(Role::Aside);
            merge(self.sheet, (line, from), (line, last), &unit, format)?;
            let format = self.styles.role(Role::Paragraph);
            merge(self.sheet, (line, 0), (line, from - 1), &who, format)?;
        } else {
            let format = self.styles.role(Role::Paragraph);
            merge(self.sheet, (line, 0), (line, last), &who, format)?;
        }
        head::write_header(self.sheet, self.styles, annex, &self.widths, self.head)
    }

    fn write_rows(&mut self) -> Result<(), XlsxError> {
        let spans: Vec<Vec<u32>> = (0..self.widths.len())
            .map(|leaf| self.spans(leaf))
            .collect();
        for (row, n_lines) in self.lines(&spans).into_iter().enumerate() {
            let height = match self.blank.is_register() {
                true => text::height(n_lines) - 2.0,
                false => text::height(n_lines) + TALLER,
            };
            self.sheet
                .set_row_height(self.first_row + row as u32, height)?;
        }
        for (leaf, spans) in spans.iter().enumerate() {
            let mut serial = 0;
            for (row, &span) in spans.iter().enumerate() {
                if span > 0 {
                    serial += 1;
                    self.write_cell(row, leaf, span, serial)?;
                }
            }
        }
        Ok(())
    }

    /// How many rows the cell at each row covers; 0 inside another.
    fn spans(&self, leaf: usize) -> Vec<u32> {
        let n_rows = self.blank.rows.len();
        let column = self.blank.annex.column_of(leaf);
        match column.merge_down && !self.blank.is_register() {
            false => vec![1; n_rows],
            true if self.is_label(leaf) => self.label_spans(leaf),
            true if column.kind == crate::scheme::ColumnKind::Serial => spans(&self.groups()),
            // A remark is one for all rows, as the plan prints it.
            true => spans(&starts(n_rows)),
        }
    }

    /// Lines that each row needs for what is printed in it.
    fn lines(&self, spans: &[Vec<u32>]) -> Vec<usize> {
        let mut lines = vec![1; self.blank.rows.len()];
        // Cells over several rows take what the others leave.
        for over_several in [false, true] {
            for (leaf, spans) in spans.iter().enumerate() {
                for (row, &span) in spans.iter().enumerate().filter(|(_, span)| **span > 0) {
                    if let Use::Label(text) = self.blank.row_use(row, leaf, 0)
                        && (span > 1) == over_several
                    {
                        let needed = text::lines(&text, self.widths[leaf]);
                        head::make_room(&mut lines[row..row + span as usize], needed);
                    }
                }
            }
        }
        lines
    }

    /// Writes a cell that covers `span` rows.
    fn write_cell(
        &mut self,
        row: usize,
        leaf: usize,
        span: u32,
        serial: u32,
    ) -> Result<(), XlsxError> {
        let (at, col) = (self.first_row + row as u32, leaf as u16);
        let mut bottom = at + span - 1;
        let used = self.blank.row_use(row, leaf, at);
        let reaches_total = self.remark_reaches_total(leaf) && bottom == self.data_rows().1;
        if reaches_total {
            bottom += 1;
        }
        let entry = Entry::of(self.blank, leaf, RowOf::Data(self.blank.rows[row]));
        let look = match used {
            Use::Label(_) if self.widths[leaf] > WIDE => Look::new(Role::LabelText),
            Use::Label(_) | Use::Nothing => Look::new(Role::Label),
            // Rows can be put into a register, and taken out of it, only where all is unlocked.
            Use::Serial if self.blank.is_register() => Look::new(Role::Input),
            Use::Serial => Look::new(Role::Label),
            Use::Sum(_) => Look::new(Role::Computed).number(entry.number),
            Use::Input if entry.is_text() => Look::new(Role::InputText),
            Use::Input => Look::new(Role::Input).number(entry.number),
        };
        let format = self.styles.get(look);
        if bottom > at {
            self.sheet.merge_range(at, col, bottom, col, "", format)?;
        }
        match used {
            Use::Label(text) => {
                self.sheet.write_string_with_format(at, col, text, format)?;
            }
            Use::Serial => {
                self.sheet
                    .write_number_with_format(at, col, serial, format)?;
            }
            Use::Sum(cells) => {
                let formula = sum_or_blank(&cells);
                self.sheet
                    .write_formula_with_format(at, col, formula.as_str(), format)?;
                self.sheet.set_formula_result(at, col, "");
            }
            Use::Input | Use::Nothing if bottom == at => {
                self.sheet.write_blank(at, col, format)?;
            }
            Use::Input | Use::Nothing => {}
        }
        Ok(())
    }

    /// Where the groups of rows start that the first merged key column makes.
    fn groups(&self) -> Vec<bool> {
        let annex = self.blank.annex;
        let first = (0..self.widths.len())
            .find(|&leaf| annex.column_of(leaf).merge_down && self.is_label(leaf));
        match first {
            Some(leaf) => self.breaks(leaf),
            None => vec![true; self.blank.rows.len()],
        }
    }

    /// A group never reaches over the groups to its left.
    fn label_spans(&self, leaf: usize) -> Vec<u32> {
        let mut breaks = vec![false; self.blank.rows.len()];
        for left in (0..=leaf).filter(|&left| self.is_label(left)) {
            if self.blank.annex.column_of(left).merge_down {
                let own = self.breaks(left);
                breaks
                    .iter_mut()
                    .zip(own)
                    .for_each(|(all, own)| *all |= own);
            }
        }
        spans(&breaks)
    }

    /// Where the label differs from the one above.
    fn breaks(&self, leaf: usize) -> Vec<bool> {
        let label = |row: usize| match self.blank.row_use(row, leaf, 0) {
            Use::Label(text) => Some(text),
            _ => None,
        };
        let rows = 0..self.blank.rows.len();
        rows.map(|row| row == 0 || label(row).is_none() || label(row) != label(row - 1))
            .collect()
    }

    /// Whether it says which row it is, or is printed by the scheme.
    fn is_label(&self, leaf: usize) -> bool {
        let annex = self.blank.annex;
        let column = annex.leaves[leaf].column;
        annex.is_key(column) || annex.columns[column].print.is_some()
    }

    /// A remark that is one for all rows covers the total row below them too, as in 附件2.1.
    fn remark_reaches_total(&self, leaf: usize) -> bool {
        let column = self.blank.annex.column_of(leaf);
        let (first, last) = self.data_rows();
        let total = self.total_row.filter(|row| *row > last);
        column.merge_down
            && !self.is_label(leaf)
            && !self.blank.is_register()
            && column.kind == crate::scheme::ColumnKind::Text
            && !self.blank.rows.is_empty()
            && total.is_some_and(|row| {
                matches!(self.blank.total_use(leaf, row, (first, last)), Use::Nothing)
            })
    }

    fn write_total(&mut self) -> Result<(), XlsxError> {
        let Some(at) = self.total_row else {
            return Ok(());
        };
        self.sheet.set_row_height(at, text::height(1) + TALLER)?;
        let covered = self.blank.total_label.clone();
        if !covered.is_empty() {
            let format = self.styles.role(Role::Label);
            let (first, last) = (covered.start as u16, covered.end as u16 - 1);
            let label = self.blank.total_label();
            merge(self.sheet, (at, first), (at, last), &label, format)?;
        }
        let rows = self.data_rows();
        for leaf in 0..self.widths.len() {
            if covered.contains(&leaf) || self.remark_reaches_total(leaf) {
                continue;
            }
            let col = leaf as u16;
            let entry = Entry::of(self.blank, leaf, RowOf::Total);
            match self.blank.total_use(leaf, at, rows) {
                Use::Sum(cells) => {
                    let look = Look::new(Role::Computed).number(entry.number);
                    let (formula, format) = (sum_or_blank(&cells), self.styles.get(look));
                    self.sheet
                        .write_formula_with_format(at, col, formula.as_str(), format)?;
                    self.sheet.set_formula_result(at, col, "");
                }
                Use::Input => {
                    let look = match entry.is_text() {
                        true => Look::new(Role::InputText),
                        false => Look::new(Role::Input).number(entry.number),
                    };
                    self.sheet.write_blank(at, col, self.styles.get(look))?;
                }
                _ => {
                    let format = self.styles.role(Role::Label);
                    self.sheet.write_blank(at, col, format)?;
                }
            }
        }
        Ok(())
    }

    /// What the spreadsheet asks while the form is filled in: once for rows that are asked the same.
    fn ask(&mut self) -> Result<(), XlsxError> {
        for leaf in 0..self.widths.len() {
            let mut rows: Vec<(u32, Entry)> = Vec::new();
            for row in 0..self.blank.rows.len() {
                let at = self.first_row + row as u32;
                if let Use::Input = self.blank.row_use(row, leaf, at) {
                    let entry = Entry::of(self.blank, leaf, RowOf::Data(self.blank.rows[row]));
                    rows.push((at, entry));
                }
            }
            if let Some(at) = self.total_row
                && !self.blank.total_label.contains(&leaf)
                && let Use::Input = self.blank.total_use(leaf, at, self.data_rows())
            {
                rows.push((at, Entry::of(self.blank, leaf, RowOf::Total)));
            }
            let same = |a: &(u32, Entry), b: &(u32, Entry)| a.0 + 1 == b.0 && a.1 == b.1;
            for run in rows.chunk_by(same) {
                let ((first, entry), (last, _)) = (&run[0], &run[run.len() - 1]);
                let col = leaf as u16;
                let corner = CellRef::new(*first, leaf as u32);
                if let Some(asked) = entry.validation(corner)? {
                    self.sheet
                        .add_data_validation(*first, col, *last, col, &asked)?;
                }
            }
        }
        Ok(())
    }

    /// The annex's notes, and who filled in the form.
    fn write_below(&mut self) -> Result<(), XlsxError> {
        let last = self.last_col();
        let mut at = self.first_row + self.blank.rows.len() as u32;
        at = at.max(self.total_row.map_or(0, |row| row + 1));
        let width: f64 = self.widths.iter().sum();
        let format = self.styles.role(Role::Paragraph);
        for note in &self.blank.annex.notes {
            let n_lines = text::lines(note, width);
            self.sheet.set_row_height(at, text::height(n_lines))?;
            merge(self.sheet, (at, 0), (at, last), note, format)?;
            at += 1;
        }
        self.sheet.set_row_height(at, 30)?;
        let format = self.styles.role(Role::Signature);
        let labels = ["填表人：", "审核人：", "填表日期："];
        for ((first, last), label) in thirds(&self.widths).into_iter().zip(labels) {
            merge(self.sheet, (at, first), (at, last), label, format)?;
        }
        Ok(())
    }

    /// Without a password: it keeps from mistakes, and from nothing else.
    fn protect(&mut self) -> Result<(), XlsxError> {
        let is_register = self.blank.is_register();
        let mut options = ProtectionOptions::new();
        options.format_cells = true;
        options.format_columns = true;
        options.format_rows = true;
        options.insert_rows = is_register;
        options.delete_rows = is_register;
        options.sort = is_register;
        self.sheet.protect_with_options(&options);
        let first = (0..self.widths.len()).find(|&leaf| match self.blank.rows.is_empty() {
            false => matches!(self.blank.row_use(0, leaf, 0), Use::Input),
            true => leaf >= self.blank.label_cols,
        });
        let (row, col) = (self.first_row, first.unwrap_or(0) as u16);
        self.sheet.set_selection(row, col, row, col)?;
        Ok(())
    }
}

/// A total that stays blank until something is filled in: a form that nobody has touched says nothing,
/// not zero.
fn sum_or_blank(cells: &str) -> String {
    format!("=IF(COUNT({cells})=0,\"\",SUM({cells}))")
}

fn starts(n_rows: usize) -> Vec<bool> {
    (0..n_rows).map(|row| row == 0).collect()
}

fn widths(blank: &Blank<'_>) -> Vec<f64> {
    let annex = blank.annex;
    let widths: Vec<usize> = (0..annex.leaves.len())
        .map(|leaf| {
            let header = head::header_width(annex, leaf);
            let rows = (0..blank.rows.len()).map(|row| match blank.row_use(row, leaf, 0) {
                Use::Label(text) => text::width(&text).min(32),
                Use::Serial => 2,
                Use::Input | Use::Sum(_) => {
                    Entry::of(blank, leaf, RowOf::Data(blank.rows[row])).width()
                }
                Use::Nothing => 0,
            });
            let total = match blank.has_total && !blank.total_label.contains(&leaf) {
                true => Entry::of(blank, leaf, RowOf::Total).width(),
                false => 0,
            };
            header.max(rows.max().unwrap_or(0)).max(total) + 2
        })
        .collect();
    let mut widths = widths;
    // The label of a total row that stands alone.
    let covered = blank.total_label.clone();
    let room: usize = widths[covered.clone()].iter().sum();
    let label = text::width(&blank.total_label()) + 2;
    if blank.has_total && !covered.is_empty() && room < label {
        widths[covered.end - 1] += label - room;
    }
    let mut widths = head::spread(&widths, &annex.title);
    head::set_widths(annex, &mut widths);
    widths
}

/// The columns in three parts of about the same width, first and last of each. Narrow forms have fewer.
fn thirds(widths: &[f64]) -> Vec<(u16, u16)> {
    let all: f64 = widths.iter().sum();
    let mut parts = Vec::new();
    let (mut first, mut sum) = (0, 0.0);
    for (col, width) in widths.iter().enumerate() {
        sum += width;
        let is_last = col + 1 == widths.len();
        let left = widths.len() - col - 1;
        let full = sum >= all / 3.0 * (parts.len() + 1) as f64 || left < 3 - parts.len();
        if parts.len() < 2 && full && !is_last {
            parts.push((first, col as u16));
            first = col as u16 + 1;
        }
    }
    parts.push((first, (widths.len() - 1) as u16));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_share_the_width() {
        assert_eq!(thirds(&[10.0; 6]), [(0, 1), (2, 3), (4, 5)]);
        assert_eq!(thirds(&[90.0, 5.0, 5.0]), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(thirds(&[10.0, 10.0]), [(0, 0), (1, 1)]);
        assert_eq!(thirds(&[10.0]), [(0, 0)]);
    }
}
