//! Excel 5 to 2003 workbooks (BIFF5 and BIFF8, [MS-XLS]), WPS `.et` among them.
//!
//! Read here and not by calamine, which gives no number formats, so that 40 % would become 0.4, and
//! which reserves memory by what a file declares, so that one wrong byte can end the program.
//! Formulas are given as they would be typed, where all of their tokens are known ([`tokens`]).

mod looks;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use encoding_rs::Encoding;

use super::budget::Budget;
use super::cell_error::UNKNOWN;
use super::number_format::Shown;
use super::ole2::Ole2;
use super::tokens::{self, Book, Compiled, Version};
use super::{FileKind, Unreadable, decrypt, each_once, package, saved, serial, sniff};
use crate::model::looks::Looks;
use crate::model::{
    Cell, CellRange, CellRef, CellValue, Format, Hidden, Sheet, SheetKind, SkippedSheet, Workbook,
};

/// Reads the workbook in a file of streams, or says what else the file is.
pub(super) fn read_ole2(bytes: &[u8], budget: &mut Budget) -> Result<Workbook, Unreadable> {
    let file = Ole2::open(bytes)?;
    for name in ["Workbook", "Book"] {
        if let Some(stream) = file.stream(name)? {
            let workbook = read_stream(stream.into(), budget)?;
            return Ok(Workbook {
                saved: saved::of_ole2(&file),
                ..workbook
            });
        }
    }
    if file.has("EncryptedPackage") {
        let decrypted = decrypt::package(&file)?;
        budget.hold(decrypted.len())?;
        let is_package = decrypted.is_empty() || decrypted.starts_with(b"PK");
        // What lay behind the encryption has not been counted yet.
        let read = sniff::check_entries(&decrypted, budget.limits)
            .and_then(|()| package::read(&decrypted, budget));
        return read.map_err(|reason| match reason {
            Unreadable::Truncated { .. } if !is_package => {
                Unreadable::damaged("what was encrypted is no package")
            }
            reason => reason,
        });
    }
    if file.has("EncryptionInfo") && !file.is_cut() {
        return Err(Unreadable::damaged("OLE2: what was encrypted is missing"));
    }
    Err(if file.has("WordDocument") {
        Unreadable::NotASpreadsheet(FileKind::TextDocument)
    } else if file.has("PowerPoint Document") {
        Unreadable::NotASpreadsheet(FileKind::Presentation)
    } else if file.has("WksSSWorkBook") {
        Unreadable::OldFormat {
            name: "Microsoft Works",
        }
    } else if file.has("NativeContent_MAIN") || file.has("PerfectOffice_MAIN") {
        Unreadable::OldFormat {
            name: "Quattro Pro",
        }
    } else if file.is_cut() {
        Unreadable::truncated("OLE2: the directory breaks off")
    } else {
        Unreadable::NotASpreadsheet(FileKind::OtherOffice)
    })
}

/// What the cells of the workbook in a file are given beside their values.
pub(super) fn looks(bytes: &[u8], budget: &mut Budget) -> Result<Option<Looks>, Unreadable> {
    let stream = match Ole2::open(bytes) {
        Ok(file) => match (file.stream("Workbook")?, file.stream("Book")?) {
            (Some(stream), _) | (None, Some(stream)) => Cow::Owned(stream),
            (None, None) => return Ok(None),
        },
        Err(_) => Cow::Borrowed(bytes),
    };
    budget.take_expanded(stream.len())?;
    looks::looks(&decrypt::stream(stream)?, budget).map(Some)
}

/// Reads the stream of records that is the workbook.
pub(super) fn read_stream(
    stream: Cow<'_, [u8]>,
    budget: &mut Budget,
) -> Result<Workbook, Unreadable> {
    budget.take_expanded(stream.len())?;
    let stream = &*decrypt::stream(stream)?;
    let globals = Globals::read(stream, budget)?;
    let mut workbook = Workbook {
        format: Format::Xls,
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        skipped_sheets: Vec::new(),
        damaged_parts: Vec::new(),
        properties: Vec::new(),
        saved: None,
    };
    let mut uncalculated = true;
    for entry in &globals.sheets {
        let mut reader = SheetReader::new(&globals, budget);
        let read = reader.read(stream, entry);
        match read.and_then(|kind| each_once(&reader.cells).map(|()| kind)) {
            Ok(None) => {
                uncalculated &= !reader.calculated;
                workbook.sheets.push(reader.sheet(entry));
            }
            Ok(Some(kind)) => workbook.skipped_sheets.push(SkippedSheet {
                name: entry.name.clone(),
                kind,
            }),
            Err(reason) => workbook
                .unreadable_sheets
                .push((entry.name.clone(), reason)),
        }
    }
    for name in globals.unlisted_sheets(stream) {
        let reason = Unreadable::damaged("the list of sheets does not name it");
        workbook.unreadable_sheets.push((name, reason));
    }
    if uncalculated {
        workbook.sheets.iter_mut().for_each(not_calculated);
    }
    Ok(workbook)
}

