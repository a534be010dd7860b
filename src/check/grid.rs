//! Forms written as text, with the findings that they should lead to marked in them.
//!
//! ```text
//! == 附件3 · 轮台镇                             one form: annex, who returned it, `register`
//! 单位 | 面积@2023(亩 .1) | 备注(text optional)  columns: name, year, unit, decimals, kind
//! 东河 |       35       |                     <- B2 range: ≤30
//! 西岭 |                |                     <- B3 cannot check
//! ```
//!
//! A title may name a period (`== 附件3 · 轮台镇 · 2024-02`): forms of the latest are checked, those of earlier
//! ones are what was known before; columns then say what they count (`since-year`, `since-plan`, `month`).
//! The title may be left out where there is one form. The first column is the key unless others are marked
//! `key`. `?x` is something that cannot be read. Rows are the annex's fixed rows in the order in which they are first met; one left
//! blank is printed and not returned. A mark is `cell kind: expected`, with `hint` behind the kind where the
//! finding is one, `-` for a finding that is at no single cell, and `cannot check` with a reason where
//! no cell shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    Amount, Basis, CellRef, Condition, Date, Detail, Direction, Earlier, Entry, Finding, Guards,
    Kind, Level, Need, Past, Period, Row, RowKind, Side, Table, Value,
};
use crate::scheme::{
    Annex, Applies, AppliesIn, Bound, CellSel, Column, ColumnKind, Course, Due, Goal, Leaf, Limit,
    Relation, Reporter, ReporterKind, ReturnedBy, Roster, RowSel, RowSpec, Rows, Rule, Scheme,
    Test, TotalRow, Unit, Units, YearSel,
};

use super::{Checked, Checker, Why};

/// A rule as a test writes it; names are looked up once the forms are read.
pub(super) struct Draft {
    level: Level,
    guards: Guards,
    tolerance: Option<Amount>,
    each_year: bool,
    applies: Applies,
    relation: Box<dyn Fn(&Names<'_>) -> Relation>,
}

/// What the names of a rule are looked up in.
pub(super) struct Names<'s> {
    scheme: &'s Scheme,
    each_year: bool,
}

/// Checks forms by one rule, and holds what is found against the marks.
#[track_caller]
pub(super) fn check(draft: Draft, text: &str) {
    let level = draft.level;
    let (forms, scheme) = read(&draft, text);
    let checked = run(&forms, &scheme);
    let mut expected: Vec<String> = Vec::new();
    let mut obstacles: BTreeMap<Why, u64> = BTreeMap::new();
    for form in &forms {
        for mark in &form.marks {
            let (cell, rest) = mark.split_once(' ').expect("a cell and what is wrong");
            if cell == "cannot" {
                let why = rest.strip_prefix("check: ").expect("a reason");
                *obstacles.entry(reason(why)).or_default() += 1;
            } else if rest == "cannot check" {
                *obstacles.entry(form.why_not(cell)).or_default() += 1;
            } else {
                expected.push(format!("{} {mark}", form.table.file));
            }
        }
    }
    let mut found: Vec<String> = checked.findings.iter().map(as_mark).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "findings");
    let mut hindered = BTreeMap::new();
    for ((_, why), times) in &checked.obstacles {
        *hindered.entry(*why).or_default() += times;
    }
    assert_eq!(hindered, obstacles, "what cannot be checked");
    let tally = checked.tallies[0];
    assert_eq!(tally.cannot_check, obstacles.values().sum::<u64>());
    if level != Level::Hint {
        let serious = checked.findings.iter().filter(|it| it.level != Level::Hint);
        // A guard is no rule, and stands for the failures that it explains.
        let failures = serious.map(|it| match &it.detail {
            Detail::Guard(guard) => guard.explains().len() as u64,
            _ => 1,
        });
        assert_eq!(tally.fail, failures.sum::<u64>(), "tally of failures");
    }
}

/// Everything that one rule comes to, over forms without marks.
pub(super) fn checked(draft: Draft, text: &str) -> Checked {
    let (forms, scheme) = read(&draft, text);
    run(&forms, &scheme)
}

