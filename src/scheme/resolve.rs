//! From rules as written to rules in which every name is an index; what could never be checked is refused.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use crate::model::{Amount, Basis, Condition, Date, Level};

use super::error::{NeverChecked, Problem, What};
use super::file::{
    AppliesFile, CellFile, CellTable, Common, OneOrMore, RuleFile, TargetFile, TestFile, YearFile,
};
use super::load::{Mistakes, SchemeFile};
use super::name::plain;
use super::sound::Written;
use super::{
    Annex, Applies, AppliesIn, CellSel, ColumnKind, Course, Limit, Relation, RowSel, Rows, Rule,
    Scheme, Target, Test, Units, YearSel,
};

/// Rules of one file, with the annex that the file is about.
pub(super) type Source<'f> = (&'f SchemeFile, Option<usize>, Vec<RuleFile<'f>>);

/// Resolves all rules of a scheme whose annexes are resolved.
pub(super) fn resolve_rules<'f>(
    scheme: &Scheme,
    sources: &[Source<'f>],
    mistakes: &mut Mistakes,
) -> Vec<Written<'f>> {
    let mut rules = Vec::new();
    let mut ids: HashMap<&str, ()> = HashMap::new();
    for (file, annex, written) in sources {
        for rule in written {
            let common = rule.common();
            if ids.insert(common.id.get_ref(), ()).is_some() {
                let problem = Problem::Repeated {
                    what: What::Rule,
                    name: common.id.get_ref().clone(),
                };
                mistakes.at(file, common.id.span(), problem);
            }
            let mut resolver = Resolver {
                scheme,
                file,
                annex: *annex,
                each_year: common.each.is_some(),
                id_span: common.id.span(),
                mistakes,
            };
            rules.extend(resolver.rule(*rule, &common).map(|resolved| Written {
                file,
                source: *rule,
                rule: resolved,
            }));
        }
    }
    rules
}

/// The targets of these rules by id, for rows that quote them. `None`: written, but with mistakes that are
/// reported when rules are resolved.
pub(super) fn targets<'f>(
    units: &Units,
    rules: impl Iterator<Item = RuleFile<'f>>,
) -> BTreeMap<&'f str, Option<Target>> {
    let targets = rules.filter_map(|rule| {
        let id = rule.common().id.get_ref().as_str();
        let RuleFile::Target(written) = rule else {
            return None;
        };
        let written = written.get_ref();
        let target = || {
            Some(Target {
                id: id.into(),
                value: written.value.get_ref().parse().ok()?,
                unit: units.find(written.unit.get_ref())?,
                years: years_of(written)?,
                bound: written.bound,
            })
        };
        Some((id, target()))
    });
    targets.collect()
}

/// The first and the last year of a promise.
fn years_of(rule: &TargetFile) -> Option<(u16, u16)> {
    match (&rule.year, &rule.years) {
        (Some(year), None) => Some((*year.get_ref(), *year.get_ref())),
        (None, Some(years)) => match years.get_ref()[..] {
            [first, last] if first <= last => Some((first, last)),
            _ => None,
        },
        _ => None,
    }
}

/// The known name that is nearest to `name`, if any is near.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let wanted = plain(name);
    known
        .map(|known| {
            (
                strsim::normalized_damerau_levenshtein(&plain(known), &wanted),
                known,
            )
        })
        .filter(|(similarity, _)| *similarity >= 0.4)
        // Of two that are as near, the first.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, known)| known.to_owned())
}

/// A year was given for what has none.
const NO_YEARS: &str = "分年度的单元格（这里不分年度，不写年份）";

struct Resolver<'r> {
    scheme: &'r Scheme,
    file: &'r SchemeFile,
    annex: Option<usize>,
    each_year: bool,
    id_span: Range<usize>,
    mistakes: &'r mut Mistakes,
}

impl<'r> Resolver<'r> {
    fn rule(&mut self, file: RuleFile<'_>, common: &Common<'_>) -> Option<Rule> {
        let before = self.mistakes.0.len();
        if let Some(each) = common.each.filter(|each| each.get_ref() != "year") {
            self.bad(each.span(), "\"year\"", each.get_ref());
        }
        let tolerance = common.tolerance.and_then(|text| {
            let tolerance = self.amount(text)?;
            if tolerance < Amount::ZERO {
                self.bad(text.span(), "不小于0的数字", text.get_ref());
            }
            Some(tolerance)
        });
        let applies = self.applies(common.applies, usual(file));
        let relation = self.relation(file)?;
        (self.mistakes.0.len() == before).then(|| Rule {
            id: common.id.get_ref().as_str().into(),
            label: common.label.to_owned(),
            say: common.say.to_owned(),
            level: common.level.unwrap_or(usual_level(file)),
            tolerance,
            each_year: self.each_year,
            applies,
            annex: self.annex,
            relation,
        })
    }

