//! Turns recognised forms into tables of exact values.
//!
//! Full-width digits, thousands separators, units and date spellings end here: later stages see one
//! form of each. Every value keeps its cell, and the text it came from where that says it otherwise.
//! Whether a value is *right* is for [`check`](crate::check).

mod date;
mod dated;
mod formula;
mod meaning;
mod number;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{
    Amount, Cause, Cell, CellRef, CellValue, Cells, Computes, Date, Detail, Doubt, Entry, Finding,
    Formula, Kind, Level, Note, Noted, Period, Place, ReadAs, Row, RowKind, Sheet, Shows, Table,
    Value, Wanted, is_unseen,
};
use crate::recognise::{Layout, LayoutRow, Who};
use crate::scheme::{
    Annex, ColumnKind, Print, Relation, ReturnedBy, RowSpec, Rows, Scheme, is_shortened, plain,
};

pub use dated::dated;
pub(crate) use number::typed_number;

use date::{is_no_such_day, read_date};
use formula::{Sum, computes, plain_sum};
use meaning::reckoned;
use number::{Asked, Doubtful, Reading, read_number, says_nothing};

/// Reads the values of one recognised form.
pub fn normalise(
    scheme: &Scheme,
    period: Period,
    file: &Arc<str>,
    sheet: &Sheet,
    layout: &Layout,
    who: Who,
) -> (Table, Vec<Finding>) {
    let annex = &scheme.annexes[layout.annex];
    let sheet_name: Arc<str> = Arc::from(sheet.name.as_str());
    let mut form = Form {
        scheme,
        annex,
        sheet,
        layout,
        file,
        sheet_name: sheet_name.clone(),
        reporter: who.reporter,
        period,
        percent: scheme.units.find("%"),
        line_unit: None,
        line_units: Vec::new(),
        originals: Vec::new(),
        notes: Vec::new(),
        formulas: Vec::new(),
        cells_left: MAX_ADDED_UP,
        departures: Vec::new(),
        unit_notes: HashMap::new(),
        inexact: HashMap::new(),
        said: HashMap::new(),
        added_up: Vec::new(),
        broken: Vec::new(),
        findings: Vec::new(),
    };
    form.unit_line();
    let mut rows = Vec::new();
    for row in layout.rows.iter().filter(|row| row.filled) {
        // A formula of a row that nobody has touched comes to nothing.
        match form.row(row, rows.len()) {
            Some(read) => rows.push(read),
            None => {
                let row = rows.len() as u32;
                form.formulas.retain(|formula| formula.row < row);
            }
        }
    }
    form.missing_rows(&rows);
    form.missing_total(&rows);
    form.replaced_formulas(&rows);
    form.say_departures();
    form.say_added_up();
    form.say_broken();
    let mut findings = form.findings;
    for finding in &mut findings {
        finding.annex = Some(annex.number.clone());
        if finding.reporter.is_none() {
            finding.reporter = who.reporter.map(|idx| scheme.reporters[idx].name.clone());
        }
    }
    let table = Table {
        annex: layout.annex,
        period,
        file: file.clone(),
        sheet: sheet_name,
        reporter: who.reporter,
        columns: layout.columns.clone(),
        originals: form.originals,
        notes: form.notes,
        formulas: form.formulas,
        blank_rows: blank_rows(layout, &rows),
        rows,
    };
    (table, findings)
}

struct Form<'f> {
    scheme: &'f Scheme,
    annex: &'f Annex,
    sheet: &'f Sheet,
    layout: &'f Layout,
    file: &'f Arc<str>,
    sheet_name: Arc<str>,
    reporter: Option<usize>,
    period: Period,
    percent: Option<usize>,
    /// The unit that the unit line states, where figures must be converted from it.
    line_unit: Option<usize>,
    /// Where each column has a unit of its own: unit → the unit that the unit line states instead.
    line_units: Vec<(usize, usize)>,
    originals: Vec<(u32, u32, Box<str>)>,
    notes: Vec<Note>,
    formulas: Vec<Formula>,
    /// How many cells may still be added up to see what formulas should have come to.
    cells_left: u64,
    /// What was understood in a way worth saying.
    departures: Vec<Departure>,
    /// The finding that says of a row or column that its figures are in another unit.
    unit_notes: HashMap<(UnitSource, usize, bool), usize>,
    /// The finding that says of a row or column that its figures do not convert exactly.
    inexact: HashMap<(UnitSource, usize), usize>,
    /// How many findings of a kind and level there are, and the last.
    said: HashMap<(Kind, Level), (usize, usize)>,
    /// Plain sums that were never calculated: cell, formula, what it comes to.
    added_up: Vec<(CellRef, String, Amount)>,
    /// Formulas without a result, by what came instead: the first with what it says, and the others.
    broken: Vec<(Option<&'static str>, CellRef, String, Vec<Place>)>,
    findings: Vec<Finding>,
}

/// A way of reading that is worth saying, with the first cell that was read so, and the others.
struct Departure {
    how: ReadAs,
    cell: CellRef,
    typed: String,
    read: String,
    others: Cells,
}

/// What states the unit of a figure.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum UnitSource {
    Line,
    Row(u32),
    Columns,
    Cell,
}

/// Where a figure stands, and what is asked for there.
#[derive(Clone, Copy)]
struct FigureSpot {
    row_idx: usize,
    leaf: usize,
    /// The annex's unit.
    declared: Option<usize>,
    /// The unit that the form states instead, and where.
    stated: Option<(usize, UnitSource)>,
    decimals: u8,
    is_percent: bool,
}

/// A day before this year is a figure in a cell that shows dates.
const EARLIEST_DAY: u16 = 1950;

/// A sheet whose formulas add up more cells is not added up once more.
const MAX_ADDED_UP: u64 = 2_000_000;
/// More findings of one kind in one form than this are told of together.
const MAX_SAME: usize = 200;

