//! What earlier periods were consolidated to is not believed by itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Reader, Xlsx, open_workbook};
use hebiao::consolidate::read_records;
use hebiao::consolidate::records::{RecordsError, write_records};
use hebiao::inbox::InboxFile;
use hebiao::model::{Damage, Earlier, Kind, Level, Period, Value};
use hebiao::pipeline::check_files;
use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetCompression, ParquetReader,
    ParquetWriter, SerReader, Series,
};
use proptest::prelude::*;

use crate::desk::luntai;
use crate::grid::Grid;
use crate::merged::ANNEX_3;
use crate::month::{Desk, list, texts};

fn may() -> Period {
    Period::parse("2024-05").expect("a month")
}

/// The records of a form.
fn written(grid: &Grid) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_records(&grid.scheme, may(), &[], &grid.tables, &mut bytes).expect("memory takes it");
    bytes
}

fn sample() -> Grid {
    Grid::new("乡镇:reporter | 面积 | 备注:text")
        .rows(&["轮台镇", "草湖乡"])
        .returned("轮台镇", "轮台镇 | 1.50 | 沿河")
}

/// What becomes of records after somebody has changed them.
fn changed(change: impl FnOnce(&mut DataFrame)) -> Result<(), Damage> {
    let grid = sample();
    let reader = ParquetReader::new(Cursor::new(written(&grid)));
    let mut frame = reader.finish().expect("it is what was written");
    change(&mut frame);
    let mut bytes = Vec::new();
    let writer = ParquetWriter::new(&mut bytes);
    writer.finish(&mut frame).expect("memory takes it");
    match read_records(&grid.scheme, may(), Cursor::new(bytes)) {
        Ok(_) => Ok(()),
        Err(RecordsError::Damaged(damage)) => Err(damage),
        Err(error) => panic!("{error}"),
    }
}

fn replace(frame: &mut DataFrame, column: Column) {
    frame.with_column(column).expect("it is as long");
}

#[test]
fn records_with_a_column_that_is_missing_or_of_another_type_are_refused() {
    assert_eq!(changed(|_| {}), Ok(()));
    let column = |name, wanted: &str| {
        let wanted = wanted.to_owned();
        Err(Damage::Column { name, wanted })
    };
    let dropped = changed(|frame| {
        frame.drop_in_place("superseded").expect("it has it");
    });
    assert_eq!(dropped, column("superseded", "bool"));
    // As a spreadsheet or a script would write figures back.
    let floats = changed(|frame| {
        let values = frame.column("value").expect("it has it");
        let floats = values.cast(&DataType::Float64).expect("they are numbers");
        replace(frame, floats);
    });
    assert_eq!(floats, column("value", "decimal[38,18]"));
    let other_scale = changed(|frame| {
        let values = frame.column("value").expect("it has it");
        let fewer = values.cast(&DataType::Decimal(38, 2));
        replace(frame, fewer.expect("they are decimals"));
    });
    assert_eq!(other_scale, column("value", "decimal[38,18]"));
}

#[test]
fn records_with_an_entry_that_was_never_written_are_refused() {
    let text = |name: &str, texts: [&str; 2]| Series::new(name.into(), texts).into_column();
    let entry = |row, column| Err(Damage::Entry { row, column });
    let cell = changed(|frame| replace(frame, text("cell", ["B2", "somewhere"])));
    assert_eq!(cell, entry(2, "cell"));
    let status = changed(|frame| replace(frame, text("status", ["amount", "guess"])));
    assert_eq!(status, entry(2, "status"));
    // 1.50 cannot be a figure without decimals.
    let decimals = Series::new("decimals".into(), [Some(0u32), None]).into_column();
    assert_eq!(changed(|frame| replace(frame, decimals)), entry(1, "value"));
    let none = Series::new("file".into(), [None, Some("a.xlsx")]).into_column();
    assert_eq!(changed(|frame| replace(frame, none)), entry(1, "file"));
    let other = changed(|frame| replace(frame, text("period", ["2024-04", "2024-04"])));
    let printed = "2024-04".to_owned();
    assert_eq!(other, Err(Damage::OtherPeriod { printed }));
}

/// Files of earlier versions have pages that polars did not make, with the same rows. This one is of April as [`Desk`] has it.
#[test]
fn records_of_an_earlier_version_are_read_as_those_of_today() {
    let desk = Desk::new("earlier-version");
    desk.april();
    assert_eq!(desk.run(&["merge", "2024-04"]).status.code(), Some(0));
    let scheme = crate::merged::scheme(&[ANNEX_3]);
    let april = Period::parse("2024-04").expect("a month");
    let read = |bytes: Vec<u8>| {
        let past = read_records(&scheme, april, Cursor::new(bytes)).expect("whole records");
        assert_eq!(past.tables.len(), 3);
        format!("{:#?}", past.tables)
    };
    let today = fs::read(desk.path("out/2024-04/records.parquet")).expect("the records");
    let earlier = include_bytes!("../data/records/earlier-version.parquet").to_vec();
    assert_ne!(today, earlier, "it shows nothing");
    assert_eq!(read(today), read(earlier));
}

