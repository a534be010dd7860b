//! Figures beside a table, in columns that no header names.
//!
//! A figure typed one column too far to the right is in nobody's total, and nobody would see it. Most of what
//! stands beside a table is none: sums that a clerk makes for herself are formulas, remarks and lists of names have words
//! in their column, rows are numbered, and years head nothing. Whoever is told of such things stops reading.

use std::collections::BTreeMap;

use crate::model::{CellRef, CellValue, Sheet};

use super::LayoutRow;
use super::header::Match;
use super::sides::Columns;

/// A number of the sheet, and its cell.
type Figure = (CellRef, f64);

/// The figures in the rows of a table that stand under none of its headers, in the columns that it has to itself; row by
/// row.
pub(super) fn unheaded_figures(
    sheet: &Sheet,
    header: &Match,
    rows: &[LayoutRow],
    own: &Columns,
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
            if let (CellValue::Number(number), None) = (&cell.value, &cell.formula) {
                found.push((cell.at, *number));
            }
        }
    }
    let mut by_column: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (at, number) in &found {
        by_column.entry(at.col).or_default().push(*number);
    }
    by_column.retain(|_, numbers| !are_serials(numbers) && !are_years(numbers));
    let cols: Vec<u32> = by_column.into_keys().collect();
    let last_row = rows.last().map_or(header.rows.1, |row| row.sheet_row);
    if cols.is_empty() {
        return Vec::new();
    }
    let words = columns_with_words(sheet, (header.rows.0, last_row), &cols);
    found.retain(|(at, _)| {
        cols.binary_search(&at.col).is_ok() && words.binary_search(&at.col).is_err()
    });
    found
}

/// 1, 2, 3 …
fn are_serials(numbers: &[f64]) -> bool {
    let mut nth = 0.0;
    numbers.iter().all(|number| {
        nth += 1.0;
        *number == nth
    })
}

fn are_years(numbers: &[f64]) -> bool {
    let is_year = |number: &f64| number.fract() == 0.0 && (1990.0..=2100.0).contains(number);
    numbers.iter().all(is_year)
}

/// Which of some columns have anything but numbers between two rows.
fn columns_with_words(sheet: &Sheet, (first, last): (u32, u32), cols: &[u32]) -> Vec<u32> {
    let mut words = Vec::new();
    let rows = sheet.rows_from(first).take_while(|(row, _)| *row <= last);
    for (_, cells) in rows {
        for cell in cells {
            let is_number = matches!(cell.value, CellValue::Number(_)) && cell.formula.is_none();
            if !is_number && cols.binary_search(&cell.at.col).is_ok() {
                words.push(cell.at.col);
            }
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}
