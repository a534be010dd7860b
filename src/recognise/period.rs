//! 报告期: which month a form is about, by what it says of itself.
//!
//! Months stand in titles, in a line of their own, in the names of sheets and files: 2024年5月, 截至5月底,
//! 1-5月累计, 二〇二四年五月, 2024-05. Years and dates do too, and are no months: 2023-2025年度,
//! 填表日期：2024年6月4日. What is found is believed in the order of [`PeriodSource`].

use std::sync::Arc;

use crate::model::{CellRef, Period, PeriodSource};
use crate::scheme::plain;

/// A text that says what a form is about.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodMention {
    /// Where it was found.
    pub source: PeriodSource,
    /// Its cell, where it stands in one.
    pub cell: Option<CellRef>,
    /// As printed.
    pub text: String,
    /// What it says.
    pub said: Vec<Said>,
}

/// A period as somebody wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The plan's figures.
    Plan,
    /// A month, often without its year.
    Month {
        /// The year, where it was written.
        year: Option<u16>,
        /// 1 to 12.
        month: u8,
    },
}

/// What a form is about.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// The period.
    pub period: Period,
    /// What said so; `None` where nothing did.
    pub said_by: Option<PeriodMention>,
    /// What else says that it is about another period, that first that is believed before others.
    pub against: Option<(Period, PeriodMention)>,
}

/// Words that make a title that of a month's return, and not of a plan that was made in that month.
const OF_RETURNS: [&str; 7] = ["累计", "完成情况", "进度", "月报", "截至", "截止", "统计表"];

impl PeriodMention {
    /// What a text says, if it says anything. `dated`: a date stands for its month.
    pub(super) fn of(
        source: PeriodSource,
        cell: Option<CellRef>,
        text: &str,
        dated: bool,
    ) -> Option<Self> {
        let plain = plain(text);
        let mut said = months_in(&plain, dated);
        if said.is_empty() && source == PeriodSource::Form && plain.contains('规') {
            said.extend(plain.contains("规划数").then_some(Said::Plan));
        }
        (!said.is_empty()).then(|| Self {
            source,
            cell,
            text: text.trim().to_owned(),
            said,
        })
    }

    /// The period that it means where `expected` is asked for: of several the one expected, else the last.
    fn period(&self, expected: Option<Period>) -> Option<Period> {
        let periods = self.said.iter().filter_map(|said| said.period(expected));
        let mut last = None;
        for period in periods {
            if Some(period) == expected {
                return expected;
            }
            last = Some(period);
        }
        last
    }

    /// Whether it is worth anything against the plan, which was made in some month too.
    fn is_of_returns(&self) -> bool {
        match self.source {
            PeriodSource::Form | PeriodSource::Stamp => true,
            PeriodSource::Title => OF_RETURNS.iter().any(|word| self.text.contains(word)),
            PeriodSource::SheetName | PeriodSource::FileName => false,
        }
    }
}

impl Said {
    fn period(self, expected: Option<Period>) -> Option<Period> {
        match (self, expected) {
            (Said::Plan, _) => Some(Period::Plan),
            (
                Said::Month {
                    year: Some(year),
                    month,
                },
                _,
            ) => Period::month(year, month),
            // A bare 12月 that comes in with January is last December.
            (Said::Month { year: None, month }, Some(Period::Month { year, month: near })) => {
                let year = match i16::from(month) - i16::from(near) {
                    7.. => year - 1,
                    ..=-7 => year + 1,
                    _ => year,
                };
                Period::month(year, month)
            }
            (Said::Month { year: None, .. }, _) => None,
        }
    }
}

