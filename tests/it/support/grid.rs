//! Schemes and returns from small grids, so that tests hold only text.

use std::sync::Arc;

use hebiao::consolidate::{County, CountyRow, consolidate};
use hebiao::model::{
    Amount, Date, Detail, Entry, Finding, Guards, Period, Place, Row, RowKind, Table, Value,
};
use hebiao::scheme::{
    Annex, Column, ColumnKind, Confirmed, Course, Due, Goal, Leaf, Reporter, ReporterKind,
    ReturnedBy, Roster, RowSpec, Rows, Scheme, TotalRow, Unit, Units,
};

/// One annex, and the returns of it.
pub(crate) struct Grid {
    pub(crate) scheme: Scheme,
    pub(crate) tables: Vec<Table>,
}

impl Grid {
    /// 附件3 with these columns, owed by townships, answered for by 县林草局.
    ///
    /// `乡镇:reporter` and `编号:key` are keys, `年度:year` holds the row's year, `序号:serial` row
    /// numbers; `比例:rate`, `备注:text`, `日期:date`; a bare name is additive, with `:none` where a
    /// blank means none. A yearly column is written `面积@2023`.
    pub(crate) fn new(columns: &str) -> Self {
        let mut annex = Annex {
            number: "附件3".into(),
            title: "造林绿化任务".into(),
            unit_line: None,
            unit: Some(0),
            returned_by: ReturnedBy::Kind(ReporterKind::Township),
            responsible: Some(3),
            columns: Vec::new(),
            leaves: Vec::new(),
            depth: 1,
            row_key: Vec::new(),
            year_column: None,
            reporter_key: None,
            reporter_column: None,
            rows: Rows::Register,
            total: Some(TotalRow {
                label: "合计".into(),
                at_top: false,
            }),
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
        for column in cells(columns) {
            annex.add(column);
        }
        let reporters = reporters();
        Self {
            scheme: Scheme {
                id: "demo".into(),
                title: "演示".into(),
                area: "轮台县".into(),
                years: vec![2023, 2024, 2025],
                fingerprint: "f00d".into(),
                guards: Guards::default(),
                units: Units(vec![unit("亩", 0), unit("户", 1)]),
                roster: Roster::new("轮台县", &reporters),
                reporters,
                annexes: vec![annex],
                rules: Vec::new(),
                confirmed: Confirmed::default(),
            },
            tables: Vec::new(),
        }
    }

    /// The annex, to change what a test is about.
    pub(crate) fn annex(&mut self) -> &mut Annex {
        &mut self.scheme.annexes[0]
    }

    /// Its rows are fixed: one key each, or a key and a year (`野云沟乡 | 2023`).
    pub(crate) fn rows(mut self, rows: &[&str]) -> Self {
        let specs = rows.iter().map(|row| {
            let (keys, year) = keys_and_year(cells(row));
            RowSpec {
                reporters: (keys.first().and_then(|key| self.reporter(key)).into_iter()).collect(),
                cells: Vec::new(),
                target: None,
                key: keys.into_iter().map(Arc::from).collect(),
                printed: cells(row).into_iter().map(str::to_owned).collect(),
                year,
                unit: None,
                kind: None,
                decimals: None,
                goal: None,
                course: None,
            }
        });
        let specs = specs.collect();
        self.annex().rows = Rows::Fixed(specs);
        self
    }

    /// A form returned by `reporter` (or by who knows whom, `?`); its header is row 1, its file is
    /// numbered.
    pub(crate) fn returned(mut self, reporter: &str, grid: &str) -> Self {
        let annex = &self.scheme.annexes[0];
        let reporter = self.reporter(reporter);
        let lines = grid.lines().filter(|line| !line.trim().is_empty());
        let rows = lines.enumerate().map(|(idx, line)| {
            let mut row = row(annex, &cells(line));
            let named = annex.reporter_key.and_then(|key| row.key.get(key));
            row.reporter = named.and_then(|name| self.reporter(name)).or(reporter);
            row.spec = annex.row_spec(&row.key, row.year);
            row.sheet_row = idx as u32 + 1;
            row
        });
        let table = Table {
            annex: 0,
            file: format!("{}.xlsx", self.tables.len() + 1).into(),
            sheet: "表".into(),
            reporter,
            columns: (0..annex.leaves.len() as u32).map(Some).collect(),
            rows: rows.collect(),
            period: Period::Plan,
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        };
        self.tables.push(table);
        self
    }

    pub(crate) fn consolidated(&self) -> County {
        consolidate(&self.scheme, &self.tables)
    }

    /// The county's annex as text: each row with the file and sheet row that it comes from.
    pub(crate) fn shown(&self) -> String {
        let county = self.consolidated();
        let annex = &county.annexes[0];
        let mut lines: Vec<String> = annex.rows.iter().map(|row| self.shown_row(row)).collect();
        if let Some(total) = &annex.total {
            let sums: Vec<String> = total
                .sums
                .iter()
                .map(|sum| sum.map_or(String::new(), |sum| sum.to_string()))
                .collect();
            let stated = total.stated.map(|stated| {
                let table = &self.tables[stated.table];
                format!(
                    "; {} states row {}",
                    table.file,
                    table.rows[stated.row].sheet_row + 1
                )
            });
            lines.push(format!(
                "sum: {}{}",
                sums.join(" | "),
                stated.unwrap_or_default()
            ));
        }
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n")
    }

    fn shown_row(&self, row: &CountyRow) -> String {
        let mut names: Vec<String> = row.key.iter().map(|key| key.to_string()).collect();
        names.extend(row.year.map(|year| year.to_string()));
        let mut shown = format!("{}: ", names.join("·"));
        let Some(source) = row.source else {
            return shown + "not returned";
        };
        let table = &self.tables[source.table];
        let from = &table.rows[source.row];
        let values: Vec<String> = (from.entries.iter())
            .map(|entry| entry.value.to_string())
            .collect();
        shown += &format!(
            "{} <- {} row {}",
            values.join(" | "),
            table.file,
            from.sheet_row + 1
        );
        shown
    }

    /// The conflicts as text.
    pub(crate) fn conflicts(&self) -> Vec<String> {
        self.consolidated().findings.iter().map(conflict).collect()
    }

    fn reporter(&self, name: &str) -> Option<usize> {
        (self.scheme.reporters.iter()).position(|reporter| &*reporter.name == name)
    }
}

trait Add {
    fn add(&mut self, column: &str);
}

impl Add for Annex {
    fn add(&mut self, column: &str) {
        let (column, kind) = column.split_once(':').unwrap_or((column, ""));
        let (name, year) = match column.split_once('@') {
            Some((name, year)) => (name, Some(year.parse().expect("a year"))),
            None => (column, None),
        };
        let idx = self.column(name).unwrap_or(self.columns.len());
        self.leaves.push(Leaf {
            column: idx,
            year,
            path: vec![column.to_owned()],
        });
        if idx < self.columns.len() {
            return;
        }
        match kind {
            "reporter" => {
                self.reporter_key = Some(self.row_key.len());
                self.row_key.push(idx);
            }
            "key" => self.row_key.push(idx),
            "year" => self.year_column = Some(idx),
            _ => {}
        }
        let kind_of_column = match kind {
            "reporter" | "key" | "text" => ColumnKind::Text,
            "year" => ColumnKind::Year,
            "serial" => ColumnKind::Serial,
            "rate" => ColumnKind::Rate,
            "date" => ColumnKind::Date,
            _ => ColumnKind::Additive,
        };
        self.columns.push(Column {
            name: name.into(),
            kind: kind_of_column,
            unit: kind_of_column.is_figure().then_some(0),
            decimals: 0,
            has_decimals: true,
            each_year: year.is_some(),
            optional: false,
            blank_is_none: kind == "none",
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
}

fn row(annex: &Annex, cells: &[&str]) -> Row {
    let is_total = cells[0] == "合计";
    let key = annex.row_key.iter().map(|&column| {
        let leaf = annex.leaf(column, None).expect("keys are not yearly");
        Arc::from(cells[leaf])
    });
    let year = annex
        .year_column
        .and_then(|column| annex.leaf(column, None));
    let entries = (annex.leaves.iter().zip(cells)).map(|(leaf, cell)| Entry {
        value: value(annex.columns[leaf.column].kind, cell),
        formula: false,
    });
    Row {
        kind: if is_total {
            RowKind::Total
        } else {
            RowKind::Data
        },
        spec: None,
        key: if is_total {
            Box::default()
        } else {
            key.collect()
        },
        year: year.and_then(|leaf| cells[leaf].parse().ok()),
        reporter: None,
        sheet_row: 0,
        stated_count: None,
        entries: entries.collect(),
    }
}

/// `?约30` stands for something that cannot be used.
fn value(kind: ColumnKind, cell: &str) -> Value {
    if cell.is_empty() {
        return Value::Missing;
    }
    if let Some(given) = cell.strip_prefix('?') {
        return Value::Unusable(given.into());
    }
    match kind {
        ColumnKind::Additive | ColumnKind::Rate => match cell.parse::<Amount>() {
            Ok(amount) => Value::Amount(amount),
            Err(()) => Value::NotApplicable,
        },
        ColumnKind::Date => {
            let parts: Vec<u16> = cell
                .split('-')
                .map(|part| part.parse().expect("a date"))
                .collect();
            let part = |idx: usize| parts.get(idx).map(|&part| part as u8);
            Value::Date(Date::new(parts[0], part(1), part(2)).expect("a date"))
        }
        _ => Value::Text(cell.into()),
    }
}

fn conflict(finding: &Finding) -> String {
    let Detail::Conflict { taken, others } = &finding.detail else {
        return format!("{} {:?} {:?}", finding.kind, finding.column, finding.given);
    };
    let at = |place: &Place| format!("{} {}", place.file, place.cell.expect("a cell"));
    let mut shown = format!(
        "{}/{}/{}/{}/{}: ‘{}’ {}",
        finding.annex.as_deref().unwrap_or_default(),
        finding.reporter.as_deref().unwrap_or_default(),
        finding.row.as_deref().unwrap_or_default(),
        finding.column.as_deref().unwrap_or_default(),
        finding.year.map_or(String::new(), |year| year.to_string()),
        taken.1,
        at(&taken.0),
    );
    for (place, value) in others {
        shown += &format!(", ‘{value}’ {}", at(place));
    }
    shown
}

fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

fn keys_and_year(cells: Vec<&str>) -> (Vec<&str>, Option<u16>) {
    let year = cells.iter().find_map(|cell| cell.parse().ok());
    let keys = cells
        .into_iter()
        .filter(|cell| cell.parse::<u16>().is_err());
    (keys.collect(), year)
}

/// Three townships, and the office that answers for the annex.
fn reporters() -> Vec<Reporter> {
    let names = ["轮台镇", "草湖乡", "野云沟乡", "县林草局"];
    let reporters = names.iter().enumerate().map(|(idx, name)| Reporter {
        code: format!("R{idx}").into(),
        name: (*name).into(),
        kind: match idx {
            3 => ReporterKind::Department,
            _ => ReporterKind::Township,
        },
        aliases: Vec::new(),
    });
    reporters.collect()
}

fn unit(name: &str, base: usize) -> Unit {
    Unit {
        name: name.into(),
        aliases: Vec::new(),
        base,
        factor: Amount::from(1),
    }
}
