//! 差异分析: are we on schedule? A month against plan, schedule, last month and last year.
//!
//! The county's figures first, then charts, then every annex township by township, and below the figures
//! that the charts are drawn from.

mod charts;
mod line;

use std::ops::Range;

use foldhash::HashMap;
use rust_xlsxwriter::{
    ConditionalFormatCustomIcon, ConditionalFormatDataBar, ConditionalFormatIconSet,
    ConditionalFormatIconType, ConditionalFormatType, Workbook, Worksheet, XlsxError,
};

use crate::consolidate::variances::{AnnexVariances, Indicator, IndicatorVariances, Variances};
use crate::model::CellRef;
use crate::report::Lang;
use crate::report::words::overview::figure_name;
use crate::scheme::Goal;

use super::body::{Body, Cells};
use super::frame::MEASURED;
use super::head::merge;
use super::layout::link;
use super::style::{Look, Role, Styles};
use super::{
    Context, page, period_name,
    text::{self, Texts},
};

use self::charts::Charts;
use self::line::{LineView, Of, Shown};

const WIDTHS: [f64; 20] = [
    8.0, 36.0, 9.0, 11.0, 11.0, 11.0, 10.0, 9.0, 10.0, 11.0, 9.0, 11.0, 11.0, 10.0, 9.0, 11.0,
    10.0, 9.0, 7.0, 7.0,
];
const LAST: u16 = WIDTHS.len() as u16 - 1;
/// The first row below the header.
const BODY: u32 = 4;
/// The blue of variances, for tabs, bars and lines.
const BLUE: u32 = 0x2E75B6;

/// Column of the share completed.
const COMPLETED: u16 = 6;
/// Column of the share that should be completed by now.
const SCHEDULE: u16 = 7;
/// Column of the distance from the schedule.
const AHEAD: u16 = 8;

/// Writes the sheet but for the lines of reporters, and says what these are.
pub(super) fn write<'a>(
    context: &'a Context<'a>,
    variances: &'a Variances,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<Vec<Body<'a>>, XlsxError> {
    let blocks = Blocks::of(context, variances);
    let sheet_idx = workbook.worksheets().len();
    let bodies = (blocks.reporters())
        .map(|(one, row)| reporter_lines(context, one, (sheet_idx, row), workbook, styles))
        .collect();
    let sheet = workbook.add_worksheet();
    sheet.set_name(&context.layout.names.variances)?;
    sheet.set_tab_color(BLUE);
    page::set_up(sheet, Some((BODY - 2, BODY - 1)), context.lang)?;
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    sheet.set_freeze_panes(BODY, 2)?;
    let mut page = Page {
        context,
        variances,
        blocks: &blocks,
        sheet,
        styles,
        row: 0,
    };
    page.head()?;
    page.county()?;
    page.legend()?;
    page.charts()?;
    page.annexes()?;
    page.chart_figures()?;
    Ok(bodies)
}

/// The lines of all reporters of a figure, the first of them at a row.
fn reporter_lines<'a>(
    context: &'a Context<'a>,
    one: &'a IndicatorVariances,
    (sheet, first_row): (usize, u32),
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Body<'a> {
    let looks = line::looks(&one.indicator).into_iter();
    let ids: HashMap<Look, u32> = looks
        .map(|look| (look, styles.register(workbook, look)))
        .collect();
    let write = move |rows: Range<usize>, cells: &mut Cells| {
        let number = ids[&Look::new(Role::Centred)];
        for row in rows {
            cells.start_row(row, Some(text::height(1)));
            cells.number(0, number, row as f64 + 1.0);
            for (col, cell) in (1..).zip(reporter_line(context, one, row).cells()) {
                let style = ids[&cell.look];
                match cell.shown {
                    Shown::Blank => cells.blank(col, style),
                    Shown::Number(number) => cells.number(col, style, number),
                    Shown::Text(text) => cells.text(col, style, text),
                }
            }
        }
    };
    Body {
        sheet,
        first_row,
        n_rows: one.reporters.len(),
        n_cols: WIDTHS.len(),
        write: Box::new(write),
    }
}

