//! Sheets of .xlsx that a reader might take for others than they are: each is read as it is, or said to be damaged.

use std::sync::Arc;

use hebiao::model::{CellValue, FileKind, Unreadable};
use hebiao::read::{Limits, read};

use crate::read::{
    bytes_of, package, package_of_bytes, parts_of, read_err, read_ok, show, xlsx_of, xlsx_with,
};

/// A workbook with a good sheet and one with these rows: what is read of the second, or that it is damaged.
fn second(rows: &str) -> String {
    let good = ("好", "<row><c><v>1</v></c></row>");
    shown(&xlsx_of(&[good, ("坏", rows)], ""))
}

/// What is read behind the good sheet.
fn shown(bytes: &[u8]) -> String {
    let workbook = read_ok(bytes);
    let shown = show(&workbook);
    let rest = shown
        .strip_prefix("\n好\nA1 1\n")
        .expect("the good sheet is read");
    match &workbook.unreadable_sheets[..] {
        [] => rest.trim_start_matches("坏\n").trim().to_owned(),
        [(name, Unreadable::Damaged { .. })] if name == "坏" && rest.is_empty() => {
            "damaged".to_owned()
        }
        other => panic!("{rest} {other:?}"),
    }
}

#[test]
fn an_element_inside_a_value_and_a_second_value_are_damage() {
    // Of 323 each of these could be taken for 3, 23 or nothing.
    for cell in [
        "<c r='A1'><v>3<x/>23</v></c>",
        "<c r='A1'><v>3<x></x>23</v></c>",
        "<c r=\"A1\"><v>3<b>2</b>3</v></c>",
        "<c r='A1'><v><!-- --> 3<x/>23</v></c>",
        "<x:c r='A1'><x:v>3<y:z/>23</x:v></x:c>",
        "<c r='A1'><v>3</v><v>23</v></c>",
        "<c r=\"A1\"><v>3</v><f>A2</f><v>23</v></c>",
        "<c r='A1'><v>323</v><v/></c>",
        "<c r='A1' t='str'><v>3<x/>23</v></c>",
        "<c r='A1'><f>A2<x/>+A3</f><v>323</v></c>",
        "<c r='A1'>323</c>",
        "<c r=\"A1\"><v>323</v><is><t>3</t></is></c>",
        "<c r='A1'><is><t>3</t></is><v>323</v></c>",
        "<c r=\"A1\" t=\"inlineStr\"><is><t>323</t></is><v/></c>",
        "<c r=\"A1\"><v>3&amp;23</v></c>",
        "<c r='A1'><v>3&lt;23</v></c>",
        "<c r='A1' t='n'><v>3&two;3</v></c>",
        "<c r='A1' t='str'><v>3&two;3</v></c>",
        "<c r='A1' t='inlineStr'><is><t>3&two;3</t></is></c>",
        "<c r='A1'><w><v>323</v></w></c>",
        "<c r='A1'><v>3</v><c r='B1'><v>323</v></c></c>",
        "<c r='A1' s='0' s='1'><v>323</v></c>",
        "<c r='A1'><v>323</c></v>",
    ] {
        assert_eq!(
            second(&format!("<row r='1'>{cell}</row>")),
            "damaged",
            "{cell}"
        );
    }
    let outside = "<row r='1'/></sheetData><sheetData><row r='1'><c r='A1'><v>323</v></c></row>";
    assert_eq!(second(outside), "damaged");
}

#[test]
fn what_programs_add_to_a_cell_costs_nobody_the_sheet() {
    for cell in [
        "<c r='A1'><v>323</v><extLst><ext uri='x'><y:z v='1'>9</y:z></ext></extLst></c>",
        "<c r=\"A1\"><extLst><ext/></extLst><v>323</v></c>",
        "<c r='A1'><mc:AlternateContent><mc:Choice><v>9</v></mc:Choice></mc:AlternateContent><v>323</v></c>",
        "<x:c r='A1'><x:extLst/><x:v>323</x:v></x:c>",
        "<c r='A1' t='n'><v>3<![CDATA[2]]>3</v><z/></c>",
    ] {
        assert_eq!(
            second(&format!("<row r='1'>{cell}</row>")),
            "A1 323",
            "{cell}"
        );
    }
}

