//! One worksheet's XML: where its rows and cells stand, and the splices that colour some of them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::{CellRef, Runs};
use crate::report::workbook::marks::MarkLook;

use super::AnnotateError;
use super::styles::{Before, Styles};
use super::xml::{Edits, Scanner, Step, Tag, with_attribute};

/// A worksheet part, and what is known of it.
pub(super) struct SheetPart {
    text: String,
    prefix: String,
    /// The prefix bound to the namespace of relationships at the root, if any.
    link_prefix: Option<String>,
    link_namespace: String,
    data: SheetData,
    rows: Vec<RowAt>,
    columns: Vec<ColumnAt>,
    /// Whether each begins behind the one before it, as they must.
    columns_in_order: bool,
    default_width: f64,
    default_height: f64,
    /// Link to the drawing of the notes: id, and the whole element.
    pub(super) legacy: Option<(String, Range<usize>)>,
    /// Where the element for it would stand.
    legacy_place: usize,
}

/// The `sheetData` element.
enum SheetData {
    /// `<sheetData/>`
    Empty(Range<usize>),
    /// Where its end tag begins.
    EndsAt(usize),
}

struct RowAt {
    row: u32,
    tag: Range<usize>,
    is_empty: bool,
    /// The style of its blank cells.
    style: Option<usize>,
    height: Option<f64>,
    /// The attributes by which it is not shown.
    hidden: Vec<Range<usize>>,
    spans: Option<(u32, u32, Range<usize>)>,
    cells: Vec<CellAt>,
    /// Where its end tag begins, or the end of its only tag.
    end: usize,
}

/// A part has fewer bytes than `u32` numbers, and may have millions of cells.
struct CellAt {
    col: u32,
    /// Where its tag begins.
    start: u32,
    style: u32,
    /// Where the number of its style stands; nothing at 0 where it gives none.
    style_span: (u32, u32),
    /// Where attributes end.
    attributes_end: u32,
}

struct ColumnAt {
    cols: (u32, u32),
    width: f64,
    style: Option<usize>,
    tag: Range<usize>,
}

/// Elements that must stand behind the link to the notes' drawing (ECMA-376, 18.3.1.99).
const BEHIND_LEGACY: [&str; 9] = [
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
    // Newer programs wrap objects and controls in it.
    "AlternateContent",
];

