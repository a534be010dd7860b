//! The plan's own figures, as the offices returned them: the disagreements that an audit by hand
//! found (tests/plan/expected.toml) come out, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use hebiao::inbox;
use hebiao::model::{Earlier, Finding, Kind, Level, Period};
use hebiao::pipeline::{Merged, merge};
use hebiao::scheme::{Scheme, SchemeFile, load};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    finding: Vec<ExpectedFinding>,
}

#[derive(Deserialize)]
struct ExpectedFinding {
    annex: Option<String>,
    row: Option<String>,
    column: Option<String>,
    year: Option<u16>,
    given: Option<String>,
    expected: Option<String>,
    difference: Option<String>,
    level: String,
    kind: String,
    rule: Option<String>,
    in_forms: bool,
}

pub(crate) fn scheme() -> Scheme {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
    let files = std::fs::read_dir(folder).expect("the scheme's folder");
    let files: Vec<SchemeFile> = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| SchemeFile {
            name: path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned(),
            text: std::fs::read_to_string(&path).expect("a file of the scheme"),
        })
        .collect();
    load(&files).expect("the scheme is right")
}

pub(crate) fn merged(scheme: &Scheme) -> Merged {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let files = inbox::list(&folder).expect("the sample inbox");
    merge(scheme, Period::Plan, Earlier::default(), &files, &|| {})
}

#[test]
fn the_audit_by_hand_and_the_program_agree() {
    let scheme = scheme();
    let merged = merged(&scheme);
    let text = include_str!("../plan/expected.toml");
    let expected: Expected = toml::from_str(text).expect("expected.toml");
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for finding in expected.finding.iter().filter(|finding| finding.in_forms) {
        *wanted.entry(line_of(finding)).or_default() += 1;
    }
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for finding in merged.findings.iter().filter(|finding| !is_habit(finding)) {
        // A cause stands for the relations that fail because of it.
        match finding.explains() {
            [] => *found.entry(line(finding)).or_default() += 1,
            relations => {
                for relation in relations {
                    *found.entry(line(relation)).or_default() += 1;
                }
            }
        }
    }
    assert_eq!(found, wanted);
    // 疑为两个灌区的农业用水分错: told once for both rows, at the figures that the audit suspects.
    let causes = merged
        .findings
        .iter()
        .filter(|it| it.kind == Kind::Miswritten);
    let causes: Vec<String> = causes
        .map(|cause| {
            let likely = cause.suspects.iter().map(|suspect| {
                let cell = suspect.place.cell.expect("a cell");
                format!("{cell} {:?}", suspect.likely.as_deref().unwrap_or_default())
            });
            likely.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        causes,
        [r#"R10 "2894" R11 "1236""#, r#"Q7 "1421" Q8 "3194""#]
    );
}

#[test]
fn every_file_is_read_and_every_return_has_come() {
    let scheme = scheme();
    let merged = merged(&scheme);
    assert_eq!(merged.files.len(), 19);
    for file in &merged.files {
        assert_eq!(
            file.status,
            hebiao::model::FileStatus::Read,
            "{}",
            file.path
        );
        assert!(!file.tables.is_empty(), "{}", file.path);
    }
    // Eleven townships return 附件3 and 附件7, ten of them 附件6.2, and departments nine annexes.
    assert_eq!(merged.returns.len(), 11 + 11 + 10 + 9);
    assert!(
        merged
            .returns
            .iter()
            .all(|record| record.status == hebiao::model::ReturnStatus::Returned)
    );
}

#[test]
fn of_each_form_the_values_are_counted_that_the_plan_prints() {
    let scheme = scheme();
    let merged = merged(&scheme);
    let tables = merged.files.iter().flat_map(|file| &file.tables);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for table in tables {
        *counts
            .entry(&scheme.annexes[table.annex].number)
            .or_default() += table.observations;
    }
    for (annex, n_values) in [
        // Indicators times years; － is an answer.
        ("附件1", 4 * 3),
        ("附件1.1", 3 * 3),
        // One remark; of 生产绿地 two years are blank.
        ("附件2", 3 * 3 + 1),
        ("附件2.1", 4 * 5 - 2 + 1),
        ("附件3.1", 4 * 3),
        ("附件4", 3 + 1),
        ("附件5", 10 * 2),
        // Of ten columns, 序号 and two keys are no values and 备注 is blank; of fifteen, 序号, one key, 备注.
        ("附件6", 7 * 6),
        ("附件6.1", 2 * 12),
    ] {
        assert_eq!(counts[annex], n_values, "{annex}");
    }
}

#[test]
fn whatever_is_said_of_a_form_says_whose_it_is() {
    let scheme = scheme();
    for finding in &merged(&scheme).findings {
        assert!(finding.reporter.is_some(), "{finding:?}");
    }
}

#[test]
fn what_the_habits_of_offices_deserve_is_a_hint() {
    let scheme = scheme();
    for finding in merged(&scheme)
        .findings
        .iter()
        .filter(|finding| is_habit(finding))
    {
        assert_eq!(finding.level, Level::Hint, "{finding:?}");
    }
}

/// Text numbers and a helper column: how forms were filled in, not what they say.
fn is_habit(finding: &Finding) -> bool {
    matches!(finding.kind, Kind::ReadAs | Kind::UnexpectedColumn)
}

fn line(finding: &Finding) -> String {
    if finding.kind == Kind::Alias {
        let (given, expected) = (finding.given.as_deref(), finding.expected.as_deref());
        return format!(
            "{} {:?} {given:?} {expected:?}",
            finding.level,
            finding.annex.as_deref()
        );
    }
    format!(
        "{} {} {:?} {:?} {:?} {:?} given {:?} expected {:?} difference {:?}",
        finding.level,
        finding.rule.as_deref().unwrap_or(""),
        finding.annex.as_deref(),
        finding.row.as_deref(),
        finding.column.as_deref(),
        finding.year,
        finding.given,
        finding.expected,
        finding
            .difference
            .map(|difference| difference.normalised().to_string()),
    )
}

fn line_of(finding: &ExpectedFinding) -> String {
    if finding.kind == Kind::Alias.name() {
        let (given, expected) = (finding.given.as_deref(), finding.expected.as_deref());
        return format!(
            "{} {:?} {given:?} {expected:?}",
            finding.level,
            finding.annex.as_deref()
        );
    }
    format!(
        "{} {} {:?} {:?} {:?} {:?} given {:?} expected {:?} difference {:?}",
        finding.level,
        finding.rule.as_deref().unwrap_or(""),
        finding.annex.as_deref(),
        finding.row.as_deref(),
        finding.column.as_deref(),
        finding.year,
        finding.given,
        finding.expected,
        finding.difference,
    )
}
