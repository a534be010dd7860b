//! `hebiao check`: what a township sees before it sends its forms.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hebiao::inbox::InboxFile;
use hebiao::model::{CellRef, Earlier, Finding, Kind, Period};
use hebiao::pipeline::{FormReader, check_files};
use hebiao::report::annotate::send_back;
use hebiao::report::{Lang, text};
use rust_xlsxwriter::{Format, FormatBorder, Workbook, Worksheet};
use unicode_width::UnicodeWidthStr;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::desk::luntai;

/// A folder of its own for each test.
pub(crate) struct Desk(pub(crate) PathBuf);

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let folder = format!("hebiao-check-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    /// Files of this desk, checked from here.
    pub(crate) fn check(&self, arguments: &[&str]) -> Output {
        let scheme = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
        Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .current_dir(&self.0)
            .arg("check")
            .args(arguments)
            .arg("--scheme")
            .arg(scheme)
            .output()
            .expect("it runs")
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(folder)).expect(folder);
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("a file")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// 附件3 as a township fills it in.
fn afforestation(path: &Path, years: [f64; 3], total: f64) {
    let mut book = Workbook::new();
    afforestation_sheet(&mut book, "附件3", Some((years, total)));
    book.save(path).expect("a workbook");
}

/// A sheet of it, filled in or not.
fn afforestation_sheet<'b>(
    book: &'b mut Workbook,
    name: &str,
    figures: Option<([f64; 3], f64)>,
) -> &'b mut Worksheet {
    let sheet = book.add_worksheet();
    sheet.set_name(name).expect("a name");
    let bordered = Format::new().set_border(FormatBorder::Thin);
    let mut row = 0;
    for line in [
        vec!["附件3"],
        vec!["阳霞镇2023-2025年造林绿化任务指导性计划表"],
        vec!["填报单位：阳霞镇", "", "", "单位：亩"],
        vec!["单位", "2023年度", "2024年度", "2025年度", "三年合计"],
    ] {
        for (col, text) in line
            .into_iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            sheet
                .write_with_format(row, col as u16, text, &bordered)
                .expect("a cell");
        }
        row += 1;
    }
    sheet.write(row, 0, "阳霞镇").expect("a cell");
    let figures = figures.map(|(years, total)| years.into_iter().chain([total]));
    for (col, figure) in figures.into_iter().flatten().enumerate() {
        sheet
            .write_with_format(row, col as u16 + 1, figure, &bordered)
            .expect("a cell");
    }
    sheet
}

#[test]
fn an_empty_copy_of_the_form_beside_it_is_no_form_left_blank() {
    let desk = Desk::new("blank-copy");
    let mut book = Workbook::new();
    afforestation_sheet(&mut book, "空表", None);
    afforestation_sheet(&mut book, "附件3", Some(([100.0, 20.0, 30.0], 150.0)));
    book.save(desk.0.join("阳霞镇.xlsx")).expect("a workbook");
    let mut book = Workbook::new();
    afforestation_sheet(&mut book, "附件3", None);
    book.save(desk.0.join("空.xlsx")).expect("a workbook");
    let output = desk.check(&["阳霞镇.xlsx"]);
    assert_eq!(
        said(&output),
        "阳霞镇.xlsx  可以报送\n可以报送：共 1 个文件，可以报送 1\n"
    );
    let output = desk.check(&["空.xlsx"]);
    assert!(said(&output).contains("强制 A4 整张表没有填"));
}

