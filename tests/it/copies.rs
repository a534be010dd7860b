//! Marked copies of forms in older formats, and of forms that hide something: what a clerk had is still there.
//!
//! looks.xls and looks.ods are made by make_looks.py beside them; what is expected stands there.

use std::path::PathBuf;
use std::sync::Arc;

use hebiao::explanations::explanations;
use hebiao::model::{CellRef, CellValue, Detail, Finding, Kind, Level, Period, Place, Workbook};
use hebiao::pipeline::FormReader;
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::{Annotated, annotate};
use hebiao::report::words;
use rust_xlsxwriter::{Note, Workbook as Writer};

use crate::desk::luntai;
use crate::support::parts::{parts, text, zipped};

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/annotate");
    std::fs::read(folder.join(name)).expect(name)
}

fn book(bytes: &[u8]) -> Workbook {
    read(bytes, &Limits::default()).expect("it can be read")
}

fn at(cell: &str) -> CellRef {
    cell.parse().expect("an address")
}

fn finding(sheet: &str, cell: &str, level: Level) -> Finding {
    let place = Place::sheet(&"甲.xls".into(), &sheet.into(), Some(at(cell)));
    let detail = Detail::Range {
        min: Some("0".into()),
        max: Some("9".into()),
    };
    let mut finding = Finding::new(Kind::Range, level, detail).at(place);
    finding.rule = Some("A3-01".into());
    finding.row = Some(cell.into());
    finding
}

fn marked(original: &[u8], findings: &[Finding]) -> Annotated {
    let findings: Vec<&Finding> = findings.iter().collect();
    annotate(original, &findings, Lang::Zh).expect("it can be annotated")
}

/// Value and formula of every cell of the sheets that are not ours.
fn cells(workbook: &Workbook) -> Vec<String> {
    let sheets = workbook.sheets.iter();
    let sheets = sheets.filter(|sheet| !hebiao::explanations::is_ours(sheet));
    sheets
        .flat_map(|sheet| {
            let cells = sheet.cells().iter();
            cells.map(|cell| {
                let (at, value, formula) = (cell.at, &cell.value, &cell.formula);
                format!(
                    "{}!{at} {value:?} {formula:?} {:?}",
                    sheet.name, cell.format
                )
            })
        })
        .collect()
}

/// What is said of the copy above the list of findings.
fn legend(workbook: &Workbook) -> String {
    let ours = workbook
        .sheets
        .iter()
        .find(|sheet| hebiao::explanations::is_ours(sheet));
    let cell = ours.and_then(|sheet| sheet.get(at("A4")));
    cell.and_then(|cell| cell.text())
        .expect("a legend")
        .to_owned()
}

#[test]
fn formulas_of_an_xls_are_read_as_they_were_typed() {
    let workbook = book(&fixture("looks.xls"));
    let sheet = &workbook.sheets[0];
    for (cell, formula, value) in [
        ("E4", "SUM(B4:D4)", CellValue::Number(929.2)),
        (
            "G1",
            "A4&\"等\"&B4",
            CellValue::Text("轮台镇等331.6".into()),
        ),
        (
            "G2",
            "IF(B4>300,\"多\",\"少\")",
            CellValue::Text("多".into()),
        ),
        ("G3", "ROUND(C4/B4,4)", CellValue::Number(0.8911)),
        ("G4", "面积*2+'参 数'!A2", CellValue::Number(666.7)),
        ("G5", "1/0", CellValue::Error("#DIV/0!")),
        (
            "G6",
            "VLOOKUP(\"乙\",选项!$A$1:$B$3,2,FALSE)",
            CellValue::Number(2.0),
        ),
    ] {
        let found = sheet.get(at(cell)).expect(cell);
        assert_eq!(found.formula.as_deref(), Some(formula), "{cell}");
        assert_eq!(found.value, value, "{cell}");
    }
}

