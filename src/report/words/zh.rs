//! 中文.

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
        Detail::Unreadable(Unreadable::ProgramFailed { .. }) => "程序内部出错",
        Detail::Unreadable(Unreadable::FolderNotOpened { .. }) => "文件夹无法读取",
        Detail::Unreadable(_) => match finding.place.as_ref().and_then(|p| p.sheet.as_ref()) {
            Some(_) => "工作表无法读取",
            None => "文件无法读取",
        },
        Detail::SkippedSheets(_) => "有的工作表不是数据表，没有读取",
        Detail::DamagedParts(_) => "文件有损坏之处，表格照常读取",
        Detail::NothingIn => "表是空的",
        Detail::UnknownForm { .. } => "认不出是哪张附件",
        Detail::AmbiguousForm { .. } => "分不清是哪张附件",
        Detail::Exchanged { .. } => "表的行和列对调了",
        Detail::MissingColumn { .. } => "缺少一列",
        Detail::UnexpectedColumn { .. } => "多出一列，未汇总",
        Detail::UnexpectedRow { .. } => "多出一行，未汇总",
        Detail::OthersRows { .. } => "填了别的单位的行，未汇总",
        Detail::MissingRow { .. } => "缺少一行",
        Detail::BlankRow { .. } => "整行没有填",
        Detail::MissingTotal { .. } => "合计行没有填，未汇总",
        Detail::Merged { .. } => "几格合并成一格，只有一个数",
        Detail::BlankForm => "整张表没有填",
        Detail::MissingValue { .. } => "有漏填的指标",
        Detail::UnitDiffers {
            converted: true, ..
        } => "计量单位与制度不同，已换算",
        Detail::UnitDiffers { .. } => "计量单位与制度不同，无法换算",
        Detail::UnitMissing { .. } => "没有注明计量单位",
        Detail::UnitUnknown { .. } => "不认识的计量单位",
        Detail::NotANumber { wanted, causes, .. } => doubt::title(*wanted, causes, Lang::Zh),
        Detail::TooLarge => "数字太大，不像真的，未汇总",
        Detail::TooLong => "位数太多，无法精确计算",
        Detail::Inexact { .. } => "换算除不尽，未汇总",
        Detail::Decimals { is_count: true, .. } => "应是整数，填了小数",
        Detail::Decimals { .. } => "小数位数比要求的多",
        Detail::Beside => "表外有数，未汇总",
        Detail::ReadAs(how) => match how {
            ReadAs::TextNumber => "数字存成了文本",
            ReadAs::Unseen => "数字里有看不见的字符",
            ReadAs::Currency => "数字带有货币符号",
            ReadAs::Spaced => "数字用空格分千位",
            ReadAs::FullStop => "小数点打成了句号",
            ReadAs::Times => "数字带“万”或“亿”，已乘上",
            ReadAs::Nothing => "用文字表示没有数",
            ReadAs::ShownOtherwise => "表上显示的与存的数不同",
            ReadAs::Percent => "按百分数读取",
            ReadAs::NumberWithUnit => "数字与单位写在一格",
            ReadAs::Bracketed => "括号内的数按负数读取",
            ReadAs::DateText => "日期写法不规范",
            ReadAs::NumericCode => "代码存成了数字",
            ReadAs::Header { .. } => "表头写法与制度不同",
            ReadAs::Guessed { rows: false, .. } => "表头与制度不同，请确认各列",
            ReadAs::Guessed { .. } => "各行的年份与制度不同，请确认",
            ReadAs::RowLabel { .. } => "行名写法与制度不同",
            ReadAs::AnnexByContent { .. } => "表头相同，按内容认定附件",
            ReadAs::AnnexNumber { .. } => "附件号与表的内容不符",
            ReadAs::RepeatedColumn { .. } => "表头重复，取第一列",
            ReadAs::Printed => "表中印好的内容改了，以制度为准",
            ReadAs::OtherWorkbook { .. } => "公式引用了另一个工作簿",
            ReadAs::OutOfDate { .. } => "公式的结果没有更新",
            ReadAs::RepeatedRow { .. } => "行重复，取第一行",
        },
        Detail::FormulaError { error: Some(_), .. } => "公式结果出错",
        Detail::FormulaError { error: None, .. } => "公式没有计算结果",
        Detail::FormulaReplaced => "合计是手工填写的",
        Detail::Alias { .. } => "名称与名册不同",
        Detail::UnknownReporter { .. } => "不知是哪个填报单位",
        Detail::ReporterContradicted { .. } => "填报单位前后不一",
        Detail::ReporterNotAsked => "不在本附件的填报单位之列",
        Detail::Conflict { .. } => "几份报表的数据不一致",
        Detail::NotReturned => "尚未上报",
        Detail::DuplicateReturn {
            identical: true, ..
        } => "重复上报，内容相同",
        Detail::DuplicateReturn { .. } => "重复上报，内容不同",
        Detail::RepeatedText { .. } => "审核说明千篇一律",
        Detail::TooShort => "审核说明太短",
        Detail::NoLongerNeeded { .. } => "审核说明已不需要",
        Detail::OfOtherPeriod { .. } => "审核说明不是本期的",
        Detail::Told { .. } => "县（市）汇总时的问题",
        Detail::EarlierUnread { .. } => "以前的汇总记录用不上",
        Detail::StageFailed { .. } => "程序内部出错",
        Detail::OldForm {
            same_scheme: true, ..
        } => "用的是旧表样",
        Detail::OldForm { .. } => "用的是别的报表制度的表样",
        Detail::Hidden { .. } => "看不见的地方有数字",
        Detail::Chain { .. } => "累计数与上月累计加本月数不符",
        Detail::Cumulative { .. } => "累计数比上月减少",
        Detail::Compare { with, .. } => match with {
            Basis::Plan => "与计划数相差较大",
            Basis::Schedule => "与序时进度相差较大",
            Basis::LastMonth => "与上月相差较大",
            Basis::LastYear => "与上年同期相差较大",
        },
        Detail::NoCopy(_) => "没有做出标注的副本",
        Detail::Guard(about) => guard::title(about, Lang::Zh),
        Detail::Copied { from, .. } => match from {
            CopiedFrom::LastMonth(_) => "数字与上月完全相同",
            CopiedFrom::Reporter(_) => "数字与另一单位完全相同",
        },
        Detail::WrongPeriod { .. } => "不是本报告期的报表",
        Detail::PeriodsDiffer { .. } => "报告期前后不一",
        Detail::Sum { .. } => "合计与分项之和不符",
        Detail::TotalRow { .. } => "合计行与各行之和不符",
        Detail::RowCount { .. } => "合计行注明的个数与行数不符",
        Detail::Equal { .. } => "两处数据不一致",
        Detail::Target { .. } => "与方案正文的目标不符",
        Detail::Part { .. } => "其中项大于总项",
        Detail::Range { .. } | Detail::RangePer { .. } if is_within(finding) => {
            "取值在规定范围的边上"
        }
        Detail::Range { .. } | Detail::RangePer { .. } => "超出取值范围",
        Detail::Order { .. } => "先后顺序不对",
        Detail::Trend { .. } => "年度变化与要求不符",
        Detail::Ratio { .. } => "比率与计算结果不符",
        Detail::Unique { .. } => "内容重复",
        Detail::Code {
            digits: Some(_), ..
        } => "代码位数不符",
        Detail::Code { .. } => "不在规定的选项之内",
        Detail::Pair { need, .. } => match need {
            Need::AllOrNone => "成组指标没有填全",
            Need::ExactlyOne => "几项中应只填一项",
            Need::AtLeastOne => "几项中至少应填一项",
        },
        Detail::When { .. } => "与填报条件不符",
        Detail::Miswritten { .. } => match wrong(finding) {
            Wrong::Figure => "疑填错",
            Wrong::Blank => "疑漏填",
            Wrong::Exchanged => "疑两格互换",
            Wrong::MixedUp => "疑两行的数分错",
            Wrong::Several => "疑几格填错",
            Wrong::Tie => "几格中疑有一格填错",
        },
        Detail::UnitSlip { .. } => "疑计量单位填错",
        Detail::Shifted { extent, .. } => match extent {
            Extent::Row => "疑整行错列",
            Extent::Form => "疑整表错行",
            Extent::Cell | Extent::Column => "疑整列错行",
        },
    };
    title.to_owned()
}

