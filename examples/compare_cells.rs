//! Reads one file and prints its cells, and where calamine reads others.
//!
//! ```text
//! cargo run --release --example compare_cells -- FILE
//! ```
//!
//! First `cell`, sheet, address, type and value of each cell, between tabs; then `calamine` and a line for each
//! difference, and at last `compared` or, where calamine cannot open the file, `alone`.

#![allow(clippy::print_stdout)]

use std::io::Write;
use std::process::ExitCode;

use hebiao::model::{CellValue, Unreadable};
use hebiao::read::{Limits, read};

#[path = "../tests/it/compare.rs"]
mod compare;

fn main() -> ExitCode {
    let Some(bytes) = std::env::args_os()
        .nth(1)
        .and_then(|path| std::fs::read(path).ok())
    else {
        println!("usage: compare_cells FILE");
        return ExitCode::from(2);
    };
    let workbook = match read(&bytes, &Limits::default()) {
        Ok(workbook) => workbook,
        Err(reason) => {
            println!("refused\t{reason}");
            return match reason {
                Unreadable::ParserPanicked { .. } => ExitCode::FAILURE,
                _ => ExitCode::SUCCESS,
            };
        }
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut say = |line: String| writeln!(out, "{line}").is_ok();
    for (name, reason) in &workbook.unreadable_sheets {
        say(format!("unreadable\t{}\t{reason}", escaped(name)));
    }
    for sheet in &workbook.sheets {
        for cell in sheet.cells() {
            let (kind, value) = match &cell.value {
                CellValue::Number(number) => ("number", format!("{number:e}")),
                CellValue::Text(text) => ("text", escaped(text)),
                CellValue::Date(date) => ("date", date.to_string()),
                CellValue::Bool(value) => ("bool", value.to_string()),
                CellValue::Error(name) => ("error", (*name).to_owned()),
                CellValue::NotCalculated => ("not-calculated", String::new()),
            };
            let name = escaped(&sheet.name);
            say(format!("cell\t{name}\t{}\t{kind}\t{value}", cell.at));
        }
    }
    match compare::differences(&workbook, &bytes) {
        Some(differences) => {
            for difference in differences {
                say(format!("calamine\t{}", escaped(&difference)));
            }
            say("compared".to_owned());
        }
        None => {
            say("alone".to_owned());
        }
    }
    ExitCode::SUCCESS
}

/// On one line and without tabs.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}
