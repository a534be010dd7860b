//! Failed relations → suspects: which cell is probably the wrong one, and what would be right.
//!
//! Runs after [`check`](crate::check), over the same relations: it never decides whether something is wrong,
//! and never changes a value. Advice is for people, so what cannot be told apart is reported as a tie.
//!
//! 1. What a difference looks like ([`pattern`]): a part left out, counted twice, another definition, two
//!    rows mixed up.
//! 2. Faults that extend over many cells are told once, instead of the many failures that come of them:
//!    another unit of measure ([`slip`]), figures one row or column off ([`shift`]).
//! 3. For the rest, the smallest sets of cells whose change satisfies everything ([`search`]), ranked by
//!    what is known of typing errors, of the plan, last month and other years ([`evidence`]).

mod edit;
mod evidence;
mod exchange;
mod pattern;
mod search;
mod shift;
mod slip;
mod system;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use rayon::prelude::*;

use crate::check::Checker;
use crate::model::{
    Amount, Detail, Earlier, Evidence, Explained, Extent, Finding, Kind, Level, Place, Reason,
    Slip, Suspect, Table,
};

use evidence::{Before, Judge, Judged, Weights};
use search::{Limits, search};
use system::{Group, Spot, System};

/// More suspects than these are no help.
const MAX_SUSPECTS: usize = 8;
/// Cells that a fault over many lists with their right values.
const MAX_LISTED: usize = 24;
/// Costs within this of each other are a tie.
const TIE: i32 = 5;
/// Explanations that are this much less likely than the best are not worth reading.
const UNLIKELY: i32 = 250;
/// How much likelier than any other explanation a fault must be to be told as one.
const CLEAR: i32 = 50;

/// Fills in the suspects of what failed, and replaces failures that have one cause by that cause.
///
/// `tables` are those that `findings` came of; of a county only those that count. What is known from `earlier`
/// periods makes single cells stand out where sums alone leave ties.
pub fn localise(
    checker: &Checker<'_>,
    tables: &[Table],
    earlier: &Earlier,
    findings: &mut Vec<Finding>,
) {
    Localiser {
        checker,
        tables,
        before: Before::of(checker.scheme(), earlier),
        weights: Weights::default(),
    }
    .run(findings);
}

/// The findings that only say once more that a figure is not what it was before or ought to be, where figures
/// are told to be in another unit or place. Those explain them.
fn consequences(findings: &[Finding], told: &mut [Finding]) -> Vec<usize> {
    let is_of_size = |kind: Kind| {
        matches!(
            kind,
            Kind::Chain
                | Kind::Cumulative
                | Kind::Compare
                | Kind::Trend
                | Kind::Target
                | Kind::Range
                | Kind::Order
                | Kind::Guard
        )
    };
    if told.is_empty() {
        return Vec::new();
    }
    // Which of those told names a place first. Of a whole form no figure can be held against anything.
    let mut by_place: HashMap<Place, usize> = HashMap::new();
    for (idx, cause) in told.iter().enumerate() {
        let is_whole = match &cause.detail {
            Detail::UnitSlip { extent, .. } => *extent == Extent::Form,
            _ => false,
        };
        let own = cause.place.iter();
        let sheet = own.clone().filter(|_| is_whole).map(|own| Place {
            cell: None,
            ..own.clone()
        });
        for place in own.cloned().chain(cause.cells.iter()).chain(sheet) {
            by_place.entry(place).or_insert(idx);
        }
    }
    let mut all = Vec::new();
    for (idx, finding) in findings.iter().enumerate() {
        let Some(place) = finding
            .place
            .as_ref()
            .filter(|place| place.cell.is_some() && is_of_size(finding.kind))
        else {
            continue;
        };
        let sheet = Place {
            cell: None,
            ..place.clone()
        };
        let named = [place.clone(), sheet].into_iter();
        let others = finding.cells.iter().filter(|place| place.cell.is_some());
        let causes = named.chain(others).filter_map(|place| by_place.get(&place));
        let Some(cause) = causes.min().map(|cause| &mut told[*cause]) else {
            continue;
        };
        if let Detail::UnitSlip { explains, .. } | Detail::Shifted { explains, .. } =
            &mut cause.detail
        {
            cause.level = cause.level.min(finding.level);
            let place = Some(place.clone());
            explains.extend(finding.rule.clone().map(|rule| Explained { rule, place }));
            all.push(idx);
        }
    }
    all
}

