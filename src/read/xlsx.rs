//! Office Open XML workbooks (ECMA-376, transitional and strict).
//!
//! Cells are read straight off where they are written plainly, and else by calamine. Number formats are read
//! here, because calamine copies font, fill, borders and format code into the style of every cell format, by which
//! 100 KB of styles grow to gigabytes, and because the date that a form shows may have no day. Merged regions stand
//! behind the cells, in what is left.

use std::collections::HashMap;

use memchr::{memchr_iter, memmem, memrchr};
use quick_xml::events::{BytesStart, Event};

use super::budget::{Budget, TEXT_OVERHEAD};
use super::hidden::HiddenRows;
use super::left::{CUSTOM_PROPERTIES, Left, LeftSheet, custom_properties};
use super::markup::{attribute, broken, is_element, number, reader};
use super::number_format::Shown;
use super::package::{LARGE, Package, Relationship, tolerated};
use super::plain::{Piece, SheetCells, Strings, Struck};
use super::{FileKind, Quantity, Unreadable, each_once, plain, saved};
use crate::model::{Cell, CellRange, Format, Hidden, Sheet, SheetKind, SkippedSheet, Workbook};

/// Reads the workbook whose main part is at `path`.
pub(super) fn read(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Workbook, Unreadable> {
    let Some(text) = package.text(path, budget)? else {
        return Err(Unreadable::damaged("the workbook part is missing"));
    };
    let main = MainPart::read(&text, budget)?;
    let relationships = Relationship::of(package, path, budget)?;
    let texts = related(
        package,
        &relationships,
        "sharedStrings",
        "xl/sharedStrings.xml",
    );
    let strings = (texts.clone()).and_then(|path| strings(package, path, budget));
    let styles = related(package, &relationships, "styles", "xl/styles.xml");
    let shown = styles.and_then(|path| formats(package, path, budget));
    let shared = Shared::new(tolerated(strings)?, tolerated(shown)?, main.is_1904);
    let mut left = Left::new(package);
    let mut sheets = Vec::new();
    let mut skipped_sheets = Vec::new();
    for entry in main.sheets {
        let relationship = relationships.iter().find(|r| r.id == entry.relationship);
        let sheet = match relationship {
            None => Err(Unreadable::damaged("the sheet has no part")),
            Some(relationship) => sheet(package, &relationship.target, &shared, &mut left, budget),
        };
        let (name, visible) = (entry.name, entry.visible);
        match sheet {
            Ok(Found::Worksheet(cells, merges, hidden)) => {
                sheets.push((name, visible, Ok((cells, merges, hidden))))
            }
            Ok(Found::Other(kind)) => skipped_sheets.push(SkippedSheet { name, kind }),
            Err(reason) => sheets.push((name, visible, Err(reason))),
        }
    }
    let properties = package.unneeded(CUSTOM_PROPERTIES, budget, |text| Ok(text.to_owned()))?;
    // Only now, since nearly always they have been read.
    let texts = match texts {
        Ok(path) if left.has_sheets() && shared.no_strings.is_none() => {
            again(budget, |budget| small_text(package, path, budget))?
        }
        _ => None,
    };
    let items = shared_items(texts.as_deref().unwrap_or_default(), budget)?;
    // calamine has them packed, and each by itself, as cells have it then.
    budget.hold(items.len().saturating_mul(4))?;
    let mut xlsx = left.open(items, properties.as_deref())?;
    drop(texts);
    let properties = xlsx.as_mut().map_or(Ok(Vec::new()), custom_properties);
    let properties = properties.unwrap_or_else(|_| {
        package.is_damaged(CUSTOM_PROPERTIES);
        Vec::new()
    });

    let mut workbook = Workbook {
        format: if package.has("xl/vbaProject.bin") {
            Format::Xlsm
        } else {
            Format::Xlsx
        },
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        skipped_sheets,
        damaged_parts: Vec::new(),
        properties,
        saved: saved::of_package(package, budget),
    };
    for (name, visible, sheet) in sheets {
        let read = sheet.and_then(|(cells, merges, hidden)| {
            let cells = match cells {
                Cells::Read(cells, struck) => (cells, struck),
                Cells::Left(part) => {
                    let cells = part.read(xlsx.as_mut(), &shared.formats, budget)?;
                    (cells, Struck::new())
                }
            };
            each_once(&cells.0)?;
            Ok((cells, merges, hidden))
        });
        match read {
            Ok(((cells, struck), merges, hidden)) => {
                let mut sheet = Sheet::new(name, visible, cells, merges);
                sheet.is_1904 = shared.formats.is_1904;
                sheet.set_struck(struck);
                workbook.sheets.push(sheet.with_hidden(hidden));
            }
            Err(reason) => workbook.unreadable_sheets.push((name, reason)),
        }
    }
    Ok(workbook)
}

/// The cells of a sheet.
enum Cells {
    Read(Vec<Cell>, Struck),
    /// calamine has yet to read them.
    Left(LeftSheet),
}

/// What sheets refer to, or why it cannot be read.
struct Shared {
    /// The texts that cells share; nothing where they are not plain.
    strings: Option<Strings>,
    no_strings: Option<Unreadable>,
    formats: Formats,
    no_formats: Option<Unreadable>,
}

impl Shared {
    fn new(
        strings: Result<Option<Strings>, Unreadable>,
        shown: Result<Option<Vec<Shown>>, Unreadable>,
        is_1904: bool,
    ) -> Self {
        let (strings, no_strings) = match strings {
            Ok(strings) => (strings, None),
            Err(reason) => (Some(Strings::default()), Some(reason)),
        };
        let (shown, no_formats) = match shown {
            Ok(shown) => (shown, None),
            Err(reason) => (None, Some(reason)),
        };
        let formats = Formats {
            are_given: shown.is_some(),
            shown: shown.unwrap_or_default(),
            is_1904,
        };
        Self {
            strings,
            no_strings,
            formats,
            no_formats,
        }
    }

    /// Whether all is there.
    fn is_whole(&self) -> bool {
        self.no_strings.is_none() && self.no_formats.is_none()
    }

    /// Why these cells cannot be read, if they need what is missing.
    fn missing(&self, cells: &str) -> Option<&Unreadable> {
        let is_shared = |tag: &BytesStart| Ok(attribute(tag, "t")?.as_deref() == Some("s"));
        let has_style = |tag: &BytesStart| Ok(attribute(tag, "s")?.is_some());
        let strings = self.no_strings.as_ref();
        let strings = strings.filter(|_| any_cell(cells, is_shared));
        strings.or_else(|| (self.no_formats.as_ref()).filter(|_| any_cell(cells, has_style)))
    }
}

/// Whether any cell is so; where nobody can tell, it may be. What stands in texts is no attribute.
fn any_cell(cells: &str, is: impl Fn(&BytesStart) -> Result<bool, Unreadable>) -> bool {
    let mut xml = reader(cells);
    loop {
        match xml.read_event() {
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == "c" => match is(&tag) {
                Ok(false) => {}
                _ => return true,
            },
            Ok(Event::Eof) => return false,
            Ok(_) => {}
            Err(_) => return true,
        }
    }
}

/// What is not plain is read whole, and held twice or three times over while it is: it may not be larger.
const LARGEST_WHOLE: usize = 96 << 20;

/// The texts that cells share; nothing where they are not plain.
fn strings(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Option<Strings>, Unreadable> {
    let strings = if package.expanded_bytes(path) > LARGE {
        let before = budget.clone();
        let strings = large_strings(package, path, budget)?;
        if strings.is_none() {
            *budget = before;
        }
        strings
    } else {
        let text = package.text(path, budget)?;
        let items = shared_items(text.as_deref().unwrap_or_default(), budget)?;
        plain::strings(items)
    };
    for text in strings.iter().flat_map(|strings| &strings.all) {
        budget.hold(text.len() + TEXT_OVERHEAD)?;
    }
    Ok(strings)
}

fn large_strings(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Option<Strings>, Unreadable> {
    let Some(mut pieces) = package.pieces(path) else {
        return Ok(None);
    };
    let Some(head) = pieces.head("<sst", budget)? else {
        return Ok(None);
    };
    if head.ends_with("/>") {
        return Ok(None);
    }
    let mut strings = Strings::default();
    loop {
        let Some(items) = pieces.until_last("<si>", "</sst>", budget)? else {
            return Ok(None);
        };
        match plain::some_strings(items, &mut strings) {
            Some(Piece::More) => budget.check_strings(strings.all.len())?,
            Some(Piece::Last) => break,
            None => return Ok(None),
        }
    }
    budget.check_strings(strings.all.len())?;
    pieces.rest(budget)?;
    Ok(Some(strings))
}

/// What a part of a sheet holds.
enum Found {
    /// Its cells, its merged regions, and what it does not show.
    Worksheet(Cells, Vec<CellRange>, Hidden),
    Other(SheetKind),
}

fn sheet(
    package: &mut Package,
    path: &str,
    shared: &Shared,
    left: &mut Left,
    budget: &mut Budget,
) -> Result<Found, Unreadable> {
    let is_large = shared.is_whole() && package.expanded_bytes(path) > LARGE;
    if let Some(strings) = shared.strings.as_ref().filter(|_| is_large) {
        let before = budget.clone();
        let formats = &shared.formats;
        if let Some(read) = large_sheet(package, path, strings, formats, budget)? {
            let (cells, struck, merges, hidden) = read;
            let cells = Cells::Read(cells, struck);
            return Ok(Found::Worksheet(cells, merges, hidden));
        }
        *budget = before;
    }
    let text = small_text(package, path, budget)?;
    let text = text.ok_or_else(|| Unreadable::damaged("the sheet is missing"))?;
    budget.hold(text.len())?;
    let read = small_sheet(&text, shared, left, budget);
    budget.release(text.len());
    read
}

fn small_sheet(
    text: &str,
    shared: &Shared,
    left: &mut Left,
    budget: &mut Budget,
) -> Result<Found, Unreadable> {
    let (head, cells, rest) = match divide(text)? {
        Divided::Worksheet { .. } if !is_whole_document(text, "worksheet") => {
            return Err(Unreadable::damaged(BREAKS_OFF));
        }
        Divided::Worksheet { head, cells, rest } => (head, cells, rest),
        Divided::Other(kind) => return Ok(Found::Other(kind)),
    };
    if let Some(reason) = shared.missing(cells) {
        return Err(reason.clone());
    }
    let merges = merges(rest, budget)?;
    let mut hidden = HiddenRows::new();
    hidden.read(cells);
    let hidden = hidden.with_columns(head);
    let strings = shared.strings.as_ref();
    let plain = strings.and_then(|strings| plain::cells(cells, strings, &shared.formats, budget));
    let cells = match plain {
        Some(cells) => {
            let (cells, struck) = cells?;
            Cells::Read(cells, struck)
        }
        None => Cells::Left(left.add(cells, &shared.formats, budget)?),
    };
    Ok(Found::Worksheet(cells, merges, hidden))
}

/// What a part that ends before its element does held besides, nobody knows.
const BREAKS_OFF: &str = "the sheet breaks off";

/// The cells of a plain sheet, those crossed out in part, its merged regions, and what it does not show.
type PlainSheet = (Vec<Cell>, Struck, Vec<CellRange>, Hidden);

/// The same of a large sheet; nothing where it is not plain.
fn large_sheet(
    package: &mut Package,
    path: &str,
    strings: &Strings,
    formats: &Formats,
    budget: &mut Budget,
) -> Result<Option<PlainSheet>, Unreadable> {
    let n_bytes = package.expanded_bytes(path);
    let Some(mut pieces) = package.pieces(path) else {
        return Ok(None);
    };
    let Some(head) = pieces.head("<sheetData", budget)? else {
        return Ok(None);
    };
    // The cells begin where this ends, unless it only looked like their element.
    match divide(head)? {
        Divided::Worksheet {
            cells: "",
            rest: "",
            ..
        } => {}
        _ => return Ok(None),
    }
    let head = head.to_owned();
    let mut hidden = HiddenRows::new();
    let mut sheet = SheetCells::new(n_bytes);
    loop {
        let Some(rows) = pieces.until_last("<row", "</sheetData>", budget)? else {
            return Ok(None);
        };
        hidden.read(rows);
        match sheet.read(rows, strings, formats, budget).transpose()? {
            Some(Piece::More) => {}
            Some(Piece::Last) => break,
            None => return Ok(None),
        }
    }
    let Some(rest) = pieces.rest(budget)? else {
        return Ok(None);
    };
    if !has_end_of(rest, "worksheet") {
        return Err(Unreadable::damaged(BREAKS_OFF));
    }
    let merges = merges(rest, budget)?;
    let hidden = hidden.with_columns(&head);
    Ok(Some((sheet.cells, sheet.struck, merges, hidden)))
}

/// A part that is read whole.
fn small_text(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Option<String>, Unreadable> {
    if package.expanded_bytes(path) > LARGEST_WHOLE {
        return Err(Unreadable::too_large(
            Quantity::ExpandedBytes,
            LARGEST_WHOLE,
        ));
    }
    package.text(path, budget)
}

/// Does again what was counted before.
fn again<T>(budget: &mut Budget, work: impl FnOnce(&mut Budget) -> T) -> T {
    let before = budget.clone();
    let done = work(budget);
    *budget = before;
    done
}

/// `workbook.xml`
struct MainPart {
    sheets: Vec<SheetEntry>,
    is_1904: bool,
}

struct SheetEntry {
    name: String,
    visible: bool,
    relationship: String,
}

impl MainPart {
    fn read(text: &str, budget: &Budget) -> Result<Self, Unreadable> {
        let mut xml = reader(text);
        let mut main = Self {
            sheets: Vec::new(),
            is_1904: false,
        };
        let mut is_root = true;
        loop {
            let tag = match xml.read_event().map_err(broken)? {
                Event::Start(tag) => tag,
                Event::Eof if is_root => {
                    return Err(Unreadable::damaged("the workbook part is empty"));
                }
                Event::Eof => return Ok(main),
                _ => continue,
            };
            match tag.local_name().as_ref() {
                // Of a part that breaks off nobody knows which sheets it named.
                "workbook" if is_root && !is_whole_document(text, "workbook") => {
                    return Err(Unreadable::damaged("the workbook part breaks off"));
                }
                "workbook" if is_root => {}
                "document" if is_root => {
                    return Err(Unreadable::NotASpreadsheet(FileKind::TextDocument));
                }
                "presentation" if is_root => {
                    return Err(Unreadable::NotASpreadsheet(FileKind::Presentation));
                }
                _ if is_root => {
                    return Err(Unreadable::damaged("the workbook part is something else"));
                }
                "sheet" => {
                    let mut relationship = String::new();
                    for attribute in tag.attributes().with_checks(false) {
                        let attribute = attribute.map_err(broken)?;
                        if attribute.key.as_ref().ends_with(":id") {
                            relationship = attribute.value.into_owned();
                        }
                    }
                    let state = attribute(&tag, "state")?;
                    main.sheets.push(SheetEntry {
                        name: attribute(&tag, "name")?.unwrap_or_default().into_owned(),
                        visible: !matches!(state.as_deref(), Some("hidden" | "veryHidden")),
                        relationship,
                    });
                    budget.check_sheets(main.sheets.len())?;
                }
                // Extensions have an element of this name without the attribute.
                "workbookPr" => {
                    if let Some(date) = attribute(&tag, "date1904")? {
                        main.is_1904 = matches!(&*date, "1" | "true" | "on");
                    }
                }
                _ => {}
            }
            is_root = false;
        }
    }
}

/// Where the part is that a link of this kind names, or the one of this kind usually. A link to nothing is a fault.
fn related<'r>(
    package: &Package,
    relationships: &'r [Relationship],
    kind: &str,
    usual: &'r str,
) -> Result<&'r str, Unreadable> {
    match relationships.iter().find(|link| link.kind == kind) {
        None => Ok(usual),
        Some(link) if package.has(&link.target) => Ok(&link.target),
        Some(link) => Err(Unreadable::damaged(format!("{} is missing", link.target))),
    }
}

/// The texts that cells share, behind the start of their list and what it claims.
fn shared_items<'t>(text: &'t str, budget: &Budget) -> Result<&'t str, Unreadable> {
    if text.is_empty() {
        return Ok("");
    }
    let mut xml = reader(text);
    loop {
        match xml.read_event().map_err(broken)? {
            Event::Start(tag) if tag.local_name().as_ref() == "sst" => break,
            Event::Eof => return Ok(""),
            _ => {}
        }
    }
    let start = position(&xml, text);
    // An empty element has no end of its own.
    if text[..start].ends_with("/>") {
        return Ok("");
    }
    let items = &text[start..];
    let bytes = items.as_bytes();
    let count = memchr_iter(b'<', bytes).filter(|&at| is_element(&bytes[at + 1..], b"si"));
    budget.check_strings(count.count())?;
    Ok(items)
}

