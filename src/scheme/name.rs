//! Names as people spell them: one plain form, and matching against the roster.

use std::borrow::Cow;
use std::sync::LazyLock;

use foldhash::HashMap;
use pinyin::ToPinyinMulti;
use unicode_normalization::UnicodeNormalization;

use crate::model::{AliasMatch, is_unseen};

use super::Reporter;

/// The text without what spelling varies in: full-width forms, blanks, line breaks, traditional characters, and
/// the kind of bracket, dash and colon.
pub fn plain(text: &str) -> Cow<'_, str> {
    // Most texts of most forms vary in nothing.
    if text
        .chars()
        .all(|c| c.is_ascii_graphic() || is_han(c) && simplified(c) == c)
    {
        return Cow::Borrowed(text);
    }
    // Of most others only full-width forms and blanks are to be replaced, which needs no tables.
    let by_itself = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '\u{3000}' => Some(' '),
        c if c.is_ascii() || is_han(c) => Some(c),
        _ => None,
    };
    let mut simple = String::with_capacity(text.len());
    for c in text.chars() {
        let Some(c) = by_itself(c) else {
            let text = without_circles(text);
            return Cow::Owned(text.nfkc().filter_map(spelled_one_way).collect());
        };
        simple.extend(spelled_one_way(c));
    }
    Cow::Owned(simple)
}

/// How a character is spelled, unless it only takes room.
fn spelled_one_way(c: char) -> Option<char> {
    match c {
        c if is_unseen(c) => None,
        c if c.is_whitespace() => None,
        '—' | '–' | '－' | '−' | '‐' | '―' => Some('-'),
        '【' | '〔' | '［' => Some('('),
        '】' | '〕' | '］' => Some(')'),
        'μ' | 'µ' => Some('u'),
        c => Some(simplified(c)),
    }
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// ① is (1): next to a digit, a number without its circle would be another number.
fn without_circles(text: &str) -> Cow<'_, str> {
    let number = |c: char| match c {
        '①'..='⑳' => Some(u32::from(c) - u32::from('①') + 1),
        '❶'..='❿' => Some(u32::from(c) - u32::from('❶') + 1),
        _ => None,
    };
    if text.chars().all(|c| number(c).is_none()) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        match number(c) {
            Some(number) => spelled.push_str(&format!("({number})")),
            None => spelled.push(c),
        }
    }
    Cow::Owned(spelled)
}

/// For each character of [`is_han`], the one that is written for it in simplified Chinese.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = ('\u{4e00}'..='\u{9fff}').collect();
    let lines = include_str!("traditional.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut chars = line.chars();
        while let (Some(traditional), Some(written)) = (chars.next(), chars.next()) {
            table[u32::from(traditional) as usize - 0x4e00] = written;
        }
    }
    table
});

/// The character as it is written in simplified Chinese.
fn simplified(c: char) -> char {
    match is_han(c) {
        true => SIMPLIFIED[u32::from(c) as usize - 0x4e00],
        false => c,
    }
}

/// A name without what lists and clerks put around it: 1、轮台镇, (一)轮台镇, 轮台镇: and 轮台镇* are 轮台镇.
pub fn bare(plain: &str) -> &str {
    const BULLETS: &[char] = &[
        '·', '•', '●', '■', '◆', '★', '☆', '※', '*', '-', '#', '>', '√', '△', '▲', '○', '□', '◇',
        '、', '.', ':', ',', ';', '。', '"', '“', '‘', '\'', '_', '|', '~', '+', '=',
    ];
    const MARKS: &[char] = &[
        ':', '。', '.', ',', ';', '、', '*', '※', '#', '!', '?', '~', '-', '_', '+', '^', '★', '☆',
        '△', '▲', '√', '"', '”', '’', '\'', '|', '/', '\\', '=', '·', '○', '●',
    ];
    let start = plain.trim_start_matches(BULLETS);
    let name = without_number(start).trim_start_matches(BULLETS);
    let name = name.trim_end_matches(MARKS);
    match name.is_empty() {
        true => plain,
        false => name,
    }
}

