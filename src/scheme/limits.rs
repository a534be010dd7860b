//! How large a scheme may be.
//!
//! What is written in a few lines is resolved to much more: a column of each year, a row of each year, a rule for every row.
//! So it is counted before any of it is made. The limits are far above any county's scheme, and below what would take
//! seconds to load or a form that no program opens.

use std::ops::Range;

use super::error::{Counted, Problem};
use super::file::{AnnexFile, MainFile, OneOrMore, RowsFile, RulesFile};
use super::load::{Mistakes, SchemeFile};

/// Bytes of one file.
const FILE_BYTES: usize = 4 << 20;
/// Years of a plan.
const YEARS: usize = 100;
/// Units, and the names of all of them.
const UNITS: usize = 2_000;
/// Reporters, and the names of all of them.
const REPORTERS: usize = 20_000;
/// Annexes.
const ANNEXES: usize = 500;
/// Columns of an annex, one for each year where it has one each.
const COLUMNS: usize = 2_000;
/// Levels of a header.
const LEVELS: usize = 20;
/// Fixed rows of an annex, one for each year where it has one each.
const ROWS: usize = 20_000;
/// Cells of an annex: its rows by its columns.
const CELLS: usize = 2_000_000;
/// Rules of a scheme.
const RULES: usize = 10_000;
/// Rules of a scheme, each of them once a year where it is for each.
const RULES_BY_YEARS: usize = 200_000;

/// Holds what is counted against the limits.
pub(super) struct Limits<'m> {
    pub(super) mistakes: &'m mut Mistakes,
}

impl Limits<'_> {
    /// A file before it is parsed; `false` for one that is too long.
    pub(super) fn file(&mut self, file: &SchemeFile) -> bool {
        self.hold(file, 0..0, Counted::Bytes, file.text.len(), FILE_BYTES)
    }

    /// What all annexes have in common.
    pub(super) fn main(&mut self, file: &SchemeFile, main: &MainFile) {
        let years = main.years.get_ref().len();
        self.hold(file, main.years.span(), Counted::Years, years, YEARS);
        let names = (main.units.iter()).map(|unit| (1 + unit.aliases.len(), unit.name.span()));
        self.hold_all(file, names, Counted::Units, UNITS);
        let names = (main.reporters.iter())
            .map(|reporter| (1 + reporter.aliases.len(), reporter.name.span()));
        self.hold_all(file, names, Counted::Reporters, REPORTERS);
    }

    /// The annexes and rules of all files. `n_years` are those of the plan.
    pub(super) fn annexes(
        &mut self,
        annexes: &[(&SchemeFile, AnnexFile)],
        rules: &[(&SchemeFile, RulesFile)],
        n_years: usize,
    ) {
        // That there are too many years is said once.
        let n_years = n_years.min(YEARS);
        for (nth, (file, annex)) in annexes.iter().enumerate() {
            let span = annex.number.span();
            self.hold(file, span, Counted::Annexes, nth + 1, ANNEXES);
            self.annex(file, annex, n_years);
        }
        let (mut n_rules, mut by_years) = (0, 0);
        let of_annexes = annexes.iter().map(|(file, annex)| (file, annex.rules()));
        let others = rules.iter().map(|(file, rules)| (file, rules.rules()));
        for (file, rules) in of_annexes.chain(others) {
            for rule in rules {
                let common = rule.common();
                n_rules += 1;
                by_years += common.each.map_or(1, |_| n_years);
                let span = || common.id.span();
                if !self.hold(file, span(), Counted::Rules, n_rules, RULES)
                    || !self.hold(
                        file,
                        span(),
                        Counted::RulesByYears,
                        by_years,
                        RULES_BY_YEARS,
                    )
                {
                    return;
                }
            }
        }
    }

    fn annex(&mut self, file: &SchemeFile, annex: &AnnexFile, n_years: usize) {
        let times = |is_yearly: bool| if is_yearly { n_years } else { 1 };
        let columns = annex.columns.iter().map(|column| {
            let is_yearly = column.get_ref().each.is_some();
            (times(is_yearly), column.get_ref().name.span())
        });
        let n_columns = self.hold_all(file, columns, Counted::Columns, COLUMNS);
        for column in &annex.columns {
            let header = &column.get_ref().header;
            let n_levels = header.get_ref().len();
            if !self.hold(file, header.span(), Counted::Levels, n_levels, LEVELS) {
                break;
            }
        }
        let of_row = |row: &OneOrMore| {
            let is_yearly = row.texts().iter().any(|text| text.contains("{year}"));
            times(is_yearly)
        };
        let n_rows = match &annex.rows {
            Some(rows) => match rows.get_ref() {
                RowsFile::Register(_) => 0,
                RowsFile::List(listed) => {
                    let rows = listed.iter().map(|row| (of_row(row), rows.span()));
                    self.hold_all(file, rows, Counted::Rows, ROWS)
                }
            },
            None => {
                let rows = annex.row.iter().map(|row| {
                    let key = &row.get_ref().key;
                    (of_row(key.get_ref()), key.span())
                });
                self.hold_all(file, rows, Counted::Rows, ROWS)
            }
        };
        let n_cells = n_rows.saturating_mul(n_columns);
        self.hold(file, annex.number.span(), Counted::Cells, n_cells, CELLS);
    }

    /// Adds up what each of several makes; the first that makes it too much is where the mistake is.
    fn hold_all(
        &mut self,
        file: &SchemeFile,
        each: impl Iterator<Item = (usize, Range<usize>)>,
        what: Counted,
        limit: usize,
    ) -> usize {
        let mut sum = 0usize;
        let mut beyond = None;
        for (n, span) in each {
            sum = sum.saturating_add(n);
            if sum > limit {
                beyond.get_or_insert(span);
            }
        }
        if let Some(span) = beyond {
            self.hold(file, span, what, sum, limit);
        }
        sum
    }

    fn hold(
        &mut self,
        file: &SchemeFile,
        span: Range<usize>,
        what: Counted,
        given: usize,
        limit: usize,
    ) -> bool {
        let fits = given <= limit;
        if !fits {
            let problem = Problem::TooMany { what, given, limit };
            self.mistakes.at(file, span, problem);
        }
        fits
    }
}
