//! What is said of figures that cannot be taken as they were typed: why, what they may mean, and what proves it.

use crate::model::{Cause, CellRef, Finding, Place, Proof, Wanted};

use super::{LISTED, Lang, given, reference};

/// The heading of something that is no figure, by what is the matter with it.
pub(super) fn title(wanted: Wanted, causes: &[Cause], lang: Lang) -> &'static str {
    let by_cause = causes.first().filter(|_| wanted != Wanted::Code);
    match (by_cause, lang) {
        (Some(cause), Lang::Zh) => title_zh(*cause),
        (Some(cause), Lang::En) => title_en(*cause),
        (None, Lang::Zh) => match wanted {
            Wanted::Number => "不是数字",
            Wanted::Date => "不是日期",
            Wanted::Code => "不是代码",
            Wanted::Year => "不是年份",
        },
        (None, Lang::En) => match wanted {
            Wanted::Number => "Not a number",
            Wanted::Date => "Not a date",
            Wanted::Code => "Not a code",
            Wanted::Year => "Not a year",
        },
    }
}

/// What stands there, what is the matter with it, and what it may mean.
pub(super) fn facts(finding: &Finding, said: &Said<'_>, lang: Lang) -> String {
    let typed = given(finding);
    let mut parts = vec![match lang {
        Lang::Zh => format!("填写“{typed}”"),
        Lang::En => format!("“{typed}” was typed"),
    }];
    let named = said.causes.iter().map(|cause| why(*cause, lang));
    parts.extend(named.filter(|why| !why.is_empty()).map(str::to_owned));
    let meant = meant(finding, said, lang);
    if said.causes.is_empty() && meant.is_none() {
        parts.push(asked_for(said.wanted, lang).to_owned());
    }
    parts.extend(meant);
    parts.push(lang.pick("没有汇总", "left out").to_owned());
    parts.join(lang.pick("，", ", "))
}

/// What a finding says of something that is no figure.
pub(super) struct Said<'f> {
    pub(super) wanted: Wanted,
    pub(super) causes: &'f [Cause],
    pub(super) readings: &'f [String],
    pub(super) is_reckoned: bool,
}

fn asked_for(wanted: Wanted, lang: Lang) -> &'static str {
    match (wanted, lang) {
        (Wanted::Number, Lang::Zh) => "此处应填数字",
        (Wanted::Date, Lang::Zh) => "此处应填日期",
        (Wanted::Code, Lang::Zh) => "此处应填代码",
        (Wanted::Year, Lang::Zh) => "此处应填年份",
        (Wanted::Number, Lang::En) => "a number belongs here",
        (Wanted::Date, Lang::En) => "a date belongs here",
        (Wanted::Code, Lang::En) => "a code belongs here",
        (Wanted::Year, Lang::En) => "a year belongs here",
    }
}

/// 应为 331.6（按此 F5 三年合计对得上）; nothing where nobody can say.
fn meant(finding: &Finding, said: &Said<'_>, lang: Lang) -> Option<String> {
    let (first, others) = said.readings.split_first()?;
    let proof = proof(finding, lang);
    let others = others.join(lang.pick(" 或 ", " or "));
    let is_triangle = said.causes.contains(&Cause::Triangle);
    Some(match (lang, proof) {
        (Lang::Zh, Some(proof)) if said.is_reckoned => {
            // Before a cell stands a blank, as everywhere.
            let blank = if proof.starts_with(|c: char| c.is_ascii()) {
                " "
            } else {
                ""
            };
            format!("要使{blank}{proof}，应为 {first}")
        }
        (Lang::En, Some(proof)) if said.is_reckoned => {
            format!("{first} would make {proof}")
        }
        // The mark means minus; that a relation holds without it does not say that it was meant so.
        (Lang::Zh, Some(proof)) if is_triangle && !others.is_empty() => {
            format!("可能是 {others}；但按 {first} 算，{proof}")
        }
        (Lang::En, Some(proof)) if is_triangle && !others.is_empty() => {
            format!("possibly {others}; but with {first}, {proof}")
        }
        (Lang::Zh, Some(proof)) => format!("应为 {first}：按此算，{proof}"),
        (Lang::En, Some(proof)) => format!("should be {first}: with it, {proof}"),
        (Lang::Zh, None) if others.is_empty() => format!("可能是 {first}"),
        (Lang::En, None) if others.is_empty() => format!("possibly {first}"),
        (Lang::Zh, None) => format!("可能是 {first} 或 {others}"),
        (Lang::En, None) => format!("possibly {first} or {others}"),
    })
}

