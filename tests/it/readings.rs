//! Figures that nobody can take as they were typed: what they may mean, the relation that proves it, and the cause by
//! its name. One such figure is one finding.

use std::fs;

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::Value;

use crate::check_command::{Desk, said};

/// What a clerk did to one cell.
type Typed<'t> = &'t dyn Fn(&mut Worksheet, (u32, u16));

/// 附件3 of 轮台镇: 331.6, 295.5 and 302.1 亩 make 929.2. One of its four figures, B4 to E4, is typed otherwise.
fn form(cell: &str, typed: Typed<'_>) -> Workbook {
    with_total(cell, "929.2", typed)
}

/// The same with another total.
fn with_total(cell: &str, total: &str, typed: Typed<'_>) -> Workbook {
    let figures = ["331.6", "295.5", "302.1", total];
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let lines = [
        "轮台县2023-2025年造林绿化任务指导性计划表",
        "填报单位：轮台镇|||单位：亩",
        "单位|2023年度|2024年度|2025年度|三年合计",
        "轮台镇",
    ];
    for (row, line) in lines.into_iter().enumerate() {
        for (col, text) in line.split('|').enumerate() {
            sheet.write(row as u32, col as u16, text).expect("a text");
        }
    }
    let own = "ABCDE".find(&cell[..1]).expect(cell);
    for (col, figure) in (1..).zip(figures) {
        match usize::from(col) == own {
            true => typed(sheet, (3, col)),
            false => {
                let figure: f64 = figure.parse().expect("a figure");
                sheet.write(3, col, figure).expect("a figure");
            }
        }
    }
    book
}

/// Everything that `check` says of a workbook.
fn findings(name: &str, mut book: Workbook) -> Vec<Value> {
    let desk = Desk::new(name);
    book.save(desk.0.join("轮台镇附件3.xlsx"))
        .expect("a workbook");
    let findings = checked(&desk, "轮台镇附件3.xlsx");
    fs::remove_dir_all(&desk.0).expect("its folder removed");
    findings
}

fn checked(desk: &Desk, file: &str) -> Vec<Value> {
    let output = desk.check(&[file, "--format", "json"]);
    let json: Value = serde_json::from_str(&said(&output)).expect("JSON");
    json["findings"].as_array().expect("findings").clone()
}

/// The only one, as `kind level cell => expected`, and its message.
fn only(name: &str, book: Workbook) -> (String, String) {
    let findings = findings(name, book);
    let shown = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
        let line = [text("kind"), text("level"), text("cell"), text("expected")];
        (line.join(" "), text("message"))
    };
    let mut all: Vec<(String, String)> = findings.iter().map(shown).collect();
    assert_eq!(all.len(), 1, "{name}: {all:#?}");
    all.remove(0)
}

fn typing(text: &'static str) -> impl Fn(&mut Worksheet, (u32, u16)) {
    move |sheet, (row, col)| {
        sheet.write_string(row, col, text).expect("a text");
    }
}

#[test]
fn what_is_beyond_doubt_is_read_and_told_once_with_what_proves_it() {
    for (cell, typed, read) in [
        ("B4", "331。6", "331.6"),
        ("B4", "￥331.6", "331.6"),
        ("B4", "0.03316万", "331.6"),
        ("B4", "0.03316 万", "331.6"),
    ] {
        let (line, message) = only("sure", form(cell, &typing(typed)));
        assert_eq!(line, format!("read-as hint {cell} {read}"), "{typed}");
        assert!(message.ends_with("，E4 三年合计正好对得上"), "{message}");
    }
    // 3603 亩 and the two others make 4200.6.
    for typed in ["3 603", "3\u{a0}603", "3\u{2009}603", "3\u{202f}603"] {
        let book = with_total("B4", "4200.6", &typing(typed));
        let (line, message) = only("spaces", book);
        assert_eq!(line, "read-as hint B4 3603", "{typed:?}");
        assert!(message.ends_with("，E4 三年合计正好对得上"), "{message}");
    }
}

