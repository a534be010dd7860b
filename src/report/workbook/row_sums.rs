//! Totals within a row as live formulas, where the figure that was returned is exactly the sum.

use rust_xlsxwriter::Formula;

use crate::model::{Amount, CellRef, Value};
use crate::scheme::{Mean, RowSum, Scheme};

use super::frame::Frame;

/// What Excel takes between the brackets of a function.
const MOST_RUNS: usize = 255;

/// The sums of an annex that can be formulas: one for a cell, and none that comes back to itself.
pub(super) fn formula_sums(scheme: &Scheme, idx: usize) -> Vec<RowSum<'_>> {
    let mut sums: Vec<RowSum<'_>> = Vec::new();
    for sum in scheme.row_sums(idx) {
        if runs(&sum.parts).len() > MOST_RUNS {
            continue;
        }
        if !sums.iter().any(|other| other.total == sum.total)
            && !depends(&sums, &sum.parts, sum.total)
        {
            sums.push(sum);
        }
    }
    sums
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
    /// The cells that a rule adds up into this one, and the sum, where the figure that was returned is
    /// exactly that, so that it may stand as a live formula. A figure that is not stays as it was typed.
    pub(super) fn row_sum(&self, row_idx: usize, leaf: usize) -> Option<(&Runs, Amount)> {
        let row = &self.county.rows[row_idx];
        let (runs, sum) = self.sums.iter().find(|(_, sum)| sum.total == leaf)?;
        if self.percent[leaf] || !sum.applies(&row.key, row.year) {
            return None;
        }
        let (_, returned) = self.source(row)?;
        let given = returned.entries[leaf].value.amount()?;
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
        let shown = match self.published(Some(row_idx), leaf) {
            Some(figure) => {
                let parts = sum.parts.iter();
                let parts = parts.filter_map(|&part| self.published(Some(row_idx), part));
                let added = parts
                    .map(|part| part.published)
                    .try_fold(Amount::ZERO, Amount::checked_add);
                added.filter(|added| *added == figure.published)?
            }
            None => given,
        };
        // A formula adds up what the cells keep.
        let mut cells = sum.parts.iter().copied().chain([leaf]);
        let is_exact = cells.all(|cell| self.inexact[cell].binary_search(&row_idx).is_err());
        (added == given && is_exact).then_some((runs, shown))
    }

    /// What rates come to together in the total row, from figures of this sheet. `None` where the annex is on several,
    /// or where figures are published in another unit than they were returned in.
    pub(super) fn mean_formula(
        &self,
        leaf: usize,
        at: u32,
        mean: &Mean,
        decimals: u8,
    ) -> Option<Formula> {
        let [part] = &self.sheets.parts[..] else {
            return None;
        };
        let used: &[usize] = match mean {
            Mean::Weighted(weight) => std::slice::from_ref(weight),
            Mean::Quotient { denominator, .. } => denominator,
        };
        let above: &[usize] = match mean {
            Mean::Weighted(_) => &[],
            Mean::Quotient { numerator, .. } => numerator,
        };
        let mut used = used.iter().chain(above);
        // A formula works with what the cells keep.
        let is_inexact = |leaf: usize| !self.inexact[leaf].is_empty();
        let bars = |leaf: usize| {
            self.published(None, leaf).is_some() || self.percent[leaf] || is_inexact(leaf)
        };
        if is_inexact(leaf) || used.any(|&leaf| bars(leaf)) {
            return None;
        }
        let quotient = match mean {
            Mean::Weighted(weight) => {
                let rows = |leaf: usize| {
                    let last = part.first_row + part.n_rows().max(1) as u32 - 1;
                    let cell = |row| CellRef::new(row, leaf as u32);
                    format!("{}:{}", cell(part.first_row), cell(last))
                };
                let (rates, weights) = (rows(leaf), rows(*weight));
                // A weight counts where there is a rate.
                format!("SUMPRODUCT({rates},{weights})/SUMPRODUCT(ISNUMBER({rates})*1,{weights})")
            }
            Mean::Quotient {
                numerator,
                denominator,
                factor: (times, by),
            } => {
                let sum = |leaves: &[usize]| match leaves {
                    [only] => CellRef::new(at, *only as u32).to_string(),
                    leaves => format!("SUM({})", addresses(leaves, at)),
                };
                let one = Amount::from(1);
                let above = match *times == one {
                    true => sum(numerator),
                    false => format!("{}*{times}", sum(numerator)),
                };
                let below = match *by == one {
                    true => sum(denominator),
                    false => format!("({}*{by})", sum(denominator)),
                };
                let hundredth = match self.percent[leaf] {
                    true => "/100",
                    false => "",
                };
                format!("{above}/{below}{hundredth}")
            }
        };
        Some(Formula::new(format!(
            "=IFERROR(ROUND({quotient},{decimals}),\"\")"
        )))
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

/// The parts of a sum in a sheet row, as a formula names them: `B7:D7,F7`.
pub(super) fn addresses(parts: &[usize], row: u32) -> String {
    let cell = |leaf: usize| CellRef::new(row, leaf as u32);
    let runs = runs(parts).into_iter();
    let runs = runs.map(|(first, last)| match first == last {
        true => cell(first).to_string(),
        false => format!("{}:{}", cell(first), cell(last)),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// Runs of neighbouring leaves, as first and last.
pub(super) type Runs = Vec<(usize, usize)>;

/// Neighbouring leaves as first and last, in order.
pub(super) fn runs(leaves: &[usize]) -> Runs {
    let mut runs = Runs::new();
    for &leaf in leaves {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == leaf => *last = leaf,
            _ => runs.push((leaf, leaf)),
        }
    }
    runs
}
