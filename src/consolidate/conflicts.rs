//! What the returns disagree on, as findings.

use super::Source;
use super::annex_returns::AnnexReturns;
use crate::model::{Detail, Finding, Kind, Level, Value};
use crate::scheme::ColumnKind;

impl AnnexReturns<'_> {
    /// Cells for which other returns give other values.
    pub(super) fn conflicts(
        &self,
        taken: Source,
        others: &[Source],
        findings: &mut Vec<Finding>,
    ) -> Vec<(usize, Vec<Source>)> {
        let mut conflicts = Vec::new();
        let is_held = |leaf: &usize| self.annex.is_data(*leaf) && self.annex.is_shown(*leaf);
        for leaf in (0..self.annex.leaves.len()).filter(is_held) {
            let value = &self.row(taken).entries[leaf].value;
            let is_text = self.annex.column_of(leaf).kind == ColumnKind::Text;
            let differing: Vec<Source> = (others.iter().copied())
                .filter(|&other| !(is_text && self.is_shared(taken, other)))
                .filter(|&other| {
                    let blank_is_none = self.annex.column_of(leaf).blank_is_none;
                    differs(value, &self.row(other).entries[leaf].value, blank_is_none)
                })
                .collect();
            if !differing.is_empty() {
                findings.push(self.conflict(leaf, taken, &differing));
                conflicts.push((leaf, differing));
            }
        }
        conflicts
    }

    fn conflict(&self, leaf: usize, taken: Source, others: &[Source]) -> Finding {
        let value = |source: Source| &self.row(source).entries[leaf].value;
        let said = |source: Source| (self.place(source, leaf), value(source).to_string());
        let detail = Detail::Conflict {
            taken: said(taken),
            others: others.iter().copied().map(said).collect(),
        };
        let mut finding = self
            .finding(Kind::Conflict, Level::QuasiMandatory, detail, leaf, taken)
            .given(value(taken).to_string());
        finding.cells = others.iter().map(|&o| self.place(o, leaf)).collect();
        if let [other] = *others {
            finding.difference = (value(taken).amount())
                .zip(value(other).amount())
                .and_then(|(taken, other)| taken.checked_sub(other));
        }
        finding
    }
}

/// Whether another return contradicts the value taken. A blank contradicts nothing, and what cannot
/// be used has a finding of its own; but a value that a blank would hide is one.
fn differs(taken: &Value, other: &Value, blank_is_none: bool) -> bool {
    match (taken, other) {
        (_, Value::Missing | Value::Unusable(_)) | (Value::Missing, Value::NotApplicable) => false,
        (Value::Missing, Value::Amount(amount)) if blank_is_none => !amount.is_zero(),
        _ => taken != other,
    }
}
