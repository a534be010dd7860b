//! A small county over three months, from the plan on: what is due, what moved, what is of another month.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use hebiao::model::{Kind, Level, Period};
use hebiao::pipeline::FormReader;
use hebiao::scheme::Scheme;
use rust_xlsxwriter::{DocProperties, Workbook, Worksheet};
use serde_json::Value;

use crate::desk::{file, load_files};

const SCHEME: &str = r#"
id    = "small"
title = "小县三年方案"
area  = "小县"
years = [2023, 2024, 2025]

[[units]]
name = "亩"

[[units]]
name = "户"

[[reporters]]
code = "T01"
name = "东河乡"
kind = "township"

[[reporters]]
code = "T02"
name = "西岭镇"
kind = "township"

[[reporters]]
code = "T03"
name = "南坪乡"
kind = "township"

[[reporters]]
code = "D01"
name = "县林草局"
kind = "department"
"#;

/// Work goes on evenly; figures of a year are cumulative.
const TREES: &str = r#"
number          = "附件1"
title           = "小县2023-2025年造林任务表"
unit            = "亩"
returned_by     = "township"
responsible     = "县林草局"
row_key         = ["乡镇"]
reporter_column = "乡镇"
total_row       = "合计"
rows            = ["东河乡", "西岭镇", "南坪乡"]

[[columns]]
name   = "乡镇"
header = ["乡镇"]
kind   = "text"

[[columns]]
name     = "造林"
header   = ["{year}年造林"]
each     = "year"
decimals = 1

[[columns]]
name     = "三年合计"
header   = ["三年合计"]
decimals = 1
course   = "since-plan"

[[sum]]
id    = "S-01"
total = "三年合计"
parts = ["造林"]

[[pair]]
id      = "S-02"
columns = ["造林"]
need    = "all-or-none"

[[trend]]
id        = "S-03"
column    = "造林"
direction = "not-falling"
applies   = { period = "month" }

[[cumulative]]
id      = "S-04"
columns = ["造林"]

[[compare]]
id       = "S-05"
columns  = ["造林", "三年合计"]
with     = "schedule"
side     = "below"
percent  = "40"
absolute = "50"
"#;

/// Only months have it.
const HOUSEHOLDS: &str = r#"
number          = "附件2"
title           = "小县煤改电户数月报表"
unit            = "户"
returned_by     = "township"
row_key         = ["乡镇"]
reporter_column = "乡镇"
rows            = ["东河乡", "西岭镇", "南坪乡"]
due             = { every = "month", plan = false, day = 5 }

[[columns]]
name   = "乡镇"
header = ["乡镇"]
kind   = "text"

[[columns]]
name   = "本月"
header = ["本月户数"]
course = "month"

[[columns]]
name   = "累计"
header = ["累计户数"]

[[chain]]
id         = "S-06"
cumulative = "累计"
month      = "本月"
"#;

const TOWNSHIPS: [&str; 3] = ["东河乡", "西岭镇", "南坪乡"];

fn scheme() -> Scheme {
    let files = [
        file("scheme.toml", SCHEME),
        file("annex-1.toml", TREES),
        file("annex-2.toml", HOUSEHOLDS),
    ];
    load_files(&files).expect("the small scheme")
}

/// A county's folder, gone when the test ends.
struct County(PathBuf);

