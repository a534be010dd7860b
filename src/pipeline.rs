//! The stages strung together; the only place that knows their order.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::check::{Checked, Checker};
use crate::consolidate::County;
use crate::consolidate::variances::Variances;
#[cfg(feature = "consolidate")]
use crate::consolidate::variances::{Stand, Stands, variances};
use crate::explanations::{self, Explanation, apply_explanations};
use crate::inbox::InboxFile;
use crate::localise::localise;
#[cfg(feature = "consolidate")]
use crate::model::Past;
use crate::model::{
    Call, Correction, Detail, Earlier, FileRecord, FileStatus, Finding, Kind, Level, Period, Place,
    ReturnRecord, Row, Stamp, Table, TableRecord, Tally, Value, Version, VersionMark, Workbook,
};
use crate::normalise::{dated, normalise};
use crate::read::{Limits, Unreadable, read};
use crate::recognise::{
    About, Layout, Recogniser, Who, named_by_path, settle_period, settle_reporters,
};
use crate::returns::{self, Settled};
use crate::scheme::{Annex, Scheme};

/// Everything that a merge found out; what `report` writes.
pub struct Merged {
    /// What it is about.
    pub period: Period,
    /// What was known before.
    pub earlier: Earlier,
    /// What the county wrote down about the period.
    pub note: Option<String>,
    /// Every file of the inbox, by path.
    pub files: Vec<FileRecord>,
    /// Every form that was read, in order of trust.
    pub tables: Vec<Table>,
    /// For each table, the file that replaced the whole of it.
    pub superseded_by: Vec<Option<Arc<str>>>,
    /// What is owed, in the order of the roster and the annexes.
    pub returns: Vec<ReturnRecord>,
    /// What newer returns changed against those before them, and which findings they removed or made.
    pub corrections: Vec<Correction>,
    /// Whom to telephone about what, the weightiest first.
    pub calls: Vec<Call>,
    /// All findings, in the order of annexes, reporters and cells.
    pub findings: Vec<Finding>,
    /// One for each rule of the scheme.
    pub tallies: Vec<Tally>,
    /// The county's annexes.
    pub county: County,
    /// What a month is held against; `None` for the plan.
    pub variances: Option<Variances>,
    /// Whether it is made of what counties consolidated, who send back their own reporters' forms.
    pub rolled_up: bool,
}

/// Everything that was found out about a few files by themselves; what `check` shows.
pub struct CheckedFiles {
    /// The files, in the order given.
    pub files: Vec<FileRecord>,
    /// Each as it was read; `None` for what could not be.
    pub workbooks: Vec<Option<Workbook>>,
    /// Every form that was read, in order of trust.
    pub tables: Vec<Table>,
    /// All findings, in the order of annexes, reporters and cells.
    pub findings: Vec<Finding>,
    /// One for each rule of the scheme.
    pub tallies: Vec<Tally>,
}

/// How returns stand before anything is merged; what `status` shows.
pub struct Status {
    /// What it is about.
    pub period: Period,
    /// Every file of the inbox, by path.
    pub files: Vec<FileRecord>,
    /// What is owed, in the order of the roster and the annexes.
    pub returns: Vec<ReturnRecord>,
    /// What newer returns changed.
    pub corrections: Vec<Correction>,
    /// Whom to telephone about what, the weightiest first.
    pub calls: Vec<Call>,
    /// All findings, in the order of annexes, reporters and cells.
    pub findings: Vec<Finding>,
    /// One for each rule of the scheme.
    pub tallies: Vec<Tally>,
}

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
    scheme: &'s Scheme,
    /// What the files came in for, where that is known.
    period: Option<Period>,
    recogniser: Recogniser<'s>,
    checker: Checker<'s>,
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

