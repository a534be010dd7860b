//! What can be wrong with a scheme, and where.

use std::fmt;
use std::ops::Range;

use super::ReporterKind;

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

/// What says whose the rows of an annex are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A key column names reporters.
    Column(String),
    /// One reporter returns them all; `None` where nobody knows which.
    Returned(Option<String>),
    /// A column that is to be put before these keys.
    NewKey(Vec<String>),
}

impl Whose {
    /// As it stands in a scheme: `nobody` in the place of an office that nobody knows, `column` as the header of a new
    /// column.
    pub(super) fn written(&self, nobody: &str, column: &str, and: &str) -> String {
        match self {
            Self::Column(name) => format!("reporter_column = \"{name}\""),
            Self::Returned(who) => {
                let who = who.as_deref().unwrap_or(nobody);
                format!("returned_by = \"{who}\"")
            }
            Self::NewKey(keys) => {
                let keys: String = keys.iter().map(|key| format!(", \"{key}\"")).collect();
                format!("row_key = [\"{column}\"{keys}]{and}reporter_column = \"{column}\"")
            }
        }
    }
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
    /// Reporters of a kind return rows of which nothing says whose they are: of a register the county would not
    /// know, and of fixed rows, which each returns, it would take one reporter's for all.
    NobodysRows {
        /// Whether it is a register.
        is_register: bool,
        /// What may be written instead.
        write: Whose,
    },
    /// Nobody on the roster can return the annex.
    NobodyReturns {
        /// Whom it asks.
        kind: ReporterKind,
        /// Whether there are such reporters, but no row is theirs.
        has_rows: bool,
        /// Who may be written instead, as one who answers for it or whom its rows name.
        nearest: Option<String>,
    },
    /// A row that none of those who return the annex can fill in.
    NobodyFillsIn {
        /// The row.
        row: String,
        /// Whom the annex asks.
        kind: ReporterKind,
    },
    /// Several reporters give one figure that would have to be added up.
    SharedFigure {
        /// The row.
        row: String,
        /// The column.
        column: String,
        /// Whose is taken.
        first: String,
        /// How many share the row.
        n_reporters: usize,
        /// Whether these are all who return the annex, so that each has a part of it.
        is_everyone: bool,
    },
    /// Nothing is left to be filled in.
    NothingToFillIn,
    /// It is returned neither with the plan nor in any month.
    NeverDue,
    /// A rule for periods in which its annex is not returned.
    NotDue {
        /// The annex.
        annex: String,
        /// Whether the rule is for months; else it is for the plan.
        in_months: bool,
    },
    /// A value that no cell may have by the list of its column.
    NotListed {
        /// The value.
        value: String,
        /// The nearest on the list.
        nearest: Option<String>,
    },
    /// A quotient that has another unit than its column.
    RatioUnit {
        /// The column's unit.
        value: String,
        /// The numerator's.
        numerator: String,
        /// The denominator's.
        denominator: String,
        /// Whether it is wrong for certain; else the name of the unit does not tell.
        is_certain: bool,
    },
    /// A key of a rule that changes nothing: a year where nothing is yearly, rows where every cell names its own.
    NoEffect {
        /// The key.
        key: &'static str,
    },
    /// A rule that says nothing but what another says.
    SameRule {
        /// Id of the other.
        other: String,
    },
    /// No figure can keep both rules.
    Excludes {
        /// Id of the other.
        other: String,
    },
}

