//! What is written as it should be and would go wrong all the same: annexes that nobody can return or that
//! nobody's rows can be told apart in, rules that hold nowhere, say a thing twice, or exclude each other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::model::{Amount, Basis, Condition, Date};

use super::error::{NeverChecked, Problem, SchemeError, Whose};
use super::file::{AnnexFile, RuleFile};
use super::load::{AnnexLoader, Mistakes, SchemeFile};
use super::name::plain;
use super::resolve::nearest;
use super::{
    Annex, AppliesIn, CellSel, ColumnKind, Frequency, Limit, Relation, ReporterKind, ReturnedBy,
    RowSel, RowSpec, Rows, Rule, Scheme, Test, YearSel,
};

/// A resolved rule, and where it is written.
pub(super) struct Written<'f> {
    pub(super) file: &'f SchemeFile,
    pub(super) source: RuleFile<'f>,
    pub(super) rule: Rule,
}

impl AnnexLoader<'_> {
    /// Whether what an annex asks for can be returned, and told apart once it was.
    pub(super) fn check_annex(&mut self, file: &AnnexFile, annex: &Annex) {
        let number = file.number.span();
        let is_data = |leaf: usize| {
            let is_held = annex.column_of(leaf).measures_target;
            let has_target = || annex.rows.fixed().iter().any(|row| row.target.is_some());
            annex.is_data(leaf) && (!is_held || has_target())
        };
        let is_register = matches!(annex.rows, Rows::Register);
        if !is_register && !(0..annex.leaves.len()).any(is_data) {
            self.refuse(number.clone(), Problem::NothingToFillIn);
        }
        if annex.due.every.is_none() && !annex.due.plan {
            self.refuse(number, Problem::NeverDue);
        }
        let ReturnedBy::Kind(kind) = annex.returned_by else {
            return;
        };
        let says_whose = annex.reporter_column.is_some() || annex.one_row_each.is_some();
        if self.scheme.reporters_of(annex).is_empty() {
            let problem = self.nobody(annex, kind);
            self.refuse(file.returned_by.span(), problem);
        } else if !says_whose {
            let write = match is_register {
                true => in_register(annex),
                false => self.in_fixed_rows(annex, kind),
            };
            let problem = Problem::NobodysRows { is_register, write };
            self.refuse(file.returned_by.span(), problem);
        } else {
            self.check_owners(file, annex, kind);
        }
    }

    /// Whether each row is somebody's who returns the annex, and its figures one reporter's.
    fn check_owners(&mut self, file: &AnnexFile, annex: &Annex, kind: ReporterKind) {
        let reporters = &self.scheme.reporters;
        let n_asked = reporters
            .iter()
            .filter(|reporter| reporter.kind == kind)
            .count();
        let mut problems = Vec::new();
        for spec in annex.rows.fixed() {
            let row = spec.printed.join("·");
            let mut own = spec.reporters.iter().map(|&idx| &reporters[idx]);
            let Some(first) = own.find(|reporter| reporter.kind == kind) else {
                problems.push(Problem::NobodyFillsIn { row, kind });
                continue;
            };
            let n_reporters = 1 + own.filter(|reporter| reporter.kind == kind).count();
            let is_everyone = n_reporters == n_asked;
            let shared = shared_figure(annex, spec, is_everyone).filter(|_| n_reporters > 1);
            problems.extend(shared.map(|column| Problem::SharedFigure {
                row,
                column,
                first: first.name.to_string(),
                n_reporters,
                is_everyone,
            }));
        }
        let span = (file.reporter_column.as_ref()).map_or(file.returned_by.span(), |it| it.span());
        for problem in problems {
            self.refuse(span.clone(), problem);
        }
    }

    fn nobody(&self, annex: &Annex, kind: ReporterKind) -> Problem {
        let of_kind = |reporter: usize| self.scheme.reporters[reporter].kind == kind;
        let mut everyone = 0..self.scheme.reporters.len();
        let mut named = annex.rows.fixed().iter().flat_map(|row| &row.reporters);
        let other = match kind {
            ReporterKind::Township => "department",
            ReporterKind::Department => "township",
        };
        let has_other = named.next().is_some();
        Problem::NobodyReturns {
            kind,
            has_rows: everyone.any(of_kind),
            nearest: has_other.then(|| format!("returned_by = \"{other}\"")),
        }
    }

    /// What may be written where every reporter would return all fixed rows: the key column that names
    /// reporters, else the one who answers for the annex.
    fn in_fixed_rows(&self, annex: &Annex, kind: ReporterKind) -> Whose {
        let named = (0..annex.row_key.len()).find(|&idx| {
            let mut rows = annex.rows.fixed().iter();
            rows.all(|row| self.scheme.roster.look_up(&row.key[idx], true).is_some())
        });
        if let Some(idx) = named {
            let column = &annex.columns[annex.row_key[idx]].name;
            return Whose::Column(column.to_string());
        }
        let mut of_kind = (self.scheme.reporters.iter()).filter(|reporter| reporter.kind == kind);
        let only = of_kind.next().filter(|_| of_kind.next().is_none());
        let responsible = annex.responsible.map(|idx| &self.scheme.reporters[idx]);
        let who = responsible.or(only);
        Whose::Returned(who.map(|reporter| reporter.name.to_string()))
    }

    fn refuse(&mut self, span: Range<usize>, problem: Problem) {
        self.mistakes.at(self.file, span, problem);
    }
}

