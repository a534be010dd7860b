//! What a clerk is told: a title, the facts and what to do for every finding, and the names of
//! levels, kinds and statuses.
//!
//! Each language has one file; both match over the same types without a catch-all, so a finding
//! that one of them cannot say does not compile. What both need to know about a finding, such as
//! how to name its cells, is here.

mod causes;
mod doubt;
mod en;
mod guard;
pub(in crate::report) mod overview;
mod rule;
#[cfg(test)]
mod tests;
mod zh;

use std::io::ErrorKind;

use rust_decimal::RoundingStrategy;

use crate::model::{
    AliasMatch, Amount, CellRef, Cells, Damage, Detail, Effect, FileStatus, Finding, Kind, Level,
    NewerBy, Operand, Place, Reason, ReporterSource, ReturnState, Runs, Suspect, Unreadable,
    Verdict,
};

use super::Lang;

pub use rule::relation;

/// Things of one kind that a sentence names before it only counts them.
const LISTED: usize = 6;
/// More cells than this nobody counts from where to where they go.
const UNCOUNTED: usize = 100;

/// What is wrong, in a few words: 合计与分项之和不符.
pub fn title(finding: &Finding, lang: Lang) -> String {
    let title = match lang {
        Lang::Zh => zh::title(finding),
        Lang::En => en::title(finding),
    };
    match (is_rounding(finding), lang) {
        (true, Lang::Zh) => format!("舍入差，{title}"),
        (true, Lang::En) => format!("Rounding: {}", lower_first(&title)),
        (false, _) => title,
    }
}

/// The figures behind it: 填写 53，分项之和 35（B3:D3），差 18. Empty where the title says it all.
pub fn facts(finding: &Finding, lang: Lang) -> String {
    match lang {
        Lang::Zh => zh::facts(finding),
        Lang::En => en::facts(finding),
    }
}

/// Title and facts in one.
pub fn message(finding: &Finding, lang: Lang) -> String {
    let (title, facts) = (title(finding, lang), facts(finding, lang));
    match lang {
        _ if facts.is_empty() => title,
        Lang::Zh => format!("{title}：{facts}"),
        Lang::En => format!("{title}: {facts}"),
    }
}

/// What to do about it: 请核对 E3.
pub fn advice(finding: &Finding, lang: Lang) -> String {
    match lang {
        Lang::Zh if finding.is_answered() => zh::answered(finding).to_owned(),
        Lang::En if finding.is_answered() => en::answered(finding).to_owned(),
        Lang::Zh => zh::advice(finding),
        Lang::En => en::advice(finding),
    }
}

