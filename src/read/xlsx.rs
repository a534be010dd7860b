//! Office Open XML workbooks (ECMA-376, transitional and strict).

use std::borrow::Cow;
use std::collections::HashMap;

use super::budget::Budget;
use super::number_format::Shown;
use super::package::{Package, Relationship};
use super::xml::{Event, Tag, Xml, unescape};
use super::{FileKind, Unreadable, serial};
use crate::model::{Cell, CellRange, CellRef, CellValue, Format, Sheet, Workbook};

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
    let shared = Shared {
        strings: shared_strings(package, &relationships, budget)?,
        formats: formats(package, &relationships, budget)?,
        is_1904: main.is_1904,
    };

    let mut workbook = Workbook {
        format: if package.has("xl/vbaProject.bin") {
            Format::Xlsm
        } else {
            Format::Xlsx
        },
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        properties: custom_properties(package, budget)?,
    };
    for entry in main.sheets {
        let relationship = relationships.iter().find(|r| r.id == entry.relationship);
        let part = match relationship {
            None => Err(Unreadable::damaged("the sheet has no part")),
            Some(relationship) if relationship.kind == "chartsheet" => continue,
            Some(relationship) => package
                .text(&relationship.target, budget)
                .and_then(|text| text.ok_or_else(|| Unreadable::damaged("the sheet is missing"))),
        };
        let sheet = match &part {
            Ok(text) => SheetReader::new(text, &shared, budget).read(),
            Err(reason) => Err(reason.clone()),
        };
        match sheet {
            Ok(Some(SheetReader { cells, merges, .. })) => {
                workbook
                    .sheets
                    .push(Sheet::new(entry.name, entry.visible, cells, merges))
            }
            Ok(None) => {}
            Err(reason) => workbook.unreadable_sheets.push((entry.name, reason)),
        }
    }
    Ok(workbook)
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
        let mut xml = Xml::new(text);
        let mut main = Self {
            sheets: Vec::new(),
            is_1904: false,
        };
        loop {
            match xml.next()? {
                Event::Start(tag) if xml.depth() == 1 => match tag.name {
                    "workbook" => {}
                    "document" => {
                        return Err(Unreadable::NotASpreadsheet(FileKind::TextDocument));
                    }
                    "presentation" => {
                        return Err(Unreadable::NotASpreadsheet(FileKind::Presentation));
                    }
                    _ => return Err(Unreadable::NotASpreadsheet(FileKind::Xml)),
                },
                Event::Start(tag) if tag.name == "sheet" && xml.depth() == 3 => {
                    let relationship = tag
                        .attributes()
                        .find(|(name, _)| name.ends_with(":id"))
                        .map_or("", |(_, id)| id);
                    main.sheets.push(SheetEntry {
                        name: tag.attribute("name")?.unwrap_or_default().into_owned(),
                        visible: !matches!(tag.raw("state"), Some("hidden" | "veryHidden")),
                        relationship: relationship.to_owned(),
                    });
                    budget.check_sheets(main.sheets.len())?;
                }
                Event::Start(tag) if tag.name == "workbookPr" && xml.depth() == 2 => {
                    main.is_1904 = matches!(tag.raw("date1904"), Some("1" | "true" | "on"));
                }
                Event::Eof => return Ok(main),
                _ => {}
            }
        }
    }
}

/// What all sheets of a workbook refer to.
struct Shared {
    strings: Vec<Box<str>>,
    /// By the number that a cell gives as its style.
    formats: Vec<Shown>,
    is_1904: bool,
}

fn related<'r>(relationships: &'r [Relationship], kind: &str, usual: &'r str) -> &'r str {
    relationships
        .iter()
        .find(|relationship| relationship.kind == kind)
        .map_or(usual, |relationship| &relationship.target)
}

