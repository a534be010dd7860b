//! A file of forms from its name and its cells: recognised, normalised, checked and localised with the shipped
//! scheme, and told in both languages.

#![no_main]

use std::io::sink;
use std::path::PathBuf;
use std::sync::OnceLock;

use hebiao::inbox;
use hebiao::model::{Amount, CellValue, Earlier, FileStatus, Period, Place, Value, Workbook};
use hebiao::pipeline::{CheckedFiles, check_files};
use hebiao::report::json::{self, Facts};
use hebiao::report::{Lang, text};
use hebiao_fuzz::grid::GridFile;
use hebiao_fuzz::scheme::luntai;
use hebiao_fuzz::sound::assert_refused;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let made = GridFile::of(data);
    let path = folder().join(&made.name);
    std::fs::write(&path, made.bytes()).expect("a file");
    let files = inbox::list(folder()).expect("a folder");
    let period = match data.len() % 3 {
        0 => None,
        1 => Some(Period::Plan),
        _ => Period::parse("2024-05"),
    };
    let earlier = |_| Earlier::default();
    let checked = check_files(luntai(), period, &earlier, &files, &|| ());
    std::fs::remove_file(&path).expect("a file");
    for file in &checked.files {
        if let FileStatus::Unreadable(reason) = &file.status {
            assert_refused(reason);
        }
    }
    places(&checked);
    for workbook in checked.workbooks.iter().flatten() {
        figures(&checked, workbook);
    }
    told(&checked, period);
});

/// A folder of this process alone.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // More threads than one would only be in each other's way.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build_global();
        let folder = std::env::temp_dir().join(format!("hebiao-fuzz-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}

/// Every finding is about this file, and about a sheet that it has.
fn places(checked: &CheckedFiles) {
    for finding in &checked.findings {
        let of_suspects = finding.suspects.iter().map(|suspect| suspect.place.clone());
        let places: Vec<Place> = finding
            .place
            .iter()
            .cloned()
            .chain(finding.cells.iter())
            .chain(of_suspects)
            .collect();
        for place in places {
            assert!(
                checked.files.iter().any(|file| file.path == place.file),
                "{place:?}"
            );
            let Some(sheet) = &place.sheet else { continue };
            let sheets = checked
                .workbooks
                .iter()
                .flatten()
                .flat_map(|workbook| &workbook.sheets);
            assert!(
                sheets.into_iter().any(|one| *one.name == **sheet),
                "{place:?}"
            );
        }
    }
}

/// No figure comes out of nothing, and none is another than its cell's without a word.
fn figures(checked: &CheckedFiles, workbook: &Workbook) {
    for table in &checked.tables {
        let Some(sheet) = workbook
            .sheets
            .iter()
            .find(|sheet| *sheet.name == *table.sheet)
        else {
            panic!("a table of no sheet");
        };
        for (row_idx, row) in table.rows.iter().enumerate() {
            for (leaf, entry) in row.entries.iter().enumerate() {
                let (Value::Amount(amount), Some(at)) = (&entry.value, table.cell(row, leaf))
                else {
                    continue;
                };
                let cell = sheet
                    .get(at)
                    .unwrap_or_else(|| panic!("{amount} out of the blank {at}"));
                let CellValue::Number(number) = cell.value else {
                    continue;
                };
                let shown = Amount::from_float(number, 0);
                let is_same = shown == Some(*amount)
                    || cell.format.percent
                        && shown.and_then(|shown| shown.checked_mul(100.into())) == Some(*amount);
                assert!(
                    is_same || table.original(row_idx, leaf).is_some(),
                    "{at} holds {number} and is read as {amount}"
                );
            }
        }
    }
}

fn told(checked: &CheckedFiles, period: Option<Period>) {
    for lang in [Lang::Zh, Lang::En] {
        text::report(checked, luntai(), Some(80), lang);
        let facts = Facts {
            scheme: luntai(),
            period,
            files: &checked.files,
            returns: &[],
            corrections: &[],
            calls: &[],
            findings: &checked.findings,
            tallies: &checked.tallies,
        };
        json::write(&facts, lang, sink()).expect("a sink takes all");
    }
}