pub(super) fn facts(finding: &Finding) -> String {
    match &finding.detail {
        Detail::Unreadable(why) => unreadable(why),
        Detail::SkippedSheets(sheets) => skipped_sheets(sheets),
        Detail::DamagedParts(parts) => format!("损坏的是与表格无关的部分：{}", parts.join("、")),
        Detail::NothingIn => "没有一张工作表填有内容".to_owned(),
        Detail::UnknownForm { nearest: None } => "表头与各附件都不相像".to_owned(),
        Detail::UnknownForm {
            nearest: Some((annex, found, all)),
        } if found == all => format!("有{annex}的表头，但行、列与{annex}对不上"),
        Detail::UnknownForm {
            nearest: Some((annex, found, all)),
        } => format!("最接近{annex}，但只找到 {all} 列中的 {found} 列"),
        Detail::AmbiguousForm { candidates } => {
            format!("与{}同样相像", list(candidates))
        }
        Detail::Exchanged { annex } => format!("像是{annex}，但行和列对调了，没有汇总"),
        Detail::MissingColumn { header, seems } => match seems {
            Some((cell, given)) => format!(
                "表中没有“{header}”；按合计推算，{} 列{}像是这一列",
                cell.column_letters(),
                match given.is_empty() {
                    true => "（没有表头）".to_owned(),
                    false => format!("“{given}”"),
                }
            ),
            None => format!("表中没有“{header}”"),
        },
        Detail::Merged { of, parts } => {
            let shown = &of[..of.len().min(LISTED)];
            let more = match of.len() {
                n if n > LISTED => format!("等 {n} 格"),
                _ => String::new(),
            };
            let split = match parts.is_empty() {
                true if finding.expected.is_some() => format!(
                    "；按分项之和，合起来应为 {}{}",
                    expected(finding),
                    difference(finding)
                ),
                true => String::new(),
                false => format!("；按分项之和，应分别为 {}，合起来相符", parts.join("、")),
            };
            format!(
                "合并的格里填写 {}，是{}{more}合在一起的数{split}",
                given(finding),
                shown.join("、")
            )
        }
        Detail::UnexpectedColumn { header } => format!("制度中没有“{header}”"),
        Detail::UnexpectedRow { label, .. } if label.is_empty() => {
            let cell = finding.place.as_ref().and_then(|place| place.cell);
            let row = cell.map_or(String::new(), |cell| format!("第{}行", cell.row + 1));
            format!("{row}没有行名，不知是哪一行")
        }
        Detail::UnexpectedRow { label, nearest } => match nearest {
            Some(nearest) => format!("制度中没有“{label}”，可能是“{nearest}”"),
            None => format!("制度中没有“{label}”"),
        },
        Detail::OthersRows { rows, not_returned } => {
            let more = match rows.len() {
                n if n > LISTED => format!("等 {n} 行"),
                _ => String::new(),
            };
            let shown = &rows[..rows.len().min(LISTED)];
            let rows = format!("填了{}{more}", shown.join("、"));
            match not_returned {
                true => format!("{rows}，这些行的单位自己没有报"),
                false => format!("{rows}，这些行由有关单位自己报"),
            }
        }
        Detail::MissingRow { label } => format!("表中没有“{label}”"),
        Detail::BlankRow { label } => format!("“{label}”一行是空的"),
        Detail::MissingTotal { label } => {
            format!(
                "表中没有填好的“{label}”行；县里的表取各单位的“{label}”，这张表的数没有汇总进去"
            )
        }
        Detail::BlankForm => "收到的是空表".to_owned(),
        Detail::MissingValue { columns } => {
            let more = match columns.len() {
                n if n > LISTED => format!("等 {n} 项"),
                _ => String::new(),
            };
            let shown = &columns[..columns.len().min(LISTED)];
            format!("没有填{}{more}", shown.join("、"))
        }
        Detail::UnitDiffers {
            printed,
            declared,
            converted,
        } => match converted {
            true => and_others(
                finding,
                format!("表中写的是“{printed}”，已换算为{declared}"),
            ),
            false => format!("表中写的是“{printed}”，制度规定为{declared}，数字未汇总"),
        },
        Detail::UnitMissing { declared } => format!("已按制度规定的{declared}读取"),
        Detail::UnitUnknown { printed, declared } => {
            format!("表中写的是“{printed}”，已按制度规定的{declared}读取")
        }
        Detail::NotANumber { .. } => match said_of_doubt(&finding.detail) {
            Some(said) => doubt::facts(finding, &said, Lang::Zh),
            None => String::new(),
        },
        Detail::TooLarge => format!("填写 {}，超过了表格能存下的 15 位整数", given(finding)),
        Detail::TooLong => match finding.given.as_deref() {
            Some(given) if !given.is_empty() => {
                format!("填写 {given}，和其他数一起算，位数超过了能精确计算的范围")
            }
            _ => "各数合在一起，位数超过了能精确计算的范围".to_owned(),
        },
        Detail::Inexact {
            declared,
            about,
            others,
        } => {
            let others = doubt::about_others(others, declared, Lang::Zh);
            let proof = doubt::proof(finding, Lang::Zh);
            let proof = proof.map_or(String::new(), |proof| format!("（按此算，{proof}）"));
            format!(
                "填写 {}，换算成{declared}除不尽，约合 {about} {declared}{proof}{others}；没有汇总",
                given(finding)
            )
        }
        Detail::Decimals {
            declared,
            shown,
            is_count,
        } => {
            let shown = shown.as_ref().filter(|_| !is_count);
            let shown = shown.map_or(String::new(), |shown| format!("（表上显示 {shown}）"));
            let asked = match (is_count, declared) {
                (true, _) => "按个数计的数应是整数".to_owned(),
                (false, 0) => "这一列不要小数".to_owned(),
                (false, declared) => format!("这一列保留 {declared} 位小数"),
            };
            and_others(finding, format!("填写 {}{shown}，{asked}", given(finding)))
        }
        Detail::Beside => and_others(
            finding,
            format!("填写 {}，这一列没有表头，不知道是什么数", given(finding)),
        ),
        // Their other cells are named in what is said.
        Detail::ReadAs(how @ (ReadAs::Guessed { .. } | ReadAs::RepeatedRow { .. })) => {
            read_as(finding, how)
        }
        Detail::ReadAs(how) => {
            let proof = doubt::proof(finding, Lang::Zh);
            let proof = proof.map_or(String::new(), |proof| format!("，{proof}"));
            and_others(finding, read_as(finding, how) + &proof)
        }
        Detail::FormulaError { error, computed } => match (error, computed) {
            (Some(error), _) => and_others(finding, format!("公式结果为 {error}，没有汇总")),
            (None, true) => {
                let said = "文件中没有存下结果，已按求和公式算出".to_owned();
                and_others(finding, said)
            }
            (None, false) => and_others(finding, "文件中没有存下结果，没有汇总".to_owned()),
        },
        Detail::FormulaReplaced => {
            format!("填写 {}，而同表其他合计都是公式", given(finding))
        }
        Detail::Alias { how } => format!(
            "填写“{}”，{}，认作“{}”",
            given(finding),
            alias_match(*how),
            expected(finding)
        ),
        Detail::UnknownReporter { suggestions } => {
            let given = match finding.given.as_deref() {
                Some(given) if !given.is_empty() => format!("填写“{given}”，名册中没有"),
                _ => "表内、文件名和文件夹名都没有写明".to_owned(),
            };
            match suggestions.is_empty() {
                true => given,
                false => format!("{given}；可能是{}", list(suggestions)),
            }
        }
        Detail::ReporterContradicted { taken, other } => format!(
            "{}是{}，{}却是{}；已认作{}",
            reporter_source(taken.1),
            taken.0,
            reporter_source(other.1),
            other.0,
            taken.0
        ),
        Detail::ReporterNotAsked => match (&finding.reporter, &finding.annex) {
            (Some(reporter), Some(annex)) => format!("{annex}不由{reporter}填报"),
            _ => String::new(),
        },
        Detail::Conflict { taken, others } => {
            let shown = others.iter().take(LISTED).map(|(place, value)| {
                format!("{} 为 {value}", reference(place, finding.place.as_ref()))
            });
            let shown: Vec<String> = shown.collect();
            let more = match others.len() {
                n if n > LISTED => format!("等 {n} 处"),
                _ => String::new(),
            };
            format!("取用 {}；另有 {}{more}", taken.1, shown.join("，"))
        }
        Detail::NotReturned => match (&finding.reporter, &finding.annex) {
            (Some(reporter), Some(annex)) => format!("{reporter}应报{annex}"),
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
                true => format!("工作表“{name}”"),
                false => name.to_owned(),
            };
            let (taken, other) = (name(taken), name(other));
            let against = match against_mark {
                true => "，但文件名的版本字样相反",
                false => "",
            };
            let by = match newer_by {
                Some(NewerBy::Name) if *in_one_file => "（分不出新旧，取名称在前的）".to_owned(),
                Some(by) => format!("（{}{against}）", self::newer_by(*by)),
                None => String::new(),
            };
            match (identical, n_rows) {
                (true, None) => format!("{other} 与 {taken} 相同，取用后者"),
                (true, Some(n)) => {
                    format!("{other} 有 {n} 行与别的报表（如 {taken}）相同")
                }
                (false, None) if !differ.is_empty() => {
                    let shown = |value: &str| match value {
                        "" => "空着".to_owned(),
                        value => value.to_owned(),
                    };
                    let pairs = differ.iter().map(|[taken, other]| {
                        format!(
                            "{} 为 {}，{} 为 {}",
                            reference(&taken.0, finding.place.as_ref()),
                            shown(&taken.1),
                            reference(&other.0, finding.place.as_ref()),
                            shown(&other.1)
                        )
                    });
                    let pairs: Vec<String> = pairs.collect();
                    let pairs = pairs.join("；");
                    format!("取用 {taken}{by}，{other} 没有汇总；{pairs}")
                }
                (false, None) => format!("取用 {taken}{by}，{other} 没有汇总"),
                (false, Some(n)) => {
                    format!("{other} 有 {n} 行别的报表（如 {taken}）也报了，这些行取用别的报表{by}")
                }
            }
        }
        Detail::RepeatedText { n_findings } => {
            format!("{n_findings} 个问题都写的是“{}”", given(finding))
        }
        Detail::TooShort => format!(
            "只写了“{}”，至少要 {LEAST_EXPLANATION} 个字",
            given(finding)
        ),
        Detail::NoLongerNeeded { about } => {
            format!("“{}”说明的问题（{about}）已经没有了", given(finding))
        }
        Detail::OfOtherPeriod { period, about } => {
            format!(
                "“{}”是对 {period} 报表的说明（{about}），不用于本期",
                given(finding)
            )
        }
        Detail::Chain {
            cumulative,
            last,
            month,
        } => {
            let last = last
                .as_ref()
                .map(|last| format!("上月累计 {} + ", last.value));
            format!(
                "{}，{}{}，应为 {}{}",
                operand(finding, cumulative),
                last.unwrap_or_default(),
                operand(finding, month),
                expected(finding),
                difference(finding)
            )
        }
        Detail::Cumulative { now, last } => format!(
            "{}，上月是 {}{}",
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
                Basis::Plan => format!("计划数 {}", base.value),
                Basis::Schedule => {
                    format!(
                        "按序时进度应为 {}（计划数 {}）",
                        expected(finding),
                        base.value
                    )
                }
                Basis::LastMonth => format!("上月 {}", base.value),
                Basis::LastYear => format!("上年同期 {}", base.value),
            };
            format!(
                "{}，{base}{}，超过 {percent} 和 {absolute}",
                operand(finding, now),
                difference(finding)
            )
        }
        Detail::NoCopy(why) => no_copy(why),
        Detail::Guard(about) => guard::facts(about, finding, Lang::Zh),
        Detail::Copied {
            from,
            n_figures,
            extent,
        } => {
            let from = match from {
                CopiedFrom::LastMonth(period) => format!("上月（{period}）"),
                CopiedFrom::Reporter(name) => {
                    return format!("这一行的 {n_figures} 个数都与{name}的相同");
                }
            };
            match extent {
                CopiedExtent::Return => {
                    format!("整张表应有变化的 {n_figures} 个数都与{from}的相同")
                }
                CopiedExtent::Row => format!("这一行应有变化的 {n_figures} 个数都与{from}的相同"),
                CopiedExtent::Figures => {
                    format!("这一行有 {n_figures} 个按进度应当增加的数与{from}的相同")
                }
            }
        }
        Detail::Told { about, message } => match about.is_empty() {
            true => message.clone(),
            false => format!("{about}：{message}"),
        },
        Detail::WrongPeriod {
            found_by,
            printed,
            taken,
        } => {
            let taken = taken.as_ref();
            let taken = taken.map(|file| format!("，本期的取自 {file}"));
            format!(
                "{}写的是“{printed}”，即 {}，本期是 {}；没有汇总{}",
                period_source(*found_by),
                given(finding),
                expected(finding),
                taken.unwrap_or_default()
            )
        }
        Detail::PeriodsDiffer { taken, other } => format!(
            "{}写的是“{}”，{}写的是“{}”，即 {}；按 {} 汇总",
            period_source(taken.0),
            taken.1,
            period_source(other.0),
            other.1,
            given(finding),
            expected(finding)
        ),
        Detail::EarlierUnread { period, damage } => format!(
            "{period} 的 records.parquet {}，没有与这一期比较",
            self::damage(damage)
        ),
        Detail::StageFailed { stage, .. } => format!("{}没有做完，其余照常", self::stage(*stage)),
        Detail::OldForm {
            scheme,
            same_scheme,
        } => match same_scheme {
            true => format!(
                "空表是按 {} 版表样制作的，现行的是 {} 版；已按现行表样读取",
                given(finding),
                expected(finding)
            ),
            false => format!("空表是为“{scheme}”制作的；已按现行制度读取"),
        },
        Detail::Hidden { sheet, parts } => {
            let whole = sheet.then(|| "整张工作表".to_owned());
            let rest = rows_and_columns(&parts.rows, &parts.columns, Lang::Zh);
            let places: Vec<String> = whole.into_iter().chain(rest).collect();
            format!("{}隐藏，有数字", places.join("、"))
        }
        Detail::Sum { parts: all, .. } => {
            let shown = parts(finding, all, Lang::Zh);
            let shown = match shown.is_empty() {
                true => shown,
                false => format!("（{shown}）"),
            };
            format!(
                "填写 {}，分项之和 {}{shown}{}",
                given(finding),
                expected(finding),
                difference(finding)
            )
        }
        Detail::TotalRow { n_rows } => format!(
            "填写 {}，{n_rows} 行之和 {}{}",
            given(finding),
            expected(finding),
            difference(finding)
        ),
        Detail::RowCount { stated, counted } => {
            format!("写的是 {stated} 个，实有 {counted} 行")
        }
        Detail::Equal { left, right } => format!(
            "{}，{}{}",
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
            "正文“{section}”写明“{sentence}”，即 {promised}；{}{}",
            operand(finding, actual),
            difference(finding)
        ),
        Detail::Part { part, whole } => format!(
            "{}，大于{}{}",
            operand(finding, part),
            operand(finding, whole),
            difference(finding)
        ),
        Detail::Range { min, max } => format!("填写 {}，应{}", given(finding), between(min, max)),
        Detail::RangePer {
            per,
            quotient,
            min,
            max,
        } => format!(
            "填写 {}，除以 {}，得 {quotient}，应{}，即 {}{}",
            given(finding),
            operand(finding, per),
            between(min, max),
            expected(finding),
            difference(finding)
        ),
        Detail::Order { first, then } => {
            let relation = match is_date(&first.value) {
                true => "晚于",
                false => "大于",
            };
            format!(
                "{}，{relation}{}",
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
                Some(step) => format!("，每年至少 {step}"),
                None => String::new(),
            };
            format!(
                "{}，{}；应{}{step}",
                operand(finding, from),
                operand(finding, to),
                direction(*way)
            )
        }
        Detail::Ratio {
            numerator,
            denominator,
        } => format!(
            "填写 {}，按 {} ÷ {} 计算应为 {}{}",
            given(finding),
            operand(finding, numerator),
            operand(finding, denominator),
            expected(finding),
            difference(finding)
        ),
        Detail::Unique { columns } => {
            let others = cells(finding, Lang::Zh);
            let others = match others.is_empty() {
                true => others,
                false => format!("，与 {others} 相同"),
            };
            format!("{}“{}”{others}", columns.join("、"), given(finding))
        }
        Detail::Code {
            digits: Some(digits),
            ..
        } => {
            let given = given(finding);
            let n_digits = given.chars().count();
            format!("填写“{given}”，共 {n_digits} 位，应为 {digits} 位数字")
        }
        Detail::Code { values, .. } => {
            format!("填写“{}”，应为{}", given(finding), one_of(values))
        }
        Detail::Pair { filled, blank, .. } => {
            let names = |names: &[std::sync::Arc<str>]| match names.is_empty() {
                true => "无".to_owned(),
                false => names.join("、"),
            };
            format!("已填：{}；未填：{}", names(filled), names(blank))
        }
        Detail::When { condition, wanted } => {
            let column = finding.column.as_deref().unwrap_or("本项");
            let now = match finding.given.as_deref() {
                Some(given) if !given.is_empty() => format!("现填写“{given}”"),
                _ => "现为空".to_owned(),
            };
            let wanted = match wanted {
                Condition::Filled => "应填写".to_owned(),
                Condition::Blank => "应为空".to_owned(),
                Condition::OneOf(values) => format!("应为{}", one_of(values)),
                Condition::Between { min, max } => format!("应{}", between(min, max)),
            };
            format!(
                "{}为“{}”时，{column}{wanted}，{now}",
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
            "{}{}，{}{}",
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
            let moved = match (what, *by > 0) {
                (Extent::Row, true) => format!("本行各数右移了 {places} 列"),
                (Extent::Row, false) => format!("本行各数左移了 {places} 列"),
                (what, true) => format!("{}下移了 {places} 行", extent(*what)),
                (what, false) => format!("{}上移了 {places} 行", extent(*what)),
            };
            let from = match from {
                Evidence::Relations(n) => format!("移回后 {n} 条关系相符"),
                Evidence::Before
                | Evidence::OtherRows
                | Evidence::OtherYears
                | Evidence::Decimals
                | Evidence::Limit { .. } => "移回后与方案或上期的数相同".to_owned(),
            };
            format!("{moved}，{from}{}", explains(others))
        }
    }
}

