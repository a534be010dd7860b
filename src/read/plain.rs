//! Cells of .xlsx sheets as nearly all programs write them, read straight off.
//!
//! A month of forms is read in the time that its cells take, and calamine, which is ready for any XML, takes three
//! times as long as these need. What is unusual here (prefixes, comments, entities, elements of other names) is no
//! error: the sheet is `None`, and calamine reads all of it. What both can read, both read alike.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem;

use super::budget::Budget;
use super::number_format::Shown;
use super::shared_formulas::SharedFormulas;
use super::xlsx::Formats;
use super::xml::{Event, Xml, unescape};
use super::{Unreadable, cell_error, serial};
use crate::model::{Cell, CellRef, CellValue, float_of};

/// The texts that cells share.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) all: Vec<Arc<str>>,
    /// Of those of which a part is crossed out, what is left.
    left: HashMap<usize, Box<str>>,
}

/// Cells whose text is crossed out in part, with what is left of it.
pub(super) type Struck = Vec<(CellRef, Box<str>)>;

/// The texts that cells share, out of what stands behind the start of `sst`; nothing where there is none.
pub(super) fn strings(items: &str) -> Option<Strings> {
    let mut strings = Strings::default();
    if items.is_empty() {
        return Some(strings);
    }
    (some_strings(items, &mut strings)? == Piece::Last).then_some(strings)
}

/// The same of whole items, of which more may follow.
pub(super) fn some_strings(items: &str, strings: &mut Strings) -> Option<Piece> {
    let mut items = Scanner::new(items);
    loop {
        items.pass_blanks();
        if items.rest.is_empty() {
            return Some(Piece::More);
        }
        if items.take(b"</sst>") {
            return Some(Piece::Last);
        }
        items.take(b"<si>").then_some(())?;
        let text = match items.take(b"<t>") {
            true => {
                let text = plain_text(items.text_until(b'<')?)?;
                items.take(b"/t></si>").then_some(text)?
            }
            false => {
                let (text, left) = runs(items.text_until_tag(b"</si>")?)?;
                if let Some(left) = left {
                    strings.left.insert(strings.all.len(), left);
                }
                text
            }
        };
        strings.all.push(text.into());
    }
}

/// Whether a piece of a part is its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    More,
    Last,
}

/// The text of an item that is made of runs, and what of it is not crossed out where some is; how it is pronounced is
/// left out.
fn runs(item: &str) -> Option<(Cow<'_, str>, Option<Box<str>>)> {
    let mut xml = Xml::new(item);
    let mut text = Cow::Borrowed("");
    let (mut left, mut is_struck, mut any_struck) = (String::new(), false, false);
    loop {
        match xml.next().ok()? {
            Event::Start(tag) if tag.name == "t" => {
                let is_kept = tag.raw("xml:space") == Some("preserve");
                let raw = match xml.next().ok()? {
                    Event::Text(raw) => raw,
                    Event::End => continue,
                    _ => return None,
                };
                let part = match is_kept {
                    true => content(raw)?,
                    false => plain_text(raw)?,
                };
                matches!(xml.next().ok()?, Event::End).then_some(())?;
                match is_struck {
                    true => any_struck |= !part.trim().is_empty(),
                    false => left.push_str(&part),
                }
                match text.is_empty() {
                    true => text = part,
                    false => text.to_mut().push_str(&part),
                }
            }
            Event::Start(tag) if tag.name == "r" => is_struck = false,
            Event::Start(tag) if tag.name == "rPr" => is_struck = is_crossed_out(&mut xml)?,
            Event::Start(tag) if matches!(tag.name, "rPh" | "phoneticPr") => {
                xml.skip().ok()?;
            }
            Event::End => {}
            Event::Eof => return Some((text, any_struck.then(|| left.into()))),
            // Blanks stand between elements.
            Event::Text(raw) if is_blank(raw) => {}
            _ => return None,
        }
    }
}

/// Whether the looks of a run, of which the start has been read, cross it out.
fn is_crossed_out(xml: &mut Xml<'_>) -> Option<bool> {
    let outside = xml.depth() - 1;
    let mut is_struck = false;
    loop {
        match xml.next().ok()? {
            Event::Start(tag) if matches!(tag.name, "strike" | "dstrike") => {
                is_struck = !matches!(tag.raw("val"), Some("0" | "false" | "off"));
            }
            Event::End if xml.depth() == outside => return Some(is_struck),
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// Text without the blanks around it, which count only where a file says so; other spaces, as U+3000, always do.
fn plain_text(raw: &str) -> Option<Cow<'_, str>> {
    let text = content(raw)?;
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(BLANKS)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(BLANKS).to_owned()),
    })
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}

