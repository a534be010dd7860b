//! Which figure is told to be wrong, and what is proposed for it: forms of the plan's scheme with one slip, worked out by
//! hand. Formulas are followed to what they add up.

use rust_xlsxwriter::{Formula, Workbook, Worksheet};
use serde_json::Value;

use crate::check_command::{Desk, said};

/// Lines of cells, separated by strokes; `=SUM(C5:E5) → 929.2` is a formula with the result that was saved.
fn write(sheet: &mut Worksheet, lines: &str) {
    for (row, line) in lines.trim().lines().enumerate() {
        for (col, text) in line.split('|').map(str::trim).enumerate() {
            let at = (row as u32, col as u16);
            let written = match (text.parse::<f64>(), text.split_once(" → ")) {
                _ if text.is_empty() => continue,
                (Ok(figure), _) => sheet.write(at.0, at.1, figure),
                (_, Some((formula, saved))) => {
                    sheet.write_formula(at.0, at.1, Formula::new(formula).set_result(saved))
                }
                _ => sheet.write(at.0, at.1, text.trim_start_matches('\'')),
            };
            written.expect("a cell");
        }
    }
}

/// What is told of a form, hints left out.
fn told(name: &str, lines: &str) -> Vec<Value> {
    let desk = Desk::new(name);
    let mut book = Workbook::new();
    write(book.add_worksheet(), lines);
    book.save(desk.0.join("表.xlsx")).expect("a workbook");
    let output = desk.check(&["表.xlsx", "--format", "json"]);
    let json: Value = serde_json::from_str(&said(&output)).expect("JSON");
    let findings = json["findings"].as_array().expect("findings").iter();
    findings
        .filter(|finding| finding["level"] != "hint")
        .cloned()
        .collect()
}

/// Of each finding the first suspect: its cell, what is proposed, and why.
fn first_suspects(found: &[Value]) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = |finding: &Value| {
        let suspect = &finding["suspects"][0];
        (
            text(&suspect["cell"]),
            text(&suspect["likely"]),
            text(&suspect["why"]),
        )
    };
    found.iter().map(first).collect()
}

/// The only finding's first suspect: cell, proposal, and a piece of the reason.
#[track_caller]
fn check(name: &str, lines: &str, cell: &str, likely: &str, why: &str) {
    let found = told(name, lines);
    let first = first_suspects(&found);
    let [(at, proposed, reason)] = &first[..] else {
        panic!("one finding: {found:#?}");
    };
    assert_eq!((&**at, &**proposed), (cell, likely), "{found:#?}");
    assert!(reason.contains(why), "{reason} says {why}");
}

/// 附件2.1, 2024 given, in a form that balances both ways with 公园 2.11, 附属 1.21, 道路 1.18, 生产 2.73.
fn green(year_2024: &str) -> String {
    format!(
        "附件2.1
         2023-2025年建成区新增绿地面积规划目标
         填报单位：县住建局
         年份|公园绿地新增（公顷）|附属绿地新增（公顷）|道路绿地新增（公顷）|生产绿地新增（公顷）|合计|备注
         2023年|2.7|5.93|5.41|3.49|17.53
         2024年|{year_2024}
         2025年|8.92|2.19|3.34|4.24|18.69
         合计|13.73|9.33|9.93|10.46|43.45"
    )
}

#[test]
fn a_figure_with_more_decimals_than_its_column_is_suspected_all_the_same() {
    // 0.0118 平方公里 are 1.18 公顷.
    let form = green("2.11|1.21|0.0118|2.73|7.23");
    check("decimals", &form, "D6", "1.18", "平方公里");
}

#[test]
fn a_blank_that_counts_as_nothing_is_filled_in_by_the_sums() {
    // Row: 7.23 − 2.11 − 1.21 − 1.18; column: 10.46 − 3.49 − 4.24.
    let form = green("2.11|1.21|1.18||7.23");
    check("blank-none", &form, "E6", "2.73", "空着");
}

