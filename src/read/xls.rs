//! Excel 5 to 2003 workbooks (BIFF5 and BIFF8, [MS-XLS]), WPS `.et` among them.
//!
//! Read here and not by calamine, which gives no number formats, so that 40 % would become 0.4, and
//! which reserves memory by what a file declares, so that one wrong byte can end the program.
//! Of formulas only their presence is kept: their text is compiled, and no form needs it.

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::budget::Budget;
use super::cell_error::UNKNOWN;
use super::number_format::Shown;
use super::ole2::Ole2;
use super::{FileKind, Unreadable, saved, serial};
use crate::model::{Cell, CellRange, CellRef, CellValue, Format, Sheet, Workbook};

/// Reads the workbook in a file of streams, or says what else the file is.
pub(super) fn read_ole2(bytes: &[u8], budget: &mut Budget) -> Result<Workbook, Unreadable> {
    let file = Ole2::open(bytes)?;
    for name in ["Workbook", "Book"] {
        if let Some(stream) = file.stream(name)? {
            let workbook = read_stream(&stream, budget)?;
            return Ok(Workbook {
                saved: saved::of_ole2(&file),
                ..workbook
            });
        }
    }
    Err(if file.has("EncryptedPackage") {
        Unreadable::PasswordProtected
    } else if file.has("WordDocument") {
        Unreadable::NotASpreadsheet(FileKind::TextDocument)
    } else if file.has("PowerPoint Document") {
        Unreadable::NotASpreadsheet(FileKind::Presentation)
    } else if file.has("WksSSWorkBook") {
        Unreadable::OldFormat {
            name: "Microsoft Works",
        }
    } else {
        Unreadable::NotASpreadsheet(FileKind::OtherOffice)
    })
}

/// Reads the stream of records that is the workbook.
pub(super) fn read_stream(stream: &[u8], budget: &mut Budget) -> Result<Workbook, Unreadable> {
    budget.take_expanded(stream.len())?;
    let globals = Globals::read(stream, budget)?;
    let mut workbook = Workbook {
        format: Format::Xls,
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        properties: Vec::new(),
        saved: None,
    };
    let mut uncalculated = true;
    for entry in &globals.sheets {
        let mut reader = SheetReader::new(&globals, budget);
        match reader.read(stream, entry.start) {
            Ok(true) => {
                uncalculated &= !reader.calculated;
                let sheet = (reader.cells, reader.merges);
                let sheet = Sheet::new(entry.name.clone(), entry.visible, sheet.0, sheet.1);
                workbook.sheets.push(sheet);
            }
            Ok(false) => {}
            Err(reason) => workbook
                .unreadable_sheets
                .push((entry.name.clone(), reason)),
        }
    }
    if uncalculated {
        workbook.sheets = workbook.sheets.into_iter().map(not_calculated).collect();
    }
    Ok(workbook)
}

/// Programs that do not calculate save the empty text as the value of every formula. A workbook
/// where some formula has come to something else has been calculated, and there an empty text is one.
fn not_calculated(sheet: Sheet) -> Sheet {
    let mut cells = sheet.cells().to_vec();
    for cell in &mut cells {
        if cell.formula.is_some() {
            cell.value = CellValue::NotCalculated;
        }
    }
    Sheet::new(sheet.name, sheet.visible, cells, sheet.merges)
}

/// Kinds of records ([MS-XLS] 2.3).
mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const EOF: u16 = 0x000A;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const FILE_PASS: u16 = 0x002F;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const BOUND_SHEET: u16 = 0x0085;
    pub(super) const MUL_RK: u16 = 0x00BD;
    pub(super) const RICH_STRING: u16 = 0x00D6;
    pub(super) const XF: u16 = 0x00E0;
    pub(super) const MERGED_CELLS: u16 = 0x00E5;
    pub(super) const SST: u16 = 0x00FC;
    pub(super) const LABEL_SST: u16 = 0x00FD;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const BOOL_ERR: u16 = 0x0205;
    pub(super) const STRING: u16 = 0x0207;
    pub(super) const RK: u16 = 0x027E;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const BOF: u16 = 0x0809;
}