/// What may be written of a register that says of no row whose it is.
fn in_register(annex: &Annex) -> Whose {
    const NAMES: [&str; 5] = ["填报单位", "乡镇", "部门", "单位", "镇"];
    let keys = || annex.row_key.iter().map(|&key| &*annex.columns[key].name);
    let named = NAMES
        .iter()
        .find_map(|name| keys().find(|key| key.contains(name)));
    match named {
        Some(key) => Whose::Column(key.to_owned()),
        None => Whose::NewKey(keys().map(str::to_owned).collect()),
    }
}

/// The first column of a row in which reporters who share it have figures of their own: those that add up, and of a
/// row that is everyone's all of them. What two offices say of a task's target is one figure.
fn shared_figure(annex: &Annex, spec: &RowSpec, is_everyone: bool) -> Option<String> {
    let idx = annex.row_spec(&spec.key, spec.year);
    let is_own = |leaf: &usize| {
        let kind = annex.kind_of(*leaf, idx);
        let is_held = annex.column_of(*leaf).measures_target;
        let is_filled_in = annex.is_data(*leaf) && (!is_held || spec.target.is_some());
        is_filled_in
            && match is_everyone {
                true => kind.is_figure(),
                false => kind == ColumnKind::Additive && !is_held,
            }
    };
    let leaf = (0..annex.leaves.len()).find(is_own)?;
    Some(annex.column_of(leaf).name.to_string())
}

/// Whether rules hold anywhere, ask for what there can be, and go with each other.
pub(super) fn check_rules(scheme: &Scheme, written: &[Written<'_>], mistakes: &mut Mistakes) {
    // What earlier rules ask of a cell, by what it is held against: others cannot exclude each other.
    let mut earlier: HashMap<Held<'_>, Vec<(usize, Bounds<'_>)>> = HashMap::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (idx, it) in written.iter().enumerate() {
        let common = it.source.common();
        let id = common.id.span();
        let mut refuse = |span: Range<usize>, problem: Problem| mistakes.at(it.file, span, problem);
        if !holds_somewhere(scheme, &it.rule) {
            let why = NeverChecked::AppliesNowhere;
            let span = common.applies.map_or(id.clone(), |applies| applies.span());
            refuse(span, Problem::NeverChecked { why });
        }
        if let Some(problem) = not_due(scheme, &it.rule) {
            refuse(id.clone(), problem);
        }
        for key in without_effect(scheme, &it.rule) {
            let span = match (key, common.each, common.applies) {
                ("each", Some(each), _) => each.span(),
                (_, _, Some(applies)) => applies.span(),
                _ => id.clone(),
            };
            refuse(span, Problem::NoEffect { key });
        }
        for (span, problem) in unlisted(scheme, it, written) {
            refuse(span, problem);
        }
        if let Some((span, problem)) = wrong_unit(scheme, it) {
            refuse(span, problem);
        }
        let own = bounds(scheme, &it.rule);
        let id_of = |other: usize| written[other].rule.id.to_string();
        let first = *known.entry(said(&it.rule)).or_insert(idx);
        if first != idx {
            let other = id_of(first);
            refuse(id, Problem::SameRule { other });
        } else if let Some(other) = excluded_by(scheme, &own, &earlier) {
            let other = id_of(other);
            refuse(id, Problem::Excludes { other });
        }
        for bounds in own {
            earlier
                .entry(bounds.held())
                .or_default()
                .push((idx, bounds));
        }
    }
}

