//! Dates as people type them.

use crate::model::Date;
use crate::recognise::chinese_digit;

use super::number::half_width;

/// A date read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DateReading {
    pub(super) date: Date,
    /// Whether it is spelled as the plan spells dates: 2019-06-03 or 2016年6月.
    pub(super) usual: bool,
}

/// Reads 2019-06-03, 2019/6/3, 2019.6.3, 20190603, 2019年6月3日, 2016年6月, 2016-06 or 2016年; also 16年6月,
/// 二〇一六年六月, and 2024年12月底前, which says no more than its month does.
pub(super) fn read_date(text: &str) -> Option<DateReading> {
    let usual_width = half_width(text) == text;
    let text: String = half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let date = date_of(&[&text[..4], &text[4..6], &text[6..]])?;
        return Some(DateReading { date, usual: false });
    }
    if text.contains('年') {
        let parts = in_words(&text)?;
        let whole: Vec<String> = parts
            .iter()
            .map(|part| in_digits(part))
            .collect::<Option<_>>()?;
        let year = century(&whole[0])?;
        let rest = whole[1..].iter().map(String::as_str);
        let date = date_of(&[year.as_str()].into_iter().chain(rest).collect::<Vec<_>>())?;
        let is_plain = parts.iter().zip(&whole).all(|(part, whole)| part == whole)
            && year == whole[0]
            && text.ends_with(['年', '月', '日', '号']);
        return Some(DateReading {
            date,
            usual: usual_width && is_plain,
        });
    }
    let mark = ['-', '/', '.']
        .into_iter()
        .find(|mark| text.contains(*mark));
    let parts: Vec<&str> = match mark {
        Some(mark) => text.split(mark).collect(),
        None => vec![text.as_str()],
    };
    let date = date_of(&parts)?;
    Some(DateReading {
        date,
        usual: usual_width && text == date.to_string(),
    })
}

/// Whether a text is spelled as a date, of a month or a day that no calendar has: 2018年6月31日.
pub(super) fn is_no_such_day(text: &str) -> bool {
    let text: String = half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = match digits {
        true => vec![&text[..4], &text[4..6], &text[6..]],
        false => {
            let ends = text.trim_end_matches(['日', '号', '月']);
            ends.split(['年', '月', '-', '/', '.']).collect()
        }
    };
    let numbers: Option<Vec<u16>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[year, month, day]) => {
            let is_date = (1900..2200).contains(&year) && month < 100 && day < 100;
            is_date && Date::new(year, Some(month as u8), Some(day as u8)).is_none()
        }
        Some(&[year, month]) => {
            (1900..2200).contains(&year)
                && month < 100
                && Date::new(year, Some(month as u8), None).is_none()
        }
        _ => false,
    }
}

/// Year, month and day of 2019年6月3日, as far as they are given. The end of a month, or a time before it, is in
/// that month; of 2019年底 no month is given.
fn in_words(text: &str) -> Option<Vec<&str>> {
    let mut rest = text;
    for after in ["以前", "之前", "前", "底", "末", "份"] {
        let stripped = rest.strip_suffix(after);
        rest = stripped
            .filter(|text| text.ends_with(['月', '底', '末', '日', '号']))
            .unwrap_or(rest);
    }
    let rest = rest.trim_end_matches(['日', '号']);
    // 二十年 is a span of time.
    let (year, rest) = rest
        .split_once('年')
        .filter(|(year, _)| !year.contains('十'))?;
    Some(match rest.split_once('月') {
        _ if rest.is_empty() => vec![year],
        Some((month, "")) => vec![year, month],
        Some((month, day)) => vec![year, month, day],
        None => return None,
    })
}

/// 二〇一六 as 2016, 十二 as 12.
fn in_digits(part: &str) -> Option<String> {
    if part.bytes().all(|b| b.is_ascii_digit()) {
        return Some(part.to_owned());
    }
    let digits = |text: &str| -> Option<String> {
        let digits = text
            .chars()
            .map(|c| char::from_digit(chinese_digit(c)?, 10));
        digits.collect()
    };
    match part.split_once('十') {
        None => digits(part),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { "一" } else { tens };
            let ones = if ones.is_empty() { "零" } else { ones };
            let one = |text: &str| digits(text).filter(|text| text.len() == 1);
            Some(one(tens)? + &one(ones)?)
        }
    }
}

/// 16 is 2016 and 98 is 1998: no date in a form is older than that, or lies further ahead.
fn century(year: &str) -> Option<String> {
    match year.len() {
        2 if year < "50" => Some(format!("20{year}")),
        2 => Some(format!("19{year}")),
        4 => Some(year.to_owned()),
        _ => None,
    }
}

fn date_of(parts: &[&str]) -> Option<Date> {
    let number = |part: &str, len: usize| {
        let fits = (1..=len).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (year, rest) = parts.split_first()?;
    // 19-06-03 could be the third of June or the nineteenth of some month.
    let year = number(year, 4).filter(|_| year.len() == 4)?;
    let small = |part: &&str| number(part, 2).map(|value| value as u8);
    match rest {
        [] => Date::new(year, None, None),
        [month] => Date::new(year, Some(small(month)?), None),
        [month, day] => Date::new(year, Some(small(month)?), Some(small(day)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_dates() {
        for (text, wanted) in [
            ("2019-06-03", Some(("2019-06-03", true))),
            ("2019-6-3", Some(("2019-06-03", false))),
            ("2019/6/3", Some(("2019-06-03", false))),
            ("2019.6.3", Some(("2019-06-03", false))),
            ("20190603", Some(("2019-06-03", false))),
            ("2019年6月3日", Some(("2019-06-03", true))),
            ("2019年06月03号", Some(("2019-06-03", true))),
            ("２０１９年６月３日", Some(("2019-06-03", false))),
            ("2016年6月", Some(("2016-06", true))),
            ("2016-06", Some(("2016-06", true))),
            ("2024.12", Some(("2024-12", false))),
            ("2024年", Some(("2024", true))),
            ("2024", Some(("2024", true))),
            (" 2024 年 12 月 ", Some(("2024-12", true))),
            ("2023-02-29", None),
            ("2023-13-01", None),
            ("19-06-03", None),
            ("18年11月", Some(("2018-11", false))),
            ("98年7月1日", Some(("1998-07-01", false))),
            ("二〇一八年七月", Some(("2018-07", false))),
            ("二○二三年十二月二十一日", Some(("2023-12-21", false))),
            ("二零二三年十月", Some(("2023-10", false))),
            ("2024年十月三十日", Some(("2024-10-30", false))),
            ("二三年八月", Some(("2023-08", false))),
            ("2024年12月份", Some(("2024-12", false))),
            ("2024年12月底", Some(("2024-12", false))),
            ("2024年12月底前", Some(("2024-12", false))),
            ("2024年12月末以前", Some(("2024-12", false))),
            ("2025年8月30日前", Some(("2025-08-30", false))),
            ("2023/10", Some(("2023-10", false))),
            ("2023.10.1", Some(("2023-10-01", false))),
            ("8年7月", None),
            ("二十年七月", None),
            ("2018年百月", None),
            ("2024年前", None),
            ("2024年13月底", None),
            ("2019-06-03 12:00", None),
            ("6月3日", None),
            ("年底前", None),
            ("2019年底", None),
            ("43619", None),
            ("", None),
        ] {
            let read = read_date(text).map(|read| (read.date.to_string(), read.usual));
            assert_eq!(
                read,
                wanted.map(|(date, usual)| (date.to_owned(), usual)),
                "{text:?}"
            );
        }
    }
}
