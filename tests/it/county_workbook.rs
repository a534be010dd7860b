//! The county workbook, written and read back.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use hebiao::consolidate::Source;
use hebiao::model::{Amount, Detail, Finding, Kind, Level, ReadAs, Reason, Suspect, Value};
use hebiao::pipeline::Merged;
use hebiao::report::Lang;
use hebiao::report::workbook::{sheet_rows, write_workbook};
use hebiao::scheme::Scheme;

use crate::merged::{ANNEX_3, ANNEX_4, ANNEX_6, ANNEX_6_2, ANNEX_7, Draft, place, plan, scheme};
use crate::support::office::saved_again;

/// A written workbook, opened again.
pub(crate) struct Written {
    bytes: Vec<u8>,
    book: Xlsx<Cursor<Vec<u8>>>,
}

impl Written {
    pub(crate) fn of(merged: &Merged, scheme: &Scheme, lang: Lang) -> Self {
        let bytes = write_workbook(merged, scheme, lang).expect("a workbook");
        Self::open(bytes)
    }

    fn open(bytes: Vec<u8>) -> Self {
        let book = open_workbook_from_rs(Cursor::new(bytes.clone())).expect("an .xlsx file");
        Self { bytes, book }
    }

    /// The cells of a sheet, a line a row, from row 3 (below number and title).
    fn body(&mut self, sheet: &str) -> String {
        self.rows(sheet, 2)
    }

