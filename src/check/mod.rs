//! Tables → findings: holds every rule of the scheme against what was returned.
//!
//! A rule asks for *relations*: one in each row, each year, or one in the county. Each comes to one of four
//! results: it passes, it fails, it cannot be checked because something that it needs is missing, or it is
//! not for that row or year. Missing is not zero, and a difference that rounding may account for is a hint.
//!
//! [`Checker::form`] sees one form by itself; [`Checker::county`] holds rows, forms and annexes against each
//! other, [`Checker::over_time`] a month against earlier periods. Between them every relation is checked once. Nothing is ever changed here, and which cell is
//! probably the wrong one is for others to say.
//!
//! Each kind of rule has one file, with its explanation beside it.

mod cells;
mod chain;
mod code;
mod compare;
mod copied;
mod cumulative;
mod decimals;
mod equal;
#[cfg(test)]
mod grid;
mod guards;
mod inside;
mod judge;
mod linear;
mod order;
mod outcome;
mod over_time;
mod pair;
mod part;
mod plan;
mod prove;
mod range;
mod ratio;
mod rows;
mod sum;
mod target;
mod total_row;
mod trend;
mod unique;
mod when;

use std::collections::HashSet;

use crate::model::{Detail, Finding, Kind, Level, Period, Row, RowKind, Table};
use crate::scheme::{Annex, Applies, AppliesIn, Relation, RowSel, Rows, Rule, Scheme};

pub(crate) use linear::{Equation, Holds, Term};
pub use outcome::{Checked, Why};

use cells::{At, Cells, Spot};
use outcome::{Checking, Outcome};
use plan::{Ask, Instance, Planned, stays_in_row};
use rows::{AnnexRows, Gap, RowAt, RowId};

/// The rules of a scheme, made ready for any number of forms.
pub struct Checker<'s> {
    scheme: &'s Scheme,
    /// For each annex, the rules that a form of it can be checked by.
    in_form: Vec<Vec<Planned<'s>>>,
    /// The rules that reach further.
    over_county: Vec<Planned<'s>>,
    /// For each annex, the rules that hold a month against earlier periods.
    over_time: Vec<Vec<usize>>,
    /// For registers whose keys no rule of the scheme holds against each other, by annex, one that does.
    equal_keys: Vec<(usize, Rule)>,
}

/// The row that a county rule has come to.
#[derive(Clone, Copy)]
enum Current<'t> {
    Row(RowId<'t>),
    Total,
    /// Every cell names its row.
    Nowhere,
}

/// Checks one form by itself.
pub fn check_table(scheme: &Scheme, table: &Table) -> Checked {
    Checker::new(scheme).form(table)
}

/// Holds the rows, forms and annexes of a county against each other. Forms come in order of trust, without
/// those that another has replaced.
pub fn check_county(scheme: &Scheme, tables: &[Table]) -> Checked {
    Checker::new(scheme).county(tables)
}

/// What a kind of rule checks, why, an example, and how to put it right. `None` for what is no rule.
pub fn explanation(kind: Kind) -> Option<&'static str> {
    EXPLANATIONS
        .iter()
        .find(|(explained, _)| *explained == kind)
        .map(|(_, text)| *text)
}

/// All kinds of rule.
const EXPLANATIONS: [(Kind, &str); 16] = [
    (Kind::Sum, include_str!("sum.md")),
    (Kind::TotalRow, include_str!("total_row.md")),
    (Kind::Equal, include_str!("equal.md")),
    (Kind::Target, include_str!("target.md")),
    (Kind::Part, include_str!("part.md")),
    (Kind::Range, include_str!("range.md")),
    (Kind::Order, include_str!("order.md")),
    (Kind::Trend, include_str!("trend.md")),
    (Kind::Ratio, include_str!("ratio.md")),
    (Kind::Unique, include_str!("unique.md")),
    (Kind::Code, include_str!("code.md")),
    (Kind::Pair, include_str!("pair.md")),
    (Kind::When, include_str!("when.md")),
    (Kind::Chain, include_str!("chain.md")),
    (Kind::Cumulative, include_str!("cumulative.md")),
    (Kind::Compare, include_str!("compare.md")),
];

