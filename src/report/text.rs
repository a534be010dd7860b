//! What `hebiao check` shows in a terminal: findings by file, sheet and place, each with a cut of the form
//! around it, and a verdict for every file.
//!
//! A clerk thinks of “F9”, so the cut has the letters and numbers of the sheet. Colours are in the text;
//! whoever prints it takes them out where they do not belong.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{
    Amount, Cell, CellRef, CellValue, FileStatus, Finding, Level, Place, Sheet, Table, Verdict,
};
use crate::pipeline::CheckedFiles;
use crate::scheme::Scheme;

use super::workbook::marks::{Marked, marked_cells, marked_places};
use super::{Lang, words};

/// Columns of an ordinary terminal.
const COLUMNS: usize = 80;
/// Less than this holds no sentence.
const NARROWEST: usize = 40;

/// Everything that was found, and the verdicts. Nothing is wider than a terminal has columns by old custom, or than
/// `width`, where it is known and less.
pub fn report(checked: &CheckedFiles, scheme: &Scheme, width: Option<usize>, lang: Lang) -> String {
    let mut out = String::new();
    let width = width.map_or(COLUMNS, |width| width.clamp(NARROWEST, COLUMNS));
    let by_file = Finding::by_file(&checked.findings);
    let mut forms: HashMap<(&str, &str), Vec<&Table>> = HashMap::new();
    for table in &checked.tables {
        let sheet = (&*table.file, &*table.sheet);
        forms.entry(sheet).or_default().push(table);
    }
    for (idx, record) in checked.files.iter().enumerate() {
        let Some(findings) = by_file.get(&*record.path) else {
            continue;
        };
        let bold = Style::new().bold();
        let _ = writeln!(out, "{bold}{}{bold:#}", record.path);
        let mut sheets: BTreeMap<(usize, Option<&str>), Vec<&Finding>> = BTreeMap::new();
        let workbook = checked.workbooks[idx].as_ref();
        for finding in findings {
            let name = finding
                .place
                .as_ref()
                .and_then(|place| place.sheet.as_deref());
            let position = workbook.zip(name).and_then(|(workbook, name)| {
                workbook.sheets.iter().position(|sheet| sheet.name == name)
            });
            let position = position.map_or(0, |position| position + 1);
            sheets.entry((position, name)).or_default().push(finding);
        }
        for ((position, name), findings) in sheets {
            let sheet = workbook.and_then(|workbook| workbook.sheets.get(position.checked_sub(1)?));
            let here = (&*record.path, name.unwrap_or_default());
            let page = Page {
                forms: forms.get(&here).map_or(&[], Vec::as_slice),
                scheme,
                width,
                lang,
                sheet,
            };
            if let Some(name) = name {
                let annexes: BTreeSet<&str> = findings
                    .iter()
                    .filter_map(|finding| finding.annex.as_deref())
                    .collect();
                let annexes: Vec<&str> =
                    annexes.into_iter().filter(|annex| *annex != name).collect();
                let _ = match annexes.is_empty() {
                    true => writeln!(out, "  {bold}{name}{bold:#}"),
                    false => writeln!(out, "  {bold}{name}{bold:#} {}", annexes.join(" ")),
                };
            }
            page.findings(&findings, &mut out);
        }
    }
    let nowhere = checked
        .findings
        .iter()
        .filter(|finding| finding.place.is_none());
    for finding in nowhere {
        let style = level_style(finding.level);
        let level = words::level(finding.level, lang);
        let (heading, said) = (words::heading(finding), words::message(finding, lang));
        let head = Head {
            indent: 0,
            label: level.to_owned(),
            style,
        };
        wrapped(&head, &format!("{heading} {said}"), width, &mut out);
    }
    out.push_str(&verdicts(checked, &by_file, width, lang));
    out
}

