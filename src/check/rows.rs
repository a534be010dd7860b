//! The rows of the whole county: of every row the one that counts.
//!
//! Forms come in the order of trust; of several rows with one key the first is taken. A row in which
//! nothing is filled in is a printed one that was left for somebody else, and is no row.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::{Period, Row, RowKind, Table};
use crate::scheme::{Annex, ColumnKind, ReturnedBy, Rows, Scheme};

use super::cells::Spot;
use super::total_row::total_of;

/// A row of a returned form.
#[derive(Clone, Copy)]
pub(super) struct RowAt<'t> {
    /// The form.
    pub(super) table: &'t Table,
    /// Index of the row.
    pub(super) row: usize,
}

/// What identifies a row of the county.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RowId<'t> {
    /// Whose row it is, in a register that every township keeps for itself.
    pub(super) owner: Option<usize>,
    /// Its keys.
    pub(super) key: &'t [Arc<str>],
    /// Its year, where rows have years.
    pub(super) year: Option<u16>,
    /// Of rows of one form that have the same keys, the how-manieth it is.
    pub(super) nth: usize,
}

/// All rows of one annex.
pub(super) struct AnnexRows<'t> {
    /// In the order of the annex, or of the forms in registers. `None`: not returned.
    pub(super) rows: Vec<(RowId<'t>, Option<RowAt<'t>>)>,
    /// The county's total row, where one was returned.
    pub(super) total: Option<RowAt<'t>>,
    /// The total row of a form that holds nothing else.
    pub(super) total_alone: Option<RowAt<'t>>,
    is_register: bool,
    /// Whether everyone who owes the annex has returned it: of a register nothing else tells.
    is_whole: bool,
    by_id: HashMap<RowId<'t>, usize>,
    /// The first row of a key and year, where more than these tell rows apart.
    by_key: HashMap<(&'t [Arc<str>], Option<u16>), usize>,
}

/// Why a row is not to be had.
pub(super) enum Gap {
    /// Nobody returned it.
    NotReturned,
    /// The annex asks for no such row in that year.
    NoSuchRow,
    /// It is of a year that has not begun.
    NotDue,
}

impl<'t> RowAt<'t> {
    pub(super) fn row(self) -> &'t Row {
        &self.table.rows[self.row]
    }

    pub(super) fn spot(self, leaf: usize) -> Spot<'t> {
        Spot {
            table: self.table,
            row: self.row,
            leaf,
        }
    }
}

impl<'t> AnnexRows<'t> {
    /// Collects the rows of an annex from its forms.
    pub(super) fn collect(scheme: &'t Scheme, annex_idx: usize, tables: &'t [Table]) -> Self {
        let annex = &scheme.annexes[annex_idx];
        let mut all = Self {
            rows: Vec::new(),
            total: None,
            total_alone: None,
            is_register: matches!(annex.rows, Rows::Register),
            is_whole: is_whole(scheme, annex_idx, tables),
            by_id: HashMap::new(),
            by_key: HashMap::new(),
        };
        for spec in annex.rows.fixed() {
            let id = RowId {
                owner: None,
                key: &spec.key,
                year: spec.year,
                nth: 0,
            };
            all.by_id.insert(id, all.rows.len());
            all.push(id, None);
        }
        for table in tables.iter().filter(|table| table.annex == annex_idx) {
            let mut times: HashMap<(&[Arc<str>], Option<u16>), usize> = HashMap::new();
            for (row, data) in data_rows(annex, table) {
                let id = RowId {
                    owner: owner(annex, table),
                    key: &data.key,
                    year: data.year,
                    nth: match all.is_register {
                        true => {
                            let times = times.entry((&data.key, data.year)).or_default();
                            *times += 1;
                            *times - 1
                        }
                        false => 0,
                    },
                };
                all.add(id, RowAt { table, row }, data);
            }
            if let Some(row) = total_of(annex, table)
                && states_county_total(scheme, annex, table)
            {
                all.total.get_or_insert(RowAt { table, row });
            }
            if let Some(total) = total_stands_alone(scheme, table) {
                all.total_alone.get_or_insert(total);
            }
        }
        all
    }

    /// The row with this identity; `None` where it was not returned.
    pub(super) fn find(&self, id: RowId<'_>) -> Result<Option<RowAt<'t>>, Gap> {
        let found = self.by_id.get(&id).ok_or(Gap::NoSuchRow)?;
        Ok(self.rows[*found].1)
    }

    /// The row that a rule names by its key, whoever's list it is in.
    pub(super) fn find_key(
        &self,
        key: &[Arc<str>],
        year: Option<u16>,
    ) -> Result<Option<RowAt<'t>>, Gap> {
        let id = RowId {
            owner: None,
            key,
            year,
            nth: 0,
        };
        self.find(id).or_else(|gap| {
            let found = self.by_key.get(&(key, year)).map(|&idx| &self.rows[idx]);
            // A register has no list of what should be in it: a row not found was not returned.
            match found {
                Some((_, row)) => Ok(*row),
                None if self.is_register => Ok(None),
                None => Err(gap),
            }
        })
    }

