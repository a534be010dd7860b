//! Which row of which return stands for each row of the annex, and what the rows add up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};
use polars::prelude::*;
use rayon::prelude::*;

use super::completion::{completion, progress};
use super::scaled::{PRECISION, SCALE, from_scaled, to_scaled};
use super::{Completion, County, CountyAnnex, CountyRow, CountyTotal, Source};
use crate::model::{
    Amount, Detail, Finding, Fraction, Kind, Level, Place, Row, RowKind, Table, Value,
};
use crate::scheme::{Annex, ColumnKind, Mean, ReturnedBy, Rows, Scheme};

/// Brings the returns of a period together.
///
/// `tables` are those that count, in order of trust: the first that gives a row wins. What a reporter
/// says of *another's* row never stands for it, because townships often send the whole county's form
/// back with last month's figures of everyone else: it contradicts, or it is told of and left out. The
/// responsible office is not hearsay. A fixed row that a form leaves blank is not given by it.
pub fn consolidate(scheme: &Scheme, tables: &[Table]) -> County {
    let mut of_annex = vec![Vec::new(); scheme.annexes.len()];
    for (idx, table) in tables.iter().enumerate() {
        of_annex[table.annex].push(idx);
    }
    let consolidated =
        of_annex
            .par_iter()
            .zip(&scheme.annexes)
            .enumerate()
            .map(|(annex_idx, (own, annex))| {
                let returns = Returns {
                    scheme,
                    idx: annex_idx,
                    annex,
                    tables,
                    own,
                };
                let mut findings = Vec::new();
                let rows = returns.rows(&mut findings);
                let total = returns.total(&rows, &mut findings);
                let county = CountyAnnex {
                    progress: progress(annex, &rows),
                    rows,
                    total,
                };
                (county, findings)
            });
    let (annexes, findings): (_, Vec<_>) = consolidated.unzip();
    County {
        annexes,
        findings: findings.concat(),
    }
}

/// All returns of one annex.
struct Returns<'a> {
    scheme: &'a Scheme,
    /// Index of the annex.
    idx: usize,
    annex: &'a Annex,
    /// Of all annexes, so that a [`Source`] means the same everywhere.
    tables: &'a [Table],
    /// Those of this annex.
    own: &'a [usize],
}

/// A row of a return that gives one of the county's rows.
struct Given {
    /// The county's row.
    id: u32,
    /// A reporter speaks of another's row.
    hearsay: bool,
    /// Of those who share a row, the how-manieth it is.
    nth: usize,
    source: Source,
}

impl<'a> Returns<'a> {
    /// The county's rows in order, with what the returns disagree on.
    fn rows(&self, findings: &mut Vec<Finding>) -> Vec<CountyRow> {
        let mut whose = Vec::new();
        let (mut given, n_rows) = match self.annex.one_row_each {
            Some(_) => self.given_by_forms(&mut whose),
            None => self.given(),
        };
        self.leave_hearsay(&mut given, findings);
        let Ranked { taken, others } = rank(&given, n_rows);
        let mut rows = match &self.annex.rows {
            Rows::Fixed(specs) => (specs.iter().enumerate().zip(taken))
                .map(|((idx, spec), source)| CountyRow {
                    spec: Some(idx),
                    key: spec.key.clone(),
                    year: spec.year,
                    reporter: source
                        .and_then(|source| self.row(source).reporter)
                        .filter(|own| spec.reporters.contains(own))
                        .or(spec.reporter()),
                    source,
                    conflicts: Vec::new(),
                    shared: Vec::new(),
                    completion: None,
                })
                .collect(),
            Rows::Register if self.annex.one_row_each.is_some() => {
                self.rows_of_reporters(whose, taken)
            }
            Rows::Register => self.register_rows(taken.into_iter().flatten().collect()),
        };
        for row in &mut rows {
            if let Some(taken) = row.source
                && let Some(others) = others.get(&taken)
            {
                row.conflicts = self.conflicts(taken, others, findings);
                let shared = others.iter().filter(|other| self.is_shared(taken, **other));
                row.shared = shared.copied().collect();
            }
            row.completion = self.completion(row);
        }
        rows
    }

