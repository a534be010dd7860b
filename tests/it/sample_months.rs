//! The sample months, from the inbox to the workbook. Expected figures were worked out from the returned files by
//! another program (openpyxl and fractions), by what README.md of the inbox says of each file: which of several
//! counts, which is of another month, which did not arrive whole.

use std::fs;
use std::io::Cursor;
use std::process::Command;
use std::sync::OnceLock;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use serde_json::Value;

/// What May came to: its workbook and findings.json.
struct May {
    workbook: Vec<u8>,
    findings: Vec<u8>,
}

/// The plan, April and May merged in this order, once for all tests.
fn may() -> &'static May {
    static MAY: OnceLock<May> = OnceLock::new();
    MAY.get_or_init(|| {
        let name = format!("hebiao-sample-months-{}", std::process::id());
        let outbox = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&outbox);
        for period in ["plan", "2024-04", "2024-05"] {
            let done = Command::new(env!("CARGO_BIN_EXE_hebiao"))
                .args(["merge", period, "--outbox"])
                .arg(&outbox)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .output()
                .expect("the program runs");
            assert_eq!(done.status.code(), Some(1), "{period} has open findings");
        }
        let file = |name: &str| fs::read(outbox.join("2024-05").join(name)).expect(name);
        let may = May {
            workbook: file("轮台县-2024-05-汇总.xlsx"),
            findings: file("findings.json"),
        };
        let _ = fs::remove_dir_all(&outbox);
        may
    })
}

fn sheet(name: &str) -> Vec<Vec<Data>> {
    let file = Cursor::new(&may().workbook);
    let mut book: Xlsx<_> = open_workbook_from_rs(file).expect("a workbook");
    let range = book.worksheet_range(name).expect(name);
    range.rows().map(<[Data]>::to_vec).collect()
}

/// Figures with at most four decimals.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Float(float) => {
            let text = format!("{float:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    }
}

/// 本期|计划|增减|完成率|序时|快慢|差额|占合计|上月|增减|增减% of a name in the block of a figure.
fn variance(rows: &[Vec<Data>], figure: &str, name: &str) -> String {
    let heading = rows.iter().position(|row| row[0] == *figure).expect(figure);
    let mut block = rows[heading..].iter();
    let row = block.find(|row| row[1] == *name).expect(name);
    let cells = (3..=10).chain(12..=14).map(|col| shown(&row[col]));
    cells.collect::<Vec<_>>().join("|")
}

