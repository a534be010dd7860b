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
//! 4. Whatever has one likeliest explanation is told as that: a cause, at its own cell, in the place of all
//!    that fails because of it ([`causes`], [`told`]).

mod causes;
mod edit;
mod evidence;
mod exchange;
mod formula;
mod pattern;
mod rounding;
mod search;
mod shift;
mod slip;
mod system;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use rayon::prelude::*;

use crate::check::Checker;
use crate::model::{
    Amount, Detail, Earlier, Extent, Finding, Kind, Level, Place, Reason, Row, Suspect, Table,
};

use causes::Part;
use evidence::{Before, Judge, Judged, Weights};
use search::{Limits, search};
use system::{Group, Spot, System};
use told::{Cause, Teller};

/// More suspects than these are no help.
const MAX_SUSPECTS: usize = 8;
/// Cells that a fault over many lists with their right values.
const MAX_LISTED: usize = 24;
/// Costs within this of each other are a tie: the one is at most half as likely again as the other. Costs are
/// hundredths of natural logarithms.
const TIE: i32 = 40;
/// Explanations that are this much less likely than the best are not worth reading: one in a thousand.
const UNLIKELY: i32 = 690;
/// How much likelier than any other explanation a fault must be to be told as one: three times.
const CLEAR: i32 = 110;

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
        earlier,
        weights: Weights::default(),
    }
    .run(findings);
}

/// The findings that only say once more that a figure is not what it was before or ought to be, where figures
/// are told to be in another unit or place. Those explain them.
fn consequences(
    findings: &[Finding],
    told: &mut [Finding],
    explained: &BTreeSet<usize>,
) -> Vec<usize> {
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
                | Kind::Decimals
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
        if explained.contains(&idx) {
            continue;
        }
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
        let is_told = |place: &Place| by_place.contains_key(place);
        // Decimals that another unit brings along; where some are not explained by it the rest is told.
        if finding.kind == Kind::Decimals
            && !is_told(&sheet)
            && !finding
                .cells
                .iter()
                .chain([place.clone()])
                .all(|place| is_told(&place))
        {
            continue;
        }
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
            // Decimals that a unit brings along are no relation that fails.
            if finding.kind != Kind::Decimals {
                explains.push(finding.clone());
            }
            all.push(idx);
        }
    }
    all
}

struct Localiser<'a> {
    checker: &'a Checker<'a>,
    tables: &'a [Table],
    before: Before<'a>,
    earlier: &'a Earlier,
    weights: Weights,
}

