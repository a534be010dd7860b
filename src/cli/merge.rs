//! `hebiao merge`: everything in the inbox of a period → the outbox of that period.

use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use crate::consolidate::records::write_records;
use crate::inbox::{self, InboxFile};
use crate::model::{FileStatus, Finding, Level, NoCopy, Period, ReturnStatus};
use crate::pipeline::{Merged, merge};
use crate::read::Limits;
use crate::report::annotate::{no_copy, send_back};
use crate::report::outbox::{Outbox, OutboxError, SCHEME_FOLDER};
use crate::report::{Lang, json, words, workbook};
use crate::scheme::{Scheme, SchemeFile};

use super::earlier::earlier;
use super::failure::causes;
use super::{
    ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, asked_period, progress,
    publish::set_units,
    put,
    scheme::{folder_of, load_with_files},
    tell, watch,
};

/// What was asked for.
pub(super) struct Options {
    /// The newest in the inbox if not given.
    pub(super) period: Option<String>,
    /// Annexes to be published in another unit, as written.
    pub(super) units: Vec<String>,
    /// Whether to go on, and merge again whenever the inbox has changed.
    pub(super) watch: bool,
}

/// Merges one period; exit code by what is open.
pub(super) fn run(surroundings: &Surroundings, options: &Options) -> Result<u8> {
    let Some((mut scheme, scheme_files)) = load_with_files(surroundings)? else {
        return Ok(NOT_DONE);
    };
    set_units(&mut scheme, &options.units, surroundings.lang)?;
    let period = asked_period(surroundings, options.period.as_deref())?;
    if !options.watch {
        let (merged, target) = run_once(surroundings, &scheme, &scheme_files, period)?;
        let open = merged
            .findings
            .iter()
            .any(|finding| finding.level <= Level::QuasiMandatory);
        let said = summary(&scheme, &merged, &target, surroundings.lang);
        let is_said = sum_up(&said, &target, surroundings.lang);
        // The program ends here; the system takes the figures back faster than they are taken apart.
        std::mem::forget(merged);
        return Ok(match open {
            _ if !is_said => NOT_DONE,
            true => FINDINGS_OPEN,
            false => ALL_CLEAR,
        });
    }
    let watched = watch::Watched {
        inbox: surroundings.inbox.join(period.to_string()),
        scheme: folder_of(surroundings)?,
        outbox: surroundings.outbox.join(period.to_string()),
    };
    let mut used = Some((scheme, scheme_files));
    let mut read_as = watched.scheme_content();
    watch::run(surroundings, &watched, || {
        let now = watched.scheme_content();
        if now != read_as {
            // What is wrong with it is said once, and not at every try.
            used = None;
            read_as = now;
            used = load_with_files(surroundings)?;
            if let Some((scheme, _)) = &mut used {
                set_units(scheme, &options.units, surroundings.lang)?;
                tell(surroundings.lang.pick(
                    "报表制度改动过，改用新的",
                    "the scheme has changed; the new one is used",
                ));
            }
        }
        let Some((scheme, files)) = &used else {
            bail!(surroundings.lang.pick(
                "改动后的报表制度不能用，原来的结果没有动",
                "the scheme as it is now cannot be used; earlier results are as they were",
            ));
        };
        let (merged, target) = run_once(surroundings, scheme, files, period)?;
        Ok(short_summary(&merged, &target, surroundings.lang))
    })
}

/// Merges one period; gives what was found out, and where it was written.
fn run_once(
    surroundings: &Surroundings,
    scheme: &Scheme,
    scheme_files: &[SchemeFile],
    period: Period,
) -> Result<(Merged, PathBuf)> {
    let lang = surroundings.lang;
    let folder = surroundings.inbox.join(period.to_string());
    let target = surroundings.outbox.join(period.to_string());
    let (from, to) = (real(&folder), real(&target));
    if from.starts_with(&to) || to.starts_with(&from) {
        // The inbox is never written to, and what is written is no return.
        bail!(
            "{}{}",
            lang.pick(
                "结果不能放在收件文件夹里：",
                "results cannot go into the inbox: "
            ),
            target.display()
        );
    }
    // An outbox that cannot be written is better known before the work than after it.
    let outbox = Outbox::prepare(&surroundings.outbox, &period.to_string())?;
    let mut files = inbox::list(&folder).with_context(|| {
        format!(
            "{}{}",
            lang.pick("读不了收件文件夹 ", "cannot read the inbox "),
            folder.display()
        )
    })?;
    if files.iter().all(|file| file.ignored) {
        bail!(
            "{}{}",
            folder.display(),
            lang.pick(" 里没有报表", " holds no forms")
        );
    }
    let note = inbox::note(&mut files);
    let bar = progress(files.len());
    let earlier = earlier(scheme, &surroundings.outbox, period, lang)?;
    let mut merged = merge(scheme, period, earlier, &files, &|| bar.inc(1));
    bar.finish_and_clear();
    merged.note = note;
    let target = write((scheme, scheme_files), &files, &mut merged, lang, outbox)?;
    Ok((merged, target))
}