pub(super) fn advice(finding: &Finding) -> String {
    // Blanks go around addresses only, not between Chinese words.
    advice_at(finding, own_cell(finding))
        .replace(&format!(" {NO_CELL}"), NO_CELL)
        .replace(&format!("{NO_CELL} "), NO_CELL)
}

/// What stands for the address where a finding is at no cell.
const NO_CELL: &str = "该项";

fn advice_at(finding: &Finding, cell: Option<String>) -> String {
    let cell = cell.unwrap_or_else(|| NO_CELL.to_owned());
    if is_rounding(finding) {
        return "各数四舍五入所致，一般不必修改".to_owned();
    }
    // What is mandatory is not closed by an explanation.
    let otherwise = match finding.level {
        Level::Mandatory => "请报县里确定",
        _ => "请说明原因",
    };
    if let Some(advice) = follows_suspects(finding, otherwise) {
        return advice;
    }
    match &finding.detail {
        // Its suspects say all there is to say.
        Detail::Miswritten { .. } => format!("请核对 {cell}"),
        Detail::Unreadable(why) => unreadable_advice(why).to_owned(),
        Detail::SkippedSheets(_) => {
            "里面若有要报的数据，请移到普通工作表中重报；没有的不必处理".to_owned()
        }
        Detail::DamagedParts(_) => "请用 Excel 或 WPS 打开核对，另存后再报".to_owned(),
        Detail::NothingIn => "请核对是否报错了文件；若不是报表，请移出收件文件夹".to_owned(),
        Detail::UnknownForm { .. } | Detail::AmbiguousForm { .. } => {
            "请使用县里下发的表样填报；若不是报表，请移出收件文件夹".to_owned()
        }
        Detail::Exchanged { .. } => "请按县里下发的表样填报，行和列不要对调".to_owned(),
        Detail::MissingColumn { seems: Some(_), .. } => {
            "若就是这一列，请把表头改为制度的写法；否则请按表样补上这一列再报".to_owned()
        }
        Detail::MissingColumn { .. } => "请按表样补上这一列再报".to_owned(),
        Detail::Merged { .. } => format!("请取消 {cell} 的合并，各格分别填写"),
        Detail::UnexpectedColumn { .. } => {
            "请核对表头；若是另加的列，可不处理，该列不汇总".to_owned()
        }
        Detail::UnexpectedRow { label, .. } if label.is_empty() => {
            "请补填行名；不属于本表的行请删去".to_owned()
        }
        Detail::UnexpectedRow { nearest, .. } => match nearest {
            Some(nearest) => format!("若就是“{nearest}”，请改为制度的写法；否则请删去"),
            None => "请核对行名；不属于本表的行请删去".to_owned(),
        },
        Detail::OthersRows { .. } => "请有关单位自己报；多填的行请清空".to_owned(),
        Detail::MissingRow { label } => format!("请补上“{label}”一行再报"),
        Detail::BlankRow { .. } => "请补填；确实没有的填 0，不适用的填“－”".to_owned(),
        Detail::MissingTotal { label } => format!("请补填“{label}”一行再报"),
        Detail::BlankForm => "请填好再报；确实没有可报的，请告知县里".to_owned(),
        Detail::MissingValue { .. } => match determined(finding) {
            Some((cell, value)) => format!("请在 {cell} 补填；按其余各数应为 {value}"),
            None => "请补填；确实没有的填 0，不适用的填“－”".to_owned(),
        },
        Detail::UnitDiffers {
            converted: true, ..
        } => "请核对换算后的数字；以后请按制度规定的单位填报".to_owned(),
        Detail::UnitDiffers { declared, .. } => format!("请按{declared}重新填报"),
        Detail::UnitMissing { declared } => {
            format!("若不是按{declared}填写，请改正；以后请注明单位")
        }
        Detail::UnitUnknown { declared, .. } => {
            format!("若不是按{declared}填写，请改正；单位请写{declared}")
        }
        Detail::NotANumber { .. } => match said_of_doubt(&finding.detail) {
            Some(said) => doubt::advice(&cell, &said, Lang::Zh),
            None => String::new(),
        },
        Detail::TooLarge => format!("请核对 {cell} 的数和单位，多半多写了几位"),
        Detail::TooLong => format!("请核对 {cell} 的小数位数，按要求的位数填写"),
        Detail::Inexact {
            declared, about, ..
        } => format!("请在 {cell} 按{declared}填写；约数 {about} 供核对，原有准数的请填准数"),
        Detail::Decimals { is_count: true, .. } => {
            format!("请核对 {cell}，填写整数；确实不是整数的，请说明原因")
        }
        Detail::Decimals { .. } => "按填写的数汇总，可不处理；以后请按要求的位数填写".to_owned(),
        Detail::Beside => {
            "若是本表的数，请移到该填的列；若是自己的算数，可不处理，不汇总".to_owned()
        }
        Detail::ReadAs(how) => match how {
            ReadAs::NumericCode => {
                format!("第十五位以后的数字已丢失，请把 {cell} 设为文本格式后重新填写")
            }
            ReadAs::AnnexByContent { .. } | ReadAs::AnnexNumber { .. } => {
                "请核对附件号；若认错，请改正表上的附件号".to_owned()
            }
            ReadAs::RepeatedColumn { .. } => "请删去或改正重复的列".to_owned(),
            ReadAs::RepeatedRow { .. } => "请删去或改正重复的行".to_owned(),
            ReadAs::Percent | ReadAs::Bracketed | ReadAs::DateText | ReadAs::NumberWithUnit => {
                format!("若读得不对，请改正 {cell}")
            }
            ReadAs::OtherWorkbook { .. } => {
                "请核对这个数，改成直接填写的数；对方文件一改名或移动，这里就会出错".to_owned()
            }
            ReadAs::OutOfDate { .. } => {
                "请打开自动计算（公式—计算选项—自动），核对结果后保存再报".to_owned()
            }
            ReadAs::Printed => "印好的内容不用填也不要改；认为制度有误的，请告诉县里".to_owned(),
            ReadAs::Currency | ReadAs::Spaced | ReadAs::FullStop | ReadAs::Times => {
                "数字已读取，可不处理；以后请只填数字".to_owned()
            }
            ReadAs::Nothing => "可不处理；数为零的请填 0，以后不适用的请填“－”".to_owned(),
            ReadAs::ShownOtherwise => {
                format!("请核对 {cell} 的单元格格式；若显示的才对，请改填显示的数")
            }
            ReadAs::TextNumber => "数字已读取，可不处理；以后请按数字格式填写".to_owned(),
            ReadAs::Unseen => {
                "数字已读取，可不处理；从网页、聊天里复制来的数字，请重新输入一遍".to_owned()
            }
            ReadAs::Guessed { rows: true, .. } => {
                "请核对；认得对的，由县里确认一次（hebiao confirm 文件），以后不再问；不对的，请改为制度的年份"
                    .to_owned()
            }
            ReadAs::Guessed { .. } => {
                "请核对各列；认得对的，由县里确认一次（hebiao confirm 文件），以后不再问；不对的，请改为制度的表头"
                    .to_owned()
            }
            ReadAs::Header { .. } | ReadAs::RowLabel { .. } => {
                "若认得不对，请改为制度的写法".to_owned()
            }
        },
        Detail::FormulaError { computed: true, .. } => {
            "请用 Excel 或 WPS 打开后保存一次，并核对结果".to_owned()
        }
        Detail::FormulaError { error: Some(_), .. } if !finding.cells.is_empty() => {
            format!("请改正 {cell} 等单元格的公式")
        }
        Detail::FormulaError { error: Some(_), .. } => format!("请改正 {cell} 的公式"),
        Detail::FormulaError { .. } => "请用 Excel 或 WPS 打开后保存一次再报".to_owned(),
        Detail::FormulaReplaced => format!("请核对 {cell}，最好恢复求和公式"),
        Detail::Alias { .. } => "若认得不对，请改正名称；以后请按名册填写".to_owned(),
        Detail::UnknownReporter { .. } => "请在表上写明填报单位，名称按名册填写".to_owned(),
        Detail::ReporterContradicted { .. } => "请核对并改正填报单位".to_owned(),
        Detail::ReporterNotAsked => "请核对填报单位和附件；若不应由其填报，请移出".to_owned(),
        Detail::Conflict { .. } => "请与各填报单位核对，以哪一份为准，改正另一份".to_owned(),
        Detail::NotReturned => "请催报".to_owned(),
        Detail::DuplicateReturn {
            identical: true, ..
        } => "不必处理".to_owned(),
        Detail::DuplicateReturn {
            newer_by: Some(by), ..
        } if by.is_sure() && finding.level == Level::Hint => {
            "不必处理；改了什么见“报送情况”".to_owned()
        }
        Detail::DuplicateReturn {
            n_rows: Some(_), ..
        } => "请核对重复的行，以哪一份为准，改正另一份".to_owned(),
        Detail::DuplicateReturn { .. } => "请确认以哪一份为准，移出另一份".to_owned(),
        Detail::RepeatedText { .. } => "请逐条写明各自的原因".to_owned(),
        Detail::TooShort => "请写明具体原因".to_owned(),
        Detail::NoLongerNeeded { .. } => "不必处理".to_owned(),
        Detail::OfOtherPeriod { .. } => "本期的问题请另写原因".to_owned(),
        Detail::Told { .. } => "请与该县（市）核对".to_owned(),
        Detail::EarlierUnread { period, .. } => {
            format!("请重新汇总这一期：hebiao merge {period}，再重新汇总本期")
        }
        Detail::StageFailed { .. } => "请把收件文件夹发给软件维护人员".to_owned(),
        Detail::OldForm { .. } => "请核对读取是否正确；以后请用新发的空表填报".to_owned(),
        Detail::Hidden { .. } => {
            "这些数字照常审核、汇总；请取消隐藏或筛选看一看，不该报的删去".to_owned()
        }
        Detail::Chain { .. } => format!("请核对 {cell}、本月数和上月报的累计数"),
        Detail::Cumulative { .. } => {
            format!("请核对 {cell}；上月多报、本月核减的，{otherwise}")
        }
        Detail::Compare { .. } => format!("请核对 {cell}；若确实如此，{otherwise}"),
        Detail::NoCopy(why) => no_copy_advice(why).to_owned(),
        Detail::Guard(about) => guard::advice(about, finding, Lang::Zh),
        Detail::Copied { from, .. } => match from {
            CopiedFrom::LastMonth(_) => "请确认本月没有变化；误报了上月的数的，请改正重报",
            CopiedFrom::Reporter(_) => "请确认没有填成别的单位的数",
        }
        .to_owned(),
        Detail::WrongPeriod { taken: Some(_), .. } => match finding.level {
            Level::Hint => "不必处理；放错文件夹的，移到该月的文件夹",
            _ => "请核对是不是本期的更正：是的，改正报告期后重报；不是的，移到该月的文件夹",
        }
        .to_owned(),
        Detail::PeriodsDiffer { .. } => "请核对数字是哪个报告期的，改正写错的一处".to_owned(),
        Detail::WrongPeriod { .. } => {
            "请核对报告期：写错的改正后重报；放错文件夹的，移到该月的文件夹".to_owned()
        }
        Detail::Sum { .. } => {
            format!("请核对 {cell}；若分项有误，改分项后合计应随之变化")
        }
        Detail::TotalRow { .. } => format!("请核对 {cell} 和本列各行；若有漏报的行，请补上"),
        Detail::RowCount { .. } => "请核对行数，改正合计行的名称或补上缺少的行".to_owned(),
        Detail::Equal { .. } => "请核对两处，改正有误的一处".to_owned(),
        Detail::Target { .. } => {
            format!("请核对 {cell}；若附件无误，{otherwise}")
        }
        Detail::Part { .. } => "请核对其中项和总项".to_owned(),
        Detail::Range { .. } if finding.level == Level::Mandatory => format!("请核对并改正 {cell}"),
        Detail::Range { .. } => format!("请核对 {cell}；若确实如此，{otherwise}"),
        Detail::RangePer { .. } if finding.level != Level::Mandatory => {
            format!("请核对两项，改正有误的一项；若确实如此，{otherwise}")
        }
        Detail::Order { .. } | Detail::RangePer { .. } => "请核对两项，改正有误的一项".to_owned(),
        Detail::Trend { .. } => format!("请核对 {cell} 和上年；若确实如此，{otherwise}"),
        Detail::Ratio { .. } => format!("请核对 {cell} 以及分子、分母"),
        Detail::Unique { .. } => "请核对是否重复登记；重复的请删去，写错的请改正".to_owned(),
        Detail::Code { .. } => format!("请改正 {cell}"),
        Detail::Pair { need, .. } => match need {
            Need::AllOrNone => "请填全，或全部留空".to_owned(),
            Need::ExactlyOne => "请只保留一项".to_owned(),
            Need::AtLeastOne => "请至少填写一项".to_owned(),
        },
        Detail::When { .. } => format!("请核对 {cell} 和条件项"),
        Detail::UnitSlip { slip, .. } if &*slip.declared == "%" => {
            "请核对，改填百分数后重报".to_owned()
        }
        Detail::UnitSlip { slip, .. } => format!("请核对单位，按{}改正后重报", slip.declared),
        Detail::Shifted { .. } => "请对照行名和表头核对，移回原位后重报".to_owned(),
    }
}

