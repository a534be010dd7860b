//! Schemes that are written rightly and would go wrong all the same, and annexes of unusual shape that must not.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::{Command, Output};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use hebiao::inbox;
use hebiao::model::{Detail, Earlier, Finding, Kind, Level, Period};
use hebiao::pipeline::{CheckedFiles, Merged, check_files, merge};
use hebiao::report::Lang;
use hebiao::report::words::message;
use hebiao::report::workbook::form::Form;
use hebiao::report::workbook::write_workbook;
use hebiao::scheme::{Scheme, SchemeFile, load, load_with_warnings};
use rust_xlsxwriter::{Formula, Workbook};

use crate::desk::luntai_files;
use crate::merged::COUNTY;

/// One figure of each township.
const AREAS: &str = r#"
number      = "附件1"
title       = "造林面积表"
unit        = "亩"
returned_by = "township"
responsible = "县水利局"
row_key     = ["单位"]
reporter_column = "单位"
total_row   = "合计"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name     = "造林"
header   = ["造林面积"]
decimals = 2
[[columns]]
name   = "方式"
header = ["造林方式"]
kind   = "code"
"#;

/// A register of villages.
const VILLAGES: &str = r#"
number      = "附件2"
title       = "各村造林登记表"
unit        = "亩"
returned_by = "township"
row_key     = ["乡镇", "村"]
reporter_column = "乡镇"
rows        = "register"
total_row   = "合计"

[[columns]]
name   = "乡镇"
header = ["乡镇"]
kind   = "text"
[[columns]]
name   = "村"
header = ["村名"]
kind   = "text"
[[columns]]
name   = "面积"
header = ["面积"]
"#;

/// Years down, of two years only.
const YEARS: &str = r#"
number      = "附件3"
title       = "供水情况表"
unit        = "万立方米"
returned_by = "县水利局"
row_key     = ["年份"]
rows        = ["2023年", "2024年"]

[[columns]]
name   = "年份"
header = ["年份"]
kind   = "year"
[[columns]]
name   = "供水"
header = ["供水量"]
[[columns]]
name   = "户数"
header = ["受益户数"]
unit   = "户"
[[columns]]
name   = "率"
header = ["供水率"]
kind   = "rate"
unit   = "%"
"#;