/// polars' and other programs' ways to pack pages, as somebody may who writes records again.
#[test]
fn records_are_read_however_their_pages_are_packed() {
    let grid = sample();
    let bytes = written(&grid);
    let whole = ParquetReader::new(Cursor::new(bytes)).finish();
    let whole = whole.expect("it is what was written");
    for packing in [
        ParquetCompression::Uncompressed,
        ParquetCompression::Snappy,
        ParquetCompression::Lz4Raw,
        ParquetCompression::Zstd(None),
    ] {
        let mut bytes = Vec::new();
        let writer = ParquetWriter::new(&mut bytes).with_compression(packing);
        writer.finish(&mut whole.clone()).expect("memory takes it");
        let past = read_records(&grid.scheme, may(), Cursor::new(bytes));
        let past = past.unwrap_or_else(|error| panic!("{packing:?}: {error}"));
        let row = &past.tables[0].rows[0];
        assert_eq!(row.entries[1].value.to_string(), "1.50");
    }
}

/// Every byte of a small file changed, one at a time, and the file cut everywhere: whatever comes of it, the program goes on.
#[test]
fn bytes_that_are_no_records_are_refused_without_a_panic() {
    let grid = sample();
    let bytes = written(&grid);
    let read = |bytes: Vec<u8>| read_records(&grid.scheme, may(), Cursor::new(bytes)).is_ok();
    assert!(read(bytes.clone()));
    for end in 0..bytes.len() {
        assert!(!read(bytes[..end].to_vec()), "cut at {end}");
    }
    for at in 0..bytes.len() {
        for mask in [0x01, 0x55, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            read(changed);
        }
    }
}

/// The same by chance, for those who have time.
#[test]
#[ignore = "takes minutes"]
fn bytes_that_are_changed_at_random_end_no_program() {
    let grid = sample();
    let bytes = written(&grid);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % below
    };
    let mut n_read = 0;
    for _ in 0..200_000 {
        let mut changed = bytes.clone();
        for _ in 0..=random(8) {
            let at = random(changed.len());
            match random(4) {
                0 => changed.truncate(at.max(1)),
                1 => changed.insert(at, random(256) as u8),
                2 if changed.len() > 1 => {
                    changed.remove(at);
                }
                _ => changed[at] = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)],
            }
            if changed.is_empty() {
                break;
            }
        }
        let read = read_records(&grid.scheme, may(), Cursor::new(changed));
        n_read += usize::from(read.is_ok());
    }
    assert!(n_read < 200_000, "nothing was noticed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Figures of any length and any number of decimals, and keys with a `·` of their own, come back as they were.
    #[test]
    fn figures_and_keys_come_back_as_they_were(
        mantissa in -(1i128 << 96) + 1..1i128 << 96,
        shift in 0u32..96,
        decimals in 0u32..=28,
        parts in prop::collection::vec("[·轮a]{0,3}", 2),
    ) {
        use hebiao::model::Amount;
        use rust_decimal::Decimal;

        let mut grid = Grid::new("名称:key | 编号:key | 面积").returned("轮台镇", "a | b | 1");
        let row = &mut grid.tables[0].rows[0];
        let figure = Amount(Decimal::from_i128_with_scale(mantissa >> shift, decimals));
        row.entries[2].value = Value::Amount(figure);
        row.key = parts.iter().map(|part| part.as_str().into()).collect();
        let (key, shown) = (row.key.clone(), figure.to_string());
        let past = read_records(&grid.scheme, may(), Cursor::new(written(&grid)));
        let past = past.expect("they are what was written");
        let row = &past.tables[0].rows[0];
        prop_assert_eq!(&row.key, &key);
        prop_assert_eq!(row.entries[2].value.to_string(), shown);
    }
}

/// Changes one figure in records, as a script would.
fn edit(path: &Path) {
    let file = fs::File::open(path).expect("the records");
    let mut frame = ParquetReader::new(file).finish().expect("they are whole");
    let texts: Vec<Option<&str>> = vec![Some("改"); frame.height()];
    let column = Series::new("original".into(), texts).into_column();
    replace(&mut frame, column);
    let file = fs::File::create(path).expect("it can be written");
    ParquetWriter::new(file)
        .finish(&mut frame)
        .expect("it can be written");
}

