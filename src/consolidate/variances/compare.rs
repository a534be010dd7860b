//! One indicator held against plan, schedule, last month and last year: each reporter, and the county.

use crate::model::{Amount, Fraction, Period};
use crate::scheme::{Course, DueShare, Rows, Scheme};

use super::taken::{Part, Taken, Whose};
use super::{
    Absent, Compared, Figure, Indicator, IndicatorVariances, Line, OpenFindings, Point, Stand,
    Stands,
};

/// An indicator in all periods.
pub(super) struct Comparer<'a> {
    scheme: &'a Scheme,
    indicator: Indicator,
    now: Stand<'a>,
    open: &'a OpenFindings<'a>,
    /// Everyone whose figure it is.
    whose: Vec<Whose>,
    this_month: Taken,
    plan: Taken,
    /// The plan's figures for single years, by leaf, where the schedule takes shares of these.
    planned_years: Vec<(usize, Taken)>,
    /// The leaf of the month's year.
    leaf: Option<usize>,
    /// What of the plan should be done by now.
    due_now: Result<Vec<DueShare>, Absent>,
    /// None where there is nothing to compare with, whatever was returned.
    last_month: Option<Taken>,
    year_before: Taken,
    /// What is done by the end of each month of the year that is there, this month's last.
    course: Vec<(Period, Taken)>,
}

