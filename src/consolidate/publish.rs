//! The county's figures in the unit that they are published in, rounded so that rows and columns
//! still add up.
//!
//! What adds up is what the scheme's sums say of a row, and the total row. A sum that does not hold among the
//! exact figures is not made to hold: the returns are wrong there, and rounding must not hide it.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::rounding::{self, Exact, Sum};
use super::{CountyAnnex, CountyRow};
use crate::model::{Amount, Table, Value};
use crate::scheme::{Annex, Publish, RowSum, Scheme};

/// The published figures of one annex.
#[derive(Clone, Debug)]
pub struct Published {
    /// By place: row of the county (`None` for the total row) and leaf.
    figures: HashMap<(Option<usize>, usize), Figure>,
    /// How many sums among them hold.
    pub n_sums: usize,
    /// Sums that do not hold among the exact figures, and were left as they are.
    pub uneven: Vec<Uneven>,
    /// Sums that hold among the exact figures and could not be kept, as places of their totals.
    pub unmet: Vec<(Option<usize>, usize)>,
}

/// One published figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// As it was returned, or added up from what was.
    pub exact: Amount,
    /// The unit of that.
    pub unit: usize,
    /// What it is published in.
    pub publish: Publish,
    /// What 四舍五入 gives.
    pub conventional: Amount,
    /// What is published.
    pub published: Amount,
    /// Whether that is neither right below nor right above the exact figure.
    pub is_beyond: bool,
}

/// A sum that does not hold among the exact figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uneven {
    /// Row of the county; `None` for the total row.
    pub row: Option<usize>,
    /// The leaf that should be the sum.
    pub leaf: usize,
    /// The rule that says so.
    pub rule: std::sync::Arc<str>,
    /// By how much it is greater than the sum, in the unit of the leaf.
    pub difference: Option<Amount>,
}

/// A figure that has too many digits to be converted exactly; its annex stays in its own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Row of the county; `None` for the total row.
    pub row: Option<usize>,
    /// Its leaf.
    pub leaf: usize,
}

/// Rounds the figures of an annex for publication; `None` where it is published as it is returned.
pub fn publish(
    scheme: &Scheme,
    tables: &[Table],
    annex_idx: usize,
    county: &CountyAnnex,
) -> Option<Result<Published, TooLong>> {
    let annex = &scheme.annexes[annex_idx];
    if annex.publish.is_empty() {
        return None;
    }
    let mut grid = Grid {
        scheme,
        annex,
        places: HashMap::new(),
        cells: Vec::new(),
        exact: Vec::new(),
        sums: Vec::new(),
        uneven: Vec::new(),
    };
    let filled = grid.fill(tables, county);
    Some(filled.and_then(|()| {
        grid.add_row_sums(&scheme.row_sums(annex_idx), county);
        grid.add_total_row(county);
        grid.rounded()
    }))
}

impl Published {
    /// The figure of a place; `None` for what is shown as it was returned.
    pub fn figure(&self, row: Option<usize>, leaf: usize) -> Option<&Figure> {
        self.figures.get(&(row, leaf))
    }

    /// How many figures there are.
    pub fn n_figures(&self) -> usize {
        self.figures.len()
    }

    /// Figures that are published otherwise than 四舍五入 gives, row by row, the total row last.
    pub fn moved(&self) -> Vec<(Option<usize>, usize, &Figure)> {
        let figures = self
            .figures
            .iter()
            .map(|(&(row, leaf), figure)| (row, leaf, figure));
        let mut moved: Vec<_> = figures
            .filter(|(.., figure)| figure.published != figure.conventional)
            .collect();
        moved.sort_unstable_by_key(|&(row, leaf, _)| (row.is_none(), row, leaf));
        moved
    }
}

/// The figures of one annex and the sums among them.
struct Grid<'a> {
    scheme: &'a Scheme,
    annex: &'a Annex,
    /// Row and leaf → index of the figure.
    places: HashMap<(Option<usize>, usize), usize>,
    cells: Vec<Cell>,
    exact: Vec<Exact>,
    sums: Vec<Sum>,
    uneven: Vec<Uneven>,
}

/// Where a figure stands, and what it is.
struct Cell {
    row: Option<usize>,
    leaf: usize,
    amount: Amount,
    unit: usize,
    publish: Publish,
}

