//! 报送情况: who returned what, whom to telephone about what, what newer returns changed, and what became of
//! every file.

mod calls;
mod came;
mod corrections;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::model::{CellRef, FileRecord, Level, ReturnRecord, ReturnState, ReturnStatus};
use crate::report::{Lang, words};

use super::body::{Body, Cells};
use super::head::merge;
use super::layout::link;
use super::marks::Spot;
use super::style::{Look, Looks, Number, Role, Styles};
use super::{
    Context, page,
    text::{self, Texts},
};

const NAME_WIDTH: f64 = 28.0;
const FILES_WIDTH: f64 = 36.0;

/// Writes the sheet but for the lines of files, and says what these are.
pub(super) fn write<'a>(
    context: &'a Context<'a>,
    looks: Looks,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<Body<'a>, XlsxError> {
    let index = workbook.worksheets().len();
    let sheet = workbook.add_worksheet();
    sheet.set_name(&context.layout.names.returns)?;
    // The parts below have headers of their own.
    page::set_up(sheet, None, context.lang)?;
    let missing = context.merged.returns.iter();
    if missing
        .clone()
        .any(|one| one.status == ReturnStatus::Missing)
    {
        sheet.set_tab_color(0xBFBFBF);
    }
    let n_annexes = context.annexes.len() as u16;
    // 序号, 填报单位, annexes, 应报, 已报, four levels, 文件.
    let last = 2 + n_annexes + 2 + Level::ALL.len() as u16;
    sheet.set_freeze_panes(2, 2)?;
    // The parts below put any annex into any of these columns.
    let numbers = context.scheme.annexes.iter();
    let widest = numbers.map(|annex| text::width(&annex.number)).max();
    let annexes = vec![(widest.unwrap_or(0).max(6) + 2) as f64; context.annexes.len()];
    let mut table = Returns {
        context,
        n_annexes,
        last,
        widths: [6.0, NAME_WIDTH]
            .into_iter()
            .chain(annexes)
            .chain([8.0; 2 + Level::ALL.len()])
            .chain([FILES_WIDTH])
            .collect(),
        sheet,
        styles,
        links: 0,
    };
    for (col, width) in table.widths.iter().enumerate() {
        table.sheet.set_column_width(col as u16, *width)?;
    }
    let row = table.matrix()?;
    let row = table.calls(row + 1)?;
    let row = table.came(row + 1)?;
    let row = table.corrections(row + 1)?;
    let files = table.received(row + 1)?;
    Ok(Body {
        sheet: index,
        first_row: files.first_row,
        n_rows: context.merged.files.len(),
        n_cols: usize::from(last) + 1,
        write: Box::new(move |rows, cells| files.write(rows, looks, cells)),
    })
}

struct Returns<'a, 'b> {
    context: &'a Context<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    n_annexes: u16,
    last: u16,
    /// Of all columns.
    widths: Vec<f64>,
    links: usize,
}

/// A cell of a line, over one column or several.
struct Piece {
    cols: (u16, u16),
    text: String,
    look: Look,
    /// What it links to.
    url: Option<String>,
}

impl Piece {
    fn new(cols: (u16, u16), text: impl Into<String>, role: Role) -> Self {
        Self {
            cols,
            text: text.into(),
            look: Look::new(role),
            url: None,
        }
    }

    fn level(mut self, level: Option<Level>) -> Self {
        self.look = self.look.level(level);
        self
    }

    fn link(mut self, url: Option<String>) -> Self {
        self.url = url;
        self
    }
}