/// The text without the number that a list gives it: 1、 (1) 1. 一、 (一) A. No.1
fn without_number(text: &str) -> &str {
    const MOST_DIGITS: usize = 4;
    let open = text.strip_prefix('(');
    let start = open.unwrap_or(text);
    let mut words = ["No.", "NO.", "no.", "No", "NO", "第"].iter();
    let after_word = words.find_map(|word| start.strip_prefix(word));
    let start = after_word.unwrap_or(start);
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_digit(),
        |c| "一二三四五六七八九十".contains(c),
        |c| "IVXivx".contains(c),
        |c| c.is_ascii_alphabetic(),
    ];
    let rest = kinds.into_iter().enumerate().find_map(|(nth, is_digit)| {
        let rest = start.trim_start_matches(is_digit);
        let n_digits = start.chars().count() - rest.chars().count();
        let most = if nth == 3 { 1 } else { MOST_DIGITS };
        let ends = match open {
            Some(_) => &[')'][..],
            None => &['、', '.', ':', ',', '-', '_', ')', '/', ';', '。'][..],
        };
        let ended = rest.strip_prefix(ends);
        let rest = ended.or(after_word.filter(|_| open.is_none()).map(|_| rest))?;
        // 1.5万亩 has no number before it.
        let is_whole = !rest.starts_with(|c: char| c.is_ascii_digit());
        ((1..=most).contains(&n_digits) && is_whole && !rest.is_empty()).then_some(rest)
    });
    rest.unwrap_or(text)
}

/// The digits at both ends of a name taken off: 1轮台镇, 轮台镇2.
fn without_digits(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_ascii_digit())
}

/// A name with anything behind it in brackets of any kind, or behind a dash: the name and the rest.
fn remarked(name: &str) -> Option<(&str, &str)> {
    const OPEN: &[char] = &[
        '(', '[', '{', '<', '《', '〈', '「', '『', '〖', '-', ':', ',', ';', '。', '/', '、',
    ];
    let at = name.find(OPEN).filter(|at| *at > 0)?;
    Some(name.split_at(at))
}

/// The text without a bracketed remark at its end, and the remark: 面积(万亩) is 面积 and 万亩.
pub fn without_remark(plain: &str) -> (&str, Option<&str>) {
    let Some(inner) = plain.strip_suffix(')') else {
        return (plain, None);
    };
    match inner.rfind('(') {
        Some(0) | None => (plain, None),
        Some(open) => (&inner[..open], Some(&inner[open + 1..])),
    }
}

/// Whether one text may be a misprint of the other: the same digits, and one character in four or
/// fewer written otherwise. Words of up to three characters must sound the same: 地表水 is not 地下水.
pub fn is_near(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    // 县、市 is 县市.
    let letters = |text: &str| -> Vec<char> {
        let is_mark = |c: &char| matches!(c, '、' | ',' | '。' | '·' | ';' | ':' | '_' | '*' | '/');
        text.chars().filter(|c| !is_mark(c)).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let longest = a.len().max(b.len());
    let most = (longest / 4).min(3);
    // Longer texts are sentences; comparing them would cost more than it is worth.
    if a.len().abs_diff(b.len()) > most || longest > 100 {
        return false;
    }
    let digits = |text: &[char]| -> Vec<char> {
        text.iter().copied().filter(char::is_ascii_digit).collect()
    };
    if digits(&a) != digits(&b) {
        return false;
    }
    let (a, b): (String, String) = (a.into_iter().collect(), b.into_iter().collect());
    if longest <= 3 {
        return sounds_alike(&a, &b);
    }
    strsim::osa_distance(&a, &b) <= most
}

/// Whether a text is another with characters left out, and two or more left.
pub fn is_shortened(whole: &str, text: &str) -> bool {
    let mut rest = whole.chars();
    let mut letters = text.trim_end_matches(['…', '.', '。']).chars();
    text.chars().nth(1).is_some() && letters.all(|letter| rest.any(|c| c == letter))
}

/// A name matched with the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameMatch {
    /// Index of the reporter.
    pub reporter: usize,
    /// `None` where the spelling is the roster's own.
    pub how: Option<AliasMatch>,
}

