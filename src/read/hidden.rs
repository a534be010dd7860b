//! Rows and columns that a sheet of .xlsx does not show.
//!
//! They are looked for beside the cells and not while these are read: nearly no sheet hides any, which one search
//! for a word tells.

use memchr::{memchr, memchr_iter, memmem};

use super::markup::is_element;
use super::xml::{Event, Tag, Xml};
use crate::model::Hidden;

/// The rows of one sheet, as far as it has been read.
pub(super) struct HiddenRows {
    /// The row that follows, where rows do not say which they are; `None` where nobody has counted.
    next_row: Option<u32>,
    rows: Vec<(u32, u32)>,
}

impl HiddenRows {
    pub(super) fn new() -> Self {
        Self {
            next_row: Some(0),
            rows: Vec::new(),
        }
    }

    /// Looks through rows, of which more may follow.
    pub(super) fn read(&mut self, rows: &str) {
        let bytes = rows.as_bytes();
        let signs: [&[u8]; 3] = [b"hidden=", b"ht=\"0", b"ht='0"];
        if !signs.iter().any(|sign| memmem::find(bytes, sign).is_some()) {
            self.next_row = None;
            return;
        }
        for at in memchr_iter(b'<', bytes) {
            if !is_element(&bytes[at + 1..], b"row") {
                continue;
            }
            let end = memchr(b'>', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
            let mut tag = Xml::new(&rows[at..end]);
            let Ok(Event::Start(tag)) = tag.next() else {
                continue;
            };
            let number = tag.raw("r").and_then(|r| r.trim().parse::<u32>().ok());
            let Some(row) = number.map_or(self.next_row, |row| row.checked_sub(1)) else {
                continue;
            };
            self.next_row = row.checked_add(1);
            if is_hidden(tag, "ht") {
                match self.rows.last_mut() {
                    Some(run) if run.1.checked_add(1) == Some(row) => run.1 = row,
                    _ => self.rows.push((row, row)),
                }
            }
        }
    }

    /// What the sheet does not show; `head` is what stands before its cells.
    pub(super) fn with_columns(self, head: &str) -> Hidden {
        Hidden {
            rows: self.rows.into_iter().collect(),
            columns: columns(head).into_iter().collect(),
        }
    }
}

/// The columns that are hidden. What cannot be read hides nothing.
fn columns(head: &str) -> Vec<(u32, u32)> {
    let bytes = head.as_bytes();
    let tags = memchr_iter(b'<', bytes).filter(|at| is_element(&bytes[at + 1..], b"col"));
    let mut columns = Vec::new();
    for at in tags {
        let end = memchr(b'>', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
        let mut tag = Xml::new(&head[at..end]);
        let Ok(Event::Start(tag)) = tag.next() else {
            continue;
        };
        let bound = |name| tag.raw(name)?.trim().parse::<u32>().ok()?.checked_sub(1);
        if let (Some(first), Some(last)) = (bound("min"), bound("max"))
            && is_hidden(tag, "width")
        {
            columns.push((first, last));
        }
    }
    columns
}

/// Whether a row or column says that it is hidden, or has no size.
fn is_hidden(tag: Tag<'_>, size: &str) -> bool {
    let is_nothing = |raw: &str| raw.trim().parse::<f64>().is_ok_and(|size| size <= 0.0);
    matches!(tag.raw("hidden"), Some("1" | "true")) || tag.raw(size).is_some_and(is_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_rows_and_columns_are_known_by_their_tags() {
        let mut rows = HiddenRows::new();
        rows.read(
            "<row r=\"2\" hidden=\"1\"><c/></row><row hidden=\"true\"/><row r='4' hidden='0'/>\
             <row r=\"6\" ht=\"0\" customHeight=\"1\"/><row r=\"7\" ht=\"0.5\"/>",
        );
        // Nobody has counted here.
        rows.read("<row r=\"8\"/>");
        rows.read("<x:row hidden=\"1\"/><x:row r=\"10\" hidden=\"1\"/>");
        let hidden = rows.with_columns(
            "<cols><col min=\"2\" max=\"3\" hidden=\"1\"/><col min='5' max='5' width='0'/>\
             <col min=\"6\" max=\"9\" width=\"8\"/></cols>",
        );
        assert_eq!(
            hidden.rows.iter().collect::<Vec<_>>(),
            [(1, 2), (5, 5), (9, 9)]
        );
        assert_eq!(hidden.columns.iter().collect::<Vec<_>>(), [(1, 2), (4, 4)]);
    }
}
