//! How likely it is that a cell should hold another value: what tells repairs of one size apart.
//!
//! Costs stand for logarithms of likelihoods; only their differences matter. What a typist does to one
//! figure (Scholtus 2009; van der Loo, de Jonge and Scholtus 2011), figures in another unit, and what is known
//! of the cell from elsewhere: the plan, last month, the row's other years.

use std::sync::Arc;

use foldhash::HashMap;

use crate::model::{Amount, Earlier, Past, Period, Reason, Row, RowKind, Slip, Table};
use crate::scheme::{Course, Scheme};

use super::edit::{Edit, edit};
use super::pattern;
use super::search::{Repair, interval, residual, touched};
use super::system::System;

/// What each piece of evidence counts, in hundredths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) unit: i32,
    pub(super) sign: i32,
    pub(super) digit: i32,
    pub(super) two_digits: i32,
    pub(super) exchanged: i32,
    /// The sum was made wrongly: a part left out, counted twice …
    pub(super) pattern: i32,
    pub(super) as_before: i32,
    pub(super) unexplained: i32,
    /// The plan's text would be met as well.
    pub(super) promise: i32,
    /// A computed cell is not typed.
    pub(super) formula: i32,
    /// A value that only rounding reconciles is less of a match than an exact one; for each last digit off.
    pub(super) inexact: i32,
    /// For every 5 % that a value lies off what is known from elsewhere, up to 20 %.
    pub(super) near_before: i32,
    pub(super) near_other_years: i32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            unit: 30,
            sign: 40,
            digit: 80,
            two_digits: 160,
            exchanged: 60,
            pattern: 50,
            as_before: 40,
            unexplained: 200,
            promise: 60,
            formula: 50,
            inexact: 50,
            near_before: 30,
            near_other_years: 20,
        }
    }
}

/// Figures of the same cells that are known from elsewhere.
#[derive(Default)]
pub(super) struct Before<'t> {
    /// Last month's, and whether a month's work is added to them since.
    last: HashMap<Key<'t>, (Amount, bool)>,
    /// The plan's: how large a figure may become, and no more than that.
    plan: HashMap<Key<'t>, Amount>,
}

/// Annex, whether it is the total, keys, year of the row, leaf.
type Key<'t> = (usize, bool, &'t [Arc<str>], Option<u16>, usize);

impl<'t> Before<'t> {
    /// What is comparable of earlier periods: a year's cumulative figures begin anew in January.
    pub(super) fn of(scheme: &Scheme, earlier: &'t Earlier) -> Self {
        let mut before = Self::default();
        for past in earlier.last_month.iter() {
            let is_december = matches!(past.period, Period::Month { month: 12, .. });
            for (table, row, leaf, amount) in figures(past) {
                let annex = &scheme.annexes[table.annex];
                let course = annex.course_of(leaf, row.spec);
                let year = annex.leaves[leaf].year.or(row.year);
                let is_of_year = year.is_none() || year == past.period.year();
                let moves = course != Course::State && is_of_year && past.period != Period::Plan;
                let is_over = is_december && course == Course::SinceYear && year.is_none();
                if !is_over {
                    let key = key(table, row, leaf);
                    before.last.entry(key).or_insert((amount, moves));
                }
            }
        }
        for past in earlier.plan.iter() {
            for (table, row, leaf, amount) in figures(past) {
                let key = key(table, row, leaf);
                before.plan.entry(key).or_insert(amount);
            }
        }
        before
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// What stood there last month.
    pub(super) fn last(&self, table: &Table, row: usize, leaf: usize) -> Option<Amount> {
        Some(self.last_known(table, row, leaf)?.0)
    }

    /// What stood there last month, and should be there still, or nearly so.
    pub(super) fn steady(&self, table: &Table, row: usize, leaf: usize) -> Option<Amount> {
        let (amount, moves) = self.last_known(table, row, leaf)?;
        (!moves).then_some(amount)
    }

    /// What is planned.
    pub(super) fn planned(&self, table: &Table, row: usize, leaf: usize) -> Option<Amount> {
        if self.plan.is_empty() {
            return None;
        }
        self.plan.get(&key(table, &table.rows[row], leaf)).copied()
    }

    fn last_known(&self, table: &Table, row: usize, leaf: usize) -> Option<(Amount, bool)> {
        if self.last.is_empty() {
            return None;
        }
        self.last.get(&key(table, &table.rows[row], leaf)).copied()
    }
}

/// The figures of an earlier period.
fn figures(past: &Past) -> impl Iterator<Item = (&Table, &Row, usize, Amount)> {
    let rows = past
        .tables
        .iter()
        .flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    rows.flat_map(|(table, row)| {
        let entries = row.entries.iter().enumerate();
        entries.filter_map(move |(leaf, entry)| Some((table, row, leaf, entry.value.amount()?)))
    })
}

fn key<'t>(table: &Table, row: &'t Row, leaf: usize) -> Key<'t> {
    (
        table.annex,
        row.kind == RowKind::Total,
        &*row.key,
        row.year,
        leaf,
    )
}