    /// How far a row has come, by all who share it.
    fn completion(&self, row: &CountyRow) -> Option<Completion> {
        let spec = row.spec?;
        let owners = &self.annex.rows.fixed()[spec].reporters;
        let is_returned = row.source.is_some()
            || (self.own.iter()).any(|&table| {
                let by = self.tables[table].reporter;
                by.is_some_and(|by| owners.contains(&by) || self.answers(by))
            });
        let sources = || row.source.iter().chain(&row.shared);
        let entry = |leaf: usize| -> Vec<&Value> {
            let values = sources().map(|source| &self.row(*source).entries[leaf].value);
            values.collect()
        };
        completion(self.scheme, self.annex, spec, is_returned, entry)
    }

    /// Whether two rows are those of reporters who share one: each tells its own part.
    fn is_shared(&self, taken: Source, other: Source) -> bool {
        let (taken, other) = (self.row(taken), self.row(other));
        let specs = self.annex.rows.fixed();
        let owns = |row: &Row| {
            let owners = row.spec.map(|spec| &specs[spec].reporters);
            row.reporter
                .zip(owners)
                .is_some_and(|(own, owners)| owners.contains(&own))
        };
        taken.reporter != other.reporter && owns(taken) && owns(other)
    }

    /// Every row of every return that says something, with the row of the county that it gives.
    fn given(&self) -> (Vec<Given>, usize) {
        let mut given = Vec::new();
        let mut names = RegisterNames::default();
        for &table_idx in self.own {
            let table = &self.tables[table_idx];
            for (row_idx, row) in table.rows.iter().enumerate() {
                if row.kind != RowKind::Data {
                    continue;
                }
                let id = match (&self.annex.rows, row.spec) {
                    (Rows::Fixed(_), Some(spec)) if self.annex.says_something(row) => spec as u32,
                    (Rows::Fixed(_), _) => continue,
                    (Rows::Register, _) => names.id(table_idx, row),
                };
                given.push(Given {
                    id,
                    hearsay: self.is_hearsay(table, row),
                    nth: self.nth(row),
                    source: Source {
                        table: table_idx,
                        row: row_idx,
                    },
                });
            }
        }
        let n_rows = match &self.annex.rows {
            Rows::Fixed(specs) => specs.len(),
            Rows::Register => names.n_ids as usize,
        };
        (given, n_rows)
    }

    /// The total row of every form, as the one row of its reporter, and whose the county's rows are: those of who
    /// owes the annex, then of who returned it all the same. Who is not known has a row for each form.
    fn given_by_forms(&self, whose: &mut Vec<Option<usize>>) -> (Vec<Given>, usize) {
        whose.extend(self.scheme.reporters_of(self.annex).into_iter().map(Some));
        let mut ids: Vec<Option<u32>> = vec![None; self.scheme.reporters.len()];
        for (id, reporter) in whose.iter().flatten().enumerate() {
            ids[*reporter] = Some(id as u32);
        }
        let by = |table: usize| self.tables[table].reporter;
        let forms = self.own.iter().copied();
        let forms = forms.filter(|&table| !by(table).is_some_and(|by| self.states_total(by)));
        let mut totals: Vec<Source> = forms.filter_map(|table| self.total_of(table)).collect();
        // In the order of the roster; of one reporter's forms in that of trust.
        totals.sort_by_key(|source| by(source.table).unwrap_or(usize::MAX));
        let given = totals.into_iter().map(|source| {
            let reporter = by(source.table);
            let mut new_row = || {
                whose.push(reporter);
                whose.len() as u32 - 1
            };
            let id = match reporter {
                Some(known) => *ids[known].get_or_insert_with(new_row),
                None => new_row(),
            };
            Given {
                id,
                hearsay: false,
                nth: 0,
                source,
            }
        });
        let given = given.collect();
        (given, whose.len())
    }