impl Problem {
    /// Whether it is worth knowing, and nothing goes wrong for certain.
    pub fn is_warning(&self) -> bool {
        match self {
            Problem::RatioUnit { is_certain, .. } => !is_certain,
            Problem::SharedFigure { is_everyone, .. } => !is_everyone,
            Problem::NobodyFillsIn { .. }
            | Problem::NeverDue
            | Problem::NotDue { .. }
            | Problem::NoEffect { .. }
            | Problem::SameRule { .. } => true,
            _ => false,
        }
    }
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
            Problem::TooMany { what, given, limit } => {
                write!(f, "{what}太多：{given}，最多 {limit}")
            }
            Problem::Lacking { what } => write!(f, "缺少{what}"),
            Problem::NobodysRows {
                is_register: false,
                write,
            } => write!(
                f,
                "每个单位都会报送这张表的全部行，却没有一列说明哪一行是哪个单位的，汇总时只会取到其中一个单位的数。\
                 请写明 {}；或者在 row_key 中加一列填报单位，每个单位一行，用 reporter_column 指明这一列",
                write.written("报送这张表的那个单位", "单位", "、")
            ),
            Problem::NobodysRows {
                is_register: true,
                write,
            } => write!(
                f,
                "没有一列说明登记表的每一行是哪个单位的，汇总后分不清。请写明 {}；\
                 县里每个单位只要一行合计的，用 one_row_each",
                write.written("报送这张表的那个单位", "单位", "、")
            ),
            Problem::NobodyReturns {
                kind,
                has_rows,
                nearest,
            } => {
                let kind = kind_in(*kind, "乡镇", "部门");
                match has_rows {
                    true => write!(f, "没有一个单位能报送这个附件：各行写的单位都不是{kind}")?,
                    false => write!(f, "没有一个单位能报送这个附件：名册中没有{kind}")?,
                }
                f.write_str(&or_is_it(nearest))
            }
            Problem::NobodyFillsIn { row, kind } => write!(
                f,
                "没有单位填报“{row}”这一行：所写的单位不是{}",
                kind_in(*kind, "乡镇", "部门")
            ),
            Problem::SharedFigure {
                row,
                column,
                first,
                n_reporters,
                ..
            } => write!(
                f,
                "“{row}”一行由{n_reporters}个单位共同填报，“{column}”的数不会相加，只取“{first}”的；\
                 各报各的数时，请一个单位写一行"
            ),
            Problem::NothingToFillIn => f.write_str(
                "没有要填报的内容：除 row_key、序号和印好的列以外，至少要有一列由单位填写",
            ),
            Problem::NeverDue => f.write_str(
                "规划和各月都不报送这个附件（due 中写明 every = \"month\" 或 plan = true）",
            ),
            Problem::NotDue { annex, in_months } => match in_months {
                true => write!(f, "这条关系只在各月核对，而{annex}各月不报送"),
                false => write!(f, "这条关系只在规划中核对，而{annex}不随规划报送"),
            },
            Problem::NotListed { value, nearest } => write!(
                f,
                "“{value}”不在这一列可填的内容之列，条件永远不成立{}",
                or_is_it(nearest)
            ),
            Problem::RatioUnit {
                value,
                numerator,
                denominator,
                ..
            } => write!(f, "“{numerator}”除以“{denominator}”得不出“{value}”"),
            Problem::NoEffect { key } if *key == "each" => f.write_str(
                "each = \"year\" 不起作用：所涉及的列都不分年度，同一个错误会每年提示一次",
            ),
            Problem::NoEffect { key } if *key == "years" => {
                f.write_str("applies 中的 years 不起作用：这条关系不分年度")
            }
            Problem::NoEffect { key } => write!(
                f,
                "applies 中的 {key} 不起作用：这条关系的单元格都已写明是哪一行"
            ),
            Problem::SameRule { other } => {
                write!(f, "与“{other}”是同一条关系，同一个错误会提示两次")
            }
            Problem::Excludes { other } => {
                write!(f, "与“{other}”互相矛盾，没有一个数能同时满足两条")
            }
        }
    }
}

/// The word for a kind of reporters.
pub(super) fn kind_in(
    kind: ReporterKind,
    township: &'static str,
    department: &'static str,
) -> &'static str {
    match kind {
        ReporterKind::Township => township,
        ReporterKind::Department => department,
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
