//! A slip is told once, at its own cell, and what fails because of it is not told to be corrected.

use std::fs;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use hebiao::explanations::{Explanation, apply_explanations};
use hebiao::inbox::InboxFile;
use hebiao::model::{Earlier, Finding, Level, Place};
use hebiao::pipeline::check_files;
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::check_command::{Desk, said};
use crate::desk::luntai;

/// 附件3 of the whole county with made-up figures; every row and every column adds up. 1 to 16 are the rows of the
/// sheet.
const COUNTY: &str = "附件3
    轮台县2023-2025年造林绿化任务指导性计划表
    填报单位：县林草局|||单位：亩
    单位|2023年度|2024年度|2025年度|三年合计
    野云沟乡|633.4|305.1|281.9|1220.4
    策达雅乡|893.4|754.6|692.7|2340.7
    铁热克巴扎乡|163.4|233.3|332.4|729.1
    阳霞镇|178.5|101.8|551.3|831.6
    塔尔拉克乡|489.7|472.8|418.3|1380.8
    阿克萨来乡|465.4|683.4|1273.6|2422.4
    群巴克镇|83|350.3|268.9|702.2
    哈尔巴克乡|312.8|397.3|222.5|932.6
    轮台镇|304.6|449.4|151.1|905.1
    草湖乡|75.9|195.9|704|975.8
    轮南镇|386.5|386|286.8|1059.3
    全县合计|3986.6|4329.9|5183.5|13500";

/// The same with 17.5 in B8, where 178.5 should stand: row 8 and column B are off by 161.
fn with_a_slip() -> String {
    COUNTY.replace("阳霞镇|178.5|", "阳霞镇|17.5|")
}

/// 附件3 of one township: 100 + 20.5 + 30 is 150.5. Any of the four figures may lack or have one too many.
const TOWNSHIP: &str = "附件3
    轮台县2023-2025年造林绿化任务指导性计划表
    填报单位：阳霞镇|||单位：亩
    单位|2023年度|2024年度|2025年度|三年合计
    阳霞镇|100|20.5|30|151.5";

/// Writes a form: lines of cells, separated by strokes.
fn written(desk: &Desk, name: &str, lines: &str) -> PathBuf {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("附件3").expect("a name");
    for (row, line) in lines.lines().enumerate() {
        for (col, text) in line.split('|').map(str::trim).enumerate() {
            let (row, col) = (row as u32, col as u16);
            let written = match text.parse::<f64>() {
                _ if text.is_empty() => continue,
                Ok(figure) => sheet.write(row, col, figure),
                Err(_) => sheet.write(row, col, text),
            };
            written.expect("a cell");
        }
    }
    let path = desk.0.join(name);
    book.save(&path).expect("a workbook");
    path
}

fn json(desk: &Desk, name: &str) -> Value {
    let output = desk.check(&[name, "--format", "json"]);
    serde_json::from_str(&said(&output)).expect("JSON")
}

/// `cell mark likely` of a finding.
fn marks(finding: &Value) -> Vec<String> {
    let marks = finding["marks"].as_array().expect("marks").iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let words = marks.map(|mark| ["cell", "mark", "likely"].map(|key| text(&mark[key])));
    words.map(|words| words.join(" ")).collect()
}

