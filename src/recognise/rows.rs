//! Row labels: which row of a sheet is which row of an annex.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{
    AliasMatch, Cell, CellRange, CellRef, CellValue, Detail, Kind, Level, ReadAs, RowKind, Sheet,
};
use crate::scheme::{
    Annex, ColumnKind, NameMatch, RowSpec, Rows, Scheme, is_near, plain, without_remark,
};

use super::LayoutRow;
use super::header::Match;

/// The rows of a table, and what is odd about them.
pub(super) struct TableRows {
    pub(super) rows: Vec<LayoutRow>,
    pub(super) problems: Vec<RowProblem>,
    /// The first row below the table.
    pub(super) end: u32,
}

/// Something odd about a row.
pub(super) struct RowProblem {
    pub(super) kind: Kind,
    pub(super) level: Level,
    pub(super) detail: Detail,
    pub(super) cell: CellRef,
    pub(super) given: Option<String>,
    /// The reporter that a name was taken for.
    pub(super) reporter: Option<usize>,
}

/// How badly an annex fits the rows below a header; the smaller the better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    n_unknown: usize,
    n_lacking: usize,
    title_differs: usize,
}

/// How badly this annex fits the rows below the header.
pub(super) fn fit(
    scheme: &Scheme,
    annex: usize,
    sheet: &Sheet,
    header: &Match,
    title_differs: usize,
    starts_here: &dyn Fn(u32) -> bool,
) -> Fit {
    let table = read(scheme, annex, sheet, header, starts_here);
    let known = table.rows.iter().filter(|row| row.spec.is_some()).count();
    Fit {
        n_unknown: table
            .problems
            .iter()
            .filter(|problem| problem.kind == Kind::UnexpectedRow)
            .count(),
        n_lacking: scheme.annexes[annex]
            .rows
            .fixed()
            .len()
            .saturating_sub(known),
        title_differs,
    }
}

/// Reads the rows below a header, up to the next header or the end of the sheet.
pub(super) fn read(
    scheme: &Scheme,
    annex_idx: usize,
    sheet: &Sheet,
    header: &Match,
    starts_here: &dyn Fn(u32) -> bool,
) -> TableRows {
    let mut reader = RowReader::new(scheme, &scheme.annexes[annex_idx], sheet, header);
    let mut end = header.rows.1 + 1;
    for (row, _) in sheet.rows().filter(|(row, _)| *row > header.rows.1) {
        if starts_here(row) {
            break;
        }
        end = row + 1;
        reader.row(row);
    }
    TableRows {
        rows: reader.rows,
        problems: reader.problems,
        end,
    }
}

struct RowReader<'r> {
    scheme: &'r Scheme,
    annex: &'r Annex,
    sheet: &'r Sheet,
    first_col: u32,
    last_col: u32,
    /// Merged regions that hold labels.
    merges: Vec<CellRange>,
    /// Key columns other than the year's, by position in the key.
    key_cols: Vec<Option<u32>>,
    year_col: Option<u32>,
    /// Columns whose filling makes a row a row.
    content_cols: Vec<u32>,
    last_key_col: u32,
    /// Labels of the row above, for blanks that stand for them.
    above: Option<(Vec<String>, Option<u16>)>,
    names: HashMap<String, Option<NameMatch>>,
    rows: Vec<LayoutRow>,
    problems: Vec<RowProblem>,
}

