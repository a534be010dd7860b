//! Figures published in another unit than they are returned in.

use super::{Annex, ColumnKind, Scheme};

/// More decimals than anyone prints.
pub const MOST_DECIMALS: u8 = 9;

/// The unit in which the figures of an annex are published, and with how many decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The unit.
    pub unit: usize,
    /// Decimals that are shown.
    pub decimals: u8,
}

impl Publish {
    /// Decimals where none are declared: a township has a few hundred 亩, which is 0.03 万亩.
    pub const DECIMALS: u8 = 2;
}

impl Scheme {
    /// How a figure is published, where its annex says so: amounts that add up, of a unit that converts. Rates
    /// stay as they are.
    pub fn publish_of(&self, annex: &Annex, leaf: usize, spec: Option<usize>) -> Option<Publish> {
        if annex.kind_of(leaf, spec) != ColumnKind::Additive {
            return None;
        }
        let unit = self.unit_of(annex, leaf, spec)?;
        let mut published = annex.publish.iter().copied();
        published.find(|publish| self.units.convertible(unit, publish.unit))
    }

    /// The units of an annex's figures that add up, each once.
    pub fn additive_units(&self, annex: &Annex) -> Vec<usize> {
        let specs: Vec<Option<usize>> = match annex.rows.fixed().len() {
            0 => vec![None],
            n_rows => (0..n_rows).map(Some).collect(),
        };
        let mut units = Vec::new();
        for leaf in 0..annex.leaves.len() {
            for &spec in &specs {
                let is_additive = annex.kind_of(leaf, spec) == ColumnKind::Additive;
                let unit = self.unit_of(annex, leaf, spec).filter(|_| is_additive);
                units.extend(unit.filter(|unit| !units.contains(unit)));
            }
        }
        units
    }
}