    pub(crate) fn rows(&mut self, sheet: &str, first: usize) -> String {
        let range = self.book.worksheet_range(sheet).expect(sheet);
        let rows = range.rows().skip(first).map(|row| {
            let cells = row.iter().map(|cell| match cell {
                Data::String(text) => text.replace('\n', "/"),
                Data::DateTime(date) => {
                    let (year, month, day, ..) = date.to_ymd_hms_milli();
                    format!("{year}-{month:02}-{day:02}")
                }
                other => other.to_string(),
            });
            cells.collect::<Vec<_>>().join("|")
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    fn formula(&mut self, sheet: &str, cell: &str) -> String {
        let at: hebiao::model::CellRef = cell.parse().expect("an address");
        let formulas = self.book.worksheet_formula(sheet).expect(sheet);
        let formula = formulas.get_value((at.row, at.col));
        formula.cloned().unwrap_or_default()
    }

    fn merges(&mut self, sheet: &str) -> Vec<String> {
        let merges = self.book.merge_cells_by_sheet_name(sheet).expect(sheet);
        let mut merges: Vec<String> = merges
            .iter()
            .map(|range| {
                let cell = |(row, col)| hebiao::model::CellRef::new(row, col);
                format!("{}:{}", cell(range.start), cell(range.end))
            })
            .collect();
        merges.sort();
        merges
    }

    /// The number of a sheet, from 1.
    pub(crate) fn number_of(&self, name: &str) -> usize {
        let names = self.book.sheet_names();
        let position = names.iter().position(|known| known == name);
        position.expect(name) + 1
    }

    /// The row of a sheet that a label begins, from 1.
    pub(crate) fn row_of(&mut self, sheet: &str, label: &str) -> usize {
        let range = self.book.worksheet_range(sheet).expect(sheet);
        let mut rows = range.rows();
        let is_label = |cell: &Data| matches!(cell, Data::String(text) if text == label);
        let row = rows.position(|row| row.first().is_some_and(is_label));
        row.expect(label) + 1
    }

    /// A part of the package as text.
    fn part(&self, name: &str) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        let mut text = String::new();
        let mut part = zip.by_name(name).expect(name);
        part.read_to_string(&mut text).expect("text");
        text
    }

    /// The same workbook, its formulas without the values that they came to.
    fn without_results(&self) -> Vec<u8> {
        let mut zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        let mut stripped = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let names: Vec<String> = (0..zip.len())
            .map(|idx| {
                zip.by_index(idx)
                    .expect("a part")
                    .name()
                    .expect("a name")
                    .into_owned()
            })
            .collect();
        for name in names {
            let options = zip::write::SimpleFileOptions::default();
            stripped.start_file(name.as_str(), options).expect("a part");
            let mut text = self.part(&name);
            while let Some(start) = text.find("</f><v>") {
                let end = start + text[start..].find("</v>").expect("its end");
                text.replace_range(start + 4..end + 4, "");
            }
            stripped.write_all(text.as_bytes()).expect("written");
        }
        stripped.finish().expect("a zip file").into_inner()
    }

    /// The notes of all sheets, with their cells.
    pub(crate) fn notes(&self) -> String {
        let zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        let names = zip.file_names().filter_map(Result::ok);
        let mut names: Vec<String> = names
            .map(|name| name.into_owned())
            .filter(|name| name.contains("comments"))
            .collect();
        names.sort_unstable();
        names.iter().map(|name| self.part(name)).collect()
    }

    /// The cells of a sheet that have a note.
    fn noted(&self, sheet: usize) -> BTreeSet<String> {
        let rels = format!("xl/worksheets/_rels/sheet{sheet}.xml.rels");
        let zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip file");
        if zip.index_for_name(&rels).is_none() {
            return BTreeSet::new();
        }
        let rels = self.part(&rels);
        let Some((_, part)) = rels.split_once("Target=\"../comments") else {
            return BTreeSet::new();
        };
        let number = part.split('.').next().expect("a number");
        let comments = self.part(&format!("xl/comments{number}.xml"));
        let notes = comments.split("<comment ref=\"").skip(1);
        let cells = notes.map(|note| note.split('"').next().expect("a cell").to_owned());
        cells.collect()
    }

    /// The cells of a sheet that have the colour of a level, but for those inside a merged one.
    fn coloured(&mut self, name: &str, sheet: usize) -> BTreeSet<String> {
        let merged = self.book.merge_cells_by_sheet_name(name).expect(name);
        let inside = |cell: hebiao::model::CellRef| {
            merged.iter().any(|range| {
                let at = (cell.row, cell.col);
                let rows = range.start.0..=range.end.0;
                let cols = range.start.1..=range.end.1;
                at != range.start && rows.contains(&at.0) && cols.contains(&at.1)
            })
        };
        let xml = self.part(&format!("xl/worksheets/sheet{sheet}.xml"));
        let cells = xml.split("<c r=\"").skip(1);
        let cells = cells.filter_map(|cell| {
            let cell = cell.split('"').next()?;
            let outside = !inside(cell.parse().expect("an address"));
            let levels = ["FFC7CE", "FFD9A0", "FFE7C6", "FFFFA8"];
            let marked = outside && levels.contains(&self.fill(sheet, cell).as_str());
            marked.then(|| cell.to_owned())
        });
        cells.collect()
    }

    /// The format of a cell, as the styles have it.
    fn format(&self, sheet: usize, cell: &str) -> String {
        let xml = self.part(&format!("xl/worksheets/sheet{sheet}.xml"));
        let style = between(&xml, &format!("<c r=\"{cell}\" s=\""), "\"").expect(cell);
        let styles = self.part("xl/styles.xml");
        let formats = between(&styles, "<cellXfs", "</cellXfs>").expect("formats");
        let format = formats
            .split("<xf ")
            .nth(style.parse::<usize>().expect("a number") + 1);
        format.expect("a format").to_owned()
    }

    /// The number format of a cell.
    fn number_format(&self, sheet: usize, cell: &str) -> String {
        let id = between(&self.format(sheet, cell), "numFmtId=\"", "\"").expect("a number");
        // These every program knows by their numbers.
        let known = [("1", "0"), ("2", "0.00"), ("9", "0%")];
        let known = known.iter().find(|(number, _)| *number == id);
        let styles = self.part("xl/styles.xml");
        let made = || between(&styles, &format!("numFmtId=\"{id}\" formatCode=\""), "\"");
        known.map_or_else(
            || made().unwrap_or_default(),
            |(_, format)| (*format).to_owned(),
        )
    }

    /// The fill of a cell as RRGGBB.
    pub(crate) fn fill(&self, sheet: usize, cell: &str) -> String {
        let fill = between(&self.format(sheet, cell), "fillId=\"", "\"").expect("a fill");
        let styles = self.part("xl/styles.xml");
        let fills = between(&styles, "<fills", "</fills>").expect("fills");
        let fill = fills
            .split("<fill>")
            .nth(fill.parse::<usize>().expect("a number") + 1);
        between(fill.expect("a fill"), "fgColor rgb=\"FF", "\"").unwrap_or_default()
    }
}

fn between(text: &str, from: &str, to: &str) -> Option<String> {
    let start = text.find(from)? + from.len();
    let end = start + text[start..].find(to)?;
    Some(text[start..end].to_owned())
}

const FORESTS: [(&str, &str); 2] = [
    ("东河镇", "东河镇 | 184.5 | 381.8 | 140.9 | 707.2"),
    ("西岭镇", "西岭镇 | 10 | 20.25 | 5 | 53.25"),
];

fn forests(scheme: &Scheme) -> Draft<'_> {
    let draft = Draft::new(scheme);
    FORESTS
        .into_iter()
        .fold(draft, |draft, (who, row)| draft.returned(who, "附件3", row))
}

#[test]
fn an_annex_looks_as_the_plan_prints_it() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.book.sheet_names(),
        ["概览", "报送情况", "附件3", "错误清单", "数据来源", "说明"]
    );
    assert_eq!(
        written.body("附件3"),
        "||||单位：亩\n\
         单位|2023年度|2024年度|2025年度|三年合计\n\
         东河镇|184.5|381.8|140.9|707.2\n\
         西岭镇|10|20.25|5|53.25\n\
         南坪乡|未报|||\n\
         全县合计|194.5|402.05|145.9|760.45\n\
         数据不全：合计只含已报的 2 个单位，应报 3 个；未报：南坪乡。||||\n\
         注：面积按当年完成验收数填报。||||"
    );
    assert_eq!(written.merges("附件3"), ["A10:E10", "A2:E2", "A9:E9"]);
}

