//! Exact comparison of figures in one unit, and how far off rounding alone could put them.
//!
//! Each printed figure is off by at most half its last digit, so a relation Σ aᵢxᵢ = b is off by at most
//! ½·Σ|aᵢ|·uᵢ, where uᵢ is the size of the last digit that the column declares. A difference within that is
//! worth a hint; beyond it somebody made a mistake.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::{Amount, Detail, Finding};
use crate::scheme::Scheme;

use super::cells::{At, Spot};
use super::outcome::{Checking, Outcome, Why};

/// The unit in which the figures of a relation are compared.
#[derive(Clone, Copy)]
pub(super) enum Common {
    /// The one that all have: nothing needs converting.
    Own(Option<usize>),
    /// The base of different units.
    Base(usize),
}

/// How a given figure should stand to the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Equal,
    AtMost,
    AtLeast,
    MoreThan,
    LessThan,
}

/// A comparison that came out wrong.
pub(super) struct Judged {
    /// Given − expected.
    pub(super) difference: Amount,
    pub(super) tolerance: Amount,
    /// Whether rounding alone may account for it.
    pub(super) within: bool,
}

/// Compares what is given with what is expected, each a cell or the sum of several.
pub(super) fn compare(
    at: At<'_>,
    given: &[Spot<'_>],
    expected: &[Spot<'_>],
    holds: Holds,
    detail: impl FnOnce() -> Detail,
) -> Checking {
    let scheme = at.scheme;
    let all = || given.iter().chain(expected);
    let common = Common::of(scheme, all().map(|spot| spot.unit(scheme)))?;
    let sums = common.add_up(scheme, given);
    let sums = sums.and_then(|given| Ok((given, common.add_up(scheme, expected)?)));
    let (a, b) = match sums {
        Ok(sums) => sums,
        Err(why) if at.adds_up_rows() => {
            return by_the_rest(at, common, given, expected, holds, detail).unwrap_or(Err(why));
        }
        Err(why) => return Err(why),
    };
    let Some(judged) = judge(holds, a, b, || common.tolerance(at, given, all()))? else {
        return Ok(Outcome::Pass);
    };
    let mut finding = at.finding(judged.within, given, expected, detail());
    common.write(scheme, &mut finding, given, a, b, &judged);
    Ok(Outcome::told(finding, judged.within))
}

/// Judges a relation over rows of which some cannot be read or are blank: the others may already come to more than there
/// is. `None` where that cannot be said.
fn by_the_rest(
    at: At<'_>,
    common: Common,
    given: &[Spot<'_>],
    expected: &[Spot<'_>],
    holds: Holds,
    detail: impl FnOnce() -> Detail,
) -> Option<Checking> {
    let scheme = at.scheme;
    let (a, b) = (common.rest(scheme, given)?, common.rest(scheme, expected)?);
    let (holds, bound) = match (a.is_all, b.is_all, holds) {
        (true, false, Holds::Equal | Holds::AtLeast) => (Holds::AtLeast, "≥"),
        (false, true, Holds::Equal | Holds::AtMost) => (Holds::AtMost, ""),
        _ => return None,
    };
    let all = || given.iter().chain(expected);
    let tolerance = || common.tolerance(at, given, all());
    let judged = judge(holds, a.sum, b.sum, tolerance).ok()??;
    if judged.within {
        return None;
    }
    let mut finding = at.finding(false, given, expected, detail());
    common.write(scheme, &mut finding, given, a.sum, b.sum, &judged);
    finding.expected = finding
        .expected
        .map(|expected| format!("{bound}{expected}"));
    Some(Ok(Outcome::told(finding, false)))
}

/// What those of some cells come to that can be read.
pub(super) struct Rest {
    pub(super) sum: Amount,
    /// Whether these are all.
    pub(super) is_all: bool,
}

/// Compares two figures; `None` where they stand as they should. The tolerance is asked for only
/// where they do not.
pub(super) fn judge(
    holds: Holds,
    given: Amount,
    expected: Amount,
    tolerance: impl FnOnce() -> Result<Amount, Why>,
) -> Result<Option<Judged>, Why> {
    if holds.is_met(given.cmp(&expected)) {
        return Ok(None);
    }
    let difference = given.checked_sub(expected).ok_or(Why::TooManyDigits)?;
    let tolerance = tolerance()?.normalised();
    Ok(Some(Judged {
        difference,
        tolerance,
        within: !tolerance.is_zero() && difference.abs() <= tolerance,
    }))
}

impl Holds {
    fn is_met(self, given_to_expected: Ordering) -> bool {
        match self {
            Holds::Equal => given_to_expected.is_eq(),
            Holds::AtMost => given_to_expected.is_le(),
            Holds::AtLeast => given_to_expected.is_ge(),
            Holds::MoreThan => given_to_expected.is_gt(),
            Holds::LessThan => given_to_expected.is_lt(),
        }
    }
}

impl Common {
    /// The common unit of several.
    pub(super) fn of(
        scheme: &Scheme,
        mut units: impl Iterator<Item = Option<usize>>,
    ) -> Result<Self, Why> {
        let first = units.next().flatten();
        let mut common = Common::Own(first);
        for unit in units {
            if unit == first {
                continue;
            }
            match (first, unit) {
                (Some(a), Some(b)) if scheme.units.convertible(a, b) => {
                    common = Common::Base(scheme.units.0[a].base);
                }
                _ => return Err(Why::UnitsDiffer),
            }
        }
        Ok(common)
    }

    /// A figure in the common unit.
    pub(super) fn take(
        self,
        scheme: &Scheme,
        amount: Amount,
        unit: Option<usize>,
    ) -> Result<Amount, Why> {
        match self {
            Common::Own(_) => Ok(amount),
            Common::Base(_) => scheme.units.to_base(amount, unit).ok_or(Why::TooManyDigits),
        }
    }

    /// The sum of cells. `－`, and blanks where the annex says so, count as nothing; but a single
    /// cell must hold a figure, and so must one of several: nothing at all is not zero.
    pub(super) fn add_up(self, scheme: &Scheme, spots: &[Spot<'_>]) -> Result<Amount, Why> {
        let mut sum: Option<Amount> = None;
        let mut nothing = Why::Missing;
        for &spot in spots {
            match spot.amount() {
                Ok(amount) => {
                    let amount = match self {
                        Common::Own(_) => amount,
                        Common::Base(_) => self.take(scheme, amount, spot.unit(scheme))?,
                    };
                    sum = Some(match sum {
                        Some(sum) => sum.checked_add(amount).ok_or(Why::TooManyDigits)?,
                        None => amount,
                    });
                }
                Err(Why::NotApplicable) => nothing = Why::NotApplicable,
                Err(Why::Missing) if spot.is_none(scheme) => {}
                Err(why) => return Err(why),
            }
        }
        sum.ok_or(nothing)
    }

    /// The sum of those cells that hold figures; `None` where the others could make it less, or it has too many digits.
    pub(super) fn rest(self, scheme: &Scheme, spots: &[Spot<'_>]) -> Option<Rest> {
        let (mut sum, mut is_all, mut is_negative) = (Amount::ZERO, true, false);
        for &spot in spots {
            match spot.amount() {
                Ok(amount) => {
                    is_negative |= amount < Amount::ZERO;
                    sum = sum.checked_add(self.take(scheme, amount, spot.unit(scheme)).ok()?)?;
                }
                Err(Why::NotApplicable) => {}
                Err(Why::Missing) if spot.is_none(scheme) => {}
                Err(_) => is_all = false,
            }
        }
        (is_all || !is_negative).then_some(Rest { sum, is_all })
    }

    /// How far off rounding could put a relation over `all`, unless the rule says how far it may be.
    pub(super) fn tolerance<'c, 't: 'c>(
        self,
        at: At<'_>,
        given: &[Spot<'t>],
        all: impl Iterator<Item = &'c Spot<'t>>,
    ) -> Result<Amount, Why> {
        match self.set_tolerance(at, given)? {
            Some(tolerance) => Ok(tolerance),
            None => Ok(self.last_digits(at.scheme, all)?.half()),
        }
    }

    /// The tolerance that the rule sets, in the unit of its first cell.
    pub(super) fn set_tolerance(
        self,
        at: At<'_>,
        given: &[Spot<'_>],
    ) -> Result<Option<Amount>, Why> {
        let unit = given.first().and_then(|spot| spot.unit(at.scheme));
        let tolerance = at.rule.tolerance;
        tolerance
            .map(|tolerance| self.take(at.scheme, tolerance, unit))
            .transpose()
    }

    /// The last digits of all cells, added up. A computed cell is printed with as many digits as
    /// a typed one; counts, `－` and a blank that counts as nothing are not rounded.
    pub(super) fn last_digits<'c, 't: 'c>(
        self,
        scheme: &Scheme,
        mut all: impl Iterator<Item = &'c Spot<'t>>,
    ) -> Result<Amount, Why> {
        all.try_fold(Amount::ZERO, |sum, spot| {
            if spot.amount().is_err() {
                return Ok(sum);
            }
            let digit = self.take(scheme, spot.rounded_to(scheme), spot.unit(scheme))?;
            sum.checked_add(digit).ok_or(Why::TooManyDigits)
        })
    }

    /// Writes what was compared into a finding: in the unit of the given cells where that can be
    /// done exactly, else in base units, which are then named.
    pub(super) fn write(
        self,
        scheme: &Scheme,
        finding: &mut Finding,
        given: &[Spot<'_>],
        given_amount: Amount,
        expected: Amount,
        judged: &Judged,
    ) {
        let figures = [given_amount, expected, judged.difference, judged.tolerance];
        let name = |unit: usize| Some(scheme.units.name(unit).clone());
        let (figures, suffix) = match self {
            Common::Own(_) => (figures, ""),
            Common::Base(base) => {
                let own = given.first().and_then(|spot| spot.unit(scheme));
                let converted = figures.map(|figure| scheme.units.convert(figure, base, own?));
                let (figures, suffix) = match converted {
                    [Some(a), Some(b), Some(c), Some(d)] => ([a, b, c, d], ""),
                    _ => (figures, &**scheme.units.name(base)),
                };
                // Where several units meet, each figure is told with its own.
                finding.unit = match suffix {
                    "" => own.and_then(name),
                    _ => name(base),
                };
                // Decimals that conversion brings along were printed nowhere.
                (figures.map(Amount::normalised), suffix)
            }
        };
        let [given_amount, expected, difference, tolerance] = figures;
        // A single cell in its own unit is shown as it was filled in.
        if given.len() != 1 || !suffix.is_empty() {
            finding.given = Some(format!("{given_amount}{suffix}"));
        }
        finding.expected = Some(format!("{expected}{suffix}"));
        finding.difference = Some(difference);
        finding.tolerance = Some(tolerance);
    }

    /// The common unit's name; nothing where figures have none.
    pub(super) fn unit_name(self, scheme: &Scheme) -> Arc<str> {
        match self {
            Common::Own(None) => Arc::from(""),
            Common::Own(Some(unit)) | Common::Base(unit) => scheme.units.name(unit).clone(),
        }
    }
}
