//! English.

use std::io::ErrorKind;

use crate::model::{
    AliasMatch, Amount, Basis, Condition, CopiedExtent, CopiedFrom, Damage, Detail, Direction,
    Evidence, Extent, FileKind, FileStatus, Finding, Kind, LEAST_EXPLANATION, Level, Need, NewerBy,
    NoCopy, PeriodSource, Place, Quantity, ReadAs, Reason, ReporterSource, ReturnState, SheetKind,
    SkippedSheet, Slip, Stage, Suspect, Unreadable, Verdict,
};

use super::causes::{self, Relations, Wrong, wrong};
use super::{
    LISTED, amount, cells, counted_cells, determined, doubt, expected, given, guard, is_date,
    is_rounding, is_within, likely_values, named, own_cell, parts, reference, rows_and_columns,
    said_of_doubt, several,
};
use crate::report::Lang;

pub(super) fn title(finding: &Finding) -> String {
    let title = match &finding.detail {
        Detail::Unreadable(Unreadable::ProgramFailed { .. }) => "The program failed",
        Detail::Unreadable(Unreadable::FolderNotOpened { .. }) => "The folder cannot be read",
        Detail::Unreadable(_) => match finding.place.as_ref().and_then(|p| p.sheet.as_ref()) {
            Some(_) => "The sheet cannot be read",
            None => "The file cannot be read",
        },
        Detail::SkippedSheets(_) => "Some sheets hold no table and were not read",
        Detail::DamagedParts(_) => "The file is damaged where it does not matter",
        Detail::NothingIn => "The workbook is empty",
        Detail::UnknownForm { .. } => "The form is none of the annexes",
        Detail::AmbiguousForm { .. } => "The form could be several annexes",
        Detail::Exchanged { .. } => "Rows and columns are exchanged",
        Detail::MissingColumn { .. } => "A column is missing",
        Detail::UnexpectedColumn { .. } => "A column too many, left out",
        Detail::UnexpectedRow { .. } => "A row too many, left out",
        Detail::OthersRows { .. } => "Rows of other offices, left out",
        Detail::MissingRow { .. } => "A row is missing",
        Detail::BlankRow { .. } => "A row was left blank",
        Detail::MissingTotal { .. } => "The total row is missing, nothing was taken",
        Detail::Merged { .. } => "One figure in merged cells",
        Detail::BlankForm => "The form was left blank",
        Detail::MissingValue { .. } => "Figures are missing",
        Detail::UnitDiffers {
            converted: true, ..
        } => "Another unit than the scheme's, converted",
        Detail::UnitDiffers { .. } => "Another unit than the scheme's, not convertible",
        Detail::UnitMissing { .. } => "No unit is stated",
        Detail::UnitUnknown { .. } => "Unknown unit",
        Detail::NotANumber { wanted, causes, .. } => doubt::title(*wanted, causes, Lang::En),
        Detail::TooLarge => "The figure is too large to be true, left out",
        Detail::TooLong => "Too many digits to be reckoned with exactly",
        Detail::Inexact { .. } => "The figure does not convert exactly, left out",
        Detail::Decimals { is_count: true, .. } => "Not a whole number",
        Detail::Decimals { .. } => "More decimals than asked for",
        Detail::Beside => "Figures beside the table, left out",
        Detail::ReadAs(how) => match how {
            ReadAs::TextNumber => "Number kept as text",
            ReadAs::Unseen => "Unseen characters in a number",
            ReadAs::Currency => "A figure with the sign of a currency",
            ReadAs::Spaced => "Blanks between the thousands",
            ReadAs::FullStop => "A full stop for a decimal point",
            ReadAs::Times => "A figure in ten thousands",
            ReadAs::Nothing => "No figure, in words",
            ReadAs::ShownOtherwise => "The sheet shows another figure than it holds",
            ReadAs::Percent => "Read as a percentage",
            ReadAs::NumberWithUnit => "Number and unit in one cell",
            ReadAs::Bracketed => "Number in brackets read as negative",
            ReadAs::DateText => "Unusual spelling of a date",
            ReadAs::NumericCode => "Code kept as a number",
            ReadAs::Header { .. } => "Header spelled differently",
            ReadAs::Guessed { rows: false, .. } => {
                "Headers differ from the scheme's; please confirm the columns"
            }
            ReadAs::Guessed { .. } => "The years of rows differ from the scheme's; please confirm",
            ReadAs::RowLabel { .. } => "Row label spelled differently",
            ReadAs::AnnexByContent { .. } => "Annexes share their headers; the rows decided",
            ReadAs::AnnexNumber { .. } => "The annex number does not fit the form",
            ReadAs::RepeatedColumn { .. } => "Repeated header, the first column was taken",
            ReadAs::Printed => "Printed text changed; the scheme's is taken",
            ReadAs::OtherWorkbook { .. } => "The formula refers to another workbook",
            ReadAs::OutOfDate { .. } => "The result of the formula is out of date",
            ReadAs::RepeatedRow { .. } => "Repeated row, the first was taken",
        },
        Detail::FormulaError { error: Some(_), .. } => "The formula came to an error",
        Detail::FormulaError { error: None, .. } => "The formula was never calculated",
        Detail::FormulaReplaced => "The total was typed by hand",
        Detail::Alias { .. } => "Name spelled differently from the roster",
        Detail::UnknownReporter { .. } => "It cannot be told who returned this",
        Detail::ReporterContradicted { .. } => "Two different reporters are named",
        Detail::ReporterNotAsked => "Not a reporter of this annex",
        Detail::Conflict { .. } => "Returns give different values",
        Detail::NotReturned => "Not returned yet",
        Detail::DuplicateReturn {
            identical: true, ..
        } => "Returned twice with the same content",
        Detail::DuplicateReturn { .. } => "Returned twice with different content",
        Detail::RepeatedText { .. } => "One explanation for everything",
        Detail::TooShort => "The explanation is too short",
        Detail::NoLongerNeeded { .. } => "The explanation is no longer needed",
        Detail::OfOtherPeriod { .. } => "The explanation is of another period",
        Detail::EarlierUnread { .. } => "Earlier records cannot be used",
        Detail::StageFailed { .. } => "The program failed",
        Detail::Told { .. } => "Found by the county",
        Detail::OldForm {
            same_scheme: true, ..
        } => "An old form was used",
        Detail::OldForm { .. } => "A form of another scheme was used",
        Detail::Hidden { .. } => "There are figures where nobody sees them",
        Detail::Chain { .. } => "The cumulative figure is not last month's and this month's",
        Detail::Cumulative { .. } => "The cumulative figure is less than last month",
        Detail::Compare { with, .. } => match with {
            Basis::Plan => "Far off the plan",
            Basis::Schedule => "Far off the schedule",
            Basis::LastMonth => "Far off last month",
            Basis::LastYear => "Far off the same month last year",
        },
        Detail::NoCopy(_) => "There is no marked copy",
        Detail::Guard(about) => guard::title(about, Lang::En),
        Detail::Copied { from, .. } => match from {
            CopiedFrom::LastMonth(_) => "The figures are last month's",
            CopiedFrom::Reporter(_) => "The figures are another reporter's",
        },
        Detail::WrongPeriod { .. } => "The form is about another period",
        Detail::PeriodsDiffer { .. } => "The form says two periods",
        Detail::Sum { .. } => "The total differs from the sum of its parts",
        Detail::TotalRow { .. } => "The total row differs from the sum of the rows",
        Detail::RowCount { .. } => "The total row states another number of rows",
        Detail::Equal { .. } => "Two figures that should agree differ",
        Detail::Target { .. } => "Differs from the target in the plan's text",
        Detail::Part { .. } => "The part is greater than the whole",
        Detail::Range { .. } | Detail::RangePer { .. } if is_within(finding) => {
            "At the edge of its bounds"
        }
        Detail::Range { .. } | Detail::RangePer { .. } => "Out of range",
        Detail::Order { .. } => "In the wrong order",
        Detail::Trend { .. } => "The change over the years is not as required",
        Detail::Ratio { .. } => "The ratio differs from its quotient",
        Detail::Unique { .. } => "Repeated",
        Detail::Code {
            digits: Some(_), ..
        } => "Wrong number of digits",
        Detail::Code { .. } => "Not on the list",
        Detail::Pair { need, .. } => match need {
            Need::AllOrNone => "A group is filled in only in part",
            Need::ExactlyOne => "Exactly one of a group should be filled in",
            Need::AtLeastOne => "At least one of a group should be filled in",
        },
        Detail::When { .. } => "A condition is not met",
        Detail::Miswritten { .. } => match wrong(finding) {
            Wrong::Figure => "The figure seems to be wrong",
            Wrong::Blank => "The figure seems to be left out",
            Wrong::Exchanged => "Two figures seem to have changed places",
            Wrong::MixedUp => "Figures of two rows seem to be mixed up",
            Wrong::Several => "Several figures seem to be wrong",
            Wrong::Tie => "One of several figures seems to be wrong",
        },
        Detail::UnitSlip { .. } => "The unit of measure seems to be wrong",
        Detail::Shifted { extent, .. } => match extent {
            Extent::Row => "A row seems to be shifted sideways",
            Extent::Form => "The rows of a form seem to be shifted up or down",
            Extent::Cell | Extent::Column => "A column seems to be shifted up or down",
        },
    };
    title.to_owned()
}

