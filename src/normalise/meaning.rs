//! What people may mean by a text that is no plain figure: 971①, 3O2.1, 331,6, 约331, 10-20, 三百三十一.
//!
//! Marks are taken off from both ends, one after the other, until a core is left; what is wrong with the core is looked
//! for inside it. Each thing noticed is a [`Cause`]. Nothing here is read: it is proposed, and relations may prove it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::model::{Amount, Cause, ReadAs};

use super::date::read_date;
use super::number::{Asked, COUNTED_BY, Doubtful, Figure, figure, plain_digits};
use super::words::{number_in_words, other_digits};

/// What a text may mean; nothing where nobody can say.
pub(super) fn meaning(text: &str, asked: Asked<'_>) -> Option<Doubtful> {
    // A page of text is no figure, whatever stands in it.
    const LONGEST: usize = 60;
    if text.chars().count() > LONGEST {
        return None;
    }
    let peeled = || Peeled::of(text, asked)?.doubtful(asked);
    named(text, asked)
        .or_else(peeled)
        .or_else(|| in_words(text))
}

/// What is recognised as a whole.
fn named(text: &str, asked: Asked<'_>) -> Option<Doubtful> {
    let only = |cause| {
        Some(Doubtful {
            causes: vec![cause],
            ..Doubtful::default()
        })
    };
    if is_formula(text) {
        return only(Cause::FormulaText);
    }
    if is_ditto(text) {
        return only(Cause::Ditto);
    }
    let lines = text.split('\n').map(str::trim);
    if lines
        .filter(|line| matches!(figure(line, asked.units), Some(Ok(_))))
        .count()
        > 1
    {
        return only(Cause::Several);
    }
    if is_date(text) {
        return only(Cause::Date);
    }
    if is_time(text) {
        return only(Cause::Time);
    }
    if is_range(text, asked) {
        return only(Cause::Range);
    }
    if is_bound(text) {
        return only(Cause::Bound);
    }
    if let Some(value) = exponent(text) {
        return Some(found(Cause::Exponent, [value]));
    }
    if let Some((value, cause)) = fraction(text) {
        return Some(found(cause, value));
    }
    if let Some(value) = reckoning(text) {
        return Some(found(Cause::Reckoning, value));
    }
    in_words(text).filter(|_| !text.contains(|c: char| c.is_ascii_digit()))
}

/// 三百三十一, 3万2千.
fn in_words(text: &str) -> Option<Doubtful> {
    number_in_words(text).map(|words| Doubtful {
        causes: vec![Cause::Words],
        figures: vec![Figure {
            percent: words.percent,
            ..plain(words.amount)
        }],
        only_if_proven: words.is_weak,
    })
}

/// A percentage where none is asked for: 331.6% may be 331.6 typed into a cell of percentages, or 3.316.
pub(super) fn percent(figure: &Figure) -> Doubtful {
    let share = figure.amount.checked_mul(Amount(Decimal::new(1, 2)));
    let both = std::iter::once(figure.amount).chain(share.map(Amount::normalised));
    found(Cause::PercentSign, both)
}

fn found(cause: Cause, amounts: impl IntoIterator<Item = Amount>) -> Doubtful {
    Doubtful {
        causes: vec![cause],
        figures: amounts.into_iter().map(plain).collect(),
        only_if_proven: false,
    }
}

fn plain(amount: Amount) -> Figure {
    Figure {
        amount,
        percent: false,
        unit: None,
        how: ReadAs::TextNumber,
    }
}

/// `=SUM(C5:E5)`, `=C5+D5`, `SUM(C5:E5)`.
fn is_formula(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '“']);
    if text.starts_with('=') {
        return text.len() > 1;
    }
    let upper = text
        .trim_start_matches(['+', '@', '-'])
        .to_ascii_uppercase();
    let functions = ["SUM(", "SUBTOTAL(", "ROUND(", "AVERAGE(", "IF("];
    functions.iter().any(|start| upper.starts_with(start)) && text.ends_with(')')
}

