//! 单位填错: whole rows, columns and forms in another unit of measure.
//!
//! Balances inside a row cannot see that the whole row is in another unit (Scholtus 2008, *Algorithms for
//! correcting obvious inconsistencies and rounding errors*, on the uniform thousand error), so a row is held
//! against its columns' totals, a column against its rows' sums, a form against other annexes. Crying wolf
//! would be worse than missing one: sizes of townships differ thirtyfold. So
//!
//! - by relations: all figures of the group times one factor of the scheme's units satisfy at least two
//!   relations that fail, by at least two of its cells, and break none;
//! - by the plan or last month: at least three figures of a row, and all that can be compared, are off by the
//!   factor: within a factor of two, or within 3 % where the factor is below a hundred;
//! - by other rows: the factor is a thousand or more, and at least three figures of a row, all that can be
//!   compared, lie thirty times beyond the largest or smallest of at least three other rows, and within thirty
//!   times of them once put right; too small ones have decimals that the column does not ask for;
//! - by one promise of the plan's text, where a whole form times the factor keeps it and most figures have
//!   decimals that are not asked for;
//! - by decimals: all figures of a form in one unit are below one, half of them have two decimals or more that are not
//!   asked for, and one factor leaves none of them;
//! - by a limit of the plan's text that a figure exceeds fiftyfold and keeps in the other unit;
//! - shares instead of %: figures of one indicator below one, half of which have decimals that are not asked
//!   for, or which are a hundredth of last month's, the plan's or the other years' figures.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use rayon::prelude::*;
use rust_decimal::Decimal;

use crate::model::{Amount, Computes, Evidence, Extent, Finding, Row, RowKind, Slip, Table};
use crate::scheme::{Annex, Bound, ColumnKind, Relation, Scheme};

use super::evidence::{Before, Factor, factors};
use super::search::touched;
use super::system::{Spot, System};

/// A group of figures in another unit.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) extent: Extent,
    pub(super) slip: Slip,
    pub(super) evidence: Evidence,
    /// Each figure, with what would be right.
    pub(super) cells: Vec<(Spot, Amount, Amount)>,
    /// The balances that it explains.
    pub(super) explains: Vec<usize>,
}

/// Natural differences in size between townships.
const NATURAL: f64 = 30.0;
/// Groups found in one system; more than these are no slips but another form.
const MAX_FOUND: usize = 12;

/// Finds groups by the relations that fail, and puts them right in the system.
pub(super) fn by_relations(system: &mut System<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    while let Some(found) = best(system) {
        all.push(found);
        if all.len() == MAX_FOUND {
            break;
        }
    }
    all
}

/// One hypothesis: these cells times this factor.
struct Group {
    extent: Extent,
    cells: Vec<usize>,
    factor: Factor,
}

/// What becomes of the balances if a group is put right.
struct Effect {
    fixed: Vec<usize>,
    /// Balance, residual and tolerance afterwards.
    after: Vec<(usize, i128, i128)>,
}

fn best(system: &mut System<'_>) -> Option<Found> {
    let mut best: Option<(Group, Effect)> = None;
    for group in groups(system) {
        let Some(effect) = effect(system, &group) else {
            continue;
        };
        // Two forms that differ by a factor speak for a slip in either; that in the unit that people use is meant.
        let weight = |group: &Group, effect: &Effect| {
            (
                effect.fixed.len(),
                is_usual(system.scheme, &group.factor.slip),
            )
        };
        let is_better =
            |(known, its): &(Group, Effect)| weight(&group, &effect) > weight(known, its);
        if best.as_ref().is_none_or(is_better) {
            best = Some((group, effect));
        }
    }
    let (group, effect) = best?;
    let cells = group.cells.iter().map(|&cell| {
        let value = system.cells[cell].value;
        let right = value * group.factor.numerator / group.factor.denominator;
        let (given, likely) = (
            system.amount(cell, value),
            exact(system, cell, &group.factor),
        );
        (cell, right, (system.cells[cell].spot, given, likely))
    });
    let cells: Vec<_> = cells.collect();
    for (cell, right, _) in &cells {
        system.set(*cell, *right);
    }
    for (balance, residual, tolerance) in effect.after {
        system.balances[balance].residual = residual;
        system.balances[balance].tolerance = tolerance;
    }
    let mut told: Vec<_> = cells.into_iter().map(|(.., told)| told).collect();
    told.sort_by_key(|(spot, ..)| *spot);
    Some(Found {
        extent: group.extent,
        evidence: Evidence::Relations(effect.fixed.len()),
        slip: group.factor.slip,
        cells: told,
        explains: effect.fixed,
    })
}

