//! 填表说明: what the forms are, how to fill them in, and what will be asked of the figures.

use std::sync::Arc;

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::model::{CellRef, Period};
use crate::report::{Lang, words};
use crate::scheme::{AppliesIn, CellSel, ColumnKind, Relation, RowSel, Rule};

use super::super::head::merge;
use super::super::layout::link;
use super::super::style::{Role, Styles};
use super::super::{
    page,
    text::{self, Texts},
};
use super::blank::Blank;

const WIDTHS: [f64; 2] = [12.0, 104.0];

/// Writes the sheet that goes with these forms. `named` is what the period is called on them.
pub(super) fn write(
    blanks: &[Blank<'_>],
    period: Option<Period>,
    named: Option<&str>,
    sheet: &mut Worksheet,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    sheet.set_name("填表说明")?;
    page::set_up(sheet, None, Lang::Zh)?;
    sheet.set_screen_gridlines(false);
    for (col, width) in WIDTHS.into_iter().enumerate() {
        sheet.set_column_width(col as u16, width)?;
    }
    let mut page = Page {
        sheet,
        styles,
        row: 0,
    };
    let Some(first) = blanks.first() else {
        return Ok(());
    };
    page.title()?;
    page.section("一、这是什么")?;
    let scheme = first.scheme;
    let reporter = &scheme.reporters[first.reporter].name;
    let named = named.map_or(String::new(), |period| format!("，报告期：{period}"));
    page.paragraph(&format!(
        "这是《{}》的报表，由{reporter}填报{named}。共 {} 张：",
        scheme.title,
        blanks.len()
    ))?;
    for blank in blanks {
        page.form(blank)?;
    }
    page.section("二、怎样填写")?;
    for (idx, line) in how_to(blanks).iter().enumerate() {
        page.paragraph(&format!("{}．{line}", idx + 1))?;
    }
    page.section("三、收表后怎样审核")?;
    page.paragraph(
        "强制：必须改正。准强制：应当改正，确实如此的写明原因，经县里认可后通过。核实：确实如此的写明原因。\
         后面的编号可以用来查问这一条。",
    )?;
    for blank in blanks {
        page.rules(blank, period)?;
    }
    page.sheet.protect();
    Ok(())
}

struct Page<'a> {
    sheet: &'a mut Worksheet,
    styles: &'a mut Styles,
    row: u32,
}

impl Page<'_> {
    fn title(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_row_height(0, 36)?;
        let format = self.styles.role(Role::Title);
        merge(self.sheet, (0, 0), (0, 1), "填表说明", format)?;
        self.row = 1;
        Ok(())
    }

    fn section(&mut self, title: &str) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, 28)?;
        let format = self.styles.role(Role::Section);
        merge(self.sheet, (self.row, 0), (self.row, 1), title, format)?;
        self.row += 1;
        Ok(())
    }

    fn paragraph(&mut self, line: &str) -> Result<(), XlsxError> {
        let n_lines = text::lines(line, WIDTHS.iter().sum());
        self.sheet.set_row_height(self.row, text::height(n_lines))?;
        let format = self.styles.role(Role::Paragraph);
        merge(self.sheet, (self.row, 0), (self.row, 1), line, format)?;
        self.row += 1;
        Ok(())
    }

    /// A line about a form, with a link to it.
    fn form(&mut self, blank: &Blank<'_>) -> Result<(), XlsxError> {
        let number = &*blank.annex.number;
        let target = link(&text::sheet_name(number), CellRef::new(0, 0));
        let format = self.styles.role(Role::CentredLink);
        self.sheet.link(self.row, 0, (target, number), format)?;
        let about = format!("{}（{}）", blank.annex.title, what_to_fill(blank));
        self.cell(&about)
    }

    fn rules(&mut self, blank: &Blank<'_>, period: Option<Period>) -> Result<(), XlsxError> {
        self.sheet.set_row_height(self.row, 24)?;
        let format = self.styles.role(Role::Section);
        let title = format!("{}　{}", blank.annex.number, blank.annex.title);
        merge(self.sheet, (self.row, 0), (self.row, 1), &title, format)?;
        self.row += 1;
        let rules: Vec<&Rule> = (blank.scheme.rules.iter())
            .filter(|rule| is_asked_in(rule, period) && concerns(rule, blank))
            .collect();
        // One sentence may stand for several rules, as for each year's promise.
        let mut said: Vec<&str> = Vec::new();
        for rule in &rules {
            if said.contains(&rule.say.as_str()) {
                continue;
            }
            said.push(&rule.say);
            let same = rules.iter().filter(|other| other.say == rule.say);
            let ids: Vec<&str> = same.map(|rule| &*rule.id).collect();
            let format = self.styles.role(Role::Centred);
            let level = words::level(rule.level, Lang::Zh);
            self.sheet.text(self.row, 0, level, format)?;
            self.cell(&format!("{}。（{}）", rule.say, ids.join("、")))?;
        }
        if rules.is_empty() {
            self.paragraph("按表头填写即可，没有另外的审核关系。")?;
        }
        Ok(())
    }

    fn cell(&mut self, line: &str) -> Result<(), XlsxError> {
        let n_lines = text::lines(line, WIDTHS[1]);
        self.sheet.set_row_height(self.row, text::height(n_lines))?;
        let format = self.styles.role(Role::Text);
        self.sheet.text(self.row, 1, line, format)?;
        self.row += 1;
        Ok(())
    }
}

