//! An .xlsx out of the values and the looks of a workbook in an older format.
//!
//! What .xls knows, .xlsx knows under the same numbers, so that nearly all of it is written as it was read. Formulas are
//! written with the results that were saved; one that could not be read, or that leads to a sheet which is not in
//! the copy, is only its result there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::explanations;
use crate::model::looks::{
    CellFormat, Colour, Condition, ConditionLook, Fill, Font, Line, Looks, NumberCode, Page,
    RowLooks, SheetLooks, Validation,
};
use crate::model::{Cell, CellRange, CellRef, CellValue, Sheet, Workbook};
use crate::report::workbook::text;

use super::convert::{Converted, free_name};
use super::notes;
use super::sheet::SheetPart;
use super::xml::{escape, escape_attribute};
use super::{AnnotateError, STYLES_TYPE, XML_HEAD};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORKBOOK_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
const PACKAGE_LINKS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// Excel takes no longer address of a link.
const LONGEST_LINK: usize = 2_000;

/// The new workbook.
pub(super) fn to_xlsx(workbook: &Workbook, looks: &Looks) -> Result<Converted, AnnotateError> {
    let forms: Vec<&Sheet> = (workbook.sheets.iter())
        .filter(|sheet| !explanations::is_ours(sheet))
        .collect();
    let mut taken: Vec<String> = Vec::new();
    let mut names: HashMap<String, String> = HashMap::new();
    for sheet in &forms {
        let name = free_name(&sheet.name, &taken);
        names.entry(sheet.name.clone()).or_insert(name.clone());
        taken.push(name);
    }
    let is_whole = workbook.unreadable_sheets.is_empty() && workbook.skipped_sheets.is_empty();
    let mut styles = StyleSheet::new(looks);
    let mut book = Book {
        looks,
        // References lead to sheets by their names.
        references: is_whole
            && forms
                .iter()
                .zip(&taken)
                .all(|(sheet, name)| sheet.name == *name),
        lost_names: Vec::new(),
    };
    let defined = book.defined_names(&forms);
    let mut package = NewPackage::new();
    let mut lost_formulas = Vec::new();
    let plain = SheetLooks::default();
    for (idx, sheet) in forms.iter().enumerate() {
        let look = looks.sheets.get(&sheet.name).unwrap_or(&plain);
        let mut page = SheetWriter {
            book: &book,
            sheet,
            look,
            styles: &mut styles,
            links: Vec::new(),
            lost: Vec::new(),
        };
        let xml = page.write(idx == first_visible(&forms));
        let (links, lost) = (page.links, page.lost);
        if !lost.is_empty() {
            lost_formulas.push((sheet.name.clone(), lost));
        }
        package.sheet(idx + 1, xml, links, look, sheet)?;
    }
    let uncalculated = forms.iter().any(|sheet| {
        let mut cells = sheet.cells().iter();
        cells.any(|cell| cell.value == CellValue::NotCalculated)
    });
    let main = main_part(&forms, &taken, looks, &defined, uncalculated);
    Ok(Converted {
        bytes: package.finish(&main, &styles.finish(), forms.len())?,
        names,
        lost_formulas,
    })
}

/// A workbook has to show something.
fn first_visible(forms: &[&Sheet]) -> usize {
    forms.iter().position(|sheet| sheet.visible).unwrap_or(0)
}

fn main_part(
    forms: &[&Sheet],
    names: &[String],
    looks: &Looks,
    defined: &str,
    uncalculated: bool,
) -> String {
    let first = first_visible(forms);
    let sheets: String = (forms.iter().zip(names).enumerate())
        .map(|(idx, (sheet, name))| {
            let very_hidden = looks
                .sheets
                .get(&sheet.name)
                .is_some_and(|look| look.very_hidden);
            let state = match (sheet.visible || idx == first, very_hidden) {
                (true, _) => "",
                (false, true) => " state=\"veryHidden\"",
                (false, false) => " state=\"hidden\"",
            };
            let number = idx + 1;
            format!(
                "<sheet name=\"{}\" sheetId=\"{number}\"{state} r:id=\"rId{number}\"/>",
                escape_attribute(name)
            )
        })
        .collect();
    let properties = match looks.is_1904 {
        true => "<workbookPr date1904=\"1\"/>",
        false => "<workbookPr/>",
    };
    let calculation = match uncalculated {
        true => "<calcPr fullCalcOnLoad=\"1\"/>",
        false => "",
    };
    format!(
        "{XML_HEAD}\n<workbook xmlns=\"{MAIN}\" xmlns:r=\"{LINKS}\">{properties}\
         <bookViews><workbookView activeTab=\"{first}\" firstSheet=\"{first}\"/></bookViews>\
         <sheets>{sheets}</sheets>{defined}{calculation}</workbook>"
    )
}

/// What all sheets have to do with.
struct Book<'a> {
    looks: &'a Looks,
    /// Whether references to other sheets lead where they led.
    references: bool,
    /// Names that are not in the copy.
    lost_names: Vec<String>,
}

