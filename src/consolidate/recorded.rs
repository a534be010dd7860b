//! `records.parquet` → the tables that counted in an earlier period.
//!
//! What an earlier scheme had and this one has no longer (an annex, a column, a row, a reporter) is left
//! out: there is nothing to hold it against. Annexes and columns are named, because they may only be called
//! otherwise now.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use polars::prelude::*;
use polars_io::mmap::MmapBytesReader;
use polars_io::parquet::read::ParquetReader;

use super::records::RecordsError;
use super::scaled::from_scaled;
use crate::model::{CellRef, Entry, Past, Period, Row, RowKind, Table, Value};
use crate::scheme::{Annex, Rows, Scheme};

/// Reads the forms that counted in a period.
pub fn read_records(
    scheme: &Scheme,
    period: Period,
    file: impl MmapBytesReader,
) -> Result<Past, RecordsError> {
    let frame = ParquetReader::new(file)
        .finish()
        .map_err(RecordsError::read)?;
    past(scheme, period, &frame).map_err(RecordsError::read)
}

fn past(scheme: &Scheme, period: Period, frame: &DataFrame) -> PolarsResult<Past> {
    let text = |name: &str| frame.column(name).and_then(|column| column.str());
    let (annexes, columns, rows) = (text("annex")?, text("column")?, text("row")?);
    let (files, sheets, cells) = (text("file")?, text("sheet")?, text("cell")?);
    let (row_kinds, reporters) = (text("row_kind")?, text("reporter_code")?);
    let returned_by = text("returned_by")?;
    let years = frame.column("year")?.u32()?;
    let superseded = frame.column("superseded")?.bool()?;
    let values = Values::of(frame)?;
    let codes: HashMap<&str, usize> = (scheme.reporters.iter().enumerate())
        .map(|(idx, reporter)| (&*reporter.code, idx))
        .collect();
    let reporter = |code: Option<&str>| code.and_then(|code| codes.get(code)).copied();
    let mut tables: Vec<Table> = Vec::new();
    let mut unknown: BTreeSet<(&str, &str)> = BTreeSet::new();
    for idx in 0..frame.height() {
        let names = annexes.get(idx).zip(columns.get(idx));
        let place = files.get(idx).zip(sheets.get(idx));
        let cell = cells.get(idx).and_then(|cell| cell.parse::<CellRef>().ok());
        let (Some((annex, column)), Some((file, sheet)), Some(cell)) = (names, place, cell) else {
            continue;
        };
        if superseded.get(idx) == Some(true) {
            continue;
        }
        let Some(annex_idx) = scheme.annex(annex) else {
            unknown.insert((annex, ""));
            continue;
        };
        let number = annex;
        let annex = &scheme.annexes[annex_idx];
        let year = years.get(idx).and_then(|year| u16::try_from(year).ok());
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
            });
        }
        let table = tables.last_mut().expect("just made");
        table.columns[leaf] = Some(cell.col);
        if table
            .rows
            .last()
            .is_none_or(|row| row.sheet_row != cell.row)
        {
            let kind = match row_kinds.get(idx) {
                Some("total") => RowKind::Total,
                _ => RowKind::Data,
            };
            let name = rows.get(idx).unwrap_or_default();
            let about = reporter(reporters.get(idx)).filter(|_| kind == RowKind::Data);
            table.rows.push(row(annex, kind, name, about, cell.row));
        }
        let row = table.rows.last_mut().expect("just made");
        // Under a yearly column the year is the column's.
        if annex.leaves[leaf].year.is_none() {
            row.year = year;
        }
        row.entries[leaf].value = values.get(idx);
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
fn row(annex: &Annex, kind: RowKind, name: &str, reporter: Option<usize>, sheet_row: u32) -> Row {
    let parts = name.splitn(annex.row_key.len(), '·');
    let key = match kind {
        RowKind::Data => parts
            .filter(|part| !part.is_empty())
            .map(Arc::from)
            .collect(),
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

/// The fixed rows of an annex by key and year.
type Specs<'s> = HashMap<(&'s [Arc<str>], Option<u16>), usize>;

fn by_name(annex: &Annex) -> Specs<'_> {
    let specs = annex.rows.fixed().iter().enumerate();
    specs
        .map(|(idx, spec)| ((&*spec.key, spec.year), idx))
        .collect()
}

/// Finds the fixed row that a row is; `false` for one that the annex no longer has.
fn settle(annex: &Annex, specs: &Specs, row: &mut Row) -> bool {
    if row.kind == RowKind::Total || matches!(annex.rows, Rows::Register) {
        return true;
    }
    row.spec = specs.get(&(&*row.key, row.year)).copied();
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

    fn get(&self, idx: usize) -> Value {
        let text = self.texts.get(idx).unwrap_or_default();
        let value = match self.statuses.get(idx) {
            Some("amount") => {
                let scaled = self.values.physical().get(idx);
                let amount = scaled
                    .zip(self.decimals.get(idx))
                    .and_then(|(scaled, decimals)| from_scaled(scaled, decimals));
                amount.map(Value::Amount)
            }
            Some("long-amount") => text.parse().ok().map(Value::Amount),
            Some("not-applicable") => Some(Value::NotApplicable),
            Some("text") => Some(Value::Text(text.into())),
            Some("date") => text.parse().ok().map(Value::Date),
            Some("unusable") => Some(Value::Unusable(text.into())),
            _ => None,
        };
        value.unwrap_or(Value::Missing)
    }
}
