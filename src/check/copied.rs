//! 照抄: figures that are those of another return, where they should be others.
//!
//! Last month's return sent once more has every figure right and none of this month's; a neighbour's figures
//! filled into one's own form add up as well. Work may have stood still, so both are worth a question and no more;
//! only a whole form in which nothing moved that plan and schedule expect to has to be explained.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hasher};

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;

use crate::model::{
    Amount, CopiedExtent, CopiedFrom, Detail, Finding, Kind, Level, Period, Row, RowKind, Table,
};
use crate::scheme::{Annex, Course, Scheme};

use super::cells::Spot;
use super::over_time::{Known, Now, begins_anew};
use super::rows::{self, RowAt};

/// A row of fewer figures may well be as it was.
const LEAST_FIGURES: usize = 3;
/// A figure whose last digit should have moved by less may well be as it was.
const LEAST_GROWTH: i64 = 10;

/// Of one return, the rows whose figures are all last month's, and single figures that should have grown
/// visibly; said once where it is the whole return.
pub(super) fn from_last_month(
    scheme: &Scheme,
    period: Period,
    rows: &[RowAt<'_>],
    known: &Known<'_>,
) -> Vec<Finding> {
    let Some(last_month) = known.last_month.period else {
        return Vec::new();
    };
    // Of each row, the figures that should have moved and did not, and whether those are all that should.
    let mut standing: Vec<(Vec<Spot<'_>>, bool)> = Vec::new();
    let (mut n_moving, mut n_same) = (0, 0);
    for &row in rows.iter().filter(|row| row.row().kind == RowKind::Data) {
        let spots = should_move(scheme, period, row, known);
        let is_same = |spot: &&Spot<'_>| {
            let last = known.last_month.find(scheme, **spot);
            last.is_ok_and(|last| last.amount() == spot.amount())
        };
        let same: Vec<Spot<'_>> = spots.iter().filter(is_same).copied().collect();
        n_moving += spots.len();
        n_same += same.len();
        if !same.is_empty() {
            let is_all = same.len() == spots.len();
            standing.push((same, is_all));
        }
    }
    let from = || CopiedFrom::LastMonth(last_month);
    if n_same > 0 && n_same == n_moving {
        let all = standing.into_iter().flat_map(|(same, _)| same);
        let all: Vec<Spot<'_>> = all.collect();
        let mut finding = finding(scheme, &all, &[], from(), CopiedExtent::Return);
        // A whole form in which nothing moved is no report of the month until somebody says why.
        let is_overdue = |spot: &Spot<'_>| {
            should_grow(scheme, *spot, period, known) && is_behind(scheme, *spot, period, known)
        };
        if all.iter().any(is_overdue) {
            finding.level = Level::Verification;
        }
        return vec![finding];
    }
    let mut findings = Vec::new();
    for (mut same, is_all) in standing {
        if is_all && same.len() >= LEAST_FIGURES {
            findings.push(finding(scheme, &same, &[], from(), CopiedExtent::Row));
            continue;
        }
        same.retain(|spot| should_grow(scheme, *spot, period, known));
        if !same.is_empty() {
            findings.push(finding(scheme, &same, &[], from(), CopiedExtent::Figures));
        }
    }
    findings
}

/// Whether a cumulative figure should, by plan and schedule, have grown this month by so much that standing
/// still is odd.
fn should_grow(scheme: &Scheme, spot: Spot<'_>, period: Period, known: &Known<'_>) -> bool {
    let now = Now { known, spot };
    if !matches!(now.course(scheme), Course::SinceYear | Course::SincePlan) {
        return false;
    }
    let due = |period: Period| {
        let share = scheme.due_share(spot.table.annex, spot.leaf, period)?;
        now.planned(scheme, &share).ok()
    };
    let (Some(due), Some(before)) = (due(period), period.previous().and_then(due)) else {
        return false;
    };
    // Both have the same denominator, by which everything is multiplied.
    let growth = due.parts.checked_sub(before.parts);
    let decimals = spot.annex(scheme).decimals_of(spot.leaf, spot.row().spec);
    let least = Amount::from(LEAST_GROWTH * i64::from(due.denominator));
    let least = Amount::last_digit(decimals).checked_mul(least);
    growth
        .zip(least)
        .is_some_and(|(growth, least)| growth >= least)
}

