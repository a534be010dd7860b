//! `records.parquet`: every observation with its key, its unit and the cell it came from.
//!
//! One row for each cell under a data column of a form that was read, in the order of the forms; cells of
//! forms that another return replaced are marked as superseded and kept. Key columns and row numbers
//! are not observations; a column that a form lacks has none.
//!
//! | column | holds |
//! |---|---|
//! | `period`, `annex`, `row`, `column`, `year`, `unit` | the key; `row` is empty in total rows and where the year alone names the row; the parts of its key are joined by `·`, and a `·` that is in a part is written `\\·` |
//! | `reporter_code`, `reporter` | whom the row is about; for total rows, who returned it |
//! | `returned_by` | code of who returned the form |
//! | `row_kind` | `data` or `total` |
//! | `status` | `amount`, `long-amount`, `missing`, `not-applicable`, `text`, `date`, `unusable` |
//! | `value` | the exact figure; empty unless `status` is `amount` |
//! | `decimals` | decimals as printed, of amounts |
//! | `text` | texts, dates (ISO), unusable entries, and amounts with too many digits for `value` (`long-amount`) |
//! | `original` | what was typed, where it is not what the value prints |
//! | `file`, `sheet`, `cell`, `sha256` | where it stands |
//! | `superseded` | whether another return replaced the form |

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Cursor, Read, Seek, Write};
use std::iter::once;
use std::ops::Range;

use polars::prelude::*;
use polars_arrow::array::BooleanArray;
use polars_arrow::bitmap::{Bitmap, MutableBitmap};
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Encoding, Page, ParquetType, StatisticsOptions, Version,
    WriteOptions, array_to_columns, compress,
};
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::keys;
use super::pages::{Addresses, Figures, Repeated, Rows, Texts};
use super::scaled::{PRECISION, SCALE, to_scaled};
use super::sound;
use crate::model::{Damage, FileRecord, Period, RowKind, Table, Value};
use crate::read::caught;
use crate::scheme::{Annex, Scheme};

/// Observations in a row group, or one row more: enough to pack well, few enough to take little memory.
const GROUP: usize = 1 << 16;

const ROW_KINDS: [&str; 2] = ["data", "total"];

const STATUSES: [&str; 7] = [
    "amount",
    "long-amount",
    "missing",
    "not-applicable",
    "text",
    "date",
    "unusable",
];
const AMOUNT: u32 = 0;
const LONG_AMOUNT: u32 = 1;
const MISSING: u32 = 2;
const NOT_APPLICABLE: u32 = 3;
const TEXT: u32 = 4;
const DATE: u32 = 5;
const UNUSABLE: u32 = 6;

/// Decimals that a figure may have.
const DECIMALS: Range<u32> = 0..Decimal::MAX_SCALE + 1;

/// Why records could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// They could not be written.
    #[error("cannot write the records")]
    Write(#[source] PolarsError),
    /// What is to be read is not what this program wrote.
    #[error("cannot use the records: {0:?}")]
    Damaged(Damage),
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
        sound::check(&bytes)?;
        let read = ParquetReader::new(Cursor::new(bytes)).finish();
        read.map_err(|error| error.to_string())
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
    Ok(frame)
}

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
    let names = Names::new(scheme, &period, files, tables);
    let write = || {
        let parquet = ParquetWriter::new(writer).with_compression(ParquetCompression::Lz4Raw);
        let mut out = parquet.batched(&schema())?;
        let types = out.parquet_schema().fields().to_vec();
        // A few groups at a time: made side by side, written in order.
        for groups in groups(&names, tables).chunks(rayon::current_num_threads().max(1)) {
            let made: Vec<_> = (groups.par_iter())
                .map(|group| names.records(group).pack(&names, &types))
                .collect();
            for group in made {
                let (n_rows, columns) = group?;
                out.write_row_group(n_rows as u64, &columns)?;
            }
        }
        out.finish()
    };
    write().map_err(RecordsError::Write)?;
    Ok(())
}

/// Types of columns.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Whole,
    Figure,
    Flag,
}

impl Type {
    fn polars(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Whole => DataType::UInt32,
            Self::Figure => DataType::Decimal(PRECISION, SCALE as usize),
            Self::Flag => DataType::Boolean,
        }
    }
}

/// The columns of the file, in its order.
const COLUMNS: [(&str, Type); 20] = [
    ("period", Type::Text),
    ("annex", Type::Text),
    ("reporter_code", Type::Text),
    ("reporter", Type::Text),
    ("returned_by", Type::Text),
    ("row", Type::Text),
    ("row_kind", Type::Text),
    ("column", Type::Text),
    ("year", Type::Whole),
    ("unit", Type::Text),
    ("status", Type::Text),
    ("value", Type::Figure),
    ("decimals", Type::Whole),
    ("text", Type::Text),
    ("original", Type::Text),
    ("file", Type::Text),
    ("sheet", Type::Text),
    ("cell", Type::Text),
    ("sha256", Type::Text),
    ("superseded", Type::Flag),
];

