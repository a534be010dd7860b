//! Plain sums that were never calculated: `SUM(B3:D3)`, `B3+C3+D3`, `SUM(B3:D3,F3)`.

use crate::model::{Amount, CellRange, CellRef, CellValue, Sheet};

/// A sum over more cells than this is not a form's.
const MAX_CELLS: u64 = 10_000;

/// What a formula comes to, if it adds up cells that all hold numbers or nothing.
pub(super) fn plain_sum(sheet: &Sheet, formula: &str) -> Option<Amount> {
    let formula: String = formula
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '$')
        .collect();
    let mut sum = Amount::ZERO;
    let mut rest = formula.trim_start_matches('=');
    loop {
        let (cells, after) = term(rest)?;
        for cells in cells {
            sum = sum.checked_add(add_cells(sheet, cells)?)?;
        }
        if after.is_empty() {
            return Some(sum);
        }
        rest = after.strip_prefix('+')?;
    }
}

/// One reference or `SUM(…)`, and what follows it.
fn term(text: &str) -> Option<(Vec<CellRange>, &str)> {
    let upper = text.get(..4).map(str::to_ascii_uppercase);
    if upper.as_deref() == Some("SUM(") {
        let close = text.find(')')?;
        let ranges: Option<Vec<CellRange>> = text[4..close]
            .split(',')
            .map(|range| range.parse().ok())
            .collect();
        return Some((ranges?, &text[close + 1..]));
    }
    let end = text.find('+').unwrap_or(text.len());
    let cell: CellRef = text[..end].parse().ok()?;
    Some((vec![CellRange::new(cell, cell)], &text[end..]))
}

fn add_cells(sheet: &Sheet, range: CellRange) -> Option<Amount> {
    let rows = u64::from(range.end.row.checked_sub(range.start.row)?) + 1;
    let cols = u64::from(range.end.col.checked_sub(range.start.col)?) + 1;
    if rows * cols > MAX_CELLS {
        return None;
    }
    let mut sum = Amount::ZERO;
    for row in range.start.row..=range.end.row {
        for cell in sheet.row(row) {
            if range.contains(cell.at) {
                match &cell.value {
                    CellValue::Number(number) => {
                        sum = sum.checked_add(Amount::from_float(*number, 0)?)?
                    }
                    // A text counts as nothing in a spreadsheet's sum; a clerk who typed a figure as
                    // text would be surprised, so such a sum is left to the spreadsheet.
                    _ => return None,
                }
            }
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cell, NumberFormat};

    #[test]
    fn only_plain_sums_of_numbers_are_added_up() {
        let cell = |address: &str, value| Cell {
            at: address.parse().expect("an address"),
            value,
            format: NumberFormat::default(),
            formula: None,
        };
        let sheet = Sheet::new(
            "表".into(),
            true,
            vec![
                cell("B3", CellValue::Number(184.5)),
                cell("C3", CellValue::Number(381.8)),
                cell("D3", CellValue::Number(140.9)),
                cell("E3", CellValue::Text("12".into())),
            ],
            Vec::new(),
        );
        let sum = |formula| plain_sum(&sheet, formula).map(|sum| sum.to_string());
        assert_eq!(sum("SUM(B3:D3)").as_deref(), Some("707.2"));
        assert_eq!(sum("$B$3+C3 + D3").as_deref(), Some("707.2"));
        assert_eq!(sum("sum(B3:C3,D3,F3)").as_deref(), Some("707.2"));
        for other in [
            "SUM(B3:E3)",
            "B3-C3",
            "B3*2",
            "AVERAGE(B3:D3)",
            "SUM(B3:D3)/2",
            "SUM(A1:XFD1048576)",
            "B3+",
        ] {
            assert_eq!(sum(other), None, "{other}");
        }
    }
}
