//! The scheme's TOML as written: one struct for each kind of file and table.
//!
//! Names stay names here, each with its place, so that [`load`](super::load) can say where a wrong
//! one stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::model::{Basis, Direction, Guards, Level, Need, Side};

use super::{AppliesIn, Bound, ColumnKind, Course, Frequency, Goal, Print, ReporterKind};

/// `scheme.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MainFile {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) area: String,
    pub(crate) years: Spanned<Vec<u16>>,
    #[serde(default)]
    pub(crate) guards: Guards,
    #[serde(default)]
    pub(crate) units: Vec<UnitFile>,
    #[serde(default)]
    pub(crate) reporters: Vec<ReporterFile>,
    #[serde(default)]
    pub(crate) groups: Vec<GroupFile>,
}

/// `[[units]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitFile {
    pub(crate) name: Spanned<String>,
    pub(crate) is: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
}

/// `[[reporters]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReporterFile {
    pub(crate) code: Spanned<String>,
    pub(crate) name: Spanned<String>,
    pub(crate) kind: ReporterKind,
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
}

/// `[[groups]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupFile {
    pub(crate) name: Spanned<String>,
    pub(crate) kind: ReporterKind,
}

/// `[[columns]]` of an annex.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnFile {
    pub(crate) name: Spanned<String>,
    pub(crate) header: Spanned<Vec<String>>,
    pub(crate) kind: Option<ColumnKind>,
    pub(crate) each: Option<Spanned<String>>,
    pub(crate) unit: Option<Spanned<String>>,
    pub(crate) decimals: Option<u8>,
    #[serde(default)]
    pub(crate) optional: bool,
    pub(crate) blank: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) merge_down: bool,
    pub(crate) course: Option<Course>,
    pub(crate) goal: Option<Goal>,
    pub(crate) weight: Option<Spanned<String>>,
    pub(crate) schedule: Option<Spanned<Vec<u8>>>,
    pub(crate) print: Option<Print>,
    pub(crate) measures: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) done: Vec<String>,
    pub(crate) width: Option<u8>,
}

/// `due` of an annex.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DueFile {
    pub(crate) every: Option<Frequency>,
    #[serde(default = "yes")]
    pub(crate) plan: bool,
    pub(crate) day: Option<Spanned<u8>>,
    pub(crate) until: Option<Spanned<u16>>,
}

/// `[[row]]` of an annex.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowFile {
    pub(crate) key: Spanned<OneOrMore>,
    pub(crate) label: Option<String>,
    pub(crate) unit: Option<Spanned<String>>,
    pub(crate) kind: Option<ColumnKind>,
    pub(crate) decimals: Option<u8>,
    pub(crate) goal: Option<Goal>,
    pub(crate) course: Option<Course>,
    pub(crate) target: Option<Spanned<String>>,
    /// By name of the column.
    #[serde(default)]
    pub(crate) cells: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `rows` of an annex.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "\"register\", a list of labels, or a list of lists of labels"
)]
pub(crate) enum RowsFile {
    Register(String),
    List(Vec<OneOrMore>),
}

/// One text, or a list of texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Where the total row stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TotalAt {
    #[default]
    Bottom,
    Top,
}

/// `applies = { … }` of a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppliesFile {
    pub(crate) rows: Option<Vec<Spanned<OneOrMore>>>,
    #[serde(default)]
    pub(crate) except_rows: Vec<Spanned<OneOrMore>>,
    pub(crate) years: Option<Spanned<Vec<u16>>>,
    pub(crate) total_rows: Option<bool>,
    pub(crate) period: Option<AppliesIn>,
}

/// A cell named in a rule: `"地表水"`, `"地表水@2023"`, or a table.
#[derive(Debug)]
pub(crate) enum CellFile {
    Name(String),
    Cell(CellTable),
}

/// `{ annex = …, row = …, column = …, year = … }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CellTable {
    pub(crate) annex: Option<Spanned<String>>,
    pub(crate) row: Option<Spanned<OneOrMore>>,
    pub(crate) column: Spanned<String>,
    pub(crate) year: Option<Spanned<YearFile>>,
}