/// A record, and those that continue it follow it.
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// The records from some place on.
#[derive(Clone)]
struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// `None` at the end, and where the stream was cut.
    fn next(&mut self) -> Option<Record<'a>> {
        let head = self.stream.get(self.at..self.at + 4)?;
        let length = usize::from(word(head, 2)?);
        let start = self.at + 4;
        let data = self.stream.get(start..start + length)?;
        self.at = start + length;
        Some(Record {
            kind: word(head, 0)?,
            data,
        })
    }

    /// The records that continue the last one.
    fn continued(&mut self) -> Vec<&'a [u8]> {
        let mut parts = Vec::new();
        loop {
            let before = self.at;
            match self.next() {
                Some(record) if record.kind == kind::CONTINUE => parts.push(record.data),
                _ => {
                    self.at = before;
                    return parts;
                }
            }
        }
    }
}

/// How texts are kept.
#[derive(Clone, Copy)]
enum Texts {
    /// BIFF5: bytes in a code page.
    Bytes(&'static Encoding),
    /// BIFF8: UTF-16, the upper bytes left out where all are 0.
    Utf16,
}

impl Texts {
    /// A text with its length before it, in one byte or in two.
    fn read(self, data: &[u8], wide_length: bool) -> Option<String> {
        let (length, data) = if wide_length {
            (usize::from(word(data, 0)?), &data[2..])
        } else {
            (usize::from(*data.first()?), &data[1..])
        };
        if let Texts::Bytes(encoding) = self {
            let (text, _) = encoding.decode_without_bom_handling(data.get(..length)?);
            return Some(text.into_owned());
        }
        let mut units = Vec::new();
        if length > 0 {
            let (&flags, data) = data.split_first()?;
            if decode_units(data, flags & 1 != 0, length, &mut units) < length {
                return None;
            }
        }
        Some(String::from_utf16_lossy(&units))
    }
}

/// Appends up to `length` UTF-16 units; tells how many there were.
fn decode_units(data: &[u8], wide: bool, length: usize, units: &mut Vec<u16>) -> usize {
    let before = units.len();
    if wide {
        let pairs = data.as_chunks::<2>().0;
        units.extend(
            pairs
                .iter()
                .take(length)
                .map(|&pair| u16::from_le_bytes(pair)),
        );
    } else {
        units.extend(data.iter().take(length).map(|&byte| u16::from(byte)));
    }
    units.len() - before
}

/// What stands before the sheets.
struct Globals {
    texts: Texts,
    sheets: Vec<SheetEntry>,
    strings: Vec<Box<str>>,
    /// By the number that a cell gives as its format.
    formats: Vec<Shown>,
    is_1904: bool,
}

struct SheetEntry {
    name: String,
    visible: bool,
    start: usize,
}

impl Globals {
    fn read(stream: &[u8], budget: &Budget) -> Result<Self, Unreadable> {
        let mut records = Records { stream, at: 0 };
        let first = records
            .next()
            .ok_or_else(|| Unreadable::truncated("the workbook stream is empty"))?;
        let texts = match (first.kind, word(first.data, 0)) {
            (kind::BOF, Some(0x0600)) => Texts::Utf16,
            (kind::BOF, Some(0x0500)) => Texts::Bytes(encoding_rs::GB18030),
            (0x0009, _) => return Err(Unreadable::OldFormat { name: "Excel 2" }),
            (0x0209, _) => return Err(Unreadable::OldFormat { name: "Excel 3" }),
            (0x0409, _) => return Err(Unreadable::OldFormat { name: "Excel 4" }),
            // Some writers leave the version out.
            (kind::BOF, _) => Texts::Utf16,
            _ => return Err(Unreadable::damaged("the workbook stream has no beginning")),
        };
        let mut globals = Self {
            texts,
            sheets: Vec::new(),
            strings: Vec::new(),
            formats: Vec::new(),
            is_1904: false,
        };
        let mut codes: HashMap<u16, Shown> = HashMap::new();
        let mut format_ids = Vec::new();
        let mut ended = false;
        while let Some(Record { kind, data }) = records.next() {
            match kind {
                kind::FILE_PASS => return Err(Unreadable::PasswordProtected),
                kind::CODE_PAGE if matches!(globals.texts, Texts::Bytes(_)) => {
                    globals.texts = Texts::Bytes(code_page(word(data, 0).unwrap_or_default()));
                }
                kind::DATE_MODE => globals.is_1904 = word(data, 0) == Some(1),
                kind::FORMAT => {
                    let wide_length = matches!(globals.texts, Texts::Utf16);
                    let text = data.get(2..);
                    let text = text.and_then(|text| globals.texts.read(text, wide_length));
                    if let (Some(id), Some(code)) = (word(data, 0), text) {
                        codes.insert(id, Shown::by_code(&code));
                    }
                }
                kind::XF => format_ids.push(word(data, 2).unwrap_or_default()),
                kind::BOUND_SHEET => {
                    globals.bound_sheet(data)?;
                    budget.check_sheets(globals.sheets.len())?;
                }
                kind::SST => {
                    let mut parts = records.continued();
                    parts.insert(0, data);
                    globals.strings = shared_strings(parts, budget)?;
                }
                kind::EOF => {
                    ended = true;
                    break;
                }
                _ => {}
            }
        }
        if !ended && globals.sheets.is_empty() {
            return Err(Unreadable::truncated("the workbook stream breaks off"));
        }
        globals.formats = format_ids
            .into_iter()
            .map(|id| {
                let own = codes.get(&id).copied();
                own.unwrap_or_else(|| Shown::by_id(id.into()))
            })
            .collect();
        Ok(globals)
    }

