//! Sheets that are left to calamine: whatever is not written in the plainest way.
//!
//! calamine is handed a package of the parts that it needs, each expanded once and looked through:
//! the texts without the number of them that the part claims, for which calamine would reserve
//! memory, and of each sheet its cells only. The package is laid out in the usual way whatever the
//! file's own layout, since calamine refuses a whole workbook for one sheet in an unusual place.
//!
//! calamine gives a cell with its formula or with its style and not with both; a second walk of it would cost
//! half of all reading, so styles come from where cells are looked through before.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use calamine::{DataRef, Reader, Xlsx, XlsxFormulaMetadata};

use super::budget::Budget;
use super::cell_parts::cell_parts;
use super::guard::calamine;
use super::number_format::Shown;
use super::package::Package;
use super::repack::Repack;
use super::shared_formulas::SharedFormulas;
use super::whole_texts::whole_texts;
use super::xlsx::Formats;
use super::{Unreadable, cell_error, serial};
use crate::model::{Cell, CellRef, CellValue};

/// The part that holds a document's own properties.
pub(super) const CUSTOM_PROPERTIES: &str = "docProps/custom.xml";

/// What calamine opens.
pub(super) type Opened = Xlsx<Cursor<Vec<u8>>>;

/// What is left to calamine, in the making.
pub(super) struct Left {
    repack: Repack,
    n_sheets: usize,
}

impl Left {
    pub(super) fn new(package: &Package) -> Self {
        Self {
            repack: Repack::new(package.packed_bytes()),
            n_sheets: 0,
        }
    }

    /// Whether any sheet was left.
    pub(super) fn has_sheets(&self) -> bool {
        self.n_sheets > 0
    }

    /// Packs the cells of a sheet.
    pub(super) fn add(
        &mut self,
        cells: &str,
        formats: &Formats,
        budget: &mut Budget,
    ) -> Result<LeftSheet, Unreadable> {
        let cells = &*whole_texts(cells)?;
        let parts = cell_parts(cells, formats)?;
        budget.hold(parts.cells.len())?;
        let sheet = LeftSheet {
            idx: self.n_sheets,
            formats: parts.formats,
            length: parts.cells.len(),
        };
        let pieces: &[&[u8]] = &[b"<sheetData>", parts.cells.as_bytes()];
        self.repack.add(&format!("xl/{}.xml", sheet.idx), pieces)?;
        self.n_sheets += 1;
        Ok(sheet)
    }

    /// Lets calamine open it, with the texts that cells share; `None` where there is nothing to read.
    pub(super) fn open(
        mut self,
        items: &str,
        properties: Option<&str>,
    ) -> Result<Option<Opened>, Unreadable> {
        if self.n_sheets == 0 && properties.is_none() {
            return Ok(None);
        }
        if let Some(properties) = properties {
            (self.repack).add(CUSTOM_PROPERTIES, &[properties.as_bytes()])?;
        }
        if self.n_sheets > 0 && !items.is_empty() {
            let pieces: &[&[u8]] = &[b"<sst>", items.as_bytes()];
            self.repack.add("xl/sharedStrings.xml", pieces)?;
        }
        self.usual_layout()?;
        let zip = self.repack.finish()?;
        calamine(|| Xlsx::new(zip)).map(Some)
    }

    /// The parts that say to calamine where the sheets are. Each sheet has its number for a name: calamine
    /// finds sheets by name, and names may be given twice.
    fn usual_layout(&mut self) -> Result<(), Unreadable> {
        let (mut entries, mut links) = (String::new(), String::new());
        for idx in 0..self.n_sheets {
            entries += &format!("<sheet name=\"{idx}\" r:id=\"{idx}\"/>");
            links +=
                &format!("<Relationship Id=\"{idx}\" Type=\"/worksheet\" Target=\"{idx}.xml\"/>");
        }
        let relationships = |links: &str| format!("<Relationships>{links}</Relationships>");
        let main =
            "<Relationship Type=\"/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>";
        let workbook = format!("<workbook><sheets>{entries}</sheets></workbook>");
        let parts = [
            ("_rels/.rels", relationships(main)),
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", relationships(&links)),
        ];
        for (path, content) in parts {
            self.repack.add(path, &[content.as_bytes()])?;
        }
        Ok(())
    }
}

/// A sheet whose cells are left to calamine.
pub(super) struct LeftSheet {
    idx: usize,
    /// The number of each cell's format, in turn.
    formats: Vec<u16>,
    /// Bytes of its cells.
    length: usize,
}

