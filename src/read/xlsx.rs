//! Office Open XML workbooks (ECMA-376, transitional and strict), read by calamine.
//!
//! calamine is handed a package of the parts that it needs, each expanded once and looked through:
//! the texts without the number of them that the part claims, for which calamine would reserve
//! memory, and of each sheet its cells only. The package is laid out in the usual way whatever the
//! file's own layout, since calamine refuses a whole workbook for one sheet in an unusual place.
//!
//! Number formats are read here, because calamine copies font, fill, borders and format code into
//! the style of every cell format, by which 100 KB of styles grow to gigabytes, and because the date
//! that a form shows may have no day. Merged regions stand behind the cells, in what is left. calamine
//! gives a cell with its formula or with its style and not with both; a second walk of it would cost
//! half of all reading, so styles are looked up in the start tags of the cells.

use std::collections::HashMap;
use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx, XlsxFormulaMetadata};
use memchr::{memchr_iter, memmem, memrchr};
use quick_xml::events::Event;

use super::budget::Budget;
use super::guard::calamine;
use super::markup::{attribute, broken, number, reader};
use super::number_format::Shown;
use super::package::{Package, Relationship};
use super::repack::Repack;
use super::{FileKind, Unreadable, cell_error, saved, serial};
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
    let mut repack = Repack::new(package.packed_bytes());
    shared_strings(package, &relationships, &mut repack, budget)?;
    let shown = formats(package, &relationships, budget)?;
    if let Some(properties) = package.text(CUSTOM_PROPERTIES, budget)? {
        repack.add(CUSTOM_PROPERTIES, &[properties.as_bytes()])?;
    }

    let mut sheets = Vec::new();
    for entry in main.sheets {
        let relationship = relationships.iter().find(|r| r.id == entry.relationship);
        let part = match relationship {
            None => Err(Unreadable::damaged("the sheet has no part")),
            Some(relationship) if relationship.kind == "chartsheet" => continue,
            Some(relationship) => package
                .text(&relationship.target, budget)
                .and_then(|text| text.ok_or_else(|| Unreadable::damaged("the sheet is missing")))
                .and_then(|text| SheetPart::take(&text, sheets.len(), &mut repack, budget)),
        };
        match part.transpose() {
            Some(part) => sheets.push((entry.name, entry.visible, part)),
            None => continue,
        }
    }
    usual_layout(&mut repack, sheets.len())?;
    let zip = repack.finish()?;
    let mut xlsx = calamine(|| Xlsx::new(zip))?;

    let mut workbook = Workbook {
        format: if package.has("xl/vbaProject.bin") {
            Format::Xlsm
        } else {
            Format::Xlsx
        },
        sheets: Vec::new(),
        unreadable_sheets: Vec::new(),
        properties: custom_properties(&mut xlsx)?,
        saved: saved::of_package(package, budget),
    };
    let formats = Formats {
        shown,
        is_1904: main.is_1904,
    };
    for (idx, (name, visible, part)) in sheets.into_iter().enumerate() {
        let read = part.and_then(|part| {
            let cells = cells(&mut xlsx, &idx.to_string(), &part, &formats, budget)?;
            Ok((cells, part.merges))
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

const CUSTOM_PROPERTIES: &str = "docProps/custom.xml";

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

/// The parts that say to calamine where the sheets are. Each sheet has its number for a name: calamine
/// finds sheets by name, and names may be given twice.
fn usual_layout(repack: &mut Repack, sheets: usize) -> Result<(), Unreadable> {
    let (mut entries, mut links) = (String::new(), String::new());
    for idx in 0..sheets {
        entries += &format!("<sheet name=\"{idx}\" r:id=\"{idx}\"/>");
        links += &format!("<Relationship Id=\"{idx}\" Type=\"/worksheet\" Target=\"{idx}.xml\"/>");
    }
    let relationships = |links: &str| format!("<Relationships>{links}</Relationships>");
    let main = "<Relationship Type=\"/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>";
    let workbook = format!("<workbook><sheets>{entries}</sheets></workbook>");
    repack.add("_rels/.rels", &[relationships(main).as_bytes()])?;
    repack.add("xl/workbook.xml", &[workbook.as_bytes()])?;
    repack.add(
        "xl/_rels/workbook.xml.rels",
        &[relationships(&links).as_bytes()],
    )
}

fn related<'r>(relationships: &'r [Relationship], kind: &str, usual: &'r str) -> &'r str {
    relationships
        .iter()
        .find(|relationship| relationship.kind == kind)
        .map_or(usual, |relationship| &relationship.target)
}

/// Packs the texts that cells share, behind a start that claims nothing.
fn shared_strings(
    package: &mut Package,
    relationships: &[Relationship],
    repack: &mut Repack,
    budget: &mut Budget,
) -> Result<(), Unreadable> {
    let path = related(relationships, "sharedStrings", "xl/sharedStrings.xml");
    let Some(text) = package.text(path, budget)? else {
        return Ok(());
    };
    let mut xml = reader(&text);
    loop {
        match xml.read_event().map_err(broken)? {
            Event::Start(tag) if tag.local_name().as_ref() == "sst" => break,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
    let start = position(&xml, &text);
    // An empty element has no end of its own.
    if text[..start].ends_with("/>") {
        return Ok(());
    }
    let items = &text.as_bytes()[start..];
    let count = memchr_iter(b'<', items).filter(|&at| is_element(&items[at + 1..], b"si"));
    budget.check_strings(count.count())?;
    repack.add("xl/sharedStrings.xml", &[b"<sst>", items])
}

/// Whether a tag begins here whose name, without its prefix, is `name`. Looks no further than the next tag: a
/// file may be nothing but their beginnings.
fn is_element(tag: &[u8], name: &[u8]) -> bool {
    let end = tag
        .iter()
        .position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'<'));
    let tag = &tag[..end.unwrap_or(tag.len())];
    tag.strip_suffix(name)
        .is_some_and(|prefix| matches!(prefix, [] | [.., b':']))
}

/// How far `xml`, which walks through `text`, has come.
fn position(xml: &quick_xml::Reader<&[u8]>, text: &str) -> usize {
    text.len() - xml.get_ref().len()
}

/// What the numbers in cells are shown as.
struct Formats {
    /// By the number that a cell gives as its style.
    shown: Vec<Shown>,
    is_1904: bool,
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

/// The custom properties of the document, sorted by name.
fn custom_properties(
    xlsx: &mut Xlsx<Cursor<Vec<u8>>>,
) -> Result<Vec<(String, String)>, Unreadable> {
    let properties = calamine(|| xlsx.workbook_properties())?;
    let mut properties: Vec<_> = properties.custom_properties.into_iter().collect();
    properties.sort();
    Ok(properties)
}

/// What is known of a sheet once its cells are packed.
struct SheetPart {
    merges: Vec<CellRange>,
    /// The style of each cell, in turn; `None` where calamine has to tell.
    styles: Option<Vec<u16>>,
    /// Bytes of its cells.
    length: usize,
}

impl SheetPart {
    /// Packs the cells of the sheet in `text` as sheet `idx`; `None` for a sheet of another kind.
    fn take(
        text: &str,
        idx: usize,
        repack: &mut Repack,
        budget: &mut Budget,
    ) -> Result<Option<Self>, Unreadable> {
        let Some((cells, rest)) = divide(text)? else {
            return Ok(None);
        };
        let part = Self {
            merges: merges(rest, budget)?,
            styles: styles(cells.as_bytes()),
            length: cells.len(),
        };
        let pieces: &[&[u8]] = &[b"<sheetData>", cells.as_bytes()];
        repack.add(&format!("xl/{idx}.xml"), pieces)?;
        Ok(Some(part))
    }
}

/// The cells of a sheet, to the end of their element, and what follows; `None` for a sheet of another
/// kind.
fn divide(text: &str) -> Result<Option<(&str, &str)>, Unreadable> {
    const NO_CELLS: &str = "</sheetData>";
    let mut xml = reader(text);
    let mut is_root = true;
    loop {
        let tag = match xml.read_event().map_err(broken)? {
            Event::Start(tag) => tag,
            Event::Eof if is_root => return Err(Unreadable::damaged("the part is no sheet")),
            Event::Eof => return Ok(Some((NO_CELLS, ""))),
            _ => continue,
        };
        match tag.local_name().as_ref() {
            "worksheet" if is_root => is_root = false,
            "chartsheet" | "dialogsheet" | "macrosheet" if is_root => return Ok(None),
            _ if is_root => return Err(Unreadable::damaged("the part is no sheet")),
            "sheetData" => {
                let start = position(&xml, text);
                if text[..start].ends_with("/>") {
                    return Ok(Some((NO_CELLS, &text[start..])));
                }
                // Searched from behind, where it is near.
                let end = memmem::rfind(&text.as_bytes()[start..], b"sheetData>")
                    .map_or(text.len(), |at| start + at + "sheetData>".len());
                return Ok(Some((&text[start..end], &text[end..])));
            }
            _ => {}
        }
    }
}

/// The style of each cell; `None` where there is more than elements and text, in which something may
/// look like a cell that is none.
fn styles(cells: &[u8]) -> Option<Vec<u16>> {
    let mut styles = Vec::with_capacity(cells.len() / 64);
    for at in memchr_iter(b'<', cells) {
        match &cells[at + 1..] {
            [b'!' | b'?', ..] => return None,
            // Most tags; what follows would tell them apart as well, in more time.
            [b'/', ..] | [b'v', b'>', ..] => {}
            tag if is_element(tag, b"c") => styles.push(style(tag)),
            _ => {}
        }
    }
    Some(styles)
}

/// The attribute `s` of a start tag, or 0, which is the style of cells that give none.
fn style(tag: &[u8]) -> u16 {
    let find = |text: &[u8], byte| text.iter().position(|&b| b == byte);
    // Where a tag has no attributes, the next blank may be far behind it.
    let ends_name = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
    let name_end = tag.iter().position(ends_name);
    let mut rest = name_end.map_or(&[][..], |at| &tag[at..]);
    loop {
        rest = rest.trim_ascii_start();
        let ends = |b: &u8| matches!(b, b'=' | b'/' | b'>' | b'<');
        let name_end = rest.iter().position(ends);
        let Some((name, value)) = name_end.and_then(|end| rest.split_at_checked(end)) else {
            return 0;
        };
        let [b'=', value @ ..] = value else {
            return 0;
        };
        let [quote, value @ ..] = value.trim_ascii_start() else {
            return 0;
        };
        let Some(end) = find(value, *quote) else {
            return 0;
        };
        if name.trim_ascii_end() == b"s" {
            let number = std::str::from_utf8(&value[..end]).ok();
            return number.and_then(|s| s.parse().ok()).unwrap_or(0);
        }
        rest = &value[end + 1..];
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

/// The cells of a sheet.
fn cells(
    xlsx: &mut Xlsx<Cursor<Vec<u8>>>,
    sheet: &str,
    part: &SheetPart,
    formats: &Formats,
    budget: &mut Budget,
) -> Result<Vec<Cell>, Unreadable> {
    // A cell takes about 40 bytes of XML; many are blank.
    let mut cells = Vec::with_capacity((part.length / 64).min(1 << 16));
    let by_calamine;
    let styles = match &part.styles {
        Some(styles) => styles,
        None => {
            by_calamine = calamine(|| styles_by_calamine(xlsx, sheet))?;
            &by_calamine
        }
    };
    let mut styles = styles.iter();
    let mut shared = SharedFormulas::default();
    let mut failed = None;
    calamine(|| {
        let mut reader = xlsx.worksheet_cells_reader(sheet)?;
        // Formulas as stored and not written out: that takes memory by the numbers in the file.
        while let Some(cell) = reader.next_cell_with_formula_metadata()? {
            let at = CellRef::new(cell.pos.0, cell.pos.1);
            let Some(&style) = styles.next() else {
                failed = Some(Unreadable::damaged("cells inside other elements"));
                break;
            };
            let shown = formats.shown.get(usize::from(style)).copied();
            let shown = shown.unwrap_or_default();
            let formula = cell.formula.map(|formula| shared.text(formula, at, budget));
            let value = match value(&cell.value, shown, formats.is_1904) {
                Some(value) => value,
                None if formula.is_some() => CellValue::NotCalculated,
                None => continue,
            };
            if let Err(reason) = budget.keep(&mut cells, at, value, shown.figure, formula) {
                failed = Some(reason);
                break;
            }
        }
        Ok::<_, calamine::XlsxError>(())
    })?;
    match failed {
        Some(reason) => Err(reason),
        None if styles.next().is_some() => Err(Unreadable::damaged("cells inside other elements")),
        None => Ok(cells),
    }
}

fn styles_by_calamine(
    xlsx: &mut Xlsx<Cursor<Vec<u8>>>,
    sheet: &str,
) -> Result<Vec<u16>, calamine::XlsxError> {
    let mut reader = xlsx.worksheet_cells_reader(sheet)?;
    let mut styles = Vec::new();
    while let Some((_, style)) = reader.next_cell_with_style_id()? {
        styles.push(u16::try_from(style).unwrap_or(0));
    }
    Ok(styles)
}

/// What a cell holds; `None` where it is blank.
fn value(value: &DataRef, shown: Shown, is_1904: bool) -> Option<CellValue> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Float(number) if number.is_finite() => serial::value(*number, shown, is_1904),
        DataRef::Float(number) => CellValue::Text(number.to_string().into()),
        DataRef::Int(number) => serial::value(*number as f64, shown, is_1904),
        DataRef::String(text) => CellValue::Text(text.as_str().into()),
        DataRef::SharedString(text) => CellValue::Text((*text).into()),
        DataRef::Bool(value) => CellValue::Bool(*value),
        DataRef::Error(error) => CellValue::Error(cell_error::by_type(error)),
        DataRef::DateTimeIso(text) => serial::iso_date(text)
            .map_or_else(|| CellValue::Text(text.as_str().into()), CellValue::Date),
        DataRef::DurationIso(text) => CellValue::Text(text.as_str().into()),
        // Without number formats calamine knows of no dates.
        DataRef::DateTime(number) => serial::value(number.as_f64(), shown, is_1904),
    })
}

/// The formulas of a sheet that further cells share, by number: `(first cell, text)`.
#[derive(Default)]
struct SharedFormulas(HashMap<usize, (CellRef, Box<str>)>);

impl SharedFormulas {
    /// The formula of the cell at `at`, written out where it is shared.
    fn text(&mut self, formula: XlsxFormulaMetadata, at: CellRef, budget: &Budget) -> Box<str> {
        let plain = |text: String| text.strip_prefix('=').unwrap_or(&text).into();
        match formula {
            XlsxFormulaMetadata::Normal { formula } => plain(formula),
            XlsxFormulaMetadata::Shared {
                shared_index,
                formula,
                ..
            } => {
                let formula: Box<str> = plain(formula);
                self.0.insert(shared_index, (at, formula.clone()));
                formula
            }
            XlsxFormulaMetadata::SharedDerived { shared_index } => {
                match self.0.get(&shared_index) {
                    Some((_, formula)) if formula.len() > budget.limits.formula_bytes => {
                        formula.clone()
                    }
                    // Where the text cannot be moved, that there is a formula is still known.
                    Some((first, formula)) => calamine::expand_shared_formula(
                        formula,
                        (first.row, first.col),
                        (at.row, at.col),
                    )
                    .map_or("".into(), Into::into),
                    None => "".into(),
                }
            }
            _ => "".into(),
        }
    }
}
