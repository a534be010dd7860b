//! Annotated copies: what was there stays, what is added can be seen, and taken off again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use hebiao::explanations::{apply_explanations, explanations};
use hebiao::model::{
    Amount, Awaits, CellRef, CellValue, Detail, Finding, Kind, Level, Period, Place, Suspect,
    Verdict, Workbook,
};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::{Annotated, annotate};

use crate::support::office::{saved_again, skipped};
use crate::support::parts::{parts, text, zipped};

const FILE: &str = "阳霞镇.xlsx";
const SHEET: &str = "附件 7's 表";

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/annotate");
    std::fs::read(folder.join(name)).expect(name)
}

fn finding(sheet: &str, cell: &str, level: Level) -> Finding {
    let place = Place::sheet(
        &FILE.into(),
        &sheet.into(),
        Some(cell.parse().expect("an address")),
    );
    let detail = Detail::Range {
        min: Some("0".into()),
        max: Some("9".into()),
    };
    let mut finding = Finding::new(Kind::Range, level, detail)
        .at(place)
        .given("53")
        .expected("35");
    finding.rule = Some("A7-01".into());
    finding.annex = Some("附件7".into());
    finding.row = Some(format!("行<{cell}> & \u{1}").into());
    finding.difference = Some(Amount::from(18));
    finding
}

/// Marks of every level, on a blank cell, in a blank row, inside a merged region, on cells with notes.
fn findings() -> Vec<Finding> {
    let mut first = finding(SHEET, "D4", Level::Mandatory);
    first.suspects.push(Suspect {
        place: Place::sheet(
            &FILE.into(),
            &SHEET.into(),
            Some("C4".parse().expect("an address")),
        ),
        given: "20".into(),
        likely: Some("2".into()),
        ..suspect()
    });
    vec![
        first,
        finding(SHEET, "D4", Level::Hint),
        finding(SHEET, "B4", Level::Verification),
        finding(SHEET, "C5", Level::QuasiMandatory),
        finding(SHEET, "C6", Level::Hint),
        finding(SHEET, "A3", Level::Verification),
        finding(SHEET, "L4", Level::Hint),
        finding(SHEET, "B20", Level::Hint),
        finding("底稿", "A1", Level::Hint),
        finding("空表", "C3", Level::Hint),
    ]
}

fn suspect() -> Suspect {
    Suspect {
        place: Place::file(&FILE.into()),
        given: String::new(),
        likely: None,
        why: Default::default(),
    }
}

fn marked(original: &[u8], findings: &[Finding]) -> Annotated {
    let findings: Vec<&Finding> = findings.iter().collect();
    annotate(original, &findings, Lang::Zh).expect("it can be annotated")
}

/// Everything that the reader sees, sheet by sheet; without our own sheet.
fn content(workbook: &Workbook) -> Vec<String> {
    let mut lines = Vec::new();
    for sheet in &workbook.sheets {
        if hebiao::explanations::is_ours(sheet) {
            continue;
        }
        lines.push(format!(
            "{} {} {:?}",
            sheet.name, sheet.visible, sheet.merges
        ));
        for cell in sheet.cells() {
            lines.push(format!("{} {:?}", cell.at, cell));
        }
    }
    lines
}

fn read_back(bytes: &[u8]) -> Workbook {
    read(bytes, &Limits::default()).expect("it can be read")
}

/// The tags of a part, styles of cells left out: all of the first must come in the second, in order.
fn assert_only_added(before: &str, after: &str, part: &str) {
    let tags = |text: &str| -> Vec<String> {
        let tags = text.split_inclusive('>').map(|tag| {
            let tag = match tag.trim_start().starts_with("<c ") || tag.starts_with("<x:c") {
                true => {
                    let words = tag.trim_end_matches('>').split(' ');
                    words
                        .filter(|word| !word.starts_with("s=\""))
                        .collect::<Vec<_>>()
                        .join(" ")
                }
                false => tag.to_owned(),
            };
            let keep = |text: &str, name: &str| match text.split_once(name) {
                Some((head, tail)) => {
                    let tail = tail.split_once('"').map_or("", |(_, tail)| tail);
                    format!("{head}{tail}")
                }
                None => text.to_owned(),
            };
            // Counts, spans and the slash of an element that got children change too.
            let tag = keep(&keep(&tag, "count=\""), "spans=\"");
            tag.replace(['/', ' ', '>', '\n'], "")
        });
        tags.collect()
    };
    let after = tags(after);
    let mut rest = after.iter();
    for tag in tags(before) {
        assert!(
            rest.any(|other| *other == tag),
            "{part}: {tag} is lost or moved"
        );
    }
}

