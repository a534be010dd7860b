//! The clerk's own OpenDocument spreadsheet, marked in place: `content.xml` is changed by splices, and every other part
//! is copied byte for byte, as with .xlsx.
//!
//! Cells that are alike stand in one element that says how often it is repeated, and rows likewise; such an element is
//! divided where one of its cells is marked. A marked cell gets an automatic style that is a copy of its own with another
//! background. What is ours is known again by what any program keeps: colours, the first and last line of a note, and
//! the marker in the header of 审核说明.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write as _};
use std::ops::Range;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::model::CellRef;
use crate::report::workbook::marks::{MarkLook, Marked};

use super::notes::{self, AUTHOR};
use super::sheet_of_listing::table_of_listing;
use super::styles::{Before, Fill, RELATED, fill_colour};
use super::xml::{Edits, Scanner, Step, Tag, unescape, with_attribute};
use super::{AnnotateError, Annotated, At, Copy, Found, ShownSheet};

const CONTENT: &str = "content.xml";

/// No part that is edited may be larger once expanded.
const LARGEST_PART: u64 = 256 << 20;

/// Namespaces and the prefixes that all programs give them.
const NAMESPACES: [(&str, &str); 8] = [
    ("office", "urn:oasis:names:tc:opendocument:xmlns:office:1.0"),
    ("table", "urn:oasis:names:tc:opendocument:xmlns:table:1.0"),
    ("text", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"),
    ("style", "urn:oasis:names:tc:opendocument:xmlns:style:1.0"),
    (
        "fo",
        "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    ),
    (
        "svg",
        "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    ),
    ("xlink", "http://www.w3.org/1999/xlink"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
];

impl Copy<'_> {
    /// Marks the spreadsheet in place.
    pub(super) fn patch_opendocument(
        &self,
        bytes: &[u8],
        remarks: &mut Vec<String>,
    ) -> Result<Annotated, AnnotateError> {
        let mut file = File::open(bytes)?;
        let mut document = Document::read(&file.content, &file.styles)?;
        let names: Vec<String> = document
            .tables
            .iter()
            .map(|table| table.name.clone())
            .collect();
        let sheets = self.sheets_of(&names);
        let cells: Vec<Vec<(At, Marked)>> = (self.findings.iter())
            .map(|finding| self.cells_of(&sheets, finding))
            .collect();
        let mut found: Vec<Found<'_>> = Vec::new();
        found.resize_with(names.len(), BTreeMap::new);
        for (finding, cells) in self.findings.iter().zip(&cells) {
            for ((sheet, at), marked) in cells {
                let found = found[*sheet].entry(*at).or_default();
                found.push((*marked, finding));
            }
        }
        let shown = self.shown(&sheets, &found);
        remarks.extend(shown.iter().filter_map(|shown| shown.remark.clone()));
        let mut before: BTreeMap<At, Before> = BTreeMap::new();
        let mut edits = Edits::default();
        for (idx, found) in found.iter().enumerate() {
            let is_listing = self.earlier.sheet.as_ref() == Some(&names[idx]);
            if is_listing || found.is_empty() && self.earlier.sheet.is_none() {
                continue;
            }
            let marks: BTreeMap<CellRef, Mark> = (found.iter())
                .map(|(at, findings)| {
                    let mark = Mark {
                        look: super::look(findings),
                        note: super::note((&names[idx], *at), findings, self.lang),
                    };
                    (*at, mark)
                })
                .collect();
            let recorded = |at: CellRef| {
                let fill = self.earlier.fills.get(&(names[idx].clone(), at));
                fill.map_or(Fill::None, |before| before.fill.clone())
            };
            let marker = Marker {
                text: &file.content,
                table: idx,
                marks: &marks,
                shown: &shown[idx],
                recorded: &recorded,
                has_marks: self.earlier.sheet.is_some(),
            };
            let fills = marker.mark(&mut document, &mut edits)?;
            let fills = fills.into_iter();
            before.extend(fills.map(|(at, fill)| {
                let before = Before {
                    fill,
                    ..Before::PLAIN
                };
                ((idx, at), before)
            }));
        }
        if file.has_signature {
            remarks.push(
                self.lang
                    .pick(
                        "原文件有数字签名，标注后不再有效，已去掉；报送时请用原文件或重新签名。",
                        "The original was signed; the signature no longer holds and was taken out.",
                    )
                    .to_owned(),
            );
        }
        let listing = self.listing(&names, &cells, &before, remarks);
        let name = match &self.earlier.sheet {
            Some(name) => name.clone(),
            None => super::free_name(&names, self.lang),
        };
        let table = table_of_listing(&listing, &name, &mut |body, family| {
            document.styles.named(body, family)
        })?;
        let old = names
            .iter()
            .position(|name| self.earlier.sheet.as_ref() == Some(name));
        match old.map(|idx| document.tables[idx].span.clone()) {
            Some(span) => edits.replace(span, table),
            None => {
                let last = document.tables.last();
                let last = last.ok_or_else(|| AnnotateError::part(CONTENT, "no sheets"))?;
                edits.insert(last.span.end, table);
            }
        }
        document.finish(&mut edits)?;
        file.content = edits.apply(&file.content);
        Ok(Annotated {
            bytes: file.finish(bytes)?,
            extension: if file.is_flat { "fods" } else { "ods" },
        })
    }
}

/// The file, and what is changed of it.
struct File {
    content: String,
    /// The part of common styles; empty in a flat file, where they stand in the same text.
    styles: String,
    is_flat: bool,
    has_signature: bool,
}

impl File {
    fn open(bytes: &[u8]) -> Result<Self, AnnotateError> {
        if !bytes.starts_with(b"PK") {
            let content = super::package::text_of(bytes.to_vec());
            return Ok(Self {
                content: content
                    .ok_or_else(|| AnnotateError::part(CONTENT, "not text in its encoding"))?,
                styles: String::new(),
                is_flat: true,
                has_signature: false,
            });
        }
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        let mut part = |name: &str| -> Result<String, AnnotateError> {
            let part = zip.by_name(name)?;
            let mut content = Vec::new();
            let read = part.take(LARGEST_PART + 1).read_to_end(&mut content);
            read.map_err(|error| AnnotateError::part(name, &error.to_string()))?;
            if content.len() as u64 > LARGEST_PART {
                return Err(AnnotateError::part(name, "too large"));
            }
            super::package::text_of(content)
                .ok_or_else(|| AnnotateError::part(name, "not text in its encoding"))
        };
        let content = part(CONTENT)?;
        let styles = part("styles.xml").unwrap_or_default();
        let has_signature = zip.file_names().flatten().any(|name| is_signature(&name));
        Ok(Self {
            content,
            styles,
            is_flat: false,
            has_signature,
        })
    }

    fn finish(&self, original: &[u8]) -> Result<Vec<u8>, AnnotateError> {
        if self.is_flat {
            return Ok(self.content.clone().into_bytes());
        }
        let mut zip = ZipArchive::new(Cursor::new(original))?;
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for idx in 0..zip.len() {
            let part = zip.by_index_raw(idx)?;
            let name = part.name()?.into_owned();
            if name == CONTENT {
                writer.start_file(name, options)?;
                writer.write_all(self.content.as_bytes())?;
            } else if !is_signature(&name) {
                writer.raw_copy_file(part)?;
            }
        }
        Ok(writer.finish()?.into_inner())
    }
}

fn is_signature(name: &str) -> bool {
    matches!(
        name,
        "META-INF/documentsignatures.xml" | "META-INF/macrosignatures.xml"
    )
}

/// What is to be put on a cell.
struct Mark {
    look: MarkLook,
    note: String,
}

/// The document, and where its tables stand.
struct Document {
    root: Range<usize>,
    /// The prefixes that its root does not declare.
    undeclared: Vec<usize>,
    automatic: Option<Place>,
    body: usize,
    tables: Vec<TableAt>,
    styles: Styles,
}

/// Where an element takes more children.
enum Place {
    Before(usize),
    /// It has only one tag.
    Whole(Range<usize>),
}

struct TableAt {
    name: String,
    tag: Range<usize>,
    span: Range<usize>,
}

/// Styles of cells and sheets, by name.
struct Styles {
    known: HashMap<String, Style>,
    /// The elements that are added.
    added: String,
    /// Names of ours, by what stands behind the name.
    ours: HashMap<String, String>,
    /// Names like ours.
    taken: HashSet<String>,
    next: usize,
}

#[derive(Clone, Default)]
struct Style {
    /// Its element, where it is an automatic style, which only this document uses.
    element: Option<String>,
    background: Option<String>,
    parent: Option<String>,
}

impl Document {
    fn read(content: &str, common: &str) -> Result<Self, AnnotateError> {
        let mut styles = Styles {
            known: HashMap::new(),
            added: String::new(),
            ours: HashMap::new(),
            taken: HashSet::new(),
            next: 1,
        };
        if !common.is_empty() {
            styles.read(common, false)?;
        }
        let mut scanner = Scanner::new(content);
        let mut document = Self {
            root: 0..0,
            undeclared: Vec::new(),
            automatic: None,
            body: 0,
            tables: Vec::new(),
            styles,
        };
        let mut is_spreadsheet = false;
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 1) => {
                    for (idx, (prefix, namespace)) in NAMESPACES.into_iter().enumerate() {
                        match tag.value(&format!("xmlns:{prefix}")) {
                            Some(declared) if declared == namespace => {}
                            // The first five have to be there, under these names.
                            None if idx >= 5 => document.undeclared.push(idx),
                            _ => return Err(AnnotateError::part(CONTENT, "unusual prefixes")),
                        }
                    }
                    document.root = tag.span;
                }
                Step::Open(tag, 2) if tag.name == "automatic-styles" && tag.is_empty => {
                    document.automatic = Some(Place::Whole(tag.span));
                }
                Step::Open(tag, 2) if tag.name == "body" => document.body = tag.span.start,
                Step::Close("automatic-styles", span, 2) => {
                    document.automatic = Some(Place::Before(span.start));
                }
                Step::Open(tag, 3) if tag.prefix == "office:" && tag.name == "spreadsheet" => {
                    is_spreadsheet = true;
                }
                Step::Open(tag, 4)
                    if is_spreadsheet && tag.prefix == "table:" && tag.name == "table" =>
                {
                    document.tables.push(TableAt {
                        name: unescape(tag.value("table:name").unwrap_or_default()),
                        span: tag.span.clone(),
                        tag: tag.span,
                    });
                }
                Step::Close("table", span, 4) => {
                    if let Some(table) = document.tables.last_mut() {
                        table.span.end = span.end;
                    }
                }
                _ => {}
            }
        }
        let end = document.body;
        if end == 0 || document.tables.is_empty() {
            return Err(AnnotateError::part(CONTENT, "no sheets"));
        }
        document.styles.read(content, true)?;
        Ok(document)
    }

    /// Puts the new styles in, and the prefixes that they need.
    fn finish(&self, edits: &mut Edits) -> Result<(), AnnotateError> {
        let added = &self.styles.added;
        if !added.is_empty() {
            let whole = || format!("<office:automatic-styles>{added}</office:automatic-styles>");
            match &self.automatic {
                Some(Place::Before(at)) => edits.insert(*at, added.as_str()),
                Some(Place::Whole(span)) => edits.replace(span.clone(), whole()),
                None => edits.insert(self.body, whole()),
            }
        }
        let declared: String = (self.undeclared.iter())
            .map(|idx| {
                let (prefix, namespace) = NAMESPACES[*idx];
                format!(" xmlns:{prefix}=\"{namespace}\"")
            })
            .collect();
        if !declared.is_empty() {
            edits.insert(self.root.end - 1, declared);
        }
        Ok(())
    }
}