/// What a form is about. `mentions` are what stands on it; `expected` is the period that it came in for.
pub fn settle_period(
    expected: Option<Period>,
    file: &Arc<str>,
    sheet: &str,
    mentions: &[PeriodMention],
    stamped: Option<Period>,
) -> About {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stamp = stamped.map(|period| PeriodMention {
        source: PeriodSource::Stamp,
        cell: None,
        text: period.to_string(),
        said: vec![match period {
            Period::Plan => Said::Plan,
            Period::Month { year, month } => Said::Month {
                year: Some(year),
                month,
            },
        }],
    });
    let names = [
        PeriodMention::of(PeriodSource::SheetName, None, sheet, false),
        PeriodMention::of(PeriodSource::FileName, None, stem, false),
    ];
    let on_form = |source| mentions.iter().filter(move |it| it.source == source);
    let mut found: Vec<(Period, PeriodMention)> = on_form(PeriodSource::Form)
        .chain(on_form(PeriodSource::Title))
        .chain(&stamp)
        .chain(names.iter().flatten())
        .filter(|it| expected != Some(Period::Plan) || it.is_of_returns())
        .filter_map(|it| Some((it.period(expected)?, it.clone())))
        .collect();
    // Of all that stands in one kind of place, what is expected is believed. Nobody sees a stamp, so any name
    // is believed before it: last month's form was filled in once more.
    let rank = |it: &(Period, PeriodMention)| {
        let is_expected = Some(it.0) == expected;
        let place = match it.1.source {
            PeriodSource::Form => 0,
            PeriodSource::Title => 1,
            PeriodSource::SheetName | PeriodSource::FileName if is_expected => 2,
            PeriodSource::Stamp => 3,
            PeriodSource::SheetName => 4,
            PeriodSource::FileName => 5,
        };
        (place, !is_expected)
    };
    found.sort_by_key(rank);
    let Some((period, said_by)) = found.first().cloned() else {
        return About {
            period: expected.unwrap_or(Period::Plan),
            said_by: None,
            against: None,
        };
    };
    // A title and a remark below it are one place; nobody sees a stamp.
    let agrees = |place: PeriodSource| {
        found
            .iter()
            .any(|(of, it)| it.source == place && *of == period)
    };
    let against = found
        .iter()
        .find(|(_, it)| it.source != PeriodSource::Stamp && !agrees(it.source));
    About {
        period,
        said_by: Some(said_by),
        against: against.cloned(),
    }
}

/// One month or day in a text, and where it stands.
struct Stated {
    start: usize,
    end: usize,
    year: Option<u16>,
    month: u8,
    is_date: bool,
}

/// The months in a plain text. Of 1-5月 the last is meant. A date is none unless it ends a time (截至5月31日)
/// or dates are what is asked for.
fn months_in(plain: &str, dated: bool) -> Vec<Said> {
    let text: Vec<char> = plain.chars().collect();
    let mut stated: Vec<Stated> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let found = numeric(&text, at)
            .or_else(|| named(&text, at))
            .or_else(|| part_of_year(&text, at));
        match found {
            Some(found) => {
                at = found.end;
                stated.push(found);
            }
            None => at += 1,
        }
    }
    let mut said = Vec::new();
    for (idx, it) in stated.iter().enumerate() {
        let begins_range = stated
            .get(idx + 1)
            .is_some_and(|next| next.start <= it.end + 1 && is_range(&text[it.end..next.start]));
        let ends_range = idx > 0 && is_range(&text[stated[idx - 1].end..it.start]);
        let is_end =
            ends_range || ends_in(&text[..it.start], &["截至", "截止", "截止到", "至", "到"]);
        let is_period = !it.is_date || dated || is_end;
        if begins_range || !is_period || is_of_paper(&text[it.end..]) {
            continue;
        }
        // Of 2024年3月至5月 the year is said once.
        let before = stated[..idx].last().filter(|_| ends_range);
        said.push(Said::Month {
            year: it.year.or(before.and_then(|it| it.year)),
            month: it.month,
        });
    }
    said
}

fn is_range(between: &[char]) -> bool {
    matches!(between, ['-' | '~' | '至' | '到'])
}

fn ends_in(text: &[char], words: &[&str]) -> bool {
    words.iter().any(|word| {
        let word: Vec<char> = word.chars().collect();
        text.ends_with(&word)
    })
}

/// Whether what follows says that something was written or sent then: 2024年6月填报, 2023年5月印发.
fn is_of_paper(after: &[char]) -> bool {
    const WORDS: [&str; 12] = [
        "印发", "发布", "制定", "下发", "批准", "修订", "编制", "填报", "填表", "报送", "上报",
        "制表",
    ];
    let after: String = after.iter().take(3).collect();
    let after = after.trim_start_matches([')', '日']);
    WORDS.iter().any(|word| after.starts_with(word))
}