#[test]
fn a_copy_of_an_xls_keeps_values_and_formulas() {
    let original = fixture("looks.xls");
    let copy = marked(&original, &[finding("附件3", "C4", Level::Mandatory)]);
    assert_eq!(copy.extension, "xlsx");
    let (before, after) = (book(&original), book(&copy.bytes));
    assert_eq!(cells(&before), cells(&after));
    let legend = legend(&after);
    assert!(
        legend.contains("这是 .xlsx 副本，内容、公式、字体、列宽、数字格式、边框、链接、数据有效性和条件格式照原样"),
        "{legend}"
    );
    assert!(!legend.contains("公式没能带过来"), "{legend}");
    // A date keeps its hour, though the form shows the day only: 8:30 is 0.354166… of a day.
    let sheet = text(&parts(&copy.bytes), "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<v>45443.354166666"), "{sheet}");
}

#[test]
fn a_copy_of_an_xls_keeps_its_looks() {
    let original = fixture("looks.xls");
    let parts = parts(&marked(&original, &[finding("附件3", "D4", Level::Hint)]).bytes);
    let sheet = text(&parts, "xl/worksheets/sheet1.xml");
    for kept in [
        "<col min=\"1\" max=\"1\" width=\"20\" customWidth=\"1\"",
        "<col min=\"7\" max=\"7\" width=\"30\" customWidth=\"1\"",
        "<row r=\"1\" ht=\"36\" customHeight=\"1\">",
        "<row r=\"11\" ht=\"15\" hidden=\"1\">",
        "<mergeCell ref=\"A1:E1\"/>",
        "<sheetProtection sheet=\"1\"",
        "<autoFilter ref=\"A3:E4\"/>",
        "orientation=\"landscape\"",
        "<oddFooter>&amp;C第 &amp;P 页</oddFooter>",
        "<hyperlink ref=\"G8\" r:id=\"rId1\"/>",
        "<conditionalFormatting sqref=\"B4:D4\"><cfRule type=\"cellIs\" operator=\"greaterThan\" dxfId=\"0\" \
         priority=\"1\"><formula>300</formula></cfRule></conditionalFormatting>",
        "<cfRule type=\"expression\" dxfId=\"1\" priority=\"2\"><formula>$E4&gt;SUM($B4:$D4)</formula></cfRule>",
        "<dataValidation type=\"list\" allowBlank=\"1\" showErrorMessage=\"1\" error=\"只能填是或否\" \
         sqref=\"G9:G12\"><formula1>&quot;是,否&quot;</formula1></dataValidation>",
        "errorStyle=\"warning\" operator=\"between\" sqref=\"B4:D4\"><formula1>0</formula1><formula2>E$4</formula2>",
    ] {
        assert!(sheet.contains(kept), "{kept}\n{sheet}");
    }
    let styles = text(&parts, "xl/styles.xml");
    for kept in [
        "formatCode=\"#,##0.00_);[RED]\\(#,##0.00\\)\"",
        "<sz val=\"18\"/><color rgb=\"FF1F4E79\"/><name val=\"黑体\"/>",
        "<font><b/><i/><sz val=\"11\"/>",
        "<font><b/><strike/><sz val=\"11\"/>",
        "<patternFill patternType=\"solid\"><fgColor rgb=\"FFDDEBF7\"/>",
        "<top style=\"double\"><color rgb=\"FF0000FF\"/></top>",
        "<dxf><font><b/><i val=\"0\"/><color rgb=\"FF9C0006\"/></font><fill><patternFill><bgColor rgb=\"FFFFC7CE\"/>",
        "<protection locked=\"0\"/>",
    ] {
        assert!(styles.contains(kept), "{kept}\n{styles}");
    }
    let links = text(&parts, "xl/worksheets/_rels/sheet1.xml.rels");
    assert!(
        links.contains("Target=\"http://www.xjlt.gov.cn/a?b=1&amp;c=2\""),
        "{links}"
    );
    let notes = text(&parts, "xl/comments1.xml");
    assert!(notes.contains("上年数是三百"), "{notes}");
    let main = text(&parts, "xl/workbook.xml");
    for kept in [
        "<sheet name=\"选项\" sheetId=\"3\" state=\"hidden\"",
        "<definedName name=\"面积\">附件3!$B$4</definedName>",
        "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"0\">附件3!$1:$3</definedName>",
    ] {
        assert!(main.contains(kept), "{kept}\n{main}");
    }
}

