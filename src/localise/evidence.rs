//! How likely it is that a cell should hold another value: what tells repairs of one size apart.
//!
//! Costs are negative logarithms of likelihoods, in hundredths; only their differences matter. The likelihood of a
//! repair is how often people make a slip of its kind, divided by how many figures a slip of that kind could have made
//! of the right one: of 1234 one wrong digit makes 36 others, a moved point a handful, and a total that was not brought
//! up to date any at all, small differences more easily than large ones. What a typist does to one figure is Scholtus'
//! (2009; van der Loo, de Jonge and Scholtus 2011). Beside it stands what is known of the cell from elsewhere (the
//! plan, last month, the row's other years) and how exactly the relations then hold ([`super::rounding`]).

use std::sync::Arc;

use foldhash::HashMap;

use crate::check::Holds;
use crate::model::{Amount, Earlier, Past, Period, Reason, Row, RowKind, Slip, Table};
use crate::scheme::{Course, Scheme};

use super::TIE;
use super::edit::{Edit, edit};
use super::pattern;
use super::search::{Repair, interval, residual, touched};
use super::system::System;

/// What each piece of evidence counts, in hundredths of a natural logarithm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// A cell is wrong at all: one in fifty.
    pub(super) cell: i32,
    /// Of wrong cells, how many are so by what kind of slip: in another unit …
    pub(super) unit: i32,
    /// … the point misplaced …
    pub(super) point: i32,
    /// … of the wrong sign …
    pub(super) sign: i32,
    /// … one wrong digit, one too few, one too many, or two that changed places …
    pub(super) digit: i32,
    /// … two of these …
    pub(super) two_digits: i32,
    /// … left blank …
    pub(super) blank: i32,
    /// … anything else.
    pub(super) other: i32,
    /// A total that is wrong in any way: not brought up to date, or added up by hand.
    pub(super) total: i32,
    /// The sum was made wrongly: a part left out, counted twice …
    pub(super) pattern: i32,
    /// Two cells changed places.
    pub(super) exchanged: i32,
    /// The formula itself says that the cell is wrong.
    pub(super) fault: i32,
    /// A value that the cell had before is no chance; nor is one that was typed over a formula.
    pub(super) as_before: i32,
    pub(super) typed_over: i32,
    /// The plan's text would be met as well.
    pub(super) promise: i32,
    /// A computed cell is not typed.
    pub(super) formula: i32,
    /// For every 5 % that a value lies off what is known from elsewhere, up to 20 %; of other years that differ more
    /// among themselves, for every such distance.
    pub(super) near_before: i32,
    pub(super) near_other_years: i32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            cell: 390,
            unit: 230,
            point: 250,
            sign: 300,
            digit: 230,
            two_digits: 400,
            blank: 250,
            other: 210,
            total: 80,
            pattern: 230,
            exchanged: 230,
            fault: 5,
            as_before: 300,
            typed_over: 150,
            promise: 230,
            formula: 50,
            near_before: 100,
            near_other_years: 100,
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
    /// Repairs, the likeliest first; of those that are equally likely totals first, which are wrong most often.
    pub(super) fn rank(&self, repairs: Vec<Repair>) -> Vec<Judged> {
        let mut judged: Vec<Judged> = repairs
            .into_iter()
            .map(|repair| self.judge(repair))
            .collect();
        judged.sort_by_cached_key(|it| {
            let mut spots: Vec<_> = it
                .changes
                .iter()
                .map(|(cell, _)| self.system.cells[*cell].spot)
                .collect();
            spots.sort_unstable();
            (it.cost, spots)
        });
        let n_tied = judged
            .iter()
            .take_while(|it| it.cost <= judged[0].cost + TIE)
            .count();
        judged[..n_tied].sort_by_key(|it| {
            let parts = it.changes.iter().filter(|(cell, _)| !self.is_total(*cell));
            parts.count()
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
                // One slip of the hand, with any of the neighbours.
                cost += (self.weights.exchanged + hundredths(20.0) + self.weights.cell) / 2;
                continue;
            }
            let (value, cell_cost, why) = self.best_value(&changes, position);
            changes[position].1 = value;
            cost += cell_cost + self.weights.cell;
            reasons.push(why);
        }
        cost += self.change_of_surprise(&changes);
        let cells: Vec<usize> = changes.iter().map(|(cell, _)| *cell).collect();
        let promises = touched(self.system, &cells)
            .into_iter()
            .filter(|idx| self.system.balances[*idx].set_aside)
            .filter(|idx| keeps(self.system, *idx, &changes));
        cost -= self.weights.promise * promises.count() as i32;
        Judged {
            changes,
            reasons,
            cost,
        }
    }

    /// How much more surprising what rounding leaves is than it was.
    fn change_of_surprise(&self, changes: &[(usize, i128)]) -> i32 {
        let system = self.system;
        let cells: Vec<usize> = changes.iter().map(|(cell, _)| *cell).collect();
        let touched = touched(system, &cells).into_iter();
        let change = |idx: usize| {
            let balance = &system.balances[idx];
            if balance.set_aside || balance.open {
                return 0;
            }
            let before = match balance.fails() {
                true => 0,
                false => system.rounding.surprise(system, idx, balance.residual),
            };
            let after = residual(system, idx, changes);
            system.rounding.surprise(system, idx, after) - before
        };
        touched.map(change).sum()
    }

    /// Whether a cell is the total of a relation that fails.
    fn is_total(&self, cell: usize) -> bool {
        let mut balances = self.system.cells[cell].balances.iter();
        balances.any(|&idx| {
            let balance = &self.system.balances[idx];
            balance.total() == Some(cell) && balance.named.len() > 2 && balance.is_violated()
        })
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
        let system = self.system;
        let (cell, centre) = changes[position];
        let (low, high) = interval(system, changes, position);
        let it = &system.cells[cell];
        let mut values = vec![centre];
        values.extend((1..=REACH).flat_map(|n| [centre + n * it.step, centre - n * it.step]));
        // What makes one of the relations hold exactly.
        for &idx in &it.balances {
            let sign = system.balances[idx].sign_of(cell);
            if !system.balances[idx].set_aside && sign != 0 {
                let off = residual(system, idx, changes);
                values.push(system.printable(cell, centre - off / sign));
            }
        }
        // Where there is room for many, those that a slip would have made.
        if high.saturating_sub(low) > 2 * REACH * it.step {
            values.extend(self.slips(cell));
        }
        let mut changed = changes.to_vec();
        let mut cost_of = |value: i128| {
            changed[position].1 = value;
            self.explain(cell, value).0 + self.change_of_surprise(&changed)
        };
        let mut best = (cost_of(centre), centre);
        for value in values {
            let is_possible = (low..=high).contains(&value)
                && value != it.value
                && system.is_allowed(cell, value, changes);
            if is_possible {
                best = best.min((cost_of(value), value));
            }
        }
        let (cost, why) = self.explain(cell, best.1);
        (best.1, cost, why)
    }

    /// The values of which a slip of one hand's turn may have made what stands there.
    fn slips(&self, cell: usize) -> Vec<i128> {
        let it = &self.system.cells[cell];
        let given = it.value;
        let mut values: Vec<i128> = Vec::new();
        for power in (1..=6).map(|places| 10i128.pow(places)) {
            values.extend([given * power, given / power]);
        }
        let factors = self.system.factors(it.unit).iter();
        values.extend(factors.map(|it| given * it.numerator / it.denominator));
        let n_steps = given / it.step;
        let mut power = 1;
        while power <= n_steps.abs() && power < 1_000_000_000_000 {
            let (high, low) = (n_steps / power, n_steps % power);
            // One too many, and others in its place or beside it.
            values.push((high / 10 * power + low) * it.step);
            for digit in 0..10 {
                values.push((n_steps + (digit - high % 10) * power) * it.step);
                values.push(((high * 10 + digit) * power + low) * it.step);
            }
            power *= 10;
        }
        values
    }

    /// What it costs to believe that a cell should hold `value`, and why it may.
    pub(super) fn explain(&self, cell: usize, value: i128) -> (i32, Vec<Reason>) {
        let (system, weights) = (self.system, &self.weights);
        let it = &system.cells[cell];
        let mut reasons = Vec::new();
        if it.holds != Holds::Figure {
            let n_relations = it
                .balances
                .iter()
                .filter(|&&idx| !system.balances[idx].set_aside);
            reasons.push(Reason::Blank {
                n_relations: n_relations.count(),
            });
            return (weights.blank, reasons);
        }
        if let Some((right, fault)) = system.faults.get(&cell) {
            let is_of_file = matches!(fault, Reason::OtherWorkbook { .. });
            if is_of_file || (right - value).abs() <= it.step / 2 {
                reasons.push(fault.clone());
            }
            if !is_of_file && !reasons.is_empty() {
                return (weights.fault, reasons);
            }
        }
        let given = it.value;
        // Of differences a smaller one is likelier than a larger, over six orders of magnitude.
        let n_steps = (given - value).abs() as f64 / it.step as f64;
        let any = hundredths(2.0 * n_steps) + hundredths(1e6f64.ln());
        let mut cost = any
            + match self.is_total(cell) {
                true => weights.total,
                false => weights.other,
            };
        let mut is_stale = false;
        if let Some((how, reason)) = self.mechanism(cell, value)
            && how < cost
        {
            cost = how;
            is_stale = reason == Reason::Stale;
            reasons.push(reason);
        }
        let (table, row, leaf) = it.spot;
        let before = self.before.steady(&system.tables[table], row, leaf);
        let before = before.and_then(|amount| system.of(amount, it.unit));
        if let Some(before) = before.filter(|_| !is_stale) {
            if before == value && value != 0 {
                cost = cost.min(weights.other) - weights.as_before;
                reasons.push(Reason::AsBefore);
            } else {
                let gain = weights.near_before * (off(given, before) - off(value, before)) / 50;
                cost -= gain;
                if gain >= 2 * weights.near_before {
                    reasons.push(Reason::NearBefore);
                }
            }
        }
        if let Some((usual, spread)) = self.other_years(cell) {
            let scale = spread.max(50);
            let gain = weights.near_other_years * (off(given, usual) - off(value, usual)) / scale;
            cost -= gain;
            if gain >= 2 * weights.near_other_years {
                reasons.push(Reason::NearOtherYears);
            }
        }
        if it.formula {
            cost += weights.formula;
        }
        if it.typed_over {
            cost -= weights.typed_over;
            reasons.push(Reason::TypedOver);
        }
        (cost, reasons)
    }

    /// What may have been done to make `value` into what stands there.
    fn mechanism(&self, cell: usize, value: i128) -> Option<(i32, Reason)> {
        let (system, weights) = (self.system, &self.weights);
        let given = system.cells[cell].value;
        if let Some(reason) = pattern::of_total(system, self.before, cell, value) {
            return Some((weights.pattern + hundredths(10.0), reason));
        }
        if given == -value {
            return Some((weights.sign, Reason::Sign));
        }
        if let Some(slip) = unit_slip(system, cell, value) {
            let n_factors = system.factors(system.cells[cell].unit).len();
            return Some((
                weights.unit + hundredths(n_factors as f64),
                Reason::Unit(slip),
            ));
        }
        if let Some(places) = point_moved(given, value) {
            return Some((
                weights.point + hundredths(6.0),
                Reason::PointMoved { places },
            ));
        }
        let step = system.cells[cell].step;
        if value % step != 0 || given % step != 0 {
            return None;
        }
        let digits = |value: i128| (value / step).unsigned_abs().to_string();
        let (right, typed) = (digits(value), digits(given));
        let edit = edit(&right, &typed)?;
        // Among small numbers any two are an edit apart, which then is no evidence.
        if right.len() < 2 && typed.len() < 2 {
            return None;
        }
        // How many figures the same slip could have made of the right one.
        let len = right.len() as f64;
        let (n_others, reason) = match edit {
            Edit::Changed => (9.0 * len, Reason::DigitChanged),
            Edit::Missing => (len, Reason::DigitMissing),
            Edit::Extra => (10.0 * (len + 1.0), Reason::DigitExtra),
            Edit::Swapped => ((len - 1.0).max(1.0), Reason::DigitsSwapped),
            // Of three digits any two numbers share one.
            Edit::Two if right.len().min(typed.len()) < 4 => return None,
            Edit::Two => (200.0 * len * len, Reason::TwoDigits),
        };
        let weight = match reason {
            Reason::TwoDigits => weights.two_digits,
            _ => weights.digit,
        };
        Some((weight + hundredths(n_others), reason))
    }

    /// What the other years of the row say about the size of a figure, where they agree among themselves, and how far
    /// apart they are, in thousandths.
    fn other_years(&self, cell: usize) -> Option<(i128, i32)> {
        let system = self.system;
        let (table_idx, row_idx, leaf) = system.cells[cell].spot;
        let table = &system.tables[table_idx];
        let annex = &system.scheme.annexes[table.annex];
        let row = system.row(cell);
        let mut values: Vec<i128> = Vec::new();
        let unit = system.cells[cell].unit;
        let mut take = |row: &crate::model::Row, leaf: usize| {
            let amount = row.entries.get(leaf).and_then(|entry| entry.value.amount());
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
        let spread = (high - low).saturating_mul(1000) / high.max(1);
        (values.len() >= 2 && low > 0 && spread <= 300).then(|| (low.midpoint(high), spread as i32))
    }
}

/// Whether a promise that was not kept is kept once cells are changed.
pub(super) fn keeps(system: &System<'_>, promise: usize, changes: &[(usize, i128)]) -> bool {
    let balance = &system.balances[promise];
    balance.fails() && residual(system, promise, changes).abs() <= balance.tolerance
}

/// The natural logarithm of a number of possibilities, in hundredths.
fn hundredths(n: f64) -> i32 {
    (100.0 * n.max(1.0).ln()) as i32
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