impl Styles {
    /// Reads the styles of a part, those before its body.
    fn read(&mut self, text: &str, is_content: bool) -> Result<(), AnnotateError> {
        let mut scanner = Scanner::new(text);
        let mut is_automatic = false;
        let mut open: Option<(String, usize, Style, String)> = None;
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 2) => {
                    is_automatic = is_content && tag.name == "automatic-styles";
                    if tag.name == "body" {
                        break;
                    }
                }
                Step::Open(tag, 3) if tag.prefix == "style:" && tag.name == "style" => {
                    let name = unescape(tag.value("style:name").unwrap_or_default());
                    let family = tag.value("style:family").unwrap_or_default().to_owned();
                    let parent = tag.value("style:parent-style-name").map(unescape);
                    let style = Style {
                        parent,
                        ..Style::default()
                    };
                    match tag.is_empty {
                        true => {
                            let element = &text[tag.span];
                            self.keep(name, element, style, &family, is_automatic);
                        }
                        false => open = Some((name, tag.span.start, style, family)),
                    }
                }
                Step::Open(tag, 4) if tag.name == "table-cell-properties" => {
                    if let Some((_, _, style, _)) = &mut open {
                        style.background = tag.value("fo:background-color").map(str::to_owned);
                    }
                }
                Step::Close("style", span, 3) => {
                    if let Some((name, start, style, family)) = open.take() {
                        let element = &text[start..span.end];
                        self.keep(name, element, style, &family, is_automatic);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(
        &mut self,
        name: String,
        element: &str,
        mut style: Style,
        family: &str,
        is_automatic: bool,
    ) {
        if name.starts_with(PREFIX) {
            let body = with_attribute(element, "style:name", "");
            self.ours.entry(body).or_insert(name.clone());
            self.taken.insert(name.clone());
        }
        if matches!(family, "table-cell" | "table") {
            style.element = is_automatic.then(|| element.to_owned());
            self.known.entry(key(family, &name)).or_insert(style);
        }
    }

    /// A style of this element, which has an empty name; one is added where there is none.
    fn add(&mut self, element: String, family: &str) -> String {
        if let Some(name) = self.ours.get(&element) {
            return name.clone();
        }
        let name = loop {
            let name = format!("{PREFIX}{}", self.next);
            self.next += 1;
            if self.taken.insert(name.clone()) {
                break name;
            }
        };
        let named = with_attribute(&element, "style:name", &name);
        self.added.push_str(&named);
        let background = background(&named);
        let parent = super::xml::attribute_of(&named, "style:parent-style-name").map(unescape);
        let style = Style {
            element: Some(named),
            background,
            parent,
        };
        self.known.insert(key(family, &name), style);
        self.ours.insert(element, name.clone());
        name
    }

    /// A style with these properties and nothing else.
    fn named(&mut self, properties: &str, family: &str) -> String {
        let element = format!(
            "<style:style style:name=\"\" style:family=\"{family}\">{properties}</style:style>"
        );
        self.add(element, family)
    }

    /// What lies behind cells with a style.
    fn fill(&self, style: Option<&str>) -> Fill {
        let mut name = style.map(str::to_owned);
        // Styles that are each other's parents have no end.
        for _ in 0..16 {
            let Some(style) = name.and_then(|name| self.known.get(&key("table-cell", &name)))
            else {
                break;
            };
            if let Some(background) = &style.background {
                return fill_of(background);
            }
            name = style.parent.clone();
        }
        Fill::None
    }

    /// The style with another background; without one, where there was none.
    fn with_background(&mut self, style: Option<&str>, colour: Option<&str>) -> String {
        let known = style.and_then(|name| self.known.get(&key("table-cell", name)));
        let element = match known.and_then(|style| style.element.as_deref()) {
            Some(element) => with_attribute(element, "style:name", ""),
            None => {
                let parent = super::xml::escape_attribute(style.unwrap_or("Default"));
                format!(
                    "<style:style style:name=\"\" style:family=\"table-cell\" style:parent-style-name=\"{parent}\"></style:style>"
                )
            }
        };
        self.add(coloured(&element, colour), "table-cell")
    }

    /// The style of a sheet that is shown.
    fn shown_sheet(&mut self, style: &str) -> Option<String> {
        let element = self.known.get(&key("table", style))?.element.clone()?;
        let element = element.replacen("table:display=\"false\"", "table:display=\"true\"", 1);
        let element = with_attribute(&element, "style:name", "");
        Some(self.add(element, "table"))
    }
}

/// What names of our own styles begin with.
const PREFIX: &str = "hebiao";

/// Styles of cells and of sheets may have the same names.
fn key(family: &str, name: &str) -> String {
    format!("{family}/{name}")
}

fn background(element: &str) -> Option<String> {
    let mut scanner = Scanner::new(element);
    while let Ok(Some(step)) = scanner.next() {
        if let Step::Open(tag, _) = step
            && tag.name == "table-cell-properties"
        {
            return tag.value("fo:background-color").map(str::to_owned);
        }
    }
    None
}

/// `#e2efda` as .xlsx would say it.
fn fill_of(background: &str) -> Fill {
    let rgb = background.trim().strip_prefix('#');
    let rgb = rgb.filter(|rgb| rgb.len() == 6 && rgb.bytes().all(|b| b.is_ascii_hexdigit()));
    let fill = rgb.map(|rgb| format!("solid/rgb:FF{}/indexed:64", rgb.to_ascii_uppercase()));
    fill.and_then(|fill| fill.parse().ok())
        .unwrap_or(Fill::None)
}

/// `solid/rgb:FFE2EFDA/indexed:64` as a colour of this format.
fn colour_of(fill: &Fill) -> Option<String> {
    let text = fill.to_string();
    let rgb = text.strip_prefix("solid/rgb:")?.split('/').next()?;
    let rgb = rgb.get(rgb.len().checked_sub(6)?..)?;
    Some(format!("#{}", rgb.to_ascii_lowercase()))
}

/// The element of a style with this background.
fn coloured(element: &str, colour: Option<&str>) -> String {
    let mut scanner = Scanner::new(element);
    let mut root = None;
    let mut properties = None;
    while let Ok(Some(step)) = scanner.next() {
        match step {
            Step::Open(tag, 1) => root = Some(tag),
            Step::Open(tag, 2) if tag.name == "table-cell-properties" => properties = Some(tag),
            _ => {}
        }
    }
    let mut edits = Edits::default();
    match (properties, root, colour) {
        (Some(tag), _, Some(colour)) => {
            let own = &element[tag.span.clone()];
            edits.replace(tag.span, with_attribute(own, "fo:background-color", colour));
        }
        (Some(tag), _, None) => {
            if let Some((_, value)) = tag.attribute("fo:background-color") {
                let start = tag.name_start("fo:background-color", value.start);
                edits.replace(start..value.end + 1, "");
            }
        }
        (None, Some(root), Some(colour)) => {
            let own = format!("<style:table-cell-properties fo:background-color=\"{colour}\"/>");
            match root.is_empty {
                true => edits.replace(
                    root.span.end - 2..root.span.end,
                    format!(">{own}</style:style>"),
                ),
                false => edits.insert(root.span.end, own),
            }
        }
        _ => {}
    }
    edits.apply(element)
}

/// Marks one table.
struct Marker<'a> {
    text: &'a str,
    table: usize,
    marks: &'a BTreeMap<CellRef, Mark>,
    shown: &'a ShownSheet,
    recorded: &'a dyn Fn(CellRef) -> Fill,
    /// Marks of an earlier annotation are to be taken off.
    has_marks: bool,
}

/// A row's element, and those of its cells.
struct RowAt<'a> {
    tag: Tag<'a>,
    first: u32,
    count: u32,
    /// Where its end tag begins, or the end of its only tag.
    end: usize,
    cells: Vec<CellAt<'a>>,
}

