//! What a copy of an .xls keeps beside its values: fonts, formats, widths, links, validations and so on.
//!
//! Read only where a copy is made, by a second walk through the records. What is odd or breaks off is left out: a copy
//! is better plain than none.

use std::collections::HashMap;

use encoding_rs::GB18030;

use super::{
    Globals, Name, Record, Records, SheetEntry, Texts, double_word, float, kind, rk, word,
};
use crate::model::looks::{
    Alignment, CellFormat, CellLooks, Colour, ColumnLooks, Condition, ConditionLook, DefinedName,
    Fill, Font, LeftOut, Line, Link, Looks, NumberCode, RowLooks, SheetLooks, Validation,
};
use crate::model::{CellRange, CellRef, SheetKind};
use crate::read::Unreadable;
use crate::read::budget::Budget;
use crate::read::tokens::{self, Book, Compiled};

/// Kinds of records that only looks are made of.
mod look {
    pub(super) const PROTECT: u16 = 0x0012;
    pub(super) const PASSWORD: u16 = 0x0013;
    pub(super) const HEADER: u16 = 0x0014;
    pub(super) const FOOTER: u16 = 0x0015;
    pub(super) const NOTE: u16 = 0x001C;
    pub(super) const LEFT_MARGIN: u16 = 0x0026;
    pub(super) const BOTTOM_MARGIN: u16 = 0x0029;
    pub(super) const FONT: u16 = 0x0031;
    pub(super) const PANE: u16 = 0x0041;
    pub(super) const DEFAULT_WIDTH: u16 = 0x0055;
    pub(super) const OBJECT: u16 = 0x005D;
    pub(super) const SHEET_OPTIONS: u16 = 0x0081;
    pub(super) const CENTRED_ACROSS: u16 = 0x0083;
    pub(super) const CENTRED_DOWN: u16 = 0x0084;
    pub(super) const PALETTE: u16 = 0x0092;
    pub(super) const FILTER_MODE: u16 = 0x009B;
    pub(super) const STANDARD_WIDTH: u16 = 0x0099;
    pub(super) const FILTER_BUTTONS: u16 = 0x009D;
    pub(super) const ZOOM: u16 = 0x00A0;
    pub(super) const PAGE: u16 = 0x00A1;
    pub(super) const PIVOT: u16 = 0x00B0;
    pub(super) const MANY_BLANKS: u16 = 0x00BE;
    pub(super) const MACROS: u16 = 0x00D3;
    pub(super) const CONDITIONS: u16 = 0x01B0;
    pub(super) const CONDITION: u16 = 0x01B1;
    pub(super) const TEXT_BOX: u16 = 0x01B6;
    pub(super) const LINK: u16 = 0x01B8;
    pub(super) const VALIDATION: u16 = 0x01BE;
    pub(super) const BLANK: u16 = 0x0201;
    pub(super) const DEFAULT_HEIGHT: u16 = 0x0225;
    pub(super) const WINDOW: u16 = 0x023E;
    pub(super) const LINK_TIP: u16 = 0x0800;
    pub(super) const NEW_CONDITIONS: u16 = 0x0879;
}

/// Reads the looks of the workbook in a stream that has been decrypted.
pub(in crate::read) fn looks(stream: &[u8], budget: &mut Budget) -> Result<Looks, Unreadable> {
    let globals = Globals::read(stream, budget)?;
    let mut looks = Looks {
        is_1904: globals.is_1904,
        ..Looks::default()
    };
    let palette = Palette::read(stream);
    let names = read_globals(stream, &globals, &palette, &mut looks);
    let runs = rich_texts(stream);
    for (idx, entry) in globals.sheets.iter().enumerate() {
        if entry.kind == Some(SheetKind::Macros) || entry.kind == Some(SheetKind::Module) {
            looks.left_out.push(LeftOut::Macros);
        }
        let mut reader = SheetReader {
            globals: &globals,
            palette: &palette,
            budget: &mut *budget,
            runs: &runs,
            sheet: SheetLooks::default(),
            left_out: &mut looks.left_out,
            conditions: (Vec::new(), 0),
            note_of: None,
            note_texts: HashMap::new(),
            note_places: Vec::new(),
            password: None,
            is_frozen: false,
            has_filter: false,
        };
        reader.read(stream, entry)?;
        // What was filtered once may have left its name.
        let has_filter = reader.has_filter;
        let mut sheet = reader.sheet;
        sheet.very_hidden = entry.very_hidden;
        sheet.filter = (names.filters.get(&(idx + 1)).copied()).filter(|_| has_filter);
        looks.sheets.entry(entry.name.clone()).or_insert(sheet);
    }
    looks.names = names.defined;
    looks.left_out.sort_unstable();
    looks.left_out.dedup();
    Ok(looks)
}