#[test]
fn what_is_doubtful_is_proposed_with_the_relation_that_holds_with_it() {
    for (typed, meant) in [
        ("331,6", "331.6"),
        ("331·6", "331.6"),
        ("331..6", "331.6"),
        ("33l.6", "331.6"),
        ("331.б", "331.6"),
        ("331点6", "331.6"),
        ("331.6①", "331.6"),
        ("331.6²", "331.6"),
        ("331.6*", "331.6"),
        ("331.6（含补植）", "331.6"),
        ("331.6（注1）", "331.6"),
        ("331.6-", "331.6"),
        ("3.316E2", "331.6"),
        ("331.6%", "331.6"),
        ("33160%", "331.6"),
        ("约331.6", "331.6"),
        ("331.6亩左右", "331.6"),
        ("33 1.6", "331.6"),
        ("“331.6”", "331.6"),
        ("331.6。", "331.6"),
        ("三百三十一点六", "331.6"),
        ("٣٣١٫٦", "331.6"),
        ("共331.6", "331.6"),
        ("330+1.6", "331.6"),
        ("=330+1.6", "331.6"),
        ("＄331.6①*", "331.6"),
    ] {
        let (line, message) = only("doubt", form("B4", &typing(typed)));
        assert_eq!(
            line,
            format!("not-a-number mandatory B4 {meant}"),
            "{typed}"
        );
        assert!(
            message.contains(&format!("应为 {meant}：按此算，E4 三年合计正好对得上")),
            "{typed}: {message}"
        );
    }
}

#[test]
fn without_proof_every_reading_is_named_and_none_is_taken() {
    // 4200.6 is right for 3603; 900 for nothing.
    for (typed, total, expected) in [
        ("36,03", "4200.6", "3603"),
        ("36,03", "900", "3603 / 36.03"),
        ("331,6", "900", "331.6 / 3316"),
        ("3O2.1", "900", "302.1"),
        ("共331.6", "900", "-"),
    ] {
        let (line, message) = only("unproven", with_total("B4", total, &typing(typed)));
        assert_eq!(
            line,
            format!("not-a-number mandatory B4 {expected}"),
            "{typed}"
        );
        assert!(message.ends_with("没有汇总"), "{message}");
    }
    let (_, message) = only("two", with_total("B4", "900", &typing("331,6")));
    assert_eq!(
        message,
        "逗号不在千位上：填写“331,6”，逗号不在千位上，可能是 331.6 或 3316，没有汇总"
    );
}

#[test]
fn a_triangle_means_minus_and_stays_a_question_whatever_adds_up() {
    let (line, message) = only("triangle", form("C4", &typing("▲295.5")));
    assert_eq!(line, "not-a-number mandatory C4 295.5 / -295.5");
    assert!(message.contains("▲ 一般表示负数"), "{message}");
    // 331.6 − 295.5 + 302.1 = 338.2.
    let (line, _) = only("minus", with_total("C4", "338.2", &typing("△295.5")));
    assert_eq!(line, "not-a-number mandatory C4 -295.5 / 295.5");
}

#[test]
fn a_total_with_a_remark_costs_one_finding() {
    let (line, message) = only("total", form("E4", &typing("929.2（三年）")));
    assert_eq!(line, "not-a-number mandatory E4 929.2");
    assert_eq!(
        message,
        "数字和说明写在一格：填写“929.2（三年）”，数字以外还有说明，应为 929.2：按此算，三年合计正好对得上，没有汇总"
    );
}

