//! 概览: what a leader is told of a period. The first sheet of the county workbook and the monthly notice
//! are made of it.
//!
//! Nothing is judged here: the figures come from the [variances](crate::consolidate::variances), what is
//! in doubt from the findings.

use foldhash::{HashMap, HashMapExt};

use crate::consolidate::variances::{
    Absent, AnnexVariances, Figure, Indicator, IndicatorVariances, figure_key,
};
use crate::model::{Amount, CellRef, Detail, Finding, Fraction, Period, Place, Reason, Suspect};
use crate::pipeline::Merged;
use crate::scheme::{Course, Goal, Scheme};

/// How many of those most behind are named.
const N_BEHIND: usize = 3;

/// A figure that the leader follows.
pub(super) struct MainFigure<'a> {
    /// Index of the annex.
    pub(super) annex: usize,
    /// All that it is held against.
    pub(super) variances: &'a IndicatorVariances,
    /// What is done since the year began, or what the month's figure is where nothing is counted.
    pub(super) done: Figure,
    /// What is in doubt about it, the worst first.
    pub(super) doubts: Vec<Doubt<'a>>,
    /// The reporters most behind the schedule, but for those whose figure is probably wrong.
    pub(super) behind: Vec<(usize, Fraction)>,
    /// The total that the responsible office returned, where missing reporters do not explain that it differs.
    pub(super) office: Option<OfficeTotal>,
}

/// An open finding about the cells that a figure is made of.
pub(super) struct Doubt<'a> {
    pub(super) finding: &'a Finding,
    /// By how much the county's figure would change with the likely value; `None` where there is none.
    pub(super) change: Option<Amount>,
}

/// A total that an office returned.
pub(super) struct OfficeTotal {
    /// Who returned it.
    pub(super) reporter: Option<usize>,
    /// What it is.
    pub(super) stated: Amount,
    /// Its share of the whole plan.
    pub(super) rate: Figure,
    /// How much more it is than the reporters' figures together.
    pub(super) more: Fraction,
}

/// The main figure of each annex, in the order of the scheme.
pub(super) fn main_figures<'a>(merged: &'a Merged, scheme: &'a Scheme) -> Vec<MainFigure<'a>> {
    let Some(variances) = &merged.variances else {
        return Vec::new();
    };
    let mut figures: Vec<MainFigure> = (variances.annexes.iter())
        .filter_map(|annex| Some((annex.annex, main_figure(scheme, annex)?)))
        .map(|(annex, variances)| MainFigure {
            annex,
            variances,
            done: done(variances),
            doubts: Vec::new(),
            behind: Vec::new(),
            office: office_total(merged, scheme, variances),
        })
        .collect();
    add_doubts(merged, scheme, &mut figures);
    for figure in &mut figures {
        figure.behind = behind(scheme, figure);
    }
    figures
}

/// The figure that stands for an annex: the first with a plan and a schedule, and of those rather a total
/// of others; failing these, the first with a plan.
pub(super) fn main_figure<'v>(
    scheme: &Scheme,
    annex: &'v AnnexVariances,
) -> Option<&'v IndicatorVariances> {
    let all = || annex.indicators.iter();
    let has_schedule =
        |one: &&IndicatorVariances| one.county.schedule.is_ok() && one.county.plan.rate.is_ok();
    let has_plan = |one: &&IndicatorVariances| one.county.plan.then.is_ok();
    let is_total = |one: &&IndicatorVariances| is_total(scheme, &one.indicator);
    (all().filter(has_schedule).find(is_total))
        .or_else(|| all().find(has_schedule))
        .or_else(|| all().find(has_plan))
        .or_else(|| all().next())
}

/// Whether a rule makes a figure the sum of others of its row and year.
fn is_total(scheme: &Scheme, indicator: &Indicator) -> bool {
    let annex = &scheme.annexes[indicator.annex];
    let year = |leaf: usize| annex.leaves[leaf].year;
    let sums = scheme.row_sums(indicator.annex);
    sums.iter().any(|sum| {
        annex.leaves[sum.total].column == indicator.column
            && sum.parts.iter().all(|part| year(*part) == year(sum.total))
    })
}

/// What is done: of what each month counts by itself, all months of the year.
fn done(one: &IndicatorVariances) -> Figure {
    match (one.indicator.course, one.course.last()) {
        (Course::Month, Some(last)) if one.indicator.is_additive() => last.done,
        _ => one.county.now,
    }
}

/// The reporters furthest from the schedule, on its wrong side.
fn behind(scheme: &Scheme, figure: &MainFigure<'_>) -> Vec<(usize, Fraction)> {
    let is_wrong = |reporter: usize| {
        let name = &scheme.reporters[reporter].name;
        (figure.doubts.iter())
            .any(|doubt| doubt.change.is_some() && doubt.finding.reporter.as_ref() == Some(name))
    };
    let is_less = |amount: Amount| match figure.variances.indicator.goal {
        Goal::AtLeast => amount < Amount::ZERO,
        Goal::AtMost => amount > Amount::ZERO,
    };
    let mut behind: Vec<(usize, Fraction, Amount)> = (figure.variances.reporters.iter())
        .filter_map(|(reporter, line)| Some(((*reporter)?, line.ahead.ok()?)))
        .map(|(reporter, ahead)| (reporter, ahead, ahead.quotient()))
        .filter(|(reporter, _, ahead)| is_less(*ahead) && !is_wrong(*reporter))
        .collect();
    behind.sort_by(|(.., a), (.., b)| match figure.variances.indicator.goal {
        Goal::AtLeast => a.cmp(b),
        Goal::AtMost => b.cmp(a),
    });
    behind.truncate(N_BEHIND);
    let named = behind.into_iter();
    named
        .map(|(reporter, ahead, _)| (reporter, ahead))
        .collect()
}

