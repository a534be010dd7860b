//! Marks a file at random cells, again and again, and with changed bytes where asked: whatever it holds, a copy is
//! made or refused, and no copy loses a cell.
//!
//! ```text
//! cargo run --release --example mark_file -- FILE [--copies DIR] [--rounds N] [--changed N]
//! ```
//!
//! `--all 1` marks every cell that holds something, once, and nothing else, which shows how the work grows.
//! `--rounds` is how many copies are made of it as it is, each with other findings and of the one before;
//! `--changed` how many of it with some bytes of a part changed. `--copies` keeps the first of them.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use hebiao::model::{CellRef, CellValue, Detail, Finding, Kind, Level, Place, Workbook};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::annotate;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next().map(PathBuf::from) else {
        println!("usage: mark_file FILE [--copies DIR] [--rounds N] [--changed N] [--all 1]");
        return ExitCode::from(2);
    };
    let (mut rounds, mut changed, mut copies, mut all) = (1, 0, None, false);
    while let (Some(option), Some(value)) = (arguments.next(), arguments.next()) {
        match option.as_str() {
            "--copies" => copies = Some(PathBuf::from(value)),
            "--rounds" => rounds = value.parse().unwrap_or(1),
            "--all" => all = value != "0",
            "--changed" => changed = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let Ok(bytes) = std::fs::read(&path) else {
        println!("cannot open {}", path.display());
        return ExitCode::from(2);
    };
    let mut chance = Chance(path.as_os_str().len() as u64 * 7_919 + bytes.len() as u64 + 1);
    let mut failures = 0;
    let mut original = bytes.clone();
    for round in 0..rounds {
        let Ok(workbook) = read(&original, &Limits::default()) else {
            println!("refused");
            return ExitCode::SUCCESS;
        };
        let findings = match all {
            true => at_all_cells(&workbook),
            false => chance.findings(&workbook),
        };
        let found: Vec<&Finding> = findings.iter().collect();
        let lang = if round % 3 == 2 { Lang::En } else { Lang::Zh };
        let copy = match annotate(&original, &found, lang) {
            Ok(copy) => copy,
            Err(error) => {
                println!("no copy: {error}");
                break;
            }
        };
        match read(&copy.bytes, &Limits::default()) {
            Ok(marked) => {
                if let Some(lost) = lost(&workbook, &marked) {
                    println!("lost in round {round}: {lost}");
                    failures += 1;
                }
            }
            Err(reason) => {
                println!("unreadable in round {round}: {reason}");
                failures += 1;
            }
        }
        if let Some(folder) = copies.as_ref().filter(|_| round == 0) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let kept = folder.join(format!("{name}.{}", copy.extension));
            if let Err(error) = std::fs::write(&kept, &copy.bytes) {
                println!("{}: {error}", kept.display());
                return ExitCode::from(2);
            }
        }
        original = copy.bytes;
    }
    // Panics end the program, which is what whoever started it looks for.
    for _ in 0..changed {
        let spoilt = chance.spoilt(&bytes);
        let Ok(workbook) = read(&spoilt, &Limits::default()) else {
            continue;
        };
        let findings = chance.findings(&workbook);
        let found: Vec<&Finding> = findings.iter().collect();
        if let Ok(copy) = annotate(&spoilt, &found, Lang::Zh) {
            let Ok(marked) = read(&copy.bytes, &Limits::default()) else {
                let kept = std::env::temp_dir().join("hebiao-unreadable-copy");
                let _ = std::fs::write(&kept, &spoilt);
                println!(
                    "a copy of changed bytes cannot be read; kept as {}",
                    kept.display()
                );
                failures += 1;
                continue;
            };
            if let Some(lost) = lost(&workbook, &marked) {
                let kept = std::env::temp_dir().join("hebiao-lost-in-copy");
                let _ = std::fs::write(&kept, &spoilt);
                println!(
                    "lost in a copy of changed bytes: {lost}; kept as {}",
                    kept.display()
                );
                failures += 1;
            }
        }
    }
    println!("{rounds} copies, {changed} of changed bytes, {failures} failures");
    match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn at_all_cells(workbook: &Workbook) -> Vec<Finding> {
    let file: Arc<str> = "原件.xlsx".into();
    let of_sheet = workbook.sheets.iter().flat_map(|sheet| {
        let name: Arc<str> = sheet.name.as_str().into();
        let file = &file;
        sheet.cells().iter().map(move |cell| {
            let place = Place::sheet(file, &name, Some(cell.at));
            Finding::new(Kind::Range, Level::Hint, range()).at(place)
        })
    });
    of_sheet.collect()
}

/// The first cell that a copy does not hold as the original does.
fn lost(original: &Workbook, copy: &Workbook) -> Option<String> {
    for sheet in &original.sheets {
        if hebiao::explanations::is_ours(sheet) {
            continue;
        }
        let same = |other: &&hebiao::model::Sheet| other.name == sheet.name;
        let marked = copy.sheets.iter().find(same);
        // Made anew, a sheet may have to be called otherwise, as of two of one name.
        let Some(marked) = marked.filter(|_| original.sheets.iter().filter(same).count() == 1)
        else {
            continue;
        };
        for cell in sheet.cells() {
            let kept = marked.get(cell.at).map(|kept| &kept.value);
            let is_kept = match (&cell.value, kept) {
                (CellValue::NotCalculated, None) => true,
                // A workbook made anew keeps the result of a formula as a text, and no longer one than Excel takes.
                (CellValue::Text(text), None) => text.is_empty(),
                (CellValue::Text(a), Some(CellValue::Text(b))) => a == b || a.len() > 30_000,
                (value, Some(kept)) => value == kept || cell.formula.is_some(),
                (_, None) => false,
            };
            if !is_kept {
                let name = &sheet.name;
                return Some(format!("{name}!{}: {:?} is {kept:?}", cell.at, cell.value));
            }
        }
    }
    None
}

/// A generator of numbers (xorshift), so that every run tries the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// Findings at cells that hold something, at blank ones beside them, far away, and at none.
    fn findings(&mut self, workbook: &Workbook) -> Vec<Finding> {
        const LEVELS: [Level; 4] = Level::ALL;
        let file: Arc<str> = "原件.xlsx".into();
        let mut findings =
            vec![Finding::new(Kind::Range, Level::Hint, range()).at(Place::file(&file))];
        for sheet in &workbook.sheets {
            let name: Arc<str> = sheet.name.as_str().into();
            for _ in 0..self.below(12) {
                let known = sheet.cells().get(self.below(sheet.cells().len()));
                let mut at = known.map_or(CellRef::new(0, 0), |cell| cell.at);
                match self.below(8) {
                    0 => at.row += self.below(40) as u32,
                    1 => at.col += self.below(12) as u32,
                    2 => at = CellRef::new((1 << 20) - 1, (1 << 14) - 1),
                    3 => at = CellRef::new(self.below(1 << 21) as u32, self.below(1 << 15) as u32),
                    _ => {}
                }
                let level = LEVELS[self.below(4)];
                let place = Place::sheet(&file, &name, Some(at));
                let mut finding = Finding::new(Kind::Range, level, range()).at(place);
                finding.row = Some(format!("<行> & '{}' \u{1}\u{FFFF}", self.below(99)).into());
                finding.given = Some("5\r\n3]]>".into());
                findings.push(finding);
            }
        }
        findings
    }

    /// A package with some bytes of one part changed; any other file with some of its own.
    fn spoilt(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else {
            let mut bytes = bytes.to_vec();
            self.change(&mut bytes);
            return bytes;
        };
        let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for idx in 0..zip.len() {
            if let Ok(mut part) = zip.by_index(idx) {
                let Ok(name) = part.name().map(|name| name.into_owned()) else {
                    continue;
                };
                let mut content = Vec::new();
                if part.read_to_end(&mut content).is_ok() {
                    parts.insert(name, content);
                }
            }
        }
        let names: Vec<String> = parts.keys().cloned().collect();
        let name = &names[self.below(names.len())];
        match self.below(12) {
            0 => drop(parts.remove(name)),
            _ => self.change(parts.get_mut(name).expect("a part")),
        }
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            let started = writer.start_file(name.as_str(), SimpleFileOptions::default());
            if started.is_ok() {
                let _ = writer.write_all(&content);
            }
        }
        writer
            .finish()
            .map_or_else(|_| bytes.to_vec(), Cursor::into_inner)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes[at] = b"<>/\"'= 0:x\xE4&;A"[self.below(14)],
                1 => drop(bytes.drain(at..(at + self.below(40)).min(bytes.len()))),
                2 => bytes.insert(at, b"<>/\"'= 0:x\xE4&;A"[self.below(14)]),
                _ => {
                    let end = (at + self.below(200)).min(bytes.len());
                    let doubled = bytes[at..end].to_vec();
                    bytes.splice(at..at, doubled);
                }
            }
        }
    }
}

fn range() -> Detail {
    Detail::Range {
        min: Some("0".into()),
        max: Some("9".into()),
    }
}