/// Programs that do not calculate save the empty text as the value of every formula. A workbook
/// where some formula has come to something else has been calculated, and there an empty text is one.
fn not_calculated(sheet: &mut Sheet) {
    let changed = |cell: &Cell| (cell.formula.is_some()).then_some(CellValue::NotCalculated);
    sheet.change_values(changed);
}

/// Kinds of records ([MS-XLS] 2.3). Those of older versions (OLD_ and with a number) stand in later files too.
pub(super) mod kind {
    pub(super) const OLD_INTEGER: u16 = 0x0002;
    pub(super) const OLD_NUMBER: u16 = 0x0003;
    pub(super) const OLD_LABEL: u16 = 0x0004;
    pub(super) const OLD_BOOL_ERR: u16 = 0x0005;
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const OLD_STRING: u16 = 0x0007;
    pub(in super::super) const EOF: u16 = 0x000A;
    pub(super) const EXTERN_SHEET: u16 = 0x0017;
    pub(super) const NAME: u16 = 0x0018;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const EXTERN_NAME: u16 = 0x0023;
    pub(in super::super) const FILE_PASS: u16 = 0x002F;
    pub(super) const FONT: u16 = 0x0031;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const COLUMN: u16 = 0x007D;
    pub(in super::super) const BOUND_SHEET: u16 = 0x0085;
    pub(super) const MUL_RK: u16 = 0x00BD;
    pub(super) const RICH_STRING: u16 = 0x00D6;
    pub(super) const XF: u16 = 0x00E0;
    pub(in super::super) const INTERFACE: u16 = 0x00E1;
    pub(super) const MERGED_CELLS: u16 = 0x00E5;
    pub(super) const SST: u16 = 0x00FC;
    pub(super) const LABEL_SST: u16 = 0x00FD;
    pub(in super::super) const REVISION_HEAD: u16 = 0x0138;
    pub(in super::super) const USER_EXCLUSIVE: u16 = 0x0194;
    pub(in super::super) const FILE_LOCK: u16 = 0x0195;
    pub(in super::super) const REVISION_INFO: u16 = 0x0196;
    pub(super) const SUP_BOOK: u16 = 0x01AE;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const BOOL_ERR: u16 = 0x0205;
    pub(super) const STRING: u16 = 0x0207;
    pub(super) const FORMULA_3: u16 = 0x0206;
    pub(super) const ROW: u16 = 0x0208;
    pub(super) const ARRAY: u16 = 0x0221;
    pub(super) const RK: u16 = 0x027E;
    pub(super) const FORMULA_4: u16 = 0x0406;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const SHARED_FORMULA: u16 = 0x04BC;
    pub(in super::super) const BOF: u16 = 0x0809;
}

/// A record, and those that continue it follow it.
pub(super) struct Record<'a> {
    pub(super) kind: u16,
    pub(super) data: &'a [u8],
}

/// The records from some place on.
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(super) fn new(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    /// Where the next record begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// `None` at the end, and where the stream was cut.
    pub(super) fn next(&mut self) -> Option<Record<'a>> {
        let (head, rest) = self.stream.get(self.at..)?.split_at_checked(4)?;
        let length = usize::from(word(head, 2)?);
        let data = rest.get(..length)?;
        self.at += 4 + length;
        Some(Record {
            kind: word(head, 0)?,
            data,
        })
    }

    /// Passes over a sheet whose beginning has been read; false where it was cut.
    fn pass(&mut self) -> bool {
        let mut depth = 1u32;
        while depth > 0 {
            match self.next() {
                Some(record) if record.kind == kind::BOF => depth += 1,
                Some(record) if record.kind == kind::EOF => depth -= 1,
                Some(_) => {}
                None => return false,
            }
        }
        true
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
        self.read_continued(data, &[], wide_length)
    }

    /// The same of a text that may go on in further records.
    fn read_continued(self, data: &[u8], continued: &[&[u8]], wide_length: bool) -> Option<String> {
        let parts = std::iter::once(data).chain(continued.iter().copied());
        let mut parts = Parts::new(parts.collect(), 0);
        let length = parts.number(if wide_length { 2 } else { 1 })?;
        if let Texts::Bytes(encoding) = self {
            let mut bytes = Vec::new();
            while bytes.len() < length {
                let rest = parts.some_rest()?;
                let here = &rest[..rest.len().min(length - bytes.len())];
                bytes.extend_from_slice(here);
                parts.at += here.len();
            }
            let (text, _) = encoding.decode_without_bom_handling(&bytes);
            return Some(text.into_owned());
        }
        if length == 0 {
            return Some(String::new());
        }
        let flags = parts.byte()?;
        parts.units(length, flags & 1 != 0)
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
    strings: Vec<Arc<str>>,
    /// Of those of which a part is crossed out, what is left.
    left: HashMap<usize, Box<str>>,
    /// By the number that a cell gives as its format.
    formats: Vec<Result<Shown, Unreadable>>,
    is_1904: bool,
    /// What formulas refer to.
    book: Book,
    /// Where the sheets begin in the stream.
    end: usize,
}

