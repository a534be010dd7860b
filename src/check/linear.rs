//! Relations as linear equations, for the stage that asks which cell is wrong.
//!
//! Only what must be *equal* is one: totals, annexes against annexes, promises that are meant exactly, prices that
//! are fixed. The cells are those that the check itself compares, so that what is asked here and what was found
//! there cannot differ. Blanks take part as well: they may be what is wrong, and where a relation cannot be checked
//! because of one, it may say what belongs there.

use crate::model::{Amount, Period, RowKind, Table};
use crate::scheme::{Bound, ColumnKind, Limit, Relation, Scheme};

use super::cells::{At, Cells, Spot};
use super::judge::Common;
use super::outcome::Why;
use super::rows::{self, AnnexRows, RowAt};
use super::total_row::total_of;
use super::{Checker, Current, Planned, fill_from_county, fill_from_row, is_not_due, period_of};

/// Σ given − Σ expected = constant, in base units of measure.
pub(crate) struct Equation<'t> {
    /// Index of the rule.
    pub(crate) rule: usize,
    /// The cells that hold figures, or could: the given ones, then the expected ones.
    pub(crate) terms: Vec<Term<'t>>,
    /// How many of them are given.
    pub(crate) n_given: usize,
    /// What the difference should be; the promise of a plan's text.
    pub(crate) constant: Amount,
    /// How far off rounding alone could put it; of a price in the base unit of the given cells.
    pub(crate) tolerance: Amount,
    /// A price: what is given should be so many times the expected, each in its own unit.
    pub(crate) price: Option<Amount>,
}

/// One figure of an equation.
#[derive(Clone, Copy)]
pub(crate) struct Term<'t> {
    pub(crate) table: &'t Table,
    pub(crate) row: usize,
    pub(crate) leaf: usize,
    /// As filled in; zero for a blank.
    pub(crate) amount: Amount,
    /// What stands there.
    pub(crate) holds: Holds,
    /// Its unit.
    pub(crate) unit: Option<usize>,
    /// One unit of the last place that the column declares.
    pub(crate) last_digit: Amount,
}

/// What a cell of an equation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A figure.
    Figure,
    /// Nothing, where that is read as none.
    Nothing,
    /// Nothing, so that the equation cannot be checked.
    Unknown,
}

/// With more blanks an equation says nothing about any of them.
const MOST_UNKNOWN: usize = 3;