/// The same as in another cell.
fn is_ditto(text: &str) -> bool {
    let text = text.trim_matches(['(', ')', '"', '“', '”', ' ']);
    let marks = |c: char| matches!(c, '〃' | '″' | '"' | '”' | '“' | '々' | '\'' | ',');
    let is_marks = text.contains(['〃', '″']) && text.chars().all(marks);
    let words = [
        "同上",
        "同左",
        "同右",
        "同前",
        "同下",
        "同上年",
        "同上月",
        "同去年",
        "同前年",
        "同上期",
        "同计划",
        "不变",
        "与上相同",
        "与上月相同",
        "与上年相同",
        "与去年相同",
        "同上表",
        "无变化",
        "没有变化",
        "ditto",
        "〃",
    ];
    is_marks || words.contains(&text)
}

/// A date or part of one, which is no figure.
fn is_date(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let starts_with_year =
        |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let is_small = |part: &str, most: u8| {
        (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|n| (1..=most).contains(&n))
    };
    let by_marks = match parts[..] {
        [year, month, day] => starts_with_year(year) && is_small(month, 12) && is_small(day, 31),
        [year, month] => !text.contains('.') && starts_with_year(year) && is_small(month, 12),
        _ => false,
    };
    let by_words = text.contains(['年', '月', '日'])
        && text.starts_with(|c: char| c.is_ascii_digit())
        && (read_date(&text).is_some()
            || text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '年' | '月' | '日' | '号')));
    by_marks || by_words
}

/// 12:30, 12:30:15.
fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_part = |part: &&str| part.len() == 2 && part.parse::<u8>().is_ok_and(|n| n < 60);
    let is_hour =
        |part: &str| (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|n| n <= 24);
    matches!(parts.len(), 2 | 3) && is_hour(parts[0]) && parts[1..].iter().all(is_part)
}

/// 10-20, 10~20, 10至20亩: two figures of which the first is less.
fn is_range(text: &str, asked: Asked<'_>) -> bool {
    let text = text.trim_start_matches(['约', '从', '在']);
    let text = text.strip_suffix("之间").unwrap_or(text);
    let marks = ["-", "~", "～", "〜", "至", "到", "—"];
    marks.iter().any(|mark| {
        let Some((low, high)) = text.split_once(mark) else {
            return false;
        };
        let high = high.trim_start_matches(['-', '~', '～']);
        let read = |text: &str| figure(text.trim(), asked.units)?.ok();
        let (Some(low), Some(high)) = (read(low), read(high)) else {
            return false;
        };
        let same_unit = low.unit == high.unit || low.unit.is_none();
        same_unit && low.amount >= Amount::ZERO && low.amount < high.amount
    })
}

/// >100, 100以上, 不少于100.
fn is_bound(text: &str) -> bool {
    let before = [
        ">",
        "<",
        "≥",
        "≤",
        "≧",
        "≦",
        "⩾",
        "⩽",
        "不少于",
        "不低于",
        "不超过",
        "不高于",
        "不大于",
        "不小于",
        "超过",
        "大于",
        "小于",
        "多于",
        "少于",
        "高于",
        "低于",
        "至少",
        "至多",
        "最多",
        "最少",
        "不足",
        "不到",
        "超",
    ];
    let behind = [
        "以上",
        "以下",
        "以内",
        "之内",
        "及以上",
        "及以下",
        "起",
        "+",
        "余",
        "多",
    ];
    let is_figure = |text: &str| {
        let digits = text.trim().trim_start_matches('=');
        digits.starts_with(|c: char| c.is_ascii_digit())
    };
    let has_unit_behind = |text: &str| {
        let end = text
            .rfind(|c: char| c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        let tail = text[end..].trim();
        behind.iter().any(|word| {
            tail.ends_with(word) || tail.starts_with(word) && matches!(*word, "余" | "多" | "+")
        })
    };
    let after_word = before.iter().find_map(|word| text.strip_prefix(word));
    after_word.is_some_and(is_figure) || is_figure(text) && has_unit_behind(text)
}

/// 3.316E2, 3.316×10^2, 3.316×10².
fn exponent(text: &str) -> Option<Amount> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.to_owned()),
        None => {
            let (mantissa, power) = ["×10", "*10", "x10", "X10"]
                .iter()
                .find_map(|times| text.split_once(times))?;
            // 3×100 is a product.
            let raised = power.strip_prefix('^').unwrap_or(power);
            let is_raised =
                raised.len() < power.len() || raised.chars().all(|c| superscript(c).is_some());
            is_raised.then_some(())?;
            (
                mantissa,
                raised
                    .chars()
                    .map(|c| superscript(c).unwrap_or(c))
                    .collect(),
            )
        }
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa),
    };
    let mut value: Decimal = plain_digits(digits)?.parse().ok()?;
    let power: i32 = power.strip_prefix('+').unwrap_or(&power).parse().ok()?;
    for _ in 0..power.unsigned_abs().min(30) {
        value = match power > 0 {
            true => value.checked_mul(Decimal::TEN)?,
            false => value.checked_div(Decimal::TEN)?,
        };
    }
    value.set_sign_negative(negative && !value.is_zero());
    (power.unsigned_abs() < 20).then(|| Amount(value).normalised())
}

