//! Dates as people type them.

use crate::model::Date;

use super::number::half_width;

/// A date read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DateReading {
    pub(super) date: Date,
    /// Whether it is spelled as the plan spells dates: 2019-06-03 or 2016年6月.
    pub(super) usual: bool,
}

/// Reads 2019-06-03, 2019/6/3, 2019.6.3, 20190603, 2019年6月3日, 2016年6月, 2016-06 or 2016年.
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
    let in_words = text.contains('年');
    let parts: Vec<&str> = if in_words {
        let text = text.trim_end_matches(['日', '号']);
        let (year, rest) = text.split_once('年')?;
        match rest.split_once('月') {
            _ if rest.is_empty() => vec![year],
            Some((month, "")) => vec![year, month],
            Some((month, day)) => vec![year, month, day],
            None => return None,
        }
    } else {
        let mark = ['-', '/', '.']
            .into_iter()
            .find(|mark| text.contains(*mark));
        match mark {
            Some(mark) => text.split(mark).collect(),
            None => vec![text.as_str()],
        }
    };
    let date = date_of(&parts)?;
    let iso = text == date.to_string();
    Some(DateReading {
        date,
        usual: usual_width && (in_words || iso),
    })
}

fn date_of(parts: &[&str]) -> Option<Date> {
    let number = |part: &str, len: usize| {
        let fits = (1..=len).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (year, rest) = parts.split_first()?;
    // Two digits could be any century.
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