/// What is left to do about a finding whose reporter has done his part.
pub(super) fn answered(finding: &Finding) -> &'static str {
    match finding.awaits() {
        Some(_) => "已说明原因，待县里认可",
        None => "已说明原因，不必再处理",
    }
}

pub(super) fn suspect(suspect: &Suspect, cell: &str, why: &str) -> String {
    let given = &suspect.given;
    let why_in_brackets = match why.is_empty() {
        true => String::new(),
        false => format!("（{why}）"),
    };
    match &suspect.likely {
        Some(likely) if given.is_empty() => {
            format!("{cell} 空着，若为 {likely} 则相符{why_in_brackets}")
        }
        Some(likely) => format!("{cell} 填写 {given}，若为 {likely} 则相符{why_in_brackets}"),
        None => format!("{cell} {given}：{why}"),
    }
}

pub(super) fn reason(reason: &Reason, seen_from: Option<&Place>) -> String {
    match reason {
        Reason::Satisfies { n_relations } => format!("只改这一格，{n_relations} 条关系同时相符"),
        Reason::Together { with } => {
            let shown = likely_values(with, seen_from, " 改为 ").join("、");
            match with.len() {
                n if n > LISTED => format!("须同时把 {shown} 等 {n} 格改正"),
                _ => format!("须同时把 {shown}"),
            }
        }
        Reason::Tied { n_others } => format!("另有 {n_others} 种改法同样可能"),
        Reason::Sign => "正负号相反".to_owned(),
        Reason::PointMoved { places } if *places > 0 => {
            format!("小数点错位，大了 {} 位，或多写了 0", places)
        }
        Reason::PointMoved { places } => format!("小数点错位，小了 {} 位，或少写了 0", -places),
        Reason::Unit(slip) => unit_slip(slip),
        Reason::DigitChanged => "一位数字不同".to_owned(),
        Reason::DigitMissing => "少一位数字".to_owned(),
        Reason::DigitExtra => "多一位数字".to_owned(),
        Reason::DigitsSwapped => "相邻两位数字颠倒".to_owned(),
        Reason::TwoDigits => "两处数字不同".to_owned(),
        Reason::Exchanged { with } => format!("与 {} 互换了", reference(with, seen_from)),
        Reason::AsBefore => "与方案或上期的数相同".to_owned(),
        Reason::NearBefore => "与方案或上期的数相近，现填的数相差较大".to_owned(),
        Reason::NearOtherYears => "与本行其他年份相近，现填的数相差较大".to_owned(),
        Reason::LeftOut { part } => format!("漏加：差额正好是 {}", named(part)),
        Reason::CountedTwice { part } => format!("重复加：多出的正好是 {}", named(part)),
        Reason::OfWhichCounted { item } => format!("误加其中项：多出的正好是 {}", named(item)),
        Reason::AddedToItself => "正好是两倍，可能把合计本身也加了进去".to_owned(),
        Reason::Stale => "仍是方案或上期的合计，可能没有更新".to_owned(),
        Reason::Blank { n_relations: 1 } => "此格空着，由 1 条关系算出".to_owned(),
        Reason::Blank { n_relations } => {
            format!("此格空着，由 {n_relations} 条关系算出，结果相同")
        }
        Reason::TypedOver => "相邻各格都是公式，这一格是手工填写的".to_owned(),
        Reason::OutOfDate => {
            "公式的结果没有更新：按公式重算与现在显示的数不同，请打开自动计算后保存".to_owned()
        }
        Reason::FormulaLeavesOut { parts } => format!("公式少加了 {}", several(parts, "、")),
        Reason::FormulaAdds { cells } => format!("公式多加了 {}", several(cells, "、")),
        Reason::FormulaDiffers => "公式加的不是本表要求的各格".to_owned(),
        Reason::TextSkipped { part } => {
            format!(
                "公式没有算进 {}：这个数是文本格式，求和时被跳过",
                named(part)
            )
        }
        Reason::OtherWorkbook { name } => match &**name {
            "" => "公式引用了另一个工作簿，结果可能没有更新".to_owned(),
            name => format!("公式引用了另一个工作簿“{name}”，结果可能没有更新"),
        },
        Reason::DifferenceEquals { cell, exact } => {
            let equals = match exact {
                true => "差额正好等于",
                false => "差额在舍入误差内等于",
            };
            format!("{equals} {}，可能是口径不同或漏加", named(cell))
        }
        Reason::DifferenceNear {
            cell,
            difference,
            short_by,
            fits_in,
        } => {
            let years: Vec<String> = fits_in.iter().map(u16::to_string).collect();
            format!(
                "{}年的差额等于该栏当年的数；这一年差 {difference}，而 {}，相差 {short_by}，不能完全解释，请一并核对",
                years.join("、"),
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
            "与“{row}”是同一处错填：本行分项之和{}，那一行{}，疑把一行的数记到了另一行；\
             若 {} 同时改为 {}，两行都相符，合起来差 {left}{unit}",
            more_or_less(*here, unit),
            more_or_less(*there, unit),
            reference(&other.0, seen_from),
            other.1,
        ),
    }
}

fn more_or_less(difference: Amount, unit: &str) -> String {
    let word = match difference.0.is_sign_negative() {
        true => "少",
        false => "多",
    };
    format!("{word} {}{unit}", difference.abs())
}

fn unit_slip(slip: &Slip) -> String {
    let way = match slip.too_large {
        true => "大",
        false => "小",
    };
    match &slip.unit {
        Some(unit) => format!(
            "疑按“{unit}”填写，应为“{}”，{way}了 {} 倍",
            slip.declared, slip.factor
        ),
        None if &*slip.declared == "%" => {
            format!(
                "疑按小数（系数）填写，应为百分数，{way}了 {} 倍",
                slip.factor
            )
        }
        None => format!("疑换算单位时乘除弄反，{way}了 {} 倍", slip.factor),
    }
}

fn extent(extent: Extent) -> &'static str {
    match extent {
        Extent::Cell => "本格",
        Extent::Row => "本行各数",
        Extent::Column => "本列各数",
        Extent::Form => "全表各数",
    }
}

