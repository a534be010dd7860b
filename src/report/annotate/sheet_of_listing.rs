//! The sheet 审核说明 as a table of an OpenDocument spreadsheet: what [`listing`](super::listing) writes for .xlsx, in the
//! other format's elements.

use std::collections::HashMap;
use std::fmt::Write;

use crate::model::{CellRange, CellRef};

use super::listing::{self, Listing};
use super::opendocument::{content, paragraph};
use super::styles::Styles;
use super::xml::{Scanner, Step, Tag, escape_attribute, unescape};
use super::{AnnotateError, XML_HEAD};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The table. `style` gives the name of a style with some properties, of a family.
pub(super) fn table_of_listing(
    listing: &Listing<'_>,
    name: &str,
    style: &mut dyn FnMut(&str, &str) -> String,
) -> Result<String, AnnotateError> {
    let bare = format!("{XML_HEAD}<styleSheet xmlns=\"{MAIN}\"></styleSheet>");
    let mut styles = Styles::read(bare)?;
    let sheet = listing::write(listing, &mut styles, MAIN, LINKS);
    let formats = Formats::read(&styles.finish()?.unwrap_or_default())?;
    let sheet = Sheet::read(&sheet)?;
    let mut table = format!(
        "<table:table table:name=\"{}\" table:style-name=\"{}\">",
        escape_attribute(name),
        style("<style:table-properties table:display=\"true\"/>", "table")
    );
    for (width, hidden) in &sheet.columns {
        let inches = (width * 7.0 + 5.0) / 96.0;
        let width =
            format!("<style:table-column-properties style:column-width=\"{inches:.3}in\"/>");
        let _ = write!(
            table,
            "<table:table-column table:style-name=\"{}\"{}/>",
            style(&width, "table-column"),
            if *hidden {
                " table:visibility=\"collapse\""
            } else {
                ""
            }
        );
    }
    let look = |format: usize| formats.list.get(format).map_or("", String::as_str);
    let mut next_row = 0;
    for row in &sheet.rows {
        if row.number > next_row {
            let _ = write!(
                table,
                "<table:table-row table:number-rows-repeated=\"{}\"><table:table-cell/></table:table-row>",
                row.number - next_row
            );
        }
        next_row = row.number + 1;
        table.push_str("<table:table-row");
        if let Some(height) = row.height {
            let height = format!(
                "<style:table-row-properties style:row-height=\"{height}pt\" style:use-optimal-row-height=\"false\"/>"
            );
            let _ = write!(
                table,
                " table:style-name=\"{}\"",
                style(&height, "table-row")
            );
        }
        table.push_str(if row.hidden {
            " table:visibility=\"collapse\">"
        } else {
            ">"
        });
        let mut next_col = 0;
        for cell in &row.cells {
            if cell.at.col < next_col {
                continue;
            }
            if cell.at.col > next_col {
                let _ = write!(
                    table,
                    "<table:table-cell table:number-columns-repeated=\"{}\"/>",
                    cell.at.col - next_col
                );
            }
            let merge = sheet.merges.iter().find(|merge| merge.start == cell.at);
            let across = merge.map_or(1, |merge| merge.end.col - merge.start.col + 1);
            let format = style(look(cell.format), "table-cell");
            let _ = write!(table, "<table:table-cell table:style-name=\"{format}\"");
            if across > 1 {
                let _ = write!(
                    table,
                    " table:number-columns-spanned=\"{across}\" table:number-rows-spanned=\"1\""
                );
            }
            match cell.text.is_empty() {
                true => table.push_str("/>"),
                false => {
                    table.push_str(" office:value-type=\"string\">");
                    match sheet.links.get(&cell.at) {
                        Some(place) => {
                            let _ = write!(
                                table,
                                "<text:p><text:a xlink:type=\"simple\" xlink:href=\"#{}\">{}</text:a></text:p>",
                                escape_attribute(place),
                                content(&cell.text)
                            );
                        }
                        None => cell
                            .text
                            .split('\n')
                            .for_each(|line| table.push_str(&paragraph(line))),
                    }
                    table.push_str("</table:table-cell>");
                }
            }
            if across > 1 {
                let _ = write!(
                    table,
                    "<table:covered-table-cell table:number-columns-repeated=\"{}\"/>",
                    across - 1
                );
            }
            next_col = cell.at.col + across;
        }
        table.push_str(if next_col == 0 {
            "<table:table-cell/></table:table-row>"
        } else {
            "</table:table-row>"
        });
    }
    table.push_str("</table:table>");
    Ok(table)
}

/// What the sheet says.
#[derive(Default)]
struct Sheet {
    /// Width in characters, and whether it is hidden.
    columns: Vec<(f64, bool)>,
    rows: Vec<Row>,
    merges: Vec<CellRange>,
    /// Places in the workbook, by the cells that lead there.
    links: HashMap<CellRef, String>,
}

struct Row {
    number: u32,
    height: Option<f64>,
    hidden: bool,
    cells: Vec<Cell>,
}

struct Cell {
    at: CellRef,
    format: usize,
    text: String,
}

