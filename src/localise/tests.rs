//! Small forms with planted mistakes, and what is said of them; every expectation is worked out by hand.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::check::Checked;
use crate::model::{Earlier, Entry, Past, Period, Row, RowKind, Value};
use crate::pipeline::FormReader;
use crate::report::{Lang, words};
use crate::returns;
use crate::scheme::{ColumnKind, Course, Scheme, SchemeFile, load};

const SCHEME: &str = r#"
id = "test"
title = "测试"
area = "轮台县"
years = [2023, 2024, 2025]

[[units]]
name = "亩"
[[units]]
name = "万亩"
is = "10000 亩"
[[units]]
name = "公顷"
is = "15 亩"

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
code = "T04"
name = "北原镇"
kind = "township"
[[reporters]]
code = "T05"
name = "山口乡"
kind = "township"
[[reporters]]
code = "D01"
name = "县农业农村局"
kind = "department"
"#;

/// Crops of townships, with a total column and a total row.
const CROPS: &str = r#"
number = "附件1"
title = "播种面积"
unit = "亩"
returned_by = "township"
responsible = "县农业农村局"
row_key = ["乡镇"]
reporter_column = "乡镇"
total_row = "合计"
rows = ["东河乡", "西岭镇", "南坪乡", "北原镇", "山口乡"]

[[columns]]
name = "乡镇"
header = ["乡镇"]
kind = "text"
[[columns]]
name = "小麦"
header = ["小麦"]
decimals = 0
[[columns]]
name = "冬小麦"
header = ["其中冬小麦"]
decimals = 0
[[columns]]
name = "玉米"
header = ["玉米"]
decimals = 0
[[columns]]
name = "水稻"
header = ["水稻"]
decimals = 0
[[columns]]
name = "合计"
header = ["合计"]
decimals = 0

[[sum]]
id = "R-1"
label = "合计"
total = "合计"
parts = ["小麦", "玉米", "水稻"]
say = "合计"

[[part]]
id = "R-2"
label = "其中"
part = "冬小麦"
whole = "小麦"
say = "其中"

[[total-row]]
id = "R-3"
label = "合计行"
row = "合计"
say = "合计行"
"#;

/// The county's own figures in another unit.
const COUNTY: &str = r#"
number = "附件2"
title = "全县播种面积"
unit = "万亩"
returned_by = "县农业农村局"
row_key = ["作物"]
rows = ["小麦", "玉米", "水稻"]

[[columns]]
name = "作物"
header = ["作物"]
kind = "text"
[[columns]]
name = "面积"
header = ["面积（万亩）"]
decimals = 2
"#;

/// Years side by side.
const YEARS: &str = r#"
number = "附件3"
title = "造林任务"
unit = "亩"
returned_by = "township"
responsible = "县农业农村局"
row_key = ["乡镇"]
reporter_column = "乡镇"
total_row = "合计"
rows = ["东河乡", "西岭镇", "南坪乡", "北原镇", "山口乡"]

[[columns]]
name = "乡镇"
header = ["乡镇"]
kind = "text"
[[columns]]
name = "面积"
header = ["{year}年"]
each = "year"
decimals = 0
[[columns]]
name = "三年合计"
header = ["三年合计"]
decimals = 0

[[sum]]
id = "Y-1"
label = "三年合计"
total = "三年合计"
parts = ["面积"]
say = "三年合计"

[[total-row]]
id = "Y-2"
label = "合计行"
row = "合计"
say = "合计行"
"#;

const ACROSS: &str = r#"
[[equal]]
id = "X-1"
label = "小麦"
left = { annex = "附件1", row = "合计", column = "小麦" }
right = { annex = "附件2", row = "小麦", column = "面积" }
say = "小麦"
[[equal]]
id = "X-2"
label = "玉米"
left = { annex = "附件1", row = "合计", column = "玉米" }
right = { annex = "附件2", row = "玉米", column = "面积" }
say = "玉米"
[[equal]]
id = "X-3"
label = "水稻"
left = { annex = "附件1", row = "合计", column = "水稻" }
right = { annex = "附件2", row = "水稻", column = "面积" }
say = "水稻"
"#;