#[test]
fn causes_are_named_and_what_the_sum_asks_for_is_offered() {
    for (typed, title) in [
        ("300-340", "填写的是范围，不是一个数"),
        ("300～340亩", "填写的是范围，不是一个数"),
        ("300以上", "填写的是界限，不是一个数"),
        (">300", "填写的是界限，不是一个数"),
        ("同上", "填写的是“同上”，没有写出数"),
        ("12:30", "填写的数成了时间"),
        ("2024-3-31", "填写的数成了日期"),
        ("295.5/331.6", "一格里不止一个数"),
        ("见附表", "不是数字"),
    ] {
        let (line, message) = only("cause", form("B4", &typing(typed)));
        // 929.2 − 295.5 − 302.1 = 331.6.
        assert_eq!(line, "not-a-number mandatory B4 331.6", "{typed}");
        assert!(message.starts_with(title), "{message}");
        assert!(
            message.contains("要使 E4 三年合计正好对得上，应为 331.6"),
            "{message}"
        );
    }
    let (line, message) = only("formula", form("E4", &typing("=SUM(B4:D4)")));
    assert_eq!(line, "not-a-number mandatory E4 929.2");
    assert!(message.starts_with("公式打成了文字"), "{message}");
}

#[test]
fn what_a_cell_looks_like_is_told_where_it_misleads() {
    let format = |code: &str| Format::new().set_num_format(code);
    let shown = |code: &'static str, number: f64| {
        move |sheet: &mut Worksheet, (row, col): (u32, u16)| {
            sheet
                .write_with_format(row, col, number, &format(code))
                .expect("a figure");
        }
    };
    // Typed into a cell of percentages, 331.6 is kept as its hundredth.
    let (line, message) = only("percent", form("B4", &shown("0%", 3.316)));
    assert_eq!(line, "not-a-number mandatory B4 331.6");
    assert!(message.starts_with("单元格是百分比格式"), "{message}");
    let (line, message) = only("date", form("B4", &shown("yyyy-mm-dd", 331.6)));
    assert_eq!(line, "not-a-number mandatory B4 331.6");
    assert!(message.starts_with("填写的数成了日期"), "{message}");
    let (line, _) = only(
        "day",
        with_total("B4", "928.6", &shown("m\"月\"d\"日\"", 331.0)),
    );
    assert_eq!(line, "not-a-number mandatory B4 331");
    let (line, message) = only("time", form("B4", &shown("h:mm", 0.520_833_333)));
    assert_eq!(line, "not-a-number mandatory B4 331.6");
    assert!(
        message.starts_with("填写的数成了时间：填写“12:30”"),
        "{message}"
    );
    for (code, seen) in [("0.0,", "0.3"), ("0!.0000", "0.0332"), ("0\".\"0,", "0.0")] {
        let (line, message) = only("scaled", form("B4", &shown(code, 331.6)));
        assert_eq!(line, "read-as hint B4 331.6", "{code}");
        assert!(
            message.contains(&format!("表上显示 {seen}，")),
            "{code}: {message}"
        );
    }
    let (line, message) = only("hidden", form("B4", &shown(";;;", 331.6)));
    assert_eq!(line, "read-as hint B4 331.6");
    assert!(message.contains("单元格格式不显示数字"), "{message}");
}

