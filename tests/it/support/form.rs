//! Forms of the annexes as a clerk would fill them in, made from the scheme, and what they should be read as.

use hebiao::model::{Cell, CellRange, CellRef, CellValue, Date, Sheet, Table};
use hebiao::scheme::{ColumnKind, Rows, Scheme};

use crate::desk::{cell, row_name, shown_value, text};

/// A form before it is put on a sheet.
#[derive(Clone)]
pub(crate) struct Form<'s> {
    scheme: &'s Scheme,
    pub(crate) annex: usize,
    /// Name of the sheet.
    pub(crate) name: String,
    /// Lines above the header: cells by column.
    pub(crate) above: Vec<Vec<(u32, String)>>,
    /// The leaf under each column; `None` for a blank column.
    pub(crate) columns: Vec<Option<usize>>,
    /// The header of each leaf, from top to bottom.
    pub(crate) paths: Vec<Vec<String>>,
    /// Whether cells that belong together are merged; otherwise only the first is filled in.
    pub(crate) merged: bool,
    /// A row of column numbers below the header.
    pub(crate) code_row: bool,
    pub(crate) rows: Vec<FormRow>,
    /// Blank rows after each row.
    pub(crate) n_blank: u32,
    /// Lines below.
    pub(crate) below: Vec<Vec<(u32, String)>>,
    /// A list to the right of the form, from its header down.
    pub(crate) right: Vec<String>,
    /// The cell of its top left corner.
    pub(crate) at: (u32, u32),
    /// How texts are spelled.
    pub(crate) spell: fn(&str) -> String,
}

/// A row of a form.
#[derive(Clone)]
pub(crate) struct FormRow {
    pub(crate) spec: Option<usize>,
    /// As the table should name it.
    name: String,
    /// One for each leaf.
    pub(crate) cells: Vec<Option<CellValue>>,
}

impl<'s> Form<'s> {
    /// The form as the plan prints it, with a different value in each cell. Where no office returns the whole
    /// of it, the rows of one.
    pub(crate) fn of(scheme: &'s Scheme, number: &str) -> Self {
        let annex_idx = scheme.annex(number).expect(number);
        let annex = &scheme.annexes[annex_idx];
        let mut above = vec![
            vec![(0, annex.number.to_string())],
            vec![(0, annex.title.clone())],
        ];
        if let Some(line) = &annex.unit_line {
            above.push(vec![(annex.leaves.len() as u32 - 1, line.clone())]);
        }
        let mut form = Self {
            scheme,
            annex: annex_idx,
            name: annex.number.to_string(),
            above,
            columns: (0..annex.leaves.len()).map(Some).collect(),
            paths: annex.leaves.iter().map(|leaf| leaf.path.clone()).collect(),
            merged: true,
            code_row: false,
            rows: Vec::new(),
            n_blank: 0,
            below: Vec::new(),
            right: Vec::new(),
            at: (0, 0),
            spell: str::to_owned,
        };
        form.fill();
        if annex.responsible.is_none() {
            form.keep_rows_of(form.office());
        }
        form
    }

