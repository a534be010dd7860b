//! Columns whose headers say something else than the annex's: known by what they mean, by their years, and by where
//! they stand. The county is asked whether they were taken for the right ones.

use std::collections::BTreeMap;

use crate::scheme::{Annex, Scheme, bare, is_near, is_shortened, without_remark};

use super::period::chinese_digit;

/// What a header means, apart from how it says it: 2023年计划, 2023年度 and 二〇二三年 mean one thing, 合计, 总计
/// and 三年合计 another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Meaning {
    pub(super) year: Option<u16>,
    /// What is said beside the year and words that say nothing; of totals always 合计.
    pub(super) stem: String,
}

impl Meaning {
    /// The meaning of a header's plain levels, from top to bottom.
    pub(super) fn of<'l>(scheme: &Scheme, levels: impl Iterator<Item = &'l str>) -> Self {
        let joined: String = levels.map(|level| without_remark(level).0).collect();
        let (years, rest) = without_years(bare(&joined));
        let year = years.first().copied();
        let mut stem = rest;
        for filler in FILLERS {
            let without = stem.replace(filler, "");
            // 面积 alone says what is asked.
            if !(without.is_empty() && years.is_empty()) {
                stem = without;
            }
        }
        let stem = stem.trim_matches(['-', '/', '(', ')', ':', '、', ',', '~', '至', '到']);
        let stem = if is_total(stem) {
            TOTAL
        } else if scheme.units.find(stem).is_some() {
            ""
        } else {
            stem
        };
        Self {
            // 2023-2025年合计 is of no one year.
            year: year.filter(|year| years.iter().all(|other| other == year)),
            stem: stem.to_owned(),
        }
    }
}

const TOTAL: &str = "合计";

/// Words that headers of figures have or leave out.
const FILLERS: [&str; 17] = [
    "年度",
    "年份",
    "年",
    "计划数",
    "计划",
    "规划数",
    "规划",
    "目标数",
    "任务数",
    "任务",
    "指标",
    "完成数",
    "完成",
    "数量",
    "预计",
    "面积",
    "数",
];

fn is_total(stem: &str) -> bool {
    const WORDS: [&str; 7] = ["合计", "总计", "共计", "小计", "累计", "总量", "总"];
    const OF: [&str; 6] = ["", "三", "3", "各", "全部", "几"];
    let mut words = WORDS.iter().filter_map(|word| stem.strip_suffix(word));
    words.any(|rest| OF.contains(&rest))
}

/// The years in a text, and the text without them.
fn without_years(text: &str) -> (Vec<u16>, String) {
    let chars: Vec<char> = text.chars().collect();
    let digit = |idx: usize| {
        let c = *chars.get(idx)?;
        c.to_digit(10)
            .or_else(|| chinese_digit(c))
            .filter(|digit| *digit < 10)
    };
    let mut years = Vec::new();
    let mut rest = String::new();
    let mut idx = 0;
    while idx < chars.len() {
        let is_ascii = chars[idx].is_ascii_digit();
        let mut n_digits = 0;
        while digit(idx + n_digits).is_some() && chars[idx + n_digits].is_ascii_digit() == is_ascii
        {
            n_digits += 1;
        }
        let number = (idx..idx + n_digits).try_fold(0, |number: u32, at| {
            number.checked_mul(10)?.checked_add(digit(at)?)
        });
        let year = match (n_digits, number) {
            (4, Some(number)) => u16::try_from(number).ok(),
            // 23年 is 2023.
            (2, Some(number)) if chars.get(idx + 2) == Some(&'年') && number >= 10 => {
                u16::try_from(2000 + number).ok()
            }
            _ => None,
        };
        match year.filter(|year| (1990..2100).contains(year)) {
            Some(year) => years.push(year),
            None => rest.extend(&chars[idx..idx + n_digits.max(1)]),
        }
        idx += n_digits.max(1);
    }
    (years, rest)
}

