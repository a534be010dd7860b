//! Figures with more decimals than their column has.
//!
//! What is typed finer than asked is taken as it is; the reporter should know, since the sheet may show it rounded. Of
//! households and people there are no parts, so there it is asked about. What a formula comes to is rounded by nobody,
//! and what was converted from another unit is told of already.

use std::collections::BTreeMap;

use crate::model::{
    Amount, CellRef, Detail, Entry, Finding, Kind, Level, Noted, Place, Row, Table,
};
use crate::scheme::{ColumnKind, Scheme};

/// One finding for each number of decimals asked for, and one for each count that is not whole.
pub(super) fn too_many(scheme: &Scheme, table: &Table) -> Vec<Finding> {
    let mut of_amounts: BTreeMap<u8, Found> = BTreeMap::new();
    let mut findings = Vec::new();
    for (row_idx, row) in table.rows.iter().enumerate() {
        for (leaf, entry) in row.entries.iter().enumerate() {
            let Some(amount) = is_finer(scheme, table, row, leaf, entry) else {
                continue;
            };
            let note = table.note(row_idx, leaf);
            if let Some(Noted::Converted) = note {
                continue;
            }
            let Some(cell) = table.cell(row, leaf) else {
                continue;
            };
            let found = Found {
                spot: (row_idx, leaf),
                amount,
                shown: match note {
                    Some(Noted::Shown(shown)) => Some(shown.to_string()),
                    _ => None,
                },
                cell,
                others: Vec::new(),
            };
            if counts(scheme, table, row, leaf) {
                findings.push(finding(scheme, table, 0, found, true));
                continue;
            }
            let annex = &scheme.annexes[table.annex];
            if !entry.formula && annex.has_decimals(leaf, row.spec) {
                let declared = annex.decimals_of(leaf, row.spec);
                match of_amounts.get_mut(&declared) {
                    Some(first) => first.others.push(cell),
                    None => drop(of_amounts.insert(declared, found)),
                }
            }
        }
    }
    let of_amounts = of_amounts.into_iter();
    findings
        .extend(of_amounts.map(|(declared, found)| finding(scheme, table, declared, found, false)));
    joined(findings)
}

/// A figure with too many decimals, and others like it.
struct Found {
    spot: (usize, usize),
    amount: Amount,
    shown: Option<String>,
    cell: CellRef,
    others: Vec<CellRef>,
}

/// The amount, if it has more decimals than its column.
fn is_finer(
    scheme: &Scheme,
    table: &Table,
    row: &Row,
    leaf: usize,
    entry: &Entry,
) -> Option<Amount> {
    let annex = &scheme.annexes[table.annex];
    let amount = entry.value.amount()?;
    let is_finer = amount.normalised().decimals() > annex.decimals_of(leaf, row.spec);
    (is_finer && annex.kind_of(leaf, row.spec).is_figure()).then_some(amount)
}

/// Whether a column counts what is whole.
pub(super) fn counts(scheme: &Scheme, table: &Table, row: &Row, leaf: usize) -> bool {
    let annex = &scheme.annexes[table.annex];
    if annex.kind_of(leaf, row.spec) != ColumnKind::Additive {
        return false;
    }
    let unit = scheme.unit_of(annex, leaf, row.spec);
    unit.is_some_and(|unit| {
        scheme
            .units
            .counts_whole(unit, annex.decimals_of(leaf, row.spec))
    })
}

fn finding(scheme: &Scheme, table: &Table, declared: u8, found: Found, is_count: bool) -> Finding {
    let annex = &scheme.annexes[table.annex];
    let (row_idx, leaf) = found.spot;
    let row = &table.rows[row_idx];
    let level = match is_count {
        true => Level::Verification,
        false => Level::Hint,
    };
    let shown = found.shown;
    let detail = Detail::Decimals {
        declared,
        shown,
        is_count,
    };
    let place = |cell| Place::sheet(&table.file, &table.sheet, Some(cell));
    let mut finding = Finding::new(Kind::Decimals, level, detail)
        .at(place(found.cell))
        .given(found.amount.normalised().to_string());
    finding.cells = found.others.into_iter().map(place).collect();
    finding.annex = Some(annex.number.clone());
    let reporter = table.reporter.or(row.reporter);
    finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
    finding.row = (!row.key.is_empty()).then(|| row.name().into());
    finding.column = Some(Box::from(&*annex.column_of(leaf).name));
    finding.year = annex.leaves[leaf].year.or(row.year);
    let unit = scheme.unit_of(annex, leaf, row.spec).filter(|_| is_count);
    finding.unit = unit.map(|unit| scheme.units.name(unit).clone());
    finding
}

/// A column of counts that are all not whole is told of once.
fn joined(findings: Vec<Finding>) -> Vec<Finding> {
    let mut joined: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = joined.iter_mut().find(|first| {
            (first.level, &first.column) == (finding.level, &finding.column)
                && first.level == Level::Verification
        });
        match (same, finding.place.clone()) {
            (Some(first), Some(place)) => first.cells.push(place),
            _ => joined.push(finding),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::grid::form;
    use super::too_many;

    fn told(text: &str) -> Vec<String> {
        let (scheme, table) = form(text);
        let told = too_many(&scheme, &table).into_iter().map(|finding| {
            let cell = finding.place.and_then(|place| place.cell);
            let others: Vec<String> = finding
                .cells
                .iter()
                .filter_map(|place| Some(place.cell?.to_string()))
                .collect();
            format!(
                "{} {} {}{}",
                finding.level,
                cell.map(|cell| cell.to_string()).unwrap_or_default(),
                finding.given.unwrap_or_default(),
                others
                    .iter()
                    .map(|cell| format!(" +{cell}"))
                    .collect::<String>()
            )
        });
        told.collect()
    }

    #[test]
    fn decimals_beyond_those_of_the_column_are_told_of_once() {
        let said = told(
            "
            乡镇 | 面积(亩 .1) | 户数(户) | 优良率(% rate .1)
            东河 | 331.64 | 390   | 55.5
            西岭 | 331.60 | 389.5 | 55.55
            南坪 | 0.01   | 12.0  | 55.50
            ",
        );
        assert_eq!(said, ["verification C3 389.5", "hint B2 331.64 +D3 +B4"]);
    }

    #[test]
    fn ten_thousands_of_people_are_whole_to_their_fourth_decimal() {
        let said = told(
            "
            乡镇 | 人口(万人 .4) | 概数(万人 .2)
            东河 | 1.2345   | 1.23
            西岭 | 1.23456  | 1.234
            ",
        );
        assert_eq!(said, ["verification B3 1.23456", "hint C3 1.234"]);
    }
}
