//! Figures as people type them.
//!
//! What is a figure beyond doubt, however it is spelled, is read. What is not is never guessed at: [`meaning`](super::meaning)
//! says what it may mean.

use std::borrow::Cow;

use crate::model::{Amount, Cause, ReadAs, is_unseen};
use crate::scheme::Units;

use super::meaning::meaning;

/// What a text in a figure column says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// Nothing.
    Blank,
    /// A mark or a word for "no figure". Dashes are the mark that forms ask for; others are told of.
    NotApplicable {
        /// Whether it is a dash.
        is_dash: bool,
    },
    /// A figure.
    Figure(Figure),
    /// A figure of more digits than can be reckoned with.
    TooLong,
    /// What may mean a figure, or is something else that can be named.
    Doubtful(Doubtful),
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

/// Why a text is no figure, and what it may mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Doubtful {
    /// What is the matter with it.
    pub(super) causes: Vec<Cause>,
    /// What it may mean, the likeliest first.
    pub(super) figures: Vec<Figure>,
    /// Whether they are worth telling only where a relation shows that one is meant.
    pub(super) only_if_proven: bool,
}

/// What is known of the column in which a figure stands.
#[derive(Clone, Copy)]
pub(super) struct Asked<'u> {
    pub(super) units: &'u Units,
    /// The unit that figures without one are in.
    pub(super) unit: Option<usize>,
    /// Decimals that the column has.
    pub(super) decimals: u8,
}

/// Reads a text as a figure.
pub(super) fn read_number(text: &str, asked: Asked<'_>) -> Reading {
    let has_unseen = text.contains(is_unseen);
    let text = half_width(text);
    let text = text.trim().trim_start_matches(APOSTROPHES).trim();
    if text.is_empty() {
        return Reading::Blank;
    }
    if is_dash(text) {
        return Reading::NotApplicable { is_dash: true };
    }
    if is_no_figure(text) {
        return Reading::NotApplicable { is_dash: false };
    }
    match figure(text, asked.units).or_else(|| otherwise_spelled(text, asked)) {
        Some(Ok(figure)) if has_unseen && figure.how == ReadAs::TextNumber => {
            let how = ReadAs::Unseen;
            Reading::Figure(Figure { how, ..figure })
        }
        Some(Ok(figure)) => Reading::Figure(figure),
        Some(Err(TooLong)) => Reading::TooLong,
        None => meaning(text, asked).map_or(Reading::NotANumber, Reading::Doubtful),
    }
}

/// The figure that a text plainly says, whatever it is about.
pub(crate) fn typed_number(text: &str, units: &Units) -> Option<Amount> {
    let text = half_width(text);
    let text = text.trim().trim_start_matches(APOSTROPHES).trim();
    Some(figure(text, units)?.ok()?.amount)
}

/// By an apostrophe before a figure people make spreadsheets keep it as text; a Chinese keyboard gives a curly one.
const APOSTROPHES: [char; 4] = ['\'', '’', '‘', '`'];

/// Digits that are plainly a figure, and too many.
pub(super) struct TooLong;

