//! What is odd by the schema itself, in both languages.

use crate::model::{Finding, Guard, Operand};
use crate::report::Lang;

use super::{cells, reference};

pub(super) fn title(guard: &Guard, lang: Lang) -> &'static str {
    match (guard, lang) {
        (Guard::YearNotBegun { .. }, Lang::Zh) => "还没有开始的年度填了数",
        (Guard::YearNotBegun { .. }, Lang::En) => "Figures in a year that has not begun",
        (Guard::ClosedYear { .. }, Lang::Zh) => "已经结束的年度的数有变动",
        (Guard::ClosedYear { .. }, Lang::En) => "A year that is over has other figures",
        (Guard::MonthForTotal { .. }, Lang::Zh) => "疑把当月数填成了累计数",
        (Guard::MonthForTotal { .. }, Lang::En) => {
            "Probably the month's own figure, not the total so far"
        }
        (Guard::BeyondPlan { is_limit: true, .. }, Lang::Zh) => "超过全年控制数",
        (Guard::BeyondPlan { is_limit: true, .. }, Lang::En) => "Above the limit of the whole year",
        (
            Guard::BeyondPlan {
                is_limit: false, ..
            },
            Lang::Zh,
        ) => "超过全年计划",
        (
            Guard::BeyondPlan {
                is_limit: false, ..
            },
            Lang::En,
        ) => "More than the plan of the whole year",
        (Guard::Exchanged { .. }, Lang::Zh) => "疑两个数填颠倒了",
        (Guard::Exchanged { .. }, Lang::En) => "Two figures probably changed places",
    }
}

pub(super) fn facts(guard: &Guard, finding: &Finding, lang: Lang) -> String {
    let given = with_unit(finding.given.as_deref(), finding);
    let expected = with_unit(finding.expected.as_deref(), finding);
    match guard {
        Guard::YearNotBegun {
            year,
            n_figures,
            is_plan,
        } => {
            let where_ = all_cells(finding, lang);
            let plan = match (is_plan, lang) {
                (false, _) => "",
                (true, Lang::Zh) => "，都与计划数相同，可能是留在表上的计划数",
                (true, Lang::En) => ", all as planned: perhaps the plan was left in the form",
            };
            match lang {
                Lang::Zh => format!("{year}年还没有开始，填了 {n_figures} 个数（{where_}）{plan}"),
                Lang::En => format!("{n_figures} figures ({where_}) from {year} on{plan}"),
            }
        }
        Guard::ClosedYear { year, n_figures } => match (lang, n_figures) {
            (Lang::Zh, 1) => format!("{year}年已经结束，上月填 {expected}，这次填 {given}"),
            (Lang::Zh, n) => format!(
                "{year}年已经结束，有 {n} 个数与上月不同（{}）；第一个上月填 {expected}，这次填 {given}",
                all_cells(finding, lang)
            ),
            (Lang::En, 1) => format!("{year} is over; {expected} last month, {given} now"),
            (Lang::En, n) => format!(
                "{year} is over; {n} figures differ from last month ({}), the first was {expected} and is {given}",
                all_cells(finding, lang)
            ),
        },
        Guard::MonthForTotal { last, explains } => {
            let last = &last.value;
            let said = match lang {
                Lang::Zh => format!(
                    "填写 {given}，比上月累计 {last} 少；若 {given} 是当月数，累计应为 {expected}"
                ),
                Lang::En => format!(
                    "{given}, less than last month's {last}; if {given} is the month's own, the total so far is {expected}"
                ),
            };
            said + &explained(explains, lang)
        }
        Guard::BeyondPlan { plan, is_limit } => {
            let plan = &plan.value;
            match (lang, is_limit) {
                (Lang::Zh, true) => format!("填写 {given}，全年控制数 {plan}"),
                (Lang::Zh, false) => format!("填写 {given}，全年计划 {plan}"),
                (Lang::En, true) => format!("{given}, the limit is {plan}"),
                (Lang::En, false) => format!("{given}, planned are {plan}"),
            }
        }
        Guard::Exchanged {
            cells,
            last,
            explains,
        } => {
            let [a, b] = &**cells;
            let [last_a, last_b] = &**last;
            let named = |operand: &Operand| format!("{} {}", operand.label, operand.value);
            let said = match lang {
                Lang::Zh => format!(
                    "{}、{}；上月是 {}、{}，换过来才衔接",
                    named(a),
                    named(b),
                    last_a.value,
                    last_b.value
                ),
                Lang::En => format!(
                    "{}, {}; last month {}, {}, which they continue the other way round",
                    named(a),
                    named(b),
                    last_a.value,
                    last_b.value
                ),
            };
            said + &explained(explains, lang)
        }
    }
}

