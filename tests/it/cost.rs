//! What findings cost: twice the rows, twice the work and twice the output, never four times.
//!
//! Nothing here is timed; what is counted are findings, cells that they name, and bytes written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hebiao::inbox;
use hebiao::model::{CellRef, CellValue, Earlier, Finding, Kind, Period};
use hebiao::pipeline::{Merged, merge};
use hebiao::report::annotate::annotate;
use hebiao::report::words::message;
use hebiao::report::workbook::write_workbook;
use hebiao::report::{Lang, json};
use rust_xlsxwriter::Workbook;

use super::desk::luntai;

/// A folder of this test alone, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cost-{test}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("an old run's");
    }
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// The register of 附件6 with rows under its header.
fn register(rows: impl Iterator<Item = [String; 5]>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("附件6").expect("a name");
    let header = [
        "序号",
        "地州市",
        "所在区、县",
        "所属单位",
        "蒸吨数",
        "建成时间",
        "是否有低氮改造设施",
        "计划完成低氮改造时间",
        "计划改造金额（万元）",
        "备注",
    ];
    let mut put = |row: u32, col: u16, text: &str| {
        sheet.write_string(row, col, text).expect("a text");
    };
    put(0, 0, "附件6");
    put(1, 0, "轮台县2023-2025年燃气锅炉低氮改造锅炉明细表");
    put(2, 0, "填报单位：巴州生态环境局轮台县分局");
    for (col, text) in (0..).zip(header) {
        put(3, col, text);
    }
    for (row, [owner, tons, built, done, cost]) in (4..).zip(rows) {
        let serial = (row - 3).to_string();
        let texts = [
            &*serial,
            "巴州",
            "轮台县",
            &owner,
            &tons,
            &built,
            "否",
            &done,
            &cost,
        ];
        for (col, text) in (0..).zip(texts) {
            put(row, col, text);
        }
    }
    workbook.save_to_buffer().expect("a workbook")
}

fn texts(texts: [&str; 5]) -> [String; 5] {
    texts.map(str::to_owned)
}

/// A merge of one register, its findings.json, and what its workbook and its marked copy hold.
struct Written {
    merged: Merged,
    json: String,
    workbook: Size,
    copy: Size,
}

/// How much there is in a workbook; packed, what repeats itself hardly counts.
#[derive(Debug)]
struct Size {
    /// Bytes of its sheets, texts and notes, unpacked.
    bytes: usize,
    notes: usize,
}

impl Size {
    fn of(package: &[u8]) -> Self {
        let parts = crate::read::parts_of(package).into_iter();
        let is_content = |name: &str| {
            let starts = ["xl/worksheets/", "xl/sharedStrings", "xl/comments"];
            starts.iter().any(|start| name.starts_with(start))
        };
        let content: Vec<_> = parts.filter(|(name, _)| is_content(name)).collect();
        let count = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("<comment ").count();
        Self {
            bytes: content.iter().map(|(_, bytes)| bytes.len()).sum(),
            notes: content.iter().map(|(_, bytes)| count(bytes)).sum(),
        }
    }
}

/// Whether something grows no faster than rows, from one number of them to twice and four times as many. What is there
/// without any rows is left out of account; the tenth is for numbers that grow longer.
fn grows_with_rows(sizes: [usize; 3]) -> bool {
    let [once, twice, four_times] = sizes;
    let (first, second) = (twice.saturating_sub(once), four_times.saturating_sub(twice));
    second <= 2 * first + first / 10 + 100
}

/// Holds all that was written for as many rows, and for twice and four times as many, against each other.
fn assert_all_grow_with_rows(written: &[Written; 3]) {
    let of = |size: &dyn Fn(&Written) -> usize| [0, 1, 2].map(|idx| size(&written[idx]));
    for (what, sizes) in [
        ("findings.json", of(&|it| it.json.len())),
        ("the workbook", of(&|it| it.workbook.bytes)),
        ("its notes", of(&|it| it.workbook.notes)),
        ("the copy", of(&|it| it.copy.bytes)),
        ("notes of the copy", of(&|it| it.copy.notes)),
    ] {
        assert!(grows_with_rows(sizes), "{what}: {sizes:?}");
    }
}