    fn relation(&mut self, file: RuleFile<'_>) -> Option<Relation> {
        Some(match file {
            RuleFile::Sum(rule) => {
                let rule = rule.get_ref();
                let total = self.cell(&rule.total)?;
                let parts = self.cells(rule.parts.get_ref());
                if rule.parts.get_ref().is_empty() {
                    self.never(rule.parts.span(), NeverChecked::NothingAsked);
                }
                if parts.contains(&total) {
                    self.never(rule.total.span(), NeverChecked::ItsOwnPart);
                }
                let mut all = vec![(total.clone(), rule.total.span())];
                all.extend(parts.iter().map(|part| (part.clone(), rule.parts.span())));
                for (cell, span) in &all {
                    self.additive(cell, span);
                }
                self.same_unit(&all);
                Relation::Sum { total, parts }
            }
            RuleFile::TotalRow(rule) => {
                let span = rule.span();
                let rule = rule.get_ref();
                let annex = self.own_annex(&span)?;
                match &annex.total {
                    None => self.never(self.id_span.clone(), NeverChecked::NoTotalRow),
                    Some(total) => {
                        if let Some(row) = rule
                            .row
                            .as_ref()
                            .filter(|row| plain(row.get_ref()) != plain(&total.label))
                        {
                            self.unknown(
                                What::Row,
                                row.span(),
                                row.get_ref(),
                                Some(total.label.clone()),
                            );
                        }
                    }
                }
                let columns: Vec<usize> = match &rule.columns {
                    Some(names) => names
                        .iter()
                        .filter_map(|name| self.column(annex, name))
                        .collect(),
                    None => (0..annex.columns.len())
                        .filter(|&column| annex.columns[column].kind == ColumnKind::Additive)
                        .collect(),
                };
                for &column in &columns {
                    if annex.columns[column].kind != ColumnKind::Additive {
                        let column = annex.columns[column].name.to_string();
                        self.mistakes.at(
                            self.file,
                            self.id_span.clone(),
                            Problem::SumOfRates { column },
                        );
                    }
                }
                let leaves: Vec<usize> = (0..annex.leaves.len())
                    .filter(|&leaf| columns.contains(&annex.leaves[leaf].column))
                    .collect();
                if leaves.is_empty() && !rule.count {
                    self.never(self.id_span.clone(), NeverChecked::NothingAsked);
                }
                Relation::TotalRow {
                    leaves,
                    count: rule.count,
                }
            }
            RuleFile::Equal(rule) => {
                let rule = rule.get_ref();
                let (left, right) = self.figures(&rule.left, &rule.right)?;
                Relation::Equal { left, right }
            }
            RuleFile::Part(rule) => {
                let rule = rule.get_ref();
                let (part, whole) = self.figures(&rule.part, &rule.whole)?;
                Relation::Part { part, whole }
            }
            RuleFile::Target(rule) => self.target(rule.get_ref())?,
            RuleFile::Range(rule) => {
                let rule = rule.get_ref();
                let cells = self.cells(rule.columns.get_ref());
                if rule.columns.get_ref().is_empty() {
                    self.never(rule.columns.span(), NeverChecked::NothingAsked);
                }
                let first = cells.first()?;
                let kind = self.kind(first);
                if cells
                    .iter()
                    .any(|cell| (self.kind(cell) == ColumnKind::Date) != (kind == ColumnKind::Date))
                {
                    self.never(rule.columns.span(), NeverChecked::WrongKind);
                }
                let per = match &rule.per {
                    Some(per) => Some((self.cell(per)?, per.span())),
                    None => None,
                };
                if let Some((per, span)) = &per {
                    if !kind.is_figure() || !self.kind(per).is_figure() {
                        self.never(span.clone(), NeverChecked::WrongKind);
                    }
                    if cells.contains(per) {
                        self.never(span.clone(), NeverChecked::ItsOwnPart);
                    }
                }
                let min = rule.min.as_ref().and_then(|text| self.limit(text, kind));
                let max = rule.max.as_ref().and_then(|text| self.limit(text, kind));
                if rule.min.is_none() && rule.max.is_none() {
                    self.never(self.id_span.clone(), NeverChecked::NothingAsked);
                }
                if is_empty(min, max) {
                    self.never(self.id_span.clone(), NeverChecked::EmptyRange);
                }
                Relation::Range {
                    cells,
                    per: per.map(|(per, _)| per),
                    min,
                    max,
                }
            }
            RuleFile::Order(rule) => {
                let rule = rule.get_ref();
                let (first, then) = (self.cell(&rule.first)?, self.cell(&rule.then)?);
                let kinds = (self.kind(&first), self.kind(&then));
                match kinds {
                    (ColumnKind::Date, ColumnKind::Date) => {}
                    (a, b) if a.is_figure() && b.is_figure() => {
                        self.same_unit(&[
                            (first.clone(), rule.first.span()),
                            (then.clone(), rule.then.span()),
                        ]);
                    }
                    _ => self.never(rule.then.span(), NeverChecked::WrongKind),
                }
                if first == then {
                    self.never(rule.then.span(), NeverChecked::ItsOwnPart);
                }
                Relation::Order { first, then }
            }
            RuleFile::Trend(rule) => {
                let rule = rule.get_ref();
                self.each_year = true;
                let cell = self.cell(&rule.column)?;
                if self.scheme.years.len() < 2
                    || cell.year != YearSel::Current
                    || !self.has_years(&cell)
                {
                    self.never(rule.column.span(), NeverChecked::OneYear);
                }
                if !self.kind(&cell).is_figure() {
                    self.never(rule.column.span(), NeverChecked::WrongKind);
                }
                let at_least = rule.at_least.as_ref().and_then(|text| {
                    let relative = text.get_ref().strip_suffix('%');
                    let number =
                        Spanned::new(text.span(), relative.unwrap_or(text.get_ref()).to_owned());
                    Some((self.amount(&number)?, relative.is_some()))
                });
                Relation::Trend {
                    cell,
                    direction: rule.direction,
                    at_least,
                }
            }
            RuleFile::Ratio(rule) => {
                let rule = rule.get_ref();
                let value = self.cell(&rule.value)?;
                let numerator = self.cell(&rule.numerator)?;
                let denominator = self.cell(&rule.denominator)?;
                for (cell, slot) in [
                    (&value, &rule.value),
                    (&numerator, &rule.numerator),
                    (&denominator, &rule.denominator),
                ] {
                    if !self.kind(cell).is_figure() {
                        self.never(slot.span(), NeverChecked::WrongKind);
                    }
                }
                let percent = self
                    .unit(&value)
                    .is_some_and(|unit| &**self.scheme.units.name(unit) == "%");
                Relation::Ratio {
                    value,
                    numerator,
                    denominator,
                    percent,
                }
            }
            RuleFile::Unique(rule) => {
                let span = rule.span();
                let rule = rule.get_ref();
                let annex = self.own_annex(&span)?;
                let columns: Vec<usize> = rule
                    .columns
                    .get_ref()
                    .iter()
                    .filter_map(|name| self.column(annex, name))
                    .collect();
                if rule.columns.get_ref().is_empty() {
                    self.never(rule.columns.span(), NeverChecked::NothingAsked);
                }
                Relation::Unique { columns }
            }
            RuleFile::Code(rule) => {
                let rule = rule.get_ref();
                let cell = self.cell(&rule.column)?;
                if !matches!(self.kind(&cell), ColumnKind::Code | ColumnKind::Text) {
                    self.never(rule.column.span(), NeverChecked::WrongKind);
                }
                let values: Vec<Arc<str>> = rule
                    .values
                    .iter()
                    .flatten()
                    .map(|value| Arc::from(value.as_str()))
                    .collect();
                if values.is_empty() && rule.digits.is_none() {
                    self.never(self.id_span.clone(), NeverChecked::NothingAsked);
                }
                let mut aliases = Vec::new();
                for (alias, meaning) in &rule.aliases {
                    match values.iter().find(|value| ***value == **meaning.get_ref()) {
                        Some(value) => aliases.push((alias.clone(), value.clone())),
                        None => {
                            let near =
                                nearest(meaning.get_ref(), values.iter().map(|value| &**value));
                            self.unknown(What::Row, meaning.span(), meaning.get_ref(), near);
                        }
                    }
                }
                Relation::Code {
                    cell,
                    values,
                    aliases,
                    digits: rule.digits,
                }
            }
            RuleFile::Pair(rule) => {
                let rule = rule.get_ref();
                let cells = self.cells(rule.columns.get_ref());
                if cells.len() < 2 && cells.len() == rule.columns.get_ref().len() {
                    self.never(rule.columns.span(), NeverChecked::NothingAsked);
                }
                Relation::Pair {
                    cells,
                    need: rule.need,
                }
            }
            RuleFile::When(rule) => {
                let rule = rule.get_ref();
                let condition = self.test(&rule.condition)?;
                let then = self.test(&rule.then)?;
                Relation::When { condition, then }
            }
            RuleFile::Chain(rule) => {
                let rule = rule.get_ref();
                let is_cumulative = |course| course != Course::State && course != Course::Month;
                let cumulative = self.over_time(&rule.cumulative, is_cumulative)?;
                let month = self.over_time(&rule.month, |course| course == Course::Month)?;
                self.same_unit(&[
                    (cumulative.clone(), rule.cumulative.span()),
                    (month.clone(), rule.month.span()),
                ]);
                Relation::Chain { cumulative, month }
            }
            RuleFile::Cumulative(rule) => {
                let rule = rule.get_ref();
                let is_cumulative = |course| course != Course::State && course != Course::Month;
                Relation::Cumulative {
                    cells: self.all_over_time(&rule.columns, is_cumulative),
                }
            }
            RuleFile::Compare(rule) => {
                let rule = rule.get_ref();
                let with = *rule.with.get_ref();
                // A state has no schedule, and no month is planned by itself.
                let fits = |course| match with {
                    Basis::Schedule => course != Course::State,
                    Basis::Plan => course != Course::Month,
                    Basis::LastMonth | Basis::LastYear => true,
                };
                let cells = self.all_over_time(&rule.columns, fits);
                let percent = self.amount(&rule.percent)?;
                let absolute = self.amount(&rule.absolute)?;
                for (amount, text) in [(percent, &rule.percent), (absolute, &rule.absolute)] {
                    if amount < Amount::ZERO {
                        self.bad(text.span(), "不小于0的数字", text.get_ref());
                    }
                }
                Relation::Compare {
                    cells,
                    with,
                    percent,
                    absolute,
                    side: rule.side,
                }
            }
        })
    }

