//! Marked copies of an .xlsx that an input made parts of, and copies of those copies.

#![no_main]

use hebiao::model::{CellRef, Detail, Finding, Kind, Level, Place, Workbook};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::annotate;
use hebiao_fuzz::limits;
use hebiao_fuzz::packages::XLSX;
use hebiao_fuzz::sound::{assert_kept, read_soundly};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let original = XLSX.file(data);
    let Some(workbook) = read_soundly(&original, &limits()) else {
        return;
    };
    let findings = findings(&workbook);
    let findings: Vec<&Finding> = findings.iter().collect();
    let mut bytes = original;
    for _ in 0..2 {
        let copy = annotate(&bytes, &findings, Lang::Zh).expect("what is read is marked");
        let read = read(&copy.bytes, &Limits::default()).expect("a copy is read");
        assert!(read.sheets.iter().any(hebiao::explanations::is_ours));
        assert_kept(&workbook, &read);
        bytes = copy.bytes;
    }
});

/// One on a filled cell, one on a blank, one on the sheet, one on a sheet that is not there.
fn findings(workbook: &Workbook) -> Vec<Finding> {
    let file = "a.xlsx".into();
    let mut findings = Vec::new();
    for sheet in &workbook.sheets {
        let name = sheet.name.as_str().into();
        let first = sheet.cells().first().map(|cell| cell.at);
        let last = sheet.cells().last().map(|cell| cell.at);
        for at in [first, last, Some(CellRef::new(4, 7)), None] {
            let detail = Detail::BlankForm;
            let level = if at == first {
                Level::Mandatory
            } else {
                Level::Hint
            };
            let place = Place::sheet(&file, &name, at);
            findings.push(Finding::new(Kind::MissingRow, level, detail).at(place));
        }
    }
    let gone = Place::sheet(&file, &"没有".into(), Some(CellRef::new(0, 0)));
    findings.push(Finding::new(Kind::MissingRow, Level::Verification, Detail::BlankForm).at(gone));
    findings
}