/// What a reckoning without cells comes to: 331.6+2, or a figure alone.
pub(super) fn reckoned(text: &str) -> Option<Amount> {
    let figure = || plain_digits(text)?.parse().ok();
    reckoning(text).flatten().or_else(figure)
}

fn superscript(c: char) -> Option<char> {
    let digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let idx = digits.chars().position(|digit| digit == c)?;
    char::from_digit(idx.to_u32()?, 10)
}

/// 1/2, ½, 3½. Of 331.6/302.1 nobody can say which is meant.
fn fraction(text: &str) -> Option<(Option<Amount>, Cause)> {
    const VULGAR: [(char, i64, i64); 14] = [
        ('½', 1, 2),
        ('⅓', 1, 3),
        ('⅔', 2, 3),
        ('¼', 1, 4),
        ('¾', 3, 4),
        ('⅕', 1, 5),
        ('⅖', 2, 5),
        ('⅗', 3, 5),
        ('⅘', 4, 5),
        ('⅙', 1, 6),
        ('⅛', 1, 8),
        ('⅜', 3, 8),
        ('⅝', 5, 8),
        ('⅞', 7, 8),
    ];
    let quotient = |a: i64, b: i64| {
        let exact = Decimal::from(a).checked_div(Decimal::from(b))?;
        (exact.scale() <= 6).then(|| Amount(exact).normalised())
    };
    if let Some((c, a, b)) = VULGAR.iter().find(|(c, ..)| text.ends_with(*c)) {
        let whole = text.strip_suffix(*c)?.trim();
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        return Some((
            quotient(whole.checked_mul(*b)?.checked_add(*a)?, *b),
            Cause::Fraction,
        ));
    }
    let (a, b) = text.split_once(['/', '⁄', '\\'])?;
    let (a, b) = (a.trim(), b.trim());
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>())
        && b > 0
        && (0..b).contains(&a)
        && b <= 100
    {
        return Some((quotient(a, b), Cause::Fraction));
    }
    let is_figure = |text: &str| plain_digits(text).is_some();
    (is_figure(a) && is_figure(b)).then_some((None, Cause::Several))
}

/// 331.6+2, 100*2: figures with one kind of sign after the other, from left to right where they are of one rank.
fn reckoning(text: &str) -> Option<Option<Amount>> {
    let text: String = text
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| match c {
            '×' | '✕' | 'x' | 'X' => '*',
            '÷' => '/',
            '＋' => '+',
            c => c,
        })
        .collect();
    let text = text.strip_suffix('=').unwrap_or(&text);
    let is_digit = |c: char| c.is_ascii_digit();
    if !text.starts_with(is_digit)
        || !text.ends_with(is_digit)
        || !text.contains(['+', '-', '*', '/'])
    {
        return None;
    }
    let figures = |text: &str| plain_digits(text)?.parse::<Amount>().ok();
    // 331.6+2=333.6 says itself what it comes to.
    if let Some((terms, result)) = text.split_once('=') {
        let result = figures(result)?;
        let came = reckoning(terms)??;
        return Some((came == result).then_some(result));
    }
    let mut sum = Amount::ZERO;
    let mut sign = '+';
    for term in text.split_inclusive(['+', '-']) {
        let next = term.chars().next_back().filter(|c| matches!(c, '+' | '-'));
        let mut product: Option<Amount> = None;
        let mut by = '*';
        for factor in term
            .trim_end_matches(['+', '-'])
            .split_inclusive(['*', '/'])
        {
            let value = figures(factor.trim_end_matches(['*', '/']))?;
            product = Some(match (product, by) {
                (None, _) => value,
                (Some(product), '*') => product.checked_mul(value)?,
                (Some(product), _) => {
                    let quotient = product.0.checked_div(value.0)?;
                    (quotient.scale() <= 6).then_some(Amount(quotient))?
                }
            });
            by = factor.chars().next_back().unwrap_or('*');
        }
        let term = product?;
        sum = match sign {
            '+' => sum.checked_add(term)?,
            _ => sum.checked_sub(term)?,
        };
        sign = next.unwrap_or(' ');
    }
    // Nothing may follow the last sign.
    (sign == ' ').then_some(Some(sum))
}