    fn target(&mut self, rule: &TargetFile) -> Option<Relation> {
        let value = self.amount(&rule.value)?;
        let Some(unit) = self.scheme.units.find(rule.unit.get_ref()) else {
            let known = self.scheme.units.0.iter().map(|unit| &*unit.name);
            let near = nearest(rule.unit.get_ref(), known);
            self.unknown(What::Unit, rule.unit.span(), rule.unit.get_ref(), near);
            return None;
        };
        let years = match (years_of(rule), &rule.year, &rule.years) {
            (Some(years), ..) => years,
            (None, None, Some(years)) => {
                self.bad(
                    years.span(),
                    "首年和末年，如 [2023, 2025]",
                    &format!("{:?}", years.get_ref()),
                );
                return None;
            }
            _ => {
                let problem = Problem::Lacking {
                    what: "year 或 years（二者取一）",
                };
                self.mistakes.at(self.file, self.id_span.clone(), problem);
                return None;
            }
        };
        let cell = match &rule.cell {
            None => None,
            Some(cell) => {
                // What the plan promises for later no form of this plan can hold.
                let written = rule.year.as_ref().map(Spanned::span);
                let written = written.or(rule.years.as_ref().map(Spanned::span));
                for year in [years.0, years.1] {
                    if !self.scheme.years.contains(&year) {
                        let span = written.clone().unwrap_or(self.id_span.clone());
                        self.unknown(What::Year, span, &year.to_string(), None);
                        return None;
                    }
                }
                // A target of one year is checked in that year even where the cell does not repeat it.
                self.each_year = years.0 == years.1;
                let sel = self.cell(cell)?;
                let sel = CellSel {
                    year: match sel.year {
                        YearSel::Current if self.has_years(&sel) => YearSel::Fixed(years.0),
                        year => year,
                    },
                    ..sel
                };
                self.each_year = false;
                if !self.kind(&sel).is_figure() {
                    self.never(cell.span(), NeverChecked::WrongKind);
                }
                let own = self.unit(&sel);
                if own.is_none_or(|own| !self.scheme.units.convertible(own, unit)) {
                    self.units_differ(cell.span(), own, Some(unit));
                }
                Some(sel)
            }
        };
        Some(Relation::Target {
            section: rule.section.as_str().into(),
            sentence: rule.sentence.as_str().into(),
            value,
            unit,
            years,
            bound: rule.bound,
            cell,
        })
    }