impl Book<'_> {
    /// A formula, if the copy has all that it refers to.
    fn kept<'f>(&self, formula: &'f str) -> Option<&'f str> {
        // Of so many nobody can say quickly which a formula uses.
        const MOST_LOST: usize = 100;
        let is_lost = formula.is_empty()
            || formula.chars().any(char::is_control)
            || !self.references && formula.contains('!')
            || self.lost_names.len() > MOST_LOST
            || self
                .lost_names
                .iter()
                .any(|name| formula.contains(name.as_str()));
        (!is_lost).then_some(formula)
    }

    fn defined_names(&mut self, forms: &[&Sheet]) -> String {
        let mut xml = String::new();
        let mut seen: HashSet<(String, Option<usize>)> = HashSet::new();
        for name in &self.looks.names {
            let sheet = name.sheet.as_ref();
            let local = sheet.map(|sheet| forms.iter().position(|form| form.name == *sheet));
            let formula = self.kept(&name.formula);
            let key = (name.name.to_lowercase(), local.flatten());
            let (Some(formula), false) = (formula, local == Some(None)) else {
                self.lost_names.push(name.name.clone());
                continue;
            };
            if !seen.insert(key) {
                continue;
            }
            let local = local
                .flatten()
                .map(|idx| format!(" localSheetId=\"{idx}\""));
            let _ = write!(
                xml,
                "<definedName name=\"{}\"{}{}>{}</definedName>",
                escape_attribute(&name.name),
                local.unwrap_or_default(),
                if name.hidden { " hidden=\"1\"" } else { "" },
                escape(formula)
            );
        }
        match xml.is_empty() {
            true => xml,
            false => format!("<definedNames>{xml}</definedNames>"),
        }
    }
}

struct SheetWriter<'a, 's> {
    book: &'a Book<'a>,
    sheet: &'a Sheet,
    look: &'a SheetLooks,
    styles: &'s mut StyleSheet<'a>,
    /// Where links lead out of the workbook, in the order of their ids.
    links: Vec<String>,
    /// Cells whose formulas are only results now.
    lost: Vec<CellRef>,
}

impl SheetWriter<'_, '_> {
    fn write(&mut self, is_active: bool) -> String {
        let fit = match self.look.page.fit {
            Some(_) => "<sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr>",
            None => "",
        };
        let parts = [
            fit.to_owned(),
            self.view(is_active),
            self.sizes(),
            self.columns(),
            self.rows(),
            self.protection(),
            self.filter(),
            self.merges(),
            self.conditions(),
            self.validations(),
            self.hyperlinks(),
            page(&self.look.page),
        ];
        format!(
            "{XML_HEAD}\n<worksheet xmlns=\"{MAIN}\" xmlns:r=\"{LINKS}\">{}</worksheet>",
            parts.concat()
        )
    }

    fn view(&self, is_active: bool) -> String {
        let (rows, cols) = self.look.frozen;
        let panes = match (rows, cols) {
            (0, 0) => String::new(),
            _ => {
                let split = |name, n| match n {
                    0 => String::new(),
                    n => format!(" {name}=\"{n}\""),
                };
                let active = match (rows, cols) {
                    (0, _) => "topRight",
                    (_, 0) => "bottomLeft",
                    _ => "bottomRight",
                };
                format!(
                    "<pane{}{} topLeftCell=\"{}\" activePane=\"{active}\" state=\"frozen\"/>",
                    split("xSplit", cols),
                    split("ySplit", rows),
                    CellRef::new(rows, cols)
                )
            }
        };
        let grid = if self.look.no_grid {
            " showGridLines=\"0\""
        } else {
            ""
        };
        let active = if is_active { " tabSelected=\"1\"" } else { "" };
        let zoom = self
            .look
            .zoom
            .map(|zoom| format!(" zoomScale=\"{zoom}\" zoomScaleNormal=\"{zoom}\""));
        format!(
            "<sheetViews><sheetView{grid}{active}{} workbookViewId=\"0\">{panes}</sheetView></sheetViews>",
            zoom.unwrap_or_default()
        )
    }

    fn sizes(&self) -> String {
        let width = self
            .look
            .default_width
            .filter(|width| (0.0..=255.0).contains(width));
        let width = width.map(|width| format!(" defaultColWidth=\"{width:.2}\""));
        let height = self
            .look
            .default_height
            .filter(|height| (0.0..=409.0).contains(height));
        let rows = self
            .look
            .rows
            .iter()
            .map(|row| row.level)
            .max()
            .unwrap_or(0);
        let cols = self
            .look
            .columns
            .iter()
            .map(|col| col.level)
            .max()
            .unwrap_or(0);
        let level = |name, level| match level {
            0 => String::new(),
            level => format!(" {name}=\"{level}\""),
        };
        format!(
            "<sheetFormatPr{} defaultRowHeight=\"{}\"{}{}/>",
            width.unwrap_or_default(),
            height.filter(|height| *height > 0.0).unwrap_or(14.25),
            level("outlineLevelRow", rows),
            level("outlineLevelCol", cols)
        )
    }

    fn columns(&mut self) -> String {
        let mut columns = self.look.columns.clone();
        columns.sort_by_key(|column| column.columns);
        let mut xml = String::new();
        let mut next = 0;
        for column in columns {
            let (first, last) = (column.columns.0.max(next), column.columns.1.min(255));
            if first > last {
                continue;
            }
            next = last + 1;
            let format = self.styles.known(column.format);
            let style = if format > 0 {
                format!(" style=\"{format}\"")
            } else {
                String::new()
            };
            let _ = write!(
                xml,
                "<col min=\"{}\" max=\"{}\" width=\"{}\" customWidth=\"1\"{style}{}{}/>",
                first + 1,
                last + 1,
                column.width.clamp(0.0, 255.0),
                if column.hidden { " hidden=\"1\"" } else { "" },
                outline(column.level, column.collapsed)
            );
        }
        match xml.is_empty() {
            true => xml,
            false => format!("<cols>{xml}</cols>"),
        }
    }

