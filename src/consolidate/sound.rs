//! Whether the pages of a parquet file are what they say, before polars reads them.
//!
//! polars trusts numbers in a file: it reserves memory for as many values as a page states, which ends the program where
//! they are made up, and no panic can be caught then. So pages are looked through first: every count is held against the
//! bytes that are there. Only what this program and polars write is let through: one page of values for each column
//! and any number of data pages of version 1, plain or as numbers of these values.

use std::io::Cursor;

use polars_parquet::parquet::compression::DecompressionContext;
use polars_parquet::parquet::metadata::ColumnChunkMetadata;
use polars_parquet::parquet::page::{
    CompressedPage, DataPage, DataPageHeader, DictPage, Page, split_buffer,
};
use polars_parquet::parquet::read::{PageReader, decompress, read_metadata};
use polars_parquet::parquet::schema::types::PhysicalType;
use polars_parquet::write::Encoding;

/// Bytes of a page, once it is expanded; a group of rows of this program has a tenth of it.
const MOST_BYTES: usize = 64 << 20;
/// LZ4 makes at most so many bytes of one.
const MOST_EXPANDED: usize = 255;
/// Rows of a file, and of each of its bytes: a row has some twenty columns, and takes far more than one byte where this program
/// wrote it, but some hundred in memory.
const MOST_ROWS: usize = 50_000_000;
const ROWS_PER_BYTE: usize = 1;

type Sound<T> = Result<T, String>;

/// Looks through all pages of a file. Panics where the file contradicts itself in a way that polars notices.
pub(super) fn check(bytes: &[u8]) -> Sound<()> {
    let metadata = read_metadata(&mut Cursor::new(bytes)).map_err(said)?;
    let most_rows = MOST_ROWS.min(bytes.len().saturating_mul(ROWS_PER_BYTE));
    let mut n_rows = 0usize;
    for group in &metadata.row_groups {
        n_rows = n_rows.saturating_add(group.num_rows());
        holds(n_rows <= most_rows, "more rows than there can be")?;
        for column in group.parquet_columns() {
            let is_whole = i64::try_from(group.num_rows()) == Ok(column.num_values());
            holds(is_whole, "a column is shorter than the others")?;
            check_column(bytes, column)?;
        }
    }
    holds(n_rows == metadata.num_rows, "rows are missing")
}

fn check_column(bytes: &[u8], column: &ColumnChunkMetadata) -> Sound<()> {
    let range = column.byte_range();
    let place = usize::try_from(range.start)
        .ok()
        .zip(range.end.try_into().ok());
    let own = place.and_then(|(start, end): (usize, usize)| bytes.get(start..end));
    let own = own.ok_or("a column lies outside of the file")?;
    // The file as a whole is not copied: a column of its own begins where it does.
    let at_start = Cursor::new(own.to_vec().into());
    let mut pages = PageReader::new(at_start, column, Vec::new(), MOST_BYTES);
    let (packed, expanded) = first_sizes(own).ok_or("a page has no sizes")?;
    holds(fits(packed, expanded), "a page is too large")?;
    let mut context = DecompressionContext::Unset;
    let kind = column.physical_type();
    let mut values = None;
    if let Some(page) = pages.read_dict().map_err(said)? {
        let page = decompress(CompressedPage::Dict(page), &mut Vec::new(), &mut context);
        match page.map_err(said)? {
            Page::Dict(page) => values = Some(check_values(&page, kind)?),
            Page::Data(_) => return Err("a page is of two kinds".to_owned()),
        }
    }
    let mut left = usize::try_from(column.num_values()).map_err(said)?;
    for page in pages {
        let CompressedPage::Data(page) = page.map_err(said)? else {
            return Err("values stand twice".to_owned());
        };
        let is_known = matches!(page.header(), DataPageHeader::V1(_));
        holds(is_known, "a page of another version")?;
        left = (left.checked_sub(page.num_values())).ok_or("more values than rows")?;
        let sizes = (page.compressed_size(), page.uncompressed_size());
        holds(fits(sizes.0, sizes.1), "a page is too large")?;
        let page = decompress(CompressedPage::Data(page), &mut Vec::new(), &mut context);
        match page.map_err(said)? {
            Page::Data(page) => check_page(&page, kind, values)?,
            Page::Dict(_) => return Err("a page is of two kinds".to_owned()),
        }
    }
    holds(left == 0, "fewer values than rows")
}

fn fits(packed: usize, expanded: usize) -> bool {
    expanded <= MOST_BYTES && expanded <= packed.saturating_mul(MOST_EXPANDED).saturating_add(64)
}

/// How many values a page of values has.
fn check_values(page: &DictPage, kind: PhysicalType) -> Sound<usize> {
    plain(page.buffer.as_ref(), kind, page.num_values)?;
    Ok(page.num_values)
}