/// A text without the marks at its ends.
struct Peeled<'t> {
    core: &'t str,
    causes: Vec<Cause>,
    is_minus: bool,
    percent: bool,
    unit: Option<usize>,
    /// How many times it is to be taken, by a word.
    times: Option<i64>,
    is_weak: bool,
}

impl<'t> Peeled<'t> {
    fn of(text: &'t str, asked: Asked<'_>) -> Option<Self> {
        let mut peeled = Self {
            core: text.trim(),
            causes: Vec::new(),
            is_minus: false,
            percent: false,
            unit: None,
            times: None,
            is_weak: false,
        };
        peeled.core.contains(has_digit).then_some(())?;
        while peeled.in_front() || peeled.behind(asked) {
            peeled.core = peeled.core.trim();
        }
        Some(peeled)
    }

    fn note(&mut self, cause: Cause, core: &'t str) -> bool {
        // What is left must still be something.
        if !core.contains(has_digit) {
            return false;
        }
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
        self.core = core;
        true
    }

    fn in_front(&mut self) -> bool {
        let core = self.core;
        if let Some(rest) = core.strip_prefix(['▲', '△', '▼', '▽', '∆', 'Δ', '◣', '↓'])
        {
            self.is_minus = true;
            return self.note(Cause::Triangle, rest);
        }
        let minus = ["负", "減", "减少", "减", "下降", "降低", "红字", "红", "-"];
        if let Some(rest) = minus.iter().find_map(|word| core.strip_prefix(word)) {
            self.is_minus = true;
            return match core.starts_with('-') {
                // A sign is no fault by itself.
                true => {
                    self.core = rest;
                    rest.contains(has_digit)
                }
                false => self.note(Cause::MinusWord, rest),
            };
        }
        let about = [
            "大约", "大概", "约为", "约", "将近", "接近", "近", "≈", "≒", "~", "～", "估计",
            "预计", "暂估",
        ];
        if let Some(rest) = about.iter().find_map(|word| core.strip_prefix(word)) {
            return self.note(Cause::About, rest);
        }
        if let Some(rest) = core.strip_prefix(['￥', '¥', '$', '€', '£']) {
            return self.note(Cause::Currency, rest);
        }
        if let Some(rest) = core.strip_prefix(FOOTNOTES) {
            return self.note(Cause::Footnote, rest);
        }
        if let Some(rest) = core.strip_prefix(['\'', '’', '‘', '`']) {
            return self.note(Cause::Punctuation, rest);
        }
        if let Some(rest) = core.strip_prefix(['"', '“', '”', '「', '『', '《']) {
            return self.note(Cause::Quotes, rest);
        }
        if let Some(rest) = core.strip_prefix([',', ';', ':', '、', '。', '·', '?', '!', '=']) {
            return self.note(Cause::Punctuation, rest);
        }
        // (331.6 with one bracket, or a remark before the figure.
        if core.starts_with(['(', '[', '【', '〔', '{']) {
            let close = core.find([')', ']', '】', '〕', '}']);
            let Some(close) = close else {
                let rest = core.trim_start_matches(['(', '[', '【', '〔', '{']);
                self.is_weak = true;
                return self.note(Cause::Punctuation, rest);
            };
            let after = core[close..]
                .chars()
                .next()
                .map_or(close, |c| close + c.len_utf8());
            let inside = &core[..close];
            self.is_weak |= inside.contains(|c: char| c.is_ascii_digit());
            return self.note(Cause::Remark, &core[after..]);
        }
        // A word before it: 共331.6, 小计：929.2. What is in words may not hold figures of its own.
        let digits = core.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let word = &core[..digits];
        let is_word = !word.is_empty() && word.chars().all(is_in_words);
        if is_word {
            self.is_weak = true;
            return self.note(Cause::Remark, &core[digits..]);
        }
        false
    }