/// Whose it is and where: 附件1 · 西岭镇 · E3.
pub fn heading(finding: &Finding) -> String {
    let cell = finding.place.as_ref().map(|place| match &place.cell {
        Some(cell) => cell.to_string(),
        None => place.sheet.as_ref().unwrap_or(&place.file).to_string(),
    });
    let parts = [
        finding.annex.as_deref().map(str::to_owned),
        finding.reporter.as_deref().map(str::to_owned),
        cell,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The other cells concerned: D6、D10、D13.
pub fn cells(finding: &Finding, lang: Lang) -> String {
    references(&finding.cells, finding.place.as_ref(), lang)
}

/// The same, and how many they are where several ranges hold more than anybody counts.
fn counted_cells(finding: &Finding, lang: Lang) -> String {
    let shown = cells(finding, lang);
    let is_counted = finding.cells.runs().len() > LISTED;
    let n_cells = finding.cells.len();
    match (n_cells > UNCOUNTED && !is_counted, lang) {
        (false, _) => shown,
        (true, Lang::Zh) => format!("{shown}（共 {n_cells} 格）"),
        (true, Lang::En) => format!("{shown} ({n_cells} cells)"),
    }
}

/// Rows and columns from where to where: 第11、15—20行, G、J—K列.
pub fn rows_and_columns(rows: &Runs, columns: &Runs, lang: Lang) -> Vec<String> {
    let column = |col: u32| {
        let cell = CellRef::new(0, col).to_string();
        cell.trim_end_matches('1').to_owned()
    };
    let runs = |runs: &Runs, name: &dyn Fn(u32) -> String| {
        let shown = runs
            .iter()
            .take(LISTED)
            .map(|(first, last)| match first == last {
                true => name(first),
                false => format!("{}—{}", name(first), name(last)),
            });
        let shown: Vec<String> = shown.collect();
        let more = if runs.iter().count() > LISTED {
            "…"
        } else {
            ""
        };
        shown.join(lang.pick("、", ", ")) + more
    };
    let rows = (!rows.is_empty()).then(|| {
        let shown = runs(rows, &|row| (row + 1).to_string());
        match lang {
            Lang::Zh => format!("第{shown}行"),
            Lang::En => format!("rows {shown}"),
        }
    });
    let columns = (!columns.is_empty()).then(|| {
        let shown = runs(columns, &column);
        match lang {
            Lang::Zh => format!("{shown}列"),
            Lang::En => format!("columns {shown}"),
        }
    });
    rows.into_iter().chain(columns).collect()
}

/// What would be right: of a cause and a failed relation that says itself which cell is wrong the value of that
/// cell, of a tie all candidates with theirs.
pub fn right(finding: &Finding, lang: Lang) -> String {
    if finding.is_tie() {
        const SHOWN: usize = 4;
        let mut candidates = causes::candidates(finding);
        candidates.retain(|suspect| suspect.likely.is_some());
        let shown = candidates.iter().take(SHOWN).map(|suspect| {
            let cell = reference(&suspect.place, finding.place.as_ref());
            format!("{cell}={}", suspect.likely.as_deref().unwrap_or_default())
        });
        let more = (candidates.len() > SHOWN).then(|| "…".to_owned());
        let shown: Vec<String> = shown.chain(more).collect();
        return shown.join(lang.pick(" 或 ", " or "));
    }
    if causes::other_definition(finding).is_some() {
        return String::new();
    }
    match causes::told(finding) {
        told @ [_, _, ..] => {
            let values = told.iter().filter_map(|suspect| {
                let cell = reference(&suspect.place, finding.place.as_ref());
                Some(format!("{cell}={}", suspect.likely.as_deref()?))
            });
            values.collect::<Vec<_>>().join(lang.pick("、", ", "))
        }
        _ => finding.expected.clone().unwrap_or_default(),
    }
}

/// One suspect: C3 填写 100，若为 10 则相符（多写一个 0）.
pub fn suspect(finding: &Finding, suspect: &Suspect, lang: Lang) -> String {
    let cell = reference(&suspect.place, finding.place.as_ref());
    let mut shown = suspect.clone();
    // That it is one of several has been said of all of them.
    if finding.is_tie() {
        shown
            .why
            .retain(|reason| !matches!(reason, Reason::Tied { .. }));
    }
    let why = reasons(&shown, finding.place.as_ref(), lang);
    match lang {
        Lang::Zh => zh::suspect(suspect, &cell, &why),
        Lang::En => en::suspect(suspect, &cell, &why),
    }
}

/// A line for each of the first suspects that the finding has not named itself. Of a fault over many cells three say
/// enough; of a tie all candidates matter, and no others.
pub fn suspects(finding: &Finding, most: usize, lang: Lang) -> Vec<String> {
    let is_over_many = matches!(
        finding.detail,
        Detail::UnitSlip { .. } | Detail::Shifted { .. }
    );
    let most = match is_over_many {
        true => most.min(3),
        false if finding.is_tie() => finding.candidates().count(),
        false => most,
    };
    let n_told = causes::told(finding).len();
    let first = finding.suspects.get(n_told).filter(|_| n_told == 0);
    // The figures of a relation say the same of its own cell.
    let says_nothing_new = |suspect: &Suspect| {
        causes::names_its_cell(finding)
            && suspect.likely == finding.expected
            && causes::reasons(suspect).next().is_none()
    };
    let n_said = n_told + usize::from(first.is_some_and(says_nothing_new));
    let come_after = n_said > 0 || first.is_some_and(|it| it.likely.is_some());
    let shown = finding.suspects.iter().enumerate().skip(n_said).take(most);
    let mut lines: Vec<String> = shown
        .map(|(idx, suspect)| {
            let said = self::suspect(finding, suspect, lang);
            let is_second = idx > 0 && come_after && !finding.is_tie() && !is_over_many;
            match (is_second, lang) {
                (true, Lang::Zh) => format!("也可能是 {said}"),
                (true, Lang::En) => format!("or else {said}"),
                (false, _) => said,
            }
        })
        .collect();
    if is_over_many && lines.len() < finding.suspects.len() {
        // The list of suspects may itself be cut off.
        let n_others = finding.cells.len() + 1 - lines.len();
        lines.push(match lang {
            Lang::Zh => format!("其余 {n_others} 格也是"),
            Lang::En => format!("and {n_others} more"),
        });
    }
    lines
}

/// What is said of a cell that does not hold only because another is wrong; `None` where the finding says no such
/// thing of it.
pub fn related(cause: &Finding, cell: &Place, lang: Lang) -> Option<String> {
    let here = cause.explains().iter().filter(|relation| {
        let own = relation.place.as_ref();
        own == Some(cell)
            || own.is_some_and(|own| own.cell.is_none()) && {
                let mut cells = relation.cells.iter();
                cells.any(|other| other == *cell)
            }
    });
    let relations: Vec<String> = here
        .map(|relation| {
            let rule = relation.rule.as_deref();
            let rule = rule.map_or(String::new(), |rule| format!(" [{rule}]"));
            format!("{}{rule}", title(relation, lang))
        })
        .collect();
    if relations.is_empty() {
        return None;
    }
    let candidates: Vec<&Suspect> = match cause.is_tie() {
        true => causes::candidates(cause),
        false => causes::told(cause).iter().collect(),
    };
    let cells = candidates.iter().take(LISTED);
    let cells: Vec<String> = cells
        .map(|suspect| reference(&suspect.place, Some(cell)))
        .collect();
    let cells = match cells.is_empty() {
        true => cause
            .place
            .iter()
            .map(|place| reference(place, Some(cell)))
            .collect(),
        false => cells,
    };
    let mut cells = cells.join(lang.pick("、", ", "));
    // A fault over a row or a column is named by its first cell.
    if candidates.is_empty() && !cause.cells.is_empty() {
        cells += lang.pick(" 等格", " and others");
    }
    Some(match lang {
        Lang::Zh => zh::related(cause, &relations.join("、"), &cells),
        Lang::En => en::related(cause, &relations.join(", "), &cells),
    })
}

/// Why a cell is suspected: 一位数字不同；与该行其他年份相近.
pub fn reasons(suspect: &Suspect, seen_from: Option<&Place>, lang: Lang) -> String {
    let reasons = suspect.why.iter().map(|reason| match lang {
        Lang::Zh => zh::reason(reason, seen_from),
        Lang::En => en::reason(reason, seen_from),
    });
    let reasons: Vec<String> = reasons.collect();
    reasons.join(lang.pick("；", "; "))
}

/// 强制, 准强制, 核实, 提示.
pub fn level(level: Level, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::level(level),
        Lang::En => en::level(level),
    }
}

/// What a level asks of the reporter.
pub fn level_meaning(level: Level, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::level_meaning(level),
        Lang::En => en::level_meaning(level),
    }
}

