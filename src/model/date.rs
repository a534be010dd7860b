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

    /// The day that comes so many days after 1 January 1970 (H. Hinnant, chrono-compatible low-level date
    /// algorithms, `civil_from_days`).
    pub fn of_days(days: i64) -> Option<Self> {
        // What no date can be would overflow below.
        let days = i64::from(i32::try_from(days).ok()?) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::new(
            u16::try_from(year).ok()?,
            Some(month as u8),
            Some(day as u8),
        )
    }

    /// Days from 1 January 1970 to the first day it can mean (likewise, `days_from_civil`).
    pub fn days(self) -> i64 {
        let (year, month, day) = self.earliest();
        let (year, month) = (i64::from(year) - i64::from(month <= 2), i64::from(month));
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The last day of a month.
    pub fn month_end(year: u16, month: u8) -> Option<Self> {
        Self::new(year, Some(month), Some(days_in(year, month)))
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
        for (days, text) in [
            (0, "1970-01-01"),
            (19_875, "2024-06-01"),
            (-25_567, "1900-01-01"),
        ] {
            let date: Date = text.parse().expect(text);
            assert_eq!((date.days(), Date::of_days(days)), (days, Some(date)));
        }
        assert_eq!(Date::of_days(i64::MAX), None);
        let end = Date::month_end(2024, 2).expect("a day");
        assert_eq!(end.to_string(), "2024-02-29");
        for text in ["2016", "2016-06", "2023-08-30"] {
            let date: Date = text.parse().expect(text);
            assert_eq!(date.to_string(), text);
        }
        assert_eq!("2023-02-29".parse::<Date>(), Err(()));
    }
}