/// A row for which a rule may hold.
#[derive(Clone, Copy)]
struct SomeRow<'s> {
    /// `None` where a register may have any.
    key: Option<&'s [Arc<str>]>,
    is_total: bool,
    year: Option<u16>,
}

/// Whether there is any row and year for which a rule holds.
fn holds_somewhere(scheme: &Scheme, rule: &Rule) -> bool {
    let applies = &rule.applies;
    let is_for_year = |year: Option<u16>| match (&applies.years, year) {
        (Some(years), Some(year)) => years.contains(&year),
        _ => true,
    };
    let is_for_row = |row: &SomeRow<'_>| match (row.key, &applies.rows) {
        (None, Some(rows)) => rows.iter().any(|row| !row.is_empty()),
        (None, None) => true,
        (Some(key), rows) => {
            let is_in = |rows: &[Box<[Arc<str>]>]| rows.iter().any(|row| **row == *key);
            (!row.is_total || applies.total_rows)
                && rows.as_ref().is_none_or(|rows| is_in(rows))
                && !is_in(&applies.except_rows)
        }
    };
    let own = rule.annex.map(|idx| &scheme.annexes[idx]);
    let groups: Vec<Vec<&CellSel>> = match &rule.relation {
        Relation::TotalRow { leaves, count } => {
            let year = |leaf: &usize| own.and_then(|annex| annex.leaves[*leaf].year);
            return *count || leaves.iter().any(|leaf| is_for_year(year(leaf)));
        }
        Relation::Unique { .. } => {
            let rows = own.map_or(Vec::new(), rows_of);
            return (rows.iter()).any(|row| is_for_row(row) && is_for_year(row.year));
        }
        Relation::Target { .. } => return true,
        Relation::Range { cells, per, .. } => {
            let with_per = cells.iter().map(|cell| [cell].into_iter().chain(per));
            with_per.map(Iterator::collect).collect()
        }
        Relation::Cumulative { cells } | Relation::Compare { cells, .. } => {
            cells.iter().map(|cell| vec![cell]).collect()
        }
        relation => vec![relation.cells()],
    };
    groups.iter().any(|cells| {
        let mut cells_in_hand = cells.iter().filter(|sel| sel.row == RowSel::Current);
        let rows = match cells_in_hand.next() {
            Some(sel) => rows_of(&scheme.annexes[sel.annex]),
            None => Vec::new(),
        };
        let holds = |row: Option<&SomeRow<'_>>| {
            let years = years_of(scheme, rule, cells, row);
            years.into_iter().any(|year| {
                is_for_year(year) && cells.iter().all(|sel| is_there(scheme, sel, row, year))
            })
        };
        match cells.iter().any(|sel| sel.row == RowSel::Current) {
            true => rows.iter().any(|row| is_for_row(row) && holds(Some(row))),
            false => holds(None),
        }
    })
}

