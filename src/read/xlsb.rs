//! Office Open XML workbooks in binary parts ([MS-XLSB]).
//!
//! As with .xls, formulas are given as they would be typed, where all of their tokens are known.

use std::collections::HashMap;
use std::sync::Arc;

use super::budget::Budget;
use super::number_format::Shown;
use super::package::{Package, Relationship, tolerated};
use super::tokens::{self, Book, Compiled, Version};
use super::xls::{error, rk};
use super::xml::{Event, Xml};
use super::{Unreadable, each_once, saved, serial};
use crate::model::{
    Cell, CellRange, CellRef, CellValue, Format, Hidden, Sheet, SheetKind, SkippedSheet, Workbook,
};

/// Kinds of records ([MS-XLSB] 2.3).
mod kind {
    pub(super) const ROW: u32 = 0;
    pub(super) const RK: u32 = 2;
    pub(super) const ERROR: u32 = 3;
    pub(super) const BOOL: u32 = 4;
    pub(super) const REAL: u32 = 5;
    pub(super) const TEXT: u32 = 6;
    pub(super) const SHARED_TEXT: u32 = 7;
    pub(super) const FORMULA_TEXT: u32 = 8;
    pub(super) const FORMULA_REAL: u32 = 9;
    pub(super) const FORMULA_BOOL: u32 = 10;
    pub(super) const FORMULA_ERROR: u32 = 11;
    pub(super) const SHARED_ITEM: u32 = 19;
    pub(super) const NAME: u32 = 39;
    pub(super) const FONT: u32 = 43;
    pub(super) const FORMAT: u32 = 44;
    pub(super) const XF: u32 = 47;
    pub(super) const COLUMN: u32 = 60;
    pub(super) const RICH_TEXT: u32 = 62;
    pub(super) const END_SHEETS: u32 = 144;
    pub(super) const END_CELLS: u32 = 146;
    pub(super) const WORKBOOK_PROPERTIES: u32 = 153;
    pub(super) const SHEET: u32 = 156;
    pub(super) const MERGED_CELL: u32 = 176;
    pub(super) const BEGIN_MERGES: u32 = 177;
    pub(super) const END_MERGES: u32 = 178;
    pub(super) const LINKED_BOOK: u32 = 355;
    pub(super) const OWN_BOOK: u32 = 357;
    pub(super) const SAME_SHEET: u32 = 358;
    pub(super) const LINKS: u32 = 362;
    pub(super) const ARRAY: u32 = 426;
    pub(super) const SHARED_FORMULA: u32 = 427;
    pub(super) const BEGIN_CELL_XFS: u32 = 617;
    pub(super) const END_CELL_XFS: u32 = 618;
    pub(super) const ADD_INS: u32 = 667;
}

