//! `hebiao scheme`, and loading the scheme for the other commands.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anyhow::{Context, Result, anyhow, bail};

use crate::inbox::InboxFile;
use crate::report::{Lang, outbox, words};
use crate::scheme::{
    ReporterKind, ReturnedBy, Rows, Scheme, SchemeError, SchemeFile, load_with_warnings,
};

use super::{ALL_CLEAR, NOT_DONE, Surroundings, confirm, put, tell};

/// A scheme that can be used.
struct Loaded {
    scheme: Scheme,
    /// The files that it is written in.
    files: Vec<SchemeFile>,
    /// What is worth knowing about it.
    warnings: Vec<SchemeError>,
}

/// Lists what is in the scheme, and what is worth knowing about it.
pub(super) fn run(surroundings: &Surroundings) -> Result<u8> {
    let lang = surroundings.lang;
    let folder = folder_of(surroundings)?;
    let Some(loaded) = load_folder(&folder, lang)? else {
        return Ok(NOT_DONE);
    };
    let mut text = overview(&loaded.scheme, lang);
    if !loaded.warnings.is_empty() {
        let n = loaded.warnings.len();
        text += &format!("\n{}（{n}）\n", lang.pick("提醒", "Warnings"));
    }
    for warning in &loaded.warnings {
        text += &in_source(&loaded.files, &folder, warning, lang);
        text.push('\n');
    }
    put(&text)?;
    Ok(ALL_CLEAR)
}

/// Loads the scheme; what is wrong with it is printed, and there is none.
pub(super) fn load_scheme(surroundings: &Surroundings) -> Result<Option<Scheme>> {
    Ok(load_with_files(surroundings)?.map(|(scheme, _)| scheme))
}

/// The same, with the files that it is written in.
pub(super) fn load_with_files(
    surroundings: &Surroundings,
) -> Result<Option<(Scheme, Vec<SchemeFile>)>> {
    let loaded = load_from(&folder_of(surroundings)?, surroundings.lang)?;
    let Some((mut scheme, files)) = loaded else {
        return Ok(None);
    };
    scheme.confirmed = confirm::known(surroundings)?;
    Ok(Some((scheme, files)))
}

pub(super) fn folder_of(surroundings: &Surroundings) -> Result<PathBuf> {
    match &surroundings.scheme {
        Some(folder) => Ok(folder.clone()),
        None => only_scheme(&templates(surroundings.lang)?, surroundings.lang),
    }
}

/// Loads the scheme in a folder, likewise.
pub(super) fn load_from(folder: &Path, lang: Lang) -> Result<Option<(Scheme, Vec<SchemeFile>)>> {
    let loaded = load_folder(folder, lang)?;
    Ok(loaded.map(|loaded| (loaded.scheme, loaded.files)))
}

fn load_folder(folder: &Path, lang: Lang) -> Result<Option<Loaded>> {
    let files = read_folder(folder, lang)?;
    match load_with_warnings(&files) {
        Ok((scheme, warnings)) => Ok(Some(Loaded {
            scheme,
            files,
            warnings,
        })),
        Err(mistakes) => {
            for mistake in &mistakes {
                tell(&format!("{}\n", in_source(&files, folder, mistake, lang)));
            }
            let is_mistake = |it: &&SchemeError| !it.problem.is_warning();
            let n_mistakes = mistakes.iter().filter(is_mistake).count();
            tell(&match lang {
                Lang::Zh => format!("报表制度有 {n_mistakes} 处错误，请改正后再运行。"),
                Lang::En => {
                    format!("the scheme has {n_mistakes} mistakes; put them right and run again.")
                }
            });
            Ok(None)
        }
    }
}

/// The folder of schemes: here, or else beside the program, so that forms can be checked where they lie.
fn templates(lang: Lang) -> Result<PathBuf> {
    let program = env::current_exe().ok();
    let beside = program.and_then(|program| Some(program.parent()?.join("templates")));
    let found = [Some(PathBuf::from("templates")), beside];
    let mut found = found.into_iter().flatten().filter(|path| path.is_dir());
    match found.next() {
        Some(folder) => Ok(folder),
        None => bail!(lang.pick(
            "找不到报表制度：当前文件夹里和程序旁边都没有 templates 文件夹；请用 --scheme 指明",
            "there is no folder templates here or beside the program; name a scheme with --scheme"
        )),
    }
}

