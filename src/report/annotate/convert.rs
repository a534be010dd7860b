//! An .xlsx with the sheets and values of a workbook in a format that cannot be edited in place.
//!
//! What the reader knows is kept: names, order and hidden state of sheets, values, merged regions,
//! formulas with their results, percentages and decimals. Widths and borders it does not know, so
//! they are chosen to make the form readable.

use std::collections::{BTreeMap, HashMap};

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook as Writer,
    Worksheet, XlsxError,
};

use crate::explanations;
use crate::model::{Cell, CellRef, CellValue, Format as Source, NumberFormat, Sheet, Workbook};
use crate::report::workbook::text::{self, Texts};

/// The new workbook.
pub(super) struct Converted {
    pub(super) bytes: Vec<u8>,
    /// Name of a sheet in the original → in the new one.
    pub(super) names: HashMap<String, String>,
    /// Cells whose formulas are only results now, by sheet.
    pub(super) lost_formulas: Vec<(String, Vec<CellRef>)>,
}

pub(super) fn to_xlsx(workbook: &Workbook) -> Result<Converted, XlsxError> {
    let mut writer = Writer::new();
    // Made again tomorrow, it is the same file.
    let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
    writer.set_properties(&DocProperties::new().set_creation_datetime(&date));
    let mut names: HashMap<String, String> = HashMap::new();
    let mut taken: Vec<String> = Vec::new();
    // What was compiled, Excel has understood; references lead to sheets by their names.
    let is_compiled = workbook.format == Source::Xlsb && workbook.unreadable_sheets.is_empty();
    let mut lost_formulas = Vec::new();
    let mut any_visible = false;
    // Our own sheet is made anew.
    let forms = workbook
        .sheets
        .iter()
        .filter(|sheet| !explanations::is_ours(sheet));
    for sheet in forms {
        let name = free_name(&sheet.name, &taken);
        taken.push(name.clone());
        names.insert(sheet.name.clone(), name.clone());
        let page = writer.add_worksheet();
        // What was never calculated, or came to the empty text, would come to 0.
        page.set_formula_result_default("");
        page.set_name(&name)?;
        let is_known = |formula: &str| {
            let is_compiled = is_compiled && refers_to_cells_only(formula);
            is_compiled || is_plain_formula(formula)
        };
        let lost = write_sheet(page, sheet, &is_known)?;
        if !lost.is_empty() {
            lost_formulas.push((sheet.name.clone(), lost));
        }
        if !sheet.visible {
            page.set_hidden(true);
        } else if !any_visible {
            // A file without a sheet to show is one that Excel will not open.
            page.set_active(true);
            page.set_first_tab(true);
            any_visible = true;
        }
    }
    if !any_visible && let Ok(first) = writer.worksheet_from_index(0) {
        first.set_hidden(false);
    }
    Ok(Converted {
        bytes: writer.save_to_buffer()?,
        names,
        lost_formulas,
    })
}

