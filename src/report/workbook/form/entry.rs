//! What may be typed into a cell of a form, in the words of the scheme's rules.
//!
//! Only what a rule says about one cell is asked while typing; what several cells must come to is
//! checked when the form is back. A sign that something does not apply (－) may stand in every
//! figure's place.

use std::sync::Arc;

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, XlsxError,
};

use crate::model::{Amount, CellRef, Date, Level};
use crate::scheme::{CellSel, ColumnKind, Limit, Relation, RowSel, Rule, YearSel};

use super::super::style::Number;
use super::super::text::{self, cut_to};
use super::blank::Blank;

/// What Excel takes of a title, and of a message.
const TITLE: usize = 32;
const MESSAGE: usize = 255;
/// What Excel takes of a list.
const LIST: usize = 255;

/// What may be typed into a cell; equal neighbours are asked the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Name of the column, with its year.
    name: String,
    asked: Asked,
    pub(super) number: Number,
    /// The rules that the cell is held against, as they say it themselves.
    says: Vec<String>,
    /// Whether what breaks them is refused; otherwise it is only questioned.
    refused: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Figure {
        min: Option<Amount>,
        max: Option<Amount>,
        /// A hundredth is typed and shown as one percent.
        percent: bool,
        unit: Option<Arc<str>>,
        decimals: u8,
    },
    Date {
        min: Option<Date>,
        max: Option<Date>,
    },
    OneOf(Vec<Arc<str>>),
    Digits(usize),
    Code,
    Text,
}

/// A row of a form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RowOf {
    /// A data row: the annex's fixed row, or nothing in a register.
    Data(Option<usize>),
    /// The total row.
    Total,
}

impl Entry {
    /// What may be typed under a leaf.
    pub(super) fn of(blank: &Blank<'_>, leaf: usize, row: RowOf) -> Self {
        let (scheme, annex) = (blank.scheme, blank.annex);
        let spec = match row {
            RowOf::Data(spec) => spec,
            RowOf::Total => None,
        };
        let held = Held { blank, leaf, row };
        let mut says: Vec<String> = Vec::new();
        let mut refused = true;
        let mut note = |rule: &Rule| {
            if !says.contains(&rule.say) {
                says.push(rule.say.clone());
            }
            refused &= rule.level <= Level::QuasiMandatory;
        };
        let mut limits: (Vec<Limit>, Vec<Limit>) = Default::default();
        let mut list: Option<Vec<Arc<str>>> = None;
        let mut n_digits = None;
        for rule in &scheme.rules {
            match &rule.relation {
                Relation::Range {
                    cells,
                    per: None,
                    min,
                    max,
                } if cells.iter().any(|cell| held.by(rule, cell)) => {
                    limits.0.extend(*min);
                    limits.1.extend(*max);
                    note(rule);
                }
                Relation::Code {
                    cell,
                    values,
                    digits,
                    ..
                } if held.by(rule, cell) => {
                    match digits {
                        Some(digits) => n_digits = Some(*digits),
                        None => list = Some(values.clone()),
                    }
                    note(rule);
                }
                _ => {}
            }
        }
        let kind = annex.kind_of(leaf, spec);
        let decimals = annex.decimals_of(leaf, spec);
        let (asked, number) = match kind {
            ColumnKind::Additive | ColumnKind::Rate => {
                let percent = blank.shows_percent(leaf, spec);
                let amount = |limit: &Limit| match limit {
                    Limit::Amount(amount) => Some(*amount),
                    Limit::Date(_) => None,
                };
                let asked = Asked::Figure {
                    min: limits.0.iter().filter_map(amount).max(),
                    max: limits.1.iter().filter_map(amount).min(),
                    percent,
                    unit: scheme
                        .unit_of(annex, leaf, spec)
                        .map(|unit| scheme.units.name(unit).clone()),
                    decimals,
                };
                let number = match percent {
                    true => Number::Percent(decimals),
                    false => Number::Decimals(decimals),
                };
                (asked, number)
            }
            ColumnKind::Date => {
                let date = |limit: &Limit| match limit {
                    Limit::Date(date) => Some(*date),
                    Limit::Amount(_) => None,
                };
                let asked = Asked::Date {
                    min: limits
                        .0
                        .iter()
                        .filter_map(date)
                        .max_by_key(|date| date.earliest()),
                    max: limits
                        .1
                        .iter()
                        .filter_map(date)
                        .min_by_key(|date| date.latest()),
                };
                (asked, Number::Date)
            }
            ColumnKind::Code => {
                let asked = match (n_digits, list) {
                    (Some(n_digits), _) => Asked::Digits(n_digits),
                    (None, Some(values)) => Asked::OneOf(values),
                    (None, None) => Asked::Code,
                };
                (asked, Number::Text)
            }
            _ => match list {
                Some(values) => (Asked::OneOf(values), Number::General),
                None => (Asked::Text, Number::General),
            },
        };
        let column = annex.column_of(leaf);
        let year = annex.leaves[leaf].year;
        Self {
            name: match year {
                Some(year) => format!("{year}年 {}", column.name),
                None => column.name.to_string(),
            },
            asked,
            number,
            says,
            refused,
        }
    }

