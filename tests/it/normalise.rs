//! Figures, dates and codes as people type them, and what they are read as.

use hebiao::model::{CellValue, Kind, NumberFormat, Sheet};
use hebiao::report::{Lang, words};
use proptest::prelude::*;

use crate::desk::{cell, lines, luntai, read_sheets, sheet, shown_table, text};

/// Reads a form of 轮台镇 or whoever the annex is asked of, and compares its rows and what is said.
#[track_caller]
fn reads(grid: &str, rows: &str, said: &str) {
    reads_of("轮台镇.xlsx", grid, rows, said);
}

#[track_caller]
fn reads_of(file: &str, grid: &str, rows: &str, said: &str) {
    let reading = read_sheets(luntai(), file, &[sheet(grid)]);
    assert_eq!(reading.tables.len(), 1, "{}", reading.shown());
    assert_eq!(shown_table(luntai(), &reading.tables[0]), lines(rows));
    assert_eq!(reading.shown(), lines(said));
}

#[test]
fn figures_as_people_type_them() {
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | '1,234.50 | '１２３．５ | ' 12 | 1370.0",
        "轮台镇: 1234.50 | 123.5 | 12 | 1370.0",
        "read-as hint B3+C3+D3 1,234.50 => 1234.50",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | '3.5亩 | '（12.5） | － | '/",
        "轮台镇: 3.5 | -12.5 | － | －",
        "read-as hint B3 3.5亩 => 3.5
         read-as hint C3 （12.5） => -12.5
         read-as hint E3 / => －",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 约30 | '三十 | '1,23 | TRUE",
        "轮台镇: ?约30 | ?三十 | ?1,23 | ?TRUE",
        "not-a-number mandatory B3 约30 => 30
         not-a-number mandatory C3 三十 => 30
         not-a-number mandatory D3 1,23 => 123 / 1.23
         not-a-number mandatory E3 TRUE",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 0.1 | '  | @2023-08-30 | 40.0",
        "轮台镇: 0.1 | ∅ | ?2023-08-30 | 40.0",
        "missing-value verification C3
         not-a-number mandatory D3 2023-08-30",
    );
}

#[test]
fn what_was_typed_is_kept() {
    let reading = read_sheets(
        luntai(),
        "轮台镇.xlsx",
        &[sheet(
            "单位：万亩
             单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
             轮台镇 | '1,234.50亩 | / | 3 | '12",
        )],
    );
    let table = &reading.tables[0];
    let typed: Vec<Option<&str>> = (1..5).map(|leaf| table.original(0, leaf)).collect();
    assert_eq!(
        typed,
        [Some("1,234.50亩"), Some("/"), Some("3万亩"), Some("12万亩")]
    );
}

#[test]
fn another_unit_above_the_table_is_converted_and_said_once() {
    reads(
        "单位：万亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 0.45 | 1 | '0.05 | 1.5
         全县合计 | 4.5 | 10 | 0.5 | 15",
        "轮台镇: 4500 | 10000 | 500 | 15000
         合计: 45000 | 100000 | 5000 | 150000",
        "unit-differs verification A1 万亩 => 亩
         read-as hint D3 0.05 => 500",
    );
    reads(
        "单位： | 公 顷
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 2 | 3 | 4 | 9",
        "轮台镇: 30 | 45 | 60 | 135",
        "unit-differs verification B1 公顷 => 亩",
    );
    // No unit at all, one that does not convert, and one that nobody knows.
    reads(
        "单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 2 | 3 | 4 | 9",
        "轮台镇: 2 | 3 | 4 | 9",
        "unit-missing hint A1 => 亩",
    );
    reads(
        "单位：万元
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 2 | 3 | 4 | 9",
        "轮台镇: ?2万元 | ?3万元 | ?4万元 | ?9万元",
        "unit-differs mandatory A1 万元 => 亩",
    );
    reads(
        "单位：垧
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 2 | 3 | 4 | 9",
        "轮台镇: 2 | 3 | 4 | 9",
        "unit-differs quasi-mandatory A1 垧 => 亩",
    );
}

