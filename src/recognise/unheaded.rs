//! Figures beside a table, in columns that no header names.
//!
//! A figure typed one column too far to the right is in nobody's total, and nobody would see it. Most of what
//! stands beside a table is none: sums that a clerk makes for herself are formulas, remarks and lists of names have words
//! in their column, rows are numbered, and years head nothing. Whoever is told of such things stops reading.

use std::collections::BTreeMap;

use crate::model::{Amount, Cell, CellRef, CellValue, Sheet};
use crate::normalise::typed_number;
use crate::scheme::Units;

use super::LayoutRow;
use super::header::Match;
use super::sides::Columns;

/// A figure of the sheet.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) at: CellRef,
    /// As it was typed.
    pub(super) given: String,
    number: f64,
}

impl Figure {
    /// One that was typed as a number.
    pub(super) fn typed(at: CellRef, number: f64) -> Self {
        let shown = Amount::from_float(number, 0).map(|figure| figure.to_string());
        Self {
            at,
            given: shown.unwrap_or_else(|| format!("{number:E}")),
            number,
        }
    }
}

/// What stands in a cell beside a table.
enum Beside {
    Figure(Figure),
    Nothing,
    Words,
}

/// The figures in the rows of a table that stand under none of its headers, in the columns that it has to itself; row by
/// row.
pub(super) fn unheaded_figures(
    sheet: &Sheet,
    header: &Match,
    rows: &[LayoutRow],
    own: &Columns,
    units: &Units,
) -> Vec<Figure> {
    let mut headed: Vec<u32> = header.columns.iter().flatten().copied().collect();
    let others = header.extra.iter().chain(&header.repeated);
    headed.extend(others.map(|(cell, _)| cell.col));
    headed.sort_unstable();
    let is_beside = |col: u32| own.contains(&col) && headed.binary_search(&col).is_err();
    let mut found: Vec<Figure> = Vec::new();
    let filled = rows.iter().filter(|row| row.filled);
    for row in filled {
        // Nearly always a row ends where its table does.
        let cells = sheet.row(row.sheet_row).iter();
        for cell in cells.filter(|cell| is_beside(cell.at.col)) {
            if let Beside::Figure(figure) = read(cell, units) {
                found.push(figure);
            }
        }
    }
    let mut by_column: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for figure in &found {
        let numbers = by_column.entry(figure.at.col).or_default();
        numbers.push(figure.number);
    }
    by_column.retain(|_, numbers| !are_serials(numbers) && !are_years(numbers));
    let cols: Vec<u32> = by_column.into_keys().collect();
    let last_row = rows.last().map_or(header.rows.1, |row| row.sheet_row);
    if cols.is_empty() {
        return Vec::new();
    }
    let words = columns_with_words(sheet, (header.rows.0, last_row), &cols, units);
    found.retain(|Figure { at, .. }| {
        cols.binary_search(&at.col).is_ok() && words.binary_search(&at.col).is_err()
    });
    found
}

/// A figure may be typed as a text here as well as in its own column.
fn read(cell: &Cell, units: &Units) -> Beside {
    match &cell.value {
        _ if cell.formula.is_some() => Beside::Words,
        CellValue::Number(number) => Beside::Figure(Figure::typed(cell.at, *number)),
        CellValue::Text(text) if text.trim().is_empty() => Beside::Nothing,
        CellValue::Text(text) => match typed_number(text, units) {
            Some(number) => Beside::Figure(Figure {
                at: cell.at,
                given: text.trim().to_owned(),
                number: number.to_float(),
            }),
            None => Beside::Words,
        },
        _ => Beside::Words,
    }
}

/// One number alone may be anything.
const FEWEST_IN_A_ROW: usize = 2;

/// 1, 2, 3 …
fn are_serials(numbers: &[f64]) -> bool {
    let mut nth = 0.0;
    let are_counted = numbers.iter().all(|number| {
        nth += 1.0;
        *number == nth
    });
    are_counted && numbers.len() >= FEWEST_IN_A_ROW
}

fn are_years(numbers: &[f64]) -> bool {
    let is_year = |number: &f64| number.fract() == 0.0 && (1990.0..=2100.0).contains(number);
    numbers.len() >= FEWEST_IN_A_ROW && numbers.iter().all(is_year)
}

/// Which of some columns have anything but figures between two rows.
fn columns_with_words(
    sheet: &Sheet,
    (first, last): (u32, u32),
    cols: &[u32],
    units: &Units,
) -> Vec<u32> {
    let mut words = Vec::new();
    let rows = sheet.rows_from(first).take_while(|(row, _)| *row <= last);
    for (_, cells) in rows {
        for cell in cells {
            let is_asked = cols.binary_search(&cell.at.col).is_ok();
            if is_asked && matches!(read(cell, units), Beside::Words) {
                words.push(cell.at.col);
            }
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}
