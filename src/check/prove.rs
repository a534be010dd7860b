//! Which reading of a doubtful figure is meant: the one with which the relations hold that it stands in.
//!
//! Nothing is changed by it. A figure that cannot be taken as it was typed stays out; what is proposed for it is told
//! with the relation that speaks for it, so that whoever reads it can tell a proof from a guess.

use foldhash::{HashMap, HashMapExt};

use crate::model::{
    Amount, Cause, CellRef, Detail, Doubt, Earlier, Finding, Noted, Period, Place, Proof, ReadAs,
    Table, Value, Wanted,
};
use crate::scheme::Relation;

use super::cells::{At, Spot};
use super::linear::{Equation, Term};
use super::outcome::Outcome;
use super::over_time::{Known, Now, spot_of};
use super::rows::RowAt;
use super::{Checker, chain};

/// A form with more doubtful figures than this has none that a relation could tell.
const MOST: usize = 500;
/// Of more entries than this no copy is made: then only the relations inside a form are looked at.
const MOST_ENTRIES: usize = 4_000_000;
/// Relations that are told for one figure.
const MOST_PROOFS: usize = 6;
/// Doubtful figures in one relation; with more of them many readings fit together.
const MOST_TOGETHER: usize = 3;

/// Table, row and leaf.
type Key = (usize, usize, usize);

impl Checker<'_> {
    /// Whether anything is there to be proven.
    pub fn has_doubts(tables: &[Table], findings: &[Finding]) -> bool {
        tables.iter().any(has_doubt) || findings.iter().any(is_worth_proving)
    }

    /// Says of doubtful figures which reading is meant, where a relation of one form, of the county or of an earlier
    /// period shows it. `findings` are those that told of them.
    pub fn prove(&self, tables: &[Table], earlier: &Earlier, findings: &mut [Finding]) {
        let n_entries = tables
            .iter()
            .map(|table| table.rows.len() * table.columns.len());
        let is_county = n_entries.sum::<usize>() <= MOST_ENTRIES;
        let doubtful: Vec<Table>;
        let tables = match is_county {
            true => tables,
            false => {
                doubtful = tables.iter().filter(|it| has_doubt(it)).cloned().collect();
                &doubtful
            }
        };
        let mut places: HashMap<(&str, &str, CellRef), Key> = HashMap::new();
        let mut doubts: HashMap<Key, &Doubt> = HashMap::new();
        for (idx, table) in tables.iter().enumerate() {
            let notes = table.notes.iter().filter_map(|note| match &note.what {
                Noted::Doubt(doubt) => Some(((idx, note.row as usize, note.leaf as usize), doubt)),
                _ => None,
            });
            doubts.extend(notes.take(MOST));
        }
        for (idx, row_idx, leaf) in doubts.keys().copied().chain(read(tables, findings)) {
            let table = &tables[idx];
            if let Some(cell) = table.cell(&table.rows[row_idx], leaf) {
                places.insert((&table.file, &table.sheet, cell), (idx, row_idx, leaf));
            }
        }
        let mut evidence = Evidence {
            checker: self,
            doubts: &doubts,
            is_county,
            proven: HashMap::new(),
            reckoned: HashMap::new(),
            held: HashMap::new(),
        };
        let meant = meant(tables, &doubts);
        evidence.weigh(tables, &meant, &places);
        evidence.over_time(tables, &meant, earlier);
        for finding in findings {
            let key = finding.place.as_ref().and_then(|place| {
                let sheet = place.sheet.as_deref().unwrap_or_default();
                places.get(&(&*place.file, sheet, place.cell?))
            });
            if let Some(key) = key {
                evidence.tell(*key, finding);
            }
        }
    }
}

fn has_doubt(table: &Table) -> bool {
    let mut notes = table.notes.iter();
    notes.any(|note| matches!(note.what, Noted::Doubt(_)))
}

/// Whether a finding tells of a figure that was read, and that a relation may show to be read rightly.
fn is_worth_proving(finding: &Finding) -> bool {
    matches!(
        finding.detail,
        Detail::ReadAs(ReadAs::Currency | ReadAs::Spaced | ReadAs::FullStop | ReadAs::Times)
    )
}