#[test]
fn totals_are_live_formulas_that_carry_their_value() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(written.formula("附件3", "B8"), "SUM(B5:B7)");
    assert_eq!(written.formula("附件3", "E8"), "SUM(E5:E7)");
    assert_eq!(written.formula("附件3", "E5"), "SUM(B5:D5)");
    let xml = written.part("xl/worksheets/sheet3.xml");
    assert!(xml.contains("<f>SUM(B5:B7)</f><v>194.5</v>"));
    assert!(xml.contains("<f>SUM(B5:D5)</f><v>707.2</v>"));
    // 53.25 is not 10 + 20.25 + 5: what was returned stays as it was typed.
    assert_eq!(written.formula("附件3", "E6"), "");
}

#[test]
fn a_wrong_total_is_red_and_its_note_says_why() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(written.fill(3, "E6"), "FFC7CE");
    assert_eq!(written.fill(3, "E5"), "");
    let notes = written.notes();
    assert!(notes.contains("ref=\"E6\""));
    assert!(
        notes.contains("【强制】合计与分项之和不符 [A3-01]"),
        "{notes}"
    );
    assert!(notes.contains("分项之和 35.25"));
    // The row stands one lower here than in its form, and the note is read here.
    assert!(notes.contains("分项之和 35.25（B6:D6）"), "{notes}");
    assert!(notes.contains("请核对 E6；若分项有误，改分项后合计应随之变化"));
    assert!(notes.contains("原表：西岭镇/附件3.xlsx 附件3!E5"));
    assert!(notes.contains("<author>hebiao</author>"));

    let list = written.rows("错误清单", 0);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("序号|级别|附件|填报单位|位置|审核关系|文件"));
    let sum = lines
        .iter()
        .find(|line| line.contains("A3-01"))
        .expect("the sum");
    assert!(sum.contains("强制|附件3|西岭镇|"), "{sum}");
    assert!(
        sum.contains("西岭镇/附件3.xlsx|附件3!E5|53.25|35.25|18"),
        "{sum}"
    );
    let xml = written.part("xl/worksheets/sheet4.xml");
    assert!(xml.contains("location=\"'附件3'!E6\""), "{xml}");
    assert!(xml.contains("<autoFilter "));
}

#[test]
fn every_finding_of_a_cell_is_in_its_note_and_the_worst_colours_it() {
    let scheme = scheme(&[ANNEX_3]);
    let mut hint = Finding::new(
        Kind::ReadAs,
        Level::Hint,
        Detail::ReadAs(ReadAs::TextNumber),
    )
    .at(place("东河镇", "附件3", "B5"))
    .given("１８４．５")
    .expected("184.5");
    hint.annex = Some("附件3".into());
    let mut verify = Finding::new(
        Kind::Range,
        Level::Verification,
        Detail::Range {
            min: Some("0".into()),
            max: Some("100".into()),
        },
    )
    .at(place("东河镇", "附件3", "B5"))
    .given("184.5");
    verify.explanation = Some("新增一处林场".into());
    verify.suspects.push(Suspect {
        place: place("东河镇", "附件3", "B5"),
        given: "184.5".into(),
        likely: Some("18.45".into()),
        why: vec![Reason::PointMoved { places: 1 }],
    });
    let nowhere = Finding::new(
        Kind::UnknownForm,
        Level::Hint,
        Detail::UnknownForm { nearest: None },
    )
    .at(hebiao::model::Place::file(&"杂项.xlsx".into()));
    let merged = forests(&scheme)
        .finding(hint)
        .finding(verify)
        .finding(nowhere)
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(written.fill(3, "B5"), "FFE7C6");
    let notes = written.notes();
    let verification = notes.find("【核实】超出取值范围").expect("the first");
    let hint = notes.find("【提示】数字存成了文本").expect("the second");
    assert!(verification < hint);
    assert!(
        notes.contains(
            "嫌疑：B5 填写 184.5，若为 18.45 则相符（小数点错位，大了 1 位，或多写了 0）"
        )
    );
    assert!(notes.contains("审核说明：新增一处林场"));
    assert!(!notes.contains("认不出是哪张附件"));
    assert!(written.rows("错误清单", 0).contains("认不出是哪张附件"));
}

