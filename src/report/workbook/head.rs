//! What every sheet in an annex's layout has: number, title and header, and how wide its columns are.
//!
//! The county's sheets and blank forms are the same form, one filled in and one not.

use std::borrow::Cow;
use std::ops::Range;

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use crate::scheme::{Annex, ColumnKind};

use super::style::{Role, Styles};
use super::text;

/// A table narrower than this is spread over the page, as the plan does.
const NARROW: f64 = 100.0;

/// The annex's number, in the first row. A column without width is hidden.
pub(super) fn write_number(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    annex: &Annex,
    widths: &[f64],
) -> Result<(), XlsxError> {
    sheet.set_row_height(0, 22)?;
    let number = styles.role(Role::AnnexNumber);
    sheet.write_with_format(0, first_col(widths), &*annex.number, number)?;
    Ok(())
}

/// The annex's title, in the second row.
pub(super) fn write_title(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    annex: &Annex,
    widths: &[f64],
) -> Result<(), XlsxError> {
    let title_width: f64 = widths.iter().sum();
    let n_lines = text::lines(&annex.title, title_width / 1.7);
    sheet.set_row_height(1, n_lines as f64 * 26.0 + 10.0)?;
    let last = (widths.len() - 1) as u16;
    let title = styles.role(Role::Title);
    merge(
        sheet,
        (1, first_col(widths)),
        (1, last),
        &annex.title,
        title,
    )
}

/// The first column that is not hidden.
pub(super) fn first_col(widths: &[f64]) -> u16 {
    widths.iter().take_while(|width| **width == 0.0).count() as u16
}

/// The merged header from row `head` down.
pub(super) fn write_header(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    annex: &Annex,
    widths: &[f64],
    head: u32,
) -> Result<(), XlsxError> {
    let header = annex.header();
    let mut heights = vec![text::height(1); annex.depth];
    for deep in [false, true] {
        for cell in header
            .iter()
            .filter(|cell| (cell.rows.0 != cell.rows.1) == deep)
        {
            let width: f64 = widths[cell.cols.0..=cell.cols.1].iter().sum();
            if width == 0.0 {
                continue;
            }
            let needed = text::height(text::lines(&broken(&cell.text, width), width));
            let rows = &mut heights[cell.rows.0..=cell.rows.1];
            let missing = needed - rows.iter().sum::<f64>();
            if missing > 0.0 {
                let each = missing / rows.len() as f64;
                rows.iter_mut().for_each(|height| *height += each);
            }
        }
    }
    for (level, height) in heights.iter().enumerate() {
        sheet.set_row_height(head + level as u32, *height)?;
    }
    let format = styles.role(Role::Header);
    for cell in header {
        let width: f64 = widths[cell.cols.0..=cell.cols.1].iter().sum();
        merge(
            sheet,
            (head + cell.rows.0 as u32, cell.cols.0 as u16),
            (head + cell.rows.1 as u32, cell.cols.1 as u16),
            &broken(&cell.text, width),
            format,
        )?;
    }
    Ok(())
}

/// A header that does not fit on one line goes on below with its remark, instead of breaking within
/// the bracket: 公园绿地新增 over （公顷）. Line breaks are no part of a header's name.
fn broken(header: &str, width: f64) -> Cow<'_, str> {
    let fits = |part: &str| text::lines(part, width) == 1;
    match remark_at(header).map(|open| header.split_at(open)) {
        Some((name, remark))
            if !header.contains('\n') && !fits(header) && fits(name) && fits(remark) =>
        {
            Cow::Owned(format!("{name}\n{remark}"))
        }
        _ => Cow::Borrowed(header),
    }
}

/// Where a bracketed remark at the end of a header begins.
fn remark_at(header: &str) -> Option<usize> {
    let ends = header.ends_with(['）', ')']);
    header.rfind(['（', '(']).filter(|open| ends && *open > 0)
}

