#![doc = include_str!("total_row.md")]

use crate::model::{Amount, Detail, Row, RowKind, Table, Value};
use crate::scheme::{Annex, ColumnKind, Relation};

use super::cells::{At, Cells};
use super::compare::{Holds, compare};
use super::outcome::{Checked, Checking, Outcome, Why};
use super::rows::RowAt;

/// The total row of a form that is to be held against the form's data rows. Of several (小计 above
/// 合计) it is the one that stands where the annex has its total.
pub(super) fn total_of(annex: &Annex, table: &Table) -> Option<usize> {
    let mut totals = (0..table.rows.len()).filter(|&idx| table.rows[idx].kind == RowKind::Total);
    match &annex.total {
        Some(total) if total.at_top => totals.next(),
        _ => totals.next_back(),
    }
}

/// How many relations the rule asks for in one form.
pub(super) fn n_relations(relation: &Relation) -> usize {
    match relation {
        Relation::TotalRow { leaves, count } => leaves.len() + usize::from(*count),
        _ => 0,
    }
}

/// Holds a total row against data rows: those of its own form, or those of the county.
pub(super) fn check<'t>(
    at: At<'_>,
    total: RowAt<'t>,
    rows: impl Iterator<Item = RowAt<'t>> + Clone,
    cells: &mut Cells<'t>,
    rule: usize,
    checked: &mut Checked,
) {
    let Relation::TotalRow { leaves, count } = &at.rule.relation else {
        return;
    };
    let n_rows = rows.clone().count();
    for &leaf in leaves {
        cells.clear();
        cells.push(total.spot(leaf));
        cells.end_slot();
        rows.clone().for_each(|row| cells.push(row.spot(leaf)));
        cells.end_slot();
        checked.record(rule, check_leaf(at, cells, n_rows));
    }
    if *count {
        checked.record(rule, check_count(at, total, n_rows));
    }
}

/// Slots: the total, all rows.
fn check_leaf(at: At<'_>, cells: &Cells<'_>, n_rows: usize) -> Checking {
    let total = cells.one(0)?;
    let year = total.annex(at.scheme).leaves[total.leaf].year;
    let at = At { year, ..at };
    // A rate is never summed, whatever the column's other rows are.
    let mut kinds = cells.from_slot(0).iter().map(|spot| spot.kind(at.scheme));
    if !at.applies_in(year) || kinds.any(|kind| kind == ColumnKind::Rate) {
        return Ok(Outcome::NotApplied);
    }
    let detail = || Detail::TotalRow { n_rows };
    compare(at, cells.slot(0), cells.slot(1), Holds::Equal, detail)
}

fn check_count(at: At<'_>, total: RowAt<'_>, counted: usize) -> Checking {
    let stated = total.row().stated_count.ok_or(Why::Missing)? as usize;
    if stated == counted {
        return Ok(Outcome::Pass);
    }
    let annex = &at.scheme.annexes[total.table.annex];
    let spot = total.spot(label_leaf(annex, total.row()));
    let mut finding = at.finding(false, &[spot], &[], Detail::RowCount { stated, counted });
    finding.column = None;
    finding.given = Some(stated.to_string());
    finding.expected = Some(counted.to_string());
    finding.difference = Some(Amount::from(stated as i64 - counted as i64));
    Ok(Outcome::told(finding, false))
}

/// Where the label of a total row stands: in its first text, else where rows have their key.
fn label_leaf(annex: &Annex, row: &Row) -> usize {
    let is_text = |leaf: &usize| matches!(row.entries[*leaf].value, Value::Text(_));
    let is_key = |leaf: &usize| annex.is_key(annex.leaves[*leaf].column);
    let mut leaves = 0..annex.leaves.len();
    leaves
        .clone()
        .find(is_text)
        .or_else(|| leaves.find(is_key))
        .unwrap_or(0)
}