impl Grid<'_> {
    fn fill(&mut self, tables: &[Table], county: &CountyAnnex) -> Result<(), TooLong> {
        let n_leaves = self.annex.leaves.len();
        for (row_idx, row) in county.rows.iter().enumerate() {
            let Some(source) = row.source else { continue };
            let entries = &tables[source.table].rows[source.row].entries;
            for leaf in 0..n_leaves {
                if let Value::Amount(amount) = entries[leaf].value {
                    self.push(Some(row_idx), leaf, row.spec, amount)?;
                }
            }
        }
        let Some(total) = &county.total else {
            return Ok(());
        };
        let stated = total
            .stated
            .map(|source| &tables[source.table].rows[source.row].entries);
        for leaf in 0..n_leaves {
            // Where nothing adds up the total row shows what the responsible office says.
            let stated = stated.and_then(|entries| entries[leaf].value.amount());
            if let Some(amount) = total.sums[leaf].or(stated) {
                self.push(None, leaf, None, amount)?;
            }
        }
        Ok(())
    }

    fn push(
        &mut self,
        row: Option<usize>,
        leaf: usize,
        spec: Option<usize>,
        amount: Amount,
    ) -> Result<(), TooLong> {
        let publish = self.scheme.publish_of(self.annex, leaf, spec);
        let unit = self.scheme.unit_of(self.annex, leaf, spec);
        let (Some(publish), Some(unit)) = (publish, unit) else {
            return Ok(());
        };
        let size = |unit: usize| self.scheme.units.0[unit].factor;
        let exact = Exact::new(amount, size(unit), size(publish.unit), publish.decimals);
        self.exact.push(exact.ok_or(TooLong { row, leaf })?);
        self.places.insert((row, leaf), self.cells.len());
        self.cells.push(Cell {
            row,
            leaf,
            amount,
            unit,
            publish,
        });
        Ok(())
    }

    /// The sums of the scheme in every row that they apply to.
    fn add_row_sums(&mut self, sums: &[RowSum<'_>], county: &CountyAnnex) {
        for sum in sums {
            let applies = |(_, row): &(usize, &CountyRow)| sum.applies(&row.key, row.year);
            for (row, _) in county.rows.iter().enumerate().filter(applies) {
                self.add_row_sum(sum, Some(row));
            }
            if sum.applies_to_totals() {
                self.add_row_sum(sum, None);
            }
        }
    }

    /// A cell that holds no figure, because it is blank or does not apply, adds nothing.
    fn add_row_sum(&mut self, sum: &RowSum<'_>, row: Option<usize>) {
        let Some(&total) = self.places.get(&(row, sum.total)) else {
            return;
        };
        let parts = sum
            .parts
            .iter()
            .filter_map(|&leaf| self.places.get(&(row, leaf)));
        let parts: Vec<usize> = parts.copied().collect();
        if parts.is_empty() {
            return;
        }
        let difference = self.difference(total, &parts);
        if difference == Some(Amount::ZERO) {
            self.sums.push(Sum {
                total,
                parts,
                over_rows: false,
            });
            return;
        }
        let units = &self.scheme.units;
        let unit = self.cells[total].unit;
        self.uneven.push(Uneven {
            row,
            leaf: sum.total,
            rule: sum.rule.id.clone(),
            difference: difference.and_then(|it| units.convert(it, units.0[unit].base, unit)),
        });
    }

    /// Total − parts among the exact figures, in base units.
    fn difference(&self, total: usize, parts: &[usize]) -> Option<Amount> {
        let in_base = |cell: usize| {
            let Cell { amount, unit, .. } = self.cells[cell];
            self.scheme.units.to_base(amount, Some(unit))
        };
        parts.iter().try_fold(in_base(total)?, |left, &part| {
            left.checked_sub(in_base(part)?)
        })
    }

    /// The total row is the sum of the rows.
    fn add_total_row(&mut self, county: &CountyAnnex) {
        let Some(total) = &county.total else { return };
        for leaf in (0..total.sums.len()).filter(|&leaf| total.sums[leaf].is_some()) {
            let rows = (0..county.rows.len()).map(|row| (Some(row), leaf));
            let parts: Vec<usize> = rows
                .filter_map(|place| self.places.get(&place).copied())
                .collect();
            if let Some(&total) = self.places.get(&(None, leaf))
                && self.difference(total, &parts) == Some(Amount::ZERO)
            {
                self.sums.push(Sum {
                    total,
                    parts,
                    over_rows: true,
                });
            }
        }
    }

    fn rounded(self) -> Result<Published, TooLong> {
        let rounded = rounding::round(&self.exact, &self.sums);
        let mut figures = HashMap::with_capacity(self.cells.len());
        for (idx, cell) in self.cells.iter().enumerate() {
            let (row, leaf, decimals) = (cell.row, cell.leaf, cell.publish.decimals);
            let amount = |digits: i128| {
                let amount = Decimal::try_from_i128_with_scale(digits, u32::from(decimals));
                amount.map(Amount).map_err(|_| TooLong { row, leaf })
            };
            let (exact, digits) = (self.exact[idx], rounded.figures[idx]);
            let figure = Figure {
                exact: cell.amount,
                unit: cell.unit,
                publish: cell.publish,
                conventional: amount(exact.conventional())?,
                published: amount(digits)?,
                is_beyond: !(exact.floor()..=exact.ceiling()).contains(&digits),
            };
            figures.insert((row, leaf), figure);
        }
        let unmet = rounded
            .unmet
            .iter()
            .map(|&sum| &self.cells[self.sums[sum].total]);
        Ok(Published {
            figures,
            n_sums: self.sums.len() - rounded.unmet.len(),
            unmet: unmet.map(|cell| (cell.row, cell.leaf)).collect(),
            uneven: self.uneven,
        })
    }
}
