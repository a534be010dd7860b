//! Schemes: the shipped one loads, and what is wrong with one is refused where it stands.

use std::time::{Duration, Instant};

use hebiao::model::Period;
use hebiao::scheme::SchemeFile;

use crate::desk::{file, load_files, luntai, luntai_files};

const MAIN: &str = r#"id = "mini"
title = "小方案"
area = "某县"
years = [2023, 2024]

[[units]]
name = "亩"

[[units]]
name = "万亩"
is = "10000 亩"
aliases = ["万市亩"]

[[units]]
name = "元"

[[units]]
name = "%"

[[reporters]]
code = "T01"
name = "东河乡"
kind = "township"
aliases = ["东河"]

[[reporters]]
code = "T02"
name = "西岭镇"
kind = "township"

[[reporters]]
code = "D01"
name = "县林草局"
kind = "department"
"#;

const ANNEX: &str = r#"number = "附件1"
title = "面积表"
unit = "亩"
returned_by = "township"
responsible = "县林草局"
row_key = ["单位"]
reporter_column = "单位"
total_row = "合计"
rows = ["东河乡", "西岭镇"]

[[columns]]
name = "单位"
header = ["单位"]
kind = "text"

[[columns]]
name = "面积"
header = ["面积", "{year}年"]
each = "year"

[[columns]]
name = "林地"
header = ["其中", "林地"]

[[columns]]
name = "覆盖率"
header = ["覆盖率"]
kind = "rate"
unit = "%"

[[columns]]
name = "投资"
header = ["投资"]
unit = "元"

[[columns]]
name = "开工"
header = ["开工"]
kind = "date"

[[columns]]
name = "两年合计"
header = ["两年合计"]

[[sum]]
id = "A1-01"
total = "两年合计"
parts = ["面积"]
"#;

const COUNTY: &str = r#"number = "附件2"
title = "全县表"
unit = "万亩"
returned_by = "县林草局"
row_key = ["地区"]
rows = ["某县"]

[[columns]]
name = "地区"
header = ["地区"]
kind = "text"

[[columns]]
name = "面积"
header = ["面积"]
decimals = 2
"#;

const RULES: &str = r#"[[equal]]
id = "X-01"
left = { annex = "附件1", row = "合计", column = "两年合计" }
right = { annex = "附件2", row = "某县", column = "面积" }
"#;

fn mini() -> Vec<SchemeFile> {
    vec![
        file("scheme.toml", MAIN),
        file("annex-1.toml", ANNEX),
        file("annex-2.toml", COUNTY),
        file("rules.toml", RULES),
    ]
}

/// What is said of a scheme, a line for each mistake.
fn refused(files: &[SchemeFile]) -> String {
    match load_files(files) {
        Ok(_) => "nothing".to_owned(),
        Err(mistakes) => {
            let shown: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            shown.join("\n")
        }
    }
}

/// The scheme with one text of a file written otherwise; without a text, with more below.
fn changed(name: &str, from: &str, to: &str) -> Vec<SchemeFile> {
    let mut files = mini();
    let file = files.iter_mut().find(|file| file.name == name).expect(name);
    if from.is_empty() {
        file.text += &format!("\n{to}\n");
    } else {
        assert_eq!(file.text.matches(from).count(), 1, "{from}");
        file.text = file.text.replace(from, to);
    }
    files
}

/// Whether anything but what is quoted from the scheme is Chinese.
fn has_chinese(english: &str) -> bool {
    let mut is_quoted = false;
    english.chars().any(|c| {
        is_quoted = match c {
            '“' => true,
            '”' => false,
            '"' => !is_quoted,
            _ => is_quoted,
        };
        !is_quoted && ('\u{4e00}'..='\u{9fff}').contains(&c)
    })
}

