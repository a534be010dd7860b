//! Names as people spell them: one plain form, and matching against the roster.

use std::borrow::Cow;

use pinyin::ToPinyinMulti;
use unicode_normalization::UnicodeNormalization;

use crate::model::AliasMatch;

use super::{Reporter, Scheme};

/// The text without what spelling varies in: full-width forms, blanks, line breaks, and the kind of
/// bracket, dash and colon.
pub fn plain(text: &str) -> Cow<'_, str> {
    // Most texts of most forms vary in nothing.
    if text
        .chars()
        .all(|c| c.is_ascii_graphic() || ('\u{4e00}'..='\u{9fff}').contains(&c))
    {
        return Cow::Borrowed(text);
    }
    let plain = text
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}'))
        .map(|c| match c {
            '—' | '–' | '－' | '−' | '‐' | '―' => '-',
            '【' | '〔' | '［' => '(',
            '】' | '〕' | '］' => ')',
            'μ' | 'µ' => 'u',
            c => c,
        });
    Cow::Owned(plain.collect())
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
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    if digits(a) != digits(b) {
        return false;
    }
    let longest = a.chars().count().max(b.chars().count());
    if longest <= 3 {
        return sounds_alike(a, b);
    }
    strsim::osa_distance(a, b) <= (longest / 4).min(3)
}

/// A name matched with the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameMatch {
    /// Index of the reporter.
    pub reporter: usize,
    /// `None` where the spelling is the roster's own.
    pub how: Option<AliasMatch>,
}

/// Finds the reporter that `name` means: its exact name, then a listed alias, then the only one
/// that sounds the same, is cut short so, or differs in one character. Anything less is only
/// suggested: 轮台县 is nearer to 轮台镇 than 轮台 is.
pub fn match_reporter(scheme: &Scheme, name: &str) -> Result<NameMatch, Vec<usize>> {
    let spelled = office(&plain(name), &scheme.area);
    if spelled.is_empty() {
        return Err(Vec::new());
    }
    let among = |how, fits: &dyn Fn(&Reporter) -> bool| {
        let mut found = (0..scheme.reporters.len()).filter(|&idx| fits(&scheme.reporters[idx]));
        match (found.next(), found.next()) {
            (Some(reporter), None) => Some(NameMatch { reporter, how }),
            _ => None,
        }
    };
    let spellings = |reporter: &Reporter| {
        let mut all = vec![office(&plain(&reporter.name), &scheme.area)];
        all.extend(
            reporter
                .aliases
                .iter()
                .map(|alias| office(&plain(alias), &scheme.area)),
        );
        all
    };
    let exact = among(None, &|reporter| {
        office(&plain(&reporter.name), &scheme.area) == spelled
    });
    exact
        .or_else(|| {
            among(Some(AliasMatch::Listed), &|r| {
                spellings(r).contains(&spelled)
            })
        })
        .or_else(|| {
            among(Some(AliasMatch::Homophone), &|r| {
                spellings(r).iter().any(|name| sounds_alike(name, &spelled))
            })
        })
        .or_else(|| {
            among(Some(AliasMatch::Short), &|r| {
                spellings(r)
                    .iter()
                    .any(|name| class(name).is_some() && &name[..name.len() - 3] == spelled)
            })
        })
        .or_else(|| {
            among(Some(AliasMatch::Misprint), &|r| {
                spellings(r).iter().any(|name| is_misprint(name, &spelled))
            })
        })
        .ok_or_else(|| suggestions(scheme, &spelled, &spellings))
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
    if rest.chars().count() > area.chars().count() + 1 {
        rest = rest.strip_prefix(area).unwrap_or(rest);
    }
    rest.to_owned()
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

fn suggestions(
    scheme: &Scheme,
    spelled: &str,
    spellings: &dyn Fn(&Reporter) -> Vec<String>,
) -> Vec<usize> {
    let mut near: Vec<(usize, usize)> = (0..scheme.reporters.len())
        .filter_map(|idx| {
            let names = spellings(&scheme.reporters[idx]);
            let distance = names
                .iter()
                .map(|name| strsim::osa_distance(name, spelled))
                .min()?;
            (distance * 2 <= spelled.chars().count()).then_some((distance, idx))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, idx)| idx).collect()
}
