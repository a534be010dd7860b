//! The prefecture's scheme: the counties' common one, with counties for reporters.

use std::sync::Arc;

use crate::scheme::{
    Annex, Column, ColumnKind, Course, Goal, Leaf, Reporter, ReporterKind, ReturnedBy, Roster,
    RowSpec, Rows, Scheme, TotalRow,
};

use super::CountyOutbox;

/// The header of the column that names counties.
const COUNTY: &str = "县（市）";
/// What a row that bears its county's name is called here.
const WHOLE: &str = "全县（市）";

/// How a county's form is taken into the prefecture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Rows of townships become one row of the county.
    Row,
    /// All rows, with the county in front.
    Block,
}

impl Shape {
    pub(super) fn of(county: &Annex) -> Self {
        match (&county.rows, county.reporter_key) {
            (Rows::Fixed(_), Some(_)) => Self::Row,
            _ => Self::Block,
        }
    }
}

/// The scheme of a prefecture of these counties, which have one scheme in common.
pub fn prefecture(area: &str, counties: &[CountyOutbox]) -> Option<Scheme> {
    let first = &counties.first()?.scheme;
    let reporters: Vec<Reporter> = (counties.iter().enumerate())
        .map(|(idx, county)| Reporter {
            code: format!("C{:02}", idx + 1).into(),
            name: county.scheme.area.as_str().into(),
            kind: ReporterKind::Township,
            aliases: Vec::new(),
        })
        .collect();
    let schemes: Vec<&Scheme> = counties.iter().map(|county| &county.scheme).collect();
    let annexes = (0..first.annexes.len()).map(|idx| annex(area, idx, &schemes));
    Some(Scheme {
        title: first.title.replace(&first.area, area),
        area: area.to_owned(),
        fingerprint: first.rules_fingerprint(),
        roster: Roster::new(area, &reporters),
        annexes: annexes.collect(),
        rules: Vec::new(),
        reporters,
        id: first.id.clone(),
        years: first.years.clone(),
        guards: first.guards,
        units: first.units.clone(),
        confirmed: first.confirmed.clone(),
    })
}

fn annex(area: &str, idx: usize, schemes: &[&Scheme]) -> Annex {
    let county = &schemes[0].annexes[idx];
    let mut annex = Annex {
        title: county.title.replace(&schemes[0].area, area),
        returned_by: ReturnedBy::Kind(ReporterKind::Township),
        responsible: None,
        reporter_key: Some(0),
        publish: Vec::new(),
        one_row_each: None,
        ..county.clone()
    };
    match Shape::of(county) {
        Shape::Row => {
            keep_columns(&mut annex, &kept_columns(county));
            name_column(&mut annex);
            annex.total = county.total.as_ref().map(|total| TotalRow {
                label: "合计".to_owned(),
                at_top: total.at_top,
            });
            annex.rows = Rows::Fixed(rows_of_counties(county, schemes));
        }
        Shape::Block => {
            if county.one_row_each.is_some() {
                keep_columns(&mut annex, &kept_columns(county));
            }
            name_counties(&mut annex);
            annex.total = annex
                .total
                .filter(|_| matches!(county.rows, Rows::Register));
            annex.rows_are_figures = matches!(county.rows, Rows::Fixed(_));
            if annex.rows_are_figures {
                annex.rows = Rows::Fixed(blocks(area, idx, schemes));
            }
        }
    }
    let depths = annex.leaves.iter().map(|leaf| leaf.path.len());
    annex.depth = depths.max().unwrap_or(1);
    annex
}

/// The columns that the prefecture has of a county's form: of one row for a county or a reporter all but the
/// keys below that.
pub(super) fn kept_columns(county: &Annex) -> Vec<usize> {
    let name = match Shape::of(county) {
        Shape::Row => county.reporter_key.map(|key| county.row_key[key]),
        Shape::Block => county.one_row_each,
    };
    let is_below = |column: &usize| {
        name.is_some_and(|name| name != *column && county.row_key.contains(column))
    };
    (0..county.columns.len())
        .filter(|column| !is_below(column))
        .collect()
}

fn keep_columns(annex: &mut Annex, kept: &[usize]) {
    let new = |column: usize| kept.iter().position(|kept| *kept == column);
    annex.leaves.retain(|leaf| new(leaf.column).is_some());
    for leaf in &mut annex.leaves {
        leaf.column = new(leaf.column).unwrap_or_default();
    }
    annex.columns = kept
        .iter()
        .map(|column| annex.columns[*column].clone())
        .collect();
    for column in &mut annex.columns {
        column.weight = column.weight.and_then(new);
        column.merge_down = false;
    }
    annex.row_key = annex.row_key.iter().copied().filter_map(new).collect();
    annex.year_column = annex.year_column.and_then(new);
    annex.reporter_column = annex.row_key.first().copied();
}

