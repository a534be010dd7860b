//! 说明: what the workbook is, how complete, what the colours mean, and how every rule came out.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::model::{CellRef, FileRecord, FileStatus, Level, Tally};
use crate::report::{Lang, words};
use crate::scheme::Rule;

use super::head::merge;
use super::layout::link;
use super::marks::Marked;
use super::style::{Look, Number, Role, Styles};
use super::{
    Context, page,
    text::{self, Texts},
};

const WIDTHS: [f64; 9] = [13.0, 15.0, 50.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0];
const LAST: u16 = WIDTHS.len() as u16 - 1;

/// 轮台县2024年5月报表汇总.
pub(super) fn title(context: &Context<'_>) -> String {
    let (area, period) = (&context.scheme.area, context.period());
    match context.lang {
        Lang::Zh => format!("{area}{period}报表汇总"),
        Lang::En => format!("{area}: returns of {period}, consolidated"),
    }
}

pub(super) fn write(
    context: &Context<'_>,
    workbook: &mut Workbook,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(&context.layout.names.summary)?;
    page::set_up(sheet, None, context.lang)?;
    sheet.set_screen_gridlines(false);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    let mut page = Page {
        context,
        sheet,
        styles,
        row: 0,
    };
    page.title()?;
    page.basics()?;
    page.colours()?;
    page.usage()?;
    page.annexes()?;
    page.kinds()?;
    page.print_so_far()?;
    page.rules()
}

struct Page<'a, 'b> {
    context: &'a Context<'a>,
    sheet: &'b mut Worksheet,
    styles: &'b mut Styles,
    row: u32,
}

/// A number with its words around it; nothing of none.
fn counted(n: usize, before: &str, after: &str) -> String {
    match n {
        0 => String::new(),
        n => format!("{before} {n} {after}"),
    }
}

impl Page<'_, '_> {
    fn title(&mut self) -> Result<(), XlsxError> {
        let text = title(self.context);
        let format = self.styles.role(Role::Title);
        self.sheet.set_row_height(0, 36)?;
        merge(self.sheet, (0, 0), (0, LAST), &text, format)?;
        self.row = 1;
        Ok(())
    }

    fn basics(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let (merged, scheme, lang) = (context.merged, context.scheme, context.lang);
        let (owed, came) = context.owed(None);
        let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
        let is_return = |file: &&FileRecord| file.status != FileStatus::Ignored;
        for file in merged.files.iter().filter(is_return) {
            *statuses
                .entry(words::file_status(&file.status, lang))
                .or_default() += 1;
        }
        // In the order in which a clerk asks, not the alphabet's.
        let order = |status: &&str| match *status {
            s if s == words::file_status(&FileStatus::Read, lang) => 0,
            _ => 1,
        };
        let mut statuses: Vec<(&str, usize)> = statuses.into_iter().collect();
        statuses.sort_by_key(|(status, _)| order(status));
        let statuses: Vec<String> = statuses
            .iter()
            .map(|(status, count)| format!("{status} {count}"))
            .collect();
        let tables = || merged.files.iter().flat_map(|file| &file.tables);
        let taken = tables().filter(|table| table.counts());
        let n_values: usize = taken.clone().map(|table| table.observations).sum();
        let n_tables = taken.count();
        let n_superseded = tables().filter(|table| table.superseded).count();
        let n_apart = tables().count() - n_tables - n_superseded;
        let fingerprint: String = scheme.fingerprint.chars().take(12).collect();
        let files = match statuses.is_empty() {
            true => "0".to_owned(),
            false => {
                let n_files = merged.files.iter().filter(is_return).count();
                format!("{n_files}（{}）", statuses.join("，"))
            }
        };
        let n_ignored = merged.files.iter().filter(|file| !is_return(file)).count();
        let files = match lang {
            Lang::Zh => files + &counted(n_ignored, "；另有", "个不是报表"),
            Lang::En => files + &counted(n_ignored, ";", "more are no forms"),
        };
        let lines = match lang {
            Lang::Zh => [
                (
                    "报表制度",
                    format!("{}（版本 {fingerprint}）", scheme.title),
                ),
                ("报告期", context.period()),
                (
                    "报送",
                    format!("应报 {owed} 份，已报 {came} 份，未报 {} 份", owed - came),
                ),
                ("文件", files),
                (
                    "数据",
                    format!(
                        "表 {n_tables} 张，指标值 {n_values} 个{}{}",
                        counted(n_superseded, "；另有", "张表已被替换，没有汇总"),
                        counted(n_apart, "；另有", "张表不是本报告期的，没有汇总"),
                    ),
                ),
            ],
            Lang::En => [
                (
                    "Scheme",
                    format!("{} (version {fingerprint})", scheme.title),
                ),
                ("Period", context.period()),
                (
                    "Returns",
                    format!("{came} of {owed} came, {} are missing", owed - came),
                ),
                (
                    "Files",
                    files
                        .replace('（', " (")
                        .replace('）', ")")
                        .replace('，', ", "),
                ),
                (
                    "Data",
                    format!(
                        "{n_tables} forms, {n_values} values{}{}",
                        counted(n_superseded, ";", "more were superseded and left out"),
                        counted(n_apart, ";", "more are about another period and left out"),
                    ),
                ),
            ],
        };
        let note = merged.note.iter();
        let note = note.map(|note| (lang.pick("本期说明", "Note"), note.clone()));
        for (label, value) in lines.into_iter().chain(note) {
            let header = self.styles.role(Role::Header);
            self.sheet.text(self.row, 0, label, header)?;
            let format = self.styles.role(Role::Text);
            let width = WIDTHS[1..].iter().sum();
            self.sheet
                .set_row_height(self.row, text::height(text::lines(&value, width)))?;
            merge(self.sheet, (self.row, 1), (self.row, LAST), &value, format)?;
            self.row += 1;
        }
        Ok(())
    }