    /// Figures of the row in hand that are held against earlier periods.
    fn all_over_time(
        &mut self,
        files: &Spanned<Vec<Spanned<CellFile>>>,
        fits: impl Fn(Course) -> bool,
    ) -> Vec<CellSel> {
        if files.get_ref().is_empty() {
            self.never(files.span(), NeverChecked::NothingAsked);
        }
        let cells = files.get_ref().iter();
        cells
            .filter_map(|file| self.over_time(file, &fits))
            .collect()
    }

    /// The same, of one: the year is always the one in hand.
    fn over_time(
        &mut self,
        file: &Spanned<CellFile>,
        fits: impl Fn(Course) -> bool,
    ) -> Option<CellSel> {
        self.each_year = true;
        let cell = self.cell(file)?;
        let is_in_hand = Some(cell.annex) == self.annex
            && cell.row == RowSel::Current
            && cell.year == YearSel::Current;
        let annex = &self.scheme.annexes[cell.annex];
        // Rows may have a course of their own.
        let mut courses = annex.rows.fixed().iter().filter_map(|row| row.course);
        let course = annex.columns[cell.column].course;
        if !is_in_hand || !self.kind(&cell).is_figure() || !(fits(course) || courses.any(fits)) {
            self.never(file.span(), NeverChecked::WrongKind);
        }
        Some(cell)
    }

