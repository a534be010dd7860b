//! What every sheet shares: paper, header rows on every page, page numbers.

use rust_xlsxwriter::{Note, Worksheet, XlsxError};

use crate::report::Lang;

use super::text;

/// A4 across, one page wide, the header rows on every page.
pub(super) fn set_up(
    sheet: &mut Worksheet,
    repeated: Option<(u32, u32)>,
    lang: Lang,
) -> Result<(), XlsxError> {
    sheet
        .set_paper_size(9)
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_print_center_horizontally(true)
        .set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3)
        .set_footer(lang.pick("&L&9&A&C&9第 &P 页，共 &N 页", "&L&9&A&C&9Page &P of &N"));
    if let Some((first, last)) = repeated {
        sheet.set_repeat_rows(first, last)?;
    }
    Ok(())
}

/// A note in a box that fits its text.
#[expect(clippy::disallowed_methods, reason = "this is where notes are cut")]
pub(super) fn note(text: &str) -> Note {
    // 9-point text is about 6 pixels a digit and 16 pixels a line.
    const WIDEST: usize = 56;
    let text = text::fit_note(text);
    let digits = text::width(&text).clamp(20, WIDEST);
    let lines = text::lines(&text, digits as f64 + 1.5);
    Note::new(&*text)
        .set_author("hebiao")
        .add_author_prefix(false)
        .set_font_name("宋体")
        .set_font_size(9)
        .set_width(digits as u32 * 13 / 2 + 18)
        .set_height(lines as u32 * 16 + 14)
}
