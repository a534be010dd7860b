//! `hebiao explain`: what a rule or a kind of rule checks, why, and how to put it right.

use anyhow::{Result, bail};

use crate::check::explanation;
use crate::model::Kind;
use crate::report::words;

use super::{ALL_CLEAR, NOT_DONE, Surroundings, scheme::load_scheme};

/// Explains one rule or kind, or lists all that can be explained.
pub(super) fn run(surroundings: &Surroundings, what: Option<&str>) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(what) = what else {
        for kind in Kind::ALL {
            if explanation(kind).is_some() {
                println!("{:<12} {}", kind.name(), words::kind(kind, lang));
            }
        }
        return Ok(ALL_CLEAR);
    };
    if let Some(text) = Kind::ALL
        .iter()
        .find(|kind| kind.name() == what)
        .and_then(|kind| explanation(*kind))
    {
        print!("{text}");
        return Ok(ALL_CLEAR);
    }
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let Some(rule) = scheme
        .rules
        .iter()
        .find(|rule| rule.id.eq_ignore_ascii_case(what))
    else {
        bail!(
            "{}{what}",
            lang.pick("没有这样的审核关系或类别：", "no such rule or kind: ")
        );
    };
    println!(
        "{}  {}  [{}]\n{}\n",
        rule.id,
        rule.label,
        words::level(rule.level, lang),
        rule.say
    );
    print!("{}", explanation(rule.relation.kind()).unwrap_or_default());
    Ok(ALL_CLEAR)
}