/// One line a file, and one for all of them.
fn verdicts(
    checked: &CheckedFiles,
    by_file: &HashMap<&str, Vec<&Finding>>,
    width: usize,
    lang: Lang,
) -> String {
    let mut out = String::new();
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let widest = checked.files.iter().map(|record| record.path.width()).max();
    for record in &checked.files {
        let findings = by_file.get(&*record.path).map_or(&[][..], Vec::as_slice);
        let verdict = Verdict::of(findings.iter().copied());
        // What is said of a file takes half a line.
        let path = padded(&record.path, widest.unwrap_or(0).min(width / 2), false);
        let fits = path.width() + width / 2 <= width;
        let path = match fits {
            true => format!("{path}  "),
            false => format!("{path}\n  "),
        };
        // What is open in a file is open, whether or not its forms count.
        if !matches!(record.status, FileStatus::Read | FileStatus::Unreadable(_))
            && verdict == Verdict::Acceptable
        {
            let why = words::file_reason(&record.status, lang);
            let _ = writeln!(
                out,
                "{path}{}",
                brackets(words::file_status(&record.status, lang), &why, lang)
            );
            continue;
        }
        *counts.entry(verdict).or_default() += 1;
        let style = verdict_style(verdict);
        let said = words::verdict(verdict, lang);
        let levels = Level::ALL.into_iter().filter_map(|level| {
            let count = findings
                .iter()
                .filter(|finding| finding.level == level)
                .count();
            (count > 0).then(|| format!("{} {count}", words::level(level, lang)))
        });
        let mut levels = levels.collect::<Vec<_>>().join(lang.pick("，", ", "));
        let n_answered = findings
            .iter()
            .filter(|finding| finding.is_answered())
            .count();
        if n_answered > 0 {
            levels += &match lang {
                Lang::Zh => format!("；已说明 {n_answered}"),
                Lang::En => format!("; explained {n_answered}"),
            };
        }
        let blank = if levels.is_empty() { "" } else { "  " };
        let _ = writeln!(out, "{path}{style}{said}{style:#}{blank}{levels}");
    }
    let worst = Verdict::of(&checked.findings);
    let style = verdict_style(worst);
    let said = words::verdict(worst, lang);
    let n_files: usize = counts.values().sum();
    let parts: Vec<String> = counts
        .into_iter()
        .rev()
        .map(|(verdict, count)| format!("{} {count}", words::verdict(verdict, lang)))
        .collect();
    let parts = parts.join(lang.pick("，", ", "));
    let _ = match lang {
        Lang::Zh => writeln!(out, "{style}{said}{style:#}：共 {n_files} 个文件，{parts}"),
        Lang::En => writeln!(out, "{style}{said}{style:#}: {n_files} files, {parts}"),
    };
    out
}

fn brackets(text: &str, inside: &str, lang: Lang) -> String {
    match (inside.is_empty(), lang) {
        (true, _) => text.to_owned(),
        (false, Lang::Zh) => format!("{text}（{inside}）"),
        (false, Lang::En) => format!("{text} ({inside})"),
    }
}

fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::ToCorrect => AnsiColor::Red.on_default().bold(),
        Verdict::ToExplain => AnsiColor::Yellow.on_default().bold(),
        Verdict::Acceptable => AnsiColor::Green.on_default().bold(),
    }
}

pub(super) fn level_style(level: Level) -> Style {
    match level {
        Level::Mandatory => AnsiColor::Red.on_default().bold(),
        Level::QuasiMandatory | Level::Verification => AnsiColor::Yellow.on_default().bold(),
        Level::Hint => AnsiColor::Cyan.on_default(),
    }
}

/// Suspects of a finding that are named.
const SUSPECTS: usize = 3;
/// Candidates of a tie that have a line each.
const CANDIDATES: usize = 4;

/// What a paragraph begins with.
struct Head {
    /// Blanks before it.
    indent: usize,
    label: String,
    style: Style,
}

impl Head {
    fn blank(indent: usize) -> Self {
        Self {
            indent,
            label: String::new(),
            style: Style::new(),
        }
    }
}

