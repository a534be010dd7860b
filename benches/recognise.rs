//! How long recognising and normalising takes: an ordinary form, and sheets made to be slow.
//!
//! ```text
//! cargo bench --no-default-features --bench recognise
//! ```

use std::sync::Arc;

use divan::{Bencher, black_box};
use hebiao::model::{Cell, CellRange, CellRef, CellValue, NumberFormat, Period, Sheet};
use hebiao::normalise::normalise;
use hebiao::recognise::{Recogniser, Who};
use hebiao::scheme::{Rows, Scheme, SchemeFile, load};

fn main() {
    divan::main();
}

fn luntai() -> Scheme {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/luntai-2023-2025");
    let files: Vec<SchemeFile> = std::fs::read_dir(folder)
        .expect("the shipped scheme")
        .map(|entry| {
            let path = entry.expect("a file").path();
            SchemeFile {
                name: path
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                text: std::fs::read_to_string(&path).expect("a text"),
            }
        })
        .collect();
    load(&files).expect("the shipped scheme loads")
}

fn cell(row: u32, col: u32, value: CellValue) -> Cell {
    Cell {
        at: CellRef::new(row, col),
        value,
        format: NumberFormat::default(),
        formula: None,
    }
}

fn text(row: u32, col: u32, text: &str) -> Cell {
    cell(row, col, CellValue::Text(text.into()))
}

/// A form of an annex: its header as merged cells, and so many rows, its own over and over.
fn form(scheme: &Scheme, number: &str, n_rows: usize) -> Sheet {
    let annex = &scheme.annexes[scheme.annex(number).expect(number)];
    let (mut cells, mut merges) = (
        vec![text(0, 0, number), text(1, 0, &annex.title)],
        Vec::new(),
    );
    for header in annex.header() {
        let start = CellRef::new(header.rows.0 as u32 + 3, header.cols.0 as u32);
        let end = CellRef::new(header.rows.1 as u32 + 3, header.cols.1 as u32);
        cells.push(text(start.row, start.col, &header.text));
        if start != end {
            merges.push(CellRange::new(start, end));
        }
    }
    let top = 3 + annex.depth;
    for row in 0..n_rows {
        for (leaf, described) in annex.leaves.iter().enumerate() {
            let position = annex
                .row_key
                .iter()
                .position(|key| *key == described.column);
            let specs = annex.rows.fixed();
            let (at, col) = ((top + row) as u32, leaf as u32);
            cells.push(match position {
                Some(position) => text(at, col, &specs[row % specs.len()].key[position]),
                None => cell(at, col, CellValue::Number((row * 7 + leaf) as f64 + 0.5)),
            });
        }
    }
    Sheet::new("表".into(), true, cells, merges)
}

fn read(scheme: &Scheme, recogniser: &Recogniser<'_>, file: &Arc<str>, sheet: &Sheet) -> usize {
    let (layouts, findings) = recogniser.recognise(file, sheet);
    let mut n = findings.len();
    for layout in &layouts {
        let (table, findings) =
            normalise(scheme, Period::Plan, file, sheet, layout, Who::default());
        n += table.rows.len() + findings.len();
    }
    n
}

/// 60 rows of 24 columns, recognised and no more.
#[divan::bench]
fn sixty_rows_recognised(bencher: Bencher<'_, '_>) {
    let scheme = sixty();
    let sheet = form(&scheme, "附件7", 60);
    let recogniser = Recogniser::new(&scheme);
    let file: Arc<str> = "轮台镇.xlsx".into();
    bencher.bench_local(|| recogniser.recognise(&file, black_box(&sheet)).0.len());
}

fn bench_sheet(bencher: Bencher<'_, '_>, scheme: &Scheme, sheet: &Sheet) {
    let recogniser = Recogniser::new(scheme);
    let file: Arc<str> = "轮台镇.xlsx".into();
    bencher.bench_local(|| read(scheme, &recogniser, &file, black_box(sheet)));
}

/// 13 rows of 24 columns under a header of three levels.
#[divan::bench]
fn annex_7(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    bench_sheet(bencher, &scheme, &form(&scheme, "附件7", 13));
}

