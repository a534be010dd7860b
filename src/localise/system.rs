//! The equations of forms as exact integers, with the cells that they share.
//!
//! Every figure is counted in one small unit: base units of measure, and as many decimals as any figure of
//! the system has. Conversion then never divides, and every coefficient is a whole number: +1 or −1 in sums.
//!
//! A total that the form computes is no figure of its own: what it adds up stands in its place ([`super::formula`]).

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use rust_decimal::Decimal;

use crate::check::{Checker, Equation, Holds, Term};
use crate::model::{Amount, Operand, Place, Reason, Row, RowKind, Table, Value};
use crate::scheme::{ColumnKind, Limit, Relation, RowSel, Scheme};

use super::evidence::{Factor, factors};
use super::formula;
use super::rounding::Rounding;

/// More decimals than any form prints would only risk overflow.
const MAX_SCALE: u32 = 15;
/// Beyond this a figure is no figure of a county, and sums of such could overflow.
const MAX_VALUE: i128 = 1_000_000_000_000_000_000_000_000_000;
/// A relation over more cells says nothing about any single one.
const MAX_TERMS: usize = 400;

/// What must be equal, and the cells that take part.
pub(super) struct System<'t> {
    pub(super) scheme: &'t Scheme,
    pub(super) tables: &'t [Table],
    pub(super) cells: Vec<Cell>,
    pub(super) balances: Vec<Balance>,
    /// What is wrong with the formulas of cells: what they should have come to, and why they did not.
    pub(super) faults: HashMap<usize, (i128, Reason)>,
    /// How exactly the relations of each table hold.
    pub(super) rounding: Rounding,
    by_spot: HashMap<Spot, usize>,
    scale: u32,
    /// For each unit, the factors by which figures in it may be off.
    factors: HashMap<usize, Vec<Factor>>,
}

/// Forms that share equations with each other and with no other form, so that what is wrong in one group says
/// nothing about another.
#[derive(Default)]
pub(super) struct Group<'t> {
    /// Forms that hold every figure of theirs against the others.
    tables: Vec<usize>,
    equations: Vec<Located<'t>>,
}

/// An equation, and for each of its terms the index of the table.
type Located<'t> = (Equation<'t>, Vec<usize>);

impl<'t> Group<'t> {
    /// The groups of the wanted tables, in their order.
    pub(super) fn all(checker: &'t Checker<'t>, tables: &'t [Table], wanted: &[bool]) -> Vec<Self> {
        let index: HashMap<*const Table, usize> = tables
            .iter()
            .enumerate()
            .map(|(idx, table)| (std::ptr::from_ref(table), idx))
            .collect();
        let located = |equation: Equation<'t>| -> Located<'t> {
            let of_term = |term: &Term<'t>| index[&std::ptr::from_ref(term.table)];
            let of_terms = equation.terms.iter().map(of_term).collect();
            (equation, of_terms)
        };
        let county = checker.county_equations(tables).into_iter();
        let county: Vec<Located<'t>> = county
            .filter(|equation| equation.terms.len() <= MAX_TERMS)
            .map(located)
            .collect();
        // A form that shares an equation with one in question may hold the wrong cell, or confirm the right.
        let mut included: Vec<bool> = wanted.to_vec();
        for (_, of_terms) in &county {
            if of_terms.iter().any(|&table| wanted[table]) {
                of_terms.iter().for_each(|&table| included[table] = true);
            }
        }
        let forms = (0..tables.len()).filter(|&table| included[table]);
        let in_forms = forms.flat_map(|table| checker.form_equations(&tables[table]));
        let in_forms = in_forms.filter(|equation| equation.terms.len() <= MAX_TERMS);
        let concerns = |(_, of_terms): &Located<'t>| of_terms.iter().any(|&table| included[table]);
        let equations: Vec<Located<'t>> = in_forms
            .map(located)
            .chain(county.into_iter().filter(concerns))
            .collect();

        let mut joined = Joined::new(tables.len());
        for (_, of_terms) in &equations {
            of_terms
                .windows(2)
                .for_each(|pair| joined.join(pair[0], pair[1]));
        }
        let mut groups: BTreeMap<usize, Self> = BTreeMap::new();
        for table in (0..tables.len()).filter(|&table| included[table]) {
            let group = groups.entry(joined.first(table)).or_default();
            group.tables.push(table);
        }
        for equation in equations {
            if let Some(&table) = equation.1.first() {
                let group = groups.entry(joined.first(table)).or_default();
                group.equations.push(equation);
            }
        }
        groups.into_values().collect()
    }
}