#[test]
fn every_part_that_is_not_marked_stays_byte_for_byte() {
    for name in ["full.xlsx", "full-office.xlsx", "strict.xlsx"] {
        let original = fixture(name);
        let copy = marked(&original, &findings());
        assert_eq!(copy.extension, "xlsx");
        let (before, after) = (parts(&original), parts(&copy.bytes));
        let mut touched = Vec::new();
        for (part, content) in &before {
            if after.get(part) != Some(content) {
                assert!(after.contains_key(part), "{name}: {part} is gone");
                // Where a clerk's note is continued, its text becomes a run, and its box larger.
                if !part.contains("omment") && !part.contains("mlDrawing") {
                    let (old, new) = (text(&before, part), text(&after, part));
                    assert_only_added(&old, &new, &format!("{name} {part}"));
                }
                touched.push(part.as_str());
            }
        }
        assert!(
            touched.iter().all(|part| {
                part.contains("/sheet")
                    || part.contains("omment")
                    || part.contains("mlDrawing")
                    || part.contains("ommentsDrawing")
                    || part.contains("legacyDrawing")
                    || [
                        "[Content_Types].xml",
                        "xl/styles.xml",
                        "xl/workbook.xml",
                        "xl/_rels/workbook.xml.rels",
                    ]
                    .contains(part)
            }),
            "{name}: {touched:?}"
        );
        assert_eq!(
            content(&read_back(&original)),
            content(&read_back(&copy.bytes)),
            "{name}"
        );
    }
}

#[test]
fn an_odd_but_lawful_file_is_marked_all_the_same() {
    let original = fixture("odd.xlsx");
    let findings = [
        finding("表 & 一", "A1", Level::Mandatory),
        finding("表 & 一", "B2", Level::Mandatory),
        finding("表 & 一", "C3", Level::Hint),
        finding("空", "B2", Level::Verification),
    ];
    let copy = marked(&original, &findings);
    assert_eq!(
        content(&read_back(&original)),
        content(&read_back(&copy.bytes))
    );
    let parts = parts(&copy.bytes);
    let sheet = text(&parts, "book/a.xml");
    assert!(
        sheet.contains("<x:row><x:c r=\"B2\" s=\"1\"/></x:row>"),
        "{sheet}"
    );
    assert!(
        sheet.contains("<x:c><x:v>3</x:v></x:c><x:c r=\"C3\" s=\"2\"/></x:row>"),
        "{sheet}"
    );
    let empty = text(&parts, "book/b.xml");
    assert!(
        empty.contains("<x:sheetData><x:row r=\"2\"><x:c r=\"B2\""),
        "{empty}"
    );
    opens_elsewhere("odd", &copy.bytes);
}

#[test]
fn annotating_a_copy_again_replaces_the_marks() {
    for name in ["full.xlsx", "full-office.xlsx", "strict.xlsx", "odd.xlsx"] {
        let original = fixture(name);
        let findings = match name {
            "odd.xlsx" => vec![finding("空", "B2", Level::Verification)],
            _ => findings(),
        };
        let once = marked(&original, &findings);
        let twice = marked(&once.bytes, &findings);
        let (first, second) = (parts(&once.bytes), parts(&twice.bytes));
        assert_eq!(
            first.keys().collect::<Vec<_>>(),
            second.keys().collect::<Vec<_>>(),
            "{name}"
        );
        for (part, content) in &first {
            assert_eq!(
                String::from_utf8_lossy(content),
                String::from_utf8_lossy(&second[part]),
                "{name} {part}"
            );
        }
        // Nothing wrong any more: every mark goes.
        let clean = marked(&once.bytes, &[]);
        let clean = parts(&clean.bytes);
        for (part, content) in &parts(&original) {
            if part.contains("worksheets/sheet") || part.starts_with("book/b") {
                let (before, after) = (String::from_utf8_lossy(content), text(&clean, part));
                let strip = |text: &str| {
                    // Cells that were added to be marked stay, blank and without a colour.
                    let blank = |tag: &&str| {
                        !tag.starts_with("<c r=\"L4\"") && !tag.starts_with("<c r=\"B20\"")
                    };
                    text.split_inclusive('>').filter(blank).collect::<String>()
                };
                if name == "full.xlsx" && part.ends_with("sheet1.xml") {
                    assert_eq!(
                        strip(&before),
                        strip(&after).replace("<row r=\"20\"></row>", "")
                    );
                }
            }
        }
        let shared: Vec<&String> = clean
            .iter()
            .filter(|(part, content)| {
                part.contains("omments") && String::from_utf8_lossy(content).contains("审核")
            })
            .map(|(part, _)| part)
            .collect();
        assert!(shared.is_empty(), "{name}: {shared:?}");
    }
}