    fn bound_sheet(&mut self, data: &[u8]) -> Result<(), Unreadable> {
        let name = data.get(6..).and_then(|name| self.texts.read(name, false));
        let (Some(start), Some(name)) = (double_word(data, 0), name) else {
            return Err(Unreadable::damaged("the list of sheets"));
        };
        // Charts, macros and Visual Basic modules have their own kinds.
        if data[5] == 0 {
            self.sheets.push(SheetEntry {
                name: name.replace('\0', ""),
                visible: data[4] & 3 == 0,
                start: start as usize,
            });
        }
        Ok(())
    }
}

fn code_page(number: u16) -> &'static Encoding {
    match number {
        932 => encoding_rs::SHIFT_JIS,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        874 => encoding_rs::WINDOWS_874,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 | 32769 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 | 32768 => encoding_rs::MACINTOSH,
        // 936, and what a Chinese PC would take a file without a known page for.
        _ => encoding_rs::GB18030,
    }
}

/// The table of texts ([MS-XLS] 2.4.265). A text that breaks off ends the table: cells that ask for a
/// later one will say so.
fn shared_strings(parts: Vec<&[u8]>, budget: &Budget) -> Result<Vec<Box<str>>, Unreadable> {
    let mut table = Parts {
        parts,
        part: 0,
        at: 8,
    };
    let mut strings = Vec::new();
    while let Some(text) = table.text() {
        strings.push(text);
        budget.check_strings(strings.len())?;
    }
    Ok(strings)
}

/// The bytes of a record and of those that continue it.
struct Parts<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl<'a> Parts<'a> {
    fn rest(&self) -> Option<&'a [u8]> {
        self.parts.get(self.part)?.get(self.at..)
    }

    /// What is left of this part, or the next one that has anything.
    fn some_rest(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.rest() {
                Some(rest) if !rest.is_empty() => return Some(rest),
                _ if self.part + 1 < self.parts.len() => {
                    self.part += 1;
                    self.at = 0;
                }
                _ => return None,
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.some_rest()?.first()?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self, bytes: u32) -> Option<usize> {
        (0..bytes).try_fold(0, |number, idx| {
            Some(number | usize::from(self.byte()?) << (8 * idx))
        })
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let here = self.some_rest()?.len().min(bytes);
            self.at += here;
            bytes -= here;
        }
        Some(())
    }

    /// A text, without its fonts and how it is pronounced ([MS-XLS] 2.5.293).
    fn text(&mut self) -> Option<Box<str>> {
        let length = self.number(2)?;
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.number(2)? } else { 0 };
        let phonetic = if flags & 4 != 0 { self.number(4)? } else { 0 };
        let mut wide = flags & 1 != 0;
        let mut units = Vec::with_capacity(length);
        while units.len() < length {
            let (part, rest) = (self.part, self.some_rest()?);
            if self.part != part {
                // Where a text goes on in a further record, that says anew how it is kept.
                wide = self.byte()? & 1 != 0;
                continue;
            }
            let units_read = decode_units(rest, wide, length - units.len(), &mut units);
            self.at += if wide { units_read * 2 } else { units_read };
            if units_read == 0 {
                return None;
            }
        }
        self.skip(runs * 4)?;
        self.skip(phonetic)?;
        Some(String::from_utf16_lossy(&units).into())
    }
}