/// Text with its entities replaced. Characters that XML cannot hold are written `_x000D_`; these are not.
fn content(raw: &str) -> Option<Cow<'_, str>> {
    let text = unescape(raw).ok()?;
    (!text.contains("_x")).then_some(text)
}

/// The cells of a sheet, out of what stands behind the start of `sheetData`.
pub(super) fn cells(
    rows: &str,
    strings: &Strings,
    formats: &Formats,
    budget: &mut Budget<'_>,
) -> Option<Result<(Vec<Cell>, Struck), Unreadable>> {
    let before = budget.clone();
    let mut cells = SheetCells::new(rows.len());
    let piece = cells.read(rows, strings, formats, budget);
    if piece == Some(Ok(Piece::More)) || piece.is_none() {
        *budget = before;
        return None;
    }
    piece.map(|piece| piece.map(|_| (cells.cells, cells.struck)))
}

/// The cells of a sheet, as far as it has been read.
pub(super) struct SheetCells {
    pub(super) cells: Vec<Cell>,
    pub(super) struck: Struck,
    shared: SharedFormulas,
}

impl SheetCells {
    /// For a sheet of so many bytes.
    pub(super) fn new(n_bytes: usize) -> Self {
        // A cell takes about 40 bytes of XML. Few sizes, so that memory is used again for the next sheet.
        let n_cells = (n_bytes / 40).min(1 << 16).next_power_of_two();
        Self {
            cells: Vec::with_capacity(n_cells),
            struck: Vec::new(),
            shared: SharedFormulas::default(),
        }
    }

    /// Reads whole rows, of which more may follow; nothing where they are not plain.
    pub(super) fn read(
        &mut self,
        rows: &str,
        strings: &Strings,
        formats: &Formats,
        budget: &mut Budget<'_>,
    ) -> Option<Result<Piece, Unreadable>> {
        let mut sheet = SheetReader {
            scanner: Scanner::new(rows),
            strings,
            formats,
            budget,
            cells: &mut self.cells,
            struck: &mut self.struck,
            left: None,
            shared: &mut self.shared,
            refused: None,
        };
        let piece = sheet.rows();
        match sheet.refused {
            Some(reason) => Some(Err(reason)),
            None => piece.map(Ok),
        }
    }
}

struct SheetReader<'a, 'l, 's> {
    scanner: Scanner<'a>,
    strings: &'s Strings,
    formats: &'s Formats,
    budget: &'s mut Budget<'l>,
    cells: &'s mut Vec<Cell>,
    struck: &'s mut Struck,
    /// What is left of the last text, where a part of it is crossed out.
    left: Option<Box<str>>,
    shared: &'s mut SharedFormulas,
    /// Why a cell was not kept.
    refused: Option<Unreadable>,
}

/// The start tag of a cell.
struct Head<'a> {
    at: CellRef,
    format: Option<u16>,
    kind: &'a [u8],
    end: TagEnd,
}

/// How a start tag ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TagEnd {
    Open,
    Empty,
}

impl<'a> SheetReader<'a, '_, '_> {
    fn rows(&mut self) -> Option<Piece> {
        loop {
            self.scanner.pass_blanks();
            if self.scanner.rest.is_empty() {
                return Some(Piece::More);
            }
            if self.scanner.take(b"</sheetData>") {
                return self.scanner.rest.is_empty().then_some(Piece::Last);
            }
            self.scanner.take(b"<row").then_some(())?;
            let end = self.scanner.attributes(|name, value| match name {
                b"r" => number(value).filter(|&row| row > 0).map(|_| ()),
                _ => Some(()),
            })?;
            if end == TagEnd::Open {
                self.row()?;
            }
        }
    }

    fn row(&mut self) -> Option<()> {
        loop {
            if self.scanner.take(b"<c ") {
                self.cell()?;
            } else if self.scanner.take(b"</row>") {
                return Some(());
            } else {
                self.scanner.pass_some_blanks()?;
            }
        }
    }