/// Which tables are joined, each known by the first of those it is joined with.
struct Joined(Vec<usize>);

impl Joined {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn first(&mut self, mut table: usize) -> usize {
        while self.0[table] != table {
            self.0[table] = self.0[self.0[table]];
            table = self.0[table];
        }
        table
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Table, row, leaf.
pub(super) type Spot = (usize, usize, usize);

/// One figure, or the blank where one may belong.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) spot: Spot,
    pub(super) value: i128,
    /// Its unit of measure.
    pub(super) unit: Option<usize>,
    /// One of its last printed digit.
    pub(super) step: i128,
    /// Decimals of that.
    decimals: u32,
    /// Whether it holds a figure.
    pub(super) holds: Holds,
    /// Whether the form computes it.
    pub(super) formula: bool,
    /// Whether it only follows the cells that its formula adds up, so that it cannot be wrong by itself.
    pub(super) follows: bool,
    /// Whether it was typed where the cells around it have formulas.
    pub(super) typed_over: bool,
    pub(super) min: Option<i128>,
    pub(super) max: Option<i128>,
    /// The balances that it takes part in.
    pub(super) balances: Vec<usize>,
    /// Cells of which it is part (`true`), or that are part of it (`false`).
    pub(super) parts: Vec<(usize, bool)>,
}

/// What is known of a cell before it is one.
#[derive(Clone, Copy)]
struct Figure {
    value: i128,
    step: i128,
    decimals: u8,
    unit: Option<usize>,
    holds: Holds,
}

impl Cell {
    /// Whether it is blank, so that a relation cannot be checked.
    pub(super) fn is_unknown(&self) -> bool {
        self.holds == Holds::Unknown
    }
}

/// Σ coefficient·cell = constant.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    pub(super) rule: usize,
    /// The cells that may be wrong.
    pub(super) terms: Vec<(usize, i128)>,
    /// The cells that the relation names: those that were given, then those that they are held against.
    pub(super) named: Vec<usize>,
    pub(super) n_given: usize,
    pub(super) tolerance: i128,
    /// Σ coefficient·cell − constant.
    pub(super) residual: i128,
    /// A promise of the plan that is not kept. It may well not be, so no figure is suspected of it as long as
    /// anything else is wrong.
    pub(super) set_aside: bool,
    /// Some cell is blank, so that nobody can say whether it fails.
    pub(super) open: bool,
    /// Whether it adds up, and so may be a part too many or too few.
    pub(super) adds_up: bool,
}

impl Balance {
    /// Whether it fails beyond rounding.
    pub(super) fn fails(&self) -> bool {
        !self.open && self.residual.abs() > self.tolerance
    }

    /// Whether it fails, and some figure must be wrong because of it.
    pub(super) fn is_violated(&self) -> bool {
        !self.set_aside && self.fails()
    }

    /// How often a cell counts.
    pub(super) fn sign_of(&self, cell: usize) -> i128 {
        let term = self.terms.iter().find(|(idx, _)| *idx == cell);
        term.map_or(0, |(_, sign)| *sign)
    }

    /// What a cell's change must be for it to hold exactly, if a whole number does.
    pub(super) fn change_of(&self, cell: usize) -> Option<i128> {
        let sign = self.sign_of(cell);
        (sign != 0 && self.residual % sign == 0).then(|| -self.residual / sign)
    }

    /// The only cell on the left, if there is one.
    pub(super) fn total(&self) -> Option<usize> {
        (self.n_given == 1 && self.adds_up).then(|| self.named[0])
    }

    /// What it is held against.
    pub(super) fn parts(&self) -> &[usize] {
        &self.named[self.n_given..]
    }
}