#[test]
fn a_slip_is_one_finding_at_its_cell_with_the_repair() {
    let desk = Desk::new("cause-json");
    written(&desk, "表.xlsx", COUNTY);
    assert_eq!(json(&desk, "表.xlsx")["findings"], Value::Array(Vec::new()));
    written(&desk, "错.xlsx", &with_a_slip());
    let json = json(&desk, "错.xlsx");
    let findings = json["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let cause = &findings[0];
    for (key, expected) in [
        ("kind", "miswritten"),
        ("level", "mandatory"),
        ("annex", "附件3"),
        ("cell", "B8"),
        ("given", "17.5"),
        ("expected", "178.5"),
        ("difference", "-161.0"),
        (
            "message",
            "疑填错：填写 17.5，应为 178.5（少一位数字）；改这一格，E8（A3-01）、B16（A3-02）都对上，那两格没有错",
        ),
    ] {
        assert_eq!(cause[key], expected, "{key}");
    }
    let explains = cause["explains"].as_array().expect("relations").iter();
    let explains: Vec<(&str, &str)> = explains
        .filter_map(|it| Some((it["rule"].as_str()?, it["cell"].as_str()?)))
        .collect();
    assert_eq!(explains, [("A3-01", "E8"), ("A3-02", "B16")]);
    assert_eq!(
        marks(cause),
        ["B8 wrong 178.5", "E8 related -", "B16 related -"]
    );
    assert_eq!(json["counts"]["mandatory"], 1);
}

#[test]
fn a_tie_is_one_finding_that_frames_its_candidates() {
    let desk = Desk::new("cause-tie");
    written(&desk, "阳霞镇.xlsx", TOWNSHIP);
    let json = json(&desk, "阳霞镇.xlsx");
    let findings = json["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "A3-01");
    let mut marks = marks(&findings[0]);
    marks.sort();
    assert_eq!(
        marks,
        [
            "B5 candidate 101",
            "C5 candidate 21.5",
            "D5 candidate 31",
            "E5 candidate 150.5",
        ]
    );
}

#[test]
fn two_slips_that_share_no_relation_are_two_findings() {
    let desk = Desk::new("cause-two");
    // 683.4 → 638.4 in C10: row 10 and column C.
    let two = with_a_slip().replace("|683.4|", "|638.4|");
    written(&desk, "表.xlsx", &two);
    let json = json(&desk, "表.xlsx");
    let findings = json["findings"].as_array().expect("findings").iter();
    let told: Vec<[&str; 4]> = findings
        .map(|it| ["kind", "cell", "given", "expected"].map(|key| it[key].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(
        told,
        [
            ["miswritten", "B8", "17.5", "178.5"],
            ["miswritten", "C10", "638.4", "683.4"],
        ]
    );
    assert!(!json.to_string().contains("须同时"), "{json:#}");
}

#[test]
fn slips_of_one_column_are_told_each_with_what_proves_it() {
    let desk = Desk::new("cause-column");
    // 304.6 → 204.6 in B13: B16 is off by both, rows 8 and 13 by one each.
    let two = with_a_slip().replace("轮台镇|304.6|", "轮台镇|204.6|");
    written(&desk, "表.xlsx", &two);
    let json = json(&desk, "表.xlsx");
    let findings = json["findings"].as_array().expect("findings").iter();
    let told: Vec<&str> = findings.filter_map(|it| it["message"].as_str()).collect();
    assert_eq!(
        told,
        [
            "疑填错：填写 17.5，应为 178.5（少一位数字）；改这一格，E8（A3-01）、B16（A3-02）都对上（另须把 B13 改为 304.6），那两格没有错",
            "疑填错：填写 204.6，应为 304.6（一位数字不同）；改这一格，E13（A3-01）、B16（A3-02）都对上（另须把 B8 改为 178.5），那两格没有错",
        ]
    );
}

/// What a terminal shows of a form.
fn shown(desk: &Desk, name: &str) -> Vec<String> {
    let output = desk.check(&[name]);
    said(&output).lines().map(str::to_owned).collect()
}

#[test]
fn a_slip_starts_with_its_cause_and_fits_an_ordinary_terminal() {
    let desk = Desk::new("cause-terminal");
    written(&desk, "表.xlsx", &with_a_slip());
    let lines = shown(&desk, "表.xlsx");
    assert_eq!(
        lines,
        [
            "表.xlsx",
            "  附件3",
            "    强制 B8 疑填错",
            "      填写 17.5，应为 178.5（少一位数字）；改这一格，E8（A3-01）、B16（A3-02）都",
            "      对上，那两格没有错",
            "         | A         B         C         E",
            "         | 单位      2023年度  2024年度  三年合计",
            "       8 | 阳霞镇      [17.5]     101.8     831.6",
            "      16 | 全县合计    3986.6    4329.9     13500",
            "      怎么办 请对照原始资料，把 B8 改成 178.5（少一位数字）",
            "",
            "表.xlsx  须改正  强制 1",
            "须改正：共 1 个文件，须改正 1",
        ]
    );
    written(&desk, "阳霞镇.xlsx", TOWNSHIP);
    let two = with_a_slip().replace("轮台镇|304.6|", "轮台镇|204.6|");
    written(&desk, "两处.xlsx", &two);
    for name in ["表.xlsx", "阳霞镇.xlsx", "两处.xlsx"] {
        let lines = shown(&desk, name);
        assert!(lines.iter().all(|line| line.width() <= 80), "{lines:#?}");
        assert!(name == "两处.xlsx" || lines.len() <= 24, "{lines:#?}");
    }
}

#[test]
fn what_rounding_leaves_of_a_form_is_one_line() {
    let desk = Desk::new("cause-rounding");
    // 0.1 too much in E5, too little in E7; the column still adds up.
    let rounded = COUNTY
        .replace("|1220.4", "|1220.5")
        .replace("|729.1", "|729.0");
    written(&desk, "表.xlsx", &rounded);
    assert_eq!(
        shown(&desk, "表.xlsx"),
        [
            "表.xlsx",
            "  附件3",
            "    提示 舍入差 2 处，最大 0.1（E5），一般不必改；逐处见标注副本",
            "表.xlsx  可以报送  提示 2",
            "可以报送：共 1 个文件，可以报送 1",
        ]
    );
}

/// A part of a workbook.
fn part(workbook: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(workbook)).expect("a zip file");
    let mut text = String::new();
    let mut part = zip.by_name(name).expect(name);
    part.read_to_string(&mut text).expect("text");
    text
}

/// Fill and left border of a cell of the first sheet.
fn look(workbook: &[u8], cell: &str) -> (String, String) {
    let between = |text: &str, from: &str, to: &str| -> Option<String> {
        let start = text.find(from)? + from.len();
        Some(text[start..start + text[start..].find(to)?].to_owned())
    };
    let sheet = part(workbook, "xl/worksheets/sheet1.xml");
    let tag = between(&sheet, &format!("<c r=\"{cell}\""), ">").expect(cell);
    let style = between(&tag, "s=\"", "\"").map_or(0, |id| id.parse().expect("a number"));
    let styles = part(workbook, "xl/styles.xml");
    let nth = |list: &str, item: &str, idx: usize| {
        let list = between(&styles, &format!("<{list} "), &format!("</{list}>")).expect("a list");
        let found = list.split(item).nth(idx + 1).expect("an item");
        found.to_owned()
    };
    let format = nth("cellXfs", "<xf ", style);
    let id = |name: &str| -> usize {
        let id = between(&format, &format!("{name}=\""), "\"").expect(name);
        id.parse().expect("a number")
    };
    let fill = nth("fills", "<fill>", id("fillId"));
    let border = nth("borders", "<border>", id("borderId"));
    (
        between(&fill, "fgColor rgb=\"", "\"").unwrap_or_default(),
        between(&border, "<left style=\"", "</left>").unwrap_or_default(),
    )
}

/// The marked copy of a form.
fn copy(desk: &Desk, name: &str, folder: &str) -> Vec<u8> {
    desk.check(&[name, "--annotate", folder]);
    let mut files = fs::read_dir(desk.0.join(folder)).expect("a folder");
    let copy = files.next().expect("a copy").expect("a file").path();
    fs::read(copy).expect("a copy")
}

#[test]
fn a_marked_copy_shows_the_cause_red_and_what_fails_because_of_it_pale() {
    let desk = Desk::new("cause-copy");
    written(&desk, "表.xlsx", &with_a_slip());
    let copy = copy(&desk, "表.xlsx", "副本");
    let fill = |cell: &str| look(&copy, cell).0;
    assert_eq!(fill("B8"), "FFFFC8CE");
    assert_eq!(fill("E8"), "FFE4EAF3");
    assert_eq!(fill("B16"), "FFE4EAF3");
    assert_eq!(fill("C8"), "");
    let notes = part(&copy, "xl/comments1.xml");
    for said in [
        "【强制】疑填错\n填写 17.5，应为 178.5（少一位数字）",
        "怎么办：请对照原始资料，把 B8 改成 178.5（少一位数字）",
        "【相关】合计行与各行之和不符 [A3-02]\n因 B8 疑填错而起，改对那一格就对上；这一格没有错，不要改",
    ] {
        assert!(notes.contains(said), "{said}\n{notes}");
    }
    let listing = part(&copy, "xl/worksheets/sheet2.xml");
    assert!(listing.contains("浅灰蓝"), "the legend: {listing}");
    assert!(listing.contains(">178.5<"), "what is expected: {listing}");
    assert!(!listing.contains("把 E8 改成") && !listing.contains("请核对 E8"));
}

#[test]
fn a_marked_copy_frames_the_candidates_of_a_tie_and_takes_the_frames_off_again() {
    let desk = Desk::new("cause-frames");
    written(&desk, "阳霞镇.xlsx", TOWNSHIP);
    let first = copy(&desk, "阳霞镇.xlsx", "副本");
    for cell in ["B5", "C5", "D5", "E5"] {
        let (fill, left) = look(&first, cell);
        assert_eq!(fill, "", "{cell}");
        assert_eq!(left, "mediumDashed\"><color rgb=\"FFC00001\"/>", "{cell}");
    }
    // Put right, the copy has nothing left to be marked.
    let path = desk.0.join("改好.xlsx");
    let sheet = part(&first, "xl/worksheets/sheet1.xml");
    let sheet = sheet.replace("<v>151.5</v>", "<v>150.5</v>");
    let mut zip = zip::ZipArchive::new(Cursor::new(&first)).expect("a zip file");
    let mut put_right = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for idx in 0..zip.len() {
        let mut part = zip.by_index(idx).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).expect("it unpacks");
        if name == "xl/worksheets/sheet1.xml" {
            content = sheet.clone().into_bytes();
        }
        let options = zip::write::SimpleFileOptions::default();
        put_right.start_file(name, options).expect("a part");
        std::io::Write::write_all(&mut put_right, &content).expect("written");
    }
    let bytes = put_right.finish().expect("a zip file").into_inner();
    fs::write(&path, bytes).expect("a file");
    let second = copy(&desk, "改好.xlsx", "副本2");
    for cell in ["B5", "E5"] {
        assert_eq!(
            look(&second, cell),
            (String::new(), String::new()),
            "{cell}"
        );
    }
}

#[test]
fn an_explanation_of_a_sum_answers_the_cause_that_it_is_told_as_now() {
    let desk = Desk::new("cause-explained");
    let path = written(&desk, "表.xlsx", &with_a_slip());
    let files = [InboxFile::new("表.xlsx", &path)];
    let checked = check_files(luntai(), None, &|_| Earlier::default(), &files, &|| ());
    let explanation = |keys: &[&str]| Explanation {
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
        period: None,
        text: "三年合计含上年结转任务".to_owned(),
        place: Place::sheet(&"表.xlsx".into(), &"审核说明".into(), "L6".parse().ok()),
        about: String::new(),
        is_retired: false,
    };
    let explained = |explanation: Explanation, findings: &[Finding]| {
        let mut findings = findings.to_vec();
        let noticed = apply_explanations(&mut findings, &[explanation]);
        assert_eq!(noticed, []);
        let explained = findings.iter().filter(|it| it.explanation.is_some());
        explained.count()
    };
    // As an earlier version wrote it, when the sum was the finding.
    let of_sum = explanation(&["A3-01|附件3|阳霞镇|三年合计|"]);
    assert_eq!(explained(of_sum, &checked.findings), 1);
    // And where the cause was told, but the sum is told by itself now.
    let relations = checked.findings[0].explains().to_vec();
    let keys = hebiao::explanations::keys(&checked.findings);
    assert_eq!(
        keys[0],
        [
            "miswritten|附件3|阳霞镇|造林任务|2023",
            "A3-01|附件3|阳霞镇|三年合计|",
            "A3-02|附件3|全县合计|造林任务|2023",
        ]
    );
    let of_cause: Vec<&str> = keys[0].iter().map(String::as_str).collect();
    assert_eq!(explained(explanation(&of_cause), &relations), 2);
    assert_eq!(relations[0].level, Level::Mandatory);
}

#[cfg(feature = "consolidate")]
#[test]
fn the_county_workbook_marks_and_lists_the_cause() {
    use crate::county_workbook::Written;
    use hebiao::model::Period;
    use hebiao::pipeline::merge;
    use hebiao::report::Lang;

    let desk = Desk::new("cause-county");
    let path = written(&desk, "县林草局.xlsx", &with_a_slip());
    let files = [InboxFile::new("县林草局.xlsx", &path)];
    let merged = merge(luntai(), Period::Plan, Earlier::default(), &files, &|| ());
    let mut book = Written::of(&merged, luntai(), Lang::Zh);
    let sheet = book.number_of("附件3");
    // 阳霞镇 is the fourth of the rows, below four lines of title and header.
    let row = book.row_of("附件3", "阳霞镇");
    assert_eq!(book.fill(sheet, &format!("B{row}")), "FFC7CE");
    assert_eq!(book.fill(sheet, &format!("E{row}")), "E4EAF2");
    let total = book.row_of("附件3", "全县合计");
    assert_eq!(book.fill(sheet, &format!("B{total}")), "E4EAF2");
    let notes = book.notes();
    let innocent = format!("因 B{row} 疑填错而起，改对那一格就对上；这一格没有错，不要改");
    assert!(notes.contains(&innocent), "{notes}");
    let list = book.rows("错误清单", 1);
    let cause: Vec<&str> = list
        .lines()
        .filter(|line| line.contains("疑填错"))
        .collect();
    assert_eq!(cause.len(), 1, "{list}");
    assert!(
        cause[0].contains("|县林草局.xlsx|附件3!B8|17.5|178.5|-161|"),
        "{}",
        cause[0]
    );
    assert!(
        !list.contains("合计行 A3-02"),
        "told with its cause: {list}"
    );
    let calls = merged
        .calls
        .iter()
        .filter(|call| merged.findings[call.finding].kind == hebiao::model::Kind::Miswritten);
    assert_eq!(calls.count(), 1);
    let returns = book.rows("报送情况", 0);
    assert!(
        returns.contains("B8 疑填错（阳霞镇，造林任务，2023年）：填写 17.5，应为 178.5"),
        "{returns}"
    );
}