fn rows_of(annex: &Annex) -> Vec<SomeRow<'_>> {
    let fixed = annex.rows.fixed().iter().map(|spec| SomeRow {
        key: Some(&spec.key),
        is_total: false,
        year: spec.year,
    });
    let any = matches!(annex.rows, Rows::Register).then_some(SomeRow {
        key: None,
        is_total: false,
        year: None,
    });
    let total = annex.total.is_some().then_some(SomeRow {
        key: Some(&[]),
        is_total: true,
        year: None,
    });
    fixed.chain(any).chain(total).collect()
}

/// The years in which a relation is asked for; `None` where it is about no year.
fn years_of(
    scheme: &Scheme,
    rule: &Rule,
    cells: &[&CellSel],
    row: Option<&SomeRow<'_>>,
) -> Vec<Option<u16>> {
    if let Relation::Trend { .. } = rule.relation {
        return scheme.years.iter().skip(1).copied().map(Some).collect();
    }
    let stays = |sel: &&CellSel| {
        sel.row == RowSel::Current && Some(sel.annex) == rule.annex && sel.year == YearSel::Current
    };
    let rows_have_years = cells.iter().any(|sel| rows_have_years(scheme, sel));
    let has_current = cells.iter().any(|sel| {
        let column = &scheme.annexes[sel.annex].columns[sel.column];
        sel.year == YearSel::Current && (column.each_year || self::rows_have_years(scheme, sel))
    });
    match row {
        Some(row) if rows_have_years && cells.iter().all(stays) => vec![row.year],
        _ if rule.each_year || has_current => scheme.years.iter().copied().map(Some).collect(),
        _ => vec![None],
    }
}

/// Whether rows bring the year of a cell.
fn rows_have_years(scheme: &Scheme, sel: &CellSel) -> bool {
    let annex = &scheme.annexes[sel.annex];
    annex.year_column.is_some() && !annex.columns[sel.column].each_year
}

/// Whether an annex has the cell that a rule asks for of a row in a year.
fn is_there(scheme: &Scheme, sel: &CellSel, row: Option<&SomeRow<'_>>, year: Option<u16>) -> bool {
    let annex = &scheme.annexes[sel.annex];
    let Rows::Fixed(specs) = &annex.rows else {
        return true;
    };
    let year = match sel.year {
        _ if !rows_have_years(scheme, sel) => None,
        YearSel::Current => year,
        YearSel::Fixed(year) => Some(year),
        YearSel::Every => None,
    };
    let is_of_year = |spec: &RowSpec| year.is_none() || spec.year == year;
    let key = match &sel.row {
        RowSel::Key(key) => Some(&**key),
        RowSel::Current => match row {
            Some(row) if !row.is_total => row.key,
            _ => return true,
        },
        RowSel::Every => None,
        RowSel::Total => return true,
    };
    let mut specs = specs.iter().filter(|spec| is_of_year(spec));
    specs.any(|spec| key.is_none_or(|key| *spec.key == *key))
}

/// That the periods which a rule is for are none in which its annexes are returned.
fn not_due(scheme: &Scheme, rule: &Rule) -> Option<Problem> {
    let cells = rule.relation.cells();
    let annexes = cells.iter().map(|sel| sel.annex).chain(rule.annex);
    let annexes: Vec<&Annex> = annexes.map(|idx| &scheme.annexes[idx]).collect();
    // What is held against the month before needs one each month.
    let needs_months = matches!(
        rule.relation,
        Relation::Chain { .. }
            | Relation::Cumulative { .. }
            | Relation::Compare {
                with: Basis::LastMonth,
                ..
            }
    );
    annexes
        .iter()
        .find_map(|annex| {
            let due = annex.due;
            let in_months = match rule.applies.period {
                AppliesIn::Every => return None,
                AppliesIn::Plan => return (!due.plan).then_some((annex, false)),
                AppliesIn::Month => due.every.is_some(),
            };
            let is_due = in_months && (!needs_months || due.every == Some(Frequency::Month));
            (!is_due).then_some((annex, true))
        })
        .map(|(annex, in_months)| Problem::NotDue {
            annex: annex.number.to_string(),
            in_months,
        })
}

