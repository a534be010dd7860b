//! What ranked explanations come to: each cause by itself, with the relations that fail because of it.
//!
//! An explanation of everything that fails in a form may hold several slips that have nothing to do with each other.
//! Told together, the doubt about one would be a doubt about all. So they are taken apart into [`Part`]s: what
//! changes the same relations stays together, all else is told by itself.

use foldhash::{HashMap, HashMapExt};

use crate::model::Reason;

use super::evidence::Judged;
use super::search::{holds, residual};
use super::system::System;
use super::{CLEAR, UNLIKELY};

/// Relations that fail for one reason, and what the reason may be.
#[derive(Debug)]
pub(super) struct Part {
    /// The balances that fail.
    pub(super) goals: Vec<usize>,
    /// What would put them right, the likeliest first. Costs are those of whole explanations.
    pub(super) options: Vec<Judged>,
    /// So many of the first are nearly as likely as the first of all.
    pub(super) n_tied: usize,
    /// What else has to change before the last of them holds: the other slip of a relation that two share.
    pub(super) with: Vec<(usize, i128)>,
}

impl Part {
    /// The one cause, where there is one.
    pub(super) fn cause(&self) -> Option<&Judged> {
        self.options.first().filter(|_| self.n_tied == 1)
    }
}

/// How much less likely than the best another explanation has to be before the best is believed. What is known from
/// elsewhere of a figure, or how a sum came about, tells more than that one figure is a digit shorter than another.
pub(super) fn reach(best: &Judged) -> i32 {
    let mut reasons = best.reasons.iter().flatten();
    let is_known_elsewhere = reasons.any(|reason| {
        matches!(
            reason,
            Reason::AsBefore
                | Reason::NearBefore
                | Reason::NearOtherYears
                | Reason::Stale
                | Reason::LeftOut { .. }
                | Reason::CountedTwice { .. }
                | Reason::OfWhichCounted { .. }
                | Reason::AddedToItself
        )
    });
    match is_known_elsewhere {
        true => CLEAR / 2,
        false => CLEAR - 1,
    }
}

/// Takes ranked explanations of some balances apart. Whatever cannot be explained is part of nothing.
pub(super) fn parts(system: &System<'_>, goals: &[usize], repairs: &[Judged]) -> Vec<Part> {
    let Some(best) = repairs.first() else {
        return Vec::new();
    };
    let reach = best.cost + reach(best);
    let is_tied = |it: &&Judged| it.cost <= reach;
    let tied: Vec<&Judged> = repairs.iter().filter(is_tied).collect();
    // Whoever explains one relation may explain others along with it.
    let cells = tied.iter().flat_map(|it| it.changes.iter());
    let along = cells.flat_map(|(cell, _)| super::violated(system, *cell));
    let mut goals: Vec<usize> = goals.iter().copied().chain(along).collect();
    goals.sort_unstable();
    goals.dedup();
    let classes = classes(system, &goals, &tied);
    let mut parts = Vec::new();
    for goals in classes {
        let near = repairs.iter().filter(|it| it.cost <= best.cost + UNLIKELY);
        let mut options: Vec<Judged> = Vec::new();
        for repair in near {
            let Some(option) = restricted(system, repair, &goals) else {
                continue;
            };
            if !options.iter().any(|known| known.changes == option.changes) {
                options.push(option);
            }
        }
        let n_tied = options.iter().filter(|it| it.cost <= reach).count();
        let part = Part {
            goals,
            options,
            n_tied,
            with: Vec::new(),
        };
        parts.extend(taken_apart(system, part));
    }
    parts
}

/// The balances that some of the cells take part in.
fn touched<'s>(
    system: &'s System<'_>,
    goals: &'s [usize],
    cell: usize,
) -> impl Iterator<Item = usize> + 's {
    let takes_part = move |goal: &usize| system.balances[*goal].sign_of(cell) != 0;
    goals.iter().copied().filter(takes_part)
}

