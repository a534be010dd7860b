//! Figures in another unit are told once, by what they are, and not by what comes of them.

use rust_xlsxwriter::Workbook;
use serde_json::Value;

use crate::check_command::{Desk, said};

/// A workbook with a sheet for each form: lines of cells, separated by strokes.
fn returned(desk: &Desk, forms: &[(&str, String)]) {
    let mut book = Workbook::new();
    for (name, lines) in forms {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).expect("a name");
        for (row, line) in lines.trim().lines().enumerate() {
            for (col, text) in line.split('|').map(str::trim).enumerate() {
                let at = (row as u32, col as u16);
                let written = match text.parse::<f64>() {
                    _ if text.is_empty() => continue,
                    Ok(figure) => sheet.write(at.0, at.1, figure),
                    Err(_) => sheet.write(at.0, at.1, text),
                };
                written.expect("a cell");
            }
        }
    }
    book.save(desk.0.join("表.xlsx")).expect("a workbook");
}

/// What is found in them, hints left out.
fn found(desk: &Desk) -> Vec<Value> {
    let output = desk.check(&["表.xlsx", "--format", "json"]);
    let json: Value = serde_json::from_str(&said(&output)).expect("JSON");
    let findings = json["findings"].as_array().expect("findings").iter();
    findings
        .filter(|finding| finding["level"] != "hint")
        .cloned()
        .collect()
}

fn kinds(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .filter_map(|finding| finding["kind"].as_str())
        .collect()
}

/// 附件2 of the plan.
fn greening(rates: [[f64; 3]; 2]) -> String {
    let [green, covered] = rates.map(|years| years.map(|it| it.to_string()).join("|"));
    format!(
        "附件2
         2023-2025年建成区绿化指标规划目标
         填报单位：县住建局
         绿化指标|2023年|2024年|2025年|备注
         绿地率（%）|{green}
         绿化覆盖率（%）|{covered}
         人均公园绿地面积（㎡）|16.42|17.53|18.32"
    )
}