fn evidence(evidence: Evidence) -> String {
    match evidence {
        Evidence::Relations(n) => format!("按此改正后 {n} 条关系相符"),
        Evidence::Before => "与方案或上期的数相比，各数都差这么多".to_owned(),
        Evidence::OtherRows => "与其他各行相比，各数都差这么多".to_owned(),
        Evidence::OtherYears => "与其他年份的数相比，差这么多".to_owned(),
        Evidence::Limit { right, limit } => format!("按此改正后为 {right}，在控制数 {limit} 以内"),
        Evidence::Decimals => "都不到 1，小数位又比要求的多".to_owned(),
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
            "；由此引起的 {} 处不符（{}）不再逐条列出",
            explained.len(),
            rules.join("、")
        ),
    }
}

/// What stands in the cells of a cause, what would be right, and what holds then.
fn miswritten(finding: &Finding) -> String {
    let beside = finding.place.as_ref();
    let value = |suspect: &Suspect| {
        let likely = suspect.likely.as_deref().unwrap_or_default();
        match suspect.given.as_str() {
            "" => format!("空着，应为 {likely}"),
            given => format!("填写 {given}，应为 {likely}"),
        }
    };
    let why = |suspect: &Suspect| {
        let why: Vec<String> = causes::reasons(suspect)
            .map(|it| reason(it, beside))
            .collect();
        match why.is_empty() {
            true => String::new(),
            false => format!("（{}）", why.join("；")),
        }
    };
    let told = causes::told(finding);
    let each = || {
        let each = told.iter().map(|suspect| {
            let cell = reference(&suspect.place, beside);
            format!("{cell} {}", value(suspect))
        });
        each.collect::<Vec<_>>().join("；")
    };
    let (said, change) = match wrong(finding) {
        Wrong::Figure | Wrong::Blank => {
            let said = told.iter().map(|it| format!("{}{}", value(it), why(it)));
            let change = match wrong(finding) {
                Wrong::Blank => "填上这一格",
                _ => "改这一格",
            };
            (said.collect::<String>(), change)
        }
        Wrong::Exchanged => (each(), "两格对调后"),
        Wrong::Several => (each(), "这几格一并改正后"),
        Wrong::MixedUp => {
            let why = told.first().and_then(|it| it.why.first());
            let why = why.map_or(String::new(), |it| format!("（{}）", reason(it, beside)));
            (each() + &why, "一并改正后")
        }
        Wrong::Tie => (String::new(), "改对其中一格"),
    };
    let holds = holds(finding, change);
    match said.is_empty() {
        true => holds,
        false => format!("{said}；{holds}"),
    }
}