/// Whether figures are likely to come in the unit of a slip: one that others count in, or that some annex asks for.
fn is_usual(scheme: &Scheme, slip: &Slip) -> bool {
    let Some(unit) = slip.unit.as_ref().and_then(|unit| scheme.units.find(unit)) else {
        return false;
    };
    scheme.units.0[unit].base == unit || scheme.annexes.iter().any(|annex| asks_for(annex, unit))
}

/// Whether an annex has figures in a unit.
fn asks_for(annex: &Annex, unit: usize) -> bool {
    let rows = annex.rows.fixed().iter().map(|row| row.unit);
    let columns = annex.columns.iter().map(|column| column.unit);
    rows.chain(columns).any(|asked| asked == Some(unit))
}

/// Whether a figure has decimals that its annex does not ask for.
fn is_finer(annex: &Annex, row: &Row, leaf: usize, amount: Amount) -> bool {
    amount.normalised().decimals() > annex.decimals_of(leaf, row.spec)
}

fn exact(system: &System<'_>, cell: usize, factor: &Factor) -> Amount {
    let value = system.cells[cell].value;
    scaled(system.amount(cell, value), factor)
}

fn scaled(amount: Amount, factor: &Factor) -> Amount {
    let part = |value: i128| Decimal::try_from_i128_with_scale(value, 0).unwrap_or(Decimal::ONE);
    let product = amount
        .0
        .checked_mul(part(factor.numerator))
        .unwrap_or(amount.0);
    Amount(product / part(factor.denominator)).normalised()
}

fn groups(system: &System<'_>) -> Vec<Group> {
    let mut seeds: BTreeSet<usize> = BTreeSet::new();
    for balance in system.balances.iter().filter(|it| it.fails()) {
        seeds.extend(balance.terms.iter().map(|(cell, _)| *cell));
    }
    let mut members: HashMap<(Extent, usize, usize, Option<usize>), Vec<usize>> = HashMap::new();
    let mut wanted = BTreeSet::new();
    let names = |cell: usize| {
        let (table, row, leaf) = system.cells[cell].spot;
        let unit = system.cells[cell].unit;
        let column = system.column(cell).1;
        [
            (Extent::Row, table, row, unit),
            // The column in one year, and in all years.
            (Extent::Column, table, 2 * leaf, unit),
            (Extent::Column, table, 2 * column + 1, unit),
            (Extent::Form, table, 0, unit),
        ]
    };
    let order =
        |name: &(Extent, usize, usize, Option<usize>)| (name.0 as usize, name.1, name.2, name.3);
    let is_typed = |cell: &usize| system.cells[*cell].value != 0 && !system.cells[*cell].follows;
    for cell in (0..system.cells.len()).filter(is_typed) {
        for name in names(cell) {
            members.entry(name).or_default().push(cell);
            if seeds.contains(&cell) {
                wanted.insert(order(&name));
            }
        }
    }
    let mut named: Vec<_> = members.into_iter().collect();
    named.retain(|(name, cells)| cells.len() >= 2 && wanted.contains(&order(name)));
    named.sort_by_key(|(name, _)| order(name));
    let mut known: HashSet<Vec<usize>> = HashSet::new();
    let mut groups = Vec::new();
    for ((extent, _, _, unit), cells) in named {
        if !known.insert(cells.clone()) {
            continue;
        }
        let factors = system.factors(unit);
        groups.extend(factors.iter().map(|factor| Group {
            extent,
            cells: cells.clone(),
            factor: factor.clone(),
        }));
    }
    groups
}

