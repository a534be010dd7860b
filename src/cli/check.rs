//! `hebiao check`: what is wrong in a few files, before they are sent.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use crate::explanations;
use crate::inbox::{self, InboxFile};
use crate::model::{Earlier, FileStatus, Finding, Level};
use crate::pipeline::{CheckedFiles, check_files};
use crate::report::annotate::{Annotated, annotate, copy_name};
use crate::report::{Lang, json, text};

use super::{
    ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, known_before, named_period, progress,
    quiet_if_closed, scheme::load_scheme,
};

/// What the command line asks for.
pub(super) struct Options {
    pub(super) paths: Vec<PathBuf>,
    pub(super) period: Option<String>,
    pub(super) annotate: Option<PathBuf>,
    pub(super) json: bool,
}

/// Checks files and folders; exit code by what is open.
pub(super) fn run(surroundings: &Surroundings, options: &Options) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let period = match &options.period {
        Some(period) => Some(named_period(period, lang)?),
        None => None,
    };
    let files = list(&options.paths, lang)?;
    if let Some(folder) = &options.annotate {
        // A folder that cannot be written is better known before the work than after it.
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let bar = progress(files.len());
    let unreadable = RefCell::new(None);
    let known = |period| {
        known_before(surroundings, &scheme, period).unwrap_or_else(|error| {
            unreadable.replace(Some(error));
            Earlier::default()
        })
    };
    let checked = check_files(&scheme, period, &known, &files, &|| bar.inc(1));
    bar.finish_and_clear();
    if let Some(error) = unreadable.into_inner() {
        return Err(error);
    }
    if options.json {
        let facts = json::Facts {
            scheme: &scheme,
            period,
            files: &checked.files,
            returns: &[],
            corrections: &[],
            calls: &[],
            findings: &checked.findings,
            tallies: &checked.tallies,
        };
        quiet_if_closed(json::write(&facts, lang, io::stdout().lock()))?;
    } else {
        let report = text::report(&checked, &scheme, terminal_width(), lang);
        quiet_if_closed(anstream::stdout().lock().write_all(report.as_bytes()))?;
    }
    if let Some(folder) = &options.annotate {
        let written = write_copies(&files, &checked, folder, lang)?;
        // In JSON there is no place for it.
        if !options.json {
            for path in written {
                let line = format!("{}{}\n", lang.pick("已标注 ", "marked: "), path.display());
                quiet_if_closed(anstream::stdout().lock().write_all(line.as_bytes()))?;
            }
        }
    }
    let is_open = |finding: &Finding| finding.level <= Level::QuasiMandatory && finding.is_open();
    Ok(match checked.findings.iter().any(is_open) {
        true => FINDINGS_OPEN,
        false => ALL_CLEAR,
    })
}

/// How wide the terminal is, where one is written to.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0))
}

/// The files named, and all files in the folders named, each once.
fn list(paths: &[PathBuf], lang: Lang) -> Result<Vec<InboxFile>> {
    let mut files: Vec<InboxFile> = Vec::new();
    for path in paths {
        let shown = path.display().to_string().replace('\\', "/");
        let found = fs::metadata(path)
            .with_context(|| format!("{}{shown}", lang.pick("打不开 ", "cannot open ")))?;
        if found.is_dir() {
            let inside = inbox::list(path).with_context(|| shown.clone())?;
            let shown = shown.trim_end_matches('/');
            files.extend(
                inside
                    .into_iter()
                    .filter(|file| !file.ignored)
                    .map(|file| InboxFile {
                        path: match shown {
                            "." => file.path.clone(),
                            _ => format!("{shown}/{}", file.path).into(),
                        },
                        ..file
                    }),
            );
        } else {
            files.push(InboxFile {
                path: shown.into(),
                source: path.clone(),
                ignored: false,
            });
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| {
        let real = fs::canonicalize(&file.source);
        seen.insert(real.unwrap_or_else(|_| file.source.clone()))
    });
    if files.is_empty() {
        bail!(
            "{}",
            lang.pick("没有要检查的文件", "there are no files to check")
        );
    }
    Ok(files)
}

/// Writes a marked copy of each file that has findings, or marks of an earlier check.
fn write_copies(
    files: &[InboxFile],
    checked: &CheckedFiles,
    folder: &Path,
    lang: Lang,
) -> Result<Vec<PathBuf>> {
    let mut by_file: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &checked.findings {
        if let Some(place) = &finding.place {
            by_file.entry(&place.file).or_default().push(finding);
        }
    }
    let jobs: Vec<(&InboxFile, Vec<&Finding>)> = files
        .iter()
        .enumerate()
        .filter_map(|(idx, file)| {
            let record = &checked.files[idx];
            let workbook = checked.workbooks[idx].as_ref()?;
            let findings = by_file.get(&*record.path).cloned().unwrap_or_default();
            let was_marked = workbook.sheets.iter().any(explanations::is_ours);
            let counts = !matches!(record.status, FileStatus::Duplicate(_));
            (counts && (was_marked || !findings.is_empty())).then_some((file, findings))
        })
        .collect();
    let copies: Vec<Result<Annotated>> = jobs
        .par_iter()
        .map(|(file, findings)| {
            let bytes = fs::read(&file.source).with_context(|| file.path.to_string())?;
            annotate(&bytes, findings, lang).with_context(|| file.path.to_string())
        })
        .collect();
    let mut written = Vec::new();
    for ((file, _), copy) in jobs.iter().zip(copies) {
        written.push(write_copy(folder, &file.path, &copy?, lang)?);
    }
    Ok(written)
}

/// Writes a copy under a name that nothing has: somebody may have written explanations into the copy of an
/// earlier check.
fn write_copy(folder: &Path, original: &str, copy: &Annotated, lang: Lang) -> Result<PathBuf> {
    for n in 1.. {
        let path = folder.join(copy_name(original, copy.extension, n, lang));
        match fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(&copy.bytes)
                    .with_context(|| path.display().to_string())?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read(&path).is_ok_and(|known| known == copy.bytes) {
                    return Ok(path);
                }
            }
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    unreachable!("some number is free")
}
