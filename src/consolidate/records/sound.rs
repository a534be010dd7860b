//! Whether the pages of a parquet file are what they say, before polars reads them.
//!
//! polars trusts numbers in a file: it reserves memory for as many values as a page states, which ends the program where
//! they are made up, and no panic can be caught then. So pages are looked through first: every count is held against the
//! bytes that are there. Only what this program and polars write is let through: one page of values for each column
//! and any number of data pages of version 1, plain or as numbers of these values.

use polars::prelude::FileMetadata;

/// Bytes of a page, once it is expanded; a group of rows of this program has a tenth of it.
const MOST_BYTES: usize = 64 << 20;
/// LZ4 makes at most so many bytes of one.
const MOST_EXPANDED: usize = 255;
/// Rows of a file, and of each of its bytes. A row takes some hundred bytes in memory, so a number of rows that is made up ends
/// the program. One a byte refuses no file of this program: each row has a cell of its own, whose address no packing
/// brings below a byte.
const MOST_ROWS: usize = 50_000_000;
const ROWS_PER_BYTE: usize = 1;

type Sound<T> = Result<T, String>;

/// Looks through all pages of a file. Panics where the file contradicts itself in a way that polars notices.
pub(super) fn check(bytes: &[u8], metadata: &FileMetadata) -> Sound<()> {
    let most_rows = MOST_ROWS.min(bytes.len().saturating_mul(ROWS_PER_BYTE));
    let mut n_rows = 0usize;
    for group in &metadata.row_groups {
        n_rows = n_rows.saturating_add(group.num_rows());
        holds(n_rows <= most_rows, "more rows than there can be")?;
        for column in group.parquet_columns() {
            let is_whole = i64::try_from(group.num_rows()) == Ok(column.num_values());
            holds(is_whole, "a column is shorter than the others")?;
            let levels = &column.descriptor().descriptor;
            let is_flat = levels.max_rep_level == 0 && levels.max_def_level <= 1;
            holds(is_flat, "a column of lists")?;
            let range = column.byte_range();
            let place = usize::try_from(range.start)
                .ok()
                .zip(range.end.try_into().ok());
            let own = place.and_then(|(start, end): (usize, usize)| bytes.get(start..end));
            // polars has no name for either type that others may use.
            let column = Column {
                kind: Kind::named(&format!("{:?}", column.physical_type()))?,
                packing: Packing::named(&format!("{:?}", column.compression()))?,
                may_be_null: levels.max_def_level == 1,
                n_values: usize::try_from(column.num_values()).map_err(said)?,
            };
            column.check(own.ok_or("a column lies outside of the file")?)?;
        }
    }
    holds(n_rows == metadata.num_rows, "rows are missing")
}

/// A column of a group of rows, as the end of the file describes it.
struct Column {
    kind: Kind,
    packing: Packing,
    may_be_null: bool,
    n_values: usize,
}

/// What values are stored as.
enum Kind {
    Bits,
    /// So many bytes each.
    Bytes(usize),
    /// Bytes behind their length.
    Texts,
}

impl Kind {
    fn named(name: &str) -> Sound<Self> {
        Ok(match name {
            "Boolean" => Self::Bits,
            "Int32" | "Float" => Self::Bytes(4),
            "Int64" | "Double" => Self::Bytes(8),
            "Int96" => Self::Bytes(12),
            "ByteArray" => Self::Texts,
            other => {
                let size = other.strip_prefix("FixedLenByteArray(");
                let size = size.and_then(|size| size.strip_suffix(')')?.parse().ok());
                Self::Bytes(size.ok_or("values of an unknown type")?)
            }
        })
    }
}

/// How pages are packed.
#[derive(Clone, Copy)]
enum Packing {
    None,
    Snappy,
    Lz4,
    Zstd,
}

impl Packing {
    fn named(name: &str) -> Sound<Self> {
        Ok(match name {
            "Uncompressed" => Self::None,
            "Snappy" => Self::Snappy,
            "Lz4Raw" => Self::Lz4,
            "Zstd" => Self::Zstd,
            _ => return Err("packed in another way".to_owned()),
        })
    }

