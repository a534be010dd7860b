//! How things stand with every return, once all findings are known.

use std::collections::HashMap;

use crate::model::{
    Date, FileRecord, Finding, Kind, Level, Moment, Period, ReturnRecord, ReturnState,
    ReturnStatus, Verdict,
};
use crate::scheme::{Annex, Scheme};

/// Says of every return when it was made, how many findings are open, and what is to be done about it.
///
/// A return is late when the first that came of it was made after the due day: who was in time is not late
/// for correcting a figure. Of what tells no time nothing is said.
pub fn judge(
    scheme: &Scheme,
    period: Period,
    files: &[FileRecord],
    findings: &[Finding],
    returns: &mut [ReturnRecord],
) {
    let files: HashMap<&str, &FileRecord> = files.iter().map(|file| (&*file.path, file)).collect();
    let mut of_return: HashMap<(&str, &str), Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().filter(|one| one.kind != Kind::NotReturned) {
        if let (Some(annex), Some(reporter)) = (&finding.annex, &finding.reporter) {
            let of_return = of_return.entry((annex, reporter)).or_default();
            of_return.push(finding);
        }
    }
    for one in returns {
        let annex = &scheme.annexes[one.annex];
        let times = one.files.iter().map(|path| {
            let file = files.get(&**path)?;
            made(file, one.annex)
        });
        one.time = times.clone().next_back().flatten();
        let first = times.flatten().min();
        let due = due_day(annex, period);
        one.is_late = (first.and_then(Moment::date))
            .zip(due)
            .is_some_and(|(first, due)| first.days() > due.days());
        let key = (&*annex.number, &*scheme.reporters[one.reporter].name);
        let about = of_return.get(&key).map_or(&[][..], Vec::as_slice);
        one.open = [0; Level::ALL.len()];
        for finding in about.iter().filter(|finding| finding.is_for_reporter()) {
            one.open[finding.level as usize] += 1;
        }
        one.state = match (one.status, Verdict::of(about.iter().copied())) {
            (ReturnStatus::Missing, _) => ReturnState::Missing,
            (_, Verdict::ToCorrect) => ReturnState::SentBack,
            (_, Verdict::ToExplain) => ReturnState::ToExplain,
            _ if one.is_late => ReturnState::Late,
            (ReturnStatus::Superseded, _) => ReturnState::Superseded,
            (ReturnStatus::Returned, _) => ReturnState::Returned,
        };
    }
}

/// When the form of an annex in a file was made: by the stamp inside the file, else by the day on the form.
fn made(file: &FileRecord, annex: usize) -> Option<Moment> {
    let dated = || {
        let days = file.tables.iter().filter(|form| form.annex == annex);
        let mut days = days.filter_map(|form| Moment::day(form.dated?));
        days.next()
    };
    file.version.saved.or_else(dated)
}

/// The last day for a return of a month; a month that has no such day ends earlier.
fn due_day(annex: &Annex, period: Period) -> Option<Date> {
    let Period::Month { year, month } = period else {
        return None;
    };
    let day = annex.due.day?;
    let (year, month) = match month {
        12 => (year + 1, 1),
        month => (year, month + 1),
    };
    Date::new(year, Some(month), Some(day)).or_else(|| Date::month_end(year, month))
}