/// For each register whose keys no rule of the scheme holds against each other, a rule that does.
fn equal_keys(scheme: &Scheme) -> Vec<(usize, Rule)> {
    let annexes = scheme.annexes.iter().enumerate();
    let registers = annexes.filter(|(idx, annex)| {
        let asks = |rule: &Rule| match &rule.relation {
            Relation::Unique { columns } => {
                rule.annex == Some(*idx) && columns.iter().all(|column| annex.is_key(*column))
            }
            _ => false,
        };
        matches!(annex.rows, Rows::Register) && !scheme.rules.iter().any(asks)
    });
    let rule = |(idx, annex): (usize, &Annex)| {
        let columns = annex.row_key.iter().chain(&annex.year_column).copied();
        let rule = Rule {
            id: "".into(),
            label: String::new(),
            say: String::new(),
            level: Level::Verification,
            tolerance: None,
            each_year: false,
            applies: Applies {
                rows: None,
                except_rows: Vec::new(),
                years: None,
                total_rows: false,
                period: AppliesIn::Every,
            },
            annex: Some(idx),
            relation: Relation::Unique {
                columns: columns.collect(),
            },
        };
        (idx, rule)
    };
    registers.map(rule).collect()
}

impl<'s> Checker<'s> {
    /// Makes the rules of a scheme ready.
    pub fn new(scheme: &'s Scheme) -> Self {
        let mut in_form: Vec<Vec<Planned<'s>>> =
            scheme.annexes.iter().map(|_| Vec::new()).collect();
        let mut over_county = Vec::new();
        let mut over_time = vec![Vec::new(); scheme.annexes.len()];
        for (idx, rule) in scheme.rules.iter().enumerate() {
            let planned = Planned::new(scheme, idx);
            match (rule.annex, &rule.relation) {
                (Some(annex), relation) if relation.is_over_time() => over_time[annex].push(idx),
                // A total row is held against its own form, and one that stands alone against the county.
                (Some(annex), Relation::TotalRow { .. }) => {
                    in_form[annex].push(planned);
                    over_county.push(Planned::new(scheme, idx));
                }
                (Some(annex), _) if stays_in_row(scheme, rule) => in_form[annex].push(planned),
                _ => over_county.push(planned),
            }
        }
        Self {
            scheme,
            in_form,
            over_county,
            over_time,
            equal_keys: equal_keys(scheme),
        }
    }

    /// Checks one form by itself.
    pub fn form(&self, table: &Table) -> Checked {
        let mut checked = Checked::new(self.scheme.rules.len());
        let annex = &self.scheme.annexes[table.annex];
        let is_blank: Vec<bool> = table
            .rows
            .iter()
            .map(|row| rows::is_blank(annex, row))
            .collect();
        // What is off in the total of a township's own rows is off in those rows already.
        let totals_are_own =
            rows::has_data(annex, table) && !rows::states_county_total(self.scheme, annex, table);
        let mut cells = Cells::default();
        for planned in &self.in_form[table.annex] {
            if let Relation::TotalRow { .. } = planned.rule.relation {
                self.total_in_form(planned, table, &mut cells, &mut checked);
                continue;
            }
            for (row_idx, row) in table.rows.iter().enumerate() {
                if is_blank[row_idx] {
                    self.blank_row(planned, table, row, &mut checked);
                    continue;
                }
                let is_own_total = row.kind == RowKind::Total && totals_are_own;
                let at = self.at(planned, row.year, table.period);
                let is_for_row = !is_own_total && at.applies_to(row.kind, &row.key);
                for instance in &planned.instances {
                    let year = instance.year.or(row.year);
                    let at = At { year, ..at };
                    if !is_for_row || !at.applies_in(year) {
                        checked.not_applied(planned.idx, 1);
                        continue;
                    }
                    fill_from_row(&mut cells, instance, table, row_idx);
                    checked.record(planned.idx, check_relation(at, &cells));
                }
            }
        }
        (checked.findings).extend(decimals::too_many(self.scheme, table));
        checked
    }

    /// Holds the rows, forms and annexes of a county against each other. Forms are of one period and come in
    /// order of trust, without those that another has replaced: the first that has a row is believed.
    pub fn county(&self, tables: &[Table]) -> Checked {
        let mut checked = Checked::new(self.scheme.rules.len());
        let period = period_of(tables);
        self.equal_keys(period, tables, &mut checked);
        let rows = self.collect_rows(tables);
        let mut cells = Cells::default();
        for planned in &self.over_county {
            match &planned.rule.relation {
                Relation::TotalRow { .. } => {
                    self.total_of_county(planned, period, &rows, &mut cells, &mut checked);
                }
                Relation::Unique { .. } => {
                    self.unique_in_county(planned, period, tables, &rows, &mut checked);
                }
                _ => self.over_rows(planned, period, &rows, &mut cells, &mut checked),
            }
        }
        checked
    }

