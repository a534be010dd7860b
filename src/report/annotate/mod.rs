//! The clerk's own workbook comes back marked: wrong cells coloured, a note on each that says what is
//! wrong and what to do, and a sheet 审核说明 with a place to explain what is unusual but true.
//!
//! An .xlsx or .xlsm is edited in place: parts that are not touched are copied byte for byte, and in
//! the others only what is added differs ([`xml::Edits`]). No library that loads and saves workbooks
//! keeps validations, charts, conditional formats and what WPS adds of its own. So is an .ods
//! ([`opendocument`]). Of an .xls, which is no XML, an .xlsx is made with all that both formats know ([`rebuild`]),
//! and of what is damaged or of which less is known one with the same sheets and values ([`convert`]).
//!
//! Annotating a copy again replaces the marks. What is ours is known by marks that any program keeps
//! when it saves the file:
//!
//! - fills, and frames of cells that may be wrong, by colours that nobody else uses. What a cell looked like before
//!   is recorded in a hidden column of 审核说明, by sheet and address; where rows have moved since, the cell gets none.
//! - notes by their first and last line; a clerk's words before or behind them stay.
//! - the sheet by a marker in its header. What a clerk has written there stays with its finding, and
//!   below the others once its finding is gone.
//!
//! Limits: of a merged region the top left cell is marked. Cells with a conversation (threaded
//! comments) are coloured but get no note, which the sheet says: a reply of ours would stay in the talk of
//! other people, and a note beside it would make Excel repair the file. A signature would no longer hold, so it is taken out,
//! which the sheet says.

mod convert;
mod listing;
mod names;
mod notes;
mod opendocument;
mod package;
mod rebuild;
mod sheet;
mod sheet_of_listing;
mod styles;
mod xml;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rust_xlsxwriter::XlsxError;

use crate::explanations::{self, ByKey, Columns, Explanation};
use crate::model::looks::LeftOut;
use crate::model::{
    CellRef, Detail, Finding, Format, Level, Period, Place, Sheet, Unreadable, Workbook,
};
use crate::read::{Limits, decrypted, looks, read};

use super::workbook::marks::{MarkLook, Marked, marked_cells};
use super::{Lang, words};

pub use names::{SentBack, annotate_checked, copy_name, copy_paths, light, no_copy, send_back};

use convert::Converted;
use listing::{Entry, Listing, Retired};
use package::{Package, Relationship};
use sheet::{Legacy, SheetPart, Shown};
use styles::{Before, Styles};
use xml::{Edits, Scanner, Step, escape_attribute, unescape};

const XML_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

const SHEET_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";
const STYLES_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml";

/// The name of the rows that are printed on every page of a sheet.
const PRINT_TITLES: &str = "_xlnm.Print_Titles";

/// An annotated copy.
#[derive(Debug)]
pub struct Annotated {
    /// The file.
    pub bytes: Vec<u8>,
    /// Without a point: `xlsx`, `xlsm`, `ods`.
    pub extension: &'static str,
}

