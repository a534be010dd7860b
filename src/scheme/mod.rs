//! 报表制度: what a county asks for, who answers, and what must hold.
//!
//! A scheme is written as TOML by staff who do not program, and resolved once into types in which
//! every name has become an index, so that later stages cannot meet an unknown column. What is wrong
//! is refused with file, line and column.

mod alike;
mod annex;
mod confirmed;
mod error;
mod error_en;
mod file;
mod limits;
mod load;
mod mean;
mod name;
mod printed;
mod publish;
mod resolve;
mod row_sum;
mod rule;
mod schedule;
mod sound;
mod unit;

use std::sync::Arc;

use crate::model::Guards;

pub use annex::{
    Annex, Column, ColumnKind, Course, Due, Frequency, Goal, HeaderCell, Leaf, Print, ReturnedBy,
    RowSpec, Rows, Target, TotalRow,
};
pub use confirmed::{Confirmed, ConfirmedColumn, ConfirmedForm};
pub use error::{Counted, NeverChecked, Problem, SchemeError, What, Whose};
pub use load::{SchemeFile, load, load_with_warnings};
pub use mean::Mean;
pub use name::{NameMatch, Roster, bare, is_near, is_shortened, plain, without_remark};
pub use publish::{MOST_DECIMALS, Publish};
#[cfg(feature = "consolidate")]
pub(crate) use resolve::nearest;
pub use row_sum::RowSum;
pub use rule::{Applies, AppliesIn, Bound, CellSel, Limit, Relation, RowSel, Rule, Test, YearSel};
pub use schedule::{DueAmount, DueShare, Schedule, Share};
pub use unit::{Unit, Units};

/// A county's scheme, with every name resolved.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// The folder's name under `templates/`.
    pub id: String,
    /// Title of the plan.
    pub title: String,
    /// The county.
    pub area: String,
    /// Years that the plan covers, ascending.
    pub years: Vec<u16>,
    /// SHA-256 over the scheme's files: two outboxes of one fingerprint can be compared.
    pub fingerprint: String,
    /// What is asked about without any rule.
    pub guards: Guards,
    /// Units of measure.
    pub units: Units,
    /// Everyone who may return forms, in the order of every workbook.
    pub reporters: Vec<Reporter>,
    /// Their names, prepared for look-up.
    pub roster: Roster,
    /// The annexes, in the order of the plan.
    pub annexes: Vec<Annex>,
    /// All rules: by annex, then across annexes, then targets.
    pub rules: Vec<Rule>,
    /// What the county confirmed about headers of its reporters; kept beside the scheme, and no part of it.
    pub confirmed: Confirmed,
}

/// 填报单位: a township or department that returns forms.
#[derive(Clone, Debug)]
pub struct Reporter {
    /// Code of the roster.
    pub code: Arc<str>,
    /// Name of the roster.
    pub name: Arc<str>,
    /// Township or department.
    pub kind: ReporterKind,
    /// Other names that are really used.
    pub aliases: Vec<String>,
}

/// What a reporter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReporterKind {
    /// 乡镇.
    Township,
    /// 部门.
    Department,
}

impl Scheme {
    /// Index of the annex with this number.
    pub fn annex(&self, number: &str) -> Option<usize> {
        self.annexes
            .iter()
            .position(|annex| &*annex.number == number)
    }

    /// The reporters who owe this annex.
    pub fn reporters_of(&self, annex: &Annex) -> Vec<usize> {
        match annex.returned_by {
            ReturnedBy::One(reporter) => vec![reporter],
            ReturnedBy::Kind(kind) => {
                let named =
                    (annex.rows.fixed().iter()).flat_map(|row| row.reporters.iter().copied());
                let named: Vec<usize> = named.collect();
                // Where no row names a reporter, each of them returns all rows.
                (0..self.reporters.len())
                    .filter(|idx| self.reporters[*idx].kind == kind)
                    .filter(|idx| named.is_empty() || named.contains(idx))
                    .collect()
            }
        }
    }

    /// Whether a reporter returns rows of its own of an annex that others return as well, so that the total below
    /// them is no county's.
    pub fn has_own_rows(&self, annex: &Annex, reporter: usize) -> bool {
        let ReturnedBy::Kind(kind) = annex.returned_by else {
            return false;
        };
        self.reporters[reporter].kind == kind
            && match &annex.rows {
                Rows::Register => true,
                Rows::Fixed(rows) => rows.iter().any(|row| row.reporters.contains(&reporter)),
            }
    }

    /// The unit of an annex's leaf column in one of its fixed rows, if it has any.
    pub fn unit_of(&self, annex: &Annex, leaf: usize, spec: Option<usize>) -> Option<usize> {
        let row = spec.map(|idx| &annex.rows.fixed()[idx]);
        row.and_then(|row| row.unit)
            .or(annex.columns[annex.leaves[leaf].column].unit)
    }
}
