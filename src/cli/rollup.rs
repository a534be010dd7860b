//! `hebiao rollup`: the outboxes of several counties → one for the prefecture.

use std::io::{Cursor, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::consolidate::records::write_all_records;
use crate::model::{Damage, Level, Period, ReturnStatus, hex};
use crate::pipeline::Merged;
use crate::report::json::finding_value;
use crate::report::outbox::{Outbox, SCHEME_FOLDER};
use crate::report::{Lang, words, workbook};
use crate::rollup::{CountyOutbox, Unlike, left_out, prefecture, roll_up, unlike};
use crate::scheme::Scheme;

use super::earlier::{RECORDS, as_written, earlier, past_of, unusable};
use super::merge::{book_name, finish, sum_up};
use super::scheme::load_from;
use super::{ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, named_period};

/// What was asked for.
pub(super) struct Order {
    pub(super) period: String,
    pub(super) outboxes: Vec<PathBuf>,
    pub(super) area: String,
    pub(super) output: Option<PathBuf>,
}

/// Brings counties together; exit code by what is open in them.
pub(super) fn run(surroundings: &Surroundings, order: &Order) -> Result<u8> {
    let lang = surroundings.lang;
    let period = named_period(&order.period, lang)?;
    refuse_missing(&order.outboxes, period, lang)?;
    let mut counties = Vec::new();
    let (mut documents, mut all_records) = (Vec::new(), Vec::new());
    for folder in &order.outboxes {
        let Some((county, files)) = read_county(folder, period, lang)? else {
            return Ok(NOT_DONE);
        };
        counties.push(county);
        documents.push(files.document);
        all_records.push(files.records);
    }
    refuse_twins(&counties, lang)?;
    let differing = unlike(&counties);
    if !differing.is_empty() {
        let said: Vec<String> = differing.iter().map(|one| said(one, lang)).collect();
        bail!("{}", said.join("\n"));
    }
    let Some(scheme) = prefecture(&order.area, &counties) else {
        bail!(
            "{}",
            lang.pick("没有指定县（市）的输出文件夹", "no outboxes were given")
        );
    };
    let (folder, name) = place(surroundings, order, period)?;
    let outbox = Outbox::prepare(&folder, &name)?;
    let merged = roll_up(&scheme, period, &counties);
    let book = workbook::write_workbook(&merged, &scheme, lang)?;
    let name = book_name(&scheme.area, period, lang);
    outbox.write(&name, |writer| writer.write_all(&book))?;
    let records: Vec<(&str, Cursor<Vec<u8>>)> = (counties.iter().zip(all_records))
        .map(|(county, records)| (county.scheme.area.as_str(), Cursor::new(records)))
        .collect();
    let mut bytes = Vec::new();
    write_all_records(records, &mut bytes)?;
    outbox.write(RECORDS, |writer| writer.write_all(&bytes))?;
    let document = document(&scheme, period, &counties, &documents, lang);
    outbox.write(FINDINGS, |writer| {
        serde_json::to_writer_pretty(&mut *writer, &document)?;
        writer.write_all(b"\n")
    })?;
    let target = finish(outbox, lang)?;
    let is_said = sum_up(&summary(&scheme, &merged, &target, lang), &target, lang);
    let is_open = |finding: &crate::model::Finding| finding.level <= Level::QuasiMandatory;
    Ok(match merged.findings.iter().any(is_open) {
        _ if !is_said => NOT_DONE,
        true => FINDINGS_OPEN,
        false => ALL_CLEAR,
    })
}

const FINDINGS: &str = "findings.json";

/// What a county's outbox has that goes into the prefecture's.
struct CountyFiles {
    /// Its findings.json.
    document: Value,
    /// Its records.parquet.
    records: Vec<u8>,
}

/// A county's outbox, unless its scheme is wrong.
fn read_county(
    folder: &Path,
    period: Period,
    lang: Lang,
) -> Result<Option<(CountyOutbox, CountyFiles)>> {
    let own = folder.join(period.to_string());
    let Some((scheme, _)) = load_from(&own.join(SCHEME_FOLDER), lang)? else {
        return Ok(None);
    };
    let path = own.join(FINDINGS);
    let text = own_file(folder, period, FINDINGS, lang)?;
    let document: Value =
        serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    // A scheme that was changed since would say of the figures what they do not mean.
    let fingerprint = document["scheme"]["fingerprint"].as_str();
    if fingerprint.is_some_and(|known| known != scheme.fingerprint) {
        let folder = own.join(SCHEME_FOLDER);
        let folder = folder.display();
        bail!(match lang {
            Lang::Zh => format!(
                "{folder} 在汇总之后被改动过，与汇总结果对不上，请该县重新运行 hebiao merge {period}"
            ),
            Lang::En => format!(
                "{folder} was changed after the merge and is not what it was made with: run hebiao merge {period} there again"
            ),
        });
    }
    let findings = serde_json::from_value(document["findings"].clone())
        .with_context(|| path.display().to_string())?;
    let records = own_file(folder, period, RECORDS, lang)?;
    let now = past_of(&scheme, period, &records);
    let now = now.map_err(|damage| cannot_use(folder, period, RECORDS, &damage, lang))?;
    let earlier = earlier(&scheme, folder, period, lang)?;
    let bases = [earlier.plan, earlier.last_month, earlier.year_before];
    let pasts = bases.into_iter().flatten().chain(earlier.months);
    let pasts = pasts.chain([now]).collect();
    let county = CountyOutbox {
        workbook: book_name(&scheme.area, period, lang).into(),
        sha256: hex(&Sha256::digest(&records)),
        scheme,
        pasts,
        findings,
        left_out: earlier.left_out,
    };
    Ok(Some((county, CountyFiles { document, records })))
}

/// A file of the period itself, as the county's merge wrote it.
fn own_file(folder: &Path, period: Period, name: &str, lang: Lang) -> Result<Vec<u8>> {
    let bytes = as_written(folder, period, name);
    let bytes = bytes.map_err(|damage| cannot_use(folder, period, name, &damage, lang))?;
    let missing = || std::io::Error::from(ErrorKind::NotFound);
    let path = folder.join(period.to_string()).join(name);
    (bytes.ok_or_else(missing)).with_context(|| path.display().to_string())
}

fn cannot_use(
    folder: &Path,
    period: Period,
    name: &str,
    damage: &Damage,
    lang: Lang,
) -> anyhow::Error {
    anyhow!(unusable(folder, period, name, damage, lang))
}

/// All counties that have not merged the period are named at once.
fn refuse_missing(outboxes: &[PathBuf], period: Period, lang: Lang) -> Result<()> {
    let has_merged = |folder: &Path| folder.join(period.to_string()).join(SCHEME_FOLDER).is_dir();
    let missing = outboxes.iter().filter(|folder| !has_merged(folder));
    let missing: Vec<String> = missing.map(|folder| folder.display().to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(lang.pick("、", ", "));
    bail!(match lang {
        Lang::Zh => format!(
            "{missing} 里没有 {period} 的汇总结果（或是旧版本做的，请该县重新运行 hebiao merge {period}）"
        ),
        Lang::En => format!(
            "{missing} holds no {period} (or an older version made it: run hebiao merge {period} there again)"
        ),
    })
}

/// One county twice would be counted twice.
fn refuse_twins(counties: &[CountyOutbox], lang: Lang) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match counties
        .iter()
        .find(|county| !seen.insert(&county.scheme.area))
    {
        Some(twin) => bail!(
            "{}{}",
            twin.scheme.area,
            lang.pick(" 给了两次", " was given twice")
        ),
        None => Ok(()),
    }
}

fn said(unlike: &Unlike, lang: Lang) -> String {
    let Unlike {
        one,
        other,
        only_one,
        only_other,
        parts,
    } = unlike;
    let mut said = match lang {
        Lang::Zh => format!("{one}与{other}的报表制度不同，不能相加"),
        Lang::En => {
            format!(
                "{one} and {other} have different schemes, and their figures cannot be added up"
            )
        }
    };
    let only = |area: &str| match lang {
        Lang::Zh => format!("只有{area}有的附件："),
        Lang::En => format!("annexes that only {area} has: "),
    };
    let differing = lang.pick("不同之处：", "what differs: ").to_owned();
    let lists = [
        (only(one), only_one),
        (only(other), only_other),
        (differing, parts),
    ];
    for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        said += lang.pick("；", "; ");
        said += &what;
        said += &names.join(lang.pick("、", ", "));
    }
    said
}

