//! 差异分析: worked out by hand for a small county, and read back from the workbook.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use hebiao::consolidate::variances::{Figure, Line};
use hebiao::model::{Detail, Earlier, Finding, Fraction, Kind, Level, Past, Period};
use hebiao::pipeline::{Merged, compare};
use hebiao::report::Lang;
use hebiao::report::workbook::write_workbook;
use hebiao::scheme::Scheme;

use crate::merged::{Draft, place, scheme};

/// Trees planted, how many of them live (weighted with the area), and a rate without weight.
const ANNEX_9: &str = r#"
number      = "附件9"
title       = "造林情况"
unit        = "亩"
returned_by = "township"
row_key     = ["单位"]
reporter_column = "单位"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "造林"
header = ["造林", "{year}年"]
each   = "year"
[[columns]]
name   = "成活率"
header = ["成活率", "{year}年"]
each   = "year"
kind   = "rate"
unit   = "%"
weight = "造林"
[[columns]]
name   = "覆盖率"
header = ["覆盖率", "{year}年"]
each   = "year"
kind   = "rate"
unit   = "%"
"#;

fn month(text: &str) -> Period {
    Period::parse(text).expect("a period")
}

/// One period's returns: a line each township, the figures of 2023, 2024 and 2025 of each column.
fn past(scheme: &Scheme, period: &str, annex: &str, lines: &[&str]) -> Past {
    let tables = draft(scheme, annex, lines).merged().tables;
    Past {
        period: month(period),
        tables,
        unknown: Vec::new(),
    }
}

fn draft<'s>(scheme: &'s Scheme, annex: &str, lines: &[&str]) -> Draft<'s> {
    lines.iter().fold(Draft::new(scheme), |draft, line| {
        let reporter = line.split('|').next().unwrap_or_default().trim();
        draft.returned(reporter, annex, line)
    })
}

fn compared(scheme: &Scheme, mut merged: Merged, earlier: Earlier) -> Merged {
    let Merged {
        period,
        tables,
        county,
        findings,
        ..
    } = &merged;
    merged.variances = compare(scheme, *period, tables, county, &earlier, findings);
    merged.earlier = earlier;
    merged
}

/// May 2024 of three townships, with the plan, March, April and May 2023.
fn may(scheme: &Scheme) -> Merged {
    let plan = past(
        scheme,
        "plan",
        "附件9",
        &[
            "东河镇 | 100 | 120 | 130 | 90 | 90 | 90 | 20 | 20 | 20",
            "西岭镇 |  50 |  60 |  70 | 90 | 90 | 90 | 30 | 30 | 30",
            "南坪乡 |  10 |   0 |  10 | 90 | 90 | 90 | 40 | 40 | 40",
        ],
    );
    let march = past(
        scheme,
        "2024-03",
        "附件9",
        &[
            "东河镇 | 100 | 10 | | 90 | 90 | | 20 | 20 |",
            "西岭镇 |  50 |  5 | | 90 | 90 | | 30 | 30 |",
            "南坪乡 |  10 |  0 | | 90 | 90 | | 40 | 40 |",
        ],
    );
    let april = past(
        scheme,
        "2024-04",
        "附件9",
        &[
            "东河镇 | 100 | 40 | | 90 | 90 | | 20 | 20 |",
            "西岭镇 |  50 | 15 | | 90 | 90 | | 30 | 30 |",
        ],
    );
    let year_before = past(
        scheme,
        "2023-05",
        "附件9",
        &[
            "东河镇 | 50 | | | 90 | | | 20 | |",
            "西岭镇 |  0 | | | 90 | | | 30 | |",
        ],
    );
    let finding = |level, cell: &str, reporter: &str| {
        let detail = Detail::MissingValue {
            columns: vec!["造林".into()],
        };
        Finding::new(Kind::MissingValue, level, detail).at(place(reporter, "附件9", cell))
    };
    let merged = draft(
        scheme,
        "附件9",
        &[
            "东河镇 | 100 | 60 | | 90 | 80 | | 20 | 21 |",
            "西岭镇 |  50 | 20 | | 90 | 95 | | 30 | 30 |",
            "南坪乡 |  10 |  3 | | 90 |    | | 40 | 40 |",
        ],
    )
    // C5 is 造林 2024; a hint asks for nothing and leaves nothing open.
    .finding(finding(Level::Mandatory, "C5", "东河镇"))
    .finding(finding(Level::Hint, "C5", "西岭镇"))
    .merged();
    let earlier = Earlier {
        plan: Some(plan),
        last_month: Some(april),
        year_before: Some(year_before),
        months: vec![march],
        left_out: Vec::new(),
    };
    compared(scheme, merged, earlier)
}