    fn fill(&mut self) {
        let annex = &self.scheme.annexes[self.annex];
        let n_rows = match &annex.rows {
            Rows::Register => 5,
            Rows::Fixed(specs) => specs.len(),
        };
        for row in 0..n_rows {
            let spec = annex.rows.fixed().get(row);
            let mut keys = Vec::new();
            let cells = (0..annex.leaves.len())
                .map(|leaf| {
                    let column = annex.leaves[leaf].column;
                    if annex.is_key(column) {
                        let value = match spec {
                            Some(spec) => text(&spec.printed[printed_at(annex, column)]),
                            None => register_value(annex.column_of(leaf).kind, row, leaf, true),
                        };
                        if Some(column) != annex.year_column {
                            keys.push(plain_text(&value));
                        }
                        return Some(value);
                    }
                    if let Some(printed) = spec.and_then(|spec| spec.cell(column)) {
                        return Some(text(printed));
                    }
                    Some(match annex.kind_of(leaf, spec.map(|_| row)) {
                        ColumnKind::Serial => CellValue::Number(serial(annex, row)),
                        kind => register_value(kind, row, leaf, false),
                    })
                })
                .collect();
            let (name, key) = match spec {
                Some(spec) => (spec.year, spec.key.join("·")),
                None => (None, keys.join("·")),
            };
            self.rows.push(FormRow {
                spec: spec.map(|_| row),
                name: format!(
                    "{key}{}",
                    name.map_or(String::new(), |year| format!("@{year}"))
                ),
                cells,
            });
        }
        if let Some(total) = &annex.total {
            let label_leaf = (0..annex.leaves.len())
                .find(|&leaf| annex.is_key(annex.leaves[leaf].column))
                .expect("a key column");
            let cells = (0..annex.leaves.len())
                .map(|leaf| match annex.column_of(leaf).kind {
                    _ if leaf == label_leaf => Some(text(&total.label(n_rows))),
                    ColumnKind::Additive => {
                        Some(register_value(ColumnKind::Additive, 80, leaf, false))
                    }
                    _ => None,
                })
                .collect();
            let row = FormRow {
                spec: None,
                name: "合计".to_owned(),
                cells,
            };
            let at = if total.at_top { 0 } else { self.rows.len() };
            self.rows.insert(at, row);
        }
        let notes = annex.notes.iter().map(|note| vec![(0, note.clone())]);
        self.below.extend(notes);
    }

