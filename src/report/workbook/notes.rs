//! What the notes of the annex sheets say.

use std::collections::HashMap;
use std::sync::Arc;

use crate::consolidate::{Figure, Source};
use crate::model::{Amount, CellRef, Detail, Finding, Place};
use crate::report::{Lang, words};

use super::marks::{Marked, Told};
use super::{Context, text};

/// 县水利局填报的合计为 35020，各行之和为 35038，差 -18.
pub(super) fn stated_total(
    context: &Context<'_>,
    annex: usize,
    leaf: usize,
    stated: Amount,
    sum: Amount,
) -> String {
    let annex_spec = &context.scheme.annexes[annex];
    let county = &context.merged.county.annexes[annex];
    let office = county.total.as_ref().and_then(|total| total.stated);
    let office = office.and_then(|source| context.merged.tables[source.table].reporter);
    let office = office.or(annex_spec.responsible);
    let office = office.map_or(
        context.lang.pick("责任单位", "the responsible office"),
        |idx| &context.scheme.reporters[idx].name,
    );
    let unit = context.scheme.unit_of(annex_spec, leaf, None);
    let unit = unit.map_or(String::new(), |unit| {
        format!(" {}", context.scheme.units.name(unit))
    });
    let difference = stated.checked_sub(sum).unwrap_or_default();
    let missing = county
        .rows
        .iter()
        .filter(|row| row.source.is_none())
        .count();
    let missing = match (missing, context.lang) {
        (0, _) => String::new(),
        (n, Lang::Zh) => format!("（另有 {n} 行未报）"),
        (n, Lang::En) => format!(" ({n} rows are missing)"),
    };
    let is_mean = context.scheme.mean_of(annex, leaf).is_some();
    match context.lang {
        Lang::Zh if is_mean => format!(
            "{office}填报的合计为 {stated}{unit}，由各行算得的为 {sum}{unit}（比率不相加），差 {difference}{unit}{missing}。本表按算得的列出。"
        ),
        Lang::En if is_mean => format!(
            "{office} states {stated}{unit}; worked out from the rows it is {sum}{unit} (rates are not added up), difference {difference}{unit}{missing}. This sheet shows what was worked out."
        ),
        Lang::Zh => format!(
            "{office}填报的合计为 {stated}{unit}，各行之和为 {sum}{unit}，差 {difference}{unit}{missing}。本表按各行相加列出。"
        ),
        Lang::En => format!(
            "{office} states a total of {stated}{unit}; the rows add up to {sum}{unit}, difference {difference}{unit}{missing}. This sheet shows the sum of the rows."
        ),
    }
}

/// A figure of more digits than its cell keeps.
pub(super) fn all_digits(context: &Context<'_>, exact: Amount) -> String {
    match context.lang {
        Lang::Zh => format!("准确的数是 {exact}。表格只能存 15 位数字，这一格显示的是近似数。"),
        Lang::En => format!(
            "The figure is {exact}. A spreadsheet keeps 15 digits; this cell shows it as nearly as it can."
        ),
    }
}

/// Why a total is no formula.
pub(super) fn no_formula(context: &Context<'_>, sum: Amount) -> String {
    match context.lang {
        Lang::Zh => format!(
            "准确的合计是 {sum}。有的数超过 15 位，表格存不下，用公式相加会有出入，所以这一格没有用公式。"
        ),
        Lang::En => format!(
            "The exact total is {sum}. Some figures have more than the 15 digits that a spreadsheet keeps; a formula would add up something else, so this cell is none."
        ),
    }
}

/// Why a total is blank.
pub(super) fn no_sum(context: &Context<'_>) -> String {
    match context.lang {
        Lang::Zh => "这一列的数位数太多，加不出准确的合计，所以这一格空着。请核对这一列的数。",
        Lang::En => {
            "Figures of this column have so many digits that no exact total can be written, so this cell is blank. Please check them."
        }
    }
    .to_owned()
}

/// Which figures a note speaks of, where the cell shows another unit: 上报原数 45237.5 亩.
pub(super) fn as_returned(context: &Context<'_>, figure: &Figure) -> String {
    let unit = context.scheme.units.name(figure.unit);
    let exact = figure.exact;
    match context.lang {
        Lang::Zh => format!("原数 {exact} {unit}。以下都按原数说明，单位：{unit}。"),
        Lang::En => {
            format!("As returned: {exact} {unit}. What follows is about figures in {unit}.")
        }
    }
}

/// What is said of findings that stand at many cells of a sheet, by their index: all those cells have it in their
/// notes.
#[derive(Default)]
pub(super) struct Repeated(HashMap<usize, Said>);

/// A finding in the words of a note.
#[derive(Clone)]
struct Said {
    /// Which cell of a return it is about, where the workbook does not show that.
    behind: Option<String>,
    /// The cell of the workbook that it is about.
    about: Option<CellRef>,
    title: String,
    facts: String,
    advice: String,
    /// Suspects, and what was written about it.
    more: String,
}

impl Repeated {
    fn said(&mut self, context: &Context<'_>, sheet: &str, idx: usize) -> Said {
        if let Some(said) = self.0.get(&idx) {
            return said.clone();
        }
        let finding = &context.merged.findings[idx];
        let said = Said::of(context, sheet, finding);
        if !finding.cells.is_empty() {
            self.0.insert(idx, said.clone());
        }
        said
    }
}

