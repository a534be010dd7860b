//! 更正情况: what newer returns changed against those before them.

use rust_xlsxwriter::XlsxError;

use crate::model::{Correction, Finding, Level, Value};
use crate::report::{Lang, words};

use super::super::style::Role;
use super::{Piece, Returns};

/// Changed cells shown of one return; findings.json has them all.
const SHOWN: usize = 200;

impl Returns<'_, '_> {
    /// For each correction a line that says which return replaced which, then its cells and its findings.
    pub(super) fn corrections(&mut self, first: u32) -> Result<u32, XlsxError> {
        let context = self.context;
        let lang = context.lang;
        if context.merged.corrections.is_empty() {
            return Ok(first.saturating_sub(1));
        }
        let mut row = self.heading(first, lang.pick("更正情况", "Corrections"))?;
        let last = self.last;
        row = self.line(
            row,
            &[
                Piece::new((0, 0), lang.pick("序号", "No."), Role::Header),
                Piece::new((1, 1), lang.pick("填报单位", "Reporter"), Role::Header),
                Piece::new((2, 2), lang.pick("附件", "Annex"), Role::Header),
                Piece::new((3, 3), lang.pick("单元格", "Cell"), Role::Header),
                Piece::new((4, 5), lang.pick("原报", "Before"), Role::Header),
                Piece::new((6, 7), lang.pick("现报", "Now"), Role::Header),
                Piece::new(
                    (8, last),
                    lang.pick("行、列；问题", "Row, column; finding"),
                    Role::Header,
                ),
            ],
        )?;
        for (idx, correction) in context.merged.corrections.iter().enumerate() {
            row = self.correction(row, idx + 1, correction)?;
        }
        Ok(row)
    }

    fn correction(
        &mut self,
        first: u32,
        number: usize,
        correction: &Correction,
    ) -> Result<u32, XlsxError> {
        let context = self.context;
        let (lang, last) = (context.lang, self.last);
        let reporter = &*context.scheme.reporters[correction.reporter].name;
        let annex = &*context.scheme.annexes[correction.annex].number;
        let mut row = self.line(
            first,
            &[
                Piece::new((0, 0), number.to_string(), Role::Centred),
                Piece::new((1, 1), reporter, Role::Text),
                Piece::new((2, 2), annex, Role::Centred),
                Piece::new((3, last), summary(correction, lang), Role::Text),
            ],
        )?;
        for change in correction.changes.iter().take(SHOWN) {
            let cell = change
                .place
                .cell
                .map_or(String::new(), |cell| cell.to_string());
            let year = change.year.map(|year| match lang {
                Lang::Zh => format!("{year}年"),
                Lang::En => year.to_string(),
            });
            let about = [
                Some(change.row.clone()),
                year,
                Some(change.column.to_string()),
            ];
            let about: Vec<String> = about
                .into_iter()
                .flatten()
                .filter(|it| !it.is_empty())
                .collect();
            row = self.line(
                row,
                &[
                    Piece::new((0, 0), "", Role::Centred),
                    Piece::new((1, 1), reporter, Role::Text),
                    Piece::new((2, 2), annex, Role::Centred),
                    Piece::new((3, 3), cell, Role::Centred),
                    Piece::new((4, 5), shown(&change.old, lang), Role::Centred),
                    Piece::new((6, 7), shown(&change.new, lang), Role::Centred),
                    Piece::new((8, last), about.join(" "), Role::Text),
                ],
            )?;
        }
        let more = correction.changes.len().saturating_sub(SHOWN);
        if more > 0 {
            let said = match lang {
                Lang::Zh => format!("另有 {more} 格，见 findings.json"),
                Lang::En => format!("{more} more cells are in findings.json"),
            };
            row = self.line(row, &[Piece::new((3, last), said, Role::Text)])?;
        }
        let removed = correction.removed.iter();
        let removed = removed.map(|it| (lang.pick("问题已消除", "finding gone"), it));
        let made = correction.made.iter();
        let made = made.map(|it| (lang.pick("新出现问题", "new finding"), it));
        // Hints ask for nothing, so nothing is lost or won by them.
        let findings: Vec<(&str, &Finding)> = removed
            .chain(made)
            .filter(|(_, finding)| finding.level < Level::Hint)
            .collect();
        for (what, finding) in findings {
            let cell = finding.place.as_ref().and_then(|place| place.cell);
            let level = words::level(finding.level, lang);
            row = self.line(
                row,
                &[
                    Piece::new((0, 0), "", Role::Centred),
                    Piece::new((1, 1), reporter, Role::Text),
                    Piece::new((2, 2), annex, Role::Centred),
                    Piece::new(
                        (3, 3),
                        cell.map_or(String::new(), |cell| cell.to_string()),
                        Role::Centred,
                    ),
                    Piece::new((4, 7), what, Role::Centred),
                    Piece::new(
                        (8, last),
                        format!("{level} {}", words::message(finding, lang)),
                        Role::Text,
                    ),
                ],
            )?;
        }
        Ok(row)
    }
}

/// Which file replaced which, how that was told, and how much it changed.
fn summary(correction: &Correction, lang: Lang) -> String {
    let (older, newer) = (&correction.older.file, &correction.newer.file);
    let by = words::newer_by(correction.newer_by, lang);
    let n_cells = correction.changes.len();
    let serious = |findings: &[Finding]| {
        let serious = findings
            .iter()
            .filter(|finding| finding.level < Level::Hint);
        serious.count()
    };
    let (removed, made) = (serious(&correction.removed), serious(&correction.made));
    match lang {
        Lang::Zh => format!(
            "{newer} 替换 {older}（{by}）：改动 {n_cells} 格，消除问题 {removed} 个，新出现 {made} 个"
        ),
        Lang::En => format!(
            "{newer} replaces {older} ({by}): {n_cells} cells changed, {removed} findings gone, {made} new"
        ),
    }
}

/// What a cell says; a blank has to be said.
fn shown(value: &Value, lang: Lang) -> String {
    match value {
        Value::Missing => lang.pick("（空）", "(blank)").to_owned(),
        value => value.to_string(),
    }
}
