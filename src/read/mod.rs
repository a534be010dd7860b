//! Turns the bytes of a workbook into raw cells with their addresses.
//!
//! In go the bytes of any file, in whatever format and however broken; out comes a [`Workbook`], or
//! the reason why there is none in terms that a clerk can act on. The kind of a file is told by its
//! content, never by its name. What a cell *means* is for later stages.
//!
//! What is encrypted with the password that all programs know is decrypted first: nobody knows that it is.
//!
//! Files may be hostile. Nothing declared in a file is believed: what is inflated, counted or kept is
//! held against [`Limits`] as it comes in, and a fault in a parser ends one file and not the program.
//!
//! Parts of more than a few megabytes are expanded piece by piece, and what is held at once is counted before it is
//! taken, so that five million cells or a file of 64 MiB stay below half a gigabyte.
//!
//! Cells of .xlsx that are written plainly are read straight off, which is most of what a month's reading is; the
//! others by calamine, from a small package of just the parts that were guarded. .xls, .ods and .xlsb are
//! read by code of our own: calamine gives no number formats for them, so that 40 % would become 0.4, no
//! merged regions for .ods, and its .xls reader reserves memory by what a file declares.

mod budget;
mod cell_error;
mod cell_parts;
mod decrypt;
mod guard;
mod hidden;
mod left;
mod markup;
mod namespaces;
mod number_format;
mod ods;
mod ole2;
mod package;
mod part_names;
mod pieces;
mod plain;
mod repack;
mod saved;
mod serial;
mod shared_formulas;
mod sniff;
mod tokens;
mod weight;
mod whole_texts;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

use crate::model::looks::Looks;
use crate::model::{Cell, FileKind, Quantity, Unreadable, Workbook};
use budget::Budget;
pub(crate) use guard::caught;
pub(crate) use part_names::{PartNames, percent_decoded};
use sniff::Content;
pub(crate) use weight::{MOST_EXPANDED, by_weight, weight};

/// Whether no cell is there twice with two values: one of them would be lost, and nobody knows which is meant.
fn each_once(cells: &[Cell]) -> Result<(), Unreadable> {
    if cells.is_sorted_by(|a, b| a.at < b.at) {
        return Ok(());
    }
    let mut by_place: Vec<&Cell> = cells.iter().collect();
    by_place.sort_by_key(|cell| cell.at);
    let is_other = |pair: &&[&Cell]| pair[0].at == pair[1].at && pair[0].value != pair[1].value;
    match by_place.windows(2).find(is_other) {
        Some(pair) => Err(Unreadable::damaged(format!("two values in {}", pair[0].at))),
        None => Ok(()),
    }
}

/// Reads a workbook from the bytes of its file.
///
/// A sheet that cannot be read does not lose the others: it is named in
/// [`Workbook::unreadable_sheets`]. Where none can be read, neither can the workbook.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Unreadable> {
    if bytes.len() > limits.file_bytes {
        return Err(Unreadable::too_large(
            Quantity::FileBytes,
            limits.file_bytes,
        ));
    }
    let workbook = caught(|| {
        let mut budget = Budget::new(limits);
        budget.hold(bytes.len())?;
        match sniff::content(bytes, limits)? {
            Content::Package => package::read(bytes, &mut budget),
            Content::Ole2 => xls::read_ole2(bytes, &mut budget),
            Content::BiffStream => xls::read_stream(bytes.into(), &mut budget),
            Content::FlatOds => ods::read_flat(bytes, &mut budget),
        }
    });
    let workbook = workbook.unwrap_or_else(|detail| Err(Unreadable::ParserPanicked { detail }))?;
    if !workbook.sheets.is_empty() {
        return Ok(workbook);
    }
    Err(match workbook.unreadable_sheets.first() {
        Some((_, reason)) => reason.clone(),
        None => Unreadable::NoWorksheet,
    })
}

/// What the cells of a workbook are given beside their values, for a copy in another format; `None` for formats of which
/// that is not known. What cannot be read of it is left out.
pub fn looks(bytes: &[u8], limits: &Limits) -> Option<Looks> {
    let looks = caught(|| {
        let mut budget = Budget::new(limits);
        match sniff::content(bytes, limits)? {
            Content::Ole2 | Content::BiffStream => xls::looks(bytes, &mut budget),
            Content::Package | Content::FlatOds => Ok(None),
        }
    });
    looks.ok()?.ok().flatten()
}

/// The package inside a file that is encrypted with the standard password, which all programs know; `None` for
/// any other file.
pub fn decrypted(bytes: &[u8]) -> Option<Vec<u8>> {
    if !matches!(bytes, [0xD0, 0xCF, 0x11, 0xE0, ..]) {
        return None;
    }
    let package = caught(|| -> Result<Option<Vec<u8>>, Unreadable> {
        let file = ole2::Ole2::open(bytes)?;
        match file.has("EncryptedPackage") {
            true => decrypt::package(&file).map(Some),
            false => Ok(None),
        }
    });
    package.ok()?.ok().flatten()
}

/// How much a file may ask for before it is refused.
///
/// The defaults are far above any form and below what an ordinary PC minds: the largest file that
/// passes them takes less than half a gigabyte while it is read.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the file itself; 64 MiB.
    pub file_bytes: usize,
    /// Files inside a zip file; 5,000.
    pub entries: usize,
    /// Bytes of all parts read, once expanded, whatever sizes the file declares; 256 MiB.
    pub expanded_bytes: usize,
    /// Sheets; 1,000.
    pub sheets: usize,
    /// Different texts, kept once for the cells that share them; 2,000,000.
    pub shared_strings: usize,
    /// Rows of a sheet that may hold something, counted from its top; 1,048,576, as in Excel.
    pub rows: u32,
    /// Columns of a sheet that may hold something; 16,384, as in Excel.
    pub columns: u32,
    /// Cells that hold something, of all sheets; 5,000,000.
    pub cells: usize,
    /// Merged regions of all sheets; 200,000.
    pub merges: usize,
    /// Bytes of all texts and formulas of cells that are no other's; 256 MiB.
    pub text_bytes: usize,
    /// Bytes of the texts that cells share, a text counted each time it is used; 2 GiB.
    pub shared_text_bytes: usize,
    /// Bytes of one formula; 32 KiB (Excel allows 8,192 characters).
    pub formula_bytes: usize,
    /// Bytes of the text of one cell, and of what stands between two tags of a large part; 1 MiB (Excel allows
    /// 32,767 characters in a cell).
    pub one_text_bytes: usize,
    /// Bytes held at once: the file, the part that is being read, and the cells with their texts; 448 MiB.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            entries: 5_000,
            expanded_bytes: 256 << 20,
            sheets: 1_000,
            shared_strings: 2_000_000,
            rows: 1 << 20,
            columns: 1 << 14,
            cells: 5_000_000,
            merges: 200_000,
            text_bytes: 256 << 20,
            shared_text_bytes: 2 << 30,
            formula_bytes: 32 << 10,
            one_text_bytes: 1 << 20,
            held_bytes: 448 << 20,
        }
    }
}