/// What shows that a reading is meant: F5 三年合计对得上.
pub(super) fn proof(finding: &Finding, lang: Lang) -> Option<String> {
    const SHOWN: usize = 2;
    let (first, rest) = finding.proofs.split_first()?;
    let shown = std::iter::once(first).chain(rest).take(SHOWN);
    let shown: Vec<String> = shown
        .map(|proof| agrees(proof, finding.place.as_ref(), lang))
        .collect();
    let shown = shown.join(lang.pick("、", " and "));
    let n_others = finding.proofs.len().saturating_sub(SHOWN);
    let more = match (n_others, lang) {
        (0, _) => String::new(),
        (n, Lang::Zh) => format!("等 {} 处", n + SHOWN),
        (n, Lang::En) => format!(" and {n} more"),
    };
    let is_exact = finding.proofs.iter().all(|proof| proof.is_exact);
    Some(match (lang, first.period) {
        (Lang::Zh, Some(_)) => format!("与{shown}{more}相同"),
        (Lang::En, Some(_)) => format!("it is the figure of {shown}{more}"),
        (Lang::Zh, None) if is_exact => format!("{shown}{more}正好对得上"),
        (Lang::Zh, None) => format!("{shown}{more}在舍入误差以内对得上"),
        (Lang::En, None) if is_exact => format!("{shown}{more} agrees exactly"),
        (Lang::En, None) => format!("{shown}{more} agrees within rounding"),
    })
}

fn agrees(proof: &Proof, seen_from: Option<&Place>, lang: Lang) -> String {
    if let Some(period) = proof.period {
        return match (period, lang) {
            (crate::model::Period::Plan, Lang::Zh) => "计划数".to_owned(),
            (crate::model::Period::Plan, Lang::En) => "the plan".to_owned(),
            (period, Lang::Zh) => format!(" {period} 的数"),
            (period, Lang::En) => period.to_string(),
        };
    }
    let label = match lang {
        Lang::Zh => &*proof.label,
        Lang::En => proof.rule.as_deref().unwrap_or(&proof.label),
    };
    match &proof.place {
        Some(place) if !reference(place, seen_from).is_empty() => {
            format!("{} {label}", reference(place, seen_from))
        }
        _ => label.to_owned(),
    }
}

/// What to do about it.
pub(super) fn advice(cell: &str, said: &Said<'_>, lang: Lang) -> String {
    let first = said.causes.first();
    match (lang, said.readings) {
        (Lang::Zh, [only]) => match first {
            Some(Cause::Struck) => {
                format!("若这个数有效，请去掉 {cell} 的删除线；已作废的请删去，改填正确的数")
            }
            Some(Cause::FormulaText) => {
                format!("请把 {cell} 的单元格格式改为“常规”，再双击进去按回车；算出来应是 {only}")
            }
            Some(Cause::PercentFormat | Cause::Date) => {
                format!("请把 {cell} 的单元格格式改为“常规”，再填 {only}；若不是，请填正确的数")
            }
            _ if said.wanted == Wanted::Date => {
                format!("请在 {cell} 改填 {only}；若不是，请填正确的日期")
            }
            _ => format!("请在 {cell} 只填 {only}；若不是，请填正确的数"),
        },
        (Lang::En, [only]) => match first {
            Some(Cause::Struck) => {
                format!("If the figure counts, take the line off {cell}; else give the right one")
            }
            Some(Cause::FormulaText) => format!(
                "Set {cell} to General, then open it and press Enter; it should come to {only}"
            ),
            Some(Cause::PercentFormat | Cause::Date) => {
                format!("Set {cell} to General and give {only}, or the right figure")
            }
            _ => format!("Give just {only} in {cell}, or whatever is right"),
        },
        (Lang::Zh, [_, ..]) => format!(
            "请在 {cell} 只填数字：{}，哪个对填哪个",
            said.readings.join(" 或 ")
        ),
        (Lang::En, [_, ..]) => {
            format!(
                "Give in {cell} whichever is right: {}",
                said.readings.join(" or ")
            )
        }
        (Lang::Zh, []) => match (said.wanted, first) {
            (Wanted::Number, Some(Cause::FormulaText)) => {
                format!("请把 {cell} 的单元格格式改为“常规”，再双击进去按回车")
            }
            (Wanted::Number, Some(Cause::Date | Cause::Time)) => {
                format!("请把 {cell} 的单元格格式改为“数值”，再重新填写")
            }
            (Wanted::Number, Some(Cause::Struck | Cause::StruckPart)) => {
                format!("请在 {cell} 只留有效的数，作废的删去")
            }
            (Wanted::Number, Some(Cause::Ditto)) => format!("请在 {cell} 写出数字"),
            (Wanted::Number, Some(Cause::Range | Cause::Bound | Cause::Several)) => {
                format!("请在 {cell} 只填一个数；说明写在备注里")
            }
            (Wanted::Number, _) => {
                format!("请在 {cell} 只填数字；没有数据请留空，不适用请填“－”")
            }
            (Wanted::Date, Some(Cause::NoSuchDay)) => {
                format!("请核对 {cell} 的月和日，填写实有的日期")
            }
            (Wanted::Date, _) => format!("请在 {cell} 填写日期，如 2024-05-31 或 2024年5月"),
            (Wanted::Code, _) => format!("请按文本格式重新填写 {cell}"),
            (Wanted::Year, _) => format!("请在 {cell} 填写四位年份，如 2024年"),
        },
        (Lang::En, []) => match (said.wanted, first) {
            (Wanted::Number, Some(Cause::FormulaText)) => {
                format!("Set {cell} to General, then open it and press Enter")
            }
            (Wanted::Number, Some(Cause::Date | Cause::Time)) => {
                format!("Set {cell} to Number and type the figure again")
            }
            (Wanted::Number, Some(Cause::Struck | Cause::StruckPart)) => {
                format!("Leave in {cell} only the figure that counts")
            }
            (Wanted::Number, Some(Cause::Range | Cause::Bound | Cause::Several)) => {
                format!("Give one figure in {cell}; remarks belong in their own column")
            }
            (Wanted::Number, _) => format!(
                "Give just the number in {cell}; leave it blank if there is none, give “－” if \
                 it does not apply"
            ),
            (Wanted::Date, Some(Cause::NoSuchDay)) => {
                format!("Check month and day of {cell}")
            }
            (Wanted::Date, _) => format!("Give a date in {cell}, such as 2024-05-31"),
            (Wanted::Code, _) => format!("Fill in {cell} again, formatted as text"),
            (Wanted::Year, _) => format!("Give a year of four digits in {cell}, such as 2024"),
        },
    }
}

