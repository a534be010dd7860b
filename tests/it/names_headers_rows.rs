//! Names, headers and rows as clerks write them: taken for what they mean, and asked about where they may be two things.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hebiao::model::{CellValue, Detail, Finding, Kind, Level, ReadAs, Value};
use hebiao::pipeline::{FormFile, FormReader};
use hebiao::report::{Lang, words};
use hebiao::scheme::{Confirmed, Scheme};
use rust_xlsxwriter::{Format, Workbook};

use crate::check_command::{Desk, said};
use crate::desk::{luntai, read_sheets, text};
use crate::form::Form;

/// A workbook of one sheet, written as `cell | cell`, a line a row; figures are numbers. `merged` are ranges that hold what
/// stands in their first cell.
fn book(grid: &str, merged: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let lines = grid.lines().map(str::trim).filter(|line| !line.is_empty());
    for (row, line) in lines.enumerate() {
        for (col, cell) in line.split('|').map(str::trim).enumerate() {
            let (row, col) = (row as u32, col as u16);
            match cell.parse::<f64>() {
                _ if cell.is_empty() => continue,
                Ok(number) => sheet.write(row, col, number),
                Err(_) => sheet.write(row, col, cell.replace('⏎', "\n")),
            }
            .expect("a cell");
        }
    }
    for range in merged {
        let range: hebiao::model::CellRange = range.parse().expect("a range");
        let (first, last) = (range.start, range.end);
        let format = Format::new();
        sheet
            .merge_range(
                first.row,
                first.col as u16,
                last.row,
                last.col as u16,
                "",
                &format,
            )
            .expect("a range");
        let line = grid.lines().map(str::trim).filter(|line| !line.is_empty());
        let cell = line.clone().nth(first.row as usize).and_then(|line| {
            let cell = line.split('|').nth(first.col as usize)?.trim();
            Some(cell.to_owned())
        });
        let cell = cell.unwrap_or_default();
        match cell.parse::<f64>() {
            Ok(number) => sheet.write_with_format(first.row, first.col as u16, number, &format),
            Err(_) => sheet.write_with_format(first.row, first.col as u16, cell, &format),
        }
        .expect("a cell");
    }
    book.save_to_buffer().expect("a workbook")
}

fn read_by(scheme: &Scheme, path: &str, grid: &str, merged: &[&str]) -> FormFile {
    FormReader::new(scheme, None).file(&path.into(), &book(grid, merged))
}

fn read(path: &str, grid: &str) -> FormFile {
    read_by(luntai(), path, grid, &[])
}

/// Whom the first form is by, and the figures of its rows; none where there is no form.
fn held(file: &FormFile) -> Vec<String> {
    let Some(table) = file.tables.first() else {
        return Vec::new();
    };
    let name = |idx: Option<usize>| idx.map_or("?", |idx| &*luntai().reporters[idx].name);
    let mut lines = vec![name(table.reporter).to_owned()];
    for row in &table.rows {
        let figures = row.entries.iter().filter_map(|entry| match &entry.value {
            Value::Amount(amount) => Some(amount.to_string()),
            Value::Unusable(_) => Some("?".to_owned()),
            _ => None,
        });
        let figures: Vec<String> = figures.collect();
        lines.push(format!("{}: {}", row.name(), figures.join(" ")));
    }
    lines
}

fn shown(finding: &Finding) -> String {
    let cell = finding.place.as_ref().and_then(|place| place.cell);
    let cell = cell.map_or("-".to_owned(), |cell| cell.to_string());
    let message = words::message(finding, Lang::Zh);
    format!("{} {cell} {message}", words::level(finding.level, Lang::Zh))
}

/// All that is told of a file, rules included.
fn told(file: &FormFile) -> Vec<String> {
    let by_rules = file.checked.iter().flat_map(|checked| &checked.findings);
    file.findings.iter().chain(by_rules).map(shown).collect()
}

/// What 附件3 of 轮台镇 holds.
const HELD: [&str; 2] = ["轮台镇", "轮台镇: 331.6 295.5 302.1 929.2"];

/// 附件3 with one row of this name, by `who`.
fn afforestation(who: &str, name: &str) -> String {
    format!(
        "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        {who} | | | | 单位：亩
        单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
        {name} | 331.6 | 295.5 | 302.1 | 929.2"
    )
}

#[test]
fn a_name_in_a_list_with_marks_or_in_traditional_characters_is_the_reporters() {
    for name in [
        "1、轮台镇",
        "1.轮台镇",
        "1．轮台镇",
        "12）轮台镇",
        "（1）轮台镇",
        "⑴轮台镇",
        "⒈轮台镇",
        "①轮台镇",
        "一、轮台镇",
        "（一）轮台镇",
        "No.1轮台镇",
        "A、轮台镇",
        "● 轮台镇",
        "轮台镇：",
        "轮台镇。",
        "轮台镇，",
        "轮台镇；",
        "轮台镇*",
        "轮台镇※",
        "轮台镇①",
        "轮台镇（1）",
        "“轮台镇”",
        "輪台鎮",
        "輪臺鎮",
        "轮　台　镇",
        "轮⏎台⏎镇",
        "轮台县轮台镇",
        "巴州轮台县轮台镇",
        "新疆维吾尔自治区巴音郭楞蒙古自治州轮台县轮台镇",
        "轮台镇人民政府",
        "轮台镇人民政府办公室",
        "1、轮台县輪台鎮人民政府：",
        "\u{202d}轮台镇\u{202c}",
        "轮\u{200b}台镇",
    ] {
        let row = read("a.xlsx", &afforestation("", name));
        assert_eq!(held(&row), HELD, "row {name}");
        assert_eq!(told(&row), [""; 0], "row {name}");
        let who = read(
            "a.xlsx",
            &afforestation(&format!("填报单位：{name}"), "轮台镇"),
        );
        assert_eq!(held(&who), HELD, "填报单位：{name}");
        assert_eq!(told(&who), [""; 0], "填报单位：{name}");
    }
}