    /// The rest of a cell, behind the name of its tag.
    fn cell(&mut self) -> Option<()> {
        let head = self.scanner.head()?;
        if head.end == TagEnd::Empty {
            return Some(());
        }
        let shown = self.formats.by_idx(head.format);
        let (mut value, mut formula) = (None, None);
        loop {
            if self.scanner.take(b"<v>") {
                // A second one would take the place of the first.
                value.is_none().then_some(())?;
                value = Some(self.value(head.kind, shown?)?);
                self.scanner.take(b"</v>").then_some(())?;
            } else if self.scanner.take(b"</c>") {
                break;
            } else if self.scanner.take(b"<v/>") || self.scanner.take(b"<v />") {
                (value.is_none() && is_known(head.kind)).then_some(())?;
                value = Some(None);
            } else if self.scanner.take(b"<f") {
                formula.is_none().then_some(())?;
                formula = Some(self.formula(head.at)?);
            } else if self.scanner.take(b"<is>") {
                (value.is_none() && head.kind == b"inlineStr").then_some(())?;
                value = Some(Some(CellValue::Text(self.inline()?.into())));
            } else {
                self.scanner.pass_some_blanks()?;
            }
        }
        let value = match value.flatten() {
            Some(value) => value,
            None if formula.is_some() => CellValue::NotCalculated,
            None => return Some(()),
        };
        if let Some(left) = self.left.take() {
            self.struck.push((head.at, left));
        }
        let shown = shown?;
        let kept = (self.budget).keep(self.cells, head.at, value, shown.figure, formula);
        self.refused = kept.err();
        self.refused.is_none().then_some(())
    }

    /// What a `v` element holds, up to its end; nothing where it is blank.
    fn value(&mut self, kind: &[u8], shown: Shown) -> Option<Option<CellValue>> {
        if kind == b"str" {
            let text = content(self.scanner.text_before(b'<')?)?;
            return Some(Some(CellValue::Text(text.into())));
        }
        if self.scanner.rest.starts_with(b"<") {
            return is_known(kind).then_some(None);
        }
        Some(Some(match kind {
            b"" | b"n" => serial::value(self.scanner.float()?, shown, self.formats.is_1904),
            b"s" => {
                let idx = self.scanner.digits()? as usize;
                self.left = self.strings.left.get(&idx).cloned();
                CellValue::Text(self.strings.all.get(idx)?.clone())
            }
            b"b" => CellValue::Bool(match self.scanner.text_before(b'<')? {
                "0" => false,
                "1" => true,
                _ => return None,
            }),
            b"e" => CellValue::Error(cell_error::known(self.scanner.text_before(b'<')?)?),
            _ => return None,
        }))
    }

    /// The rest of a formula, behind the name of its tag.
    fn formula(&mut self, at: CellRef) -> Option<Box<str>> {
        let (mut is_shared, mut idx, mut has_range) = (false, None, false);
        let end = self.scanner.attributes(|name, value| {
            match name {
                b"t" => is_shared = value == b"shared",
                b"si" => idx = Some(number(value)? as usize),
                b"ref" => has_range = true,
                _ => {}
            }
            Some(())
        })?;
        let text = match end {
            TagEnd::Empty => Cow::Borrowed(""),
            TagEnd::Open => {
                let raw = self.scanner.text_until(b'<')?;
                self.scanner.take(b"/f>").then_some(())?;
                unescape(raw).ok()?
            }
        };
        Some(match (is_shared, has_range) {
            (false, _) => SharedFormulas::own(&text),
            (true, true) => self.shared.first(idx?, at, &text),
            (true, false) => self.shared.further(idx?, at, self.budget),
        })
    }

    /// The rest of a text that is written in its cell.
    fn inline(&mut self) -> Option<Cow<'a, str>> {
        if self.scanner.rest.starts_with(b"<r>") {
            let (text, left) = runs(self.scanner.text_until_tag(b"</is>")?)?;
            self.left = left;
            return Some(text);
        }
        let is_kept = self.scanner.take(b"<t xml:space=\"preserve\">");
        (is_kept || self.scanner.take(b"<t>")).then_some(())?;
        let raw = self.scanner.text_until(b'<')?;
        self.scanner.take(b"/t></is>").then_some(())?;
        match is_kept {
            true => content(raw),
            false => plain_text(raw),
        }
    }
}

/// Whether a cell of this type is blank where it has no value.
fn is_known(kind: &[u8]) -> bool {
    matches!(kind, b"" | b"n" | b"s" | b"b" | b"e")
}

