//! 序时进度: how much of what is planned should be done by the end of a month.

use std::cmp::Ordering;

use rust_decimal::RoundingStrategy;

use crate::model::{Amount, Period};

use super::{Course, Relation, Rule, Scheme};

/// How much of a year's work should be done by the end of each month, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule([u8; 12]);

/// An exact share of something: months do not divide a year into decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Parts taken.
    pub numerator: u32,
    /// Parts there are; never 0.
    pub denominator: u32,
}

/// What of the plan should be done by the end of a month. All shares have the same denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueShare {
    /// A share of what the plan gives for the figure itself.
    OfFigure {
        /// How much of it.
        share: Share,
        /// Whether that plan is for several years, which are taken for equal because the annex plans none of
        /// them by itself.
        is_even: bool,
    },
    /// Shares of what the plan gives for the years that the figure adds up: of those past, everything.
    OfYears(Vec<(usize, Share)>),
}

/// An exact amount, counted in parts of which a whole has `denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAmount {
    /// How many parts.
    pub parts: Amount,
    /// Parts of a whole; never 0.
    pub denominator: u32,
}

impl Schedule {
    /// Cumulative percents of the twelve months: never falling, and 100 in the end.
    pub fn new(percents: &[u8]) -> Option<Self> {
        let percents: [u8; 12] = percents.try_into().ok()?;
        (percents.is_sorted() && percents[11] == 100).then_some(Self(percents))
    }
}

impl DueShare {
    /// The planned figures that it takes shares of, by leaf; `leaf` is the figure's own. What nothing is due
    /// of yet is not among them.
    pub fn terms(&self, leaf: usize) -> Vec<(usize, Share)> {
        let terms = match self {
            Self::OfFigure { share, .. } => vec![(leaf, *share)],
            Self::OfYears(terms) => terms.clone(),
        };
        let is_due = |(_, share): &(usize, Share)| share.numerator > 0;
        terms.into_iter().filter(is_due).collect()
    }

    /// The amount that is due, with what the plan gives for each leaf. `too_long` is what to answer where it
    /// has too many digits.
    pub fn amount<E>(
        &self,
        leaf: usize,
        planned: impl Fn(usize) -> Result<Amount, E>,
        too_long: E,
    ) -> Result<DueAmount, E> {
        let denominator = match self {
            Self::OfFigure { share, .. } => share.denominator,
            Self::OfYears(terms) => terms.first().map_or(1, |(_, share)| share.denominator),
        };
        let mut parts = Some(Amount::ZERO);
        for (leaf, share) in self.terms(leaf) {
            let numerator = Amount::from(i64::from(share.numerator));
            let part = planned(leaf)?.checked_mul(numerator);
            parts = parts
                .zip(part)
                .and_then(|(sum, part)| sum.checked_add(part));
        }
        let parts = parts.ok_or(too_long)?;
        Ok(DueAmount { parts, denominator })
    }
}

impl DueAmount {
    /// All of an amount.
    pub fn whole(amount: Amount) -> Self {
        Self {
            parts: amount,
            denominator: 1,
        }
    }

    /// It, rounded half away from zero; `None` where it has too many digits.
    pub fn rounded(self, decimals: u8) -> Option<Amount> {
        let exact = self.parts.0.checked_div(self.denominator.into())?;
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        let mut rounded = exact.round_dp_with_strategy(u32::from(decimals), strategy);
        rounded.rescale(u32::from(decimals));
        Some(Amount(rounded))
    }

    /// How `given` compares with it, without dividing.
    pub fn compare(self, given: Amount) -> Option<Ordering> {
        let whole = given.checked_mul(Amount::from(i64::from(self.denominator)))?;
        Some(whole.cmp(&self.parts))
    }
}