#[test]
fn a_unit_in_a_header_is_of_its_column() {
    reads_of(
        "林草局.xlsx",
        "附件3.1
         序号 | 年度 | 项目内容 | 面积（亩） | 投资金额（万元） | 备注
         1 | 2023 | 封（沙）山育林 | 4500 | 20
         1 | 2023 | 草原改良 | 300 | 30
         2 | 2024 | 封（沙）山育林 | 45 | 40
         3 | 2025 | 封（沙）山育林 | 0 | 50",
        "封（沙）山育林@2023: 0.45 | 20 | ∅
         草原改良@2023: 0.03 | 30 | ∅
         封（沙）山育林@2024: 0.0045 | 40 | ∅
         封（沙）山育林@2025: 0 | 50 | ∅",
        "unit-differs verification D3+D4+D5+D6 4500亩 => 0.45万亩",
    );
    // The same units, otherwise written, are nothing to speak of.
    reads_of(
        "林草局.xlsx",
        "附件3.1
         年度 | 项目内容 | 面积 ( 万 亩 ) | 投资金额
         2023 | 封（沙）山育林 | 1 | 20
         2023 | 草原改良 | 2 | 30
         2024 | 封（沙）山育林 | 3 | 40
         2025 | 封（沙）山育林 | 4 | 50",
        "封（沙）山育林@2023: 1 | 20 | ∅
         草原改良@2023: 2 | 30 | ∅
         封（沙）山育林@2024: 3 | 40 | ∅
         封（沙）山育林@2025: 4 | 50 | ∅",
        "",
    );
}

#[test]
fn a_unit_in_a_header_is_also_that_of_what_formulas_come_to() {
    reads_of(
        "林草局.xlsx",
        "单位：亩
         单位 | 2023年度（公顷） | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 2 | 3 | 4 | 37
         草湖乡 | =B3*2 -> 4 | 3 | 4 | 67
         全县合计 | =SUM(B3:B4) | 6 | 8 | 104",
        "轮台镇: 30 | 3 | 4 | 37
         草湖乡: 60 | 3 | 4 | 67
         合计: 90 | 6 | 8 | 104",
        "unit-differs verification B3+B4+B5 2公顷 => 30亩
         formula-error hint B5 =SUM(B3:B4) => 6",
    );
}

#[test]
fn what_does_not_convert_evenly_is_said_to_be_about_and_not_taken() {
    // 15.28 ÷ 15 = 1.01866…, 30.5 ÷ 15 = 2.0333…; 30 亩 are 2 公顷.
    reads_of(
        "住建局.xlsx",
        "年份 | 公园绿地新增（亩） | 附属绿地新增（公顷） | 道路绿地新增（公顷） | 生产绿地新增（公顷） | 合计 | 备注
         2023年 | 15.28 | 1 | 1 | 1 | 4.02
         2024年 | 30.5 | 1 | 1 | '15.28亩 | 5
         2025年 | 30 | 1 | 1 | 1 | 5",
        "@2023: ?15.28亩 | 1 | 1 | 1 | 4.02 | ∅
         @2024: ?30.5亩 | 1 | 1 | ?15.28亩 | 5 | ∅
         @2025: 2 | 1 | 1 | 1 | 5 | ∅",
        "unit-differs mandatory B2+B3 15.28亩 => 1.02
         unit-differs mandatory E3 15.28亩 => 1.02
         unit-differs verification B4 30亩 => 2公顷",
    );
}

