//! One line of figures: a reporter's or the county's.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::consolidate::variances::{Absent, Compared, Figure, Indicator, Line};
use crate::model::Amount;
use crate::report::Lang;
use crate::report::workbook::style::{Look, Number, Role, Styles};
use crate::report::workbook::{Context, page};

use super::{COMPLETED, SCHEDULE, WIDTHS};

/// Decimals of percentages.
const PERCENT: u8 = 1;
/// Names listed in a note.
const NAMED: usize = 30;

/// One line: everything right of the first column.
pub(super) struct LineView<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) indicator: &'a Indicator,
    pub(super) line: &'a Line,
    pub(super) name: &'a str,
    pub(super) of: Of,
}

/// What a cell of a line shows.
pub(super) struct LineCell<'a> {
    pub(super) look: Look,
    pub(super) shown: Shown<'a>,
}

/// The content of a cell.
pub(super) enum Shown<'a> {
    Blank,
    Number(f64),
    Text(&'a str),
}

/// Whose line it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The county's, among those of other figures.
    County,
    /// The county's, above its reporters'.
    Total,
    /// A reporter's.
    Reporter,
}

/// How a figure is shown.
#[derive(Clone, Copy)]
enum Shape {
    /// In the figure's own unit.
    Amount,
    /// Likewise, with its sign.
    Change,
    /// A share, in percent.
    Percent,
    /// A difference of shares or a change, in percent, with its sign.
    Points,
}

/// Decimals that are shown beyond the declared ones, where a figure has more.
const MORE_DECIMALS: u8 = 2;

/// Every look that a reporter's line can have.
pub(super) fn looks(indicator: &Indicator) -> Vec<Look> {
    let roles = [Role::Text, Role::Centred, Role::Absent, Role::Faint].map(Look::new);
    let declared = indicator.decimals;
    let own = declared..=declared.saturating_add(MORE_DECIMALS);
    let decimals = own.chain([PERCENT]);
    let numbers = decimals.flat_map(|n| [Number::Decimals(n), Number::Signed(n)]);
    let figures = numbers.map(|number| Look::new(Role::Figure).number(number));
    roles.into_iter().chain(figures).collect()
}