pub(super) fn facts(finding: &Finding) -> String {
    match &finding.detail {
        Detail::Unreadable(why) => unreadable(why),
        Detail::SkippedSheets(sheets) => skipped_sheets(sheets),
        Detail::DamagedParts(parts) => format!("damaged, and not needed: {}", parts.join(", ")),
        Detail::NothingIn => "no sheet of it holds anything".to_owned(),
        Detail::UnknownForm { nearest: None } => "its headers are like no annex's".to_owned(),
        Detail::UnknownForm {
            nearest: Some((annex, found, all)),
        } if found == all => {
            format!("it has the headers of {annex}, but its rows and columns do not fit")
        }
        Detail::UnknownForm {
            nearest: Some((annex, found, all)),
        } => format!("nearest is {annex}, but only {found} of its {all} columns were found"),
        Detail::AmbiguousForm { candidates } => format!("{} fit equally well", list(candidates)),
        Detail::Exchanged { annex } => {
            format!("it seems to be {annex} with rows and columns exchanged; it was left out")
        }
        Detail::MissingColumn { header, seems } => match seems {
            Some((cell, given)) => format!(
                "the form has no “{header}”; by the sums, column {}{} seems to be it",
                cell.column_letters(),
                match given.is_empty() {
                    true => " (without a header)".to_owned(),
                    false => format!(" “{given}”"),
                }
            ),
            None => format!("the form has no “{header}”"),
        },
        Detail::Merged { of, parts } => {
            let shown = &of[..of.len().min(LISTED)];
            let more = match of.len() {
                n if n > LISTED => format!(" and others ({n} cells)"),
                _ => String::new(),
            };
            let split = match parts.is_empty() {
                true if finding.expected.is_some() => format!(
                    "; by their parts they should come to {}{}",
                    expected(finding),
                    difference(finding)
                ),
                true => String::new(),
                false => format!(
                    "; by their parts they should be {}, which add up to it",
                    parts.join(", ")
                ),
            };
            format!(
                "{} in a merged cell is one figure for {}{more}{split}",
                given(finding),
                shown.join(", ")
            )
        }
        Detail::UnexpectedColumn { header } => format!("the scheme has no “{header}”"),
        Detail::UnexpectedRow { label, .. } if label.is_empty() => {
            let cell = finding.place.as_ref().and_then(|place| place.cell);
            let row = cell.map_or(String::new(), |cell| format!("row {} ", cell.row + 1));
            format!("{row}has no label, so nobody knows which it is")
        }
        Detail::UnexpectedRow { label, nearest } => match nearest {
            Some(nearest) => format!("the scheme has no “{label}”; it may mean “{nearest}”"),
            None => format!("the scheme has no “{label}”"),
        },
        Detail::OthersRows { rows, not_returned } => {
            let more = match rows.len() {
                n if n > LISTED => format!(" and {} more", n - LISTED),
                _ => String::new(),
            };
            let shown = &rows[..rows.len().min(LISTED)];
            let why = match not_returned {
                true => "those whose rows they are returned nothing",
                false => "these rows are for others to return",
            };
            format!("{}{more}: {why}", shown.join(", "))
        }
        Detail::MissingRow { label } => format!("the form has no “{label}”"),
        Detail::BlankRow { label } => format!("nothing is filled in at “{label}”"),
        Detail::MissingTotal { label } => format!(
            "nothing is filled in at “{label}”, which is what the county takes of a form; the figures of this form are not in the county's"
        ),
        Detail::BlankForm => "nothing is filled in".to_owned(),
        Detail::MissingValue { columns } => {
            let more = match columns.len() {
                n if n > LISTED => format!(" and {} more", n - LISTED),
                _ => String::new(),
            };
            let quoted = columns.iter().take(LISTED);
            let shown: Vec<String> = quoted.map(|column| format!("“{column}”")).collect();
            format!("blank: {}{more}", shown.join(", "))
        }
        Detail::UnitDiffers {
            printed,
            declared,
            converted,
        } => match converted {
            true => and_others(
                finding,
                format!("the form says “{printed}”; converted to {declared}"),
            ),
            false => format!("the form says “{printed}”, the scheme {declared}; left out"),
        },
        Detail::UnitMissing { declared } => format!("taken in the scheme's {declared}"),
        Detail::UnitUnknown { printed, declared } => {
            format!("the form says “{printed}”; taken in the scheme's {declared}")
        }
        Detail::NotANumber { .. } => match said_of_doubt(&finding.detail) {
            Some(said) => doubt::facts(finding, &said, Lang::En),
            None => String::new(),
        },
        Detail::TooLarge => format!(
            "given {}, more than the 15 whole digits that a spreadsheet keeps",
            given(finding)
        ),
        Detail::TooLong => match finding.given.as_deref() {
            Some(given) if !given.is_empty() => {
                format!(
                    "given {given}; with the other figures that is more digits than can be kept exactly"
                )
            }
            _ => "together the figures have more digits than can be kept exactly".to_owned(),
        },
        Detail::Inexact {
            declared,
            about,
            others,
        } => {
            let others = doubt::about_others(others, declared, Lang::En);
            let proof = doubt::proof(finding, Lang::En);
            let proof = proof.map_or(String::new(), |proof| format!(" (with it, {proof})"));
            format!(
                "given {}, which has no end in {declared}: about {about}{proof}{others}; left out",
                given(finding)
            )
        }
        Detail::Decimals {
            declared,
            shown,
            is_count,
        } => {
            let shown = shown.as_ref().filter(|_| !is_count);
            let shown = shown.map_or(String::new(), |shown| format!(" (shown as {shown})"));
            let asked = match (is_count, declared) {
                (true, _) => "which counts what is whole".to_owned(),
                (false, 0) => "where no decimals are asked for".to_owned(),
                (false, declared) => format!("where {declared} decimals are asked for"),
            };
            and_others(finding, format!("given {}{shown}, {asked}", given(finding)))
        }
        Detail::Beside => and_others(
            finding,
            format!("given {}, in a column without a header", given(finding)),
        ),
        // Their other cells are named in what is said.
        Detail::ReadAs(how @ (ReadAs::Guessed { .. } | ReadAs::RepeatedRow { .. })) => {
            read_as(finding, how)
        }
        Detail::ReadAs(how) => {
            let proof = doubt::proof(finding, Lang::En);
            let proof = proof.map_or(String::new(), |proof| format!(", {proof}"));
            and_others(finding, read_as(finding, how) + &proof)
        }
        Detail::FormulaError { error, computed } => match (error, computed) {
            (Some(error), _) => and_others(finding, format!("it shows {error}; left out")),
            (None, true) => {
                let said = "the file holds no result; the plain sum was added up".to_owned();
                and_others(finding, said)
            }
            (None, false) => and_others(finding, "the file holds no result; left out".to_owned()),
        },
        Detail::FormulaReplaced => format!(
            "given {}, while the form's other totals are formulas",
            given(finding)
        ),
        Detail::Alias { how } => format!(
            "“{}” was taken for “{}”: {}",
            given(finding),
            expected(finding),
            alias_match(*how)
        ),
        Detail::UnknownReporter { suggestions } => {
            let given = match finding.given.as_deref() {
                Some(given) if !given.is_empty() => format!("“{given}” is not on the roster"),
                _ => "neither form, file name nor folder says".to_owned(),
            };
            match suggestions.is_empty() {
                true => given,
                false => format!("{given}; it may be {}", list(suggestions)),
            }
        }
        Detail::ReporterContradicted { taken, other } => format!(
            "{} says {}, {} says {}; {} was taken",
            reporter_source(taken.1),
            taken.0,
            reporter_source(other.1),
            other.0,
            taken.0
        ),
        Detail::ReporterNotAsked => match (&finding.reporter, &finding.annex) {
            (Some(reporter), Some(annex)) => format!("{reporter} does not return {annex}"),
            _ => String::new(),
        },
        Detail::Conflict { taken, others } => {
            let shown = others.iter().take(LISTED).map(|(place, value)| {
                format!("{value} at {}", reference(place, finding.place.as_ref()))
            });
            let shown: Vec<String> = shown.collect();
            let more = match others.len() {
                n if n > LISTED => format!(" and {} more", n - LISTED),
                _ => String::new(),
            };
            format!("taken {}; also {}{more}", taken.1, shown.join(", "))
        }
        Detail::NotReturned => match (&finding.reporter, &finding.annex) {
            (Some(reporter), Some(annex)) => format!("{reporter} owes {annex}"),
            _ => String::new(),
        },
        Detail::DuplicateReturn {
            taken,
            other,
            in_one_file,
            identical,
            newer_by,
            against_mark,
            n_rows,
            differ,
        } => {
            let name = |name: &str| match in_one_file {
                true => format!("sheet “{name}”"),
                false => name.to_owned(),
            };
            let (taken, other) = (name(taken), name(other));
            let against = match against_mark {
                true => ", though the version marks in the names say the opposite",
                false => "",
            };
            let by = match newer_by {
                Some(NewerBy::Name) if *in_one_file => {
                    " (nothing tells which is newer; the earlier name)".to_owned()
                }
                Some(by) => format!(" ({}{against})", self::newer_by(*by)),
                None => String::new(),
            };
            match (identical, n_rows) {
                (true, None) => format!("{other} is the same as {taken}, which was taken"),
                (true, Some(n)) => {
                    format!("{n} rows of {other} are the same in other returns (such as {taken})")
                }
                (false, None) if !differ.is_empty() => {
                    let shown = |value: &str| match value {
                        "" => "blank".to_owned(),
                        value => value.to_owned(),
                    };
                    let pairs = differ.iter().map(|[taken, other]| {
                        format!(
                            "{} is {}, {} is {}",
                            reference(&taken.0, finding.place.as_ref()),
                            shown(&taken.1),
                            reference(&other.0, finding.place.as_ref()),
                            shown(&other.1)
                        )
                    });
                    let pairs: Vec<String> = pairs.collect();
                    let pairs = pairs.join("; ");
                    format!("{taken} was taken{by}, {other} left out; {pairs}")
                }
                (false, None) => format!("{taken} was taken{by}, {other} left out"),
                (false, Some(n)) => format!(
                    "{n} rows of {other} are taken from other returns (such as {taken}){by}"
                ),
            }
        }
        Detail::RepeatedText { n_findings } => {
            format!("{n_findings} findings all have “{}”", given(finding))
        }
        Detail::TooShort => format!(
            "it says only “{}”; at least {LEAST_EXPLANATION} characters are needed",
            given(finding)
        ),
        Detail::NoLongerNeeded { about } => {
            format!("what “{}” explains ({about}) is gone", given(finding))
        }
        Detail::OfOtherPeriod { period, about } => {
            format!("“{}” was written about {period} ({about})", given(finding))
        }
        Detail::Chain {
            cumulative,
            last,
            month,
        } => {
            let last = last
                .as_ref()
                .map(|last| format!("last month {} + ", last.value));
            format!(
                "{}, {}{}, should be {}{}",
                operand(finding, cumulative),
                last.unwrap_or_default(),
                operand(finding, month),
                expected(finding),
                difference(finding)
            )
        }
        Detail::Cumulative { now, last } => format!(
            "{}, last month {}{}",
            operand(finding, now),
            last.value,
            difference(finding)
        ),
        Detail::Compare {
            with,
            now,
            base,
            thresholds: (percent, absolute),
        } => {
            let base = match with {
                Basis::Plan => format!("planned {}", base.value),
                Basis::Schedule => {
                    format!("due by now {} (planned {})", expected(finding), base.value)
                }
                Basis::LastMonth => format!("last month {}", base.value),
                Basis::LastYear => format!("a year ago {}", base.value),
            };
            format!(
                "{}, {base}{}, beyond {percent} and {absolute}",
                operand(finding, now),
                difference(finding)
            )
        }
        Detail::NoCopy(why) => no_copy(why),
        Detail::Guard(about) => guard::facts(about, finding, Lang::En),
        Detail::Copied {
            from,
            n_figures,
            extent,
        } => {
            let from = match from {
                CopiedFrom::LastMonth(period) => format!("last month ({period})"),
                CopiedFrom::Reporter(name) => {
                    return format!("all {n_figures} figures of the row are those of “{name}”");
                }
            };
            match extent {
                CopiedExtent::Return => {
                    format!(
                        "all {n_figures} figures of the return that should move are those of {from}"
                    )
                }
                CopiedExtent::Row => {
                    format!(
                        "all {n_figures} figures of the row that should move are those of {from}"
                    )
                }
                CopiedExtent::Figures => {
                    format!(
                        "{n_figures} figures of the row that should have grown are those of {from}"
                    )
                }
            }
        }
        Detail::Told { about, message } => match about.is_empty() {
            true => message.clone(),
            false => format!("{about}: {message}"),
        },
        Detail::WrongPeriod {
            found_by,
            printed,
            taken,
        } => {
            let taken = taken.as_ref();
            let taken = taken.map(|file| format!(", {file} was taken for this period"));
            format!(
                "{} says “{printed}”, that is {}; this period is {}; left out{}",
                period_source(*found_by),
                given(finding),
                expected(finding),
                taken.unwrap_or_default()
            )
        }
        Detail::PeriodsDiffer { taken, other } => format!(
            "{} says “{}”, but {} “{}”, that is {}; taken for {}",
            period_source(taken.0),
            taken.1,
            period_source(other.0),
            other.1,
            given(finding),
            expected(finding)
        ),
        Detail::EarlierUnread { period, damage } => format!(
            "records.parquet of {period} {}; nothing was held against that period",
            self::damage(damage)
        ),
        Detail::StageFailed { stage, detail } => noticed(
            &format!(
                "{} did not come to its end; all else did",
                self::stage(*stage)
            ),
            detail,
        ),
        Detail::OldForm {
            scheme,
            same_scheme,
        } => match same_scheme {
            true => format!(
                "it was made by version {} of the annex, which is now {}; it was read by the one in force",
                given(finding),
                expected(finding)
            ),
            false => format!("it was made for “{scheme}”; it was read by the scheme in force"),
        },
        Detail::Hidden { sheet, parts } => {
            let whole = sheet.then(|| "the whole sheet".to_owned());
            let rest = rows_and_columns(&parts.rows, &parts.columns, Lang::En);
            let places: Vec<String> = whole.into_iter().chain(rest).collect();
            format!("hidden, with figures: {}", places.join(", "))
        }
        Detail::Sum { parts: all, .. } => {
            let shown = parts(finding, all, Lang::En);
            let shown = match shown.is_empty() {
                true => shown,
                false => format!(" ({shown})"),
            };
            format!(
                "given {}, parts add up to {}{shown}{}",
                given(finding),
                expected(finding),
                difference(finding)
            )
        }
        Detail::TotalRow { n_rows } => format!(
            "given {}, {n_rows} rows add up to {}{}",
            given(finding),
            expected(finding),
            difference(finding)
        ),
        Detail::RowCount { stated, counted } => format!("stated {stated}, counted {counted}"),
        Detail::Equal { left, right } => format!(
            "{}, {}{}",
            operand(finding, left),
            operand(finding, right),
            difference(finding)
        ),
        Detail::Target {
            section,
            sentence,
            promised,
            actual,
        } => format!(
            "section “{section}” says “{sentence}”, that is {promised}; {}{}",
            operand(finding, actual),
            difference(finding)
        ),
        Detail::Part { part, whole } => format!(
            "{} is greater than {}{}",
            operand(finding, part),
            operand(finding, whole),
            difference(finding)
        ),
        Detail::Range { min, max } => {
            format!("given {}, should be {}", given(finding), between(min, max))
        }
        Detail::RangePer {
            per,
            quotient,
            min,
            max,
        } => format!(
            "given {}, divided by {} it comes to {quotient}, which should be {}: {}{}",
            given(finding),
            operand(finding, per),
            between(min, max),
            expected(finding),
            difference(finding)
        ),
        Detail::Order { first, then } => {
            let relation = match is_date(&first.value) {
                true => "is later than",
                false => "is greater than",
            };
            format!(
                "{} {relation} {}",
                operand(finding, first),
                operand(finding, then)
            )
        }
        Detail::Trend {
            from,
            to,
            direction: way,
            at_least,
        } => {
            let step = match at_least {
                Some(step) => format!(", by at least {step} a year"),
                None => String::new(),
            };
            format!(
                "{}, {}; should {}{step}",
                operand(finding, from),
                operand(finding, to),
                direction(*way)
            )
        }
        Detail::Ratio {
            numerator,
            denominator,
        } => format!(
            "given {}, {} ÷ {} comes to {}{}",
            given(finding),
            operand(finding, numerator),
            operand(finding, denominator),
            expected(finding),
            difference(finding)
        ),
        Detail::Unique { columns } => {
            let others = cells(finding, Lang::En);
            let others = match others.is_empty() {
                true => others,
                false => format!(" is also at {others}"),
            };
            format!("{} “{}”{others}", columns.join(", "), given(finding))
        }
        Detail::Code {
            digits: Some(digits),
            ..
        } => {
            let given = given(finding);
            let n_digits = given.chars().count();
            format!("“{given}” has {n_digits}, should have {digits} digits")
        }
        Detail::Code { values, .. } => {
            format!("given “{}”, should be {}", given(finding), one_of(values))
        }
        Detail::Pair { filled, blank, .. } => {
            let names = |names: &[std::sync::Arc<str>]| match names.is_empty() {
                true => "none".to_owned(),
                false => names.join(", "),
            };
            format!("filled in: {}; blank: {}", names(filled), names(blank))
        }
        Detail::When { condition, wanted } => {
            let column = finding.column.as_deref().unwrap_or("this");
            let now = match finding.given.as_deref() {
                Some(given) if !given.is_empty() => format!("it is “{given}”"),
                _ => "it is blank".to_owned(),
            };
            let wanted = match wanted {
                Condition::Filled => "should be filled in".to_owned(),
                Condition::Blank => "should be blank".to_owned(),
                Condition::OneOf(values) => format!("should be {}", one_of(values)),
                Condition::Between { min, max } => format!("should be {}", between(min, max)),
            };
            format!(
                "where {} is “{}”, {column} {wanted}; {now}",
                condition.label, condition.value
            )
        }
        Detail::Miswritten { .. } => miswritten(finding),
        Detail::UnitSlip {
            slip,
            extent: what,
            evidence: from,
            explains: others,
        } => format!(
            "{}: {}; {}{}",
            extent(*what),
            unit_slip(slip),
            evidence(*from),
            explains(others)
        ),
        Detail::Shifted {
            by,
            extent: what,
            evidence: from,
            explains: others,
        } => {
            let places = by.unsigned_abs();
            let way = match (what, *by > 0) {
                (Extent::Row, true) => "columns to the right",
                (Extent::Row, false) => "columns to the left",
                (_, true) => "rows down",
                (_, false) => "rows up",
            };
            let from = match from {
                Evidence::Relations(n) => format!("{n} relations hold once they are put back"),
                Evidence::Before
                | Evidence::OtherRows
                | Evidence::OtherYears
                | Evidence::Decimals
                | Evidence::Limit { .. } => {
                    "put back, they are those of the plan or the last return".to_owned()
                }
            };
            format!(
                "{} moved {places} {way}; {from}{}",
                extent(*what),
                explains(others)
            )
        }
    }
}