/// Why there is no annotated copy.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// The original cannot be read.
    #[error("cannot read the workbook")]
    Unreadable(#[from] Unreadable),
    /// A part of it is not what it should be.
    #[error("cannot edit {path}: {what}")]
    Part {
        /// The part.
        path: String,
        /// What was noticed.
        what: String,
    },
    /// The zip file cannot be read or written.
    #[error("cannot copy the parts of the workbook")]
    Zip(#[from] zip::result::ZipError),
    /// A part cannot be read or written.
    #[error("cannot copy a part of the workbook")]
    Io(#[from] std::io::Error),
    /// The new workbook cannot be written.
    #[error("cannot write the workbook")]
    Write(#[from] XlsxError),
}

impl AnnotateError {
    fn part(path: &str, what: &str) -> Self {
        Self::Part {
            path: path.to_owned(),
            what: what.to_owned(),
        }
    }

    fn xml(error: quick_xml::Error) -> Self {
        Self::part("XML", &error.to_string())
    }
}

/// Marks a workbook with the findings about it. `findings` are all at places in this one file; what
/// they say of other files is in their words.
pub fn annotate(
    original: &[u8],
    findings: &[&Finding],
    lang: Lang,
) -> Result<Annotated, AnnotateError> {
    let workbook = read(original, &Limits::default())?;
    let earlier = Earlier::of(&workbook);
    let mut remarks = Vec::new();
    if matches!(workbook.format, Format::Xlsx | Format::Xlsm) {
        let copy = Copy {
            workbook: &workbook,
            earlier: &earlier,
            names: None,
            findings,
            lang,
        };
        let decrypted = decrypted(original);
        if decrypted.is_some() {
            remarks.push(
                lang.pick(
                    "原文件设有“保护工作簿”；这份副本内容相同，没有加密。",
                    "The original is encrypted, as protected workbooks are; this copy is not.",
                )
                .to_owned(),
            );
        }
        match copy.patch(decrypted.as_deref().unwrap_or(original), &mut remarks) {
            Ok(annotated) => return Ok(annotated),
            // Our reader is more forgiving than an edit in place can be.
            Err(AnnotateError::Part { .. } | AnnotateError::Zip(_)) => {
                remarks = vec![lang.pick(
                    "原文件有损坏之处，这是按其内容重新生成的副本，格式从简。",
                    "The original is damaged; this copy was made anew from its content, in a plain layout.",
                ).to_owned()];
            }
            Err(error) => return Err(error),
        }
    }
    if workbook.format == Format::Ods {
        let copy = Copy {
            workbook: &workbook,
            earlier: &earlier,
            names: None,
            findings,
            lang,
        };
        match copy.patch_opendocument(original, &mut remarks) {
            Ok(annotated) => return Ok(annotated),
            Err(AnnotateError::Part { .. } | AnnotateError::Zip(_)) => remarks.clear(),
            Err(error) => return Err(error),
        }
    }
    let converted = made_anew(original, &workbook, lang, &mut remarks)?;
    remarks.extend(lost_formulas(&converted.lost_formulas, lang));
    let copy = Copy {
        workbook: &workbook,
        earlier: &earlier,
        names: Some(&converted.names),
        findings,
        lang,
    };
    copy.patch(&converted.bytes, &mut remarks)
}

/// An .xlsx with what is known of a workbook in another format, or of a damaged one.
fn made_anew(
    original: &[u8],
    workbook: &Workbook,
    lang: Lang,
    remarks: &mut Vec<String>,
) -> Result<Converted, AnnotateError> {
    let format = workbook.format;
    let looks = match format {
        Format::Xlsx | Format::Xlsm => return Ok(convert::to_xlsx(workbook)?),
        _ => looks(original, &Limits::default()),
    };
    let rebuilt = looks.and_then(|looks| {
        let converted = rebuild::to_xlsx(workbook, &looks).ok()?;
        Some((converted, looks.left_out))
    });
    let Some((converted, left_out)) = rebuilt else {
        remarks.push(match lang {
            Lang::Zh => format!("原文件是 .{format} 格式，不能直接标注；这是内容相同的 .xlsx 副本，格式从简。"),
            Lang::En => format!("The original is an .{format} file, which cannot be marked; this is an .xlsx copy with the same content, in a plain layout."),
        });
        return Ok(convert::to_xlsx(workbook)?);
    };
    remarks.push(match lang {
        Lang::Zh => format!(
            "原文件是 .{format} 格式，不能直接标注；这是 .xlsx 副本，内容、公式、字体、列宽、数字格式、边框、链接、数据有效性和条件格式照原样。"
        ),
        Lang::En => format!(
            "The original is an .{format} file, which cannot be marked; this is an .xlsx copy with its content, formulas, fonts, widths, number formats, borders, links, validations and conditional formats."
        ),
    });
    let left_out: Vec<&str> = left_out
        .iter()
        .map(|what| left_out_name(*what, lang))
        .collect();
    if !left_out.is_empty() {
        let left_out = left_out.join(lang.pick("、", ", "));
        remarks.push(match lang {
            Lang::Zh => format!("原文件中有而副本中没有的：{left_out}。"),
            Lang::En => format!("In the original and not in this copy: {left_out}."),
        });
    }
    Ok(converted)
}

fn left_out_name(what: LeftOut, lang: Lang) -> &'static str {
    match what {
        LeftOut::Drawings => lang.pick("图片、图表、图形", "pictures, charts and shapes"),
        LeftOut::Macros => lang.pick("宏", "macros"),
        LeftOut::PivotTables => lang.pick("数据透视表", "pivot tables"),
        LeftOut::NewConditions => {
            lang.pick("数据条、色阶、图标集", "data bars, colour scales and icons")
        }
        LeftOut::FilterCriteria => lang.pick(
            "筛选条件（筛选掉的行仍隐藏）",
            "criteria of filters (rows that were filtered out stay hidden)",
        ),
        LeftOut::BlankCells => lang.pick("一部分空单元格的格式", "the look of some blank cells"),
    }
}

/// Which formulas are only their results in the copy.
fn lost_formulas(lost: &[(String, Vec<CellRef>)], lang: Lang) -> Option<String> {
    if lost.is_empty() {
        return None;
    }
    let of_sheet = |(sheet, cells): &(String, Vec<CellRef>)| match lang {
        Lang::Zh => format!("“{sheet}”的 {}", listed(cells, "、")),
        Lang::En => format!("{} of “{sheet}”", listed(cells, ", ")),
    };
    let places: Vec<String> = lost.iter().map(of_sheet).collect();
    let places = places.join(lang.pick("，", "; "));
    Some(match lang {
        Lang::Zh => format!(
            "下列单元格的公式没能带过来，副本中只有原来的计算结果，改了别的数它不会变：{places}。请在原文件中改正后重报。"
        ),
        Lang::En => format!(
            "The formulas of these cells could not be carried over; they hold the results of the original, which change with nothing: {places}. Correct the original and send that."
        ),
    })
}

/// What the workbook is called where explanations are told apart by files.
const ONLY_FILE: &str = "";

/// What an earlier annotation left in the workbook.
struct Earlier {
    /// Name of the sheet 审核说明.
    sheet: Option<String>,
    explanations: Vec<Explanation>,
    /// What cells looked like before they were marked, by sheet and address.
    fills: HashMap<(String, CellRef), Before>,
}

impl Earlier {
    fn of(workbook: &Workbook) -> Self {
        let mut fills = HashMap::new();
        let mut name = None;
        for sheet in &workbook.sheets {
            let Some(columns) = Columns::find(sheet) else {
                continue;
            };
            name.get_or_insert_with(|| sheet.name.clone());
            let Some(mark) = columns.mark else { continue };
            for cell in sheet.cells().iter().filter(|cell| cell.at.col == mark) {
                let records = cell.text().unwrap_or_default().lines();
                let records = records.filter_map(|record| {
                    let (cell, fill) = record.rsplit_once('=')?;
                    let (sheet, cell) = cell.rsplit_once('!')?;
                    let fill: Before = fill.parse().ok()?;
                    Some(((sheet.to_owned(), cell.parse().ok()?), fill))
                });
                fills.extend(records.filter(|(_, before)| !before.is_ours()));
            }
        }
        Self {
            sheet: name,
            explanations: explanations::explanations(workbook, &ONLY_FILE.into()),
            fills,
        }
    }
}

/// A copy in the making.
struct Copy<'a> {
    workbook: &'a Workbook,
    earlier: &'a Earlier,
    /// For a converted workbook: what its sheets are called in the copy.
    names: Option<&'a HashMap<String, String>>,
    findings: &'a [&'a Finding],
    lang: Lang,
}

