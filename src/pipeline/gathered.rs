//! The files of a period together: which of their forms count, and what all of them found.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::check::{Checked, Checker};
use crate::explanations::{self, Explanation, apply_explanations};
use crate::model::{
    Correction, Detail, Earlier, FileKind, FileRecord, FileStatus, Finding, Kind, Level, Period,
    Place, ReturnRecord, Stage, Table, Tally, Unreadable, Version,
};
use crate::read::caught;
use crate::returns::{self, Settled};
use crate::scheme::Scheme;

use super::{FormFile, FormReader};

/// What the files say, before they are held against each other.
pub(super) struct Gathered {
    pub(super) records: Vec<FileRecord>,
    pub(super) tables: Vec<Table>,
    /// For each table, how it came out by itself.
    pub(super) by_form: Vec<Checked>,
    pub(super) findings: Vec<Finding>,
    pub(super) checked: Checked,
    pub(super) explanations: Vec<Explanation>,
}

/// Which forms count.
pub(super) struct Current {
    /// Every form, in order of trust, those that count before those that do not.
    pub(super) tables: Vec<Table>,
    #[cfg_attr(not(feature = "consolidate"), expect(dead_code))]
    pub(super) superseded_by: Vec<Option<Arc<str>>>,
    pub(super) n_current: usize,
    pub(super) returns: Vec<ReturnRecord>,
    pub(super) corrections: Vec<Correction>,
}

