//! One file of an inbox: read, recognised, normalised and checked, as far as that goes without the others.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

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
use crate::pipeline::hidden::hidden_figures;
use crate::read::{Limits, MOST_EXPANDED, by_weight, caught, read, weight};
use crate::recognise::{
    About, Layout, Recogniser, Who, drop_blank_copies, named_by_path, settle_period,
    settle_reporters,
};
use crate::scheme::{Annex, Scheme};

use super::uncertain::Form;

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
        self.read(path, bytes.into()).0
    }

    /// The same, with what the file holds.
    fn read(&self, path: &Arc<str>, bytes: Cow<'_, [u8]>) -> (FormFile, Option<Workbook>) {
        let record = FileRecord {
            path: path.clone(),
            sha256: hex(&Sha256::digest(&bytes)),
            format: None,
            version: version_by_name(path),
            status: FileStatus::Read,
            is_whole: true,
            tables: Vec::new(),
        };
        guarded(self.scheme, record, |record| {
            let workbook = read(&bytes, &self.limits);
            // Of a large file there is enough in memory without them.
            drop(bytes);
            match workbook {
                Ok(workbook) => (self.forms(record, &workbook), Some(workbook)),
                Err(reason) => (refused(self.scheme, record, reason), None),
            }
        })
    }

    /// The forms of a workbook.
    fn forms(&self, mut record: FileRecord, workbook: &Workbook) -> FormFile {
        let path = &record.path.clone();
        let mut findings = Vec::new();
        let mut tables = Vec::new();
        let mut checked = Vec::new();
        record.format = Some(workbook.format);
        record.version.saved = workbook.saved;
        record.is_whole = workbook.unreadable_sheets.is_empty();
        let stamp = Stamp::of_properties(&workbook.properties);
        let old = stamp.iter();
        findings.extend(old.flat_map(|stamp| old_forms(self.scheme, path, stamp)));
        for (sheet, reason) in &workbook.unreadable_sheets {
            let place = Place::sheet(path, &Arc::from(sheet.as_str()), None);
            let detail = Detail::Unreadable(reason.clone());
            findings.push(Finding::new(Kind::UnreadableFile, Level::Mandatory, detail).at(place));
        }
        findings.extend(passed_over(path, workbook));
        let mut layouts: Vec<(usize, Layout)> = Vec::new();
        // What is hidden and no form is a list that cells choose from, or a draft: beside forms nobody asks for it.
        let mut of_hidden = Vec::new();
        for (idx, sheet) in workbook.sheets.iter().enumerate() {
            // Our own sheet of explanations names annexes and columns, and is no form.
            if explanations::is_ours(sheet) {
                continue;
            }
            let (found, noticed) = self.recogniser.recognise(path, sheet);
            let is_asked = sheet.visible || !found.is_empty();
            layouts.extend(found.into_iter().map(|layout| (idx, layout)));
            match is_asked {
                true => findings.extend(noticed),
                false => of_hidden.extend(noticed),
            }
        }
        if layouts.is_empty() {
            findings.extend(of_hidden);
            no_form(path, workbook, &mut findings);
        }
        findings.extend(hidden_figures(self.scheme, path, workbook, &layouts));
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
        let senders = settled.iter().filter_map(|who| who.reporter);
        self.ask_for_unread(path, senders.chain(stamped).collect(), &mut findings);
        let stamped = stamp.as_ref().and_then(|stamp| stamp.period.as_deref());
        let stamped = stamped.and_then(Period::parse);
        for ((idx, layout), who) in layouts.iter_mut().zip(settled) {
            let sheet = &workbook.sheets[*idx];
            let about = settle_period(self.period, path, &sheet.name, &layout.periods, stamped);
            let form = Form {
                scheme: self.scheme,
                checker: &self.checker,
                period: about.period,
                file: path,
                sheet,
                who,
            };
            form.confirm(layout, &mut findings);
            let layout = &*layout;
            let (mut table, noticed) =
                normalise(self.scheme, about.period, path, sheet, layout, who);
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
            form.ask_sums(layout, &table, &mut findings);
            findings.extend(form.merged(layout, &mut table));
            findings.extend(form.subtotals(layout));
            findings.extend(self.periods_differ(&table, who, about));
            checked.push(self.checker.form(&table));
            tables.push(table);
        }
        FormFile {
            record,
            tables,
            findings,
            checked,
            explanations: explanations::explanations(workbook, path),
        }
    }

    /// Says whom to ask for sheets that cannot be read: whom the sheet's name tells, else who sent all else in
    /// the file, else whom the file's name tells.
    fn ask_for_unread(&self, path: &str, senders: BTreeSet<usize>, findings: &mut [Finding]) {
        let only = senders.first().filter(|_| senders.len() == 1).copied();
        let is_unread = |finding: &&mut Finding| finding.kind == Kind::UnreadableFile;
        for finding in findings.iter_mut().filter(is_unread) {
            let sheet = finding.place.as_ref().and_then(|it| it.sheet.as_deref());
            let named = sheet.and_then(|sheet| self.scheme.roster.named_in(sheet));
            let reporter = named.or(only).or_else(|| named_by_path(self.scheme, path));
            finding.reporter = reporter.map(|idx| self.scheme.reporters[idx].name.clone());
        }
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
    by_weight(files, |file, most| match read_file(reader, file, most) {
        ReadFile::Done(read, workbook) => {
            done();
            Ok(part(*read, workbook))
        }
        ReadFile::TooHeavy(weight) => Err(weight),
    })
}