    /// Whether it is text that may need several lines.
    pub(super) fn is_text(&self) -> bool {
        self.asked == Asked::Text
    }

    /// Room for what will be typed, in digits.
    pub(super) fn width(&self) -> usize {
        match &self.asked {
            Asked::Figure { decimals, .. } => 5 + usize::from(*decimals),
            Asked::Date { .. } => 10,
            Asked::OneOf(values) => {
                let widths = values.iter().map(|value| text::width(value));
                widths.max().unwrap_or(0) + 2
            }
            Asked::Digits(n_digits) => *n_digits,
            Asked::Code => 10,
            Asked::Text => 14,
        }
    }

    /// What the spreadsheet asks while the cell is filled in. `first` is the first of the cells that are
    /// asked the same.
    pub(super) fn validation(&self, first: CellRef) -> Result<Option<DataValidation>, XlsxError> {
        let asked = match &self.asked {
            Asked::Text | Asked::Code if self.says.is_empty() => return Ok(None),
            Asked::Text | Asked::Code => DataValidation::new().allow_any_value(),
            Asked::Figure {
                min, max, percent, ..
            } => {
                let limit = |limit: &Amount| match percent {
                    true => limit.checked_mul(Amount::last_digit(2)).unwrap_or(*limit),
                    false => *limit,
                };
                let mut number = vec![format!("ISNUMBER({first})")];
                number.extend(min.iter().map(|min| format!("{first}>={}", limit(min))));
                number.extend(max.iter().map(|max| format!("{first}<={}", limit(max))));
                let number = match number.len() {
                    1 => number.remove(0),
                    _ => format!("AND({})", number.join(",")),
                };
                let marks = ["－", "—", "-", "/"].map(|mark| format!("{first}=\"{mark}\""));
                let formula = format!("=OR({number},{})", marks.join(","));
                DataValidation::new().allow_custom(Formula::new(formula))
            }
            Asked::Date { min, max } => {
                let day = |(year, month, day)| ExcelDateTime::from_ymd(year, month, day);
                let min = match min {
                    Some(min) => day(min.earliest())?,
                    None => day((1900, 1, 1))?,
                };
                let rule = match max {
                    Some(max) => DataValidationRule::Between(min, day(max.latest())?),
                    None => DataValidationRule::GreaterThanOrEqualTo(min),
                };
                DataValidation::new().allow_date(rule)
            }
            Asked::OneOf(values) => {
                let length: usize = values
                    .iter()
                    .map(|value| value.encode_utf16().count() + 1)
                    .sum();
                // A list separates its values by commas and has no way to write one.
                match length <= LIST && !values.iter().any(|value| value.contains([',', '"'])) {
                    true => DataValidation::new().allow_list_strings(values)?,
                    false => DataValidation::new().allow_any_value(),
                }
            }
            Asked::Digits(n_digits) => {
                let rule = DataValidationRule::EqualTo(*n_digits as u32);
                DataValidation::new().allow_text_length(rule)
            }
        };
        // A month without a day is no date for a spreadsheet, and often all that is known.
        let is_date = matches!(self.asked, Asked::Date { .. });
        let refused = self.refused && !is_date;
        let validation = asked
            .set_input_title(cut_to(&self.name, TITLE))?
            .set_input_message(cut_to(&self.prompt(), MESSAGE))?
            .set_error_title(if refused { "请改正" } else { "请核对" })?
            .set_error_message(cut_to(&self.complaint(refused), MESSAGE))?
            .set_error_style(match refused {
                true => DataValidationErrorStyle::Stop,
                false => DataValidationErrorStyle::Warning,
            });
        Ok(Some(validation))
    }