#[test]
fn a_line_of_units_speaks_for_headers_that_state_none() {
    let grid = |line: &str, area: &str| {
        format!(
            "附件3.1 | | | {line}
             年度 | 项目内容 | {area} | 投资金额
             2023 | 封（沙）山育林 | 4500 | 20
             2023 | 草原改良 | 300 | 30
             2024 | 封（沙）山育林 | 45 | 40
             2025 | 封（沙）山育林 | 0 | 50"
        )
    };
    let in_mu = "封（沙）山育林@2023: 0.45 | 20 | ∅
         草原改良@2023: 0.03 | 30 | ∅
         封（沙）山育林@2024: 0.0045 | 40 | ∅
         封（沙）山育林@2025: 0 | 50 | ∅";
    let as_is = "封（沙）山育林@2023: 4500 | 20 | ∅
         草原改良@2023: 300 | 30 | ∅
         封（沙）山育林@2024: 45 | 40 | ∅
         封（沙）山育林@2025: 0 | 50 | ∅";
    reads_of(
        "林草局.xlsx",
        &grid("单位：亩、万元", "面积"),
        in_mu,
        "unit-differs verification D1 亩、万元 => 万亩",
    );
    reads_of("林草局.xlsx", &grid("单位：万亩、万元", "面积"), as_is, "");
    reads(
        "单位：万亩、万元
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1 | 2 | 3 | 6",
        "轮台镇: 10000 | 20000 | 30000 | 60000",
        "unit-differs verification A1 万亩、万元 => 亩",
    );
    reads(
        "单位：亩、万元
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1 | 2 | 3 | 6",
        "轮台镇: 1 | 2 | 3 | 6",
        "",
    );
    // What the header says is nearer.
    reads_of(
        "林草局.xlsx",
        &grid("单位：亩、万元", "面积（万亩）"),
        as_is,
        "",
    );
}

#[test]
fn a_unit_in_a_label_is_of_its_row() {
    reads_of(
        "住建局.xlsx",
        "绿化指标 | 2023年 | 2024年 | 2025年 | 备注
         绿地率 | 40.12 | 41 | '42.5% | 稳步提高
         绿化覆盖率（%） | 0.4[0.00%] | 45 | 46
         人均公园绿地面积（公顷） | 0.0015 | 16 | 17",
        "绿地率: 40.12 | 41 | 42.5 | “稳步提高”
         绿化覆盖率: 40.00 | 45 | 46 | ∅
         人均公园绿地面积: 15 | 160000 | 170000 | ∅",
        "read-as hint D2 42.5% => 42.5
         unit-differs verification B4+C4+D4 0.0015公顷 => 15㎡",
    );
}

#[test]
fn percentages() {
    reads_of(
        "住建局.xlsx",
        "年份 | 城镇生活污水再生利用率 | 备注
         2023年 | 0.4[0%]
         2024年 | '45%
         2025年 | 0.505[0.0%]",
        "@2023: 40 | ∅
         @2024: 45 | ∅
         @2025: 50.5 | ∅",
        "read-as hint B3 45% => 45",
    );
    // A percentage is no area.
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 0.4[0%] | '40% | 3 | 4",
        "轮台镇: ?40% | ?40% | 3 | 4",
        "not-a-number mandatory B3 40% => 40 / 0.4
         not-a-number mandatory C3 40% => 40 / 0.4",
    );
}

#[test]
fn formulas() {
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1.5 | 2 | 3 | =SUM(B3:D3)",
        "轮台镇: 1.5 | 2 | 3 | 6.5",
        "formula-error hint E3 =SUM(B3:D3) => 6.5",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | #N/A | =B3/0 -> #DIV/0! | =VLOOKUP(A3,表2!A:B,2,0) | =B3+C3 -> 7",
        "轮台镇: ?#N/A | ?#DIV/0! | ?=VLOOKUP(A3,表2!A:B,2,0) | 7",
        "formula-error mandatory B3 #N/A
         formula-error mandatory C3 #DIV/0!
         formula-error mandatory D3 =VLOOKUP(A3,表2!A:B,2,0)",
    );
    // One total typed over where the others are computed.
    reads_of(
        "林草局.xlsx",
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1 | 2 | 3 | =SUM(B3:D3) -> 6
         草湖乡 | 1 | 2 | 3 | 7
         轮南镇 | 1 | 2 | 3 | =SUM(B5:D5) -> 6
         全县合计 | =SUM(B3:B5) -> 3 | 6 | =SUM(D3:D5) -> 9 | =SUM(E3:E5) -> 19",
        "轮台镇: 1 | 2 | 3 | 6
         草湖乡: 1 | 2 | 3 | 7
         轮南镇: 1 | 2 | 3 | 6
         合计: 3 | 6 | 9 | 19",
        "formula-replaced hint E4 7
         formula-replaced hint C6 6",
    );
}

