//! One file of an inbox: read, recognised, normalised and checked, as far as that goes without the others.

use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::check::{Checked, Checker};
use crate::explanations::{self, Explanation};
use crate::inbox::InboxFile;
use crate::localise::localise;
use crate::model::{
    Detail, Earlier, FileRecord, FileStatus, Finding, Kind, Level, Period, Place, Row, Stamp,
    Table, TableRecord, Unreadable, Version, VersionMark, Workbook, hex,
};
use crate::normalise::{dated, normalise};
use crate::read::{Limits, read};
use crate::recognise::{
    About, Layout, Recogniser, Who, drop_blank_copies, named_by_path, settle_period,
    settle_reporters,
};
use crate::scheme::{Annex, Scheme};

/// One file, read as far as it can be by itself.
pub struct FormFile {
    /// What became of it.
    pub record: FileRecord,
    /// Its forms. Those of another period than the one that it came in for are not among them.
    pub tables: Vec<Table>,
    /// What was noticed in it.
    pub findings: Vec<Finding>,
    /// For each of them, how it came out of the rules that stay inside a form.
    pub checked: Vec<Checked>,
    /// What its reporter wrote about earlier findings.
    pub explanations: Vec<Explanation>,
}

/// Reads the forms of any number of files, on all cores.
pub struct FormReader<'s> {
    pub(super) scheme: &'s Scheme,
    /// What the files came in for, where that is known.
    pub(super) period: Option<Period>,
    recogniser: Recogniser<'s>,
    pub(super) checker: Checker<'s>,
    limits: Limits,
}

impl<'s> FormReader<'s> {
    /// Makes a scheme ready for what is returned for a period. Without one, each form is about what it says
    /// itself, else about the plan.
    pub fn new(scheme: &'s Scheme, period: impl Into<Option<Period>>) -> Self {
        Self {
            scheme,
            period: period.into(),
            recogniser: Recogniser::new(scheme),
            checker: Checker::new(scheme),
            limits: Limits::default(),
        }
    }

    /// Reads, recognises, normalises and checks one file by itself.
    pub fn file(&self, path: &Arc<str>, bytes: &[u8]) -> FormFile {
        self.read(path, bytes).0
    }

    /// The same, with what the file holds.
    fn read(&self, path: &Arc<str>, bytes: &[u8]) -> (FormFile, Option<Workbook>) {
        let mut record = FileRecord {
            path: path.clone(),
            sha256: hex(&Sha256::digest(bytes)),
            format: None,
            version: version_by_name(path),
            status: FileStatus::Read,
            tables: Vec::new(),
        };
        let mut findings = Vec::new();
        let mut tables = Vec::new();
        let mut checked = Vec::new();
        let workbook = match read(bytes, &self.limits) {
            Ok(workbook) => workbook,
            Err(reason) => {
                findings.push(unreadable(self.scheme, path, &reason));
                record.status = FileStatus::Unreadable(reason);
                let file = FormFile {
                    record,
                    tables,
                    findings,
                    checked,
                    explanations: Vec::new(),
                };
                return (file, None);
            }
        };
        record.format = Some(workbook.format);
        record.version.saved = workbook.saved;
        let stamp = Stamp::of_properties(&workbook.properties);
        let old = stamp.iter();
        findings.extend(old.flat_map(|stamp| old_forms(self.scheme, path, stamp)));
        for (sheet, reason) in &workbook.unreadable_sheets {
            let place = Place::sheet(path, &Arc::from(sheet.as_str()), None);
            let detail = Detail::Unreadable(reason.clone());
            findings.push(Finding::new(Kind::UnreadableFile, Level::Mandatory, detail).at(place));
        }
        findings.extend(passed_over(path, &workbook));
        let mut layouts: Vec<(usize, Layout)> = Vec::new();
        for (idx, sheet) in workbook.sheets.iter().enumerate() {
            // Our own sheet of explanations names annexes and columns, and is no form.
            if explanations::is_ours(sheet) {
                continue;
            }
            let (found, noticed) = self.recogniser.recognise(path, sheet);
            layouts.extend(found.into_iter().map(|layout| (idx, layout)));
            findings.extend(noticed);
        }
        if layouts.is_empty() {
            no_form(path, &mut findings);
        }
        drop_blank_copies(&mut layouts);
        let names: Vec<Arc<str>> = workbook
            .sheets
            .iter()
            .map(|sheet| Arc::from(sheet.name.as_str()))
            .collect();
        let forms: Vec<_> = layouts
            .iter()
            .map(|(idx, layout)| (names[*idx].clone(), layout))
            .collect();
        let stamped = stamp
            .as_ref()
            .and_then(|stamp| made_for(self.scheme, stamp));
        let (settled, noticed) = settle_reporters(self.scheme, path, &forms, stamped);
        // What was noticed of a form before it was known whose it is.
        for (who, (idx, layout)) in settled.iter().zip(&layouts) {
            let reporter = who.reporter.map(|idx| &self.scheme.reporters[idx].name);
            let annex = &self.scheme.annexes[layout.annex].number;
            let of_form = findings.iter_mut().filter(|finding| {
                let sheet = finding
                    .place
                    .as_ref()
                    .and_then(|place| place.sheet.as_ref());
                finding.annex.as_ref() == Some(annex) && sheet == Some(&names[*idx])
            });
            for finding in of_form.filter(|finding| finding.reporter.is_none()) {
                finding.reporter = reporter.cloned();
            }
        }
        findings.extend(noticed);
        let stamped = stamp.as_ref().and_then(|stamp| stamp.period.as_deref());
        let stamped = stamped.and_then(Period::parse);
        for ((idx, layout), who) in layouts.iter().zip(settled) {
            let sheet = &workbook.sheets[*idx];
            let about = settle_period(self.period, path, &sheet.name, &layout.periods, stamped);
            let (table, noticed) = normalise(self.scheme, about.period, path, sheet, layout, who);
            let kept_apart = self.period.is_some_and(|period| period != about.period);
            record.tables.push(TableRecord {
                sheet: table.sheet.clone(),
                hidden: !sheet.visible,
                annex: table.annex,
                reporter: who.reporter,
                found_by: who.found_by,
                period: table.period,
                period_found_by: about.said_by.as_ref().map(|said| said.source),
                kept_apart,
                dated: dated(sheet),
                observations: n_observations(&self.scheme.annexes[table.annex], &table),
                superseded: false,
            });
            if kept_apart {
                findings.extend(self.wrong_period(&table, who, about));
                continue;
            }
            findings.extend(noticed);
            findings.extend(self.periods_differ(&table, who, about));
            checked.push(self.checker.form(&table));
            tables.push(table);
        }
        let file = FormFile {
            record,
            tables,
            findings,
            checked,
            explanations: explanations::explanations(&workbook, path),
        };
        (file, Some(workbook))
    }

