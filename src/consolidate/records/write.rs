//! The forms that were read → records, in groups of rows.
//!
//! Forms, rows and cells are three frames: what all cells of a form or a row have in common is found once, and taken
//! for each cell by number.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, Write};
use std::ops::Range;

use polars::prelude::*;

use super::read::read_frame;
use super::{COLUMNS, RecordsError, schema};
use crate::consolidate::exact::{PRECISION, SCALE, to_scaled};
use crate::consolidate::keys;
use crate::model::{CellRef, FileRecord, Period, RowKind, Table, Value};
use crate::scheme::{Annex, Scheme};

/// Observations in a row group, or one row more: enough to pack well, few enough to take little memory.
const GROUP: usize = 1 << 15;

/// Writes every observation of `tables`, which were found in `files`.
///
/// The same input gives the same bytes, whatever the number of processors.
pub fn write_records(
    scheme: &Scheme,
    period: Period,
    files: &[FileRecord],
    tables: &[Table],
    writer: impl Write,
) -> Result<(), RecordsError> {
    let period = period.to_string();
    let forms = Forms::new(scheme, &period, files, tables);
    let write = || {
        let mut out = parquet(writer).batched(&schema())?;
        for group in groups(&forms) {
            out.write_batch(&forms.observations(&group)?)?;
        }
        out.finish()
    };
    write().map_err(RecordsError::Write)?;
    Ok(())
}

/// Records are written beside the workbook and the findings, so that columns side by side would only take memory.
fn parquet<W: Write>(writer: W) -> ParquetWriter<W> {
    ParquetWriter::new(writer)
        .with_compression(ParquetCompression::Lz4Raw)
        .set_parallel(false)
}

/// Puts the records of several counties one below the other, with a column `county` in front. One county after the
/// other is read and written, so that no more than one is in memory.
pub fn write_all_records<R: Read + Seek>(
    counties: Vec<(&str, R)>,
    writer: impl Write,
) -> Result<(), RecordsError> {
    let county = Field::new(PlSmallStr::from_static("county"), DataType::String);
    let columns = std::iter::once(county)
        .chain(schema().iter_fields())
        .collect();
    let mut out = parquet(writer)
        .batched(&columns)
        .map_err(RecordsError::Write)?;
    for (county, file) in counties {
        let mut frame = read_frame(file).map_err(RecordsError::Damaged)?;
        let county = StringChunked::full("county".into(), county, frame.height());
        let write = || {
            frame.insert_column(0, county.into_column())?;
            let groups = polars::frame::chunk_df_for_writing(&mut frame, GROUP)?;
            out.write_batch(&groups)
        };
        write().map_err(RecordsError::Write)?;
    }
    out.finish().map_err(RecordsError::Write)?;
    Ok(())
}

/// Some rows of a table.
struct Part {
    table: usize,
    rows: Range<usize>,
}

