//! The cells that take part in a relation, and what people call them.
//!
//! Selectors end here: a kind of rule sees cells slot by slot, whichever rows, years and forms they
//! come from, and need not know how they were found.

use std::sync::Arc;

use crate::model::{
    Amount, Detail, Finding, Kind, Level, Operand, Period, Place, Row, RowKind, Table, Value,
};
use crate::scheme::{Annex, ColumnKind, RowSel, Rule, Scheme};

use super::decimals;
use super::judge::Common;
use super::outcome::Why;

/// One cell of a returned form.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    /// The form.
    pub(super) table: &'t Table,
    /// Index of the row in the form.
    pub(super) row: usize,
    /// Leaf column.
    pub(super) leaf: usize,
}

/// The cells of one relation, slot by slot. Kept between relations, so that one that passes
/// costs no allocation.
#[derive(Default)]
pub(super) struct Cells<'t> {
    spots: Vec<Spot<'t>>,
    /// Where each slot ends.
    ends: Vec<usize>,
}

/// The rule in hand, and the year that it is asked for.
#[derive(Clone, Copy)]
pub(super) struct At<'s> {
    /// The scheme.
    pub(super) scheme: &'s Scheme,
    /// The rule.
    pub(super) rule: &'s Rule,
    /// `None` where the relation is not about one year.
    pub(super) year: Option<u16>,
    /// The period of the forms in hand.
    pub(super) period: Period,
}

impl<'t> Spot<'t> {
    pub(super) fn row(self) -> &'t Row {
        &self.table.rows[self.row]
    }

    pub(super) fn value(self) -> &'t Value {
        &self.row().entries[self.leaf].value
    }

    pub(super) fn annex(self, scheme: &Scheme) -> &Annex {
        &scheme.annexes[self.table.annex]
    }

    pub(super) fn unit(self, scheme: &Scheme) -> Option<usize> {
        scheme.unit_of(self.annex(scheme), self.leaf, self.row().spec)
    }

    pub(super) fn kind(self, scheme: &Scheme) -> ColumnKind {
        self.annex(scheme).kind_of(self.leaf, self.row().spec)
    }

    /// One unit of the last place that its column declares.
    pub(super) fn last_digit(self, scheme: &Scheme) -> Amount {
        Amount::last_digit(self.annex(scheme).decimals_of(self.leaf, self.row().spec))
    }

    /// How large the steps are to which it is rounded: nothing for what is counted.
    pub(super) fn rounded_to(self, scheme: &Scheme) -> Amount {
        match decimals::counts(scheme, self.table, self.row(), self.leaf) {
            true => Amount::ZERO,
            false => self.last_digit(scheme),
        }
    }

    /// Whether it is blank where a blank counts as nothing.
    pub(super) fn is_none(self, scheme: &Scheme) -> bool {
        self.value().is_missing() && self.annex(scheme).column_of(self.leaf).blank_is_none
            || self.is_not_due(scheme)
    }

    /// Whether nothing is filled in because its year has not begun.
    pub(super) fn is_not_due(self, scheme: &Scheme) -> bool {
        matches!(self.value(), Value::Missing | Value::NotApplicable)
            && (self.year(scheme)).is_some_and(|year| !self.table.period.has_begun(year))
    }

    /// Whether a blank is no omission.
    pub(super) fn may_be_blank(self, scheme: &Scheme) -> bool {
        let column = self.annex(scheme).column_of(self.leaf);
        column.optional || column.blank_is_none
    }

    pub(super) fn year(self, scheme: &Scheme) -> Option<u16> {
        self.annex(scheme).leaves[self.leaf]
            .year
            .or(self.row().year)
    }

    pub(super) fn column(self, scheme: &Scheme) -> &Arc<str> {
        &self.annex(scheme).column_of(self.leaf).name
    }

    pub(super) fn place(self) -> Place {
        let cell = self.table.cell(self.row(), self.leaf);
        Place::sheet(&self.table.file, &self.table.sheet, cell)
    }

    /// The figure, or why there is none.
    pub(super) fn amount(self) -> Result<Amount, Why> {
        match self.value() {
            Value::Amount(amount) => Ok(*amount),
            value => Err(Why::of(value)),
        }
    }

    /// Whether both stand in rows of one name, be it in different years or forms.
    fn is_in_row_of(self, other: Spot<'_>) -> bool {
        let (own, other_row) = (self.row(), other.row());
        self.table.annex == other.table.annex
            && own.kind == other_row.kind
            && own.key == other_row.key
    }

    /// The row's name for people; rows known by their year alone have none.
    fn row_name(self, scheme: &Scheme) -> Option<String> {
        let row = self.row();
        match row.kind {
            RowKind::Data => (!row.key.is_empty()).then(|| row.name()),
            RowKind::Total => self.annex(scheme).total.as_ref().map(|total| {
                let stated = row.stated_count.map(|count| total.label(count as usize));
                // A label that should state a count and does not is known by what comes before it.
                stated.unwrap_or_else(|| match total.label.contains("{count}") {
                    true => total
                        .label
                        .split(['（', '('])
                        .next()
                        .unwrap_or("")
                        .to_owned(),
                    false => total.label.clone(),
                })
            }),
        }
    }
}

