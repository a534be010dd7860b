//! Blank forms, ready to be filled in: one workbook for a reporter, one sheet for each annex that it
//! fills in, and a sheet that says how.
//!
//! A form has the plan's own layout, so that what comes back is recognised without guessing. Only cells
//! to be filled in can be changed; totals are formulas; what a rule of the scheme can say about a single
//! cell is asked while it is typed. The texts are Chinese, as the annexes are.

mod blank;
mod entry;
mod guide;
mod sheet;

use std::io::Cursor;

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

use crate::model::{Period, Stamp};
use crate::report::Lang;
use crate::scheme::Scheme;

use super::style::Styles;
use super::text::sheet_name;
use super::{date_of, period_name};

use self::blank::Blank;

/// The form could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the form")]
pub struct FormError(#[from] XlsxError);

/// A workbook of blank forms, before it is written.
#[derive(Clone, Debug)]
pub struct Form<'s> {
    scheme: &'s Scheme,
    reporter: usize,
    annexes: Vec<usize>,
    period: Option<Period>,
}

impl<'s> Form<'s> {
    /// All forms that a reporter fills in; `None` where there are none.
    pub fn of(scheme: &'s Scheme, reporter: usize) -> Option<Self> {
        let annexes = (0..scheme.annexes.len())
            .filter(|&annex| Blank::of(scheme, annex, reporter).is_some())
            .collect::<Vec<_>>();
        (!annexes.is_empty()).then_some(Self {
            scheme,
            reporter,
            annexes,
            period: None,
        })
    }

    /// Only these annexes; `None` where the reporter fills in none of them.
    pub fn only(mut self, annexes: &[usize]) -> Option<Self> {
        self.annexes.retain(|annex| annexes.contains(annex));
        (!self.annexes.is_empty()).then_some(self)
    }

    /// For this period; `None` where the reporter fills in none of them for it.
    pub fn period(mut self, period: Option<Period>) -> Option<Self> {
        let scheme = self.scheme;
        self.period = period;
        self.annexes.retain(|&annex| {
            let due = scheme.annexes[annex].due;
            period.is_none_or(|period| due.is_in(period))
        });
        (!self.annexes.is_empty()).then_some(self)
    }

    /// The annexes in it, in the order of the scheme.
    pub fn annexes(&self) -> &[usize] {
        &self.annexes
    }

    /// The workbook as the bytes of an .xlsx file.
    pub fn write(&self) -> Result<Vec<u8>, FormError> {
        let blanks: Vec<Blank<'_>> = self
            .annexes
            .iter()
            .filter_map(|&annex| Blank::of(self.scheme, annex, self.reporter))
            .collect();
        let period = self.period.map(|period| match period {
            Period::Plan => "规划数".to_owned(),
            _ => period_name(period, Lang::Zh),
        });
        let mut workbook = Workbook::new();
        let mut styles = Styles::default();
        workbook.set_properties(&self.properties()?);
        for blank in &blanks {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(&blank.annex.number))?;
            sheet::write(blank, period.as_deref(), sheet, &mut styles)?;
        }
        let sheet = workbook.add_worksheet();
        guide::write(&blanks, self.period, period.as_deref(), sheet, &mut styles)?;
        let mut bytes = Cursor::new(Vec::new());
        workbook.save_to_writer(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    fn properties(&self) -> Result<DocProperties, XlsxError> {
        let scheme = self.scheme;
        let reporter = &scheme.reporters[self.reporter];
        let numbers = self.annexes.iter();
        let stamp = Stamp {
            scheme: scheme.id.clone(),
            fingerprint: scheme.fingerprint.clone(),
            annexes: numbers
                .map(|&annex| &scheme.annexes[annex])
                .map(|annex| (annex.number.to_string(), annex.version()))
                .collect(),
            reporter: reporter.code.to_string(),
            period: self.period.map(|period| period.to_string()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let period = self.period.unwrap_or(Period::Plan);
        let mut properties = DocProperties::new()
            .set_title(format!("{}报表", reporter.name))
            .set_subject(&scheme.title)
            .set_author("hebiao")
            .set_company(&scheme.area)
            .set_creation_datetime(&date_of(scheme, period)?);
        for (name, text) in stamp.properties() {
            properties = properties.set_custom_property(name, text.as_str());
        }
        Ok(properties)
    }
}
