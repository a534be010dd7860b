//! The workbooks that we write: the county's, and [blank forms](form).
//!
//! The county workbook: 概览, 报送情况, one sheet for each annex as the plan prints it, 舍位平衡 where
//! one is published in another unit, 差异分析 of months, 错误清单, 数据来源, 说明.
//!
//! Annex sheets show what was returned and never change a figure, unless they are asked for in another unit. Totals are live formulas that
//! carry their value, so that viewers which do not calculate show it too. Every cell with findings
//! has the colour of the worst and a note that says all of them. The same input gives the same
//! bytes.

mod annex;
mod body;
mod findings;
pub mod form;
mod frame;
mod head;
mod layout;
pub(super) mod marks;
mod notes;
mod overview;
mod page;
mod printed;
mod progress;
mod returns;
mod rounding;
mod row_sums;
mod sources;
mod style;
mod summary;
#[cfg(test)]
mod tests;
pub(super) mod text;
mod variances;

use std::collections::HashMap;
use std::io::{Cursor, Seek, Write};

use rayon::prelude::*;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use crate::consolidate::{County, TooLong};
use crate::model::{Detail, Finding, Kind, Level, Period, ReturnStatus};
use crate::pipeline::Merged;
use crate::scheme::{Annex, Scheme};

use self::frame::Frame;
use self::layout::{Layout, Limits, Names};
use self::marks::Marks;
use self::printed::Printed;
use self::style::{Looks, Styles};
use super::annotate::copy_paths;
use super::{Lang, words};

