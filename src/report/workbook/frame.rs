//! What a whole annex needs to know before its rows are written: merged neighbours, serial numbers,
//! column widths, and what each cell shows.

use std::borrow::Cow;
use std::ops::Range;

use crate::consolidate::{CountyAnnex, CountyRow, Figure, Source};
use crate::model::{Amount, Date, Level, Row, Table, Value};
use crate::scheme::{Annex, ColumnKind, RowSum};

use super::layout::{AnnexSheets, Part};
use super::row_sums::{Runs, formula_sums, runs};
use super::style::Number;
use super::{Context, head, text};

/// Rows that column widths are measured on.
pub(super) const MEASURED: usize = 2_000;
/// Widths of the columns 完成率, 状态.
pub(super) const COMPLETION: [f64; 2] = [9.0, 9.0];
/// The widest that text may make a column.
const WIDEST: usize = 44;

/// An annex and all that its sheets share.
pub(super) struct Frame<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) idx: usize,
    pub(super) annex: &'a Annex,
    pub(super) county: &'a CountyAnnex,
    pub(super) sheets: &'a AnnexSheets,
    /// For each leaf, its place among the printed cells of the key columns.
    pub(super) keys: Vec<Option<usize>>,
    /// For each leaf, whether the annex says what stands in it: keys, and what the scheme prints.
    pub(super) labels: Vec<bool>,
    /// For each leaf, whether its figures are shown with a percent sign.
    pub(super) percent: Vec<bool>,
    /// Sums of cells of one row that are shown as live formulas.
    pub(super) sums: Vec<(Runs, RowSum<'a>)>,
    /// For each leaf that merges neighbours, how many rows the cell at each row covers; 0 under
    /// another.
    pub(super) spans: Vec<Option<Vec<u32>>>,
    /// Serial number of each row.
    pub(super) serials: Vec<u32>,
    /// Width of each leaf; 0 where its column is hidden.
    pub(super) widths: Vec<f64>,
    /// Lines that labels over several rows ask of each of them; nothing in a large register.
    pub(super) lines: Vec<usize>,
    /// Whether its rows tell how far they have come, in columns of their own to the right.
    pub(super) completion: bool,
    /// Leading columns that say which row it is.
    pub(super) label_cols: usize,
    /// Columns that the label of the total row covers.
    pub(super) total_label: Range<usize>,
    /// The first column that holds no key: where a row says that it was not returned.
    pub(super) first_value: Option<usize>,
    /// For each leaf, the rows whose figure has more digits than a number cell keeps, ascending.
    pub(super) inexact: Vec<Vec<usize>>,
    /// How many notes each level may still have.
    pub(super) notes: [usize; Level::ALL.len()],
}

/// What a cell shows.
pub(super) enum Shown<'a> {
    Blank,
    Text(Cow<'a, str>),
    Number(u32),
    Figure(Amount, Number),
    Date(Date),
}

impl Part {
    pub(super) fn n_rows(&self) -> usize {
        self.rows.1 - self.rows.0
    }
}

impl<'a> Frame<'a> {
    pub(super) fn of(context: &'a Context<'a>, idx: usize) -> Self {
        let annex = context.annex(idx);
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
        let label = |leaf: usize| annex.is_label(annex.leaves[leaf].column);
        let label_cols = head::label_cols(annex);
        let first_value = (0..n_leaves).find(|&leaf| !label(leaf));
        let mut frame = Self {
            context,
            idx,
            annex,
            county,
            sheets: &context.layout.annexes[idx],
            labels: (0..n_leaves)
                .map(|leaf| label(leaf) && leaf_kind(leaf) != ColumnKind::Serial)
                .collect(),
            percent: Vec::new(),
            sums: formula_sums(context.scheme, idx)
                .into_iter()
                .map(|sum| (runs(&sum.parts), sum))
                .collect(),
            spans: Vec::new(),
            serials: Vec::new(),
            widths: Vec::new(),
            lines: Vec::new(),
            completion: county.rows.iter().any(|row| row.completion.is_some()),
            label_cols,
            total_label: head::total_label(annex),
            first_value,
            inexact: Vec::new(),
            notes: note_budget(context.marks.count(idx), context.limits.notes),
            keys,
        };
        frame.percent = (0..n_leaves)
            .map(|leaf| frame.shows_percent(leaf))
            .collect();
        frame.inexact = (0..n_leaves).map(|leaf| frame.inexact_rows(leaf)).collect();
        frame.set_spans();
        frame.set_widths();
        frame.set_lines();
        frame
    }

    /// The last column of the sheet.
    pub(super) fn last_col(&self) -> u16 {
        let more = if self.completion { COMPLETION.len() } else { 0 };
        (self.annex.leaves.len() + more - 1) as u16
    }