/// 60 rows of 24 columns.
#[divan::bench]
fn sixty_rows(bencher: Bencher<'_, '_>) {
    let scheme = sixty();
    bench_sheet(bencher, &scheme, &form(&scheme, "附件7", 60));
}

/// The scheme with sixty different rows in 附件7: its thirteen under more names.
fn sixty() -> Scheme {
    let mut scheme = luntai();
    let annex = scheme.annex("附件7").expect("附件7");
    if let Rows::Fixed(rows) = &mut scheme.annexes[annex].rows {
        let own = rows.clone();
        for nth in 1..5 {
            rows.extend(own.iter().map(|row| {
                let mut row = row.clone();
                row.key[0] = format!("{}{nth}", row.key[0]).into();
                row
            }));
        }
        rows.truncate(60);
    }
    scheme
}

/// 11 rows of 5 columns.
#[divan::bench]
fn annex_3(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    bench_sheet(bencher, &scheme, &form(&scheme, "附件3", 11));
}

/// A form with two hundred thousand rows that are none of its own.
#[divan::bench(sample_count = 3)]
fn hostile_rows(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    let sheet = form(&scheme, "附件3", 11);
    let mut cells = sheet.cells().to_vec();
    for row in 100..200_000 {
        cells.push(text(row, 0, &format!("第{row}村")));
        cells.push(cell(row, 1, CellValue::Number(1.0)));
    }
    bench_sheet(
        bencher,
        &scheme,
        &Sheet::new("表".into(), true, cells, Vec::new()),
    );
}

/// Rows that are printed and not filled in, over and over.
#[divan::bench(sample_count = 3)]
fn hostile_blank_rows(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    let mut cells = form(&scheme, "附件3", 11).cells().to_vec();
    cells.extend((100..200_000).map(|row| text(row, 0, "轮台镇")));
    cells.extend(
        (200_000..400_000)
            .flat_map(|row| [text(row, 0, "合计"), cell(row, 1, CellValue::Number(1.0))]),
    );
    bench_sheet(
        bencher,
        &scheme,
        &Sheet::new("表".into(), true, cells, Vec::new()),
    );
}

/// Nothing but headers.
#[divan::bench(sample_count = 3)]
fn hostile_headers(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    let mut cells = Vec::new();
    for row in 0..100_000 {
        for (col, header) in ["年度", "项目内容", "面积（万亩）", "投资金额（万元）"]
            .iter()
            .enumerate()
        {
            cells.push(text(row, col as u32, header));
        }
    }
    bench_sheet(
        bencher,
        &scheme,
        &Sheet::new("表".into(), true, cells, Vec::new()),
    );
}

/// A header over all columns of a sheet, in every row.
#[divan::bench(sample_count = 3)]
fn hostile_width(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    let annex = &scheme.annexes[scheme.annex("附件7").expect("附件7")];
    let tops: Vec<&str> = annex
        .leaves
        .iter()
        .map(|leaf| leaf.path[0].as_str())
        .collect();
    let mut cells = Vec::new();
    for row in 0..60 {
        for col in 0..16_384 {
            let header = tops
                .get(col as usize)
                .copied()
                .unwrap_or("2023年度用水总量指樗");
            cells.push(text(row, col, header));
        }
    }
    bench_sheet(
        bencher,
        &scheme,
        &Sheet::new("表".into(), true, cells, Vec::new()),
    );
}

/// Two hundred thousand merged regions in a form, most of them over each other.
#[divan::bench(sample_count = 3)]
fn hostile_merges(bencher: Bencher<'_, '_>) {
    let scheme = luntai();
    let sheet = form(&scheme, "附件7", 20_000);
    let mut merges = sheet.merges.clone();
    for row in 0..20_000 {
        merges.push(CellRange::new(
            CellRef::new(row, 1),
            CellRef::new(row + 1, 1),
        ));
        for col in 2..6 {
            merges.push(CellRange::new(
                CellRef::new(row, col),
                CellRef::new(1_000_000, 16_000),
            ));
        }
        merges.push(CellRange::new(
            CellRef::new(3, row % 24),
            CellRef::new(3, 16_000),
        ));
    }
    let sheet = Sheet::new("表".into(), true, sheet.cells().to_vec(), merges);
    bench_sheet(bencher, &scheme, &sheet);
}