fn scheme() -> Scheme {
    let files = [
        ("scheme.toml", SCHEME),
        ("annex-1.toml", CROPS),
        ("annex-2.toml", COUNTY),
        ("annex-3.toml", YEARS),
        ("rules.toml", ACROSS),
    ];
    let files = files.map(|(name, text)| SchemeFile {
        name: name.into(),
        text: text.into(),
    });
    load(&files).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// A form of the responsible office: one line a row, from row 2 of the sheet on.
fn form(scheme: &Scheme, number: &str, text: &str) -> Table {
    let annex_idx = scheme.annex(number).expect(number);
    let annex = &scheme.annexes[annex_idx];
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let rows = lines.enumerate().map(|(idx, line)| {
        let texts: Vec<&str> = line.split('|').map(str::trim).collect();
        let is_total = texts[0] == "合计";
        let key = if is_total {
            Vec::new()
        } else {
            vec![texts[0].into()]
        };
        let spec = annex.row_spec(&key, None);
        let entries = (0..annex.leaves.len()).map(|leaf| {
            let text = texts.get(leaf).copied().unwrap_or_default();
            let value = match annex.column_of(leaf).kind {
                ColumnKind::Text => Value::Text(text.into()),
                _ if text.is_empty() => Value::Missing,
                _ => Value::Amount(text.parse().expect(text)),
            };
            Entry {
                value,
                formula: false,
            }
        });
        Row {
            kind: if is_total {
                RowKind::Total
            } else {
                RowKind::Data
            },
            spec,
            key: key.into(),
            year: None,
            reporter: spec.and_then(|spec| annex.rows.fixed()[spec].reporter()),
            sheet_row: idx as u32 + 1,
            stated_count: None,
            entries: entries.collect(),
        }
    });
    Table {
        annex: annex_idx,
        file: format!("{number}.xlsx").into(),
        sheet: "Sheet1".into(),
        reporter: annex.responsible.or(Some(5)),
        columns: (0..annex.leaves.len() as u32).map(Some).collect(),
        rows: rows.collect(),
        period: Period::Plan,
        originals: Vec::new(),
        notes: Vec::new(),
        formulas: Vec::new(),
        blank_rows: Vec::new(),
    }
}

fn findings(
    scheme: &Scheme,
    tables: &[Table],
    earlier: &[Table],
    weights: Weights,
) -> Vec<Finding> {
    let last_month = Some(Past {
        period: Period::Plan,
        tables: earlier.to_vec(),
        unknown: Vec::new(),
    });
    let checker = Checker::new(scheme);
    let mut checked = Checked::default();
    tables
        .iter()
        .for_each(|table| checked.merge(checker.form(table)));
    checked.merge(checker.county(tables));
    let mut findings = checked.findings;
    let earlier = Earlier {
        last_month,
        ..Earlier::default()
    };
    Localiser {
        checker: &checker,
        tables,
        before: Before::of(scheme, &earlier),
        earlier: &earlier,
        weights,
    }
    .run(&mut findings);
    findings
}

/// What is said: `rule or kind`, cell, then suspects in the clerk's words.
fn said(findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let place = finding.place.as_ref();
        let cell = place
            .and_then(|it| it.cell)
            .map_or(String::new(), |cell| cell.to_string());
        let name = finding.rule.as_deref().unwrap_or(finding.kind.name());
        let mut head = format!("{name} {cell}");
        let is_told = matches!(
            finding.kind,
            Kind::Miswritten | Kind::UnitSlip | Kind::Shifted
        );
        if finding.is_tie() {
            head += " tie";
        }
        if is_told {
            lines.push(format!("{head} {}", words::message(finding, Lang::Zh)));
        }
        if !is_told || finding.is_tie() {
            let suspects = finding.suspects.iter();
            lines.extend(
                suspects.map(|it| format!("{head}: {}", words::suspect(finding, it, Lang::Zh))),
            );
        }
    }
    lines
}

#[track_caller]
fn check(number: &str, text: &str, expected: &[&str]) {
    check_against(number, text, None, expected);
}

