//! `findings.json`: every finding, and what became of every file, for other programs.
//!
//! Figures are text, because a reader that takes numbers for binary floats would change them. Paths are
//! relative to the inbox. A cell of another sheet than the finding's is written as spreadsheets
//! write it: `'附件7'!E3`, `'[轮台镇.xlsx]附件7'!E3`.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::workbook::marks::{Marked, marked_cells};
use super::{Lang, words};
use crate::model::{
    Amount, Awaits, Call, CellChange, Cells, Correction, Effect, FileRecord, FileStatus, Finding,
    Level, NewerBy, Period, PeriodSource, Place, ReporterSource, ReturnRecord, ReturnStatus,
    Suspect, TableRecord, Tally,
};
use crate::scheme::Scheme;

/// Cells of a finding that are listed one by one, and ranges of cells that are listed at all.
const LISTED: usize = 200;

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
    /// What newer returns changed; likewise.
    pub corrections: &'a [Correction],
    /// Whom to telephone about what; likewise.
    pub calls: &'a [Call],
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
    corrections: Vec<CorrectionEntry<'a>>,
    calls: Vec<CallEntry<'a>>,
    findings: Findings<'a>,
    counts: Counts,
}

/// Written one by one: the words of very many findings take more memory than the findings.
struct Findings<'a> {
    findings: &'a [Finding],
    lang: Lang,
}

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.findings.iter();
        serializer.collect_seq(entries.map(|finding| finding_entry(finding, self.lang)))
    }
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
    /// Whether it came.
    status: &'static str,
    /// How things stand with it.
    state: &'static str,
    late: bool,
    /// When the file taken was made, by its own account, in Beijing time.
    time: Option<String>,
    /// The files it came in, the one taken last.
    files: Vec<&'a str>,
    /// By what the one taken was found to be the newest.
    newer_by: Option<&'static str>,
    /// What asks something of the reporter.
    open: OpenEntry,
}

#[derive(Serialize)]
struct OpenEntry {
    mandatory: usize,
    quasi_mandatory: usize,
    verification: usize,
}

/// What a newer return changed against the one before it.
#[derive(Serialize)]
struct CorrectionEntry<'a> {
    reporter: &'a str,
    annex: &'a str,
    older: SheetEntry<'a>,
    newer: SheetEntry<'a>,
    newer_by: &'static str,
    changes: Vec<ChangeEntry<'a>>,
    /// Findings of the older form that the newer has not.
    removed: Vec<FindingEntry<'a>>,
    /// Findings of the newer form that the older had not.
    made: Vec<FindingEntry<'a>>,
}

#[derive(Serialize)]
struct SheetEntry<'a> {
    file: &'a str,
    sheet: Option<&'a str>,
}

#[derive(Serialize)]
struct ChangeEntry<'a> {
    /// In the newer form, or, for a row that it lacks, in the older.
    file: &'a str,
    cell: Option<String>,
    row: &'a str,
    column: &'a str,
    year: Option<u16>,
    /// Empty for a blank.
    old: String,
    new: String,
}

#[derive(Serialize)]
struct CallEntry<'a> {
    reporter: Option<&'a str>,
    annex: Option<&'a str>,
    /// Its place in `findings`, from 0.
    finding: usize,
    /// What is at stake and of how much; both are missing where that is not known, or no total depends on it.
    part: Option<String>,
    whole: Option<String>,
    /// `share`, `unknown` or `nothing`.
    effect: &'static str,
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
    /// The other cells concerned, one by one; where there are more than [`LISTED`], as ranges.
    cells: Vec<String>,
    /// How many those are.
    n_cells: usize,
    given: Option<&'a str>,
    expected: Option<&'a str>,
    difference: Option<String>,
    tolerance: Option<String>,
    message: String,
    suspects: Vec<SuspectEntry<'a>>,
    /// What fails because of it, and is not listed by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explains: Vec<RelationEntry<'a>>,
    /// Of a cause or a tie, how cells are marked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<MarkEntry<'a>>,
    explanation: Option<&'a str>,
    /// Who has to do something about it: `reporter`, `county` or nobody.
    awaits: Option<&'static str>,
}