impl<'a> Localiser<'a> {
    fn run(&self, findings: &mut Vec<Finding>) {
        let mut wanted = vec![false; self.tables.len()];
        let mut sheets: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let has_failed =
            findings.iter().any(asks_which_cell) || odd_ones(findings).next().is_some();
        if has_failed {
            for (idx, table) in self.tables.iter().enumerate() {
                sheets
                    .entry((&*table.file, &*table.sheet))
                    .or_default()
                    .push(idx);
            }
            for place in findings
                .iter()
                .filter(|it| asks_which_cell(it))
                .chain(odd_ones(findings))
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
        let mut causes: Vec<Cause> = Vec::new();
        if wanted.contains(&true) {
            let named = Named::of(findings);
            let groups = Group::all(self.checker, self.tables, &wanted);
            let advice: Vec<Advice> = groups
                .into_par_iter()
                .map(|group| {
                    let mut system = System::new(self.checker, self.tables, group);
                    rounding::hold_exactly(&mut system);
                    let failures = named.failures(&system);
                    self.advice(&mut system, &named, &failures, findings)
                })
                .collect();
            for of_group in advice {
                told.extend(of_group.told);
                explained.extend(of_group.explained);
                slipped.extend(of_group.slipped);
                causes.extend(of_group.causes);
                for (finding, suspects) in of_group.suspects {
                    let finding = &mut findings[finding];
                    // What is off where everything else holds exactly is no rounding.
                    if !suspects.is_empty() && finding.level == Level::Hint && is_equality(finding)
                    {
                        finding.level = Level::Verification;
                    }
                    if let (Kind::MissingValue, true, [only]) =
                        (finding.kind, finding.cells.is_empty(), &suspects[..])
                    {
                        finding.expected.clone_from(&only.likely);
                    }
                    finding.suspects = suspects;
                }
            }
        }
        if has_failed {
            self.sideways(&wanted, findings, &mut told, &mut explained);
        }
        // What a whole row or column explains needs no other cause.
        causes.retain(|cause| !cause.explains.iter().any(|idx| explained.contains(idx)));
        let causes = told::settled(causes, findings);
        explained.extend(
            causes
                .iter()
                .flat_map(|cause| cause.explains.iter().copied()),
        );
        let scheme = self.checker.scheme();
        let of_forms = slip::by_limit(scheme, self.tables, findings);
        let of_forms = of_forms
            .into_iter()
            .chain(slip::by_decimals(scheme, self.tables, &slipped));
        for found in of_forms {
            let rows = found
                .cells
                .iter()
                .map(|((table, row, _), ..)| (*table, *row));
            slipped.extend(rows);
            told.push(self.slip_finding(found, Level::Verification, Vec::new()));
        }
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
        let consequences = consequences(findings, &mut told, &explained);
        explained.extend(consequences);
        told.extend(self.with_consequences(causes, findings, &mut explained));
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
                let explains = failed.iter().map(|&idx| findings[idx].clone());
                let level = level.unwrap_or(Level::Verification);
                told.push(self.shift_finding(&found, &values, level, explains.collect()));
                explained.extend(failed);
            }
        }
    }

    /// What there is to say of one group of forms.
    fn advice(
        &self,
        system: &mut System<'a>,
        named: &Named<'_>,
        failures: &Failures,
        findings: &[Finding],
    ) -> Advice {
        let mut advice = Advice::default();
        let patterns: HashMap<usize, Vec<Suspect>> = (failures.0.iter())
            .map(|(&balance, &finding)| (finding, pattern::of_difference(system, balance)))
            .collect();
        for found in slip::by_relations(system) {
            let (level, explains) = advice.explain(&found.explains, failures, findings);
            let rows = found
                .cells
                .iter()
                .map(|((table, row, _), ..)| (*table, *row));
            advice.slipped.extend(rows);
            if !explains.is_empty() {
                advice.told.push(self.slip_finding(found, level, explains));
            }
        }
        for found in shift::by_gap(system) {
            let (level, explains) = advice.explain(&found.explains, failures, findings);
            let places = found.cells.iter().map(|(spot, _)| self.place(*spot));
            let blanks = places.filter_map(|place| named.blanks.get(&place).copied());
            advice.explained.extend(blanks);
            let values = found.cells.iter().map(|&(spot, value)| {
                let cell = system.find(spot)?;
                Some(system.amount(cell, value?))
            });
            let values: Vec<Option<Amount>> = values.collect();
            let finding = self.shift_finding(&found, &values, level, explains);
            advice.told.push(finding);
        }
        for found in shift::by_relations(system) {
            let (level, explains) = advice.explain(&found.explains, failures, findings);
            if !explains.is_empty() {
                let values = found.cells.iter().map(|&(spot, value)| {
                    let cell = system.find(spot)?;
                    Some(system.amount(cell, value?))
                });
                let values: Vec<Option<Amount>> = values.collect();
                let finding = self.shift_finding(&found, &values, level, explains);
                advice.told.push(finding);
            }
        }
        let teller = Teller {
            localiser: self,
            failures,
            findings,
            patterns: &patterns,
        };
        for found in exchange::by_relations(system) {
            let [a, b] = found.cells;
            let values = [system.cells[a].value, system.cells[b].value];
            let place = |cell| system.place(cell);
            let reasons = [b, a].map(|with| vec![Reason::Exchanged { with: place(with) }]);
            let repair = Judged {
                changes: vec![(a, values[1]), (b, values[0])],
                reasons: reasons.into(),
                cost: self.weights.exchanged,
            };
            let part = Part {
                goals: found.explains,
                options: vec![repair],
                n_tied: 1,
                with: Vec::new(),
            };
            teller.part(system, &part, &[], &mut advice);
            system.set(a, values[1]);
            system.set(b, values[0]);
        }
        // The likeliest repairs, and what then belongs into the blanks.
        let mut repaired: Vec<(usize, i128)> = Vec::new();
        let promises: Vec<usize> = (0..system.balances.len())
            .filter(|idx| system.balances[*idx].set_aside && system.balances[*idx].fails())
            .filter(|idx| failures.0.contains_key(idx))
            .collect();
        for block in blocks(system) {
            if !block.iter().any(|balance| failures.0.contains_key(balance)) {
                continue;
            }
            for (goals, repairs) in explanations(system, &block) {
                let mut repairs = self.judge(system).rank(repairs);
                if repairs.first().is_some_and(|best| self.is_doubtful(best)) {
                    repairs = self.with_exchanges(system, &goals, repairs);
                }
                repaired.extend(repairs.first().into_iter().flat_map(|best| &best.changes));
                let mut kept: Vec<usize> = promises.clone();
                kept.retain(|promise| {
                    let best = repairs.first();
                    best.is_some_and(|best| evidence::keeps(system, *promise, &best.changes))
                });
                for part in causes::parts(system, &goals, &repairs) {
                    teller.part(system, &part, &kept, &mut advice);
                }
                if repairs.is_empty() {
                    teller.unexplained(&goals, &mut advice);
                }
            }
        }
        let told: BTreeSet<usize> = (advice.causes.iter())
            .flat_map(|cause| cause.explains.iter().copied())
            .collect();
        for promise in promises {
            let finding = failures.0[&promise];
            if !system.balances[promise].fails() || told.contains(&finding) {
                continue;
            }
            system.balances[promise].set_aside = false;
            let repairs = search(system, &[promise], PROMISE);
            let repairs = self.judge(system).rank(repairs);
            let suspects = teller.suspects(system, &repairs, Some(promise), TIE);
            advice.suspects.insert(finding, suspects);
            system.balances[promise].set_aside = true;
        }
        // Whatever fails names a cell, even if that explains nothing else.
        let mut left: Vec<(usize, usize)> = (failures.0.iter())
            .map(|(&balance, &finding)| (balance, finding))
            .filter(|(balance, finding)| {
                let is_told = advice.explained.contains(finding)
                    || (advice.causes.iter()).any(|cause| cause.explains.contains(finding))
                    || (advice.suspects.get(finding)).is_some_and(|it| !it.is_empty());
                !is_told && is_failure(&findings[*finding]) && system.balances[*balance].fails()
            })
            .collect();
        left.sort_unstable();
        for (balance, finding) in left {
            let repairs = self
                .judge(system)
                .rank(search::by_this_alone(system, balance));
            let suspects = teller.suspects(system, &repairs, Some(balance), TIE);
            advice.suspects.insert(finding, suspects);
        }
        // A blank that is told as the cause is not told as a blank.
        for cause in &advice.causes {
            let place = cause.finding.place.as_ref();
            let blank = place.and_then(|place| named.blanks.get(place).copied());
            let is_all = |idx: &usize| findings[*idx].cells.is_empty();
            advice.explained.extend(blank.filter(is_all));
        }
        for (cell, value) in repaired {
            system.set(cell, value);
        }
        for filled in search::fill(system) {
            let place = system.place(filled.cell);
            if let Some(&finding) = named.blanks.get(&place) {
                let likely = system.amount(filled.cell, filled.value).to_string();
                let n_relations = filled.n_relations;
                advice.suspects.entry(finding).or_default().push(Suspect {
                    place,
                    given: String::new(),
                    likely: Some(likely),
                    why: vec![Reason::Blank { n_relations }],
                });
            }
        }
        advice
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

    fn slip_finding(&self, found: slip::Found, level: Level, explains: Vec<Finding>) -> Finding {
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
        explains: Vec<Finding>,
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
        let row = row_at(table, row_idx);
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
            table.cell(row_at(table, row), leaf),
        )
    }
}