impl Checker<'_> {
    /// The equations of one form by itself.
    pub(crate) fn form_equations<'t>(&self, table: &'t Table) -> Vec<Equation<'t>> {
        let annex = &self.scheme.annexes[table.annex];
        let mut equations = Vec::new();
        let mut cells = Cells::default();
        let has_data = rows::has_data(annex, table);
        let repeats_rows = has_data && !rows::states_county_total(self.scheme, annex, table);
        for planned in &self.in_form[table.annex] {
            if let Relation::TotalRow { .. } = planned.rule.relation {
                if let Some(row) = total_of(annex, table).filter(|_| has_data) {
                    let data = (0..table.rows.len())
                        .filter(|&row| table.rows[row].kind == RowKind::Data)
                        .map(|row| RowAt { table, row });
                    let total = RowAt { table, row };
                    self.total_equations(planned, total, data, &mut cells, &mut equations);
                }
                continue;
            }
            if !matches!(
                planned.rule.relation,
                Relation::Sum { .. }
                    | Relation::Equal { .. }
                    | Relation::Range { per: Some(_), .. }
            ) {
                continue;
            }
            for (row_idx, row) in table.rows.iter().enumerate() {
                if (row.kind == RowKind::Total && repeats_rows) || rows::is_blank(annex, row) {
                    continue;
                }
                for instance in &planned.instances {
                    let year = instance.year.or(row.year);
                    let at = self.at(planned, year, table.period);
                    if at.applies_to(row.kind, &row.key) && at.applies_in(year) {
                        fill_from_row(&mut cells, instance, table, row_idx);
                        equations.extend(equation(at, planned.idx, &cells, instance.slots.len()));
                    }
                }
            }
        }
        equations
    }

    /// The equations between the rows, forms and annexes of a county.
    pub(crate) fn county_equations<'t>(&'t self, tables: &'t [Table]) -> Vec<Equation<'t>> {
        let rows = self.collect_rows(tables);
        let period = period_of(tables);
        let mut equations = Vec::new();
        let mut cells = Cells::default();
        for planned in &self.over_county {
            match &planned.rule.relation {
                Relation::TotalRow { .. } => {
                    let of_annex = planned.rule.annex.and_then(|annex| rows[annex].as_ref());
                    if let Some(rows) = of_annex.filter(|rows| rows.is_complete(period))
                        && let Some(total) = rows.total_alone
                    {
                        let returned = rows.returned();
                        self.total_equations(planned, total, returned, &mut cells, &mut equations);
                    }
                }
                Relation::Sum { .. } | Relation::Equal { .. } | Relation::Target { .. } => {
                    self.row_equations(planned, period, &rows, &mut cells, &mut equations);
                }
                _ => {}
            }
        }
        equations
    }

    /// Pairs of cells of one row of which the first may not exceed the second.
    pub(crate) fn form_parts(&self, table: &Table) -> Vec<[(usize, usize); 2]> {
        let mut parts = Vec::new();
        let mut cells = Cells::default();
        for planned in &self.in_form[table.annex] {
            if !matches!(planned.rule.relation, Relation::Part { .. }) {
                continue;
            }
            for (row_idx, row) in table.rows.iter().enumerate() {
                for instance in &planned.instances {
                    let year = instance.year.or(row.year);
                    let at = self.at(planned, year, table.period);
                    if !at.applies_to(row.kind, &row.key) || !at.applies_in(year) {
                        continue;
                    }
                    fill_from_row(&mut cells, instance, table, row_idx);
                    if let ([part], [whole]) = (cells.slot(0), cells.slot(1)) {
                        parts.push([(row_idx, part.leaf), (row_idx, whole.leaf)]);
                    }
                }
            }
        }
        parts
    }

    /// The scheme.
    pub(crate) fn scheme(&self) -> &crate::scheme::Scheme {
        self.scheme
    }

    fn row_equations<'t>(
        &'t self,
        planned: &Planned<'_>,
        period: Period,
        rows: &[Option<AnnexRows<'t>>],
        cells: &mut Cells<'t>,
        equations: &mut Vec<Equation<'t>>,
    ) {
        for current in self.currents(planned, rows) {
            let (kind, key) = match &current {
                Current::Row(id) => (RowKind::Data, id.key),
                Current::Total => (RowKind::Total, &[][..]),
                Current::Nowhere => (RowKind::Data, &[][..]),
            };
            for instance in &planned.instances {
                let at = self.at(planned, instance.year, period);
                let is_for_row = matches!(current, Current::Nowhere) || at.applies_to(kind, key);
                if is_for_row
                    && at.applies_in(instance.year)
                    && fill_from_county(cells, instance, rows, current, period).is_ok()
                {
                    equations.extend(equation(at, planned.idx, cells, instance.slots.len()));
                }
            }
        }
    }

    fn total_equations<'t>(
        &self,
        planned: &Planned<'_>,
        total: RowAt<'t>,
        rows: impl Iterator<Item = RowAt<'t>> + Clone,
        cells: &mut Cells<'t>,
        equations: &mut Vec<Equation<'t>>,
    ) {
        let Relation::TotalRow { leaves, .. } = &planned.rule.relation else {
            return;
        };
        for &leaf in leaves {
            cells.clear();
            cells.push(total.spot(leaf));
            cells.end_slot();
            rows.clone().for_each(|row| cells.push(row.spot(leaf)));
            cells.end_slot();
            let annex = &self.scheme.annexes[total.table.annex];
            let year = annex.leaves[leaf].year;
            let at = self.at(planned, year, total.table.period);
            let slots = [cells.slot(0), cells.slot(1)];
            let is_rate = |spot: &Spot<'_>| spot.kind(self.scheme) == ColumnKind::Rate;
            if at.applies_in(year) && !slots.into_iter().flatten().any(is_rate) {
                let found = equation(at, planned.idx, cells, 2);
                let counts_blank_rows =
                    rows.clone().any(|row| std::ptr::eq(row.table, total.table))
                        && rows::states_county_total(self.scheme, annex, total.table);
                equations.extend(found.map(|found| match counts_blank_rows {
                    true => with_blank_rows(self.scheme, found, total.table, leaf),
                    false => found,
                }));
            }
        }
    }
}