/// Cuts the tables, in order, into groups of about [`GROUP`] observations.
fn groups(forms: &Forms) -> Vec<Vec<Part>> {
    let mut groups: Vec<Vec<Part>> = vec![Vec::new()];
    let mut room = GROUP;
    for (idx, table) in forms.tables.iter().enumerate() {
        let per_row = forms.leaves(table).len();
        let mut start = 0;
        while per_row > 0 && start < table.rows.len() {
            let end = table.rows.len().min(start + room.div_ceil(per_row));
            groups.last_mut().expect("never empty").push(Part {
                table: idx,
                rows: start..end,
            });
            room = room.saturating_sub((end - start) * per_row);
            if room == 0 {
                groups.push(Vec::new());
                room = GROUP;
            }
            start = end;
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// All forms, with what is known of the files that they came in.
struct Forms<'a> {
    scheme: &'a Scheme,
    period: &'a str,
    tables: &'a [Table],
    /// One for each table, as is the next.
    hashes: Vec<Option<&'a str>>,
    superseded: Vec<bool>,
}

impl<'a> Forms<'a> {
    fn new(
        scheme: &'a Scheme,
        period: &'a str,
        files: &'a [FileRecord],
        tables: &'a [Table],
    ) -> Self {
        let hashes: HashMap<&str, &'a str> = (files.iter())
            .map(|file| (&*file.path, &*file.sha256))
            .collect();
        let superseded: HashSet<(&str, &str, usize)> = (files.iter())
            .flat_map(|file| file.tables.iter().map(move |table| (file, table)))
            .filter(|(_, table)| table.superseded)
            .map(|(file, table)| (&*file.path, &*table.sheet, table.annex))
            .collect();
        Self {
            scheme,
            period,
            tables,
            hashes: (tables.iter())
                .map(|table| hashes.get(&*table.file).copied())
                .collect(),
            superseded: (tables.iter())
                .map(|table| superseded.contains(&(&*table.file, &*table.sheet, table.annex)))
                .collect(),
        }
    }

    fn annex(&self, table: &Table) -> &'a Annex {
        &self.scheme.annexes[table.annex]
    }

    /// The leaves of a table that hold observations.
    fn leaves(&self, table: &Table) -> Vec<usize> {
        let annex = self.annex(table);
        let is_data = |leaf: &usize| !annex.is_label(annex.leaves[*leaf].column);
        (0..annex.leaves.len())
            .filter(|&leaf| table.columns[leaf].is_some())
            .filter(is_data)
            .collect()
    }

    /// The observations of a group: its cells, each with what its row, its form and its column say.
    fn observations(&self, group: &[Part]) -> PolarsResult<DataFrame> {
        let n_cells = (group.iter())
            .map(|part| part.rows.len() * self.leaves(&self.tables[part.table]).len())
            .sum();
        let mut rows = RowColumns::default();
        let mut cells = CellColumns::with_capacity(n_cells);
        for (form, part) in group.iter().enumerate() {
            let table = &self.tables[part.table];
            let leaves = self.leaves(table);
            let first_column = cells.add_columns(self.annex(table), &leaves);
            let usual_units = self.units(table, &leaves, None);
            for row_idx in part.rows.clone() {
                let row = rows.push(self, table, row_idx, form as IdxSize);
                cells.push(self, table, row_idx, &leaves);
                cells.rows.extend(std::iter::repeat_n(row, leaves.len()));
                cells.column_ids.extend((first_column..).take(leaves.len()));
                match table.rows[row_idx].spec {
                    None => cells.unit_ids.extend_from_slice(&usual_units),
                    spec => cells.unit_ids.extend(self.units(table, &leaves, spec)),
                }
            }
        }
        let rows = rows.frame(&self.form_columns(group)?)?;
        let cells = cells.frame(&self.unit_names()?, &rows)?;
        cells.select(COLUMNS.map(|(name, _)| name))
    }

    /// The units of some leaves in a row, by their place among [`Self::unit_names`].
    fn units(&self, table: &Table, leaves: &[usize], spec: Option<usize>) -> Vec<IdxSize> {
        let none = self.scheme.units.0.len();
        let unit = |leaf: &usize| self.scheme.unit_of(self.annex(table), *leaf, spec);
        let place = |leaf: &usize| unit(leaf).unwrap_or(none) as IdxSize;
        leaves.iter().map(place).collect()
    }

    /// One row for each part of a group: what all its rows have in common.
    fn form_columns(&self, group: &[Part]) -> PolarsResult<DataFrame> {
        let tables = || group.iter().map(|part| &self.tables[part.table]);
        let code = |table: &Table| {
            let by = table.reporter?;
            Some(&*self.scheme.reporters[by].code)
        };
        let hashes = group.iter().map(|part| self.hashes[part.table]);
        let superseded = group.iter().map(|part| self.superseded[part.table]);
        DataFrame::new_infer_height(vec![
            names("period", tables().map(|_| Some(self.period)))?,
            names(
                "annex",
                tables().map(|table| Some(&*self.annex(table).number)),
            )?,
            names("returned_by", tables().map(code))?,
            names("file", tables().map(|table| Some(&*table.file)))?,
            names("sheet", tables().map(|table| Some(&*table.sheet)))?,
            names("sha256", hashes)?,
            BooleanChunked::from_iter_values("superseded".into(), superseded).into_column(),
        ])
    }

    /// The names of all units, and none.
    fn unit_names(&self) -> PolarsResult<Column> {
        let units = self.scheme.units.0.iter().map(|unit| Some(&*unit.name));
        names("unit", units.chain([None]))
    }
}

/// A column in which few names come again and again: each is written once in a group of rows, and the cells by its
/// number, without a look at their texts.
fn names<'n>(
    name: &'static str,
    texts: impl Iterator<Item = Option<&'n str>>,
) -> PolarsResult<Column> {
    let texts = StringChunked::from_iter_options(name.into(), texts).into_column();
    let once = texts.unique_stable()?;
    let names = FrozenCategories::new(once.str()?.iter().flatten())?;
    texts.cast(&DataType::from_frozen_categories(names))
}