struct SheetEntry {
    name: String,
    visible: bool,
    /// Hidden so that only macros show it.
    very_hidden: bool,
    /// What it is instead of a worksheet.
    kind: Option<SheetKind>,
    start: usize,
}

impl Globals {
    fn read(stream: &[u8], budget: &Budget) -> Result<Self, Unreadable> {
        let mut records = Records::new(stream, 0);
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
            left: HashMap::new(),
            formats: Vec::new(),
            is_1904: false,
            book: Book {
                version: Version::Biff8,
                sheets: Vec::new(),
                links: Vec::new(),
                names: Vec::new(),
                books: Vec::new(),
                functions: HashMap::new(),
            },
            end: 0,
        };
        let mut codes: HashMap<u16, Result<Shown, Unreadable>> = HashMap::new();
        let mut links = Links::default();
        let mut format_ids = Vec::new();
        let mut struck_fonts: Vec<bool> = Vec::new();
        let mut runs: Vec<(usize, Runs)> = Vec::new();
        let mut ended = false;
        while let Some(Record { kind, data }) = records.next() {
            match kind {
                kind::CODE_PAGE if matches!(globals.texts, Texts::Bytes(_)) => {
                    globals.texts = Texts::Bytes(code_page(word(data, 0).unwrap_or_default()));
                }
                kind::DATE_MODE => globals.is_1904 = word(data, 0) == Some(1),
                kind::FORMAT => {
                    let wide_length = matches!(globals.texts, Texts::Utf16);
                    let text = data.get(2..);
                    let text = text.and_then(|text| globals.texts.read(text, wide_length));
                    if let Some(id) = word(data, 0) {
                        let code = text.map(|code| Shown::by_code(&code));
                        let unread = || Unreadable::damaged(format!("number format {id}"));
                        codes.insert(id, code.ok_or_else(unread));
                    }
                }
                kind::FONT => {
                    // The fifth has no number of its own ([MS-XLS] 2.5.129).
                    if struck_fonts.len() == 4 {
                        struck_fonts.push(false);
                    }
                    struck_fonts.push(word(data, 2).unwrap_or_default() & 8 != 0);
                }
                kind::XF => {
                    let font = usize::from(word(data, 0).unwrap_or_default());
                    format_ids.push((word(data, 2).unwrap_or_default(), font));
                }
                kind::SUP_BOOK | kind::EXTERN_NAME | kind::NAME => links.record(kind, data),
                kind::EXTERN_SHEET => links.sheets(data, &records.continued()),
                kind::BOUND_SHEET => {
                    globals.bound_sheet(data)?;
                    budget.check_sheets(globals.sheets.len())?;
                }
                kind::SST => {
                    let mut parts = records.continued();
                    parts.insert(0, data);
                    (globals.strings, runs) = shared_strings(parts, budget)?;
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
        globals.end = records.at();
        globals.book = links.book(&globals);
        globals.formats = format_ids
            .into_iter()
            .map(|(id, font)| {
                let own = codes.get(&id).cloned();
                let mut shown = own.unwrap_or_else(|| Ok(Shown::by_id(id.into())))?;
                shown.figure.is_struck = struck_fonts.get(font) == Some(&true);
                Ok(shown)
            })
            .collect();
        for (idx, runs) in runs {
            let left = left_of_runs(&globals.strings[idx], &runs, &struck_fonts);
            globals.left.extend(left.map(|left| (idx, left)));
        }
        Ok(globals)
    }

    fn version(&self) -> Version {
        match self.texts {
            Texts::Bytes(encoding) => Version::Old(encoding),
            Texts::Utf16 => Version::Biff8,
        }
    }

    /// How texts are kept in records of Excel 2.
    fn old_texts(&self) -> Texts {
        match self.texts {
            Texts::Bytes(encoding) => Texts::Bytes(encoding),
            Texts::Utf16 => Texts::Bytes(encoding_rs::GB18030),
        }
    }

    fn bound_sheet(&mut self, data: &[u8]) -> Result<(), Unreadable> {
        let name = data.get(6..).and_then(|name| self.texts.read(name, false));
        let (Some(start), Some(name)) = (double_word(data, 0), name) else {
            return Err(Unreadable::damaged("the list of sheets"));
        };
        self.sheets.push(SheetEntry {
            name: name.replace('\0', ""),
            visible: data[4] & 3 == 0,
            very_hidden: data[4] & 3 == 2,
            kind: match data[5] {
                1 => Some(SheetKind::Macros),
                2 => Some(SheetKind::Chart),
                6 => Some(SheetKind::Module),
                _ => None,
            },
            start: start as usize,
        });
        Ok(())
    }

    /// Worksheets in the stream that the list of sheets does not name, as one whose entry was damaged.
    fn unlisted_sheets(&self, stream: &[u8]) -> Vec<String> {
        // More are not worth their names.
        const MOST: usize = 16;
        let mut listed: HashSet<usize> = self.sheets.iter().map(|entry| entry.start).collect();
        let mut unlisted = Vec::new();
        let mut records = Records::new(stream, self.end);
        let mut n_sheets = 0;
        loop {
            let at = records.at();
            let Some(first) = records.next().filter(|record| record.kind == kind::BOF) else {
                break;
            };
            n_sheets += 1;
            let is_worksheet = word(first.data, 2) == Some(WORKSHEET);
            if !listed.remove(&at) && is_worksheet && unlisted.len() < MOST {
                let name = self.name_in_damaged_entry(stream, at);
                unlisted.push(name.unwrap_or_else(|| format!("#{n_sheets}")));
            }
            if !records.pass() {
                break;
            }
        }
        // Of an entry that names another place it has been said that its sheet is missing.
        if listed.is_empty() {
            unlisted
        } else {
            Vec::new()
        }
    }

    /// The name of the sheet at `start`, by a record that would be its entry if its kind were right.
    fn name_in_damaged_entry(&self, stream: &[u8], start: usize) -> Option<String> {
        let mut records = Records::new(stream, 0);
        while let Some(record) = records.next().filter(|_| records.at() <= self.end) {
            if double_word(record.data, 0) == Some(start as u32) {
                let name = self.texts.read(record.data.get(6..)?, false)?;
                return Some(name).filter(|name| !name.is_empty());
            }
        }
        None
    }
}

/// What formulas may refer to, as it is found.
#[derive(Default)]
struct Links<'a> {
    /// Of each workbook that is linked to, whether it is this one.
    books: Vec<bool>,
    /// Its number, first and last sheet.
    links: Vec<(usize, u16, u16)>,
    functions: HashMap<(usize, usize), &'a [u8]>,
    n_functions: usize,
    names: Vec<Name<'a>>,
}

/// A name of cells or of a formula.
struct Name<'a> {
    flags: u16,
    /// The sheet that it is for alone, from 1; 0 for all.
    sheet: u16,
    name: Option<String>,
    data: &'a [u8],
}