/// 可以报送, 需说明, 须改正.
pub fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::verdict(verdict),
        Lang::En => en::verdict(verdict),
    }
}

/// 平衡关系, 表间关系, 未报 and so on.
pub fn kind(kind: Kind, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::kind(kind),
        Lang::En => en::kind(kind),
    }
}

/// 已报, 未报, 退回 and so on.
pub fn return_state(state: ReturnState, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::return_state(state),
        Lang::En => en::return_state(state),
    }
}

/// How much of the county's total is at stake: 51.06%.
pub fn effect(effect: Effect, lang: Lang) -> String {
    let Some(share) = effect.share() else {
        return match effect {
            Effect::Nothing => "—".to_owned(),
            _ => lang.pick("不明", "?").to_owned(),
        };
    };
    let mut percent = (share.0.saturating_mul(100.into()))
        .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    percent.rescale(2);
    match percent.is_zero() && !share.is_zero() {
        true => "<0.01%".to_owned(),
        false => format!("{percent}%"),
    }
}

/// By what a return was found to be the newer one.
pub fn newer_by(by: NewerBy, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::newer_by(by),
        Lang::En => en::newer_by(by),
    }
}

/// 已读取, 无法读取, 重复 and so on.
pub fn file_status(status: &FileStatus, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::file_status(status),
        Lang::En => en::file_status(status),
    }
}