/// A page of data; `values` is how many there are to be numbered.
fn check_page(page: &DataPage, kind: PhysicalType, values: Option<usize>) -> Sound<()> {
    let descriptor = &page.descriptor;
    let is_flat = descriptor.max_rep_level == 0 && descriptor.max_def_level <= 1;
    holds(is_flat, "a column of lists")?;
    let n = page.num_values();
    let parts = split_buffer(page).map_err(said)?;
    let n_with = match descriptor.max_def_level {
        0 => n,
        // How many of them are there.
        _ => runs(parts.def, 1, n, 2)?,
    };
    match page.encoding() {
        Encoding::Plain => plain(parts.values, kind, n_with),
        Encoding::RleDictionary | Encoding::PlainDictionary => {
            if n_with == 0 {
                return Ok(());
            }
            let (n_bits, numbers) = parts.values.split_first().ok_or("numbers are missing")?;
            holds(*n_bits <= 32, "numbers are too wide")?;
            let values = values.ok_or("values are missing")?;
            runs(numbers, u32::from(*n_bits), n_with, values).map(|_| ())
        }
        Encoding::Rle if kind == PhysicalType::Boolean => {
            let flags = parts.values.get(4..).ok_or("flags are missing")?;
            runs(flags, 1, n_with, 2).map(|_| ())
        }
        other => Err(format!("written in another way: {other:?}")),
    }
}

/// Values one after the other.
fn plain(bytes: &[u8], kind: PhysicalType, n: usize) -> Sound<()> {
    let n_bytes = match kind {
        PhysicalType::Boolean => n.div_ceil(8),
        PhysicalType::Int32 | PhysicalType::Float => n.saturating_mul(4),
        PhysicalType::Int64 | PhysicalType::Double => n.saturating_mul(8),
        PhysicalType::Int96 => n.saturating_mul(12),
        PhysicalType::FixedLenByteArray(size) => n.saturating_mul(size),
        PhysicalType::ByteArray => {
            let mut rest = bytes;
            for _ in 0..n {
                let (length, others) = rest.split_first_chunk().ok_or("texts are missing")?;
                let length = u32::from_le_bytes(*length) as usize;
                rest = others.get(length..).ok_or("a text is cut short")?;
            }
            return Ok(());
        }
    };
    holds(n_bytes <= bytes.len(), "values are missing")
}

/// Looks through `n` numbers below `most`, of so many bits each, in runs or packed (RLE of the format). Gives their sum, which
/// for single bits is how many are set.
fn runs(mut bytes: &[u8], n_bits: u32, n: usize, most: usize) -> Sound<usize> {
    if n_bits == 0 {
        holds(most > 0, "a number without a value")?;
        return Ok(0);
    }
    let mut left = n;
    let mut n_set = 0usize;
    while left > 0 {
        let (head, rest) = varint(bytes).ok_or("numbers are cut short")?;
        bytes = rest;
        let n_of_run = usize::try_from(head >> 1).map_err(said)?;
        holds(n_of_run > 0, "a run of nothing")?;
        if head & 1 == 0 {
            holds(n_of_run <= left, "a run is too long")?;
            let n_bytes = n_bits.div_ceil(8) as usize;
            let (value, rest) = bytes
                .split_at_checked(n_bytes)
                .ok_or("a number is missing")?;
            bytes = rest;
            let value = value
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            holds(value < most, "a number of no value")?;
            n_set = n_set.saturating_add(value.saturating_mul(n_of_run));
            left -= n_of_run;
            continue;
        }
        // Eight numbers at a time; of the last eight not all need be there.
        let n_packed = n_of_run.checked_mul(8).ok_or("a run is too long")?;
        holds(n_packed < left + 8, "a run is too long")?;
        let n_taken = n_packed.min(left);
        let n_bytes = n_of_run.saturating_mul(n_bits as usize).min(bytes.len());
        let (packed, rest) = bytes.split_at(n_bytes);
        holds(
            n_taken * n_bits as usize <= packed.len() * 8,
            "numbers are missing",
        )?;
        bytes = rest;
        for nth in 0..n_taken {
            let value = packed_number(packed, nth * n_bits as usize, n_bits);
            holds(value < most, "a number of no value")?;
            n_set = n_set.saturating_add(value);
        }
        left -= n_taken;
    }
    Ok(n_set)
}

/// The number of so many bits that begins at a bit.
fn packed_number(bytes: &[u8], at: usize, n_bits: u32) -> usize {
    let mut window = [0; 8];
    let from = &bytes[at / 8..];
    let n = from.len().min(window.len());
    window[..n].copy_from_slice(&from[..n]);
    let bits = u64::from_le_bytes(window) >> (at % 8);
    (bits & ((1 << n_bits) - 1)) as usize
}

/// A number of as many bytes as it needs.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (nth, byte) in bytes.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * nth);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[nth + 1..]));
        }
    }
    None
}

/// How large the first page is, packed and expanded: the second and third field of its header, which is written in Thrift's
/// compact protocol.
fn first_sizes(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut rest = bytes;
    let mut field = || {
        let (head, others) = rest.split_first()?;
        let (number, others) = varint(others)?;
        rest = others;
        // The next field, a whole number, with its sign last.
        (*head == 0x15 && number & 1 == 0).then_some(usize::try_from(number >> 1).ok()?)
    };
    let (_kind, expanded, packed) = (field()?, field()?, field()?);
    Some((packed, expanded))
}

fn holds(is_so: bool, otherwise: &str) -> Sound<()> {
    is_so.then_some(()).ok_or_else(|| otherwise.to_owned())
}

fn said(error: impl ToString) -> String {
    error.to_string()
}
