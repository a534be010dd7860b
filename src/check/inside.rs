//! What the sums inside a form say of columns and cells that are not certain: a column whose header is another, a
//! figure for several rows together, a subtotal.

use std::sync::Arc;

use crate::model::{Amount, Finding, Level, RowKind, Table};
use crate::scheme::{Applies, AppliesIn, ColumnKind, Relation, Rule};

use super::cells::{At, Cells};
use super::outcome::{Checked, Outcome};
use super::rows::RowAt;
use super::{Checker, check_relation, fill_from_row, total_row};

/// Of more rows it is not tried which of them a subtotal adds up.
const MOST_ROWS: usize = 200;

impl Checker<'_> {
    /// In how many rows and years sums that these leaves take part in hold, and in how many they do not. Sums of
    /// nothing but zeros tell nothing.
    pub fn sums_with(&self, table: &Table, leaves: &[usize]) -> (usize, usize) {
        let (mut n_hold, mut n_fail) = (0, 0);
        let mut cells = Cells::default();
        for planned in &self.in_form[table.annex] {
            if !matches!(planned.rule.relation, Relation::Sum { .. }) {
                continue;
            }
            for instance in &planned.instances {
                let mut asks = instance.slots.iter().flatten();
                if !asks.any(|ask| leaves.contains(&ask.leaf)) {
                    continue;
                }
                for (row_idx, row) in table.rows.iter().enumerate() {
                    let year = instance.year.or(row.year);
                    let at = self.at(planned, year, table.period);
                    if !at.applies_to(row.kind, &row.key) || !at.applies_in(year) {
                        continue;
                    }
                    fill_from_row(&mut cells, instance, table, row_idx);
                    let is_zero = |amount: Amount| amount.is_zero();
                    if cells
                        .slot(0)
                        .iter()
                        .all(|spot| spot.amount().is_ok_and(is_zero))
                    {
                        continue;
                    }
                    match check_relation(at, &cells) {
                        Ok(Outcome::Pass | Outcome::Rounding(_)) => n_hold += 1,
                        Ok(Outcome::Fail(_)) => n_fail += 1,
                        _ => {}
                    }
                }
            }
        }
        (n_hold, n_fail)
    }

    /// What the other figures of a row say that a figure in it is, if its sums say one thing.
    pub fn implied(&self, table: &Table, row_idx: usize, leaf: usize) -> Option<Amount> {
        let mut said: Option<Amount> = None;
        let mut cells = Cells::default();
        let row = &table.rows[row_idx];
        for planned in &self.in_form[table.annex] {
            if !matches!(planned.rule.relation, Relation::Sum { .. }) {
                continue;
            }
            for instance in &planned.instances {
                let year = instance.year.or(row.year);
                let at = self.at(planned, year, table.period);
                if !at.applies_to(row.kind, &row.key) || !at.applies_in(year) {
                    continue;
                }
                fill_from_row(&mut cells, instance, table, row_idx);
                let spots = cells.all();
                let unit = spots.first().and_then(|spot| spot.unit(self.scheme));
                let is_there = spots.iter().any(|spot| spot.leaf == leaf);
                if !is_there || spots.iter().any(|spot| spot.unit(self.scheme) != unit) {
                    continue;
                }
                let mut value = Some(Amount::ZERO);
                let is_total = cells.slot(0).iter().any(|spot| spot.leaf == leaf);
                let (total, parts) = (cells.slot(0), cells.after_first());
                let signed = total
                    .iter()
                    .map(|spot| (spot, !is_total))
                    .chain(parts.iter().map(|spot| (spot, is_total)));
                for (spot, adds) in signed.filter(|(spot, _)| spot.leaf != leaf) {
                    let amount = match spot.amount() {
                        Ok(amount) => Some(amount),
                        Err(_) if spot.is_none(self.scheme) => Some(Amount::ZERO),
                        Err(_) => None,
                    };
                    value = value.zip(amount).and_then(|(value, amount)| match adds {
                        true => value.checked_add(amount),
                        false => value.checked_sub(amount),
                    });
                }
                match (value, said) {
                    (Some(value), Some(other)) if value != other => return None,
                    (Some(value), _) => said = Some(value),
                    (None, _) => {}
                }
            }
        }
        said
    }

    /// Holds a subtotal, the last row of a table, against the rows before it: those that it most likely adds up, which
    /// end with the last. `label` is its own, and `n_own` how many rows stand between it and the subtotal before it.
    pub fn subtotal(&self, table: &Table, label: &str, n_own: usize) -> Vec<Finding> {
        let annex = &self.scheme.annexes[table.annex];
        let Some(total) = table.rows.len().checked_sub(1) else {
            return Vec::new();
        };
        let is_total = |rule: &&Rule| matches!(rule.relation, Relation::TotalRow { .. });
        let mut own = self.scheme.rules.iter();
        let own = own.find(|rule| rule.annex == Some(table.annex) && is_total(rule));
        let is_additive = |leaf: &usize| annex.kind_of(*leaf, None) == ColumnKind::Additive;
        let rule = Rule {
            id: Arc::from(""),
            label: String::new(),
            say: String::new(),
            level: own.map_or(Level::QuasiMandatory, |rule| rule.level),
            tolerance: own.and_then(|rule| rule.tolerance),
            each_year: false,
            applies: Applies {
                rows: None,
                except_rows: Vec::new(),
                years: None,
                total_rows: true,
                period: AppliesIn::Every,
            },
            annex: Some(table.annex),
            relation: Relation::TotalRow {
                leaves: (0..annex.leaves.len()).filter(is_additive).collect(),
                count: false,
            },
        };
        let at = At {
            scheme: self.scheme,
            rule: &rule,
            year: None,
            period: table.period,
        };
        let held = |n_rows: usize| {
            let mut checked = Checked::new(1);
            let rows = (total - n_rows..total).map(|row| RowAt { table, row });
            let rows = rows.filter(|row| row.row().kind == RowKind::Data);
            let total = RowAt { table, row: total };
            total_row::check(at, total, rows, &mut Cells::default(), 0, &mut checked);
            checked
        };
        let natural = held(n_own.clamp(1, total.max(1)).min(total));
        let n_off = |checked: &Checked| checked.tallies[0].fail;
        let mut best = natural;
        if n_off(&best) > 0 && total <= MOST_ROWS {
            for n_rows in 1..=total {
                let other = held(n_rows);
                let is_nearer = n_off(&other) < n_off(&best);
                // Rows that it does not stand for may agree with it here and there.
                if is_nearer && other.tallies[0].pass > other.tallies[0].fail {
                    best = other;
                }
            }
        }
        let serious = best.findings.into_iter();
        serious
            .filter(|finding| finding.level != Level::Hint)
            .map(|finding| Finding {
                rule: None,
                row: Some(label.into()),
                ..finding
            })
            .collect()
    }
}
