//! Which returns count: what is owed, what came more than once, which of two is the newer one and what it
//! changed; how things stand with every return, and whom to telephone about what.

mod calls;
mod correction;
mod others;
mod standing;
mod version;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::SystemTime;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::model::{
    Correction, Detail, FileRecord, Finding, Kind, Level, Moment, NewerBy, Period, Place,
    ReturnRecord, ReturnStatus, Row, RowKind, Table, VersionMark,
};
use crate::scheme::{Annex, ReturnedBy, Rows, Scheme};

pub use calls::calls;
pub use others::others_rows;
pub use standing::judge;

/// Returns in order, and what is to be said of them.
#[derive(Debug, Default)]
pub struct Settled {
    /// All tables, in order of trust: where two have the same row, the first is taken.
    pub tables: Vec<Table>,
    /// For each table, where it stood among those given.
    pub order: Vec<usize>,
    /// For each table, the file that replaced the whole of it.
    pub superseded_by: Vec<Option<Arc<str>>>,
    /// For each of those, whether it says the same.
    pub is_copy: Vec<bool>,
    /// For each of those, whether its own sender replaced it.
    pub is_sent_again: Vec<bool>,
    /// What is owed, by reporter and annex.
    pub returns: Vec<ReturnRecord>,
    /// What newer returns changed, by annex and reporter, the newest first. Which findings they removed or
    /// made is for those to say who know the findings.
    pub corrections: Vec<Correction>,
    /// Returns that came twice, or not.
    pub findings: Vec<Finding>,
}

