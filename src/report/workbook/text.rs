//! How texts enter a workbook: how wide and how high they are, and how much of them a cell takes.
//!
//! The writing library's own fitting takes a Chinese character for a narrow one, so columns and
//! rows are measured here. It also refuses to write a workbook in which one text is longer than Excel
//! allows, so every text that it writes comes through [`Texts`] and is cut here.

use std::borrow::Cow;

use rust_xlsxwriter::{Format, Url, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr;

/// Points of one line of 11-point text.
const LINE: f64 = 15.0;

/// Units of UTF-16 that a cell holds.
const MOST: usize = 32_767;
/// Those that a note holds: Excel keeps the library from using some.
const MOST_OF_NOTE: usize = 32_000;
/// Those that a link shows; a longer one would hardly be seen.
const MOST_OF_LINK: usize = 250;
/// Those of a sheet's name, with room for a number behind it; Excel takes 31.
const MOST_OF_NAME: usize = 26;

/// Puts texts into a sheet, as much of each as Excel takes.
pub(in crate::report) trait Texts {
    /// One cell.
    fn text(
        &mut self,
        row: u32,
        col: u16,
        text: impl AsRef<str>,
        format: &Format,
    ) -> Result<&mut Self, XlsxError>;

    /// One cell that leads to another place: where to, and what it shows.
    fn link(
        &mut self,
        row: u32,
        col: u16,
        shown: (String, &str),
        format: &Format,
    ) -> Result<&mut Self, XlsxError>;

    /// A rectangle of cells made one, from the first to the last.
    fn merged(
        &mut self,
        first: (u32, u16),
        last: (u32, u16),
        text: &str,
        format: &Format,
    ) -> Result<&mut Self, XlsxError>;
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where texts enter a sheet, cut to what it takes"
)]
impl Texts for Worksheet {
    fn text(
        &mut self,
        row: u32,
        col: u16,
        text: impl AsRef<str>,
        format: &Format,
    ) -> Result<&mut Self, XlsxError> {
        self.write_string_with_format(row, col, fit(text.as_ref()), format)
    }

    fn link(
        &mut self,
        row: u32,
        col: u16,
        (target, text): (String, &str),
        format: &Format,
    ) -> Result<&mut Self, XlsxError> {
        let url = Url::new(target).set_text(cut_to(text, MOST_OF_LINK));
        self.write_url_with_format(row, col, url, format)
    }

    fn merged(
        &mut self,
        first: (u32, u16),
        last: (u32, u16),
        text: &str,
        format: &Format,
    ) -> Result<&mut Self, XlsxError> {
        if first == last {
            return self.text(first.0, first.1, text, format);
        }
        self.merge_range(first.0, first.1, last.0, last.1, &fit(text), format)
    }
}

/// As much of a text as a cell takes.
pub(in crate::report) fn fit(text: &str) -> Cow<'_, str> {
    cut_to(text, MOST)
}

/// As much of a text as a note takes.
pub(in crate::report) fn fit_note(text: &str) -> Cow<'_, str> {
    cut_to(text, MOST_OF_NOTE)
}

/// Widest line of a text, in digits of the default font; a Chinese character is two.
pub(in crate::report) fn width(text: &str) -> usize {
    text.lines()
        .map(UnicodeWidthStr::width_cjk)
        .max()
        .unwrap_or(0)
}

/// Lines that a text takes in a column of `column` digits.
pub(in crate::report) fn lines(text: &str, column: f64) -> usize {
    // A Chinese character that does not fit whole goes to the next line.
    let room = (column - 1.5).max(2.0);
    // No character is wider than its bytes are many.
    if text.len() as f64 <= room && !text.contains('\n') {
        return 1;
    }
    // Where a line breaks, something is left over, and fonts differ.
    let of_line = |line: &str| match UnicodeWidthStr::width_cjk(line) as f64 {
        wide if wide > room => (wide / (room - 1.0)).ceil(),
        _ => 1.0,
    };
    text.lines().map(of_line).sum::<f64>().max(1.0) as usize
}

/// Points that so many lines need.
pub(in crate::report) fn height(lines: usize) -> f64 {
    // Excel shows no more than 409 points.
    (lines as f64 * LINE + 5.0).min(405.0)
}

/// A name that a sheet may have.
pub(in crate::report) fn sheet_name(name: &str) -> String {
    let fits = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && !c.is_control();
    let name: String = name.chars().filter(fits).collect();
    let name = &name[..end_of(&name, MOST_OF_NAME)];
    let name = name.trim_matches('\'').trim();
    match name.is_empty() {
        true => "-".to_owned(),
        false => name.to_owned(),
    }
}

/// The text cut to so many units of UTF-16, in which Excel counts: some characters take two.
pub(in crate::report) fn cut_to(text: &str, n_units: usize) -> Cow<'_, str> {
    // No character takes more units than bytes.
    if text.len() <= n_units || end_of(text, n_units) == text.len() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..end_of(text, n_units - 1)]))
}

/// Where a text ends that takes no more than so many units of UTF-16.
fn end_of(text: &str, n_units: usize) -> usize {
    let mut left = n_units;
    for (at, c) in text.char_indices() {
        match left.checked_sub(c.len_utf16()) {
            Some(rest) => left = rest,
            None => return at,
        }
    }
    text.len()
}

/// The text cut to so many characters.
pub(in crate::report) fn cut(text: &str, n_chars: usize) -> Cow<'_, str> {
    if text.len() <= n_chars {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(n_chars) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_characters_are_two_wide() {
        assert_eq!(width("造林绿化"), 8);
        assert_eq!(width("面积\n（万亩）"), 8);
        assert_eq!(width(""), 0);
        assert_eq!(lines("造林绿化", 9.5), 1);
        assert_eq!(lines("造林绿化", 7.5), 2);
        assert_eq!(lines("面积\n（万亩）", 20.0), 2);
    }

    #[test]
    fn sheet_names_are_ones_that_excel_takes() {
        assert_eq!(sheet_name("附件7"), "附件7");
        assert_eq!(sheet_name("附件[3]/1:*?"), "附件31");
        assert_eq!(sheet_name("?"), "-");
        assert_eq!(sheet_name(&"长".repeat(40)).chars().count(), 26);
        assert_eq!(sheet_name(&"𠀀".repeat(40)).chars().count(), 13);
    }

    #[test]
    fn texts_are_cut_where_excel_stops_counting() {
        // A character beyond the first plane counts for two.
        for (text, n_units, cut) in [
            ("造林", 2, "造林"),
            ("造林地", 2, "造…"),
            ("𠀀𠀀", 4, "𠀀𠀀"),
            ("𠀀𠀀", 3, "𠀀…"),
            ("a𠀀", 2, "a…"),
        ] {
            assert_eq!(cut_to(text, n_units), cut);
        }
        let whole = "长".repeat(32_767);
        assert_eq!(fit(&whole), whole);
        let cut = fit(&(whole.clone() + "长")).into_owned();
        assert_eq!(cut.chars().count(), 32_767);
        assert!(cut.ends_with("长…"));
    }
}