/// Balances that are explained together in at least one of the likeliest explanations.
fn classes(system: &System<'_>, goals: &[usize], tied: &[&Judged]) -> Vec<Vec<usize>> {
    let mut class: HashMap<usize, usize> = goals.iter().map(|goal| (*goal, *goal)).collect();
    for repair in tied {
        for unit in units(system, repair) {
            let cells = unit.iter().map(|position| repair.changes[*position].0);
            let together: Vec<usize> = cells
                .flat_map(|cell| touched(system, goals, cell))
                .map(|goal| class[&goal])
                .collect();
            let Some(&first) = together.iter().min() else {
                continue;
            };
            for of in class.values_mut().filter(|of| together.contains(of)) {
                *of = first;
            }
        }
    }
    let mut by_class: HashMap<usize, Vec<usize>> = HashMap::new();
    for goal in goals {
        by_class.entry(class[goal]).or_default().push(*goal);
    }
    let mut classes: Vec<Vec<usize>> = by_class.into_values().collect();
    classes.sort_unstable();
    classes
}

/// The changes of an explanation, by position, those together that cannot be told apart: two figures that changed
/// places, and figures of which one alone would break what holds.
fn units(system: &System<'_>, repair: &Judged) -> Vec<Vec<usize>> {
    let is_exchange = |position: usize| {
        let mut reasons = repair.reasons[position].iter();
        reasons.any(|it| matches!(it, Reason::Exchanged { .. }))
    };
    let breaks = |position: usize, other: usize| {
        let (alone, with) = (
            &repair.changes[position..=position],
            repair.changes[other].0,
        );
        let balances = system.cells[alone[0].0].balances.iter();
        let mut shared = balances.filter(|idx| system.balances[**idx].sign_of(with) != 0);
        shared.any(|idx| !system.balances[*idx].fails() && !holds(system, *idx, alone))
    };
    let mut units: Vec<Vec<usize>> = Vec::new();
    for position in 0..repair.changes.len() {
        let belongs = |unit: &[usize]| {
            unit.iter().any(|&other| {
                is_exchange(position) && is_exchange(other)
                    || breaks(position, other)
                    || breaks(other, position)
            })
        };
        let (joined, apart): (Vec<_>, Vec<_>) = units.into_iter().partition(|it| belongs(it));
        units = apart;
        units.push(joined.into_iter().flatten().chain([position]).collect());
    }
    units
}

/// What of an explanation concerns some balances, if it concerns no others.
fn restricted(system: &System<'_>, repair: &Judged, goals: &[usize]) -> Option<Judged> {
    let mut changes = Vec::new();
    let mut reasons = Vec::new();
    for (change, why) in repair.changes.iter().zip(&repair.reasons) {
        if touched(system, goals, change.0).next().is_some() {
            changes.push(*change);
            reasons.push(why.clone());
        }
    }
    // The rest must be what the others need anyway.
    let is_whole = goals.iter().all(|goal| {
        let of_all = residual(system, *goal, &repair.changes);
        of_all == residual(system, *goal, &changes)
    });
    let is_known = |cell: usize| {
        let violated = super::violated(system, cell);
        violated.iter().all(|balance| goals.contains(balance))
    };
    let concerns_these = changes.iter().all(|(cell, _)| is_known(*cell));
    (!changes.is_empty() && is_whole && concerns_these).then_some(Judged {
        changes,
        reasons,
        cost: repair.cost,
    })
}

