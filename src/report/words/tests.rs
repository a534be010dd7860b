//! The sentences, in full where a clerk meets them every month.

use std::sync::Arc;

use super::*;
use crate::model::{
    Basis, Cause, CellRef, Condition, CopiedExtent, CopiedFrom, Direction, Evidence, Extent, Guard,
    GuessedColumn, Hidden, Need, NoCopy, Period, PeriodSource, Proof, ReadAs, Reason, SheetKind,
    SkippedSheet, Slip, Stage, Wanted,
};

fn place(cell: &str) -> Place {
    Place {
        file: "西岭镇.xlsx".into(),
        sheet: Some("附件1".into()),
        cell: Some(cell.parse().expect("an address")),
    }
}

fn elsewhere(cell: &str) -> Place {
    Place {
        file: "县林草局.xlsx".into(),
        sheet: Some("附件5".into()),
        cell: Some(cell.parse().expect("an address")),
    }
}

fn cell(label: &str, value: &str, place: Option<Place>) -> Operand {
    Operand {
        label: label.into(),
        value: value.into(),
        place,
    }
}

fn figure(text: &str) -> Amount {
    text.parse().expect("a figure")
}

fn finding(kind: Kind, detail: Detail) -> Finding {
    let mut finding = Finding::new(kind, Level::Mandatory, detail).at(place("E3"));
    finding.annex = Some("附件1".into());
    finding.reporter = Some("西岭镇".into());
    finding
}

fn guarded(guard: Guard) -> Finding {
    let mut finding = finding(Kind::Guard, Detail::Guard(guard))
        .given("55.9")
        .expected("162.1");
    finding.unit = Some("亩".into());
    finding.cells = [place("F3")].into_iter().collect();
    finding
}

fn sum() -> Finding {
    let parts = ["B3", "C3", "D3"].map(|at| cell("年度", "10", Some(place(at))));
    let mut sum = finding(
        Kind::Sum,
        Detail::Sum {
            total: cell("合计", "53", Some(place("E3"))),
            parts: parts.into(),
        },
    )
    .given("53")
    .expected("35");
    sum.difference = Some(figure("18"));
    sum.tolerance = Some(Amount::ZERO);
    sum
}