impl<'a> LineView<'a> {
    /// Writes the line where the library writes all else.
    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        styles: &mut Styles,
        row: u32,
    ) -> Result<(), XlsxError> {
        for (col, cell) in (1..).zip(self.cells()) {
            let format = styles.get(cell.look);
            match cell.shown {
                Shown::Blank => sheet.write_blank(row, col, format)?,
                Shown::Number(number) => {
                    sheet.write_number_with_format(row, col, number, format)?
                }
                Shown::Text(text) => sheet.write_with_format(row, col, text, format)?,
            };
        }
        self.write_notes(sheet, row)
    }

    /// The cells from the second column to the last.
    pub(super) fn cells(&self) -> [LineCell<'a>; WIDTHS.len() - 1] {
        let line = self.line;
        let label = match self.of {
            Of::Total => Role::TotalLabel,
            _ => Role::Text,
        };
        let unit = self.indicator.unit;
        let unit = unit.map(|unit| &**self.context.scheme.units.name(unit));
        let open_difference = line.open_difference;
        let (last_month, year_before) = (&line.last_month, &line.year_before);
        [
            text(label, self.name),
            text(Role::Centred, unit.unwrap_or_default()),
            self.figure(line.now, Shape::Amount),
            self.figure(line.plan.base(), Shape::Amount),
            self.figure(line.plan.by, Shape::Change),
            self.figure(line.plan.rate, Shape::Percent),
            self.figure(line.schedule, Shape::Percent),
            self.figure(line.ahead, Shape::Points),
            self.figure(line.difference, Shape::Change),
            self.figure(line.share, Shape::Percent),
            open_difference.map_or_else(blank, |figure| self.figure(figure, Shape::Change)),
            self.figure(last_month.base(), Shape::Amount),
            self.figure(last_month.by, Shape::Change),
            self.figure(last_month.rate, Shape::Points),
            self.figure(year_before.base(), Shape::Amount),
            self.figure(year_before.by, Shape::Change),
            self.figure(year_before.rate, Shape::Points),
            match self.of {
                Of::Reporter => blank(),
                Of::County | Of::Total => count(line.without.len()),
            },
            count(line.open),
        ]
    }

    fn figure(&self, figure: Figure, shape: Shape) -> LineCell<'a> {
        let figure = match figure {
            Ok(figure) => figure,
            Err(absent) => return self.absent(absent),
        };
        let value = match shape {
            Shape::Amount | Shape::Change => Some(figure),
            Shape::Percent | Shape::Points => figure.percent(),
        };
        let Some(value) = value else {
            return self.absent(Absent::TooLong);
        };
        let value = value.quotient();
        let role = match self.of {
            Of::Total => Role::TotalFigure,
            _ => Role::Figure,
        };
        let number = match shape {
            Shape::Amount => Number::Decimals(self.decimals(value)),
            Shape::Change => Number::Signed(self.decimals(value)),
            Shape::Percent => Number::Decimals(PERCENT),
            Shape::Points => Number::Signed(PERCENT),
        };
        LineCell {
            look: Look::new(role).number(number),
            shown: Shown::Number(value.to_float()),
        }
    }

    /// As declared, and a few more where the figure has more.
    fn decimals(&self, value: Amount) -> u8 {
        let declared = self.indicator.decimals;
        let own = value.normalised().decimals();
        own.clamp(declared, declared.saturating_add(MORE_DECIMALS))
    }

    fn absent(&self, absent: Absent) -> LineCell<'a> {
        let role = match absent {
            Absent::NoData => Role::Absent,
            _ => Role::Faint,
        };
        text(role, sign(absent, self.context.lang))
    }

    /// Who is missing, and what was compared instead of everything.
    pub(super) fn write_notes(&self, sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
        let (line, lang) = (self.line, self.context.lang);
        let compared = [
            (COMPLETED, &line.plan),
            (13, &line.last_month),
            (16, &line.year_before),
        ];
        for (col, compared) in compared {
            if let Some(said) = basis(compared, lang) {
                sheet.insert_note(row, col, &page::note(&said))?;
            }
        }
        if self.of != Of::Reporter && self.indicator.is_due_evenly && line.schedule.is_ok() {
            let said = lang.pick(
                "制度没有该指标的分年度计划，按各年平均推算。",
                "The scheme plans no single year of this figure: all years are taken for equal.",
            );
            sheet.insert_note(row, SCHEDULE, &page::note(said))?;
        }
        if self.of != Of::Reporter && !line.without.is_empty() {
            let names = line.without.iter().take(NAMED);
            let names: Vec<&str> = names
                .map(|reporter| &*self.context.scheme.reporters[*reporter].name)
                .collect();
            let more = match line.without.len().saturating_sub(NAMED) {
                0 => String::new(),
                n if lang == Lang::Zh => format!("，另有 {n} 家"),
                n => format!(", {n} more"),
            };
            let said = format!("{}{more}", names.join(lang.pick("、", ", ")));
            sheet.insert_note(row, 18, &page::note(&said))?;
        }
        Ok(())
    }
}

fn text(role: Role, text: &str) -> LineCell<'_> {
    LineCell {
        look: Look::new(role),
        shown: Shown::Text(text),
    }
}

fn blank<'a>() -> LineCell<'a> {
    LineCell {
        look: Look::new(Role::Centred),
        shown: Shown::Blank,
    }
}

fn count<'a>(count: usize) -> LineCell<'a> {
    LineCell {
        shown: match count {
            0 => Shown::Blank,
            n => Shown::Number(n as f64),
        },
        ..blank()
    }
}

/// What a cell says where there is no figure.
fn sign(absent: Absent, lang: Lang) -> &'static str {
    match absent {
        Absent::NoData => "—",
        Absent::NotApplicable => "/",
        Absent::DividedByZero => "÷0",
        Absent::NoWeight => lang.pick("无权数", "no weight"),
        Absent::TooLong => lang.pick("位数过多", "too long"),
    }
}

/// 按两期都有数的 9 个单位计算：900 与 1000；另有单位的，合计 1200.
fn basis(compared: &Compared, lang: Lang) -> Option<String> {
    let (n, now, then) = compared.over?;
    let shown = |figure: Figure| match figure {
        Ok(figure) => figure.quotient().normalised().to_string(),
        Err(absent) => sign(absent, lang).to_owned(),
    };
    let all = compared.then;
    let (now, then, all) = (shown(now), shown(then), shown(all));
    let mut said = match lang {
        Lang::Zh => format!("按两期都有数的 {n} 个单位计算：{now} 与 {then}"),
        Lang::En => format!("Over the {n} reporters that have both figures: {now} and {then}"),
    };
    if all != then {
        said += &match lang {
            Lang::Zh => format!("；比较的那一期全部单位合计 {all}"),
            Lang::En => format!("; all reporters of the period compared with: {all}"),
        };
    }
    said += lang.pick("。", ".");
    Some(said)
}
