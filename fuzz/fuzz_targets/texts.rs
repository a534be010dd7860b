//! What stands in one cell of a form: figures, percentages, dates and codes as people type them.
//!
//! The first byte says which form, and whether the rest is a text or a binary float.

#![no_main]

use hebiao::model::{Amount, CellValue, Value};
use hebiao_fuzz::forms::{Form, forms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, content)) = data.split_first() else {
        return;
    };
    let kind = usize::from(kind.wrapping_sub(b'0')) % 8;
    let form = &forms()[kind % 4];
    if kind >= 4 {
        float(form, kind % 4, content);
    } else if let Ok(text) = std::str::from_utf8(content)
        && !text.is_empty()
    {
        typed(form, kind, text);
    }
});

const FIGURE: usize = 0;
const DATE: usize = 2;
const CODE: usize = 3;

fn typed(form: &Form, kind: usize, text: &str) {
    let (value, said) = form.value(&form.with(CellValue::Text(text.into()), None));
    match &value {
        Value::Amount(amount) => {
            assert_ne!(kind, DATE, "{text:?} is no date");
            // What is printed is what was typed, and reads back.
            let printed = amount.to_string();
            let printed = match kind {
                FIGURE => printed,
                _ => format!("{printed}%"),
            };
            let (again, _) = form.value(&form.with(CellValue::Text(printed.as_str().into()), None));
            assert_eq!(again.to_string(), value.to_string(), "{text:?}");
            assert!(
                said || text == amount.to_string(),
                "{text:?} is read without a word"
            );
            if let Some((digits, negative)) = plain_figure(text) {
                let digits = digits.trim_start_matches('0');
                let read = amount.0.mantissa().unsigned_abs().to_string();
                assert_eq!(read.trim_start_matches('0'), digits, "{text:?}");
                assert!(
                    amount.is_zero() || negative == (*amount < Amount::ZERO),
                    "{text:?}"
                );
            }
        }
        Value::Date(date) => {
            assert_eq!(kind, DATE, "{text:?} is no figure");
            let (again, said) =
                form.value(&form.with(CellValue::Text(date.to_string().into()), None));
            assert_eq!(again, value, "{text:?}");
            assert!(!said, "{date} is how a date is written");
        }
        Value::Text(read) => {
            assert_eq!(kind, CODE, "{text:?}");
            assert_eq!(&**read, text.trim());
        }
        Value::Missing => {
            let nothing = |c: char| c.is_whitespace() || matches!(c, '\'' | '＇' | '\u{a0}');
            assert!(text.chars().all(nothing), "{text:?} is lost");
        }
        Value::NotApplicable => {
            assert!(
                !text.chars().any(char::is_numeric),
                "{text:?} says something"
            );
        }
        Value::Unusable(_) => assert!(said, "{text:?} is refused without a word"),
    }
}

/// The digits of a figure in no other unit than the form's, and whether it is below zero.
fn plain_figure(text: &str) -> Option<(String, bool)> {
    let mut digits = String::new();
    let mut negative = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '０'..='９' => digits.push(char::from(b'0' + (c as u32 - '０' as u32) as u8)),
            '(' | '（' | '-' | '－' | '−' | '–' | '—' | '―' | '‐' | '─' | '﹣' => {
                negative = true
            }
            ')' | '）' | '+' | '＋' | ',' | '，' | '.' | '．' | '%' | '％' | '﹪' | '\'' | '＇'
            | '亩' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    Some((digits, negative))
}

fn float(form: &Form, kind: usize, content: &[u8]) {
    let Some((bits, rest)) = content.split_first_chunk::<8>() else {
        return;
    };
    let float = f64::from_le_bytes(*bits);
    let decimals = rest.first().map(|decimals| decimals % 31);
    if !float.is_finite() {
        return;
    }
    let (value, said) = form.value(&form.with(CellValue::Number(float), decimals));
    match &value {
        Value::Amount(amount) => {
            let back = amount.to_float();
            // Spreadsheets show 15 digits; a figure has 28 decimals at most.
            let off = (back - float).abs();
            assert!(
                off <= float.abs() * 1e-14 || off <= 1e-28,
                "{float:e} is read as {amount}"
            );
            let decimals = usize::from(decimals.unwrap_or(0));
            assert!(
                usize::from(amount.decimals()) >= decimals.min(28) || float.abs() >= 1.0,
                "{float:e}"
            );
        }
        Value::Date(date) => {
            assert_eq!(kind, DATE);
            assert!(said, "a number is read as {date} without a word");
        }
        Value::Text(_) => assert_eq!(kind, CODE, "{float:e}"),
        Value::Unusable(_) => assert!(said, "{float:e} is refused without a word"),
        Value::Missing | Value::NotApplicable => panic!("{float:e} is lost"),
    }
}