/// One or more of every kind of facts.
fn examples() -> Vec<Finding> {
    let names = |names: &[&str]| -> Vec<Arc<str>> { names.iter().map(|&n| n.into()).collect() };
    let a = || cell("2023年 地表水", "10", Some(place("B3")));
    let b = || cell("2024年 地表水", "8", Some(elsewhere("C4")));
    let mut all = vec![
        finding(
            Kind::UnreadableFile,
            Detail::Unreadable(Unreadable::Damaged {
                detail: "目录缺失".into(),
            }),
        ),
        finding(
            Kind::ReadAs,
            Detail::SkippedSheets(vec![SkippedSheet {
                name: "图1".into(),
                kind: SheetKind::Chart,
            }]),
        ),
        finding(
            Kind::ReadAs,
            Detail::DamagedParts(vec!["docProps/custom.xml".into()]),
        ),
        finding(Kind::UnknownForm, Detail::NothingIn),
        finding(Kind::UnknownForm, Detail::UnknownForm { nearest: None }),
        finding(
            Kind::UnknownForm,
            Detail::UnknownForm {
                nearest: Some(("附件7".into(), 5, 24)),
            },
        ),
        finding(
            Kind::AmbiguousForm,
            Detail::AmbiguousForm {
                candidates: names(&["附件3.1", "附件5"]),
            },
        ),
        finding(
            Kind::MissingColumn,
            Detail::MissingColumn {
                header: "2024年度".into(),
                seems: Some((CellRef::new(3, 3), "明年".into())),
            },
        ),
        finding(
            Kind::UnknownForm,
            Detail::Exchanged {
                annex: "附件3".into(),
            },
        ),
        finding(
            Kind::MissingValue,
            Detail::Merged {
                of: vec!["阳霞灌区 2023年 用水总量".into()],
                parts: vec!["3010".into(), "1256".into()],
            },
        )
        .given("4266"),
        finding(
            Kind::UnexpectedColumn,
            Detail::UnexpectedColumn {
                header: "备用".into(),
            },
        ),
        finding(
            Kind::UnexpectedRow,
            Detail::UnexpectedRow {
                label: "策大亚乡".into(),
                nearest: Some("策达雅乡".into()),
            },
        ),
        finding(
            Kind::UnexpectedRow,
            Detail::OthersRows {
                rows: vec!["草湖乡".into(), "阳霞镇".into()],
                not_returned: true,
            },
        ),
        finding(
            Kind::MissingRow,
            Detail::MissingRow {
                label: "轮南镇".into(),
            },
        ),
        finding(
            Kind::MissingRow,
            Detail::BlankRow {
                label: "轮南镇".into(),
            },
        ),
        finding(
            Kind::MissingRow,
            Detail::MissingTotal {
                label: "合计".into(),
            },
        ),
        finding(Kind::MissingRow, Detail::BlankForm),
        finding(
            Kind::Chain,
            Detail::Chain {
                cumulative: cell("累计", "35亩", Some(place("D3"))),
                last: Some(cell("累计", "20亩", None)),
                month: cell("本月", "10亩", Some(place("C3"))),
            },
        )
        .expected("30"),
        finding(
            Kind::Cumulative,
            Detail::Cumulative {
                now: cell("2024年 造林任务", "98.0亩", Some(place("C5"))),
                last: cell("2024年 造林任务", "102.5亩", None),
            },
        )
        .expected("102.5"),
        finding(
            Kind::Compare,
            Detail::Compare {
                with: Basis::Schedule,
                now: cell("2024年 造林任务", "98.0亩", Some(place("C5"))),
                base: cell("2024年 造林任务", "295.5亩", None),
                thresholds: ("20%".into(), "50亩".into()),
            },
        )
        .expected("171.4"),
        finding(Kind::NoCopy, Detail::NoCopy(NoCopy::Changed)),
        finding(
            Kind::NoCopy,
            Detail::NoCopy(NoCopy::NotOpened(std::io::ErrorKind::PermissionDenied)),
        ),
        finding(
            Kind::NoCopy,
            Detail::NoCopy(NoCopy::Unreadable(Unreadable::Empty)),
        ),
        finding(
            Kind::NoCopy,
            Detail::NoCopy(NoCopy::Damaged {
                detail: "no sheets".into(),
            }),
        ),
        finding(
            Kind::NoCopy,
            Detail::NoCopy(NoCopy::ProgramFailed {
                detail: "row 7".into(),
            }),
        ),
        finding(
            Kind::NoCopy,
            Detail::NoCopy(NoCopy::NotWritten(std::io::ErrorKind::InvalidFilename)),
        ),
        finding(
            Kind::Copied,
            Detail::Copied {
                from: CopiedFrom::LastMonth(Period::parse("2024-04").expect("a month")),
                n_figures: 7,
                extent: CopiedExtent::Return,
            },
        ),
        guarded(Guard::YearNotBegun {
            year: 2025,
            n_figures: 2,
            is_plan: true,
        }),
        guarded(Guard::ClosedYear {
            year: 2023,
            n_figures: 1,
        }),
        guarded(Guard::MonthForTotal {
            last: cell("造林任务", "106.2亩", None),
            explains: vec![{
                let detail = Detail::Cumulative {
                    now: a(),
                    last: a(),
                };
                let mut fell = finding(Kind::Cumulative, detail).at(place("E3"));
                fell.rule = Some("A3-04".into());
                fell
            }],
        }),
        guarded(Guard::BeyondPlan {
            plan: cell("造林任务", "381.8亩", None),
            is_limit: false,
        }),
        guarded(Guard::Exchanged {
            cells: Box::new(["地表水", "地下水"].map(|name| cell(name, "737", Some(place("E3"))))),
            last: Box::new(["地表水", "地下水"].map(|name| cell(name, "95", None))),
            explains: Vec::new(),
        }),
        finding(
            Kind::Copied,
            Detail::Copied {
                from: CopiedFrom::Reporter("轮台镇".into()),
                n_figures: 21,
                extent: CopiedExtent::Row,
            },
        ),
        finding(
            Kind::Copied,
            Detail::Copied {
                from: CopiedFrom::LastMonth(Period::parse("2024-04").expect("a month")),
                n_figures: 2,
                extent: CopiedExtent::Figures,
            },
        ),
        finding(
            Kind::Sum,
            Detail::Told {
                about: "轮台镇 轮台镇.xlsx 附件7!E5".into(),
                message: "合计与分项之和不符".into(),
            },
        ),
        finding(
            Kind::EarlierUnread,
            Detail::EarlierUnread {
                period: Period::Month {
                    year: 2024,
                    month: 4,
                },
                damage: Damage::NotAsWritten,
            },
        ),
        finding(
            Kind::ProgramFault,
            Detail::StageFailed {
                stage: Stage::Together,
                detail: "index 3".into(),
            },
        ),
        finding(
            Kind::WrongPeriod,
            Detail::WrongPeriod {
                found_by: PeriodSource::Title,
                printed: "2024年4月用水量统计表".into(),
                taken: None,
            },
        )
        .given("2024-04")
        .expected("2024-05"),
        finding(
            Kind::WrongPeriod,
            Detail::WrongPeriod {
                found_by: PeriodSource::Title,
                printed: "2024年4月用水量统计表".into(),
                taken: Some("轮台镇5月.xlsx".into()),
            },
        )
        .given("2024-04")
        .expected("2024-05"),
        finding(
            Kind::WrongPeriod,
            Detail::PeriodsDiffer {
                taken: (PeriodSource::Form, "2024年5月".into()),
                other: (PeriodSource::FileName, "轮台镇4月".into()),
            },
        )
        .given("2024-04")
        .expected("2024-05"),
        finding(
            Kind::OldForm,
            Detail::OldForm {
                scheme: "luntai-2023-2025".into(),
                same_scheme: true,
            },
        )
        .given("0a1b2c3d")
        .expected("4e5f6a7b"),
        finding(
            Kind::Hidden,
            Detail::Hidden {
                sheet: true,
                parts: Hidden {
                    rows: [(10, 10), (14, 19)].into_iter().collect(),
                    columns: [(6, 6), (9, 10)].into_iter().collect(),
                },
            },
        ),
        finding(
            Kind::OldForm,
            Detail::OldForm {
                scheme: "luntai-2020-2022".into(),
                same_scheme: false,
            },
        ),
        finding(
            Kind::MissingValue,
            Detail::MissingValue {
                columns: vec!["2023年度".into(), "2024年度".into()],
            },
        ),
        finding(
            Kind::UnitMissing,
            Detail::UnitUnknown {
                printed: "斤".into(),
                declared: "亩".into(),
            },
        ),
        finding(
            Kind::UnitDiffers,
            Detail::UnitDiffers {
                printed: "公顷".into(),
                declared: "亩".into(),
                converted: true,
            },
        ),
        finding(
            Kind::UnitDiffers,
            Detail::UnitDiffers {
                printed: "株".into(),
                declared: "亩".into(),
                converted: false,
            },
        ),
        finding(
            Kind::UnitMissing,
            Detail::UnitMissing {
                declared: "亩".into(),
            },
        ),
        finding(
            Kind::Alias,
            Detail::Alias {
                how: AliasMatch::Listed,
            },
        )
        .given("策大雅乡")
        .expected("策达雅乡"),
        finding(
            Kind::UnknownReporter,
            Detail::UnknownReporter {
                suggestions: names(&["轮台镇", "轮南镇"]),
            },
        )
        .given("轮镇"),
        finding(
            Kind::UnknownReporter,
            Detail::ReporterContradicted {
                taken: ("轮台镇".into(), ReporterSource::Form),
                other: ("轮南镇".into(), ReporterSource::FileName),
            },
        ),
        finding(Kind::UnknownReporter, Detail::ReporterNotAsked),
        finding(
            Kind::Conflict,
            Detail::Conflict {
                taken: (place("E3"), "53".into()),
                others: vec![(elsewhere("E3"), "54".into())],
            },
        ),
        finding(Kind::NotReturned, Detail::NotReturned),
        sum(),
        finding(Kind::TotalRow, Detail::TotalRow { n_rows: 11 })
            .given("4500")
            .expected("4509"),
        finding(
            Kind::TotalRow,
            Detail::RowCount {
                stated: 10,
                counted: 11,
            },
        ),
        finding(
            Kind::Equal,
            Detail::Equal {
                left: a(),
                right: b(),
            },
        ),
        finding(
            Kind::Target,
            Detail::Target {
                section: "三、重点任务".into(),
                sentence: "每年完成造林4500亩".into(),
                promised: "4500 亩".into(),
                actual: a(),
            },
        ),
        finding(
            Kind::Part,
            Detail::Part {
                part: a(),
                whole: b(),
            },
        ),
        finding(
            Kind::Range,
            Detail::Range {
                min: Some("0".into()),
                max: Some("100".into()),
            },
        )
        .given("120"),
        finding(
            Kind::Range,
            Detail::Range {
                min: None,
                max: Some("2025-12".into()),
            },
        )
        .given("2026-01"),
        finding(
            Kind::Range,
            Detail::RangePer {
                per: a(),
                quotient: "112.5".into(),
                min: Some("100".into()),
                max: Some("100".into()),
            },
        )
        .given("450")
        .expected("400"),
        finding(
            Kind::Order,
            Detail::Order {
                first: cell("建成时间", "2024-07-20", Some(place("F3"))),
                then: cell("计划完成时间", "2023-08-30", Some(place("H3"))),
            },
        ),
        finding(
            Kind::Trend,
            Detail::Trend {
                from: a(),
                to: b(),
                direction: Direction::NotFalling,
                at_least: Some("0.5%".into()),
            },
        ),
        finding(
            Kind::Ratio,
            Detail::Ratio {
                numerator: a(),
                denominator: b(),
            },
        )
        .given("120")
        .expected("125"),
        finding(
            Kind::Unique,
            Detail::Unique {
                columns: names(&["注册代码"]),
            },
        )
        .given("11006528002016060003"),
        finding(
            Kind::Code,
            Detail::Code {
                values: names(&["是", "否"]),
                digits: None,
            },
        )
        .given("有"),
        finding(
            Kind::Code,
            Detail::Code {
                values: Vec::new(),
                digits: Some(20),
            },
        )
        .given("1100652800201606000"),
        finding(
            Kind::When,
            Detail::When {
                condition: cell("是否完成", "是", Some(place("F3"))),
                wanted: Condition::Filled,
            },
        ),
        finding(
            Kind::When,
            Detail::When {
                condition: cell("是否完成", "否", Some(place("F3"))),
                wanted: Condition::OneOf(names(&["计划", "在建"])),
            },
        )
        .given("停用"),
        finding(Kind::FormulaReplaced, Detail::FormulaReplaced).given("53"),
        finding(Kind::NotANumber, Detail::TooLarge).given("1E28"),
        finding(Kind::NotANumber, Detail::TooLong).given("0.12345678901234567890123456789012"),
        finding(
            Kind::UnitDiffers,
            Detail::Inexact {
                declared: "公顷".into(),
                about: "1.02".to_owned(),
                others: vec![(CellRef::new(5, 1), "30.5亩".to_owned(), "2.03".to_owned())],
            },
        )
        .given("100亩"),
        finding(Kind::UnexpectedColumn, Detail::Beside).given("77"),
    ];
    let explains = || {
        let rule = |rule: &str| {
            let detail = Detail::TotalRow { n_rows: 3 };
            let mut relation = finding(Kind::TotalRow, detail).at(place("E3"));
            relation.rule = Some(rule.into());
            relation
        };
        vec![rule("A3-02"), rule("A3-02"), rule("X-01")]
    };
    all.extend(causes(explains()));
    for (unit, too_large) in [(Some("万亩".into()), false), (None, true)] {
        let slip = Slip {
            unit,
            declared: "亩".into(),
            factor: figure("10000"),
            too_large,
        };
        for extent in [Extent::Cell, Extent::Row, Extent::Column, Extent::Form] {
            let detail = Detail::UnitSlip {
                slip: slip.clone(),
                extent,
                evidence: Evidence::Relations(3),
                explains: explains(),
            };
            all.push(finding(Kind::UnitSlip, detail));
        }
    }
    for (by, extent, evidence) in [
        (1, Extent::Row, Evidence::Before),
        (-1, Extent::Column, Evidence::Relations(4)),
    ] {
        let detail = Detail::Shifted {
            by,
            extent,
            evidence,
            explains: explains(),
        };
        all.push(finding(Kind::Shifted, detail));
    }
    for wanted in [Wanted::Number, Wanted::Date, Wanted::Code, Wanted::Year] {
        let detail = Detail::NotANumber {
            wanted,
            causes: Vec::new(),
            readings: Vec::new(),
            is_reckoned: false,
        };
        all.push(finding(Kind::NotANumber, detail).given("约50"));
    }
    for (number, cause) in CAUSES.into_iter().enumerate() {
        let readings = ["331.6", "3316"].map(str::to_owned);
        for n_readings in 0..=2 {
            let detail = Detail::NotANumber {
                wanted: match cause {
                    Cause::NoSuchDay | Cause::DateNumber => Wanted::Date,
                    _ => Wanted::Number,
                },
                causes: vec![cause],
                readings: readings[..n_readings].to_vec(),
                is_reckoned: number % 2 == 0,
            };
            let mut doubtful = finding(Kind::NotANumber, detail).given("33l.6");
            all.push(doubtful.clone());
            doubtful.proofs = vec![Proof {
                rule: Some("A3-01".into()),
                label: "三年合计".to_owned(),
                place: doubtful.place.clone(),
                period: (number % 3 == 0).then_some(Period::Plan),
                is_exact: number % 2 == 0,
            }];
            all.push(doubtful);
        }
    }
    for (declared, shown, is_count) in [(1, Some("332".to_owned()), false), (0, None, true)] {
        let detail = Detail::Decimals {
            declared,
            shown,
            is_count,
        };
        all.push(finding(Kind::Decimals, detail).given("331.64"));
    }
    for (error, computed) in [(Some("#DIV/0!"), false), (None, true), (None, false)] {
        all.push(finding(
            Kind::FormulaError,
            Detail::FormulaError { error, computed },
        ));
    }
    let decided = [
        (true, None, None),
        (true, None, Some(11)),
        (false, None, None),
        (false, None, Some(11)),
        (false, Some(NewerBy::Saved), None),
        (false, Some(NewerBy::Saved), Some(11)),
        (false, Some(NewerBy::Dated), None),
        (false, Some(NewerBy::Mark), None),
        (false, Some(NewerBy::Modified), None),
        (false, Some(NewerBy::Whole), None),
        (false, Some(NewerBy::Shown), None),
        (false, Some(NewerBy::Name), None),
    ];
    for (identical, newer_by, n_rows) in decided {
        all.push(finding(
            Kind::DuplicateReturn,
            Detail::DuplicateReturn {
                taken: "a.xlsx".into(),
                other: "b.xlsx".into(),
                in_one_file: newer_by == Some(NewerBy::Shown),
                identical,
                newer_by,
                against_mark: newer_by == Some(NewerBy::Saved),
                n_rows,
                differ: match newer_by {
                    Some(NewerBy::Shown) => vec![[
                        (place("C5"), "331.6".into()),
                        (elsewhere("C5"), String::new()),
                    ]],
                    _ => Vec::new(),
                },
            },
        ));
    }
    for detail in [
        Detail::RepeatedText { n_findings: 3 },
        Detail::TooShort,
        Detail::NoLongerNeeded {
            about: "附件7!E3".into(),
        },
        Detail::OfOtherPeriod {
            period: Period::Plan,
            about: "附件7!E3".into(),
        },
    ] {
        all.push(finding(Kind::Explanation, detail).given("2024"));
    }
    for need in [Need::AllOrNone, Need::ExactlyOne, Need::AtLeastOne] {
        all.push(finding(
            Kind::Pair,
            Detail::Pair {
                need,
                filled: names(&["改造工艺"]),
                blank: names(&["计划时间"]),
            },
        ));
    }
    for how in [
        ReadAs::TextNumber,
        ReadAs::Unseen,
        ReadAs::Currency,
        ReadAs::Spaced,
        ReadAs::FullStop,
        ReadAs::Times,
        ReadAs::Nothing,
        ReadAs::ShownOtherwise,
        ReadAs::Percent,
        ReadAs::NumberWithUnit,
        ReadAs::Bracketed,
        ReadAs::DateText,
        ReadAs::NumericCode,
        ReadAs::Header {
            declared: "面积（万亩）".into(),
        },
        ReadAs::Guessed {
            columns: vec![
                GuessedColumn {
                    cell: CellRef::new(3, 2),
                    given: "2023年计划".into(),
                    declared: "2023年度".into(),
                },
                GuessedColumn {
                    cell: CellRef::new(3, 5),
                    given: String::new(),
                    declared: "三年合计".into(),
                },
            ],
            rows: false,
            sums: Some(true),
        },
        ReadAs::Guessed {
            columns: vec![GuessedColumn {
                cell: CellRef::new(5, 0),
                given: "2021年".into(),
                declared: "2023年".into(),
            }],
            rows: true,
            sums: None,
        },
        ReadAs::RowLabel {
            declared: "绿地率（%）".into(),
        },
        ReadAs::AnnexByContent {
            others: names(&["附件5"]),
        },
        ReadAs::AnnexNumber {
            printed: "附件8".into(),
        },
        ReadAs::RepeatedColumn {
            header: "备注".into(),
        },
        ReadAs::Printed,
        ReadAs::OtherWorkbook {
            formula: "[1]台账!$C$5".to_owned(),
        },
        ReadAs::OutOfDate {
            formula: "SUM(C5:E5)".to_owned(),
        },
        ReadAs::RepeatedRow {
            label: "轮台镇".into(),
            first: CellRef::new(4, 0),
        },
    ] {
        all.push(
            finding(Kind::ReadAs, Detail::ReadAs(how))
                .given("４０")
                .expected("40"),
        );
    }
    all
}