impl Drop for County {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl County {
    fn new(name: &str) -> Self {
        let folder = format!("hebiao-months-{name}-{}", std::process::id());
        let county = Self(std::env::temp_dir().join(folder));
        let _ = fs::remove_dir_all(&county.0);
        let scheme = county.path("scheme");
        fs::create_dir_all(&scheme).expect("a folder");
        for (name, text) in [
            ("scheme.toml", SCHEME),
            ("annex-1.toml", TREES),
            ("annex-2.toml", HOUSEHOLDS),
        ] {
            fs::write(scheme.join(name), text).expect("a file of the scheme");
        }
        county
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts one township's file into the inbox of a period: rows of 附件1 and 附件2, figures as typed.
    fn returns(&self, period: &str, township: &str, trees: &[&str], households: &[&str]) {
        let folder = self.path("inbox").join(period);
        fs::create_dir_all(&folder).expect("an inbox");
        let about = match Period::parse(period).expect("a period") {
            Period::Plan => String::new(),
            Period::Month { year, month } => format!("{year}年{month}月"),
        };
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("附件1").expect("a name");
        let header = ["乡镇", "2023年造林", "2024年造林", "2025年造林", "三年合计"];
        write(
            sheet,
            &format!("{township}{about}造林任务表"),
            &header,
            township,
            trees,
        );
        if !households.is_empty() {
            let sheet = workbook.add_worksheet();
            sheet.set_name("附件2").expect("a name");
            let header = ["乡镇", "本月户数", "累计户数"];
            write(
                sheet,
                &format!("{township}{about}煤改电月报"),
                &header,
                township,
                households,
            );
        }
        workbook
            .save(folder.join(format!("{township}.xlsx")))
            .expect("a file");
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(arguments)
            .args(["--scheme", "scheme"])
            .current_dir(&self.0)
            .output()
            .expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.is_empty(), "{stderr}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn merge(&self, period: &str, outbox: &str) -> Value {
        self.run(&["merge", period, "--outbox", outbox]);
        let path = self.path(outbox).join(period).join("findings.json");
        serde_json::from_slice(&fs::read(path).expect("findings")).expect("JSON")
    }
}

fn write(sheet: &mut Worksheet, title: &str, header: &[&str], township: &str, figures: &[&str]) {
    let put = |sheet: &mut Worksheet, row: u32, col: usize, text: &str| {
        let col = col as u16;
        let written = match text.parse::<f64>() {
            Ok(number) => sheet.write(row, col, number),
            Err(_) => sheet.write(row, col, text),
        };
        written.expect("a cell");
    };
    put(sheet, 0, 0, title);
    put(sheet, 1, 0, &format!("填报单位：{township}"));
    for (col, text) in header.iter().enumerate() {
        put(sheet, 2, col, text);
    }
    for (col, text) in [township].iter().chain(figures).enumerate() {
        if !text.is_empty() {
            put(sheet, 3, col, text);
        }
    }
}

/// `level kind rule reporter cell expected`, in the order in which they are told.
fn told(json: &Value) -> Vec<String> {
    let findings = json["findings"].as_array().expect("findings");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let keys = ["level", "kind", "rule", "reporter", "cell", "expected"];
    findings
        .iter()
        .map(|finding| keys.map(|key| text(finding, key)).join(" "))
        .collect()
}

fn cannot_check(json: &Value) -> u64 {
    json["counts"]["cannot_check"].as_u64().expect("a count")
}

/// Plans and returns, worked out by hand:
///
/// ```text
///          plan 2023 2024 2025   due by end of Jan Feb Mar (1/12, 2/12, 3/12 of 2024)
/// 东河乡         100  240   60                   20  40  60
/// 西岭镇          90  120   90                   10  20  30
/// 南坪乡          50 1200   50                  100 200 300
/// ```
fn county(name: &str) -> County {
    let county = County::new(name);
    for (township, figures) in TOWNSHIPS.iter().zip([
        ["100", "240", "60", "400"],
        ["90", "120", "90", "300"],
        ["50", "1200", "50", "1300"],
    ]) {
        county.returns("plan", township, &figures, &[]);
    }
    // 2025 has not begun: it is blank, or －. In January 东河乡 and 西岭镇 have done what is due.
    county.returns("2024-01", "东河乡", &["100", "20", "", "120"], &["5", "5"]);
    county.returns("2024-01", "西岭镇", &["90", "10", "－", "100"], &["5", "5"]);
    county.returns("2024-01", "南坪乡", &["50", "100", "", "150"], &["5", "5"]);
    // 西岭镇 did nothing in February, when 20 were due, and sent no 附件2. 南坪乡 is 60 behind: more than 50, but only 30 %.
    county.returns("2024-02", "东河乡", &["100", "40", "", "140"], &["6", "11"]);
    county.returns("2024-02", "西岭镇", &["90", "10", "－", "100"], &[]);
    county.returns("2024-02", "南坪乡", &["50", "140", "", "190"], &["6", "11"]);
    // 东河乡 has less than in February; it is half behind, but only by 30. 南坪乡 is 151 behind, which is half, and
    // its households do not go on from February: 11 + 4 = 15. Of 西岭镇's nobody knows.
    county.returns("2024-03", "东河乡", &["100", "30", "", "130"], &["4", "15"]);
    county.returns("2024-03", "西岭镇", &["90", "30", "－", "120"], &["4", "9"]);
    county.returns("2024-03", "南坪乡", &["50", "149", "", "199"], &["4", "19"]);
    county
}

#[test]
fn three_months_come_out_as_worked_out_by_hand() {
    let county = county("three");
    assert_eq!(told(&county.merge("plan", "outbox")), [""; 0]);

    let january = county.merge("2024-01", "outbox");
    assert_eq!(told(&january), [""; 0]);
    assert_eq!(cannot_check(&january), 0);

    let february = county.merge("2024-02", "outbox");
    assert_eq!(
        told(&february),
        [
            "verification copied - 西岭镇 C4 -",
            "mandatory not-returned - 西岭镇 - -",
        ]
    );
    assert_eq!(
        february["findings"][0]["message"],
        "数字与上月完全相同：整张表应有变化的 2 个数都与上月（2024-01）的相同"
    );

    let march = county.merge("2024-03", "outbox");
    assert_eq!(
        told(&march),
        [
            "mandatory cumulative S-04 东河乡 C4 40",
            "verification compare S-05 南坪乡 C4 300.0",
            "verification compare S-05 南坪乡 E4 350.0",
            "mandatory chain S-06 南坪乡 C4 15",
        ]
    );
    let messages: Vec<&str> = (0..4)
        .map(|idx| {
            march["findings"][idx]["message"]
                .as_str()
                .expect("a message")
        })
        .collect();
    assert_eq!(
        messages,
        [
            "累计数比上月减少：2024年 造林 30亩，上月是 40亩，差 -10",
            "与序时进度相差较大：2024年 造林 149亩，按序时进度应为 300.0（计划数 1200亩），差 -151.0，超过 40% 和 50亩",
            // All of 2023's 50 and a quarter of 2024's 1200, not 15 of 36 months of 1300.
            "与序时进度相差较大：三年合计 199亩，按序时进度应为 350.0（计划数 1300亩），差 -151.0，超过 40% 和 50亩",
            "累计数与上月累计加本月数不符：累计 19户，上月累计 11户 + 本月 4户（B4），应为 15，差 4",
        ]
    );
    // The only thing that cannot be checked: 西岭镇's households.
    assert_eq!(cannot_check(&march), 1);
}

/// Whoever begins with March is told nothing for it: what needs earlier periods is counted, and no more.
#[test]
fn without_earlier_periods_nothing_cries_wolf() {
    let county = county("alone");
    let march = county.merge("2024-03", "elsewhere");
    assert_eq!(told(&march), [""; 0]);
    // Of three townships each: fell, schedule of the year and of all years, chain.
    assert_eq!(cannot_check(&march), 12);
}

#[test]
fn check_uses_what_was_consolidated_where_there_is_any() {
    let county = county("check");
    for period in ["plan", "2024-01", "2024-02"] {
        county.merge(period, "outbox");
    }
    let json = |arguments: &[&str]| -> Value {
        let all = [
            &["check", "inbox/2024-03/东河乡.xlsx", "--format", "json"],
            arguments,
        ]
        .concat();
        serde_json::from_str(&county.run(&all)).expect("JSON")
    };
    // The title says that it is March's.
    let known = json(&[]);
    assert_eq!(told(&known), ["mandatory cumulative S-04 东河乡 C4 40"]);
    assert_eq!(known["files"][0]["tables"][0]["period"], "2024-03");
    assert_eq!(known["files"][0]["tables"][0]["period_from"], "title");
    assert_eq!(told(&json(&["--outbox", "nowhere"])), [""; 0]);
    assert_eq!(
        told(&json(&["--period", "2024-04"])),
        [
            "mandatory wrong-period - 东河乡 A1 2024-04",
            "mandatory wrong-period - 东河乡 A1 2024-04",
        ]
    );
}

#[test]
fn a_form_of_another_month_is_kept_apart_and_listed() {
    let county = county("apart");
    // 西岭镇's February came in once more with March's.
    let (from, to) = ("inbox/2024-02/西岭镇.xlsx", "inbox/2024-03/西岭镇.xlsx");
    fs::copy(county.path(from), county.path(to)).expect("a copy");
    let march = county.merge("2024-03", "outbox");
    let said: Vec<String> = told(&march)
        .into_iter()
        .filter(|line| line.contains("西岭镇"))
        .collect();
    assert_eq!(
        said,
        [
            "mandatory wrong-period - 西岭镇 A1 2024-03",
            // 附件2 did not come at all.
            "mandatory not-returned - 西岭镇 - -",
        ]
    );
    let files = march["files"].as_array().expect("files");
    let file = files.iter().find(|file| file["path"] == "西岭镇.xlsx");
    let table = &file.expect("the file is listed")["tables"][0];
    assert_eq!(
        (&table["period"], &table["kept_apart"]),
        (&"2024-02".into(), &true.into())
    );
    let returns = march["returns"].as_array().expect("returns");
    let owed = |annex: &str| {
        let mut all = returns.iter();
        let found = all.find(|it| it["reporter"] == "西岭镇" && it["annex"] == annex);
        found.expect("what is owed")["status"].clone()
    };
    assert_eq!(
        (owed("附件1"), owed("附件2")),
        ("missing".into(), "missing".into())
    );
}

/// The period that a form is taken to be about, and where that was found; ` !` where it is kept apart, and where
/// something on it says another period, `?` with how loudly that is told.
fn about(
    period: &str,
    path: &str,
    sheet_name: &str,
    lines: &[&[&str]],
    stamp: Option<&str>,
) -> String {
    let scheme = scheme();
    let mut workbook = Workbook::new();
    if let Some(stamp) = stamp {
        let properties = DocProperties::new()
            .set_custom_property("hebiao-scheme", "small")
            .set_custom_property("hebiao-fingerprint", scheme.fingerprint.as_str())
            .set_custom_property("hebiao-period", stamp);
        workbook.set_properties(&properties);
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name).expect("a name");
    let header = ["乡镇", "2023年造林", "2024年造林", "2025年造林", "三年合计"];
    let row = ["东河乡", "100", "20", "－", "120"];
    let lines = lines.iter().copied().chain([&header[..], &row[..]]);
    for (row, cells) in lines.enumerate() {
        for (col, text) in cells.iter().enumerate() {
            let (row, col) = (row as u32, col as u16);
            let written = match text.parse::<f64>() {
                Ok(number) => sheet.write(row, col, number),
                Err(_) => sheet.write(row, col, *text),
            };
            written.expect("a cell");
        }
    }
    let bytes = workbook.save_to_buffer().expect("a file");
    let reader = FormReader::new(&scheme, Period::parse(period));
    let read = reader.file(&Arc::from(path), &bytes);
    let table = &read.record.tables[0];
    let told = read.findings.iter();
    let told: Vec<Level> = told
        .filter(|it| it.kind == Kind::WrongPeriod)
        .map(|it| it.level)
        .collect();
    let told = match told[..] {
        [] => String::new(),
        [Level::Mandatory] => " !".to_owned(),
        [level] => format!(" ?{level}"),
        _ => panic!("{:?}", read.findings),
    };
    assert_eq!(table.kept_apart, told == " !", "{:?}", read.findings);
    assert_eq!(read.tables.len(), usize::from(!table.kept_apart));
    let source = table.period_found_by.map_or("-", |source| source.name());
    format!("{} {source}{told}", table.period)
}

#[test]
fn the_month_is_found_wherever_it_stands() {
    let in_may = |title: &str| about("2024-05", "东河乡.xlsx", "附件1", &[&[title]], None);
    for title in [
        "小县2024年5月造林任务表",
        "东河乡2024年05月造林进度表",
        "造林任务表（截至5月底）",
        "5月份造林任务完成情况",
        "东河乡1-5月造林累计",
        "东河乡2024年1—5月累计造林情况",
        "二〇二四年五月造林任务表",
        "东河乡造林任务表2024-05",
        "２０２４年５月造林任务表",
    ] {
        assert_eq!(in_may(title), "2024-05 title", "{title}");
    }
    for title in [
        "小县2024年4月造林任务表",
        "造林任务表（截至4月底）",
        "东河乡1-4月造林累计",
        "二〇二四年四月造林任务表",
    ] {
        assert_eq!(in_may(title), "2024-04 title !", "{title}");
    }
    assert_eq!(in_may("东河乡2023年5月造林任务表"), "2023-05 title !");
    let of = |path, sheet, lines, stamp| about("2024-05", path, sheet, lines, stamp);
    let line: &[&[&str]] = &[&["造林任务表"], &["报告期：2024年4月", "", "单位：亩"]];
    assert_eq!(of("东河乡5月.xlsx", "5月", line, None), "2024-04 form !");
    let apart: &[&[&str]] = &[&["东河乡2024年4月造林任务表"], &["报告期：", "2024年5月"]];
    assert_eq!(
        of("东河乡.xlsx", "附件1", apart, None),
        "2024-05 form ?verification"
    );
    // Of the title and the name of the file, the name is the one that is left over easily.
    let title: &[&[&str]] = &[&["东河乡2024年5月造林任务表"]];
    assert_eq!(
        of("东河乡4月.xlsx", "附件1", title, None),
        "2024-05 title ?hint"
    );
    assert_eq!(of("东河乡.xlsx", "4月", title, None), "2024-05 title ?hint");
    // A remark below a title is no second opinion.
    let remark: &[&[&str]] = &[&["东河乡2024年5月造林任务表"], &["4月的数已经核实"]];
    assert_eq!(of("东河乡.xlsx", "附件1", remark, None), "2024-05 title");
    assert_eq!(of("东河乡.xlsx", "4月", &[], None), "2024-04 sheet-name !");
    assert_eq!(
        of("东河乡4月.xlsx", "附件1", &[], None),
        "2024-04 file-name !"
    );
    assert_eq!(
        of("东河乡202404.xlsx", "附件1", &[], None),
        "2024-04 file-name !"
    );
    assert_eq!(of("4月/东河乡.xlsx", "附件1", &[], None), "2024-05 -");
    assert_eq!(
        of("东河乡.xlsx", "附件1", &[], Some("2024-04")),
        "2024-04 stamp !"
    );
    // April's form filled in once more: nobody sees a stamp, everybody the file's name.
    assert_eq!(
        of("东河乡5月.xlsx", "附件1", &[], Some("2024-04")),
        "2024-05 file-name"
    );
    assert_eq!(
        of("东河乡.xlsx", "附件1", &[], Some("plan")),
        "plan stamp !"
    );
}

#[test]
fn years_dates_and_plans_are_no_other_month() {
    let traps: [&[&[&str]]; 6] = [
        &[&["小县2023-2025年造林任务表"]],
        &[&["小县2023年造林任务表（2024年度）"]],
        &[&["造林任务表"], &["填表人：", "", "填表日期：2024年6月4日"]],
        &[&["造林任务表"], &["填表日期：", "2024年6月"]],
        &[
            &["造林任务表"],
            &["填报单位：东河乡", "填报时间：2024年6月"],
        ],
        &[&["小县造林任务表（2023年4月印发）"]],
    ];
    for lines in traps {
        assert_eq!(
            about("2024-05", "东河乡.xlsx", "附件1", lines, None),
            "2024-05 -",
            "{lines:?}"
        );
        assert_eq!(
            about("plan", "东河乡.xlsx", "附件1", lines, None),
            "plan -",
            "{lines:?}"
        );
    }
    // A plan is made in some month, and sent in another.
    let dated: &[&[&str]] = &[&["小县造林任务表（2023年4月）"]];
    assert_eq!(
        about("plan", "东河乡5月.xlsx", "5月", dated, None),
        "plan -"
    );
    let of_month: &[&[&str]] = &[&["小县2024年4月造林任务完成情况表"]];
    assert_eq!(
        about("plan", "东河乡.xlsx", "附件1", of_month, None),
        "2024-04 title !"
    );
    let printed: &[&[&str]] = &[&["造林任务表"], &["报告期：规划数"]];
    assert_eq!(
        about("2024-05", "东河乡.xlsx", "附件1", printed, None),
        "plan form !"
    );
    assert_eq!(
        about("plan", "东河乡.xlsx", "附件1", printed, None),
        "plan form"
    );
    // Where nobody says for which period it came in, a month needs its year.
    assert_eq!(about("", "东河乡5月.xlsx", "附件1", &[], None), "plan -");
    assert_eq!(
        about("", "东河乡2024-05.xlsx", "附件1", &[], None),
        "2024-05 file-name"
    );
}