/// Where a path leads, links followed as far as it exists.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    });
    real.unwrap_or(path)
}

fn write(
    (scheme, scheme_files): (&Scheme, &[SchemeFile]),
    files: &[InboxFile],
    merged: &mut Merged,
    lang: Lang,
    outbox: Outbox,
) -> Result<PathBuf> {
    // That one could not be made stands in all that is written after them.
    let copies = write_copies(scheme, files, merged, lang, &outbox)?;
    let merged = &*merged;
    let book = book_name(&scheme.area, merged.period, lang);
    // They are made of the same figures and need nothing of each other.
    let (book, (rest, records)) = rayon::join(
        || -> Result<()> {
            let copies = copies.iter().map(|(file, path)| (&**file, path.clone()));
            let workbook = workbook::write_workbook_beside(merged, scheme, copies.collect(), lang)?;
            Ok(outbox.write(&book, |writer| writer.write_all(&workbook))?)
        },
        || {
            rayon::join(
                || {
                    write_scheme(scheme_files, &outbox)?;
                    write_findings(scheme, merged, lang, &outbox)
                },
                || write_all_records(scheme, merged, &outbox),
            )
        },
    );
    book.and(rest).and(records)?;
    finish(outbox, lang)
}

/// What the figures mean, for whoever takes the outbox further.
fn write_scheme(files: &[SchemeFile], outbox: &Outbox) -> Result<()> {
    for file in files {
        let name = format!("{SCHEME_FOLDER}/{}", file.name);
        outbox.write(&name, |writer| writer.write_all(file.text.as_bytes()))?;
    }
    Ok(())
}

fn write_all_records(scheme: &Scheme, merged: &Merged, outbox: &Outbox) -> Result<()> {
    let (period, files, tables) = (merged.period, &merged.files, &merged.tables);
    Ok(outbox.write("records.parquet", |writer| {
        write_records(scheme, period, files, tables, writer)
    })?)
}

/// Copies of the returns with what was found in them, for those who sent them. Gives file and path of each; that there is
/// none of a file is a finding.
fn write_copies(
    scheme: &Scheme,
    files: &[InboxFile],
    merged: &mut Merged,
    lang: Lang,
    outbox: &Outbox,
) -> Result<Vec<(Arc<str>, String)>> {
    let sources: HashMap<&str, &InboxFile> =
        (files.iter()).map(|file| (&*file.path, file)).collect();
    let limit = Limits::default().file_bytes;
    let bytes_of = |path: &str| match sources.get(path) {
        Some(source) => source.read_again(limit),
        None => Err(NoCopy::NotOpened(ErrorKind::NotFound)),
    };
    let mut sent = send_back(scheme, &merged.files, &merged.findings, &bytes_of, lang);
    let written: Vec<Result<(), OutboxError>> = (sent.copies.par_iter())
        .map(|(_, path, bytes)| outbox.write(path, |writer| writer.write_all(bytes)))
        .collect();
    let mut copies = Vec::new();
    for ((record, path, _), written) in sent.copies.into_iter().zip(written) {
        match written {
            Ok(()) => copies.push((record.path.clone(), path)),
            // A name that the system does not take, not a disk that takes nothing more.
            Err(error) => match error.system() {
                Some(kind @ (ErrorKind::AlreadyExists | ErrorKind::InvalidFilename)) => {
                    sent.failed.push((record, NoCopy::NotWritten(kind)));
                }
                _ => return Err(error.into()),
            },
        }
    }
    let missing = sent.failed.into_iter().map(|(record, why)| Finding {
        period: Some(merged.period),
        ..no_copy(scheme, record, why)
    });
    // They stand behind all others: calls refer to findings by their place in the list.
    merged.findings.extend(missing);
    Ok(copies)
}

/// What was found, for programs.
fn write_findings(scheme: &Scheme, merged: &Merged, lang: Lang, outbox: &Outbox) -> Result<()> {
    let facts = json::Facts {
        scheme,
        period: Some(merged.period),
        files: &merged.files,
        returns: &merged.returns,
        corrections: &merged.corrections,
        calls: &merged.calls,
        findings: &merged.findings,
        tallies: &merged.tallies,
    };
    Ok(outbox.write("findings.json", |writer| json::write(&facts, lang, writer))?)
}