/// The only finding.
#[track_caller]
pub(super) fn finding(draft: Draft, text: &str) -> Finding {
    let mut findings = checked(draft, text).findings;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

/// The only form, with a scheme that asks for it.
pub(super) fn form(text: &str) -> (Scheme, Table) {
    let (scheme, mut tables) = forms(range(&[], None, None), text);
    assert_eq!(tables.len(), 1, "one form");
    (scheme, tables.remove(0))
}

/// All forms, with a scheme that has one rule for them.
pub(super) fn forms(draft: Draft, text: &str) -> (Scheme, Vec<Table>) {
    let (forms, scheme) = read(&draft, text);
    (scheme, forms.into_iter().map(|form| form.table).collect())
}

pub(super) fn amount(text: &str) -> Amount {
    text.parse().expect(text)
}

pub(super) fn sum(total: &str, parts: &[&str]) -> Draft {
    let (total, parts) = (total.to_owned(), owned(parts));
    Draft::new(move |names| Relation::Sum {
        total: names.cell(&total),
        parts: names.cells(&parts),
    })
    .total_rows(true)
}

/// All additive columns.
pub(super) fn total_row() -> Draft {
    total_rows_of(false)
}

/// The same, and the number of rows in the label.
pub(super) fn total_row_with_count() -> Draft {
    total_rows_of(true)
}

fn total_rows_of(count: bool) -> Draft {
    Draft::new(move |names| {
        let annex = &names.scheme.annexes[0];
        let is_additive = |leaf: &usize| annex.column_of(*leaf).kind == ColumnKind::Additive;
        Relation::TotalRow {
            leaves: (0..annex.leaves.len()).filter(is_additive).collect(),
            count,
        }
    })
}

pub(super) fn equal(left: &str, right: &str) -> Draft {
    let (left, right) = (left.to_owned(), right.to_owned());
    Draft::new(move |names| Relation::Equal {
        left: names.cell(&left),
        right: names.cell(&right),
    })
}

/// `value` with its unit: `"0.65 万亩"`.
pub(super) fn target(bound: Bound, value: &str, years: (u16, u16), cell: Option<&str>) -> Draft {
    let (value, cell) = (value.to_owned(), cell.map(str::to_owned));
    Draft::new(move |names| {
        let (value, unit) = value.split_once(' ').expect("a value and its unit");
        Relation::Target {
            section: "一、总体要求".into(),
            sentence: "原文".into(),
            value: amount(value),
            unit: names.scheme.units.find(unit).expect(unit),
            years,
            bound,
            cell: cell.as_ref().map(|cell| names.cell(cell)),
        }
    })
}

pub(super) fn part(part: &str, whole: &str) -> Draft {
    let (part, whole) = (part.to_owned(), whole.to_owned());
    Draft::new(move |names| Relation::Part {
        part: names.cell(&part),
        whole: names.cell(&whole),
    })
    .total_rows(true)
}

pub(super) fn range(cells: &[&str], min: Option<&str>, max: Option<&str>) -> Draft {
    let (cells, min, max) = (owned(cells), min.map(limit), max.map(limit));
    Draft::new(move |names| Relation::Range {
        cells: names.cells(&cells),
        per: None,
        min,
        max,
    })
}

pub(super) fn range_per(cell: &str, per: &str, min: Option<&str>, max: Option<&str>) -> Draft {
    let (cell, per) = (cell.to_owned(), per.to_owned());
    let (min, max) = (min.map(limit), max.map(limit));
    Draft::new(move |names| Relation::Range {
        cells: vec![names.cell(&cell)],
        per: Some(names.cell(&per)),
        min,
        max,
    })
}

pub(super) fn order(first: &str, then: &str) -> Draft {
    let (first, then) = (first.to_owned(), then.to_owned());
    Draft::new(move |names| Relation::Order {
        first: names.cell(&first),
        then: names.cell(&then),
    })
}

/// `at_least` as a scheme writes it: `"0.5"` or `"1%"`.
pub(super) fn trend(cell: &str, direction: Direction, at_least: Option<&str>) -> Draft {
    let cell = cell.to_owned();
    let at_least = at_least.map(|text| match text.strip_suffix('%') {
        Some(text) => (amount(text), true),
        None => (amount(text), false),
    });
    Draft::new(move |names| Relation::Trend {
        cell: names.cell(&cell),
        direction,
        at_least,
    })
    .each_year()
}

pub(super) fn ratio(value: &str, numerator: &str, denominator: &str) -> Draft {
    let (value, numerator) = (value.to_owned(), numerator.to_owned());
    let denominator = denominator.to_owned();
    Draft::new(move |names| {
        let value = names.cell(&value);
        let unit = names.scheme.annexes[value.annex].columns[value.column].unit;
        Relation::Ratio {
            percent: unit.is_some_and(|unit| &**names.scheme.units.name(unit) == "%"),
            value,
            numerator: names.cell(&numerator),
            denominator: names.cell(&denominator),
        }
    })
}

pub(super) fn unique(columns: &[&str]) -> Draft {
    let columns = owned(columns);
    Draft::new(move |names| {
        let annex = &names.scheme.annexes[0];
        Relation::Unique {
            columns: columns
                .iter()
                .map(|name| annex.column(name).expect(name))
                .collect(),
        }
    })
}

pub(super) fn code(cell: &str, values: &[&str], aliases: &[(&str, &str)]) -> Draft {
    let (cell, values) = (cell.to_owned(), owned(values));
    let aliases: Vec<(String, Arc<str>)> = aliases
        .iter()
        .map(|(alias, meaning)| ((*alias).to_owned(), (*meaning).into()))
        .collect();
    Draft::new(move |names| Relation::Code {
        cell: names.cell(&cell),
        values: values.iter().map(|value| value.as_str().into()).collect(),
        aliases: aliases.clone(),
        digits: None,
    })
}

pub(super) fn digits(cell: &str, digits: usize) -> Draft {
    let cell = cell.to_owned();
    Draft::new(move |names| Relation::Code {
        cell: names.cell(&cell),
        values: Vec::new(),
        aliases: Vec::new(),
        digits: Some(digits),
    })
}

pub(super) fn pair(cells: &[&str], need: Need) -> Draft {
    let cells = owned(cells);
    Draft::new(move |names| Relation::Pair {
        cells: names.cells(&cells),
        need,
    })
}

/// Conditions: `filled`, `blank`, `a、b`, or `min～max`.
pub(super) fn when(condition: (&str, &str), then: (&str, &str)) -> Draft {
    let owned = |(cell, is): (&str, &str)| (cell.to_owned(), is.to_owned());
    let (condition, then) = (owned(condition), owned(then));
    Draft::new(move |names| {
        let test = |(cell, is): &(String, String)| {
            let bounds = is.split_once('～');
            let bound = |text: &str| (!text.is_empty()).then(|| limit(text));
            Test {
                cell: names.cell(cell),
                is: match (&**is, bounds) {
                    ("filled", _) => Condition::Filled,
                    ("blank", _) => Condition::Blank,
                    (_, Some((min, max))) => Condition::Between {
                        min: Some(min.to_owned()),
                        max: Some(max.to_owned()),
                    },
                    (list, None) => Condition::OneOf(list.split('、').map(Arc::from).collect()),
                },
                min: bounds.and_then(|(min, _)| bound(min)),
                max: bounds.and_then(|(_, max)| bound(max)),
            }
        };
        Relation::When {
            condition: test(&condition),
            then: test(&then),
        }
    })
}

pub(super) fn chain(cumulative: &str, month: &str) -> Draft {
    let (cumulative, month) = (cumulative.to_owned(), month.to_owned());
    Draft::new(move |names| Relation::Chain {
        cumulative: names.cell(&cumulative),
        month: names.cell(&month),
    })
    .each_year()
}

pub(super) fn cumulative(cells: &[&str]) -> Draft {
    let cells = owned(cells);
    Draft::new(move |names| Relation::Cumulative {
        cells: names.cells(&cells),
    })
    .each_year()
}

/// `percent` and `absolute` are the thresholds.
pub(super) fn compare(cell: &str, with: Basis, (percent, absolute): (&str, &str)) -> Draft {
    compare_side(cell, with, (percent, absolute), Side::Either)
}

pub(super) fn compare_side(
    cell: &str,
    with: Basis,
    (percent, absolute): (&str, &str),
    side: Side,
) -> Draft {
    let (cell, percent, absolute) = (owned(&[cell]), amount(percent), amount(absolute));
    Draft::new(move |names| Relation::Compare {
        cells: names.cells(&cell),
        with,
        percent,
        absolute,
        side,
    })
    .each_year()
    .level(Level::Verification)
}

impl Draft {
    fn new(relation: impl Fn(&Names<'_>) -> Relation + 'static) -> Self {
        Self {
            level: Level::Mandatory,
            guards: Guards::NONE,
            tolerance: None,
            each_year: false,
            applies: Applies {
                rows: None,
                except_rows: Vec::new(),
                years: None,
                total_rows: false,
                period: AppliesIn::Every,
            },
            relation: Box::new(relation),
        }
    }

    pub(super) fn each_year(mut self) -> Self {
        self.each_year = true;
        self
    }

    pub(super) fn guards(mut self, guards: Guards) -> Self {
        self.guards = guards;
        self
    }

    pub(super) fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    pub(super) fn tolerance(mut self, tolerance: &str) -> Self {
        self.tolerance = Some(amount(tolerance));
        self
    }

    pub(super) fn total_rows(mut self, total_rows: bool) -> Self {
        self.applies.total_rows = total_rows;
        self
    }

    pub(super) fn only_rows(mut self, rows: &[&str]) -> Self {
        self.applies.rows = Some(rows.iter().map(|row| key(row)).collect());
        self
    }

    pub(super) fn except_rows(mut self, rows: &[&str]) -> Self {
        self.applies.except_rows = rows.iter().map(|row| key(row)).collect();
        self
    }

    pub(super) fn years(mut self, years: &[u16]) -> Self {
        self.applies.years = Some(years.to_vec());
        self
    }
}

impl Names<'_> {
    fn cells(&self, names: &[String]) -> Vec<CellSel> {
        let cells = names.iter().flat_map(|name| {
            let cell = self.cell(name);
            let column = &self.scheme.annexes[cell.annex].columns[cell.column];
            // As in a scheme: a yearly column without a year stands for all its years.
            let stands_for_all =
                cell.year == YearSel::Current && column.each_year && !self.each_year;
            let years = match stands_for_all {
                true => self
                    .scheme
                    .years
                    .iter()
                    .map(|&year| YearSel::Fixed(year))
                    .collect(),
                false => vec![cell.year],
            };
            years.into_iter().map(move |year| CellSel {
                year,
                ..cell.clone()
            })
        });
        cells.collect()
    }

    /// `column@year`, `row/column@year` or `annex/row/column@year`; `*` is every row, or every year.
    fn cell(&self, name: &str) -> CellSel {
        let parts: Vec<&str> = name.split('/').collect();
        let (annex, row, column) = match parts[..] {
            [column] => (0, None, column),
            [row, column] => (0, Some(row), column),
            [annex, row, column] => (self.scheme.annex(annex).expect(annex), Some(row), column),
            _ => panic!("{name} is no cell"),
        };
        let (column, year) = match column.split_once('@') {
            None => (column, YearSel::Current),
            Some((column, "*")) => (column, YearSel::Every),
            Some((column, year)) => (column, YearSel::Fixed(year.parse().expect(year))),
        };
        CellSel {
            annex,
            row: match row {
                None => RowSel::Current,
                Some("*") => RowSel::Every,
                Some("合计") => RowSel::Total,
                Some(row) => RowSel::Key(key(row)),
            },
            column: self.scheme.annexes[annex].column(column).expect(column),
            year,
        }
    }
}

struct Form {
    table: Table,
    marks: Vec<String>,
}

impl Form {
    /// Why the value at an address cannot serve.
    fn why_not(&self, address: &str) -> Why {
        let at: CellRef = address.parse().expect(address);
        let row = self.table.rows.iter().find(|row| row.sheet_row == at.row);
        let entry = &row.expect(address).entries[at.col as usize];
        assert!(!entry.value.is_filled(), "{address} serves");
        Why::of(&entry.value)
    }
}

fn run(forms: &[Form], scheme: &Scheme) -> Checked {
    let period = forms.iter().map(|form| form.table.period).max();
    let period = period.unwrap_or(Period::Plan);
    let of = |period: Period| -> Vec<Table> {
        let forms = forms.iter().filter(|form| form.table.period == period);
        forms.map(|form| form.table.clone()).collect()
    };
    let past = |period: Option<Period>| {
        period
            .map(|period| Past {
                period,
                tables: of(period),
                unknown: Vec::new(),
            })
            .filter(|past| !past.tables.is_empty())
    };
    let [plan, last_month, year_before] = Earlier::periods(period).map(past);
    let tables = of(period);
    let checker = Checker::new(scheme);
    let mut checked = Checked::default();
    for table in &tables {
        checked.merge(checker.form(table));
    }
    checked.merge(checker.county(&tables));
    if period != Period::Plan {
        let earlier = Earlier {
            plan,
            last_month,
            year_before,
            months: Vec::new(),
            left_out: Vec::new(),
        };
        checked.merge(checker.over_time(&tables, &earlier));
    }
    // Decimals are told of whatever the rules are.
    checked.findings.retain(|it| it.kind != Kind::Decimals);
    checked
}

fn as_mark(finding: &Finding) -> String {
    let place = finding.place.as_ref();
    let file = place.map_or("", |place| &place.file);
    let cell = place.and_then(|place| place.cell);
    let cell = cell.map_or("-".to_owned(), |cell| cell.to_string());
    let hint = if finding.level == Level::Hint {
        " hint"
    } else {
        ""
    };
    let expected = finding.expected.as_ref();
    let expected = expected.map_or(String::new(), |expected| format!(": {expected}"));
    format!("{file} {cell} {}{hint}{expected}", finding.kind)
}

fn reason(text: &str) -> Why {
    match text {
        "missing" => Why::Missing,
        "not returned" => Why::NotReturned,
        "no earlier" => Why::NoEarlier,
        "not applicable" => Why::NotApplicable,
        "unusable" => Why::Unusable,
        "units differ" => Why::UnitsDiffer,
        "divided by zero" => Why::DividedByZero,
        "too many digits" => Why::TooManyDigits,
        _ => panic!("{text} is no reason"),
    }
}

fn read(draft: &Draft, text: &str) -> (Vec<Form>, Scheme) {
    let mut scheme = Scheme {
        id: "test".into(),
        title: "test".into(),
        area: "轮台县".into(),
        years: years(text),
        fingerprint: String::new(),
        guards: draft.guards,
        units: units(),
        reporters: Vec::new(),
        roster: Roster::default(),
        annexes: Vec::new(),
        rules: Vec::new(),
        confirmed: crate::scheme::Confirmed::default(),
    };
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("==") || blocks.is_empty() {
            blocks.push(Vec::new());
        }
        blocks.last_mut().expect("a block").push(line);
    }
    let forms = blocks
        .iter()
        .enumerate()
        .map(|(idx, block)| read_form(&mut scheme, idx, block))
        .collect();
    let names = Names {
        scheme: &scheme,
        each_year: draft.each_year,
    };
    let relation = (draft.relation)(&names);
    scheme.rules.push(Rule {
        id: "R-01".into(),
        label: "规则".into(),
        say: "规则".into(),
        level: draft.level,
        tolerance: draft.tolerance,
        each_year: draft.each_year,
        applies: draft.applies.clone(),
        annex: Some(0),
        relation,
    });
    (forms, scheme)
}