    /// Who returns the whole of it, or the first to whom a row belongs.
    pub(crate) fn office(&self) -> &'s str {
        let annex = &self.scheme.annexes[self.annex];
        let first = annex.rows.fixed().first().and_then(|spec| spec.reporter());
        let office = annex.responsible.or(first).expect("an office");
        &self.scheme.reporters[office].name
    }

    /// Whether townships return it.
    pub(crate) fn by_township(&self) -> bool {
        self.scheme.annexes[self.annex].reporter_key.is_some()
    }

    /// Leaves only the rows that name this reporter.
    pub(crate) fn keep_rows_of(&mut self, reporter: &str) {
        let wanted = self.scheme.roster.find(reporter).expect(reporter).reporter;
        let specs = self.scheme.annexes[self.annex].rows.fixed();
        self.rows.retain(|row| {
            row.spec
                .is_some_and(|idx| specs[idx].reporters.contains(&wanted))
        });
    }

    /// Empties the rows that do not name this reporter.
    pub(crate) fn fill_only_rows_of(&mut self, reporter: &str) {
        let wanted = self.scheme.roster.find(reporter).expect(reporter).reporter;
        let annex = &self.scheme.annexes[self.annex];
        for row in &mut self.rows {
            let own = row
                .spec
                .is_some_and(|idx| annex.rows.fixed()[idx].reporters.contains(&wanted));
            if own {
                continue;
            }
            for (leaf, cell) in row.cells.iter_mut().enumerate() {
                if !annex.is_label(annex.leaves[leaf].column) {
                    *cell = None;
                }
            }
        }
    }

    /// Takes out the column of row numbers, if it has one.
    pub(crate) fn drop_serial(&mut self) {
        let annex = &self.scheme.annexes[self.annex];
        self.columns.retain(|leaf| {
            leaf.is_none_or(|leaf| annex.column_of(leaf).kind != ColumnKind::Serial)
        });
    }

    /// Puts the groups under the top header cells in the opposite order.
    pub(crate) fn reverse_groups(&mut self) {
        let mut groups: Vec<Vec<Option<usize>>> = Vec::new();
        for &leaf in &self.columns {
            let top = |leaf: Option<usize>| leaf.map(|leaf| self.paths[leaf][0].clone());
            match groups.last_mut() {
                Some(group) if top(group[0]) == top(leaf) => group.push(leaf),
                _ => groups.push(vec![leaf]),
            }
        }
        self.columns = groups.into_iter().rev().flatten().collect();
    }

    /// Writes a header cell, or a row label, otherwise.
    pub(crate) fn misprint(&mut self, printed: &str, otherwise: &str) {
        for level in self.paths.iter_mut().flatten() {
            if level == printed {
                *level = otherwise.to_owned();
            }
        }
        for cell in self
            .rows
            .iter_mut()
            .flat_map(|row| &mut row.cells)
            .flatten()
        {
            if *cell == text(printed) {
                *cell = text(otherwise);
            }
        }
    }

    /// The form on a sheet of its own.
    pub(crate) fn sheet(&self) -> Sheet {
        stack(&self.name, std::slice::from_ref(self))
    }

    /// What the table should hold: `row / header = value`, sorted.
    pub(crate) fn expected(&self) -> Vec<String> {
        let annex = &self.scheme.annexes[self.annex];
        let mut lines = Vec::new();
        for row in &self.rows {
            let is_own = |leaf: &usize| !annex.is_label(annex.leaves[*leaf].column);
            let values: Vec<String> = (0..annex.leaves.len())
                .filter(|leaf| is_own(leaf) && self.columns.contains(&Some(*leaf)))
                .filter_map(|leaf| {
                    let value = match row.cells[leaf].as_ref()? {
                        CellValue::Text(text) => format!("“{text}”"),
                        value => plain_text(value),
                    };
                    Some(format!(
                        "{} / {} = {value}",
                        row.name,
                        annex.leaves[leaf].path.join("/")
                    ))
                })
                .collect();
            lines.extend(values);
        }
        lines.sort();
        lines
    }

    fn put(&self, top: u32, cells: &mut Vec<Cell>, merges: &mut Vec<CellRange>) -> u32 {
        let left = self.at.1;
        let mut row = top + self.at.0;
        for line in &self.above {
            for (col, line) in line {
                cells.push(cell(row, left + col, text(&(self.spell)(line))));
            }
            row += 1;
        }
        let depth = self.paths.iter().map(Vec::len).max().unwrap_or(0);
        self.put_header(row, depth, cells, merges);
        for (idx, line) in self.right.iter().enumerate() {
            let col = left + self.columns.len() as u32 + 1;
            cells.push(cell(row + idx as u32, col, text(line)));
        }
        row += depth as u32;
        if self.code_row {
            for col in 0..self.columns.len() as u32 {
                cells.push(cell(row, left + col, text(&format!("（{}）", col + 1))));
            }
            row += 1;
        }
        row = self.put_rows(row, cells, merges);
        for line in &self.below {
            for (col, line) in line {
                cells.push(cell(row, left + col, text(line)));
            }
            row += 1;
        }
        row
    }

    fn put_header(
        &self,
        top: u32,
        depth: usize,
        cells: &mut Vec<Cell>,
        merges: &mut Vec<CellRange>,
    ) {
        let path = |col: usize| self.columns[col].map(|leaf| self.paths[leaf].as_slice());
        for level in 0..depth {
            let mut col = 0;
            while col < self.columns.len() {
                let Some(here) = path(col).filter(|path| path.len() > level) else {
                    col += 1;
                    continue;
                };
                let is_leaf = here.len() == level + 1;
                let mut end = col;
                // A group goes on over blank columns inside it.
                for next in col + 1..self.columns.len() {
                    match path(next) {
                        None => continue,
                        Some(path)
                            if !is_leaf
                                && path.len() > level + 1
                                && path[..=level] == here[..=level] =>
                        {
                            end = next;
                        }
                        Some(_) => break,
                    }
                }
                let bottom = if is_leaf { depth - 1 } else { level };
                let start = CellRef::new(top + level as u32, self.at.1 + col as u32);
                let corner = CellRef::new(top + bottom as u32, self.at.1 + end as u32);
                cells.push(cell(
                    start.row,
                    start.col,
                    text(&(self.spell)(&here[level])),
                ));
                if self.merged && start != corner {
                    merges.push(CellRange::new(start, corner));
                }
                col = end + 1;
            }
        }
    }

    fn put_rows(&self, top: u32, cells: &mut Vec<Cell>, merges: &mut Vec<CellRange>) -> u32 {
        let annex = &self.scheme.annexes[self.annex];
        let at = |row: usize| top + row as u32 * (1 + self.n_blank);
        for (col, leaf) in self.columns.iter().enumerate() {
            let Some(leaf) = *leaf else { continue };
            let col = self.at.1 + col as u32;
            let described = annex.column_of(leaf);
            let is_label =
                annex.is_label(annex.leaves[leaf].column) && described.kind != ColumnKind::Serial;
            let joins = described.merge_down && (is_label || described.kind == ColumnKind::Serial);
            let mut row = 0;
            while row < self.rows.len() {
                let mut end = row;
                while joins
                    && end + 1 < self.rows.len()
                    && self.rows[end + 1].cells[leaf].is_some()
                    && self.rows[end + 1].cells[leaf] == self.rows[row].cells[leaf]
                {
                    end += 1;
                }
                if let Some(value) = &self.rows[row].cells[leaf] {
                    let value = match value {
                        CellValue::Text(label) if is_label => text(&(self.spell)(label)),
                        value => value.clone(),
                    };
                    cells.push(cell(at(row), col, value));
                }
                if self.merged && end > row {
                    merges.push(CellRange::new(
                        CellRef::new(at(row), col),
                        CellRef::new(at(end), col),
                    ));
                }
                row = end + 1;
            }
        }
        at(self.rows.len())
    }
}

