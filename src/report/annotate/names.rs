//! What annotated copies are called, and which returns are sent back.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use crate::model::{
    Detail, FileRecord, FileStatus, Finding, Format, Kind, Level, NoCopy, Place, hex,
};
use crate::read::{by_weight, caught, weight};
use crate::report::Lang;
use crate::report::workbook::text;
use crate::scheme::Scheme;

use super::{AnnotateError, Annotated, annotate};

/// The name of an annotated copy: 阳霞镇.xlsx → 阳霞镇（已审核）.xlsx. A copy that is annotated again keeps
/// its name. `n` from 2 tells copies apart that would have one name.
pub fn copy_name(original: &str, extension: &str, n: usize, lang: Lang) -> String {
    let name = original.rsplit(['/', '\\']).next().unwrap_or(original);
    let stem = match name.rsplit_once('.') {
        Some((stem, known))
            if !stem.is_empty()
                && known.len() <= 5
                && known.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            stem
        }
        _ => name,
    };
    let stem = short(bare(stem));
    let number = match n {
        0 | 1 => String::new(),
        n => n.to_string(),
    };
    match lang {
        Lang::Zh => format!("{stem}（已审核{number}）.{extension}"),
        Lang::En => format!("{stem} (reviewed{number}).{extension}"),
    }
}

/// The name without our own addition.
fn bare(stem: &str) -> &str {
    for (start, end) in [("（已审核", "）"), ("(已审核", ")"), (" (reviewed", ")")] {
        if let Some((before, number)) = stem.rsplit_once(start)
            && let Some(number) = number.strip_suffix(end)
            && number.bytes().all(|b| b.is_ascii_digit())
            && !before.is_empty()
        {
            return before;
        }
    }
    stem
}

/// As much of a stem as leaves room for our addition: systems take names of up to 255 bytes, and a Chinese
/// character is three.
fn short(stem: &str) -> Cow<'_, str> {
    const CHARS: usize = 90;
    const BYTES: usize = 200;
    let mut ends = stem.char_indices().map(|(start, c)| start + c.len_utf8());
    let n_chars = ends
        .by_ref()
        .take(CHARS)
        .take_while(|end| *end <= BYTES)
        .count();
    text::cut(stem, n_chars)
}

/// The annotated copies of the returns that go back.
#[derive(Debug, Default)]
pub struct SentBack<'f> {
    /// The file of each, its path under the folder of the period, and its content.
    pub copies: Vec<(&'f FileRecord, String, Vec<u8>)>,
    /// Files that have no copy, and why.
    pub failed: Vec<(&'f FileRecord, NoCopy)>,
}

/// The returns that go back, with the paths of their copies under the folder of the period: those that count
/// and have a finding that asks something of the reporter. Hints alone send nothing back.
pub fn copy_paths<'f>(
    scheme: &Scheme,
    files: &'f [FileRecord],
    findings: &[Finding],
    lang: Lang,
) -> Vec<(&'f FileRecord, String)> {
    let records = go_back(files, findings);
    let extension = |record: &FileRecord| match record.format {
        Some(Format::Xlsm) => "xlsm",
        Some(Format::Ods) => ods_extension(&record.path),
        _ => "xlsx",
    };
    let paths = paths(
        scheme,
        records.iter().map(|&one| (one, extension(one))),
        lang,
    );
    records.into_iter().zip(paths).collect()
}

fn go_back<'f>(files: &'f [FileRecord], findings: &[Finding]) -> Vec<&'f FileRecord> {
    let asked: BTreeSet<&str> = (findings.iter())
        .filter(|finding| finding.is_for_reporter())
        .filter_map(|finding| Some(&*finding.place.as_ref()?.file))
        .collect();
    let goes =
        |record: &&FileRecord| record.status == FileStatus::Read && asked.contains(&*record.path);
    files.iter().filter(goes).collect()
}

/// The paths of copies with their extensions.
fn paths<'f>(
    scheme: &Scheme,
    copies: impl Iterator<Item = (&'f FileRecord, &'static str)>,
    lang: Lang,
) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // For a path that several would have, the first number that may be free.
    let mut next: HashMap<String, usize> = HashMap::new();
    copies
        .map(|(record, extension)| {
            let reporter = record.tables.iter().find_map(|table| table.reporter);
            let folder = match reporter {
                Some(reporter) => plain_name(&scheme.reporters[reporter].name),
                None => lang.pick("填报单位不明", "unknown").to_owned(),
            };
            let folder = format!("{}/{folder}", lang.pick("退回", "sent-back"));
            // Two files of one name may come from different folders; systems may not tell cases apart.
            let path = |n: usize| {
                let name = copy_name(&record.path, extension, n, lang);
                format!("{folder}/{}", plain_name(&name))
            };
            let next = next.entry(path(1).to_lowercase()).or_insert(1);
            loop {
                let path = path(*next);
                *next += 1;
                if taken.insert(path.to_lowercase()) {
                    break path;
                }
            }
        })
        .collect()
}