/// Longer texts are no names; comparing them would cost more than it is worth.
const MAX_NAME: usize = 40;

/// The names of all reporters, prepared for look-up.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    area: String,
    /// For each reporter its name, then its aliases, without what offices add.
    spellings: Vec<Vec<String>>,
    /// Names; `None` where two reporters share one.
    names: HashMap<String, Option<usize>>,
    /// Aliases, likewise.
    aliases: HashMap<String, Option<usize>>,
    /// The first two characters of names and aliases → the whole, and its reporter.
    starts: HashMap<[char; 2], Vec<(String, usize)>>,
}

impl Roster {
    /// Prepares the names of `reporters` in `area`.
    pub fn new(area: &str, reporters: &[Reporter]) -> Self {
        let mut roster = Self {
            area: area.to_owned(),
            ..Self::default()
        };
        for (idx, reporter) in reporters.iter().enumerate() {
            let mut spellings = Vec::new();
            let aliases = reporter.aliases.iter().map(String::as_str);
            for (nth, name) in std::iter::once(&*reporter.name).chain(aliases).enumerate() {
                let whole = plain(name).into_owned();
                let spelling = office(&whole, area);
                let map = if nth == 0 {
                    &mut roster.names
                } else {
                    &mut roster.aliases
                };
                map.entry(spelling.clone())
                    .and_modify(|entry| *entry = entry.filter(|earlier| *earlier == idx))
                    .or_insert(Some(idx));
                let mut chars = whole.chars();
                if let (Some(first), Some(second)) = (chars.next(), chars.next()) {
                    roster
                        .starts
                        .entry([first, second])
                        .or_default()
                        .push((whole, idx));
                }
                spellings.push(spelling);
            }
            roster.spellings.push(spellings);
        }
        roster
    }

    /// Finds the reporter that `name` means: its exact name, then a listed alias, then the only one
    /// that sounds the same, is cut short so, or differs in one character. Anything less is only
    /// suggested: 轮台县 is nearer to 轮台镇 than 轮台 is.
    pub fn find(&self, name: &str) -> Result<NameMatch, Vec<usize>> {
        let name = plain(name);
        self.matched(&name, false).ok_or_else(|| {
            let named = self.all_named_in(&name);
            match named.len() > 1 {
                true => named,
                false => self.suggestions(&self.office(bare(&name))),
            }
        })
    }

    /// The same without suggestions; with `only_listed`, names and listed aliases alone.
    pub(crate) fn look_up(&self, name: &str, only_listed: bool) -> Option<NameMatch> {
        self.matched(&plain(name), only_listed)
    }

    /// What a plain name means: as it stands, without what stands around it, without a remark. One that names
    /// another reporter in its remark may mean either.
    fn matched(&self, name: &str, only_listed: bool) -> Option<NameMatch> {
        let whole = self.office(name);
        if let Some(found) = self.listed(&whole) {
            return Some(found);
        }
        let alike = |spelled: &str| match only_listed {
            true => None,
            false => self.alike(spelled),
        };
        let inner = self.office(bare(name));
        let digits_off = self.office(bare(without_digits(bare(name))));
        let mut spellings = [&inner, &digits_off].into_iter();
        let exact = spellings.find_map(|spelled| self.listed(spelled));
        if let Some(found) = exact.or_else(|| alike(&whole)).or_else(|| alike(&inner)) {
            return Some(found);
        }
        let (start, _) = remarked(&inner)?;
        let start = self.office(bare(without_digits(start)));
        let mut found = match self.listed(&start) {
            Some(found) => NameMatch {
                how: Some(AliasMatch::Remark),
                ..found
            },
            None => alike(&start)?,
        };
        // 轮台(1) is no surer than 轮台.
        if found.how == Some(AliasMatch::Remark) && self.is_footnote(&inner, &start) {
            found.how = self.listed(&start)?.how;
        }
        let named = self.all_named_in(name);
        named
            .iter()
            .all(|other| *other == found.reporter)
            .then_some(found)
    }