struct Localiser<'a> {
    checker: &'a Checker<'a>,
    tables: &'a [Table],
    before: Before<'a>,
    weights: Weights,
}

impl<'a> Localiser<'a> {
    fn run(&self, findings: &mut Vec<Finding>) {
        let mut wanted = vec![false; self.tables.len()];
        let mut sheets: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let has_failed = findings.iter().any(is_failure);
        if has_failed {
            for (idx, table) in self.tables.iter().enumerate() {
                sheets
                    .entry((&*table.file, &*table.sheet))
                    .or_default()
                    .push(idx);
            }
            for place in findings
                .iter()
                .filter(|it| is_failure(it))
                .flat_map(sheets_of)
            {
                let sheet = place.sheet.as_deref().unwrap_or_default();
                let on_sheet = sheets.get(&(&*place.file, sheet));
                on_sheet
                    .into_iter()
                    .flatten()
                    .for_each(|&table| wanted[table] = true);
            }
        }
        let mut told: Vec<Finding> = Vec::new();
        let mut explained: BTreeSet<usize> = BTreeSet::new();
        let mut slipped: HashSet<(usize, usize)> = HashSet::new();
        if wanted.contains(&true) {
            let named = Named::of(findings);
            let groups = Group::all(self.checker, self.tables, &wanted);
            let advice: Vec<Advice> = groups
                .into_par_iter()
                .map(|group| {
                    let mut system = System::new(self.checker, self.tables, group);
                    let failures = named.failures(&system);
                    self.advice(&mut system, &failures, findings)
                })
                .collect();
            for of_group in advice {
                told.extend(of_group.told);
                explained.extend(of_group.explained);
                slipped.extend(of_group.slipped);
                for (finding, suspects) in of_group.suspects {
                    findings[finding].suspects = suspects;
                }
            }
        }
        if has_failed {
            self.sideways(&wanted, findings, &mut told, &mut explained);
        }
        let scheme = self.checker.scheme();
        for found in slip::by_size(scheme, self.tables, &self.before, &slipped) {
            told.push(self.slip_finding(found, Level::Verification, Vec::new()));
        }
        for found in slip::by_share(scheme, self.tables, &self.before) {
            told.push(self.slip_finding(found, Level::Verification, Vec::new()));
        }
        for found in shift::by_before(scheme, self.tables, &self.before) {
            let values = vec![None; found.cells.len()];
            told.push(self.shift_finding(&found, &values, Level::Verification, Vec::new()));
        }
        let consequences = consequences(findings, &mut told);
        explained.extend(consequences);
        if !explained.is_empty() {
            let mut idx = 0;
            findings.retain(|_| {
                idx += 1;
                !explained.contains(&(idx - 1))
            });
        }
        findings.append(&mut told);
    }

    /// Tells of rows that were moved sideways, instead of their sums.
    fn sideways(
        &self,
        wanted: &[bool],
        findings: &[Finding],
        told: &mut Vec<Finding>,
        explained: &mut BTreeSet<usize>,
    ) {
        let mut rows: HashMap<(&str, &str, u32), Vec<usize>> = HashMap::new();
        for (idx, finding) in findings.iter().enumerate() {
            let place = finding.place.as_ref().filter(|_| is_failure(finding));
            if let Some(place) = place.filter(|_| !explained.contains(&idx))
                && let (Some(sheet), Some(cell)) = (&place.sheet, place.cell)
            {
                let row = (&*place.file, &**sheet, cell.row);
                rows.entry(row).or_default().push(idx);
            }
        }
        let tables = self.tables.iter().enumerate();
        for (table_idx, table) in tables.filter(|(idx, _)| wanted[*idx]) {
            for (row_idx, row) in table.rows.iter().enumerate() {
                let Some(failed) = rows.get(&(&*table.file, &*table.sheet, row.sheet_row)) else {
                    continue;
                };
                let found = shift::by_blank(self.checker, self.tables, (table_idx, row_idx));
                let Some((found, values)) = found else {
                    continue;
                };
                let level = failed.iter().map(|&idx| findings[idx].level).min();
                let explains = failed.iter().filter_map(|&idx| {
                    let (rule, place) = (findings[idx].rule.clone()?, findings[idx].place.clone());
                    Some(Explained { rule, place })
                });
                let level = level.unwrap_or(Level::Verification);
                told.push(self.shift_finding(&found, &values, level, explains.collect()));
                explained.extend(failed);
            }
        }
    }

