//! 电话清单: whom to telephone about what.

use rust_xlsxwriter::XlsxError;

use crate::report::{Lang, words};

use super::super::findings::place_in_annex;
use super::super::style::Role;
use super::{Piece, Returns};

/// More are not telephoned about; findings.json has them all.
const SHOWN: usize = 2_000;

impl Returns<'_, '_> {
    /// One line for each matter, what matters most for the county's totals first.
    pub(super) fn calls(&mut self, first: u32) -> Result<u32, XlsxError> {
        let context = self.context;
        let (lang, merged) = (context.lang, context.merged);
        let mut row = self.heading(first, lang.pick("电话清单", "Whom to telephone"))?;
        if merged.rolled_up {
            return self.paragraph(
                row,
                lang.pick(
                    "各县（市）的未了问题见“错误清单”，由各县（市）向填报单位催办。",
                    "Counties ask their own reporters; sheet Findings says what is open in each.",
                ),
            );
        }
        if merged.calls.is_empty() {
            return self.paragraph(row, lang.pick("没有要打电话的。", "Nobody."));
        }
        row = self.paragraph(row, lang.pick(
            "先打对全县合计影响大的单位，按“影响×级别”排（强制×3，准强制×2，核实×1）。影响：填错的格，差额占全县合计的比重，差额不明的按与嫌疑值之差，没有嫌疑值的按该格数值；未报的、漏填的，上月（没有则规划）该单位的数占当时全县合计的比重，一张表取各列中最大的。“不明”是没有可比的数，排在最前；“—”是不进合计。",
            "Those that matter most for the county's totals come first, by effect times level (mandatory 3, quasi-mandatory 2, verification 1). Effect: of a wrong cell, its difference over the county's total (where none is known, that from its likely value, else the figure itself); of what is missing, the reporter's figure of last month, else of the plan, over the county's total then, the greatest of the form's columns. “?” has nothing to compare with and comes first; “—” is part of no total.",
        ))?;
        let last = self.last;
        row = self.line(
            row,
            &[
                Piece::new((0, 0), lang.pick("序号", "No."), Role::Header),
                Piece::new((1, 1), lang.pick("填报单位", "Reporter"), Role::Header),
                Piece::new((2, 2), lang.pick("附件", "Annex"), Role::Header),
                Piece::new((3, 3), lang.pick("影响", "Effect"), Role::Header),
                Piece::new((4, 4), lang.pick("级别", "Level"), Role::Header),
                Piece::new(
                    (5, last - 1),
                    lang.pick("缺什么、错什么", "What is missing or wrong"),
                    Role::Header,
                ),
                Piece::new(
                    (last, last),
                    lang.pick("文件（标注副本）", "File (marked copy)"),
                    Role::Header,
                ),
            ],
        )?;
        for (idx, call) in merged.calls.iter().take(SHOWN).enumerate() {
            let finding = &merged.findings[call.finding];
            let reporter = match call.reporter {
                Some(reporter) => &*context.scheme.reporters[reporter].name,
                None => lang.pick("单位不明", "unknown"),
            };
            let annex = call
                .annex
                .map_or("", |annex| &*context.scheme.annexes[annex].number);
            let place = finding.place.as_ref();
            let cell = place.and_then(|place| place.cell);
            let cell = cell.map_or(String::new(), |cell| format!("{cell} "));
            let mut what = format!("{cell}{}", words::title(finding, lang));
            // The cell is found in the form; the figure's name can be said on the telephone.
            let name = place_in_annex(context, call.finding);
            if !name.is_empty() && !cell.is_empty() {
                what += &match lang {
                    Lang::Zh => format!("（{name}）"),
                    Lang::En => format!(" ({name})"),
                };
            }
            let facts = words::facts(finding, lang);
            if !facts.is_empty() {
                what += &format!("{}{facts}", lang.pick("：", ": "));
            }
            if finding.is_tie() {
                let candidates = words::right(finding, lang);
                what += &match lang {
                    Lang::Zh => format!("；其中一格填错，应为：{candidates}"),
                    Lang::En => format!("; one of these is wrong and should be: {candidates}"),
                };
            }
            let file = place.map_or("", |place| &*place.file);
            let copy = context
                .copies
                .get(file)
                .map(|path| format!("file:///{path}"));
            row = self.line(
                row,
                &[
                    Piece::new((0, 0), (idx + 1).to_string(), Role::Centred),
                    Piece::new((1, 1), reporter, Role::Text),
                    Piece::new((2, 2), annex, Role::Centred),
                    Piece::new((3, 3), words::effect(call.effect, lang), Role::Centred),
                    Piece::new((4, 4), words::level(finding.level, lang), Role::Centred)
                        .level(Some(finding.level)),
                    Piece::new((5, last - 1), what, Role::Text),
                    Piece::new((last, last), file, Role::Link).link(copy),
                ],
            )?;
        }
        if let Some(more) = merged
            .calls
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            let said = match lang {
                Lang::Zh => format!("另有 {more} 条，见 findings.json。"),
                Lang::En => format!("{more} more are in findings.json."),
            };
            row = self.paragraph(row, &said)?;
        }
        Ok(row)
    }
}
