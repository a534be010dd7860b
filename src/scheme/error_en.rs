//! The same mistakes in English.

use super::error::{Counted, NeverChecked, Problem, What, kind_in};

impl Problem {
    /// What is wrong, in English.
    pub fn in_english(&self) -> String {
        match self {
            Problem::Syntax(message) => format!("not written as it should be: {message}"),
            Problem::UnknownKey { key, nearest } => {
                format!("unknown key “{key}”{}", or_is_it(nearest))
            }
            Problem::UnknownName {
                what,
                name,
                nearest,
            } => format!("there is no {} “{name}”{}", thing(*what), or_is_it(nearest)),
            Problem::Repeated { what, name } => format!("{} “{name}” is there twice", thing(*what)),
            Problem::SameHeader { header, other } => {
                format!("header “{header}” is that of column “{other}”; they cannot be told apart")
            }
            Problem::SumOfRates { column } => {
                format!("“{column}” is a rate, and rates are never added up")
            }
            Problem::UnitsDiffer { left, right } => {
                format!("units “{left}” and “{right}” do not convert into each other")
            }
            Problem::NoConversion { unit } => format!("unit “{unit}” has no usable conversion"),
            Problem::NeverChecked { why } => {
                format!("this rule could never be checked: {}", reason(*why))
            }
            Problem::BadValue { wanted, given } => {
                format!("wanted: {}; written: “{given}”", english(wanted))
            }
            Problem::NotPrinted { column } => format!(
                "nothing says what is printed under “{column}” (write it in this row's cells)"
            ),
            Problem::TooMany { what, given, limit } => format!(
                "too many {}: {given}, the limit is {limit}",
                counted(*what)
            ),
            Problem::Lacking { what } => format!("{} is missing", english(what)),
            Problem::NobodysRows {
                is_register: false,
                write,
            } => format!(
                "every reporter would return all rows of this table, and no column says whose a row is; the \
                 county would take the figures of one reporter for all. Write {}; or put a column for \
                 the reporter into row_key, one row for each, and name it with reporter_column",
                write.written("the office that returns this table", "reporter", " and ")
            ),
            Problem::NobodysRows {
                is_register: true,
                write,
            } => format!(
                "no column says whose a row of this register is, and nobody could tell in the county's. Write \
                 {}; or one_row_each, where the county needs one total row for each reporter",
                write.written("the office that returns this table", "reporter", " and ")
            ),
            Problem::NobodyReturns {
                kind,
                has_rows,
                nearest,
            } => {
                let kind = kind_in(*kind, "township", "department");
                let why = match has_rows {
                    true => format!("no row names a {kind}"),
                    false => format!("there is no {kind} among the reporters"),
                };
                format!("nobody can return this annex: {why}{}", or_is_it(nearest))
            }
            Problem::NobodyFillsIn { row, kind } => format!(
                "nobody fills in row “{row}”: it names no {}",
                kind_in(*kind, "township", "department")
            ),
            Problem::SharedFigure {
                row,
                column,
                first,
                n_reporters,
                ..
            } => format!(
                "{n_reporters} reporters share row “{row}”; their figures of “{column}” are not added up, that of \
                 “{first}” is taken. Give each a row where each has a figure of its own"
            ),
            Problem::NothingToFillIn => {
                "there is nothing to fill in: besides row_key, row numbers and what \
                 is printed, one column at least must be filled in"
                    .to_owned()
            }
            Problem::NeverDue => {
                "this annex is returned neither with the plan nor in any month (in due, write \
                 every = \"month\" or plan = true)"
                    .to_owned()
            }
            Problem::NotDue { annex, in_months } => {
                let when = match in_months {
                    true => "in months",
                    false => "in the plan",
                };
                format!("this rule is only checked {when}, where {annex} is not returned")
            }
            Problem::NotListed { value, nearest } => format!(
                "“{value}” is not on the list of this column, so the condition is never met{}",
                or_is_it(nearest)
            ),
            Problem::RatioUnit {
                value,
                numerator,
                denominator,
                ..
            } => format!("“{numerator}” divided by “{denominator}” does not give “{value}”"),
            Problem::NoEffect { key } if *key == "each" => {
                "each = \"year\" changes nothing: none of the columns is yearly, and each mistake would be told \
                 once a year"
                    .to_owned()
            }
            Problem::NoEffect { key } if *key == "years" => {
                "years in applies changes nothing: this rule is about no year".to_owned()
            }
            Problem::NoEffect { key } => format!(
                "{key} in applies changes nothing: every cell of this rule names its row"
            ),
            Problem::SameRule { other } => {
                format!("this is the same rule as “{other}”; each mistake would be told twice")
            }
            Problem::Excludes { other } => {
                format!("this excludes “{other}”: no figure can keep both")
            }
        }
    }
}

/// What there is too much of.
fn counted(what: Counted) -> &'static str {
    match what {
        Counted::Bytes => "bytes in this file",
        Counted::Years => "years",
        Counted::Units => "units and aliases",
        Counted::Reporters => "reporters and aliases",
        Counted::Annexes => "annexes",
        Counted::Columns => "columns (yearly ones count once a year)",
        Counted::Levels => "header levels",
        Counted::Rows => "rows (yearly ones count once a year)",
        Counted::Cells => "cells (rows by columns)",
        Counted::Rules => "rules",
        Counted::RulesByYears => "rules by years",
    }
}

