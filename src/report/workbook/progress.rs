//! 台账汇总: how far the tasks of an annex have come, those of which nothing was said, and who has how many open.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::consolidate::{CountyAnnex, Progress, State, Task};
use crate::model::{CellRef, Level, Period};
use crate::report::Lang;
use crate::scheme::{Annex, Target};

use super::head::merge;
use super::layout::link;
use super::style::{Look, Number, Role, Styles};
use super::{
    Context, page,
    text::{self, Texts},
};

/// 序号, three columns of text, then counts.
const WIDTHS: [f64; 9] = [8.0, 34.0, 56.0, 26.0, 9.0, 9.0, 9.0, 9.0, 9.0];
const LAST: u16 = WIDTHS.len() as u16 - 1;

/// What a state is called.
pub(super) fn word(state: State, lang: Lang) -> &'static str {
    match state {
        State::Done => lang.pick("完成", "done"),
        State::Open => lang.pick("未完成", "not met"),
        State::UnderWay => lang.pick("有进展", "under way"),
        State::NoNews => lang.pick("无进展", "no news"),
        State::NotReturned => lang.pick("未报", "missing"),
    }
}

/// How a state looks: coloured where somebody is to be asked. A target of next year may be open this year.
pub(super) fn look(context: &Context<'_>, state: State, target: Option<&Target>) -> Look {
    let centred = Look::new(Role::Centred);
    match state {
        State::NotReturned => Look::new(Role::Absent),
        State::NoNews => centred.level(Some(Level::Hint)),
        State::Open if is_late(context, target) => centred.level(Some(Level::Verification)),
        State::Open | State::UnderWay | State::Done => centred,
    }
}

/// Why a state is coloured.
pub(super) fn note(context: &Context<'_>, state: State, target: Option<&Target>) -> Option<String> {
    let lang = context.lang;
    let target = target.filter(|target| state == State::Open && is_late(context, Some(target)));
    match (state, target) {
        (State::NoNews, _) => {
            let said =
                "这张表已经报来，这一行没有填。\n请牵头单位补报进展；确实没有进展的，写明原因。";
            let en = "The form came, with nothing in this row.\nAsk the lead office for news, or for why there is none.";
            Some(lang.pick(said, en).to_owned())
        }
        (_, Some(target)) => {
            let unit = context.scheme.units.name(target.unit);
            let (year, value) = (target.years.1, target.value);
            Some(match lang {
                Lang::Zh => format!(
                    "目标 {value}{unit}，应在{year}年完成，还没有达到。\n请牵头单位说明原因和完成时间。"
                ),
                Lang::En => format!(
                    "{value} {unit} was due in {year} and is not reached.\nAsk the lead office why, and by when."
                ),
            })
        }
        _ => None,
    }
}

/// Whether the last month in which a target may be met has come.
fn is_late(context: &Context<'_>, target: Option<&Target>) -> bool {
    let last = target.and_then(|target| Period::month(target.years.1, 12));
    last.is_some_and(|last| context.merged.period >= last)
}

/// Writes the sheet, if the annex tells of progress.
pub(super) fn write(
    context: &Context<'_>,
    idx: usize,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let county = &context.merged.county.annexes[idx];
    let sheets = &context.layout.annexes[idx];
    let (Some(progress), Some(name)) = (&county.progress, &sheets.progress) else {
        return Ok(());
    };
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    page::set_up(sheet, None, context.lang)?;
    sheet.set_screen_gridlines(false);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    let mut page = Page {
        context,
        idx,
        annex: &context.scheme.annexes[idx],
        county,
        progress,
        sheet,
        styles,
        row: 0,
    };
    page.title()?;
    page.states()?;
    page.without_news()?;
    page.leads()
}

struct Page<'a, 'b> {
    context: &'a Context<'a>,
    idx: usize,
    annex: &'a Annex,
    county: &'a CountyAnnex,
    progress: &'a Progress,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    row: u32,
}

impl Page<'_, '_> {
    fn title(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let text = match context.lang {
            Lang::Zh => format!("{}汇总（{}）", self.annex.title, context.period()),
            Lang::En => format!("{}: progress, {}", self.annex.title, context.period()),
        };
        let format = self.styles.role(Role::Title);
        self.sheet.set_row_height(0, 36)?;
        merge(self.sheet, (0, 0), (0, LAST), &text, format)?;
        self.row = 1;
        Ok(())
    }