impl<'a> Returns<'a, '_> {
    /// Reporters down, annexes across; gives the row after the table.
    fn matrix(&mut self) -> Result<u32, XlsxError> {
        let context = self.context;
        let lang = context.lang;
        let title = self.styles.role(Role::Title);
        self.sheet.set_row_height(0, 34)?;
        let heading = format!("{}{}", context.period(), lang.pick("报送情况", ": returns"));
        merge(self.sheet, (0, 0), (0, self.last), &heading, title)?;

        let mut header = vec![lang.pick("序号", "No."), lang.pick("填报单位", "Reporter")];
        let annexes = context.annexes.iter();
        header.extend(annexes.map(|&annex| &*context.scheme.annexes[annex].number));
        header.extend([lang.pick("应报", "Owed"), lang.pick("已报", "Came")]);
        // English names of levels are long for columns of counts.
        let level_name = |level| match words::level(level, lang) {
            "Quasi-mandatory" => "Quasi",
            "Mandatory" => "Mand.",
            "Verification" => "Verif.",
            name => name,
        };
        header.extend(Level::ALL.map(level_name));
        header.push(lang.pick("文件", "Files"));
        let format = self.styles.role(Role::Header);
        self.sheet.set_row_height(1, 24)?;
        for (col, text) in header.into_iter().enumerate() {
            self.sheet.text(1, col as u16, text, format)?;
        }

        let mut owed: HashMap<usize, Vec<&ReturnRecord>> = HashMap::new();
        for one in &context.merged.returns {
            owed.entry(one.reporter).or_default().push(one);
        }
        let files = self.files();
        let mut row = 2;
        for (idx, reporter) in context.scheme.reporters.iter().enumerate() {
            let files = files.get(&idx).map_or(&[][..], Vec::as_slice);
            let counts = context.reporter_findings.get(&*reporter.name);
            // An office that owes nothing may have sent the total row of an annex.
            let returns = match owed.get(&idx) {
                Some(returns) => returns.as_slice(),
                None if files.is_empty() && counts.is_none() => continue,
                None => &[],
            };
            let centred = self.styles.role(Role::Centred);
            self.sheet
                .write_number_with_format(row, 0, row - 1, centred)?;
            let text = self.styles.role(Role::Text);
            self.sheet.text(row, 1, &*reporter.name, text)?;
            for (col, &annex) in (2..).zip(&context.annexes) {
                let one = returns.iter().find(|one| one.annex == annex);
                self.status((row, col), annex, idx, one.copied())?;
            }
            let came = returns
                .iter()
                .filter(|one| one.status != ReturnStatus::Missing);
            let col = 2 + self.n_annexes;
            self.count(row, col, returns.len(), None)?;
            self.count(row, col + 1, came.count(), None)?;
            for level in Level::ALL {
                let count = counts.map_or(0, |counts| counts[level as usize]);
                self.count(row, col + 2 + level as u16, count, Some(level))?;
            }
            let files = files.join("\n");
            let small = self.styles.role(Role::Text);
            self.sheet.text(row, self.last, &files, small)?;
            let n_lines = text::lines(&files, FILES_WIDTH);
            self.sheet.set_row_height(row, text::height(n_lines))?;
            row += 1;
        }
        self.sums(row)?;
        Ok(row + 1)
    }

    fn status(
        &mut self,
        (row, col): (u32, u16),
        annex: usize,
        reporter: usize,
        one: Option<&ReturnRecord>,
    ) -> Result<(), XlsxError> {
        let Some(one) = one else {
            return self.total_sent((row, col), annex, reporter);
        };
        let word = words::return_state(one.state, self.context.lang);
        let sheets = &self.context.layout.annexes[annex];
        let first = sheets.first_rows.get(&reporter).copied();
        let spot = first.map(|row| Spot {
            annex,
            row: Some(row),
            leaf: 0,
        });
        let rows = match spot.and_then(|spot| self.context.layout.cell(spot)) {
            Some((sheet, cell)) => link(sheet, cell),
            None => link(&sheets.parts[0].name, CellRef::new(0, 0)),
        };
        let (role, level, url) = match one.state {
            ReturnState::Missing => (Role::Absent, None, None),
            ReturnState::SentBack | ReturnState::ToExplain => {
                let level = match one.state {
                    ReturnState::SentBack => Level::Mandatory,
                    _ => Level::Verification,
                };
                let copy = self.copy_of(one).map(|(_, url)| url);
                (Role::CentredLink, Some(level), Some(copy.unwrap_or(rows)))
            }
            ReturnState::Late => (Role::CentredLink, Some(Level::Hint), Some(rows)),
            ReturnState::Superseded | ReturnState::Returned => {
                (Role::CentredLink, None, Some(rows))
            }
        };
        self.piece(
            row,
            &Piece::new((col, col), word, role).level(level).link(url),
        )
    }

    /// Where nothing is owed: that the total row came, if it did.
    fn total_sent(
        &mut self,
        (row, col): (u32, u16),
        annex: usize,
        reporter: usize,
    ) -> Result<(), XlsxError> {
        let (merged, layout) = (self.context.merged, &self.context.layout);
        let total = merged.county.annexes[annex].total.as_ref();
        let sent = total
            .and_then(|total| total.stated)
            .is_some_and(|source| merged.tables[source.table].reporter == Some(reporter));
        let spot = Spot {
            annex,
            row: None,
            leaf: 0,
        };
        let target = layout.cell(spot).filter(|_| sent);
        // An empty cell says best that nothing is owed.
        let (word, role) = match target {
            Some(_) => (self.context.lang.pick("合计", "total"), Role::CentredLink),
            None => ("", Role::Centred),
        };
        let url = target.map(|(sheet, cell)| link(sheet, cell));
        self.piece(row, &Piece::new((col, col), word, role).link(url))
    }

    /// For each reporter, the files that its forms came in, by name.
    fn files(&self) -> HashMap<usize, Vec<&'a str>> {
        let mut files: HashMap<usize, Vec<&str>> = HashMap::new();
        for file in &self.context.merged.files {
            let forms = file.tables.iter().filter(|form| !form.kept_apart);
            let reporters: BTreeSet<usize> = forms.filter_map(|form| form.reporter).collect();
            for reporter in reporters {
                files.entry(reporter).or_default().push(&file.path);
            }
        }
        files
    }

    /// The marked copy of a return that goes back: its name, and what links to it from beside the workbook.
    fn copy_of(&self, one: &ReturnRecord) -> Option<(String, String)> {
        let copies = &self.context.copies;
        let path = one
            .files
            .iter()
            .rev()
            .find_map(|file| copies.get(&**file))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Some((name.to_owned(), format!("file:///{path}")))
    }

    /// The heading of a part of the sheet; gives the row below.
    fn heading(&mut self, row: u32, text: &str) -> Result<u32, XlsxError> {
        let format = self.styles.role(Role::Section);
        self.sheet.text(row, 0, text, format)?;
        self.sheet.set_row_height(row, 26)?;
        Ok(row + 1)
    }

    /// A line of running text over all columns; gives the row below.
    fn paragraph(&mut self, row: u32, text: &str) -> Result<u32, XlsxError> {
        let cols = (0, self.last);
        self.line(row, &[Piece::new(cols, text, Role::Paragraph)])
    }

    /// A line of cells; gives the row below.
    fn line(&mut self, row: u32, pieces: &[Piece]) -> Result<u32, XlsxError> {
        let mut n_lines = 1;
        for piece in pieces {
            let cols = usize::from(piece.cols.0)..=usize::from(piece.cols.1);
            let width: f64 = self.widths[cols].iter().sum();
            n_lines = n_lines.max(text::lines(&piece.text, width));
            self.piece(row, piece)?;
        }
        self.sheet.set_row_height(row, text::height(n_lines))?;
        Ok(row + 1)
    }

    fn piece(&mut self, row: u32, piece: &Piece) -> Result<(), XlsxError> {
        let (first, last) = piece.cols;
        let url = piece
            .url
            .as_ref()
            .filter(|_| self.links < self.context.limits.links);
        let look = match (piece.look.role, url) {
            // What is not linked should not look so.
            (Role::CentredLink, None) => Look {
                role: Role::Centred,
                ..piece.look
            },
            (Role::Link, None) => Look {
                role: Role::Text,
                ..piece.look
            },
            _ => piece.look,
        };
        let format = self.styles.get(look);
        merge(self.sheet, (row, first), (row, last), &piece.text, format)?;
        if let Some(url) = url {
            self.links += 1;
            self.sheet
                .link(row, first, (url.clone(), &piece.text), format)?;
        }
        Ok(())
    }

    /// How complete each annex is.
    fn sums(&mut self, row: u32) -> Result<(), XlsxError> {
        let context = self.context;
        let format = self.styles.role(Role::TotalLabel);
        let label = context.lang.pick("已报/应报", "came/owed");
        merge(self.sheet, (row, 0), (row, 1), label, format)?;
        self.sheet.set_row_height(row, text::height(1))?;
        for (col, &annex) in (2..).zip(&context.annexes) {
            let (owed, came) = context.owed(Some(annex));
            let text = format!("{came}/{owed}");
            self.sheet.text(row, col, text, format)?;
        }
        let (owed, came) = context.owed(None);
        let col = 2 + self.n_annexes;
        self.sheet
            .write_number_with_format(row, col, owed as f64, format)?;
        self.sheet
            .write_number_with_format(row, col + 1, came as f64, format)?;
        for level in Level::ALL {
            let all = context.reporter_findings.values();
            let count: usize = all.map(|counts| counts[level as usize]).sum();
            let col = col + 2 + level as u16;
            self.sheet
                .write_number_with_format(row, col, count as f64, format)?;
        }
        self.sheet.write_blank(row, self.last, format)?;
        Ok(())
    }

    fn count(
        &mut self,
        row: u32,
        col: u16,
        count: usize,
        level: Option<Level>,
    ) -> Result<(), XlsxError> {
        let look = Look::new(Role::Figure).number(Number::Decimals(0));
        let format = self.styles.get(look.level(level.filter(|_| count > 0)));
        self.sheet
            .write_number_with_format(row, col, count as f64, format)?;
        Ok(())
    }

    /// Above the files of the inbox: what their columns are.
    fn received(&mut self, first: u32) -> Result<Files<'a>, XlsxError> {
        let context = self.context;
        let lang = context.lang;
        let section = self.styles.role(Role::Section);
        let heading = lang.pick("收到的文件", "Files received");
        self.sheet.text(first, 0, heading, section)?;
        self.sheet.set_row_height(first, 26)?;
        let header = [
            lang.pick("序号", "No."),
            lang.pick("文件", "File"),
            lang.pick("状态", "Status"),
            lang.pick("格式", "Format"),
            lang.pick("指标值", "Values"),
        ];
        let rest = header.len() as u16;
        let row = first + 1;
        let format = self.styles.role(Role::Header);
        for (col, text) in header.into_iter().enumerate() {
            self.sheet.text(row, col as u16, text, format)?;
        }
        let word = lang.pick("内容、原因", "Content, reason");
        merge(self.sheet, (row, rest), (row, self.last), word, format)?;
        self.sheet.set_row_height(row, 24)?;
        let last_row = row + context.merged.files.len() as u32;
        if last_row > row {
            // From this the library knows how far the sheet extends; the line itself takes its place.
            self.sheet.write_blank(last_row, self.last, format)?;
        }
        let level_width = 8.0 * (self.last - 2 - self.n_annexes) as f64;
        Ok(Files {
            context,
            first_row: row + 1,
            rest: usize::from(rest),
            last: usize::from(self.last),
            rest_width: FILES_WIDTH
                + level_width
                + 9.0 * f64::from(self.n_annexes.saturating_sub(3)),
        })
    }
}