/// The folder and the name of what is made: <outbox>/<period>-州级, or what was asked for.
fn place(surroundings: &Surroundings, order: &Order, period: Period) -> Result<(PathBuf, String)> {
    let Some(output) = &order.output else {
        return Ok((surroundings.outbox.clone(), format!("{period}-州级")));
    };
    let name = output.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| output.display().to_string())?;
    let folder = output
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    Ok((folder.unwrap_or(Path::new(".")).to_owned(), name.to_owned()))
}

/// findings.json: every county's own, each finding and file with its county.
fn document(
    scheme: &Scheme,
    period: Period,
    counties: &[CountyOutbox],
    documents: &[Value],
    lang: Lang,
) -> Value {
    let all = |key: &str| -> Vec<Value> {
        let of_county = counties
            .iter()
            .zip(documents)
            .flat_map(|(county, document)| {
                let entries = document[key].as_array().into_iter().flatten();
                entries.map(|entry| {
                    let mut entry = entry.clone();
                    entry["county"] = json!(county.scheme.area);
                    entry
                })
            });
        of_county.collect()
    };
    // What no county could know.
    let own = left_out(counties).map(|finding| {
        let mut entry = finding_value(&finding, lang);
        entry["county"] = json!(finding.reporter.as_deref());
        entry
    });
    let findings: Vec<Value> = all("findings").into_iter().chain(own).collect();
    let counties = counties.iter().zip(documents).map(|(county, document)| {
        json!({
            "county": county.scheme.area,
            "fingerprint": county.scheme.fingerprint,
            "records_sha256": county.sha256,
            "counts": document["counts"],
        })
    });
    json!({
        "tool": concat!("hebiao ", env!("CARGO_PKG_VERSION")),
        "scheme": {
            "id": scheme.id,
            "area": scheme.area,
        },
        "period": period.to_string(),
        "counties": counties.collect::<Vec<_>>(),
        "files": all("files"),
        "returns": all("returns"),
        "findings": findings,
    })
}

fn summary(scheme: &Scheme, merged: &Merged, target: &Path, lang: Lang) -> String {
    let returns = merged.returns.len();
    let missing = merged
        .returns
        .iter()
        .filter(|one| one.status == ReturnStatus::Missing);
    let missing = missing.count();
    let counts: Vec<String> = (Level::ALL.iter())
        .map(|level| {
            let found = merged
                .findings
                .iter()
                .filter(|finding| finding.level == *level);
            format!("{} {}", words::level(*level, lang), found.count())
        })
        .collect();
    let n = scheme.reporters.len();
    let (area, period, target) = (&scheme.area, merged.period, target.display());
    match lang {
        Lang::Zh => format!(
            "{area} {period} 报告期\n{n} 个县（市），各附件应有 {returns} 份，缺 {missing} 份\n未了问题：{}\n结果在 {target}\n",
            counts.join("，")
        ),
        Lang::En => format!(
            "{area} {period}\n{n} counties, {returns} annexes, {missing} missing\nopen findings: {}\nresults in {target}\n",
            counts.join(", ")
        ),
    }
}