/// Puts tables in order of trust, and says what came twice or not at all.
///
/// A reporter's own rows are trusted before those that another office returns for it; of two
/// returns of one reporter the newer is taken; of two with the same figures the one whose file was read whole.
/// `files` tell which is the newer; of a file that is not among them its name does.
pub fn settle(
    scheme: &Scheme,
    period: Period,
    tables: Vec<Table>,
    files: &[FileRecord],
) -> Settled {
    let Ranked { order, ages, heard } = rank(scheme, &tables, files);
    let mut sorted: Vec<Option<Table>> = tables.into_iter().map(Some).collect();
    let tables: Vec<Table> = order.iter().filter_map(|&idx| sorted[idx].take()).collect();
    let senders: Vec<Sender> = tables.iter().map(|table| sender(scheme, table)).collect();
    let newer_by = |newer: usize, older: usize| -> Option<NewerBy> {
        let heard = heard.get(&senders[newer])?;
        // Two offices that nobody knows need not be one.
        senders[newer].2?;
        (senders[newer] == senders[older]).then(|| ages[newer].newer_by(&ages[older], *heard))
    };
    let mut settled = Settled {
        superseded_by: vec![None; tables.len()],
        is_copy: vec![false; tables.len()],
        is_sent_again: vec![false; tables.len()],
        order,
        ..Settled::default()
    };
    let several = Several::of(&tables);
    // Rows already taken, by whose they are: (annex, reporter, row) → table.
    let mut taken: HashMap<RowName<'_>, (usize, &Row)> = HashMap::new();
    for (idx, table) in tables.iter().enumerate() {
        if !several.any_in(table) {
            continue;
        }
        let annex = &scheme.annexes[table.annex];
        let mut replaced_by: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut n_new, mut all_agree) = (0, true);
        // What is left blank neither replaces anything nor is anything to lose.
        for row in table.rows.iter().filter(|row| annex.says_something(row)) {
            if !several.0.contains(&(table.annex, whose(table, row))) {
                n_new += 1;
                continue;
            }
            let is_own = answers_for(scheme, table, row);
            match taken.entry(row_name(table, row)) {
                // Two rows of one name in the same form are its own fault, reported when it was read.
                Entry::Occupied(other) if other.get().0 == idx => n_new += 1,
                Entry::Occupied(other) if is_own => {
                    let (earlier, other) = *other.get();
                    *replaced_by.entry(earlier).or_default() += 1;
                    all_agree &= same_figures(annex, row, other);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    n_new += 1;
                    if is_own {
                        free.insert((idx, row));
                    }
                }
            }
        }
        let Some((&by, &n_replaced)) = replaced_by
            .iter()
            .max_by_key(|(by, n_rows)| (**n_rows, Reverse(**by)))
        else {
            continue;
        };
        let taken_table = &tables[by];
        let decided = newer_by(by, idx);
        let is_copy = n_new == 0 && same_rows(table, taken_table);
        // An office that says the same as those whose rows they are contradicts nobody.
        let identical = is_copy || (decided.is_none() && all_agree);
        // Of a register sent again, rows may be gone on purpose; a few rows in common make no second sending.
        let is_register = matches!(annex.rows, Rows::Register);
        let sent_again = is_register && decided.is_some() && n_replaced >= n_new;
        // What another office says otherwise is no older return of the same: it is held against the one taken.
        let is_told_apart = is_register || identical || decided.is_some();
        if n_new == 0 && is_told_apart || sent_again {
            settled.superseded_by[idx] = Some(taken_table.file.clone());
            settled.is_copy[idx] = is_copy;
            settled.is_sent_again[idx] = decided.is_some();
        }
        let against_mark =
            decided.is_some_and(|by| by < NewerBy::Mark) && ages[by].mark < ages[idx].mark;
        let is_clear = n_new == 0 && decided.is_some_and(NewerBy::is_sure) && !against_mark;
        let in_one_file = taken_table.file == table.file;
        let (taken_name, other_name) = match in_one_file {
            true => sheets(taken_table, table),
            false => (taken_table.file.clone(), table.file.clone()),
        };
        let detail = Detail::DuplicateReturn {
            taken: taken_name,
            other: other_name,
            in_one_file,
            identical,
            newer_by: decided,
            against_mark,
            n_rows: (settled.superseded_by[idx].is_none()).then(|| replaced_by.values().sum()),
            differ: match in_one_file && !identical && !is_clear {
                true => differing(annex, taken_table, table),
                false => Vec::new(),
            },
        };
        let differing = match &detail {
            Detail::DuplicateReturn { differ, .. } => differ.clone(),
            _ => Vec::new(),
        };
        let level = match identical || is_clear {
            true => Level::Hint,
            false => Level::Verification,
        };
        let mut finding = Finding::new(Kind::DuplicateReturn, level, detail).at(Place::sheet(
            &table.file,
            &table.sheet,
            None,
        ));
        finding.annex = Some(annex.number.clone());
        finding.reporter = table.reporter.map(|idx| scheme.reporters[idx].name.clone());
        // The cells that contradict each other are marked in both sheets.
        let mut cells = differing
            .into_iter()
            .flat_map(|[taken, other]| [other.0, taken.0]);
        if let Some(first) = cells.next() {
            finding.place = Some(first);
            finding.cells = cells.collect();
        }
        settled.findings.push(finding);
    }
    let is_replaced: Vec<bool> = settled.superseded_by.iter().map(Option::is_some).collect();
    settled.corrections =
        correction::corrections(scheme, &tables, &senders, &is_replaced, &newer_by);
    settled.tables = tables;
    settled.owed(
        scheme,
        period,
        &newer_by_reporter(&senders, &is_replaced, &newer_by),
    );
    settled
}

/// The sheets of two forms in one file; their rows too, where both stand on one.
fn sheets(a: &Table, b: &Table) -> (Arc<str>, Arc<str>) {
    if a.sheet != b.sheet {
        return (a.sheet.clone(), b.sheet.clone());
    }
    let rows = |table: &Table| {
        let rows = || table.rows.iter().map(|row| row.sheet_row + 1);
        let (first, last) = (rows().min().unwrap_or(1), rows().max().unwrap_or(1));
        Arc::from(format!("{}!{first}:{last}", table.sheet))
    };
    (rows(a), rows(b))
}

/// Who sent a table: annex, whether it is about another's rows, reporter.
type Sender = (usize, bool, Option<usize>);

fn sender(scheme: &Scheme, table: &Table) -> Sender {
    let annex = &scheme.annexes[table.annex];
    let own = match (annex.returned_by, table.reporter) {
        (ReturnedBy::Kind(kind), Some(reporter)) => scheme.reporters[reporter].kind == kind,
        (ReturnedBy::One(one), reporter) => reporter == Some(one),
        _ => false,
    };
    (table.annex, !own, table.reporter)
}

/// Tables in order of trust.
struct Ranked {
    /// Indices of the tables as they were given.
    order: Vec<usize>,
    /// In that order.
    ages: Vec<Age>,
    /// For each sender, what its returns are told apart by.
    heard: HashMap<Sender, Heard>,
}