impl Form<'_> {
    /// Compares the unit line with the annex.
    fn unit_line(&mut self) {
        let Some(declared) = self.annex.unit else {
            self.units_of_columns();
            return;
        };
        let name = self.scheme.units.name(declared).clone();
        let Some((cell, unit, printed)) = self.layout.unit.clone() else {
            if self.annex.unit_line.is_some() && !self.headers_state_units() {
                let corner = self.corner();
                let detail = Detail::UnitMissing {
                    declared: name.clone(),
                };
                let finding = Finding::new(Kind::UnitMissing, Level::Hint, detail).expected(&*name);
                self.push(finding, corner);
            }
            return;
        };
        if unit == Some(declared) {
            return;
        }
        // 单位：万亩、万元 names the units of several columns.
        if self.units_in(&printed).is_some_and(|units| units.len() > 1) {
            self.units_of_columns();
            return;
        }
        let convertible = unit.filter(|&unit| self.scheme.units.convertible(unit, declared));
        let (level, detail) = match (unit, convertible) {
            (_, Some(unit)) => {
                self.line_unit = Some(unit);
                (
                    Level::Verification,
                    Detail::UnitDiffers {
                        printed: printed.clone(),
                        declared: name.clone(),
                        converted: true,
                    },
                )
            }
            (Some(unit), None) => {
                self.line_unit = Some(unit);
                (
                    Level::Mandatory,
                    Detail::UnitDiffers {
                        printed: printed.clone(),
                        declared: name.clone(),
                        converted: false,
                    },
                )
            }
            (None, None) => (
                Level::QuasiMandatory,
                Detail::UnitUnknown {
                    printed: printed.clone(),
                    declared: name.clone(),
                },
            ),
        };
        let finding = Finding::new(Kind::UnitDiffers, level, detail)
            .given(printed)
            .expected(&*name);
        self.push(finding, Some(cell));
    }

    /// Whether every figure's unit stands above its column.
    fn headers_state_units(&self) -> bool {
        let mut leaves = 0..self.annex.leaves.len();
        leaves.all(|leaf| {
            let is_figure = self.annex.kind_of(leaf, None).is_figure();
            !is_figure
                || self.layout.columns[leaf].is_none()
                || self.layout.column_units[leaf].is_some()
        })
    }

    /// Compares the unit line with columns that have units of their own, where no header states them.
    fn units_of_columns(&mut self) {
        let Some((cell, _, printed)) = self.layout.unit.clone() else {
            return;
        };
        let Some(stated) = self.units_in(&printed) else {
            return;
        };
        let units = &self.scheme.units;
        let mut differ: Vec<(usize, usize)> = Vec::new();
        for leaf in 0..self.annex.leaves.len() {
            let is_open =
                self.layout.columns[leaf].is_some() && self.layout.column_units[leaf].is_none();
            let declared = self.annex.column_of(leaf).unit.filter(|_| is_open);
            let Some(declared) = declared.filter(|unit| !stated.contains(unit)) else {
                continue;
            };
            let mut fits = stated
                .iter()
                .filter(|&&unit| units.convertible(unit, declared));
            if let (Some(&unit), None) = (fits.next(), fits.next())
                && !differ.contains(&(declared, unit))
            {
                differ.push((declared, unit));
            }
        }
        let Some(&(declared, _)) = differ.first() else {
            return;
        };
        let declared = units.name(declared).clone();
        let detail = Detail::UnitDiffers {
            printed: printed.clone(),
            declared: declared.clone(),
            converted: true,
        };
        let finding = Finding::new(Kind::UnitDiffers, Level::Verification, detail)
            .given(printed)
            .expected(&*declared);
        self.line_units = differ;
        self.push(finding, Some(cell));
    }

    /// The units in 万亩、万元, if they are units.
    fn units_in(&self, printed: &str) -> Option<Vec<usize>> {
        printed
            .split(['、', ',', '，', ';'])
            .map(|part| self.scheme.units.find(part))
            .collect()
    }

    /// The top left cell of the table.
    fn corner(&self) -> Option<CellRef> {
        let first = self.layout.columns.iter().flatten().min();
        first.map(|col| CellRef::new(self.layout.header_row, *col))
    }

    fn row(&mut self, row: &LayoutRow, row_idx: usize) -> Option<Row> {
        let n_leaves = self.annex.leaves.len();
        let cells = self.sheet.row(row.sheet_row);
        let mut entries = Vec::with_capacity(n_leaves);
        for leaf in 0..n_leaves {
            let column = self.annex.leaves[leaf].column;
            let kind = self.annex.kind_of(leaf, row.spec);
            // Neither holds data; the year is the row's.
            if kind == ColumnKind::Serial || kind == ColumnKind::Year {
                entries.push(Entry::MISSING);
                continue;
            }
            let cell = self.layout.columns[leaf].and_then(|col| {
                let idx = cells.binary_search_by_key(&col, |cell| cell.at.col).ok()?;
                Some(&cells[idx])
            });
            let position = self.annex.row_key.iter().position(|&key| key == column);
            let is_register = matches!(self.annex.rows, Rows::Register);
            // Fixed rows are named as the annex names them; a register's are what was filled in, here or in
            // the cell above that stands for it.
            if let Some(position) = position.filter(|_| !(is_register && cell.is_some())) {
                let value = row.key.get(position).map_or(Value::Missing, |key| {
                    let is_date = kind == ColumnKind::Date;
                    match is_date.then(|| read_date(key)).flatten() {
                        Some(read) => Value::Date(read.date),
                        None if key.is_empty() => Value::Missing,
                        None => Value::Text((&**key).into()),
                    }
                });
                entries.push(Entry {
                    value,
                    formula: false,
                });
                continue;
            }
            if self.annex.columns[column].print.is_some() {
                self.printed(row, column, cell);
                entries.push(Entry::MISSING);
                continue;
            }
            entries.push(match cell {
                Some(cell) => self.entry(row, row_idx, leaf, kind, cell),
                None => Entry::MISSING,
            });
        }
        let mut key = row.key.clone();
        if let Rows::Register = self.annex.rows {
            // A date in a key has one spelling too.
            for (position, &column) in self.annex.row_key.iter().enumerate() {
                let leaf = self.annex.leaf(column, None);
                let value = leaf.map(|leaf| &entries[leaf].value);
                if let Some(value @ (Value::Date(_) | Value::Amount(_))) = value
                    && row.kind == RowKind::Data
                {
                    key[position] = Arc::from(value.to_string());
                }
            }
        }
        let row = Row {
            kind: row.kind,
            spec: row.spec,
            key,
            year: row.year,
            reporter: self.about(row),
            sheet_row: row.sheet_row,
            stated_count: row.stated_count,
            entries: entries.into_boxed_slice(),
        };
        let is_printed = |leaf: usize| {
            matches!(self.annex.rows, Rows::Fixed(_))
                && self.annex.is_key(self.annex.leaves[leaf].column)
        };
        let mut entries = row.entries.iter().enumerate();
        let is_blank = entries.all(|(leaf, entry)| entry.value.is_missing() || is_printed(leaf));
        let mut merged = self.layout.merged.iter().flat_map(|merged| &merged.cells);
        if is_blank && !merged.any(|cell| cell.row == row.sheet_row) {
            return None;
        }
        self.missing_values(&row);
        Some(row)
    }

    /// Whom a row is about. One that several reporters share is, in each one's form, that one's.
    fn about(&self, row: &LayoutRow) -> Option<usize> {
        let spec = row.spec.map(|spec| &self.annex.rows.fixed()[spec]);
        let is_own = |reporter: &usize| spec.is_some_and(|spec| spec.reporters.contains(reporter));
        let own = self.reporter.filter(is_own);
        own.or(row.reporter).or(self.reporter)
    }

    /// What the scheme prints is taken from the scheme. Long texts may come back shorter, but another target
    /// or another year must not pass unseen.
    fn printed(&mut self, row: &LayoutRow, column: usize, cell: Option<&Cell>) {
        let spec = row.spec.map(|spec| &self.annex.rows.fixed()[spec]);
        let declared = spec.and_then(|spec| spec.cell(column));
        let (Some(declared), Some(cell)) = (declared, cell) else {
            return;
        };
        let given = shown(&cell.value);
        let (whole, text) = (plain(declared), plain(&given));
        if text.is_empty() || whole == text || is_shortened(&whole, &text) {
            return;
        }
        if self.annex.columns[column].print == Some(Print::Row) {
            self.departed(ReadAs::Printed, cell.at, &given, declared.to_owned());
            return;
        }
        let detail = Detail::ReadAs(ReadAs::Printed);
        let finding = Finding::new(Kind::ReadAs, Level::Verification, detail)
            .given(given)
            .expected(declared);
        self.push(finding, Some(cell.at));
    }

    fn entry(
        &mut self,
        row: &LayoutRow,
        row_idx: usize,
        leaf: usize,
        kind: ColumnKind,
        cell: &Cell,
    ) -> Entry {
        let value = match (&cell.value, kind) {
            (CellValue::Error(error), _) => self.formula_error(cell, Some(error)),
            (CellValue::NotCalculated, _) => {
                let sum = cell.formula.as_deref().filter(|_| kind.is_figure());
                match sum.and_then(|formula| plain_sum(self.sheet, formula)) {
                    Some(Sum::Blank) => Value::Missing,
                    Some(Sum::Of(sum)) => self.added_up(row, row_idx, leaf, cell, sum),
                    None => self.formula_error(cell, None),
                }
            }
            // A program that fills in a form may leave the blank that a sum came to while there was
            // nothing to add up.
            (CellValue::Text(text), _) if text.trim().is_empty() && kind.is_figure() => {
                let sum = cell.formula.as_deref();
                match sum.and_then(|formula| plain_sum(self.sheet, formula)) {
                    Some(Sum::Of(sum)) => self.added_up(row, row_idx, leaf, cell, sum),
                    _ => Value::Missing,
                }
            }
            (_, ColumnKind::Additive | ColumnKind::Rate) => self.figure(row, row_idx, leaf, cell),
            (_, ColumnKind::Date) => self.date(row_idx, leaf, cell),
            (_, ColumnKind::Code) => self.code(cell),
            (value, ColumnKind::Text | ColumnKind::Reporter) => text_value(value),
            (value, ColumnKind::Serial | ColumnKind::Year) => text_value(value),
        };
        if let Some(formula) = cell.formula.as_deref().filter(|_| kind.is_figure()) {
            let does = computes(self.sheet, formula, &mut self.cells_left);
            self.formula(row, leaf, cell, (formula, &does));
            self.formulas.push(Formula {
                row: row_idx as u32,
                leaf: leaf as u32,
                does,
            });
        }
        Entry {
            value,
            formula: cell.formula.is_some(),
        }
    }

    /// Says of a formula that its result may not be what the clerk thinks it is.
    fn formula(
        &mut self,
        row: &LayoutRow,
        leaf: usize,
        cell: &Cell,
        (formula, does): (&str, &Computes),
    ) {
        let CellValue::Number(saved) = cell.value else {
            return;
        };
        let formula = formula.to_owned();
        let (how, level, taken) = match does {
            Computes::External(_) => (
                ReadAs::OtherWorkbook { formula },
                Level::Hint,
                shown(&cell.value),
            ),
            Computes::Sum {
                result: Some(result),
                ..
            } => {
                let off = (result.to_float() - saved).abs();
                // A total that is held against its parts is told of where it fails.
                if off <= 1e-6 * saved.abs().max(1.0) || self.is_checked_total(row, leaf) {
                    return;
                }
                let result = result.normalised().to_string();
                (ReadAs::OutOfDate { formula }, Level::Verification, result)
            }
            _ => return,
        };
        let finding = Finding::new(Kind::ReadAs, level, Detail::ReadAs(how))
            .given(shown(&cell.value))
            .expected(taken);
        self.push(finding, Some(cell.at));
    }

    /// Whether some rule adds up what stands in a cell.
    fn is_checked_total(&self, row: &LayoutRow, leaf: usize) -> bool {
        let column = self.annex.leaves[leaf].column;
        let number = &self.annex.number;
        row.kind == RowKind::Total || self.scheme.rules.iter().any(|rule| {
            let is_own = rule
                .annex
                .is_some_and(|idx| self.scheme.annexes[idx].number == *number);
            is_own
                && matches!(&rule.relation, Relation::Sum { total, .. } if total.column == column)
        })
    }

    fn figure(&mut self, row: &LayoutRow, row_idx: usize, leaf: usize, cell: &Cell) -> Value {
        let declared = self.scheme.unit_of(self.annex, leaf, row.spec);
        let stated = self.stated_unit(row, leaf, declared);
        let spot = FigureSpot {
            row_idx,
            leaf,
            declared,
            stated,
            decimals: self.annex.decimals_of(leaf, row.spec),
            is_percent: declared.is_some() && declared == self.percent,
        };
        if let Some(left) = self.sheet.left_of_struck(cell.at) {
            return self.struck(spot, cell, Cause::StruckPart, &CellValue::Text(left.into()));
        }
        if cell.format.is_struck {
            return self.struck(spot, cell, Cause::Struck, &cell.value);
        }
        match &cell.value {
            CellValue::Number(number) => self.number(spot, *number, cell),
            CellValue::Text(text) => self.text_figure(spot, text, cell),
            CellValue::Date(date) => {
                // Nobody fills in a form about so early a day, so it is the figure that is shown as one.
                let is_figure = date.year < EARLIEST_DAY;
                // Of a month that is shown without its day the number is not known.
                let serial = date.day.map(|_| Amount::from(self.serial_of(*date)));
                let doubt = Doubt {
                    readings: serial.into_iter().collect(),
                    is_about: false,
                    only_if_proven: !is_figure,
                };
                self.doubtful(spot, cell, vec![Cause::Date], doubt)
            }
            CellValue::Bool(_) => self.not_a_number(cell, Wanted::Number, Vec::new()),
            CellValue::Error(_) | CellValue::NotCalculated => Value::Missing,
        }
    }

    fn number(&mut self, spot: FigureSpot, number: f64, cell: &Cell) -> Value {
        let decimals = cell.format.decimals.unwrap_or(0);
        let hundredfold = || {
            let share = Amount::from_float(number, 0)?;
            share.checked_mul(Amount::from(100)).map(Amount::normalised)
        };
        match cell.format.shows {
            Shows::Time => {
                return self.doubtful(spot, cell, vec![Cause::Time], Doubt::without_reading());
            }
            Shows::Date if number.fract() != 0.0 && number > 0.0 => {
                let reading = Amount::from_float(number, 0);
                let doubt = Doubt::of(reading.into_iter().collect());
                return self.doubtful(spot, cell, vec![Cause::Date], doubt);
            }
            Shows::Figure | Shows::Date | Shows::Nothing => {}
        }
        if cell.format.percent {
            return match hundredfold() {
                Some(mut amount) if spot.is_percent => {
                    if amount.decimals() < decimals {
                        amount.0.rescale(u32::from(decimals));
                    }
                    self.sized(amount, cell)
                }
                None if spot.is_percent && number.abs() < 1.0 => {
                    self.refused(cell, Detail::TooLong)
                }
                None if spot.is_percent => self.refused(cell, Detail::TooLarge),
                // A figure typed into a cell of percentages is kept as its hundredth.
                typed => {
                    let kept = Amount::from_float(number, 0);
                    let doubt = Doubt::of(typed.into_iter().chain(kept).collect());
                    self.doubtful(spot, cell, vec![Cause::PercentFormat], doubt)
                }
            };
        }
        let Some(amount) = Amount::from_float(number, decimals) else {
            return match number.abs() < 1.0 {
                true => self.refused(cell, Detail::TooLong),
                false => self.refused(cell, Detail::TooLarge),
            };
        };
        let value = self.in_unit(amount, spot, None, cell);
        if let Value::Amount(read) = &value {
            self.shown_otherwise(spot, amount, *read, cell);
        }
        value
    }

    /// Says where a sheet shows another figure than it holds.
    fn shown_otherwise(&mut self, spot: FigureSpot, amount: Amount, read: Amount, cell: &Cell) {
        let format = cell.format;
        if let Some(scaled) = format.scaled
            && !amount.is_zero()
        {
            let shown = scaled.shown(amount);
            self.departed(ReadAs::ShownOtherwise, cell.at, &shown, read.to_string());
        } else if matches!(format.shows, Shows::Nothing | Shows::Date) && !amount.is_zero() {
            self.departed(ReadAs::ShownOtherwise, cell.at, "", read.to_string());
        } else if let Some(decimals) = format.decimals
            && decimals < amount.normalised().decimals()
        {
            let shown = amount.rounded(decimals).to_string();
            self.note(spot, Noted::Shown(shown.into()));
        }
    }

    fn text_figure(&mut self, spot: FigureSpot, text: &Arc<str>, cell: &Cell) -> Value {
        let FigureSpot { row_idx, leaf, .. } = spot;
        match read_number(text, self.asked(spot)) {
            Reading::Blank => Value::Missing,
            Reading::NotApplicable { is_dash } => {
                let original = (row_idx as u32, leaf as u32, (**text).into());
                self.originals
                    .extend(Some(original).filter(|_| **text != *"－"));
                if !is_dash {
                    self.departed(ReadAs::Nothing, cell.at, text, "－".to_owned());
                }
                Value::NotApplicable
            }
            Reading::TooLong => self.refused(cell, Detail::TooLong),
            Reading::NotANumber => self.doubtful(spot, cell, Vec::new(), Doubt::without_reading()),
            Reading::Doubtful(doubtful) => self.meant(spot, text, doubtful, cell),
            Reading::Figure(figure) if figure.percent && !spot.is_percent => {
                self.meant(spot, text, meaning::percent(&figure), cell)
            }
            Reading::Figure(figure) => {
                let own = figure.unit.map(|unit| (unit, UnitSource::Cell));
                let value = self.in_unit(figure.amount, spot, own, cell);
                if let Value::Amount(amount) = &value {
                    let read = amount.to_string();
                    let is_new = self
                        .originals
                        .last()
                        .is_none_or(|last| (last.0, last.1) != (row_idx as u32, leaf as u32));
                    if is_new && **text != *read {
                        self.originals
                            .push((row_idx as u32, leaf as u32, (**text).into()));
                    }
                    // That it was converted has been said.
                    if figure.unit.is_none_or(|unit| Some(unit) == spot.declared) {
                        self.departed(figure.how, cell.at, text, read);
                    }
                }
                value
            }
        }
    }

    /// A text that is no figure, with what it may mean.
    fn meant(&mut self, spot: FigureSpot, text: &str, doubtful: Doubtful, cell: &Cell) -> Value {
        let readings = match doubtful.causes[..] {
            [Cause::FormulaText] => self.calculated(spot, text),
            [Cause::Ditto] => self.above(spot, cell),
            _ => self.in_declared(spot, &doubtful),
        };
        let doubt = Doubt {
            readings,
            is_about: false,
            only_if_proven: doubtful.only_if_proven,
        };
        self.doubtful(spot, cell, doubtful.causes, doubt)
    }

    /// What a text may mean, in the annex's unit.
    fn in_declared(&self, spot: FigureSpot, doubtful: &Doubtful) -> Vec<Amount> {
        let convert = |figure: &number::Figure| {
            if figure.percent && !spot.is_percent {
                return None;
            }
            let stated = figure.unit.or(spot.stated.map(|(unit, _)| unit));
            match (stated, spot.declared) {
                (Some(stated), Some(declared)) => {
                    (self.scheme.units).convert(figure.amount, stated, declared)
                }
                (Some(_), None) => None,
                (None, _) => Some(figure.amount),
            }
        };
        let mut readings: Vec<Amount> = doubtful.figures.iter().filter_map(convert).collect();
        readings.retain(|reading| !is_too_large(*reading));
        readings
    }

    /// What a formula that was typed as text comes to.
    fn calculated(&self, spot: FigureSpot, text: &str) -> Vec<Amount> {
        let formula = number::half_width(text);
        let formula = formula
            .trim()
            .trim_start_matches(['\'', '’', '‘', '=', '+', '@']);
        let sum = match plain_sum(self.sheet, formula) {
            Some(Sum::Of(sum)) => Some(sum),
            Some(Sum::Blank) => None,
            None => reckoned(formula),
        };
        let declared = spot.declared.or(self.annex.unit);
        let stated = spot.stated.map(|(unit, _)| unit);
        let in_unit = |sum: Amount| match (stated, declared) {
            (Some(stated), Some(declared)) => self.scheme.units.convert(sum, stated, declared),
            _ => Some(sum),
        };
        sum.and_then(in_unit).into_iter().collect()
    }

    /// The figure above a cell that says "the same".
    fn above(&self, spot: FigureSpot, cell: &Cell) -> Vec<Amount> {
        let row = cell.at.row.checked_sub(1);
        let above = row.and_then(|row| self.sheet.get(CellRef::new(row, cell.at.col)));
        let above = above.filter(|above| !above.format.percent || spot.is_percent);
        let amount = above.and_then(|above| match &above.value {
            CellValue::Number(number) => Amount::from_float(*number, above.format.decimals?),
            _ => None,
        });
        amount.into_iter().collect()
    }

    /// The number by which a spreadsheet keeps a date.
    fn serial_of(&self, date: Date) -> i64 {
        let days = date.days();
        match self.sheet.is_1904 {
            true => days + 24_107,
            false if days < -25_508 => days + 25_568,
            false => days + 25_569,
        }
    }

    /// A cell that is crossed out, as a whole or in part. Whether what is left counts, only its sender knows.
    fn struck(&mut self, spot: FigureSpot, cell: &Cell, cause: Cause, left: &CellValue) -> Value {
        let amount = match left {
            CellValue::Number(number) => {
                Amount::from_float(*number, cell.format.decimals.unwrap_or(0))
            }
            CellValue::Text(text) => match read_number(text, self.asked(spot)) {
                // What nothing is left of is blank.
                Reading::Blank if cause == Cause::StruckPart => return Value::Missing,
                Reading::Blank | Reading::NotApplicable { .. } => return Value::NotApplicable,
                Reading::Figure(figure) if figure.unit.is_none() && !figure.percent => {
                    Some(figure.amount)
                }
                _ => None,
            },
            _ => None,
        };
        let declared = spot.declared.zip(spot.stated);
        let amount = amount.and_then(|amount| match declared {
            Some((declared, (stated, _))) => self.scheme.units.convert(amount, stated, declared),
            None => Some(amount),
        });
        let doubt = Doubt::of(amount.into_iter().collect());
        self.doubtful(spot, cell, vec![cause], doubt)
    }

    fn asked(&self, spot: FigureSpot) -> Asked<'_> {
        Asked {
            units: &self.scheme.units,
            unit: spot.stated.map(|(unit, _)| unit).or(spot.declared),
            decimals: spot.decimals,
        }
    }

    fn note(&mut self, spot: FigureSpot, what: Noted) {
        let (row, leaf) = (spot.row_idx as u32, spot.leaf as u32);
        let is_new = self
            .notes
            .last()
            .is_none_or(|last| (last.row, last.leaf) != (row, leaf));
        if is_new {
            self.notes.push(Note { row, leaf, what });
        }
    }

    /// A figure that cannot be taken as it is, told with what it may mean.
    fn doubtful(
        &mut self,
        spot: FigureSpot,
        cell: &Cell,
        causes: Vec<Cause>,
        doubt: Doubt,
    ) -> Value {
        let told: Vec<String> = match doubt.only_if_proven {
            true => Vec::new(),
            false => doubt.readings.iter().map(Amount::to_string).collect(),
        };
        let shown = as_typed(cell);
        let expected = (!told.is_empty()).then(|| told.join(" / "));
        let detail = Detail::NotANumber {
            wanted: Wanted::Number,
            causes,
            readings: told,
            is_reckoned: false,
        };
        let mut finding = Finding::new(Kind::NotANumber, Level::Mandatory, detail);
        finding.expected = expected;
        self.push(finding.given(shown.as_str()), Some(cell.at));
        self.note(spot, Noted::Doubt(doubt));
        Value::Unusable(shown.into())
    }

    /// The unit that the form states for a figure, and where: beside the row, above the column, or above all.
    fn stated_unit(
        &self,
        row: &LayoutRow,
        leaf: usize,
        declared: Option<usize>,
    ) -> Option<(usize, UnitSource)> {
        let header = self.layout.column_units[leaf];
        if let Some(unit) = row.unit {
            return Some((unit, UnitSource::Row(row.sheet_row)));
        }
        if let Some(unit) = header.filter(|unit| Some(*unit) != declared) {
            return Some((unit, UnitSource::Columns));
        }
        // The unit line speaks for the columns that have the annex's unit.
        let line = self.line_unit.filter(|_| declared == self.annex.unit);
        let of_column = || {
            let mut lines = self.line_units.iter();
            let line = lines.find(|(unit, _)| Some(*unit) == declared && header.is_none());
            line.map(|(_, stated)| *stated)
        };
        let unit = line.or_else(of_column)?;
        Some((unit, UnitSource::Line))
    }

    /// The amount in the annex's unit: from that which stands in its own cell, or else from that which the form states.
    fn in_unit(
        &mut self,
        amount: Amount,
        spot: FigureSpot,
        own: Option<(usize, UnitSource)>,
        cell: &Cell,
    ) -> Value {
        let declared = spot.declared;
        let stated = own.or(spot.stated);
        let Some((stated, source)) = stated.filter(|stated| Some(stated.0) != declared) else {
            return self.sized(amount, cell);
        };
        let printed = self.scheme.units.name(stated).to_string();
        let original = format!("{amount}{printed}");
        let converted =
            declared.and_then(|declared| self.scheme.units.convert(amount, stated, declared));
        let known = declared.filter(|&unit| self.scheme.units.convertible(stated, unit));
        // That the unit is another one has been said; not that this figure does not convert.
        if let (Some(known), None) = (known, converted) {
            return self.inexact(amount, spot, (stated, source), known, cell);
        }
        // The unit line was reported once for all its figures; a header or a label is once for its own.
        let key = (source, stated, converted.is_some());
        if let Some(&idx) = self.unit_notes.get(&key) {
            let place = self.place(Some(cell.at));
            self.findings[idx].cells.push(place);
        } else if source != UnitSource::Line {
            let declared = declared.map_or_else(
                || Arc::from("（无单位）"),
                |unit| self.scheme.units.name(unit).clone(),
            );
            let level = if converted.is_some() {
                Level::Verification
            } else {
                Level::Mandatory
            };
            let detail = Detail::UnitDiffers {
                printed,
                declared: declared.clone(),
                converted: converted.is_some(),
            };
            let mut finding =
                Finding::new(Kind::UnitDiffers, level, detail).given(original.as_str());
            finding.expected = converted.map(|amount| format!("{amount}{declared}"));
            self.push(finding, Some(cell.at));
            if source != UnitSource::Cell {
                let (_, last) = self.said[&(Kind::UnitDiffers, level)];
                self.unit_notes.insert(key, last);
            }
        }
        match converted {
            Some(amount) => {
                let value = self.sized(amount, cell);
                if value.is_filled() {
                    let key = (spot.row_idx as u32, spot.leaf as u32);
                    // 3200m3, not 3200立方米.
                    let typed = cell.text().filter(|_| source == UnitSource::Cell);
                    let typed = typed.unwrap_or(&original).into();
                    self.originals.push((key.0, key.1, typed));
                    self.note(spot, Noted::Converted);
                }
                value
            }
            None => Value::Unusable(original.into()),
        }
    }

    /// A figure in another unit that cannot be written exactly in the annex's: what it comes to is said, and nothing
    /// is changed.
    fn inexact(
        &mut self,
        amount: Amount,
        spot: FigureSpot,
        (stated, source): (usize, UnitSource),
        declared: usize,
        cell: &Cell,
    ) -> Value {
        let units = &self.scheme.units;
        let original = format!("{amount}{}", units.name(stated));
        let about = units.about(amount, stated, declared, spot.decimals);
        let about = about.filter(|_| !is_too_large(amount));
        let Some(about) = about else {
            let finding = Finding::new(Kind::UnitDiffers, Level::Mandatory, Detail::TooLarge);
            self.push(finding.given(original.as_str()), Some(cell.at));
            return Value::Unusable(original.into());
        };
        let name = units.name(declared).clone();
        self.note(
            spot,
            Noted::Doubt(Doubt {
                readings: vec![about],
                is_about: true,
                only_if_proven: false,
            }),
        );
        let key = (source, stated);
        let known = (source != UnitSource::Cell)
            .then(|| self.inexact.get(&key))
            .flatten();
        if let Some(&idx) = known {
            let place = self.place(Some(cell.at));
            let finding = &mut self.findings[idx];
            finding.cells.push(place);
            if let Detail::Inexact { others, .. } = &mut finding.detail
                && others.len() < MAX_SAME
            {
                others.push((cell.at, original.clone(), about.to_string()));
            }
            return Value::Unusable(original.into());
        }
        let detail = Detail::Inexact {
            declared: name,
            about: about.to_string(),
            others: Vec::new(),
        };
        let finding = Finding::new(Kind::UnitDiffers, Level::Mandatory, detail)
            .given(original.as_str())
            .expected(about.to_string());
        self.push(finding, Some(cell.at));
        let (_, last) = self.said[&(Kind::UnitDiffers, Level::Mandatory)];
        self.inexact.insert(key, last);
        Value::Unusable(original.into())
    }

    fn date(&mut self, row_idx: usize, leaf: usize, cell: &Cell) -> Value {
        if cell.format.is_struck {
            return self.not_a_number(cell, Wanted::Date, vec![Cause::Struck]);
        }
        let typed = match &cell.value {
            CellValue::Date(date) => return Value::Date(*date),
            CellValue::Text(text) if text.trim().is_empty() => return Value::Missing,
            CellValue::Text(text) => text.to_string(),
            // 20190603 and 2024 are often typed as numbers; a day count without a date format is not a date.
            CellValue::Number(number) => {
                let decimals = cell.format.decimals.unwrap_or(0);
                let shown = Amount::from_float(*number, decimals)
                    .map_or_else(|| number.to_string(), |amount| amount.to_string());
                // October of 2019.10 has lost its zero.
                if shown.ends_with(".1") {
                    return self.not_a_number(cell, Wanted::Date, Vec::new());
                }
                shown
            }
            _ => return self.not_a_number(cell, Wanted::Date, Vec::new()),
        };
        if let Some(is_dash) = says_nothing(&typed) {
            if !is_dash {
                self.departed(ReadAs::Nothing, cell.at, &typed, "－".to_owned());
            }
            return Value::NotApplicable;
        }
        let Some(read) = read_date(&typed) else {
            if let Some(date) = self.date_of_number(&typed) {
                return self.proposed_date(cell, date);
            }
            let causes = match is_no_such_day(&typed) {
                true => vec![Cause::NoSuchDay],
                false => Vec::new(),
            };
            return self.not_a_number(cell, Wanted::Date, causes);
        };
        if typed != read.date.to_string() {
            self.originals
                .push((row_idx as u32, leaf as u32, typed.as_str().into()));
        }
        if !read.usual || matches!(cell.value, CellValue::Number(_)) {
            self.departed(ReadAs::DateText, cell.at, &typed, read.date.to_string());
        }
        Value::Date(read.date)
    }

    /// The date that a spreadsheet keeps as a number of five digits, if it is of these times.
    fn date_of_number(&self, typed: &str) -> Option<Date> {
        let number: i64 = typed.trim().parse().ok()?;
        let date = Date::of_days(number - self.serial_of(Date::of_days(0)?))?;
        (1980..2080).contains(&date.year).then_some(date)
    }

    fn proposed_date(&mut self, cell: &Cell, date: Date) -> Value {
        let shown = as_typed(cell);
        let detail = Detail::NotANumber {
            wanted: Wanted::Date,
            causes: vec![Cause::DateNumber],
            readings: vec![date.to_string()],
            is_reckoned: false,
        };
        let finding = Finding::new(Kind::NotANumber, Level::Mandatory, detail)
            .given(shown.as_str())
            .expected(date.to_string());
        self.push(finding, Some(cell.at));
        Value::Unusable(shown.into())
    }

    fn code(&mut self, cell: &Cell) -> Value {
        match &cell.value {
            CellValue::Number(number) if number.fract() != 0.0 || number.abs() >= 1e15 => {
                let shown = Amount::from_float(*number, 0)
                    .map_or_else(|| number.to_string(), |amount| amount.to_string());
                let detail = Detail::ReadAs(ReadAs::NumericCode);
                let finding =
                    Finding::new(Kind::ReadAs, Level::Mandatory, detail).given(shown.as_str());
                self.push(finding, Some(cell.at));
                Value::Unusable(shown.into())
            }
            value => text_value(value),
        }
    }

    /// A sum that was never calculated, in the unit that the form states for it.
    fn added_up(
        &mut self,
        row: &LayoutRow,
        row_idx: usize,
        leaf: usize,
        cell: &Cell,
        sum: Amount,
    ) -> Value {
        let formula = format!("={}", cell.formula.as_deref().unwrap_or(""));
        self.added_up.push((cell.at, formula, sum));
        let declared = self.scheme.unit_of(self.annex, leaf, row.spec);
        let spot = FigureSpot {
            row_idx,
            leaf,
            declared,
            stated: self.stated_unit(row, leaf, declared),
            decimals: self.annex.decimals_of(leaf, row.spec),
            is_percent: declared.is_some() && declared == self.percent,
        };
        self.in_unit(sum, spot, None, cell)
    }

    fn formula_error(&mut self, cell: &Cell, error: Option<&'static str>) -> Value {
        let given = match (error, &cell.formula) {
            (Some(error), _) => error.to_owned(),
            (None, formula) => format!("={}", formula.as_deref().unwrap_or("")),
        };
        let place = self.place(Some(cell.at));
        match self.broken.iter_mut().find(|same| same.0 == error) {
            Some((.., others)) => others.push(place),
            None => (self.broken).push((error, cell.at, given.clone(), Vec::new())),
        }
        Value::Unusable(given.into())
    }

    fn not_a_number(&mut self, cell: &Cell, wanted: Wanted, causes: Vec<Cause>) -> Value {
        let shown = as_typed(cell);
        let detail = Detail::NotANumber {
            wanted,
            causes,
            readings: Vec::new(),
            is_reckoned: false,
        };
        let finding = Finding::new(Kind::NotANumber, Level::Mandatory, detail);
        self.push(finding.given(shown.as_str()), Some(cell.at));
        Value::Unusable(shown.into())
    }

    /// A figure, unless no form can mean one of its size.
    fn sized(&mut self, amount: Amount, cell: &Cell) -> Value {
        match is_too_large(amount) {
            true => self.refused(cell, Detail::TooLarge),
            false => Value::Amount(amount),
        }
    }

    /// A figure with which nothing can be reckoned.
    fn refused(&mut self, cell: &Cell, detail: Detail) -> Value {
        let shown = match &cell.value {
            CellValue::Number(number) if number.abs() >= 1e21 => format!("{number:E}"),
            value => shown(value),
        };
        let finding = Finding::new(Kind::NotANumber, Level::Mandatory, detail);
        self.push(finding.given(shown.as_str()), Some(cell.at));
        Value::Unusable(shown.into())
    }

    /// Blanks in a row that is otherwise filled in; said once for the row.
    fn missing_values(&mut self, row: &Row) {
        let mut blanks = Vec::new();
        let is_register = matches!(self.annex.rows, Rows::Register) && row.kind == RowKind::Data;
        for (leaf, entry) in row.entries.iter().enumerate() {
            if !entry.value.is_missing() {
                continue;
            }
            let column = self.annex.column_of(leaf);
            // What is of a later year is not missing yet.
            let year = self.annex.leaves[leaf].year.or(row.year);
            if year.is_some_and(|year| !self.period.has_begun(year)) {
                continue;
            }
            let described = row.kind == RowKind::Data
                || self.annex.kind_of(leaf, row.spec) == ColumnKind::Additive;
            if described
                && !column.optional
                && !column.blank_is_none
                && !matches!(column.kind, ColumnKind::Serial | ColumnKind::Year)
                && column.print.is_none()
                && (is_register || !self.annex.is_key(self.annex.leaves[leaf].column))
                && let Some(col) = self.layout.columns[leaf]
                && !self.is_merged(CellRef::new(row.sheet_row, col))
            {
                // As every other sentence names a figure.
                let name = match self.annex.leaves[leaf].year {
                    Some(year) => format!("{year}年 {}", column.name),
                    None => column.name.to_string(),
                };
                blanks.push((CellRef::new(row.sheet_row, col), name));
            }
        }
        let Some((first, _)) = blanks.first() else {
            return;
        };
        let first = *first;
        let cells = blanks[1..]
            .iter()
            .map(|(cell, _)| self.place(Some(*cell)))
            .collect();
        let columns = blanks.into_iter().map(|(_, name)| name).collect();
        let mut finding = Finding::new(
            Kind::MissingValue,
            Level::Verification,
            Detail::MissingValue { columns },
        );
        finding.cells = cells;
        finding.row = Some(row.name().into());
        finding.year = row.year;
        self.push(finding, Some(first));
    }

    /// Whether a figure in a merged cell stands for this one, too.
    fn is_merged(&self, cell: CellRef) -> bool {
        let merged = &self.layout.merged;
        merged.iter().any(|merged| merged.cells.contains(&cell))
    }

    /// Rows that the reporter owes and did not fill in.
    fn missing_rows(&mut self, rows: &[Row]) {
        let owes = |spec: &RowSpec| match self.annex.returned_by {
            ReturnedBy::One(_) => true,
            // Where no column names the reporter, each returns all rows.
            ReturnedBy::Kind(_) if self.annex.reporter_column.is_none() => true,
            // An office that returns the rows of others returns those it has.
            ReturnedBy::Kind(_) => self
                .reporter
                .is_some_and(|own| spec.reporters.contains(&own)),
        };
        let fixed = self.annex.rows.fixed();
        let corner = self.corner();
        let mut is_there = vec![false; fixed.len()];
        for spec in rows.iter().filter_map(|row| row.spec) {
            is_there[spec] = true;
        }
        let mut printed_at: Vec<Option<u32>> = vec![None; fixed.len()];
        for row in &self.layout.rows {
            if let Some(spec) = row.spec {
                printed_at[spec].get_or_insert(row.sheet_row);
            }
        }
        // Rows owed, each with the place where it was left blank if the form has it.
        let missing: Vec<(usize, Option<CellRef>)> = (0..fixed.len())
            .filter(|&idx| {
                let is_due = |year: u16| self.period.has_begun(year);
                fixed[idx].year.is_none_or(is_due) && owes(&fixed[idx]) && !is_there[idx]
            })
            .map(|idx| {
                let first = self.first_figure();
                let cell = printed_at[idx].map(|row| CellRef::new(row, first));
                (idx, cell)
            })
            .collect();
        let is_blank = rows.is_empty() && self.layout.n_unknown == 0;
        if is_blank && missing.iter().all(|(_, blank)| blank.is_some()) {
            // Saying it of each row would be saying one thing many times.
            if let Some(level) = self.level_of_blank(!missing.is_empty()) {
                let finding = Finding::new(Kind::MissingRow, level, Detail::BlankForm);
                self.push(finding, corner);
            }
            return;
        }
        let may_be_blank = self.annex.may_be_blank();
        for (idx, blank) in missing {
            if may_be_blank && blank.is_some() {
                continue;
            }
            let label = fixed[idx].printed.join("·");
            let detail = match blank {
                Some(_) => Detail::BlankRow {
                    label: label.clone(),
                },
                None => Detail::MissingRow {
                    label: label.clone(),
                },
            };
            let mut finding = Finding::new(Kind::MissingRow, Level::Mandatory, detail);
            finding.row = Some(label.into());
            self.push(finding, blank.or(corner));
        }
    }

    /// The total row of a form that gives the county nothing else.
    fn missing_total(&mut self, rows: &[Row]) {
        let (Some(_), Some(total)) = (self.annex.one_row_each, &self.annex.total) else {
            return;
        };
        let filled = rows.iter().filter(|row| self.annex.says_something(row));
        let is_total = |row: &&Row| row.kind == RowKind::Total;
        if filled.clone().any(|row| is_total(&row)) {
            return;
        }
        let n_rows = filled.count();
        if n_rows == 0 {
            return;
        }
        let label = total.label(n_rows);
        let row = label.as_str().into();
        let detail = Detail::MissingTotal { label };
        let mut finding = Finding::new(Kind::MissingRow, Level::Mandatory, detail);
        finding.row = Some(row);
        self.push(finding, self.corner());
    }

    /// How serious it is that nothing was filled in; `None` where the reporter owes nothing of the form, as
    /// when a township sends all the forms of the county. A register may have nothing to list.
    fn level_of_blank(&self, owes_rows: bool) -> Option<Level> {
        let reporter = self.reporter?;
        let is_register = matches!(self.annex.rows, Rows::Register);
        let returns = match self.annex.returned_by {
            ReturnedBy::One(one) => one == reporter,
            ReturnedBy::Kind(kind) => self.scheme.reporters[reporter].kind == kind,
        };
        match (owes_rows, is_register && returns) {
            (true, _) if self.annex.may_be_blank() => Some(Level::Verification),
            (true, _) => Some(Level::Mandatory),
            (false, true) => Some(Level::Verification),
            (false, false) => {
                (self.annex.responsible == Some(reporter)).then_some(Level::Verification)
            }
        }
    }

    /// The column of the first cell of a row that is not a label.
    fn first_figure(&self) -> u32 {
        let columns = self.layout.columns.iter().enumerate();
        let values =
            columns.filter(|(leaf, _)| !self.annex.is_label(self.annex.leaves[*leaf].column));
        values.filter_map(|(_, column)| *column).min().unwrap_or(0)
    }

    /// Totals typed over where their neighbours have formulas.
    fn replaced_formulas(&mut self, rows: &[Row]) {
        // Most forms have no formulas at all.
        let mut entries = rows.iter().flat_map(|row| row.entries.iter());
        if !entries.any(|entry| entry.formula) {
            return;
        }
        let filled = |entry: &Entry| entry.value.amount().is_some();
        let mut replaced: Vec<(usize, usize)> = Vec::new();
        // Cells that would all have formulas: of a column, of a total row, of one column's years in a row.
        let mut among = |cells: &mut dyn Iterator<Item = (usize, usize)>| {
            let filled = cells.filter(|&(row, leaf)| filled(&rows[row].entries[leaf]));
            let (formulas, typed): (Vec<_>, Vec<_>) =
                filled.partition(|&(row, leaf)| rows[row].entries[leaf].formula);
            if formulas.len() >= 2 && formulas.len() > typed.len() {
                replaced.extend(typed);
            }
        };
        let n_leaves = self.annex.leaves.len();
        let rows_of = |kind: RowKind| (0..rows.len()).filter(move |&row| rows[row].kind == kind);
        for leaf in 0..n_leaves {
            among(&mut rows_of(RowKind::Data).map(|row| (row, leaf)));
        }
        for row in rows_of(RowKind::Total) {
            among(&mut (0..n_leaves).map(|leaf| (row, leaf)));
        }
        let leaves = &self.annex.leaves;
        for row in rows_of(RowKind::Data) {
            for group in 0..self.annex.columns.len() {
                let mut years = (0..n_leaves).filter(|&leaf| leaves[leaf].column == group);
                among(&mut years.by_ref().map(|leaf| (row, leaf)));
            }
        }
        replaced.sort_unstable();
        replaced.dedup();
        self.formulas
            .extend(replaced.iter().map(|&(row, leaf)| Formula {
                row: row as u32,
                leaf: leaf as u32,
                does: Computes::TypedOver,
            }));
        self.formulas
            .sort_unstable_by_key(|formula| (formula.row, formula.leaf));
        let mut replaced: Vec<CellRef> = replaced
            .into_iter()
            .filter_map(|(row, leaf)| self.cell(&rows[row], leaf))
            .collect();
        replaced.sort_unstable();
        for cell in replaced {
            let given = self
                .sheet
                .get(cell)
                .map(|cell| shown(&cell.value))
                .unwrap_or_default();
            let finding = Finding::new(Kind::FormulaReplaced, Level::Hint, Detail::FormulaReplaced)
                .given(given);
            self.push(finding, Some(cell));
        }
    }

    fn departed(&mut self, how: ReadAs, cell: CellRef, typed: &str, read: String) {
        let place = self.place(Some(cell));
        match self.departures.iter_mut().find(|same| same.how == how) {
            Some(same) => same.others.push(place),
            None => self.departures.push(Departure {
                how,
                cell,
                typed: typed.to_owned(),
                read,
                others: Cells::new(),
            }),
        }
    }

    /// What was read as what, said once for each way of reading.
    fn say_departures(&mut self) {
        for departure in std::mem::take(&mut self.departures) {
            let detail = Detail::ReadAs(departure.how);
            let mut finding = Finding::new(Kind::ReadAs, Level::Hint, detail)
                .given(departure.typed)
                .expected(departure.read);
            finding.cells = departure.others;
            self.push(finding, Some(departure.cell));
        }
    }

    /// A program that does not calculate leaves every total of a form so; saying it once is enough.
    fn say_added_up(&mut self) {
        let added_up = std::mem::take(&mut self.added_up);
        let mut cells = added_up.into_iter();
        let Some((first, formula, sum)) = cells.next() else {
            return;
        };
        let detail = Detail::FormulaError {
            error: None,
            computed: true,
        };
        let mut finding = Finding::new(Kind::FormulaError, Level::Hint, detail)
            .given(formula)
            .expected(sum.to_string());
        finding.cells = cells.map(|(cell, ..)| self.place(Some(cell))).collect();
        self.push(finding, Some(first));
    }

    /// A row or a sheet that a formula counted on breaks all formulas alike; saying so once is enough.
    fn say_broken(&mut self) {
        for (error, cell, given, others) in std::mem::take(&mut self.broken) {
            let detail = Detail::FormulaError {
                error,
                computed: false,
            };
            let mut finding =
                Finding::new(Kind::FormulaError, Level::Mandatory, detail).given(given);
            finding.cells = others.into();
            self.push(finding, Some(cell));
        }
    }

    fn cell(&self, row: &Row, leaf: usize) -> Option<CellRef> {
        self.layout.columns[leaf].map(|col| CellRef::new(row.sheet_row, col))
    }

    fn place(&self, cell: Option<CellRef>) -> Place {
        Place::sheet(self.file, &self.sheet_name, cell)
    }

    fn push(&mut self, finding: Finding, cell: Option<CellRef>) {
        let place = self.place(cell);
        let key = (finding.kind, finding.level);
        let (n_said, last) = self.said.entry(key).or_default();
        *n_said += 1;
        // A sheet of a million strange cells is told of once, with all their places.
        if *n_said > MAX_SAME {
            let same = &mut self.findings[*last];
            same.cells.push(place);
            same.cells.extend(finding.cells.iter());
            return;
        }
        *last = self.findings.len();
        self.findings.push(finding.at(place));
    }
}

