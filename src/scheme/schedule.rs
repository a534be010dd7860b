//! 序时进度: how much of what is planned should be done by the end of a month.

use std::cmp::Ordering;

use rust_decimal::RoundingStrategy;

use crate::model::{Amount, Period};

use super::{Annex, Course, Scheme};

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

impl Schedule {
    /// Cumulative percents of the twelve months: never falling, and 100 in the end.
    pub fn new(percents: &[u8]) -> Option<Self> {
        let percents: [u8; 12] = percents.try_into().ok()?;
        (percents.is_sorted() && percents[11] == 100).then_some(Self(percents))
    }
}

impl Share {
    /// So much of an amount, rounded half away from zero; `None` where it has too many digits.
    pub fn of(self, amount: Amount, decimals: u8) -> Option<Amount> {
        let exact = self.times(amount)?.0.checked_div(self.denominator.into())?;
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        let mut rounded = exact.round_dp_with_strategy(u32::from(decimals), strategy);
        rounded.rescale(u32::from(decimals));
        Some(Amount(rounded))
    }

    /// How `given` compares with this share of `amount`, without dividing.
    pub fn compare(self, given: Amount, amount: Amount) -> Option<Ordering> {
        let whole = given.checked_mul(Amount::from(i64::from(self.denominator)))?;
        Some(whole.cmp(&self.times(amount)?))
    }

    /// `amount` × numerator.
    pub(crate) fn times(self, amount: Amount) -> Option<Amount> {
        amount.checked_mul(Amount::from(i64::from(self.numerator)))
    }
}

impl Scheme {
    /// The share of a column's plan that should be done by the end of a month: of the plan for its year
    /// where it counts since the year began, of the plan for all years where it counts since the plan
    /// began. `None` where nothing is due: in the plan, for a state, in years that the plan does not cover.
    pub fn schedule_share(&self, annex: &Annex, column: usize, period: Period) -> Option<Share> {
        let Period::Month { year, month } = period else {
            return None;
        };
        let nth = self.years.iter().position(|known| *known == year)?;
        let column = &annex.columns[column];
        let by_end_of = |month: u8| match column.schedule {
            Some(Schedule(percents)) if month > 0 => u32::from(percents[usize::from(month) - 1]),
            Some(_) => 0,
            None => u32::from(month),
        };
        let whole = if column.schedule.is_some() { 100 } else { 12 };
        match column.course {
            Course::SinceYear => Some(Share {
                numerator: by_end_of(month),
                denominator: whole,
            }),
            Course::SincePlan => Some(Share {
                numerator: nth as u32 * whole + by_end_of(month),
                denominator: self.years.len() as u32 * whole,
            }),
            Course::Month => Some(Share {
                numerator: by_end_of(month) - by_end_of(month - 1),
                denominator: whole,
            }),
            Course::State => None,
        }
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
        let share = Share {
            numerator: 5,
            denominator: 12,
        };
        let plan = amount("331.6");
        assert_eq!(share.of(plan, 1), Some(amount("138.2")));
        assert_eq!(share.compare(amount("138.1"), plan), Some(Ordering::Less));
        assert_eq!(
            share.compare(amount("138.2"), plan),
            Some(Ordering::Greater)
        );
        let half = Share {
            numerator: 6,
            denominator: 12,
        };
        assert_eq!(half.compare(amount("165.80"), plan), Some(Ordering::Equal));
    }
}
