//! Times reading a folder of .xlsx files against calamine's `open` and `worksheet_range`.
//!
//! Files are loaded first; the two take turns with each of them, so that a busy machine slows both.
//! What is printed is the sum of the smallest times of each file, and the ratio of the two sums.

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

    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    let (mut cells, mut values) = (0, 0);
    for bytes in &files {
        let (mut our_best, mut their_best) = (Duration::MAX, Duration::MAX);
        let (mut our_count, mut their_count) = (0, 0);
        for _ in 0..rounds {
            let start = Instant::now();
            our_count = count(bytes);
            our_best = our_best.min(start.elapsed());
            let start = Instant::now();
            their_count = count_by_calamine(bytes);
            their_best = their_best.min(start.elapsed());
        }
        ours += our_best;
        theirs += their_best;
        cells += our_count;
        values += their_count;
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