    /// A form of another period is not merged, whatever else is to be said of it.
    fn wrong_period(&self, table: &Table, who: Who, about: About) -> Option<Finding> {
        let said = about.said_by?;
        let detail = Detail::WrongPeriod {
            found_by: said.source,
            printed: said.text,
            taken: None,
        };
        let finding = Finding::new(Kind::WrongPeriod, Level::Mandatory, detail)
            .at(Place::sheet(&table.file, &table.sheet, said.cell))
            .given(about.period.to_string())
            .expected(self.period?.to_string());
        Some(self.of_form(finding, table, who))
    }

    /// A form that says two periods is merged as what it says where that is believed, but never without a word.
    fn periods_differ(&self, table: &Table, who: Who, about: About) -> Option<Finding> {
        self.period?;
        let (said, (other_period, other)) = (about.said_by?, about.against?);
        // Names of sheets and files are left over easily.
        let level = match other.cell {
            Some(_) => Level::Verification,
            None => Level::Hint,
        };
        let detail = Detail::PeriodsDiffer {
            taken: (said.source, said.text),
            other: (other.source, other.text),
        };
        let finding = Finding::new(Kind::WrongPeriod, level, detail)
            .at(Place::sheet(&table.file, &table.sheet, other.cell))
            .given(other_period.to_string())
            .expected(about.period.to_string());
        Some(self.of_form(finding, table, who))
    }

    /// A finding about a form and its sender.
    fn of_form(&self, mut finding: Finding, table: &Table, who: Who) -> Finding {
        let reporters = &self.scheme.reporters;
        finding.annex = Some(self.scheme.annexes[table.annex].number.clone());
        finding.reporter = who.reporter.map(|idx| reporters[idx].name.clone());
        finding
    }

    /// Says of failed relations which cell is probably the wrong one.
    pub fn localise(&self, tables: &[Table], earlier: &Earlier, findings: &mut Vec<Finding>) {
        localise(&self.checker, tables, earlier, findings);
    }
}

/// Reads the files of an inbox on all cores, in their order, and takes of each what `part` says: what it holds
/// takes more memory than its forms do. `done` is called after each.
pub(super) fn read_files<T: Send>(
    reader: &FormReader<'_>,
    files: &[InboxFile],
    done: &(dyn Fn() + Sync),
    part: impl Fn(FormFile, Option<Workbook>) -> T + Sync,
) -> Vec<T> {
    let read = |file| {
        let (read, workbook) = read_file(reader, file);
        done();
        part(read, workbook)
    };
    // One at a time, so that all cores have work until the last file.
    (files.par_iter().with_max_len(1)).map(read).collect()
}