/// A cell of the copy: the number of its sheet, and its address.
type At = (usize, CellRef);

/// What is found at the cells of a sheet, and how they are marked because of it.
type Found<'f> = BTreeMap<CellRef, Vec<(Marked, &'f Finding)>>;

/// A sheet of the workbook part.
struct SheetEntry {
    name: String,
    path: String,
}

/// The workbook part, with where things go.
struct MainPart {
    path: String,
    text: String,
    /// Namespace of worksheets.
    main: String,
    /// What types of links begin with; also the namespace of `r:id`.
    link_types: String,
    sheets: Vec<SheetEntry>,
}

impl Copy<'_> {
    fn patch(&self, bytes: &[u8], remarks: &mut Vec<String>) -> Result<Annotated, AnnotateError> {
        let mut package = Package::open(bytes)?;
        let mut main = MainPart::read(&mut package)?;
        let extension = extension(&mut package, &main.path)?;
        let styles_path = main.styles_path(&mut package)?;
        let mut styles = Styles::read(package.needed(&styles_path)?)?;
        self.refuse_lost_formats(&mut package, &main, &styles)?;

        let names: Vec<String> = main.sheets.iter().map(|entry| entry.name.clone()).collect();
        let sheets = self.sheets_of(&names);
        let cells: Vec<Vec<(At, Marked)>> = (self.findings.iter())
            .map(|finding| self.cells_of(&sheets, finding))
            .collect();
        let mut found: Vec<Found<'_>> = Vec::new();
        found.resize_with(main.sheets.len(), BTreeMap::new);
        for (finding, cells) in self.findings.iter().zip(&cells) {
            for ((sheet, at), marked) in cells {
                found[*sheet]
                    .entry(*at)
                    .or_default()
                    .push((*marked, finding));
            }
        }
        let shown = self.shown(&sheets, &found);
        remarks.extend(shown.iter().filter_map(|shown| shown.remark.clone()));
        let to_show: Vec<&str> = (shown.iter().zip(&main.sheets))
            .filter(|(shown, _)| shown.sheet)
            .map(|(_, entry)| entry.name.as_str())
            .collect();
        if let Some(text) = main.with_shown(&to_show)? {
            package.set(&main.path, text.clone());
            main.text = text;
        }
        let mut before = BTreeMap::new();
        for ((idx, entry), found) in main.sheets.iter().enumerate().zip(found) {
            let mut fills = BTreeMap::new();
            let found = ToMark {
                cells: found,
                shown: &shown[idx].parts,
            };
            let silent =
                self.mark_sheet(&mut package, &main, entry, &mut styles, found, &mut fills)?;
            before.extend(fills.into_iter().map(|(at, fill)| ((idx, at), fill)));
            if !silent.is_empty() {
                remarks.push(match self.lang {
                    Lang::Zh => format!("工作表“{}”的 {} 有会话式批注（可回复的批注），原样保留；这几格只标了颜色，问题见下表。", entry.name, listed(&silent, "、")),
                    Lang::En => format!("{} of “{}” have threaded comments, which are kept as they are: these cells are coloured, but get no note; see below.", listed(&silent, ", "), entry.name),
                });
            }
        }
        if remove_signature(&mut package)? {
            remarks.push(
                self.lang
                    .pick(
                        "原文件有数字签名，标注后不再有效，已去掉；报送时请用原文件或重新签名。",
                        "The original was signed; the signature no longer holds and was taken out.",
                    )
                    .to_owned(),
            );
        }
        let listing = self.listing(&names, &cells, &before, remarks);
        let text = listing::write(&listing, &mut styles, &main.main, &main.link_types);
        self.put_listing(&mut package, &main, text)?;
        if let Some(text) = styles.finish()? {
            package.set(&styles_path, text);
        }
        Ok(Annotated {
            bytes: package.finish()?,
            extension,
        })
    }

    /// A cell that asks for a format which the workbook has not would get one of ours, and 323 % could be read as 3.23.
    fn refuse_lost_formats(
        &self,
        package: &mut Package,
        main: &MainPart,
        styles: &Styles,
    ) -> Result<(), AnnotateError> {
        let unreadable = |entry: &&SheetEntry| {
            let mut names = self.workbook.unreadable_sheets.iter();
            names.any(|(name, _)| *name == entry.name)
        };
        for entry in main.sheets.iter().filter(unreadable) {
            // What cannot be expanded, or is no XML, nobody reads in the copy either.
            let Ok(Some(text)) = package.text(&entry.path) else {
                continue;
            };
            // The sheet may be no XML from some place on, which other readers pass over.
            let is_attribute = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_whitespace());
            let asked = text.match_indices("s=").filter(|(at, _)| is_attribute(*at));
            let mut formats = asked.filter_map(|(at, _)| {
                let value = text[at + 2..].trim_start_matches(['"', '\'', ' ']);
                let end = value.find(|c: char| !c.is_ascii_digit());
                value[..end.unwrap_or(value.len())].parse::<usize>().ok()
            });
            if formats.any(|format| format >= styles.n_formats()) {
                return Err(AnnotateError::part(
                    &entry.path,
                    "a format that is not there",
                ));
            }
        }
        Ok(())
    }

    /// What a sheet is called in the copy.
    fn name_of<'n>(&'n self, sheet: &'n str) -> Option<&'n str> {
        match self.names {
            Some(names) => names.get(sheet).map(String::as_str),
            None => Some(sheet),
        }
    }

    /// The sheets that may be marked, by their names in the original.
    fn sheets_of<'s>(&'s self, names: &[String]) -> HashMap<&'s str, (usize, &'s Sheet)> {
        let mut entries: HashMap<&str, usize> = HashMap::new();
        for (idx, name) in names.iter().enumerate() {
            entries.entry(name).or_insert(idx);
        }
        let mut sheets = HashMap::new();
        for sheet in &self.workbook.sheets {
            let name = &*sheet.name;
            let entry = self.name_of(name).and_then(|name| entries.get(name));
            if let Some(idx) = entry.filter(|_| self.earlier.sheet.as_deref() != Some(name)) {
                sheets.entry(name).or_insert((*idx, sheet));
            }
        }
        sheets
    }

    /// What of each sheet of the copy is to be seen though it was hidden: marks that nobody sees help nobody.
    fn shown(
        &self,
        sheets: &HashMap<&str, (usize, &Sheet)>,
        found: &[Found<'_>],
    ) -> Vec<ShownSheet> {
        let mut shown: Vec<ShownSheet> = Vec::new();
        shown.resize_with(found.len(), ShownSheet::default);
        for (idx, sheet) in sheets.values() {
            let found = &found[*idx];
            if !found.is_empty() {
                shown[*idx] = ShownSheet::of(sheet, found, self.lang);
            }
        }
        shown
    }

    /// The cells of the copy that a finding marks, its own first, and how.
    fn cells_of(
        &self,
        sheets: &HashMap<&str, (usize, &Sheet)>,
        finding: &Finding,
    ) -> Vec<(At, Marked)> {
        let file = finding.place.as_ref().map(|place| &place.file);
        let places = marked_cells(finding).into_iter();
        let places = places.filter(|(place, _)| Some(&place.file) == file);
        let mut cells: Vec<(At, Marked)> = Vec::new();
        let mut seen: HashSet<At> = HashSet::new();
        for (place, marked) in places {
            let (Some(sheet), Some(cell)) = (&place.sheet, place.cell) else {
                continue;
            };
            let Some((idx, sheet)) = sheets.get(&**sheet) else {
                continue;
            };
            // Only the first cell of a merged region is seen.
            let cell = sheet.merge_at(cell).map_or(cell, |range| range.start);
            let fits = cell.row < 1 << 20 && cell.col < 1 << 14;
            if fits && seen.insert((*idx, cell)) {
                cells.push(((*idx, cell), marked));
            }
        }
        cells
    }

    /// Takes the old marks off a sheet and puts the new ones on; returns the cells that could not get a note.
    fn mark_sheet(
        &self,
        package: &mut Package<'_>,
        main: &MainPart,
        entry: &SheetEntry,
        styles: &mut Styles,
        found: ToMark<'_>,
        fills: &mut BTreeMap<CellRef, Before>,
    ) -> Result<Vec<CellRef>, AnnotateError> {
        let (found, shown) = (found.cells, found.shown);
        // Marks of an earlier annotation are on any sheet.
        let is_listing = self.earlier.sheet.as_deref() == Some(&*entry.name);
        if found.is_empty() && (self.earlier.sheet.is_none() || self.names.is_some()) || is_listing
        {
            return Ok(Vec::new());
        }
        let sheet = match SheetPart::read(package.needed(&entry.path)?, &main.link_types) {
            Ok(sheet) => sheet,
            // A sheet of charts has no cells.
            Err(_) if found.is_empty() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let links = package.relationships(&entry.path)?;
        let talks = notes::conversations(package, &links)?;
        let read = self
            .workbook
            .sheets
            .iter()
            .find(|read| self.name_of(&read.name) == Some(&*entry.name));
        let name = read.map_or(&*entry.name, |read| &*read.name);
        let texts: BTreeMap<CellRef, String> = found
            .iter()
            .filter(|(at, _)| !talks.contains(*at))
            .map(|(at, findings)| (*at, note((name, *at), findings, self.lang)))
            .collect();
        let last_col = |at: CellRef| {
            let merge = read.and_then(|read| read.merge_at(at));
            merge.map_or(at.col, |range| range.end.col)
        };
        let place = notes::Place {
            path: &entry.path,
            links: &links,
            main: &main.main,
            link_types: &main.link_types,
            last_col: &last_col,
        };
        let legacy: Option<Legacy> = notes::write(package, &place, &sheet, &texts)?;
        let looks = found.iter().map(|(at, findings)| (*at, look(findings)));
        let recorded = |at: CellRef| {
            let fill = self.earlier.fills.get(&(entry.name.clone(), at));
            fill.cloned().unwrap_or(Before::PLAIN)
        };
        let text = sheet.write(
            styles,
            &looks.collect(),
            shown,
            &recorded,
            legacy.as_ref(),
            fills,
        );
        if let Some(text) = text {
            package.set(&entry.path, text);
        }
        let silent = found.into_keys().filter(|at| !texts.contains_key(at));
        Ok(silent.collect())
    }

    fn listing<'l>(
        &'l self,
        names: &'l [String],
        cells: &[Vec<(At, Marked)>],
        before: &BTreeMap<At, Before>,
        remarks: &[String],
    ) -> Listing<'l> {
        let keys = explanations::keys(self.findings.iter().copied());
        let known: BTreeSet<&str> = keys.iter().flatten().map(String::as_str).collect();
        let mut written = ByKey::of(&self.earlier.explanations);
        let mut taken: HashMap<&str, Vec<(&str, Option<Period>)>> = HashMap::new();
        let mut recorded: HashSet<&At> = HashSet::new();
        let name = |at: &At| names[at.0].as_str();
        let mut rows = Vec::new();
        for ((finding, cells), keys) in self.findings.iter().zip(cells).zip(&keys) {
            // It has a row of its own further down.
            if matches!(
                finding.detail,
                Detail::NoLongerNeeded { .. } | Detail::OfOtherPeriod { .. }
            ) {
                continue;
            }
            let earlier = written.take(ONLY_FILE, keys, finding.period);
            for (key, earlier) in keys
                .iter()
                .flat_map(|key| earlier.iter().map(move |it| (key, it)))
            {
                let taken = taken.entry(&**key).or_default();
                taken.push((&*earlier.text, finding.period));
            }
            let earlier = explanations::text_of(&earlier);
            // One record for a cell is enough, and none where there was no fill.
            let mut records: Vec<String> = Vec::new();
            for (at, _) in cells {
                let fill = before.get(at).filter(|before| !before.is_plain());
                if let Some(fill) = fill.filter(|_| recorded.insert(at)) {
                    records.push(format!("{}!{}={fill}", name(at), at.1));
                }
            }
            rows.push(Entry {
                explanation: finding.explanation.clone().or(earlier),
                finding,
                key: explanations::written(keys, finding.period),
                cell: told_at(finding, cells).map(|at| (name(at), at.1)),
                records,
            });
        }
        rows.sort_by_key(|row| row.finding.level);
        // A finding may be explained twice, each time in other words.
        let is_left = |one: &&Explanation| {
            let taken = one
                .keys
                .iter()
                .filter_map(|key| taken.get(&**key))
                .flatten();
            let mut taken = taken.filter(|(text, period)| one.text == *text && one.is_of(*period));
            taken.next().is_none()
        };
        let mut retired: Vec<Retired<'_>> = (self.earlier.explanations.iter())
            .filter(is_left)
            .map(|explanation| Retired {
                explanation,
                of_other_period: explanation
                    .period
                    .filter(|_| explanation.keys.iter().any(|key| known.contains(&**key))),
            })
            .collect();
        retired.sort_by_key(|gone| gone.explanation.place.cell);
        let mut listed: BTreeSet<(&[String], Option<Period>, &str)> = BTreeSet::new();
        retired.retain(|Retired { explanation, .. }| {
            listed.insert((&explanation.keys[..], explanation.period, &explanation.text))
        });
        Listing {
            rows,
            retired,
            remarks: remarks.to_vec(),
            lang: self.lang,
        }
    }

    /// Puts the sheet 审核说明 in the place of the old one, or behind the last sheet.
    fn put_listing(
        &self,
        package: &mut Package<'_>,
        main: &MainPart,
        text: String,
    ) -> Result<(), AnnotateError> {
        let old = self
            .earlier
            .sheet
            .as_deref()
            .filter(|_| self.names.is_none());
        let old = old.and_then(|old| main.sheets.iter().find(|entry| entry.name == old));
        if let Some(old) = old {
            // What other programs hung on it goes with it.
            for link in package.relationships(&old.path)? {
                if ["/comments", "/vmlDrawing", "/printerSettings"]
                    .iter()
                    .any(|kind| link.kind.ends_with(kind))
                {
                    package.remove(&link.target)?;
                }
                package.unrelate(&old.path, &link.id)?;
            }
            package.set(&old.path, text);
            return Ok(());
        }
        let path = package.free_path("xl/worksheets/sheet", ".xml");
        package.set(&path, text);
        package.declare(&path, SHEET_TYPE)?;
        let kind = format!("{}/worksheet", main.link_types);
        let id = package.relate(&main.path, &kind, &path)?;
        package.set(&main.path, main.with_sheet(&id, self.lang)?);
        Ok(())
    }
}

