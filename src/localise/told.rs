//! How causes and ties are told: one finding for each, at the cells that are to be looked at.
//!
//! A cause stands where the wrong figure stands, with the value that would be right, and lists what fails because
//! of it. What fails only for its own given cell is that cause already. A tie of one relation stays a finding of
//! the relation, which names all its candidates; a tie of several becomes one finding for all of them.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt};

use crate::check::Checked;
use crate::model::{
    Amount, Detail, Entry, Evidence, Extent, Finding, Kind, Level, Place, Reason, Row, Suspect,
    Table, Value,
};

use super::causes::{self, Part};
use super::evidence::Judged;
use super::system::System;
use super::{
    Advice, CLEAR, Failures, Localiser, MAX_SUSPECTS, TIE, UNLIKELY, formula, slip, violated,
};

/// A finding about wrong figures, and the findings that it takes the place of.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) finding: Finding,
    /// By their index.
    pub(super) explains: Vec<usize>,
    /// What would be right: table, row, leaf, amount.
    pub(super) repair: Vec<((usize, usize, usize), Amount)>,
}

/// A repair that is no likelier than this gives way to a difference that looks like something known.
const PATTERN: i32 = 620;

/// Tells what was found of one group of forms.
pub(super) struct Teller<'l, 'a> {
    pub(super) localiser: &'l Localiser<'a>,
    pub(super) failures: &'l Failures,
    pub(super) findings: &'l [Finding],
    /// What differences look like, by finding.
    pub(super) patterns: &'l HashMap<usize, Vec<Suspect>>,
}