/// 附件5 with two figures of 2024: the money for 退化林修复, and the area of 封育.
fn projects(money: &str, area: &str) -> String {
    format!(
        "附件5
         2023年至2025年塔里木河流域生态修复治理项目计划
         填报单位：县林草局
         序号|年度|项目内容|面积（万亩）|投资金额（万元）|备注
         1|2023|人工造乔木林|0.35|315
         ||退化林修复|0.21|137
         ||封（沙）山育林|4.81|481
         ||草原改良|1|90
         2|2024|人工造乔木林|0.29|261
         ||退化林修复|0.26|{money}
         ||封（沙）山育林|{area}|504
         3|2025|人工造乔木林|0.71|639
         ||退化林修复|0.18|117
         ||封（沙）山育林|4.15|415"
    )
}

#[test]
fn a_price_says_what_was_paid() {
    // 0.26 万亩 at 650: 169.
    check("price", &projects("16", "5.04"), "E10", "169", "少一位数字");
}

#[test]
fn a_price_and_the_promised_sum_name_the_area() {
    // 5.04 of 14 万亩; the price of 504 says so too.
    check(
        "area",
        &projects("169", "4.04"),
        "D11",
        "5.04",
        "一位数字不同",
    );
}

/// 附件3 of one township, its figures from C on.
fn planting(figures: &str) -> String {
    format!(
        "|附件3
         |轮台县轮台镇2023-2025年造林绿化任务指导性计划表
         |填报单位：轮台镇|||单位：亩
         |单位|2023年度|2024年度|2025年度|三年合计
         |轮台镇|{figures}"
    )
}

#[test]
fn a_blank_total_is_offered_its_sum() {
    let found = told("blank-total", &planting("331.6|295.5|302.1|"));
    let first = first_suspects(&found);
    assert_eq!(first.len(), 1, "{found:#?}");
    assert_eq!((&*first[0].0, &*first[0].1), ("F5", "929.2"));
    assert_eq!(found[0]["expected"], "929.2");
}

#[test]
fn of_a_single_sum_the_total_comes_first() {
    // 77.5 too much, which no slip of one hand's turn explains.
    check(
        "stale",
        &planting("482.7|255.7|278.1|1094"),
        "F5",
        "1016.5",
        "",
    );
}