    /// The bytes of a page, as polars expands them.
    fn expand(self, packed: &[u8], n_bytes: usize) -> Sound<Vec<u8>> {
        let mut expanded = vec![0; n_bytes];
        let done = match self {
            Self::None => {
                holds(packed.len() == n_bytes, "a page is cut short")?;
                expanded.copy_from_slice(packed);
                Ok(())
            }
            Self::Snappy => {
                let mut decoder = snap::raw::Decoder::new();
                let done = decoder.decompress(packed, &mut expanded);
                done.map(|_| ()).map_err(said)
            }
            Self::Lz4 => {
                let most = i32::try_from(n_bytes).map_err(said)?;
                let done = lz4::block::decompress_to_buffer(packed, Some(most), &mut expanded);
                done.map(|_| ()).map_err(said)
            }
            Self::Zstd => {
                let done = zstd::bulk::decompress_to_buffer(packed, &mut expanded[..]);
                done.map(|_| ()).map_err(said)
            }
        };
        done.map(|()| expanded)
    }
}

impl Column {
    fn check(&self, mut bytes: &[u8]) -> Sound<()> {
        let mut values = None;
        let mut left = self.n_values;
        let mut is_first = true;
        while left > 0 || is_first {
            if bytes.is_empty() {
                break;
            }
            let (header, rest) = PageHeader::read(bytes).ok_or("a page has no header")?;
            let (packed, rest) = rest
                .split_at_checked(header.packed)
                .ok_or("a page is cut short")?;
            bytes = rest;
            holds(fits(header.packed, header.expanded), "a page is too large")?;
            let page = self.packing.expand(packed, header.expanded)?;
            match header.content {
                Content::Values { n } => {
                    holds(is_first, "values stand twice")?;
                    self.plain(&page, n)?;
                    values = Some(n);
                }
                Content::Data { n, encoding } => {
                    left = left.checked_sub(n).ok_or("more values than rows")?;
                    self.check_page(&page, n, encoding, values)?;
                }
            }
            is_first = false;
        }
        holds(left == 0, "fewer values than rows")
    }

    /// A page of `n` cells; `values` is how many there are to be numbered.
    fn check_page(
        &self,
        page: &[u8],
        n: usize,
        encoding: Encoding,
        values: Option<usize>,
    ) -> Sound<()> {
        let mut rest = page;
        let mut n_with = n;
        if self.may_be_null {
            let (length, others) = rest.split_first_chunk().ok_or("cells are missing")?;
            let (has_value, others) = others
                .split_at_checked(u32::from_le_bytes(*length) as usize)
                .ok_or("cells are missing")?;
            // How many of them are there.
            n_with = runs(has_value, 1, n, 2)?;
            rest = others;
        }
        match encoding {
            Encoding::Plain => self.plain(rest, n_with),
            Encoding::Numbers => {
                if n_with == 0 {
                    return Ok(());
                }
                let (n_bits, numbers) = rest.split_first().ok_or("numbers are missing")?;
                holds(*n_bits <= 32, "numbers are too wide")?;
                let values = values.ok_or("values are missing")?;
                runs(numbers, u32::from(*n_bits), n_with, values).map(|_| ())
            }
            Encoding::Runs if matches!(self.kind, Kind::Bits) => {
                let flags = rest.get(4..).ok_or("flags are missing")?;
                runs(flags, 1, n_with, 2).map(|_| ())
            }
            Encoding::Runs => Err("written in another way".to_owned()),
        }
    }