impl<'t> System<'t> {
    /// One system for all of a group's equations.
    pub(super) fn new(checker: &'t Checker<'t>, tables: &'t [Table], group: Group<'t>) -> Self {
        let scheme = checker.scheme();
        let mut system = Self {
            scheme,
            tables,
            cells: Vec::new(),
            balances: Vec::new(),
            faults: HashMap::new(),
            rounding: Rounding::default(),
            by_spot: HashMap::new(),
            scale: scale_of(scheme, tables, &group),
            factors: HashMap::new(),
        };
        let bounds = Bounds::of(scheme);
        for (equation, of_terms) in &group.equations {
            // What cannot be counted exactly is left out rather than rounded.
            system.add(equation, of_terms, &bounds);
        }
        for &idx in &group.tables {
            system.add_neighbours(idx, &bounds);
            for [part, whole] in checker.form_parts(&tables[idx]) {
                let find =
                    |(row, leaf): (usize, usize)| system.by_spot.get(&(idx, row, leaf)).copied();
                if let (Some(part), Some(whole)) = (find(part), find(whole)) {
                    system.cells[part].parts.push((whole, true));
                    system.cells[whole].parts.push((part, false));
                }
            }
        }
        system.settle_balances();
        formula::put_in_place(&mut system, &group.tables);
        system.settle_balances();
        system.rounding = Rounding::of(&system);
        system
    }

    /// Notes of each cell its balances, and of each balance whether it can be checked.
    pub(super) fn settle_balances(&mut self) {
        self.cells.iter_mut().for_each(|cell| cell.balances.clear());
        for (idx, balance) in self.balances.iter_mut().enumerate() {
            balance.open = false;
            for &(cell, _) in &balance.terms {
                balance.open |= self.cells[cell].is_unknown();
                self.cells[cell].balances.push(idx);
            }
        }
    }

    fn add(&mut self, equation: &Equation<'t>, of_terms: &[usize], bounds: &Bounds) -> Option<()> {
        let (of_given, of_expected) = self.coefficients(equation)?;
        let mut residual = -self.int(equation.constant)?.checked_mul(of_given)?;
        let tolerance = self.int(equation.tolerance)?.checked_mul(of_given)?;
        let mut seen = HashSet::new();
        let mut cells = Vec::with_capacity(equation.terms.len());
        for (idx, (term, table)) in equation.terms.iter().zip(of_terms).enumerate() {
            let spot = (*table, term.row, term.leaf);
            if !seen.insert(spot) {
                return None;
            }
            let value = self.of(term.amount, term.unit)?;
            let decimals = printed_decimals(term.amount, term.last_digit);
            let step = self.of(Amount::last_digit(decimals), term.unit)?;
            let coefficient = match idx < equation.n_given {
                true => of_given,
                false => -of_expected,
            };
            residual = residual.checked_add(coefficient.checked_mul(value)?)?;
            let figure = Figure {
                value,
                step,
                decimals,
                unit: term.unit,
                holds: term.holds,
            };
            cells.push((spot, figure, coefficient));
        }
        let mut terms: Vec<(usize, i128)> = Vec::with_capacity(cells.len());
        for (spot, figure, coefficient) in cells {
            let idx = match self.by_spot.get(&spot) {
                Some(idx) => *idx,
                None => self.add_cell(spot, figure, bounds),
            };
            terms.push((idx, coefficient));
        }
        let relation = &self.scheme.rules[equation.rule].relation;
        let is_promise = matches!(relation, Relation::Target { .. });
        self.balances.push(Balance {
            set_aside: is_promise && residual.abs() > tolerance,
            rule: equation.rule,
            named: terms.iter().map(|(cell, _)| *cell).collect(),
            terms,
            n_given: equation.n_given,
            tolerance,
            residual,
            open: false,
            adds_up: equation.price.is_none(),
        });
        Some(())
    }

    /// How often the given and the expected cells of an equation count, in base units. A price is one of the two
    /// units, so they differ.
    fn coefficients(&self, equation: &Equation<'_>) -> Option<(i128, i128)> {
        let Some(price) = equation.price else {
            return Some((1, 1));
        };
        let factor = |term: &Term<'_>| self.scheme.units.to_base(Amount::from(1), term.unit);
        let given = factor(equation.terms.first()?)?;
        let per = factor(equation.terms.get(equation.n_given)?)?;
        let times = price.checked_mul(given)?;
        let scale = u32::from(times.decimals().max(per.decimals()));
        let whole = |amount: Amount| {
            let up = 10i128.checked_pow(scale - u32::from(amount.decimals()))?;
            amount.0.mantissa().checked_mul(up)
        };
        let (a, b) = (whole(per)?, whole(times)?);
        let divisor = greatest_common_divisor(a, b);
        (a > 0 && b > 0).then(|| (a / divisor, b / divisor))
    }