const WATER: [(&str, &str); 2] = [
    (
        "东河镇",
        "1 | 东河灌区 | 东河镇 | 30 | 31 | 32 | 10 | 20 | 11 | 20 | 12 | 20",
    ),
    (
        "西岭镇",
        "1 | 东河灌区 | 西岭镇 | 7 | 7 | 7 | 3 | 4 | 3 | 4 | 3 | 4
         2 | 南坪灌区 | 西岭镇 | 5 | 6 | 7 | 5 | 0 | 6 | 0 | 7 | 0",
    ),
];

fn water<'s>(scheme: &'s Scheme, total: &str) -> Draft<'s> {
    let draft = Draft::new(scheme);
    WATER
        .into_iter()
        .chain([
            (
                "南坪乡",
                "1 | 南坪灌区 | 南坪乡 | 1 | 1 | 1 | 1 | － | 1 | － | 1 | －",
            ),
            ("县水利局", total),
        ])
        .fold(draft, |draft, (who, rows)| {
            draft.returned(who, "附件7", rows)
        })
}

#[test]
fn a_three_level_header_and_merged_districts() {
    let scheme = scheme(&[ANNEX_7]);
    let merged = water(&scheme, "=||| 43 | 45 | 47 | 19 | 24 | 21 | 24 | 23 | 24").merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.body("附件7"),
        "序号|灌区名称|乡镇名称|2023年度用水总量指标|2024年度用水总量指标|2025年度用水总量指标|水指标按水源类型分|||||\n\
         ||||||2023年度||2024年度||2025年度|\n\
         ||||||地表水|地下水|地表水|地下水|地表水|地下水\n\
         1|东河灌区|东河镇|30|31|32|10|20|11|20|12|20\n\
         2||西岭镇|7|7|7|3|4|3|4|3|4\n\
         3|南坪灌区|西岭镇|5|6|7|5|0|6|0|7|0\n\
         4||南坪乡|1|1|1|1|－|1|－|1|－\n\
         合计|||43|45|47|19|24|21|24|23|24"
    );
    assert_eq!(
        written.merges("附件7"),
        [
            "A10:C10", "A2:L2", "A3:A5", "B3:B5", "B6:B7", "B8:B9", "C3:C5", "D3:D5", "E3:E5",
            "F3:F5", "G3:L3", "G4:H4", "I4:J4", "K4:L4",
        ]
    );
    assert_eq!(written.formula("附件7", "D6"), "SUM(G6:H6)");
    assert_eq!(written.formula("附件7", "F8"), "SUM(K8:L8)");
    // 1 = 1 + －: not a sum that a spreadsheet should compute.
    assert_eq!(written.formula("附件7", "D9"), "");
    assert_eq!(written.notes(), "");
}

#[test]
fn headers_stay_in_sight_and_stand_on_every_page() {
    let scheme = scheme(&[ANNEX_7]);
    let merged = water(&scheme, "=||| 43 | 45 | 47 | 19 | 24 | 21 | 24 | 23 | 24").merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let sheet = written.part("xl/worksheets/sheet3.xml");
    for expected in [
        // Number, title and three levels of header above; 序号, 灌区, 乡镇 to the left.
        "<pane xSplit=\"3\" ySplit=\"5\" topLeftCell=\"D6\"",
        "<pageSetUpPr fitToPage=\"1\"/>",
        "fitToHeight=\"0\"",
        "orientation=\"landscape\"",
    ] {
        assert!(sheet.contains(expected), "{expected}");
    }
    let book = written.part("xl/workbook.xml");
    assert!(book.contains(">附件7!$3:$5</definedName>"), "{book}");
    assert!(book.contains(">错误清单!$1:$1</definedName>"));
    // Of the last sheet, what comes before the list of rules is printed.
    let (_, area) = book.split_once("_xlnm.Print_Area").expect("a print area");
    let (_, area) = area.split_once("说明!$A$1:$I$").expect("of the last sheet");
    let last: usize = area
        .split('<')
        .next()
        .expect("a row")
        .parse()
        .expect("a row");
    let page = written.rows("说明", 0);
    // A blank row lies between.
    let heading = page.lines().nth(last + 1);
    assert!(heading.is_some_and(|line| line.starts_with("五、审核关系逐条结果")));
}