#[test]
fn what_grows_with_the_square_is_told_from_what_grows_with_rows() {
    let sizes = |of: fn(usize) -> usize| [N / 2, N, 2 * N].map(of);
    assert!(grows_with_rows(sizes(|n| 1_000_000 + 7 * n)));
    assert!(!grows_with_rows(sizes(|n| 1_000_000 + n * n / 10)));
}

fn merged(test: &str, register: &[u8]) -> Merged {
    let folder = folder(test);
    fs::write(folder.join("登记表.xlsx"), register).expect("it can be written");
    let files = inbox::list(&folder).expect("it can be listed");
    merge(luntai(), Period::Plan, Earlier::default(), &files, &|| ())
}

fn written(test: &str, register: &[u8]) -> Written {
    let merged = merged(test, register);
    let facts = json::Facts {
        scheme: luntai(),
        period: Some(merged.period),
        files: &merged.files,
        returns: &merged.returns,
        corrections: &merged.corrections,
        calls: &merged.calls,
        findings: &merged.findings,
        tallies: &merged.tallies,
    };
    let mut json = Vec::new();
    json::write(&facts, Lang::Zh, &mut json).expect("it can be written");
    let workbook = write_workbook(&merged, luntai(), Lang::Zh).expect("it can be written");
    let of_file = |finding: &&Finding| finding.place.is_some();
    let of_file: Vec<&Finding> = merged.findings.iter().filter(of_file).collect();
    let copy = annotate(register, &of_file, Lang::Zh).expect("it can be marked");
    Written {
        json: String::from_utf8(json).expect("text"),
        workbook: Size::of(&workbook),
        copy: Size::of(&copy.bytes),
        merged,
    }
}

/// How many findings there are of each kind about the register.
fn n_of_kinds(merged: &Merged) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in merged.findings.iter().filter(|it| it.place.is_some()) {
        *counts.entry(finding.kind.name()).or_default() += 1;
    }
    counts
}

const N: usize = 300;

#[test]
fn rows_that_are_alike_make_one_finding_and_cost_what_rows_cost() {
    let alike = |n: usize| {
        let row = texts(["同一单位", "2", "2016-06", "2024-06", "12"]);
        register((0..n).map(|_| row.clone()))
    };
    let all = [
        written("alike-half", &alike(N / 2)),
        written("alike", &alike(N)),
        written("alike-2", &alike(2 * N)),
    ];
    assert_all_grow_with_rows(&all);
    let [_, once, twice] = all;
    let counts = n_of_kinds(&once.merged);
    assert_eq!(counts, n_of_kinds(&twice.merged));
    for written in [&once, &twice] {
        let n_rows = written.merged.tables[0].rows.len();
        let unique = written.merged.findings.iter();
        let unique: Vec<&Finding> = unique.filter(|it| it.kind == Kind::Unique).collect();
        for finding in &unique {
            // At the first row that repeats another, with all others.
            let place = finding.place.as_ref().and_then(|place| place.cell);
            assert_eq!(place.map(|cell| cell.row), Some(5));
            assert_eq!(finding.cells.len(), n_rows - 1);
        }
        assert!(!unique.is_empty());
        let n_cells = n_rows * 10;
        let n_runs: usize = (written.merged.findings.iter())
            .map(|finding| finding.cells.runs().len())
            .sum();
        assert!(n_runs <= n_cells, "{n_runs} runs of {n_cells} cells");
    }
    // What is said is as long for 600 rows as for 300.
    assert!(twice.json.len() < once.json.len() + 500);
    let said = format!("与 D5、D7:D{} 相同", 2 * N + 4);
    assert!(twice.json.contains(&said), "{said}");
    assert!(twice.json.contains(&format!("\"n_cells\": {}", 2 * N - 1)));
}