/// The whole job: everything in the inbox, checked and consolidated. `done` is called after each file.
#[cfg(feature = "consolidate")]
pub fn merge(
    scheme: &Scheme,
    period: Period,
    earlier: Earlier,
    files: &[InboxFile],
    done: &(dyn Fn() + Sync),
) -> Merged {
    let reader = FormReader::new(scheme, period);
    let read: Vec<FormFile> = files
        .par_iter()
        .map(|file| {
            let (read, _) = read_file(&reader, file);
            done();
            read
        })
        .collect();
    let mut gathered = Gathered::of(read);
    let settled = gathered.settle(&reader, period);
    let current = &settled.tables[..settled.n_current];
    // Neither needs what the other finds.
    let (mut county, ()) = rayon::join(
        || crate::consolidate::consolidate(scheme, current),
        || gathered.hold_together(&reader, current, &earlier),
    );
    gathered.findings.append(&mut county.findings);
    let (findings, tallies) = gathered.finish(scheme);
    let mut returns = settled.returns;
    returns::judge(scheme, period, &gathered.records, &findings, &mut returns);
    let calls = returns::calls(scheme, current, &earlier, &findings);
    let variances = compare(scheme, period, current, &county, &earlier, &findings);
    Merged {
        period,
        earlier,
        note: None,
        files: gathered.records,
        tables: settled.tables,
        superseded_by: settled.superseded_by,
        returns,
        corrections: settled.corrections,
        calls,
        findings,
        tallies,
        county,
        variances,
        rolled_up: false,
    }
}

/// Consolidates earlier periods as they were then, and holds a month against them.
#[cfg(feature = "consolidate")]
pub fn compare(
    scheme: &Scheme,
    period: Period,
    tables: &[Table],
    county: &County,
    earlier: &Earlier,
    findings: &[Finding],
) -> Option<Variances> {
    let consolidated = |past: &Past| crate::consolidate::consolidate(scheme, &past.tables);
    let named = [&earlier.plan, &earlier.last_month, &earlier.year_before];
    let pasts: Vec<&Past> = named.into_iter().flatten().chain(&earlier.months).collect();
    let counties: Vec<County> = pasts.par_iter().map(|past| consolidated(past)).collect();
    let stand = |idx: usize| Stand {
        period: pasts[idx].period,
        tables: &pasts[idx].tables,
        county: &counties[idx],
    };
    let mut places = 0..pasts.len();
    let mut of = |past: &Option<Past>| past.as_ref().and(places.next()).map(stand);
    let stands = Stands {
        plan: of(&earlier.plan),
        last_month: of(&earlier.last_month),
        year_before: of(&earlier.year_before),
        months: places.map(stand).collect(),
    };
    let now = Stand {
        period,
        tables,
        county,
    };
    variances(scheme, now, &stands, findings)
}

/// How returns stand, as a merge would find them: all that it would ask of reporters, and nothing else of it.
/// `done` is called after each file.
pub fn status(
    scheme: &Scheme,
    period: Period,
    earlier: &Earlier,
    files: &[InboxFile],
    done: &(dyn Fn() + Sync),
) -> Status {
    let reader = FormReader::new(scheme, period);
    let read: Vec<FormFile> = files
        .par_iter()
        .map(|file| {
            let (read, _) = read_file(&reader, file);
            done();
            read
        })
        .collect();
    let mut gathered = Gathered::of(read);
    let settled = gathered.settle(&reader, period);
    let current = &settled.tables[..settled.n_current];
    #[cfg(feature = "consolidate")]
    gathered
        .findings
        .append(&mut crate::consolidate::consolidate(scheme, current).findings);
    gathered.hold_together(&reader, current, earlier);
    let (findings, tallies) = gathered.finish(scheme);
    let mut returns = settled.returns;
    returns::judge(scheme, period, &gathered.records, &findings, &mut returns);
    let calls = returns::calls(scheme, current, earlier, &findings);
    Status {
        period,
        files: gathered.records,
        returns,
        corrections: settled.corrections,
        calls,
        findings,
        tallies,
    }
}

