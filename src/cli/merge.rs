//! `hebiao merge`: everything in the inbox of a period → the outbox of that period.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::consolidate::records::write_records;
use crate::inbox::{self, InboxFile};
use crate::model::{FileStatus, Level, ReturnStatus};
use crate::pipeline::{Merged, merge};
use crate::report::annotate::send_back;
use crate::report::outbox::Outbox;
use crate::report::{Lang, json, words, workbook};
use crate::scheme::Scheme;

use super::{ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, progress, scheme::load_scheme};

/// Merges one period; exit code by what is open.
pub(super) fn run(surroundings: &Surroundings, period: Option<&str>) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let period = match period {
        Some(period) => checked_period(period, lang)?,
        None => newest_period(&surroundings.inbox, lang)?,
    };
    let folder = surroundings.inbox.join(&period);
    // An outbox that cannot be written is better known before the work than after it.
    let outbox = Outbox::prepare(&surroundings.outbox, &period)?;
    let files = inbox::list(&folder).with_context(|| {
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
    let bar = progress(files.len());
    let merged = merge(&scheme, &period, &files, &|| bar.inc(1));
    bar.finish_and_clear();
    let target = write(&scheme, &files, &merged, lang, outbox)?;
    print!("{}", summary(&scheme, &merged, &target, lang));
    let open = merged
        .findings
        .iter()
        .any(|finding| finding.level <= Level::QuasiMandatory);
    // The program ends here, and the system takes all memory back faster than we could take it apart.
    std::mem::forget(merged);
    Ok(if open { FINDINGS_OPEN } else { ALL_CLEAR })
}

fn write(
    scheme: &Scheme,
    files: &[InboxFile],
    merged: &Merged,
    lang: Lang,
    mut outbox: Outbox,
) -> Result<PathBuf> {
    let book = format!(
        "{}-{}-{}.xlsx",
        scheme.area,
        merged.period,
        lang.pick("汇总", "consolidated")
    );
    // They are made of the same figures and need nothing of each other.
    let mut records = Vec::new();
    let (workbook, recorded) = rayon::join(
        || workbook::write_workbook(merged, scheme, lang),
        || {
            write_records(
                scheme,
                &merged.period,
                &merged.files,
                &merged.tables,
                &mut records,
            )
        },
    );
    let workbook = workbook?;
    recorded?;
    outbox.write(&book, |writer| writer.write_all(&workbook))?;
    outbox.write("records.parquet", |writer| writer.write_all(&records))?;
    let facts = json::Facts {
        scheme,
        period: Some(&merged.period),
        files: &merged.files,
        returns: &merged.returns,
        findings: &merged.findings,
        tallies: &merged.tallies,
    };
    outbox.write("findings.json", |writer| json::write(&facts, lang, writer))?;
    let bytes_of = |path: &str| -> std::io::Result<Vec<u8>> {
        let file = files.iter().find(|file| &*file.path == path);
        let file = file.ok_or(std::io::ErrorKind::NotFound)?;
        std::fs::read(&file.source)
    };
    let sent = send_back(scheme, &merged.files, &merged.findings, &bytes_of, lang);
    for (path, bytes) in &sent.copies {
        outbox.write(path, |writer| writer.write_all(bytes))?;
    }
    for (path, error) in sent.failed {
        // Its findings are in the county workbook all the same.
        let said = lang.pick("没有标注", "not annotated");
        eprintln!("{path} {said}: {:#}", anyhow::Error::new(error));
    }
    Ok(outbox.commit()?)
}

fn checked_period(period: &str, lang: Lang) -> Result<String> {
    if is_period(period) {
        return Ok(period.to_owned());
    }
    bail!(
        "{}",
        match lang {
            Lang::Zh => format!("报告期应为 plan 或月份（如 2024-05），写的是“{period}”"),
            Lang::En => format!("a period is plan or a month such as 2024-05, not “{period}”"),
        }
    )
}

fn is_period(name: &str) -> bool {
    let month = |name: &str| {
        let (year, month) = name.split_once('-')?;
        let digits =
            |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        (digits(year, 4) && digits(month, 2) && (1..=12).contains(&month.parse::<u8>().ok()?))
            .then_some(())
    };
    name == "plan" || month(name).is_some()
}

/// The latest month in the inbox, else the plan.
fn newest_period(inbox: &Path, lang: Lang) -> Result<String> {
    let entries = std::fs::read_dir(inbox).with_context(|| {
        format!(
            "{}{}",
            lang.pick("读不了收件文件夹 ", "cannot read the inbox "),
            inbox.display()
        )
    })?;
    let periods = entries
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_period(name));
    // Months sort before the word, and are newer than it.
    let newest = periods.max_by_key(|name| (name != "plan", name.clone()));
    newest.with_context(|| {
        format!(
            "{}{}",
            inbox.display(),
            lang.pick(
                " 里没有报告期文件夹（plan 或 2024-05）",
                " holds no period (plan or 2024-05)"
            )
        )
    })
}

fn summary(scheme: &Scheme, merged: &Merged, target: &Path, lang: Lang) -> String {
    let n_forms: usize = merged.tables.len();
    let n_values: usize = merged
        .files
        .iter()
        .flat_map(|file| &file.tables)
        .map(|table| table.observations)
        .sum();
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