    /// Whether every row that the annex asks for in a period was returned.
    pub(super) fn is_complete(&self, period: Period) -> bool {
        let is_due = |id: &RowId<'_>| id.year.is_none_or(|year| period.has_begun(year));
        !self.rows.is_empty()
            && (self.is_whole || !self.is_register)
            && (self.rows.iter()).all(|(id, row)| row.is_some() || !is_due(id))
    }

    /// Whether rows may be missing that nothing shows to be missing: those of who has not returned a register.
    pub(super) fn may_lack_rows(&self) -> bool {
        self.is_register && !self.is_whole
    }

    /// The rows that were returned.
    pub(super) fn returned(&self) -> impl Iterator<Item = RowAt<'t>> + Clone {
        self.rows.iter().filter_map(|(_, row)| *row)
    }

    fn push(&mut self, id: RowId<'t>, at: Option<RowAt<'t>>) {
        if id.owner.is_some() || id.nth != 0 {
            let key = (id.key, id.year);
            self.by_key.entry(key).or_insert(self.rows.len());
        }
        self.rows.push((id, at));
    }

    fn add(&mut self, id: RowId<'t>, at: RowAt<'t>, row: &'t Row) {
        if !self.is_register {
            if let Some(spec) = row.spec {
                self.rows[spec].1.get_or_insert(at);
            }
            return;
        }
        // Rows whose key was left blank cannot be told apart, but they are not one row.
        let is_blank = row.key.iter().all(|part| part.is_empty()) && row.year.is_none();
        if is_blank || !self.by_id.contains_key(&id) {
            self.by_id.entry(id).or_insert(self.rows.len());
            self.push(id, Some(at));
        }
    }
}

/// Whether everyone who owes an annex has returned a form of it.
fn is_whole(scheme: &Scheme, annex_idx: usize, tables: &[Table]) -> bool {
    let annex = &scheme.annexes[annex_idx];
    if matches!(annex.returned_by, ReturnedBy::One(_)) {
        return true;
    }
    let of_annex = tables.iter().filter(|table| table.annex == annex_idx);
    let returned: HashSet<usize> = of_annex.filter_map(|table| table.reporter).collect();
    let mut owed = scheme.reporters_of(annex).into_iter();
    owed.all(|reporter| returned.contains(&reporter))
}

/// Within whose returns the rows of a register are told apart: a register that townships keep is
/// one list for each of them.
pub(super) fn owner(annex: &Annex, table: &Table) -> Option<usize> {
    let is_kept_apart =
        matches!(annex.returned_by, ReturnedBy::Kind(_)) && matches!(annex.rows, Rows::Register);
    table.reporter.filter(|_| is_kept_apart)
}

/// Whether a form holds data rows in which anything is filled in.
pub(super) fn has_data(annex: &Annex, table: &Table) -> bool {
    data_rows(annex, table).next().is_some()
}

/// Whether the total row of a form is the county's: it comes from whoever answers for the annex, or
/// the form holds all rows. A township's own total is not.
pub(super) fn states_county_total(scheme: &Scheme, annex: &Annex, table: &Table) -> bool {
    let kind = match annex.returned_by {
        ReturnedBy::One(_) => return true,
        ReturnedBy::Kind(kind) => kind,
    };
    let answers = table.reporter.is_none_or(|reporter| {
        let is_own = scheme.has_own_rows(annex, reporter) && has_data(annex, table);
        annex.responsible == Some(reporter) && !is_own || scheme.reporters[reporter].kind != kind
    });
    answers || {
        let n_rows = data_rows(annex, table)
            .filter(|(_, row)| row.spec.is_some())
            .count();
        n_rows > 0 && n_rows == annex.rows.fixed().len()
    }
}

/// The county's total row in a form that holds nothing else.
pub(super) fn total_stands_alone<'t>(scheme: &Scheme, table: &'t Table) -> Option<RowAt<'t>> {
    let annex = &scheme.annexes[table.annex];
    let row = total_of(annex, table)?;
    let alone = states_county_total(scheme, annex, table) && !has_data(annex, table);
    alone.then_some(RowAt { table, row })
}

/// Whether nothing is filled in besides what identifies the row.
pub(super) fn is_blank(annex: &Annex, row: &Row) -> bool {
    row.entries.iter().zip(&annex.leaves).all(|(entry, leaf)| {
        entry.value.is_missing()
            || annex.is_key(leaf.column)
            || annex.columns[leaf.column].kind == ColumnKind::Serial
    })
}

/// The rows of a form in which anything is filled in.
pub(super) fn data_rows<'t>(
    annex: &'t Annex,
    table: &'t Table,
) -> impl Iterator<Item = (usize, &'t Row)> + Clone {
    table
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.kind == RowKind::Data && !is_blank(annex, row))
}