impl SheetPart {
    pub(super) fn read(text: String, link_namespace: &str) -> Result<Self, AnnotateError> {
        let mut data = None;
        let (mut prefix, mut link_prefix) = (String::new(), None);
        let (mut rows, mut columns) = (Vec::<RowAt>::new(), Vec::new());
        let (mut default_width, mut default_height) = (8.43, 15.0);
        let (mut legacy, mut legacy_place) = (None, None);
        let (mut next_row, mut next_col) = (0, 0);
        let mut in_data = false;
        let mut scanner = Scanner::new(&text);
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 1) => {
                    if tag.name != "worksheet" {
                        return Err(AnnotateError::part("sheet", "no worksheet"));
                    }
                    prefix = tag.prefix.to_owned();
                    link_prefix = tag.prefix_of(link_namespace);
                }
                Step::Open(tag, 2) => match tag.name {
                    "sheetData" if tag.is_empty => data = Some(SheetData::Empty(tag.span)),
                    "sheetData" => in_data = true,
                    "sheetFormatPr" => {
                        default_width =
                            number(tag.value("defaultColWidth")).unwrap_or(default_width);
                        default_height =
                            number(tag.value("defaultRowHeight")).unwrap_or(default_height);
                    }
                    "legacyDrawing" => {
                        let id = tag.prefixed_value("id").unwrap_or_default().to_owned();
                        legacy = Some((id, tag.span));
                    }
                    name if BEHIND_LEGACY.contains(&name) && data.is_some() => {
                        legacy_place.get_or_insert(tag.span.start);
                    }
                    _ => {}
                },
                Step::Open(tag, 3) if tag.name == "col" => {
                    let bound = |name| number::<u32>(tag.value(name)).unwrap_or(1).max(1) - 1;
                    let is_hidden = matches!(tag.value("hidden"), Some("1" | "true"));
                    columns.push(ColumnAt {
                        cols: (bound("min"), bound("max")),
                        width: match is_hidden {
                            true => 0.0,
                            false => number(tag.value("width")).unwrap_or(default_width),
                        },
                        style: number(tag.value("style")),
                        tag: tag.span,
                    });
                }
                Step::Open(tag, 3) if in_data && tag.name == "row" => {
                    // Rows and cells may leave out where they are: then they follow on.
                    if let Some(row) = number::<u32>(tag.value("r")) {
                        next_row = row.max(1) - 1;
                    }
                    let has_style = matches!(tag.value("customFormat"), Some("1" | "true"));
                    let spans = tag.attribute("spans").and_then(|(raw, span)| {
                        let (first, last) = raw.split_once(':')?;
                        Some((first.parse().ok()?, last.parse().ok()?, span))
                    });
                    rows.push(RowAt {
                        row: next_row,
                        hidden: hiding(&tag, "ht"),
                        is_empty: tag.is_empty,
                        style: number(tag.value("s")).filter(|_| has_style),
                        height: match tag.value("hidden") {
                            Some("1" | "true") => Some(0.0),
                            _ => number(tag.value("ht")),
                        },
                        spans,
                        cells: Vec::new(),
                        end: tag.span.end,
                        tag: tag.span,
                    });
                    next_row += 1;
                    next_col = 0;
                }
                Step::Open(tag, 4) if in_data && tag.name == "c" => {
                    let Some(row) = rows.last_mut() else { continue };
                    if let Some(at) = tag.value("r").and_then(|r| r.parse::<CellRef>().ok()) {
                        next_col = at.col;
                    }
                    let style = tag.attribute("s");
                    row.cells.push(CellAt {
                        col: next_col,
                        style: style
                            .as_ref()
                            .and_then(|(raw, _)| number(Some(raw)))
                            .unwrap_or(0),
                        style_span: style
                            .map_or((0, 0), |(_, span)| (span.start as u32, span.end as u32)),
                        attributes_end: tag.end_of_attributes() as u32,
                        start: tag.span.start as u32,
                    });
                    next_col += 1;
                }
                Step::Close("row", span, 3) if in_data => {
                    if let Some(row) = rows.last_mut() {
                        row.end = span.start;
                    }
                }
                Step::Close("sheetData", span, 2) => {
                    in_data = false;
                    data = Some(SheetData::EndsAt(span.start));
                }
                Step::Close(_, span, 1) => {
                    legacy_place.get_or_insert(span.start);
                }
                _ => {}
            }
        }
        let missing = || AnnotateError::part("sheet", "no cells");
        let in_order =
            |pair: &[ColumnAt]| pair[0].cols.0 <= pair[0].cols.1 && pair[0].cols.1 < pair[1].cols.0;
        Ok(Self {
            columns_in_order: columns.windows(2).all(in_order),
            data: data.ok_or_else(missing)?,
            legacy_place: legacy_place.ok_or_else(missing)?,
            text,
            prefix,
            link_prefix,
            link_namespace: link_namespace.to_owned(),
            rows,
            columns,
            default_width,
            default_height,
            legacy,
        })
    }

    /// Takes our old colours off, puts the new ones on, and changes the link to the notes' drawing.
    /// For each marked cell, the fill that it had before is left in `before`.
    pub(super) fn write(
        self,
        styles: &mut Styles,
        marks: &BTreeMap<CellRef, MarkLook>,
        shown: &Shown,
        recorded: &dyn Fn(CellRef) -> Before,
        legacy: Option<&Legacy>,
        before: &mut BTreeMap<CellRef, Before>,
    ) -> Option<String> {
        let mut edits = Edits::default();
        let mut to_add = marks.clone();
        for row in &self.rows {
            for cell in &row.cells {
                let at = CellRef::new(row.row, cell.col);
                let mut style = cell.style as usize;
                if styles.is_ours(style) {
                    style = styles.unmark(style, &recorded(at));
                }
                if let Some(look) = to_add.remove(&at) {
                    before.insert(at, styles.before(style, look));
                    style = styles.mark(style, look);
                }
                if style == cell.style as usize {
                    continue;
                }
                match (cell.style_span.0 as usize, cell.style_span.1 as usize) {
                    (0, _) => {
                        let end = cell.attributes_end as usize;
                        edits.insert(end, format!(" s=\"{style}\""));
                    }
                    // As it was before it was marked, where it had none.
                    (start, end) if style == 0 && self.text[..start].ends_with(" s=\"") => {
                        edits.replace(start - 4..end + 1, "");
                    }
                    (start, end) => edits.replace(start..end, style.to_string()),
                }
            }
        }
        self.add_cells(styles, &to_add, before, &mut edits);
        self.show(shown, &mut edits);
        match (legacy, &self.legacy) {
            (Some(Legacy::Remove), Some((_, span))) => edits.replace(span.clone(), ""),
            (Some(Legacy::Add(id)), None) => {
                edits.insert(self.legacy_place, self.legacy_element(id));
            }
            _ => {}
        }
        (!edits.is_empty()).then(|| edits.apply(&self.text))
    }

    /// Shows rows and columns that were hidden.
    fn show(&self, shown: &Shown, edits: &mut Edits) {
        for row in &self.rows {
            if !row.hidden.is_empty() && shown.rows.contains(row.row) {
                for attribute in &row.hidden {
                    edits.replace(attribute.clone(), "");
                }
            }
        }
        for column in self.columns.iter().filter(|column| column.width <= 0.0) {
            // The whole sheet may be one element.
            let (first, last) = (column.cols.0, column.cols.1.min((1 << 14) - 1));
            let runs = shown
                .columns
                .iter()
                .filter(|run| run.0 <= last && run.1 >= first);
            let mut parts = Vec::new();
            let mut next = first;
            for run in runs {
                let (from, to) = (run.0.max(first), run.1.min(last));
                parts.extend((next < from).then(|| (next, from - 1, false)));
                parts.push((from, to, true));
                next = to + 1;
            }
            if parts.is_empty() {
                continue;
            }
            parts.extend((next <= last).then_some((next, last, false)));
            let element = &self.text[column.tag.clone()];
            let elements: String = (parts.into_iter())
                .map(|(first, last, is_shown)| {
                    let element = match is_shown {
                        true => self.shown_column(element),
                        false => element.to_owned(),
                    };
                    let element = with_attribute(&element, "min", &(first + 1).to_string());
                    with_attribute(&element, "max", &(last + 1).to_string())
                })
                .collect();
            // Elements with an end tag keep it.
            if element.ends_with("/>") {
                edits.replace(column.tag.clone(), elements);
            }
        }
    }

    /// The element of a column without what hides it.
    fn shown_column(&self, element: &str) -> String {
        let mut scanner = Scanner::new(element);
        let Ok(Some(Step::Open(tag, _))) = scanner.next() else {
            return element.to_owned();
        };
        let mut edits = Edits::default();
        let has_no_width = tag
            .value("width")
            .is_none_or(|width| number(Some(width)).unwrap_or(0.0) <= 0.0);
        for attribute in hiding(&tag, "width") {
            edits.replace(attribute, "");
        }
        let shown = edits.apply(element);
        match has_no_width {
            true => with_attribute(&shown, "width", &format!("{}", self.default_width.max(8.0))),
            false => shown,
        }
    }

    fn legacy_element(&self, id: &str) -> String {
        let (prefix, link_namespace) = (&self.prefix, &self.link_namespace);
        match &self.link_prefix {
            Some(link) => format!("<{prefix}legacyDrawing {link}id=\"{id}\"/>"),
            None => {
                format!("<{prefix}legacyDrawing xmlns:r=\"{link_namespace}\" r:id=\"{id}\"/>")
            }
        }
    }

    /// Blank cells that are not in the file yet.
    fn add_cells(
        &self,
        styles: &mut Styles,
        marks: &BTreeMap<CellRef, MarkLook>,
        before: &mut BTreeMap<CellRef, Before>,
        edits: &mut Edits,
    ) {
        let prefix = &self.prefix;
        let mut new_rows = String::new();
        let mut rows: BTreeMap<u32, Vec<(CellRef, MarkLook)>> = BTreeMap::new();
        for (at, look) in marks {
            rows.entry(at.row).or_default().push((*at, *look));
        }
        // Of rows with one number the first is taken.
        let mut known_rows: BTreeMap<u32, &RowAt> = BTreeMap::new();
        for known in self.rows.iter().filter(|_| !rows.is_empty()) {
            known_rows.entry(known.row).or_insert(known);
        }
        for (row, cells) in rows {
            let known = known_rows.get(&row).copied();
            let mut element = |at: CellRef, look| {
                let style = known.and_then(|row| row.style);
                let style = style.or_else(|| self.column(at.col)?.style).unwrap_or(0);
                // The column's or row's own style may be one that a program has spread.
                let style = styles.unmark(style, &Before::PLAIN);
                before.insert(at, styles.before(style, look));
                let style = styles.mark(style, look);
                format!("<{prefix}c r=\"{at}\" s=\"{style}\"/>")
            };
            let Some(known) = known else {
                let cells: String = cells
                    .into_iter()
                    .map(|(at, look)| element(at, look))
                    .collect();
                let text = format!("<{prefix}row r=\"{}\">{cells}</{prefix}row>", row + 1);
                match known_rows.range(row + 1..).next() {
                    Some((_, next)) => edits.insert(next.tag.start, text),
                    None => new_rows.push_str(&text),
                }
                continue;
            };
            if let (Some((first, last, span)), Some(least), Some(most)) =
                (&known.spans, cells.first(), cells.last())
            {
                let (first, last) = (*first.min(&(least.0.col + 1)), *last.max(&(most.0.col + 1)));
                edits.replace(span.clone(), format!("{first}:{last}"));
            }
            let mut at_end = String::new();
            // From left to right, as the new ones are.
            let mut behind = known.cells.iter().peekable();
            for (at, look) in cells {
                let text = element(at, look);
                while behind.next_if(|cell| cell.col <= at.col).is_some() {}
                match behind.peek() {
                    Some(next) => edits.insert(next.start as usize, text),
                    None => at_end.push_str(&text),
                }
            }
            if known.is_empty {
                let close = known.tag.end - 2..known.tag.end;
                edits.replace(close, format!(">{at_end}</{prefix}row>"));
            } else {
                edits.insert(known.end, at_end);
            }
        }
        if new_rows.is_empty() {
            return;
        }
        match &self.data {
            SheetData::EndsAt(end) => edits.insert(*end, new_rows),
            SheetData::Empty(span) => edits.replace(
                span.clone(),
                format!("<{prefix}sheetData>{new_rows}</{prefix}sheetData>"),
            ),
        }
    }

    fn column(&self, col: u32) -> Option<&ColumnAt> {
        let has = |column: &&ColumnAt| (column.cols.0..=column.cols.1).contains(&col);
        if !self.columns_in_order {
            return self.columns.iter().find(has);
        }
        let idx = self.columns.partition_point(|column| column.cols.1 < col);
        self.columns.get(idx).filter(has)
    }

    /// Pixels of a column.
    pub(super) fn column_pixels(&self, col: u32) -> u32 {
        let width = self
            .column(col)
            .map_or(self.default_width, |column| column.width);
        (width.clamp(0.0, 255.0) * 7.0) as u32 + if width > 0.0 { 5 } else { 0 }
    }

    /// Pixels of a row.
    pub(super) fn row_pixels(&self, row: u32) -> u32 {
        let idx = self.rows.binary_search_by_key(&row, |known| known.row).ok();
        let height = idx.and_then(|idx| self.rows[idx].height);
        (height.unwrap_or(self.default_height).clamp(0.0, 409.0) * 4.0 / 3.0) as u32
    }
}

/// Rows and columns that are to be seen.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) rows: Runs,
    pub(super) columns: Runs,
}

/// The attributes by which a row or column is not shown, with the blank before each.
fn hiding(tag: &Tag<'_>, size: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let is_nothing = |raw: &str| number(Some(raw)).is_some_and(|size: f64| size <= 0.0);
    let has_no_size = tag.value(size).is_some_and(is_nothing);
    for (name, value, span) in tag.attributes() {
        let hides = match name {
            "hidden" => matches!(value, "1" | "true"),
            "customHeight" => has_no_size,
            name if name == size => has_no_size,
            _ => false,
        };
        if hides {
            // ` name="value"`; what stands between the name and its value may be odd.
            let start = tag.name_start(name, span.start);
            spans.push(start..span.end + 1);
        }
    }
    spans
}

/// What becomes of the link to the notes' drawing.
pub(super) enum Legacy {
    Add(String),
    Remove,
}

fn number<T: std::str::FromStr>(raw: Option<&str>) -> Option<T> {
    raw?.trim().parse().ok()
}