/// Where rows of reporters become one of their county, the column that named them names counties.
fn name_column(annex: &mut Annex) {
    for leaf in &mut annex.leaves {
        if Some(leaf.column) == annex.reporter_column {
            leaf.path = vec![COUNTY.to_owned()];
        }
    }
}

/// One row for each county, or for each county and year.
fn rows_of_counties(county: &Annex, schemes: &[&Scheme]) -> Vec<RowSpec> {
    let mut years: Vec<Option<u16>> = county.rows.fixed().iter().map(|spec| spec.year).collect();
    years.sort_unstable();
    years.dedup();
    let kept = kept_columns(county);
    let mut rows = Vec::new();
    for (reporter, scheme) in schemes.iter().enumerate() {
        for year in &years {
            let of_year = |spec: &&RowSpec| spec.year == *year;
            let spec = county
                .rows
                .fixed()
                .iter()
                .find(of_year)
                .expect("a row of each year");
            let printed_year = year.and_then(|year| {
                let year = year.to_string();
                spec.printed
                    .iter()
                    .find(|text| text.contains(&year))
                    .cloned()
            });
            let mut printed = vec![scheme.area.clone()];
            let is_first = county.year_column < county.reporter_key.map(|key| county.row_key[key]);
            printed.splice(if is_first { 0..0 } else { 1..1 }, printed_year);
            rows.push(RowSpec {
                key: [Arc::from(scheme.area.as_str())].into(),
                printed,
                reporters: vec![reporter],
                cells: (spec.cells.iter())
                    .filter_map(|(column, text)| {
                        let column = kept.iter().position(|kept| kept == column)?;
                        Some((column, text.clone()))
                    })
                    .collect(),
                ..spec.clone()
            });
        }
    }
    rows
}

/// A column for the county in front of all others.
fn name_counties(annex: &mut Annex) {
    for leaf in &mut annex.leaves {
        leaf.column += 1;
    }
    for column in &mut annex.columns {
        column.weight = column.weight.map(|weight| weight + 1);
    }
    let column = Column {
        name: COUNTY.into(),
        kind: ColumnKind::Text,
        unit: None,
        decimals: 0,
        has_decimals: false,
        each_year: false,
        optional: false,
        blank_is_none: false,
        merge_down: true,
        course: Course::State,
        goal: Goal::AtLeast,
        weight: None,
        schedule: None,
        print: None,
        measures_target: false,
        done: Vec::new(),
        width: None,
    };
    let leaf = Leaf {
        column: 0,
        year: None,
        path: vec![COUNTY.to_owned()],
    };
    annex.columns.insert(0, column);
    annex.leaves.insert(0, leaf);
    annex.row_key = (annex.row_key.iter().map(|key| key + 1)).collect();
    annex.row_key.insert(0, 0);
    annex.year_column = annex.year_column.map(|column| column + 1);
    annex.reporter_column = Some(0);
}

/// The rows of the whole, then of each county. What does not add up has no row in the whole.
fn blocks(area: &str, idx: usize, schemes: &[&Scheme]) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    let whole = schemes.iter().take(1).map(|scheme| (area, None, *scheme));
    let counties = (schemes.iter().enumerate())
        .map(|(reporter, scheme)| (scheme.area.as_str(), Some(reporter), *scheme));
    for (name, reporter, scheme) in whole.chain(counties) {
        let annex = &scheme.annexes[idx];
        for (at, spec) in annex.rows.fixed().iter().enumerate() {
            if reporter.is_none() && !adds_up(annex, at) {
                continue;
            }
            let printed = (spec.printed.iter()).map(|text| own_name(scheme, text).to_owned());
            rows.push(RowSpec {
                key: block_key(name, scheme, &spec.key),
                printed: [name.to_owned()].into_iter().chain(printed).collect(),
                reporters: reporter.into_iter().collect(),
                cells: (spec.cells.iter())
                    .map(|(column, text)| (column + 1, text.clone()))
                    .collect(),
                ..spec.clone()
            });
        }
    }
    rows
}

/// Whether any figure of a row can be taken together over counties.
fn adds_up(annex: &Annex, spec: usize) -> bool {
    (0..annex.leaves.len()).any(|leaf| match annex.kind_of(leaf, Some(spec)) {
        ColumnKind::Additive => true,
        ColumnKind::Rate => annex.column_of(leaf).weight.is_some(),
        _ => false,
    })
}

/// A row's key with its county in front.
pub(super) fn block_key(name: &str, scheme: &Scheme, key: &[Arc<str>]) -> Box<[Arc<str>]> {
    let key = key.iter().map(|text| Arc::from(own_name(scheme, text)));
    [Arc::from(name)].into_iter().chain(key).collect()
}

/// 轮台县 is another row in every county, and everywhere the same.
fn own_name<'t>(scheme: &Scheme, text: &'t str) -> &'t str {
    match text == scheme.area {
        true => WHOLE,
        false => text,
    }
}