/// The stream of an .xls with the tokens of `SUM(B4:D4)` made into some that are not known.
#[test]
fn a_formula_that_cannot_be_read_is_its_result_and_is_said() {
    let mut original = fixture("looks.xls");
    let sum = [0x25, 3, 0, 3, 0, 1, 0xC0, 3, 0xC0];
    let found = original.windows(sum.len()).position(|bytes| bytes == sum);
    original[found.expect("the tokens")] = 0x18;
    let copy = marked(&original, &[finding("附件3", "C4", Level::Mandatory)]);
    let after = book(&copy.bytes);
    let cell = after.sheets[0].get(at("E4")).expect("a cell");
    assert_eq!(
        (&cell.value, &cell.formula),
        (&CellValue::Number(929.2), &None)
    );
    let legend = legend(&after);
    assert!(
        legend.contains("下列单元格的公式没能带过来，副本中只有原来的计算结果，改了别的数它不会变：“附件3”的 E4。"),
        "{legend}"
    );
}

#[test]
fn an_ods_is_marked_in_place() {
    let original = fixture("looks.ods");
    let findings = [
        finding("附件3", "E4", Level::Mandatory),
        finding("附件3", "C4", Level::Verification),
        // A blank cell among many, one far below, one far to the right.
        finding("附件3", "C7", Level::Hint),
        finding("附件3", "B400", Level::Hint),
        finding("参 数", "Z2", Level::Hint),
    ];
    let copy = marked(&original, &findings);
    assert_eq!(copy.extension, "ods");
    let (before, after) = (parts(&original), parts(&copy.bytes));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, content) in before.iter().filter(|(name, _)| *name != "content.xml") {
        assert_eq!(content, &after[name], "{name}");
    }
    // Readers of the format look at the first part for its kind.
    assert!(
        copy.bytes[30..].starts_with(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet")
    );
    assert_eq!(cells(&book(&original)), cells(&book(&copy.bytes)));
    let (old, new) = (text(&before, "content.xml"), text(&after, "content.xml"));
    for (from, to) in [
        (
            "<table:content-validations>",
            "</table:content-validations>",
        ),
        (
            "<calcext:conditional-formats>",
            "</calcext:conditional-formats>",
        ),
        ("<table:named-expressions>", "</office:spreadsheet>"),
        ("<office:font-face-decls>", "</office:font-face-decls>"),
    ] {
        let start = old.rfind(from).expect(from);
        let end = start + old[start..].find(to).expect(to);
        assert!(new.contains(&old[start..end]), "{from}");
    }
    assert_eq!(
        old.matches("table:formula=").count(),
        new.matches("table:formula=").count()
    );
    // The mark lies over the clerk's own look.
    let style = style_of(&new, "E4");
    for kept in [
        "fo:background-color=\"#ffc8ce\"",
        "style:data-style-name=",
        "fo:border",
        "仿宋",
    ] {
        assert!(style.contains(kept), "{kept}: {style}");
    }
    assert!(style_of(&new, "C7").contains("#fff2cb"));
    assert!(style_of(&new, "B400").contains("#fff2cb"));
    let note = element_of(&new, "C4");
    assert!(
        note.contains("上年数是三百</text:p><text:p>—— 审核 ——</text:p>"),
        "{note}"
    );
    let note = element_of(&new, "E4");
    assert!(
        note.contains("<text:p>—— 审核 ——</text:p><text:p>【强制】"),
        "{note}"
    );
}

#[test]
fn marking_an_ods_again_replaces_the_marks_and_taking_them_off_leaves_none() {
    let original = fixture("looks.ods");
    let findings = [
        finding("附件3", "E4", Level::Mandatory),
        finding("附件3", "C4", Level::Verification),
        finding("附件3", "C7", Level::Hint),
    ];
    let once = marked(&original, &findings);
    let twice = marked(&once.bytes, &findings);
    assert_eq!(
        text(&parts(&once.bytes), "content.xml"),
        text(&parts(&twice.bytes), "content.xml")
    );
    let clean = marked(&once.bytes, &[]);
    let content = text(&parts(&clean.bytes), "content.xml");
    assert!(!content.contains("—— 审核 ——"), "no note is left");
    assert!(element_of(&content, "C4").contains("上年数是三百"));
    assert!(style_of(&content, "E4").contains("fo:background-color=\"#e2efda\""));
    assert!(!style_of(&content, "C7").contains("fo:background-color=\"#"));
    assert_eq!(cells(&book(&original)), cells(&book(&clean.bytes)));
}