/// Keys of a rule that change nothing.
fn without_effect(scheme: &Scheme, rule: &Rule) -> Vec<&'static str> {
    let cells = rule.relation.cells();
    let is_yearly = cells.iter().any(|sel| {
        let annex = &scheme.annexes[sel.annex];
        annex.columns[sel.column].each_year || annex.year_column.is_some()
    });
    // Those over time are of the month's year, and those of whole columns of every year there is.
    let is_of_cells = !rule.relation.is_over_time() && !cells.is_empty();
    let is_each = rule.each_year && !matches!(rule.relation, Relation::Trend { .. });
    let has_years = rule.each_year
        || cells.iter().any(|sel| {
            let column = &scheme.annexes[sel.annex].columns[sel.column];
            sel.year == YearSel::Current && (column.each_year || rows_have_years(scheme, sel))
        });
    let names_rows = cells.iter().all(|sel| sel.row != RowSel::Current);
    let applies = &rule.applies;
    let keys = [
        ("each", is_each && !is_yearly),
        ("years", applies.years.is_some() && !has_years),
        ("rows", applies.rows.is_some() && names_rows),
        ("except_rows", !applies.except_rows.is_empty() && names_rows),
    ];
    let keys = keys
        .into_iter()
        .filter(|(_, is_idle)| is_of_cells && *is_idle);
    keys.map(|(key, _)| key).collect()
}