fn effect(system: &System<'_>, group: &Group) -> Option<Effect> {
    let Factor {
        numerator,
        denominator,
        ..
    } = group.factor;
    let mut effect = Effect {
        fixed: Vec::new(),
        after: Vec::new(),
    };
    let mut at_work: BTreeSet<usize> = BTreeSet::new();
    let (mut n_violated, mut n_clear) = (0, 0);
    let is_member = |cell: usize| group.cells.binary_search(&cell).is_ok();
    for idx in touched(system, &group.cells) {
        let balance = &system.balances[idx];
        if balance.open {
            continue;
        }
        let nonzero = |cell: usize| system.cells[cell].value != 0;
        let terms = || balance.terms.iter().filter(|(cell, _)| nonzero(*cell));
        let constant = balance.residual
            - terms()
                .map(|(cell, sign)| sign * system.cells[*cell].value)
                .sum::<i128>();
        if constant == 0 && terms().all(|(cell, _)| is_member(*cell)) {
            // It holds in any unit, or in none.
            n_violated += usize::from(balance.is_violated());
            continue;
        }
        let mut moved = 0;
        let mut blur = 0;
        for (cell, sign) in terms().filter(|(cell, _)| is_member(*cell)) {
            moved += sign * system.cells[*cell].value * (numerator - denominator) / denominator;
            blur += sign.abs() * system.cells[*cell].step * numerator / denominator / 2;
        }
        // What was rounded in a larger unit is that much less exact.
        let tolerance = balance.tolerance.max(balance.tolerance + blur);
        let residual = balance.residual + moved;
        let holds = residual.abs() <= tolerance;
        if balance.fails() {
            // A promise that is kept once the unit is right speaks for the slip; one that is not, not against it.
            n_violated += usize::from(!balance.set_aside);
            if holds {
                effect.fixed.push(idx);
            }
            // Where the figures are small, rounding might have done it.
            if holds && moved.abs() > 5 * tolerance {
                n_clear += 1;
                let members = terms()
                    .map(|(cell, _)| *cell)
                    .filter(|cell| is_member(*cell));
                at_work.extend(members);
            }
        } else if !holds {
            return None;
        }
        effect.after.push((idx, residual, tolerance));
    }
    let n_fixed = effect.fixed.len();
    let is_plain = n_clear >= 2 && at_work.len() >= 2;
    // Sums hold in any unit, so of a whole form only a promise may be able to tell.
    let is_form = group.extent == Extent::Form && n_clear >= 1 && is_mostly_finer(system, group);
    ((is_plain || is_form) && 4 * n_fixed >= 3 * n_violated).then_some(effect)
}

fn is_mostly_finer(system: &System<'_>, group: &Group) -> bool {
    let finer = group.cells.iter().filter(|&&cell| {
        let (table, row, leaf) = system.cells[cell].spot;
        let table = &system.tables[table];
        let Some(row) = table.rows.get(row) else {
            return false;
        };
        let amount = row.entries[leaf].value.amount();
        let annex = &system.scheme.annexes[table.annex];
        amount.is_some_and(|amount| is_finer(annex, row, leaf, amount))
    });
    2 * finer.count() >= group.cells.len()
}

/// Finds rows that are off by a factor from what is known of them, or from all other rows, among rows that
/// no relation gave away.
pub(super) fn by_size(
    scheme: &Scheme,
    tables: &[Table],
    before: &Before<'_>,
    known: &HashSet<(usize, usize)>,
) -> Vec<Found> {
    let rows = ByRow {
        scheme,
        tables,
        before,
        sizes: Sizes::of(scheme, tables),
        factors: (0..scheme.units.0.len())
            .map(|unit| factors(scheme, Some(unit)))
            .collect(),
    };
    let of_table = |table: usize| {
        let of_table = (0..tables[table].rows.len()).map(move |row| (table, row));
        let unknown = of_table.filter(|row| !known.contains(row));
        unknown.flat_map(|row| rows.found(row))
    };
    let all = (0..tables.len()).into_par_iter().flat_map_iter(of_table);
    whole_forms(tables, all.collect())
}

/// What tells the unit of a row that no relation gave away.
struct ByRow<'a, 't> {
    scheme: &'a Scheme,
    tables: &'a [Table],
    before: &'a Before<'t>,
    sizes: Sizes,
    /// Of each unit.
    factors: Vec<Vec<Factor>>,
}

/// A figure of a row: its unit, its leaf, and what it is.
type Figure = (usize, usize, Amount);

