//! Every annex in every disguise: recognised, each column and row found, and nothing cried over.

use hebiao::model::{CellValue, Kind, Level};
use proptest::prelude::*;

use crate::desk::{luntai, named_sheet, read_sheets, sheet, shown_finding, text};
use crate::form::{Form, held, side_by_side, stack};

const ANNEXES: [&str; 13] = [
    "附件1",
    "附件1.1",
    "附件2",
    "附件2.1",
    "附件3",
    "附件3.1",
    "附件4",
    "附件5",
    "附件6",
    "附件6.1",
    "附件6.2",
    "附件7",
    "台账",
];

/// What a clerk may do to a form without making it another.
type Disguise = (&'static str, fn(&mut Form<'static>));

const DISGUISES: [Disguise; 22] = [
    ("as printed", |_| {}),
    ("starts at D9 below a letterhead", |form| {
        form.at = (8, 3);
        let letterhead = ["轮台县人民政府办公室文件", "轮政办发〔2023〕12号"];
        for (idx, line) in letterhead.into_iter().enumerate() {
            form.above.insert(idx, vec![(0, line.to_owned())]);
        }
    }),
    ("a title of its own", |form| {
        form.above = vec![vec![(1, "2024年5月报送的表".to_owned())]];
    }),
    ("nothing above the header", |form| form.above.clear()),
    ("groups of columns in another order", Form::reverse_groups),
    ("blank columns", |form| {
        let spread = form.columns.iter().flat_map(|&leaf| [leaf, None]);
        form.columns = spread.collect();
    }),
    ("blank rows", |form| form.n_blank = 1),
    ("nothing merged", |form| form.merged = false),
    ("headers with line breaks", |form| {
        for level in form.paths.iter_mut().flatten() {
            let half = level.chars().count() / 2;
            let (start, end): (String, String) = (
                level.chars().take(half).collect(),
                level.chars().skip(half).collect(),
            );
            *level = format!("{start}\n{end}");
        }
    }),
    ("full width", |form| form.spell = full_width),
    ("half width", |form| form.spell = half_width),
    ("blanks between the characters", |form| {
        form.spell = |text| text.chars().flat_map(|c| [c, '　']).collect();
    }),
    ("no row numbers", Form::drop_serial),
    ("rows in another order", |form| form.rows.reverse()),
    ("a row of column numbers", |form| form.code_row = true),
    ("signatures and notes below", |form| {
        let line = |cells: &[(u32, &str)]| -> Vec<(u32, String)> {
            cells
                .iter()
                .map(|&(col, text)| (col, text.to_owned()))
                .collect()
        };
        form.below = vec![
            vec![],
            line(&[
                (0, "单位负责人：张三"),
                (2, "审核人：李四"),
                (3, "填表人：王五"),
            ]),
            line(&[(1, "填报日期：2024年5月6日"), (2, "联系电话：0996-4690000")]),
            line(&[(0, "注：本表数据以年报为准。")]),
            line(&[(2, "（公章）")]),
            line(&[(2, "二〇二四年五月"), (3, "六日")]),
        ];
    }),
    ("a list to the right", |form| {
        form.right = ["乡镇", "轮台镇", "草湖乡", "阳霞镇", "轮南镇"]
            .map(str::to_owned)
            .to_vec();
    }),
    ("the total's label spread out", |form| {
        for cell in form
            .rows
            .iter_mut()
            .flat_map(|row| &mut row.cells)
            .flatten()
        {
            if *cell == text("合计") || *cell == text("全县合计") {
                *cell = text("合    计");
            }
        }
    }),
    ("another sheet name", |form| form.name = "Sheet1".to_owned()),
    ("the name of another annex on the tab", |form| {
        form.name = "附件9".to_owned();
    }),
    ("years as numbers", |form| {
        for cell in form
            .rows
            .iter_mut()
            .flat_map(|row| &mut row.cells)
            .flatten()
        {
            if let CellValue::Text(text) = cell
                && let Ok(year) = text.trim_end_matches('年').parse::<u16>()
            {
                *cell = CellValue::Number(f64::from(year));
            }
        }
    }),
    ("who, when and the unit above", |form| {
        form.above.truncate(2);
        let last = form.columns.len() as u32 - 1;
        form.above.push(vec![
            (0, "填报日期：2024年5月6日".to_owned()),
            (last, form_unit_line(form)),
        ]);
    }),
];