/// The figures that such findings are about.
fn read(tables: &[Table], findings: &[Finding]) -> Vec<Key> {
    let places = findings.iter().filter(|finding| is_worth_proving(finding));
    let places = places.filter_map(|finding| finding.place.as_ref());
    let key = |place: &Place| {
        let cell = place.cell?;
        let of_sheet = |table: &&(usize, &Table)| {
            table.1.file == place.file && Some(&table.1.sheet) == place.sheet.as_ref()
        };
        let tables: Vec<(usize, &Table)> = tables.iter().enumerate().collect();
        tables.iter().filter(of_sheet).find_map(|(idx, table)| {
            let row = (table.rows.iter()).position(|row| row.sheet_row == cell.row)?;
            let leaf = (table.columns.iter()).position(|column| *column == Some(cell.col))?;
            Some((*idx, row, leaf))
        })
    };
    places.take(MOST).filter_map(key).collect()
}

/// The forms with the likeliest reading of every doubtful figure in its place.
fn meant(tables: &[Table], doubts: &HashMap<Key, &Doubt>) -> Vec<Table> {
    let mut meant = tables.to_vec();
    for (&(table, row, leaf), doubt) in doubts {
        let reading = doubt.readings.first().copied().unwrap_or_default();
        meant[table].rows[row].entries[leaf].value = Value::Amount(reading);
    }
    meant
}

/// What speaks for which reading.
struct Evidence<'e, 's> {
    checker: &'e Checker<'s>,
    doubts: &'e HashMap<Key, &'e Doubt>,
    /// Whether the forms are all that a county returned.
    is_county: bool,
    /// Which reading a relation holds with, and no other.
    proven: HashMap<Key, Vec<(usize, Proof)>>,
    /// What a relation asks for that has this one doubtful figure.
    reckoned: HashMap<Key, Vec<(Amount, Proof)>>,
    /// Relations that hold with a figure that was read.
    held: HashMap<Key, Vec<Proof>>,
}

impl Evidence<'_, '_> {
    /// Looks at the relations inside forms and between them.
    fn weigh(
        &mut self,
        tables: &[Table],
        meant: &[Table],
        places: &HashMap<(&str, &str, CellRef), Key>,
    ) {
        let mut idx_of: HashMap<*const Table, usize> = HashMap::new();
        idx_of.extend(
            meant
                .iter()
                .enumerate()
                .map(|(idx, table)| (table as *const _, idx)),
        );
        let mut wanted: Vec<usize> = places.values().map(|key| key.0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut equations: Vec<Equation<'_>> = Vec::new();
        for &idx in &wanted {
            equations.extend(self.checker.form_equations(&meant[idx]));
        }
        if self.is_county {
            equations.extend(self.checker.county_equations(meant));
        }
        for equation in &equations {
            let key = |term: &Term<'_>| {
                let table = idx_of.get(&(term.table as *const _))?;
                Some((*table, term.row, term.leaf))
            };
            let keys: Option<Vec<Key>> = equation.terms.iter().map(key).collect();
            if let Some(keys) = keys {
                self.weigh_one(tables, equation, &keys);
            }
        }
    }

    fn weigh_one(&mut self, tables: &[Table], equation: &Equation<'_>, keys: &[Key]) -> Option<()> {
        let scheme = self.checker.scheme();
        let is_doubtful = |idx: &usize| self.doubts.contains_key(&keys[*idx]);
        let doubtful: Vec<usize> = (0..keys.len()).filter(is_doubtful).collect();
        if doubtful.len() > MOST_TOGETHER {
            return None;
        }
        let signed = |idx: usize, amount: Amount| {
            let base = scheme.units.to_base(amount, equation.terms[idx].unit)?;
            match idx < equation.n_given {
                true => Some(base),
                false => Amount::ZERO.checked_sub(base),
            }
        };
        let mut rest = Amount::ZERO.checked_sub(equation.constant)?;
        for idx in (0..keys.len()).filter(|idx| !doubtful.contains(idx)) {
            rest = rest.checked_add(signed(idx, equation.terms[idx].amount)?)?;
        }
        let readings = |idx: &usize| &self.doubts[&keys[*idx]].readings;
        let is_about = doubtful.iter().any(|idx| self.doubts[&keys[*idx]].is_about);
        let mut holding: Vec<Vec<usize>> = Vec::new();
        for choice in choices(
            &doubtful
                .iter()
                .map(|idx| readings(idx).len())
                .collect::<Vec<_>>(),
        ) {
            let mut sum = rest;
            for (idx, reading) in doubtful.iter().zip(&choice) {
                sum = sum.checked_add(signed(*idx, readings(idx)[*reading])?)?;
            }
            if sum.is_zero() || is_about && sum.abs() <= equation.tolerance {
                holding.push(choice);
            }
        }
        let place = |of: usize| self.place(tables, equation, keys, of);
        let proof = |of: usize| Proof {
            rule: Some(scheme.rules[equation.rule].id.clone()),
            label: scheme.rules[equation.rule].label.clone(),
            place: place(of),
            period: None,
            is_exact: !is_about,
        };
        match (&holding[..], &doubtful[..]) {
            ([only], _) => {
                let proofs: Vec<(usize, Proof)> =
                    (0..keys.len()).map(|idx| (idx, proof(idx))).collect();
                for (idx, proof) in proofs {
                    let at = doubtful.iter().position(|doubtful| *doubtful == idx);
                    match at {
                        Some(at) => {
                            let proven = self.proven.entry(keys[idx]).or_default();
                            proven.push((only[at], proof));
                        }
                        None if doubtful.is_empty() => {
                            self.held.entry(keys[idx]).or_default().push(proof);
                        }
                        None => {}
                    }
                }
            }
            ([], [only]) => {
                let needed = Amount::ZERO.checked_sub(rest)?;
                let needed = match *only < equation.n_given {
                    true => needed,
                    false => rest,
                };
                let needed = in_unit(scheme, needed, equation.terms[*only].unit)?;
                let proof = proof(*only);
                self.reckoned
                    .entry(keys[*only])
                    .or_default()
                    .push((needed, proof));
            }
            _ => {}
        }
        Some(())
    }