/// A paragraph no wider than the terminal, its further lines under the first word behind its label. Chinese breaks
/// anywhere but before what closes and behind what opens.
fn wrapped(head: &Head, text: &str, width: usize, out: &mut String) {
    let Head {
        indent,
        label,
        style,
    } = head;
    let _ = write!(out, "{}", " ".repeat(*indent));
    let mut hanging = *indent;
    if !label.is_empty() {
        let _ = write!(out, "{style}{label}{style:#} ");
        hanging += label.width() + 1;
    }
    // A label that takes half the line leaves no room beside it.
    let hanging = hanging.min(width / 3).max(*indent);
    let mut column = match label.is_empty() {
        true => *indent,
        false => indent + label.width() + 1,
    };
    for piece in pieces(text) {
        let bare = piece.trim_end();
        if column + bare.width() > width && column > hanging {
            let end = out.trim_end_matches(' ').len();
            out.truncate(end);
            let _ = write!(out, "\n{}", " ".repeat(hanging));
            column = hanging;
        }
        // A word that is longer than a line, such as a path, breaks where it must.
        for c in piece.chars() {
            let wide = c.width().unwrap_or(0);
            if column + wide > width && c != ' ' {
                let _ = write!(out, "\n{}", " ".repeat(hanging));
                column = hanging;
            }
            if !(c == ' ' && column + wide > width) {
                out.push(c);
                column += wide;
            }
        }
    }
    let end = out.trim_end_matches(' ').len();
    out.truncate(end);
    out.push('\n');
}

