//! Which row of which return stands for each row of the annex, and what the rows add up to.

use std::collections::BTreeMap;

use foldhash::HashMap;
use polars::prelude::*;
use rayon::prelude::*;

use super::annex_returns::AnnexReturns;
use super::completion::{completion, progress};
use super::observations::{REPORTER, ROW, TABLE, observations};
use super::standing::{authorised, contradictions, ranked, sources, standing_beside, standing_for};
use super::{Completion, County, CountyAnnex, CountyRow, Source};
use crate::model::{Detail, Finding, Kind, Level, Table, Value};
use crate::scheme::{RowSpec, Rows, Scheme};

/// Brings the returns of a period together.
///
/// `tables` are those that count, in order of trust: the first that gives a row wins. What a reporter
/// says of *another's* row never stands for it, because townships often send the whole county's form
/// back with last month's figures of everyone else: it contradicts, or it is told of and left out. The
/// responsible office is not hearsay. A fixed row that a form leaves blank is not given by it.
pub fn consolidate(scheme: &Scheme, tables: &[Table]) -> County {
    let mut of_annex = vec![Vec::new(); scheme.annexes.len()];
    for (idx, table) in tables.iter().enumerate() {
        of_annex[table.annex].push(idx);
    }
    let consolidated =
        of_annex
            .par_iter()
            .zip(&scheme.annexes)
            .enumerate()
            .map(|(annex_idx, (own, annex))| {
                let returns = AnnexReturns {
                    scheme,
                    idx: annex_idx,
                    annex,
                    tables,
                    own,
                };
                (returns.consolidate()).expect("columns are of the types that they are made of")
            });
    let (annexes, findings): (_, Vec<_>) = consolidated.unzip();
    County {
        annexes,
        findings: findings.concat(),
    }
}