/// Whether a figure is less than what should be done by now.
fn is_behind(scheme: &Scheme, spot: Spot<'_>, period: Period, known: &Known<'_>) -> bool {
    let now = Now { known, spot };
    let share = scheme.due_share(spot.table.annex, spot.leaf, period);
    let due = share.and_then(|share| now.planned(scheme, &share).ok());
    due.zip(spot.amount().ok()).is_some_and(|(due, done)| {
        let parts = done.checked_mul(Amount::from(i64::from(due.denominator)));
        parts.is_some_and(|parts| parts < due.parts)
    })
}

/// The figures of a row that a month's work should have changed. What has come to all that was planned stands
/// still, and so does nothing.
fn should_move<'t>(
    scheme: &Scheme,
    period: Period,
    row: RowAt<'t>,
    known: &Known<'_>,
) -> Vec<Spot<'t>> {
    let annex = &scheme.annexes[row.table.annex];
    let spots = (0..annex.leaves.len()).map(|leaf| row.spot(leaf));
    spots
        .filter(|&spot| {
            let now = Now { known, spot };
            let course = now.course(scheme);
            let is_of_year = spot
                .year(scheme)
                .is_none_or(|year| Some(year) == period.year());
            spot.kind(scheme).is_figure()
                && course != Course::State
                && is_of_year
                && !begins_anew(course, period)
                && is_work_due(scheme, spot, period)
                && spot.amount().is_ok_and(|amount| !amount.is_zero())
                && !is_complete(scheme, spot, course, known)
        })
        .collect()
}

/// Whether the schedule has anything to be done this month.
fn is_work_due(scheme: &Scheme, spot: Spot<'_>, period: Period) -> bool {
    let due = |period: Period| {
        let share = scheme.due_share(spot.table.annex, spot.leaf, period)?;
        Some(share.terms(spot.leaf))
    };
    match (due(period), period.previous().and_then(due)) {
        (Some(now), Some(before)) => now != before,
        _ => true,
    }
}

fn is_complete(scheme: &Scheme, spot: Spot<'_>, course: Course, known: &Known<'_>) -> bool {
    let planned = known.plan.find(scheme, spot).and_then(Spot::amount);
    let given = spot.amount();
    course != Course::Month
        && planned.is_ok_and(|planned| given.is_ok_and(|given| given >= planned))
}

/// Rows of different reporters in the forms of one annex whose figures are all the same.
pub(super) fn from_neighbours(scheme: &Scheme, annex: &Annex, tables: &[&Table]) -> Vec<Finding> {
    let of_table = |table: &&'_ Table| -> Vec<(u64, usize)> {
        let rows = rows::data_rows(annex, table);
        let telling = rows.filter(|(_, row)| row.reporter.is_some() && has_telling(annex, row));
        let telling = telling.map(|(row_idx, row)| (digest(annex, row), row_idx));
        telling.collect()
    };
    let telling: Vec<Vec<(u64, usize)>> = tables.par_iter().map(of_table).collect();
    let n_rows = telling.iter().map(Vec::len).sum();
    // Of each digest the first row, and any others that are not the same.
    let mut firsts: HashMap<u64, (RowAt<'_>, Vec<RowAt<'_>>)> = HashMap::with_capacity(n_rows);
    let mut findings = Vec::new();
    for (&table, rows) in tables.iter().zip(telling) {
        for (digest, row) in rows {
            let at = RowAt { table, row };
            let (first, others) = match firsts.entry(digest) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    unknown.insert((at, Vec::new()));
                    continue;
                }
            };
            let is_same =
                |first: &&RowAt<'_>| figures(annex, first.row()).eq(figures(annex, at.row()));
            let mut alike = std::iter::once(&*first).chain(&*others);
            let Some(first) = alike.find(is_same).copied() else {
                others.push(at);
                continue;
            };
            let (mine, theirs) = (at.row().reporter, first.row().reporter);
            let Some(other) = theirs.filter(|_| mine != theirs) else {
                continue;
            };
            let spots = figure_leaves(annex, at.row()).map(|leaf| at.spot(leaf));
            let filled: Vec<Spot<'_>> = spots.filter(|spot| spot.amount().is_ok()).collect();
            let first = figure_leaves(annex, first.row()).map(|leaf| first.spot(leaf));
            let first: Vec<Spot<'_>> = first.take(1).collect();
            let from = CopiedFrom::Reporter(scheme.reporters[other].name.clone());
            findings.push(finding(scheme, &filled, &first, from, CopiedExtent::Row));
        }
    }
    findings
}