    fn add_cell(&mut self, spot: Spot, figure: Figure, bounds: &Bounds) -> usize {
        let Figure {
            value,
            step,
            decimals,
            unit,
            holds,
        } = figure;
        let table = &self.tables[spot.0];
        let annex = &self.scheme.annexes[table.annex];
        let (min, max) = bounds.get(table.annex, annex.leaves[spot.2].column);
        let limit = |limit: Option<Amount>| limit.and_then(|it| self.of(it, unit));
        let (min, max) = (limit(min), limit(max));
        self.cells.push(Cell {
            spot,
            value,
            unit,
            step,
            decimals: u32::from(decimals),
            holds,
            formula: entry_of(table, spot).is_some_and(|entry| entry.formula),
            follows: false,
            typed_over: false,
            // Amounts that add up are not negative, unless the form itself says otherwise.
            min: min.or((value >= 0).then_some(0)),
            max,
            balances: Vec::new(),
            parts: Vec::new(),
        });
        if let Some(unit) = unit {
            let scheme = self.scheme;
            let known = self.factors.entry(unit);
            known.or_insert_with(|| factors(scheme, Some(unit)));
        }
        self.by_spot.insert(spot, self.cells.len() - 1);
        self.cells.len() - 1
    }

    /// The factors by which figures in a unit may be off.
    pub(super) fn factors(&self, unit: Option<usize>) -> &[Factor] {
        let known = unit.and_then(|unit| self.factors.get(&unit));
        known.map_or(&[], Vec::as_slice)
    }

    /// The other figures of a table's rows: in no relation themselves, they may explain one.
    fn add_neighbours(&mut self, table_idx: usize, bounds: &Bounds) {
        let table = &self.tables[table_idx];
        let annex = &self.scheme.annexes[table.annex];
        for (row_idx, row) in table.rows.iter().enumerate() {
            for (leaf, entry) in row.entries.iter().enumerate() {
                let spot = (table_idx, row_idx, leaf);
                let Some(amount) = entry.value.amount() else {
                    continue;
                };
                if self.by_spot.contains_key(&spot)
                    || annex.kind_of(leaf, row.spec) != ColumnKind::Additive
                {
                    continue;
                }
                let unit = self.scheme.unit_of(annex, leaf, row.spec);
                let declared = Amount::last_digit(annex.decimals_of(leaf, row.spec));
                let decimals = printed_decimals(amount, declared);
                let step = self.of(Amount::last_digit(decimals), unit);
                if let (Some(value), Some(step)) = (self.of(amount, unit), step) {
                    let figure = Figure {
                        value,
                        step,
                        decimals,
                        unit,
                        holds: Holds::Figure,
                    };
                    self.add_cell(spot, figure, bounds);
                }
            }
        }
    }

    /// An amount in base units as an integer of the system.
    fn int(&self, amount: Amount) -> Option<i128> {
        let amount = amount.normalised();
        let up = self.scale.checked_sub(u32::from(amount.decimals()))?;
        let value = amount.0.mantissa().checked_mul(10i128.checked_pow(up)?)?;
        (value.abs() <= MAX_VALUE).then_some(value)
    }

    /// An amount in a unit as an integer of the system.
    pub(super) fn of(&self, amount: Amount, unit: Option<usize>) -> Option<i128> {
        self.int(self.scheme.units.to_base(amount, unit)?)
    }

    /// The same of an amount with any number of decimals, rounded.
    pub(super) fn of_any(&self, amount: Amount, unit: Option<usize>) -> Option<i128> {
        let base = self.scheme.units.to_base(amount, unit)?;
        self.int(Amount(base.0.round_dp(self.scale)))
    }

    /// An integer of the system as the cell would print it.
    pub(super) fn amount(&self, cell: usize, value: i128) -> Amount {
        let cell = &self.cells[cell];
        let n_steps = (value + value.signum() * cell.step / 2) / cell.step;
        let printed = Decimal::try_from_i128_with_scale(n_steps, cell.decimals);
        Amount(printed.unwrap_or_default()).normalised()
    }

    /// The nearest value that the cell could print.
    pub(super) fn printable(&self, cell: usize, value: i128) -> i128 {
        let step = self.cells[cell].step;
        (value + value.signum() * step / 2) / step * step
    }

    pub(super) fn find(&self, spot: Spot) -> Option<usize> {
        self.by_spot.get(&spot).copied()
    }

    /// How many figures and texts a row of a table has.
    pub(super) fn n_leaves(&self, table: usize) -> usize {
        self.scheme.annexes[self.tables[table].annex].leaves.len()
    }