#[test]
fn percentages_filled_in_as_shares_are_told_once_for_the_form() {
    let desk = Desk::new("shares");
    let shares = [[0.4021, 0.4085, 0.413], [0.4307, 0.4368, 0.4401]];
    returned(&desk, &[("附件2", greening(shares))]);
    let found = found(&desk);
    // 41.3 % and 44.01 % keep the promises of at least 41 % and 44 %; 0.413 and 0.4401 do not.
    assert_eq!(kinds(&found), ["unit-slip"], "{found:#?}");
    assert_eq!(found[0]["level"], "mandatory", "as what comes of it");
    assert_eq!(found[0]["cell"], "B5");
    let cells: Vec<&str> = found[0]["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(cells, ["C5", "D5", "B6", "C6", "D6"]);
    assert_eq!(
        found[0]["message"],
        "疑计量单位填错：全表各数疑按小数（系数）填写，应为百分数，小了 100 倍，都不到 1，小数位又比要求的多；\
         由此引起的 2 处不符（T-12、T-13）不再逐条列出"
    );
    assert_eq!(found[0]["suspects"][0]["likely"], "40.21");
}

#[test]
fn one_share_is_told_by_the_other_years() {
    let desk = Desk::new("share");
    // Its two decimals are those that are asked for, so by itself it might be 0.41 %.
    let rates = [[40.21, 0.41, 41.3], [43.07, 43.68, 44.01]];
    returned(&desk, &[("附件2", greening(rates))]);
    let found = found(&desk);
    assert_eq!(kinds(&found), ["unit-slip"], "{found:#?}");
    assert_eq!(found[0]["cell"], "C5");
    assert_eq!(found[0]["given"], "0.41");
    assert_eq!(found[0]["expected"], "41");
}

#[test]
fn small_percentages_are_no_shares() {
    let desk = Desk::new("small");
    let form = "附件1
        轮台县2023-2025年环境空气质量约束性指标计划
        填报单位：巴州生态环境局轮台县分局
        区域|环境空气质量优良率目标（%）|||PM2.5目标浓度(ug/m3)|||重污染天数比例（%）|||PM10目标浓度(ug/m3)
        |2023年|2024年|2025年|2023年|2024年|2025年|2023年|2024年|2025年|2023年|2024年|2025年
        轮台县|55|55|56|40.0|40.0|39.8|0.9|0.8|0.7|99|98|97";
    returned(&desk, &[("附件1", form.to_owned())]);
    let found = found(&desk);
    assert!(!kinds(&found).contains(&"unit-slip"), "{found:#?}");
}

/// 附件3 of the plan, each figure in so many 亩.
fn afforestation(unit: f64) -> String {
    let rows = [
        ("轮台镇", [331.6, 295.5, 302.1]),
        ("群巴克镇", [251.4, 781.7, 1167.2]),
        ("哈尔巴克乡", [685.3, 289.6, 327.1]),
        ("阿克萨来乡", [80.1, 59.6, 177.4]),
        ("塔尔拉克乡", [264.5, 122.2, 169.4]),
        ("草湖乡", [173.0, 230.0, 278.2]),
        ("阳霞镇", [854.8, 1990.6, 1398.7]),
        ("铁热克巴扎乡", [323.0, 143.9, 273.0]),
        ("策达雅乡", [1209.8, 182.1, 209.9]),
        ("野云沟乡", [184.5, 381.8, 140.9]),
        ("轮南镇", [142.0, 23.0, 56.1]),
    ];
    let mut lines = "附件3
        轮台县2023-2025年造林绿化任务指导性计划表
        填报单位：县林草局||||单位：亩
        单位|2023年度|2024年度|2025年度|三年合计"
        .to_owned();
    let mut line = |name: &str, years: [f64; 3]| {
        let all = years.into_iter().chain([years.iter().sum()]);
        // Tenths of 亩, so that nothing is lost in a larger unit.
        let all = all.map(|it| format!("{:.5}", (it * 10.0).round() / 10.0 / unit));
        lines += &format!("\n{name}|{}", all.collect::<Vec<_>>().join("|"));
    };
    let mut total = [0.0; 3];
    for (name, years) in rows {
        line(name, years);
        (0..3).for_each(|idx| total[idx] += years[idx]);
    }
    line("全县合计", total);
    lines
}

#[test]
fn a_whole_form_in_another_unit_is_told_by_the_plans_promise_alone() {
    let desk = Desk::new("form");
    returned(&desk, &[("附件3", afforestation(10_000.0))]);
    let found = found(&desk);
    // 1.35万亩 were promised; 1.35亩 are what the total row says.
    assert_eq!(kinds(&found), ["unit-slip"], "{found:#?}");
    let message = found[0]["message"].as_str().expect("words");
    assert!(
        message.starts_with("疑计量单位填错：全表各数疑按“万亩”填写，应为“亩”，小了 10000 倍"),
        "{message}"
    );
    returned(&desk, &[("附件3", afforestation(1.0))]);
    assert_eq!(self::found(&desk), Vec::<Value>::new(), "as it should be");
}

/// 轮台镇's row of 附件7 in the plan, from 用水总量 2023 to 生活 2025.
const WATER: [&str; 21] = [
    "3603", "3492", "3381", "2632", "971", "0", "2517", "975", "0", "2402", "979", "0", "327",
    "3039", "237", "336", "2918", "238", "345", "2797", "239",
];

/// 附件7 with that one row.
fn water(row: [&str; 21]) -> String {
    format!(
        "附件7
         2023-2025年度用水指标分解表
         填报单位：轮台镇
         序号|灌区名称|乡镇名称|2023年度用水总量指标|2024年度用水总量指标|2025年度用水总量指标\
         |水指标按水源类型分|||||||||农业用水量
         ||||||2023年度|||2024年度|||2025年度|||2023年度|||2024年度|||2025年度
         ||||||地表水|地下水|其他水源|地表水|地下水|其他水源|地表水|地下水|其他水源\
         |工业|农业|生活|工业|农业|生活|工业|农业|生活
         1|迪那河灌区|轮台镇|{}",
        row.join("|")
    )
}

#[test]
fn a_row_that_stands_alone_is_seen_to_be_one_column_off() {
    let desk = Desk::new("sideways");
    returned(&desk, &[("附件7", water(WATER))]);
    assert_eq!(
        found(&desk),
        Vec::<Value>::new(),
        "the plan's row is in order"
    );

    // From 地表水 2023 on, everything stands one column to the right, and the last figure is lost.
    let mut right = WATER;
    right.copy_within(3..20, 4);
    right[3] = "";
    returned(&desk, &[("附件7", water(right))]);
    let found = found(&desk);
    assert_eq!(kinds(&found), ["missing-value", "shifted"], "{found:#?}");
    assert_eq!(found[1]["level"], "mandatory");
    assert_eq!(
        found[1]["message"],
        "疑整行错列：本行各数右移了 1 列，移回后 5 条关系相符；由此引起的 1 处不符（A7-02）不再逐条列出"
    );
    let likely: Vec<&str> = found[1]["suspects"]
        .as_array()
        .expect("suspects")
        .iter()
        .filter_map(|suspect| suspect["likely"].as_str())
        .collect();
    assert_eq!(likely, WATER[3..20], "what stood there before");
}

#[test]
fn a_blank_beside_a_wrong_figure_is_no_row_that_was_moved() {
    let desk = Desk::new("blank");
    let mut row = WATER;
    row[3] = "";
    row[13] = "309";
    returned(&desk, &[("附件7", water(row))]);
    let found = found(&desk);
    assert_eq!(kinds(&found), ["missing-value", "miswritten"]);
    // 3039 less a digit, by the sum of the uses.
    let told = ["cell", "given", "expected"].map(|key| found[1][key].as_str().unwrap_or_default());
    assert_eq!(told, ["Q7", "309", "3039"]);
}

/// 附件5 of the plan with its figures times so much, and 附件3.1, which has some of them again.
fn restoration(area: f64, money: f64) -> [(&'static str, String); 2] {
    let head = |number: &str| {
        format!(
            "{number}
             2023年至2025年塔里木河流域生态修复治理项目计划
             填报单位：县林草局
             序号|年度|项目内容|面积（万亩）|投资金额（万元）|备注"
        )
    };
    let rows = [
        ("2023年", "人工造乔木林", 0.45, 405.0),
        ("2023年", "退化林修复", 0.2, 130.0),
        ("2023年", "封（沙）山育林", 5.0, 500.0),
        ("2023年", "草原改良", 1.0, 90.0),
        ("2024年", "人工造乔木林", 0.45, 405.0),
        ("2024年", "退化林修复", 0.2, 130.0),
        ("2024年", "封（沙）山育林", 4.0, 400.0),
        ("2025年", "人工造乔木林", 0.45, 405.0),
        ("2025年", "退化林修复", 0.2, 130.0),
        ("2025年", "封（沙）山育林", 5.0, 500.0),
    ];
    let lines = |number: &str, wanted: &dyn Fn(&str) -> bool, area: f64, money: f64| {
        let rows = rows.iter().filter(|row| wanted(row.1));
        let rows = rows.enumerate().map(|(idx, (year, what, hectares, cost))| {
            format!(
                "\n{}|{year}|{what}|{}|{}",
                idx + 1,
                hectares * area,
                cost * money
            )
        });
        head(number) + &rows.collect::<String>()
    };
    let shared = |what: &str| matches!(what, "封（沙）山育林" | "草原改良");
    [
        ("附件3.1", lines("附件3.1", &shared, 1.0, 1.0)),
        ("附件5", lines("附件5", &|_| true, area, money)),
    ]
}

#[test]
fn of_two_forms_that_differ_by_a_factor_that_in_the_usual_unit_is_meant() {
    let desk = Desk::new("money");
    returned(&desk, &restoration(1.0, 10_000.0));
    let found = found(&desk);
    // The plan's own 0.6 against 0.65万亩 is there in any case.
    assert_eq!(kinds(&found), ["target", "unit-slip"], "{found:#?}");
    let slip = &found[1];
    assert_eq!(
        (&slip["sheet"], &slip["cell"]),
        (&"附件5".into(), &"E5".into())
    );
    let message = slip["message"].as_str().expect("words");
    assert!(
        message.contains("本列各数疑按“元”填写，应为“万元”，大了 10000 倍"),
        "{message}"
    );
}

#[test]
fn money_that_does_not_follow_the_area_is_asked_about() {
    let desk = Desk::new("price");
    let wrong = |lines: String| lines.replace("|4|400", "|4|450");
    returned(
        &desk,
        &restoration(1.0, 1.0).map(|(name, lines)| (name, wrong(lines))),
    );
    let found = found(&desk);
    // Both annexes say 450 for 4万亩 at 100 each, and must agree: it is one slip, copied.
    let causes: Vec<&Value> = (found.iter())
        .filter(|finding| finding["kind"] != "target")
        .collect();
    assert_eq!(causes.len(), 1, "{found:#?}");
    let suspects = causes[0]["suspects"].as_array().expect("suspects").iter();
    let first: Vec<&str> = suspects
        .take(2)
        .filter_map(|it| it["likely"].as_str())
        .collect();
    assert_eq!(first, ["400", "400"], "{found:#?}");
}

#[test]
fn no_suspect_quotes_a_figure_that_does_not_stand_in_its_cell() {
    let desk = Desk::new("area");
    returned(&desk, &restoration(10_000.0, 1.0));
    let found = found(&desk);
    assert_eq!(kinds(&found), ["target", "unit-slip"], "{found:#?}");
    assert_eq!(found[0]["given"], "6000");
    for finding in &found {
        for suspect in finding["suspects"].as_array().expect("suspects") {
            let given: f64 = suspect["given"]
                .as_str()
                .and_then(|it| it.parse().ok())
                .expect("a figure");
            assert!(given >= 2000.0, "{finding:#?}");
        }
    }
}
