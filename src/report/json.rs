//! `findings.json`: every finding, and what became of every file, for other programs.
//!
//! Figures are text, because a reader that takes numbers for binary floats would change them. Paths are
//! relative to the inbox. A cell of another sheet than the finding's is written as spreadsheets
//! write it: `'附件7'!E3`, `'[轮台镇.xlsx]附件7'!E3`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Lang, words};
use crate::model::{
    Amount, FileRecord, FileStatus, Finding, Level, Period, PeriodSource, Place, ReporterSource,
    ReturnRecord, ReturnStatus, Suspect, TableRecord, Tally,
};
use crate::scheme::Scheme;

/// What there is to write.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The scheme that was checked against.
    pub scheme: &'a Scheme,
    /// `plan` or a month; `None` where single files are checked.
    pub period: Option<Period>,
    /// Every file, by path.
    pub files: &'a [FileRecord],
    /// What is owed; empty where single files are checked.
    pub returns: &'a [ReturnRecord],
    /// All findings, in order.
    pub findings: &'a [Finding],
    /// One for each rule.
    pub tallies: &'a [Tally],
}

/// Writes findings.json, with a line break at the end.
pub fn write(facts: &Facts, lang: Lang, mut writer: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut writer, &report(facts, lang))?;
    writer.write_all(b"\n")
}

#[derive(Serialize)]
struct Report<'a> {
    tool: &'static str,
    scheme: SchemeEntry<'a>,
    period: Option<String>,
    files: Vec<FileEntry<'a>>,
    returns: Vec<ReturnEntry<'a>>,
    findings: Vec<FindingEntry<'a>>,
    counts: Counts,
}

#[derive(Serialize)]
struct SchemeEntry<'a> {
    id: &'a str,
    /// The county.
    area: &'a str,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct FileEntry<'a> {
    path: &'a str,
    sha256: &'a str,
    format: Option<String>,
    status: &'static str,
    reason: Option<String>,
    tables: Vec<TableEntry<'a>>,
}

#[derive(Serialize)]
struct TableEntry<'a> {
    sheet: &'a str,
    annex: &'a str,
    reporter: Option<&'a str>,
    /// How the reporter was found.
    reporter_from: Option<&'static str>,
    period: String,
    /// Where the form says what it is about.
    period_from: Option<&'static str>,
    /// Whether it does not count, because it is about another period.
    kept_apart: bool,
    observations: usize,
}

#[derive(Serialize)]
struct ReturnEntry<'a> {
    reporter: &'a str,
    annex: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    rule: Option<&'a str>,
    kind: &'static str,
    level: &'static str,
    annex: Option<&'a str>,
    reporter: Option<&'a str>,
    year: Option<u16>,
    file: Option<&'a str>,
    sheet: Option<&'a str>,
    cell: Option<String>,
    cells: Vec<String>,
    given: Option<&'a str>,
    expected: Option<&'a str>,
    difference: Option<String>,
    tolerance: Option<String>,
    message: String,
    suspects: Vec<SuspectEntry<'a>>,
    explanation: Option<&'a str>,
}

#[derive(Serialize)]
struct SuspectEntry<'a> {
    cell: String,
    given: &'a str,
    likely: Option<&'a str>,
    why: String,
}

#[derive(Serialize)]
struct Counts {
    files: usize,
    observations: usize,
    mandatory: usize,
    quasi_mandatory: usize,
    verification: usize,
    hint: usize,
    cannot_check: u64,
}

fn report<'a>(facts: &Facts<'a>, lang: Lang) -> Report<'a> {
    let scheme = facts.scheme;
    Report {
        tool: concat!("hebiao ", env!("CARGO_PKG_VERSION")),
        scheme: SchemeEntry {
            id: &scheme.id,
            area: &scheme.area,
            fingerprint: &scheme.fingerprint,
        },
        period: facts.period.map(|period| period.to_string()),
        files: (facts.files.iter())
            .map(|file| file_entry(scheme, file, lang))
            .collect(),
        returns: (facts.returns.iter())
            .map(|owed| return_entry(scheme, owed))
            .collect(),
        findings: (facts.findings.iter())
            .map(|finding| finding_entry(finding, lang))
            .collect(),
        counts: counts(facts),
    }
}