pub(super) fn advice(finding: &Finding) -> String {
    let cell = own_cell(finding).unwrap_or_else(|| "it".to_owned());
    if is_rounding(finding) {
        return "Comes from rounding; usually nothing to do".to_owned();
    }
    // What is mandatory is not closed by an explanation.
    let otherwise = match finding.level {
        Level::Mandatory => "ask the county",
        _ => "explain it",
    };
    if let Some(advice) = follows_suspects(finding, otherwise) {
        return advice;
    }
    match &finding.detail {
        // Its suspects say all there is to say.
        Detail::Miswritten { .. } => format!("Check {cell}"),
        Detail::Unreadable(why) => unreadable_advice(why).to_owned(),
        Detail::SkippedSheets(_) => {
            "If they hold data to be returned, move them to an ordinary sheet".to_owned()
        }
        Detail::DamagedParts(_) => "Open it in Excel or WPS, look it through and save it".to_owned(),
        Detail::NothingIn => "check which file was sent; if it is no return, move it out of the inbox".to_owned(),
        Detail::UnknownForm { .. } | Detail::AmbiguousForm { .. } => {
            "Use the form that the county handed out; take it out of the inbox if it is no return"
                .to_owned()
        }
        Detail::Exchanged { .. } => {
            "Use the form as it was sent out, rows down and columns across".to_owned()
        }
        Detail::MissingColumn { seems: Some(_), .. } => {
            "If it is, give it the scheme's header; otherwise add the column as in the form".to_owned()
        }
        Detail::MissingColumn { .. } => "Add the column as in the form and return it".to_owned(),
        Detail::Merged { .. } => format!("Unmerge {cell} and fill in each cell"),
        Detail::UnexpectedColumn { .. } => {
            "Check the header; a column of one's own may stay, it is not merged".to_owned()
        }
        Detail::UnexpectedRow { label, .. } if label.is_empty() => {
            "Fill in the label; delete rows that do not belong here".to_owned()
        }
        Detail::UnexpectedRow { nearest, .. } => match nearest {
            Some(nearest) => format!("If it is “{nearest}”, spell it so; otherwise delete it"),
            None => "Check the label; delete rows that do not belong here".to_owned(),
        },
        Detail::OthersRows { .. } => "Let them return their own rows, and clear these".to_owned(),
        Detail::MissingRow { label } => format!("Add the row “{label}” and return it"),
        Detail::BlankRow { .. } => {
            "Fill it in: 0 where there is nothing, “－” where it does not apply".to_owned()
        }
        Detail::MissingTotal { label } => format!("Fill in the row “{label}” and return it"),
        Detail::BlankForm => "Fill it in and return it, or say that there is nothing".to_owned(),
        Detail::MissingValue { .. } => match determined(finding) {
            Some((cell, value)) => format!("Fill in {cell}; by the other figures it is {value}"),
            None => "Fill them in; 0 for none, － for not applicable".to_owned(),
        },
        Detail::UnitDiffers {
            converted: true, ..
        } => "Check the converted figures; use the scheme's unit in future".to_owned(),
        Detail::UnitDiffers { declared, .. } => format!("Return it in {declared}"),
        Detail::UnitMissing { declared } => {
            format!("Put it right if it is not in {declared}; state the unit in future")
        }
        Detail::UnitUnknown { declared, .. } => {
            format!("Put it right if it is not in {declared}; write {declared}")
        }
        Detail::NotANumber { .. } => match said_of_doubt(&finding.detail) {
            Some(said) => doubt::advice(&cell, &said, Lang::En),
            None => String::new(),
        },
        Detail::TooLarge => format!("Check figure and unit in {cell}; there are probably digits too many"),
        Detail::TooLong => format!("Check the decimals of {cell}; give as many as are asked for"),
        Detail::Inexact { declared, .. } => format!("Give {cell} in {declared}"),
        Detail::Decimals { is_count: true, .. } => {
            format!("Check {cell} and give a whole number; explain if it is none")
        }
        Detail::Decimals { .. } => {
            "It was taken as it is; give as many decimals as are asked for in future".to_owned()
        }
        Detail::Beside => {
            "Move them to their columns if they belong to the form; otherwise they may stay".to_owned()
        }
        Detail::ReadAs(how) => match how {
            ReadAs::NumericCode => {
                format!("Digits beyond the fifteenth are lost; format {cell} as text and retype it")
            }
            ReadAs::AnnexByContent { .. } | ReadAs::AnnexNumber { .. } => {
                "Check the annex number; put it right if the form was taken for another".to_owned()
            }
            ReadAs::RepeatedColumn { .. } => "Delete or correct the repeated column".to_owned(),
            ReadAs::RepeatedRow { .. } => "Delete or correct the repeated row".to_owned(),
            ReadAs::Percent | ReadAs::Bracketed | ReadAs::DateText | ReadAs::NumberWithUnit => {
                format!("If it was read wrongly, correct {cell}")
            }
            ReadAs::OtherWorkbook { .. } => {
                "Check the figure and type it; the formula breaks once the other file moves".to_owned()
            }
            ReadAs::OutOfDate { .. } => {
                "Switch automatic calculation on, check the result, save and return it".to_owned()
            }
            ReadAs::Printed => {
                "What is printed is not to be changed; tell the county if the scheme is wrong"
                    .to_owned()
            }
            ReadAs::Currency | ReadAs::Spaced | ReadAs::FullStop | ReadAs::Times => {
                "It was read; give just the number in future".to_owned()
            }
            ReadAs::Nothing => {
                "It may stay; give 0 for none, and － for what does not apply".to_owned()
            }
            ReadAs::ShownOtherwise => {
                format!("Check the number format of {cell}; give what is shown if that is right")
            }
            ReadAs::TextNumber => "It was read; use number cells in future".to_owned(),
            ReadAs::Unseen => {
                "It was read; type again what was copied from a page or a chat".to_owned()
            }
            ReadAs::Guessed { .. } => {
                "Check the columns; once the county confirms them (hebiao confirm FILE), nobody is asked again; otherwise use the scheme's headers"
                    .to_owned()
            }
            ReadAs::Header { .. } | ReadAs::RowLabel { .. } => {
                "If it was taken for the wrong one, spell it as in the scheme".to_owned()
            }
        },
        Detail::FormulaError { computed: true, .. } => {
            "Open and save it once in Excel or WPS, and check the result".to_owned()
        }
        Detail::FormulaError { error: Some(_), .. } if !finding.cells.is_empty() => {
            format!("Correct the formulas in {cell} and the other cells")
        }
        Detail::FormulaError { error: Some(_), .. } => format!("Correct the formula in {cell}"),
        Detail::FormulaError { .. } => "Open and save it once in Excel or WPS".to_owned(),
        Detail::FormulaReplaced => format!("Check {cell}, best restore the formula"),
        Detail::Alias { .. } => {
            "If it was taken for the wrong one, correct the name; use the roster's in future"
                .to_owned()
        }
        Detail::UnknownReporter { .. } => {
            "State the reporter on the form, spelled as on the roster".to_owned()
        }
        Detail::ReporterContradicted { .. } => "Check and correct the reporter".to_owned(),
        Detail::ReporterNotAsked => {
            "Check reporter and annex; take it out if it is not theirs to return".to_owned()
        }
        Detail::Conflict { .. } => {
            "Ask the reporters which one holds, and correct the other".to_owned()
        }
        Detail::NotReturned => "Ask for it".to_owned(),
        Detail::DuplicateReturn {
            identical: true, ..
        } => "Nothing to do".to_owned(),
        Detail::DuplicateReturn {
            newer_by: Some(by), ..
        } if by.is_sure() && finding.level == Level::Hint => {
            "Nothing to do; sheet Returns says what it changed".to_owned()
        }
        Detail::DuplicateReturn {
            n_rows: Some(_), ..
        } => "Check the rows that both have, and put one of them right".to_owned(),
        Detail::DuplicateReturn { .. } => {
            "Find out which one holds, and take the other out".to_owned()
        }
        Detail::RepeatedText { .. } => "Give each finding its own reason".to_owned(),
        Detail::TooShort => "Write down the reason itself".to_owned(),
        Detail::NoLongerNeeded { .. } => "Nothing to do".to_owned(),
        Detail::OfOtherPeriod { .. } => "Write down this period's reason".to_owned(),
        Detail::Chain { .. } => {
            format!("Check {cell}, the month's own figure and last month's cumulative one")
        }
        Detail::Cumulative { .. } => {
            format!("Check {cell}; if last month's was too large, {otherwise}")
        }
        Detail::Compare { .. } => format!("Check {cell}; if it is true, {otherwise}"),
        Detail::NoCopy(why) => no_copy_advice(why).to_owned(),
        Detail::Guard(about) => guard::advice(about, finding, Lang::En),
        Detail::Copied { from, .. } => match from {
            CopiedFrom::LastMonth(_) => "Make sure that nothing changed, or return this month's",
            CopiedFrom::Reporter(_) => "Make sure that these are not another reporter's figures",
        }
        .to_owned(),
        Detail::Told { .. } => "Ask the county".to_owned(),
        Detail::EarlierUnread { period, .. } => {
            format!("Make it again: hebiao merge {period}; then merge this period again")
        }
        Detail::StageFailed { .. } => {
            "Send the inbox to whoever maintains the program".to_owned()
        }
        Detail::WrongPeriod { taken: Some(_), .. } => match finding.level {
            Level::Hint => "Nothing to do; move it to its month if it belongs there",
            _ => {
                "Find out whether it corrects this period: put the period right and return it again, or move it to its month"
            }
        }
        .to_owned(),
        Detail::PeriodsDiffer { .. } => {
            "Check which period the figures are of, and put the other right".to_owned()
        }
        Detail::WrongPeriod { .. } => {
            "Check the period: put it right and return it again, or move the file to its month"
                .to_owned()
        }
        Detail::OldForm { .. } => "Check how it was read; use the new form next time".to_owned(),
        Detail::Hidden { .. } => {
            "They are checked and counted as all others; unhide them and delete what is not to be reported".to_owned()
        }
        Detail::Sum { .. } => {
            format!("Check {cell}; if a part is wrong, the total should change with it")
        }
        Detail::TotalRow { .. } => {
            format!("Check {cell} and the rows of its column; add rows that were left out")
        }
        Detail::RowCount { .. } => {
            "Check the rows; correct the label or add the missing row".to_owned()
        }
        Detail::Equal { .. } => "Check both, correct the wrong one".to_owned(),
        Detail::Target { .. } => {
            format!("Check {cell}; if the annex is right, {otherwise}")
        }
        Detail::Part { .. } => "Check part and whole".to_owned(),
        Detail::Range { .. } if finding.level == Level::Mandatory => {
            format!("Check and correct {cell}")
        }
        Detail::Range { .. } => format!("Check {cell}; if it is true, {otherwise}"),
        Detail::RangePer { .. } if finding.level != Level::Mandatory => {
            format!("Check both, correct the wrong one; if it is true, {otherwise}")
        }
        Detail::Order { .. } | Detail::RangePer { .. } => {
            "Check both, correct the wrong one".to_owned()
        }
        Detail::Trend { .. } => {
            format!("Check {cell} and the year before; if it is true, {otherwise}")
        }
        Detail::Ratio { .. } => format!("Check {cell}, numerator and denominator"),
        Detail::Unique { .. } => "Check whether it was entered twice; delete or correct".to_owned(),
        Detail::Code { .. } => format!("Correct {cell}"),
        Detail::Pair { need, .. } => match need {
            Need::AllOrNone => "Fill in all or none".to_owned(),
            Need::ExactlyOne => "Keep only one".to_owned(),
            Need::AtLeastOne => "Fill in at least one".to_owned(),
        },
        Detail::When { .. } => format!("Check {cell} and the condition"),
        Detail::UnitSlip { .. } => {
            "Check the unit, correct the figures and return the form again".to_owned()
        }
        Detail::Shifted { .. } => {
            "Compare with the row names and headers, and put the figures back".to_owned()
        }
    }
}

