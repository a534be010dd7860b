//! What every kind of finding means: what is checked, why, an example, how to put it right.
//!
//! The text of a kind of rule stands beside its check; the others are here, one file each. A new kind
//! does not compile without one.

use crate::check;
use crate::model::Kind;

/// The explanation of a kind of finding, in Chinese.
pub fn explanation(kind: Kind) -> &'static str {
    match kind {
        Kind::Sum
        | Kind::TotalRow
        | Kind::Equal
        | Kind::Target
        | Kind::Part
        | Kind::Range
        | Kind::Order
        | Kind::Trend
        | Kind::Ratio
        | Kind::Unique
        | Kind::Code
        | Kind::Pair
        | Kind::When
        | Kind::Chain
        | Kind::Cumulative
        | Kind::Compare => check::explanation(kind).unwrap_or_default(),
        Kind::UnreadableFile => include_str!("unreadable_file.md"),
        Kind::UnknownForm => include_str!("unknown_form.md"),
        Kind::AmbiguousForm => include_str!("ambiguous_form.md"),
        Kind::MissingColumn => include_str!("missing_column.md"),
        Kind::UnexpectedColumn => include_str!("unexpected_column.md"),
        Kind::UnexpectedRow => include_str!("unexpected_row.md"),
        Kind::MissingRow => include_str!("missing_row.md"),
        Kind::MissingValue => include_str!("missing_value.md"),
        Kind::UnitDiffers => include_str!("unit_differs.md"),
        Kind::UnitMissing => include_str!("unit_missing.md"),
        Kind::NotANumber => include_str!("not_a_number.md"),
        Kind::ReadAs => include_str!("read_as.md"),
        Kind::Decimals => include_str!("decimals.md"),
        Kind::FormulaError => include_str!("formula_error.md"),
        Kind::FormulaReplaced => include_str!("formula_replaced.md"),
        Kind::Alias => include_str!("alias.md"),
        Kind::UnknownReporter => include_str!("unknown_reporter.md"),
        Kind::Conflict => include_str!("conflict.md"),
        Kind::NotReturned => include_str!("not_returned.md"),
        Kind::DuplicateReturn => include_str!("duplicate_return.md"),
        Kind::Explanation => include_str!("explanation.md"),
        Kind::Miswritten => include_str!("miswritten.md"),
        Kind::UnitSlip => include_str!("unit_slip.md"),
        Kind::Shifted => include_str!("shifted.md"),
        Kind::OldForm => include_str!("old_form.md"),
        Kind::Hidden => include_str!("hidden.md"),
        Kind::Copied => include_str!("copied.md"),
        Kind::Guard => include_str!("guard.md"),
        Kind::NoCopy => include_str!("no_copy.md"),
        Kind::WrongPeriod => include_str!("wrong_period.md"),
        Kind::EarlierUnread => include_str!("earlier_unread.md"),
        Kind::ProgramFault => include_str!("program_fault.md"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Lang, words};

    #[test]
    fn every_kind_is_explained_under_its_own_name() {
        for kind in Kind::ALL {
            let text = explanation(kind);
            let name = words::kind(kind, Lang::Zh);
            let is_rule = check::explanation(kind).is_some();
            assert!(
                is_rule || text.starts_with(name),
                "{kind}: starts with {name}"
            );
            let headings = ["## 检查什么", "## 为什么", "## 例子", "## 怎么改"];
            let places: Vec<Option<usize>> = headings.iter().map(|it| text.find(it)).collect();
            assert!(places.iter().all(Option::is_some), "{kind}: {places:?}");
            assert!(places.is_sorted(), "{kind}: headings in order");
        }
    }
}