    /// Takes out what reporters say of rows that those whose rows they are have not returned, and says so.
    fn leave_hearsay(&self, given: &mut Vec<Given>, findings: &mut Vec<Finding>) {
        let own = given.iter().filter(|given| !given.hearsay);
        let own: HashSet<u32> = own.map(|given| given.id).collect();
        let mut left: BTreeMap<usize, Vec<Source>> = BTreeMap::new();
        given.retain(|given| {
            let stays = own.contains(&given.id);
            if !stays {
                left.entry(given.source.table)
                    .or_default()
                    .push(given.source);
            }
            stays
        });
        for (table, rows) in left {
            let leaf = |source: Source| self.annex.first_filled(self.row(source)).unwrap_or(0);
            let place = |source: &Source| self.place(*source, leaf(*source));
            let names = rows.iter().map(|source| self.row(*source).name());
            let detail = Detail::OthersRows {
                rows: names.collect(),
                not_returned: true,
            };
            let mut finding =
                Finding::new(Kind::UnexpectedRow, Level::Verification, detail).at(place(&rows[0]));
            let by = self.tables[table].reporter;
            finding.annex = Some(self.annex.number.clone());
            finding.reporter = by.map(|idx| self.scheme.reporters[idx].name.clone());
            finding.cells = rows[1..].iter().map(place).collect();
            findings.push(finding);
        }
    }

    /// Rows of a register: by reporter in the order of the roster, then as they stand in the form.
    fn register_rows(&self, mut taken: Vec<Source>) -> Vec<CountyRow> {
        taken.sort_by_key(|&source| (self.row(source).reporter.unwrap_or(usize::MAX), source));
        (taken.into_iter())
            .map(|source| {
                let row = self.row(source);
                CountyRow {
                    spec: None,
                    key: row.key.clone(),
                    year: row.year,
                    reporter: row.reporter,
                    source: Some(source),
                    conflicts: Vec::new(),
                    shared: Vec::new(),
                    completion: None,
                }
            })
            .collect()
    }

    /// One row for each reporter, under its name.
    fn rows_of_reporters(
        &self,
        whose: Vec<Option<usize>>,
        taken: Vec<Option<Source>>,
    ) -> Vec<CountyRow> {
        let rows = whose.into_iter().zip(taken);
        rows.map(|(reporter, source)| CountyRow {
            spec: None,
            key: (reporter.iter())
                .map(|&known| self.scheme.reporters[known].name.clone())
                .collect(),
            year: None,
            reporter,
            source,
            conflicts: Vec::new(),
            shared: Vec::new(),
            completion: None,
        })
        .collect()
    }

    /// The total row, if the annex has one.
    fn total(&self, rows: &[CountyRow], findings: &mut Vec<Finding>) -> Option<CountyTotal> {
        self.annex.total.as_ref()?;
        let mut sums = self.sums(rows, findings);
        let means: Vec<(usize, Option<Amount>)> = (0..sums.len())
            .filter_map(|leaf| Some((leaf, self.mean(rows, &sums, leaf)?)))
            .collect();
        for (leaf, mean) in means {
            sums[leaf] = mean;
            if mean.is_none() {
                let given = self.figures(rows, leaf);
                let longest = given.max_by_key(|(amount, _)| digits(*amount));
                findings.extend(longest.map(|(amount, at)| self.too_long(leaf, amount, at)));
            }
        }
        Some(CountyTotal {
            sums,
            stated: self.stated(findings),
        })
    }