/// The colours that numbers stand for.
struct Palette(Vec<Colour>);

impl Palette {
    /// The usual ones, from number 8 on ([MS-XLS] 2.5.161).
    const USUAL: [u32; 56] = [
        0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0xFF00FF, 0x00FFFF, 0x800000,
        0x008000, 0x000080, 0x808000, 0x800080, 0x008080, 0xC0C0C0, 0x808080, 0x9999FF, 0x993366,
        0xFFFFCC, 0xCCFFFF, 0x660066, 0xFF8080, 0x0066CC, 0xCCCCFF, 0x000080, 0xFF00FF, 0xFFFF00,
        0x00FFFF, 0x800080, 0x800000, 0x008080, 0x0000FF, 0x00CCFF, 0xCCFFFF, 0xCCFFCC, 0xFFFF99,
        0x99CCFF, 0xFF99CC, 0xCC99FF, 0xFFCC99, 0x3366FF, 0x33CCCC, 0x99CC00, 0xFFCC00, 0xFF9900,
        0xFF6600, 0x666699, 0x969696, 0x003366, 0x339966, 0x003300, 0x333300, 0x993300, 0x993366,
        0x333399, 0x333333,
    ];

    fn read(stream: &[u8]) -> Self {
        let rgb = |n: u32| Colour([(n >> 16) as u8, (n >> 8) as u8, n as u8]);
        let mut colours: Vec<Colour> = Self::USUAL.into_iter().map(rgb).collect();
        let mut records = Records::new(stream, 0);
        while let Some(record) = records.next().filter(|record| record.kind != kind::EOF) {
            if record.kind == look::PALETTE {
                let own = record.data.get(2..).unwrap_or_default().as_chunks::<4>().0;
                for (colour, own) in colours.iter_mut().zip(own) {
                    *colour = Colour([own[0], own[1], own[2]]);
                }
            }
        }
        Self(colours)
    }

    /// Nothing for the colour that a program chooses itself.
    fn colour(&self, number: u32) -> Option<Colour> {
        let idx = if number < 8 { number } else { number - 8 };
        self.0.get(idx as usize).copied()
    }
}

/// Names, and where rows are filtered.
#[derive(Default)]
struct Names {
    defined: Vec<DefinedName>,
    /// By the number of the sheet, from 1.
    filters: HashMap<usize, CellRange>,
}

/// Fonts, formats and names.
fn read_globals(stream: &[u8], globals: &Globals, palette: &Palette, looks: &mut Looks) -> Names {
    let mut codes: HashMap<u16, String> = HashMap::new();
    let mut numbers = Vec::new();
    let mut names = Names::default();
    let mut n_names = 0;
    let mut records = Records::new(stream, 0);
    while let Some(Record { kind, data }) = records.next() {
        match kind {
            look::FONT => looks
                .fonts
                .push(font(data, globals.texts, palette).unwrap_or_default()),
            kind::FORMAT => {
                let is_wide = matches!(globals.texts, Texts::Utf16);
                let text = data
                    .get(2..)
                    .and_then(|text| globals.texts.read(text, is_wide));
                if let (Some(id), Some(code)) = (word(data, 0), text) {
                    codes.insert(id, code);
                }
            }
            kind::XF => {
                numbers.push(word(data, 2).unwrap_or_default());
                let format = match globals.texts {
                    Texts::Utf16 => format(data, palette),
                    Texts::Bytes(_) => old_format(data, palette),
                };
                looks.formats.push(format.unwrap_or_default());
            }
            kind::NAME => {
                let name = Name {
                    flags: word(data, 0).unwrap_or_default(),
                    sheet: word(data, 8).unwrap_or_default(),
                    name: globals.book.names.get(n_names).cloned().flatten(),
                    data,
                };
                n_names += 1;
                names.add(&name, globals);
            }
            look::MACROS => looks.left_out.push(LeftOut::Macros),
            kind::EOF => break,
            _ => {}
        }
    }
    for (format, id) in looks.formats.iter_mut().zip(numbers) {
        format.number = match codes.get(&id) {
            Some(code) => NumberCode::Code(code.clone()),
            None => NumberCode::BuiltIn(id),
        };
    }
    names
}