/// What is left to do about a finding whose reporter has done his part.
pub(super) fn answered(finding: &Finding) -> &'static str {
    match finding.awaits() {
        Some(_) => "Explained; for the county to accept",
        None => "Explained; nothing to do",
    }
}

pub(super) fn suspect(suspect: &Suspect, cell: &str, why: &str) -> String {
    let given = &suspect.given;
    let in_brackets = match why.is_empty() {
        true => String::new(),
        false => format!(" ({why})"),
    };
    match &suspect.likely {
        Some(likely) if given.is_empty() => {
            format!("{cell} is blank; {likely} would fit{in_brackets}")
        }
        Some(likely) => format!("{cell} says {given}; {likely} would fit{in_brackets}"),
        None => format!("{cell} {given}: {why}"),
    }
}

pub(super) fn reason(reason: &Reason, seen_from: Option<&Place>) -> String {
    match reason {
        Reason::Satisfies { n_relations } => {
            format!("changing this cell alone satisfies {n_relations} relations")
        }
        Reason::Together { with } => {
            let shown = likely_values(with, seen_from, " to ").join(", ");
            let more = match with.len() {
                n if n > LISTED => format!(" and {} more", n - LISTED),
                _ => String::new(),
            };
            format!("together with changing {shown}{more}")
        }
        Reason::Tied { n_others } => format!("{n_others} other changes would do as well"),
        Reason::Sign => "the sign is the other way round".to_owned(),
        Reason::PointMoved { places } if *places > 0 => {
            format!("the decimal point is {places} places too far right, or zeros were added")
        }
        Reason::PointMoved { places } => {
            format!(
                "the decimal point is {} places too far left, or zeros were left out",
                -places
            )
        }
        Reason::Unit(slip) => unit_slip(slip),
        Reason::DigitChanged => "one digit differs".to_owned(),
        Reason::DigitMissing => "a digit is missing".to_owned(),
        Reason::DigitExtra => "there is a digit too many".to_owned(),
        Reason::DigitsSwapped => "two neighbouring digits changed places".to_owned(),
        Reason::TwoDigits => "two digits differ".to_owned(),
        Reason::Exchanged { with } => {
            format!("it changed places with {}", reference(with, seen_from))
        }
        Reason::AsBefore => "the plan or the last return has this figure".to_owned(),
        Reason::NearBefore => {
            "it is near the plan or the last return; what is given is not".to_owned()
        }
        Reason::NearOtherYears => {
            "it is near the row's other years; what is given is not".to_owned()
        }
        Reason::LeftOut { part } => {
            format!(
                "a part was left out: the difference is exactly “{}”",
                named(part)
            )
        }
        Reason::CountedTwice { part } => {
            format!(
                "a part was counted twice: the excess is exactly “{}”",
                named(part)
            )
        }
        Reason::OfWhichCounted { item } => {
            format!(
                "an item that its whole contains was counted: “{}”",
                named(item)
            )
        }
        Reason::AddedToItself => {
            "it is exactly the double, as if the total had been added into itself".to_owned()
        }
        Reason::Stale => "it is still the total of the plan or the last return".to_owned(),
        Reason::Blank { n_relations: 1 } => {
            "it is blank, and one relation says what belongs there".to_owned()
        }
        Reason::Blank { n_relations } => {
            format!("it is blank, and {n_relations} relations agree on what belongs there")
        }
        Reason::TypedOver => "it was typed where the cells around it have formulas".to_owned(),
        Reason::OutOfDate => {
            "the result of its formula is out of date: recalculate and save the workbook".to_owned()
        }
        Reason::FormulaLeavesOut { parts } => {
            format!("its formula leaves out {}", several(parts, ", "))
        }
        Reason::FormulaAdds { cells } => format!("its formula also adds {}", several(cells, ", ")),
        Reason::FormulaDiffers => "its formula adds up other cells than the form's".to_owned(),
        Reason::TextSkipped { part } => format!(
            "its formula passes over {}, which is stored as a text",
            named(part)
        ),
        Reason::OtherWorkbook { name } => match &**name {
            "" => "its formula refers to another workbook, and may be out of date".to_owned(),
            name => {
                format!("its formula refers to another workbook, “{name}”, and may be out of date")
            }
        },
        Reason::DifferenceEquals { cell, exact } => {
            let how = match exact {
                true => "exactly",
                false => "but for rounding",
            };
            format!(
                "the difference is {how} “{}”: defined differently, or left out",
                named(cell)
            )
        }
        Reason::DifferenceNear {
            cell,
            difference,
            short_by,
            fits_in,
        } => {
            let years: Vec<String> = fits_in.iter().map(u16::to_string).collect();
            format!(
                "in {} the difference is this column's figure of the year; here it is “{difference}” \
                 against “{}”, off by “{short_by}”, so that alone does not explain it",
                years.join(", "),
                named(cell)
            )
        }
        Reason::Misplaced {
            row,
            other,
            here,
            there,
            left,
            unit,
        } => format!(
            "one misplacement with “{row}”: the parts are {} here and {} there, as if figures of one row had \
             been entered in the other; with {} changed to {} too both rows fit, and together differ \
             by “{left}{unit}”",
            more_or_less(*here),
            more_or_less(*there),
            reference(&other.0, seen_from),
            other.1,
        ),
    }
}