struct CellAt<'a> {
    tag: Tag<'a>,
    first: u32,
    count: u32,
    /// The whole element.
    span: Range<usize>,
    note: Option<Range<usize>>,
}

impl<'a> Marker<'a> {
    /// Returns what the marked cells looked like before.
    fn mark(
        &self,
        document: &mut Document,
        edits: &mut Edits,
    ) -> Result<BTreeMap<CellRef, Fill>, AnnotateError> {
        let table = &document.tables[self.table];
        let (start, end) = (table.span.start, table.span.end);
        let (tag, tag_end) = (table.tag.clone(), table.tag.end);
        let styles = &mut document.styles;
        let mut before = BTreeMap::new();
        if self.shown.sheet {
            let own = &self.text[tag.clone()];
            let style = super::xml::attribute_of(own, "table:style-name").map(unescape);
            if let Some(shown) = style.and_then(|style| styles.shown_sheet(&style)) {
                edits.replace(tag, with_attribute(own, "table:style-name", &shown));
            }
        }
        let inside = &self.text[start..end];
        let mut scanner = Scanner::new(inside);
        let mut columns: Vec<(u32, Option<&str>)> = Vec::new();
        let mut next_row = 0u32;
        let mut row: Option<(RowAt<'_>, usize)> = None;
        let mut next_col = 0u32;
        let mut open_cell = false;
        let mut last_row_end = tag_end - start;
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, _) if row.is_none() && tag.prefix == "table:" => match tag.name {
                    "table-column" => {
                        let first = columns.last().map_or(0, |column| column.0);
                        let count = repeated(&tag, "table:number-columns-repeated")?;
                        let after = first.saturating_add(count);
                        columns.push((after, tag.value("table:default-cell-style-name")));
                        self.show_column(&tag, first, count, start, edits);
                    }
                    "table-row" => {
                        let count = repeated(&tag, "table:number-rows-repeated")?;
                        let (first, is_empty) = (next_row, tag.is_empty);
                        next_row = next_row.saturating_add(count);
                        next_col = 0;
                        let at = RowAt {
                            first,
                            count,
                            end: tag.span.end,
                            tag,
                            cells: Vec::new(),
                        };
                        match is_empty {
                            true => {
                                last_row_end = at.tag.span.end;
                                self.edit_row(&at, start, &columns, styles, &mut before, edits);
                            }
                            false => row = Some((at, usize::MAX)),
                        }
                    }
                    _ => {}
                },
                Step::Open(tag, depth) => {
                    let Some((at, row_depth)) = &mut row else {
                        continue;
                    };
                    if *row_depth == usize::MAX {
                        *row_depth = depth - 1;
                    }
                    if depth == *row_depth + 1 {
                        let count = repeated(&tag, "table:number-columns-repeated")?;
                        open_cell = !tag.is_empty;
                        if matches!(tag.name, "table-cell" | "covered-table-cell") {
                            at.cells.push(CellAt {
                                first: next_col,
                                count,
                                span: tag.span.clone(),
                                note: None,
                                tag,
                            });
                            next_col = next_col.saturating_add(count);
                        }
                    } else if depth == *row_depth + 2
                        && open_cell
                        && tag.prefix == "office:"
                        && tag.name == "annotation"
                        && let Some(cell) = at.cells.last_mut()
                    {
                        cell.note.get_or_insert(tag.span);
                    }
                }
                Step::Close(name, span, depth) => {
                    let Some((at, row_depth)) = &mut row else {
                        continue;
                    };
                    if name == "table-row" && (*row_depth == usize::MAX || depth == *row_depth) {
                        at.end = span.start;
                        last_row_end = span.end;
                        if let Some((at, _)) = row.take() {
                            self.edit_row(&at, start, &columns, styles, &mut before, edits);
                        }
                    } else if depth == *row_depth + 1 {
                        if let Some(cell) = at.cells.last_mut() {
                            cell.span.end = span.end;
                        }
                    } else if depth == *row_depth + 2
                        && name == "annotation"
                        && let Some(cell) = at.cells.last_mut()
                        && let Some(note) = &mut cell.note
                    {
                        note.end = note.end.max(span.end);
                    }
                }
            }
        }
        let below = self.rows_below(next_row, &columns, styles, &mut before);
        if !below.is_empty() {
            edits.insert(start + last_row_end, below);
        }
        Ok(before)
    }

    fn show_column(&self, tag: &Tag<'_>, first: u32, count: u32, base: usize, edits: &mut Edits) {
        let last = first.saturating_add(count - 1);
        let wanted = &self.shown.parts.columns;
        let runs = wanted.iter().filter(|run| run.0 <= last && run.1 >= first);
        let mut parts: Vec<(u32, bool)> = Vec::new();
        let mut next = first;
        for (from, to) in runs {
            let (from, to) = (from.max(first), to.min(last));
            parts.extend((next < from).then(|| (from - next, false)));
            parts.push((to - from + 1, true));
            next = to + 1;
        }
        if parts.is_empty() || !tag.is_empty {
            return;
        }
        parts.extend((next <= last).then(|| (last - next + 1, false)));
        let own = &self.text[base + tag.span.start..base + tag.span.end];
        let elements: String = (parts.into_iter())
            .map(|(count, is_shown)| {
                let own = counted(own, "table:number-columns-repeated", count);
                if is_shown { visible(&own) } else { own }
            })
            .collect();
        edits.replace(base + tag.span.start..base + tag.span.end, elements);
    }

    /// The rows of marks that lie below all others.
    fn rows_below(
        &self,
        from: u32,
        columns: &[(u32, Option<&str>)],
        styles: &mut Styles,
        before: &mut BTreeMap<CellRef, Fill>,
    ) -> String {
        let rows: BTreeSet<u32> = (self.marks.range(CellRef::new(from, 0)..))
            .map(|(at, _)| at.row)
            .collect();
        let mut next = from;
        let mut text = String::new();
        for row in rows {
            if row > next {
                let _ = write!(
                    text,
                    "<table:table-row table:number-rows-repeated=\"{}\"><table:table-cell/></table:table-row>",
                    row - next
                );
            }
            let cells = self.cells(&[], row, 0, None, columns, styles, before, true);
            let _ = write!(text, "<table:table-row>{cells}</table:table-row>");
            next = row + 1;
        }
        text
    }

    /// Divides a row where some of those that it stands for are marked.
    fn edit_row(
        &self,
        row: &RowAt<'_>,
        base: usize,
        columns: &[(u32, Option<&str>)],
        styles: &mut Styles,
        before: &mut BTreeMap<CellRef, Fill>,
        edits: &mut Edits,
    ) {
        let last = row.first.saturating_add(row.count - 1);
        let marked = self
            .marks
            .range(CellRef::new(row.first, 0)..CellRef::new(last.saturating_add(1), 0));
        let mut wanted: BTreeSet<u32> = marked.map(|(at, _)| at.row).collect();
        let shown = self.shown.parts.rows.iter();
        for (from, to) in shown.filter(|run| run.0 <= last && run.1 >= row.first) {
            // Rows that are repeated so often hold nothing.
            wanted.extend((from.max(row.first)..=to.min(last)).take(10_000));
        }
        let has_ours = self.has_marks
            && row.cells.iter().any(|cell| {
                let style = cell.tag.value("table:style-name");
                cell.note.is_some() || styles.fill(style).is_ours()
            });
        if wanted.is_empty() && !has_ours {
            return;
        }
        let mut text = String::new();
        let mut next = row.first;
        for at in wanted {
            if at > next {
                text.push_str(&self.row(
                    row,
                    base,
                    next,
                    at - next,
                    false,
                    columns,
                    styles,
                    before,
                ));
            }
            text.push_str(&self.row(row, base, at, 1, true, columns, styles, before));
            next = at + 1;
        }
        if next <= last {
            let count = last - next + 1;
            text.push_str(&self.row(row, base, next, count, false, columns, styles, before));
        }
        let end = match row.tag.is_empty {
            true => row.tag.span.end,
            false => row.end + "</table:table-row>".len(),
        };
        // Its end tag may have blanks in it.
        let end = match self.text[base + row.end..].find('>') {
            Some(length) if !row.tag.is_empty => row.end + length + 1,
            _ => end,
        };
        edits.replace(base + row.tag.span.start..base + end, text);
    }

    /// The element of `count` rows from `at` on; of a single one the marks are put on.
    #[allow(clippy::too_many_arguments, reason = "all that a row is made of")]
    fn row(
        &self,
        row: &RowAt<'_>,
        base: usize,
        at: u32,
        count: u32,
        is_marked: bool,
        columns: &[(u32, Option<&str>)],
        styles: &mut Styles,
        before: &mut BTreeMap<CellRef, Fill>,
    ) -> String {
        let own = &self.text[base + row.tag.span.start..base + row.tag.span.end];
        let mut tag = counted(own, "table:number-rows-repeated", count);
        if is_marked && self.shown.parts.rows.contains(at) {
            tag = visible(&tag);
        }
        let tag = match tag.strip_suffix("/>") {
            Some(open) => format!("{open}>"),
            None => tag,
        };
        let style = row.tag.value("table:default-cell-style-name");
        let cells = self.cells(
            &row.cells, at, base, style, columns, styles, before, is_marked,
        );
        format!("{tag}{cells}</table:table-row>")
    }

    #[allow(clippy::too_many_arguments, reason = "all that a row is made of")]
    fn cells(
        &self,
        cells: &[CellAt<'_>],
        row: u32,
        base: usize,
        row_style: Option<&str>,
        columns: &[(u32, Option<&str>)],
        styles: &mut Styles,
        before: &mut BTreeMap<CellRef, Fill>,
        is_marked: bool,
    ) -> String {
        let marks: Vec<(u32, &Mark)> = (self.marks)
            .range(CellRef::new(row, 0)..CellRef::new(row + 1, 0))
            .filter(|_| is_marked)
            .map(|(at, mark)| (at.col, mark))
            .collect();
        let mut marks = marks.into_iter().peekable();
        let mut text = String::new();
        let mut end = 0;
        for cell in cells {
            end = cell.first.saturating_add(cell.count);
            let element = &self.text[base + cell.span.start..base + cell.span.end];
            let note = cell
                .note
                .clone()
                .map(|note| note.start - cell.span.start..note.end - cell.span.start);
            let mut next = cell.first;
            while let Some((col, mark)) = marks.next_if(|(col, _)| *col < end) {
                if col > next {
                    text.push_str(&self.plain(
                        element,
                        note.clone(),
                        (row, next),
                        col - next,
                        styles,
                    ));
                }
                let at = CellRef::new(row, col);
                let style = super::xml::attribute_of(element, "table:style-name").map(unescape);
                let style = style.or_else(|| default_style(row_style, columns, col));
                text.push_str(&self.marked(element, note.clone(), at, mark, style, styles, before));
                next = col + 1;
            }
            if next < end {
                text.push_str(&self.plain(element, note, (row, next), end - next, styles));
            }
        }
        for (col, mark) in marks {
            if col > end {
                let _ = write!(
                    text,
                    "<table:table-cell table:number-columns-repeated=\"{}\"/>",
                    col - end
                );
            }
            let at = CellRef::new(row, col);
            let style = default_style(row_style, columns, col);
            text.push_str(&self.marked(
                "<table:table-cell/>",
                None,
                at,
                mark,
                style,
                styles,
                before,
            ));
            end = col + 1;
        }
        text
    }

    /// A cell, or `count` alike, without our marks.
    fn plain(
        &self,
        element: &str,
        note: Option<Range<usize>>,
        (row, col): (u32, u32),
        count: u32,
        styles: &mut Styles,
    ) -> String {
        let element = match note.filter(|_| self.has_marks) {
            Some(note) => {
                let bare = without_ours(&element[note.clone()]);
                format!("{}{bare}{}", &element[..note.start], &element[note.end..])
            }
            None => element.to_owned(),
        };
        let element = counted(&element, "table:number-columns-repeated", count);
        let style = super::xml::attribute_of(&element, "table:style-name").map(unescape);
        match style.filter(|style| styles.fill(Some(style)).is_ours()) {
            Some(style) => {
                let fill = (self.recorded)(CellRef::new(row, col));
                let before = styles.with_background(Some(&style), colour_of(&fill).as_deref());
                with_attribute(&element, "table:style-name", &before)
            }
            None => element,
        }
    }

    /// One cell with its mark.
    #[allow(clippy::too_many_arguments, reason = "all that a cell is made of")]
    fn marked(
        &self,
        element: &str,
        note: Option<Range<usize>>,
        at: CellRef,
        mark: &Mark,
        style: Option<String>,
        styles: &mut Styles,
        before: &mut BTreeMap<CellRef, Fill>,
    ) -> String {
        let fill = match styles.fill(style.as_deref()) {
            fill if fill.is_ours() => (self.recorded)(at),
            fill => fill,
        };
        before.insert(at, fill);
        // The lines around a cell could not be told apart from the clerk's own when the mark is taken off.
        let colour = match mark.look {
            (Marked::Wrong, level) => fill_colour(level),
            (Marked::Candidate | Marked::Related, _) => RELATED,
        };
        let colour = format!("#{}", colour[2..].to_ascii_lowercase());
        let style = styles.with_background(style.as_deref(), Some(&colour));
        let (head, own, tail) = match note {
            Some(note) => {
                let own = without_ours(&element[note.clone()]);
                (&element[..note.start], own, &element[note.end..])
            }
            None => {
                let end = tag_end(element);
                (&element[..end], String::new(), &element[end..])
            }
        };
        let note = with_ours(&own, &mark.note);
        let element = match head.strip_suffix("/>") {
            Some(open) => {
                let name = match element.starts_with("<table:covered-table-cell") {
                    true => "covered-table-cell",
                    false => "table-cell",
                };
                format!("{open}>{note}</table:{name}>")
            }
            None => format!("{head}{note}{tail}"),
        };
        let element = counted(&element, "table:number-columns-repeated", 1);
        with_attribute(&element, "table:style-name", &style)
    }
}