#[test]
fn explanations_written_in_an_ods_are_read_back_and_kept() {
    let copy = marked(
        &fixture("looks.ods"),
        &[finding("附件3", "E4", Level::Verification)],
    );
    let mut parts = parts(&copy.bytes);
    let content = text(&parts, "content.xml");
    // The last cell before the key is where a reason is written.
    let key = content.find("A3-01|").expect("the key of the finding");
    let row = content[..key].rfind("<table:table-row").expect("its row");
    let answer = row
        + content[row..key]
            .rfind("<table:table-cell table:style-name")
            .expect("the key's cell");
    let answer = row
        + content[row..answer]
            .rfind("<table:table-cell table:style-name")
            .expect("a cell");
    let end = answer + content[answer..].find("/>").expect("it is blank");
    let written = format!(
        "{} office:value-type=\"string\"><text:p>今年新打机井三眼</text:p></table:table-cell>{}",
        &content[..end],
        &content[end + 2..]
    );
    parts.insert("content.xml".into(), written.into_bytes());
    let returned = zipped(&parts);
    let file: Arc<str> = "甲.ods".into();
    let found = explanations(&book(&returned), &file);
    assert_eq!(
        found.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(),
        ["今年新打机井三眼"]
    );
    let again = marked(&returned, &[finding("附件3", "E4", Level::Verification)]);
    let kept = explanations(&book(&again.bytes), &file);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].text, "今年新打机井三眼");
}

/// The element of a cell of the first table, with what is in it.
fn element_of(content: &str, cell: &str) -> String {
    let at = at(cell);
    let table = &content[content.find("<table:table ").expect("a table")..];
    let count = |tag: &str, name: &str| -> u32 {
        let tag = &tag[..tag.find('>').expect("a tag")];
        let value = tag.split(&format!("{name}=\"")).nth(1);
        value.map_or(1, |value| {
            value
                .split('"')
                .next()
                .expect("a value")
                .parse()
                .expect("a number")
        })
    };
    let mut next_row = 0;
    for row in table.split("<table:table-row").skip(1) {
        let rows = count(row, "number-rows-repeated");
        next_row += rows;
        if at.row >= next_row {
            continue;
        }
        assert!(at.row == next_row - rows, "{cell} stands for itself");
        let mut next_col = 0;
        for element in row.split("<table:").skip(1) {
            if !element.starts_with("table-cell") && !element.starts_with("covered-table-cell") {
                continue;
            }
            next_col += count(element, "number-columns-repeated");
            if at.col < next_col {
                return element.to_owned();
            }
        }
    }
    panic!("{cell} has no element")
}

/// The automatic style of a cell of the first table; nothing where it has none.
fn style_of(content: &str, cell: &str) -> String {
    let element = element_of(content, cell);
    let tag = &element[..element.find('>').expect("a tag")];
    let Some(name) = tag.split("table:style-name=\"").nth(1) else {
        return String::new();
    };
    let name = name.split('"').next().expect("a name");
    let styles = content.split("<style:style ").skip(1);
    let mut found = styles.filter(|style| {
        style.contains(&format!(
            "style:name=\"{name}\" style:family=\"table-cell\""
        ))
    });
    let style = found.next().unwrap_or_default();
    style
        .split("</style:style>")
        .next()
        .expect("it begins")
        .to_owned()
}

#[test]
fn a_flat_ods_is_marked_in_place_too() {
    let content = text(&parts(&fixture("looks.ods")), "content.xml");
    let flat = content
        .replace("office:document-content", "office:document")
        .replace(
            "office:version=",
            "office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\" office:version=",
        );
    let copy = marked(flat.as_bytes(), &[finding("附件3", "E4", Level::Mandatory)]);
    assert_eq!(copy.extension, "fods");
    let new = String::from_utf8(copy.bytes.clone()).expect("text");
    assert!(style_of(&new, "E4").contains("#ffc8ce"));
    assert_eq!(cells(&book(flat.as_bytes())), cells(&book(&copy.bytes)));
}