#[test]
fn of_two_sheets_with_one_form_the_hidden_one_is_set_aside_and_others_are_asked_about() {
    let desk = Desk::new("two-sheets");
    let sheets = |hidden: bool, other: f64| {
        let mut book = Workbook::new();
        afforestation_sheet(&mut book, "附件3", Some(([100.0, 20.0, 30.0], 150.0)));
        let copy = Some(([other, 20.0, 30.0], other + 50.0));
        afforestation_sheet(&mut book, "附件3 (2)", copy).set_hidden(hidden);
        book.save(desk.0.join("阳霞镇.xlsx")).expect("a workbook");
        said(&desk.check(&["阳霞镇.xlsx"]))
    };
    for (hidden, other, expected) in [
        (
            true,
            90.0,
            "    提示 重复上报，内容不同：取用 工作表“附件3”（另一张是隐藏的工作表），工作表\n         “附件3 (2)” 没有汇总\n",
        ),
        (
            false,
            90.0,
            "    核实 B5 重复上报，内容不同\n      取用 工作表“附件3”（分不出新旧，取名称在前的），工作表“附件3 (2)” 没有汇\n      总；附件3!B5 为 100，B5 为 90；附件3!E5 为 150，E5 为 140\n",
        ),
        (
            false,
            100.0,
            "    提示 重复上报，内容相同：工作表“附件3 (2)” 与 工作表“附件3” 相同，取用后者\n",
        ),
    ] {
        let said = sheets(hidden, other);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_wrong_total_is_shown_in_its_place_with_the_verdict() {
    let desk = Desk::new("wrong");
    afforestation(&desk.0.join("阳霞镇.xlsx"), [100.0, 20.5, 30.0], 151.5);
    let output = desk.check(&["阳霞镇.xlsx"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = "\
阳霞镇.xlsx
  附件3
    强制 B5:E5 中有一格疑填错：E5 合计与分项之和不符 [A3-01]
      E5 填写 151.5，分项之和 150.5（B5:D5），差 1";
    assert!(said.starts_with(expected), "{said}");
    for line in [
        "        | A       B         C         D         E",
        "        | 单位    2023年度  2024年度  2025年度  三年合计",
        "      5 | 阳霞镇      100?     20.5?       30?    151.5?",
        "      嫌疑 B5 填写 100，若为 101 则相符（一位数字不同）",
        "      嫌疑 E5 填写 151.5，若为 150.5 则相符（一位数字不同）",
        "      怎么办 请对照原始资料核对 B5、C5、D5、E5，只改填错的那一格",
        "阳霞镇.xlsx  须改正  强制 1",
        "须改正：共 1 个文件，须改正 1",
    ] {
        assert!(
            said.lines().any(|shown| shown == line),
            "{line}\n---\n{said}"
        );
    }
    // A pipe gets no colours.
    assert!(!said.contains('\u{1b}'));
}

#[test]
fn a_form_in_order_may_be_sent() {
    let desk = Desk::new("right");
    fs::create_dir(desk.0.join("表")).expect("a folder");
    afforestation(&desk.0.join("表/阳霞镇.xlsx"), [100.0, 20.0, 30.0], 150.0);
    fs::write(desk.0.join("表/~$阳霞镇.xlsx"), "lock").expect("a file");
    let output = desk.check(&["表"]);
    assert_eq!(
        said(&output),
        "表/阳霞镇.xlsx  可以报送\n可以报送：共 1 个文件，可以报送 1\n"
    );
    assert_eq!(output.status.code(), Some(0));
    let output = desk.check(&["表", "--lang", "en"]);
    assert!(said(&output).ends_with("ready to send: 1 files, ready to send 1\n"));
}

#[test]
fn what_cannot_be_done_is_told_from_what_is_wrong() {
    let desk = Desk::new("missing");
    let output = desk.check(&["没有.xlsx"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("打不开 没有.xlsx"));
    fs::write(desk.0.join("坏.xlsx"), "PK\u{3}\u{4}").expect("a file");
    let output = desk.check(&["坏.xlsx"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "bad data is no failure of ours"
    );
    // One that is missing keeps nobody from the others.
    let output = desk.check(&["没有.xlsx", "坏.xlsx", "也没有.xlsx"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("打不开 没有.xlsx") && stderr.contains("打不开 也没有.xlsx"));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("坏.xlsx  须改正  强制 1"), "{stdout}");
}

#[test]
fn json_has_the_findings_and_nothing_else() {
    let desk = Desk::new("json");
    afforestation(&desk.0.join("阳霞镇.xlsx"), [100.0, 20.0, 30.0], 151.0);
    let output = desk.check(&["阳霞镇.xlsx", "--format", "json", "--annotate", "out"]);
    let json: serde_json::Value = serde_json::from_str(&said(&output)).expect("JSON");
    assert_eq!(json["period"], serde_json::Value::Null);
    assert_eq!(json["findings"][0]["cell"], "E5");
    assert_eq!(json["counts"]["mandatory"], 1);
    assert_eq!(desk.names("out"), ["阳霞镇（已审核）.xlsx"]);
}

#[test]
fn marked_copies_never_replace_a_file_that_somebody_may_have_written_into() {
    let desk = Desk::new("copies");
    let original = desk.0.join("阳霞镇.xlsx");
    afforestation(&original, [100.0, 20.0, 30.0], 151.0);
    let output = desk.check(&["阳霞镇.xlsx", "--annotate", "."]);
    assert!(said(&output).contains("已标注 ./阳霞镇（已审核）.xlsx"));
    desk.check(&["阳霞镇.xlsx", "--annotate", "."]);
    assert_eq!(
        desk.names("."),
        ["阳霞镇.xlsx", "阳霞镇（已审核）.xlsx"],
        "the same copy again"
    );
    // Checked itself, the copy says the same of the form and nothing of its own sheet.
    let output = desk.check(&["阳霞镇（已审核）.xlsx"]);
    assert!(said(&output).ends_with("须改正：共 1 个文件，须改正 1\n"));
    afforestation(&original, [100.0, 20.0, 30.0], 152.0);
    desk.check(&["阳霞镇.xlsx", "--annotate", "."]);
    assert_eq!(desk.names(".").len(), 3);
}

#[test]
fn copies_of_files_of_one_name_are_numbered_and_found_again() {
    let desk = Desk::new("numbered");
    let folders = ["甲", "乙", "丙"];
    for (folder, wrong) in folders.iter().zip([151.0, 152.0, 153.0]) {
        fs::create_dir_all(desk.0.join(folder)).expect("a folder");
        let path = desk.0.join(folder).join("阳霞镇.xlsx");
        afforestation(&path, [100.0, 20.0, 30.0], wrong);
    }
    let arguments = ["甲", "乙", "丙", "--annotate", "out"];
    let names = [
        "阳霞镇（已审核2）.xlsx",
        "阳霞镇（已审核3）.xlsx",
        "阳霞镇（已审核）.xlsx",
    ];
    let marked = |output: &Output| {
        let lines = said(output);
        let lines = lines
            .lines()
            .filter_map(|line| line.strip_prefix("已标注 "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = marked(&desk.check(&arguments));
    assert_eq!(desk.names("out"), names);
    assert_eq!(
        marked(&desk.check(&arguments)),
        first,
        "the same copies again"
    );
    assert_eq!(desk.names("out"), names);
    // One that was taken away is made again, and the others are found.
    fs::remove_file(desk.0.join("out").join(names[0])).expect("a copy");
    let again = marked(&desk.check(&arguments));
    assert_eq!(again.len(), 3);
    assert_eq!(desk.names("out").len(), 3);
    // In another order each keeps its own.
    let other = marked(&desk.check(&["丙", "乙", "甲", "--annotate", "out"]));
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(other), sorted(again));
    assert_eq!(desk.names("out").len(), 3);
}

/// A limit on the size of files is met like a full disk, and by a large copy only.
#[cfg(target_os = "linux")]
#[test]
fn copies_that_could_not_be_written_are_named_beside_those_that_were() {
    let desk = Desk::new("limited");
    afforestation(&desk.0.join("小.xlsx"), [100.0, 20.0, 30.0], 151.0);
    let large = desk.0.join("大.xlsx");
    afforestation(&large, [100.0, 20.0, 30.0], 152.0);
    let mut parts = crate::read::parts_of(&fs::read(&large).expect("a file"));
    let mut chance = 1u32;
    let noise = (0..300_000).map(|_| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 24) as u8
    });
    parts.push(("xl/media/image1.bin".to_owned(), noise.collect()));
    fs::write(&large, crate::read::package_of_bytes(&parts)).expect("a file");
    let limited = |lang: &str, format: &str| {
        // In blocks of 512 bytes.
        let script = "ulimit -f 200; exec \"$@\"";
        let scheme = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
        let output = Command::new("sh")
            .current_dir(&desk.0)
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_hebiao"), "check"])
            .args(["小.xlsx", "大.xlsx", "--annotate", "out"])
            .args(["--lang", lang, "--format", format, "--scheme"])
            .arg(scheme)
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (shown, errors) = limited("zh", "text");
    assert!(shown.ends_with("已标注 out/小（已审核）.xlsx\n"), "{shown}");
    assert!(
        errors.starts_with("做不下去：写不了 out/大（已审核）.xlsx："),
        "{errors}"
    );
    assert_eq!(desk.names("out"), ["小（已审核）.xlsx"]);
    let (shown, errors) = limited("en", "json");
    assert!(
        serde_json::from_str::<serde_json::Value>(&shown).is_ok(),
        "{shown}"
    );
    for said in ["cannot write out/大", "marked: out/小"] {
        assert!(errors.contains(said), "{errors}");
    }
}

#[test]
fn returns_that_ask_something_of_their_reporter_go_back_to_it() {
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let files = hebiao::inbox::list(&inbox).expect("the sample inbox");
    let scheme = luntai();
    let checked = check_files(scheme, None, &|_| Earlier::default(), &files, &|| ());
    let bytes_of = |path: &str| Ok(fs::read(inbox.join(path)).expect("a file"));
    let sent = send_back(
        scheme,
        &checked.files,
        &checked.findings,
        &bytes_of,
        Lang::Zh,
    );
    assert!(sent.failed.is_empty(), "{:?}", sent.failed);
    let asked = |finding: &&Finding| finding.is_for_reporter() && finding.place.is_some();
    let mut asked: Vec<&str> = (checked.findings.iter().filter(asked))
        .map(|finding| &*finding.place.as_ref().expect("it has one").file)
        .collect();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(sent.copies.len(), asked.len());
    for (_, path, bytes) in &sent.copies {
        let parts: Vec<&str> = path.split('/').collect();
        let [folder, reporter, name] = parts[..] else {
            panic!("{path}")
        };
        assert_eq!(folder, "退回");
        assert!(
            scheme
                .reporters
                .iter()
                .any(|known| *known.name == *reporter),
            "{path}"
        );
        assert!(name.ends_with("（已审核）.xlsx"), "{path}");
        let copy = hebiao::read::read(bytes, &hebiao::read::Limits::default()).expect(path);
        let ours = copy.sheets.last().expect("a sheet");
        assert_eq!(ours.name, "审核说明");
    }
    // Copies come back as the returns that they are.
    let folder = std::env::temp_dir().join(format!("hebiao-sent-{}", std::process::id()));
    for (_, path, bytes) in &sent.copies {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    let again = hebiao::inbox::list(&folder).expect("the folder");
    let again = check_files(scheme, None, &|_| Earlier::default(), &again, &|| ());
    let cells = |findings: &[Finding]| -> BTreeMap<(String, CellRef), usize> {
        let mut cells = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.rule.is_some()) {
            let Some(place) = &finding.place else {
                continue;
            };
            if let (Some(sheet), Some(cell)) = (&place.sheet, place.cell) {
                *cells.entry((sheet.to_string(), cell)).or_default() += 1;
            }
        }
        cells
    };
    let (before, after) = (cells(&checked.findings), cells(&again.findings));
    for (cell, count) in &after {
        assert!(before.contains_key(cell), "{cell:?} {count}");
    }
    fs::remove_dir_all(folder).expect("it is there");
}

/// What is shown of files of the sample inbox, in a terminal of so many columns.
fn shown(files: &[&str], width: Option<usize>) -> String {
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let files: Vec<InboxFile> = files
        .iter()
        .map(|name| InboxFile::new(name, &inbox.join(name)))
        .collect();
    let scheme = luntai();
    let checked = check_files(scheme, None, &|_| Earlier::default(), &files, &|| ());
    let report = text::report(&checked, scheme, width, Lang::Zh);
    anstream::adapter::strip_str(&report).to_string()
}

/// Lines of cuts: row numbers, a stroke, cells.
fn cuts(shown: &str) -> Vec<&str> {
    let is_cut = |line: &&str| {
        let (number, rest) = line.trim_start().split_once('|').unwrap_or_default();
        !rest.is_empty() && number.trim().bytes().all(|byte| byte.is_ascii_digit())
    };
    shown.lines().filter(is_cut).collect()
}

#[test]
fn a_cut_shows_the_cells_of_its_own_finding() {
    // The total is text as well, like fourteen other cells of the row, which are not what is wrong.
    let shown = shown(&["附件7-群巴克镇.xlsx"], None);
    let cuts = cuts(&shown);
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(cuts[0]),
        ["|", "B", "C", "D", "I", "P", "Q"],
        "{shown}"
    );
    assert_eq!(
        words(cuts[2]),
        [
            "6",
            "|",
            "迪那河灌区",
            "群巴克镇",
            "[8,430]",
            "580?",
            "2,933?",
            "4,843?",
        ],
    );
}

#[test]
fn cuts_are_no_wider_than_the_terminal() {
    for width in [50, 80, 120] {
        let shown = shown(
            &["附件7-群巴克镇.xlsx", "铁热克巴扎乡报表.xlsx"],
            Some(width),
        );
        let cuts = cuts(&shown);
        assert!(!cuts.is_empty());
        for line in cuts {
            assert!(line.width() < width, "{width}: {line}");
        }
        // Whose row it is and what stands there is left to the last.
        assert!(shown.contains("[8,430]"), "{shown}");
    }
}

#[test]
fn a_finding_over_several_cells_names_and_shows_them() {
    let shown = shown(
        &["县直部门/县林草局/塔里木河流域生态修复（附件3.1、附件5）.xlsx"],
        None,
    );
    assert!(
        shown.contains("强制 D6、D10、D13 与方案正文的目标不符 [T-26]"),
        "{shown}"
    );
    let rows: Vec<&str> = cuts(&shown)[2..]
        .iter()
        .map(|line| line.split_whitespace().next().unwrap_or_default())
        .collect();
    assert_eq!(rows, ["6", "10", "13"]);
}

#[test]
fn a_merged_title_is_shown_once() {
    let desk = Desk::new("merged");
    let path = desk.0.join("5月.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let centred = Format::new();
    sheet
        .merge_range(0, 0, 0, 4, "阳霞镇2024年4月造林绿化任务完成情况", &centred)
        .expect("a title");
    sheet.write(1, 0, "填报单位：阳霞镇").expect("a cell");
    for (col, text) in ["单位", "2023年度", "2024年度", "2025年度", "三年合计"]
        .into_iter()
        .enumerate()
    {
        sheet.write(2, col as u16, text).expect("a cell");
    }
    sheet.write(3, 0, "阳霞镇").expect("a cell");
    book.save(&path).expect("a workbook");
    let output = desk.check(&["5月.xlsx", "--period", "2024-05"]);
    let said = said(&output);
    assert!(said.contains("强制 A1 不是本报告期的报表"), "{said}");
    let title = cuts(&said)[1];
    assert_eq!(title.matches("阳霞镇").count(), 1, "{said}");
}

#[test]
fn forms_are_checked_where_they_lie_by_the_scheme_beside_the_program() {
    // Beside the program that was built for tests, so that a link may be made of it.
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("beside-{}", std::process::id()));
    let beside = folder.join("核表");
    fs::create_dir_all(&beside).expect("a folder");
    let program = beside.join("hebiao");
    if fs::hard_link(env!("CARGO_BIN_EXE_hebiao"), &program).is_err() {
        fs::copy(env!("CARGO_BIN_EXE_hebiao"), &program).expect("a copy");
    }
    afforestation(&folder.join("阳霞镇.xlsx"), [100.0, 20.0, 30.0], 150.0);
    let check = || {
        let mut command = Command::new(&program);
        command.current_dir(&folder).args(["check", "阳霞镇.xlsx"]);
        command.output().expect("it runs")
    };
    let output = check();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("找不到报表制度"), "{error}");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
    let to = beside.join("templates/luntai");
    fs::create_dir_all(&to).expect("a folder");
    for file in fs::read_dir(from).expect("the scheme") {
        let file = file.expect("a file");
        fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
    assert!(said(&check()).ends_with("可以报送：共 1 个文件，可以报送 1\n"));
    fs::remove_dir_all(folder).expect("it is there");
}

/// A workbook whose sheets have these numbers damaged, as after a bad copy.
fn damaged(workbook: &[u8], sheets: &[usize]) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(workbook)).expect("a workbook");
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for idx in 0..old.len() {
        let mut part = old.by_index(idx).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("the part");
        if (sheets.iter()).any(|sheet| name == format!("xl/worksheets/sheet{sheet}.xml")) {
            bytes.truncate(bytes.len() / 2);
        }
        new.start_file(name, SimpleFileOptions::default())
            .expect("a part");
        new.write_all(&bytes).expect("the part");
    }
    new.finish().expect("a workbook").into_inner()
}

/// 附件3 of 阳霞镇 and a sheet of notes, whole and with the notes damaged.
fn whole_and_damaged() -> (Vec<u8>, Vec<u8>) {
    let mut book = Workbook::new();
    afforestation_sheet(&mut book, "附件3", Some(([100.0, 20.0, 30.0], 150.0)));
    let notes = book.add_worksheet().set_name("备查").expect("a name");
    notes.write(0, 0, "无").expect("a cell");
    let whole = book.save_to_buffer().expect("a workbook");
    let damaged = damaged(&whole, &[2]);
    (whole, damaged)
}

#[test]
fn a_file_with_a_sheet_that_cannot_be_read_is_no_copy_of_another() {
    let (whole, damaged) = whole_and_damaged();
    // Whichever of the two is the newer.
    for (damaged_name, whole_name) in [
        ("阳霞镇.xlsx", "阳霞镇(2).xlsx"),
        ("阳霞镇(2).xlsx", "阳霞镇.xlsx"),
    ] {
        let desk = Desk::new("damaged-copy");
        fs::create_dir(desk.0.join("报")).expect("a folder");
        fs::write(desk.0.join("报").join(whole_name), &whole).expect("a file");
        fs::write(desk.0.join("报").join(damaged_name), &damaged).expect("a file");
        let output = desk.check(&["报"]);
        let text = said(&output);
        let verdict = |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with("报/"));
            let line = lines.rfind(|line| line.starts_with(&format!("报/{name} ")));
            line.unwrap_or_else(|| panic!("{text}")).to_owned()
        };
        assert!(verdict(damaged_name).contains("须改正  强制 1"), "{text}");
        assert!(!verdict(whole_name).contains("须改正"), "{text}");
        let last = text.lines().last().unwrap_or_default();
        assert_eq!(last, "须改正：共 2 个文件，须改正 1，可以报送 1");
        let same = format!("报/{damaged_name} 与 报/{whole_name} 相同，取用后者");
        assert!(text.contains(&same), "{text}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_sheet_that_cannot_be_read_is_asked_of_whoever_sent_the_file() {
    let (_, damaged) = whole_and_damaged();
    let asked = |name: &str, bytes: &[u8]| -> Vec<Option<String>> {
        let reader = FormReader::new(luntai(), Period::Plan);
        let findings = reader.file(&name.into(), bytes).findings;
        let unread = findings.iter().filter(|it| it.kind == Kind::UnreadableFile);
        unread
            .map(|it| Some(it.reporter.as_ref()?.to_string()))
            .collect()
    };
    let of = |name: &str| Some(name.to_owned());
    assert_eq!(asked("报表.xlsx", &damaged), [of("阳霞镇")]);
    // No sheet that was read names anybody, so the names of the sheet and of the file must tell.
    let mut book = Workbook::new();
    for name in ["附件3", "草湖乡", "备查"] {
        book.add_worksheet().set_name(name).expect("a name");
    }
    let book = book.save_to_buffer().expect("a workbook");
    let none = self::damaged(&book, &[2, 3]);
    assert_eq!(asked("轮南镇.xlsx", &none), [of("草湖乡"), of("轮南镇")]);
    assert_eq!(asked("报表.xlsx", &none), [of("草湖乡"), None]);
}