/// How far `xml`, which walks through `text`, has come.
fn position(xml: &quick_xml::Reader<&[u8]>, text: &str) -> usize {
    text.len() - xml.get_ref().len()
}

/// What the numbers in cells are shown as.
pub(super) struct Formats {
    /// By the number that a cell gives as its style.
    pub(super) shown: Vec<Shown>,
    /// Whether a part of formats was read, which then has all that cells ask for.
    pub(super) are_given: bool,
    pub(super) is_1904: bool,
}

impl Formats {
    /// What a cell asks for, by its attribute; a fault where the workbook has no such format: of 323 % it would make
    /// the figure 3.23.
    pub(super) fn idx(&self, style: Option<&str>) -> Result<u16, Unreadable> {
        let Some(style) = style else {
            return Ok(0);
        };
        let idx = style.trim().parse().ok();
        match idx.filter(|&idx| usize::from(idx) < self.shown.len()) {
            Some(idx) => Ok(idx),
            None if !self.are_given => Ok(0),
            None => {
                let style: String = style.chars().take(20).collect();
                Err(Unreadable::damaged(format!("no cell format {style}")))
            }
        }
    }

    /// The same of a number that was read; nothing where the workbook has no such format.
    pub(super) fn by_idx(&self, idx: Option<u16>) -> Option<Shown> {
        match idx {
            Some(idx) if self.are_given => self.shown.get(usize::from(idx)).copied(),
            idx => Some(self.of(idx.unwrap_or(0))),
        }
    }

