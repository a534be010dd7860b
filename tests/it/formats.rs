//! What spreadsheet programs open and strict readers refuse; and files that are no workbooks, or no longer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hebiao::model::{FileKind, Period, Quantity, SheetKind, SkippedSheet, Unreadable, Workbook};
use hebiao::pipeline::FormReader;
use hebiao::read::{Limits, decrypted, read};
use hebiao::report::{Lang, annotate, words};

use crate::desk::luntai;
use crate::read::{
    BOF, Chance, bytes_of, fixture, ole2, package, package_of_bytes, parts_of, read_err, read_ok,
    show, xlsb, xlsx_of, xlsx_with,
};

/// Encrypted by tests/data/read/make_protected.py, which has msoffcrypto-tool decrypt them.
#[test]
fn the_standard_password_is_no_password() {
    let xls = show(&fixture("libreoffice.xls"));
    for way in ["rc4", "cryptoapi-40", "cryptoapi-128", "xor"] {
        assert_eq!(
            show(&fixture(&format!("protected-{way}.xls"))),
            xls,
            "{way}"
        );
    }
    let xlsx = bytes_of("libreoffice.xlsx");
    for way in ["agile", "standard-128", "standard-256"] {
        let name = format!("protected-{way}.xlsx");
        assert_eq!(show(&fixture(&name)), show(&read_ok(&xlsx)), "{way}");
        assert_eq!(
            decrypted(&bytes_of(&name)).as_deref(),
            Some(&xlsx[..]),
            "{way}"
        );
    }
    let other = bytes_of("other-password.xlsx");
    assert_eq!(read_err(&other), Unreadable::PasswordProtected);
    assert_eq!(decrypted(&other), None);
    assert_eq!(decrypted(&xlsx), None);
}