/// 2024-05, 2024.5, 2024/05, 202405.
fn numeric(text: &[char], start: usize) -> Option<Stated> {
    if start > 0 && text[start - 1].is_ascii_digit() {
        return None;
    }
    let (year, after) = digits(text, start);
    let is_apart = |c: &char| matches!(c, '-' | '.' | '/');
    let (year, month, end) = match (after - start, text.get(after)) {
        (4, Some(mark)) if is_apart(mark) => {
            let (month, end) = digits(text, after + 1);
            ((1..=2).contains(&(end - after - 1))).then_some((year, month, end))?
        }
        (6, _) => (year / 100, year % 100, after),
        _ => return None,
    };
    // 2024-05-31 is a date.
    let is_date =
        text.get(end).is_some_and(is_apart) && text.get(end + 1).is_some_and(char::is_ascii_digit);
    let end = match is_date {
        true => digits(text, end + 1).1,
        false => end,
    };
    match text.get(end) {
        Some('月') => stated(start, end + 1, Some(year), month, is_date),
        // A figure, or a number of something else.
        Some('万' | '亩' | '%' | '年' | '号') => None,
        _ => stated(start, end, Some(year), month, is_date),
    }
}

/// 2024年5月, 5月份, 1-5月, 2024年1-5月底, 二〇二四年五月, and dates that begin so.
fn named(text: &[char], start: usize) -> Option<Stated> {
    let is_number = |c: &char| c.is_ascii_digit() || chinese_digit(*c).is_some() || *c == '十';
    if start > 0 && (is_number(&text[start - 1]) || text[start - 1] == '.') {
        return None;
    }
    let year = year_at(text, start);
    let at = year.map_or(start, |(_, after)| after);
    let (first, after) = small_number(text, at)?;
    // 1-5月, 1月-5月: what comes after the dash is the month. 2024-05月 has its year before it.
    let (month, after) = match text.get(after) {
        Some('月') => (first, after),
        Some('-' | '~' | '至' | '到') => {
            let (month, after) = small_number(text, after + 1)?;
            (text.get(after) == Some(&'月')).then_some((month, after))?
        }
        _ => return None,
    };
    let mut end = after + 1;
    let day = small_number(text, end);
    let is_date = day.is_some_and(|(_, after)| matches!(text.get(after), Some('日' | '号')));
    match (is_date, text.get(end)) {
        (true, _) => end = day?.1 + 1,
        (false, Some('份' | '底' | '末')) => end += 1,
        _ => {}
    }
    stated(
        start,
        end,
        year.map(|(year, _)| u32::from(year)),
        month,
        is_date,
    )
}

/// 2024年上半年, 二季度: they end with a month.
fn part_of_year(text: &[char], start: usize) -> Option<Stated> {
    const PARTS: [(&str, u32); 11] = [
        ("前三季度", 9),
        ("上半年", 6),
        ("下半年", 12),
        ("一季度", 3),
        ("二季度", 6),
        ("三季度", 9),
        ("四季度", 12),
        ("1季度", 3),
        ("2季度", 6),
        ("3季度", 9),
        ("4季度", 12),
    ];
    let year = year_at(text, start);
    let mut at = year.map_or(start, |(_, after)| after);
    if text.get(at) == Some(&'第') {
        at += 1;
    }
    let (word, month) = PARTS.iter().find(|(word, _)| {
        let mut rest = text[at..].iter();
        word.chars().all(|c| rest.next() == Some(&c))
    })?;
    let end = at + word.chars().count();
    stated(
        start,
        end,
        year.map(|(year, _)| u32::from(year)),
        *month,
        false,
    )
}

fn stated(
    start: usize,
    end: usize,
    year: Option<u32>,
    month: u32,
    is_date: bool,
) -> Option<Stated> {
    let month = u8::try_from(month)
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    let year = match year {
        Some(year) => Some(
            u16::try_from(year)
                .ok()
                .filter(|year| (1990..2100).contains(year))?,
        ),
        None => None,
    };
    Some(Stated {
        start,
        end,
        year,
        month,
        is_date,
    })
}

/// 2024年, 24年, 二〇二四年, 2024年度, and where they end.
fn year_at(text: &[char], start: usize) -> Option<(u16, usize)> {
    let (number, after) = digits(text, start);
    let (year, after) = match after - start {
        4 => (number, after),
        2 => (2000 + number, after),
        0 => {
            let spelled = text.get(start..start + 4)?;
            let year = spelled
                .iter()
                .try_fold(0, |year, c| Some(year * 10 + chinese_digit(*c)?))?;
            (year, start + 4)
        }
        _ => return None,
    };
    let after = match (text.get(after), text.get(after + 1)) {
        (Some('年'), Some('度')) => after + 2,
        (Some('年'), _) => after + 1,
        _ => return None,
    };
    Some((u16::try_from(year).ok()?, after))
}

