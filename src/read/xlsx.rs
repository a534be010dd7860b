//! Office Open XML workbooks (ECMA-376, transitional and strict).
//!
//! Cells are read straight off where they are written plainly, and else by calamine. Number formats are read
//! here, because calamine copies font, fill, borders and format code into the style of every cell format, by which
//! 100 KB of styles grow to gigabytes, and because the date that a form shows may have no day. Merged regions stand
//! behind the cells, in what is left.

use std::collections::HashMap;

use memchr::{memchr_iter, memmem, memrchr};
use quick_xml::events::Event;

use super::budget::Budget;
use super::left::{CUSTOM_PROPERTIES, Left, LeftSheet, custom_properties};
use super::markup::{attribute, broken, is_element, number, reader};
use super::number_format::Shown;
use super::package::{Package, Relationship, tolerated, xml_text};
use super::{FileKind, Unreadable, plain, saved};
use crate::model::{Cell, CellRange, Format, Sheet, SheetKind, SkippedSheet, Workbook};

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
    let texts = ("sharedStrings", "xl/sharedStrings.xml");
    let shared = tolerated(related(package, &relationships, texts, budget))?;
    let (shared, mut no_strings) = parted(shared);
    let shared = shared.flatten().unwrap_or_default();
    let (items, broken) = parted(tolerated(shared_items(&shared, budget))?);
    no_strings = no_strings.or(broken);
    let items = items.unwrap_or_default();
    let strings = plain::strings(items);
    let (shown, no_formats) = parted(tolerated(formats(package, &relationships, budget))?);
    let formats = Formats {
        shown: shown.unwrap_or_default(),
        is_1904: main.is_1904,
    };
    let mut left = Left::new(package, items);
    let mut sheets = Vec::new();
    let mut skipped_sheets = Vec::new();
    for entry in main.sheets {
        let relationship = relationships.iter().find(|r| r.id == entry.relationship);
        let part = match relationship {
            None => Err(Unreadable::damaged("the sheet has no part")),
            Some(relationship) => package
                .text(&relationship.target, budget)
                .and_then(|text| text.ok_or_else(|| Unreadable::damaged("the sheet is missing"))),
        };
        let sheet = part.and_then(|text| {
            let (cells, rest) = match divide(&text)? {
                Divided::Worksheet { cells, rest } => (cells, rest),
                Divided::Other(kind) => return Ok(Err(kind)),
            };
            let missing = no_strings.as_ref().filter(|_| any_shared_text(cells));
            let missing = missing.or(no_formats.as_ref().filter(|_| any_style(cells)));
            if let Some(reason) = missing {
                return Err(reason.clone());
            }
            let merges = merges(rest, budget)?;
            let plain = (strings.as_ref())
                .and_then(|strings| plain::cells(cells, strings, &formats, budget));
            let cells = match plain {
                Some(cells) => Cells::Read(cells?),
                None => Cells::Left(left.add(cells)?),
            };
            Ok(Ok((cells, merges)))
        });
        let (name, visible) = (entry.name, entry.visible);
        match sheet {
            Ok(Ok(sheet)) => sheets.push((name, visible, Ok(sheet))),
            Ok(Err(kind)) => skipped_sheets.push(SkippedSheet { name, kind }),
            Err(reason) => sheets.push((name, visible, Err(reason))),
        }
    }
    let properties = package.unneeded(CUSTOM_PROPERTIES, budget, |text| Ok(text.to_owned()))?;
    let mut xlsx = left.open(properties.as_deref())?;
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
        let read = sheet.and_then(|(cells, merges)| {
            let cells = match cells {
                Cells::Read(cells) => cells,
                Cells::Left(part) => part.read(xlsx.as_mut(), &formats, budget)?,
            };
            Ok((cells, merges))
        });
        match read {
            Ok((cells, merges)) => workbook
                .sheets
                .push(Sheet::new(name, visible, cells, merges)),
            Err(reason) => workbook.unreadable_sheets.push((name, reason)),
        }
    }
    Ok(workbook)
}

