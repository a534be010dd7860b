//! Figures above a table and beside its header: typed into the wrong row, they are in nobody's total.
//!
//! What stands there is nearly always something else: years, pieces of dates, codes and telephone numbers answer the labels
//! before them, and another table has many.

use crate::model::{Cell, CellRef, CellValue, Sheet};

use super::header::Match;
use super::rows::{is_answer, is_year};
use super::sides::Columns;
use super::unheaded::Figure;

/// How far above a header its form's own lines stand.
const N_LINES: u32 = 12;
/// More figures than this are another table.
const MOST: usize = 8;

/// The figures in the rows from `from` to the end of a header that are none of its, in the columns that the table has to
/// itself; row by row.
pub(super) fn figures_above(
    sheet: &Sheet,
    header: &Match,
    from: u32,
    own: &Columns,
) -> Vec<Figure> {
    let (top, last) = header.rows;
    // Between two forms a row is read as one below the first.
    let first = match from {
        0 => top.saturating_sub(N_LINES),
        _ => top,
    };
    let own_texts: Vec<u32> = (header.extra.iter().chain(&header.repeated))
        .map(|(cell, _)| cell.col)
        .collect();
    let is_headed = |at: CellRef| {
        let is_in_table = (header.first_col..=header.last_col).contains(&at.col);
        at.row >= top && (is_in_table || own_texts.contains(&at.col))
    };
    let mut found = Vec::new();
    let rows = sheet.rows_from(first);
    for (_, cells) in rows.take_while(|(row, _)| *row <= last) {
        let figures = cells.iter().enumerate().filter_map(|(idx, cell)| {
            let (CellValue::Number(number), None) = (&cell.value, &cell.formula) else {
                return None;
            };
            let is_here = own.contains(&cell.at.col) && !is_headed(cell.at);
            (is_here && is_figure(cells, idx, *number)).then(|| Figure::typed(cell.at, *number))
        });
        found.extend(figures.take(MOST + 1));
        if found.len() > MOST {
            return Vec::new();
        }
    }
    found
}

/// Whether a number above a table is a figure, as far as its row tells.
fn is_figure(row: &[Cell], idx: usize, number: f64) -> bool {
    // A day, a month or a page has no label of its own.
    let is_small = number.fract() == 0.0 && number.abs() <= 31.0;
    let before = idx.checked_sub(1).and_then(|before| row[before].text());
    let is_labelled = before.is_some_and(|text| text.trim_end().ends_with([':', '：']));
    !is_small && !is_labelled && !is_year(number) && !is_answer(row, idx, number)
}