impl<'a> Links<'a> {
    fn record(&mut self, kind: u16, data: &'a [u8]) {
        match kind {
            kind::SUP_BOOK => {
                self.books.push(word(data, 2) == Some(0x0401));
                self.n_functions = 0;
            }
            kind::EXTERN_NAME => {
                if let (Some(book), Some(name)) = (self.books.len().checked_sub(1), data.get(6..)) {
                    self.functions.insert((book, self.n_functions), name);
                }
                self.n_functions += 1;
            }
            _ => self.names.push(Name {
                flags: word(data, 0).unwrap_or_default(),
                sheet: word(data, 8).unwrap_or_default(),
                name: None,
                data,
            }),
        }
    }

    fn sheets(&mut self, data: &[u8], continued: &[&[u8]]) {
        let data = [&[data][..], continued].concat().concat();
        for link in data.get(2..).unwrap_or_default().as_chunks::<6>().0 {
            let [book, first, last] =
                [0, 2, 4].map(|at| u16::from_le_bytes([link[at], link[at + 1]]));
            self.links.push((book.into(), first, last));
        }
    }

    fn book(mut self, globals: &Globals) -> Book {
        let sheets: Vec<String> = (globals.sheets.iter())
            .map(|sheet| sheet.name.clone())
            .collect();
        let own = |&(book, first, last): &(usize, u16, u16)| {
            let is_own = self.books.get(book) == Some(&true);
            // What was deleted has no number.
            let fits = usize::from(first.max(last)) < sheets.len() && first <= last;
            (is_own && fits).then_some((first.into(), last.into()))
        };
        let links = self.links.iter().map(own).collect();
        let functions = (self.functions.iter())
            .filter_map(|(at, name)| Some((*at, globals.texts.read(name, false)?)))
            .collect();
        for name in &mut self.names {
            name.name = name.read(globals.texts);
        }
        let mut book = Book {
            version: globals.version(),
            sheets,
            links,
            names: self.names.iter().map(|name| name.name.clone()).collect(),
            books: self.links.iter().map(|link| link.0).collect(),
            functions,
        };
        // A name is no better than those that it is made of; so many times over none is made of others.
        for _ in 0..8 {
            let lost: Vec<usize> = (self.names.iter().enumerate())
                .filter(|(idx, name)| book.names[*idx].is_some() && !name.is_sound(&book))
                .map(|(idx, _)| idx)
                .collect();
            if lost.is_empty() {
                return book;
            }
            lost.into_iter().for_each(|idx| book.names[idx] = None);
        }
        book.names.fill(None);
        book
    }
}