impl ByRow<'_, '_> {
    /// The slips of a row, one for each unit of its figures at most.
    fn found(&self, (table, row): (usize, usize)) -> Vec<Found> {
        let found = |figures: &[Figure]| {
            let mut factors = self.factors[figures[0].0].iter();
            let (factor, evidence) = factors.find_map(|factor| {
                let evidence = self.evidence((table, row), figures, factor)?;
                Some((factor, evidence))
            })?;
            let cells = figures
                .iter()
                .map(|&(_, leaf, amount)| ((table, row, leaf), amount, scaled(amount, factor)));
            Some(Found {
                extent: Extent::Row,
                slip: factor.slip.clone(),
                evidence,
                cells: cells.collect(),
                explains: Vec::new(),
            })
        };
        let figures = self.figures((table, row));
        let by_unit = figures.chunk_by(|a, b| a.0 == b.0);
        let enough = by_unit.filter(|figures| figures.len() >= 3);
        enough.filter_map(found).collect()
    }

    /// The figures of a row that add up, by their unit.
    fn figures(&self, (table, row): (usize, usize)) -> Vec<Figure> {
        let table = &self.tables[table];
        let (annex, row) = (&self.scheme.annexes[table.annex], &table.rows[row]);
        let mut figures = Vec::with_capacity(row.entries.len());
        for (leaf, entry) in row.entries.iter().enumerate() {
            if let Some(amount) = entry.value.amount().filter(|amount| !amount.is_zero())
                && annex.kind_of(leaf, row.spec) == ColumnKind::Additive
                && let Some(unit) = self.scheme.unit_of(annex, leaf, row.spec)
            {
                figures.push((unit, leaf, amount));
            }
        }
        figures.sort_by_key(|(unit, ..)| *unit);
        figures
    }

    /// What says that figures of a row are off by a factor, if anything does.
    fn evidence(
        &self,
        (table_idx, row_idx): (usize, usize),
        figures: &[Figure],
        factor: &Factor,
    ) -> Option<Evidence> {
        let table = &self.tables[table_idx];
        let (annex, row) = (&self.scheme.annexes[table.annex], &table.rows[row_idx]);
        let times = factor.numerator as f64 / factor.denominator as f64;
        let last = figures
            .iter()
            .map(|&(_, leaf, amount)| (amount, self.before.last(table, row_idx, leaf)));
        let planned = figures
            .iter()
            .map(|&(_, leaf, amount)| (amount, self.before.planned(table, row_idx, leaf)));
        if is_off_from(times, last, margin_of(times))
            || margin_of_plan(times).is_some_and(|margin| is_off_from(times, planned, margin))
        {
            return Some(Evidence::Before);
        }
        // Figures in a larger unit have decimals that the annex's own unit does not ask for.
        let finer = figures
            .iter()
            .filter(|(_, leaf, amount)| is_finer(annex, row, *leaf, *amount));
        let looks_it = || factor.slip.too_large || 2 * finer.count() >= figures.len();
        let own = (table_idx, row_idx);
        let beyond = row.kind == RowKind::Data
            && self.sizes.are_beyond(times, own, table.annex, figures)
            && looks_it();
        beyond.then_some(Evidence::OtherRows)
    }
}

/// Finds whole forms that are filled in in a larger unit: no figure of theirs comes to one, and all have more decimals
/// than are asked for. Sums hold in any unit, so nothing else tells while nothing is known of earlier periods.
pub(super) fn by_decimals(
    scheme: &Scheme,
    tables: &[Table],
    known: &HashSet<(usize, usize)>,
) -> Vec<Found> {
    let of_table = |table_idx: usize| -> Vec<Found> {
        let table = &tables[table_idx];
        let mut figures = figures_by_unit(scheme, tables, table_idx);
        figures.retain(|figures| {
            figures
                .iter()
                .all(|((_, row, _), ..)| !known.contains(&(table_idx, *row)))
        });
        let found = figures.into_iter().filter_map(|figures| {
            let annex = &scheme.annexes[table.annex];
            let factor = factor_of_decimals(scheme, annex, table, &figures)?;
            Some(of_form(tables, figures, factor, Evidence::Decimals))
        });
        found.collect()
    };
    (0..tables.len())
        .into_par_iter()
        .flat_map_iter(of_table)
        .collect()
}

/// A figure of a form, and its unit.
type Placed = (Spot, Amount, usize);

