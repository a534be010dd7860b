//! What each finding says.

use super::Lang;
use crate::model::Finding;

/// The finding in words.
pub fn message(finding: &Finding, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("问题：{}", finding.kind),
        Lang::En => format!("finding: {}", finding.kind),
    }
}