/// What the responsible office says of the whole, where the plans of those who are missing are less than what it
/// differs by.
fn office_total(merged: &Merged, scheme: &Scheme, one: &IndicatorVariances) -> Option<OfficeTotal> {
    let indicator = &one.indicator;
    if indicator.course == Course::Month || !indicator.is_additive() || indicator.key.is_some() {
        return None;
    }
    let source = merged.county.annexes[indicator.annex]
        .total
        .as_ref()?
        .stated?;
    let table = &merged.tables[source.table];
    let leaf = leaf(scheme, merged.period, indicator)?;
    let stated = table.rows[source.row].entries[leaf].value.amount()?;
    let more = Fraction::from(stated).checked_sub(one.county.now.ok()?)?;
    let plan = &one.county.plan;
    let missing = match (plan.then, plan.base()) {
        (Ok(all), Ok(base)) => all.checked_sub(base)?.abs().quotient(),
        _ => Amount::ZERO,
    };
    let rate = plan.then.and_then(|then| {
        let rate = Fraction::from(stated).checked_div(then);
        rate.ok_or(Absent::DividedByZero)
    });
    (more.abs().quotient() > missing).then_some(OfficeTotal {
        reporter: table.reporter,
        stated,
        rate,
        more,
    })
}

/// The column of a figure in the year of a month.
fn leaf(scheme: &Scheme, period: Period, indicator: &Indicator) -> Option<usize> {
    scheme.annexes[indicator.annex].leaf(indicator.column, period.year())
}

/// Where a cell stands: file, sheet, cell.
type At<'a> = (&'a str, &'a str, CellRef);

/// Open findings, each with the figures that its cells are part of.
fn add_doubts<'a>(merged: &'a Merged, scheme: &Scheme, figures: &mut [MainFigure<'a>]) {
    let mut figure_of: HashMap<At<'_>, (usize, Amount)> = HashMap::new();
    for (idx, figure) in figures.iter().enumerate() {
        for (at, amount) in cells(merged, scheme, figure.variances) {
            figure_of.insert(at, (idx, amount));
        }
    }
    let find = |place: &Place| {
        let at = (&*place.file, place.sheet.as_deref()?, place.cell?);
        figure_of.get(&at).copied()
    };
    for finding in merged.findings.iter().filter(|finding| finding.is_open()) {
        let likely = likely(finding);
        let changed = likely.iter().filter_map(|suspect| {
            let (idx, given) = find(&suspect.place)?;
            let likely: Amount = suspect.likely.as_deref()?.parse().ok()?;
            Some((idx, likely.checked_sub(given)?))
        });
        let mut changes: Vec<(usize, Option<Amount>)> = Vec::new();
        for (idx, change) in changed {
            match changes.iter_mut().find(|(known, _)| *known == idx) {
                Some((_, sum)) => *sum = sum.and_then(|sum| sum.checked_add(change)),
                None => changes.push((idx, Some(change))),
            }
        }
        // A total that is right is no doubt about itself.
        if likely.is_empty() {
            let places = finding.place.iter().filter_map(find);
            changes.extend(places.map(|(idx, _)| (idx, None)));
        }
        for (idx, change) in changes {
            let is_additive = figures[idx].variances.indicator.is_additive();
            figures[idx].doubts.push(Doubt {
                finding,
                change: change.filter(|_| is_additive),
            });
        }
    }
    for figure in figures {
        figure.doubts.sort_by_key(|doubt| doubt.finding.level);
    }
}

/// The cells that would put a finding right, where nothing ties with them: of a fault over many cells all of
/// these, else the likeliest.
fn likely(finding: &Finding) -> Vec<&Suspect> {
    let is_cause = matches!(finding.detail, Detail::Miswritten { .. });
    let is_tied = |suspect: &Suspect| {
        let mut why = suspect.why.iter();
        // What a cause needs besides is told by itself.
        why.any(|reason| match reason {
            Reason::Tied { .. } => true,
            Reason::Together { .. } => !is_cause,
            _ => false,
        })
    };
    let n = match finding.detail {
        Detail::UnitSlip { .. } | Detail::Shifted { .. } => usize::MAX,
        Detail::Miswritten { .. } => 1 + finding.cells.len(),
        _ => 1,
    };
    let first = finding.suspects.iter().take(n);
    first
        .filter(|suspect| suspect.likely.is_some() && !is_tied(suspect))
        .collect()
}

/// The cells of the rows that count which a figure is made of.
fn cells<'a>(
    merged: &'a Merged,
    scheme: &Scheme,
    one: &IndicatorVariances,
) -> Vec<(At<'a>, Amount)> {
    let indicator = &one.indicator;
    let annex = &scheme.annexes[indicator.annex];
    let year = merged.period.year();
    let Some(leaf) = leaf(scheme, merged.period, indicator) else {
        return Vec::new();
    };
    let rows = merged.county.annexes[indicator.annex].rows.iter();
    let rows = rows.filter(|row| {
        let is_its_own =
            (indicator.key.as_ref()).is_none_or(|key| figure_key(annex, &row.key) == *key);
        is_its_own && row.year.is_none_or(|its| Some(its) == year)
    });
    rows.filter_map(|row| {
        let source = row.source?;
        let table = &merged.tables[source.table];
        let row = &table.rows[source.row];
        let amount = row.entries[leaf].value.amount()?;
        Some((
            (&*table.file, &*table.sheet, table.cell(row, leaf)?),
            amount,
        ))
    })
    .collect()
}
