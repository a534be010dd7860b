//! Sums that are no network: a search over flows.
//!
//! As many sums as fit are a [`Network`]; the flow of least cost leaves the others out of account. Where one of those
//! does not hold, a figure of it either takes a step towards it or takes none: both ways are tried,
//! always going on from the cheapest (branch and bound). The first flow for which all sums hold is a
//! cheapest one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::network::{Costs, Network};
use super::{Exact, Sum, ranks};

/// Figures of all flows that are tried before the search is given up: so many are worked out in a second or
/// two, and kept in 150 MB.
const MOST_FIGURES: usize = 3_000_000;

/// The cheapest rounding for which all sums hold; `None` if there is none near the exact figures, or
/// if it was not found within the limit of the search.
pub(super) fn round(figures: &[Exact], sums: &[Sum]) -> Option<Vec<i128>> {
    let network = Network::of(figures.len(), sums);
    let linked: Vec<&Sum> = network.left_out.iter().map(|&idx| &sums[idx]).collect();
    let mut open = BinaryHeap::new();
    let mut branches = vec![Departure::from(figures, sums)];
    let mut n_flows = 0;
    loop {
        for branch in branches.drain(..) {
            n_flows += 1;
            if let Some((values, cost)) = network.cheapest(&branch) {
                // Of those that cost as much, the one that is farthest on; then the first.
                let order = (cost, Reverse(branch.n_steps), n_flows);
                open.push(Reverse(Candidate {
                    order,
                    branch,
                    values,
                }));
            }
        }
        let Reverse(Candidate { branch, values, .. }) = open.pop()?;
        let worst = linked.iter().max_by_key(|sum| sum.excess(&values).abs());
        let Some(worst) = worst.filter(|sum| sum.excess(&values) != 0) else {
            return Some(values);
        };
        if n_flows * figures.len() >= MOST_FIGURES {
            return None;
        }
        branches.extend(branch.split(worst, &values).into_iter().flatten());
    }
}

/// What figures may be, and what it costs to depart from 四舍五入: nothing is so dear as to be neither
/// floor nor ceiling; then, each figure moved counts, totals before their parts; then, how far figures are from the
/// exact ones.
#[derive(Clone)]
struct Departure<'f> {
    figures: &'f [Exact],
    ranks: Rc<[u32]>,
    bounds: Vec<(i128, i128)>,
    n_steps: usize,
}

impl<'f> Departure<'f> {
    /// Figures that are exact stay; others may be one beyond floor and ceiling.
    fn from(figures: &'f [Exact], sums: &[Sum]) -> Self {
        let bounds = figures.iter().map(|figure| match figure.is_whole() {
            true => (figure.floor(), figure.floor()),
            false => (figure.floor() - 1, figure.ceiling() + 1),
        });
        Self {
            figures,
            ranks: ranks(figures.len(), sums).into(),
            bounds: bounds.collect(),
            n_steps: 0,
        }
    }

    /// The two ways on from values for which a sum does not hold: the figure of it that takes a step
    /// towards it most cheaply does so, or does not. Nothing if none can.
    fn split(&self, sum: &Sum, values: &[i128]) -> Option<[Self; 2]> {
        let too_great = sum.excess(values) > 0;
        let steps = sum.terms().filter_map(|(figure, is_total)| {
            let step = if is_total == too_great { -1 } else { 1 };
            let changed = values[figure] + step;
            let (least, greatest) = self.bounds[figure];
            let cost = self.cost(figure, changed) - self.cost(figure, values[figure]);
            (least <= changed && changed <= greatest).then_some((cost, figure, step))
        });
        let (_, figure, step) = steps.min()?;
        let [mut with, mut without] = [self.clone(), self.clone()];
        let value = values[figure];
        match step {
            1 => (with.bounds[figure].0, without.bounds[figure].1) = (value + 1, value),
            _ => (with.bounds[figure].1, without.bounds[figure].0) = (value - 1, value),
        }
        with.n_steps += 1;
        without.n_steps += 1;
        Some([with, without])
    }
}

impl Costs for Departure<'_> {
    fn bounds(&self, figure: usize) -> (i128, i128) {
        self.bounds[figure]
    }

    fn cost(&self, figure: usize, value: i128) -> i128 {
        // All distances together cost less than one figure moved, all moves of parts less than that of one total, and
        // all moves less than one beyond.
        let n_figures = self.figures.len() as i128 + 1;
        let step = |rank: u32| n_figures * Exact::FARTHEST * (4 * n_figures).pow(rank);
        let (moved, beyond) = (step(self.ranks[figure]), step(4));
        let exact = self.figures[figure];
        let n_beyond = (exact.floor() - value).max(value - exact.ceiling()).max(0);
        let n_moved = (value - exact.conventional()).abs();
        n_beyond * beyond + n_moved * moved + exact.distance(value)
    }

    fn cheapest(&self, figure: usize) -> i128 {
        let (least, greatest) = self.bounds[figure];
        self.figures[figure].conventional().clamp(least, greatest)
    }
}

/// A flow of least cost within the bounds of a branch.
struct Candidate<'f> {
    order: (i128, Reverse<usize>, usize),
    branch: Departure<'f>,
    values: Vec<i128>,
}

impl PartialEq for Candidate<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Candidate<'_> {}

impl PartialOrd for Candidate<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}
