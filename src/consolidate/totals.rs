//! What the rows of an annex add up to, beside what its office says.

use polars::prelude::PolarsResult;

use super::annex_returns::AnnexReturns;
use super::exact::{Figures, FiguresBuilder, TooLong};
use super::{CountyRow, CountyTotal, Source};
use crate::model::{Amount, Detail, Finding, Fraction, Kind, Level, Row, RowKind, Value};
use crate::scheme::{ColumnKind, Mean};

impl AnnexReturns<'_> {
    /// The total row, if the annex has one.
    pub(super) fn total(
        &self,
        rows: &[CountyRow],
        findings: &mut Vec<Finding>,
    ) -> PolarsResult<Option<CountyTotal>> {
        if self.annex.total.is_none() {
            return Ok(None);
        }
        let mut sums = self.sums(rows, findings)?;
        let means: Vec<(usize, Option<Amount>)> = (0..sums.len())
            .filter_map(|leaf| Some((leaf, self.mean(rows, &sums, leaf)?)))
            .collect();
        for (leaf, mean) in means {
            sums[leaf] = mean;
            if mean.is_none() {
                findings.extend(self.too_long(leaf, self.given(rows, leaf)));
            }
        }
        Ok(Some(CountyTotal {
            sums,
            stated: self.stated(findings),
        }))
    }

    /// The figures under a leaf, and where they stand.
    fn given<'b>(
        &'b self,
        rows: &'b [CountyRow],
        leaf: usize,
    ) -> impl Iterator<Item = (Amount, Source)> {
        rows.iter().filter_map(move |row| {
            let source = row.source?;
            Some((self.row(source).entries[leaf].value.amount()?, source))
        })
    }

    /// What the rates under a leaf come to together, with as many decimals as they have; `None` inside where it
    /// has more digits than can be kept exactly on the way.
    fn mean(
        &self,
        rows: &[CountyRow],
        sums: &[Option<Amount>],
        leaf: usize,
    ) -> Option<Option<Amount>> {
        let mean = self.scheme.mean_of(self.idx, leaf)?;
        let given = self.given(rows, leaf);
        let decimals = given.map(|(amount, _)| amount.decimals()).max()?;
        let declared = self.annex.decimals_of(leaf, None);
        let parts = match mean {
            Mean::Weighted(weight) => {
                let mut weighted = self.given(rows, leaf).filter_map(|(rate, source)| {
                    Some((rate, self.row(source).entries[weight].value.amount()?))
                });
                weighted.try_fold(
                    (Amount::ZERO, Amount::ZERO),
                    |(above, below), (rate, weight)| {
                        let above = above.checked_add(rate.checked_mul(weight)?)?;
                        Some((above, below.checked_add(weight)?))
                    },
                )
            }
            Mean::Quotient {
                numerator,
                denominator,
                factor: (times, by),
            } => {
                let known = |leaves: &[usize]| -> Option<Vec<Amount>> {
                    leaves.iter().map(|leaf| *sums.get(*leaf)?).collect()
                };
                let sum = |parts: Vec<Amount>, factor: Amount| {
                    let mut parts = parts.into_iter();
                    let sum = parts.try_fold(Amount::ZERO, Amount::checked_add);
                    sum?.checked_mul(factor)
                };
                let (above, below) = (known(&numerator)?, known(&denominator)?);
                sum(above, times).zip(sum(below, by))
            }
        };
        let Some((above, below)) = parts else {
            return Some(None);
        };
        let mean = Fraction::new(above, below)?;
        Some(Some(mean.rounded(declared.max(decimals))))
    }

    /// For each leaf column, the exact sum over the county's rows.
    fn sums(
        &self,
        rows: &[CountyRow],
        findings: &mut Vec<Finding>,
    ) -> PolarsResult<Vec<Option<Amount>>> {
        let figures = self.figures(rows, &self.additive_leaves())?;
        let mut sums = vec![None; self.annex.leaves.len()];
        for (leaf, sum) in figures.sums() {
            match sum? {
                None => {}
                Some(Ok(sum)) => sums[leaf] = Some(sum),
                Some(Err(TooLong)) => {
                    let addends = rows.iter().filter_map(|row| self.addend(row, leaf));
                    findings.extend(self.too_long(leaf, addends));
                }
            }
        }
        Ok(sums)
    }

    /// The county's figures that add up, row by row.
    fn figures(&self, rows: &[CountyRow], leaves: &[usize]) -> PolarsResult<Figures> {
        let mut figures = FiguresBuilder::new(leaves, rows.len());
        for row in rows {
            for (column, &leaf) in leaves.iter().enumerate() {
                figures.push(column, self.addend(row, leaf).map(|(amount, _)| amount));
            }
        }
        figures.finish()
    }

    /// What a row adds under a leaf, and where it stands.
    fn addend(&self, row: &CountyRow, leaf: usize) -> Option<(Amount, Source)> {
        let source = row.source?;
        let row = self.row(source);
        if self.annex.kind_of(leaf, row.spec) != ColumnKind::Additive {
            return None;
        }
        match &row.entries[leaf].value {
            Value::Amount(amount) => Some((*amount, source)),
            // The scheme says that a blank here means none.
            Value::Missing if self.annex.column_of(leaf).blank_is_none => {
                Some((Amount::ZERO, source))
            }
            _ => None,
        }
    }

    /// A figure so long that no sum with it can be written exactly. A rounded total would hide that.
    fn too_long(
        &self,
        leaf: usize,
        figures: impl Iterator<Item = (Amount, Source)>,
    ) -> Option<Finding> {
        let (amount, source) = figures.max_by_key(|(amount, _)| digits(*amount))?;
        let kind = Kind::NotANumber;
        let finding = self.finding(kind, Level::Mandatory, Detail::TooLong, leaf, source);
        Some(finding.given(amount.to_string()))
    }

    /// Leaves whose figures add up over rows: additive, and in one unit.
    fn additive_leaves(&self) -> Vec<usize> {
        let n_specs = self.annex.rows.fixed().len();
        let adds_up = |leaf: usize| {
            if !self.annex.column_of(leaf).kind.is_figure() {
                return false;
            }
            let specs: Vec<Option<usize>> = match n_specs {
                0 => vec![None],
                n => (0..n).map(Some).collect(),
            };
            let mut units = (specs.into_iter())
                .filter(|&spec| self.annex.kind_of(leaf, spec) == ColumnKind::Additive)
                .map(|spec| self.scheme.unit_of(self.annex, leaf, spec));
            let first = units.next();
            first.is_some_and(|first| units.all(|unit| unit == first))
        };
        (0..self.annex.leaves.len())
            .filter(|&leaf| adds_up(leaf))
            .collect()
    }

    /// The total row returned by the office that answers for the annex; failing that, by a form
    /// that holds nothing else, unless that is its reporter's row.
    fn stated(&self, findings: &mut Vec<Finding>) -> Option<Source> {
        let mut by_office = Vec::new();
        let mut alone = Vec::new();
        for &table_idx in self.own {
            let table = &self.tables[table_idx];
            let Some(source) = self.total_of(table_idx) else {
                continue;
            };
            let mut data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
            // The total below an office's own rows is theirs.
            let has_own = |by: usize| {
                let said = |row: &&Row| row.kind == RowKind::Data && self.annex.says_something(row);
                let n_said = table.rows.iter().filter(said).count();
                let n_rows = self.annex.rows.fixed().len();
                self.scheme.has_own_rows(self.annex, by)
                    && n_said > 0
                    && (n_rows == 0 || n_said < n_rows)
            };
            if (table.reporter).is_some_and(|by| self.states_total(by) && !has_own(by)) {
                by_office.push(source);
            } else if self.annex.one_row_each.is_none()
                && !data.any(|row| self.annex.says_something(row))
            {
                alone.push(source);
            }
        }
        let stated = if by_office.is_empty() {
            alone
        } else {
            by_office
        };
        let (&taken, others) = stated.split_first()?;
        self.conflicts(taken, others, findings);
        Some(taken)
    }
}

/// What makes a figure hard to reckon with: first its decimals, then its size.
fn digits(amount: Amount) -> (u8, Amount) {
    (amount.normalised().decimals(), amount.abs())
}
