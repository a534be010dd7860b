//! What the returns of an annex give, as a frame: a row for each of theirs that stands for one of the county's.
//!
//! | column | holds |
//! |---|---|
//! | `key` | which of the county's rows it is: rows of one key are the same row |
//! | `reporter` | whose it is |
//! | `hearsay` | whether a reporter speaks of another's row |
//! | `trust` | the order in which those who speak of a row are believed |
//! | `table`, `row` | where it stands: a [`Source`] |

use polars::prelude::*;

use super::Source;
use super::annex_returns::AnnexReturns;
use super::keys;
use crate::model::{Row, RowKind};
use crate::scheme::Rows;

pub(super) const KEY: &str = "key";
pub(super) const REPORTER: &str = "reporter";
pub(super) const HEARSAY: &str = "hearsay";
pub(super) const TRUST: &str = "trust";
pub(super) const TABLE: &str = "table";
pub(super) const ROW: &str = "row";

/// Every row of every return that says something. A fixed row that a form leaves blank is not given by it.
pub(super) fn observations(returns: &AnnexReturns) -> PolarsResult<DataFrame> {
    let annex = returns.annex;
    if annex.one_row_each.is_some() {
        return totals_of_forms(returns);
    }
    let mut given = Given::default();
    let mut key = Key::of(&annex.rows);
    for &table_idx in returns.own {
        let table = &returns.tables[table_idx];
        for (row_idx, row) in table.rows.iter().enumerate() {
            if row.kind != RowKind::Data {
                continue;
            }
            match &mut key {
                Key::Spec(specs) => match row.spec {
                    Some(spec) if annex.says_something(row) => specs.push(spec as u32),
                    _ => continue,
                },
                Key::Name(names) => names.push(row),
            }
            let source = Source {
                table: table_idx,
                row: row_idx,
            };
            given.push(source, row.reporter, returns.trust(table, row));
        }
    }
    let key = match key {
        Key::Spec(specs) => UInt32Chunked::from_vec(KEY.into(), specs).into_column(),
        Key::Name(names) => names.numbers(&given.tables)?,
    };
    given.frame(key)
}

/// The total row of every form, as the one row of its reporter; who is not known has a row for each form.
fn totals_of_forms(returns: &AnnexReturns) -> PolarsResult<DataFrame> {
    let n_reporters = returns.scheme.reporters.len();
    let mut given = Given::default();
    let mut keys = Vec::new();
    for &table in returns.own {
        let by = returns.tables[table].reporter;
        if by.is_some_and(|by| returns.states_total(by)) {
            continue;
        }
        if let Some(total) = returns.total_of(table) {
            keys.push(by.unwrap_or(n_reporters + table) as u32);
            given.push(total, by, Trust::OWN);
        }
    }
    given.frame(UInt32Chunked::from_vec(KEY.into(), keys).into_column())
}

/// How far a return is believed about a row.
#[derive(Clone, Copy)]
pub(super) struct Trust {
    /// A reporter speaks of another's row.
    pub(super) hearsay: bool,
    /// The place of its reporter among those who share the row, from 0.
    pub(super) nth: usize,
}

impl Trust {
    /// What a reporter says of its own row.
    const OWN: Self = Self {
        hearsay: false,
        nth: 0,
    };

    /// Who has a word of one's own comes before all hearsay.
    fn rank(self) -> u32 {
        const OF_OTHERS: u32 = 1 << 31;
        self.nth as u32 + if self.hearsay { OF_OTHERS } else { 0 }
    }
}

/// The columns of the frame, on their way.
#[derive(Default)]
struct Given {
    reporters: Vec<Option<u32>>,
    hearsay: Vec<bool>,
    trust: Vec<u32>,
    tables: Vec<u32>,
    rows: Vec<u32>,
}

impl Given {
    fn push(&mut self, source: Source, reporter: Option<usize>, trust: Trust) {
        self.reporters
            .push(reporter.map(|reporter| reporter as u32));
        self.hearsay.push(trust.hearsay);
        self.trust.push(trust.rank());
        self.tables.push(source.table as u32);
        self.rows.push(source.row as u32);
    }