#[test]
fn a_form_in_a_larger_unit_is_asked_about_by_its_decimals() {
    let found = told("unit", &planting("0.00639|0.06326|0.07856|0.14821"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["kind"], "unit-slip");
    assert_eq!(first_suspects(&found)[0].1, "63.9");
    // A small plot may well have so many decimals.
    let found = told("no-unit", &planting("0.5|12.25|0.5|13.25"));
    assert!(
        found.iter().all(|it| it["kind"] != "unit-slip"),
        "{found:#?}"
    );
}

#[test]
fn a_row_that_was_left_blank_is_what_the_total_has_more() {
    let form = "附件6.2
        轮台县2023年煤改电工程分布情况统计表
        填报单位：巴州生态环境局轮台县分局
        序号|乡镇|户数（个）|备注
        |合计（10个乡、镇）|10046
        1|轮台镇|745
        2|群巴克镇|
        3|哈尔巴克乡|775
        4|阿克萨来乡|1811
        5|塔尔拉克乡|729
        6|阳霞镇|477
        7|铁热克巴扎乡|1227
        8|策大雅乡|807
        9|野云沟乡|558
        10|草湖乡|2372";
    // The other nine are 9501.
    check("blank-row", form, "C7", "545", "空着");
}

/// 附件7 of one township: totals, sources and uses of three years.
fn water(totals: [&str; 3]) -> String {
    let [a, b, c] = totals;
    format!(
        "附件7
         2023-2025年度轮台县用水指标分解表
         填报单位：阿克萨来乡|||||||||||||单位：万立方米
         序号|灌区名称|乡镇名称|2023年度用水总量指标|2024年度用水总量指标|2025年度用水总量指标|水指标按水源类型分|||||||||农业用水量
         ||||||2023年度|||2024年度|||2025年度|||2023年度|||2024年度|||2025年度
         ||||||地表水|地下水|其他水源|地表水|地下水|其他水源|地表水|地下水|其他水源|工业|农业|生活|工业|农业|生活|工业|农业|生活
         1|迪那河灌区|阿克萨来乡|{a}|{b}|{c}|645|713|0|636|703|0|616|692|0|86|1240|32|87|1220|32|85|1191|32"
    )
}

#[test]
fn an_exact_sum_wins_over_a_value_that_looks_like_a_slip() {
    // 1339 by sources and by uses; 1340 would be one digit off, and within rounding.
    check("exact", &water(["1358", "1347", "1308"]), "E7", "1339", "");
}

#[test]
fn a_figure_is_not_said_to_be_left_out_unless_it_is_the_difference() {
    // 32 of 生活 are not the 30 that are missing.
    let found = told("left-out", &water(["1358", "1339", "1278"]));
    let first = first_suspects(&found);
    assert_eq!((&*first[0].0, &*first[0].1), ("F7", "1308"), "{found:#?}");
    assert!(!first[0].2.contains("漏加"), "{}", first[0].2);
}

#[test]
fn what_a_computed_total_adds_up_is_suspected_and_not_the_total() {
    // By uses 1358 is right, and 713 a digit too few.
    let form = water([
        "=SUM(G7:I7) → 716",
        "=SUM(J7:L7) → 1339",
        "=SUM(M7:O7) → 1308",
    ]);
    let form = form.replace("|645|713|", "|645|71|");
    check("followed", &form, "H7", "713", "少一位数字");
    // Without the slip nothing is to be said.
    let right = water([
        "=SUM(G7:I7) → 1358",
        "=SUM(J7:L7) → 1339",
        "=SUM(M7:O7) → 1308",
    ]);
    assert_eq!(told("followed-right", &right), Vec::<Value>::new());
}

#[test]
fn the_formula_itself_is_told_as_the_cause() {
    for (name, figures, why) in [
        (
            "out-of-date",
            "331.6|295.5|302.1|=SUM(C5:E5) → 829.2",
            "没有更新",
        ),
        (
            "too-short",
            "331.6|295.5|302.1|=SUM(C5:D5) → 627.1",
            "公式少加了",
        ),
        ("skips", "331.6|295.5|302.1|=C5+E5 → 633.7", "公式少加了"),
        (
            "twice",
            "331.6|295.5|302.1|=SUM(C5:E5)+E5 → 1231.3",
            "公式加的不是",
        ),
        ("text", "331.6|'295.5|302.1|=SUM(C5:E5) → 633.7", "文本格式"),
    ] {
        check(name, &planting(figures), "F5", "929.2", why);
    }
}

#[test]
fn a_total_that_was_typed_over_its_formula_is_suspected_first() {
    // 1358, 1339, 1308: the first was typed, and a digit of any of its neighbours would do as well.
    let form = water(["1458", "=SUM(J7:L7) → 1339", "=SUM(M7:O7) → 1308"]);
    check("typed-over", &form, "D7", "1358", "手工填写");
}

/// Of every row, the sources and uses of the year 2025 are those of 2024, and the last figures of 轮南镇 stand one
/// column to the right: from 2024 生活 on, which is blank.
#[test]
fn figures_moved_over_the_border_of_a_year_are_one_fault() {
    let form = "附件7
        2023-2025年度轮台县用水指标分解表
        填报单位：县水利局|||||||||||||单位：万立方米
        序号|灌区名称|乡镇名称|2023年度用水总量指标|2024年度用水总量指标|2025年度用水总量指标|水指标按水源类型分|||||||||农业用水量
        ||||||2023年度|||2024年度|||2025年度|||2023年度|||2024年度|||2025年度
        ||||||地表水|地下水|其他水源|地表水|地下水|其他水源|地表水|地下水|其他水源|工业|农业|生活|工业|农业|生活|工业|农业|生活
        1|迪那河灌区|轮台镇|300|300|300|200|100|0|200|100|0|200|100|0|50|230|20|50|230|20|50|230|20
        2|塔河灌区|轮南镇|900|900|900|700|200|0|700|200|0|700|200|0|60|800|40|60|800||40|61|800
        合计|||1200|1200|1200|900|300|0|900|300|0|900|300|0|110|1030|60|110|1030|60|111|1030|59";
    let found = told("moved", form);
    let shifted: Vec<&Value> = found.iter().filter(|it| it["kind"] == "shifted").collect();
    assert_eq!(shifted.len(), 1, "{found:#?}");
    let suspects = shifted[0]["suspects"].as_array().expect("suspects").iter();
    let moved: Vec<(&str, &str)> = suspects
        .filter_map(|it| Some((it["cell"].as_str()?, it["likely"].as_str()?)))
        .collect();
    // 2025 生活 was moved out of the row: 59 − 20.
    assert_eq!(
        moved,
        [("U8", "40"), ("V8", "61"), ("W8", "800"), ("X8", "39")]
    );
}
