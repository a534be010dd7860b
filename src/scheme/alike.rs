//! Whether two counties work by the same scheme, whatever they and their reporters are called.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Annex, Rows, Scheme};
use crate::model::hex;

impl Scheme {
    /// SHA-256 over what figures mean: years, units, annexes and rules, without the county's name, its
    /// reporters, their rows, titles and explanations. Figures of schemes that have it in common can be
    /// added up. It is for comparing schemes here and now: another version of the program gives another.
    pub fn rules_fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, content) in self.parts() {
            hash.update(format!("{name}\n{}\n{content}", content.len()));
        }
        hex(&hash.finalize())
    }

    /// What two schemes do not have in common: ids of rules, numbers of annexes, 年份, 计量单位.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.parts(), other.parts());
        let names = ours
            .keys()
            .chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
        names
            .filter(|name| ours.get(*name) != theirs.get(*name))
            .cloned()
            .collect()
    }

    /// Everything that must be alike, by name, with the county's own name left open.
    fn parts(&self) -> BTreeMap<String, String> {
        let open = |text: String| text.replace(&self.area, "{area}");
        let mut parts = BTreeMap::from([
            ("年份".to_owned(), format!("{:?}", self.years)),
            ("计量单位".to_owned(), format!("{:?}", self.units)),
        ]);
        for annex in &self.annexes {
            parts.insert(annex.number.to_string(), open(content(annex)));
        }
        for rule in &self.rules {
            let of_rule = (
                rule.level,
                rule.tolerance,
                rule.each_year,
                &rule.applies,
                rule.annex,
            );
            parts.insert(
                rule.id.to_string(),
                open(format!("{of_rule:?}{:?}", rule.relation)),
            );
        }
        parts
    }
}

fn content(annex: &Annex) -> String {
    let rows = match &annex.rows {
        Rows::Fixed(_) if annex.reporter_key.is_some() => "reporters".to_owned(),
        rows => format!("{rows:?}"),
    };
    let keys = (&annex.row_key, annex.year_column, annex.reporter_key);
    let columns = (annex.unit, &annex.columns, &annex.leaves);
    let totals = (annex.total.is_some(), annex.one_row_each);
    format!("{columns:?}{keys:?}{rows}{totals:?}")
}