/// Forms below each other on one sheet.
pub(crate) fn stack(name: &str, forms: &[Form<'_>]) -> Sheet {
    let (mut cells, mut merges) = (Vec::new(), Vec::new());
    let mut top = 0;
    for form in forms {
        top = form.put(top, &mut cells, &mut merges) + 1;
    }
    Sheet::new(name.to_owned(), true, cells, merges)
}

/// Forms beside each other on one sheet, with so many blank columns between them.
pub(crate) fn side_by_side(forms: &[Form<'_>], gap: u32) -> Sheet {
    let (mut cells, mut merges) = (Vec::new(), Vec::new());
    let mut left = 0;
    for form in forms {
        let mut form = form.clone();
        form.at.1 += left;
        form.put(0, &mut cells, &mut merges);
        left = form.at.1 + form.columns.len() as u32 + gap;
    }
    Sheet::new("表".to_owned(), true, cells, merges)
}

/// What a table holds, as [`Form::expected`] says it.
pub(crate) fn held(scheme: &Scheme, table: &Table) -> Vec<String> {
    let annex = &scheme.annexes[table.annex];
    let mut lines = Vec::new();
    for row in &table.rows {
        for (leaf, entry) in row.entries.iter().enumerate() {
            let described = annex.column_of(leaf);
            if annex.is_key(annex.leaves[leaf].column)
                || described.kind == ColumnKind::Serial
                || entry.value == hebiao::model::Value::Missing
            {
                continue;
            }
            let header = annex.leaves[leaf].path.join("/");
            lines.push(format!(
                "{} / {header} = {}",
                row_name(row),
                shown_value(&entry.value)
            ));
        }
    }
    lines.sort();
    lines
}

/// Where among a row's printed labels a key column stands.
fn printed_at(annex: &hebiao::scheme::Annex, column: usize) -> usize {
    let keys: Vec<usize> = (0..annex.columns.len())
        .filter(|&idx| annex.is_key(idx))
        .collect();
    keys.iter()
        .position(|&key| key == column)
        .expect("a key column")
}

/// Merged row numbers stand once for the rows of a year.
fn serial(annex: &hebiao::scheme::Annex, row: usize) -> f64 {
    let joined = annex
        .columns
        .iter()
        .any(|column| column.kind == ColumnKind::Serial && column.merge_down);
    match annex.rows.fixed().get(row).and_then(|spec| spec.year) {
        Some(year) if joined => f64::from(year - 2022),
        _ => row as f64 + 1.0,
    }
}

fn register_value(kind: ColumnKind, row: usize, leaf: usize, is_key: bool) -> CellValue {
    let (row, leaf) = (row + 1, leaf + 1);
    match kind {
        ColumnKind::Additive | ColumnKind::Rate => {
            CellValue::Number((row * 100 + leaf) as f64 + 0.5)
        }
        ColumnKind::Date => {
            let date = Date::new(2023, Some(leaf as u8 % 12 + 1), Some(row as u8 % 28 + 1));
            CellValue::Date(date.expect("a date"))
        }
        ColumnKind::Text if is_key => text(&format!("城东供热站第{row}锅炉房")),
        ColumnKind::Code if is_key => text(&format!("1110652800201606{row:04}")),
        ColumnKind::Text => text(&format!("文字{row}之{leaf}")),
        _ => text(&format!("C{row:02}{leaf:02}")),
    }
}

fn plain_text(value: &CellValue) -> String {
    match value {
        CellValue::Text(text) => text.to_string(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Date(date) => date.to_string(),
        other => panic!("{other:?}"),
    }
}