    /// Two different figures of convertible units.
    fn figures(
        &mut self,
        left: &Spanned<CellFile>,
        right: &Spanned<CellFile>,
    ) -> Option<(CellSel, CellSel)> {
        let (a, b) = (self.cell(left)?, self.cell(right)?);
        for (cell, slot) in [(&a, left), (&b, right)] {
            if !self.kind(cell).is_figure() {
                self.never(slot.span(), NeverChecked::WrongKind);
            }
        }
        if a == b {
            self.never(right.span(), NeverChecked::ItsOwnPart);
        }
        self.same_unit(&[(a.clone(), left.span()), (b.clone(), right.span())]);
        Some((a, b))
    }

    fn test(&mut self, file: &Spanned<TestFile>) -> Option<Test> {
        let written = file.get_ref();
        let cell = CellFile::Cell(CellTable {
            annex: None,
            row: written.row.clone(),
            column: written.column.clone(),
            year: None,
        });
        let cell = self.cell(&Spanned::new(file.span(), cell))?;
        let kind = self.kind(&cell);
        let min = written.min.as_ref().and_then(|text| self.limit(text, kind));
        let max = written.max.as_ref().and_then(|text| self.limit(text, kind));
        let is = match &written.is {
            Some(is) => match is {
                OneOrMore::One(word) if word == "filled" => Condition::Filled,
                OneOrMore::One(word) if word == "blank" => Condition::Blank,
                is => Condition::OneOf(
                    is.texts()
                        .iter()
                        .map(|text| Arc::from(text.as_str()))
                        .collect(),
                ),
            },
            None if min.is_some() || max.is_some() => Condition::Between {
                min: written.min.as_ref().map(|text| text.get_ref().clone()),
                max: written.max.as_ref().map(|text| text.get_ref().clone()),
            },
            None => {
                self.never(file.span(), NeverChecked::NothingAsked);
                return None;
            }
        };
        if is_empty(min, max) {
            self.never(file.span(), NeverChecked::EmptyRange);
        }
        Some(Test { cell, is, min, max })
    }

    /// The one cell that a slot names.
    fn cell(&mut self, file: &Spanned<CellFile>) -> Option<CellSel> {
        let mut cells = self.cells(std::slice::from_ref(file));
        match cells.len() {
            0 => None,
            1 => cells.pop(),
            _ => {
                self.never(file.span(), NeverChecked::NoYear);
                None
            }
        }
    }

    /// The cells that slots name: a yearly column without a year stands for all its years.
    fn cells(&mut self, files: &[Spanned<CellFile>]) -> Vec<CellSel> {
        let mut cells = Vec::new();
        for file in files {
            match file.get_ref() {
                CellFile::Name(name) => self.named_cells(name, file.span(), &mut cells),
                CellFile::Cell(table) => cells.extend(self.table_cell(table, file.span())),
            }
        }
        cells
    }