/// The years that columns name; the plan's where none does.
fn years(text: &str) -> Vec<u16> {
    let named = text.split('@').skip(1);
    let named: BTreeSet<u16> = named
        .filter_map(|rest| rest.get(..4)?.parse().ok())
        .collect();
    match named.is_empty() {
        true => vec![2023, 2024, 2025],
        false => named.into_iter().collect(),
    }
}

fn read_form(scheme: &mut Scheme, idx: usize, lines: &[&str]) -> Form {
    let (title, lines) = match lines[0].strip_prefix("==") {
        Some(title) => (title, &lines[1..]),
        None => ("附件1", lines),
    };
    let mut words = title.split('·').map(str::trim);
    let number = words.next().expect("an annex");
    let (mut reporter, mut is_register, mut period) = (None, false, Period::Plan);
    for word in words {
        match (word, Period::parse(word)) {
            ("register", _) => is_register = true,
            (_, Some(named)) => period = named,
            (name, _) => reporter = Some(find_reporter(scheme, name)),
        }
    }
    let annex_idx = scheme.annex(number).unwrap_or_else(|| {
        let annex = read_header(&scheme.units, number, lines[0], is_register);
        scheme.annexes.push(annex);
        scheme.annexes.len() - 1
    });
    if let Some(reporter) = reporter {
        let is_township = scheme.reporters[reporter].kind == ReporterKind::Township;
        let annex = &mut scheme.annexes[annex_idx];
        match is_township {
            true => annex.returned_by = ReturnedBy::Kind(ReporterKind::Township),
            false => annex.responsible = Some(reporter),
        }
    }
    let mut form = Form {
        table: Table {
            annex: annex_idx,
            file: format!("{}.xlsx", idx + 1).into(),
            sheet: "Sheet1".into(),
            reporter,
            columns: (0..scheme.annexes[annex_idx].leaves.len() as u32)
                .map(Some)
                .collect(),
            rows: Vec::new(),
            period,
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        },
        marks: Vec::new(),
    };
    for (line_idx, line) in lines.iter().enumerate().skip(1) {
        let (line, marks) = line.split_once("<-").unwrap_or((line, ""));
        let marks = marks.split(';').map(str::trim);
        let marks = marks.filter(|mark| !mark.is_empty());
        form.marks.extend(marks.map(str::to_owned));
        let row = read_row(scheme, &form.table, line, line_idx as u32);
        form.table.rows.push(row);
    }
    form
}

