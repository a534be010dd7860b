//! What the outbox holds of earlier periods.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use crate::consolidate::read_records;
use crate::model::{Earlier, Past, Period};
use crate::scheme::Scheme;

/// What was consolidated before, as far as it is in the outbox.
pub(super) fn earlier(scheme: &Scheme, outbox: &Path, period: Period) -> Result<Earlier> {
    let past = |period: Option<Period>| -> Result<Option<Past>> {
        let Some(period) = period else {
            return Ok(None);
        };
        let path = outbox.join(period.to_string()).join("records.parquet");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let past = read_records(scheme, period, file);
        Ok(Some(past.with_context(|| path.display().to_string())?))
    };
    let [plan, last_month, year_before] = Earlier::periods(period);
    Ok(Earlier {
        plan: past(plan)?,
        last_month: past(last_month)?,
        year_before: past(year_before)?,
    })
}
