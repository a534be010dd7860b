//! From the scheme's files to a [`Scheme`]: everything but the rules, which [`resolve`](super::resolve) adds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::model::{Amount, hex};

use super::error::{Problem, SchemeError, What};
use super::file::{
    AnnexFile, GroupFile, MainFile, OneOrMore, RowFile, RowsFile, RulesFile, TotalAt,
};
use super::limits::Limits;
use super::name::{Roster, plain};
use super::resolve::{nearest, resolve_rules, targets};
use super::sound::{check_rules, settle};
use super::{
    Annex, Column, ColumnKind, Course, Due, Frequency, Leaf, MOST_DECIMALS, Print, Publish,
    Reporter, ReporterKind, ReturnedBy, RowSpec, Rows, Schedule, Scheme, Target, TotalRow, Unit,
    Units,
};

/// One file of a scheme's folder.
#[derive(Clone, Debug)]
pub struct SchemeFile {
    /// Its name in the folder.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// Resolves a scheme, or says everything that is wrong with it.
pub fn load(files: &[SchemeFile]) -> Result<Scheme, Vec<SchemeError>> {
    load_with_warnings(files).map(|(scheme, _)| scheme)
}

/// The same, with what is worth knowing about a scheme that can be used.
pub fn load_with_warnings(
    files: &[SchemeFile],
) -> Result<(Scheme, Vec<SchemeError>), Vec<SchemeError>> {
    let mut mistakes = Mistakes::default();
    let mut main = None;
    let mut annexes: Vec<(&SchemeFile, AnnexFile)> = Vec::new();
    let mut rules: Vec<(&SchemeFile, RulesFile)> = Vec::new();
    for file in files {
        if !mistakes.limits().file(file) {
            continue;
        }
        match file.name.as_str() {
            "scheme.toml" => {
                main = parse::<MainFile>(file, &mut mistakes).map(|parsed| (file, parsed))
            }
            "rules.toml" | "targets.toml" => {
                rules.extend(parse(file, &mut mistakes).map(|parsed| (file, parsed)));
            }
            name if name.starts_with("annex-") && name.ends_with(".toml") => {
                annexes.extend(parse(file, &mut mistakes).map(|parsed| (file, parsed)));
            }
            name => {
                let known = ["scheme.toml", "rules.toml", "targets.toml", "annex-*.toml"];
                let problem = Problem::UnknownName {
                    what: What::File,
                    name: name.to_owned(),
                    nearest: nearest(name, known.iter().copied()),
                };
                mistakes.at(file, 0..0, problem);
            }
        }
    }
    let is_partial = !mistakes.0.is_empty();
    let Some((main_file, main)) = main else {
        if !files.iter().any(|file| file.name == "scheme.toml") {
            let problem = Problem::Lacking {
                what: "scheme.toml",
            };
            mistakes
                .0
                .push(SchemeError::new("scheme.toml", "", 0..0, problem));
        }
        return Err(mistakes.0);
    };
    annexes.sort_by_key(|(_, annex)| number_parts(annex.number.get_ref()));

    // What is too much is not made, to find out what else is wrong with it.
    mistakes.limits().main(main_file, &main);
    let n_years = main.years.get_ref().len();
    (mistakes.limits()).annexes(&annexes, &rules, n_years);
    if mistakes.has_too_many() {
        return Err(mistakes.0);
    }

    let reporters = reporters(main_file, &main, &mut mistakes);
    let mut scheme = Scheme {
        id: main.id.clone(),
        title: main.title.clone(),
        area: main.area.clone(),
        years: main.years.get_ref().clone(),
        fingerprint: fingerprint(files),
        guards: main.guards,
        units: units(main_file, &main, &mut mistakes),
        roster: Roster::new(&main.area, &reporters),
        reporters,
        annexes: Vec::new(),
        rules: Vec::new(),
        confirmed: super::Confirmed::default(),
    };
    if !scheme.years.is_sorted_by(|a, b| a < b) || scheme.years.is_empty() {
        let problem = Problem::BadValue {
            wanted: "由小到大、不重复的年份",
            given: format!("{:?}", scheme.years),
        };
        mistakes.at(main_file, main.years.span(), problem);
    }
    let all_rules = (rules.iter().flat_map(|(_, parsed)| parsed.rules()))
        .chain(annexes.iter().flat_map(|(_, annex)| annex.rules()));
    let targets = targets(&scheme.units, all_rules);
    for (file, annex) in &annexes {
        if scheme.annex(annex.number.get_ref()).is_some() {
            let name = annex.number.get_ref().clone();
            mistakes.at(
                file,
                annex.number.span(),
                Problem::Repeated {
                    what: What::Annex,
                    name,
                },
            );
        }
        let resolved = AnnexLoader {
            scheme: &scheme,
            groups: &main.groups,
            targets: &targets,
            file,
            mistakes: &mut mistakes,
        }
        .annex(annex);
        scheme.annexes.push(resolved);
    }
    // Rules are resolved even where annexes have mistakes: one run should show them all.
    let mut sources = Vec::new();
    for (idx, (file, annex)) in annexes.iter().enumerate() {
        sources.push((*file, Some(idx), annex.rules()));
    }
    rules.sort_by_key(|(file, _)| file.name.as_str());
    for (file, parsed) in &rules {
        sources.push((*file, None, parsed.rules()));
    }
    let written = resolve_rules(&scheme, &sources, &mut mistakes);
    mistakes.drop_consequences(is_partial);
    // Whether rules go with each other can be said of rules that are right by themselves.
    let is_right = mistakes.0.iter().all(|it| it.problem.is_warning());
    if is_right {
        check_rules(&scheme, &written, &mut mistakes);
    }
    let rules = written.into_iter().map(|written| written.rule).collect();
    let warnings = settle(mistakes)?;
    scheme.rules = rules;
    Ok((scheme, warnings))
}

/// Mistakes found so far.
#[derive(Default)]
pub(super) struct Mistakes(pub(super) Vec<SchemeError>);

impl Mistakes {
    pub(super) fn at(&mut self, file: &SchemeFile, span: Range<usize>, problem: Problem) {
        self.0
            .push(SchemeError::new(&file.name, &file.text, span, problem));
    }