fn shared_strings(
    package: &mut Package,
    relationships: &[Relationship],
    budget: &mut Budget,
) -> Result<Vec<Box<str>>, Unreadable> {
    let path = related(relationships, "sharedStrings", "xl/sharedStrings.xml");
    let mut strings = Vec::new();
    let Some(text) = package.text(path, budget)? else {
        return Ok(strings);
    };
    let mut xml = Xml::new(&text);
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.name == "si" => {
                strings.push(rich_text(&mut xml)?.into());
                budget.check_strings(strings.len())?;
            }
            Event::Start(tag) if tag.name != "sst" => xml.skip()?,
            Event::Eof => return Ok(strings),
            _ => {}
        }
    }
}

/// The text inside an element of runs; how it is pronounced (`rPh`) is left out.
fn rich_text<'a>(xml: &mut Xml<'a>) -> Result<Cow<'a, str>, Unreadable> {
    let outside = xml.depth() - 1;
    let mut text = Cow::Borrowed("");
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.name == "t" => {
                let preserve = tag.raw("xml:space") == Some("preserve");
                let mut part = xml.element_text()?;
                if !preserve {
                    part = trim(part);
                }
                let part = control_characters(part);
                if text.is_empty() {
                    text = part;
                } else {
                    text.to_mut().push_str(&part);
                }
            }
            Event::Start(tag) if tag.name == "r" => {}
            Event::Start(_) => xml.skip()?,
            Event::End if xml.depth() == outside => return Ok(text),
            Event::Eof => return Ok(text),
            _ => {}
        }
    }
}

/// Blanks at the ends count only where the file says so; other spaces, as U+3000, always do.
fn trim(text: Cow<str>) -> Cow<str> {
    const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(BLANKS)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(BLANKS).to_owned()),
    }
}