#[test]
fn a_stated_total_that_differs_is_said_beside_the_sum() {
    let scheme = scheme(&[ANNEX_7]);
    let merged = water(&scheme, "=||| 44 | 45 | 47 | 19 | 24 | 21 | 24 | 23 | 24").merged();
    let written = Written::of(&merged, &scheme, Lang::Zh);
    let notes = written.notes();
    assert!(
        notes.contains(
            "县水利局填报的合计为 44 万立方米，各行之和为 43 万立方米，差 1 万立方米。本表按各行相加列出。"
        ),
        "{notes}"
    );
    let xml = written.part("xl/worksheets/sheet3.xml");
    assert!(xml.contains("<f>SUM(D6:D9)</f><v>43</v>"));
    assert_ne!(written.fill(3, "D10"), "");
    assert_eq!(written.fill(3, "E10"), "");
}

#[test]
fn a_wrong_total_row_is_red_and_its_note_says_why() {
    let scheme = scheme(&[ANNEX_7]);
    let merged = water(&scheme, "=||| 43 | 45 | 47 | 19 | 20 | 21 | 24 | 23 | 24").merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(written.fill(3, "D10"), "FFC7CE");
    let notes = written.notes();
    assert!(
        notes.contains("填写 43，分项之和 39（G10:H10），差 4"),
        "{notes}"
    );
    assert!(notes.contains("请核对 D10；"));
    assert!(notes.contains("原表：县水利局/附件7.xlsx 附件7!D5"));
    assert_eq!(written.noted(3), written.coloured("附件7", 3));
}

#[test]
fn what_is_said_of_several_cells_names_the_one_it_quotes() {
    let scheme = scheme(&[ANNEX_3]);
    let mut hint = Finding::new(
        Kind::ReadAs,
        Level::Hint,
        Detail::ReadAs(ReadAs::TextNumber),
    )
    .at(place("西岭镇", "附件3", "B5"))
    .given("１０")
    .expected("10");
    hint.annex = Some("附件3".into());
    hint.cells = vec![
        place("西岭镇", "附件3", "C5"),
        place("西岭镇", "附件3", "D5"),
    ]
    .into();
    let merged = forests(&scheme).finding(hint).merged();
    let notes = Written::of(&merged, &scheme, Lang::Zh).notes();
    let said = "填写“１０”，读作 10；C6:D6 也是";
    assert_eq!(notes.matches(said).count(), 3, "{notes}");
    assert_eq!(notes.matches(&format!("B6：{said}")).count(), 2, "{notes}");
}

#[test]
fn figures_of_the_plan_show_the_decimals_that_their_columns_declare() {
    let (scheme, merged) = plan();
    let written = Written::of(&merged, &scheme, Lang::Zh);
    let sheets = written.book.sheet_names();
    for (annex, cell, format) in [
        // 优良率 55, PM2.5 40.0, PM10 169.5.
        ("附件1", "B5", "0"),
        ("附件1", "E5", "0.0"),
        ("附件1", "L5", "0.0"),
        ("附件2", "D4", "0.00"),
        // A total as its rows.
        ("附件3", "B5", "0.0"),
        ("附件3", "E16", "0.0"),
        ("附件4", "B5", "0%"),
        ("附件5", "D4", "0.00"),
        ("附件6", "E6", "0.0"),
        ("附件6", "F4", "yyyy-mm-dd"),
        // Twenty digits are no number.
        ("附件6.1", "F4", "@"),
        ("附件7", "D19", "0"),
    ] {
        let sheet = sheets.iter().position(|name| name == annex).expect(annex);
        let shown = written.number_format(sheet + 1, cell);
        assert_eq!(shown, format, "{annex} {cell}");
    }
}

#[test]
fn every_coloured_cell_of_the_plan_has_a_note() {
    let (scheme, merged) = plan();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let sheets = written.book.sheet_names();
    let mut n_marked = 0;
    for (idx, name) in sheets.iter().enumerate().skip(2) {
        if !name.starts_with("附件") {
            continue;
        }
        let coloured = written.coloured(name, idx + 1);
        assert_eq!(written.noted(idx + 1), coloured, "{name}");
        n_marked += coloured.len();
    }
    // Ten wrong totals of 附件7, three of them the county's; 退化林修复 in three years; two trends.
    assert!(n_marked >= 10 + 3 + 2, "{n_marked}");
}