#[track_caller]
fn check_against(number: &str, text: &str, earlier: Option<&str>, expected: &[&str]) {
    let scheme = scheme();
    let earlier = earlier.map(|text| form(&scheme, number, text));
    let tables = [form(&scheme, number, text)];
    let found = findings(&scheme, &tables, earlier.as_slice(), Weights::default());
    assert_eq!(said(&found), expected);
}

const CLEAN: &str = "
    东河乡 | 120 | 40 | 231 | 57 | 408
    西岭镇 | 1203 | 500 | 862 | 318 | 2383
    南坪乡 | 77 | 0 | 45 | 90 | 212
    北原镇 | 654 | 320 | 417 | 205 | 1276
    山口乡 | 331 | 131 | 284 | 173 | 788
    合计 | 2385 | 991 | 1839 | 843 | 5067
    ";

#[test]
fn nothing_is_suspected_where_nothing_failed() {
    check("附件1", CLEAN, &[]);
    // One in a sum of four is rounding.
    check(
        "附件1",
        &CLEAN.replace("| 408", "| 409").replace("5067", "5068"),
        &[],
    );
}

#[test]
fn the_cell_in_which_a_row_and_a_column_cross_is_the_wrong_one() {
    // 862 → 826: the row and the column fail, and share one cell.
    check(
        "附件1",
        &CLEAN.replace("862", "826"),
        &[
            "miswritten D3 疑填错：填写 826，应为 862（相邻两位数字颠倒）；改这一格，F3（R-1）、D7（R-3）都对上，那两格没有错",
        ],
    );
}

#[test]
fn two_wrong_cells_of_one_column_are_both_found() {
    check(
        "附件1",
        &CLEAN.replace("862", "826").replace("| 284", "| 204"),
        &[
            "miswritten D3 疑填错：填写 826，应为 862（相邻两位数字颠倒）；改这一格，F3（R-1）、D7（R-3）都对上（另须把 D6 改为 284），那两格没有错",
            "miswritten D6 疑填错：填写 204，应为 284（一位数字不同）；改这一格，F6（R-1）、D7（R-3）都对上（另须把 D3 改为 862），那两格没有错",
        ],
    );
}

#[test]
fn of_a_single_sum_the_total_comes_first() {
    // 1111 too few somewhere in one row, no column total, and nothing that a typist would do.
    check(
        "附件1",
        "西岭镇 | 1203 | 500 | 862 | 318 | 3494",
        &[
            "R-1 F2: F2 填写 3494，若为 2383 则相符",
            "R-1 F2: B2 填写 1203，若为 2314 则相符",
            "R-1 F2: D2 填写 862，若为 1973 则相符",
            "R-1 F2: E2 填写 318，若为 1429 则相符",
        ],
    );
}

#[test]
fn what_cannot_be_told_apart_is_told_as_a_tie() {
    // 100 too many, and each figure is one digit off from one that fits.
    check(
        "附件1",
        "西岭镇 | 1203 | 500 | 862 | 318 | 2283",
        &[
            "R-1 F2 tie: F2 填写 2283，若为 2383 则相符（一位数字不同）",
            "R-1 F2 tie: D2 填写 862，若为 762 则相符（一位数字不同）",
            "R-1 F2 tie: E2 填写 318，若为 218 则相符（一位数字不同）",
            "R-1 F2 tie: B2 填写 1203，若为 1103 则相符（一位数字不同）",
        ],
    );
}

#[test]
fn a_part_left_out_or_counted_twice_shows_in_the_difference() {
    // 1203 + 862 without 318.
    check(
        "附件1",
        "西岭镇 | 1203 | 500 | 862 | 318 | 2065",
        &[
            "R-1 F2: F2 填写 2065，若为 2383 则相符（漏加：差额正好是 水稻 318亩）",
            "R-1 F2: B2 填写 1203，若为 885 则相符",
            "R-1 F2: D2 填写 862，若为 544 则相符",
            "R-1 F2: E2 填写 318，若为 0 则相符",
        ],
    );
    let first = |text: &str| {
        let scheme = scheme();
        let tables = [form(&scheme, "附件1", text)];
        said(&findings(&scheme, &tables, &[], Weights::default())).remove(0)
    };
    assert_eq!(
        first("西岭镇 | 1203 | 500 | 862 | 318 | 2701"),
        "R-1 F2: F2 填写 2701，若为 2383 则相符（重复加：多出的正好是 水稻 318亩）"
    );
    assert_eq!(
        first("西岭镇 | 1203 | 500 | 862 | 318 | 2883"),
        "R-1 F2: F2 填写 2883，若为 2383 则相符（误加其中项：多出的正好是 冬小麦 500亩）"
    );
    assert_eq!(
        first("西岭镇 | 1203 | 500 | 862 | 318 | 4766"),
        "R-1 F2: F2 填写 4766，若为 2383 则相符（正好是两倍，可能把合计本身也加了进去）"
    );
}