#[test]
fn a_name_with_a_remark_is_the_reporters_with_one_hint() {
    for name in [
        "轮台镇（含城区）",
        "轮台镇【含城区】",
        "轮台镇[含城区]",
        "轮台镇《含城区》",
        "轮台镇（含城区",
        "轮台镇—含城区",
        "3、轮台鎮（含城區）*",
    ] {
        let row = read("a.xlsx", &afforestation("", name));
        assert_eq!(held(&row), HELD, "{name}");
        let hints: Vec<Level> = row.findings.iter().map(|finding| finding.level).collect();
        assert_eq!(hints, [Level::Hint], "{name}: {:?}", told(&row));
        assert_eq!(row.findings[0].kind, Kind::Alias);
    }
    let with_remark = read("a.xlsx", &afforestation("", "轮台镇（含城区）"));
    assert_eq!(
        told(&with_remark),
        ["提示 A5 名称与名册不同：填写“轮台镇(含城区)”，后面带有附注，认作“轮台镇”"]
    );
}

#[test]
fn a_name_that_may_be_two_reporters_is_asked_about() {
    for name in [
        "轮台镇（草湖乡）",
        "轮台镇、草湖乡",
        "轮台镇/草湖乡",
        "1、轮台镇（含草湖乡）",
    ] {
        let row = read("轮台镇.xlsx", &afforestation("", name));
        assert_eq!(held(&row), ["轮台镇"], "{name}");
        let said = told(&row);
        let asked = said.iter().any(|line| {
            line.starts_with("准强制 A5 多出一行") && line.ends_with("可能是“轮台镇、草湖乡”")
        });
        assert!(asked, "{name}: {said:?}");
        assert!(!said.iter().any(|line| line.contains("空表")), "{said:?}");
        let who = read(
            "a.xlsx",
            &afforestation(&format!("填报单位：{name}"), "轮台镇"),
        );
        let said = told(&who);
        assert!(
            said.iter()
                .any(|line| line.ends_with("可能是轮台镇、草湖乡")),
            "{name}: {said:?}"
        );
    }
}

#[test]
fn names_of_rows_that_are_no_reporters_may_be_numbered_and_marked() {
    for (first, second) in [
        ("1、阳霞灌区", "2、库努尔灌区"),
        ("（一）陽霞灌區", "（二）庫努爾灌區"),
        ("阳霞灌区：", "库努尔灌区*"),
        ("①阳霞灌区", "②库努尔灌区（新）"),
    ] {
        let rows = [
            water_row(first, YANGXIA.map(Some)),
            water_row(second, KUNUER.map(Some)),
        ];
        let file = read("a.xlsx", &water(&rows));
        let names: Vec<String> = file.tables[0].rows.iter().map(|row| row.name()).collect();
        assert_eq!(
            names,
            ["阳霞灌区·铁热克巴扎乡", "库努尔灌区·铁热克巴扎乡"],
            "{first}"
        );
    }
}

#[test]
fn keys_of_registers_lose_numbers_and_marks_that_are_no_part_of_them() {
    let keys_of = |form: &Form<'_>| -> Vec<String> {
        let tables = read_sheets(luntai(), "a.xlsx", &[form.sheet()]).tables;
        tables[0].rows.iter().map(|row| row.name()).collect()
    };
    let mut form = Form::of(luntai(), "附件6");
    let names: Vec<String> = (1..=form.rows.len())
        .map(|n| format!("县供热{n}站"))
        .collect();
    let key = keys_of(&form)[0].clone();
    let position = form.rows[0].cells.iter().position(|cell| {
        let is_key =
            |value: &CellValue| matches!(value, CellValue::Text(it) if key.contains(&**it));
        cell.as_ref().is_some_and(is_key)
    });
    let position = position.expect("the key stands in the row");
    let put = |form: &mut Form<'_>, around: fn(usize, &str) -> String| {
        for (idx, row) in form.rows.iter_mut().enumerate() {
            let name = names[idx].replace(|c: char| c.is_ascii_digit(), "甲");
            row.cells[position] = Some(text(&around(idx, &name)));
        }
    };
    put(&mut form, |_, name| name.to_owned());
    let plain = keys_of(&form);
    assert!(plain[0].contains("县供热甲站"), "{plain:?}");
    put(&mut form, |idx, name| format!("{}、{name}：", idx + 1));
    assert_eq!(keys_of(&form), plain);
    put(&mut form, |idx, name| format!("（{}）{name}*", idx + 1));
    assert_eq!(keys_of(&form), plain);
    let bare = hebiao::scheme::bare;
    assert_eq!(bare("1、县人民医院"), "县人民医院");
    assert_eq!(bare("(二)县人民医院:"), "县人民医院");
    assert_eq!(bare("2#锅炉"), "2#锅炉");
    assert_eq!(bare("1.5吨锅炉"), "1.5吨锅炉");
    assert_eq!(bare("10号炉"), "10号炉");
}