/// What of a text stays on one line: words with the blanks behind them, single Chinese characters with what
/// closes or opens beside them.
fn pieces(text: &str) -> Vec<&str> {
    const CLOSES: &str = "，。；：、？！）】》”’…,.;:!?)]%";
    const OPENS: &str = "（【《“‘([";
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (at, c) in text.char_indices() {
        let breaks = last.is_some_and(|last| {
            let after_blank = last == ' ' && c != ' ';
            let beside_wide = last.width() == Some(2) || c.width() == Some(2);
            let stays = c == ' ' || CLOSES.contains(c) || OPENS.contains(last);
            after_blank || beside_wide && !stays
        });
        if breaks {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(c);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// One sheet of one file.
struct Page<'c> {
    /// The forms that stand on it.
    forms: &'c [&'c Table],
    scheme: &'c Scheme,
    width: usize,
    lang: Lang,
    sheet: Option<&'c Sheet>,
}

impl Page<'_> {
    /// Findings by place, the serious ones with a cut of the form.
    fn findings(&self, findings: &[&Finding], out: &mut String) {
        let (rounding, findings): (Vec<&Finding>, Vec<&Finding>) =
            (findings.iter()).partition(|finding| words::is_rounding(finding));
        let mut places: BTreeMap<Option<CellRef>, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            let cell = self.marked(finding).next();
            places.entry(cell).or_default().push(finding);
        }
        // What is said alike of many cells is said once, behind the rest.
        let mut alike: Vec<(String, Vec<CellRef>)> = Vec::new();
        let mut said_at: HashMap<String, usize> = HashMap::new();
        for (cell, mut findings) in places {
            findings.sort_by_key(|finding| finding.level);
            let worst = findings[0];
            if let Some(cell) = cell.filter(|_| worst.level == Level::Hint) {
                for finding in findings {
                    let said = words::message(finding, self.lang);
                    match said_at.get(&said) {
                        Some(&idx) => alike[idx].1.push(cell),
                        None => {
                            said_at.insert(said.clone(), alike.len());
                            alike.push((said, vec![cell]));
                        }
                    }
                }
                continue;
            }
            let mut shown = Area::default();
            for finding in findings {
                self.finding(finding, out);
                let area = self.area(finding);
                if finding.level < Level::Hint && !shown.contains(&area) {
                    out.push_str(&self.cut(finding, &area));
                    shown = area;
                }
                self.what_to_do(finding, out);
            }
            if worst.level < Level::Hint {
                out.push('\n');
            }
        }
        for (said, cells) in alike {
            let cells = runs(&cells).join(self.lang.pick("、", ", "));
            self.hint(&format!("{cells} {said}"), out);
        }
        self.rounding(&rounding, out);
    }

    fn hint(&self, said: &str, out: &mut String) {
        let head = Head {
            indent: 4,
            label: words::level(Level::Hint, self.lang).to_owned(),
            style: level_style(Level::Hint),
        };
        wrapped(&head, said, self.width, out);
    }

    /// Differences that rounding explains: how many, the largest, and where that is.
    fn rounding(&self, findings: &[&Finding], out: &mut String) {
        let size = |finding: &&&Finding| finding.difference.map(Amount::abs);
        // Of equals the first is named.
        let Some(largest) = findings.iter().rev().max_by_key(size) else {
            return;
        };
        let n = findings.len();
        let difference = largest.difference.unwrap_or(Amount::ZERO);
        let cell = runs(&self.marked(largest).collect::<Vec<_>>()).join("+");
        self.hint(
            &match self.lang {
                Lang::Zh => format!("舍入差 {n} 处，最大 {difference}（{cell}），一般不必改；逐处见标注副本"),
                Lang::En => format!("{n} rounding differences, the largest {difference} ({cell}); marked copies list all"),
            },
            out,
        );
    }

    fn finding(&self, finding: &Finding, out: &mut String) {
        let lang = self.lang;
        let own = finding.place.as_ref().and_then(|place| place.cell);
        // Of cells that are alike the first is named, and the facts name the others.
        let cells = match own.filter(|_| !finding.is_tie()) {
            Some(cell) => vec![cell],
            // Candidates come in the order of the form: some are likelier than others, but not by much.
            None => {
                let mut cells: Vec<CellRef> = self.marked(finding).collect();
                if finding.is_tie() {
                    cells.sort_unstable();
                }
                cells
            }
        };
        let mut heading = vec![runs(&cells).join(lang.pick("、", ", "))];
        heading.retain(|cells| !cells.is_empty());
        let title = words::title(finding, lang);
        let mut facts = words::facts(finding, lang);
        match own.filter(|_| finding.is_tie()) {
            // Which relation says so comes after what it says.
            Some(cell) => {
                heading.push(match lang {
                    Lang::Zh => format!("中有一格疑填错：{cell} {title}"),
                    Lang::En => format!("one seems to be wrong: {cell} {title}"),
                });
                facts = format!("{cell} {facts}");
            }
            None => heading.push(title),
        }
        heading.extend(finding.rule.as_deref().map(|rule| format!("[{rule}]")));
        let mut heading = heading.join(" ");
        if finding.level == Level::Hint && !facts.is_empty() {
            heading += &format!("{}{facts}", lang.pick("：", ": "));
            facts.clear();
        }
        let head = Head {
            indent: 4,
            label: words::level(finding.level, lang).to_owned(),
            style: level_style(finding.level),
        };
        wrapped(&head, &heading, self.width, out);
        if !facts.is_empty() {
            wrapped(&Head::blank(6), &facts, self.width, out);
        }
    }

    fn what_to_do(&self, finding: &Finding, out: &mut String) {
        let lang = self.lang;
        let mut line = |label: &str, text: &str| {
            let head = Head {
                indent: 6,
                label: label.to_owned(),
                style: Style::new().dimmed(),
            };
            wrapped(&head, &text.replace('\n', " "), self.width, out);
        };
        let n_candidates = finding.candidates().count();
        if n_candidates > CANDIDATES {
            let candidates = finding.candidates().map(|suspect| {
                let cell = suspect
                    .place
                    .cell
                    .map_or(String::new(), |cell| cell.to_string());
                format!("{cell}={}", suspect.likely.as_deref().unwrap_or("?"))
            });
            let all = candidates
                .collect::<Vec<_>>()
                .join(lang.pick(" 或 ", " or "));
            line(lang.pick("应为", "right"), &all);
        } else {
            for suspect in words::suspects(finding, SUSPECTS, lang) {
                line(lang.pick("嫌疑", "suspect"), &suspect);
            }
        }
        if finding.level < Level::Hint {
            line(
                lang.pick("怎么办", "what to do"),
                &words::advice(finding, lang),
            );
        }
        if let Some(explanation) = &finding.explanation {
            let label = match (finding.is_explained(), finding.level) {
                (false, _) => lang.pick("说明（不足）", "explained (too short)"),
                (true, Level::Mandatory) => {
                    lang.pick("说明（不能代替改正）", "explained (but to be corrected)")
                }
                (true, _) => lang.pick("说明", "explained"),
            };
            line(label, explanation);
        }
    }

    /// The cells of this sheet that a finding is about.
    fn marked<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = CellRef> + use<'f> {
        here(finding, marked_places(finding))
    }

    /// All cells of this sheet that a finding names: those that it is about first, then where relations fail because of
    /// it, then suspects.
    fn telling<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = CellRef> + use<'f> {
        let suspects = finding.suspects.iter().map(|suspect| suspect.place.clone());
        self.marked(finding)
            .chain(self.related(finding))
            .chain(here(finding, suspects))
            .chain(here(finding, finding.cells.iter()))
    }

    /// The cells of this sheet where relations fail because of what a finding is about.
    fn related<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = CellRef> + use<'f> {
        let cells = marked_cells(finding).into_iter();
        let related = cells.filter(|(_, marked)| *marked == Marked::Related);
        here(finding, related.map(|(place, _)| place))
    }

    /// What of the form tells about a finding: its cells, what else stands in their rows and columns that
    /// matters, and who they belong to.
    fn area(&self, finding: &Finding) -> Area {
        const COLUMNS: usize = 9;
        const ROWS: usize = 5;
        let (Some(sheet), Some(at)) = (self.sheet, self.marked(finding).next()) else {
            return Area::default();
        };
        let table = self.table_at(at);
        let telling = || self.telling(finding);

        let mut cols = vec![at.col];
        let mut add = |col: u32, most: usize| {
            if cols.len() < most && !cols.contains(&col) {
                cols.push(col);
            }
        };
        for col in table.map_or(Vec::new(), |table| self.key_columns(table)) {
            add(col, COLUMNS);
        }
        for cell in telling().filter(|cell| cell.row == at.row) {
            add(cell.col, COLUMNS);
        }
        let neighbours = [
            at.col.checked_sub(1),
            Some(at.col + 1),
            at.col.checked_sub(2),
        ];
        for col in neighbours.into_iter().flatten() {
            add(col, 4);
        }

        let mut rows = BTreeSet::from([at.row]);
        for cell in telling() {
            if rows.len() < ROWS {
                rows.insert(cell.row);
            }
        }
        if rows.len() == 1 {
            let of_table = |row: &u32| match table {
                Some(table) => has_row(table, *row),
                None => !sheet.row(*row).is_empty(),
            };
            let around = [at.row.checked_sub(1), Some(at.row + 1)];
            rows.extend(around.into_iter().flatten().filter(of_table));
        }
        Area { cols, rows }
    }

    /// The form around the cells of a finding: letters, numbers, header and labels; wrong cells in brackets.
    /// Where it would not fit the terminal, long texts are cut shorter, and then what tells least is left out.
    fn cut(&self, finding: &Finding, area: &Area) -> String {
        const WIDEST: [usize; 3] = [20, 14, 10];
        let Some(sheet) = self.sheet.filter(|_| !area.cols.is_empty()) else {
            return String::new();
        };
        let mut last = String::new();
        for n_cols in (1..=area.cols.len()).rev() {
            let cols: BTreeSet<u32> = area.cols[..n_cols].iter().copied().collect();
            for widest in WIDEST {
                let lines = self.lines(sheet, finding, &cols, &area.rows, widest);
                let (drawn, width) = drawn(&lines);
                if width < self.width {
                    return drawn;
                }
                last = drawn;
            }
        }
        last
    }

    fn lines(
        &self,
        sheet: &Sheet,
        finding: &Finding,
        cols: &BTreeSet<u32>,
        rows: &BTreeSet<u32>,
        widest: usize,
    ) -> Vec<Vec<Shown>> {
        // Of cells by the thousand only those that are shown matter.
        let shown_here = |cell: &CellRef| rows.contains(&cell.row) && cols.contains(&cell.col);
        let marked: Vec<CellRef> = self.marked(finding).filter(shown_here).collect();
        let suspects = finding.suspects.iter();
        let suspects = suspects.filter(|suspect| suspect.is_tied() || !finding.is_tie());
        let suspects = suspects.map(|suspect| suspect.place.clone());
        let suspects: Vec<CellRef> = here(finding, suspects).filter(shown_here).collect();
        let related = here(finding, finding.cells.iter()).chain(self.related(finding));
        let related: Vec<CellRef> = related.filter(shown_here).collect();
        let table = (self.marked(finding).next()).and_then(|at| self.table_at(at));
        let mut lines: Vec<Vec<Shown>> = Vec::new();
        let letters = cols.iter().map(|col| {
            let letters = CellRef::new(0, *col).column_letters();
            Shown::plain(letters, Style::new().dimmed())
        });
        lines.push(std::iter::once(Shown::default()).chain(letters).collect());
        if let Some(table) = table {
            let labels = cols
                .iter()
                .map(|col| Shown::plain(cut(&self.label(table, *col), widest), Style::new()));
            lines.push(std::iter::once(Shown::default()).chain(labels).collect());
        }
        for &row in rows {
            let number = (u64::from(row) + 1).to_string();
            let mut line = vec![Shown::plain(number, Style::new().dimmed())];
            for &col in cols {
                let cell = CellRef::new(row, col);
                // A merged region shows its value in its first cell only; a label is wanted in all rows.
                let source = sheet.merge_at(cell).map_or(cell, |range| range.start);
                let is_repeated = source.col != col && cols.contains(&source.col);
                let found = sheet.get(source).filter(|_| !is_repeated);
                let text = cut(&found.map_or(String::new(), shown), widest);
                let (text, style) = if marked.contains(&cell) && !finding.is_tie() {
                    (format!("[{text}]"), level_style(finding.level).invert())
                } else if suspects.contains(&cell) {
                    let style = AnsiColor::Magenta.on_default().bold();
                    (format!("{text}?"), style)
                } else if related.contains(&cell) {
                    (text, Style::new().underline())
                } else {
                    (text, Style::new())
                };
                line.push(Shown {
                    text,
                    style,
                    right: found.is_some_and(|cell| cell.text().is_none()),
                });
            }
            lines.push(line);
        }
        lines
    }

    /// The form that a cell stands in.
    fn table_at(&self, at: CellRef) -> Option<&Table> {
        let mut forms = self.forms.iter().copied();
        forms.find(|table| has_row(table, at.row))
    }

    fn key_columns(&self, table: &Table) -> Vec<u32> {
        let annex = &self.scheme.annexes[table.annex];
        let leaves =
            (0..annex.leaves.len()).filter(|leaf| annex.is_key(annex.leaves[*leaf].column));
        leaves
            .filter_map(|leaf| table.columns[leaf])
            .take(3)
            .collect()
    }

    /// What heads a column, in few words.
    fn label(&self, table: &Table, col: u32) -> String {
        let annex = &self.scheme.annexes[table.annex];
        let Some(leaf) = table.columns.iter().position(|known| *known == Some(col)) else {
            return String::new();
        };
        let leaf = &annex.leaves[leaf];
        let name: String = leaf.path.last().cloned().unwrap_or_default();
        let name = name.replace('\n', "");
        match leaf.year {
            Some(year) if !name.contains(&year.to_string()) => format!("{year} {name}"),
            _ => name,
        }
    }
}