impl<'a> Teller<'_, 'a> {
    /// Tells of relations that fail for one reason. `kept` are promises of the plan that hold as well once
    /// everything is put right.
    pub(super) fn part(
        &self,
        system: &System<'a>,
        part: &Part,
        kept: &[usize],
        advice: &mut Advice,
    ) {
        let explained: BTreeSet<usize> = (advice.causes.iter())
            .flat_map(|cause| cause.explains.iter().copied())
            .chain(advice.explained.iter().copied())
            .collect();
        let mut found: Vec<usize> = self.of_balances(&part.goals);
        let is_new = |finding: &usize| !explained.contains(finding);
        // A relation that two slips share is told with both.
        if !found.iter().any(is_new) {
            return;
        }
        let looks_like = (part.goals.iter())
            .filter_map(|goal| self.failures.0.get(goal))
            .filter(|finding| is_new(finding))
            .find_map(|finding| Some((*finding, self.patterns[finding].first()?)));
        if let Some((finding, pattern)) = looks_like.filter(|_| !self.is_proved(system, part)) {
            if let [Reason::Misplaced { other, .. }, ..] = &pattern.why[..] {
                self.misplaced(system, finding, pattern, other, advice);
            } else {
                self.unexplained_but(system, part, advice);
            }
            return;
        }
        let Some(cause) = part.cause() else {
            found.retain(is_new);
            match found[..] {
                [finding] => {
                    let goal = part.goals.iter().copied();
                    let mut goal = goal.filter(|goal| self.failures.0.get(goal) == Some(&finding));
                    let reach = part.options.first().map_or(TIE, causes::reach);
                    let mut suspects = self.suspects(system, &part.options, goal.next(), reach);
                    suspects.extend(self.patterns[&finding].iter().cloned());
                    suspects.truncate(MAX_SUSPECTS);
                    advice.suspects.insert(finding, suspects);
                }
                _ => advice.causes.push(self.tie(system, part, found)),
            }
            return;
        };
        for promise in kept.iter().filter(|promise| {
            let cells = cause.changes.iter();
            let mut signs = cells.map(|(cell, _)| system.balances[**promise].sign_of(*cell));
            signs.any(|sign| sign != 0)
        }) {
            found.extend(self.failures.0.get(promise).filter(|it| is_new(it)));
        }
        advice.causes.push(self.cause(system, part, cause, found));
    }

    /// Relations that nothing explains: what their differences look like is all there is to say.
    pub(super) fn unexplained(&self, goals: &[usize], advice: &mut Advice) {
        for finding in self.of_balances(goals) {
            let suspects = self.patterns[&finding].clone();
            advice.suspects.insert(finding, suspects);
        }
    }

    /// Relations whose differences look like something, before whatever else would explain them.
    fn unexplained_but(&self, system: &System<'a>, part: &Part, advice: &mut Advice) {
        for goal in &part.goals {
            let Some(&finding) = self.failures.0.get(goal) else {
                continue;
            };
            let mut suspects = self.patterns[&finding].clone();
            let mut others = self.suspects(system, &part.options, Some(*goal), TIE);
            // They are tied with each other, but come after what the difference looks like.
            for other in &mut others {
                other.why.retain(|it| !matches!(it, Reason::Tied { .. }));
            }
            suspects.extend(others);
            suspects.truncate(MAX_SUSPECTS);
            advice.suspects.insert(finding, suspects);
        }
    }

    fn of_balances(&self, balances: &[usize]) -> Vec<usize> {
        let all = balances.iter().filter_map(|it| self.failures.0.get(it));
        let all: BTreeSet<usize> = all.copied().collect();
        all.into_iter().collect()
    }

    /// Whether one cell explains several relations, which leaves nothing to coincidence, or something is known
    /// that would have made the figure what it is.
    fn is_proved(&self, system: &System<'a>, part: &Part) -> bool {
        let Some(best) = part.options.first() else {
            return false;
        };
        if part.n_tied == 1
            && matches!(best.changes[..], [(cell, _)] if violated(system, cell).len() >= 2)
        {
            return true;
        }
        let judge = self.localiser.judge(system);
        let is_exchange = |why: &[Reason]| matches!(why, [Reason::Exchanged { .. }, ..]);
        let mut changes = best.changes.iter().zip(&best.reasons);
        changes
            .all(|(&(cell, value), why)| is_exchange(why) || judge.explain(cell, value).0 < PATTERN)
    }

    /// A cause at its cell or cells.
    fn cause(
        &self,
        system: &System<'a>,
        part: &Part,
        cause: &Judged,
        mut explains: Vec<usize>,
    ) -> Cause {
        explains.sort_unstable();
        explains.dedup();
        let repair: Vec<_> = (cause.changes.iter())
            .map(|&(cell, value)| (system.cells[cell].spot, system.amount(cell, value)))
            .collect();
        let level = self.level(&explains);
        let told: Vec<Finding> = self.clones(&explains);
        if let Some(slip) = unit_slip(system, part, cause) {
            let (cell, value) = cause.changes[0];
            let found = slip::Found {
                extent: Extent::Cell,
                slip,
                evidence: Evidence::Relations(violated(system, cell).len()),
                cells: vec![(
                    system.cells[cell].spot,
                    system.amount(cell, system.cells[cell].value),
                    system.amount(cell, value),
                )],
                explains: Vec::new(),
            };
            return Cause {
                finding: self.localiser.slip_finding(found, level, told),
                explains,
                repair,
            };
        }
        let mut suspects = Vec::new();
        for position in 0..cause.changes.len() {
            suspects.push(self.suspect(system, cause, position, &part.with, 1));
        }
        let others = part.options.iter().skip(1);
        for other in others.take_while(|it| it.cost <= cause.cost + UNLIKELY) {
            for position in 0..other.changes.len() {
                let suspect = self.suspect(system, other, position, &[], 1);
                let is_known =
                    |it: &Suspect| it.place == suspect.place && it.likely == suspect.likely;
                if suspects.len() < MAX_SUSPECTS && !suspects.iter().any(is_known) {
                    suspects.push(suspect);
                }
            }
        }
        let cells: Vec<usize> = cause.changes.iter().map(|(cell, _)| *cell).collect();
        let detail = Detail::Miswritten { explains: told };
        let mut finding = self.finding(system, level, detail, &cells);
        if let ([suspect], [_]) = (&suspects[..1], &cells[..]) {
            finding.given = Some(suspect.given.clone());
            finding.expected = suspect.likely.clone();
            finding.difference = difference(suspect);
        }
        finding.suspects = suspects;
        Cause {
            finding,
            explains,
            repair,
        }
    }

    /// Several cells of which one is wrong, where more than one relation says so.
    fn tie(&self, system: &System<'a>, part: &Part, explains: Vec<usize>) -> Cause {
        let level = self.level(&explains);
        let reach = part.options.first().map_or(TIE, causes::reach);
        let suspects = self.suspects(system, &part.options, None, reach);
        let mut cells: Vec<usize> = (part.options[..part.n_tied].iter())
            .flat_map(|it| it.changes.iter().map(|(cell, _)| *cell))
            .collect();
        cells.sort_by_key(|cell| system.cells[*cell].spot);
        cells.dedup();
        let told = self.clones(&explains);
        let detail = Detail::Miswritten { explains: told };
        let mut finding = self.finding(system, level, detail, &cells);
        // What may be any of several cells is at none of them.
        if let Some(place) = &mut finding.place
            && let Some(cell) = place.cell.take()
        {
            let first = Place {
                cell: Some(cell),
                ..place.clone()
            };
            let others = std::mem::take(&mut finding.cells);
            finding.cells = std::iter::once(first).chain(others.iter()).collect();
        }
        finding.suspects = suspects;
        Cause {
            finding,
            explains,
            repair: Vec::new(),
        }
    }

    /// 错位: figures of two rows of one reporter were mixed up, which two relations show.
    fn misplaced(
        &self,
        system: &System<'a>,
        finding: usize,
        suspect: &Suspect,
        other: &(Place, String),
        advice: &mut Advice,
    ) {
        let names = |it: &Suspect| it.place == other.0;
        let twins = self.patterns.iter().filter_map(|(twin, suspects)| {
            let found = suspects.iter().find(|it| {
                let back = matches!(&it.why[..], [Reason::Misplaced { other, .. }, ..] if other.0 == suspect.place);
                back && names(it)
            });
            Some((*twin, found?))
        });
        let twin = twins.min_by_key(|(twin, _)| *twin);
        let mut explains = vec![finding];
        let mut suspects = vec![suspect.clone()];
        if let Some((twin, found)) = twin {
            explains.push(twin);
            suspects.push(found.clone());
        }
        explains.sort_unstable();
        explains.dedup();
        let find = |place: &Place| {
            let mut cells = 0..system.cells.len();
            cells.find(|cell| system.place(*cell) == *place)
        };
        let cells: Vec<usize> = [&suspect.place, &other.0]
            .into_iter()
            .filter_map(find)
            .collect();
        let level = self.level(&explains);
        let detail = Detail::Miswritten {
            explains: self.clones(&explains),
        };
        let mut cause = self.finding(system, level, detail, &cells);
        let likely = |place: &Place| {
            let suspect = suspects.iter().find(|it| it.place == *place);
            suspect.and_then(|it| it.likely.as_deref()?.parse::<Amount>().ok())
        };
        let repair = cells
            .iter()
            .filter_map(|&cell| Some((system.cells[cell].spot, likely(&system.place(cell))?)));
        let repair = repair.collect();
        cause.suspects = suspects;
        advice.causes.push(Cause {
            finding: cause,
            explains,
            repair,
        });
    }

    fn level(&self, explains: &[usize]) -> Level {
        let levels = explains.iter().map(|idx| self.findings[*idx].level);
        levels.min().unwrap_or(Level::Hint)
    }

    fn clones(&self, explains: &[usize]) -> Vec<Finding> {
        let all = explains.iter().map(|idx| self.findings[*idx].clone());
        all.collect()
    }

    /// A finding about some cells, at the first of them.
    fn finding(
        &self,
        system: &System<'a>,
        level: Level,
        detail: Detail,
        cells: &[usize],
    ) -> Finding {
        let spots: Vec<_> = cells.iter().map(|cell| system.cells[*cell].spot).collect();
        let is_one = |of: fn(&(usize, usize, usize)) -> (usize, usize)| {
            spots.iter().all(|spot| of(spot) == of(&spots[0]))
        };
        let extent = match spots.len() {
            1 => Extent::Cell,
            _ if is_one(|spot| (spot.0, spot.1)) => Extent::Row,
            _ if is_one(|spot| (spot.0, spot.2)) => Extent::Column,
            _ => Extent::Form,
        };
        let localiser = self.localiser;
        localiser.finding(Kind::Miswritten, level, detail, extent, &spots)
    }

    /// The cells of ranked repairs, of those only that take part in `goal`, if one is named. Costs `near` the least
    /// are a tie.
    pub(super) fn suspects(
        &self,
        system: &System<'a>,
        repairs: &[Judged],
        goal: Option<usize>,
        near: i32,
    ) -> Vec<Suspect> {
        let mut suspects: Vec<Suspect> = Vec::new();
        let Some(best) = repairs.first() else {
            return suspects;
        };
        let n_tied = repairs
            .iter()
            .filter(|it| it.cost <= best.cost + near)
            .count();
        for repair in repairs.iter().filter(|it| it.cost <= best.cost + UNLIKELY) {
            let n_tied = match repair.cost <= best.cost + near {
                true => n_tied,
                false => 1,
            };
            for (position, &(cell, _)) in repair.changes.iter().enumerate() {
                let is_of_goal = goal.is_none_or(|goal| system.balances[goal].sign_of(cell) != 0);
                if !is_of_goal || suspects.len() >= MAX_SUSPECTS {
                    continue;
                }
                let suspect = self.suspect(system, repair, position, &[], n_tied);
                let is_known =
                    |it: &Suspect| it.place == suspect.place && it.likely == suspect.likely;
                if !suspects.iter().any(is_known) {
                    suspects.push(suspect);
                }
            }
        }
        suspects
    }

    /// One cell of a repair; `more` changes have to be made besides, before everything holds.
    fn suspect(
        &self,
        system: &System<'a>,
        repair: &Judged,
        position: usize,
        more: &[(usize, i128)],
        n_tied: usize,
    ) -> Suspect {
        let (cell, value) = repair.changes[position];
        // Reasons speak of the figure as it would be once a fault over many cells was put right.
        let given = system.given(cell);
        let mut why = match given == system.cells[cell].value {
            true => repair.reasons[position].clone(),
            false => Vec::new(),
        };
        let changes = repair.changes.iter().enumerate();
        let others = changes.filter(|(idx, _)| *idx != position);
        let others = others.map(|(_, change)| change).chain(more);
        let with: Vec<(Place, String)> = others
            .map(|&(other, value)| (system.place(other), system.amount(other, value).to_string()))
            .collect();
        let is_exchange = matches!(why.first(), Some(Reason::Exchanged { .. }));
        match with.is_empty() {
            false if !is_exchange => why.push(Reason::Together { with }),
            true => {
                let n_relations = violated(system, cell).len();
                why.extend((n_relations > 1).then_some(Reason::Satisfies { n_relations }));
            }
            false => {}
        }
        if n_tied > 1 {
            why.push(Reason::Tied {
                n_others: n_tied - 1,
            });
        }
        Suspect {
            place: system.place(cell),
            given: system.given_text(cell),
            likely: Some(system.amount(cell, value).to_string()),
            why,
        }
    }
}

