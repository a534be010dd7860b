//! Reads one file and prints one line: what came of it, how many sheets and cells.

#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use hebiao::model::Unreadable;
use hebiao::read::{Limits, read};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        println!("usage: read_file FILE");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            println!("error\t{error}");
            return ExitCode::from(2);
        }
    };
    match read(&bytes, &Limits::default()) {
        Ok(workbook) => {
            let cells: usize = workbook.sheets.iter().map(|s| s.cells().len()).sum();
            let sheets = workbook.sheets.len();
            println!("read\t{}\tsheets={sheets}\tcells={cells}", workbook.format);
            for (name, reason) in &workbook.unreadable_sheets {
                println!("sheet\t{name}\t{reason}");
            }
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!("refused\t{reason}");
            match reason {
                Unreadable::ParserPanicked { .. } => ExitCode::FAILURE,
                _ => ExitCode::SUCCESS,
            }
        }
    }
}