fn schema() -> Schema {
    let field = |(name, kind): (&'static str, Type)| {
        Field::new(PlSmallStr::from_static(name), kind.polars())
    };
    COLUMNS.into_iter().map(field).collect()
}

/// Puts the records of several counties one below the other, with a column `county` in front.
pub fn write_all_records<R: Read + Seek>(
    counties: Vec<(&str, R)>,
    writer: impl Write,
) -> Result<(), RecordsError> {
    let mut all: Option<DataFrame> = None;
    for (county, file) in counties {
        let mut frame = read_frame(file).map_err(RecordsError::Damaged)?;
        let county = StringChunked::full("county".into(), county, frame.height());
        let framed = frame.insert_column(0, county.into_column());
        framed.map_err(RecordsError::Write)?;
        match &mut all {
            Some(all) => all
                .vstack_mut(&frame)
                .map(|_| ())
                .map_err(RecordsError::Write)?,
            None => all = Some(frame),
        }
    }
    if let Some(mut all) = all {
        let parquet = ParquetWriter::new(writer).with_compression(ParquetCompression::Lz4Raw);
        parquet.finish(&mut all).map_err(RecordsError::Write)?;
    }
    Ok(())
}

/// Some rows of a table.
struct Part {
    table: usize,
    rows: Range<usize>,
}