/// Reads one sheet.
struct SheetReader<'g, 'l> {
    globals: &'g Globals,
    budget: &'g mut Budget<'l>,
    cells: Vec<Cell>,
    merges: Vec<CellRange>,
    /// The cell whose formula came to a text, which is still to come.
    text_due: Option<(CellRef, Shown)>,
    /// Some formula came to something.
    calculated: bool,
}

impl<'g, 'l> SheetReader<'g, 'l> {
    fn new(globals: &'g Globals, budget: &'g mut Budget<'l>) -> Self {
        Self {
            globals,
            budget,
            cells: Vec::new(),
            merges: Vec::new(),
            text_due: None,
            calculated: false,
        }
    }

    /// False for a sheet of another kind.
    fn read(&mut self, stream: &[u8], start: usize) -> Result<bool, Unreadable> {
        let mut records = Records { stream, at: start };
        let first = records.next().filter(|record| record.kind == kind::BOF);
        let Some(first) = first else {
            return Err(Unreadable::damaged("the sheet is not where it should be"));
        };
        // Charts, macro sheets and modules.
        if let Some(0x0020 | 0x0040 | 0x0006) = word(first.data, 2) {
            return Ok(false);
        }
        // Charts on the sheet are sheets of their own inside it.
        let mut depth = 0u32;
        loop {
            let Some(record) = records.next() else {
                return Err(Unreadable::truncated("the sheet breaks off"));
            };
            // Any number of sheets may claim the same records.
            self.budget.take_expanded(4 + record.data.len())?;
            match record.kind {
                kind::BOF => depth += 1,
                kind::EOF if depth == 0 => break,
                kind::EOF => depth -= 1,
                _ if depth > 0 => {}
                _ => self.record(&record)?,
            }
        }
        self.text_never_came()?;
        Ok(true)
    }

    fn record(&mut self, record: &Record) -> Result<(), Unreadable> {
        let short = || Unreadable::damaged(format!("record {:04X} is too short", record.kind));
        let data = record.data;
        match record.kind {
            kind::MERGED_CELLS => {
                for range in data.get(2..).ok_or_else(short)?.as_chunks::<8>().0 {
                    let [row, last_row, col, last_col] = [0, 2, 4, 6]
                        .map(|at| u32::from(u16::from_le_bytes([range[at], range[at + 1]])));
                    let (start, end) = (CellRef::new(row, col), CellRef::new(last_row, last_col));
                    self.budget
                        .keep_merge(&mut self.merges, CellRange::new(start, end))?;
                }
            }
            kind::MUL_RK => {
                let (row, col) = (word(data, 0), word(data, 2));
                let (Some(row), Some(col)) = (row, col) else {
                    return Err(short());
                };
                // The last column stands at the end, and says nothing that the length does not.
                let end = data.len().saturating_sub(2).max(4);
                for (idx, cell) in data[4..end].as_chunks::<6>().0.iter().enumerate() {
                    let at = CellRef::new(row.into(), u32::from(col) + idx as u32);
                    let shown = self.shown(word(cell, 0));
                    let number = rk(double_word(cell, 2).ok_or_else(short)?);
                    self.keep_number(at, number, shown, None)?;
                }
            }
            kind::STRING => {
                if let Some((at, shown)) = self.text_due.take() {
                    let text = self.globals.texts.read(data, true).ok_or_else(short)?;
                    self.calculated = true;
                    self.keep(at, CellValue::Text(text.into()), shown, Some("".into()))?;
                }
            }
            kind::NUMBER
            | kind::RK
            | kind::LABEL
            | kind::RICH_STRING
            | kind::LABEL_SST
            | kind::BOOL_ERR
            | kind::FORMULA => self.cell(record).unwrap_or_else(|| Err(short()))?,
            _ => {}
        }
        Ok(())
    }

    /// Keeps the cell of a record; `None` where the record is too short.
    fn cell(&mut self, record: &Record) -> Option<Result<(), Unreadable>> {
        let data = record.data;
        let at = CellRef::new(word(data, 0)?.into(), word(data, 2)?.into());
        let shown = self.shown(word(data, 4));
        let rest = data.get(6..)?;
        Some(match record.kind {
            kind::NUMBER => self.keep_number(at, float(rest)?, shown, None),
            kind::RK => self.keep_number(at, rk(double_word(rest, 0)?), shown, None),
            kind::LABEL | kind::RICH_STRING => {
                let text = self.globals.texts.read(rest, true)?;
                self.keep(at, CellValue::Text(text.into()), shown, None)
            }
            kind::LABEL_SST => {
                let idx = double_word(rest, 0)?;
                match self.globals.strings.get(idx as usize) {
                    Some(text) => self.keep(at, CellValue::Text(text.clone()), shown, None),
                    None => Err(Unreadable::damaged(format!("shared text {idx} of {at}"))),
                }
            }
            kind::BOOL_ERR => {
                let value = *rest.first()?;
                let value = match *rest.get(1)? {
                    0 => CellValue::Bool(value != 0),
                    _ => CellValue::Error(error(value)),
                };
                self.keep(at, value, shown, None)
            }
            _ => self.formula(at, shown, rest.first_chunk()?),
        })
    }