/// Why a file has its status; empty where that needs no reason.
pub fn file_reason(status: &FileStatus, lang: Lang) -> String {
    match (status, lang) {
        (FileStatus::Read, _) => String::new(),
        (FileStatus::Unreadable(why), _) => unreadable(why, lang),
        (FileStatus::Duplicate(other), Lang::Zh) => format!("内容与 {other} 完全相同"),
        (FileStatus::Duplicate(other), Lang::En) => format!("the same bytes as {other}"),
        (FileStatus::SameFigures(other), Lang::Zh) => format!("与 {other} 的数据完全相同"),
        (FileStatus::SameFigures(other), Lang::En) => format!("the same figures as {other}"),
        (FileStatus::Superseded(other), Lang::Zh) => format!("以 {other} 为准"),
        (FileStatus::Superseded(other), Lang::En) => format!("{other} is taken instead"),
        (FileStatus::Ignored, Lang::Zh) => "临时文件、隐藏文件或本期说明，不是报表".to_owned(),
        (FileStatus::Ignored, Lang::En) => "a lock file, hidden file or note, no return".to_owned(),
    }
}

/// What the system says of a file, where it is known.
pub fn system(kind: ErrorKind, lang: Lang) -> Option<&'static str> {
    match lang {
        Lang::Zh => zh::system(kind),
        Lang::En => en::system(kind),
    }
}

/// Why a file cannot be read.
pub fn unreadable(why: &Unreadable, lang: Lang) -> String {
    match lang {
        Lang::Zh => zh::unreadable(why),
        Lang::En => en::unreadable(why),
    }
}

/// Why records of an earlier period cannot be used.
pub fn damage(damage: &Damage, lang: Lang) -> String {
    match lang {
        Lang::Zh => zh::damage(damage),
        Lang::En => en::damage(damage),
    }
}

/// How a name was matched with the roster.
pub fn alias_match(how: AliasMatch, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::alias_match(how),
        Lang::En => en::alias_match(how),
    }
}

/// Where a reporter's name was found.
pub fn reporter_source(source: ReporterSource, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh::reporter_source(source),
        Lang::En => en::reporter_source(source),
    }
}

/// Whether a difference is no larger than rounding alone could make it.
fn is_within(finding: &Finding) -> bool {
    match (finding.difference, finding.tolerance) {
        (Some(difference), Some(tolerance)) => difference.abs() <= tolerance.abs(),
        _ => false,
    }
}

/// Whether rounding alone explains a difference. The level says so: within the tolerance a rule
/// gives a hint, whatever its own level.
pub(super) fn is_rounding(finding: &Finding) -> bool {
    let relation = matches!(
        finding.detail,
        Detail::Sum { .. }
            | Detail::TotalRow { .. }
            | Detail::Equal { .. }
            | Detail::Target { .. }
            | Detail::Ratio { .. }
            | Detail::Part { .. }
            | Detail::Range { .. }
            | Detail::RangePer { .. }
            | Detail::Chain { .. }
            | Detail::Cumulative { .. }
    );
    relation && finding.level == Level::Hint && is_within(finding)
}

/// A cell as it is named beside another: `E3` on the same sheet, `附件7!E3` on another one, with
/// the file where that differs too.
fn reference(place: &Place, beside: Option<&Place>) -> String {
    let same_file = beside.is_some_and(|other| other.file == place.file);
    let same_sheet = same_file && beside.is_some_and(|other| other.sheet == place.sheet);
    let mut text = String::new();
    if !same_file {
        text.push_str(&place.file);
    }
    // Some programs give the only sheet of a file no name.
    let sheet = place.sheet.as_ref().filter(|sheet| !sheet.is_empty());
    if let Some(sheet) = sheet.filter(|_| !same_sheet) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sheet);
    }
    if let Some(cell) = place.cell {
        if !text.is_empty() {
            text.push('!');
        }
        text.push_str(&cell.to_string());
    }
    text
}

