//! `hebiao check`: what is wrong in a few files, before they are sent.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::explanations;
use crate::inbox::{self, InboxFile};
use crate::model::{FileStatus, Finding, Level};
use crate::pipeline::{CheckedFiles, check_files, sort_findings};
use crate::read::{Limits, by_weight};
use crate::report::annotate::{Annotated, annotate_checked, copy_name, light, no_copy};
use crate::report::whole::{self, Unnamed};
use crate::report::{Lang, json, text};
use crate::scheme::Scheme;

use super::failure::causes;
use super::{
    ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, known_before, named_period, progress, put,
    put_coloured, put_with, scheme::load_scheme,
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
    let Listed { files, missing } = list(&options.paths, lang)?;
    if let Some(folder) = &options.annotate {
        // A folder that cannot be written is better known before the work than after it.
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let bar = progress(files.len());
    let known = |period| known_before(surroundings, &scheme, period);
    let mut checked = check_files(&scheme, period, &known, &files, &|| bar.inc(1));
    bar.finish_and_clear();
    let copies = match &options.annotate {
        Some(folder) => write_copies(&scheme, &files, &mut checked, folder, lang),
        None => Copies::default(),
    };
    let failed: Vec<String> = (missing.iter().chain(&copies.failed))
        .map(|error| causes(error, lang))
        .collect();
    // Whatever became of the copies, the findings are what was asked for.
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
        put_with(|out| json::write(&facts, lang, out))?;
    } else {
        put_coloured(&text::report(&checked, &scheme, terminal_width(), lang))?;
    }
    let written: String = copies.written(lang);
    // In JSON there is no place for it.
    if !options.json {
        put(&written)?;
    }
    if !failed.is_empty() {
        let said = if options.json { &*written } else { "" };
        bail!("{}\n{said}", failed.join("\n"));
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

/// What was named on a command line.
pub(super) struct Listed {
    /// The files named, and all files in the folders named, each once.
    pub(super) files: Vec<InboxFile>,
    /// What is not there.
    pub(super) missing: Vec<anyhow::Error>,
}

/// Lists what was named. Fails where there is nothing of it.
pub(super) fn list(paths: &[PathBuf], lang: Lang) -> Result<Listed> {
    let mut files: Vec<InboxFile> = Vec::new();
    let mut missing = Vec::new();
    for path in paths {
        let shown = inbox::readable(path);
        // A folder that is named is meant, be it by a link.
        if path.is_dir() {
            let shown = shown.trim_end_matches('/');
            match inbox::list(path) {
                Ok(inside) => {
                    files.extend(inside.into_iter().filter(|file| !file.ignored).map(|file| {
                        InboxFile {
                            path: match shown {
                                "." => file.path.clone(),
                                _ => format!("{shown}/{}", file.path).into(),
                            },
                            ..file
                        }
                    }))
                }
                Err(error) => files.push(InboxFile::unlisted(shown, path, &error)),
            }
        } else {
            let named = InboxFile::named(&shown, path)
                .with_context(|| format!("{}{shown}", lang.pick("打不开 ", "cannot open ")));
            match named {
                Ok(file) => files.push(file),
                Err(error) => missing.push(error),
            }
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| {
        let real = fs::canonicalize(&file.source);
        seen.insert(real.unwrap_or_else(|_| file.source.clone()))
    });
    inbox::keep_apart(&mut files);
    if files.is_empty() && !missing.is_empty() {
        let said: Vec<String> = missing.iter().map(|error| causes(error, lang)).collect();
        bail!("{}", said.join("\n"));
    }
    if files.is_empty() {
        bail!(
            "{}",
            lang.pick("没有要检查的文件", "there are no files to check")
        );
    }
    Ok(Listed { files, missing })
}

/// What became of the copies.
#[derive(Default)]
struct Copies {
    written: Vec<PathBuf>,
    /// Why others were not.
    failed: Vec<anyhow::Error>,
}

impl Copies {
    fn written(&self, lang: Lang) -> String {
        let line =
            |path: &PathBuf| format!("{}{}\n", lang.pick("已标注 ", "marked: "), path.display());
        self.written.iter().map(line).collect()
    }
}

/// Writes a marked copy of each file that has findings, or marks of an earlier check. That a file has none for a reason
/// of its own is a finding; that the folder takes no more is our failure.
fn write_copies(
    scheme: &Scheme,
    files: &[InboxFile],
    checked: &mut CheckedFiles,
    folder: &Path,
    lang: Lang,
) -> Copies {
    whole::clear_unnamed(folder);
    let by_file = Finding::by_file(&checked.findings);
    let jobs: Vec<(usize, Vec<&Finding>)> = (0..files.len())
        .filter_map(|idx| Some((idx, to_mark(checked, idx, &by_file)?)))
        .collect();
    let limit = Limits::default().file_bytes;
    let copies = by_weight(&jobs, |(idx, findings), most| {
        let bytes = light(files[*idx].read_again(limit), most)?;
        let record = &checked.files[*idx];
        Ok(annotate_checked(record, bytes, findings, lang))
    });
    let idxs: Vec<usize> = jobs.iter().map(|(idx, _)| *idx).collect();
    let mut made = Copies::default();
    let mut numbered = HashMap::new();
    for (idx, copy) in idxs.into_iter().zip(copies) {
        match copy {
            // The others are tried all the same: one may be smaller, or have a name that is taken.
            Ok(copy) => match write_copy(folder, &files[idx].path, &copy, &mut numbered, lang) {
                Ok(path) => made.written.push(path),
                Err(error) => made.failed.push(error),
            },
            Err(why) => {
                let finding = no_copy(scheme, &checked.files[idx], why);
                checked.findings.push(finding);
            }
        }
    }
    sort_findings(scheme, &mut checked.findings);
    let synced = whole::sync_folder(folder).with_context(|| folder.display().to_string());
    made.failed.extend(synced.err());
    made
}

/// What a copy of a file would show; `None` where it would show nothing.
fn to_mark<'c>(
    checked: &CheckedFiles,
    idx: usize,
    by_file: &HashMap<&str, Vec<&'c Finding>>,
) -> Option<Vec<&'c Finding>> {
    let record = &checked.files[idx];
    let workbook = checked.workbooks[idx].as_ref()?;
    let findings = by_file.get(&*record.path).cloned().unwrap_or_default();
    let was_marked = workbook.sheets.iter().any(explanations::is_ours);
    let counts = !matches!(record.status, FileStatus::Duplicate(_));
    (counts && (was_marked || !findings.is_empty())).then_some(findings)
}

/// The copies of files of one name.
struct Numbered {
    /// What they hold, and their numbers.
    known: HashMap<Vec<u8>, usize>,
    /// The first number that may be free.
    next: usize,
}

impl Numbered {
    /// Those that are there, each read once however many files have the name.
    fn there(name: impl Fn(usize) -> PathBuf) -> Self {
        let mut known = HashMap::new();
        let mut next = 1;
        while let Ok(found) = fs::symlink_metadata(name(next)) {
            if found.is_file()
                && let Ok(bytes) = fs::read(name(next))
            {
                known.entry(hash(&bytes)).or_insert(next);
            }
            next += 1;
        }
        Self { known, next }
    }
}

/// Writes a copy under a name that nothing has: somebody may have written explanations into the copy of an
/// earlier check.
fn write_copy(
    folder: &Path,
    original: &str,
    copy: &Annotated,
    numbered: &mut HashMap<PathBuf, Numbered>,
    lang: Lang,
) -> Result<PathBuf> {
    let name = |n| folder.join(copy_name(original, copy.extension, n, lang));
    let numbered = (numbered.entry(name(1))).or_insert_with(|| Numbered::there(name));
    let hash = hash(&copy.bytes);
    if let Some(n) = numbered.known.get(&hash) {
        return Ok(name(*n));
    }
    let not_written = |path: &Path| match lang {
        Lang::Zh => format!("写不了 {}", path.display()),
        Lang::En => format!("cannot write {}", path.display()),
    };
    let unnamed = Unnamed::write(folder, &copy.bytes);
    let mut unnamed = unnamed.with_context(|| not_written(&name(numbered.next)))?;
    loop {
        let n = numbered.next;
        let path = name(n);
        let is_named = unnamed.name(&path).with_context(|| not_written(&path))?;
        numbered.next += 1;
        // Another run may have been quicker with the very same.
        if is_named || is_same(&path, &copy.bytes) {
            numbered.known.insert(hash, n);
            return Ok(path);
        }
    }
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn is_same(path: &Path, bytes: &[u8]) -> bool {
    let found = fs::metadata(path);
    let is_as_long = found.is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64);
    is_as_long && fs::read(path).is_ok_and(|known| known == bytes)
}
