//! 州级汇总: the outboxes of several counties → one prefecture, in which counties stand where townships do.
//!
//! The prefecture is a scheme of its own, made of the counties' common one: its reporters are the counties, and its
//! forms are theirs with a row or a block for each. Figures are the counties' own, as they
//! consolidated them; nothing is read again from the returns.

mod lift;
mod prefecture;

use std::sync::Arc;

use crate::consolidate::{County, consolidate};
use crate::model::{
    Damage, Detail, Earlier, FileRecord, FileStatus, Finding, Format, Kind, Level, Past, Period,
    Place, ReturnRecord, ReturnState, ReturnStatus, Table, TableRecord, Version,
};
use crate::pipeline::{Merged, compare};
use crate::scheme::Scheme;

pub use prefecture::prefecture;

/// What one county consolidated.
#[derive(Clone, Debug)]
pub struct CountyOutbox {
    /// Its scheme, as it was then.
    pub scheme: Scheme,
    /// Path of its workbook, as far as it was given.
    pub workbook: Arc<str>,
    /// SHA-256 of its records.
    pub sha256: String,
    /// The forms that counted, of the period and of those before.
    pub pasts: Vec<Past>,
    /// What it found.
    pub findings: Vec<CountyFinding>,
    /// Earlier periods of it that could not be used, and why.
    pub left_out: Vec<(Period, Damage)>,
}

/// A finding as a county's findings.json has it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct CountyFinding {
    rule: Option<String>,
    kind: String,
    level: String,
    annex: Option<String>,
    reporter: Option<String>,
    year: Option<u16>,
    file: Option<String>,
    sheet: Option<String>,
    cell: Option<String>,
    given: Option<String>,
    expected: Option<String>,
    difference: Option<String>,
    message: String,
    explanation: Option<String>,
}

/// Two counties whose figures do not mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The first county.
    pub one: String,
    /// The other.
    pub other: String,
    /// Annexes that only the first has.
    pub only_one: Vec<String>,
    /// Annexes that only the other has.
    pub only_other: Vec<String>,
    /// Rules, annexes and so on that differ; nothing where not all annexes are the same.
    pub parts: Vec<String>,
}

/// The counties whose scheme is not the first one's.
pub fn unlike(counties: &[CountyOutbox]) -> Vec<Unlike> {
    let Some((first, others)) = counties.split_first() else {
        return Vec::new();
    };
    let differences = others.iter().map(|other| {
        let (one, other) = (&first.scheme, &other.scheme);
        let (only_one, only_other) = (annexes_without(one, other), annexes_without(other, one));
        let parts = match only_one.is_empty() && only_other.is_empty() {
            true => one.differences(other),
            // Rules of annexes that only one has are no news, and the others cannot be told apart before that.
            false => Vec::new(),
        };
        Unlike {
            one: one.area.clone(),
            other: other.area.clone(),
            only_one,
            only_other,
            parts,
        }
    });
    let is_unlike = |it: &Unlike| {
        let mut all = it.only_one.iter().chain(&it.only_other).chain(&it.parts);
        all.next().is_some()
    };
    differences.filter(is_unlike).collect()
}

/// Numbers of the annexes of one scheme that another has not.
fn annexes_without(scheme: &Scheme, other: &Scheme) -> Vec<String> {
    let numbers = scheme.annexes.iter().map(|annex| &*annex.number);
    let lacking = numbers.filter(|number| other.annex(number).is_none());
    lacking.map(str::to_owned).collect()
}

/// Brings the counties together; `scheme` is their [`prefecture`].
pub fn roll_up(scheme: &Scheme, period: Period, counties: &[CountyOutbox]) -> Merged {
    let tables = tables(scheme, period, counties).unwrap_or_default();
    let county = consolidate(scheme, &tables);
    let past = |period: Option<Period>| {
        let period = period?;
        let tables = tables_of(scheme, period, counties)?;
        let unknown = Vec::new();
        Some(Past {
            period,
            tables,
            unknown,
        })
    };
    let [plan, last_month, year_before] = Earlier::periods(period);
    let earlier = Earlier {
        plan: past(plan),
        last_month: past(last_month),
        year_before: past(year_before),
        months: (Earlier::months(period).into_iter())
            .filter_map(|month| past(Some(month)))
            .collect(),
        left_out: Vec::new(),
    };
    let findings = findings(scheme, counties);
    let variances = compare(scheme, period, &tables, &county, &earlier, &findings);
    let files = files(counties, &tables);
    let mut returns = returns(scheme, period, counties, &county);
    crate::returns::judge(scheme, period, &files, &findings, &mut returns);
    for one in &mut returns {
        // What a county's own reporters owe is open in what the county has.
        let owed = findings.iter().filter(|finding| {
            finding.kind == Kind::NotReturned
                && finding.annex.as_deref() == Some(&*scheme.annexes[one.annex].number)
                && finding.reporter.as_deref() == Some(&*scheme.reporters[one.reporter].name)
        });
        for finding in owed {
            one.open[finding.level as usize] += 1;
        }
        // Counties send their own townships' forms back.
        one.state = match one.status {
            ReturnStatus::Missing => ReturnState::Missing,
            _ => ReturnState::Returned,
        };
    }
    Merged {
        period,
        earlier,
        note: None,
        files,
        superseded_by: vec![None; tables.len()],
        returns,
        corrections: Vec::new(),
        calls: Vec::new(),
        findings,
        tallies: Vec::new(),
        variances,
        county,
        tables,
        rolled_up: true,
    }
}

