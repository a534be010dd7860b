//! `records.parquet` → the tables that counted in an earlier period.
//!
//! What an earlier scheme had and this one has no longer (an annex, a column, a row, a reporter) is left
//! out: there is nothing to hold it against. Annexes and columns are named, because they may only be called
//! otherwise now.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Seek};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use polars::prelude::*;

use super::{COLUMNS, RecordsError, sound};
use crate::consolidate::exact::from_scaled;
use crate::consolidate::keys;
use crate::model::{CellRef, Damage, Entry, Past, Period, Row, RowKind, Table, Value};
use crate::read::caught;
use crate::scheme::{Annex, Rows, Scheme};

/// Reads the forms that counted in a period. Nothing is believed that this program does not write: what one row has
/// wrong makes the whole of no use.
pub fn read_records(
    scheme: &Scheme,
    period: Period,
    file: impl Read + Seek,
) -> Result<Past, RecordsError> {
    let frame = read_frame(file).map_err(RecordsError::Damaged)?;
    // Columns are put together out of parts of the file only now.
    let past = caught(|| past(scheme, period, &frame));
    let past = past.unwrap_or_else(|detail| Err(Damage::Damaged { detail }));
    past.map_err(RecordsError::Damaged)
}

/// The records of a file, if they have all columns that this program writes, each of its type.
pub(super) fn read_frame(mut file: impl Read + Seek) -> Result<DataFrame, Damage> {
    let mut bytes = Vec::new();
    let read = (file.rewind()).and_then(|()| file.read_to_end(&mut bytes));
    read.map_err(|error| Damage::NotOpened {
        detail: error.to_string(),
    })?;
    // polars trusts what a file says of itself, and panics where that is wrong, or does worse.
    let read = caught(|| {
        let mut reader = ParquetReader::new(Cursor::new(&bytes[..]));
        let metadata = reader.get_metadata().map_err(|error| error.to_string())?;
        sound::check(&bytes, metadata)?;
        // In one piece, because its rows are looked up one by one.
        let frame = reader.set_rechunk(true).finish();
        frame.map_err(|error| error.to_string())
    });
    let read = read.and_then(|read| read);
    let frame = read.map_err(|detail| Damage::Damaged { detail })?;
    for (name, kind) in COLUMNS {
        let wanted = kind.polars();
        let found = frame.column(name).map(|column| column.dtype());
        if found.ok() != Some(&wanted) {
            let wanted = wanted.to_string();
            return Err(Damage::Column { name, wanted });
        }
    }
    let own = frame.select(COLUMNS.map(|(name, _)| name));
    own.map_err(|error| Damage::Damaged {
        detail: error.to_string(),
    })
}

fn past(scheme: &Scheme, period: Period, frame: &DataFrame) -> Result<Past, Damage> {
    let damaged = |error: PolarsError| Damage::Damaged {
        detail: error.to_string(),
    };
    let column = |name: &str| frame.column(name).map_err(damaged);
    let text = |name: &str| column(name)?.str().map_err(damaged);
    let (annexes, columns, rows) = (text("annex")?, text("column")?, text("row")?);
    let (files, sheets, cells) = (text("file")?, text("sheet")?, text("cell")?);
    let (row_kinds, reporters) = (text("row_kind")?, text("reporter_code")?);
    let (periods, returned_by) = (text("period")?, text("returned_by")?);
    let years = column("year")?.u32().map_err(damaged)?;
    let superseded = column("superseded")?.bool().map_err(damaged)?;
    let values = Values::of(frame).map_err(damaged)?;
    let codes: HashMap<&str, usize> = (scheme.reporters.iter().enumerate())
        .map(|(idx, reporter)| (&*reporter.code, idx))
        .collect();
    let reporter = |code: Option<&str>| code.and_then(|code| codes.get(code)).copied();
    let own_period = period.to_string();
    let mut tables: Vec<Table> = Vec::new();
    let mut unknown: BTreeSet<(&str, &str)> = BTreeSet::new();
    for idx in 0..frame.height() {
        let entry = |column| Damage::Entry {
            row: idx + 1,
            column,
        };
        let is_of = periods.get(idx).ok_or_else(|| entry("period"))?;
        if is_of != own_period {
            let printed = is_of.to_owned();
            return Err(Damage::OtherPeriod { printed });
        }
        let annex = annexes.get(idx).ok_or_else(|| entry("annex"))?;
        let column = columns.get(idx).ok_or_else(|| entry("column"))?;
        let file = files.get(idx).ok_or_else(|| entry("file"))?;
        let sheet = sheets.get(idx).ok_or_else(|| entry("sheet"))?;
        let cell = cells.get(idx).and_then(|cell| cell.parse::<CellRef>().ok());
        let cell = cell.ok_or_else(|| entry("cell"))?;
        let kind = match row_kinds.get(idx) {
            Some("data") => RowKind::Data,
            Some("total") => RowKind::Total,
            _ => return Err(entry("row_kind")),
        };
        let value = values.get(idx).map_err(entry)?;
        let year = match years.get(idx).map(u16::try_from) {
            None => None,
            Some(Ok(year)) => Some(year),
            Some(Err(_)) => return Err(entry("year")),
        };
        if superseded.get(idx).ok_or_else(|| entry("superseded"))? {
            continue;
        }
        let Some(annex_idx) = scheme.annex(annex) else {
            unknown.insert((annex, ""));
            continue;
        };
        let number = annex;
        let annex = &scheme.annexes[annex_idx];
        let Some(leaf) = annex.column(column).and_then(|col| annex.leaf(col, year)) else {
            unknown.insert((number, column));
            continue;
        };
        let is_same = |table: &Table| {
            table.annex == annex_idx && *table.file == *file && *table.sheet == *sheet
        };
        if !tables.last().is_some_and(is_same) {
            tables.push(Table {
                annex: annex_idx,
                period,
                file: file.into(),
                sheet: sheet.into(),
                reporter: reporter(returned_by.get(idx)),
                columns: vec![None; annex.leaves.len()],
                rows: Vec::new(),
                originals: Vec::new(),
                notes: Vec::new(),
                formulas: Vec::new(),
                blank_rows: Vec::new(),
            });
        }
        let table = tables.last_mut().expect("just made");
        table.columns[leaf] = Some(cell.col);
        if table
            .rows
            .last()
            .is_none_or(|row| row.sheet_row != cell.row)
        {
            let name = rows.get(idx);
            let about = reporter(reporters.get(idx)).filter(|_| kind == RowKind::Data);
            table.rows.push(row(annex, kind, name, about, cell.row));
        }
        let row = table.rows.last_mut().expect("just made");
        // Under a yearly column the year is the column's.
        if annex.leaves[leaf].year.is_none() {
            row.year = year;
        }
        row.entries[leaf].value = value;
    }
    let mut specs: HashMap<usize, Specs> = HashMap::new();
    for table in &mut tables {
        let annex = &scheme.annexes[table.annex];
        let specs = (specs.entry(table.annex)).or_insert_with(|| by_name(annex));
        table.rows.retain_mut(|row| settle(annex, specs, row));
    }
    let unknown = unknown.into_iter();
    let unknown = unknown.map(|(annex, column)| format!("{annex} {column}").trim_end().to_owned());
    Ok(Past {
        period,
        tables,
        unknown: unknown.collect(),
    })
}