/// The year that a plain text is, and nothing else: 二〇二三年, 23年度.
pub(super) fn year_alone(plain: &str) -> Option<u16> {
    let starts = plain.starts_with(['1', '2', '一', '二', '\'', '’']);
    if !starts || plain.len() > "二〇二三年度".len() {
        return None;
    }
    let text = plain.trim_start_matches(['\'', '’']);
    let (years, rest) = without_years(text);
    match years[..] {
        [year] if matches!(&*rest, "" | "年" | "年度") => Some(year),
        _ => None,
    }
}

/// What the leaves of an annex mean.
pub(super) struct Meanings {
    leaves: Vec<Meaning>,
    /// By their lowest levels alone, for headers that leave the groups out.
    lowest: Vec<Meaning>,
}

impl Meanings {
    /// `leaves` are their plain levels.
    pub(super) fn new(scheme: &Scheme, leaves: &[Vec<String>]) -> Self {
        let whole = leaves.iter().map(|levels| {
            let levels = levels.iter().map(String::as_str);
            Meaning::of(scheme, levels)
        });
        let whole: Vec<Meaning> = whole.collect();
        let lowest = leaves.iter().zip(&whole).map(|(levels, whole)| {
            let last = levels.last().map(String::as_str);
            Meaning {
                year: whole.year,
                ..Meaning::of(scheme, last.into_iter())
            }
        });
        Self {
            lowest: lowest.collect(),
            leaves: whole,
        }
    }

    /// Whether a text in the top row of a header may stand for any leaf's.
    pub(super) fn may_start(&self, meaning: &Meaning) -> bool {
        let is_long = meaning.stem.chars().nth(1).is_some();
        let is_same = |leaf: &Meaning| {
            let is_short = is_long && is_shortened(&leaf.stem, &meaning.stem);
            (leaf.stem == meaning.stem || is_short) && leaf.year.is_some() == meaning.year.is_some()
        };
        // 2023年造林, where years stand alone.
        let is_year = |leaf: &Meaning| leaf.year.is_some() && leaf.stem.is_empty();
        let is_yearly = meaning.year.is_some() && self.leaves.iter().any(is_year);
        (meaning.year.is_some() || !meaning.stem.is_empty())
            && (is_yearly || self.leaves.iter().chain(&self.lowest).any(is_same))
    }
}

/// A column of a table whose header is being read.
pub(super) struct HeaderColumn {
    /// Column of the sheet.
    pub(super) col: u32,
    /// What its header means; `None` where it has none.
    pub(super) meaning: Option<Meaning>,
    /// The leaf that it is known to be.
    pub(super) leaf: Option<usize>,
    /// The leaf whose header it has, where another column is that leaf already.
    pub(super) repeats: Option<usize>,
    /// Whether figures stand below it.
    pub(super) has_figures: bool,
}

/// Takes columns, which stand from left to right, for leaves that no header names. What may be two things is left alone.
pub(super) fn guess(annex: &Annex, meanings: &Meanings, columns: &mut [HeaderColumn]) {
    by_years(annex, meanings, columns);
    by_meaning(annex, meanings, columns);
    by_position(annex, columns);
}

/// The leaves that hold figures and have no column.
fn missing(annex: &Annex, columns: &[HeaderColumn]) -> Vec<usize> {
    let is_missing = |leaf: &usize| {
        annex.column_of(*leaf).kind.is_figure()
            && !columns.iter().any(|column| column.leaf == Some(*leaf))
    };
    (0..annex.leaves.len()).filter(is_missing).collect()
}

