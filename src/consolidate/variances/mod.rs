//! 差异: a month's figures held against the plan, the schedule, the month before and the year before.
//!
//! Takes what was consolidated of each period and gives, for each figure that the county follows, the
//! county's line and each reporter's. Everything is exact; what cannot be worked out says why, and never
//! becomes 0. Only additive figures are added; rates are weighted where the scheme declares a weight.
//!
//! Returns are often incomplete, and a sum that lacks a township is no smaller county: two periods
//! are compared over the reporters that have a figure in both.

mod compare;
mod indicator;
mod taken;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::model::{Earlier, Finding, Fraction, Period, Table};
use crate::scheme::{Annex, Scheme};

use super::{County, Source};

pub use indicator::{Indicator, figure_key};

use self::compare::Comparer;

/// An exact figure, or why there is none.
pub type Figure = Result<Fraction, Absent>;

/// Why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It was not returned, or the period was never consolidated.
    NoData,
    /// There can be none: no schedule for a state, nothing to split of a rate.
    NotApplicable,
    /// It would be divided by zero.
    DividedByZero,
    /// Rates of several rows, and no weight declared.
    NoWeight,
    /// It has more digits than can be kept exactly.
    TooLong,
}

/// What a month is held against, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Variances {
    /// Earlier periods that are not there: plan, month before, year before, months of the year.
    pub lacking: Vec<Period>,
    /// Annexes with figures in this month, in the order of the scheme.
    pub annexes: Vec<AnnexVariances>,
    /// Annexes with figures, of which none was returned.
    pub not_returned: Vec<usize>,
}

/// The variances of one annex.
#[derive(Clone, Debug)]
pub struct AnnexVariances {
    /// Index of the annex.
    pub annex: usize,
    /// At least one.
    pub indicators: Vec<IndicatorVariances>,
}

/// The variances of one figure.
#[derive(Clone, Debug)]
pub struct IndicatorVariances {
    /// Which figure.
    pub indicator: Indicator,
    /// All reporters together.
    pub county: Line,
    /// Reporters who owe it, in the order of the annex, then who is unknown; none where one answers for
    /// all of it.
    pub reporters: Vec<(Option<usize>, Line)>,
    /// The county over the twelve months of the year.
    pub course: Vec<Point>,
}

/// One reporter's figure, or the county's, with all that it is held against.
#[derive(Clone, Debug)]
pub struct Line {
    /// The month's figure.
    pub now: Figure,
    /// Against the plan; its rate is the share completed. What is done is counted since the year began,
    /// also where the figure itself is of the month alone.
    pub plan: Compared,
    /// The share of the plan that should be done by now; where the plans of several years are added up, that of
    /// the reporters whose completion is known.
    pub schedule: Figure,
    /// Share completed − schedule.
    pub ahead: Figure,
    /// Done − plan × schedule, in the figure's unit.
    pub ahead_by: Figure,
    /// What counts of the county's difference: `ahead_by`, or the difference from the plan where there is no
    /// schedule.
    pub difference: Figure,
    /// How much of the county's difference it is.
    pub share: Figure,
    /// Against the month before.
    pub last_month: Compared,
    /// Against the same month of the year before.
    pub year_before: Compared,
    /// Open findings about the cells that the figure is made of.
    pub open: usize,
    /// The part of the difference that has open findings; `None` without such.
    pub open_difference: Option<Figure>,
    /// Of the county: reporters without a figure in this month.
    pub without: Vec<usize>,
}

/// A figure held against another.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The other figure.
    pub then: Figure,
    /// Now − then.
    pub by: Figure,
    /// The plan: now / then. Earlier months: (now − then) / |then|.
    pub rate: Figure,
    /// Where not all reporters have both: how many do, and their figures now and then.
    pub over: Option<(usize, Figure, Figure)>,
}

impl Compared {
    /// The figure that `by` and `rate` are worked out with: that of the reporters who have both.
    pub fn base(&self) -> Figure {
        self.over.map_or(self.then, |(_, _, then)| then)
    }
}

/// The county at the end of a month.
#[derive(Clone, Debug)]
pub struct Point {
    /// The month.
    pub period: Period,
    /// What was done.
    pub done: Figure,
    /// How many reporters' figures it is made of.
    pub reporters: usize,
    /// What should have been done.
    pub due: Figure,
}

/// What was consolidated of a period.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'a> {
    /// Which period.
    pub period: Period,
    /// Its forms.
    pub tables: &'a [Table],
    /// Its rows.
    pub county: &'a County,
}

