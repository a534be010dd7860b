//! One indicator as one period has it, by reporter.

use foldhash::{HashMap, HashMapExt};

use crate::consolidate::{CountyRow, Source};
use crate::model::{Amount, Fraction, Value};
use crate::scheme::{Annex, Scheme};

use super::indicator::{Together, figure_key};
use super::{Absent, Figure, Indicator, Stand};

/// Whose figure: a reporter's, or nobody's in particular.
pub(super) type Whose = Option<usize>;

/// An indicator in one period.
#[derive(Default)]
pub(super) struct Taken {
    by_reporter: HashMap<Whose, Result<Part, Absent>>,
    rows: HashMap<Whose, Vec<Source>>,
}

/// What one reporter brings to the county's figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The figure, or figure × weight.
    amount: Amount,
    /// 1 where nothing is weighted.
    weight: Amount,
    /// The figure of a single row as it is, which needs no weight.
    alone: Option<Amount>,
}

impl Taken {
    /// The indicator in the period of a stand, from the columns and rows of a year.
    pub(super) fn of(scheme: &Scheme, indicator: &Indicator, stand: Stand<'_>, year: u16) -> Self {
        let annex = &scheme.annexes[indicator.annex];
        match annex.leaf(indicator.column, Some(year)) {
            Some(leaf) => Self::of_leaf(scheme, indicator, stand, year, leaf),
            None => Self::default(),
        }
    }

    /// The same rows, from a certain leaf.
    pub(super) fn of_leaf(
        scheme: &Scheme,
        indicator: &Indicator,
        stand: Stand<'_>,
        year: u16,
        leaf: usize,
    ) -> Self {
        let annex = &scheme.annexes[indicator.annex];
        let mut taken = Self::default();
        let Some(county) = stand.county.annexes.get(indicator.annex) else {
            return taken;
        };
        for row in &county.rows {
            let is_its_own = (indicator.key.as_ref())
                .is_none_or(|key| figure_key(annex, &row.key) == *key)
                && row.year.is_none_or(|its| its == year);
            if !is_its_own {
                continue;
            }
            let whose = row.reporter.filter(|_| indicator.by_reporter);
            let part = part(annex, indicator, stand, row, leaf, year);
            (taken.by_reporter.entry(whose))
                .and_modify(|before| *before = joined(*before, part))
                .or_insert(part);
            taken.rows.entry(whose).or_default().extend(row.source);
        }
        taken
    }

    pub(super) fn get(&self, whose: Whose) -> Result<Part, Absent> {
        let part = self.by_reporter.get(&whose).copied();
        part.unwrap_or(Err(Absent::NoData))
    }

    /// A reporter's figure where figures are added up.
    pub(super) fn amount(&self, whose: Whose) -> Result<Amount, Absent> {
        self.get(whose).map(|part| part.amount)
    }

    /// The rows of returns that a reporter's figure is made of.
    pub(super) fn rows(&self, whose: Whose) -> &[Source] {
        self.rows.get(&whose).map_or(&[], Vec::as_slice)
    }

    /// Every reporter's figure and another's added up.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let sums = self.by_reporter.iter().map(|(whose, part)| {
            let sum = (*part).and_then(|part| {
                let amount = part.amount.checked_add(other.get(*whose)?.amount);
                let amount = amount.ok_or(Absent::TooLong)?;
                Ok(Part {
                    amount,
                    alone: None,
                    ..part
                })
            });
            (*whose, sum)
        });
        Self {
            by_reporter: sums.collect(),
            rows: HashMap::new(),
        }
    }
}

impl Indicator {
    /// The figure of some reporters together.
    pub(super) fn together(&self, parts: &[Part]) -> Figure {
        let sum = |of: fn(&Part) -> Amount| {
            let mut amounts = parts.iter().map(of);
            let first = amounts.next().ok_or(Absent::NoData)?;
            let sum = amounts.try_fold(first, Amount::checked_add);
            sum.ok_or(Absent::TooLong)
        };
        if let [
            Part {
                alone: Some(alone), ..
            },
        ] = parts
        {
            return Ok(Fraction::from(*alone));
        }
        let amount = sum(|part| part.amount)?;
        match self.together {
            Together::Sum => Ok(Fraction::from(amount)),
            Together::Mean(_) => {
                let weight = sum(|part| part.weight)?;
                Fraction::new(amount, weight).ok_or(Absent::DividedByZero)
            }
            Together::Apart => Err(Absent::NoWeight),
        }
    }
}

/// What one row brings.
fn part(
    annex: &Annex,
    indicator: &Indicator,
    stand: Stand<'_>,
    row: &CountyRow,
    leaf: usize,
    year: u16,
) -> Result<Part, Absent> {
    let source = row.source.ok_or(Absent::NoData)?;
    let entries = &stand.tables[source.table].rows[source.row].entries;
    let amount = |leaf: usize| match &entries[leaf].value {
        Value::Amount(amount) => Ok(*amount),
        Value::NotApplicable => Err(Absent::NotApplicable),
        Value::Missing if annex.column_of(leaf).blank_is_none => Ok(Amount::ZERO),
        _ => Err(Absent::NoData),
    };
    let value = amount(leaf)?;
    let weight = match indicator.together {
        Together::Mean(column) => {
            let leaf = annex.leaf(column, Some(year)).ok_or(Absent::NoData)?;
            amount(leaf)?
        }
        _ => Amount::from(1),
    };
    let amount = match indicator.together {
        Together::Mean(_) => value.checked_mul(weight).ok_or(Absent::TooLong)?,
        _ => value,
    };
    Ok(Part {
        amount,
        weight,
        alone: Some(value),
    })
}

/// Two rows of one reporter: a blank in one leaves the sum unknown, what does not apply adds nothing.
fn joined(one: Result<Part, Absent>, other: Result<Part, Absent>) -> Result<Part, Absent> {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let amount = one.amount.checked_add(other.amount);
            let weight = one.weight.checked_add(other.weight);
            Ok(Part {
                amount: amount.ok_or(Absent::TooLong)?,
                weight: weight.ok_or(Absent::TooLong)?,
                alone: None,
            })
        }
        (Err(Absent::NotApplicable), other) => other,
        (one, Err(Absent::NotApplicable)) => one,
        (Err(absent), _) | (_, Err(absent)) => Err(absent),
    }
}