impl AnnexReturns<'_> {
    /// The annex of the county, and what its returns disagree on.
    fn consolidate(&self) -> PolarsResult<(CountyAnnex, Vec<Finding>)> {
        let mut findings = Vec::new();
        let given = observations(self)?;
        let (authorised, hearsay) = authorised(&given)?;
        findings.extend(self.left_out(&hearsay)?);
        let (standing, others) = ranked(&authorised)?;
        let mut rows = self.rows(&standing)?;
        let mut contested: HashMap<Source, Vec<Source>> = HashMap::default();
        for (taken, other) in contradictions(&standing, &others)? {
            contested.entry(taken).or_default().push(other);
        }
        for row in &mut rows {
            if let Some(taken) = row.source
                && let Some(others) = contested.get(&taken)
            {
                row.conflicts = self.conflicts(taken, others, &mut findings);
                let shared = others.iter().filter(|other| self.is_shared(taken, **other));
                row.shared = shared.copied().collect();
            }
            row.completion = self.completion(row);
        }
        let total = self.total(&rows, &mut findings)?;
        let progress = progress(self.annex, &rows);
        let county = CountyAnnex {
            rows,
            total,
            progress,
        };
        Ok((county, findings))
    }

    /// The county's rows in order, each with the row that stands for it.
    fn rows(&self, standing: &DataFrame) -> PolarsResult<Vec<CountyRow>> {
        match &self.annex.rows {
            Rows::Fixed(_) => self.fixed_rows(standing),
            Rows::Register if self.annex.one_row_each.is_some() => self.rows_of_forms(standing),
            Rows::Register => self.register_rows(standing),
        }
    }

    /// All rows of the annex, returned or not.
    fn fixed_rows(&self, standing: &DataFrame) -> PolarsResult<Vec<CountyRow>> {
        let specs = self.annex.rows.fixed();
        let standing = standing_for(0..specs.len() as u32, standing)?;
        let rows = specs.iter().enumerate().zip(sources(&standing)?);
        let row = |((idx, spec), source): ((usize, &RowSpec), Option<Source>)| CountyRow {
            spec: Some(idx),
            year: spec.year,
            reporter: source
                .and_then(|source| self.row(source).reporter)
                .filter(|own| spec.reporters.contains(own))
                .or(spec.reporter()),
            ..CountyRow::new(spec.key.clone(), source)
        };
        Ok(rows.map(row).collect())
    }

    /// Rows of a register: by reporter in the order of the roster, then as they stand in the form.
    fn register_rows(&self, standing: &DataFrame) -> PolarsResult<Vec<CountyRow>> {
        let rows = sources(&in_order_of_roster(standing)?)?
            .into_iter()
            .flatten();
        let row = |source| {
            let row = self.row(source);
            CountyRow {
                year: row.year,
                reporter: row.reporter,
                ..CountyRow::new(row.key.clone(), Some(source))
            }
        };
        Ok(rows.map(row).collect())
    }

    /// One row for each reporter, under its name: those of who owes the annex, then of who returned it all the same.
    fn rows_of_forms(&self, standing: &DataFrame) -> PolarsResult<Vec<CountyRow>> {
        let owing = self.scheme.reporters_of(self.annex);
        let owed = standing_for(owing.iter().map(|reporter| *reporter as u32), standing)?;
        let beside = in_order_of_roster(&standing_beside(standing, &owed)?)?;
        let owed = owing.into_iter().map(Some).zip(sources(&owed)?);
        let beside = sources(&beside)?.into_iter().map(|source| {
            let table = source.map(|source| &self.tables[source.table]);
            (table.and_then(|table| table.reporter), source)
        });
        let row = |(reporter, source): (Option<usize>, Option<Source>)| {
            let name = reporter.map(|known| self.scheme.reporters[known].name.clone());
            CountyRow {
                reporter,
                ..CountyRow::new(name.into_iter().collect(), source)
            }
        };
        Ok(owed.chain(beside).map(row).collect())
    }

    /// Says what reporters told of rows that those whose rows they are have not returned.
    fn left_out(&self, hearsay: &DataFrame) -> PolarsResult<Vec<Finding>> {
        let mut left: BTreeMap<usize, Vec<Source>> = BTreeMap::new();
        for source in sources(hearsay)?.into_iter().flatten() {
            left.entry(source.table).or_default().push(source);
        }
        let finding = |(table, rows): (usize, Vec<Source>)| {
            let leaf = |source: Source| self.annex.first_filled(self.row(source)).unwrap_or(0);
            let place = |source: &Source| self.place(*source, leaf(*source));
            let names = rows.iter().map(|source| self.row(*source).name());
            let detail = Detail::OthersRows {
                rows: names.collect(),
                not_returned: true,
            };
            let mut finding =
                Finding::new(Kind::UnexpectedRow, Level::Verification, detail).at(place(&rows[0]));
            let by = self.tables[table].reporter;
            finding.annex = Some(self.annex.number.clone());
            finding.reporter = by.map(|idx| self.scheme.reporters[idx].name.clone());
            finding.cells = rows[1..].iter().map(place).collect();
            finding
        };
        Ok(left.into_iter().map(finding).collect())
    }

    /// How far a row has come, by all who share it.
    fn completion(&self, row: &CountyRow) -> Option<Completion> {
        let spec = row.spec?;
        let owners = &self.annex.rows.fixed()[spec].reporters;
        let is_returned = row.source.is_some()
            || (self.own.iter()).any(|&table| {
                let by = self.tables[table].reporter;
                by.is_some_and(|by| owners.contains(&by) || self.answers(by))
            });
        let sources = || row.source.iter().chain(&row.shared);
        let entry = |leaf: usize| -> Vec<&Value> {
            let values = sources().map(|source| &self.row(*source).entries[leaf].value);
            values.collect()
        };
        completion(self.scheme, self.annex, spec, is_returned, entry)
    }
}

/// Rows by reporter, who is unknown last; of one reporter as they stand in the forms.
fn in_order_of_roster(standing: &DataFrame) -> PolarsResult<DataFrame> {
    let options = SortMultipleOptions::default().with_nulls_last(true);
    standing.sort([REPORTER, TABLE, ROW], options)
}
