//! Rules that make one cell of a row the sum of others.

use std::sync::Arc;

use super::{Annex, CellSel, Relation, RowSel, Rule, Scheme, YearSel};

/// A rule that makes one cell of a row the sum of others.
pub struct RowSum<'s> {
    /// The rule.
    pub rule: &'s Rule,
    year: Option<u16>,
    /// Whether the county's rows are total rows of forms.
    rows_are_totals: bool,
    /// The leaf that is the sum.
    pub total: usize,
    /// The leaves that are added up.
    pub parts: Vec<usize>,
}

impl Scheme {
    /// The rules of an annex that make a cell the sum of cells of its row, a yearly one once a year.
    pub fn row_sums(&self, annex_idx: usize) -> Vec<RowSum<'_>> {
        let rules = self.rules.iter();
        rules
            .flat_map(|rule| self.row_sums_of(annex_idx, rule))
            .collect()
    }

    /// Those that a rule makes.
    pub(super) fn row_sums_of<'s>(&'s self, annex_idx: usize, rule: &'s Rule) -> Vec<RowSum<'s>> {
        let annex = &self.annexes[annex_idx];
        let Relation::Sum { total, parts } = &rule.relation else {
            return Vec::new();
        };
        let years: Vec<Option<u16>> = match rule.each_year && annex.year_column.is_none() {
            true => self.years.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        let mut sums = Vec::new();
        for year in years {
            let of = |sel: &CellSel| leaves_of(annex, annex_idx, sel, year);
            let total = of(total);
            let parts: Option<Vec<Vec<usize>>> = parts.iter().map(of).collect();
            let (Some(total), Some(parts)) = (total, parts) else {
                continue;
            };
            let parts = parts.concat();
            if let [total] = total[..]
                && !parts.is_empty()
            {
                sums.push(RowSum {
                    rule,
                    year,
                    rows_are_totals: annex.one_row_each.is_some(),
                    total,
                    parts,
                });
            }
        }
        sums
    }
}

impl RowSum<'_> {
    /// Whether it holds in the county's row with this key and year.
    pub fn applies(&self, key: &[Arc<str>], year: Option<u16>) -> bool {
        match self.rows_are_totals {
            true => self.applies_to_totals(),
            false => self.applies_to(key, year),
        }
    }

    /// Whether it holds in every row and every year.
    pub(super) fn holds_everywhere(&self) -> bool {
        let applies = &self.rule.applies;
        applies.rows.is_none() && applies.except_rows.is_empty() && applies.years.is_none()
    }

    /// Whether it holds in total rows.
    pub fn applies_to_totals(&self) -> bool {
        self.rule.applies.total_rows && self.applies_to(&[], None)
    }

    fn applies_to(&self, key: &[Arc<str>], year: Option<u16>) -> bool {
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
}

/// The cells of the current row that a rule names; `None` where it names others.
pub(super) fn leaves_of(
    annex: &Annex,
    idx: usize,
    sel: &CellSel,
    year: Option<u16>,
) -> Option<Vec<usize>> {
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
