//! What stands where in a reporter's form of one annex, and which cells it fills in.

use std::ops::Range;

use crate::model::CellRef;
use crate::scheme::{Annex, ColumnKind, ReturnedBy, RowSum, Rows, Scheme};

use super::super::head;
use super::super::row_sums::{addresses, formula_sums};

/// Rows of a register that is still empty.
const REGISTER_ROWS: usize = 20;

/// A reporter's form of one annex.
pub(super) struct Blank<'s> {
    pub(super) scheme: &'s Scheme,
    /// Index of the annex.
    pub(super) idx: usize,
    pub(super) annex: &'s Annex,
    pub(super) reporter: usize,
    /// Data rows: the annex's fixed row, or nothing in a register.
    pub(super) rows: Vec<Option<usize>>,
    /// Whether it has a total row.
    pub(super) has_total: bool,
    /// Cells of a row that are sums of others.
    sums: Vec<RowSum<'s>>,
    /// Leading columns that say which row it is.
    pub(super) label_cols: usize,
    /// Columns that the label of the total row covers.
    pub(super) total_label: Range<usize>,
}

/// What a cell of the form is for.
pub(super) enum Use {
    /// It says which row it is.
    Label(String),
    /// A row number.
    Serial,
    /// To be filled in.
    Input,
    /// Worked out from these cells.
    Sum(String),
    /// Nothing stands here.
    Nothing,
}

impl<'s> Blank<'s> {
    /// The form of this annex, if the reporter fills in any row of it: its own rows, or the total row where
    /// it answers for the whole annex.
    pub(super) fn of(scheme: &'s Scheme, idx: usize, reporter: usize) -> Option<Self> {
        let annex = &scheme.annexes[idx];
        let specs = annex.rows.fixed();
        let returns = match annex.returned_by {
            ReturnedBy::One(one) => one == reporter,
            ReturnedBy::Kind(kind) => scheme.reporters[reporter].kind == kind,
        };
        let is_own = |spec: &usize| match annex.returned_by {
            ReturnedBy::One(_) => true,
            ReturnedBy::Kind(_) => specs[*spec].reporters.contains(&reporter),
        };
        let rows: Vec<Option<usize>> = match &annex.rows {
            _ if !returns => Vec::new(),
            Rows::Register => vec![None; REGISTER_ROWS],
            Rows::Fixed(specs) => (0..specs.len()).filter(is_own).map(Some).collect(),
        };
        let answers = annex.responsible == Some(reporter) && rows.is_empty();
        let has_total = annex.total.is_some() && (rows.len() > 1 || answers);
        (!rows.is_empty() || has_total).then(|| Self {
            scheme,
            idx,
            annex,
            reporter,
            rows,
            has_total,
            sums: formula_sums(scheme, idx),
            label_cols: head::label_cols(annex),
            total_label: head::total_label(annex),
        })
    }

    pub(super) fn is_register(&self) -> bool {
        matches!(self.annex.rows, Rows::Register)
    }

    /// The unit line: the plan's, or where it prints none and has one unit for all, that.
    pub(super) fn unit_line(&self) -> Option<String> {
        let own = self.annex.unit_line.clone();
        own.or_else(|| {
            let unit = self.scheme.units.name(self.annex.unit?);
            Some(format!("单位：{unit}"))
        })
    }

    /// The label of the total row.
    pub(super) fn total_label(&self) -> String {
        match (&self.annex.total, self.is_register()) {
            (Some(total), true) => total.label.replace("{count}", "    "),
            (Some(total), false) => total.label(match self.rows.len() {
                0 => self.annex.rows.fixed().len(),
                n_rows => n_rows,
            }),
            (None, _) => String::new(),
        }
    }