/// What is to be marked on a sheet, and shown of it.
struct ToMark<'f> {
    cells: Found<'f>,
    shown: &'f Shown,
}

/// What is to be seen of a sheet though it was hidden.
#[derive(Default)]
struct ShownSheet {
    sheet: bool,
    parts: Shown,
    /// What is said of it.
    remark: Option<String>,
}

impl ShownSheet {
    fn of(sheet: &Sheet, found: &Found<'_>, lang: Lang) -> Self {
        let hidden = &sheet.hidden;
        let mut rows: Vec<(u32, u32)> = (found.keys())
            .filter(|at| hidden.rows.contains(at.row))
            .map(|at| (at.row, at.row))
            .collect();
        let mut columns: Vec<(u32, u32)> = (found.keys())
            .filter(|at| hidden.columns.contains(at.col))
            .map(|at| (at.col, at.col))
            .collect();
        for (_, finding) in found.values().flatten() {
            if let Detail::Hidden { parts, .. } = &finding.detail {
                rows.extend(parts.rows.iter());
                columns.extend(parts.columns.iter());
            }
        }
        let parts = Shown {
            rows: rows.into_iter().collect(),
            columns: columns.into_iter().collect(),
        };
        // A hint alone is no reason to bring a draft to light, unless it is that the sheet is hidden.
        let asks = |(_, finding): &(Marked, &Finding)| {
            finding.level < Level::Hint || matches!(finding.detail, Detail::Hidden { .. })
        };
        let is_sheet_shown = !sheet.visible && found.values().flatten().any(asks);
        let mut places: Vec<String> = Vec::new();
        if is_sheet_shown {
            places.push(lang.pick("整张表", "the whole sheet").to_owned());
        }
        places.extend(words::rows_and_columns(&parts.rows, &parts.columns, lang));
        let name = &sheet.name;
        let remark = (!places.is_empty()).then(|| {
            let places = places.join(lang.pick("、", ", "));
            match lang {
                Lang::Zh => format!("工作表“{name}”原来隐藏（或被筛选掉）的{places}里有问题，副本中已显示出来。"),
                Lang::En => format!("{places} of “{name}” was hidden or filtered out; there are findings, so this copy shows it."),
            }
        });
        Self {
            sheet: is_sheet_shown,
            parts,
            remark,
        }
    }
}