/// Whether a row of the sheet is one of a form.
fn has_row(table: &Table, row: u32) -> bool {
    let found = table
        .rows
        .binary_search_by_key(&row, |known| known.sheet_row);
    found.is_ok()
}

/// Those of some places that are on the sheet of a finding.
fn here(finding: &Finding, places: impl Iterator<Item = Place>) -> impl Iterator<Item = CellRef> {
    let own = finding.place.as_ref();
    places.filter_map(move |place| {
        let same = own.is_some_and(|own| place.file == own.file && place.sheet == own.sheet);
        place.cell.filter(|_| same)
    })
}

/// Cells in few words: neighbours as `D7:R7`.
fn runs(cells: &[CellRef]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut runs: Vec<(CellRef, CellRef)> = Vec::new();
    // Runs by the cell that they would go on with, the first first.
    let mut going_on: HashMap<CellRef, BTreeSet<usize>> = HashMap::new();
    let next = |(first, last): (CellRef, CellRef)| {
        let right = CellRef::new(last.row, last.col + 1);
        let down = CellRef::new(last.row + 1, last.col);
        let right = (first.row == last.row).then_some(right);
        right
            .into_iter()
            .chain((first.col == last.col).then_some(down))
    };
    for &cell in cells {
        let known = going_on.get(&cell).and_then(|runs| runs.first().copied());
        let run = match known {
            Some(run) => {
                for cell in next(runs[run]) {
                    going_on.entry(cell).or_default().remove(&run);
                }
                runs[run].1 = cell;
                run
            }
            None => {
                runs.push((cell, cell));
                runs.len() - 1
            }
        };
        for cell in next(runs[run]) {
            going_on.entry(cell).or_default().insert(run);
        }
    }
    let mut texts: Vec<String> = (runs.iter().take(SHOWN))
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}:{last}"),
        })
        .collect();
    if runs.len() > SHOWN {
        texts.push(format!("+{}", runs.len() - SHOWN));
    }
    texts
}