#[test]
fn references_are_read_where_they_are_a_part_of_a_text() {
    for (cell, read) in [
        ("<c r='A1' t='str'><v>3&amp;23</v></c>", "A1 3&23"),
        (
            "<c r=\"A1\" t=\"str\"><f>B1&amp;C1</f><v>3&lt;23</v></c>",
            "A1 3<23",
        ),
        (
            "<c r='A1' t='inlineStr'><is><t>3&gt;&#50;3</t></is></c>",
            "A1 3>23",
        ),
        ("<c r='A1'><f>B1&amp;C1</f><v>3&#50;3</v></c>", "A1 323"),
    ] {
        let found = second(&format!("<row r='1'>{cell}</row>"));
        assert!(found.starts_with(read), "{cell}: {found}");
    }
}

/// Of two figures for one cell one would be lost without a word.
#[test]
fn a_cell_that_is_there_twice_with_two_values_is_damage() {
    for rows in [
        "<row r=\"1\"><c r=\"A1\"><v>323</v></c><c r=\"A1\"><v>3</v></c></row>",
        "<row r='1'><c r='A1'><v>323</v></c><c r='A1'><v>3</v></c></row>",
        "<row r='1'><c r='A1'><v>323</v></c></row><row r='2'><c r='A2'><v>1</v></c></row><row r='1'><c r='A1'><v>3</v></c></row>",
    ] {
        assert_eq!(second(rows), "damaged", "{rows}");
    }
    let same = "<row r='1'><c r='A1'><v>323</v></c><c r='A1'><v>323</v></c></row>";
    assert_eq!(second(same), "A1 323");
}

/// A part that ends before its element does has lost nobody knows what.
#[test]
fn a_sheet_that_breaks_off_is_damage_and_no_blank_one() {
    let with = |sheet: &str| {
        let mut parts = parts_of(&xlsx_of(
            &[("好", "<row><c><v>1</v></c></row>"), ("坏", "")],
            "",
        ));
        let part = parts.iter_mut().find(|(name, _)| name.ends_with("s1.xml"));
        part.expect("the second sheet").1 = sheet.into();
        shown(&package_of_bytes(&parts))
    };
    let rows = "<sheetData><row r='1'><c r='A1'><v>323</v></c></row></sheetData>";
    for sheet in [
        "<worksheet><sheetPr/><dimension ref=\"A1:U30\"/>".to_owned(),
        "<worksheet><sheetPr/><sheetDat".to_owned(),
        format!("<worksheet>{rows}"),
        format!("<worksheet>{rows}<mergeCells count='2'><mergeCell ref='A1:B1'/>"),
        format!(
            "<x:worksheet>{}<x:mergeCells>",
            rows.replace('<', "<x:").replace("<x:/", "</x:")
        ),
    ] {
        assert_eq!(with(&sheet), "damaged", "{sheet}");
    }
    assert_eq!(with(&format!("<worksheet>{rows}</worksheet>")), "A1 323");
    assert_eq!(with("<worksheet/>"), "");
    assert_eq!(with("<worksheet><sheetPr/></worksheet>"), "");
}

const PERCENT: &str = "<styleSheet><cellXfs><xf/><xf numFmtId='9'/></cellXfs></styleSheet>";

/// A good sheet and one with this cell, in a workbook with these formats.
fn with_styles(cell: &str, styles: Option<&str>) -> String {
    let sheet = |cell: &str| {
        format!("<worksheet><sheetData><row r='1'>{cell}</row></sheetData></worksheet>")
    };
    let (good, bad) = (sheet("<c r='A1'><v>1</v></c>"), sheet(cell));
    let mut parts = vec![
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name='好' r:id='a'/><sheet name='坏' r:id='b'/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id='a' Type='x/worksheet' Target='a.xml'/>\
             <Relationship Id='b' Type='x/worksheet' Target='b.xml'/></Relationships>",
        ),
        ("xl/a.xml", &good),
        ("xl/b.xml", &bad),
    ];
    parts.extend(styles.map(|styles| ("xl/styles.xml", styles)));
    shown(&package(&parts))
}