    fn named_cells(&mut self, name: &str, span: Range<usize>, cells: &mut Vec<CellSel>) {
        let Some(annex_idx) = self.annex else {
            self.never(span, NeverChecked::NoAnnex);
            return;
        };
        let scheme = self.scheme;
        let annex = &scheme.annexes[annex_idx];
        let (column_name, year) = match name.rsplit_once('@') {
            Some((column, year)) => (column, Some(year)),
            None => (name, None),
        };
        let spanned = Spanned::new(span.clone(), column_name.to_owned());
        let Some(column) = self.column(annex, &spanned) else {
            return;
        };
        let sel = |year| CellSel {
            annex: annex_idx,
            row: RowSel::Current,
            column,
            year,
        };
        let yearly = annex.columns[column].each_year;
        match year {
            Some(text) => match text
                .parse()
                .ok()
                .filter(|year| self.scheme.years.contains(year))
            {
                Some(year) if yearly || annex.year_column.is_some() => {
                    cells.push(sel(YearSel::Fixed(year)))
                }
                Some(_) => self.bad(span, NO_YEARS, text),
                None => {
                    let years: Vec<String> = self.scheme.years.iter().map(u16::to_string).collect();
                    let near = nearest(text, years.iter().map(String::as_str));
                    self.unknown(What::Year, span, text, near);
                }
            },
            None if yearly && !self.each_year => {
                cells.extend(
                    self.scheme
                        .years
                        .iter()
                        .map(|&year| sel(YearSel::Fixed(year))),
                );
            }
            None => cells.push(sel(YearSel::Current)),
        }
    }

    fn table_cell(&mut self, table: &CellTable, span: Range<usize>) -> Option<CellSel> {
        let annex_idx = match &table.annex {
            None => match self.annex {
                Some(annex) => annex,
                None => {
                    self.never(span, NeverChecked::NoAnnex);
                    return None;
                }
            },
            Some(number) => match self.scheme.annex(number.get_ref()) {
                Some(annex) => annex,
                None => {
                    let known = self.scheme.annexes.iter().map(|annex| &*annex.number);
                    let near = nearest(number.get_ref(), known);
                    self.unknown(What::Annex, number.span(), number.get_ref(), near);
                    return None;
                }
            },
        };
        let scheme = self.scheme;
        let annex = &scheme.annexes[annex_idx];
        let column = self.column(annex, &table.column)?;
        let row = match &table.row {
            Some(row) => self.row(annex, row)?,
            None if annex.row_key.is_empty() => RowSel::Key(Box::default()),
            None if Some(annex_idx) == self.annex => RowSel::Current,
            None => {
                self.mistakes
                    .at(self.file, span, Problem::Lacking { what: "row" });
                return None;
            }
        };
        let yearly = annex.columns[column].each_year
            || (annex.year_column.is_some() && row != RowSel::Total);
        let year = match table
            .year
            .as_ref()
            .map(|year| (year.get_ref(), year.span()))
        {
            Some((YearFile::Year(year), _)) if yearly && self.scheme.years.contains(year) => {
                YearSel::Fixed(*year)
            }
            Some((YearFile::Every(star), _)) if yearly && star == "*" => YearSel::Every,
            Some((written, span)) => {
                let text = match written {
                    YearFile::Year(year) => year.to_string(),
                    YearFile::Every(text) => text.clone(),
                };
                if !yearly {
                    self.bad(span, NO_YEARS, &text);
                    return None;
                }
                let years: Vec<String> = self.scheme.years.iter().map(u16::to_string).collect();
                let near = nearest(&text, years.iter().map(String::as_str));
                self.unknown(What::Year, span, &text, near);
                return None;
            }
            None => YearSel::Current,
        };
        // A row in hand brings its own year where rows have years.
        let in_hand = row == RowSel::Current && annex.year_column.is_some();
        if year == YearSel::Current && yearly && !self.each_year && !in_hand {
            self.never(span, NeverChecked::NoYear);
            return None;
        }
        let sel = CellSel {
            annex: annex_idx,
            row,
            column,
            year,
        };
        if sel.row == RowSel::Every || sel.year == YearSel::Every {
            self.additive(&sel, &span);
        }
        Some(sel)
    }

    fn row(&mut self, annex: &Annex, row: &Spanned<OneOrMore>) -> Option<RowSel> {
        let texts = row.get_ref().texts();
        if let [text] = texts {
            if text == "*" {
                return Some(RowSel::Every);
            }
            if let Some(total) = &annex.total
                && (plain(text) == plain(&total.label) || text == "合计")
            {
                return Some(RowSel::Total);
            }
        }
        self.row_key(annex, row).map(RowSel::Key)
    }

    /// A row in a filter: total rows have an empty key.
    fn applied_row(&mut self, annex: &Annex, row: &Spanned<OneOrMore>) -> Option<Box<[Arc<str>]>> {
        match self.row(annex, row)? {
            RowSel::Key(key) => Some(key),
            RowSel::Total => Some(Box::default()),
            RowSel::Current | RowSel::Every => {
                self.never(row.span(), NeverChecked::AppliesNowhere);
                None
            }
        }
    }