/// A number of rounds that would take minutes; the description stays as long as it was.
#[test]
fn an_encrypted_file_takes_no_longer_than_it_should() {
    let mut bytes = bytes_of("protected-agile.xlsx");
    let end = find(&bytes, b"spinCount=\"100000\"") + b"spinCount=\"".len();
    // Blanks before it make room for more digits.
    for digits in 1..=3 {
        let blank = find(&bytes, b"  <keyData");
        bytes.remove(blank);
        bytes.insert(end - digits, b'9');
    }
    let at = find(&bytes, b"spinCount=\"999100000\"");
    assert_eq!(at + b"spinCount=\"999".len(), end);
    let begun = Instant::now();
    assert_eq!(read_err(&bytes), Unreadable::PasswordProtected);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn limits_hold_behind_an_encryption_too() {
    let bytes = bytes_of("protected-agile.xlsx");
    let package = bytes_of("libreoffice.xlsx");
    let few_entries = Limits {
        entries: 2,
        ..Limits::default()
    };
    let small_memory = Limits {
        held_bytes: bytes.len() + package.len() - 1,
        ..Limits::default()
    };
    let cases = [
        (few_entries, Quantity::Entries),
        (small_memory, Quantity::HeldBytes),
    ];
    for (limits, quantity) in cases {
        match read(&bytes, &limits) {
            Err(Unreadable::TooLarge { what, .. }) => assert_eq!(what, quantity),
            other => panic!("{quantity:?}: {other:?}"),
        }
    }
}

#[test]
fn a_protected_workbook_is_marked_without_its_encryption() {
    let copy = annotate::annotate(&bytes_of("protected-agile.xlsx"), &[], Lang::Zh);
    let copy = copy.expect("a copy");
    assert_eq!(copy.extension, "xlsx");
    let shown = show(&read_ok(&copy.bytes));
    assert!(shown.contains("C4 20 .0"), "{shown}");
    assert!(shown.contains("没有加密"), "{shown}");
}

/// Bytes of the descriptions of an encryption, changed at random but always in the same way.
#[test]
fn a_spoilt_encryption_neither_panics_nor_hangs() {
    let mut chance = Chance(11);
    for name in ["protected-standard-128.xlsx", "protected-agile.xlsx"] {
        let bytes = bytes_of(name);
        let start = find(
            &bytes,
            if name.contains("agile") {
                b"<encryption"
            } else {
                b"\x24\0\0\0"
            },
        );
        for _ in 0..10 {
            let described = chance.changed(&bytes[start..start + 600]);
            let mut spoilt = bytes.clone();
            let length = described.len().min(600);
            spoilt[start..start + length].copy_from_slice(&described[..length]);
            if let Err(reason) = read(&spoilt, &Default::default()) {
                assert!(
                    !matches!(reason, Unreadable::ParserPanicked { .. }),
                    "{reason}"
                );
            }
        }
    }
}

#[test]
fn records_of_older_versions_are_read_as_those_of_today() {
    let number = |number: f64| number.to_le_bytes();
    let formula = |row: u8, value: &[u8]| [&[row, 0, 0, 0, 0, 0][..], value, &[0; 4]].concat();
    let cells = [
        record(0x0206, &formula(0, &number(2200.3))),
        record(0x0406, &formula(1, &number(3.0))),
        record(0x0406, &formula(2, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
        record(0x0221, &[0; 12]),
        record(0x0207, &[&[2, 0, 1][..], &utf_16("合计")].concat()),
        record(0x0406, &formula(3, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
        record(0x0007, b"\x03abc"),
        record(0x0406, &formula(8, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF])),
        record(0x0007, &[&[3, 0, 1][..], &utf_16("轮台县")].concat()),
        // Excel 2: row, column, three bytes of looks, value.
        record(0x0002, &[4, 0, 0, 0, 0, 0, 0, 7, 0]),
        record(0x0003, &[&[5, 0, 0, 0, 0, 0, 0][..], &number(0.5)].concat()),
        record(0x0004, b"\x06\0\0\0\0\0\0\x04Down"),
        record(0x0005, &[7, 0, 0, 0, 0, 0, 0, 1, 0]),
        record(0x0001, &[8, 0, 0, 0, 0, 0, 0]),
    ];
    let workbook = xls(&[("表", 0, 0x10, &cells.concat())]);
    assert_eq!(
        show(&read_ok(&workbook)),
        "\n表\nA1 2200.3 =\nA2 3 =\nA3 合计 =\nA4 abc =\nA5 7\nA6 0.5\nA7 Down\nA8 true\nA9 轮台县 =\n"
    );
}

#[test]
fn two_figures_for_one_cell_of_an_xls_are_damage_and_the_same_twice_is_none() {
    let number = |row: u8, number: f64| {
        record(
            0x0203,
            &[&[row, 0, 0, 0, 0, 0][..], &number.to_le_bytes()].concat(),
        )
    };
    let good = number(0, 35.0);
    for (cells, is_damaged) in [
        ([number(0, 323.0), number(0, 3.0)], true),
        ([number(0, 323.0), number(0, 323.0)], false),
        ([number(1, 323.0), number(0, 3.0)], false),
    ] {
        let workbook = read_ok(&xls(&[
            ("好", 0, 0x10, &good),
            ("坏", 0, 0x10, &cells.concat()),
        ]));
        assert_eq!(workbook.unreadable_sheets.len(), usize::from(is_damaged));
        assert_eq!(workbook.sheets.len(), 2 - usize::from(is_damaged));
    }
}

/// Whether 0.4 is printed 40% nobody knows without its format.
#[test]
fn a_figure_of_an_xls_whose_format_cannot_be_read_is_refused() {
    let cell = |format: u8| {
        record(
            0x0203,
            &[&[0, 0, 0, 0, format, 0][..], &0.4f64.to_le_bytes()].concat(),
        )
    };
    let percent = [&[164, 0, 2, 0, 0][..], b"0%"].concat();
    // Its length says more than there is.
    let unread = [&[164, 0, 200, 0, 0][..], b"0%"].concat();
    let look = |code: u8| record(0x00E0, &[&[0, 0, code, 0][..], &[0; 16]].concat());
    let with = |format: &[u8], cell: &[u8]| {
        let globals = [&record(0x041E, format)[..], &look(0), &look(164)].concat();
        // Behind the beginning of the stream; where sheets begin moves with it.
        let stream = xls_stream_after(&globals, &[("好", 0, 0x10, &[]), ("表", 0, 0x10, cell)]);
        let workbook = read_ok(&ole2("Workbook", &stream));
        match &workbook.unreadable_sheets[..] {
            [] => show(&workbook),
            [(name, Unreadable::Damaged { .. })] => format!("{name} is damaged"),
            other => panic!("{other:?}"),
        }
    };
    assert!(
        with(&percent, &cell(1)).contains("A1 0.4 %"),
        "{}",
        with(&percent, &cell(1))
    );
    assert_eq!(with(&unread, &cell(1)), "表 is damaged");
    assert!(
        with(&unread, &cell(0)).contains("A1 0.4"),
        "it has another format"
    );
    assert_eq!(
        with(&percent, &cell(2)),
        "表 is damaged",
        "there are but two"
    );
}

/// A part of .xlsb that is cut between two records has lost nobody knows what, though no record of it is short.
#[test]
fn a_part_of_an_xlsb_that_breaks_off_between_records_is_damage() {
    let whole = show(&read_ok(&xlsb()));
    for (part, marks) in [
        ("xl/workbook.bin", &[144u8][..]),
        ("xl/worksheets/sheet1.bin", &[146]),
        ("xl/styles.bin", &[106]),
    ] {
        let mut parts = parts_of(&xlsb());
        let (_, content) = parts.iter_mut().find(|(name, _)| name == part).expect(part);
        // The first record of this kind, in two bytes: 144 and 146 are 90 01 and 92 01, 618 is EA 04.
        let mark = [marks[0] | 0x80, if marks[0] == 106 { 4 } else { 1 }];
        let at = content
            .windows(2)
            .position(|two| two == mark)
            .expect("the record");
        content.truncate(at);
        let read = read(&package_of_bytes(&parts), &Limits::default());
        let shown = read.map_or_else(|reason| reason.to_string(), |workbook| show(&workbook));
        assert_ne!(shown, whole, "{part}");
        assert!(!shown.contains("A1 轮台镇"), "{part}: {shown}");
    }
    let mut parts = parts_of(&xlsb());
    let (_, styles) = parts
        .iter_mut()
        .find(|(name, _)| name == "xl/styles.bin")
        .expect("styles");
    styles.clear();
    assert!(matches!(
        read_err(&package_of_bytes(&parts)),
        Unreadable::Damaged { .. }
    ));
}

/// Each record that continues a text says anew in how many bytes its characters are.
#[test]
fn a_text_may_go_on_in_several_records() {
    let text_due = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0];
    let cells = [
        record(0x0006, &text_due),
        record(0x0207, b"\x08\0\0abc"),
        record(0x003C, b"\0de"),
        record(0x003C, &[&[1][..], &utf_16("轮台县")].concat()),
        record(
            0x0203,
            &[&[1, 0, 0, 0, 0, 0][..], &1f64.to_le_bytes()].concat(),
        ),
        record(0x0204, b"\x02\0\0\0\0\0\x04\0\0ab"),
        record(0x003C, b"\0cd"),
    ];
    let workbook = xls(&[("表", 0, 0x10, &cells.concat())]);
    assert_eq!(
        show(&read_ok(&workbook)),
        "\n表\nA1 abcde轮台县 =\nA2 1\nA3 abcd\n"
    );
}

#[test]
fn sheets_that_are_no_worksheets_are_named() {
    let cell = record(0x0203, &[&[0; 6][..], &35f64.to_le_bytes()].concat());
    let workbook = read_ok(&xls(&[
        ("表", 0, 0x10, &cell),
        ("图", 2, 0x20, &cell),
        ("宏", 1, 0x40, &cell),
        // The list is wrong: the sheet says itself what it is.
        ("也是表", 2, 0x10, &cell),
        // And where both are, its cells do.
        ("还是表", 2, 0x8000, &cell),
        ("什么也不是", 2, 0x8000, &[]),
    ]));
    assert_eq!(
        show(&workbook),
        "\n表\nA1 35\n也是表\nA1 35\n还是表\nA1 35\n"
    );
    let skipped = |names: &[(&str, SheetKind)]| -> Vec<SkippedSheet> {
        let named = names.iter().map(|&(name, kind)| (name.to_owned(), kind));
        named
            .map(|(name, kind)| SkippedSheet { name, kind })
            .collect()
    };
    use SheetKind::{Chart, Dialog, Macros};
    assert_eq!(
        workbook.skipped_sheets,
        skipped(&[("图", Chart), ("宏", Macros), ("什么也不是", Chart)])
    );

    let mut parts = parts_of(&xlsx_of(
        &[("表", ""), ("图", ""), ("框", ""), ("宏", "")],
        "",
    ));
    for (idx, root) in [(1, "chartsheet"), (2, "dialogsheet"), (3, "macrosheet")] {
        let path = format!("xl/worksheets/s{idx}.xml");
        let part = parts.iter_mut().find(|(name, _)| *name == path);
        part.expect("a sheet").1 = format!("<{root}/>").into_bytes();
    }
    assert_eq!(
        read_ok(&package_of_bytes(&parts)).skipped_sheets,
        skipped(&[("图", Chart), ("框", Dialog), ("宏", Macros)])
    );

    let mut parts = parts_of(&xlsb());
    let links = parts
        .iter_mut()
        .find(|(name, _)| name == "xl/_rels/workbook.bin.rels");
    let links = &mut links.expect("the links").1;
    *links = String::from_utf8_lossy(links)
        .replace("x/worksheet", "x/chartsheet")
        .into_bytes();
    assert_eq!(read_err(&package_of_bytes(&parts)), Unreadable::NoWorksheet);
}

#[test]
fn what_was_passed_over_is_said_once_for_a_file() {
    let cell = record(0x0203, &[&[0; 6][..], &35f64.to_le_bytes()].concat());
    let bytes = xls(&[
        ("表", 0, 0x10, &cell),
        ("图1", 2, 0x20, &[]),
        ("00000ppy", 1, 0x40, &cell),
    ]);
    assert_eq!(
        said(&bytes, "skipped").as_deref(),
        Some("“图1”是图表，“00000ppy”是宏表")
    );
    assert_eq!(said(&bytes_of("libreoffice.xls"), "skipped"), None);
}

/// One bit of the entry's kind: the sheet is there, and nothing names it.
#[test]
fn a_sheet_that_the_list_does_not_name_is_missed() {
    let cell = record(0x0203, &[&[0; 6][..], &35f64.to_le_bytes()].concat());
    let mut bytes = xls_stream(&[("附件3", 0, 0x10, &cell), ("附件7", 0, 0x10, &cell)]);
    let entries: Vec<usize> = (0..bytes.len() - 1)
        .filter(|&at| bytes[at..at + 2] == [0x85, 0])
        .collect();
    bytes[entries[1] + 1] = 0x40;
    let workbook = read_ok(&bytes);
    assert_eq!(show(&workbook), "\n附件3\nA1 35\n");
    let unreadable: Vec<&str> = workbook
        .unreadable_sheets
        .iter()
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(unreadable, ["附件7"]);
}

#[test]
fn what_stands_before_the_sheets_is_no_sheet() {
    let cell = record(0x0203, &[&[0; 6][..], &35f64.to_le_bytes()].concat());
    let mut bytes = xls_stream(&[("附件3", 0, 0x10, &cell), ("附件7", 0, 0x10, &cell)]);
    let entry = find(&bytes, &[0x85, 0]) + 4;
    bytes[entry..entry + 4].fill(0);
    let workbook = read_ok(&bytes);
    assert_eq!(show(&workbook), "\n附件7\nA1 35\n");
    let [(name, reason)] = &workbook.unreadable_sheets[..] else {
        panic!("{:?}", workbook.unreadable_sheets);
    };
    assert_eq!(name, "附件3");
    assert!(matches!(reason, Unreadable::Damaged { .. }), "{reason}");
}

/// What a chain names behind the end of its stream belongs to nothing.
#[test]
fn a_chain_may_name_a_sector_beyond_the_end() {
    let mut bytes = bytes_of("protected-rc4.xls");
    let whole = show(&read_ok(&bytes));
    // Made with its allocation table in the first sector and the stream in the last ones.
    let last = bytes.len() / 512 - 2;
    let entry = 512 + 4 * last;
    assert_eq!(bytes[entry..entry + 4], [0xFE, 0xFF, 0xFF, 0xFF]);
    bytes[entry..entry + 4].copy_from_slice(&[0xFF, 0xFF, 0, 0]);
    assert_eq!(show(&read_ok(&bytes)), whole);
    // In the midst of the stream it is a fault.
    bytes[entry - 4..entry].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xEF]);
    let reason = read_err(&bytes);
    assert!(matches!(reason, Unreadable::Truncated { .. }), "{reason}");
}

#[test]
fn parts_in_other_encodings_are_read() {
    let utf_16 = |text: &str, mark: bool, big: bool| -> Vec<u8> {
        let mark = mark.then_some('\u{FEFF}');
        let text: String = mark.into_iter().chain(text.chars()).collect();
        let bytes = |unit: u16| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        };
        text.encode_utf16().flat_map(bytes).collect()
    };
    let plain = parts_of(&xlsx_with(
        &[("表", "<row><c t='s'><v>0</v></c></row>")],
        "",
        "<sst><si><t>轮台</t></si></sst>",
    ));
    for (mark, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut parts = plain.clone();
        for (_, content) in &mut parts {
            let text = String::from_utf8(content.clone()).expect("UTF-8");
            *content = utf_16(&text, mark, big);
        }
        let workbook = read_ok(&package_of_bytes(&parts));
        assert_eq!(show(&workbook), "\n表\nA1 轮台\n", "{mark} {big}");
    }
    let mut parts = plain;
    let strings = parts
        .iter_mut()
        .find(|(name, _)| name == "xl/sharedStrings.xml");
    // 轮台 in GBK.
    strings.expect("texts").1 = [
        &b"<?xml version='1.0' encoding='GB2312'?><sst><si><t>"[..],
        b"\xC2\xD6\xCC\xA8",
        b"</t></si></sst>",
    ]
    .concat();
    assert_eq!(show(&read_ok(&package_of_bytes(&parts))), "\n表\nA1 轮台\n");
}