    fn behind(&mut self, asked: Asked<'_>) -> bool {
        let core = self.core;
        if let Some(rest) = core.strip_suffix(FOOTNOTES) {
            return self.note(Cause::Footnote, rest);
        }
        if let Some(rest) = core.strip_suffix('%').filter(|_| !self.percent) {
            self.percent = true;
            self.core = rest;
            return true;
        }
        if core.ends_with([')', ']', '】', '〕', '}', '〉', '》']) {
            let open = core.rfind(['(', '[', '【', '〔', '{', '〈', '《']);
            let Some(open) = open else {
                let rest = core.trim_end_matches([')', ']', '】', '〕', '}', '〉', '》']);
                self.is_weak = true;
                return self.note(Cause::Punctuation, rest);
            };
            let inside = core[open..].trim_matches(|c: char| !c.is_alphanumeric());
            let n_digits = inside.chars().filter(char::is_ascii_digit).count();
            // 971[1] and 971(注2) are note marks; 331.6(302.1) are two figures.
            let is_mark =
                n_digits > 0 && n_digits <= 2 && inside.len() <= 8 && !inside.contains('.');
            self.is_weak |= n_digits > 0 && !is_mark && !inside.contains(is_in_words);
            let cause = if is_mark {
                Cause::Footnote
            } else {
                Cause::Remark
            };
            return self.note(cause, &core[..open]);
        }
        if let Some(rest) = core.strip_suffix('-') {
            self.is_minus = true;
            return self.note(Cause::MinusBehind, rest);
        }
        if let Some(rest) = ["左右", "上下", "许", "±"]
            .iter()
            .find_map(|word| core.strip_suffix(word))
        {
            return self.note(Cause::About, rest);
        }
        if let Some(rest) = core.strip_suffix(['"', '”', '“', '」', '』', '\'', '’', '‘', '`'])
        {
            return self.note(Cause::Quotes, rest);
        }
        if let Some(rest) = core.strip_suffix([
            '.', ',', ';', ':', '、', '。', '·', '?', '!', '/', '|', '_', '=',
        ]) {
            return self.note(Cause::Punctuation, rest);
        }
        // 971注1 and 971注: the figure ends where the word begins.
        if let Some((figure, mark)) = core.split_once('注')
            && mark.chars().count() <= 2
        {
            return self.note(Cause::Footnote, figure);
        }
        // A unit, or a word, behind the digits.
        let digits = match core.contains(|c: char| c.is_ascii_digit()) {
            true => |c: char| c.is_ascii_digit(),
            false => has_digit,
        };
        let last = core.char_indices().rfind(|(_, c)| digits(*c));
        let end = last.map_or(core.len(), |(at, c)| at + c.len_utf8());
        let tail = core[end..].trim();
        if tail.is_empty() {
            return false;
        }
        let rest = &core[..end];
        if self.unit.is_none()
            && let Some(unit) = asked.units.find(tail)
        {
            self.unit = Some(unit);
            self.core = rest;
            return true;
        }
        let times = [
            ("千万", 10_000_000),
            ("百万", 1_000_000),
            ("十万", 100_000),
            ("万", 10_000),
            ("亿", 100_000_000),
            ("千", 1_000),
            ("百", 100),
            ("十", 10),
            ("w", 10_000),
            ("W", 10_000),
            ("k", 1_000),
            ("K", 1_000),
        ];
        let word = times.iter().find(|(word, _)| tail == *word);
        if let Some((_, by)) = word.filter(|_| self.times.is_none()) {
            self.times = Some(*by);
            return self.note(Cause::Times, rest);
        }
        if tail.chars().all(is_in_words) && tail.chars().count() > 1
            || tail.ends_with(['整', '计', '正'])
        {
            self.is_weak = true;
            return self.note(Cause::Remark, rest);
        }
        false
    }