/// 改这一格，E8、B16 都对上，那两格没有错.
fn holds(finding: &Finding, change: &str) -> String {
    let relations = Relations::of(finding);
    let places: Vec<String> = (relations.others.iter())
        .map(|(place, rules)| match rules.is_empty() {
            true => place.clone(),
            false => format!("{place}（{}）", rules.join("、")),
        })
        .collect();
    let mut holding = places.join("、");
    if relations.n_others > places.len() {
        holding += &format!("等 {} 处", relations.n_others);
    }
    let blank = if holding.ends_with(|last: char| last.is_ascii()) {
        " "
    } else {
        ""
    };
    let held = match (relations.n_own, relations.n_others) {
        (0, 1) => format!("{holding}{blank}就对上"),
        (0, _) => format!("{holding}{blank}都对上"),
        (1, 0) => "就对上".to_owned(),
        (n, 0) => format!("{n} 条关系都对上"),
        (n, _) => format!("本格 {n} 条关系和 {holding}{blank}都对上"),
    };
    // One relation alone proves no other cell right.
    let innocent = match (relations.n_others, finding.is_tie()) {
        (0, _) | (_, true) => "",
        _ if relations.n() < 2 => "",
        (1, _) => "，那一格没有错",
        (2, _) => "，那两格没有错",
        _ => "，那几格没有错",
    };
    let also = match causes::together(finding) {
        [] => String::new(),
        with => {
            let with = likely_values(with, finding.place.as_ref(), " 改为 ");
            format!("（另须把 {}）", with.join("、"))
        }
    };
    let comma = match (relations.n_own, relations.n_others) {
        (1, 0) => "",
        _ => "，",
    };
    format!("{change}{comma}{held}{also}{innocent}")
}

/// What is said of a cell that does not hold only because another is wrong.
pub(super) fn related(cause: &Finding, relations: &str, cells: &str) -> String {
    let is_sure = !cause.is_tie() && (cause.explains().len() > 1 || !is_miswritten(cause));
    let (why, innocent) = match (cause.is_tie(), is_sure) {
        (true, _) => (format!("因 {cells} 中有一格疑填错而起"), "这一格先不要改"),
        (false, true) => (format!("因 {cells} 疑填错而起"), "这一格没有错，不要改"),
        (false, false) => (format!("疑因 {cells} 填错而起"), "这一格先不要改"),
    };
    format!("【相关】{relations}\n{why}，改对那一格就对上；{innocent}")
}

/// What to do about a formula that is at fault: the figure is not to be typed over it.
fn mend_formula(suspect: &Suspect, beside: Option<&Place>) -> Option<String> {
    let cell = reference(&suspect.place, beside);
    let likely = suspect.likely.as_deref()?;
    suspect.why.iter().find_map(|reason| match reason {
        Reason::OutOfDate => Some(format!(
            "{cell} 是公式，请打开自动计算（公式—计算选项—自动）重算，应为 {likely}，核对后保存再报"
        )),
        Reason::FormulaLeavesOut { .. } | Reason::FormulaAdds { .. } | Reason::FormulaDiffers => {
            Some(format!(
                "请改正 {cell} 的公式，改后应为 {likely}；不要在公式上直接填数"
            ))
        }
        Reason::TextSkipped { part } => {
            let text = reference(part.place.as_ref()?, beside);
            Some(format!(
                "请把 {text} 改成数字（设为数值格式后重新输入），{cell} 就会算成 {likely}"
            ))
        }
        _ => None,
    })
}

fn is_miswritten(finding: &Finding) -> bool {
    matches!(finding.detail, Detail::Miswritten { .. })
}

/// What to do about a cause, or a relation whose suspects say where to look.
fn follows_suspects(finding: &Finding, otherwise: &str) -> Option<String> {
    let beside = finding.place.as_ref();
    let cells = |suspects: &mut dyn Iterator<Item = &Suspect>| {
        let cells = suspects.map(|it| reference(&it.place, beside));
        cells.collect::<Vec<_>>().join("、")
    };
    if finding.is_tie() {
        let cells = cells(&mut causes::candidates(finding).into_iter());
        return Some(format!("请对照原始资料核对 {cells}，只改填错的那一格"));
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
                "{cell} 改成 {}",
                suspect.likely.as_deref().unwrap_or_default()
            )
        };
        let relations = Relations::of(finding);
        let said = match wrong(finding) {
            Wrong::Blank => {
                let cell = cells(&mut told.iter());
                format!(
                    "请对照原始资料，在 {cell} 补填 {}",
                    likely.unwrap_or_default()
                )
            }
            Wrong::Exchanged => {
                format!("请对照原始资料，把 {} 的数对调", cells(&mut told.iter()))
            }
            Wrong::MixedUp => {
                let all: Vec<String> = told.iter().map(to).collect();
                format!(
                    "请对照原始资料核对这两行：确实分错的，把 {}",
                    all.join("、")
                )
            }
            _ => {
                let all: Vec<String> = told.iter().map(to).collect();
                let why = told.first().filter(|_| told.len() == 1);
                let why = why.and_then(|it| causes::reasons(it).next());
                let why = why.filter(|it| is_short(it)).map(|it| reason(it, beside));
                let why = why.map_or(String::new(), |why| format!("（{why}）"));
                format!("请对照原始资料，把 {}{why}", all.join("、"))
            }
        };
        // What is mandatory is put right, whatever the reason.
        let said = match finding.level {
            Level::Mandatory => said,
            _ => format!("{said}；若确实如此，{otherwise}"),
        };
        // One relation alone may be wrong about its cell.
        let [(place, _)] = &relations.others[..] else {
            return Some(said);
        };
        return Some(match relations.n() {
            1 if wrong(finding) == Wrong::Blank => {
                format!("{said}；确实没有的，再核对 {place} 和其余各数")
            }
            1 => format!("{said}；若没有抄错，再核对 {place} 和其余各数"),
            _ => said,
        });
    }
    if let Some(suspect) = causes::other_definition(finding) {
        let cell = reference(&suspect.place, beside);
        return Some(format!(
            "先不要改合计，请核对 {cell} 该不该算在内、口径是否一致；确属口径不同的，{otherwise}"
        ));
    }
    if causes::names_its_cell(finding) {
        let cell = reference(&first?.place, beside);
        return Some(format!(
            "请对照原始资料，把 {cell} 改成 {}；若 {cell} 没有填错，再核对其余各数{}",
            likely?,
            match finding.level {
                Level::Mandatory => String::new(),
                _ => format!("，确实如此的，{otherwise}"),
            }
        ));
    }
    None
}

/// Whether a reason says in a word what was done to a figure.
fn is_short(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Sign
            | Reason::PointMoved { .. }
            | Reason::DigitChanged
            | Reason::DigitMissing
            | Reason::DigitExtra
            | Reason::DigitsSwapped
            | Reason::TwoDigits
    )
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "强制",
        Level::QuasiMandatory => "准强制",
        Level::Verification => "核实",
        Level::Hint => "提示",
    }
}