#[test]
fn a_wrong_sign_is_seen() {
    let text = CLEAN.replace("| 173", "| -173");
    check(
        "附件1",
        &text,
        &[
            "miswritten E6 疑填错：填写 -173，应为 173（正负号相反）；改这一格，F6（R-1）、E7（R-3）都对上，那两格没有错",
        ],
    );
}

#[test]
fn cells_that_changed_places_are_told_together() {
    // 玉米 and 水稻 of 西岭镇: the row still balances, two columns do not.
    check(
        "附件1",
        &CLEAN.replace("862 | 318", "318 | 862"),
        &[
            "miswritten D3 疑两格互换：D3 填写 318，应为 862；E3 填写 862，应为 318；两格对调后，D7（R-3）、E7（R-3）都对上，那两格没有错",
        ],
    );
}

#[test]
fn a_total_that_was_not_brought_up_to_date_is_last_months() {
    let now = "西岭镇 | 1233 | 500 | 872 | 318 | 2383";
    let then = "西岭镇 | 1203 | 500 | 862 | 318 | 2383";
    let scheme = scheme();
    let (tables, earlier) = (
        [form(&scheme, "附件1", now)],
        [form(&scheme, "附件1", then)],
    );
    let found = said(&findings(&scheme, &tables, &earlier, Weights::default()));
    assert_eq!(
        found[0],
        "R-1 F2: F2 填写 2383，若为 2423 则相符（仍是方案或上期的合计，可能没有更新）"
    );
}

#[test]
fn last_months_figures_single_out_one_of_several() {
    let text = "西岭镇 | 1203 | 500 | 862 | 318 | 2418";
    let then = "西岭镇 | 1210 | 500 | 897 | 315 | 2422";
    let scheme = scheme();
    let (tables, earlier) = (
        [form(&scheme, "附件1", text)],
        [form(&scheme, "附件1", then)],
    );
    let found = said(&findings(&scheme, &tables, &earlier, Weights::default()));
    assert_eq!(
        found[0],
        "miswritten D2 疑填错：填写 862，应为 897（与方案或上期的数相同）；改这一格，F2（R-1）就对上"
    );
}

#[test]
fn other_years_single_out_one_of_several() {
    // 1420 → 420 and 2450 → 3450 are both one digit; the other years know better.
    let found = {
        let scheme = scheme();
        let tables = [form(&scheme, "附件3", "西岭镇 | 1400 | 420 | 1410 | 4230")];
        said(&findings(&scheme, &tables, &[], Weights::default()))
    };
    assert_eq!(
        found[0],
        "miswritten C2 疑填错：填写 420，应为 1420（少一位数字；与本行其他年份相近，现填的数相差较大）；改这一格，E2（Y-1）就对上"
    );
}

#[test]
fn a_change_of_weight_moves_the_suspect() {
    // 玉米 lacks a digit (86 for 862); if that were unlikely, it could as well be any other.
    let scheme = scheme();
    let tables = [form(
        &scheme,
        "附件1",
        "西岭镇 | 1203 | 500 | 86 | 1318 | 3383",
    )];
    let first = |weights| {
        let found = findings(&scheme, &tables, &[], weights);
        found[0].suspects[0].place.cell.expect("a cell").to_string()
    };
    assert_eq!(first(Weights::default()), "D2");
    let weights = Weights {
        digit: 2_000,
        unit: 2_000,
        point: 2_000,
        ..Weights::default()
    };
    assert_ne!(first(weights), "D2");
}