    /// How many tasks, and how many targets, stand where.
    fn states(&mut self) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        self.section(lang.pick("一、总的情况", "1. All in all"))?;
        let mut header = vec![
            (0, 2, String::new()),
            (3, 3, lang.pick("合计", "All").to_owned()),
        ];
        header.extend((4..).zip(State::ALL).map(|(col, state)| {
            let word = word(state, lang).to_owned();
            (col, col, word)
        }));
        self.header(&header)?;
        let tasks: Vec<State> = self.progress.tasks.iter().map(|task| task.state).collect();
        self.counts(lang.pick("工作任务（项）", "Tasks"), &tasks)?;
        let specs = self.annex.rows.fixed();
        let quotes = |spec: Option<usize>| spec.is_some_and(|spec| specs[spec].target.is_some());
        let rows = self.county.rows.iter().filter(|row| quotes(row.spec));
        let targets: Vec<State> = rows.filter_map(|row| Some(row.completion?.state)).collect();
        self.counts(lang.pick("量化目标（个）", "Targets"), &targets)?;
        let said = lang.pick(
            "完成：目标已经达到，或没有量化目标的任务写明已完成；一项任务的各个目标都完成才算完成。未完成：本期完成值没有达到目标，目标年度已到的标色。有进展：只有文字，没有可比的数。无进展：表已报，这一行没有填。未报：牵头单位没有报表。",
            "done: the target is met, or a task without one is said to be done; a task is done when all its targets are. not met: coloured once the target's year is over. under way: words, and no figure to compare. no news: returned and left blank. missing: not returned.",
        );
        let width = WIDTHS.iter().sum();
        let format = self.styles.role(Role::Paragraph);
        let height = text::height(text::lines(said, width));
        self.sheet.set_row_height(self.row, height)?;
        merge(self.sheet, (self.row, 0), (self.row, LAST), said, format)?;
        self.row += 1;
        Ok(())
    }

    fn counts(&mut self, label: &str, states: &[State]) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Text);
        merge(self.sheet, (self.row, 0), (self.row, 2), label, format)?;
        self.count(3, states.len())?;
        for (col, state) in (4..).zip(State::ALL) {
            let n = states.iter().filter(|own| **own == state).count();
            self.count(col, n)?;
        }
        self.sheet.set_row_height(self.row, text::height(1))?;
        self.row += 1;
        Ok(())
    }

    /// The tasks of which nothing was said in words.
    fn without_news(&mut self) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        let silent: Vec<&Task> = (self.progress.tasks.iter())
            .filter(|task| !task.has_news)
            .collect();
        let heading = match lang {
            Lang::Zh => format!("二、没有报进展情况的任务（{} 项）", silent.len()),
            Lang::En => format!("2. Tasks without news ({})", silent.len()),
        };
        self.section(&heading)?;
        let names = self.task_columns();
        let mut header: Vec<(u16, u16, String)> = (0..)
            .zip(&names)
            .map(|(col, &leaf)| (col, col, self.annex.leaves[leaf].path.join("/")))
            .collect();
        let state = lang.pick("状态", "State").to_owned();
        header.push((names.len() as u16, names.len() as u16, state));
        self.header(&header)?;
        for task in silent {
            self.silent(task, &names)?;
        }
        Ok(())
    }

    /// One of them, with a link to its row.
    fn silent(&mut self, task: &Task, names: &[usize]) -> Result<(), XlsxError> {
        let Some(spec) = self.county.rows[task.rows.start].spec else {
            return Ok(());
        };
        let spec = &self.annex.rows.fixed()[spec];
        let mut n_lines = 1;
        for (col, &leaf) in names.iter().enumerate() {
            let column = self.annex.leaves[leaf].column;
            let key = (self.annex.row_key.iter()).position(|key| *key == column);
            let text = match key {
                Some(key) => &*spec.key[key],
                None => spec.cell(column).unwrap_or_default(),
            };
            // Its first sentence names a task.
            let text = text.split_inclusive('。').next().unwrap_or(text);
            n_lines = n_lines.max(text::lines(text, WIDTHS[col]));
            let sheets = &self.context.layout.annexes[self.idx];
            let row = sheets.row(Some(task.rows.start)).filter(|_| col == 0);
            match row {
                Some((sheet, row)) => {
                    let target = link(sheet, CellRef::new(row, 0));
                    let format = self.styles.role(Role::CentredLink);
                    self.sheet.link(self.row, 0, (target, text), format)?;
                }
                None => {
                    let format = self.styles.role(Role::Text);
                    self.sheet.text(self.row, col as u16, text, format)?;
                }
            }
        }
        let look = look(self.context, task.state, None);
        let word = word(task.state, self.context.lang);
        let col = names.len() as u16;
        let format = self.styles.get(look);
        self.sheet.text(self.row, col, word, format)?;
        self.sheet.set_row_height(self.row, text::height(n_lines))?;
        self.row += 1;
        Ok(())
    }

    /// The columns that say which task it is, as far as there is room: its key, and what is printed once for
    /// all its lines, without those who only help.
    fn task_columns(&self) -> Vec<usize> {
        let is_of_task = |leaf: &usize| {
            let column = self.annex.leaves[*leaf].column;
            let described = &self.annex.columns[column];
            let helps = described.kind == crate::scheme::ColumnKind::Reporter
                && self.annex.reporter_column != Some(column);
            self.annex.is_label(column) && described.merge_down && !helps
        };
        let leaves = (0..self.annex.leaves.len()).filter(is_of_task);
        leaves.take(4).collect()
    }

    /// Who leads how many tasks, and how many of them are open.
    fn leads(&mut self) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        self.section(lang.pick(
            "三、牵头单位的未完成任务（由多到少）",
            "3. Offices by open tasks",
        ))?;
        let mut header = vec![
            (0, 0, lang.pick("序号", "No.").to_owned()),
            (1, 1, lang.pick("牵头单位", "Lead office").to_owned()),
            (2, 2, lang.pick("没有完成的任务", "Open tasks").to_owned()),
            (3, 3, lang.pick("没有完成（项）", "Open").to_owned()),
        ];
        header.extend((4..).zip(State::ALL).map(|(col, state)| {
            let word = word(state, lang).to_owned();
            (col, col, word)
        }));
        self.header(&header)?;
        for (nth, lead) in self.progress.leads.iter().enumerate() {
            let open = (self.progress.tasks.iter())
                .filter(|task| task.leads.contains(&lead.reporter) && task.state != State::Done)
                .filter_map(|task| self.county.rows[task.rows.start].key.first());
            let open: Vec<&str> = open.map(|key| &**key).collect();
            let open = open.join(lang.pick("、", ", "));
            self.count(0, nth + 1)?;
            let name = &self.context.scheme.reporters[lead.reporter].name;
            let format = self.styles.role(Role::Text);
            self.sheet.text(self.row, 1, &**name, format)?;
            self.sheet.text(self.row, 2, &open, format)?;
            self.count(3, lead.open())?;
            for (col, state) in (4..).zip(State::ALL) {
                self.count(col, lead.tasks[state as usize])?;
            }
            let n_lines = text::lines(name, WIDTHS[1]).max(text::lines(&open, WIDTHS[2]));
            self.sheet.set_row_height(self.row, text::height(n_lines))?;
            self.row += 1;
        }
        Ok(())
    }

    fn section(&mut self, heading: &str) -> Result<(), XlsxError> {
        self.row += 1;
        let format = self.styles.role(Role::Section);
        self.sheet.set_row_height(self.row, 24)?;
        self.sheet.text(self.row, 0, heading, format)?;
        self.row += 1;
        Ok(())
    }

    fn header(&mut self, cells: &[(u16, u16, String)]) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Header);
        for (first, last, text) in cells {
            let (from, to) = ((self.row, *first), (self.row, *last));
            merge(self.sheet, from, to, text, format)?;
        }
        self.sheet.set_row_height(self.row, text::height(1))?;
        self.row += 1;
        Ok(())
    }

    fn count(&mut self, col: u16, count: usize) -> Result<(), XlsxError> {
        let format = self
            .styles
            .get(Look::new(Role::Figure).number(Number::Decimals(0)));
        self.sheet
            .write_number_with_format(self.row, col, count as f64, format)?;
        Ok(())
    }
}