fn read_header(units: &Units, number: &str, line: &str, is_register: bool) -> Annex {
    let mut annex = Annex {
        number: number.into(),
        title: String::new(),
        unit_line: None,
        unit: None,
        returned_by: ReturnedBy::Kind(ReporterKind::Township),
        responsible: None,
        columns: Vec::new(),
        leaves: Vec::new(),
        depth: 1,
        row_key: Vec::new(),
        year_column: None,
        reporter_key: None,
        reporter_column: None,
        rows: match is_register {
            true => Rows::Register,
            false => Rows::Fixed(Vec::new()),
        },
        total: None,
        notes: Vec::new(),
        due: Due {
            every: None,
            plan: true,
            day: None,
            until: None,
        },
        one_row_each: None,
        rows_are_figures: false,
        publish: Vec::new(),
    };
    let mut flags = line.split(['(', ')', ' ']);
    let is_any_key = flags.any(|flag| flag == "key" || flag == "year");
    for (idx, cell) in line.split('|').map(str::trim).enumerate() {
        let (name, flags) = cell.split_once('(').unwrap_or((cell, ""));
        let (name, year) = match name.split_once('@') {
            Some((name, year)) => (name, Some(year.parse().expect(year))),
            None => (name, None),
        };
        let known = annex.column(name);
        let column_idx = known.unwrap_or(annex.columns.len());
        if known.is_none() {
            annex.columns.push(Column {
                name: name.into(),
                kind: ColumnKind::Additive,
                unit: None,
                decimals: 0,
                has_decimals: true,
                each_year: year.is_some(),
                optional: false,
                blank_is_none: false,
                merge_down: false,
                course: Course::State,
                goal: Goal::AtLeast,
                weight: None,
                schedule: None,
                print: None,
                measures_target: false,
                done: Vec::new(),
                width: None,
            });
        }
        let mut is_key = idx == 0 && !is_any_key;
        let column = &mut annex.columns[column_idx];
        for flag in flags.trim_end_matches(')').split_whitespace() {
            match flag {
                "key" => is_key = true,
                "year" => {
                    column.kind = ColumnKind::Year;
                    annex.year_column = Some(column_idx);
                }
                "rate" => column.kind = ColumnKind::Rate,
                "text" => column.kind = ColumnKind::Text,
                "date" => column.kind = ColumnKind::Date,
                "code" => column.kind = ColumnKind::Code,
                "serial" => column.kind = ColumnKind::Serial,
                "since-year" => column.course = Course::SinceYear,
                "since-plan" => column.course = Course::SincePlan,
                "month" => column.course = Course::Month,
                "optional" => column.optional = true,
                "none" => column.blank_is_none = true,
                flag => match flag.strip_prefix('.') {
                    Some(decimals) => column.decimals = decimals.parse().expect(flag),
                    None => column.unit = Some(units.find(flag).expect(flag)),
                },
            }
        }
        if is_key {
            column.kind = ColumnKind::Text;
            annex.row_key.push(column_idx);
        }
        annex.leaves.push(Leaf {
            column: column_idx,
            year,
            path: vec![name.to_owned()],
        });
    }
    annex
}

