//! What annotated copies are called, and which returns are sent back.

use std::collections::BTreeMap;

use crate::model::{FileRecord, FileStatus, Finding};
use crate::report::Lang;
use crate::report::workbook::text;

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
    let stem = bare(stem);
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

/// A return that its reporter has to do something about.
#[derive(Clone, Debug)]
pub struct SentBack<'m> {
    /// Index of the file.
    pub file: usize,
    /// The folder it goes to: the reporter's name.
    pub folder: String,
    /// All findings in it.
    pub findings: Vec<&'m Finding>,
}

/// The returns that go back: those that count and have a finding that asks something of the
/// reporter. Hints alone send nothing back.
pub fn to_send_back<'m>(
    files: &[FileRecord],
    reporter_name: &dyn Fn(usize) -> String,
    findings: &'m [Finding],
    lang: Lang,
) -> Vec<SentBack<'m>> {
    let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Some(place) = &finding.place {
            by_file.entry(&place.file).or_default().push(finding);
        }
    }
    let mut back = Vec::new();
    for (file, record) in files.iter().enumerate() {
        if record.status != FileStatus::Read {
            continue;
        }
        let findings = by_file.remove(&*record.path).unwrap_or_default();
        if !findings.iter().any(|finding| finding.is_for_reporter()) {
            continue;
        }
        let reporter = record.tables.iter().find_map(|table| table.reporter);
        let folder = match reporter {
            Some(reporter) => folder_name(&reporter_name(reporter)),
            None => lang.pick("填报单位不明", "unknown").to_owned(),
        };
        back.push(SentBack {
            file,
            folder,
            findings,
        });
    }
    back
}

/// A name that every system takes for a folder.
fn folder_name(name: &str) -> String {
    let fits = |c: char| {
        !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') && !c.is_control()
    };
    let name: String = name.chars().filter(|c| fits(*c)).collect();
    let name = text::cut(name.trim().trim_end_matches('.'), 80);
    match name.is_empty() {
        true => "-".to_owned(),
        false => name,
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
        assert_eq!(
            copy_name("a.xlsm", "xlsm", 2, Lang::En),
            "a (reviewed2).xlsm"
        );
    }
}