/// A repair with what speaks for it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) changes: Vec<(usize, i128)>,
    /// For each change.
    pub(super) reasons: Vec<Vec<Reason>>,
    pub(super) cost: i32,
}

/// Judges cells of a system by what is known of them.
pub(super) struct Judge<'a, 't> {
    pub(super) system: &'a System<'t>,
    pub(super) before: &'a Before<'t>,
    pub(super) weights: Weights,
}

impl Judge<'_, '_> {
    /// Repairs, the likeliest first.
    pub(super) fn rank(&self, repairs: Vec<Repair>) -> Vec<Judged> {
        let mut judged: Vec<Judged> = repairs
            .into_iter()
            .map(|repair| self.judge(repair))
            .collect();
        for it in &mut judged {
            let cells: Vec<usize> = it.changes.iter().map(|(cell, _)| *cell).collect();
            let promises = touched(self.system, &cells)
                .into_iter()
                .filter(|idx| self.system.balances[*idx].set_aside)
                .filter(|idx| keeps(self.system, *idx, &it.changes));
            it.cost -= self.weights.promise * promises.count() as i32;
        }
        judged.sort_by_cached_key(|it| {
            let mut spots: Vec<_> = it
                .changes
                .iter()
                .map(|(cell, _)| self.system.cells[*cell].spot)
                .collect();
            spots.sort_unstable();
            (it.cost, spots)
        });
        judged
    }

    fn judge(&self, repair: Repair) -> Judged {
        let mut changes = repair.changes;
        let mut cost = 0;
        let mut reasons = Vec::new();
        for position in 0..changes.len() {
            let partner = (0..changes.len()).find(|&it| self.is_exchange(&changes, position, it));
            if let Some(partner) = partner {
                let with = self.system.place(changes[partner].0);
                reasons.push(vec![Reason::Exchanged { with }]);
                cost += self.weights.exchanged / 2;
                continue;
            }
            let (value, cell_cost, why) = self.best_value(&changes, position);
            changes[position].1 = value;
            cost += cell_cost;
            reasons.push(why);
        }
        Judged {
            changes,
            reasons,
            cost,
        }
    }

    /// Whether each of two changes puts in one cell what stands in the other.
    fn is_exchange(&self, changes: &[(usize, i128)], a: usize, b: usize) -> bool {
        let system = self.system;
        let ((a, to_a), (b, to_b)) = (changes[a], changes[b]);
        let is_like = |value: i128, other: usize| {
            (value - system.cells[other].value).abs() <= system.cells[other].step / 2
        };
        a != b
            && system.cells[a].unit == system.cells[b].unit
            && is_like(to_a, b)
            && is_like(to_b, a)
    }

    /// Rounding leaves a few values open; the one that is easiest to explain is the likeliest.
    fn best_value(&self, changes: &[(usize, i128)], position: usize) -> (i128, i32, Vec<Reason>) {
        const REACH: i128 = 12;
        let (cell, centre) = changes[position];
        let (low, high) = interval(self.system, changes, position);
        let step = self.system.cells[cell].step;
        let mut best = (self.cost(cell, centre), centre);
        for n_steps in (1..=REACH).flat_map(|n| [n, -n]) {
            let value = centre + n_steps * step;
            if value < low || value > high || !self.system.is_allowed(cell, value, changes) {
                continue;
            }
            let cost = self.cost(cell, value) + self.weights.inexact * n_steps.abs() as i32;
            if cost < best.0 && value != self.system.cells[cell].value {
                best = (cost, value);
            }
        }
        (best.1, best.0, self.explain(cell, best.1).1)
    }

    fn cost(&self, cell: usize, value: i128) -> i32 {
        self.explain(cell, value).0
    }

