//! What stands around a table: its number, its title, its unit, and who returned it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::model::{Cell, CellRef, CellValue, PeriodSource, ReporterSource, Sheet};
use crate::scheme::{Scheme, plain, without_remark};

use super::period::{PeriodMention, chinese_digit as digit};
use super::rows::is_remark;
use super::sides::Columns;

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
    /// What it may be about.
    pub(super) periods: Vec<PeriodMention>,
    /// The cell that belongs to the label before it: 填表日期 | 2024年6月.
    answer: Option<CellRef>,
}

/// A form's own lines stand within so many rows of it, and are no longer than this.
const N_LINES: u32 = 12;
const MAX_CELLS: usize = 64;
const MAX_CHARS: usize = 200;

/// What a label above or below a table asks for.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    /// Who returned it.
    Reporter,
    /// The unit of measure, or the office: 单位 means either.
    Unit,
    /// What it is about.
    Period,
    /// Anything else; it ends what stands before it.
    Other,
}

/// Labels, those that contain others first.
const LABELS: [(&str, Label); 42] = [
    ("填报单位", Label::Reporter),
    ("填表单位", Label::Reporter),
    ("报送单位", Label::Reporter),
    ("上报单位", Label::Reporter),
    ("编报单位", Label::Reporter),
    ("填报乡镇", Label::Reporter),
    ("填报乡(镇)", Label::Reporter),
    ("填报部门", Label::Reporter),
    ("填报机关", Label::Reporter),
    ("单位名称", Label::Reporter),
    ("报表单位", Label::Reporter),
    ("制表单位", Label::Reporter),
    ("计量单位", Label::Unit),
    ("单位负责人", Label::Other),
    ("单位领导", Label::Other),
    ("单位", Label::Unit),
    ("报告期别", Label::Period),
    ("报告期", Label::Period),
    ("报表期", Label::Period),
    ("所属期", Label::Period),
    ("统计期", Label::Period),
    ("统计时间", Label::Period),
    ("截止日期", Label::Period),
    ("截至日期", Label::Period),
    ("截止时间", Label::Period),
    ("截至时间", Label::Period),
    ("填报日期", Label::Other),
    ("填表日期", Label::Other),
    ("报送日期", Label::Other),
    ("上报日期", Label::Other),
    ("填报时间", Label::Other),
    ("填表时间", Label::Other),
    ("报送时间", Label::Other),
    ("上报时间", Label::Other),
    ("填报人", Label::Other),
    ("填表人", Label::Other),
    ("审核人", Label::Other),
    ("负责人", Label::Other),
    ("联系", Label::Other),
    ("日期", Label::Other),
    ("时间", Label::Other),
    ("电话", Label::Other),
];

impl Evidence {
    /// Reads the last of these rows, which stand above a header, in its columns.
    pub(super) fn gather(
        scheme: &Scheme,
        sheet: &Sheet,
        rows: Range<u32>,
        columns: &Columns,
    ) -> Self {
        let mut evidence = Self {
            numbers: Vec::new(),
            titles: Vec::new(),
            unit: None,
            mentions: Vec::new(),
            periods: Vec::new(),
            answer: None,
        };
        for row in rows.start.max(rows.end.saturating_sub(N_LINES))..rows.end {
            for cell in cells_in(sheet, row, columns) {
                if let Some(text) = cell.text().filter(|text| is_short(text)) {
                    evidence.line(scheme, sheet, cell.at, text);
                }
            }
        }
        evidence
    }

    /// Who returned it is often said below the table, where it is signed.
    pub(super) fn look_below(
        &mut self,
        scheme: &Scheme,
        sheet: &Sheet,
        rows: Range<u32>,
        columns: &Columns,
    ) {
        let said = |mention: &Mention| mention.source == ReporterSource::Form;
        if self.mentions.iter().any(said) {
            return;
        }
        for row in rows.start..rows.end.min(rows.start.saturating_add(N_LINES)) {
            for cell in cells_in(sheet, row, columns) {
                if let Some(text) = cell.text().filter(|text| is_short(text)) {
                    let text = plain(text);
                    self.labels(scheme, sheet, cell.at, &text, Label::Reporter);
                }
            }
        }
    }

    fn line(&mut self, scheme: &Scheme, sheet: &Sheet, at: CellRef, raw: &str) {
        let text = plain(raw);
        if let Some(number) = annex_number(scheme, raw) {
            self.numbers.push((at, number));
        }
        let is_label = self.labels(scheme, sheet, at, &text, Label::Unit);
        self.months(sheet, at, raw, &text);
        if !is_label && text.chars().count() >= 6 && !is_remark(&text) {
            self.mentions.push(Mention {
                source: ReporterSource::Title,
                cell: at,
                text: text.to_string(),
            });
            self.titles.push(text.into_owned());
        }
    }