    /// The cell of a relation that people look at to see whether it holds: the total, unless it is the one asked about.
    fn place(
        &self,
        tables: &[Table],
        equation: &Equation<'_>,
        keys: &[Key],
        of: usize,
    ) -> Option<Place> {
        let given = 0..equation.n_given;
        let shown = match equation.n_given {
            1 => given.start,
            _ if keys.len() == equation.n_given + 1 => equation.n_given,
            _ => return None,
        };
        if shown == of {
            return None;
        }
        let (table, row, leaf) = keys[shown];
        let table = &tables[table];
        let cell = table.cell(&table.rows[row], leaf)?;
        Some(Place::sheet(&table.file, &table.sheet, Some(cell)))
    }

    /// Looks at the plan, at last month, and at what last month and this month come to.
    fn over_time(&mut self, tables: &[Table], meant: &[Table], earlier: &Earlier) {
        let scheme = self.checker.scheme();
        if earlier.all().next().is_none() {
            return;
        }
        let known = Known::of(scheme, earlier);
        let mut found: Vec<(Key, usize, Proof)> = Vec::new();
        for (&(table, row, leaf), doubt) in self.doubts {
            let spot = Spot {
                table: &tables[table],
                row,
                leaf,
            };
            if tables[table].period == Period::Plan {
                continue;
            }
            let key = (table, row, leaf);
            for (idx, reading) in doubt.readings.iter().enumerate() {
                for past in [&known.last_month, &known.plan] {
                    let before = past.find(scheme, spot).and_then(Spot::amount);
                    if before.is_ok_and(|before| before == *reading && !doubt.is_about) {
                        found.push((key, idx, of_period(past.period)));
                    }
                }
                for &rule in &self.checker.over_time[tables[table].annex] {
                    if self.holds_over_time(rule, &meant[table], key, *reading, &known) {
                        let rule = &scheme.rules[rule];
                        let proof = Proof {
                            rule: Some(rule.id.clone()),
                            label: rule.label.clone(),
                            place: None,
                            period: None,
                            is_exact: true,
                        };
                        found.push((key, idx, proof));
                    }
                }
            }
        }
        for (key, idx, proof) in found {
            self.proven.entry(key).or_default().push((idx, proof));
        }
    }

    /// Whether last month's figure and this month's make the cumulative one with a reading.
    fn holds_over_time(
        &self,
        rule: usize,
        meant: &Table,
        (_, row, leaf): Key,
        reading: Amount,
        known: &Known<'_>,
    ) -> bool {
        let scheme = self.checker.scheme();
        let rule = &scheme.rules[rule];
        let Relation::Chain { cumulative, month } = &rule.relation else {
            return false;
        };
        // Only the row in hand is looked at.
        let mut table = Table {
            rows: vec![meant.rows[row].clone()],
            columns: meant.columns.clone(),
            file: meant.file.clone(),
            sheet: meant.sheet.clone(),
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
            ..*meant
        };
        table.rows[0].entries[leaf].value = Value::Amount(reading);
        let at = At {
            scheme,
            rule,
            year: table.period.year(),
            period: table.period,
        };
        let in_hand = RowAt {
            table: &table,
            row: 0,
        };
        let (Some(spot), Some(month)) = (
            spot_of(at, in_hand, cumulative),
            spot_of(at, in_hand, month),
        ) else {
            return false;
        };
        if spot.leaf != leaf && month.leaf != leaf {
            return false;
        }
        let at = At {
            year: spot.year(scheme),
            ..at
        };
        matches!(
            chain::check(at, Now { known, spot }, month),
            Ok(Outcome::Pass)
        )
    }