/// Values of a condition that are on no list of their column.
fn unlisted(
    scheme: &Scheme,
    it: &Written<'_>,
    written: &[Written<'_>],
) -> Vec<(Range<usize>, Problem)> {
    let (Relation::When { condition, then }, RuleFile::When(file)) = (&it.rule.relation, it.source)
    else {
        return Vec::new();
    };
    let spans = [file.get_ref().condition.span(), file.get_ref().then.span()];
    let tests = [condition, then].into_iter().zip(spans);
    let found = tests.flat_map(|(test, span)| {
        let values = unlisted_values(scheme, test, written).into_iter();
        values.map(move |(value, nearest)| {
            let at = place_of(it.file, span.clone(), &value);
            (at, Problem::NotListed { value, nearest })
        })
    });
    found.collect()
}

/// The values that a test asks for and that its column cannot hold, with the nearest that it can.
fn unlisted_values(
    scheme: &Scheme,
    test: &Test,
    written: &[Written<'_>],
) -> Vec<(String, Option<String>)> {
    let Condition::OneOf(values) = &test.is else {
        return Vec::new();
    };
    let annex = &scheme.annexes[test.cell.annex];
    if annex.columns[test.cell.column].kind.is_figure() {
        let no_figure = values
            .iter()
            .filter(|value| value.parse::<Amount>().is_err());
        return no_figure.map(|value| (value.to_string(), None)).collect();
    }
    let mut listed: Vec<&str> = Vec::new();
    let mut n_digits: Vec<usize> = Vec::new();
    for other in written {
        let Relation::Code {
            cell,
            values,
            aliases,
            digits,
        } = &other.rule.relation
        else {
            continue;
        };
        if (cell.annex, cell.column) == (test.cell.annex, test.cell.column) {
            listed.extend(values.iter().map(|value| &**value));
            listed.extend(aliases.iter().map(|(alias, _)| alias.as_str()));
            n_digits.extend(digits);
        }
    }
    let is_known = |value: &str| {
        let value = plain(value);
        let is_number = value.chars().all(|c| c.is_ascii_digit());
        (listed.is_empty() && n_digits.is_empty())
            || listed.iter().any(|one| plain(one) == value)
            || is_number && n_digits.contains(&value.len())
    };
    let unknown = values.iter().filter(|value| !is_known(value));
    unknown
        .map(|value| (value.to_string(), nearest(value, listed.iter().copied())))
        .collect()
}

/// Where a text is quoted within a part of a file; the whole part where it is written otherwise.
fn place_of(file: &SchemeFile, span: Range<usize>, text: &str) -> Range<usize> {
    let quoted = format!("\"{text}\"");
    let within = file
        .text
        .get(span.clone())
        .and_then(|part| part.find(&quoted));
    within.map_or(span.clone(), |at| {
        span.start + at..span.start + at + quoted.len()
    })
}

/// That a quotient cannot have the unit of its column.
fn wrong_unit(scheme: &Scheme, it: &Written<'_>) -> Option<(Range<usize>, Problem)> {
    let (
        Relation::Ratio {
            value,
            numerator,
            denominator,
            ..
        },
        RuleFile::Ratio(file),
    ) = (&it.rule.relation, it.source)
    else {
        return None;
    };
    let unit = |sel: &CellSel| unit_of(scheme, sel);
    let (value, numerator, denominator) = (unit(value)?, unit(numerator)?, unit(denominator)?);
    let units = &scheme.units;
    let name = |unit: usize| &**units.name(unit);
    let is_share = units.convertible(numerator, denominator);
    let is_percent = name(value) == "%";
    let is_certain = match name(value).split_once(['/', '／']) {
        _ if is_percent => (!is_share).then_some(true),
        // 亩 in 亩 is a number, of whatever name; but no area.
        _ if is_share => units.convertible(value, numerator).then_some(true),
        Some((above, below)) => match (units.find(above), units.find(below)) {
            // Figures are divided as they are printed.
            (Some(above), Some(below)) => {
                ((above, below) != (numerator, denominator)).then_some(true)
            }
            _ => None,
        },
        // ㎡ for each 人 is printed as ㎡.
        None if units.convertible(value, numerator) => None,
        None if units.convertible(value, denominator) => Some(true),
        None => (!name(value).contains('每')).then_some(false),
    }?;
    let [value, numerator, denominator] =
        [value, numerator, denominator].map(|it| name(it).to_owned());
    let problem = Problem::RatioUnit {
        value,
        numerator,
        denominator,
        is_certain,
    };
    Some((file.get_ref().value.span(), problem))
}

/// The unit of a cell; `None` where it has none, or rows have different ones.
fn unit_of(scheme: &Scheme, sel: &CellSel) -> Option<usize> {
    let annex = &scheme.annexes[sel.annex];
    let leaf = annex
        .leaves
        .iter()
        .position(|leaf| leaf.column == sel.column)?;
    let specs = annex.rows.fixed();
    let its = |spec: &RowSpec| match &sel.row {
        RowSel::Key(key) => spec.key == *key,
        _ => true,
    };
    let mut units = (0..specs.len())
        .filter(|&idx| its(&specs[idx]))
        .map(|idx| scheme.unit_of(annex, leaf, Some(idx)));
    let first = match units.next() {
        Some(first) => first,
        None => scheme.unit_of(annex, leaf, None),
    };
    first.filter(|_| units.all(|unit| unit == first))
}

/// Everything that a rule says; two that differ only in how it is told say the same.
fn said(rule: &Rule) -> String {
    let mut relation = rule.relation.clone();
    match &mut relation {
        Relation::Sum { parts, .. } => parts.sort_by_cached_key(|part| format!("{part:?}")),
        Relation::Range { cells, .. } | Relation::Pair { cells, .. } => {
            cells.sort_by_cached_key(|cell| format!("{cell:?}"));
        }
        Relation::Equal { left, right } if format!("{left:?}") > format!("{right:?}") => {
            std::mem::swap(left, right);
        }
        // The same promise may stand in two sentences.
        Relation::Target {
            section, sentence, ..
        } => (*section, *sentence) = ("".into(), rule.id.clone()),
        _ => {}
    }
    let rest = (rule.tolerance, rule.each_year, &rule.applies, rule.annex);
    format!("{relation:?}{rest:?}")
}

/// What one cell must lie within.
struct Bounds<'s> {
    cell: &'s CellSel,
    /// The year, or first and last year, whose figures are meant; `None` for those of no year.
    years: Option<(u16, u16)>,
    per: Option<&'s CellSel>,
    rule: &'s Rule,
    min: Option<Bound>,
    max: Option<Bound>,
    /// How much a figure may be beyond them.
    tolerance: Amount,
}

#[derive(Clone, Copy)]
enum Bound {
    /// In base units.
    Amount(Amount),
    /// The first or the last day of it.
    Date(Date),
}

fn bounds<'s>(scheme: &'s Scheme, rule: &'s Rule) -> Vec<Bounds<'s>> {
    let in_base = |amount: Amount, unit: Option<usize>| scheme.units.to_base(amount, unit);
    match &rule.relation {
        Relation::Range {
            cells,
            per,
            min,
            max,
        } => {
            let bound = |limit: &Option<Limit>, cell: &CellSel| match (*limit)? {
                // A quotient's bounds are in the units of both.
                Limit::Amount(amount) if per.is_some() => Some(Bound::Amount(amount)),
                Limit::Amount(amount) => in_base(amount, unit_of(scheme, cell)).map(Bound::Amount),
                Limit::Date(date) => Some(Bound::Date(date)),
            };
            let of = |cell: &'s CellSel, years: Option<(u16, u16)>| Bounds {
                cell,
                years,
                per: per.as_ref(),
                rule,
                min: bound(min, cell),
                max: bound(max, cell),
                tolerance: (rule.tolerance)
                    .and_then(|tolerance| in_base(tolerance, unit_of(scheme, cell)))
                    .unwrap_or(Amount::ZERO),
            };
            let in_years = |cell: &'s CellSel| -> Vec<Bounds<'s>> {
                let annex = &scheme.annexes[cell.annex];
                let has_years = annex.columns[cell.column].each_year || annex.year_column.is_some();
                match cell.year {
                    YearSel::Fixed(year) => vec![of(cell, Some((year, year)))],
                    YearSel::Current if has_years => {
                        let years = scheme.years.iter().copied();
                        let is_for = |year: &u16| {
                            (rule.applies.years.as_ref()).is_none_or(|years| years.contains(year))
                        };
                        let years = years.filter(is_for);
                        years.map(|year| of(cell, Some((year, year)))).collect()
                    }
                    YearSel::Current => vec![of(cell, None)],
                    YearSel::Every => {
                        let ends = scheme.years.first().zip(scheme.years.last());
                        vec![of(cell, ends.map(|(first, last)| (*first, *last)))]
                    }
                }
            };
            cells.iter().flat_map(in_years).collect()
        }
        Relation::Target {
            value,
            unit,
            years,
            bound,
            cell: Some(cell),
            ..
        } => {
            let Some(at) = in_base(*value, Some(*unit)).map(Bound::Amount) else {
                return Vec::new();
            };
            let annex = &scheme.annexes[cell.annex];
            let has_years = annex.columns[cell.column].each_year || annex.year_column.is_some();
            let years = match cell.year {
                YearSel::Fixed(year) => Some((year, year)),
                YearSel::Every if years.0 == years.1 => {
                    let ends = scheme.years.first().zip(scheme.years.last());
                    ends.map(|(first, last)| (*first, *last))
                }
                _ => has_years.then_some(*years),
            };
            // A promise is rounded as it is printed.
            let printed = Amount::last_digit(value.decimals());
            let tolerance = (rule.tolerance).or_else(|| in_base(printed, Some(*unit)));
            vec![Bounds {
                cell,
                years,
                per: None,
                rule,
                min: (*bound != super::Bound::AtMost).then_some(at),
                max: (*bound != super::Bound::AtLeast).then_some(at),
                tolerance: tolerance.unwrap_or(Amount::ZERO),
            }]
        }
        _ => Vec::new(),
    }
}