    fn rows(&mut self) -> String {
        let mut rows: BTreeMap<u32, Option<&RowLooks>> = BTreeMap::new();
        for row in &self.look.rows {
            rows.entry(row.row).or_insert(Some(row));
        }
        for (row, _) in self.sheet.rows() {
            rows.entry(row).or_insert(None);
        }
        // Of a cell that stands there twice the later counts, as for its value.
        let mut looks = self.look.cells.clone();
        looks.sort_by_key(|cell| cell.at);
        for cell in &looks {
            rows.entry(cell.at.row).or_insert(None);
        }
        let runs: HashMap<CellRef, &[(usize, usize)]> = (self.look.runs.iter())
            .map(|(at, runs)| (*at, runs.as_slice()))
            .collect();
        let arrays: HashMap<CellRef, CellRange> = self
            .look
            .arrays
            .iter()
            .map(|range| (range.start, *range))
            .collect();
        let mut looks = looks.into_iter().peekable();
        let mut xml = String::new();
        for (row, look) in rows {
            let _ = write!(xml, "<row r=\"{}\"", row + 1);
            if let Some(look) = look {
                if let Some(format) = look.format.map(|format| self.styles.known(format)) {
                    let _ = write!(xml, " s=\"{format}\" customFormat=\"1\"");
                }
                if look.height > 0.0 && look.height <= 409.5 {
                    let _ = write!(xml, " ht=\"{}\"", look.height);
                    xml.push_str(if look.is_set {
                        " customHeight=\"1\""
                    } else {
                        ""
                    });
                }
                xml.push_str(if look.hidden { " hidden=\"1\"" } else { "" });
                xml.push_str(&outline(look.level, look.collapsed));
            }
            xml.push('>');
            let mut cells = self.sheet.row(row).iter().peekable();
            loop {
                let look = looks.peek().map(|look| look.at).filter(|at| at.row == row);
                let cell = cells.peek().map(|cell| cell.at);
                let Some(at) = look.into_iter().chain(cell).min() else {
                    break;
                };
                let mut found = None;
                while let Some(look) = looks.next_if(|look| look.at == at) {
                    found = Some(look);
                }
                let cell = cells.next_if(|cell| cell.at == at);
                let format = found.map_or(15, |look| look.format);
                let format = self.styles.known(format);
                match cell {
                    None => {
                        let _ = write!(xml, "<c r=\"{at}\" s=\"{format}\"/>");
                    }
                    Some(cell) => {
                        let written = Written {
                            format,
                            number: found.and_then(|look| look.number),
                            runs: runs.get(&at).copied().unwrap_or_default(),
                            array: arrays.get(&at).copied(),
                        };
                        self.cell(&mut xml, cell, written);
                    }
                }
            }
            xml.push_str("</row>");
        }
        format!("<sheetData>{xml}</sheetData>")
    }

    fn cell(&mut self, xml: &mut String, cell: &Cell, written: Written<'_>) {
        let (at, format) = (cell.at, written.format);
        let kept = cell
            .formula
            .as_deref()
            .and_then(|formula| self.book.kept(formula));
        // Of an array only its first cell has the formula.
        let in_array = |at| {
            let arrays = self.look.arrays.iter().take(MOST_ARRAYS);
            arrays
                .into_iter()
                .any(|range| range.contains(at) && range.start != at)
        };
        if cell.formula.is_some() && kept.is_none() && !in_array(at) {
            self.lost.push(at);
        }
        let formula = match (kept, written.array) {
            (None, _) => String::new(),
            (Some(formula), None) => format!("<f>{}</f>", escape(formula)),
            (Some(formula), Some(range)) => {
                format!("<f t=\"array\" ref=\"{range}\">{}</f>", escape(formula))
            }
        };
        let (kind, value) = match &cell.value {
            CellValue::Number(number) => ("", number.to_string()),
            CellValue::Date(date) => match written.number {
                Some(number) => ("", number.to_string()),
                None => (" t=\"str\"", escape(&date.to_string())),
            },
            CellValue::Bool(value) => (" t=\"b\"", u8::from(*value).to_string()),
            CellValue::Error(error) if ERRORS.contains(error) => (" t=\"e\"", (*error).to_owned()),
            CellValue::Error(error) => (" t=\"str\"", escape(error)),
            CellValue::NotCalculated => ("", String::new()),
            CellValue::Text(text) if kept.is_some() => (" t=\"str\"", escape(&text::fit(text))),
            CellValue::Text(text) => {
                let text = self.rich_text(&text::fit(text), written.runs);
                let _ = write!(
                    xml,
                    "<c r=\"{at}\" s=\"{format}\" t=\"inlineStr\"><is>{text}</is></c>"
                );
                return;
            }
        };
        let _ = match (value.is_empty() && kind.is_empty(), formula.is_empty()) {
            (true, true) => write!(xml, "<c r=\"{at}\" s=\"{format}\"/>"),
            (true, false) => write!(xml, "<c r=\"{at}\" s=\"{format}\">{formula}</c>"),
            _ => write!(
                xml,
                "<c r=\"{at}\" s=\"{format}\"{kind}>{formula}<v>{value}</v></c>"
            ),
        };
    }

    /// A text whose parts may have fonts of their own, from which UTF-16 unit on.
    fn rich_text(&self, text: &str, runs: &[(usize, usize)]) -> String {
        let whole = |text: &str| format!("<t xml:space=\"preserve\">{}</t>", escape(text));
        let units: Vec<u16> = text.encode_utf16().collect();
        let is_sound = runs.windows(2).all(|pair| pair[0].0 < pair[1].0)
            && runs.last().is_some_and(|run| run.0 < units.len());
        if !is_sound {
            return whole(text);
        }
        let ends = runs[1..].iter().map(|run| run.0).chain([units.len()]);
        let head = &units[..runs[0].0];
        let mut rich = match head.is_empty() {
            true => String::new(),
            false => format!("<r>{}</r>", whole(&String::from_utf16_lossy(head))),
        };
        for ((start, font), end) in runs.iter().zip(ends) {
            let part = whole(&String::from_utf16_lossy(&units[*start..end]));
            let font = self.book.looks.fonts.get(*font);
            let font = font.map(|font| font_xml(font, "rPr", "rFont"));
            let _ = write!(rich, "<r>{}{part}</r>", font.unwrap_or_default());
        }
        rich
    }