    /// Whether nothing but a footnote's number stands behind a name: 轮台镇(1).
    fn is_footnote(&self, name: &str, start: &str) -> bool {
        let rest = name.strip_prefix(start).unwrap_or(name);
        let is_mark = |c: char| c.is_ascii_digit() || matches!(c, '(' | ')' | '[' | ']' | '*');
        rest.chars().all(is_mark)
    }

    fn office(&self, name: &str) -> String {
        office(name, &self.area)
    }

    fn listed(&self, spelled: &str) -> Option<NameMatch> {
        let own = self.names.get(spelled).copied().flatten();
        if let Some(reporter) = own {
            return Some(NameMatch {
                reporter,
                how: None,
            });
        }
        let reporter = self.aliases.get(spelled).copied().flatten()?;
        Some(NameMatch {
            reporter,
            how: Some(AliasMatch::Listed),
        })
    }

    fn alike(&self, spelled: &str) -> Option<NameMatch> {
        let ways = [
            AliasMatch::Homophone,
            AliasMatch::Short,
            AliasMatch::Misprint,
        ];
        if spelled.is_empty() || spelled.chars().count() > MAX_NAME {
            return None;
        }
        ways.into_iter().find_map(|how| {
            let mut found = (0..self.spellings.len()).filter(|&idx| {
                let mut names = self.spellings[idx].iter();
                names.any(|name| fits(how, name, spelled))
            });
            match (found.next(), found.next()) {
                (Some(reporter), None) => Some(NameMatch {
                    reporter,
                    how: Some(how),
                }),
                _ => None,
            }
        })
    }