#[test]
fn percentages_are_shown_as_they_were_written() {
    let scheme = scheme(&[ANNEX_4]);
    let merged = Draft::new(&scheme)
        .returned(
            "县住建局",
            "附件4",
            "2023年 | 40% | 城镇污水
             2024年 | 50% |
             2025年 | 60% |",
        )
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.body("附件4"),
        "年份|城镇生活污水再生利用率|备注\n\
         2023年|0.4|城镇污水\n\
         2024年|0.5|\n\
         2025年|0.6|"
    );
    assert!(written.merges("附件4").contains(&"C4:C6".to_owned()));
    assert!(written.part("xl/styles.xml").contains("formatCode=\"0%\""));
}

#[test]
fn registers_keep_codes_as_text_and_dates_as_they_are_known() {
    let scheme = scheme(&[ANNEX_6]);
    let merged = Draft::new(&scheme)
        .returned(
            "县住建局",
            "附件6",
            "1 | 11006528002016060003 | 天运化工有限公司 | 110 | 2016-06 | 2024-12-31
             2 | 11006528002016060004 | 天运化工有限公司 | 2.0 | 2016-06-30 | 2025",
        )
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.body("附件6"),
        "序号|注册代码|使用单位名称|蒸吨数|注册登记时间|计划完成时间\n\
         1|11006528002016060003|天运化工有限公司|110|2016年6月|2024-12-31\n\
         2|11006528002016060004|天运化工有限公司|2|2016-06-30|2025年"
    );
}

#[test]
fn a_total_on_top_counts_the_rows_that_came() {
    let scheme = scheme(&[ANNEX_6_2]);
    let merged = Draft::new(&scheme)
        .returned("东河镇", "附件6.2", "1 | 东河镇 | 389 |")
        .returned("南坪乡", "附件6.2", "1 | 南坪乡 | 1451 | 含两个村")
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.body("附件6.2"),
        "序号|乡镇|户数（个）|备注\n\
         合计（2个乡、镇）||1840|\n\
         1|东河镇|389|\n\
         2|西岭镇|未报|\n\
         3|南坪乡|1451|含两个村\n数据不全：合计只含已报的 2 个单位，应报 3 个；未报：西岭镇。|||"
    );
    assert_eq!(written.formula("附件6.2", "C4"), "SUM(C5:C7)");
}

#[test]
fn who_returned_what_is_on_one_page_with_links() {
    let scheme = scheme(&[ANNEX_3, ANNEX_6_2]);
    let merged = forests(&scheme)
        .returned("西岭镇", "附件6.2", "1 | 西岭镇 | 12 |")
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let page = written.rows("报送情况", 0);
    let lines: Vec<&str> = page.lines().collect();
    assert!(lines[0].starts_with("2024年5月报送情况"));
    assert_eq!(
        lines[1],
        "序号|填报单位|附件3|附件6.2|应报|已报|强制|准强制|核实|提示|文件"
    );
    assert_eq!(lines[2], "1|东河镇|已报|未报|2|1|0|0|0|0|东河镇/附件3.xlsx");
    assert!(
        lines[3].starts_with("2|西岭镇|已报|已报|2|2|1|0|0|"),
        "{page}"
    );
    assert_eq!(lines[4], "3|南坪乡|未报|未报|2|0|0|0|0|0|");
    assert!(lines[5].starts_with("已报/应报||2/3|1/3|6|3|1|"));
    assert!(
        page.contains("1|东河镇/附件3.xlsx|已读取|xlsx|5|附件3 东河镇"),
        "{page}"
    );
    let xml = written.part("xl/worksheets/sheet2.xml");
    assert!(xml.contains("location=\"'附件3'!A5\""), "{xml}");
    assert!(xml.contains("location=\"'附件6.2'!A6\""));
}

#[test]
fn an_office_that_sends_only_the_total_row_is_on_the_page_too() {
    let scheme = scheme(&[ANNEX_7]);
    let merged = water(&scheme, "=||| 43 | 45 | 47 | 19 | 20 | 21 | 24 | 23 | 24").merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let page = written.rows("报送情况", 0);
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines[5], "4|县水利局|合计|0|0|1|0|0|0|县水利局/附件7.xlsx");
    // What stands in the last line is what the lines above it add up to.
    assert!(lines[6].starts_with("已报/应报||3/3|3|3|1|0|0|0"), "{page}");
    let xml = written.part("xl/worksheets/sheet2.xml");
    assert!(xml.contains("location=\"'附件7'!A10\""), "{xml}");
}

