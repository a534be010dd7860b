#![doc = include_str!("unique.md")]

use std::collections::HashMap;

use crate::model::{Amount, Date, Detail, Value};
use crate::scheme::{Annex, Relation, plain};

use super::cells::{At, Spot};
use super::outcome::{Checked, Outcome, Why};
use super::rows::RowAt;

/// What a row has in one column: 2 is 2.0, and full width is half width.
#[derive(PartialEq, Eq, Hash)]
enum Part {
    Amount(Amount),
    Text(String),
    Date(Date),
    Year(u16),
}

/// Compares all rows of an annex with each other. With each row comes in whose list it must be
/// unique; `None` is the county's.
pub(super) fn check(
    at: At<'_>,
    annex: &Annex,
    rows: &[(Option<usize>, RowAt<'_>)],
    rule: usize,
    checked: &mut Checked,
) {
    let Relation::Unique { columns } = &at.rule.relation else {
        return;
    };
    if !at.applies_in(None) {
        checked.not_applied(rule, rows.len());
        return;
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_parts: HashMap<(Option<usize>, Vec<Part>), usize> = HashMap::new();
    let group_of: Vec<Result<usize, Why>> = rows
        .iter()
        .enumerate()
        .map(|(idx, (owner, row))| {
            let parts: Result<Vec<Part>, Why> = columns
                .iter()
                .map(|&column| part(annex, *row, column))
                .collect();
            let group = *by_parts.entry((*owner, parts?)).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(idx);
            Ok(group)
        })
        .collect();
    // Of rows that are alike all but the first fail, and all are told of together.
    let mut is_told = vec![false; groups.len()];
    for (idx, group) in group_of.into_iter().enumerate() {
        let row = rows[idx].1;
        let applies = at.applies_to(row.row().kind, &row.row().key);
        let checking = match group {
            _ if !applies || !at.applies_in(row.row().year) => Ok(Outcome::NotApplied),
            // What is left blank is no key, and a missing one is not this rule's to find.
            Err(Why::Missing | Why::NotApplicable) => Ok(Outcome::NotApplied),
            Err(why) => Err(why),
            Ok(group) if groups[group][0] == idx => Ok(Outcome::Pass),
            Ok(group) if is_told[group] => {
                checked.failed(rule);
                continue;
            }
            Ok(group) => {
                is_told[group] = true;
                let spot = |idx: usize| Spot {
                    table: rows[idx].1.table,
                    row: rows[idx].1.row,
                    leaf: annex
                        .leaves
                        .iter()
                        .position(|leaf| leaf.column == columns[0])
                        .unwrap_or(0),
                };
                let others: Vec<Spot<'_>> = groups[group]
                    .iter()
                    .filter(|other| **other != idx)
                    .map(|other| spot(*other))
                    .collect();
                let detail = Detail::Unique {
                    columns: columns
                        .iter()
                        .map(|&column| annex.columns[column].name.clone())
                        .collect(),
                };
                let mut finding = at.finding(false, &[spot(idx)], &others, detail);
                let given: Vec<String> = columns
                    .iter()
                    .map(|&column| in_words(annex, row, column))
                    .collect();
                finding.given = Some(given.join("·"));
                Ok(Outcome::told(finding, false))
            }
        };
        checked.record(rule, checking);
    }
}

fn part(annex: &Annex, row: RowAt<'_>, column: usize) -> Result<Part, Why> {
    let text = |text: &str| match plain(text) {
        text if text.is_empty() => Err(Why::Missing),
        text => Ok(Part::Text(text.into_owned())),
    };
    // The keys of a merged cell stand only in its first row; the row knows them all the same.
    if annex.year_column == Some(column) {
        return row.row().year.map(Part::Year).ok_or(Why::Missing);
    }
    if let Some(position) = annex.row_key.iter().position(|&key| key == column) {
        return match row.row().key.get(position) {
            Some(key) => text(key),
            None => Err(Why::Missing),
        };
    }
    match value(annex, row, column) {
        Value::Amount(amount) => Ok(Part::Amount(*amount)),
        Value::Text(value) => text(value),
        Value::Date(date) => Ok(Part::Date(*date)),
        value => Err(Why::of(value)),
    }
}

fn in_words(annex: &Annex, row: RowAt<'_>, column: usize) -> String {
    let position = annex.row_key.iter().position(|&key| key == column);
    match (position, annex.year_column == Some(column)) {
        (Some(position), _) => row.row().key[position].to_string(),
        (_, true) => row
            .row()
            .year
            .map_or(String::new(), |year| year.to_string()),
        _ => value(annex, row, column).to_string(),
    }
}

fn value<'t>(annex: &Annex, row: RowAt<'t>, column: usize) -> &'t Value {
    let leaf = annex.leaves.iter().position(|leaf| leaf.column == column);
    leaf.map_or(&Value::Missing, |leaf| &row.row().entries[leaf].value)
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    /// 附件6.1: one boiler registered twice.
    #[test]
    fn a_row_that_repeats_another_is_marked() {
        check(
            unique(&["注册代码"]),
            "
            == 附件6.1 · 生态环境分局 · register
            序号(serial) | 产品编号(key) | 注册代码(code)
            1 | YW034 | 11006528002016060003
            2 | YW035 | 11006528002016060004
            3 | YW036 | 11006528002016060003    <- C4 unique
            4 | YW037 |
            5 | YW038 |
            6 | YW039 | ?1.10065E+19            <- C7 cannot check
            7 | YW040 | １１００６５２８００２０１６０６０００４    <- C8 unique
            ",
        );
    }

    #[test]
    fn keys_are_compared_together() {
        check(
            unique(&["灌区", "乡镇"]),
            "
            == 附件7 · 县水利局 · register
            灌区(key) | 乡镇(key) | 用水
            塔里克灌区 | 阳霞镇 | 1447
            阳霞灌区   | 阳霞镇 | 3226
            阳霞灌区   | 阳霞镇 | 3226   <- A4 unique
            ",
        );
    }

    #[test]
    fn all_forms_of_an_office_are_one_list_and_each_township_keeps_its_own() {
        let forms = |first: &str, second: &str, mark: &str| {
            format!(
                "
                == 附件6 · {first} · register
                单位(key) | 蒸吨数
                甲 | 2
                == 附件6 · {second} · register
                单位(key) | 蒸吨数
                甲 | 2.0   {mark}
                "
            )
        };
        for columns in [["单位"], ["蒸吨数"]] {
            let cell = if columns == ["单位"] { "A2" } else { "B2" };
            let mark = format!("<- {cell} unique");
            check(unique(&columns), &forms("轮台镇", "轮台镇", &mark));
            check(unique(&columns), &forms("轮台镇", "轮南镇", ""));
        }
    }

    #[test]
    fn rows_that_are_alike_are_told_of_together() {
        let text = "
            == 附件6 · 生态环境分局 · register
            单位(key) | 编号(code)
            甲 | 7
            乙 | 7
            丙 | 7
            丁 | 8
            ";
        let checked = checked(unique(&["编号"]), text);
        let findings = &checked.findings;
        let cells: Vec<String> = findings[0]
            .cells
            .iter()
            .filter_map(|place| Some(place.cell?.to_string()))
            .collect();
        assert_eq!((findings.len(), cells), (1, vec!["B2".into(), "B4".into()]));
        let tally = checked.tallies[0];
        assert_eq!((tally.pass, tally.fail), (2, 2));
        assert_eq!(findings[0].given.as_deref(), Some("7"));
        assert_eq!(findings[0].row.as_deref(), Some("乙"));
    }
}