    fn section(&mut self, zh: &str, en: &str) -> Result<(), XlsxError> {
        self.row += 1;
        let format = self.styles.role(Role::Section);
        self.sheet.set_row_height(self.row, 24)?;
        let text = self.context.lang.pick(zh, en);
        self.sheet.text(self.row, 0, text, format)?;
        self.row += 1;
        Ok(())
    }

    /// A header row: `(first column, last column, text)`.
    fn header(&mut self, cells: &[(u16, u16, &str)]) -> Result<(), XlsxError> {
        let format = self.styles.role(Role::Header);
        let mut n_lines = 1;
        for (first, last, text) in cells {
            let width = WIDTHS[usize::from(*first)..=usize::from(*last)]
                .iter()
                .sum();
            n_lines = n_lines.max(text::lines(text, width));
            merge(
                self.sheet,
                (self.row, *first),
                (self.row, *last),
                text,
                format,
            )?;
        }
        self.sheet.set_row_height(self.row, text::height(n_lines))?;
        self.row += 1;
        Ok(())
    }

    fn count(&mut self, col: u16, count: u64, level: Option<Level>) -> Result<(), XlsxError> {
        let look = Look::new(Role::Figure).number(Number::Decimals(0));
        let look = look.level(level.filter(|_| count > 0));
        let format = self.styles.get(look);
        self.sheet
            .write_number_with_format(self.row, col, count as f64, format)?;
        Ok(())
    }

    fn cell(&mut self, first: u16, last: u16, text: &str, role: Role) -> Result<(), XlsxError> {
        let format = self.styles.role(role);
        merge(
            self.sheet,
            (self.row, first),
            (self.row, last),
            text,
            format,
        )
    }