    fn formula(&mut self, at: CellRef, shown: Shown, value: &[u8; 8]) -> Result<(), Unreadable> {
        self.text_never_came()?;
        let formula = Some("".into());
        match *value {
            [0, .., 0xFF, 0xFF] => {
                self.text_due = Some((at, shown));
                Ok(())
            }
            [1, _, value, .., 0xFF, 0xFF] => {
                self.calculated = true;
                self.keep(at, CellValue::Bool(value != 0), shown, formula)
            }
            [2, _, value, .., 0xFF, 0xFF] => {
                self.calculated = true;
                self.keep(at, CellValue::Error(error(value)), shown, formula)
            }
            [_, .., 0xFF, 0xFF] => self.keep(at, CellValue::Text("".into()), shown, formula),
            bytes => {
                self.calculated = true;
                self.keep_number(at, f64::from_le_bytes(bytes), shown, formula)
            }
        }
    }

    fn text_never_came(&mut self) -> Result<(), Unreadable> {
        match self.text_due.take() {
            Some((at, shown)) => self.keep(at, CellValue::NotCalculated, shown, Some("".into())),
            None => Ok(()),
        }
    }

    fn keep_number(
        &mut self,
        at: CellRef,
        number: f64,
        shown: Shown,
        formula: Option<Box<str>>,
    ) -> Result<(), Unreadable> {
        let value = if number.is_finite() {
            serial::value(number, shown, self.globals.is_1904)
        } else {
            CellValue::Error("#NUM!")
        };
        self.keep(at, value, shown, formula)
    }

    fn keep(
        &mut self,
        at: CellRef,
        value: CellValue,
        shown: Shown,
        formula: Option<Box<str>>,
    ) -> Result<(), Unreadable> {
        self.budget
            .keep(&mut self.cells, at, value, shown.figure, formula)
    }

    fn shown(&self, format: Option<u16>) -> Shown {
        let format = format.and_then(|idx| self.globals.formats.get(usize::from(idx)));
        format.copied().unwrap_or_default()
    }
}

fn word(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

fn double_word(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

fn float(data: &[u8]) -> Option<f64> {
    Some(f64::from_le_bytes(*data.first_chunk()?))
}

/// A number in four bytes, shared with .xlsb ([MS-XLS] 2.5.217): an integer or the upper half of a
/// float, perhaps in hundredths.
pub(super) fn rk(code: u32) -> f64 {
    let number = if code & 2 != 0 {
        f64::from(code as i32 >> 2)
    } else {
        f64::from_bits(u64::from(code & !3) << 32)
    };
    if code & 1 != 0 {
        number / 100.0
    } else {
        number
    }
}

/// The name of an error, by its number in .xls and .xlsb ([MS-XLS] 2.5.10).
pub(super) fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_four_bytes_are_read() {
        for (code, number) in [
            (35 << 2 | 2, 35.0),
            (3501 << 2 | 3, 35.01),
            ((-7i32 << 2) as u32 | 2, -7.0),
            (0x3FF0_0000, 1.0),
            (0x4059_0001, 1.0),
        ] {
            assert_eq!(rk(code), number);
        }
    }

    #[test]
    fn a_shared_text_goes_on_in_the_next_record_in_other_bytes() {
        let first = [&[0; 8][..], &[4, 0, 0], b"ab"].concat();
        let second = [1, 0x7A, 0x4E, 0xE1, 0x4F, 1, 0, 0, b'c'];
        let limits = crate::read::Limits::default();
        let strings = shared_strings(vec![&first, &second], &Budget::new(&limits));
        let strings = strings.expect("texts");
        let strings: Vec<&str> = strings.iter().map(|text| &**text).collect();
        assert_eq!(strings, ["ab\u{4E7A}\u{4FE1}", "c"]);
    }
}
