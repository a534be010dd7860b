//! What `hebiao status` shows in a terminal: who returned what, and whom to telephone about what.

use std::collections::HashMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::model::{FileStatus, Level, ReturnRecord, ReturnState, ReturnStatus};
use crate::pipeline::Status;
use crate::scheme::Scheme;

use super::text::{level_style, padded};
use super::{Lang, words};

/// Calls shown; the rest are counted.
const SHOWN: usize = 30;

/// The whole of it.
pub fn report(status: &Status, scheme: &Scheme, lang: Lang) -> String {
    let page = Page {
        status,
        scheme,
        lang,
    };
    let mut out = page.heading();
    out += &page.matrix();
    out += &page.single();
    out += &page.calls();
    out += &page.sums();
    out
}

struct Page<'a> {
    status: &'a Status,
    scheme: &'a Scheme,
    lang: Lang,
}

/// A cell of a table.
struct Shown {
    text: String,
    style: Style,
}

impl Shown {
    fn new(text: impl Into<String>, style: Style) -> Self {
        let text = text.into();
        Self { text, style }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Style::new())
    }
}

impl Page<'_> {
    fn heading(&self) -> String {
        let files = &self.status.files;
        let returned = files
            .iter()
            .filter(|file| file.status != FileStatus::Ignored);
        let unread = files.iter();
        let unread = unread.filter(|file| matches!(file.status, FileStatus::Unreadable(_)));
        let (n_files, n_unread) = (returned.count(), unread.count());
        let (area, period) = (&self.scheme.area, self.status.period);
        match self.lang {
            Lang::Zh => format!(
                "{area} {period} 报告期（只看收件，不汇总）：收到文件 {n_files} 个（读不了 {n_unread} 个）\n"
            ),
            Lang::En => format!(
                "{area} {period} (what came in; nothing is merged): {n_files} files ({n_unread} unreadable)\n"
            ),
        }
    }

    /// Reporters down, annexes across, for annexes that several reporters return.
    fn matrix(&self) -> String {
        let annexes = self.annexes(|n_owed| n_owed > 1);
        if annexes.is_empty() {
            return String::new();
        }
        let lang = self.lang;
        let mut header = vec![Shown::plain(lang.pick("填报单位", "Reporter"))];
        header.extend(
            annexes
                .iter()
                .map(|&annex| Shown::plain(&*self.scheme.annexes[annex].number)),
        );
        let mut lines = vec![header];
        let returns = self.status.returns.iter();
        let by_place: HashMap<(usize, usize), &ReturnRecord> = returns
            .map(|one| ((one.annex, one.reporter), one))
            .collect();
        for (idx, reporter) in self.scheme.reporters.iter().enumerate() {
            let find = |annex: usize| by_place.get(&(annex, idx)).copied();
            if annexes.iter().all(|&annex| find(annex).is_none()) {
                continue;
            }
            let mut line = vec![Shown::plain(&*reporter.name)];
            line.extend(annexes.iter().map(|&annex| match find(annex) {
                Some(one) => self.state(one),
                None => Shown::plain(""),
            }));
            lines.push(line);
        }
        let mut sums = vec![Shown::plain(lang.pick("已报/应报", "came/owed"))];
        sums.extend(annexes.iter().map(|&annex| {
            let (came, owed) = self.came(Some(annex));
            Shown::plain(format!("{came}/{owed}"))
        }));
        lines.push(sums);
        format!("\n{}", drawn(&lines))
    }

    /// One line for each annex that one reporter returns.
    fn single(&self) -> String {
        let annexes = self.annexes(|n_owed| n_owed == 1);
        let lines: Vec<Vec<Shown>> = (self.status.returns.iter())
            .filter(|one| annexes.contains(&one.annex))
            .map(|one| {
                vec![
                    Shown::plain(&*self.scheme.reporters[one.reporter].name),
                    Shown::plain(&*self.scheme.annexes[one.annex].number),
                    self.state(one),
                ]
            })
            .collect();
        match lines.is_empty() {
            true => String::new(),
            false => format!("\n{}", drawn(&lines)),
        }
    }

    /// Annexes by how many reporters owe them.
    fn annexes(&self, which: impl Fn(usize) -> bool) -> Vec<usize> {
        let n_owed = |annex: usize| {
            let returns = self.status.returns.iter();
            returns.filter(|one| one.annex == annex).count()
        };
        (0..self.scheme.annexes.len())
            .filter(|annex| which(n_owed(*annex)))
            .collect()
    }

    /// 退回 2: the state with how many findings ask for something.
    fn state(&self, one: &ReturnRecord) -> Shown {
        let mut text = words::return_state(one.state, self.lang).to_owned();
        let n_open: usize = one.open.iter().sum();
        if n_open > 0 && one.status != ReturnStatus::Missing {
            let _ = write!(text, " {n_open}");
        }
        if one.is_late && one.state != ReturnState::Late {
            let late = words::return_state(ReturnState::Late, self.lang);
            let _ = write!(text, "{}{late}", self.lang.pick("、", ", "));
        }
        Shown::new(text, state_style(one.state))
    }

    fn calls(&self) -> String {
        let (status, lang) = (self.status, self.lang);
        let mut out = String::new();
        if status.calls.is_empty() {
            return out;
        }
        let bold = Style::new().bold();
        let _ = writeln!(
            out,
            "\n{bold}{}{bold:#}",
            lang.pick(
                "电话清单（对全县合计影响大的在前）",
                "Whom to telephone (what matters most for the county's totals first)"
            )
        );
        let lines: Vec<Vec<Shown>> = (status.calls.iter().take(SHOWN).enumerate())
            .map(|(idx, call)| {
                let finding = &status.findings[call.finding];
                let reporter = call.reporter.map(|it| &*self.scheme.reporters[it].name);
                let annex = call.annex.map(|it| &*self.scheme.annexes[it].number);
                let place = finding.place.as_ref();
                let at = match (place.and_then(|place| place.cell), place, annex) {
                    (Some(cell), ..) => format!("{cell} "),
                    (None, Some(place), None) => format!("{} ", place.file),
                    _ => String::new(),
                };
                // What a return holds must not move the cursor.
                let what = format!("{at}{}", words::message(finding, lang));
                let what: String = what
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect();
                let level = words::level(finding.level, lang);
                vec![
                    Shown::plain((idx + 1).to_string()),
                    Shown::plain(reporter.unwrap_or(lang.pick("单位不明", "unknown"))),
                    Shown::plain(annex.unwrap_or_default()),
                    Shown::plain(words::effect(call.effect, lang)),
                    Shown::new(level, level_style(finding.level)),
                    Shown::plain(what),
                ]
            })
            .collect();
        out += &drawn(&lines);
        let more = status.calls.len().saturating_sub(SHOWN);
        if more > 0 {
            let _ = match lang {
                Lang::Zh => writeln!(out, "另有 {more} 条"),
                Lang::En => writeln!(out, "{more} more"),
            };
        }
        out
    }

    fn sums(&self) -> String {
        let (came, owed) = self.came(None);
        let lang = self.lang;
        let states = ReturnState::ALL.into_iter().filter_map(|state| {
            let returns = self.status.returns.iter();
            let count = returns.filter(|one| one.state == state).count();
            let style = state_style(state);
            let name = words::return_state(state, lang);
            (count > 0).then(|| format!("{style}{name}{style:#} {count}"))
        });
        let states = states.collect::<Vec<_>>().join(lang.pick("，", ", "));
        let levels = Level::ALL.map(|level| {
            let findings = self.status.findings.iter();
            let count = findings.filter(|finding| finding.level == level).count();
            format!("{} {count}", words::level(level, lang))
        });
        let levels = levels.join(lang.pick("，", ", "));
        match lang {
            Lang::Zh => format!("\n应报 {owed} 份，已报 {came} 份：{states}\n问题：{levels}\n"),
            Lang::En => format!("\n{came} of {owed} returns came: {states}\nfindings: {levels}\n"),
        }
    }

    fn came(&self, annex: Option<usize>) -> (usize, usize) {
        let returns = self.status.returns.iter();
        let of_annex = returns.filter(|one| annex.is_none_or(|annex| one.annex == annex));
        of_annex.fold((0, 0), |(came, owed), one| {
            let arrived = one.status != ReturnStatus::Missing;
            (came + usize::from(arrived), owed + 1)
        })
    }
}

fn state_style(state: ReturnState) -> Style {
    match state {
        ReturnState::Missing | ReturnState::SentBack => AnsiColor::Red.on_default().bold(),
        ReturnState::ToExplain | ReturnState::Late => AnsiColor::Yellow.on_default().bold(),
        ReturnState::Superseded | ReturnState::Returned => AnsiColor::Green.on_default(),
    }
}

/// Lines of cells under each other.
fn drawn(lines: &[Vec<Shown>]) -> String {
    let n_cols = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n_cols)
        .map(|col| {
            let cells = lines.iter().filter_map(|line| line.get(col));
            cells.map(|cell| cell.text.width()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in lines {
        let last = line.len().saturating_sub(1);
        for (idx, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let style = cell.style;
            let blank = padded("", width.saturating_sub(cell.text.width()) + 2, false);
            let blank = if idx == last { "" } else { &blank };
            let _ = write!(out, "{style}{}{style:#}{blank}", cell.text);
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}
