//! 电话清单: whom to telephone about what, what matters most for the county's totals first.

use std::cell::{OnceCell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt};

use crate::model::{
    Amount, Call, Earlier, Effect, Finding, Kind, Level, Place, Row, RowKind, Table, Value,
};
use crate::scheme::{ColumnKind, Scheme};

use super::{RowName, answers_for, row_name};

/// Everything that asks something of a reporter, by reporter: first whose weightiest matter weighs most, and
/// of one reporter the weightiest matter first.
///
/// A matter weighs its effect times its level: mandatory three, quasi-mandatory two, verification one. Its
/// effect is the share of the county's total that is at stake: of a wrong cell the difference (where none is
/// known, that from the likely value, else the figure itself), of what is missing the same figure of last month, else of the plan, over the
/// county's total then. What nobody can weigh comes first. `tables` are those that count, in order of trust.
pub fn calls(
    scheme: &Scheme,
    tables: &[Table],
    earlier: &Earlier,
    findings: &[Finding],
) -> Vec<Call> {
    let scales = Scales {
        scheme,
        now: Figures::of(scheme, tables),
        before: (earlier.all())
            .map(|past| Figures::of(scheme, &past.tables))
            .collect(),
        by_sheet: (tables.iter())
            .map(|table| ((&*table.file, &*table.sheet, table.annex), table))
            .collect(),
    };
    let annexes = scheme.annexes.iter().enumerate();
    let annexes: HashMap<&str, usize> = annexes.map(|(idx, it)| (&*it.number, idx)).collect();
    let reporters = scheme.reporters.iter().enumerate();
    let reporters: HashMap<&str, usize> = reporters.map(|(idx, it)| (&*it.name, idx)).collect();
    let find = |known: &HashMap<&str, usize>, name: Option<&str>| known.get(name?).copied();
    let mut calls: Vec<(Weight, Call)> = (findings.iter().enumerate())
        .filter(|(_, finding)| finding.is_for_reporter())
        .map(|(idx, finding)| {
            let reporter = find(&reporters, finding.reporter.as_deref());
            let annex = find(&annexes, finding.annex.as_deref());
            let effect = scales.effect(finding, annex, reporter);
            let call = Call {
                reporter,
                annex,
                finding: idx,
                effect,
            };
            (Weight::of(effect, finding.level), call)
        })
        .collect();
    let mut first: BTreeMap<Option<usize>, Weight> = BTreeMap::new();
    for (weight, call) in &calls {
        let first = first.entry(call.reporter).or_insert(*weight);
        *first = (*first).min(*weight);
    }
    calls.sort_by_key(|(weight, call)| {
        (first[&call.reporter], call.reporter, *weight, call.finding)
    });
    calls.into_iter().map(|(_, call)| call).collect()
}

/// How much a matter weighs; the lesser comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    is_known: bool,
    effect: Reverse<Amount>,
    level: Level,
}

impl Weight {
    fn of(effect: Effect, level: Level) -> Self {
        let times = match level {
            Level::Mandatory => 3,
            Level::QuasiMandatory => 2,
            Level::Verification => 1,
            Level::Hint => 0,
        };
        let share = effect.share().unwrap_or(Amount::ZERO);
        let weighed = share.0.checked_mul(times.into()).map(Amount);
        Self {
            is_known: effect != Effect::Unknown,
            effect: Reverse(weighed.unwrap_or(share)),
            level,
        }
    }
}

/// What effects are weighed with.
struct Scales<'a> {
    scheme: &'a Scheme,
    now: Figures<'a>,
    /// Of earlier periods, the nearest first.
    before: Vec<Figures<'a>>,
    by_sheet: HashMap<(&'a str, &'a str, usize), &'a Table>,
}

impl<'a> Scales<'a> {
    fn effect(&self, finding: &Finding, annex: Option<usize>, reporter: Option<usize>) -> Effect {
        let Some(annex) = annex else {
            // What could not be read may hold anything.
            return match finding.kind {
                Kind::UnreadableFile | Kind::UnknownForm | Kind::AmbiguousForm => Effect::Unknown,
                _ => Effect::Nothing,
            };
        };
        if let Some(effect) = self.of_suspects(finding, annex) {
            return effect;
        }
        let place = finding.place.as_ref();
        match place.and_then(|place| self.cell(place, annex)) {
            Some((row, leaf)) => self.of_cell(finding, annex, row, leaf),
            None => match (of_figure(finding), reporter) {
                (Some(effect), _) => effect,
                (None, Some(reporter)) => self.of_return(annex, reporter),
                (None, None) => Effect::Unknown,
            },
        }
    }

    /// Of figures that are all off alike, as in a wrong unit: the greatest share that putting one right moves.
    fn of_suspects(&self, finding: &Finding, annex: usize) -> Option<Effect> {
        if finding.difference.is_some() {
            return None;
        }
        let suspects = finding.suspects.iter();
        let effects = suspects.filter_map(|suspect| {
            let likely: Amount = suspect.likely.as_deref()?.parse().ok()?;
            let (row, leaf) = self.cell(&suspect.place, annex)?;
            let given = row.entries[leaf].value.amount()?;
            let whole = self.now.total(annex, row, leaf)?;
            share(given.checked_sub(likely)?.abs(), whole)
        });
        effects.max_by_key(|effect| effect.share())
    }

