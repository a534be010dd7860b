//! What becomes of a relation: pass, fail, cannot check and not applied are four different results.

use std::collections::BTreeMap;

use crate::model::{Finding, Tally, Value};

/// What the rules of a scheme came to.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What is to be told: in the order of the rules, then of rows and years.
    pub findings: Vec<Finding>,
    /// One for each rule of the scheme.
    pub tallies: Vec<Tally>,
    /// Why relations could not be checked: `(index of the rule, why)`, and how often.
    pub obstacles: BTreeMap<(usize, Why), u64>,
}

/// Why a relation could not be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A cell that it needs is blank.
    Missing,
    /// The earlier period that it needs was never consolidated.
    NoEarlier,
    /// A row that it needs was not returned.
    NotReturned,
    /// A cell that it needs says that it does not apply (`－`).
    NotApplicable,
    /// A cell that it needs cannot be taken for what its column asks.
    Unusable,
    /// The units of its cells do not convert into each other.
    UnitsDiffer,
    /// A quotient of zero.
    DividedByZero,
    /// The result has more digits than can be kept exactly.
    TooManyDigits,
}

/// What one relation came to, where it could be checked.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It holds.
    Pass,
    /// It holds but for rounding; worth knowing.
    Rounding(Box<Finding>),
    /// It does not hold.
    Fail(Box<Finding>),
    /// It is not for this row or year.
    NotApplied,
}

/// The outcome, or why there is none.
pub(super) type Checking = Result<Outcome, Why>;

impl Checked {
    /// Nothing yet, for so many rules.
    pub(super) fn new(n_rules: usize) -> Self {
        Self {
            tallies: vec![Tally::default(); n_rules],
            ..Self::default()
        }
    }

    /// Adds what other forms of the same scheme came to. The order of findings is the order of merging.
    pub fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        if self.tallies.len() < other.tallies.len() {
            self.tallies.resize(other.tallies.len(), Tally::default());
        }
        for (own, other) in self.tallies.iter_mut().zip(other.tallies) {
            *own += other;
        }
        for (obstacle, times) in other.obstacles {
            *self.obstacles.entry(obstacle).or_default() += times;
        }
    }

    pub(super) fn record(&mut self, rule: usize, checking: Checking) {
        let tally = &mut self.tallies[rule];
        match checking {
            Ok(Outcome::Pass) => tally.pass += 1,
            Ok(Outcome::NotApplied) => tally.not_applied += 1,
            Ok(Outcome::Rounding(finding)) => {
                tally.pass += 1;
                self.findings.push(*finding);
            }
            Ok(Outcome::Fail(finding)) => {
                tally.fail += 1;
                self.findings.push(*finding);
            }
            Err(why) => self.cannot_check(rule, why, 1),
        }
    }

    /// A relation fails that a finding tells of already.
    pub(super) fn failed(&mut self, rule: usize) {
        self.tallies[rule].fail += 1;
    }

    pub(super) fn cannot_check(&mut self, rule: usize, why: Why, times: usize) {
        if times > 0 {
            self.tallies[rule].cannot_check += times as u64;
            *self.obstacles.entry((rule, why)).or_default() += times as u64;
        }
    }

    pub(super) fn not_applied(&mut self, rule: usize, times: usize) {
        self.tallies[rule].not_applied += times as u64;
    }
}

impl Why {
    /// Why a value that is not what is needed cannot serve.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Missing => Why::Missing,
            Value::NotApplicable => Why::NotApplicable,
            Value::Amount(_) | Value::Text(_) | Value::Date(_) | Value::Unusable(_) => {
                Why::Unusable
            }
        }
    }
}

impl Outcome {
    /// A failure, unless rounding alone may account for it.
    pub(super) fn told(finding: Box<Finding>, within_rounding: bool) -> Self {
        if within_rounding {
            Outcome::Rounding(finding)
        } else {
            Outcome::Fail(finding)
        }
    }
}
