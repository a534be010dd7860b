//! Figures as people type them.

use crate::model::{Amount, ReadAs, is_unseen};
use crate::scheme::Units;

/// What a text in a figure column says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// Nothing.
    Blank,
    /// A mark for "does not apply".
    NotApplicable,
    /// A figure.
    Figure(Figure),
    /// A figure of more digits than can be reckoned with.
    TooLong,
    /// Anything else: nothing is guessed.
    NotANumber,
}

/// A figure read from text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) amount: Amount,
    /// It had a `%` behind it.
    pub(super) percent: bool,
    /// It had this unit behind it.
    pub(super) unit: Option<usize>,
    /// How it was understood.
    pub(super) how: ReadAs,
}

/// Reads a text as a figure. Whatever is not plainly one is refused: 约30, 三十, 1,23, 0.1+0.2, 1e5.
pub(super) fn read_number(text: &str, units: &Units) -> Reading {
    let has_unseen = text.contains(is_unseen);
    let text = half_width(text);
    let text = text.trim().trim_start_matches('\'').trim();
    if text.is_empty() {
        return Reading::Blank;
    }
    if is_not_applicable(text) {
        return Reading::NotApplicable;
    }
    match figure(text, units) {
        Some(Ok(figure)) if has_unseen && figure.how == ReadAs::TextNumber => {
            let how = ReadAs::Unseen;
            Reading::Figure(Figure { how, ..figure })
        }
        Some(Ok(figure)) => Reading::Figure(figure),
        Some(Err(TooLong)) => Reading::TooLong,
        None => Reading::NotANumber,
    }
}

/// Digits that are plainly a figure, and too many.
struct TooLong;

fn figure(text: &str, units: &Units) -> Option<Result<Figure, TooLong>> {
    let bracketed = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let text = bracketed.unwrap_or(text).trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    // Brackets are a sign of their own; -(5) and (-5) say it twice.
    if negative && bracketed.is_some() {
        return None;
    }
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let digits = plain_digits(digits)?;
    let suffix = suffix.trim();
    let percent = suffix == "%";
    let unit = if suffix.is_empty() || percent {
        None
    } else {
        Some(units.find(suffix)?)
    };
    let how = if bracketed.is_some() {
        ReadAs::Bracketed
    } else if percent {
        ReadAs::Percent
    } else if unit.is_some() {
        ReadAs::NumberWithUnit
    } else {
        ReadAs::TextNumber
    };
    let Ok(amount) = digits.parse::<Amount>() else {
        return Some(Err(TooLong));
    };
    let negative = negative || bracketed.is_some();
    let amount = if negative { Amount(-amount.0) } else { amount };
    Some(Ok(Figure {
        amount,
        percent,
        unit,
        how,
    }))
}

/// Digits without thousands separators, if these stand where they should: 1,234.50 but not 1,23.
fn plain_digits(digits: &str) -> Option<String> {
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    if fraction.is_some_and(|fraction| {
        fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit())
    }) {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty()
        || (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3);
    let whole: String = whole.split(',').collect();
    if !grouped || (whole.is_empty() && fraction.is_none()) {
        return None;
    }
    let whole = if whole.is_empty() {
        "0".to_owned()
    } else {
        whole
    };
    Some(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

fn is_not_applicable(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '-' | '/' | '\\' | '…' | '.'))
        && text != "."
        || matches!(text, "无" | "不适用" | "N/A" | "n/a")
}