    fn at(&self, planned: &Planned<'s>, year: Option<u16>, period: Period) -> At<'s> {
        At {
            scheme: self.scheme,
            rule: planned.rule,
            year,
            period,
        }
    }

    /// A row in which nothing is filled in is either somebody else's, printed with the rest, or one that
    /// was not reported.
    fn blank_row(&self, planned: &Planned<'s>, table: &Table, row: &Row, checked: &mut Checked) {
        let at = self.at(planned, row.year, table.period);
        let is_others = row.reporter.is_some() && row.reporter != table.reporter;
        let is_due = |year: Option<u16>| year.is_none_or(|year| table.period.has_begun(year));
        let years = planned.instances.iter().map(|it| it.year.or(row.year));
        let n_applied = years
            .filter(|&year| at.applies_in(year) && is_due(year))
            .count();
        let n_applied = match is_others || !at.applies_to(row.kind, &row.key) {
            true => 0,
            false => n_applied,
        };
        checked.cannot_check(planned.idx, Why::Missing, n_applied);
        checked.not_applied(planned.idx, planned.instances.len() - n_applied);
    }

    fn total_in_form<'t>(
        &self,
        planned: &Planned<'s>,
        table: &'t Table,
        cells: &mut Cells<'t>,
        checked: &mut Checked,
    ) {
        let annex = &self.scheme.annexes[table.annex];
        let total = total_row::total_of(annex, table);
        match total {
            Some(row) if rows::has_data(annex, table) => {
                let is_data = |row: &RowAt<'_>| row.row().kind == RowKind::Data;
                let all = (0..table.rows.len()).map(|row| RowAt { table, row });
                let (total, at) = (RowAt { table, row }, self.at(planned, None, table.period));
                total_row::check(at, total, all.filter(is_data), cells, planned.idx, checked);
            }
            // The county holds it against the rows of other forms.
            Some(_) if rows::states_county_total(self.scheme, annex, table) => {}
            _ => {
                let n_relations = total_row::n_relations(&planned.rule.relation);
                checked.not_applied(planned.idx, n_relations);
            }
        }
    }

    fn total_of_county<'t>(
        &self,
        planned: &Planned<'s>,
        period: Period,
        rows: &[Option<AnnexRows<'t>>],
        cells: &mut Cells<'t>,
        checked: &mut Checked,
    ) {
        let Some(rows) = planned.rule.annex.and_then(|annex| rows[annex].as_ref()) else {
            return;
        };
        let Some(total) = rows.total_alone else {
            return;
        };
        if rows.is_complete(period) {
            let at = self.at(planned, None, period);
            total_row::check(at, total, rows.returned(), cells, planned.idx, checked);
        } else {
            let n_relations = total_row::n_relations(&planned.rule.relation);
            checked.cannot_check(planned.idx, Why::NotReturned, n_relations);
        }
    }

    fn unique_in_county(
        &self,
        planned: &Planned<'s>,
        period: Period,
        tables: &[Table],
        rows: &[Option<AnnexRows<'_>>],
        checked: &mut Checked,
    ) {
        let Some(annex_idx) = planned.rule.annex else {
            return;
        };
        let annex = &self.scheme.annexes[annex_idx];
        let at = self.at(planned, None, period);
        let all: Vec<(Option<usize>, RowAt<'_>)> = match (&annex.rows, &rows[annex_idx]) {
            // A fixed row that two forms give is one row all the same.
            (Rows::Fixed(_), Some(rows)) => rows.returned().map(|row| (None, row)).collect(),
            _ => tables
                .iter()
                .filter(|table| table.annex == annex_idx)
                .flat_map(|table| {
                    let owner = rows::owner(annex, table);
                    rows::data_rows(annex, table).map(move |(row, _)| (owner, RowAt { table, row }))
                })
                .collect(),
        };
        unique::check(at, annex, &all, planned.idx, checked);
    }

    /// Rows of one register that have the same keys, where no rule of the scheme asks for them. They count as rows
    /// of their own, but whether they are is asked.
    fn equal_keys(&self, period: Period, tables: &[Table], checked: &mut Checked) {
        for (annex_idx, rule) in &self.equal_keys {
            let annex = &self.scheme.annexes[*annex_idx];
            let forms = tables.iter().enumerate();
            let rows: Vec<(Option<usize>, RowAt<'_>)> = forms
                .filter(|(_, table)| table.annex == *annex_idx)
                .flat_map(|(form, table)| {
                    let rows = rows::data_rows(annex, table);
                    rows.map(move |(row, _)| (Some(form), RowAt { table, row }))
                })
                .collect();
            let at = At {
                scheme: self.scheme,
                rule,
                year: None,
                period,
            };
            let mut found = Checked::new(1);
            unique::check(at, annex, &rows, 0, &mut found);
            let findings = found.findings.into_iter();
            checked.findings.extend(findings.map(|finding| Finding {
                rule: None,
                ..finding
            }));
        }
    }

    fn over_rows<'t>(
        &self,
        planned: &Planned<'s>,
        period: Period,
        rows: &[Option<AnnexRows<'t>>],
        cells: &mut Cells<'t>,
        checked: &mut Checked,
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
                if !is_for_row || !at.applies_in(instance.year) {
                    checked.not_applied(planned.idx, 1);
                    continue;
                }
                let checking = match fill_from_county(cells, instance, rows, current, period) {
                    Ok(()) => check_relation(at, cells),
                    Err(Gap::NotReturned) => Err(Why::NotReturned),
                    Err(Gap::NoSuchRow | Gap::NotDue) => Ok(Outcome::NotApplied),
                };
                checked.record(planned.idx, checking);
            }
        }
    }