fn thing(what: What) -> &'static str {
    match what {
        What::Annex => "annex",
        What::Column => "column",
        What::Row => "row",
        What::Unit => "unit",
        What::Reporter => "reporter",
        What::Year => "year",
        What::Rule => "rule id",
        What::Target => "target",
        What::File => "file",
    }
}

fn reason(why: NeverChecked) -> &'static str {
    match why {
        NeverChecked::NoYear => {
            "its columns are yearly, and it says no year (add each = \"year\", or a year)"
        }
        NeverChecked::NoAnnex => "it names no annex",
        NeverChecked::ItsOwnPart => "it compares a cell with itself",
        NeverChecked::NothingAsked => "it asks for nothing",
        NeverChecked::NoTotalRow => "the annex has no total row",
        NeverChecked::WrongKind => "its columns are not of a kind that can be compared so",
        NeverChecked::EmptyRange => "its least value is greater than its greatest",
        NeverChecked::OneYear => "a trend needs two years at least",
        NeverChecked::AppliesNowhere => "there is no row and year to which it applies",
        NeverChecked::Printed => "it is about a column that the scheme prints and nobody fills in",
    }
}

fn or_is_it(nearest: &Option<String>) -> String {
    (nearest.as_ref()).map_or_else(String::new, |nearest| format!("; is it “{nearest}”?"))
}

/// What is asked for, in English; what is no Chinese stays as it is.
fn english(wanted: &'static str) -> &'static str {
    let known = WANTED.iter().find(|(chinese, _)| *chinese == wanted);
    known.map_or(wanted, |(_, english)| english)
}

const WANTED: [(&str, &str); 37] = [
    (
        "由小到大、不重复的年份",
        "years in ascending order, each once",
    ),
    ("不分年度的列", "a column that is not yearly"),
    ("row_key 中的列", "a column in row_key"),
    (
        "row_key 中的一列，或 kind = \"reporter\"、print = \"row\" 的一列",
        "a column of row_key, or one with kind = \"reporter\" and print = \"row\"",
    ),
    (
        "只用于 rows = \"register\" 的附件",
        "only for annexes with rows = \"register\"",
    ),
    (
        "只用于有合计行（total_row）的附件",
        "only for annexes with a total_row",
    ),
    (
        "只用于 returned_by = \"township\" 或 \"department\" 的附件",
        "only for annexes with returned_by = \"township\" or \"department\"",
    ),
    (
        "只用于没有年份列的附件",
        "only for annexes without a year column",
    ),
    ("row_key 中的一列", "a column of row_key"),
    (
        "只用于 kind = \"rate\" 的列",
        "only for columns with kind = \"rate\"",
    ),
    ("可以相加的列", "a column that adds up"),
    ("1 到 28 的日期", "a day from 1 to 28"),
    ("报表制度中的年份", "a year of the scheme"),
    ("0 到 9 的小数位数", "decimals from 0 to 9"),
    (
        "十二个月的累计百分比，逐月不减，最后是 100",
        "cumulative percents of twelve months, never falling, the last 100",
    ),
    ("表头", "a header"),
    ("每个年份一个标签", "one label for each year"),
    (
        "不带花括号的表头（{year} 要有 each = \"year\"，{year_label} 还要有 year_labels）",
        "a header without braces ({year} needs each = \"year\", {year_label} needs year_labels too)",
    ),
    (
        "rows 或 [[row]]（二者取一）",
        "rows or [[row]], one of the two",
    ),
    (
        "\"register\" 或行名列表",
        "\"register\" or a list of row labels",
    ),
    ("rows 或 [[row]]", "rows or [[row]]"),
    (
        "与 row_key 一样多的行名",
        "as many labels as row_key has columns",
    ),
    (
        "分年度的单元格（这里不分年度，不写年份）",
        "a yearly cell (this one is not; write no year)",
    ),
    ("不小于0的数字", "a number not below 0"),
    (
        "首年和末年，如 [2023, 2025]",
        "first and last year, as [2023, 2025]",
    ),
    ("year 或 years（二者取一）", "year or years, one of the two"),
    ("数字", "a number"),
    ("日期，如 2025-12-31", "a date, as 2025-12-31"),
    (
        "不在 row_key 中的列（row_key 中的列不写 print）",
        "a column that is not in row_key (those have no print)",
    ),
    (
        "kind = \"text\" 或 \"reporter\" 的列（有 print）",
        "a column with kind = \"text\" or \"reporter\" (it has print)",
    ),
    (
        "kind = \"text\" 的列（有 print）",
        "a column with kind = \"text\" (it has print)",
    ),
    (
        "不分年度的列（有 print）",
        "a column that is not yearly (it has print)",
    ),
    (
        "填数字的列（有 measures）",
        "a column of figures (it has measures)",
    ),
    (
        "kind = \"text\" 的列（有 done）",
        "a column with kind = \"text\" (it has done)",
    ),
    ("print = \"row\" 的列", "a column with print = \"row\""),
    (
        "写明 measures = \"target\" 的列",
        "a column with measures = \"target\"",
    ),
    ("两样都有", "both"),
];
