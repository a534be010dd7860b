//! findings.json against one written by hand.

use hebiao::model::{
    Detail, FileRecord, FileStatus, Finding, Format, Guards, Kind, Level, Operand, Period, Place,
    Reason, ReporterSource, ReturnRecord, ReturnStatus, Suspect, TableRecord, Tally, Version,
};
use hebiao::report::json::{Facts, write};
use hebiao::report::{Lang, words};
use hebiao::scheme::{
    Annex, Confirmed, Due, Reporter, ReporterKind, ReturnedBy, Roster, Rows, Scheme, Units,
};

#[test]
fn findings_json_is_what_the_design_says() {
    let scheme = scheme();
    let files = files();
    let returns = [
        owed(0, ReturnStatus::Returned),
        owed(1, ReturnStatus::Missing),
        owed(0, ReturnStatus::Superseded),
    ];
    let findings = findings();
    let facts = Facts {
        scheme: &scheme,
        period: Period::parse("2024-05"),
        files: &files,
        returns: &returns,
        corrections: &[],
        calls: &[],
        findings: &findings,
        tallies: &[cannot_check(2), cannot_check(1)],
    };
    // The words are another test's.
    let message = |idx: usize| words::message(&findings[idx], Lang::Zh);
    let reason = |file: &FileRecord| words::file_reason(&file.status, Lang::Zh);
    let expected = include_str!("findings.json")
        .replace("VERSION", env!("CARGO_PKG_VERSION"))
        .replace("REASON-DUPLICATE", &reason(&files[1]))
        .replace("REASON-SUPERSEDED", &reason(&files[2]))
        .replace("REASON-IGNORED", &reason(&files[3]))
        .replace("MESSAGE-0", &escaped(&message(0)))
        .replace("MESSAGE-1", &escaped(&message(1)))
        .replace("MESSAGE-2", &escaped(&message(2)));
    assert_eq!(written(&facts), expected);
}

/// Up to 200 cells are listed one by one, more as ranges; of those again the first 200.
#[test]
fn many_cells_are_listed_as_ranges_with_their_number() {
    let scheme = scheme();
    let place = |cell: &str| {
        let cell = cell.parse().expect("an address");
        Place::sheet(&"a.xlsx".into(), &"附件7".into(), Some(cell))
    };
    let cells = |name: &dyn Fn(usize) -> String, n: usize| -> (Vec<String>, u64) {
        let detail = Detail::ReadAs(hebiao::model::ReadAs::TextNumber);
        let mut finding = Finding::new(Kind::ReadAs, Level::Hint, detail);
        finding.place = Some(place("A1"));
        let others = (2..n + 2).map(|row| place(&name(row)));
        finding.cells = others.collect();
        let facts = Facts {
            scheme: &scheme,
            period: None,
            files: &[],
            returns: &[],
            corrections: &[],
            calls: &[],
            findings: &[finding],
            tallies: &[],
        };
        let json: serde_json::Value = serde_json::from_str(&written(&facts)).expect("JSON");
        let finding = &json["findings"][0];
        let cells = finding["cells"].as_array().expect("a list").iter();
        let cells = cells.map(|cell| cell.as_str().expect("a text").to_owned());
        (
            cells.collect(),
            finding["n_cells"].as_u64().expect("a number"),
        )
    };
    let below = |row: usize| format!("B{row}");
    let (listed, n) = cells(&below, 200);
    assert_eq!((listed.len(), &*listed[199], n), (200, "B201", 200));
    assert_eq!(cells(&below, 201), (vec!["B2:B202".to_owned()], 201));
    let every_second = |row: usize| format!("B{}", 2 * row);
    let (listed, n) = cells(&every_second, 1_000);
    assert_eq!((listed.len(), &*listed[199], n), (200, "B402", 1_000));
}

#[test]
fn a_check_of_single_files_has_no_period_and_nothing_owed() {
    let scheme = scheme();
    let facts = Facts {
        scheme: &scheme,
        period: None,
        files: &[],
        returns: &[],
        corrections: &[],
        calls: &[],
        findings: &[],
        tallies: &[],
    };
    let expected = r#"{
  "tool": "hebiao VERSION",
  "scheme": {
    "id": "luntai-2023-2025",
    "area": "轮台县",
    "fingerprint": "5eed"
  },
  "period": null,
  "files": [],
  "returns": [],
  "corrections": [],
  "calls": [],
  "findings": [],
  "counts": {
    "files": 0,
    "observations": 0,
    "mandatory": 0,
    "quasi_mandatory": 0,
    "verification": 0,
    "hint": 0,
    "cannot_check": 0
  }
}
"#;
    let expected = expected.replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(written(&facts), expected);
}