impl<'a> Name<'a> {
    /// As it is typed; nothing for what programs and macros call so.
    fn read(&self, texts: Texts) -> Option<String> {
        const BUILT_IN: u16 = 0x20;
        let length = usize::from(*self.data.get(3)?);
        let rest = self.data.get(14..)?;
        let counted = [&[length as u8], rest].concat();
        let name = texts.read(&counted, false)?;
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '\\' | '?');
        let is_name = self.flags & BUILT_IN == 0 && !name.is_empty() && name.chars().all(fits);
        is_name.then_some(name)
    }

    /// What it stands for.
    fn compiled(&self, texts: Texts) -> Option<Compiled<'a>> {
        let length = usize::from(*self.data.get(3)?);
        let n_bytes = match texts {
            Texts::Bytes(_) => length,
            Texts::Utf16 => 1 + length * (1 + usize::from(*self.data.get(14)? & 1)),
        };
        let rest = self.data.get(14 + n_bytes..)?;
        let (tokens, arrays) = rest.split_at_checked(usize::from(word(self.data, 4)?))?;
        Some(Compiled { tokens, arrays })
    }

    fn formula(&self, book: &Book) -> Option<String> {
        let texts = match book.version {
            Version::Old(encoding) => Texts::Bytes(encoding),
            _ => Texts::Utf16,
        };
        tokens::formula_of_name(book, self.compiled(texts)?)
    }

    /// Whether formulas may use it.
    fn is_sound(&self, book: &Book) -> bool {
        // Functions and commands.
        const MACRO: u16 = 0x0E;
        let name = self.name.as_deref().unwrap_or_default();
        name.starts_with("_xlfn.") || self.flags & MACRO == 0 && self.formula(book).is_some()
    }
}

/// What the beginning of a worksheet says that it is.
const WORKSHEET: u16 = 0x0010;

/// What the beginning of what stands before the sheets says that it is.
const GLOBALS: u16 = 0x0005;

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
fn shared_strings(parts: Vec<&[u8]>, budget: &Budget) -> Result<SharedStrings, Unreadable> {
    let mut table = Parts::new(parts, 8);
    let (mut strings, mut all_runs) = (Vec::new(), Vec::new());
    while let Some((text, runs)) = table.text() {
        if !runs.is_empty() && all_runs.len() < MOST_RUNS {
            all_runs.push((strings.len(), runs));
        }
        strings.push(text.into());
        budget.check_strings(strings.len())?;
    }
    Ok((strings, all_runs))
}

/// Texts, and the fonts inside some of them.
type SharedStrings = (Vec<Arc<str>>, Vec<(usize, Runs)>);

/// From which character on which font is used.
type Runs = Vec<(usize, usize)>;

/// Texts with fonts of their own inside them, and fonts in one: in more nobody crosses out a figure.
const MOST_RUNS: usize = 4_096;
const MOST_FONTS: usize = 32;

/// What of a text is not crossed out, where some is.
fn left_of_runs(text: &str, runs: &Runs, struck_fonts: &[bool]) -> Option<Box<str>> {
    let is_struck = |font: usize| struck_fonts.get(font) == Some(&true);
    let any_struck = runs.iter().any(|(_, font)| is_struck(*font));
    let mut left = String::new();
    let mut struck = false;
    let mut next = runs.iter().peekable();
    let mut at = 0;
    for c in text.chars() {
        while let Some((_, font)) = next.next_if(|(from, _)| *from <= at) {
            struck = is_struck(*font);
        }
        if !struck {
            left.push(c);
        }
        at += c.len_utf16();
    }
    (any_struck && left.len() < text.len()).then(|| left.into())
}

/// The bytes of a record and of those that continue it.
struct Parts<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl<'a> Parts<'a> {
    fn new(parts: Vec<&'a [u8]>, at: usize) -> Self {
        Self { parts, part: 0, at }
    }

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

    /// A text with its fonts, without how it is pronounced ([MS-XLS] 2.5.293). Of very many fonts none is kept.
    fn text(&mut self) -> Option<(Box<str>, Runs)> {
        let (text, n_runs, phonetic) = self.text_alone()?;
        let mut fonts = Runs::new();
        if n_runs <= MOST_FONTS {
            for _ in 0..n_runs {
                fonts.push((self.number(2)?, self.number(2)?));
            }
        } else {
            self.skip(n_runs * 4)?;
        }
        self.skip(phonetic)?;
        Some((text.into(), fonts))
    }