/// A row without figures yet.
fn row(
    annex: &Annex,
    kind: RowKind,
    name: Option<&str>,
    reporter: Option<usize>,
    sheet_row: u32,
) -> Row {
    let key = match kind {
        RowKind::Data => keys::read(name, annex.row_key.len()),
        RowKind::Total => Box::default(),
    };
    Row {
        kind,
        spec: None,
        key,
        year: None,
        reporter,
        sheet_row,
        stated_count: None,
        entries: vec![Entry::MISSING; annex.leaves.len()].into(),
    }
}

/// The fixed rows of an annex, by what they are known by and year.
struct Specs<'s> {
    by_key: HashMap<(&'s [Arc<str>], Option<u16>), usize>,
    /// By their names: what of a key is which part of it was not always written down.
    by_name: HashMap<(String, Option<u16>), usize>,
}

fn by_name(annex: &Annex) -> Specs<'_> {
    let specs = || annex.rows.fixed().iter().enumerate();
    let by_key = specs().map(|(idx, spec)| ((&*spec.key, spec.year), idx));
    // Only where a part of a key can be taken for two.
    let is_doubtful = |key: &[Arc<str>]| key.len() > 1 && key.iter().any(|part| part.contains('·'));
    let doubtful = specs().filter(|(_, spec)| is_doubtful(&spec.key));
    Specs {
        by_key: by_key.collect(),
        by_name: doubtful
            .map(|(idx, spec)| ((spec.key.join("·"), spec.year), idx))
            .collect(),
    }
}

/// Finds the fixed row that a row is; `false` for one that the annex no longer has.
fn settle(annex: &Annex, specs: &Specs, row: &mut Row) -> bool {
    if row.kind == RowKind::Total || matches!(annex.rows, Rows::Register) {
        return true;
    }
    row.spec = specs.by_key.get(&(&*row.key, row.year)).copied();
    if row.spec.is_none() && !specs.by_name.is_empty() {
        row.spec = specs.by_name.get(&(row.name(), row.year)).copied();
        if let Some(spec) = row.spec {
            row.key.clone_from(&annex.rows.fixed()[spec].key);
        }
    }
    row.spec.is_some()
}

/// The columns that make up a value.
struct Values<'f> {
    statuses: &'f StringChunked,
    values: &'f DecimalChunked,
    decimals: &'f UInt32Chunked,
    texts: &'f StringChunked,
}

impl<'f> Values<'f> {
    fn of(frame: &'f DataFrame) -> PolarsResult<Self> {
        Ok(Self {
            statuses: frame.column("status")?.str()?,
            values: frame.column("value")?.decimal()?,
            decimals: frame.column("decimals")?.u32()?,
            texts: frame.column("text")?.str()?,
        })
    }

    /// The value of a row; else the column that makes it impossible.
    fn get(&self, idx: usize) -> Result<Value, &'static str> {
        let text = || self.texts.get(idx).ok_or("text");
        Ok(match self.statuses.get(idx) {
            Some("amount") => {
                let scaled = self.values.physical().get(idx).ok_or("value")?;
                let decimals = self.decimals.get(idx).ok_or("decimals")?;
                Value::Amount(from_scaled(scaled, decimals).ok_or("value")?)
            }
            Some("long-amount") => Value::Amount(text()?.parse().map_err(|_| "text")?),
            Some("missing") => Value::Missing,
            Some("not-applicable") => Value::NotApplicable,
            Some("text") => Value::Text(text()?.into()),
            Some("date") => Value::Date(text()?.parse().map_err(|_| "text")?),
            Some("unusable") => Value::Unusable(text()?.into()),
            _ => return Err("status"),
        })
    }
}
