//! When something was done, as exact as it was written down.

use std::fmt;

use super::Date;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A day, with the time of day where that is known. Clocks show Beijing time, as everywhere in the country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Days since 1 January 1970.
    days: i64,
    /// Seconds since midnight.
    clock: Option<u32>,
}

impl Moment {
    /// A day; `None` for a date without one.
    pub fn day(date: Date) -> Option<Self> {
        date.month.zip(date.day)?;
        Some(Self {
            days: date.days(),
            clock: None,
        })
    }

    /// The moment written `2024-06-03T10:11:12Z`, with any fraction and offset. Without an offset it is taken
    /// to be what the clock on the wall showed.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.trim().split_once(['T', ' '])?;
        let date: Date = day.parse().ok()?;
        date.day?;
        let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
            Some(at) => (&time[..at], Some(&time[at..])),
            None => (time, None),
        };
        let seconds = date.days() * DAY + seconds(time)?;
        let to_beijing = match offset {
            None => 0,
            Some("Z" | "z") => 8 * HOUR,
            Some(offset) => {
                let east = seconds_of(&offset[1..])?;
                let sign = if offset.starts_with('-') { -1 } else { 1 };
                8 * HOUR - sign * east
            }
        };
        Self::of_seconds(seconds + to_beijing)
    }

    /// The moment that a Windows file time stands for: tenths of microseconds since 1601, in universal time.
    pub fn of_file_time(ticks: u64) -> Option<Self> {
        const TO_1970: i64 = 11_644_473_600;
        let seconds = i64::try_from(ticks / 10_000_000).ok()? - TO_1970;
        Self::of_seconds(seconds + 8 * HOUR)
    }

    /// The moment so many seconds after the beginning of 1970 in universal time.
    pub fn since_1970(seconds: i64) -> Option<Self> {
        Self::of_seconds(seconds + 8 * HOUR)
    }

    /// Its day.
    pub fn date(self) -> Option<Date> {
        Date::of_days(self.days)
    }

    fn of_seconds(seconds: i64) -> Option<Self> {
        let days = seconds.div_euclid(DAY);
        Date::of_days(days)?;
        Some(Self {
            days,
            clock: Some(seconds.rem_euclid(DAY) as u32),
        })
    }
}

/// `10:11:12.5`, `10:11`.
fn seconds(time: &str) -> Option<i64> {
    seconds_of(time.split('.').next()?)
}

fn seconds_of(time: &str) -> Option<i64> {
    let mut parts = time.split(':').map(|part| part.parse::<i64>().ok());
    let mut part = |most: i64| match parts.next() {
        None => Some(0),
        Some(part) => part.filter(|part| (0..=most).contains(part)),
    };
    // A leap second is the last second of its minute.
    Some(part(23)? * HOUR + part(59)? * 60 + part(60)?.min(59))
}

impl fmt::Display for Moment {
    /// `2024-06-03 10:11`, or `2024-06-03`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(date) = self.date() else {
            return Ok(());
        };
        date.fmt(f)?;
        match self.clock {
            Some(clock) => write!(f, " {:02}:{:02}", clock / 3_600, clock / 60 % 60),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_become_beijing_time() {
        for (text, shown) in [
            ("2024-06-03T10:11:12Z", Some("2024-06-03 18:11")),
            ("2024-05-31T20:00:00Z", Some("2024-06-01 04:00")),
            ("2024-06-03T10:11:12+08:00", Some("2024-06-03 10:11")),
            ("2024-06-03T02:11:12-05:30", Some("2024-06-03 15:41")),
            ("2024-06-03T10:11:12.123456789", Some("2024-06-03 10:11")),
            ("2024-06-03 10:11", Some("2024-06-03 10:11")),
            ("2024-06-03", None),
            ("2024-06-31T10:11:12Z", None),
            ("2024-06-03T25:00:00Z", None),
            ("2024-06-03T10:x", None),
            ("", None),
        ] {
            let moment = Moment::parse(text).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), shown, "{text}");
        }
        // 45,444 days after 30 December 1899 are 19,875 after 1 January 1970: 2024-06-01; see MS-DTYP 2.3.3.
        let ticks = (19_875 * 86_400 + 11_644_473_600u64) * 10_000_000;
        let moment = Moment::of_file_time(ticks).expect("a moment");
        assert_eq!(moment.to_string(), "2024-06-01 08:00");
        assert_eq!(Moment::of_file_time(u64::MAX), None);
    }

    #[test]
    fn a_day_comes_before_every_moment_of_it() {
        let day = |text: &str| Moment::day(text.parse().expect("a date"));
        let day_of_june = day("2024-06-03").expect("a day");
        assert_eq!(day_of_june.to_string(), "2024-06-03");
        assert_eq!(day("2024-06"), None);
        let morning = Moment::parse("2024-06-03T00:00:00").expect("a moment");
        assert!(day_of_june < morning);
        assert!(morning < day("2024-06-04").expect("a day"));
    }
}