    /// Looks of cells that are not known to be wrong.
    fn marks_that_are_no_level(&mut self) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        let looks = [
            (
                Marked::Candidate,
                lang.pick("候选", "Candidate"),
                lang.pick(
                    "虚线框：这几格中有一格填错，分不出是哪一格，各格的批注写明应为多少；对照原始资料核对",
                    "dashed frame: one of these cells is wrong and nothing tells which; their notes say what each should be",
                ),
            ),
            (
                Marked::Related,
                lang.pick("相关", "Concerned"),
                lang.pick(
                    "浅灰蓝：因别的格填错才对不上，改了那一格就对上，不必改",
                    "pale blue grey: does not hold only because another cell is wrong; leave it as it is",
                ),
            ),
        ];
        for (marked, name, meaning) in looks {
            let look = Look::new(Role::Centred).mark(Some((marked, Level::Mandatory)));
            let format = self.styles.get(look);
            self.sheet
                .text(self.row, 0, lang.pick("示例", "sample"), format)?;
            self.cell(1, 1, name, Role::Centred)?;
            self.cell(2, LAST - 1, meaning, Role::Text)?;
            self.cell(LAST, LAST, "", Role::Centred)?;
            self.sheet.set_row_height(self.row, text::height(1))?;
            self.row += 1;
        }
        Ok(())
    }

    fn colours(&mut self) -> Result<(), XlsxError> {
        let lang = self.context.lang;
        self.section("一、问题与颜色", "1. Findings and colours")?;
        self.header(&[
            (0, 0, lang.pick("颜色", "Colour")),
            (1, 1, lang.pick("级别", "Level")),
            (2, LAST - 1, lang.pick("怎样处理", "What to do")),
            (LAST, LAST, lang.pick("问题数", "Findings")),
        ])?;
        for level in Level::ALL {
            let look = Look::new(Role::Centred).level(Some(level));
            let format = self.styles.get(look);
            self.sheet
                .text(self.row, 0, lang.pick("示例", "sample"), format)?;
            self.cell(1, 1, words::level(level, lang), Role::Centred)?;
            self.cell(2, LAST - 1, words::level_meaning(level, lang), Role::Text)?;
            let findings = &self.context.merged.findings;
            let count = findings
                .iter()
                .filter(|finding| finding.level == level)
                .count();
            self.count(LAST, count as u64, None)?;
            self.sheet.set_row_height(self.row, text::height(1))?;
            self.row += 1;
        }
        self.marks_that_are_no_level()?;
        let absent = self.styles.role(Role::Absent);
        let word = lang.pick("未报", "missing");
        self.sheet.text(self.row, 0, word, absent)?;
        self.cell(1, 1, lang.pick("未报", "Missing"), Role::Centred)?;
        let meaning = lang.pick(
            "该行还没有上报；合计不含未报的行",
            "the row was not returned; totals leave it out",
        );
        self.cell(2, LAST - 1, meaning, Role::Text)?;
        let (owed, came) = self.context.owed(None);
        self.count(LAST, (owed - came) as u64, None)?;
        self.sheet.set_row_height(self.row, text::height(1))?;
        self.row += 1;
        Ok(())
    }

    fn usage(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let names = &context.layout.names;
        self.section("二、怎样使用", "2. How to use this workbook")?;
        let mut lines: Vec<String> = match context.lang {
            Lang::Zh => vec![
                format!("“{}”：哪些单位报了、哪些没报，点“已报”可到该单位的数据。", names.returns),
                "各附件：按方案的表式列出全县数据。有颜色的单元格都有批注，写明问题、应有的数和怎样处理。数字都是各单位所报，没有改动；合计是公式。".to_owned(),
                format!("“{}”：全部问题，可按级别、附件、单位筛选；点“位置”可到有颜色的单元格。", names.findings),
                format!("“{}”：每一行数据取自哪个文件、哪个工作表、哪些单元格。", names.sources),
            ],
            Lang::En => vec![
                format!("{}: who returned what; click a return to see its rows.", names.returns),
                "Annexes: the county's data in the plan's own layout. Every coloured cell has a note that says what is wrong, what was expected and what to do. Figures are as returned; totals are formulas.".to_owned(),
                format!("{}: all findings, with filters; click a place to see the coloured cell.", names.findings),
                format!("{}: the file, sheet and cells of every row.", names.sources),
            ],
        };
        if context.merged.variances.is_some() {
            let name = &names.variances;
            let said = match context.lang {
                Lang::Zh => format!(
                    "“{name}”：本期与计划、序时进度、上月、去年同月相比，全县和各单位，附图。"
                ),
                Lang::En => format!(
                    "{name}: this month against plan, schedule, last month and last year, with charts."
                ),
            };
            lines.insert(3, said);
        }
        lines.extend(self.published());
        lines.extend(self.caps());
        let width = WIDTHS.iter().sum();
        for line in lines {
            let format = self.styles.role(Role::Paragraph);
            let height = text::height(text::lines(&line, width));
            self.sheet.set_row_height(self.row, height)?;
            merge(self.sheet, (self.row, 0), (self.row, LAST), &line, format)?;
            self.row += 1;
        }
        Ok(())
    }

    /// Which annexes are in another unit than they were returned in.
    fn published(&self) -> Option<String> {
        let context = self.context;
        let annexes =
            (0..context.scheme.annexes.len()).filter(|&idx| context.printed(idx).is_some());
        let numbers: Vec<&str> = annexes.map(|idx| &*context.annex(idx).number).collect();
        let name = &context.layout.names.rounding;
        (!numbers.is_empty()).then(|| match context.lang {
            Lang::Zh => format!(
                "“{name}”：{}换算了计量单位，舍入后各行各列仍与合计相等；这里列出因此与四舍五入不同的数。批注、“{}”中的数仍是原数、原单位。",
                numbers.join("、"),
                context.layout.names.findings
            ),
            Lang::En => format!(
                "{name}: {} is shown in another unit, rounded so that rows and columns still add up; the figures moved for that are listed here. Notes and {} speak of figures as returned.",
                numbers.join(", "),
                context.layout.names.findings
            ),
        })
    }

    /// What was left out because a spreadsheet cannot hold it.
    fn caps(&self) -> Vec<String> {
        let context = self.context;
        let (lang, limits) = (context.lang, context.limits);
        let mut lines = Vec::new();
        for (idx, sheets) in context.layout.annexes.iter().enumerate() {
            let name = &sheets.parts[0].name;
            if sheets.parts.len() > 1 {
                lines.push(match lang {
                    Lang::Zh => format!(
                        "{name}的行数超过一张工作表的限度，分列 {} 张。",
                        sheets.parts.len()
                    ),
                    Lang::En => format!(
                        "{name} has more rows than a sheet holds and takes {} sheets.",
                        sheets.parts.len()
                    ),
                });
            }
            let marked: usize = context.marks.count(idx).iter().sum();
            if marked > limits.notes {
                lines.push(match lang {
                    Lang::Zh => format!("{name}有 {marked} 个单元格有问题，只有 {} 个带批注（先重后轻）；其余有颜色，问题见“{}”。", limits.notes, context.layout.names.findings),
                    Lang::En => format!("{name} has {marked} cells with findings, of which {} have notes, the serious ones first; the others are coloured, see {}.", limits.notes, context.layout.names.findings),
                });
            }
        }
        if context.merged.findings.len() > limits.links {
            lines.push(match lang {
                Lang::Zh => format!(
                    "“{}”中只有前 {} 条有链接。",
                    context.layout.names.findings, limits.links
                ),
                Lang::En => format!("Only the first {} findings have links.", limits.links),
            });
        }
        lines
    }

    fn annexes(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let lang = context.lang;
        self.section("三、各附件", "3. The annexes")?;
        let mut header = vec![
            (0, 0, lang.pick("附件", "Annex")),
            (1, 2, lang.pick("名称", "Title")),
            (3, 3, lang.pick("应报", "Owed")),
            (4, 4, lang.pick("已报", "Returned")),
        ];
        for (idx, level) in Level::ALL.into_iter().enumerate() {
            let col = 5 + idx as u16;
            header.push((col, col, words::level(level, lang)));
        }
        self.header(&header)?;
        for &idx in &context.annexes {
            let annex = &context.scheme.annexes[idx];
            let target = link(
                &context.layout.annexes[idx].parts[0].name,
                CellRef::new(0, 0),
            );
            let format = self.styles.role(Role::CentredLink);
            (self.sheet).link(self.row, 0, (target, &annex.number), format)?;
            self.cell(1, 2, &annex.title, Role::Text)?;
            let width = WIDTHS[1] + WIDTHS[2];
            let height = text::height(text::lines(&annex.title, width));
            self.sheet.set_row_height(self.row, height)?;
            let (owed, came) = context.owed(Some(idx));
            self.count(3, owed as u64, None)?;
            self.count(4, came as u64, None)?;
            for (position, level) in Level::ALL.into_iter().enumerate() {
                let count = context.annex_findings[idx][position] as u64;
                self.count(5 + position as u16, count, Some(level))?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn outcome_header(&self, first: u16) -> Vec<(u16, u16, &'static str)> {
        let words = match self.context.lang {
            Lang::Zh => ["通过", "不符", "无法核对", "不适用"],
            Lang::En => ["Pass", "Fail", "Cannot check", "Not applied"],
        };
        let cells = words.into_iter().enumerate();
        cells
            .map(|(idx, word)| (first + idx as u16, first + idx as u16, word))
            .collect()
    }

    fn outcomes(&mut self, first: u16, tally: Tally) -> Result<(), XlsxError> {
        let counts = [
            tally.pass,
            tally.fail,
            tally.cannot_check,
            tally.not_applied,
        ];
        for (idx, count) in counts.into_iter().enumerate() {
            self.count(first + idx as u16, count, None)?;
        }
        Ok(())
    }

    fn kinds(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let lang = context.lang;
        let mut kinds: BTreeMap<usize, (&str, usize, Tally)> = BTreeMap::new();
        let order = crate::model::Kind::ALL;
        for (rule, tally) in context.scheme.rules.iter().zip(&context.merged.tallies) {
            let kind = rule.relation.kind();
            let place = order.iter().position(|other| *other == kind).unwrap_or(0);
            let entry = kinds.entry(place);
            let (_, n_rules, sum) = entry.or_insert((words::kind(kind, lang), 0, Tally::default()));
            *n_rules += 1;
            *sum += *tally;
        }
        if kinds.is_empty() {
            return Ok(());
        }
        self.section("四、审核关系分类结果", "4. Outcomes by kind of rule")?;
        let mut header = vec![
            (0, 3, lang.pick("类别", "Kind")),
            (4, 4, lang.pick("条数", "Rules")),
        ];
        header.extend(self.outcome_header(5));
        self.header(&header)?;
        for (name, n_rules, tally) in kinds.into_values() {
            self.cell(0, 3, name, Role::Text)?;
            self.count(4, n_rules as u64, None)?;
            self.outcomes(5, tally)?;
            self.sheet.set_row_height(self.row, text::height(1))?;
            self.row += 1;
        }
        Ok(())
    }

    /// What a leader reads on paper ends here: the list of rules is for looking things up.
    fn print_so_far(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_print_area(0, 0, self.row - 1, LAST)?;
        Ok(())
    }

    /// The annexes that a rule is about; the plan's text where no annex holds what it promises.
    fn annexes_of(&self, rule: &Rule) -> String {
        let lang = self.context.lang;
        let cells = rule.relation.cells();
        let cells = cells.into_iter().map(|cell| cell.annex);
        let annexes: BTreeSet<usize> = rule.annex.into_iter().chain(cells).collect();
        let annexes = annexes.into_iter();
        let numbers: Vec<&str> = annexes
            .map(|annex| &*self.context.scheme.annexes[annex].number)
            .collect();
        match numbers.is_empty() {
            true => lang.pick("正文", "text").to_owned(),
            false => numbers.join(lang.pick("、", ", ")),
        }
    }

    fn rules(&mut self) -> Result<(), XlsxError> {
        let context = self.context;
        let lang = context.lang;
        if context.scheme.rules.is_empty() {
            return Ok(());
        }
        self.section("五、审核关系逐条结果", "5. Outcome of every rule")?;
        let mut header = vec![
            (0, 0, lang.pick("编号", "Rule")),
            (1, 1, lang.pick("附件", "Annex")),
            (2, 2, lang.pick("内容", "What it checks")),
            (3, 3, lang.pick("类别", "Kind")),
            (4, 4, lang.pick("级别", "Level")),
        ];
        header.extend(self.outcome_header(5));
        self.header(&header)?;
        for (rule, tally) in context.scheme.rules.iter().zip(&context.merged.tallies) {
            let annex = self.annexes_of(rule);
            let content = match rule.say.is_empty() {
                true => rule.label.clone(),
                false => format!("{}\n{}", rule.label, rule.say),
            };
            self.cell(0, 0, &rule.id, Role::Centred)?;
            self.cell(1, 1, &annex, Role::Centred)?;
            self.cell(2, 2, &content, Role::Text)?;
            self.cell(3, 3, words::kind(rule.relation.kind(), lang), Role::Centred)?;
            self.cell(4, 4, words::level(rule.level, lang), Role::Centred)?;
            let level = (tally.fail > 0).then_some(rule.level);
            self.outcomes(5, *tally)?;
            self.count(6, tally.fail, level)?;
            let n_lines = text::lines(&content, WIDTHS[2]).max(text::lines(&annex, WIDTHS[1]));
            self.sheet.set_row_height(self.row, text::height(n_lines))?;
            self.row += 1;
        }
        Ok(())
    }
}