impl Names {
    fn add(&mut self, name: &Name, globals: &Globals) {
        let book = &globals.book;
        let is_built_in = name.flags & 0x20 != 0;
        let code = match globals.texts {
            Texts::Utf16 => name.data.get(15),
            Texts::Bytes(_) => name.data.get(14),
        };
        let typed = match (is_built_in, code) {
            (true, Some(6)) => "_xlnm.Print_Area".to_owned(),
            (true, Some(7)) => "_xlnm.Print_Titles".to_owned(),
            (true, Some(13)) => {
                let formula = name.formula(book).unwrap_or_default();
                let range = formula
                    .rsplit('!')
                    .next()
                    .and_then(|range| range.replace('$', "").parse().ok());
                if let Some(range) = range {
                    self.filters.insert(name.sheet.into(), range);
                }
                return;
            }
            (true, _) => return,
            (false, _) => match &name.name {
                Some(name) if !name.starts_with("_xlfn.") => name.clone(),
                _ => return,
            },
        };
        let Some(formula) = name.formula(book) else {
            return;
        };
        let sheet = usize::from(name.sheet).checked_sub(1);
        let sheet = sheet.map(|idx| book.sheets.get(idx).cloned());
        if sheet == Some(None) {
            return;
        }
        self.defined.push(DefinedName {
            name: typed,
            sheet: sheet.flatten(),
            formula,
            hidden: name.flags & 1 != 0,
        });
    }
}

fn font(data: &[u8], texts: Texts, palette: &Palette) -> Option<Font> {
    let flags = word(data, 2)?;
    Some(Font {
        name: texts.read(data.get(14..)?, false)?.replace('\0', ""),
        size: f64::from(word(data, 0)?) / 20.0,
        bold: word(data, 6)? >= 600,
        italic: flags & 2 != 0,
        strike: flags & 8 != 0,
        underline: *data.get(10)?,
        script: word(data, 8)?.min(2) as u8,
        colour: palette.colour(word(data, 4)?.into()),
        charset: *data.get(12)?,
    })
}

/// The number of a font among the fonts: there is none of number 4.
fn font_idx(number: u16) -> usize {
    usize::from(if number > 4 { number - 1 } else { number })
}

fn format(data: &[u8], palette: &Palette) -> Option<CellFormat> {
    let flags = word(data, 4)?;
    let (across, more) = (*data.get(6)?, *data.get(8)?);
    let (lines, colours) = (double_word(data, 10)?, double_word(data, 14)?);
    let fill = word(data, 18)?;
    let line = |style: u32, colour: u32| Line {
        style: (style & 15) as u8,
        colour: palette.colour(colour & 127),
    };
    Some(CellFormat {
        number: NumberCode::default(),
        font: font_idx(word(data, 0)?),
        fill: Fill {
            pattern: (colours >> 26 & 63) as u8,
            front: palette.colour((fill & 127).into()),
            back: palette.colour((fill >> 7 & 127).into()),
        },
        lines: [
            line(lines, lines >> 16),
            line(lines >> 4, lines >> 23),
            line(lines >> 8, colours),
            line(lines >> 12, colours >> 7),
            line(colours >> 21, colours >> 14),
        ],
        across: (lines >> 30 & 1 != 0, lines >> 31 & 1 != 0),
        alignment: Alignment {
            horizontal: across & 7,
            vertical: across >> 4 & 7,
            wrap: across & 8 != 0,
            shrink: more & 16 != 0,
            indent: more & 15,
            rotation: *data.get(7)?,
        },
        locked: flags & 1 != 0,
        hidden: flags & 2 != 0,
    })
}

/// The same of Excel 5 and 95.
fn old_format(data: &[u8], palette: &Palette) -> Option<CellFormat> {
    let flags = word(data, 4)?;
    let (across, turned) = (*data.get(6)?, *data.get(7)?);
    let (area, lines) = (double_word(data, 8)?, double_word(data, 12)?);
    let line = |style: u32, colour: u32| Line {
        style: (style & 7) as u8,
        colour: palette.colour(colour & 127),
    };
    Some(CellFormat {
        number: NumberCode::default(),
        font: font_idx(word(data, 0)?),
        fill: Fill {
            pattern: (area >> 16 & 63) as u8,
            front: palette.colour(area & 127),
            back: palette.colour(area >> 7 & 127),
        },
        lines: [
            line(lines >> 3, lines >> 16),
            line(lines >> 6, lines >> 23),
            line(lines, lines >> 9),
            line(area >> 22, area >> 25),
            Line::default(),
        ],
        across: (false, false),
        alignment: Alignment {
            horizontal: across & 7,
            vertical: across >> 4 & 7,
            wrap: across & 8 != 0,
            rotation: [0, 255, 90, 180][usize::from(turned & 3)],
            ..Alignment::default()
        },
        locked: flags & 1 != 0,
        hidden: flags & 2 != 0,
    })
}

