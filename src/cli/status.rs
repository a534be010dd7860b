//! `hebiao status`: who returned what, before anything is merged. Nothing is written.

use anyhow::{Context, Result};

use crate::inbox;
use crate::model::Level;
use crate::pipeline::status;
use crate::report::{json, status as page};

use super::{
    ALL_CLEAR, FINDINGS_OPEN, NOT_DONE, Surroundings, asked_period, known_before, progress,
    put_coloured, put_with, scheme::load_scheme,
};

/// Shows how the returns of a period stand; exit code by what is open.
pub(super) fn run(surroundings: &Surroundings, period: Option<&str>, as_json: bool) -> Result<u8> {
    let lang = surroundings.lang;
    let Some(scheme) = load_scheme(surroundings)? else {
        return Ok(NOT_DONE);
    };
    let period = asked_period(surroundings, period)?;
    let folder = surroundings.inbox.join(period.to_string());
    let mut files = inbox::list(&folder).with_context(|| {
        format!(
            "{}{}",
            lang.pick("读不了收件文件夹 ", "cannot read the inbox "),
            folder.display()
        )
    })?;
    // A note that cannot be read is told of like any other file; what it says is for the merge.
    let _ = inbox::note(&mut files);
    let earlier = known_before(surroundings, &scheme, period);
    let bar = progress(files.len());
    let status = status(&scheme, period, &earlier, &files, &|| bar.inc(1));
    bar.finish_and_clear();
    if as_json {
        let facts = json::Facts {
            scheme: &scheme,
            period: Some(status.period),
            files: &status.files,
            returns: &status.returns,
            corrections: &status.corrections,
            calls: &status.calls,
            findings: &status.findings,
            tallies: &status.tallies,
        };
        put_with(|out| json::write(&facts, lang, out))?;
    } else {
        put_coloured(&page::report(&status, &scheme, lang))?;
    }
    let is_open = |level| level <= Level::QuasiMandatory;
    Ok(
        match status.findings.iter().any(|finding| is_open(finding.level)) {
            true => FINDINGS_OPEN,
            false => ALL_CLEAR,
        },
    )
}
