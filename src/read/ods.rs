//! OpenDocument spreadsheets (OASIS OpenDocument 1.3), packed or in one flat XML file.
//!
//! Read here and not by calamine, which gives neither merged regions nor percentages, and which
//! writes out repeated cells as often as a file asks.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::namespaces::with_usual_prefixes;
use super::number_format::{DateParts, Shown};
use super::package::{Package, xml_text};
use super::xml::{Event, Tag, Xml, unescape};
use super::{FileKind, Unreadable, cell_error, each_once, serial};
use crate::model::{
    Cell, CellRange, CellRef, CellValue, Date, Format, Hidden, Moment, NumberFormat, Sheet, Shows,
    Workbook,
};

/// Reads a packed spreadsheet.
pub(super) fn read(package: &mut Package, budget: &mut Budget) -> Result<Workbook, Unreadable> {
    let is_encrypted = package.unneeded("META-INF/manifest.xml", budget, |text| {
        Ok(text.contains("encryption-data"))
    })?;
    if is_encrypted == Some(true) {
        return Err(Unreadable::PasswordProtected);
    }
    let mut document = Document::default();
    // Whether a number is a percentage or a date, cells say themselves.
    document.read_unneeded(package, "styles.xml", budget)?;
    let content = package.text("content.xml", budget)?.unwrap_or_default();
    if content
        .trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n', '\0'])
        .is_empty()
    {
        return Err(Unreadable::damaged("content.xml is empty"));
    }
    budget.hold(content.len())?;
    document.read(&content, budget)?;
    budget.release(content.len());
    drop(content);
    document.read_unneeded(package, "meta.xml", budget)?;
    document.into_workbook()
}

/// Reads a spreadsheet that is one XML file.
pub(super) fn read_flat(bytes: &[u8], budget: &mut Budget) -> Result<Workbook, Unreadable> {
    budget.take_expanded(bytes.len())?;
    budget.hold(bytes.len())?;
    let text = xml_text(bytes.to_vec())
        .ok_or_else(|| Unreadable::damaged("the file is not text in its encoding"))?;
    let mut document = Document::default();
    document
        .read(text.trim_start(), budget)
        .map_err(|reason| match reason {
            Unreadable::Damaged { detail } if !text.trim_end().ends_with("document>") => {
                Unreadable::truncated(detail)
            }
            reason => reason,
        })?;
    document.into_workbook()
}

/// What has been read of a document.
#[derive(Default)]
struct Document {
    styles: Styles,
    sheets: Vec<Sheet>,
    unreadable_sheets: Vec<(String, Unreadable)>,
    properties: Vec<(String, String)>,
    saved: Option<Moment>,
    body: Option<Body>,
}

#[derive(Clone, Copy, PartialEq)]
enum Body {
    Spreadsheet,
    Other(FileKind),
}

/// Styles that say how a number is shown, or that a sheet is hidden.
#[derive(Default)]
struct Styles {
    /// Of number formats.
    formats: HashMap<String, Shown>,
    /// Of cells.
    cells: HashMap<String, Shown>,
    hidden_sheets: Vec<String>,
    /// Of texts that are crossed out.
    struck: HashSet<String>,
    /// Of rows and columns that have no size.
    without_size: HashSet<String>,
}

impl Document {
    fn into_workbook(self) -> Result<Workbook, Unreadable> {
        match self.body {
            Some(Body::Spreadsheet) => {}
            Some(Body::Other(kind)) => return Err(Unreadable::NotASpreadsheet(kind)),
            None => return Err(Unreadable::NotASpreadsheet(FileKind::Archive)),
        }
        Ok(Workbook {
            format: Format::Ods,
            sheets: self.sheets,
            unreadable_sheets: self.unreadable_sheets,
            skipped_sheets: Vec::new(),
            damaged_parts: Vec::new(),
            properties: self.properties,
            saved: self.saved,
        })
    }

    /// Reads a part that is not needed, if it can be read.
    fn read_unneeded(
        &mut self,
        package: &mut Package,
        path: &str,
        budget: &mut Budget,
    ) -> Result<(), Unreadable> {
        let text = package.unneeded(path, budget, |text| Ok(text.to_owned()))?;
        match text.map(|text| self.read(&text, budget)) {
            Some(Err(Unreadable::Damaged { .. })) => package.is_damaged(path),
            Some(read) => read?,
            None => {}
        }
        Ok(())
    }