/// The fixed rows that are printed and blank, where a total is filled in.
fn blank_rows(layout: &Layout, rows: &[Row]) -> Vec<Row> {
    if !rows.iter().any(|row| row.kind == RowKind::Total) {
        return Vec::new();
    }
    let is_read = |sheet_row: u32| rows.iter().any(|row| row.sheet_row == sheet_row);
    let blank = layout.rows.iter().filter(|row| {
        row.kind == RowKind::Data && row.spec.is_some() && !(row.filled && is_read(row.sheet_row))
    });
    blank
        .map(|row| Row {
            kind: row.kind,
            spec: row.spec,
            key: row.key.clone(),
            year: row.year,
            reporter: row.reporter,
            sheet_row: row.sheet_row,
            stated_count: None,
            entries: Box::default(),
        })
        .collect()
}

/// Whether a figure has more digits before its point than a spreadsheet keeps: in no unit has a county as much of
/// anything, and what is added to it would be lost.
fn is_too_large(amount: Amount) -> bool {
    amount.abs() >= Amount::from(1_000_000_000_000_000)
}

fn text_value(value: &CellValue) -> Value {
    let mut text = shown(value);
    // Some scripts cannot be written without joiners; everywhere else they came along with a copy.
    let joins = |c: char| matches!(c, '\u{590}'..='\u{dff}' | '\u{1800}'..='\u{18af}');
    if text.contains(is_unseen) && !text.contains(joins) {
        text.retain(|c| !is_unseen(c));
    }
    let text = text.trim_matches(|c: char| c.is_whitespace());
    if text.is_empty() {
        Value::Missing
    } else {
        Value::Text(text.into())
    }
}