    /// Takes what a text says of the period: after a label of its own, or anywhere but after the label of
    /// something else.
    fn months(&mut self, sheet: &Sheet, at: CellRef, raw: &str, text: &str) {
        if self.answer.take() == Some(at) {
            return;
        }
        // 填表日期 | 2024年6月, without a colon.
        if LABELS.contains(&(text, Label::Other)) {
            self.answer = next_cell(sheet, at).map(|next| next.at);
            return;
        }
        let labels = labelled(text);
        let before = labels.first().map_or(raw, |first| &text[..first.start]);
        let title = PeriodMention::of(PeriodSource::Title, Some(at), before, false);
        self.periods.extend(title);
        for said in &labels {
            let next = next_cell(sheet, at).filter(|_| said.value.is_empty());
            match said.label {
                Label::Period => {
                    let printed = match next.map(|cell| &cell.value) {
                        None => said.value.to_owned(),
                        Some(CellValue::Text(text)) => text.to_string(),
                        Some(CellValue::Date(date)) => date.to_string(),
                        Some(_) => String::new(),
                    };
                    let cell = Some(next.map_or(at, |next| next.at));
                    let mention = PeriodMention::of(PeriodSource::Form, cell, &printed, true);
                    self.periods.extend(mention);
                }
                Label::Other => {}
                Label::Reporter | Label::Unit => {
                    let title = PeriodMention::of(PeriodSource::Title, Some(at), said.value, false);
                    self.periods.extend(title);
                }
            }
            if matches!(said.label, Label::Period | Label::Other) {
                self.answer = next.map(|next| next.at);
            }
        }
    }

    /// Takes what the labels in a text say, of units only where they are asked for. Whether there are any.
    fn labels(
        &mut self,
        scheme: &Scheme,
        sheet: &Sheet,
        at: CellRef,
        text: &str,
        wanted: Label,
    ) -> bool {
        let labels = labelled(text);
        for said in &labels {
            let value = if said.value.is_empty() {
                right_of(sheet, at)
            } else {
                Some((at, said.value.to_owned()))
            };
            let Some((cell, mut value)) = value else {
                continue;
            };
            if said.label == Label::Reporter
                && let Some(at) = value.find('(').filter(|at| *at > 0)
                && !names_anybody(scheme, &value[at..])
            {
                // 轮台镇(加盖公章) is 轮台镇; 轮台镇(草湖乡) may be either.
                value.truncate(at);
            }
            let unit = match said.label {
                Label::Period | Label::Other => continue,
                Label::Reporter => None,
                Label::Unit => {
                    let known = scheme.units.find(&value);
                    known.or_else(|| scheme.units.find(without_remark(&value).0))
                }
            };
            let is_office = said.label == Label::Reporter
                || unit.is_none() && scheme.roster.find(&value).is_ok();
            if is_office {
                self.mentions.push(Mention {
                    source: ReporterSource::Form,
                    cell,
                    text: value,
                });
            } else if wanted == Label::Unit && self.unit.is_none() && (said.apart || unit.is_some())
            {
                self.unit = Some((cell, unit, value));
            }
        }
        labels.iter().any(|said| said.apart)
    }

    /// Whether the sheet, its name or the file's name says that it is this annex.
    pub(super) fn names(
        &self,
        scheme: &Scheme,
        number: &str,
        file: &Arc<str>,
        sheet_name: &str,
    ) -> bool {
        if !self.numbers.is_empty() {
            return self.numbers.iter().any(|(_, printed)| printed == number);
        }
        let stem = file.rsplit('/').next().unwrap_or(file);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        // A name that lists several annexes says nothing of each.
        let named = [sheet_name, stem]
            .into_iter()
            .map(|name| annex_numbers(scheme, name))
            .find(|numbers| !numbers.is_empty());
        matches!(named.as_deref(), Some([only]) if only == number)
    }

    /// A printed number that is not this annex's, unless the title is.
    pub(super) fn other_number(&self, number: &str, title: &str) -> Option<(CellRef, String)> {
        let (cell, printed) = self.numbers.last()?;
        (printed != number && self.title_differs(title) > 0).then(|| (*cell, printed.clone()))
    }

