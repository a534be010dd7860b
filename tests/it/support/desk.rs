//! The one place that touches the crate's interface: sheets from texts, and what becomes of them.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use hebiao::model::{
    Cell, CellRange, CellRef, CellValue, Date, Finding, Kind, Level, NumberFormat, Period, Row,
    RowKind, Sheet, Table, Value,
};
use hebiao::normalise::normalise;
use hebiao::recognise::{Recogniser, Who, settle_reporters};
use hebiao::scheme::{Scheme, SchemeError, SchemeFile, load};

/// The scheme that is shipped.
pub(crate) fn luntai() -> &'static Scheme {
    static SCHEME: OnceLock<Scheme> = OnceLock::new();
    SCHEME.get_or_init(|| load_files(&luntai_files()).expect("the shipped scheme loads"))
}

/// Its files.
pub(crate) fn luntai_files() -> Vec<SchemeFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
    let mut files: Vec<SchemeFile> = std::fs::read_dir(folder)
        .expect("the shipped scheme")
        .map(|entry| {
            let path = entry.expect("a file").path();
            file(
                &path.file_name().expect("a name").to_string_lossy(),
                &std::fs::read_to_string(&path).expect("a text"),
            )
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// A file of a scheme.
pub(crate) fn file(name: &str, text: &str) -> SchemeFile {
    SchemeFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// Loads a scheme.
pub(crate) fn load_files(files: &[SchemeFile]) -> Result<Scheme, Vec<SchemeError>> {
    load(files)
}

/// What became of the sheets of one file.
pub(crate) struct Reading {
    pub(crate) tables: Vec<Table>,
    pub(crate) who: Vec<Who>,
    pub(crate) findings: Vec<Finding>,
}

/// Recognises and normalises the sheets of one file.
pub(crate) fn read_sheets(scheme: &Scheme, file: &str, sheets: &[Sheet]) -> Reading {
    let file: Arc<str> = file.into();
    let recogniser = Recogniser::new(scheme);
    let mut findings = Vec::new();
    let mut layouts = Vec::new();
    for sheet in sheets {
        let (found, noticed) = recogniser.recognise(&file, sheet);
        layouts.extend(found.into_iter().map(|layout| (sheet, layout)));
        findings.extend(noticed);
    }
    let forms: Vec<_> = layouts
        .iter()
        .map(|(sheet, layout)| (Arc::from(sheet.name.as_str()), layout))
        .collect();
    let (who, noticed) = settle_reporters(scheme, &file, &forms, None);
    findings.extend(noticed);
    let mut tables = Vec::new();
    for ((sheet, layout), who) in layouts.iter().zip(&who) {
        let (table, noticed) = normalise(scheme, Period::Plan, &file, sheet, layout, *who);
        tables.push(table);
        findings.extend(noticed);
    }
    Reading {
        tables,
        who,
        findings,
    }
}

impl Reading {
    /// The findings, one a line, in the order of their cells:
    /// `kind level cell given => expected`, with `+cell` for each other cell.
    pub(crate) fn shown(&self) -> String {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| (finding.place.clone(), finding.kind, finding.level));
        let lines: Vec<String> = findings.into_iter().map(shown_finding).collect();
        lines.join("\n")
    }

    /// Those above the level of a hint.
    pub(crate) fn serious(&self) -> Vec<String> {
        let serious = self
            .findings
            .iter()
            .filter(|finding| finding.level != Level::Hint);
        serious.map(shown_finding).collect()
    }

    /// How many findings are of a kind.
    pub(crate) fn n_of(&self, kind: Kind) -> usize {
        let same = |finding: &&Finding| finding.kind == kind;
        self.findings.iter().filter(same).count()
    }
}

/// One finding on one line.
pub(crate) fn shown_finding(finding: &Finding) -> String {
    let cell = finding.place.as_ref().and_then(|place| place.cell);
    let mut line = format!(
        "{} {} {}",
        finding.kind,
        finding.level,
        cell.map_or("-".to_owned(), |cell| cell.to_string())
    );
    for other in finding.cells.iter() {
        if let Some(cell) = other.cell {
            line += &format!("+{cell}");
        }
    }
    if let Some(given) = finding.given.as_ref().filter(|given| !given.is_empty()) {
        line += &format!(" {}", given.replace('\n', "⏎"));
    }
    if let Some(expected) = &finding.expected {
        line += &format!(" => {expected}");
    }
    line
}

/// The lines of a text without what indents them.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// A table as text: a line for each row, its name, then its values under the leaf columns that are no keys.
pub(crate) fn shown_table(scheme: &Scheme, table: &Table) -> String {
    let rows: Vec<String> = table
        .rows
        .iter()
        .map(|row| {
            let annex = &scheme.annexes[table.annex];
            let values: Vec<String> = (0..annex.leaves.len())
                .filter(|&leaf| {
                    let kind = annex.column_of(leaf).kind;
                    !annex.is_key(annex.leaves[leaf].column)
                        && kind != hebiao::scheme::ColumnKind::Serial
                })
                .map(|leaf| shown_value(&row.entries[leaf].value))
                .collect();
            format!("{}: {}", row_name(row), values.join(" | "))
        })
        .collect();
    rows.join("\n")
}

/// A row by its key and year.
pub(crate) fn row_name(row: &Row) -> String {
    let year = row.year.map_or(String::new(), |year| format!("@{year}"));
    match row.kind {
        RowKind::Total => "合计".to_owned(),
        RowKind::Data => format!("{}{year}", row.name()),
    }
}

/// A value, with what it is where its text does not tell.
pub(crate) fn shown_value(value: &Value) -> String {
    match value {
        Value::Missing => "∅".to_owned(),
        Value::Text(text) => format!("“{text}”"),
        Value::Unusable(text) => format!("?{text}"),
        value => value.to_string(),
    }
}

/// A cell.
pub(crate) fn cell(row: u32, col: u32, value: CellValue) -> Cell {
    Cell {
        at: CellRef::new(row, col),
        value,
        format: NumberFormat::default(),
        formula: None,
    }
}

/// A text cell's value.
pub(crate) fn text(text: &str) -> CellValue {
    CellValue::Text(text.into())
}

/// A sheet named 表 from lines of cells, with `|` between them, from A1.
///
/// A figure is a number (`40.0` with a format of one decimal), `0.4[0%]` a number shown as 40%, `@2023-08-30`
/// a date, `=A1+B1` a formula without a value, `=A1+B1 -> 3` one with, `#N/A` an error, `'12` and all else a
/// text, in which `⏎` is a line break. `<` joins a cell with that on its left, `^` with that above.
pub(crate) fn sheet(grid: &str) -> Sheet {
    named_sheet("表", grid)
}

/// The same under another name.
pub(crate) fn named_sheet(name: &str, grid: &str) -> Sheet {
    let mut cells = Vec::new();
    let mut joined: Vec<(CellRef, bool)> = Vec::new();
    let lines = grid
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty());
    for (row, line) in lines.enumerate() {
        for (col, written) in line.split('|').enumerate() {
            let at = CellRef::new(row as u32, col as u32);
            match written.trim() {
                "" => {}
                "<" => joined.push((at, true)),
                "^" => joined.push((at, false)),
                written => cells.push(written_cell(at, written)),
            }
        }
    }
    let merges = merged(&joined);
    Sheet::new(name.to_owned(), true, cells, merges)
}

fn merged(joined: &[(CellRef, bool)]) -> Vec<CellRange> {
    let mut merges: Vec<CellRange> = Vec::new();
    for &(at, left) in joined {
        let neighbour = if left {
            CellRef::new(at.row, at.col - 1)
        } else {
            CellRef::new(at.row - 1, at.col)
        };
        match merges.iter_mut().find(|merge| merge.contains(neighbour)) {
            Some(merge) => {
                merge.end = CellRef::new(merge.end.row.max(at.row), merge.end.col.max(at.col))
            }
            None => merges.push(CellRange::new(neighbour, at)),
        }
    }
    merges
}

fn written_cell(at: CellRef, written: &str) -> Cell {
    let mut cell = Cell {
        at,
        value: text(&written.replace('⏎', "\n")),
        format: NumberFormat::default(),
        formula: None,
    };
    if let Some(text) = written.strip_prefix('\'') {
        cell.value = CellValue::Text(text.replace('⏎', "\n").into());
    } else if let Some(date) = written.strip_prefix('@') {
        let parts: Vec<u16> = date
            .split('-')
            .map(|part| part.parse().expect("a date"))
            .collect();
        let date = Date::new(parts[0], Some(parts[1] as u8), Some(parts[2] as u8));
        cell.value = CellValue::Date(date.expect("a date"));
    } else if let Some(formula) = written.strip_prefix('=') {
        let (formula, value) = formula.split_once(" -> ").unwrap_or((formula, ""));
        cell.formula = Some(formula.into());
        cell.value = match value {
            "" => CellValue::NotCalculated,
            "#DIV/0!" => CellValue::Error("#DIV/0!"),
            value => CellValue::Number(value.parse().expect("a number")),
        };
    } else if written == "#N/A" {
        cell.value = CellValue::Error("#N/A");
    } else if written == "TRUE" {
        cell.value = CellValue::Bool(true);
    } else if let Some((number, format)) = written.split_once('[') {
        cell.value = CellValue::Number(number.parse().expect("a number"));
        let digits = format.trim_end_matches("%]");
        cell.format = NumberFormat {
            percent: true,
            decimals: Some(
                digits
                    .split_once('.')
                    .map_or(0, |(_, decimals)| decimals.len() as u8),
            ),
            ..NumberFormat::default()
        };
    } else if let Ok(number) = written.parse::<f64>() {
        cell.value = CellValue::Number(number);
        cell.format.decimals = written
            .split_once('.')
            .map(|(_, decimals)| decimals.len() as u8);
    }
    cell
}