    fn frame(self, key: Column) -> PolarsResult<DataFrame> {
        DataFrame::new_infer_height(vec![
            key,
            UInt32Chunked::from_slice_options(REPORTER.into(), &self.reporters).into_column(),
            BooleanChunked::from_slice(HEARSAY.into(), &self.hearsay).into_column(),
            UInt32Chunked::from_vec(TRUST.into(), self.trust).into_column(),
            UInt32Chunked::from_vec(TABLE.into(), self.tables).into_column(),
            UInt32Chunked::from_vec(ROW.into(), self.rows).into_column(),
        ])
    }
}

/// What the county's rows are known by.
enum Key {
    /// By their place in the annex.
    Spec(Vec<u32>),
    /// By what a register calls them.
    Name(Names),
}

impl Key {
    fn of(rows: &Rows) -> Self {
        match rows {
            Rows::Fixed(_) => Self::Spec(Vec::new()),
            Rows::Register => Self::Name(Names::default()),
        }
    }
}

/// Whose row of a register, of which year, under which key.
#[derive(Default)]
struct Names {
    reporters: Vec<Option<u32>>,
    years: Vec<Option<u32>>,
    keys: Vec<Option<String>>,
}

impl Names {
    fn push(&mut self, row: &Row) {
        self.reporters
            .push(row.reporter.map(|reporter| reporter as u32));
        self.years.push(row.year.map(u32::from));
        self.keys.push(keys::written(&row.key));
    }

    /// A number for each row, the same for the same row. Whether a key may stand twice in one form is for the
    /// rules to say; here the second is another row, so that nothing is dropped.
    fn numbers(self, tables: &[u32]) -> PolarsResult<Column> {
        let names = DataFrame::new_infer_height(vec![
            UInt32Chunked::from_slice_options("reporter".into(), &self.reporters).into_column(),
            UInt32Chunked::from_slice_options("year".into(), &self.years).into_column(),
            StringChunked::from_iter_options("key".into(), self.keys.into_iter()).into_column(),
        ])?;
        let numbers = numbered(&names)?;
        let times = times_in_form(&numbers, tables);
        let numbers = UInt32Chunked::from_vec(KEY.into(), numbers).into_column();
        if times.iter().all(|times| *times == 0) {
            return Ok(numbers);
        }
        let times = UInt32Chunked::from_vec("times".into(), times).into_column();
        let numbers = numbered(&DataFrame::new_infer_height(vec![numbers, times])?)?;
        Ok(UInt32Chunked::from_vec(KEY.into(), numbers).into_column())
    }
}

/// Numbers the rows of a frame: those that are alike have the same number.
fn numbered(frame: &DataFrame) -> PolarsResult<Vec<u32>> {
    let mut numbers = vec![0; frame.height()];
    let names = frame.get_column_names_owned();
    for (number, group) in frame.group_by(names)?.get_groups().iter().enumerate() {
        let mut tell = |row: IdxSize| numbers[row as usize] = number as u32;
        match group {
            GroupsIndicator::Idx((_, rows)) => rows.iter().copied().for_each(tell),
            GroupsIndicator::Slice([first, n]) => (first..first + n).for_each(&mut tell),
        }
    }
    Ok(numbers)
}

/// How often a form has had a row's number before.
fn times_in_form(numbers: &[u32], tables: &[u32]) -> Vec<u32> {
    let n_numbers = numbers.iter().max().map_or(0, |last| *last as usize + 1);
    let mut last = vec![(u32::MAX, 0); n_numbers];
    let rows = numbers.iter().zip(tables);
    rows.map(|(number, table)| {
        let (last_table, times) = &mut last[*number as usize];
        *times = if last_table == table { *times + 1 } else { 0 };
        *last_table = *table;
        *times
    })
    .collect()
}