/// 附件3 of 轮台镇 under these headers, with these figures.
fn headed(headers: &str, figures: &str) -> String {
    format!(
        "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        填报单位：轮台镇 | | | | 单位：亩
        {headers}
        轮台镇 | {figures}"
    )
}

const FIGURES: &str = "331.6 | 295.5 | 302.1 | 929.2";

/// What was taken for what; with how many findings.
fn taken(file: &FormFile) -> (String, usize) {
    let guessed = file
        .findings
        .iter()
        .find_map(|finding| match &finding.detail {
            Detail::ReadAs(ReadAs::Guessed { columns, sums, .. }) => {
                let columns = columns
                    .iter()
                    .map(|it| format!("{}→{}", it.given, it.declared));
                let columns: Vec<String> = columns.collect();
                assert_eq!(finding.level, Level::Verification);
                Some(format!("{} {sums:?}", columns.join(" ")))
            }
            _ => None,
        });
    (guessed.unwrap_or_default(), told(file).len())
}

#[test]
fn headers_that_mean_the_same_are_taken_for_the_annexs_and_asked_about_once() {
    let years = "2023年计划→2023年度 2024年计划→2024年度 2025年计划→2025年度";
    for (headers, expected) in [
        (
            "单位 | 2023年计划 | 2024年计划 | 2025年计划 | 合计",
            format!("{years} 合计→三年合计 Some(true)"),
        ),
        (
            "单位 | 2023年度 | 2024年度 | 2025年度 | 总计",
            "总计→三年合计 Some(true)".to_owned(),
        ),
        (
            "单位 | 2023年度 | 2024年度 | 2025年度 | 总量（亩）",
            "总量（亩）→三年合计 Some(true)".to_owned(),
        ),
        (
            "单位 | 23年 | 二〇二四年 | 2025 | 合计数",
            "合计数→三年合计 Some(true)".to_owned(),
        ),
        (
            "乡镇名称 | 2023年造林（亩） | 2024年造林（亩） | 2025年造林（亩） | 小计",
            "2023年造林（亩）→2023年度 2024年造林（亩）→2024年度 2025年造林（亩）→2025年度 \
             小计→三年合计 Some(true)"
                .to_owned(),
        ),
        // A blank header, at the end and in the middle.
        (
            "单位 | 2023年度 | 2024年度 | 2025年度 |",
            "→三年合计 Some(true)".to_owned(),
        ),
        (
            "单位 | 2023年度 | | 2025年度 | 三年合计",
            "→2024年度 Some(true)".to_owned(),
        ),
        // One year twice.
        (
            "单位 | 2023年度 | 2024年度 | 2024年度 | 三年合计",
            "2024年度→2025年度 Some(true)".to_owned(),
        ),
        (
            "单位 | 2023年度 | 2023年度 | 2025年度 | 三年合计",
            "2023年度→2024年度 Some(true)".to_owned(),
        ),
        // The years of another plan.
        (
            "单位 | 2021年度 | 2022年度 | 2023年度 | 三年合计",
            "2021年度→2023年度 2022年度→2024年度 2023年度→2025年度 Some(true)".to_owned(),
        ),
    ] {
        let file = read("a.xlsx", &headed(headers, FIGURES));
        assert_eq!(held(&file), HELD, "{headers}");
        let said = (expected, 1 + usize::from(headers.starts_with("乡镇")));
        assert_eq!(taken(&file), said, "{headers}: {:?}", told(&file));
    }
    let file = read(
        "a.xlsx",
        &headed("单位 | 2023年计划 | 2024年度 | 2025年度 |", FIGURES),
    );
    assert_eq!(
        told(&file),
        [
            "核实 B4 表头与制度不同，请确认各列：按位置和年份把“2023年计划”当作“2023年度”，\
          把没有表头的 E 列当作“三年合计”；这样认，合计都对得上"
        ]
    );
}

#[test]
fn columns_in_another_order_and_columns_between_change_nothing() {
    let file = read(
        "a.xlsx",
        &headed(
            "单位 | 合计 | 2025年计划 | 说明 | 2023年计划 | 2024年计划",
            "929.2 | 302.1 | 春季 | 331.6 | 295.5",
        ),
    );
    assert_eq!(held(&file), HELD);
    let (taken, n_told) = taken(&file);
    let expected = "合计→三年合计 2025年计划→2025年度 2023年计划→2023年度 2024年计划→2024年度";
    assert_eq!(taken, format!("{expected} Some(true)"));
    // And that 说明 is left out.
    assert_eq!(n_told, 2, "{:?}", told(&file));
}