/// A part of a sheet: columns, the most telling first, and rows.
#[derive(Default)]
struct Area {
    cols: Vec<u32>,
    rows: BTreeSet<u32>,
}

impl Area {
    fn contains(&self, other: &Self) -> bool {
        self.rows.is_superset(&other.rows) && other.cols.iter().all(|col| self.cols.contains(col))
    }
}

/// A cell of a cut.
#[derive(Default)]
struct Shown {
    text: String,
    style: Style,
    right: bool,
}

impl Shown {
    fn plain(text: String, style: Style) -> Self {
        Self {
            text,
            style,
            right: false,
        }
    }
}

/// Lines of cells under each other, and how wide they are.
fn drawn(lines: &[Vec<Shown>]) -> (String, usize) {
    const MARGIN: &str = "      ";
    let n_cols = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n_cols)
        .map(|col| {
            let cells = lines.iter().filter_map(|line| line.get(col));
            cells.map(|cell| cell.text.width()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in lines {
        out.push_str(MARGIN);
        for (idx, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let style = cell.style;
            let blank = " ".repeat(width.saturating_sub(cell.text.width()));
            let separator = if idx == 0 { " |" } else { " " };
            // Row numbers stand at the right.
            let right = cell.right || idx == 0;
            let (before, after) = if right {
                (blank, String::new())
            } else {
                (String::new(), blank)
            };
            let text = &cell.text;
            let _ = write!(out, "{before}{style}{text}{style:#}{after}{separator} ");
        }
        let end = out.trim_end().len();
        out.truncate(end);
        out.push('\n');
    }
    // Two blanks between columns, and a stroke behind the row numbers.
    let width = MARGIN.len() + widths.iter().sum::<usize>() + 2 * n_cols.saturating_sub(1) + 1;
    (out, width)
}

/// What a cell shows.
fn shown(cell: &Cell) -> String {
    match &cell.value {
        CellValue::Number(number) => {
            let decimals = cell.format.decimals.unwrap_or(0);
            let amount = match cell.format.percent {
                false => Amount::from_float(*number, decimals),
                true => Amount::from_float(*number, 0)
                    .and_then(|amount| amount.checked_mul(Amount::from(100)))
                    .and_then(|amount| Amount::from_float(amount.to_float(), decimals)),
            };
            let text = amount.map_or_else(|| number.to_string(), |amount| amount.to_string());
            if cell.format.percent {
                text + "%"
            } else {
                text
            }
        }
        CellValue::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        CellValue::Date(date) => date.to_string(),
        CellValue::Bool(value) => value.to_string().to_uppercase(),
        CellValue::Error(error) => (*error).to_owned(),
        CellValue::NotCalculated => String::new(),
    }
}

/// Text of at most so many columns of the terminal.
fn cut(text: &str, widest: usize) -> String {
    // What a return holds must not move the cursor.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    if text.width() <= widest {
        return text;
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if short.width() > widest - 2 {
            short.pop();
            break;
        }
    }
    short + ".."
}

/// Text with blanks up to a width.
pub(super) fn padded(text: &str, width: usize, right: bool) -> String {
    let blank = " ".repeat(width.saturating_sub(text.width()));
    match right {
        true => format!("{blank}{text}"),
        false => format!("{text}{blank}"),
    }
}
