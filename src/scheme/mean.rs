//! What rates of several rows come to together: the quotient of what they are quotients of, or their weighted
//! mean. Rates are never added.

use crate::model::Amount;

use super::row_sum::leaves_of;
use super::{Annex, CellSel, ColumnKind, Relation, Scheme};

/// How the rate of all rows is worked out.
#[derive(Clone, Debug, PartialEq)]
pub enum Mean {
    /// Each rate counts as much as the figure under this leaf.
    Weighted(usize),
    /// The totals of these leaves are divided by those.
    Quotient {
        /// Leaves that are added up and divided …
        numerator: Vec<usize>,
        /// … by these.
        denominator: Vec<usize>,
        /// The quotient is multiplied by the first and divided by the second.
        factor: (Amount, Amount),
    },
}

impl Scheme {
    /// How the rates under a leaf are taken together; `None` where they are no rates, or nothing says how.
    pub fn mean_of(&self, annex_idx: usize, leaf: usize) -> Option<Mean> {
        let annex = &self.annexes[annex_idx];
        let all = || each_row(annex);
        let is_rate = all().all(|spec| annex.kind_of(leaf, spec) == ColumnKind::Rate);
        let unit = self.unit_of(annex, leaf, None);
        if !is_rate || !all().all(|spec| self.unit_of(annex, leaf, spec) == unit) {
            return None;
        }
        self.quotient(annex_idx, leaf).or_else(|| {
            let weight = annex.column_of(leaf).weight?;
            annex
                .leaf(weight, annex.leaves[leaf].year)
                .map(Mean::Weighted)
        })
    }

    /// The quotient that a rule says of every row.
    fn quotient(&self, annex_idx: usize, leaf: usize) -> Option<Mean> {
        let annex = &self.annexes[annex_idx];
        let year = annex.leaves[leaf].year;
        let of = |sel: &CellSel| leaves_of(annex, annex_idx, sel, year);
        self.rules.iter().find_map(|rule| {
            let Relation::Ratio {
                value,
                numerator,
                denominator,
                percent,
            } = &rule.relation
            else {
                return None;
            };
            let is_for_all = rule.applies.rows.is_none() && rule.applies.except_rows.is_empty();
            if !is_for_all || of(value)? != [leaf] {
                return None;
            }
            let (numerator, denominator) = (of(numerator)?, of(denominator)?);
            let factor = self.factor(annex, [&[leaf], &numerator, &denominator], *percent)?;
            Some(Mean::Quotient {
                numerator,
                denominator,
                factor,
            })
        })
    }

    /// What the quotient of two sums is multiplied with and divided by, so that it has its column's unit. 公顷 in
    /// 平方公里 is a share, ㎡ in 人 an area; other figures are divided as they are printed.
    fn factor(
        &self,
        annex: &Annex,
        [value, above, below]: [&[usize]; 3],
        percent: bool,
    ) -> Option<(Amount, Amount)> {
        let one = Amount::from(1);
        let units = |leaves: &[usize]| -> Option<Option<usize>> {
            let mut units = leaves
                .iter()
                .flat_map(|&leaf| each_row(annex).map(move |spec| self.unit_of(annex, leaf, spec)));
            let first = units.next()?;
            units.all(|unit| unit == first).then_some(first)
        };
        let (value, above, below) = (units(value)?, units(above)?, units(below)?);
        let is_alike = |a: Option<usize>, b: Option<usize>| {
            a.zip(b).is_some_and(|(a, b)| self.units.convertible(a, b))
        };
        let size = |unit: Option<usize>| unit.map_or(one, |unit| self.units.0[unit].factor);
        let (times, by) = if is_alike(above, below) {
            (size(above), size(below))
        } else if is_alike(value, above) {
            (size(above), size(below).checked_mul(size(value))?)
        } else {
            (one, one)
        };
        let hundred = if percent { Amount::from(100) } else { one };
        Some((times.checked_mul(hundred)?, by))
    }
}

/// Each fixed row; any row of a register.
fn each_row(annex: &Annex) -> impl Iterator<Item = Option<usize>> {
    let n_rows = annex.rows.fixed().len();
    let any = (n_rows == 0).then_some(None);
    (0..n_rows).map(Some).chain(any)
}