#[test]
fn the_variances_are_those_of_the_returned_files() {
    let rows = sheet("差异分析");
    let trees = |name| variance(&rows, "造林任务 2024年，亩", name);
    // 58 % of the plan are due by the end of May. Nine of eleven returned, whose plan is
    // 4500 − 59.6 − 23 = 4417.4 and whose April is 1736.7 − 22.2 − 8.1 = 1706.4; 哈尔巴克乡 in 万亩.
    for (name, line) in [
        (
            "轮台县",
            "1935.0161|4417.4|-2482.3839|43.8044|58|-14.1956|-627.0759|100|1706.4|228.6161|13.3976",
        ),
        (
            "野云沟乡",
            "120|381.8|-261.8|31.4301|58|-26.5699|-101.444|16.1773|140|-20|-14.2857",
        ),
        (
            "阳霞镇",
            "787.4|1990.6|-1203.2|39.5559|58|-18.4441|-367.148|58.5492|787.4|0|0",
        ),
        ("阿克萨来乡", "—|59.6|—|—|58|—|—|—|22.2|—|—"),
        (
            "哈尔巴克乡",
            "0.0161|289.6|-289.5839|0.0056|58|-57.9944|-167.9519|26.7833|105.8|-105.7839|-99.9847",
        ),
        (
            "草湖乡",
            "142.6|230|-87.4|62|58|4|9.2|-1.4671|93.4|49.2|52.6767",
        ),
    ] {
        assert_eq!(trees(name), line, "{name}");
    }
    let water = |name| variance(&rows, "用水总量 2024年（控制数），万立方米", name);
    // 草湖乡 did not return it in April. 38893 − 1385 − 3000 = 34508; the eight that returned both times had
    // 10657 − 292 − 4340 = 6025 in April.
    for (name, line) in [
        (
            "轮台县",
            "10657|34508|-23851|30.8827|34|-3.1173|-1075.72|100|6025|4340|72.0332",
        ),
        (
            "轮台镇",
            "1122|3492|-2370|32.1306|34|-1.8694|-65.28|6.0685|669|453|67.713",
        ),
        (
            "草湖乡",
            "292|1002|-710|29.1417|34|-4.8583|-48.68|4.5253|—|—|—",
        ),
        (
            "铁热克巴扎乡",
            "1347|4237|-2890|31.7914|34|-2.2086|-93.58|8.6993|747|600|80.3213",
        ),
    ] {
        assert_eq!(water(name), line, "{name}");
    }
    let farming = |name| variance(&rows, "农业 2024年（控制数），万立方米", name);
    // 铁热克巴扎乡 lost a digit. 34228 − 1347 − 3000 = 29881; 8290 − 289 − 3190 = 4811.
    for (name, line) in [
        (
            "轮台县",
            "8290|29881|-21591|27.7434|33|-5.2566|-1570.73|100|4811|3190|66.3064",
        ),
        (
            "铁热克巴扎乡",
            "475|4099|-3624|11.5882|33|-21.4118|-877.67|55.8766|706|-231|-32.7195",
        ),
    ] {
        assert_eq!(farming(name), line, "{name}");
    }
}

/// Of three years 2023's whole plan and 58 % of 2024's are due, each township's own: 群巴克镇
/// 250 + 58 % of 781.7 = 704.8 of 2200.3 would be 32.0 %, whatever the years of others are.
#[test]
fn a_plan_of_three_years_is_due_year_by_year() {
    let rows = sheet("差异分析");
    for (name, due, ahead, ahead_by) in [
        ("群巴克镇", "32.0", "-0.3", "-6.6"),
        ("草湖乡", "45.0", "1.6", "10.9"),
        ("策达雅乡", "82.1", "4.0", "64.2"),
        ("阳霞镇", "47.3", "-8.7", "-368.8"),
        ("野云沟乡", "57.4", "-14.6", "-103.1"),
        ("塔尔拉克乡", "60.3", "0.8", "4.3"),
        ("铁热克巴扎乡", "54.9", "1.9", "13.9"),
        ("轮台镇", "54.1", "-3.8", "-35.2"),
    ] {
        let line = variance(&rows, "三年合计，亩", name);
        let figures: Vec<f64> = (line.split('|').skip(4).take(3))
            .map(|figure| figure.parse().expect(figure))
            .collect();
        let shown: Vec<String> = figures
            .iter()
            .map(|figure| format!("{figure:.1}"))
            .collect();
        assert_eq!(shown, [due, ahead, ahead_by], "{name}");
    }
    // Who returned nothing has no share of its own years to be held against; April's 134.6 + 8.1 stay.
    assert_eq!(
        variance(&rows, "三年合计，亩", "轮南镇"),
        "—|221.1|—|—|—|—|—|—|142.7|—|—"
    );
}