    /// What the core may be, with what was taken off.
    fn doubtful(mut self, asked: Asked<'_>) -> Option<Doubtful> {
        let mut core = Vec::new();
        match number_in_words(self.core).filter(|words| !words.percent) {
            Some(words) if !self.core.contains(|c: char| c.is_ascii_digit()) => {
                self.causes.push(Cause::Words);
                self.is_weak |= words.is_weak;
                core.push(words.amount);
            }
            _ => core = self.inside(asked)?,
        }
        if self.causes.is_empty() {
            return None;
        }
        let by_unit = asked.unit.map(|unit| &**asked.units.name(unit));
        let is_counted = by_unit.is_none_or(|unit| unit == "%" || unit.starts_with(COUNTED_BY));
        let mut amounts: Vec<Amount> = Vec::new();
        for amount in core {
            let times = self
                .times
                .map(|times| amount.checked_mul(Amount::from(times)));
            let times = times.flatten().map(Amount::normalised);
            // 3.3万 where 万亩 are asked for is 3.3 of them more likely than 33000.
            match is_counted && self.times.is_some() {
                true => amounts.extend(std::iter::once(amount).chain(times)),
                false => amounts.push(times.unwrap_or(amount)),
            }
        }
        if self.is_minus {
            let negative = |amount: &Amount| Amount(-amount.0);
            let is_sure = !self.causes.iter().any(|cause| {
                matches!(
                    cause,
                    Cause::Triangle | Cause::MinusBehind | Cause::MinusWord
                )
            });
            let plain = amounts.clone();
            amounts = amounts.iter().map(negative).collect();
            // ▲ is also an arrow upwards, and the dash behind a figure may be one.
            amounts.extend(plain.into_iter().filter(|_| !is_sure));
        }
        if self.percent
            && asked
                .unit
                .is_none_or(|unit| &**asked.units.name(unit) != "%")
        {
            self.causes.push(Cause::PercentSign);
            self.percent = false;
        }
        let figures = amounts.into_iter().map(|amount| Figure {
            unit: self.unit,
            percent: self.percent,
            ..plain(amount)
        });
        Some(Doubtful {
            causes: self.causes,
            figures: figures.collect(),
            only_if_proven: self.is_weak,
        })
    }

    /// What digits with faults between them may be, the likeliest first.
    fn inside(&mut self, asked: Asked<'_>) -> Option<Vec<Amount>> {
        let mut text: String = self.core.to_owned();
        if let Some(plain) = other_digits(&text) {
            self.causes.push(Cause::Words);
            text = plain;
        }
        if text.contains('\n') {
            self.causes.push(Cause::Several);
            return None;
        }
        if text.contains(' ') {
            self.causes.push(Cause::Blanks);
            // 295.5 331.6 are two.
            self.is_weak |= text.split(' ').filter(|part| part.contains('.')).count() > 1;
            text.retain(|c| c != ' ');
        }
        let n_digits = text.chars().filter(char::is_ascii_digit).count();
        let n_alike = text.chars().filter(|c| looks_like(*c).is_some()).count();
        if n_alike > 0 && n_alike <= n_digits {
            self.causes.push(Cause::Letters);
            // Other letters may be anything.
            self.is_weak |= text.contains(['Q', 'D', 'i', '!', 'Z', 'z', 'b', 'G', 'g', 'q']);
            text = text.chars().map(|c| looks_like(c).unwrap_or(c)).collect();
        }
        let points = |c: char| {
            matches!(
                c,
                '。' | '｡'
                    | '点'
                    | '點'
                    | '·'
                    | '・'
                    | '•'
                    | '∙'
                    | '˙'
                    | '‧'
                    | '⋅'
                    | ':'
                    | ';'
                    | '*'
                    | '^'
                    | '°'
                    | '٫'
            )
        };
        if text.contains(points) {
            self.causes.push(Cause::Point);
            text = text.replace(points, ".");
        }
        if text.contains(['、', '\'', '’', '`', '_', '٬', '，']) {
            self.causes.push(Cause::Commas);
            text = text.replace(['、', '\'', '’', '`', '_', '٬', '，'], ",");
        }
        if ["..", ",,", ".,", ",."]
            .iter()
            .any(|twice| text.contains(twice))
        {
            self.causes.push(Cause::Point);
            while let Some(at) = ["..", ".,", ",."].iter().find_map(|twice| text.find(twice)) {
                text.replace_range(at..at + 2, ".");
            }
            while text.contains(",,") {
                text = text.replace(",,", ",");
            }
        }
        let is_digits = text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        is_digits.then_some(())?;
        let texts = self.separated(&text, asked)?;
        self.causes.dedup();
        texts.iter().map(|text| text.parse().ok()).collect()
    }

