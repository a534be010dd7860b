//! The counties' consolidated rows as the prefecture's forms.

use std::sync::Arc;

use crate::consolidate::{County, CountyRow};
use crate::model::{Amount, Entry, Fraction, Period, Row, RowKind, Table, Value};
use crate::report::workbook::sheet_rows;
use crate::scheme::{Annex, ColumnKind, Rows, Scheme};

use super::CountyOutbox;
use super::prefecture::{Shape, block_key, kept_columns};

/// One county in one period.
pub(super) struct Part<'a> {
    /// Its index.
    pub(super) reporter: usize,
    pub(super) outbox: &'a CountyOutbox,
    pub(super) tables: &'a [Table],
    pub(super) county: &'a County,
}

/// The prefecture's forms: one for each annex and county, and one for what the counties come to.
pub(super) fn lift(scheme: &Scheme, period: Period, parts: &[Part]) -> Vec<Table> {
    let mut tables = Vec::new();
    for idx in 0..scheme.annexes.len() {
        let lifter = Lifter {
            scheme,
            idx,
            annex: &scheme.annexes[idx],
            period,
        };
        let first = tables.len();
        tables.extend(parts.iter().map(|part| lifter.county(part)));
        if lifter.annex.rows_are_figures {
            let whole = lifter.whole(&tables[first..]);
            tables.push(whole);
        }
    }
    tables.retain(|table| !table.rows.is_empty());
    tables
}

struct Lifter<'a> {
    scheme: &'a Scheme,
    idx: usize,
    annex: &'a Annex,
    period: Period,
}

impl Lifter<'_> {
    fn county(&self, part: &Part) -> Table {
        let scheme = &part.outbox.scheme;
        let county = &scheme.annexes[self.idx];
        let name = &self.scheme.reporters[part.reporter].name;
        let (sheet, at) = sheet_rows(scheme, part.county, self.idx);
        let rows = &part.county.annexes[self.idx].rows;
        let (leaves, rows): (Vec<Option<usize>>, Vec<Row>) = match Shape::of(county) {
            Shape::Row => {
                let kept = kept_leaves(county).into_iter();
                let leaves: Vec<Option<usize>> = kept.map(Some).collect();
                let specs = (self.annex.rows.fixed().iter().enumerate())
                    .filter(|(_, spec)| spec.reporter() == Some(part.reporter));
                let rows = specs.map(|(spec, its)| Row {
                    kind: RowKind::Data,
                    spec: Some(spec),
                    key: its.key.clone(),
                    year: its.year,
                    reporter: its.reporter(),
                    sheet_row: at(None).unwrap_or(0),
                    stated_count: None,
                    entries: summed(county, part, rows, its.year, &leaves),
                });
                let has_figures =
                    |row: &Row| row.entries.iter().any(|one| one.value.amount().is_some());
                let rows = rows.filter(has_figures).collect();
                (leaves, rows)
            }
            Shape::Block => {
                let kept = kept_leaves(county);
                let leaves = [None].into_iter().chain(kept.iter().copied().map(Some));
                let rows = rows.iter().enumerate().filter_map(|(idx, row)| {
                    let source = row.source?;
                    let key = block_key(name, scheme, &row.key);
                    let own = &part.tables[source.table].rows[source.row].entries;
                    let own = (kept.iter()).map(|&leaf| entry(county, row, leaf, &own[leaf]));
                    Some(Row {
                        kind: RowKind::Data,
                        spec: self.annex.row_spec(&key, row.year),
                        key,
                        year: row.year,
                        reporter: Some(part.reporter),
                        sheet_row: at(Some(idx)).unwrap_or(0),
                        stated_count: None,
                        entries: [named(name)].into_iter().chain(own).collect(),
                    })
                });
                (leaves.collect(), rows.collect())
            }
        };
        Table {
            annex: self.idx,
            period: self.period,
            file: part.outbox.workbook.clone(),
            sheet: sheet.into(),
            reporter: Some(part.reporter),
            columns: leaves
                .into_iter()
                .map(|leaf| leaf.map(|leaf| leaf as u32))
                .collect(),
            rows,
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        }
    }

    /// What the blocks of all counties add up to; rates stay blank unless they are weighted.
    fn whole(&self, counties: &[Table]) -> Table {
        let specs = (self.annex.rows.fixed().iter().enumerate())
            .filter(|(_, spec)| spec.reporter().is_none());
        let rows = specs.map(|(idx, spec)| {
            let same = counties
                .iter()
                .flat_map(|table| &table.rows)
                .filter(|row| row.key[1..] == spec.key[1..] && row.year == spec.year);
            let same: Vec<&Row> = same.collect();
            let entries = (0..self.annex.leaves.len()).map(|leaf| Entry {
                value: taken_together(self.annex, Some(idx), leaf, &same),
                formula: false,
            });
            Row {
                kind: RowKind::Data,
                spec: Some(idx),
                key: spec.key.clone(),
                year: spec.year,
                reporter: None,
                sheet_row: idx as u32,
                stated_count: None,
                entries: entries.collect(),
            }
        });
        Table {
            annex: self.idx,
            period: self.period,
            file: Arc::from(self.scheme.area.as_str()),
            sheet: self.annex.number.clone(),
            reporter: None,
            columns: vec![None; self.annex.leaves.len()],
            rows: rows.collect(),
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        }
    }
}

