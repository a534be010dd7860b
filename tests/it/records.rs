//! records.parquet read back.

use std::io::Cursor;

use hebiao::consolidate::read_records;
use hebiao::consolidate::records::write_records;
use hebiao::model::{FileRecord, FileStatus, Format, Period, TableRecord};
use polars::prelude::{DataFrame, ParquetReader, SerReader};

use crate::grid::Grid;

/// The file's bytes; the last form is replaced by the first.
fn written(grid: &Grid, with_last_superseded: bool) -> Vec<u8> {
    let files: Vec<FileRecord> = (grid.tables.iter().enumerate())
        .map(|(idx, table)| FileRecord {
            path: table.file.clone(),
            sha256: format!("hash{idx}"),
            format: Some(Format::Xlsx),
            version: hebiao::model::Version::default(),
            status: FileStatus::Read,
            is_whole: true,
            tables: vec![TableRecord {
                sheet: table.sheet.clone(),
                hidden: false,
                annex: table.annex,
                reporter: table.reporter,
                found_by: None,
                period: Period::Plan,
                period_found_by: None,
                kept_apart: false,
                dated: None,
                observations: 0,
                superseded: with_last_superseded && idx + 1 == grid.tables.len(),
            }],
        })
        .collect();
    let mut bytes = Vec::new();
    write_records(&grid.scheme, may(), &files, &grid.tables, &mut bytes).expect("memory takes it");
    bytes
}

fn may() -> Period {
    Period::parse("2024-05").expect("a month")
}

fn read(bytes: Vec<u8>) -> DataFrame {
    let reader = ParquetReader::new(Cursor::new(bytes));
    reader.finish().expect("it is what was written")
}

/// Each row as text, nulls as `·`.
fn rows(frame: &DataFrame, columns: &[&str]) -> Vec<String> {
    let columns: Vec<_> = columns
        .iter()
        .map(|name| frame.column(name).expect("it has the column"))
        .collect();
    let shown = |idx: usize| {
        let cells = columns
            .iter()
            .map(|column| match column.get(idx).expect("it has the row") {
                value if value.is_null() => "·".to_owned(),
                value => value.str_value().into_owned(),
            });
        cells.collect::<Vec<_>>().join(" ")
    };
    (0..frame.height()).map(shown).collect()
}

fn sample() -> Grid {
    let mut grid = Grid::new(
        "序号:serial | 乡镇:reporter | 年度:year | 面积 | 株数@2023 | 株数@2024 | 比例:rate | 日期:date | 备注:text",
    )
    .rows(&["轮台镇 | 2023", "草湖乡 | 2024"])
    .returned(
        "轮台镇",
        "1 | 轮台镇 | 2023 | 1.50 | － | | ?约30 | 2016-06 | 沿河
         合计 | | | 0.0000000000000000001 | -3 | 100000000000000000000 | | |",
    )
    .returned("?", "1 | 草湖乡 | 2024 | 7 | | | | |");
    // The form lacks the last two columns.
    grid.tables[1].columns[7..].fill(None);
    grid.tables[0].originals = vec![(0, 3, "１．５０".into()), (0, 7, "2016年6月".into())];
    grid
}

#[test]
fn every_observation_is_there_with_its_key_and_its_cell() {
    let frame = read(written(&sample(), true));
    let key = [
        "row_kind", "row", "year", "column", "unit", "status", "value", "decimals", "text",
        "original", "cell",
    ];
    assert_eq!(
        rows(&frame, &key),
        [
            "data 轮台镇 2023 面积 亩 amount 1.500000000000000000 2 · １．５０ D2",
            "data 轮台镇 2023 株数 亩 not-applicable · · · · E2",
            "data 轮台镇 2024 株数 亩 missing · · · · F2",
            "data 轮台镇 2023 比例 亩 unusable · · 约30 · G2",
            "data 轮台镇 2023 日期 · date · · 2016-06 2016年6月 H2",
            "data 轮台镇 2023 备注 · text · · 沿河 · I2",
            "total · · 面积 亩 long-amount · 19 0.0000000000000000001 · D3",
            "total · 2023 株数 亩 amount -3.000000000000000000 0 · · E3",
            "total · 2024 株数 亩 long-amount · 0 100000000000000000000 · F3",
            "total · · 比例 亩 missing · · · · G3",
            "total · · 日期 · missing · · · · H3",
            "total · · 备注 · missing · · · · I3",
            "data 草湖乡 2024 面积 亩 amount 7.000000000000000000 0 · · D2",
            "data 草湖乡 2023 株数 亩 missing · · · · E2",
            "data 草湖乡 2024 株数 亩 missing · · · · F2",
            "data 草湖乡 2024 比例 亩 missing · · · · G2",
        ]
    );
    let source = [
        "period",
        "annex",
        "reporter_code",
        "reporter",
        "returned_by",
        "file",
        "sheet",
        "sha256",
        "superseded",
    ];
    let sources = rows(&frame, &source);
    assert_eq!(
        sources[0],
        "2024-05 附件3 R0 轮台镇 R0 1.xlsx 表 hash0 false"
    );
    assert_eq!(sources[11], sources[0], "a total row is the sender's");
    assert_eq!(
        sources[12],
        "2024-05 附件3 R1 草湖乡 · 2.xlsx 表 hash1 true"
    );
    assert_eq!(frame.width(), key.len() + source.len());
}

#[test]
fn records_read_back_as_the_forms_that_counted() {
    let grid = sample();
    let past = read_records(&grid.scheme, may(), Cursor::new(written(&grid, true)));
    let past = past.expect("they are what was written");
    assert_eq!(past.period, may());
    let [table] = &past.tables[..] else {
        panic!("the second form was superseded")
    };
    let given = &grid.tables[0];
    assert_eq!((table.annex, table.reporter), (given.annex, given.reporter));
    assert_eq!(table.columns[3..], given.columns[3..]);
    assert_eq!(table.rows.len(), given.rows.len());
    for (row, given) in table.rows.iter().zip(&given.rows) {
        assert_eq!(
            (row.kind, row.spec, &row.key, row.year, row.sheet_row),
            (
                given.kind,
                given.spec,
                &given.key,
                given.year,
                given.sheet_row
            )
        );
        for leaf in 3..row.entries.len() {
            assert_eq!(row.entries[leaf].value, given.entries[leaf].value);
        }
    }
}

#[test]
fn what_nobody_returned_is_still_a_file_with_columns() {
    let frame = read(written(&Grid::new("乡镇:reporter | 面积"), false));
    assert_eq!((frame.height(), frame.width()), (0, 20));
}

#[test]
fn the_same_returns_give_the_same_bytes_over_many_row_groups() {
    let rows: Vec<String> = (0..60_000)
        .map(|n| format!("{n} | {n} | 2 | 3 | 4"))
        .collect();
    let grid = Grid::new("编号:key | 甲 | 乙 | 丙 | 丁").returned("轮台镇", &rows.join("\n"));
    let bytes = written(&grid, false);
    assert!(bytes == written(&grid, false), "the bytes differ");
    let frame = read(bytes);
    assert_eq!(frame.height(), 240_000);
    let last = &frame.tail(Some(4));
    assert_eq!(
        self::rows(last, &["row", "column", "value", "cell"]),
        [
            "59999 甲 59999.000000000000000000 B60001",
            "59999 乙 2.000000000000000000 C60001",
            "59999 丙 3.000000000000000000 D60001",
            "59999 丁 4.000000000000000000 E60001",
        ]
    );
}