#[test]
fn other_formats_come_back_as_a_workbook_with_the_same_values() {
    for (name, extension) in [("full.xls", "xlsx"), ("full.ods", "ods")] {
        let original = fixture(name);
        let copy = marked(&original, &findings());
        assert_eq!(copy.extension, extension);
        let (before, after) = (read_back(&original), read_back(&copy.bytes));
        assert_eq!(before.sheets.len() + 1, after.sheets.len());
        for (old, new) in before.sheets.iter().zip(&after.sheets) {
            assert_eq!((&old.name, old.visible), (&new.name, new.visible), "{name}");
            let sorted = |sheet: &hebiao::model::Sheet| {
                let mut merges: Vec<String> = sheet.merges.iter().map(|m| m.to_string()).collect();
                merges.sort();
                merges
            };
            assert_eq!(sorted(old), sorted(new));
            let values = |sheet: &hebiao::model::Sheet| -> Vec<String> {
                let cells = sheet.cells().iter();
                cells
                    .map(|cell| format!("{} {:?} {:?}", cell.at, cell.value, cell.format))
                    .collect()
            };
            assert_eq!(values(old), values(new), "{name}");
        }
        let ours = after.sheets.last().expect("a sheet");
        assert!(hebiao::explanations::is_ours(ours));
        if extension == "xlsx" {
            let legend = ours.get(CellRef::new(3, 0)).and_then(|cell| cell.text());
            assert!(
                legend.is_some_and(|text| text.contains("原文件是 .")),
                "{legend:?}"
            );
            opens_elsewhere(name, &copy.bytes);
        }
    }
}

/// Writes into the 说明 column of an annotated copy, by the rows of findings.
fn explained(copy: &[u8], texts: &[(u32, &str)]) -> Vec<u8> {
    let mut parts = parts(copy);
    let sheet = parts
        .keys()
        .find(|part| {
            part.contains("sheets/sheet")
                && String::from_utf8_lossy(&parts[*part]).contains("hebiao:key")
        })
        .cloned()
        .expect("the sheet");
    let mut xml = text(&parts, &sheet);
    for (row, answer) in texts {
        let at = format!("<c r=\"L{row}\" s=\"");
        let start = xml.find(&at).expect("the cell");
        let end = start + xml[start..].find("/>").expect("it is blank") + 2;
        let style = xml[start..end].replace("/>", "");
        xml.replace_range(
            start..end,
            &format!("{style} t=\"inlineStr\"><is><t>{answer}</t></is></c>"),
        );
    }
    parts.insert(sheet, xml.into_bytes());
    zipped(&parts)
}

#[test]
fn explanations_are_read_back_and_kept() {
    let original = fixture("full.xlsx");
    let file: Arc<str> = FILE.into();
    let found = findings();
    let copy = marked(&original, &found);
    // Rows in the order of levels: 6 mandatory, 7 quasi-mandatory, 8 and 9 to verify.
    let returned = explained(
        &copy.bytes,
        &[
            (7, "今年新打机井三眼"),
            (8, "情况属实"),
            (9, "按新口径统计，已核实"),
        ],
    );
    let workbook = read_back(&returned);
    let written = explanations(&workbook, &file);
    assert_eq!(written.len(), 3);

    let mut now = findings();
    // The last one was put right.
    now.retain(|finding| {
        finding.place.as_ref().and_then(|place| place.cell) != Some(CellRef::new(2, 0))
    });
    let noticed = apply_explanations(&mut now, &written);
    let by_cell = |cell: &str| {
        let at: CellRef = cell.parse().expect("an address");
        now.iter()
            .find(|f| f.place.as_ref().and_then(|p| p.cell) == Some(at))
            .expect(cell)
    };
    assert_eq!(
        by_cell("C5").explanation.as_deref(),
        Some("今年新打机井三眼")
    );
    assert!(
        by_cell("C5").is_open() && !by_cell("C5").is_for_reporter(),
        "the county accepts it"
    );
    assert!(
        by_cell("B4").is_open() && by_cell("B4").is_for_reporter(),
        "too short"
    );
    let said: Vec<&Detail> = noticed.iter().map(|finding| &finding.detail).collect();
    assert!(
        matches!(
            said.as_slice(),
            [Detail::TooShort, Detail::NoLongerNeeded { .. }]
        ),
        "{said:?}"
    );
    assert_eq!(Verdict::of(&now), Verdict::ToCorrect);

    // The next copy keeps what is still needed with its finding, and the rest below.
    let all: Vec<Finding> = now.iter().cloned().chain(noticed).collect();
    let next = marked(&returned, &all);
    let again = explanations(&read_back(&next.bytes), &file);
    let kept: Vec<(&str, bool)> = again
        .iter()
        .map(|one| (one.text.as_str(), one.is_retired))
        .collect();
    assert_eq!(
        kept,
        [
            ("今年新打机井三眼", false),
            ("情况属实", false),
            ("按新口径统计，已核实", true)
        ]
    );
    // Once said, it is not said again.
    let mut third = now.clone();
    let noticed = apply_explanations(&mut third, &again);
    assert!(
        matches!(noticed[..], [ref one] if one.detail == Detail::TooShort),
        "{noticed:?}"
    );
    // And where the finding is back, so is its explanation.
    let mut back = findings();
    apply_explanations(&mut back, &again);
    assert!(
        back.iter()
            .any(|f| f.level == Level::Verification && !f.is_open())
    );
}

