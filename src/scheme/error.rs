//! What can be wrong with a scheme, and where.

use std::fmt;
use std::ops::Range;

/// A mistake in a scheme, with its place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct SchemeError {
    /// Name of the file in the scheme's folder.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes concerned.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text is not TOML, or a value is of the wrong type.
    Syntax(String),
    /// A key that means nothing here.
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest that does.
        nearest: Option<String>,
    },
    /// A name of something that does not exist.
    UnknownName {
        /// What was looked for.
        what: What,
        /// The name.
        name: String,
        /// The nearest that does exist.
        nearest: Option<String>,
    },
    /// Two things of one name.
    Repeated {
        /// What they are.
        what: What,
        /// The name.
        name: String,
    },
    /// Two columns with one header path.
    SameHeader {
        /// The path.
        header: String,
        /// The other column.
        other: String,
    },
    /// A rate in a sum.
    SumOfRates {
        /// The column.
        column: String,
    },
    /// Units that do not convert.
    UnitsDiffer {
        /// One.
        left: String,
        /// The other.
        right: String,
    },
    /// A unit that is defined by itself or by one that is not declared.
    NoConversion {
        /// The unit.
        unit: String,
    },
    /// A rule that can never be checked.
    NeverChecked {
        /// Why.
        why: NeverChecked,
    },
    /// A value that does not fit.
    BadValue {
        /// What is asked for.
        wanted: &'static str,
        /// What is written.
        given: String,
    },
    /// Nothing says what is printed in a cell.
    NotPrinted {
        /// The column.
        column: String,
    },
    /// More than a scheme may have.
    TooMany {
        /// Of what.
        what: Counted,
        /// How many there are.
        given: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// Something that must be there and is not.
    Lacking {
        /// What.
        what: &'static str,
    },
}

/// Kinds of names in a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the words of the scheme")]
pub enum What {
    Annex,
    Column,
    Row,
    Unit,
    Reporter,
    Year,
    Rule,
    Target,
    File,
}

/// What a scheme may have too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Bytes of a file.
    Bytes,
    /// Years of the plan.
    Years,
    /// Units and their aliases.
    Units,
    /// Reporters and their aliases.
    Reporters,
    /// Annexes.
    Annexes,
    /// Columns of an annex, in all years.
    Columns,
    /// Levels of a header.
    Levels,
    /// Rows of an annex, in all years.
    Rows,
    /// Rows of an annex by its columns.
    Cells,
    /// Rules.
    Rules,
    /// Rules, in all years.
    RulesByYears,
}

/// Why a rule can never be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeverChecked {
    /// Its columns are yearly, and it says no year.
    NoYear,
    /// It names a row in hand, and belongs to no annex.
    NoAnnex,
    /// It compares a cell with itself.
    ItsOwnPart,
    /// It asks for nothing.
    NothingAsked,
    /// The annex has no total row.
    NoTotalRow,
    /// Its columns are not of a kind that can be compared so.
    WrongKind,
    /// Its bounds exclude each other.
    EmptyRange,
    /// A trend needs more than one year.
    OneYear,
    /// Its filter leaves nothing.
    AppliesNowhere,
    /// It is about what the scheme itself prints.
    Printed,
}

impl SchemeError {
    /// A mistake at `span` of `text`.
    pub(crate) fn new(file: &str, text: &str, span: Range<usize>, problem: Problem) -> Self {
        let before = &text[..span.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |idx| idx + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            // Some editors put a mark first that nobody sees.
            column: before[line_start..]
                .trim_start_matches('\u{feff}')
                .chars()
                .count()
                + 1,
            span,
            problem,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Syntax(message) => write!(f, "写法有误：{message}"),
            Problem::UnknownKey { key, nearest } => {
                write!(f, "不认识的键“{key}”{}", or_is_it(nearest))
            }
            Problem::UnknownName {
                what,
                name,
                nearest,
            } => {
                write!(f, "没有名为“{name}”的{what}{}", or_is_it(nearest))
            }
            Problem::Repeated { what, name } => write!(f, "{what}“{name}”重复"),
            Problem::SameHeader { header, other } => {
                write!(f, "表头“{header}”与列“{other}”的表头相同，无法区分")
            }
            Problem::SumOfRates { column } => {
                write!(f, "“{column}”是比率（rate），不能相加")
            }
            Problem::UnitsDiffer { left, right } => {
                write!(f, "计量单位“{left}”与“{right}”不能换算")
            }
            Problem::NoConversion { unit } => write!(f, "计量单位“{unit}”没有可用的换算关系"),
            Problem::NeverChecked { why } => write!(f, "这条关系永远无法核对：{why}"),
            Problem::BadValue { wanted, given } => write!(f, "应为{wanted}，写的是“{given}”"),
            Problem::NotPrinted { column } => {
                write!(f, "没有写明“{column}”一列印什么（写在这一行的 cells 中）")
            }
            Problem::TooMany { what, given, limit } => write!(
                f,
                "{what}太多：{given}，最多 {limit} / too many {}: {given}, the limit is {limit}",
                what.in_english()
            ),
            Problem::Lacking { what } => write!(f, "缺少{what}"),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Annex => "附件",
            What::Column => "列",
            What::Row => "行",
            What::Unit => "计量单位",
            What::Reporter => "填报单位",
            What::Year => "年份",
            What::Rule => "审核关系编号",
            What::Target => "正文目标",
            What::File => "文件",
        })
    }
}

impl Counted {
    fn in_english(self) -> &'static str {
        match self {
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
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Counted::Bytes => "这个文件的字节",
            Counted::Years => "年份",
            Counted::Units => "计量单位及其别名",
            Counted::Reporters => "填报单位及其别名",
            Counted::Annexes => "附件",
            Counted::Columns => "列（分年度的每年算一列）",
            Counted::Levels => "表头的层数",
            Counted::Rows => "行（分年度的每年算一行）",
            Counted::Cells => "单元格（行数乘列数）",
            Counted::Rules => "审核关系",
            Counted::RulesByYears => "审核关系（分年度的每年算一条）",
        })
    }
}

impl fmt::Display for NeverChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NeverChecked::NoYear => {
                "所涉及的列分年度，但没有指明年份（加 each = \"year\" 或写明 year）"
            }
            NeverChecked::NoAnnex => "没有指明附件",
            NeverChecked::ItsOwnPart => "同一个单元格与自身比较",
            NeverChecked::NothingAsked => "没有提出任何要求",
            NeverChecked::NoTotalRow => "该附件没有合计行",
            NeverChecked::WrongKind => "所涉及的列不是可以这样比较的类型",
            NeverChecked::EmptyRange => "下限大于上限",
            NeverChecked::OneYear => "年度变化至少需要两个年份",
            NeverChecked::AppliesNowhere => "适用范围为空",
            NeverChecked::Printed => "所涉及的列由报表制度印好，不由填报单位填写",
        })
    }
}

fn or_is_it(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |nearest| format!("，是否指“{nearest}”？"))
}