fn more_or_less(difference: Amount) -> String {
    let word = match difference.0.is_sign_negative() {
        true => "too small",
        false => "too large",
    };
    format!("{} {word}", difference.abs())
}

fn unit_slip(slip: &Slip) -> String {
    let way = match slip.too_large {
        true => "too large",
        false => "too small",
    };
    match &slip.unit {
        Some(unit) => format!(
            "filled in in “{unit}” instead of “{}”, it seems: {} times {way}",
            slip.declared, slip.factor
        ),
        None if &*slip.declared == "%" => {
            format!(
                "filled in as shares instead of %, it seems: {} times {way}",
                slip.factor
            )
        }
        None => format!(
            "converted the wrong way round, it seems: {} times {way}",
            slip.factor
        ),
    }
}

fn extent(extent: Extent) -> &'static str {
    match extent {
        Extent::Cell => "this figure",
        Extent::Row => "the figures of this row",
        Extent::Column => "the figures of this column",
        Extent::Form => "the figures of this form",
    }
}

fn evidence(evidence: Evidence) -> String {
    match evidence {
        Evidence::Relations(n) => format!("{n} relations hold once they are put right"),
        Evidence::Before => "all of them are as far from the plan or the last return".to_owned(),
        Evidence::OtherRows => "all of them are as far from the other rows".to_owned(),
        Evidence::OtherYears => "it is that far from the other years".to_owned(),
        Evidence::Limit { right, limit } => {
            format!("put right it is {right}, within the limit of {limit}")
        }
        Evidence::Decimals => "all are below one, with more decimals than are asked for".to_owned(),
    }
}