#[test]
fn the_part_of_exactly_the_name_comes_before_one_in_other_letters() {
    let row = |number: u32| {
        format!("<worksheet><sheetData><row><c><v>{number}</v></c></row></sheetData></worksheet>")
    };
    let parts = parts_of(&xlsx_of(&[("表", "")], ""));
    let with = |names: [&str; 2]| {
        let mut parts = parts.clone();
        parts.retain(|(name, _)| !name.ends_with("s0.xml"));
        for (name, number) in names.iter().zip(1..) {
            parts.push((
                format!("xl/worksheets/{name}.xml"),
                row(number).into_bytes(),
            ));
        }
        show(&read_ok(&package_of_bytes(&parts)))
    };
    assert_eq!(with(["s0", "S0"]), "\n表\nA1 1\n");
    assert_eq!(with(["S0", "s0"]), "\n表\nA1 2\n");
    assert_eq!(with(["S0", "S1"]), "\n表\nA1 1\n");
}

#[test]
fn a_damaged_part_loses_only_what_needs_it() {
    let sheets = [
        ("数", "<row><c><v>1</v></c></row>"),
        ("文", "<row><c t='s'><v>0</v></c></row>"),
        ("式", "<row><c s='0'><v>2</v></c></row>"),
    ];
    let strings = "<sst><si><t>轮台</t></si></sst>";
    let styles = "<styleSheet><cellXfs><xf numFmtId='9'/></cellXfs></styleSheet>";
    let mut parts = parts_of(&xlsx_with(&sheets, "", strings));
    parts.push(("xl/styles.xml".to_owned(), styles.into()));
    let custom = "<Properties><property name='a'><vt:lpwstr>b</vt:lpwstr></property></Properties>";
    parts.push(("docProps/custom.xml".to_owned(), custom.into()));
    parts.push(("_rels/.rels".to_owned(), "<Relationships/>".into()));
    let whole = package_of_bytes(&parts);
    let without = |path: &str| {
        let workbook = read_ok(&spoilt(&whole, path));
        let lost: Vec<String> = workbook
            .unreadable_sheets
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let read: Vec<String> = workbook
            .sheets
            .iter()
            .map(|sheet| sheet.name.clone())
            .collect();
        (
            read.concat(),
            lost.concat(),
            workbook.damaged_parts.concat(),
        )
    };
    let found = |read: &str, lost: &str, damaged: &str| {
        (read.to_owned(), lost.to_owned(), damaged.to_owned())
    };
    assert_eq!(without("xl/sharedStrings.xml"), found("数式", "文", ""));
    // Without styles nobody knows whether 2 is 2 %.
    assert_eq!(without("xl/styles.xml"), found("数文", "式", ""));
    // Nor where they break off, are empty, or are no formats.
    for broken in [&styles[..styles.len() / 2], "", "<sst/>", "no XML"] {
        let mut parts = parts.clone();
        let part = parts.iter_mut().find(|(name, _)| name == "xl/styles.xml");
        part.expect("the styles").1 = broken.into();
        let workbook = read_ok(&package_of_bytes(&parts));
        let lost: Vec<&str> = (workbook.unreadable_sheets.iter())
            .map(|(name, _)| &**name)
            .collect();
        assert_eq!(lost, ["式"], "{broken:?}");
    }
    // Nor where they are named and not there.
    let links = "xl/_rels/workbook.xml.rels";
    let named = "<Relationship Id='st' Type='x/styles' Target='lost.xml'/></Relationships>";
    let mut lost = parts.clone();
    let part = lost.iter_mut().find(|(name, _)| name == links);
    let part = &mut part.expect("the links").1;
    *part = String::from_utf8_lossy(part)
        .replace("</Relationships>", named)
        .into_bytes();
    let workbook = read_ok(&package_of_bytes(&lost));
    assert_eq!(workbook.unreadable_sheets.len(), 1);
    assert_eq!(workbook.unreadable_sheets[0].0, "式");
    assert_eq!(without("xl/worksheets/s0.xml"), found("文式", "数", ""));
    assert_eq!(
        without("docProps/custom.xml"),
        found("数文式", "", "docProps/custom.xml")
    );
    assert_eq!(without("_rels/.rels"), found("数文式", "", "_rels/.rels"));
    assert_eq!(
        said(&spoilt(&whole, "docProps/custom.xml"), "damaged").as_deref(),
        Some("损坏的是与表格无关的部分：docProps/custom.xml")
    );
}