/// A plain figure, as 1,234.50, (12.5), 40% or 12万元.
pub(super) fn figure(text: &str, units: &Units) -> Option<Result<Figure, TooLong>> {
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

/// A figure that is spelled as no program spells it, and can mean nothing else: ￥331.6, 3 603, 331。6, 0.03316万.
fn otherwise_spelled(text: &str, asked: Asked<'_>) -> Option<Result<Figure, TooLong>> {
    let signs = ["￥", "¥", "RMB", "CNY", "人民币"];
    let without_sign = signs.iter().find_map(|sign| text.strip_prefix(sign));
    let plain = without_sign.map_or(text, str::trim_start);
    let pointed = with_point(plain);
    let joined = without_spaces(&pointed);
    let (counted, times) = in_ten_thousands(&joined, asked);
    let how = match () {
        () if without_sign.is_some() => ReadAs::Currency,
        () if times.is_some() => ReadAs::Times,
        () if pointed != plain => ReadAs::FullStop,
        () if joined != pointed => ReadAs::Spaced,
        () => return None,
    };
    let read = match figure(counted, asked.units)? {
        Ok(read) => read,
        too_long => return Some(too_long),
    };
    if times.is_some() && (read.percent || read.unit.is_some() || read.how == ReadAs::Bracketed) {
        return None;
    }
    let amount = match times {
        Some(times) => read.amount.checked_mul(times).map(Amount::normalised),
        None => Some(read.amount),
    };
    Some(
        amount
            .map(|amount| Figure {
                amount,
                how,
                ..read
            })
            .ok_or(TooLong),
    )
}

/// 331.6 for 331。6: the Chinese full stop is on the key of the point.
fn with_point(text: &str) -> Cow<'_, str> {
    let mut stops = text.match_indices(['。', '｡']);
    let (Some((at, stop)), None) = (stops.next(), stops.next()) else {
        return Cow::Borrowed(text);
    };
    let (before, after) = (&text[..at], &text[at + stop.len()..]);
    let is_between = before.ends_with(|c: char| c.is_ascii_digit())
        && after.starts_with(|c: char| c.is_ascii_digit());
    match is_between && !text.contains('.') {
        true => Cow::Owned(format!("{before}.{after}")),
        false => Cow::Borrowed(text),
    }
}

/// 3603 for 3 603: blanks where thousands begin, and nowhere else.
fn without_spaces(text: &str) -> Cow<'_, str> {
    let starts = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let ends = text[starts..].find(|c: char| !c.is_ascii_digit() && c != ' ');
    let ends = ends.map_or(text.len(), |end| starts + end);
    let whole = text[starts..ends].trim_end();
    let mut groups = whole.split(' ');
    let first = groups.next().unwrap_or_default();
    let (mut n_groups, mut are_thousands) = (0, true);
    for group in groups {
        n_groups += 1;
        are_thousands &= group.len() == 3;
    }
    let is_grouped = n_groups > 0 && are_thousands && (1..=3).contains(&first.len());
    if !is_grouped || first.starts_with('0') {
        return Cow::Borrowed(text);
    }
    let joined: String = whole.chars().filter(|c| *c != ' ').collect();
    let (before, after) = (&text[..starts], &text[starts + whole.len()..]);
    Cow::Owned(format!("{before}{joined}{after}"))
}

/// 0.03316万 without its 万, and how many times it is to be taken, unless the unit counts in 万 or 亿 already.
fn in_ten_thousands<'t>(text: &'t str, asked: Asked<'_>) -> (&'t str, Option<Amount>) {
    let unit = asked.unit.map(|unit| &**asked.units.name(unit));
    let is_counted = unit.is_none_or(|unit| unit == "%" || unit.starts_with(COUNTED_BY));
    let times = [("万", 10_000), ("亿", 100_000_000)];
    let found = times.iter().find_map(|(word, times)| {
        let counted = text.strip_suffix(word)?.trim_end();
        let is_figure = counted.ends_with(|c: char| c.is_ascii_digit());
        is_figure.then(|| (counted, Some(Amount::from(*times))))
    });
    found.filter(|_| !is_counted).unwrap_or((text, None))
}

/// With these a unit begins that counts in more than ones: 万亩.
pub(super) const COUNTED_BY: [char; 4] = ['百', '千', '万', '亿'];

