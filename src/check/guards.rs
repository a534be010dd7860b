//! Guards that need no rule: what the schema says of years, of what is counted and of the plan makes some
//! figures odd in any month.
//!
//! Each asks for an explanation and no more, and each can be switched off in `scheme.toml`. A slip of the hand
//! that explains why other rules failed takes their place.

use crate::model::{
    Amount, Detail, Finding, Guard, Kind, Level, Operand, Period, Place, Reason, RowKind, Suspect,
};
use crate::scheme::{Course, Goal, Scheme};

use super::cells::Spot;
use super::over_time::{Known, Now, begins_anew};
use super::rows::RowAt;

/// A figure that grew, or fell, by more than this many times within a month is out of proportion.
const OUT_OF_PROPORTION: f64 = 2.0;
/// A month's own figure is between one part and so many times what the schedule has for it.
const LIKE_A_MONTH: i64 = 3;
/// What fell by less than three tenths is rather a correction of what was reported too high.
const FELL_VISIBLY: (i64, i64) = (7, 10);
/// Of what is to be reached, a tenth more than planned is nothing to ask about.
const MORE_THAN_PLANNED: (i64, i64) = (11, 10);

/// What is odd about the rows of one form, and takes the place of which of `failed`, the findings of rules.
pub(super) fn guard(
    scheme: &Scheme,
    period: Period,
    rows: &[RowAt<'_>],
    known: &Known<'_>,
    failed: &mut Vec<Finding>,
) -> Vec<Finding> {
    let guard = FormGuard {
        scheme,
        period,
        known,
    };
    let data = rows.iter().filter(|row| row.row().kind == RowKind::Data);
    let rows: Vec<Vec<Spot<'_>>> = data.map(|row| guard.figures(*row)).collect();
    let mut findings = Vec::new();
    let mut settled: Vec<Place> = Vec::new();
    for row in &rows {
        if let Some((finding, pair)) = guard.exchanged(row, failed) {
            settled.extend(pair);
            findings.push(finding);
        }
    }
    let rest = |spot: &&Spot<'_>| !settled.contains(&spot.place());
    for spot in rows.iter().flatten().filter(rest) {
        findings.extend(guard.month_for_total(*spot, failed));
        findings.extend(guard.beyond_plan(*spot));
    }
    let rest: Vec<Spot<'_>> = rows.iter().flatten().filter(rest).copied().collect();
    findings.extend(guard.year_not_begun(&rest));
    findings.extend(guard.closed_years(&rest));
    findings
}

struct FormGuard<'s, 'k> {
    scheme: &'s Scheme,
    period: Period,
    known: &'k Known<'k>,
}

impl FormGuard<'_, '_> {
    /// The figures of a row.
    fn figures<'t>(&self, row: RowAt<'t>) -> Vec<Spot<'t>> {
        let n_leaves = self.scheme.annexes[row.table.annex].leaves.len();
        let spots = (0..n_leaves).map(|leaf| row.spot(leaf));
        spots
            .filter(|spot| spot.kind(self.scheme).is_figure() && spot.amount().is_ok())
            .collect()
    }

    /// Figures of years to come, of what is counted as it is done; a nought there is no figure.
    fn year_not_begun(&self, spots: &[Spot<'_>]) -> Option<Finding> {
        if !self.scheme.guards.year_not_begun {
            return None;
        }
        let is_to_come = |spot: &&Spot<'_>| {
            let year = spot.year(self.scheme);
            let course = spot
                .annex(self.scheme)
                .course_of(spot.leaf, spot.row().spec);
            year.is_some_and(|year| !self.period.has_begun(year))
                && course != Course::State
                && spot.amount().is_ok_and(|amount| !amount.is_zero())
        };
        let to_come: Vec<Spot<'_>> = spots.iter().filter(is_to_come).copied().collect();
        let year = to_come.first()?.year(self.scheme)?;
        let is_planned = |spot: &Spot<'_>| {
            let plan = self.known.plan.find(self.scheme, *spot);
            plan.is_ok_and(|plan| plan.amount() == spot.amount())
        };
        let guard = Guard::YearNotBegun {
            year,
            n_figures: to_come.len(),
            is_plan: to_come.iter().all(is_planned),
        };
        Some(self.finding(guard, &to_come))
    }

    /// For each year that was over last month, the figures that are others now.
    fn closed_years(&self, spots: &[Spot<'_>]) -> Vec<Finding> {
        // In January last month was in the year that has just ended, and was still counted.
        let last_month = self.known.last_month.period.and_then(Period::year);
        if !self.scheme.guards.closed_year || last_month != self.period.year() {
            return Vec::new();
        }
        let changed: Vec<_> = (spots.iter())
            .filter_map(|spot| self.changed_since_closed(*spot))
            .collect();
        let mut years: Vec<u16> = changed.iter().map(|(year, ..)| *year).collect();
        years.sort_unstable();
        years.dedup();
        let of_year = |year: u16| {
            let own = || changed.iter().filter(|(its, ..)| *its == year);
            let spots: Vec<Spot<'_>> = own().map(|(_, spot, _)| *spot).collect();
            let guard = Guard::ClosedYear {
                year,
                n_figures: spots.len(),
            };
            let mut finding = self.finding(guard, &spots);
            if let Some((_, spot, before)) = own().next()
                && let Ok(now) = spot.amount()
            {
                finding.given = Some(now.to_string());
                finding.expected = Some(before.to_string());
                finding.difference = now.checked_sub(*before);
            }
            finding
        };
        years.into_iter().map(of_year).collect()
    }

    /// A figure of a year that was over last month and is another now: its year, and what it was.
    fn changed_since_closed<'t>(&self, spot: Spot<'t>) -> Option<(u16, Spot<'t>, Amount)> {
        let year = spot.year(self.scheme)?;
        let is_closed = self.period.year().is_some_and(|now| year < now);
        let before = self.known.last_month.find(self.scheme, spot).ok()?;
        let before = before.amount().ok()?;
        (is_closed && differs(spot.amount().ok()?, before)).then_some((year, spot, before))
    }

    /// A cumulative figure below last month's that, taken for the month's own, continues it as the schedule
    /// would have it.
    fn month_for_total(&self, spot: Spot<'_>, failed: &mut Vec<Finding>) -> Option<Finding> {
        let scheme = self.scheme;
        let now = Now {
            known: self.known,
            spot,
        };
        let course = now.course(scheme);
        let is_of_year = (spot.year(scheme)).is_none_or(|year| Some(year) == self.period.year());
        if !scheme.guards.month_for_total
            || !matches!(course, Course::SinceYear | Course::SincePlan)
            || begins_anew(course, self.period)
            || !is_of_year
        {
            return None;
        }
        let given = spot.amount().ok()?;
        let last = self.known.last_month.find(scheme, spot).ok()?;
        let before = last.amount().ok()?;
        let (times, parts) = FELL_VISIBLY;
        let fell =
            given.checked_mul(Amount::from(parts))? <= before.checked_mul(Amount::from(times))?;
        if given <= Amount::ZERO || !fell || !self.is_like_a_month(now, given) {
            return None;
        }
        let sum = before.checked_add(given)?;
        let (level, explains) = take_explained(failed, &[spot.place()]);
        let guard = Guard::MonthForTotal {
            last: self.operand(last, None),
            explains,
        };
        let mut finding = self.finding(guard, &[spot]);
        finding.level = level;
        finding.given = Some(given.to_string());
        finding.expected = Some(sum.to_string());
        finding.difference = given.checked_sub(sum);
        finding.suspects = vec![Suspect {
            place: spot.place(),
            given: given.to_string(),
            likely: Some(sum.to_string()),
            why: vec![Reason::NearBefore],
        }];
        Some(finding)
    }

    /// Whether a figure is about what the schedule has for this month alone.
    fn is_like_a_month(&self, now: Now<'_, '_>, given: Amount) -> bool {
        let due = |period: Period| {
            let table = now.spot.table.annex;
            let share = self.scheme.due_share(table, now.spot.leaf, period)?;
            now.planned(self.scheme, &share).ok()
        };
        let (Some(due), Some(before)) = (due(self.period), self.period.previous().and_then(due))
        else {
            return false;
        };
        // Both have the same denominator, by which everything is multiplied.
        let growth = due.parts.checked_sub(before.parts);
        let parts = given.checked_mul(Amount::from(i64::from(due.denominator)));
        let Some((growth, parts)) = growth.zip(parts) else {
            return false;
        };
        let times = |amount: Amount| amount.checked_mul(Amount::from(LIKE_A_MONTH));
        times(growth).is_some_and(|most| parts <= most)
            && times(parts).is_some_and(|most| growth <= most)
    }

    /// More than the whole year's plan; of what is to be reached only before the year's end, and visibly.
    fn beyond_plan(&self, spot: Spot<'_>) -> Option<Finding> {
        let scheme = self.scheme;
        let (annex, spec) = (spot.annex(scheme), spot.row().spec);
        let course = annex.course_of(spot.leaf, spec);
        let is_of_year = (spot.year(scheme)).is_none_or(|year| Some(year) == self.period.year());
        let is_counted = matches!(course, Course::SinceYear | Course::SincePlan);
        if !scheme.guards.beyond_plan || !is_counted || !is_of_year {
            return None;
        }
        let given = spot.amount().ok()?;
        let plan = self.known.plan.find(scheme, spot).ok()?;
        let planned = plan.amount().ok().filter(|plan| *plan > Amount::ZERO)?;
        let is_limit = annex.goal_of(spot.leaf, spec) == Goal::AtMost;
        let is_last = matches!(self.period, Period::Month { month: 12, .. });
        let (times, parts) = MORE_THAN_PLANNED;
        let is_beyond = if is_limit {
            given > planned
        } else {
            let given = given.checked_mul(Amount::from(parts))?;
            !is_last && given > planned.checked_mul(Amount::from(times))?
        };
        if !is_beyond {
            return None;
        }
        let guard = Guard::BeyondPlan {
            plan: self.operand(plan, None),
            is_limit,
        };
        let mut finding = self.finding(guard, &[spot]);
        finding.given = Some(given.to_string());
        finding.expected = Some(format!("≤{planned}"));
        finding.difference = given.checked_sub(planned);
        Some(finding)
    }

    /// Two figures of a row in each other's place: as they stand both are out of proportion to last month's, the
    /// other way round both continue them; of a year that is over the figure is last month's to the digit.
    fn exchanged(
        &self,
        row: &[Spot<'_>],
        failed: &mut Vec<Finding>,
    ) -> Option<(Finding, [Place; 2])> {
        let scheme = self.scheme;
        if !scheme.guards.exchanged || self.known.last_month.period?.year() != self.period.year() {
            return None;
        }
        let standing = row.iter().filter_map(|spot| self.standing(*spot));
        let standing: Vec<Standing<'_>> = standing.collect();
        if !standing.iter().any(|it| !it.continues(it.given)) {
            return None;
        }
        let pairs = (0..standing.len()).flat_map(|a| (a + 1..standing.len()).map(move |b| (a, b)));
        let mut fitting = pairs.filter(|&(a, b)| {
            let (a, b) = (&standing[a], &standing[b]);
            a.unit == b.unit
                && a.given != b.given
                && !a.continues(a.given)
                && !b.continues(b.given)
                && a.continues(b.given)
                && b.continues(a.given)
        });
        // Of several ways to exchange figures none is known to be the one.
        let (a, b) = fitting.next().filter(|_| fitting.next().is_none())?;
        let (a, b) = (&standing[a], &standing[b]);
        let places = [a.spot.place(), b.spot.place()];
        let (level, explains) = take_explained(failed, &places);
        let guard = Guard::Exchanged {
            cells: Box::new([a, b].map(|it| self.operand(it.spot, Some(it.spot.place())))),
            last: Box::new([a, b].map(|it| self.operand(it.last, None))),
            explains,
        };
        let mut finding = self.finding(guard, &[a.spot, b.spot]);
        finding.level = level;
        finding.given = Some(a.given.to_string());
        finding.expected = Some(b.given.to_string());
        let exchanged = [(a, b), (b, a)].into_iter();
        finding.suspects = exchanged
            .map(|(own, other)| Suspect {
                place: own.spot.place(),
                given: own.given.to_string(),
                likely: Some(other.given.to_string()),
                why: vec![Reason::Exchanged {
                    with: other.spot.place(),
                }],
            })
            .collect();
        Some((finding, places))
    }

    /// A figure that last month's has to lead up to: what is counted, and what was over by then.
    fn standing<'a>(&'a self, spot: Spot<'a>) -> Option<Standing<'a>> {
        let now = Now {
            known: self.known,
            spot,
        };
        let course = now.course(self.scheme);
        let year = spot.year(self.scheme);
        let is_closed = year
            .zip(self.period.year())
            .is_some_and(|(its, now)| its < now);
        let is_counted = matches!(course, Course::SinceYear | Course::SincePlan);
        let is_of_time = year.is_none_or(|year| self.period.has_begun(year));
        let last = self.known.last_month.find(self.scheme, spot).ok()?;
        let before = last.amount().ok()?;
        (is_counted && is_of_time && before > Amount::ZERO).then_some(Standing {
            spot,
            last,
            unit: spot.unit(self.scheme),
            given: spot.amount().ok()?,
            before,
            is_closed,
        })
    }

    /// A finding about some cells of one form, at the first of them.
    fn finding(&self, guard: Guard, spots: &[Spot<'_>]) -> Finding {
        let (scheme, first) = (self.scheme, spots[0]);
        let (table, row) = (first.table, first.row());
        let level = match &guard {
            Guard::BeyondPlan {
                is_limit: false, ..
            } => Level::Hint,
            _ => Level::Verification,
        };
        let detail = Detail::Guard(guard);
        let mut finding = Finding::new(Kind::Guard, level, detail).at(first.place());
        let annex = first.annex(scheme);
        let reporter = row.reporter.or(table.reporter);
        finding.annex = Some(annex.number.clone());
        finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
        finding.row = (!row.key.is_empty()).then(|| row.name().into());
        finding.column = Some(Box::from(&**first.column(scheme)));
        finding.year = first.year(scheme);
        finding.unit = first
            .unit(scheme)
            .map(|unit| scheme.units.name(unit).clone());
        finding.cells = spots[1..].iter().map(|spot| spot.place()).collect();
        finding
    }

    /// A figure as people call it; of an earlier period it stands in no file of this one.
    fn operand(&self, spot: Spot<'_>, place: Option<Place>) -> Operand {
        let unit = spot.unit(self.scheme);
        let unit = unit.map(|unit| &**self.scheme.units.name(unit));
        let year = spot.year(self.scheme).map(|year| format!("{year}年 "));
        let amount = spot.amount().map(|amount| amount.to_string());
        Operand {
            label: format!("{}{}", year.unwrap_or_default(), spot.column(self.scheme)),
            value: format!("{}{}", amount.unwrap_or_default(), unit.unwrap_or_default()),
            place,
        }
    }
}

/// A figure beside last month's.
struct Standing<'t> {
    spot: Spot<'t>,
    last: Spot<'t>,
    unit: Option<usize>,
    given: Amount,
    before: Amount,
    /// Whether its year is over, so that it no longer moves.
    is_closed: bool,
}