/// What tells how old a table is.
struct Age {
    saved: Option<Moment>,
    dated: Option<Moment>,
    mark: VersionMark,
    modified: Option<SystemTime>,
    is_whole: bool,
    shown: bool,
    file: Arc<str>,
}

/// What the returns of one sender can be told apart by: what only some of them tell is no measure, since
/// three returns could then come in a circle.
#[derive(Clone, Copy)]
struct Heard {
    saved: bool,
    dated: bool,
    modified: bool,
}

/// The greater is the newer.
type AgeKey = (
    Option<Moment>,
    Option<Moment>,
    VersionMark,
    Option<SystemTime>,
    bool,
    bool,
    Arc<str>,
);

impl Age {
    fn key(&self, heard: Heard) -> AgeKey {
        (
            self.saved.filter(|_| heard.saved),
            self.dated.filter(|_| heard.dated),
            self.mark,
            self.modified.filter(|_| heard.modified),
            self.is_whole,
            self.shown,
            self.file.clone(),
        )
    }

    /// By what it is newer than another. Programs that stamp every file alike tell nothing.
    fn newer_by(&self, other: &Self, heard: Heard) -> NewerBy {
        let (newer, older) = (self.key(heard), other.key(heard));
        if newer.0 != older.0 {
            NewerBy::Saved
        } else if newer.1 != older.1 {
            NewerBy::Dated
        } else if newer.2 != older.2 {
            NewerBy::Mark
        } else if newer.3 != older.3 {
            NewerBy::Modified
        } else if newer.4 != older.4 {
            NewerBy::Whole
        } else if newer.5 != older.5 && newer.6 == older.6 {
            NewerBy::Shown
        } else {
            NewerBy::Name
        }
    }
}

fn rank(scheme: &Scheme, tables: &[Table], files: &[FileRecord]) -> Ranked {
    let files: HashMap<&str, &FileRecord> = files.iter().map(|file| (&*file.path, file)).collect();
    let age = |table: &Table| {
        let file = files.get(&*table.file);
        let version = file.map(|file| file.version).unwrap_or_default();
        let form = file.and_then(|file| {
            let mut forms = file.tables.iter();
            forms.find(|form| form.sheet == table.sheet && form.annex == table.annex)
        });
        Age {
            saved: version.saved,
            dated: form.and_then(|form| Moment::day(form.dated?)),
            mark: match file {
                Some(_) => version.mark,
                None => VersionMark::of_path(&table.file),
            },
            modified: version.modified,
            is_whole: file.is_none_or(|file| file.is_whole),
            shown: form.is_none_or(|form| !form.hidden),
            file: table.file.clone(),
        }
    };
    let mut ages: Vec<Age> = tables.iter().map(age).collect();
    let mut heard: HashMap<Sender, Heard> = HashMap::new();
    for (table, age) in tables.iter().zip(&ages) {
        let heard = heard.entry(sender(scheme, table)).or_insert(Heard {
            saved: true,
            dated: true,
            modified: true,
        });
        heard.saved &= age.saved.is_some();
        heard.dated &= age.dated.is_some();
        heard.modified &= age.modified.is_some();
    }
    renew_whole(scheme, tables, &mut ages, &heard);
    let mut order: Vec<usize> = (0..tables.len()).collect();
    order.sort_by_cached_key(|&idx| {
        let sender = sender(scheme, &tables[idx]);
        let age = ages[idx].key(heard[&sender]);
        (sender, Reverse(age), tables[idx].sheet.clone())
    });
    let mut ages: Vec<Option<Age>> = ages.into_iter().map(Some).collect();
    let ages = order.iter().filter_map(|&idx| ages[idx].take()).collect();
    Ranked { order, ages, heard }
}