/// Checks a few files as the county would, as far as that goes without the rest of the county: forms
/// by themselves, and against each other where several of one period are given. All are about `period`, where it
/// is given; else each about what it says itself, or the plan. `earlier` is asked what was known before a
/// period. `done` is called after each file.
pub fn check_files(
    scheme: &Scheme,
    period: Option<Period>,
    earlier: &dyn Fn(Period) -> Earlier,
    files: &[InboxFile],
    done: &(dyn Fn() + Sync),
) -> CheckedFiles {
    let reader = FormReader::new(scheme, period);
    let read: Vec<(FormFile, Option<Workbook>)> = files
        .par_iter()
        .map(|file| {
            let read = read_file(&reader, file);
            done();
            read
        })
        .collect();
    let (read, workbooks): (Vec<FormFile>, Vec<_>) = read.into_iter().unzip();
    let mut gathered = Gathered::of(read);
    let mut by_period: BTreeMap<Period, (Vec<Table>, Vec<Checked>)> = BTreeMap::new();
    let forms = std::mem::take(&mut gathered.tables).into_iter();
    for (table, checked) in forms.zip(std::mem::take(&mut gathered.by_form)) {
        let (tables, by_form) = by_period.entry(table.period).or_default();
        tables.push(table);
        by_form.push(checked);
    }
    let mut tables = Vec::new();
    for (period, (of_period, by_form)) in by_period {
        (gathered.tables, gathered.by_form) = (of_period, by_form);
        let settled = gathered.settle(&reader, period);
        let current = &settled.tables[..settled.n_current];
        gathered.hold_together(&reader, current, &earlier(period));
        tables.extend(settled.tables);
    }
    // Nobody is asked here for what others owe.
    gathered
        .findings
        .retain(|finding| finding.kind != Kind::NotReturned);
    let (findings, tallies) = gathered.finish(scheme);
    CheckedFiles {
        files: gathered.records,
        workbooks,
        tables,
        findings,
        tallies,
    }
}

/// What the files say, before they are held against each other.
struct Gathered {
    records: Vec<FileRecord>,
    tables: Vec<Table>,
    /// For each table, how it came out by itself.
    by_form: Vec<Checked>,
    findings: Vec<Finding>,
    checked: Checked,
    explanations: Vec<Explanation>,
}

/// Which forms count.
struct Current {
    /// Every form, in order of trust, those that count before those that do not.
    tables: Vec<Table>,
    #[cfg_attr(not(feature = "consolidate"), expect(dead_code))]
    superseded_by: Vec<Option<Arc<str>>>,
    n_current: usize,
    returns: Vec<ReturnRecord>,
    corrections: Vec<Correction>,
}

impl Gathered {
    fn of(read: Vec<FormFile>) -> Self {
        let mut gathered = Self {
            records: Vec::with_capacity(read.len()),
            tables: Vec::new(),
            by_form: Vec::new(),
            findings: Vec::new(),
            checked: Checked::default(),
            explanations: Vec::new(),
        };
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (idx, mut file) in read.into_iter().enumerate() {
            let earlier = seen.get(&file.record.sha256).copied();
            match earlier.filter(|_| file.record.status == FileStatus::Read) {
                // The same bytes say nothing new; saying so once is enough.
                Some(first) => {
                    let first = &mut gathered.records[first];
                    // Sent again under a newer name, they are the newer return.
                    first.version = first.version.or_newer(file.record.version);
                    let same = same_file(&first.path, &file.record.path);
                    gathered.findings.push(same);
                    file.record.status = FileStatus::Duplicate(first.path.clone());
                    file.record
                        .tables
                        .iter_mut()
                        .for_each(|table| table.superseded = true);
                }
                None => {
                    seen.insert(file.record.sha256.clone(), idx);
                    gathered.findings.append(&mut file.findings);
                    gathered.by_form.append(&mut file.checked);
                    gathered.tables.append(&mut file.tables);
                    gathered.explanations.append(&mut file.explanations);
                }
            }
            gathered.records.push(file.record);
        }
        gathered
    }