/// Annex and column of a cell, the years that are meant, and what it is divided by.
type Held<'s> = (usize, usize, Option<(u16, u16)>, Option<&'s CellSel>);

impl<'s> Bounds<'s> {
    fn held(&self) -> Held<'s> {
        (self.cell.annex, self.cell.column, self.years, self.per)
    }
}

/// The first earlier rule that asks of a cell what it cannot be where these bounds hold.
fn excluded_by<'s>(
    scheme: &Scheme,
    bounds: &[Bounds<'s>],
    earlier: &HashMap<Held<'s>, Vec<(usize, Bounds<'s>)>>,
) -> Option<usize> {
    let excluding = bounds.iter().flat_map(|a| {
        let of_cell = earlier.get(&a.held()).into_iter().flatten();
        of_cell.filter(move |(_, b)| {
            (is_above(a.min, b.max, a, b) || is_above(b.min, a.max, a, b))
                && meet_in_time(a.rule.applies.period, b.rule.applies.period)
                && meet_in_rows(scheme, a, b)
        })
    });
    excluding.map(|(idx, _)| *idx).min()
}

fn is_above(min: Option<Bound>, max: Option<Bound>, a: &Bounds<'_>, b: &Bounds<'_>) -> bool {
    match (min, max) {
        (Some(Bound::Amount(min)), Some(Bound::Amount(max))) => {
            let gap = min.checked_sub(max);
            let off = a.tolerance.checked_add(b.tolerance);
            gap.zip(off).is_some_and(|(gap, off)| gap > off)
        }
        (Some(Bound::Date(min)), Some(Bound::Date(max))) => min.earliest() > max.latest(),
        _ => false,
    }
}