/// The first of some cells, and that there are more.
fn listed(cells: &[CellRef], separator: &str) -> String {
    const SHOWN: usize = 12;
    let shown = cells.iter().take(SHOWN).map(CellRef::to_string);
    let more = (cells.len() > SHOWN).then(|| "…".to_owned());
    shown.chain(more).collect::<Vec<_>>().join(separator)
}

/// The cell that the row of a finding leads to: of a tie that one relation shows its own, whichever cell is wrong.
fn told_at<'c>(finding: &Finding, cells: &'c [(At, Marked)]) -> Option<&'c At> {
    let own = finding.place.as_ref().filter(|_| finding.is_tie());
    let own = own.and_then(|place| place.cell);
    let is_own = |(at, _): &&(At, Marked)| Some(at.1) == own;
    let found = cells.iter().find(is_own);
    let found = found.or_else(|| cells.iter().min_by_key(|(_, marked)| *marked));
    found.map(|(at, _)| at)
}

/// The plainest mark of some findings, and their worst level.
fn look(findings: &[(Marked, &Finding)]) -> MarkLook {
    let looks = findings
        .iter()
        .map(|(marked, finding)| (*marked, finding.level));
    looks.min().unwrap_or((Marked::Wrong, Level::Hint))
}

/// What the note on a cell says.
fn note((sheet, at): (&str, CellRef), findings: &[(Marked, &Finding)], lang: Lang) -> String {
    const SHOWN: usize = 8;
    let mut findings = findings.to_vec();
    findings.sort_by_key(|(marked, finding)| (*marked, finding.level));
    let mut parts: Vec<String> = Vec::new();
    for (marked, finding) in findings.iter().take(SHOWN) {
        let file = finding.place.as_ref().map(|place| &place.file);
        let here = file.map(|file| Place::sheet(file, &sheet.into(), Some(at)));
        let related = here.filter(|_| *marked == Marked::Related);
        let related = related.and_then(|here| words::related(finding, &here, lang));
        if let Some(related) = related {
            parts.push(super::workbook::text::cut(&related, 1_000).into_owned());
            continue;
        }
        let mut lines = vec![format!(
            "{}{}{}{}",
            lang.pick("【", "["),
            words::level(finding.level, lang),
            lang.pick("】", "] "),
            words::title(finding, lang)
        )];
        let facts = words::facts(finding, lang);
        // Of cells that are alike only one is quoted.
        let quoted = finding.place.as_ref().and_then(|place| place.cell);
        let facts = match quoted.filter(|quoted| *quoted != at) {
            Some(quoted) => format!("{quoted} {facts}"),
            None => facts,
        };
        lines.extend((!facts.is_empty()).then_some(facts));
        for suspect in words::suspects(finding, 3, lang) {
            let label = lang.pick("嫌疑：", "Suspect: ");
            lines.push(format!("{label}{suspect}"));
        }
        let label = lang.pick("怎么办：", "What to do: ");
        lines.push(format!("{label}{}", words::advice(finding, lang)));
        let label = lang.pick("审核说明：", "Explanation: ");
        let written = finding.explanation.iter();
        lines.extend(written.map(|written| format!("{label}{written}")));
        parts.push(super::workbook::text::cut(&lines.join("\n"), 1_000).into_owned());
    }
    if findings.len() > SHOWN {
        let rest = findings.len() - SHOWN;
        parts.push(match lang {
            Lang::Zh => format!("另有 {rest} 个问题，见“{}”。", listing::sheet_name(lang)),
            Lang::En => format!("{rest} more: see “{}”.", listing::sheet_name(lang)),
        });
    }
    notes::framed(&parts.join("\n"), lang)
}

