//! Months held against what was known before: the plan, the month before, the same month of the year before.
//!
//! A row is known again by its annex, its keys and its year, and in registers and totals by whose it is. Where
//! an earlier period was never consolidated, nothing that needs it can be checked, and nothing else changes.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use rayon::prelude::*;

use crate::model::{Earlier, Operand, Past, Period, Row, RowKind, Table};
use crate::scheme::{CellSel, Course, DueAmount, DueShare, Relation, Rows, Scheme};

use super::cells::{At, Spot};
use super::outcome::{Checked, Checking, Outcome, Why};
use super::rows::{self, RowAt};
use super::{Checker, chain, compare, copied, cumulative, guards, period_of};

/// What tells rows of all periods apart: annex, kind, whose it is, keys, year.
type RowName<'t> = (usize, RowKind, Option<usize>, &'t [Arc<str>], Option<u16>);

/// The earlier periods, by row.
pub(super) struct Known<'t> {
    pub(super) plan: PastRows<'t>,
    pub(super) last_month: PastRows<'t>,
    pub(super) year_before: PastRows<'t>,
}

/// The rows of an earlier period; of several with one name the most trusted.
pub(super) struct PastRows<'t> {
    /// Which period; `None` where it was never consolidated.
    pub(super) period: Option<Period>,
    rows: HashMap<RowName<'t>, RowAt<'t>>,
}

/// A cell in hand, with everything that was known before.
#[derive(Clone, Copy)]
pub(super) struct Now<'k, 't> {
    pub(super) known: &'k Known<'t>,
    pub(super) spot: Spot<'t>,
}

impl Checker<'_> {
    /// Holds the forms of a month against what was known before, and against each other for copies. They are
    /// those that count, in order of trust.
    pub fn over_time(&self, tables: &[Table], earlier: &Earlier) -> Checked {
        let scheme = self.scheme;
        let period = period_of(tables);
        let known = Known::of(scheme, earlier);
        let of_annex = |annex: usize| self.annex_over_time(annex, period, tables, &known);
        let annexes = (0..scheme.annexes.len()).into_par_iter();
        let mut checked = Checked::new(scheme.rules.len());
        for of_annex in annexes.map(of_annex).collect::<Vec<Checked>>() {
            checked.merge(of_annex);
        }
        checked
    }

    fn annex_over_time<'t>(
        &self,
        annex_idx: usize,
        period: Period,
        tables: &'t [Table],
        known: &Known<'t>,
    ) -> Checked {
        let scheme = self.scheme;
        let annex = &scheme.annexes[annex_idx];
        let tables: Vec<&Table> = (tables.iter())
            .filter(|table| table.annex == annex_idx)
            .collect();
        let mut checked = Checked::new(scheme.rules.len());
        let mut seen: HashSet<RowName<'_>> = HashSet::new();
        let is_held_against_time = !self.over_time[annex_idx].is_empty() || period != Period::Plan;
        for &table in tables.iter().filter(|_| is_held_against_time) {
            let mut own: Vec<RowAt<'_>> = Vec::new();
            let totals_count = rows::states_county_total(scheme, annex, table);
            for (row_idx, row) in table.rows.iter().enumerate() {
                let counts = row.kind == RowKind::Data || totals_count;
                if counts && !rows::is_blank(annex, row) && seen.insert(name(scheme, table, row)) {
                    own.push(RowAt {
                        table,
                        row: row_idx,
                    });
                }
            }
            let mut of_form = Checked::new(scheme.rules.len());
            for &idx in &self.over_time[annex_idx] {
                let at = At {
                    scheme,
                    rule: &scheme.rules[idx],
                    year: period.year(),
                    period,
                };
                for &row in &own {
                    check_row(at, row, known, idx, &mut of_form);
                }
            }
            if period != Period::Plan {
                let found = guards::guard(scheme, period, &own, known, &mut of_form.findings);
                of_form.findings.extend(found);
                let found = copied::from_last_month(scheme, period, &own, known);
                of_form.findings.extend(found);
            }
            checked.merge(of_form);
        }
        let from_neighbours = copied::from_neighbours(scheme, annex, &tables);
        checked.findings.extend(from_neighbours);
        checked
    }
}

fn check_row<'t>(
    at: At<'_>,
    row: RowAt<'t>,
    known: &Known<'t>,
    rule: usize,
    checked: &mut Checked,
) {
    let cells: Vec<&CellSel> = match &at.rule.relation {
        Relation::Chain { cumulative, .. } => vec![cumulative],
        Relation::Cumulative { cells } | Relation::Compare { cells, .. } => cells.iter().collect(),
        _ => return,
    };
    for cell in cells {
        let applies = at.applies_to(row.row().kind, &row.row().key) && at.applies_in(at.year);
        let spot = spot_of(at, row, cell).filter(|_| applies);
        // 三年合计 is about no year.
        let year = spot.and_then(|spot| spot.year(at.scheme));
        let at_year = at;
        let at = At { year, ..at };
        let checking = match (spot, &at.rule.relation) {
            (None, _) => Ok(Outcome::NotApplied),
            (Some(spot), Relation::Chain { month, .. }) => match spot_of(at_year, row, month) {
                Some(month) => chain::check(at, Now { known, spot }, month),
                None => Ok(Outcome::NotApplied),
            },
            (Some(spot), Relation::Cumulative { .. }) => cumulative::check(at, Now { known, spot }),
            (Some(spot), _) => compare::check(at, Now { known, spot }),
        };
        checked.record(rule, checking);
    }
}

