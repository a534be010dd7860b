//! Rows by the ten thousand, put into sheets that the library has written all the rest of.
//!
//! The library looks every cell's format up by the whole of it, keeps cells in trees and writes one
//! sheet after the other; of a large county that is most of all the work of a merge. Rows of figures are
//! plain enough to be written as they come, on all cores: see [`Cells`]. The library writes the sheet
//! around them — header, totals, notes, page set-up — into a workbook that is small whatever the
//! county's size, and [`fill`] packs it again with the rows in their places.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{Cursor, Read, Seek, Write};
use std::ops::Range;

use memchr::memmem;
use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::model::{Amount, CellRef};

use super::text;

/// Rows made in one go.
const CHUNK: usize = 1024;
/// Better packing takes several times as long and saves a fifth.
pub(super) const LEVEL: u8 = 1;
/// Cells from which on a sheet may take more than 4 GiB before it is packed.
const HUGE: usize = 1 << 25;

/// Rows of a sheet that stand one below the other; a sheet may have several such bodies.
pub(super) struct Body<'a> {
    /// Index of the sheet in the workbook.
    pub(super) sheet: usize,
    /// Sheet row of the first.
    pub(super) first_row: u32,
    pub(super) n_rows: usize,
    pub(super) n_cols: usize,
    /// Writes some of the rows, numbered from 0. Every row starts with [`Cells::start_row`].
    pub(super) write: Box<WriteRows<'a>>,
}

type WriteRows<'a> = dyn Fn(Range<usize>, &mut Cells) + Sync + 'a;