/// A number of one or two digits, or up to 三十一 in Chinese.
fn small_number(text: &[char], start: usize) -> Option<(u32, usize)> {
    let (number, after) = digits(text, start);
    match after - start {
        1 | 2 => return Some((number, after)),
        0 => {}
        _ => return None,
    }
    let digit = |at: usize| text.get(at).copied().and_then(chinese_digit);
    let (tens, at) = match (digit(start), text.get(start), text.get(start + 1)) {
        (_, Some('十'), _) => (10, start + 1),
        (Some(tens), _, Some('十')) => (tens * 10, start + 2),
        (Some(ones), _, _) => return Some((ones, start + 1)),
        _ => return None,
    };
    Some(match digit(at) {
        Some(ones) => (tens + ones, at + 1),
        None => (tens, at),
    })
}

/// ASCII digits, at most seven, and where they end.
fn digits(text: &[char], start: usize) -> (u32, usize) {
    let digits = text[start.min(text.len())..].iter().take(7);
    let digits: Vec<u32> = digits.map_while(|c| c.to_digit(10)).collect();
    let number = digits.iter().fold(0, |number, digit| number * 10 + digit);
    (number, start + digits.len())
}

/// 一 as 1; in numbers of years and days, also the many ways to write 0.
pub(crate) fn chinese_digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '○' | '零' | 'O' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(text: &str, expected: &str) {
        let said = months_in(&plain(text), false);
        let said: Vec<String> = said
            .iter()
            .map(|said| match said {
                Said::Month {
                    year: Some(year),
                    month,
                } => format!("{year}-{month}"),
                Said::Month { year: None, month } => month.to_string(),
                Said::Plan => "plan".to_owned(),
            })
            .collect();
        assert_eq!(said.join(" "), expected, "{text}");
    }

    #[test]
    fn a_month_is_known_in_every_spelling() {
        for text in [
            "2024年5月",
            "2024年05月",
            "２０２４年５月份",
            "截至2024年5月底",
            "2024年1-5月",
            "2024 年 1—5 月累计",
            "2024年1月至5月",
            "2024年1月－2024年5月",
            "二〇二四年五月",
            "二○二四年一至五月",
            "二零二四年五月份",
            "24年5月",
            "轮台镇2024-05",
            "2024.5月报",
            "2024/05",
            "轮台镇202405",
            "截至2024年5月31日",
            "2024年5月1日至5月31日",
            "2024年度5月",
        ] {
            says(text, "2024-5");
        }
        for text in [
            "5月份",
            "1-5月",
            "1—5月累计",
            "截至5月底",
            "五月",
            "阿克萨来乡（5月）",
            "5月",
            "截止5月31日",
        ] {
            says(text, "5");
        }
        says("十二月", "12");
        says("2024年二季度", "2024-6");
        says("2024年上半年", "2024-6");
        says("2024年前三季度", "2024-9");
        says("2024年4月、5月", "2024-4 5");
    }

    #[test]
    fn years_dates_and_figures_are_no_months() {
        for text in [
            "2023-2025年度轮台县用水指标分解表",
            "轮台县2023—2025年环境空气质量约束性指标计划",
            "2023年至2025年塔里木河流域生态修复治理项目计划",
            "轮台县2023年煤改电工程分布情况统计表",
            "填表日期2024年6月4日",
            "2024-06-04",
            "2024.6.4",
            "20240604",
            "2024年5月印发",
            "（2024年6月填报）",
            "6个月",
            "13月",
            "2023-25",
            "附件3.1",
            "2024.5万亩",
            "1.5月",
            "轮政发〔2024〕5号",
            "11106528002016059",
            "正月",
            "",
        ] {
            says(text, "");
        }
    }

    #[test]
    fn a_bare_month_is_the_nearest_one() {
        let january = Period::parse("2024-01");
        let bare = |month| Said::Month { year: None, month };
        assert_eq!(bare(1).period(january), january);
        assert_eq!(bare(12).period(january), Period::parse("2023-12"));
        assert_eq!(bare(2).period(january), Period::parse("2024-02"));
        assert_eq!(bare(5).period(None), None);
        assert_eq!(
            bare(1).period(Period::parse("2024-12")),
            Period::parse("2025-01")
        );
    }
}