#[test]
fn a_repair_that_would_be_negative_is_none() {
    // 77 too many: taking it off 45 would leave less than nothing.
    let scheme = scheme();
    let tables = [form(&scheme, "附件1", "南坪乡 | 77 | 70 | 45 | 90 | 122")];
    let found = findings(&scheme, &tables, &[], Weights::default());
    let cells: Vec<String> = found[0]
        .suspects
        .iter()
        .map(|it| it.place.cell.expect("a cell").to_string())
        .collect();
    // Nor can 小麦 be less than the 冬小麦 in it.
    assert_eq!(cells, ["F2", "E2"]);
}

#[test]
fn a_cell_in_another_unit_is_one_fault() {
    // 1203 亩 is 80.2 公顷; of which 500 亩 are 冬小麦, more than that.
    check(
        "附件1",
        &CLEAN.replace("| 1203 |", "| 80.2 |"),
        &[
            "unit-slip B3 疑计量单位填错：本格疑按“公顷”填写，应为“亩”，小了 15 倍，按此改正后 2 条关系相符；由此引起的 3 处不符（R-1、R-2、R-3）不再逐条列出",
        ],
    );
}

#[test]
fn a_row_in_another_unit_is_one_fault() {
    // 1203, 500, 862, 318, 2383 亩 in 万亩: the row balances, five columns do not.
    check(
        "附件1",
        &CLEAN.replace(
            "1203 | 500 | 862 | 318 | 2383",
            "0.1203 | 0.05 | 0.0862 | 0.0318 | 0.2383",
        ),
        &[
            "unit-slip B3 疑计量单位填错：本行各数疑按“万亩”填写，应为“亩”，小了 10000 倍，按此改正后 5 条关系相符；由此引起的 5 处不符（R-3）不再逐条列出",
        ],
    );
}

#[test]
fn a_total_row_in_another_unit_is_one_fault() {
    check(
        "附件1",
        &CLEAN.replace(
            "2385 | 991 | 1839 | 843 | 5067",
            "0.2385 | 0.0991 | 0.1839 | 0.0843 | 0.5067",
        ),
        &[
            "unit-slip B7 疑计量单位填错：本行各数疑按“万亩”填写，应为“亩”，小了 10000 倍，按此改正后 5 条关系相符；由此引起的 5 处不符（R-3）不再逐条列出",
        ],
    );
}

#[test]
fn a_column_in_another_unit_is_one_fault() {
    // 水稻 in 公顷, the total too: the column balances, the rows do not.
    let text = "
        东河乡 | 120 | 40 | 231 | 4 | 411
        西岭镇 | 1203 | 500 | 862 | 21 | 2380
        南坪乡 | 77 | 0 | 45 | 6 | 212
        北原镇 | 654 | 320 | 417 | 14 | 1281
        山口乡 | 331 | 131 | 284 | 12 | 795
        合计 | 2385 | 991 | 1839 | 57 | 5079
        ";
    check(
        "附件1",
        text,
        &[
            "unit-slip E2 疑计量单位填错：本列各数疑按“公顷”填写，应为“亩”，小了 15 倍，按此改正后 6 条关系相符；由此引起的 6 处不符（R-1）不再逐条列出",
        ],
    );
}

#[test]
fn a_form_in_another_unit_is_seen_by_its_sister() {
    let scheme = scheme();
    let county = form(&scheme, "附件2", "小麦 | 2385\n玉米 | 1839\n水稻 | 843");
    let tables = [form(&scheme, "附件1", CLEAN), county];
    let found = findings(&scheme, &tables, &[], Weights::default());
    let lines: Vec<String> = found
        .iter()
        .filter(|it| it.kind == Kind::UnitSlip)
        .map(|it| words::message(it, Lang::Zh))
        .collect();
    assert_eq!(
        lines,
        ["疑计量单位填错：本列各数疑换算单位时乘除弄反，大了 10000 倍，按此改正后 3 条关系相符；由此引起的 3 处不符（X-1、X-2、X-3）不再逐条列出"
            .replace("疑换算单位时乘除弄反", "疑按“亩”填写，应为“万亩”")]
    );
    assert!(!found.iter().any(|it| it.kind == Kind::Equal), "told once");
}