/// The figures of a form that add up and are not zero, one group for each unit.
fn figures_by_unit(scheme: &Scheme, tables: &[Table], table_idx: usize) -> Vec<Vec<Placed>> {
    let table = &tables[table_idx];
    let annex = &scheme.annexes[table.annex];
    let mut by_unit: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
    for (row_idx, row) in table.rows.iter().enumerate() {
        for (leaf, entry) in row.entries.iter().enumerate() {
            if let Some(amount) = entry.value.amount().filter(|amount| !amount.is_zero())
                && annex.kind_of(leaf, row.spec) == ColumnKind::Additive
                && let Some(unit) = scheme.unit_of(annex, leaf, row.spec)
            {
                let figure = ((table_idx, row_idx, leaf), amount, unit);
                by_unit.entry(unit).or_default().push(figure);
            }
        }
    }
    by_unit.into_values().collect()
}

/// A slip of all these figures, as far as they were typed.
fn of_form(tables: &[Table], figures: Vec<Placed>, factor: Factor, evidence: Evidence) -> Found {
    let is_computed = |(table, row, leaf): Spot| {
        let formulas = &tables[table].formulas;
        let key = (row as u32, leaf as u32);
        let found = formulas.binary_search_by_key(&key, |it| (it.row, it.leaf));
        found.is_ok_and(|idx| matches!(formulas[idx].does, Computes::Sum { .. }))
    };
    let (computed, typed): (Vec<Placed>, Vec<Placed>) = figures
        .into_iter()
        .partition(|(spot, ..)| is_computed(*spot));
    let figures = if typed.is_empty() { computed } else { typed };
    let cells = figures
        .into_iter()
        .map(|(spot, amount, _)| (spot, amount, scaled(amount, &factor)));
    Found {
        extent: Extent::Form,
        cells: cells.collect(),
        slip: factor.slip,
        evidence,
        explains: Vec::new(),
    }
}

/// The factor that makes of figures below one, with decimals that are not asked for, figures without.
fn factor_of_decimals(
    scheme: &Scheme,
    annex: &Annex,
    table: &Table,
    figures: &[Placed],
) -> Option<Factor> {
    let is_below_one = |(spot, amount, _): &Placed| {
        table.rows[spot.1].kind == RowKind::Total || amount.to_float().abs() < 1.0
    };
    let declared = |spot: &Spot| annex.decimals_of(spot.2, table.rows[spot.1].spec);
    let n_finer = (figures.iter())
        .filter(|(spot, amount, _)| amount.normalised().decimals() >= declared(spot) + 2)
        .count();
    if figures.len() < 3 || 2 * n_finer < figures.len() || !figures.iter().all(is_below_one) {
        return None;
    }
    let unit = figures[0].2;
    let mut candidates = factors(scheme, Some(unit));
    candidates.retain(|factor| !factor.slip.too_large);
    // Whatever is counted is counted in 万 as well.
    if !candidates
        .iter()
        .any(|factor| (factor.numerator, factor.denominator) == (10_000, 1))
    {
        let declared = scheme.units.name(unit).clone();
        candidates.push(Factor {
            numerator: 10_000,
            denominator: 1,
            slip: Slip {
                unit: Some(format!("万{declared}").into()),
                declared,
                factor: Amount::from(10_000),
                too_large: false,
            },
        });
    }
    let leaves_none = |factor: &Factor| {
        figures.iter().all(|(spot, amount, _)| {
            scaled(*amount, factor).normalised().decimals() <= declared(spot)
        })
    };
    candidates.retain(leaves_none);
    candidates.sort_by_key(|factor| !is_usual(scheme, &factor.slip));
    candidates.into_iter().next()
}

