//! What is too large for one sheet, with limits lowered so that a test reaches them.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};

use super::*;
use crate::consolidate::{County, CountyAnnex, CountyRow, CountyTotal, Source};
use crate::model::{
    Amount, CellRef, Detail, Earlier, Entry, Finding, Kind, Period, Place, Row, RowKind, Table,
    Value,
};
use crate::scheme::{SchemeFile, load};

const SCHEME: &str = r#"
id    = "test"
title = "试验制度"
area  = "东河县"
years = [2024]
[[reporters]]
code = "D01"
name = "县林草局"
kind = "department"
"#;

const ANNEX: &str = r#"
number      = "附件9"
title       = "村级造林登记表"
returned_by = "县林草局"
row_key     = ["村"]
rows        = "register"
total_row   = "合计"
[[columns]]
name   = "村"
header = ["村"]
kind   = "text"
[[columns]]
name   = "面积"
header = ["面积"]
[[columns]]
name   = "株数"
header = ["株数"]
"#;

fn scheme() -> Scheme {
    let file = |name: &str, text: &str| SchemeFile {
        name: name.into(),
        text: text.into(),
    };
    load(&[file("scheme.toml", SCHEME), file("annex-9.toml", ANNEX)])
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// One return with so many villages; every figure is 1.
fn register(n_rows: usize, marked: &[(usize, Level)]) -> Merged {
    let (file, sheet): (Arc<str>, Arc<str>) = ("村.xlsx".into(), "附件9".into());
    let row = |idx: usize| {
        let name: Arc<str> = format!("村{idx}").into();
        let one = || Entry {
            value: Value::Amount(Amount::from(1)),
            formula: false,
        };
        let named = Entry {
            value: Value::Text((*name).into()),
            formula: false,
        };
        Row {
            kind: RowKind::Data,
            spec: None,
            key: [name].into(),
            year: None,
            reporter: Some(0),
            sheet_row: idx as u32 + 2,
            stated_count: None,
            entries: [named, one(), one()].into(),
        }
    };
    let table = Table {
        annex: 0,
        file: file.clone(),
        sheet: sheet.clone(),
        reporter: Some(0),
        columns: vec![Some(0), Some(1), Some(2)],
        rows: (0..n_rows).map(row).collect(),
        period: Period::Plan,
        originals: Vec::new(),
        notes: Vec::new(),
        formulas: Vec::new(),
        blank_rows: Vec::new(),
    };
    let rows = (0..n_rows).map(|row| CountyRow {
        spec: None,
        key: table.rows[row].key.clone(),
        year: None,
        reporter: Some(0),
        source: Some(Source { table: 0, row }),
        conflicts: Vec::new(),
        shared: Vec::new(),
        completion: None,
    });
    let sum = Some(Amount::from(n_rows as i64));
    let annex = CountyAnnex {
        progress: None,
        rows: rows.collect(),
        total: Some(CountyTotal {
            sums: vec![None, sum, sum],
            stated: None,
        }),
    };
    let findings = marked.iter().map(|&(row, level)| {
        let cell = CellRef::new(row as u32 + 2, 1);
        let detail = Detail::Range {
            min: Some("2".into()),
            max: None,
        };
        Finding::new(Kind::Range, level, detail)
            .at(Place::sheet(&file, &sheet, Some(cell)))
            .given("1")
    });
    Merged {
        period: Period::parse("2024-05").expect("a month"),
        earlier: Earlier::default(),
        note: None,
        files: Vec::new(),
        corrections: Vec::new(),
        calls: Vec::new(),
        findings: findings.collect(),
        superseded_by: vec![None],
        rolled_up: false,
        tables: vec![table],
        returns: Vec::new(),
        tallies: Vec::new(),
        county: County {
            annexes: vec![annex],
            findings: Vec::new(),
        },
        variances: None,
    }
}

fn written(limits: Limits, merged: &Merged) -> Xlsx<Cursor<Vec<u8>>> {
    let mut bytes = Cursor::new(Vec::new());
    write_within(limits, merged, &scheme(), Lang::Zh, &mut bytes).expect("a workbook");
    bytes.set_position(0);
    open_workbook_from_rs(bytes).expect("an .xlsx file")
}

fn column(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str, col: usize) -> Vec<String> {
    let range = book.worksheet_range(sheet).expect(sheet);
    range
        .rows()
        .map(|row| match &row[col] {
            Data::Empty => String::new(),
            cell => cell.to_string(),
        })
        .collect()
}

fn page(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> String {
    let range = book.worksheet_range(sheet).expect(sheet);
    let cells = range.cells().map(|(.., cell)| cell.to_string());
    cells.collect::<Vec<_>>().join("\n")
}

#[test]
fn rows_that_one_sheet_cannot_hold_continue_on_the_next() {
    let limits = Limits {
        rows: 3,
        ..Limits::default()
    };
    let merged = register(7, &[(4, Level::Mandatory)]);
    let mut book = written(limits, &merged);
    assert_eq!(
        book.sheet_names(),
        [
            "概览",
            "报送情况",
            "附件9",
            "附件9(2)",
            "附件9(3)",
            "错误清单",
            "数据来源",
            "数据来源(2)",
            "数据来源(3)",
            "说明",
        ]
    );
    assert_eq!(column(&mut book, "附件9", 0)[3..], ["村0", "村1", "村2"]);
    assert_eq!(column(&mut book, "附件9(3)", 0)[3..], ["村6", "合计"]);
    let formulas = book.worksheet_formula("附件9(3)").expect("formulas");
    assert_eq!(
        formulas.get_value((4, 1)).map(String::as_str),
        Some("SUM('附件9'!B4:B6,'附件9(2)'!B4:B6,B4:B4)")
    );
    assert!(page(&mut book, "说明").contains("附件9的行数超过一张工作表的限度，分列 3 张。"));
}

#[test]
fn notes_end_before_colours_do_and_the_serious_come_first() {
    let limits = Limits {
        notes: 2,
        ..Limits::default()
    };
    let marked = [
        (0, Level::Hint),
        (1, Level::Hint),
        (2, Level::Mandatory),
        (3, Level::Hint),
    ];
    let merged = register(5, &marked);
    let mut book = written(limits, &merged);
    let mut bytes = Cursor::new(Vec::new());
    write_within(limits, &merged, &scheme(), Lang::Zh, &mut bytes).expect("a workbook");
    let mut zip = zip::ZipArchive::new(bytes).expect("a zip file");
    let comments = zip.by_name("xl/comments1.xml").expect("notes");
    let comments = std::io::read_to_string(comments).expect("text");
    let cells: Vec<&str> = comments
        .split("<comment ref=\"")
        .skip(1)
        .filter_map(|comment| comment.split('"').next())
        .collect();
    assert_eq!(cells, ["B4", "B6"]);
    let said =
        "附件9有 4 个单元格有问题，只有 2 个带批注（先重后轻）；其余有颜色，问题见“错误清单”。";
    assert!(page(&mut book, "说明").contains(said));
}

#[test]
fn large_sheets_are_the_same_as_small_ones() {
    let merged = register(40, &[(4, Level::Mandatory), (30, Level::Hint)]);
    let streamed = Limits {
        kept_cells: 0,
        ..Limits::default()
    };
    let (mut kept, mut streamed) = (
        written(Limits::default(), &merged),
        written(streamed, &merged),
    );
    for sheet in kept.sheet_names() {
        assert_eq!(
            page(&mut kept, &sheet),
            page(&mut streamed, &sheet),
            "{sheet}"
        );
        let formulas = |book: &mut Xlsx<_>| book.worksheet_formula(&sheet).expect("formulas");
        assert_eq!(formulas(&mut kept), formulas(&mut streamed));
    }
}

/// Rows are written beside the library, so that the formats of their cells are numbers that must be its own.
#[test]
fn a_marked_cell_has_the_colour_of_its_level_and_others_have_none() {
    let merged = register(40, &[(4, Level::Mandatory), (30, Level::Hint)]);
    let mut bytes = Cursor::new(Vec::new());
    write_within(Limits::default(), &merged, &scheme(), Lang::Zh, &mut bytes).expect("a workbook");
    let mut zip = zip::ZipArchive::new(bytes).expect("a zip file");
    let mut part = |path: &str| {
        let part = zip.by_name(path).expect(path);
        std::io::read_to_string(part).expect("text")
    };
    let (sheet, styles) = (part("xl/worksheets/sheet3.xml"), part("xl/styles.xml"));
    let between = |text: &str, start: &str, end: &str| {
        let (_, rest) = text.split_once(start).expect(start);
        rest.split_once(end).expect(end).0.to_owned()
    };
    let fill = |cell: &str| {
        let style = between(&sheet, &format!("<c r=\"{cell}\" s=\""), "\"");
        let style: usize = style.parse().expect("a number");
        let formats = between(&styles, "<cellXfs", "</cellXfs>");
        let format = formats.split("<xf ").nth(style + 1).expect("a format");
        let fill = between(format, "fillId=\"", "\"").parse::<usize>();
        let fills = between(&styles, "<fills", "</fills>");
        let fill = fills.split("<fill>").nth(fill.expect("a number") + 1);
        fill.expect("a fill").to_owned()
    };
    // Three rows of title and header stand above the first.
    assert!(fill("B8").contains("FFFFC7CE"), "{}", fill("B8"));
    assert!(fill("B34").contains("FFFFFFA8"), "{}", fill("B34"));
    assert!(fill("B9").contains("none"), "{}", fill("B9"));
}

#[test]
#[ignore = "takes time and memory: run with --release to see how long a large county takes"]
fn a_large_register() {
    let n_rows: usize =
        std::env::var("ROWS").map_or(1_000_000, |rows| rows.parse().expect("a number"));
    let merged = register(n_rows, &[]);
    let start = std::time::Instant::now();
    let mut bytes = Cursor::new(Vec::new());
    write_within(Limits::default(), &merged, &scheme(), Lang::Zh, &mut bytes).expect("a workbook");
    let message = format!(
        "{n_rows} rows: {:?}, {} bytes",
        start.elapsed(),
        bytes.into_inner().len()
    );
    std::fs::write(std::env::temp_dir().join("large-register.txt"), message).expect("a file");
}