#[derive(Serialize)]
struct SuspectEntry<'a> {
    cell: String,
    given: &'a str,
    likely: Option<&'a str>,
    why: String,
}

#[derive(Serialize)]
struct RelationEntry<'a> {
    rule: Option<&'a str>,
    kind: &'static str,
    level: &'static str,
    annex: Option<&'a str>,
    year: Option<u16>,
    cell: Option<String>,
    given: Option<&'a str>,
    expected: Option<&'a str>,
    difference: Option<String>,
    tolerance: Option<String>,
}

#[derive(Serialize)]
struct MarkEntry<'a> {
    cell: String,
    /// `wrong`, `candidate` or `related`.
    mark: &'static str,
    /// What would be right, where the cell may be wrong.
    likely: Option<&'a str>,
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
        corrections: (facts.corrections.iter())
            .map(|correction| correction_entry(scheme, correction, lang))
            .collect(),
        calls: (facts.calls.iter())
            .map(|call| call_entry(scheme, call))
            .collect(),
        findings: Findings {
            findings: facts.findings,
            lang,
        },
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
            FileStatus::Duplicate(_) | FileStatus::SameFigures(_) => "duplicate",
            FileStatus::Superseded(_) => "superseded",
            FileStatus::Ignored => "ignored",
        },
        reason: Some(words::file_reason(&file.status, lang)).filter(|reason| !reason.is_empty()),
        tables: file.tables.iter().map(table).collect(),
    }
}

fn return_entry<'a>(scheme: &'a Scheme, owed: &'a ReturnRecord) -> ReturnEntry<'a> {
    ReturnEntry {
        reporter: &scheme.reporters[owed.reporter].name,
        annex: &scheme.annexes[owed.annex].number,
        status: match owed.status {
            ReturnStatus::Returned => "returned",
            ReturnStatus::Missing => "missing",
            ReturnStatus::Superseded => "superseded",
        },
        state: owed.state.name(),
        late: owed.is_late,
        time: owed.time.map(|time| time.to_string()),
        files: owed.files.iter().map(|file| &**file).collect(),
        newer_by: owed.newer_by.map(NewerBy::name),
        open: OpenEntry {
            mandatory: owed.open[Level::Mandatory as usize],
            quasi_mandatory: owed.open[Level::QuasiMandatory as usize],
            verification: owed.open[Level::Verification as usize],
        },
    }
}

fn correction_entry<'a>(
    scheme: &'a Scheme,
    correction: &'a Correction,
    lang: Lang,
) -> CorrectionEntry<'a> {
    let sheet = |place: &'a Place| SheetEntry {
        file: &place.file,
        sheet: place.sheet.as_deref(),
    };
    let findings = |findings: &'a [Finding]| -> Vec<FindingEntry<'a>> {
        let findings = findings.iter();
        findings
            .map(|finding| finding_entry(finding, lang))
            .collect()
    };
    let change = |change: &'a CellChange| ChangeEntry {
        file: &change.place.file,
        cell: change.place.cell.map(|cell| cell.to_string()),
        row: &change.row,
        column: &change.column,
        year: change.year,
        old: change.old.to_string(),
        new: change.new.to_string(),
    };
    CorrectionEntry {
        reporter: &scheme.reporters[correction.reporter].name,
        annex: &scheme.annexes[correction.annex].number,
        older: sheet(&correction.older),
        newer: sheet(&correction.newer),
        newer_by: correction.newer_by.name(),
        changes: correction.changes.iter().map(change).collect(),
        removed: findings(&correction.removed),
        made: findings(&correction.made),
    }
}

fn call_entry<'a>(scheme: &'a Scheme, call: &Call) -> CallEntry<'a> {
    let (effect, amounts) = match call.effect {
        Effect::Share { part, whole } => ("share", Some((part, whole))),
        Effect::Unknown => ("unknown", None),
        Effect::Nothing => ("nothing", None),
    };
    CallEntry {
        reporter: call.reporter.map(|idx| &*scheme.reporters[idx].name),
        annex: call.annex.map(|idx| &*scheme.annexes[idx].number),
        finding: call.finding,
        part: amounts.map(|(part, _)| part.to_string()),
        whole: amounts.map(|(_, whole)| whole.to_string()),
        effect,
    }
}