fn read_row(scheme: &mut Scheme, table: &Table, line: &str, sheet_row: u32) -> Row {
    let mut texts: Vec<&str> = line.split('|').map(str::trim).collect();
    texts.resize(scheme.annexes[table.annex].leaves.len(), "");
    let label = texts[0];
    let is_total = label.contains("合计");
    let mut key: Vec<Arc<str>> = Vec::new();
    let (mut year, mut about) = (None, table.reporter);
    if !is_total {
        for column in scheme.annexes[table.annex].row_key.clone() {
            if texts[column].ends_with(['乡', '镇']) {
                about = Some(find_reporter(scheme, texts[column]));
            }
            key.push(texts[column].into());
        }
        let year_column = scheme.annexes[table.annex].year_column;
        year = year_column.map(|column| {
            let text = texts[column].trim_end_matches('年');
            text.parse().expect("a year")
        });
    }
    let annex = &mut scheme.annexes[table.annex];
    let stated: String = label.chars().filter(char::is_ascii_digit).collect();
    let stated_count = if is_total { stated.parse().ok() } else { None };
    if is_total && annex.total.is_none() {
        annex.total = Some(TotalRow {
            label: match stated.is_empty() {
                true => label.to_owned(),
                false => label.replace(&stated, "{count}"),
            },
            at_top: sheet_row == 1,
        });
    }
    let key: Box<[Arc<str>]> = key.into();
    if let (Rows::Fixed(rows), false) = (&mut annex.rows, is_total)
        && !rows.iter().any(|row| row.key == key && row.year == year)
    {
        rows.push(RowSpec {
            key: key.clone(),
            printed: Vec::new(),
            year,
            reporters: about.into_iter().collect(),
            cells: Vec::new(),
            target: None,
            unit: None,
            kind: None,
            decimals: None,
            goal: None,
            course: None,
        });
    }
    let entries = texts.iter().enumerate().map(|(leaf, text)| Entry {
        value: read_value(annex.column_of(leaf).kind, text),
        formula: false,
    });
    Row {
        kind: match is_total {
            true => RowKind::Total,
            false => RowKind::Data,
        },
        spec: match is_total {
            true => None,
            false => annex.row_spec(&key, year),
        },
        year,
        reporter: about,
        sheet_row,
        stated_count,
        entries: entries.collect(),
        key,
    }
}