/// How a figure is held against another.
#[derive(Clone, Copy)]
enum As {
    /// As a share of it.
    Share,
    /// As a change since.
    Change,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(
        scheme: &'a Scheme,
        indicator: Indicator,
        now: Stand<'a>,
        earlier: &Stands<'a>,
        open: &'a OpenFindings<'a>,
    ) -> Self {
        let year = now.period.year().unwrap_or_default();
        let of = |stand: Option<Stand<'a>>, year| match stand {
            Some(stand) => Taken::of(scheme, &indicator, stand, year),
            None => Taken::default(),
        };
        let before = now.period.previous().and_then(Period::year);
        // What is counted since January does not follow December's count.
        let restarts = indicator.course == Course::SinceYear && before != Some(year);
        let months = (earlier.months.iter().copied())
            .chain(earlier.last_month)
            .filter(|stand| stand.period.year() == Some(year))
            .chain([now]);
        let months = months.map(|stand| (stand.period, of(Some(stand), year)));
        let leaf = scheme.annexes[indicator.annex].leaf(indicator.column, Some(year));
        Self {
            planned_years: planned_years(scheme, &indicator, earlier.plan, leaf, now.period),
            due_now: due_shares(scheme, &indicator, leaf, now.period),
            leaf,
            scheme,
            now,
            open,
            this_month: of(Some(now), year),
            plan: of(earlier.plan, year),
            last_month: (before.filter(|_| !restarts)).map(|year| of(earlier.last_month, year)),
            year_before: of(earlier.year_before, year.saturating_sub(1)),
            course: match (indicator.course, indicator.is_additive()) {
                (Course::Month, true) => added_up(months),
                _ => months.collect(),
            },
            whose: whose(scheme, &indicator, now),
            indicator,
        }
    }

    pub(super) fn compare(self) -> IndicatorVariances {
        let mut county = self.line(&self.whose);
        let mut reporters = Vec::new();
        if self.indicator.by_reporter {
            let lines = self
                .whose
                .iter()
                .map(|whose| (*whose, self.line(&[*whose])));
            reporters = lines.collect();
            let open: Vec<Figure> = (reporters.iter())
                .filter_map(|(_, line)| line.open_difference)
                .filter(Result::is_ok)
                .collect();
            county.open_difference = county.open_difference.map(|_| added(&open));
        }
        let all = county.difference;
        for (_, line) in &mut reporters {
            line.share = share(line.difference, all);
        }
        county.share = share(all, all);
        IndicatorVariances {
            course: self.points(),
            indicator: self.indicator,
            county,
            reporters,
        }
    }

    /// Everything about some reporters together.
    fn line(&self, whose: &[Whose]) -> Line {
        let (plan, shared, both) = self.held(self.done(), &self.plan, whose, As::Share);
        let shares = self.due_now.as_deref().map_err(|absent| *absent);
        let due = shared.and_then(|_| self.due(shares?, &both));
        let schedule = shares.and_then(|shares| match share_of_figure(shares) {
            Some(share) => share,
            None => divided(due?, shared?.1),
        });
        let ahead_by = shared.and_then(|(done, _)| exact(done.checked_sub(due?)));
        let difference = match shares {
            _ if !self.indicator.is_additive() => Err(Absent::NotApplicable),
            Ok(_) => ahead_by,
            Err(_) => plan.by,
        };
        let rows: Vec<_> = (whose.iter())
            .flat_map(|whose| self.this_month.rows(*whose))
            .copied()
            .collect();
        let annex = &self.scheme.annexes[self.indicator.annex];
        let open = self.leaf.map_or(0, |leaf| {
            self.open.about(annex, self.now, &rows, leaf).len()
        });
        let against = |then: Option<&Taken>| match then {
            Some(then) => self.held(&self.this_month, then, whose, As::Change).0,
            None => Compared::NONE,
        };
        Line {
            now: self.figure(&self.this_month, whose),
            ahead: schedule.and_then(|due| exact(plan.rate?.checked_sub(due))),
            plan,
            schedule,
            ahead_by,
            difference,
            share: Err(Absent::NotApplicable),
            last_month: against(self.last_month.as_ref()),
            year_before: against(Some(&self.year_before)),
            open,
            open_difference: (open > 0).then_some(difference),
            without: (whose.iter())
                .filter(|whose| self.this_month.get(**whose).is_err())
                .filter_map(|whose| *whose)
                .collect(),
        }
    }

    /// What counts of the plan.
    fn done(&self) -> &Taken {
        self.course
            .last()
            .map_or(&self.this_month, |(_, done)| done)
    }

    /// One figure against another, over those who have both; with the two figures themselves, and who has both.
    fn held(
        &self,
        now: &Taken,
        then: &Taken,
        whose: &[Whose],
        how: As,
    ) -> (Compared, Result<(Fraction, Fraction), Absent>, Vec<Whose>) {
        let both = having_both(now, then, whose);
        // Of one reporter it is known what is missing; of several, that nobody has both.
        let of = if both.is_empty() && whose.len() == 1 {
            whose
        } else {
            &both
        };
        let (now_of, then_of) = (self.figure(now, of), self.figure(then, of));
        let pair = now_of.and_then(|now| Ok((now, then_of?)));
        let by = pair.and_then(|(now, then)| exact(now.checked_sub(then)));
        let rate = pair.and_then(|(now, then)| match how {
            As::Share => divided(now, then),
            As::Change => divided(by?, then.abs()),
        });
        let n_both = both.len();
        let is_less =
            (whose.iter()).any(|whose| now.get(*whose).is_ok() != then.get(*whose).is_ok());
        let compared = Compared {
            then: self.figure(then, whose),
            by,
            rate,
            over: (is_less && n_both > 0).then_some((n_both, now_of, then_of)),
        };
        (compared, pair, both)
    }

    /// The figure of some reporters together, of those who have one.
    fn figure(&self, taken: &Taken, whose: &[Whose]) -> Figure {
        if let [only] = whose {
            return self.indicator.together(&[taken.get(*only)?]);
        }
        let parts: Vec<Part> = (whose.iter())
            .filter_map(|whose| taken.get(*whose).ok())
            .collect();
        self.indicator.together(&parts)
    }

    /// What shares of the plan come to for some reporters together; nothing where the plan lacks a figure of one.
    fn due(&self, shares: &[DueShare], whose: &[Whose]) -> Figure {
        let leaf = self.leaf.ok_or(Absent::NotApplicable)?;
        let of_one = |share: &DueShare, whose: Whose| {
            let planned = |leaf: usize| {
                let taken = self.planned_years.iter().find(|(known, _)| *known == leaf);
                taken.map_or(&self.plan, |(_, taken)| taken).amount(whose)
            };
            let due = share.amount(leaf, planned, Absent::TooLong)?;
            exact(Fraction::new(
                due.parts,
                Amount::from(i64::from(due.denominator)),
            ))
        };
        let dues: Vec<Figure> = (shares.iter())
            .flat_map(|share| whose.iter().map(move |whose| of_one(share, *whose)))
            .collect();
        added(&dues)
    }

    /// The twelve months of the year.
    fn points(&self) -> Vec<Point> {
        let year = self.now.period.year().unwrap_or_default();
        let planned_for: Vec<Whose> = (self.whose.iter().copied())
            .filter(|whose| self.plan.get(*whose).is_ok())
            .collect();
        let months = (1..=12).filter_map(|month| Period::month(year, month));
        let point = |period: Period| {
            let done = self.course.iter().find(|(at, _)| *at == period);
            let done = done.map(|(_, taken)| taken);
            let has = |whose: &&Whose| done.is_some_and(|taken| taken.get(**whose).is_ok());
            Point {
                period,
                done: done.map_or(Err(Absent::NoData), |taken| self.figure(taken, &self.whose)),
                reporters: self.whose.iter().filter(has).count(),
                due: due_shares(self.scheme, &self.indicator, self.leaf, period)
                    .and_then(|shares| self.due(&shares, &planned_for)),
            }
        };
        months.map(point).collect()
    }
}

impl Compared {
    /// Nothing that could be compared with.
    const NONE: Self = Self {
        then: Err(Absent::NotApplicable),
        by: Err(Absent::NotApplicable),
        rate: Err(Absent::NotApplicable),
        over: None,
    };
}