/// The style of a cell that names none.
fn default_style(row: Option<&str>, columns: &[(u32, Option<&str>)], col: u32) -> Option<String> {
    let column = || {
        let idx = columns.partition_point(|(after, _)| *after <= col);
        columns.get(idx)?.1
    };
    row.or_else(column).map(unescape)
}

fn repeated(tag: &Tag<'_>, name: &str) -> Result<u32, AnnotateError> {
    match tag.value(name) {
        None => Ok(1),
        Some(raw) => (raw.trim().parse().ok())
            .filter(|count| *count > 0)
            .ok_or_else(|| AnnotateError::part(CONTENT, "no number of repeats")),
    }
}

/// The element with another number of repeats.
fn counted(element: &str, name: &str, count: u32) -> String {
    match (super::xml::attribute_of(element, name), count) {
        (None, 1) => element.to_owned(),
        (_, count) => with_attribute(element, name, &count.to_string()),
    }
}

/// The tag of a row or column without what hides it. One of no size gets the usual one.
fn visible(tag: &str) -> String {
    let mut scanner = Scanner::new(tag);
    let Ok(Some(Step::Open(parsed, _))) = scanner.next() else {
        return tag.to_owned();
    };
    let mut edits = Edits::default();
    let name = match parsed.attribute("table:visibility") {
        Some(_) => "table:visibility",
        None => "table:style-name",
    };
    if let Some((_, value)) = parsed.attribute(name) {
        let start = parsed.name_start(name, value.start);
        edits.replace(start..value.end + 1, "");
    }
    edits.apply(tag)
}