#[test]
fn townships_of_very_different_size_are_no_slip() {
    // Thirtyfold, and beyond: a small township is no township in another unit.
    let text = "
        东河乡 | 12 | 4 | 23 | 6 | 41
        西岭镇 | 12030 | 5000 | 8620 | 3180 | 23830
        南坪乡 | 770 | 0 | 450 | 900 | 2120
        北原镇 | 6540 | 3200 | 4170 | 2050 | 12760
        山口乡 | 3310 | 1310 | 2840 | 1730 | 7880
        ";
    check("附件1", text, &[]);
    check(
        "附件1",
        &text.replace("12 | 4 | 23 | 6 | 41", "1 | 0 | 2 | 1 | 4"),
        &[],
    );
}

#[test]
fn a_row_that_nothing_natural_explains_is_to_be_verified() {
    // No total row: only the other rows tell, and it takes every figure of the row.
    let text = CLEAN.replace("合计 | 2385 | 991 | 1839 | 843 | 5067", "");
    let slip = text.replace(
        "1203 | 500 | 862 | 318 | 2383",
        "0.12 | 0.05 | 0.09 | 0.03 | 0.24",
    );
    let line = "unit-slip B3 疑计量单位填错：本行各数疑按“万亩”填写，应为“亩”，小了 10000 倍，与其他各行相比，各数都差这么多";
    check("附件1", &slip, &[line]);
    let one_differs = slip.replace("0.03 | 0.24", "318 | 318.26");
    check("附件1", &one_differs, &[]);
}

#[test]
fn a_row_that_was_in_another_unit_last_month_is_to_be_verified() {
    let now = "西岭镇 | 80.2 | 33.3 | 57.5 | 21.2 | 158.9";
    let then = "西岭镇 | 1203 | 500 | 862 | 318 | 2383";
    let line = "unit-slip B2 疑计量单位填错：本行各数疑按“公顷”填写，应为“亩”，小了 15 倍，与方案或上期的数相比，各数都差这么多";
    check_against("附件1", now, Some(then), &[line]);
    // A twelfth of the plan in January is no slip, nor is a fifteenth of one figure.
    check_against(
        "附件1",
        "西岭镇 | 100 | 42 | 72 | 27 | 199",
        Some(then),
        &[],
    );
    check_against(
        "附件1",
        "西岭镇 | 80.2 | 33.3 | 57.5 | 27 | 164.7",
        Some(then),
        &[],
    );
}

#[test]
fn a_column_one_row_off_is_one_fault() {
    // 玉米 slipped down by one row; the first is what the clerk then put on top.
    let text = "
        东河乡 | 120 | 40 | 231 | 57 | 408
        西岭镇 | 1203 | 500 | 231 | 318 | 2383
        南坪乡 | 77 | 0 | 862 | 90 | 212
        北原镇 | 654 | 320 | 45 | 205 | 1276
        山口乡 | 331 | 131 | 417 | 173 | 788
        合计 | 2385 | 991 | 1839 | 843 | 5067
        ";
    check(
        "附件1",
        text,
        &[
            "shifted D3 疑整列错行：本列各数下移了 1 行，移回后 5 条关系相符；由此引起的 5 处不符（R-1、R-3）不再逐条列出",
        ],
    );
}

#[test]
fn a_row_one_column_off_is_one_fault() {
    let text = CLEAN.replace(
        "1203 | 500 | 862 | 318 | 2383",
        "1203 | 1203 | 500 | 862 | 318",
    );
    let found = {
        let scheme = scheme();
        let tables = [form(&scheme, "附件1", &text)];
        said(&findings(&scheme, &tables, &[], Weights::default()))
    };
    assert_eq!(
        found,
        [
            "shifted C3 疑整行错列：本行各数右移了 1 列，移回后 5 条关系相符；由此引起的 5 处不符（R-1、R-3）不再逐条列出"
        ]
    );
}