/// The cells of a sheet.
enum Cells {
    Read(Vec<Cell>),
    /// calamine has yet to read them.
    Left(LeftSheet),
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
                Event::Eof => return Ok(main),
                _ => continue,
            };
            match tag.local_name().as_ref() {
                "workbook" if is_root => {}
                "document" if is_root => {
                    return Err(Unreadable::NotASpreadsheet(FileKind::TextDocument));
                }
                "presentation" if is_root => {
                    return Err(Unreadable::NotASpreadsheet(FileKind::Presentation));
                }
                _ if is_root => return Err(Unreadable::NotASpreadsheet(FileKind::Xml)),
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

/// What was read, and why it was not.
fn parted<T>(read: Result<T, Unreadable>) -> (Option<T>, Option<Unreadable>) {
    match read {
        Ok(read) => (Some(read), None),
        Err(reason) => (None, Some(reason)),
    }
}

/// Whether cells may hold texts that they share.
fn any_shared_text(cells: &str) -> bool {
    cells.contains("\"s\"") || cells.contains("'s'")
}

/// Whether cells may have styles.
fn any_style(cells: &str) -> bool {
    let cells = cells.as_bytes();
    memchr_iter(b's', cells).any(|at| {
        let before = at.checked_sub(1).map(|before| cells[before]);
        before.is_some_and(|b| b.is_ascii_whitespace())
            && matches!(cells.get(at + 1), Some(b) if *b == b'=' || b.is_ascii_whitespace())
    })
}

/// The part in XML that a link of this kind names.
fn related(
    package: &mut Package,
    relationships: &[Relationship],
    (kind, usual): (&str, &str),
    budget: &mut Budget,
) -> Result<Option<String>, Unreadable> {
    let part = package.related(relationships, kind, usual, budget)?;
    let not_text = || Unreadable::damaged(format!("{kind} is not text in its encoding"));
    part.map(|bytes| xml_text(bytes).ok_or_else(not_text))
        .transpose()
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
    pub(super) is_1904: bool,
}

fn formats(
    package: &mut Package,
    relationships: &[Relationship],
    budget: &mut Budget,
) -> Result<Vec<Shown>, Unreadable> {
    let styles = ("styles", "xl/styles.xml");
    let Some(text) = related(package, relationships, styles, budget)? else {
        return Ok(Vec::new());
    };
    let mut codes: HashMap<u32, Shown> = HashMap::new();
    let mut formats = Vec::new();
    // Fonts, fills and borders, most of this part, are of no interest.
    for section in ["numFmts", "cellXfs"] {
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
                    ("cellXfs", "xf") => {
                        let id = number(&tag, "numFmtId")?.unwrap_or(0);
                        formats.push(*codes.entry(id).or_insert_with(|| Shown::by_id(id)));
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == section => break,
                Event::Eof => break,
                _ => {}
            }
        }
    }
    Ok(formats)
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
        /// To the end of their element.
        cells: &'t str,
        /// What follows.
        rest: &'t str,
    },
    Other(SheetKind),
}

/// The cells of a sheet, and what follows them.
fn divide(text: &str) -> Result<Divided<'_>, Unreadable> {
    let worksheet = |cells, rest| Ok(Divided::Worksheet { cells, rest });
    const NO_CELLS: &str = "</sheetData>";
    let mut xml = reader(text);
    let mut is_root = true;
    loop {
        let tag = match xml.read_event().map_err(broken)? {
            Event::Start(tag) => tag,
            Event::Eof if is_root => return Err(Unreadable::damaged("the part is no sheet")),
            Event::Eof => return worksheet(NO_CELLS, ""),
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
                    return worksheet(NO_CELLS, &text[start..]);
                }
                // Searched from behind, where it is near.
                let end = memmem::rfind(&text.as_bytes()[start..], b"sheetData>")
                    .map_or(text.len(), |at| start + at + "sheetData>".len());
                return worksheet(&text[start..end], &text[end..]);
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