const BOILERS: &str = "序号 | 地州市 | 所在区、县 | 所属单位 | 蒸吨数 | 建成时间 | 是否有低氮改造设施 | 计划完成低氮改造时间 | 计划改造金额（万元） | 备注\n";

#[test]
fn dates() {
    let grid = format!(
        "{BOILERS}
         1 | 巴州 | 轮台县 | 甲厂 | 2 | @2019-06-03 | 否 | 2024年12月 | 5
         2 | 巴州 | 轮台县 | 乙厂 | 2.0 | 2019/6/3 | 否 | 20241231 | 5
         3 | 巴州 | 轮台县 | 丙厂 | 2 | 2019.6 | 否 | 年底前 | 5
         4 | 巴州 | 轮台县 | 丁厂 | 2 | 43619 | 是 | / | －
         5 | 巴州 | 轮台县 | 戊厂 | 2 | 2019.1 | 否 | 2024.10 | 5
         6 | 巴州 | 轮台县 | 己厂 | 2 | '2019.1 | 否 | 2024 | 5"
    )
    .replace("\n\n", "\n");
    reads_of(
        "生态环境局.xlsx",
        &grid,
        "甲厂·2019-06-03: “巴州” | “轮台县” | 2 | “否” | 2024-12 | 5 | ∅
         乙厂·2019-06-03: “巴州” | “轮台县” | 2.0 | “否” | 2024-12-31 | 5 | ∅
         丙厂·2019-06: “巴州” | “轮台县” | 2 | “否” | ?年底前 | 5 | ∅
         丁厂·43619: “巴州” | “轮台县” | 2 | “是” | － | － | ∅
         戊厂·2019.1: “巴州” | “轮台县” | 2 | “否” | 2024-10 | 5 | ∅
         己厂·2019-01: “巴州” | “轮台县” | 2 | “否” | 2024 | 5 | ∅",
        "read-as hint F3+H3+F4+H6+F7+H7 2019/6/3 => 2019-06-03
         not-a-number mandatory H4 年底前
         not-a-number mandatory F5 43619 => 2019-06-03
         read-as hint H5 / => －
         not-a-number mandatory F6 2019.1",
    );
}

#[test]
fn a_register_keeps_what_was_filled_in() {
    let grid = format!(
        "{BOILERS}
         1 | 巴州 | 轮台县 | 轮台 热力公司（一号） | 2 | 2019-06-03 | 否 | 2024-12-31 | 5
         2 | 巴州 | 轮台县 | ^ | 4 | 2020-06-03 | 否 | 2024-12-31 | 6
         3 | 巴州 | 轮台县 | 乙厂 | 4 | | 否 | 2024-12-31 | 6
         4 | | | 丙厂
         5
         6"
    )
    .replace("\n\n", "\n");
    let reading = read_sheets(luntai(), "生态环境局.xlsx", &[sheet(&grid)]);
    let table = &reading.tables[0];
    let names: Vec<String> = table.rows.iter().map(|row| row.name()).collect();
    assert_eq!(
        names,
        [
            "轮台热力公司(一号)·2019-06-03",
            "轮台热力公司(一号)·2020-06-03",
            "乙厂·",
            "丙厂·"
        ]
    );
    let units: Vec<String> = table
        .rows
        .iter()
        .map(|row| row.entries[3].value.to_string())
        .collect();
    assert_eq!(
        units,
        [
            "轮台 热力公司（一号）",
            "轮台热力公司(一号)",
            "乙厂",
            "丙厂"
        ],
        "as typed; a cell that is merged from above in its plain form"
    );
    assert_eq!(
        reading.shown(),
        "missing-value verification F4\n\
         missing-value verification B5+C5+E5+F5+G5+H5+I5"
    );
}

