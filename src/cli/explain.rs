//! `hebiao explain`: what a rule or a kind of finding means, and how to put it right.

use anyhow::{Result, bail};

use crate::model::Kind;
use crate::report::explain::explanation;
use crate::report::{Lang, words};
use crate::scheme::{Rule, Scheme};

use super::{ALL_CLEAR, NOT_DONE, Surroundings, put, scheme::load_scheme};

/// Explains one rule or kind, or lists all that can be explained.
pub(super) fn run(surroundings: &Surroundings, what: Option<&str>) -> Result<u8> {
    let lang = surroundings.lang;
    // Kinds are ours, whatever the scheme.
    if let Some(kind) = what.and_then(kind) {
        put(&format!("{}{}", in_chinese(lang), explanation(kind)))?;
        return Ok(ALL_CLEAR);
    }
    if what.is_none() {
        put(&kinds(lang))?;
    }
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let Some(what) = what else {
        put(&rules(&scheme, lang))?;
        return Ok(ALL_CLEAR);
    };
    let Some(rule) = scheme
        .rules
        .iter()
        .find(|rule| rule.id.eq_ignore_ascii_case(what))
    else {
        let near = near(&scheme, what);
        match (near.is_empty(), lang) {
            (true, Lang::Zh) => {
                bail!("没有这样的审核关系或类别：{what}；不带参数运行 hebiao explain 列出全部")
            }
            (true, Lang::En) => {
                bail!("no such rule or kind: {what}; hebiao explain alone lists all")
            }
            (false, Lang::Zh) => {
                bail!(
                    "没有这样的审核关系或类别：{what}；相近的有 {}",
                    near.join("、")
                )
            }
            (false, Lang::En) => bail!("no such rule or kind: {what}; near: {}", near.join(", ")),
        }
    };
    put(&about(&scheme, rule, lang))?;
    put(&format!(
        "{}{}",
        in_chinese(lang),
        explanation(rule.relation.kind())
    ))?;
    Ok(ALL_CLEAR)
}

/// By the name in findings.json, or as the findings list calls it.
fn kind(name: &str) -> Option<Kind> {
    let called = |kind: &Kind| {
        kind.name().eq_ignore_ascii_case(name) || words::kind(*kind, Lang::Zh) == name
    };
    Kind::ALL.into_iter().find(called)
}

/// What may have been meant: names, numbers and labels that hold the words that were given.
fn near(scheme: &Scheme, what: &str) -> Vec<String> {
    const SHOWN: usize = 6;
    let what = what.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&what);
    let kinds = Kind::ALL.into_iter().filter_map(|kind| {
        let called = words::kind(kind, Lang::Zh);
        (holds(kind.name()) || holds(called)).then(|| called.to_owned())
    });
    let rules = scheme.rules.iter();
    let rules = rules
        .filter(|rule| holds(&rule.id) || holds(&rule.label))
        .map(|rule| rule.id.to_string());
    kinds.chain(rules).take(SHOWN).collect()
}

fn in_chinese(lang: Lang) -> &'static str {
    lang.pick("", "(Explanations are in Chinese, as the forms are.)\n\n")
}

fn kinds(lang: Lang) -> String {
    let mut out = format!("{}\n", lang.pick("问题的类别", "Kinds of findings"));
    for kind in Kind::ALL {
        out += &format!("  {:<18} {}\n", kind.name(), words::kind(kind, lang));
    }
    out
}

fn rules(scheme: &Scheme, lang: Lang) -> String {
    let mut out = format!("\n{}\n", lang.pick("审核关系", "Rules"));
    for rule in &scheme.rules {
        out += &format!("  {:<8} {}\n", rule.id, rule.label);
    }
    out
}

fn about(scheme: &Scheme, rule: &Rule, lang: Lang) -> String {
    let annex = rule.annex.map(|annex| &*scheme.annexes[annex].number);
    let mut out = format!(
        "{}  {}  [{}]{}\n{}\n\n",
        rule.id,
        rule.label,
        words::level(rule.level, lang),
        annex.map_or(String::new(), |annex| format!("  {annex}")),
        rule.say
    );
    for line in words::relation(scheme, rule, lang) {
        out += &format!("  {}\n", line.replace('\n', "\n  "));
    }
    out + "\n"
}