    /// What a cell with a format of this number is shown as.
    pub(super) fn of(&self, idx: u16) -> Shown {
        let shown = self.shown.get(usize::from(idx)).copied();
        shown.unwrap_or_default()
    }
}

fn formats(
    package: &mut Package,
    path: &str,
    budget: &mut Budget,
) -> Result<Option<Vec<Shown>>, Unreadable> {
    let Some(text) = package.text(path, budget)? else {
        return Ok(None);
    };
    // Formats that broke off would make 40 % the figure 0.4, and a date a number.
    if !is_whole_document(&text, "styleSheet") {
        return Err(Unreadable::damaged("the formats break off"));
    }
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut formats = Vec::new();
    // Fills and borders, most of this part, are of no interest, and fonts only where some cross out.
    let mut struck_fonts: Vec<bool> = Vec::new();
    let crosses_out = memmem::find(text.as_bytes(), b"strike").is_some();
    let sections = ["numFmts", "fonts", "cellXfs"].into_iter();
    for section in sections.filter(|section| crosses_out || *section != "fonts") {
        let mut xml = reader(from_element(&text, section));
        loop {
            match xml.read_event().map_err(broken)? {
                Event::Start(tag) => match (section, tag.local_name().as_ref()) {
                    ("numFmts", "numFmt") => {
                        if let Some(id) = number(&tag, "numFmtId")? {
                            let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                            codes.insert(id, Shown::by_code(&code));
                        }
                    }
                    ("fonts", "font") => struck_fonts.push(false),
                    ("fonts", "strike") => {
                        let value = attribute(&tag, "val")?;
                        let is_struck = !matches!(value.as_deref(), Some("0" | "false" | "off"));
                        if let Some(font) = struck_fonts.last_mut() {
                            *font = is_struck;
                        }
                    }
                    ("cellXfs", "xf") => {
                        let id = number(&tag, "numFmtId")?.unwrap_or(0);
                        let mut shown = *codes.entry(id).or_insert_with(|| Shown::by_id(id));
                        if crosses_out {
                            let font = number(&tag, "fontId")?.unwrap_or(0) as usize;
                            shown.figure.is_struck = struck_fonts.get(font) == Some(&true);
                        }
                        formats.push(shown);
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == section => break,
                Event::Eof => break,
                _ => {}
            }
        }
    }
    Ok(Some(formats))
}

/// Whether an element of this name begins and ends.
fn is_whole_document(text: &str, name: &str) -> bool {
    let from = from_element(text, name);
    let Some(end) = from.find('>') else {
        return false;
    };
    from[..end].ends_with('/') || has_end_of(from, name)
}

/// Whether an element of this name ends in a text.
fn has_end_of(text: &str, name: &str) -> bool {
    memmem::find_iter(text.as_bytes(), name).any(|at| {
        let before = &text[..at];
        let tag = before.rfind('<').map(|open| &before[open..]);
        tag.is_some_and(|tag| tag == "</" || tag.starts_with("</") && tag.ends_with(':'))
    })
}

/// From the first element of this name on.
fn from_element<'t>(text: &'t str, name: &str) -> &'t str {
    // No prefix is longer.
    const MAX_PREFIX: usize = 64;
    let bytes = text.as_bytes();
    let tag_before = |at: usize| {
        let from = at.saturating_sub(MAX_PREFIX);
        Some(from + memrchr(b'<', &bytes[from..at])?)
    };
    memmem::find_iter(bytes, name)
        .filter_map(tag_before)
        .find(|&at| is_element(&bytes[at + 1..], name.as_bytes()))
        .map_or("", |at| &text[at..])
}