#[test]
fn codes_are_texts() {
    let header = "锅炉使用状态 | 使用单位名称 | 设备所在区县 | 使用登记证号 | 注册代码 | 设备型号 | 产品编号 | 蒸吨数 | \
                  注册登记时间 | 是否在县级及以上城市建成区 | 是否完成超低排放改造 | 改造工艺 | 计划完成超低排放改造时间 | 备注\n";
    let row = |code: &str, number: &str| {
        format!(
            "在用 | 甲厂 | 轮台县 | {number} | {code} | X-1 | 12 | 75 | 2016年6月 | 否 | 否 | 炉内脱硫 | 2024年12月\n"
        )
    };
    let grid = format!(
        "{header}{}{}",
        row("'11106528002016060001", "锅10新M00012(19)"),
        row("11106528002016060002", "12345")
    );
    let reading = read_sheets(luntai(), "生态环境局.xlsx", &[sheet(&grid)]);
    assert_eq!(reading.shown(), "read-as mandatory E3 11106528002016100000");
    let table = &reading.tables[0];
    let code = |row: usize| crate::desk::shown_value(&table.rows[row].entries[5].value);
    assert_eq!(code(0), "“11106528002016060001”");
    assert_eq!(
        code(1),
        "?11106528002016100000",
        "digits beyond the fifteenth are lost"
    );
    assert_eq!(table.rows[0].entries[7].value.to_string(), "12");
}

#[test]
fn rows_that_lack_repeat_or_do_not_belong() {
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         草湖乡 | 1 | 2 | 3 | 6",
        "草湖乡: 1 | 2 | 3 | 6",
        "unknown-reporter verification - 轮台镇",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1 | 2 | 3 | 6
         轮台镇 | 1 | 2 | 3 | 7
         小计 | 1 | 2 | 3 | 6
         幸福乡 | 1 | 2 | 3 | 6
         | 1 | 2 | 3 | 6
         合计 | 1 | 2 | 3 | 6
         总计： | 1 | 2 | 3 | 6",
        "轮台镇: 1 | 2 | 3 | 6
         合计: 1 | 2 | 3 | 6",
        "read-as quasi-mandatory A4+A3 轮台镇
         unexpected-row hint A5 小计
         unexpected-row quasi-mandatory A6 幸福乡
         unexpected-row quasi-mandatory A7
         unexpected-row hint A9 总计",
    );
    reads_of(
        "住建局.xlsx",
        "年份 | 城镇生活污水再生利用率 | 备注
         2023年 | 40
         2025年 | 50",
        "@2023: 40 | ∅
         @2025: 50 | ∅",
        "missing-row mandatory A1",
    );
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 1 | | 3 |
         草湖乡 | | | |",
        "轮台镇: 1 | ∅ | 3 | ∅",
        "missing-value verification C3+E3",
    );
}

#[test]
fn rows_of_numbers_below_a_header_are_no_figures() {
    for codes in [
        "甲 | 1 | 2 | 3 | 4=1+2+3",
        "（1） | （2） | （3） | （4） | （5）",
        "1 | 2 | 3 | 4 | 5",
        "'1 | '2 | '3 | '4 | '5",
    ] {
        reads(
            &format!(
                "单位：亩
                 单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
                 {codes}
                 轮台镇 | 1 | 2 | 3 | 6"
            ),
            "轮台镇: 1 | 2 | 3 | 6",
            "",
        );
    }
}