fn read_value(kind: ColumnKind, text: &str) -> Value {
    match (text, kind) {
        ("", _) => Value::Missing,
        ("－", _) => Value::NotApplicable,
        _ if text.starts_with('?') => Value::Unusable(text[1..].into()),
        (_, ColumnKind::Additive | ColumnKind::Rate) => match text.parse() {
            Ok(amount) => Value::Amount(amount),
            // The label of a total row may stand under a column of figures.
            Err(()) => Value::Text(text.into()),
        },
        (_, ColumnKind::Date) => Value::Date(date(text)),
        _ => Value::Text(text.into()),
    }
}

fn find_reporter(scheme: &mut Scheme, name: &str) -> usize {
    let known = scheme.reporters.iter().position(|it| &*it.name == name);
    known.unwrap_or_else(|| {
        scheme.reporters.push(Reporter {
            code: format!("{}", scheme.reporters.len()).into(),
            name: name.into(),
            kind: match name.ends_with(['乡', '镇']) {
                true => ReporterKind::Township,
                false => ReporterKind::Department,
            },
            aliases: Vec::new(),
        });
        scheme.reporters.len() - 1
    })
}

fn units() -> Units {
    let unit = |name: &str, base, factor: &str| Unit {
        name: name.into(),
        aliases: Vec::new(),
        base,
        factor: amount(factor),
    };
    Units(vec![
        unit("亩", 0, "1"),
        unit("万亩", 0, "10000"),
        unit("公顷", 0, "15"),
        unit("%", 3, "1"),
        unit("万立方米", 4, "1"),
        unit("亿立方米", 4, "10000"),
        unit("户", 6, "1"),
        unit("万元", 7, "1"),
        unit("㎡", 8, "1"),
        unit("万㎡", 8, "10000"),
        unit("人", 10, "1"),
        unit("万人", 10, "10000"),
    ])
}

fn limit(text: &str) -> Limit {
    match text.parse() {
        Ok(amount) if !text.contains('-') || text.starts_with('-') => Limit::Amount(amount),
        _ => Limit::Date(date(text)),
    }
}

fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().expect(text));
    let year = parts.next().expect(text);
    let mut rest = parts.map(|part| part as u8);
    Date::new(year, rest.next(), rest.next()).expect(text)
}

fn key(text: &str) -> Box<[Arc<str>]> {
    text.split('·')
        .filter(|part| !part.is_empty())
        .map(Arc::from)
        .collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
