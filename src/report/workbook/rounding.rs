//! 舍位平衡: which annexes are published in another unit, and which figures rounding moved so that
//! rows and columns still add up. There only where a unit was asked for.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::consolidate::{Figure, Published, TooLong};
use crate::model::Amount;
use crate::report::Lang;
use crate::scheme::Units;

use super::head::merge;
use super::layout::link;
use super::marks::Spot;
use super::style::{Look, Number, Role, Styles};
use super::{
    Context, page,
    text::{self, Texts},
};

const WIDTHS: [f64; 10] = [9.0, 30.0, 30.0, 14.0, 11.0, 18.0, 14.0, 14.0, 11.0, 12.0];
const LAST: u16 = WIDTHS.len() as u16 - 1;

pub(super) fn write(
    context: &Context<'_>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let printed = context.printed.iter().flatten().flatten();
    let n_moved: usize = printed.map(|printed| printed.figures.moved().len()).sum();
    if context.printed.iter().flatten().next().is_none() {
        return Ok(());
    }
    let n_cells = n_moved * WIDTHS.len();
    let sheet = super::new_sheet(workbook, n_cells, context.limits)?;
    let name = &context.layout.names.rounding;
    sheet.set_name(name)?;
    page::set_up(sheet, None, context.lang)?;
    sheet.set_screen_gridlines(false);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    sheet.set_row_height(0, 36)?;
    merge(sheet, (0, 0), (0, LAST), name, styles.role(Role::Title))?;
    let mut page = Page {
        context,
        sheet,
        styles,
        row: 1,
    };
    page.introduction()?;
    page.annexes()?;
    page.moved(n_moved)?;
    page.uneven()?;
    page.unmet()
}

struct Page<'a, 'b> {
    context: &'a Context<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    row: u32,
}

impl Page<'_, '_> {
    fn introduction(&mut self) -> Result<(), XlsxError> {
        self.paragraph(match self.context.lang {
            Lang::Zh => "换算计量单位以后，每个数取其准确值下面或上面最近的一个数；原来正好的数不动。原数中成立的行、列相加关系，舍入以后仍然成立，为此先让合计保持四舍五入的结果，再让与四舍五入不同的数尽可能少，都列在下面。原数保存在 records.parquet，没有改动。",
            Lang::En => "Once converted, each figure becomes the nearest published one below or above its exact value; a figure that is exact stays. Sums over rows and columns that hold among the figures as returned hold among the rounded ones. As few totals as possible differ from plain rounding for that, then as few other figures; all of them are listed below. Figures as returned are kept in records.parquet, unchanged.",
        })
    }