    /// What there is to say of one group of forms.
    fn advice(&self, system: &mut System<'a>, failures: &Failures, findings: &[Finding]) -> Advice {
        let Advice {
            mut suspects,
            mut told,
            mut explained,
            mut slipped,
        } = Advice::default();
        for (&balance, &finding) in &failures.0 {
            suspects.insert(finding, pattern::of_difference(system, balance));
        }
        let mut explain = |balances: &[usize]| -> (Level, Vec<Explained>) {
            let mut level = Level::Hint;
            let mut all = Vec::new();
            for finding in balances
                .iter()
                .filter_map(|balance| failures.0.get(balance))
            {
                if explained.insert(*finding) {
                    let finding = &findings[*finding];
                    level = level.min(finding.level);
                    let place = finding.place.clone();
                    all.extend(finding.rule.clone().map(|rule| Explained { rule, place }));
                }
            }
            (level, all)
        };
        for found in slip::by_relations(system) {
            let (level, explains) = explain(&found.explains);
            slipped.extend(
                found
                    .cells
                    .iter()
                    .map(|((table, row, _), ..)| (*table, *row)),
            );
            if !explains.is_empty() {
                told.push(self.slip_finding(found, level, explains));
            }
        }
        for found in shift::by_relations(system) {
            let (level, explains) = explain(&found.explains);
            if !explains.is_empty() {
                let values = found.cells.iter().map(|&(spot, value)| {
                    let cell = system.find(spot)?;
                    Some(system.amount(cell, value?))
                });
                let values: Vec<Option<Amount>> = values.collect();
                told.push(self.shift_finding(&found, &values, level, explains));
            }
        }
        let mut exchanged: HashSet<usize> = HashSet::new();
        for found in exchange::by_relations(system) {
            let [a, b] = found.cells;
            let values = [system.cells[a].value, system.cells[b].value];
            let repair = Judged {
                changes: vec![(a, values[1]), (b, values[0])],
                reasons: [b, a]
                    .map(|with| {
                        let with = system.place(with);
                        vec![Reason::Exchanged { with }]
                    })
                    .into(),
                cost: self.weights.exchanged,
            };
            for balance in found.explains {
                if let Some(finding) = failures.0.get(&balance) {
                    let repair = std::slice::from_ref(&repair);
                    let mut both = Vec::new();
                    add_suspects(system, repair, balance, &exchanged, &mut both);
                    suspects.insert(*finding, both);
                }
            }
            system.set(a, values[1]);
            system.set(b, values[0]);
            exchanged.extend([a, b]);
        }
        let promises: Vec<usize> = (0..system.balances.len())
            .filter(|idx| system.balances[*idx].set_aside && system.balances[*idx].fails())
            .filter(|idx| failures.0.contains_key(idx))
            .collect();
        let mut kept: HashSet<usize> = HashSet::new();
        for block in blocks(system) {
            if !block.iter().any(|balance| failures.0.contains_key(balance)) {
                continue;
            }
            for (goals, repairs) in explanations(system, &block) {
                let mut repairs = self.judge(system).rank(repairs);
                if repairs.first().is_some_and(|best| self.is_doubtful(best)) {
                    repairs = self.with_exchanges(system, &goals, repairs);
                }
                if let Some((cell, value, slip)) = unit_slip(system, &repairs) {
                    let fixed = violated(system, cell);
                    let found = slip::Found {
                        extent: Extent::Cell,
                        slip,
                        evidence: Evidence::Relations(fixed.len()),
                        cells: vec![(
                            system.cells[cell].spot,
                            system.amount(cell, system.cells[cell].value),
                            system.amount(cell, value),
                        )],
                        explains: fixed,
                    };
                    let (level, explains) = explain(&found.explains);
                    if !explains.is_empty() {
                        told.push(self.slip_finding(found, level, explains));
                    }
                }
                for goal in goals {
                    if let Some(finding) = failures.0.get(&goal) {
                        let known = suspects.entry(*finding).or_default();
                        // One cell that explains several relations leaves nothing to coincidence.
                        if is_conclusive(system, &repairs) {
                            known.retain(|it| it.likely.is_some());
                        }
                        add_suspects(system, &repairs, goal, &exchanged, known);
                    }
                }
                for &promise in &promises {
                    let keeps = |it: &&Judged| evidence::keeps(system, promise, &it.changes);
                    if repairs.first().is_some_and(|best| keeps(&best)) {
                        let known = suspects.entry(failures.0[&promise]).or_default();
                        add_suspects(system, &repairs[..1], promise, &exchanged, known);
                        kept.insert(promise);
                    }
                }
            }
        }
        for promise in promises.into_iter().filter(|it| !kept.contains(it)) {
            if !system.balances[promise].fails() {
                continue;
            }
            system.balances[promise].set_aside = false;
            let repairs = search(system, &[promise], PROMISE);
            let repairs = self.judge(system).rank(repairs);
            let known = suspects.entry(failures.0[&promise]).or_default();
            add_suspects(system, &repairs, promise, &exchanged, known);
            system.balances[promise].set_aside = true;
        }
        for suspects in suspects.values_mut() {
            suspects.truncate(MAX_SUSPECTS);
        }
        Advice {
            suspects,
            told,
            explained,
            slipped,
        }
    }