    /// Settles which forms count. What was found in a form that its sender has replaced is no longer open;
    /// it is kept with what the newer form changed.
    fn settle(&mut self, reader: &FormReader<'_>, period: Period) -> Current {
        let tables = std::mem::take(&mut self.tables);
        let settled = returns::settle(reader.scheme, period, tables, &self.records);
        let mut by_form: Vec<Option<Checked>> = self.by_form.drain(..).map(Some).collect();
        mark_superseded(&mut self.records, &settled);
        let Settled {
            tables,
            order,
            superseded_by,
            is_sent_again,
            returns,
            mut corrections,
            mut findings,
            ..
        } = settled;
        let mut withdrawn = Vec::new();
        let mut sent_again: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for ((table, is_sent_again), given_as) in tables.iter().zip(is_sent_again).zip(order) {
            let Some(mut checked) = by_form[given_as].take() else {
                continue;
            };
            if is_sent_again {
                // How rules came out is counted for forms that count.
                withdrawn.append(&mut checked.findings);
                let annexes = sent_again.entry((&table.file, &table.sheet)).or_default();
                annexes.push(&reader.scheme.annexes[table.annex].number);
            } else {
                self.checked.merge(checked);
            }
        }
        let is_withdrawn = |finding: &Finding| {
            let place = finding.place.as_ref();
            let sheet = place.and_then(|place| Some((&*place.file, place.sheet.as_deref()?)));
            let annexes = sheet.and_then(|sheet| sent_again.get(&sheet));
            annexes.is_some_and(|annexes| {
                let annex = finding.annex.as_deref();
                annex.is_none_or(|annex| annexes.contains(&annex))
            })
        };
        withdrawn.extend((self.findings).extract_if(.., |finding| is_withdrawn(finding)));
        for correction in &mut corrections {
            let annex = &reader.scheme.annexes[correction.annex].number;
            let of = |findings: &[&[Finding]], place: &Place| -> Vec<Finding> {
                let all = findings.iter().copied().flatten();
                let here = all.filter(|finding| is_at(finding, annex, place));
                here.cloned().collect()
            };
            let open = [&*self.findings, &*self.checked.findings, &*withdrawn];
            let before = of(&open, &correction.older);
            let now = of(&open, &correction.newer);
            correction.removed = missing_in(&before, &now);
            correction.made = missing_in(&now, &before);
            sort_findings(reader.scheme, &mut correction.removed);
            sort_findings(reader.scheme, &mut correction.made);
        }
        self.forgive_kept_apart(reader.scheme, &mut findings);
        self.excuse_other_periods(reader.scheme, &returns);
        self.findings.extend(findings);
        let forms = tables.into_iter().zip(superseded_by);
        let (current, replaced): (Vec<_>, Vec<_>) = forms.partition(|(_, by)| by.is_none());
        let n_current = current.len();
        let (tables, superseded_by) = current.into_iter().chain(replaced).unzip();
        Current {
            tables,
            superseded_by,
            n_current,
            returns,
            corrections,
        }
    }

    /// Holds the forms that count against each other.
    fn hold_together(&mut self, reader: &FormReader<'_>, current: &[Table], earlier: &Earlier) {
        let county = reader.checker.county(current);
        self.checked.merge(county);
        let over_time = reader.checker.over_time(current, earlier);
        self.checked.merge(over_time);
        // A form that was replaced needs no advice.
        reader.localise(current, earlier, &mut self.checked.findings);
    }

    /// Takes back that something was not returned where it was returned for another period: that has
    /// been said.
    fn forgive_kept_apart(&self, scheme: &Scheme, findings: &mut Vec<Finding>) {
        let records = self.records.iter().flat_map(|file| &file.tables);
        let came: HashSet<(&str, &str)> = records
            .filter(|table| table.kept_apart)
            .filter_map(|table| {
                let annex = &scheme.annexes[table.annex].number;
                Some((&**annex, &*scheme.reporters[table.reporter?].name))
            })
            .collect();
        findings.retain(|finding| {
            let who = finding.annex.as_deref().zip(finding.reporter.as_deref());
            finding.kind != Kind::NotReturned || who.is_none_or(|who| !came.contains(&who))
        });
    }

    /// A form of another period asks for nothing once its sender has returned this period's as well, after it or
    /// in the same file. Where that came before, the other may be its correction with a wrong month.
    fn excuse_other_periods(&mut self, scheme: &Scheme, returns: &[ReturnRecord]) {
        let records = &self.records;
        let version = |path: &str| {
            let record = records.iter().find(|record| &*record.path == path);
            record.map(|record| record.version)
        };
        for finding in &mut self.findings {
            let Detail::WrongPeriod { taken, .. } = &mut finding.detail else {
                continue;
            };
            let mut own = returns.iter().filter(|one| {
                finding.annex.as_deref() == Some(&*scheme.annexes[one.annex].number)
                    && finding.reporter.as_deref() == Some(&*scheme.reporters[one.reporter].name)
            });
            let Some(file) = own.find_map(|one| one.files.last()) else {
                continue;
            };
            let apart = finding.place.as_ref().map(|place| &place.file);
            let versions = version(file).zip(apart.and_then(|apart| version(apart)));
            let is_later = versions.is_some_and(|(taken, apart)| taken.is_newer_than(apart));
            finding.level = match apart == Some(file) || is_later {
                true => Level::Hint,
                false => Level::Verification,
            };
            *taken = Some(file.clone());
        }
    }