    pub(super) fn source(&self, row: &CountyRow) -> Option<(&'a Table, &'a Row)> {
        row.source.map(|source| self.returned(source))
    }

    pub(super) fn returned(&self, source: Source) -> (&'a Table, &'a Row) {
        let table = &self.context.merged.tables[source.table];
        (table, &table.rows[source.row])
    }

    /// The figure that is published at a place, if it is not the one returned; `None` for the total row.
    pub(super) fn published(&self, row: Option<usize>, leaf: usize) -> Option<&'a Figure> {
        self.context.printed(self.idx)?.figures.figure(row, leaf)
    }

    /// The rows whose figure under a leaf a number cell cannot show to its last digit.
    fn inexact_rows(&self, leaf: usize) -> Vec<usize> {
        if !self.annex.column_of(leaf).kind.is_figure() || !self.annex.is_shown(leaf) {
            return Vec::new();
        }
        let rows = self.county.rows.iter().enumerate();
        let rows = rows.filter(|(row_idx, row)| {
            let returned = self.source(row).map(|(_, returned)| returned);
            let given = returned.and_then(|returned| returned.entries[leaf].value.amount());
            let shown = match self.published(Some(*row_idx), leaf) {
                Some(figure) => Some(figure.published),
                None => given,
            };
            shown.is_some_and(|amount| !amount.is_short())
        });
        rows.map(|(row_idx, _)| row_idx).collect()
    }

    /// Whether figures under a leaf add up, and have too many digits together for their sum to be written.
    pub(super) fn is_too_long(&self, leaf: usize) -> bool {
        let additive =
            |row: &&CountyRow| self.annex.kind_of(leaf, row.spec) == ColumnKind::Additive;
        let rows = self.county.rows.iter().filter(additive);
        let mut amounts = rows.filter_map(|row| self.source(row)?.1.entries[leaf].value.amount());
        let sum = amounts.try_fold(Amount::ZERO, Amount::checked_add);
        sum.is_none()
    }

    /// The figure of a cell that shows it only to the digits that spreadsheets keep.
    pub(super) fn inexact(&self, row_idx: usize, leaf: usize) -> Option<Amount> {
        self.inexact[leaf].binary_search(&row_idx).ok()?;
        match self.shown(row_idx, leaf) {
            Shown::Figure(amount, _) => Some(amount),
            _ => None,
        }
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
            || self.annex.prints_unit()
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
    pub(super) fn shown(&self, row_idx: usize, leaf: usize) -> Shown<'a> {
        let row = &self.county.rows[row_idx];
        let column = self.annex.column_of(leaf);
        if column.kind == ColumnKind::Serial {
            return Shown::Number(self.serials[row_idx]);
        }
        if !self.annex.is_shown(leaf) {
            let is_name = self.annex.one_row_each == Some(self.annex.leaves[leaf].column);
            return match is_name {
                true => Shown::Text(Cow::Borrowed(self.reporter(row))),
                false => Shown::Blank,
            };
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
            let is_whose = position.is_some() && position == self.annex.reporter_key;
            match (returned, key, row.year) {
                (Some(Value::Date(_) | Value::Amount(_)), ..) => {}
                // Who left the own name out says it above the table.
                (_, Some(key), _) if is_whose && key.is_empty() && row.reporter.is_some() => {
                    return Shown::Text(Cow::Borrowed(self.reporter(row)));
                }
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
        let spec = row.spec.map(|spec| &self.annex.rows.fixed()[spec]);
        if let Some(printed) = spec.and_then(|spec| spec.cell(self.annex.leaves[leaf].column)) {
            return Shown::Text(Cow::Borrowed(printed));
        }
        if !row.shared.is_empty() && column.kind == ColumnKind::Text {
            return self.all_said(row, leaf);
        }
        match (self.published(Some(row_idx), leaf), returned) {
            (Some(figure), _) => Shown::published(figure),
            (None, Some(value)) => self.shown_value(value, leaf, row.spec),
            (None, None) => Shown::Blank,
        }
    }

    /// Why a row is not there.
    pub(super) fn why_absent(&self, row_idx: usize) -> &'static str {
        let (context, row) = (self.context, &self.county.rows[row_idx]);
        match row.reporter {
            Some(reporter) if context.lacks_total(self.idx, reporter) => {
                context.lang.pick("缺合计行", "no total row")
            }
            _ if context.is_due(self.idx) => context.lang.pick("未报", "missing"),
            _ => "",
        }
    }

    /// Whose row it is.
    fn reporter(&self, row: &CountyRow) -> &'a str {
        match row.reporter {
            Some(reporter) => &self.context.scheme.reporters[reporter].name,
            None => self.context.lang.pick("单位不明", "reporter unknown"),
        }
    }

    /// What all who share a row say, each with its name.
    fn all_said(&self, row: &CountyRow, leaf: usize) -> Shown<'a> {
        let sources = row.source.iter().chain(&row.shared);
        let said = sources.filter_map(|source| {
            let (_, returned) = self.returned(*source);
            let value = &returned.entries[leaf].value;
            let name = &self.context.scheme.reporters[returned.reporter?].name;
            (!value.is_missing()).then(|| format!("{name}：{value}"))
        });
        let said: Vec<String> = said.collect();
        match said.is_empty() {
            true => Shown::Blank,
            false => Shown::Text(Cow::Owned(said.join("\n"))),
        }
    }

    pub(super) fn shown_value(
        &self,
        value: &'a Value,
        leaf: usize,
        spec: Option<usize>,
    ) -> Shown<'a> {
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
            if !merges(leaf) || !self.labels[leaf] {
                continue;
            }
            for (row, starts) in breaks.iter_mut().enumerate().skip(1) {
                let (above, here) = (self.shown(row - 1, leaf), self.shown(row, leaf));
                *starts |= !above.same_text(&here);
            }
            self.spans[leaf] = Some(spans(&breaks));
            first_groups.get_or_insert_with(|| breaks.clone());
        }
        for leaf in 0..n_leaves {
            if !merges(leaf) || self.labels[leaf] {
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
            for (row, starts) in breaks.iter_mut().enumerate().skip(1) {
                // Under a printed remark the plan leaves its neighbours blank.
                let marked = self.context.marks.row(self.idx, row);
                let marked = marked.iter().any(|mark| mark.leaf == leaf);
                let blank = matches!(self.shown(row, leaf), Shown::Blank);
                let above = self.shown(row - 1, leaf);
                let same = above.same_text(&self.shown(row, leaf));
                let returned = self.county.rows[row].source.is_some();
                *starts |= match blank {
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
            if is_hidden(self.annex, leaf) {
                continue;
            }
            let header = head::header_width(self.annex, leaf);
            let n_rows = self.county.rows.len().min(MEASURED);
            let content = (0..n_rows).map(|row| self.shown(row, leaf).width()).max();
            let total = self.county.total.as_ref();
            let total = total.and_then(|total| *total.sums.get(leaf)?);
            let total = self.published(None, leaf).map(|it| it.published).or(total);
            let total = total.map_or(0, |sum| sum.to_string().len() + 1);
            let content = content.unwrap_or(0).max(total);
            let content = match column.kind.is_figure() {
                true => content,
                false => content.min(WIDEST),
            };
            *width = header.max(content) + 2;
        }
        self.widths = head::spread(&widths, &self.annex.title);
        head::set_widths(self.annex, &mut self.widths);
    }

    fn set_lines(&mut self) {
        let n_rows = self.county.rows.len();
        if n_rows > MEASURED {
            return;
        }
        self.lines = vec![1; n_rows];
        // Cells over several rows take what the others leave.
        for row in 0..n_rows {
            let own = (0..self.annex.leaves.len()).filter(|&leaf| self.span(row, leaf) == 1);
            let lines = own.map(|leaf| self.lines_of(row, leaf)).max();
            self.lines[row] = lines.unwrap_or(1);
        }
        for leaf in (0..self.annex.leaves.len()).filter(|&leaf| self.labels[leaf]) {
            for row in 0..n_rows {
                let span = self.span(row, leaf);
                if span > 1 {
                    let needed = self.lines_of(row, leaf);
                    head::make_room(&mut self.lines[row..row + span], needed);
                }
            }
        }
    }

    /// How many rows the cell at a row covers; 0 inside another.
    pub(super) fn span(&self, row: usize, leaf: usize) -> usize {
        match &self.spans[leaf] {
            Some(spans) => spans[row] as usize,
            None => 1,
        }
    }

    fn lines_of(&self, row: usize, leaf: usize) -> usize {
        match self.shown(row, leaf) {
            Shown::Text(text) => text::lines(&text, self.widths[leaf]),
            _ => 1,
        }
    }
}

impl Shown<'_> {
    pub(super) fn published(figure: &Figure) -> Self {
        Shown::Figure(figure.published, Number::Decimals(figure.publish.decimals))
    }

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

/// Whether a leaf names rows of forms where the county has one row for each form, and would be empty.
fn is_hidden(annex: &Annex, leaf: usize) -> bool {
    let column = annex.leaves[leaf].column;
    let is_other = |name: usize| annex.is_key(column) && name != column;
    annex.one_row_each.is_some_and(is_other)
}

/// How many rows the group that starts at each row covers; 0 inside a group.
pub(super) fn spans(breaks: &[bool]) -> Vec<u32> {
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