/// 附件3 of one township, with what `hide` does to its sheet, and a list that cells choose from.
fn hiding(hide: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Writer::new();
    let sheet = book.add_worksheet();
    sheet.set_name("附件3").expect("a name");
    sheet
        .write(0, 0, "2023-2025年度轮台县造林绿化任务分解表")
        .expect("a cell");
    sheet.write(1, 0, "填报单位：轮台镇").expect("a cell");
    sheet.write(1, 4, "单位：亩").expect("a cell");
    let header = ["单位", "2023年度", "2024年度", "2025年度", "三年合计"];
    sheet.write_row(2, 0, header).expect("a row");
    sheet.write(3, 0, "轮台镇").expect("a cell");
    sheet
        .write_row(3, 1, [331.6, 295.5, 302.1, 999.2])
        .expect("a row");
    hide(sheet);
    let list = book.add_worksheet();
    list.set_name("选项").expect("a name");
    list.write_row(0, 0, [1, 2, 3]).expect("a row");
    list.set_hidden(true);
    // Something has to be seen.
    let cover = book.add_worksheet();
    cover.set_name("封面").expect("a name");
    cover.write(0, 0, "造林").expect("a cell");
    cover.set_active(true).set_first_tab(true);
    book.save_to_buffer().expect("a workbook")
}

/// What is said of what is hidden: the place and the words.
fn told(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let file = FormReader::new(luntai(), Period::Plan).file(&Arc::from(name), bytes);
    let hidden = file
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::Hidden);
    hidden
        .map(|finding| {
            assert_eq!(finding.level, Level::Hint);
            let place = finding.place.as_ref().expect("a place");
            let sheet = place.sheet.as_deref().unwrap_or_default();
            let cell = place.cell.expect("a cell");
            (format!("{sheet}!{cell}"), words::facts(finding, Lang::Zh))
        })
        .collect()
}

#[test]
fn what_is_hidden_and_holds_figures_is_told_once_a_sheet() {
    let said = |cell: &str, words: &str| vec![(format!("附件3!{cell}"), words.to_owned())];
    let row = hiding(|sheet| {
        sheet.set_row_hidden(3).expect("a row");
    });
    assert_eq!(told("a.xlsx", &row), said("B4", "第4行隐藏，有数字"));
    let columns = hiding(|sheet| {
        sheet.set_column_hidden(2).expect("a column");
        sheet.set_column_hidden(3).expect("a column");
        // It holds nothing.
        sheet.set_column_hidden(6).expect("a column");
        sheet.set_row_hidden(9).expect("a row");
    });
    assert_eq!(told("a.xlsx", &columns), said("C4", "C—D列隐藏，有数字"));
    let flat = hiding(|sheet| {
        sheet.set_row_height(3, 0).expect("a row");
    });
    assert_eq!(told("a.xlsx", &flat), said("B4", "第4行隐藏，有数字"));
    let whole = hiding(|sheet| {
        sheet.set_very_hidden(true);
    });
    assert_eq!(told("a.xlsx", &whole), said("B4", "整张工作表隐藏，有数字"));
    // Names are no figures, nor are the header's years.
    let labels = hiding(|sheet| {
        sheet.set_column_hidden(0).expect("a column");
        sheet.set_row_hidden(2).expect("a row");
    });
    assert_eq!(told("a.xlsx", &labels), []);
    assert_eq!(told("a.xlsx", &hiding(|_| ())), []);
}

#[test]
fn what_is_hidden_is_told_in_every_format() {
    for name in ["looks.xls", "looks.ods"] {
        let told = told(name, &fixture(name));
        let expected = ("附件3!I4".to_owned(), "第11行、I列隐藏，有数字".to_owned());
        assert_eq!(told, [expected], "{name}");
    }
}

#[test]
fn a_list_on_a_hidden_sheet_is_neither_told_of_nor_marked() {
    let bytes = hiding(|_| ());
    let file = FormReader::new(luntai(), Period::Plan).file(&Arc::from("a.xlsx"), &bytes);
    let on_list = |finding: &&Finding| {
        let place = finding.place.as_ref();
        place.and_then(|place| place.sheet.as_deref()) == Some("选项")
    };
    assert_eq!(file.findings.iter().filter(on_list).count(), 0);
    let before = parts(&bytes);
    let after = parts(&marked(&bytes, &file.findings).bytes);
    let list = "xl/worksheets/sheet2.xml";
    assert_eq!(before[list], after[list]);
}