fn reporter_line<'a>(
    context: &'a Context<'a>,
    one: &'a IndicatorVariances,
    idx: usize,
) -> LineView<'a> {
    let (reporter, line) = &one.reporters[idx];
    let name = match reporter {
        Some(reporter) => &*context.scheme.reporters[*reporter].name,
        None => context.lang.pick("单位不明", "unknown"),
    };
    LineView {
        context,
        indicator: &one.indicator,
        line,
        name,
        of: Of::Reporter,
    }
}

/// Where everything stands, known before anything is written, because what is above links to what is below.
struct Blocks<'a> {
    charts: Charts<'a>,
    legend_row: u32,
    /// First row of the charts, below their heading.
    chart_row: u32,
    /// First row of the annexes, below their heading.
    annexes_row: u32,
    /// Annexes with a block of their own and the row of its heading; those of one reporter have none.
    annexes: Vec<(&'a AnnexVariances, u32)>,
    /// Lines of reporters.
    n_lines: usize,
    /// Annexes whose block the sheet has no room for.
    left_out: Vec<usize>,
    /// First row of the figures of the charts, below their heading.
    figures_row: u32,
}

impl<'a> Blocks<'a> {
    fn of(context: &Context<'_>, variances: &'a Variances) -> Self {
        let n_indicators: usize = (variances.annexes.iter())
            .map(|annex| annex.indicators.len())
            .sum();
        let charts = Charts::of(variances, context.scheme);
        // An empty row and a heading before each part.
        let legend_row = BODY + 1 + n_indicators as u32 + 1;
        let chart_row = legend_row + LEGEND + 2;
        let annexes_row = chart_row + charts.height() + 2;
        let mut row = annexes_row;
        let mut annexes = Vec::new();
        let mut left_out = Vec::new();
        for annex in &variances.annexes {
            let height = block_height(annex);
            let is_room = (row + height) as usize <= context.limits.rows;
            match height {
                0 => {}
                _ if is_room => {
                    annexes.push((annex, row));
                    row += height;
                }
                _ => left_out.push(annex.annex),
            }
        }
        let figures_row = row + 2;
        Self {
            legend_row,
            chart_row,
            annexes_row,
            n_lines: (annexes.iter().flat_map(|(annex, _)| listed(annex)))
                .map(|one| one.reporters.len())
                .sum(),
            annexes,
            left_out,
            figures_row,
            charts,
        }
    }

    /// Figures that are listed reporter by reporter, with the row of the first.
    fn reporters(&self) -> impl Iterator<Item = (&'a IndicatorVariances, u32)> {
        self.annexes.iter().flat_map(|&(annex, row)| {
            let mut next = row + 1;
            listed(annex).map(move |one| {
                // Below its heading and the county.
                let first = next + 2;
                next = first + one.reporters.len() as u32;
                (one, first)
            })
        })
    }
}

/// Figures of an annex that are listed reporter by reporter.
fn listed(annex: &AnnexVariances) -> impl Iterator<Item = &IndicatorVariances> {
    let all = annex.indicators.iter();
    all.filter(|one| !one.reporters.is_empty())
}

/// Rows of an annex's block: its heading, then for each figure a heading, the county and each reporter.
fn block_height(annex: &AnnexVariances) -> u32 {
    let of_figure = |one: &IndicatorVariances| one.reporters.len() as u32 + 2;
    match listed(annex).map(of_figure).sum() {
        0 => 0,
        figures => figures + 1,
    }
}

/// Lines of the legend.
const LEGEND: u32 = 5;

struct Page<'a, 'b> {
    context: &'a Context<'a>,
    variances: &'a Variances,
    blocks: &'a Blocks<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    row: u32,
}