/// The equation of a relation whose cells have been brought together; none where it cannot be checked.
fn equation<'t>(
    at: At<'_>,
    rule: usize,
    cells: &Cells<'t>,
    n_slots: usize,
) -> Option<Equation<'t>> {
    if is_not_due(at, cells) {
        return None;
    }
    let expected: Vec<Spot<'t>> = (1..n_slots)
        .flat_map(|slot| cells.slot(slot))
        .copied()
        .collect();
    let (given, expected) = match &at.rule.relation {
        // A sum has no cell that could be marked; see `equal`.
        Relation::Equal { .. } if cells.slot(0).len() != 1 && expected.len() == 1 => {
            (&expected[..], cells.slot(0))
        }
        _ => (cells.slot(0), &expected[..]),
    };
    if let Relation::Range { min, max, .. } = &at.rule.relation {
        return match (min, max) {
            (Some(Limit::Amount(min)), Some(Limit::Amount(max))) if min == max => {
                price(at, rule, given, expected, *min).ok()
            }
            _ => None,
        };
    }
    let promise = match &at.rule.relation {
        Relation::Target {
            bound: Bound::Equal,
            value,
            unit,
            cell: Some(_),
            ..
        } => Some((*value, Some(*unit))),
        Relation::Target { .. } => return None,
        _ => None,
    };
    in_base(at, rule, given, expected, promise).ok()
}

fn in_base<'t>(
    at: At<'_>,
    rule: usize,
    given: &[Spot<'t>],
    expected: &[Spot<'t>],
    promise: Option<(Amount, Option<usize>)>,
) -> Result<Equation<'t>, Why> {
    let scheme = at.scheme;
    let all = || given.iter().chain(expected);
    let units = all().map(|spot| spot.unit(scheme));
    let common = Common::of(scheme, units.chain(promise.map(|(_, unit)| unit)))?;
    if !has_unknown(scheme, all())? {
        common.add_up(scheme, given)?;
        if !expected.is_empty() {
            common.add_up(scheme, expected)?;
        }
    }
    let to_base = |amount: Amount| match common {
        Common::Own(unit) => scheme.units.to_base(amount, unit).ok_or(Why::TooManyDigits),
        Common::Base(_) => Ok(amount),
    };
    let mut constant = Amount::ZERO;
    let mut tolerance = common.tolerance(at, given, all())?;
    if let Some((value, unit)) = promise {
        constant = common.take(scheme, value, unit)?;
        if at.rule.tolerance.is_none() {
            let text = common.take(scheme, Amount::last_digit(value.decimals()), unit)?;
            tolerance = tolerance
                .checked_add(text.half())
                .ok_or(Why::TooManyDigits)?;
        }
    }
    let (terms, n_given) = terms(scheme, given, expected);
    Ok(Equation {
        rule,
        terms,
        n_given,
        constant: to_base(constant)?,
        tolerance: to_base(tolerance)?,
        price: None,
    })
}

