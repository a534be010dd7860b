//! What of a form is not certain until its sums are looked at: columns with other headers, columns that are missing,
//! figures in merged cells, subtotals.

use std::sync::Arc;

use crate::check::Checker;
use crate::model::{
    Amount, CellRef, CellValue, Detail, Finding, Kind, Level, Period, Place, ReadAs, RowKind,
    Sheet, Table, Value,
};
use crate::normalise::normalise;
use crate::recognise::{Layout, LayoutRow, MergedFigure, Who};
use crate::scheme::Scheme;

/// Columns without a place in the annex that are tried for one that is missing.
const MOST_TRIED: usize = 8;

/// A form, and all that is needed to read it once more in another way.
pub(super) struct Form<'f> {
    pub(super) scheme: &'f Scheme,
    pub(super) checker: &'f Checker<'f>,
    pub(super) period: Period,
    pub(super) file: &'f Arc<str>,
    pub(super) sheet: &'f Sheet,
    pub(super) who: Who,
}

impl Form<'_> {
    /// Takes columns for what the county confirmed, where it did; then nothing is left to be asked.
    pub(super) fn confirm(&self, layout: &mut Layout, findings: &mut Vec<Finding>) {
        let annex = &self.scheme.annexes[layout.annex];
        let Some(reporter) = self.who.reporter else {
            return;
        };
        // Of rows the county can only say that their years were taken for the right ones.
        findings.retain(|finding| match &finding.detail {
            Detail::ReadAs(ReadAs::Guessed {
                columns,
                rows: true,
                ..
            }) if self.is_here(finding) && finding.annex.as_ref() == Some(&annex.number) => {
                let given: Vec<&str> = columns.iter().map(|row| row.given.as_str()).collect();
                let name = &self.scheme.reporters[reporter].name;
                let confirmed = self.scheme.confirmed.find(name, &annex.number, &given);
                let taken = columns.iter().map(|row| row.declared.as_str());
                !confirmed.is_some_and(|confirmed| taken.eq(confirmed))
            }
            _ => true,
        });
        if layout.guesses.is_empty() {
            return;
        }
        let headers: Vec<&str> = layout.guesses.iter().map(|it| it.given.as_str()).collect();
        let name = &self.scheme.reporters[reporter].name;
        let confirmed = &self.scheme.confirmed;
        let Some(declared) = confirmed.find(name, &annex.number, &headers) else {
            return;
        };
        let leaf_of = |declared: &str| {
            let mut leaves = 0..annex.leaves.len();
            leaves.find(|&leaf| header_of(self.scheme, layout.annex, leaf) == declared)
        };
        let leaves: Option<Vec<usize>> = declared.into_iter().map(leaf_of).collect();
        // What the scheme has no longer is asked once more.
        let Some(leaves) = leaves else { return };
        let cols: Vec<u32> = layout.guesses.iter().map(|guess| guess.cell.col).collect();
        let units: Vec<Option<usize>> = (layout.guesses.iter())
            .map(|guess| layout.column_units[guess.leaf])
            .collect();
        for guess in &layout.guesses {
            layout.columns[guess.leaf] = None;
            layout.column_units[guess.leaf] = None;
        }
        for ((leaf, col), unit) in leaves.into_iter().zip(cols).zip(units) {
            layout.columns[leaf] = Some(col);
            layout.column_units[leaf] = unit;
        }
        let first = layout.guesses.first().map(|guess| guess.cell);
        findings.retain(|finding| !self.is_guess(finding, first));
        layout.guesses.clear();
    }

    fn is_guess(&self, finding: &Finding, first: Option<CellRef>) -> bool {
        matches!(
            finding.detail,
            Detail::ReadAs(ReadAs::Guessed { rows: false, .. })
        ) && self.is_here(finding)
            && finding.place.as_ref().and_then(|place| place.cell) == first
    }

    fn is_here(&self, finding: &Finding) -> bool {
        let sheet = finding
            .place
            .as_ref()
            .and_then(|place| place.sheet.as_deref());
        sheet == Some(&*self.sheet.name)
    }

    /// Says what the sums are like with columns that were taken for others, and which column a missing one seems to be.
    pub(super) fn ask_sums(&self, layout: &Layout, table: &Table, findings: &mut [Finding]) {
        let guessed: Vec<usize> = layout.guesses.iter().map(|guess| guess.leaf).collect();
        let first = layout.guesses.first().map(|guess| guess.cell);
        if !guessed.is_empty() {
            let (n_hold, n_fail) = self.checker.sums_with(table, &guessed);
            let found = findings.iter_mut().find(|it| self.is_guess(it, first));
            if let Some(finding) = found
                && let Detail::ReadAs(ReadAs::Guessed { sums, .. }) = &mut finding.detail
            {
                *sums = (n_hold + n_fail > 0).then_some(n_fail == 0);
            }
        }
        let number = self.scheme.annexes[layout.annex].number.clone();
        let missing = findings.iter_mut().filter(|finding| {
            finding.kind == Kind::MissingColumn
                && self.is_here(finding)
                && finding.annex.as_ref() == Some(&number)
        });
        for finding in missing {
            if let Detail::MissingColumn { header, seems } = &mut finding.detail {
                *seems = self.seems(layout, header);
            }
        }
    }

    /// The only column of a form that is none of the annex's and with which the sums of a missing one hold.
    fn seems(&self, layout: &Layout, header: &str) -> Option<(CellRef, String)> {
        let annex = &self.scheme.annexes[layout.annex];
        let leaf = (0..annex.leaves.len()).find(|&leaf| {
            layout.columns[leaf].is_none()
                && annex.column_of(leaf).kind.is_figure()
                && header_of(self.scheme, layout.annex, leaf) == header
        })?;
        let mut cols: Vec<u32> = Vec::new();
        for row in layout.rows.iter().filter(|row| row.filled) {
            let cells = self.sheet.row(row.sheet_row).iter();
            let figures = cells.filter(|cell| matches!(cell.value, CellValue::Number(_)));
            cols.extend(figures.map(|cell| cell.at.col));
        }
        cols.sort_unstable();
        cols.dedup();
        cols.retain(|col| !layout.columns.contains(&Some(*col)));
        let fitting = cols.into_iter().take(MOST_TRIED).filter(|&col| {
            let mut tried = layout.clone();
            tried.columns[leaf] = Some(col);
            let table = self.read(&tried);
            let is_zero = |amount: Amount| amount.is_zero();
            let mut values = table
                .rows
                .iter()
                .map(|row| row.entries[leaf].value.amount());
            let says_something = values.any(|value| value.is_some_and(|it| !is_zero(it)));
            let (n_hold, n_fail) = self.checker.sums_with(&table, &[leaf]);
            says_something && n_hold > 0 && n_fail == 0
        });
        let fitting: Vec<u32> = fitting.collect();
        let [col] = fitting[..] else { return None };
        let first_row = layout
            .rows
            .first()
            .map_or(layout.header_row, |row| row.sheet_row);
        let header = (layout.header_row..first_row).rev().find_map(|row| {
            let at = CellRef::new(row, col);
            Some((at, self.sheet.get(at)?.text()?.replace('\n', "")))
        });
        Some(header.unwrap_or((CellRef::new(layout.header_row, col), String::new())))
    }

    /// Takes figures in merged cells out of the single cells that they cover, and says what they are.
    pub(super) fn merged(&self, layout: &Layout, table: &mut Table) -> Vec<Finding> {
        let merged = layout.merged.iter();
        merged
            .filter_map(|merged| self.merged_figure(layout, merged, table))
            .collect()
    }

    fn merged_figure(
        &self,
        layout: &Layout,
        merged: &MergedFigure,
        table: &mut Table,
    ) -> Option<Finding> {
        let annex = &self.scheme.annexes[layout.annex];
        let entry_at = |cell: &CellRef| {
            let row = table
                .rows
                .iter()
                .position(|row| row.sheet_row == cell.row)?;
            let leaf = table
                .columns
                .iter()
                .position(|col| *col == Some(cell.col))?;
            Some((row, leaf))
        };
        let entries: Option<Vec<(usize, usize)>> = merged.cells.iter().map(entry_at).collect();
        let entries = entries?;
        let &(first_row, first_leaf) = entries.first()?;
        let amount = table.rows[first_row].entries[first_leaf].value.amount()?;
        let name = |&(row, leaf): &(usize, usize)| {
            let row = &table.rows[row];
            let mut words: Vec<String> = Vec::new();
            words.extend(Some(row.name()).filter(|name| !name.is_empty()));
            words.extend(
                annex.leaves[leaf]
                    .year
                    .or(row.year)
                    .map(|year| format!("{year}年")),
            );
            words.push(annex.column_of(leaf).name.to_string());
            words.join(" ")
        };
        let of: Vec<String> = entries.iter().map(name).collect();
        let implied: Option<Vec<Amount>> = (entries.iter())
            .map(|&(row, leaf)| self.checker.implied(table, row, leaf))
            .collect();
        let sum = implied.as_ref().and_then(|parts| {
            let mut parts = parts.iter();
            parts.try_fold(Amount::ZERO, |sum, part| sum.checked_add(*part))
        });
        let spec = table.rows[first_row].spec;
        let digit = Amount::last_digit(annex.decimals_of(first_leaf, spec));
        let n_rounded = Amount::from(2 * entries.len() as i64);
        let tolerance = digit.checked_mul(n_rounded).unwrap_or(digit);
        let difference = sum.and_then(|sum| amount.checked_sub(sum));
        let is_off = difference.is_some_and(|difference| difference.abs() > tolerance);
        let parts = implied.filter(|_| !is_off).unwrap_or_default();
        let detail = Detail::Merged {
            of,
            parts: parts.iter().map(Amount::to_string).collect(),
        };
        let level = match is_off {
            true => Level::Mandatory,
            false => Level::QuasiMandatory,
        };
        let place = |cell: &CellRef| Place::sheet(&table.file, &table.sheet, Some(*cell));
        let mut finding = Finding::new(Kind::MissingValue, level, detail)
            .at(place(&merged.cells[0]))
            .given(amount.to_string());
        finding.cells = merged.cells[1..].iter().map(place).collect();
        finding.annex = Some(annex.number.clone());
        finding.reporter = self.name();
        if is_off {
            finding.expected = sum.map(|sum| sum.to_string());
            finding.difference = difference;
        }
        for (row, leaf) in entries {
            table.rows[row].entries[leaf].value = Value::Unusable(amount.to_string().into());
        }
        Some(finding)
    }

    /// Holds subtotals against the rows that they add up.
    pub(super) fn subtotals(&self, layout: &Layout) -> Vec<Finding> {
        let data = |row: &&LayoutRow| row.kind == RowKind::Data && row.filled;
        let mut findings = Vec::new();
        let mut before = None;
        for subtotal in &layout.subtotals {
            let is_before = |row: &&LayoutRow| row.sheet_row < subtotal.sheet_row;
            let mut rows: Vec<LayoutRow> = (layout.rows.iter().filter(data))
                .filter(is_before)
                .cloned()
                .collect();
            let is_own = |row: &&LayoutRow| before.is_none_or(|before| row.sheet_row > before);
            let mut n_own = rows.iter().filter(is_own).count();
            if n_own == 0 {
                // It stands above the rows that it adds up.
                let ends = layout.subtotals.iter().map(|other| other.sheet_row);
                let end = ends.filter(|row| *row > subtotal.sheet_row).min();
                let is_below = |row: &&LayoutRow| {
                    row.sheet_row > subtotal.sheet_row && end.is_none_or(|end| row.sheet_row < end)
                };
                let below = layout.rows.iter().filter(data).filter(is_below);
                rows = below.rev().cloned().collect();
                n_own = rows.len();
            }
            before = Some(subtotal.sheet_row);
            if rows.is_empty() {
                continue;
            }
            rows.push(LayoutRow {
                sheet_row: subtotal.sheet_row,
                kind: RowKind::Total,
                spec: None,
                key: Box::default(),
                year: None,
                reporter: None,
                stated_count: None,
                unit: None,
                filled: true,
            });
            let table = self.read(&Layout {
                rows,
                ..layout.clone()
            });
            findings.extend(self.checker.subtotal(&table, &subtotal.label, n_own));
        }
        for finding in &mut findings {
            finding.reporter = self.name();
        }
        findings
    }

    fn read(&self, layout: &Layout) -> Table {
        let (scheme, sheet) = (self.scheme, self.sheet);
        normalise(scheme, self.period, self.file, sheet, layout, self.who).0
    }

    fn name(&self) -> Option<Arc<str>> {
        let reporter = self.who.reporter?;
        Some(self.scheme.reporters[reporter].name.clone())
    }
}

/// The header of a leaf, as findings name it.
fn header_of(scheme: &Scheme, annex: usize, leaf: usize) -> String {
    let path = &scheme.annexes[annex].leaves[leaf].path;
    path.join("/").replace('\n', "")
}