    /// The figures under a leaf, and where they stand.
    fn figures<'b>(
        &'b self,
        rows: &'b [CountyRow],
        leaf: usize,
    ) -> impl Iterator<Item = (Amount, Source)> {
        rows.iter().filter_map(move |row| {
            let source = row.source?;
            Some((self.row(source).entries[leaf].value.amount()?, source))
        })
    }

    /// What the rates under a leaf come to together, with as many decimals as they have; `None` inside where it
    /// has more digits than can be kept exactly on the way.
    fn mean(
        &self,
        rows: &[CountyRow],
        sums: &[Option<Amount>],
        leaf: usize,
    ) -> Option<Option<Amount>> {
        let mean = self.scheme.mean_of(self.idx, leaf)?;
        let given = self.figures(rows, leaf);
        let decimals = given.map(|(amount, _)| amount.decimals()).max()?;
        let declared = self.annex.decimals_of(leaf, None);
        let parts = match mean {
            Mean::Weighted(weight) => {
                let mut weighted = self.figures(rows, leaf).filter_map(|(rate, source)| {
                    Some((rate, self.row(source).entries[weight].value.amount()?))
                });
                weighted.try_fold(
                    (Amount::ZERO, Amount::ZERO),
                    |(above, below), (rate, weight)| {
                        let above = above.checked_add(rate.checked_mul(weight)?)?;
                        Some((above, below.checked_add(weight)?))
                    },
                )
            }
            Mean::Quotient {
                numerator,
                denominator,
                factor: (times, by),
            } => {
                let known = |leaves: &[usize]| -> Option<Vec<Amount>> {
                    leaves.iter().map(|leaf| *sums.get(*leaf)?).collect()
                };
                let sum = |parts: Vec<Amount>, factor: Amount| {
                    let mut parts = parts.into_iter();
                    let sum = parts.try_fold(Amount::ZERO, Amount::checked_add);
                    sum?.checked_mul(factor)
                };
                let (above, below) = (known(&numerator)?, known(&denominator)?);
                sum(above, times).zip(sum(below, by))
            }
        };
        let Some((above, below)) = parts else {
            return Some(None);
        };
        let mean = Fraction::new(above, below)?;
        Some(Some(mean.rounded(declared.max(decimals))))
    }

    /// For each leaf column, the exact sum over the county's rows.
    fn sums(&self, rows: &[CountyRow], findings: &mut Vec<Finding>) -> Vec<Option<Amount>> {
        let additive = self.additive_leaves();
        let mut addends = Addends::new(rows.len(), &additive);
        // Figures too long for a column of one scale are added up one by one.
        let mut beside = Vec::new();
        for (row, column, amount, _) in self.addends(rows, &additive) {
            if !addends.set(row, column, amount) {
                beside.push((additive[column], amount));
            }
        }
        let n_leaves = self.annex.leaves.len();
        let mut sums = vec![None; n_leaves];
        let mut too_long = vec![false; n_leaves];
        for (leaf, sum) in addends.sums() {
            sums[leaf] = sum;
            too_long[leaf] = sum.is_none();
        }
        for (leaf, amount) in beside {
            if !too_long[leaf] {
                sums[leaf] = sums[leaf].unwrap_or(Amount::ZERO).checked_add(amount);
                too_long[leaf] = sums[leaf].is_none();
            }
        }
        for leaf in (0..n_leaves).filter(|&leaf| too_long[leaf]) {
            let longest =
                (self.addends(rows, &[leaf])).max_by_key(|&(_, _, amount, _)| digits(amount));
            findings.extend(longest.map(|(_, _, amount, at)| self.too_long(leaf, amount, at)));
        }
        sums
    }

    /// Every figure that adds up under these leaves, row by row: `(row, place of the leaf, amount, where it stands)`.
    fn addends<'b>(
        &'b self,
        rows: &'b [CountyRow],
        leaves: &'b [usize],
    ) -> impl Iterator<Item = (usize, usize, Amount, Source)> {
        let given = (rows.iter().enumerate()).filter_map(|(nth, row)| Some((nth, row.source?)));
        given.flat_map(move |(nth, source)| {
            let row = self.row(source);
            leaves
                .iter()
                .enumerate()
                .filter_map(move |(column, &leaf)| {
                    if self.annex.kind_of(leaf, row.spec) != ColumnKind::Additive {
                        return None;
                    }
                    let amount = match &row.entries[leaf].value {
                        Value::Amount(amount) => *amount,
                        // The scheme says that a blank here means none.
                        Value::Missing if self.annex.column_of(leaf).blank_is_none => Amount::ZERO,
                        _ => return None,
                    };
                    Some((nth, column, amount, source))
                })
        })
    }

    /// Leaves whose figures add up over rows: additive, and in one unit.
    fn additive_leaves(&self) -> Vec<usize> {
        let n_specs = self.annex.rows.fixed().len();
        let adds_up = |leaf: usize| {
            if !self.annex.column_of(leaf).kind.is_figure() {
                return false;
            }
            let specs: Vec<Option<usize>> = match n_specs {
                0 => vec![None],
                n => (0..n).map(Some).collect(),
            };
            let mut units = (specs.into_iter())
                .filter(|&spec| self.annex.kind_of(leaf, spec) == ColumnKind::Additive)
                .map(|spec| self.scheme.unit_of(self.annex, leaf, spec));
            let first = units.next();
            first.is_some_and(|first| units.all(|unit| unit == first))
        };
        (0..self.annex.leaves.len())
            .filter(|&leaf| adds_up(leaf))
            .collect()
    }

    /// The total row returned by the office that answers for the annex; failing that, by a form
    /// that holds nothing else, unless that is its reporter's row.
    fn stated(&self, findings: &mut Vec<Finding>) -> Option<Source> {
        let mut by_office = Vec::new();
        let mut alone = Vec::new();
        for &table_idx in self.own {
            let table = &self.tables[table_idx];
            let Some(source) = self.total_of(table_idx) else {
                continue;
            };
            let mut data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
            // The total below an office's own rows is theirs.
            let has_own = |by: usize| {
                let said = |row: &&Row| row.kind == RowKind::Data && self.annex.says_something(row);
                let n_said = table.rows.iter().filter(said).count();
                let n_rows = self.annex.rows.fixed().len();
                self.scheme.has_own_rows(self.annex, by)
                    && n_said > 0
                    && (n_rows == 0 || n_said < n_rows)
            };
            if (table.reporter).is_some_and(|by| self.states_total(by) && !has_own(by)) {
                by_office.push(source);
            } else if self.annex.one_row_each.is_none()
                && !data.any(|row| self.annex.says_something(row))
            {
                alone.push(source);
            }
        }
        let stated = if by_office.is_empty() {
            alone
        } else {
            by_office
        };
        let (&taken, others) = stated.split_first()?;
        self.conflicts(taken, others, findings);
        Some(taken)
    }

    /// The grand total that a form states. Subtotals stand between the data and it.
    fn total_of(&self, table: usize) -> Option<Source> {
        let rows = self.tables[table].rows.iter().enumerate();
        let mut totals = rows
            .filter(|(_, row)| row.kind == RowKind::Total && self.annex.says_something(row))
            .map(|(row, _)| Source { table, row });
        match &self.annex.total {
            Some(total) if total.at_top => totals.next(),
            _ => totals.next_back(),
        }
    }

    /// Cells for which other returns give other values.
    fn conflicts(
        &self,
        taken: Source,
        others: &[Source],
        findings: &mut Vec<Finding>,
    ) -> Vec<(usize, Vec<Source>)> {
        let mut conflicts = Vec::new();
        let is_held = |leaf: &usize| self.annex.is_data(*leaf) && self.annex.is_shown(*leaf);
        for leaf in (0..self.annex.leaves.len()).filter(is_held) {
            let value = &self.row(taken).entries[leaf].value;
            let is_text = self.annex.column_of(leaf).kind == ColumnKind::Text;
            let differing: Vec<Source> = (others.iter().copied())
                .filter(|&other| !(is_text && self.is_shared(taken, other)))
                .filter(|&other| {
                    let blank_is_none = self.annex.column_of(leaf).blank_is_none;
                    differs(value, &self.row(other).entries[leaf].value, blank_is_none)
                })
                .collect();
            if !differing.is_empty() {
                findings.push(self.conflict(leaf, taken, &differing));
                conflicts.push((leaf, differing));
            }
        }
        conflicts
    }

    fn conflict(&self, leaf: usize, taken: Source, others: &[Source]) -> Finding {
        let value = |source: Source| &self.row(source).entries[leaf].value;
        let said = |source: Source| (self.place(source, leaf), value(source).to_string());
        let detail = Detail::Conflict {
            taken: said(taken),
            others: others.iter().copied().map(said).collect(),
        };
        let mut finding = self
            .finding(Kind::Conflict, Level::QuasiMandatory, detail, leaf, taken)
            .given(value(taken).to_string());
        finding.cells = others.iter().map(|&o| self.place(o, leaf)).collect();
        if let [other] = *others {
            finding.difference = (value(taken).amount())
                .zip(value(other).amount())
                .and_then(|(taken, other)| taken.checked_sub(other));
        }
        finding
    }

    /// A figure so long that no sum with it can be written exactly. A rounded total would hide that.
    fn too_long(&self, leaf: usize, amount: Amount, source: Source) -> Finding {
        let detail = Detail::TooLong;
        self.finding(Kind::NotANumber, Level::Mandatory, detail, leaf, source)
            .given(amount.to_string())
    }

    /// A finding about one cell.
    fn finding(
        &self,
        kind: Kind,
        level: Level,
        detail: Detail,
        leaf: usize,
        at: Source,
    ) -> Finding {
        let row = self.row(at);
        let label = match (row.kind, &self.annex.total) {
            (RowKind::Total, Some(total)) => {
                total.label(row.stated_count.unwrap_or_default() as usize)
            }
            _ => row.name(),
        };
        let reporter = row.reporter.or(self.tables[at.table].reporter);
        let mut finding = Finding::new(kind, level, detail).at(self.place(at, leaf));
        finding.annex = Some(self.annex.number.clone());
        finding.reporter = reporter.map(|idx| self.scheme.reporters[idx].name.clone());
        finding.row = (!label.is_empty()).then(|| label.into());
        finding.column = Some((*self.annex.column_of(leaf).name).into());
        finding.year = self.annex.leaves[leaf].year.or(row.year);
        finding
    }

    fn place(&self, at: Source, leaf: usize) -> Place {
        let table = &self.tables[at.table];
        let cell = table.cell(self.row(at), leaf);
        Place::sheet(&table.file, &table.sheet, cell)
    }

    fn row(&self, at: Source) -> &'a Row {
        &self.tables[at.table].rows[at.row]
    }

    fn is_hearsay(&self, table: &Table, row: &Row) -> bool {
        match (table.reporter, row.reporter) {
            (Some(by), Some(about)) => by != about && !self.answers(by),
            _ => false,
        }
    }

    /// The place of a row's reporter among those who share the row.
    fn nth(&self, row: &Row) -> usize {
        let owners = row
            .spec
            .map(|spec| self.annex.rows.fixed()[spec].reporters.iter());
        let own =
            owners.and_then(|mut owners| owners.position(|owner| Some(*owner) == row.reporter));
        own.unwrap_or(0)
    }

    /// Whether the total row of a reporter's form is the county's, and not its own row.
    fn states_total(&self, reporter: usize) -> bool {
        let kind = self.scheme.reporters[reporter].kind;
        let has_row =
            self.annex.one_row_each.is_some() && self.annex.returned_by == ReturnedBy::Kind(kind);
        self.answers(reporter) && !has_row
    }

    /// Whether a reporter answers for the whole annex.
    fn answers(&self, reporter: usize) -> bool {
        self.annex.responsible == Some(reporter)
            || self.annex.returned_by == ReturnedBy::One(reporter)
    }
}