#[test]
fn a_format_that_the_workbook_has_not_makes_no_other_figure() {
    let no_formats = "<styleSheet><fonts/></styleSheet>";
    // Read straight off, and by way of calamine.
    for quote in ['"', '\''] {
        let cell = |style: &str| {
            format!("<c r='A1'{style}><v>3.23</v></c>").replace('\'', &quote.to_string())
        };
        let of = |style: &str, styles| with_styles(&cell(style), styles);
        assert_eq!(of(" s='1'", Some(PERCENT)), "A1 3.23 % .0", "{quote}");
        for beyond in ["2", "65535", "70000", "-1", "x", ""] {
            let style = format!(" s='{beyond}'");
            assert_eq!(of(&style, Some(PERCENT)), "damaged", "{quote} {style}");
            assert_eq!(of(&style, Some(no_formats)), "damaged", "{quote} {style}");
            // Who keeps no formats at all writes what he likes.
            assert_eq!(of(&style, None), "A1 3.23", "{quote} {style}");
        }
        assert_eq!(of(" s='0'", Some(no_formats)), "damaged", "{quote}");
        assert_eq!(of(" s='0'", Some(PERCENT)), "A1 3.23", "{quote}");
        for styles in [Some(PERCENT), Some(no_formats), None] {
            assert_eq!(of("", styles), "A1 3.23", "{quote}");
        }
        let blank = "<c r='A1' s='9'/><c r='B1'><v>5</v></c>".replace('\'', &quote.to_string());
        assert_eq!(with_styles(&blank, Some(PERCENT)), "B1 5", "{quote}");
    }
}

#[test]
fn a_workbook_part_that_lists_no_sheets_is_damaged_and_not_without_sheets() {
    let damaged = |workbook: &str| {
        let reason = read_err(&package(&[
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", "<Relationships/>"),
        ]));
        matches!(reason, Unreadable::Damaged { .. })
    };
    for workbook in [
        "",
        " \n",
        "junk",
        "<?xml version='1.0'?>",
        "<!-- <workbook/> -->",
        "<html><body/></html>",
        "<workbook>",
        "<workbook><sheets><sheet name='表' r:id='a'/>",
        "<workbook><sheets><sheet name='表' r:id='a'/></sheets></work",
    ] {
        assert!(damaged(workbook), "{workbook}");
    }
    let none = package(&[("xl/workbook.xml", "<workbook><sheets/></workbook>")]);
    assert_eq!(read_err(&none), Unreadable::NoWorksheet);
}

#[test]
fn links_may_write_letters_as_numbers() {
    let of = |target: &str, part: &str| {
        let links = format!(
            "<Relationships><Relationship Id='a' Type='x/worksheet' Target='{target}'/></Relationships>"
        );
        let sheet = "<worksheet><sheetData><row r='1'><c r='A1'><v>323</v></c></row></sheetData></worksheet>";
        let bytes = package(&[
            (
                "xl/workbook.xml",
                "<workbook><sheets><sheet name='表' r:id='a'/></sheets></workbook>",
            ),
            ("xl/_rels/workbook.xml.rels", &links),
            (part, sheet),
        ]);
        read(&bytes, &Limits::default()).map(|workbook| show(&workbook))
    };
    for (target, part) in [
        ("%73heet1.xml", "xl/sheet1.xml"),
        ("sheet%31.xml", "xl/sheet1.xml"),
        ("/xl/%73%68eet1.xml", "xl/sheet1.xml"),
        ("my%20sheet.xml", "xl/my sheet.xml"),
        ("%E8%A1%A8.xml", "xl/表.xml"),
        ("表.xml", "xl/%E8%A1%A8.xml"),
        // Of this very name.
        ("100%25.xml", "xl/100%25.xml"),
        ("%zz.xml", "xl/%zz.xml"),
    ] {
        assert_eq!(
            of(target, part).as_deref(),
            Ok("\n表\nA1 323\n"),
            "{target}"
        );
    }
    assert!(of("%73heet2.xml", "xl/sheet1.xml").is_err());
}