/// The failures that are not listed by themselves.
fn explains(explained: &[Finding]) -> String {
    let mut rules: Vec<&str> = (explained.iter())
        .filter_map(|it| it.rule.as_deref())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    match rules.is_empty() {
        true => String::new(),
        false => format!(
            "; {} failures that come of it ({}) are not listed",
            explained.len(),
            rules.join(", ")
        ),
    }
}

/// What stands in the cells of a cause, what would be right, and what holds then.
fn miswritten(finding: &Finding) -> String {
    let beside = finding.place.as_ref();
    let value = |suspect: &Suspect| {
        let likely = suspect.likely.as_deref().unwrap_or_default();
        match suspect.given.as_str() {
            "" => format!("is blank, should be {likely}"),
            given => format!("says {given}, should be {likely}"),
        }
    };
    let why = |suspect: &Suspect| {
        let why: Vec<String> = causes::reasons(suspect)
            .map(|it| reason(it, beside))
            .collect();
        match why.is_empty() {
            true => String::new(),
            false => format!(" ({})", why.join("; ")),
        }
    };
    let told = causes::told(finding);
    let each = || {
        let each = told.iter().map(|suspect| {
            let cell = reference(&suspect.place, beside);
            format!("{cell} {}", value(suspect))
        });
        each.collect::<Vec<_>>().join("; ")
    };
    let (said, change) = match wrong(finding) {
        Wrong::Figure | Wrong::Blank => {
            let said = told.iter().map(|it| format!("{}{}", value(it), why(it)));
            (said.collect::<String>(), "once it is put right")
        }
        Wrong::Exchanged => (each(), "once they are put back"),
        Wrong::Several => (each(), "once all are put right"),
        Wrong::MixedUp => {
            let why = told.first().and_then(|it| it.why.first());
            let why = why.map_or(String::new(), |it| format!(" ({})", reason(it, beside)));
            (each() + &why, "once both are put right")
        }
        Wrong::Tie => (String::new(), "once one of them is put right"),
    };
    let holds = holds(finding, change);
    match said.is_empty() {
        true => holds,
        false => format!("{said}; {holds}"),
    }
}

/// once it is put right, E8 and B16 hold: those cells are not wrong.
fn holds(finding: &Finding, change: &str) -> String {
    let relations = Relations::of(finding);
    let places: Vec<String> = (relations.others.iter())
        .map(|(place, rules)| match rules.is_empty() {
            true => place.clone(),
            false => format!("{place} ({})", rules.join(", ")),
        })
        .collect();
    let mut holding = places.join(", ");
    if relations.n_others > places.len() {
        holding += &format!(" and others, {} places", relations.n_others);
    }
    let held = match (relations.n_own, relations.n_others) {
        (0, 1) => format!("{holding} holds"),
        (0, _) => format!("{holding} hold"),
        (1, 0) => "its relation holds".to_owned(),
        (n, 0) => format!("{n} relations hold"),
        (n, _) => format!("{n} relations of its own and {holding} hold"),
    };
    // One relation alone proves no other cell right.
    let innocent = match (relations.n_others, finding.is_tie()) {
        (0, _) | (_, true) => "",
        _ if relations.n() < 2 => "",
        (1, _) => ": that cell is not wrong",
        _ => ": those cells are not wrong",
    };
    let also = match causes::together(finding) {
        [] => String::new(),
        with => {
            let with = likely_values(with, finding.place.as_ref(), " to ");
            format!(" (together with changing {})", with.join(", "))
        }
    };
    format!("{change}, {held}{also}{innocent}")
}

/// What is said of a cell that does not hold only because another is wrong.
pub(super) fn related(cause: &Finding, relations: &str, cells: &str) -> String {
    let is_miswritten = matches!(cause.detail, Detail::Miswritten { .. });
    let is_sure = !cause.is_tie() && (cause.explains().len() > 1 || !is_miswritten);
    let (why, innocent) = match (cause.is_tie(), is_sure) {
        (true, _) => (
            format!("because one of {cells} seems to be wrong"),
            "do not change this cell yet",
        ),
        (false, true) => (
            format!("because {cells} seems to be wrong"),
            "this cell is right",
        ),
        (false, false) => (
            format!("probably because {cells} is wrong"),
            "do not change this cell yet",
        ),
    };
    format!("[Concerned] {relations}\n{why}; it holds once that is put right. {innocent}")
}

/// What to do about a formula that is at fault: the figure is not to be typed over it.
fn mend_formula(suspect: &Suspect, beside: Option<&Place>) -> Option<String> {
    let cell = reference(&suspect.place, beside);
    let likely = suspect.likely.as_deref()?;
    suspect.why.iter().find_map(|reason| match reason {
        Reason::OutOfDate => Some(format!(
            "{cell} is a formula: recalculate the workbook, check that it comes to {likely}, and save it"
        )),
        Reason::FormulaLeavesOut { .. } | Reason::FormulaAdds { .. } | Reason::FormulaDiffers => {
            Some(format!(
                "Correct the formula in {cell}, which should come to {likely}; do not type over it"
            ))
        }
        Reason::TextSkipped { part } => {
            let text = reference(part.place.as_ref()?, beside);
            Some(format!("Make a number of the text in {text}; {cell} then comes to {likely}"))
        }
        _ => None,
    })
}

/// What to do about a cause, or a relation whose suspects say where to look.
fn follows_suspects(finding: &Finding, otherwise: &str) -> Option<String> {
    let beside = finding.place.as_ref();
    let cells = |suspects: &mut dyn Iterator<Item = &Suspect>| {
        let cells = suspects.map(|it| reference(&it.place, beside));
        cells.collect::<Vec<_>>().join(", ")
    };
    if finding.is_tie() {
        let cells = cells(&mut causes::candidates(finding).into_iter());
        return Some(format!(
            "Check {cells} against the source, and correct only the wrong one"
        ));
    }
    let first = finding.suspects.first();
    let likely = first.and_then(|it| it.likely.as_deref());
    if let Some(said) = first.and_then(|suspect| mend_formula(suspect, beside)) {
        return Some(said);
    }
    if let Detail::Miswritten { .. } = finding.detail {
        let told = causes::told(finding);
        let to = |suspect: &Suspect| {
            let cell = reference(&suspect.place, beside);
            format!(
                "{cell} to {}",
                suspect.likely.as_deref().unwrap_or_default()
            )
        };
        let relations = Relations::of(finding);
        let said = match wrong(finding) {
            Wrong::Blank => format!(
                "Check the source, and put {} into {}",
                likely.unwrap_or_default(),
                cells(&mut told.iter())
            ),
            Wrong::Exchanged => format!(
                "Check the source, and put {} back into each other's place",
                cells(&mut told.iter())
            ),
            _ => {
                let all: Vec<String> = told.iter().map(to).collect();
                format!("Check the source, and change {}", all.join(", "))
            }
        };
        // What is mandatory is put right, whatever the reason.
        let said = match finding.level {
            Level::Mandatory => said,
            _ => format!("{said}; if it is true, {otherwise}"),
        };
        // One relation alone may be wrong about its cell.
        let [(place, _)] = &relations.others[..] else {
            return Some(said);
        };
        return Some(match relations.n() {
            1 => format!("{said}; if it was copied right, check {place} and the other figures"),
            _ => said,
        });
    }
    if let Some(suspect) = causes::other_definition(finding) {
        let cell = reference(&suspect.place, beside);
        return Some(format!(
            "Do not change the total yet: check whether {cell} belongs to it; if it is defined differently, {otherwise}"
        ));
    }
    if causes::names_its_cell(finding) {
        let cell = reference(&first?.place, beside);
        return Some(format!(
            "Check the source, and change {cell} to {}; if {cell} is right, check the other figures{}",
            likely?,
            match finding.level {
                Level::Mandatory => String::new(),
                _ => format!("; if it is true, {otherwise}"),
            }
        ));
    }
    None
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "Mandatory",
        Level::QuasiMandatory => "Quasi-mandatory",
        Level::Verification => "Verification",
        Level::Hint => "Hint",
    }
}

