//! Rules made ready: which cells each asks for, worked out once for all forms.

use crate::scheme::{CellSel, Relation, RowSel, Rule, Scheme, YearSel};

/// One rule with everything that it asks for.
pub(super) struct Planned<'s> {
    /// Index of the rule in the scheme.
    pub(super) idx: usize,
    pub(super) rule: &'s Rule,
    /// Relations that it asks for in a row, or in the county: usually one a year.
    pub(super) instances: Vec<Instance<'s>>,
    /// The annex whose rows it goes through; `None` where every cell names its row.
    pub(super) current: Option<usize>,
}

/// One relation, before it is known in which row.
pub(super) struct Instance<'s> {
    /// The year that it is about; where rows have years, the row's.
    pub(super) year: Option<u16>,
    /// What each slot adds up.
    pub(super) slots: Vec<Vec<Ask<'s>>>,
}

/// One cell, before it is known in which form.
#[derive(Clone, Copy)]
pub(super) struct Ask<'s> {
    pub(super) annex: usize,
    pub(super) row: &'s RowSel,
    pub(super) leaf: usize,
    /// The year of the row, where rows have years.
    pub(super) year: Option<u16>,
    /// Whether it is one of all years: a year in which the annex has no such row adds nothing.
    pub(super) is_one_of_all: bool,
}

impl<'s> Planned<'s> {
    pub(super) fn new(scheme: &'s Scheme, idx: usize) -> Self {
        let rule = &scheme.rules[idx];
        let current = (rule.relation.cells())
            .into_iter()
            .find(|sel| sel.row == RowSel::Current)
            .map(|sel| sel.annex);
        Self {
            idx,
            rule,
            instances: instances(scheme, rule),
            current,
        }
    }
}

/// Whether a rule never looks beyond the row in hand, so that a form by itself can be checked.
pub(super) fn stays_in_row(scheme: &Scheme, rule: &Rule) -> bool {
    let is_trend = matches!(rule.relation, Relation::Trend { .. });
    let selectors = rule.relation.cells();
    let stays = |sel: &&CellSel| {
        let rows_have_years = rows_have_years(scheme, sel);
        sel.row == RowSel::Current
            && Some(sel.annex) == rule.annex
            && (!rows_have_years || (sel.year == YearSel::Current && !is_trend))
    };
    // A promise is kept by the county, so it is checked once, whoever returned the figure.
    !matches!(rule.relation, Relation::Target { .. })
        && !selectors.is_empty()
        && selectors.iter().all(stays)
}

fn instances<'s>(scheme: &'s Scheme, rule: &'s Rule) -> Vec<Instance<'s>> {
    let one = |year: Option<u16>, sels: &[&'s CellSel]| Instance {
        year,
        slots: sels.iter().map(|sel| asks(scheme, sel, year)).collect(),
    };
    match &rule.relation {
        Relation::TotalRow { .. } | Relation::Unique { .. } => Vec::new(),
        Relation::Trend { cell, .. } => scheme
            .years
            .windows(2)
            .map(|pair| Instance {
                year: Some(pair[1]),
                slots: vec![
                    asks(scheme, cell, Some(pair[0])),
                    asks(scheme, cell, Some(pair[1])),
                ],
            })
            .collect(),
        Relation::Target { cell, years, .. } => {
            let slot = cell.iter().flat_map(|cell| promised(scheme, cell, *years));
            vec![Instance {
                year: (years.0 == years.1).then_some(years.0),
                slots: vec![slot.collect()],
            }]
        }
        // Each cell is held against the bounds by itself.
        Relation::Range { cells, per, .. } => cells
            .iter()
            .flat_map(|cell| {
                let sels: Vec<&CellSel> = [cell].into_iter().chain(per).collect();
                years_of(scheme, rule, &sels)
                    .into_iter()
                    .map(|year| one(year, &sels))
                    .collect::<Vec<_>>()
            })
            .collect(),
        relation => {
            let sels = relation.cells();
            years_of(scheme, rule, &sels)
                .into_iter()
                .map(|year| one(year, &sels))
                .collect()
        }
    }
}

/// The years that a relation is asked for in; a single `None` where it is about no year, or where
/// the row in hand brings its own.
fn years_of(scheme: &Scheme, rule: &Rule, sels: &[&CellSel]) -> Vec<Option<u16>> {
    let brings_its_own =
        stays_in_row(scheme, rule) && sels.iter().any(|sel| rows_have_years(scheme, sel));
    let has_current = sels.iter().any(|sel| {
        let annex = &scheme.annexes[sel.annex];
        sel.year == YearSel::Current
            && (annex.columns[sel.column].each_year || rows_have_years(scheme, sel))
    });
    if !brings_its_own && (rule.each_year || has_current) {
        scheme.years.iter().copied().map(Some).collect()
    } else {
        vec![None]
    }
}

/// The cells in which a promise for `years` is kept: those of its years, added up.
fn promised<'s>(scheme: &'s Scheme, cell: &'s CellSel, years: (u16, u16)) -> Vec<Ask<'s>> {
    let is_of_years = |ask: &Ask<'_>| {
        let annex = &scheme.annexes[ask.annex];
        let year = annex.leaves[ask.leaf].year.or(ask.year);
        year.is_none_or(|year| (years.0..=years.1).contains(&year))
    };
    match cell.year {
        YearSel::Current if has_years(scheme, cell) => scheme
            .years
            .iter()
            .filter(|year| (years.0..=years.1).contains(year))
            .flat_map(|&year| asks(scheme, cell, Some(year)))
            .collect(),
        // A promise for one year that names all years (到2025年完成) means their sum.
        YearSel::Every if years.0 < years.1 => asks(scheme, cell, None)
            .into_iter()
            .filter(is_of_years)
            .collect(),
        _ => asks(scheme, cell, None),
    }
}

/// The cells that a selector adds up when `year` is the year in hand.
fn asks<'s>(scheme: &'s Scheme, sel: &'s CellSel, year: Option<u16>) -> Vec<Ask<'s>> {
    let annex = &scheme.annexes[sel.annex];
    let rows_have_years = rows_have_years(scheme, sel);
    let ask = |leaf: Option<usize>, year: Option<u16>| {
        leaf.map(|leaf| Ask {
            annex: sel.annex,
            row: &sel.row,
            leaf,
            year,
            is_one_of_all: sel.year == YearSel::Every,
        })
    };
    if !has_years(scheme, sel) || (rows_have_years && sel.row == RowSel::Total) {
        return ask(annex.leaf(sel.column, None), None)
            .into_iter()
            .collect();
    }
    let years: Vec<Option<u16>> = match sel.year {
        YearSel::Current => vec![year],
        YearSel::Fixed(year) => vec![Some(year)],
        YearSel::Every => scheme.years.iter().copied().map(Some).collect(),
    };
    years
        .into_iter()
        .filter_map(|year| match rows_have_years {
            true => ask(annex.leaf(sel.column, None), year),
            false => ask(annex.leaf(sel.column, year), None),
        })
        .collect()
}

fn has_years(scheme: &Scheme, sel: &CellSel) -> bool {
    let annex = &scheme.annexes[sel.annex];
    annex.columns[sel.column].each_year || annex.year_column.is_some()
}

fn rows_have_years(scheme: &Scheme, sel: &CellSel) -> bool {
    let annex = &scheme.annexes[sel.annex];
    annex.year_column.is_some() && !annex.columns[sel.column].each_year
}
