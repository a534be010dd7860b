//! 报告期: what figures are about, the approved plan or a month.

use std::fmt;

use super::Date;

/// A reporting period. The plan comes before every month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// The approved figures.
    Plan,
    /// A month.
    Month {
        /// Four digits.
        year: u16,
        /// 1 to 12.
        month: u8,
    },
}

impl Period {
    /// The month, if the calendar has it.
    pub fn month(year: u16, month: u8) -> Option<Self> {
        Date::new(year, Some(month), None).map(|_| Self::Month { year, month })
    }

    /// `plan` or `2024-05`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "plan" {
            return Some(Self::Plan);
        }
        let (year, month) = text.split_once('-')?;
        let digits =
            |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        Self::month(year.parse().ok()?, month.parse().ok()?)
    }

    /// The year of a month.
    pub fn year(self) -> Option<u16> {
        match self {
            Self::Plan => None,
            Self::Month { year, .. } => Some(year),
        }
    }

    /// Whether a year has begun by then, so that figures of it can be asked for. The plan has figures of
    /// every year.
    pub fn has_begun(self, year: u16) -> bool {
        self.year().is_none_or(|own| year <= own)
    }

    /// Whether a year is over by then, so that its figures are the whole year's. The plan's always are.
    pub fn has_ended(self, year: u16) -> bool {
        match self {
            Self::Plan => true,
            Self::Month { year: own, month } => year < own || (year == own && month == 12),
        }
    }

    /// The month before.
    pub fn previous(self) -> Option<Self> {
        match self {
            Self::Plan => None,
            Self::Month { year, month: 1 } => Self::month(year - 1, 12),
            Self::Month { year, month } => Self::month(year, month - 1),
        }
    }

    /// The same month of the year before.
    pub fn year_before(self) -> Option<Self> {
        match self {
            Self::Plan => None,
            Self::Month { year, month } => Self::month(year - 1, month),
        }
    }
}

impl fmt::Display for Period {
    /// `plan` or `2024-05`, as folders are named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_the_plan_or_a_month_of_the_calendar() {
        for text in ["plan", "2024-05", "1999-12"] {
            let period = Period::parse(text).expect("a period");
            assert_eq!(period.to_string(), text);
        }
        for text in [
            "",
            "Plan",
            "2024",
            "2024-13",
            "2024-5",
            "2024-05-01",
            "+024-05",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_year_begins_in_january_and_ends_with_december() {
        let may = Period::parse("2024-05").expect("a month");
        let december = Period::parse("2024-12").expect("a month");
        assert!(may.has_begun(2023) && may.has_begun(2024) && !may.has_begun(2025));
        assert!(may.has_ended(2023) && !may.has_ended(2024) && december.has_ended(2024));
        assert!(Period::Plan.has_begun(2025) && Period::Plan.has_ended(2025));
    }

    #[test]
    fn the_month_before_january_is_december() {
        let january = Period::parse("2024-01").expect("a month");
        assert_eq!(january.previous(), Period::parse("2023-12"));
        assert_eq!(january.year_before(), Period::parse("2023-01"));
        assert_eq!(Period::Plan.previous(), None);
        assert!(Period::Plan < january);
    }
}