/// A return in a file that was read whole counts as new as any return of its sender that holds the same figures in a
/// file that was not: the figures are as new, and whatever else is in the other file cannot be seen.
fn renew_whole(
    scheme: &Scheme,
    tables: &[Table],
    ages: &mut [Age],
    heard: &HashMap<Sender, Heard>,
) {
    let (whole, damaged): (Vec<usize>, Vec<usize>) =
        (0..tables.len()).partition(|&idx| ages[idx].is_whole);
    if damaged.is_empty() {
        return;
    }
    let mut whole_of: HashMap<Sender, Vec<usize>> = HashMap::new();
    for idx in whole {
        let sender = sender(scheme, &tables[idx]);
        whole_of.entry(sender).or_default().push(idx);
    }
    for other in damaged {
        let sender = sender(scheme, &tables[other]);
        // Two offices that nobody knows need not be one.
        let Some(whole) = whole_of.get(&sender).filter(|_| sender.2.is_some()) else {
            continue;
        };
        for &idx in whole {
            let (a, b) = (&tables[idx], &tables[other]);
            let heard = heard[&sender];
            let is_older = ages[idx].key(heard) < ages[other].key(heard);
            if is_older && same_rows(a, b) && same_rows(b, a) {
                let Age {
                    saved,
                    dated,
                    mark,
                    modified,
                    ..
                } = ages[other];
                ages[idx] = Age {
                    saved,
                    dated,
                    mark,
                    modified,
                    is_whole: true,
                    shown: ages[idx].shown,
                    file: ages[idx].file.clone(),
                };
            }
        }
    }
}

/// By what the taken return of a reporter was found to be the newest.
fn newer_by_reporter(
    senders: &[Sender],
    is_replaced: &[bool],
    newer_by: &dyn Fn(usize, usize) -> Option<NewerBy>,
) -> HashMap<(usize, usize), NewerBy> {
    let mut decided = HashMap::new();
    let mut firsts: HashMap<&Sender, usize> = HashMap::new();
    for (idx, sender) in senders.iter().enumerate() {
        firsts.entry(sender).or_insert(idx);
    }
    for (idx, sender) in senders
        .iter()
        .enumerate()
        .filter(|(idx, _)| is_replaced[*idx])
    {
        let first = firsts.get(sender).copied();
        let by = first
            .filter(|first| *first < idx)
            .and_then(|first| newer_by(first, idx));
        if let (Some(by), (annex, _, Some(reporter))) = (by, *sender) {
            decided.entry((annex, reporter)).or_insert(by);
        }
    }
    decided
}

impl Settled {
    fn owed(
        &mut self,
        scheme: &Scheme,
        period: Period,
        newer_by: &HashMap<(usize, usize), NewerBy>,
    ) {
        // (annex, reporter) → files, those replaced first.
        let mut came: HashMap<(usize, usize), Vec<Arc<str>>> = HashMap::new();
        for table in self.tables.iter().rev() {
            let annex = &scheme.annexes[table.annex];
            let named = table
                .rows
                .iter()
                .filter(|row| row.kind == RowKind::Data && row.reporter != table.reporter)
                // What a township says of another is not that one's return.
                .filter(|row| answers_for(scheme, table, row) && annex.says_something(row))
                .filter_map(|row| row.reporter);
            let about: HashSet<usize> = named.chain(table.reporter).collect();
            for reporter in about {
                let files = came.entry((table.annex, reporter)).or_default();
                files.retain(|file| *file != table.file);
                files.push(table.file.clone());
            }
        }
        let by = self.superseded_by.iter().zip(&self.is_copy);
        let replaced: HashSet<(usize, usize)> = (self.tables.iter().zip(by))
            .filter(|(_, (by, is_copy))| by.is_some() && !**is_copy)
            .filter_map(|(table, _)| Some((table.annex, table.reporter?)))
            .collect();
        for (annex_idx, annex) in scheme.annexes.iter().enumerate() {
            for reporter in scheme.reporters_of(annex) {
                let files = came.remove(&(annex_idx, reporter)).unwrap_or_default();
                let is_replaced = replaced.contains(&(annex_idx, reporter));
                let status = match (files.is_empty(), is_replaced) {
                    (true, _) => ReturnStatus::Missing,
                    (false, true) => ReturnStatus::Superseded,
                    (false, false) => ReturnStatus::Returned,
                };
                if status == ReturnStatus::Missing && !annex.due.is_in(period) {
                    continue;
                }
                if status == ReturnStatus::Missing {
                    let mut finding =
                        Finding::new(Kind::NotReturned, Level::Mandatory, Detail::NotReturned);
                    finding.annex = Some(annex.number.clone());
                    finding.reporter = Some(scheme.reporters[reporter].name.clone());
                    self.findings.push(finding);
                }
                self.returns.push(ReturnRecord {
                    newer_by: newer_by.get(&(annex_idx, reporter)).copied(),
                    ..ReturnRecord::new(reporter, annex_idx, status, files)
                });
            }
        }
        self.returns
            .sort_by_key(|record| (record.reporter, record.annex));
    }
}

