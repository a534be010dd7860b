//! Counts what a file makes us keep, against its limits.

use std::sync::Arc;

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
    shared_text_bytes: usize,
    held_bytes: usize,
    /// Bytes that compiled formulas may take once they are written out: no file is refused for them.
    formula_bytes: usize,
}

/// Where a sheet has more cells, room is made for all that may come: what would grow bit by bit is copied each
/// time, and then takes its memory twice. What is not used of it costs nothing.
const MANY_CELLS: usize = 1 << 18;

/// Bytes that a text takes beside its own: its counters, and what is left over behind it.
pub(super) const TEXT_OVERHEAD: usize = 24;

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            expanded_bytes: limits.expanded_bytes,
            cells: limits.cells,
            merges: limits.merges,
            text_bytes: limits.text_bytes,
            shared_text_bytes: limits.shared_text_bytes,
            held_bytes: limits.held_bytes,
            formula_bytes: (limits.held_bytes / 8).min(limits.text_bytes / 8),
        }
    }

    /// Counts bytes that are kept in memory.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Unreadable> {
        take(
            &mut self.held_bytes,
            bytes,
            Quantity::HeldBytes,
            self.limits.held_bytes,
        )
    }

    /// They are kept no longer.
    pub(super) fn release(&mut self, bytes: usize) {
        self.held_bytes += bytes;
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

    /// A formula that was compiled, unless there is no room for more of them; then nothing is left of it but that there
    /// is one.
    pub(super) fn written_out(&mut self, formula: Option<String>) -> Box<str> {
        let formula = formula.unwrap_or_default();
        let taken = formula.len() + TEXT_OVERHEAD;
        match self.formula_bytes.checked_sub(taken) {
            Some(left) if formula.len() <= self.limits.formula_bytes => {
                self.formula_bytes = left;
                formula.into()
            }
            _ => "".into(),
        }
    }

    /// Counts a cell that is kept for its look; false where there are too many.
    pub(super) fn keep_look(&mut self) -> bool {
        let left = self.cells.checked_sub(1);
        self.cells = left.unwrap_or(0);
        left.is_some()
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
        let mut held = size_of::<Cell>();
        if let CellValue::Text(value) = &value {
            if value.is_empty() && formula.is_none() {
                return Ok(());
            }
            if value.len() > self.limits.one_text_bytes {
                return Err(Unreadable::too_large(
                    Quantity::OneTextBytes,
                    self.limits.one_text_bytes,
                ));
            }
            if Arc::strong_count(value) == 1 {
                text += value.len();
                held += value.len() + TEXT_OVERHEAD;
            } else {
                // Others have it too: it takes no memory, but is gone through each time.
                take(
                    &mut self.shared_text_bytes,
                    value.len(),
                    Quantity::TextBytes,
                    self.limits.shared_text_bytes,
                )?;
            }
        }
        if let Some(formula) = &formula {
            if formula.len() > self.limits.formula_bytes {
                return Err(Unreadable::too_large(
                    Quantity::FormulaBytes,
                    self.limits.formula_bytes,
                ));
            }
            text += formula.len();
            held += formula.len() + TEXT_OVERHEAD;
        }
        self.check_address(at)?;
        self.take_text(text)?;
        take(&mut self.cells, 1, Quantity::Cells, self.limits.cells)?;
        self.hold(held)?;
        if cells.len() == cells.capacity() && cells.len() >= MANY_CELLS {
            cells.reserve_exact(self.cells + 1);
        }
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