impl Scheme {
    /// What of the plan should be done by the end of a month: a share of the plan for its year where a figure
    /// counts since the year began. One that counts since the plan began and adds up yearly figures owes
    /// the plans of the years past and a share of this year's; without these it owes a share of its own.
    /// `None` where nothing is due: in the plan, for a state, in years that the plan does not cover.
    pub fn due_share(&self, annex_idx: usize, leaf: usize, period: Period) -> Option<DueShare> {
        let Period::Month { year, month } = period else {
            return None;
        };
        let nth = self.years.iter().position(|known| *known == year)?;
        let annex = &self.annexes[annex_idx];
        let column = annex.column_of(leaf);
        let of_figure = |share: Share| DueShare::OfFigure {
            share,
            is_even: false,
        };
        match column.course {
            Course::State => None,
            Course::SinceYear => Some(of_figure(share_by_end_of(column.schedule, month))),
            Course::Month => {
                let now = share_by_end_of(column.schedule, month);
                let before = share_by_end_of(column.schedule, month - 1);
                Some(of_figure(Share {
                    numerator: now.numerator - before.numerator,
                    ..now
                }))
            }
            Course::SincePlan => match self.yearly_parts(annex_idx, leaf) {
                Some(parts) => {
                    let schedule = annex.column_of(parts[nth]).schedule;
                    let now = share_by_end_of(schedule, month);
                    let all = Share {
                        numerator: now.denominator,
                        ..now
                    };
                    let past = parts[..nth].iter().map(|&leaf| (leaf, all));
                    Some(DueShare::OfYears(past.chain([(parts[nth], now)]).collect()))
                }
                None => {
                    let now = share_by_end_of(column.schedule, month);
                    let share = Share {
                        numerator: nth as u32 * now.denominator + now.numerator,
                        denominator: self.years.len() as u32 * now.denominator,
                    };
                    let is_even = self.years.len() > 1;
                    Some(DueShare::OfFigure { share, is_even })
                }
            },
        }
    }

    /// The leaves of a yearly column, one for each year of the plan, whose sum a figure is in every row.
    fn yearly_parts(&self, annex_idx: usize, leaf: usize) -> Option<Vec<usize>> {
        let annex = &self.annexes[annex_idx];
        // It is asked for every figure of every form: only rules about its column are looked at closely.
        let column = annex.leaves[leaf].column;
        let is_about = |rule: &&Rule| match &rule.relation {
            Relation::Sum { total, .. } => (total.annex, total.column) == (annex_idx, column),
            _ => false,
        };
        let mut sums =
            (self.rules.iter().filter(is_about)).flat_map(|rule| self.row_sums_of(annex_idx, rule));
        let is_of_each_year = |parts: &[usize]| {
            let years = parts.iter().map(|&part| annex.leaves[part].year);
            let counts_since_year =
                |part: &usize| annex.column_of(*part).course == Course::SinceYear;
            years.eq(self.years.iter().copied().map(Some)) && parts.iter().all(counts_since_year)
        };
        let sum = sums.find(|sum| {
            sum.total == leaf && sum.holds_everywhere() && is_of_each_year(&sum.parts)
        })?;
        Some(sum.parts)
    }
}

/// The share of a year's work that is due by the end of a month; without a schedule it is due evenly.
fn share_by_end_of(schedule: Option<Schedule>, month: u8) -> Share {
    match schedule {
        Some(Schedule(percents)) => Share {
            numerator: match month {
                0 => 0,
                month => u32::from(percents[usize::from(month) - 1]),
            },
            denominator: 100,
        },
        None => Share {
            numerator: u32::from(month),
            denominator: 12,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().expect(text)
    }

    #[test]
    fn a_schedule_never_falls_and_ends_with_everything() {
        let planting = [0, 2, 14, 38, 58, 62, 62, 63, 67, 82, 96, 100];
        assert!(Schedule::new(&planting).is_some());
        assert_eq!(Schedule::new(&planting[1..]), None);
        let falling = [0, 2, 14, 38, 37, 62, 62, 63, 67, 82, 96, 100];
        assert_eq!(Schedule::new(&falling), None);
        assert_eq!(Schedule::new(&[50; 12]), None);
    }

    /// 5/12 of 331.6 is 138.1666…: above 138.1, below 138.2.
    #[test]
    fn a_share_is_compared_exactly_and_shown_rounded() {
        let due = |numerator: u32| {
            let share = share_by_end_of(None, 1);
            let share = Share { numerator, ..share };
            let due = DueShare::OfFigure {
                share,
                is_even: false,
            };
            let planned = |_| Ok(amount("331.6"));
            due.amount(0, planned, ()).expect("few digits")
        };
        assert_eq!(due(5).rounded(1), Some(amount("138.2")));
        assert_eq!(due(5).compare(amount("138.1")), Some(Ordering::Less));
        assert_eq!(due(5).compare(amount("138.2")), Some(Ordering::Greater));
        assert_eq!(due(6).compare(amount("165.80")), Some(Ordering::Equal));
    }
}
