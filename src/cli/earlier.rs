//! What the outbox holds of earlier periods.
//!
//! None of it is believed by itself: somebody may have changed it, a disk may have spoilt it. What the plan, last month or the
//! same month last year say decides what is found in this one, so that where they cannot be used nothing is done, and it
//! is said how to mend that. The other months are only shown beside it: they are left out, and that is said.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use anyhow::{Result, bail};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::consolidate::read_records;
use crate::consolidate::records::RecordsError;
use crate::inbox::InboxFile;
use crate::model::{Damage, Earlier, Past, Period, Unreadable, hex};
use crate::report::kept::is_as_written;
use crate::report::{Lang, words};
use crate::scheme::Scheme;

use super::tell;

/// What was consolidated before, as far as it is in the outbox.
pub(super) fn earlier(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Result<Earlier> {
    let of = |period: Option<Period>| match period {
        Some(period) => (usable(scheme, outbox, period, lang)).map_err(|damage| (period, damage)),
        None => Ok(None),
    };
    let bases = Earlier::periods(period);
    let months = Earlier::months(period).into_iter().map(Some);
    let periods: Vec<Option<Period>> = bases.into_iter().chain(months).collect();
    let pasts: Vec<Result<Option<Past>, _>> = periods.into_par_iter().map(of).collect();
    let mut pasts = pasts.into_iter();
    let mut basis = || match pasts.next() {
        Some(Ok(past)) => Ok(past),
        Some(Err((period, damage))) => bail!(no_basis(outbox, period, &damage, lang)),
        None => Ok(None),
    };
    let mut earlier = Earlier {
        plan: basis()?,
        last_month: basis()?,
        year_before: basis()?,
        ..Earlier::default()
    };
    for past in pasts {
        match past {
            Ok(past) => earlier.months.extend(past),
            Err((period, damage)) => {
                tell(&left_out(outbox, period, &damage, lang));
                earlier.left_out.push((period, damage));
            }
        }
    }
    Ok(earlier)
}

/// The forms that counted in a period, if the outbox has it.
pub(super) fn past(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Result<Option<Past>> {
    match usable(scheme, outbox, period, lang) {
        Ok(past) => Ok(past),
        Err(damage) => bail!(no_basis(outbox, period, &damage, lang)),
    }
}

/// More than any county has; read into memory as a whole.
const MOST_BYTES: usize = 1 << 30;

fn usable(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Result<Option<Past>, Damage> {
    let path = outbox.join(period.to_string()).join(RECORDS);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let file = InboxFile::named(RECORDS, &path);
    let file = file.map_err(|error| Unreadable::NotOpened {
        detail: error.to_string(),
    });
    let content = file.and_then(|file| file.read(MOST_BYTES));
    let bytes = match content {
        Ok(content) => content.bytes,
        Err(Unreadable::NotOpened { detail }) => return Err(Damage::NotOpened { detail }),
        Err(reason) => {
            let detail = words::unreadable(&reason, lang);
            return Err(Damage::NotOpened { detail });
        }
    };
    let hash = hex(&Sha256::digest(&bytes));
    if !is_as_written(outbox, &period.to_string(), RECORDS, &hash) {
        return Err(Damage::NotAsWritten);
    }
    match read_records(scheme, period, Cursor::new(bytes)) {
        Ok(past) => Ok(Some(past)),
        Err(RecordsError::Damaged(damage)) => Err(damage),
        Err(error @ RecordsError::Write(_)) => Err(Damage::Damaged {
            detail: error.to_string(),
        }),
    }
}

const RECORDS: &str = "records.parquet";

/// Why nothing can be held against a period, and what to do about it.
fn no_basis(outbox: &Path, period: Period, damage: &Damage, lang: Lang) -> String {
    let path = outbox.join(period.to_string()).join(RECORDS);
    let (path, why) = (path.display(), words::damage(damage, lang));
    match lang {
        Lang::Zh => format!(
            "{path} 读不了，请重新汇总这一期：hebiao merge {period}\n原因：{why}。那一期的收件文件夹已不在的，从备份恢复它的输出文件夹；\
             宁可不与这一期比较的，把这个文件移走"
        ),
        Lang::En => format!(
            "{path} is damaged; make it again: hebiao merge {period}\nit {why}. Where its inbox is gone, restore its outbox from a \
             backup; move the file away to go on without comparing"
        ),
    }
}

fn left_out(outbox: &Path, period: Period, damage: &Damage, lang: Lang) -> String {
    let path = outbox.join(period.to_string()).join(RECORDS);
    let (path, why) = (path.display(), words::damage(damage, lang));
    match lang {
        Lang::Zh => format!(
            "注意：{path} {why}，本期没有与 {period} 比较；请重新汇总那一期：hebiao merge {period}"
        ),
        Lang::En => format!(
            "note: {path} {why}; nothing was held against {period}; make it again: hebiao merge {period}"
        ),
    }
}