/// Annotates the returns that go back. `bytes_of` gives the content of a file of the inbox.
pub fn send_back<'f>(
    scheme: &Scheme,
    files: &'f [FileRecord],
    findings: &[Finding],
    bytes_of: &(dyn Fn(&str) -> Result<Vec<u8>, NoCopy> + Sync),
    lang: Lang,
) -> SentBack<'f> {
    let by_file = Finding::by_file(findings);
    let records = go_back(files, findings);
    let copies = by_weight(&records, |record, most| {
        let findings = by_file.get(&*record.path).map_or(&[][..], Vec::as_slice);
        let bytes = light(bytes_of(&record.path), most)?;
        Ok(annotate_checked(record, bytes, findings, lang))
    });
    let mut sent = SentBack::default();
    let mut made = Vec::new();
    for (record, copy) in records.into_iter().zip(copies) {
        match copy {
            Ok(copy) => made.push((record, copy)),
            Err(why) => sent.failed.push((record, why)),
        }
    }
    // Where macros could not be kept, the copy is called what it is.
    let named = made.iter().map(|(record, copy)| (*record, copy.extension));
    let paths = paths(scheme, named, lang);
    let copies = made.into_iter().zip(paths);
    sent.copies = copies
        .map(|((record, copy), path)| (record, path, copy.bytes))
        .collect();
    sent
}

/// What a file holds, where it weighs no more than it may; else its weight.
pub fn light<E>(read: Result<Vec<u8>, E>, most: u64) -> Result<Result<Vec<u8>, E>, u64> {
    let weight = read.as_deref().map_or(0, weight);
    if weight > most { Err(weight) } else { Ok(read) }
}

/// Annotates a file that was checked: `read` is what it holds now, and only what was checked is marked.
pub fn annotate_checked(
    record: &FileRecord,
    read: Result<Vec<u8>, NoCopy>,
    findings: &[&Finding],
    lang: Lang,
) -> Result<Annotated, NoCopy> {
    let bytes = read?;
    if hex(&Sha256::digest(&bytes)) != record.sha256 {
        return Err(NoCopy::Changed);
    }
    // An oddity in one file is no reason for all others to go without.
    let annotated = caught(|| annotate(&bytes, findings, lang));
    let annotated = annotated.map_err(|detail| NoCopy::ProgramFailed { detail })?;
    let named = annotated.map(|copy| Annotated {
        extension: match copy.extension {
            "ods" | "fods" => ods_extension(&record.path),
            extension => extension,
        },
        ..copy
    });
    named.map_err(|error| match error {
        AnnotateError::Unreadable(why) => NoCopy::Unreadable(why),
        error => NoCopy::Damaged {
            detail: error.to_string(),
        },
    })
}

/// What a marked OpenDocument spreadsheet is called: one in a single file by its own name, since programs go by it.
fn ods_extension(path: &str) -> &'static str {
    let is = |end: &str| {
        let start = path.len().checked_sub(end.len());
        start
            .and_then(|start| path.get(start..))
            .is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    if is(".fods") || is(".xml") {
        "fods"
    } else {
        "ods"
    }
}

/// The finding that a file has no annotated copy.
pub fn no_copy(scheme: &Scheme, record: &FileRecord, why: NoCopy) -> Finding {
    let mut finding =
        Finding::new(Kind::NoCopy, Level::Hint, Detail::NoCopy(why)).at(Place::file(&record.path));
    let reporter = record.tables.iter().find_map(|table| table.reporter);
    finding.reporter = reporter.map(|idx| scheme.reporters[idx].name.clone());
    finding
}

/// A name that every system takes, and every program as a link: what follows # is a place in the file there,
/// and % begins a code.
fn plain_name(name: &str) -> String {
    let fits = |c: char| {
        !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') && !c.is_control()
    };
    let linked = |c: char| match c {
        '#' => '＃',
        '%' => '％',
        c => c,
    };
    let name: String = name.chars().filter(|c| fits(*c)).map(linked).collect();
    let name = text::cut(name.trim().trim_end_matches('.'), 120);
    match name.is_empty() {
        true => "-".to_owned(),
        false => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_called_after_its_original_once() {
        let name = |original, n| copy_name(original, "xlsx", n, Lang::Zh);
        assert_eq!(name("a/阳霞镇.xls", 1), "阳霞镇（已审核）.xlsx");
        assert_eq!(name("阳霞镇（已审核）.xlsx", 1), "阳霞镇（已审核）.xlsx");
        assert_eq!(name("阳霞镇(已审核2).xlsx", 3), "阳霞镇（已审核3）.xlsx");
        assert_eq!(name("附件3.1 阳霞镇", 1), "附件3.1 阳霞镇（已审核）.xlsx");
        assert_eq!(name("（已审核）.xlsx", 1), "（已审核）（已审核）.xlsx");
        let long = format!("{}.xlsx", "长".repeat(80));
        let kept = "长".repeat(66);
        assert_eq!(name(&long, 1), format!("{kept}…（已审核）.xlsx"));
        let long = format!("{}.xlsx", "a".repeat(250));
        let kept = "a".repeat(90);
        assert_eq!(name(&long, 2), format!("{kept}…（已审核2）.xlsx"));
        assert_eq!(
            copy_name("a.xlsm", "xlsm", 2, Lang::En),
            "a (reviewed2).xlsm"
        );
    }

    #[test]
    fn names_are_those_that_systems_and_links_take() {
        assert_eq!(
            plain_name("1#、2#锅炉（已审核）.xlsx"),
            "1＃、2＃锅炉（已审核）.xlsx"
        );
        assert_eq!(plain_name("完成40%?.xlsx"), "完成40％.xlsx");
        assert_eq!(plain_name("a\tb<c>.xlsx."), "abc.xlsx");
        assert_eq!(plain_name("?"), "-");
    }
}
