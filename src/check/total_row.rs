#![doc = include_str!("total_row.md")]

use crate::model::{Amount, Detail, Row, RowKind, Table, Value};
use crate::scheme::{Annex, ColumnKind, Relation};

use super::cells::{At, Cells};
use super::judge::{Holds, compare};
use super::outcome::{Checked, Checking, Outcome, Why};
use super::rows::RowAt;
use super::{is_not_due, said_if_too_long};

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
    // A row that is printed and blank is a row all the same.
    let n_printed = n_rows + total.table.blank_rows.len();
    for &leaf in leaves {
        cells.clear();
        cells.push(total.spot(leaf));
        cells.end_slot();
        rows.clone().for_each(|row| cells.push(row.spot(leaf)));
        cells.end_slot();
        let checking = check_leaf(at, cells, n_rows);
        checked.record(rule, said_if_too_long(at, cells, checking));
    }
    if *count {
        let is_own = rows.clone().any(|row| std::ptr::eq(row.table, total.table));
        let counted = if is_own { n_printed } else { n_rows };
        checked.record(rule, check_count(at, total, counted));
    }
}

/// Slots: the total, all rows.
fn check_leaf(at: At<'_>, cells: &Cells<'_>, n_rows: usize) -> Checking {
    let total = cells.one(0)?;
    let year = total.annex(at.scheme).leaves[total.leaf].year;
    let at = At { year, ..at };
    // A rate is never summed, whatever the column's other rows are.
    let mut kinds = cells.all().iter().map(|spot| spot.kind(at.scheme));
    let is_rate = kinds.any(|kind| kind == ColumnKind::Rate);
    if is_rate || !at.applies_in(year) || is_not_due(at, cells) {
        return Ok(Outcome::NotApplied);
    }
    let detail = || Detail::TotalRow { n_rows };
    compare(at, cells.slot(0), cells.slot(1), Holds::Equal, detail)
}

