//! 指标: the figures of an annex that are followed over time.

use std::sync::Arc;

use crate::model::Period;
use crate::scheme::{Annex, ColumnKind, Course, DueShare, Goal, ReturnedBy, Rows, Scheme};

/// A figure that is followed over time: a column, or a column of a row where rows are indicators.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Index of the annex.
    pub annex: usize,
    /// Index of its column.
    pub column: usize,
    /// The row's key, where rows are no reporters.
    pub key: Option<Box<[Arc<str>]>>,
    /// The year of the plan that it belongs to, where its column or rows are yearly.
    pub year: Option<u16>,
    /// Its unit.
    pub unit: Option<usize>,
    /// Declared decimals.
    pub decimals: u8,
    /// How figures of several rows are taken together.
    pub together: Together,
    /// What a month's figure counts.
    pub course: Course,
    /// Which way is better.
    pub goal: Goal,
    /// Whether each row is some reporter's; else one answers for all of it.
    pub by_reporter: bool,
    /// Whether its schedule takes the years of the plan for equal, because the annex plans none by itself.
    pub is_due_evenly: bool,
}

/// How figures of several rows are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Added up.
    Sum,
    /// Weighted with another column.
    Mean(usize),
    /// Not at all.
    Apart,
}

impl Indicator {
    /// The figures of an annex in a month, by row and then from left to right.
    pub(super) fn all(scheme: &Scheme, idx: usize, period: Period) -> Vec<Self> {
        let annex = &scheme.annexes[idx];
        let Some(year) = period.year() else {
            return Vec::new();
        };
        let by_reporter = match (&annex.rows, annex.returned_by) {
            (Rows::Fixed(_), _) => annex.reporter_key.is_some(),
            (Rows::Register, by) => matches!(by, ReturnedBy::Kind(_)),
        };
        let is_one = by_reporter && !annex.rows_are_figures;
        let keys = match is_one || annex.rows.fixed().is_empty() {
            true => vec![None],
            false => keys(annex, year),
        };
        let mut indicators = Vec::new();
        for key in keys {
            let specs: Vec<Option<usize>> = (annex.rows.fixed().iter().enumerate())
                .filter(|(_, spec)| {
                    key.as_ref()
                        .is_none_or(|key| figure_key(annex, &spec.key) == *key)
                })
                .filter(|(_, spec)| spec.year.is_none_or(|its| its == year))
                .map(|(spec, _)| Some(spec))
                .collect();
            if specs.is_empty() && !annex.rows.fixed().is_empty() {
                continue;
            }
            let first = specs.first().copied().flatten();
            for (leaf, its) in annex.leaves.iter().enumerate() {
                let is_now = its.year.is_none_or(|its| its == year);
                // What is held against a target of its own has its place beside it.
                if annex.columns[its.column].measures_target {
                    continue;
                }
                if !is_now || !annex.kind_of(leaf, first).is_figure() {
                    continue;
                }
                let is_yearly = its.year.is_some() || annex.year_column.is_some();
                indicators.push(Self {
                    annex: idx,
                    column: its.column,
                    key: key.clone(),
                    year: is_yearly.then_some(year),
                    unit: scheme.unit_of(annex, leaf, first),
                    decimals: annex.decimals_of(leaf, first),
                    together: together(scheme, annex, leaf, &specs),
                    course: annex.course_of(leaf, first),
                    goal: annex.goal_of(leaf, first),
                    by_reporter,
                    is_due_evenly: matches!(
                        scheme.due_share(idx, leaf, period),
                        Some(DueShare::OfFigure { is_even: true, .. })
                    ),
                });
            }
        }
        indicators
    }

    /// Whether figures of several rows are added up.
    pub fn is_additive(&self) -> bool {
        self.together == Together::Sum
    }
}

/// What of a row's key says which figure it holds: all but the reporter.
pub fn figure_key(annex: &Annex, key: &[Arc<str>]) -> Box<[Arc<str>]> {
    let own = key.iter().enumerate();
    own.filter(|(idx, _)| annex.reporter_key != Some(*idx))
        .map(|(_, text)| text.clone())
        .collect()
}

/// The keys of fixed rows that a year has, each once.
fn keys(annex: &Annex, year: u16) -> Vec<Option<Box<[Arc<str>]>>> {
    let mut keys: Vec<Option<Box<[Arc<str>]>>> = Vec::new();
    for spec in annex.rows.fixed() {
        let key = Some(figure_key(annex, &spec.key));
        if spec.year.is_none_or(|its| its == year) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn together(scheme: &Scheme, annex: &Annex, leaf: usize, specs: &[Option<usize>]) -> Together {
    let register = [None];
    let specs = if specs.is_empty() { &register } else { specs };
    let unit = |spec: &Option<usize>| scheme.unit_of(annex, leaf, *spec);
    let adds_up = |spec: &Option<usize>| annex.kind_of(leaf, *spec) == ColumnKind::Additive;
    let is_alike = specs.iter().all(|spec| unit(spec) == unit(&specs[0]));
    match annex.column_of(leaf).weight {
        _ if !is_alike => Together::Apart,
        _ if specs.iter().all(adds_up) => Together::Sum,
        Some(weight) => Together::Mean(weight),
        None => Together::Apart,
    }
}