#[test]
fn a_row_of_units_below_a_header_states_them() {
    let form = |units: &str, figure: &str| {
        format!(
            "单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
             {units}
             轮台镇 | {figure} | {figure} | {figure} | {figure}"
        )
    };
    let in_mu = "轮台镇: 331.6 | 331.6 | 331.6 | 331.6";
    for units in [
        "| （亩） | （亩） | （亩） | （亩）",
        "计量单位 | 亩 | 亩 | 亩 | 亩",
    ] {
        reads(&form(units, "331.6"), in_mu, "");
    }
    reads(
        &form("| 万亩 | 万亩 | 万亩 | 万亩", "0.03316"),
        in_mu,
        "unit-differs verification B3+C3+D3+E3 0.03316万亩 => 331.6亩",
    );
}

#[test]
fn years_above_and_beside_figures_may_be_spelled_otherwise() {
    for years in [
        "2023年 | 2024年 | 2025年",
        "2023 | 2024 | 2025",
        "２０２３年度 | 2024 年 | 2025年度①",
    ] {
        reads(
            &format!(
                "单位：亩
                 单位 | {years} | 三年合计
                 轮台镇 | 1 | 2 | 3 | 6"
            ),
            "轮台镇: 1 | 2 | 3 | 6",
            "",
        );
    }
    reads_of(
        "住建局.xlsx",
        "年份 | 城镇生活污水再生利用率 | 备注
         二〇二三年 | 40
         2024年度 | 45
         2025 | 50",
        "@2023: 40 | ∅
         @2024: 45 | ∅
         @2025: 50 | ∅",
        "",
    );
}

#[test]
fn a_township_that_returns_nothing_but_a_total_owes_its_row() {
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇合计 | 1 | 2 | 3 | 6",
        "合计: 1 | 2 | 3 | 6",
        "missing-row mandatory A2",
    );
}

#[test]
fn a_sheet_of_strange_cells_is_told_of_together() {
    let mut cells = Vec::new();
    for (col, header) in ["单位", "2023年度", "2024年度", "2025年度", "三年合计"]
        .iter()
        .enumerate()
    {
        cells.push(cell(0, col as u32, text(header)));
    }
    for row in 1..=3000 {
        cells.push(cell(row, 0, text(&format!("第{row}村"))));
        cells.push(cell(row, 1, CellValue::Number(1.0)));
    }
    // Of rows that are none of its own, only the sheet's name says that it is the form.
    let sheet = Sheet::new("附件3".into(), true, cells, Vec::new());
    let reading = read_sheets(luntai(), "轮台镇.xlsx", &[sheet]);
    let strange = reading
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::UnexpectedRow);
    let places: usize = strange.clone().map(|finding| 1 + finding.cells.len()).sum();
    assert_eq!(places, 3000, "none is lost");
    assert_eq!(strange.count(), 200);
}

/// What 轮台镇's first figure is read as.
fn read_as(typed: &str) -> String {
    let cells = ["单位", "2023年度", "2024年度", "2025年度", "三年合计"];
    let mut cells: Vec<_> = (0u32..)
        .zip(cells)
        .map(|(col, header)| cell(0, col, text(header)))
        .collect();
    cells.push(cell(1, 0, text("轮台镇")));
    cells.push(cell(1, 1, text(typed)));
    cells.push(cell(1, 2, CellValue::Number(1.0)));
    let sheet = Sheet::new("表".into(), true, cells, Vec::new());
    let reading = read_sheets(luntai(), "轮台镇.xlsx", &[sheet]);
    crate::desk::shown_value(&reading.tables[0].rows[0].entries[1].value)
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap_or(c),
        ' ' => '\u{3000}',
        c => c,
    };
    text.chars().map(wide).collect()
}