#[test]
fn every_row_leads_back_to_its_cells() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    assert_eq!(
        written.rows("数据来源", 0),
        "附件|汇总表行|行|填报单位|文件|工作表|单元格|SHA-256（前12位）|另有数据（未取用）\n\
         附件3|5|东河镇|东河镇|东河镇/附件3.xlsx|附件3|A5:E5|0123456789ab|\n\
         附件3|6|西岭镇|西岭镇|西岭镇/附件3.xlsx|附件3|A5:E5|0123456789ab|"
    );
}

#[test]
fn the_last_sheet_says_how_complete_it_is_and_how_rules_came_out() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let page = written.rows("说明", 0);
    for expected in [
        "东河县2024年5月报表汇总",
        "应报 3 份，已报 2 份，未报 1 份",
        "2（已读取 2）",
        "平衡关系||||1|1|1|0|0",
        "A3-01|附件3|三年合计/三年合计应等于三年之和|平衡关系|强制|1|1|0|0",
        // 西岭镇's 20.25 has a decimal more than is asked for.
        "附件3|东河县2023-2025年造林绿化任务指导性计划表||3|2|1|0|0|1",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert_eq!(written.fill(6, "A10"), "FFC7CE");
}

#[test]
fn english_is_for_what_is_ours() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = forests(&scheme).merged();
    let mut written = Written::of(&merged, &scheme, Lang::En);
    assert_eq!(
        written.book.sheet_names(),
        [
            "Overview", "Returns", "附件3", "Findings", "Sources", "About"
        ]
    );
    assert!(written.body("附件3").contains("南坪乡|missing|||"));
    assert!(
        written
            .notes()
            .contains("【Mandatory】The total differs from the sum of its parts")
    );
    assert!(
        written
            .rows("About", 0)
            .contains("2 of 3 came, 1 are missing")
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let scheme = scheme(&[ANNEX_3, ANNEX_7, ANNEX_4, ANNEX_6, ANNEX_6_2]);
    let write = || {
        let merged = forests(&scheme).merged();
        write_workbook(&merged, &scheme, Lang::Zh).expect("a workbook")
    };
    let first = write();
    assert_eq!(first, write());
    let written = Written::open(first);
    let core = written.part("docProps/core.xml");
    assert!(core.contains("2024-05-01T00:00:00Z"), "{core}");
}

#[test]
fn an_empty_county_is_a_workbook_too() {
    let scheme = scheme(&[ANNEX_3, ANNEX_6]);
    let mut written = Written::of(&Draft::new(&scheme).merged(), &scheme, Lang::Zh);
    assert!(written.body("附件6").contains("未报|||||"));
    assert!(written.rows("错误清单", 0).contains("没有问题"));
}

#[test]
fn another_program_computes_the_same_totals() {
    let scheme = scheme(&[ANNEX_3, ANNEX_7, ANNEX_6_2]);
    let merged = water(&scheme, "=||| 43 | 45 | 47 | 19 | 24 | 21 | 24 | 23 | 24");
    let merged = FORESTS
        .into_iter()
        .fold(merged, |draft, (who, row)| {
            draft.returned(who, "附件3", row)
        })
        .returned("东河镇", "附件6.2", "1 | 东河镇 | 389 |")
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let name = "another_program_computes_the_same_totals";
    let Some(bytes) = saved_again(name, &written.without_results()) else {
        return;
    };
    let mut recalculated = Written::open(bytes);
    for sheet in ["附件3", "附件7", "附件6.2"] {
        assert_eq!(recalculated.body(sheet), written.body(sheet), "{sheet}");
    }
}

/// 331.60000000000002 has 17 digits: a cell keeps 331.6, and adding cells up would come to another total.
#[test]
fn figures_of_more_digits_than_a_cell_keeps_are_numbers_under_no_formula() {
    let scheme = scheme(&[ANNEX_3]);
    let merged = Draft::new(&scheme)
        .returned(
            "东河镇",
            "附件3",
            "东河镇 | 331.60000000000002 | 381.8 | 140.9 | 854.30000000000002",
        )
        .returned("西岭镇", "附件3", "西岭镇 | 10 | 20.25 | 5 | 35.25")
        .merged();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let body = written.body("附件3");
    let cells: Vec<Vec<&str>> = body.lines().map(|line| line.split('|').collect()).collect();
    let row = |name: &str| {
        cells
            .iter()
            .find(|row| row[0].starts_with(name))
            .expect(name)
    };
    assert_eq!(row("东河镇")[1..], ["331.6", "381.8", "140.9", "854.3"]);
    assert_eq!(row("全县合计")[1..], ["341.6", "402.05", "145.9", "889.55"]);
    assert_eq!(written.formula("附件3", "B8"), "");
    assert_eq!(written.formula("附件3", "C8"), "SUM(C5:C7)");
    assert_eq!(written.formula("附件3", "E8"), "");
    // Of the row that holds them neither; of the other one the sum of its cells.
    assert_eq!(written.formula("附件3", "E5"), "");
    assert_eq!(written.formula("附件3", "E6"), "SUM(B6:D6)");
    let notes = written.notes();
    for said in [
        "准确的数是 331.60000000000002。",
        "准确的合计是 341.60000000000002。",
        "准确的合计是 889.55000000000002。",
    ] {
        assert!(notes.contains(said), "{said} in {notes}");
    }
    if let Some(bytes) = saved_again("figures_of_more_digits", &written.without_results()) {
        assert_eq!(Written::open(bytes).body("附件3"), body);
    }
}