/// Characters that XML cannot hold are written `_x000D_` (ECMA-376, 22.9.2.19).
fn control_characters(text: Cow<str>) -> Cow<str> {
    if !text.contains("_x") {
        return text;
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("_x") {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let character = rest
            .get(2..7)
            .and_then(|code| code.strip_suffix('_'))
            .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        let length = match character {
            Some(character) => {
                decoded.push(character);
                7
            }
            None => {
                decoded.push_str("_x");
                2
            }
        };
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn formats(
    package: &mut Package,
    relationships: &[Relationship],
    budget: &mut Budget,
) -> Result<Vec<Shown>, Unreadable> {
    let path = related(relationships, "styles", "xl/styles.xml");
    let Some(text) = package.text(path, budget)? else {
        return Ok(Vec::new());
    };
    let mut xml = Xml::new(&text);
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut formats = Vec::new();
    let mut in_cell_formats = false;
    loop {
        match xml.next()? {
            Event::Start(tag) if xml.depth() == 2 => {
                in_cell_formats = tag.name == "cellXfs";
                // Fonts, fills and borders are most of this part, and of no interest.
                if !in_cell_formats && tag.name != "numFmts" {
                    xml.skip()?;
                }
            }
            Event::Start(tag) if tag.name == "numFmt" => {
                if let Some(id) = number(tag.raw("numFmtId")) {
                    let code = tag.attribute("formatCode")?.unwrap_or_default();
                    codes.insert(id, Shown::by_code(&code));
                }
            }
            Event::Start(tag) if in_cell_formats && xml.depth() == 3 => {
                let id = number(tag.raw("numFmtId")).unwrap_or(0);
                formats.push(*codes.entry(id).or_insert_with(|| Shown::by_id(id)));
            }
            Event::Eof => return Ok(formats),
            _ => {}
        }
    }
}

fn number<T: std::str::FromStr>(raw: Option<&str>) -> Option<T> {
    raw?.trim().parse().ok()
}

/// The custom properties of the document, by name.
pub(super) fn custom_properties(
    package: &mut Package,
    budget: &mut Budget,
) -> Result<Vec<(String, String)>, Unreadable> {
    let mut properties = Vec::new();
    let Some(text) = package.text("docProps/custom.xml", budget)? else {
        return Ok(properties);
    };
    let mut xml = Xml::new(&text);
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

/// Reads one sheet.
struct SheetReader<'a, 'l, 's> {
    xml: Xml<'a>,
    shared: &'s Shared,
    budget: &'s mut Budget<'l>,
    cells: Vec<Cell>,
    merges: Vec<CellRange>,
    /// Formulas that further cells share, by number: `(first cell, text)`.
    shared_formulas: HashMap<u32, (CellRef, Box<str>)>,
}

impl<'a, 'l, 's> SheetReader<'a, 'l, 's> {
    fn new(text: &'a str, shared: &'s Shared, budget: &'s mut Budget<'l>) -> Self {
        Self {
            xml: Xml::new(text),
            shared,
            budget,
            // A cell takes about 40 bytes of XML; many are blank.
            cells: Vec::with_capacity((text.len() / 64).min(1 << 16)),
            merges: Vec::new(),
            shared_formulas: HashMap::new(),
        }
    }

    /// Reads to the end; `None` for a sheet of another kind.
    fn read(mut self) -> Result<Option<Self>, Unreadable> {
        loop {
            match self.xml.next()? {
                Event::Start(tag) if self.xml.depth() == 1 => match tag.name {
                    "worksheet" => {}
                    "chartsheet" | "dialogsheet" | "macrosheet" => return Ok(None),
                    _ => return Err(Unreadable::damaged("the part is no sheet")),
                },
                Event::Start(tag) => match tag.name {
                    "sheetData" => self.rows()?,
                    "mergeCells" => {}
                    "mergeCell" => {
                        let range = tag.raw("ref").and_then(merged_region);
                        let range = range.ok_or_else(|| bad("merged region", tag.raw("ref")))?;
                        self.budget.keep_merge(&mut self.merges, range)?;
                    }
                    _ => self.xml.skip()?,
                },
                Event::Eof => return Ok(Some(self)),
                _ => {}
            }
        }
    }

    fn rows(&mut self) -> Result<(), Unreadable> {
        let mut next_row = 0u32;
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.name == "row" => {
                    // Rows and cells may leave out where they are: then they follow on.
                    if let Some(r) = tag.raw("r") {
                        next_row = number(Some(r))
                            .and_then(|row: u32| row.checked_sub(1))
                            .ok_or_else(|| bad("row", Some(r)))?;
                    }
                    self.row(next_row)?;
                    next_row = next_row.saturating_add(1);
                }
                Event::Start(_) => self.xml.skip()?,
                Event::End | Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn row(&mut self, row: u32) -> Result<(), Unreadable> {
        let mut next = CellRef::new(row, 0);
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.name == "c" => {
                    let at = self.cell(tag, next)?;
                    next = CellRef::new(at.row, at.col.saturating_add(1));
                }
                Event::Start(_) => self.xml.skip()?,
                Event::End | Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// Keeps the cell, and tells where it is.
    fn cell(&mut self, tag: Tag<'a>, next: CellRef) -> Result<CellRef, Unreadable> {
        let (mut at, mut style, mut kind) = (next, 0usize, "n");
        for (name, raw) in tag.attributes() {
            match name {
                "r" => at = address(raw).ok_or_else(|| bad("cell", Some(raw)))?,
                "s" => style = number(Some(raw)).unwrap_or(0),
                "t" => kind = raw,
                _ => {}
            }
        }
        let mut value = None;
        let mut inline = None;
        let mut formula = None;
        loop {
            if let Some(raw) = self.xml.plain_element("<v>", "</v>") {
                value = Some(unescape(raw)?);
            }
            match self.xml.next()? {
                Event::Start(tag) => match tag.name {
                    "v" => value = Some(self.xml.element_text()?),
                    "f" => formula = Some(self.formula(tag, at)?),
                    "is" => inline = Some(rich_text(&mut self.xml)?),
                    _ => self.xml.skip()?,
                },
                Event::End | Event::Eof => break,
                _ => {}
            }
        }
        let shown = self.shared.formats.get(style).copied().unwrap_or_default();
        let value = match (inline, value) {
            (Some(text), _) => Some(CellValue::Text(text.into())),
            (None, Some(raw)) => self.value(kind, &raw, shown, at)?,
            (None, None) => None,
        };
        let value = match value {
            Some(value) => value,
            None if formula.is_some() => CellValue::NotCalculated,
            None => return Ok(at),
        };
        self.budget
            .keep(&mut self.cells, at, value, shown.figure, formula)?;
        Ok(at)
    }

    /// The value of a `v` element; `None` where it holds none.
    fn value(
        &self,
        kind: &str,
        raw: &str,
        shown: Shown,
        at: CellRef,
    ) -> Result<Option<CellValue>, Unreadable> {
        let text = |text: &str| CellValue::Text(control_characters(Cow::Borrowed(text)).into());
        Ok(match kind {
            "str" | "inlineStr" | "is" => Some(text(raw)),
            _ if raw.trim_ascii().is_empty() => None,
            "n" => Some(match finite(raw) {
                Some(number) => serial::value(number, shown, self.shared.is_1904),
                None => text(raw),
            }),
            "s" => {
                let string = number(Some(raw))
                    .and_then(|idx: usize| self.shared.strings.get(idx))
                    .ok_or_else(|| bad("shared string", Some(&format!("{raw} of {at}"))))?;
                Some(CellValue::Text(string.clone()))
            }
            "b" => match raw.trim_ascii() {
                "0" => Some(CellValue::Bool(false)),
                "1" => Some(CellValue::Bool(true)),
                other => Some(CellValue::Bool(other.eq_ignore_ascii_case("true"))),
            },
            "e" => Some(CellValue::Error(error(raw))),
            "d" => Some(serial::iso_date(raw).map_or_else(|| text(raw), CellValue::Date)),
            _ => return Err(bad("cell type", Some(kind))),
        })
    }

    /// The text of an `f` element, written out for this cell where it is shared.
    fn formula(&mut self, tag: Tag<'a>, at: CellRef) -> Result<Box<str>, Unreadable> {
        let text = control_characters(self.xml.element_text()?);
        let text = text.strip_prefix('=').unwrap_or(&text);
        if tag.raw("t") != Some("shared") {
            return Ok(text.into());
        }
        let Some(idx) = number(tag.raw("si")) else {
            return Ok(text.into());
        };
        if !text.is_empty() {
            self.shared_formulas.insert(idx, (at, text.into()));
            return Ok(text.into());
        }
        let Some((first, shared)) = self.shared_formulas.get(&idx) else {
            return Ok("".into());
        };
        if shared.len() > self.budget.limits.formula_bytes {
            return Ok(shared.clone());
        }
        let (first, cell) = ((first.row, first.col), (at.row, at.col));
        // Where the text cannot be moved, that there is a formula is still known.
        Ok(calamine::expand_shared_formula(shared, first, cell).map_or("".into(), Into::into))
    }
}

/// Reads `B7`, faster than [`CellRef`] does and without `$`: this runs for every cell.
fn address(raw: &str) -> Option<CellRef> {
    let (mut col, mut row) = (0u32, 0u32);
    let mut bytes = raw.bytes().peekable();
    while let Some(letter) = bytes.next_if(u8::is_ascii_alphabetic) {
        let letter = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        col = col.checked_mul(26)?.checked_add(letter)?;
    }
    for digit in bytes {
        let digit = char::from(digit).to_digit(10)?;
        row = row.checked_mul(10)?.checked_add(digit)?;
    }
    Some(CellRef::new(row.checked_sub(1)?, col.checked_sub(1)?))
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
    Some(CellRange::new(address(&start)?, address(&end)?))
}

/// A number as XML writes it; the words for infinity that Rust knows besides are none.
pub(super) fn finite(raw: &str) -> Option<f64> {
    let raw = raw.trim_ascii();
    raw.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Any error without a name of its own.
pub(super) const UNKNOWN_ERROR: &str = "#ERROR!";

/// The names that errors can have.
pub(super) fn error(name: &str) -> &'static str {
    const ERRORS: [&str; 15] = [
        "#DIV/0!",
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#REF!",
        "#VALUE!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#BUSY!",
        "#UNKNOWN!",
    ];
    let name = name.trim();
    ERRORS
        .into_iter()
        .find(|error| *error == name)
        .unwrap_or(UNKNOWN_ERROR)
}

fn bad(what: &str, raw: Option<&str>) -> Unreadable {
    let raw: String = raw.unwrap_or("without a value").chars().take(60).collect();
    Unreadable::damaged(format!("{what} {raw}"))
}