    /// Digits with points and commas, as plain figures.
    fn separated(&mut self, text: &str, asked: Asked<'_>) -> Option<Vec<String>> {
        if let Some(plain) = plain_digits(text) {
            return Some(vec![plain]);
        }
        let without = |mark: char| text.replace(mark, "");
        let (n_points, n_commas) = (text.matches('.').count(), text.matches(',').count());
        let valid = |text: String| plain_digits(&text);
        match (n_points, n_commas) {
            (0, 1) => {
                self.causes.push(Cause::Commas);
                let as_point = valid(text.replace(',', "."));
                let removed = valid(without(','));
                let n_behind = text.len() - text.find(',')? - 1;
                // 331,6 in a column of one decimal; 36,03 in one of none.
                let as_asked = n_behind <= usize::from(asked.decimals);
                let both = match as_asked {
                    true => [as_point, removed],
                    false => [removed, as_point],
                };
                Some(both.into_iter().flatten().collect())
            }
            (0, _) => {
                self.causes.push(Cause::Commas);
                let last = text.rfind(',')?;
                let as_point = format!("{}.{}", text[..last].replace(',', ""), &text[last + 1..]);
                let both = [valid(without(',')), valid(as_point)];
                Some(both.into_iter().flatten().collect())
            }
            (1, _) if text.rfind(',') < text.find('.') => {
                self.causes.push(Cause::Commas);
                Some(vec![valid(without(','))?])
            }
            // 1.234,5 as other countries write it.
            (_, 1) if text.rfind('.') < text.find(',') => {
                self.causes.push(Cause::Commas);
                Some(vec![valid(without('.').replace(',', "."))?])
            }
            (2.., 0) => {
                self.causes.push(Cause::Point);
                let are_thousands = text.split('.').skip(1).all(|group| group.len() == 3);
                let last = text.rfind('.')?;
                let as_point = format!("{}.{}", text[..last].replace('.', ""), &text[last + 1..]);
                let mut both = vec![valid(as_point)?];
                match are_thousands {
                    true => both = vec![valid(without('.'))?],
                    false => self.is_weak = true,
                }
                Some(both)
            }
            _ => None,
        }
    }
}

/// Digits of any kind, in words too.
fn has_digit(c: char) -> bool {
    c.is_ascii_digit() || super::words::is_digit_in_words(c) || super::words::is_other_digit(c)
}

/// Chinese characters and letters, of which words are made; not what looks like a digit in a figure.
fn is_in_words(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) && !super::words::is_digit_in_words(c)
        || matches!(c, ':' | ' ')
}

/// Marks of notes: circled figures, raised figures, asterisks, daggers.
fn is_footnote(c: char) -> bool {
    matches!(c,
        '\u{2460}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' | '\u{3251}'..='\u{325f}' | '\u{32b1}'..='\u{32bf}'
        | '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' | '₀'..='₉' | 'ⁿ'
        | '*' | '⁎' | '∗' | '※' | '★' | '☆' | '●' | '◆' | '◇' | '■' | '□' | '†' | '‡' | '§' | '¶' | '#' | '^'
        | '√' | '✓' | '✔' | '✱' | '﹡' | '↑' | '↗' | 'ª' | 'º')
}

const FOOTNOTES: fn(char) -> bool = is_footnote;

/// The digit that a letter or sign is mistaken for.
fn looks_like(c: char) -> Option<char> {
    Some(match c {
        'O' | 'o' | 'Q' | 'D' | 'О' | 'о' | 'Ο' | 'ο' | '〇' | '○' | '◯' | '零' | 'Ø' | 'ø' => {
            '0'
        }
        'l' | 'I' | 'i' | '|' | '!' | 'ı' | '丨' | 'І' | 'Ι' | '一' => '1',
        'Z' | 'z' => '2',
        'З' | 'з' => '3',
        'S' | 's' => '5',
        'b' | 'G' | 'б' => '6',
        'B' => '8',
        'g' | 'q' => '9',
        _ => return None,
    })
}
