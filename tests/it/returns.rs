//! Which returns count: what came twice, what did not come, and whom to believe.

use hebiao::model::{Detail, Kind, Level, Period, ReturnStatus, Table};
use hebiao::report::Lang;
use hebiao::report::words::message;
use hebiao::returns::settle;

use crate::desk::{luntai, read_sheets, row_name, sheet};

/// A form of 附件3 by a reporter, with rows of townships and their first figures.
fn form(file: &str, rows: &[(&str, u32)]) -> Vec<Table> {
    let mut grid = "单位：亩\n单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计\n".to_owned();
    for (row, figure) in rows {
        grid += &format!("{row} | {figure} | 2 | 3 | {}\n", figure + 5);
    }
    read_sheets(luntai(), file, &[sheet(&grid)]).tables
}

/// What becomes of some returns of 附件3: files in order of trust, those replaced in brackets; then findings
/// other than of what did not come.
fn settled(forms: &[Vec<Table>]) -> (String, Vec<String>) {
    let tables: Vec<Table> = forms.iter().flatten().cloned().collect();
    let settled = settle(luntai(), Period::Plan, tables, &[]);
    let order: Vec<String> = settled
        .tables
        .iter()
        .zip(&settled.superseded_by)
        .map(|(table, by)| match by {
            None => table.file.to_string(),
            Some(by) => format!("[{} by {by}]", table.file),
        })
        .collect();
    let findings = settled
        .findings
        .iter()
        .filter(|finding| finding.kind != Kind::NotReturned)
        .map(|finding| {
            let Detail::DuplicateReturn {
                taken,
                other,
                identical,
                ..
            } = &finding.detail
            else {
                panic!("{finding:?}");
            };
            let place = finding.place.as_ref().expect("a place");
            assert_eq!(&place.file, other);
            assert_eq!(finding.annex.as_deref(), Some("附件3"));
            let same = if *identical { "same" } else { "other" };
            format!(
                "{} {} {other} for {taken}: {same}",
                finding.kind, finding.level
            )
        });
    (order.join(" "), findings.collect())
}

#[test]
fn of_two_returns_the_later_name_is_taken() {
    let first = form("轮台镇.xlsx", &[("轮台镇", 1)]);
    let same = form("轮台镇（2）.xlsx", &[("轮台镇", 1)]);
    let corrected = form("轮台镇更正.xlsx", &[("轮台镇", 9)]);
    assert_eq!(
        settled(&[first.clone(), same.clone()]),
        (
            "轮台镇（2）.xlsx [轮台镇.xlsx by 轮台镇（2）.xlsx]".to_owned(),
            vec!["duplicate-return hint 轮台镇.xlsx for 轮台镇（2）.xlsx: same".to_owned()]
        )
    );
    let other = vec!["duplicate-return hint 轮台镇.xlsx for 轮台镇更正.xlsx: other".to_owned()];
    for forms in [
        [first.clone(), corrected.clone()],
        [corrected.clone(), first.clone()],
    ] {
        assert_eq!(
            settled(&forms),
            (
                "轮台镇更正.xlsx [轮台镇.xlsx by 轮台镇更正.xlsx]".to_owned(),
                other.clone()
            ),
            "whatever the order in which they are read"
        );
    }
    // Where no mark tells, the clerk is asked.
    let unmarked = form("轮台镇表.xlsx", &[("轮台镇", 9)]);
    assert_eq!(
        settled(&[first, unmarked]).1,
        ["duplicate-return verification 轮台镇.xlsx for 轮台镇表.xlsx: other"]
    );
}

#[test]
fn a_return_that_holds_more_is_not_replaced() {
    let both = form("a/阳霞镇.xlsx", &[("阳霞镇", 1), ("草湖乡", 2)]);
    let one = form("b/阳霞镇.xlsx", &[("阳霞镇", 1)]);
    assert_eq!(
        settled(&[both, one]),
        (
            "b/阳霞镇.xlsx a/阳霞镇.xlsx".to_owned(),
            vec!["duplicate-return verification a/阳霞镇.xlsx for b/阳霞镇.xlsx: other".to_owned()]
        )
    );
}

#[test]
fn an_office_that_says_what_the_townships_say_contradicts_nobody() {
    let townships = [
        form("a.xlsx", &[("轮台镇", 1)]),
        form("b.xlsx", &[("草湖乡", 2)]),
    ];
    let office = form(
        "林草局.xlsx",
        &[("轮台镇", 1), ("草湖乡", 2), ("全县合计", 3)],
    );
    let tables: Vec<Table> = [office, townships.concat()].concat();
    let settled = settle(luntai(), Period::Plan, tables, &[]);
    let finding = settled
        .findings
        .iter()
        .find(|finding| finding.kind == Kind::DuplicateReturn)
        .expect("it is said");
    assert_eq!(finding.level, Level::Hint);
    assert_eq!(
        message(finding, Lang::Zh),
        "重复上报，内容相同：林草局.xlsx 有 2 行与别的报表（如 a.xlsx）相同"
    );
    assert!(settled.superseded_by.iter().all(Option::is_none));
}

#[test]
fn of_rows_that_others_return_too_it_is_said_how_many_there_are() {
    let own = form("a.xlsx", &[("轮台镇", 1)]);
    let office = form(
        "林草局.xlsx",
        &[("轮台镇", 7), ("草湖乡", 2), ("全县合计", 9)],
    );
    let settled = settle(luntai(), Period::Plan, [own, office].concat(), &[]);
    let finding = settled
        .findings
        .iter()
        .find(|finding| finding.kind == Kind::DuplicateReturn)
        .expect("it is said");
    assert_eq!(
        message(finding, Lang::Zh),
        "重复上报，内容不同：林草局.xlsx 有 1 行别的报表（如 a.xlsx）也报了，这些行取用别的报表"
    );
}