fn with_separators(whole: &str) -> String {
    let mut grouped = String::new();
    for (idx, digit) in whole.chars().enumerate() {
        if idx > 0 && (whole.len() - idx).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(typed in any::<String>()) {
        read_as(&typed);
    }

    #[test]
    fn no_text_of_figures_breaks_the_reader(typed in "[-+(（0-9０-９.,，．%％ 亩万/\\-]{0,24}") {
        read_as(&typed);
    }

    #[test]
    fn the_width_of_characters_does_not_matter(typed in "[-+(]?[0-9]{1,4}(,[0-9]{3}|[.][0-9]{1,3})?[%)]?") {
        // What is no figure is shown as it was typed.
        let (half, full) = (read_as(&typed), read_as(&full_width(&typed)));
        match half.strip_prefix('?') {
            Some(shown) => prop_assert_eq!(format!("?{}", full_width(shown)), full),
            None => prop_assert_eq!(half, full),
        }
    }

    #[test]
    fn separators_do_not_matter(whole in "[1-9][0-9]{0,14}", fraction in "([.][0-9]{1,4})?") {
        let plain = format!("{whole}{fraction}");
        let grouped = format!("{}{fraction}", with_separators(&whole));
        prop_assert_eq!(read_as(&plain), plain.clone());
        prop_assert_eq!(read_as(&grouped), plain);
    }

    #[test]
    fn no_number_and_no_format_breaks_the_reader(
        number in any::<f64>(),
        percent in any::<bool>(),
        decimals in any::<Option<u8>>(),
    ) {
        let mut figure = cell(1, 1, CellValue::Number(number));
        figure.format = NumberFormat {
            percent,
            decimals,
            ..NumberFormat::default()
        };
        let cells = vec![
            cell(0, 0, text("年份")),
            cell(0, 1, text("城镇生活污水再生利用率")),
            cell(1, 0, text("2023年")),
            figure,
        ];
        let sheet = Sheet::new("表".into(), true, cells, Vec::new());
        let reading = read_sheets(luntai(), "住建局.xlsx", &[sheet]);
        prop_assert_eq!(reading.tables.len(), 1);
    }
}

#[test]
fn figures_too_large_to_be_true_are_said_and_left_out() {
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 10000000000000000000000000000 | '1234567890123456 | 999999999999999 | '-1000000000000000",
        "轮台镇: ?1E28 | ?1234567890123456 | 999999999999999 | ?-1000000000000000",
        "not-a-number mandatory B3 1E28
         not-a-number mandatory C3 1234567890123456
         not-a-number mandatory E3 -1000000000000000",
    );
    // A zero that nobody typed is as bad.
    reads(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 0.000000000000000000000000000000000001 | 0 | 0 | 0",
        "轮台镇: ?0.000000000000000000000000000000000001 | 0 | 0 | 0",
        "not-a-number mandatory B3 0.000000000000000000000000000000000001",
    );
    // Converted, it is too large; so is what no decimal of ours holds.
    reads(
        "单位：万亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 100000000000 | 1 | '79228162514264337593543950335 | '792281625142643375935439503350",
        "轮台镇: ?100000000000 | 10000 | ?79228162514264337593543950335万亩 | ?792281625142643375935439503350",
        "unit-differs verification A1 万亩 => 亩
         not-a-number mandatory B3 100000000000
         unit-differs mandatory D3 79228162514264337593543950335万亩
         not-a-number mandatory E3 792281625142643375935439503350",
    );
}

/// What the clerk reads about them.
#[test]
fn a_figure_too_large_to_be_true_is_said_in_words() {
    let grid = "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         轮台镇 | 10000000000000000000000000000 | 1 | 2 | 3";
    let reading = read_sheets(luntai(), "轮台镇.xlsx", &[sheet(grid)]);
    let said: Vec<String> = (reading.findings.iter())
        .map(|finding| words::message(finding, Lang::Zh))
        .collect();
    assert_eq!(
        said,
        ["数字太大，不像真的，未汇总：填写 1E28，超过了表格能存下的 15 位整数"]
    );
}