impl<'t> Cells<'t> {
    pub(super) fn clear(&mut self) {
        self.spots.clear();
        self.ends.clear();
    }

    pub(super) fn push(&mut self, spot: Spot<'t>) {
        self.spots.push(spot);
    }

    /// Ends the slot; whether nothing was pushed into it.
    pub(super) fn end_slot(&mut self) -> bool {
        let start = self.ends.last().copied().unwrap_or(0);
        self.ends.push(self.spots.len());
        start == self.spots.len()
    }

    /// The cells of one slot: several where they are to be added up.
    pub(super) fn slot(&self, idx: usize) -> &[Spot<'t>] {
        let start = if idx == 0 { 0 } else { self.ends[idx - 1] };
        &self.spots[start..self.ends[idx]]
    }

    /// All slots but the first, each by itself.
    pub(super) fn other_slots(&self) -> impl Iterator<Item = &[Spot<'t>]> {
        (1..self.ends.len()).map(|idx| self.slot(idx))
    }

    /// The cells of all slots.
    pub(super) fn all(&self) -> &[Spot<'t>] {
        &self.spots
    }

    /// The cells of all slots but the first.
    pub(super) fn after_first(&self) -> &[Spot<'t>] {
        &self.spots[self.ends[0]..]
    }

    /// The cell of a slot that holds one.
    pub(super) fn one(&self, idx: usize) -> Result<Spot<'t>, Why> {
        self.slot(idx).first().copied().ok_or(Why::Missing)
    }
}

impl<'s> At<'s> {
    /// Whether the rule is for rows like this one.
    pub(super) fn applies_to(self, kind: RowKind, key: &[Arc<str>]) -> bool {
        let applies = &self.rule.applies;
        (kind == RowKind::Data || applies.total_rows)
            && applies
                .rows
                .as_ref()
                .is_none_or(|rows| rows.iter().any(|row| **row == *key))
            && !applies.except_rows.iter().any(|row| **row == *key)
    }

    /// Whether the rule is for this period, and for this year of it.
    pub(super) fn applies_in(self, year: Option<u16>) -> bool {
        let applies = &self.rule.applies;
        let is_for_year = match (&applies.years, year) {
            (Some(years), Some(year)) => years.contains(&year),
            _ => true,
        };
        is_for_year && applies.period.covers(self.period)
    }

    pub(super) fn kind(self) -> Kind {
        self.rule.relation.kind()
    }

    /// Whether it names all rows of an annex, or its total.
    pub(super) fn adds_up_rows(self) -> bool {
        let cells = self.rule.relation.cells();
        cells
            .iter()
            .any(|sel| matches!(sel.row, RowSel::Every | RowSel::Total))
    }