fn form_unit_line(form: &Form<'_>) -> String {
    let unit_line = luntai().annexes[form.annex].unit_line.clone();
    unit_line.unwrap_or_else(|| "制表机关：轮台县统计局".to_owned())
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(wide).collect()
}

fn half_width(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// Reads a form, compares everything in it, and tells what is wrong: nothing above a hint may be said.
fn faults(form: &Form<'static>, file: &str, disguise: &str) -> Vec<String> {
    let scheme = luntai();
    let number = &scheme.annexes[form.annex].number;
    let reading = read_sheets(scheme, file, &[form.sheet()]);
    let found: Vec<&str> = reading
        .tables
        .iter()
        .map(|table| &*scheme.annexes[table.annex].number)
        .collect();
    let mut faults = Vec::new();
    if found != [&**number] {
        faults.push(format!(
            "{number}, {disguise}: taken for {found:?}: {}",
            reading.shown()
        ));
    } else {
        let (wanted, held) = (form.expected(), held(scheme, &reading.tables[0]));
        let lost = wanted.iter().filter(|line| !held.contains(line));
        faults.extend(lost.map(|line| format!("{number}, {disguise}: lost {line}")));
        let made_up = held.iter().filter(|line| !wanted.contains(line));
        faults.extend(made_up.map(|line| format!("{number}, {disguise}: made up {line}")));
    }
    let serious = reading.serious();
    faults.extend(
        serious
            .iter()
            .map(|line| format!("{number}, {disguise}: {line}")),
    );
    faults
}

/// None of them, or all of them shown.
fn none(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// A file name that says who returned a form, and nothing else.
fn file_of(form: &Form<'_>) -> String {
    format!("{}.xlsx", form.office())
}

#[test]
fn every_annex_is_recognised_in_every_disguise() {
    let mut all = Vec::new();
    for number in ANNEXES {
        for (name, disguise) in DISGUISES {
            let mut form = Form::of(luntai(), number);
            disguise(&mut form);
            all.extend(faults(&form, &file_of(&form), name));
        }
    }
    none(&all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_annex_is_recognised_in_any_two_disguises(
        annex in 0..ANNEXES.len(),
        first in 0..DISGUISES.len(),
        second in 0..DISGUISES.len(),
    ) {
        let mut form = Form::of(luntai(), ANNEXES[annex]);
        DISGUISES[first].1(&mut form);
        DISGUISES[second].1(&mut form);
        let names = format!("{} and {}", DISGUISES[first].0, DISGUISES[second].0);
        none(&faults(&form, &file_of(&form), &names));
    }
}

#[test]
fn a_misprint_in_a_header_and_in_a_label_is_read_and_said() {
    let mut all = Vec::new();
    for (number, printed, otherwise) in [
        ("附件1", "PM10目标浓度(ug/m3)", "PM10目标浓渡(ug/m3)"),
        ("附件1", "轮台县", "轮抬县"),
        (
            "附件1.1",
            "湖库监测点位达到或好于Ⅲ类水体比列",
            "湖库监测点位达到或好于Ⅲ类水体比例",
        ),
        ("附件1.1", "县市", "县、市"),
        ("附件2", "绿化指标", "绿化指示"),
        ("附件2", "绿化覆盖率（%）", "绿化复盖率（%）"),
        ("附件2.1", "附属绿地新增（公顷）", "付属绿地新增（公顷）"),
        ("附件3", "三年合计", "三年合记"),
        ("附件3", "策达雅乡", "策大雅乡"),
        ("附件3.1", "投资金额\n（万元）", "投入金额\n（万元）"),
        ("附件3.1", "草原改良", "草原改量"),
        ("附件4", "城镇生活污水再生利用率", "城镇生活污水再生利用律"),
        ("附件5", "项目内容", "项目内客"),
        ("附件5", "人工造乔木林", "人工造桥木林"),
        ("附件6", "计划改造金额（万元）", "计划改选金额（万元）"),
        ("附件6.1", "注册登记时间", "注册登计时间"),
        ("附件6.2", "户数（个）", "护数（个）"),
        ("附件6.2", "策大雅乡", "策达雅乡"),
        ("附件7", "农业用水量", "农业用水亮"),
        ("附件7", "塔里克灌区", "塔里可灌区"),
    ] {
        let mut form = Form::of(luntai(), number);
        form.misprint(printed, otherwise);
        let file = file_of(&form);
        all.extend(faults(&form, &file, otherwise));
        let reading = read_sheets(luntai(), &file, &[form.sheet()]);
        let said = reading.findings.iter().any(|finding| {
            matches!(finding.kind, Kind::ReadAs | Kind::Alias) && finding.level == Level::Hint
        });
        // The roster spells 策达雅乡 so: where an annex does not, there is nothing to say.
        if !said && otherwise != "策达雅乡" {
            all.push(format!("{number}, {otherwise}: nothing said"));
        }
    }
    none(&all);
}

#[test]
fn a_township_returns_its_own_rows() {
    let mut all = Vec::new();
    for number in ANNEXES {
        let form = Form::of(luntai(), number);
        if !form.by_township() {
            continue;
        }
        for township in ["策达雅乡", "阳霞镇", "草湖乡"] {
            let mut own = form.clone();
            own.keep_rows_of(township);
            all.extend(faults(
                &own,
                &format!("{township}.xlsx"),
                "only its own rows",
            ));
            let mut roster = form.clone();
            roster.fill_only_rows_of(township);
            all.extend(faults(
                &roster,
                &format!("{township}.xlsx"),
                "its own rows of all",
            ));
        }
    }
    none(&all);
}

#[test]
fn forms_stacked_on_one_sheet_are_told_apart() {
    let mut all = Vec::new();
    let scheme = luntai();
    for (file, numbers) in [
        ("生态环境局.xlsx", vec!["附件1", "附件1.1"]),
        ("住建局.xlsx", vec!["附件2", "附件2.1", "附件4"]),
        ("林草局.xlsx", vec!["附件3.1", "附件5"]),
        ("林草局.xlsx", vec!["附件5", "附件3.1"]),
        ("生态环境局.xlsx", vec!["附件6", "附件6.1", "附件1"]),
        ("轮台镇.xlsx", vec!["附件3", "附件6.2", "附件7"]),
        ("轮台镇.xlsx", vec!["附件7", "附件6.2", "附件3"]),
    ] {
        for (name, disguise) in DISGUISES {
            // A list beside one form is beside the next as well.
            if matches!(
                name,
                "starts at D9 below a letterhead" | "a list to the right"
            ) {
                continue;
            }
            let forms: Vec<Form<'_>> = numbers
                .iter()
                .map(|number| {
                    let mut form = Form::of(scheme, number);
                    if form.by_township() {
                        form.keep_rows_of("轮台镇");
                    }
                    disguise(&mut form);
                    form
                })
                .collect();
            // Without their numbers only the rows tell 附件3.1 and 附件5 apart, and a hint says so.
            let reading = read_sheets(scheme, file, &[stack("表", &forms)]);
            let found: Vec<&str> = reading
                .tables
                .iter()
                .map(|table| &*scheme.annexes[table.annex].number)
                .collect();
            if found != numbers {
                all.push(format!(
                    "{numbers:?}, {name}: taken for {found:?}: {}",
                    reading.shown()
                ));
                continue;
            }
            for (form, table) in forms.iter().zip(&reading.tables) {
                if held(scheme, table) != form.expected() {
                    all.push(format!("{numbers:?}, {name}: {:?}", held(scheme, table)));
                }
            }
            let serious = reading.serious();
            all.extend(
                serious
                    .iter()
                    .map(|line| format!("{numbers:?}, {name}: {line}")),
            );
        }
    }
    none(&all);
}

#[test]
fn forms_side_by_side_are_told_apart() {
    let mut all = Vec::new();
    let scheme = luntai();
    for (file, numbers) in [
        ("轮台镇.xlsx", vec!["附件3", "附件6.2"]),
        ("轮台镇.xlsx", vec!["附件6.2", "附件3"]),
        ("轮台镇.xlsx", vec!["附件7", "附件3"]),
        ("轮台镇.xlsx", vec!["附件3", "附件7"]),
        ("轮台镇.xlsx", vec!["附件3", "附件6.2", "附件7"]),
        ("林草局.xlsx", vec!["附件3.1", "附件5"]),
        ("林草局.xlsx", vec!["附件5", "附件3.1"]),
        ("住建局.xlsx", vec!["附件2", "附件2.1", "附件4"]),
        ("住建局.xlsx", vec!["附件4", "附件2.1", "附件2"]),
        ("生态环境局.xlsx", vec!["附件1", "附件1.1"]),
        ("生态环境局.xlsx", vec!["附件6.1", "附件6"]),
    ] {
        for gap in [0, 1, 3] {
            // In one row, or each where its own lines end.
            for level in [true, false] {
                let mut forms: Vec<Form<'_>> = numbers
                    .iter()
                    .map(|number| {
                        let mut form = Form::of(scheme, number);
                        if form.by_township() {
                            form.keep_rows_of("轮台镇");
                        }
                        form
                    })
                    .collect();
                let most = forms.iter().map(|form| form.above.len()).max().unwrap_or(0);
                for form in forms.iter_mut().filter(|_| level) {
                    form.at.0 = (most - form.above.len()) as u32;
                }
                let sheet = side_by_side(&forms, gap);
                let reading = read_sheets(scheme, file, &[sheet]);
                let case = format!("{numbers:?}, {gap} apart, level {level}");
                let mut tables = reading.tables.iter();
                for form in &forms {
                    let held_by = tables.find(|table| table.annex == form.annex);
                    match held_by.map(|table| held(scheme, table)) {
                        Some(held) if held == form.expected() => {}
                        other => all.push(format!("{case}: {other:?}: {}", reading.shown())),
                    }
                    tables = reading.tables.iter();
                }
                if reading.tables.len() != forms.len() {
                    all.push(format!("{case}: {} tables", reading.tables.len()));
                }
                let serious = reading.serious();
                all.extend(serious.iter().map(|line| format!("{case}: {line}")));
            }
        }
    }
    none(&all);
}

#[test]
fn more_forms_side_by_side_than_anybody_has_are_refused_aloud() {
    let header = "单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计";
    let row = "轮台镇 | 1 | 2 | 3 | 6";
    let beside = |text: &str| vec![text; 200].join(" | ");
    let sheet = sheet(&format!("{}\n{}", beside(header), beside(row)));
    let reading = read_sheets(luntai(), "轮台镇.xlsx", &[sheet]);
    assert_eq!(reading.tables.len(), 16);
    assert_eq!(reading.n_of(Kind::UnknownForm), 1);
}

#[test]
fn a_list_of_townships_in_two_halves_is_read_whole() {
    let sheet = sheet(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计 | 单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         野云沟乡 | 1 | 2 | 3 | 6 | 轮台镇 | 4 | 5 | 6 | 15
         阳霞镇 | 7 | 8 | 9 | 24 | 草湖乡 | 1 | 1 | 1 | 3",
    );
    let reading = read_sheets(luntai(), "林草局.xlsx", &[sheet]);
    let held: Vec<String> = reading
        .tables
        .iter()
        .flat_map(|table| held(luntai(), table))
        .filter(|line| line.contains("三年合计"))
        .collect();
    assert_eq!(
        held,
        [
            "野云沟乡 / 三年合计 = 6",
            "阳霞镇 / 三年合计 = 24",
            "草湖乡 / 三年合计 = 3",
            "轮台镇 / 三年合计 = 15",
        ]
    );
    assert_eq!(reading.serious(), Vec::<String>::new());
}

#[test]
fn a_form_beside_a_shorter_one_loses_no_row_to_what_stands_below_that() {
    let sheet = sheet(
        "单位：亩
         单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
         草湖乡 | 1 | 2 | 3 | 6
         | | | | | | 序号 | 乡镇 | 户数（个） | 备注
         | | | | | | 1 | 草湖乡 | 111
         阳霞镇 | 7 | 8 | 9 | 24
         轮台镇 | 4 | 5 | 6 | 15",
    );
    let reading = read_sheets(luntai(), "a.xlsx", &[sheet]);
    let held: Vec<String> = reading
        .tables
        .iter()
        .flat_map(|table| held(luntai(), table))
        .filter(|line| line.contains("三年合计") || line.contains("户数"))
        .collect();
    assert_eq!(
        held,
        [
            "草湖乡 / 三年合计 = 6",
            "轮台镇 / 三年合计 = 15",
            "阳霞镇 / 三年合计 = 24",
            "草湖乡 / 户数（个） = 111",
        ]
    );
}

#[test]
fn a_key_column_is_known_by_the_rows_below_a_header_of_its_own() {
    let mut all = Vec::new();
    for (number, printed) in [
        ("附件1", "区域"),
        ("附件1.1", "县市"),
        ("附件2", "绿化指标"),
        ("附件2.1", "年份"),
        ("附件3", "单位"),
        ("附件4", "年份"),
        ("附件5", "项目内容"),
        ("附件5", "年度"),
        ("附件6.2", "乡镇"),
        ("附件7", "乡镇名称"),
        ("附件7", "灌区名称"),
    ] {
        for otherwise in ["名称（全称）", ""] {
            let mut form = Form::of(luntai(), number);
            form.misprint(printed, otherwise);
            let file = file_of(&form);
            all.extend(faults(&form, &file, otherwise));
            let reading = read_sheets(luntai(), &file, &[form.sheet()]);
            let said = |finding: &hebiao::model::Finding| {
                finding.kind == Kind::ReadAs && finding.given.as_deref() == Some(otherwise)
            };
            if !reading.findings.iter().any(said) {
                all.push(format!("{number}, {otherwise}: {}", reading.shown()));
            }
        }
    }
    none(&all);
}

#[test]
fn each_sheet_of_a_file_is_a_form_of_its_own() {
    let scheme = luntai();
    let sheets: Vec<_> = ["附件2", "附件2.1", "附件4"]
        .map(|number| Form::of(scheme, number).sheet())
        .to_vec();
    let reading = read_sheets(scheme, "住建局.xlsx", &sheets);
    let found: Vec<usize> = reading.tables.iter().map(|table| table.annex).collect();
    assert_eq!(found, [2, 3, 6]);
    assert_eq!(reading.serious(), Vec::<String>::new());
}

/// The annex that a form with this number, file, tab and rows is taken for.
fn taken_for(number: Option<&str>, file: &str, tab: &str, n_rows: usize, of: &str) -> String {
    let scheme = luntai();
    let mut form = Form::of(scheme, of);
    form.above = form.above.split_off(1);
    if let Some(number) = number {
        form.above.insert(0, vec![(0, number.to_owned())]);
    }
    form.name = tab.to_owned();
    form.rows.truncate(n_rows);
    let reading = read_sheets(scheme, file, &[form.sheet()]);
    match reading.tables.first() {
        Some(table) => scheme.annexes[table.annex].number.to_string(),
        None => reading.shown(),
    }
}

#[test]
fn two_annexes_with_one_header_are_told_apart() {
    let five = "附件5";
    // What is printed comes first, then the tab, then the file, then the rows.
    assert_eq!(
        taken_for(Some("附件5"), "附件3.1.xlsx", "附件3.1", 1, five),
        "附件5"
    );
    assert_eq!(taken_for(Some("附件：5"), "a.xlsx", "表", 1, five), "附件5");
    assert_eq!(
        taken_for(Some("附表3-1"), "附件5.xlsx", "附件5", 10, "附件3.1"),
        "附件3.1"
    );
    assert_eq!(
        taken_for(Some("（附件3.1）"), "a.xlsx", "表", 2, "附件3.1"),
        "附件3.1"
    );
    assert_eq!(taken_for(None, "附件3.1.xlsx", "附件5", 10, five), "附件5");
    assert_eq!(
        taken_for(None, "林草局附件5.xlsx", "Sheet1", 10, five),
        "附件5"
    );
    assert_eq!(
        taken_for(None, "附件3.1、附件5.xlsx", "Sheet1", 10, five),
        "附件5"
    );
    assert_eq!(
        taken_for(None, "附件3.1和5.xlsx", "附件3.1", 4, "附件3.1"),
        "附件3.1"
    );
    assert_eq!(taken_for(None, "林草局.xlsx", "Sheet1", 10, five), "附件5");
    assert_eq!(
        taken_for(None, "林草局.xlsx", "Sheet1", 4, "附件3.1"),
        "附件3.1"
    );
    // 人工造乔木林 is no row of 附件3.1, however few rows there are.
    assert_eq!(taken_for(None, "林草局.xlsx", "Sheet1", 1, five), "附件5");
    // One row of 封（沙）山育林 in 2023 could be of either.
    assert_eq!(
        taken_for(None, "林草局.xlsx", "Sheet1", 1, "附件3.1"),
        "ambiguous-form mandatory A2"
    );
    assert_eq!(
        taken_for(None, "林草局.xlsx", "Sheet1", 0, "附件3.1"),
        "ambiguous-form mandatory A2"
    );
}

#[test]
fn a_form_that_cannot_be_read_is_held_against_the_annex_that_it_calls_itself() {
    let grid = "附件4
        年份 | 2023年 | 2024年 | 2025年
        城镇生活污水再生利用率 | 40 | 50 | 60";
    let reading = read_sheets(luntai(), "a.xlsx", &[sheet(grid)]);
    let exchanged = hebiao::model::Detail::Exchanged {
        annex: "附件4".into(),
    };
    let details: Vec<_> = reading.findings.iter().map(|it| &it.detail).collect();
    assert_eq!(details, [&exchanged]);
    let nearest = |finding: &hebiao::model::Finding| match &finding.detail {
        hebiao::model::Detail::UnknownForm { nearest } => nearest.clone(),
        other => panic!("{other:?}"),
    };
    let grid = "附件4
        年份 | 2023年 | 2024年 | 2025年
        水 | 40 | 50 | 60";
    let reading = read_sheets(luntai(), "a.xlsx", &[sheet(grid)]);
    let found: Vec<_> = reading.findings.iter().map(nearest).collect();
    assert_eq!(found, [Some(("附件4".into(), 1, 3))]);
    let grid = "附件3\n乡镇 | 任务 | 完成\n轮台镇 | 1 | 2";
    let reading = read_sheets(luntai(), "a.xlsx", &[sheet(grid)]);
    let found: Vec<_> = reading.findings.iter().map(nearest).collect();
    assert_eq!(found, [Some(("附件3".into(), 0, 5))]);
}

#[test]
fn a_sheet_of_other_figures_is_no_form() {
    for (grid, shown) in [
        (
            "姓名 | 工资\n张三 | 5000\n李四 | 6000",
            "unknown-form hint A1",
        ),
        ("\n\n | | 1\n", "unknown-form hint C1"),
        ("", ""),
        ("只有文字\n没有数", ""),
    ] {
        let reading = read_sheets(luntai(), "a.xlsx", &[sheet(grid)]);
        assert!(reading.tables.is_empty());
        assert_eq!(reading.shown(), shown, "{grid}");
    }
    let strange = sheet("单位 | 2019年度 | 三年合计 | 2023年度\n轮台镇 | 1 | 2 | 3");
    let reading = read_sheets(luntai(), "轮台镇.xlsx", &[strange]);
    assert_eq!(reading.n_of(Kind::MissingColumn), 2, "{}", reading.shown());
}

#[test]
fn columns_that_lack_or_do_not_belong_are_said() {
    let reading = read_sheets(
        luntai(),
        "轮台镇.xlsx",
        &[sheet(
            "单位：亩
             单位 | 2023年度 | 2024年度 | 三年合计 | 完成率
             轮台镇 | 1 | 2 | 3 | 4",
        )],
    );
    assert_eq!(
        reading.shown(),
        "missing-column mandatory A2\nunexpected-column hint E2 完成率"
    );
    let reading = read_sheets(
        luntai(),
        "轮台镇.xlsx",
        &[sheet(
            "单位：亩
             单位 | 2023年度 | 2024年度 | 2025年度 | 2025年度 | 三年合计
             轮台镇 | 1 | 2 | 3 | 4 | 6",
        )],
    );
    assert_eq!(reading.shown(), "read-as verification E2 2025年度");
}

#[test]
fn a_form_that_calls_itself_another_annex_is_asked_about() {
    let reading = read_sheets(
        luntai(),
        "轮台镇.xlsx",
        &[named_sheet(
            "表",
            "附件7
             全县某某情况统计总表
             单位：亩
             单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
             轮台镇 | 1 | 2 | 3 | 6",
        )],
    );
    assert_eq!(reading.shown(), "read-as verification A1 附件7");
    assert_eq!(reading.tables.len(), 1);
}

#[test]
fn a_header_printed_again_on_the_next_page_is_no_second_form() {
    // The county's list of 附件3, printed on two pages; the title may stand on both.
    let page_break = [
        "单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计",
        "轮台县2023-2025年造林绿化任务指导性计划表\n单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计",
    ];
    for again in page_break {
        let reading = read_sheets(
            luntai(),
            "县林草局.xlsx",
            &[named_sheet(
                "表",
                &format!(
                    "轮台县2023-2025年造林绿化任务指导性计划表
                     单位：亩
                     单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
                     野云沟乡 | 1 | 2 | 3 | 6
                     策达雅乡 | 1 | 2 | 3 | 6
                     铁热克巴扎乡 | 1 | 2 | 3 | 6
                     阳霞镇 | 1 | 2 | 3 | 6
                     塔尔拉克乡 | 1 | 2 | 3 | 6
                     {again}
                     阿克萨来乡 | 1 | 2 | 3 | 6
                     群巴克镇 | 1 | 2 | 3 | 6
                     哈尔巴克乡 | 1 | 2 | 3 | 6
                     轮台镇 | 1 | 2 | 3 | 6
                     草湖乡 | 1 | 2 | 3 | 6
                     轮南镇 | 1 | 2 | 3 | 6
                     全县合计 | 11 | 22 | 33 | 66"
                ),
            )],
        );
        assert_eq!(reading.shown(), "");
        let [table] = &reading.tables[..] else {
            panic!("{} forms", reading.tables.len())
        };
        assert_eq!(table.rows.len(), 12);
    }
}

#[test]
fn forms_of_two_townships_below_each_other_stay_two() {
    let reading = read_sheets(
        luntai(),
        "汇总.xlsx",
        &[named_sheet(
            "表",
            "填报单位：轮台镇
             单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
             轮台镇 | 1 | 2 | 3 | 6
             填报单位：草湖乡
             单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计
             草湖乡 | 1 | 2 | 3 | 6",
        )],
    );
    assert_eq!(reading.tables.len(), 2);
}

#[test]
fn an_annex_number_may_be_written_in_chinese_digits() {
    // 附件3.1 and 附件5 have one header: the number tells them apart.
    for (printed, number) in [
        ("附件五", "附件5"),
        ("附件 五", "附件5"),
        ("附件五：治理项目计划", "附件5"),
        ("附件三之一", "附件3.1"),
        ("附件三点一", "附件3.1"),
        ("（附件五）", "附件5"),
        ("附件3之一", "附件3.1"),
        ("附件 3 之 1", "附件3.1"),
        ("附件５", "附件5"),
    ] {
        let reading = read_sheets(
            luntai(),
            "县林草局.xlsx",
            &[named_sheet(
                "表",
                &format!(
                    "{printed}
                     序号 | 年度 | 项目内容 | 面积（万亩） | 投资金额（万元） | 备注
                     1 | 2023 | 封（沙）山育林 | 5 | 500 |
                     2 | 2023 | 草原改良 | 1 | 90 |
                     3 | 2024 | 封（沙）山育林 | 4 | 400 |
                     4 | 2025 | 封（沙）山育林 | 5 | 500 |"
                ),
            )],
        );
        let found: Vec<&str> = (reading.tables.iter())
            .map(|table| &*luntai().annexes[table.annex].number)
            .collect();
        assert_eq!(found, [number], "{printed}: {}", reading.shown());
    }
}

/// What a form with something beside it is said to have there.
fn beside(rows: [&str; 4]) -> Vec<String> {
    let head = [
        "轮台县2023-2025年造林绿化任务指导性计划表 |",
        "单位：亩 |",
        "单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计 |",
    ];
    let lines: Vec<&str> = head.into_iter().chain(rows).collect();
    let reading = read_sheets(luntai(), "轮台县林草局.xlsx", &[sheet(&lines.join("\n"))]);
    let found = reading.findings.iter();
    found
        .filter(|finding| finding.kind == Kind::UnexpectedColumn)
        .map(shown_finding)
        .collect()
}

#[test]
fn figures_beside_a_table_are_said_once_for_the_form() {
    let found = beside([
        "轮台镇 | 1 | 2 | 3 | 6 | 77.5",
        "群巴克镇 | 1 | 2 | 3 | 6 | | 12",
        "草湖乡 | 1 | 2 | 3 | 6 | 78",
        "全县合计 | 3 | 6 | 9 | 18",
    ]);
    assert_eq!(found, ["unexpected-column hint F4+G5+F6 77.5"]);
}

#[test]
fn a_figure_alone_beside_a_table_is_one_whatever_number_it_is() {
    for (lone, given) in [("2050", "2050"), ("1", "1"), ("'1,200亩", "1,200亩")] {
        let first = format!("轮台镇 | 1 | 2 | 3 | 6 | {lone}");
        let found = beside([
            &first,
            "群巴克镇 | 1 | 2 | 3 | 6",
            "草湖乡 | 1 | 2 | 3 | 6",
            "全县合计 | 3 | 6 | 9 | 18",
        ]);
        assert_eq!(found, [format!("unexpected-column hint F4 {given}")]);
    }
    // One of them typed as a text hides none of the others.
    let found = beside([
        "轮台镇 | 1 | 2 | 3 | 6 | 77.5",
        "群巴克镇 | 1 | 2 | 3 | 6 | '78．5",
        "草湖乡 | 1 | 2 | 3 | 6 | ' ",
        "全县合计 | 3 | 6 | 9 | 18",
    ]);
    assert_eq!(found, ["unexpected-column hint F4+F5 77.5"]);
}

#[test]
fn what_people_put_beside_a_table_is_no_figure_of_it() {
    // Their own sums, remarks, a list with words in it, numbers of rows, years, dates.
    for cells in [
        ["=B4+C4 -> 3", "=B5+C5 -> 3", "=B6+C6 -> 3", ""],
        ["已核对", "", "12", ""],
        ["1", "2", "3", ""],
        ["'1", "'2", "'3", ""],
        ["2023", "2024", "2025", ""],
        ["@2023-08-30", "", "", ""],
        ["", "", "", "第1页"],
    ] {
        let rows = [
            format!("轮台镇 | 1 | 2 | 3 | 6 | {}", cells[0]),
            format!("群巴克镇 | 1 | 2 | 3 | 6 | {}", cells[1]),
            format!("草湖乡 | 1 | 2 | 3 | 6 | {}", cells[2]),
            format!("全县合计 | 3 | 6 | 9 | 18 | {}", cells[3]),
        ];
        let found = beside([&rows[0], &rows[1], &rows[2], &rows[3]]);
        assert!(found.is_empty(), "{cells:?}: {found:?}");
    }
    // Below the table stands what belongs to no row.
    let below = beside([
        "轮台镇 | 1 | 2 | 3 | 6",
        "全县合计 | 1 | 2 | 3 | 6",
        "",
        " | | | | | 77",
    ]);
    assert!(below.is_empty(), "{below:?}");
}