/// A cell as people typed it.
fn as_typed(cell: &Cell) -> String {
    match &cell.value {
        CellValue::Number(number) if cell.format.percent => {
            let share = Amount::from_float(*number, 0)
                .and_then(|share| share.checked_mul(Amount::from(100)))
                .map(Amount::normalised);
            share.map_or_else(|| number.to_string(), |share| format!("{share}%"))
        }
        CellValue::Number(number) if cell.format.shows == Shows::Time => time_of_day(*number),
        CellValue::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        // What nobody sees is not shown: two texts that look alike would be set against each other.
        CellValue::Text(text) => text.chars().filter(|c| !is_unseen(*c)).collect(),
        value => shown(value),
    }
}

/// The time that a part of a day is shown as: 12:30.
fn time_of_day(number: f64) -> String {
    let minutes = (number.rem_euclid(1.0) * 1440.0).round() as u32;
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

/// A value as the sheet shows it.
fn shown(value: &CellValue) -> String {
    match value {
        CellValue::Text(text) => text.to_string(),
        CellValue::Number(number) => Amount::from_float(*number, 0)
            .map_or_else(|| number.to_string(), |amount| amount.to_string()),
        CellValue::Date(date) => date.to_string(),
        CellValue::Bool(true) => "是".to_owned(),
        CellValue::Bool(false) => "否".to_owned(),
        CellValue::Error(error) => (*error).to_owned(),
        CellValue::NotCalculated => String::new(),
    }
}
