//! What stands around a table: its number, its title, its unit, and who returned it.

use std::sync::Arc;

use crate::model::{CellRef, ReporterSource, Sheet};
use crate::scheme::{Scheme, plain};

/// A text that may say who returned a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// 填报单位 cell, or title.
    pub source: ReporterSource,
    /// Where it stands.
    pub cell: CellRef,
    /// The name, or the title that may contain one.
    pub text: String,
}

/// What stands around a table.
pub(super) struct Evidence {
    /// Annex numbers printed above the table.
    numbers: Vec<(CellRef, String)>,
    /// Texts that may be its title, plain.
    titles: Vec<String>,
    /// The unit line: cell, the scheme's unit if it is known, and the text.
    pub(super) unit: Option<(CellRef, Option<usize>, String)>,
    /// Who may have returned it.
    pub(super) mentions: Vec<Mention>,
}

/// Labels of the cell that says who returned a form.
const REPORTER_LABELS: [&str; 10] = [
    "填报单位",
    "填表单位",
    "报送单位",
    "上报单位",
    "编报单位",
    "填报乡镇",
    "填报部门",
    "单位名称",
    "报表单位",
    "制表单位",
];

impl Evidence {
    /// Reads the rows from `from` to above `header`.
    pub(super) fn gather(scheme: &Scheme, sheet: &Sheet, from: u32, header: u32) -> Self {
        let mut evidence = Self {
            numbers: Vec::new(),
            titles: Vec::new(),
            unit: None,
            mentions: Vec::new(),
        };
        // A form's own lines stand within a few rows of its header.
        for row in from.max(header.saturating_sub(12))..header {
            for cell in sheet.row(row) {
                if let Some(text) = cell.text() {
                    evidence.line(scheme, sheet, cell.at, text);
                }
            }
        }
        evidence
    }

    fn line(&mut self, scheme: &Scheme, sheet: &Sheet, at: CellRef, text: &str) {
        let text = plain(text);
        if let Some(number) = annex_number(&text) {
            self.numbers.push((at, number));
        }
        let mut is_label = false;
        for label in REPORTER_LABELS {
            if let Some(rest) = after_label(&text, label) {
                is_label = true;
                let name = if rest.is_empty() {
                    right_of(sheet, at)
                } else {
                    Some((at, rest))
                };
                if let Some((cell, name)) = name {
                    self.mentions.push(Mention {
                        source: ReporterSource::Form,
                        cell,
                        text: name,
                    });
                }
            }
        }
        for label in ["计量单位", "单位"] {
            let Some(rest) = after_label(&text, label).filter(|_| !is_label) else {
                continue;
            };
            let stated = if rest.is_empty() {
                right_of(sheet, at)
            } else {
                Some((at, rest))
            };
            let Some((cell, stated)) = stated else { break };
            // 单位： may mean the unit of measure or the office.
            let unit = scheme.units.find(&stated);
            if unit.is_none() && scheme.roster.find(&stated).is_ok() {
                self.mentions.push(Mention {
                    source: ReporterSource::Form,
                    cell,
                    text: stated,
                });
            } else if self.unit.is_none() {
                self.unit = Some((cell, unit, stated));
            }
            is_label = true;
            break;
        }
        if !is_label && text.chars().count() >= 6 {
            self.mentions.push(Mention {
                source: ReporterSource::Title,
                cell: at,
                text: text.to_string(),
            });
            self.titles.push(text.into_owned());
        }
    }

    /// Whether the sheet, its name or the file's name says that it is this annex.
    pub(super) fn names(&self, number: &str, file: &Arc<str>, sheet_name: &str) -> bool {
        if !self.numbers.is_empty() {
            return self.numbers.iter().any(|(_, printed)| printed == number);
        }
        let sheet_number = annex_number(&plain(sheet_name));
        if sheet_number.is_some() {
            return sheet_number.as_deref() == Some(number);
        }
        let stem = file.rsplit('/').next().unwrap_or(file);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        annex_number(&plain(stem)).as_deref() == Some(number)
    }

    /// A printed number that is not this annex's, unless the title is.
    pub(super) fn other_number(&self, number: &str, title: &str) -> Option<(CellRef, String)> {
        let (cell, printed) = self.numbers.last()?;
        (printed != number && self.title_differs(title) > 0).then(|| (*cell, printed.clone()))
    }

    /// How far, of 10, the nearest title is from this one; years, which vary, are left out.
    pub(super) fn title_differs(&self, title: &str) -> usize {
        let letters =
            |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit()).collect() };
        let wanted = letters(&plain(title));
        let nearest = self
            .titles
            .iter()
            .map(|text| strsim::normalized_damerau_levenshtein(&letters(text), &wanted))
            .fold(0.0, f64::max);
        10 - (nearest * 10.0) as usize
    }
}

/// The number in 附件3.1, 附表3.1 or （附件3-1）, as the scheme writes it.
fn annex_number(plain: &str) -> Option<String> {
    let start = ["附件", "附表"]
        .iter()
        .find_map(|word| plain.find(word).map(|idx| idx + word.len()))?;
    let digits: String = plain[start..]
        .chars()
        .map(|c| if matches!(c, '-' | '_') { '.' } else { c })
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let digits = digits.trim_matches('.');
    (!digits.is_empty()).then(|| format!("附件{digits}"))
}

/// What follows a label and its colon: 填报单位：轮台镇（盖章） → 轮台镇(盖章).
fn after_label(text: &str, label: &str) -> Option<String> {
    let start = text.find(label)?;
    // 主要单位： or 所属单位： is another label that ends in the same word.
    if text[..start]
        .chars()
        .next_back()
        .is_some_and(|c| !matches!(c, '(' | ')' | ':' | ';' | ',' | '。'))
    {
        return None;
    }
    let rest = &text[start + label.len()..];
    let rest = rest
        .strip_prefix("(盖章)")
        .or_else(|| rest.strip_prefix("(公章)"))
        .unwrap_or(rest);
    let rest = rest.strip_prefix(':')?;
    let end = ["填报", "填表", "单位:", "计量", "报送", "日期", "审核", "("]
        .iter()
        .filter_map(|word| rest.find(word).filter(|idx| *idx > 0))
        .min()
        .unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches([',', ';', ')']).to_owned())
}

/// The next text to the right.
fn right_of(sheet: &Sheet, at: CellRef) -> Option<(CellRef, String)> {
    let next = sheet.row(at.row).iter().find(|cell| cell.at.col > at.col)?;
    let text = plain(next.text()?).into_owned();
    (!text.contains(':')).then_some((next.at, text))
}