fn file_entry<'a>(scheme: &'a Scheme, file: &'a FileRecord, lang: Lang) -> FileEntry<'a> {
    let table = |table: &'a TableRecord| TableEntry {
        sheet: &table.sheet,
        annex: &scheme.annexes[table.annex].number,
        reporter: table.reporter.map(|idx| &*scheme.reporters[idx].name),
        reporter_from: table.found_by.map(ReporterSource::name),
        period: table.period.to_string(),
        period_from: table.period_found_by.map(PeriodSource::name),
        kept_apart: table.kept_apart,
        observations: table.observations,
    };
    FileEntry {
        path: &file.path,
        sha256: &file.sha256,
        format: file.format.map(|format| format.to_string()),
        status: match file.status {
            FileStatus::Read => "read",
            FileStatus::Unreadable(_) => "unreadable",
            FileStatus::Duplicate(_) => "duplicate",
            FileStatus::Superseded(_) => "superseded",
            FileStatus::Ignored => "ignored",
        },
        reason: Some(words::file_reason(&file.status, lang)).filter(|reason| !reason.is_empty()),
        tables: file.tables.iter().map(table).collect(),
    }
}

fn return_entry<'a>(scheme: &'a Scheme, owed: &ReturnRecord) -> ReturnEntry<'a> {
    ReturnEntry {
        reporter: &scheme.reporters[owed.reporter].name,
        annex: &scheme.annexes[owed.annex].number,
        status: match owed.status {
            ReturnStatus::Returned => "returned",
            ReturnStatus::Missing => "missing",
            ReturnStatus::Superseded => "superseded",
        },
    }
}

fn finding_entry(finding: &Finding, lang: Lang) -> FindingEntry<'_> {
    let place = finding.place.as_ref();
    let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
    FindingEntry {
        rule: finding.rule.as_deref(),
        kind: finding.kind.name(),
        level: finding.level.name(),
        annex: finding.annex.as_deref(),
        reporter: finding.reporter.as_deref(),
        year: finding.year,
        file: place.map(|place| &*place.file),
        sheet: place.and_then(|place| place.sheet.as_deref()),
        cell: place
            .and_then(|place| place.cell)
            .map(|cell| cell.to_string()),
        cells: (finding.cells.iter())
            .map(|cell| reference(cell, place))
            .collect(),
        given: finding.given.as_deref(),
        expected: finding.expected.as_deref(),
        difference: text(finding.difference),
        tolerance: text(finding.tolerance),
        message: words::message(finding, lang),
        suspects: (finding.suspects.iter())
            .map(|suspect| suspect_entry(suspect, place, lang))
            .collect(),
        explanation: finding.explanation.as_deref(),
    }
}

fn suspect_entry<'a>(
    suspect: &'a Suspect,
    seen_from: Option<&Place>,
    lang: Lang,
) -> SuspectEntry<'a> {
    SuspectEntry {
        cell: reference(&suspect.place, seen_from),
        given: &suspect.given,
        likely: suspect.likely.as_deref(),
        why: words::reasons(suspect, seen_from, lang),
    }
}

/// The address of a place as seen from another: no more of it than is needed.
fn reference(place: &Place, seen_from: Option<&Place>) -> String {
    let here = |from: &&Place| from.file == place.file;
    let same_file = seen_from.filter(here);
    let same_sheet = same_file.is_some_and(|from| from.sheet == place.sheet);
    let cell = place.cell.map(|cell| cell.to_string());
    let quoted = |text: &str| text.replace('\'', "''");
    let sheet = match (&place.sheet, same_file) {
        _ if same_sheet && cell.is_some() => None,
        (Some(sheet), Some(_)) => Some(format!("'{}'", quoted(sheet))),
        (Some(sheet), None) => Some(format!("'[{}]{}'", quoted(&place.file), quoted(sheet))),
        (None, _) => Some(format!("'[{}]'", quoted(&place.file))),
    };
    let parts: Vec<String> = sheet.into_iter().chain(cell).collect();
    parts.join("!")
}

fn counts(facts: &Facts) -> Counts {
    let of = |level| (facts.findings.iter().filter(|f| f.level == level)).count();
    Counts {
        files: facts.files.len(),
        observations: (facts.files.iter().flat_map(|file| &file.tables))
            .map(|table| table.observations)
            .sum(),
        mandatory: of(Level::Mandatory),
        quasi_mandatory: of(Level::QuasiMandatory),
        verification: of(Level::Verification),
        hint: of(Level::Hint),
        cannot_check: facts.tallies.iter().map(|tally| tally.cannot_check).sum(),
    }
}
