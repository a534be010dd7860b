//! 舍位平衡: annexes published in another unit, rounded so that rows and columns still add up.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::{Command, Output};

use calamine::{Data, Range, Reader, Xlsx, open_workbook_from_rs};
use hebiao::report::Lang;
use hebiao::report::workbook::write_workbook;
use hebiao::scheme::{Problem, Publish, Scheme, SchemeFile, What, load};

use crate::merged::{ANNEX_3, COUNTY, Draft};

const UNIT_LINE: &str = "unit_line   = \"单位：亩\"";

/// The small county with 万亩 among its units, and its 附件3 published in `slots`.
fn county(slots: &str) -> Result<Scheme, Vec<Problem>> {
    let mu = "[[units]]\nname = \"亩\"\n";
    let units = format!("{mu}[[units]]\nname = \"万亩\"\nis   = \"10000 亩\"\n");
    let files = [
        ("scheme.toml", COUNTY.replacen(mu, &units, 1)),
        (
            "annex-3.toml",
            ANNEX_3.replacen(UNIT_LINE, &format!("{UNIT_LINE}\n{slots}"), 1),
        ),
    ];
    let files = files.map(|(name, text)| SchemeFile {
        name: name.to_owned(),
        text,
    });
    load(&files).map_err(|errors| errors.into_iter().map(|error| error.problem).collect())
}

/// A workbook, opened again.
struct Book(Xlsx<Cursor<Vec<u8>>>);

impl Book {
    fn of(bytes: Vec<u8>) -> Self {
        Self(open_workbook_from_rs(Cursor::new(bytes)).expect("an .xlsx file"))
    }

    /// A sheet, a line a row.
    fn lines(&mut self, sheet: &str) -> Vec<String> {
        let range = self.0.worksheet_range(sheet).expect(sheet);
        let line = |row: &[Data]| {
            row.iter()
                .map(Data::to_string)
                .collect::<Vec<_>>()
                .join("|")
        };
        range.rows().map(line).collect()
    }

    fn formula(&mut self, sheet: &str, at: (u32, u32)) -> Option<String> {
        let formulas = self.0.worksheet_formula(sheet).expect(sheet);
        formulas
            .get_value(at)
            .filter(|formula| !formula.is_empty())
            .cloned()
    }
}

/// Three townships × three years, in 亩:
///
/// ```text
/// 东河镇  150 240 360 |  750      in 万亩 of two decimals, 1.5 means 0.015 万亩:   1.5 2.4 3.6 |  7.5
/// 西岭镇  140 130 230 |  500                                                       1.4 1.3 2.3 |  5
/// 南坪乡  160 280 110 |  550                                                       1.6 2.8 1.1 |  5.5
///         450 650 700 | 1800                                                       4.5 6.5 7   | 18
/// ```
///
/// 四舍五入 gives 2 2 4|8, 1 1 2|5, 2 3 1|6, 5 7 7|18: 西岭镇, the second column, the last column and the last row do not add
/// up. 5, 7 and 18 are exact and stay. Then one of 西岭镇's figures must go up; of 4.5 and 6.5 one must go
/// down, since the last row has 18 − 7 = 11 for them; of 7.5 and 5.5 one must go down, since the last
/// column has 18 − 5 = 13 for them; and as that township's own figures added up, one of them goes down with
/// its sum. So at least four are moved. The ways to move four, with what they add to the distance
/// from the exact figures:
///
/// ```text
/// down 6.5, 7.5, 1.5 and up 1.4: 0 + 0 + 0 + 0.2        down 4.5, 7.5, 1.5 and up 1.3: 0.4
/// down 6.5, 5.5, 1.6 and up 1.4: 0 + 0 + 0.2 + 0.2      down 4.5, 5.5, 1.6 and up 1.3: 0.6
/// down 6.5, 7.5, 3.6 and up 2.3: 0 + 0 + 0.2 + 0.4
/// ```
///
/// The first is the one.
const THREE_BY_THREE: [(&str, &str); 3] = [
    ("东河镇", "东河镇|150|240|360|750"),
    ("西岭镇", "西岭镇|140|130|230|500"),
    ("南坪乡", "南坪乡|160|280|110|550"),
];