/// Columns for all years of something, headed by the years of another plan, or by one year twice: the first of them
/// is the first year's.
fn by_years(annex: &Annex, meanings: &Meanings, columns: &mut [HeaderColumn]) {
    let missing = missing(annex, columns);
    let mut families: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (leaf, described) in annex.leaves.iter().enumerate() {
        if described.year.is_some() {
            families.entry(described.column).or_default().push(leaf);
        }
    }
    for leaves in families.values() {
        if leaves.len() < 2 || !leaves.iter().any(|leaf| missing.contains(leaf)) {
            continue;
        }
        let is_of = |column: &HeaderColumn| {
            let known = column.leaf.or(column.repeats);
            let says = |meaning: &Meaning| {
                let same = |leaf: &Meaning| leaf.stem == meaning.stem;
                meaning.year.is_some()
                    && (same(&meanings.leaves[leaves[0]]) || same(&meanings.lowest[leaves[0]]))
            };
            match known {
                Some(leaf) => leaves.contains(&leaf),
                None => column.meaning.as_ref().is_some_and(says),
            }
        };
        let of: Vec<usize> = (0..columns.len())
            .filter(|&idx| is_of(&columns[idx]))
            .collect();
        let printed: Option<Vec<u16>> = of
            .iter()
            .map(|&idx| columns[idx].meaning.as_ref()?.year)
            .collect();
        let Some(printed) = printed.filter(|printed| printed.len() == leaves.len()) else {
            continue;
        };
        let asked: Vec<u16> = (leaves.iter())
            .filter_map(|&leaf| annex.leaves[leaf].year)
            .collect();
        let pairs = || printed.iter().zip(&asked);
        let n_other = pairs().filter(|(printed, asked)| printed != asked).count();
        let shift = |(printed, asked): (&u16, &u16)| i32::from(*printed) - i32::from(*asked);
        let is_shifted = pairs().all(|pair| shift(pair) == shift((&printed[0], &asked[0])));
        if n_other == 1 || is_shifted {
            for (&idx, &leaf) in of.iter().zip(leaves) {
                columns[idx].leaf = Some(leaf);
            }
        }
    }
}

/// Whether a meaning may be a leaf's.
type Fits<'f> = dyn Fn(&Meaning, usize) -> bool + 'f;

/// Headers that mean what a leaf means and nothing else does.
fn by_meaning(annex: &Annex, meanings: &Meanings, columns: &mut [HeaderColumn]) {
    let missing = missing(annex, columns);
    let n_yearly = annex.columns.iter().filter(|column| column.each_year);
    let has_one_yearly = n_yearly.count() == 1;
    let ways: [&Fits<'_>; 4] = [
        &|meaning, leaf| *meaning == meanings.leaves[leaf],
        &|meaning, leaf| *meaning == meanings.lowest[leaf],
        &|meaning, leaf| {
            let (whole, stem) = (&meanings.leaves[leaf].stem, &meaning.stem);
            let is_long = stem.chars().nth(1).is_some();
            is_long
                && meaning.year == meanings.leaves[leaf].year
                && (is_near(whole, stem) || is_shortened(whole, stem))
        },
        // 2023年造林, where nothing else is asked by years.
        &|meaning, leaf| {
            has_one_yearly && meaning.year.is_some() && meaning.year == annex.leaves[leaf].year
        },
    ];
    for fits in ways {
        let is_open = |column: &HeaderColumn| column.leaf.is_none() && column.repeats.is_none();
        let claims: Vec<(usize, usize)> = (0..columns.len())
            .filter(|&idx| is_open(&columns[idx]))
            .filter_map(|idx| {
                let meaning = columns[idx].meaning.as_ref()?;
                let mut leaves = missing.iter().copied();
                let mut fitting = leaves.by_ref().filter(|&leaf| {
                    let is_free = columns.iter().all(|column| column.leaf != Some(leaf));
                    is_free && fits(meaning, leaf)
                });
                match (fitting.next(), fitting.next()) {
                    (Some(leaf), None) => Some((idx, leaf)),
                    _ => None,
                }
            })
            .collect();
        for &(idx, leaf) in &claims {
            let rivals = claims.iter().filter(|claim| claim.1 == leaf).count();
            if rivals == 1 {
                columns[idx].leaf = Some(leaf);
            }
        }
    }
}

