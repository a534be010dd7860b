#![doc = include_str!("cumulative.md")]

use crate::model::Detail;

use super::cells::At;
use super::judge::{Common, Holds, judge};
use super::outcome::{Checking, Outcome};
use super::over_time::{NOT_APPLIED, Now, begins_anew, past_operand};

/// The cumulative cell.
pub(super) fn check(at: At<'_>, now: Now<'_, '_>) -> Checking {
    let (scheme, spot) = (at.scheme, now.spot);
    if begins_anew(now.course(scheme), at.period) {
        return NOT_APPLIED;
    }
    let last = now.known.last_month.find(scheme, spot)?;
    let common = Common::of(scheme, [spot, last].iter().map(|it| it.unit(scheme)))?;
    let (given, before) = (
        common.add_up(scheme, &[spot])?,
        common.add_up(scheme, &[last])?,
    );
    // Printed figures fall as they are printed.
    let tolerance = || Ok(common.set_tolerance(at, &[spot])?.unwrap_or_default());
    let Some(judged) = judge(Holds::AtLeast, given, before, tolerance)? else {
        return Ok(Outcome::Pass);
    };
    let detail = Detail::Cumulative {
        now: at.operand(&[spot], &[spot]),
        last: past_operand(at, last),
    };
    let mut finding = at.finding(judged.within, &[spot], &[], detail);
    common.write(scheme, &mut finding, &[spot], given, before, &judged);
    Ok(Outcome::told(finding, judged.within))
}
