//! What the scheme prints in rows that others fill in: texts, names of offices, and the targets that rows quote.

use std::ops::Range;

use toml::Spanned;

use super::error::{Problem, What};
use super::file::RowFile;
use super::load::AnnexLoader;
use super::name::plain;
use super::resolve::nearest;
use super::{Annex, Bound, Column, ColumnKind, Print, RowSpec, Target};

/// What stands where a row has nothing of the kind.
const NOTHING: &str = "－";

impl AnnexLoader<'_> {
    /// Whether what a column prints can be printed, and what it is held against can be held so.
    pub(super) fn check_slots(&mut self, annex: &Annex, column: usize, span: Range<usize>) {
        let described = &annex.columns[column];
        let kind = described.kind;
        let wrong = match described.print {
            Some(_) if annex.is_key(column) => {
                Some("不在 row_key 中的列（row_key 中的列不写 print）")
            }
            Some(Print::Row) if matches!(kind, ColumnKind::Text | ColumnKind::Reporter) => None,
            Some(Print::Row) => Some("kind = \"text\" 或 \"reporter\" 的列（有 print）"),
            Some(_) if kind != ColumnKind::Text => Some("kind = \"text\" 的列（有 print）"),
            Some(_) if described.each_year => Some("不分年度的列（有 print）"),
            _ if described.measures_target && !kind.is_figure() => {
                Some("填数字的列（有 measures）")
            }
            _ if !described.done.is_empty() && kind != ColumnKind::Text => {
                Some("kind = \"text\" 的列（有 done）")
            }
            _ => None,
        };
        if let Some(wanted) = wrong {
            let given = described.name.to_string();
            self.bad(span, wanted, given);
        }
    }

    /// What is printed in the cells of a row that are no key. A text that is not written is the one of the row
    /// above, where that is about the same thing: what the plan prints once for several lines.
    pub(super) fn print(
        &mut self,
        annex: &Annex,
        above: Option<&RowSpec>,
        spec: &mut RowSpec,
        row: Option<&RowFile>,
        span: &Range<usize>,
    ) {
        let written = row.map(|row| &row.cells);
        for name in written.into_iter().flat_map(|cells| cells.keys()) {
            if let Some(column) = self.column(annex, name)
                && annex.columns[column].print != Some(Print::Row)
            {
                let given = name.get_ref().clone();
                self.bad(name.span(), "print = \"row\" 的列", given);
            }
        }
        let above = above.filter(|above| above.key.first() == spec.key.first());
        for (idx, column) in annex.columns.iter().enumerate() {
            let Some(print) = column.print else { continue };
            let is_own = Some(idx) == annex.reporter_column;
            if print != Print::Row {
                let text = self.quote(print, spec).unwrap_or(NOTHING.to_owned());
                spec.cells.push((idx, text));
                continue;
            }
            let mut cells = written.into_iter().flatten();
            let own = cells.find(|(name, _)| *name.get_ref() == *column.name);
            if let Some((_, text)) = own {
                let (text, reporters) = self.text(column, text);
                spec.cells.push((idx, text));
                if is_own {
                    spec.reporters = reporters;
                }
            } else if let Some((above, text)) =
                above.and_then(|above| Some((above, above.cell(idx)?)))
            {
                spec.cells.push((idx, text.to_owned()));
                if is_own {
                    spec.reporters.clone_from(&above.reporters);
                }
            } else {
                let column = column.name.to_string();
                self.mistakes
                    .at(self.file, span.clone(), Problem::NotPrinted { column });
            }
        }
    }

    /// The target that a row quotes.
    pub(super) fn target(&mut self, annex: &Annex, id: &Spanned<String>) -> Option<Target> {
        let Some(target) = self.targets.get(id.get_ref().as_str()) else {
            let known = self.targets.keys().copied();
            let near = nearest(id.get_ref(), known);
            self.unknown(What::Target, id, near);
            return None;
        };
        if !annex.columns.iter().any(|column| column.measures_target) {
            let what = "写明 measures = \"target\" 的列";
            self.mistakes
                .at(self.file, id.span(), Problem::Lacking { what });
        }
        // What is wrong with the target itself is said where it is written.
        target.clone()
    }

    /// A text as it is printed, with the reporters that it names.
    fn text(&mut self, column: &Column, text: &Spanned<String>) -> (String, Vec<usize>) {
        match column.kind {
            ColumnKind::Reporter => self.offices(text),
            _ => (text.get_ref().clone(), Vec::new()),
        }
    }

    /// The offices in 轮台工业园区管委会，县商工局、住建局, as the roster spells them. A group is printed by its
    /// name, and means all reporters of its kind.
    fn offices(&mut self, text: &Spanned<String>) -> (String, Vec<usize>) {
        let list = text.get_ref();
        let mut names: Vec<String> = Vec::new();
        let mut reporters: Vec<usize> = Vec::new();
        let is_between = |c: char| matches!(c, '、' | '，' | ',' | '；' | ';') || c.is_whitespace();
        for name in list.split(is_between).filter(|name| !name.is_empty()) {
            let start = name.as_ptr() as usize - list.as_ptr() as usize;
            let name = Spanned::new(self.place_in(text, start, name), name.to_owned());
            let mut groups = self.groups.iter();
            let group = groups.find(|group| plain(group.name.get_ref()) == plain(name.get_ref()));
            if let Some(group) = group {
                let everyone = self.scheme.reporters.iter().enumerate();
                let of_kind = everyone.filter(|(_, reporter)| reporter.kind == group.kind);
                reporters.extend(of_kind.map(|(idx, _)| idx));
                names.push(group.name.get_ref().clone());
            } else if let Some(reporter) = self.reporter(&name) {
                reporters.push(reporter);
                names.push(self.scheme.reporters[reporter].name.to_string());
            }
        }
        (names.join("、"), reporters)
    }

    /// Where a part of a text stands in the file; the whole of it where it is written with escapes.
    fn place_in(&self, text: &Spanned<String>, start: usize, part: &str) -> Range<usize> {
        let span = text.span();
        let quotes = [1, 3].into_iter().map(|n_quotes| {
            let from = span.start + n_quotes + start;
            from..from + part.len()
        });
        let mut places = quotes.filter(|place| self.file.text.get(place.clone()) == Some(part));
        places.next().unwrap_or(span)
    }

    fn quote(&self, print: Print, spec: &RowSpec) -> Option<String> {
        let target = spec.target.as_ref();
        match print {
            Print::Row => None,
            Print::Unit => Some(self.scheme.units.name(spec.unit?).to_string()),
            Print::Target => {
                let target = target?;
                let bound = match target.bound {
                    Bound::Equal => "",
                    Bound::AtLeast => "≥",
                    Bound::AtMost => "≤",
                };
                Some(format!("{bound}{}", target.value))
            }
            Print::Year => {
                let (first, last) = target?.years;
                Some(match first == last {
                    true => format!("{last}年"),
                    false => format!("{first}—{last}年"),
                })
            }
        }
    }

    fn bad(&mut self, span: Range<usize>, wanted: &'static str, given: String) {
        let problem = Problem::BadValue { wanted, given };
        self.mistakes.at(self.file, span, problem);
    }
}
