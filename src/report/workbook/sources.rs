//! 数据来源: the file, sheet, cells and hash behind every consolidated row.

use std::collections::HashMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::consolidate::Source;
use crate::model::{CellRange, CellRef};

use super::style::{Role, Styles};
use super::{Context, page, text};

const WIDTHS: [f64; 9] = [10.0, 8.0, 34.0, 26.0, 64.0, 16.0, 13.0, 18.0, 28.0];
const SHOWN_HASH: usize = 12;

/// One line: a row of the county, or its total row, with the return that says so.
struct Line {
    annex: usize,
    /// `None` for the total row.
    row: Option<usize>,
    source: Source,
}

pub(super) fn write(
    context: &Context<'_>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let mut lines: Vec<Line> = Vec::new();
    for (annex, county) in context.merged.county.annexes.iter().enumerate() {
        for (idx, row) in county.rows.iter().enumerate() {
            let row_idx = Some(idx);
            let sources = row.source.iter().chain(&row.shared);
            lines.extend(sources.map(|&source| Line {
                annex,
                row: row_idx,
                source,
            }));
        }
        let stated = county.total.as_ref().and_then(|total| total.stated);
        lines.extend(stated.map(|source| Line {
            annex,
            row: None,
            source,
        }));
    }
    let files = context.merged.files.iter();
    let hashes: HashMap<&str, &str> = files
        .map(|file| (&*file.path, file.sha256.as_str()))
        .collect();
    let n_sheets = lines.len().div_ceil(context.limits.rows).max(1);
    for idx in 0..n_sheets {
        let start = idx * context.limits.rows;
        let chunk = &lines[start..(start + context.limits.rows).min(lines.len())];
        let n_cells = chunk.len() * WIDTHS.len();
        let sheet = super::new_sheet(workbook, n_cells, context.limits)?;
        let name = &context.layout.names.sources;
        match idx {
            0 => sheet.set_name(name)?,
            _ => sheet.set_name(format!("{name}({})", idx + 1))?,
        };
        page::set_up(sheet, Some((0, 0)), context.lang)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_row_height(0, 24)?;
        let zh = [
            "附件",
            "汇总表行",
            "行",
            "填报单位",
            "文件",
            "工作表",
            "单元格",
            "SHA-256（前12位）",
            "另有数据（未取用）",
        ];
        let en = [
            "Annex",
            "Row here",
            "Row",
            "Reporter",
            "File",
            "Sheet",
            "Cells",
            "SHA-256 (start)",
            "Other returns, not taken",
        ];
        let header = styles.role(Role::Header);
        for (col, width) in WIDTHS.into_iter().enumerate() {
            sheet.set_column_width(col as u16, width)?;
            let text = context.lang.pick(zh[col], en[col]);
            sheet.write_with_format(0, col as u16, text, header)?;
        }
        sheet.autofilter(0, 0, chunk.len() as u32, WIDTHS.len() as u16 - 1)?;
        for (idx, line) in chunk.iter().enumerate() {
            let at = idx as u32 + 1;
            let cells = context.source_line(line, &hashes);
            let n_lines = cells
                .iter()
                .zip(WIDTHS)
                .map(|(text, width)| text::lines(text, width));
            let n_lines = n_lines.max().unwrap_or(1);
            if n_lines > 1 {
                sheet.set_row_height(at, text::height(n_lines))?;
            }
            for (col, text) in cells.into_iter().enumerate() {
                let role = match col {
                    0 | 1 | 6 | 7 => Role::Centred,
                    _ => Role::Text,
                };
                let col = col as u16;
                let format = styles.role(role);
                match (col, text.parse::<u32>()) {
                    (1, Ok(number)) => sheet.write_number_with_format(at, col, number, format)?,
                    _ => sheet.write_string_with_format(at, col, text, format)?,
                };
            }
        }
    }
    Ok(())
}

impl Context<'_> {
    fn source_line(&self, line: &Line, hashes: &HashMap<&str, &str>) -> [String; WIDTHS.len()] {
        let annex = &self.scheme.annexes[line.annex];
        let county = &self.merged.county.annexes[line.annex];
        let row = line.row.map(|row| &county.rows[row]);
        let source = line.source;
        let table = &self.merged.tables[source.table];
        let name = match row {
            Some(row) => {
                let year = row.year.map(|year| year.to_string());
                let key = row.key.iter().map(|key| key.to_string());
                year.into_iter().chain(key).collect::<Vec<_>>().join("·")
            }
            None => self
                .lang
                .pick("合计（责任单位所报）", "total as stated")
                .to_owned(),
        };
        let reporter = match row {
            Some(_) => table.rows[source.row].reporter.or(table.reporter),
            None => table.reporter,
        };
        let reporter = reporter.map_or(String::new(), |idx| {
            self.scheme.reporters[idx].name.to_string()
        });
        let at = self.layout.annexes[line.annex].row(line.row);
        let mut others: Vec<Source> = row
            .into_iter()
            .flat_map(|row| row.conflicts.iter().flat_map(|(_, others)| others))
            .copied()
            .collect();
        others.sort_unstable();
        others.dedup();
        let others: Vec<String> = others
            .into_iter()
            .map(|other| {
                let table = &self.merged.tables[other.table];
                format!("{} {}!{}", table.file, table.sheet, self.cells(other))
            })
            .collect();
        let hash = hashes.get(&*table.file).copied().unwrap_or_default();
        [
            annex.number.to_string(),
            at.map_or(String::new(), |(_, row)| (row + 1).to_string()),
            name,
            reporter,
            table.file.to_string(),
            table.sheet.to_string(),
            self.cells(source),
            hash.chars().take(SHOWN_HASH).collect(),
            others.join("\n"),
        ]
    }

    /// The cells of a row of a return: B7:E7.
    fn cells(&self, source: Source) -> String {
        let table = &self.merged.tables[source.table];
        let row = table.rows[source.row].sheet_row;
        let cols = || table.columns.iter().flatten().copied();
        match (cols().min(), cols().max()) {
            (Some(first), Some(last)) => {
                CellRange::new(CellRef::new(row, first), CellRef::new(row, last)).to_string()
            }
            _ => String::new(),
        }
    }
}
