#![doc = include_str!("chain.md")]

use crate::model::Detail;

use super::cells::{At, Spot};
use super::judge::{Common, Holds, judge};
use super::outcome::{Checking, Outcome, Why};
use super::over_time::{Now, begins_anew, past_operand};

/// The cumulative cell, and the month's own.
pub(super) fn check(at: At<'_>, now: Now<'_, '_>, month: Spot<'_>) -> Checking {
    let (scheme, spot) = (at.scheme, now.spot);
    let last = match begins_anew(now.course(scheme), at.period) {
        true => None,
        false => Some(now.known.last_month.find(scheme, spot)?),
    };
    let parts: Vec<Spot<'_>> = last.into_iter().chain([month]).collect();
    let all = || parts.iter().chain([&spot]);
    let common = Common::of(scheme, all().map(|spot| spot.unit(scheme)))?;
    let given = common.add_up(scheme, &[spot])?;
    let mut expected = common.add_up(scheme, &[month])?;
    if let Some(last) = last {
        let before = common.add_up(scheme, &[last])?;
        expected = expected.checked_add(before).ok_or(Why::TooManyDigits)?;
    }
    let tolerance = || common.tolerance(at, &[spot], all());
    let Some(judged) = judge(Holds::Equal, given, expected, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let here = [spot, month];
    let detail = Detail::Chain {
        cumulative: at.operand(&here, &[spot]),
        last: last.map(|last| past_operand(at, last)),
        month: at.operand(&here, &[month]),
    };
    let mut finding = at.finding(judged.within, &[spot], &[month], detail);
    common.write(scheme, &mut finding, &[spot], given, expected, &judged);
    Ok(Outcome::told(finding, judged.within))
}