    fn judge<'s>(&'s self, system: &'s System<'a>) -> Judge<'s, 'a> {
        Judge {
            system,
            before: &self.before,
            weights: self.weights,
        }
    }

    /// Whether an explanation changes several cells, one of them for no reason that is known.
    fn is_doubtful(&self, best: &Judged) -> bool {
        best.changes.len() > 1 && best.reasons.iter().any(Vec::is_empty)
    }

    /// The explanations, and those in which two figures changed places: one slip of the hand, that the search
    /// for the fewest cells counts as two.
    fn with_exchanges(
        &self,
        system: &mut System<'a>,
        goals: &[usize],
        repairs: Vec<Judged>,
    ) -> Vec<Judged> {
        let limits = Limits {
            n_cells: repairs[0].changes.len() - 1,
            n_nodes: 300,
        };
        let mut others = Vec::new();
        for [a, b] in exchange::beside_others(system, goals) {
            let values = [system.cells[a].value, system.cells[b].value];
            system.set(a, values[1]);
            system.set(b, values[0]);
            let rest = search(system, goals, limits);
            system.set(a, values[0]);
            system.set(b, values[1]);
            let apart = rest
                .into_iter()
                .filter(|it| it.changes.iter().all(|(cell, _)| ![a, b].contains(cell)));
            others.extend(apart.map(|mut repair| {
                repair.changes.splice(..0, [(a, values[1]), (b, values[0])]);
                repair
            }));
        }
        let mut all = repairs;
        all.extend(self.judge(system).rank(others));
        all.sort_by_key(|it| it.cost);
        all
    }

    fn slip_finding(&self, found: slip::Found, level: Level, explains: Vec<Explained>) -> Finding {
        let spots: Vec<Spot> = found.cells.iter().map(|(spot, ..)| *spot).collect();
        let detail = Detail::UnitSlip {
            slip: found.slip.clone(),
            extent: found.extent,
            evidence: found.evidence,
            explains,
        };
        let mut finding = self.finding(Kind::UnitSlip, level, detail, found.extent, &spots);
        if let [(_, given, likely)] = &found.cells[..] {
            finding.given = Some(given.to_string());
            finding.expected = Some(likely.to_string());
        }
        let listed = found.cells.iter().take(MAX_LISTED);
        finding.suspects = listed
            .map(|(spot, given, likely)| Suspect {
                place: self.place(*spot),
                given: given.to_string(),
                likely: Some(likely.to_string()),
                why: vec![Reason::Unit(found.slip.clone())],
            })
            .collect();
        finding
    }

    fn shift_finding(
        &self,
        found: &shift::Found,
        values: &[Option<Amount>],
        level: Level,
        explains: Vec<Explained>,
    ) -> Finding {
        let spots: Vec<Spot> = found.cells.iter().map(|(spot, _)| *spot).collect();
        let detail = Detail::Shifted {
            by: found.by,
            extent: found.extent,
            evidence: found.evidence,
            explains,
        };
        let mut finding = self.finding(Kind::Shifted, level, detail, found.extent, &spots);
        let listed = spots.iter().zip(values).take(MAX_LISTED);
        finding.suspects = listed
            .filter_map(|(&(table, row, leaf), value)| {
                Some(Suspect {
                    place: self.place((table, row, leaf)),
                    given: self.tables[table].rows[row].entries[leaf].value.to_string(),
                    likely: Some((*value)?.to_string()),
                    why: Vec::new(),
                })
            })
            .collect();
        finding
    }

    /// A finding about a group of cells, at the first of them.
    fn finding(
        &self,
        kind: Kind,
        level: Level,
        detail: Detail,
        extent: Extent,
        spots: &[Spot],
    ) -> Finding {
        let scheme = self.checker.scheme();
        let mut finding = Finding::new(kind, level, detail);
        let Some(&(table_idx, row_idx, leaf)) = spots.first() else {
            return finding;
        };
        let table = &self.tables[table_idx];
        let row = &table.rows[row_idx];
        let annex = &scheme.annexes[table.annex];
        let reporter = table.reporter.or(row.reporter);
        finding.annex = Some(annex.number.clone());
        finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
        finding.place = Some(self.place(spots[0]));
        finding.cells = spots[1..].iter().map(|spot| self.place(*spot)).collect();
        if matches!(extent, Extent::Cell | Extent::Row) {
            let name = match (row.kind, &annex.total) {
                (crate::model::RowKind::Total, Some(total)) => total.label(table.rows.len() - 1),
                _ => row.name(),
            };
            finding.row = (!name.is_empty()).then(|| name.into());
        }
        if matches!(extent, Extent::Cell | Extent::Column) {
            finding.column = Some(Box::from(&*annex.column_of(leaf).name));
            finding.year = annex.leaves[leaf].year.or(row.year);
        }
        finding
    }

    fn place(&self, (table, row, leaf): Spot) -> Place {
        let table = &self.tables[table];
        Place::sheet(
            &table.file,
            &table.sheet,
            table.cell(&table.rows[row], leaf),
        )
    }
}