fn figure_leaves(annex: &Annex, row: &Row) -> impl Iterator<Item = usize> {
    let leaves = 0..annex.leaves.len();
    leaves.filter(|&leaf| annex.kind_of(leaf, row.spec).is_figure())
}

fn figures(annex: &Annex, row: &Row) -> impl Iterator<Item = Option<Amount>> {
    figure_leaves(annex, row).map(|leaf| row.entries[leaf].value.amount())
}

/// A number that rows of the same figures have in common, and others hardly ever.
fn digest(annex: &Annex, row: &Row) -> u64 {
    let mut digest = foldhash::fast::FixedState::default().build_hasher();
    for amount in figures(annex, row) {
        // 40 and 40.0 are the same float; decimals would have to be brought to one form first.
        let float = amount.map_or(f64::NAN, Amount::to_float);
        digest.write_u64((float + 0.0).to_bits());
    }
    digest.finish()
}

/// Whether there are figures enough that two would hardly have by chance, all different.
fn has_telling(annex: &Annex, row: &Row) -> bool {
    let mut telling = [Amount::ZERO; LEAST_FIGURES];
    let mut n_telling = 0;
    for amount in figures(annex, row).flatten() {
        if is_telling(amount) && !telling[..n_telling].contains(&amount) {
            telling[n_telling] = amount;
            n_telling += 1;
        }
        if n_telling == LEAST_FIGURES {
            return true;
        }
    }
    false
}

/// Whether a figure is one that two would hardly have by chance: of two digits or more, and not round.
fn is_telling(amount: Amount) -> bool {
    let digits = amount.normalised().0.mantissa().unsigned_abs();
    digits >= 10 && !digits.is_multiple_of(10)
}