/// Where the first tag of an element ends.
fn tag_end(element: &str) -> usize {
    let mut scanner = Scanner::new(element);
    match scanner.next() {
        Ok(Some(Step::Open(tag, _))) => tag.span.end,
        _ => element.len(),
    }
}

/// The note without what is ours; nothing where nothing else is left.
fn without_ours(note: &str) -> String {
    let mut scanner = Scanner::new(note);
    // Paragraphs: where they stand, and their texts.
    let mut paragraphs: Vec<(Range<usize>, String)> = Vec::new();
    let mut open = None;
    while let Ok(Some(step)) = scanner.next() {
        match step {
            Step::Open(tag, 2) if tag.prefix == "text:" && tag.name == "p" => match tag.is_empty {
                true => paragraphs.push((tag.span, String::new())),
                false => open = Some(tag.span),
            },
            Step::Close("p", span, 2) => {
                if let Some(start) = open.take() {
                    let text = plain_text(&note[start.end..span.start]);
                    paragraphs.push((start.start..span.end, text));
                }
            }
            _ => {}
        }
    }
    let whole: String = paragraphs
        .iter()
        .map(|(_, text)| format!("{text}\n"))
        .collect();
    let Some(ours) = notes::ours(&whole) else {
        return note.to_owned();
    };
    let rest = format!("{}{}", &whole[..ours.start], &whole[ours.end..]);
    if rest.trim().is_empty() {
        return String::new();
    }
    let mut edits = Edits::default();
    let mut at = 0;
    for (span, text) in &paragraphs {
        let lies = at..at + text.len() + 1;
        at = lies.end;
        let cut = ours.start.max(lies.start)..ours.end.min(lies.end);
        if cut.start >= cut.end {
            continue;
        }
        let line = &whole[lies.clone()];
        let left = format!(
            "{}{}",
            &line[..cut.start - lies.start],
            &line[cut.end - lies.start..]
        );
        let left = left.trim_end_matches('\n');
        // A paragraph that was only cut at its line break stays as it is.
        if left == text {
            continue;
        }
        edits.replace(
            span.clone(),
            if left.is_empty() {
                String::new()
            } else {
                paragraph(left)
            },
        );
    }
    edits.apply(note)
}