    /// The fonts of the parts of a text: from which character on, and which.
    fn runs(&mut self) -> Option<Vec<(usize, u16)>> {
        let (_, n_runs, phonetic) = self.text_alone()?;
        let mut runs = Vec::new();
        for _ in 0..n_runs {
            runs.push((self.number(2)?, self.number(2)? as u16));
        }
        self.skip(phonetic)?;
        Some(runs)
    }

    /// A text, the number of its fonts, and how many bytes say how it is pronounced.
    fn text_alone(&mut self) -> Option<(String, usize, usize)> {
        let length = self.number(2)?;
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.number(2)? } else { 0 };
        let phonetic = if flags & 4 != 0 { self.number(4)? } else { 0 };
        Some((self.units(length, flags & 1 != 0)?, runs, phonetic))
    }

    /// The characters of a text.
    fn units(&mut self, length: usize, mut wide: bool) -> Option<String> {
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
        Some(String::from_utf16_lossy(&units))
    }
}

/// Reads one sheet.
struct SheetReader<'g, 'l> {
    globals: &'g Globals,
    budget: &'g mut Budget<'l>,
    cells: Vec<Cell>,
    struck: Vec<(CellRef, Box<str>)>,
    merges: Vec<CellRange>,
    /// The cell whose formula came to a text, which is still to come.
    text_due: Option<(CellRef, Shown, Typed)>,
    /// Some formula came to something.
    calculated: bool,
    /// Formulas that several cells share, by the first of these.
    shared: HashMap<CellRef, Shared>,
    /// The last cell that has a formula.
    last_formula: CellRef,
    /// The cells that have one: which of all, and the first.
    sharing: Vec<(usize, CellRef)>,
    rows: Vec<(u32, u32)>,
    columns: Vec<(u32, u32)>,
}

/// A formula of several cells.
struct Shared {
    compiled: Arc<[u8]>,
    /// It fills them all at once: only the first of them has it.
    is_array: bool,
}

/// The formula of a cell.
struct Typed {
    text: Box<str>,
    /// The first of the cells that share it.
    shared_with: Option<CellRef>,
}