    fn limits(&mut self) -> Limits<'_> {
        Limits { mistakes: self }
    }

    fn has_too_many(&self) -> bool {
        let is_of_limits = |problem: &Problem| matches!(problem, Problem::TooMany { .. });
        (self.0.iter()).any(|mistake| is_of_limits(&mistake.problem))
    }

    /// Leaves out what is only wrong because something else is: annexes that are not there because their
    /// file cannot be read (`is_partial`), and units that do not convert because one of them is unknown.
    fn drop_consequences(&mut self, is_partial: bool) {
        let is_of_units = |problem: &Problem| match problem {
            Problem::NoConversion { .. } => true,
            Problem::UnknownName { what, .. } | Problem::Repeated { what, .. } => {
                *what == What::Unit
            }
            _ => false,
        };
        let has_wrong_units = self.0.iter().any(|mistake| is_of_units(&mistake.problem));
        self.0.retain(|mistake| match mistake.problem {
            Problem::UnknownName {
                what: What::Annex | What::Target,
                ..
            } => !is_partial,
            Problem::UnitsDiffer { .. } => !has_wrong_units,
            _ => true,
        });
    }
}

fn parse<T: DeserializeOwned>(file: &SchemeFile, mistakes: &mut Mistakes) -> Option<T> {
    match toml::from_str(&file.text) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            mistakes.at(file, span, syntax_problem(error.message()));
            None
        }
    }
}

/// Tells an unknown key from other mistakes of syntax, and finds the nearest known one.
fn syntax_problem(message: &str) -> Problem {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((key, known))
            if message.starts_with("unknown field") || message.starts_with("unknown variant") =>
        {
            Problem::UnknownKey {
                key: (*key).to_owned(),
                nearest: nearest(key, known.iter().copied()),
            }
        }
        _ => Problem::Syntax(message.to_owned()),
    }
}

/// Annexes stand in the order of their numbers, and those without any last: 附件6, 附件6.1, 附件6.2, 附件7,
/// 附件10, 台账.
fn number_parts(number: &str) -> (bool, Vec<u32>, String) {
    let parts = number
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok());
    let parts: Vec<u32> = parts.collect();
    (parts.is_empty(), parts, number.to_owned())
}