/// Numbers the rows of a register by their names.
#[derive(Default)]
struct RegisterNames<'a> {
    /// For each name its number, and how often the form in hand has it.
    firsts: HashMap<RowName<'a>, First>,
    /// The second row of a name in one form, the third …
    repeated: HashMap<(u32, u32), u32>,
    n_ids: u32,
}

/// Whose, which year, which key.
type RowName<'a> = (Option<usize>, Option<u16>, &'a [Arc<str>]);

struct First {
    id: u32,
    last_table: usize,
    times: u32,
}

impl<'a> RegisterNames<'a> {
    /// The row's number. Whether a key may stand twice in one form is for the rules to say; here the
    /// second is another row, so that nothing is dropped.
    fn id(&mut self, table: usize, row: &'a Row) -> u32 {
        let mut next = || {
            self.n_ids += 1;
            self.n_ids - 1
        };
        let name = (row.reporter, row.year, &*row.key);
        let first = self.firsts.entry(name).or_insert_with(|| First {
            id: next(),
            last_table: table,
            times: 0,
        });
        if first.last_table != table {
            (first.last_table, first.times) = (table, 0);
        }
        first.times += 1;
        match (first.id, first.times) {
            (id, 1) => id,
            again => *self.repeated.entry(again).or_insert_with(next),
        }
    }
}