/// A year, or `"*"` for all of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a year or \"*\"")]
pub(crate) enum YearFile {
    Year(u16),
    Every(String),
}

/// `if` and `then` of `[[when]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestFile {
    pub(crate) column: Spanned<String>,
    pub(crate) row: Option<Spanned<OneOrMore>>,
    pub(crate) is: Option<OneOrMore>,
    pub(crate) min: Option<Spanned<String>>,
    pub(crate) max: Option<Spanned<String>>,
}

/// The slots that every rule has.
#[derive(Debug)]
pub(crate) struct Common<'f> {
    pub(crate) id: &'f Spanned<String>,
    pub(crate) label: &'f str,
    pub(crate) say: &'f str,
    pub(crate) level: Option<Level>,
    pub(crate) tolerance: Option<&'f Spanned<String>>,
    pub(crate) each: Option<&'f Spanned<String>>,
    pub(crate) applies: Option<&'f Spanned<AppliesFile>>,
}

/// Defines the table of a rule kind: its own slots after the common ones.
macro_rules! rule_table {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $slot:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            id: Spanned<String>,
            #[serde(default)]
            label: String,
            #[serde(default)]
            say: String,
            level: Option<Level>,
            tolerance: Option<Spanned<String>>,
            each: Option<Spanned<String>>,
            applies: Option<Spanned<AppliesFile>>,
            $($(#[$attr])* pub(crate) $slot: $type,)*
        }

        impl $name {
            pub(crate) fn common(&self) -> Common<'_> {
                Common {
                    id: &self.id,
                    label: &self.label,
                    say: &self.say,
                    level: self.level,
                    tolerance: self.tolerance.as_ref(),
                    each: self.each.as_ref(),
                    applies: self.applies.as_ref(),
                }
            }
        }
    };
}

rule_table!(
    /// `[[sum]]`.
    SumFile {
        total: Spanned<CellFile>,
        parts: Spanned<Vec<Spanned<CellFile>>>,
    }
);
rule_table!(
    /// `[[total-row]]`.
    TotalRowFile {
        row: Option<Spanned<String>>,
        columns: Option<Vec<Spanned<String>>>,
        #[serde(default)]
        count: bool,
    }
);
rule_table!(
    /// `[[equal]]`.
    EqualFile {
        left: Spanned<CellFile>,
        right: Spanned<CellFile>,
    }
);
rule_table!(
    /// `[[target]]`.
    TargetFile {
        section: String,
        sentence: String,
        value: Spanned<String>,
        unit: Spanned<String>,
        year: Option<Spanned<u16>>,
        years: Option<Spanned<Vec<u16>>>,
        #[serde(default)]
        bound: Bound,
        cell: Option<Spanned<CellFile>>,
    }
);
rule_table!(
    /// `[[part]]`.
    PartFile {
        part: Spanned<CellFile>,
        whole: Spanned<CellFile>,
    }
);
rule_table!(
    /// `[[range]]`.
    RangeFile {
        columns: Spanned<Vec<Spanned<CellFile>>>,
        per: Option<Spanned<CellFile>>,
        min: Option<Spanned<String>>,
        max: Option<Spanned<String>>,
    }
);
rule_table!(
    /// `[[order]]`.
    OrderFile {
        first: Spanned<CellFile>,
        then: Spanned<CellFile>,
    }
);
rule_table!(
    /// `[[trend]]`.
    TrendFile {
        column: Spanned<CellFile>,
        direction: Direction,
        at_least: Option<Spanned<String>>,
    }
);
rule_table!(
    /// `[[ratio]]`.
    RatioFile {
        value: Spanned<CellFile>,
        numerator: Spanned<CellFile>,
        denominator: Spanned<CellFile>,
    }
);
rule_table!(
    /// `[[unique]]`.
    UniqueFile {
        columns: Spanned<Vec<Spanned<String>>>,
    }
);
rule_table!(
    /// `[[code]]`.
    CodeFile {
        column: Spanned<CellFile>,
        values: Option<Vec<String>>,
        #[serde(default)]
        aliases: BTreeMap<String, Spanned<String>>,
        digits: Option<usize>,
    }
);
rule_table!(
    /// `[[pair]]`.
    PairFile {
        columns: Spanned<Vec<Spanned<CellFile>>>,
        need: Need,
    }
);
rule_table!(
    /// `[[when]]`.
    WhenFile {
        #[serde(rename = "if")]
        condition: Spanned<TestFile>,
        then: Spanned<TestFile>,
    }
);