impl LeftSheet {
    /// Its cells, by calamine.
    pub(super) fn read(
        self,
        xlsx: Option<&mut Opened>,
        formats: &Formats,
        budget: &mut Budget,
    ) -> Result<Vec<Cell>, Unreadable> {
        let xlsx = xlsx.ok_or_else(|| Unreadable::damaged("the sheet is missing"))?;
        let sheet = self.idx.to_string();
        // A cell takes about 40 bytes of XML; many are blank.
        let mut cells = Vec::with_capacity((self.length / 64).min(1 << 16));
        let mut idxs = self.formats.iter();
        let mut shared = SharedFormulas::default();
        let mut texts = SharedTexts::default();
        let mut failed = None;
        calamine(|| {
            let mut reader = xlsx.worksheet_cells_reader(&sheet)?;
            // Formulas as stored and not written out: that takes memory by the numbers in the file.
            while let Some(cell) = reader.next_cell_with_formula_metadata()? {
                let at = CellRef::new(cell.pos.0, cell.pos.1);
                let Some(&idx) = idxs.next() else {
                    failed = Some(Unreadable::damaged("cells inside other elements"));
                    break;
                };
                let shown = formats.of(idx);
                let formula = (cell.formula).map(|formula| text(formula, at, &mut shared, budget));
                let value = match value(&cell.value, &mut texts, shown, formats.is_1904) {
                    Some(value) => value,
                    None if formula.is_some() => CellValue::NotCalculated,
                    None => continue,
                };
                if let Err(reason) = budget.keep(&mut cells, at, value, shown.figure, formula) {
                    failed = Some(reason);
                    break;
                }
            }
            Ok::<_, calamine::XlsxError>(())
        })?;
        match failed {
            Some(reason) => Err(reason),
            None if idxs.next().is_some() => {
                Err(Unreadable::damaged("cells inside other elements"))
            }
            None => Ok(cells),
        }
    }
}

/// The custom properties of the document, sorted by name.
pub(super) fn custom_properties(xlsx: &mut Opened) -> Result<Vec<(String, String)>, Unreadable> {
    let properties = calamine(|| xlsx.workbook_properties())?;
    let mut properties: Vec<_> = properties.custom_properties.into_iter().collect();
    properties.sort();
    Ok(properties)
}

/// The texts that cells share, each kept once. Of one text calamine gives the same piece of memory to all cells.
#[derive(Default)]
struct SharedTexts(HashMap<(usize, usize), Arc<str>>);

impl SharedTexts {
    fn of(&mut self, text: &str) -> Arc<str> {
        let place = (text.as_ptr().addr(), text.len());
        self.0.entry(place).or_insert_with(|| text.into()).clone()
    }
}

/// What a cell holds; `None` where it is blank.
fn value(
    value: &DataRef,
    texts: &mut SharedTexts,
    shown: Shown,
    is_1904: bool,
) -> Option<CellValue> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Float(number) if number.is_finite() => serial::value(*number, shown, is_1904),
        DataRef::Float(number) => CellValue::Text(number.to_string().into()),
        DataRef::Int(number) => serial::value(*number as f64, shown, is_1904),
        DataRef::String(text) => CellValue::Text(text.as_str().into()),
        DataRef::SharedString(text) => CellValue::Text(texts.of(text)),
        DataRef::Bool(value) => CellValue::Bool(*value),
        DataRef::Error(error) => CellValue::Error(cell_error::by_type(error)),
        DataRef::DateTimeIso(text) => serial::iso_date(text, shown)
            .map_or_else(|| CellValue::Text(text.as_str().into()), CellValue::Date),
        DataRef::DurationIso(text) => CellValue::Text(text.as_str().into()),
        // Without number formats calamine knows of no dates.
        DataRef::DateTime(number) => serial::value(number.as_f64(), shown, is_1904),
    })
}

/// The formula of the cell at `at`, written out where it is shared.
fn text(
    formula: XlsxFormulaMetadata,
    at: CellRef,
    shared: &mut SharedFormulas,
    budget: &Budget,
) -> Box<str> {
    match formula {
        XlsxFormulaMetadata::Normal { formula } => SharedFormulas::own(&formula),
        XlsxFormulaMetadata::Shared {
            shared_index,
            formula,
            ..
        } => shared.first(shared_index, at, &formula),
        XlsxFormulaMetadata::SharedDerived { shared_index } => {
            shared.further(shared_index, at, budget)
        }
        _ => "".into(),
    }
}