fn fingerprint(files: &[SchemeFile]) -> String {
    let mut sorted: Vec<&SchemeFile> = files.iter().collect();
    sorted.sort_by_key(|file| file.name.as_str());
    let mut hash = Sha256::new();
    for file in sorted {
        // Lengths keep two files apart; line ends, and the mark that some editors put first, may differ.
        let text = file
            .text
            .trim_start_matches('\u{feff}')
            .replace("\r\n", "\n");
        hash.update(format!("{}\n{}\n", file.name, text.len()));
        hash.update(text);
    }
    hex(&hash.finalize())
}

fn units(file: &SchemeFile, main: &MainFile, mistakes: &mut Mistakes) -> Units {
    let names: HashMap<&str, usize> = main
        .units
        .iter()
        .enumerate()
        .map(|(idx, unit)| (unit.name.get_ref().as_str(), idx))
        .collect();
    let mut resolved: Vec<Unit> = Vec::new();
    let mut spellings: HashMap<String, usize> = HashMap::new();
    for (idx, unit) in main.units.iter().enumerate() {
        let name = unit.name.get_ref();
        for spelled in std::iter::once(&unit.name).chain(&unit.aliases) {
            let first = *spellings
                .entry(plain(spelled.get_ref()).into_owned())
                .or_insert(idx);
            if first != idx {
                let problem = Problem::Repeated {
                    what: What::Unit,
                    name: spelled.get_ref().clone(),
                };
                mistakes.at(file, spelled.span(), problem);
            }
        }
        // From unit to unit down to one that is defined by no other; more steps than units are a circle.
        let step = |at: usize, factor: Amount| {
            let (number, base) = main.units[at].is.as_ref()?.get_ref().split_once(' ')?;
            let number: Amount = number.trim().parse().ok()?;
            let number = Some(number).filter(|number| *number > Amount::ZERO)?;
            Some((
                names.get(base.trim()).copied()?,
                factor.checked_mul(number)?,
            ))
        };
        let (mut base, mut factor) = (idx, Amount::from(1));
        let mut n_steps = 0;
        while main.units[base].is.is_some() && n_steps <= main.units.len() {
            let Some(next) = step(base, factor) else {
                break;
            };
            (base, factor) = next;
            n_steps += 1;
        }
        if let (true, Some(is)) = (main.units[base].is.is_some(), &unit.is) {
            let problem = Problem::NoConversion { unit: name.clone() };
            mistakes.at(file, is.span(), problem);
        }
        resolved.push(Unit {
            name: name.as_str().into(),
            aliases: unit
                .aliases
                .iter()
                .map(|alias| alias.get_ref().clone())
                .collect(),
            base,
            factor,
        });
    }
    Units(resolved)
}

fn reporters(file: &SchemeFile, main: &MainFile, mistakes: &mut Mistakes) -> Vec<Reporter> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut repeated = |spelled: &Spanned<String>, idx: usize, mistakes: &mut Mistakes| {
        let earlier = *seen
            .entry(plain(spelled.get_ref()).into_owned())
            .or_insert(idx);
        if earlier != idx {
            let problem = Problem::Repeated {
                what: What::Reporter,
                name: spelled.get_ref().clone(),
            };
            mistakes.at(file, spelled.span(), problem);
        }
    };
    for (idx, reporter) in main.reporters.iter().enumerate() {
        repeated(&reporter.code, idx, mistakes);
        repeated(&reporter.name, idx, mistakes);
        for alias in &reporter.aliases {
            repeated(alias, idx, mistakes);
        }
    }
    let resolved = main.reporters.iter().map(|reporter| Reporter {
        code: reporter.code.get_ref().as_str().into(),
        name: reporter.name.get_ref().as_str().into(),
        kind: reporter.kind,
        aliases: reporter
            .aliases
            .iter()
            .map(|alias| alias.get_ref().clone())
            .collect(),
    });
    resolved.collect()
}

/// The parts of a row's key, without its year.
type RowKey = Box<[Arc<str>]>;

/// Resolves one annex.
pub(super) struct AnnexLoader<'l> {
    pub(super) scheme: &'l Scheme,
    pub(super) groups: &'l [GroupFile],
    pub(super) targets: &'l BTreeMap<&'l str, Option<Target>>,
    pub(super) file: &'l SchemeFile,
    pub(super) mistakes: &'l mut Mistakes,
}