    fn protection(&self) -> String {
        match self.look.protected {
            None => String::new(),
            Some(0) => "<sheetProtection sheet=\"1\" objects=\"1\" scenarios=\"1\"/>".to_owned(),
            Some(password) => format!(
                "<sheetProtection password=\"{password:04X}\" sheet=\"1\" objects=\"1\" scenarios=\"1\"/>"
            ),
        }
    }

    fn filter(&self) -> String {
        let filter = self.look.filter.filter(|range| range.end.col < 256);
        filter.map_or(String::new(), |range| {
            format!("<autoFilter ref=\"{range}\"/>")
        })
    }

    fn merges(&self) -> String {
        let merges: String = (self.sheet.merges.iter())
            .map(|range| format!("<mergeCell ref=\"{range}\"/>"))
            .collect();
        match self.sheet.merges.len() {
            0 => merges,
            n => format!("<mergeCells count=\"{n}\">{merges}</mergeCells>"),
        }
    }

    fn conditions(&mut self) -> String {
        let mut xml = String::new();
        for (idx, condition) in self.look.conditions.iter().enumerate() {
            let formulas: Option<Vec<&str>> = (condition.formulas.iter().flatten())
                .map(|formula| self.book.kept(formula))
                .collect();
            let Some(formulas) = formulas.filter(|formulas| !formulas.is_empty()) else {
                continue;
            };
            let Some(rule) = condition_rule(condition, formulas.len()) else {
                continue;
            };
            let formulas: String = (formulas.iter())
                .map(|formula| format!("<formula>{}</formula>", escape(formula)))
                .collect();
            let look = self.styles.condition(&condition.look);
            let _ = write!(
                xml,
                "<conditionalFormatting sqref=\"{}\"><cfRule {rule} dxfId=\"{look}\" priority=\"{}\">{formulas}</cfRule></conditionalFormatting>",
                ranges(&condition.ranges),
                idx + 1
            );
        }
        xml
    }

    fn validations(&self) -> String {
        // Excel takes no more on a sheet.
        const MOST: usize = 65_534;
        let written = (self.look.validations.iter()).filter_map(|it| self.validation(it));
        let written: Vec<String> = written.take(MOST).collect();
        match written.len() {
            0 => String::new(),
            n => format!(
                "<dataValidations count=\"{n}\">{}</dataValidations>",
                written.concat()
            ),
        }
    }

    fn validation(&self, validation: &Validation) -> Option<String> {
        const KINDS: [&str; 8] = [
            "none",
            "whole",
            "decimal",
            "list",
            "date",
            "time",
            "textLength",
            "custom",
        ];
        const STYLES: [&str; 3] = ["stop", "warning", "information"];
        let kind = *KINDS.get(usize::from(validation.kind))?;
        let operator = *OPERATORS.get(usize::from(validation.operator))?;
        let mut formulas = String::new();
        for (idx, formula) in validation.formulas.iter().enumerate() {
            let Some(formula) = formula else { continue };
            // Some programs write a second one whether it is asked or not.
            if idx == 1 && (validation.operator > 1 || matches!(kind, "none" | "list" | "custom")) {
                continue;
            }
            let formula = self.book.kept(formula)?;
            let _ = write!(
                formulas,
                "<formula{0}>{1}</formula{0}>",
                idx + 1,
                escape(formula)
            );
        }
        let mut attributes = format!(" type=\"{kind}\"");
        let mut flag = |set: bool, text: &str| attributes.push_str(if set { text } else { "" });
        flag(validation.allow_blank, " allowBlank=\"1\"");
        flag(validation.no_arrow, " showDropDown=\"1\"");
        flag(validation.shows_prompt, " showInputMessage=\"1\"");
        flag(validation.shows_error, " showErrorMessage=\"1\"");
        if let Some(style) = STYLES
            .get(usize::from(validation.style))
            .filter(|it| **it != "stop")
        {
            let _ = write!(attributes, " errorStyle=\"{style}\"");
        }
        if !matches!(kind, "none" | "list" | "custom") {
            let _ = write!(attributes, " operator=\"{operator}\"");
        }
        let texts = [
            ("errorTitle", &validation.error.0, 32),
            ("error", &validation.error.1, 224),
            ("promptTitle", &validation.prompt.0, 32),
            ("prompt", &validation.prompt.1, 255),
        ];
        for (name, text, most) in texts {
            if !text.is_empty() {
                let text = text::cut(text, most);
                let _ = write!(attributes, " {name}=\"{}\"", escape_attribute(&text));
            }
        }
        Some(format!(
            "<dataValidation{attributes} sqref=\"{}\">{formulas}</dataValidation>",
            ranges(&validation.ranges)
        ))
    }