fn written(facts: &Facts) -> String {
    let mut bytes = Vec::new();
    write(facts, Lang::Zh, &mut bytes).expect("memory takes it");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// As it stands inside a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("text is JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

fn files() -> Vec<FileRecord> {
    let file = |path: &str, status, tables| FileRecord {
        path: path.into(),
        sha256: format!("sha of {path}"),
        format: Some(Format::Xlsx),
        version: Version::default(),
        status,
        is_whole: true,
        tables,
    };
    let table = TableRecord {
        sheet: "附件7".into(),
        hidden: false,
        annex: 0,
        reporter: Some(0),
        found_by: Some(ReporterSource::Form),
        period: Period::Plan,
        period_found_by: None,
        kept_apart: false,
        dated: None,
        observations: 21,
        superseded: false,
    };
    let unknown = TableRecord {
        reporter: None,
        period: Period::Plan,
        period_found_by: None,
        kept_apart: false,
        observations: 4,
        ..table.clone()
    };
    let mut ignored = file("~$a.xlsx", FileStatus::Ignored, Vec::new());
    ignored.format = None;
    vec![
        file("a.xlsx", FileStatus::Read, vec![table, unknown]),
        file("b.xlsx", FileStatus::Duplicate("a.xlsx".into()), Vec::new()),
        file(
            "c.xlsx",
            FileStatus::Superseded("a.xlsx".into()),
            Vec::new(),
        ),
        ignored,
    ]
}

fn findings() -> Vec<Finding> {
    let place = |file: &str, sheet: &str, cell: &str| Place {
        file: file.into(),
        sheet: Some(sheet.into()),
        cell: Some(cell.parse().expect("a cell")),
    };
    let operand = |label: &str, value: &str| Operand {
        label: label.into(),
        value: value.into(),
        place: None,
    };
    let detail = Detail::Sum {
        total: operand("用水总量", "53"),
        parts: vec![operand("地表水", "20.5"), operand("地下水", "14.50")],
    };
    let mut sum = Finding::new(Kind::Sum, Level::Mandatory, detail)
        .at(place("a.xlsx", "附件7", "E3"))
        .given("53")
        .expected("35.00");
    sum.rule = Some("A7-01".into());
    sum.annex = Some("附件7".into());
    sum.reporter = Some("轮台镇".into());
    sum.row = Some("迪那河灌区·轮台镇".into());
    sum.column = Some("用水总量".into());
    sum.year = Some(2023);
    sum.cells = vec![
        place("a.xlsx", "附件7", "F3"),
        place("a.xlsx", "附件7", "G3"),
    ]
    .into();
    sum.difference = Some("18.00".parse().expect("a figure"));
    sum.tolerance = Some("0.5".parse().expect("a figure"));
    sum.suspects = vec![Suspect {
        place: place("a.xlsx", "附件7", "E3"),
        given: "53".into(),
        likely: Some("35".into()),
        why: vec![Reason::DigitsSwapped],
    }];
    sum.explanation = Some("已与水利局\"核实\"".into());

    let detail = Detail::Equal {
        left: operand("造林", "4500 亩"),
        right: operand("造林", "0.46 万亩"),
    };
    let mut equal =
        Finding::new(Kind::Equal, Level::QuasiMandatory, detail).at(place("a.xlsx", "附件7", "B2"));
    equal.cells = vec![
        place("a.xlsx", "it's", "C4"),
        place("草湖乡/d.xlsx", "附件5", "D5"),
        Place::file(&"e.xlsx".into()),
    ]
    .into();

    let mut missing = Finding::new(Kind::NotReturned, Level::Hint, Detail::NotReturned);
    missing.annex = Some("附件7".into());
    missing.reporter = Some("草湖乡".into());
    vec![sum, equal, missing]
}

fn owed(reporter: usize, status: ReturnStatus) -> ReturnRecord {
    ReturnRecord::new(reporter, 0, status, Vec::new())
}

fn cannot_check(times: u64) -> Tally {
    Tally {
        pass: 7,
        cannot_check: times,
        ..Tally::default()
    }
}

fn scheme() -> Scheme {
    let reporter = |code: &str, name: &str| Reporter {
        code: code.into(),
        name: name.into(),
        kind: ReporterKind::Township,
        aliases: Vec::new(),
    };
    let reporters = vec![reporter("T01", "轮台镇"), reporter("T02", "草湖乡")];
    Scheme {
        id: "luntai-2023-2025".into(),
        title: "方案".into(),
        area: "轮台县".into(),
        years: vec![2023],
        fingerprint: "5eed".into(),
        guards: Guards::default(),
        units: Units::default(),
        roster: Roster::new("轮台县", &reporters),
        reporters,
        annexes: vec![Annex {
            number: "附件7".into(),
            title: "用水指标".into(),
            unit_line: None,
            unit: None,
            returned_by: ReturnedBy::Kind(ReporterKind::Township),
            responsible: None,
            columns: Vec::new(),
            leaves: Vec::new(),
            depth: 1,
            row_key: Vec::new(),
            year_column: None,
            reporter_key: None,
            reporter_column: None,
            rows: Rows::Register,
            total: None,
            notes: Vec::new(),
            due: Due {
                every: None,
                plan: true,
                day: None,
                until: None,
            },
            one_row_each: None,
            rows_are_figures: false,
            publish: Vec::new(),
        }],
        rules: Vec::new(),
        confirmed: Confirmed::default(),
    }
}