/// Puts the outbox in its place, and says what was in the old one and stays.
pub(super) fn finish(outbox: Outbox, lang: Lang) -> Result<PathBuf> {
    let committed = outbox.commit()?;
    let all = [
        (
            &committed.kept,
            lang.pick(
                "输出文件夹里您自己放入或改过的文件，已原样保留：",
                "kept as they were, because you put or changed them there: ",
            ),
        ),
        (
            &committed.not_kept,
            lang.pick(
                "原来的结果里有些文件不是本程序写的，又移不到新结果里，现在放在：",
                "files of others in the old results could not be moved to the new ones, and are now here: ",
            ),
        ),
        (
            &committed.not_cleared,
            lang.pick(
                "以前运行留下的这些已经没有用，但清理不掉，请手工删除：",
                "left by earlier runs, of no use any more, and not to be removed; please delete: ",
            ),
        ),
    ];
    for (paths, said) in all.into_iter().filter(|(paths, _)| !paths.is_empty()) {
        let names: Vec<String> = paths.iter().map(|path| inbox::readable(path)).collect();
        tell(&format!("{said}{}", names.join(lang.pick("、", ", "))));
    }
    Ok(committed.path)
}

/// Prints the summary of results that are in their place, and says whether it could be.
pub(super) fn sum_up(summary: &str, target: &Path, lang: Lang) -> bool {
    let Err(error) = put(summary) else {
        return true;
    };
    let (target, causes) = (target.display(), causes(&error, lang));
    tell(&match lang {
        Lang::Zh => format!("结果已在 {target}，只是摘要没有显示出来：{causes}"),
        Lang::En => {
            format!("the results are in {target}, only their summary is not shown: {causes}")
        }
    });
    false
}

/// 轮台县-2024-05-汇总.xlsx.
pub(super) fn book_name(area: &str, period: Period, lang: Lang) -> String {
    format!("{area}-{period}-{}.xlsx", lang.pick("汇总", "consolidated"))
}

/// One line for a merge among many.
fn short_summary(merged: &Merged, target: &Path, lang: Lang) -> String {
    let n_owed = merged.returns.len();
    let missing = merged.returns.iter();
    let missing = missing.filter(|record| record.status == ReturnStatus::Missing);
    let n_came = n_owed - missing.count();
    let counts: Vec<String> = Level::ALL
        .iter()
        .map(|level| {
            let findings = merged.findings.iter();
            let count = findings.filter(|finding| finding.level == *level).count();
            format!("{} {count}", words::level(*level, lang))
        })
        .collect();
    let files = merged.files.iter();
    let n_files = files
        .filter(|file| file.status != FileStatus::Ignored)
        .count();
    let target = target.display();
    match lang {
        Lang::Zh => format!(
            "已汇总：文件 {n_files} 个，已报 {n_came}/{n_owed}；{} → {target}",
            counts.join("，")
        ),
        Lang::En => format!(
            "merged: {n_files} files, {n_came} of {n_owed} came; {} → {target}",
            counts.join(", ")
        ),
    }
}

fn summary(scheme: &Scheme, merged: &Merged, target: &Path, lang: Lang) -> String {
    let tables = merged.files.iter().flat_map(|file| &file.tables);
    let taken = tables.filter(|table| table.counts());
    let n_values: usize = taken.clone().map(|table| table.observations).sum();
    let n_forms = taken.count();
    let n_files = merged
        .files
        .iter()
        .filter(|file| file.status != FileStatus::Ignored)
        .count();
    let n_unreadable = merged
        .files
        .iter()
        .filter(|file| matches!(file.status, FileStatus::Unreadable(_)))
        .count();
    let n_owed = merged.returns.len();
    let n_missing = merged
        .returns
        .iter()
        .filter(|record| record.status == ReturnStatus::Missing)
        .count();
    let mut out = match lang {
        Lang::Zh => format!(
            "{} {} 报告期\n收到文件 {n_files} 个（读不了 {n_unreadable} 个），报表 {n_forms} 张，指标值 {n_values} 个\n应报 {n_owed} 份，已报 {} 份，未报 {n_missing} 份\n",
            scheme.area,
            merged.period,
            n_owed - n_missing
        ),
        Lang::En => format!(
            "{} {}\n{n_files} files ({n_unreadable} unreadable), {n_forms} forms, {n_values} values\n{n_owed} returns owed, {} came, {n_missing} missing\n",
            scheme.area,
            merged.period,
            n_owed - n_missing
        ),
    };
    let counts: Vec<String> = Level::ALL
        .iter()
        .map(|level| {
            let count = merged
                .findings
                .iter()
                .filter(|finding| finding.level == *level)
                .count();
            format!("{} {count}", words::level(*level, lang))
        })
        .collect();
    out += &format!(
        "{}{}\n",
        lang.pick("问题：", "findings: "),
        counts.join(lang.pick("，", ", "))
    );
    out += &format!(
        "{}{}\n",
        lang.pick("结果在 ", "results in "),
        target.display()
    );
    out
}