/// All that may be the matter with a figure.
const CAUSES: [Cause; 31] = [
    Cause::Letters,
    Cause::Footnote,
    Cause::Triangle,
    Cause::MinusWord,
    Cause::MinusBehind,
    Cause::Remark,
    Cause::Commas,
    Cause::Blanks,
    Cause::Point,
    Cause::Punctuation,
    Cause::Quotes,
    Cause::Currency,
    Cause::Exponent,
    Cause::Words,
    Cause::Times,
    Cause::PercentSign,
    Cause::Fraction,
    Cause::Reckoning,
    Cause::About,
    Cause::Bound,
    Cause::Range,
    Cause::Several,
    Cause::Ditto,
    Cause::FormulaText,
    Cause::Date,
    Cause::Time,
    Cause::PercentFormat,
    Cause::Struck,
    Cause::StruckPart,
    Cause::NoSuchDay,
    Cause::DateNumber,
];

/// A number for each variant, so that a new one cannot be left out of the examples unnoticed.
fn variant(detail: &Detail) -> usize {
    match detail {
        Detail::Unreadable(_) => 0,
        Detail::SkippedSheets(_) => 56,
        Detail::DamagedParts(_) => 57,
        Detail::UnknownForm { .. } => 1,
        Detail::NothingIn => 64,
        Detail::AmbiguousForm { .. } => 2,
        Detail::MissingColumn { .. } => 3,
        Detail::UnexpectedColumn { .. } => 4,
        Detail::UnexpectedRow { .. } => 5,
        Detail::MissingRow { .. } => 6,
        Detail::UnitDiffers { .. } => 7,
        Detail::UnitMissing { .. } => 8,
        Detail::NotANumber { .. } => 9,
        Detail::ReadAs(_) => 10,
        Detail::FormulaError { .. } => 11,
        Detail::FormulaReplaced => 12,
        Detail::Alias { .. } => 13,
        Detail::UnknownReporter { .. } => 14,
        Detail::ReporterContradicted { .. } => 15,
        Detail::ReporterNotAsked => 16,
        Detail::Conflict { .. } => 17,
        Detail::NotReturned => 18,
        Detail::DuplicateReturn { .. } => 19,
        Detail::Sum { .. } => 20,
        Detail::TotalRow { .. } => 21,
        Detail::RowCount { .. } => 22,
        Detail::Equal { .. } => 23,
        Detail::Target { .. } => 24,
        Detail::Part { .. } => 25,
        Detail::Range { .. } => 26,
        Detail::Order { .. } => 27,
        Detail::Trend { .. } => 28,
        Detail::Ratio { .. } => 29,
        Detail::Unique { .. } => 30,
        Detail::Code { .. } => 31,
        Detail::Pair { .. } => 32,
        Detail::When { .. } => 33,
        Detail::MissingValue { .. } => 34,
        Detail::UnitUnknown { .. } => 35,
        Detail::RepeatedText { .. } => 36,
        Detail::TooShort => 37,
        Detail::NoLongerNeeded { .. } => 38,
        Detail::UnitSlip { .. } => 39,
        Detail::Shifted { .. } => 40,
        Detail::BlankRow { .. } => 41,
        Detail::BlankForm => 42,
        Detail::OldForm { .. } => 43,
        Detail::Hidden { .. } => 70,
        Detail::Told { .. } => 49,
        Detail::WrongPeriod { .. } => 44,
        Detail::Chain { .. } => 45,
        Detail::Cumulative { .. } => 46,
        Detail::Compare { .. } => 47,
        Detail::Copied { .. } => 48,
        Detail::Guard(_) => 65,
        Detail::OthersRows { .. } => 50,
        Detail::MissingTotal { .. } => 51,
        Detail::PeriodsDiffer { .. } => 52,
        Detail::OfOtherPeriod { .. } => 53,
        Detail::RangePer { .. } => 54,
        Detail::NoCopy(_) => 55,
        Detail::EarlierUnread { .. } => 62,
        Detail::StageFailed { .. } => 63,
        Detail::TooLarge => 58,
        Detail::TooLong => 59,
        Detail::Inexact { .. } => 60,
        Detail::Beside => 61,
        Detail::Miswritten { .. } => 66,
        Detail::Decimals { .. } => 67,
        Detail::Exchanged { .. } => 68,
        Detail::Merged { .. } => 69,
    }
}