/// The cell of a row that is about the year in hand, or about no year; figures of years that are over do not
/// move, those of later years are not due.
pub(super) fn spot_of<'t>(at: At<'_>, row: RowAt<'t>, cell: &CellSel) -> Option<Spot<'t>> {
    let annex = &at.scheme.annexes[cell.annex];
    let is_of_year = row.row().year.is_none() || row.row().year == at.year;
    let leaf = annex.leaf(cell.column, at.year).filter(|_| is_of_year)?;
    Some(row.spot(leaf))
}

impl<'t> Known<'t> {
    pub(super) fn of(scheme: &Scheme, earlier: &'t Earlier) -> Self {
        Self {
            plan: PastRows::of(scheme, earlier.plan.as_ref()),
            last_month: PastRows::of(scheme, earlier.last_month.as_ref()),
            year_before: PastRows::of(scheme, earlier.year_before.as_ref()),
        }
    }
}

impl<'t> PastRows<'t> {
    fn of(scheme: &Scheme, past: Option<&'t Past>) -> Self {
        let mut rows = HashMap::new();
        for table in past.iter().flat_map(|past| &past.tables) {
            for (row_idx, row) in table.rows.iter().enumerate() {
                rows.entry(name(scheme, table, row)).or_insert(RowAt {
                    table,
                    row: row_idx,
                });
            }
        }
        Self {
            period: past.map(|past| past.period),
            rows,
        }
    }

    /// The same cell in that period.
    pub(super) fn find(&self, scheme: &Scheme, spot: Spot<'_>) -> Result<Spot<'t>, Why> {
        self.find_in(scheme, spot, spot.row().year, spot.leaf)
    }

    /// The same cell a year earlier; `None` where the annex has no such year.
    pub(super) fn find_year_before(
        &self,
        scheme: &Scheme,
        spot: Spot<'_>,
    ) -> Option<Result<Spot<'t>, Why>> {
        let annex = spot.annex(scheme);
        let leaf = &annex.leaves[spot.leaf];
        let earlier = |year: Option<u16>| year.map(|year| year - 1);
        let earlier_leaf = annex.leaf(leaf.column, earlier(leaf.year))?;
        let is_known = |year: u16| scheme.years.contains(&year);
        let row_year = earlier(spot.row().year);
        row_year
            .is_none_or(is_known)
            .then(|| self.find_in(scheme, spot, row_year, earlier_leaf))
    }

    fn find_in(
        &self,
        scheme: &Scheme,
        spot: Spot<'_>,
        year: Option<u16>,
        leaf: usize,
    ) -> Result<Spot<'t>, Why> {
        if self.period.is_none() {
            return Err(Why::NoEarlier);
        }
        let (annex, kind, whose, key, _) = name(scheme, spot.table, spot.row());
        let found = self.rows.get(&(annex, kind, whose, key, year));
        Ok(found.ok_or(Why::NotReturned)?.spot(leaf))
    }
}

fn name<'t>(scheme: &Scheme, table: &Table, row: &'t Row) -> RowName<'t> {
    let is_register = matches!(scheme.annexes[table.annex].rows, Rows::Register);
    let whose = match row.kind {
        RowKind::Total => table.reporter,
        RowKind::Data => row.reporter.filter(|_| is_register),
    };
    (table.annex, row.kind, whose, &row.key, row.year)
}

impl Now<'_, '_> {
    pub(super) fn course(self, scheme: &Scheme) -> Course {
        let annex = self.spot.annex(scheme);
        annex.course_of(self.spot.leaf, self.spot.row().spec)
    }

    /// What a share of the plan comes to in the row of the figure in hand.
    pub(super) fn planned(self, scheme: &Scheme, share: &DueShare) -> Result<DueAmount, Why> {
        let planned = |leaf: usize| {
            let spot = Spot { leaf, ..self.spot };
            self.known.plan.find(scheme, spot)?.amount()
        };
        share.amount(self.spot.leaf, planned, Why::TooManyDigits)
    }
}

/// Whether figures of a course begin anew in this month.
pub(super) fn begins_anew(course: Course, period: Period) -> bool {
    course == Course::SinceYear && matches!(period, Period::Month { month: 1, .. })
}

/// A cell of an earlier period as people call it. It stands in no file of this one.
pub(super) fn past_operand(at: At<'_>, spot: Spot<'_>) -> Operand {
    Operand {
        place: None,
        ..at.operand(&[spot], &[spot])
    }
}

/// Nothing to hold it against.
pub(super) const NOT_APPLIED: Checking = Ok(Outcome::NotApplied);
