//! What the cells of a sheet are made of, before calamine sees them.
//!
//! calamine takes the last piece of text in a value and the last value in a cell, and has no number for the rest: with an
//! element inside it, 323 was 3. What stands where a cell has no place for it is damage, and not a smaller figure.
//! What programs add to cells for themselves (`extLst`) is left out, so that it costs nobody the sheet.

use std::borrow::Cow;

use memchr::memchr;

use super::Unreadable;
use super::whole_texts::end_of_tag;
use super::xlsx::Formats;
use super::xml::attributes;

/// Cells that calamine can be given.
#[derive(Debug)]
pub(super) struct CellParts<'t> {
    pub(super) cells: Cow<'t, str>,
    /// The number of each cell's format, in turn.
    pub(super) formats: Vec<u16>,
}

/// Looks through cells whose values stand in one piece, and which end with the element of all cells.
pub(super) fn cell_parts<'t>(
    cells: &'t str,
    formats: &Formats,
) -> Result<CellParts<'t>, Unreadable> {
    let mut walk = Walk {
        text: cells,
        formats,
        open: Vec::new(),
        cell: CellSeen::default(),
        idxs: Vec::with_capacity(cells.len() / 64),
        left_out: LeftOut::default(),
    };
    let mut at = 0;
    while let Some(found) = memchr(b'<', &cells.as_bytes()[at..]) {
        let start = at + found;
        walk.text_between(&cells[at..start])?;
        let tag = &cells[start..start + end_of_tag(&cells[start..])?];
        at = start + tag.len();
        if let Some(name) = tag.strip_prefix("</") {
            let name = name.trim_end_matches('>').trim_ascii_end();
            if walk.open.is_empty() && local(name) == "sheetData" {
                return match cells[at..].trim_ascii().is_empty() {
                    true => Ok(walk.finish()),
                    false => Err(damaged("something behind the cells")),
                };
            }
            walk.close(name, at)?;
        } else {
            let name = name_of(tag);
            walk.start(name, tag, start)?;
            if tag.ends_with("/>") {
                walk.close(name, at)?;
            }
        }
    }
    Err(damaged("the cells break off"))
}

/// What an element is to the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Row,
    Cell,
    /// Holds a value or a formula, and nothing but text.
    Text,
    /// A text with its runs.
    Inline,
    /// Of no interest in a cell.
    Extra,
    /// Anything else.
    Other,
}

struct Walk<'t, 'f> {
    text: &'t str,
    formats: &'f Formats,
    /// The elements that are open, with their full names.
    open: Vec<(&'t str, Role)>,
    cell: CellSeen,
    idxs: Vec<u16>,
    left_out: LeftOut,
}

/// What has come of the cell that is open.
#[derive(Default)]
struct CellSeen {
    /// It says that its value is a text.
    holds_text: bool,
    value: bool,
    formula: bool,
    inline: bool,
    /// A value stands in an element of no interest.
    hidden: bool,
    /// Its format is none of the workbook's.
    no_format: Option<Unreadable>,
}

/// The text without what is left out of it.
#[derive(Default)]
struct LeftOut {
    kept: String,
    /// As far as it has been copied.
    copied: usize,
    /// Where what is to be left out began.
    since: usize,
}

impl<'t> Walk<'t, '_> {
    fn start(&mut self, name: &'t str, tag: &str, at: usize) -> Result<(), Unreadable> {
        let parent = self.open.last().map(|&(_, role)| role);
        let role = match (parent, local(name)) {
            (None, "row") => Role::Row,
            (None | Some(Role::Row), "c") => {
                self.cell = CellSeen::default();
                let (format, kind) = attributes_of_cell(tag)?;
                self.cell.holds_text = matches!(kind, Some("str" | "inlineStr"));
                let idx = self.formats.idx(format);
                let idx = idx.map_err(|reason| self.cell.no_format = Some(reason));
                self.idxs.push(idx.unwrap_or(0));
                Role::Cell
            }
            (_, "c") => return Err(damaged("a cell inside another element")),
            (Some(Role::Cell), part @ ("v" | "f" | "is")) => {
                let (seen, role) = match part {
                    "v" => (&mut self.cell.value, Role::Text),
                    "f" => (&mut self.cell.formula, Role::Text),
                    _ => (&mut self.cell.inline, Role::Inline),
                };
                if std::mem::replace(seen, true) {
                    return Err(damaged(format!("a cell has two <{part}>")));
                }
                // Which of them is meant nobody knows, not even where one is empty.
                if self.cell.value && self.cell.inline {
                    return Err(damaged("a cell has <v> and <is>"));
                }
                role
            }
            (Some(Role::Text), _) => return Err(damaged("an element inside a value")),
            (Some(Role::Cell), _) => {
                self.left_out.since = at;
                Role::Extra
            }
            (Some(Role::Extra), part) => {
                self.cell.hidden |= matches!(part, "v" | "f" | "is");
                Role::Extra
            }
            _ => Role::Other,
        };
        self.open.push((name, role));
        Ok(())
    }

