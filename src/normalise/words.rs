//! Figures in words, and in other digits than 0 to 9: 三百三十一, 叁佰叁拾壹, 二〇二四, Ⅲ, ٣٣١.

use rust_decimal::Decimal;

use crate::model::Amount;

/// A figure in words.
#[derive(Debug, PartialEq)]
pub(super) struct InWords {
    pub(super) amount: Amount,
    /// 百分之四十, 四成.
    pub(super) percent: bool,
    /// Letters that may also mean something else.
    pub(super) is_weak: bool,
}

/// Reads a figure in words; digits may stand among them: 3万2千.
pub(super) fn number_in_words(text: &str) -> Option<InWords> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(value) = roman(&text) {
        return Some(value);
    }
    if !text.chars().any(is_digit_in_words) {
        return None;
    }
    let text = text.strip_suffix(['整', '正']).unwrap_or(&text);
    let (negative, text) = match text.strip_prefix('负') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (percent, text) = match text.strip_prefix("百分之") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = match text.strip_suffix('成') {
        Some(tenths) if !percent => {
            let tenths = chinese(tenths)?.checked_mul(Decimal::TEN)?;
            (tenths <= Decimal::ONE_HUNDRED).then_some(InWords {
                amount: Amount(tenths),
                percent: true,
                is_weak: false,
            })?
        }
        _ => InWords {
            amount: Amount(chinese(text)?),
            percent,
            is_weak: false,
        },
    };
    let amount = match negative {
        true => Amount(-value.amount.0),
        false => value.amount,
    };
    Some(InWords { amount, ..value })
}

/// Whether a character stands for a digit or a power of ten in Chinese.
pub(super) fn is_digit_in_words(c: char) -> bool {
    digit(c).is_some() || power(c).is_some() || c == '廿' || c == '卅'
}

fn digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '壹' | '弌' | '幺' => 1,
        '二' | '贰' | '貳' | '两' | '兩' | '弐' => 2,
        '三' | '叁' | '參' | '叄' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' | '陸' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn power(c: char) -> Option<u32> {
    Some(match c {
        '十' | '拾' => 1,
        '百' | '佰' => 2,
        '千' | '仟' => 3,
        '万' | '萬' => 4,
        '亿' | '億' => 8,
        _ => return None,
    })
}

/// 三百三十一点六, 一万二千, 三三一, 3万2千.
fn chinese(text: &str) -> Option<Decimal> {
    let text = text.replace('廿', "二十").replace('卅', "三十");
    let (whole, fraction) = match text.split_once(['点', '點']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (&*text, None),
    };
    let mut value = match whole.chars().all(|c| digit(c).is_some()) {
        // 三三一: digit by digit.
        true => digits(whole)?.parse().ok()?,
        false => by_powers(whole)?,
    };
    if let Some(fraction) = fraction {
        let fraction = digits(fraction)?;
        let scale = u32::try_from(fraction.len())
            .ok()
            .filter(|scale| *scale <= 10)?;
        value = value.checked_add(Decimal::new(fraction.parse().ok()?, scale))?;
    }
    Some(value)
}

fn digits(text: &str) -> Option<String> {
    let digits = text
        .chars()
        .map(|c| char::from_digit(c.to_digit(10).or_else(|| digit(c))?, 10));
    let digits: String = digits.collect::<Option<_>>()?;
    (!digits.is_empty() && digits.len() <= 15).then_some(digits)
}

fn by_powers(text: &str) -> Option<Decimal> {
    // What is finished, what is below the next 万, and the digits before the next power.
    let (mut total, mut section, mut figure) = (Decimal::ZERO, Decimal::ZERO, String::new());
    let (mut last_power, mut after_zero) = (u32::MAX, false);
    for c in text.chars() {
        if c.is_ascii_digit() || c == '.' {
            figure.push(c);
        } else if let Some(digit) = digit(c) {
            match digit {
                0 if figure.is_empty() => after_zero = true,
                _ if !figure.is_empty() => return None,
                digit => figure.push(char::from_digit(digit, 10)?),
            }
        } else {
            let power = power(c)?;
            let times = Decimal::from(10u64.pow(power));
            let taken = std::mem::take(&mut figure);
            let before: Option<Decimal> = (!taken.is_empty()).then(|| taken.parse().ok()).flatten();
            match power {
                1..=3 => {
                    (power < last_power).then_some(())?;
                    // 十五 has no digit before its ten.
                    let before = before.or((power == 1).then_some(Decimal::ONE))?;
                    section = section.checked_add(before.checked_mul(times)?)?;
                    last_power = power;
                }
                _ => {
                    section = section.checked_add(before.unwrap_or_default())?;
                    (!section.is_zero() || !total.is_zero()).then_some(())?;
                    total = match power {
                        8 => total.checked_add(section)?.checked_mul(times)?,
                        _ => total.checked_add(section.checked_mul(times)?)?,
                    };
                    section = Decimal::ZERO;
                    last_power = u32::MAX;
                }
            }
            after_zero = false;
        }
    }
    if !figure.is_empty() {
        // 三百三 is 330 as people say it, and 303 as nobody does.
        let is_ones = last_power == 1 || last_power == u32::MAX && total.is_zero() || after_zero;
        is_ones.then_some(())?;
        section = section.checked_add(figure.parse().ok()?)?;
    }
    total.checked_add(section)
}