/// What several figures in another unit come to: C6 30.5亩 约合 2.03.
pub(super) fn about_others(
    others: &[(CellRef, String, String)],
    declared: &str,
    lang: Lang,
) -> String {
    let named = others
        .iter()
        .take(LISTED)
        .map(|(cell, typed, about)| match lang {
            Lang::Zh => format!("；{cell} 填写 {typed}，约合 {about} {declared}"),
            Lang::En => format!("; {cell} {typed}, about {about} {declared}"),
        });
    let mut all: String = named.collect();
    let n_more = others.len().saturating_sub(LISTED);
    if n_more > 0 {
        all += &match lang {
            Lang::Zh => format!("；另有 {n_more} 格也是"),
            Lang::En => format!("; and {n_more} more"),
        };
    }
    all
}

fn title_zh(cause: Cause) -> &'static str {
    match cause {
        Cause::Letters => "数字里混有字母或符号",
        Cause::Footnote => "数字带有注号",
        Cause::Triangle => "数字带有“▲”一类的记号",
        Cause::MinusWord => "负数用文字表示",
        Cause::MinusBehind => "负号写在数字后面",
        Cause::Remark => "数字和说明写在一格",
        Cause::Commas => "逗号不在千位上",
        Cause::Blanks => "数字中间有空格",
        Cause::Point => "小数点写得不对",
        Cause::Punctuation => "数字前后有多余的标点",
        Cause::Quotes => "数字加了引号",
        Cause::Currency => "数字带有货币符号",
        Cause::Exponent => "数字写成了科学计数法",
        Cause::Words => "数字没有用 0 到 9 写",
        Cause::Times => "数字带有“千”“万”等字",
        Cause::PercentSign => "此处不填百分数",
        Cause::Fraction => "数字写成了分数",
        Cause::Reckoning => "填写的是算式",
        Cause::About => "填写的是约数",
        Cause::Bound => "填写的是界限，不是一个数",
        Cause::Range => "填写的是范围，不是一个数",
        Cause::Several => "一格里不止一个数",
        Cause::Ditto => "填写的是“同上”，没有写出数",
        Cause::FormulaText => "公式打成了文字",
        Cause::Date => "填写的数成了日期",
        Cause::Time => "填写的数成了时间",
        Cause::PercentFormat => "单元格是百分比格式",
        Cause::Struck => "数字划了删除线",
        Cause::StruckPart => "部分内容划了删除线",
        Cause::NoSuchDay => "没有这一天",
        Cause::DateNumber => "日期成了一串数字",
    }
}