/// Writes a workbook with its bodies in their places.
pub(super) fn fill(
    workbook: &[u8],
    bodies: &[Body<'_>],
    writer: impl Write + Seek,
) -> Result<(), XlsxError> {
    let mut parts = ZipArchive::new(Cursor::new(workbook))?;
    let mut by_sheet: BTreeMap<usize, Vec<&Body<'_>>> = BTreeMap::new();
    for body in bodies.iter().filter(|body| body.n_rows > 0) {
        by_sheet.entry(body.sheet).or_default().push(body);
    }
    let sheets: Result<HashMap<String, Vec<u8>>, XlsxError> = (by_sheet.into_par_iter())
        .map(|(idx, mut bodies)| {
            bodies.sort_by_key(|body| body.first_row);
            let path = format!("xl/worksheets/sheet{}.xml", idx + 1);
            let mut sheet = String::new();
            let mut parts = parts.clone();
            parts.by_name(&path)?.read_to_string(&mut sheet)?;
            let packed = pack(&bodies, &path, &sheet)?;
            Ok((path, packed))
        })
        .collect();
    let sheets = sheets?;
    let mut out = ZipWriter::new(writer);
    for idx in 0..parts.len() {
        let part = parts.by_index_raw(idx)?;
        match sheets.get(&*part.name()?) {
            Some(packed) => out.merge_archive(ZipArchive::new(Cursor::new(packed))?)?,
            None => out.raw_copy_file(part)?,
        }
    }
    out.finish()?;
    Ok(())
}

/// A sheet with the rows of its bodies, from top to bottom, as a zip file of this one part.
fn pack(bodies: &[&Body<'_>], path: &str, sheet: &str) -> Result<Vec<u8>, XlsxError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let n_cells: usize = bodies.iter().map(|body| body.n_rows * body.n_cols).sum();
    let options = SimpleFileOptions::default()
        .compression_level(Some(i64::from(LEVEL)))
        .unix_permissions(0o600)
        .large_file(n_cells > HUGE);
    zip.start_file(path, options)?;
    let (mut merges, mut n_merges) = (String::new(), 0);
    let mut rest = sheet;
    for body in bodies {
        let (above, below) = body.divide(rest);
        zip.write_all(above.as_bytes())?;
        rest = below;
        body.rows(|cells| {
            merges += &cells.merges;
            n_merges += cells.n_merges;
            zip.write_all(cells.xml.as_bytes())
        })?;
    }
    zip.write_all(with_merges(rest, &merges, n_merges).as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

impl Body<'_> {
    /// Gives all rows in order.
    fn rows(&self, mut write: impl FnMut(Cells) -> std::io::Result<()>) -> std::io::Result<()> {
        let chunks: Vec<Range<usize>> = (0..self.n_rows)
            .step_by(CHUNK)
            .map(|start| start..(start + CHUNK).min(self.n_rows))
            .collect();
        // A few at a time: made side by side, packed in order.
        for chunks in chunks.chunks(2 * rayon::current_num_threads().max(1)) {
            let made: Vec<Cells> = (chunks.par_iter())
                .map(|rows| {
                    let mut cells = Cells::new(self.first_row, self.n_cols);
                    (self.write)(rows.clone(), &mut cells);
                    cells.end_row();
                    cells
                })
                .collect();
            made.into_iter().try_for_each(&mut write)?;
        }
        Ok(())
    }

    /// What stands above and below the rows. What the library wrote in their place, to know the extent
    /// of the sheet, is left out.
    fn divide<'s>(&self, sheet: &'s str) -> (&'s str, &'s str) {
        let end = sheet.find("</sheetData>").unwrap_or(sheet.len());
        let first = u64::from(self.first_row) + 1;
        let past = first + self.n_rows as u64;
        let (mut above, mut below) = (end, end);
        for at in memmem::find_iter(&sheet.as_bytes()[..end], b"<row r=\"") {
            let number = sheet[at + 8..].split('"').next();
            let Some(row) = number.and_then(|row| row.parse::<u64>().ok()) else {
                continue;
            };
            if row >= first {
                above = above.min(at);
            }
            if row >= past {
                below = at;
                break;
            }
        }
        (&sheet[..above], &sheet[below..])
    }
}

/// The end of a sheet with further merged regions in it.
fn with_merges(below: &str, merges: &str, n_merges: usize) -> String {
    const COUNT: &str = "<mergeCells count=\"";
    if n_merges == 0 {
        return below.to_owned();
    }
    let library = below.split_once(COUNT).and_then(|(before, rest)| {
        let (count, rest) = rest.split_once('"')?;
        let (own, after) = rest.split_once("</mergeCells>")?;
        Some((before, count.parse::<usize>().ok()?, own, after))
    });
    match library {
        Some((before, count, own, after)) => {
            let count = count + n_merges;
            format!("{before}{COUNT}{count}\"{own}{merges}</mergeCells>{after}")
        }
        None => {
            let merges = format!("</sheetData>{COUNT}{n_merges}\">{merges}</mergeCells>");
            below.replacen("</sheetData>", &merges, 1)
        }
    }
}

/// Rows in the making. Cells of a row are written from left to right; a style is the number of a
/// registered look.
pub(super) struct Cells {
    xml: String,
    merges: String,
    n_merges: usize,
    first_row: u32,
    /// Sheet row, from 1, as digits.
    row: String,
    letters: Vec<String>,
    in_row: bool,
    digits: itoa::Buffer,
}

impl Cells {
    fn new(first_row: u32, n_cols: usize) -> Self {
        let letters = (0..n_cols as u32).map(|col| CellRef::new(0, col).column_letters());
        Self {
            xml: String::with_capacity(CHUNK * n_cols * 40),
            merges: String::new(),
            n_merges: 0,
            first_row,
            row: String::new(),
            letters: letters.collect(),
            in_row: false,
            digits: itoa::Buffer::new(),
        }
    }

    /// Begins a row, numbered from the first of the body; its height in points, unless as usual.
    pub(super) fn start_row(&mut self, row: usize, height: Option<f64>) {
        self.end_row();
        self.row.clear();
        let number = u64::from(self.first_row) + row as u64 + 1;
        self.row.push_str(self.digits.format(number));
        self.push(&["<row r=\""]);
        self.xml.push_str(&self.row);
        if let Some(height) = height {
            // Heights are whole pixels.
            let height = (height * 4.0 / 3.0).round() * 0.75;
            let _ = write!(self.xml, "\" ht=\"{height}\" customHeight=\"1");
        }
        self.push(&["\">"]);
        self.in_row = true;
    }

    fn end_row(&mut self) {
        if std::mem::take(&mut self.in_row) {
            self.push(&["</row>"]);
        }
    }

    /// A cell with a border or colour and nothing in it.
    pub(super) fn blank(&mut self, col: usize, style: u32) {
        self.start_cell(col, style);
        self.push(&["\"/>"]);
    }

    pub(super) fn number(&mut self, col: usize, style: u32, number: f64) {
        self.start_cell(col, style);
        self.push(&["\"><v>"]);
        self.digits(number);
        self.push(&["</v></c>"]);
    }

    pub(super) fn text(&mut self, col: usize, style: u32, text: &str) {
        if text.is_empty() {
            return self.blank(col, style);
        }
        let text = &*text::fit(text);
        self.start_cell(col, style);
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n');
        self.push(match text.starts_with(blank) || text.ends_with(blank) {
            true => &["\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"],
            false => &["\" t=\"inlineStr\"><is><t>"],
        });
        escape(text, &mut self.xml);
        self.push(&["</t></is></c>"]);
    }

    /// The live sum of some runs of cells of this row, first and last column of each, with its value.
    pub(super) fn sum(&mut self, col: usize, style: u32, runs: &[(usize, usize)], value: Amount) {
        self.start_cell(col, style);
        self.push(&["\"><f>SUM("]);
        for (idx, &(first, last)) in runs.iter().enumerate() {
            if idx > 0 {
                self.xml.push(',');
            }
            self.address(first);
            if first != last {
                self.xml.push(':');
                self.address(last);
            }
        }
        self.push(&[")</f><v>"]);
        match i64::try_from(value.0.mantissa()) {
            Ok(whole) if value.decimals() == 0 => self.xml.push_str(self.digits.format(whole)),
            _ => {
                let _ = write!(self.xml, "{value}");
            }
        }
        self.push(&["</v></c>"]);
    }

    /// Merges columns, the first and the last, from the row in hand to another row of the body, or the one below it.
    pub(super) fn merge(&mut self, cols: (usize, usize), last_row: usize) {
        let (first, last) = (&self.letters[cols.0], &self.letters[cols.1]);
        let (row, last_row) = (&self.row, self.first_row as usize + last_row + 1);
        let _ = write!(
            self.merges,
            "<mergeCell ref=\"{first}{row}:{last}{last_row}\"/>"
        );
        self.n_merges += 1;
    }

    fn start_cell(&mut self, col: usize, style: u32) {
        self.push(&["<c r=\""]);
        self.address(col);
        self.push(&["\" s=\""]);
        self.xml.push_str(self.digits.format(style));
    }

    fn address(&mut self, col: usize) {
        self.xml.push_str(&self.letters[col]);
        self.xml.push_str(&self.row);
    }

    fn digits(&mut self, number: f64) {
        let whole = number as i64;
        if whole as f64 == number && whole.unsigned_abs() < 1_000_000_000_000_000 {
            self.xml.push_str(self.digits.format(whole));
        } else {
            let _ = write!(self.xml, "{number}");
        }
    }

    fn push(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.xml.push_str(piece);
        }
    }
}

/// Text as XML takes it. Control characters are written as spreadsheets do, `_x0007_`, and what looks
/// like that already is kept from being taken for it.
fn escape(text: &str, out: &mut String) {
    let special = |b: u8| matches!(b, b'&' | b'<' | b'>' | b'_' | 0xEF) || b < 0x20;
    if !text.bytes().any(special) {
        return out.push_str(text);
    }
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => {
                let _ = write!(out, "_x{:04X}_", u32::from(c));
            }
            '_' if is_escape(&text.as_bytes()[at..]) => out.push_str("_x005F_"),
            c => out.push(c),
        }
    }
}