    /// Reads a part, or the whole of a flat file: the elements are the same.
    fn read(&mut self, text: &str, budget: &mut Budget) -> Result<(), Unreadable> {
        let text = with_usual_prefixes(text, budget)?;
        self.read_elements(&text, budget)?;
        if let Cow::Owned(rewritten) = text {
            budget.release(rewritten.len());
        }
        Ok(())
    }

    fn read_elements(&mut self, text: &str, budget: &mut Budget) -> Result<(), Unreadable> {
        let mut xml = Xml::new(text);
        loop {
            let tag = match xml.next()? {
                Event::Start(tag) => tag,
                Event::Eof => return Ok(()),
                _ => continue,
            };
            match tag.full_name {
                "office:body" => {}
                "office:spreadsheet" => self.body = Some(Body::Spreadsheet),
                "office:text" | "office:presentation" | "office:drawing" | "office:chart"
                    if self.body.is_none() =>
                {
                    self.body = Some(Body::Other(match tag.name {
                        "text" => FileKind::TextDocument,
                        "presentation" => FileKind::Presentation,
                        _ => FileKind::Unknown,
                    }));
                    xml.skip()?;
                }
                "number:number-style"
                | "number:percentage-style"
                | "number:currency-style"
                | "number:date-style"
                | "number:time-style" => {
                    let name = tag.raw("style:name").unwrap_or_default().to_owned();
                    let shown = number_style(&mut xml, tag.name)?;
                    self.styles.formats.insert(name, shown);
                }
                "style:style" => self.styles.style(&mut xml, tag)?,
                "meta:user-defined" => {
                    let name = tag.attribute("meta:name")?.unwrap_or_default().into_owned();
                    let value = xml.element_text()?.into_owned();
                    self.properties.push((name, value));
                }
                // Of the document itself: those of remarks stand inside tables.
                "dc:date" => {
                    self.saved = Moment::parse(&xml.element_text()?);
                }
                "table:table" if self.body == Some(Body::Spreadsheet) => {
                    self.table(&mut xml, tag, budget)?;
                }
                "office:document"
                | "office:document-content"
                | "office:document-styles"
                | "office:document-meta"
                | "office:meta"
                | "office:styles"
                | "office:automatic-styles" => {}
                _ => xml.skip()?,
            }
        }
    }