impl Gathered {
    pub(super) fn of(read: Vec<FormFile>) -> Self {
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

    /// Notes and pictures lie about in any inbox. Of one that bears a reporter's name, or a workbook's, it is worth asking;
    /// of the others it is only said that they are no forms.
    pub(super) fn pass_over_strays(&mut self) {
        for finding in &mut self.findings {
            let path = finding.place.as_ref().map(|place| &*place.file);
            if let Detail::Unreadable(reason) = &finding.detail
                && finding.reporter.is_none()
                && is_stray(reason)
                && !path.is_some_and(is_called_a_workbook)
            {
                finding.level = Level::Hint;
            }
        }
    }

    /// Settles which forms count. What was found in a form that its sender has replaced is no longer open;
    /// it is kept with what the newer form changed.
    pub(super) fn settle(&mut self, reader: &FormReader<'_>, period: Period) -> Current {
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
        let mut by_sheet: HashMap<(&str, Option<&str>), Vec<&Finding>> = HashMap::new();
        if !corrections.is_empty() {
            let open = [&*self.findings, &*self.checked.findings, &*withdrawn];
            for finding in open.into_iter().flatten() {
                if let Some(place) = &finding.place {
                    let sheet = (&*place.file, place.sheet.as_deref());
                    by_sheet.entry(sheet).or_default().push(finding);
                }
            }
        }
        let mut sheets_told = HashSet::new();
        for correction in &mut corrections {
            let sheet = |place: &Place| (place.file.clone(), place.sheet.clone());
            let (older, newer) = (sheet(&correction.older), sheet(&correction.newer));
            // Both have the findings of their sheet; two hundred forms of one sheet would say the same as often.
            let sheets = (older, newer, correction.annex, correction.reporter);
            if sheets.0 == sheets.1 || !sheets_told.insert(sheets) {
                continue;
            }
            let annex = &reader.scheme.annexes[correction.annex].number;
            let of = |place: &Place| -> Vec<Finding> {
                let here = by_sheet.get(&(&*place.file, place.sheet.as_deref()));
                let of_annex = |finding: &&&Finding| {
                    let number = finding.annex.as_deref();
                    number.is_none_or(|number| *number == **annex)
                };
                let here = here.into_iter().flatten().filter(of_annex);
                here.map(|finding| (*finding).clone()).collect()
            };
            let before = of(&correction.older);
            let now = of(&correction.newer);
            correction.removed = missing_in(&before, &now);
            correction.made = missing_in(&now, &before);
            let told = correction.removed.iter_mut().chain(&mut correction.made);
            told.for_each(Finding::shorten);
            sort_findings(reader.scheme, &mut correction.removed);
            sort_findings(reader.scheme, &mut correction.made);
        }
        self.forgive_kept_apart(reader.scheme, &mut findings);
        self.excuse_other_periods(reader.scheme, &returns);
        self.findings.extend(findings);
        let forms = tables.into_iter().zip(superseded_by);
        let (current, replaced): (Vec<_>, Vec<_>) = forms.partition(|(_, by)| by.is_none());
        let n_current = current.len();
        let (tables, superseded_by): (Vec<Table>, _) = current.into_iter().chain(replaced).unzip();
        self.forgive_rows_elsewhere(reader.scheme, &tables[..n_current]);
        Current {
            tables,
            superseded_by,
            n_current,
            returns,
            corrections,
        }
    }

    /// Holds the forms that count against each other.
    pub(super) fn hold_together(
        &mut self,
        reader: &FormReader<'_>,
        current: &[Table],
        earlier: &Earlier,
    ) {
        let checker = &reader.checker;
        let county = self.stage(Stage::Together, || checker.county(current));
        self.checked.merge(county);
        if Checker::has_doubts(current, &self.findings) {
            let mut proven = self.findings.clone();
            let proven = self.stage(Stage::Together, || {
                checker.prove(current, earlier, &mut proven);
                Some(proven)
            });
            if let Some(proven) = proven {
                self.findings = proven;
            }
        }
        let over_time = self.stage(Stage::OverTime, || checker.over_time(current, earlier));
        self.checked.merge(over_time);
        // A form that was replaced needs no advice. Without advice findings are what they were.
        let mut localised = self.checked.findings.clone();
        // What belongs into a blank may follow from the relations.
        let is_blank = |finding: &Finding| finding.kind == Kind::MissingValue;
        let blanks: Vec<usize> = (0..self.findings.len())
            .filter(|idx| is_blank(&self.findings[*idx]))
            .collect();
        localised.extend(blanks.iter().map(|&idx| self.findings[idx].clone()));
        let localised = self.stage(Stage::Localise, || {
            reader.localise(current, earlier, &mut localised);
            Some(localised)
        });
        if let Some(localised) = localised {
            let (filled, checked) = localised.into_iter().partition(is_blank);
            self.checked.findings = checked;
            let filled: Vec<Finding> = filled;
            for (idx, finding) in blanks.into_iter().zip(filled) {
                self.findings[idx] = finding;
            }
        }
        let left_out = earlier.left_out.iter();
        self.findings.extend(left_out.map(|(period, damage)| {
            let (period, damage) = (*period, damage.clone());
            let detail = Detail::EarlierUnread { period, damage };
            Finding::new(Kind::EarlierUnread, Level::Mandatory, detail)
        }));
    }

    /// Does what needs all forms. Where it panics, that is said, and it has found nothing.
    fn stage<T: Default>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        self::stage(stage, &mut self.findings, work)
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

    /// Takes back that a row is missing in a form where another form of the same reporter has it.
    fn forgive_rows_elsewhere(&mut self, scheme: &Scheme, current: &[Table]) {
        let is_about_row =
            |finding: &Finding| finding.kind == Kind::MissingRow && finding.row.is_some();
        if !self.findings.iter().any(is_about_row) {
            return;
        }
        let mut came: HashSet<(&str, &str, String)> = HashSet::new();
        for table in current {
            let annex = &scheme.annexes[table.annex];
            for row in &table.rows {
                if let (Some(spec), Some(reporter)) = (row.spec, row.reporter)
                    && table.reporter == Some(reporter)
                    && annex.says_something(row)
                {
                    let label = annex.rows.fixed()[spec].printed.join("·");
                    came.insert((&annex.number, &scheme.reporters[reporter].name, label));
                }
            }
        }
        self.findings.retain(|finding| {
            let parts = (&finding.annex, &finding.reporter, &finding.row);
            let (Some(annex), Some(reporter), Some(row)) = parts else {
                return true;
            };
            !is_about_row(finding) || !came.contains(&(annex, reporter, row.to_string()))
        });
    }

    /// Says of findings which period they are about, where files came in for one or a form says so itself.
    fn date(&self, reader: &FormReader<'_>, findings: &mut [Finding]) {
        let mut by_sheet: HashMap<(&str, &str), Period> = HashMap::new();
        for record in &self.records {
            for table in &record.tables {
                if table.period_found_by.is_some() {
                    by_sheet.insert((&record.path, &table.sheet), table.period);
                }
            }
        }
        for finding in findings {
            let place = finding.place.as_ref();
            let sheet = place.and_then(|place| Some((&*place.file, place.sheet.as_deref()?)));
            let said = sheet.and_then(|sheet| by_sheet.get(&sheet).copied());
            finding.period = reader.period.or(said);
        }
    }

    /// A form of another period asks for nothing once its sender has returned this period's as well, after it or
    /// in the same file. Where that came before, the other may be its correction with a wrong month.
    fn excuse_other_periods(&mut self, scheme: &Scheme, returns: &[ReturnRecord]) {
        let is_apart = |finding: &Finding| matches!(finding.detail, Detail::WrongPeriod { .. });
        if !self.findings.iter().any(is_apart) {
            return;
        }
        let records = self.records.iter();
        let versions: HashMap<&str, Version> = records
            .map(|record| (&*record.path, record.version))
            .collect();
        let version = |path: &str| versions.get(path).copied();
        let mut last_files: HashMap<(&str, &str), &Arc<str>> = HashMap::new();
        for one in returns {
            let annex = &*scheme.annexes[one.annex].number;
            let reporter = &*scheme.reporters[one.reporter].name;
            if let Some(file) = one.files.last() {
                last_files.entry((annex, reporter)).or_insert(file);
            }
        }
        for finding in &mut self.findings {
            let Detail::WrongPeriod { taken, .. } = &mut finding.detail else {
                continue;
            };
            let whose = finding.annex.as_deref().zip(finding.reporter.as_deref());
            let Some(&file) = whose.and_then(|whose| last_files.get(&whose)) else {
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
    pub(super) fn finish(&mut self, reader: &FormReader<'_>) -> (Vec<Finding>, Vec<Tally>) {
        let scheme = reader.scheme;
        let mut findings = std::mem::take(&mut self.findings);
        findings.append(&mut self.checked.findings);
        findings.iter_mut().for_each(Finding::shorten);
        sort_findings(scheme, &mut findings);
        self.date(reader, &mut findings);
        let noticed = apply_explanations(&mut findings, &self.explanations);
        if !noticed.is_empty() {
            findings.extend(noticed);
            sort_findings(scheme, &mut findings);
        }
        (findings, std::mem::take(&mut self.checked.tallies))
    }
}

/// Does what needs all forms, and adds to the findings where it panics: what was found before is worth having.
pub(super) fn stage<T: Default>(
    stage: Stage,
    findings: &mut Vec<Finding>,
    work: impl FnOnce() -> T,
) -> T {
    caught(work).unwrap_or_else(|detail| {
        let detail = Detail::StageFailed { stage, detail };
        findings.push(Finding::new(Kind::ProgramFault, Level::Mandatory, detail));
        T::default()
    })
}

fn same_file(first: &Arc<str>, path: &Arc<str>) -> Finding {
    let detail = Detail::DuplicateReturn {
        taken: first.clone(),
        other: path.clone(),
        in_one_file: false,
        identical: true,
        newer_by: None,
        against_mark: false,
        n_rows: None,
        differ: Vec::new(),
    };
    Finding::new(Kind::DuplicateReturn, Level::Hint, detail).at(Place::file(path))
}

/// Marks the forms that others replaced, and the files of which nothing is left. What could not be read of a file
/// may be anything, so a file that was not read whole is never among those.
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
        let is_used_up = record.is_whole && record.tables.iter().all(|table| table.superseded);
        if let Some(file) = last.filter(|_| is_used_up) {
            record.status = match all_copies {
                true => FileStatus::SameFigures(file),
                false => FileStatus::Superseded(file),
            };
        }
    }
}

/// The findings of one form that another has not, by what they are about.
fn missing_in(findings: &[Finding], other: &[Finding]) -> Vec<Finding> {
    let other: HashSet<String> = explanations::keys(other).into_iter().flatten().collect();
    let keyed = findings.iter().zip(explanations::keys(findings));
    let missing = keyed.filter(|(_, keys)| !keys.iter().any(|key| other.contains(key)));
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

/// Whether a file is something that nobody would return a form as.
fn is_stray(reason: &Unreadable) -> bool {
    let Unreadable::NotASpreadsheet(kind) = reason else {
        return false;
    };
    matches!(
        kind,
        FileKind::Text | FileKind::Picture | FileKind::Presentation
    )
}

/// Whether a file has the extension of a workbook or of a table.
fn is_called_a_workbook(path: &str) -> bool {
    const EXTENSIONS: [&str; 12] = [
        "xls", "xlsx", "xlsm", "xlsb", "xlt", "xltx", "et", "ett", "ods", "fods", "csv", "prn",
    ];
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|it| {
        EXTENSIONS
            .iter()
            .any(|known| it.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_over_all_forms_is_told_and_what_was_found_stays() {
        let detail = Detail::BlankForm;
        let mut findings = vec![Finding::new(Kind::MissingRow, Level::Hint, detail)];
        let sum = stage(Stage::Together, &mut findings, || 1 + 2);
        assert_eq!((sum, findings.len()), (3, 1));
        let none: u32 = stage(Stage::OverTime, &mut findings, || panic!("no such row"));
        assert_eq!((none, findings.len()), (0, 2));
        let told = &findings[1];
        assert_eq!(
            (told.kind, told.level),
            (Kind::ProgramFault, Level::Mandatory)
        );
        let Detail::StageFailed { stage, detail } = &told.detail else {
            panic!("{:?}", told.detail);
        };
        assert_eq!(*stage, Stage::OverTime);
        let place = "no such row (src/pipeline/gathered.rs:";
        assert!(detail.starts_with(place), "{detail}");
    }
}