    /// What it costs to believe that a cell should hold `value`, and why it may.
    pub(super) fn explain(&self, cell: usize, value: i128) -> (i32, Vec<Reason>) {
        let (system, weights) = (self.system, &self.weights);
        let mut reasons = Vec::new();
        let mut cost = weights.unexplained;
        let mut is_stale = false;
        if let Some((how, reason)) = self.mechanism(cell, value) {
            cost = how;
            is_stale = reason == Reason::Stale;
            reasons.push(reason);
        }
        let (table, row, leaf) = system.cells[cell].spot;
        let unit = system.cells[cell].unit;
        let before = self.before.steady(&system.tables[table], row, leaf);
        let before = before.and_then(|amount| system.of(amount, unit));
        let given = system.cells[cell].value;
        if let Some(before) = before.filter(|_| !is_stale) {
            if before == value && value != 0 {
                cost = cost.min(weights.as_before) - weights.as_before / 2;
                reasons.push(Reason::AsBefore);
            } else {
                let gain = weights.near_before * (off(given, before) - off(value, before)) / 50;
                cost -= gain;
                if gain >= 2 * weights.near_before {
                    reasons.push(Reason::NearBefore);
                }
            }
        }
        if let Some(usual) = self.other_years(cell) {
            let gain = weights.near_other_years * (off(given, usual) - off(value, usual)) / 50;
            cost -= gain;
            if gain >= 2 * weights.near_other_years {
                reasons.push(Reason::NearOtherYears);
            }
        }
        if system.cells[cell].formula {
            cost += weights.formula;
        }
        (cost, reasons)
    }

    /// What may have been done to make `value` into what stands there.
    fn mechanism(&self, cell: usize, value: i128) -> Option<(i32, Reason)> {
        let (system, weights) = (self.system, &self.weights);
        let given = system.cells[cell].value;
        if let Some(reason) = pattern::of_total(system, self.before, cell, value) {
            return Some((weights.pattern, reason));
        }
        if given == -value {
            return Some((weights.sign, Reason::Sign));
        }
        if let Some(slip) = unit_slip(system, cell, value) {
            return Some((weights.unit, Reason::Unit(slip)));
        }
        if let Some(places) = point_moved(given, value) {
            return Some((weights.unit, Reason::PointMoved { places }));
        }
        let step = system.cells[cell].step;
        if value % step != 0 || given % step != 0 {
            return None;
        }
        let digits = |value: i128| (value / step).unsigned_abs().to_string();
        let (right, typed) = (digits(value), digits(given));
        let edit = edit(&right, &typed)?;
        // Among small numbers any two are an edit apart, which then is no evidence.
        let is_short = right.len() < 2 && typed.len() < 2;
        // One in twenty numbers of three digits is an edit away from any other.
        let digit = match right.len().min(typed.len()) {
            0..=3 => weights.digit + weights.digit / 2,
            _ => weights.digit,
        };
        let (cost, reason) = match edit {
            Edit::Changed => (digit, Reason::DigitChanged),
            Edit::Missing => (digit, Reason::DigitMissing),
            Edit::Extra => (digit, Reason::DigitExtra),
            Edit::Swapped => (digit, Reason::DigitsSwapped),
            // Of three digits any two numbers share one.
            Edit::Two if right.len().min(typed.len()) < 4 => return None,
            Edit::Two => (weights.two_digits, Reason::TwoDigits),
        };
        (!is_short).then_some((cost, reason))
    }

    /// What the other years of the row say about the size of a figure, where they agree among themselves.
    fn other_years(&self, cell: usize) -> Option<i128> {
        let system = self.system;
        let (table_idx, row_idx, leaf) = system.cells[cell].spot;
        let table = &system.tables[table_idx];
        let annex = &system.scheme.annexes[table.annex];
        let row = &table.rows[row_idx];
        let mut values: Vec<i128> = Vec::new();
        let unit = system.cells[cell].unit;
        let mut take = |row: &crate::model::Row, leaf: usize| {
            let amount = row.entries[leaf].value.amount();
            values.extend(amount.and_then(|amount| system.of(amount, unit)));
        };
        if annex.leaves[leaf].year.is_some() {
            for (other, it) in annex.leaves.iter().enumerate() {
                if other != leaf && it.column == annex.leaves[leaf].column {
                    take(row, other);
                }
            }
        } else if row.year.is_some() {
            for (idx, other) in table.rows.iter().enumerate() {
                if idx != row_idx && other.kind == row.kind && other.key == row.key {
                    take(other, leaf);
                }
            }
        }
        let (low, high) = (*values.iter().min()?, *values.iter().max()?);
        // 30 % apart is no size that a third year could be held against.
        (values.len() >= 2 && low > 0 && (high - low) * 10 <= high * 3).then(|| low.midpoint(high))
    }
}