/// Which of the rows that give the same row of the county is taken.
struct Ranked {
    /// For each row of the county.
    taken: Vec<Option<Source>>,
    /// The others, in order of trust, by the one taken.
    others: HashMap<Source, Vec<Source>>,
}

fn rank(given: &[Given], n_rows: usize) -> Ranked {
    let mut order: Vec<&Given> = given.iter().collect();
    order.sort_by_key(|given| (given.hearsay, given.nth));
    let mut taken: Vec<Option<Source>> = vec![None; n_rows];
    let mut others: HashMap<Source, Vec<Source>> = HashMap::new();
    for given in order {
        match taken[given.id as usize] {
            None => taken[given.id as usize] = Some(given.source),
            Some(first) => others.entry(first).or_default().push(given.source),
        }
    }
    Ranked { taken, others }
}

/// Whether another return contradicts the value taken. A blank contradicts nothing, and what cannot
/// be used has a finding of its own; but a value that a blank would hide is one.
fn differs(taken: &Value, other: &Value, blank_is_none: bool) -> bool {
    match (taken, other) {
        (_, Value::Missing | Value::Unusable(_)) | (Value::Missing, Value::NotApplicable) => false,
        (Value::Missing, Value::Amount(amount)) if blank_is_none => !amount.is_zero(),
        _ => taken != other,
    }
}