/// The text of a paragraph.
fn plain_text(content: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    let whole = format!("<p>{content}</p>");
    let mut scanner = Scanner::new(&whole);
    while let Ok(Some(step)) = scanner.next() {
        let (span, more) = match step {
            Step::Open(tag, _) => {
                let more = match tag.name {
                    "line-break" => "\n",
                    "s" => " ",
                    "tab" => "\t",
                    _ => "",
                };
                (tag.span, more)
            }
            Step::Close(_, span, _) => (span, ""),
        };
        text.push_str(&unescape(&whole[at..span.start]));
        text.push_str(more);
        at = span.end;
    }
    text
}

/// The note with our text behind what it says, and a box that is large enough.
fn with_ours(note: &str, ours: &str) -> String {
    let lines: String = ours.lines().map(paragraph).collect();
    if note.is_empty() {
        return format!(
            "<office:annotation office:display=\"false\"><dc:creator>{AUTHOR}</dc:creator>{lines}</office:annotation>"
        );
    }
    let mut note = note.to_owned();
    let end = match note.rfind("</office:annotation") {
        Some(end) => end,
        None => {
            let open = note.trim_end_matches("/>").len();
            note.replace_range(open.., "></office:annotation>");
            open + 1
        }
    };
    note.insert_str(end, &lines);
    let whole =
        plain_text(&note[tag_end(&note)..end + lines.len()].replace("</text:p>", "\n</text:p>"));
    let (width, height) = notes::box_size(&whole);
    for (name, pixels) in [("svg:width", width), ("svg:height", height)] {
        let known = super::xml::attribute_of(&note, name).and_then(inches);
        let needed = f64::from(pixels) / 96.0;
        if known.is_some_and(|known| known < needed) {
            note = with_attribute(&note, name, &format!("{needed:.2}in"));
        }
    }
    note
}

fn inches(length: &str) -> Option<f64> {
    let length = length.trim();
    let unit =
        length.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    let number: f64 = length[..length.len() - unit.len()].parse().ok()?;
    Some(match unit {
        "in" => number,
        "cm" => number / 2.54,
        "mm" => number / 25.4,
        "pt" => number / 72.0,
        "pc" => number / 6.0,
        "px" => number / 96.0,
        _ => return None,
    })
}

/// A line of text.
pub(super) fn paragraph(line: &str) -> String {
    format!("<text:p>{}</text:p>", content(line))
}

/// Text as this format writes it: blanks count once, and what XML cannot hold is left out.
pub(super) fn content(line: &str) -> String {
    let mut xml = String::with_capacity(line.len() + 8);
    let mut after_blank = true;
    for c in line.chars() {
        match c {
            ' ' if after_blank => xml.push_str("<text:s/>"),
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\t' => xml.push_str("<text:tab/>"),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => xml.push(c),
        }
        after_blank = c == ' ';
    }
    xml
}
