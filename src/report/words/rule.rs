//! What a rule of the scheme asks, with the names of its cells: 用水总量 = 地表水 + 地下水 + 其他水源.

use std::sync::Arc;

use crate::model::{Basis, Condition, Need, Side};
use crate::report::Lang;
use crate::scheme::{
    AppliesIn, Bound, CellSel, Limit, Relation, RowSel, Rule, Scheme, Test, YearSel,
};

use super::{en, zh};

/// The cells of a rule in words, and where it holds; one line for each.
pub fn relation(scheme: &Scheme, rule: &Rule, lang: Lang) -> Vec<String> {
    let words = Words { scheme, rule, lang };
    let mut lines = vec![words.relation()];
    lines.extend(words.applies());
    lines
}

struct Words<'s> {
    scheme: &'s Scheme,
    rule: &'s Rule,
    lang: Lang,
}

impl Words<'_> {
    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(zh, en)
    }

    fn relation(&self) -> String {
        let cells = |cells: &[CellSel], between: &str| {
            let cells = cells.iter().map(|cell| self.cell(cell));
            cells.collect::<Vec<_>>().join(between)
        };
        let list = self.say("、", ", ");
        // A trend says so itself, and only this year's figures are held against earlier periods.
        let is_trend = matches!(self.rule.relation, Relation::Trend { .. });
        let is_over_time = self.rule.relation.is_over_time();
        let each = match self.rule.each_year && !is_trend && !is_over_time {
            true => self.say("每年：", "each year: "),
            false => "",
        };
        let said = match &self.rule.relation {
            Relation::Sum { total, parts } => {
                format!("{} = {}", self.cell(total), cells(parts, " + "))
            }
            Relation::TotalRow { leaves, count } => self.total_row(leaves, *count),
            Relation::Equal { left, right } => {
                format!("{} = {}", self.cell(left), self.cell(right))
            }
            Relation::Target {
                section,
                sentence,
                value,
                unit,
                years,
                bound,
                cell,
            } => {
                let bound = match bound {
                    Bound::Equal => "=",
                    Bound::AtLeast => "≥",
                    Bound::AtMost => "≤",
                };
                let years = match years.0 == years.1 {
                    true => years.0.to_string(),
                    false => format!("{}—{}", years.0, years.1),
                };
                let year = self.say("年", "");
                let cell = match cell {
                    Some(cell) => self.cell(cell),
                    None => self.say("（附件里没有这个量）", "(in no annex)").to_owned(),
                };
                let unit = self.scheme.units.name(*unit);
                format!(
                    "{years}{year} {cell} {bound} {value} {unit}\n{}“{section}”：“{sentence}”",
                    self.say("正文", "plan, ")
                )
            }
            Relation::Part { part, whole } => {
                format!("{} ≤ {}", self.cell(part), self.cell(whole))
            }
            Relation::Range {
                cells: all,
                per,
                min,
                max,
            } => {
                let per = per.as_ref().map(|per| format!(" ÷ {}", self.cell(per)));
                let per = per.unwrap_or_default();
                format!("{}{per}{}", cells(all, list), between(*min, *max))
            }
            Relation::Order { first, then } => {
                format!("{} ≤ {}", self.cell(first), self.cell(then))
            }
            Relation::Trend {
                cell,
                direction,
                at_least,
            } => {
                let way = match self.lang {
                    Lang::Zh => zh::direction(*direction),
                    Lang::En => en::direction(*direction),
                };
                let step = at_least.map(|(step, relative)| {
                    let sign = if relative { "%" } else { "" };
                    format!(
                        "{}{step}{sign}",
                        self.say("，每年至少 ", ", each year at least ")
                    )
                });
                let between = self.say("：", ": ");
                format!(
                    "{}{between}{way}{}",
                    self.cell(cell),
                    step.unwrap_or_default()
                )
            }
            Relation::Ratio {
                value,
                numerator,
                denominator,
                percent,
            } => {
                let hundred = if *percent { " × 100" } else { "" };
                format!(
                    "{} = {} ÷ {}{hundred}",
                    self.cell(value),
                    self.cell(numerator),
                    self.cell(denominator)
                )
            }
            Relation::Unique { columns } => {
                let names = columns.iter().map(|&column| self.column(column));
                format!(
                    "{}{}",
                    self.say("各行不得相同：", "different in every row: "),
                    names.collect::<Vec<_>>().join(" + ")
                )
            }
            Relation::Code {
                cell,
                values,
                aliases,
                digits,
            } => {
                let cell = self.cell(cell);
                let mut said = match digits {
                    Some(digits) => match self.lang {
                        Lang::Zh => format!("{cell}：{digits} 位数字"),
                        Lang::En => format!("{cell}: {digits} digits"),
                    },
                    None => format!("{cell}{}{}", self.say("：", ": "), values.join(list)),
                };
                if !aliases.is_empty() {
                    let aliases = aliases
                        .iter()
                        .map(|(written, meant)| format!("{written} = {meant}"));
                    said += &format!(
                        "{}{}",
                        self.say("；也认 ", "; also taken: "),
                        aliases.collect::<Vec<_>>().join(list)
                    );
                }
                said
            }
            Relation::Pair { cells: all, need } => {
                let need = match need {
                    Need::AllOrNone => self.say("全填或全不填", "all or none"),
                    Need::ExactlyOne => self.say("只填一项", "exactly one"),
                    Need::AtLeastOne => self.say("至少填一项", "at least one"),
                };
                format!("{}{}{need}", cells(all, list), self.say("：", ": "))
            }
            Relation::Chain { cumulative, month } => {
                let last = self.say("上月累计", "last month's");
                format!("{} = {last} + {}", self.cell(cumulative), self.cell(month))
            }
            Relation::Cumulative { cells: all } => {
                let least = self.say(" ≥ 上月", " ≥ last month");
                format!("{}{least}", cells(all, list))
            }
            Relation::Compare {
                cells: all,
                with,
                percent,
                absolute,
                side,
            } => {
                let basis = match with {
                    Basis::Plan => self.say("计划数", "the plan"),
                    Basis::Schedule => self.say("序时进度", "the schedule"),
                    Basis::LastMonth => self.say("上月", "last month"),
                    Basis::LastYear => self.say("上年同期", "the same month last year"),
                };
                let side = match side {
                    Side::Below => self.say("少", "below "),
                    Side::Above => self.say("多", "above "),
                    Side::Either => self.say("相差", "off "),
                };
                // Rows may have units of their own.
                let unit = all.first().and_then(|sel| {
                    let unit = self.scheme.annexes[sel.annex].columns[sel.column].unit?;
                    Some(&**self.scheme.units.name(unit))
                });
                let unit = unit.unwrap_or_default();
                let all = cells(all, list);
                match (self.lang, side) {
                    (Lang::Zh, "相差") => format!(
                        "{all}：与{basis}相差超过 {percent}% 并且超过 {absolute}{unit} 的，提出来"
                    ),
                    (Lang::Zh, side) => format!(
                        "{all}：比{basis}{side}，超过 {percent}% 并且超过 {absolute}{unit} 的，提出来"
                    ),
                    (Lang::En, side) => format!(
                        "{all}: told where {side}{basis} by more than {percent}% and by more than {absolute} {unit}"
                    ),
                }
            }
            Relation::When { condition, then } => match self.lang {
                Lang::Zh => format!("{}时，{}", self.test(condition, ""), self.test(then, "应")),
                Lang::En => format!(
                    "if {}, {}",
                    self.test(condition, "is"),
                    self.test(then, "must be")
                ),
            },
        };
        format!("{each}{said}")
    }

    fn total_row(&self, leaves: &[usize], count: bool) -> String {
        let annex = self.rule.annex.map(|annex| &self.scheme.annexes[annex]);
        let mut columns: Vec<&str> = Vec::new();
        for &leaf in leaves {
            let name = annex.map_or("", |annex| &annex.column_of(leaf).name);
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        let label = annex.and_then(|annex| annex.total.as_ref());
        let label = label.map_or(String::new(), |total| total.label.replace("{count}", "…"));
        let columns = columns.join(self.say("、", ", "));
        let mut said = match self.lang {
            Lang::Zh => format!("“{label}”行的{columns} = 各行之和"),
            Lang::En => format!("“{label}”, {columns} = sum of the rows"),
        };
        if count {
            said += self.say(
                "；行名里的个数 = 行数",
                "; the number in its label = number of rows",
            );
        }
        said
    }

    /// Where it holds, as far as that is not everywhere.
    fn applies(&self) -> Option<String> {
        let applies = &self.rule.applies;
        let list = self.say("、", ", ");
        let rows = |rows: &[Box<[Arc<str>]>]| {
            let names = rows.iter().map(|key| match key.is_empty() {
                true => self.say("合计", "total").to_owned(),
                false => key.join("·"),
            });
            names.collect::<Vec<_>>().join(list)
        };
        let mut parts = Vec::new();
        if let Some(only) = &applies.rows {
            parts.push(format!("{}{}", self.say("只查 ", "only "), rows(only)));
        }
        if !applies.except_rows.is_empty() {
            let except = rows(&applies.except_rows);
            parts.push(format!("{}{except}", self.say("不查 ", "not ")));
        }
        if let Some(years) = &applies.years {
            let years: Vec<String> = years.iter().map(u16::to_string).collect();
            let years = years.join(list);
            parts.push(format!("{}{years}", self.say("只查年份 ", "only in ")));
        }
        // Targets say so themselves, and so do rules over time.
        let is_usual = matches!(self.rule.relation, Relation::Target { .. })
            || self.rule.relation.is_over_time();
        match applies.period {
            AppliesIn::Plan if !is_usual => {
                parts.push(self.say("只查规划数", "only in the plan").to_owned())
            }
            AppliesIn::Month if !is_usual => {
                parts.push(self.say("只查月报", "only in months").to_owned())
            }
            _ => {}
        }
        (!parts.is_empty()).then(|| parts.join(self.say("；", "; ")))
    }

    /// 附件5 人工造乔木林 2023年 面积.
    fn cell(&self, sel: &CellSel) -> String {
        let annex = &self.scheme.annexes[sel.annex];
        let mut words: Vec<String> = Vec::new();
        if self.rule.annex != Some(sel.annex) {
            words.push(annex.number.to_string());
        }
        match &sel.row {
            RowSel::Current => {}
            RowSel::Key(key) => words.push(key.join("·")),
            RowSel::Total => words.push(self.say("合计行", "total row").to_owned()),
            RowSel::Every => words.push(self.say("各行之和", "all rows").to_owned()),
        }
        match sel.year {
            YearSel::Current => {}
            YearSel::Fixed(year) => words.push(format!("{year}{}", self.say("年", ""))),
            YearSel::Every => words.push(self.say("各年之和", "all years").to_owned()),
        }
        words.push(annex.columns[sel.column].name.to_string());
        words.join(" ")
    }

    fn column(&self, column: usize) -> String {
        let annex = self.rule.annex.map(|annex| &self.scheme.annexes[annex]);
        annex.map_or(String::new(), |annex| {
            annex.columns[column].name.to_string()
        })
    }

    /// 是否完成改造为“否”; with 应 before what is asked of it: 计划完成时间应填写.
    fn test(&self, test: &Test, verb: &str) -> String {
        let cell = self.cell(&test.cell);
        match (&test.is, self.lang) {
            (Condition::Filled, Lang::Zh) => format!("{cell}{verb}填写"),
            (Condition::Filled, Lang::En) => format!("{cell} {verb} filled in"),
            (Condition::Blank, Lang::Zh) => format!("{cell}{verb}为空"),
            (Condition::Blank, Lang::En) => format!("{cell} {verb} blank"),
            (Condition::OneOf(values), Lang::Zh) => {
                let values: Vec<String> = values.iter().map(|it| format!("“{it}”")).collect();
                format!("{cell}{verb}为{}", values.join("或"))
            }
            (Condition::OneOf(values), Lang::En) => {
                format!("{cell} {verb} {}", values.join(" or "))
            }
            (Condition::Between { .. }, _) => {
                format!("{cell}{verb}{}", between(test.min, test.max))
            }
        }
    }
}

/// ` ≥ 0, ≤ 100`.
fn between(min: Option<Limit>, max: Option<Limit>) -> String {
    let text = |limit: Limit| match limit {
        Limit::Amount(amount) => amount.to_string(),
        Limit::Date(date) => date.to_string(),
    };
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!(" = {}", text(min)),
        (Some(min), Some(max)) => format!(" ≥ {}, ≤ {}", text(min), text(max)),
        (Some(min), None) => format!(" ≥ {}", text(min)),
        (None, Some(max)) => format!(" ≤ {}", text(max)),
        (None, None) => String::new(),
    }
}