impl AnnexLoader<'_> {
    fn annex(&mut self, file: &AnnexFile) -> Annex {
        let n_mistakes = self.mistakes.0.len();
        let unit = self.unit(file.unit.as_ref());
        let columns = self.columns(file, unit);
        let leaves = self.leaves(file, &columns);
        let mut annex = Annex {
            number: file.number.get_ref().as_str().into(),
            title: file.title.clone(),
            unit_line: file.unit_line.clone(),
            unit,
            returned_by: self.returned_by(&file.returned_by),
            responsible: file
                .responsible
                .as_ref()
                .and_then(|name| self.reporter(name)),
            depth: leaves.iter().map(|leaf| leaf.path.len()).max().unwrap_or(0),
            columns,
            leaves,
            row_key: Vec::new(),
            year_column: None,
            reporter_key: None,
            reporter_column: None,
            rows: Rows::Register,
            total: file.total_row.clone().map(|label| TotalRow {
                label,
                at_top: file.total_at == TotalAt::Top,
            }),
            one_row_each: None,
            notes: file.notes.clone(),
            due: self.due(file),
            rows_are_figures: false,
            publish: Vec::new(),
        };
        // Key columns as written, the year's among them: rows spell their keys in this order.
        let mut keys = Vec::new();
        for name in file.row_key.get_ref() {
            let Some(column) = self.column(&annex, name) else {
                continue;
            };
            keys.push(column);
            if annex.columns[column].each_year {
                let problem = Problem::BadValue {
                    wanted: "不分年度的列",
                    given: name.get_ref().clone(),
                };
                self.mistakes.at(self.file, name.span(), problem);
            }
            if annex.columns[column].kind == ColumnKind::Year {
                annex.year_column = Some(column);
            } else {
                annex.row_key.push(column);
            }
        }
        if keys.is_empty() && file.row_key.get_ref().is_empty() {
            self.mistakes.at(
                self.file,
                file.row_key.span(),
                Problem::Lacking {
                    what: "row_key 中的列",
                },
            );
        }
        if let Some(name) = &file.reporter_column {
            let column = self.column(&annex, name);
            annex.reporter_key = annex.row_key.iter().position(|&key| Some(key) == column);
            let is_printed = column.is_some_and(|column| {
                let described = &annex.columns[column];
                described.kind == ColumnKind::Reporter && described.print == Some(Print::Row)
            });
            if column.is_some() && annex.reporter_key.is_none() && !is_printed {
                let problem = Problem::BadValue {
                    wanted: "row_key 中的一列，或 kind = \"reporter\"、print = \"row\" 的一列",
                    given: name.get_ref().clone(),
                };
                self.mistakes.at(self.file, name.span(), problem);
            } else {
                annex.reporter_column = column;
            }
        }
        for (column, written) in file.columns.iter().enumerate() {
            self.check_slots(&annex, column, written.get_ref().name.span());
        }
        annex.rows = self.rows(file, &annex, &keys);
        annex.one_row_each = self.one_row_each(file, &annex);
        self.weights(file, &mut annex);
        annex.publish = self.publish(file, &annex);
        if self.mistakes.0.len() == n_mistakes {
            self.check_annex(file, &annex);
        }
        annex
    }

    /// The column that names a reporter where the county's form has one row for each.
    fn one_row_each(&mut self, file: &AnnexFile, annex: &Annex) -> Option<usize> {
        let name = file.one_row_each.as_ref()?;
        let column = self.column(annex, name)?;
        let wanted = if !matches!(annex.rows, Rows::Register) {
            "只用于 rows = \"register\" 的附件"
        } else if annex.total.is_none() {
            "只用于有合计行（total_row）的附件"
        } else if !matches!(annex.returned_by, ReturnedBy::Kind(_)) {
            "只用于 returned_by = \"township\" 或 \"department\" 的附件"
        } else if annex.year_column.is_some() {
            // A total over rows of several years is no year's figure.
            "只用于没有年份列的附件"
        } else if !annex.row_key.contains(&column) {
            "row_key 中的一列"
        } else {
            return Some(column);
        };
        let given = name.get_ref().clone();
        let problem = Problem::BadValue { wanted, given };
        self.mistakes.at(self.file, name.span(), problem);
        None
    }

    /// The columns that rates are weighted with.
    fn weights(&mut self, file: &AnnexFile, annex: &mut Annex) {
        for (rate, written) in file.columns.iter().enumerate() {
            let Some(name) = &written.get_ref().weight else {
                continue;
            };
            let Some(weight) = self.column(annex, name) else {
                continue;
            };
            let [of, with] = [rate, weight].map(|idx| &annex.columns[idx]);
            let wanted = if of.kind != ColumnKind::Rate {
                Some("只用于 kind = \"rate\" 的列")
            } else if with.kind != ColumnKind::Additive {
                Some("可以相加的列")
            } else if with.each_year && !of.each_year {
                Some("不分年度的列")
            } else {
                None
            };
            match wanted {
                Some(wanted) => {
                    let given = name.get_ref().clone();
                    let problem = Problem::BadValue { wanted, given };
                    self.mistakes.at(self.file, name.span(), problem);
                }
                None => annex.columns[rate].weight = Some(weight),
            }
        }
    }

    fn due(&mut self, file: &AnnexFile) -> Due {
        let Some(due) = &file.due else {
            return Due {
                every: Some(Frequency::Month),
                plan: true,
                day: None,
                until: None,
            };
        };
        if let Some(day) = due
            .day
            .as_ref()
            .filter(|day| !(1..=28).contains(day.get_ref()))
        {
            let problem = Problem::BadValue {
                wanted: "1 到 28 的日期",
                given: day.get_ref().to_string(),
            };
            self.mistakes.at(self.file, day.span(), problem);
        }
        if let Some(until) = due
            .until
            .as_ref()
            .filter(|until| !self.scheme.years.contains(until.get_ref()))
        {
            let problem = Problem::BadValue {
                wanted: "报表制度中的年份",
                given: until.get_ref().to_string(),
            };
            self.mistakes.at(self.file, until.span(), problem);
        }
        Due {
            every: due.every,
            plan: due.plan,
            day: due.day.as_ref().map(|day| *day.get_ref()),
            until: due.until.as_ref().map(|until| *until.get_ref()),
        }
    }

    fn publish(&mut self, file: &AnnexFile, annex: &Annex) -> Vec<Publish> {
        let decimals = file.publish_decimals.as_ref();
        if let Some(decimals) = decimals.filter(|it| *it.get_ref() > MOST_DECIMALS) {
            let problem = Problem::BadValue {
                wanted: "0 到 9 的小数位数",
                given: decimals.get_ref().to_string(),
            };
            self.mistakes.at(self.file, decimals.span(), problem);
        }
        let Some(name) = &file.publish_unit else {
            if let Some(decimals) = decimals {
                let what = "publish_unit";
                let problem = Problem::Lacking { what };
                self.mistakes.at(self.file, decimals.span(), problem);
            }
            return Vec::new();
        };
        let Some(unit) = self.unit(Some(name)) else {
            return Vec::new();
        };
        let units = &self.scheme.units;
        let own = self.scheme.additive_units(annex);
        if !own.iter().any(|&own| units.convertible(own, unit)) {
            let own: Vec<&str> = own.iter().map(|&own| &**units.name(own)).collect();
            let problem = Problem::UnitsDiffer {
                left: own.join("、"),
                right: name.get_ref().clone(),
            };
            self.mistakes.at(self.file, name.span(), problem);
        }
        let decimals = decimals.map_or(Publish::DECIMALS, |decimals| *decimals.get_ref());
        vec![Publish { unit, decimals }]
    }

    fn schedule(&mut self, written: Option<&Spanned<Vec<u8>>>) -> Option<Schedule> {
        let written = written?;
        let schedule = Schedule::new(written.get_ref());
        if schedule.is_none() {
            let problem = Problem::BadValue {
                wanted: "十二个月的累计百分比，逐月不减，最后是 100",
                given: format!("{:?}", written.get_ref()),
            };
            self.mistakes.at(self.file, written.span(), problem);
        }
        schedule
    }

    fn unit(&mut self, name: Option<&Spanned<String>>) -> Option<usize> {
        let name = name?;
        let found = self.scheme.units.find(name.get_ref());
        if found.is_none() {
            let known = self.scheme.units.0.iter().map(|unit| &*unit.name);
            self.unknown(What::Unit, name, nearest(name.get_ref(), known));
        }
        found
    }

    pub(super) fn reporter(&mut self, name: &Spanned<String>) -> Option<usize> {
        let known = self.scheme.roster.find(name.get_ref()).ok();
        let found = known
            .filter(|found| matches!(found.how, None | Some(crate::model::AliasMatch::Listed)));
        if found.is_none() {
            let names = self.scheme.reporters.iter().map(|reporter| &*reporter.name);
            self.unknown(What::Reporter, name, nearest(name.get_ref(), names));
        }
        found.map(|found| found.reporter)
    }

    fn returned_by(&mut self, name: &Spanned<String>) -> ReturnedBy {
        match name.get_ref().as_str() {
            "township" => ReturnedBy::Kind(ReporterKind::Township),
            "department" => ReturnedBy::Kind(ReporterKind::Department),
            _ => ReturnedBy::One(self.reporter(name).unwrap_or_default()),
        }
    }

    pub(super) fn column(&mut self, annex: &Annex, name: &Spanned<String>) -> Option<usize> {
        let found = annex.column(name.get_ref());
        if found.is_none() {
            let known = annex.columns.iter().map(|column| &*column.name);
            self.unknown(What::Column, name, nearest(name.get_ref(), known));
        }
        found
    }

    pub(super) fn unknown(&mut self, what: What, name: &Spanned<String>, nearest: Option<String>) {
        let problem = Problem::UnknownName {
            what,
            name: name.get_ref().clone(),
            nearest,
        };
        self.mistakes.at(self.file, name.span(), problem);
    }

    fn columns(&mut self, file: &AnnexFile, annex_unit: Option<usize>) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        let schedule = self.schedule(file.schedule.as_ref());
        for column in &file.columns {
            let column = column.get_ref();
            let name = column.name.get_ref();
            if columns
                .iter()
                .any(|earlier| &*earlier.name == name.as_str())
            {
                let problem = Problem::Repeated {
                    what: What::Column,
                    name: name.clone(),
                };
                self.mistakes.at(self.file, column.name.span(), problem);
            }
            self.only(column.each.as_ref(), "year", "\"year\"");
            self.only(column.blank.as_ref(), "none", "\"none\"");
            self.only(column.measures.as_ref(), "target", "\"target\"");
            if column.header.get_ref().is_empty() {
                self.mistakes.at(
                    self.file,
                    column.header.span(),
                    Problem::Lacking { what: "表头" },
                );
            }
            let kind = column.kind.unwrap_or(ColumnKind::Additive);
            let own_unit = self.unit(column.unit.as_ref());
            columns.push(Column {
                name: name.as_str().into(),
                kind,
                unit: own_unit.or(annex_unit.filter(|_| kind.is_figure())),
                decimals: column.decimals.unwrap_or(0),
                has_decimals: column.decimals.is_some(),
                each_year: column.each.is_some(),
                optional: column.optional,
                blank_is_none: column.blank.is_some(),
                merge_down: column.merge_down,
                course: column.course.unwrap_or(match kind {
                    ColumnKind::Additive => file.course.unwrap_or(Course::SinceYear),
                    ColumnKind::Rate => file.course.unwrap_or(Course::State),
                    _ => Course::State,
                }),
                goal: column.goal.or(file.goal).unwrap_or_default(),
                weight: None,
                schedule: self.schedule(column.schedule.as_ref()).or(schedule),
                print: column.print,
                measures_target: column.measures.is_some(),
                done: column.done.clone(),
                width: column.width,
            });
        }
        if columns.is_empty() {
            self.mistakes.at(
                self.file,
                file.number.span(),
                Problem::Lacking {
                    what: "[[columns]]",
                },
            );
        }
        columns
    }

    fn only(&mut self, given: Option<&Spanned<String>>, allowed: &str, wanted: &'static str) {
        if let Some(given) = given.filter(|given| given.get_ref() != allowed) {
            let problem = Problem::BadValue {
                wanted,
                given: given.get_ref().clone(),
            };
            self.mistakes.at(self.file, given.span(), problem);
        }
    }

    /// Columns from left to right: the header is a tree that keeps the order in which its
    /// branches first appear.
    fn leaves(&mut self, file: &AnnexFile, columns: &[Column]) -> Vec<Leaf> {
        let years = &self.scheme.years;
        let labels = file
            .year_labels
            .as_ref()
            .map(|labels| labels.get_ref().as_slice());
        if let Some(written) = &file.year_labels
            && written.get_ref().len() != years.len()
        {
            let problem = Problem::BadValue {
                wanted: "每个年份一个标签",
                given: format!("{} 个", written.get_ref().len()),
            };
            self.mistakes.at(self.file, written.span(), problem);
        }
        let mut leaves: Vec<Leaf> = Vec::new();
        // Of each leaf, its path as it is compared.
        let mut paths: Vec<Vec<String>> = Vec::new();
        for (idx, column) in columns.iter().enumerate() {
            let written = file.columns[idx].get_ref();
            let its_years: Vec<Option<(usize, u16)>> = if column.each_year {
                years.iter().copied().enumerate().map(Some).collect()
            } else {
                vec![None]
            };
            // What is wrong with a header is wrong in every year.
            let mut is_wrong = false;
            for year in its_years {
                let path: Vec<String> = written
                    .header
                    .get_ref()
                    .iter()
                    .map(|level| {
                        let Some((nth, year)) = year else {
                            return level.clone();
                        };
                        let level = level.replace("{year}", &year.to_string());
                        match labels.and_then(|labels| labels.get(nth)) {
                            Some(label) => level.replace("{year_label}", label),
                            None => level,
                        }
                    })
                    .collect();
                let compared: Vec<String> =
                    path.iter().map(|level| plain(level).into_owned()).collect();
                let same = paths.iter().position(|other| {
                    let shared = other.len().min(compared.len());
                    other[..shared] == compared[..shared]
                });
                let same = same.map(|nth| &leaves[nth]);
                let problem = match path.iter().find(|level| level.contains('{')) {
                    Some(level) => Some(Problem::BadValue {
                        wanted: "不带花括号的表头（{year} 要有 each = \"year\"，{year_label} 还要有 year_labels）",
                        given: level.clone(),
                    }),
                    None => same.map(|same| Problem::SameHeader {
                        header: path.join("/"),
                        other: columns[same.column].name.to_string(),
                    }),
                };
                if let Some(problem) = problem.filter(|_| !is_wrong) {
                    self.mistakes.at(self.file, written.header.span(), problem);
                    is_wrong = true;
                }
                paths.push(compared);
                leaves.push(Leaf {
                    column: idx,
                    year: year.map(|(_, year)| year),
                    path,
                });
            }
        }
        in_tree_order(leaves, 0)
    }

    fn rows(&mut self, file: &AnnexFile, annex: &Annex, keys: &[usize]) -> Rows {
        let mut specs = Vec::new();
        let mut seen = HashSet::new();
        let n_mistakes = self.mistakes.0.len();
        if let (Some(rows), [_, ..]) = (&file.rows, &file.row[..]) {
            let problem = Problem::BadValue {
                wanted: "rows 或 [[row]]（二者取一）",
                given: "两样都有".to_owned(),
            };
            self.mistakes.at(self.file, rows.span(), problem);
        }
        match file.rows.as_ref().map(|rows| (rows.get_ref(), rows.span())) {
            Some((RowsFile::Register(word), span)) => {
                if word != "register" {
                    let problem = Problem::BadValue {
                        wanted: "\"register\" 或行名列表",
                        given: word.clone(),
                    };
                    self.mistakes.at(self.file, span, problem);
                }
                if let Some(column) = annex.columns.iter().find(|column| column.print.is_some()) {
                    let column = column.name.to_string();
                    self.mistakes.at(
                        self.file,
                        file.number.span(),
                        Problem::NotPrinted { column },
                    );
                }
                return Rows::Register;
            }
            Some((RowsFile::List(rows), span)) => {
                for row in rows {
                    let start = specs.len();
                    self.row(annex, keys, row, &span, (&mut specs, &mut seen));
                    self.describe(annex, None, &span, &mut specs, start);
                }
            }
            None => {
                for row in &file.row {
                    let (row, start) = (row.get_ref(), specs.len());
                    let span = row.key.span();
                    self.row(
                        annex,
                        keys,
                        row.key.get_ref(),
                        &span,
                        (&mut specs, &mut seen),
                    );
                    self.describe(annex, Some(row), &span, &mut specs, start);
                }
            }
        }
        if specs.is_empty() && self.mistakes.0.len() == n_mistakes {
            self.mistakes.at(
                self.file,
                file.number.span(),
                Problem::Lacking {
                    what: "rows 或 [[row]]",
                },
            );
        }
        Rows::Fixed(specs)
    }

    /// Adds to the rows from `start` on what is written with them.
    fn describe(
        &mut self,
        annex: &Annex,
        row: Option<&RowFile>,
        span: &Range<usize>,
        specs: &mut [RowSpec],
        start: usize,
    ) {
        let target = row.and_then(|row| row.target.as_ref());
        let target = target.and_then(|id| self.target(annex, id));
        let own_unit = row.and_then(|row| row.unit.as_ref());
        let unit = self
            .unit(own_unit)
            .or(target.as_ref().map(|target| target.unit));
        if let (Some(written), Some(unit), Some(target)) = (own_unit, unit, &target)
            && !self.scheme.units.convertible(unit, target.unit)
        {
            let name = |unit| self.scheme.units.name(unit).to_string();
            let problem = Problem::UnitsDiffer {
                left: name(unit),
                right: name(target.unit),
            };
            self.mistakes.at(self.file, written.span(), problem);
        }
        let (above, own) = specs.split_at_mut(start);
        for spec in own {
            spec.unit = unit;
            spec.target.clone_from(&target);
            if let Some(row) = row {
                spec.kind = row.kind;
                spec.decimals = row.decimals;
                spec.goal = row.goal;
                spec.course = row.course;
                if let (Some(label), Some(last)) = (&row.label, spec.printed.last_mut()) {
                    last.clone_from(label);
                }
            }
            self.print(annex, above.last(), spec, row, span);
        }
    }

    fn row(
        &mut self,
        annex: &Annex,
        keys: &[usize],
        written: &OneOrMore,
        span: &Range<usize>,
        (specs, seen): (&mut Vec<RowSpec>, &mut HashSet<(RowKey, Option<u16>)>),
    ) {
        let texts = written.texts();
        let bad = |wanted| Problem::BadValue {
            wanted,
            given: texts.join("、"),
        };
        if texts.len() != keys.len() {
            self.mistakes
                .at(self.file, span.clone(), bad("与 row_key 一样多的行名"));
            return;
        }
        let yearly = texts.iter().any(|text| text.contains("{year}"));
        let years: Vec<Option<u16>> = if yearly {
            self.scheme.years.iter().copied().map(Some).collect()
        } else {
            vec![None]
        };
        for year in years {
            let printed: Vec<String> = texts
                .iter()
                .map(|text| {
                    year.map_or_else(
                        || text.clone(),
                        |year| text.replace("{year}", &year.to_string()),
                    )
                })
                .collect();
            let year_text = keys
                .iter()
                .zip(&printed)
                .find(|(key, _)| annex.year_column == Some(**key));
            let year = match year_text {
                Some((_, text)) => {
                    let digits: String = plain(text).chars().filter(char::is_ascii_digit).collect();
                    let year = digits
                        .parse()
                        .ok()
                        .filter(|year| self.scheme.years.contains(year));
                    if year.is_none() {
                        self.mistakes
                            .at(self.file, span.clone(), bad("报表制度中的年份"));
                    }
                    year
                }
                None => None,
            };
            let key: RowKey = keys
                .iter()
                .zip(&printed)
                .filter(|(key, _)| annex.year_column != Some(**key))
                .map(|(_, text)| Arc::from(text.as_str()))
                .collect();
            if !seen.insert((key.clone(), year)) {
                let problem = Problem::Repeated {
                    what: What::Row,
                    name: printed.join("·"),
                };
                self.mistakes.at(self.file, span.clone(), problem);
            }
            let reporter = annex.reporter_key.and_then(|idx| {
                let name = Spanned::new(span.clone(), key[idx].to_string());
                self.reporter(&name)
            });
            specs.push(RowSpec {
                key,
                printed,
                year,
                reporters: reporter.into_iter().collect(),
                cells: Vec::new(),
                target: None,
                unit: None,
                kind: None,
                decimals: None,
                goal: None,
                course: None,
            });
        }
    }
}

fn in_tree_order(leaves: Vec<Leaf>, level: usize) -> Vec<Leaf> {
    let mut branches: Vec<(String, Vec<Leaf>)> = Vec::new();
    for leaf in leaves {
        let text = leaf.path.get(level).cloned().unwrap_or_default();
        match branches.iter_mut().find(|(name, _)| *name == text) {
            Some((_, branch)) => branch.push(leaf),
            None => branches.push((text, vec![leaf])),
        }
    }
    let ordered = branches.into_iter().flat_map(|(_, branch)| {
        if branch.len() > 1 && branch.iter().any(|leaf| leaf.path.len() > level + 1) {
            in_tree_order(branch, level + 1)
        } else {
            branch
        }
    });
    ordered.collect()
}