#[test]
fn the_copy_shows_rows_columns_and_sheets_that_have_a_finding() {
    let bytes = hiding(|sheet| {
        sheet.write(5, 1, 1).expect("a cell");
        sheet.set_row_hidden(3).expect("a row");
        sheet.set_row_hidden(5).expect("a row");
        sheet.set_column_range_hidden(1, 4).expect("columns");
    });
    let copy = marked(&bytes, &[finding("附件3", "C4", Level::Mandatory)]);
    let sheet = text(&parts(&copy.bytes), "xl/worksheets/sheet1.xml");
    let tag = |start: &str| {
        let at = sheet
            .find(start)
            .unwrap_or_else(|| panic!("{start} in {sheet}"));
        sheet[at..]
            .split_inclusive('>')
            .next()
            .expect("a tag")
            .to_owned()
    };
    assert!(!tag("<row r=\"4\"").contains("hidden"), "{sheet}");
    assert!(tag("<row r=\"6\"").contains("hidden=\"1\""), "{sheet}");
    assert!(
        tag("<col min=\"2\" max=\"2\"").contains("hidden=\"1\""),
        "{sheet}"
    );
    assert!(
        !tag("<col min=\"3\" max=\"3\"").contains("hidden"),
        "{sheet}"
    );
    assert!(
        tag("<col min=\"4\" max=\"5\"").contains("hidden=\"1\""),
        "{sheet}"
    );
    let legend = legend(&book(&copy.bytes));
    assert!(
        legend.contains(
            "工作表“附件3”原来隐藏（或被筛选掉）的第4行、C列里有问题，副本中已显示出来。"
        ),
        "{legend}"
    );

    let whole = hiding(|sheet| {
        sheet.set_very_hidden(true);
    });
    let copy = marked(&whole, &[finding("附件3", "C4", Level::Mandatory)]);
    let after = book(&copy.bytes);
    assert!(after.sheets[0].visible && !after.sheets[1].visible);
    assert!(self::legend(&after).contains("原来隐藏（或被筛选掉）的整张表里有问题"));
}

#[test]
fn the_copy_of_an_ods_shows_hidden_rows_that_have_a_finding() {
    let copy = marked(
        &fixture("looks.ods"),
        &[finding("附件3", "H11", Level::Hint)],
    );
    let hidden = &book(&copy.bytes).sheets[0].hidden;
    assert!(!hidden.rows.contains(10) && hidden.columns.contains(8));
    let original = &book(&fixture("looks.ods")).sheets[0].hidden.clone();
    assert!(original.rows.contains(10));
}

#[test]
fn a_note_put_behind_a_clerk_s_own_enlarges_its_box() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet();
    sheet.set_name("附件3").expect("a name");
    sheet.write(3, 2, 5).expect("a cell");
    sheet.write(8, 2, 5).expect("a cell");
    let small = Note::new("请看").set_width(60).set_height(20);
    sheet.insert_note(3, 2, &small).expect("a note");
    sheet.insert_note(8, 2, &small).expect("a note");
    let bytes = writer.save_to_buffer().expect("a workbook");
    let drawing = |bytes: &[u8]| text(&parts(bytes), "xl/drawings/vmlDrawing1.vml");
    let boxes = |vml: &str| -> Vec<Vec<i64>> {
        let anchors = vml.split("<x:Anchor>").skip(1);
        let numbers = anchors.map(|anchor| {
            let numbers = anchor.split('<').next().expect("its end").split(',');
            numbers
                .map(|number| number.trim().parse().expect("a number"))
                .collect()
        });
        numbers.collect()
    };
    let before = boxes(&drawing(&bytes));
    let copy = marked(&bytes, &[finding("附件3", "C4", Level::Mandatory)]);
    let after = boxes(&drawing(&copy.bytes));
    // From where it was, at least three columns of 64 pixels wide and ten rows of 20 high; the other as it was.
    assert_eq!(after[0][..4], before[0][..4]);
    assert!(after[0][4] >= before[0][0] + 3, "{after:?}");
    assert!(after[0][6] >= before[0][2] + 4, "{after:?}");
    assert_eq!(after[1], before[1]);
    let again = marked(&copy.bytes, &[finding("附件3", "C4", Level::Mandatory)]);
    assert_eq!(drawing(&again.bytes), drawing(&copy.bytes));
}