/// Reads the workbook whose main part is at `path`.
pub(super) fn read(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Workbook, Unreadable> {
    let Some(bytes) = package.bytes(path, budget)? else {
        return Err(Unreadable::damaged("the workbook part is missing"));
    };
    let relationships = Relationship::of(package, path, budget)?;
    let usual = "xl/sharedStrings.bin";
    let strings = package.related(&relationships, "sharedStrings", usual, budget);
    let strings = strings.and_then(|part| shared_strings(&part.unwrap_or_default(), budget));
    let styles = package.related(&relationships, "styles", "xl/styles.bin", budget);
    let styles = styles.and_then(|part| part.map_or(Ok(Vec::new()), |part| formats(&part)));

    let mut sheets = Vec::new();
    let mut shared = Shared {
        strings: tolerated(strings)?,
        formats: tolerated(styles)?,
        is_1904: false,
        book: Book {
            version: Version::Biff12,
            sheets: Vec::new(),
            links: Vec::new(),
            names: Vec::new(),
            books: Vec::new(),
            functions: HashMap::new(),
        },
    };
    let mut is_ended = false;
    let mut links = Links::default();
    for record in Records::new(&bytes) {
        let (kind, mut data) = record?;
        match kind {
            kind::END_SHEETS => is_ended = true,
            kind::WORKBOOK_PROPERTIES => shared.is_1904 = data.number(4)? & 1 == 1,
            kind::SHEET => {
                let state = data.number(4)?;
                data.number(4)?;
                let relationship = data.text()?;
                sheets.push((data.text()?, state == 0, relationship));
                budget.check_sheets(sheets.len())?;
            }
            // What is too short is used by no formula that is given.
            _ => {
                let _ = links.record(kind, data);
            }
        }
    }
    let names = sheets.iter().map(|(name, ..)| name.clone());
    shared.book = links.book(names.collect());

    // Of a list that breaks off nobody knows which sheets it named.
    if !is_ended {
        return Err(Unreadable::damaged("the list of the sheets breaks off"));
    }

    let properties = package.unneeded("docProps/custom.xml", budget, custom_properties)?;
    let mut workbook = Workbook {
        format: Format::Xlsb,
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        skipped_sheets: Vec::new(),
        damaged_parts: Vec::new(),
        properties: properties.unwrap_or_default(),
        saved: saved::of_package(package, budget),
    };
    for (name, visible, relationship) in sheets {
        let relationship = relationships.iter().find(|r| r.id == relationship);
        let kind = match relationship.map(|relationship| relationship.kind.as_str()) {
            Some("chartsheet") => Some(SheetKind::Chart),
            Some("dialogsheet") => Some(SheetKind::Dialog),
            Some("xlMacrosheet" | "xlIntlMacrosheet") => Some(SheetKind::Macros),
            _ => None,
        };
        if let Some(kind) = kind {
            workbook.skipped_sheets.push(SkippedSheet { name, kind });
            continue;
        }
        let sheet = match relationship {
            Some(relationship) if relationship.kind == "worksheet" => {
                package.bytes(&relationship.target, budget)
            }
            Some(_) => Err(Unreadable::damaged("the sheet is of an unknown kind")),
            None => Err(Unreadable::damaged("the sheet has no part")),
        };
        let sheet = sheet
            .and_then(|bytes| bytes.ok_or_else(|| Unreadable::damaged("the sheet is missing")))
            .and_then(|bytes| read_sheet(&bytes, &shared, budget));
        match sheet {
            Ok((cells, merges, hidden)) => {
                let mut sheet = Sheet::new(name, visible, cells, merges);
                sheet.is_1904 = shared.is_1904;
                workbook.sheets.push(sheet.with_hidden(hidden));
            }
            Err(reason) => workbook.unreadable_sheets.push((name, reason)),
        }
    }
    Ok(workbook)
}

/// The custom properties of the document, by name.
fn custom_properties(text: &str) -> Result<Vec<(String, String)>, Unreadable> {
    let mut properties = Vec::new();
    let mut xml = Xml::new(text);
    let mut name = String::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.name == "property" && xml.depth() == 2 => {
                name = tag.attribute("name")?.unwrap_or_default().into_owned();
            }
            Event::Start(_) if xml.depth() == 3 => {
                let value = xml.element_text()?.into_owned();
                properties.push((std::mem::take(&mut name), value));
            }
            Event::Eof => return Ok(properties),
            _ => {}
        }
    }
}

/// What all sheets of a workbook refer to.
struct Shared {
    strings: Result<Vec<Arc<str>>, Unreadable>,
    formats: Result<Vec<Shown>, Unreadable>,
    is_1904: bool,
    /// What formulas refer to.
    book: Book,
}

/// What formulas may refer to, as it is found.
#[derive(Default)]
struct Links {
    /// Of each workbook that is linked to, whether it is this one.
    books: Vec<bool>,
    /// Its number, first and last sheet.
    links: Vec<(u32, u32, u32)>,
    /// Flags, name, and what it stands for.
    names: Vec<(u32, String, Vec<u8>)>,
}

