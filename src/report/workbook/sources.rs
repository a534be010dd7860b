//! 数据来源: the file, sheet, cells and hash behind every consolidated row.

use std::collections::HashMap;
use std::ops::Range;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::consolidate::Source;
use crate::model::{CellRange, CellRef};

use super::body::{Body, Cells};
use super::style::{Looks, Role, Styles};
use super::{
    Context, page,
    text::{self, Texts},
};

const WIDTHS: [f64; 9] = [10.0, 8.0, 34.0, 26.0, 64.0, 16.0, 13.0, 18.0, 28.0];
const SHOWN_HASH: usize = 12;

/// One line: a row of the county, or its total row.
struct Line {
    annex: usize,
    /// `None` for the total row.
    row: Option<usize>,
    source: Source,
}

/// Writes the sheets but for their lines, and says what these are.
pub(super) fn write<'a>(
    context: &'a Context<'a>,
    looks: Looks,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<Vec<Body<'a>>, XlsxError> {
    let limit = context.limits.rows;
    let n_lines = lines(context).count();
    let mut lines = lines(context);
    let mut bodies = Vec::new();
    for idx in 0..n_lines.div_ceil(limit).max(1) {
        let chunk = Chunk::of(context, lines.by_ref().take(limit).collect());
        let index = workbook.worksheets().len();
        let sheet = workbook.add_worksheet();
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
            sheet.text(0, col as u16, text, header)?;
        }
        let (last_row, last_col) = (chunk.lines.len() as u32, WIDTHS.len() as u16 - 1);
        sheet.autofilter(0, 0, last_row, last_col)?;
        if last_row > 0 {
            // From this the library knows how far the sheet extends; the line itself takes its place.
            sheet.write_blank(last_row, last_col, header)?;
        }
        bodies.push(Body {
            sheet: index,
            first_row: 1,
            n_rows: chunk.lines.len(),
            n_cols: WIDTHS.len(),
            write: Box::new(move |rows, cells| chunk.write(rows, looks, cells)),
        });
    }
    Ok(bodies)
}

/// Every row that was returned, as the annexes show them.
fn lines<'a>(context: &'a Context<'a>) -> impl Iterator<Item = Line> + 'a {
    let annexes = context.merged.county.annexes.iter().enumerate();
    annexes.flat_map(|(annex, county)| {
        let rows = county.rows.iter().enumerate();
        let rows = rows.flat_map(move |(row, county)| {
            let row = Some(row);
            let sources = county.source.iter().chain(&county.shared);
            sources.map(move |&source| Line { annex, row, source })
        });
        let stated = county.total.as_ref().and_then(|total| total.stated);
        let stated = stated.map(|source| Line {
            annex,
            row: None,
            source,
        });
        rows.chain(stated)
    })
}

/// The lines of one sheet.
struct Chunk<'a> {
    context: &'a Context<'a>,
    lines: Vec<Line>,
    hashes: HashMap<&'a str, &'a str>,
}

impl<'a> Chunk<'a> {
    fn of(context: &'a Context<'a>, lines: Vec<Line>) -> Self {
        let files = context.merged.files.iter();
        let hashes = files.map(|file| (&*file.path, file.sha256.as_str()));
        Self {
            context,
            lines,
            hashes: hashes.collect(),
        }
    }

    fn write(&self, rows: Range<usize>, looks: Looks, cells: &mut Cells) {
        for row in rows {
            self.write_line(row, looks, cells);
        }
    }

    fn write_line(&self, idx: usize, looks: Looks, cells: &mut Cells) {
        let Line { annex, row, source } = self.lines[idx];
        let context = self.context;
        let merged = context.merged;
        let table = &merged.tables[source.table];
        let county_row = row.map(|row| &merged.county.annexes[annex].rows[row]);
        let stated = context.lang.pick("合计（责任单位所报）", "total as stated");
        let name = county_row.map_or_else(
            || stated.to_owned(),
            |row| {
                let year = row.year.map(|year| year.to_string());
                let mut name = year.unwrap_or_default();
                for key in &row.key {
                    if !name.is_empty() {
                        name.push('·');
                    }
                    name.push_str(key);
                }
                name
            },
        );
        let about = row.and_then(|_| table.rows[source.row].reporter);
        let reporter = about.or(table.reporter);
        let reporter = reporter.map_or("", |idx| &*context.scheme.reporters[idx].name);
        let others =
            self.others(row.map_or(&[], |row| &merged.county.annexes[annex].rows[row].conflicts));
        let hash = self.hashes.get(&*table.file).copied().unwrap_or_default();
        let texts: [&str; WIDTHS.len()] = [
            &context.scheme.annexes[annex].number,
            "",
            &name,
            reporter,
            &table.file,
            &table.sheet,
            &self.cells(source),
            hash.get(..SHOWN_HASH).unwrap_or(hash),
            &others,
        ];
        let n_lines = texts.iter().zip(WIDTHS);
        let n_lines = n_lines.map(|(text, width)| text::lines(text, width)).max();
        let n_lines = n_lines.unwrap_or(1);
        cells.start_row(idx, (n_lines > 1).then(|| text::height(n_lines)));
        for (col, text) in texts.into_iter().enumerate() {
            let look = match col {
                0 | 1 | 6 | 7 => looks.centred,
                _ => looks.text,
            };
            match (col, context.layout.annexes[annex].row(row)) {
                (1, Some((_, at))) => cells.number(col, look, f64::from(at + 1)),
                _ => cells.text(col, look, text),
            }
        }
    }

    /// Rows of other returns that say something else.
    fn others(&self, conflicts: &[(usize, Vec<Source>)]) -> String {
        let others = conflicts.iter().flat_map(|(_, others)| others);
        let mut others: Vec<Source> = others.copied().collect();
        others.sort_unstable();
        others.dedup();
        let others = others.into_iter().map(|other| {
            let table = &self.context.merged.tables[other.table];
            format!("{} {}!{}", table.file, table.sheet, self.cells(other))
        });
        others.collect::<Vec<_>>().join("\n")
    }

    /// The cells of a row of a return: B7:E7.
    fn cells(&self, source: Source) -> String {
        let table = &self.context.merged.tables[source.table];
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