#[test]
fn the_telephone_list_weighs_what_is_at_stake() {
    let json: Value = serde_json::from_slice(&may().findings).expect("JSON");
    let text = |call: &Value, key: &str| call[key].as_str().unwrap_or("-").to_owned();
    let calls = json["calls"].as_array().expect("calls").iter();
    let calls: Vec<String> = calls
        .map(|call| {
            ["reporter", "annex", "part", "whole"]
                .map(|key| text(call, key))
                .join(" ")
        })
        .collect();
    assert_eq!(
        calls,
        [
            // Half a file may hold anything. Its name says whose it is.
            "策达雅乡 - - -",
            // Nothing in its form moved: all of what it says of 2024 is to be explained.
            "阳霞镇 附件3 787.4 1935.01614",
            // 649.7 − 0.06497 of 2023, of the county's 3631.36497: times two.
            "哈尔巴克乡 附件3 649.63503 3631.36497",
            // Of April's figures: surface water and trees of 2023 are the greatest shares. Times three.
            "轮南镇 附件7 3021 28931",
            "轮南镇 附件3 134.6 4497.6",
            // 96 for 916, which the year's sum and last month's 499 show: 820 of 8290, times three.
            "铁热克巴扎乡 附件7 820 8290",
            // Underground water of 2024 and trees of 2023, as in April, times three.
            "阿克萨来乡 附件7 88 1340",
            "阿克萨来乡 附件3 82.0 4497.6",
            // 120 − 221.4; 120 − 140 times two.
            "野云沟乡 附件3 101.4 1935.01614",
            "野云沟乡 附件3 20.0 1935.01614",
            "县交通运输局 台账 - -",
            "县教科局 台账 - -",
            "县财政局 台账 - -",
        ]
    );
}

#[test]
fn the_ledger_counts_tasks_and_targets() {
    let rows = sheet("台账汇总");
    let counts = |name: &str| {
        let row = rows.iter().find(|row| row[0] == *name).expect(name);
        row[3..].iter().map(shown).collect::<Vec<_>>().join("|")
    };
    // 合计|完成|未完成|有进展|无进展|未报
    assert_eq!(counts("工作任务（项）"), "37|5|7|19|4|2");
    assert_eq!(counts("量化目标（个）"), "22|0|12|6|2|2");
}

#[test]
fn the_first_sheet_is_what_a_leader_reads() {
    let rows = sheet("概览");
    let line = |number: &str| {
        let at = rows.iter().position(|row| row[0] == *number).expect(number);
        let figures: Vec<String> = rows[at][1..].iter().map(shown).collect();
        (figures.join("|"), rows[at + 1][1].to_string())
    };
    // 0.01614 万亩 are 161.4 亩, of which 0.01614 are counted: 161.38 more. The office says 2650.7, which is
    // 58.9 % of the plan of 4500 and 715.68 more than the townships; those without figures were to do 82.6.
    let (figures, said) = line("附件3");
    assert_eq!(
        figures,
        "造林任务|亩|1935.0161|4417.4|43.8044|58|-14.1956|228.6161"
    );
    for expected in [
        "1—5月累计完成1935.0亩，为可比计划4417.4亩的43.8%，慢于序时进度（58%）14.2个百分点。",
        "比上月增加228.6亩。",
        "哈尔巴克乡（单位填错），改正后合计+161.4亩",
        "2家没有数：",
        "县林草局自报2650.7亩（58.9%），比各单位合计多715.7亩，请核对。",
        "最慢：野云沟乡（−26.6个百分点，待核实）、阳霞镇（−18.4个百分点",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    // Rates are of the end of the month: no schedule, and points of difference.
    let (figures, said) = line("附件1");
    assert!(
        figures.starts_with("优良率|%|58.1|57|101.9298|—|—|0.1"),
        "{figures}"
    );
    assert_eq!(
        said,
        "为58.1%，计划57%，已达到计划。比上月增加0.1个百分点。"
    );
    // Of the columns of 附件2.1 the one that adds up the others, by the name of what it adds up.
    let (figures, _) = line("附件2.1");
    assert!(
        figures.starts_with("建成区新增绿地面积合计|公顷|5.34|9.33|57.2347|58|"),
        "{figures}"
    );
    // A limit is the better the less of it is used.
    let (_, said) = line("附件7");
    assert!(
        said.starts_with(
            "1—5月累计10657万立方米，为可比控制数34508万立方米的30.9%，低于序时进度（34%）3.1个百分点。"
        ),
        "{said}"
    );
    let text: Vec<String> = rows.iter().map(|row| row[0].to_string()).collect();
    assert!(
        text.iter()
            .any(|line| line.starts_with("应报 40 份，已报 34 份，未报 6 份。")),
        "{text:#?}"
    );
}