/// Every file of the inbox, one in a line. It shares the columns of the matrix, so what is said of it covers several.
struct Files<'a> {
    context: &'a Context<'a>,
    first_row: u32,
    /// The first and the last column of what is said of a file, and how wide they are together.
    rest: usize,
    last: usize,
    rest_width: f64,
}

impl Files<'_> {
    fn write(&self, rows: Range<usize>, looks: Looks, cells: &mut Cells) {
        let lang = self.context.lang;
        for row in rows {
            let file = &self.context.merged.files[row];
            let about = self.about(file);
            let n_lines =
                text::lines(&file.path, NAME_WIDTH).max(text::lines(&about, self.rest_width));
            cells.start_row(row, Some(text::height(n_lines)));
            cells.number(0, looks.centred, row as f64 + 1.0);
            cells.text(1, looks.text, &file.path);
            cells.text(2, looks.centred, words::file_status(&file.status, lang));
            let format = file.format.map(|format| format.to_string());
            cells.text(3, looks.centred, &format.unwrap_or_default());
            let n_values: usize = file.tables.iter().map(|table| table.observations).sum();
            cells.number(4, looks.centred, n_values as f64);
            cells.text(self.rest, looks.text, &about);
            for col in self.rest + 1..=self.last {
                cells.blank(col, looks.text);
            }
            cells.merge((self.rest, self.last), row);
        }
    }

    /// Why a file has its status, and the forms in it.
    fn about(&self, file: &FileRecord) -> String {
        let scheme = self.context.scheme;
        let lang = self.context.lang;
        let mut parts: Vec<String> = Vec::new();
        let reason = words::file_reason(&file.status, lang);
        if !reason.is_empty() {
            parts.push(reason);
        }
        for table in &file.tables {
            let annex = &scheme.annexes[table.annex].number;
            let reporter = match table.reporter {
                Some(reporter) => &*scheme.reporters[reporter].name,
                None => lang.pick("单位不明", "reporter unknown"),
            };
            let note = match (table.superseded, table.kept_apart, lang) {
                (true, ..) => lang.pick("，已被替换", ", superseded").to_owned(),
                (_, true, Lang::Zh) => format!("，报告期是 {}，没有汇总", table.period),
                (_, true, Lang::En) => format!(", about {}, left out", table.period),
                _ => String::new(),
            };
            parts.push(format!("{annex} {reporter}{note}"));
        }
        parts.join(lang.pick("；", "; "))
    }
}
