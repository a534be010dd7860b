//! How long the county's rows, totals and records take, beside nothing else.
//!
//! 13,200 returns of 附件7's size (25 rows, 21 figures a row): 7 million cells.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use hebiao::consolidate::consolidate;
use hebiao::consolidate::records::write_records;
use hebiao::model::{
    Amount, Entry, FileRecord, FileStatus, Format, Guards, Period, Row, RowKind, Table, Value,
};
use hebiao::scheme::{
    Annex, Column, ColumnKind, Confirmed, Course, Due, Leaf, Reporter, ReporterKind, ReturnedBy,
    Roster, Rows, Scheme, TotalRow, Unit, Units,
};

const ROWS: usize = 25;
const FIGURES: usize = 21;
const FORMS: [usize; 2] = [1_320, 13_200];

fn main() {
    divan::main();
}

/// Every reporter returned each annex once.
#[divan::bench(args = FORMS, sample_count = 5)]
fn county(bencher: Bencher, forms: usize) {
    let (scheme, tables, _) = corpus(forms, 0);
    bencher
        .counter(ItemsCount::new(forms * ROWS * FIGURES))
        .bench_local(|| consolidate(&scheme, &tables));
}

/// Every form was returned twice, and one row in 25 differs.
#[divan::bench(args = FORMS, sample_count = 5)]
fn county_with_everything_twice(bencher: Bencher, forms: usize) {
    let (scheme, tables, _) = corpus(forms / 2, 1);
    bencher
        .counter(ItemsCount::new(forms * ROWS * FIGURES))
        .bench_local(|| consolidate(&scheme, &tables));
}

#[divan::bench(args = FORMS, sample_count = 5)]
fn records(bencher: Bencher, forms: usize) {
    let (scheme, tables, files) = corpus(forms, 0);
    bencher
        .counter(ItemsCount::new(forms * ROWS * FIGURES))
        .bench_local(|| {
            let mut bytes = Vec::new();
            write_records(&scheme, Period::Plan, &files, &tables, &mut bytes).map(|()| bytes.len())
        });
}

/// So many returns over twelve annexes, each `again` times more.
fn corpus(forms: usize, again: usize) -> (Scheme, Vec<Table>, Vec<FileRecord>) {
    let n_reporters = forms.div_ceil(12);
    let scheme = scheme(n_reporters);
    let mut tables = Vec::new();
    let mut files = Vec::new();
    for form in 0..forms {
        for copy in 0..=again {
            let (annex, reporter) = (form % 12, form / 12);
            let path: Arc<str> = format!("{reporter:05}/附件{annex}-{copy}.xlsx").into();
            tables.push(table(annex, reporter, copy, path.clone()));
            files.push(FileRecord {
                path,
                sha256: format!("{form:032x}{copy:032x}"),
                format: Some(Format::Xlsx),
                version: hebiao::model::Version::default(),
                status: FileStatus::Read,
                is_whole: true,
                tables: Vec::new(),
            });
        }
    }
    (scheme, tables, files)
}

fn table(annex: usize, reporter: usize, copy: usize, file: Arc<str>) -> Table {
    let entry = |value| Entry {
        value,
        formula: false,
    };
    let rows = (0..ROWS).map(|row| {
        let key: Arc<str> = format!("第{row}号").into();
        let figures = (0..FIGURES).map(|leaf| {
            // A few thousand different figures with 0 to 2 decimals, and a blank here and there.
            let seed = reporter * 31 + row * 17 + leaf * 7 + if row == 3 { copy } else { 0 };
            entry(match seed % 29 {
                0 => Value::Missing,
                _ => Value::Amount(figure(seed % 5_000, seed % 3)),
            })
        });
        let keys = std::iter::once(entry(Value::Text((*key).into())));
        Row {
            kind: RowKind::Data,
            spec: None,
            entries: keys.chain(figures).collect(),
            key: [key].into(),
            year: None,
            reporter: Some(reporter),
            sheet_row: row as u32 + 4,
            stated_count: None,
        }
    });
    Table {
        annex,
        file,
        sheet: "Sheet1".into(),
        reporter: Some(reporter),
        columns: (0..=FIGURES as u32).map(Some).collect(),
        rows: rows.collect(),
        period: Period::Plan,
        originals: Vec::new(),
        notes: Vec::new(),
        formulas: Vec::new(),
        blank_rows: Vec::new(),
    }
}

fn figure(digits: usize, decimals: usize) -> Amount {
    let text = format!("{digits:03}");
    let (whole, rest) = text.split_at(text.len() - decimals);
    let point = if decimals == 0 { "" } else { "." };
    format!("{whole}{point}{rest}").parse().expect("digits")
}

fn scheme(n_reporters: usize) -> Scheme {
    let reporters: Vec<Reporter> = (0..n_reporters)
        .map(|idx| Reporter {
            code: format!("T{idx:05}").into(),
            name: format!("第{idx}乡").into(),
            kind: ReporterKind::Township,
            aliases: Vec::new(),
        })
        .collect();
    Scheme {
        id: "bench".into(),
        title: "基准".into(),
        area: "基准县".into(),
        years: vec![2023, 2024, 2025],
        fingerprint: String::new(),
        guards: Guards::default(),
        units: Units(vec![Unit {
            name: "万立方米".into(),
            aliases: Vec::new(),
            base: 0,
            factor: Amount::from(1),
        }]),
        roster: Roster::new("基准县", &reporters),
        reporters,
        annexes: (0..12).map(annex).collect(),
        rules: Vec::new(),
        confirmed: Confirmed::default(),
    }
}

fn annex(idx: usize) -> Annex {
    let column = |idx: usize| Column {
        name: if idx == 0 {
            "名称".into()
        } else {
            format!("指标{idx}").into()
        },
        kind: if idx == 0 {
            ColumnKind::Text
        } else {
            ColumnKind::Additive
        },
        unit: (idx > 0).then_some(0),
        decimals: 2,
        has_decimals: true,
        each_year: false,
        optional: false,
        blank_is_none: false,
        merge_down: false,
        course: Course::State,
        goal: Default::default(),
        weight: None,
        schedule: None,
        print: None,
        measures_target: false,
        done: Vec::new(),
        width: None,
    };
    let leaf = |column| Leaf {
        column,
        year: None,
        path: vec![format!("列{column}")],
    };
    Annex {
        number: format!("附件{idx}").into(),
        title: "用水指标".into(),
        unit_line: None,
        unit: Some(0),
        returned_by: ReturnedBy::Kind(ReporterKind::Township),
        responsible: None,
        columns: (0..=FIGURES).map(column).collect(),
        leaves: (0..=FIGURES).map(leaf).collect(),
        depth: 1,
        row_key: vec![0],
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
    }
}