/// What became of a file.
enum ReadFile {
    Done(Box<FormFile>, Option<Workbook>),
    /// It weighs so much.
    TooHeavy(u64),
}

/// Reads a file of the inbox, unless it weighs more than `most`; a file that cannot be opened is reported as any other
/// that cannot be read.
fn read_file(reader: &FormReader<'_>, file: &InboxFile, most: u64) -> ReadFile {
    let record = |status| FileRecord {
        path: file.path.clone(),
        sha256: String::new(),
        format: None,
        version: version_by_name(&file.path),
        status,
        is_whole: true,
        tables: Vec::new(),
    };
    if file.ignored {
        let unread = unread(record(FileStatus::Ignored), Vec::new());
        return ReadFile::Done(Box::new(unread), None);
    }
    let content = file.open(reader.limits.file_bytes).and_then(|opened| {
        if opened.n_bytes() > most {
            // How much is packed in it is not known; it has the memory to itself.
            return Ok(Err(u64::MAX));
        }
        let content = opened.read()?;
        let n_bytes = content.bytes.len() as u64;
        let weight = match n_bytes.saturating_mul(MOST_EXPANDED) <= most {
            true => n_bytes,
            false => weight(&content.bytes),
        };
        Ok(if weight > most {
            Err(weight)
        } else {
            Ok(content)
        })
    });
    match content {
        Ok(Ok(content)) => {
            let (mut read, workbook) = reader.read(&file.path, content.bytes.into());
            read.record.version.modified = content.modified;
            ReadFile::Done(Box::new(read), workbook)
        }
        Ok(Err(weight)) => ReadFile::TooHeavy(weight),
        Err(reason) => {
            let mut unread = refused(reader.scheme, record(FileStatus::Read), reason);
            if file.is_note() {
                // It is nobody's return; but what it says is missing in the workbook.
                let findings = unread.findings.iter_mut();
                findings.for_each(|finding| finding.level = Level::Verification);
            }
            ReadFile::Done(Box::new(unread), None)
        }
    }
}

/// Does the work on one file. Where it panics, that is said of this file, and the others go on.
fn guarded(
    scheme: &Scheme,
    record: FileRecord,
    work: impl FnOnce(FileRecord) -> (FormFile, Option<Workbook>),
) -> (FormFile, Option<Workbook>) {
    let known = record.clone();
    caught(|| work(record)).unwrap_or_else(|detail| {
        let reason = Unreadable::ProgramFailed { detail };
        (refused(scheme, known, reason), None)
    })
}

