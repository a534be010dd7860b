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
    for (idx, group) in group_of.into_iter().enumerate() {
        let row = rows[idx].1;
        let applies = at.applies_to(row.row().kind, &row.row().key);
        let checking = match group {
            _ if !applies || !at.applies_in(row.row().year) => Ok(Outcome::NotApplied),
            // What is left blank is no key, and a missing one is not this rule's to find.
            Err(Why::Missing | Why::NotApplicable) => Ok(Outcome::NotApplied),
            Err(why) => Err(why),
            Ok(group) if groups[group][0] == idx => Ok(Outcome::Pass),
            Ok(group) => {
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
