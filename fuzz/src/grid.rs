//! Workbooks from lines of text, as a clerk would type them.
//!
//! The first line of an input is the name of the file. Sheets stand behind each other with a form feed
//! between them; the first line of each is its name. A line is a row, a tab ends a cell. A figure is a number
//! (`40.0` with a format of one decimal), `0.4[0%]` a number shown as 40%, `=A1+B1` a formula without a value,
//! `=A1+B1 -> 3` one with, `'12` and all else a text, in which `⏎` is a line break. `<` joins a cell with
//! that on its left, `^` with that above.

use std::fmt::Write;

use hebiao::model::{Cell, CellRange, CellRef, CellValue, NumberFormat, Sheet, Workbook};

use crate::packages::{XLSX, zipped};

/// More rows and columns than a form has are no use.
const MAX_ROWS: usize = 300;
const MAX_COLUMNS: usize = 60;

/// A file made of an input.
pub struct GridFile {
    /// Its name.
    pub name: String,
    /// Its sheets.
    pub sheets: Vec<Sheet>,
}

impl GridFile {
    /// Reads an input.
    pub fn of(data: &[u8]) -> Self {
        let text = String::from_utf8_lossy(data);
        let (name, sheets) = text.split_once('\n').unwrap_or((&text, ""));
        let sheets = sheets.split('\u{c}').take(6).enumerate();
        let sheets = sheets.map(|(idx, text)| sheet(idx, text));
        Self {
            name: file_name(name),
            sheets: sheets.collect(),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        xlsx(&self.sheets)
    }
}

/// A name that every system takes.
fn file_name(typed: &str) -> String {
    let fits = |c: &char| !c.is_control() && !matches!(c, '/' | '\\');
    let name: String = typed.chars().filter(fits).take(50).collect();
    match name.trim_matches(['.', ' ']) {
        "" => "表.xlsx".to_owned(),
        name => name.to_owned(),
    }
}

fn sheet(idx: usize, text: &str) -> Sheet {
    let (name, rows) = text.split_once('\n').unwrap_or((text, ""));
    let name: String = name.chars().filter(|c| is_xml(*c)).take(31).collect();
    let mut cells = Vec::new();
    let mut joined: Vec<(CellRef, bool)> = Vec::new();
    for (row, line) in rows.split('\n').take(MAX_ROWS).enumerate() {
        for (col, written) in line.split('\t').take(MAX_COLUMNS).enumerate() {
            let at = CellRef::new(row as u32, col as u32);
            match written {
                "" => {}
                "<" if col > 0 => joined.push((at, true)),
                "^" if row > 0 => joined.push((at, false)),
                written => cells.extend(cell(at, written)),
            }
        }
    }
    Sheet::new(format!("{name}{idx}"), true, cells, merged(&joined))
}

fn merged(joined: &[(CellRef, bool)]) -> Vec<CellRange> {
    let mut merges: Vec<CellRange> = Vec::new();
    for &(at, left) in joined {
        let neighbour = match left {
            true => CellRef::new(at.row, at.col - 1),
            false => CellRef::new(at.row - 1, at.col),
        };
        match merges.iter_mut().find(|merge| merge.contains(neighbour)) {
            Some(merge) => {
                merge.end = CellRef::new(merge.end.row.max(at.row), merge.end.col.max(at.col));
            }
            None => merges.push(CellRange::new(neighbour, at)),
        }
    }
    merges
}

/// One cell as it is written, unless it is blank.
pub fn cell(at: CellRef, written: &str) -> Option<Cell> {
    let text = |text: &str| {
        let text: String = text
            .replace('⏎', "\n")
            .chars()
            .filter(|c| is_xml(*c))
            .collect();
        CellValue::Text(text.into())
    };
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let mut format = NumberFormat::default();
    let mut formula = None;
    let value = if let Some(typed) = written.strip_prefix('\'') {
        text(typed)
    } else if let Some(typed) = written.strip_prefix('=') {
        let (typed, value) = typed.split_once(" -> ").unwrap_or((typed, ""));
        formula = Some(
            typed
                .chars()
                .filter(|c| is_xml(*c))
                .collect::<String>()
                .into(),
        );
        match number(value) {
            Some(number) => CellValue::Number(number),
            None => CellValue::NotCalculated,
        }
    } else if let Some((share, number)) = written
        .strip_suffix("[0%]")
        .and_then(|share| Some((share, number(share)?)))
    {
        format.percent = true;
        format.decimals = Some(share.split_once('.').map_or(0, |_| 2));
        CellValue::Number(number)
    } else if let Some(number) = number(written) {
        format.decimals = written
            .split_once('.')
            .and_then(|(_, decimals)| match decimals.len() {
                1 | 2 => u8::try_from(decimals.len()).ok(),
                _ => None,
            });
        CellValue::Number(number)
    } else {
        text(written)
    };
    if value == CellValue::Text("".into()) {
        return None;
    }
    Some(Cell {
        at,
        value,
        format,
        formula,
    })
}

fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// An .xlsx with these sheets.
pub fn xlsx(sheets: &[Sheet]) -> Vec<u8> {
    let head = "http://schemas.openxmlformats.org";
    let mut entries = String::new();
    let mut links = String::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    for (idx, sheet) in sheets.iter().enumerate() {
        let name = escaped(&sheet.name);
        let _ = write!(
            entries,
            "<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"r{idx}\"/>",
            idx + 1
        );
        let _ = write!(
            links,
            "<Relationship Id=\"r{idx}\" Type=\"{head}/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/s{idx}.xml\"/>"
        );
        parts.push((format!("xl/worksheets/s{idx}.xml"), sheet_part(sheet)));
    }
    let _ = write!(
        links,
        "<Relationship Id=\"st\" Type=\"{head}/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>"
    );
    parts.push(("xl/workbook.xml".into(), format!("<workbook xmlns=\"{head}/spreadsheetml/2006/main\" xmlns:r=\"{head}/officeDocument/2006/relationships\"><sheets>{entries}</sheets></workbook>")));
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!(
            "<Relationships xmlns=\"{head}/package/2006/relationships\">{links}</Relationships>"
        ),
    ));
    let formats = [0, 180, 2, 9, 10];
    let formats: String = formats
        .iter()
        .map(|id| format!("<xf numFmtId=\"{id}\"/>"))
        .collect();
    parts.push(("xl/styles.xml".into(), format!("<styleSheet xmlns=\"{head}/spreadsheetml/2006/main\"><numFmts><numFmt numFmtId=\"180\" formatCode=\"0.0\"/></numFmts><fonts><font/></fonts><fills><fill/><fill/></fills><borders><border/></borders><cellXfs>{formats}</cellXfs></styleSheet>")));
    let usual = XLSX
        .0
        .iter()
        .filter(|(name, _)| matches!(*name, "_rels/.rels" | "[Content_Types].xml"));
    let parts = parts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()));
    zipped(&usual.copied().chain(parts).collect::<Vec<_>>(), false)
}

