//! The charts: completion by reporter, and the county's course against plan and schedule.

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartFormat, ChartLegendPosition, ChartLine, ChartLineDashType,
    ChartMarker, ChartMarkerType, ChartSolidFill, ChartTitle, Worksheet, XlsxError,
};

use crate::consolidate::variances::{
    Absent, AnnexVariances, Figure, IndicatorVariances, Variances,
};
use crate::model::{Amount, Fraction, Period};
use crate::report::Lang;
use crate::report::overview::main_figure;
use crate::report::workbook::style::{Look, Number, Role, Styles};
use crate::report::workbook::text::Texts;
use crate::report::workbook::{Context, head::merge};
use crate::scheme::{Goal, Scheme};

use super::{BLUE, WIDTHS, name};

/// Of more reporters than twice as many, only the first and the last are drawn.
const RANKED: usize = 20;
const ORANGE: u32 = 0xED7D31;
const GREEN: u32 = 0x548235;
/// Pixels of a row, of a bar, and of what is around the bars.
pub(super) const ROW: u32 = 20;
const BAR: u32 = 18;
const AROUND: u32 = 110;
const LEAST_HEIGHT: u32 = 300;

/// All charts of the sheet: for each annex its main figure, if that has a plan and a schedule.
pub(super) struct Charts<'a> {
    drawn: Vec<Drawn<'a>>,
}

/// A figure that is drawn: the county's course, and its reporters by completion where there are several.
struct Drawn<'a> {
    one: &'a IndicatorVariances,
    ranking: Option<Ranking>,
    /// Row below the heading of the charts where it begins.
    row: u32,
    /// Whether its course stands in the left half.
    is_left: bool,
}

/// Reporters by completion, the best first.
struct Ranking {
    /// `(place, reporter, share completed)`.
    shown: Vec<(usize, usize, Fraction)>,
    n_all: usize,
}

impl<'a> Charts<'a> {
    pub(super) fn of(variances: &'a Variances, scheme: &Scheme) -> Self {
        let first = |annex: &'a AnnexVariances| {
            let one = main_figure(scheme, annex)?;
            let is_drawn = one.county.schedule.is_ok() && one.county.plan.rate.is_ok();
            is_drawn.then(|| (one, Ranking::of(one)))
        };
        let mut firsts: Vec<_> = variances.annexes.iter().filter_map(first).collect();
        // What is ranked first, so that the others fill whole rows.
        firsts.sort_by_key(|(_, ranking)| ranking.is_none());
        let mut drawn: Vec<Drawn> = Vec::new();
        for (one, ranking) in firsts {
            let mut next = Drawn {
                one,
                ranking,
                row: drawn.last().map_or(0, |last| last.row + last.height()),
                is_left: false,
            };
            next.is_left = next.ranking.is_none();
            if let Some(last) = drawn.last().filter(|last| last.is_left && next.is_left) {
                (next.row, next.is_left) = (last.row, false);
            }
            drawn.push(next);
        }
        Self { drawn }
    }

    /// Rows of the sheet that the charts cover.
    pub(super) fn height(&self) -> u32 {
        self.drawn.last().map_or(0, |last| last.row + last.height())
    }

    /// Rows below the heading of the charts before which a page should end, so that it cuts none.
    pub(super) fn page_breaks(&self, rows_of_page: u32) -> Vec<u32> {
        let mut breaks = Vec::new();
        let mut top = 0;
        for one in &self.drawn {
            if one.row + one.height() > top + rows_of_page && one.row > top {
                breaks.push(one.row);
                top = one.row;
            }
        }
        breaks
    }

    /// Puts the charts from `row` down; their figures stand from `figures` down.
    pub(super) fn insert(
        &self,
        context: &Context<'_>,
        sheet: &mut Worksheet,
        row: u32,
        mut figures: u32,
    ) -> Result<(), XlsxError> {
        for one in &self.drawn {
            one.insert(context, sheet, row + one.row, figures)?;
            figures += one.n_figure_rows();
        }
        Ok(())
    }

    /// The figures of all charts, from `row` down.
    pub(super) fn write_figures(
        &self,
        context: &Context<'_>,
        sheet: &mut Worksheet,
        styles: &mut Styles,
        mut row: u32,
    ) -> Result<(), XlsxError> {
        for one in &self.drawn {
            one.write_figures(context, sheet, styles, row)?;
            row += one.n_figure_rows();
        }
        Ok(())
    }
}