    /// The one reporter whose name, or listed alias, is part of a text.
    pub fn named_in(&self, text: &str) -> Option<usize> {
        match self.all_named_in(&plain(text))[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// All reporters whose names, or listed aliases, are part of a plain text.
    pub(crate) fn all_named_in(&self, text: &str) -> Vec<usize> {
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for pair in chars.windows(2) {
            let start = pair[0].0;
            let names = self.starts.get(&[pair[0].1, pair[1].1]);
            for (name, reporter) in names.into_iter().flatten() {
                if text[start..].starts_with(name.as_str()) {
                    found.push((start, start + name.len(), *reporter));
                }
            }
        }
        // 轮台县委 within 轮台县委宣传部 is no mention of its own.
        let within = |a: &(usize, usize, usize)| {
            found
                .iter()
                .any(|b| b.0 <= a.0 && a.1 <= b.1 && b.1 - b.0 > a.1 - a.0)
        };
        let mentions = found.iter().filter(|mention| !within(mention));
        let mut named: Vec<usize> = mentions.map(|mention| mention.2).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Names of which at least half is the same, the nearest first.
    fn suggestions(&self, spelled: &str) -> Vec<usize> {
        let n_chars = spelled.chars().count();
        if n_chars > MAX_NAME {
            return Vec::new();
        }
        let mut near: Vec<(f64, usize)> = (0..self.spellings.len())
            .filter_map(|idx| {
                let near = self.spellings[idx]
                    .iter()
                    .filter(|name| strsim::osa_distance(name, spelled) * 2 <= n_chars)
                    .map(|name| 1.0 - strsim::normalized_damerau_levenshtein(name, spelled))
                    .min_by(f64::total_cmp)?;
                Some((near, idx))
            })
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.into_iter().take(3).map(|(_, idx)| idx).collect()
    }
}

/// Whether a text is a name otherwise spelled.
fn fits(how: AliasMatch, name: &str, spelled: &str) -> bool {
    match how {
        AliasMatch::Listed | AliasMatch::Remark => name == spelled,
        AliasMatch::Homophone => sounds_alike(name, spelled) || is_spelled_out(name, spelled),
        AliasMatch::Short => {
            let mut chars = name.chars();
            class(name).is_some() && chars.next_back().is_some() && chars.as_str() == spelled
        }
        AliasMatch::Misprint => is_misprint(name, spelled),
    }
}

/// Takes off what offices add to a township's name.
fn office(name: &str, area: &str) -> String {
    let mut rest = name;
    for seal in ["(盖章)", "(章)", "(公章)", "(签章)"] {
        rest = rest.strip_suffix(seal).unwrap_or(rest);
    }
    for suffix in ["人民政府", "政府", "党委"] {
        if let Some(stripped) = rest.strip_suffix(suffix) {
            rest = stripped;
            break;
        }
    }
    // Offices inside a township; those of the county have such names themselves.
    for suffix in TOWNSHIP_OFFICES {
        let stripped = rest.strip_suffix(suffix);
        rest = stripped
            .filter(|name| name.ends_with(['乡', '镇']))
            .unwrap_or(rest);
    }
    // 轮台县轮台镇, 巴州轮台县轮台镇
    let is_township = |name: &str| name.ends_with(['乡', '镇']);
    let is_region = |name: &str| name.ends_with(['州', '省', '区', '市', '疆']);
    if let Some(at) = rest.find(area) {
        let inside = rest[at + area.len()..].trim_start_matches(['-', ':', '·', '/', ',', '、']);
        let is_inside = at == 0 || is_region(&rest[..at]) && is_township(inside);
        if inside.chars().count() > 1 && is_inside {
            rest = inside;
        }
    }
    rest.to_owned()
}

/// What a township's offices are called behind its name.
const TOWNSHIP_OFFICES: [&str; 9] = [
    "人民政府办公室",
    "政府办公室",
    "党委和政府",
    "党委、政府",
    "党委政府",
    "党政综合办公室",
    "党政办公室",
    "党政办",
    "统计站",
];

/// Whether a text in Latin letters spells a name out: LuntaiZhen, or luntai.
fn is_spelled_out(name: &str, letters: &str) -> bool {
    if letters.is_empty() || !letters.chars().all(|c| c.is_ascii_alphabetic()) {
        return false;
    }
    fn goes_on(mut name: std::str::Chars<'_>, letters: &str) -> bool {
        let Some(c) = name.next() else {
            return letters.is_empty();
        };
        let is_class = name.as_str().is_empty() && class(&c.to_string()).is_some();
        if is_class && letters.is_empty() {
            return true;
        }
        let Some(readings) = c.to_pinyin_multi() else {
            return false;
        };
        readings.into_iter().any(|reading| {
            let rest = letters.strip_prefix(reading.plain());
            rest.is_some_and(|rest| goes_on(name.clone(), rest))
        })
    }
    goes_on(name.chars(), &letters.to_ascii_lowercase())
}

/// The administrative suffix that must agree: 轮台县 is not 轮台镇.
fn class(name: &str) -> Option<char> {
    name.chars()
        .next_back()
        .filter(|c| matches!(c, '乡' | '镇' | '县' | '局' | '村' | '区'))
}

fn sounds_alike(a: &str, b: &str) -> bool {
    let readings = |c: char| -> Vec<&'static str> {
        c.to_pinyin_multi()
            .map(|multi| multi.into_iter().map(|one| one.plain()).collect())
            .unwrap_or_default()
    };
    a.chars().count() == b.chars().count()
        && class(a) == class(b)
        && a.chars().zip(b.chars()).all(|(x, y)| {
            x == y || {
                let heard = readings(y);
                readings(x).iter().any(|reading| heard.contains(reading))
            }
        })
}

fn is_misprint(a: &str, b: &str) -> bool {
    a.chars().count() >= 4 && class(a) == class(b) && strsim::osa_distance(a, b) == 1
}