/// Walks through markup that is known beforehand, byte by byte: what comes next is near.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
        }
    }

    /// Passes over `text`, if it comes next.
    #[inline(always)]
    fn take(&mut self, text: &[u8]) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What comes before the next `byte`, which is passed over.
    fn until(&mut self, byte: u8) -> Option<&'a [u8]> {
        let (before, rest) = self
            .rest
            .split_at(self.rest.iter().position(|&b| b == byte)?);
        self.rest = &rest[1..];
        Some(before)
    }

    fn text_until(&mut self, byte: u8) -> Option<&'a str> {
        std::str::from_utf8(self.until(byte)?).ok()
    }

    /// What comes before the next `byte`.
    fn text_before(&mut self, byte: u8) -> Option<&'a str> {
        let (before, rest) = self
            .rest
            .split_at(self.rest.iter().position(|&b| b == byte)?);
        self.rest = rest;
        std::str::from_utf8(before).ok()
    }

    /// What comes before a tag, which is passed over.
    fn text_until_tag(&mut self, tag: &[u8]) -> Option<&'a str> {
        let (before, rest) = self.rest.split_at(memmem::find(self.rest, tag)?);
        self.rest = &rest[tag.len()..];
        std::str::from_utf8(before).ok()
    }

    fn pass_blanks(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Nothing where no blank comes next.
    fn pass_some_blanks(&mut self) -> Option<()> {
        let before = self.rest.len();
        self.pass_blanks();
        (self.rest.len() < before).then_some(())
    }

    /// The attributes of a start tag, to its end.
    fn attributes(
        &mut self,
        mut each: impl FnMut(&'a [u8], &'a [u8]) -> Option<()>,
    ) -> Option<TagEnd> {
        loop {
            if let Some(end) = self.tag_end() {
                return Some(end);
            }
            let (name, value) = self.attribute()?;
            each(name, value)?;
        }
    }

    /// The end of a start tag, if it comes next.
    #[inline(always)]
    fn tag_end(&mut self) -> Option<TagEnd> {
        while self.take(b" ") {}
        if self.take(b">") {
            Some(TagEnd::Open)
        } else {
            self.take(b"/>").then_some(TagEnd::Empty)
        }
    }

    fn attribute(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let name = self.until(b'=')?;
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_');
        (name.iter().all(is_name) && self.take(b"\"")).then_some(())?;
        Some((name, self.until(b'"')?))
    }

    /// The attributes of a cell that says where it stands.
    fn head(&mut self) -> Option<Head<'a>> {
        let (mut at, mut format, mut kind) = (None, None, None);
        let end = loop {
            if let Some(end) = self.tag_end() {
                break end;
            }
            // Of an attribute that is given twice, another reader may take the other.
            let is_first = if self.take(b"r=\"") {
                at.replace(self.address()?).is_none()
            } else if self.take(b"s=\"") {
                format
                    .replace(u16::try_from(self.digits()?).ok()?)
                    .is_none()
            } else if self.take(b"t=\"") {
                let end = self.rest.iter().position(|&b| b == b'"')?;
                let (value, rest) = self.rest.split_at(end);
                self.rest = rest;
                kind.replace(value).is_none()
            } else {
                self.attribute()?;
                continue;
            };
            (is_first && self.take(b"\"")).then_some(())?;
        };
        Some(Head {
            at: at?,
            format,
            kind: kind.unwrap_or_default(),
            end,
        })
    }

    /// `B7`
    fn address(&mut self) -> Option<CellRef> {
        let mut col = 0u32;
        while let [letter @ b'A'..=b'Z', rest @ ..] = self.rest {
            col = col
                .checked_mul(26)?
                .checked_add(u32::from(letter - b'A') + 1)?;
            self.rest = rest;
        }
        let row = self.digits()?;
        Some(CellRef::new(row.checked_sub(1)?, col.checked_sub(1)?))
    }

    /// A whole number.
    #[inline]
    fn digits(&mut self) -> Option<u32> {
        let before = self.rest.len();
        let mut number = 0u32;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            number = number
                .checked_mul(10)?
                .checked_add(u32::from(digit - b'0'))?;
            self.rest = rest;
        }
        (self.rest.len() < before).then_some(number)
    }

    /// A number, up to the tag behind it.
    fn float(&mut self) -> Option<f64> {
        self.short_float()
            .or_else(|| float(self.text_before(b'<')?))
    }

    /// Digits with a point among them, as most figures are; nothing of any other number.
    fn short_float(&mut self) -> Option<f64> {
        let (mut digits, mut n_digits, mut point) = (0i64, 0, None);
        let mut rest = self.rest;
        loop {
            match rest {
                [digit @ b'0'..=b'9', after @ ..] if n_digits < 15 => {
                    digits = digits * 10 + i64::from(digit - b'0');
                    n_digits += 1;
                    rest = after;
                }
                [b'.', after @ ..] if point.is_none() => {
                    point = Some(n_digits);
                    rest = after;
                }
                [b'<', ..] if n_digits > 0 => break,
                _ => return None,
            }
        }
        self.rest = rest;
        let decimals = point.map_or(0, |point| n_digits - point);
        float_of(digits, decimals)
    }
}