impl Drawn<'_> {
    fn n_ranked(&self) -> u32 {
        self.ranking
            .as_ref()
            .map_or(0, |ranking| ranking.shown.len() as u32)
    }

    fn pixels(&self) -> u32 {
        LEAST_HEIGHT.max(self.n_ranked() * BAR + AROUND)
    }

    fn height(&self) -> u32 {
        self.pixels().div_ceil(ROW) + 1
    }

    /// A heading, a header, the months or the reporters, an empty row.
    fn n_figure_rows(&self) -> u32 {
        3 + self.n_ranked().max(12)
    }

    fn insert(
        &self,
        context: &Context<'_>,
        sheet: &mut Worksheet,
        row: u32,
        figures: u32,
    ) -> Result<(), XlsxError> {
        let (first, half) = (figures + 2, middle());
        let name_of_sheet = &*context.layout.names.variances;
        let number = &context.scheme.annexes[self.one.indicator.annex].number;
        let title = format!("{number} {}", name(context, &self.one.indicator));
        let last = WIDTHS.len();
        if self.ranking.is_some() {
            let mut chart = self.ranking_chart(context, name_of_sheet, &title, first);
            chart
                .set_width(pixels(0, half) - 12)
                .set_height(self.pixels());
            sheet.insert_chart(row, 0, &chart)?;
        }
        let mut chart = self.course_chart(context, name_of_sheet, &title, first);
        let (first_col, end_col) = if self.is_left {
            (0, half)
        } else {
            (half, last)
        };
        chart
            .set_width(pixels(first_col, end_col) - 12)
            .set_height(self.pixels());
        sheet.insert_chart(row, first_col as u16, &chart)?;
        Ok(())
    }

    fn ranking_chart(&self, context: &Context<'_>, sheet: &str, title: &str, first: u32) -> Chart {
        let lang = context.lang;
        let last = first + self.n_ranked() - 1;
        let mut said = match (self.one.indicator.goal, lang) {
            (Goal::AtLeast, Lang::Zh) => format!("{title}：完成率排名（%）"),
            (Goal::AtMost, Lang::Zh) => format!("{title}：占控制数比重排名（%，低者在前）"),
            (Goal::AtLeast, Lang::En) => format!("{title}: completion, %"),
            (Goal::AtMost, Lang::En) => format!("{title}: share of the limit, % (lowest first)"),
        };
        let n_all = self.ranking.as_ref().map_or(0, |ranking| ranking.n_all);
        if n_all > 2 * RANKED {
            said += &match lang {
                Lang::Zh => format!("：前后各 {RANKED} 名，共 {n_all} 家"),
                Lang::En => format!(": first and last {RANKED} of {n_all}"),
            };
        }
        let mut chart = Chart::new_bar();
        let mut label = ChartDataLabel::new();
        label.show_value().set_num_format("0.0");
        chart
            .add_series()
            .set_name(lang.pick("完成率%", "done, %"))
            .set_categories((sheet, first, 1, last, 1))
            .set_values((sheet, first, 3, last, 3))
            .set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(BLUE)))
            .set_data_label(&label)
            .set_gap(40);
        titled(chart.title(), &said);
        chart.legend().set_hidden();
        // The first name on top. The axis of the names is the upright one here.
        chart.y_axis().set_reverse();
        chart
            .x_axis()
            .set_min(0)
            .set_num_format("0")
            .set_major_gridlines_line(&faint());
        chart
    }

    fn course_chart(&self, context: &Context<'_>, sheet: &str, title: &str, first: u32) -> Chart {
        let lang = context.lang;
        let unit = self
            .one
            .indicator
            .unit
            .map(|unit| context.scheme.units.name(unit));
        let unit = unit.map_or(String::new(), |unit| match lang {
            Lang::Zh => format!("（{unit}）"),
            Lang::En => format!(" ({unit})"),
        });
        let mut said = match lang {
            Lang::Zh => format!("{title}：累计与序时进度{unit}"),
            Lang::En => format!("{title}: the county so far, and its schedule{unit}"),
        };
        // A line that lacks reporters is no slower county.
        let (n_all, n_without) = (self.one.reporters.len(), self.one.county.without.len());
        if n_without > 0 && n_without < n_all {
            let n_came = n_all - n_without;
            said += &match lang {
                Lang::Zh => format!("，本期只有 {n_came}/{n_all} 家"),
                Lang::En => format!(", {n_came} of {n_all} reporters"),
            };
        }
        let mut chart = Chart::new_line();
        let last = first + 11;
        let lines = [
            (7, lang.pick("累计", "done"), BLUE, ChartLineDashType::Solid),
            (
                8,
                lang.pick("序时进度", "schedule"),
                ORANGE,
                ChartLineDashType::Dash,
            ),
            (
                9,
                lang.pick("全年计划", "plan"),
                GREEN,
                ChartLineDashType::Solid,
            ),
        ];
        for (col, name, colour, dashes) in lines {
            let mut line = ChartLine::new();
            line.set_color(colour).set_width(2).set_dash_type(dashes);
            let mut marker = ChartMarker::new();
            match col {
                7 => marker.set_type(ChartMarkerType::Circle).set_size(6),
                _ => marker.set_none(),
            };
            chart
                .add_series()
                .set_name(name)
                .set_categories((sheet, first, 6, last, 6))
                .set_values((sheet, first, col, last, col))
                .set_format(ChartFormat::new().set_line(&line))
                .set_marker(&marker);
        }
        titled(chart.title(), &said);
        chart.legend().set_position(ChartLegendPosition::Bottom);
        chart.y_axis().set_min(0).set_major_gridlines_line(&faint());
        chart
    }

    /// Two tables side by side: places, and months.
    fn write_figures(
        &self,
        context: &Context<'_>,
        sheet: &mut Worksheet,
        styles: &mut Styles,
        row: u32,
    ) -> Result<(), XlsxError> {
        let lang = context.lang;
        let number = &context.scheme.annexes[self.one.indicator.annex].number;
        let title = format!("{number} {}", name(context, &self.one.indicator));
        sheet.text(row, 0, title, styles.role(Role::Paragraph))?;
        let header = styles.role(Role::Header);
        if self.ranking.is_some() {
            let names = match lang {
                Lang::Zh => ["名次", "填报单位", "", "完成率%"],
                Lang::En => ["Place", "Reporter", "", "Done, %"],
            };
            for (col, name) in names.into_iter().enumerate() {
                sheet.text(row + 1, col as u16, name, header)?;
            }
        }
        let names = match lang {
            Lang::Zh => ["月份", "累计", "序时进度", "全年计划", "有数（家）"],
            Lang::En => ["Month", "Done", "Schedule", "Plan", "Reporters"],
        };
        for (col, name) in (6..).zip(names) {
            sheet.text(row + 1, col, name, header)?;
        }
        for idx in 0..self.n_figure_rows() - 3 {
            let at = row + 2 + idx;
            let shown = self.ranking.as_ref().map(|ranking| &ranking.shown);
            if let Some((place, reporter, rate)) = shown.and_then(|shown| shown.get(idx as usize)) {
                let name = &context.scheme.reporters[*reporter].name;
                let centred = styles.role(Role::Centred);
                sheet.write_number_with_format(at, 0, *place as f64, centred)?;
                merge(sheet, (at, 1), (at, 2), name, styles.role(Role::Text))?;
                let percent = rate.percent().ok_or(Absent::TooLong);
                figure(sheet, styles, (at, 3), percent, 1)?;
            }
            let Some(point) = self.one.course.get(idx as usize) else {
                continue;
            };
            let Period::Month { month, .. } = point.period else {
                continue;
            };
            let said = match lang {
                Lang::Zh => format!("{month}月"),
                Lang::En => point.period.to_string(),
            };
            sheet.text(at, 6, said, styles.role(Role::Centred))?;
            let decimals = self.one.indicator.decimals;
            figure(sheet, styles, (at, 7), point.done, decimals)?;
            figure(sheet, styles, (at, 8), point.due, decimals)?;
            figure(sheet, styles, (at, 9), self.one.county.plan.then, decimals)?;
            let centred = styles.role(Role::Centred);
            match point.reporters {
                0 => sheet.write_blank(at, 10, centred)?,
                n => sheet.write_number_with_format(at, 10, n as f64, centred)?,
            };
        }
        Ok(())
    }
}

