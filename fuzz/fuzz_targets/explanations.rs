//! 审核说明 as it comes back: whatever its cells hold, nothing that a reporter wrote is lost.

#![no_main]

use std::sync::Arc;

use hebiao::explanations::{Explanation, apply_explanations, explanations, keys};
use hebiao::model::{CellRef, Detail, Finding, Kind, Level, Period, Place};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::annotate;
use hebiao_fuzz::grid::GridFile;
use hebiao_fuzz::limits;
use hebiao_fuzz::sound::{assert_kept, read_soundly};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = GridFile::of(data).bytes();
    let Some(workbook) = read_soundly(&bytes, &limits()) else {
        return;
    };
    let file: Arc<str> = "轮台镇.xlsx".into();
    let written = explanations(&workbook, &file);
    for explanation in &written {
        assert!(!explanation.text.trim().is_empty());
        assert_eq!(explanation.place.file, file);
    }
    let mut findings = findings(&file);
    let keys = keys(findings.iter());
    let noticed = apply_explanations(&mut findings, &written);
    assert!(noticed.iter().all(|finding| finding.place.is_some()));
    for (finding, key) in findings.iter().zip(&keys) {
        let fits = |one: &&Explanation| {
            let periods = one.period.zip(finding.period);
            one.key == *key && periods.is_none_or(|(one, other)| one == other)
        };
        let mut fitting = written.iter().filter(fits);
        match &finding.explanation {
            Some(text) => assert!(
                fitting.any(|one| one.text == *text),
                "{text:?} is of another"
            ),
            None => assert!(fitting.next().is_none(), "{key} was explained"),
        }
    }
    let of_file: Vec<&Finding> = findings.iter().collect();
    let copy = annotate(&bytes, &of_file, Lang::Zh).expect("what is read is marked");
    let copy = read(&copy.bytes, &Limits::default()).expect("a copy is read");
    if written.is_empty() {
        assert_kept(&workbook, &copy);
    }
    let kept = explanations(&copy, &file);
    for one in &written {
        // Of a key that is none of ours the end may be taken for a period.
        let key = |explanation: &Explanation| explanation.key.trim_end_matches('|').to_owned();
        let is_same = |kept: &Explanation| {
            key(kept) == key(one) && squeezed(&kept.text) == squeezed(&one.text)
        };
        assert!(kept.iter().any(is_same), "{one:?} is lost");
    }
});

/// Without blanks, which a sheet may keep otherwise.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn findings(file: &Arc<str>) -> Vec<Finding> {
    let finding = |cell: (u32, u32), level, period: Option<&str>| {
        let place = Place::sheet(file, &"附件30".into(), Some(CellRef::new(cell.0, cell.1)));
        let mut finding = Finding::new(Kind::MissingRow, level, Detail::BlankForm).at(place);
        finding.annex = Some("附件3".into());
        finding.row = Some("轮台镇".into());
        finding.period = period.and_then(Period::parse);
        finding
    };
    vec![
        finding((2, 1), Level::Mandatory, Some("2024-05")),
        finding((2, 1), Level::Verification, Some("2024-05")),
        finding((2, 2), Level::Hint, None),
        {
            let mut finding = finding((2, 3), Level::QuasiMandatory, None);
            finding.rule = Some("A3-01".into());
            finding.column = Some("三年合计".into());
            finding.year = Some(2024);
            finding
        },
    ]
}
