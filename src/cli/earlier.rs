//! What the outbox holds of earlier periods.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::consolidate::read_records;
use crate::model::{Earlier, Past, Period};
use crate::report::Lang;
use crate::scheme::Scheme;

/// What was consolidated before, as far as it is in the outbox.
pub(super) fn earlier(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Result<Earlier> {
    let of = |period: Option<Period>| match period {
        Some(period) => past(scheme, outbox, period, lang),
        None => Ok(None),
    };
    let months = Earlier::months(period).into_iter().map(Some);
    let periods: Vec<Option<Period>> = Earlier::periods(period).into_iter().chain(months).collect();
    let pasts: Vec<Option<Past>> = periods.into_par_iter().map(of).collect::<Result<_>>()?;
    let mut pasts = pasts.into_iter();
    Ok(Earlier {
        plan: pasts.next().flatten(),
        last_month: pasts.next().flatten(),
        year_before: pasts.next().flatten(),
        months: pasts.flatten().collect(),
        left_out: Vec::new(),
    })
}

/// The forms that counted in a period, if the outbox has it.
pub(super) fn past(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Result<Option<Past>> {
    let path = outbox.join(period.to_string()).join("records.parquet");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let past = read_records(scheme, period, file);
    Ok(Some(past.with_context(|| match lang {
        Lang::Zh => format!(
            "{} 读不了，请重新汇总这一期：hebiao merge {period}",
            path.display()
        ),
        Lang::En => format!(
            "{} is damaged; make it again: hebiao merge {period}",
            path.display()
        ),
    })?))
}