/// A finding by itself.
pub fn finding_value(finding: &Finding, lang: Lang) -> serde_json::Value {
    serde_json::to_value(finding_entry(finding, lang)).unwrap_or_default()
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
        cells: references(&finding.cells, place),
        n_cells: finding.cells.len(),
        given: finding.given.as_deref(),
        expected: finding.expected.as_deref(),
        difference: text(finding.difference),
        tolerance: text(finding.tolerance),
        message: words::message(finding, lang),
        suspects: (finding.suspects.iter())
            .map(|suspect| suspect_entry(suspect, place, lang))
            .collect(),
        explains: (finding.explains().iter().take(LISTED))
            .map(|relation| relation_entry(relation, place))
            .collect(),
        marks: mark_entries(finding),
        explanation: finding.explanation.as_deref(),
        awaits: finding.awaits().map(Awaits::name),
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

fn relation_entry<'a>(relation: &'a Finding, seen_from: Option<&Place>) -> RelationEntry<'a> {
    let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
    let place = relation.place.as_ref();
    let cell = match place {
        // What is about several cells is at none of them.
        Some(place) if place.cell.is_none() => {
            let cells = references(&relation.cells, seen_from);
            (!cells.is_empty()).then(|| cells.join("+"))
        }
        place => place.map(|place| reference(place, seen_from)),
    };
    RelationEntry {
        rule: relation.rule.as_deref(),
        kind: relation.kind.name(),
        level: relation.level.name(),
        annex: relation.annex.as_deref(),
        year: relation.year,
        cell,
        given: relation.given.as_deref(),
        expected: relation.expected.as_deref(),
        difference: text(relation.difference),
        tolerance: text(relation.tolerance),
    }
}

fn mark_entries(finding: &Finding) -> Vec<MarkEntry<'_>> {
    if finding.explains().is_empty() && !finding.is_tie() {
        return Vec::new();
    }
    let seen_from = finding.place.as_ref();
    let cells = marked_cells(finding).into_iter().take(LISTED);
    let cells = cells.filter(|(place, _)| place.cell.is_some());
    let entry = |(place, marked): (Place, Marked)| {
        let mut suspects = finding.suspects.iter();
        let suspect = suspects.find(|it| it.place == place && marked != Marked::Related);
        MarkEntry {
            cell: reference(&place, seen_from),
            mark: match marked {
                Marked::Wrong => "wrong",
                Marked::Candidate => "candidate",
                Marked::Related => "related",
            },
            likely: suspect.and_then(|it| it.likely.as_deref()),
        }
    };
    cells.map(entry).collect()
}

/// The addresses of cells: of many as ranges, and of very many ranges only the first.
fn references(cells: &Cells, seen_from: Option<&Place>) -> Vec<String> {
    if cells.len() <= LISTED {
        return (cells.iter())
            .map(|cell| reference(&cell, seen_from))
            .collect();
    }
    let runs = cells.runs().iter().take(LISTED).map(|run| {
        let first = reference(&run.first, seen_from);
        match run.last.filter(|last| Some(*last) != run.first.cell) {
            Some(last) => format!("{first}:{last}"),
            None => first,
        }
    });
    runs.collect()
}

/// The address of a place as seen from another: no more of it than is needed.
fn reference(place: &Place, seen_from: Option<&Place>) -> String {
    let here = |from: &&Place| from.file == place.file;
    let same_file = seen_from.filter(here);
    let same_sheet = same_file.is_some_and(|from| from.sheet == place.sheet);
    let cell = place.cell.map(|cell| cell.to_string());
    let quoted = |text: &str| text.replace('\'', "''");
    // Some programs give the only sheet of a file no name.
    let name = place.sheet.as_ref().filter(|name| !name.is_empty());
    let sheet = match (name, same_file) {
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