#[test]
fn every_kind_of_finding_can_be_said_in_both_languages() {
    let examples = examples();
    for number in 0..71 {
        assert!(
            examples.iter().any(|f| variant(&f.detail) == number),
            "no example of variant {number}"
        );
    }
    for kind in Kind::ALL {
        assert!(examples.iter().any(|f| f.kind == kind), "{kind}");
        assert_ne!(super::kind(kind, Lang::Zh), super::kind(kind, Lang::En));
    }
    for finding in &examples {
        for lang in [Lang::Zh, Lang::En] {
            let said = message(finding, lang);
            let told = advice(finding, lang);
            assert!(said.len() > 8 && told.len() > 3, "{finding:?}");
            assert!(!said.contains("  ") && !said.ends_with(['：', ':', ' ', '，']));
            let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            match lang {
                Lang::Zh => assert!(said.contains(is_han) && told.contains(is_han)),
                // What the forms print stays Chinese; our own words do not.
                Lang::En => {
                    assert!(!title(finding, lang).contains(is_han), "{said}");
                    let quoted = said.split(['“', '”']).skip(1).step_by(2);
                    let ours = quoted.fold(said.clone(), |said, quote| said.replace(quote, ""));
                    assert!(!ours.contains(['，', '：', '（', '、', '；']), "{said}");
                }
            }
        }
    }
}