impl Page<'_, '_> {
    /// Title, what is lacking, header.
    fn head(&mut self) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let (area, period) = (&context.scheme.area, context.period());
        let title = match lang {
            Lang::Zh => format!("{area}{period}差异分析"),
            Lang::En => format!("{area}: variances of {period}"),
        };
        let format = self.styles.role(Role::Title);
        self.sheet.set_row_height(0, 36)?;
        merge(self.sheet, (0, 0), (0, LAST), &title, format)?;
        self.row = 1;
        self.paragraph(&self.lacking())?;
        let header = self.styles.role(Role::Header);
        let groups: [(u16, u16, &str, &str); 11] = [
            (0, 0, "附件\n序号", "Annex/\nno."),
            (1, 1, "指标\n填报单位", "Figure/\nreporter"),
            (2, 2, "计量单位", "Unit"),
            (3, 3, "本期", "This month"),
            (4, 6, "与计划比", "Against the plan"),
            (7, 8, "与序时进度比", "Against the schedule"),
            (9, 11, "差额及其构成", "Difference and its parts"),
            (12, 14, "与上月比", "Against last month"),
            (15, 17, "与去年同月比", "Against last year"),
            (18, 18, "未报\n（家）", "Not returned"),
            (19, 19, "未了问题\n（条）", "Open findings"),
        ];
        for (first, last, zh, en) in groups {
            let bottom = if first == last { BODY - 1 } else { BODY - 2 };
            let text = lang.pick(zh, en);
            merge(self.sheet, (BODY - 2, first), (bottom, last), text, header)?;
        }
        let under: [(u16, &str, &str); 14] = [
            (4, "计划", "plan"),
            (5, "增减", "±"),
            (COMPLETED, "完成率%", "done, %"),
            (SCHEDULE, "序时%", "due, %"),
            (AHEAD, "快慢\n（百分点）", "ahead,\n% points"),
            (9, "差额", "difference"),
            (10, "占合计%", "share, %"),
            (11, "其中有\n未了问题", "with open\nfindings"),
            (12, "上月", "then"),
            (13, "增减", "±"),
            (14, "增减%", "±%"),
            (15, "去年同月", "then"),
            (16, "增减", "±"),
            (17, "增减%", "±%"),
        ];
        for (col, zh, en) in under {
            self.sheet.text(BODY - 1, col, lang.pick(zh, en), header)?;
        }
        self.sheet.set_row_height(BODY - 2, text::height(1))?;
        self.sheet.set_row_height(BODY - 1, text::height(2))?;
        self.row = BODY;
        Ok(())
    }

    /// Which earlier figures are not there, and what was not returned.
    fn lacking(&self) -> String {
        let (context, lang) = (self.context, self.context.lang);
        let periods = self.variances.lacking.iter();
        let periods: Vec<String> = periods.map(|period| period_name(*period, lang)).collect();
        let annexes = self.variances.not_returned.iter();
        let annexes: Vec<&str> = annexes
            .map(|annex| &*context.scheme.annexes[*annex].number)
            .collect();
        let comma = lang.pick("、", ", ");
        let mut said = match (periods.is_empty(), lang) {
            (true, Lang::Zh) => "用来比较的各期数据齐全。".to_owned(),
            (true, Lang::En) => "All periods to compare with are there.".to_owned(),
            (false, Lang::Zh) => format!(
                "没有这些报告期的数据，有关各栏空缺：{}。",
                periods.join(comma)
            ),
            (false, Lang::En) => format!(
                "Not consolidated, and so not compared with: {}.",
                periods.join(comma)
            ),
        };
        if !annexes.is_empty() {
            said += &match lang {
                Lang::Zh => format!("本期没有数据的附件：{}。", annexes.join(comma)),
                Lang::En => format!(" Not returned in this month: {}.", annexes.join(comma)),
            };
        }
        let earlier = context.merged.earlier.all();
        for past in earlier.filter(|past| !past.unknown.is_empty()) {
            let (period, unknown) = (period_name(past.period, lang), past.unknown.join(comma));
            said += &match lang {
                Lang::Zh => format!(
                    "{period}的这些数现行制度里没有，未作比较：{unknown}；只是改了名称的，请用现行制度重新汇总该期。"
                ),
                Lang::En => format!(
                    " {period} has figures that the scheme has no longer: {unknown}. If they were only renamed, merge it again."
                ),
            };
        }
        // A county without one of its townships is no slower county.
        let shown = self.variances.annexes.iter().map(|annex| annex.annex);
        let partly: Vec<String> = shown
            .flat_map(|annex| {
                let number = &context.scheme.annexes[annex].number;
                let counties = context.partly(annex).into_iter();
                counties.map(move |(county, _)| format!("{county}{}{number}", lang.pick("", " ")))
            })
            .collect();
        if !partly.is_empty() {
            said += &match lang {
                Lang::Zh => format!("还有单位未报、数不全的：{}。", partly.join(comma)),
                Lang::En => format!(" Without some of their reporters: {}.", partly.join(comma)),
            };
        }
        said
    }

    /// A line of text over the whole width.
    fn paragraph(&mut self, said: &str) -> Result<(), XlsxError> {
        let width: f64 = WIDTHS.iter().sum();
        let format = self.styles.role(Role::Paragraph);
        let height = text::height(text::lines(said, width));
        self.sheet.set_row_height(self.row, height)?;
        merge(self.sheet, (self.row, 0), (self.row, LAST), said, format)?;
        self.row += 1;
        Ok(())
    }

    fn heading(&mut self, said: &str) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Section);
        self.sheet.set_row_height(self.row, 24)?;
        self.sheet.text(self.row, 0, said, format)?;
        self.row += 1;
        Ok(())
    }

    /// The county's line of every figure.
    fn county(&mut self) -> Result<(), XlsxError> {
        let area = &self.context.scheme.area;
        let said = format!("{}{area}", self.context.lang.pick("一、", "1. "));
        self.heading(&said)?;
        let first = self.row;
        for annex in &self.variances.annexes {
            let number = &self.context.scheme.annexes[annex.annex].number;
            let block = self
                .blocks
                .annexes
                .iter()
                .find(|(block, _)| block.annex == annex.annex);
            for one in &annex.indicators {
                match block {
                    Some((_, row)) => {
                        let target =
                            link(&self.context.layout.names.variances, CellRef::new(*row, 0));
                        let format = self.styles.role(Role::CentredLink);
                        self.sheet.link(self.row, 0, (target, number), format)?;
                    }
                    None => {
                        let format = self.styles.role(Role::Centred);
                        self.sheet.text(self.row, 0, &**number, format)?;
                    }
                }
                let name = name(self.context, &one.indicator);
                let n_lines = text::lines(&name, WIDTHS[1]);
                self.sheet.set_row_height(self.row, text::height(n_lines))?;
                self.line(one, &name, Of::County)?;
                self.row += 1;
            }
        }
        let indicators = self
            .variances
            .annexes
            .iter()
            .flat_map(|annex| &annex.indicators);
        let goals: Vec<Goal> = indicators.map(|one| one.indicator.goal).collect();
        self.bars(first, self.row)?;
        let mut row = first;
        for same in goals.chunk_by(|a, b| a == b) {
            let next = row + same.len() as u32;
            self.arrows(row, next, same[0])?;
            row = next;
        }
        Ok(())
    }

    /// The county's line of a figure.
    fn line(&mut self, one: &IndicatorVariances, name: &str, of: Of) -> Result<(), XlsxError> {
        let line = LineView {
            context: self.context,
            indicator: &one.indicator,
            line: &one.county,
            name,
            of,
        };
        line.write(self.sheet, self.styles, self.row)
    }

    /// Bars behind the shares completed.
    fn bars(&mut self, first: u32, end: u32) -> Result<(), XlsxError> {
        if end <= first {
            return Ok(());
        }
        let bar = ConditionalFormatDataBar::new()
            .set_fill_color(0x9DC3E6)
            .set_solid_fill(true)
            .set_minimum(ConditionalFormatType::Number, 0);
        self.sheet
            .add_conditional_format(first, COMPLETED, end - 1, COMPLETED, &bar)?;
        Ok(())
    }

    /// Arrows at the distance from the schedule: up from 0, down from 5 points behind; the other way
    /// round where less is better.
    fn arrows(&mut self, first: u32, end: u32, goal: Goal) -> Result<(), XlsxError> {
        if end <= first {
            return Ok(());
        }
        // Icons are numbered from the worst, thresholds rise.
        let triangles = ConditionalFormatIconType::ThreeTriangles;
        let rules = match goal {
            Goal::AtLeast => [(None, 0), (Some(-5), 1), (Some(0), 2)],
            Goal::AtMost => [(None, 2), (Some(0), 1), (Some(5), 0)],
        };
        let icons = rules.map(|(from, icon)| {
            let rule = match from {
                None => {
                    ConditionalFormatCustomIcon::new().set_rule(ConditionalFormatType::Percent, 0)
                }
                Some(from) => ConditionalFormatCustomIcon::new()
                    .set_rule(ConditionalFormatType::Number, from)
                    // On schedule is not behind it.
                    .set_greater_than(goal == Goal::AtMost),
            };
            rule.set_icon_type(triangles, icon)
        });
        let arrows = ConditionalFormatIconSet::new()
            .set_icon_type(triangles)
            .set_icons(&icons);
        self.sheet
            .add_conditional_format(first, AHEAD, end - 1, AHEAD, &arrows)?;
        Ok(())
    }

    /// What the signs mean and what is compared with what.
    fn legend(&mut self) -> Result<(), XlsxError> {
        let lines: [&str; LEGEND as usize] = match self.context.lang {
            Lang::Zh => [
                "“—”无数据；“÷0”分母为零；“/”不适用；“无权数”几个单位的比率没有规定权数，不合计。缺报不当作0。",
                "完成率＝本年（或方案以来）累计÷计划；标“控制数”的指标是不应超过的上限，完成率即占控制数的比重，低者为好。序时%＝到本月应完成的比重，按制度规定的月度进度，没有规定的按月均摊；方案以来的累计＝（以前年度计划＋本年计划×本年进度）÷各年计划之和，没有分年度计划的按各年平均（有批注）；时点数和比率没有序时进度。",
                "差额＝累计－应完成数；没有序时进度的，为本期－计划。各单位差额之和等于合计差额；“其中有未了问题”是本期数据上还有问题未解决的单位的差额。",
                "有单位缺报时，合计的计划、上月、去年同月和增减、完成率、差额只按两期都有数的单位计算（有批注的格）。",
                "▲ 达到或好于序时进度；▬ 相差5个百分点以内；▼ 相差5个百分点以上。各附件由一个单位填报的，只列在本表第一部分。",
            ],
            Lang::En => [
                "— no data; ÷0 division by zero; / not applicable; “no weight”: rates of several reporters without a declared weight are not taken together. Missing is not zero.",
                "Done % = cumulative figure / plan. A figure marked “limit” should not be exceeded: its percentage is the share of the limit used, and lower is better. Due % = what should be done by now, by the scheme's monthly schedule or else evenly; of what counts since the plan began, (plans of the years past + this year's plan × its schedule) / plan of all years, or where no year is planned by itself, all years for equal (with a note); states and rates have no schedule.",
                "Difference = cumulative − what is due; without a schedule, this month − plan. The reporters' differences add up to the county's; “with open findings” is the part of reporters whose figures still have open findings.",
                "Where a reporter is missing, the county's plan, earlier figures, changes, percentages and differences are over the reporters that have both figures (cells with notes).",
                "▲ on or ahead of schedule; ▬ within 5 percentage points; ▼ more than 5 off. Annexes that one reporter answers for are in part 1 alone.",
            ],
        };
        self.row = self.blocks.legend_row;
        for line in lines {
            self.paragraph(line)?;
        }
        Ok(())
    }

    fn charts(&mut self) -> Result<(), XlsxError> {
        self.row = self.blocks.chart_row - 1;
        self.heading(self.context.lang.pick("二、图", "2. Charts"))?;
        let blocks = self.blocks;
        let (at, figures) = (blocks.chart_row, blocks.figures_row);
        let breaks = blocks.charts.page_breaks(rows_of_page());
        let breaks = breaks.into_iter().map(|row| at + row);
        let parts = [at - 1, blocks.annexes_row - 1, figures - 1];
        let mut breaks: Vec<u32> = breaks.chain(parts).collect();
        breaks.sort_unstable();
        self.sheet.set_page_breaks(&breaks)?;
        blocks.charts.insert(self.context, self.sheet, at, figures)
    }

    /// Every annex, reporter by reporter.
    fn annexes(&mut self) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let mut said = lang.pick("三、各附件", "3. The annexes").to_owned();
        if !self.blocks.left_out.is_empty() {
            let left_out = self.blocks.left_out.iter();
            let left_out: Vec<&str> = left_out
                .map(|annex| &*context.scheme.annexes[*annex].number)
                .collect();
            said += lang.pick(
                "（一张工作表列不下，只列合计：",
                " (no room on one sheet, county only: ",
            );
            said += &left_out.join(lang.pick("、", ", "));
            said += lang.pick("）", ")");
        }
        self.row = self.blocks.annexes_row - 1;
        self.heading(&said)?;
        for (annex, row) in &self.blocks.annexes {
            self.row = *row;
            let spec = &context.scheme.annexes[annex.annex];
            self.heading(&format!("{}　{}", spec.number, spec.title))?;
            for one in listed(annex) {
                self.figure(one)?;
            }
        }
        Ok(())
    }

    /// One figure: its name, the county, what is to be noted of each reporter.
    fn figure(&mut self, one: &IndicatorVariances) -> Result<(), XlsxError> {
        let (context, lang) = (self.context, self.context.lang);
        let header = self.styles.role(Role::Header);
        let mut said = name(context, &one.indicator);
        if let Some(unit) = one.indicator.unit {
            said += &match lang {
                Lang::Zh => format!("，{}", context.scheme.units.name(unit)),
                Lang::En => format!(", {}", context.scheme.units.name(unit)),
            };
        }
        self.sheet.set_row_height(self.row, text::height(1))?;
        merge(self.sheet, (self.row, 0), (self.row, LAST), &said, header)?;
        self.row += 1;
        let total = self.styles.role(Role::TotalLabel);
        self.sheet.write_blank(self.row, 0, total)?;
        self.sheet.set_row_height(self.row, text::height(1))?;
        self.line(one, &context.scheme.area, Of::Total)?;
        self.row += 1;
        let first = self.row;
        for idx in 0..one.reporters.len() {
            // Boxes of notes are placed by the heights of the rows beside them.
            if self.blocks.n_lines <= MEASURED {
                self.sheet.set_row_height(self.row, text::height(1))?;
            }
            reporter_line(context, one, idx).write_notes(self.sheet, self.row)?;
            self.row += 1;
        }
        self.bars(first, self.row)?;
        self.arrows(first - 1, self.row, one.indicator.goal)
    }

    fn chart_figures(&mut self) -> Result<(), XlsxError> {
        self.row = self.blocks.figures_row - 1;
        self.heading(
            self.context
                .lang
                .pick("四、图的数据", "4. Figures of the charts"),
        )?;
        let blocks = self.blocks;
        blocks
            .charts
            .write_figures(self.context, self.sheet, self.styles, blocks.figures_row)
    }
}

/// Rows of plain height that a printed page holds below its header: A4 across, as wide as all columns.
fn rows_of_page() -> u32 {
    // Inches between the margins at 96 pixels.
    const PAPER: (f64, f64) = ((11.69 - 1.0) * 96.0, (8.27 - 1.2) * 96.0);
    let scale = (PAPER.0 / f64::from(charts::pixels(0, WIDTHS.len()))).min(1.0);
    let header = 4;
    (PAPER.1 / scale / f64::from(charts::ROW)) as u32 - header
}

/// 用水总量 2024年（控制数）: row, column, year, and whether it is a limit.
fn name(context: &Context<'_>, indicator: &Indicator) -> String {
    let lang = context.lang;
    let mut name = figure_name(context.scheme, indicator);
    if let Some(year) = indicator.year {
        name += &match lang {
            Lang::Zh => format!(" {year}年"),
            Lang::En => format!(" {year}"),
        };
    }
    if indicator.goal == Goal::AtMost {
        name += lang.pick("（控制数）", " (limit)");
    }
    name
}