/// Writes one sheet; returns the cells whose formulas were left out.
fn write_sheet(
    page: &mut Worksheet,
    sheet: &Sheet,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Vec<CellRef>, XlsxError> {
    let mut lost_formulas = Vec::new();
    type Look = (Option<(bool, Option<u8>)>, bool);
    let mut formats: HashMap<Look, Format> = HashMap::new();
    let mut widths: BTreeMap<u16, f64> = BTreeMap::new();
    for range in &sheet.merges {
        let n_cells = (u64::from(range.end.row) - u64::from(range.start.row) + 1)
            * (u64::from(range.end.col) - u64::from(range.start.col) + 1);
        // One that goes to the end of the sheet would be written cell by cell.
        let corners = (page_row(range.start.row), page_row(range.end.row));
        if let (Some(first), Some(last)) = corners
            && n_cells > 1
            && n_cells <= 100_000
            && range.end.col < 1 << 14
        {
            let is_table = sheet.row(range.start.row).len() > 1;
            let format = cell_format(None, is_table).set_align(FormatAlign::Center);
            // Regions that overlap are a fault of the file; the first is kept.
            let _ = page.merged(
                (first, range.start.col as u16),
                (last, range.end.col as u16),
                "",
                &format,
            );
        }
    }
    for (row, cells) in sheet.rows() {
        let Some(page_row) = page_row(row) else { break };
        // Titles stand alone; a row of a table does not.
        let is_table = cells.len() > 1;
        for cell in cells {
            let Ok(col) = u16::try_from(cell.at.col) else {
                break;
            };
            if col >= 1 << 14 {
                break;
            }
            let is_date = matches!(cell.value, CellValue::Date(_));
            let number = (!is_date).then_some(cell.format);
            let mut format = formats
                .entry((
                    number.map(|number| (number.percent, number.decimals)),
                    is_table,
                ))
                .or_insert_with(|| cell_format(number, is_table))
                .clone();
            if sheet.merge_at(cell.at).is_some() {
                format = format.set_align(FormatAlign::Center);
            }
            if write_cell(page, page_row, col, cell, format, is_known)? {
                lost_formulas.push(cell.at);
            }
            if is_table && sheet.merge_at(cell.at).is_none() {
                let width = text::width(&shown(cell)) as f64 + 2.0;
                let known = widths.entry(col).or_insert(8.5);
                *known = known.max(width.min(28.0));
            }
        }
    }
    for (row, cells) in sheet.rows() {
        let Some(page_row) = page_row(row).filter(|_| cells.len() > 1) else {
            continue;
        };
        let n_lines = cells.iter().map(|cell| {
            let width = u16::try_from(cell.at.col)
                .ok()
                .and_then(|col| widths.get(&col));
            match sheet.merge_at(cell.at) {
                None => width.map_or(1, |width| text::lines(&shown(cell), *width)),
                Some(_) => 1,
            }
        });
        page.set_row_height(page_row, text::height(n_lines.max().unwrap_or(1)))?;
    }
    for (col, width) in widths {
        page.set_column_width(col, width)?;
    }
    page.set_paper_size(9)
        .set_landscape()
        .set_print_fit_to_pages(1, 0);
    Ok(lost_formulas)
}

/// Writes one cell; returns whether its formula was left out.
fn write_cell(
    page: &mut Worksheet,
    row: u32,
    col: u16,
    cell: &Cell,
    format: Format,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<bool, XlsxError> {
    let formula = cell.formula.as_deref();
    if let Some(formula) = formula.filter(|formula| is_known(formula)) {
        let mut formula = Formula::new(formula);
        if cell.value != CellValue::NotCalculated {
            formula = formula.set_result(shown(cell));
        }
        page.write_formula_with_format(row, col, formula, &format)?;
        return Ok(false);
    }
    match &cell.value {
        CellValue::Number(number) if number.is_finite() => {
            page.write_number_with_format(row, col, *number, &format)?;
        }
        CellValue::Bool(value) => {
            page.write_boolean_with_format(row, col, *value, &format)?;
        }
        CellValue::Date(date) => {
            match ExcelDateTime::from_ymd(date.year, date.month.unwrap_or(1), date.day.unwrap_or(1))
            {
                Ok(value) => {
                    let code = match (date.month, date.day) {
                        (None, _) => "yyyy\"年\"",
                        (_, None) => "yyyy\"年\"m\"月\"",
                        _ => "yyyy-mm-dd",
                    };
                    page.write_datetime_with_format(
                        row,
                        col,
                        &value,
                        &format.set_num_format(code),
                    )?;
                }
                Err(_) => {
                    page.text(row, col, date.to_string(), &format)?;
                }
            }
        }
        // An error alone can be written as a formula only; as a text it would be another fault.
        CellValue::Error(error) if ERRORS.contains(error) => {
            let formula = Formula::new(*error).set_result(*error);
            page.write_formula_with_format(row, col, formula, &format)?;
        }
        _ => {
            let text = shown(cell);
            page.text(row, col, text, &format)?;
        }
    }
    Ok(formula.is_some())
}

/// Errors that Excel takes in a formula.
const ERRORS: [&str; 7] = [
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A",
];

/// What a cell shows, roughly; for widths and for results of formulas.
fn shown(cell: &Cell) -> String {
    match &cell.value {
        CellValue::Number(number) => number.to_string(),
        CellValue::Text(text) => text.to_string(),
        CellValue::Date(date) => date.to_string(),
        CellValue::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        CellValue::Error(error) => (*error).to_owned(),
        CellValue::NotCalculated => String::new(),
    }
}

fn cell_format(number: Option<NumberFormat>, is_table: bool) -> Format {
    let mut format = Format::new()
        .set_font_name("宋体")
        .set_font_size(11)
        .set_align(FormatAlign::VerticalCenter);
    format = match is_table {
        true => format
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::Center)
            .set_text_wrap(),
        false => format,
    };
    let Some(number) = number else { return format };
    let decimals = number.decimals.map(|n| match n.min(15) {
        0 => "0".to_owned(),
        n => format!("0.{}", "0".repeat(usize::from(n))),
    });
    match (number.percent, decimals) {
        (false, None) => format,
        (false, Some(code)) => format.set_num_format(code),
        (true, code) => format.set_num_format(code.unwrap_or_else(|| "0".to_owned()) + "%"),
    }
}

/// Whether Excel is sure to take a formula: one that it does not understand makes it repair the file.
fn is_plain_formula(formula: &str) -> bool {
    const FUNCTIONS: [&str; 12] = [
        "SUM", "ROUND", "AVERAGE", "MAX", "MIN", "ABS", "IF", "COUNT", "COUNTA", "PRODUCT",
        "SUBTOTAL", "INT",
    ];
    let bytes = formula.as_bytes();
    let mut at = 0;
    let mut depth = 0usize;
    // After an operator an operand has to come.
    let mut operand_due = true;
    while at < bytes.len() {
        let rest = &formula[at..];
        let word = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'.'))
            .count();
        if word > 0 {
            let name = &rest[..word];
            if !operand_due {
                return false;
            }
            if bytes.get(at + word) == Some(&b'(') {
                if !FUNCTIONS.contains(&name.to_ascii_uppercase().as_str()) {
                    return false;
                }
                depth += 1;
                at += word + 1;
                continue;
            }
            if name.parse::<f64>().is_err() && name.parse::<crate::model::CellRef>().is_err() {
                return false;
            }
            operand_due = false;
            at += word;
            continue;
        }
        match bytes[at] {
            b' ' => {}
            b'(' if operand_due => depth += 1,
            b')' if !operand_due && depth > 0 => depth -= 1,
            b'+' | b'-' => operand_due = true,
            b'*' | b'/' | b',' | b':' if !operand_due => operand_due = true,
            _ => return false,
        }
        at += 1;
    }
    !operand_due && depth == 0
}