/// A sheet by its kind.
enum Divided<'t> {
    Worksheet {
        /// What stands before them.
        head: &'t str,
        /// To the end of their element.
        cells: &'t str,
        /// What follows.
        rest: &'t str,
    },
    Other(SheetKind),
}

/// The cells of a sheet, and what follows them.
fn divide(text: &str) -> Result<Divided<'_>, Unreadable> {
    let worksheet = |head, cells, rest| Ok(Divided::Worksheet { head, cells, rest });
    const NO_CELLS: &str = "</sheetData>";
    let mut xml = reader(text);
    let mut is_root = true;
    loop {
        let tag = match xml.read_event().map_err(broken)? {
            Event::Start(tag) => tag,
            Event::Eof if is_root => return Err(Unreadable::damaged("the part is no sheet")),
            Event::Eof => return worksheet(text, NO_CELLS, ""),
            _ => continue,
        };
        match tag.local_name().as_ref() {
            "worksheet" if is_root => is_root = false,
            "chartsheet" if is_root => return Ok(Divided::Other(SheetKind::Chart)),
            "dialogsheet" if is_root => return Ok(Divided::Other(SheetKind::Dialog)),
            "macrosheet" if is_root => return Ok(Divided::Other(SheetKind::Macros)),
            _ if is_root => return Err(Unreadable::damaged("the part is no sheet")),
            "sheetData" => {
                let start = position(&xml, text);
                if text[..start].ends_with("/>") {
                    return worksheet(&text[..start], NO_CELLS, &text[start..]);
                }
                // Searched from behind, where it is near.
                let end = memmem::rfind(&text.as_bytes()[start..], b"sheetData>")
                    .map_or(text.len(), |at| start + at + "sheetData>".len());
                return worksheet(&text[..start], &text[start..end], &text[end..]);
            }
            _ => {}
        }
    }
}