/// All that a month's figures are held against.
#[derive(Clone, Debug, Default)]
pub struct Stands<'a> {
    /// The approved figures.
    pub plan: Option<Stand<'a>>,
    /// The month before.
    pub last_month: Option<Stand<'a>>,
    /// The same month of the year before.
    pub year_before: Option<Stand<'a>>,
    /// Earlier months of the same year, ascending.
    pub months: Vec<Stand<'a>>,
}

/// Holds a month against what came before; nothing for the plan.
pub fn variances(
    scheme: &Scheme,
    now: Stand<'_>,
    earlier: &Stands<'_>,
    findings: &[Finding],
) -> Option<Variances> {
    now.period.year()?;
    let mut variances = Variances {
        lacking: lacking(now.period, earlier),
        ..Variances::default()
    };
    let open = OpenFindings::of(findings);
    for annex in 0..scheme.annexes.len() {
        let indicators = Indicator::all(scheme, annex, now.period);
        if indicators.is_empty() {
            continue;
        }
        let compared = indicators
            .into_par_iter()
            .map(|indicator| Comparer::new(scheme, indicator, now, earlier, &open).compare());
        let indicators: Vec<IndicatorVariances> = compared.collect();
        match indicators.iter().any(IndicatorVariances::is_returned) {
            true => variances.annexes.push(AnnexVariances { annex, indicators }),
            false => variances.not_returned.push(annex),
        }
    }
    Some(variances)
}

impl IndicatorVariances {
    /// Whether anyone has a figure in this month.
    fn is_returned(&self) -> bool {
        let mut lines = self.reporters.iter().map(|(_, line)| line);
        self.county.now.is_ok() || lines.any(|line| line.now.is_ok())
    }
}

/// Periods that would be of use and are not there.
fn lacking(period: Period, earlier: &Stands<'_>) -> Vec<Period> {
    let [plan, last_month, year_before] = Earlier::periods(period);
    let has = |wanted: Period| {
        let compared = [earlier.plan, earlier.last_month, earlier.year_before];
        let mut all = compared
            .into_iter()
            .flatten()
            .chain(earlier.months.iter().copied());
        all.any(|stand| stand.period == wanted)
    };
    let months = Earlier::months(period);
    let wanted = [plan, year_before].into_iter().flatten();
    wanted
        .chain(months)
        .chain(last_month)
        .filter(|wanted| !has(*wanted))
        .collect()
}

/// Open findings by the cells that they are about.
struct OpenFindings<'f> {
    /// For each column `(row, finding)`, ascending.
    by_column: HashMap<SheetColumn<'f>, Vec<(u32, usize)>>,
}

/// File, sheet and column.
type SheetColumn<'f> = (&'f str, &'f str, u32);

impl<'f> OpenFindings<'f> {
    fn of(findings: &'f [Finding]) -> Self {
        let mut by_column: HashMap<_, Vec<(u32, usize)>> = HashMap::new();
        let open = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.is_open());
        for (idx, finding) in open {
            for place in finding.place.iter().chain(&finding.cells) {
                if let (Some(sheet), Some(cell)) = (&place.sheet, place.cell) {
                    by_column
                        .entry((&*place.file, &**sheet, cell.col))
                        .or_default()
                        .push((cell.row, idx));
                }
            }
        }
        by_column
            .values_mut()
            .for_each(|found| found.sort_unstable());
        Self { by_column }
    }

    /// Those about a column of some rows, each once. The total row that is all that the county has of a form
    /// is made of the form's rows.
    fn about(&self, annex: &Annex, stand: Stand<'_>, rows: &[Source], leaf: usize) -> Vec<usize> {
        let found = rows.iter().flat_map(|source| {
            let table = &stand.tables[source.table];
            let rows = match annex.one_row_each {
                Some(_) => &table.rows[..],
                None => &table.rows[source.row..=source.row],
            };
            let column = table.columns[leaf].map(|col| (&*table.file, &*table.sheet, col));
            let found = column.and_then(|column| self.by_column.get(&column));
            let found = found.map_or(&[][..], Vec::as_slice);
            let start = found.partition_point(|(row, _)| *row < rows[0].sheet_row);
            let last = rows[rows.len() - 1].sheet_row;
            let found = found[start..]
                .iter()
                .take_while(move |(row, _)| *row <= last);
            // Several forms may stand side by side or below each other.
            let is_of_form =
                |row: &u32| rows.binary_search_by_key(row, |row| row.sheet_row).is_ok();
            found.filter(move |(row, _)| is_of_form(row))
        });
        let mut found: Vec<usize> = found.map(|(_, finding)| *finding).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