fn meet_in_time(a: AppliesIn, b: AppliesIn) -> bool {
    a == b || a == AppliesIn::Every || b == AppliesIn::Every
}

/// Whether there is a row for which both hold.
fn meet_in_rows(scheme: &Scheme, a: &Bounds<'_>, b: &Bounds<'_>) -> bool {
    let is_for = |bounds: &Bounds<'_>, row: &SomeRow<'_>| {
        let applies = &bounds.rule.applies;
        let is_in = |rows: &[Box<[Arc<str>]>]| match row.key {
            Some(key) => rows.iter().any(|row| **row == *key),
            None => false,
        };
        match &bounds.cell.row {
            RowSel::Current => {
                (!row.is_total || applies.total_rows)
                    && applies.rows.as_ref().is_none_or(|rows| is_in(rows))
                    && !is_in(&applies.except_rows)
            }
            RowSel::Key(key) => row.key == Some(&**key) && !row.is_total,
            RowSel::Total => row.is_total,
            RowSel::Every => false,
        }
    };
    let every = |bounds: &Bounds<'_>| bounds.cell.row == RowSel::Every;
    let annex = &scheme.annexes[a.cell.annex];
    let mut rows = rows_of(annex);
    // Rows of a register that rules name.
    let named = [a, b].into_iter().flat_map(|bounds| {
        let of_cell = match &bounds.cell.row {
            RowSel::Key(key) => Some(key),
            _ => None,
        };
        let filtered = bounds.rule.applies.rows.iter().flatten();
        filtered.chain(of_cell).filter(|key| !key.is_empty())
    });
    if matches!(annex.rows, Rows::Register) {
        rows.extend(named.map(|key| SomeRow {
            key: Some(key),
            is_total: false,
            year: None,
        }));
    }
    let is_of_year = |row: &SomeRow<'_>| match (row.year, a.years) {
        (Some(year), Some((first, last))) => (first..=last).contains(&year),
        _ => true,
    };
    every(a) && every(b)
        || rows
            .iter()
            .any(|row| is_for(a, row) && is_for(b, row) && is_of_year(row))
}

/// The mistakes that keep a scheme from being used, or else what is worth knowing about it.
pub(super) fn settle(mistakes: Mistakes) -> Result<Vec<SchemeError>, Vec<SchemeError>> {
    match mistakes
        .0
        .iter()
        .all(|mistake| mistake.problem.is_warning())
    {
        true => Ok(mistakes.0),
        false => Err(mistakes.0),
    }
}