fn difference(suspect: &Suspect) -> Option<Amount> {
    let given: Amount = suspect.given.parse().ok()?;
    given.checked_sub(suspect.likely.as_deref()?.parse().ok()?)
}

/// The unit that the one cell of a cause was filled in in, where at least two relations say so and nothing else is
/// nearly as likely.
fn unit_slip(system: &System<'_>, part: &Part, cause: &Judged) -> Option<crate::model::Slip> {
    let ([(cell, _)], [reasons]) = (&cause.changes[..], &cause.reasons[..]) else {
        return None;
    };
    let second = part.options.get(1);
    if second.is_some_and(|second| second.cost < cause.cost + CLEAR) || !part.with.is_empty() {
        return None;
    }
    let slip = reasons.iter().find_map(|reason| match reason {
        Reason::Unit(slip) => Some(slip.clone()),
        _ => None,
    });
    slip.filter(|_| violated(system, *cell).len() >= 2)
}

/// Joins causes that name one cell, and lets a relation that fails for its own given cell alone speak for itself.
pub(super) fn settled(causes: Vec<Cause>, findings: &[Finding]) -> Vec<Cause> {
    let mut joined: Vec<Cause> = Vec::new();
    for cause in causes {
        let is_same = |it: &Cause| {
            it.finding.place == cause.finding.place
                && it.finding.cells == cause.finding.cells
                && it.finding.suspects.first().map(|it| &it.likely)
                    == cause.finding.suspects.first().map(|it| &it.likely)
        };
        match joined.iter_mut().find(|it| is_same(it)) {
            Some(known) => {
                for idx in cause.explains {
                    if !known.explains.contains(&idx) {
                        known.explains.push(idx);
                        explain(&mut known.finding, &findings[idx]);
                    }
                }
            }
            None => joined.push(cause),
        }
    }
    joined
}