    fn annexes(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        self.section("一、换算的附件", "1. Annexes in another unit")?;
        self.header(match context.lang {
            Lang::Zh => &[
                "附件",
                "公布单位",
                "情况",
                "小数位数",
                "数字个数",
                "与四舍五入不同",
            ],
            Lang::En => &[
                "Annex",
                "Published in",
                "State",
                "Decimals",
                "Figures",
                "Moved",
            ],
        })?;
        for (idx, printed) in context.printed.iter().enumerate() {
            let annex = context.annex(idx);
            let units: Vec<&str> = (annex.publish.iter())
                .map(|publish| &**context.scheme.units.name(publish.unit))
                .collect();
            let decimals: Vec<String> = (annex.publish.iter())
                .map(|publish| publish.decimals.to_string())
                .collect();
            let (state, counts) = match printed {
                None => continue,
                Some(Ok(printed)) => {
                    let figures = &printed.figures;
                    let counts = [figures.n_figures(), figures.moved().len()];
                    (self.state(figures), counts)
                }
                Some(Err(place)) => (self.too_long(idx, *place), [0, 0]),
            };
            self.height(&[(2, &state)])?;
            self.text(0, &annex.number, Role::Centred)?;
            self.text(1, &units.join("、"), Role::Centred)?;
            self.text(2, &state, Role::Text)?;
            self.text(3, &decimals.join("、"), Role::Centred)?;
            for (col, count) in [(4, counts[0]), (5, counts[1])] {
                let format = self.styles.role(Role::Figure);
                self.sheet
                    .write_number_with_format(self.row, col, count as f64, format)?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn state(&self, figures: &Published) -> String {
        let lang = self.context.lang;
        let n_beyond = figures
            .moved()
            .iter()
            .filter(|(.., it)| it.is_beyond)
            .count();
        let remarks = [
            (
                figures.uneven.len(),
                match lang {
                    Lang::Zh => "处原数不平，没有强行平衡",
                    Lang::En => "sums do not hold as returned and were left",
                },
            ),
            (
                n_beyond,
                match lang {
                    Lang::Zh => "个数调整到相邻的数以外",
                    Lang::En => "figures are not next to their exact value",
                },
            ),
            (
                figures.unmet.len(),
                match lang {
                    Lang::Zh => "处舍入后不能平",
                    Lang::En => "sums could not be kept",
                },
            ),
        ];
        let remarks = remarks.iter().filter(|(count, _)| *count > 0);
        let remarks: Vec<String> = remarks
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        match (remarks.is_empty(), lang) {
            (true, _) => lang.pick("各行各列都平", "all sums hold").to_owned(),
            (false, Lang::Zh) => format!("{}；其余都平", remarks.join("，")),
            (false, Lang::En) => format!("{}; all others hold", remarks.join(", ")),
        }
    }

    fn too_long(&self, annex: usize, place: TooLong) -> String {
        let row = self.row_name(annex, place.row);
        let column = self.column_name(annex, place.leaf);
        match self.context.lang {
            Lang::Zh => format!("没有换算，仍用原单位：{row}，{column}的数位数太多"),
            Lang::En => format!("not converted: the figure of {row}, {column} has too many digits"),
        }
    }

    fn moved(&mut self, n_moved: usize) -> Result<(), XlsxError> {
        let context = self.context;
        let (zh, en) = (
            "二、与四舍五入不同的数",
            "2. Figures that differ from plain rounding",
        );
        self.section(&format!("{zh}：{n_moved} 个"), &format!("{en}: {n_moved}"))?;
        if n_moved == 0 {
            return self.nothing();
        }
        self.header(match context.lang {
            Lang::Zh => &[
                "附件",
                "行",
                "列",
                "原数",
                "原单位",
                "换算后",
                "四舍五入",
                "公布数",
                "公布单位",
                "调整",
            ],
            Lang::En => &[
                "Annex",
                "Row",
                "Column",
                "As returned",
                "Unit",
                "Converted",
                "Plain rounding",
                "Published",
                "Unit",
                "Moved by",
            ],
        })?;
        let mut n_written = 0;
        for annex in 0..context.printed.len() {
            let moved = context
                .printed(annex)
                .map(|printed| printed.figures.moved());
            for (row, leaf, figure) in moved.into_iter().flatten() {
                if n_written == context.limits.rows {
                    return self.paragraph(context.lang.pick("其余略。", "The rest is left out."));
                }
                self.moved_figure(Spot { annex, row, leaf }, figure, n_written)?;
                n_written += 1;
            }
        }
        Ok(())
    }

    fn moved_figure(&mut self, spot: Spot, figure: &Figure, nth: usize) -> Result<(), XlsxError> {
        let units = &self.context.scheme.units;
        self.place(spot, nth)?;
        let moved = figure.published.checked_sub(figure.conventional);
        self.figure(3, figure.exact)?;
        self.text(4, units.name(figure.unit), Role::Centred)?;
        match converted(units, figure) {
            Ok(exact) => self.figure(5, exact)?,
            Err(shown) => self.text(5, &shown, Role::Centred)?,
        }
        self.figure(6, figure.conventional)?;
        self.figure(7, figure.published)?;
        self.text(8, units.name(figure.publish.unit), Role::Centred)?;
        self.figure(9, moved.unwrap_or_default())?;
        self.row += 1;
        Ok(())
    }

    fn uneven(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let printed =
            (0..context.printed.len()).filter_map(|idx| Some((idx, context.printed(idx)?)));
        let uneven: Vec<_> = printed
            .flat_map(|(annex, printed)| printed.figures.uneven.iter().map(move |it| (annex, it)))
            .take(context.limits.rows)
            .collect();
        if uneven.is_empty() {
            return Ok(());
        }
        self.section(
            "三、原数不平、没有强行平衡的关系",
            "3. Sums that do not hold as returned, and were left",
        )?;
        self.header(match context.lang {
            Lang::Zh => &["附件", "行", "列", "审核关系", "原单位", "原数差额"],
            Lang::En => &["Annex", "Row", "Column", "Rule", "Unit", "Difference"],
        })?;
        for (nth, (annex, uneven)) in uneven.into_iter().enumerate() {
            let (row, leaf) = (uneven.row, uneven.leaf);
            self.place(Spot { annex, row, leaf }, nth)?;
            self.text(3, &uneven.rule, Role::Centred)?;
            let figure = context
                .printed(annex)
                .and_then(|it| it.figures.figure(row, leaf));
            let unit = figure.map_or("", |figure| context.scheme.units.name(figure.unit));
            self.text(4, unit, Role::Centred)?;
            match uneven.difference {
                Some(difference) => self.figure(5, difference)?,
                None => self.text(5, "", Role::Centred)?,
            }
            self.row += 1;
        }
        Ok(())
    }

    fn unmet(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let printed =
            (0..context.printed.len()).filter_map(|idx| Some((idx, context.printed(idx)?)));
        let unmet: Vec<Spot> = printed
            .flat_map(|(annex, printed)| {
                let places = printed.figures.unmet.iter();
                places.map(move |&(row, leaf)| Spot { annex, row, leaf })
            })
            .take(context.limits.rows)
            .collect();
        if unmet.is_empty() {
            return Ok(());
        }
        self.section(
            "四、舍入后不能平的合计",
            "4. Totals that could not be made to agree",
        )?;
        self.header(match context.lang {
            Lang::Zh => &["附件", "行", "列"],
            Lang::En => &["Annex", "Row", "Column"],
        })?;
        for (nth, spot) in unmet.into_iter().enumerate() {
            self.place(spot, nth)?;
            self.row += 1;
        }
        Ok(())
    }

    /// Annex, row, and column with a link to the cell.
    fn place(&mut self, spot: Spot, nth: usize) -> Result<(), XlsxError> {
        let context = self.context;
        let row = self.row_name(spot.annex, spot.row);
        let column = self.column_name(spot.annex, spot.leaf);
        self.height(&[(1, &row), (2, &column)])?;
        self.text(0, &context.annex(spot.annex).number, Role::Centred)?;
        self.text(1, &row, Role::Text)?;
        match context
            .layout
            .cell(spot)
            .filter(|_| nth < context.limits.links)
        {
            Some((sheet, cell)) => {
                let format = self.styles.role(Role::Link);
                let target = link(sheet, cell);
                self.sheet.link(self.row, 2, (target, &column), format)?;
            }
            None => self.text(2, &column, Role::Text)?,
        }
        Ok(())
    }

    fn row_name(&self, annex: usize, row: Option<usize>) -> String {
        let county = &self.context.merged.county.annexes[annex];
        match row {
            Some(row) => {
                let row = &county.rows[row];
                let year = row.year.map(|year| year.to_string());
                let key = row.key.iter().map(|key| key.to_string());
                year.into_iter().chain(key).collect::<Vec<_>>().join("·")
            }
            None => {
                let n_returned = county
                    .rows
                    .iter()
                    .filter(|row| row.source.is_some())
                    .count();
                let total = self.context.annex(annex).total.as_ref();
                total.map_or(String::new(), |total| total.label(n_returned))
            }
        }
    }

    fn column_name(&self, annex: usize, leaf: usize) -> String {
        let path = &self.context.annex(annex).leaves[leaf].path;
        let path: Vec<String> = path.iter().map(|text| text.replace('\n', "")).collect();
        path.join("·")
    }

    fn section(&mut self, zh: &str, en: &str) -> Result<(), XlsxError> {
        self.row += 1;
        self.sheet.set_row_height(self.row, 24)?;
        let title = match self.context.lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        let format = self.styles.role(Role::Section);
        self.sheet.text(self.row, 0, title, format)?;
        self.row += 1;
        Ok(())
    }

    fn header(&mut self, texts: &[&str]) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, text::height(1))?;
        for (col, text) in texts.iter().enumerate() {
            self.text(col as u16, text, Role::Header)?;
        }
        self.row += 1;
        Ok(())
    }

    fn paragraph(&mut self, text: &str) -> Result<(), XlsxError> {
        let height = text::height(text::lines(text, WIDTHS.iter().sum()));
        self.sheet.set_row_height(self.row, height)?;
        let format = self.styles.role(Role::Paragraph);
        merge(self.sheet, (self.row, 0), (self.row, LAST), text, format)?;
        self.row += 1;
        Ok(())
    }

    fn nothing(&mut self) -> Result<(), XlsxError> {
        self.paragraph(self.context.lang.pick("没有。", "None."))
    }

    fn height(&mut self, cells: &[(usize, &str)]) -> Result<(), XlsxError> {
        let lines = cells
            .iter()
            .map(|&(col, text)| text::lines(text, WIDTHS[col]));
        let height = text::height(lines.max().unwrap_or(1));
        self.sheet.set_row_height(self.row, height)?;
        Ok(())
    }

    fn text(&mut self, col: u16, text: &str, role: Role) -> Result<(), XlsxError> {
        let format = self.styles.role(role);
        self.sheet.text(self.row, col, text, format)?;
        Ok(())
    }

    fn figure(&mut self, col: u16, amount: Amount) -> Result<(), XlsxError> {
        let look = Look::new(Role::Figure).number(Number::Decimals(amount.decimals()));
        let format = self.styles.get(look);
        super::annex::write_figure(self.sheet, self.row, col, amount, format)
    }
}

/// The exact figure in the published unit; as text, cut short, where it has no end.
fn converted(units: &Units, figure: &Figure) -> Result<Amount, String> {
    const MORE: u32 = 4;
    let exact = units.convert(figure.exact, figure.unit, figure.publish.unit);
    exact.ok_or_else(|| {
        let base = units.to_base(figure.exact, Some(figure.unit));
        let size = units.0[figure.publish.unit].factor.0;
        let quotient = base.and_then(|base| base.0.checked_div(size));
        let decimals = u32::from(figure.publish.decimals) + MORE;
        quotient.map_or(String::new(), |it| {
            format!("{}…", it.trunc_with_scale(decimals))
        })
    })
}