    /// The end of an element, which ends at `at`.
    fn close(&mut self, name: &str, at: usize) -> Result<(), Unreadable> {
        let role = match self.open.pop() {
            Some((open, role)) if open == name => role,
            _ => return Err(damaged(format!("</{}> ends nothing", start_of(name)))),
        };
        let parent = self.open.last().map(|&(_, role)| role);
        match role {
            Role::Extra if parent == Some(Role::Cell) => {
                let left_out = &mut self.left_out;
                (left_out.kept).push_str(&self.text[left_out.copied..left_out.since]);
                left_out.copied = at;
            }
            Role::Cell => {
                let seen = std::mem::take(&mut self.cell);
                let has_content = seen.value || seen.formula || seen.inline;
                if seen.hidden && !has_content {
                    return Err(damaged("the value of a cell stands in another element"));
                }
                if let Some(reason) = seen.no_format.filter(|_| has_content) {
                    return Err(reason);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Text outside values is no cell's. References to characters have been put in by now; of those by name only what
    /// stands in a text is a part of it, and calamine takes of a number what stands behind them.
    fn text_between(&self, text: &str) -> Result<(), Unreadable> {
        let Some(&(name, role)) = self.open.last() else {
            return between_cells(text);
        };
        match role {
            Role::Row | Role::Cell => between_cells(text),
            Role::Extra => Ok(()),
            _ if memchr(b'&', text.as_bytes()).is_none() => Ok(()),
            Role::Text if local(name) == "v" && !self.cell.holds_text => {
                Err(damaged("a reference inside a number"))
            }
            _ if has_known_references(text) => Ok(()),
            _ => Err(damaged("an unknown reference inside a value")),
        }
    }

    fn finish(self) -> CellParts<'t> {
        let LeftOut {
            mut kept, copied, ..
        } = self.left_out;
        let cells = match copied {
            0 => Cow::Borrowed(self.text),
            _ => {
                kept.push_str(&self.text[copied..]);
                Cow::Owned(kept)
            }
        };
        CellParts {
            cells,
            formats: self.idxs,
        }
    }
}

fn between_cells(text: &str) -> Result<(), Unreadable> {
    match text.trim_ascii().is_empty() {
        true => Ok(()),
        false => Err(damaged("text outside the values of cells")),
    }
}

/// Whether all that begins with `&` is one of the five that every program knows.
fn has_known_references(text: &str) -> bool {
    let mut references = text.split('&').skip(1);
    references.all(|behind| {
        let name = behind.split_once(';').map(|(name, _)| name);
        name.is_some_and(|name| matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"))
    })
}

/// The attributes `s` and `t` of a cell. Of one that is given twice, another reader may take the other.
fn attributes_of_cell(tag: &str) -> Result<(Option<&str>, Option<&str>), Unreadable> {
    let behind_name = &tag[1 + name_of(tag).len()..];
    let mut found = [None; 3];
    for (name, value) in attributes(behind_name) {
        let known = ["s", "r", "t"].iter().position(|known| *known == name);
        if known.is_some_and(|idx| found[idx].replace(value).is_some()) {
            return Err(damaged(format!("a cell has two attributes {name}")));
        }
    }
    Ok((found[0], found[2]))
}

/// The name of a start tag, with its prefix.
fn name_of(tag: &str) -> &str {
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
    let name = &tag[1..];
    &name[..name.find(ends).unwrap_or(name.len())]
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// As much of a name as is worth saying.
fn start_of(name: &str) -> &str {
    name.get(..name.len().min(20)).unwrap_or_default()
}

fn damaged(detail: impl Into<String>) -> Unreadable {
    Unreadable::damaged(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::number_format::Shown;

    fn parts(cells: &str) -> Result<CellParts<'_>, Unreadable> {
        let formats = Formats {
            shown: vec![Shown::default(), Shown::by_id(9)],
            are_given: true,
            is_1904: false,
        };
        cell_parts(cells, &formats)
    }

    #[test]
    fn what_a_cell_has_no_place_for_is_damage() {
        for cells in [
            "<row><c><v>3<x/>23</v></c></row>",
            "<row><c><v>3<x>2</x>3</v></c></row>",
            "<row><c><f>A1<x/>+B1</f><v>3</v></c></row>",
            "<row><c><v>3</v><v>23</v></c></row>",
            "<row><c><v/><v>23</v></c></row>",
            "<row><c><f>A1</f><f>B1</f><v>3</v></c></row>",
            "<row><c><is><t>a</t></is><is/></c></row>",
            "<row><c>323</c></row>",
            "<row>323<c/></row>",
            "<row><c><v>3</v><c><v>4</v></c></c></row>",
            "<row><x><c><v>4</v></c></x></row>",
            "<row><c><mc:Choice><v>323</v></mc:Choice></c></row>",
            "<row><c s='2'><v>3.23</v></c></row>",
            "<row><c s='70000'><v>3.23</v></c></row>",
            "<row><c s='x'><v>3.23</v></c></row>",
            "<row><c s='0' s='1'><v>3.23</v></c></row>",
            "<row><c r='A1' r='B1'><v>3.23</v></c></row>",
            "<row><c><v>3</c></v></row>",
            "<row><c><v>3</v></c>",
            "<row/></sheetData><row/>",
        ] {
            let whole = format!("{cells}</sheetData>");
            assert!(parts(&whole).is_err(), "{cells}");
        }
        assert!(parts("<row><c><v>3</v></c></row>").is_err());
    }

    #[test]
    fn what_programs_add_to_cells_is_left_out() {
        for (cells, kept, formats) in [
            (
                "<row r='1' a='>'>\n<x:c s='1'><x:v>3</x:v></x:c><c/></row>",
                "<row r='1' a='>'>\n<x:c s='1'><x:v>3</x:v></x:c><c/></row>",
                &[1, 0][..],
            ),
            (
                "<row><c s=\"0\"><v>3</v><extLst><ext><y/></ext></extLst></c><c s='1'><z/><v>4</v></c></row>",
                "<row><c s=\"0\"><v>3</v></c><c s='1'><v>4</v></c></row>",
                &[0, 1],
            ),
            (
                "<row><c><mc:A><mc:B><v>9</v></mc:B></mc:A><v>3</v></c></row>",
                "<row><c><v>3</v></c></row>",
                &[0],
            ),
            // A blank cell is blank in any format.
            ("<row><c s='9'/></row>", "<row><c s='9'/></row>", &[0]),
            (
                "<row><c t='inlineStr'><is><r><t>a</t></r></is></c></row>",
                "<row><c t='inlineStr'><is><r><t>a</t></r></is></c></row>",
                &[0],
            ),
        ] {
            let whole = format!("{cells}</x:sheetData >");
            let parts = parts(&whole).expect("whole");
            assert_eq!(parts.cells, format!("{kept}</x:sheetData >"), "{cells}");
            assert_eq!(parts.formats, formats, "{cells}");
        }
    }
}