pub(super) fn level_meaning(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "必须改正后重报",
        Level::QuasiMandatory => "应当改正；确实如此的，写明原因，经县里认可后通过",
        Level::Verification => "请核实；确实如此的，写明原因",
        Level::Hint => "供了解，一般不必处理；舍入差也在其中",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Acceptable => "可以报送",
        Verdict::ToExplain => "需说明",
        Verdict::ToCorrect => "须改正",
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Sum => "平衡关系",
        Kind::TotalRow => "合计行",
        Kind::Equal => "表间关系",
        Kind::Target => "正文目标",
        Kind::Part => "其中项",
        Kind::Range => "取值范围",
        Kind::Order => "先后顺序",
        Kind::Trend => "年度变化",
        Kind::Ratio => "比率",
        Kind::Unique => "唯一性",
        Kind::Code => "代码",
        Kind::Pair => "成组填报",
        Kind::When => "条件",
        Kind::UnreadableFile => "无法读取",
        Kind::UnknownForm => "未知表式",
        Kind::AmbiguousForm => "表式不明",
        Kind::MissingColumn => "缺列",
        Kind::UnexpectedColumn => "多列",
        Kind::UnexpectedRow => "多行",
        Kind::MissingRow => "缺行",
        Kind::MissingValue => "漏填",
        Kind::UnitDiffers => "单位不同",
        Kind::UnitMissing => "单位未注",
        Kind::NotANumber => "填写内容",
        Kind::ReadAs => "读取说明",
        Kind::Decimals => "小数位数",
        Kind::FormulaError => "公式出错",
        Kind::FormulaReplaced => "公式被替换",
        Kind::Alias => "名称写法",
        Kind::UnknownReporter => "填报单位",
        Kind::Conflict => "数据冲突",
        Kind::NotReturned => "未报",
        Kind::DuplicateReturn => "重复上报",
        Kind::Explanation => "审核说明",
        Kind::Miswritten => "疑填错",
        Kind::UnitSlip => "单位填错",
        Kind::Shifted => "错行错列",
        Kind::OldForm => "旧表样",
        Kind::Hidden => "隐藏内容",
        Kind::WrongPeriod => "报告期不符",
        Kind::Copied => "照抄",
        Kind::Guard => "常理核对",
        Kind::EarlierUnread => "前期未读",
        Kind::ProgramFault => "程序出错",
        Kind::NoCopy => "没有副本",
        Kind::Chain => "累计衔接",
        Kind::Cumulative => "累计不减",
        Kind::Compare => "对比",
    }
}

pub(super) fn return_state(state: ReturnState) -> &'static str {
    match state {
        ReturnState::Missing => "未报",
        ReturnState::SentBack => "退回",
        ReturnState::ToExplain => "需说明",
        ReturnState::Late => "迟报",
        ReturnState::Superseded => "已替换",
        ReturnState::Returned => "已报",
    }
}

pub(super) fn newer_by(by: NewerBy) -> &'static str {
    match by {
        NewerBy::Saved => "按文件内的保存时间较新",
        NewerBy::Dated => "按表上的填报日期较新",
        NewerBy::Mark => "按文件名的版本字样较新",
        NewerBy::Modified => "按文件的修改时间较新",
        NewerBy::Whole => "另一份有工作表无法读取",
        NewerBy::Shown => "另一张是隐藏的工作表",
        NewerBy::Name => "分不出新旧，取文件名在后的",
    }
}

pub(super) fn file_status(status: &FileStatus) -> &'static str {
    match status {
        FileStatus::Read => "已读取",
        FileStatus::Unreadable(_) => "无法读取",
        FileStatus::Duplicate(_) | FileStatus::SameFigures(_) => "重复",
        FileStatus::Superseded(_) => "已被替换",
        FileStatus::Ignored => "不是报表",
    }
}

fn skipped_sheets(sheets: &[SkippedSheet]) -> String {
    let kind = |kind| match kind {
        SheetKind::Chart => "图表",
        SheetKind::Macros => "宏表",
        SheetKind::Dialog => "对话框",
        SheetKind::Module => "宏模块",
    };
    let listed = sheets.iter().take(LISTED);
    let listed: Vec<String> = listed
        .map(|sheet| format!("“{}”是{}", sheet.name, kind(sheet.kind)))
        .collect();
    let more = sheets.len() - listed.len();
    match more {
        0 => listed.join("，"),
        more => format!("{}，另有 {more} 张", listed.join("，")),
    }
}

/// The one place to say why a file cannot be read; [`unreadable_advice`] says what to do.
pub(super) fn unreadable(why: &Unreadable) -> String {
    match why {
        // What the system says may be the only clue; what a parser stumbled over helps no clerk.
        Unreadable::NotOpened { kind, detail } => {
            format!("系统打不开这个文件（{}）", system(*kind).unwrap_or(detail))
        }
        Unreadable::Empty => "文件是空的".to_owned(),
        Unreadable::Truncated { .. } => "文件不完整，可能没有传完".to_owned(),
        Unreadable::Damaged { .. } => "文件已损坏".to_owned(),
        Unreadable::PasswordProtected => "文件有打开密码".to_owned(),
        Unreadable::UnusualPacking => {
            "文件没有损坏，但用了不常见的压缩方法（如 bzip2、LZMA），本程序读不了".to_owned()
        }
        Unreadable::HtmlPage => "其实是网页，只是扩展名像表格".to_owned(),
        Unreadable::XmlSpreadsheet2003 => "是 Excel 2003 的 XML 表格".to_owned(),
        Unreadable::TextTable => "是纯文本表格（如 CSV）".to_owned(),
        Unreadable::OldFormat { name } => format!("是早已停用的格式（{name}）"),
        Unreadable::NotASpreadsheet(kind) => match kind {
            FileKind::Pdf => "是 PDF，不是表格".to_owned(),
            FileKind::TextDocument => "是文字文档，不是表格".to_owned(),
            FileKind::Presentation => "是演示文稿，不是表格".to_owned(),
            FileKind::Picture => "是图片，不是表格".to_owned(),
            FileKind::Ofd => "是 OFD 版式文件，不是表格".to_owned(),
            FileKind::Numbers => "是苹果 Numbers 表格".to_owned(),
            FileKind::Archive => "是压缩包".to_owned(),
            FileKind::Text => "是纯文本，不是表格".to_owned(),
            FileKind::Xml => "是 XML 文件，不是表格".to_owned(),
            FileKind::OtherOffice => "是其他办公软件的文件，不是表格".to_owned(),
            FileKind::Unknown => "不是表格文件".to_owned(),
        },
        Unreadable::NoWorksheet => "里面没有工作表".to_owned(),
        Unreadable::TooLarge { what, limit } => {
            let (what, unit) = quantity(*what);
            match (unit, limit >> 20) {
                ("字节", mebibytes @ 1..) => format!("{what}超过限度（{mebibytes} MB）"),
                _ => format!("{what}超过限度（{limit} {unit}）"),
            }
        }
        Unreadable::ParserPanicked { .. } => "程序读取时出错".to_owned(),
        Unreadable::ProgramFailed { .. } => "程序内部出错，这个文件没有处理".to_owned(),
        Unreadable::FolderNotOpened { kind, detail } => {
            let why = system(*kind).unwrap_or(detail);
            format!("系统打不开这个文件夹（{why}），里面的文件都没有读取")
        }
        Unreadable::Vanished => "列出之后、读取之前，文件不见了".to_owned(),
        Unreadable::NotAFile => "不是普通文件（是管道、套接字、设备或文件夹）".to_owned(),
        Unreadable::LinkToFolder => "是指向文件夹的链接，没有跟进去".to_owned(),
        Unreadable::DanglingLink => "是链接，所指的文件不存在".to_owned(),
        Unreadable::UnknownEncoding => "文字的编码认不出".to_owned(),
    }
}

/// Why records of an earlier period cannot be used.
pub(super) fn damage(damage: &Damage) -> String {
    match damage {
        Damage::NotOpened { detail } => format!("打不开（{detail}）"),
        Damage::Unreadable(why) => format!("读不了（{}）", unreadable(why)),
        Damage::NotAsWritten => "写入之后被改动过，或已损坏".to_owned(),
        Damage::Damaged { .. } => "读不了，已损坏".to_owned(),
        Damage::Column { name, wanted } => format!("缺少 {name} 列，或类型不是 {wanted}"),
        Damage::Entry { row, column } => format!("第 {row} 行 {column} 列的内容不能用"),
        Damage::OtherPeriod { printed } => format!("其实是 {printed} 的"),
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Together => "表间审核",
        Stage::OverTime => "与以前各期的对比审核",
        Stage::Localise => "嫌疑单元格的推断",
        Stage::Variances => "差异分析",
        Stage::Calls => "电话单",
    }
}

fn unreadable_advice(why: &Unreadable) -> &'static str {
    match why {
        Unreadable::NotOpened { .. } => "请关闭正在使用它的程序，检查文件权限后重试",
        Unreadable::Empty => "请重新报送",
        Unreadable::Truncated { .. } => "请让填报单位重新发送",
        Unreadable::PasswordProtected => "请去掉密码后重报",
        Unreadable::NotASpreadsheet(FileKind::Archive) => "请解压后放入收件文件夹",
        Unreadable::NotASpreadsheet(FileKind::Numbers) => "请从 Numbers 导出为 Excel 后重报",
        Unreadable::NotASpreadsheet(_) => "请填报电子表格；若不是报表，请移出收件文件夹",
        Unreadable::NoWorksheet => "请核对文件，填报后重报",
        Unreadable::TooLarge { .. } => "请删去无关的工作表和空行空列后重报",
        Unreadable::ParserPanicked { .. } => {
            "请用 Excel 或 WPS 另存为 .xlsx 后重试，并把原文件交给软件维护人员"
        }
        Unreadable::ProgramFailed { .. } => "请把文件发给软件维护人员；其余文件不受影响",
        Unreadable::FolderNotOpened { .. } => "请检查文件夹权限后重试",
        Unreadable::Vanished => "若是被移走或改名了，请重新运行；否则请重新放入",
        Unreadable::NotAFile => "请移出收件文件夹",
        Unreadable::LinkToFolder => "请把所指文件夹里的报表复制进来",
        Unreadable::DanglingLink => "请把原文件复制进来，或移出这个链接",
        Unreadable::UnknownEncoding => "请用记事本另存为 UTF-8 编码",
        Unreadable::Damaged { .. }
        | Unreadable::UnusualPacking
        | Unreadable::HtmlPage
        | Unreadable::XmlSpreadsheet2003
        | Unreadable::TextTable
        | Unreadable::OldFormat { .. } => "请用 Excel 或 WPS 打开，另存为 .xlsx 后重报",
    }
}