#[test]
fn what_was_written_twice_about_one_finding_is_kept_both_times() {
    let named = |cell: &str, row: &str| {
        let mut finding = finding(SHEET, cell, Level::Verification);
        finding.row = Some(row.into());
        finding
    };
    let found = vec![named("B4", "甲"), named("C5", "乙")];
    let copy = marked(&fixture("full.xlsx"), &found);
    let returned = explained(
        &copy.bytes,
        &[(6, "今年新打机井三眼"), (7, "已与水管站核实")],
    );
    // As where somebody copied a row: both are about the first.
    let copied = parts(&returned).into_iter().map(|(name, content)| {
        let text = String::from_utf8(content.clone()).map(|text| text.replace("|乙|", "|甲|"));
        (name, text.map_or(content, String::into_bytes))
    });
    let next = marked(&zipped(&copied.collect()), &found[..1]);
    let kept = explanations(&read_back(&next.bytes), &FILE.into());
    let kept: Vec<(&str, bool)> = (kept.iter())
        .map(|one| (one.text.as_str(), one.is_retired))
        .collect();
    assert_eq!(
        kept,
        [("今年新打机井三眼", false), ("已与水管站核实", true)]
    );
}

#[test]
fn a_formula_that_was_never_calculated_is_no_zero_in_a_copy_of_another_format() {
    let ods = "<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>\
         <office:body><office:spreadsheet><table:table table:name='表'><table:table-row>\
         <table:table-cell office:value-type='float' office:value='2'/>\
         <table:table-cell table:formula='of:=[.A1]+1'/>\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document>";
    let copy = marked(ods.as_bytes(), &[]);
    let workbook = read_back(&copy.bytes);
    let cell = workbook.sheets[0]
        .get(CellRef::new(0, 1))
        .expect("a formula");
    assert_eq!(cell.formula.as_deref(), Some("A1+1"));
    assert_eq!(cell.text(), Some(""), "no figure");
}

#[test]
fn dates_and_percentages_stay_where_no_link_names_the_part_of_their_formats() {
    let mut parts = parts(&fixture("full.xlsx"));
    let links = text(&parts, "xl/_rels/workbook.xml.rels");
    let without: String = links
        .split_inclusive('>')
        .filter(|link| !link.contains("/styles\""))
        .collect();
    assert_ne!(without, links);
    parts.insert("xl/_rels/workbook.xml.rels".to_owned(), without.into());
    let original = zipped(&parts);
    let before = read_back(&original);
    let date = before.sheets[0].get("F4".parse().expect("an address"));
    let date = &date.expect("a date").value;
    assert!(
        matches!(date, hebiao::model::CellValue::Date(_)),
        "{date:?}"
    );
    let copy = marked(&original, &findings());
    assert_eq!(content(&read_back(&copy.bytes)), content(&before));
    let again = marked(&copy.bytes, &findings());
    assert_eq!(content(&read_back(&again.bytes)), content(&before));
}

#[test]
fn an_explanation_answers_the_finding_of_its_own_period_only() {
    let of = |period: Option<&str>| -> Vec<Finding> {
        let mut found = vec![finding(SHEET, "B4", Level::Verification)];
        found[0].period = period.map(|period| Period::parse(period).expect("a period"));
        found
    };
    let reason = "四月误报，本月核减";
    let april = marked(&fixture("full.xlsx"), &of(Some("2024-04")));
    let april = explained(&april.bytes, &[(6, reason)]);
    let written = explanations(&read_back(&april), &FILE.into());

    // Sent in for April, it is an answer.
    let mut found = of(Some("2024-04"));
    assert_eq!(apply_explanations(&mut found, &written), []);
    assert_eq!(found[0].awaits(), None);
    // So it is where nobody knows what month the form is about.
    let mut found = of(None);
    assert_eq!(apply_explanations(&mut found, &written), []);
    assert_eq!(found[0].awaits(), None);

    // May's form was made from April's.
    let mut found = of(Some("2024-05"));
    let noticed = apply_explanations(&mut found, &written);
    assert_eq!(found[0].awaits(), Some(Awaits::Reporter));
    assert!(
        matches!(
            noticed[..],
            [ref one] if matches!(one.detail, Detail::OfOtherPeriod { period, .. }
                if period == Period::parse("2024-04").expect("a month"))
        ),
        "{noticed:?}"
    );
    // Its copy keeps April's reason below and asks for May's; both are then told apart.
    found.extend(noticed);
    let may = marked(&april, &found);
    let may = explained(&may.bytes, &[(6, "水表已更换，按新表读数")]);
    let written = explanations(&read_back(&may), &FILE.into());
    let kept: Vec<_> = written
        .iter()
        .map(|one| (one.text.as_str(), one.is_retired))
        .collect();
    assert_eq!(kept, [("水表已更换，按新表读数", false), (reason, true)]);
    let mut found = of(Some("2024-05"));
    assert_eq!(apply_explanations(&mut found, &written), []);
    assert_eq!(
        found[0].explanation.as_deref(),
        Some("水表已更换，按新表读数")
    );
}