/// A cause of every kind, with what it explains.
fn causes(explains: Vec<Finding>) -> Vec<Finding> {
    let suspect = |cell: &str, given: &str, likely: &str, why: Vec<Reason>| Suspect {
        place: place(cell),
        given: given.into(),
        likely: Some(likely.into()),
        why,
    };
    let exchanged = |with: &str| vec![Reason::Exchanged { with: place(with) }];
    let tied = || vec![Reason::Tied { n_others: 1 }];
    let misplaced = Reason::Misplaced {
        row: "阳霞灌区·阳霞镇".into(),
        other: (place("C4"), "3194".into()),
        here: figure("659"),
        there: figure("-654"),
        left: figure("5"),
        unit: "万立方米".into(),
    };
    let all = [
        vec![suspect("B8", "17.5", "178.5", vec![Reason::DigitMissing])],
        vec![suspect("E14", "", "822.6", Vec::new())],
        vec![
            suspect("D3", "318", "862", exchanged("E3")),
            suspect("E3", "862", "318", exchanged("D3")),
        ],
        vec![
            suspect("C3", "2080", "1421", vec![misplaced]),
            suspect("C4", "2540", "3194", Vec::new()),
        ],
        vec![
            suspect("D3", "318", "862", Vec::new()),
            suspect("D4", "862", "318", Vec::new()),
        ],
        vec![
            suspect("D3", "318", "862", tied()),
            suspect("D4", "862", "318", tied()),
        ],
    ];
    let causes = all.into_iter().map(|suspects| {
        let detail = Detail::Miswritten {
            explains: explains.clone(),
        };
        let mut cause = finding(Kind::Miswritten, detail).at(suspects[0].place.clone());
        let others = suspects[1..].iter().map(|suspect| suspect.place.clone());
        cause.cells = others.collect::<Vec<_>>().into();
        cause.suspects = suspects;
        cause
    });
    causes.collect()
}