    fn row_key(&mut self, annex: &Annex, row: &Spanned<OneOrMore>) -> Option<Box<[Arc<str>]>> {
        let texts: Vec<_> = row
            .get_ref()
            .texts()
            .iter()
            .map(|text| plain(text))
            .collect();
        if let Rows::Register = annex.rows {
            return Some(
                row.get_ref()
                    .texts()
                    .iter()
                    .map(|text| Arc::from(text.as_str()))
                    .collect(),
            );
        }
        let named = |key: &[Arc<str>]| {
            let key: Vec<_> = key.iter().map(|part| plain(part)).collect();
            key == texts || (texts.len() == 1 && key.join("·") == texts[0])
        };
        let found = annex.rows.fixed().iter().find(|spec| named(&spec.key));
        if found.is_none() {
            let known: Vec<String> = annex
                .rows
                .fixed()
                .iter()
                .map(|spec| spec.key.join("·"))
                .collect();
            let name = row.get_ref().texts().join("·");
            let near = nearest(&name, known.iter().map(String::as_str));
            self.unknown(What::Row, row.span(), &name, near);
        }
        found.map(|spec| spec.key.clone())
    }

    /// Where a rule holds, by what is written and what is `usual` for its kind.
    fn applies(&mut self, file: Option<&Spanned<AppliesFile>>, usual: Applies) -> Applies {
        let mut applies = usual;
        let Some(file) = file else { return applies };
        let written = file.get_ref();
        applies.total_rows = written.total_rows.unwrap_or(applies.total_rows);
        applies.period = written.period.unwrap_or(applies.period);
        if let Some(years) = &written.years {
            for year in years
                .get_ref()
                .iter()
                .filter(|year| !self.scheme.years.contains(year))
            {
                self.unknown(What::Year, years.span(), &year.to_string(), None);
            }
            applies.years = Some(years.get_ref().clone());
        }
        if written.rows.is_some() || !written.except_rows.is_empty() {
            let Some(annex) = self.own_annex(&file.span()) else {
                return applies;
            };
            applies.rows = written.rows.as_ref().map(|rows| {
                rows.iter()
                    .filter_map(|row| self.applied_row(annex, row))
                    .collect()
            });
            applies.except_rows = written
                .except_rows
                .iter()
                .filter_map(|row| self.applied_row(annex, row))
                .collect();
        }
        let no_rows = written.rows.as_ref().is_some_and(Vec::is_empty);
        if no_rows || applies.years.as_ref().is_some_and(Vec::is_empty) {
            self.never(file.span(), NeverChecked::AppliesNowhere);
        }
        applies
    }

