//! Sums as a network, in which the best rounding is a flow of least cost.
//!
//! Where each figure stands in at most two sums, and sums can be given signs so that it enters one and
//! leaves the other, sums are the nodes of a network, figures its arcs, and "every sum holds" says that what flows
//! into a node flows out of it. That is so for a two-way table with totals both ways, for 小计 within 合计, and for
//! one total split in two ways over rows (rows stand between the columns of one split and those of the
//! other). A flow of least cost over whole numbers is then found exactly: starting from what 四舍五入 gives,
//! surplus is carried to shortage along cheapest paths (successive shortest paths; Cox 1987 and
//! Causey, Cox & Ernst 1985 show that a two-way table always has such a rounding).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Sum;

/// Sums that fit together as a network.
pub(super) struct Network {
    /// For each figure, the node it leaves and the node it enters; figures of one sum have their other
    /// end at a node of their own.
    arcs: Vec<Option<(usize, usize)>>,
    /// For each node, the figures that leave or enter it.
    at: Vec<Vec<usize>>,
    /// Sums that did not fit in.
    pub(super) left_out: Vec<usize>,
}

/// What a figure may be, and what that costs.
pub(super) trait Costs {
    /// Least and greatest.
    fn bounds(&self, figure: usize) -> (i128, i128);
    /// Convex in `value`.
    fn cost(&self, figure: usize, value: i128) -> i128;
    /// The cheapest value.
    fn cheapest(&self, figure: usize) -> i128;
}

impl Network {
    /// Takes in one sum after another as long as they fit.
    pub(super) fn of(n_figures: usize, sums: &[Sum]) -> Self {
        let mut signs = Signs::new(sums.len());
        let mut ends: Vec<Vec<(usize, bool)>> = vec![Vec::new(); n_figures];
        let mut left_out = Vec::new();
        for (idx, sum) in sums.iter().enumerate() {
            match signs.fit(idx, sum, &ends) {
                true => {
                    for (figure, is_total) in sum.terms() {
                        ends[figure].push((idx, is_total));
                    }
                }
                false => left_out.push(idx),
            }
        }
        let ground = sums.len();
        let mut at = vec![Vec::new(); sums.len() + 1];
        let mut arcs = vec![None; n_figures];
        for (figure, ends) in ends.iter().enumerate() {
            let mut arc = (ground, ground);
            for &(node, is_total) in ends {
                match signs.is_turned(node) == is_total {
                    true => arc.1 = node,
                    false => arc.0 = node,
                }
            }
            if arc.0 != arc.1 {
                at[arc.0].push(figure);
                at[arc.1].push(figure);
                arcs[figure] = Some(arc);
            }
        }
        Self { arcs, at, left_out }
    }

    /// The cheapest whole numbers for which every sum of the network holds, with their cost; `None` if
    /// there are none.
    pub(super) fn cheapest(&self, costs: &impl Costs) -> Option<(Vec<i128>, i128)> {
        let n_figures = self.arcs.len();
        let mut flow = Flow {
            network: self,
            costs,
            values: (0..n_figures).map(|it| costs.cheapest(it)).collect(),
            surplus: vec![0; self.at.len()],
            prices: vec![0; self.at.len()],
            labels: vec![None; self.at.len()],
        };
        for (figure, arc) in self.arcs.iter().enumerate() {
            if let Some((from, to)) = *arc {
                flow.surplus[from] -= flow.values[figure];
                flow.surplus[to] += flow.values[figure];
            }
        }
        for node in 0..self.at.len() {
            while flow.surplus[node] > 0 {
                flow.carry(node)?;
            }
        }
        let values = flow.values;
        let cost = (values.iter().enumerate()).map(|(it, value)| costs.cost(it, *value));
        let cost = cost.sum();
        Some((values, cost))
    }
}

/// A flow on the way to balance.
struct Flow<'n, C> {
    network: &'n Network,
    costs: &'n C,
    values: Vec<i128>,
    /// For each node, what flows in and not out.
    surplus: Vec<i128>,
    /// For each node, what it cost to get there; keeps the cost of every step from being negative.
    prices: Vec<i128>,
    /// Nodes reached by the path that is being looked for.
    labels: Vec<Option<Label>>,
}

/// How a node is reached.
#[derive(Clone, Copy)]
struct Label {
    length: i128,
    settled: bool,
    /// The node before, the figure that leads here from it, and whether the figure grows.
    by: Option<(usize, usize, bool)>,
}