/// As xlsx, and as LibreOffice saves it in other formats where it is installed.
#[test]
fn what_is_crossed_out_is_asked_about() {
    let struck = Format::new().set_font_strikethrough();
    let whole = |sheet: &mut Worksheet, (row, col): (u32, u16)| {
        sheet
            .write_with_format(row, col, 331.6, &struck)
            .expect("a figure");
    };
    let part = |sheet: &mut Worksheet, (row, col): (u32, u16)| {
        let runs = [(&struck, "290.0"), (&Format::new(), "331.6")];
        sheet.write_rich_string(row, col, &runs).expect("a text");
    };
    let cases: [(&str, Typed<'_>, &str); 2] = [
        ("whole", &whole, "数字划了删除线"),
        ("part", &part, "部分内容划了删除线"),
    ];
    for (name, typed, title) in cases {
        let (line, message) = only(name, form("B4", typed));
        assert_eq!(line, "not-a-number mandatory B4 331.6", "{name}");
        assert!(message.starts_with(title), "{message}");
        let desk = Desk::new(&format!("saved-{name}"));
        form("B4", typed)
            .save(desk.0.join("轮台镇附件3.xlsx"))
            .expect("a workbook");
        for kind in ["ods", "xls"] {
            if !crate::support::office::converted(&desk.0, "轮台镇附件3.xlsx", kind) {
                crate::support::office::skipped("what is crossed out", "LibreOffice");
                continue;
            }
            let found = checked(&desk, &format!("轮台镇附件3.{kind}"));
            assert_eq!(found.len(), 1, "{kind}: {found:#?}");
            assert_eq!(found[0]["expected"], "331.6", "{kind}");
            let message = found[0]["message"].as_str().expect("a message");
            assert!(message.starts_with(title), "{kind}: {message}");
        }
        fs::remove_dir_all(&desk.0).expect("its folder removed");
    }
}

#[test]
fn words_for_no_figure_are_one_meaning_with_one_hint() {
    for typed in [
        "无", "没有", "暂无", "NA", "N/A", "不详", "\\", "／", "/", "…",
    ] {
        // Without 2023 the two others make 597.6.
        let book = with_total("B4", "597.6", &typing(typed));
        let (line, _) = only("nothing", book);
        assert_eq!(line, "read-as hint B4 －", "{typed}");
    }
    for typed in ["－", "—", "——", "-"] {
        let found = findings("dash", with_total("B4", "597.6", &typing(typed)));
        assert!(found.is_empty(), "{typed}: {found:#?}");
    }
}

#[test]
fn what_nobody_sees_vanishes_and_is_never_set_against_what_looks_the_same() {
    for typed in [
        "\u{200b}331.6",
        "331\u{ad}.6",
        "\u{202d}331.6\u{202c}",
        "331.6\u{fe0f}",
    ] {
        let (line, message) = only("unseen", form("B4", &typing(typed)));
        assert_eq!(line, "read-as hint B4 331.6", "{typed:?}");
        assert_eq!(message.matches("331.6").count(), 1, "{message}");
    }
    let (_, message) = only("unseen-doubt", form("B4", &typing("3\u{200b}31,6")));
    assert!(message.contains("填写“331,6”"), "{message}");
}

#[test]
fn decimals_beyond_the_column_are_a_hint_and_part_of_a_household_is_asked_about() {
    // Shown as 332; 331.64 + 295.5 + 302.1 = 929.24 is 929.2 within rounding.
    let shown = |sheet: &mut Worksheet, (row, col): (u32, u16)| {
        let format = Format::new().set_num_format("0");
        sheet
            .write_with_format(row, col, 331.64, &format)
            .expect("a figure");
    };
    let found = findings("decimals", form("B4", &shown));
    let kinds: Vec<&Value> = found.iter().map(|finding| &finding["kind"]).collect();
    assert_eq!(kinds, ["decimals", "sum"], "{found:#?}");
    assert_eq!(
        found[0]["message"],
        "小数位数比要求的多：填写 331.64（表上显示 332），这一列保留 1 位小数"
    );
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in ["附件6.2", "填报单位：轮台镇", "序号|乡镇|户数（个）|备注"]
        .into_iter()
        .enumerate()
    {
        for (col, text) in line.split('|').enumerate() {
            sheet.write(row as u32, col as u16, text).expect("a text");
        }
    }
    sheet.write(3, 1, "轮台镇").expect("a text");
    sheet.write(3, 2, 389.5).expect("a figure");
    let found = findings("households", book);
    let told: Vec<&Value> = found
        .iter()
        .filter(|finding| finding["kind"] == "decimals")
        .collect();
    assert_eq!(told.len(), 1, "{found:#?}");
    assert_eq!(told[0]["level"], "verification");
    assert_eq!(told[0]["cell"], "C4");
}