fn no_copy(why: &NoCopy) -> String {
    match why {
        NoCopy::Changed => "文件在核对之后又被改动，标注会对不上".to_owned(),
        NoCopy::NotOpened(kind) => format!("核对之后文件打不开了（{}）", said_by_system(*kind)),
        NoCopy::Unreadable(why) => format!("原文件{}", unreadable(why)),
        NoCopy::Damaged { .. } => "原文件内部有损坏，标注写不进去".to_owned(),
        NoCopy::ProgramFailed { .. } => "程序内部出错，这个文件没有做出标注副本".to_owned(),
        NoCopy::NotWritten(kind) => format!("副本写不进输出文件夹（{}）", said_by_system(*kind)),
    }
}

fn no_copy_advice(why: &NoCopy) -> &'static str {
    match why {
        NoCopy::Changed => "其余问题照样有效；请等文件不再变动后重新运行",
        NoCopy::NotOpened(_) => "其余问题照样有效；请关闭正在使用它的程序，检查文件权限后重新运行",
        NoCopy::Unreadable(_) | NoCopy::Damaged { .. } => {
            "其余问题照样有效；请用 Excel 或 WPS 打开原文件，另存为 .xlsx 后重新运行"
        }
        NoCopy::ProgramFailed { .. } => "其余问题照样有效；请把原文件发给软件维护人员",
        NoCopy::NotWritten(_) => "其余问题照样有效；请把原文件改一个简短的名字后重新运行",
    }
}

fn said_by_system(kind: ErrorKind) -> &'static str {
    system(kind).unwrap_or("系统没有说明原因")
}

/// What the system says of a file, where it is known.
pub(super) fn system(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "没有这个文件或文件夹",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已有同名的文件或文件夹",
        ErrorKind::NotADirectory => "不是文件夹",
        ErrorKind::IsADirectory => "是文件夹，不是文件",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘已满",
        ErrorKind::FileTooLarge => "文件大小超过了系统的限制",
        ErrorKind::ReadOnlyFilesystem => "磁盘只能读，不能写",
        ErrorKind::InvalidFilename => "文件名太长或含有不能用的字符",
        _ => return None,
    })
}

/// What there was too much of, and the unit of its limit.
fn quantity(what: Quantity) -> (&'static str, &'static str) {
    match what {
        Quantity::FileBytes => ("文件大小", "字节"),
        Quantity::Entries => ("文件内的部件", "个"),
        Quantity::ExpandedBytes => ("解压后的大小", "字节"),
        Quantity::Sheets => ("工作表", "张"),
        Quantity::SharedStrings => ("文本", "条"),
        Quantity::Rows => ("行数", "行"),
        Quantity::Columns => ("列数", "列"),
        Quantity::Cells => ("单元格", "个"),
        Quantity::Merges => ("合并单元格", "处"),
        Quantity::TextBytes => ("文本长度", "字节"),
        Quantity::OneTextBytes => ("一个单元格的文字", "字节"),
        Quantity::HeldBytes => ("读取所需的内存", "字节"),
        Quantity::FormulaBytes => ("公式长度", "字节"),
    }
}

pub(super) fn alias_match(how: AliasMatch) -> &'static str {
    match how {
        AliasMatch::Listed => "是登记过的别名",
        AliasMatch::Homophone => "读音相同",
        AliasMatch::Short => "是简写",
        AliasMatch::Misprint => "只差一个字",
        AliasMatch::Remark => "后面带有附注",
    }
}

pub(super) fn reporter_source(source: ReporterSource) -> &'static str {
    match source {
        ReporterSource::Form => "表上的填报单位",
        ReporterSource::Title => "标题",
        ReporterSource::Stamp => "空表发放的对象",
        ReporterSource::Rows => "填写的行",
        ReporterSource::FileName => "文件名",
        ReporterSource::Folder => "文件夹名",
        ReporterSource::Annex => "附件的唯一填报单位",
    }
}

pub(super) fn period_source(source: PeriodSource) -> &'static str {
    match source {
        PeriodSource::Form => "报告期一栏",
        PeriodSource::Title => "标题",
        PeriodSource::Stamp => "空表发放的报告期",
        PeriodSource::SheetName => "工作表名",
        PeriodSource::FileName => "文件名",
    }
}

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Rising => "逐年上升",
        Direction::Falling => "逐年下降",
        Direction::NotFalling => "逐年不下降",
        Direction::NotRising => "逐年不上升",
    }
}

/// What is said of one cell, and of which others it holds.
fn and_others(finding: &Finding, said: String) -> String {
    let others = counted_cells(finding, Lang::Zh);
    if others.is_empty() {
        return said;
    }
    // Between Chinese characters stands no blank.
    let blank = if others.ends_with(|last: char| last.is_ascii()) {
        " "
    } else {
        ""
    };
    format!("{said}；{others}{blank}也是")
}

fn read_as(finding: &Finding, how: &ReadAs) -> String {
    let (typed, taken) = (given(finding), expected(finding));
    match how {
        ReadAs::Unseen => format!("填写的 {taken} 里夹有看不见的字符，去掉后读取"),
        ReadAs::ShownOtherwise if typed.is_empty() => {
            format!("单元格格式不显示数字，按存的 {taken} 读取")
        }
        ReadAs::ShownOtherwise => format!("表上显示 {typed}，按存的 {taken} 读取"),
        ReadAs::Nothing => format!("填写“{typed}”，按没有数（“{taken}”）处理"),
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
            true => format!("填写“{typed}”"),
            false => format!("填写“{typed}”，读作 {taken}"),
        },
        ReadAs::Guessed {
            columns,
            sums,
            rows,
        } => {
            let taken = columns
                .iter()
                .take(LISTED)
                .map(|column| match &*column.given {
                    "" => format!(
                        "把没有表头的 {} 列当作“{}”",
                        column.cell.column_letters(),
                        column.declared
                    ),
                    given => format!("把“{given}”当作“{}”", column.declared),
                });
            let taken: Vec<String> = taken.collect();
            let more = match columns.len() {
                n if n > LISTED && *rows => format!("等 {n} 个年份"),
                n if n > LISTED => format!("等 {n} 列"),
                _ => String::new(),
            };
            let sums = match sums {
                Some(true) => "；这样认，合计都对得上",
                Some(false) => "；这样认，有的合计对不上",
                None => "",
            };
            format!("按位置和年份{}{more}{sums}", taken.join("，"))
        }
        ReadAs::Header { declared } if typed.is_empty() => {
            format!("这一列没有表头，按各行的名称认作“{declared}”")
        }
        ReadAs::Header { declared } | ReadAs::RowLabel { declared } => {
            format!("填写“{typed}”，认作“{declared}”")
        }
        ReadAs::AnnexByContent { others } => match &finding.annex {
            Some(annex) => format!("认作{annex}，没有认作{}", list(others)),
            None => format!("没有认作{}", list(others)),
        },
        ReadAs::AnnexNumber { printed } => match &finding.annex {
            Some(annex) => format!("表上写的是“{printed}”，按表头认作{annex}"),
            None => format!("表上写的是“{printed}”"),
        },
        ReadAs::RepeatedColumn { header } => format!("“{header}”不止一列，后面的没有汇总"),
        ReadAs::OtherWorkbook { formula } => {
            format!("公式“={formula}”取自另一个工作簿，用的是保存时的结果 {taken}")
        }
        ReadAs::OutOfDate { formula } => {
            format!(
                "公式“={formula}”保存的结果是 {typed}，按现在各格重算是 {taken}；汇总用的是 {typed}"
            )
        }
        ReadAs::Printed => format!("表上写的是“{typed}”，制度印的是“{taken}”"),
        ReadAs::RepeatedRow { label, first } => {
            format!("“{label}”在第 {} 行已有，这一行没有汇总", first.row + 1)
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
                true => format!("，在舍入误差 {tolerance} 以内"),
                false => format!("，超过舍入误差 {tolerance}"),
            }
        }
        _ => String::new(),
    };
    format!("，差 {}{tolerance}", amount(finding, difference))
}

fn operand(finding: &Finding, operand: &crate::model::Operand) -> String {
    super::operand(finding, operand, ("（", "）"))
}

fn between(min: &Option<String>, max: &Option<String>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("为 {min}"),
        (Some(min), Some(max)) => format!("在 {min} 到 {max} 之间"),
        (Some(min), None) if is_date(min) => format!("不早于 {min}"),
        (Some(min), None) => format!("不小于 {min}"),
        (None, Some(max)) if is_date(max) => format!("不晚于 {max}"),
        (None, Some(max)) => format!("不大于 {max}"),
        (None, None) => "在规定的范围内".to_owned(),
    }
}

fn one_of(values: &[std::sync::Arc<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: String = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("“{value}”"))
        .collect();
    match values.len() {
        1 => shown,
        n if n > SHOWN => format!("{shown}等 {n} 项之一"),
        _ => format!("{shown}之一"),
    }
}

fn list(names: &[std::sync::Arc<str>]) -> String {
    names.join("、")
}