/// Slips that share a relation, but are each proved by one of their own, are told each by itself.
fn taken_apart(system: &System<'_>, part: Part) -> Vec<Part> {
    let tied = &part.options[..part.n_tied];
    let Some(best) = tied.first().filter(|best| best.changes.len() > 1) else {
        return vec![part];
    };
    // What all of the likeliest have in common is certain.
    let certain: Vec<Vec<usize>> = units(system, best)
        .into_iter()
        .filter(|unit| {
            let in_all = |position: &usize| {
                let change = best.changes[*position];
                tied.iter().all(|it| it.changes.contains(&change))
            };
            let others = |it: &&Judged| {
                let of_unit = |cell: usize| unit.iter().any(|at| best.changes[*at].0 == cell);
                let others = it.changes.iter().filter(|(cell, _)| !of_unit(*cell));
                others.map(|(cell, _)| *cell).collect::<Vec<_>>()
            };
            let is_own = |goal: &usize| {
                let by_others = tied.iter().flat_map(|it| others(&it));
                let mut by_others =
                    by_others.filter(|cell| system.balances[*goal].sign_of(*cell) != 0);
                by_others.next().is_none()
            };
            unit.iter().all(in_all) && part.goals.iter().any(is_own)
        })
        .collect();
    if certain.is_empty() || (certain.len() == 1 && certain[0].len() == best.changes.len()) {
        return vec![part];
    }
    let mut apart = Vec::new();
    for unit in &certain {
        let own: Vec<(usize, i128)> = unit.iter().map(|at| best.changes[*at]).collect();
        let is_own = |cell: usize| own.iter().any(|(own, _)| *own == cell);
        let goals: Vec<usize> = (part.goals.iter().copied())
            .filter(|goal| {
                let balance = &system.balances[*goal];
                let takes_part = own.iter().any(|(cell, _)| balance.sign_of(*cell) != 0);
                // A relation that two slips share is told with its own given cell, if that is one of them.
                let mut changed = best.changes.iter().map(|(cell, _)| *cell);
                let given = balance
                    .total()
                    .filter(|total| changed.any(|it| it == *total));
                takes_part && given.is_none_or(is_own)
            })
            .collect();
        let shares = |cell: usize| touched(system, &goals, cell).next().is_some();
        let others = best.changes.iter().filter(|change| !own.contains(change));
        let with = others.filter(|(cell, _)| shares(*cell)).copied().collect();
        let without: Vec<(usize, i128)> = (best.changes.iter().copied())
            .filter(|change| !own.contains(change))
            .collect();
        let mut options: Vec<Judged> = Vec::new();
        for repair in &part.options {
            let rest = repair.changes.iter().zip(&repair.reasons);
            let (changes, reasons): (Vec<_>, Vec<_>) = rest
                .filter(|(change, _)| !without.contains(change))
                .map(|(change, why)| (*change, why.clone()))
                .unzip();
            let keeps_others = changes.len() + without.len() == repair.changes.len();
            if keeps_others && !options.iter().any(|known| known.changes == changes) {
                options.push(Judged {
                    changes,
                    reasons,
                    cost: repair.cost,
                });
            }
        }
        apart.push(Part {
            goals,
            options,
            n_tied: 1,
            with,
        });
    }
    let all: Vec<(usize, i128)> = (certain.iter().flatten())
        .map(|at| best.changes[*at])
        .collect();
    let mut options: Vec<Judged> = Vec::new();
    let mut n_tied = 0;
    for (idx, repair) in part.options.iter().enumerate() {
        let rest = repair.changes.iter().zip(&repair.reasons);
        let (changes, reasons): (Vec<_>, Vec<_>) = rest
            .filter(|(change, _)| !all.contains(change))
            .map(|(change, why)| (*change, why.clone()))
            .unzip();
        let keeps_certain = changes.len() + all.len() == repair.changes.len();
        let is_new = !options.iter().any(|known| known.changes == changes);
        if !changes.is_empty() && keeps_certain && is_new {
            n_tied += usize::from(idx < part.n_tied);
            options.push(Judged {
                changes,
                reasons,
                cost: repair.cost,
            });
        }
    }
    if let Some(first) = options.first() {
        let goals: Vec<usize> = (part.goals.iter().copied())
            .filter(|goal| {
                let cells = first.changes.iter();
                let mut signs = cells.map(|(cell, _)| system.balances[*goal].sign_of(*cell));
                signs.any(|sign| sign != 0)
            })
            .collect();
        apart.push(Part {
            goals,
            options,
            n_tied,
            with: Vec::new(),
        });
    }
    apart
}