    /// What a cell of a data row is for. `at` is its sheet row.
    pub(super) fn row_use(&self, row: usize, leaf: usize, at: u32) -> Use {
        let spec = self.rows[row];
        let column = self.annex.leaves[leaf].column;
        if self.annex.columns[column].kind == ColumnKind::Serial {
            return Use::Serial;
        }
        let Some(spec) = spec else { return Use::Input };
        let described = &self.annex.rows.fixed()[spec];
        if self.annex.is_key(column) {
            return Use::Label(self.label(spec, column));
        }
        if let Some(text) = described.cell(column) {
            return Use::Label(text.to_owned());
        }
        // There is no target to measure anything against.
        if self.annex.columns[column].measures_target && described.target.is_none() {
            return Use::Nothing;
        }
        let sum = self.sums.iter().find(|sum| {
            sum.total == leaf
                && sum.applies(&described.key, described.year)
                && self.can_add(sum, Some(spec))
        });
        match sum {
            Some(sum) => Use::Sum(addresses(&sum.parts, at)),
            None => Use::Input,
        }
    }

    /// What a cell of the total row is for. `at` is its sheet row, `rows` the first and last data row.
    pub(super) fn total_use(&self, leaf: usize, at: u32, rows: (u32, u32)) -> Use {
        let column = self.annex.column_of(leaf);
        if self.rows.is_empty() {
            let sum = self.sums.iter().find(|sum| {
                sum.total == leaf && sum.applies_to_totals() && self.can_add(sum, None)
            });
            return match (sum, column.kind) {
                (Some(sum), _) => Use::Sum(addresses(&sum.parts, at)),
                (None, ColumnKind::Additive) => Use::Input,
                (None, ColumnKind::Text) if column.optional => Use::Input,
                _ => Use::Nothing,
            };
        }
        let unit = |spec: &Option<usize>| self.scheme.unit_of(self.annex, leaf, *spec);
        let adds_up = self.rows.iter().all(|spec| {
            self.annex.kind_of(leaf, *spec) == ColumnKind::Additive && unit(spec) == unit(&None)
        });
        match adds_up {
            true => {
                let cell = |row| CellRef::new(row, leaf as u32);
                Use::Sum(format!("{}:{}", cell(rows.0), cell(rows.1)))
            }
            false => Use::Nothing,
        }
    }

    /// Whether the figures of a leaf are typed and shown with a percent sign: where nothing printed has
    /// one. Who types 40 or 40% then means the same.
    pub(super) fn shows_percent(&self, leaf: usize, spec: Option<usize>) -> bool {
        let has_sign = |text: &str| text.contains(['%', '％']);
        let unit = self.scheme.unit_of(self.annex, leaf, spec);
        let row = spec.map(|spec| &self.annex.rows.fixed()[spec].printed);
        self.annex.kind_of(leaf, spec).is_figure()
            && unit.is_some_and(|unit| &**self.scheme.units.name(unit) == "%")
            && !self.annex.leaves[leaf]
                .path
                .iter()
                .any(|text| has_sign(text))
            && !self.annex.prints_unit()
            && !self.unit_line().is_some_and(|line| has_sign(&line))
            && !row.is_some_and(|printed| printed.iter().any(|text| has_sign(text)))
    }

    /// A key cell of a fixed row. An office finds its own name spelled as the roster spells it, whatever
    /// the annex prints, so that the form that we made is no reason for a remark about the spelling.
    fn label(&self, spec: usize, column: usize) -> String {
        let described = &self.annex.rows.fixed()[spec];
        let position = self.annex.row_key.iter().position(|key| *key == column);
        if position.is_some()
            && position == self.annex.reporter_key
            && let Some(reporter) = described.reporter()
        {
            return self.scheme.reporters[reporter].name.to_string();
        }
        let keys = (0..self.annex.columns.len()).filter(|&key| self.annex.is_key(key));
        let printed = keys
            .zip(&described.printed)
            .find(|(key, _)| *key == column)
            .map(|(_, printed)| printed.clone());
        printed.unwrap_or_default()
    }

    /// A formula knows no units.
    fn can_add(&self, sum: &RowSum<'_>, spec: Option<usize>) -> bool {
        let unit = |leaf| self.scheme.unit_of(self.annex, leaf, spec);
        let percent = |leaf| self.shows_percent(leaf, spec);
        sum.parts
            .iter()
            .all(|&part| unit(part) == unit(sum.total) && percent(part) == percent(sum.total))
    }
}