    /// A finding about `given`, which `others` contradict. Several given cells were added up; then
    /// no single one of them is the place.
    pub(super) fn finding(
        self,
        within_rounding: bool,
        given: &[Spot<'_>],
        others: &[Spot<'_>],
        detail: Detail,
    ) -> Box<Finding> {
        let scheme = self.scheme;
        let level = match within_rounding {
            true => Level::Hint,
            false => self.rule.level,
        };
        let mut finding = Box::new(Finding::new(self.kind(), level, detail));
        finding.rule = Some(self.rule.id.clone());
        finding.year = self.year;
        let Some(&first) = given.first() else {
            return finding;
        };
        let annex = first.annex(scheme);
        finding.annex = Some(annex.number.clone());
        finding.column = Some(Box::from(&**first.column(scheme)));
        let same_table = |spot: &Spot<'_>| std::ptr::eq(spot.table, first.table);
        if given.iter().all(same_table) {
            let reporter = first.table.reporter.or(first.row().reporter);
            finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
            finding.place = Some(match given {
                [only] => only.place(),
                _ => Place::sheet(&first.table.file, &first.table.sheet, None),
            });
        }
        if given.iter().all(|spot| spot.is_in_row_of(first)) {
            finding.row = first.row_name(scheme).map(Into::into);
        }
        if let [only] = given {
            finding.year = only.year(scheme).or(self.year);
            finding.given = Some(only.value().to_string());
            finding.cells = others.iter().map(|spot| spot.place()).collect();
        } else {
            let cells = given.iter().chain(others);
            finding.cells = cells.map(|spot| spot.place()).collect();
        }
        finding
    }

    /// A slot as people call it. `among` is everything that the relation names: what is common to
    /// all of it need not be said.
    pub(super) fn operand(self, among: &[Spot<'_>], spots: &[Spot<'_>]) -> Operand {
        let value = match spots {
            [only] => self.with_unit(only.value().to_string(), *only),
            _ => self.sum_in_words(spots),
        };
        Operand {
            label: self.label(among, spots),
            value,
            place: match spots {
                [only] => Some(only.place()),
                _ => None,
            },
        }
    }

    fn label(self, among: &[Spot<'_>], spots: &[Spot<'_>]) -> String {
        let scheme = self.scheme;
        let Some(&first) = spots.first() else {
            return String::new();
        };
        let mut words: Vec<String> = Vec::new();
        if !among
            .iter()
            .all(|spot| spot.table.annex == first.table.annex)
        {
            words.push(first.annex(scheme).number.to_string());
        }
        let one_row = spots.iter().all(|spot| spot.is_in_row_of(first));
        if one_row && !among.iter().all(|spot| spot.is_in_row_of(first)) {
            words.extend(first.row_name(scheme));
        }
        let years = || spots.iter().filter_map(|spot| spot.year(scheme));
        words.extend(match (years().min(), years().max()) {
            (Some(first), Some(last)) if first < last => Some(format!("{first}—{last}年")),
            (Some(year), _) => Some(format!("{year}年")),
            _ => None,
        });
        words.push(first.column(scheme).to_string());
        let mut label = words.join(" ");
        if !one_row {
            label.push_str(&format!("（{}行之和）", spots.len()));
        }
        label
    }

    fn sum_in_words(self, spots: &[Spot<'_>]) -> String {
        let units = spots.iter().map(|spot| spot.unit(self.scheme));
        let sum = Common::of(self.scheme, units)
            .map(|common| (common, common.add_up(self.scheme, spots)));
        match sum {
            Ok((common, Ok(sum))) => format!("{sum}{}", common.unit_name(self.scheme)),
            // Of rows that cannot all be read it is said what the others come to.
            Ok((common, Err(_))) if self.adds_up_rows() => {
                let rest = common.rest(self.scheme, spots);
                rest.map_or(String::new(), |rest| {
                    format!("≥{}{}", rest.sum, common.unit_name(self.scheme))
                })
            }
            _ => String::new(),
        }
    }

    fn with_unit(self, mut value: String, spot: Spot<'_>) -> String {
        if spot.amount().is_ok()
            && let Some(unit) = spot.unit(self.scheme)
        {
            value.push_str(self.scheme.units.name(unit));
        }
        value
    }
}