fn check_count(at: At<'_>, total: RowAt<'_>, counted: usize) -> Checking {
    if !at.applies_in(None) {
        return Ok(Outcome::NotApplied);
    }
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

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;

    #[test]
    fn a_total_that_differs_from_its_rows_is_marked() {
        check(
            total_row(),
            "
            单位 | 造林(亩 .1) | 投资(万元) | 绿地率(% .2 rate)
            东河 |  184.5 |  10 | 40.21
            西岭 | 1209.8 |     | 40.85
            南坪 |  323   |  30 | 41.3
            合计 | 1771.3 |  40 | 122   <- B5 total-row: 1717.3; C3 cannot check
            ",
        );
        check(
            total_row(),
            "
            单位 | 造林(亩 .1)
            东河 |  184.5
            西岭 | 1209.8
            南坪 |  －
            合计 | 1394.4   <- B5 total-row hint: 1394.3
            ",
        );
    }

    /// 附件2.1: years down and a blank that counts as nothing.
    #[test]
    fn the_green_areas_of_three_years_add_up() {
        check(
            total_row(),
            "
            年份(year) | 公园绿地(公顷 .2) | 附属绿地(公顷 .2) | 道路绿地(公顷 .2) | 生产绿地(公顷 .2 none) | 合计(公顷 .2)
            2023年 | 2.33  | 1.25 | 3.23  |      | 6.81
            2024年 | 3.68  | 2.63 | 3.02  |      | 9.33
            2025年 | 4.27  | 2.78 | 4.12  | 13.3 | 24.47
            合计   | 10.28 | 6.66 | 10.37 | 13.3 | 40.61
            ",
        );
    }

    /// 附件6.2: the total stands on top and states the number of townships.
    #[test]
    fn the_count_in_the_label_is_the_number_of_rows() {
        let form = |label: &str, mark: &str| {
            format!(
                "
                乡镇 | 户数(户)
                {label} | 5594   {mark}
                轮台镇 | 389
                群巴克镇 | 1451
                哈尔巴克乡 | 671
                阿克萨来乡 | 77
                塔尔拉克乡 | 410
                阳霞镇 | 1079
                铁热克巴扎乡 | 716
                策大雅乡 | 349
                野云沟乡 | 341
                草湖乡 | 111
                "
            )
        };
        check(total_row_with_count(), &form("合计（10个乡、镇）", ""));
        let stated = form("合计（11个乡、镇）", "<- A2 total-row: 10");
        check(total_row_with_count(), &stated);
        check(
            total_row_with_count(),
            &form("合计", "<- cannot check: missing"),
        );
        let finding = finding(total_row_with_count(), &form("合计（11个乡、镇）", ""));
        let (stated, counted) = (11, 10);
        assert_eq!(finding.detail, Detail::RowCount { stated, counted });
        assert_eq!(finding.row.as_deref(), Some("合计（11个乡、镇）"));
    }

    #[test]
    fn a_total_that_stands_alone_is_held_against_all_forms() {
        let forms = |total: &str| {
            format!(
                "
                == 附件3 · 轮台镇
                单位 | 造林@2023(亩 .1) | 造林@2024
                轮台镇   | 331.6 | 295.5
                群巴克镇 |       |
                == 附件3 · 群巴克镇
                单位 | 造林@2023(亩 .1) | 造林@2024
                群巴克镇 | 251.4 | 781.7
                == 附件3 · 县林草局
                单位 | 造林@2023(亩 .1) | 造林@2024
                全县合计 | {total}
                "
            )
        };
        check(total_row(), &forms("583 | 1077.2"));
        check(
            total_row(),
            &forms("538 | 1077.3   <- B2 total-row: 583.0; C2 total-row hint: 1077.2"),
        );
        check(
            total_row(),
            "
            == 附件3 · 轮台镇
            单位 | 造林(亩 .1)
            轮台镇   | 331.6
            群巴克镇 |
            == 附件3 · 县林草局
            单位 | 造林(亩 .1)
            全县合计 | 583   <- cannot check: not returned
            ",
        );
    }

    #[test]
    fn the_number_of_townships_is_counted_over_all_forms() {
        check(
            total_row_with_count(),
            "
            == 附件6.2 · 轮台镇
            乡镇 | 户数(户)
            轮台镇 | 389
            == 附件6.2 · 群巴克镇
            乡镇 | 户数(户)
            群巴克镇 | 1451
            == 附件6.2 · 县发改委
            乡镇 | 户数(户)
            合计（3个乡、镇） | 1840   <- A2 total-row: 2
            ",
        );
    }

    /// The first form that has a row is believed; what another says about it is not added.
    #[test]
    fn a_row_that_two_forms_give_counts_once() {
        check(
            total_row(),
            "
            == 附件3 · 轮台镇
            单位 | 造林(亩 .1)
            轮台镇 | 331.6
            == 附件3 · 群巴克镇
            单位 | 造林(亩 .1)
            群巴克镇 | 251.4
            轮台镇   | 999
            == 附件3 · 县林草局
            单位 | 造林(亩 .1)
            全县合计 | 583
            ",
        );
    }

    #[test]
    fn a_total_that_no_office_answers_for_is_left_alone() {
        let text = "
            == 附件3 · 轮台镇
            单位 | 造林(亩 .1)
            轮台镇 | 331.6
            == 附件3 · 群巴克镇
            单位 | 造林(亩 .1)
            群巴克镇 |
            全县合计 | 4500
            ";
        let tally = checked(total_row(), text).tallies[0];
        assert_eq!((tally.not_applied, tally.fail, tally.pass), (2, 0, 0));
    }

    #[test]
    fn of_subtotal_and_total_the_total_is_checked() {
        check(
            total_row(),
            "
            单位 | 造林
            东河 | 10
            西岭 | 20
            小计（合计） | 10
            合计 | 33   <- B5 total-row: 30
            ",
        );
    }
}