impl Standing<'_> {
    /// Whether a figure in its place would follow last month's.
    fn continues(&self, given: Amount) -> bool {
        match self.is_closed {
            true => given == self.before,
            false => {
                let growth = given.to_float() / self.before.to_float();
                (1.0..=OUT_OF_PROPORTION).contains(&growth)
            }
        }
    }
}

/// Whether two figures differ by more than that one of them was rounded.
fn differs(one: Amount, other: Amount) -> bool {
    let decimals = one.decimals().min(other.decimals());
    let half = Amount::last_digit(decimals).half();
    let is_same = |difference: Amount| {
        let is_rounded = one.decimals() != other.decimals();
        difference.is_zero() || (is_rounded && difference.abs() <= half)
    };
    !one.checked_sub(other).is_some_and(is_same)
}

/// Takes out what rules found over time at these cells, because what is told there explains it. Gives the worst
/// level of them with them.
fn take_explained(failed: &mut Vec<Finding>, places: &[Place]) -> (Level, Vec<Finding>) {
    let is_explained = |finding: &Finding| {
        matches!(finding.kind, Kind::Chain | Kind::Cumulative | Kind::Compare)
            && (finding.place.as_ref()).is_some_and(|place| places.contains(place))
    };
    let explained = failed.extract_if(.., |finding| is_explained(finding));
    let explained: Vec<Finding> = explained.collect();
    let levels = explained.iter().map(|finding| finding.level);
    let level = levels.min().unwrap_or(Level::Verification);
    (level.min(Level::Verification), explained)
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{Detail, Finding, Guard, Guards};

    const HEAD: &str = "单位 | 造林@2023(亩 .1 since-year) | 造林@2024 | 造林@2025 | 抚育@2023(亩 .1 since-year) | 抚育@2024 | 抚育@2025";

    /// The plan, April and May of two townships; May's first row is `may`.
    ///
    /// 100 a month are due of 1200 (8.33 of 100); the second township has nothing odd.
    fn forms(may: &str) -> String {
        format!(
            "
            == 附件3 · plan
            {HEAD}
            东河 | 900.0 | 1200.0 | 600.0 | 90.0 | 120.0 | 60.0
            西岭 | 900.0 | 1200.0 | 600.0 | 90.0 | 120.0 | 60.0
            == 附件3 · 2024-04
            {HEAD}
            东河 | 905.7 | 406.2 |  | 88.0 | 40.5 |
            西岭 | 905.7 | 406.2 |  | 88.0 | 40.5 |
            == 附件3 · 2024-05
            {HEAD}
            东河 | {may}
            西岭 | 905.7 | 500.0 |  | 88.0 | 50.5 |
            "
        )
    }

    fn all() -> Draft {
        cumulative(&["造林", "抚育"]).guards(Guards::default())
    }

    fn guard(finding: Finding) -> Guard {
        let Detail::Guard(guard) = finding.detail else {
            panic!("{:?}", finding.detail);
        };
        guard
    }

    #[test]
    fn an_ordinary_month_has_nothing_odd() {
        check(all(), &forms("905.7 | 510.0 |  | 88.0 | 51.0 |"));
        // What was printed with fewer decimals is the same figure.
        check(all(), &forms("906 | 510.0 | 0.0 | 88 | 51.0 | 0"));
    }

    #[test]
    fn figures_of_a_year_to_come_are_asked_about_once() {
        let odd = forms("905.7 | 510.0 | 600.0   <- D2 guard | 88.0 | 51.0 | 60.0");
        let odd = odd.replace(
            "   <- D2 guard | 88.0 | 51.0 | 60.0",
            " | 88.0 | 51.0 | 60.0   <- D2 guard",
        );
        check(all(), &odd);
        let Guard::YearNotBegun {
            year,
            n_figures,
            is_plan,
        } = guard(finding(all(), &odd.replace("   <- D2 guard", "")))
        else {
            panic!("a year to come");
        };
        assert_eq!((year, n_figures, is_plan), (2025, 2, true));
    }

    #[test]
    fn a_year_that_is_over_stays_as_it_was() {
        check(
            all(),
            &forms("815.7 | 510.0 |  | 88.0 | 51.0 |   <- B2 guard: 905.7"),
        );
        let found = finding(all(), &forms("815.7 | 510.0 |  | 88.0 | 51.0 |"));
        assert_eq!(found.difference, Some(amount("-90")));
    }

    /// 406.2 + 95.9 = 502.1, and 100 are due in May.
    #[test]
    fn a_months_own_figure_explains_that_the_total_fell() {
        check(
            all(),
            &forms("905.7 | 95.9 |  | 88.0 | 51.0 |   <- C2 guard: 502.1"),
        );
        let found = finding(all(), &forms("905.7 | 95.9 |  | 88.0 | 51.0 |"));
        let Guard::MonthForTotal { last, explains } = guard(found) else {
            panic!("a month's own figure");
        };
        assert_eq!(last.value, "406.2亩");
        assert_eq!(explains.len(), 1, "the rule that it fell");
        // A correction of last month's figure is none, nor is what is far from a month's work.
        check(
            all(),
            &forms("905.7 | 400.0 |  | 88.0 | 51.0 |   <- C2 cumulative: 406.2"),
        );
        check(
            all(),
            &forms("905.7 | 10.0 |  | 88.0 | 51.0 |   <- C2 cumulative: 406.2"),
        );
    }

    #[test]
    fn more_than_the_year_is_asked_about_before_its_end() {
        check(
            all(),
            &forms("905.7 | 1320.1 |  | 88.0 | 51.0 |   <- C2 guard hint: ≤1200.0"),
        );
        check(all(), &forms("905.7 | 1320.0 |  | 88.0 | 51.0 |"));
    }

    /// 造林 was 406.2 and 抚育 40.5; 2023 was 905.7.
    #[test]
    fn figures_that_changed_places_are_told_once() {
        let columns = forms("905.7 | 52.0 |  | 88.0 | 507.0 |");
        check(
            all(),
            &columns.replace("507.0 |", "507.0 |   <- C2 guard: 507.0"),
        );
        let Guard::Exchanged { explains, .. } = guard(finding(all(), &columns)) else {
            panic!("an exchange");
        };
        assert_eq!(explains.len(), 1, "the rule that one of them fell");
        let years = forms("507.0 | 905.7 |  | 88.0 | 51.0 |");
        check(
            all(),
            &years.replace("51.0 |", "51.0 |   <- B2 guard: 905.7"),
        );
    }

    #[test]
    fn a_guard_that_is_switched_off_asks_nothing() {
        let off = Guards {
            closed_year: false,
            ..Guards::default()
        };
        let draft = cumulative(&["造林"]).guards(off);
        check(draft, &forms("815.7 | 510.0 |  | 88.0 | 51.0 |"));
    }
}