    fn hyperlinks(&mut self) -> String {
        const MOST: usize = 65_000;
        let mut xml = String::new();
        for link in self.look.links.iter().take(MOST) {
            let mut attributes = String::new();
            if let Some(target) = link.target.as_ref().filter(|it| it.len() <= LONGEST_LINK) {
                self.links.push(address(target));
                let _ = write!(attributes, " r:id=\"rId{}\"", self.links.len());
            } else if link.target.is_some() {
                continue;
            }
            if let Some(location) = &link.location {
                let _ = write!(attributes, " location=\"{}\"", escape_attribute(location));
            }
            if let Some(tip) = &link.tip {
                let _ = write!(
                    attributes,
                    " tooltip=\"{}\"",
                    escape_attribute(&text::cut(tip, 255))
                );
            }
            if !attributes.is_empty() {
                let cells = ranges(&[link.range]);
                let _ = write!(xml, "<hyperlink ref=\"{cells}\"{attributes}/>");
            }
        }
        match xml.is_empty() {
            true => xml,
            false => format!("<hyperlinks>{xml}</hyperlinks>"),
        }
    }
}

/// Arrays of a sheet whose further cells are known for what they are.
const MOST_ARRAYS: usize = 1_000;

/// What is written of a cell beside its value.
struct Written<'a> {
    format: usize,
    number: Option<f64>,
    runs: &'a [(usize, usize)],
    array: Option<CellRange>,
}

/// Errors that Excel knows as values.
const ERRORS: [&str; 7] = [
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A",
];

fn outline(level: u8, collapsed: bool) -> String {
    let level = match level {
        0 => String::new(),
        level => format!(" outlineLevel=\"{level}\""),
    };
    level + if collapsed { " collapsed=\"1\"" } else { "" }
}

fn ranges(ranges: &[CellRange]) -> String {
    let ranges = ranges.iter().map(|range| match range.start == range.end {
        true => range.start.to_string(),
        false => range.to_string(),
    });
    ranges.collect::<Vec<_>>().join(" ")
}

/// How a validation or a conditional format compares, by the number that the records have for it.
const OPERATORS: [&str; 8] = [
    "between",
    "notBetween",
    "equal",
    "notEqual",
    "greaterThan",
    "lessThan",
    "greaterThanOrEqual",
    "lessThanOrEqual",
];

fn condition_rule(condition: &Condition, n_formulas: usize) -> Option<String> {
    match condition.operator {
        0 => Some("type=\"expression\"".to_owned()),
        operator => {
            let name = OPERATORS.get(usize::from(operator) - 1)?;
            let needed = if operator <= 2 { 2 } else { 1 };
            (n_formulas >= needed).then(|| format!("type=\"cellIs\" operator=\"{name}\""))
        }
    }
}

/// The address of a link as a package takes it.
fn address(target: &str) -> String {
    let mut address = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            ' ' | '"' | '<' | '>' | '{' | '}' | '|' | '^' | '`' => {
                let _ = write!(address, "%{:02X}", c as u32);
            }
            '\\' => address.push('/'),
            c if c.is_control() => {}
            c => address.push(c),
        }
    }
    let bytes = address.as_bytes();
    // A path that begins with a drive is no address.
    if bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        return format!("file:///{address}");
    }
    match address.strip_prefix("//") {
        Some(server) => format!("file://{server}"),
        None => address,
    }
}

fn page(page: &Page) -> String {
    let mut xml = String::new();
    let centred = match page.centred {
        (false, false) => "",
        (true, false) => "<printOptions horizontalCentered=\"1\"/>",
        (false, true) => "<printOptions verticalCentered=\"1\"/>",
        (true, true) => "<printOptions horizontalCentered=\"1\" verticalCentered=\"1\"/>",
    };
    xml.push_str(centred);
    const NAMES: [&str; 6] = ["left", "right", "top", "bottom", "header", "footer"];
    const USUAL: [f64; 6] = [0.75, 0.75, 1.0, 1.0, 0.5, 0.5];
    xml.push_str("<pageMargins");
    for ((name, margin), usual) in NAMES.into_iter().zip(page.margins).zip(USUAL) {
        let margin = margin
            .filter(|margin| (0.0..49.0).contains(margin))
            .unwrap_or(usual);
        let _ = write!(xml, " {name}=\"{margin}\"");
    }
    xml.push_str("/><pageSetup");
    let _ = write!(xml, " paperSize=\"{}\"", page.paper.unwrap_or(9));
    if let Some(scale) = page.scale {
        let _ = write!(xml, " scale=\"{scale}\"");
    }
    if let Some((across, down)) = page.fit {
        let _ = write!(xml, " fitToWidth=\"{across}\" fitToHeight=\"{down}\"");
    }
    let turned = if page.landscape {
        "landscape"
    } else {
        "portrait"
    };
    let _ = write!(xml, " orientation=\"{turned}\"/>");
    let text = |name: &str, text: &str| match text.is_empty() {
        true => String::new(),
        false => format!("<{name}>{}</{name}>", escape(&text::cut(text, 255))),
    };
    let texts = text("oddHeader", &page.header) + &text("oddFooter", &page.footer);
    if !texts.is_empty() {
        let _ = write!(xml, "<headerFooter>{texts}</headerFooter>");
    }
    xml
}

/// The formats of the workbook, as .xlsx keeps them.
struct StyleSheet<'a> {
    looks: &'a Looks,
    /// The looks of conditions.
    conditions: Numbered,
}

impl<'a> StyleSheet<'a> {
    fn new(looks: &'a Looks) -> Self {
        Self {
            looks,
            conditions: Numbered::new([]),
        }
    }

    /// The number of a format, or of the first where there is none of that number.
    fn known(&self, format: u16) -> usize {
        let idx = usize::from(format);
        if idx < self.looks.formats.len() {
            idx
        } else {
            0
        }
    }

    /// The number of what differs where a condition holds.
    fn condition(&mut self, look: &ConditionLook) -> usize {
        self.conditions.number(condition_xml(look))
    }