pub(super) fn level_meaning(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "must be put right and returned again",
        Level::QuasiMandatory => {
            "should be put right; passes with an explanation the county accepts"
        }
        Level::Verification => "to be verified; needs an explanation if it is true",
        Level::Hint => "worth knowing, usually nothing to do; rounding differences among them",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Acceptable => "ready to send",
        Verdict::ToExplain => "to be explained",
        Verdict::ToCorrect => "to be corrected",
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Sum => "Balance",
        Kind::TotalRow => "Total row",
        Kind::Equal => "Between annexes",
        Kind::Target => "Target in the text",
        Kind::Part => "Part of a whole",
        Kind::Range => "Range",
        Kind::Order => "Order",
        Kind::Trend => "Trend",
        Kind::Ratio => "Ratio",
        Kind::Unique => "Uniqueness",
        Kind::Code => "Code",
        Kind::Pair => "Group",
        Kind::When => "Condition",
        Kind::UnreadableFile => "Unreadable",
        Kind::UnknownForm => "Unknown form",
        Kind::AmbiguousForm => "Ambiguous form",
        Kind::MissingColumn => "Missing column",
        Kind::UnexpectedColumn => "Unexpected column",
        Kind::UnexpectedRow => "Unexpected row",
        Kind::MissingRow => "Missing row",
        Kind::MissingValue => "Missing figure",
        Kind::UnitDiffers => "Unit differs",
        Kind::UnitMissing => "Unit missing",
        Kind::NotANumber => "Content",
        Kind::ReadAs => "How it was read",
        Kind::Decimals => "decimals",
        Kind::FormulaError => "Formula error",
        Kind::FormulaReplaced => "Formula replaced",
        Kind::Alias => "Spelling of a name",
        Kind::UnknownReporter => "Reporter",
        Kind::Conflict => "Conflict",
        Kind::NotReturned => "Not returned",
        Kind::DuplicateReturn => "Returned twice",
        Kind::Explanation => "Explanation",
        Kind::Miswritten => "Wrong figure",
        Kind::UnitSlip => "Wrong unit",
        Kind::Shifted => "Shifted",
        Kind::OldForm => "Old form",
        Kind::Hidden => "Hidden content",
        Kind::WrongPeriod => "Wrong period",
        Kind::EarlierUnread => "Earlier period unread",
        Kind::ProgramFault => "Program fault",
        Kind::Copied => "Copied",
        Kind::Guard => "Plausibility",
        Kind::NoCopy => "No copy",
        Kind::Chain => "Chain",
        Kind::Cumulative => "Cumulative",
        Kind::Compare => "Comparison",
    }
}

pub(super) fn return_state(state: ReturnState) -> &'static str {
    match state {
        ReturnState::Missing => "missing",
        ReturnState::SentBack => "sent back",
        ReturnState::ToExplain => "to explain",
        ReturnState::Late => "late",
        ReturnState::Superseded => "replaced",
        ReturnState::Returned => "returned",
    }
}

pub(super) fn newer_by(by: NewerBy) -> &'static str {
    match by {
        NewerBy::Saved => "saved later, by the stamp inside it",
        NewerBy::Dated => "the later date on the form",
        NewerBy::Mark => "a later version, by its name",
        NewerBy::Modified => "the file was changed later",
        NewerBy::Whole => "the other has sheets that cannot be read",
        NewerBy::Shown => "the other is a hidden sheet",
        NewerBy::Name => "nothing tells which is newer; the later name",
    }
}

pub(super) fn file_status(status: &FileStatus) -> &'static str {
    match status {
        FileStatus::Read => "read",
        FileStatus::Unreadable(_) => "unreadable",
        FileStatus::Duplicate(_) | FileStatus::SameFigures(_) => "duplicate",
        FileStatus::Superseded(_) => "superseded",
        FileStatus::Ignored => "ignored",
    }
}

fn skipped_sheets(sheets: &[SkippedSheet]) -> String {
    let kind = |kind| match kind {
        SheetKind::Chart => "a chart",
        SheetKind::Macros => "a macro sheet",
        SheetKind::Dialog => "a dialog",
        SheetKind::Module => "a module of macros",
    };
    let listed = sheets.iter().take(LISTED);
    let listed: Vec<String> = listed
        .map(|sheet| format!("“{}” is {}", sheet.name, kind(sheet.kind)))
        .collect();
    let more = sheets.len() - listed.len();
    match more {
        0 => listed.join(", "),
        more => format!("{}, and {more} more", listed.join(", ")),
    }
}

/// The one place to say why a file cannot be read; [`unreadable_advice`] says what to do.
pub(super) fn unreadable(why: &Unreadable) -> String {
    match why {
        Unreadable::NotOpened { kind, detail } => noticed(
            "the system would not open it",
            system(*kind).unwrap_or(detail),
        ),
        Unreadable::Empty => "the file is empty".to_owned(),
        Unreadable::Truncated { detail } => noticed("the file ends too early", detail),
        Unreadable::Damaged { detail } => noticed("the file is damaged", detail),
        Unreadable::PasswordProtected => "it needs a password".to_owned(),
        Unreadable::UnusualPacking => {
            "it is not damaged, but packed in an unusual way (as bzip2 or LZMA) that is not read"
                .to_owned()
        }
        Unreadable::HtmlPage => "it is a web page under the name of a workbook".to_owned(),
        Unreadable::XmlSpreadsheet2003 => "it is an XML spreadsheet of Excel 2003".to_owned(),
        Unreadable::TextTable => "it is a table as plain text, such as CSV".to_owned(),
        Unreadable::OldFormat { name } => format!("its format has died out ({name})"),
        Unreadable::NotASpreadsheet(kind) => match kind {
            FileKind::Pdf => "it is a PDF".to_owned(),
            FileKind::TextDocument => "it is a text document".to_owned(),
            FileKind::Presentation => "it is a presentation".to_owned(),
            FileKind::Picture => "it is a picture".to_owned(),
            FileKind::Ofd => "it is an OFD document of fixed pages".to_owned(),
            FileKind::Numbers => "it is an Apple Numbers sheet".to_owned(),
            FileKind::Archive => "it is an archive".to_owned(),
            FileKind::Text => "it is plain text".to_owned(),
            FileKind::Xml => "it is XML of some other use".to_owned(),
            FileKind::OtherOffice => "it belongs to another office program".to_owned(),
            FileKind::Unknown => "it is no spreadsheet".to_owned(),
        },
        Unreadable::NoWorksheet => "it holds no worksheet".to_owned(),
        Unreadable::TooLarge { what, limit } => {
            format!(
                "too much of one thing: more than {limit} {}",
                quantity(*what)
            )
        }
        Unreadable::ParserPanicked { detail } => noticed("reading it failed", detail),
        Unreadable::ProgramFailed { detail } => {
            noticed("the program failed, and the file was left out", detail)
        }
        Unreadable::FolderNotOpened { kind, detail } => noticed(
            "the system would not open the folder, and nothing in it was read",
            system(*kind).unwrap_or(detail),
        ),
        Unreadable::Vanished => "it was gone when it should be read".to_owned(),
        Unreadable::NotAFile => {
            "it is no regular file but a pipe, a socket, a device or a folder".to_owned()
        }
        Unreadable::LinkToFolder => "it is a link to a folder, and was not followed".to_owned(),
        Unreadable::DanglingLink => "it is a link to a file that does not exist".to_owned(),
        Unreadable::UnknownEncoding => "the encoding of its text is not known".to_owned(),
    }
}

/// With what was noticed, where anything was.
fn noticed(what: &str, detail: &str) -> String {
    match detail.is_empty() {
        true => what.to_owned(),
        false => format!("{what} ({detail})"),
    }
}

/// Why records of an earlier period cannot be used.
pub(super) fn damage(damage: &Damage) -> String {
    match damage {
        Damage::NotOpened { detail } => noticed("cannot be opened", detail),
        Damage::Unreadable(why) => format!("cannot be read: {}", unreadable(why)),
        Damage::NotAsWritten => "was changed since it was written, or is damaged".to_owned(),
        Damage::Damaged { detail } => noticed("is damaged", detail),
        Damage::Column { name, wanted } => format!("has no column {name} of type {wanted}"),
        Damage::Entry { row, column } => format!("has an impossible {column} in row {row}"),
        Damage::OtherPeriod { printed } => format!("is about {printed}"),
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Together => "the check of forms against each other",
        Stage::OverTime => "the check against earlier periods",
        Stage::Localise => "the search for suspects",
        Stage::Variances => "the analysis of variances",
        Stage::Calls => "the telephone list",
    }
}

fn unreadable_advice(why: &Unreadable) -> &'static str {
    match why {
        Unreadable::NotOpened { .. } => "Close the program that uses it, check its permissions",
        Unreadable::ProgramFailed { .. } => {
            "Send the file to whoever maintains the program; the others are not affected"
        }
        Unreadable::FolderNotOpened { .. } => "Check the permissions of the folder and try again",
        Unreadable::Vanished => "Run again if it was moved or renamed, else put it there again",
        Unreadable::NotAFile => "Take it out of the inbox",
        Unreadable::LinkToFolder => "Copy the forms of that folder into the inbox",
        Unreadable::DanglingLink => "Copy the file itself into the inbox, or take the link out",
        Unreadable::UnknownEncoding => "Save it in UTF-8",
        Unreadable::Empty => "Return it again",
        Unreadable::Truncated { .. } => "Ask the reporter to send it again",
        Unreadable::PasswordProtected => "Take the password off and return it again",
        Unreadable::NotASpreadsheet(FileKind::Archive) => "Unpack it into the inbox",
        Unreadable::NotASpreadsheet(FileKind::Numbers) => "Export it from Numbers to Excel",
        Unreadable::NotASpreadsheet(_) => "Return a spreadsheet; take out what is no return",
        Unreadable::NoWorksheet => "Check the file, fill it in and return it again",
        Unreadable::TooLarge { .. } => "Delete sheets, rows and columns that do not belong to it",
        Unreadable::ParserPanicked { .. } => {
            "Save it as .xlsx in Excel or WPS, and hand the file to those who maintain the tool"
        }
        Unreadable::Damaged { .. }
        | Unreadable::UnusualPacking
        | Unreadable::HtmlPage
        | Unreadable::XmlSpreadsheet2003
        | Unreadable::TextTable
        | Unreadable::OldFormat { .. } => {
            "Open it in Excel or WPS, save it as .xlsx and return it again"
        }
    }
}