fn only_scheme(templates: &Path, lang: Lang) -> Result<PathBuf> {
    let say = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let entries = fs::read_dir(templates).with_context(|| {
        format!(
            "{}{}",
            say("打不开文件夹 ", "cannot open "),
            templates.display()
        )
    })?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("scheme.toml").is_file())
        .collect();
    folders.sort();
    match folders.len() {
        1 => Ok(folders.remove(0)),
        0 => bail!(
            "{}{}",
            templates.display(),
            say(
                " 下没有报表制度（scheme.toml）",
                " holds no scheme (scheme.toml)"
            )
        ),
        _ => bail!(say(
            "有几个报表制度，请用 --scheme 指明一个",
            "there are several schemes; name one with --scheme"
        )),
    }
}

fn read_folder(folder: &Path, lang: Lang) -> Result<Vec<SchemeFile>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    // In an outbox somebody's files may lie beside those that its figures were made with.
    let is_of_scheme = outbox::is_of_scheme(folder, &paths);
    paths.retain(is_of_scheme);
    let files = paths.iter().map(|path| {
        let text = read_text(path, lang).with_context(|| path.display().to_string())?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok(SchemeFile { name, text })
    });
    files.collect()
}

/// A text of a sensible length, if it is a file: what is no file would be waited for.
fn read_text(path: &Path, lang: Lang) -> Result<String> {
    const MOST_BYTES: usize = 64 << 20;
    let content = InboxFile::named("", path)?.read(MOST_BYTES);
    let content = content.map_err(|reason| anyhow!(words::unreadable(&reason, lang)))?;
    Ok(String::from_utf8(content.bytes)?)
}

/// A mistake under the line in which it stands.
fn in_source(files: &[SchemeFile], folder: &Path, mistake: &SchemeError, lang: Lang) -> String {
    let title = match lang {
        Lang::Zh => mistake.problem.to_string(),
        Lang::En => mistake.problem.in_english(),
    };
    let level = match mistake.problem.is_warning() {
        true => Level::WARNING.with_name(lang.pick("提醒", "warning")),
        false => Level::ERROR.with_name(lang.pick("错误", "mistake")),
    };
    let Some(file) = files.iter().find(|file| file.name == mistake.file) else {
        return format!("{}: {title}", folder.join(&mistake.file).display());
    };
    let path = folder.join(&mistake.file).display().to_string();
    let snippet = Snippet::source(file.text.as_str())
        .path(path.as_str())
        .annotation(AnnotationKind::Primary.span(mistake.span.clone()));
    Renderer::plain().render(&[level.primary_title(title.as_str()).element(snippet)])
}

fn overview(scheme: &Scheme, lang: Lang) -> String {
    let say = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let mut out = format!("{}\n{} {}\n", scheme.title, say("标识", "id"), scheme.id);
    out += &format!(
        "{} {}\n\n{}\n",
        say("指纹", "fingerprint"),
        &scheme.fingerprint[..16],
        say("附件", "Annexes")
    );
    for annex in &scheme.annexes {
        let who = match annex.returned_by {
            ReturnedBy::Kind(ReporterKind::Township) => say("各乡镇", "townships").to_owned(),
            ReturnedBy::Kind(ReporterKind::Department) => say("各部门", "departments").to_owned(),
            ReturnedBy::One(reporter) => scheme.reporters[reporter].name.to_string(),
        };
        let rows = match &annex.rows {
            Rows::Register if annex.one_row_each.is_some() => {
                let said = say(
                    "行数不定，县里每单位一行",
                    "a register, in the county one row for each reporter",
                );
                said.to_owned()
            }
            Rows::Register => say("行数不定", "a register").to_owned(),
            Rows::Fixed(rows) => format!("{} {}", rows.len(), say("行", "rows")),
        };
        let unit = annex.unit.map_or(String::new(), |unit| {
            format!("，{}", scheme.units.name(unit))
        });
        out += &format!(
            "  {}  {}（{who}；{rows}{unit}）\n",
            annex.number, annex.title
        );
    }
    out += &format!("\n{}（{}）\n", say("审核关系", "Rules"), scheme.rules.len());
    for rule in &scheme.rules {
        let kind = words::kind(rule.relation.kind(), lang);
        out += &format!(
            "  {:<8} {kind}  {}  [{}]\n",
            rule.id,
            rule.label,
            words::level(rule.level, lang)
        );
    }
    out += &format!(
        "\n{}（{}）\n",
        say("填报单位", "Reporters"),
        scheme.reporters.len()
    );
    for reporter in &scheme.reporters {
        let aliases = if reporter.aliases.is_empty() {
            String::new()
        } else {
            format!(
                "（{}{}）",
                say("又称", "also "),
                reporter.aliases.join("、")
            )
        };
        out += &format!("  {}  {}{aliases}\n", reporter.code, reporter.name);
    }
    out
}