    fn prompt(&self) -> String {
        let mut lines = Vec::new();
        match &self.asked {
            Asked::Figure {
                percent,
                unit,
                decimals,
                ..
            } => {
                let unit = match (percent, unit) {
                    (true, _) => "百分数，如 40%".to_owned(),
                    (false, Some(unit)) => format!("单位：{unit}"),
                    (false, None) => "填数字".to_owned(),
                };
                lines.push(match decimals {
                    0 => format!("{unit}，取整数。"),
                    n => format!("{unit}，保留 {n} 位小数。"),
                });
            }
            Asked::Date { .. } => {
                lines.push("日期，如 2024-05-31；只知道年月的，如 2024年5月。".to_owned());
            }
            Asked::OneOf(values) => lines.push(format!("填：{}。", values.join("、"))),
            Asked::Digits(n_digits) => lines.push(format!("{n_digits} 位代码，按文本填写。")),
            Asked::Code | Asked::Text => {}
        }
        lines.extend(self.says.iter().map(|say| format!("{say}。")));
        if let Asked::Figure { .. } = self.asked {
            lines.push("没有数的填 0，不适用的填“－”。".to_owned());
        }
        lines.join("\n")
    }

    fn complaint(&self, refused: bool) -> String {
        let mut text = match (&self.asked, self.says.is_empty()) {
            (_, false) => format!("{}。", self.says.join("；")),
            (Asked::Date { .. }, true) => "此处应填日期，如 2024-05-31。".to_owned(),
            (_, true) => String::new(),
        };
        if let Asked::Figure { .. } = self.asked {
            text += "此处只填数字；不适用的填“－”。";
        }
        if !refused {
            text += match self.asked {
                Asked::Date { .. } => "只知道年月或确实如此的，点“是”保留。",
                _ => "确实如此的，点“是”保留，并在备注或说明中写明原因。",
            };
        }
        text
    }
}

/// A cell of the form, to be asked which rules hold it.
struct Held<'b, 's> {
    blank: &'b Blank<'s>,
    leaf: usize,
    row: RowOf,
}

impl Held<'_, '_> {
    /// Whether a rule is about the cell when it names `sel`.
    fn by(&self, rule: &Rule, sel: &CellSel) -> bool {
        let annex = self.blank.annex;
        let leaf = &annex.leaves[self.leaf];
        if sel.annex != self.blank.idx || sel.column != leaf.column {
            return false;
        }
        let spec = match self.row {
            RowOf::Data(spec) => spec.map(|spec| &annex.rows.fixed()[spec]),
            RowOf::Total => None,
        };
        let is_total = self.row == RowOf::Total;
        let row_fits = match &sel.row {
            RowSel::Current => {
                let applies = &rule.applies;
                let key: &[Arc<str>] = spec.map_or(&[], |spec| &spec.key);
                let is_in = |keys: &[Box<[Arc<str>]>]| keys.iter().any(|one| **one == *key);
                (applies.total_rows || !is_total)
                    && applies.rows.as_ref().is_none_or(|rows| is_in(rows))
                    && !is_in(&applies.except_rows)
            }
            RowSel::Key(key) => spec.is_some_and(|spec| spec.key == *key),
            RowSel::Total => is_total,
            RowSel::Every => false,
        };
        let year = leaf.year.or(spec.and_then(|spec| spec.year));
        let year_fits = match (sel.year, year) {
            (YearSel::Fixed(wanted), Some(year)) => wanted == year,
            (YearSel::Every, _) => false,
            _ => true,
        };
        let asked = match (&rule.applies.years, year) {
            (Some(years), Some(year)) => years.contains(&year),
            _ => true,
        };
        row_fits && year_fits && asked
    }
}