/// The leaves of the columns that the prefecture keeps of a county's form.
fn kept_leaves(county: &Annex) -> Vec<usize> {
    let kept = kept_columns(county);
    let leaves = county.leaves.iter().enumerate();
    let leaves = leaves.filter(|(_, leaf)| kept.contains(&leaf.column));
    leaves.map(|(leaf, _)| leaf).collect()
}

/// What a row of the county shows: of the total row that stands for a reporter its figures, under its name.
fn entry(county: &Annex, row: &CountyRow, leaf: usize, returned: &Entry) -> Entry {
    match county.one_row_each {
        Some(name) if name == county.leaves[leaf].column => {
            row.key.first().map_or(Entry::MISSING, |key| named(key))
        }
        _ if county.is_shown(leaf) => returned.clone(),
        _ => Entry::MISSING,
    }
}

fn named(name: &str) -> Entry {
    Entry {
        value: Value::Text(name.into()),
        formula: false,
    }
}

/// One county's rows of a year as one.
fn summed(
    county: &Annex,
    part: &Part,
    rows: &[CountyRow],
    year: Option<u16>,
    leaves: &[Option<usize>],
) -> Box<[Entry]> {
    let rows = rows.iter().filter(|row| row.year == year);
    let rows = rows.filter_map(|row| row.source);
    let rows: Vec<&Row> = rows
        .map(|source| &part.tables[source.table].rows[source.row])
        .collect();
    let entry = |leaf: &Option<usize>| Entry {
        value: leaf.map_or(Value::Missing, |leaf| {
            taken_together(county, None, leaf, &rows)
        }),
        formula: false,
    };
    leaves.iter().map(entry).collect()
}

/// Several rows' figures of a column: added up, weighted where the scheme declares a weight, else nothing.
fn taken_together(annex: &Annex, spec: Option<usize>, leaf: usize, rows: &[&Row]) -> Value {
    let amount = |row: &Row, leaf: usize| row.entries[leaf].value.amount();
    let kind = match &annex.rows {
        Rows::Fixed(_) => annex.kind_of(leaf, spec),
        Rows::Register => annex.column_of(leaf).kind,
    };
    let weight = annex.column_of(leaf).weight;
    let weight = weight.and_then(|column| annex.leaf(column, annex.leaves[leaf].year));
    let sum = match (kind, weight) {
        (ColumnKind::Additive, _) => added(rows.iter().filter_map(|row| amount(row, leaf))),
        (ColumnKind::Rate, Some(weight)) => {
            let weighed = || {
                rows.iter()
                    .filter_map(|row| Some((amount(row, leaf)?, amount(row, weight)?)))
            };
            let products: Option<Vec<Amount>> = weighed()
                .map(|(rate, weight)| rate.checked_mul(weight))
                .collect();
            products.and_then(|products| {
                let mean = Fraction::new(
                    added(products)?,
                    added(weighed().map(|(_, weight)| weight))?,
                )?;
                Some(mean.rounded(annex.decimals_of(leaf, spec)))
            })
        }
        _ => None,
    };
    sum.map_or(Value::Missing, Value::Amount)
}

fn added(amounts: impl IntoIterator<Item = Amount>) -> Option<Amount> {
    let mut amounts = amounts.into_iter();
    let first = amounts.next()?;
    amounts.try_fold(first, Amount::checked_add)
}