/// What makes a figure hard to reckon with: first its decimals, then its size.
fn digits(amount: Amount) -> (u8, Amount) {
    (amount.normalised().decimals(), amount.abs())
}

/// The county's figures that add up, as a frame: a row for each of the county's, an exact column for
/// each leaf. What is missing is null.
struct Addends(Vec<AddendColumn>);

struct AddendColumn {
    leaf: usize,
    values: Vec<Option<i128>>,
    /// The most decimals that any of them has.
    decimals: u32,
}

impl Addends {
    /// Below this, ten million figures stay within the digits of a column; polars wraps beyond.
    const LIMIT: i128 = 10i128.pow(PRECISION as u32 - 7);

    fn new(n_rows: usize, leaves: &[usize]) -> Self {
        let column = |&leaf| AddendColumn {
            leaf,
            values: vec![None; n_rows],
            decimals: 0,
        };
        Self(leaves.iter().map(column).collect())
    }

    /// Takes a figure, unless a column of one scale cannot hold it exactly.
    fn set(&mut self, row: usize, column: usize, amount: Amount) -> bool {
        let scaled = to_scaled(amount).filter(|scaled| scaled.abs() < Self::LIMIT);
        if scaled.is_some() {
            let column = &mut self.0[column];
            column.values[row] = scaled;
            column.decimals = u32::from(amount.decimals()).min(SCALE).max(column.decimals);
        }
        scaled.is_some()
    }

    fn frame(&self) -> PolarsResult<DataFrame> {
        let columns = self.0.iter().map(|column| {
            let name = column.leaf.to_string().into();
            (Int128Chunked::from_slice_options(name, &column.values))
                .into_decimal_unchecked(PRECISION, SCALE as usize)
                .into_column()
        });
        DataFrame::new_infer_height(columns.collect())
    }

    /// The sum for each leaf that has any figure; no sum where it has more digits than an amount can have.
    fn sums(&self) -> Vec<(usize, Option<Amount>)> {
        let frame = self.frame().expect("columns of one length");
        let sums = (frame.columns().iter().zip(&self.0))
            // polars would add nulls up to 0, and missing is not zero.
            .filter(|(column, _)| column.null_count() < column.len())
            .map(|(column, AddendColumn { leaf, decimals, .. })| {
                let sum = column.sum_reduce().expect("figures of one scale add up");
                let AnyValue::Decimal(sum, ..) = sum.into_value() else {
                    unreachable!("the sum of decimals is one")
                };
                (*leaf, from_scaled(sum, *decimals))
            });
        sums.collect()
    }
}