#[test]
fn a_text_document_under_the_standard_password_is_no_workbook() {
    assert_eq!(
        read_err(&bytes_of("protected-agile.docx")),
        Unreadable::NotASpreadsheet(FileKind::TextDocument)
    );
    // The length that the encrypted package says it has stands in its first bytes: of a file that is whole it is wrong.
    let mut bytes = bytes_of("protected-agile.docx");
    let length = (bytes.windows(8).enumerate())
        .filter(|(at, _)| at % 512 == 0)
        .find(|(_, window)| window[3..] == [0; 5] && window[1] > 4)
        .map(|(at, _)| at);
    bytes[length.expect("a length") + 3] = 1;
    assert!(matches!(read_err(&bytes), Unreadable::Damaged { .. }));
}

/// 45322.999999 is 23:59:59.9136 on 31 January; a format with a time shows midnight, one without does not.
#[test]
fn a_date_is_the_one_that_its_format_shows() {
    let styles = "<styleSheet><numFmts><numFmt numFmtId='200' formatCode='yyyy-mm-dd h:mm'/></numFmts>\
        <cellXfs><xf/><xf numFmtId='14'/><xf numFmtId='200'/><xf numFmtId='22'/><xf numFmtId='17'/></cellXfs></styleSheet>";
    for (style, date) in [
        (1, "2024-01-31"),
        (2, "2024-02-01"),
        (3, "2024-02-01"),
        (4, "2024-01"),
    ] {
        let cell = format!("<c r='A1' s='{style}'><v>45322.999999</v></c>");
        let read = with_styles(&cell, Some(styles));
        assert_eq!(read, format!("A1 date {date}"), "{style}");
    }
}

/// Words of a text that look like an attribute ask for no texts that are shared.
#[test]
fn a_sheet_that_shares_no_texts_is_read_beside_texts_that_are_broken() {
    for text in ["&lt;c t=\"s\"&gt;", "他说\"s\"", "a s='1' b"] {
        let cell = format!("<row><c t='inlineStr'><is><t>{text}</t></is></c></row>");
        let shares = "<row><c t='s'><v>0</v></c></row>";
        let mut parts = parts_of(&xlsx_of(&[("甲", &cell), ("乙", shares)], ""));
        let strings = parts
            .iter_mut()
            .find(|(name, _)| name == "xl/sharedStrings.xml");
        // No text in UTF-8.
        strings.expect("they are there").1 = b"<sst><si><t>\xff</t></si></sst>".to_vec();
        let workbook = read_ok(&package_of_bytes(&parts));
        assert_eq!(workbook.sheets.len(), 1, "{text}");
        assert_eq!(workbook.sheets[0].cells().len(), 1, "{text}");
        assert_eq!(workbook.unreadable_sheets[0].0, "乙");
    }
}

/// A text that cells share is kept and counted once, read straight off or by way of calamine.
#[test]
fn a_text_that_cells_share_is_kept_once() {
    let limits = Limits {
        held_bytes: 8 << 20,
        text_bytes: 10_000,
        ..Limits::default()
    };
    let strings = format!("<sst><si><t>{}</t></si></sst>", "轮台县".repeat(100));
    let rows = |cell: &dyn Fn(u32) -> String| -> String {
        let row = |row: u32| format!("<row r=\"{row}\">{}</row>", cell(row));
        (1..=20_000).map(row).collect()
    };
    let plain = rows(&|row| format!("<c r=\"A{row}\" t=\"s\"><v>0</v></c>"));
    let unusual = rows(&|_| "<c t='s'><v>0</v></c>".to_owned());
    for rows in [plain, unusual] {
        let bytes = xlsx_with(&[("表", &rows)], "", &strings);
        let workbook = read(&bytes, &limits).expect("18 MB of text are not held");
        let mut texts = workbook.sheets[0].cells().iter().map(|cell| &cell.value);
        let Some(CellValue::Text(first)) = texts.next() else {
            panic!("a text")
        };
        assert!(
            texts.all(|text| matches!(text, CellValue::Text(text) if Arc::ptr_eq(text, first)))
        );
        // But to go through them all takes its time.
        let few = Limits {
            shared_text_bytes: 1 << 20,
            ..limits.clone()
        };
        assert!(matches!(
            read(&bytes, &few),
            Err(Unreadable::TooLarge { .. })
        ));
    }
}