impl Sheet {
    fn read(xml: &str) -> Result<Self, AnnotateError> {
        let mut sheet = Self::default();
        let mut text_from = 0;
        let mut scanner = Scanner::new(xml);
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, _) => match tag.name {
                    "col" => {
                        let bound = |name| number::<usize>(&tag, name).unwrap_or(1);
                        let width = number(&tag, "width").unwrap_or(9.0);
                        let hidden = tag.value("hidden") == Some("1");
                        for _ in bound("min")..=bound("max") {
                            sheet.columns.push((width, hidden));
                        }
                    }
                    "row" => sheet.rows.push(Row {
                        number: number::<u32>(&tag, "r").unwrap_or(1) - 1,
                        height: number(&tag, "ht"),
                        hidden: tag.value("hidden") == Some("1"),
                        cells: Vec::new(),
                    }),
                    "c" => {
                        let at = tag.value("r").and_then(|at| at.parse().ok());
                        if let (Some(at), Some(row)) = (at, sheet.rows.last_mut()) {
                            row.cells.push(Cell {
                                at,
                                format: number(&tag, "s").unwrap_or(0),
                                text: String::new(),
                            });
                        }
                    }
                    "t" => text_from = tag.span.end,
                    "mergeCell" => {
                        let merge = tag.value("ref").and_then(|it| it.parse::<CellRange>().ok());
                        sheet.merges.extend(merge);
                    }
                    "hyperlink" => {
                        let at = tag.value("ref").and_then(|at| at.parse().ok());
                        let place = tag.value("location").map(unescape);
                        if let (Some(at), Some(place)) = (at, place) {
                            // `'表'!E5` is `'表'.E5` here.
                            let place = match place.rsplit_once('!') {
                                Some((sheet, cell)) => format!("{sheet}.{cell}"),
                                None => place,
                            };
                            sheet.links.insert(at, place);
                        }
                    }
                    _ => {}
                },
                Step::Close("t", span, _) => {
                    let cells = sheet.rows.last_mut().map(|row| &mut row.cells);
                    if let Some(cell) = cells.and_then(|cells| cells.last_mut()) {
                        cell.text = unescape(&xml[text_from..span.start]);
                    }
                }
                _ => {}
            }
        }
        Ok(sheet)
    }
}

/// The formats of the sheet as properties of styles.
struct Formats {
    list: Vec<String>,
}

impl Formats {
    fn read(xml: &str) -> Result<Self, AnnotateError> {
        let (mut fonts, mut fills, mut lines) =
            (Vec::new(), Vec::<String>::new(), Vec::<String>::new());
        let mut list = Vec::new();
        // The list that is open, and the format that is.
        let mut section = "";
        let mut scanner = Scanner::new(xml);
        let mut format = String::new();
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 2) => section = tag.name,
                Step::Open(tag, depth) => match (section, tag.name) {
                    ("fonts", "font") => fonts.push(FONT.to_owned()),
                    ("fonts", name) => {
                        if let Some(font) = fonts.last_mut() {
                            font.push_str(&font_property(name, &tag));
                        }
                    }
                    ("fills", "fill") => fills.push(String::new()),
                    ("fills", "fgColor") => {
                        if let Some(fill) = fills.last_mut() {
                            *fill = format!(" fo:background-color=\"{}\"", colour(&tag));
                        }
                    }
                    ("borders", "border") => lines.push(String::new()),
                    ("borders", "color") => {
                        if let Some(line) = lines.last_mut() {
                            *line = format!(" fo:border=\"0.5pt solid {}\"", colour(&tag));
                        }
                    }
                    ("cellXfs", "xf") => {
                        let of = |list: &[String], name| {
                            let idx = number::<usize>(&tag, name).unwrap_or(0);
                            list.get(idx).cloned().unwrap_or_default()
                        };
                        format = format!(
                            "<style:table-cell-properties fo:wrap-option=\"wrap\" style:vertical-align=\"middle\" style:cell-protect=\"none\"{}{}/>\u{0}\
                             <style:text-properties{}/>",
                            of(&fills, "fillId"),
                            of(&lines, "borderId"),
                            of(&fonts, "fontId")
                        );
                        if tag.is_empty && depth == 3 {
                            list.push(aligned(&format, "start"));
                        }
                    }
                    ("cellXfs", "alignment") => {
                        let across = match tag.value("horizontal") {
                            Some("center") => "center",
                            _ => "start",
                        };
                        format = aligned(&format, across);
                    }
                    _ => {}
                },
                Step::Close("xf", _, 3) if section == "cellXfs" => {
                    list.push(aligned(&format, "start"))
                }
                _ => {}
            }
        }
        Ok(Self { list })
    }
}

const FONT: &str = " fo:font-family=\"宋体\" style:font-family-asian=\"宋体\"";

/// Puts where text stands in, if it is not there yet.
fn aligned(format: &str, across: &str) -> String {
    let paragraph = format!("<style:paragraph-properties fo:text-align=\"{across}\"/>");
    format.replace('\u{0}', &paragraph)
}

fn font_property(name: &str, tag: &Tag<'_>) -> String {
    match name {
        "b" => " fo:font-weight=\"bold\" style:font-weight-asian=\"bold\"".to_owned(),
        "u" => {
            " style:text-underline-style=\"solid\" style:text-underline-width=\"auto\"".to_owned()
        }
        "sz" => {
            let size = tag.value("val").unwrap_or("11");
            format!(" fo:font-size=\"{size}pt\" style:font-size-asian=\"{size}pt\"")
        }
        "color" if tag.value("rgb").is_some() => format!(" fo:color=\"{}\"", colour(tag)),
        _ => String::new(),
    }
}

fn colour(tag: &Tag<'_>) -> String {
    let rgb = tag.value("rgb").unwrap_or("FF000000");
    format!(
        "#{}",
        rgb[rgb.len().saturating_sub(6)..].to_ascii_lowercase()
    )
}

fn number<T: std::str::FromStr>(tag: &Tag<'_>, name: &str) -> Option<T> {
    tag.value(name)?.trim().parse().ok()
}
