//! All returns of one annex, and who may say what in them.

use super::Source;
use super::observations::Trust;
use crate::model::{Detail, Finding, Kind, Level, Place, Row, RowKind, Table};
use crate::scheme::{Annex, ReturnedBy, Scheme};

/// All returns of one annex.
pub(super) struct AnnexReturns<'a> {
    pub(super) scheme: &'a Scheme,
    /// Index of the annex.
    pub(super) idx: usize,
    pub(super) annex: &'a Annex,
    /// Of all annexes, so that a [`Source`] means the same everywhere.
    pub(super) tables: &'a [Table],
    /// Those of this annex.
    pub(super) own: &'a [usize],
}

impl<'a> AnnexReturns<'a> {
    /// How far a return is believed about a row.
    pub(super) fn trust(&self, table: &Table, row: &Row) -> Trust {
        Trust {
            hearsay: self.is_hearsay(table, row),
            nth: self.nth(row),
        }
    }

    fn is_hearsay(&self, table: &Table, row: &Row) -> bool {
        match (table.reporter, row.reporter) {
            (Some(by), Some(about)) => by != about && !self.answers(by),
            _ => false,
        }
    }

    /// The place of a row's reporter among those who share the row.
    fn nth(&self, row: &Row) -> usize {
        let owners = row
            .spec
            .map(|spec| self.annex.rows.fixed()[spec].reporters.iter());
        let own =
            owners.and_then(|mut owners| owners.position(|owner| Some(*owner) == row.reporter));
        own.unwrap_or(0)
    }

    /// Whether two rows are those of reporters who share one: each tells its own part.
    pub(super) fn is_shared(&self, taken: Source, other: Source) -> bool {
        let (taken, other) = (self.row(taken), self.row(other));
        let specs = self.annex.rows.fixed();
        let owns = |row: &Row| {
            let owners = row.spec.map(|spec| &specs[spec].reporters);
            row.reporter
                .zip(owners)
                .is_some_and(|(own, owners)| owners.contains(&own))
        };
        taken.reporter != other.reporter && owns(taken) && owns(other)
    }

    /// Whether the total row of a reporter's form is the county's, and not its own row.
    pub(super) fn states_total(&self, reporter: usize) -> bool {
        let kind = self.scheme.reporters[reporter].kind;
        let has_row =
            self.annex.one_row_each.is_some() && self.annex.returned_by == ReturnedBy::Kind(kind);
        self.answers(reporter) && !has_row
    }

    /// Whether a reporter answers for the whole annex.
    pub(super) fn answers(&self, reporter: usize) -> bool {
        self.annex.responsible == Some(reporter)
            || self.annex.returned_by == ReturnedBy::One(reporter)
    }

    /// The grand total that a form states. Subtotals stand between the data and it.
    pub(super) fn total_of(&self, table: usize) -> Option<Source> {
        let rows = self.tables[table].rows.iter().enumerate();
        let mut totals = rows
            .filter(|(_, row)| row.kind == RowKind::Total && self.annex.says_something(row))
            .map(|(row, _)| Source { table, row });
        match &self.annex.total {
            Some(total) if total.at_top => totals.next(),
            _ => totals.next_back(),
        }
    }

    /// A finding about one cell.
    pub(super) fn finding(
        &self,
        kind: Kind,
        level: Level,
        detail: Detail,
        leaf: usize,
        at: Source,
    ) -> Finding {
        let row = self.row(at);
        let label = match (row.kind, &self.annex.total) {
            (RowKind::Total, Some(total)) => {
                total.label(row.stated_count.unwrap_or_default() as usize)
            }
            _ => row.name(),
        };
        let reporter = row.reporter.or(self.tables[at.table].reporter);
        let mut finding = Finding::new(kind, level, detail).at(self.place(at, leaf));
        finding.annex = Some(self.annex.number.clone());
        finding.reporter = reporter.map(|idx| self.scheme.reporters[idx].name.clone());
        finding.row = (!label.is_empty()).then(|| label.into());
        finding.column = Some((*self.annex.column_of(leaf).name).into());
        finding.year = self.annex.leaves[leaf].year.or(row.year);
        finding
    }

    pub(super) fn place(&self, at: Source, leaf: usize) -> Place {
        let table = &self.tables[at.table];
        let cell = table.cell(self.row(at), leaf);
        Place::sheet(&table.file, &table.sheet, cell)
    }

    pub(super) fn row(&self, at: Source) -> &'a Row {
        &self.tables[at.table].rows[at.row]
    }
}