fn finding(
    scheme: &Scheme,
    spots: &[Spot<'_>],
    others: &[Spot<'_>],
    from: CopiedFrom,
    extent: CopiedExtent,
) -> Finding {
    let first = spots[0];
    let (table, row) = (first.table, first.row());
    let detail = Detail::Copied {
        from,
        n_figures: spots.len(),
        extent,
    };
    let reporter = row.reporter.or(table.reporter);
    let mut finding = Finding::new(Kind::Copied, Level::Hint, detail).at(first.place());
    finding.annex = Some(scheme.annexes[table.annex].number.clone());
    finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
    let is_of_row = extent != CopiedExtent::Return && !row.key.is_empty();
    finding.row = is_of_row.then(|| row.name().into());
    finding.year = row.year;
    let all = spots[1..].iter().chain(others);
    finding.cells = all.map(|spot| spot.place()).collect();
    finding
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::{CopiedExtent, CopiedFrom, Detail};

    /// 附件7 of one township with two rows; figures of 2024 move.
    fn forms(april: [&str; 2], may: [&str; 2]) -> String {
        let head = "灌区(key) | 乡镇(key) | 甲@2023(since-year) | 乙@2023(since-year) | 丙@2023(since-year) | 甲@2024 | 乙@2024 | 丙@2024";
        let form = |month: &str, rows: [&str; 2]| {
            format!(
                "== 附件7 · 阳霞镇 · {month}\n{head}\n塔里克 | 阳霞镇 | 71 | 72 | 73 | {}\n阳霞 | 阳霞镇 | 81 | 82 | 83 | {}\n",
                rows[0], rows[1]
            )
        };
        form("2024-04", april) + &form("2024-05", may)
    }

    fn rule() -> super::super::grid::Draft {
        cumulative(&["甲"])
    }

    #[test]
    fn a_return_that_is_last_months_is_said_once() {
        let april = ["11 | 12 | 13", "21 | 22 | 23"];
        let copied = forms(april, ["11 | 12 | 13   <- F2 copied hint", "21 | 22 | 23"]);
        check(rule(), &copied);
        let finding = finding(rule(), &copied.replace("<- F2 copied hint", ""));
        let Detail::Copied {
            n_figures, extent, ..
        } = finding.detail
        else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!((n_figures, extent), (6, CopiedExtent::Return));
    }

    #[test]
    fn a_row_that_is_last_months_is_said_where_it_has_figures_enough() {
        let april = ["11 | 12 | 13", "21 | 22 | 23"];
        check(
            rule(),
            &forms(april, ["11 | 12 | 13", "24 | 25 | 26"]).replace(
                "11 | 12 | 13\n阳霞 | 阳霞镇 | 81 | 82 | 83 | 24",
                "11 | 12 | 13 <- F2 copied hint\n阳霞 | 阳霞镇 | 81 | 82 | 83 | 24",
            ),
        );
        // Two of three moved, and of the other row all.
        check(rule(), &forms(april, ["11 | 14 | 15", "24 | 25 | 26"]));
        // Two figures that stand still in one row are no copy.
        check(
            rule(),
            &forms(
                ["11 | 12 | 0", "21 | 22 | 23"],
                ["11 | 12 | 0", "24 | 25 | 26"],
            ),
        );
        check(
            rule(),
            &forms(["0 | 0 | 0", "0 | 0 | 0"], ["0 | 0 | 0", "0 | 0 | 0"]),
        );
    }

    /// Of 1200 a year 100 more are due in May, of 108 only 9: less than ten of the last digit.
    #[test]
    fn a_figure_alone_is_noticed_where_plan_and_schedule_expect_it_to_grow() {
        let forms = |may: &str| {
            format!(
                "
                == 附件7 · 阳霞镇 · plan
                单位 | 甲@2023(since-year) | 乙@2023(since-year) | 甲@2024 | 乙@2024
                阳霞镇 | 0 | 0 | 1200 | 108
                == 附件7 · 阳霞镇 · 2024-04
                单位 | 甲@2023(since-year) | 乙@2023(since-year) | 甲@2024 | 乙@2024
                阳霞镇 | 0 | 0 | 401 | 37
                == 附件7 · 阳霞镇 · 2024-05
                单位 | 甲@2023(since-year) | 乙@2023(since-year) | 甲@2024 | 乙@2024
                阳霞镇 | 0 | 0 | {may}
                "
            )
        };
        let text = forms("401 | 45");
        check(rule(), &forms("401 | 45   <- D2 copied hint"));
        let Detail::Copied {
            n_figures, extent, ..
        } = finding(rule(), &text).detail
        else {
            panic!("a copy");
        };
        assert_eq!((n_figures, extent), (1, CopiedExtent::Figures));
        check(rule(), &forms("470 | 37"));
        check(rule(), &forms("402 | 38"));
    }

    #[test]
    fn what_has_come_to_its_plan_stands_still() {
        let plan = "== 附件3 · 轮台镇 · plan\n单位 | 造林@2023(亩 since-year) | 造林@2024\n轮台镇 | 100 | 200\n";
        let month = |month: &str, figure: &str| {
            format!(
                "== 附件3 · 轮台镇 · {month}\n单位 | 造林@2023(亩 since-year) | 造林@2024\n轮台镇 | 100 | {figure}\n"
            )
        };
        let standing = |figure: &str, mark: &str| {
            let text = format!(
                "{plan}{}{}",
                month("2024-04", figure),
                month("2024-05", &format!("{figure} {mark}"))
            );
            check(cumulative(&["造林"]), &text);
        };
        standing("200", "");
        standing("199", "<- C2 copied hint");
    }

    #[test]
    fn a_neighbours_figures_are_noticed_unless_anybody_could_have_them() {
        let forms = |second: &str| {
            format!(
                "
                == 附件3 · 轮台镇 · 2024-05
                单位 | 甲 | 乙 | 丙 | 丁
                轮台镇 | 331.6 | 295.5 | 627.1 | 0
                == 附件3 · 群巴克镇 · 2024-05
                单位 | 甲 | 乙 | 丙 | 丁
                群巴克镇 | {second}
                "
            )
        };
        let rule = || range(&["甲"], Some("0"), None);
        check(
            rule(),
            &forms("331.6 | 295.5 | 627.1 | 0   <- B2 copied hint"),
        );
        check(rule(), &forms("331.6 | 295.5 | 627.2 | 0"));
        let round = "
            == 附件3 · 轮台镇 · 2024-05
            单位 | 甲 | 乙 | 丙
            轮台镇 | 100 | 200 | 300
            == 附件3 · 群巴克镇 · 2024-05
            单位 | 甲 | 乙 | 丙
            群巴克镇 | 100 | 200 | 300
            ";
        check(rule(), round);
        let text = forms("331.6 | 295.5 | 627.1 | 0");
        let Detail::Copied { from, .. } = finding(rule(), &text).detail else {
            panic!("a copy");
        };
        assert_eq!(from, CopiedFrom::Reporter("轮台镇".into()));
    }
}