#[test]
fn records_that_somebody_changed_are_not_compared_with() {
    let desk = Desk::new("changed-records");
    desk.april();
    desk.run(&["merge", "2024-04"]);
    edit(&desk.path("out/2024-04/records.parquet"));
    desk.returned(
        "2024-05/东河镇.xlsx",
        "2024-06-04T02:00:00Z",
        "东河镇|10|20|10|40",
    );
    let done = desk.run(&["merge", "2024-05"]);
    assert_eq!(done.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    let said = "records.parquet 读不了，请重新汇总这一期：hebiao merge 2024-04\n原因：写入之后被改动过，或已损坏";
    assert!(stderr.contains(said), "{stderr}");
    assert!(!desk.path("out/2024-05").exists());

    // Made again, it can be used; moved away, the month is merged without it.
    desk.run(&["merge", "2024-04"]);
    assert_ne!(desk.run(&["merge", "2024-05"]).status.code(), Some(2));
    // The list is whole, and this stands in it under no name: somebody put it there.
    let path = desk.path("out/2024-04/.files.json");
    let text = fs::read_to_string(&path).expect("the list");
    let mut known: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let names = known["files"].as_object_mut().expect("names");
    assert!(names.remove("records.parquet").is_some());
    fs::write(&path, known.to_string()).expect("written");
    assert_eq!(desk.run(&["merge", "2024-05"]).status.code(), Some(2));
    fs::write(&path, text).expect("written");
    assert_ne!(desk.run(&["merge", "2024-05"]).status.code(), Some(2));
    fs::write(desk.path("out/2024-04/records.parquet"), "half").expect("written");
    assert_eq!(desk.run(&["merge", "2024-05"]).status.code(), Some(2));
    fs::remove_file(desk.path("out/2024-04/records.parquet")).expect("it is there");
    assert_ne!(desk.run(&["merge", "2024-05"]).status.code(), Some(2));
}

/// Neither look writes anything, so that they go on without last month.
#[test]
fn a_look_at_what_came_in_goes_on_without_a_damaged_month_and_says_so() {
    let desk = Desk::new("looks");
    desk.april();
    desk.run(&["merge", "2024-04"]);
    edit(&desk.path("out/2024-04/records.parquet"));
    desk.returned(
        "2024-05/东河镇.xlsx",
        "2024-06-04T02:00:00Z",
        "东河镇|10|20|10|40",
    );
    let form = desk.path("inbox/2024-05/东河镇.xlsx");
    let form = form.to_str().expect("a text");
    let zh = "2024-04 的 records.parquet 写入之后被改动过，或已损坏，没有与这一期比较";
    let en = "records.parquet of 2024-04 was changed since it was written, or is damaged; nothing was held against \
              that period";
    // Whoever fills in a faultless form can mend nothing of it.
    for (command, code, level) in [
        (&["status", "2024-05"][..], 1, "mandatory"),
        (&["check", form, "--period", "2024-05"], 0, "hint"),
    ] {
        for (lang, said) in [("zh", zh), ("en", en)] {
            let asked = [command, &["--lang", lang]].concat();
            let done = desk.run(&asked);
            let errors = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(done.status.code(), Some(code), "{asked:?}: {errors}");
            let shown = String::from_utf8_lossy(&done.stdout).into_owned();
            // Chinese breaks anywhere.
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert!(bare(&shown).contains(&bare(said)), "{asked:?}: {shown}");
            // And what came in is looked at all the same.
            assert!(shown.contains("东河镇"), "{shown}");
            let json = desk.run(&[&asked[..], &["--format", "json"]].concat());
            let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
            let mut findings = list(&json, "findings").iter();
            let told = findings.find(|finding| finding["kind"] == "earlier-unread");
            let told = told.unwrap_or_else(|| panic!("{asked:?}: {json}"));
            assert!(texts(told, &["message"]).contains(said), "{told}");
            assert_eq!(told["level"], level);
            assert_eq!(list(&json, "files").len(), 1);
        }
    }
    assert!(!desk.path("out/2024-05").exists());
}

/// Whatever periods the forms are of, one damaged month is behind all of them.
#[test]
fn a_damaged_month_is_told_once_however_many_periods_are_checked() {
    let february = Period::parse("2024-02").expect("a month");
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox");
    let files = ["plan", "2024-05"].map(|period| {
        let files = hebiao::inbox::list(&inbox.join(period));
        files.expect("the sample inbox")
    });
    let files: Vec<InboxFile> = files.into_iter().flatten().collect();
    let earlier = |_| Earlier {
        left_out: vec![(february, Damage::NotAsWritten)],
        ..Earlier::default()
    };
    let checked = check_files(luntai(), None, &earlier, &files, &|| ());
    let periods: BTreeSet<Period> = checked.tables.iter().map(|table| table.period).collect();
    assert!(periods.len() > 1, "{periods:?}");
    let findings = checked.findings.iter();
    let unread = findings.filter(|finding| finding.kind == Kind::EarlierUnread);
    let levels: Vec<Level> = unread.map(|finding| finding.level).collect();
    assert_eq!(levels, [Level::Hint]);
}

/// February is only shown beside June, in the course of the year: June is merged without it.
#[test]
fn a_month_that_is_only_shown_is_left_out_and_that_is_told() {
    let desk = Desk::new("left-out");
    for month in ["02", "06"] {
        let file = format!("2024-{month}/东河镇.xlsx");
        desk.returned(&file, "2024-06-04T02:00:00Z", "东河镇|10|20|10|40");
    }
    desk.run(&["merge", "2024-02"]);
    edit(&desk.path("out/2024-02/records.parquet"));
    let done = desk.run(&["merge", "2024-06"]);
    assert_eq!(done.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        stderr.contains("写入之后被改动过，或已损坏，本期没有与 2024-02 比较；请重新汇总那一期：hebiao merge 2024-02"),
        "{stderr}"
    );
    let findings = desk.findings("2024-06").expect("findings.json");
    let all = list(&findings, "findings").iter();
    let told: Vec<String> = all
        .filter(|finding| finding["kind"] == "earlier-unread")
        .map(|finding| texts(finding, &["level", "message"]))
        .collect();
    assert_eq!(
        told,
        [
            "mandatory 以前的汇总记录用不上：2024-02 的 records.parquet 写入之后被改动过，或已损坏，没有与这一期比较"
        ]
    );
}

#[test]
fn a_roll_up_takes_of_a_county_only_what_its_merge_wrote() {
    let desk = Desk::new("rolled-changed");
    for month in ["02", "06"] {
        let file = format!("2024-{month}/东河镇.xlsx");
        desk.returned(&file, "2024-06-04T02:00:00Z", "东河镇|10|20|10|40");
        desk.run(&["merge", &format!("2024-{month}")]);
    }
    let rollup = || {
        let mut command = desk.command(&["rollup", "2024-06"]);
        let done = command.arg(desk.path("out")).output().expect("it runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        (done.status.code(), said)
    };
    assert_eq!(rollup(), (Some(1), String::new()));

    // February is only shown beside June.
    edit(&desk.path("out/2024-02/records.parquet"));
    let (code, said) = rollup();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("写入之后被改动过，或已损坏，本期没有与 2024-02 比较"),
        "{said}"
    );
    let found = fs::read(desk.path("out/2024-06-州级/findings.json")).expect("findings.json");
    let found: serde_json::Value = serde_json::from_slice(&found).expect("JSON");
    let all = list(&found, "findings").iter();
    let told: Vec<String> = all
        .filter(|finding| finding["kind"] == "earlier-unread")
        .map(|finding| texts(finding, &["county", "reporter", "level", "message"]))
        .collect();
    assert_eq!(
        told,
        [
            "东河县 东河县 mandatory 以前的汇总记录用不上：2024-02 的 records.parquet 写入之后被改动过，或已损坏，没有与这一期比较"
        ]
    );
    let book = fs::read_dir(desk.path("out/2024-06-州级")).expect("it was made");
    let mut books = book.map(|entry| entry.expect("a file").path());
    let book = books.find(|path| path.extension().is_some_and(|it| it == "xlsx"));
    let mut book: Xlsx<_> = open_workbook(book.expect("a workbook")).expect("it can be read");
    let listed = book.worksheet_range("错误清单").expect("the list");
    let mut cells = listed.cells().map(|(.., cell)| cell.to_string());
    assert!(cells.any(|cell| cell.contains("2024-02 的 records.parquet")));

    let refused = |name: &str, why: &str| {
        let (code, said) = rollup();
        assert_eq!(code, Some(2), "{said}");
        let expected =
            format!("{name} 读不了，请重新汇总这一期：hebiao merge 2024-06\n原因：{why}");
        assert!(said.contains(&expected), "{said}");
        desk.run(&["merge", "2024-06"]);
        assert_eq!(rollup().0, Some(1), "made again, it can be used");
    };
    // A finding that somebody took for settled.
    let findings = desk.path("out/2024-06/findings.json");
    let text = fs::read_to_string(&findings).expect("findings.json");
    assert!(text.contains("\"mandatory\""));
    fs::write(&findings, text.replace("\"mandatory\"", "\"hint\"")).expect("written");
    refused("findings.json", "写入之后被改动过，或已损坏");
    edit(&desk.path("out/2024-06/records.parquet"));
    refused("records.parquet", "写入之后被改动过，或已损坏");
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        fs::remove_file(&findings).expect("it is there");
        mknodat(CWD, &findings, FileType::Fifo, Mode::from(0o644), 0).expect("a pipe");
        refused(
            "findings.json",
            "读不了（不是普通文件（是管道、套接字、设备或文件夹））",
        );
    }
}