#[test]
fn a_header_over_two_rows_is_read_merged_or_not() {
    let grid = "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        填报单位：轮台镇
        单位 | 造林任务 | | | 三年合计
        | 2023年度 | 2024年度 | 2025年度 |
        轮台镇 | 331.6 | 295.5 | 302.1 | 929.2";
    let merged = ["A4:A5", "B4:D4", "E4:E5"];
    let file = read_by(luntai(), "a.xlsx", grid, &merged);
    assert_eq!(held(&file), HELD);
    assert_eq!(taken(&file).0, "");
    let file = read("a.xlsx", grid);
    assert_eq!(held(&file), HELD);
    assert_eq!(taken(&file).0, "");
}

#[test]
fn columns_that_may_be_two_things_are_not_taken() {
    // 2023 twice before 2024: either of the first two may be 2025's.
    let file = read(
        "a.xlsx",
        &headed("单位 | 2023年度 | 2023年度 | 2024年度 | 三年合计", FIGURES),
    );
    assert_eq!(taken(&file).0, "");
    let missing = |file: &FormFile| -> Vec<String> {
        let kind = |finding: &&Finding| finding.kind == Kind::MissingColumn;
        file.findings.iter().filter(kind).map(shown).collect()
    };
    assert_eq!(
        missing(&file),
        ["强制 A4 缺少一列：表中没有“2025年度”；按合计推算，C 列“2023年度”像是这一列"]
    );
    // 村数 is no total, and the sums tell which column is.
    let file = read(
        "a.xlsx",
        &headed(
            "单位 | 2023年度 | 2024年度 | 2025年度 | 村数 | 造林面积",
            "331.6 | 295.5 | 302.1 | 12 | 929.2",
        ),
    );
    assert_eq!(
        missing(&file),
        ["强制 A4 缺少一列：表中没有“三年合计”；按合计推算，F 列“造林面积”像是这一列"]
    );
    // No column fits: the one that is missing is named, and nothing is moved.
    let file = read(
        "a.xlsx",
        &headed(
            "单位 | 2023年度 | 2025年度 | 三年合计",
            "331.6 | 302.1 | 929.2",
        ),
    );
    assert_eq!(missing(&file), ["强制 A4 缺少一列：表中没有“2024年度”"]);
    assert_eq!(held(&file), ["轮台镇", "轮台镇: 331.6 302.1 929.2"]);
}

#[test]
fn rows_of_the_years_of_another_plan_are_taken_in_order_and_asked_about_once() {
    let grid = |first: &str, second: &str, third: &str| {
        format!(
            "附件2.1
            2023-2025年建成区新增绿地面积规划目标
            填报单位：县住建局 | | | | | 单位：公顷
            年份 | 公园绿地新增（公顷） | 附属绿地新增（公顷） | 道路绿地新增（公顷） | 生产绿地新增（公顷） | 合计
            {first} | 2.33 | 1.25 | 3.23 | | 6.81
            {second} | 3.68 | 2.63 | 3.02 | | 9.33
            {third} | 4.27 | 2.78 | 4.12 | 13.3 | 24.47
            合计 | 10.28 | 6.66 | 10.37 | 13.3 | 40.61"
        )
    };
    let years = |file: &FormFile| -> Vec<Option<u16>> {
        let rows = file.tables[0].rows.iter();
        rows.map(|row| row.year).collect()
    };
    let asked = [Some(2023), Some(2024), Some(2025), None];
    for (first, second, third) in [
        ("2023年", "2024年", "2025年"),
        ("二〇二三年", "二〇二四年", "二〇二五年"),
        ("23年", "24年", "25年度"),
    ] {
        let file = read("a.xlsx", &grid(first, second, third));
        assert_eq!(
            (years(&file), told(&file).len()),
            (asked.to_vec(), 0),
            "{first}"
        );
    }
    let file = read("a.xlsx", &grid("2021年", "2022年", "2023年"));
    assert_eq!(years(&file), asked);
    assert_eq!(
        told(&file),
        [
            "核实 A5 各行的年份与制度不同，请确认：按位置和年份把“2021年”当作“2023年”，\
          把“2022年”当作“2024年”，把“2023年”当作“2025年”"
        ]
    );
    let mut scheme = luntai().clone();
    let row = |given: u16| format!("{{ header = \"{given}年\", is = \"{}年\" }}", given + 2);
    scheme.confirmed = Confirmed::parse(&format!(
        "[[confirmed]]\nreporter = \"县住建局\"\nannex = \"附件2.1\"\ncolumns = [{}, {}, {}]\n",
        row(2021),
        row(2022),
        row(2023)
    ))
    .expect("it is read");
    let file = read_by(&scheme, "a.xlsx", &grid("2021年", "2022年", "2023年"), &[]);
    assert_eq!((years(&file), told(&file).len()), (asked.to_vec(), 0));
    // A gap is no other plan: 2022 is a row that nobody asks for.
    let file = read("a.xlsx", &grid("2022年", "2024年", "2025年"));
    assert_eq!(years(&file), [Some(2024), Some(2025), None]);
}

#[test]
fn sums_that_do_not_hold_are_said_with_the_columns() {
    let headers = "单位 | 2023年计划 | 2024年计划 | 2025年计划 | 合计";
    let file = read("a.xlsx", &headed(headers, "331.6 | 295.5 | 302.1 | 939.2"));
    let (taken, _) = taken(&file);
    assert!(taken.ends_with("Some(false)"), "{taken}");
}

