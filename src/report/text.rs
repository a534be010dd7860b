//! What `hebiao check` shows in a terminal: findings by file, sheet and place, each with a cut of the form
//! around it, and a verdict for every file.
//!
//! A clerk thinks of “F9”, so the cut has the letters and numbers of the sheet. Colours are in the text;
//! whoever prints it takes them out where they do not belong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::model::{
    Amount, Cell, CellRef, CellValue, FileRecord, FileStatus, Finding, Level, Place, Sheet, Table,
    Verdict,
};
use crate::pipeline::CheckedFiles;
use crate::scheme::Scheme;

use super::workbook::marks::marked_places;
use super::{Lang, words};

/// Everything that was found, and the verdicts. Cuts of the form are no wider than `width`, where it is known.
pub fn report(checked: &CheckedFiles, scheme: &Scheme, width: Option<usize>, lang: Lang) -> String {
    let mut out = String::new();
    let of_file = |record: &FileRecord| -> Vec<&Finding> {
        let findings = checked.findings.iter();
        findings
            .filter(|finding| {
                let place = finding.place.as_ref();
                place.is_some_and(|place| place.file == record.path)
            })
            .collect()
    };
    for (idx, record) in checked.files.iter().enumerate() {
        let findings = of_file(record);
        if findings.is_empty() {
            continue;
        }
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
            let page = Page {
                checked,
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
        let _ = writeln!(out, "{style}{level}{style:#} {heading} {said}");
    }
    out.push_str(&verdicts(checked, &of_file, lang));
    out
}

/// One line a file, and one for all of them.
fn verdicts<'c>(
    checked: &'c CheckedFiles,
    of_file: &dyn Fn(&FileRecord) -> Vec<&'c Finding>,
    lang: Lang,
) -> String {
    let mut out = String::new();
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let widest = checked.files.iter().map(|record| record.path.width()).max();
    for record in &checked.files {
        let findings = of_file(record);
        let verdict = Verdict::of(findings.iter().copied());
        let path = padded(&record.path, widest.unwrap_or(0).min(60), false);
        if !matches!(record.status, FileStatus::Read | FileStatus::Unreadable(_)) {
            let why = words::file_reason(&record.status, lang);
            let _ = writeln!(
                out,
                "{path}  {}",
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
        let _ = writeln!(out, "{path}  {style}{said}{style:#}{blank}{levels}");
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

/// One sheet of one file.
struct Page<'c> {
    checked: &'c CheckedFiles,
    scheme: &'c Scheme,
    width: Option<usize>,
    lang: Lang,
    sheet: Option<&'c Sheet>,
}

impl Page<'_> {
    /// Findings by place, the serious ones with a cut of the form.
    fn findings(&self, findings: &[&Finding], out: &mut String) {
        let mut places: BTreeMap<Option<CellRef>, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            let cell = self.marked(finding).first().copied();
            places.entry(cell).or_default().push(finding);
        }
        // What is said alike of many cells is said once, behind the rest.
        let mut alike: Vec<(String, Vec<CellRef>)> = Vec::new();
        for (cell, mut findings) in places {
            findings.sort_by_key(|finding| finding.level);
            let worst = findings[0];
            if let Some(cell) = cell.filter(|_| worst.level == Level::Hint) {
                for finding in findings {
                    let said = words::message(finding, self.lang);
                    match alike.iter_mut().find(|(known, _)| *known == said) {
                        Some((_, cells)) => cells.push(cell),
                        None => alike.push((said, vec![cell])),
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
            let style = level_style(Level::Hint);
            let level = words::level(Level::Hint, self.lang);
            let cells = runs(&cells).join(self.lang.pick("、", ", "));
            let _ = writeln!(out, "    {style}{level}{style:#} {cells} {said}");
        }
    }

    fn finding(&self, finding: &Finding, out: &mut String) {
        let style = level_style(finding.level);
        let level = words::level(finding.level, self.lang);
        // Of cells that are alike the first is named, and the facts name the others.
        let cells = match finding.place.as_ref().and_then(|place| place.cell) {
            Some(cell) => vec![cell],
            None => self.marked(finding),
        };
        let mut heading = vec![runs(&cells).join(self.lang.pick("、", ", "))];
        heading.retain(|cells| !cells.is_empty());
        heading.push(words::title(finding, self.lang));
        heading.extend(finding.rule.as_deref().map(|rule| format!("[{rule}]")));
        let facts = words::facts(finding, self.lang);
        let heading = heading.join(" ");
        let _ = match (finding.level, facts.is_empty()) {
            (_, true) => writeln!(out, "    {style}{level}{style:#} {heading}"),
            (Level::Hint, false) => {
                let colon = self.lang.pick("：", ": ");
                writeln!(out, "    {style}{level}{style:#} {heading}{colon}{facts}")
            }
            (_, false) => writeln!(out, "    {style}{level}{style:#} {heading}\n      {facts}"),
        };
    }

    fn what_to_do(&self, finding: &Finding, out: &mut String) {
        let dim = Style::new().dimmed();
        let lang = self.lang;
        let mut line = |label: &str, text: &str| {
            let text = text.replace('\n', " ");
            let _ = writeln!(out, "      {dim}{label}{dim:#} {text}");
        };
        for suspect in words::suspects(finding, 3, lang) {
            line(lang.pick("嫌疑", "suspect"), &suspect);
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
    fn marked(&self, finding: &Finding) -> Vec<CellRef> {
        self.here(finding, marked_places(finding))
    }

    /// Those of some places that are on this sheet.
    fn here<'p>(&self, finding: &Finding, places: impl Iterator<Item = &'p Place>) -> Vec<CellRef> {
        let own = finding.place.as_ref();
        let same = |place: &&Place| {
            own.is_some_and(|own| place.file == own.file && place.sheet == own.sheet)
        };
        places.filter(same).filter_map(|place| place.cell).collect()
    }

    /// What of the form tells about a finding: its cells, what else stands in their rows and columns that
    /// matters, and who they belong to.
    fn area(&self, finding: &Finding) -> Area {
        const COLUMNS: usize = 9;
        const ROWS: usize = 5;
        let (Some(sheet), marked) = (self.sheet, self.marked(finding)) else {
            return Area::default();
        };
        let Some(&at) = marked.first() else {
            return Area::default();
        };
        let suspects = finding.suspects.iter().map(|suspect| &suspect.place);
        let suspects = self.here(finding, suspects);
        let related = self.here(finding, finding.cells.iter());
        let table = self.table_at(sheet, at, finding);
        let telling = || marked.iter().chain(&suspects).chain(&related);

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
                Some(table) => table.rows.iter().any(|known| known.sheet_row == *row),
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
                if self.width.is_none_or(|most| width < most) {
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
        let marked = self.marked(finding);
        let suspects = finding.suspects.iter().map(|suspect| &suspect.place);
        let suspects = self.here(finding, suspects);
        let related = self.here(finding, finding.cells.iter());
        let table = marked
            .first()
            .and_then(|at| self.table_at(sheet, *at, finding));
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
                let (text, style) = if marked.contains(&cell) {
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
    fn table_at(&self, sheet: &Sheet, at: CellRef, finding: &Finding) -> Option<&Table> {
        let file = &finding.place.as_ref()?.file;
        self.checked.tables.iter().find(|table| {
            table.file == *file
                && *table.sheet == *sheet.name
                && table.rows.iter().any(|row| row.sheet_row == at.row)
        })
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

/// Cells in few words: neighbours as `D7:R7`.
fn runs(cells: &[CellRef]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut runs: Vec<(CellRef, CellRef)> = Vec::new();
    for &cell in cells {
        let follows = |(first, last): &(CellRef, CellRef)| {
            let right = first.row == cell.row && last.row == cell.row && last.col + 1 == cell.col;
            let down = first.col == cell.col && last.col == cell.col && last.row + 1 == cell.row;
            right || down
        };
        match runs.iter_mut().find(|run| follows(run)) {
            Some(run) => run.1 = cell,
            None => runs.push((cell, cell)),
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