    /// The annex that the file is about; rules across annexes have none.
    fn own_annex(&mut self, span: &Range<usize>) -> Option<&'r Annex> {
        let scheme = self.scheme;
        let annex = self.annex.map(|idx| &scheme.annexes[idx]);
        if annex.is_none() {
            self.never(span.clone(), NeverChecked::NoAnnex);
        }
        annex
    }

    fn column(&mut self, annex: &Annex, name: &Spanned<String>) -> Option<usize> {
        let found = annex.column(name.get_ref());
        if found.is_none() {
            let near = nearest(
                name.get_ref(),
                annex.columns.iter().map(|column| &*column.name),
            );
            self.unknown(What::Column, name.span(), name.get_ref(), near);
        }
        if found.is_some_and(|column| annex.columns[column].print.is_some()) {
            self.never(name.span(), NeverChecked::Printed);
            return None;
        }
        found
    }

    fn amount(&mut self, text: &Spanned<String>) -> Option<Amount> {
        let amount = text.get_ref().parse().ok();
        if amount.is_none() {
            self.bad(text.span(), "数字", text.get_ref());
        }
        amount
    }

    fn limit(&mut self, text: &Spanned<String>, kind: ColumnKind) -> Option<Limit> {
        if kind.is_figure() {
            return self.amount(text).map(Limit::Amount);
        }
        if kind != ColumnKind::Date {
            self.never(text.span(), NeverChecked::WrongKind);
            return None;
        }
        let mut parts = text.get_ref().split('-');
        let year = parts.next().and_then(|part| part.parse().ok());
        let month = parts.next().map(str::parse).transpose();
        let day = parts.next().map(str::parse).transpose();
        let date = match (year, month, day, parts.next()) {
            (Some(year), Ok(month), Ok(day), None) => Date::new(year, month, day),
            _ => None,
        };
        if date.is_none() {
            self.bad(text.span(), "日期，如 2025-12-31", text.get_ref());
        }
        date.map(Limit::Date)
    }

    fn spec_of(&self, cell: &CellSel) -> Option<usize> {
        let annex = &self.scheme.annexes[cell.annex];
        match &cell.row {
            RowSel::Key(key) => annex.rows.fixed().iter().position(|spec| spec.key == *key),
            _ => None,
        }
    }

    fn leaf_of(&self, cell: &CellSel) -> usize {
        let leaves = &self.scheme.annexes[cell.annex].leaves;
        leaves
            .iter()
            .position(|leaf| leaf.column == cell.column)
            .unwrap_or_default()
    }

    fn kind(&self, cell: &CellSel) -> ColumnKind {
        self.scheme.annexes[cell.annex].kind_of(self.leaf_of(cell), self.spec_of(cell))
    }

    fn unit(&self, cell: &CellSel) -> Option<usize> {
        let annex = &self.scheme.annexes[cell.annex];
        self.scheme
            .unit_of(annex, self.leaf_of(cell), self.spec_of(cell))
    }

    fn has_years(&self, cell: &CellSel) -> bool {
        let annex = &self.scheme.annexes[cell.annex];
        annex.columns[cell.column].each_year || annex.year_column.is_some()
    }

    fn additive(&mut self, cell: &CellSel, span: &Range<usize>) {
        let column = &self.scheme.annexes[cell.annex].columns[cell.column];
        match self.kind(cell) {
            ColumnKind::Additive => {}
            ColumnKind::Rate => {
                let column = column.name.to_string();
                self.mistakes
                    .at(self.file, span.clone(), Problem::SumOfRates { column });
            }
            _ => self.never(span.clone(), NeverChecked::WrongKind),
        }
    }

    fn same_unit(&mut self, cells: &[(CellSel, Range<usize>)]) {
        let Some((first, _)) = cells.first() else {
            return;
        };
        let first = self.unit(first);
        for (cell, span) in &cells[1..] {
            let other = self.unit(cell);
            let fits = match (first, other) {
                (Some(a), Some(b)) => self.scheme.units.convertible(a, b),
                (None, None) => true,
                _ => false,
            };
            if !fits {
                self.units_differ(span.clone(), first, other);
            }
        }
    }

    fn units_differ(&mut self, span: Range<usize>, left: Option<usize>, right: Option<usize>) {
        let name = |unit: Option<usize>| {
            unit.map_or("（无）".to_owned(), |unit| {
                self.scheme.units.name(unit).to_string()
            })
        };
        let problem = Problem::UnitsDiffer {
            left: name(left),
            right: name(right),
        };
        self.mistakes.at(self.file, span, problem);
    }

    fn never(&mut self, span: Range<usize>, why: NeverChecked) {
        self.mistakes
            .at(self.file, span, Problem::NeverChecked { why });
    }

    fn bad(&mut self, span: Range<usize>, wanted: &'static str, given: &str) {
        let problem = Problem::BadValue {
            wanted,
            given: given.to_owned(),
        };
        self.mistakes.at(self.file, span, problem);
    }

    fn unknown(&mut self, what: What, span: Range<usize>, name: &str, nearest: Option<String>) {
        let problem = Problem::UnknownName {
            what,
            name: name.to_owned(),
            nearest,
        };
        self.mistakes.at(self.file, span, problem);
    }
}

/// Where rules of a kind hold that do not say it: sums and parts in total rows too, what the plan's text
/// promises in the plan.
fn usual(file: RuleFile<'_>) -> Applies {
    Applies {
        rows: None,
        except_rows: Vec::new(),
        years: None,
        total_rows: matches!(file, RuleFile::Sum(_) | RuleFile::Part(_)),
        period: match file {
            RuleFile::Target(_) => AppliesIn::Plan,
            RuleFile::Chain(_) | RuleFile::Cumulative(_) | RuleFile::Compare(_) => AppliesIn::Month,
            _ => AppliesIn::Every,
        },
    }
}

/// How serious a failure is where a rule does not say it. What is only unusual is to be explained.
fn usual_level(file: RuleFile<'_>) -> Level {
    match file {
        RuleFile::Compare(_) => Level::Verification,
        _ => Level::Mandatory,
    }
}

fn is_empty(min: Option<Limit>, max: Option<Limit>) -> bool {
    match (min, max) {
        (Some(Limit::Amount(min)), Some(Limit::Amount(max))) => min > max,
        (Some(Limit::Date(min)), Some(Limit::Date(max))) => min.earliest() > max.latest(),
        _ => false,
    }
}