fn book(scheme: &Scheme, returns: [(&str, &str); 3], lang: Lang) -> Book {
    let draft = returns
        .iter()
        .fold(Draft::new(scheme), |draft, (reporter, line)| {
            draft.returned(reporter, "附件3", line)
        });
    Book::of(write_workbook(&draft.merged(), scheme, lang).expect("a workbook"))
}

#[test]
fn three_townships_and_three_years_are_rounded_as_worked_out_by_hand() {
    let scheme = county("publish_unit = \"万亩\"").expect("a scheme");
    let mut book = book(&scheme, THREE_BY_THREE, Lang::Zh);
    assert_eq!(
        book.lines("附件3")[2..],
        [
            "||||单位：万亩",
            "单位|2023年度|2024年度|2025年度|三年合计",
            "东河镇|0.01|0.02|0.04|0.07",
            "西岭镇|0.02|0.01|0.02|0.05",
            "南坪乡|0.02|0.03|0.01|0.06",
            "全县合计|0.05|0.06|0.07|0.18",
            "注：面积按当年完成验收数填报。||||",
            "注：本表数字换算为万亩（保留 2 位小数），舍入后各项相加仍与合计相等，其中 4 个数因此与四舍五入的结果不同，见“舍位平衡”。||||",
        ]
    );
    // Totals are formulas still, over printed figures that come to the values they carry.
    assert_eq!(book.formula("附件3", (4, 4)).as_deref(), Some("SUM(B5:D5)"));
    assert_eq!(book.formula("附件3", (7, 2)).as_deref(), Some("SUM(C5:C7)"));
    let listed = book.lines("舍位平衡");
    let start = listed.iter().position(|line| line.starts_with("二、"));
    assert_eq!(
        listed[start.expect("the list")..],
        [
            "二、与四舍五入不同的数：4 个|||||||||",
            "附件|行|列|原数|原单位|换算后|四舍五入|公布数|公布单位|调整",
            "附件3|东河镇|2023年度|150|亩|0.015|0.02|0.01|万亩|-0.01",
            "附件3|东河镇|三年合计|750|亩|0.075|0.08|0.07|万亩|-0.01",
            "附件3|西岭镇|2023年度|140|亩|0.014|0.01|0.02|万亩|0.01",
            "附件3|全县合计|2024年度|650|亩|0.065|0.07|0.06|万亩|-0.01",
        ]
    );
}

#[test]
fn a_sum_that_was_returned_wrong_is_not_made_to_hold() {
    let scheme = county("publish_unit = \"万亩\"").expect("a scheme");
    // 西岭镇 adds up to 500 and says 900: 0.014, 0.013, 0.023 and 0.09 万亩. Nothing binds these but the columns.
    let returns = [
        ("东河镇", "东河镇|150|240|360|750"),
        ("西岭镇", "西岭镇|140|130|230|900"),
        ("南坪乡", "南坪乡|160|280|110|550"),
    ];
    let mut book = book(&scheme, returns, Lang::Zh);
    let lines = book.lines("附件3");
    assert!(lines[5].ends_with("|0.09"), "{}", lines[5]);
    assert_eq!(
        book.formula("附件3", (5, 4)),
        None,
        "typed, as it was returned"
    );
    assert!(
        lines[9].contains("原数本来不平的 2 处没有强行平衡"),
        "{}",
        lines[9]
    );
    let listed = book.lines("舍位平衡");
    let start = listed.iter().position(|line| line.starts_with("三、"));
    // 900 − 500, and in the total row 2200 − 1800.
    assert_eq!(
        listed[start.expect("the list") + 1..],
        [
            "附件|行|列|审核关系|原单位|原数差额||||",
            "附件3|西岭镇|三年合计|A3-01|亩|400||||",
            "附件3|全县合计|三年合计|A3-01|亩|400||||",
        ]
    );
}

