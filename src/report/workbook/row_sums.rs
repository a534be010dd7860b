//! Totals within a row as live formulas, where the figure that was returned is exactly the sum.

use std::sync::Arc;

use rust_xlsxwriter::Formula;

use crate::model::{Amount, CellRef, Value};
use crate::scheme::{Annex, CellSel, Relation, RowSel, Rule, Scheme, YearSel};

use super::frame::Frame;

/// A rule that makes one cell of a row the sum of others.
pub(super) struct RowSum<'a> {
    rule: &'a Rule,
    year: Option<u16>,
    /// The leaf that is the sum.
    pub(super) total: usize,
    /// The leaves that are added up.
    pub(super) parts: Vec<usize>,
    /// The same as runs of neighbours, first and last.
    pub(super) runs: Vec<(usize, usize)>,
}

/// The rules of an annex that make a cell the sum of cells of its row.
pub(super) fn row_sums(scheme: &Scheme, idx: usize) -> Vec<RowSum<'_>> {
    let annex = &scheme.annexes[idx];
    let mut sums: Vec<RowSum<'_>> = Vec::new();
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
                    runs: runs(&parts),
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

impl Frame<'_> {
    /// The rule that makes a cell the sum of others, where the figure that was returned is exactly that
    /// sum, so that it may stand as a live formula. A figure that is not stays as it was typed.
    pub(super) fn row_sum(
        &self,
        row_idx: usize,
        leaf: usize,
        given: Amount,
    ) -> Option<&RowSum<'_>> {
        let row = &self.county.rows[row_idx];
        let sum = self.sums.iter().find(|sum| sum.total == leaf)?;
        if self.percent[leaf] || !sum.applies(&row.key, row.year) {
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
        (added == given).then_some(sum)
    }

    /// The sum of a column over all sheets of the annex.
    pub(super) fn total_formula(&self, leaf: usize) -> Formula {
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
    /// Whether it holds in a row with this key and year.
    pub(super) fn applies(&self, key: &[Arc<str>], year: Option<u16>) -> bool {
        let applies = &self.rule.applies;
        let year = self.year.or(year);
        let is_in = |keys: &[Box<[Arc<str>]>]| keys.iter().any(|one| **one == *key);
        applies.rows.as_ref().is_none_or(|rows| is_in(rows))
            && !is_in(&applies.except_rows)
            && match (&applies.years, year) {
                (Some(years), Some(year)) => years.contains(&year),
                _ => true,
            }
    }

    /// Whether it holds in total rows.
    pub(super) fn applies_to_totals(&self) -> bool {
        self.rule.applies.total_rows && self.applies(&[], None)
    }

    /// Its parts in a sheet row, as a formula names them: `B7:D7,F7`.
    pub(super) fn addresses(&self, row: u32) -> String {
        let cell = |leaf: usize| CellRef::new(row, leaf as u32);
        let runs = self.runs.iter().map(|&(first, last)| match first == last {
            true => cell(first).to_string(),
            false => format!("{}:{}", cell(first), cell(last)),
        });
        runs.collect::<Vec<_>>().join(",")
    }
}

/// Neighbouring leaves as first and last, in order.
fn runs(leaves: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &leaf in leaves {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == leaf => *last = leaf,
            _ => runs.push((leaf, leaf)),
        }
    }
    runs
}