/// Reads a file of the inbox; a file that cannot be opened is reported as any other that cannot be read.
fn read_file(reader: &FormReader<'_>, file: &InboxFile) -> (FormFile, Option<Workbook>) {
    if file.ignored {
        let record = FileRecord {
            path: file.path.clone(),
            sha256: String::new(),
            format: None,
            version: version_by_name(&file.path),
            status: FileStatus::Ignored,
            tables: Vec::new(),
        };
        return (unread(record, Vec::new()), None);
    }
    match std::fs::read(&file.source) {
        Ok(bytes) => {
            let (mut read, workbook) = reader.read(&file.path, &bytes);
            read.record.version.modified = file.modified();
            (read, workbook)
        }
        Err(error) => {
            let reason = Unreadable::NotOpened {
                detail: error.to_string(),
            };
            let finding = unreadable(reader.scheme, &file.path, &reason);
            let record = FileRecord {
                path: file.path.clone(),
                sha256: String::new(),
                format: None,
                version: version_by_name(&file.path),
                status: FileStatus::Unreadable(reason),
                tables: Vec::new(),
            };
            (unread(record, vec![finding]), None)
        }
    }
}

/// A file that cannot be read; whom to ask for it, its name may tell.
fn unreadable(scheme: &Scheme, path: &Arc<str>, reason: &Unreadable) -> Finding {
    let detail = Detail::Unreadable(reason.clone());
    let mut finding =
        Finding::new(Kind::UnreadableFile, Level::Mandatory, detail).at(Place::file(path));
    finding.reporter = named_by_path(scheme, path).map(|idx| scheme.reporters[idx].name.clone());
    finding
}

/// What was not read of a workbook, and need not be.
fn passed_over(path: &Arc<str>, workbook: &Workbook) -> Vec<Finding> {
    let skipped = &workbook.skipped_sheets;
    let damaged = &workbook.damaged_parts;
    let skipped = (!skipped.is_empty()).then(|| Detail::SkippedSheets(skipped.clone()));
    let damaged = (!damaged.is_empty()).then(|| Detail::DamagedParts(damaged.clone()));
    let noted = skipped.into_iter().chain(damaged);
    let hint = |detail| Finding::new(Kind::ReadAs, Level::Hint, detail).at(Place::file(path));
    noted.map(hint).collect()
}

/// What a file tells about its version before it is read.
fn version_by_name(path: &str) -> Version {
    Version {
        mark: VersionMark::of_path(path),
        ..Version::default()
    }
}

/// A file of which nothing was read.
fn unread(record: FileRecord, findings: Vec<Finding>) -> FormFile {
    FormFile {
        record,
        tables: Vec::new(),
        findings,
        checked: Vec::new(),
        explanations: Vec::new(),
    }
}

/// A form made before its annex was changed, or for another scheme, may lack what is asked now.
fn old_forms(scheme: &Scheme, path: &Arc<str>, stamp: &Stamp) -> Vec<Finding> {
    let old = |same_scheme| {
        let scheme = stamp.scheme.clone();
        let detail = Detail::OldForm {
            scheme,
            same_scheme,
        };
        Finding::new(Kind::OldForm, Level::Hint, detail).at(Place::file(path))
    };
    if stamp.scheme != scheme.id {
        return vec![old(false)];
    }
    // Annexes that the scheme has no longer are no forms of it at all.
    let stamped = stamp.annexes.iter().filter_map(|(number, version)| {
        let annex = &scheme.annexes[scheme.annex(number)?];
        Some((annex, version, annex.version()))
    });
    stamped
        .filter(|(_, version, now)| *version != now)
        .map(|(annex, version, now)| {
            let mut finding = old(true).given(version).expected(now);
            finding.annex = Some(annex.number.clone());
            finding
        })
        .collect()
}

/// Codes mean the same reporter only within one scheme.
fn made_for(scheme: &Scheme, stamp: &Stamp) -> Option<usize> {
    let mut reporters = scheme.reporters.iter();
    (stamp.scheme == scheme.id)
        .then(|| reporters.position(|reporter| *reporter.code == *stamp.reporter))
        .flatten()
}

/// A file without any form is a return that nobody has counted.
fn no_form(path: &Arc<str>, findings: &mut Vec<Finding>) {
    if let Some(finding) = findings
        .iter_mut()
        .find(|finding| finding.kind == Kind::UnknownForm)
    {
        finding.level = Level::Mandatory;
    } else if !findings
        .iter()
        .any(|finding| finding.kind == Kind::AmbiguousForm)
    {
        let detail = Detail::UnknownForm { nearest: None };
        findings
            .push(Finding::new(Kind::UnknownForm, Level::Mandatory, detail).at(Place::file(path)));
    }
}

/// Keys and row numbers are not observations, nor are blanks.
fn n_observations(annex: &Annex, table: &Table) -> usize {
    let data: Vec<usize> = (0..annex.leaves.len())
        .filter(|leaf| annex.is_data(*leaf))
        .collect();
    let of_row = |row: &Row| {
        let values = data.iter().map(|leaf| &row.entries[*leaf].value);
        values.filter(|value| !value.is_missing()).count()
    };
    table.rows.iter().map(of_row).sum()
}