/// Ⅲ; III may be something else.
fn roman(text: &str) -> Option<InWords> {
    const SIGNS: &str = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ";
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && let Some(idx) = SIGNS.chars().position(|sign| sign == c)
    {
        return Some(InWords {
            amount: Amount::from(idx as i64 + 1),
            percent: false,
            is_weak: false,
        });
    }
    let value = |c: char| {
        Some(match c {
            'I' => 1,
            'V' => 5,
            'X' => 10,
            'L' => 50,
            'C' => 100,
            'D' => 500,
            'M' => 1000,
            _ => return None,
        })
    };
    let values: Vec<i64> = text.chars().map(value).collect::<Option<_>>()?;
    // XX is a mark as often as a number.
    if values.len() < 2 || values.len() > 12 || !text.contains(['I', 'V']) {
        return None;
    }
    let signed = values.iter().enumerate().map(|(idx, value)| {
        let is_less = values.get(idx + 1).is_some_and(|next| value < next);
        if is_less { -value } else { *value }
    });
    let sum: i64 = signed.sum();
    (sum > 0).then_some(InWords {
        amount: Amount::from(sum),
        percent: false,
        is_weak: true,
    })
}

/// The first of ten digits in a row, of scripts that have their own.
const ZEROS: [char; 8] = ['٠', '۰', '०', '𝟎', '𝟘', '𝟢', '𝟬', '𝟶'];

fn other_digit(c: char) -> Option<char> {
    ZEROS.iter().find_map(|zero| {
        let digit = (c as u32).checked_sub(*zero as u32)?;
        (digit < 10).then(|| char::from_digit(digit, 10)).flatten()
    })
}

/// Whether a character is a digit of another script.
pub(super) fn is_other_digit(c: char) -> bool {
    other_digit(c).is_some()
}

/// A text with the digits of other scripts replaced; nothing where it has none.
pub(super) fn other_digits(text: &str) -> Option<String> {
    text.chars().any(is_other_digit).then(|| {
        let plain = text.chars().map(|c| other_digit(c).unwrap_or(c));
        plain.map(|c| if c == '٫' { '.' } else { c }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_in_words() {
        for (text, wanted) in [
            ("三百三十一", Some("331")),
            ("叁佰叁拾壹", Some("331")),
            ("三百三十一点六", Some("331.6")),
            ("三三一", Some("331")),
            ("三三一点六", Some("331.6")),
            ("二〇二四", Some("2024")),
            ("十五", Some("15")),
            ("廿五", Some("25")),
            ("一万二千", Some("12000")),
            ("一万零三", Some("10003")),
            ("三千六百零三", Some("3603")),
            ("3万2千", Some("32000")),
            ("1亿2000万", Some("120000000")),
            ("1.2万", Some("12000")),
            ("两千", Some("2000")),
            ("负三十", Some("-30")),
            ("三百三", None),
            ("三万二", None),
            ("百", None),
            ("三十百", None),
            ("百分之四十", Some("40 %")),
            ("百分之三点五", Some("3.5 %")),
            ("四成", Some("40 %")),
            ("Ⅲ", Some("3")),
            ("XIV", Some("14 weak")),
            ("X", None),
            ("待定", None),
            ("", None),
            ("331", None),
        ] {
            let read = number_in_words(text).map(|read| {
                let percent = if read.percent { " %" } else { "" };
                let weak = if read.is_weak { " weak" } else { "" };
                format!("{}{percent}{weak}", read.amount.normalised())
            });
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn digits_of_other_scripts() {
        assert_eq!(other_digits("٣٣١٫٦").as_deref(), Some("331.6"));
        assert_eq!(other_digits("۳۳۱").as_deref(), Some("331"));
        assert_eq!(other_digits("𝟑𝟑𝟏").as_deref(), Some("331"));
        assert_eq!(other_digits("331"), None);
    }
}
