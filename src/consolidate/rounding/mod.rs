//! 舍位平衡: rounding figures so that the sums among them still hold (controlled rounding).
//!
//! Each figure becomes the whole number right below or right above it, one that is whole already stays, and every sum
//! that holds among the exact figures holds among the rounded ones. Of all such roundings the one is
//! taken that moves the fewest totals from what 四舍五入 gives, since those are what readers know; then the fewest other
//! figures; of those, the one nearest to the exact figures. Two-way tables and one total split in two ways always have one ([`network`]). Other tables may have none:
//! then as few figures as possible are one beyond floor or ceiling ([`search`]). Where the search is given up, rows
//! are rounded each by itself and totals over them are what they come to.

mod exact;
mod network;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use exact::Exact;

/// One figure that is the sum of others. Figures are known by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The total.
    pub total: usize,
    /// The parts.
    pub parts: Vec<usize>,
    /// Whether it adds up rows; the total is then made of the parts where nothing else helps.
    pub over_rows: bool,
}

/// Figures rounded together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// In the order of the exact figures, in units of the last published digit.
    pub figures: Vec<i128>,
    /// Sums that could not be made to hold.
    pub unmet: Vec<usize>,
}

/// Rounds figures so that all sums hold. The sums must hold among the exact figures.
pub fn round(figures: &[Exact], sums: &[Sum]) -> Rounded {
    let mut rounded: Vec<i128> = figures.iter().map(|it| it.conventional()).collect();
    for component in components(figures.len(), sums) {
        let found = component.round(figures, sums);
        for (figure, value) in component.figures.iter().zip(found) {
            rounded[*figure] = value;
        }
    }
    let unmet = (0..sums.len()).filter(|&idx| sums[idx].excess(&rounded) != 0);
    Rounded {
        unmet: unmet.collect(),
        figures: rounded,
    }
}

impl Sum {
    /// Its figures, and whether each is the total.
    fn terms(&self) -> impl Iterator<Item = (usize, bool)> {
        let parts = self.parts.iter().map(|&part| (part, false));
        std::iter::once((self.total, true)).chain(parts)
    }

    /// What the total has too much.
    fn excess(&self, values: &[i128]) -> i128 {
        let parts: i128 = self.parts.iter().map(|&part| values[part]).sum();
        values[self.total] - parts
    }
}

/// How much a reader minds that a figure is not what 四舍五入 gives: 3 for a total of totals, 2 in the total row, 1 for
/// a total within a row, 0 for a part.
fn ranks(n_figures: usize, sums: &[Sum]) -> Vec<u32> {
    let mut ranks = vec![0; n_figures];
    for sum in sums {
        ranks[sum.total] |= if sum.over_rows { 2 } else { 1 };
    }
    ranks
}

/// Figures that sums hold together; others are rounded without regard to them.
struct Component {
    figures: Vec<usize>,
    sums: Vec<usize>,
}

impl Component {
    fn round(&self, figures: &[Exact], sums: &[Sum]) -> Vec<i128> {
        let own: Vec<Exact> = self.figures.iter().map(|&it| figures[it]).collect();
        let place: BTreeMap<usize, usize> = (self.figures.iter().enumerate())
            .map(|(here, &there)| (there, here))
            .collect();
        let sums: Vec<Sum> = (self.sums.iter().map(|&idx| &sums[idx]))
            .map(|sum| Sum {
                total: place[&sum.total],
                parts: sum.parts.iter().map(|part| place[part]).collect(),
                over_rows: sum.over_rows,
            })
            .collect();
        search::round(&own, &sums).unwrap_or_else(|| rows_first(&own, &sums))
    }
}

/// Each row by itself; totals over rows are then what the rows come to, however far that is from the
/// exact totals. What holds in every row holds in their total.
fn rows_first(figures: &[Exact], sums: &[Sum]) -> Vec<i128> {
    let (over_rows, within): (Vec<Sum>, Vec<Sum>) =
        sums.iter().cloned().partition(|sum| sum.over_rows);
    if over_rows.is_empty() {
        return figures.iter().map(|it| it.conventional()).collect();
    }
    let mut values = round(figures, &within).figures;
    for sum in over_rows {
        values[sum.total] = sum.parts.iter().map(|&part| values[part]).sum();
    }
    values
}

/// Figures and sums that hang together, in the order of their first figure.
fn components(n_figures: usize, sums: &[Sum]) -> Vec<Component> {
    let mut parents: Vec<usize> = (0..n_figures).collect();
    fn root(parents: &mut [usize], mut figure: usize) -> usize {
        while parents[figure] != figure {
            parents[figure] = parents[parents[figure]];
            figure = parents[figure];
        }
        figure
    }
    for sum in sums {
        for &part in &sum.parts {
            let (a, b) = (root(&mut parents, sum.total), root(&mut parents, part));
            parents[a.max(b)] = a.min(b);
        }
    }
    let mut found: BTreeMap<usize, Component> = BTreeMap::new();
    for (idx, sum) in sums.iter().enumerate() {
        let component = found.entry(root(&mut parents, sum.total));
        let component = component.or_insert_with(|| Component {
            figures: Vec::new(),
            sums: Vec::new(),
        });
        component.sums.push(idx);
    }
    for figure in 0..n_figures {
        if let Some(component) = found.get_mut(&root(&mut parents, figure)) {
            component.figures.push(figure);
        }
    }
    found.into_values().collect()
}
