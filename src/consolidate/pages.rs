//! Pages of records.parquet from columns that are kept as they are written.
//!
//! Most columns repeat a few values: each is written once, and numbers of them in runs or packed into few bits (RLE of the
//! Parquet format). polars-parquet would look at every cell to find out which are the same and where runs are; both
//! are known here. So it writes the values and all that describes them, for a column that is one cell long, and the page of
//! that cell is replaced by the page of all.

use polars::prelude::{ArrowDataType, PolarsResult};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::hybrid_rle::Encoder;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, Page};
use polars_parquet::write::{Encoding, ParquetType, WriteOptions, array_to_columns};

use super::scaled::{PRECISION, SCALE};
use crate::model::CellRef;

/// A column of values that come again and again.
pub(super) struct Repeated {
    /// Each value once.
    values: Box<dyn Array>,
    numbers: Numbers,
}

/// Which value each cell has: its place, or [`NONE`].
enum Numbers {
    /// And how many cells in turn have it.
    Runs(Vec<(u32, usize)>),
    Rows(Rows),
    Each(Vec<u32>),
}

const NONE: u32 = u32::MAX;

/// A number for each cell, row by row. Rows of a form are much alike, so each is kept with how many in turn are the same.
#[derive(Default)]
pub(super) struct Rows(Vec<(Vec<u32>, usize)>);

impl Rows {
    /// Adds a row.
    pub(super) fn push(&mut self, numbers: &[u32]) {
        match self.0.last_mut() {
            Some((last, n)) if last == numbers => *n += 1,
            _ => self.0.push((numbers.to_vec(), 1)),
        }
    }

    /// All rows, one after the other.
    fn each(&self) -> impl Iterator<Item = &[u32]> {
        (self.0.iter()).flat_map(|(row, n)| std::iter::repeat_n(row.as_slice(), *n))
    }
}

impl Repeated {
    /// A column of names from their numbers, each with how many cells have it in turn.
    pub(super) fn in_runs(names: &[Option<&str>], ids: impl Iterator<Item = (u32, usize)>) -> Self {
        let mut used = Used::of(names);
        let mut runs = Vec::new();
        ids.for_each(|(id, n)| add(&mut runs, used.place(id), n));
        Self {
            values: texts(used.used),
            numbers: Numbers::Runs(runs),
        }
    }

    /// A column of names from the number of each cell.
    pub(super) fn names(names: &[Option<&str>], ids: Rows) -> Self {
        Self::in_rows(names, ids, texts)
    }

    /// A column of whole numbers from the number of each cell.
    pub(super) fn whole_numbers(values: &[Option<u32>], ids: Rows) -> Self {
        let array = |used| PrimitiveArray::from_vec(used).boxed();
        Self::in_rows(values, ids, array)
    }

    fn in_rows<V: Copy>(
        values: &[Option<V>],
        mut ids: Rows,
        array: impl Fn(Vec<V>) -> Box<dyn Array>,
    ) -> Self {
        let mut used = Used::of(values);
        let ids_of_rows = ids.0.iter_mut().flat_map(|(row, _)| row);
        ids_of_rows.for_each(|id| *id = used.place(*id));
        Self {
            values: array(used.used),
            numbers: Numbers::Rows(ids),
        }
    }

    /// The page of the values and the page of their numbers.
    pub(super) fn pages(
        self,
        kind: &ParquetType,
        options: WriteOptions,
    ) -> PolarsResult<Vec<Page>> {
        let last = self.values.len().saturating_sub(1) as u32;
        let n_bits = u32::BITS - last.leading_zeros();
        let (mut page, cells) = levels(self.numbers.has_value())?;
        page.push(n_bits as u8);
        self.numbers.write(&mut page, n_bits, &cells)?;
        let first = PrimitiveArray::<u32>::from([(!self.values.is_empty()).then_some(0)]);
        let column = DictionaryArray::try_from_keys(first, self.values, false)?;
        let encoding = Encoding::RleDictionary;
        with_page(column.boxed(), encoding, kind, options, (page, cells))
    }
}