#[test]
fn a_table_that_only_shares_words_is_no_form() {
    for grid in [
        "2024年工作安排
        单位 | 2023年 | 2024年 | 2025年 | 合计
        一车间 | 1 | 2 | 3 | 6",
        "职工人数
        年份 | 合计
        2023年 | 12
        2024年 | 13",
        "人员花名册
        序号 | 乡镇 | 姓名 | 合计
        1 | 轮台镇 | 张三 | 3",
    ] {
        let file = read("轮台镇.xlsx", grid);
        assert_eq!(file.tables.len(), 0, "{grid}");
    }
}

#[test]
fn rows_and_columns_that_are_exchanged_are_told_with_the_annex() {
    for years in [
        ["2023年度", "2024年度", "2025年度"],
        ["2023年计划", "2024年计划", "2025年计划"],
    ] {
        let [a, b, c] = years;
        let grid = format!(
            "轮台县2023-2025年造林绿化任务指导性计划表
            填报单位：轮台镇
            单位 | 轮台镇
            {a} | 331.6
            {b} | 295.5
            {c} | 302.1
            三年合计 | 929.2"
        );
        let file = read("轮台镇.xlsx", &grid);
        assert_eq!(file.tables.len(), 0);
        assert_eq!(
            told(&file),
            ["强制 A3 表的行和列对调了：像是附件3，但行和列对调了，没有汇总"]
        );
    }
}

#[test]
fn what_the_county_confirmed_is_asked_no_more_of_that_reporter() {
    let headers = "单位 | 2023年计划 | 2024年计划 | 2025年计划 | 合计";
    let column = |header: &str, is: &str| format!("{{ header = \"{header}\", is = \"{is}\" }}");
    let confirmed = |reporter: &str, columns: &[String]| {
        let text = format!(
            "[[confirmed]]\nreporter = \"{reporter}\"\nannex = \"附件3\"\ncolumns = [{}]\n",
            columns.join(", ")
        );
        let mut scheme = luntai().clone();
        scheme.confirmed = Confirmed::parse(&text).expect("it is read");
        scheme
    };
    let all = [
        column("2023年计划", "2023年度"),
        column("2024年计划", "2024年度"),
        column("2025年计划", "2025年度"),
        column("合计", "三年合计"),
    ];
    let grid = headed(headers, FIGURES);
    let of = |scheme: &Scheme, grid: &str| read_by(scheme, "a.xlsx", grid, &[]);
    let file = of(&confirmed("轮台镇", &all), &grid);
    assert_eq!(
        (held(&file), told(&file).len()),
        (HELD.map(str::to_owned).to_vec(), 0)
    );
    // Another reporter, other headers: asked again.
    assert_eq!(told(&of(&confirmed("草湖乡", &all), &grid)).len(), 1);
    assert_eq!(told(&of(&confirmed("轮台镇", &all[..3]), &grid)).len(), 1);
    let other = headed(
        "单位 | 2023年计划 | 2024年计划 | 2025年计划 | 总计",
        FIGURES,
    );
    assert_eq!(told(&of(&confirmed("轮台镇", &all), &other)).len(), 1);
    // What people wrote into the file counts: two columns are the other way round.
    let turned = [
        column("2023年计划", "2024年度"),
        column("2024年计划", "2023年度"),
        column("2025年计划", "2025年度"),
        column("合计", "三年合计"),
    ];
    let file = of(&confirmed("轮台镇", &turned), &grid);
    assert_eq!(held(&file), ["轮台镇", "轮台镇: 295.5 331.6 302.1 929.2"]);
    assert_eq!(told(&file), [""; 0]);
    // A column that the scheme does not have confirms nothing.
    let unknown = [
        column("2023年计划", "2022年度"),
        column("2024年计划", "2024年度"),
        column("2025年计划", "2025年度"),
        column("合计", "三年合计"),
    ];
    assert_eq!(told(&of(&confirmed("轮台镇", &unknown), &grid)).len(), 1);
}

fn confirm(desk: &Desk, arguments: &[&str]) -> Output {
    let scheme = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
    Command::new(env!("CARGO_BIN_EXE_hebiao"))
        .current_dir(&desk.0)
        .arg("confirm")
        .args(arguments)
        .arg("--scheme")
        .arg(scheme)
        .output()
        .expect("it runs")
}