rule_table!(
    /// `[[chain]]`.
    ChainFile {
        cumulative: Spanned<CellFile>,
        month: Spanned<CellFile>,
    }
);
rule_table!(
    /// `[[cumulative]]`.
    CumulativeFile {
        columns: Spanned<Vec<Spanned<CellFile>>>,
    }
);
rule_table!(
    /// `[[compare]]`.
    CompareFile {
        columns: Spanned<Vec<Spanned<CellFile>>>,
        with: Spanned<Basis>,
        percent: Spanned<String>,
        absolute: Spanned<String>,
        #[serde(default)]
        side: Side,
    }
);

/// Defines a file that may hold rules: its own slots, then one table array for each kind.
///
/// Spelled out by a macro because `deny_unknown_fields` does not go with `flatten`.
macro_rules! file_with_rules {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $slot:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attr])* pub(crate) $slot: $type,)*
            #[serde(default)]
            sum: Vec<Spanned<SumFile>>,
            #[serde(default, rename = "total-row")]
            total_row_rules: Vec<Spanned<TotalRowFile>>,
            #[serde(default)]
            equal: Vec<Spanned<EqualFile>>,
            #[serde(default)]
            target: Vec<Spanned<TargetFile>>,
            #[serde(default)]
            part: Vec<Spanned<PartFile>>,
            #[serde(default)]
            range: Vec<Spanned<RangeFile>>,
            #[serde(default)]
            order: Vec<Spanned<OrderFile>>,
            #[serde(default)]
            trend: Vec<Spanned<TrendFile>>,
            #[serde(default)]
            ratio: Vec<Spanned<RatioFile>>,
            #[serde(default)]
            unique: Vec<Spanned<UniqueFile>>,
            #[serde(default)]
            code: Vec<Spanned<CodeFile>>,
            #[serde(default)]
            pair: Vec<Spanned<PairFile>>,
            #[serde(default)]
            when: Vec<Spanned<WhenFile>>,
            #[serde(default)]
            chain: Vec<Spanned<ChainFile>>,
            #[serde(default)]
            cumulative: Vec<Spanned<CumulativeFile>>,
            #[serde(default)]
            compare: Vec<Spanned<CompareFile>>,
        }

        impl $name {
            /// The rules, in the order in which they are written.
            pub(crate) fn rules(&self) -> Vec<RuleFile<'_>> {
                let mut rules = Vec::new();
                rules.extend(self.sum.iter().map(RuleFile::Sum));
                rules.extend(self.total_row_rules.iter().map(RuleFile::TotalRow));
                rules.extend(self.equal.iter().map(RuleFile::Equal));
                rules.extend(self.target.iter().map(RuleFile::Target));
                rules.extend(self.part.iter().map(RuleFile::Part));
                rules.extend(self.range.iter().map(RuleFile::Range));
                rules.extend(self.order.iter().map(RuleFile::Order));
                rules.extend(self.trend.iter().map(RuleFile::Trend));
                rules.extend(self.ratio.iter().map(RuleFile::Ratio));
                rules.extend(self.unique.iter().map(RuleFile::Unique));
                rules.extend(self.code.iter().map(RuleFile::Code));
                rules.extend(self.pair.iter().map(RuleFile::Pair));
                rules.extend(self.when.iter().map(RuleFile::When));
                rules.extend(self.chain.iter().map(RuleFile::Chain));
                rules.extend(self.cumulative.iter().map(RuleFile::Cumulative));
                rules.extend(self.compare.iter().map(RuleFile::Compare));
                rules.sort_by_key(RuleFile::start);
                rules
            }
        }
    };
}