    pub(super) fn row(&self, cell: usize) -> &'t Row {
        self.row_at(self.cells[cell].spot)
    }

    /// A row of a table, or one that it prints and nobody filled in.
    fn row_at(&self, (table, row, _): Spot) -> &'t Row {
        let table = &self.tables[table];
        let blank = || &table.blank_rows[row - table.rows.len()];
        table.rows.get(row).unwrap_or_else(blank)
    }

    pub(super) fn is_total_row(&self, cell: usize) -> bool {
        self.row(cell).kind == RowKind::Total
    }

    pub(super) fn place(&self, cell: usize) -> Place {
        let (table, _, leaf) = self.cells[cell].spot;
        let table = &self.tables[table];
        Place::sheet(&table.file, &table.sheet, table.cell(self.row(cell), leaf))
    }

    /// The year that a cell is about.
    pub(super) fn year(&self, cell: usize) -> Option<u16> {
        let (table, _, leaf) = self.cells[cell].spot;
        let annex = &self.scheme.annexes[self.tables[table].annex];
        annex.leaves[leaf].year.or(self.row(cell).year)
    }

    /// The column of a cell: annex and column.
    pub(super) fn column(&self, cell: usize) -> (usize, usize) {
        let (table, _, leaf) = self.cells[cell].spot;
        let annex = self.tables[table].annex;
        (annex, self.scheme.annexes[annex].leaves[leaf].column)
    }

    pub(super) fn unit_name(&self, cell: usize) -> &str {
        self.cells[cell]
            .unit
            .map_or("", |unit| &**self.scheme.units.name(unit))
    }

    /// A cell by its name, with its value and unit. What it shares with `beside` is not said.
    pub(super) fn operand(&self, cell: usize, beside: usize) -> Operand {
        let (annex, column) = self.column(cell);
        let mut words: Vec<String> = Vec::new();
        if self.column(beside).0 != annex {
            words.push(self.scheme.annexes[annex].number.to_string());
        }
        if self.cells[cell].spot.1 != self.cells[beside].spot.1
            || self.cells[cell].spot.0 != self.cells[beside].spot.0
        {
            let name = self.row(cell).name();
            words.extend((!name.is_empty()).then_some(name));
        }
        words.extend(self.year(cell).map(|year| format!("{year}年")));
        words.push(self.scheme.annexes[annex].columns[column].name.to_string());
        let value = self.amount(cell, self.cells[cell].value);
        Operand {
            label: words.join(" "),
            value: format!("{value}{}", self.unit_name(cell)),
            place: Some(self.place(cell)),
        }
    }

    /// What stands in a cell, whatever it has been set to.
    pub(super) fn given(&self, cell: usize) -> i128 {
        let spot = self.cells[cell].spot;
        let entry = entry_of(&self.tables[spot.0], spot);
        let amount = entry.and_then(|entry| entry.value.amount());
        let given = amount.and_then(|amount| self.of(amount, self.cells[cell].unit));
        given.unwrap_or(self.cells[cell].value)
    }

    /// What stands in a cell, in words.
    pub(super) fn given_text(&self, cell: usize) -> String {
        match self.cells[cell].holds {
            Holds::Figure => self.amount(cell, self.given(cell)).to_string(),
            Holds::Nothing | Holds::Unknown => String::new(),
        }
    }

    /// What an entry says, if its table has it.
    pub(super) fn value_at(&self, spot: Spot) -> Option<&'t Value> {
        entry_of(&self.tables[spot.0], spot).map(|entry| &entry.value)
    }

    /// Changes a cell, and the residuals with it.
    pub(super) fn set(&mut self, cell: usize, value: i128) {
        let change = value - self.cells[cell].value;
        self.cells[cell].value = value;
        for idx in 0..self.cells[cell].balances.len() {
            let balance = self.cells[cell].balances[idx];
            let sign = self.balances[balance].sign_of(cell);
            self.balances[balance].residual += sign * change;
        }
    }

    /// Puts a figure where one may have been missing; [`Self::settle_balances`] then says what can be checked.
    pub(super) fn fill_in(&mut self, cell: usize, value: i128) {
        self.set(cell, value);
        self.cells[cell].holds = Holds::Figure;
    }

    /// What some cells hold.
    pub(super) fn clone_values(&self, cells: &[usize]) -> Vec<(usize, i128, Holds)> {
        let held = cells
            .iter()
            .map(|&cell| (cell, self.cells[cell].value, self.cells[cell].holds));
        held.collect()
    }

    /// Puts back what cells held.
    pub(super) fn restore(&mut self, held: &[(usize, i128, Holds)]) {
        for &(cell, value, holds) in held {
            self.set(cell, value);
            self.cells[cell].holds = holds;
        }
        self.settle_balances();
    }

    /// Whether a cell may hold a value, the cells `changed` being as they are given there.
    pub(super) fn is_allowed(&self, cell: usize, value: i128, changed: &[(usize, i128)]) -> bool {
        let it = &self.cells[cell];
        let other = |idx: usize| {
            let changed = changed.iter().find(|(cell, _)| *cell == idx);
            changed.map_or(self.cells[idx].value, |(_, value)| *value)
        };
        it.min
            .is_none_or(|min| value >= min || it.value < min && value > it.value)
            && it
                .max
                .is_none_or(|max| value <= max || it.value > max && value < it.value)
            && it.parts.iter().all(|&(idx, is_part)| match is_part {
                true => value <= other(idx) || it.value > self.cells[idx].value,
                false => value >= other(idx) || it.value < self.cells[idx].value,
            })
    }
}