/// Whether a promise that was not kept is kept once cells are changed.
pub(super) fn keeps(system: &System<'_>, promise: usize, changes: &[(usize, i128)]) -> bool {
    let balance = &system.balances[promise];
    balance.fails() && residual(system, promise, changes).abs() <= balance.tolerance
}

/// How far a value is off, in thousandths, up to 200.
fn off(value: i128, from: i128) -> i32 {
    let off = (value - from).abs().saturating_mul(1000) / from.abs().max(1);
    off.min(200) as i32
}

/// `given` = `value` × 10^places.
fn point_moved(given: i128, value: i128) -> Option<i32> {
    if given == 0 || value == 0 {
        return None;
    }
    let mut power = 1;
    for places in 1..=6 {
        power *= 10;
        if value * power == given {
            return Some(places);
        }
        if given * power == value {
            return Some(-places);
        }
    }
    None
}

/// A factor between two units, as a fraction: what was given × `numerator` / `denominator` is right.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) numerator: i128,
    pub(super) denominator: i128,
    pub(super) slip: Slip,
}

/// The factors by which figures in `unit` may be off: the scheme's units of the same kind, either way
/// round, and 100 between a share and %.
pub(super) fn factors(scheme: &Scheme, unit: Option<usize>) -> Vec<Factor> {
    let Some(own) = unit.map(|unit| &scheme.units.0[unit]) else {
        return Vec::new();
    };
    let mut factors: Vec<Factor> = Vec::new();
    let mut add = |right: (i128, i128), name: Option<&Arc<str>>, factor: Amount| {
        let known = |it: &Factor| it.numerator * right.1 == it.denominator * right.0;
        if right.0 != right.1 && !factors.iter().any(known) {
            factors.push(Factor {
                numerator: right.0,
                denominator: right.1,
                slip: Slip {
                    unit: name.cloned(),
                    declared: own.name.clone(),
                    factor,
                    too_large: right.0 < right.1,
                },
            });
        }
    };
    if &*own.name == "%" {
        add((100, 1), None, Amount::from(100));
    }
    let others = scheme
        .units
        .0
        .iter()
        .filter(|it| it.base == own.base && it.name != own.name);
    let mut fractions = Vec::new();
    for other in others {
        let scale = own.factor.decimals().max(other.factor.decimals());
        let whole = |factor: Amount| {
            let up = 10i128.checked_pow(u32::from(scale - factor.decimals()))?;
            factor.0.mantissa().checked_mul(up)
        };
        let (Some(a), Some(b)) = (whole(other.factor), whole(own.factor)) else {
            continue;
        };
        if a <= 0 || b <= 0 {
            continue;
        }
        let (big, small) = (a.max(b), a.min(b));
        // A factor that is not a whole number would have to be rounded to be said.
        let Some(times) = (big % small == 0)
            .then(|| big / small)
            .and_then(|it| i64::try_from(it).ok())
        else {
            continue;
        };
        fractions.push((a, b, &other.name, Amount::from(times)));
    }
    for &(a, b, name, times) in &fractions {
        add((a, b), Some(name), times);
    }
    for &(a, b, _, times) in &fractions {
        add((b, a), None, times);
    }
    factors
}

/// The unit slip that makes `value` into what stands in the cell.
pub(super) fn unit_slip(system: &System<'_>, cell: usize, value: i128) -> Option<Slip> {
    let given = system.cells[cell].value;
    if given == 0 || value == 0 {
        return None;
    }
    // Two small numbers are easily fifteen times one another.
    let is_small = |value: i128| value.abs() < 10 * system.cells[cell].step;
    if is_small(given) && is_small(value) {
        return None;
    }
    system
        .factors(system.cells[cell].unit)
        .iter()
        .find(|it| given.checked_mul(it.numerator) == value.checked_mul(it.denominator))
        .map(|it| it.slip.clone())
}