#[test]
fn a_wrecked_workbook_is_no_archive() {
    let bytes = bytes_of("libreoffice.xlsx");
    let parts = parts_of(&bytes);
    let without = |start: &str| {
        let parts = parts.iter().filter(|(name, _)| !name.starts_with(start));
        package_of_bytes(&parts.cloned().collect::<Vec<_>>())
    };
    let is_damaged = |bytes: &[u8]| {
        let reason = read_err(bytes);
        assert!(matches!(reason, Unreadable::Damaged { .. }), "{reason}");
    };
    is_damaged(&without("xl/workbook.xml"));
    is_damaged(&without("xl/"));
    let mut directory = bytes.clone();
    let at = find(&directory, b"PK\x01\x02");
    directory[at + 2] = 0;
    is_damaged(&directory);
    // Only the first bytes, which say nothing that stands nowhere else.
    for at in 0..4 {
        let mut start = bytes.clone();
        start[at] ^= 0x20;
        assert_eq!(
            show(&read_ok(&start)),
            show(&fixture("libreoffice.xlsx")),
            "{at}"
        );
    }
    for at in [0, 3, 7] {
        let mut start = bytes_of("libreoffice.xls");
        start[at] ^= 0x20;
        assert_eq!(
            show(&read_ok(&start)),
            show(&fixture("libreoffice.xls")),
            "{at}"
        );
    }
    let archive = package(&[("甲.xlsx", ""), ("乙.txt", "")]);
    assert_eq!(
        read_err(&archive),
        Unreadable::NotASpreadsheet(FileKind::Archive)
    );
}

