//! Figures that nobody sees who opens a form: in rows and columns that are hidden or filtered out, and on hidden
//! sheets. They count as all others; what is told is that they are there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    Cell, CellRef, CellValue, Detail, Finding, Hidden, Kind, Level, Place, Sheet, Workbook,
};
use crate::recognise::Layout;
use crate::scheme::Scheme;

/// Says of each sheet with forms what of it is hidden and holds figures. `layouts` come with the indices of their
/// sheets.
pub(super) fn hidden_figures(
    scheme: &Scheme,
    path: &Arc<str>,
    workbook: &Workbook,
    layouts: &[(usize, Layout)],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (idx, sheet) in workbook.sheets.iter().enumerate() {
        let is_shown = sheet.visible && sheet.hidden == Hidden::default();
        let forms: Vec<&Layout> = (layouts.iter())
            .filter(|(of, _)| *of == idx && !is_shown)
            .map(|(_, layout)| layout)
            .collect();
        let Some(first_row) = forms.iter().filter_map(|form| first_row(form)).min() else {
            continue;
        };
        let unseen = Unseen::of(scheme, sheet, &forms, first_row);
        let Some(at) = unseen.first else { continue };
        let detail = Detail::Hidden {
            sheet: !sheet.visible,
            parts: unseen.parts,
        };
        let place = Place::sheet(path, &Arc::from(sheet.name.as_str()), Some(at));
        let mut finding = Finding::new(Kind::Hidden, Level::Hint, detail).at(place);
        finding.annex = Some(scheme.annexes[forms[0].annex].number.clone());
        findings.push(finding);
    }
    findings
}

/// What stands above is header.
fn first_row(form: &Layout) -> Option<u32> {
    form.rows.iter().map(|row| row.sheet_row).min()
}

/// What is not seen and holds figures.
struct Unseen {
    first: Option<CellRef>,
    parts: Hidden,
}

impl Unseen {
    fn of(scheme: &Scheme, sheet: &Sheet, forms: &[&Layout], first_row: u32) -> Self {
        let hidden = &sheet.hidden;
        let mut first = None;
        let (mut rows, mut columns) = (Vec::new(), BTreeSet::new());
        for (row, cells) in sheet.rows_from(first_row) {
            let figures = cells.iter().filter(|cell| is_figure(cell));
            let figures = figures.filter(|cell| !is_label(scheme, forms, cell.at.col));
            let is_hidden = hidden.rows.contains(row);
            for cell in figures {
                let column = cell.at.col;
                let in_column = hidden.columns.contains(column);
                if !sheet.visible || is_hidden || in_column {
                    first.get_or_insert(cell.at);
                }
                if is_hidden && rows.last() != Some(&(row, row)) {
                    rows.push((row, row));
                }
                if in_column {
                    columns.insert(column);
                }
            }
        }
        Self {
            first,
            parts: Hidden {
                rows: rows.into_iter().collect(),
                columns: columns.into_iter().map(|column| (column, column)).collect(),
            },
        }
    }
}

/// A number, a date, or a text that begins like one.
fn is_figure(cell: &Cell) -> bool {
    match &cell.value {
        CellValue::Number(_) | CellValue::Date(_) => true,
        CellValue::Text(text) => {
            let text = text.trim_start_matches(['-', '+', '－', '＋', ' ', '\u{3000}']);
            text.starts_with(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c))
        }
        CellValue::Bool(_) | CellValue::Error(_) | CellValue::NotCalculated => false,
    }
}

/// Whether a column holds keys or row numbers.
fn is_label(scheme: &Scheme, forms: &[&Layout], column: u32) -> bool {
    forms.iter().any(|form| {
        let annex = &scheme.annexes[form.annex];
        let leaf = form.columns.iter().position(|found| *found == Some(column));
        leaf.is_some_and(|leaf| !annex.is_data(leaf))
    })
}