impl Said {
    fn of(context: &Context<'_>, sheet: &str, finding: &Finding) -> Self {
        let lang = context.lang;
        let behind = behind(context, finding);
        let finding = &seen_from(context, sheet, finding);
        let mut title = format!(
            "【{}】{}",
            words::level(finding.level, lang),
            words::title(finding, lang)
        );
        if let Some(rule) = &finding.rule {
            title.push_str(&format!(" [{rule}]"));
            if let Some(label) = context.rule_label(finding) {
                title.push_str(&format!(" {label}"));
            }
        }
        let mut more = String::new();
        for suspect in words::suspects(finding, 3, lang) {
            more.push_str(lang.pick("\n嫌疑：", "\nSuspect: "));
            more.push_str(&suspect);
        }
        if let Some(explanation) = &finding.explanation {
            more.push_str(lang.pick("\n审核说明：", "\nExplanation: "));
            more.push_str(&text::cut(explanation, 300));
        }
        Self {
            behind,
            about: finding.place.as_ref().and_then(|place| place.cell),
            title,
            facts: words::facts(finding, lang),
            advice: words::advice(finding, lang),
            more,
        }
    }
}

/// All findings of the cell `at` of a sheet: what, expected, what to do, and where in the return.
pub(super) fn findings_note(
    context: &Context<'_>,
    repeated: &mut Repeated,
    (sheet, at): (&str, CellRef),
    findings: &[Told],
    source: Option<Source>,
    leaf: usize,
) -> String {
    const SHOWN: usize = 6;
    let lang = context.lang;
    let mut blocks: Vec<String> = Vec::new();
    let mut all_behind = !findings.is_empty();
    for &(marked, idx) in findings.iter().take(SHOWN) {
        let said = repeated.said(context, sheet, idx);
        all_behind &= said.behind.is_some();
        if marked == Marked::Related {
            let cause = seen_from(context, sheet, &context.merged.findings[idx]);
            let here = Place::sheet(&Arc::from(""), &Arc::from(sheet), Some(at));
            if let Some(related) = words::related(&cause, &here, lang) {
                blocks.push(text::cut(&related, 600).into_owned());
                continue;
            }
        }
        let mut block = said.title;
        let mut facts = said.facts;
        // What is said of one cell may hold for others, of which this is one.
        let is_other = |about: &CellRef| said.behind.is_none() && *about != at;
        if let Some(about) = said.about.filter(is_other).filter(|_| !facts.is_empty()) {
            facts = format!("{about}{}{facts}", lang.pick("：", ": "));
        }
        for line in [said.behind.unwrap_or_default(), facts, said.advice] {
            if !line.is_empty() {
                block.push('\n');
                block.push_str(&text::cut(&line, 600));
            }
        }
        block.push_str(&said.more);
        blocks.push(block);
    }
    if findings.len() > SHOWN {
        let more = findings.len() - SHOWN;
        blocks.push(match lang {
            Lang::Zh => {
                format!("另有 {more} 条，见“{}”", context.layout.names.findings)
            }
            Lang::En => {
                format!("{more} more in sheet {}", context.layout.names.findings)
            }
        });
    }
    if let Some(source) = source.filter(|_| !all_behind) {
        let table = &context.merged.tables[source.table];
        let cell = table.cell(&table.rows[source.row], leaf);
        let cell = cell.map(|cell| format!("!{cell}")).unwrap_or_default();
        // The addresses above are those of this workbook, which the return does not share.
        blocks.push(format!(
            "{}{} {}{cell}",
            lang.pick("原表：", "In the return: "),
            table.file,
            table.sheet
        ));
    }
    blocks.join("\n\n")
}

/// Which cell of a return a finding is about, where none of its rows stands in this workbook as it is. Its other cells
/// are then named as the return has them too.
fn behind(context: &Context<'_>, finding: &Finding) -> Option<String> {
    let place = finding.place.as_ref()?;
    let is_missing = matches!(finding.detail, Detail::MissingTotal { .. });
    if !is_missing && !context.marks.is_behind(context.merged, place) {
        return None;
    }
    let row = finding.row.as_deref().filter(|row| !row.is_empty());
    let (file, sheet) = (&place.file, place.sheet.as_deref().unwrap_or_default());
    let cell = place.cell.map_or(String::new(), |cell| format!("!{cell}"));
    Some(match context.lang {
        Lang::Zh => {
            let row = row.map_or(String::new(), |row| format!("（{row}）"));
            format!("原表 {file} {sheet}{cell}{row}：")
        }
        Lang::En => {
            let row = row.map_or(String::new(), |row| format!(" ({row})"));
            format!("In the return, {file} {sheet}{cell}{row}:")
        }
    })
}

/// The finding with the addresses of this workbook, which its reader has in front of them, as far as its
/// cells came into it.
fn seen_from(context: &Context<'_>, sheet: &str, finding: &Finding) -> Finding {
    let here = |sheet: &str, cell| Place::sheet(&Arc::from(""), &Arc::from(sheet), cell);
    let mut finding = finding.clone();
    finding.change_places(&mut |place| {
        let spot = context.marks.spot_of(context.merged, place);
        if let Some((sheet, cell)) = spot.and_then(|spot| context.layout.cell(spot)) {
            *place = here(sheet, Some(cell));
        }
    });
    // What is about several cells is at none of them, but on this sheet.
    let own = finding.place.as_mut();
    if let Some(own) = own.filter(|own| own.cell.is_none()) {
        *own = here(sheet, None);
    }
    finding
}