    /// Values one after the other.
    fn plain(&self, bytes: &[u8], n: usize) -> Sound<()> {
        let n_bytes = match self.kind {
            Kind::Bits => n.div_ceil(8),
            Kind::Bytes(size) => n.saturating_mul(size),
            Kind::Texts => {
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
}

/// What stands before a page, in Thrift's compact protocol.
struct PageHeader {
    /// Its bytes, and once expanded.
    packed: usize,
    expanded: usize,
    content: Content,
}

enum Content {
    /// Values that are numbered by the pages behind it.
    Values { n: usize },
    /// Cells.
    Data { n: usize, encoding: Encoding },
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    /// As numbers of values, in runs or packed (RLE_DICTIONARY).
    Numbers,
    /// Bits in runs (RLE).
    Runs,
}

impl Encoding {
    fn numbered(number: usize) -> Option<Self> {
        match number {
            0 => Some(Self::Plain),
            2 | 8 => Some(Self::Numbers),
            3 => Some(Self::Runs),
            _ => None,
        }
    }
}

/// Types of fields.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const INT32: u8 = 5;
const INT64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;

impl PageHeader {
    /// The header at the beginning, and what is behind it. Only headers that can be read in one way: fields ascend and
    /// are those of pages of version 1.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        const DATA: usize = 0;
        const VALUES: usize = 2;
        let mut fields = Fields::of(bytes);
        let [mut kind, mut expanded, mut packed] = [None; 3];
        let mut content = None;
        while let Some((id, field)) = fields.next()? {
            match (id, field) {
                (1, INT32) => kind = Some(fields.number()?),
                (2, INT32) => expanded = Some(fields.number()?),
                (3, INT32) => packed = Some(fields.number()?),
                (4, INT32) => fields.skip(INT32)?,
                (5, STRUCT) if kind == Some(DATA) && content.is_none() => {
                    let (n, encoding) = fields.counts()?;
                    let encoding = Encoding::numbered(encoding)?;
                    content = Some(Content::Data { n, encoding });
                }
                (7, STRUCT) if kind == Some(VALUES) && content.is_none() => {
                    let (n, _) = fields.counts()?;
                    content = Some(Content::Values { n });
                }
                _ => return None,
            }
        }
        let header = Self {
            packed: packed?,
            expanded: expanded?,
            content: content?,
        };
        Some((header, fields.rest))
    }
}

/// The fields of a struct, in order.
struct Fields<'b> {
    rest: &'b [u8],
    last: u8,
}

impl<'b> Fields<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            last: 0,
        }
    }

    /// Number and type of the next field; nothing behind the last.
    #[expect(clippy::option_option, reason = "what cannot be read is not the end")]
    fn next(&mut self) -> Option<Option<(u8, u8)>> {
        let (head, rest) = self.rest.split_first()?;
        self.rest = rest;
        if *head == 0 {
            return Some(None);
        }
        let (further, field) = (head >> 4, head & 0xf);
        self.last = self.last.checked_add(further)?;
        (further > 0).then_some(Some((self.last, field)))
    }

    /// A whole number that is not negative; its sign stands last.
    fn number(&mut self) -> Option<usize> {
        let (number, rest) = varint(self.rest)?;
        self.rest = rest;
        let is_whole = number & 1 == 0 && number >> 1 <= i32::MAX as u64;
        is_whole.then_some((number >> 1) as usize)
    }

    /// How many values a page has and how they are written: the first two fields of its own header.
    fn counts(&mut self) -> Option<(usize, usize)> {
        let mut own = Fields::of(self.rest);
        let [mut n, mut encoding] = [None; 2];
        while let Some((id, field)) = own.next()? {
            match (id, field) {
                (1, INT32) => n = Some(own.number()?),
                (2, INT32) => encoding = Some(own.number()?),
                (3.., field) => own.skip(field)?,
                _ => return None,
            }
        }
        self.rest = own.rest;
        n.zip(encoding)
    }

    /// Passes over a field: encodings of what is not read, and statistics.
    fn skip(&mut self, field: u8) -> Option<()> {
        match field {
            TRUE | FALSE => {}
            INT32 | INT64 => self.rest = varint(self.rest)?.1,
            BINARY => {
                let (length, rest) = varint(self.rest)?;
                self.rest = rest.get(usize::try_from(length).ok()?..)?;
            }
            STRUCT => {
                let mut own = Fields::of(self.rest);
                while let Some((_, field)) = own.next()? {
                    // No struct of a header holds another.
                    if field == STRUCT {
                        return None;
                    }
                    own.skip(field)?;
                }
                self.rest = own.rest;
            }
            _ => return None,
        }
        Some(())
    }
}

fn fits(packed: usize, expanded: usize) -> bool {
    expanded <= MOST_BYTES && expanded <= packed.saturating_mul(MOST_EXPANDED).saturating_add(64)
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

fn holds(is_so: bool, otherwise: &str) -> Sound<()> {
    is_so.then_some(()).ok_or_else(|| otherwise.to_owned())
}

fn said(error: impl ToString) -> String {
    error.to_string()
}