impl Numbers {
    /// Which cells have a value, in runs.
    fn has_value(&self) -> Vec<(bool, usize)> {
        let mut runs = Vec::new();
        let mut tell = |place: u32, n| add(&mut runs, place != NONE, n);
        match self {
            Self::Runs(of) => of.iter().for_each(|(place, n)| tell(*place, *n)),
            Self::Rows(rows) => {
                for (row, n) in &rows.0 {
                    match row.first().filter(|_| !row.contains(&NONE)) {
                        Some(first) => tell(*first, n * row.len()),
                        None => (0..*n).for_each(|_| row.iter().for_each(|place| tell(*place, 1))),
                    }
                }
            }
            Self::Each(places) => places.iter().for_each(|place| tell(*place, 1)),
        }
        runs
    }

    fn write(&self, page: &mut Vec<u8>, n_bits: u32, cells: &Cells) -> std::io::Result<()> {
        let run = |page: &mut Vec<u8>, n, place| {
            <u32 as Encoder<u32>>::run_length_encode(page, n, place, n_bits)
        };
        let pack = |page: &mut Vec<u8>, places: &[u32]| {
            let places = places.iter().copied();
            <u32 as Encoder<u32>>::bitpacked_encode(page, places, n_bits as usize)
        };
        let n_with = cells.n - cells.n_without;
        match self {
            Self::Runs(runs) => {
                let mut runs = runs.iter().filter(|(place, _)| *place != NONE);
                runs.try_for_each(|(place, n)| run(page, *n, *place))
            }
            // There is at most one value to tell.
            _ if n_bits == 0 => run(page, n_with, 0),
            Self::Rows(rows) => {
                let mut places = Vec::with_capacity(n_with);
                for row in rows.each() {
                    match cells.n_without {
                        0 => places.extend_from_slice(row),
                        _ => places.extend(row.iter().filter(|place| **place != NONE)),
                    }
                }
                pack(page, &places)
            }
            // Every cell has an address.
            Self::Each(places) => pack(page, places),
        }
    }
}

/// Adds so many cells to runs of equal ones.
fn add<T: PartialEq>(runs: &mut Vec<(T, usize)>, value: T, n: usize) {
    match runs.last_mut() {
        Some((last, length)) if *last == value => *length += n,
        _ => runs.push((value, n)),
    }
}

/// The values that a column has, in the order in which it has them.
struct Used<'v, V> {
    values: &'v [Option<V>],
    /// For each value, its place in `used`, or [`NONE`].
    places: Vec<u32>,
    used: Vec<V>,
}

impl<'v, V: Copy> Used<'v, V> {
    fn of(values: &'v [Option<V>]) -> Self {
        Self {
            values,
            places: vec![NONE; values.len()],
            used: Vec::new(),
        }
    }

    /// The place of a value by its number, or [`NONE`].
    fn place(&mut self, id: u32) -> u32 {
        let id = id as usize;
        if let (NONE, Some(value)) = (self.places[id], self.values[id]) {
            self.places[id] = self.used.len() as u32;
            self.used.push(value);
        }
        self.places[id]
    }
}

fn texts(used: Vec<&str>) -> Box<dyn Array> {
    Utf8ViewArray::from_slice_values(used).boxed()
}

/// A column of addresses: `A1`, `B7` …. Forms are much alike, so most come again and again.
#[derive(Default)]
pub(super) struct Addresses {
    /// For each row its columns, in order, with their numbers.
    known: foldhash::HashMap<u32, Vec<(u32, u32)>>,
    names: Vec<String>,
    ids: Vec<u32>,
}