    /// The rows that a county rule goes through.
    fn currents<'t>(
        &self,
        planned: &Planned<'s>,
        rows: &[Option<AnnexRows<'t>>],
    ) -> Vec<Current<'t>> {
        let Some(annex_idx) = planned.current else {
            return vec![Current::Nowhere];
        };
        let Some(rows) = &rows[annex_idx] else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let mut currents: Vec<Current<'t>> = rows
            .rows
            .iter()
            .map(|(id, _)| RowId { year: None, ..*id })
            .filter(|id| seen.insert(*id))
            .map(Current::Row)
            .collect();
        let annex = &self.scheme.annexes[annex_idx];
        if planned.rule.applies.total_rows && annex.year_column.is_none() && rows.total.is_some() {
            currents.push(Current::Total);
        }
        currents
    }

    /// Collects the rows of those annexes that county rules look at.
    fn collect_rows<'t>(&self, tables: &'t [Table]) -> Vec<Option<AnnexRows<'t>>>
    where
        's: 't,
    {
        let mut is_needed = vec![false; self.scheme.annexes.len()];
        for planned in &self.over_county {
            for sel in planned.rule.relation.cells() {
                is_needed[sel.annex] = true;
            }
            if let Some(annex) = planned.rule.annex {
                is_needed[annex] |= match planned.rule.relation {
                    Relation::TotalRow { .. } => tables.iter().any(|table| {
                        table.annex == annex
                            && rows::total_stands_alone(self.scheme, table).is_some()
                    }),
                    _ => true,
                };
            }
        }
        let needed = is_needed.into_iter().enumerate();
        needed
            .map(|(annex, is_needed)| {
                is_needed.then(|| AnnexRows::collect(self.scheme, annex, tables))
            })
            .collect()
    }
}

/// Checks one relation whose cells have been brought together.
fn check_relation(at: At<'_>, cells: &Cells<'_>) -> Checking {
    if is_not_due(at, cells) {
        return Ok(Outcome::NotApplied);
    }
    let checking = match &at.rule.relation {
        Relation::Sum { .. } => sum::check(at, cells),
        Relation::Equal { .. } => equal::check(at, cells),
        Relation::Target { .. } => target::check(at, cells),
        Relation::Part { .. } => part::check(at, cells),
        Relation::Range { .. } => range::check(at, cells),
        Relation::Order { .. } => order::check(at, cells),
        Relation::Trend { .. } => trend::check(at, cells),
        Relation::Ratio { .. } => ratio::check(at, cells),
        Relation::Code { .. } => code::check(at, cells),
        Relation::Pair { .. } => pair::check(at, cells),
        Relation::When { .. } => when::check(at, cells),
        // These compare whole columns, or periods, and bring their cells together themselves.
        Relation::TotalRow { .. }
        | Relation::Unique { .. }
        | Relation::Chain { .. }
        | Relation::Cumulative { .. }
        | Relation::Compare { .. } => Ok(Outcome::NotApplied),
    };
    said_if_too_long(at, cells, checking)
}

/// What comes to more digits than can be kept exactly is no obstacle of ours: somebody typed those figures.
fn said_if_too_long(at: At<'_>, cells: &Cells<'_>, checking: Checking) -> Checking {
    match checking {
        Err(Why::TooManyDigits) => {
            let (given, others) = (cells.slot(0), cells.after_first());
            let finding = at.finding(false, given, others, Detail::TooLong);
            Ok(Outcome::Fail(finding))
        }
        checking => checking,
    }
}