/// Each case: the file, what is written otherwise, and what is said of it.
fn check(cases: &[(&str, &str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (name, from, to, wanted) in cases {
        let files = changed(name, from, to);
        let said = refused(&files);
        wrong.extend(
            load_files(&files)
                .err()
                .iter()
                .flatten()
                .filter_map(|mistake| {
                    let english = mistake.problem.in_english();
                    has_chinese(&english)
                        .then(|| format!("{name}: {from} → {to}\n  in English: {english}"))
                }),
        );
        if said != *wanted {
            wrong.push(format!(
                "{name}: {from} → {to}\n  said:   {said}\n  wanted: {wanted}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_shipped_scheme_loads() {
    let scheme = luntai();
    assert_eq!(scheme.annexes.len(), 13);
    assert_eq!(scheme.reporters.len(), 40);
    let numbers: Vec<&str> = scheme.annexes.iter().map(|annex| &*annex.number).collect();
    assert_eq!(
        numbers,
        [
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
            "台账"
        ]
    );
    let owed = |number: &str| {
        let annex = &scheme.annexes[scheme.annex(number).expect(number)];
        scheme.reporters_of(annex).len()
    };
    // 轮南镇 is not in 附件6.2; eleven townships stand in the others.
    assert_eq!(
        (owed("附件3"), owed("附件6.2"), owed("附件7"), owed("附件5")),
        (11, 10, 11, 1)
    );
}

#[test]
fn a_rate_is_weighted_with_an_additive_column_of_its_annex() {
    let rate = |weight: &str| {
        let rate =
            "[[columns]]\nname = \"比率\"\nheader = [\"比率\"]\nkind = \"rate\"\nunit = \"%\"\n";
        changed("annex-2.toml", "", &format!("{rate}weight = \"{weight}\""))
    };
    let scheme = load_files(&rate("面积")).expect("it is right");
    let annex = &scheme.annexes[scheme.annex("附件2").expect("it is there")];
    let weight = annex.columns[annex.column("比率").expect("it is there")].weight;
    assert_eq!(weight, annex.column("面积"));
    for (weight, wanted) in [
        ("面计", "没有名为“面计”的列，是否指“面积”？"),
        ("地区", "应为可以相加的列"),
        ("比率", "应为可以相加的列"),
    ] {
        let said = refused(&rate(weight));
        assert!(said.contains(wanted), "{weight}: {said}");
    }
    let said = refused(&changed(
        "annex-2.toml",
        "decimals = 2",
        "decimals = 2\nweight = \"面积\"",
    ));
    assert!(said.contains("kind = \"rate\""), "{said}");
}

#[test]
fn the_small_scheme_is_right() {
    assert_eq!(refused(&mini()), "nothing");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known() {
    check(&[
        (
            "scheme.toml",
            "area = ",
            "aera = ",
            "scheme.toml:3:1: 不认识的键“aera”，是否指“area”？",
        ),
        (
            "annex-1.toml",
            "total_row = ",
            "totalrow = ",
            "annex-1.toml:8:1: 不认识的键“totalrow”，是否指“total_row”？",
        ),
        (
            "annex-1.toml",
            "kind = \"rate\"",
            "kind = \"rates\"",
            "annex-1.toml:28:8: 不认识的键“rates”，是否指“rate”？",
        ),
        (
            "annex-1.toml",
            "",
            "[[sums]]\nid = \"A\"",
            "annex-1.toml:50:3: 不认识的键“sums”，是否指“sum”？",
        ),
        (
            "annex-1.toml",
            "parts = ",
            "part = ",
            "annex-1.toml:48:1: 不认识的键“part”，是否指“parts”？",
        ),
        (
            "rules.toml",
            "row = \"某县\"",
            "rows = \"某县\"",
            "rules.toml:4:26: 不认识的键“rows”，是否指“row”？",
        ),
        (
            "scheme.toml",
            "kind = \"department\"",
            "kind = \"office\"",
            "scheme.toml:34:8: 不认识的键“office”",
        ),
    ]);
    let mut files = mini();
    files.push(file("annexe-3.toml", ""));
    assert_eq!(
        refused(&files),
        "annexe-3.toml:1:1: 没有名为“annexe-3.toml”的文件，是否指“annex-*.toml”？"
    );
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known() {
    check(&[
        (
            "annex-1.toml",
            "unit = \"亩\"",
            "unit = \"万母\"",
            "annex-1.toml:3:8: 没有名为“万母”的计量单位，是否指“万亩”？",
        ),
        (
            "annex-1.toml",
            "unit = \"%\"",
            "unit = \"吨\"",
            "annex-1.toml:29:8: 没有名为“吨”的计量单位",
        ),
        (
            "annex-1.toml",
            "responsible = \"县林草局\"",
            "responsible = \"县林业局\"",
            "annex-1.toml:5:15: 没有名为“县林业局”的填报单位，是否指“县林草局”？",
        ),
        (
            "annex-2.toml",
            "returned_by = \"县林草局\"",
            "returned_by = \"townships\"",
            "annex-2.toml:4:15: 没有名为“townships”的填报单位",
        ),
        (
            "annex-1.toml",
            "\"西岭镇\"]",
            "\"西陵镇\"]",
            "annex-1.toml:9:8: 没有名为“西陵镇”的填报单位，是否指“西岭镇”？",
        ),
        (
            "annex-1.toml",
            "row_key = [\"单位\"]",
            "row_key = [\"单位名\"]",
            "annex-1.toml:6:12: 没有名为“单位名”的列，是否指“单位”？\n\
             annex-1.toml:7:19: 应为row_key 中的一列，或 kind = \"reporter\"、print = \"row\" 的一列，写的是“单位”\n\
             annex-1.toml:9:8: 应为与 row_key 一样多的行名，写的是“东河乡”\n\
             annex-1.toml:9:8: 应为与 row_key 一样多的行名，写的是“西岭镇”",
        ),
        (
            "annex-1.toml",
            "parts = [\"面积\"]",
            "parts = [\"面积\", \"林地面积\"]",
            "annex-1.toml:48:16: 没有名为“林地面积”的列，是否指“面积”？",
        ),
        (
            "annex-1.toml",
            "parts = [\"面积\"]",
            "parts = [\"面积@2023\", \"面积@2042\"]",
            "annex-1.toml:48:21: 没有名为“2042”的年份，是否指“2024”？",
        ),
        (
            "rules.toml",
            "annex = \"附件2\"",
            "annex = \"附件3\"",
            "rules.toml:4:19: 没有名为“附件3”的附件，是否指“附件1”？",
        ),
        (
            "rules.toml",
            "row = \"某县\"",
            "row = \"某某县\"",
            "rules.toml:4:32: 没有名为“某某县”的行，是否指“某县”？",
        ),
        (
            "rules.toml",
            "column = \"面积\"",
            "column = \"面\"",
            "rules.toml:4:47: 没有名为“面”的列，是否指“面积”？",
        ),
        (
            "rules.toml",
            "row = \"合计\", column = \"两年合计\"",
            "row = \"合计\", column = \"面积\", year = 2025",
            "rules.toml:3:59: 没有名为“2025”的年份，是否指“2023”？",
        ),
        (
            "annex-1.toml",
            "",
            "[[range]]\nid = \"A\"\ncolumns = [\"林地\"]\nmin = \"0\"\napplies = { rows = [\"东合乡\"], years = [2020] }",
            "annex-1.toml:54:37: 没有名为“2020”的年份\n\
             annex-1.toml:54:21: 没有名为“东合乡”的行，是否指“东河乡”？",
        ),
        (
            "rules.toml",
            "",
            "[[target]]\nid = \"T\"\nsection = \"一\"\nsentence = \"句\"\nvalue = \"1\"\nunit = \"万母\"\nyear = 2024",
            "rules.toml:11:8: 没有名为“万母”的计量单位，是否指“万亩”？",
        ),
        (
            "rules.toml",
            "",
            "[[target]]\nid = \"T\"\nsection = \"一\"\nsentence = \"句\"\nvalue = \"1\"\nunit = \"亩\"\nyear = 2030\n\
             cell = { annex = \"附件2\", row = \"某县\", column = \"面积\" }",
            "rules.toml:12:8: 没有名为“2030”的年份",
        ),
        (
            "annex-1.toml",
            "",
            "[[code]]\nid = \"A\"\ncolumn = \"单位\"\nvalues = [\"是\", \"否\"]\naliases = { \"Y\" = \"事\" }",
            "annex-1.toml:54:19: 没有名为“事”的行",
        ),
    ]);
}

#[test]
fn two_things_of_one_name_are_refused() {
    check(&[
        (
            "annex-2.toml",
            "number = \"附件2\"",
            "number = \"附件1\"",
            "annex-2.toml:1:10: 附件“附件1”重复\n\
             rules.toml:4:19: 没有名为“附件2”的附件，是否指“附件1”？",
        ),
        (
            "annex-1.toml",
            "name = \"投资\"",
            "name = \"林地\"",
            "annex-1.toml:32:8: 列“林地”重复",
        ),
        (
            "annex-1.toml",
            "header = [\"投资\"]",
            "header = [\"覆 盖 率\"]",
            "annex-1.toml:33:10: 表头“覆 盖 率”与列“覆盖率”的表头相同，无法区分",
        ),
        (
            "annex-1.toml",
            "header = [\"投资\"]",
            "header = [\"其中\"]",
            "annex-1.toml:33:10: 表头“其中”与列“林地”的表头相同，无法区分",
        ),
        (
            "annex-1.toml",
            "header = [\"面积\", \"{year}年\"]",
            "header = [\"面积\"]",
            "annex-1.toml:18:10: 表头“面积”与列“面积”的表头相同，无法区分",
        ),
        (
            "annex-1.toml",
            "\"西岭镇\"]",
            "\"东河乡\"]",
            "annex-1.toml:9:8: 行“东河乡”重复",
        ),
        (
            "rules.toml",
            "X-01",
            "A1-01",
            "rules.toml:2:6: 审核关系编号“A1-01”重复",
        ),
        (
            "scheme.toml",
            "\"T02\"",
            "\"T01\"",
            "scheme.toml:27:8: 填报单位“T01”重复",
        ),
        (
            "scheme.toml",
            "aliases = [\"东河\"]",
            "aliases = [\"东河\", \"西岭镇\"]",
            "scheme.toml:28:8: 填报单位“西岭镇”重复",
        ),
        (
            "scheme.toml",
            "name = \"元\"",
            "name = \"亩\"",
            "scheme.toml:15:8: 计量单位“亩”重复\n\
             annex-1.toml:34:8: 没有名为“元”的计量单位",
        ),
        (
            "scheme.toml",
            "\"万市亩\"",
            "\"亩\"",
            "scheme.toml:12:12: 计量单位“亩”重复",
        ),
    ]);
}

#[test]
fn what_cannot_be_added_or_compared_is_refused() {
    check(&[
        (
            "annex-1.toml",
            "parts = [\"面积\"]",
            "parts = [\"面积\", \"覆盖率\"]",
            "annex-1.toml:48:9: “覆盖率”是比率（rate），不能相加\n\
             annex-1.toml:48:9: 计量单位“亩”与“%”不能换算",
        ),
        (
            "annex-1.toml",
            "parts = [\"面积\"]",
            "parts = [\"面积\", \"投资\"]",
            "annex-1.toml:48:9: 计量单位“亩”与“元”不能换算",
        ),
        (
            "annex-1.toml",
            "",
            "[[total-row]]\nid = \"A\"\ncolumns = [\"覆盖率\"]",
            "annex-1.toml:51:6: “覆盖率”是比率（rate），不能相加",
        ),
        (
            "rules.toml",
            "row = \"合计\", column = \"两年合计\"",
            "row = \"*\", column = \"覆盖率\"",
            "rules.toml:3:8: “覆盖率”是比率（rate），不能相加\n\
             rules.toml:4:9: 计量单位“%”与“万亩”不能换算",
        ),
        (
            "rules.toml",
            "column = \"两年合计\"",
            "column = \"投资\"",
            "rules.toml:4:9: 计量单位“元”与“万亩”不能换算",
        ),
        (
            "rules.toml",
            "",
            "[[target]]\nid = \"T\"\nsection = \"一\"\nsentence = \"句\"\nvalue = \"1\"\nunit = \"元\"\nyear = 2024\n\
             cell = { annex = \"附件2\", row = \"某县\", column = \"面积\" }",
            "rules.toml:13:8: 计量单位“万亩”与“元”不能换算",
        ),
    ]);
}

#[test]
fn units_without_a_conversion_are_refused() {
    let none = |line: usize| format!("scheme.toml:{line}:6: 计量单位“万亩”没有可用的换算关系");
    for is in [
        "10000 母",
        "10000亩",
        "万 亩",
        "0 亩",
        "-1 亩",
        "10000 万亩",
        "",
    ] {
        let files = changed(
            "scheme.toml",
            "is = \"10000 亩\"",
            &format!("is = \"{is}\""),
        );
        assert_eq!(refused(&files), none(11), "{is}");
    }
    // Two units that are defined by each other, whether the others are odd or even in number.
    for more in ["", "\n[[units]]\nname = \"株\"\n"] {
        let mut files = changed(
            "scheme.toml",
            "name = \"亩\"\n",
            "name = \"亩\"\nis = \"1 万亩\"\n",
        );
        files[0].text += more;
        assert_eq!(
            refused(&files),
            format!(
                "scheme.toml:8:6: 计量单位“亩”没有可用的换算关系\n{}",
                none(12)
            )
        );
    }
}

#[test]
fn rules_that_could_never_be_checked_are_refused() {
    let rule = |kind: &str, slots: &str| format!("[[{kind}]]\nid = \"A\"\n{slots}");
    let county = "{ annex = \"附件2\", row = \"某县\", column = \"面积\" }";
    let cases = [
        // No year: a yearly column stands for all its years, where one figure is asked for.
        (
            "annex-1.toml",
            rule("part", "part = \"面积\"\nwhole = \"两年合计\""),
            "annex-1.toml:52:8: 这条关系永远无法核对：所涉及的列分年度，但没有指明年份（加 each = \"year\" 或写明 year）",
        ),
        (
            "rules.toml",
            rule(
                "equal",
                &format!(
                    "left = {{ annex = \"附件1\", row = \"合计\", column = \"面积\" }}\nright = {county}"
                ),
            ),
            "rules.toml:8:8: 这条关系永远无法核对：所涉及的列分年度，但没有指明年份（加 each = \"year\" 或写明 year）",
        ),
        // No annex.
        (
            "rules.toml",
            rule("equal", &format!("left = \"面积\"\nright = {county}")),
            "rules.toml:8:8: 这条关系永远无法核对：没有指明附件",
        ),
        (
            "rules.toml",
            rule("unique", "columns = [\"单位\"]"),
            "rules.toml:6:1: 这条关系永远无法核对：没有指明附件",
        ),
        // Itself.
        (
            "annex-1.toml",
            rule("sum", "total = \"林地\"\nparts = [\"林地\", \"两年合计\"]"),
            "annex-1.toml:52:9: 这条关系永远无法核对：同一个单元格与自身比较",
        ),
        (
            "rules.toml",
            rule("equal", &format!("left = {county}\nright = {county}")),
            "rules.toml:9:9: 这条关系永远无法核对：同一个单元格与自身比较",
        ),
        (
            "annex-1.toml",
            rule("order", "first = \"开工\"\nthen = \"开工\""),
            "annex-1.toml:53:8: 这条关系永远无法核对：同一个单元格与自身比较",
        ),
        // Nothing asked.
        (
            "annex-1.toml",
            rule("sum", "total = \"林地\"\nparts = []"),
            "annex-1.toml:53:9: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = [\"林地\"]"),
            "annex-1.toml:51:6: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = [\"投资\"]\nper = \"投资\"\nmin = \"0\""),
            "annex-1.toml:53:7: 这条关系永远无法核对：同一个单元格与自身比较",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = []\nmin = \"0\""),
            "annex-1.toml:52:11: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule("unique", "columns = []"),
            "annex-1.toml:52:11: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule("pair", "columns = [\"林地\"]\nneed = \"all-or-none\""),
            "annex-1.toml:52:11: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule("code", "column = \"单位\""),
            "annex-1.toml:51:6: 这条关系永远无法核对：没有提出任何要求",
        ),
        (
            "annex-1.toml",
            rule(
                "when",
                "if = { column = \"林地\" }\nthen = { column = \"投资\", is = \"filled\" }",
            ),
            "annex-1.toml:52:6: 这条关系永远无法核对：没有提出任何要求",
        ),
        // No total row.
        (
            "annex-2.toml",
            rule("total-row", ""),
            "annex-2.toml:19:6: 这条关系永远无法核对：该附件没有合计行",
        ),
        // The wrong kind of column.
        (
            "annex-1.toml",
            rule("order", "first = \"开工\"\nthen = \"林地\""),
            "annex-1.toml:53:8: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        (
            "annex-1.toml",
            rule("code", "column = \"林地\"\ndigits = 3"),
            "annex-1.toml:52:10: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = [\"单位\"]\nmin = \"0\""),
            "annex-1.toml:53:7: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = [\"投资\"]\nper = \"开工\"\nmin = \"0\""),
            "annex-1.toml:53:7: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        (
            "annex-1.toml",
            rule("range", "columns = [\"林地\", \"开工\"]\nmin = \"0\""),
            "annex-1.toml:52:11: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        (
            "annex-1.toml",
            rule(
                "ratio",
                "value = \"覆盖率\"\nnumerator = \"林地\"\ndenominator = \"单位\"",
            ),
            "annex-1.toml:54:15: 这条关系永远无法核对：所涉及的列不是可以这样比较的类型",
        ),
        // No figure can be both.
        (
            "annex-1.toml",
            rule("range", "columns = [\"林地\"]\nmin = \"2\"\nmax = \"1.9\""),
            "annex-1.toml:51:6: 这条关系永远无法核对：下限大于上限",
        ),
        (
            "annex-1.toml",
            rule(
                "range",
                "columns = [\"开工\"]\nmin = \"2025-02\"\nmax = \"2025-01-31\"",
            ),
            "annex-1.toml:51:6: 这条关系永远无法核对：下限大于上限",
        ),
        // One year.
        (
            "annex-1.toml",
            rule("trend", "column = \"林地\"\ndirection = \"rising\""),
            "annex-1.toml:52:10: 这条关系永远无法核对：年度变化至少需要两个年份",
        ),
        // Nowhere.
        (
            "annex-1.toml",
            rule(
                "range",
                "columns = [\"林地\"]\nmin = \"0\"\napplies = { rows = [] }",
            ),
            "annex-1.toml:54:11: 这条关系永远无法核对：适用范围为空",
        ),
        (
            "annex-1.toml",
            rule(
                "range",
                "columns = [\"林地\"]\nmin = \"0\"\napplies = { years = [] }",
            ),
            "annex-1.toml:54:11: 这条关系永远无法核对：适用范围为空",
        ),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(file, rule, wanted)| (*file, "", rule.as_str(), *wanted))
        .collect();
    check(&cases);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    check(&[
        (
            "scheme.toml",
            "[2023, 2024]",
            "[2024, 2023]",
            "scheme.toml:4:9: 应为由小到大、不重复的年份，写的是“[2024, 2023]”",
        ),
        (
            "annex-1.toml",
            "each = \"year\"",
            "each = \"month\"",
            "annex-1.toml:19:8: 应为\"year\"，写的是“month”",
        ),
        (
            "annex-1.toml",
            "each = \"year\"\n",
            "",
            "annex-1.toml:18:10: 应为不带花括号的表头（{year} 要有 each = \"year\"，{year_label} 还要有 year_labels），写的是“{year}年”",
        ),
        (
            "annex-1.toml",
            "\"{year}年\"",
            "\"{year_label}\"",
            "annex-1.toml:18:10: 应为不带花括号的表头（{year} 要有 each = \"year\"，{year_label} 还要有 year_labels），写的是“{year_label}”",
        ),
        (
            "annex-1.toml",
            "total_row = \"合计\"",
            "total_row = \"合计\"\nyear_labels = [\"今年\"]",
            "annex-1.toml:9:15: 应为每个年份一个标签，写的是“1 个”",
        ),
        (
            "annex-1.toml",
            "rows = [\"东河乡\", \"西岭镇\"]",
            "rows = \"any\"",
            "annex-1.toml:9:8: 应为\"register\" 或行名列表，写的是“any”",
        ),
        (
            "annex-1.toml",
            "rows = [\"东河乡\", \"西岭镇\"]\n",
            "",
            "annex-1.toml:1:10: 缺少rows 或 [[row]]",
        ),
        (
            "annex-1.toml",
            "",
            "[[row]]\nkey = \"东河乡\"",
            "annex-1.toml:9:8: 应为rows 或 [[row]]（二者取一），写的是“两样都有”",
        ),
        (
            "annex-1.toml",
            "row_key = [\"单位\"]\nreporter_column = \"单位\"\n",
            "row_key = []\n",
            "annex-1.toml:6:11: 缺少row_key 中的列\n\
             annex-1.toml:8:8: 应为与 row_key 一样多的行名，写的是“东河乡”\n\
             annex-1.toml:8:8: 应为与 row_key 一样多的行名，写的是“西岭镇”",
        ),
        (
            "annex-1.toml",
            "id = \"A1-01\"",
            "id = \"A1-01\"\ntolerance = \"少许\"",
            "annex-1.toml:47:13: 应为数字，写的是“少许”",
        ),
        (
            "annex-1.toml",
            "id = \"A1-01\"",
            "id = \"A1-01\"\ntolerance = \"-1\"",
            "annex-1.toml:47:13: 应为不小于0的数字，写的是“-1”",
        ),
        (
            "annex-1.toml",
            "",
            "[[range]]\nid = \"A\"\ncolumns = [\"开工\"]\nmin = \"去年\"",
            "annex-1.toml:53:7: 应为日期，如 2025-12-31，写的是“去年”",
        ),
    ]);
}

#[test]
fn what_is_not_toml_is_refused_where_it_stands() {
    let said = |name, from, to| refused(&changed(name, from, to));
    for (name, from, to, place) in [
        (
            "scheme.toml",
            "years = [2023, 2024]",
            "years = [2023, 2024",
            "scheme.toml:6:1: ",
        ),
        (
            "scheme.toml",
            "years = [2023, 2024]",
            "years = \"2023\"",
            "scheme.toml:4:9: ",
        ),
        (
            "annex-1.toml",
            "unit = \"亩\"",
            "unit = 亩",
            "annex-1.toml:3:8: ",
        ),
        (
            "annex-1.toml",
            "kind = \"date\"",
            "kind = \"date",
            "annex-1.toml:39:",
        ),
        ("annex-1.toml", "", "[[sum]]\nid = 5", "annex-1.toml:51:6: "),
        (
            "annex-1.toml",
            "unit = \"元\"",
            "decimals = 300",
            "annex-1.toml:34:12: ",
        ),
        (
            "annex-1.toml",
            "unit = \"元\"",
            "name = \"又一个\"",
            "annex-1.toml:34:1: ",
        ),
        (
            "rules.toml",
            "column = \"面积\" }",
            "column = \"面积\"",
            "rules.toml:4:",
        ),
    ] {
        let shown = said(name, from, to);
        assert!(shown.starts_with(place), "{shown}");
        assert!(shown.contains("写法有误："), "{shown}");
        // What the broken file would have declared is not said to be missing.
        assert_eq!(
            shown.lines().filter(|line| line.contains(".toml:")).count(),
            1,
            "{shown}"
        );
    }
    let files = vec![file("annex-1.toml", ANNEX)];
    assert_eq!(refused(&files), "scheme.toml:1:1: 缺少scheme.toml");
}

#[test]
fn all_mistakes_of_one_run_are_shown() {
    let mut files = mini();
    files[0].text = files[0].text.replace("10000 亩", "10000 母");
    files[1].text = files[1]
        .text
        .replace("total = \"两年合计\"", "total = \"三年合计\"");
    files[3].text = files[3].text.replace("附件2", "附件9");
    assert_eq!(
        refused(&files),
        "scheme.toml:11:6: 计量单位“万亩”没有可用的换算关系\n\
         annex-1.toml:47:9: 没有名为“三年合计”的列，是否指“两年合计”？\n\
         rules.toml:4:19: 没有名为“附件9”的附件，是否指“附件1”？"
    );
}

#[test]
fn columns_count_characters_not_bytes() {
    let files = changed(
        "rules.toml",
        "column = \"面积\"",
        "column = \"面积\", year = 2023",
    );
    assert_eq!(
        refused(&files),
        "rules.toml:4:60: 应为分年度的单元格（这里不分年度，不写年份），写的是“2023”"
    );
}

#[test]
fn the_fingerprint_is_of_the_content_alone() {
    let fingerprint = |files: &[SchemeFile]| load_files(files).expect("a scheme").fingerprint;
    let files = mini();
    let first = fingerprint(&files);
    assert_eq!(first.len(), 64);
    let mut turned = files.clone();
    turned.reverse();
    assert_eq!(fingerprint(&turned), first, "the order of files");
    let mut windows = files.clone();
    for file in &mut windows {
        file.text = file.text.replace('\n', "\r\n");
    }
    assert_eq!(fingerprint(&windows), first, "line ends");
    let mut notepad = files.clone();
    for file in &mut notepad {
        file.text.insert(0, '\u{feff}');
    }
    assert_eq!(
        fingerprint(&notepad),
        first,
        "the mark that an editor puts first"
    );
    let mut comment = files.clone();
    comment[2].text += "# 备注\n";
    assert_ne!(fingerprint(&comment), first, "a comment");
    let mut moved = files;
    let end = moved[1].text.pop();
    assert_eq!(end, Some('\n'));
    assert_ne!(fingerprint(&moved), first, "a line end");
    assert_eq!(
        load_files(&luntai_files()).expect("a scheme").fingerprint,
        luntai().fingerprint
    );
}

#[test]
fn what_a_month_counts_and_when_it_is_due_has_to_make_sense() {
    let schedule = |percents: &str| format!("total_row = \"合计\"\nschedule = {percents}");
    let falling = schedule("[0, 2, 14, 38, 37, 62, 62, 63, 67, 82, 96, 100]");
    let short = schedule("[50, 100]");
    let until = "total_row = \"合计\"\ndue = { until = 2030 }";
    check(&[
        (
            "annex-1.toml",
            "total_row = \"合计\"",
            &falling,
            "annex-1.toml:9:12: 应为十二个月的累计百分比，逐月不减，最后是 100，写的是“[0, 2, 14, 38, 37, 62, 62, 63, 67, 82, 96, 100]”",
        ),
        (
            "annex-1.toml",
            "total_row = \"合计\"",
            &short,
            "annex-1.toml:9:12: 应为十二个月的累计百分比，逐月不减，最后是 100，写的是“[50, 100]”",
        ),
        (
            "annex-1.toml",
            "total_row = \"合计\"",
            until,
            "annex-1.toml:9:17: 应为报表制度中的年份，写的是“2030”",
        ),
    ]);
}

#[test]
fn rules_over_time_are_for_figures_that_have_a_course() {
    let cases = [
        // A state never was less for having been counted later.
        (
            "[[cumulative]]\nid = \"A\"\ncolumns = [\"覆盖率\"]",
            "columns = [",
        ),
        // A cumulative figure is no month's own.
        (
            "[[chain]]\nid = \"A\"\ncumulative = \"两年合计\"\nmonth = \"林地\"",
            "month = ",
        ),
        // Nothing of a state is due.
        (
            "[[compare]]\nid = \"A\"\ncolumns = [\"覆盖率\"]\nwith = \"schedule\"\npercent = \"1\"\nabsolute = \"1\"",
            "columns = [",
        ),
        // Nor is a text ever more or less.
        (
            "[[compare]]\nid = \"A\"\ncolumns = [\"单位\"]\nwith = \"last-month\"\npercent = \"1\"\nabsolute = \"1\"",
            "columns = [",
        ),
    ];
    for (rule, slot) in cases {
        let said = refused(&changed(
            "annex-1.toml",
            "[[sum]]",
            &format!("{rule}\n\n[[sum]]"),
        ));
        let at = rule
            .lines()
            .position(|line| line.starts_with(slot))
            .expect(slot);
        let lines_before = ANNEX[..ANNEX.find("[[sum]]").expect("a rule")]
            .lines()
            .count();
        let place = format!("annex-1.toml:{}:{}", lines_before + at + 1, slot.len() + 1);
        let why = "这条关系永远无法核对：所涉及的列不是可以这样比较的类型";
        assert_eq!(said, format!("{place}: {why}"), "{rule}");
    }
}

/// Every annex says what its months count; 附件6 and 附件6.1 are returned by quarters, 附件6.2 is done with 2023.
#[test]
fn the_shipped_scheme_says_what_is_due_in_a_month() {
    let scheme = luntai();
    let due_in = |period: &str| -> Vec<&str> {
        let period = Period::parse(period).expect("a period");
        let due = scheme
            .annexes
            .iter()
            .filter(|annex| annex.due.is_in(period));
        due.map(|annex| &*annex.number).collect()
    };
    let monthly = [
        "附件1",
        "附件1.1",
        "附件2",
        "附件2.1",
        "附件3",
        "附件3.1",
        "附件4",
        "附件5",
        "附件7",
        "台账",
    ];
    assert_eq!(due_in("2024-05"), monthly);
    let with = |number: &str| -> usize { usize::from(due_in("2024-06").contains(&number)) };
    assert_eq!(
        due_in("2024-06").len(),
        monthly.len() + with("附件6") + with("附件6.1")
    );
    assert_eq!((with("附件6"), with("附件6.1"), with("附件6.2")), (1, 1, 0));
    assert!(due_in("2023-05").contains(&"附件6.2"));
    assert_eq!(due_in("plan").len(), 12);
}

/// What a scheme asks for is counted before it is made: a few lines may ask for millions of columns.
#[test]
fn a_scheme_that_is_too_large_is_refused_at_once_where_it_is_too_large() {
    let refused = |main: &str, annex: &str| -> Vec<String> {
        let began = Instant::now();
        let files = [file("scheme.toml", main), file("annex-1.toml", annex)];
        let mistakes = load_files(&files).expect_err("it is too large");
        assert!(began.elapsed() < Duration::from_secs(10), "it took long");
        mistakes.iter().map(ToString::to_string).collect()
    };
    let of_years = |n: usize| {
        let years: Vec<String> = (0..n).map(|year| year.to_string()).collect();
        let years = format!("years = [{}]", years.join(", "));
        MAIN.replacen("years = [2023, 2024]", &years, 1)
    };
    assert_eq!(
        refused(&of_years(60_000), ANNEX),
        ["scheme.toml:4:9: 年份太多：60000，最多 100"]
    );
    let files = [
        file("scheme.toml", &of_years(60_000)),
        file("annex-1.toml", ANNEX),
    ];
    let mistakes = load_files(&files).expect_err("it is too large");
    assert_eq!(
        mistakes[0].problem.in_english(),
        "too many years: 60000, the limit is 100"
    );
    let rows: Vec<String> = (0..300_000).map(|row| format!("\"{row}\"")).collect();
    let rows = format!("rows = [{}]", rows.join(","));
    let of_rows = ANNEX.replacen("rows = [\"东河乡\", \"西岭镇\"]", &rows, 1);
    assert_eq!(
        refused(MAIN, &of_rows)[0],
        "annex-1.toml:9:8: 行（分年度的每年算一行）太多：300000，最多 20000"
    );
    let mut of_columns = ANNEX.to_owned();
    for column in 0..20_000 {
        of_columns += &format!("\n[[columns]]\nname = \"列{column}\"\nheader = [\"列{column}\"]\n");
    }
    let said = &refused(MAIN, &of_columns)[0];
    assert!(said.starts_with("annex-1.toml:"), "{said}");
    assert!(said.contains("列（分年度的每年算一列）太多：2"), "{said}");
    assert!(said.ends_with("最多 2000"), "{said}");

    // Ninety years make ninety of a yearly column and of a yearly row.
    let yearly: Vec<String> = (0..30)
        .map(|nth| {
            format!("\n[[columns]]\nname = \"年{nth}\"\nheader = [\"{{year}}\", \"年{nth}\"]\neach = \"year\"\n")
        })
        .collect();
    let said = refused(&of_years(90), &(ANNEX.to_owned() + &yearly.concat()));
    assert!(said[0].contains("太多：2"), "{said:?}");
    let rows: Vec<String> = (0..300).map(|row| format!("\"{{year}}年{row}\"")).collect();
    let rows = format!("rows = [{}]", rows.join(","));
    let of_rows = ANNEX.replacen("rows = [\"东河乡\", \"西岭镇\"]", &rows, 1);
    let said = refused(&of_years(90), &of_rows);
    assert!(
        said[0].contains("行（分年度的每年算一行）太多：27000"),
        "{said:?}"
    );
    // A header of many levels would be a tree of that depth.
    let levels = vec!["\"层\""; 100_000].join(",");
    let deep = format!("{ANNEX}\n[[columns]]\nname = \"深\"\nheader = [{levels}]\n");
    let said = refused(MAIN, &deep);
    assert!(
        said[0].contains("表头的层数太多：100000，最多 20"),
        "{said:?}"
    );
    let mut reporters = MAIN.to_owned();
    for nth in 0..30_000 {
        reporters += &format!(
            "\n[[reporters]]\ncode = \"X{nth}\"\nname = \"单位{nth}\"\nkind = \"township\"\n"
        );
    }
    let said = refused(&reporters, ANNEX);
    assert!(
        said[0].contains("填报单位及其别名太多：30004，最多 20000"),
        "{said:?}"
    );
    let mut rules = ANNEX.to_owned();
    for nth in 0..20_000 {
        rules += &format!("\n[[range]]\nid = \"R{nth}\"\ncolumns = [\"面积\"]\nmin = \"0\"\n");
    }
    let said = refused(MAIN, &rules);
    assert!(
        said[0].contains("审核关系太多：10001，最多 10000"),
        "{said:?}"
    );
    let long = format!("{ANNEX}# {}\n", "注".repeat(3_000_000));
    assert!(refused(MAIN, &long)[0].contains("这个文件的字节太多"));
}

/// What is just within the limits loads, and not much slower than it is long.
#[test]
fn a_scheme_at_the_limits_loads_in_time() {
    let rows: Vec<String> = (0..10_000).map(|row| format!("\"行{row}\"")).collect();
    let mut annex = format!(
        "number = \"附件1\"\ntitle = \"大表\"\nunit = \"亩\"\nreturned_by = \"县林草局\"\nrow_key = [\"名称\"]\n\
        rows = [{}]\n[[columns]]\nname = \"名称\"\nheader = [\"名称\"]\nkind = \"text\"\n",
        rows.join(",")
    );
    for column in 0..150 {
        annex += &format!("[[columns]]\nname = \"列{column}\"\nheader = [\"列{column}\"]\n");
    }
    let began = Instant::now();
    let files = [file("scheme.toml", MAIN), file("annex-1.toml", &annex)];
    let scheme = load_files(&files).expect("it is within the limits");
    assert_eq!(scheme.annexes[0].rows.fixed().len(), 10_000);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");

    let mut wide = "number = \"附件1\"\ntitle = \"宽表\"\nunit = \"亩\"\nreturned_by = \"县林草局\"\nrow_key = [\"名称\"]\n\
        rows = [\"甲\"]\n[[columns]]\nname = \"名称\"\nheader = [\"名称\"]\nkind = \"text\"\n"
        .to_owned();
    for column in 0..1_999 {
        wide += &format!("[[columns]]\nname = \"列{column}\"\nheader = [\"组\", \"列{column}\"]\n");
    }
    let began = Instant::now();
    let files = [file("scheme.toml", MAIN), file("annex-1.toml", &wide)];
    let scheme = load_files(&files).expect("it is within the limits");
    assert_eq!(scheme.annexes[0].leaves.len(), 2_000);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}