impl Addresses {
    pub(super) fn with_capacity(n: usize) -> Self {
        Self {
            ids: Vec::with_capacity(n),
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds cells, those of one row together.
    pub(super) fn extend(&mut self, cells: &[CellRef]) {
        for cells in cells.chunk_by(|a, b| a.row == b.row) {
            let known = self.known.entry(cells[0].row).or_default();
            let mut next = 0;
            for cell in cells {
                let is_next = known.get(next).is_some_and(|(col, _)| *col == cell.col);
                let found = match is_next {
                    true => Ok(next),
                    false => known.binary_search_by_key(&cell.col, |(col, _)| *col),
                };
                let place = found.unwrap_or_else(|place| {
                    known.insert(place, (cell.col, self.names.len() as u32));
                    self.names.push(cell.to_string());
                    place
                });
                self.ids.push(known[place].1);
                next = place + 1;
            }
        }
    }

    pub(super) fn repeated(self) -> Repeated {
        Repeated {
            values: Utf8ViewArray::from_slice_values(self.names).boxed(),
            numbers: Numbers::Each(self.ids),
        }
    }
}

/// A column of texts, which most cells do not have.
#[derive(Default)]
pub(super) struct Texts {
    /// Each text once, with its place.
    places: foldhash::HashMap<String, u32>,
    names: Vec<String>,
    runs: Vec<(u32, usize)>,
}

impl Texts {
    pub(super) fn push(&mut self, text: Option<&str>) {
        let place = text.map_or(NONE, |text| self.place(text));
        add(&mut self.runs, place, 1);
    }

    pub(super) fn push_none(&mut self, n: usize) {
        add(&mut self.runs, NONE, n);
    }

    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.names.len() as u32;
        self.places.insert(text.to_owned(), place);
        self.names.push(text.to_owned());
        place
    }

    pub(super) fn repeated(self) -> Repeated {
        Repeated {
            values: Utf8ViewArray::from_slice_values(self.names).boxed(),
            numbers: Numbers::Runs(self.runs),
        }
    }
}

/// A column of exact figures, as whole numbers of one scale.
pub(super) struct Figures {
    /// As the file has them: the most significant byte first.
    bytes: Vec<u8>,
    has_figure: Vec<(bool, usize)>,
    extremes: Option<[i128; 2]>,
}

impl Figures {
    pub(super) fn with_capacity(n: usize) -> Self {
        // And room for what comes in front.
        let n_bytes = n * size_of::<i128>() + n;
        Self {
            bytes: Vec::with_capacity(n_bytes),
            has_figure: Vec::new(),
            extremes: None,
        }
    }

    pub(super) fn push(&mut self, figure: Option<i128>) {
        add(&mut self.has_figure, figure.is_some(), 1);
        if let Some(figure) = figure {
            self.bytes.extend_from_slice(&figure.to_be_bytes());
            let [least, greatest] = self.extremes.unwrap_or([figure; 2]);
            self.extremes = Some([least.min(figure), greatest.max(figure)]);
        }
    }

    pub(super) fn pages(
        self,
        kind: &ParquetType,
        options: WriteOptions,
    ) -> PolarsResult<Vec<Page>> {
        let (levels, cells) = levels(self.has_figure)?;
        let mut page = self.bytes;
        page.splice(0..0, levels);
        let few = match self.extremes {
            Some(extremes) => PrimitiveArray::from_vec(extremes.to_vec()),
            None => PrimitiveArray::from([None]),
        };
        let few = few.to(ArrowDataType::Decimal(PRECISION, SCALE as usize));
        with_page(few.boxed(), Encoding::Plain, kind, options, (page, cells))
    }
}

/// How many cells a page has.
struct Cells {
    n: usize,
    n_without: usize,
}

/// The beginning of a page: which cells have a value, in runs.
fn levels(has_value: Vec<(bool, usize)>) -> std::io::Result<(Vec<u8>, Cells)> {
    /// Bytes of the length in front.
    const LENGTH: usize = 4;
    let mut page = vec![0; LENGTH];
    let mut cells = Cells { n: 0, n_without: 0 };
    for (has, n) in has_value {
        cells.n += n;
        cells.n_without += if has { 0 } else { n };
        <bool as Encoder<bool>>::run_length_encode(&mut page, n, has, 1)?;
    }
    let length = (page.len() - LENGTH) as u32;
    page[..LENGTH].copy_from_slice(&length.to_le_bytes());
    Ok((page, cells))
}

/// The pages that the library makes of a column, with another page for its cells.
fn with_page(
    column: Box<dyn Array>,
    encoding: Encoding,
    kind: &ParquetType,
    options: WriteOptions,
    (page, cells): (Vec<u8>, Cells),
) -> PolarsResult<Vec<Page>> {
    let columns = array_to_columns(column, kind.clone(), options, &[encoding])?;
    let mut pages: Vec<Page> = (columns.into_iter().flatten()).collect::<PolarsResult<_>>()?;
    // It comes last, behind the page of the values, if there is one.
    if let Some(Page::Data(data)) = pages.last_mut() {
        let mut header = data.header().clone();
        if let DataPageHeader::V1(header) = &mut header {
            header.num_values = cells.n as i32;
            if let Some(statistics) = &mut header.statistics {
                statistics.null_count = Some(cells.n_without as i64);
            }
        }
        let buffer = CowBuffer::Owned(page);
        *data = DataPage::new(header, buffer, data.descriptor.clone(), cells.n);
    }
    Ok(pages)
}