/// What all cells of a row have in common, once for each row.
#[derive(Default)]
struct RowColumns<'a> {
    /// The form of each row: its place in the frame of forms.
    forms: Vec<IdxSize>,
    reporter_codes: Vec<Option<&'a str>>,
    reporters: Vec<Option<&'a str>>,
    keys: Vec<Option<String>>,
    kinds: Vec<&'static str>,
}

impl<'a> RowColumns<'a> {
    /// Adds a row; gives its place.
    fn push(
        &mut self,
        forms: &Forms<'a>,
        table: &'a Table,
        row_idx: usize,
        form: IdxSize,
    ) -> IdxSize {
        let row = &table.rows[row_idx];
        self.forms.push(form);
        let about = row.reporter.or(table.reporter);
        let about = about.map(|about| &forms.scheme.reporters[about]);
        self.reporter_codes.push(about.map(|about| &*about.code));
        self.reporters.push(about.map(|about| &*about.name));
        self.keys.push(keys::written(&row.key));
        self.kinds.push(match row.kind {
            RowKind::Data => "data",
            RowKind::Total => "total",
        });
        self.forms.len() as IdxSize - 1
    }

    fn frame(self, forms: &DataFrame) -> PolarsResult<DataFrame> {
        let own = [
            names("reporter_code", self.reporter_codes.into_iter())?,
            names("reporter", self.reporters.into_iter())?,
            names("row", self.keys.iter().map(Option::as_deref))?,
            names("row_kind", self.kinds.into_iter().map(Some))?,
        ];
        forms
            .take(&IdxCa::from_vec("form".into(), self.forms))?
            .hstack(&own)
    }
}

/// What each cell has of its own.
struct CellColumns<'a> {
    /// The row of each cell: its place in the frame of rows.
    rows: Vec<IdxSize>,
    /// The column of each cell: its place in `columns`.
    column_ids: Vec<IdxSize>,
    /// The unit of each cell: its place among all units.
    unit_ids: Vec<IdxSize>,
    /// The columns of the forms of the group, one form after the other.
    columns: Vec<&'a str>,
    years: PrimitiveChunkedBuilder<UInt32Type>,
    statuses: Vec<IdxSize>,
    values: PrimitiveChunkedBuilder<Int128Type>,
    decimals: PrimitiveChunkedBuilder<UInt32Type>,
    texts: StringChunkedBuilder,
    originals: StringChunkedBuilder,
    addresses: Addresses,
}

/// What became of a cell, as the file calls it.
const STATUSES: [&str; 7] = [
    "amount",
    "long-amount",
    "missing",
    "not-applicable",
    "text",
    "date",
    "unusable",
];
const AMOUNT: IdxSize = 0;
const LONG_AMOUNT: IdxSize = 1;
const MISSING: IdxSize = 2;
const NOT_APPLICABLE: IdxSize = 3;
const TEXT: IdxSize = 4;
const DATE: IdxSize = 5;
const UNUSABLE: IdxSize = 6;