    fn finish(self) -> String {
        let mut codes: Vec<&str> = Vec::new();
        let mut code_ids: HashMap<&str, usize> = HashMap::new();
        let mut fills = Numbered::new([
            "<fill><patternFill patternType=\"none\"/></fill>",
            "<fill><patternFill patternType=\"gray125\"/></fill>",
        ]);
        let mut lines =
            Numbered::new(["<border><left/><right/><top/><bottom/><diagonal/></border>"]);
        let plain = CellFormat {
            locked: true,
            ..CellFormat::default()
        };
        let formats = match self.looks.formats.is_empty() {
            true => std::slice::from_ref(&plain),
            false => self.looks.formats.as_slice(),
        };
        let n_fonts = self.looks.fonts.len().max(1);
        let mut written = String::new();
        for format in formats {
            let number = match &format.number {
                NumberCode::BuiltIn(id) if *id < 164 => usize::from(*id),
                NumberCode::BuiltIn(_) => 0,
                NumberCode::Code(code) if code.eq_ignore_ascii_case("general") => 0,
                NumberCode::Code(code) => *code_ids.entry(code).or_insert_with(|| {
                    codes.push(code);
                    163 + codes.len()
                }),
            };
            let font = if format.font < n_fonts {
                format.font
            } else {
                0
            };
            let fill = match format.fill.pattern {
                0 => 0,
                _ => fills.number(fill_xml(&format.fill)),
            };
            let border = lines.number(border_xml(format));
            let _ = write!(
                written,
                "<xf numFmtId=\"{number}\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"{border}\" xfId=\"0\" \
                 applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\" \
                 applyProtection=\"1\">{}</xf>",
                alignment_xml(format)
            );
        }
        let numbers: String = (codes.iter().enumerate())
            .map(|(idx, code)| {
                format!(
                    "<numFmt numFmtId=\"{}\" formatCode=\"{}\"/>",
                    164 + idx,
                    escape_attribute(code)
                )
            })
            .collect();
        let numbers = match codes.len() {
            0 => numbers,
            n => format!("<numFmts count=\"{n}\">{numbers}</numFmts>"),
        };
        let fonts: String = match self.looks.fonts.is_empty() {
            true => {
                "<font><sz val=\"12\"/><name val=\"宋体\"/><charset val=\"134\"/></font>".to_owned()
            }
            false => self
                .looks
                .fonts
                .iter()
                .map(|font| font_xml(font, "font", "name"))
                .collect(),
        };
        let conditions = match self.conditions.items.is_empty() {
            true => String::new(),
            false => self.conditions.xml("dxfs"),
        };
        format!(
            "{XML_HEAD}\n<styleSheet xmlns=\"{MAIN}\">{numbers}<fonts count=\"{n_fonts}\">{fonts}</fonts>{}{}\
             <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
             <cellXfs count=\"{}\">{written}</cellXfs>\
             <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>{conditions}</styleSheet>",
            fills.xml("fills"),
            lines.xml("borders"),
            formats.len()
        )
    }
}

/// Items by number, each once.
struct Numbered {
    items: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Numbered {
    fn new<const N: usize>(items: [&str; N]) -> Self {
        let mut numbered = Self {
            items: Vec::new(),
            numbers: HashMap::new(),
        };
        for item in items {
            numbered.number(item.to_owned());
        }
        numbered
    }

    fn number(&mut self, item: String) -> usize {
        if let Some(number) = self.numbers.get(&item) {
            return *number;
        }
        self.numbers.insert(item.clone(), self.items.len());
        self.items.push(item);
        self.items.len() - 1
    }

    fn xml(&self, name: &str) -> String {
        format!(
            "<{name} count=\"{}\">{}</{name}>",
            self.items.len(),
            self.items.concat()
        )
    }
}

fn rgb(colour: Colour) -> String {
    let Colour([red, green, blue]) = colour;
    format!("FF{red:02X}{green:02X}{blue:02X}")
}

fn colour_xml(name: &str, colour: Option<Colour>) -> String {
    colour.map_or(String::new(), |colour| {
        format!("<{name} rgb=\"{}\"/>", rgb(colour))
    })
}

fn font_xml(font: &Font, element: &str, name: &str) -> String {
    let mut xml = format!("<{element}>");
    let mut flag = |set: bool, text: &str| xml.push_str(if set { text } else { "" });
    flag(font.bold, "<b/>");
    flag(font.italic, "<i/>");
    flag(font.strike, "<strike/>");
    flag(font.underline == 1, "<u/>");
    flag(font.underline == 2, "<u val=\"double\"/>");
    flag(font.underline == 0x21, "<u val=\"singleAccounting\"/>");
    flag(font.underline == 0x22, "<u val=\"doubleAccounting\"/>");
    flag(font.script == 1, "<vertAlign val=\"superscript\"/>");
    flag(font.script == 2, "<vertAlign val=\"subscript\"/>");
    let size = if (1.0..=409.0).contains(&font.size) {
        font.size
    } else {
        12.0
    };
    let typed = match font.name.is_empty() {
        true => "宋体",
        false => &font.name,
    };
    let _ = write!(
        xml,
        "<sz val=\"{size}\"/>{}<{name} val=\"{}\"/>",
        colour_xml("color", font.colour),
        escape_attribute(&text::cut(typed, 31))
    );
    if font.charset > 1 {
        let _ = write!(xml, "<charset val=\"{}\"/>", font.charset);
    }
    let _ = write!(xml, "</{element}>");
    xml
}

const PATTERNS: [&str; 19] = [
    "none",
    "solid",
    "mediumGray",
    "darkGray",
    "lightGray",
    "darkHorizontal",
    "darkVertical",
    "darkDown",
    "darkUp",
    "darkGrid",
    "darkTrellis",
    "lightHorizontal",
    "lightVertical",
    "lightDown",
    "lightUp",
    "lightGrid",
    "lightTrellis",
    "gray125",
    "gray0625",
];

fn pattern(number: u8) -> &'static str {
    PATTERNS.get(usize::from(number)).copied().unwrap_or("none")
}

