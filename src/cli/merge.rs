//! `hebiao merge`: everything in the inbox of a period → the outbox of that period.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use crate::consolidate::records::write_records;
use crate::inbox::{self, InboxFile};
use crate::model::{FileStatus, Level, Period, ReturnStatus};
use crate::pipeline::{Merged, merge};
use crate::report::annotate::send_back;
use crate::report::outbox::Outbox;
use crate::report::{Lang, json, words, workbook};
use crate::scheme::{Scheme, SchemeFile};

use super::earlier::earlier;
use super::{
    ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, asked_period, progress, publish::set_units,
    scheme::load_with_files, watch,
};

/// Where an outbox keeps the scheme that it was made with.
pub(super) const SCHEME_FOLDER: &str = "报表制度";

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
        print!("{}", summary(&scheme, &merged, &target, surroundings.lang));
        // The program ends here; the system takes the figures back faster than they are taken apart.
        std::mem::forget(merged);
        return Ok(if open { FINDINGS_OPEN } else { ALL_CLEAR });
    }
    let folder = surroundings.inbox.join(period.to_string());
    watch::run(surroundings, &folder, || {
        let (merged, target) = run_once(surroundings, &scheme, &scheme_files, period)?;
        println!("{}", short_summary(&merged, &target, surroundings.lang));
        Ok(())
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
    let target = write((scheme, scheme_files), &files, &merged, lang, outbox)?;
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
    merged: &Merged,
    lang: Lang,
    outbox: Outbox,
) -> Result<PathBuf> {
    let book = book_name(&scheme.area, merged.period, lang);
    // They are made of the same figures and need nothing of each other.
    let (book, (rest, records)) = rayon::join(
        || -> Result<()> {
            let workbook = workbook::write_workbook(merged, scheme, lang)?;
            Ok(outbox.write(&book, |writer| writer.write_all(&workbook))?)
        },
        || {
            rayon::join(
                || {
                    write_scheme(scheme_files, &outbox)?;
                    write_findings(scheme, files, merged, lang, &outbox)
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

/// What was found, for programs, and in copies of the returns for those who sent them.
fn write_findings(
    scheme: &Scheme,
    files: &[InboxFile],
    merged: &Merged,
    lang: Lang,
    outbox: &Outbox,
) -> Result<()> {
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
    outbox.write("findings.json", |writer| json::write(&facts, lang, writer))?;
    let sources: HashMap<&str, &Path> = (files.iter())
        .map(|file| (&*file.path, &*file.source))
        .collect();
    let bytes_of = |path: &str| -> std::io::Result<Vec<u8>> {
        let source = sources.get(path).ok_or(std::io::ErrorKind::NotFound)?;
        std::fs::read(source)
    };
    let sent = send_back(scheme, &merged.files, &merged.findings, &bytes_of, lang);
    (sent.copies.par_iter())
        .try_for_each(|(path, bytes)| outbox.write(path, |writer| writer.write_all(bytes)))?;
    for (path, error) in sent.failed {
        // Its findings are in the county workbook all the same.
        let said = lang.pick("没有标注", "not annotated");
        eprintln!("{path} {said}: {:#}", anyhow::Error::new(error));
    }
    Ok(())
}

/// Puts the outbox in its place, and says what was in the old one and stays.
pub(super) fn finish(outbox: Outbox, lang: Lang) -> Result<PathBuf> {
    let committed = outbox.commit()?;
    if !committed.kept.is_empty() {
        let said = lang.pick(
            "输出文件夹里您自己放入或改过的文件，已原样保留：",
            "kept as they were, because you put or changed them there: ",
        );
        let names: Vec<String> = (committed.kept.iter())
            .map(|path| path.display().to_string())
            .collect();
        eprintln!("{said}{}", names.join(lang.pick("、", ", ")));
    }
    Ok(committed.path)
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