/// Two sums that fail because of a cause, at other cells.
fn two_sums() -> Vec<Finding> {
    let relation = |rule: &str, cell: &str, kind, detail| {
        let mut relation = finding(kind, detail).at(place(cell));
        relation.rule = Some(rule.into());
        relation
    };
    let total = Detail::TotalRow { n_rows: 11 };
    vec![
        relation("A3-01", "E8", Kind::Sum, sum().detail),
        relation("A3-02", "B16", Kind::TotalRow, total),
    ]
}

#[test]
fn a_cause_is_said_with_its_repair_and_what_holds_then() {
    let causes = causes(two_sums());
    let said: Vec<String> = causes.iter().map(|it| message(it, Lang::Zh)).collect();
    assert_eq!(
        said[0],
        "疑填错：填写 17.5，应为 178.5（少一位数字）；改这一格，E8（A3-01）、B16（A3-02）都对上，那两格没有错"
    );
    assert_eq!(
        advice(&causes[0], Lang::Zh),
        "请对照原始资料，把 B8 改成 178.5（少一位数字）"
    );
    assert_eq!(
        said[1],
        "疑漏填：空着，应为 822.6；填上这一格，E8（A3-01）、B16（A3-02）都对上，那两格没有错"
    );
    assert_eq!(
        advice(&causes[1], Lang::Zh),
        "请对照原始资料，在 E14 补填 822.6"
    );
    assert_eq!(
        said[2],
        "疑两格互换：D3 填写 318，应为 862；E3 填写 862，应为 318；两格对调后，E8（A3-01）、B16（A3-02）都对上，那两格没有错"
    );
    assert_eq!(
        advice(&causes[2], Lang::Zh),
        "请对照原始资料，把 D3、E3 的数对调"
    );
    assert_eq!(
        said[5],
        "几格中疑有一格填错：改对其中一格，E8（A3-01）、B16（A3-02）都对上"
    );
    assert_eq!(
        advice(&causes[5], Lang::Zh),
        "请对照原始资料核对 D3、D4，只改填错的那一格"
    );
    assert_eq!(
        message(&causes[0], Lang::En),
        "The figure seems to be wrong: says 17.5, should be 178.5 (a digit is missing); \
         once it is put right, E8 (A3-01), B16 (A3-02) hold: those cells are not wrong"
    );
}

#[test]
fn of_a_cause_that_one_relation_shows_no_other_cell_is_said_to_be_right() {
    let cause = causes(two_sums()[..1].to_vec()).remove(0);
    assert_eq!(
        message(&cause, Lang::Zh),
        "疑填错：填写 17.5，应为 178.5（少一位数字）；改这一格，E8（A3-01）就对上"
    );
    assert_eq!(
        advice(&cause, Lang::Zh),
        "请对照原始资料，把 B8 改成 178.5（少一位数字）；若没有抄错，再核对 E8 和其余各数"
    );
    assert_eq!(
        related(&cause, &place("E8"), Lang::Zh).as_deref(),
        Some(
            "【相关】合计与分项之和不符 [A3-01]\n疑因 B8 填错而起，改对那一格就对上；这一格先不要改"
        )
    );
}

#[test]
fn a_cell_that_fails_because_of_another_is_not_to_be_changed() {
    let causes = causes(two_sums());
    assert_eq!(
        related(&causes[0], &place("B16"), Lang::Zh).as_deref(),
        Some(
            "【相关】合计行与各行之和不符 [A3-02]\n因 B8 疑填错而起，改对那一格就对上；这一格没有错，不要改"
        )
    );
    assert_eq!(related(&causes[0], &place("B8"), Lang::Zh), None);
}

#[test]
fn what_is_expected_is_the_repair_and_of_a_tie_each_candidate_s() {
    let causes = causes(two_sums());
    let right = |finding: &Finding| right(finding, Lang::Zh);
    assert_eq!(right(&causes[0].clone().expected("178.5")), "178.5");
    assert_eq!(right(&causes[2]), "D3=862、E3=318");
    assert_eq!(right(&causes[5]), "D3=862 或 D4=318");
    // A difference that another figure explains says of no cell what would be right.
    let mut sum = sum();
    assert_eq!(right(&sum), "35");
    sum.suspects = vec![Suspect {
        place: place("G3"),
        given: "580".into(),
        likely: None,
        why: vec![Reason::DifferenceEquals {
            cell: cell("2023年 其他水源", "580", None),
            exact: true,
        }],
    }];
    assert_eq!(right(&sum), "");
    assert_eq!(
        advice(&sum, Lang::Zh),
        "先不要改合计，请核对 G3 该不该算在内、口径是否一致；确属口径不同的，请报县里确定"
    );
}