fn fill_xml(fill: &Fill) -> String {
    let (front, back) = match fill.pattern {
        // A solid one without a colour of its own is white.
        1 => (fill.front.or(Some(Colour([255; 3]))), None),
        _ => (fill.front, fill.back),
    };
    let back = match fill.pattern {
        1 => "<bgColor indexed=\"64\"/>".to_owned(),
        _ => colour_xml("bgColor", back),
    };
    format!(
        "<fill><patternFill patternType=\"{}\">{}{back}</patternFill></fill>",
        pattern(fill.pattern),
        colour_xml("fgColor", front)
    )
}

const LINE_STYLES: [&str; 14] = [
    "none",
    "thin",
    "medium",
    "dashed",
    "dotted",
    "thick",
    "double",
    "hair",
    "mediumDashed",
    "dashDot",
    "mediumDashDot",
    "dashDotDot",
    "mediumDashDotDot",
    "slantDashDot",
];

fn line_xml(name: &str, line: &Line) -> String {
    let style = LINE_STYLES
        .get(usize::from(line.style))
        .copied()
        .unwrap_or("none");
    if style == "none" {
        return format!("<{name}/>");
    }
    let colour = match line.colour {
        Some(_) => colour_xml("color", line.colour),
        None => "<color auto=\"1\"/>".to_owned(),
    };
    format!("<{name} style=\"{style}\">{colour}</{name}>")
}

fn border_xml(format: &CellFormat) -> String {
    const NAMES: [&str; 5] = ["left", "right", "top", "bottom", "diagonal"];
    let lines = NAMES.iter().zip(&format.lines);
    let lines: String = lines.map(|(name, line)| line_xml(name, line)).collect();
    let (down, up) = format.across;
    let down = if down { " diagonalDown=\"1\"" } else { "" };
    let up = if up { " diagonalUp=\"1\"" } else { "" };
    format!("<border{up}{down}>{lines}</border>")
}

fn alignment_xml(format: &CellFormat) -> String {
    const ACROSS: [&str; 8] = [
        "general",
        "left",
        "center",
        "right",
        "fill",
        "justify",
        "centerContinuous",
        "distributed",
    ];
    const DOWN: [&str; 5] = ["top", "center", "bottom", "justify", "distributed"];
    let alignment = &format.alignment;
    let across = ACROSS[usize::from(alignment.horizontal & 7)];
    let down = DOWN
        .get(usize::from(alignment.vertical))
        .copied()
        .unwrap_or("bottom");
    let mut attributes = format!(" horizontal=\"{across}\" vertical=\"{down}\"");
    if matches!(alignment.rotation, 1..=180 | 255) {
        let _ = write!(attributes, " textRotation=\"{}\"", alignment.rotation);
    }
    attributes.push_str(if alignment.wrap {
        " wrapText=\"1\""
    } else {
        ""
    });
    attributes.push_str(if alignment.shrink {
        " shrinkToFit=\"1\""
    } else {
        ""
    });
    if alignment.indent > 0 {
        let _ = write!(attributes, " indent=\"{}\"", alignment.indent);
    }
    let locked = if format.locked { "" } else { " locked=\"0\"" };
    let hidden = if format.hidden { " hidden=\"1\"" } else { "" };
    let protection = match (locked, hidden) {
        ("", "") => String::new(),
        _ => format!("<protection{locked}{hidden}/>"),
    };
    format!("<alignment{attributes}/>{protection}")
}

fn condition_xml(look: &ConditionLook) -> String {
    let flag = |name: &str, set: Option<bool>| match set {
        None => String::new(),
        Some(true) => format!("<{name}/>"),
        Some(false) => format!("<{name} val=\"0\"/>"),
    };
    let underline = match look.underline {
        None => "",
        Some(0) => "<u val=\"none\"/>",
        Some(2) => "<u val=\"double\"/>",
        Some(_) => "<u/>",
    };
    let font = [
        flag("b", look.bold),
        flag("i", look.italic),
        flag("strike", look.strike),
        underline.to_owned(),
        colour_xml("color", look.colour),
    ]
    .concat();
    let mut xml = match font.is_empty() {
        true => String::new(),
        false => format!("<font>{font}</font>"),
    };
    match look.fill {
        Some(fill) if fill.pattern <= 1 => {
            let colour = fill.back.or(fill.front);
            if fill.pattern == 0 {
                xml.push_str("<fill><patternFill patternType=\"none\"/></fill>");
            } else if colour.is_some() {
                let colour = colour_xml("bgColor", colour);
                let _ = write!(xml, "<fill><patternFill>{colour}</patternFill></fill>");
            }
        }
        Some(fill) => {
            let _ = write!(
                xml,
                "<fill><patternFill patternType=\"{}\">{}{}</patternFill></fill>",
                pattern(fill.pattern),
                colour_xml("fgColor", fill.front),
                colour_xml("bgColor", fill.back)
            );
        }
        None => {}
    }
    if look.lines.iter().any(Option::is_some) {
        const NAMES: [&str; 4] = ["left", "right", "top", "bottom"];
        let lines = NAMES.iter().zip(&look.lines);
        let lines = lines.filter_map(|(name, line)| Some(line_xml(name, line.as_ref()?)));
        let _ = write!(xml, "<border>{}</border>", lines.collect::<String>());
    }
    format!("<dxf>{xml}</dxf>")
}