    /// The row and the leaf of a cell.
    fn cell(&self, place: &Place, annex: usize) -> Option<(&'a Row, usize)> {
        let (sheet, cell) = (place.sheet.as_deref()?, place.cell?);
        let table = self.by_sheet.get(&(&*place.file, sheet, annex))?;
        let row = (table.rows)
            .binary_search_by_key(&cell.row, |row| row.sheet_row)
            .ok()?;
        let row = &table.rows[row];
        let leaf = table
            .columns
            .iter()
            .position(|col| *col == Some(cell.col))?;
        Some((row, leaf))
    }

    fn of_cell(&self, finding: &Finding, annex_idx: usize, row: &'a Row, leaf: usize) -> Effect {
        let annex = &self.scheme.annexes[annex_idx];
        if annex.kind_of(leaf, row.spec) != ColumnKind::Additive {
            return Effect::Nothing;
        }
        let units = &self.scheme.units;
        let unit = self.scheme.unit_of(annex, leaf, row.spec);
        let stated = finding.unit.as_deref().and_then(|name| units.find(name));
        let stated = stated.filter(|_| finding.difference.is_some()).or(unit);
        // A difference in another unit than the figure's is held against the total in what both are made of.
        let common = |amount: Amount, of: Option<usize>| match stated == unit {
            true => Some(amount.abs()),
            false => units.to_base(amount.abs(), of),
        };
        let part = match (finding.difference, &row.entries[leaf].value) {
            (Some(difference), _) => common(difference, stated),
            (None, Value::Amount(amount)) => common(*amount, unit),
            // What should stand there is best told by what stood there.
            (None, _) => {
                let mut before = self.before.iter();
                let share = before.find_map(|figures| {
                    let known = figures.row(annex_idx, row)?.entries[leaf].value.amount()?;
                    let whole = figures.total(annex_idx, row, leaf)?;
                    share(known.abs(), whole)
                });
                return share.unwrap_or(Effect::Unknown);
            }
        };
        let whole = self.now.total(annex_idx, row, leaf);
        let whole = whole.and_then(|whole| common(whole, unit));
        let known = part.zip(whole).and_then(|(part, whole)| share(part, whole));
        known.unwrap_or(Effect::Unknown)
    }

    /// The whole of a return is at stake: the greatest share that any of its columns had.
    fn of_return(&self, annex_idx: usize, reporter: usize) -> Effect {
        let annex = &self.scheme.annexes[annex_idx];
        let specs = annex.rows.fixed().len();
        let is_additive = |leaf: usize| match specs {
            0 => annex.kind_of(leaf, None) == ColumnKind::Additive,
            n => (0..n).any(|spec| annex.kind_of(leaf, Some(spec)) == ColumnKind::Additive),
        };
        let leaves: Vec<usize> = (0..annex.leaves.len())
            .filter(|leaf| is_additive(*leaf))
            .collect();
        if leaves.is_empty() {
            return Effect::Nothing;
        }
        let mut before = self.before.iter();
        let known = before.find_map(|figures| {
            let rows = figures.of_reporter(annex_idx, reporter);
            let shares = leaves.iter().flat_map(|&leaf| {
                let rows = rows.iter().copied();
                // Rows of several units have a total each.
                let with_total = rows.filter_map(move |row| {
                    let amount = row.entries[leaf].value.amount()?;
                    Some((figures.total_of(annex_idx, row, leaf)?, amount))
                });
                let mut parts: Vec<(TotalOf<'_>, Amount)> = Vec::new();
                for (total, amount) in with_total {
                    match parts.iter_mut().find(|(known, _)| *known == total) {
                        Some((_, sum)) => *sum = sum.checked_add(amount).unwrap_or(*sum),
                        None => parts.push((total, amount)),
                    }
                }
                parts.into_iter().filter_map(move |(total, part)| {
                    let whole = figures.sum(annex_idx, total, leaf)?;
                    share(part.abs(), whole)
                })
            });
            shares.max_by_key(|effect| effect.share())
        });
        known.unwrap_or(Effect::Unknown)
    }
}

/// Of a figure that stands in no single cell, such as the county's sum that a target is held against.
fn of_figure(finding: &Finding) -> Option<Effect> {
    let given: Amount = finding.given.as_deref()?.parse().ok()?;
    share(finding.difference?.abs(), given)
}

fn share(part: Amount, whole: Amount) -> Option<Effect> {
    let whole = whole.abs();
    (!whole.is_zero()).then_some(Effect::Share { part, whole })
}

/// The rows that count of some returns. Nothing is looked through before it is asked for.
struct Figures<'t> {
    scheme: &'t Scheme,
    /// In order of trust.
    tables: &'t [Table],
    annexes: Vec<OnceCell<AnnexFigures<'t>>>,
}

