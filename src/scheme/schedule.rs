//! 序时进度: how much of what is planned should be done by a month.

use crate::model::{Amount, Fraction, Period};

use super::{Course, Scheme};

impl Scheme {
    /// The share of a plan that should be done at the end of a period, evenly over its months; `year` is
    /// the plan's year, or none for the plan as a whole. None for what is not done bit by bit: a state,
    /// the plan itself, months after the time of the plan.
    pub fn schedule(&self, course: Course, year: Option<u16>, period: Period) -> Option<Fraction> {
        let Period::Month { year: now, month } = period else {
            return None;
        };
        let (first, last) = match course {
            Course::State => return None,
            Course::SinceYear | Course::Month => (now, now),
            Course::SincePlan => (*self.years.first()?, year.or(self.years.last().copied())?),
        };
        let passed = i64::from(now) - i64::from(first);
        let planned = i64::from(last) - i64::from(first) + 1;
        if passed < 0 || passed >= planned || year.is_some_and(|year| year < now) {
            return None;
        }
        Fraction::new(
            Amount::from(passed * 12 + i64::from(month)),
            Amount::from(planned * 12),
        )
    }
}
