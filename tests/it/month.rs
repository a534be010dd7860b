//! Returns of a month as a clerk gets them: sent again, late, missing, and arriving while the program waits.
//!
//! A county of three townships and one annex, due on the fifth of the month after. In April all three were right:
//!
//! ```text
//!          2023  2024  2025  三年合计
//! 东河镇     10    20    10        40
//! 西岭镇     30    30    20        80
//! 南坪乡     20    30    30        80
//!            60    80    60       200
//! ```
//!
//! In May 东河镇 came twice, 西岭镇 late with 98 for 80, 南坪乡 not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use calamine::{Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};
use serde_json::Value;

use crate::merged::{ANNEX_3, COUNTY};

/// A folder with a scheme and an inbox, gone when the test ends.
pub(crate) struct Desk(PathBuf);

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("hebiao-month-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("scheme")).expect("a folder for the test");
        let county = COUNTY.replacen(
            "[[units]]",
            // Every month's form has the figures of all three years.
            "[guards]\nyear-not-begun = false\n[[units]]\nname = \"万亩\"\nis = \"10000 亩\"\n[[units]]",
            1,
        );
        fs::write(folder.join("scheme/scheme.toml"), county).expect("a file");
        let annex = ANNEX_3.replacen(
            "row_key ",
            "due = { every = \"month\", plan = true, day = 5 }\nrow_key ",
            1,
        );
        fs::write(folder.join("scheme/annex-3.toml"), annex).expect("a file");
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a return into the inbox. `saved` is in universal time, eight hours behind the county's clocks.
    pub(crate) fn returned(&self, file: &str, saved: &str, row: &str) {
        let path = self.path("inbox").join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, form(saved, row)).expect("a file");
    }

    pub(crate) fn april(&self) {
        for row in [
            "东河镇|10|20|10|40",
            "西岭镇|30|30|20|80",
            "南坪乡|20|30|30|80",
        ] {
            let name = row.split('|').next().unwrap_or_default();
            self.returned(&format!("2024-04/{name}.xlsx"), "2024-05-03T02:00:00Z", row);
        }
    }

    pub(crate) fn may(&self) {
        // Saved later, though its name comes first.
        self.returned(
            "2024-05/东河镇b.xlsx",
            "2024-06-07T02:00:00Z",
            "东河镇|10|25|10|45",
        );
        self.returned(
            "2024-05/东河镇c.xlsx",
            "2024-06-03T02:00:00Z",
            "东河镇|10|20|10|45",
        );
        self.returned(
            "2024-05/西岭镇.xlsx",
            "2024-06-10T02:30:00Z",
            "西岭镇|30|30|20|98",
        );
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hebiao"));
        command.args(arguments);
        for (name, folder) in [
            ("--scheme", "scheme"),
            ("--inbox", "inbox"),
            ("--outbox", "out"),
        ] {
            command.arg(name).arg(self.path(folder));
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// The lines of a sheet of May's workbook, cells that are filled in.
    pub(crate) fn lines(&self, sheet: &str) -> Vec<String> {
        let workbook = self.path("out/2024-05/东河县-2024-05-汇总.xlsx");
        let mut workbook: Xlsx<_> = open_workbook(workbook).expect("a workbook");
        let range = workbook.worksheet_range(sheet).expect(sheet);
        let text = |row: &[calamine::Data]| {
            let cells = row.iter().map(ToString::to_string);
            let filled: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
            filled.join("|")
        };
        range.rows().map(text).collect()
    }

    pub(crate) fn findings(&self, period: &str) -> Option<Value> {
        let bytes = fs::read(self.path("out").join(period).join("findings.json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A form of 附件3 with one row.
pub(crate) fn form(saved: &str, row: &str) -> Vec<u8> {
    titled("东河县2023-2025年造林绿化任务指导性计划表", saved, row)
}

fn titled(title: &str, saved: &str, row: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    let saved = ExcelDateTime::parse_from_str(saved).expect("a time");
    book.set_properties(&DocProperties::new().set_creation_datetime(&saved));
    let sheet = book.add_worksheet();
    sheet.set_name("附件3").expect("a name");
    let cells: Vec<&str> = row.split('|').collect();
    let head = ["单位", "2023年度", "2024年度", "2025年度", "三年合计"];
    sheet.write(0, 0, "附件3").expect("a cell");
    sheet.write(1, 0, title).expect("a cell");
    sheet
        .write(2, 0, format!("填报单位：{}", cells[0]))
        .expect("a cell");
    sheet.write(2, 4, "单位：亩").expect("a cell");
    for (col, text) in head.into_iter().enumerate() {
        sheet.write(3, col as u16, text).expect("a cell");
    }
    sheet.write(4, 0, cells[0]).expect("a cell");
    for (col, figure) in cells.iter().enumerate().skip(1) {
        let figure: f64 = figure.parse().expect("a figure");
        sheet.write(4, col as u16, figure).expect("a cell");
    }
    book.save_to_buffer().expect("a workbook")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn merged(desk: &Desk) -> Value {
    desk.april();
    desk.may();
    assert_eq!(desk.run(&["merge", "2024-04"]).status.code(), Some(0));
    let output = desk.run(&["merge", "2024-05"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    desk.findings("2024-05").expect("findings.json")
}

pub(crate) fn texts(value: &Value, keys: &[&str]) -> String {
    let text = |key: &&str| match &value[*key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    keys.iter().map(text).collect::<Vec<_>>().join(" ")
}

pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_return_has_its_state_its_time_and_its_open_findings() {
    let desk = Desk::new("states");
    let findings = merged(&desk);
    let returns: Vec<String> = list(&findings, "returns")
        .iter()
        .map(|one| {
            let open = texts(
                &one["open"],
                &["mandatory", "quasi_mandatory", "verification"],
            );
            let said = texts(one, &["reporter", "state", "late", "time", "newer_by"]);
            format!("{said}: {open}")
        })
        .collect();
    assert_eq!(
        returns,
        [
            // The first came in time, so the correction is not late.
            "东河镇 superseded false 2024-06-07 10:00 saved: 0 0 0",
            "西岭镇 sent-back true 2024-06-10 10:30 null: 1 0 0",
            "南坪乡 missing false null null: 0 0 0",
        ]
    );
}

#[test]
fn a_newer_return_is_taken_and_what_it_changed_is_told() {
    let desk = Desk::new("again");
    let findings = merged(&desk);
    let [correction] = list(&findings, "corrections") else {
        panic!("{}", findings["corrections"]);
    };
    assert_eq!(correction["older"]["file"], "东河镇c.xlsx");
    assert_eq!(correction["newer"]["file"], "东河镇b.xlsx");
    let changes: Vec<String> = list(correction, "changes")
        .iter()
        .map(|change| texts(change, &["cell", "row", "column", "year", "old", "new"]))
        .collect();
    assert_eq!(changes, ["C5 东河镇 造林面积 2024 20 25"]);
    // 10 + 20 + 10 is not 45; 10 + 25 + 10 is.
    let removed: Vec<String> = list(correction, "removed")
        .iter()
        .filter(|finding| finding["level"] != "hint")
        .map(|finding| texts(finding, &["rule", "cell", "given", "expected"]))
        .collect();
    assert_eq!(removed, ["A3-01 E5 45 40"]);
    assert!(
        list(correction, "made").is_empty(),
        "{}",
        correction["made"]
    );
    // What was wrong in the older form is nobody's to put right any more.
    let open = list(&findings, "findings").iter();
    let open: Vec<String> = open
        .filter(|finding| finding["level"] == "mandatory")
        .map(|finding| texts(finding, &["reporter", "kind"]))
        .collect();
    assert_eq!(open, ["西岭镇 sum", "南坪乡 not-returned"]);
}

#[test]
fn the_telephone_list_begins_with_what_matters_most() {
    let desk = Desk::new("calls");
    let findings = merged(&desk);
    let calls: Vec<String> = list(&findings, "calls")
        .iter()
        .map(|call| texts(call, &["reporter", "annex", "effect", "part", "whole"]))
        .collect();
    assert_eq!(
        calls,
        [
            // Of April's figures 20/60, 30/80, 30/60 and 80/200 the third is the greatest; times three.
            "南坪乡 附件3 share 30 60",
            // 98 − 80 of 45 + 98, times three.
            "西岭镇 附件3 share 18 143",
        ]
    );
    let sheet = desk.lines("报送情况");
    for start in [
        "1|东河镇|已替换|1|1|",
        "2|西岭镇|退回|1|1|1|",
        "3|南坪乡|未报|1|0|1|",
        "1|南坪乡|附件3|50.00%|强制|尚未上报",
        "2|西岭镇|附件3|12.59%|强制|E5 合计与分项之和不符",
        "2|西岭镇|附件3|退回|1|0|0|2024-06-10 10:30；迟报；西岭镇.xlsx|西岭镇（已审核）.xlsx",
        "1|东河镇|附件3|东河镇b.xlsx 替换 东河镇c.xlsx（按文件内的保存时间较新）：改动 1 格，消除问题 1 个，新出现 0 个",
        "东河镇|附件3|C5|20|25|东河镇 2024年 造林面积",
    ] {
        assert!(
            sheet.iter().any(|line| line.starts_with(start)),
            "{start}\n{sheet:#?}"
        );
    }
    let annex = desk.lines("附件3");
    let said = "数据不全：合计只含已报的 2 个单位，应报 3 个；未报：南坪乡。";
    assert!(annex.iter().any(|line| line == said), "{annex:#?}");
    assert!(
        desk.path("out/2024-05/退回/西岭镇/西岭镇（已审核）.xlsx")
            .exists()
    );
}

/// 西岭镇 filled in 万亩: 0.003, 0.003, 0.002 and 0.008 for 30, 30, 20 and 80.
#[test]
fn a_return_in_a_wrong_unit_weighs_what_putting_it_right_moves() {
    let desk = Desk::new("unit");
    desk.april();
    desk.run(&["merge", "2024-04"]);
    let (dong, xi) = ("东河镇|10|25|10|45", "西岭镇|0.003|0.003|0.002|0.008");
    desk.returned("2024-05/东河镇.xlsx", "2024-06-03T02:00:00Z", dong);
    desk.returned("2024-05/西岭镇.xlsx", "2024-06-03T02:00:00Z", xi);
    desk.run(&["merge", "2024-05"]);
    let findings = desk.findings("2024-05").expect("findings.json");
    let calls: Vec<String> = list(&findings, "calls")
        .iter()
        .map(|call| {
            let finding =
                &list(&findings, "findings")[call["finding"].as_u64().expect("an index") as usize];
            format!(
                "{} {}",
                texts(finding, &["kind", "level"]),
                texts(call, &["reporter", "effect", "part", "whole"])
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            // 29.997 / 10.003 of 2023 is more than 29.997 / 25.003, 19.998 / 10.002 and 79.992 / 45.008.
            "unit-slip verification 西岭镇 share 29.997 10.003",
            "not-returned mandatory 南坪乡 share 30 60",
        ]
    );
}

/// April's form came under May's name; May's came as well.
#[test]
fn a_form_of_another_month_is_excused_once_this_months_has_come() {
    let april = "东河县南坪乡2024年4月造林绿化任务完成情况表";
    let (of_april, of_may) = ("南坪乡|20|30|30|80", "南坪乡|20|35|30|85");
    for (sent, level, state) in [
        // Sent by mistake, then put right.
        ("2024-06-01T02:00:00Z", "hint", "returned"),
        // Sent later, it may be a correction whose month is wrong.
        ("2024-06-04T02:00:00Z", "verification", "to-explain"),
    ] {
        let desk = Desk::new(&format!("excused-{level}"));
        desk.returned("2024-05/南坪乡5月.xlsx", "2024-06-03T02:00:00Z", of_may);
        let path = desk.path("inbox/2024-05/南坪乡.xlsx");
        fs::write(path, titled(april, sent, of_april)).expect("a file");
        desk.run(&["merge", "2024-05"]);
        let findings = desk.findings("2024-05").expect("findings.json");
        let mut all = list(&findings, "findings").iter();
        let wrong = all.find(|finding| finding["kind"] == "wrong-period");
        let wrong = wrong.expect("it is told");
        assert_eq!(wrong["level"], level);
        assert_eq!(
            wrong["message"],
            format!(
                "不是本报告期的报表：标题写的是“{april}”，即 2024-04，本期是 2024-05；没有汇总，本期的取自 南坪乡5月.xlsx"
            )
        );
        let returns = list(&findings, "returns");
        assert_eq!(
            texts(&returns[2], &["reporter", "state"]),
            format!("南坪乡 {state}")
        );
        // What is kept apart is neither counted nor passed over.
        let sheet = desk.lines("报送情况");
        let about = "附件3 南坪乡，报告期是 2024-04，没有汇总";
        assert!(sheet.iter().any(|line| line.ends_with(about)), "{sheet:#?}");
        let summary = desk.lines("说明");
        let counted = "数据|表 1 张，指标值 4 个；另有 1 张表不是本报告期的，没有汇总";
        assert!(summary.iter().any(|line| line == counted), "{summary:#?}");
    }
}

/// Between April and May the scheme calls a column otherwise: what April had of it is held against nothing, and
/// that is said. What cannot be read is named, with what to do about it.
#[test]
fn earlier_figures_that_are_of_no_use_any_more_are_named() {
    let desk = Desk::new("renamed");
    desk.april();
    desk.run(&["merge", "2024-04"]);
    desk.may();
    let scheme = desk.path("scheme/annex-3.toml");
    let annex = fs::read_to_string(&scheme).expect("the annex");
    fs::write(&scheme, annex.replace("造林面积", "造林")).expect("written");
    desk.run(&["merge", "2024-05"]);
    let head = &desk.lines("差异分析")[1];
    let said = "2024年4月的这些数现行制度里没有，未作比较：附件3 造林面积；只是改了名称的，请用现行制度重新汇总该期。";
    assert!(head.contains(said), "{head}");

    let records = desk.path("out/2024-04/records.parquet");
    fs::write(&records, "half").expect("written");
    let done = desk.run(&["merge", "2024-05"]);
    assert_eq!(done.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    let what = "records.parquet 读不了，请重新汇总这一期：hebiao merge 2024-04";
    assert!(stderr.contains(what), "{stderr}");
    assert!(stderr.contains("写入之后被改动过，或已损坏"), "{stderr}");
}

#[test]
fn a_correction_with_an_older_stamp_is_asked_about() {
    let desk = Desk::new("older-stamp");
    let (first, corrected) = ("东河镇|10|20|10|45", "东河镇|10|25|10|45");
    desk.returned("2024-05/东河镇.xlsx", "2024-06-05T02:00:00Z", first);
    desk.returned(
        "2024-05/东河镇修改稿.xlsx",
        "2024-06-04T02:00:00Z",
        corrected,
    );
    desk.run(&["merge", "2024-05"]);
    let findings = desk.findings("2024-05").expect("findings.json");
    let mut all = list(&findings, "findings").iter();
    let twice = all.find(|finding| finding["kind"] == "duplicate-return");
    assert_eq!(
        texts(twice.expect("it is told"), &["level", "message"]),
        "verification 重复上报，内容不同：取用 东河镇.xlsx（按文件内的保存时间较新，但文件名的版本字样相反），东河镇修改稿.xlsx 没有汇总"
    );
}

#[test]
fn the_same_figures_in_another_file_are_a_copy() {
    let desk = Desk::new("copies");
    desk.april();
    let row = "东河镇|10|20|10|40";
    desk.returned("2024-04/东河镇(2).xlsx", "2024-05-04T02:00:00Z", row);
    desk.returned("2024-04/转发.xlsx", "2024-05-03T02:00:00Z", row);
    assert_eq!(desk.run(&["merge", "2024-04"]).status.code(), Some(0));
    let findings = desk.findings("2024-04").expect("findings.json");
    let files: Vec<String> = list(&findings, "files")
        .iter()
        .map(|file| texts(file, &["path", "status", "reason"]))
        .collect();
    assert_eq!(
        files,
        [
            "东河镇(2).xlsx read null",
            "东河镇.xlsx duplicate 与 东河镇(2).xlsx 的数据完全相同",
            "南坪乡.xlsx read null",
            "西岭镇.xlsx read null",
            "转发.xlsx duplicate 内容与 东河镇.xlsx 完全相同",
        ]
    );
    assert_eq!(
        texts(&list(&findings, "returns")[0], &["state"]),
        "returned"
    );
    assert!(list(&findings, "corrections").is_empty());
}

#[test]
fn status_shows_the_same_and_writes_nothing() {
    let desk = Desk::new("status");
    desk.may();
    let output = desk.run(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    // A Chinese character is two wide.
    let table = "\
填报单位   附件3
东河镇     已替换
西岭镇     退回 1、迟报
南坪乡     未报
已报/应报  2/3
";
    assert!(said.contains(table), "{said}");
    assert!(
        said.contains("应报 3 份，已报 2 份：未报 1，退回 1，已替换 1"),
        "{said}"
    );
    let order = [
        said.find("1  南坪乡  附件3  不明"),
        said.find("2  西岭镇  附件3  12.59%"),
    ];
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{said}"
    );
    let output = desk.run(&["status", "2024-05", "--format", "json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(list(&findings, "returns").len(), 3);
    assert!(!desk.path("out").exists());
    assert_eq!(desk.run(&["status", "2024-06"]).status.code(), Some(2));
}

/// What rules over time and last month's figures say is known before anything is merged.
#[test]
fn status_finds_what_a_merge_would_find() {
    let desk = Desk::new("status-merge");
    desk.april();
    desk.run(&["merge", "2024-04"]);
    desk.may();
    // 南坪乡's own form is April's once more.
    desk.returned(
        "2024-05/南坪乡.xlsx",
        "2024-06-03T02:00:00Z",
        "南坪乡|20|30|30|80",
    );
    let output = desk.run(&["status", "2024-05", "--format", "json"]);
    let before: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    desk.run(&["merge", "2024-05"]);
    let merged = desk.findings("2024-05").expect("findings.json");
    for key in ["returns", "corrections", "calls", "findings", "counts"] {
        assert_eq!(before[key], merged[key], "{key}");
    }
    let mut all = list(&before, "findings").iter();
    assert!(all.any(|finding| finding["kind"] == "copied"), "{before}");
}

/// A program that is ended with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_watched_inbox_is_merged_again_once_a_file_is_whole() {
    let desk = Desk::new("watch");
    desk.may();
    let mut command = desk.command(&["merge", "2024-05", "--watch"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _running = Running(child.expect("the program runs"));
    let statuses = || -> Vec<String> {
        let findings = desk.findings("2024-05").unwrap_or_default();
        let files = list(&findings, "files").iter();
        files.map(|file| texts(file, &["path", "status"])).collect()
    };
    wait_for("the first merge", || statuses().len() == 3);

    let whole = form("2024-06-04T02:00:00Z", "南坪乡|20|30|30|80");
    let path: &Path = &desk.path("inbox/2024-05/南坪乡.xlsx");
    fs::write(desk.path("inbox/2024-05/~$南坪乡.xlsx"), "lock").expect("a file");
    let (first, second) = whole.split_at(whole.len() / 2);
    fs::write(path, first).expect("half a file");
    // Slow as the copy is, it never rests for as long as a finished file does.
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(500));
        let half: Vec<u8> = [
            first,
            &second[..fs::metadata(path).expect("it").len() as usize + 1 - first.len()],
        ]
        .concat();
        fs::write(path, half).expect("a little more");
        assert_eq!(statuses().len(), 3, "half a file is not merged");
    }
    fs::write(path, &whole).expect("the whole file");
    wait_for("the second merge", || {
        statuses().contains(&"南坪乡.xlsx read".to_owned())
    });

    // An error is told, and watching goes on.
    fs::rename(desk.path("inbox/2024-05"), desk.path("inbox/away")).expect("renamed");
    std::thread::sleep(Duration::from_secs(5));
    fs::rename(desk.path("inbox/away"), desk.path("inbox/2024-05")).expect("renamed");
    fs::remove_file(desk.path("inbox/2024-05/西岭镇.xlsx")).expect("removed");
    wait_for("the third merge", || {
        let files = statuses();
        !files.is_empty() && !files.contains(&"西岭镇.xlsx read".to_owned())
    });
}

#[cfg(unix)]
#[test]
fn a_watch_sees_a_file_replaced_in_place_another_scheme_and_lost_results() {
    let desk = Desk::new("watch-sees");
    desk.may();
    let stray: &Path = &desk.path("inbox/2024-05/备忘.txt");
    fs::write(stray, "一二三").expect("a text");
    let mut command = desk.command(&["merge", "2024-05", "--watch"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut running = Running(child.expect("the program runs"));
    let reason = || -> String {
        let findings = desk.findings("2024-05").unwrap_or_default();
        let files = list(&findings, "files").iter();
        let of_stray = |file: &&Value| texts(file, &["path"]) == "备忘.txt";
        files
            .filter(of_stray)
            .map(|file| texts(file, &["reason"]))
            .collect()
    };
    wait_for("the first merge", || reason().contains("纯文本"));

    // A file as long and as old as the one whose name it takes.
    let other: &Path = &desk.path("inbox/other");
    fs::write(other, "%PDF-1.4\n").expect("nine bytes, as before");
    let changed = fs::metadata(stray).and_then(|found| found.modified());
    let file = fs::File::options()
        .append(true)
        .open(other)
        .expect("it is there");
    file.set_modified(changed.expect("its time"))
        .expect("a time");
    fs::rename(other, stray).expect("it is replaced");
    wait_for("the replaced file", || reason().contains("PDF"));

    fs::remove_dir_all(desk.path("out")).expect("it is there");
    wait_for("the results again", || reason().contains("PDF"));

    // Another scheme is used from then on; one that is none is said, and nothing is lost.
    let scheme: &Path = &desk.path("scheme/scheme.toml");
    let sound = fs::read_to_string(scheme).expect("it is there");
    let kept = desk.path("out/2024-05/报表制度/scheme.toml");
    fs::write(scheme, format!("{sound}\n# 新版\n")).expect("another scheme");
    wait_for("the new scheme", || {
        fs::read_to_string(&kept).is_ok_and(|text| text.contains("# 新版"))
    });
    fs::write(scheme, "[[[").expect("no scheme");
    std::thread::sleep(Duration::from_secs(5));
    assert!(reason().contains("PDF"), "the results are as they were");
    fs::write(scheme, format!("{sound}\n# 又一版\n")).expect("a sound scheme again");
    wait_for("the scheme after that", || {
        fs::read_to_string(&kept).is_ok_and(|text| text.contains("# 又一版"))
    });
    running.0.kill().expect("it is ours");
    let mut said = String::new();
    let mut stderr = running.0.stderr.take().expect("it is piped");
    std::io::Read::read_to_string(&mut stderr, &mut said).expect("text");
    assert!(said.contains("报表制度改动过，改用新的"), "{said}");
    assert_eq!(said.matches("改动后的报表制度不能用").count(), 1, "{said}");
}
