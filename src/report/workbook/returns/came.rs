//! 逐份情况: when each return was made, which file was taken and why, and what is open.

use rust_xlsxwriter::XlsxError;

use crate::model::{Level, ReturnRecord, ReturnState, ReturnStatus};
use crate::report::words;

use super::super::style::Role;
use super::{Piece, Returns};

impl Returns<'_, '_> {
    /// One line for each return that came.
    pub(super) fn came(&mut self, first: u32) -> Result<u32, XlsxError> {
        let context = self.context;
        let lang = context.lang;
        let mut row = self.heading(first, lang.pick("逐份情况", "Return by return"))?;
        let last = self.last;
        row = self.line(
            row,
            &[
                Piece::new((0, 0), lang.pick("序号", "No."), Role::Header),
                Piece::new((1, 1), lang.pick("填报单位", "Reporter"), Role::Header),
                Piece::new((2, 2), lang.pick("附件", "Annex"), Role::Header),
                Piece::new((3, 3), lang.pick("状态", "State"), Role::Header),
                Piece::new((4, 4), lang.pick("强制", "Mand."), Role::Header),
                Piece::new((5, 5), lang.pick("准强制", "Quasi"), Role::Header),
                Piece::new((6, 6), lang.pick("核实", "Verif."), Role::Header),
                Piece::new(
                    (7, last - 1),
                    lang.pick("时间、取用的文件", "Time, file taken"),
                    Role::Header,
                ),
                Piece::new(
                    (last, last),
                    lang.pick("标注副本", "Marked copy"),
                    Role::Header,
                ),
            ],
        )?;
        let came = context.merged.returns.iter();
        let came = came.filter(|one| one.status != ReturnStatus::Missing);
        for (idx, one) in came.enumerate() {
            let state_level = match one.state {
                ReturnState::SentBack => Some(Level::Mandatory),
                ReturnState::ToExplain => Some(Level::Verification),
                ReturnState::Late => Some(Level::Hint),
                _ => None,
            };
            let count = |col: u16, level: Level| {
                let count = one.open[level as usize];
                let level = (count > 0).then_some(level);
                Piece::new((col, col), count.to_string(), Role::Centred).level(level)
            };
            let (copy, url) = self.copy_of(one).unzip();
            row = self.line(
                row,
                &[
                    Piece::new((0, 0), (idx + 1).to_string(), Role::Centred),
                    Piece::new(
                        (1, 1),
                        &*context.scheme.reporters[one.reporter].name,
                        Role::Text,
                    ),
                    Piece::new(
                        (2, 2),
                        &*context.scheme.annexes[one.annex].number,
                        Role::Centred,
                    ),
                    Piece::new((3, 3), words::return_state(one.state, lang), Role::Centred)
                        .level(state_level),
                    count(4, Level::Mandatory),
                    count(5, Level::QuasiMandatory),
                    count(6, Level::Verification),
                    Piece::new((7, last - 1), self.taken(one), Role::Text),
                    Piece::new((last, last), copy.unwrap_or_default(), Role::Link).link(url),
                ],
            )?;
        }
        Ok(row)
    }

    /// When it was made and which file was taken: 2024-06-03 18:11；迟报；西岭镇V2.xlsx（按…较新）.
    fn taken(&self, one: &ReturnRecord) -> String {
        let lang = self.context.lang;
        let mut parts: Vec<String> = Vec::new();
        parts.extend(one.time.map(|time| time.to_string()));
        if one.is_late {
            parts.push(words::return_state(ReturnState::Late, lang).to_owned());
        }
        if let Some(file) = one.files.last() {
            parts.push(match one.newer_by {
                Some(by) => {
                    let by = words::newer_by(by, lang);
                    format!(
                        "{file}{}{by}{}",
                        lang.pick("（", " ("),
                        lang.pick("）", ")")
                    )
                }
                None => file.to_string(),
            });
        }
        parts.join(lang.pick("；", "; "))
    }
}