/// What is the matter, where the heading does not say it all.
fn why(cause: Cause, lang: Lang) -> &'static str {
    let (zh, en) = match cause {
        Cause::Letters => (
            "里面有像数字的字母或符号",
            "with letters or signs that look like digits",
        ),
        Cause::Footnote => ("带有注号", "with a note mark"),
        Cause::Triangle => ("▲ 一般表示负数", "where ▲ usually means minus"),
        Cause::MinusWord => ("有表示负数的字", "with a word for minus"),
        Cause::MinusBehind => ("减号在后面", "with the minus behind it"),
        Cause::Remark => ("数字以外还有说明", "with a remark in the same cell"),
        Cause::Commas => ("逗号不在千位上", "with commas where no thousands are"),
        Cause::Blanks => ("中间有空格", "with blanks inside it"),
        Cause::Point => ("小数点不对", "with a wrong decimal point"),
        Cause::Punctuation => ("有多余的标点", "with a mark too many"),
        Cause::Quotes => ("有引号", "in quotation marks"),
        Cause::Currency => ("有货币符号", "with the sign of a currency"),
        Cause::Exponent => ("这样写会丢掉后面的数字", "which loses its last digits"),
        Cause::Words => ("没有用 0 到 9 写", "not in the digits 0 to 9"),
        Cause::Times => ("带有“千”“万”等字", "with a word for how many times"),
        Cause::PercentSign => ("此处不填百分数", "where no percentage belongs"),
        Cause::Fraction => ("是分数", "a fraction"),
        Cause::Reckoning => ("是算式", "a reckoning"),
        Cause::About => ("是约数", "only about"),
        Cause::Bound => ("没有说是多少", "which does not say how much"),
        Cause::Range => ("没有说是多少", "which does not say how much"),
        Cause::Several => ("不知道该取哪一个", "of which none can be chosen"),
        Cause::Ditto => ("不知道指的是哪个数", "which does not say which figure"),
        Cause::FormulaText => (
            "是公式的文字，没有算",
            "the text of a formula that was never calculated",
        ),
        Cause::Date => (
            "是日期，也可能是 Excel 把填的数改成了日期",
            "a date, perhaps of a spreadsheet's making",
        ),
        Cause::Time => (
            "是时间，也可能是 Excel 把填的数改成了时间",
            "a time, perhaps of a spreadsheet's making",
        ),
        Cause::PercentFormat => (
            "这一列不是百分数，这一格却是百分比格式",
            "in a cell of percentages, where none belong",
        ),
        Cause::Struck => ("划了删除线，不知道是否作废", "crossed out"),
        Cause::StruckPart => ("其中一部分划了删除线", "of which a part is crossed out"),
        Cause::NoSuchDay => ("日历上没有这一天", "which no calendar has"),
        Cause::DateNumber => (
            "像是日期在表格里的序号",
            "which looks like the number of a date",
        ),
    };
    lang.pick(zh, en)
}

fn title_en(cause: Cause) -> &'static str {
    match cause {
        Cause::Letters => "Letters or signs among the digits",
        Cause::Footnote => "A figure with a note mark",
        Cause::Triangle => "A figure with a mark for minus",
        Cause::MinusWord => "Minus in words",
        Cause::MinusBehind => "The minus stands behind the figure",
        Cause::Remark => "A figure and a remark in one cell",
        Cause::Commas => "Commas where no thousands are",
        Cause::Blanks => "Blanks inside a figure",
        Cause::Point => "A wrong decimal point",
        Cause::Punctuation => "A punctuation mark too many",
        Cause::Quotes => "A figure in quotation marks",
        Cause::Currency => "A figure with the sign of a currency",
        Cause::Exponent => "A figure in scientific notation",
        Cause::Words => "A figure not in the digits 0 to 9",
        Cause::Times => "A figure with a word for how many times",
        Cause::PercentSign => "A percentage where none belongs",
        Cause::Fraction => "A fraction",
        Cause::Reckoning => "A reckoning instead of its result",
        Cause::About => "An approximate figure",
        Cause::Bound => "A bound instead of a figure",
        Cause::Range => "A range instead of a figure",
        Cause::Several => "Several figures in one cell",
        Cause::Ditto => "A ditto instead of a figure",
        Cause::FormulaText => "A formula typed as text",
        Cause::Date => "A figure that became a date",
        Cause::Time => "A figure that became a time",
        Cause::PercentFormat => "A cell of percentages",
        Cause::Struck => "A figure that is crossed out",
        Cause::StruckPart => "Partly crossed out",
        Cause::NoSuchDay => "No such day",
        Cause::DateNumber => "A date that became a number",
    }
}
