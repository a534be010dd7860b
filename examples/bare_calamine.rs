//! Opens every workbook below a folder with calamine and reads the range of each sheet: what bare
//! reading costs, to compare a whole run with.
//!
//! ```text
//! cargo run --release --example bare_calamine -- DIR --threads 2
//! ```
#![allow(
    clippy::print_stdout,
    reason = "an example program says what it counted"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use calamine::{Reader, Sheets, open_workbook_auto};

/// Failures of a thread must be able to leave it.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folders, threads) = match arguments.as_slice() {
        [folders @ .., option, n] if option == "--threads" => (folders, n.parse()?),
        folders => (folders, 1),
    };
    if folders.is_empty() {
        return Err("usage: bare_calamine DIR… [--threads N]".into());
    }
    let mut files = Vec::new();
    for folder in folders {
        list(Path::new(folder), &mut files)?;
    }
    files.sort();
    let cells = read_all(&files, threads)?;
    println!("files={} cells={cells}", files.len());
    Ok(())
}

/// Reads the files on some threads, each taking the next file when it is free; counts cells with a value.
fn read_all(files: &[PathBuf], threads: usize) -> Result<usize, Failure> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut cells = 0;
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        cells += read(file)?;
                    }
                    Ok::<usize, Failure>(cells)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a thread panicked")?)
            .sum()
    })
}

/// Cells with a value in all sheets of one workbook.
fn read(file: &Path) -> Result<usize, Failure> {
    let mut workbook: Sheets<BufReader<File>> =
        open_workbook_auto(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut cells = 0;
    for name in workbook.sheet_names() {
        cells += workbook.worksheet_range(&name)?.used_cells().count();
    }
    Ok(cells)
}

/// Workbooks below a folder, in any order.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e == "xlsx" || e == "xls" || e == "ods")
        {
            files.push(path);
        }
    }
    Ok(())
}