/// The workbook could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the county workbook")]
pub struct WorkbookError(#[from] XlsxError);

/// The county workbook as the bytes of an .xlsx file.
pub fn write_workbook(
    merged: &Merged,
    scheme: &Scheme,
    lang: Lang,
) -> Result<Vec<u8>, WorkbookError> {
    let mut bytes = Cursor::new(Vec::new());
    write_workbook_to(merged, scheme, lang, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// The same, where it is known which returns have marked copies and what these are called: file → path beside the
/// workbook.
pub fn write_workbook_beside(
    merged: &Merged,
    scheme: &Scheme,
    copies: HashMap<&str, String>,
    lang: Lang,
) -> Result<Vec<u8>, WorkbookError> {
    let mut bytes = Cursor::new(Vec::new());
    let context = Context {
        copies,
        ..Context::new(merged, scheme, lang, Limits::default())
    };
    write_in(&context, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// Writes the county workbook.
pub fn write_workbook_to(
    merged: &Merged,
    scheme: &Scheme,
    lang: Lang,
    writer: impl Write + Seek + Send,
) -> Result<(), WorkbookError> {
    write_within(Limits::default(), merged, scheme, lang, writer)
}

fn write_within(
    limits: Limits,
    merged: &Merged,
    scheme: &Scheme,
    lang: Lang,
    writer: impl Write + Seek + Send,
) -> Result<(), WorkbookError> {
    write_in(&Context::new(merged, scheme, lang, limits), writer)
}

fn write_in(context: &Context<'_>, writer: impl Write + Seek + Send) -> Result<(), WorkbookError> {
    let annexes = context.annexes.par_iter();
    let frames: Vec<Frame> = annexes.map(|&idx| Frame::of(context, idx)).collect();
    let mut workbook = Workbook::new();
    workbook.set_zip_compression_level(body::LEVEL);
    let mut styles = Styles::default();
    let looks = Looks::register(&mut workbook, &mut styles);
    workbook.set_properties(&properties(context)?);
    overview::write(context, &mut workbook, &mut styles)?;
    let mut bodies = vec![returns::write(context, looks, &mut workbook, &mut styles)?];
    for frame in &frames {
        bodies.extend(annex::write(frame, &mut workbook, &mut styles)?);
        progress::write(context, frame.idx, &mut workbook, &mut styles)?;
    }
    rounding::write(context, &mut workbook, &mut styles)?;
    if let Some(found) = &context.merged.variances {
        bodies.extend(variances::write(
            context,
            found,
            &mut workbook,
            &mut styles,
        )?);
    }
    findings::write(context, &mut workbook, &mut styles)?;
    bodies.extend(sources::write(context, looks, &mut workbook, &mut styles)?);
    summary::write(context, &mut workbook, &mut styles)?;
    body::fill(&workbook.save_to_buffer()?, &bodies, writer)?;
    Ok(())
}

/// The sheet of an annex in the workbook of a county, and where its rows (or, without a row, the total)
/// stand, from 0.
pub fn sheet_rows(
    scheme: &Scheme,
    county: &County,
    annex: usize,
) -> (String, impl Fn(Option<usize>) -> Option<u32> + use<>) {
    layout::sheet_rows(scheme, county, annex)
}

/// What all sheets look things up in.
struct Context<'a> {
    merged: &'a Merged,
    scheme: &'a Scheme,
    lang: Lang,
    limits: Limits,
    /// The annexes that the period has, in the order of the scheme.
    annexes: Vec<usize>,
    marks: Marks,
    layout: Layout,
    /// Annexes that are published in another unit.
    printed: Vec<Option<Result<Printed, TooLong>>>,
    /// Findings of each annex, by level.
    annex_findings: Vec<[usize; Level::ALL.len()]>,
    /// Findings of each reporter, by level.
    reporter_findings: HashMap<&'a str, [usize; Level::ALL.len()]>,
    /// For each file that goes back, the path of its marked copy beside the workbook.
    copies: HashMap<&'a str, String>,
}

impl<'a> Context<'a> {
    fn new(merged: &'a Merged, scheme: &'a Scheme, lang: Lang, limits: Limits) -> Self {
        let names = Names {
            overview: lang.pick("概览", "Overview").to_owned(),
            summary: lang.pick("说明", "About").to_owned(),
            returns: lang.pick("报送情况", "Returns").to_owned(),
            findings: lang.pick("错误清单", "Findings").to_owned(),
            variances: lang.pick("差异分析", "Variances").to_owned(),
            sources: lang.pick("数据来源", "Sources").to_owned(),
            rounding: lang.pick("舍位平衡", "Rounding").to_owned(),
        };
        let numbers = scheme.annexes.iter().enumerate();
        let by_number: HashMap<&str, usize> =
            numbers.map(|(idx, annex)| (&*annex.number, idx)).collect();
        let mut annex_findings = vec![[0; Level::ALL.len()]; scheme.annexes.len()];
        let mut reporter_findings: HashMap<&str, [usize; Level::ALL.len()]> = HashMap::new();
        for finding in &merged.findings {
            let annex = finding.annex.as_deref();
            if let Some(annex) = annex.and_then(|number| by_number.get(number)) {
                annex_findings[*annex][finding.level as usize] += 1;
            }
            if let Some(reporter) = finding.reporter.as_deref() {
                let counts = reporter_findings.entry(reporter).or_default();
                counts[finding.level as usize] += 1;
            }
        }
        let annexes = annexes_of(merged, scheme);
        let printed: Vec<Option<Result<Printed, TooLong>>> = (0..scheme.annexes.len())
            .map(|idx| Printed::of(merged, scheme, idx).filter(|_| annexes.contains(&idx)))
            .collect();
        let as_printed = scheme.annexes.iter().zip(&printed);
        let as_printed = as_printed.map(|(annex, printed)| match printed {
            Some(Ok(printed)) => &printed.annex,
            _ => annex,
        });
        Self {
            merged,
            scheme,
            lang,
            limits,
            annexes,
            marks: Marks::of(merged, scheme),
            layout: Layout::of(merged, as_printed, names, limits),
            printed,
            annex_findings,
            reporter_findings,
            copies: match merged.rolled_up {
                true => HashMap::new(),
                false => copy_paths(scheme, &merged.files, &merged.findings, lang)
                    .into_iter()
                    .map(|(record, path)| (&*record.path, path))
                    .collect(),
            },
        }
    }

    /// Of a roll-up, the counties that have an annex without some of their own reporters, and those.
    fn partly(&self, annex: usize) -> Vec<(&'a str, Vec<&'a str>)> {
        let number = &*self.scheme.annexes[annex].number;
        let came = |name: &str| {
            let mut returns = self.merged.returns.iter();
            returns.any(|one| {
                one.annex == annex
                    && one.status != ReturnStatus::Missing
                    && *self.scheme.reporters[one.reporter].name == *name
            })
        };
        let mut partly: Vec<(&str, Vec<&str>)> = Vec::new();
        for finding in self
            .merged
            .findings
            .iter()
            .filter(|_| self.merged.rolled_up)
        {
            let is_missing =
                finding.kind == Kind::NotReturned && finding.annex.as_deref() == Some(number);
            let (Detail::Told { about, .. }, Some(county)) =
                (&finding.detail, finding.reporter.as_deref())
            else {
                continue;
            };
            match partly.last_mut() {
                _ if !is_missing || !came(county) => {}
                Some((last, missing)) if *last == county => missing.push(about),
                _ => partly.push((county, vec![about])),
            }
        }
        partly
    }

    /// An annex in the unit that it is published in, if that is another.
    fn printed(&self, annex: usize) -> Option<&Printed> {
        self.printed[annex].as_ref()?.as_ref().ok()
    }

    /// An annex as it is printed.
    fn annex(&self, annex: usize) -> &Annex {
        let printed = self.printed(annex);
        printed.map_or(&self.scheme.annexes[annex], |printed| &printed.annex)
    }

    /// What the rule that a finding comes from is about, in a few words: 按用途分.
    fn rule_label(&self, finding: &Finding) -> Option<&'a str> {
        let id = finding.rule.as_ref()?;
        let rule = self.scheme.rules.iter().find(|rule| rule.id == *id)?;
        Some(&rule.label)
    }

    /// 2024年5月, or 计划.
    fn period(&self) -> String {
        period_name(self.merged.period, self.lang)
    }

    /// How many returns of an annex are owed, and how many came.
    fn owed(&self, annex: Option<usize>) -> (usize, usize) {
        let returns = &self.merged.returns;
        let of_annex = returns
            .iter()
            .filter(|one| annex.is_none_or(|annex| one.annex == annex));
        of_annex.fold((0, 0), |(owed, came), one| {
            let arrived = one.status != ReturnStatus::Missing;
            (owed + 1, came + usize::from(arrived))
        })
    }

    /// Whether a reporter returned an annex whose row is not there: without the total row that the county takes.
    fn lacks_total(&self, annex: usize, reporter: usize) -> bool {
        let returns = &self.merged.returns;
        let found =
            returns.binary_search_by_key(&(reporter, annex), |one| (one.reporter, one.annex));
        self.scheme.annexes[annex].one_row_each.is_some()
            && found.is_ok_and(|idx| returns[idx].status != ReturnStatus::Missing)
    }

    /// Whether an annex is returned for this period.
    fn is_due(&self, annex: usize) -> bool {
        self.scheme.annexes[annex].due.is_in(self.merged.period)
    }

    /// 应报 11，已报 10；强制 3，核实 1.
    fn annex_status(&self, annex: usize) -> String {
        let (owed, came) = self.owed(Some(annex));
        let counts = self.annex_findings[annex];
        let found: Vec<String> = Level::ALL
            .into_iter()
            .filter(|level| counts[*level as usize] > 0)
            .map(|level| {
                format!(
                    "{} {}",
                    words::level(level, self.lang),
                    counts[level as usize]
                )
            })
            .collect();
        let found = match found.is_empty() {
            true => self.lang.pick("没有问题", "nothing found").to_owned(),
            false => found.join(self.lang.pick("，", ", ")),
        };
        match self.lang {
            Lang::Zh if !self.is_due(annex) => format!("本期不报；{found}"),
            Lang::En if !self.is_due(annex) => format!("not due; {found}"),
            Lang::Zh => format!("应报 {owed}，已报 {came}；{found}"),
            Lang::En => format!("{came} of {owed} returned; {found}"),
        }
    }
}

/// Those that are due, and those of which something came all the same.
fn annexes_of(merged: &Merged, scheme: &Scheme) -> Vec<usize> {
    let is_due = |annex: usize| scheme.annexes[annex].due.is_in(merged.period);
    let came = |annex: usize| merged.tables.iter().any(|table| table.annex == annex);
    (0..scheme.annexes.len())
        .filter(|&annex| is_due(annex) || came(annex))
        .collect()
}

/// A sheet that is kept until the end, or, where it would be large, written row by row.
fn new_sheet(
    workbook: &mut Workbook,
    n_cells: usize,
    limits: Limits,
) -> Result<&mut Worksheet, XlsxError> {
    if n_cells > limits.kept_cells {
        return workbook.add_worksheet_with_constant_memory();
    }
    Ok(workbook.add_worksheet())
}

/// 2024年5月, or 计划.
fn period_name(period: Period, lang: Lang) -> String {
    match (period, lang) {
        (Period::Month { year, month }, Lang::Zh) => format!("{year}年{month}月"),
        (Period::Plan, Lang::Zh) => "计划".to_owned(),
        (period, Lang::En) => period.to_string(),
    }
}

fn properties(context: &Context<'_>) -> Result<DocProperties, XlsxError> {
    Ok(DocProperties::new()
        .set_title(summary::title(context))
        .set_subject(&context.scheme.title)
        .set_author("hebiao")
        .set_company(&context.scheme.area)
        .set_creation_datetime(&date_of(context.scheme, context.merged.period)?))
}

/// The date is the period's: a workbook made again tomorrow is the same workbook.
fn date_of(scheme: &Scheme, period: Period) -> Result<ExcelDateTime, XlsxError> {
    let (year, month) = match period {
        Period::Month { year, month } => (year, month),
        Period::Plan => (scheme.years.first().copied().unwrap_or(2000), 1),
    };
    ExcelDateTime::from_ymd(year, month, 1).or_else(|_| ExcelDateTime::from_ymd(2000, 1, 1))
}