/// The parts of the new workbook.
struct NewPackage {
    parts: Vec<(String, String)>,
    overrides: String,
}

impl NewPackage {
    fn new() -> Self {
        Self {
            parts: Vec::new(),
            overrides: String::new(),
        }
    }

    fn add(&mut self, path: String, kind: &str, text: String) {
        let _ = write!(
            self.overrides,
            "<Override PartName=\"/{path}\" ContentType=\"{kind}\"/>"
        );
        self.parts.push((path, text));
    }

    /// Adds a sheet, with its links and its notes.
    fn sheet(
        &mut self,
        number: usize,
        xml: String,
        links: Vec<String>,
        look: &SheetLooks,
        sheet: &Sheet,
    ) -> Result<(), AnnotateError> {
        let mut xml = xml;
        let mut rels: String = (links.iter().enumerate())
            .map(|(idx, target)| {
                format!(
                    "<Relationship Id=\"rId{}\" Type=\"{LINKS}/hyperlink\" Target=\"{}\" TargetMode=\"External\"/>",
                    idx + 1,
                    escape_attribute(target)
                )
            })
            .collect();
        // Of two notes on one cell Excel takes neither.
        let mut seen = BTreeSet::new();
        let own: Vec<&(CellRef, String, String)> = (look.notes.iter())
            .filter(|(at, ..)| at.col < 256 && seen.insert(*at))
            .collect();
        if !own.is_empty() {
            let part = SheetPart::read(xml.clone(), LINKS)?;
            let last_col = |at: CellRef| sheet.merge_at(at).map_or(at.col, |merge| merge.end.col);
            let boxes: Vec<(CellRef, &str)> = (own.iter())
                .map(|(at, _, text)| (*at, text.as_str()))
                .collect();
            let drawing = notes::drawing(&part, &last_col, &boxes, number);
            let (comments, vml) = (
                format!("xl/comments{number}.xml"),
                format!("xl/drawings/vmlDrawing{number}.vml"),
            );
            let (n, m) = (links.len() + 1, links.len() + 2);
            let _ = write!(
                rels,
                "<Relationship Id=\"rId{n}\" Type=\"{LINKS}/comments\" Target=\"/{comments}\"/>\
                 <Relationship Id=\"rId{m}\" Type=\"{LINKS}/vmlDrawing\" Target=\"/{vml}\"/>"
            );
            self.add(comments, notes::COMMENTS_TYPE, comments_xml(&own));
            self.parts.push((vml, drawing));
            let end = xml.len() - "</worksheet>".len();
            xml.insert_str(end, &format!("<legacyDrawing r:id=\"rId{m}\"/>"));
        }
        if !rels.is_empty() {
            let rels = format!(
                "{XML_HEAD}\n<Relationships xmlns=\"{PACKAGE_LINKS}\">{rels}</Relationships>"
            );
            self.parts
                .push((format!("xl/worksheets/_rels/sheet{number}.xml.rels"), rels));
        }
        self.add(
            format!("xl/worksheets/sheet{number}.xml"),
            super::SHEET_TYPE,
            xml,
        );
        Ok(())
    }

    fn finish(
        mut self,
        main: &str,
        styles: &str,
        n_sheets: usize,
    ) -> Result<Vec<u8>, AnnotateError> {
        let sheets: String = (1..=n_sheets)
            .map(|n| {
                format!(
                    "<Relationship Id=\"rId{n}\" Type=\"{LINKS}/worksheet\" Target=\"/xl/worksheets/sheet{n}.xml\"/>"
                )
            })
            .collect();
        let rels = format!(
            "{XML_HEAD}\n<Relationships xmlns=\"{PACKAGE_LINKS}\">{sheets}<Relationship Id=\"rId{}\" Type=\"{LINKS}/styles\" Target=\"/xl/styles.xml\"/></Relationships>",
            n_sheets + 1
        );
        self.add("xl/styles.xml".to_owned(), STYLES_TYPE, styles.to_owned());
        self.add("xl/workbook.xml".to_owned(), WORKBOOK_TYPE, main.to_owned());
        self.parts
            .push(("xl/_rels/workbook.xml.rels".to_owned(), rels));
        self.parts.push((
            "_rels/.rels".to_owned(),
            format!(
                "{XML_HEAD}\n<Relationships xmlns=\"{PACKAGE_LINKS}\"><Relationship Id=\"rId1\" Type=\"{LINKS}/officeDocument\" Target=\"/xl/workbook.xml\"/></Relationships>"
            ),
        ));
        let types = format!(
            "{XML_HEAD}\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
             <Default Extension=\"vml\" ContentType=\"{}\"/>{}</Types>",
            notes::VML_TYPE,
            self.overrides
        );
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        // Made again tomorrow, it is the same file.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        let first = [("[Content_Types].xml".to_owned(), types)];
        for (path, text) in first.iter().chain(self.parts.iter().rev()) {
            zip.start_file(path.as_str(), options)?;
            zip.write_all(text.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

fn comments_xml(notes: &[&(CellRef, String, String)]) -> String {
    let mut authors = Numbered::new([]);
    let mut list = String::new();
    for (at, author, text) in notes {
        let idx = authors.number(author.clone());
        let _ = write!(
            list,
            "<comment ref=\"{at}\" authorId=\"{idx}\"><text><r><t xml:space=\"preserve\">{}</t></r></text></comment>",
            escape(&text::fit(text))
        );
    }
    let authors: String = (authors.items.iter())
        .map(|author| format!("<author>{}</author>", escape(author)))
        .collect();
    format!(
        "{XML_HEAD}\n<comments xmlns=\"{MAIN}\"><authors>{authors}</authors><commentList>{list}</commentList></comments>"
    )
}