/// Digits without thousands separators, if these stand where they should: 1,234.50 but not 1,23.
pub(super) fn plain_digits(digits: &str) -> Option<String> {
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

/// Whether a text says that there is no figure or date, and whether it does so by a dash.
pub(super) fn says_nothing(text: &str) -> Option<bool> {
    let text = half_width(text);
    let text = text.trim().trim_start_matches(APOSTROPHES).trim();
    let is_dash = is_dash(text);
    (!text.is_empty() && (is_dash || is_no_figure(text))).then_some(is_dash)
}

/// The mark for "does not apply", in whatever length.
fn is_dash(text: &str) -> bool {
    text.chars().all(|c| c == '-')
}

/// What people write instead of it where there is no figure.
fn is_no_figure(text: &str) -> bool {
    let is_marks = text
        .chars()
        .all(|c| matches!(c, '-' | '/' | '\\' | '…' | '⋯' | '.' | '·' | '、' | ' '))
        && text != "."
        && text != "·"
        && text != "、";
    const WORDS: [&str; 33] = [
        "无",
        "没有",
        "暂无",
        "未有",
        "尚无",
        "无数据",
        "没有数据",
        "暂无数据",
        "无此项",
        "没有此项",
        "无此指标",
        "不适用",
        "不涉及",
        "未涉及",
        "不详",
        "不清楚",
        "不明",
        "未知",
        "不知道",
        "不掌握",
        "无法统计",
        "未统计",
        "暂缺",
        "缺",
        "空",
        "空白",
        "na",
        "n/a",
        "n.a.",
        "n/a.",
        "nil",
        "none",
        "null",
    ];
    let plain: String = text
        .trim_matches(['(', ')', '[', ']', '<', '>', '。', '.', ' ', '"', '“', '”'])
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    is_marks || WORDS.contains(&plain.as_str()) || plain == "#n/a"
}

/// Full-width forms of ASCII, and the many dashes, as ASCII, without what nobody sees. Nothing else is unfolded: ① is
/// not 1, ½ is not 1⁄2. Every blank is one; line breaks stay.
pub(super) fn half_width(text: &str) -> String {
    text.chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            c if c.is_whitespace() => ' ',
            '\u{2800}' | '\u{3164}' | '\u{ffa0}' => ' ',
            '−' | '–' | '—' | '―' | '‐' | '‑' | '‒' | '─' | '━' | '﹣' | '⁻' | '﹘' | '➖' => {
                '-'
            }
            '﹪' => '%',
            '﹐' => ',',
            '﹒' | '․' => '.',
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
            ("’12", "12 text"),
            ("0", "0 text"),
            ("0.0", "0.0 text"),
            ("40.0", "40.0 text"),
            ("1234.50", "1234.50 text"),
            ("1,234.50", "1234.50 text"),
            ("12,345,678", "12345678 text"),
            ("１２３．５", "123.5 text"),
            ("１，２３４．５０", "1234.50 text"),
            ("3，603", "3603 text"),
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
            ("￥331.6", "331.6 currency"),
            ("¥ 1,234.50", "1234.50 currency"),
            ("￥3，603。5", "3603.5 currency"),
            ("人民币12元", "12 currency"),
            ("3 603", "3603 spaced"),
            ("3\u{a0}603", "3603 spaced"),
            ("-12\u{2009}345\u{202f}678.5", "-12345678.5 spaced"),
            ("3 603亩", "3603 spaced"),
            ("331。6", "331.6 stop"),
            ("-331｡6", "-331.6 stop"),
            ("0.03316万", "331.6 times"),
            ("0.5 亿", "50000000 times"),
            ("", "blank"),
            ("  ", "blank"),
            ("　", "blank"),
            ("－", "n/a"),
            ("—", "n/a"),
            ("——", "n/a"),
            ("--", "n/a"),
            ("-", "n/a"),
            ("/", "none"),
            ("／", "none"),
            ("\\", "none"),
            ("…", "none"),
            ("……", "none"),
            ("无", "none"),
            (" 没有 ", "none"),
            ("（无）", "none"),
            ("暂无", "none"),
            ("不适用", "none"),
            ("不详", "none"),
            ("NA", "none"),
            ("n/a", "none"),
            // A zero width space, direction marks around it, a soft hyphen, a byte order mark, a variation selector.
            ("\u{200b}331.6", "331.6 unseen"),
            ("\u{202d}1,234.50\u{202c}", "1234.50 unseen"),
            ("3\u{ad}31.6", "331.6 unseen"),
            ("\u{feff}12", "12 unseen"),
            ("40\u{fe0e}%", "40 percent"),
            ("无\u{200d}", "none"),
            ("\u{200b}", "blank"),
            ("待定", "no"),
            ("①", "no"),
            (".", "no"),
            (",", "no"),
            ("(-5)", "no"),
            ("12%元", "no"),
            ("123456789012345678901234567890123", "too long"),
            ("0.12345678901234567890123456789012", "too long"),
            ("1234567890123456789012345678901234亩", "too long"),
        ];
        let read = table.map(|(text, _)| (text, shown(text)));
        assert_eq!(differing(&read, &table), Vec::<String>::new());
    }

    #[test]
    fn what_may_be_meant_is_proposed_and_not_read() {
        // Text, then what is the matter with it, and what it may mean; ~ where only a relation may say so.
        let table = [
            ("331,6", "? [Commas] 331.6 / 3316"),
            ("36,03", "? [Commas] 3603 / 36.03"),
            ("1,23", "? [Commas] 123 / 1.23"),
            ("3,6 03", "? [Blanks] 3603"),
            ("3, 603", "? [Blanks] 3603"),
            ("3、603", "? [Commas] 3603"),
            ("1234,567", "? [Commas] 1234567 / 1234.567"),
            ("1.234,5", "? [Commas] 1234.5"),
            ("1.234.567", "? [Point] 1234567"),
            ("331·6", "? [Point] 331.6"),
            ("331:6", "? [Point] 331.6"),
            ("331..6", "? [Point] 331.6"),
            ("331.。6", "? [Point] 331.6"),
            ("1.2.3", "?~ [Point] 12.3"),
            ("1.", "? [Punctuation] 1"),
            ("331.6。", "? [Punctuation] 331.6"),
            ("331.6？", "? [Punctuation] 331.6"),
            ("12 34", "? [Blanks] 1234"),
            ("331 .6", "? [Blanks] 331.6"),
            ("971①", "? [Footnote] 971"),
            ("971⑳", "? [Footnote] 971"),
            ("971²", "? [Footnote] 971"),
            ("971*", "? [Footnote] 971"),
            ("971※", "? [Footnote] 971"),
            ("971[1]", "? [Footnote] 971"),
            ("971（注2）", "? [Footnote] 971"),
            ("971注1", "? [Footnote] 971"),
            ("3O2.1", "? [Letters] 302.1"),
            ("3О2.l", "? [Letters] 302.1"),
            ("3〇2.1", "? [Letters] 302.1"),
            ("▲295.5", "? [Triangle] -295.5 / 295.5"),
            ("△ 3 603.5", "? [Triangle, Blanks] -3603.5 / 3603.5"),
            ("负295.5", "? [MinusWord] -295.5 / 295.5"),
            ("331.6-", "? [MinusBehind] -331.6 / 331.6"),
            ("331.6－", "? [MinusBehind] -331.6 / 331.6"),
            ("929.2（三年）", "? [Remark] 929.2"),
            ("共331.6", "?~ [Remark] 331.6"),
            ("12公斤", "?~ [Remark] 12"),
            ("“331.6”", "? [Quotes] 331.6"),
            ("$331.6", "? [Currency] 331.6"),
            ("￥3 603.5①*", "? [Currency, Footnote, Blanks] 3603.5"),
            ("3.316E2", "? [Exponent] 331.6"),
            ("1e5", "? [Exponent] 100000"),
            ("3.316×10²", "? [Exponent] 331.6"),
            ("-3.316e+2", "? [Exponent] -331.6"),
            ("3×100", "? [Reckoning] 300"),
            ("0.1+0.2", "? [Reckoning] 0.3"),
            ("331.6+2=333.6", "? [Reckoning] 333.6"),
            ("1/2", "? [Fraction] 0.5"),
            ("½", "? [Fraction] 0.5"),
            ("3½", "? [Fraction] 3.5"),
            ("295.5/331.6", "? [Several]"),
            ("295.5\n331.6", "? [Several]"),
            ("约30", "? [About] 30"),
            ("30左右", "? [About] 30"),
            ("331.6亩左右", "? [About] 331.6 unit 2"),
            ("三十", "? [Words] 30"),
            ("〇", "? [Words] 0"),
            ("三百三十一亩", "? [Words] 331 unit 2"),
            ("叁佰叁拾壹", "? [Words] 331"),
            ("٣٣١", "? [Words] 331"),
            ("Ⅲ", "? [Words] 3"),
            ("3千", "? [Times] 3000"),
            ("0.03w", "? [Times] 300"),
            (">100", "? [Bound]"),
            ("≥100", "? [Bound]"),
            ("100以上", "? [Bound]"),
            ("300余亩", "? [Bound]"),
            ("不少于100亩", "? [Bound]"),
            ("10-20", "? [Range]"),
            ("10—20亩", "? [Range]"),
            ("10～20", "? [Range]"),
            ("10至20", "? [Range]"),
            ("同上", "? [Ditto]"),
            ("〃", "? [Ditto]"),
            ("=SUM(C5:E5)", "? [FormulaText]"),
            ("＝C5+D5", "? [FormulaText]"),
            ("12:30", "? [Time]"),
            ("2024-5-31", "? [Date]"),
            ("2024年5月", "? [Date]"),
            ("5月", "? [Date]"),
        ];
        let read = table.map(|(text, _)| (text, shown(text)));
        assert_eq!(differing(&read, &table), Vec::<String>::new());
    }

    #[test]
    fn ten_thousands_where_ten_thousands_are_asked_for_may_be_said_twice() {
        let units = units();
        let asked = Asked {
            units: &units,
            unit: Some(1),
            decimals: 1,
        };
        let shown = as_shown(read_number("3.3万", asked));
        assert_eq!(shown, "? [Times] 3.3 / 33000");
    }

    /// Those that are not as they should be.
    fn differing(read: &[(&str, String)], table: &[(&str, &str)]) -> Vec<String> {
        let both = read.iter().zip(table);
        let differ = both.filter(|((_, read), (_, wanted))| read != wanted);
        let said =
            differ.map(|((text, read), (_, wanted))| format!("{text:?}: {read}, not {wanted}"));
        said.collect()
    }

    fn shown(text: &str) -> String {
        let units = units();
        let asked = Asked {
            units: &units,
            unit: Some(2),
            decimals: 1,
        };
        as_shown(read_number(text, asked))
    }

    fn as_shown(reading: Reading) -> String {
        match reading {
            Reading::Blank => "blank".to_owned(),
            Reading::NotApplicable { is_dash: true } => "n/a".to_owned(),
            Reading::NotApplicable { is_dash: false } => "none".to_owned(),
            Reading::TooLong => "too long".to_owned(),
            Reading::NotANumber => "no".to_owned(),
            Reading::Doubtful(doubtful) => {
                let figures = doubtful.figures.iter().map(|figure| {
                    let unit = figure.unit.map(|unit| format!(" unit {unit}"));
                    format!("{}{}", figure.amount, unit.unwrap_or_default())
                });
                let weak = if doubtful.only_if_proven { "~" } else { "" };
                let figures = figures.collect::<Vec<_>>().join(" / ");
                format!("?{weak} {:?} {figures}", doubtful.causes)
                    .trim_end()
                    .to_owned()
            }
            Reading::Figure(figure) => {
                let how = match (figure.how, figure.unit) {
                    (ReadAs::TextNumber, None) => "text".to_owned(),
                    (ReadAs::Unseen, None) => "unseen".to_owned(),
                    (ReadAs::Bracketed, None) => "brackets".to_owned(),
                    (ReadAs::Percent, None) => "percent".to_owned(),
                    (ReadAs::Currency, _) => "currency".to_owned(),
                    (ReadAs::Spaced, _) => "spaced".to_owned(),
                    (ReadAs::FullStop, None) => "stop".to_owned(),
                    (ReadAs::Times, None) => "times".to_owned(),
                    (ReadAs::NumberWithUnit, Some(unit)) => format!("unit {unit}"),
                    other => format!("{other:?}"),
                };
                format!("{} {how}", figure.amount)
            }
        }
    }
}