use tables as tables_of;

/// The prefecture's forms of one period; none where no county has it.
fn tables(scheme: &Scheme, period: Period, counties: &[CountyOutbox]) -> Option<Vec<Table>> {
    let of_period = counties.iter().enumerate().filter_map(|(idx, county)| {
        let past = county.pasts.iter().find(|past| past.period == period)?;
        Some((idx, county, past, consolidate(&county.scheme, &past.tables)))
    });
    let of_period: Vec<(usize, &CountyOutbox, &Past, County)> = of_period.collect();
    let parts = of_period
        .iter()
        .map(|(idx, outbox, past, county)| lift::Part {
            reporter: *idx,
            outbox,
            tables: &past.tables,
            county,
        });
    let parts: Vec<lift::Part> = parts.collect();
    (!parts.is_empty()).then(|| lift::lift(scheme, period, &parts))
}

/// One file a county: its workbook.
fn files(counties: &[CountyOutbox], tables: &[Table]) -> Vec<FileRecord> {
    let of_county = |idx: usize, county: &CountyOutbox| FileRecord {
        path: county.workbook.clone(),
        sha256: county.sha256.clone(),
        format: Some(Format::Xlsx),
        version: Version::default(),
        status: FileStatus::Read,
        is_whole: true,
        tables: (tables.iter().filter(|table| table.reporter == Some(idx)))
            .map(|table| TableRecord {
                sheet: table.sheet.clone(),
                hidden: false,
                annex: table.annex,
                reporter: table.reporter,
                found_by: None,
                dated: None,
                observations: (table.rows.iter().flat_map(|row| &row.entries))
                    .filter(|entry| entry.value.amount().is_some())
                    .count(),
                superseded: false,
                kept_apart: false,
                period: table.period,
                period_found_by: None,
            })
            .collect(),
    };
    let counties = counties.iter().enumerate();
    counties
        .map(|(idx, county)| of_county(idx, county))
        .collect()
}

/// What each county has of each annex.
fn returns(
    scheme: &Scheme,
    period: Period,
    counties: &[CountyOutbox],
    county: &County,
) -> Vec<ReturnRecord> {
    let mut returns = Vec::new();
    for (reporter, outbox) in counties.iter().enumerate() {
        for annex in 0..scheme.annexes.len() {
            if !scheme.annexes[annex].due.is_in(period) {
                continue;
            }
            let mut rows = county.annexes[annex].rows.iter();
            let has = rows.any(|row| row.reporter == Some(reporter) && row.source.is_some());
            returns.push(ReturnRecord {
                reporter,
                annex,
                status: match has {
                    true => ReturnStatus::Returned,
                    false => ReturnStatus::Missing,
                },
                files: has.then(|| outbox.workbook.clone()).into_iter().collect(),
                newer_by: None,
                time: None,
                is_late: false,
                open: [0; Level::ALL.len()],
                state: ReturnState::Returned,
            });
        }
    }
    returns
}

/// The counties' open findings, each said to be its county's.
fn findings(scheme: &Scheme, counties: &[CountyOutbox]) -> Vec<Finding> {
    let of_county = counties.iter().enumerate().flat_map(|(idx, county)| {
        let all = county.findings.iter();
        let all = all.filter_map(move |finding| finding.told(&scheme.reporters[idx].name, county));
        all.filter(Finding::is_open)
    });
    of_county.chain(left_out(counties)).collect()
}

/// What is said of earlier periods that some counties' figures are left out of.
pub fn left_out(counties: &[CountyOutbox]) -> impl Iterator<Item = Finding> {
    counties.iter().flat_map(|county| {
        county.left_out.iter().map(|(period, damage)| {
            let (period, damage) = (*period, damage.clone());
            let detail = Detail::EarlierUnread { period, damage };
            let mut finding = Finding::new(Kind::EarlierUnread, Level::Mandatory, detail);
            finding.reporter = Some(county.scheme.area.as_str().into());
            finding.at(Place::file(&county.workbook))
        })
    })
}

impl CountyFinding {
    /// The finding, unless a newer version knows a kind that this one does not.
    fn told(&self, county: &Arc<str>, outbox: &CountyOutbox) -> Option<Finding> {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == self.kind)?;
        let level = Level::ALL
            .into_iter()
            .find(|level| level.name() == self.level)?;
        let cell = [&self.sheet, &self.cell].map(|part| part.as_deref());
        let at = match cell {
            [Some(sheet), Some(cell)] => Some(format!("{sheet}!{cell}")),
            [sheet, _] => sheet.map(str::to_owned),
        };
        let about = [
            self.reporter.as_deref(),
            self.file.as_deref(),
            at.as_deref(),
        ];
        let about: Vec<&str> = about.into_iter().flatten().collect();
        let detail = Detail::Told {
            about: about.join(" "),
            message: self.message.clone(),
        };
        let mut finding = Finding::new(*kind, level, detail).at(Place::file(&outbox.workbook));
        finding.rule = self.rule.as_deref().map(Arc::from);
        finding.annex = self.annex.as_deref().map(Arc::from);
        finding.reporter = Some(county.clone());
        finding.year = self.year;
        finding.given.clone_from(&self.given);
        finding.expected.clone_from(&self.expected);
        finding.difference = self.difference.as_ref().and_then(|text| text.parse().ok());
        finding.explanation.clone_from(&self.explanation);
        Some(finding)
    }
}