#[test]
fn a_wrong_total_is_said_with_figures_cells_and_what_to_do() {
    let sum = sum();
    assert_eq!(heading(&sum), "附件1 · 西岭镇 · E3");
    assert_eq!(title(&sum, Lang::Zh), "合计与分项之和不符");
    assert_eq!(
        facts(&sum, Lang::Zh),
        "填写 53，分项之和 35（B3:D3），差 18"
    );
    assert_eq!(
        advice(&sum, Lang::Zh),
        "请核对 E3；若分项有误，改分项后合计应随之变化"
    );
    assert_eq!(
        message(&sum, Lang::En),
        "The total differs from the sum of its parts: \
         given 53, parts add up to 35 (B3:D3), difference 18"
    );
    assert_eq!(
        advice(&sum, Lang::En),
        "Check E3; if a part is wrong, the total should change with it"
    );
}

#[test]
fn units_and_tolerances_are_said_with_the_figures() {
    let mut sum = sum();
    sum.unit = Some("亩".into());
    sum.tolerance = Some(figure("0.2"));
    assert_eq!(
        facts(&sum, Lang::Zh),
        "填写 53 亩，分项之和 35 亩（B3:D3），差 18 亩，超过舍入误差 0.2 亩"
    );
    sum.unit = Some("%".into());
    sum.tolerance = None;
    assert_eq!(
        facts(&sum, Lang::Zh),
        "填写 53%，分项之和 35%（B3:D3），差 18%"
    );
}

#[test]
fn what_rounding_explains_is_called_a_rounding_difference() {
    let mut sum = sum().given("35.1").expected("35.0");
    sum.level = Level::Hint;
    sum.difference = Some(figure("0.1"));
    sum.tolerance = Some(figure("0.2"));
    assert_eq!(
        message(&sum, Lang::Zh),
        "舍入差，合计与分项之和不符：填写 35.1，分项之和 35.0（B3:D3），差 0.1，在舍入误差 0.2 以内"
    );
    assert_eq!(advice(&sum, Lang::Zh), "各数四舍五入所致，一般不必修改");
    // A rule that is a hint in itself is no rounding difference when it is far off.
    sum.difference = Some(figure("0.3"));
    assert_eq!(title(&sum, Lang::Zh), "合计与分项之和不符");
}

#[test]
fn the_main_messages_in_chinese() {
    let said: Vec<String> = examples().iter().map(|f| message(f, Lang::Zh)).collect();
    for expected in [
        "文件无法读取",
        "认不出是哪张附件：最接近附件7，但只找到 24 列中的 5 列",
        "分不清是哪张附件：与附件3.1、附件5同样相像",
        "缺少一列：表中没有“2024年度”；按合计推算，D 列“明年”像是这一列",
        "表的行和列对调了：像是附件3，但行和列对调了，没有汇总",
        "几格合并成一格，只有一个数：合并的格里填写 4266，是阳霞灌区 2023年 用水总量合在一起的数；按分项之和，应分别为 3010、1256，合起来相符",
        "表头与制度不同，请确认各列：按位置和年份把“2023年计划”当作“2023年度”，把没有表头的 F 列当作“三年合计”；这样认，合计都对得上",
        "各行的年份与制度不同，请确认：按位置和年份把“2021年”当作“2023年”",
        "多出一行，未汇总：制度中没有“策大亚乡”，可能是“策达雅乡”",
        "填了别的单位的行，未汇总：填了草湖乡、阳霞镇，这些行的单位自己没有报",
        "有漏填的指标：没有填2023年度、2024年度",
        "不认识的计量单位：表中写的是“斤”，已按制度规定的亩读取",
        "计量单位与制度不同，已换算：表中写的是“公顷”，已换算为亩",
        "名称与名册不同：填写“策大雅乡”，是登记过的别名，认作“策达雅乡”",
        "不知是哪个填报单位：填写“轮镇”，名册中没有；可能是轮台镇、轮南镇",
        "填报单位前后不一：表上的填报单位是轮台镇，文件名却是轮南镇；已认作轮台镇",
        "几份报表的数据不一致：取用 53；另有 县林草局.xlsx 附件5!E3 为 54",
        "尚未上报：西岭镇应报附件1",
        "合计行与各行之和不符：填写 4500，11 行之和 4509",
        "合计行注明的个数与行数不符：写的是 10 个，实有 11 行",
        "两处数据不一致：2023年 地表水 10（B3），2024年 地表水 8（县林草局.xlsx 附件5!C4）",
        "与方案正文的目标不符：正文“三、重点任务”写明“每年完成造林4500亩”，即 4500 亩；2023年 地表水 10（B3）",
        "超出取值范围：填写 120，应在 0 到 100 之间",
        "超出取值范围：填写 2026-01，应不晚于 2025-12",
        "先后顺序不对：建成时间 2024-07-20（F3），晚于计划完成时间 2023-08-30（H3）",
        "年度变化与要求不符：2023年 地表水 10（B3），2024年 地表水 8（县林草局.xlsx 附件5!C4）；应逐年不下降，每年至少 0.5%",
        "不在规定的选项之内：填写“有”，应为“是”“否”之一",
        "代码位数不符：填写“1100652800201606000”，共 19 位，应为 20 位数字",
        "成组指标没有填全：已填：改造工艺；未填：计划时间",
        "与填报条件不符：是否完成为“是”时，本项应填写，现为空",
        "不是数字：填写“约50”，此处应填数字，没有汇总",
        "公式结果出错：公式结果为 #DIV/0!，没有汇总",
        "重复上报，内容不同：取用 a.xlsx，b.xlsx 没有汇总",
        "数字存成了文本：填写“４０”，读作 40",
        "行重复，取第一行：“轮台镇”在第 5 行已有，这一行没有汇总",
        "疑计量单位填错：本行各数疑按“万亩”填写，应为“亩”，小了 10000 倍，按此改正后 3 条关系相符；由此引起的 3 处不符（A3-02、X-01）不再逐条列出",
        "疑整列错行：本列各数上移了 1 行，移回后 4 条关系相符；由此引起的 3 处不符（A3-02、X-01）不再逐条列出",
    ] {
        assert!(
            said.iter().any(|said| said == expected
                || expected == "文件无法读取" && said == "工作表无法读取：文件已损坏"),
            "{expected}\n{}",
            said.join("\n")
        );
    }
}