    /// All findings in order, with what reporters wrote about them.
    fn finish(&mut self, scheme: &Scheme) -> (Vec<Finding>, Vec<Tally>) {
        let mut findings = std::mem::take(&mut self.findings);
        findings.append(&mut self.checked.findings);
        sort_findings(scheme, &mut findings);
        let noticed = apply_explanations(&mut findings, &self.explanations);
        if !noticed.is_empty() {
            findings.extend(noticed);
            sort_findings(scheme, &mut findings);
        }
        (findings, std::mem::take(&mut self.checked.tallies))
    }
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

fn same_file(first: &Arc<str>, path: &Arc<str>) -> Finding {
    let detail = Detail::DuplicateReturn {
        taken: first.clone(),
        other: path.clone(),
        identical: true,
        newer_by: None,
        against_mark: false,
        partly: false,
    };
    Finding::new(Kind::DuplicateReturn, Level::Hint, detail).at(Place::file(path))
}

/// Marks the forms that others replaced, and the files of which nothing is left.
fn mark_superseded(records: &mut [FileRecord], settled: &Settled) {
    let mut by = HashMap::new();
    let replaced = settled.superseded_by.iter().zip(&settled.is_copy);
    for (table, (file, is_copy)) in settled.tables.iter().zip(replaced) {
        if let Some(file) = file {
            by.insert(
                (table.file.clone(), table.sheet.clone(), table.annex),
                (file.clone(), is_copy),
            );
        }
    }
    for record in records
        .iter_mut()
        .filter(|record| record.status == FileStatus::Read)
    {
        let mut last = None;
        let mut all_copies = true;
        for table in &mut record.tables {
            let key = (record.path.clone(), table.sheet.clone(), table.annex);
            if let Some((file, is_copy)) = by.get(&key) {
                table.superseded = true;
                all_copies &= **is_copy;
                last = Some(file.clone());
            }
        }
        if let Some(file) = last.filter(|_| record.tables.iter().all(|table| table.superseded)) {
            record.status = match all_copies {
                true => FileStatus::SameFigures(file),
                false => FileStatus::Superseded(file),
            };
        }
    }
}

/// Whether a finding is about the form of an annex on one sheet.
fn is_at(finding: &Finding, annex: &str, sheet: &Place) -> bool {
    let of_annex = finding.annex.as_deref().is_none_or(|of| of == annex);
    let place = finding.place.as_ref();
    of_annex && place.is_some_and(|at| at.file == sheet.file && at.sheet == sheet.sheet)
}

/// The findings of one form that another has not, by what they are about.
fn missing_in(findings: &[Finding], other: &[Finding]) -> Vec<Finding> {
    let other: HashSet<String> = explanations::keys(other).into_iter().collect();
    let keyed = findings.iter().zip(explanations::keys(findings));
    let missing = keyed.filter(|(_, key)| !other.contains(key));
    missing.map(|(finding, _)| finding.clone()).collect()
}

/// Files first, then annexes in the scheme's order, reporters in the roster's, cells from top to bottom.
pub fn sort_findings(scheme: &Scheme, findings: &mut [Finding]) {
    let annexes: HashMap<&str, usize> = scheme
        .annexes
        .iter()
        .enumerate()
        .map(|(idx, annex)| (&*annex.number, idx))
        .collect();
    let reporters: HashMap<&str, usize> = scheme
        .reporters
        .iter()
        .enumerate()
        .map(|(idx, reporter)| (&*reporter.name, idx))
        .collect();
    findings.sort_by_cached_key(|finding| {
        (
            finding
                .annex
                .as_deref()
                .map(|annex| annexes.get(annex).copied()),
            finding
                .reporter
                .as_deref()
                .map(|reporter| reporters.get(reporter).copied()),
            finding.place.clone(),
            finding.kind,
            finding.rule.clone(),
            finding.year,
            finding.column.clone(),
        )
    });
}

/// Keys and row numbers are not observations, nor are blanks.
fn n_observations(annex: &Annex, table: &Table) -> usize {
    let data: Vec<usize> = (0..annex.leaves.len())
        .filter(|leaf| annex.is_data(*leaf))
        .collect();
    let of_row = |row: &Row| {
        let values = data.iter().map(|leaf| &row.entries[*leaf].value);
        values.filter(|value| **value != Value::Missing).count()
    };
    table.rows.iter().map(of_row).sum()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