/// Cuts the tables, in order, into groups of about [`GROUP`] observations.
fn groups(names: &Names, tables: &[Table]) -> Vec<Vec<Part>> {
    let mut groups: Vec<Vec<Part>> = vec![Vec::new()];
    let mut room = GROUP;
    for (idx, table) in tables.iter().enumerate() {
        let per_row = names.leaves(table).len();
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

/// Names that the records repeat, each kept once; `None` stands for none.
type Pool<'a> = Vec<Option<&'a str>>;

/// Every name that the records repeat.
struct Names<'a> {
    scheme: &'a Scheme,
    tables: &'a [Table],
    period: Pool<'a>,
    annexes: Pool<'a>,
    reporters: Pool<'a>,
    reporter_codes: Pool<'a>,
    units: Pool<'a>,
    columns: Pool<'a>,
    years: Vec<Option<u32>>,
    /// For each annex, where its columns begin in `columns`.
    first_column: Vec<u32>,
    /// One for each table, as are the next three.
    files: Pool<'a>,
    sheets: Pool<'a>,
    hashes: Pool<'a>,
    superseded: Vec<bool>,
}

impl<'a> Names<'a> {
    fn new(
        scheme: &'a Scheme,
        period: &'a str,
        files: &'a [FileRecord],
        tables: &'a [Table],
    ) -> Self {
        let mut first_column = Vec::new();
        let mut n_columns = 0;
        for annex in &scheme.annexes {
            first_column.push(n_columns);
            n_columns += annex.columns.len() as u32;
        }
        let columns = scheme.annexes.iter().flat_map(|annex| &annex.columns);
        let hashes: HashMap<&str, &'a str> = (files.iter())
            .map(|file| (&*file.path, &*file.sha256))
            .collect();
        let superseded: HashSet<(&str, &str, usize)> = (files.iter())
            .flat_map(|file| file.tables.iter().map(move |table| (file, table)))
            .filter(|(_, table)| table.superseded)
            .map(|(file, table)| (&*file.path, &*table.sheet, table.annex))
            .collect();
        let of_leaves = (scheme.annexes.iter())
            .flat_map(|annex| annex.leaves.iter().filter_map(|leaf| leaf.year));
        let rows = tables.iter().flat_map(|table| &table.rows);
        let years: BTreeSet<u16> = of_leaves.chain(rows.filter_map(|row| row.year)).collect();
        let of_tables = tables.iter();
        Self {
            scheme,
            tables,
            period: vec![Some(period)],
            annexes: pool(scheme.annexes.iter().map(|annex| &*annex.number)),
            reporters: or_none(scheme.reporters.iter().map(|reporter| &*reporter.name)),
            reporter_codes: or_none(scheme.reporters.iter().map(|reporter| &*reporter.code)),
            units: or_none(scheme.units.0.iter().map(|unit| &*unit.name)),
            columns: pool(columns.map(|column| &*column.name)),
            years: or_none(years.into_iter().map(u32::from)),
            first_column,
            files: pool(of_tables.clone().map(|table| &*table.file)),
            sheets: pool(of_tables.clone().map(|table| &*table.sheet)),
            hashes: (of_tables.clone())
                .map(|table| hashes.get(&*table.file).copied())
                .collect(),
            superseded: of_tables
                .map(|table| superseded.contains(&(&*table.file, &*table.sheet, table.annex)))
                .collect(),
        }
    }

    fn annex(&self, table: &Table) -> &'a Annex {
        &self.scheme.annexes[table.annex]
    }

    /// The number of a year, or of none.
    fn year(&self, year: Option<u16>) -> u32 {
        let year = year.map(u32::from);
        let place = self.years.iter().position(|one| *one == year);
        place.expect("every year is known") as u32
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

    /// The observations of a group.
    fn records(&self, group: &[Part]) -> Records {
        let rows = group.iter().map(|part| (part.rows.len(), part.table));
        let n = rows.map(|(n, table)| n * self.leaves(&self.tables[table]).len());
        let mut records = Records::with_capacity(n.sum());
        for part in group {
            records.push(self, part);
        }
        records
    }
}

/// The columns of a group. Numbers point into [`Names`]; no name is copied for a cell.
struct Records {
    rows: RowColumns,
    columns: Rows,
    years: Rows,
    units: Rows,
    statuses: Rows,
    values: Figures,
    decimals: Rows,
    texts: Texts,
    originals: Texts,
    cells: Addresses,
    superseded: MutableBitmap,
}

/// What all cells of a row have in common, once for each row.
#[derive(Default)]
struct RowColumns {
    n_cells: Vec<usize>,
    annexes: Vec<u32>,
    reporters: Vec<u32>,
    returned_by: Vec<u32>,
    keys: Vec<Option<String>>,
    kinds: Vec<u32>,
    tables: Vec<u32>,
}

impl RowColumns {
    /// A column of names by their numbers, each of which all cells of a row have in turn.
    fn column(&self, names: &[Option<&str>], ids: &[u32]) -> Column {
        let runs = ids.iter().copied().zip(self.n_cells.iter().copied());
        Column::Repeated(Repeated::in_runs(names, runs))
    }
}

impl Records {
    fn with_capacity(n: usize) -> Self {
        Self {
            rows: RowColumns::default(),
            columns: Rows::default(),
            years: Rows::default(),
            units: Rows::default(),
            statuses: Rows::default(),
            values: Figures::with_capacity(n),
            decimals: Rows::default(),
            texts: Texts::default(),
            originals: Texts::default(),
            cells: Addresses::with_capacity(n),
            superseded: MutableBitmap::with_capacity(n),
        }
    }

    fn push(&mut self, names: &Names, part: &Part) {
        let table = &names.tables[part.table];
        let annex = names.annex(table);
        let leaves = names.leaves(table);
        let n = leaves.len();
        let no_reporter = names.scheme.reporters.len();
        let returned_by = table.reporter.unwrap_or(no_reporter);
        let first_column = names.first_column[table.annex];
        let column = |leaf: &usize| first_column + annex.leaves[*leaf].column as u32;
        let columns: Vec<u32> = leaves.iter().map(column).collect();
        let years: Vec<Option<u32>> = (leaves.iter())
            .map(|&leaf| annex.leaves[leaf].year.map(|year| names.year(Some(year))))
            .collect();
        let unit = |leaf: usize, spec: Option<usize>| {
            let unit = names.scheme.unit_of(annex, leaf, spec);
            unit.unwrap_or(names.scheme.units.0.len()) as u32
        };
        let usual_units: Vec<u32> = leaves.iter().map(|&leaf| unit(leaf, None)).collect();
        let mut cells = Vec::with_capacity(n);
        let mut own = Vec::with_capacity(n);
        let (mut statuses, mut decimals) = (vec![0; n], vec![0; n]);
        for row_idx in part.rows.clone() {
            let row = &table.rows[row_idx];
            let reporter = row.reporter.or(table.reporter).unwrap_or(no_reporter);
            self.rows.n_cells.push(n);
            self.rows.annexes.push(table.annex as u32);
            self.rows.reporters.push(reporter as u32);
            self.rows.returned_by.push(returned_by as u32);
            self.rows.keys.push(keys::written(&row.key));
            self.rows.kinds.push(match row.kind {
                RowKind::Data => 0,
                RowKind::Total => 1,
            });
            self.rows.tables.push(part.table as u32);
            self.superseded
                .extend_constant(n, names.superseded[part.table]);
            self.columns.push(&columns);
            match row.spec {
                None => self.units.push(&usual_units),
                spec => {
                    own.clear();
                    own.extend(leaves.iter().map(|&leaf| unit(leaf, spec)));
                    self.units.push(&own);
                }
            }
            let own_year = names.year(row.year);
            own.clear();
            own.extend(years.iter().map(|year| year.unwrap_or(own_year)));
            self.years.push(&own);
            cells.clear();
            for (idx, &leaf) in leaves.iter().enumerate() {
                cells.extend(table.cell(row, leaf));
                (statuses[idx], decimals[idx]) = self.push_value(&row.entries[leaf].value);
            }
            self.statuses.push(&statuses);
            self.decimals.push(&decimals);
            self.cells.extend(&cells);
            match table.originals.is_empty() {
                true => self.originals.push_none(n),
                false => (leaves.iter())
                    .for_each(|&leaf| self.originals.push(table.original(row_idx, leaf))),
            }
        }
    }

    /// Adds a value; gives its status and its decimals.
    fn push_value(&mut self, value: &Value) -> (u32, u32) {
        let mut scaled = None;
        let mut decimals = DECIMALS.end;
        let mut text: Option<Cow<'_, str>> = None;
        let status = match value {
            Value::Amount(amount) => {
                scaled = to_scaled(*amount);
                decimals = u32::from(amount.decimals());
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
        self.texts.push(text.as_deref());
        self.values.push(scaled);
        (status, decimals)
    }

    /// The columns as parts of a file, with how many rows they have.
    fn pack(
        self,
        names: &Names,
        types: &[ParquetType],
    ) -> PolarsResult<(usize, Vec<Vec<CompressedPage>>)> {
        let height = self.cells.len();
        let superseded = BooleanArray::from(Bitmap::from(self.superseded));
        let rows = &self.rows;
        let keys: Pool = rows.keys.iter().map(Option::as_deref).collect();
        let key_ids: Vec<u32> = (0..keys.len() as u32).collect();
        let decimals: Vec<Option<u32>> = or_none(DECIMALS);
        let columns = [
            Column::Repeated(Repeated::in_runs(&names.period, once((0, height)))),
            rows.column(&names.annexes, &rows.annexes),
            rows.column(&names.reporter_codes, &rows.reporters),
            rows.column(&names.reporters, &rows.reporters),
            rows.column(&names.reporter_codes, &rows.returned_by),
            rows.column(&keys, &key_ids),
            rows.column(&ROW_KINDS.map(Some), &rows.kinds),
            Column::Repeated(Repeated::names(&names.columns, self.columns)),
            Column::Repeated(Repeated::whole_numbers(&names.years, self.years)),
            Column::Repeated(Repeated::names(&names.units, self.units)),
            Column::Repeated(Repeated::names(&STATUSES.map(Some), self.statuses)),
            Column::Figures(self.values),
            Column::Repeated(Repeated::whole_numbers(&decimals, self.decimals)),
            Column::Repeated(self.texts.repeated()),
            Column::Repeated(self.originals.repeated()),
            rows.column(&names.files, &rows.tables),
            rows.column(&names.sheets, &rows.tables),
            Column::Repeated(self.cells.repeated()),
            rows.column(&names.hashes, &rows.tables),
            Column::Flags(superseded),
        ];
        let packed = (columns.into_par_iter().zip(types)).map(|(column, kind)| column.pages(kind));
        Ok((height, packed.collect::<PolarsResult<_>>()?))
    }
}

/// A column of the file.
enum Column {
    Repeated(Repeated),
    Figures(Figures),
    Flags(BooleanArray),
}

impl Column {
    fn pages(self, kind: &ParquetType) -> PolarsResult<Vec<CompressedPage>> {
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            compression: CompressionOptions::Lz4Raw,
            data_page_size: None,
        };
        let pages: Vec<Page> = match self {
            Self::Repeated(repeated) => repeated.pages(kind, options)?,
            Self::Figures(figures) => figures.pages(kind, options)?,
            Self::Flags(flags) => {
                let encoding = [Encoding::Plain];
                let columns = array_to_columns(flags.boxed(), kind.clone(), options, &encoding)?;
                (columns.into_iter().flatten()).collect::<PolarsResult<_>>()?
            }
        };
        (pages.into_iter())
            .map(|page| Ok(compress(page, Vec::new(), options.compression)?))
            .collect()
    }
}

fn pool<'s>(names: impl IntoIterator<Item = &'s str>) -> Pool<'s> {
    names.into_iter().map(Some).collect()
}

/// The values, and none after the last.
fn or_none<V>(values: impl Iterator<Item = V>) -> Vec<Option<V>> {
    values.map(Some).chain([None]).collect()
}