/// What is said of the failures of one group of forms.
#[derive(Default)]
struct Advice {
    /// Of findings, by their index.
    suspects: HashMap<usize, Vec<Suspect>>,
    /// Faults that extend over many cells.
    told: Vec<Finding>,
    /// The findings that those explain.
    explained: BTreeSet<usize>,
    /// The rows that they are about: table, row.
    slipped: HashSet<(usize, usize)>,
}

/// Findings of failures by what they are about: rule, what was given, the first of what it is held against.
struct Named<'f>(HashMap<(&'f str, Place, Option<Place>), usize>);

/// Which finding tells of which balance.
struct Failures(HashMap<usize, usize>);

impl<'f> Named<'f> {
    fn of(findings: &'f [Finding]) -> Self {
        let mut by_name = HashMap::new();
        for (idx, finding) in findings.iter().enumerate().filter(|(_, it)| is_failure(it)) {
            let (Some(rule), Some(place)) = (finding.rule.as_deref(), finding.place.clone()) else {
                continue;
            };
            // Of several given cells none is the place: then they lead the list of cells.
            let (given, against) = match (place.cell, finding.cells.first()) {
                (Some(_), first) => (place, first.cloned()),
                (None, Some(first)) => (first.clone(), None),
                (None, None) => continue,
            };
            by_name.insert((rule, given, against), idx);
        }
        Self(by_name)
    }