#[test]
fn a_note_on_another_cell_of_a_finding_says_which_cell_it_quotes() {
    let mut found = vec![finding(SHEET, "B4", Level::Hint)];
    found[0].kind = Kind::ReadAs;
    found[0].detail = Detail::ReadAs(hebiao::model::ReadAs::TextNumber);
    let own = found[0].place.clone().expect("a place");
    let other = "B5".parse().expect("an address");
    found[0].cells = vec![Place {
        cell: Some(other),
        ..own
    }]
    .into();
    let copy = marked(&fixture("full.xlsx"), &found);
    let after = parts(&copy.bytes);
    let comments: Vec<String> = (after.keys())
        .filter(|part| part.contains("comments") && part.ends_with(".xml"))
        .map(|part| text(&after, part))
        .collect();
    let comments = comments.concat();
    let note = |cell: &str| {
        let note = comments.split(&format!("ref=\"{cell}\"")).nth(1);
        note.and_then(|it| it.split("comment>").next())
            .unwrap_or_default()
            .to_owned()
    };
    assert!(note("B4").contains("\n填写“53”"), "{comments}");
    assert!(note("B5").contains("\nB4 填写“53”"), "{comments}");
}

#[test]
fn one_sentence_for_everything_is_a_hint() {
    let mut found = vec![
        finding(SHEET, "B4", Level::Verification),
        finding(SHEET, "B5", Level::Verification),
        finding(SHEET, "B6", Level::QuasiMandatory),
    ];
    let copy = marked(&fixture("full.xlsx"), &found);
    let same = "数据已经核实无误";
    let returned = explained(&copy.bytes, &[(6, same), (7, same), (8, same)]);
    let written = explanations(&read_back(&returned), &FILE.into());
    let noticed = apply_explanations(&mut found, &written);
    assert_eq!(noticed.len(), 1);
    assert_eq!(noticed[0].detail, Detail::RepeatedText { n_findings: 3 });
    assert_eq!(Verdict::of(&found), Verdict::Acceptable);
}

#[test]
fn an_error_in_another_format_is_an_error_in_the_copy() {
    let original = std::fs::read(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/read/libreoffice.ods"),
    );
    let mut parts = parts(&original.expect("a file"));
    // The error stands in its cell as it was typed, without a formula.
    let content = text(&parts, "content.xml");
    let start = content
        .find(" table:formula=\"of:=1/0\"")
        .expect("a formula");
    let end = start + content[start + 1..].find(' ').expect("more") + 1;
    let content = format!("{}{}", &content[..start], &content[end..]);
    parts.insert("content.xml".into(), content.into_bytes());
    let original = zipped(&parts);
    let at: CellRef = "D5".parse().expect("an address");
    let value = |bytes: &[u8]| {
        let workbook = read_back(bytes);
        let cell = workbook.sheets[0].get(at).expect("a cell");
        cell.value.clone()
    };
    assert_eq!(value(&original), CellValue::Error("#DIV/0!"));
    assert_eq!(
        value(&marked(&original, &[]).bytes),
        CellValue::Error("#DIV/0!")
    );
}

#[test]
fn a_signature_that_would_not_hold_is_taken_out() {
    let mut signed = parts(&fixture("full.xlsx"));
    let edit = |parts: &mut BTreeMap<String, Vec<u8>>, name: &str, from: &str, to: &str| {
        let new = text(parts, name).replace(from, to);
        parts.insert(name.to_owned(), new.into_bytes());
    };
    let kind = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature";
    edit(
        &mut signed,
        "_rels/.rels",
        "</Relationships>",
        &format!(
            "<Relationship Id=\"sig\" Type=\"{kind}/origin\" Target=\"_xmlsignatures/origin.sigs\"/></Relationships>"
        ),
    );
    edit(
        &mut signed,
        "[Content_Types].xml",
        "</Types>",
        "<Override PartName=\"/_xmlsignatures/sig1.xml\" ContentType=\"application/x\"/></Types>",
    );
    signed.insert("_xmlsignatures/origin.sigs".into(), Vec::new());
    signed.insert("_xmlsignatures/sig1.xml".into(), b"<Signature/>".to_vec());
    let rels = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"a\" Type=\"{kind}/signature\" Target=\"sig1.xml\"/></Relationships>"
    );
    signed.insert(
        "_xmlsignatures/_rels/origin.sigs.rels".into(),
        rels.into_bytes(),
    );
    let copy = marked(&zipped(&signed), &findings());
    let after = parts(&copy.bytes);
    assert!(!after.keys().any(|part| part.contains("signature")));
    assert!(!text(&after, "[Content_Types].xml").contains("signature"));
    assert!(!text(&after, "_rels/.rels").contains("signature"));
}