/// Between two columns that are known stand as many that are not as leaves are missing between their leaves: they are
/// these, in order, unless a header says another year.
fn by_position(annex: &Annex, columns: &mut [HeaderColumn]) {
    let missing = missing(annex, columns);
    let mut known: Vec<Option<usize>> = vec![None];
    known.extend(
        (0..columns.len())
            .filter(|&idx| columns[idx].leaf.is_some())
            .map(Some),
    );
    for nth in 0..known.len() {
        let (from, next) = (known[nth], known.get(nth + 1).copied().flatten());
        let leaf_of = |idx: usize| columns[idx].leaf.unwrap_or(0);
        let first = from.map_or(0, |idx| leaf_of(idx) + 1);
        let end = next.map_or(annex.leaves.len(), leaf_of);
        let between: Vec<usize> = (from.map_or(0, |idx| idx + 1)..next.unwrap_or(columns.len()))
            .filter(|&idx| columns[idx].has_figures)
            .collect();
        let leaves: Vec<usize> = (missing.iter().copied())
            .filter(|leaf| (first..end).contains(leaf))
            .collect();
        let says_other = |(&idx, &leaf): (&usize, &usize)| {
            let meaning = columns[idx].meaning.as_ref();
            let year = meaning.and_then(|meaning| meaning.year);
            year.is_some() && year != annex.leaves[leaf].year
        };
        let pairs = || between.iter().zip(&leaves);
        if between.len() != leaves.len() || pairs().any(says_other) {
            continue;
        }
        // 村数 behind the last year is no 三年合计: what means something else needs a neighbour on both sides.
        let means_other = |idx: &usize| {
            let meaning = columns[*idx].meaning.as_ref();
            meaning.is_some_and(|it| !it.stem.is_empty() && it.stem != TOTAL)
        };
        let is_at_end = next.is_none();
        if is_at_end && (between.iter().any(means_other) || !is_adjacent(columns, from, &between)) {
            continue;
        }
        let pairs: Vec<(usize, usize)> = pairs().map(|(idx, leaf)| (*idx, *leaf)).collect();
        for (idx, leaf) in pairs {
            columns[idx].leaf = Some(leaf);
        }
    }
}

/// Whether columns follow each other without a gap.
fn is_adjacent(columns: &[HeaderColumn], from: Option<usize>, between: &[usize]) -> bool {
    let all = from.iter().chain(between).map(|&idx| columns[idx].col);
    let all: Vec<u32> = all.collect();
    all.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{SchemeFile, load};

    #[test]
    fn what_headers_mean_does_not_hang_on_how_they_say_it() {
        let text = "id = \"x\"\ntitle = \"x\"\narea = \"轮台县\"\nyears = [2023]\n\
            [[units]]\nname = \"亩\"\n[[reporters]]\ncode = \"1\"\nname = \"轮台镇\"\nkind = \"township\"\n";
        let (name, text) = ("scheme.toml".to_owned(), text.to_owned());
        let scheme = load(&[SchemeFile { name, text }]).expect("it is a scheme");
        let meaning = |text: &str| {
            let meaning = Meaning::of(&scheme, std::iter::once(text));
            (meaning.year, meaning.stem)
        };
        for text in ["2023年度", "2023年计划数", "二〇二三年", "23年(亩)", "2023"] {
            assert_eq!(meaning(text), (Some(2023), String::new()), "{text}");
        }
        for text in ["三年合计", "合计数", "总计", "2023-2025年合计", "3年累计"] {
            assert_eq!(meaning(text), (None, TOTAL.to_owned()), "{text}");
        }
        assert_eq!(meaning("用水总量指标"), (None, "用水总量".to_owned()));
        assert_eq!(meaning("面积(万亩)"), (None, "面积".to_owned()));
    }

    #[test]
    fn a_year_is_found_however_it_is_written() {
        let years = |text: &str| without_years(text).0;
        assert_eq!(years("2023年计划"), [2023]);
        assert_eq!(years("二〇二三年度"), [2023]);
        assert_eq!(years("二零二四年"), [2024]);
        assert_eq!(years("23年"), [2023]);
        assert_eq!(years("2023-2025年合计"), [2023, 2025]);
        assert!(years("35吨以上").is_empty());
        assert!(years("120231").is_empty());
        assert_eq!(year_alone("二〇二五年"), Some(2025));
        assert_eq!(year_alone("23年度"), Some(2023));
        assert_eq!(year_alone("2023年计划"), None);
        assert_eq!(year_alone("二级"), None);
    }
}