    fn failures(&self, system: &'f System<'_>) -> Failures {
        let rules = &system.scheme.rules;
        let mut failures = HashMap::new();
        for (idx, balance) in system
            .balances
            .iter()
            .enumerate()
            .filter(|(_, it)| it.fails())
        {
            let Some(&(first, _)) = balance.terms.first() else {
                continue;
            };
            let rule = &*rules[balance.rule].id;
            let given = system.place(first);
            let expected = balance.terms[balance.n_given..].iter();
            let names = expected
                .map(|(cell, _)| Some(system.place(*cell)))
                .chain([None]);
            // The first of the expected cells may be blank, and so be no term.
            let found = names
                .take(4)
                .chain([None])
                .find_map(|against| self.0.get(&(rule, given.clone(), against)).copied());
            failures.extend(found.map(|finding| (idx, finding)));
        }
        Failures(failures)
    }
}

/// The places that a finding names; of cells of one run only the first, since all are on one sheet.
fn sheets_of(finding: &Finding) -> impl Iterator<Item = &Place> {
    let runs = finding.cells.runs().iter();
    finding.place.iter().chain(runs.map(|run| &run.first))
}

/// Whether a finding tells of an equality that fails beyond rounding.
fn is_failure(finding: &Finding) -> bool {
    let is_equality = matches!(
        finding.detail,
        Detail::Sum { .. } | Detail::TotalRow { .. } | Detail::Equal { .. } | Detail::Target { .. }
    );
    is_equality
        && match (finding.difference, finding.tolerance) {
            (Some(difference), Some(tolerance)) => difference.abs() > tolerance,
            _ => false,
        }
}