/// The merged regions, in what follows the cells.
fn merges(text: &str, budget: &mut Budget) -> Result<Vec<CellRange>, Unreadable> {
    let mut merges = Vec::new();
    if memmem::find(text.as_bytes(), b"mergeCell").is_none() {
        return Ok(merges);
    }
    let mut xml = reader(text);
    loop {
        match xml.read_event().map_err(broken)? {
            Event::Start(tag) if tag.local_name().as_ref() == "mergeCell" => {
                let region = attribute(&tag, "ref")?.unwrap_or_default();
                let range = merged_region(&region).ok_or_else(|| {
                    let start: String = region.chars().take(60).collect();
                    Unreadable::damaged(format!("merged region {start}"))
                })?;
                budget.keep_merge(&mut merges, range)?;
            }
            Event::End(tag) if tag.local_name().as_ref() == "mergeCells" => return Ok(merges),
            Event::Eof => return Ok(merges),
            _ => {}
        }
    }
}

/// Reads `A1:B2`; also `A:B` and `1:2`, whole columns and rows.
fn merged_region(raw: &str) -> Option<CellRange> {
    if let Ok(range) = raw.parse() {
        return Some(range);
    }
    let (start, end) = raw.split_once(':')?;
    let (start, end) = if start.bytes().all(|b| b.is_ascii_digit()) {
        (format!("A{start}"), format!("XFD{end}"))
    } else {
        (format!("{start}1"), format!("{end}1048576"))
    };
    Some(CellRange::new(start.parse().ok()?, end.parse().ok()?))
}