    fn table(&mut self, xml: &mut Xml, tag: Tag, budget: &mut Budget) -> Result<(), Unreadable> {
        let name = tag
            .attribute("table:name")?
            .unwrap_or_default()
            .into_owned();
        let style = tag.raw("table:style-name").unwrap_or_default();
        let visible = !self
            .styles
            .hidden_sheets
            .iter()
            .any(|hidden| hidden == style);
        budget.check_sheets(self.sheets.len() + self.unreadable_sheets.len() + 1)?;
        let depth = xml.depth();
        let mut reader = TableReader {
            xml,
            styles: &self.styles,
            budget,
            cells: Vec::new(),
            struck: Vec::new(),
            left: String::new(),
            any_struck: false,
            merges: Vec::new(),
            columns: Vec::new(),
            next_row: 0,
            hidden_rows: Vec::new(),
            hidden_columns: Vec::new(),
        };
        let read = reader.read();
        match read.and_then(|()| each_once(&reader.cells)) {
            Ok(()) => {
                let hidden = Hidden {
                    rows: reader.hidden_rows.into_iter().collect(),
                    columns: reader.hidden_columns.into_iter().collect(),
                };
                let mut sheet = Sheet::new(name, visible, reader.cells, reader.merges);
                sheet.set_struck(reader.struck);
                self.sheets.push(sheet.with_hidden(hidden));
            }
            Err(reason) => {
                self.unreadable_sheets.push((name, reason));
                while xml.depth() >= depth {
                    xml.next()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the children of a number style.
fn number_style(xml: &mut Xml, kind: &str) -> Result<Shown, Unreadable> {
    let outside = xml.depth() - 1;
    let mut shown = Shown::default();
    shown.figure.percent = kind == "percentage-style";
    let (mut year, mut month, mut day, mut time) = (false, false, false, false);
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.full_name {
                "number:number" => {
                    let places = |name| tag.raw(name).and_then(|places| places.parse().ok());
                    let decimals: Option<u8> = places("number:decimal-places");
                    let least = places("number:min-decimal-places");
                    let fixed = least.is_none() || least == decimals;
                    shown.figure.decimals = decimals.filter(|_| fixed);
                }
                "number:year" | "number:era" => year = true,
                "number:hours" | "number:minutes" | "number:seconds" => time = true,
                "number:month" => month = true,
                "number:day" | "number:day-of-week" => day = true,
                _ => {}
            },
            Event::End if xml.depth() == outside => break,
            Event::Eof => break,
            _ => {}
        }
    }
    shown.figure.shows = match kind {
        "time-style" => Shows::Time,
        "date-style" if !time => Shows::Date,
        _ => Shows::Figure,
    };
    if kind == "date-style" {
        shown.date = Some(match (year, month, day) {
            (true, true, false) => DateParts::Month,
            (true, false, false) => DateParts::Year,
            _ => DateParts::Day,
        });
    }
    Ok(shown)
}

impl Styles {
    fn style(&mut self, xml: &mut Xml, tag: Tag) -> Result<(), Unreadable> {
        let name = tag.raw("style:name").unwrap_or_default();
        let family = tag.raw("style:family").unwrap_or_default();
        let format = tag.raw("style:data-style-name").unwrap_or_default();
        let parent = tag.raw("style:parent-style-name").unwrap_or_default();
        let inherited = self.cells.get(parent).copied();
        let own = self.formats.get(format).copied();
        let mut shown = own.or(inherited);
        let was_struck = inherited.is_some_and(|shown| shown.figure.is_struck);
        let mut is_struck = match family {
            "text" => self.struck.contains(parent),
            _ => was_struck,
        };
        let outside = xml.depth() - 1;
        loop {
            match xml.next()? {
                Event::Start(tag)
                    if tag.full_name == "style:table-properties"
                        && tag.raw("table:display") == Some("false") =>
                {
                    self.hidden_sheets.push(name.to_owned());
                }
                Event::Start(tag) if tag.full_name == "style:text-properties" => {
                    let line = [
                        "style:text-line-through-style",
                        "style:text-line-through-type",
                    ];
                    let line = line.into_iter().find_map(|name| tag.raw(name));
                    is_struck = line.map_or(is_struck, |line| line != "none");
                }
                Event::Start(tag)
                    if matches!(
                        tag.full_name,
                        "style:table-row-properties" | "style:table-column-properties"
                    ) =>
                {
                    let size = tag
                        .raw("style:row-height")
                        .or(tag.raw("style:column-width"));
                    if size.is_some_and(is_no_length) {
                        self.without_size.insert(name.to_owned());
                    }
                }
                Event::End if xml.depth() == outside => break,
                Event::Eof => break,
                _ => {}
            }
        }
        if is_struck && family == "table-cell" {
            shown.get_or_insert_default();
        }
        if family == "text" && is_struck {
            self.struck.insert(name.to_owned());
        }
        if let Some(mut shown) = shown.filter(|_| family == "table-cell") {
            shown.figure.is_struck = is_struck;
            self.cells.insert(name.to_owned(), shown);
        }
        Ok(())
    }
}

/// Reads one table.
struct TableReader<'x, 'a, 'l, 's> {
    xml: &'x mut Xml<'a>,
    styles: &'s Styles,
    budget: &'s mut Budget<'l>,
    cells: Vec<Cell>,
    struck: Vec<(CellRef, Box<str>)>,
    /// What of the text in hand is not crossed out, and whether any is.
    left: String,
    any_struck: bool,
    merges: Vec<CellRange>,
    /// `(first column after, style of cells that name none)`
    columns: Vec<(u32, Option<&'a str>)>,
    next_row: u32,
    hidden_rows: Vec<(u32, u32)>,
    hidden_columns: Vec<(u32, u32)>,
}

/// A cell, before it is known how often its row is repeated.
struct Draft {
    col: u32,
    columns: u32,
    value: CellValue,
    format: NumberFormat,
    formula: Option<Box<str>>,
    /// What is left of a text of which a part is crossed out.
    left: Option<Box<str>>,
}

impl<'a> TableReader<'_, 'a, '_, '_> {
    fn read(&mut self) -> Result<(), Unreadable> {
        let outside = self.xml.depth() - 1;
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.full_name {
                    "table:table-column" => {
                        let before = self.columns.last().map_or(0, |&(after, _)| after);
                        let after =
                            before.saturating_add(repeated(tag, "table:number-columns-repeated")?);
                        let style = tag.raw("table:default-cell-style-name");
                        self.columns.push((after, style));
                        if self.is_hidden(tag) {
                            self.hidden_columns.push((before, after.saturating_sub(1)));
                        }
                    }
                    "table:table-row" => self.row(tag)?,
                    "table:table-columns"
                    | "table:table-header-columns"
                    | "table:table-column-group"
                    | "table:table-rows"
                    | "table:table-header-rows"
                    | "table:table-row-group" => {}
                    _ => self.xml.skip()?,
                },
                Event::End if self.xml.depth() == outside => return Ok(()),
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn row(&mut self, tag: Tag<'a>) -> Result<(), Unreadable> {
        let rows = repeated(tag, "table:number-rows-repeated")?;
        let style = tag.raw("table:default-cell-style-name");
        let first = self.next_row;
        self.next_row = first.saturating_add(rows);
        if self.is_hidden(tag) {
            self.hidden_rows
                .push((first, self.next_row.saturating_sub(1)));
        }
        let mut drafts = Vec::new();
        let mut spans = Vec::new();
        let mut col = 0u32;
        loop {
            match self.xml.next()? {
                Event::Start(tag)
                    if matches!(
                        tag.full_name,
                        "table:table-cell" | "table:covered-table-cell"
                    ) =>
                {
                    let columns = repeated(tag, "table:number-columns-repeated")?;
                    let across = repeated(tag, "table:number-columns-spanned")?;
                    let down = repeated(tag, "table:number-rows-spanned")?;
                    if across > 1 || down > 1 {
                        spans.push((col, across, down));
                    }
                    drafts.extend(self.cell(tag, col, columns, style)?);
                    col = col.saturating_add(columns);
                }
                Event::Start(_) => self.xml.skip()?,
                Event::End | Event::Eof => break,
                _ => {}
            }
        }
        // A blank row may be repeated to the end of the sheet; that costs nothing.
        if drafts.is_empty() && spans.is_empty() {
            return Ok(());
        }
        for row in first..self.next_row {
            for draft in &drafts {
                for col in draft.col..draft.col.saturating_add(draft.columns) {
                    if let Some(left) = &draft.left {
                        self.struck.push((CellRef::new(row, col), left.clone()));
                    }
                    self.budget.keep(
                        &mut self.cells,
                        CellRef::new(row, col),
                        draft.value.clone(),
                        draft.format,
                        draft.formula.clone(),
                    )?;
                }
            }
            for &(col, across, down) in &spans {
                let start = CellRef::new(row, col);
                let end =
                    CellRef::new(row.saturating_add(down - 1), col.saturating_add(across - 1));
                self.budget
                    .keep_merge(&mut self.merges, CellRange::new(start, end))?;
            }
        }
        Ok(())
    }

    /// The cell, unless it is blank.
    fn cell(
        &mut self,
        tag: Tag<'a>,
        col: u32,
        columns: u32,
        row_style: Option<&'a str>,
    ) -> Result<Option<Draft>, Unreadable> {
        let mut kind = "";
        let mut value = None;
        let mut style = None;
        let mut formula = None;
        let mut is_error = false;
        for (name, raw) in tag.attributes() {
            match name {
                // Before OpenDocument, the prefix was another.
                "office:value-type" | "table:value-type" => kind = raw,
                "calcext:value-type" => is_error = raw == "error",
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value"
                | "table:value" => {
                    value = Some(unescape(raw)?);
                }
                "table:style-name" => style = Some(raw),
                "table:formula" => formula = Some(plain_formula(&unescape(raw)?)),
                _ => {}
            }
        }
        let text = self.cell_text()?;
        let left = self
            .any_struck
            .then(|| std::mem::take(&mut self.left).into());
        let shown = style
            .or(row_style)
            .or_else(|| self.column_style(col))
            .and_then(|name| self.styles.cells.get(name))
            .copied()
            .unwrap_or_default();
        let number = value.as_deref().and_then(finite);
        let mut is_early = false;
        let named_error = cell_error::by_name(&text);
        // What no paragraph shows and is no number, as 1,234 or NaN, stands in the cell all the same.
        let as_text = |value: Option<&str>| {
            let shown = value.filter(|_| text.is_empty());
            CellValue::Text(shown.unwrap_or(&text).into())
        };
        let value = match kind {
            // An error is kept as a text, or as 0 with the error shown.
            _ if is_error || formula.is_some() && named_error != cell_error::UNKNOWN => {
                CellValue::Error(named_error)
            }
            "float" | "percentage" | "currency" => match number {
                Some(number) => CellValue::Number(number),
                None => as_text(value.as_deref()),
            },
            "date" => {
                let value = value.as_deref();
                match (
                    value.and_then(early_moment),
                    value.and_then(|value| serial::iso_date(value, shown)),
                ) {
                    (Some(number), _) => {
                        is_early = true;
                        CellValue::Number(number)
                    }
                    (None, Some(date)) => shortened(date, shown),
                    (None, None) => as_text(value),
                }
            }
            "time" => value
                .as_deref()
                .and_then(days)
                .map_or_else(|| as_text(value.as_deref()), CellValue::Number),
            "boolean" => CellValue::Bool(value.as_deref() == Some("true")),
            "" if formula.is_some() && text.is_empty() => CellValue::NotCalculated,
            _ => as_text(value.as_deref()),
        };
        if formula.is_none() && value == CellValue::Text("".into()) {
            return Ok(None);
        }
        let mut format = shown.figure;
        format.percent = kind == "percentage";
        if kind == "time" {
            format.shows = Shows::Time;
        }
        if is_early {
            format.shows = Shows::Date;
        }
        Ok(Some(Draft {
            col,
            columns,
            value,
            format,
            formula,
            left: left.filter(|_| !format.is_struck),
        }))
    }

    /// Whether a row or column is not shown: `collapse` where it was hidden, `filter` where it was filtered out.
    fn is_hidden(&self, tag: Tag) -> bool {
        let style = tag.raw("table:style-name").unwrap_or_default();
        matches!(tag.raw("table:visibility"), Some("collapse" | "filter"))
            || self.styles.without_size.contains(style)
    }

    fn column_style(&self, col: u32) -> Option<&'a str> {
        let idx = self.columns.partition_point(|&(after, _)| after <= col);
        self.columns.get(idx)?.1
    }

    /// The paragraphs of a cell, one a line.
    fn cell_text(&mut self) -> Result<String, Unreadable> {
        let outside = self.xml.depth() - 1;
        let mut text = String::new();
        let mut paragraphs = 0;
        self.left.clear();
        self.any_struck = false;
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.full_name == "text:p" => {
                    if paragraphs > 0 {
                        text.push('\n');
                    }
                    paragraphs += 1;
                    self.paragraph(&mut text)?;
                }
                // Notes, drawings.
                Event::Start(_) => self.xml.skip()?,
                Event::End if self.xml.depth() == outside => return Ok(text),
                Event::Eof => return Ok(text),
                _ => {}
            }
        }
    }

    fn paragraph(&mut self, text: &mut String) -> Result<(), Unreadable> {
        let outside = self.xml.depth() - 1;
        let start = text.len();
        // From which depth on it is crossed out.
        let mut struck_from: Option<u32> = None;
        loop {
            let before = text.len();
            match self.xml.next()? {
                // Blanks count once, and not at the start (OpenDocument 1.3, 6.1.2).
                Event::Text(raw) => {
                    for c in unescape(raw)?.chars() {
                        match c {
                            ' ' | '\t' | '\n' | '\r' => {
                                if text.len() > start && !text.ends_with([' ', '\n', '\t']) {
                                    text.push(' ');
                                }
                            }
                            _ => text.push(c),
                        }
                    }
                }
                Event::Literal(raw) => text.push_str(raw),
                Event::Start(tag) => match tag.full_name {
                    "text:s" => {
                        // The one element that makes more text than it is long.
                        let blanks = count(tag.raw("text:c")).unwrap_or(1);
                        self.budget.take_expanded(blanks as usize)?;
                        text.extend(std::iter::repeat_n(' ', blanks as usize));
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    "text:span" => {
                        let style = tag.raw("text:style-name").unwrap_or_default();
                        if struck_from.is_none() && self.styles.struck.contains(style) {
                            struck_from = Some(self.xml.depth());
                        }
                    }
                    "text:a" | "text:ruby" | "text:ruby-base" => {}
                    name if name.starts_with("text:")
                        && (name.ends_with("-name") || name.ends_with("date")) => {}
                    _ => self.xml.skip()?,
                },
                Event::End if self.xml.depth() == outside => return Ok(()),
                Event::Eof => return Ok(()),
                Event::End => {
                    struck_from = struck_from.filter(|from| self.xml.depth() >= *from);
                }
            }
            match struck_from {
                Some(_) => self.any_struck |= !text[before..].trim().is_empty(),
                None => self.left.push_str(&text[before..]),
            }
        }
    }
}

/// How often something is repeated, or how far it spans. Where that is no such number, nobody knows where
/// the cells after it stand.
fn repeated(tag: Tag, name: &str) -> Result<u32, Unreadable> {
    match tag.raw(name) {
        None => Ok(1),
        Some(raw) => count(Some(raw))
            .ok_or_else(|| Unreadable::damaged(format!("{name} is {:.40}", raw.escape_debug()))),
    }
}

/// `0cm`, `0.0in`
fn is_no_length(raw: &str) -> bool {
    let number = raw
        .trim_ascii()
        .trim_end_matches(|c: char| c.is_ascii_alphabetic());
    number.parse().is_ok_and(|length: f64| length <= 0.0)
}

fn count(raw: Option<&str>) -> Option<u32> {
    let count = raw?.trim_ascii().parse().ok();
    count.filter(|&count| count > 0)
}

/// A number as XML writes it; the words for infinity that Rust knows besides are none.
fn finite(raw: &str) -> Option<f64> {
    let raw = raw.trim_ascii();
    raw.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The date, to the part that is shown.
fn shortened(date: Date, shown: Shown) -> CellValue {
    CellValue::Date(match shown.date {
        Some(DateParts::Year) => Date {
            month: None,
            day: None,
            ..date
        },
        Some(DateParts::Month) => Date { day: None, ..date },
        _ => date,
    })
}

/// A moment in the first half of the last century as the number that it is kept as: no form is about one, so it is a
/// figure in a cell that shows dates.
fn early_moment(text: &str) -> Option<f64> {
    let (day, time) = text.trim().split_once('T')?;
    let date = serial::iso_date(day, Shown::default()).filter(|date| date.year < 1950)?;
    let mut parts = time.trim_end_matches('Z').splitn(3, ':').map(finite);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let part = (hours * 3_600.0 + minutes * 60.0 + seconds) / 86_400.0;
    // Kept to the second, which is more than a figure of three decimals.
    let number = date.days() as f64 + 25_569.0 + (part * 1_000.0).round() / 1_000.0;
    (part > 0.0).then_some(number)
}

/// A duration `PT08H30M00S` in days, as other formats keep times.
fn days(duration: &str) -> Option<f64> {
    let mut rest = duration.strip_prefix("PT")?;
    let mut seconds = 0.0;
    for (unit, length) in [('H', 3_600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            seconds += finite(number)? * length;
            rest = after;
        }
    }
    rest.is_empty().then_some(seconds / 86_400.0)
}

/// `of:=SUM([.B2:.C2];[$表.A1])` as it would be typed: `SUM(B2:C2,$表!A1)`.
fn plain_formula(formula: &str) -> Box<str> {
    let formula = match formula.split_once(":=") {
        Some((namespace, formula)) if namespace.bytes().all(|b| b.is_ascii_lowercase()) => formula,
        _ => formula.strip_prefix('=').unwrap_or(formula),
    };
    let mut plain = String::with_capacity(formula.len());
    let (mut quoted, mut in_reference, mut before) = (false, false, '\0');
    for c in formula.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                plain.push(c);
            }
            _ if quoted => plain.push(c),
            '[' => in_reference = true,
            ']' => in_reference = false,
            '.' if in_reference && matches!(before, '[' | ':') => {}
            '.' if in_reference => plain.push('!'),
            ';' if !in_reference => plain.push(','),
            _ => plain.push(c),
        }
        before = c;
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_given_as_they_would_be_typed() {
        for (written, plain) in [
            ("of:=SUM([.B2:.C2];[$表.A1])", "SUM(B2:C2,$表!A1)"),
            (
                "of:=IF([.A1]=\"a;[b].c\";1;0.5)",
                "IF(A1=\"a;[b].c\",1,0.5)",
            ),
            ("=A1+1", "A1+1"),
        ] {
            assert_eq!(&*plain_formula(written), plain);
        }
    }

    #[test]
    fn times_are_parts_of_a_day() {
        assert_eq!(days("PT12H00M00S"), Some(0.5));
        assert_eq!(days("PT36H"), Some(1.5));
        assert_eq!(days("noon"), None);
    }
}