/// What of the plan should be done by the end of a month, taken together.
fn due_shares(
    scheme: &Scheme,
    indicator: &Indicator,
    leaf: Option<usize>,
    period: Period,
) -> Result<Vec<DueShare>, Absent> {
    let leaf = leaf.ok_or(Absent::NotApplicable)?;
    if !indicator.is_additive() || indicator.course == Course::State {
        return Err(Absent::NotApplicable);
    }
    let months = match (indicator.course, period) {
        // What is due of months of their own is due of all since January.
        (Course::Month, Period::Month { year, month }) => (1..=month)
            .filter_map(|month| Period::month(year, month))
            .collect(),
        _ => vec![period],
    };
    let shares = months.into_iter().map(|month| {
        let share = scheme.due_share(indicator.annex, leaf, month);
        share.ok_or(Absent::NotApplicable)
    });
    shares.collect()
}

/// The plan's figures for single years, by leaf, where the schedule takes shares of these.
fn planned_years(
    scheme: &Scheme,
    indicator: &Indicator,
    plan: Option<Stand<'_>>,
    leaf: Option<usize>,
    period: Period,
) -> Vec<(usize, Taken)> {
    let (Some(plan), Some(leaf), Some(year)) = (plan, leaf, period.year()) else {
        return Vec::new();
    };
    match scheme.due_share(indicator.annex, leaf, period) {
        Some(DueShare::OfYears(terms)) => (terms.into_iter())
            .map(|(leaf, _)| leaf)
            .map(|leaf| (leaf, Taken::of_leaf(scheme, indicator, plan, year, leaf)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Those of some reporters who have a figure in both.
fn having_both(one: &Taken, other: &Taken, whose: &[Whose]) -> Vec<Whose> {
    let has_both = |whose: &Whose| one.get(*whose).is_ok() && other.get(*whose).is_ok();
    whose.iter().copied().filter(has_both).collect()
}

/// The share of its own plan that a figure should have come to; `None` where the plans of several years are
/// added up, whose share depends on what these are.
fn share_of_figure(shares: &[DueShare]) -> Option<Figure> {
    let shares: Option<Vec<Figure>> = (shares.iter())
        .map(|share| match share {
            DueShare::OfFigure { share, .. } => {
                let [part, whole] = [share.numerator, share.denominator].map(i64::from);
                let share = Fraction::new(Amount::from(part), Amount::from(whole));
                Some(share.ok_or(Absent::NotApplicable))
            }
            DueShare::OfYears(_) => None,
        })
        .collect();
    shares.map(|shares| added(&shares))
}

/// Everyone whose figure it is, in the order of the annex or of the roster.
fn whose(scheme: &Scheme, indicator: &Indicator, now: Stand<'_>) -> Vec<Whose> {
    let annex = &scheme.annexes[indicator.annex];
    if !indicator.by_reporter {
        return vec![None];
    }
    let mut whose: Vec<Whose> = match &annex.rows {
        // Rows of nobody are sums of the others.
        Rows::Fixed(specs) => (specs.iter().map(|spec| spec.reporter()))
            .filter(Option::is_some)
            .collect(),
        Rows::Register => {
            let rows = now.county.annexes.get(indicator.annex);
            let nobody =
                rows.is_some_and(|annex| annex.rows.iter().any(|row| row.reporter.is_none()));
            let owed = scheme.reporters_of(annex).into_iter().map(Some);
            owed.chain(nobody.then_some(None)).collect()
        }
    };
    let mut seen = std::collections::HashSet::new();
    whose.retain(|whose| seen.insert(*whose));
    whose
}

/// Months of their own added up since January; nothing after a month that is not there.
fn added_up(months: impl Iterator<Item = (Period, Taken)>) -> Vec<(Period, Taken)> {
    let mut so_far: Vec<(Period, Taken)> = Vec::new();
    for (period, month) in months {
        let sum = match (period.previous(), so_far.last()) {
            (Some(before), Some((at, sum))) if *at == before => month.plus(sum),
            _ if matches!(period, Period::Month { month: 1, .. }) => month,
            _ => Taken::default(),
        };
        so_far.push((period, sum));
    }
    so_far
}

fn added(figures: &[Figure]) -> Figure {
    let mut figures = figures.iter().copied();
    let first = figures.next().ok_or(Absent::NoData)?;
    figures.fold(first, |sum, figure| exact(sum?.checked_add(figure?)))
}

fn share(part: Figure, whole: Figure) -> Figure {
    let (part, whole) = (part?, whole?);
    divided(part, whole)
}

fn divided(numerator: Fraction, denominator: Fraction) -> Figure {
    match denominator.is_zero() {
        true => Err(Absent::DividedByZero),
        false => exact(numerator.checked_div(denominator)),
    }
}

fn exact(fraction: Option<Fraction>) -> Figure {
    fraction.ok_or(Absent::TooLong)
}
