//! Townships keep a register of villages, and the county's form has one row for each township.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use hebiao::consolidate::records::write_records;
use hebiao::consolidate::{publish, read_records};
use hebiao::inbox;
use hebiao::model::{Earlier, Kind, Level, Past, Period};
use hebiao::pipeline::{Merged, merge};
use hebiao::report::Lang;
use hebiao::report::words::message;
use hebiao::report::workbook::write_workbook;
use hebiao::rollup::{CountyOutbox, prefecture, roll_up};
use hebiao::scheme::{Publish, Scheme, SchemeFile, load};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::merged::COUNTY;

const VILLAGES: &str = r#"
number      = "附件8"
title       = "2024年造林完成情况表"
unit        = "亩"
unit_line   = "单位：亩"
returned_by = "township"
responsible = "县水利局"
row_key     = ["片区", "单位"]
rows        = "register"
total_row   = "合计"
one_row_each = "单位"

[[columns]]
name   = "片区"
header = ["片区"]
kind   = "text"
merge_down = true
[[columns]]
name   = "序号"
header = ["序号"]
kind   = "serial"
[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "新造"
header = ["面积", "新造"]
decimals = 1
[[columns]]
name   = "补植"
header = ["面积", "补植"]
decimals = 1
[[columns]]
name   = "合计面积"
header = ["面积", "合计面积"]
decimals = 1
[[columns]]
name   = "成活率"
header = ["成活率"]
kind   = "rate"
unit   = "%"
weight = "合计面积"
[[columns]]
name   = "备注"
header = ["备注"]
kind   = "text"
optional = true

[[sum]]
id    = "V-01"
label = "面积"
total = "合计面积"
parts = ["新造", "补植"]
say   = "合计面积应等于新造、补植之和"
[[total-row]]
id    = "V-02"
label = "合计"
row   = "合计"
say   = "合计应等于各村之和"
[[range]]
id      = "V-03"
label   = "成活率不超过100%"
columns = ["成活率"]
max     = "100"
say     = "成活率不应超过100%"
[[code]]
id     = "V-04"
label  = "片区"
column = "片区"
values = ["南片", "北片"]
say    = "片区是南片或北片"
"#;

/// 60 + 20 = 80, three villages.
const EAST: &[&str] = &[
    "南片|1|红星村|10|5|15|90|",
    "南片|2|前进村|20|10|30|80|",
    "北片|3|东风村|30|5|35|95|",
    "合计|||60|20|80|90|共三村",
];
/// 团结村's area is 10 and not 11, its rate beyond 100, and 和平村's 片区 is none. The total row holds over its rows.
const WEST: &[&str] = &[
    "南片|1|团结村|7|3|11|101|",
    "东片|2|和平村|8|2|10|85|",
    "合计|||15|5|21|92|",
];
/// Villages, and no total row.
const SOUTH: &[&str] = &["北片|1|胜利村|4|4|8|120|"];

fn county(changes: &[(&str, &str)]) -> Vec<SchemeFile> {
    let mut annex = VILLAGES.to_owned();
    for (from, to) in changes {
        assert!(annex.contains(from), "{from}");
        annex = annex.replacen(from, to, 1);
    }
    let files = [("scheme.toml", COUNTY.to_owned()), ("annex-8.toml", annex)];
    let files = files.map(|(name, text)| SchemeFile {
        name: name.to_owned(),
        text,
    });
    files.into()
}

fn scheme() -> Scheme {
    load(&county(&[])).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A return: number, title, reporter and unit above a header of two rows; its first row is row 6.
fn form(reporter: &str, rows: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    let saved = ExcelDateTime::from_ymd(2024, 5, 20).expect("a day");
    book.set_properties(&DocProperties::new().set_creation_datetime(&saved));
    let sheet = book.add_worksheet();
    sheet.set_name("附件8").expect("a name");
    let top = [
        "附件8".to_owned(),
        "2024年造林完成情况表".to_owned(),
        format!("填报单位：{reporter}|||||||单位：亩"),
        "片区|序号|单位|面积|面积|面积|成活率|备注".to_owned(),
        "|||新造|补植|合计面积||".to_owned(),
    ];
    let lines = top.iter().map(String::as_str).chain(rows.iter().copied());
    for (row, line) in lines.enumerate() {
        for (col, cell) in line.split('|').enumerate() {
            let (row, col) = (row as u32, col as u16);
            let written = match cell.parse::<f64>() {
                Ok(number) => sheet.write(row, col, number),
                Err(_) if cell.is_empty() => continue,
                Err(_) => sheet.write(row, col, cell),
            };
            written.expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

fn month(text: &str) -> Period {
    Period::parse(text).expect("a period")
}

/// What a merge of May finds out, of files by these reporters.
fn merged(test: &str, scheme: &Scheme, earlier: Earlier, forms: &[(&str, &[&str])]) -> Merged {
    merged_in(test, scheme, "2024-05", earlier, forms)
}

fn merged_in(
    test: &str,
    scheme: &Scheme,
    period: &str,
    earlier: Earlier,
    forms: &[(&str, &[&str])],
) -> Merged {
    let folder = format!("hebiao-one-row-{test}-{period}-{}", std::process::id());
    let folder: PathBuf = std::env::temp_dir().join(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    for (file, rows) in forms {
        let reporter: String = file.chars().take(3).collect();
        fs::write(folder.join(format!("{file}.xlsx")), form(&reporter, rows)).expect("a file");
    }
    let files = inbox::list(&folder).expect("the inbox");
    let merged = merge(scheme, month(period), earlier, &files, &|| {});
    fs::remove_dir_all(&folder).expect("its folder removed");
    merged
}

fn three(test: &str, scheme: &Scheme) -> Merged {
    let forms: [(&str, &[&str]); 3] = [("东河镇", EAST), ("西岭镇", WEST), ("南坪乡", SOUTH)];
    merged(test, scheme, Earlier::default(), &forms)
}

fn said(merged: &Merged, kind: Kind) -> Vec<String> {
    let findings = merged.findings.iter().filter(|it| it.kind == kind);
    let said = findings.map(|it| {
        let reporter = it.reporter.as_deref().unwrap_or_default();
        format!("{} {reporter}: {}", it.level, message(it, Lang::Zh))
    });
    said.collect()
}

/// A written workbook, opened again.
struct Book {
    bytes: Vec<u8>,
    book: Xlsx<Cursor<Vec<u8>>>,
}

impl Book {
    fn of(merged: &Merged, scheme: &Scheme) -> Self {
        let bytes = write_workbook(merged, scheme, Lang::Zh).expect("a workbook");
        let book = open_workbook_from_rs(Cursor::new(bytes.clone())).expect("an .xlsx file");
        Self { bytes, book }
    }

    fn lines(&mut self, sheet: &str) -> Vec<String> {
        let range = self.book.worksheet_range(sheet).expect(sheet);
        let line = |row: &[Data]| {
            let cells = row.iter().map(|cell| cell.to_string().replace('\n', "/"));
            cells.collect::<Vec<_>>().join("|")
        };
        range.rows().map(line).collect()
    }

    fn formula(&mut self, sheet: &str, at: (u32, u32)) -> String {
        let formulas = self.book.worksheet_formula(sheet).expect(sheet);
        formulas.get_value(at).cloned().unwrap_or_default()
    }

    fn part(&self, name: &str) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        let part = zip.by_name(name).expect(name);
        std::io::read_to_string(part).expect("text")
    }

    /// The notes of the annex sheet by cell; it is the only one that has any.
    fn notes(&self) -> BTreeMap<String, String> {
        let xml = self.part("xl/comments1.xml");
        let notes = xml.split("<comment ref=\"").skip(1).map(|note| {
            let (cell, rest) = note.split_once('"').expect("a cell");
            let texts = rest.split("<t").skip(1);
            let texts = texts.filter_map(|text| {
                let text = text.split_once('>')?.1;
                Some(text.split_once("</t>")?.0)
            });
            (cell.to_owned(), texts.collect())
        });
        notes.collect()
    }
}

#[test]
fn the_county_has_the_townships_and_the_villages_are_all_on_record() {
    let scheme = scheme();
    let merged = three("rows", &scheme);
    let mut book = Book::of(&merged, &scheme);
    // Weighted with the areas, (80 × 90 + 21 × 92) / 101 = 90.4….
    assert_eq!(
        book.lines("附件8")[2..],
        [
            "|||||||单位：亩",
            "片区|序号|单位|面积|||成活率|备注",
            "|||新造|补植|合计面积||",
            "|1|东河镇|60|20|80|90|",
            "|2|西岭镇|15|5|21|92|",
            "|3|南坪乡|缺合计行||||",
            "|合计||75|25|101|90|",
            "|数据不全：合计不含没有合计行的南坪乡。||||||",
        ]
    );
    // The key that only villages have is hidden, and nothing that is to be read stands in it.
    let sheet = book.part("xl/worksheets/sheet3.xml");
    assert!(
        sheet.contains("<col min=\"1\" max=\"1\" width=\"0\" hidden=\"1\""),
        "{sheet}"
    );
    assert_eq!(book.lines("附件8")[0], "|附件8||||||应报 3，已报 3；强制 5");
    assert_eq!(book.formula("附件8", (5, 5)), "SUM(D6:E6)");
    // 15 + 5 is not 21: what was returned stays.
    assert_eq!(book.formula("附件8", (6, 5)), "");
    assert_eq!(book.formula("附件8", (8, 5)), "SUM(F6:F8)");
    let sources = book.lines("数据来源");
    assert_eq!(sources.len(), 3, "{sources:?}");
    assert!(
        sources[1].starts_with("附件8|6|东河镇|东河镇|东河镇.xlsx|附件8|A9:H9|"),
        "{sources:?}"
    );
    assert!(
        sources[2].starts_with("附件8|7|西岭镇|西岭镇|西岭镇.xlsx|附件8|A8:H8|"),
        "{sources:?}"
    );
    // 4 + 3 + 1 rows.
    let n_rows = merged.tables.iter().map(|table| table.rows.len());
    assert_eq!(n_rows.sum::<usize>(), 8);
}

#[test]
fn a_form_without_its_total_row_is_asked_for_it_once() {
    let scheme = scheme();
    let merged = three("total", &scheme);
    assert_eq!(
        said(&merged, Kind::MissingRow),
        [
            "mandatory 南坪乡: 合计行没有填，未汇总：表中没有填好的“合计”行；县里的表取各单位的“合计”，这张表的数没有汇总进去"
        ]
    );
    assert_eq!(said(&merged, Kind::NotReturned), Vec::<String>::new());
    // A total row of which nothing is filled in gives no figures either.
    let blank: &[&str] = &[SOUTH[0], "合计|||||||"];
    let merged = self::merged("blank", &scheme, Earlier::default(), &[("南坪乡", blank)]);
    assert_eq!(said(&merged, Kind::MissingRow).len(), 1);
    assert_eq!(said(&merged, Kind::NotReturned).len(), 2);
    let rows = &merged.county.annexes[0].rows;
    assert!(rows.iter().all(|row| row.source.is_none()));
}

#[test]
fn what_is_found_in_a_village_is_marked_at_its_township() {
    let scheme = scheme();
    let merged = three("marks", &scheme);
    let mut book = Book::of(&merged, &scheme);
    let notes = book.notes();
    let cells: Vec<&str> = notes.keys().map(String::as_str).collect();
    // 西岭镇's 片区 at its name, area and rate, and what of its area may be wrong as well; at 南坪乡's name its missing
    // total row, and its rate all the same.
    assert_eq!(cells, ["C7", "C8", "D7", "E7", "F7", "G7", "G8"]);
    assert!(
        notes["F7"].starts_with(
            "【强制】合计与分项之和不符 [V-01] 面积\n\
         原表 西岭镇.xlsx 附件8!F6（南片·团结村）：\n\
         填写 11，分项之和 10（D6:E6），差 1，超过舍入误差 0.15\n\
         请对照原始资料核对 D6、E6、F6，只改填错的那一格\n\
         嫌疑：E6 填写 3，若为 4 则相符（一位数字不同）"
        ),
        "{}",
        notes["F7"]
    );
    assert!(
        notes["C7"].contains("原表 西岭镇.xlsx 附件8!A7（东片·和平村）"),
        "{}",
        notes["C7"]
    );
    assert!(
        notes["G8"].contains("原表 南坪乡.xlsx 附件8!G6（北片·胜利村）"),
        "{}",
        notes["G8"]
    );
    // The list leads there, and names the village and the cell of its form.
    let list = book.lines("错误清单");
    let sum = list
        .iter()
        .find(|line| line.contains("V-01"))
        .expect("the sum");
    assert!(sum.contains("|南片·团结村，合计面积|"), "{sum}");
    // 7 + 3 = 10, and 11 is given.
    assert!(
        sum.contains("|西岭镇.xlsx|附件8!F6|11|D6=8 或 E6=4 或 F6=10|1|"),
        "{sum}"
    );
    let xml = book.part("xl/worksheets/sheet5.xml");
    for cell in ["C7", "C8", "F7", "G7", "G8"] {
        assert!(
            xml.contains(&format!("location=\"'附件8'!{cell}\"")),
            "{cell}: {xml}"
        );
    }
}

#[test]
fn a_wrong_total_row_says_itself_with_the_cells_of_its_form() {
    let scheme = scheme();
    let wrong: Vec<&str> = EAST[..3]
        .iter()
        .copied()
        .chain(["合计|||60|20|90|90|"])
        .collect();
    let merged = merged("wrong", &scheme, Earlier::default(), &[("东河镇", &wrong)]);
    let book = Book::of(&merged, &scheme);
    let note = &book.notes()["F6"];
    // 15 + 30 + 35 = 80. The note speaks of the form, where the villages are.
    assert!(
        note.contains("【强制】合计行与各行之和不符 [V-02]"),
        "{note}"
    );
    assert!(
        note.contains(
            "原表 东河镇.xlsx 附件8!F9（合计）：\n填写 90，3 行之和 80，差 10，超过舍入误差 0.2\n请对照原始资料，把 F9 改成 80"
        ),
        "{note}"
    );
}

#[test]
fn two_returns_that_state_other_totals_contradict_each_other() {
    let scheme = scheme();
    let more: &[&str] = &[
        "北片|1|朝阳村|1|1|2|90|",
        "北片|2|新华村|2|2|4|90|",
        "合计|||3|3|6|90|",
    ];
    let forms: [(&str, &[&str]); 2] = [("东河镇", EAST), ("东河镇续", more)];
    let merged = merged("conflict", &scheme, Earlier::default(), &forms);
    let rows = &merged.county.annexes[0].rows;
    assert_eq!(rows.len(), 3);
    assert_eq!(
        said(&merged, Kind::Conflict).len(),
        3,
        "新造, 补植, 合计面积"
    );
    let conflicts = merged
        .findings
        .iter()
        .filter(|it| it.kind == Kind::Conflict);
    assert!(
        conflicts
            .clone()
            .all(|it| it.level == Level::QuasiMandatory)
    );
}

/// April 40 + 10 = 50 at 80 %, May 60 + 20 = 80 at 90 %: as the total rows state them.
#[test]
fn a_month_is_held_against_the_totals_of_the_month_before() {
    let scheme = scheme();
    let april: &[&str] = &[
        "南片|1|红星村|10|5|15|80|",
        "南片|2|前进村|10|0|10|80|",
        "北片|3|东风村|20|5|25|80|",
        "合计|||40|10|50|80|",
    ];
    let before = merged_in(
        "april",
        &scheme,
        "2024-04",
        Earlier::default(),
        &[("东河镇", april)],
    );
    let mut records = Cursor::new(Vec::new());
    let of = (&before.files, &before.tables);
    write_records(&scheme, before.period, of.0, of.1, &mut records).expect("written");
    let earlier = Earlier {
        last_month: Some(read_records(&scheme, before.period, records).expect("read")),
        ..Earlier::default()
    };
    let forms: [(&str, &[&str]); 2] = [("东河镇", EAST), ("西岭镇", WEST)];
    let merged = merged("may", &scheme, earlier, &forms);
    let variances = merged.variances.as_ref().expect("a month");
    let indicators = &variances.annexes[0].indicators;
    let held = |name: &str| {
        let column = scheme.annexes[0].column(name).expect(name);
        let found = indicators.iter().find(|it| it.indicator.column == column);
        let lines = &found.expect(name).reporters;
        let figure = |figure: hebiao::consolidate::variances::Figure| {
            figure.map_or_else(|why| format!("{why:?}"), |it| it.rounded(0).to_string())
        };
        let lines = lines.iter().map(|(_, line)| {
            let last = &line.last_month;
            format!(
                "{} {} {} open {}",
                figure(line.now),
                figure(last.then),
                figure(last.by),
                line.open
            )
        });
        lines.collect::<Vec<_>>()
    };
    // One finding of 西岭镇 about its areas, and one about its rates.
    assert_eq!(
        held("合计面积"),
        [
            "80 50 30 open 0",
            "21 NoData NoData open 1",
            "NoData NoData NoData open 0"
        ]
    );
    assert_eq!(
        held("成活率"),
        [
            "90 80 10 open 0",
            "92 NoData NoData open 1",
            "NoData NoData NoData open 0"
        ]
    );
}

/// In 百亩 without decimals 60 and 15, 20 and 5, 80 and 21 are 0.6 and 0.15 and so on: rows and columns hold as printed
/// wherever they hold as returned.
#[test]
fn published_figures_of_townships_add_up() {
    let mut scheme = scheme();
    scheme.annexes[0].publish = vec![Publish {
        unit: 0,
        decimals: 0,
    }];
    let forms: [(&str, &[&str]); 2] = [("东河镇", EAST), ("西岭镇", WEST)];
    let merged = merged("publish", &scheme, Earlier::default(), &forms);
    let published = publish(&scheme, &merged.tables, 0, &merged.county.annexes[0]);
    let published = published.expect("a unit").expect("short figures");
    // Three totals over rows; 东河镇's own sum and the county's, which does not hold since 西岭镇's does not.
    assert_eq!(published.n_sums, 4);
    let uneven: Vec<_> = published
        .uneven
        .iter()
        .map(|it| (it.row, it.leaf))
        .collect();
    assert_eq!(uneven, [(Some(1), 5), (None, 5)]);
}

#[test]
fn a_prefecture_has_the_townships_of_its_counties() {
    let outbox = |area: &str, townships: [&str; 3]| {
        let mut files = county(&[]);
        let names = ["东河镇", "西岭镇", "南坪乡"].into_iter().zip(townships);
        for (from, to) in names {
            files[0].text = files[0].text.replace(from, to);
        }
        files[0].text = files[0].text.replace("东河县", area);
        let scheme = load(&files).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let forms: [(&str, &[&str]); 2] = [(townships[0], EAST), (townships[1], WEST)];
        let merged = merged(area, &scheme, Earlier::default(), &forms);
        CountyOutbox {
            scheme,
            workbook: format!("{area}.xlsx").into(),
            sha256: "0".repeat(64),
            pasts: vec![Past {
                period: merged.period,
                tables: merged.tables,
                unknown: Vec::new(),
            }],
            findings: Vec::new(),
            left_out: Vec::new(),
        }
    };
    let counties = [
        outbox("东河县", ["东河镇", "西岭镇", "南坪乡"]),
        outbox("西山县", ["甲甲镇", "乙乙镇", "丙丙乡"]),
    ];
    let scheme = prefecture("巴州", &counties).expect("counties");
    assert_eq!(scheme.annexes[0].one_row_each, None);
    let merged = roll_up(&scheme, month("2024-05"), &counties);
    let mut book = Book::of(&merged, &scheme);
    assert_eq!(
        book.lines("附件8")[3..],
        [
            "县（市）|序号|单位|面积|||成活率|备注",
            "|||新造|补植|合计面积||",
            "东河县|1|东河镇|60|20|80|90|",
            "|2|西岭镇|15|5|21|92|",
            "西山县|3|甲甲镇|60|20|80|90|",
            "|4|乙乙镇|15|5|21|92|",
            "合计|||150|50|202|90|",
        ]
    );
    let sources = book.lines("数据来源");
    assert!(
        sources[1].starts_with("附件8|6|东河县·东河镇|东河县|东河县.xlsx|附件8|B6:H6|"),
        "{sources:?}"
    );
}

#[test]
fn an_annex_that_cannot_have_one_row_each_is_refused() {
    let refused = |changes: &[(&str, &str)]| {
        let mistakes = load(&county(changes)).expect_err("refused");
        let shown: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        shown.join("\n")
    };
    let key = "one_row_each = \"单位\"";
    let at = "annex-8.toml:11:16: ";
    assert_eq!(
        refused(&[(key, "one_row_each = \"新造\"")]),
        format!("{at}应为row_key 中的一列，写的是“新造”")
    );
    assert_eq!(
        refused(&[(key, "one_row_each = \"单为\"")]),
        format!("{at}没有名为“单为”的列，是否指“单位”？")
    );
    assert_eq!(
        refused(&[(
            "rows        = \"register\"",
            "rows        = [[\"南片\", \"红星村\"]]"
        )]),
        format!("{at}应为只用于 rows = \"register\" 的附件，写的是“单位”")
    );
    assert_eq!(
        refused(&[("returned_by = \"township\"", "returned_by = \"县水利局\"")]),
        format!("{at}应为只用于 returned_by = \"township\" 或 \"department\" 的附件，写的是“单位”")
    );
    let without_total = [
        ("total_row   = \"合计\"\n", "\n"),
        (
            "[[total-row]]\nid    = \"V-02\"\nlabel = \"合计\"\nrow   = \"合计\"\nsay   = \"合计应等于各村之和\"\n",
            "",
        ),
    ];
    assert_eq!(
        refused(&without_total),
        format!("{at}应为只用于有合计行（total_row）的附件，写的是“单位”")
    );
    let by_year = [
        (
            "row_key     = [\"片区\", \"单位\"]",
            "row_key     = [\"片区\", \"单位\", \"年份\"]",
        ),
        (
            "[[sum]]",
            "[[columns]]\nname = \"年份\"\nheader = [\"年份\"]\nkind = \"year\"\n[[sum]]",
        ),
    ];
    assert_eq!(
        refused(&by_year),
        format!("{at}应为只用于没有年份列的附件，写的是“单位”")
    );
}