/// A file of which nothing can be read, and why.
fn refused(scheme: &Scheme, mut record: FileRecord, reason: Unreadable) -> FormFile {
    let finding = unreadable(scheme, &record.path, &reason);
    record.status = FileStatus::Unreadable(reason);
    unread(record, vec![finding])
}

/// A file that cannot be read; whom to ask for it, its name may tell.
fn unreadable(scheme: &Scheme, path: &Arc<str>, reason: &Unreadable) -> Finding {
    let detail = Detail::Unreadable(reason.clone());
    // Where the program failed, nobody who returns anything is to blame.
    let kind = match reason {
        Unreadable::ProgramFailed { .. } => Kind::ProgramFault,
        _ => Kind::UnreadableFile,
    };
    let mut finding = Finding::new(kind, Level::Mandatory, detail).at(Place::file(path));
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
fn no_form(path: &Arc<str>, workbook: &Workbook, findings: &mut Vec<Finding>) {
    if let Some(finding) = findings
        .iter_mut()
        .find(|finding| finding.kind == Kind::UnknownForm)
    {
        finding.level = Level::Mandatory;
    } else if !findings
        .iter()
        .any(|finding| finding.kind == Kind::AmbiguousForm)
    {
        let mut sheets = workbook.sheets.iter();
        let is_empty = workbook.unreadable_sheets.is_empty() && workbook.skipped_sheets.is_empty();
        let detail = match is_empty && sheets.all(|sheet| sheet.cells().is_empty()) {
            true => Detail::NothingIn,
            false => Detail::UnknownForm { nearest: None },
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{SchemeFile, load};

    fn scheme() -> Scheme {
        let text = "id = \"x\"\ntitle = \"x\"\narea = \"轮台县\"\nyears = [2024]\n\
            [[reporters]]\ncode = \"1\"\nname = \"轮台镇\"\nkind = \"township\"\n";
        let (name, text) = ("scheme.toml".to_owned(), text.to_owned());
        load(&[SchemeFile { name, text }]).expect("it is a scheme")
    }

    fn record() -> FileRecord {
        FileRecord {
            path: "轮台镇/a.xlsx".into(),
            sha256: "hash".to_owned(),
            format: None,
            version: Version::default(),
            status: FileStatus::Read,
            is_whole: true,
            tables: Vec::new(),
        }
    }

    #[test]
    fn a_panic_in_the_work_on_a_file_is_said_of_that_file() {
        let (file, workbook) = guarded(&scheme(), record(), |_| {
            // Parts of the work may be done by other threads.
            rayon::join(|| (), || panic!("row {} of 3", 7)).1
        });
        assert!(workbook.is_none());
        let FileStatus::Unreadable(reason @ Unreadable::ProgramFailed { detail }) =
            &file.record.status
        else {
            panic!("the program failed: {:?}", file.record.status)
        };
        assert!(
            detail.starts_with("row 7 of 3 (src/pipeline/file.rs:"),
            "{detail}"
        );
        assert_eq!(file.record.sha256, "hash");
        let [finding] = &file.findings[..] else {
            panic!("one finding: {:?}", file.findings)
        };
        assert_eq!(
            (finding.kind, finding.level),
            (Kind::ProgramFault, Level::Mandatory)
        );
        assert_eq!(finding.detail, Detail::Unreadable(reason.clone()));
        assert_eq!(finding.reporter.as_deref(), Some("轮台镇"));
    }

    #[test]
    fn work_that_does_not_panic_is_left_alone() {
        let (file, _) = guarded(&scheme(), record(), |record| (unread(record, vec![]), None));
        assert_eq!(file.record.status, FileStatus::Read);
        assert!(file.findings.is_empty());
    }
}
