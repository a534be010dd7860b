//! 错误清单: every finding, the serious ones first, with a link to the marked cell.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::model::{Amount, Finding};
use crate::report::{Lang, words};

use super::layout::link;
use super::style::{Look, Number, Role, Styles, tab_colour};
use super::{
    Context, page,
    text::{self, Texts},
};

const WIDTHS: [f64; 17] = [
    5.0, 8.0, 9.0, 14.0, 24.0, 16.0, 18.0, 12.0, 10.0, 10.0, 8.0, 6.0, 16.0, 34.0, 22.0, 40.0, 12.0,
];

pub(super) fn write(
    context: &Context<'_>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let findings = &context.merged.findings;
    let number_of = |finding: &Finding| {
        let number = finding.annex.as_deref();
        number
            .and_then(|number| context.scheme.annex(number))
            .unwrap_or(usize::MAX)
    };
    let mut order: Vec<(_, usize, usize)> = findings
        .iter()
        .enumerate()
        .map(|(idx, finding)| (finding.level, number_of(finding), idx))
        .collect();
    order.sort_unstable();
    let n_sheets = order.len().div_ceil(context.limits.rows).max(1);
    for idx in 0..n_sheets {
        let start = idx * context.limits.rows;
        let chunk = &order[start..(start + context.limits.rows).min(order.len())];
        let n_cells = chunk.len() * WIDTHS.len();
        let sheet = super::new_sheet(workbook, n_cells, context.limits)?;
        let name = &context.layout.names.findings;
        match idx {
            0 => sheet.set_name(name)?,
            _ => sheet.set_name(format!("{name}({})", idx + 1))?,
        };
        if let Some((level, ..)) = order.first() {
            sheet.set_tab_color(tab_colour(*level));
        }
        write_header(context, sheet, styles, chunk.len())?;
        for (row, &(.., finding)) in chunk.iter().enumerate() {
            let position = start + row;
            write_row(context, sheet, styles, row as u32 + 1, position, finding)?;
        }
        if order.is_empty() {
            let word = context.lang.pick("没有问题", "Nothing was found");
            let format = styles.role(Role::Paragraph);
            sheet.text(1, 1, word, format)?;
        }
    }
    Ok(())
}

fn write_header(
    context: &Context<'_>,
    sheet: &mut Worksheet,
    styles: &mut Styles,
    n_rows: usize,
) -> Result<(), XlsxError> {
    let zh = [
        "序号",
        "级别",
        "附件",
        "填报单位",
        "位置",
        "审核关系",
        "文件",
        "工作表/单元格",
        "填写",
        "应为",
        "差额",
        "容差",
        "问题",
        "情况",
        "怎么办",
        "嫌疑单元格",
        "审核说明",
    ];
    let en = [
        "No.",
        "Level",
        "Annex",
        "Reporter",
        "Place",
        "Rule",
        "File",
        "Sheet/cell",
        "Given",
        "Expected",
        "Difference",
        "Tol.",
        "Finding",
        "Facts",
        "What to do",
        "Suspects",
        "Explanation",
    ];
    page::set_up(sheet, Some((0, 0)), context.lang)?;
    sheet.set_row_height(0, 24)?;
    sheet.set_freeze_panes(1, 2)?;
    let format = styles.role(Role::Header);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
        let text = context.lang.pick(zh[col], en[col]);
        sheet.text(0, col as u16, text, format)?;
    }
    sheet.autofilter(0, 0, n_rows as u32, WIDTHS.len() as u16 - 1)?;
    Ok(())
}