/// Adds what a finding explains.
pub(super) fn explain(cause: &mut Finding, consequence: &Finding) {
    if let Detail::Miswritten { explains }
    | Detail::UnitSlip { explains, .. }
    | Detail::Shifted { explains, .. } = &mut cause.detail
    {
        explains.push(consequence.clone());
        cause.level = cause.level.min(consequence.level);
    }
}

impl Localiser<'_> {
    /// Causes with all that comes of them, whatever kind of rule found it: what is no longer found once
    /// they are put right.
    pub(super) fn with_consequences(
        &self,
        causes: Vec<Cause>,
        findings: &mut [Finding],
        explained: &mut BTreeSet<usize>,
    ) -> Vec<Finding> {
        let mut causes = causes;
        let mut by_place: HashMap<Place, usize> = HashMap::new();
        for (idx, cause) in causes
            .iter()
            .enumerate()
            .filter(|(_, it)| !it.repair.is_empty())
        {
            let cells = cause
                .finding
                .place
                .iter()
                .cloned()
                .chain(cause.finding.cells.iter());
            // What a total adds up is found in the total as well.
            let related = cause
                .explains
                .iter()
                .filter_map(|idx| findings[*idx].place.clone());
            for place in cells.chain(related) {
                by_place.entry(place).or_insert(idx);
            }
        }
        let named = (findings.iter().enumerate())
            .filter(|(idx, it)| {
                let is_rule = it.rule.is_some() || it.kind == Kind::Guard;
                is_rule && !explained.contains(idx)
            })
            .filter_map(|(idx, it)| {
                Some((idx, *places(it).iter().find_map(|at| by_place.get(at))?))
            });
        let named: Vec<(usize, usize)> = named.collect();
        if !named.is_empty() {
            let still = self.still_found(&causes, named.iter().map(|(idx, _)| &findings[*idx]));
            for (idx, cause) in named {
                if !still.contains(&name(&findings[idx])) {
                    causes[cause].explains.push(idx);
                    explain(&mut causes[cause].finding, &findings[idx]);
                    explained.insert(idx);
                }
            }
        }
        let mut told = Vec::new();
        for cause in causes {
            match cause.explains[..] {
                [only] if speaks_for_itself(&cause.finding, &findings[only]) => {
                    explained.remove(&only);
                    findings[only].suspects = cause.finding.suspects;
                }
                _ => told.push(cause.finding),
            }
        }
        told
    }

    /// The names of what is found once all causes are put right.
    fn still_found<'f>(
        &self,
        causes: &[Cause],
        named: impl Iterator<Item = &'f Finding>,
    ) -> BTreeSet<String> {
        let mut repaired: BTreeMap<usize, Table> = BTreeMap::new();
        for ((table, row, leaf), amount) in causes.iter().flat_map(|cause| &cause.repair) {
            let known = repaired.entry(*table);
            let table = known.or_insert_with(|| with_blank_rows(&self.tables[*table]));
            table.rows[*row].entries[*leaf].value = Value::Amount(*amount);
        }
        for (idx, table) in &mut repaired {
            formula::calculate(&self.tables[*idx], table);
        }
        let names = |checked: Checked| -> Vec<String> {
            let findings = checked.findings.iter();
            findings.map(name).collect()
        };
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut before: BTreeSet<String> = BTreeSet::new();
        for (idx, table) in &repaired {
            found.extend(names(self.checker.form(table)));
            before.extend(names(self.checker.form(&self.tables[*idx])));
        }
        // What no form says by itself is asked of all of them.
        let (mut of_county, mut over_time) = (false, false);
        for finding in named.filter(|finding| !before.contains(&name(finding))) {
            match finding.kind {
                Kind::Chain | Kind::Cumulative | Kind::Compare | Kind::Guard => over_time = true,
                _ => of_county = true,
            }
        }
        if of_county || over_time {
            let tables = self.tables.iter().enumerate();
            let tables: Vec<Table> = tables
                .map(|(idx, table)| repaired.get(&idx).unwrap_or(table).clone())
                .collect();
            if of_county {
                found.extend(names(self.checker.county(&tables)));
            }
            if over_time {
                found.extend(names(self.checker.over_time(&tables, self.earlier)));
            }
        }
        found
    }
}

