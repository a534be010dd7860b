//! Formulas that further cells share.

use std::collections::HashMap;

use super::budget::Budget;
use crate::model::CellRef;

/// Those of a sheet by their numbers: `(first cell, text)`.
#[derive(Default)]
pub(super) struct SharedFormulas(HashMap<usize, (CellRef, Box<str>)>);

impl SharedFormulas {
    /// A formula that a cell has for itself.
    pub(super) fn own(text: &str) -> Box<str> {
        text.strip_prefix('=').unwrap_or(text).into()
    }

    /// The formula of the first cell of those that share it.
    pub(super) fn first(&mut self, idx: usize, at: CellRef, text: &str) -> Box<str> {
        let text = Self::own(text);
        self.0.insert(idx, (at, text.clone()));
        text
    }

    /// The formula of a further cell, written out for it.
    pub(super) fn further(&self, idx: usize, at: CellRef, budget: &Budget) -> Box<str> {
        let Some((first, text)) = self.0.get(&idx) else {
            return "".into();
        };
        if text.len() > budget.limits.formula_bytes {
            return text.clone();
        }
        // Where the text cannot be moved, that there is a formula is still known.
        calamine::expand_shared_formula(text, (first.row, first.col), (at.row, at.col))
            .map_or("".into(), Into::into)
    }
}