/// The fonts of parts of the texts that cells share, by the number of the text.
fn rich_texts(stream: &[u8]) -> HashMap<u32, Vec<(usize, usize)>> {
    let mut records = Records::new(stream, 0);
    while let Some(record) = records.next().filter(|record| record.kind != kind::EOF) {
        if record.kind == kind::SST {
            let mut parts = records.continued();
            parts.insert(0, record.data);
            let mut table = super::Parts::new(parts, 8);
            let mut rich = HashMap::new();
            let mut idx = 0;
            while let Some(runs) = table.runs() {
                if !runs.is_empty() {
                    let runs = runs.into_iter().map(|(at, font)| (at, font_idx(font)));
                    rich.insert(idx, runs.collect());
                }
                idx += 1;
            }
            return rich;
        }
    }
    HashMap::new()
}

struct SheetReader<'g, 'l> {
    globals: &'g Globals,
    palette: &'g Palette,
    budget: &'g mut Budget<'l>,
    runs: &'g HashMap<u32, Vec<(usize, usize)>>,
    sheet: SheetLooks,
    left_out: &'g mut Vec<LeftOut>,
    /// The cells of the conditions that follow, and how many are still to come.
    conditions: (Vec<CellRange>, u16),
    /// The number of the note whose text comes next.
    note_of: Option<u16>,
    note_texts: HashMap<u16, String>,
    note_places: Vec<(CellRef, u16, String)>,
    /// The check of its password, should it be protected.
    password: Option<u16>,
    /// Its panes are rows and columns that stay in sight.
    is_frozen: bool,
    /// Its rows have buttons to filter by.
    has_filter: bool,
}

