//! What a leader is told of a figure: one sentence after the other, the figure itself first.

use std::cmp::Ordering;

use crate::consolidate::variances::{Absent, Compared, Indicator, figure_key};
use crate::model::{Amount, Fraction, Period};
use crate::report::Lang;
use crate::report::overview::{Doubt, MainFigure, OfficeTotal};
use crate::scheme::{Course, Goal, Scheme};

use super::kind;

/// Decimals of percentages.
const PERCENT: u8 = 1;
/// Things of one kind that are named before the others are only counted.
const NAMED: usize = 3;

/// 人工造乔木林·面积: row and column of a figure. A total says what of.
pub(in crate::report) fn figure_name(scheme: &Scheme, indicator: &Indicator) -> String {
    let annex = &scheme.annexes[indicator.annex];
    let column = &*annex.columns[indicator.column].name;
    let figures = annex.columns.iter();
    let n_figures = figures.filter(|column| column.kind.is_figure()).count();
    let mut others = annex.rows.fixed().iter();
    let has_keys = others.any(|spec| Some(figure_key(annex, &spec.key)) != indicator.key);
    let key = indicator.key.as_ref().filter(|_| has_keys);
    match key.map(|key| key.join("·")) {
        Some(key) if n_figures == 1 => key,
        Some(key) => format!("{key}·{column}"),
        None if TOTALS.contains(&column) => format!("{}{column}", subject(&annex.title, scheme)),
        None => column.to_owned(),
    }
}

/// What columns are called that only say that they are totals.
const TOTALS: [&str; 4] = ["合计", "总计", "共计", "小计"];

/// What an annex is about, by its title without the area, the years and the word for a form.
fn subject<'t>(title: &'t str, scheme: &Scheme) -> &'t str {
    let title = title.strip_prefix(&*scheme.area).unwrap_or(title);
    let is_of_years = |c: char| c.is_ascii_digit() || "年—-－～~至（）()".contains(c);
    let title = title.trim_start_matches(is_of_years);
    let ends = ["规划目标", "分解表", "计划表", "统计表", "计划", "表"];
    let ends = ends.into_iter().find_map(|end| title.strip_suffix(end));
    ends.unwrap_or(title)
}

/// Everything there is to say of a figure in some sentences.
pub(in crate::report) fn sentences(
    scheme: &Scheme,
    period: Period,
    figure: &MainFigure<'_>,
    lang: Lang,
) -> String {
    let teller = Teller {
        scheme,
        period,
        figure,
        lang,
    };
    let said = [
        teller.progress(),
        teller.changes(),
        teller.doubts(),
        teller.missing(),
        teller.office(),
        teller.behind(),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    said.join(lang.pick("", " "))
}

struct Teller<'a> {
    scheme: &'a Scheme,
    period: Period,
    figure: &'a MainFigure<'a>,
    lang: Lang,
}