#[test]
fn notes_speak_of_the_figures_as_they_were_returned() {
    let scheme = county("publish_unit = \"万亩\"").expect("a scheme");
    let returns = [
        ("东河镇", "东河镇|150|240|360|750"),
        ("西岭镇", "西岭镇|140|130|230|900"),
        ("南坪乡", "南坪乡|160|280|110|550"),
    ];
    let draft = returns
        .iter()
        .fold(Draft::new(&scheme), |draft, (reporter, line)| {
            draft.returned(reporter, "附件3", line)
        });
    let bytes = write_workbook(&draft.merged(), &scheme, Lang::Zh).expect("a workbook");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip file");
    let mut notes = String::new();
    let mut part = zip.by_name("xl/comments1.xml").expect("notes");
    std::io::Read::read_to_string(&mut part, &mut notes).expect("text");
    assert!(
        notes.contains("原数 900 亩。以下都按原数说明，单位：亩。"),
        "{notes}"
    );
    assert!(notes.contains("900") && notes.contains("500"), "{notes}");
}

#[test]
fn without_a_unit_asked_for_there_is_no_sheet_of_it() {
    let scheme = county("").expect("a scheme");
    let mut book = book(&scheme, THREE_BY_THREE, Lang::Zh);
    assert!(!book.0.sheet_names().contains(&"舍位平衡".to_owned()));
    assert_eq!(book.lines("附件3")[4], "东河镇|150|240|360|750");
}

#[test]
fn figures_too_long_to_be_converted_stay_in_their_own_unit() {
    let slots = "publish_unit = \"万亩\"\npublish_decimals = 9";
    let scheme = county(slots).expect("a scheme");
    // 33 digits would be needed; 28 can be kept exactly.
    let returns = [
        ("东河镇", "东河镇|1|1|1|3"),
        ("西岭镇", "西岭镇|1|1|7922816251426433759354395033|1"),
        ("南坪乡", "南坪乡|1|1|1|3"),
    ];
    let mut book = book(&scheme, returns, Lang::Zh);
    let lines = book.lines("附件3");
    assert_eq!((&*lines[2], &*lines[4]), ("||||单位：亩", "东河镇|1|1|1|3"));
    let said = "没有换算，仍用原单位：西岭镇，2025年度的数位数太多";
    assert!(
        book.lines("舍位平衡")
            .iter()
            .any(|line| line.contains(said))
    );
}

#[test]
fn a_scheme_declares_units_that_convert() {
    let scheme = county("publish_unit = \"万亩\"\npublish_decimals = 3").expect("a scheme");
    let unit = scheme.units.find("万亩").expect("a unit");
    assert_eq!(scheme.annexes[0].publish, [Publish { unit, decimals: 3 }]);
    let wrong = |slots: &str| county(slots).expect_err(slots);
    assert_eq!(
        wrong("publish_unit = \"万母\""),
        [Problem::UnknownName {
            what: What::Unit,
            name: "万母".into(),
            nearest: Some("万亩".into()),
        }]
    );
    assert_eq!(
        wrong("publish_unit = \"户\""),
        [Problem::UnitsDiffer {
            left: "亩".into(),
            right: "户".into(),
        }]
    );
    let lacking = Problem::Lacking {
        what: "publish_unit",
    };
    assert_eq!(wrong("publish_decimals = 2"), [lacking]);
    let bad = Problem::BadValue {
        wanted: "0 到 9 的小数位数",
        given: "12".into(),
    };
    assert_eq!(
        wrong("publish_unit = \"万亩\"\npublish_decimals = 12"),
        [bad]
    );
}

/// A folder of its own, gone when the test ends.
struct Outbox(PathBuf);

impl Outbox {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("hebiao-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// Merges the sample inbox of the plan.
    fn merge(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(["merge", "plan", "--outbox"])
            .arg(&self.0)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the program runs")
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join("plan").join(name)).expect(name)
    }

