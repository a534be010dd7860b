//! 概览: the page that a leader opens. How complete the month is, then each main figure with its line and
//! what there is to say of it.
//!
//! It is one sheet of A4 upright, and says nothing about the program.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::consolidate::variances::{Absent, Figure, Indicator};
use crate::model::{CellRef, ReturnState, ReturnStatus};
use crate::report::overview::{MainFigure, main_figures};
use crate::report::words::overview::{figure_name, sentences, shown_decimals};
use crate::report::{Lang, words};

use super::head::merge;
use super::layout::link;
use super::style::{Look, Number, Role, Styles};
use super::summary::title;
use super::{
    Context, page,
    text::{self, Texts},
};

const WIDTHS: [f64; 9] = [9.0, 26.0, 10.0, 12.0, 12.0, 9.0, 8.0, 10.0, 12.0];
const LAST: u16 = WIDTHS.len() as u16 - 1;
/// Decimals of percentages.
const PERCENT: u8 = 1;
/// Matters that are named; the telephone list has all.
const MATTERS: usize = 5;
/// Who has not returned something, by name; of more only the number is said.
const NAMED: usize = 12;

pub(super) fn write(
    context: &Context<'_>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(&context.layout.names.overview)?;
    page::set_up(sheet, None, context.lang)?;
    sheet.set_portrait().set_screen_gridlines(false);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    let mut page = Page {
        context,
        sheet,
        styles,
        row: 0,
    };
    page.title()?;
    page.standing()?;
    let figures = main_figures(context.merged, context.scheme);
    match figures.is_empty() {
        true => page.annexes()?,
        false => page.figures(&figures)?,
    }
    page.matters()
}

struct Page<'a, 'b> {
    context: &'a Context<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    row: u32,
}