/// What is given should be the price times what is expected, as a range of a quotient is checked.
fn price<'t>(
    at: At<'_>,
    rule: usize,
    given: &[Spot<'t>],
    per: &[Spot<'t>],
    price: Amount,
) -> Result<Equation<'t>, Why> {
    let scheme = at.scheme;
    let unit = |spots: &[Spot<'t>]| {
        let units = spots.iter().map(|spot| spot.unit(scheme));
        match Common::of(scheme, units)? {
            Common::Own(unit) => Ok((Common::Own(unit), unit)),
            Common::Base(_) => Err(Why::UnitsDiffer),
        }
    };
    let ((own, own_unit), (of_per, _)) = (unit(given)?, unit(per)?);
    has_unknown(scheme, given.iter().chain(per))?;
    let tolerance = match own.set_tolerance(at, given)? {
        Some(tolerance) => tolerance,
        None => {
            let off = price
                .abs()
                .checked_mul(of_per.last_digits(scheme, per.iter())?);
            let given = own.last_digits(scheme, given.iter())?;
            let off = off.and_then(|off| off.checked_add(given));
            off.ok_or(Why::TooManyDigits)?.half()
        }
    };
    let (terms, n_given) = terms(scheme, given, per);
    let tolerance = scheme.units.to_base(tolerance, own_unit);
    Ok(Equation {
        rule,
        terms,
        n_given,
        constant: Amount::ZERO,
        tolerance: tolerance.ok_or(Why::TooManyDigits)?,
        price: Some(price),
    })
}

/// Whether some cells are blank, so that the relation cannot be checked. What cannot be read says nothing at all.
fn has_unknown<'c, 't: 'c>(
    scheme: &Scheme,
    all: impl Iterator<Item = &'c Spot<'t>>,
) -> Result<bool, Why> {
    let mut n_unknown = 0;
    for spot in all {
        match spot.amount() {
            Ok(_) | Err(Why::NotApplicable) => {}
            Err(Why::Missing) => n_unknown += usize::from(!spot.is_none(scheme)),
            Err(why) => return Err(why),
        }
    }
    match n_unknown <= MOST_UNKNOWN {
        true => Ok(n_unknown > 0),
        false => Err(Why::Missing),
    }
}

/// The terms of an equation, and how many of them are given.
fn terms<'t>(scheme: &Scheme, given: &[Spot<'t>], expected: &[Spot<'t>]) -> (Vec<Term<'t>>, usize) {
    let term = |spot: &Spot<'t>| {
        let (amount, holds) = match spot.amount() {
            Ok(amount) => (amount, Holds::Figure),
            Err(Why::Missing) if spot.is_not_due(scheme) => return None,
            Err(Why::Missing) if spot.is_none(scheme) => (Amount::ZERO, Holds::Nothing),
            Err(Why::Missing) => (Amount::ZERO, Holds::Unknown),
            Err(_) => return None,
        };
        Some(Term {
            table: spot.table,
            row: spot.row,
            leaf: spot.leaf,
            amount,
            holds,
            unit: spot.unit(scheme),
            last_digit: spot.last_digit(scheme),
        })
    };
    let mut terms: Vec<Term<'t>> = given.iter().filter_map(term).collect();
    let n_given = terms.len();
    terms.extend(expected.iter().filter_map(term));
    (terms, n_given)
}

/// The sum of a column with the rows that the form prints and nobody filled in: the total may count them.
fn with_blank_rows<'t>(
    scheme: &Scheme,
    mut equation: Equation<'t>,
    table: &'t Table,
    leaf: usize,
) -> Equation<'t> {
    let annex = &scheme.annexes[table.annex];
    let blanks = table.blank_rows.iter().enumerate();
    equation.terms.extend(blanks.map(|(idx, row)| Term {
        table,
        row: table.rows.len() + idx,
        leaf,
        amount: Amount::ZERO,
        holds: Holds::Nothing,
        unit: scheme.unit_of(annex, leaf, row.spec),
        last_digit: Amount::last_digit(annex.decimals_of(leaf, row.spec)),
    }));
    equation
}