fn write_row(
    context: &Context<'_>,
    sheet: &mut Worksheet,
    styles: &mut Styles,
    row: u32,
    position: usize,
    idx: usize,
) -> Result<(), XlsxError> {
    let lang = context.lang;
    let finding = &context.merged.findings[idx];
    let place = finding.place.as_ref();
    let where_in_annex = place_in_annex(context, idx);
    let rule = match (&finding.rule, context.rule_label(finding)) {
        (Some(rule), label) => {
            let label = label.map(|label| format!("\n{label}")).unwrap_or_default();
            format!("{} {rule}{label}", words::kind(finding.kind, lang))
        }
        (None, _) => words::kind(finding.kind, lang).to_owned(),
    };
    let cell = place.and_then(|place| {
        let sheet = place.sheet.as_deref()?;
        // What is about several cells is at none of them.
        let cells = match place.cell {
            Some(cell) => cell.to_string(),
            None => words::cells(finding, lang),
        };
        Some(match (sheet, cells.is_empty()) {
            // Some programs give the only sheet of a file no name.
            ("", _) => cells,
            (_, true) => sheet.to_owned(),
            (_, false) => format!("{sheet}!{cells}"),
        })
    });
    let suspects = words::suspects(finding, usize::MAX, lang);
    let texts: [(u16, String); 13] = [
        (2, finding.annex.as_deref().unwrap_or_default().to_owned()),
        (
            3,
            finding.reporter.as_deref().unwrap_or_default().to_owned(),
        ),
        (4, where_in_annex),
        (5, rule),
        (
            6,
            place.map_or(String::new(), |place| place.file.to_string()),
        ),
        (7, cell.unwrap_or_default()),
        (12, words::title(finding, lang)),
        (13, words::facts(finding, lang)),
        (14, words::advice(finding, lang)),
        (15, suspects.join("\n")),
        (16, finding.explanation.clone().unwrap_or_default()),
        (8, finding.given.clone().unwrap_or_default()),
        (9, words::right(finding, lang)),
    ];
    let n_lines = texts
        .iter()
        .map(|(col, text)| text::lines(text, WIDTHS[usize::from(*col)]))
        .max();
    sheet.set_row_height(row, text::height(n_lines.unwrap_or(1)))?;

    let centred = styles.role(Role::Centred);
    sheet.write_number_with_format(row, 0, position as f64 + 1.0, centred)?;
    let level = styles.get(Look::new(Role::Centred).level(Some(finding.level)));
    sheet.text(row, 1, words::level(finding.level, lang), level)?;
    let target = context
        .marks
        .spot(idx)
        .and_then(|spot| context.layout.cell(spot));
    for (col, text) in &texts[..11] {
        match target {
            Some((name, cell)) if *col == 4 && position < context.limits.links => {
                let format = styles.role(Role::Link);
                let shown = match text.is_empty() {
                    true => cell.to_string(),
                    false => text.clone(),
                };
                sheet.link(row, *col, (link(name, cell), &shown), format)?;
            }
            _ => {
                let role = match *col {
                    2 | 3 => Role::Centred,
                    _ => Role::Text,
                };
                let text = text::cut(text, 4_000);
                sheet.text(row, *col, text, styles.role(role))?;
            }
        }
    }
    let figures = [
        (8, finding.given.clone()),
        (9, Some(words::right(finding, lang))),
        (10, finding.difference.map(|amount| amount.to_string())),
        (11, finding.tolerance.map(|amount| amount.to_string())),
    ];
    for (col, figure) in figures {
        write_given(sheet, styles, row, col, &figure.unwrap_or_default())?;
    }
    Ok(())
}

/// Figures as numbers, so that they can be sorted and added; all else as text.
fn write_given(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    row: u32,
    col: u16,
    given: &str,
) -> Result<(), XlsxError> {
    let amount: Option<Amount> = given.parse().ok();
    let amount = amount.filter(|amount| {
        // Codes and figures that a spreadsheet would change stay as they were typed.
        given.len() <= 15 && amount.to_string() == given
    });
    match amount {
        Some(amount) => {
            let look = Look::new(Role::Figure).number(Number::Decimals(amount.decimals()));
            sheet.write_number_with_format(row, col, amount.to_float(), styles.get(look))?;
        }
        None => {
            let look = Look::new(Role::Centred).number(Number::Text);
            let text = text::cut(given, 1_000);
            sheet.text(row, col, text, styles.get(look))?;
        }
    }
    Ok(())
}

/// Row, column and year, as far as they are known: 迪那河灌区·轮台镇，地表水，2023年. Where a stage
/// knew only the cell, the cell's place in the county tells.
pub(super) fn place_in_annex(context: &Context<'_>, idx: usize) -> String {
    let finding = &context.merged.findings[idx];
    let spot = context.marks.spot(idx);
    let row = match (&finding.row, spot) {
        (Some(row), _) => Some(row.to_string()),
        (None, Some(spot)) => spot.row.map(|row| {
            let row = &context.merged.county.annexes[spot.annex].rows[row];
            let year = row.year.map(|year| year.to_string());
            let keys = row.key.iter().map(|key| key.to_string());
            year.into_iter().chain(keys).collect::<Vec<_>>().join("·")
        }),
        (None, None) => None,
    };
    let leaf = spot.map(|spot| (&context.scheme.annexes[spot.annex], spot.leaf));
    let column = match (&finding.column, leaf) {
        (Some(column), _) => Some(column.to_string()),
        (None, Some((annex, leaf))) => Some(annex.column_of(leaf).name.to_string()),
        (None, None) => None,
    };
    let year = finding
        .year
        .or(leaf.and_then(|(annex, leaf)| annex.leaves[leaf].year));
    let year = year.map(|year| match context.lang {
        Lang::Zh => format!("{year}年"),
        Lang::En => year.to_string(),
    });
    let parts = [row, column, year];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts
        .collect::<Vec<_>>()
        .join(context.lang.pick("，", ", "))
}