    /// Whether another says nothing that is not said here: the lines between two pages of one form.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_known = |number: &String| self.numbers.iter().any(|(_, known)| known == number);
        let is_said =
            |mention: &Mention| self.mentions.iter().any(|said| said.text == mention.text);
        other.numbers.iter().all(|(_, number)| is_known(number))
            && other.mentions.iter().all(is_said)
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

/// Whether a row of these texts is a line of a form, and no row of its table: 附件7, 单位：亩, 填报单位：轮台镇.
pub(super) fn is_form_line(plain: &str) -> bool {
    let labels = || labelled(plain).iter().any(|said| said.apart);
    plain.starts_with("附件") || plain.starts_with("附表") || (is_short(plain) && labels())
}

fn cells_in<'s>(
    sheet: &'s Sheet,
    row: u32,
    columns: &Columns,
) -> impl Iterator<Item = &'s Cell> + use<'s> {
    let cells = sheet.row(row);
    let from = cells.partition_point(|cell| cell.at.col < *columns.start());
    let to = cells.partition_point(|cell| cell.at.col <= *columns.end());
    cells[from..to].iter().take(MAX_CELLS)
}

fn is_short(text: &str) -> bool {
    text.len() <= MAX_CHARS * 4 && text.chars().count() <= MAX_CHARS
}

/// The number in 附件3.1, 附表3.1 or （附件3-1）, as the scheme writes it.
pub(super) fn annex_number(scheme: &Scheme, text: &str) -> Option<String> {
    let text: String = text.nfkc().collect();
    let start = text.find('附')? + '附'.len_utf8();
    // 见附件5 in a sentence is not the form's own number.
    if text[..start].chars().filter(|c| !c.is_whitespace()).count() > 6 {
        return None;
    }
    let rest = text[start..].trim_start().strip_prefix(['件', '表'])?;
    number_at(scheme, rest)
}

/// All numbers of annexes that a name holds.
fn annex_numbers(scheme: &Scheme, name: &str) -> Vec<String> {
    let text: String = name.nfkc().collect();
    let mut numbers: Vec<String> = ["附件", "附表"]
        .iter()
        .flat_map(|word| text.match_indices(word).map(|(at, word)| at + word.len()))
        .filter_map(|start| number_at(scheme, &text[start..]))
        .collect();
    numbers.sort();
    numbers.dedup();
    numbers
}

/// The number at the start of a text. What follows may be a year: 附件3.12023年 is 附件3.1.
fn number_at(scheme: &Scheme, text: &str) -> Option<String> {
    let digits = in_digits(text);
    let blanks_out: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    let rest = blanks_out.trim_start_matches([':', '(']);
    let written: String = rest
        .chars()
        .map(|c| {
            if matches!(c, '-' | '_' | '—' | '–') {
                '.'
            } else {
                c
            }
        })
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let is_year = |rest: &str| {
        rest.strip_prefix("20").is_some_and(|rest| {
            rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_digit)
        })
    };
    let ends = |number: &str| {
        let rest = written.strip_prefix(number)?;
        let goes_on = rest
            .trim_start_matches('.')
            .starts_with(|c: char| c.is_ascii_digit());
        (!goes_on || is_year(rest)).then_some(number.len())
    };
    let known = scheme.annexes.iter().filter_map(|annex| {
        let digits = annex
            .number
            .trim_start_matches(|c: char| !c.is_ascii_digit());
        // A number without digits is told by no digits.
        let digits = Some(digits).filter(|digits| !digits.is_empty())?;
        Some((ends(digits)?, &*annex.number))
    });
    if let Some((_, number)) = known.max() {
        return Some(number.to_owned());
    }
    let digits = written.trim_matches('.');
    (!digits.is_empty()).then(|| format!("附件{digits}"))
}

/// 五 as 5, 三之一 and 3之1 as 3.1, at the start of a text that would else be left as it is.
fn in_digits(text: &str) -> Cow<'_, str> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '('));
    let number = |text| chinese_number(text).or_else(|| plain_number(text));
    let Some((whole, rest)) = number(start) else {
        return text.into();
    };
    let part = rest.trim_start().strip_prefix(['之', '点']);
    let part = part.and_then(|part| number(part.trim_start()));
    if part.is_none() && start.starts_with(|c: char| c.is_ascii_digit()) {
        return text.into();
    }
    let (number, rest) = match part {
        Some((part, rest)) => (format!("{whole}.{part}"), rest),
        None => (whole.to_string(), rest),
    };
    // 附件一并报送 and 附件三份 name no annex.
    let counts = |c: char| matches!(c, '份' | '个' | '张' | '页' | '项' | '类');
    let is_word = |c: char| counts(c) || (number == "1" && !c.is_whitespace() && c.is_alphabetic());
    match rest.starts_with(is_word) {
        true => text.into(),
        false => format!("{number} {rest}").into(),
    }
}