/// Digits alone.
fn number(raw: &[u8]) -> Option<u32> {
    let mut scanner = Scanner { rest: raw };
    let number = scanner.digits()?;
    scanner.rest.is_empty().then_some(number)
}

/// A number as spreadsheet programs write it; the words for infinity that Rust knows besides are none.
fn float(raw: &str) -> Option<f64> {
    let is_number = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'E' | b'e');
    let is_plain = !raw.starts_with('+') && raw.bytes().all(is_number);
    let number = is_plain.then(|| raw.parse().ok())?;
    number.filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, xlsx};
    use super::*;

    /// What a row of cells comes to, or that it is left to calamine.
    fn read(cells: &str) -> String {
        let limits = Limits::default();
        let formats = xlsx::Formats {
            shown: vec![Shown::default(), Shown::by_code("yyyy-mm-dd")],
            are_given: true,
            is_1904: false,
        };
        let strings = Strings {
            all: vec!["轮台镇".into()],
            left: HashMap::new(),
        };
        let rows = format!("<row r=\"1\" spans=\"1:2\">{cells}</row></sheetData>");
        let cells = super::cells(&rows, &strings, &formats, &mut Budget::new(&limits));
        let Some(cells) = cells else {
            return "left".to_owned();
        };
        let show = |cell: &Cell| {
            let formula = (cell.formula.iter()).map(|formula| format!(" ={formula}"));
            let value = match &cell.value {
                CellValue::Date(date) => date.to_string(),
                value => format!("{value:?}"),
            };
            format!("{} {value}{}", cell.at, formula.collect::<String>())
        };
        let (cells, _) = cells.expect("few cells");
        cells.iter().map(show).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn cells_as_programs_write_them_are_read() {
        for (cells, shown) in [
            (r#"<c r="A1"><v>12.5</v></c>"#, "A1 Number(12.5)"),
            (
                r#"<c r="A1"><v>-0.1</v></c><c r="B1"><v>3.0000000000000001E-3</v></c>"#,
                "A1 Number(-0.1); B1 Number(0.003)",
            ),
            (
                r#"<c r="A1"><v>123456789012345.75</v></c>"#,
                "A1 Number(123456789012345.75)",
            ),
            (
                r#"<c r="A1" s="1"><v></v></c><c r="B1"><v>.5</v></c>"#,
                "B1 Number(0.5)",
            ),
            (
                r#"<c r="AB12" s="1" t="n"><v>45443</v></c>"#,
                "AB12 2024-05-31",
            ),
            (
                r#"<c r="A1" t="s"><v>0</v></c> <c r="B1" s="1" />"#,
                "A1 Text(\"轮台镇\")",
            ),
            (
                r#"<c r="A1" t="str"><f>A2&amp;"b"</f><v></v></c>"#,
                r#"A1 Text("") =A2&"b""#,
            ),
            (r#"<c r="A1"><f>1+1</f><v /></c>"#, "A1 NotCalculated =1+1"),
            (
                r#"<c r="A1" t="inlineStr"><is><t> 一&lt;二 </t></is></c>"#,
                "A1 Text(\"一<二\")",
            ),
            (
                r#"<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 一</t></is></c>"#,
                "A1 Text(\" 一\")",
            ),
            (r#"<c r="A1" t="b"><v>1</v></c>"#, "A1 Bool(true)"),
            (r##"<c r="A1" t="e"><v>#N/A</v></c>"##, "A1 Error(\"#N/A\")"),
            (
                r#"<c r="C1"><f t="shared" ref="C1:C2" si="0">A1*2</f><v>2</v></c><c r="C2"><f t="shared" si="0"/><v>4</v></c>"#,
                "C1 Number(2.0) =A1*2; C2 Number(4.0) =A2*2",
            ),
        ] {
            assert_eq!(read(cells), shown, "{cells}");
        }
    }

    #[test]
    fn what_is_unusual_is_left_to_calamine() {
        for cells in [
            "<c><v>1</v></c>",
            "<c r='A1'><v>1</v></c>",
            r#"<c r="1A"><v>1</v></c>"#,
            r#"<c r="A0"><v>1</v></c>"#,
            r#"<c r="A1"><v>1</v><v>2</v></c>"#,
            r#"<c r="A1" t="n" t="s"><v>0</v></c>"#,
            r#"<c r="A1"><v>1</c>"#,
            r#"<c r="A1"><v>1<!-- --></v></c>"#,
            r#"<c r="A1"><v> 1</v></c>"#,
            r#"<c r="A1"><v>inf</v></c>"#,
            r#"<c r="A1"><v>+1</v></c>"#,
            r#"<c r="A1"><v>1.2.3</v></c>"#,
            r#"<c r="A1x"><v>1</v></c>"#,
            r#"<c r="A99999999999"><v>1</v></c>"#,
            r#"<c r="A1"><v>1e999</v></c>"#,
            r#"<c r="A1" t="s"><v>1</v></c>"#,
            r#"<c r="A1" t="d"><v>2024-05-31</v></c>"#,
            r#"<c r="A1" t="6"><v></v></c>"#,
            r#"<c r="A1" t="str"><v>_x000D_</v></c>"#,
            r#"<c r="A1" t="str"><v>&unknown;</v></c>"#,
            r#"<c r="A1" t="inlineStr"><is><r><x:t>a</x:t></r><y/></is></c>"#,
            r#"<x:c r="A1"><v>1</v></x:c>"#,
            r#"<c r="A1"><v>1</v></c><!-- -->"#,
            r#"<c r="A1" s="2"><v>1</v></c>"#,
            r#"<c r="A1" s="70000"><v>1</v></c>"#,
            r#"<c r="A1"><v>1</v></c></row>"#,
        ] {
            assert_eq!(read(cells), "left", "{cells}");
        }
    }

    #[test]
    fn short_numbers_are_the_floats_that_the_library_reads() {
        let mut digits = 1u64;
        for step in 0..200_000u64 {
            // Numbers of every length, in a fixed order.
            digits = digits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(step | 1);
            let whole = (digits >> 8) % 10u64.pow((step % 15) as u32 + 1);
            let decimals = (digits % 16) as usize;
            let text = format!("{whole:0>width$}", width = decimals + 1);
            let (before, after) = text.split_at(text.len() - decimals);
            let text = format!("{before}.{after}");
            let read: f64 = text.parse().expect("a number");
            let marked = format!("{text}<");
            let short = Scanner::new(&marked).short_float();
            assert!(short.is_none_or(|short| short == read), "{text}");
            assert_eq!(short.is_some(), text.len() <= 16, "{text}");
        }
    }

    #[test]
    fn texts_that_cells_share_are_read() {
        for (items, shown) in [
            ("", Some(vec![])),
            (
                "<si><t>一</t></si>\n<si><t> 二\r\n三 </t></si></sst>",
                Some(vec!["一", "二\n三"]),
            ),
            (
                r#"<si><t xml:space="preserve"> 一</t><phoneticPr fontId="1"/></si></sst>"#,
                Some(vec![" 一"]),
            ),
            (
                "<si><r><rPr><b/></rPr><t>一</t></r><r><t>二</t></r><rPh><t>er</t></rPh></si><si><t/></si></sst>",
                Some(vec!["一二", ""]),
            ),
            ("<si><t>一</t></si>", None),
            ("<si><t>_x000D_</t></si></sst>", None),
            ("<si><t><![CDATA[一]]></t></si></sst>", None),
            ("<x:si><x:t>一</x:t></x:si></sst>", None),
        ] {
            let strings = strings(items);
            let strings = strings
                .as_ref()
                .map(|strings| strings.all.iter().map(|text| &**text).collect());
            assert_eq!(strings, shown, "{items}");
        }
    }

    #[test]
    fn what_is_left_of_a_text_that_is_crossed_out_in_part() {
        let run = |looks: &str, text: &str| format!("<r><rPr>{looks}</rPr><t>{text}</t></r>");
        for (item, shown) in [
            (
                run("<strike/>", "331.6") + &run("<b/>", "340.2"),
                Some("340.2"),
            ),
            (
                run("<b/><strike val=\"1\"/>", "97") + "<r><t>971</t></r>",
                Some("971"),
            ),
            (run("<strike val=\"0\"/>", "331.6") + &run("", "亩"), None),
            (run("<strike/>", " ") + &run("", "331.6"), None),
            (run("<strike/>", "331.6"), Some("")),
        ] {
            let strings = strings(&format!("<si>{item}</si></sst>")).expect("plain");
            assert_eq!(strings.left.get(&0).map(|left| &**left), shown, "{item}");
        }
    }
}