    /// Writes what was found into the finding that tells of the figure.
    fn tell(&self, key: Key, finding: &mut Finding) {
        if is_worth_proving(finding) {
            finding.proofs = self.held.get(&key).cloned().unwrap_or_default();
            finding.proofs.truncate(MOST_PROOFS);
            return;
        }
        let Some(doubt) = self.doubts.get(&key) else {
            return;
        };
        let proven = self.best(key, doubt);
        match &mut finding.detail {
            Detail::Inexact { .. } => {
                finding.proofs = proven.map(|(_, proofs)| proofs).unwrap_or_default();
            }
            Detail::NotANumber {
                wanted: Wanted::Number,
                causes,
                readings,
                is_reckoned,
            } => {
                let told = match proven {
                    Some((idx, proofs)) => {
                        let others = doubt.readings.iter().enumerate();
                        let others = others.filter(|(other, _)| *other != idx);
                        // What ▲ means stays a question, whatever adds up.
                        let others = others.filter(|_| causes.contains(&Cause::Triangle));
                        let others = others.map(|(_, reading)| *reading);
                        let told = std::iter::once(doubt.readings[idx]).chain(others);
                        finding.proofs = proofs;
                        told.collect()
                    }
                    // What stands there may say something else than what a relation asks for.
                    None if readings.is_empty() && !doubt.readings.is_empty() => return,
                    None if readings.is_empty() => match self.asked_for(key) {
                        Some((needed, proofs)) => {
                            finding.proofs = proofs;
                            *is_reckoned = true;
                            vec![needed]
                        }
                        None => Vec::new(),
                    },
                    None => return,
                };
                *readings = told.iter().map(Amount::to_string).collect();
                finding.expected = (!readings.is_empty()).then(|| readings.join(" / "));
            }
            _ => {}
        }
    }

    /// The reading for which the most speaks, with what does.
    fn best(&self, key: Key, doubt: &Doubt) -> Option<(usize, Vec<Proof>)> {
        let proven = self.proven.get(&key)?;
        let count = |reading: usize| proven.iter().filter(|(of, _)| *of == reading).count();
        let most = (0..doubt.readings.len()).map(count).max()?;
        let reading = (0..doubt.readings.len()).find(|reading| count(*reading) == most)?;
        let mut proofs: Vec<Proof> = Vec::new();
        // Relations of this period say more than that a figure was the same before.
        let of_reading = || proven.iter().filter(|(of, _)| *of == reading);
        let now = of_reading().filter(|(_, proof)| proof.period.is_none());
        let before = of_reading().filter(|(_, proof)| proof.period.is_some());
        let n_now = now.clone().count();
        for (_, proof) in now.chain(before.filter(|_| n_now == 0)) {
            if !proofs.contains(proof) && proofs.len() < MOST_PROOFS {
                proofs.push(proof.clone());
            }
        }
        (!proofs.is_empty()).then_some((reading, proofs))
    }

    /// What all relations of a figure agree in asking for.
    fn asked_for(&self, key: Key) -> Option<(Amount, Vec<Proof>)> {
        let reckoned = self.reckoned.get(&key)?;
        let (first, _) = reckoned.first()?;
        let agree = reckoned.iter().all(|(needed, _)| needed == first);
        let is_likely = *first >= Amount::ZERO;
        let proofs = reckoned.iter().map(|(_, proof)| proof.clone());
        (agree && is_likely).then(|| (first.normalised(), proofs.take(MOST_PROOFS).collect()))
    }
}

fn of_period(period: Option<Period>) -> Proof {
    Proof {
        rule: None,
        label: String::new(),
        place: None,
        period,
        is_exact: true,
    }
}

fn in_unit(scheme: &crate::scheme::Scheme, base: Amount, unit: Option<usize>) -> Option<Amount> {
    match unit {
        Some(unit) => scheme.units.convert(base, scheme.units.0[unit].base, unit),
        None => Some(base),
    }
}