impl<C: Costs> Flow<'_, C> {
    /// Carries one unit of surplus from a node to the nearest shortage.
    fn carry(&mut self, start: usize) -> Option<()> {
        let first = Label {
            length: 0,
            settled: false,
            by: None,
        };
        self.labels[start] = Some(first);
        let mut reached = vec![start];
        let mut open = BinaryHeap::from([Reverse((0, start))]);
        let (length, end) = loop {
            let Reverse((length, node)) = open.pop()?;
            match &mut self.labels[node] {
                Some(label) if !label.settled => label.settled = true,
                _ => continue,
            }
            if self.surplus[node] < 0 {
                break (length, node);
            }
            for &figure in &self.network.at[node] {
                let Some((next, grows, step)) = self.step(node, figure) else {
                    continue;
                };
                let there = length + step + self.prices[node] - self.prices[next];
                if self.labels[next].is_none_or(|label| !label.settled && there < label.length) {
                    self.labels[next] = Some(Label {
                        length: there,
                        settled: false,
                        by: Some((node, figure, grows)),
                    });
                    reached.push(next);
                    open.push(Reverse((there, next)));
                }
            }
        };
        let mut node = end;
        while let Some((before, figure, grows)) = self.labels[node].and_then(|label| label.by) {
            self.values[figure] += if grows { 1 } else { -1 };
            node = before;
        }
        self.surplus[start] -= 1;
        self.surplus[end] += 1;
        for node in reached {
            if let Some(label) = self.labels[node].take().filter(|label| label.settled) {
                self.prices[node] += label.length - length;
            }
        }
        Some(())
    }

    /// Where one unit gets to from a node by changing a figure, whether the figure grows by it, and
    /// what that costs.
    fn step(&self, node: usize, figure: usize) -> Option<(usize, bool, i128)> {
        let (from, to) = self.network.arcs[figure]?;
        let value = self.values[figure];
        let (least, greatest) = self.costs.bounds(figure);
        let (next, grows, changed) = match from == node {
            true => (to, true, value + 1),
            false => (from, false, value - 1),
        };
        let cost = |value| self.costs.cost(figure, value);
        (least <= changed && changed <= greatest)
            .then(|| (next, grows, cost(changed) - cost(value)))
    }
}

/// Which sums are turned around, so that a figure of two sums leaves one and enters the other: sets of
/// sums that hang together, each sum turned or not as its parent in the set is.
struct Signs {
    parents: Vec<(usize, bool)>,
}

impl Signs {
    fn new(n_sums: usize) -> Self {
        Self {
            parents: (0..n_sums).map(|idx| (idx, false)).collect(),
        }
    }

    /// The sum that stands for the set, and whether this one is turned against it.
    fn root(&self, idx: usize) -> (usize, bool) {
        let (mut at, mut turned) = (idx, false);
        while self.parents[at].0 != at {
            turned ^= self.parents[at].1;
            at = self.parents[at].0;
        }
        (at, turned)
    }

    fn is_turned(&self, idx: usize) -> bool {
        self.root(idx).1
    }

    /// Takes in a sum if it fits to those taken in before; `ends` are the sums each figure stands in
    /// already, and whether it is their total.
    fn fit(&mut self, idx: usize, sum: &Sum, ends: &[Vec<(usize, bool)>]) -> bool {
        let mut figures: Vec<usize> = sum.terms().map(|(figure, _)| figure).collect();
        figures.sort_unstable();
        let repeats = figures.windows(2).any(|pair| pair[0] == pair[1]);
        if repeats || figures.iter().any(|&figure| ends[figure].len() > 1) {
            return false;
        }
        let mut turned_against: BTreeMap<usize, bool> = BTreeMap::new();
        for (figure, is_total) in sum.terms() {
            let Some(&(other, was_total)) = ends[figure].first() else {
                continue;
            };
            let (root, other_is_turned) = self.root(other);
            let turned = (is_total == was_total) != other_is_turned;
            if *turned_against.entry(root).or_insert(turned) != turned {
                return false;
            }
        }
        let mut sets = turned_against.into_iter();
        if let Some((first, turned)) = sets.next() {
            self.parents[idx] = (first, turned);
            for (root, other) in sets {
                self.parents[root] = (first, turned != other);
            }
        }
        true
    }
}