#[test]
fn rows_that_are_last_months_neighbours_are_shifted() {
    let rows = [
        "120 | 40 | 231 | 57 | 408",
        "1203 | 500 | 862 | 318 | 2383",
        "77 | 0 | 45 | 90 | 212",
        "654 | 320 | 417 | 205 | 1276",
        "331 | 131 | 284 | 173 | 788",
    ];
    let names = ["东河乡", "西岭镇", "南坪乡", "北原镇", "山口乡"];
    let grid = |order: [usize; 5]| -> String {
        let lines = names
            .iter()
            .zip(order)
            .map(|(name, row)| format!("{name} | {}", rows[row]));
        lines.collect::<Vec<_>>().join("\n")
    };
    let line = "shifted B2 疑整表错行：全表各数下移了 1 行，移回后与方案或上期的数相同";
    check_against(
        "附件1",
        &grid([0, 0, 1, 2, 3]),
        Some(&grid([0, 1, 2, 3, 4])),
        &[line],
    );
    check_against(
        "附件1",
        &grid([0, 1, 2, 3, 4]),
        Some(&grid([0, 1, 2, 3, 4])),
        &[],
    );
}

/// The sample inbox: the plan's figures as its offices returned them.
fn plan() -> (Scheme, Vec<Finding>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("templates/luntai-2023-2025");
    let mut files: Vec<SchemeFile> = std::fs::read_dir(folder)
        .expect("the scheme's folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| SchemeFile {
            name: path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned(),
            text: std::fs::read_to_string(&path).expect("a file of the scheme"),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let scheme = load(&files).expect("the scheme is right");
    let reader = FormReader::new(&scheme, Period::Plan);
    let (mut checked, mut tables) = (Checked::default(), Vec::new());
    for file in crate::inbox::list(&root.join("inbox/plan")).expect("the sample inbox") {
        let mut read = reader.file(&file.path, &std::fs::read(&file.source).expect("a file"));
        read.checked.into_iter().for_each(|one| checked.merge(one));
        tables.append(&mut read.tables);
    }
    let tables = returns::settle(&scheme, Period::Plan, tables, &[]).tables;
    checked.merge(crate::check::check_county(&scheme, &tables));
    let mut findings = checked.findings;
    reader.localise(&tables, &Earlier::default(), &mut findings);
    (scheme, findings)
}

#[test]
fn what_the_plans_own_figures_disagree_about_is_explained() {
    let (_, findings) = plan();
    // The audit by hand: 农业 of two districts of one township was mixed up, by 659 here and 654 there.
    let mut mixed_up: Vec<String> = (findings.iter())
        .filter(|it| it.kind == Kind::Miswritten)
        .map(|it| words::message(it, Lang::Zh))
        .collect();
    mixed_up.sort();
    assert_eq!(
        mixed_up,
        [
            "疑两行的数分错：Q7 填写 2080，应为 1421；Q8 填写 2540，应为 3194（与“阳霞灌区·阳霞镇”是同一处错填：\
             本行分项之和多 659万立方米，那一行少 654万立方米，疑把一行的数记到了另一行；若 Q8 同时改为 3194，\
             两行都相符，合起来差 5万立方米）；一并改正后，D7（A7-02）、D8（A7-02）都对上，那两格没有错",
            "疑两行的数分错：R10 填写 2442，应为 2894；R11 填写 1685，应为 1236（与“库努尔灌区·铁热克巴扎乡”是同一处错填：\
             本行分项之和少 452万立方米，那一行多 449万立方米，疑把一行的数记到了另一行；若 R11 同时改为 1236，\
             两行都相符，合起来差 3万立方米）；一并改正后，E10（A7-02）、E11（A7-02）都对上，那两格没有错",
        ]
    );
    let first = |row: &str, year: u16| {
        let found = findings.iter().find(|it| {
            it.rule.as_deref() == Some("A7-02")
                && it.row.as_deref() == Some(row)
                && it.year == Some(year)
                && it.level == Level::Mandatory
        });
        let found = found.unwrap_or_else(|| panic!("{row} {year}"));
        words::suspect(found, &found.suspects[0], Lang::Zh)
    };
    assert_eq!(
        first("迪那河灌区·群巴克镇", 2023),
        "I6 580：差额正好等于 2023年 其他水源 580万立方米，可能是口径不同或漏加"
    );
    assert_eq!(
        first("迪那河灌区·群巴克镇", 2024),
        "L6 590：2023、2025年的差额等于该栏当年的数；这一年差 586万立方米，而 2024年 其他水源 590万立方米，\
         相差 4万立方米，不能完全解释，请一并核对"
    );
    assert_eq!(
        first("迪那河灌区·群巴克镇", 2025),
        "O6 600：差额正好等于 2025年 其他水源 600万立方米，可能是口径不同或漏加"
    );
    assert_eq!(
        first("合计", 2025),
        "O7 600：差额在舍入误差内等于 2025年 其他水源 600万立方米，可能是口径不同或漏加"
    );
    let slips = findings
        .iter()
        .filter(|it| matches!(it.kind, Kind::UnitSlip | Kind::Shifted));
    assert_eq!(slips.count(), 0, "the plan is in its own units");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_single_error_in_a_form_with_totals_is_among_the_suspects(
        values in prop::collection::vec(prop::collection::vec(0i64..5000, 3), 5),
        row in 0usize..6,
        column in 0usize..4,
        change in prop_oneof![-4000i64..-10, 10i64..4000],
    ) {
        let scheme = scheme();
        let names = ["东河乡", "西岭镇", "南坪乡", "北原镇", "山口乡", "合计"];
        let mut grid: Vec<[i64; 4]> =
            values.iter().map(|it| [it[0], it[1], it[2], it[0] + it[1] + it[2]]).collect();
        grid.push([0, 1, 2, 3].map(|column| grid.iter().map(|row| row[column]).sum()));
        grid[row][column] += change;
        let lines: Vec<String> = names
            .iter()
            .zip(&grid)
            .map(|(name, it)| format!("{name} | {} | 0 | {} | {} | {}", it[0], it[1], it[2], it[3]))
            .collect();
        let tables = [form(&scheme, "附件1", &lines.join("\n"))];
        let wrong = tables[0].cell(&tables[0].rows[row], [1, 3, 4, 5][column]);
        let found = findings(&scheme, &tables, &[], Weights::default());
        let suspected = found.iter().flat_map(|it| &it.suspects).any(|it| it.place.cell == wrong);
        prop_assert!(suspected, "{:?} {:?}", wrong, said(&found));
    }
}

/// 附件1 counts what is done since the year began, its 三年合计 like figures since the plan began, 覆盖率 what stands.
#[test]
fn only_what_is_comparable_is_held_against_earlier_figures() {
    let mut scheme = scheme();
    let annex = scheme.annex("附件1").expect("附件1");
    let text = "南坪乡 | 77 | 70 | 45 | 90 | 122";
    let leaves = 1..=3;
    let courses = [Course::SinceYear, Course::SincePlan, Course::State];
    for (leaf, course) in leaves.clone().zip(courses) {
        let column = scheme.annexes[annex].leaves[leaf].column;
        scheme.annexes[annex].columns[column].course = course;
    }
    let table = form(&scheme, "附件1", text);
    let past = |period: &str| {
        Some(Past {
            period: Period::parse(period).expect("a period"),
            tables: vec![table.clone()],
            unknown: Vec::new(),
        })
    };
    let known = |earlier: &Earlier| -> Vec<[Option<String>; 3]> {
        let before = Before::of(&scheme, earlier);
        let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        leaves
            .clone()
            .map(|leaf| {
                [
                    text(before.last(&table, 0, leaf)),
                    text(before.steady(&table, 0, leaf)),
                    text(before.planned(&table, 0, leaf)),
                ]
            })
            .collect()
    };
    let some = |text: &str| Some(text.to_owned());
    let of_last_month = |period: &str| {
        known(&Earlier {
            last_month: past(period),
            ..Earlier::default()
        })
    };
    assert_eq!(
        of_last_month("2024-04"),
        [
            [some("77"), None, None],
            [some("70"), None, None],
            [some("45"), some("45"), None],
        ]
    );
    // In January a year's figures begin anew.
    assert_eq!(
        of_last_month("2023-12"),
        [
            [None, None, None],
            [some("70"), None, None],
            [some("45"), some("45"), None],
        ]
    );
    let plan = known(&Earlier {
        plan: past("plan"),
        ..Earlier::default()
    });
    assert_eq!(plan[0], [None, None, some("77")]);
}