#[test]
fn a_file_cut_by_a_few_bytes_is_cut() {
    for name in [
        "libreoffice.xlsx",
        "libreoffice.ods",
        "protected-rc4.xls",
        "protected-agile.xlsx",
    ] {
        let bytes = bytes_of(name);
        for cut in [1, 10, 21, 700] {
            match read(&bytes[..bytes.len() - cut], &Default::default()) {
                Err(Unreadable::Truncated { .. }) => {}
                // The end of the last sector is empty.
                Ok(workbook) if name.starts_with("protected") && cut < 512 => {
                    assert_eq!(show(&workbook), show(&fixture(name)));
                }
                other => panic!(
                    "{name} {cut}: {:?}",
                    other.map(|workbook: Workbook| show(&workbook))
                ),
            }
        }
    }
    let flat = "<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'><office:body>\
        <office:spreadsheet><table:table table:name='a'>";
    let reason = read_err(flat.as_bytes());
    assert!(matches!(reason, Unreadable::Truncated { .. }), "{reason}");
}

#[test]
fn formats_of_other_programs_are_called_by_their_names() {
    use Unreadable::{NotASpreadsheet, OldFormat, PasswordProtected};
    let zip = |name: &str| package(&[(name, "")]);
    for (bytes, reason) in [
        (
            zip("Index/Document.iwa"),
            NotASpreadsheet(FileKind::Numbers),
        ),
        (
            zip("报表.numbers/Index.zip"),
            NotASpreadsheet(FileKind::Numbers),
        ),
        (zip("OFD.xml"), NotASpreadsheet(FileKind::Ofd)),
        (
            zip("visio/document.xml"),
            NotASpreadsheet(FileKind::Archive),
        ),
        (zip("encrypted-package"), PasswordProtected),
        (
            ole2("NativeContent_MAIN", b""),
            OldFormat {
                name: "Quattro Pro",
            },
        ),
        (
            ole2("PerfectOffice_MAIN", b""),
            OldFormat {
                name: "Quattro Pro",
            },
        ),
        (
            ole2("WksSSWorkBook", b""),
            OldFormat {
                name: "Microsoft Works",
            },
        ),
        (
            vec![0, 0, 2, 0, 6, 4, 6, 0],
            OldFormat {
                name: "Lotus 1-2-3",
            },
        ),
        (
            vec![0, 0, 0x1A, 0, 5, 0x10, 4, 0],
            OldFormat {
                name: "Lotus 1-2-3",
            },
        ),
        (
            vec![0, 0, 2, 0, 1, 0x10, 0, 0],
            OldFormat {
                name: "Quattro Pro",
            },
        ),
    ] {
        assert_eq!(read_err(&bytes), reason);
    }
}