fn sheet_part(sheet: &Sheet) -> String {
    let mut part = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>".to_owned();
    for (row, cells) in sheet.rows() {
        let _ = write!(part, "<row r=\"{}\">", row + 1);
        for cell in cells {
            let style = match (cell.format.percent, cell.format.decimals) {
                (true, Some(2)) => 4,
                (true, _) => 3,
                (false, Some(1)) => 1,
                (false, Some(2)) => 2,
                (false, _) => 0,
            };
            let formula = cell.formula.as_ref().map_or(String::new(), |formula| {
                format!("<f>{}</f>", escaped(formula))
            });
            let _ = match &cell.value {
                CellValue::Number(number) => write!(
                    part,
                    "<c r=\"{}\" s=\"{style}\">{formula}<v>{number}</v></c>",
                    cell.at
                ),
                CellValue::Text(text) => write!(
                    part,
                    "<c r=\"{}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    cell.at,
                    escaped(text)
                ),
                _ => write!(part, "<c r=\"{}\">{formula}</c>", cell.at),
            };
        }
        part.push_str("</row>");
    }
    part.push_str("</sheetData>");
    if !sheet.merges.is_empty() {
        part.push_str("<mergeCells>");
        for merge in &sheet.merges {
            let _ = write!(part, "<mergeCell ref=\"{merge}\"/>");
        }
        part.push_str("</mergeCells>");
    }
    part.push_str("</worksheet>");
    part
}

/// Characters that XML takes for its own, written otherwise; underscores too, which a workbook takes for escapes.
fn escaped(text: &str) -> String {
    let escape = |c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\n' => "&#10;".to_owned(),
        '\t' => "&#9;".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// The input that makes a file like a workbook, for seeds.
pub fn input(name: &str, workbook: &Workbook) -> Vec<u8> {
    let mut input = format!("{name}\n");
    for (idx, sheet) in workbook.sheets.iter().take(6).enumerate() {
        if idx > 0 {
            input.push('\u{c}');
        }
        let _ = writeln!(input, "{}", sheet.name);
        let last = sheet.cells().last().map_or(0, |cell| cell.at.row);
        for row in 0..=last.min(MAX_ROWS as u32) {
            let width = sheet.row(row).last().map_or(0, |cell| cell.at.col + 1);
            for col in 0..width.min(MAX_COLUMNS as u32) {
                if col > 0 {
                    input.push('\t');
                }
                input += &written(sheet, CellRef::new(row, col));
            }
            input.push('\n');
        }
    }
    input.into_bytes()
}

fn written(sheet: &Sheet, at: CellRef) -> String {
    let merge = sheet.merge_at(at).filter(|merge| merge.start != at);
    if let Some(merge) = merge {
        return if at.col > merge.start.col { "<" } else { "^" }.to_owned();
    }
    let Some(cell) = sheet.get(at) else {
        return String::new();
    };
    if let Some(formula) = cell.formula.as_ref().filter(|formula| !formula.is_empty()) {
        return match &cell.value {
            CellValue::Number(number) => format!("={formula} -> {number}"),
            _ => format!("={formula}"),
        };
    }
    match &cell.value {
        CellValue::Number(number) if cell.format.percent => format!("{number}[0%]"),
        CellValue::Number(number) => match cell.format.decimals {
            Some(decimals) => format!("{number:.*}", usize::from(decimals.min(2))),
            None => number.to_string(),
        },
        CellValue::Text(text) => {
            let text = text.replace('\n', "⏎").replace(['\t', '\r'], " ");
            match text.parse::<f64>() {
                Ok(_) => format!("'{text}"),
                Err(_) => text,
            }
        }
        CellValue::Date(date) => date.to_string(),
        CellValue::Bool(value) => value.to_string(),
        CellValue::Error(error) => (*error).to_owned(),
        CellValue::NotCalculated => String::new(),
    }
}
