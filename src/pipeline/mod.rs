//! The stages strung together; the only place that knows their order.

mod file;
mod gathered;
mod hidden;
mod uncertain;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[cfg(feature = "consolidate")]
use rayon::prelude::*;

use crate::check::Checked;
use crate::consolidate::County;
use crate::consolidate::variances::Variances;
#[cfg(feature = "consolidate")]
use crate::consolidate::variances::{Stand, Stands, variances};
use crate::inbox::InboxFile;
#[cfg(feature = "consolidate")]
use crate::model::Past;
use crate::model::{
    Call, Correction, Detail, Earlier, FileRecord, Finding, Kind, Level, Period, ReturnRecord,
    Stage, Table, Tally, Workbook,
};
use crate::returns;
use crate::scheme::Scheme;

use file::read_files;
use gathered::{Gathered, stage};

pub use file::{FormFile, FormReader};
pub use gathered::sort_findings;

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
    let mut gathered = Gathered::of(read_files(&reader, files, done, |file, _| file));
    gathered.pass_over_strays();
    let settled = gathered.settle(&reader, period);
    let current = &settled.tables[..settled.n_current];
    // Neither needs what the other finds.
    let (mut county, ()) = rayon::join(
        || crate::consolidate::consolidate(scheme, current),
        || gathered.hold_together(&reader, current, &earlier),
    );
    gathered.findings.append(&mut county.findings);
    let (mut findings, tallies) = gathered.finish(&reader);
    let mut returns = settled.returns;
    returns::judge(scheme, period, &gathered.records, &findings, &mut returns);
    let mut failed = Vec::new();
    let calls = stage(Stage::Calls, &mut failed, || {
        returns::calls(scheme, current, &earlier, &findings)
    });
    let variances = stage(Stage::Variances, &mut failed, || {
        compare(scheme, period, current, &county, &earlier, &findings)
    });
    add(scheme, &mut findings, failed);
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
    let mut of = |past: &Option<Past>| past.as_ref().and_then(|_| places.next()).map(stand);
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
    let mut gathered = Gathered::of(read_files(&reader, files, done, |file, _| file));
    gathered.pass_over_strays();
    let settled = gathered.settle(&reader, period);
    let current = &settled.tables[..settled.n_current];
    #[cfg(feature = "consolidate")]
    gathered
        .findings
        .append(&mut crate::consolidate::consolidate(scheme, current).findings);
    gathered.hold_together(&reader, current, earlier);
    let (mut findings, tallies) = gathered.finish(&reader);
    let mut returns = settled.returns;
    returns::judge(scheme, period, &gathered.records, &findings, &mut returns);
    let mut failed = Vec::new();
    let calls = stage(Stage::Calls, &mut failed, || {
        returns::calls(scheme, current, earlier, &findings)
    });
    add(scheme, &mut findings, failed);
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

/// Puts what was found last in its place.
fn add(scheme: &Scheme, findings: &mut Vec<Finding>, mut last: Vec<Finding>) {
    if !last.is_empty() {
        findings.append(&mut last);
        sort_findings(scheme, findings);
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
    let (read, workbooks): (Vec<FormFile>, Vec<_>) =
        (read_files(&reader, files, done, |file, workbook| (file, workbook)).into_iter()).unzip();
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
        let others = returns::others_rows(scheme, current);
        gathered.findings.extend(others);
        tables.extend(settled.tables);
    }
    // Nobody is asked here for what others owe, nor for what only the county can mend; that is said once.
    let mut unread = BTreeSet::new();
    gathered
        .findings
        .retain_mut(|finding| match finding.detail {
            Detail::EarlierUnread { period, .. } => {
                finding.level = Level::Hint;
                unread.insert(period)
            }
            _ => finding.kind != Kind::NotReturned,
        });
    let (findings, tallies) = gathered.finish(&reader);
    CheckedFiles {
        files: gathered.records,
        workbooks,
        tables,
        findings,
        tallies,
    }
}
