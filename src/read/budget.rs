//! Counts what a file makes us keep, against its limits.

use super::{Limits, Quantity, Unreadable};
use crate::model::{Cell, CellRange, CellRef, CellValue, NumberFormat};

/// What is left of the limits for one file.
#[derive(Clone)]
pub(super) struct Budget<'l> {
    pub(super) limits: &'l Limits,
    expanded_bytes: usize,
    cells: usize,
    merges: usize,
    text_bytes: usize,
}

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            expanded_bytes: limits.expanded_bytes,
            cells: limits.cells,
            merges: limits.merges,
            text_bytes: limits.text_bytes,
        }
    }

    /// Bytes that may still be expanded.
    pub(super) fn expandable(&self) -> usize {
        self.expanded_bytes
    }

    pub(super) fn take_expanded(&mut self, bytes: usize) -> Result<(), Unreadable> {
        take(
            &mut self.expanded_bytes,
            bytes,
            Quantity::ExpandedBytes,
            self.limits.expanded_bytes,
        )
    }

    pub(super) fn take_text(&mut self, bytes: usize) -> Result<(), Unreadable> {
        take(
            &mut self.text_bytes,
            bytes,
            Quantity::TextBytes,
            self.limits.text_bytes,
        )
    }

    pub(super) fn check_sheets(&self, count: usize) -> Result<(), Unreadable> {
        if count > self.limits.sheets {
            return Err(Unreadable::too_large(Quantity::Sheets, self.limits.sheets));
        }
        Ok(())
    }

    pub(super) fn check_strings(&self, count: usize) -> Result<(), Unreadable> {
        let limit = self.limits.shared_strings;
        if count > limit {
            return Err(Unreadable::too_large(Quantity::SharedStrings, limit));
        }
        Ok(())
    }

    pub(super) fn check_address(&self, at: CellRef) -> Result<(), Unreadable> {
        if at.row >= self.limits.rows {
            return Err(Unreadable::too_large(Quantity::Rows, self.limits.rows));
        }
        if at.col >= self.limits.columns {
            return Err(Unreadable::too_large(
                Quantity::Columns,
                self.limits.columns,
            ));
        }
        Ok(())
    }

    /// Adds a cell to `cells`, unless it is blank.
    pub(super) fn keep(
        &mut self,
        cells: &mut Vec<Cell>,
        at: CellRef,
        value: CellValue,
        format: NumberFormat,
        formula: Option<Box<str>>,
    ) -> Result<(), Unreadable> {
        let mut text = 0;
        if let CellValue::Text(value) = &value {
            if value.is_empty() && formula.is_none() {
                return Ok(());
            }
            text += value.len();
        }
        if let Some(formula) = &formula {
            if formula.len() > self.limits.formula_bytes {
                return Err(Unreadable::too_large(
                    Quantity::FormulaBytes,
                    self.limits.formula_bytes,
                ));
            }
            text += formula.len();
        }
        self.check_address(at)?;
        self.take_text(text)?;
        take(&mut self.cells, 1, Quantity::Cells, self.limits.cells)?;
        cells.push(Cell {
            at,
            value,
            format,
            formula,
        });
        Ok(())
    }

    /// Adds a merged region to `merges`, unless it is of one cell.
    pub(super) fn keep_merge(
        &mut self,
        merges: &mut Vec<CellRange>,
        range: CellRange,
    ) -> Result<(), Unreadable> {
        if range.start.row > range.end.row || range.start.col > range.end.col {
            return Err(Unreadable::damaged(format!("merged region {range}")));
        }
        if range.start == range.end {
            return Ok(());
        }
        self.check_address(range.end)?;
        take(&mut self.merges, 1, Quantity::Merges, self.limits.merges)?;
        merges.push(range);
        Ok(())
    }
}

fn take(left: &mut usize, asked: usize, what: Quantity, limit: usize) -> Result<(), Unreadable> {
    *left = left
        .checked_sub(asked)
        .ok_or_else(|| Unreadable::too_large(what, limit))?;
    Ok(())
}
