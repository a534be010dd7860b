//! What the outbox holds of earlier periods.
//!
//! None of it is believed by itself: somebody may have changed it, a disk may have spoilt it. What the plan, last month or the
//! same month last year say decides what is found in this one, so that where they cannot be used nothing is merged, and it
//! is said how to mend that. The other months are only shown beside it: they are left out, and that is said. Where nothing is
//! written, as in a look at what came in, all that cannot be used is left out and said.

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
    let (earlier, damaged) = found(scheme, outbox, period);
    if let Some((period, damage)) = damaged.first() {
        bail!(no_basis(outbox, *period, damage, lang));
    }
    for (period, damage) in &earlier.left_out {
        tell(&left_out(outbox, *period, damage, lang));
    }
    Ok(earlier)
}

/// The same without what cannot be used, which is said of it.
pub(super) fn usable_earlier(
    scheme: &Scheme,
    outbox: &Path,
    period: Period,
    lang: Lang,
) -> Earlier {
    let (mut earlier, damaged) = found(scheme, outbox, period);
    earlier.left_out.splice(0..0, damaged);
    for (period, damage) in &earlier.left_out {
        tell(&left_out(outbox, *period, damage, lang));
    }
    earlier
}

/// What was consolidated before, and of what a period is held against what cannot be used.
fn found(scheme: &Scheme, outbox: &Path, period: Period) -> (Earlier, Vec<(Period, Damage)>) {
    let of = |period: Option<Period>| match period {
        Some(period) => (usable(scheme, outbox, period)).map_err(|damage| (period, damage)),
        None => Ok(None),
    };
    let bases = Earlier::periods(period);
    let months = Earlier::months(period).into_iter().map(Some);
    let periods: Vec<Option<Period>> = bases.into_iter().chain(months).collect();
    let pasts: Vec<Result<Option<Past>, _>> = periods.into_par_iter().map(of).collect();
    let mut pasts = pasts.into_iter();
    let mut damaged = Vec::new();
    let mut basis = || match pasts.next() {
        Some(Ok(past)) => past,
        Some(Err(why)) => {
            damaged.push(why);
            None
        }
        None => None,
    };
    let mut earlier = Earlier {
        plan: basis(),
        last_month: basis(),
        year_before: basis(),
        ..Earlier::default()
    };
    for past in pasts {
        match past {
            Ok(past) => earlier.months.extend(past),
            Err(why) => earlier.left_out.push(why),
        }
    }
    (earlier, damaged)
}

/// The forms that counted in a period, if the outbox has it.
fn usable(scheme: &Scheme, outbox: &Path, period: Period) -> Result<Option<Past>, Damage> {
    match as_written(outbox, period, RECORDS)? {
        Some(bytes) => past_of(scheme, period, &bytes).map(Some),
        None => Ok(None),
    }
}

/// The forms in the records of a period.
pub(super) fn past_of(scheme: &Scheme, period: Period, records: &[u8]) -> Result<Past, Damage> {
    read_records(scheme, period, Cursor::new(records)).map_err(|error| match error {
        RecordsError::Damaged(damage) => damage,
        RecordsError::Write(_) => Damage::Damaged {
            detail: error.to_string(),
        },
    })
}

/// More than any county has; read into memory as a whole.
const MOST_BYTES: usize = 1 << 30;

/// What is in a file of `outbox/<period>`, if there is one and it is as this program wrote it. It is read once: what is held
/// against the list is what is used.
pub(super) fn as_written(
    outbox: &Path,
    period: Period,
    name: &str,
) -> Result<Option<Vec<u8>>, Damage> {
    let path = outbox.join(period.to_string()).join(name);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let file = InboxFile::named(name, &path);
    let file = file.map_err(|error| Unreadable::NotOpened {
        kind: error.kind(),
        detail: error.to_string(),
    });
    let content = file.and_then(|file| file.read(MOST_BYTES));
    let bytes = match content {
        Ok(content) => content.bytes,
        Err(Unreadable::NotOpened { detail, .. }) => return Err(Damage::NotOpened { detail }),
        Err(reason) => return Err(Damage::Unreadable(reason)),
    };
    let hash = hex(&Sha256::digest(&bytes));
    match is_as_written(outbox, &period.to_string(), name, &hash) {
        true => Ok(Some(bytes)),
        false => Err(Damage::NotAsWritten),
    }
}

pub(super) const RECORDS: &str = "records.parquet";

/// Why nothing can be held against a period, and what to do about it.
fn no_basis(outbox: &Path, period: Period, damage: &Damage, lang: Lang) -> String {
    let unusable = unusable(outbox, period, RECORDS, damage, lang);
    match lang {
        Lang::Zh => format!(
            "{unusable}。那一期的收件文件夹已不在的，从备份恢复它的输出文件夹；宁可不与这一期比较的，把这个文件移走"
        ),
        Lang::En => format!(
            "{unusable}. Where its inbox is gone, restore its outbox from a backup; move the file away to go on without \
             comparing"
        ),
    }
}

/// Why a file of `outbox/<period>` cannot be used.
pub(super) fn unusable(
    outbox: &Path,
    period: Period,
    name: &str,
    damage: &Damage,
    lang: Lang,
) -> String {
    let path = outbox.join(period.to_string()).join(name);
    let (path, why) = (path.display(), words::damage(damage, lang));
    match lang {
        Lang::Zh => {
            format!("{path} 读不了，请重新汇总这一期：hebiao merge {period}\n原因：{why}")
        }
        Lang::En => {
            format!("{path} is damaged; make it again: hebiao merge {period}\nit {why}")
        }
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