pub(super) fn advice(guard: &Guard, finding: &Finding, lang: Lang) -> String {
    let cell = finding.place.as_ref().map(|place| reference(place, None));
    let cell = cell.unwrap_or_default();
    let expected = with_unit(finding.expected.as_deref(), finding);
    match (guard, lang) {
        (Guard::YearNotBegun { .. }, Lang::Zh) => {
            "还没有开始的年度请留空；确实要填的，请说明原因".to_owned()
        }
        (Guard::YearNotBegun { .. }, Lang::En) => {
            "Leave years that have not begun blank, or say why not".to_owned()
        }
        (Guard::ClosedYear { .. }, Lang::Zh) => {
            "往年的数应与上月所报一致；确实要更正的，请说明原因".to_owned()
        }
        (Guard::ClosedYear { .. }, Lang::En) => {
            "Figures of years that are over stay as they were; if one was put right, say why"
                .to_owned()
        }
        (Guard::MonthForTotal { .. }, Lang::Zh) => {
            format!(
                "请核对：是当月数的，把 {cell} 改成累计数 {expected}；不是的，说明为什么比上月少"
            )
        }
        (Guard::MonthForTotal { .. }, Lang::En) => {
            format!(
                "If it is the month's own figure, put {expected} into {cell}; else say why it is less than last month"
            )
        }
        (Guard::BeyondPlan { .. }, Lang::Zh) => {
            format!("请核对 {cell} 的单位和小数点；确实如此的，请说明")
        }
        (Guard::BeyondPlan { .. }, Lang::En) => {
            format!("Check the unit and the decimal point of {cell}; if it is so, say so")
        }
        (Guard::Exchanged { .. }, Lang::Zh) => {
            let other = cells(finding, lang);
            format!("请核对 {cell} 和 {other}：填颠倒了的，请换过来")
        }
        (Guard::Exchanged { .. }, Lang::En) => {
            let other = cells(finding, lang);
            format!("Check {cell} and {other}: if they changed places, change them back")
        }
    }
}

fn with_unit(figure: Option<&str>, finding: &Finding) -> String {
    let unit = finding.unit.as_deref().unwrap_or_default();
    figure
        .map(|figure| format!("{figure}{unit}"))
        .unwrap_or_default()
}

/// The finding's own cell and the others.
fn all_cells(finding: &Finding, lang: Lang) -> String {
    let own = finding.place.as_ref().map(|place| reference(place, None));
    let others = cells(finding, lang);
    let all = own
        .into_iter()
        .chain((!others.is_empty()).then_some(others));
    all.collect::<Vec<_>>().join(lang.pick("、", ", "))
}

fn explained(explains: &[Finding], lang: Lang) -> String {
    let rules: Vec<&str> = (explains.iter())
        .filter_map(|it| it.rule.as_deref())
        .collect();
    match (rules.len(), lang) {
        (0, _) => String::new(),
        (n, Lang::Zh) => format!(
            "；由此引起的 {n} 处不符（{}）不再逐条列出",
            rules.join("、")
        ),
        (n, Lang::En) => format!(
            "; {n} failures ({}) follow from it and are not listed",
            rules.join(", ")
        ),
    }
}