struct Sheet {
    bytes: Vec<u8>,
    rows: Vec<Vec<Data>>,
}

impl Sheet {
    fn of(merged: &Merged, scheme: &Scheme) -> Self {
        let bytes = write_workbook(merged, scheme, Lang::Zh).expect("a workbook");
        let mut book: Xlsx<_> =
            open_workbook_from_rs(Cursor::new(bytes.clone())).expect("an .xlsx file");
        let range = book.worksheet_range("差异分析").expect("the sheet");
        assert_eq!(range.start(), Some((0, 0)));
        let rows = range.rows().map(<[Data]>::to_vec).collect();
        Self { bytes, rows }
    }

    /// The row of the nth line that begins with this name, counted from the heading of a figure.
    fn line(&self, figure: &str, name: &str) -> String {
        let is = |row: &[Data], col: usize, text: &str| row[col] == *text;
        let start = self.rows.iter().position(|row| is(row, 0, figure));
        let start = start.unwrap_or_else(|| panic!("no figure {figure}"));
        let row = self.rows[start..].iter().find(|row| is(row, 1, name));
        shown(&row.expect(name)[2..])
    }

    /// The line of the county in the first part.
    fn county(&self, figure: &str) -> String {
        let row = self.rows.iter().find(|row| row[1] == *figure);
        shown(&row.expect(figure)[2..])
    }

    fn part(&self, name: &str) -> Option<String> {
        let mut zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        let mut text = String::new();
        zip.by_name(name)
            .ok()?
            .read_to_string(&mut text)
            .expect("text");
        Some(text)
    }

    /// The first row below a cell of the first column, from 1.
    fn row_below(&self, text: &str) -> usize {
        let found = self.rows.iter().rposition(|row| row[0] == *text);
        found.expect(text) + 2
    }
}