impl Ranking {
    fn of(one: &IndicatorVariances) -> Option<Self> {
        let rated = one.reporters.iter().filter_map(|(reporter, line)| {
            let rate = line.plan.rate.ok()?;
            Some(((*reporter)?, rate, rate.quotient()))
        });
        let mut rated: Vec<(usize, Fraction, Amount)> = rated.collect();
        // Equal shares stay in the order of the annex.
        rated.sort_by(|(.., a), (.., b)| match one.indicator.goal {
            Goal::AtLeast => b.cmp(a),
            Goal::AtMost => a.cmp(b),
        });
        let n_all = rated.len();
        let is_shown = |idx: usize| n_all <= 2 * RANKED || idx < RANKED || idx >= n_all - RANKED;
        let shown = rated
            .into_iter()
            .enumerate()
            .filter(|(idx, _)| is_shown(*idx));
        let shown = shown.map(|(idx, (reporter, rate, _))| (idx + 1, reporter, rate));
        (n_all > 1).then(|| Self {
            shown: shown.collect(),
            n_all,
        })
    }
}

/// A figure, or an empty cell: a line has a gap there, and not a zero.
fn figure(
    sheet: &mut Worksheet,
    styles: &mut Styles,
    (row, col): (u32, u16),
    figure: Figure,
    decimals: u8,
) -> Result<(), XlsxError> {
    let format = styles.get(Look::new(Role::Figure).number(Number::Decimals(decimals)));
    match figure {
        Ok(figure) => {
            sheet.write_number_with_format(row, col, figure.quotient().to_float(), format)?
        }
        Err(_) => sheet.write_blank(row, col, format)?,
    };
    Ok(())
}

/// Lines of a grid that the figures stand out from.
fn faint() -> ChartLine {
    let mut line = ChartLine::new();
    line.set_color(0xD9D9D9).set_width(0.75);
    line
}

fn titled(title: &mut ChartTitle, said: &str) {
    let mut font = rust_xlsxwriter::ChartFont::new();
    font.set_size(12).set_bold();
    title.set_name(said).set_font(&font);
}

/// The first column of the right half.
fn middle() -> usize {
    let all = pixels(0, WIDTHS.len());
    (0..WIDTHS.len())
        .find(|&col| pixels(0, col) * 2 >= all)
        .unwrap_or(1)
}

/// Pixels of some columns.
pub(super) fn pixels(first: usize, end: usize) -> u32 {
    let of_column = |width: &f64| (width * 7.0).round() as u32 + 5;
    WIDTHS[first..end].iter().map(of_column).sum()
}