/// 填 2 行，单位：亩.
fn what_to_fill(blank: &Blank<'_>) -> String {
    let rows = match (blank.is_register(), blank.rows.len()) {
        (_, 0) => format!("填“{}”一行", blank.total_label()),
        (true, _) => "台账，有几条填几行".to_owned(),
        (false, n_rows) => format!("填 {n_rows} 行"),
    };
    match blank.unit_line() {
        Some(unit) => format!("{rows}，{unit}"),
        None => rows,
    }
}

/// What fits these forms; what is not in them is not talked about.
fn how_to(blanks: &[Blank<'_>]) -> Vec<&'static str> {
    let has = |kind: ColumnKind| {
        let columns = || blanks.iter().flat_map(|blank| &blank.annex.columns);
        columns().any(|column| column.kind == kind)
    };
    let registers = blanks.iter().any(Blank::is_register);
    let figures = has(ColumnKind::Additive) || has(ColumnKind::Rate);
    let mut lines = vec![
        "只填白色的格子。灰色的格子是表名、行名，或者由公式算出，不能改；工作表加了保护，没有密码，是防止误改。",
        "不要改动表头、行名和工作表的名称，不要另加行列；收表时按表头和行名认表。",
    ];
    if figures {
        lines.extend([
            "数字格里只填数字，不写单位，不写“约”“左右”。单位以表头或表上方的“单位”为准，小数位数按格子里显示的填。",
            "没有数的填 0；这一项对本单位不适用的填“－”；还没有数据的先空着，空着算未填，不会当作 0。",
            "合计由公式算出，分项填齐后自动出现，不要手填。",
        ]);
    }
    if has(ColumnKind::Date) {
        lines.push("日期写成 2024-05-31 或 2024年5月31日；只知道年月的写 2024年5月。");
    }
    if has(ColumnKind::Code) {
        lines.push("代码、编号按文本填写（格子已设为文本），前面的 0 和后面的位数都不能少。有下拉框的，从下拉框中选。");
    }
    if registers {
        lines.push("台账有几条填几行，不够就在中间插入行，用不完的空着；序号可以不管。确实一条也没有的，空着报回并告知县里。");
    }
    lines.extend([
        "从别处粘贴时请用“选择性粘贴—数值”，以免带进文本数字和别的格式。",
        "填完在表下方写明填表人、审核人和填表日期，用 Excel 或 WPS 保存，原样报回；不要转成图片、PDF 或网页。",
    ]);
    lines
}

/// Whether a rule is checked in a period; of forms for any period, all are told.
fn is_asked_in(rule: &Rule, period: Option<Period>) -> bool {
    let only = match rule.applies.period {
        AppliesIn::Every if rule.relation.is_over_time() => AppliesIn::Month,
        only => only,
    };
    match period {
        None => true,
        Some(Period::Plan) => only != AppliesIn::Month,
        Some(Period::Month { .. }) => only != AppliesIn::Plan,
    }
}

/// Whether a rule is about figures that stand in this form.
fn concerns(rule: &Rule, blank: &Blank<'_>) -> bool {
    let has_row = |key: &[Arc<str>]| match key.is_empty() {
        true => blank.has_total && is_countys(blank),
        false => {
            (blank.rows.iter().flatten()).any(|&row| *blank.annex.rows.fixed()[row].key == *key)
        }
    };
    let only = rule.applies.rows.as_ref();
    if rule.annex == Some(blank.idx)
        && only.is_some_and(|only| !only.iter().any(|key| has_row(key)))
    {
        return false;
    }
    let stands_here = |sel: &CellSel| {
        sel.annex == blank.idx
            && match &sel.row {
                RowSel::Current | RowSel::Every => match rule.applies.total_rows {
                    true => true,
                    false => !blank.rows.is_empty(),
                },
                RowSel::Total => has_row(&[]),
                RowSel::Key(key) => has_row(key),
            }
    };
    let own = rule.annex == Some(blank.idx);
    let all = |cells: &[&CellSel]| cells.iter().any(|cell| stands_here(cell));
    match &rule.relation {
        Relation::TotalRow { .. } => own && blank.has_total,
        Relation::Unique { .. } => own && !blank.rows.is_empty(),
        Relation::Sum { total, .. } => all(&[total]),
        Relation::Equal { left, right } => all(&[left, right]),
        Relation::Target { cell, .. } => cell.as_ref().is_some_and(stands_here),
        Relation::Part { part, whole } => all(&[part, whole]),
        Relation::Range { cells, .. } | Relation::Pair { cells, .. } => {
            cells.iter().any(stands_here)
        }
        Relation::Order { first, then } => all(&[first, then]),
        Relation::Trend { cell, .. } | Relation::Code { cell, .. } => stands_here(cell),
        Relation::Ratio { value, .. } => stands_here(value),
        Relation::When { then, .. } => stands_here(&then.cell),
        Relation::Chain { cumulative, .. } => stands_here(cumulative),
        Relation::Cumulative { cells } | Relation::Compare { cells, .. } => {
            cells.iter().any(stands_here)
        }
    }
}

/// Whether the total row is the county's: a township's own total is held against its rows alone.
fn is_countys(blank: &Blank<'_>) -> bool {
    blank.rows.is_empty() || blank.rows.len() == blank.annex.rows.fixed().len()
}
