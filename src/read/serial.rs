//! Dates as spreadsheets keep them: days since 1900, or since 1904.

use super::number_format::{DateParts, Shown};
use crate::model::{CellValue, Date, Shows};

/// The value of a number cell: a date where it is shown as one.
///
/// A date shown without its day (`2016年6月`) is a date without a day. Times without a date, and
/// numbers that no calendar has, stay numbers.
pub(super) fn value(number: f64, shown: Shown, is_1904: bool) -> CellValue {
    // A part of a day is typed with its hour; so early, and shown without one, it is a figure.
    let is_figure = number.fract() != 0.0 && number < EARLIEST && shown.figure.shows == Shows::Date;
    shown
        .date
        .filter(|_| !is_figure)
        .and_then(|parts| date(number, parts, shown, is_1904))
        .map_or(CellValue::Number(number), CellValue::Date)
}

/// The number of a day in 1950. Nothing in a form is so old.
const EARLIEST: f64 = 18_300.0;

/// The date written `2024-05-31`, with or without a time behind it, which is rounded as it is shown.
pub(super) fn iso_date(text: &str, shown: Shown) -> Option<Date> {
    let (day, time) = match text.trim().split_once(['T', ' ']) {
        Some((day, time)) => (day, time),
        None => (text.trim(), ""),
    };
    let mut parts = day.splitn(3, '-');
    let date = Date::new(
        parts.next()?.parse().ok()?,
        Some(parts.next()?.parse().ok()?),
        Some(parts.next()?.parse().ok()?),
    )?;
    let seconds = time.trim_end_matches('Z').strip_prefix("23:59:");
    let seconds = seconds.and_then(|seconds| seconds.parse::<f64>().ok());
    if seconds.is_some_and(|seconds| (60.0 - carried(shown)..60.0).contains(&seconds)) {
        return Date::of_days(date.days() + 1).or(Some(date));
    }
    Some(date)
}

fn date(number: f64, parts: DateParts, shown: Shown, is_1904: bool) -> Option<Date> {
    // Up to the year 2200, the last that a date may have.
    if !(0.0..110_000.0).contains(&number) {
        return None;
    }
    let day = shown_day(number, shown);
    // Counted from 1970. Excel's 1900 has a 29 February, day 60, which the calendar has not.
    let since_1970 = match (is_1904, day) {
        (true, _) => day - 24_107,
        (false, 0 | 60) => return None,
        (false, ..60) => day - 25_568,
        (false, _) => day - 25_569,
    };
    let date = Date::of_days(since_1970)?;
    let (month, day) = match parts {
        DateParts::Year => (None, None),
        DateParts::Month => (date.month, None),
        DateParts::Day => (date.month, date.day),
    };
    Date::new(date.year, month, day)
}

/// The day that spreadsheets show for a moment: reckoning with times leaves moments a hair before midnight, and those
/// belong to the next day.
fn shown_day(number: f64, shown: Shown) -> i64 {
    const DAY: f64 = 86_400.0;
    let seconds = (number - number.floor()) * DAY;
    let is_midnight = seconds >= DAY - carried(shown);
    number.floor() as i64 + i64::from(is_midnight)
}

/// How many seconds before midnight a moment is shown as midnight: with a time it is rounded to the second, and else
/// to the thousandth of one.
fn carried(shown: Shown) -> f64 {
    if shown.to_second { 0.5 } else { 0.000_5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_become_dates() {
        for (number, code, is_1904, shown) in [
            (1.0, "yyyy-mm-dd", false, Some("1900-01-01")),
            (59.0, "yyyy-mm-dd", false, Some("1900-02-28")),
            (60.0, "yyyy-mm-dd", false, None),
            (61.0, "yyyy-mm-dd", false, Some("1900-03-01")),
            (45_443.0, "yyyy-mm-dd", false, Some("2024-05-31")),
            (45_443.75, "yyyy-mm-dd h:mm", false, Some("2024-05-31")),
            // 23:59:59.14 and 23:59:59.48, as LibreOffice shows them to the second.
            (45_322.999_99, "yyyy-mm-dd h:mm", false, Some("2024-01-31")),
            (45_322.999_994, "yyyy-mm-dd h:mm", false, Some("2024-01-31")),
            (45_322.999_995, "yyyy-mm-dd h:mm", false, Some("2024-02-01")),
            (
                45_322.999_999_99,
                "yyyy-mm-dd h:mm:ss",
                false,
                Some("2024-02-01"),
            ),
            // 23:59:59.999136, .999482 and .999568, where no seconds are shown, or parts of them.
            (45_322.999_999_99, "yyyy-mm-dd", false, Some("2024-01-31")),
            (45_322.999_999_994, "yyyy-mm-dd", false, Some("2024-01-31")),
            (45_322.999_999_995, "yyyy-mm-dd", false, Some("2024-02-01")),
            (
                45_322.999_999,
                "yyyy-mm-dd h:mm:ss.000",
                false,
                Some("2024-01-31"),
            ),
            (
                45_322.999_999_995,
                "yyyy-mm-dd h:mm:ss.000",
                false,
                Some("2024-02-01"),
            ),
            (45_322.999_999, "yyyy\"年\"m\"月\"", false, Some("2024-01")),
            (
                45_322.999_999_999,
                "yyyy\"年\"m\"月\"",
                false,
                Some("2024-02"),
            ),
            (43_981.0, "yyyy-mm-dd", true, Some("2024-05-31")),
            (0.0, "yyyy-mm-dd", true, Some("1904-01-01")),
            (42_522.0, "yyyy\"年\"m\"月\"", false, Some("2016-06")),
            (0.5, "yyyy-mm-dd", false, None),
            (0.5, "h:mm", false, None),
            (-1.0, "yyyy-mm-dd", false, None),
            (f64::NAN, "yyyy-mm-dd", false, None),
            (1e9, "yyyy-mm-dd", false, None),
        ] {
            let date = match value(number, Shown::by_code(code), is_1904) {
                CellValue::Date(date) => Some(date.to_string()),
                _ => None,
            };
            assert_eq!(date.as_deref(), shown, "{number} {code}");
        }
    }

    #[test]
    fn dates_as_text_are_read() {
        let (day, time) = ("yyyy-mm-dd", "yyyy-mm-dd h:mm");
        for (text, code, date) in [
            ("2024-05-31", day, Some("2024-05-31")),
            ("2024-05-31T08:00:00Z", day, Some("2024-05-31")),
            ("2024-04-30T23:59:59.49", time, Some("2024-04-30")),
            ("2024-04-30T23:59:59.99136", time, Some("2024-05-01")),
            ("2024-04-30T23:59:59.99136", day, Some("2024-04-30")),
            ("2024-04-30T23:59:59.9996", day, Some("2024-05-01")),
            ("2024-12-31T23:59:59.5Z", time, Some("2025-01-01")),
            ("2024-04-30T22:59:59.99", time, Some("2024-04-30")),
            ("08:00", time, None),
            ("2024-02-30", day, None),
        ] {
            let read = iso_date(text, Shown::by_code(code)).map(|date| date.to_string());
            assert_eq!(read.as_deref(), date, "{text} {code}");
        }
    }
}