impl Page<'_, '_> {
    fn title(&mut self) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Title);
        self.sheet.set_row_height(0, 36)?;
        merge(self.sheet, (0, 0), (0, LAST), &title(self.context), format)?;
        self.row = 1;
        Ok(())
    }

    /// How many returns came, how they stand, who is missing, and where to look further.
    fn standing(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let lang = context.lang;
        if let Some(note) = &context.merged.note {
            self.paragraph(note, Role::Paragraph)?;
        }
        let (owed, came) = context.owed(None);
        let returns = || context.merged.returns.iter();
        let count = |state: ReturnState| returns().filter(|one| one.state == state).count();
        let sent_back = count(ReturnState::SentBack);
        let to_explain = count(ReturnState::ToExplain);
        let good = came - sent_back - to_explain;
        let said = match lang {
            Lang::Zh => format!(
                "应报 {owed} 份，已报 {came} 份，未报 {} 份。已报的：可以采用 {good} 份，需说明 {to_explain} 份，须改正 {sent_back} 份。",
                owed - came
            ),
            Lang::En => format!(
                "{came} of {owed} returns came, {} are missing. Of those that came {good} can be used, {to_explain} need an explanation, {sent_back} must be put right.",
                owed - came
            ),
        };
        self.paragraph(&said, Role::Paragraph)?;
        if let Some(said) = self.missing() {
            self.paragraph(&said, Role::Warning)?;
        }
        self.links()
    }

    /// 未报：轮南镇（附件3、附件7）.
    fn missing(&self) -> Option<String> {
        let context = self.context;
        let (comma, lang) = (context.lang.pick("、", ", "), context.lang);
        let mut missing: Vec<(usize, Vec<&str>)> = Vec::new();
        let returns = context.merged.returns.iter();
        for one in returns.filter(|one| one.status == ReturnStatus::Missing) {
            let number = &*context.scheme.annexes[one.annex].number;
            match missing.last_mut() {
                Some((last, annexes)) if *last == one.reporter => annexes.push(number),
                _ => missing.push((one.reporter, vec![number])),
            }
        }
        let named: Vec<String> = (missing.iter().take(NAMED))
            .map(|(reporter, annexes)| {
                let name = &context.scheme.reporters[*reporter].name;
                format!(
                    "{name}{}{}{}",
                    lang.pick("（", " ("),
                    annexes.join(comma),
                    lang.pick("）", ")")
                )
            })
            .collect();
        let rest = missing.len().saturating_sub(NAMED);
        let more = match (rest, lang) {
            (0, _) => String::new(),
            (n, Lang::Zh) => format!("，另有{n}家"),
            (n, Lang::En) => format!(" and {n} more"),
        };
        (!named.is_empty()).then(|| {
            format!(
                "{}{}{more}{}",
                lang.pick("未报：", "Missing: "),
                named.join(comma),
                lang.pick("。", ".")
            )
        })
    }

    /// Where to read on.
    fn links(&mut self) -> Result<(), XlsxError> {
        let names = &self.context.layout.names;
        let mut targets = vec![&names.returns, &names.findings, &names.sources];
        if self.context.merged.variances.is_some() {
            targets.insert(1, &names.variances);
        }
        // Wide columns take a name each; the first is the label.
        let cols = [1, 3, 4, 7];
        let label = self.context.lang.pick("详见", "See");
        let format = self.styles.role(Role::Paragraph);
        self.sheet.text(self.row, 0, label, format)?;
        for (col, name) in cols.into_iter().zip(targets) {
            let format = self.styles.role(Role::CentredLink);
            let target = link(name, CellRef::new(0, 0));
            self.sheet.link(self.row, col, (target, name), format)?;
        }
        self.sheet.set_row_height(self.row, text::height(1))?;
        self.row += 2;
        Ok(())
    }

    /// The line of each main figure, and below it what there is to say.
    fn figures(&mut self, figures: &[MainFigure<'_>]) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let header = [
            ("附件", "Annex"),
            ("指标", "Figure"),
            ("计量单位", "Unit"),
            ("累计", "So far"),
            ("可比计划", "Plan"),
            ("完成率%", "Done, %"),
            ("序时%", "Due, %"),
            ("快慢\n（百分点）", "Ahead,\npoints"),
            ("比上月增减", "± last month"),
        ];
        let format = self.styles.role(Role::Header);
        for (col, (zh, en)) in header.into_iter().enumerate() {
            let text = lang.pick(zh, en);
            self.sheet.text(self.row, col as u16, text, format)?;
        }
        self.sheet.set_row_height(self.row, text::height(2))?;
        self.row += 1;
        for figure in figures {
            self.line(figure)?;
            let said = sentences(context.scheme, context.merged.period, figure, lang);
            let width: f64 = WIDTHS[1..].iter().sum();
            let height = text::height(text::lines(&said, width));
            self.sheet.set_row_height(self.row, height)?;
            let format = self.styles.role(Role::Text);
            self.sheet.write_blank(self.row, 0, format)?;
            merge(self.sheet, (self.row, 1), (self.row, LAST), &said, format)?;
            self.row += 1;
        }
        Ok(())
    }

    fn line(&mut self, figure: &MainFigure<'_>) -> Result<(), XlsxError> {
        let context = self.context;
        let indicator = &figure.variances.indicator;
        let line = &figure.variances.county;
        let target = link(
            &context.layout.annexes[figure.annex].parts[0].name,
            CellRef::new(0, 0),
        );
        let number = &context.scheme.annexes[figure.annex].number;
        let format = self.styles.role(Role::CentredLink);
        self.sheet.link(self.row, 0, (target, number), format)?;
        let name = figure_name(context.scheme, indicator);
        let format = self.styles.role(Role::TotalLabel);
        self.sheet.text(self.row, 1, &name, format)?;
        let unit = indicator
            .unit
            .map(|unit| &**context.scheme.units.name(unit));
        let format = self.styles.role(Role::Centred);
        self.sheet
            .text(self.row, 2, unit.unwrap_or_default(), format)?;
        self.amount(3, figure.done, indicator, false)?;
        self.amount(4, line.plan.base(), indicator, false)?;
        self.percent(5, line.plan.rate, false)?;
        self.percent(6, line.schedule, false)?;
        self.percent(7, line.ahead, true)?;
        self.amount(8, line.last_month.by, indicator, true)?;
        let n_lines = text::lines(&name, WIDTHS[1]);
        self.sheet.set_row_height(self.row, text::height(n_lines))?;
        self.row += 1;
        Ok(())
    }

    fn amount(
        &mut self,
        col: u16,
        figure: Figure,
        indicator: &Indicator,
        is_change: bool,
    ) -> Result<(), XlsxError> {
        match figure {
            Ok(figure) => {
                let decimals = shown_decimals(figure, indicator);
                let number = match is_change {
                    true => Number::Signed(decimals),
                    false => Number::Decimals(decimals),
                };
                self.number(col, figure.quotient().to_float(), number)
            }
            Err(_) => self.absent(col),
        }
    }

    fn percent(&mut self, col: u16, share: Figure, is_change: bool) -> Result<(), XlsxError> {
        let percent = share.and_then(|share| share.percent().ok_or(Absent::TooLong));
        match percent {
            Ok(percent) => {
                let number = match is_change {
                    true => Number::Signed(PERCENT),
                    false => Number::Decimals(PERCENT),
                };
                self.number(col, percent.quotient().to_float(), number)
            }
            Err(_) => self.absent(col),
        }
    }

    fn number(&mut self, col: u16, number: f64, shown: Number) -> Result<(), XlsxError> {
        let format = self.styles.get(Look::new(Role::TotalFigure).number(shown));
        self.sheet
            .write_number_with_format(self.row, col, number, format)?;
        Ok(())
    }

    fn absent(&mut self, col: u16) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Faint);
        self.sheet.text(self.row, col, "—", format)?;
        Ok(())
    }

    /// Of a plan, and of a month without figures to follow: how each annex stands.
    fn annexes(&mut self) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let header = self.styles.role(Role::Header);
        let cells = [
            (0, 0, "附件", "Annex"),
            (1, 4, "名称", "Title"),
            (5, LAST, "情况", "How it stands"),
        ];
        for (first, last, zh, en) in cells {
            merge(
                self.sheet,
                (self.row, first),
                (self.row, last),
                lang.pick(zh, en),
                header,
            )?;
        }
        self.row += 1;
        for &idx in &context.annexes {
            let annex = &context.scheme.annexes[idx];
            let target = link(
                &context.layout.annexes[idx].parts[0].name,
                CellRef::new(0, 0),
            );
            let format = self.styles.role(Role::CentredLink);
            self.sheet
                .link(self.row, 0, (target, &annex.number), format)?;
            let format = self.styles.role(Role::Text);
            merge(
                self.sheet,
                (self.row, 1),
                (self.row, 4),
                &annex.title,
                format,
            )?;
            let status = context.annex_status(idx);
            merge(self.sheet, (self.row, 5), (self.row, LAST), &status, format)?;
            let width = |cols: &[f64]| -> f64 { cols.iter().sum() };
            let n_lines = text::lines(&annex.title, width(&WIDTHS[1..5]))
                .max(text::lines(&status, width(&WIDTHS[5..])));
            self.sheet.set_row_height(self.row, text::height(n_lines))?;
            self.row += 1;
        }
        Ok(())
    }

    /// What is to be settled first: of the telephone list the matters that weigh most.
    fn matters(&mut self) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let calls = &context.merged.calls;
        if calls.is_empty() {
            return Ok(());
        }
        self.row += 1;
        let heading = match lang {
            Lang::Zh => format!(
                "先要解决的（共 {} 项，见“{}”）",
                calls.len(),
                context.layout.names.returns
            ),
            Lang::En => format!(
                "To be settled first ({} in all, see {})",
                calls.len(),
                context.layout.names.returns
            ),
        };
        let format = self.styles.role(Role::Section);
        self.sheet.set_row_height(self.row, 24)?;
        self.sheet.text(self.row, 0, heading, format)?;
        self.row += 1;
        for call in calls.iter().take(MATTERS) {
            let finding = &context.merged.findings[call.finding];
            let who = call
                .reporter
                .map(|reporter| &*context.scheme.reporters[reporter].name);
            let who = who.unwrap_or_else(|| lang.pick("单位不明", "unknown"));
            let number = finding.annex.as_deref().unwrap_or_default();
            let format = self.styles.role(Role::Centred);
            self.sheet.text(self.row, 0, number, format)?;
            let format = self.styles.role(Role::Text);
            self.sheet.text(self.row, 1, who, format)?;
            let said = words::message(finding, lang);
            merge(self.sheet, (self.row, 2), (self.row, LAST), &said, format)?;
            let width: f64 = WIDTHS[2..].iter().sum();
            let n_lines = text::lines(&said, width).max(text::lines(who, WIDTHS[1]));
            self.sheet.set_row_height(self.row, text::height(n_lines))?;
            self.row += 1;
        }
        Ok(())
    }

    /// A line of text over the whole width.
    fn paragraph(&mut self, said: &str, role: Role) -> Result<(), XlsxError> {
        let width: f64 = WIDTHS.iter().sum();
        let format = self.styles.role(role);
        let height = text::height(text::lines(said, width));
        self.sheet.set_row_height(self.row, height)?;
        merge(self.sheet, (self.row, 0), (self.row, LAST), said, format)?;
        self.row += 1;
        Ok(())
    }
}