/// Writes a cell, merged where it covers more than one.
pub(super) fn merge(
    sheet: &mut Worksheet,
    (first_row, first_col): (u32, u16),
    (last_row, last_col): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match (first_row, first_col) == (last_row, last_col) {
        true => sheet.write_string_with_format(first_row, first_col, text, format)?,
        false => sheet.merge_range(first_row, first_col, last_row, last_col, text, format)?,
    };
    Ok(())
}

/// How wide a leaf's own header cell should be. Headers may break over lines, but not into single
/// characters.
pub(super) fn header_width(annex: &Annex, leaf: usize) -> usize {
    let header = annex.leaves[leaf].path.last();
    header.map_or(0, |header| {
        let wide = text::width(header);
        let n_lines = match wide {
            0..=10 => 1,
            11..=24 => 2,
            25..=36 => 3,
            _ => 4,
        };
        // A name keeps to one line where its remark goes on the next.
        let name = remark_at(header).map(|open| text::width(&header[..open]));
        let name = name.filter(|name| n_lines > 1 && *name <= 16).unwrap_or(0);
        wide.div_ceil(n_lines).max(name).max(4)
    })
}

/// Widths of columns, spread over the page where they are fewer than it holds.
pub(super) fn spread(widths: &[usize], title: &str) -> Vec<f64> {
    let sum: usize = widths.iter().sum();
    let title = text::width(title) as f64 * 1.7;
    let wanted = NARROW.max(title.min(130.0));
    let stretch = (wanted / sum as f64).clamp(1.0, 3.0);
    widths.iter().map(|&width| width as f64 * stretch).collect()
}

/// Adds to the lines of rows what a cell over several of them needs more.
pub(super) fn make_room(rows: &mut [usize], needed: usize) {
    let lines: usize = rows.iter().sum();
    let n_rows = rows.len();
    let missing = needed.saturating_sub(lines);
    for (nth, row) in rows.iter_mut().enumerate() {
        *row += missing / n_rows + usize::from(nth < missing % n_rows);
    }
}

/// Widths that the scheme sets stand as they are, but for hidden columns.
pub(super) fn set_widths(annex: &Annex, widths: &mut [f64]) {
    let shown = widths.iter_mut().enumerate().filter(|it| *it.1 > 0.0);
    for (leaf, width) in shown {
        if let Some(set) = annex.column_of(leaf).width {
            *width = f64::from(set);
        }
    }
}

/// Leading columns that say which row it is: keys and serial numbers. The label of a total row covers
/// them.
pub(super) fn label_cols(annex: &Annex) -> usize {
    (0..annex.leaves.len())
        .take_while(|&leaf| {
            annex.is_key(annex.leaves[leaf].column)
                || annex.column_of(leaf).kind == ColumnKind::Serial
        })
        .count()
}

/// The columns that the label of a total row covers: those that say which row it is where they stand in front, else
/// the first keys that stand beside each other.
pub(super) fn total_label(annex: &Annex) -> Range<usize> {
    let is_key = |leaf: &usize| annex.is_key(annex.leaves[*leaf].column);
    let leading = 0..label_cols(annex);
    if leading.clone().any(|leaf| is_key(&leaf)) {
        return leading;
    }
    // Of one row for each reporter no other key is shown.
    let is_shown = |leaf: &usize| {
        let column = annex.leaves[*leaf].column;
        annex.one_row_each.is_none_or(|name| name == column)
    };
    let is_name = |leaf: &usize| is_key(leaf) && is_shown(leaf);
    let Some(first) = (0..annex.leaves.len()).find(is_name) else {
        return leading;
    };
    let n_keys = (first..annex.leaves.len()).take_while(is_name).count();
    first..first + n_keys
}

/// How many of these stay in sight when the sheet is moved sideways.
pub(super) fn frozen_cols(widths: &[f64], label_cols: usize) -> u16 {
    match widths[..label_cols].iter().sum::<f64>() < 70.0 {
        true => label_cols as u16,
        false => 0,
    }
}