impl<'g, 'l> SheetReader<'g, 'l> {
    fn new(globals: &'g Globals, budget: &'g mut Budget<'l>) -> Self {
        Self {
            globals,
            budget,
            cells: Vec::new(),
            struck: Vec::new(),
            merges: Vec::new(),
            text_due: None,
            calculated: false,
            shared: HashMap::new(),
            last_formula: CellRef::new(0, 0),
            sharing: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// What was read.
    fn sheet(self, entry: &SheetEntry) -> Sheet {
        let hidden = Hidden {
            rows: self.rows.into_iter().collect(),
            columns: self.columns.into_iter().collect(),
        };
        let name = entry.name.clone();
        let mut sheet = Sheet::new(name, entry.visible, self.cells, self.merges);
        sheet.is_1904 = self.globals.is_1904;
        sheet.set_struck(self.struck);
        sheet.with_hidden(hidden)
    }

    /// Reads it, unless it is of another kind.
    fn read(&mut self, stream: &[u8], entry: &SheetEntry) -> Result<Option<SheetKind>, Unreadable> {
        let mut records = Records::new(stream, entry.start);
        let first = records
            .next()
            .filter(|record| record.kind == kind::BOF && word(record.data, 2) != Some(GLOBALS));
        let Some(first) = first else {
            let reason = Unreadable::damaged("the sheet is not where it should be");
            return entry.kind.map(Some).ok_or(reason);
        };
        let kind = match word(first.data, 2) {
            Some(0x0020) => Some(SheetKind::Chart),
            Some(0x0040) => Some(SheetKind::Macros),
            Some(0x0006) => Some(SheetKind::Module),
            // Whatever the list of sheets says.
            Some(WORKSHEET) => None,
            // Where one of the two is damaged, cells tell what it is.
            _ => {
                self.cells(&mut records)?;
                return Ok(entry.kind.filter(|_| self.cells.is_empty()));
            }
        };
        if kind.is_some() && entry.kind.is_some() {
            return Ok(kind);
        }
        self.cells(&mut records)?;
        Ok(kind.filter(|_| self.cells.is_empty()))
    }

    fn cells(&mut self, records: &mut Records) -> Result<(), Unreadable> {
        loop {
            let Some(record) = records.next() else {
                return Err(Unreadable::truncated("the sheet breaks off"));
            };
            // Any number of sheets may claim the same records.
            self.budget.take_expanded(4 + record.data.len())?;
            match record.kind {
                kind::EOF => break,
                // Charts on the sheet are sheets of their own inside it.
                kind::BOF => {
                    if !records.pass() {
                        return Err(Unreadable::truncated("the sheet breaks off"));
                    }
                }
                kind::STRING | kind::OLD_STRING | kind::LABEL | kind::RICH_STRING => {
                    let continued = records.continued();
                    self.record(&record, &continued)?;
                }
                _ => self.record(&record, &[])?,
            }
        }
        self.text_never_came()?;
        self.write_out_shared();
        Ok(())
    }

    /// Gives cells the formulas that they share, which are known only behind the first of them.
    fn write_out_shared(&mut self) {
        for (idx, first) in std::mem::take(&mut self.sharing) {
            let at = self.cells[idx].at;
            let shared = self.shared.get(&first);
            let Some(shared) = shared.filter(|shared| !shared.is_array || at == first) else {
                continue;
            };
            let formula = Compiled::of_xls(&shared.compiled)
                .and_then(|compiled| tokens::formula(&self.globals.book, compiled, at));
            self.cells[idx].formula = Some(self.budget.written_out(formula));
        }
    }

    fn record(&mut self, record: &Record, continued: &[&[u8]]) -> Result<(), Unreadable> {
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
                    let shown = self.shown(word(cell, 0))?;
                    let number = rk(double_word(cell, 2).ok_or_else(short)?);
                    self.keep_number(at, number, shown)?;
                }
            }
            kind::ROW => {
                let height = word(data, 6).unwrap_or(1);
                let flags = word(data, 12).unwrap_or_default();
                if let Some(row) = word(data, 0)
                    && (flags & 0x20 != 0 || height == 0)
                {
                    self.rows.push((row.into(), row.into()));
                }
            }
            kind::COLUMN => {
                let [first, last, width, flags] = [0, 2, 4, 8].map(|at| word(data, at));
                if let (Some(first), Some(last)) = (first, last)
                    && (flags.unwrap_or_default() & 1 != 0 || width == Some(0))
                {
                    self.columns.push((first.into(), last.into()));
                }
            }
            // Of arrays only the first cell has the formula.
            kind::SHARED_FORMULA | kind::ARRAY => {
                let from = if record.kind == kind::ARRAY { 12 } else { 8 };
                let (Some(row), Some(&col), Some(compiled)) =
                    (word(data, 0), data.get(4), data.get(from..))
                else {
                    return Ok(());
                };
                self.budget.hold(compiled.len())?;
                let compiled: Arc<[u8]> = compiled.into();
                // Cells name the first of the area, or the one that the formula stands behind.
                let first = CellRef::new(row.into(), col.into());
                for at in [self.last_formula, first] {
                    let shared = Shared {
                        compiled: compiled.clone(),
                        is_array: record.kind == kind::ARRAY,
                    };
                    self.shared.insert(at, shared);
                }
            }
            kind::STRING | kind::OLD_STRING => {
                if let Some((at, shown, typed)) = self.text_due.take() {
                    let texts = self.globals.texts;
                    let text = texts.read_continued(data, continued, true);
                    // As in Excel 2, where it cannot be one of this version.
                    let old = || self.globals.old_texts().read(data, false);
                    let text = match record.kind {
                        kind::OLD_STRING => text.or_else(old),
                        _ => text,
                    };
                    let text = text.ok_or_else(short)?;
                    self.calculated = true;
                    self.keep_formula(at, CellValue::Text(text.into()), shown, typed)?;
                }
            }
            kind::NUMBER
            | kind::RK
            | kind::LABEL
            | kind::RICH_STRING
            | kind::LABEL_SST
            | kind::BOOL_ERR
            | kind::FORMULA
            | kind::FORMULA_3
            | kind::FORMULA_4
            | kind::OLD_INTEGER
            | kind::OLD_NUMBER
            | kind::OLD_LABEL
            | kind::OLD_BOOL_ERR => self
                .cell(record, continued)
                .unwrap_or_else(|| Err(short()))?,
            _ => {}
        }
        Ok(())
    }

    /// Keeps the cell of a record; `None` where the record is too short.
    fn cell(&mut self, record: &Record, continued: &[&[u8]]) -> Option<Result<(), Unreadable>> {
        let data = record.data;
        let at = CellRef::new(word(data, 0)?.into(), word(data, 2)?.into());
        // Excel 2 kept three bytes of looks in each cell.
        let is_old = matches!(record.kind, kind::OLD_INTEGER..=kind::OLD_BOOL_ERR);
        let (shown, rest) = if is_old {
            (Shown::default(), data.get(7..)?)
        } else {
            match self.shown(word(data, 4)) {
                Ok(shown) => (shown, data.get(6..)?),
                Err(reason) => return Some(Err(reason)),
            }
        };
        Some(match record.kind {
            kind::OLD_INTEGER => self.keep_number(at, word(rest, 0)?.into(), shown),
            kind::OLD_LABEL => {
                let text = self.globals.old_texts().read(rest, false)?;
                self.keep(at, CellValue::Text(text.into()), shown, None)
            }
            kind::NUMBER | kind::OLD_NUMBER => self.keep_number(at, float(rest)?, shown),
            kind::RK => self.keep_number(at, rk(double_word(rest, 0)?), shown),
            kind::LABEL | kind::RICH_STRING => {
                let text = self.globals.texts.read_continued(rest, continued, true)?;
                self.keep(at, CellValue::Text(text.into()), shown, None)
            }
            kind::LABEL_SST => {
                let idx = double_word(rest, 0)?;
                if let Some(left) = self.globals.left.get(&(idx as usize)) {
                    self.struck.push((at, left.clone()));
                }
                match self.globals.strings.get(idx as usize) {
                    Some(text) => self.keep(at, CellValue::Text(text.clone()), shown, None),
                    None => Err(Unreadable::damaged(format!("shared text {idx} of {at}"))),
                }
            }
            kind::BOOL_ERR | kind::OLD_BOOL_ERR => {
                let value = *rest.first()?;
                let value = match *rest.get(1)? {
                    0 => CellValue::Bool(value != 0),
                    _ => CellValue::Error(error(value)),
                };
                self.keep(at, value, shown, None)
            }
            _ => {
                // Formulas of older versions have other tokens.
                let compiled = match record.kind {
                    kind::FORMULA => rest.get(14..).and_then(Compiled::of_xls),
                    _ => None,
                };
                self.formula(at, shown, rest.first_chunk()?, compiled)
            }
        })
    }

    fn formula(
        &mut self,
        at: CellRef,
        shown: Shown,
        value: &[u8; 8],
        compiled: Option<Compiled>,
    ) -> Result<(), Unreadable> {
        self.text_never_came()?;
        self.last_formula = at;
        let book = &self.globals.book;
        let shared_with = compiled.and_then(|compiled| compiled.shared_with(book.version));
        let text = compiled.filter(|_| shared_with.is_none());
        let text = text.and_then(|compiled| tokens::formula(book, compiled, at));
        let typed = Typed {
            text: self.budget.written_out(text),
            shared_with,
        };
        let value = match *value {
            [0, .., 0xFF, 0xFF] => {
                self.text_due = Some((at, shown, typed));
                return Ok(());
            }
            [1, _, value, .., 0xFF, 0xFF] => CellValue::Bool(value != 0),
            [2, _, value, .., 0xFF, 0xFF] => CellValue::Error(error(value)),
            [_, .., 0xFF, 0xFF] => {
                return self.keep_formula(at, CellValue::Text("".into()), shown, typed);
            }
            bytes => self.number(f64::from_le_bytes(bytes), shown),
        };
        self.calculated = true;
        self.keep_formula(at, value, shown, typed)
    }

    fn text_never_came(&mut self) -> Result<(), Unreadable> {
        match self.text_due.take() {
            Some((at, shown, typed)) => {
                self.keep_formula(at, CellValue::NotCalculated, shown, typed)
            }
            None => Ok(()),
        }
    }

    fn keep_formula(
        &mut self,
        at: CellRef,
        value: CellValue,
        shown: Shown,
        typed: Typed,
    ) -> Result<(), Unreadable> {
        let shared_with = typed.shared_with.map(|first| (self.cells.len(), first));
        self.sharing.extend(shared_with);
        self.keep(at, value, shown, Some(typed.text))
    }

    fn keep_number(&mut self, at: CellRef, number: f64, shown: Shown) -> Result<(), Unreadable> {
        let value = self.number(number, shown);
        self.keep(at, value, shown, None)
    }

    fn number(&self, number: f64, shown: Shown) -> CellValue {
        match number.is_finite() {
            true => serial::value(number, shown, self.globals.is_1904),
            false => CellValue::Error("#NUM!"),
        }
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

    /// How the numbers of a cell format are shown. Where there are no formats at all, those that every workbook begins
    /// with are the plain ones; of all others nobody knows whether 0.4 is printed 40%.
    fn shown(&self, format: Option<u16>) -> Result<Shown, Unreadable> {
        const FIRST_OF_ITS_OWN: u16 = 16;
        let formats = &self.globals.formats;
        match format {
            Some(idx) if formats.is_empty() && idx < FIRST_OF_ITS_OWN => Ok(Shown::default()),
            Some(idx) => match formats.get(usize::from(idx)) {
                Some(shown) => shown.clone(),
                None => Err(Unreadable::damaged(format!("no cell format {idx}"))),
            },
            None => Err(Unreadable::damaged("a cell without its format")),
        }
    }
}

pub(super) fn word(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn double_word(data: &[u8], at: usize) -> Option<u32> {
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
        let (strings, _) = strings.expect("texts");
        let strings: Vec<&str> = strings.iter().map(|text| &**text).collect();
        assert_eq!(strings, ["ab\u{4E7A}\u{4FE1}", "c"]);
    }
}