#[test]
fn conversations_are_left_alone_and_listed() {
    let mut before = parts(&fixture("full.xlsx"));
    let rels = "xl/worksheets/_rels/sheet1.xml.rels";
    let new = text(&before, rels).replace(
        "</Relationships>",
        "<Relationship Id=\"talk\" Type=\"http://schemas.microsoft.com/office/2017/10/relationships/threadedComment\" Target=\"/xl/threadedComments/threadedComment1.xml\"/></Relationships>",
    );
    before.insert(rels.into(), new.into_bytes());
    before.insert(
        "xl/threadedComments/threadedComment1.xml".into(),
        "<ThreadedComments xmlns=\"http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments\"><threadedComment ref=\"B4\" id=\"{1}\"><text>怎么回事</text></threadedComment></ThreadedComments>".into(),
    );
    let copy = marked(&zipped(&before), &findings());
    let after = parts(&copy.bytes);
    let comments = after
        .keys()
        .find(|part| part.contains("comment") && part.ends_with(".xml"));
    let comments = text(&after, comments.expect("comments"));
    assert!(comments.contains("请核对\n第二行") || comments.contains("请核对"));
    let own = comments
        .split("ref=\"B4\"")
        .nth(1)
        .expect("the clerk's note");
    let own = own.split("</comment>").next().expect("its end");
    assert!(!own.contains("审核"), "{own}");
    let listing = after.values().map(|part| String::from_utf8_lossy(part));
    let listing = listing
        .filter(|part| part.contains("hebiao:key"))
        .collect::<String>();
    assert!(
        listing.contains("的 B4 有会话式批注（可回复的批注），原样保留"),
        "{listing}"
    );
}