#[test]
fn the_county_confirms_headers_once_in_a_file_that_people_read() {
    let desk = Desk::new("confirm");
    let headers = "单位 | 2023年度 | 2024年度 | 2025年度 |";
    fs::write(
        desk.0.join("轮台镇.xlsx"),
        book(&headed(headers, FIGURES), &[]),
    )
    .expect("a file");
    let asked = said(&desk.check(&["轮台镇.xlsx"]));
    assert!(asked.contains("把没有表头的 E 列当作“三年合计”"), "{asked}");
    let done = said(&confirm(&desk, &["轮台镇.xlsx", "--by", "张三"]));
    assert_eq!(
        done,
        "已确认 轮台镇 附件3 （没有表头） → 三年合计（轮台镇.xlsx）\n记在 案卷/表头.toml\n"
    );
    let path = desk.0.join("案卷/表头.toml");
    let text = fs::read_to_string(&path).expect("it was written");
    let written: Vec<&str> = text
        .lines()
        .skip_while(|line| line.starts_with('#'))
        .collect();
    assert_eq!(
        written[..7],
        [
            "",
            "[[confirmed]]",
            "reporter = \"轮台镇\"",
            "annex    = \"附件3\"",
            "columns  = [",
            "    { header = \"\", is = \"三年合计\" },",
            "]",
        ]
    );
    assert_eq!(written[7], "by       = \"张三\"");
    assert!(written[8].starts_with("on       = \"20"), "{}", written[8]);
    let asked = said(&desk.check(&["轮台镇.xlsx"]));
    assert_eq!(
        asked,
        "轮台镇.xlsx  可以报送\n可以报送：共 1 个文件，可以报送 1\n"
    );
    let again = said(&confirm(&desk, &["轮台镇.xlsx"]));
    assert_eq!(again, "没有要确认的表头\n");
    // What is wrong in it is no reason to guess.
    fs::write(&path, "[[confirmed]]\nreporter = 3\n").expect("a file");
    let output = desk.check(&["轮台镇.xlsx"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("案卷/表头.toml 写得不对"), "{errors}");
}

/// 附件7 of 铁热克巴扎乡, with these rows from row 7 on.
fn water(rows: &[String]) -> String {
    let years = "2023年度 | | | 2024年度 | | | 2025年度 | |";
    let three = |parts: &str| [parts; 3].join(" | ");
    format!(
        "附件7
        2023-2025年度轮台县用水指标分解表
        填报单位：铁热克巴扎乡
        序号 | 灌区名称 | 乡镇名称 | 2023年度用水总量指标 | 2024年度用水总量指标 \
        | 2025年度用水总量指标 | 水指标按水源类型分 | | | | | | | | | 农业用水量
        | | | | | | {years} | {years}
        | | | | | | {} | {}
        {}",
        three("地表水 | 地下水 | 其他水源"),
        three("工业 | 农业 | 生活"),
        rows.join("\n")
    )
}

/// Its total, then what it comes from and what it is used for, the same in all three years.
fn water_row(district: &str, figures: [Option<u32>; 7]) -> String {
    let figures = figures.map(|figure| figure.map_or(String::new(), |it| it.to_string()));
    let three = |of: &[String]| [of.join(" | "), of.join(" | "), of.join(" | ")].join(" | ");
    let (total, sources, uses) = (&figures[..1], &figures[1..4], &figures[4..]);
    format!(
        "1 | {district} | 铁热克巴扎乡 | {} | {} | {}",
        three(total),
        three(sources),
        three(uses)
    )
}

/// 2454 + 556 + 0 = 86 + 2894 + 30 = 3010.
const YANGXIA: [u32; 7] = [3010, 2454, 556, 0, 86, 2894, 30];
/// 886 + 370 + 0 = 0 + 1236 + 20 = 1256.
const KUNUER: [u32; 7] = [1256, 886, 370, 0, 0, 1236, 20];
/// Both.
const SUBTOTAL: [u32; 7] = [4266, 3340, 926, 0, 86, 4130, 50];

#[test]
fn a_figure_in_a_merged_cell_is_one_for_all_its_rows() {
    let merged_of = |total: u32| {
        let mut rows = [
            water_row("阳霞灌区", YANGXIA.map(Some)),
            water_row("库努尔灌区", KUNUER.map(Some)),
        ];
        rows[0] = rows[0].replacen("3010", &total.to_string(), 1);
        rows[1] = rows[1].replacen("1256", "", 1);
        let file = read_by(luntai(), "a.xlsx", &water(&rows), &["D7:D8"]);
        let by_rules = file.checked.iter().map(|checked| checked.findings.len());
        assert_eq!(by_rules.sum::<usize>(), 0, "{:?}", told(&file));
        let held = held(&file);
        let starts = [
            "阳霞灌区·铁热克巴扎乡: ? 3010 3010",
            "库努尔灌区·铁热克巴扎乡: ? 1256 1256",
        ];
        for (row, start) in held[1..].iter().zip(starts) {
            assert!(row.starts_with(start), "{row}");
        }
        let missing = file
            .findings
            .iter()
            .filter(|it| it.kind == Kind::MissingValue);
        let said: Vec<String> = missing.map(shown).collect();
        said
    };
    assert_eq!(
        merged_of(4266),
        [
            "准强制 D7 几格合并成一格，只有一个数：合并的格里填写 4266，是阳霞灌区·铁热克巴扎乡 \
          2023年 用水总量、库努尔灌区·铁热克巴扎乡 2023年 用水总量合在一起的数；\
          按分项之和，应分别为 3010、1256，合起来相符"
        ]
    );
    let [wrong] = &merged_of(4366)[..] else {
        panic!("one finding")
    };
    assert!(
        wrong.starts_with("强制 D7 ") && wrong.contains("合起来应为 4266，差 100"),
        "{wrong}"
    );
}

#[test]
fn a_row_of_which_the_merged_cell_holds_all_is_there_too() {
    let grid = "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        填报单位：县林草局 | | | | 单位：亩
        单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
        轮台镇 | 331.6 | 295.5 | 302.1 | 929.2
        草湖乡 | | | |";
    let merged = ["B5:B6", "C5:C6", "D5:D6", "E5:E6"];
    let file = read_by(luntai(), "a.xlsx", grid, &merged);
    assert_eq!(held(&file)[1..], ["轮台镇: ? ? ? ?", "草湖乡: ? ? ? ?"]);
    let said = told(&file);
    let missing = said.iter().any(|line| line.contains("“草湖乡”"));
    assert!(!missing, "{said:?}");
}

#[test]
fn a_subtotal_is_held_against_the_rows_that_it_adds_up() {
    let yangxia = water_row("阳霞灌区", YANGXIA.map(Some));
    let kunuer = water_row("库努尔灌区", KUNUER.map(Some));
    let serious = |rows: &[&String]| -> Vec<String> {
        let rows: Vec<String> = rows.iter().map(|row| (*row).clone()).collect();
        let file = read("a.xlsx", &water(&rows));
        let kind = |it: &&Finding| it.kind == Kind::TotalRow;
        assert_eq!(
            held(&file).len(),
            3,
            "the subtotal is no row: {:?}",
            held(&file)
        );
        file.findings.iter().filter(kind).map(shown).collect()
    };
    let right = water_row("小计", SUBTOTAL.map(Some));
    assert_eq!(serious(&[&yangxia, &kunuer, &right]), [""; 0]);
    // Of the last row alone.
    let own = water_row("库努尔灌区小计", KUNUER.map(Some));
    assert_eq!(serious(&[&yangxia, &kunuer, &own]), [""; 0]);
    let wrong = water_row("小 计", SUBTOTAL.map(Some)).replacen("4266", "4366", 1);
    assert_eq!(
        serious(&[&yangxia, &kunuer, &wrong]),
        ["强制 D9 合计行与各行之和不符：填写 4366，2 行之和 4266，差 100，超过舍入误差 1.5"]
    );
    // Above the rows that it adds up; the second 926 is that of 2024.
    let above = water_row("小计", SUBTOTAL.map(Some)).replacen("926", "936", 1);
    assert_eq!(
        serious(&[&above, &yangxia, &kunuer]),
        ["强制 H7 合计行与各行之和不符：填写 936，2 行之和 926，差 10，超过舍入误差 1.5"]
    );
}

#[test]
fn rows_of_others_are_told_to_whoever_filled_them_in() {
    let desk = Desk::new("others-rows");
    let grid = |own: &str, rows: &str| {
        headed("单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计", rows)
            .replace("填报单位：轮台镇", &format!("填报单位：{own}"))
            .replace("        轮台镇 | ", "")
    };
    let own = "轮台镇 | 331.6 | 295.5 | 302.1 | 929.2";
    let other = "群巴克镇 | 100 | 100 | 100 | 300";
    let both = grid("轮台镇", &format!("{own}\n{other}"));
    fs::write(desk.0.join("轮台镇.xlsx"), book(&both, &[])).expect("a file");
    let alone = grid("群巴克镇", other);
    fs::write(desk.0.join("群巴克镇.xlsx"), book(&alone, &[])).expect("a file");
    let told = said(&desk.check(&["轮台镇.xlsx"]));
    let line = "核实 B6 填了别的单位的行，未汇总\n      填了群巴克镇，这些行由有关单位自己报";
    assert!(told.contains(line), "{told}");
    // Where the other's own form is at hand, both are held against each other instead.
    let told = said(&desk.check(&["轮台镇.xlsx", "群巴克镇.xlsx"]));
    assert!(!told.contains("填了别的单位的行"), "{told}");
}

#[test]
fn two_sheets_that_contradict_each_other_are_told_with_both_cells() {
    let desk = Desk::new("contradicting-sheets");
    let mut book = Workbook::new();
    for (name, figures) in [
        ("附件3", [331.6, 295.5, 302.1, 929.2]),
        ("附件3 (2)", [340.0, 295.5, 302.1, 937.6]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name");
        let headers = ["单位", "2023年度", "2024年度", "2025年度", "三年合计"];
        sheet.write(0, 0, "附件3").expect("a cell");
        sheet.write_row(1, 0, headers).expect("cells");
        sheet.write(2, 0, "轮台镇").expect("a cell");
        sheet.write_row(2, 1, figures).expect("cells");
    }
    book.save(desk.0.join("轮台镇.xlsx")).expect("a workbook");
    let told = said(&desk.check(&["轮台镇.xlsx"]));
    for pair in [
        "附件3!B3 为 331.6，B3 为 340",
        "附件3!E3 为 929.2，E3 为 937.6",
    ] {
        assert!(told.contains(pair), "{told}");
    }
}

/// 附件3 of 轮台镇 with these lines below its only row.
fn with_below(lines: &str) -> FormFile {
    read(
        "轮台镇.xlsx",
        &format!("{}\n{lines}", afforestation("填报单位：轮台镇", "轮台镇")),
    )
}

#[test]
fn a_figure_alone_in_its_row_is_told() {
    assert_eq!(told(&with_below("")), [""; 0]);
    let file = with_below("| | 2000\n| 2001\n| | | | 2002");
    assert_eq!(held(&file), HELD);
    assert_eq!(
        told(&file),
        [
            "准强制 C6 多出一行，未汇总：第6行没有行名，不知是哪一行",
            "准强制 B7 多出一行，未汇总：第7行没有行名，不知是哪一行",
            "准强制 E8 多出一行，未汇总：第8行没有行名，不知是哪一行",
        ]
    );
    // A sheet full of them is told of as well.
    let many: Vec<String> = (0..300).map(|nth| format!("| {}", 2000 + nth)).collect();
    let file = with_below(&many.join("\n"));
    let cells = file.findings.iter().map(|finding| 1 + finding.cells.len());
    assert_eq!(
        (held(&file), cells.sum()),
        (HELD.map(str::to_owned).into(), 300_usize)
    );
}

#[test]
fn a_code_or_a_figure_alone_in_the_row_of_a_register_is_told() {
    let boilers = |row: &str| {
        read(
            "环境局.xlsx",
            &format!(
                "附件6.1
                轮台县每小时65蒸吨及以上燃煤锅炉超低排放改造计划表
                序号 | 锅炉使用状态 | 使用单位名称 | 设备所在区县 | 使用登记证号 | 注册代码 | 设备型号 | 产品编号 | 蒸吨数
                1 | 在用 | 甲公司 | 轮台县 | 锅1 | 11002025652822000001 | A | B1 | 75
                {row}"
            ),
        )
    };
    let rows = |row: &str| -> Vec<String> {
        let file = boilers(row);
        let told = told(&file).into_iter();
        told.filter(|told| told.contains('5') && told.contains("行"))
            .collect()
    };
    assert_eq!(rows(""), [""; 0]);
    assert_eq!(
        rows("| | | | | '11002025652822000002"),
        [""; 0],
        "a text with a mark is no code"
    );
    let told = rows("| | | | | 1100-2025-6528-0002");
    assert!(
        told.iter().any(|told| told.starts_with("准强制 F5")),
        "{told:?}"
    );
    let told = rows("| | | | | | | | 80");
    assert_eq!(
        told,
        ["准强制 I5 多出一行，未汇总：第5行没有行名，不知是哪一行"]
    );
}

#[test]
fn figures_in_a_row_of_notes_are_told_and_answers_are_not() {
    for label in [
        "备注：",
        "说明：",
        "注：",
        "填表人：",
        "审核人：",
        "日期：",
        "单位：",
        "联系电话：",
    ] {
        let file = with_below(&format!("{label} | 10.5 | 20 | 30 | 60.5"));
        assert_eq!(held(&file), HELD, "{label}");
        let plain = label.replace('：', ":");
        let told = told(&file);
        let said = told.iter().any(|told| {
            let is_here = told.starts_with("核实 B6") || told.starts_with("核实 C6");
            is_here && told.ends_with(&format!("制度中没有“{plain}”"))
        });
        assert!(said, "{label} {told:?}");
    }
    for answered in [
        "联系电话： | 13999999999",
        "填表人：张三 | 13999999999 | 审核人：李四",
        "填表人：张三 | 联系电话 | 4690000",
        "填报日期： | 2024 | 年 | 6 | 月",
        "填报日期： | 20240605",
        "备注：见附件 | 2024",
        "单位负责人：张三 | | 审核人：李四 | | 填表人：王五",
    ] {
        let file = with_below(answered);
        assert_eq!(
            (held(&file), told(&file)),
            (HELD.map(str::to_owned).into(), vec![]),
            "{answered}"
        );
    }
}

#[test]
fn a_figure_above_a_table_or_beside_its_header_is_told() {
    let form = |top: &str, unit: &str, header: &str| {
        read(
            "轮台镇.xlsx",
            &format!(
                "附件3 {top}
                轮台县2023-2025年造林绿化任务指导性计划表
                填报单位：轮台镇 | | | | 单位：亩 {unit}
                单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计 {header}
                轮台镇 | 331.6 | 295.5 | 302.1 | 929.2"
            ),
        )
    };
    let (far, near) = ("| | | | | | | 4321", "| | 4321");
    for (top, unit, header, cell) in [
        (far, "", "", "H1"),
        ("", "| 4321", "", "F3"),
        ("", near, "", "G3"),
        ("", "", near, "G4"),
    ] {
        let file = form(top, unit, header);
        assert_eq!(held(&file), HELD, "{cell}");
        assert_eq!(
            told(&file),
            [format!(
                "提示 {cell} 表外有数，未汇总：填写 4321，这一列没有表头，不知道是什么数"
            )]
        );
    }
    for (top, unit) in [
        ("| | 2024 | 年 | 5 | 月", ""),
        ("| 表号： | 101", ""),
        ("| 行政区划代码 | 652822", ""),
        ("| 2024", "| 2024"),
        ("", "| | 联系电话 | 4690000"),
        ("| 1", ""),
    ] {
        let file = form(top, unit, "");
        assert_eq!(
            (held(&file), told(&file)),
            (HELD.map(str::to_owned).into(), vec![]),
            "{top}{unit}"
        );
    }
}

#[test]
fn what_was_typed_with_its_unit_is_kept_as_it_was_typed() {
    let file = read(
        "轮台镇.xlsx",
        "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        填报单位：轮台镇 | | | | 单位：亩
        单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
        轮台镇 | 0.5 万亩 | 295 | 302 | 5597",
    );
    assert_eq!(held(&file), ["轮台镇", "轮台镇: 5000 295 302 5597"]);
    let typed: Vec<&str> = (0..5)
        .filter_map(|leaf| file.tables[0].original(0, leaf))
        .collect();
    assert_eq!(typed, ["0.5 万亩"]);
}
