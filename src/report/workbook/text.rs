//! How wide and how high texts are.
//!
//! The writing library's own fitting takes a Chinese character for a narrow one, so columns and
//! rows are measured here.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Points of one line of 11-point text.
const LINE: f64 = 15.0;

/// Characters that a cell holds, with room for what is added to them; Excel takes 32,767.
pub(in crate::report) const MOST: usize = 32_000;

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
    let name: String = name.chars().filter(fits).take(26).collect();
    let name = name.trim_matches('\'').trim();
    match name.is_empty() {
        true => "-".to_owned(),
        false => name.to_owned(),
    }
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
    }
}