/// Opens a copy with other programs, where they are installed.
fn opens_elsewhere(name: &str, bytes: &[u8]) {
    let stem = name.replace('.', "-");
    let folder = format!("hebiao-annotate-{}-{stem}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join(format!("{stem}.xlsx"));
    std::fs::write(&path, bytes).expect("a temporary file");
    let has = |program: &str, arguments: &[&str]| {
        let run = Command::new(program).args(arguments).output();
        run.is_ok_and(|run| run.status.success())
    };
    if has("python3", &["-c", "import openpyxl"]) {
        let script = "import sys, openpyxl\n\
            book = openpyxl.load_workbook(sys.argv[1])\n\
            last = book.worksheets[-1]\n\
            assert last.title.startswith('审核说明'), last.title\n\
            assert last['M5'].value == 'hebiao:key'\n\
            n = sum(1 for s in book for row in s.iter_rows() for c in row if c.comment and '审核' in c.comment.text)\n\
            assert n > 0\n\
            book.save(sys.argv[1] + '.again.xlsx')";
        let run = Command::new("python3")
            .args(["-c", script])
            .arg(&path)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{name}: {said}");
    } else {
        skipped("other_programs_open_the_copies", "openpyxl");
    }
    std::fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn other_programs_open_the_copies() {
    for name in ["full.xlsx", "full-office.xlsx"] {
        let copy = marked(&fixture(name), &findings());
        opens_elsewhere(name, &copy.bytes);
    }
}

/// What Excel would want to repair: parts without a content type, links that lead nowhere, numbers used twice.
fn assert_consistent(name: &str, bytes: &[u8]) {
    let parts = parts(bytes);
    let types = text(&parts, "[Content_Types].xml");
    let values = |text: &str, attribute: &str| -> Vec<String> {
        let start = format!(" {attribute}=\"");
        let found = text.split(start.as_str()).skip(1);
        found
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    };
    let overrides = values(&types, "PartName");
    let extensions = values(&types, "Extension");
    for part in parts.keys().filter(|part| *part != "[Content_Types].xml") {
        let extension = part.rsplit('.').next().unwrap_or_default();
        let declared = overrides.contains(&format!("/{part}"));
        assert!(
            declared || extensions.iter().any(|known| known == extension),
            "{name}: {part} has no type"
        );
    }
    for part in &overrides {
        assert!(
            parts.contains_key(part.trim_start_matches('/')),
            "{name}: {part} is declared and missing"
        );
    }
    for (part, _) in parts.iter().filter(|(part, _)| part.ends_with(".rels")) {
        let links = text(&parts, part);
        let mut ids = values(&links, "Id");
        let n_ids = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), n_ids, "{name}: {part}");
        let folder = part.split("_rels/").next().unwrap_or_default();
        for link in links.split('<').filter(|tag| tag.contains("Target=")) {
            if link.contains("TargetMode=\"External\"") {
                continue;
            }
            let target = &values(link, "Target")[0];
            let mut path: Vec<&str> = Vec::new();
            let base = if target.starts_with('/') { "" } else { folder };
            for step in base.split('/').chain(target.split('/')) {
                match step {
                    "" | "." => {}
                    ".." => {
                        path.pop();
                    }
                    step => path.push(step),
                }
            }
            let path = path.join("/");
            assert!(parts.contains_key(&path), "{name}: {part} → {path}");
        }
    }
    let main = text(&parts, "xl/workbook.xml");
    let mut ids = values(&main, "sheetId");
    let n_ids = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "{name}: sheetId");
    let styles = text(&parts, "xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).expect("formats");
    let formats = formats.split("</cellXfs>").next().expect("their end");
    let n_formats = formats.matches("<xf ").count();
    assert_eq!(values(formats, "count")[0], n_formats.to_string(), "{name}");
    for (part, _) in parts
        .iter()
        .filter(|(part, _)| part.contains("worksheets/sheet") && part.ends_with(".xml"))
    {
        let sheet = text(&parts, part);
        for tag in sheet.split('<').filter(|tag| tag.starts_with("c ")) {
            if let Some(style) = values(tag, "s").first() {
                let style: usize = style.parse().expect("a number");
                assert!(style < n_formats, "{name} {part}: {tag}");
            }
        }
        // Conditional formats have extensions of their own.
        let end = sheet.rfind("</conditionalFormatting>").unwrap_or(0);
        let at = |element: &str| match element {
            "extLst" => sheet[end..].find("<extLst").map(|at| end + at),
            _ => sheet.find(&format!("<{element}")),
        };
        if let Some(legacy) = at("legacyDrawing ") {
            for after in ["tableParts", "extLst", "oleObjects"] {
                assert!(
                    at(after).is_none_or(|at| at > legacy),
                    "{name} {part}: {after}"
                );
            }
            for before in ["sheetData", "pageSetup", "headerFooter", "drawing "] {
                assert!(
                    at(before).is_none_or(|at| at < legacy),
                    "{name} {part}: {before}"
                );
            }
        }
    }
}

#[test]
fn copies_are_consistent_packages() {
    for name in ["full.xlsx", "full-office.xlsx", "strict.xlsx", "full.xls"] {
        let once = marked(&fixture(name), &findings());
        assert_consistent(name, &once.bytes);
        let again = marked(&once.bytes, &findings()[..3]);
        assert_consistent(name, &again.bytes);
        assert_consistent(name, &marked(&again.bytes, &[]).bytes);
    }
}

/// A workbook of another writer: a table, a button, shared strings, notes.
fn written(with_macros: bool) -> Vec<u8> {
    use rust_xlsxwriter::{Button, Note, Table, Workbook};
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("按钮").expect("a name");
    sheet.write(0, 0, "甲").expect("a cell");
    sheet
        .insert_button(2, 4, &Button::new().set_caption("汇总"))
        .expect("a button");
    let sheet = book.add_worksheet();
    sheet.set_name("表").expect("a name");
    sheet.write(1, 0, 1).expect("a cell");
    sheet.add_table(0, 0, 3, 2, &Table::new()).expect("a table");
    sheet
        .insert_note(1, 0, &Note::new("原有批注"))
        .expect("a note");
    let bytes = book.save_to_buffer().expect("a workbook");
    if !with_macros {
        return bytes;
    }
    let mut parts = parts(&bytes);
    let types = text(&parts, "[Content_Types].xml")
        .replace(
            "spreadsheetml.sheet.main+xml",
            "MARK",
        )
        .replace(
            "application/vnd.openxmlformats-officedocument.MARK",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        )
        .replace(
            "<Override",
            "<Default Extension=\"bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/><Override",
        );
    let start = types.find("<Default Extension=\"bin\"").expect("one");
    let end = start + types[start..].find("/>").expect("its end") + 2;
    let default = types[start..end].to_owned();
    let types = format!("{}{}", &types[..end], types[end..].replace(&default, ""));
    parts.insert("[Content_Types].xml".into(), types.into_bytes());
    parts.insert(
        "xl/vbaProject.bin".into(),
        b"\xD0\xCF\x11\xE0macros".to_vec(),
    );
    zipped(&parts)
}