/// Whether a formula uses no names and no other sheets.
fn refers_to_cells_only(formula: &str) -> bool {
    let mut is_quoted = false;
    let mut word = String::new();
    for c in formula.chars().chain([' ']) {
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => continue,
            c if c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '\\' | '?') => {
                word.push(c);
                continue;
            }
            '!' | '\'' => return false,
            _ => {}
        }
        let is_value = word.parse::<f64>().is_ok() || matches!(word.as_str(), "TRUE" | "FALSE");
        let is_known = word.is_empty() || is_value || word.parse::<CellRef>().is_ok();
        if !is_known && c != '(' {
            return false;
        }
        word.clear();
    }
    !formula.is_empty()
}

fn page_row(row: u32) -> Option<u32> {
    (row < 1 << 20).then_some(row)
}

/// A name that Excel takes and that no other sheet has.
pub(super) fn free_name(name: &str, taken: &[String]) -> String {
    let is_free = |name: &String| {
        !taken
            .iter()
            .any(|other| other.to_lowercase() == name.to_lowercase())
    };
    let fits = name.encode_utf16().count() <= 31
        && !name.is_empty()
        && !name.contains(['[', ']', ':', '*', '?', '/', '\\'])
        && !name.starts_with('\'')
        && !name.ends_with('\'')
        && !name.chars().any(char::is_control);
    let plain = match fits {
        true => name.to_owned(),
        false => text::sheet_name(name),
    };
    let names = std::iter::once(plain.clone())
        .chain((2..).map(|n| format!("{}({n})", text::cut(&plain, 24))));
    names.into_iter().find(is_free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_formulas_that_excel_is_sure_to_take_are_kept() {
        for formula in [
            "SUM(B2:B4)",
            "B2+B3-$C$4*2",
            "ROUND(SUM(A1,A3)/3,1)",
            "-(A1)",
            "1.5*A1",
        ] {
            assert!(is_plain_formula(formula), "{formula}");
        }
        for formula in [
            "",
            "SUM(",
            "A1)",
            "COM.MICROSOFT.X(A1)",
            "'a'!B2",
            "A1 B1",
            "SUM()",
            "A1+",
            "{1}",
            "A1:",
            "#REF!+1",
            "名",
        ] {
            assert!(!is_plain_formula(formula), "{formula}");
        }
    }

    #[test]
    fn formulas_of_names_and_other_sheets_are_told_apart() {
        for formula in [
            "SUM(B2:$D$2)",
            "IF(A1>=1.5,\"a!\"&B1,TRUE)",
            "VLOOKUP(A1,B2:C9,2,FALSE)",
        ] {
            assert!(refers_to_cells_only(formula), "{formula}");
        }
        for formula in ["", "面积*2", "SUM(x)", "表!A1", "'a b'!A1+1"] {
            assert!(!refers_to_cells_only(formula), "{formula}");
        }
    }

    #[test]
    fn names_of_sheets_are_made_to_fit() {
        let taken = ["附件7".to_owned()];
        assert_eq!(free_name("附件7", &taken), "附件7(2)");
        assert_eq!(free_name("a/b", &taken), "ab");
        assert_eq!(free_name(&"长".repeat(40), &[]).chars().count(), 26);
    }
}