/// Finds whole forms that are filled in in a smaller unit: a figure of theirs exceeds many times what the plan sets as
/// a limit, and keeps it in the other unit.
pub(super) fn by_limit(scheme: &Scheme, tables: &[Table], findings: &[Finding]) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for finding in findings {
        let Some((spot, limit)) = exceeded(scheme, tables, finding) else {
            continue;
        };
        let told = all.iter().any(|found| found.cells[0].0.0 == spot.0);
        let figures = figures_by_unit(scheme, tables, spot.0);
        let own = figures
            .into_iter()
            .find(|figures| figures.iter().any(|(at, ..)| *at == spot));
        let Some(own) = own.filter(|figures| !told && figures.len() >= 3) else {
            continue;
        };
        let Some(&(_, given, unit)) = own.iter().find(|(at, ..)| *at == spot) else {
            continue;
        };
        let ratio = |factor: &Factor| scaled(given, factor).to_float() / limit.to_float();
        let mut candidates = factors(scheme, Some(unit));
        candidates.retain(|factor| {
            let times = factor.denominator as f64 / factor.numerator as f64;
            times >= 50.0 && (0.02..=1.0).contains(&ratio(factor))
        });
        candidates.sort_by_key(|factor| !is_usual(scheme, &factor.slip));
        if let Some(factor) = candidates.into_iter().next() {
            let right = scaled(given, &factor);
            all.push(of_form(
                tables,
                own,
                factor,
                Evidence::Limit { right, limit },
            ));
        }
    }
    all
}

/// The figure that exceeds a limit of the plan's text, and the limit in the figure's unit.
fn exceeded(scheme: &Scheme, tables: &[Table], finding: &Finding) -> Option<(Spot, Amount)> {
    let place = finding.place.as_ref()?;
    let cell = place.cell?;
    let rule = scheme
        .rules
        .iter()
        .find(|rule| Some(&rule.id) == finding.rule.as_ref())?;
    let Relation::Target {
        value,
        unit,
        bound: Bound::AtMost,
        ..
    } = &rule.relation
    else {
        return None;
    };
    let table_idx = tables
        .iter()
        .position(|table| place.file == table.file && place.sheet.as_ref() == Some(&table.sheet))?;
    let table = &tables[table_idx];
    let row = table
        .rows
        .iter()
        .position(|row| row.sheet_row == cell.row)?;
    let leaf = table
        .columns
        .iter()
        .position(|column| *column == Some(cell.col))?;
    let annex = &scheme.annexes[table.annex];
    let own = scheme.unit_of(annex, leaf, table.rows[row].spec)?;
    let limit = match own == *unit {
        true => *value,
        false => scheme.units.convert(*value, *unit, own)?,
    };
    let given = table.rows[row].entries[leaf].value.amount()?;
    let is_far = limit > Amount::ZERO && given.to_float() >= 50.0 * limit.to_float();
    is_far.then_some(((table_idx, row, leaf), limit))
}

/// How many times larger or smaller figures of one indicator may be that are about the same.
const ALIKE: f64 = 1.5;

/// Finds percentages that are filled in as shares: 0.4085 for 40.85.
pub(super) fn by_share(scheme: &Scheme, tables: &[Table], before: &Before<'_>) -> Vec<Found> {
    let Some(percent) = scheme.units.find("%") else {
        return Vec::new();
    };
    let factors = factors(scheme, Some(percent));
    let hundred = |it: &&Factor| (it.numerator, it.denominator) == (100, 1);
    let Some(factor) = factors.iter().find(hundred) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (table_idx, table) in tables.iter().enumerate() {
        let indicators = indicators(scheme, table, percent);
        let n_figures: usize = indicators.iter().map(Vec::len).sum();
        let mut of_table: Vec<Found> = Vec::new();
        for indicator in &indicators {
            let Some((evidence, shares)) = shares(scheme, table, before, indicator) else {
                continue;
            };
            let is_row = shares.iter().all(|share| share.row == shares[0].row);
            of_table.push(Found {
                extent: match (shares.len(), is_row) {
                    (1, _) => Extent::Cell,
                    (_, true) => Extent::Row,
                    (_, false) => Extent::Column,
                },
                slip: factor.slip.clone(),
                evidence,
                cells: (shares.iter())
                    .map(|it| {
                        let spot = (table_idx, it.row, it.leaf);
                        (spot, it.amount, scaled(it.amount, factor))
                    })
                    .collect(),
                explains: Vec::new(),
            });
        }
        let n_shares: usize = of_table.iter().map(|found| found.cells.len()).sum();
        if of_table.len() > 1 && n_shares == n_figures {
            let others = of_table.split_off(1);
            of_table[0].extent = Extent::Form;
            of_table[0]
                .cells
                .extend(others.into_iter().flat_map(|found| found.cells));
        }
        all.extend(of_table);
    }
    all
}

/// A percentage as it was filled in.
#[derive(Clone, Copy)]
struct Share {
    row: usize,
    leaf: usize,
    amount: Amount,
}