/// Violated balances, together where they share a cell.
fn blocks(system: &System<'_>) -> Vec<Vec<usize>> {
    let violated = (0..system.balances.len()).filter(|idx| system.balances[*idx].is_violated());
    let mut block_of: HashMap<usize, usize> = HashMap::new();
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for idx in violated {
        let cells = system.balances[idx].terms.iter().map(|(cell, _)| *cell);
        let mut joined: Vec<usize> = cells
            .filter_map(|cell| block_of.get(&cell).copied())
            .collect();
        joined.sort_unstable();
        joined.dedup();
        let target = joined.first().copied().unwrap_or(blocks.len());
        if target == blocks.len() {
            blocks.push(Vec::new());
        }
        for &other in joined.iter().skip(1) {
            let moved = std::mem::take(&mut blocks[other]);
            for cell in moved.iter().flat_map(|idx| &system.balances[*idx].terms) {
                block_of.insert(cell.0, target);
            }
            blocks[target].extend(moved);
        }
        blocks[target].push(idx);
        for (cell, _) in &system.balances[idx].terms {
            block_of.insert(*cell, target);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// A promise is not worth suspecting many cells at once.
const PROMISE: Limits = Limits {
    n_cells: 2,
    n_nodes: 500,
};

/// What explains a block: the whole of it at once, or where that takes too many cells, each relation by itself.
fn explanations(system: &System<'_>, block: &[usize]) -> Vec<(Vec<usize>, Vec<search::Repair>)> {
    const WHOLE: Limits = Limits {
        n_cells: 4,
        n_nodes: 1_500,
    };
    const ALONE: Limits = Limits {
        n_cells: 2,
        n_nodes: 300,
    };
    let found = search(system, block, WHOLE);
    if !found.is_empty() {
        return vec![(block.to_vec(), found)];
    }
    let alone = block
        .iter()
        .map(|&goal| (vec![goal], search(system, &[goal], ALONE)));
    alone.collect()
}

fn violated(system: &System<'_>, cell: usize) -> Vec<usize> {
    let balances = system.cells[cell].balances.iter().copied();
    balances
        .filter(|idx| system.balances[*idx].is_violated())
        .collect()
}

/// Whether a single cell explains several relations.
fn is_conclusive(system: &System<'_>, repairs: &[Judged]) -> bool {
    let best = repairs.first().map(|best| &best.changes[..]);
    matches!(best, Some(&[(cell, _)]) if violated(system, cell).len() >= 2)
}

/// The one cell of the likeliest repair that was filled in in another unit, where at least two relations
/// say so by this cell alone, and nothing else is nearly as likely.
fn unit_slip(system: &System<'_>, repairs: &[Judged]) -> Option<(usize, i128, Slip)> {
    let (first, rest) = repairs.split_first()?;
    if rest
        .first()
        .is_some_and(|second| second.cost < first.cost + CLEAR)
    {
        return None;
    }
    let cells: Vec<usize> = first.changes.iter().map(|(cell, _)| *cell).collect();
    first
        .changes
        .iter()
        .zip(&first.reasons)
        .find_map(|(&(cell, value), reasons)| {
            let slip = reasons.iter().find_map(|reason| match reason {
                Reason::Unit(slip) => Some(slip.clone()),
                _ => None,
            })?;
            let fixed = violated(system, cell);
            let alone = fixed.iter().all(|&idx| {
                let of_set = cells
                    .iter()
                    .filter(|cell| system.balances[idx].sign_of(**cell) != 0);
                of_set.count() == 1
            });
            (fixed.len() >= 2 && alone).then_some((cell, value, slip))
        })
}

/// The cells of ranked repairs that take part in one balance.
fn add_suspects(
    system: &System<'_>,
    repairs: &[Judged],
    goal: usize,
    exchanged: &HashSet<usize>,
    suspects: &mut Vec<Suspect>,
) {
    let Some(best) = repairs.first() else { return };
    let n_tied = repairs
        .iter()
        .filter(|it| it.cost <= best.cost + TIE)
        .count();
    let likely = |cell: usize, value: i128| system.amount(cell, value).to_string();
    for repair in repairs.iter().filter(|it| it.cost <= best.cost + UNLIKELY) {
        for (position, &(cell, value)) in repair.changes.iter().enumerate() {
            if system.balances[goal].sign_of(cell) == 0 || suspects.len() >= MAX_SUSPECTS {
                continue;
            }
            // What has been told to have changed places is not told otherwise once more.
            if exchanged.contains(&cell) {
                continue;
            }
            let place = system.place(cell);
            let to = Some(likely(cell, value));
            // A misplacement already says of the cell what would be right, but for rounding.
            let is_misplaced = |it: &Suspect| matches!(it.why[..], [Reason::Misplaced { .. }, ..]);
            let says_so = |it: &Suspect| it.place == place && (it.likely == to || is_misplaced(it));
            if suspects.iter().any(says_so) {
                continue;
            }
            // Reasons speak of the figure as it would be once a fault over many cells was put right.
            let given = system.given(cell);
            let mut why = match given == system.cells[cell].value {
                true => repair.reasons[position].clone(),
                false => Vec::new(),
            };
            let others = repair
                .changes
                .iter()
                .enumerate()
                .filter(|(idx, _)| *idx != position);
            let with: Vec<(Place, String)> = others
                .map(|(_, &(other, value))| (system.place(other), likely(other, value)))
                .collect();
            let is_exchange = matches!(why.first(), Some(Reason::Exchanged { .. }));
            match with.is_empty() {
                false if !is_exchange => why.push(Reason::Together { with }),
                true => {
                    let n_relations = violated(system, cell).len();
                    if n_relations > 1 {
                        why.push(Reason::Satisfies { n_relations });
                    }
                }
                false => {}
            }
            if n_tied > 1 && repair.cost <= best.cost + TIE {
                why.push(Reason::Tied {
                    n_others: n_tied - 1,
                });
            }
            suspects.push(Suspect {
                place,
                given: likely(cell, given),
                likely: to,
                why,
            });
        }
    }
}
