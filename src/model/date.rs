//! Calendar dates, as exact as they were written.

use std::fmt;
use std::str::FromStr;

/// A date of the Gregorian calendar; month or day may not have been written (`2016年6月`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31; only with a month.
    pub day: Option<u8>,
}

impl Date {
    /// The date, if the calendar has it.
    pub fn new(year: u16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let fits = match (month, day) {
            (None, None) => true,
            (Some(month), None) => (1..=12).contains(&month),
            (Some(month), Some(day)) => {
                (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)
            }
            (None, Some(_)) => false,
        };
        ((1900..=2200).contains(&year) && fits).then_some(Self { year, month, day })
    }

    /// The first day it can mean.
    pub fn earliest(self) -> (u16, u8, u8) {
        (self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    /// The last day it can mean.
    pub fn latest(self) -> (u16, u8, u8) {
        let month = self.month.unwrap_or(12);
        (
            self.year,
            month,
            self.day.unwrap_or(days_in(self.year, month)),
        )
    }
}

impl fmt::Display for Date {
    /// `2023-08-30`, `2016-06` or `2016`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl FromStr for Date {
    type Err = ();

    /// Reads what is displayed.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let year = parts.next().and_then(|year| year.parse().ok()).ok_or(())?;
        let mut part = || {
            let part = parts.next().map(|part| part.parse().map_err(|_| ()));
            part.transpose()
        };
        let (month, day) = (part()?, part()?);
        match parts.next() {
            None => Self::new(year, month, day).ok_or(()),
            Some(_) => Err(()),
        }
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_of_the_calendar_exist() {
        assert!(Date::new(2024, Some(2), Some(29)).is_some());
        assert!(Date::new(2023, Some(2), Some(29)).is_none());
        assert!(Date::new(2023, Some(13), None).is_none());
        let month = Date::new(2024, Some(2), None).expect("a month");
        assert_eq!(
            (month.earliest(), month.latest()),
            ((2024, 2, 1), (2024, 2, 29))
        );
        assert_eq!(month.to_string(), "2024-02");
        for text in ["2016", "2016-06", "2023-08-30"] {
            let date: Date = text.parse().expect(text);
            assert_eq!(date.to_string(), text);
        }
        assert_eq!("2023-02-29".parse::<Date>(), Err(()));
    }
}