/// A row of a table, or one that it prints and nobody filled in.
fn row_at(table: &Table, row: usize) -> &Row {
    let blank = || &table.blank_rows[row - table.rows.len()];
    table.rows.get(row).unwrap_or_else(blank)
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
    /// Single cells, and cells that are wrong together.
    causes: Vec<Cause>,
}

impl Advice {
    /// The failures that some balances are told by, and the most serious of their levels. Each is explained once.
    fn explain(
        &mut self,
        balances: &[usize],
        failures: &Failures,
        findings: &[Finding],
    ) -> (Level, Vec<Finding>) {
        let of_balances = balances.iter().filter_map(|it| failures.0.get(it).copied());
        let new = of_balances.filter(|finding| self.explained.insert(*finding));
        let all: Vec<Finding> = new.map(|finding| findings[finding].clone()).collect();
        let level = all.iter().map(|finding| finding.level).min();
        (level.unwrap_or(Level::Hint), all)
    }
}

/// Findings by what they are about.
struct Named<'f> {
    /// Relations: rule, what was given, the first of what it is held against.
    relations: HashMap<(&'f str, Place, Option<Place>), usize>,
    /// Blanks.
    blanks: HashMap<Place, usize>,
    /// Figures out of their range.
    ranges: HashMap<Place, usize>,
}

/// Which finding tells of which balance.
struct Failures(HashMap<usize, usize>);