/// Every way to choose one of so many, for each; one empty way for none.
fn choices(counts: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &count in counts {
        let longer = |choice: &Vec<usize>| {
            let choice = choice.clone();
            (0..count).map(move |next| [&choice[..], &[next]].concat())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::grid::{amount, chain, forms, sum};
    use super::*;
    use crate::model::{Kind, Level, Note, Past};
    use crate::scheme::Scheme;

    /// What is said of the first figure of the last form that cannot be read, with these readings: the value that is
    /// expected, and what speaks for it.
    fn proven(scheme: &Scheme, mut tables: Vec<Table>, readings: &[&str]) -> (String, Vec<String>) {
        let mut now = tables.pop().expect("a form");
        let is_doubtful = |value: &Value| matches!(value, Value::Unusable(_));
        let spots = now.rows.iter().enumerate().flat_map(|(row, it)| {
            let entries = it.entries.iter().enumerate();
            entries.map(move |(leaf, entry)| (row, leaf, &entry.value))
        });
        let mut spots = spots.filter(|(_, _, value)| is_doubtful(value));
        let (row, leaf, _) = spots.next().expect("a doubtful figure");
        let place = Place::sheet(&now.file, &now.sheet, now.cell(&now.rows[row], leaf));
        now.notes = vec![Note {
            row: row as u32,
            leaf: leaf as u32,
            what: Noted::Doubt(Doubt::of(readings.iter().map(|it| amount(it)).collect())),
        }];
        let detail = Detail::NotANumber {
            wanted: Wanted::Number,
            causes: Vec::new(),
            readings: readings.iter().map(|it| (*it).to_owned()).collect(),
            is_reckoned: false,
        };
        let finding = Finding::new(Kind::NotANumber, Level::Mandatory, detail).at(place);
        let earlier = Earlier {
            last_month: tables.pop().map(|table| Past {
                period: table.period,
                tables: vec![table],
                unknown: Vec::new(),
            }),
            ..Earlier::default()
        };
        let mut findings = vec![finding];
        Checker::new(scheme).prove(&[now], &earlier, &mut findings);
        let proofs = findings[0].proofs.iter().map(|proof| {
            let cell = proof.place.as_ref().and_then(|place| place.cell);
            let period = proof.period.map(|period| period.to_string());
            let rule = proof.rule.as_deref().map(str::to_owned);
            let cell = cell.map_or("-".to_owned(), |cell| cell.to_string());
            format!("{} {cell}", rule.or(period).unwrap_or_default())
        });
        let proofs = proofs.collect();
        (findings[0].expected.clone().unwrap_or_default(), proofs)
    }

    #[test]
    fn the_reading_with_which_the_sum_holds_is_meant() {
        let (scheme, tables) = forms(
            sum("合计", &["小麦", "玉米"]),
            "
            乡镇 | 小麦(亩 .1) | 玉米(亩 .1) | 合计(亩 .1)
            东河 | ?36,03 | 10 | 46.03
            ",
        );
        let told = proven(&scheme, tables.clone(), &["3603", "36.03"]);
        assert_eq!(told, ("36.03".to_owned(), vec!["R-01 D2".to_owned()]));
        // With none that fits all are left, and with none at all the sum tells what it asks for: 46.03 − 10.
        assert_eq!(
            proven(&scheme, tables.clone(), &["3603", "3.6"]),
            (String::new(), vec![])
        );
        let told = proven(&scheme, tables, &[]);
        assert_eq!(told, ("36.03".to_owned(), vec!["R-01 D2".to_owned()]));
    }

    #[test]
    fn last_month_and_this_month_prove_a_cumulative_figure() {
        let (scheme, tables) = forms(
            chain("累计", "本月"),
            "
            == 附件1 · 2024-02
            乡镇 | 本月(亩 month) | 累计(亩 since-year)
            东河 | 5 | 60
            == 附件1 · 2024-03
            乡镇 | 本月(亩 month) | 累计(亩 since-year)
            东河 | 40 | ?1OO
            ",
        );
        let told = proven(&scheme, tables.clone(), &["100"]);
        assert_eq!(told, ("100".to_owned(), vec!["R-01 -".to_owned()]));
        // Nothing has moved since last month.
        let told = proven(&scheme, tables, &["60"]);
        assert_eq!(told, ("60".to_owned(), vec!["2024-02 -".to_owned()]));
    }
}
