//! `hebiao confirm`: the county says that headers which are not the annex's were taken for the right ones. It is written
//! down beside the inbox, and nobody is asked again.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::model::{Detail, Earlier, Finding, Moment, ReadAs};
use crate::pipeline::check_files;
use crate::report::Lang;
use crate::report::whole::{Unnamed, sync_folder};
use crate::scheme::{Confirmed, ConfirmedColumn, ConfirmedForm};

use super::check::{Listed, list};
use super::{ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, progress, put, scheme::load_scheme};

/// What the command line asks for.
pub(super) struct Options {
    pub(super) paths: Vec<PathBuf>,
    pub(super) by: Option<String>,
}

/// Where the county's own files stand, beside the inbox, and which of them this is.
const FOLDER: &str = "案卷";
const FILE: &str = "表头.toml";

/// Confirms the headers of forms; exit code by whether all could be.
pub(super) fn run(surroundings: &Surroundings, options: &Options) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let Listed { files, missing } = list(&options.paths, lang)?;
    if let Some(error) = missing.into_iter().next() {
        // What is confirmed is kept for good: better nothing than half of what was meant.
        return Err(error);
    }
    let bar = progress(files.len());
    let checked = check_files(&scheme, None, &|_| Earlier::default(), &files, &|| {
        bar.inc(1)
    });
    bar.finish_and_clear();
    let mut said = String::new();
    let mut added: Vec<ConfirmedForm> = Vec::new();
    let mut all = true;
    for finding in &checked.findings {
        let Detail::ReadAs(ReadAs::Guessed { columns, .. }) = &finding.detail else {
            continue;
        };
        let place = finding.place.as_ref().map_or("", |place| &*place.file);
        let Some((annex, reporter)) = finding.annex.as_deref().zip(finding.reporter.as_deref())
        else {
            all = false;
            said += &match lang {
                Lang::Zh => format!("{place}：不知是哪个单位报的，没有确认\n"),
                Lang::En => format!("{place}: it is not known whose it is; not confirmed\n"),
            };
            continue;
        };
        let columns = columns.iter().map(|column| ConfirmedColumn {
            header: column.given.clone(),
            is: column.declared.clone(),
        });
        let form = ConfirmedForm {
            reporter: reporter.to_owned(),
            annex: annex.to_owned(),
            columns: columns.collect(),
            by: options.by.clone().unwrap_or_else(user),
            on: today().unwrap_or_default(),
        };
        // The same headers in two files are confirmed once.
        if added
            .iter()
            .all(|known| known.columns != form.columns || !is_same_form(known, &form))
        {
            said += &shown(finding, &form, lang);
            added.push(form);
        }
    }
    if added.is_empty() {
        said += match all {
            true => lang.pick("没有要确认的表头\n", "there are no headers to confirm\n"),
            false => "",
        };
    } else {
        let path = path_of(surroundings);
        add(&path, &added, lang)?;
        said += &format!("{}{}\n", lang.pick("记在 ", "written to "), path.display());
    }
    put(&said)?;
    Ok(match all {
        true => ALL_CLEAR,
        false => FINDINGS_OPEN,
    })
}

/// What the county confirmed so far.
pub(super) fn known(surroundings: &Surroundings) -> Result<Confirmed> {
    let path = path_of(surroundings);
    let text = text_of(&path, surroundings.lang)?;
    parse(&path, &text, surroundings.lang)
}

fn path_of(surroundings: &Surroundings) -> PathBuf {
    let beside = surroundings.inbox.parent().unwrap_or(Path::new(""));
    beside.join(FOLDER).join(FILE)
}

fn text_of(path: &Path, lang: Lang) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| {
            let cannot = lang.pick("读不了 ", "cannot read ");
            format!("{cannot}{}", path.display())
        }),
    }
}

fn parse(path: &Path, text: &str, lang: Lang) -> Result<Confirmed> {
    Confirmed::parse(text).with_context(|| match lang {
        Lang::Zh => format!("{} 写得不对", path.display()),
        Lang::En => format!("something is wrong in {}", path.display()),
    })
}

/// Adds forms to the file; what people wrote in it stays.
fn add(path: &Path, forms: &[ConfirmedForm], lang: Lang) -> Result<()> {
    let mut text = text_of(path, lang)?;
    parse(path, &text, lang)?;
    for form in forms {
        text = Confirmed::with_added(&text, form);
    }
    let not_written = || match lang {
        Lang::Zh => format!("写不了 {}", path.display()),
        Lang::En => format!("cannot write {}", path.display()),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).with_context(not_written)?;
    Unnamed::write(folder, text.as_bytes())
        .and_then(|file| file.replace(path))
        .and_then(|()| sync_folder(folder))
        .with_context(not_written)
}

fn is_same_form(a: &ConfirmedForm, b: &ConfirmedForm) -> bool {
    a.reporter == b.reporter && a.annex == b.annex
}

fn shown(finding: &Finding, form: &ConfirmedForm, lang: Lang) -> String {
    let file = finding.place.as_ref().map_or("", |place| &*place.file);
    let columns = form.columns.iter().map(|column| match &*column.header {
        "" => format!(
            "{} → {}",
            lang.pick("（没有表头）", "(no header)"),
            column.is
        ),
        header => format!("{header} → {}", column.is),
    });
    let columns: Vec<String> = columns.collect();
    let columns = columns.join(lang.pick("，", ", "));
    let confirmed = lang.pick("已确认 ", "confirmed: ");
    format!(
        "{confirmed}{} {} {columns}（{file}）\n",
        form.reporter, form.annex
    )
}

/// Who runs the program.
fn user() -> String {
    let names = ["USER", "USERNAME"].iter();
    let mut names = names.filter_map(|name| std::env::var(name).ok());
    names.find(|name| !name.is_empty()).unwrap_or_default()
}

/// The day, as clocks show it.
fn today() -> Option<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let moment = Moment::since_1970(i64::try_from(since.as_secs()).ok()?)?;
    Some(moment.date()?.to_string())
}