impl<'a> CellColumns<'a> {
    fn with_capacity(n: usize) -> Self {
        Self {
            rows: Vec::with_capacity(n),
            column_ids: Vec::with_capacity(n),
            unit_ids: Vec::with_capacity(n),
            columns: Vec::new(),
            years: PrimitiveChunkedBuilder::new("year".into(), n),
            statuses: Vec::with_capacity(n),
            values: PrimitiveChunkedBuilder::new("value".into(), n),
            decimals: PrimitiveChunkedBuilder::new("decimals".into(), n),
            texts: StringChunkedBuilder::new("text".into(), n),
            originals: StringChunkedBuilder::new("original".into(), n),
            addresses: Addresses::default(),
        }
    }

    /// Adds the columns of a form; gives the place of the first.
    fn add_columns(&mut self, annex: &'a Annex, leaves: &[usize]) -> IdxSize {
        let first = self.columns.len() as IdxSize;
        let name = |leaf: &usize| &*annex.column_of(*leaf).name;
        self.columns.extend(leaves.iter().map(name));
        first
    }

    /// Adds the cells of a row.
    fn push(&mut self, forms: &Forms, table: &Table, row_idx: usize, leaves: &[usize]) {
        let annex = forms.annex(table);
        let row = &table.rows[row_idx];
        for &leaf in leaves {
            let year = annex.leaves[leaf].year.or(row.year);
            self.years.append_option(year.map(u32::from));
            self.push_value(&row.entries[leaf].value);
            self.originals.append_option(table.original(row_idx, leaf));
            let cell = table.cell(row, leaf).expect("the form has the column");
            self.addresses.push(cell);
        }
    }

    fn push_value(&mut self, value: &Value) {
        let mut scaled = None;
        let mut decimals = None;
        let mut text: Option<Cow<'_, str>> = None;
        let status = match value {
            Value::Amount(amount) => {
                scaled = to_scaled(*amount);
                decimals = Some(u32::from(amount.decimals()));
                match scaled {
                    Some(_) => AMOUNT,
                    None => {
                        text = Some(amount.to_string().into());
                        LONG_AMOUNT
                    }
                }
            }
            Value::Missing => MISSING,
            Value::NotApplicable => NOT_APPLICABLE,
            Value::Text(given) => {
                text = Some(Cow::Borrowed(given));
                TEXT
            }
            Value::Date(date) => {
                text = Some(date.to_string().into());
                DATE
            }
            Value::Unusable(given) => {
                text = Some(Cow::Borrowed(given));
                UNUSABLE
            }
        };
        self.statuses.push(status);
        self.values.append_option(scaled);
        self.decimals.append_option(decimals);
        self.texts.append_option(text.as_deref());
    }

    fn frame(self, units: &Column, rows: &DataFrame) -> PolarsResult<DataFrame> {
        let taken = |names: Column, ids| names.take(&IdxCa::from_vec("id".into(), ids));
        let columns = names("column", self.columns.into_iter().map(Some))?;
        let statuses = names("status", STATUSES.into_iter().map(Some))?;
        let addresses = self.addresses.names.iter().map(|name| Some(name.as_str()));
        let addresses = names("cell", addresses)?;
        let values = self.values.finish();
        let own = [
            taken(columns, self.column_ids)?,
            self.years.finish().into_column(),
            taken(units.clone(), self.unit_ids)?,
            taken(statuses, self.statuses)?,
            (values.into_decimal_unchecked(PRECISION, SCALE as usize)).into_column(),
            self.decimals.finish().into_column(),
            self.texts.finish().into_column(),
            self.originals.finish().into_column(),
            taken(addresses, self.addresses.ids)?,
        ];
        rows.take(&IdxCa::from_vec("row".into(), self.rows))?
            .hstack(&own)
    }
}

/// Addresses of cells: forms are much alike, so most come again and again.
#[derive(Default)]
struct Addresses {
    known: foldhash::HashMap<CellRef, IdxSize>,
    names: Vec<String>,
    ids: Vec<IdxSize>,
}

impl Addresses {
    fn push(&mut self, cell: CellRef) {
        let names = &mut self.names;
        let id = self.known.entry(cell).or_insert_with(|| {
            names.push(cell.to_string());
            names.len() as IdxSize - 1
        });
        self.ids.push(*id);
    }
}