impl Links {
    fn record(&mut self, kind: u32, mut data: Data) -> Result<(), Unreadable> {
        match kind {
            kind::OWN_BOOK => self.books.push(true),
            kind::LINKED_BOOK | kind::SAME_SHEET | kind::ADD_INS => self.books.push(false),
            kind::LINKS => {
                data.number(4)?;
                while let Ok(book) = data.number(4) {
                    self.links.push((book, data.number(4)?, data.number(4)?));
                }
            }
            kind::NAME => {
                let flags = data.number(4)?;
                data.number(1)?;
                data.number(4)?;
                let name = data.text().unwrap_or_default();
                self.names.push((flags, name, data.bytes.to_vec()));
            }
            _ => {}
        }
        Ok(())
    }

    fn book(self, sheets: Vec<String>) -> Book {
        const BUILT_IN_OR_MACRO: u32 = 0x2E;
        let own = |&(book, first, last): &(u32, u32, u32)| {
            let is_own = self.books.get(book as usize) == Some(&true);
            let fits = (last as usize) < sheets.len() && first <= last;
            (is_own && fits).then_some((first as usize, last as usize))
        };
        let links = self.links.iter().map(own).collect();
        let plain = |(flags, name, _): &(u32, String, Vec<u8>)| {
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '\\' | '?');
            let is_plain = !name.is_empty() && name.chars().all(fits);
            (is_plain && flags & BUILT_IN_OR_MACRO == 0).then(|| name.clone())
        };
        let mut book = Book {
            version: Version::Biff12,
            sheets,
            links,
            names: self.names.iter().map(plain).collect(),
            books: self.links.iter().map(|link| link.0 as usize).collect(),
            functions: HashMap::new(),
        };
        // A name is no better than those that it is made of; so many times over none is made of others.
        for _ in 0..8 {
            let lost: Vec<usize> = (self.names.iter().enumerate())
                .filter(|(idx, (.., data))| {
                    let formula = Compiled::of_xlsb(data)
                        .and_then(|compiled| tokens::formula_of_name(&book, compiled));
                    book.names[*idx].is_some() && formula.is_none()
                })
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

impl Shared {
    /// How the numbers of a style are shown. Without styles nobody knows, except of the one that is none.
    fn shown(&self, style: u32) -> Result<Shown, Unreadable> {
        match &self.formats {
            Ok(formats) if formats.is_empty() => Ok(Shown::default()),
            Ok(formats) => formats
                .get(style as usize)
                .copied()
                .ok_or_else(|| Unreadable::damaged(format!("no cell format {style}"))),
            Err(_) if style == 0 => Ok(Shown::default()),
            Err(reason) => Err(reason.clone()),
        }
    }
}

fn shared_strings(bytes: &[u8], budget: &Budget) -> Result<Vec<Arc<str>>, Unreadable> {
    let mut strings = Vec::new();
    for record in Records::new(bytes) {
        let (kind, mut data) = record?;
        if kind == kind::SHARED_ITEM {
            data.number(1)?;
            strings.push(data.text()?.into());
            budget.check_strings(strings.len())?;
        }
    }
    Ok(strings)
}

fn formats(bytes: &[u8]) -> Result<Vec<Shown>, Unreadable> {
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut formats = Vec::new();
    let mut struck_fonts = Vec::new();
    let mut in_cell_formats = false;
    let mut are_ended = false;
    for record in Records::new(bytes) {
        let (kind, mut data) = record?;
        match kind {
            kind::FORMAT => {
                let id = data.number(2)?;
                codes.insert(id, Shown::by_code(&data.text()?));
            }
            kind::FONT => {
                data.number(2)?;
                struck_fonts.push(data.number(2)? & 8 != 0);
            }
            kind::BEGIN_CELL_XFS => in_cell_formats = true,
            kind::END_CELL_XFS => (in_cell_formats, are_ended) = (false, true),
            kind::XF if in_cell_formats => {
                data.number(2)?;
                let id = data.number(2)?;
                let mut shown = *codes.entry(id).or_insert_with(|| Shown::by_id(id));
                let font = data.number(2)? as usize;
                shown.figure.is_struck = struck_fonts.get(font) == Some(&true);
                formats.push(shown);
            }
            _ => {}
        }
    }
    match are_ended && !formats.is_empty() {
        true => Ok(formats),
        false => Err(Unreadable::damaged("the cell formats break off")),
    }
}

fn read_sheet(
    bytes: &[u8],
    shared: &Shared,
    budget: &mut Budget,
) -> Result<(Vec<Cell>, Vec<CellRange>, Hidden), Unreadable> {
    let (mut cells, mut merges) = (Vec::new(), Vec::new());
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    let mut formulas = SharedFormulas::default();
    let mut row = 0;
    let (mut are_cells_open, mut are_merges_open) = (true, false);
    for record in Records::new(bytes) {
        let (kind, mut data) = record?;
        match kind {
            kind::END_CELLS => are_cells_open = false,
            kind::BEGIN_MERGES => are_merges_open = true,
            kind::END_MERGES => are_merges_open = false,
            kind::ROW => {
                row = data.number(4)?;
                // Its format and its height stand before its flags, which nobody needs to read the cells.
                let look = (data.number(4), data.number(2), data.number(2));
                if let (Ok(_), Ok(height), Ok(flags)) = look
                    && (flags & 1 << 12 != 0 || height == 0)
                {
                    rows.push((row, row));
                }
            }
            kind::COLUMN => {
                let ends = (data.number(4), data.number(4));
                let look = (data.number(4), data.number(4), data.number(2));
                if let ((Ok(first), Ok(last)), (Ok(width), Ok(_), Ok(flags))) = (ends, look)
                    && (flags & 1 != 0 || width == 0)
                {
                    columns.push((first, last));
                }
            }
            kind::SHARED_FORMULA | kind::ARRAY => {
                let first = [data.number(4)?, data.number(4)?, data.number(4)?];
                data.number(4)?;
                if kind == kind::ARRAY {
                    data.number(1)?;
                }
                budget.hold(data.bytes.len())?;
                let first = CellRef::new(first[0], first[2]);
                (formulas.by_first).insert(first, (kind == kind::ARRAY, data.bytes.to_vec()));
            }
            kind::MERGED_CELL => {
                let [top, bottom, left, right] = [
                    data.number(4)?,
                    data.number(4)?,
                    data.number(4)?,
                    data.number(4)?,
                ];
                let (start, end) = (CellRef::new(top, left), CellRef::new(bottom, right));
                budget.keep_merge(&mut merges, CellRange::new(start, end))?;
            }
            kind::RK..=kind::FORMULA_ERROR | kind::RICH_TEXT => {
                let at = CellRef::new(row, data.number(4)?);
                let shown = shared.shown(data.number(4)? & 0x00FF_FFFF)?;
                let value = match kind {
                    kind::RK => serial::value(rk(data.number(4)?), shown, shared.is_1904),
                    kind::REAL | kind::FORMULA_REAL => match data.float()? {
                        number if number.is_finite() => {
                            serial::value(number, shown, shared.is_1904)
                        }
                        _ => CellValue::Error("#NUM!"),
                    },
                    kind::ERROR | kind::FORMULA_ERROR => {
                        CellValue::Error(error(data.number(1)? as u8))
                    }
                    kind::BOOL | kind::FORMULA_BOOL => CellValue::Bool(data.number(1)? != 0),
                    kind::TEXT | kind::FORMULA_TEXT => CellValue::Text(data.text()?.into()),
                    kind::SHARED_TEXT => {
                        let idx = data.number(4)?;
                        let strings = shared.strings.as_ref().map_err(Clone::clone)?;
                        let text = strings.get(idx as usize).ok_or_else(|| {
                            Unreadable::damaged(format!("shared text {idx} of {at}"))
                        })?;
                        CellValue::Text(text.clone())
                    }
                    _ => {
                        data.number(1)?;
                        CellValue::Text(data.text()?.into())
                    }
                };
                let is_formula = matches!(kind, kind::FORMULA_TEXT..=kind::FORMULA_ERROR);
                let formula = is_formula.then(|| {
                    let compiled = data.bytes.get(2..).and_then(Compiled::of_xlsb)?;
                    if let Some(first) = compiled.shared_with(Version::Biff12) {
                        formulas.sharing.push((cells.len(), first));
                        return None;
                    }
                    tokens::formula(&shared.book, compiled, at)
                });
                let formula = formula.map(|formula| budget.written_out(formula));
                budget.keep(&mut cells, at, value, shown.figure, formula)?;
            }
            _ => {}
        }
    }
    // Between two records a part may be cut without any of them being short.
    if are_cells_open || are_merges_open {
        return Err(Unreadable::damaged("the sheet breaks off"));
    }
    each_once(&cells)?;
    formulas.write_out(&mut cells, &shared.book, budget);
    let hidden = Hidden {
        rows: rows.into_iter().collect(),
        columns: columns.into_iter().collect(),
    };
    Ok((cells, merges, hidden))
}

/// Formulas that several cells share.
#[derive(Default)]
struct SharedFormulas {
    /// By the first of the cells: whether it fills them all at once, and what it is.
    by_first: HashMap<CellRef, (bool, Vec<u8>)>,
    /// The cells that have one: which of all, and the first.
    sharing: Vec<(usize, CellRef)>,
}

impl SharedFormulas {
    /// Gives cells the formulas that they share. Of an array only the first has it.
    fn write_out(self, cells: &mut [Cell], book: &Book, budget: &mut Budget) {
        for (idx, first) in self.sharing {
            let Some(cell) = cells.get_mut(idx) else {
                continue;
            };
            let shared = self.by_first.get(&first);
            let shared = shared.filter(|(is_array, _)| !is_array || cell.at == first);
            let formula = shared
                .and_then(|(_, data)| Compiled::of_xlsb(data))
                .and_then(|compiled| tokens::formula(book, compiled, cell.at));
            cell.formula = Some(budget.written_out(formula));
        }
    }
}

/// The records of a part.
struct Records<'a> {
    bytes: Data<'a>,
}

impl<'a> Records<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes: Data { bytes },
        }
    }

    /// A number in up to so many bytes of seven bits; the upper bit says that another follows.
    fn number(&mut self, bytes: u32) -> Result<u32, Unreadable> {
        let mut number = 0;
        for idx in 0..bytes {
            let byte = self.bytes.number(1)?;
            number |= (byte & 0x7F) << (7 * idx);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u32, Data<'a>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.bytes.is_empty() {
            return None;
        }
        let record = self.number(2).and_then(|kind| {
            let length = self.number(4)?;
            let data = Data {
                bytes: self.bytes.take(length as usize)?,
            };
            Ok((kind, data))
        });
        if record.is_err() {
            self.bytes.bytes = &[];
        }
        Some(record)
    }
}

/// What is left of some bytes.
struct Data<'a> {
    bytes: &'a [u8],
}

impl<'a> Data<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| Unreadable::damaged("a record is too short"))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// An unsigned number of up to four bytes.
    fn number(&mut self, bytes: usize) -> Result<u32, Unreadable> {
        let bytes = self.take(bytes)?;
        Ok(bytes.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)))
    }

    fn float(&mut self) -> Result<f64, Unreadable> {
        let low = u64::from(self.number(4)?);
        let high = u64::from(self.number(4)?);
        Ok(f64::from_bits(high << 32 | low))
    }

    /// A text with its length before it; a length of -1 means none.
    fn text(&mut self) -> Result<String, Unreadable> {
        let length = match self.number(4)? {
            u32::MAX => 0,
            length => length as usize,
        };
        let bytes = self.take(length.saturating_mul(2))?;
        let units = bytes.as_chunks().0.iter().map(|&b| u16::from_le_bytes(b));
        Ok(char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect())
    }
}