file_with_rules!(
    /// `annex-*.toml`.
    AnnexFile {
        number: Spanned<String>,
        title: String,
        unit: Option<Spanned<String>>,
        unit_line: Option<String>,
        returned_by: Spanned<String>,
        responsible: Option<Spanned<String>>,
        row_key: Spanned<Vec<Spanned<String>>>,
        reporter_column: Option<Spanned<String>>,
        total_row: Option<String>,
        #[serde(default)]
        total_at: TotalAt,
        one_row_each: Option<Spanned<String>>,
        #[serde(default)]
        notes: Vec<String>,
        year_labels: Option<Spanned<Vec<String>>>,
        course: Option<Course>,
        goal: Option<Goal>,
        schedule: Option<Spanned<Vec<u8>>>,
        due: Option<DueFile>,
        publish_unit: Option<Spanned<String>>,
        publish_decimals: Option<Spanned<u8>>,
        #[serde(default)]
        columns: Vec<Spanned<ColumnFile>>,
        rows: Option<Spanned<RowsFile>>,
        #[serde(default)]
        row: Vec<Spanned<RowFile>>,
    }
);
file_with_rules!(
    /// `rules.toml` and `targets.toml`.
    RulesFile {}
);

/// One rule as written, of any kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RuleFile<'f> {
    Sum(&'f Spanned<SumFile>),
    TotalRow(&'f Spanned<TotalRowFile>),
    Equal(&'f Spanned<EqualFile>),
    Target(&'f Spanned<TargetFile>),
    Part(&'f Spanned<PartFile>),
    Range(&'f Spanned<RangeFile>),
    Order(&'f Spanned<OrderFile>),
    Trend(&'f Spanned<TrendFile>),
    Ratio(&'f Spanned<RatioFile>),
    Unique(&'f Spanned<UniqueFile>),
    Code(&'f Spanned<CodeFile>),
    Pair(&'f Spanned<PairFile>),
    When(&'f Spanned<WhenFile>),
    Chain(&'f Spanned<ChainFile>),
    Cumulative(&'f Spanned<CumulativeFile>),
    Compare(&'f Spanned<CompareFile>),
}

/// Runs the same expression on whichever kind of rule it is.
macro_rules! on_any_rule {
    ($rule:expr, $file:ident => $expr:expr) => {
        match $rule {
            RuleFile::Sum($file) => $expr,
            RuleFile::TotalRow($file) => $expr,
            RuleFile::Equal($file) => $expr,
            RuleFile::Target($file) => $expr,
            RuleFile::Part($file) => $expr,
            RuleFile::Range($file) => $expr,
            RuleFile::Order($file) => $expr,
            RuleFile::Trend($file) => $expr,
            RuleFile::Ratio($file) => $expr,
            RuleFile::Unique($file) => $expr,
            RuleFile::Code($file) => $expr,
            RuleFile::Pair($file) => $expr,
            RuleFile::When($file) => $expr,
            RuleFile::Chain($file) => $expr,
            RuleFile::Cumulative($file) => $expr,
            RuleFile::Compare($file) => $expr,
        }
    };
}

impl<'f> RuleFile<'f> {
    /// The slots that every rule has.
    pub(crate) fn common(self) -> Common<'f> {
        on_any_rule!(self, file => file.get_ref().common())
    }

    fn start(&self) -> usize {
        on_any_rule!(*self, file => file.span().start)
    }
}

fn yes() -> bool {
    true
}

impl OneOrMore {
    /// The texts.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            OneOrMore::One(text) => std::slice::from_ref(text),
            OneOrMore::More(texts) => texts,
        }
    }
}

impl<'de> Deserialize<'de> for CellFile {
    /// Written out because an untagged enum would lose the places of what is inside.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CellVisitor;

        impl<'de> Visitor<'de> for CellVisitor {
            type Value = CellFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name or { annex, row, column, year }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<CellFile, E> {
                Ok(CellFile::Name(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CellFile, A::Error> {
                CellTable::deserialize(MapAccessDeserializer::new(map)).map(CellFile::Cell)
            }
        }

        deserializer.deserialize_any(CellVisitor)
    }
}
