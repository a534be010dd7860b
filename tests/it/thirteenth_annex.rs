//! One more annex is TOML alone: added to the shipped scheme, a form of it is read and checked.

use hebiao::check::Checker;
use hebiao::model::{CellValue, Kind, Level};

use crate::desk::{file, load_files, luntai, luntai_files, read_sheets, row_name, shown_finding};
use crate::form::{Form, held};

const ANNEX: &str = r#"
number          = "附件8"
title           = "2023-2025年轮台县农村厕所改造计划表"
unit            = "户"
unit_line       = "单位：户、万元"
returned_by     = "township"
responsible     = "县农业农村局"
row_key         = ["乡镇"]
reporter_column = "乡镇"
total_row       = "全县合计（{count}个乡镇）"
rows            = ["轮台镇", "轮南镇", "草湖乡", "策大雅乡"]
notes           = ["注：改造方式按县里的要求填写。"]

[[columns]]
name   = "序号"
header = ["序号"]
kind   = "serial"

[[columns]]
name   = "乡镇"
header = ["乡镇"]
kind   = "text"

[[columns]]
name     = "新建"
header   = ["改造户数", "{year}年", "新建（户）"]
each     = "year"

[[columns]]
name     = "提升"
header   = ["改造户数", "{year}年", "提升（户）"]
each     = "year"

[[columns]]
name   = "三年合计"
header = ["改造户数", "三年合计"]

[[columns]]
name     = "普及率"
header   = ["普及率（%）"]
kind     = "rate"
unit     = "%"
decimals = 1

[[columns]]
name   = "投资"
header = ["计划投资（万元）"]
unit   = "万元"

[[columns]]
name   = "改造方式"
header = ["改造方式"]
kind   = "code"

[[columns]]
name   = "完成时间"
header = ["计划完成时间"]
kind   = "date"

[[columns]]
name     = "备注"
header   = ["备注"]
kind     = "text"
optional = true

[[sum]]
id    = "A8-01"
total = "三年合计"
parts = ["新建", "提升"]

[[total-row]]
id    = "A8-02"
count = true

[[code]]
id      = "A8-03"
column  = "改造方式"
values  = ["水冲式", "旱厕"]
aliases = { "水冲" = "水冲式" }

[[range]]
id      = "A8-04"
columns = ["普及率"]
min     = "0"
max     = "100"

[[range]]
id      = "A8-05"
columns = ["完成时间"]
min     = "2023-01-01"
max     = "2025-12-31"
"#;

#[test]
fn an_annex_of_toml_alone_is_recognised_normalised_and_checked() {
    let mut files = luntai_files();
    files.push(file("annex-8.toml", ANNEX));
    let scheme = load_files(&files).expect("the scheme with a thirteenth annex");
    assert_eq!(scheme.annexes.len(), 14);
    assert_eq!(&*scheme.annexes[12].number, "附件8");
    assert_ne!(scheme.fingerprint, luntai().fingerprint);

    let mut form = Form::of(&scheme, "附件8");
    let leaf = |name: &str| {
        let column = scheme.annexes[12].column(name).expect(name);
        scheme.annexes[12].leaf(column, Some(2023)).expect(name)
    };
    // Rows whose sums are right, and a total row over them: 4 × (1 + … + 6) and so on.
    let figures = ["新建", "提升"].map(|name| scheme.annexes[12].column(name).expect(name));
    for row in &mut form.rows {
        let share = if row.spec.is_none() { 4.0 } else { 1.0 };
        let mut sum = 0.0;
        for (nth, described) in scheme.annexes[12].leaves.iter().enumerate() {
            if figures.contains(&described.column) {
                row.cells[nth] = Some(CellValue::Number(share * nth as f64));
                sum += share * nth as f64;
            }
        }
        row.cells[leaf("三年合计")] = Some(CellValue::Number(sum));
        row.cells[leaf("投资")] = Some(CellValue::Number(share * 10.0));
        if row.spec.is_some() {
            row.cells[leaf("普及率")] = Some(CellValue::Number(85.5));
            row.cells[leaf("改造方式")] = Some(CellValue::Text("水冲".into()));
        }
    }
    let reading = read_sheets(&scheme, "县农业农村局.xlsx", &[form.sheet()]);
    assert_eq!(reading.tables.len(), 1);
    let table = &reading.tables[0];
    assert_eq!(held(&scheme, table), form.expected());
    assert_eq!(reading.serious(), Vec::<String>::new());
    let names: Vec<String> = table.rows.iter().map(row_name).collect();
    assert_eq!(names, ["轮台镇", "轮南镇", "草湖乡", "策大雅乡", "合计"]);
    assert_eq!(table.rows[4].stated_count, Some(4));

    let checker = Checker::new(&scheme);
    let serious = |table| {
        let checked = checker.form(table);
        let serious = checked
            .findings
            .iter()
            .filter(|finding| finding.level != Level::Hint);
        serious
            .map(|finding| (finding.rule.clone(), finding.kind, shown_finding(finding)))
            .collect::<Vec<_>>()
    };
    assert_eq!(serious(table), []);

    // One share that cannot be.
    let mut planted = form.clone();
    planted.rows[1].cells[leaf("普及率")] = Some(CellValue::Number(185.5));
    let reading = read_sheets(&scheme, "县农业农村局.xlsx", &[planted.sheet()]);
    assert_eq!(
        serious(&reading.tables[0]),
        [(
            Some("A8-04".into()),
            Kind::Range,
            "range mandatory J8 185.5 => 0～100".to_owned()
        )]
    );

    // One figure too many in one township's row total, and in the county's, so that only the row is wrong.
    for row in [2, 4] {
        let sum = &mut form.rows[row].cells[leaf("三年合计")];
        let Some(CellValue::Number(figure)) = sum else {
            panic!("{sum:?}");
        };
        *figure += 10.0;
    }
    let reading = read_sheets(&scheme, "县农业农村局.xlsx", &[form.sheet()]);
    let found = serious(&reading.tables[0]);
    let rules: Vec<_> = found
        .iter()
        .map(|(rule, kind, _)| (rule.as_deref(), *kind))
        .collect();
    // The row, and the county's total of the same column against its own parts.
    assert_eq!(
        rules,
        [(Some("A8-01"), Kind::Sum), (Some("A8-01"), Kind::Sum)],
        "{found:?}"
    );
    // 2+3+4+5+6+7 = 27, below a header of three levels and three lines above it.
    assert_eq!(found[0].2, "sum mandatory I9+C9+E9+G9+D9+F9+H9 37 => 27");
}

#[test]
fn the_other_annexes_are_not_disturbed_by_it() {
    let mut files = luntai_files();
    files.push(file("annex-8.toml", ANNEX));
    let scheme = load_files(&files).expect("the scheme with a thirteenth annex");
    for annex in &luntai().annexes {
        let form = Form::of(&scheme, &annex.number);
        let file = format!("{}.xlsx", form.office());
        let reading = read_sheets(&scheme, &file, &[form.sheet()]);
        assert_eq!(reading.tables.len(), 1);
        assert_eq!(held(&scheme, &reading.tables[0]), form.expected());
        assert_eq!(reading.serious(), Vec::<String>::new());
    }
}