#[test]
fn the_plan_is_written_whole() {
    let (scheme, merged) = plan();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    // The ledger is no part of the plan.
    let annexes = scheme.annexes.iter();
    let in_plan = annexes.filter(|annex| annex.due.is_in(hebiao::model::Period::Plan));
    let n_sheets = written.book.sheet_names().len();
    assert_eq!(n_sheets, in_plan.count() + 5);
    assert_eq!(n_sheets, 12 + 5);
    let list = written.rows("错误清单", 1);
    assert_eq!(list.lines().count(), merged.findings.len());
}

/// What a cell should hold of a value that was returned; a share may be shown with its sign.
fn as_returned(value: &Value) -> Vec<String> {
    let text = |text: &str| vec![text.to_owned()];
    match value {
        Value::Missing => text(""),
        Value::NotApplicable => text("－"),
        Value::Amount(amount) => {
            let hundredth = Amount::last_digit(2).checked_mul(*amount).expect("a share");
            [*amount, hundredth]
                .map(|amount| amount.to_float().to_string())
                .to_vec()
        }
        Value::Text(said) | Value::Unusable(said) => text(said),
        Value::Date(date) => match (date.month, date.day) {
            (Some(month), Some(day)) => vec![format!("{}-{month:02}-{day:02}", date.year)],
            (Some(month), None) => vec![format!("{}年{month}月", date.year)],
            _ => vec![format!("{}年", date.year)],
        },
    }
}

#[test]
fn every_value_of_the_plan_stands_in_its_cell_as_it_was_returned() {
    let (scheme, merged) = plan();
    let mut written = Written::of(&merged, &scheme, Lang::Zh);
    let mut n_values = 0;
    for (idx, county) in merged.county.annexes.iter().enumerate() {
        let annex = &scheme.annexes[idx];
        if !annex.due.is_in(hebiao::model::Period::Plan) {
            continue;
        }
        let (sheet, at) = sheet_rows(&scheme, &merged.county, idx);
        let page = written.rows(&sheet, 0);
        let page: Vec<Vec<&str>> = page.lines().map(|row| row.split('|').collect()).collect();
        let mut check = |row: Option<usize>, source: &Source| {
            let shown = &page[at(row).expect("a row of the sheet") as usize];
            let entries = &merged.tables[source.table].rows[source.row].entries;
            for (leaf, entry) in entries.iter().enumerate() {
                // A remark that is merged over several rows stands in the first of them.
                let is_covered = annex.column_of(leaf).merge_down && shown[leaf].is_empty();
                if !annex.is_data(leaf) || is_covered {
                    continue;
                }
                let expected = as_returned(&entry.value);
                let cell = shown[leaf].to_owned();
                assert!(expected.contains(&cell), "{sheet} {row:?} {leaf}: {cell}");
                n_values += usize::from(entry.value != Value::Missing);
            }
        };
        for (row_idx, row) in county.rows.iter().enumerate() {
            check(Some(row_idx), row.source.as_ref().expect("it was returned"));
        }
        // In the plan every total row is what its rows add up to.
        let total = county
            .total
            .iter()
            .filter_map(|total| total.stated.as_ref());
        total.for_each(|stated| check(None, stated));
    }
    // Rows and total row of all twelve annexes: what the plan prints, less the words over several rows.
    assert!(n_values > 480, "{n_values}");
}

#[test]
#[ignore = "writes the workbook of the sample inbox to look at"]
fn look_at_the_plan() {
    let (scheme, merged) = plan();
    for (lang, name) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let bytes = write_workbook(&merged, &scheme, lang).expect("a workbook");
        let path = std::env::temp_dir().join(format!("county-{name}.xlsx"));
        std::fs::write(path, bytes).expect("a file");
    }
}