    fn book(&self) -> Book {
        Book::of(self.file("轮台县-plan-汇总.xlsx"))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The figures of the table: rows and columns of numbers, as whole numbers of 10^-`decimals`. Floats of a
/// few digits, so that rounding them to these gives what the cell shows.
fn figures(
    range: &Range<Data>,
    rows: std::ops::RangeInclusive<u32>,
    cols: std::ops::RangeInclusive<u32>,
    decimals: u32,
) -> BTreeMap<(u32, u32), i64> {
    let places = rows.flat_map(|row| cols.clone().map(move |col| (row, col)));
    let figures = places.map(|at| match range.get_value(at) {
        Some(Data::Float(float)) => {
            let scaled = float * 10f64.powi(decimals as i32);
            assert!(
                (scaled - scaled.round()).abs() < 1e-6,
                "{at:?} shows {decimals} decimals"
            );
            (at, scaled.round() as i64)
        }
        other => panic!("no figure at {at:?}: {other:?}"),
    });
    figures.collect()
}

#[test]
fn the_plans_afforestation_adds_up_in_wan_mu() {
    let (plain, outbox) = (Outbox::new("in-mu"), Outbox::new("in-wan-mu"));
    assert_eq!(plain.merge(&[]).status.code(), Some(1));
    assert_eq!(
        outbox.merge(&["--unit", "附件3=万亩"]).status.code(),
        Some(1)
    );
    // Rows 5 to 15 are the townships, row 16 the county; columns B to D the years, E their sum.
    let sheet = |book: &mut Book| book.0.worksheet_range("附件3").expect("附件3");
    let exact = figures(&sheet(&mut plain.book()), 4..=15, 1..=4, 1);
    let published = figures(&sheet(&mut outbox.book()), 4..=15, 1..=4, 2);
    for row in 4..=15 {
        let years: i64 = (1..=3).map(|col| published[&(row, col)]).sum();
        assert_eq!(published[&(row, 4)], years, "row {row}");
    }
    for col in 1..=4 {
        let townships: i64 = (4..=14).map(|row| published[&(row, col)]).sum();
        assert_eq!(published[&(15, col)], townships, "column {col}");
    }
    // A tenth of a 亩 is 1/1000 of 0.01 万亩.
    for (at, tenths) in exact {
        let floor = tenths.div_euclid(1000);
        let ceiling = floor + i64::from(tenths.rem_euclid(1000) > 0);
        assert!((floor..=ceiling).contains(&published[&at]), "{at:?}");
    }
    // The plan says 4500 亩 each year, 0.45 万亩: exact, and so unmoved.
    let county: Vec<i64> = (1..=4).map(|col| published[&(15, col)]).collect();
    assert_eq!(county, [45, 45, 45, 135]);
    assert_eq!(
        outbox.file("records.parquet"),
        plain.file("records.parquet")
    );
    assert_eq!(outbox.file("findings.json"), plain.file("findings.json"));
}

#[test]
fn the_plans_water_adds_up_by_source_and_by_use_in_hundreds_of_millions() {
    let (plain, outbox) = (Outbox::new("in-wan-m3"), Outbox::new("in-yi-m3"));
    plain.merge(&[]);
    outbox.merge(&["--unit", "附件7=亿立方米:2"]);
    // Without a unit line the header begins a row higher: townships in rows 6 to 18, the county in row 19.
    let exact = plain.book().0.worksheet_range("附件7").expect("附件7");
    let mut book = outbox.book();
    assert!(book.lines("附件7")[2].ends_with("单位：亿立方米"));
    let range = book.0.worksheet_range("附件7").expect("附件7");
    // Totals of three years in D to F; by source in G to O, by use in P to X, three a year.
    let exact = figures(&exact, 5..=18, 3..=23, 0);
    let published = figures(&range, 6..=19, 3..=23, 2);
    let sums = |figures: &BTreeMap<(u32, u32), i64>, top: u32| {
        let mut excess = BTreeMap::new();
        for row in 0..14 {
            for year in 0..3 {
                for (split, first) in [("source", 6), ("use", 15)] {
                    let parts = (0..3).map(|part| figures[&(top + row, first + 3 * year + part)]);
                    let total = figures[&(top + row, 3 + year)];
                    excess.insert((row, year, split), total - parts.sum::<i64>());
                }
            }
        }
        excess
    };
    let (before, after) = (sums(&exact, 5), sums(&published, 6));
    let held = before.iter().filter(|(_, excess)| **excess == 0);
    let held: Vec<_> = held.map(|(sum, _)| sum).collect();
    // The audit of the plan found 22 splits by use that do not add up, in townships and in the total.
    assert_eq!((before.len(), held.len()), (84, 62));
    for sum in held {
        assert_eq!(after[sum], 0, "{sum:?}");
    }
    for col in 3..=23 {
        let rows: i64 = (6..=18).map(|row| published[&(row, col)]).sum();
        assert_eq!(published[&(19, col)], rows, "column {col}");
    }
    // 100 万立方米 are 0.01 亿立方米.
    for ((row, col), given) in exact {
        let floor = given.div_euclid(100);
        let ceiling = floor + i64::from(given.rem_euclid(100) > 0);
        let shown = published[&(row + 1, col)];
        assert!((floor..=ceiling).contains(&shown), "{row} {col}");
    }
    // Typed with a Chinese keyboard it is the same.
    let typed = Outbox::new("in-yi-m3-wide");
    typed.merge(&["--unit", "附件７＝亿立方米：２"]);
    let name = "轮台县-plan-汇总.xlsx";
    assert!(typed.file(name) == outbox.file(name), "another workbook");
    let listed = book.lines("舍位平衡");
    let uneven = listed.iter().filter(|line| line.contains("A7-02"));
    assert_eq!(uneven.count(), 22);
}

#[test]
fn units_printed_in_headers_change_and_other_columns_stay() {
    let outbox = Outbox::new("headers");
    outbox.merge(&["--unit", "5=亩:0"]);
    let lines = outbox.book().lines("附件5");
    // 人工造乔木林 in 2023: 0.45 万亩, 405 万元.
    assert_eq!(
        lines[2],
        "序号|年度|项目内容|面积\n（亩）|投资金额\n（万元）|备注"
    );
    assert!(
        lines[3].starts_with("1|2023|人工造乔木林|4500|405|"),
        "{}",
        lines[3]
    );
}

#[test]
fn what_cannot_be_converted_is_a_mistake_of_usage() {
    let outbox = Outbox::new("wrong-units");
    for (unit, lang, said) in [
        (
            "附件33=万亩",
            "zh",
            "做不下去：没有名为“附件33”的附件，是否指“附件3”？",
        ),
        (
            "附件3=万母",
            "zh",
            "做不下去：没有名为“万母”的计量单位，是否指“万亩”？",
        ),
        (
            "附件7=亩",
            "zh",
            "做不下去：附件7 的计量单位是万立方米，不能换算成“亩”，可以换算成立方米、万立方米、亿立方米",
        ),
        (
            "附件1=亩",
            "zh",
            "做不下去：附件1 没有可以相加的数，不能换算计量单位",
        ),
        (
            "附件3=万亩:十",
            "zh",
            "做不下去：--unit 应写作 附件3=万亩 或 附件3=万亩:2（保留2位小数），写的是“附件3=万亩:十”",
        ),
        (
            "附件33=万亩",
            "en",
            "could not go on: there is no annex “附件33”; is it “附件3”?",
        ),
    ] {
        let output = outbox.merge(&["--unit", unit, "--lang", lang]);
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(stderr.trim_end(), said);
        assert_eq!(output.status.code(), Some(2), "{unit}");
        assert!(!outbox.0.exists(), "nothing is begun");
    }
    let twice = outbox.merge(&["--unit", "附件3=万亩", "--unit", "3=公顷"]);
    assert_eq!(twice.status.code(), Some(2));
}