/// Figures with at most four decimals.
fn shown(row: &[Data]) -> String {
    let cells = row.iter().map(|cell| match cell {
        Data::Float(float) => {
            let text = format!("{float:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    });
    cells.collect::<Vec<_>>().join("|")
}

#[test]
fn every_line_holds_what_can_be_worked_out_by_hand() {
    let scheme = scheme(&[ANNEX_9]);
    let sheet = Sheet::of(&may(&scheme), &scheme);
    // 单位|本期|计划|增减|完成率|序时|快慢|差额|占全县|有问题|上月|增减|%|去年|增减|%|未报|未了问题
    let line = |name| sheet.line("造林 2024年，亩", name);
    // Of 120, 60 are done: half, where 5/12 = 41.6667 % are due; 120 × 5/12 = 50, so 10 ahead. April 40,
    // a year ago 50. One mandatory finding is open. Of the county's 8 it is 10/8.
    assert_eq!(
        line("东河镇"),
        "亩|60|120|-60|50|41.6667|8.3333|10|125|10|40|20|50|50|10|20||1"
    );
    // 20 of 60, where 25 are due. A year ago 0: no change in percent.
    assert_eq!(
        line("西岭镇"),
        "亩|20|60|-40|33.3333|41.6667|-8.3333|-5|-62.5||15|5|33.3333|0|20|÷0||"
    );
    // The plan is 0: no percentage, but 3 more than planned. Nothing of April or of 2023.
    assert_eq!(
        line("南坪乡"),
        "亩|3|0|3|÷0|41.6667|÷0|3|37.5||—|—|—|—|—|—||"
    );
    // 83 of 180 = 46.1111 %, 75 are due; 10 − 5 + 3 = 8. April's 55 and last year's 50 lack 南坪乡, so they are
    // held against the 80 of the other two: 25 / 55 = 45.4545 %, 30 / 50 = 60 %. What stands beside a rate is
    // what it was worked out with, here all that there is of either.
    let county = "亩|83|180|-97|46.1111|41.6667|4.4444|8|100|10|55|25|45.4545|50|30|60||1";
    assert_eq!(line("东河县"), county);
    assert_eq!(sheet.county("造林 2024年"), county);
}

#[test]
fn rates_are_weighted_where_a_weight_is_declared_and_never_added() {
    let scheme = scheme(&[ANNEX_9]);
    let sheet = Sheet::of(&may(&scheme), &scheme);
    // (80 × 60 + 95 × 20) / 80 = 83.75 of the two that reported; their plan is 90. Rates have neither
    // schedule nor parts. April: (90 × 40 + 90 × 15) / 55 = 90. 2023: (90 × 50 + 90 × 0) / 50 = 90.
    assert_eq!(
        sheet.county("成活率 2024年"),
        "%|83.75|90|-6.25|93.0556|/|/|/|/||90|-6.25|-6.9444|90|-6.25|-6.9444|1|"
    );
    assert_eq!(
        sheet.line("成活率 2024年，%", "东河镇"),
        "%|80|90|-10|88.8889|/|/|/|/||90|-10|-11.1111|90|-10|-11.1111||"
    );
    assert_eq!(
        sheet.line("成活率 2024年，%", "南坪乡"),
        "%|—|90|—|—|/|/|/|/||—|—|—|—|—|—||"
    );
    // Without a weight each township stands for itself.
    let none = ["无权数"; 3].join("|");
    assert_eq!(
        sheet.county("覆盖率 2024年"),
        format!("%|无权数|{none}|/|/|/|/||{none}|{none}||")
    );
    assert_eq!(
        sheet.line("覆盖率 2024年，%", "东河镇"),
        "%|21|20|1|105|/|/|/|/||20|1|5|20|1|5||"
    );
}

#[test]
fn the_charts_are_drawn_from_figures_on_the_sheet() {
    let scheme = scheme(&[ANNEX_9]);
    let sheet = Sheet::of(&may(&scheme), &scheme);
    let first = sheet.row_below("附件9 造林 2024年") + 1;
    let rows = |end: usize, from: usize, to: usize| -> Vec<String> {
        let rows = &sheet.rows[first - 1..first - 1 + end];
        rows.iter().map(|row| shown(&row[from..to])).collect()
    };
    // By completion: 1/2, 1/3; of nothing planned there is no share.
    assert_eq!(rows(3, 0, 4), ["1|东河镇||50", "2|西岭镇||33.3333", "|||"]);
    // January and February are not there: gaps. 180 / 12 = 15 a month.
    assert_eq!(
        rows(6, 6, 11),
        [
            "1月||15|180|",
            "2月||30|180|",
            "3月|15|45|180|3",
            "4月|55|60|180|2",
            "5月|83|75|180|3",
            "6月||90|180|",
        ]
    );
    let ranking = sheet.part("xl/charts/chart1.xml").expect("a chart");
    let range =
        |cols: &str, last: usize| format!("<c:f>差异分析!${cols}${first}:${cols}${last}</c:f>");
    assert!(ranking.contains("<c:barChart>"));
    assert!(ranking.contains(&range("B", first + 1)), "{ranking}");
    assert!(ranking.contains(&range("D", first + 1)), "{ranking}");
    let course = sheet.part("xl/charts/chart2.xml").expect("a chart");
    assert!(course.contains("<c:lineChart>"));
    for col in ["G", "H", "I", "J"] {
        assert!(course.contains(&range(col, first + 11)), "{col}: {course}");
    }
    // The line has points for three months and breaks off elsewhere; nothing is drawn as 0.
    let of_done = course
        .split(&range("H", first + 11))
        .nth(1)
        .expect("the line");
    let points = of_done.split("</c:numCache>").next().expect("its points");
    assert_eq!(points.matches("<c:pt ").count(), 3, "{points}");
    assert!(!course.contains("dispBlanksAs val=\"zero\""));
    let title = "附件9 造林 2024年：累计与序时进度（亩）";
    assert!(course.contains(&format!("<a:t>{title}</a:t>")), "{course}");
    assert_eq!(
        sheet.part("xl/charts/chart3.xml"),
        None,
        "rates have no schedule"
    );
}

#[test]
fn a_course_that_lacks_reporters_says_so() {
    let scheme = scheme(&[ANNEX_9]);
    let plan = past(
        &scheme,
        "plan",
        "附件9",
        &[
            "东河镇 | 100 | 120 | 130 | 90 | 90 | 90 | 20 | 20 | 20",
            "南坪乡 |  10 |  60 |  10 | 90 | 90 | 90 | 40 | 40 | 40",
        ],
    );
    let merged = draft(
        &scheme,
        "附件9",
        &[
            "东河镇 | 100 | 60 | | 90 | 80 | | 20 | 21 |",
            "南坪乡 |  10 |  3 | | 90 |    | | 40 | 40 |",
        ],
    );
    let earlier = Earlier {
        plan: Some(plan),
        ..Earlier::default()
    };
    let merged = compared(&scheme, merged.merged(), earlier);
    let sheet = Sheet::of(&merged, &scheme);
    let course = sheet.part("xl/charts/chart2.xml").expect("a chart");
    let title = "附件9 造林 2024年：累计与序时进度（亩），本期只有 2/3 家";
    assert!(course.contains(&format!("<a:t>{title}</a:t>")), "{course}");
}

#[test]
fn what_is_not_there_is_said_and_the_plan_has_no_such_sheet() {
    let scheme = scheme(&[ANNEX_9]);
    let merged = draft(&scheme, "附件9", &["东河镇 | | 60 | | | 80 | | | 21 |"]).merged();
    let merged = compared(&scheme, merged, Earlier::default());
    let sheet = Sheet::of(&merged, &scheme);
    assert_eq!(
        sheet.rows[1][0].to_string(),
        "没有这些报告期的数据，有关各栏空缺：计划、2023年5月、2024年1月、2024年2月、2024年3月、2024年4月。"
    );
    // Of the three townships two returned nothing; nothing is known of the plan.
    assert_eq!(
        sheet.county("造林 2024年"),
        "亩|60|—|—|—|41.6667|—|—|—||—|—|—|—|—|—|2|"
    );
    assert_eq!(sheet.part("xl/charts/chart1.xml"), None);

    let plan = Period::Plan;
    let county = &merged.county;
    assert!(
        compare(
            &scheme,
            plan,
            &merged.tables,
            county,
            &Earlier::default(),
            &[]
        )
        .is_none()
    );
}

/// A limit, counted up to the month; what was done in the month alone; a state; everything since 2023.
const ANNEX_10: &str = r#"
number      = "附件10"
title       = "用水"
returned_by = "township"
row_key     = ["单位"]
reporter_column = "单位"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "用水"
header = ["用水", "{year}年"]
each   = "year"
goal   = "at-most"
[[columns]]
name   = "当月"
header = ["当月", "{year}年"]
each   = "year"
course = "month"
[[columns]]
name   = "机井"
header = ["机井", "{year}年"]
each   = "year"
course = "state"
[[columns]]
name   = "总共"
header = ["总共"]
course = "since-plan"
"#;

#[test]
fn what_a_figure_counts_decides_what_it_is_held_against() {
    let scheme = scheme(&[ANNEX_10]);
    let annex = "附件10";
    let merged = draft(
        &scheme,
        annex,
        &[
            "东河镇 | 90 | 7 | | 1 | 2 | | 11 | 12 | | 40",
            "西岭镇 | 90 | 9 | | 1 | 3 | | 11 | 12 | | 50",
            "南坪乡 | 90 | 8 | | 1 | 4 | | 11 | 12 | | 60",
        ],
    );
    let plan = past(
        &scheme,
        "plan",
        annex,
        &[
            "东河镇 | 96 | 96 | 96 | 10 | 12 | 12 | 10 | 15 | 15 | 100",
            "西岭镇 | 96 | 96 | 96 | 10 | 24 | 12 | 10 | 15 | 15 | 100",
            "南坪乡 | 96 | 96 | 96 | 10 | 36 | 12 | 10 | 15 | 15 | 160",
        ],
    );
    let december = past(
        &scheme,
        "2023-12",
        annex,
        &[
            "东河镇 | 90 | | | 2 | | | 11 | | | 35",
            "西岭镇 | 90 | | | 2 | | | 11 | | | 40",
            "南坪乡 | 90 | | | 2 | | | 11 | | | 45",
        ],
    );
    let earlier = Earlier {
        plan: Some(plan),
        last_month: Some(december),
        ..Earlier::default()
    };
    let mut merged = merged.merged();
    merged.period = month("2024-01");
    let merged = compared(&scheme, merged, earlier);
    let sheet = Sheet::of(&merged, &scheme);
    assert_eq!(
        sheet.rows[1][0].to_string(),
        "没有这些报告期的数据，有关各栏空缺：2023年1月。"
    );
    let tail = "—|—|—||";
    // 24 of 288 used, a twelfth, as is due. The count begins anew in January: December is no measure.
    assert_eq!(
        sheet.county("用水 2024年（控制数）"),
        format!("|24|288|-264|8.3333|8.3333|0|0|÷0||/|/|/|{tail}")
    );
    // January's 9 of the year's 72; December's own 6.
    assert_eq!(
        sheet.county("当月 2024年"),
        format!("|9|72|-63|12.5|8.3333|4.1667|3|100||6|3|50|{tail}")
    );
    // A state has no schedule: 36 of 45, 9 less than planned; December's stands in the column of 2023.
    assert_eq!(
        sheet.county("机井 2024年"),
        format!("|36|45|-9|80|/|/|-9|100||33|3|9.0909|{tail}")
    );
    // 150 of 360 in 13 of 36 months: 360 × 13/36 = 130 are due.
    assert_eq!(
        sheet.county("总共"),
        format!("|150|360|-210|41.6667|36.1111|5.5556|20|100||120|30|25|{tail}")
    );
    // Used least of its limit, 南坪乡 8 and 西岭镇 9 behind it.
    let first = sheet.row_below("附件10 用水 2024年（控制数）");
    let ranked: Vec<String> = (first..first + 3)
        .map(|row| sheet.rows[row][1].to_string())
        .collect();
    assert_eq!(ranked, ["东河镇", "南坪乡", "西岭镇"]);
}

/// 三年合计 adds up yearly figures, of which each township plans its own; 总面积 has no yearly plan.
const ANNEX_11: &str = r#"
number      = "附件11"
title       = "三年任务"
unit        = "亩"
returned_by = "township"
row_key     = ["单位"]
reporter_column = "单位"
rows        = ["东河镇", "西岭镇", "南坪乡"]
schedule    = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "任务"
header = ["任务", "{year}年"]
each   = "year"
[[columns]]
name   = "三年合计"
header = ["三年合计"]
course = "since-plan"
[[columns]]
name   = "总面积"
header = ["总面积"]
course = "since-plan"

[[sum]]
id    = "A11-01"
total = "三年合计"
parts = ["任务"]
say   = "三年合计应等于三年之和"
"#;

#[test]
fn what_counts_since_the_plan_began_is_due_by_the_plans_of_its_years() {
    let scheme = scheme(&[ANNEX_11]);
    let annex = "附件11";
    let merged = draft(
        &scheme,
        annex,
        &[
            "东河镇 | 100 | 50 | | 150 | 90",
            "西岭镇 |  20 | 60 | |  80 | 90",
            "南坪乡 |   0 |  0 | |   0 |",
        ],
    );
    let plan = past(
        &scheme,
        "plan",
        annex,
        &[
            "东河镇 | 100 | 100 | 200 | 400 | 300",
            "西岭镇 |  20 | 200 |  30 | 250 | 300",
            "南坪乡 |     | 100 | 100 | 200 | 300",
        ],
    );
    let earlier = Earlier {
        plan: Some(plan),
        ..Earlier::default()
    };
    let sheet = Sheet::of(&compared(&scheme, merged.merged(), earlier), &scheme);
    let due = |figure, name| {
        let line = sheet.line(figure, name);
        line.split('|')
            .skip(1)
            .take(7)
            .collect::<Vec<_>>()
            .join("|")
    };
    // 40 % are due by the end of May. 100 + 40 % of 100 = 140 of 400: 35 %; 150 are done.
    assert_eq!(due("三年合计，亩", "东河镇"), "150|400|-250|37.5|35|2.5|10");
    // 20 + 40 % of 200 = 100 of 250: 40 %; 80 are done.
    assert_eq!(due("三年合计，亩", "西岭镇"), "80|250|-170|32|40|-8|-20");
    // What was planned for 2023 is not known, so it is not known what is due.
    assert_eq!(due("三年合计，亩", "南坪乡"), "0|200|-200|0|—|—|—");
    // Without yearly plans a year is a third: (100 + 40) / 300 = 46.6667 % of 300 are 140.
    assert_eq!(
        due("总面积，亩", "东河镇"),
        "90|300|-210|30|46.6667|-16.6667|-50"
    );
    let notes = sheet.part("xl/comments1.xml").expect("notes");
    let n_said = notes.matches("没有该指标的分年度计划").count();
    assert_eq!(
        n_said, 2,
        "at the county's lines of 总面积, and nowhere else"
    );
}

#[test]
fn parts_add_up_to_the_county_exactly_whatever_the_figures() {
    let scheme = scheme(&[ANNEX_9]);
    let plan = past(
        &scheme,
        "plan",
        "附件9",
        &[
            "东河镇 | | 33.3 | | | | | | |",
            "西岭镇 | | 0.7 | | | | | | |",
            "南坪乡 | | 1234567.89 | | | | | | |",
        ],
    );
    let now = [
        "东河镇 | | 11.1 | | | | | | |",
        "西岭镇 | | 0.01 | | | | | | |",
        "南坪乡 | | 999999.999 | | | | | | |",
    ];
    let earlier = Earlier {
        plan: Some(plan),
        ..Earlier::default()
    };
    let merged = draft(&scheme, "附件9", &now).merged();
    let merged = compared(&scheme, merged, earlier);
    let variances = merged.variances.as_ref().expect("a month has them");
    let one = &variances.annexes[0].indicators[0];
    let add = |of: fn(&Line) -> Figure| {
        let parts = one
            .reporters
            .iter()
            .map(|(_, line)| of(line).expect("a part"));
        parts.reduce(|a, b| a.checked_add(b).expect("few digits"))
    };
    assert_eq!(add(|line| line.difference), one.county.difference.ok());
    assert_eq!(add(|line| line.share), Some(Fraction::ONE));
}

/// The sample inbox: plan, April, May, as a clerk merges them one after the other.
#[test]
fn a_month_is_held_against_what_earlier_runs_left_in_the_outbox() {
    let outbox = std::env::temp_dir().join(format!("hebiao-variances-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&outbox);
    for period in ["plan", "2024-04", "2024-05"] {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(["merge", period, "--outbox"])
            .arg(&outbox)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        assert_eq!(run.expect("the program runs").status.code(), Some(1));
    }
    let open = |period: &str| -> Xlsx<_> {
        let path = outbox.join(format!("{period}/轮台县-{period}-汇总.xlsx"));
        calamine::open_workbook(path).expect("a workbook")
    };
    let names = open("plan").sheet_names();
    assert!(
        !names.contains(&"差异分析".to_owned()),
        "the plan is held against nothing"
    );
    let mut may = open("2024-05");
    let names = may.sheet_names();
    assert_eq!(
        names[names.len() - 4..],
        ["差异分析", "错误清单", "数据来源", "说明"]
    );

    let range = may.worksheet_range("差异分析").expect("the sheet");
    let lacking = range.get_value((1, 0)).expect("a line").to_string();
    assert!(lacking.starts_with(
        "没有这些报告期的数据，有关各栏空缺：2023年5月、2024年1月、2024年2月、2024年3月。"
    ));
    let county = range.rows().find(|row| row[1] == *"造林任务 2024年");
    let county = county.expect("a line");
    // What the sheets of 附件3 add up to: this month everything; in the plan and last month without those who
    // returned nothing this month, so that plan and share completed belong together.
    let missing = ["阿克萨来乡", "轮南镇"];
    for (col, period, without) in [
        (3, "2024-05", &[][..]),
        (4, "plan", &missing),
        (12, "2024-04", &missing),
    ] {
        let annex = open(period).worksheet_range("附件3").expect("the sheet");
        let of = |name: &str| {
            let row = annex.rows().find(|row| row[0] == *name).expect(name);
            row[2].to_string().parse::<f64>().expect("a figure")
        };
        let comparable = of("全县合计") - without.iter().map(|name| of(name)).sum::<f64>();
        let shown: f64 = county[col].to_string().parse().expect("a figure");
        assert!(
            (shown - comparable).abs() < 1e-6,
            "{period}: {shown} is not {comparable}"
        );
    }
    let _ = std::fs::remove_dir_all(&outbox);
}