/// A table in which what it prints and nobody filled in is a row as well, after the others.
fn with_blank_rows(table: &Table) -> Table {
    let mut filled = table.clone();
    let n_leaves = table.columns.len();
    filled.rows.extend(
        std::mem::take(&mut filled.blank_rows)
            .into_iter()
            .map(|row| Row {
                entries: vec![Entry::MISSING; n_leaves].into(),
                ..row
            }),
    );
    filled
}

/// Whether a relation that fails says itself which cell is wrong and what would be right.
fn speaks_for_itself(cause: &Finding, relation: &Finding) -> bool {
    let amount = |text: &Option<String>| text.as_deref()?.parse::<Amount>().ok();
    let is_cell = relation
        .place
        .as_ref()
        .is_some_and(|place| place.cell.is_some());
    cause.kind == Kind::Miswritten
        && is_cell
        && cause.place == relation.place
        && cause.cells.is_empty()
        && amount(&cause.expected).is_some()
        && amount(&cause.expected) == amount(&relation.expected)
}

/// What tells the findings of a check apart.
fn name(finding: &Finding) -> String {
    let first = finding.cells.first();
    let kind = finding.kind;
    format!(
        "{kind} {:?} {:?} {:?} {:?}",
        finding.rule, finding.place, first, finding.year
    )
}

/// Every cell that a finding is about.
fn places(finding: &Finding) -> Vec<Place> {
    let mut all = Vec::new();
    let mut finding = finding.clone();
    finding.suspects.clear();
    finding.change_places(&mut |place| all.push(place.clone()));
    all
}