/// Whether the relation has to wait for a year that has not begun, or that is not over. What is added up is
/// there as far as it is due; everything else needs all its cells.
fn is_not_due(at: At<'_>, cells: &Cells<'_>) -> bool {
    if at.period == Period::Plan {
        return false;
    }
    let waits = |spot: &Spot<'_>| spot.is_not_due(at.scheme);
    match &at.rule.relation {
        // Part of a year is not held against a whole one.
        Relation::Trend { .. } => at.year.is_some_and(|year| !at.period.has_ended(year)),
        Relation::Sum { .. }
        | Relation::TotalRow { .. }
        | Relation::Equal { .. }
        | Relation::Target { .. }
        | Relation::Part { .. } => [cells.slot(0), cells.after_first()]
            .iter()
            .any(|side| !side.is_empty() && side.iter().all(waits)),
        _ => cells.all().iter().any(waits),
    }
}

/// The period that forms are about; forms of several are not checked together.
fn period_of(tables: &[Table]) -> Period {
    tables.first().map_or(Period::Plan, |table| table.period)
}

fn fill_from_row<'t>(cells: &mut Cells<'t>, instance: &Instance<'_>, table: &'t Table, row: usize) {
    cells.clear();
    for slot in &instance.slots {
        for ask in slot {
            let leaf = ask.leaf;
            cells.push(Spot { table, row, leaf });
        }
        cells.end_slot();
    }
}

fn fill_from_county<'t>(
    cells: &mut Cells<'t>,
    instance: &Instance<'_>,
    rows: &[Option<AnnexRows<'t>>],
    current: Current<'t>,
    period: Period,
) -> Result<(), Gap> {
    cells.clear();
    for slot in &instance.slots {
        let is_due = |year: u16| period.has_begun(year);
        for ask in slot {
            let rows = rows[ask.annex].as_ref().ok_or(Gap::NotReturned)?;
            match push_asked(cells, ask, rows, current) {
                Err(Gap::NoSuchRow) if ask.is_one_of_all => {}
                // Nobody returns a row of a year that has not begun.
                Err(Gap::NotReturned) if !ask.year.is_none_or(is_due) => {}
                pushed => pushed?,
            }
        }
        let mut years = slot.iter().map(|ask| ask.year);
        if cells.end_slot() && years.any(|year| !year.is_none_or(is_due)) {
            return Err(Gap::NotDue);
        }
    }
    Ok(())
}

fn push_asked<'t>(
    cells: &mut Cells<'t>,
    ask: &Ask<'_>,
    rows: &AnnexRows<'t>,
    current: Current<'t>,
) -> Result<(), Gap> {
    let year = ask.year;
    let mut push = |row: Option<RowAt<'t>>| {
        let row = row.ok_or(Gap::NotReturned)?;
        cells.push(row.spot(ask.leaf));
        Ok(())
    };
    match (ask.row, current) {
        (RowSel::Current, Current::Row(id)) => push(rows.find(RowId { year, ..id })?),
        (RowSel::Key(key), _) => push(rows.find_key(key, year)?),
        (RowSel::Current, Current::Nowhere) => Err(Gap::NoSuchRow),
        (RowSel::Current, Current::Total) | (RowSel::Total, _) if rows.total.is_some() => {
            push(rows.total)
        }
        // Nobody stated the county's total, so it is what the rows come to: all of them, and not those of one form.
        (RowSel::Every | RowSel::Total | RowSel::Current, _) => {
            if rows.may_lack_rows() {
                return Err(Gap::NotReturned);
            }
            let mut any = false;
            for (id, row) in &rows.rows {
                if year.is_none() || id.year == year {
                    push(*row)?;
                    any = true;
                }
            }
            match any {
                true => Ok(()),
                false if ask.is_one_of_all => Err(Gap::NoSuchRow),
                false => Err(Gap::NotReturned),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_rule_is_explained() {
        for (kind, text) in EXPLANATIONS {
            let headings = ["## 检查什么", "## 为什么", "## 例子", "## 怎么改"];
            let places: Vec<Option<usize>> = headings.iter().map(|it| text.find(it)).collect();
            assert!(places.iter().all(Option::is_some), "{kind}: {places:?}");
            assert!(places.is_sorted(), "{kind}: headings in order");
            assert_eq!(explanation(kind), Some(text));
        }
        assert_eq!(explanation(Kind::UnreadableFile), None);
        let n_explained = Kind::ALL.iter().filter_map(|kind| explanation(*kind));
        assert_eq!(n_explained.count(), EXPLANATIONS.len());
    }
}