/// Whether a text begins with something like `_x0007_`.
fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', a, b, c, d, b'_', ..]
        if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_spreadsheets_do() {
        for (text, written) in [
            ("群巴克镇（上）", "群巴克镇（上）"),
            ("a<b & c>d", "a&lt;b &amp; c&gt;d"),
            ("一\n二\t三", "一\n二\t三"),
            ("\r\u{7}", "_x000D__x0007_"),
            ("_x0007_", "_x005F_x0007_"),
            ("_x12", "_x12"),
            ("_x中文字_", "_x中文字_"),
            ("\u{FFFF}", "_xFFFF_"),
        ] {
            let mut out = String::new();
            escape(text, &mut out);
            assert_eq!(out, written);
        }
    }

    #[test]
    fn merged_regions_join_those_that_are_there() {
        let more = "<mergeCell ref=\"A5:A6\"/>";
        assert_eq!(
            with_merges(
                "</sheetData><mergeCells count=\"1\"><mergeCell ref=\"A1:B1\"/></mergeCells><x/>",
                more,
                1
            ),
            "</sheetData><mergeCells count=\"2\"><mergeCell ref=\"A1:B1\"/><mergeCell ref=\"A5:A6\"/></mergeCells><x/>"
        );
        assert_eq!(
            with_merges("</sheetData><x/>", more, 1),
            "</sheetData><mergeCells count=\"1\"><mergeCell ref=\"A5:A6\"/></mergeCells><x/>"
        );
        assert_eq!(with_merges("</sheetData><x/>", "", 0), "</sheetData><x/>");
    }
}
