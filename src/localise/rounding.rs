//! How exactly the relations of a form hold, and what that says about one that does not.
//!
//! Figures that were rounded one by one leave the last digits of sums to chance: the sum of n rounded figures is off
//! by about √(n/12) last digits (each is off evenly by at most a half, the variance of which is 1/12). Figures that
//! were copied as they are add up exactly. Which of the two a form is shows in its relations that hold, and where all
//! of them hold exactly, one that is off by a last digit is wrong and not rounded.

use super::system::{Balance, System};

/// Of relations over figures that are exact, one in fifty is off all the same, by a figure within rounding.
const OFF: f64 = 0.02;

/// How exactly the relations of a system hold.
#[derive(Debug, Default)]
pub(super) struct Rounding {
    /// Of each table, how likely it is that its figures are exact.
    exact: Vec<f64>,
    /// Of each balance, how far apart its residuals lie.
    spreads: Vec<Option<Spread>>,
}

impl Rounding {
    pub(super) fn of(system: &System<'_>) -> Self {
        let spreads: Vec<Option<Spread>> = system
            .balances
            .iter()
            .map(|balance| Spread::of(system, balance))
            .collect();
        // Logarithms of how much likelier the residuals are with exact figures.
        let mut log_odds: Vec<f64> = vec![0.0; system.tables.len()];
        for (balance, spread) in system.balances.iter().zip(&spreads) {
            let holds = !balance.fails() && !balance.set_aside && !balance.open && balance.adds_up;
            if let Some(spread) = spread.as_ref().filter(|_| holds) {
                let (exact, rounded) = (
                    spread.if_exact(balance.residual),
                    spread.if_rounded(balance.residual),
                );
                log_odds[table_of(system, balance)] += (exact / rounded).ln();
            }
        }
        let exact = log_odds.into_iter().map(|odds| 1.0 / (1.0 + (-odds).exp()));
        Self {
            exact: exact.collect(),
            spreads,
        }
    }

    /// How surprising it is, in hundredths of a natural logarithm, that a relation comes to a residual within its
    /// tolerance.
    pub(super) fn surprise(&self, system: &System<'_>, idx: usize, residual: i128) -> i32 {
        let Some(spread) = self.spreads.get(idx).and_then(Option::as_ref) else {
            return 0;
        };
        let balance = &system.balances[idx];
        let exact = match balance.adds_up {
            true => self.exact[table_of(system, balance)],
            false => 0.0,
        };
        let likely =
            exact * spread.if_exact(residual) + (1.0 - exact) * spread.if_rounded(residual);
        (-100.0 * likely.max(1e-9).ln()) as i32
    }
}

/// Leaves nothing to rounding in a form of which every relation holds exactly but a few that rounding could explain:
/// it is a million to one that its figures were not rounded, so these are wrong as well.
pub(super) fn hold_exactly(system: &mut System<'_>) {
    const CERTAIN: f64 = 1.0 - 1e-6;
    if system.balances.iter().any(Balance::is_violated) {
        return;
    }
    for idx in 0..system.balances.len() {
        let balance = &system.balances[idx];
        let is_exact = system.rounding.exact[table_of(system, balance)] > CERTAIN;
        if is_exact && balance.adds_up && !balance.open && !balance.set_aside {
            system.balances[idx].tolerance = 0;
        }
    }
}

/// The table whose figures a relation is about: the given one's.
fn table_of(system: &System<'_>, balance: &Balance) -> usize {
    balance
        .named
        .first()
        .map_or(0, |cell| system.cells[*cell].spot.0)
}

/// How far apart residuals lie.
#[derive(Debug)]
struct Spread {
    /// In last digits.
    tolerance: f64,
    variance: f64,
    step: f64,
}

impl Spread {
    /// Nothing of a relation that allows for no rounding, or that is only between formulas.
    fn of(system: &System<'_>, balance: &Balance) -> Option<Self> {
        let mut step = i128::MAX;
        let mut squares = 0.0;
        for &(cell, coefficient) in &balance.terms {
            let it = &system.cells[cell];
            step = step.min(it.step * coefficient.abs());
            // Zero is not rounded.
            if it.value != 0 {
                let digit = (it.step * coefficient.abs()) as f64;
                squares += digit * digit / 12.0;
            }
        }
        if balance.terms.len() < 2 || step == 0 || balance.tolerance == 0 {
            return None;
        }
        let step = step as f64;
        Some(Self {
            tolerance: balance.tolerance as f64 / step,
            variance: (squares / (step * step)).max(1.0 / 12.0),
            step,
        })
    }

    fn if_exact(&self, residual: i128) -> f64 {
        match residual {
            0 => 1.0 - OFF,
            _ => OFF / (2.0 * self.tolerance).max(2.0),
        }
    }

    fn if_rounded(&self, residual: i128) -> f64 {
        let off = residual as f64 / self.step;
        let density = (-off * off / (2.0 * self.variance)).exp()
            / (2.0 * std::f64::consts::PI * self.variance).sqrt();
        density.clamp(1e-6, 1.0)
    }
}