/// The percentages of a form that are not zero, by what they measure: one row and column over the years.
fn indicators(scheme: &Scheme, table: &Table, percent: usize) -> Vec<Vec<Share>> {
    let annex = &scheme.annexes[table.annex];
    if !asks_for(annex, percent) {
        return Vec::new();
    }
    let mut by_name: BTreeMap<(usize, Option<usize>), Vec<Share>> = BTreeMap::new();
    for (row_idx, row) in table.rows.iter().enumerate() {
        // Rows that are years are one indicator.
        let own = row.year.is_none().then_some(row_idx);
        for (leaf, entry) in row.entries.iter().enumerate() {
            let amount = entry.value.amount().filter(|amount| !amount.is_zero());
            if let Some(amount) = amount
                && annex.kind_of(leaf, row.spec) == ColumnKind::Rate
                && scheme.unit_of(annex, leaf, row.spec) == Some(percent)
            {
                let share = Share {
                    row: row_idx,
                    leaf,
                    amount,
                };
                let column = annex.leaves[leaf].column;
                by_name.entry((column, own)).or_default().push(share);
            }
        }
    }
    by_name.into_values().collect()
}

/// Those of an indicator's figures that look like shares, and why.
fn shares(
    scheme: &Scheme,
    table: &Table,
    before: &Before<'_>,
    indicator: &[Share],
) -> Option<(Evidence, Vec<Share>)> {
    let annex = &scheme.annexes[table.annex];
    let is_small = |it: &&Share| it.amount.to_float().abs() <= 1.0;
    let small: Vec<Share> = indicator.iter().filter(is_small).copied().collect();
    if small.is_empty() {
        return None;
    }
    let is_hundredth = |it: &Share, of: f64| {
        let ratio = it.amount.to_float() * 100.0 / of;
        (1.0 / ALIKE..=ALIKE).contains(&ratio)
    };
    let is_before = |it: &Share| {
        let last = before.last(table, it.row, it.leaf);
        let known = last.or_else(|| before.planned(table, it.row, it.leaf));
        known.is_some_and(|known| is_hundredth(it, known.to_float()))
    };
    if small.iter().all(is_before) {
        return Some((Evidence::Before, small));
    }
    let others = || indicator.iter().filter(|it| !is_small(it));
    let is_beside = |it: &Share| others().all(|other| is_hundredth(it, other.amount.to_float()));
    if others().count() >= 2 && small.iter().all(is_beside) {
        return Some((Evidence::OtherYears, small));
    }
    let finer = small
        .iter()
        .filter(|it| is_finer(annex, &table.rows[it.row], it.leaf, it.amount));
    (2 * finer.count() >= small.len()).then_some((Evidence::Decimals, small))
}

/// Rows of one form with one slip are one slip of the form.
fn whole_forms(tables: &[Table], all: Vec<Found>) -> Vec<Found> {
    let mut told: Vec<Found> = Vec::new();
    for found in all {
        let table = found.cells[0].0.0;
        let same = told.last_mut().filter(|last| {
            last.cells[0].0.0 == table && last.slip == found.slip && last.evidence == found.evidence
        });
        match same {
            Some(last) => {
                last.cells.extend(found.cells);
                last.extent = Extent::Form;
            }
            None => told.push(found),
        }
    }
    for found in told.iter_mut().filter(|found| found.extent == Extent::Form) {
        let mut rows: Vec<usize> = found.cells.iter().map(|(spot, ..)| spot.1).collect();
        rows.dedup();
        let all = &tables[found.cells[0].0.0].rows;
        let n_rows = all.iter().filter(|row| row.kind == RowKind::Data).count();
        if rows.len() < n_rows {
            found.extent = Extent::Row;
        }
    }
    told
}

/// How far figures, put right, may be from last month's, as least and greatest quotient.
fn margin_of(times: f64) -> RangeInclusive<f64> {
    match times.max(1.0 / times) < 99.0 {
        true => 1.0 / 1.03..=1.03,
        false => 0.5..=2.0,
    }
}

/// The same of the plan's. A month has come to any part of it, so only a factor that no part explains counts.
fn margin_of_plan(times: f64) -> Option<RangeInclusive<f64>> {
    (times.max(1.0 / times) > 9_999.0).then_some(0.02..=2.0)
}

