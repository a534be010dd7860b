//! Times reading a folder of .xlsx files against calamine's `open` and `worksheet_range`.
//!
//! Files are loaded first; the two take turns, so that a busy machine slows both. What is printed is
//! the smallest time of each, and their ratio.

#![allow(clippy::print_stdout)]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use calamine::{Reader, Xlsx};
use hebiao::read::{Limits, read};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let rounds: usize = arguments.next().map_or(7, |n| {
        n.to_string_lossy().parse().expect("a number of rounds")
    });
    let mut files = Vec::new();
    load(&folder, &mut files);

    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    let (mut cells, mut values) = (0, 0);
    for _ in 0..rounds {
        let start = Instant::now();
        cells = files.iter().map(|bytes| count(bytes)).sum();
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        values = files.iter().map(|bytes| count_by_calamine(bytes)).sum();
        theirs = theirs.min(start.elapsed());
    }
    let files = files.len();
    println!("{files} files: {cells} cells in {ours:?}; calamine {values} in {theirs:?}");
    println!("ratio {:.3}", ours.as_secs_f64() / theirs.as_secs_f64());
}

fn load(folder: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            load(&path, files);
        } else if path.extension().is_some_and(|e| e == "xlsx") {
            files.push(std::fs::read(path).expect("a file"));
        }
    }
}

fn count(bytes: &[u8]) -> usize {
    let workbook = read(bytes, &Limits::default()).expect("a workbook");
    workbook.sheets.iter().map(|s| s.cells().len()).sum()
}

fn count_by_calamine(bytes: &[u8]) -> usize {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let names = workbook.sheet_names();
    names
        .iter()
        .map(|name| {
            let range = workbook.worksheet_range(name).expect("a sheet");
            range.used_cells().count()
        })
        .sum()
}