/// What Excel wants a file with this main part to be called.
fn extension(package: &mut Package<'_>, path: &str) -> Result<&'static str, AnnotateError> {
    let kind = package.content_type(path)?.unwrap_or_default();
    Ok(match kind.as_str() {
        kind if kind.contains("template.macroEnabled") => "xltm",
        kind if kind.contains("macroEnabled") => "xlsm",
        kind if kind.contains("template") => "xltx",
        _ => "xlsx",
    })
}

/// Takes a signature out, and says whether there was one.
fn remove_signature(package: &mut Package<'_>) -> Result<bool, AnnotateError> {
    let links = package.relationships("")?;
    let origin = |link: &&Relationship| link.kind.ends_with("digital-signature/origin");
    let Some(origin) = links.iter().find(origin) else {
        return Ok(false);
    };
    for signature in package.relationships(&origin.target)? {
        package.remove(&signature.target)?;
    }
    package.remove(&origin.target)?;
    package.unrelate("", &origin.id)?;
    Ok(true)
}

impl MainPart {
    fn read(package: &mut Package<'_>) -> Result<Self, AnnotateError> {
        let links = package.relationships("")?;
        let link = links
            .iter()
            .find(|link| link.kind.ends_with("/officeDocument"));
        let link = link.ok_or_else(|| AnnotateError::part("_rels/.rels", "no workbook"))?;
        let link_types = link.kind.trim_end_matches("/officeDocument").to_owned();
        let path = link.target.clone();
        let text = package.needed(&path)?;
        let parts = package.relationships(&path)?;
        let mut sheets = Vec::new();
        let mut main = None;
        let mut scanner = Scanner::new(&text);
        while let Some(step) = scanner.next()? {
            let Step::Open(tag, depth) = step else {
                continue;
            };
            if depth == 1 {
                let name = match tag.prefix.strip_suffix(':') {
                    Some(prefix) => format!("xmlns:{prefix}"),
                    None => "xmlns".to_owned(),
                };
                main = tag.value(&name).map(str::to_owned);
            } else if depth == 3 && tag.name == "sheet" {
                let id = tag.prefixed_value("id").unwrap_or_default();
                let part = parts.iter().find(|link| link.id == id);
                sheets.extend(part.map(|part| SheetEntry {
                    name: unescape(tag.value("name").unwrap_or_default()),
                    path: part.target.clone(),
                }));
            }
        }
        let main = main.ok_or_else(|| AnnotateError::part(&path, "no namespace"))?;
        Ok(Self {
            path,
            text,
            main,
            link_types,
            sheets,
        })
    }

    /// The part with some sheets no longer hidden; `None` where nothing changes.
    fn with_shown(&self, names: &[&str]) -> Result<Option<String>, AnnotateError> {
        let mut edits = Edits::default();
        let mut scanner = Scanner::new(&self.text);
        while let Some(step) = scanner.next()?.filter(|_| !names.is_empty()) {
            let Step::Open(tag, 3) = step else { continue };
            if tag.name != "sheet" {
                continue;
            }
            let name = unescape(tag.value("name").unwrap_or_default());
            if let Some((_, span)) = tag.attribute("state")
                && names.contains(&name.as_str())
            {
                edits.replace(span, "visible");
            }
        }
        Ok((!edits.is_empty()).then(|| edits.apply(&self.text)))
    }

    /// The path of the style sheet; one is made where there is none.
    fn styles_path(&self, package: &mut Package<'_>) -> Result<String, AnnotateError> {
        let links = package.relationships(&self.path)?;
        let link = links
            .into_iter()
            .find(|link| link.kind.ends_with("/styles"));
        let is_linked = link.is_some();
        if let Some(link) = link.filter(|link| package.has(&link.target)) {
            return Ok(link.target);
        }
        // Some programs look for it nowhere else, and take it from there though no link names it.
        let usual = "xl/styles.xml".to_owned();
        let (path, is_new) = match package.has(&usual) {
            false => (usual, true),
            true if is_linked => (package.free_path("xl/styles", ".xml"), true),
            true => (usual, false),
        };
        if is_new {
            let text = format!(
                "{XML_HEAD}\n<styleSheet xmlns=\"{}\"></styleSheet>",
                self.main
            );
            package.set(&path, text);
        }
        package.declare(&path, STYLES_TYPE)?;
        package.relate(&self.path, &format!("{}/styles", self.link_types), &path)?;
        Ok(path)
    }

    /// The part with one more sheet at the end, whose header is printed on every page.
    fn with_sheet(&self, link: &str, lang: Lang) -> Result<String, AnnotateError> {
        let mut edits = Edits::default();
        let mut n_sheets = 0;
        let mut last_id = 0;
        let (mut prefix, mut link_prefix) = (String::new(), None);
        let mut taken = Vec::new();
        let mut sheets_end = None;
        // Names stand behind these.
        let mut names_place = None;
        let mut names_end = None;
        // Where sheets were deleted, names may be left over for the number that the new sheet gets.
        let mut has_titles = false;
        let mut scanner = Scanner::new(&self.text);
        let mut open = "";
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 1) => {
                    prefix = tag.prefix.to_owned();
                    link_prefix = tag.prefix_of(&self.link_types);
                }
                Step::Open(tag, 2) => {
                    open = tag.name;
                    match tag.name {
                        "functionGroups" | "externalReferences" if tag.is_empty => {
                            names_place = Some(tag.span.end);
                        }
                        "definedNames" if tag.is_empty => {
                            let whole = self.print_titles(&prefix, n_sheets, lang, &taken, true);
                            edits.replace(tag.span, whole);
                            names_end = Some(0);
                        }
                        _ => {}
                    }
                }
                Step::Open(tag, 3) if tag.name == "sheet" && open == "sheets" => {
                    n_sheets += 1;
                    taken.push(unescape(tag.value("name").unwrap_or_default()));
                    let id = tag.value("sheetId").and_then(|id| id.trim().parse().ok());
                    last_id = last_id.max(id.unwrap_or(0u32));
                }
                Step::Open(tag, 3) if tag.name == "definedName" => {
                    let sheet = tag
                        .value("localSheetId")
                        .and_then(|id| id.trim().parse().ok());
                    let is_titles = tag.value("name") == Some(PRINT_TITLES);
                    has_titles |= is_titles && sheet == Some(n_sheets);
                }
                Step::Close("sheets", span, 2) => {
                    sheets_end = Some(span.start);
                    names_place = Some(span.end);
                }
                Step::Close("functionGroups" | "externalReferences", span, 2) => {
                    names_place = Some(span.end);
                }
                Step::Close("definedNames", span, 2) => names_end = Some(span.start),
                _ => {}
            }
        }
        let missing = || AnnotateError::part(&self.path, "no sheets");
        let name = free_name(&taken, lang);
        let name = escape_attribute(&name);
        let id = last_id.checked_add(1).filter(|id| *id < 65_535);
        let id = id.unwrap_or_else(|| free_id(&self.text));
        let (declared, link_prefix) = match &link_prefix {
            Some(prefix) => (String::new(), prefix.as_str()),
            None => (format!(" xmlns:r=\"{}\"", self.link_types), "r:"),
        };
        edits.insert(
            sheets_end.ok_or_else(missing)?,
            format!("<{prefix}sheet{declared} name=\"{name}\" sheetId=\"{id}\" {link_prefix}id=\"{link}\"/>"),
        );
        match (names_end, names_place) {
            (Some(0), _) => {}
            (Some(_), _) if has_titles => {}
            (Some(end), _) => {
                edits.insert(
                    end,
                    self.print_titles(&prefix, n_sheets, lang, &taken, false),
                );
            }
            (None, Some(place)) => {
                edits.insert(
                    place,
                    self.print_titles(&prefix, n_sheets, lang, &taken, true),
                );
            }
            (None, None) => return Err(missing()),
        }
        Ok(edits.apply(&self.text))
    }

    fn print_titles(
        &self,
        prefix: &str,
        sheet: usize,
        lang: Lang,
        taken: &[String],
        whole: bool,
    ) -> String {
        let row = listing::header_row();
        let name = xml::escape(&free_name(taken, lang));
        let titles = format!(
            "<{prefix}definedName name=\"{PRINT_TITLES}\" localSheetId=\"{sheet}\">'{name}'!${row}:${row}</{prefix}definedName>"
        );
        match whole {
            true => format!("<{prefix}definedNames>{titles}</{prefix}definedNames>"),
            false => titles,
        }
    }
}

/// A name for the sheet that no other has; Excel does not tell cases apart.
fn free_name(taken: &[String], lang: Lang) -> String {
    let name = listing::sheet_name(lang);
    let names = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name}({n})")));
    let is_free = |name: &String| {
        !taken
            .iter()
            .any(|other| other.to_lowercase() == name.to_lowercase())
    };
    names.into_iter().find(is_free).unwrap_or_default()
}

/// A sheet id that is not in the text, where the last number is taken.
fn free_id(text: &str) -> u32 {
    let is_free = |id: &u32| !text.contains(&format!("sheetId=\"{id}\""));
    (1..65_535).find(is_free).unwrap_or(65_534)
}