impl SheetReader<'_, '_> {
    fn read(&mut self, stream: &[u8], entry: &SheetEntry) -> Result<(), Unreadable> {
        let mut records = Records::new(stream, entry.start);
        if records.next().is_none_or(|first| first.kind != kind::BOF) {
            return Ok(());
        }
        while let Some(record) = records.next() {
            self.budget.take_expanded(4 + record.data.len())?;
            match record.kind {
                kind::EOF => break,
                // Charts are sheets of their own inside it.
                kind::BOF => {
                    self.left_out.push(LeftOut::Drawings);
                    if !records.pass() {
                        break;
                    }
                }
                look::TEXT_BOX => {
                    let parts = records.continued();
                    self.text_box(record.data, parts);
                }
                _ => {
                    // What is too short says nothing.
                    let _ = self.record(&record);
                }
            }
        }
        let texts = &mut self.note_texts;
        let notes = self.note_places.drain(..);
        let with_text = |(at, number, author): (CellRef, u16, String)| {
            let text = texts.remove(&number)?;
            Some((at, author, text))
        };
        self.sheet.notes.extend(notes.filter_map(with_text));
        if let Some(password) = self.password.filter(|_| self.sheet.protected.is_some()) {
            self.sheet.protected = Some(password);
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Option<()> {
        let data = record.data;
        match record.kind {
            kind::ROW => self.row(data)?,
            kind::COLUMN => self.column(data)?,
            look::DEFAULT_WIDTH => {
                let width = f64::from(word(data, 0)?);
                self.sheet.default_width.get_or_insert(width + 0.72);
            }
            look::STANDARD_WIDTH => {
                self.sheet.default_width = Some(f64::from(word(data, 0)?) / 256.0);
            }
            look::DEFAULT_HEIGHT => {
                self.sheet.default_height = Some(f64::from(word(data, 2)?) / 20.0);
            }
            kind::NUMBER => self.cell(data, Some(float(data.get(6..)?)?))?,
            kind::RK => self.cell(data, Some(rk(double_word(data, 6)?)))?,
            kind::FORMULA | kind::FORMULA_3 | kind::FORMULA_4 => {
                let is_number = data.get(12..14)? != [0xFF, 0xFF];
                let number = float(data.get(6..)?)?;
                self.cell(data, is_number.then_some(number))?;
            }
            kind::MUL_RK => {
                let (row, col) = (word(data, 0)?, word(data, 2)?);
                let end = data.len().saturating_sub(2).max(4);
                for (idx, cell) in data.get(4..end)?.as_chunks::<6>().0.iter().enumerate() {
                    let at = CellRef::new(row.into(), u32::from(col) + idx as u32);
                    self.keep(at, word(cell, 0)?, Some(rk(double_word(cell, 2)?)));
                }
            }
            look::MANY_BLANKS => {
                let (row, col) = (word(data, 0)?, word(data, 2)?);
                let end = data.len().saturating_sub(2).max(4);
                for (idx, cell) in data.get(4..end)?.as_chunks::<2>().0.iter().enumerate() {
                    let at = CellRef::new(row.into(), u32::from(col) + idx as u32);
                    self.keep(at, u16::from_le_bytes(*cell), None);
                }
            }
            kind::LABEL_SST => {
                self.cell(data, None)?;
                if let Some(runs) = self.runs.get(&double_word(data, 6)?) {
                    let at = CellRef::new(word(data, 0)?.into(), word(data, 2)?.into());
                    self.sheet.runs.push((at, runs.clone()));
                }
            }
            look::BLANK | kind::LABEL | kind::RICH_STRING | kind::BOOL_ERR => {
                self.cell(data, None)?;
            }
            kind::ARRAY => {
                let [first, last] = [word(data, 0)?, word(data, 2)?];
                let cols = (*data.get(4)?, *data.get(5)?);
                let corner = |row: u16, col: u8| CellRef::new(row.into(), col.into());
                let range = CellRange::new(corner(first, cols.0), corner(last, cols.1));
                self.sheet.arrays.push(range);
            }
            look::LINK => self.sheet.links.push(link(data)?),
            look::LINK_TIP => {
                let tip = utf_16(data.get(10..)?);
                if let Some(link) = self.sheet.links.last_mut() {
                    link.tip = Some(tip);
                }
            }
            look::VALIDATION => {
                let validation = validation(data, self.globals)?;
                self.sheet.validations.push(validation);
            }
            look::CONDITIONS => {
                let ranges = areas(data.get(12..)?)?.0;
                self.conditions = (ranges, word(data, 0)?);
            }
            look::CONDITION => self.condition(data)?,
            look::NEW_CONDITIONS => self.left_out.push(LeftOut::NewConditions),
            look::PIVOT => self.left_out.push(LeftOut::PivotTables),
            look::FILTER_BUTTONS => self.has_filter = true,
            look::FILTER_MODE => self.left_out.push(LeftOut::FilterCriteria),
            look::OBJECT => {
                // A note's box; the arrows of filters and lists are drawn anew.
                match word(data, 4)? {
                    0x19 => self.note_of = word(data, 6),
                    0x14 => {}
                    _ => self.left_out.push(LeftOut::Drawings),
                }
            }
            look::NOTE => self.note(data)?,
            look::PROTECT => {
                self.sheet.protected = (word(data, 0)? != 0).then_some(0);
            }
            look::PASSWORD => self.password = word(data, 0),
            look::WINDOW => {
                let flags = word(data, 0)?;
                self.sheet.no_grid = flags & 2 == 0;
                self.is_frozen = flags & 8 != 0;
            }
            // Its sizes are rows and columns only where they are frozen.
            look::PANE if self.is_frozen => {
                self.sheet.frozen = (word(data, 2)?.into(), word(data, 0)?.into());
            }
            look::ZOOM => {
                let (part, whole) = (u32::from(word(data, 0)?), u32::from(word(data, 2)?));
                let percent = (part * 100).checked_div(whole)? as u16;
                self.sheet.zoom = Some(percent).filter(|zoom| (10..=400).contains(zoom));
            }
            look::SHEET_OPTIONS if word(data, 0)? & 0x0100 != 0 => {
                self.sheet.page.fit.get_or_insert((1, 1));
            }
            look::PAGE => self.page(data)?,
            look::LEFT_MARGIN..=look::BOTTOM_MARGIN => {
                let idx = usize::from(record.kind - look::LEFT_MARGIN);
                self.sheet.page.margins[idx] = float(data);
            }
            look::HEADER | look::FOOTER if !data.is_empty() => {
                let is_wide = matches!(self.globals.texts, Texts::Utf16);
                let text = self.globals.texts.read(data, is_wide)?;
                match record.kind {
                    look::HEADER => self.sheet.page.header = text,
                    _ => self.sheet.page.footer = text,
                }
            }
            look::CENTRED_ACROSS => self.sheet.page.centred.0 = word(data, 0)? != 0,
            look::CENTRED_DOWN => self.sheet.page.centred.1 = word(data, 0)? != 0,
            _ => {}
        }
        Some(())
    }

    fn row(&mut self, data: &[u8]) -> Option<()> {
        let height = word(data, 6)?;
        let flags = double_word(data, 12)?;
        self.sheet.rows.push(RowLooks {
            row: word(data, 0)?.into(),
            height: f64::from(height & 0x7FFF) / 20.0,
            is_set: flags & 0x40 != 0,
            hidden: flags & 0x20 != 0 || height == 0,
            format: (flags & 0x80 != 0).then_some((flags >> 16 & 0x0FFF) as u16),
            level: (flags & 7) as u8,
            collapsed: flags & 0x10 != 0,
        });
        Some(())
    }

    fn column(&mut self, data: &[u8]) -> Option<()> {
        let flags = word(data, 8)?;
        let width = word(data, 4)?;
        self.sheet.columns.push(ColumnLooks {
            columns: (word(data, 0)?.into(), word(data, 2)?.into()),
            width: f64::from(width) / 256.0,
            hidden: flags & 1 != 0 || width == 0,
            format: word(data, 6)?,
            level: (flags >> 8 & 7) as u8,
            collapsed: flags & 0x1000 != 0,
        });
        Some(())
    }

    fn cell(&mut self, data: &[u8], number: Option<f64>) -> Option<()> {
        let at = CellRef::new(word(data, 0)?.into(), word(data, 2)?.into());
        self.keep(at, word(data, 4)?, number);
        Some(())
    }

    fn keep(&mut self, at: CellRef, format: u16, number: Option<f64>) {
        match self.budget.keep_look() {
            true => self.sheet.cells.push(CellLooks { at, format, number }),
            false => self.left_out.push(LeftOut::BlankCells),
        }
    }

    fn page(&mut self, data: &[u8]) -> Option<()> {
        const UNSET: u16 = 4;
        let flags = word(data, 10)?;
        let page = &mut self.sheet.page;
        if flags & UNSET == 0 {
            page.paper = word(data, 0).filter(|paper| *paper > 0);
            page.landscape = flags & 2 == 0;
            page.scale = word(data, 2).filter(|scale| (10..=400).contains(scale));
        }
        if page.fit.is_some() {
            page.fit = word(data, 6).zip(word(data, 8));
        }
        page.margins[4] = float(data.get(16..)?);
        page.margins[5] = float(data.get(24..)?);
        Some(())
    }

    fn note(&mut self, data: &[u8]) -> Option<()> {
        let at = CellRef::new(word(data, 0)?.into(), word(data, 2)?.into());
        match self.globals.texts {
            Texts::Utf16 => {
                let author = self.globals.texts.read(data.get(8..)?, true);
                let number = word(data, 6)?;
                self.note_places
                    .push((at, number, author.unwrap_or_default()));
            }
            // Its text stands in it; one that is long goes on in further records, which are left out.
            Texts::Bytes(encoding) => {
                let length = usize::from(word(data, 4)?);
                let text = data.get(6..)?;
                let text = &text[..text.len().min(length)];
                let (text, _) = encoding.decode_without_bom_handling(text);
                self.sheet
                    .notes
                    .push((at, String::new(), text.into_owned()));
            }
        }
        Some(())
    }

    fn text_box(&mut self, data: &[u8], parts: Vec<&[u8]>) {
        let (Some(number), Some(length)) = (self.note_of.take(), word(data, 10)) else {
            return;
        };
        let mut units: Vec<u16> = Vec::new();
        for part in parts {
            let Some((flags, text)) = part.split_first() else {
                continue;
            };
            let left = usize::from(length) - units.len();
            if left == 0 {
                break;
            }
            super::decode_units(text, flags & 1 != 0, left, &mut units);
        }
        let text = String::from_utf16_lossy(&units).replace('\r', "\n");
        self.note_texts.insert(number, text);
    }

    fn condition(&mut self, data: &[u8]) -> Option<()> {
        let (ranges, n_left) = &mut self.conditions;
        *n_left = n_left.checked_sub(1)?;
        let first = ranges.first()?.start;
        let lengths = [word(data, 2)?, word(data, 4)?].map(usize::from);
        let second = data.len().checked_sub(lengths[1])?;
        let start = second.checked_sub(lengths[0])?;
        let look = condition_look(data.get(6..start)?, self.palette)?;
        let formula = |tokens: &[u8]| match tokens.is_empty() {
            true => Some(None),
            false => formula_at(&self.globals.book, tokens, first).map(Some),
        };
        let condition = Condition {
            operator: match *data.first()? {
                2 => 0,
                _ => *data.get(1)?,
            },
            formulas: [formula(&data[start..second])?, formula(&data[second..])?],
            look,
            ranges: ranges.clone(),
        };
        self.sheet.conditions.push(condition);
        Some(())
    }
}

fn formula_at(book: &Book, tokens: &[u8], at: CellRef) -> Option<String> {
    let compiled = Compiled {
        tokens,
        arrays: &[],
    };
    tokens::formula(book, compiled, at)
}

/// Areas behind their number, and what follows them.
fn areas(data: &[u8]) -> Option<(Vec<CellRange>, &[u8])> {
    let n_bytes = usize::from(word(data, 0)?) * 8;
    let (areas, rest) = data.get(2..)?.split_at_checked(n_bytes)?;
    let area = |area: &[u8; 8]| {
        let [first, last, left, right] =
            [0, 2, 4, 6].map(|at| u32::from(u16::from_le_bytes([area[at], area[at + 1]])));
        CellRange::new(CellRef::new(first, left), CellRef::new(last, right))
    };
    let areas: Vec<CellRange> = areas.as_chunks::<8>().0.iter().map(area).collect();
    let is_sound = |range: &CellRange| {
        range.start.row <= range.end.row && range.start.col <= range.end.col && range.end.col < 256
    };
    (!areas.is_empty() && areas.iter().all(is_sound)).then_some((areas, rest))
}

/// UTF-16 up to the first zero.
fn utf_16(data: &[u8]) -> String {
    let units = data
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&unit| u16::from_le_bytes(unit));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}

/// A link ([MS-XLS] 2.4.140, [MS-OSHARED] 2.3.7.1).
fn link(data: &[u8]) -> Option<Link> {
    const URL: [u8; 4] = [0xE0, 0xC9, 0xEA, 0x79];
    const FILE: [u8; 4] = [0x03, 0x03, 0x00, 0x00];
    let counted = [&[1, 0][..], data.get(..8)?].concat();
    let range = areas(&counted)?.0[0];
    let flags = double_word(data, 28)?;
    let mut at = 32;
    let has = |flag: u32| flags & flag != 0;
    // A text behind the number of its characters.
    let text = |at: &mut usize| {
        let length = double_word(data, *at)? as usize;
        let text = data.get(*at + 4..)?.get(..length.checked_mul(2)?)?;
        *at += 4 + length * 2;
        Some(utf_16(text))
    };
    if has(0x10) {
        text(&mut at)?;
    }
    if has(0x80) {
        text(&mut at)?;
    }
    let mut target = None;
    if has(0x01) && has(0x100) {
        target = Some(text(&mut at)?);
    } else if has(0x01) {
        let kind = data.get(at..at + 16)?;
        at += 16;
        if kind.starts_with(&URL) {
            let length = double_word(data, at)? as usize;
            let address = data.get(at + 4..)?.get(..length)?;
            target = Some(utf_16(address));
            at += 4 + length;
        } else if kind.starts_with(&FILE) {
            let n_up = usize::from(word(data, at)?);
            let length = double_word(data, at + 2)? as usize;
            let short = data.get(at + 6..)?.get(..length)?;
            at += 6 + length + 24;
            let n_long = double_word(data, at)? as usize;
            let path = match n_long {
                0..6 => {
                    let short = short.split(|b| *b == 0).next().unwrap_or_default();
                    GB18030.decode_without_bom_handling(short).0.into_owned()
                }
                _ => {
                    let length = double_word(data, at + 4)? as usize;
                    let long = data.get(at + 10..)?.get(..length)?;
                    utf_16(&[long, &[0, 0]].concat())
                }
            };
            at += 4 + n_long;
            target = Some("..\\".repeat(n_up.min(64)) + &path);
        } else {
            return None;
        }
    }
    let location = if has(0x08) {
        Some(text(&mut at)?)
    } else {
        None
    };
    let is_any = target.is_some() || location.is_some();
    is_any.then_some(Link {
        range,
        target: target.filter(|target| !target.is_empty()),
        location: location.filter(|location| !location.is_empty()),
        tip: None,
    })
}

/// What may be typed ([MS-XLS] 2.4.110).
fn validation(data: &[u8], globals: &Globals) -> Option<Validation> {
    let flags = double_word(data, 0)?;
    let mut rest = data.get(4..)?;
    let mut text = || {
        let length = usize::from(word(rest, 0)?);
        let text = globals.texts.read(rest, true)?;
        let n_bytes = match length {
            0 => 0,
            _ => 1 + length * (1 + usize::from(rest.get(2)? & 1)),
        };
        // Some programs leave the byte out that says how wide no characters are.
        let n_bytes = match (length, rest.get(2)) {
            (0, Some(0)) => 1,
            _ => n_bytes,
        };
        rest = rest.get(2 + n_bytes..)?;
        // No text is kept as one character that is none.
        Some(text.trim_matches('\0').replace('\r', ""))
    };
    let texts = [text()?, text()?, text()?, text()?];
    let mut tokens = || {
        let length = usize::from(word(rest, 0)?);
        let tokens = rest.get(4..)?.get(..length)?;
        rest = rest.get(4 + length..)?;
        Some(tokens)
    };
    let compiled = [tokens()?, tokens()?];
    let ranges = areas(rest)?.0;
    let first = ranges.first()?.start;
    let formula = |tokens: &[u8]| match tokens.is_empty() {
        true => Some(None),
        false => formula_at(&globals.book, tokens, first).map(Some),
    };
    let mut formulas = [formula(compiled[0])?, formula(compiled[1])?];
    // Choices that are typed in stand one behind the other with zeros between.
    if flags & 0x80 != 0 {
        formulas[0] = formulas[0].take().map(|list| list.replace('\0', ","));
    }
    let [prompt_title, error_title, prompt, error] = texts;
    Some(Validation {
        ranges,
        kind: (flags & 15) as u8,
        operator: (flags >> 20 & 15) as u8,
        style: (flags >> 4 & 7) as u8,
        allow_blank: flags & 0x100 != 0,
        no_arrow: flags & 0x200 != 0,
        shows_prompt: flags & 1 << 18 != 0,
        shows_error: flags & 1 << 19 != 0,
        prompt: (prompt_title, prompt),
        error: (error_title, error),
        formulas,
    })
}

/// What a condition changes ([MS-XLS] 2.5.92).
fn condition_look(data: &[u8], palette: &Palette) -> Option<ConditionLook> {
    let flags = double_word(data, 0)?;
    let mut rest = data.get(6..)?;
    let mut part = |flag: u32, length: usize| {
        if flags & flag == 0 {
            return Some(None);
        }
        let (part, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(Some(part))
    };
    let is_own_number = word(data, 4)? & 1 != 0;
    let n_number = match is_own_number {
        true => usize::from(word(data, 6)?),
        false => 2,
    };
    part(1 << 25, n_number)?;
    let font = part(1 << 26, 118)?;
    part(1 << 27, 8)?;
    let lines = part(1 << 28, 8)?;
    let fill = part(1 << 29, 4)?;
    let mut look = ConditionLook::default();
    if let Some(font) = font {
        let style = double_word(font, 68)?;
        let unset = double_word(font, 88)?;
        let weight = word(font, 72)?;
        look.italic = (unset & 2 == 0).then_some(style & 2 != 0);
        look.strike = (unset & 0x80 == 0).then_some(style & 0x80 != 0);
        look.bold = (unset & 2 == 0 && weight <= 1_000).then_some(weight >= 600);
        look.underline = (double_word(font, 96)? == 0).then_some(*font.get(76)?);
        look.colour = palette.colour(double_word(font, 80)?);
    }
    if let Some(lines) = lines {
        let (styles, colours) = (double_word(lines, 0)?, double_word(lines, 4)?);
        let line = |style: u32, colour: u32, unset: u32| {
            (flags & unset == 0).then_some(Line {
                style: (style & 15) as u8,
                colour: palette.colour(colour & 127),
            })
        };
        look.lines = [
            line(styles, styles >> 16, 1 << 10),
            line(styles >> 4, styles >> 23, 1 << 11),
            line(styles >> 8, colours, 1 << 12),
            line(styles >> 12, colours >> 7, 1 << 13),
        ];
    }
    if let Some(fill) = fill {
        let fill = double_word(fill, 0)?;
        let set =
            |unset: u32, colour: u32| palette.colour(colour & 127).filter(|_| flags & unset == 0);
        look.fill = Some(Fill {
            pattern: match flags & 1 << 16 {
                0 => (fill >> 10 & 63) as u8,
                _ => 1,
            },
            front: set(1 << 17, fill >> 16),
            back: set(1 << 18, fill >> 23),
        });
    }
    Some(look)
}