/// The same of one annex.
struct AnnexFigures<'t> {
    rows: Vec<&'t Row>,
    by_name: HashMap<RowName<'t>, &'t Row>,
    by_reporter: HashMap<usize, Vec<&'t Row>>,
    columns: RefCell<ColumnSums>,
    by_key: OnceCell<HashMap<RowKey<'t>, Vec<&'t Row>>>,
}

/// The keys and the year of a row.
type RowKey<'t> = (&'t [std::sync::Arc<str>], Option<u16>);

/// Sums of columns that have been asked for, by leaf and unit.
type ColumnSums = HashMap<(usize, Option<usize>), Option<Amount>>;

/// What a figure is added up to.
#[derive(Clone, Copy, PartialEq)]
enum TotalOf<'t> {
    /// All figures of its column that are in this unit.
    Column(Option<usize>),
    /// Itself: rows that are different things have no total.
    Row(&'t [std::sync::Arc<str>], Option<u16>),
}

impl<'t> AnnexFigures<'t> {
    /// What a township says of another is believed last.
    fn of(scheme: &'t Scheme, tables: &'t [Table], annex_idx: usize) -> Self {
        let annex = &scheme.annexes[annex_idx];
        let mut figures = Self {
            rows: Vec::new(),
            by_name: HashMap::new(),
            by_reporter: HashMap::new(),
            columns: RefCell::default(),
            by_key: OnceCell::new(),
        };
        for is_own in [true, false] {
            for table in tables.iter().filter(|table| table.annex == annex_idx) {
                let rows = table.rows.iter().filter(|row| {
                    row.kind == RowKind::Data
                        && answers_for(scheme, table, row) == is_own
                        && annex.says_something(row)
                });
                for row in rows {
                    let Entry::Vacant(vacant) = figures.by_name.entry(row_name(table, row)) else {
                        continue;
                    };
                    vacant.insert(row);
                    figures.rows.push(row);
                    if let Some(reporter) = row.reporter {
                        figures.by_reporter.entry(reporter).or_default().push(row);
                    }
                }
            }
        }
        figures
    }
}

impl<'t> AnnexFigures<'t> {
    /// The rows of one thing, whoever returned them.
    fn of_key<'s>(&'s self, key: &'s [std::sync::Arc<str>], year: Option<u16>) -> &'s [&'t Row] {
        let by_key = self.by_key.get_or_init(|| {
            let mut by_key: HashMap<RowKey<'t>, Vec<&'t Row>> = HashMap::new();
            for row in &self.rows {
                by_key.entry((&row.key, row.year)).or_default().push(row);
            }
            by_key
        });
        by_key.get(&(key, year)).map_or(&[], Vec::as_slice)
    }
}

impl<'t> Figures<'t> {
    /// `tables` in order of trust.
    fn of(scheme: &'t Scheme, tables: &'t [Table]) -> Self {
        Self {
            scheme,
            tables,
            annexes: scheme.annexes.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    fn annex(&self, annex: usize) -> &AnnexFigures<'t> {
        self.annexes[annex].get_or_init(|| AnnexFigures::of(self.scheme, self.tables, annex))
    }

    /// The same row in these returns.
    fn row(&self, annex: usize, row: &'t Row) -> Option<&'t Row> {
        let key = (annex, row.spec, row.kind, &*row.key, row.year, row.reporter);
        self.annex(annex).by_name.get(&key).copied()
    }

    fn of_reporter(&self, annex: usize, reporter: usize) -> &[&'t Row] {
        let rows = self.annex(annex).by_reporter.get(&reporter);
        rows.map_or(&[], Vec::as_slice)
    }

    /// What a figure is added up to, if it is one that adds up.
    fn total_of<'r>(&self, annex_idx: usize, row: &'r Row, leaf: usize) -> Option<TotalOf<'r>> {
        let annex = &self.scheme.annexes[annex_idx];
        if annex.kind_of(leaf, row.spec) != ColumnKind::Additive {
            return None;
        }
        let adds_up = annex.total.is_some() || annex.reporter_key.is_some();
        Some(match adds_up {
            true => TotalOf::Column(self.scheme.unit_of(annex, leaf, row.spec)),
            false => TotalOf::Row(&row.key, row.year),
        })
    }

    /// The county's total that a cell is part of.
    fn total(&self, annex: usize, row: &Row, leaf: usize) -> Option<Amount> {
        self.sum(annex, self.total_of(annex, row, leaf)?, leaf)
    }

    fn sum(&self, annex: usize, total: TotalOf<'_>, leaf: usize) -> Option<Amount> {
        let figures = self.annex(annex);
        let sum = |rows: &[&'t Row]| {
            let rows = rows.iter();
            let rows = rows.filter(|row| self.total_of(annex, row, leaf) == Some(total));
            let mut amounts = rows.filter_map(|row| row.entries[leaf].value.amount());
            let first = amounts.next()?;
            amounts.try_fold(first, Amount::checked_add)
        };
        match total {
            TotalOf::Column(unit) => {
                let mut columns = figures.columns.borrow_mut();
                *columns
                    .entry((leaf, unit))
                    .or_insert_with(|| sum(&figures.rows))
            }
            TotalOf::Row(key, year) => sum(figures.of_key(key, year)),
        }
    }
}