/// What tells rows of one annex apart over all returns.
type RowName<'t> = (
    usize,
    Option<usize>,
    RowKind,
    &'t [Arc<str>],
    Option<u16>,
    Option<usize>,
);

fn row_name<'t>(table: &Table, row: &'t Row) -> RowName<'t> {
    let whose = whose(table, row);
    (table.annex, row.spec, row.kind, &row.key, row.year, whose)
}

/// Every office's total row is its own.
fn whose(table: &Table, row: &Row) -> Option<usize> {
    match row.kind {
        RowKind::Total => table.reporter,
        RowKind::Data => row.reporter,
    }
}

/// Annexes and reporters of whose rows more than one table tells. Of all others nothing can have come twice, and
/// their rows, nearly all there are, need not be known by name.
struct Several(HashSet<(usize, Option<usize>)>);

impl Several {
    fn of(tables: &[Table]) -> Self {
        let mut told_by: HashMap<(usize, Option<usize>), usize> = HashMap::new();
        let mut several = HashSet::new();
        for (idx, table) in tables.iter().enumerate() {
            for about in told_of(table) {
                if *told_by.entry(about).or_insert(idx) != idx {
                    several.insert(about);
                }
            }
        }
        Self(several)
    }

    /// Whether a table tells of any of them.
    fn any_in(&self, table: &Table) -> bool {
        !self.0.is_empty() && told_of(table).any(|about| self.0.contains(&about))
    }
}

/// Of whom a table tells: annex and reporter, each once where its rows stand together.
fn told_of(table: &Table) -> impl Iterator<Item = (usize, Option<usize>)> {
    let together = (table.rows).chunk_by(|a, b| whose(table, a) == whose(table, b));
    together.map(|rows| (table.annex, whose(table, &rows[0])))
}

/// Whether a row is the table's to replace: a township's row about another township is not.
fn answers_for(scheme: &Scheme, table: &Table, row: &Row) -> bool {
    let by_kind = match (scheme.annexes[table.annex].returned_by, table.reporter) {
        (ReturnedBy::Kind(kind), Some(reporter)) => scheme.reporters[reporter].kind == kind,
        _ => false,
    };
    !by_kind || row.reporter.is_none() || row.reporter == table.reporter
}

/// The first figures that differ in rows that two tables have, that of the first table before that of the other.
fn differing(annex: &Annex, a: &Table, b: &Table) -> Vec<[(Place, String); 2]> {
    const MOST: usize = 6;
    let mut rows: HashMap<RowName<'_>, &Row> = HashMap::new();
    for row in &a.rows {
        rows.entry(row_name(a, row)).or_insert(row);
    }
    let at = |table: &Table, row: &Row, leaf: usize| {
        let cell = table.cell(row, leaf)?;
        let place = Place::sheet(&table.file, &table.sheet, Some(cell));
        Some((place, row.entries[leaf].value.to_string()))
    };
    let pairs = b
        .rows
        .iter()
        .filter_map(|row| Some((*rows.get(&row_name(b, row))?, row)));
    let cells = pairs.flat_map(|(taken, other)| {
        let leaves = (0..annex.leaves.len()).filter(|leaf| annex.is_data(*leaf));
        let differ = leaves
            .filter(|leaf| taken.entries[*leaf].value != other.entries[*leaf].value)
            .filter_map(|leaf| Some([at(a, taken, leaf)?, at(b, other, leaf)?]));
        differ.collect::<Vec<_>>()
    });
    cells.take(MOST).collect()
}

/// Whether two rows hold the same, apart from their names and numbers.
fn same_figures(annex: &Annex, a: &Row, b: &Row) -> bool {
    let mut pairs = a.entries.iter().zip(&b.entries).enumerate();
    pairs.all(|(leaf, (x, y))| x.value == y.value || !annex.is_data(leaf))
}

/// Whether every row of one table stands in the other with the same values.
fn same_rows(a: &Table, b: &Table) -> bool {
    let mut rows: HashMap<RowName<'_>, &Row> = HashMap::new();
    for row in &b.rows {
        rows.entry(row_name(b, row)).or_insert(row);
    }
    a.rows.iter().all(|row| {
        rows.get(&row_name(a, row)).is_some_and(|other| {
            let pairs = || row.entries.iter().zip(&other.entries);
            pairs().all(|(x, y)| x.value == y.value)
        })
    })
}