#[test]
fn buttons_tables_and_macros_stay() {
    let found = [
        finding("按钮", "A1", Level::Mandatory),
        finding("表", "A2", Level::Verification),
        finding("表", "B3", Level::Hint),
    ];
    let plain = marked(&written(false), &found);
    assert_consistent("written", &plain.bytes);
    let after = parts(&plain.bytes);
    let drawings = after.iter().filter(|(part, _)| part.ends_with(".vml"));
    let drawings: String = drawings.map(|(part, _)| text(&after, part)).collect();
    assert_eq!(drawings.matches("ObjectType=\"Button\"").count(), 1);
    assert_eq!(drawings.matches("ObjectType=\"Note\"").count(), 3);
    let clean = marked(&plain.bytes, &[]);
    assert_consistent("written, clean", &clean.bytes);
    let after = parts(&clean.bytes);
    let drawings = after.iter().filter(|(part, _)| part.ends_with(".vml"));
    let drawings: String = drawings.map(|(part, _)| text(&after, part)).collect();
    assert_eq!(drawings.matches("ObjectType=\"Button\"").count(), 1);
    assert_eq!(drawings.matches("ObjectType=\"Note\"").count(), 1);

    let original = written(true);
    let copy = marked(&original, &found);
    assert_eq!(copy.extension, "xlsm");
    assert_eq!(
        parts(&original)["xl/vbaProject.bin"],
        parts(&copy.bytes)["xl/vbaProject.bin"]
    );
}

#[test]
fn damaged_files_are_refused_or_made_anew_and_never_a_panic() {
    let original = parts(&fixture("full.xlsx"));
    let once = parts(&marked(&fixture("full.xlsx"), &findings()).bytes);
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for round in 0..400 {
        let mut damaged = if round % 2 == 0 {
            original.clone()
        } else {
            once.clone()
        };
        let names: Vec<String> = damaged
            .keys()
            .filter(|part| part.ends_with("xml") || part.ends_with("rels") || part.ends_with("vml"))
            .cloned()
            .collect();
        let name = &names[random(names.len())];
        let content = damaged.get_mut(name).expect("a part");
        for _ in 0..=random(3) {
            let at = random(content.len());
            let bytes = b"<>/\"'= 0:x\xE4";
            match random(3) {
                0 => content[at] = bytes[random(bytes.len())],
                1 => {
                    let end = (at + random(40)).min(content.len());
                    content.drain(at..end);
                }
                _ => content.insert(at, bytes[random(bytes.len())]),
            }
        }
        let bytes = zipped(&damaged);
        let found = findings();
        let found: Vec<&Finding> = found.iter().collect();
        if let Ok(copy) = annotate(&bytes, &found, Lang::Zh) {
            let same = read(&copy.bytes, &Limits::default());
            assert!(same.is_ok(), "round {round}, {name}: {same:?}");
        }
    }
}

#[test]
fn marks_are_known_again_after_libreoffice_has_saved_the_copy() {
    let copy = marked(&fixture("full.xlsx"), &findings());
    let copy = explained(&copy.bytes, &[(7, "今年新打机井三眼")]);
    let name = "marks_are_known_again_after_libreoffice_has_saved_the_copy";
    let Some(saved) = saved_again(name, &copy) else {
        return;
    };
    let written = explanations(&read_back(&saved), &FILE.into());
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].text, "今年新打机井三眼");

    let clean = parts(&marked(&saved, &[]).bytes);
    let comments: String = clean
        .keys()
        .filter(|part| part.contains("comments") && part.ends_with(".xml"))
        .map(|part| text(&clean, part))
        .collect();
    assert!(
        comments.contains("另一条") && !comments.contains("审核"),
        "{comments}"
    );
    // C5 has its green fill again, D4 none.
    let styles = text(&clean, "xl/styles.xml");
    let sheet = text(&clean, "xl/worksheets/sheet1.xml");
    let fill = |cell: &str| {
        let tag = sheet
            .split(&format!("<c r=\"{cell}\" s=\""))
            .nth(1)
            .expect(cell);
        let style: usize = tag.split('"').next().expect(cell).parse().expect(cell);
        let formats = styles.split("<cellXfs").nth(1).expect("formats");
        let format = formats.split("<xf ").nth(style + 1).expect(cell);
        let id = format.split("fillId=\"").nth(1).expect(cell);
        let id: usize = id.split('"').next().expect(cell).parse().expect(cell);
        styles.split("<fill>").nth(id + 1).expect(cell).to_owned()
    };
    assert!(fill("C5").contains("E2EFDA"), "{}", fill("C5"));
    assert!(fill("D4").contains("\"none\""), "{}", fill("D4"));
}