/// Cells in few words: `B3:D3` for neighbours, else one after the other; of many the first, and how many.
fn references(cells: &Cells, beside: Option<&Place>, lang: Lang) -> String {
    let runs = cells.runs().iter().take(LISTED).map(|run| {
        let text = reference(&run.first, beside);
        match run.last.filter(|last| Some(*last) != run.first.cell) {
            Some(last) => format!("{text}:{last}"),
            None => text,
        }
    });
    let shown = runs.collect::<Vec<_>>().join(lang.pick("、", ", "));
    match (cells.runs().len() > LISTED, lang) {
        (false, _) => shown,
        (true, Lang::Zh) => format!("{shown} 等 {} 格", cells.len()),
        (true, Lang::En) => format!("{shown} and others, {} cells", cells.len()),
    }
}

/// Where the parts of a sum stand, or what they are where they have no cells of their own.
fn parts(finding: &Finding, parts: &[Operand], lang: Lang) -> String {
    let beside = finding.place.as_ref();
    let separator = lang.pick("、", ", ");
    let places: Option<Cells> = parts.iter().map(|part| part.place.clone()).collect();
    match places {
        Some(places) if !places.is_empty() => references(&places, beside, lang),
        _ => {
            let named = parts
                .iter()
                .map(|part| format!("{} {}", part.label, part.value));
            named.take(8).collect::<Vec<_>>().join(separator)
        }
    }
}

/// An operand with its value, and its cell where that is on another sheet.
fn operand(finding: &Finding, operand: &Operand, brackets: (&str, &str)) -> String {
    let mut text = format!("{} {}", operand.label, operand.value);
    if let Some(place) = &operand.place {
        let cell = reference(place, finding.place.as_ref());
        if finding.place.as_ref() != Some(place) && !cell.is_empty() {
            text.push_str(&format!("{}{cell}{}", brackets.0, brackets.1));
        }
    }
    text
}

/// A blank that other figures determine, with its value.
fn determined(finding: &Finding) -> Option<(String, &str)> {
    let first = finding.suspects.first()?;
    let cell = reference(&first.place, finding.place.as_ref());
    Some((cell, first.likely.as_deref()?))
}

/// The cell that the finding is at, if it is at one.
fn own_cell(finding: &Finding) -> Option<String> {
    let place = finding.place.as_ref()?;
    place.cell.map(|cell| cell.to_string())
}

/// Cells with the values that would be right: E3 为 35.
fn likely_values(cells: &[(Place, String)], beside: Option<&Place>, is: &str) -> Vec<String> {
    let shown = cells.iter().take(LISTED);
    let named = shown.map(|(place, value)| format!("{}{is}{value}", reference(place, beside)));
    named.collect()
}

/// An operand with its value.
/// Some operands with their values; of many the first.
fn several(operands: &[Operand], between: &str) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = operands.iter().take(SHOWN).map(named).collect();
    let more = if operands.len() > SHOWN { " …" } else { "" };
    format!("{}{more}", shown.join(between))
}

fn named(operand: &Operand) -> String {
    format!("{} {}", operand.label, operand.value)
}

/// A figure with the finding's unit.
fn with_unit(finding: &Finding, figure: &str) -> String {
    match finding.unit.as_deref() {
        // Text that is no figure has no unit, and some figures bring theirs along.
        Some(unit) if !figure.ends_with(|c: char| c.is_ascii_digit()) || unit.is_empty() => {
            figure.to_owned()
        }
        Some("%") => format!("{figure}%"),
        Some(unit) => format!("{figure} {unit}"),
        None => figure.to_owned(),
    }
}

fn given(finding: &Finding) -> String {
    with_unit(finding, finding.given.as_deref().unwrap_or_default())
}

fn expected(finding: &Finding) -> String {
    with_unit(finding, finding.expected.as_deref().unwrap_or_default())
}

fn amount(finding: &Finding, amount: Amount) -> String {
    with_unit(finding, &amount.to_string())
}

/// The parts of what is said of something that is no figure.
fn said_of_doubt(detail: &Detail) -> Option<doubt::Said<'_>> {
    match detail {
        Detail::NotANumber {
            wanted,
            causes,
            readings,
            is_reckoned,
        } => Some(doubt::Said {
            wanted: *wanted,
            causes,
            readings,
            is_reckoned: *is_reckoned,
        }),
        _ => None,
    }
}

/// Whether an operand is a date, so that it comes late instead of being large.
fn is_date(value: &str) -> bool {
    let mut parts = value.split('-');
    parts
        .next()
        .is_some_and(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))
        && value.contains('-')
        && parts.all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