#[test]
fn figures_typed_as_text_cost_what_cells_cost() {
    let typed = |n: usize| {
        register((0..n).map(|row| {
            let owner = format!("单位{row}");
            texts([&owner, "2．0", "2016-06", "2024-06", "1２"])
        }))
    };
    let all = [
        written("typed-half", &typed(N / 2)),
        written("typed", &typed(N)),
        written("typed-2", &typed(2 * N)),
    ];
    assert_all_grow_with_rows(&all);
    let [_, once, twice] = all;
    assert_eq!(n_of_kinds(&once.merged), n_of_kinds(&twice.merged));
    let read_as = |written: &Written| {
        let mut findings = written.merged.findings.iter();
        let found = findings.find(|it| it.kind == Kind::ReadAs && it.cells.len() > N);
        found.expect("one finding for all").cells.len()
    };
    assert_eq!(read_as(&once), 2 * N - 1);
    assert_eq!(read_as(&twice), 4 * N - 1);
    // Found row by row, they are told as the two columns that they are, here and in findings.json.
    let mut findings = twice.merged.findings.iter();
    let found = findings.find(|it| it.cells.len() == 4 * N - 1);
    let found = found.expect("one finding for all");
    let first = found.place.as_ref().and_then(|place| place.cell);
    let first = first.expect("a cell");
    let last_row = first.row + 2 * N as u32 - 1;
    let mut ranges: Vec<String> = (found.cells.runs().iter())
        .filter_map(|run| Some(format!("{}:{}", run.first.cell?, run.last?)))
        .collect();
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    let rest = CellRef::new(first.row + 1, first.col);
    assert!(ranges.contains(&format!("{rest}:{}", CellRef::new(last_row, first.col))));
    let said = format!("；{}（共 {} 格）也是", ranges.join("、"), 4 * N - 1);
    assert!(message(found, Lang::Zh).ends_with(&said), "{said}");
    ranges.sort();
    assert!(
        ranges
            .iter()
            .all(|range| twice.json.contains(&format!("\"{range}\"")))
    );
    assert!(twice.json.len() < once.json.len() + 500);
}

#[test]
fn a_finding_in_each_row_costs_what_rows_cost() {
    let faulty = |n: usize| {
        register((0..n).map(|row| {
            let owner = format!("单位{row}");
            texts([&owner, "2", "2016-06", "2024-06", "不清楚"])
        }))
    };
    let all = [
        written("faulty-half", &faulty(N / 2)),
        written("faulty", &faulty(N)),
        written("faulty-2", &faulty(2 * N)),
    ];
    assert_all_grow_with_rows(&all);
    assert!(all[1].json.len() < 2_000 * N);
}

#[test]
fn a_cell_that_holds_a_page_of_text_is_quoted_in_few_words() {
    let page = "长".repeat(32_767);
    let rows = [
        [&*page, "2", "2016-06", "2024-06", "12"],
        ["甲单位", &page, "2016-06", &page, &page],
        // Characters that XML cannot hold, and some that count for two.
        ["乙\u{1}单位", "2", "2016-06", "2024-06", "𠀀𠀀\u{b}"],
    ];
    let written = written("page", &register(rows.into_iter().map(texts)));
    for line in written.json.lines() {
        assert!(
            line.chars().count() < 1_200,
            "{} characters",
            line.chars().count()
        );
    }
    let not_a_number = written.merged.findings.iter();
    let not_a_number = not_a_number.filter(|it| it.kind == Kind::NotANumber);
    assert!(not_a_number.count() >= 3);
    let kept = written.merged.tables[0].rows[1].entries.iter();
    let kept = kept.filter(|entry| entry.value.to_string() == page);
    assert_eq!(kept.count(), 3, "what was read is kept as it is");
}

#[test]
fn a_long_note_of_the_county_is_cut_and_ends_no_merge() {
    let row = texts(["甲单位", "2", "2016-06", "2024-06", "12"]);
    let mut merged = merged("note", &register(std::iter::once(row)));
    merged.note = Some("本期说明。".repeat(20_000));
    let bytes = write_workbook(&merged, luntai(), Lang::Zh).expect("it can be written");
    let limits = hebiao::read::Limits::default();
    let workbook = hebiao::read::read(&bytes, &limits).expect("it can be read");
    let cells = workbook.sheets.iter().flat_map(|sheet| sheet.cells());
    let longest = cells.filter_map(|cell| match &cell.value {
        CellValue::Text(text) => Some(text.encode_utf16().count()),
        _ => None,
    });
    assert_eq!(longest.max(), Some(32_767));
}