fn file(name: &str, text: &str) -> SchemeFile {
    SchemeFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// The small county with annexes.
fn files(annexes: &[&str]) -> Vec<SchemeFile> {
    let annexes = annexes.iter().enumerate();
    let annexes = annexes.map(|(nth, text)| file(&format!("annex-{}.toml", nth + 1), text));
    [file("scheme.toml", COUNTY)]
        .into_iter()
        .chain(annexes)
        .collect()
}

fn scheme(annexes: &[&str]) -> Scheme {
    load(&files(annexes)).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// What is said of a scheme that is refused, a line for each mistake.
fn refused(annexes: &[&str]) -> String {
    match load(&files(annexes)) {
        Ok(_) => "nothing".to_owned(),
        Err(mistakes) => {
            let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            said.join("\n")
        }
    }
}

/// What is said of a scheme with this annex in English.
fn refused_in_english(annex: &str) -> String {
    let mistakes = load(&files(&[annex])).expect_err("a scheme that is refused");
    let said: Vec<String> = mistakes.iter().map(|it| it.problem.in_english()).collect();
    said.join("\n")
}

/// What is said of a scheme that can be used.
fn warned(annexes: &[&str]) -> String {
    let (_, warnings) = load_with_warnings(&files(annexes)).expect("a scheme that can be used");
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    said.join("\n")
}

/// An annex with texts written otherwise.
fn changed(annex: &str, changes: &[(&str, &str)]) -> String {
    let mut annex = annex.to_owned();
    for (from, to) in changes {
        assert!(annex.contains(from), "{from}");
        annex = annex.replacen(from, to, 1);
    }
    annex
}

/// An annex with a rule more.
fn with(annex: &str, rules: &str) -> String {
    format!("{annex}\n{rules}\n")
}

/// A workbook of one sheet: a line for each row, `|` between cells, `=` before a formula that came to `#REF!`.
fn workbook(sheet_name: &str, lines: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name).expect("a name");
    for (row, line) in lines.iter().enumerate() {
        for (col, cell) in line.split('|').enumerate() {
            let (row, col) = (row as u32, col as u16);
            let written = match (cell, cell.parse::<f64>()) {
                ("", _) => continue,
                (_, Ok(number)) => sheet.write(row, col, number),
                (cell, _) if cell.starts_with('=') => {
                    sheet.write_formula(row, col, Formula::new(cell).set_result("#REF!"))
                }
                (cell, _) => sheet.write(row, col, cell),
            };
            written.expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// A folder of its own, gone when the test ends.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = format!("hebiao-sound-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("inbox/plan")).expect("a folder");
        Self(folder)
    }

    fn returned(&self, file: &str, bytes: &[u8]) {
        let path = self.0.join("inbox/plan").join(format!("{file}.xlsx"));
        fs::write(path, bytes).expect("a file");
    }

    /// A sheet is called otherwise than any annex.
    fn form(&self, file: &str, lines: &[&str]) {
        self.returned(file, &workbook("Sheet1", lines));
    }

    fn merged(&self, scheme: &Scheme) -> Merged {
        let files = inbox::list(&self.0.join("inbox/plan")).expect("the inbox");
        merge(scheme, Period::Plan, Earlier::default(), &files, &|| {})
    }

    fn checked(&self, scheme: &Scheme) -> CheckedFiles {
        let files = inbox::list(&self.0.join("inbox/plan")).expect("the inbox");
        check_files(scheme, None, &|_| Earlier::default(), &files, &|| {})
    }

    /// Runs the program with a scheme of these annexes.
    fn run(&self, annexes: &[&str], arguments: &[&str]) -> Output {
        let folder = self.0.join("scheme");
        fs::create_dir_all(&folder).expect("a folder");
        for file in files(annexes) {
            fs::write(folder.join(file.name), file.text).expect("a file");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_hebiao"));
        command.args(arguments).current_dir(&self.0);
        command.arg("--scheme").arg(folder);
        command.output().expect("the program runs")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn said(findings: &[Finding], kind: Kind) -> Vec<String> {
    let of_kind = findings.iter().filter(|it| it.kind == kind);
    of_kind.map(|it| message(it, Lang::Zh)).collect()
}

/// The rows of an annex sheet of the county's workbook.
fn lines(merged: &Merged, scheme: &Scheme, sheet: &str) -> Vec<String> {
    let bytes = write_workbook(merged, scheme, Lang::Zh).expect("a workbook");
    sheet_lines(&bytes, sheet)
}

fn sheet_lines(bytes: &[u8], sheet: &str) -> Vec<String> {
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).expect("an .xlsx file");
    let range = book.worksheet_range(sheet).expect(sheet);
    let line = |row: &[Data]| {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        cells.join("|")
    };
    range.rows().map(line).collect()
}

#[test]
fn the_shipped_scheme_and_the_small_annexes_are_sound() {
    let (_, warnings) = load_with_warnings(&luntai_files()).expect("the shipped scheme");
    assert_eq!(warnings, []);
    for annex in [AREAS, VILLAGES, YEARS] {
        assert_eq!(warned(&[annex]), "");
    }
}

#[test]
fn a_table_that_every_reporter_would_return_whole_is_refused() {
    // 单位 names reporters, so it is the column that is meant.
    let named = changed(AREAS, &[("reporter_column = \"单位\"\n", "")]);
    assert_eq!(
        refused(&[&named]),
        "annex-1.toml:5:15: 每个单位都会报送这张表的全部行，却没有一列说明哪一行是哪个单位的，汇总时只会取到其中一个单位的数。\
         请写明 reporter_column = \"单位\"；或者在 row_key 中加一列填报单位，每个单位一行，用 reporter_column 指明这一列"
    );
    let crops = changed(
        &named,
        &[(
            "[\"东河镇\", \"西岭镇\", \"南坪乡\"]",
            "[\"小麦\", \"玉米\"]",
        )],
    );
    let mistake = load(&files(&[&crops]))
        .expect_err("no row is anybody's")
        .remove(0);
    assert!(
        mistake
            .to_string()
            .contains("请写明 returned_by = \"县水利局\"；"),
        "{mistake}"
    );
    let english = mistake.problem.in_english();
    assert!(
        english.contains("Write returned_by = \"县水利局\"; or"),
        "{english}"
    );
    let departments = changed(
        &crops,
        &[
            ("\"township\"", "\"department\""),
            ("responsible = \"县水利局\"\n", ""),
        ],
    );
    assert!(refused(&[&departments]).contains("returned_by = \"报送这张表的那个单位\""));
    let english = refused_in_english(&departments);
    assert!(
        english.contains("Write returned_by = \"the office that returns this table\"; or"),
        "{english}"
    );
    // An office that returns them all is right, and so is one row for each.
    let office = changed(
        &crops,
        &[("returned_by = \"township\"", "returned_by = \"县水利局\"")],
    );
    assert_eq!(refused(&[&office]), "nothing");
}

#[test]
fn a_register_that_says_of_no_row_whose_it_is_is_refused() {
    let villages = changed(VILLAGES, &[("reporter_column = \"乡镇\"\n", "")]);
    assert_eq!(
        refused(&[&villages]),
        "annex-1.toml:5:15: 没有一列说明登记表的每一行是哪个单位的，汇总后分不清。请写明 reporter_column = \"乡镇\"；\
         县里每个单位只要一行合计的，用 one_row_each"
    );
    let alone = changed(&villages, &[("[\"乡镇\", \"村\"]", "[\"村\"]")]);
    let said = refused(&[&alone]);
    assert!(
        said.contains("row_key = [\"单位\", \"村\"]、reporter_column = \"单位\""),
        "{said}"
    );
    let english = refused_in_english(&alone);
    assert!(
        english.contains(
            "Write row_key = [\"reporter\", \"村\"] and reporter_column = \"reporter\"; or"
        ),
        "{english}"
    );
    let totals = changed(
        &villages,
        &[("rows   ", "one_row_each = \"乡镇\"\nrows   ")],
    );
    assert_eq!(refused(&[&totals]), "nothing");
    let office = changed(&villages, &[("\"township\"", "\"县水利局\"")]);
    assert_eq!(refused(&[&office]), "nothing");
}

#[test]
fn an_annex_that_nobody_can_return_is_refused() {
    let offices = changed(
        AREAS,
        &[(
            "[\"东河镇\", \"西岭镇\", \"南坪乡\"]",
            "[\"县水利局\", \"县住建局\"]",
        )],
    );
    assert_eq!(
        refused(&[&offices]),
        "annex-1.toml:5:15: 没有一个单位能报送这个附件：各行写的单位都不是乡镇，是否指“returned_by = \"department\"”？"
    );
    // One row that nobody fills in is worth knowing.
    let one = changed(AREAS, &[("\"南坪乡\"", "\"县住建局\"")]);
    assert_eq!(
        warned(&[&one]),
        "annex-1.toml:8:19: 没有单位填报“县住建局”这一行：所写的单位不是乡镇"
    );
    let never = changed(AREAS, &[("total_row", "due = { plan = false }\ntotal_row")]);
    assert_eq!(
        warned(&[&never]),
        "annex-1.toml:2:15: 规划和各月都不报送这个附件（due 中写明 every = \"month\" 或 plan = true）"
    );
}

#[test]
fn an_annex_with_nothing_to_fill_in_is_refused() {
    let columns = AREAS.split("[[columns]]").take(2);
    let names: String = columns.collect::<Vec<_>>().join("[[columns]]");
    assert_eq!(
        refused(&[&names]),
        "annex-1.toml:2:15: 没有要填报的内容：除 row_key、序号和印好的列以外，至少要有一列由单位填写"
    );
}

#[test]
fn a_rule_that_holds_in_no_row_or_year_is_refused() {
    let nowhere = "这条关系永远无法核对：适用范围为空";
    let range = |applies: &str| {
        format!("[[range]]\nid = \"R\"\ncolumns = [\"造林\"]\nmin = \"0\"\napplies = {applies}")
    };
    for applies in [
        "{ except_rows = [\"东河镇\", \"西岭镇\", \"南坪乡\"] }",
        "{ rows = [\"合计\"] }",
        "{ rows = [\"东河镇\"], except_rows = [\"东河镇\"] }",
    ] {
        let said = refused(&[&with(AREAS, &range(applies))]);
        assert!(said.ends_with(nowhere), "{applies}: {said}");
        assert!(said.starts_with("annex-1.toml:29:11: "), "{said}");
    }
    for applies in [
        "{ rows = [\"合计\"], total_rows = true }",
        "{ except_rows = [\"东河镇\"] }",
    ] {
        assert_eq!(
            refused(&[&with(AREAS, &range(applies))]),
            "nothing",
            "{applies}"
        );
    }
    // Rows are of 2023 and 2024, the scheme of 2025 too.
    let years = |applies: &str| {
        let rule = format!("[[range]]\nid = \"R\"\ncolumns = [\"供水\"]\nmin = \"0\"\n{applies}");
        refused(&[&with(YEARS, &rule)])
    };
    assert!(years("applies = { years = [2025] }").ends_with(nowhere));
    assert_eq!(years("applies = { years = [2024, 2025] }"), "nothing");
    let equal = |year: u16| {
        let rule = format!(
            "[[equal]]\nid = \"R\"\nleft = {{ row = \"2023年\", column = \"供水\", year = {year} }}\n\
             right = {{ annex = \"附件1\", row = \"东河镇\", column = \"水\" }}"
        );
        let water = changed(
            AREAS,
            &[
                ("name   = \"方式\"", "name = \"水\""),
                ("kind   = \"code\"", "unit = \"万立方米\""),
            ],
        );
        let keyed = changed(
            YEARS,
            &[
                ("number      = \"附件3\"", "number = \"附件4\""),
                ("[\"年份\"]\nrows", "[\"项目\", \"年份\"]\nrows"),
                (
                    "[\"2023年\", \"2024年\"]",
                    "[[\"城区\", \"2023年\"], [\"乡村\", \"2024年\"]]",
                ),
                (
                    "[[columns]]",
                    "[[columns]]\nname = \"项目\"\nheader = [\"项目\"]\nkind = \"text\"\n[[columns]]",
                ),
            ],
        );
        let rule = rule.replace("row = \"2023年\"", "row = [\"城区\"]");
        refused(&[&water, &with(&keyed, &rule)])
    };
    assert!(equal(2024).ends_with(nowhere), "{}", equal(2024));
    assert_eq!(equal(2023), "nothing");
}

#[test]
fn a_value_that_is_on_no_list_is_refused_with_the_nearest() {
    let rules = |value: &str| {
        format!(
            "[[code]]\nid = \"C\"\ncolumn = \"方式\"\nvalues = [\"人工造林\", \"封山育林\"]\naliases = {{ \"人工\" = \"人工造林\" }}\n\
             [[when]]\nid = \"W\"\nif = {{ column = \"方式\", is = {value} }}\nthen = {{ column = \"造林\", is = \"filled\" }}"
        )
    };
    assert_eq!(
        refused(&[&with(AREAS, &rules("[\"人工\", \"封沙育林\"]"))]),
        "annex-1.toml:32:35: “封沙育林”不在这一列可填的内容之列，条件永远不成立，是否指“封山育林”？"
    );
    assert_eq!(refused(&[&with(AREAS, &rules("\"封山育林\""))]), "nothing");
    // A column of figures is never 很多.
    let figure = rules("\"封山育林\"").replace("is = \"filled\"", "is = \"很多\"");
    let said = refused(&[&with(AREAS, &figure)]);
    assert!(said.contains("“很多”不在这一列可填的内容之列"), "{said}");
}

#[test]
fn a_quotient_of_units_that_cannot_give_its_unit_is_refused() {
    let ratio =
        "[[ratio]]\nid = \"R\"\nvalue = \"率\"\nnumerator = \"供水\"\ndenominator = \"户数\"";
    let units = |unit: &str| {
        let annex = changed(YEARS, &[("unit   = \"%\"", &format!("unit = \"{unit}\""))]);
        let units = ["万立方米/户", "户/万立方米", "元", "倍"]
            .map(|unit| format!("[[units]]\nname = \"{unit}\"\n"));
        let mut files = files(&[&with(&annex, ratio)]);
        files[0].text += &units.concat();
        match load_with_warnings(&files) {
            Ok((_, warnings)) => warnings.iter().map(|it| format!("warning {it}")).collect(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect::<String>(),
        }
    };
    // A volume for each household is no percentage, and no number of households.
    assert_eq!(units("%"), "annex-1.toml:28:9: “万立方米”除以“户”得不出“%”");
    assert_eq!(
        units("户"),
        "annex-1.toml:28:9: “万立方米”除以“户”得不出“户”"
    );
    assert_eq!(
        units("户/万立方米"),
        "annex-1.toml:28:9: “万立方米”除以“户”得不出“户/万立方米”"
    );
    // Of a unit by itself the name does not tell.
    assert_eq!(
        units("元"),
        "warning annex-1.toml:28:9: “万立方米”除以“户”得不出“元”"
    );
    assert_eq!(units("万立方米/户"), "");
    assert_eq!(units("万立方米"), "");
}

#[test]
fn the_same_rule_twice_is_warned_of_and_two_that_exclude_each_other_are_refused() {
    let range = |id: &str, bounds: &str| {
        format!("[[range]]\nid = \"{id}\"\ncolumns = [\"造林\"]\n{bounds}\n")
    };
    let two = |first: &str, second: &str| {
        let both = range("R1", first) + &range("R2", second);
        let files = files(&[&with(AREAS, &both)]);
        match load_with_warnings(&files) {
            Ok((_, warnings)) => warnings.iter().map(|it| format!("warning {it}")).collect(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect::<String>(),
        }
    };
    assert_eq!(
        two("min = \"0\"", "min = \"0\""),
        "warning annex-1.toml:30:6: 与“R1”是同一条关系，同一个错误会提示两次"
    );
    assert_eq!(
        two("max = \"10\"", "min = \"20\""),
        "annex-1.toml:30:6: 与“R1”互相矛盾，没有一个数能同时满足两条"
    );
    assert_eq!(two("max = \"20\"", "min = \"20\""), "");
    let rows = "min = \"20\"\napplies = { rows = [\"东河镇\"] }";
    assert!(two("max = \"10\"", rows).contains("互相矛盾"));
    assert_eq!(
        two(
            "max = \"10\"\napplies = { except_rows = [\"东河镇\"] }",
            rows
        ),
        ""
    );
    let plan = "min = \"20\"\napplies = { period = \"plan\" }";
    assert_eq!(
        two("max = \"10\"\napplies = { period = \"month\" }", plan),
        ""
    );
}

#[test]
fn two_promises_of_one_figure_that_exclude_each_other_are_refused() {
    let target = |id: &str, value: &str, bound: &str, year: u16| {
        format!(
            "[[target]]\nid = \"{id}\"\nsection = \"一\"\nsentence = \"句\"\nvalue = \"{value}\"\nunit = \"%\"\nyear = {year}\n\
             bound = \"{bound}\"\ncell = {{ column = \"率\" }}\n"
        )
    };
    let two = |first: String, second: String| refused(&[&with(YEARS, &(first + &second))]);
    let least = || target("T1", "60", "at-least", 2023);
    assert!(
        two(least(), target("T2", "50", "at-most", 2023))
            .ends_with("与“T1”互相矛盾，没有一个数能同时满足两条")
    );
    assert!(
        two(least(), target("T2", "55.5", "equal", 2023))
            .ends_with("与“T1”互相矛盾，没有一个数能同时满足两条")
    );
    assert_eq!(two(least(), target("T2", "50", "at-most", 2024)), "nothing");
    assert_eq!(two(least(), target("T2", "60", "at-most", 2023)), "nothing");
    // A range excludes a promise as well.
    let range = "[[range]]\nid = \"R\"\ncolumns = [\"率\"]\nmax = \"40\"\n".to_owned();
    assert!(two(least(), range).contains("互相矛盾"));
}

#[test]
fn warnings_are_seen_in_the_overview_and_stop_no_merge() {
    let desk = Desk::new("warnings");
    let twice = "[[range]]\nid = \"R1\"\ncolumns = [\"造林\"]\nmin = \"0\"\n[[range]]\nid = \"R2\"\ncolumns = [\"造林\"]\nmin = \"0\"";
    let annex = with(AREAS, twice);
    desk.form(
        "东河镇",
        &[
            "附件1",
            "造林面积表",
            "填报单位：东河镇",
            "单位|造林面积|造林方式",
            "东河镇|10|人工",
        ],
    );
    for (lang, title, words) in [
        (
            "zh",
            "提醒（1）",
            "与“R1”是同一条关系，同一个错误会提示两次",
        ),
        (
            "en",
            "Warnings（1）",
            "this is the same rule as “R1”; each mistake would be told twice",
        ),
    ] {
        let output = desk.run(&[&annex], &["scheme", "--lang", lang]);
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{shown}");
        assert!(shown.contains(title) && shown.contains(words), "{shown}");
        assert!(shown.contains("annex-1.toml:30:6"), "{shown}");
    }
    let output = desk.run(&[&annex], &["merge", "plan", "--lang", "zh"]);
    assert_ne!(output.status.code(), Some(2), "{output:?}");
    assert!(desk.0.join("outbox/plan/findings.json").is_file());
}

#[test]
fn what_is_wrong_with_a_scheme_is_told_in_english_too() {
    let desk = Desk::new("english");
    let annex = changed(
        AREAS,
        &[
            ("reporter_column = \"单位\"\n", ""),
            ("decimals = 2", "decimals = 2\neach = \"month\""),
        ],
    );
    let output = desk.run(&[&annex], &["scheme", "--lang", "en"]);
    let shown = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        shown.contains("wanted: \"year\"; written: “month”"),
        "{shown}"
    );
    let output = desk.run(
        &[&changed(AREAS, &[("reporter_column = \"单位\"\n", "")])],
        &["merge", "plan", "--lang", "en"],
    );
    let shown = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        shown.contains("Write reporter_column = \"单位\""),
        "{shown}"
    );
    assert!(shown.is_ascii() || !shown.contains("每个单位"), "{shown}");
}

/// 备注 and 进展 may both stay blank.
const OPTIONAL: &str = r#"
number      = "附件5"
title       = "进展情况表"
returned_by = "township"
row_key     = ["单位"]
reporter_column = "单位"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name     = "完成"
header   = ["完成面积"]
unit     = "亩"
optional = true
[[columns]]
name     = "进展"
header   = ["进展情况"]
kind     = "text"
optional = true
"#;

#[test]
fn an_annex_in_which_all_may_stay_blank_is_recognised() {
    let scheme = scheme(&[OPTIONAL]);
    let desk = Desk::new("optional");
    desk.form(
        "东河镇",
        &[
            "填报单位：东河镇",
            "单位|完成面积|进展情况",
            "东河镇|10|已开工",
        ],
    );
    let blank = Form::of(&scheme, 1)
        .expect("a form")
        .write()
        .expect("a workbook");
    desk.returned("西岭镇", &blank);
    let merged = desk.merged(&scheme);
    assert_eq!(
        said(&merged.findings, Kind::UnknownForm),
        Vec::<String>::new()
    );
    assert_eq!(merged.tables.len(), 2);
    let shown = lines(&merged, &scheme, "附件5");
    assert!(
        shown
            .iter()
            .any(|line| line.starts_with("东河镇|10|已开工")),
        "{shown:?}"
    );
    // 单位 by itself is no form.
    let desk = Desk::new("optional-other");
    desk.form("东河镇", &["单位|人口", "东河镇|10"]);
    assert_eq!(desk.merged(&scheme).tables.len(), 0);
}

/// 备注 stands before the key.
const KEY_LAST: &str = r#"
number      = "附件6"
title       = "造林任务表"
unit        = "亩"
returned_by = "township"
responsible = "县水利局"
row_key     = ["片区", "单位"]
reporter_column = "单位"
total_row   = "全县合计"
rows        = [["南片", "东河镇"], ["北片", "东河镇"], ["北片", "西岭镇"]]

[[columns]]
name   = "文号"
header = ["下达文号"]
kind   = "text"
optional = true
[[columns]]
name   = "片区"
header = ["片区"]
kind   = "text"
[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "任务"
header = ["造林任务"]

[[total-row]]
id = "K-1"
"#;

#[test]
fn the_total_has_its_label_where_another_column_stands_before_the_key() {
    let scheme = scheme(&[KEY_LAST]);
    let desk = Desk::new("label");
    let blank = Form::of(&scheme, 0)
        .expect("a form")
        .write()
        .expect("a workbook");
    let shown = sheet_lines(&blank, "附件6");
    assert!(
        shown.iter().any(|line| line.starts_with("|全县合计|")),
        "{shown:?}"
    );
    // What comes back with its total 3 off is known by the label.
    desk.form(
        "东河镇",
        &[
            "附件6",
            "造林任务表",
            "填报单位：东河镇",
            "下达文号|片区|单位|造林任务",
            "|南片|东河镇|10",
            "|北片|东河镇|20",
            "|全县合计||33",
        ],
    );
    let merged = desk.merged(&scheme);
    let wrong: Vec<&Finding> = merged
        .findings
        .iter()
        .filter(|it| it.kind == Kind::TotalRow)
        .collect();
    assert_eq!(wrong.len(), 1, "{:?}", merged.findings);
    assert_eq!(wrong[0].expected.as_deref(), Some("30"));
    let shown = lines(&merged, &scheme, "附件6");
    assert!(
        shown.iter().any(|line| line.starts_with("|全县合计||30")),
        "{shown:?}"
    );
}

/// The county's figure is the sum over all villages.
const SUM: &str = r#"
number      = "附件4"
title       = "全县造林"
unit        = "亩"
returned_by = "县水利局"
row_key     = ["地区"]
rows        = ["全县"]

[[columns]]
name   = "地区"
header = ["地区"]
kind   = "text"
[[columns]]
name   = "总面积"
header = ["总面积"]

[[equal]]
id    = "S-1"
left  = { row = "全县", column = "总面积" }
right = { annex = "附件2", row = "*", column = "面积" }
"#;

fn villages(desk: &Desk, reporter: &str, rows: &[&str]) {
    let by = format!("填报单位：{reporter}");
    let top = ["附件2", "各村造林登记表", &by, "乡镇|村名|面积"];
    desk.form(reporter, &[&top, rows].concat());
}

fn county(desk: &Desk, area: u32) {
    let row = format!("全县|{area}");
    desk.form(
        "县水利局",
        &[
            "附件4",
            "全县造林",
            "填报单位：县水利局",
            "地区|总面积",
            &row,
        ],
    );
}

#[test]
fn rows_of_one_name_in_a_register_are_asked_about_and_all_counted() {
    let scheme = scheme(&[VILLAGES, SUM]);
    let desk = Desk::new("equal-keys");
    // 红星村 twice: 10 + 20 + 30 + 40 = 100.
    villages(&desk, "东河镇", &["东河镇|红星村|10", "东河镇|红星村|20"]);
    villages(&desk, "西岭镇", &["西岭镇|红星村|30"]);
    villages(&desk, "南坪乡", &["南坪乡|胜利村|40"]);
    county(&desk, 101);
    for findings in [
        desk.merged(&scheme).findings,
        desk.checked(&scheme).findings,
    ] {
        let twice: Vec<&Finding> = findings
            .iter()
            .filter(|it| it.kind == Kind::Unique)
            .collect();
        assert_eq!(twice.len(), 1, "{findings:?}");
        assert_eq!(
            (twice[0].level, twice[0].given.as_deref()),
            (Level::Verification, Some("东河镇·红星村"))
        );
        let cell = twice[0].place.as_ref().and_then(|place| place.cell);
        assert_eq!(cell.map(|cell| cell.to_string()).as_deref(), Some("A6"));
        let sums = said(&findings, Kind::Equal);
        assert_eq!(sums.len(), 1, "{findings:?}");
        assert!(
            sums[0].contains("100") && sums[0].contains("4行之和"),
            "{sums:?}"
        );
    }
    // A rule of the scheme that asks for it says it by itself.
    let rule = "[[unique]]\nid = \"V-1\"\ncolumns = [\"乡镇\", \"村\"]";
    let ruled = self::scheme(&[&with(VILLAGES, rule), SUM]);
    let findings = desk.merged(&ruled).findings;
    let twice: Vec<&Finding> = findings
        .iter()
        .filter(|it| it.kind == Kind::Unique)
        .collect();
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].rule.as_deref(), Some("V-1"));
}

#[test]
fn all_rows_are_those_of_the_county_and_not_of_the_files_at_hand() {
    let scheme = scheme(&[VILLAGES, SUM]);
    let desk = Desk::new("whole");
    villages(&desk, "东河镇", &["东河镇|红星村|10"]);
    villages(&desk, "西岭镇", &["西岭镇|前进村|30"]);
    county(&desk, 80);
    // 南坪乡 has 40 more: without it nobody can say.
    for findings in [
        desk.merged(&scheme).findings,
        desk.checked(&scheme).findings,
    ] {
        assert_eq!(said(&findings, Kind::Equal), Vec::<String>::new());
    }
    villages(&desk, "南坪乡", &["南坪乡|胜利村|40"]);
    for findings in [
        desk.merged(&scheme).findings,
        desk.checked(&scheme).findings,
    ] {
        assert_eq!(said(&findings, Kind::Equal), Vec::<String>::new());
    }
    county(&desk, 70);
    for findings in [
        desk.merged(&scheme).findings,
        desk.checked(&scheme).findings,
    ] {
        assert_eq!(said(&findings, Kind::Equal).len(), 1, "{findings:?}");
    }
}

#[test]
fn of_rows_that_cannot_all_be_read_the_rest_is_judged() {
    let scheme = scheme(&[VILLAGES, SUM]);
    let desk = Desk::new("rest");
    villages(&desk, "东河镇", &["东河镇|红星村|10", "东河镇|前进村|若干"]);
    villages(&desk, "西岭镇", &["西岭镇|前进村|30"]);
    villages(&desk, "南坪乡", &["南坪乡|胜利村|40"]);
    let sums = |area: u32| {
        county(&desk, area);
        let merged = desk.merged(&scheme);
        let found = merged
            .findings
            .into_iter()
            .filter(|it| it.kind == Kind::Equal);
        found
            .map(|it| it.expected.unwrap_or_default())
            .collect::<Vec<_>>()
    };
    // The rows that can be read make 80; whatever 若干 is, it is not 70 together.
    assert_eq!(sums(70), ["≥80"]);
    assert_eq!(sums(90), Vec::<String>::new());
}

/// Six columns.
const SIX: &str = r#"
number      = "附件7"
title       = "农业生产情况表"
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
name   = "小麦"
header = ["小麦"]
[[columns]]
name   = "玉米"
header = ["玉米"]
[[columns]]
name   = "棉花"
header = ["棉花"]
[[columns]]
name   = "甜菜"
header = ["甜菜"]
[[columns]]
name   = "果园"
header = ["果园"]
"#;

#[test]
fn a_table_that_shares_half_of_the_columns_is_another_form() {
    let scheme = scheme(&[SIX]);
    let tables = |test: &str, lines: &[&str]| {
        let desk = Desk::new(test);
        desk.form("东河镇", lines);
        let merged = desk.merged(&scheme);
        (
            merged.tables.len(),
            said(&merged.findings, Kind::UnknownForm),
        )
    };
    let half = [
        "2024年粮食收购进度",
        "单位|小麦|玉米|大豆|油菜|花生",
        "东河镇|1|2|3|4|5",
    ];
    assert_eq!(
        tables("half", &half),
        (
            0,
            vec!["认不出是哪张附件：最接近附件7，但只找到 6 列中的 3 列".to_owned()]
        )
    );
    // What says that it is 附件7 lacks columns.
    let named = ["附件7", "单位|小麦|玉米", "东河镇|1|2"];
    assert_eq!(tables("named", &named).0, 1);
    let titled = ["农业生产情况表", "单位|小麦|玉米", "东河镇|1|2"];
    assert_eq!(tables("titled", &titled).0, 1);
    let most = ["单位|小麦|玉米|棉花|甜菜", "东河镇|1|2|3|4"];
    assert_eq!(tables("most", &most).0, 1);
    // The headers of 附件7, over villages.
    let villages = [
        "各村种植",
        "单位|小麦|玉米|棉花|甜菜|果园",
        "红星村|1|2|3|4|5",
        "合计|1|2|3|4|5",
    ];
    assert_eq!(
        tables("villages", &villages),
        (
            0,
            vec!["认不出是哪张附件：有附件7的表头，但行、列与附件7对不上".to_owned()]
        )
    );
}

/// Rates with a weight, and one that is a quotient.
const RATES: &str = r#"
number      = "附件8"
title       = "造林成活情况表"
unit        = "亩"
returned_by = "township"
responsible = "县水利局"
row_key     = ["单位"]
reporter_column = "单位"
total_row   = "合计"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name   = "造林"
header = ["造林"]
[[columns]]
name   = "成活"
header = ["成活"]
[[columns]]
name     = "成活率"
header   = ["成活率（%）"]
kind     = "rate"
unit     = "%"
decimals = 1
[[columns]]
name     = "覆盖率"
header   = ["覆盖率（%）"]
kind     = "rate"
unit     = "%"
decimals = 1
weight   = "造林"
[[columns]]
name     = "湿度"
header   = ["湿度（%）"]
kind     = "rate"
unit     = "%"

[[ratio]]
id          = "A8-1"
value       = "成活率"
numerator   = "成活"
denominator = "造林"
"#;

#[test]
fn the_total_of_rates_is_their_quotient_or_weighted_mean() {
    let scheme = scheme(&[RATES]);
    let desk = Desk::new("rates");
    let head = "单位|造林|成活|成活率（%）|覆盖率（%）|湿度（%）";
    for (reporter, row) in [
        ("东河镇", "东河镇|100|90|90|20|30"),
        ("西岭镇", "西岭镇|200|100|50|40|40"),
        ("南坪乡", "南坪乡|50|40|80||50"),
    ] {
        let by = format!("填报单位：{reporter}");
        desk.form(reporter, &["附件8", "造林成活情况表", &by, head, row]);
    }
    let merged = desk.merged(&scheme);
    let bytes = write_workbook(&merged, &scheme, Lang::Zh).expect("a workbook");
    let shown = sheet_lines(&bytes, "附件8");
    let total = shown
        .iter()
        .find(|line| line.starts_with("合计"))
        .expect("a total row");
    // 230 of 350 are alive: 65.714…%. 南坪乡 has no 覆盖率: (100·20 + 200·40) / 300 = 33.333…. 湿度 has neither.
    assert_eq!(total, "合计|350|230|65.7|33.3|", "{shown:?}");
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(&bytes)).expect("an .xlsx file");
    let formulas = book.worksheet_formula("附件8").expect("formulas");
    let found: Vec<String> = formulas
        .used_cells()
        .map(|(.., formula)| formula.clone())
        .collect();
    assert!(
        found
            .iter()
            .any(|it| it == "IFERROR(ROUND(C7*100/B7,1),\"\")"),
        "{found:?}"
    );
    assert!(
        found.iter().any(|it| it == "IFERROR(ROUND(SUMPRODUCT(E4:E6,B4:B6)/SUMPRODUCT(ISNUMBER(E4:E6)*1,B4:B6),1),\"\")"),
        "{found:?}"
    );
}

/// 90.1234567890123 × 900.123456789012 has 30 digits, more than can be kept.
#[test]
fn a_mean_that_cannot_be_kept_exactly_is_said_to_be_none() {
    let scheme = scheme(&[RATES]);
    let desk = Desk::new("long-rates");
    let head = "单位|造林|成活|成活率（%）|覆盖率（%）|湿度（%）";
    for (reporter, row) in [
        (
            "东河镇",
            "东河镇|900.123456789012|90|10|90.1234567890123|30",
        ),
        ("西岭镇", "西岭镇|200|100|50|40|40"),
    ] {
        let by = format!("填报单位：{reporter}");
        desk.form(reporter, &["附件8", "造林成活情况表", &by, head, row]);
    }
    let merged = desk.merged(&scheme);
    let told: Vec<(&str, Option<&str>)> = (merged.findings.iter())
        .filter(|finding| finding.detail == Detail::TooLong)
        .map(|finding| {
            let reporter = finding.reporter.as_deref().expect("a reporter");
            (reporter, finding.given.as_deref())
        })
        .collect();
    assert_eq!(told, [("东河镇", Some("90.1234567890123"))]);
}

#[test]
fn a_row_of_broken_formulas_is_one_finding() {
    let scheme = scheme(&[SIX]);
    let desk = Desk::new("ref");
    desk.form(
        "东河镇",
        &[
            "附件7",
            "农业生产情况表",
            "填报单位：东河镇",
            "单位|小麦|玉米|棉花|甜菜|果园",
            "东河镇|=A1|=A1|=A1|=A1|=A1",
            "|1|2|3|4|5",
        ],
    );
    let merged = desk.merged(&scheme);
    let broken: Vec<&Finding> = merged
        .findings
        .iter()
        .filter(|it| it.kind == Kind::FormulaError)
        .collect();
    assert_eq!(broken.len(), 1, "{:?}", merged.findings);
    let cells = broken[0]
        .place
        .iter()
        .cloned()
        .chain(broken[0].cells.iter());
    let cells: Vec<String> = cells
        .filter_map(|place| Some(place.cell?.to_string()))
        .collect();
    assert_eq!(cells, ["B5", "C5", "D5", "E5", "F5"]);
    assert_eq!(
        message(broken[0], Lang::Zh),
        "公式结果出错：公式结果为 #REF!，没有汇总；C5:F5 也是"
    );
    // Figures below that no label names.
    assert_eq!(
        said(&merged.findings, Kind::UnexpectedRow),
        ["多出一行，未汇总：第6行没有行名，不知是哪一行"]
    );
}

#[test]
fn keys_that_change_nothing_are_warned_of() {
    let range = |slots: &str| {
        warned(&[&with(
            AREAS,
            &format!("[[range]]\nid = \"R\"\ncolumns = [\"造林\"]\nmin = \"0\"\n{slots}"),
        )])
    };
    assert_eq!(
        range("each = \"year\""),
        "annex-1.toml:29:8: each = \"year\" 不起作用：所涉及的列都不分年度，同一个错误会每年提示一次"
    );
    assert_eq!(
        range("applies = { years = [2023] }"),
        "annex-1.toml:29:11: applies 中的 years 不起作用：这条关系不分年度"
    );
    let equal = "[[equal]]\nid = \"R\"\nleft = { row = \"东河镇\", column = \"造林\" }\n\
                 right = { row = \"西岭镇\", column = \"造林\" }\napplies = { rows = [\"东河镇\"] }";
    assert_eq!(
        warned(&[&with(AREAS, equal)]),
        "annex-1.toml:29:11: applies 中的 rows 不起作用：这条关系的单元格都已写明是哪一行"
    );
}

#[test]
fn a_rule_for_periods_in_which_nothing_is_returned_is_warned_of() {
    let annex = changed(
        AREAS,
        &[(
            "total_row",
            "due = { every = \"quarter\", plan = false }\ntotal_row",
        )],
    );
    let rule =
        "[[range]]\nid = \"R\"\ncolumns = [\"造林\"]\nmin = \"0\"\napplies = { period = \"plan\" }";
    assert_eq!(
        warned(&[&with(&annex, rule)]),
        "annex-1.toml:27:6: 这条关系只在规划中核对，而附件1不随规划报送"
    );
    // A quarter has no month before it that was returned.
    let rule = "[[cumulative]]\nid = \"R\"\ncolumns = [\"造林\"]";
    assert_eq!(
        warned(&[&with(&annex, rule)]),
        "annex-1.toml:27:6: 这条关系只在各月核对，而附件1各月不报送"
    );
}

#[test]
fn figures_that_several_share_are_warned_of_and_those_of_everyone_refused() {
    let tasks = r#"
number      = "附件9"
title       = "任务表"
unit        = "亩"
returned_by = "township"
row_key     = ["任务"]
reporter_column = "单位"

[[columns]]
name   = "任务"
header = ["任务"]
kind   = "text"
[[columns]]
name   = "单位"
header = ["单位"]
kind   = "reporter"
print  = "row"
[[columns]]
name   = "完成"
header = ["完成"]

[[row]]
key = ["造林"]
cells."单位" = "东河镇、西岭镇"
[[row]]
key = ["补植"]
cells."单位" = "南坪乡"
"#;
    assert_eq!(
        warned(&[tasks]),
        "annex-1.toml:7:19: “造林”一行由2个单位共同填报，“完成”的数不会相加，只取“东河镇”的；各报各的数时，请一个单位写一行"
    );
    // A row that is everyone's has a part of each.
    let all = changed(tasks, &[("东河镇、西岭镇", "东河镇、西岭镇、南坪乡")]);
    let said = refused(&[&all]);
    assert!(
        said.contains("“造林”一行由3个单位共同填报，“完成”的数不会相加"),
        "{said}"
    );
    let words = changed(
        &all,
        &[(
            "header = [\"完成\"]",
            "header = [\"完成\"]\nkind = \"text\"",
        )],
    );
    assert_eq!(warned(&[&words]), "");
}

#[test]
fn forms_that_nobody_fills_in_are_said_to_be_none() {
    let desk = Desk::new("no-forms");
    let annex = changed(
        AREAS,
        &[("total_row", "due = { every = \"year\" }\ntotal_row")],
    );
    let output = desk.run(&[&annex], &["form", "--period", "2024-05", "--lang", "zh"]);
    let shown = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("没有要填报的表"), "{shown}");
}

#[test]
fn a_row_whose_reporter_left_its_name_out_is_shown_under_it() {
    let scheme = scheme(&[VILLAGES]);
    let desk = Desk::new("unnamed");
    villages(&desk, "东河镇", &["|红星村|10"]);
    let shown = lines(&desk.merged(&scheme), &scheme, "附件2");
    assert!(
        shown.iter().any(|line| line == "东河镇|红星村|10"),
        "{shown:?}"
    );
}

/// Offices return rows of their own, and one of them answers for all.
#[test]
fn the_total_below_an_office_s_own_rows_is_not_the_county_s() {
    let offices = changed(
        AREAS,
        &[
            ("\"township\"", "\"department\""),
            ("[\"单位\"]", "[\"项目\", \"单位\"]"),
            (
                "[\"东河镇\", \"西岭镇\", \"南坪乡\"]",
                "[[\"甲\", \"县水利局\"], [\"乙\", \"县水利局\"], [\"丙\", \"县住建局\"]]",
            ),
            (
                "[[columns]]",
                "[[columns]]\nname = \"项目\"\nheader = [\"项目\"]\nkind = \"text\"\n[[columns]]",
            ),
        ],
    );
    let total = "[[equal]]\nid = \"E\"\nleft = { row = \"全县\", column = \"总面积\" }\n\
                 right = { annex = \"附件1\", row = \"合计\", column = \"造林\" }";
    let county_annex = SUM.split("[[equal]]").next().expect("its columns");
    let scheme = scheme(&[&offices, &with(county_annex, total)]);
    let desk = Desk::new("own-total");
    let top = |by: &str| {
        [
            "附件1".to_owned(),
            format!("填报单位：{by}"),
            "项目|单位|造林面积|造林方式".to_owned(),
        ]
    };
    for (by, rows) in [
        (
            "县水利局",
            vec!["甲|县水利局|1|", "乙|县水利局|2|", "合计||3|"],
        ),
        ("县住建局", vec!["丙|县住建局|4|"]),
    ] {
        let top = top(by);
        let lines: Vec<&str> = top.iter().map(String::as_str).chain(rows).collect();
        desk.form(by, &lines);
    }
    // Its sheet is the county's figure, which is that of all rows: 1 + 2 + 4.
    let row = [
        "附件4",
        "全县造林",
        "填报单位：县水利局",
        "地区|总面积",
        "全县|7",
    ];
    desk.form("县水利局全县", &row);
    let merged = desk.merged(&scheme);
    assert_eq!(said(&merged.findings, Kind::Equal), Vec::<String>::new());
    let county = &merged.county.annexes[0];
    assert_eq!(county.total.as_ref().expect("a total row").stated, None);
}

#[test]
fn a_table_that_shares_headers_with_two_annexes_is_not_taken_for_either() {
    let other = changed(
        SIX,
        &[
            ("附件7", "附件10"),
            ("农业生产情况表", "农业收入表"),
            ("果园", "葡萄"),
        ],
    );
    let other = other.replace("果园", "葡萄");
    let scheme = scheme(&[SIX, &other]);
    let desk = Desk::new("neither");
    desk.form(
        "东河镇",
        &[
            "2024年粮食收购进度",
            "单位|小麦|玉米|大豆|油菜|花生",
            "东河镇|1|2|3|4|5",
        ],
    );
    let merged = desk.merged(&scheme);
    assert_eq!(
        said(&merged.findings, Kind::AmbiguousForm),
        Vec::<String>::new()
    );
    assert_eq!(
        said(&merged.findings, Kind::UnknownForm),
        ["认不出是哪张附件：最接近附件7，但只找到 6 列中的 3 列"]
    );
}
