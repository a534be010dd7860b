//! One line of figures: a reporter's or the county's.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::consolidate::variances::{Absent, Compared, Figure, Indicator, Line};
use crate::model::Fraction;
use crate::report::Lang;
use crate::report::workbook::style::{Look, Number, Role, Styles};
use crate::report::workbook::{Context, page};

use super::{AHEAD, COMPLETED};

/// Decimals of percentages.
const PERCENT: u8 = 1;
/// Names listed in a note.
const NAMED: usize = 30;

/// Writes one line.
pub(super) struct LineWriter<'s> {
    pub(super) context: &'s Context<'s>,
    pub(super) indicator: &'s Indicator,
    pub(super) sheet: &'s mut Worksheet,
    pub(super) styles: &'s mut Styles,
    pub(super) row: u32,
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

impl LineWriter<'_> {
    /// Everything right of the first column.
    pub(super) fn write(&mut self, name: &str, line: &Line, of: Of) -> Result<(), XlsxError> {
        let is_county = of != Of::Reporter;
        let label = match of {
            Of::Total => Role::TotalLabel,
            _ => Role::Text,
        };
        let format = self.styles.role(label);
        self.sheet.write_with_format(self.row, 1, name, format)?;
        let unit = self
            .indicator
            .unit
            .map(|unit| &**self.context.scheme.units.name(unit));
        let centred = self.styles.role(Role::Centred);
        self.sheet
            .write_with_format(self.row, 2, unit.unwrap_or_default(), centred)?;
        let figures = [
            (3, line.now, Shape::Amount),
            (4, line.plan.then, Shape::Amount),
            (5, line.plan.by, Shape::Change),
            (COMPLETED, line.plan.rate, Shape::Percent),
            (7, line.schedule, Shape::Percent),
            (AHEAD, line.ahead, Shape::Points),
            (9, line.difference, Shape::Change),
            (10, line.share, Shape::Percent),
        ];
        for (col, figure, shape) in figures {
            self.figure(col, figure, shape, of)?;
        }
        match line.open_difference {
            Some(figure) => self.figure(11, figure, Shape::Change, of)?,
            None => self.blank(11)?,
        }
        for (col, compared) in [(12, &line.last_month), (15, &line.year_before)] {
            self.figure(col, compared.then, Shape::Amount, of)?;
            self.figure(col + 1, compared.by, Shape::Change, of)?;
            self.figure(col + 2, compared.rate, Shape::Points, of)?;
        }
        match is_county {
            true => self.count(18, line.without.len())?,
            false => self.blank(18)?,
        }
        self.count(19, line.open)?;
        self.notes(line, is_county)
    }

    fn figure(&mut self, col: u16, figure: Figure, shape: Shape, of: Of) -> Result<(), XlsxError> {
        let figure = match figure {
            Ok(figure) => figure,
            Err(absent) => return self.absent(col, absent),
        };
        let role = match of {
            Of::Total => Role::TotalFigure,
            _ => Role::Figure,
        };
        let (value, number) = match shape {
            Shape::Amount => (Some(figure), Number::Decimals(self.decimals(figure))),
            Shape::Change => (Some(figure), Number::Signed(self.decimals(figure))),
            Shape::Percent => (figure.percent(), Number::Decimals(PERCENT)),
            Shape::Points => (figure.percent(), Number::Signed(PERCENT)),
        };
        let Some(value) = value else {
            return self.absent(col, Absent::TooLong);
        };
        let format = self.styles.get(Look::new(role).number(number));
        self.sheet
            .write_number_with_format(self.row, col, value.quotient().to_float(), format)?;
        Ok(())
    }

    /// As declared, and up to two more where the figure has more.
    fn decimals(&self, figure: Fraction) -> u8 {
        let declared = self.indicator.decimals;
        let own = figure.quotient().normalised().decimals();
        own.clamp(declared, declared.saturating_add(2))
    }

    fn absent(&mut self, col: u16, absent: Absent) -> Result<(), XlsxError> {
        let role = match absent {
            Absent::NoData => Role::Absent,
            _ => Role::Faint,
        };
        let format = self.styles.role(role);
        let said = sign(absent, self.context.lang);
        self.sheet.write_with_format(self.row, col, said, format)?;
        Ok(())
    }

    fn blank(&mut self, col: u16) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Centred);
        self.sheet.write_blank(self.row, col, format)?;
        Ok(())
    }

    fn count(&mut self, col: u16, count: usize) -> Result<(), XlsxError> {
        if count == 0 {
            return self.blank(col);
        }
        let format = self.styles.role(Role::Centred);
        self.sheet
            .write_number_with_format(self.row, col, count as f64, format)?;
        Ok(())
    }

    /// Who is missing, and what was compared instead of everything.
    fn notes(&mut self, line: &Line, is_county: bool) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        let compared = [
            (COMPLETED, &line.plan),
            (13, &line.last_month),
            (16, &line.year_before),
        ];
        for (col, compared) in compared {
            if let Some(said) = basis(compared, lang) {
                self.sheet.insert_note(self.row, col, &page::note(&said))?;
            }
        }
        if is_county && !line.without.is_empty() {
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
            self.sheet.insert_note(self.row, 18, &page::note(&said))?;
        }
        Ok(())
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

/// 按两期都有数的 9 个单位计算：900 与 1000.
fn basis(compared: &Compared, lang: Lang) -> Option<String> {
    let (n, now, then) = compared.over?;
    let shown = |figure: Figure| match figure {
        Ok(figure) => figure.quotient().normalised().to_string(),
        Err(absent) => sign(absent, lang).to_owned(),
    };
    let (now, then) = (shown(now), shown(then));
    Some(match lang {
        Lang::Zh => format!("按两期都有数的 {n} 个单位计算：{now} 与 {then}。"),
        Lang::En => format!("Over the {n} reporters that have both figures: {now} and {then}."),
    })
}
