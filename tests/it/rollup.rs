//! `hebiao rollup`: two small counties, worked out by hand.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calamine::{Data, Reader, Xlsx};
use hebiao::consolidate::records::write_records;
use hebiao::model::{Detail, Finding, Kind, Level, Period};
use hebiao::report::{Lang, json};
use hebiao::scheme::{Scheme, SchemeFile, load};
use polars::prelude::{ParquetReader, SerReader};

use crate::merged::{COUNTY, Draft, place};

/// Townships: figures that add up, a rate with a weight, a rate without, in two districts.
const TOWNSHIPS: &str = r#"
number      = "附件3"
title       = "东河县造林情况"
unit        = "亩"
returned_by = "township"
row_key     = ["片区", "单位"]
reporter_column = "单位"
total_row   = "全县合计"
rows        = [["南片", "东河镇"], ["南片", "西岭镇"], ["北片", "西岭镇"], ["北片", "南坪乡"]]

[[columns]]
name   = "片区"
header = ["片区"]
kind   = "text"
[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "造林"
header = ["造林", "{year}年"]
each   = "year"
[[columns]]
name   = "成活率"
header = ["成活率"]
kind   = "rate"
unit   = "%"
weight = "株数"
decimals = 2
[[columns]]
name   = "株数"
header = ["株数"]
[[columns]]
name   = "覆盖率"
header = ["覆盖率"]
kind   = "rate"
unit   = "%"

[[range]]
id      = "R-01"
columns = ["造林"]
min     = "0"
"#;

/// Indicators of an office, years down.
const OFFICE: &str = r#"
number      = "附件4"
title       = "中水回用"
returned_by = "县住建局"
row_key     = ["区域", "年份"]
rows        = [["东河县", "{year}年"]]

[[columns]]
name   = "区域"
header = ["区域"]
kind   = "text"
[[columns]]
name   = "年份"
header = ["年份"]
kind   = "year"
[[columns]]
name   = "回用率"
header = ["回用率"]
kind   = "rate"
unit   = "%"
[[columns]]
name   = "水量"
header = ["水量"]
unit   = "万立方米"
"#;

/// A register.
const REGISTER: &str = r#"
number      = "附件6"
title       = "锅炉"
returned_by = "县住建局"
row_key     = ["编号"]
rows        = "register"
total_row   = "合计"

[[columns]]
name   = "编号"
header = ["编号"]
kind   = "code"
[[columns]]
name   = "蒸吨数"
header = ["蒸吨数"]
unit   = "蒸吨"
"#;

struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = format!("hebiao-rollup-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn rollup(&self, outboxes: &[&str], more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(["rollup", "2024-05"])
            .args(outboxes.iter().map(|name| self.0.join(name)))
            .arg("--outbox")
            .arg(self.0.join("out"))
            .args(more)
            .output()
            .expect("the program runs")
    }

    fn sheet(&self, path: &str, sheet: &str, first: usize) -> String {
        let mut book: Xlsx<_> = calamine::open_workbook(self.0.join(path)).expect("a workbook");
        let range = book.worksheet_range(sheet).expect(sheet);
        let cell = |cell: &Data| cell.to_string().replace('\n', "");
        let row = |row: &[Data]| row.iter().map(cell).collect::<Vec<_>>().join("|");
        range
            .rows()
            .skip(first)
            .map(row)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The scheme's files as a county of these names has them.
fn files(names: &[(&str, &str)]) -> Vec<SchemeFile> {
    let texts = [
        ("scheme.toml", COUNTY),
        ("annex-3.toml", TOWNSHIPS),
        ("annex-4.toml", OFFICE),
        ("annex-6.toml", REGISTER),
    ];
    let renamed = |text: &str| {
        names
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let files = texts.map(|(name, text)| SchemeFile {
        name: name.into(),
        text: renamed(text),
    });
    files.into()
}

fn loaded(files: &[SchemeFile]) -> Scheme {
    load(files).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// An outbox as `hebiao merge` leaves it, as far as others take it further.
fn write_outbox(folder: &Path, period: &str, files: &[SchemeFile], draft: Draft, scheme: &Scheme) {
    let folder = folder.join(period);
    fs::create_dir_all(folder.join("报表制度")).expect("a folder");
    for file in files {
        fs::write(folder.join("报表制度").join(&file.name), &file.text).expect("a file");
    }
    let merged = draft.merged();
    let period = Period::parse(period);
    let records = File::create(folder.join("records.parquet")).expect("a file");
    let (returned, tables) = (&merged.files, &merged.tables);
    write_records(scheme, period.expect("a period"), returned, tables, records).expect("written");
    let facts = json::Facts {
        scheme,
        period,
        files: &merged.files,
        returns: &merged.returns,
        corrections: &merged.corrections,
        calls: &merged.calls,
        findings: &merged.findings,
        tallies: &merged.tallies,
    };
    let file = File::create(folder.join("findings.json")).expect("a file");
    json::write(&facts, Lang::Zh, file).expect("written");
}

/// 东河县, with one mandatory finding and one hint.
fn east(desk: &Desk, period: &str) {
    let files = files(&[]);
    let scheme = loaded(&files);
    let finding = |level| {
        let detail = Detail::MissingValue {
            columns: vec!["造林".into()],
        };
        let at = place("东河镇", "附件3", "D5");
        let mut finding = Finding::new(Kind::MissingValue, level, detail).at(at);
        finding.annex = Some("附件3".into());
        finding.reporter = Some("东河镇".into());
        finding
    };
    let draft = Draft::new(&scheme)
        .returned("东河镇", "附件3", "南片 | 东河镇 | 1 | 60 | | 80 | 60 | 20")
        .returned(
            "西岭镇",
            "附件3",
            "南片 | 西岭镇 | 1 | 15 | | 90 | 10 | 30
             北片 | 西岭镇 | 1 |  5 | | 96 | 10 | 30",
        )
        .returned("南坪乡", "附件3", "北片 | 南坪乡 | 1 |  3 | |    | 10 | 40")
        .returned(
            "县住建局",
            "附件4",
            "东河县 | 2023年 | 38 | 5.5
             东河县 | 2024年 | 50 | 6
             东河县 | 2025年 |    |",
        )
        .returned("县住建局", "附件6", "B2 | 10")
        .finding(finding(Level::Mandatory))
        .finding(finding(Level::Hint));
    write_outbox(&desk.0.join("east"), period, &files, draft, &scheme);
}

const WEST: [(&str, &str); 4] = [
    ("东河县", "西山县"),
    ("东河镇", "甲镇"),
    ("西岭镇", "乙镇"),
    ("南坪乡", "丙乡"),
];

/// 西山县, which spells the same scheme with its own names.
fn west(desk: &Desk, period: &str, files: &[SchemeFile]) {
    let scheme = loaded(files);
    let draft = Draft::new(&scheme)
        .returned("甲镇", "附件3", "南片 | 甲镇 | 2 | 10 | | 90 | 10 | 20")
        .returned("乙镇", "附件3", "南片 | 乙镇 | 2 | 30 | | 70 | 30 | 30")
        .returned(
            "县住建局",
            "附件4",
            "西山县 | 2023年 | 40 | 7
             西山县 | 2024年 | 60 | 8.25
             西山县 | 2025年 |    |",
        )
        .returned("县住建局", "附件6", "A1 | 2\nA2 | 3");
    write_outbox(&desk.0.join("west"), period, files, draft, &scheme);
}

#[test]
fn counties_stand_in_the_prefecture_where_townships_stand_in_a_county() {
    let desk = Desk::new("hand");
    east(&desk, "2024-05");
    west(&desk, "2024-05", &files(&WEST));
    let done = desk.rollup(&["east", "west"], &["--area", "巴州"]);
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "one finding is open: {stderr}");
    let book = "out/2024-05-州级/巴州-2024-05-汇总.xlsx";

    // 60 + 15 + 5 + 3 = 83; 10 + 30 = 40. (80 × 60 + 90 × 10 + 96 × 10) / 80 = 83.25 of those who gave a rate;
    // (90 × 10 + 70 × 30) / 40 = 75. Without a weight there is no rate.
    // Of both, (83.25 × 90 + 75 × 40) / 130 = 80.711….
    assert_eq!(
        desk.sheet(book, "附件3", 2),
        "县（市）|造林|||成活率|株数|覆盖率\n\
         |2023年|2024年|2025年|||\n\
         东河县|4|83||83.25|90|\n\
         西山县|4|40||75|40|\n\
         合计|8|123||80.71|130|"
    );
    // Water adds up, 5.5 + 7 and 6 + 8.25; rates do not. In a month of 2024 nobody owes 2025.
    assert_eq!(
        desk.sheet(book, "附件4", 2),
        "县（市）|区域|年份|回用率|水量\n\
         巴州|全县（市）|2023年||12.5\n\
         |全县（市）|2024年||14.25\n\
         |全县（市）|2025年||\n\
         东河县|全县（市）|2023年|38|5.5\n\
         |全县（市）|2024年|50|6\n\
         |全县（市）|2025年||\n\
         西山县|全县（市）|2023年|40|7\n\
         |全县（市）|2024年|60|8.25\n\
         |全县（市）|2025年||"
    );
    assert_eq!(
        desk.sheet(book, "附件6", 2),
        "县（市）|编号|蒸吨数\n东河县|B2|10\n西山县|A1|2\n|A2|3\n合计||15"
    );
    // The hint is not open; the other is said to be 东河县's, with where it stands.
    let findings = desk.sheet(book, "错误清单", 1);
    assert_eq!(findings.lines().count(), 1, "{findings}");
    assert!(findings.starts_with("1|强制|附件3|东河县|"), "{findings}");
    assert!(
        findings.contains("东河镇 东河镇/附件3.xlsx 附件3!D5"),
        "{findings}"
    );
    // Who stands behind a row: the county's workbook, its sheet, the row of its total. There the number, the
    // title and two rows of header are followed by four rows, and 单位 is in column B.
    let sources = desk.sheet(book, "数据来源", 1);
    let line = sources
        .lines()
        .find(|line| line.contains("|东河县|"))
        .expect("a line");
    assert!(
        line.contains("|东河县-2024-05-汇总.xlsx|附件3|B9:H9|"),
        "{line}"
    );
}

#[test]
fn every_record_of_every_county_is_kept_with_its_county() {
    let desk = Desk::new("records");
    east(&desk, "2024-05");
    west(&desk, "2024-05", &files(&WEST));
    let output = desk.0.join("all");
    desk.rollup(&["east", "west"], &["-o", output.to_str().expect("a path")]);
    let frame = |path: &str| {
        let file = File::open(desk.0.join(path)).expect(path);
        ParquetReader::new(file).finish().expect("records")
    };
    let (east, west) = (
        frame("east/2024-05/records.parquet"),
        frame("west/2024-05/records.parquet"),
    );
    let all = frame("all/records.parquet");
    assert_eq!(all.height(), east.height() + west.height());
    let counties = all.column("county").expect("it has the column");
    let counties = counties.str().expect("names");
    assert_eq!(counties.get(0), Some("东河县"));
    assert_eq!(counties.get(east.height()), Some("西山县"));
    let text = fs::read_to_string(desk.0.join("all/findings.json")).expect("a file");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["counties"].as_array().map(Vec::len), Some(2));
    // Both findings are there, the hint too.
    let findings = json["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 2);
    assert!(findings.iter().all(|finding| finding["county"] == "东河县"));
}

#[test]
fn counties_of_different_schemes_are_refused_and_what_differs_is_named() {
    let desk = Desk::new("mixed");
    east(&desk, "2024-05");
    let mut changed = files(&WEST);
    changed[1].text = changed[1]
        .text
        .replace("min     = \"0\"", "min     = \"1\"");
    changed[3].text = changed[3]
        .text
        .replace("蒸吨数\"\nheader", "容量\"\nheader");
    west(&desk, "2024-05", &changed);
    let done = desk.rollup(&["east", "west"], &[]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&done.stderr).trim(),
        "做不下去：东河县与西山县的报表制度不同，不能相加；不同之处：R-01、附件6"
    );
    assert!(!desk.0.join("out").exists(), "nothing is written");

    let done = desk.rollup(&["east", "east"], &[]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("东河县 给了两次"));
    // All that are missing are named, not only the first.
    let done = desk.rollup(&["north", "east", "nowhere"], &[]);
    assert_eq!(done.status.code(), Some(2));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let missing = ["north", "nowhere"].map(|name| desk.0.join(name).display().to_string());
    let expected = format!("{} 里没有 2024-05 的汇总结果", missing.join("、"));
    assert!(said.contains(&expected), "{said}");
    // A county that merged other months only has not this one either.
    west(&desk, "2024-04", &files(&WEST));
    fs::remove_dir_all(desk.0.join("west/2024-05")).expect("removed");
    let done = desk.rollup(&["east", "west"], &[]);
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn an_annex_that_only_one_county_has_is_named_and_its_rules_are_not() {
    let desk = Desk::new("lacking");
    east(&desk, "2024-05");
    // Without 附件3 the others move up; their rules are the same all the same.
    let mut fewer = files(&WEST);
    fewer.remove(1);
    let scheme = loaded(&fewer);
    let draft = Draft::new(&scheme);
    write_outbox(&desk.0.join("west"), "2024-05", &fewer, draft, &scheme);
    let done = desk.rollup(&["east", "west"], &[]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&done.stderr).trim(),
        "做不下去：东河县与西山县的报表制度不同，不能相加；只有东河县有的附件：附件3"
    );
}

/// 西山县 lacks 丙乡's 附件3. Its figures are added up as they are, and whoever reads them is told.
#[test]
fn a_county_without_one_of_its_townships_is_told_beside_its_figures() {
    let desk = Desk::new("partly");
    east(&desk, "2024-05");
    let files = files(&WEST);
    let scheme = loaded(&files);
    let mut missing = Finding::new(Kind::NotReturned, Level::Mandatory, Detail::NotReturned);
    missing.annex = Some("附件3".into());
    missing.reporter = Some("丙乡".into());
    let draft = Draft::new(&scheme)
        .returned("甲镇", "附件3", "南片 | 甲镇 | 2 | 10 | | 90 | 10 | 20")
        .returned("乙镇", "附件3", "南片 | 乙镇 | 2 | 30 | | 70 | 30 | 30")
        .finding(missing);
    write_outbox(&desk.0.join("west"), "2024-05", &files, draft, &scheme);
    desk.rollup(&["east", "west"], &["--area", "巴州"]);
    let book = "out/2024-05-州级/巴州-2024-05-汇总.xlsx";
    let annex = desk.sheet(book, "附件3", 2);
    let last = annex.lines().last().expect("lines");
    assert_eq!(
        last.trim_end_matches('|'),
        "数据不全：西山县的数不含未报的丙乡。"
    );
    let head = desk.sheet(book, "差异分析", 1);
    let said = head.lines().next().expect("lines");
    assert!(
        said.contains("还有单位未报、数不全的：西山县附件3。"),
        "{said}"
    );
    // Counties call their own townships, and nothing of theirs is sent back from here.
    let returns = desk.sheet(book, "报送情况", 1);
    assert!(returns.contains("由各县（市）向填报单位催办"), "{returns}");
    assert!(!returns.contains("已审核"), "{returns}");
    let counted = |line: &&str| line.starts_with("4|西山县|附件3|已报|1|0|0|");
    assert!(returns.lines().any(|line| counted(&line)), "{returns}");
}

#[test]
fn names_alone_make_no_other_scheme() {
    let (east, west) = (loaded(&files(&[])), loaded(&files(&WEST)));
    assert_ne!(east.fingerprint, west.fingerprint);
    assert_eq!(east.rules_fingerprint(), west.rules_fingerprint());
    assert!(east.differences(&west).is_empty());
}

#[test]
fn a_prefecture_is_held_against_what_the_counties_had_before() {
    let desk = Desk::new("variances");
    for period in ["plan", "2024-05"] {
        east(&desk, period);
        west(&desk, period, &files(&WEST));
    }
    desk.rollup(&["east", "west"], &["--area", "巴州"]);
    let sheet = desk.sheet("out/2024-05-州级/巴州-2024-05-汇总.xlsx", "差异分析", 1);
    // 123 of 123, where 5/12 are due: 123 × 7/12 = 71.75 ahead, of it 东河县 83 × 7/12.
    let line = |start: &str| {
        let line = sheet.lines().find(|line| line.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("no {start} in\n{sheet}"));
        line.split('|')
            .skip(3)
            .take(8)
            .collect::<Vec<_>>()
            .join("|")
    };
    assert!(line("附件3|造林 2024年|").starts_with("123|123|0|100|41.66"));
    assert!(line("附件3|造林 2024年|").ends_with("|71.75|100"));
    // Rates of counties are weighted likewise: (83.25 × 90 + 75 × 40) / 130 = 80.7115….
    assert!(line("附件3|成活率|").starts_with("80.711538"));
    // Rows of an office are figures of their own and add up where they may.
    assert!(line("附件4|水量 2024年|").starts_with("14.25|14.25|0|100|"));
    assert!(line("附件4|回用率 2024年|").starts_with("无权数|"));
}