/// The entry of a cell; rows that nobody filled in have none.
fn entry_of(table: &Table, (_, row, leaf): Spot) -> Option<&crate::model::Entry> {
    table.rows.get(row)?.entries.get(leaf)
}

/// How many decimals a cell shows: those of its column, or more where more were typed.
fn printed_decimals(amount: Amount, last_digit: Amount) -> u8 {
    amount.normalised().decimals().max(last_digit.decimals())
}

fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 {
        a.abs().max(1)
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// As many decimals as any figure needs in base units, and one in the last place of any.
fn scale_of(scheme: &Scheme, tables: &[Table], group: &Group<'_>) -> u32 {
    let mut scale = 0;
    let mut see = |amount: Option<Amount>| {
        let decimals = amount.map_or(0, |amount| u32::from(amount.normalised().decimals()));
        scale = scale.max(decimals.min(MAX_SCALE));
    };
    // A figure may have more decimals than its column declares, and the next smaller figure is one in the last of them.
    let see_cell = |see: &mut dyn FnMut(Option<Amount>), amount: Amount, digit: Amount, unit| {
        let last_digit = Amount::last_digit(printed_decimals(amount, digit));
        see(scheme.units.to_base(amount, unit));
        see(scheme.units.to_base(last_digit, unit));
    };
    for (equation, _) in &group.equations {
        see(Some(equation.constant));
        see(Some(equation.tolerance));
        for term in &equation.terms {
            see_cell(&mut see, term.amount, term.last_digit, term.unit);
        }
    }
    for table in group.tables.iter().map(|&table| &tables[table]) {
        let annex = &scheme.annexes[table.annex];
        for row in &table.rows {
            for (leaf, entry) in row.entries.iter().enumerate() {
                if let Some(amount) = entry.value.amount()
                    && annex.kind_of(leaf, row.spec) == ColumnKind::Additive
                {
                    let digit = Amount::last_digit(annex.decimals_of(leaf, row.spec));
                    let unit = scheme.unit_of(annex, leaf, row.spec);
                    see_cell(&mut see, amount, digit, unit);
                }
            }
        }
    }
    scale
}

/// The bounds that range rules set to columns.
struct Bounds(HashMap<(usize, usize), (Option<Amount>, Option<Amount>)>);

impl Bounds {
    fn of(scheme: &Scheme) -> Self {
        let mut bounds = HashMap::new();
        let amount = |limit: Option<Limit>| match limit {
            Some(Limit::Amount(amount)) => Some(amount),
            _ => None,
        };
        for rule in &scheme.rules {
            let Relation::Range {
                cells,
                per: None,
                min,
                max,
            } = &rule.relation
            else {
                continue;
            };
            // Bounds of some rows or years only are none of the column.
            if rule.applies.rows.is_some() || rule.applies.years.is_some() {
                continue;
            }
            for sel in cells.iter().filter(|sel| sel.row == RowSel::Current) {
                bounds.insert((sel.annex, sel.column), (amount(*min), amount(*max)));
            }
        }
        Self(bounds)
    }

    fn get(&self, annex: usize, column: usize) -> (Option<Amount>, Option<Amount>) {
        self.0.get(&(annex, column)).copied().unwrap_or_default()
    }
}