impl<'f> Named<'f> {
    fn of(findings: &'f [Finding]) -> Self {
        let mut relations = HashMap::new();
        let mut blanks = HashMap::new();
        let mut ranges = HashMap::new();
        for (idx, finding) in findings.iter().enumerate() {
            if finding.kind == Kind::MissingValue {
                let places = finding.place.iter().cloned().chain(finding.cells.iter());
                blanks.extend(places.map(|place| (place, idx)));
            }
            if finding.kind == Kind::Range && !is_equality(finding) {
                ranges.extend(finding.place.clone().map(|place| (place, idx)));
            }
            if !is_equality(finding) {
                continue;
            }
            let (Some(rule), Some(place)) = (finding.rule.as_deref(), finding.place.clone()) else {
                continue;
            };
            // Of several given cells none is the place: then they lead the list of cells.
            let (given, against) = match (place.cell, finding.cells.first()) {
                (Some(_), first) => (place, first.cloned()),
                (None, Some(first)) => (first.clone(), None),
                (None, None) => continue,
            };
            relations.insert((rule, given, against), idx);
        }
        Self {
            relations,
            blanks,
            ranges,
        }
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
            let Some(&first) = balance.named.first() else {
                continue;
            };
            let rule = &*rules[balance.rule].id;
            let given = system.place(first);
            let names = (balance.parts().iter())
                .map(|cell| Some(system.place(*cell)))
                .chain([None]);
            // The first of the expected cells may be blank, and so be no term.
            let found = names
                .take(4)
                .chain([None])
                .find_map(|against| self.relations.get(&(rule, given.clone(), against)).copied());
            failures.extend(found.map(|finding| (idx, finding)));
        }
        // What cannot be checked because of a figure that is none, a price of less than nothing, shows in what is said
        // of that figure.
        for idx in 0..system.balances.len() {
            let balance = &system.balances[idx];
            if failures.contains_key(&idx) || !balance.is_violated() || balance.adds_up {
                continue;
            }
            let of_cell = |cell: usize| {
                let own = self.ranges.get(&system.place(cell)).copied();
                own.or_else(|| {
                    let others = system.cells[cell].balances.iter();
                    let mut promises = others.filter(|it| system.balances[**it].set_aside);
                    promises.find_map(|it| failures.get(it).copied())
                })
            };
            let found = balance.terms.iter().find_map(|(cell, _)| of_cell(*cell));
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

/// Whether a finding asks which cell is wrong, or what belongs into a blank.
fn asks_which_cell(finding: &Finding) -> bool {
    finding.kind == Kind::MissingValue || is_failure(finding)
}

/// Whether a finding tells of an equality that fails beyond rounding.
fn is_failure(finding: &Finding) -> bool {
    is_equality(finding)
        && match (finding.difference, finding.tolerance) {
            (Some(difference), Some(tolerance)) => difference.abs() > tolerance,
            _ => false,
        }
}

/// Whether a finding tells of an equality.
fn is_equality(finding: &Finding) -> bool {
    matches!(
        finding.detail,
        Detail::Sum { .. }
            | Detail::TotalRow { .. }
            | Detail::Equal { .. }
            | Detail::Target { .. }
            | Detail::RangePer { .. }
    )
}

/// The differences within rounding on sheets that have so few of them that these may be none.
fn odd_ones(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    const MOST: usize = 2;
    let is_odd = |it: &&Finding| {
        it.level == Level::Hint && is_equality(it) && it.difference.is_some() && !is_failure(it)
    };
    let sheet = |it: &Finding| {
        let place = it.place.as_ref();
        place.map(|it| (it.file.clone(), it.sheet.clone()))
    };
    let mut n_on_sheet: HashMap<_, usize> = HashMap::new();
    for finding in findings.iter().filter(is_odd) {
        *n_on_sheet.entry(sheet(finding)).or_default() += 1;
    }
    let odd = findings.iter().filter(is_odd);
    odd.filter(move |it| n_on_sheet.get(&sheet(it)).is_some_and(|n| *n <= MOST))
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
        n_cells: 1,
        n_nodes: 120,
    };
    let found = search(system, block, WHOLE);
    if !found.is_empty() {
        return vec![(block.to_vec(), found)];
    }
    let alone = block.iter().map(|&goal| {
        let found = search(system, &[goal], ALONE);
        let found = match found.is_empty() {
            true => search::by_this_alone(system, goal),
            false => found,
        };
        (vec![goal], found)
    });
    alone.collect()
}

fn violated(system: &System<'_>, cell: usize) -> Vec<usize> {
    let balances = system.cells[cell].balances.iter().copied();
    balances
        .filter(|idx| system.balances[*idx].is_violated())
        .collect()
}