impl<'r> RowReader<'r> {
    fn new(scheme: &'r Scheme, annex: &'r Annex, sheet: &'r Sheet, header: &Match) -> Self {
        let col_of = |column: usize| {
            let leaf = annex.leaves.iter().position(|leaf| leaf.column == column)?;
            header.columns[leaf]
        };
        let key_cols: Vec<Option<u32>> =
            annex.row_key.iter().map(|&column| col_of(column)).collect();
        let year_col = annex.year_column.and_then(col_of);
        let content = |leaf: usize| {
            let column = annex.column_of(leaf);
            column.kind != ColumnKind::Serial
                && !column.optional
                && !annex.is_key(annex.leaves[leaf].column)
        };
        let merges = sheet
            .merges
            .iter()
            .copied()
            .filter(|merge| merge.start.row > header.rows.1);
        Self {
            scheme,
            annex,
            sheet,
            first_col: header.first_col,
            last_col: header.last_col,
            merges: merges.collect(),
            last_key_col: key_cols
                .iter()
                .flatten()
                .copied()
                .chain(year_col)
                .max()
                .unwrap_or(header.first_col),
            key_cols,
            year_col,
            content_cols: (0..annex.leaves.len())
                .filter(|&leaf| content(leaf))
                .filter_map(|leaf| header.columns[leaf])
                .collect(),
            above: None,
            names: HashMap::new(),
            rows: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn row(&mut self, row: u32) {
        let cells = self.sheet.row(row);
        let cells: Vec<_> = cells
            .iter()
            .filter(|cell| (self.first_col..=self.last_col).contains(&cell.at.col))
            .collect();
        let Some(first) = cells.first() else { return };
        // A formula that comes to nothing, or a stray blank, fills in nothing.
        let filled = cells.iter().any(|cell| {
            self.content_cols.contains(&cell.at.col)
                && cell.text().is_none_or(|text| !text.trim().is_empty())
        });
        // Signatures stand in any column, under figures too.
        let has_number = cells
            .iter()
            .any(|cell| matches!(cell.value, CellValue::Number(_)));
        let is_remark = |cell: &&Cell| cell.text().is_some_and(|text| is_remark(&plain(text)));
        if !has_number && cells.iter().any(is_remark) {
            return;
        }
        if self.rows.is_empty()
            && is_code_row(&cells.iter().map(|cell| &cell.value).collect::<Vec<_>>())
        {
            return;
        }
        if let Some((cell, label)) = self.total_label(row) {
            self.above = None;
            self.total(row, cell, &label, filled);
            return;
        }
        let at = |col: Option<u32>| col.map(|col| self.origin(CellRef::new(row, col)));
        let label = |at: Option<CellRef>| at.and_then(|at| self.label(at)).unwrap_or_default();
        let mut keys: Vec<String> = self.key_cols.iter().map(|&col| label(at(col))).collect();
        let year_label = label(at(self.year_col));
        let mut year = year_in(&year_label);
        if let Some((above, year_above)) = &self.above {
            // A blank under a label stands for it, except in the column that tells rows apart.
            let last = keys.len().saturating_sub(1);
            for (idx, key) in keys.iter_mut().enumerate() {
                if key.is_empty() && idx < last && self.key_cols[idx].is_some() {
                    key.clone_from(&above[idx]);
                }
            }
            if year.is_none() && year_label.is_empty() && !keys.is_empty() {
                year = *year_above;
            }
        }
        let cell =
            at(self.key_cols.last().copied().flatten().or(self.year_col)).unwrap_or(first.at);
        self.above = Some((keys.clone(), year));
        if keys.iter().all(String::is_empty) && year.is_none() {
            // A lone remark or a stray mark is no row.
            if filled && cells.len() > 1 {
                self.unexpected(cell, year_label, None);
            }
            return;
        }
        match &self.annex.rows {
            Rows::Register => self.register_row(row, cell, keys, year, filled),
            Rows::Fixed(specs) => self.fixed_row(specs, row, cell, keys, year, year_label, filled),
        }
    }

    fn register_row(
        &mut self,
        row: u32,
        cell: CellRef,
        keys: Vec<String>,
        year: Option<u16>,
        filled: bool,
    ) {
        if !filled {
            return;
        }
        let reporter = self
            .annex
            .reporter_key
            .and_then(|idx| self.reporter(&keys[idx]));
        if let Some(found) = reporter {
            self.note_alias(
                cell,
                &keys[self.annex.reporter_key.unwrap_or_default()],
                found,
            );
        }
        let key: Box<[Arc<str>]> = keys.iter().map(|key| Arc::from(key.as_str())).collect();
        self.rows.push(LayoutRow {
            sheet_row: row,
            kind: RowKind::Data,
            spec: None,
            key,
            year,
            reporter: reporter.map(|found| found.reporter),
            stated_count: None,
            unit: None,
            filled,
        });
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one row, used once")]
    fn fixed_row(
        &mut self,
        specs: &'r [RowSpec],
        row: u32,
        cell: CellRef,
        keys: Vec<String>,
        year: Option<u16>,
        year_label: String,
        filled: bool,
    ) {
        let reporter = self
            .annex
            .reporter_key
            .and_then(|idx| self.reporter(&keys[idx]));
        let mut best: Vec<(usize, usize)> = Vec::new();
        for (idx, spec) in specs.iter().enumerate() {
            if let Some(cost) = self.cost(spec, &keys, year, reporter) {
                best.push((cost, idx));
            }
        }
        best.sort_unstable();
        let found = match best[..] {
            [(cost, idx), (next, _), ..] => (cost < next).then_some((cost, idx)),
            [only] => Some(only),
            [] => None,
        };
        let Some((cost, idx)) = found else {
            if filled {
                let label = keys
                    .iter()
                    .filter(|key| !key.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("·");
                let label = if label.is_empty() { year_label } else { label };
                let near = specs
                    .iter()
                    .map(|spec| spec.key.join("·"))
                    .map(|name| (strsim::normalized_damerau_levenshtein(&name, &label), name))
                    .filter(|(similarity, _)| *similarity >= 0.5)
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                self.unexpected(cell, label, near.map(|(_, name)| name));
            }
            return;
        };
        let spec = &specs[idx];
        if let Some(first) = self
            .rows
            .iter()
            .find(|row| row.spec == Some(idx) && row.filled)
        {
            if filled {
                let first = CellRef::new(first.sheet_row, cell.col);
                let label = spec.key.join("·");
                let detail = Detail::ReadAs(ReadAs::RepeatedRow {
                    label: label.clone(),
                    first,
                });
                self.problem(
                    Kind::ReadAs,
                    Level::QuasiMandatory,
                    detail,
                    cell,
                    Some(label),
                );
            }
            return;
        }
        if filled {
            if let (Some(found), Some(key)) = (reporter, self.annex.reporter_key) {
                self.note_alias(cell, &keys[key], found);
            }
            if cost >= NEAR {
                let declared = spec.key.join("·");
                let detail = Detail::ReadAs(ReadAs::RowLabel { declared });
                self.problem(
                    Kind::ReadAs,
                    Level::Hint,
                    detail,
                    cell,
                    Some(keys.join("·")),
                );
            }
        }
        let unit = keys.last().and_then(|key| {
            without_remark(key)
                .1
                .and_then(|unit| self.scheme.units.find(unit))
        });
        self.rows.push(LayoutRow {
            sheet_row: row,
            kind: RowKind::Data,
            spec: Some(idx),
            key: spec.key.clone(),
            year: spec.year,
            reporter: spec.reporter,
            stated_count: None,
            unit: unit.filter(|unit| Some(*unit) != spec.unit),
            filled,
        });
    }

    /// How far the labels are from a row's: nothing for the row itself, `None` if it is another.
    fn cost(
        &self,
        spec: &RowSpec,
        keys: &[String],
        year: Option<u16>,
        reporter: Option<NameMatch>,
    ) -> Option<usize> {
        if spec.year.is_some() && spec.year != year {
            return None;
        }
        let mut cost = 0;
        for (idx, (declared, given)) in spec.key.iter().zip(keys).enumerate() {
            let declared = plain(declared);
            let base = without_remark(given).0;
            cost += if given.is_empty() {
                BLANK
            } else if declared == *given || declared == base || without_remark(&declared).0 == base
            {
                0
            } else if Some(idx) == self.annex.reporter_key {
                match reporter {
                    Some(found) if Some(found.reporter) == spec.reporter => 1,
                    _ => return None,
                }
            } else if is_near(&declared, base) {
                NEAR
            } else {
                return None;
            };
        }
        let all_blank = !keys.is_empty() && keys.iter().all(String::is_empty);
        (!all_blank).then_some(cost)
    }

    fn total(&mut self, row: u32, cell: CellRef, label: &str, filled: bool) {
        let earlier = self.rows.iter().any(|row| row.kind == RowKind::Total);
        if !filled {
            return;
        }
        if self.annex.total.is_none() || earlier || label.contains("小计") {
            let detail = Detail::UnexpectedRow {
                label: label.to_owned(),
                nearest: None,
            };
            self.problem(
                Kind::UnexpectedRow,
                Level::Hint,
                detail,
                cell,
                Some(label.to_owned()),
            );
            return;
        }
        let digits: String = without_remark(label)
            .1
            .unwrap_or("")
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        self.rows.push(LayoutRow {
            sheet_row: row,
            kind: RowKind::Total,
            spec: None,
            key: Box::default(),
            year: None,
            reporter: None,
            stated_count: digits.parse().ok(),
            unit: None,
            filled,
        });
    }

    /// The label of a total row: 合计, 全县合计, 合计（10个乡、镇）, in any column up to the last key.
    fn total_label(&self, row: u32) -> Option<(CellRef, String)> {
        let labels = self
            .sheet
            .row(row)
            .iter()
            .filter(|cell| (self.first_col..=self.last_key_col).contains(&cell.at.col));
        for cell in labels {
            let Some(text) = cell.text() else { continue };
            let label = plain(text);
            let base = without_remark(&label).0;
            let own = self
                .annex
                .total
                .as_ref()
                .is_some_and(|total| without_remark(&plain(&total.label)).0 == base);
            let is_total = own
                || base == "全县"
                || ["合计", "总计", "共计", "小计"]
                    .iter()
                    .any(|word| base.ends_with(word));
            let is_row = self
                .annex
                .rows
                .fixed()
                .iter()
                .any(|spec| spec.key.iter().any(|key| *plain(key) == *label));
            if is_total && !is_row {
                return Some((cell.at, label.into_owned()));
            }
        }
        None
    }

    fn reporter(&mut self, name: &str) -> Option<NameMatch> {
        if name.is_empty() {
            return None;
        }
        if let Some(found) = self.names.get(name) {
            return *found;
        }
        let found = self.scheme.roster.find(name).ok();
        self.names.insert(name.to_owned(), found);
        found
    }

    fn note_alias(&mut self, cell: CellRef, given: &str, found: NameMatch) {
        if let Some((level, how)) = alias_problem(self.scheme, given, found) {
            self.problems.push(RowProblem {
                kind: Kind::Alias,
                level,
                detail: Detail::Alias { how },
                cell,
                given: Some(given.to_owned()),
                reporter: Some(found.reporter),
            });
        }
    }

    fn unexpected(&mut self, cell: CellRef, label: String, nearest: Option<String>) {
        let detail = Detail::UnexpectedRow {
            label: label.clone(),
            nearest,
        };
        self.problem(
            Kind::UnexpectedRow,
            Level::QuasiMandatory,
            detail,
            cell,
            Some(label),
        );
    }

    fn problem(
        &mut self,
        kind: Kind,
        level: Level,
        detail: Detail,
        cell: CellRef,
        given: Option<String>,
    ) {
        self.problems.push(RowProblem {
            kind,
            level,
            detail,
            cell,
            given,
            reporter: None,
        });
    }

    fn origin(&self, cell: CellRef) -> CellRef {
        self.merges
            .iter()
            .find(|merge| merge.contains(cell))
            .map_or(cell, |merge| merge.start)
    }

    fn label(&self, at: CellRef) -> Option<String> {
        Some(match &self.sheet.get(at)?.value {
            CellValue::Text(text) => plain(text).into_owned(),
            CellValue::Number(number) => number.to_string(),
            CellValue::Date(date) => date.to_string(),
            _ => return None,
        })
    }
}

/// Cost of a label that is a misprint, and of one that is blank; more than any number of aliases.
const NEAR: usize = 100;
const BLANK: usize = 10;

/// The level of an alias finding; `None` where the spelling is the roster's or only shorter or longer.
pub(super) fn alias_problem(
    scheme: &Scheme,
    given: &str,
    found: NameMatch,
) -> Option<(Level, AliasMatch)> {
    let how = found.how?;
    let name = plain(&scheme.reporters[found.reporter].name).into_owned();
    match how {
        AliasMatch::Listed if name.contains(given) || given.contains(&name) => None,
        // Spelled with as many characters, it is the same name otherwise; 州生态环境局 for 县生态环境局 is another.
        AliasMatch::Listed if name.chars().count() != given.chars().count() => None,
        AliasMatch::Listed => Some((Level::Hint, how)),
        _ => Some((Level::Verification, how)),
    }
}

/// Lines below a table: notes and signatures.
fn is_remark(plain: &str) -> bool {
    const STARTS: [&str; 20] = [
        "单位负责",
        "经办",
        "注:",
        "注1",
        "备注:",
        "说明",
        "填表说明",
        "填表人",
        "填报人",
        "制表",
        "审核",
        "负责人",
        "单位负责人",
        "主要领导",
        "分管领导",
        "联系",
        "填表日期",
        "填报日期",
        "报送日期",
        "日期:",
    ];
    STARTS.iter().any(|start| plain.starts_with(start))
}

/// A row of column codes below a header: 甲 乙 1 2 3, or （1） （2）.
fn is_code_row(values: &[&CellValue]) -> bool {
    let code = |value: &CellValue| match value {
        CellValue::Number(number) => number.fract() == 0.0 && (1.0..=100.0).contains(number),
        CellValue::Text(text) => {
            let text = plain(text);
            let inner = text.trim_start_matches('(').trim_end_matches(')');
            matches!(inner, "甲" | "乙" | "丙" | "丁" | "栏次")
                || inner
                    .chars()
                    .all(|c| c.is_ascii_digit() || "=+-".contains(c))
        }
        _ => false,
    };
    let marked = |value: &CellValue| {
        matches!(value, CellValue::Text(text) if {
            let text = plain(text);
            text.starts_with('(') || matches!(text.as_ref(), "甲" | "乙" | "栏次")
        })
    };
    values.len() > 1
        && values.iter().all(|value| code(value))
        && values.iter().any(|value| marked(value))
}

/// The year in 2023年, 2023年度 or 2023.
fn year_in(label: &str) -> Option<u16> {
    let digits: String = label
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits
        .parse()
        .ok()
        .filter(|year| (1990..2100).contains(year))
}