impl Teller<'_> {
    /// 1—5月累计完成 1935.02亩，为可比计划 4417.4亩的 43.8%，慢于序时进度（58%）14.2 个百分点.
    fn progress(&self) -> Option<String> {
        let indicator = &self.figure.variances.indicator;
        let line = &self.figure.variances.county;
        let Ok(done) = self.figure.done else {
            return Some(self.lang.pick("本期没有数据。", "No data.").to_owned());
        };
        let mut said = format!("{}{}", self.since(), self.amount(done));
        if let (Ok(plan), Ok(rate)) = (line.plan.base(), line.plan.rate.and_then(percent)) {
            let plan = self.amount(plan);
            let is_part = line.plan.base().ok() != line.plan.then.ok() || line.plan.over.is_some();
            let word = self.plan_word();
            said += &match (self.lang, indicator.is_additive()) {
                (Lang::Zh, true) => {
                    let comparable = if is_part { "可比" } else { "" };
                    format!("，为{comparable}{word}{plan}的{rate}%")
                }
                (Lang::En, true) => {
                    let comparable = if is_part { "comparable " } else { "" };
                    format!(", {rate}% of the {comparable}{word} of {plan}")
                }
                (Lang::Zh, false) => format!("，{word}{plan}"),
                (Lang::En, false) => format!(", {word} {plan}"),
            };
        }
        match (
            line.ahead.and_then(percent_signed),
            line.schedule.and_then(percent),
        ) {
            (Ok(ahead), Ok(schedule)) => said += &self.against_schedule(ahead, schedule),
            _ if !indicator.is_additive() => said += &self.against_plan(&line.plan),
            _ => {}
        }
        Some(said + self.lang.pick("。", "."))
    }

    /// Whether less of it is better.
    fn is_limit(&self) -> bool {
        self.figure.variances.indicator.goal == Goal::AtMost
    }

    /// What the planned figure is called.
    fn plan_word(&self) -> &'static str {
        match (self.lang, self.is_limit()) {
            (Lang::Zh, false) => "计划",
            (Lang::Zh, true) => "控制数",
            (Lang::En, false) => "plan",
            (Lang::En, true) => "limit",
        }
    }

    /// What the figure counts: 1—5月累计完成.
    fn since(&self) -> String {
        let indicator = &self.figure.variances.indicator;
        let done = match (self.lang, self.is_limit()) {
            (Lang::Zh, true) => "",
            (Lang::Zh, false) => "完成",
            (Lang::En, _) => "",
        };
        match (self.lang, indicator.course, self.period) {
            (Lang::Zh, Course::SincePlan, _) => format!("方案实施以来累计{done}"),
            (Lang::Zh, Course::SinceYear | Course::Month, Period::Month { month: 1, .. }) => {
                format!("1月{done}")
            }
            (Lang::Zh, Course::SinceYear | Course::Month, Period::Month { month, .. }) => {
                format!("1—{month}月累计{done}")
            }
            (Lang::Zh, ..) => "为".to_owned(),
            (Lang::En, Course::SincePlan, _) => "Since the plan began: ".to_owned(),
            (Lang::En, Course::SinceYear | Course::Month, _) => "So far this year: ".to_owned(),
            (Lang::En, ..) => "Now: ".to_owned(),
        }
    }

    fn against_schedule(&self, ahead: Amount, schedule: Amount) -> String {
        let by = ahead.abs();
        let is_more = ahead > Amount::ZERO;
        let is_limit = self.is_limit();
        match (self.lang, ahead.is_zero()) {
            (Lang::Zh, true) => format!("，与序时进度（{schedule}%）持平"),
            (Lang::En, true) => format!(", on schedule ({schedule}%)"),
            (Lang::Zh, false) => {
                let word = match (is_more, is_limit) {
                    (true, false) => "快于",
                    (false, false) => "慢于",
                    (true, true) => "高于",
                    (false, true) => "低于",
                };
                format!("，{word}序时进度（{schedule}%）{by}个百分点")
            }
            (Lang::En, false) => {
                let word = match (is_more, is_limit) {
                    (true, false) => "ahead of",
                    (false, false) => "behind",
                    (true, true) => "above",
                    (false, true) => "below",
                };
                format!(", {by} points {word} schedule ({schedule}%)")
            }
        }
    }

    /// 达到计划, 差 0.27 %: of what is there at the end of a month.
    fn against_plan(&self, plan: &Compared) -> String {
        let Ok(by) = plan.by else {
            return String::new();
        };
        let difference = by.quotient();
        let is_met = match self.figure.variances.indicator.goal {
            Goal::AtLeast => difference >= Amount::ZERO,
            Goal::AtMost => difference <= Amount::ZERO,
        };
        let by = self.difference(by.abs());
        match (self.lang, is_met, self.is_limit()) {
            (Lang::Zh, true, false) => "，已达到计划".to_owned(),
            (Lang::Zh, true, true) => "，在控制数以内".to_owned(),
            (Lang::Zh, false, false) => format!("，比计划低{by}"),
            (Lang::Zh, false, true) => format!("，超过控制数{by}"),
            (Lang::En, true, false) => ", the plan is met".to_owned(),
            (Lang::En, true, true) => ", within the limit".to_owned(),
            (Lang::En, false, false) => format!(", {by} below the plan"),
            (Lang::En, false, true) => format!(", {by} above the limit"),
        }
    }

    /// 比上月增加228.62亩，比去年同月增长13.4%.
    fn changes(&self) -> Option<String> {
        let line = &self.figure.variances.county;
        let mut said = Vec::new();
        if let Ok(by) = line.last_month.by {
            let (amount, sign) = (self.difference(by.abs()), by.quotient());
            said.push(match (self.lang, sign.cmp(&Amount::ZERO)) {
                (Lang::Zh, Ordering::Equal) => "与上月持平".to_owned(),
                (Lang::Zh, Ordering::Greater) => format!("比上月增加{amount}"),
                (Lang::Zh, Ordering::Less) => format!("比上月减少{amount}"),
                (Lang::En, Ordering::Equal) => "as last month".to_owned(),
                (Lang::En, Ordering::Greater) => {
                    format!("{amount} more than last month")
                }
                (Lang::En, Ordering::Less) => format!("{amount} less than last month"),
            });
        }
        if let Ok(rate) = line.year_before.rate.and_then(percent_signed) {
            let by = rate.abs();
            said.push(match (self.lang, rate < Amount::ZERO) {
                (Lang::Zh, false) => format!("比去年同月增长{by}%"),
                (Lang::Zh, true) => format!("比去年同月下降{by}%"),
                (Lang::En, false) => format!("{by}% more than a year ago"),
                (Lang::En, true) => format!("{by}% less than a year ago"),
            });
        }
        let said = said.join(self.lang.pick("，", ", "));
        (!said.is_empty()).then(|| said + self.lang.pick("。", "."))
    }

    /// 存疑：哈尔巴克乡（单位填错），改正后合计+161.4亩；野云沟乡（累计不减、对比）.
    fn doubts(&self) -> Option<String> {
        let mut by_reporter: Vec<(Option<&str>, Vec<&Doubt<'_>>)> = Vec::new();
        for doubt in &self.figure.doubts {
            let who = doubt.finding.reporter.as_deref();
            match by_reporter.iter_mut().find(|(known, _)| *known == who) {
                Some((_, doubts)) => doubts.push(doubt),
                None => by_reporter.push((who, vec![doubt])),
            }
        }
        let shown = by_reporter.iter().take(NAMED);
        let shown: Vec<String> = shown
            .map(|(who, doubts)| self.doubt(*who, doubts))
            .collect();
        if shown.is_empty() {
            return None;
        }
        let rest = by_reporter.len().saturating_sub(NAMED);
        Some(match (self.lang, rest) {
            (Lang::Zh, 0) => format!("存疑：{}。", shown.join("；")),
            (Lang::Zh, n) => format!("存疑：{}；另有{n}家。", shown.join("；")),
            (Lang::En, 0) => format!("In doubt: {}.", shown.join("; ")),
            (Lang::En, n) => format!("In doubt: {}; {n} more.", shown.join("; ")),
        })
    }

    /// What is in doubt of one reporter's figures.
    fn doubt(&self, who: Option<&str>, doubts: &[&Doubt<'_>]) -> String {
        let mut kinds: Vec<&str> = Vec::new();
        for doubt in doubts {
            let kind = kind(doubt.finding.kind, self.lang);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let who = who.unwrap_or_else(|| self.lang.pick("单位不明", "unknown"));
        let what = kinds.join(self.lang.pick("、", ", "));
        let mut changes = doubts.iter().filter_map(|doubt| doubt.change);
        let change = changes.try_fold(Amount::ZERO, Amount::checked_add);
        let Some(change) = change.filter(|change| !change.is_zero()) else {
            return match self.lang {
                Lang::Zh => format!("{who}（{what}）"),
                Lang::En => format!("{who} ({what})"),
            };
        };
        let sign = if change < Amount::ZERO { "−" } else { "+" };
        let by = self.amount(Fraction::from(change.abs()));
        match self.lang {
            Lang::Zh => format!("{who}（{what}），改正后合计{sign}{by}"),
            Lang::En => format!("{who} ({what}), put right the total is {sign}{by}"),
        }
    }

    /// 2家未报：轮南镇、哈尔巴克乡.
    fn missing(&self) -> Option<String> {
        let without = &self.figure.variances.county.without;
        // Where nobody has it there is nothing that lacks somebody.
        if without.is_empty() || self.figure.done.is_err() {
            return None;
        }
        let reporters = without.iter().take(NAMED);
        let names: Vec<&str> = reporters
            .map(|reporter| &*self.scheme.reporters[*reporter].name)
            .collect();
        let (names, n) = (names.join(self.lang.pick("、", ", ")), without.len());
        Some(match (self.lang, n > NAMED) {
            (Lang::Zh, false) => format!("{n}家没有数：{names}。"),
            (Lang::Zh, true) => format!("{n}家没有数：{names}等。"),
            (Lang::En, false) => format!("{n} without a figure: {names}."),
            (Lang::En, true) => format!("{n} without a figure: {names} and others."),
        })
    }

    /// 县林业和草原局自报2650.7亩（58.9%），比各单位合计多715.68亩.
    fn office(&self) -> Option<String> {
        let OfficeTotal {
            reporter,
            stated,
            rate,
            more,
        } = self.figure.office.as_ref()?;
        let who = reporter.map(|known| &*self.scheme.reporters[known].name);
        let stated = self.amount(Fraction::from(*stated));
        let rate = match rate.and_then(percent) {
            Ok(rate) => self
                .lang
                .pick("（{}%）", " ({}%)")
                .replace("{}", &rate.to_string()),
            Err(_) => String::new(),
        };
        let by = self.amount(more.abs());
        let is_more = more.quotient() > Amount::ZERO;
        Some(match self.lang {
            Lang::Zh => {
                let word = if is_more { "多" } else { "少" };
                let who = who.unwrap_or("合计行");
                format!("{who}自报{stated}{rate}，比各单位合计{word}{by}，请核对。")
            }
            Lang::En => {
                let word = if is_more { "more" } else { "less" };
                let who = who.unwrap_or("The total row");
                format!(
                    "{who} itself states {stated}{rate}, {by} {word} than the reporters together."
                )
            }
        })
    }

    /// 最慢：群巴克镇（−20.9个百分点）.
    fn behind(&self) -> Option<String> {
        let named = self.figure.behind.iter().filter_map(|(reporter, ahead)| {
            let ahead = percent_signed(*ahead).ok()?;
            let sign = if ahead < Amount::ZERO { "−" } else { "+" };
            let (name, by) = (&self.scheme.reporters[*reporter].name, ahead.abs());
            let mut doubts = self.figure.doubts.iter();
            let is_doubtful = doubts.any(|doubt| doubt.finding.reporter.as_ref() == Some(name));
            Some(match (self.lang, is_doubtful) {
                (Lang::Zh, false) => format!("{name}（{sign}{by}个百分点）"),
                (Lang::Zh, true) => format!("{name}（{sign}{by}个百分点，待核实）"),
                (Lang::En, false) => format!("{name} ({sign}{by} points)"),
                (Lang::En, true) => format!("{name} ({sign}{by} points, in doubt)"),
            })
        });
        let named: Vec<String> = named.collect();
        let word = match self.is_limit() {
            true => self.lang.pick("超序时最多：", "Furthest above schedule: "),
            false => self.lang.pick("最慢：", "Furthest behind: "),
        };
        let (comma, end) = (self.lang.pick("、", ", "), self.lang.pick("。", "."));
        (!named.is_empty()).then(|| format!("{word}{}{end}", named.join(comma)))
    }

    /// A figure with its unit.
    fn amount(&self, figure: Fraction) -> String {
        let unit = self.figure.variances.indicator.unit;
        let unit = unit.map(|unit| &**self.scheme.units.name(unit));
        self.with_unit(figure, unit.unwrap_or_default())
    }

    /// A difference of two figures with its unit: rates differ by percentage points.
    fn difference(&self, figure: Fraction) -> String {
        let indicator = &self.figure.variances.indicator;
        let unit = indicator.unit.map(|unit| &**self.scheme.units.name(unit));
        match unit {
            Some("%") if !indicator.is_additive() => {
                self.with_unit(figure, self.lang.pick("个百分点", "points"))
            }
            unit => self.with_unit(figure, unit.unwrap_or_default()),
        }
    }

    fn with_unit(&self, figure: Fraction, unit: &str) -> String {
        let shown = figure.rounded(shown_decimals(figure, &self.figure.variances.indicator));
        match (unit, self.lang) {
            ("", _) => shown.to_string(),
            ("%", _) | (_, Lang::Zh) => format!("{shown}{unit}"),
            (_, Lang::En) => format!("{shown} {unit}"),
        }
    }
}

/// Decimals that a leader is shown: of what adds up those that its column has, since the exact figure stands in
/// the annex; of a rate as many as it has, up to two more.
pub(in crate::report) fn shown_decimals(figure: Fraction, indicator: &Indicator) -> u8 {
    let declared = indicator.decimals;
    match indicator.is_additive() {
        true => declared,
        false => (figure.quotient().normalised().decimals()).clamp(declared, declared + 2),
    }
}

/// A share in percent, without zeros at its end: 58, 43.8.
fn percent(share: Fraction) -> Result<Amount, Absent> {
    percent_signed(share).map(Amount::normalised)
}

/// A difference of shares in percent.
fn percent_signed(share: Fraction) -> Result<Amount, Absent> {
    let percent = share.percent();
    percent
        .map(|percent| percent.rounded(PERCENT))
        .ok_or(Absent::TooLong)
}