// Workbooks made by hand.

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, data].concat()
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Sheets by name, kind in the list, kind at their beginning, and cells.
type Sheets<'a> = [(&'a str, u8, u16, &'a [u8])];

fn xls(sheets: &Sheets) -> Vec<u8> {
    ole2("Workbook", &xls_stream(sheets))
}

fn xls_stream(sheets: &Sheets) -> Vec<u8> {
    xls_stream_after(&[], sheets)
}

/// The same with records before the list of the sheets.
fn xls_stream_after(globals: &[u8], sheets: &Sheets) -> Vec<u8> {
    let entry = |start: usize, name: &str, kind: u8| {
        let length = name.encode_utf16().count() as u8;
        let start = (start as u32).to_le_bytes();
        record(
            0x0085,
            &[&start[..], &[0, kind, length, 1], &utf_16(name)].concat(),
        )
    };
    let bodies: Vec<Vec<u8>> = sheets
        .iter()
        .map(|(_, _, kind, cells)| {
            let bof = record(
                0x0809,
                &[&[0, 6][..], &kind.to_le_bytes(), &[0; 4]].concat(),
            );
            [&bof, *cells, &record(0x000A, &[])].concat()
        })
        .collect();
    let entries: usize = sheets
        .iter()
        .map(|(name, kind, ..)| entry(0, name, *kind).len())
        .sum();
    let mut start = BOF.len() + globals.len() + entries + 4;
    let mut stream = [BOF, globals].concat();
    for ((name, kind, ..), body) in sheets.iter().zip(&bodies) {
        stream.extend(entry(start, name, *kind));
        start += body.len();
    }
    stream.extend(record(0x000A, &[]));
    stream.extend(bodies.concat());
    stream
}

/// The zip file with a byte of a part changed behind its checksum.
fn spoilt(zip: &[u8], path: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).expect("a package");
    let start = archive
        .by_name(path)
        .expect("a part")
        .data_start()
        .expect("its place");
    let mut spoilt = zip.to_vec();
    spoilt[start as usize + 2] ^= 0x10;
    spoilt
}

fn find(bytes: &[u8], text: &[u8]) -> usize {
    let found = bytes.windows(text.len()).position(|window| window == text);
    found.expect("the text")
}

/// What is said of the file as a whole besides its forms.
fn said(bytes: &[u8], what: &str) -> Option<String> {
    use hebiao::model::Detail;
    let file = FormReader::new(luntai(), None::<Period>).file(&Arc::from("甲.xls"), bytes);
    let of = |detail: &Detail| match what {
        "skipped" => matches!(detail, Detail::SkippedSheets(_)),
        _ => matches!(detail, Detail::DamagedParts(_)),
    };
    let said: Vec<_> = file
        .findings
        .iter()
        .filter(|finding| of(&finding.detail))
        .collect();
    assert!(said.len() <= 1);
    said.first().map(|finding| words::facts(finding, Lang::Zh))
}