fn no_copy(why: &NoCopy) -> String {
    match why {
        NoCopy::Changed => {
            "the file was changed after it was checked, and marks would not fit".to_owned()
        }
        NoCopy::NotOpened(kind) => format!(
            "the file could no longer be opened after it was checked ({})",
            said_by_system(*kind)
        ),
        NoCopy::Unreadable(why) => format!("of the original: {}", unreadable(why)),
        NoCopy::Damaged { .. } => "the original is damaged where marks go".to_owned(),
        NoCopy::ProgramFailed { detail } => noticed("the program failed", detail),
        NoCopy::NotWritten(kind) => format!(
            "the copy could not be written to the outbox ({})",
            said_by_system(*kind)
        ),
    }
}

fn no_copy_advice(why: &NoCopy) -> &'static str {
    match why {
        NoCopy::Changed => "All else holds; run again once the file is at rest",
        NoCopy::NotOpened(_) => {
            "All else holds; close the program that uses it, check its permissions and run again"
        }
        NoCopy::Unreadable(_) | NoCopy::Damaged { .. } => {
            "All else holds; open the original with Excel or WPS, save it as .xlsx and run again"
        }
        NoCopy::ProgramFailed { .. } => {
            "All else holds; send the original to whoever maintains the program"
        }
        NoCopy::NotWritten(_) => "All else holds; give the original a short name and run again",
    }
}

fn said_by_system(kind: ErrorKind) -> &'static str {
    system(kind).unwrap_or("the system gives no reason")
}

/// What the system says of a file, where it is known.
pub(super) fn system(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "it is not permitted",
        ErrorKind::AlreadyExists => "there is a file or folder of this name",
        ErrorKind::NotADirectory => "it is no folder",
        ErrorKind::IsADirectory => "it is a folder, no file",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full",
        ErrorKind::FileTooLarge => "it is larger than the system allows",
        ErrorKind::ReadOnlyFilesystem => "the disk can only be read",
        ErrorKind::InvalidFilename => "the name is too long or has characters that are not allowed",
        _ => return None,
    })
}

/// What there was too much of.
fn quantity(what: Quantity) -> &'static str {
    match what {
        Quantity::FileBytes => "bytes in the file",
        Quantity::Entries => "parts in the file",
        Quantity::ExpandedBytes => "bytes when unpacked",
        Quantity::Sheets => "sheets",
        Quantity::SharedStrings => "texts",
        Quantity::Rows => "rows",
        Quantity::Columns => "columns",
        Quantity::Cells => "cells",
        Quantity::Merges => "merged cells",
        Quantity::TextBytes => "bytes of text",
        Quantity::OneTextBytes => "bytes of text in one cell",
        Quantity::HeldBytes => "bytes of memory",
        Quantity::FormulaBytes => "bytes of formulas",
    }
}

pub(super) fn alias_match(how: AliasMatch) -> &'static str {
    match how {
        AliasMatch::Listed => "a listed alias",
        AliasMatch::Homophone => "it sounds the same",
        AliasMatch::Short => "cut short",
        AliasMatch::Misprint => "one character differs",
        AliasMatch::Remark => "a remark stands behind it",
    }
}

pub(super) fn reporter_source(source: ReporterSource) -> &'static str {
    match source {
        ReporterSource::Form => "the form's reporter cell",
        ReporterSource::Title => "the title",
        ReporterSource::Stamp => "the reporter whom the form was made for",
        ReporterSource::Rows => "the row filled in",
        ReporterSource::FileName => "the file name",
        ReporterSource::Folder => "the folder",
        ReporterSource::Annex => "the annex's only reporter",
    }
}

pub(super) fn period_source(source: PeriodSource) -> &'static str {
    match source {
        PeriodSource::Form => "the line of the period",
        PeriodSource::Title => "the title",
        PeriodSource::Stamp => "the form's stamp",
        PeriodSource::SheetName => "the sheet's name",
        PeriodSource::FileName => "the file's name",
    }
}

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rising => "rise every year",
        Direction::Falling => "fall every year",
        Direction::NotFalling => "never fall",
        Direction::NotRising => "never rise",
    }
}

/// What is said of one cell, and of which others it holds.
fn and_others(finding: &Finding, said: String) -> String {
    let others = counted_cells(finding, Lang::En);
    match others.is_empty() {
        true => said,
        false => format!("{said}; likewise {others}"),
    }
}

fn read_as(finding: &Finding, how: &ReadAs) -> String {
    let (typed, taken) = (given(finding), expected(finding));
    match how {
        ReadAs::Unseen => format!("unseen characters in the {taken} that was typed were left out"),
        ReadAs::ShownOtherwise if typed.is_empty() => {
            format!("the format shows no digit; taken as the {taken} that is kept")
        }
        ReadAs::ShownOtherwise => {
            format!("the sheet shows {typed}; taken as the {taken} that is kept")
        }
        ReadAs::Nothing => format!("“{typed}” was taken for no figure (“{taken}”)"),
        ReadAs::TextNumber
        | ReadAs::Currency
        | ReadAs::Spaced
        | ReadAs::FullStop
        | ReadAs::Times
        | ReadAs::Percent
        | ReadAs::NumberWithUnit
        | ReadAs::Bracketed
        | ReadAs::DateText
        | ReadAs::NumericCode => match taken.is_empty() {
            true => format!("“{typed}”"),
            false => format!("“{typed}” was read as {taken}"),
        },
        ReadAs::Guessed { columns, sums, .. } => {
            let taken = columns
                .iter()
                .take(LISTED)
                .map(|column| match &*column.given {
                    "" => format!(
                        "column {} without a header for “{}”",
                        column.cell.column_letters(),
                        column.declared
                    ),
                    given => format!("“{given}” for “{}”", column.declared),
                });
            let taken: Vec<String> = taken.collect();
            let more = match columns.len() {
                n if n > LISTED => format!(" and {} more", n - LISTED),
                _ => String::new(),
            };
            let sums = match sums {
                Some(true) => "; all sums hold then",
                Some(false) => "; some sums do not hold then",
                None => "",
            };
            format!(
                "by place and year, {} were taken{more}{sums}",
                taken.join(", ")
            )
        }
        ReadAs::Header { declared } if typed.is_empty() => {
            format!("a column without a header, taken for “{declared}” by the names of its rows")
        }
        ReadAs::Header { declared } | ReadAs::RowLabel { declared } => {
            format!("“{typed}” was taken for “{declared}”")
        }
        ReadAs::AnnexByContent { others } => match &finding.annex {
            Some(annex) => format!("taken for {annex}, not for {}", list(others)),
            None => format!("not taken for {}", list(others)),
        },
        ReadAs::AnnexNumber { printed } => match &finding.annex {
            Some(annex) => format!("it says “{printed}”, its headers say {annex}"),
            None => format!("it says “{printed}”"),
        },
        ReadAs::RepeatedColumn { header } => {
            format!("more than one “{header}”; the later ones were left out")
        }
        ReadAs::OtherWorkbook { formula } => {
            format!("“={formula}” refers to another workbook; its saved result {taken} is taken")
        }
        ReadAs::OutOfDate { formula } => {
            format!("“={formula}” was saved as {typed} and comes to {taken} now; {typed} is taken")
        }
        ReadAs::Printed => format!("“{typed}” where the scheme prints “{taken}”"),
        ReadAs::RepeatedRow { label, first } => {
            format!(
                "“{label}” stands in row {} already; left out",
                first.row + 1
            )
        }
    }
}

fn difference(finding: &Finding) -> String {
    let Some(difference) = finding.difference else {
        return String::new();
    };
    let tolerance = match finding.tolerance {
        Some(tolerance) if !tolerance.is_zero() => {
            let tolerance = amount(finding, tolerance);
            match is_within(finding) {
                true => format!(", which rounding explains (up to {tolerance})"),
                false => format!(", more than rounding explains ({tolerance})"),
            }
        }
        _ => String::new(),
    };
    format!(", difference {}{tolerance}", amount(finding, difference))
}

fn operand(finding: &Finding, operand: &crate::model::Operand) -> String {
    super::operand(finding, operand, (" (", ")"))
}

fn between(min: &Option<String>, max: &Option<String>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => min.clone(),
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) if is_date(min) => format!("{min} or later"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) if is_date(max) => format!("{max} or earlier"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "within its bounds".to_owned(),
    }
}

fn one_of(values: &[std::sync::Arc<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("“{value}”"))
        .collect();
    match values.len() {
        n if n > SHOWN => format!("one of {} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(" or "),
    }
}

fn list(names: &[std::sync::Arc<str>]) -> String {
    names.join(", ")
}