/// Full-width forms of ASCII, and the many dashes, as ASCII, without what nobody sees. Nothing else is unfolded: ① is not 1, ½ is not 1⁄2.
pub(super) fn half_width(text: &str) -> String {
    text.chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\u{3000}' | '\u{a0}' | '\u{2002}' | '\u{2003}' | '\n' | '\r' | '\t' => ' ',
            '−' | '–' | '—' | '―' | '‐' | '─' | '﹣' => '-',
            '﹪' => '%',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Unit;

    fn units() -> Units {
        let unit = |name: &str, base, factor: i64| Unit {
            name: name.into(),
            aliases: Vec::new(),
            base,
            factor: factor.into(),
        };
        Units(vec![
            unit("元", 0, 1),
            unit("万元", 0, 10_000),
            unit("亩", 2, 1),
        ])
    }

    #[test]
    fn spellings_of_figures() {
        // Text, then the figure, with a mark for how it was read; worked out by hand.
        let table = [
            ("12", "12 text"),
            (" 12 ", "12 text"),
            ("　12　", "12 text"),
            ("'12", "12 text"),
            ("0", "0 text"),
            ("0.0", "0.0 text"),
            ("40.0", "40.0 text"),
            ("1234.50", "1234.50 text"),
            ("1,234.50", "1234.50 text"),
            ("12,345,678", "12345678 text"),
            ("１２３．５", "123.5 text"),
            ("１，２３４．５０", "1234.50 text"),
            ("-3", "-3 text"),
            ("−3", "-3 text"),
            ("－3", "-3 text"),
            ("+3", "3 text"),
            ("- 3", "-3 text"),
            (".5", "0.5 text"),
            ("12\n", "12 text"),
            ("00012", "12 text"),
            ("（12.5）", "-12.5 brackets"),
            ("(1,200)", "-1200 brackets"),
            ("40%", "40 percent"),
            ("５０％", "50 percent"),
            ("40 %", "40 percent"),
            ("12.50%", "12.50 percent"),
            ("12万元", "12 unit 1"),
            ("12 万元", "12 unit 1"),
            ("1,200元", "1200 unit 0"),
            ("3.5亩", "3.5 unit 2"),
            ("", "blank"),
            ("  ", "blank"),
            ("　", "blank"),
            ("－", "n/a"),
            ("—", "n/a"),
            ("——", "n/a"),
            ("--", "n/a"),
            ("-", "n/a"),
            ("/", "n/a"),
            ("…", "n/a"),
            ("……", "n/a"),
            ("无", "n/a"),
            ("不适用", "n/a"),
            // A zero width space, direction marks around it, a soft hyphen, a byte order mark, a variation selector.
            ("\u{200b}331.6", "331.6 unseen"),
            ("\u{202d}1,234.50\u{202c}", "1234.50 unseen"),
            ("3\u{ad}31.6", "331.6 unseen"),
            ("\u{feff}12", "12 unseen"),
            ("40\u{fe0e}%", "40 percent"),
            ("\u{200b}", "blank"),
            ("1,23", "no"),
            ("1234,567", "no"),
            ("1.2.3", "no"),
            ("1.", "no"),
            ("12 34", "no"),
            ("约30", "no"),
            ("30左右", "no"),
            ("三十", "no"),
            ("〇", "no"),
            ("0.1+0.2", "no"),
            ("1/2", "no"),
            ("1e5", "no"),
            ("①", "no"),
            ("½", "no"),
            ("12公斤", "no"),
            ("12%元", "no"),
            ("(-5)", "no"),
            ("1-2", "no"),
            ("待定", "no"),
            (".", "no"),
            (",", "no"),
            ("123456789012345678901234567890123", "too long"),
            ("0.12345678901234567890123456789012", "too long"),
            ("1234567890123456789012345678901234亩", "too long"),
        ];
        assert!(table.len() >= 60);
        for (text, wanted) in table {
            let read = match read_number(text, &units()) {
                Reading::Blank => "blank".to_owned(),
                Reading::NotApplicable => "n/a".to_owned(),
                Reading::TooLong => "too long".to_owned(),
                Reading::NotANumber => "no".to_owned(),
                Reading::Figure(figure) => {
                    let how = match (figure.how, figure.unit) {
                        (ReadAs::TextNumber, None) => "text".to_owned(),
                        (ReadAs::Unseen, None) => "unseen".to_owned(),
                        (ReadAs::Bracketed, None) => "brackets".to_owned(),
                        (ReadAs::Percent, None) => "percent".to_owned(),
                        (ReadAs::NumberWithUnit, Some(unit)) => format!("unit {unit}"),
                        other => format!("{other:?}"),
                    };
                    format!("{} {how}", figure.amount)
                }
            };
            assert_eq!(read, wanted, "{text:?}");
        }
    }
}