#[test]
fn advice_without_a_cell_reads_as_a_sentence() {
    let mut target = sum();
    target.place = None;
    assert_eq!(
        advice(&target, Lang::Zh),
        "请核对该项；若分项有误，改分项后合计应随之变化"
    );
}

#[test]
fn one_finding_names_all_cells_that_it_is_about() {
    let detail = Detail::ReadAs(ReadAs::TextNumber);
    let mut text = finding(Kind::ReadAs, detail).given("８").expected("8");
    text.cells = vec![place("F3"), place("G3")].into();
    assert_eq!(facts(&text, Lang::Zh), "填写“８”，读作 8；F3:G3 也是");
}

#[test]
fn suspects_are_said_as_advice() {
    let one = Suspect {
        place: place("C3"),
        given: "100".into(),
        likely: Some("10".into()),
        why: vec![Reason::DigitExtra, Reason::Tied { n_others: 2 }],
    };
    assert_eq!(
        suspect(&sum(), &one, Lang::Zh),
        "C3 填写 100，若为 10 则相符（多一位数字；另有 2 种改法同样可能）"
    );
    assert_eq!(
        suspect(&sum(), &one, Lang::En),
        "C3 says 100; 10 would fit (there is a digit too many; 2 other changes would do as well)"
    );
}

#[test]
fn a_difference_that_another_figure_explains_is_no_wrong_cell() {
    let one = Suspect {
        place: place("G3"),
        given: "580".into(),
        likely: None,
        why: vec![Reason::DifferenceEquals {
            cell: cell("2023年 其他水源", "580", None),
            exact: true,
        }],
    };
    assert_eq!(
        suspect(&sum(), &one, Lang::Zh),
        "G3 580：差额正好等于 2023年 其他水源 580，可能是口径不同或漏加"
    );
}

#[test]
fn a_misplacement_is_said_once_for_both_rows() {
    let one = Suspect {
        place: place("C3"),
        given: "2080".into(),
        likely: Some("1421".into()),
        why: vec![Reason::Misplaced {
            row: "阳霞灌区·阳霞镇".into(),
            other: (place("C4"), "3194".into()),
            here: figure("659"),
            there: figure("-654"),
            left: figure("5"),
            unit: "万立方米".into(),
        }],
    };
    assert_eq!(
        suspect(&sum(), &one, Lang::Zh),
        "C3 填写 2080，若为 1421 则相符（与“阳霞灌区·阳霞镇”是同一处错填：本行分项之和多 659万立方米，\
         那一行少 654万立方米，疑把一行的数记到了另一行；若 C4 同时改为 3194，两行都相符，合起来差 5万立方米）"
    );
}

#[test]
fn neighbouring_cells_are_named_as_a_range() {
    let at = |cells: &[&str]| {
        let cells: Cells = cells.iter().map(|cell| place(cell)).collect();
        references(&cells, Some(&place("Z9")), Lang::Zh)
    };
    assert_eq!(at(&["B3", "C3", "D3"]), "B3:D3");
    assert_eq!(at(&["B3", "B4", "B5", "D5"]), "B3:B5、D5");
    assert_eq!(at(&["B3", "D3", "F3"]), "B3、D3、F3");
    assert_eq!(
        at(&["A1", "C1", "E1", "G1", "I1", "K1", "M1"]),
        "A1、C1、E1、G1、I1、K1 等 7 格"
    );
}

#[test]
fn what_is_to_be_done_follows_the_level_and_the_answer() {
    let below = |level: Level, explanation: Option<&str>| {
        let detail = Detail::Range {
            min: Some("0".into()),
            max: None,
        };
        let mut finding = Finding::new(Kind::Range, level, detail).at(place("E3"));
        finding.explanation = explanation.map(str::to_owned);
        advice(&finding, Lang::Zh)
    };
    let reason = Some("本月核减上月多报");
    // An explanation does not close what is mandatory, so none is asked for.
    assert_eq!(below(Level::Mandatory, None), "请核对并改正 E3");
    assert_eq!(below(Level::Mandatory, reason), "请核对并改正 E3");
    let ask = "请核对 E3；若确实如此，请说明原因";
    assert_eq!(below(Level::QuasiMandatory, None), ask);
    assert_eq!(below(Level::Verification, Some("属实")), ask);
    assert_eq!(
        below(Level::QuasiMandatory, reason),
        "已说明原因，待县里认可"
    );
    assert_eq!(below(Level::Verification, reason), "已说明原因，不必再处理");
}

#[test]
fn what_is_within_rounding_of_its_bounds_is_never_said_to_exceed_them() {
    let per = Operand {
        label: "2023年 面积".to_owned(),
        value: "4.00万亩".to_owned(),
        place: None,
    };
    let detail = Detail::RangePer {
        per,
        quotient: "100.25".to_owned(),
        min: None,
        max: Some("100".to_owned()),
    };
    let mut range = finding(Kind::Range, detail).given("401").expected("≤400");
    range.level = Level::Hint;
    range.difference = Some(figure("1"));
    range.tolerance = Some(figure("1"));
    let said = message(&range, Lang::Zh);
    assert!(said.starts_with("舍入差，取值在规定范围的边上"), "{said}");
    assert!(said.ends_with("差 1，在舍入误差 1 以内"), "{said}");
    assert!(!said.contains('超'), "{said}");
    assert_eq!(advice(&range, Lang::Zh), "各数四舍五入所致，一般不必修改");
    // Beyond it, whatever the level of the rule.
    range.difference = Some(figure("2"));
    assert!(message(&range, Lang::Zh).starts_with("超出取值范围"));
}
