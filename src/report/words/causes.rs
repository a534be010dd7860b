//! What both languages need to know of a cause, its relations and its candidates.

use crate::model::{Detail, Finding, Place, Reason, Suspect};

use super::{LISTED, reference};

/// What is wrong with the cells of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// One figure.
    Figure,
    /// One that is not there.
    Blank,
    /// Two that changed places.
    Exchanged,
    /// Two rows of one reporter were mixed up.
    MixedUp,
    /// Several, which have to be put right together.
    Several,
    /// One of several, and nothing tells which.
    Tie,
}

/// What hangs on a cause.
pub(super) struct Relations {
    /// How many relations fail at its own cells.
    pub(super) n_own: usize,
    /// Where the others fail, each with the rules that say so, as far as they are named.
    pub(super) others: Vec<(String, Vec<String>)>,
    /// How many places those are.
    pub(super) n_others: usize,
}

impl Relations {
    pub(super) fn of(finding: &Finding) -> Self {
        let own: Vec<Place> = finding
            .place
            .iter()
            .cloned()
            .chain(finding.cells.iter())
            .collect();
        let mut n_own = 0;
        let mut others: Vec<(String, Vec<String>)> = Vec::new();
        for relation in finding.explains() {
            let Some(place) = &relation.place else {
                n_own += 1;
                continue;
            };
            // Of several given cells it may be one.
            let is_own = match place.cell {
                Some(_) => own.contains(place),
                None => relation.cells.iter().any(|cell| own.contains(&cell)),
            };
            if is_own {
                n_own += 1;
                continue;
            }
            let shown = match place.cell {
                Some(_) => reference(place, finding.place.as_ref()),
                // Several given cells stand for one relation.
                None => {
                    let cells = relation.cells.iter().take(LISTED);
                    let cells = cells.map(|cell| reference(&cell, finding.place.as_ref()));
                    cells.collect::<Vec<_>>().join("+")
                }
            };
            let rule = relation.rule.as_deref().unwrap_or_default().to_owned();
            match others.iter_mut().find(|(known, _)| *known == shown) {
                Some((_, rules)) => rules.push(rule),
                None => others.push((shown, vec![rule])),
            }
        }
        let n_others = others.len();
        others.truncate(LISTED);
        for (_, rules) in &mut others {
            rules.retain(|rule| !rule.is_empty());
            rules.dedup();
        }
        Self {
            n_own,
            others,
            n_others,
        }
    }

    /// How many there are.
    pub(super) fn n(&self) -> usize {
        self.n_own + self.n_others
    }
}

/// What is wrong with the cells of a cause.
pub(super) fn wrong(finding: &Finding) -> Wrong {
    let first = finding.suspects.first();
    let why = first.and_then(|suspect| suspect.why.first());
    match why {
        _ if finding.is_tie() => Wrong::Tie,
        Some(Reason::Exchanged { .. }) if !finding.cells.is_empty() => Wrong::Exchanged,
        Some(Reason::Misplaced { .. }) => Wrong::MixedUp,
        _ if !finding.cells.is_empty() => Wrong::Several,
        _ if first.is_some_and(|suspect| suspect.given.is_empty()) => Wrong::Blank,
        _ => Wrong::Figure,
    }
}

/// The suspects that a cause is about itself, before those that come after it.
pub(super) fn told(finding: &Finding) -> &[Suspect] {
    let n_told = match &finding.detail {
        Detail::Miswritten { .. } if !finding.is_tie() => 1 + finding.cells.len(),
        _ => 0,
    };
    &finding.suspects[..n_told.min(finding.suspects.len())]
}

/// The candidates of a tie, in the order of the form: some are likelier than others, but not by much.
pub(super) fn candidates(finding: &Finding) -> Vec<&Suspect> {
    let mut candidates: Vec<&Suspect> = finding.candidates().collect();
    candidates.sort_by(|a, b| a.place.cmp(&b.place));
    candidates
}

/// What else has to be put right before all that a cause explains holds.
pub(super) fn together(finding: &Finding) -> &[(Place, String)] {
    let told = told(finding).iter().flat_map(|suspect| &suspect.why);
    let mut with = told.filter_map(|reason| match reason {
        Reason::Together { with } => Some(&with[..]),
        _ => None,
    });
    let of_several = matches!(wrong(finding), Wrong::Several | Wrong::Exchanged);
    with.next().filter(|_| !of_several).unwrap_or_default()
}

/// Whether a relation says itself which of its cells is the likeliest, and what would be right.
pub(super) fn names_its_cell(finding: &Finding) -> bool {
    let first = finding.suspects.first();
    is_balance(finding)
        && !finding.is_tie()
        && first.is_some_and(|it| Some(&it.place) == finding.place.as_ref() && it.likely.is_some())
}

/// Whether a relation is off by something that is no wrong figure: another definition, a part left out.
pub(super) fn other_definition(finding: &Finding) -> Option<&Suspect> {
    let first = finding.suspects.first()?;
    (is_balance(finding) && !finding.is_tie() && first.likely.is_none()).then_some(first)
}

/// Whether a finding is about figures that should come to the same.
fn is_balance(finding: &Finding) -> bool {
    matches!(
        finding.detail,
        Detail::Sum { .. }
            | Detail::TotalRow { .. }
            | Detail::Equal { .. }
            | Detail::RangePer { .. }
    )
}

/// The reasons that are worth telling beside what a finding says itself.
pub(super) fn reasons(suspect: &Suspect) -> impl Iterator<Item = &Reason> {
    suspect.why.iter().filter(|reason| {
        !matches!(
            reason,
            Reason::Satisfies { .. } | Reason::Together { .. } | Reason::Tied { .. }
        )
    })
}