/// Whether figures, put right, are about what is known of them.
fn is_off_from(
    times: f64,
    figures: impl Iterator<Item = (Amount, Option<Amount>)>,
    margin: RangeInclusive<f64>,
) -> bool {
    let mut n_compared = 0;
    for (amount, known) in figures {
        let Some(known) = known.filter(|known| !known.is_zero()) else {
            continue;
        };
        let ratio = amount.to_float() * times / known.to_float();
        if !margin.contains(&ratio) {
            return false;
        }
        n_compared += 1;
    }
    n_compared >= 3
}

/// The largest and smallest figures of every leaf of every annex, two of each, so that a row can be left out.
struct Sizes(Vec<Vec<Extremes>>);

/// A figure's size, and its row.
type SizeAt = (f64, (usize, usize));

#[derive(Clone, Default)]
struct Extremes {
    /// Ascending, with the row: the two smallest.
    low: Vec<SizeAt>,
    /// Descending: the two largest.
    high: Vec<SizeAt>,
    n: usize,
}

impl Sizes {
    fn none(scheme: &Scheme) -> Self {
        let annexes = scheme.annexes.iter();
        Self(
            annexes
                .map(|annex| vec![Extremes::default(); annex.leaves.len()])
                .collect(),
        )
    }

    fn of(scheme: &Scheme, tables: &[Table]) -> Self {
        let one = |mut sizes: Self, (table_idx, table): (usize, &Table)| {
            let annex = &scheme.annexes[table.annex];
            for (row_idx, row) in table.rows.iter().enumerate() {
                if row.kind != RowKind::Data {
                    continue;
                }
                for (leaf, entry) in row.entries.iter().enumerate() {
                    let Some(amount) = entry.value.amount().filter(|it| !it.is_zero()) else {
                        continue;
                    };
                    if annex.kind_of(leaf, row.spec) == ColumnKind::Additive {
                        let it = &mut sizes.0[table.annex][leaf];
                        it.add(amount.to_float().abs(), (table_idx, row_idx));
                    }
                }
            }
            sizes
        };
        let both = |mut sizes: Self, others: Self| {
            let own = sizes.0.iter_mut().flatten();
            own.zip(others.0.into_iter().flatten())
                .for_each(|(own, other)| own.join(other));
            sizes
        };
        let tables = tables.par_iter().enumerate();
        let none = || Self::none(scheme);
        tables.fold(none, one).reduce(none, both)
    }

    fn are_beyond(
        &self,
        times: f64,
        own: (usize, usize),
        annex: usize,
        figures: &[Figure],
    ) -> bool {
        if times.max(1.0 / times) < 999.0 {
            return false;
        }
        let mut n_compared = 0;
        for &(_, leaf, amount) in figures {
            let Some((low, high)) = self.0[annex][leaf].without(own) else {
                continue;
            };
            let given = amount.to_float().abs();
            let right = given * times;
            let is_beyond = given > NATURAL * high || given * NATURAL < low;
            let fits = (low / NATURAL..=high * NATURAL).contains(&right);
            if !is_beyond || !fits {
                return false;
            }
            n_compared += 1;
        }
        n_compared >= 3
    }
}

impl Extremes {
    fn add(&mut self, value: f64, row: (usize, usize)) {
        self.n += 1;
        let is_between = |low: f64, high: f64| (low..=high).contains(&value);
        if self.low.len() < 2 || !is_between(self.low[1].0, self.high[1].0) {
            self.take(vec![(value, row)], vec![(value, row)]);
        }
    }

    fn join(&mut self, other: Self) {
        self.n += other.n;
        self.take(other.low, other.high);
    }

    fn take(&mut self, low: Vec<SizeAt>, high: Vec<SizeAt>) {
        self.low.extend(low);
        self.low.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.low.truncate(2);
        self.high.extend(high);
        self.high.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.high.truncate(2);
    }

    /// Smallest and largest of at least three other rows.
    fn without(&self, own: (usize, usize)) -> Option<(f64, f64)> {
        let first = |from: &[SizeAt]| {
            from.iter()
                .find(|(_, row)| *row != own)
                .map(|(value, _)| *value)
        };
        (self.n >= 4).then_some(())?;
        Some((first(&self.low)?, first(&self.high)?))
    }
}