#[test]
fn a_township_is_believed_before_the_office_that_returns_its_row() {
    let own = form("a.xlsx", &[("轮台镇", 1)]);
    let office = form(
        "林草局.xlsx",
        &[("轮台镇", 7), ("草湖乡", 2), ("全县合计", 9)],
    );
    assert_eq!(
        settled(&[office.clone(), own.clone()]),
        (
            "a.xlsx 林草局.xlsx".to_owned(),
            vec!["duplicate-return verification 林草局.xlsx for a.xlsx: other".to_owned()]
        )
    );
    let tables: Vec<Table> = [office, own].concat();
    let settled = settle(luntai(), Period::Plan, tables, &[]);
    let status = |name: &str| {
        let reporter = luntai().roster.find(name).expect(name).reporter;
        let record = settled.returns.iter().find(|record| {
            record.reporter == reporter && luntai().annexes[record.annex].number.as_ref() == "附件3"
        });
        let record = record.expect("it is owed");
        let files: Vec<&str> = record.files.iter().map(|file| &**file).collect();
        (record.status, files.join(" "))
    };
    // The file taken stands last.
    assert_eq!(
        status("轮台镇"),
        (ReturnStatus::Returned, "林草局.xlsx a.xlsx".to_owned())
    );
    assert_eq!(
        status("草湖乡"),
        (ReturnStatus::Returned, "林草局.xlsx".to_owned())
    );
    assert_eq!(status("阳霞镇"), (ReturnStatus::Missing, String::new()));
}

#[test]
fn different_rows_of_one_reporter_are_no_duplicates() {
    // 阳霞镇 lies in two irrigation districts and may return each in a file of its own.
    let file = |file: &str, district: &str| {
        let grid = format!(
            "灌区名称 | 乡镇名称 | 2023年度用水总量指标 | 2024年度用水总量指标 | 2025年度用水总量指标 | \
             水指标按水源类型分 | < | < | < | < | < | < | < | < | 农业用水量 | < | < | < | < | < | < | < | <\n\
             ^ | ^ | ^ | ^ | ^ | 2023年度 | < | < | 2024年度 | < | < | 2025年度 | < | < | 2023年度 | < | < | 2024年度 | < | < | 2025年度 | < | <\n\
             ^ | ^ | ^ | ^ | ^ | 地表水 | 地下水 | 其他水源 | 地表水 | 地下水 | 其他水源 | 地表水 | 地下水 | 其他水源 | 工业 | 农业 | 生活 | 工业 | 农业 | 生活 | 工业 | 农业 | 生活\n\
             {district} | 阳霞镇 | 6 | 6 | 6 | 1 | 2 | 3 | 1 | 2 | 3 | 1 | 2 | 3 | 1 | 2 | 3 | 1 | 2 | 3 | 1 | 2 | 3"
        );
        read_sheets(luntai(), file, &[sheet(&grid)]).tables
    };
    let (one, two) = (
        file("阳霞镇1.xlsx", "塔里克灌区"),
        file("阳霞镇2.xlsx", "阳霞灌区"),
    );
    assert_eq!(row_name(&one[0].rows[0]), "塔里克灌区·阳霞镇");
    assert_eq!(
        settled(&[one, two]),
        ("阳霞镇2.xlsx 阳霞镇1.xlsx".to_owned(), Vec::new())
    );
}

#[test]
fn what_did_not_come_is_listed() {
    let settled = settle(
        luntai(),
        Period::Plan,
        form("轮台镇.xlsx", &[("轮台镇", 1)]),
        &[],
    );
    // 12 annexes: three by townships (11 + 10 + 11), nine by one office.
    assert_eq!(settled.returns.len(), 41);
    let missing: Vec<_> = settled
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::NotReturned)
        .collect();
    assert_eq!(missing.len(), 40);
    for finding in &missing {
        assert_eq!(finding.level, Level::Mandatory);
        assert_eq!(finding.place, None);
        assert!(finding.annex.is_some() && finding.reporter.is_some());
    }
    let is_own = |finding: &&&hebiao::model::Finding| {
        finding.annex.as_deref() == Some("附件3") && finding.reporter.as_deref() == Some("轮台镇")
    };
    assert!(!missing.iter().any(|finding| is_own(&finding)));
    let statuses: Vec<_> = settled
        .returns
        .iter()
        .map(|record| (record.reporter, record.annex))
        .collect();
    assert!(
        statuses.is_sorted(),
        "in the order of the roster and the annexes"
    );
}

#[test]
fn large_registers_that_came_twice_are_compared() {
    let register = |file: &str| {
        let mut grid =
            "序号 | 地州市 | 所在区、县 | 所属单位 | 蒸吨数 | 建成时间 | 是否有低氮改造设施 | \
                        计划完成低氮改造时间 | 计划改造金额（万元） | 备注\n"
                .to_owned();
        for row in 0..20_000 {
            grid += &format!(
                "{row} | 巴州 | 轮台县 | 第{row}厂 | 2 | 2019年6月 | 否 | 2024年12月 | 5\n"
            );
        }
        read_sheets(luntai(), file, &[sheet(&grid)]).tables
    };
    let forms: Vec<Table> = [register("生态环境局1.xlsx"), register("生态环境局2.xlsx")].concat();
    let settled = settle(luntai(), Period::Plan, forms, &[]);
    assert_eq!(
        settled.superseded_by[1].as_deref(),
        Some("生态环境局2.xlsx")
    );
}