/// A Chinese digit, and what follows it.
fn chinese_digit(text: &str) -> Option<(u32, &str)> {
    let first = text.chars().next()?;
    let number = digit(first).filter(|number| *number > 0)?;
    Some((number, &text[first.len_utf8()..]))
}

/// A number from 1 to 99 in Chinese digits, and what follows it.
fn chinese_number(text: &str) -> Option<(u32, &str)> {
    let (tens, rest) = match (chinese_digit(text), text.strip_prefix('十')) {
        (_, Some(rest)) => (10, rest),
        (Some((first, rest)), None) => match rest.strip_prefix('十') {
            Some(rest) => (first * 10, rest),
            None => return Some((first, rest)),
        },
        (None, None) => return None,
    };
    Some(chinese_digit(rest).map_or((tens, rest), |(ones, rest)| (tens + ones, rest)))
}

/// A number from 1 to 99, and what follows it.
fn plain_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = text[..digits]
        .parse()
        .ok()
        .filter(|n| (1..100).contains(n))?;
    Some((number, &text[digits..]))
}

/// A label and what follows it.
struct Labelled<'t> {
    label: Label,
    /// Where it starts in the text.
    start: usize,
    value: &'t str,
    /// Whether the label stands apart: in 造林任务单位:亩 it may be part of another word.
    apart: bool,
}

/// The labels of a text, with what follows each up to the next: 填报单位：轮台镇（盖章）单位：亩.
fn labelled(text: &str) -> Vec<Labelled<'_>> {
    let mut starts: Vec<(usize, usize, Label)> = Vec::new();
    // Most texts have none.
    if !text.contains(':') && LABELS.iter().all(|(word, _)| !text.starts_with(word)) {
        return Vec::new();
    }
    let mut resume = 0;
    for (at, _) in text.char_indices() {
        if at < resume {
            continue;
        }
        let label = LABELS.iter().find(|(word, _)| text[at..].starts_with(word));
        let Some((word, label)) = label else { continue };
        let mut rest = &text[at + word.len()..];
        for seal in SEALS {
            rest = rest.strip_prefix(seal).unwrap_or(rest);
        }
        let value = match rest.strip_prefix(':') {
            Some(value) => value,
            // A label in a cell of its own needs no colon.
            None if rest.is_empty() && at == 0 && *label == Label::Reporter => rest,
            None => continue,
        };
        resume = text.len() - value.len();
        starts.push((at, resume, *label));
    }
    let ends = starts.iter().skip(1).map(|start| start.0);
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(nth, ((at, value, label), end))| {
            let value = &text[*value..end];
            // (单位:万亩) ends where its bracket does.
            let inside = text[..*at]
                .ends_with('(')
                .then(|| value.find(')'))
                .flatten();
            Labelled {
                label: *label,
                start: *at,
                value: name_in(inside.map_or(value, |end| &value[..end])),
                apart: nth > 0 || is_boundary(&text[..*at]),
            }
        })
        .collect()
}

const SEALS: [&str; 5] = ["(盖章)", "(公章)", "(签章)", "(章)", "(印章)"];

fn names_anybody(scheme: &Scheme, text: &str) -> bool {
    !scheme.roster.all_named_in(text).is_empty()
}

/// A value without seals and the lines to write on.
fn name_in(value: &str) -> &str {
    let mut value = value.trim_start_matches(['_', ',', ';', '、']);
    loop {
        let before = value;
        value = value.trim_end_matches(['_', ',', ';', '、', '。']);
        for seal in SEALS {
            value = value.strip_suffix(seal).unwrap_or(value);
        }
        if value == before {
            return value;
        }
    }
}

/// Whether a label may begin after this: 主要单位： is another label that ends in the same word.
fn is_boundary(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_none_or(|c| matches!(c, '(' | ')' | ':' | ';' | ',' | '。' | '_' | '|'))
}

/// The next cell to the right that is filled in.
fn next_cell(sheet: &Sheet, at: CellRef) -> Option<&Cell> {
    let row = sheet.row(at.row);
    row.get(row.partition_point(|cell| cell.at.col <= at.col))
}

/// The next text to the right.
fn right_of(sheet: &Sheet, at: CellRef) -> Option<(CellRef, String)> {
    let next = next_cell(sheet, at)?;
    let text = plain(next.text()?);
    let value = name_in(&text);
    (!value.is_empty() && !text.contains(':')).then(|| (next.at, value.to_owned()))
}
