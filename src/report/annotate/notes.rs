//! Notes of cells: the list of texts, and the old drawing format that says where they pop up.
//!
//! What we write stands between two lines of its own, so that it is found again after any program
//! has saved the file, and a clerk's own words before or behind it stay.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::CellRef;
use crate::report::Lang;
use crate::report::workbook::text;

use super::AnnotateError;
use super::package::{Package, Relationship};
use super::sheet::{Legacy, SheetPart};
use super::xml::{Edits, Scanner, Step, escape, unescape};

pub(super) const COMMENTS_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml";
pub(super) const VML_TYPE: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";

/// Whose notes they are.
pub(super) const AUTHOR: &str = "核表";

/// First and last line of what is ours.
const LINES: [(&str, &str); 2] = [
    ("—— 审核 ——", "—— 审核完 ——"),
    ("—— hebiao ——", "—— end ——"),
];

/// Our text with its first and last line.
pub(super) fn framed(text: &str, lang: Lang) -> String {
    let (first, last) = match lang {
        Lang::Zh => LINES[0],
        Lang::En => LINES[1],
    };
    format!("{first}\n{text}\n{last}")
}

/// Where our text stands in a note, the line breaks before it included.
pub(super) fn ours(text: &str) -> Option<Range<usize>> {
    LINES.iter().find_map(|(first, last)| {
        let start = text.find(first)?;
        let end = match text[start..].find(last) {
            Some(idx) => start + idx + last.len(),
            None => text.len(),
        };
        let start = text[..start].trim_end_matches(['\n', '\r']).len();
        Some(start..end)
    })
}

/// A sheet, its links, and the namespaces of the file.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) links: &'a [Relationship],
    /// Namespace of worksheets.
    pub(super) main: &'a str,
    /// What types of links begin with.
    pub(super) link_types: &'a str,
    /// Where the merged region of a cell ends, so that a note does not cover it.
    pub(super) last_col: &'a dyn Fn(CellRef) -> u32,
}

/// Cells whose notes are conversations of Excel 365: those are left as they are.
pub(super) fn conversations(
    package: &mut Package<'_>,
    links: &[Relationship],
) -> Result<BTreeSet<CellRef>, AnnotateError> {
    let mut cells = BTreeSet::new();
    for link in links {
        if !link.kind.ends_with("/threadedComment") {
            continue;
        }
        let Some(text) = package.text(&link.target)? else {
            continue;
        };
        let mut scanner = Scanner::new(&text);
        while let Some(step) = scanner.next()? {
            if let Step::Open(tag, _) = step
                && tag.name == "threadedComment"
            {
                cells.extend(tag.value("ref").and_then(|r| r.parse::<CellRef>().ok()));
            }
        }
    }
    Ok(cells)
}

/// Takes our old notes off a sheet and puts the new ones on.
pub(super) fn write(
    package: &mut Package<'_>,
    place: &Place<'_>,
    sheet: &SheetPart,
    notes: &BTreeMap<CellRef, String>,
) -> Result<Option<Legacy>, AnnotateError> {
    let link = |kind: &str| {
        let link = place.links.iter().find(|link| link.kind.ends_with(kind));
        link.filter(|link| package.has(&link.target)).cloned()
    };
    let comments = link("/comments");
    let drawing = sheet.legacy.as_ref().and_then(|(id, _)| {
        let link = place.links.iter().find(|link| link.id == *id);
        link.filter(|link| package.has(&link.target)).cloned()
    });
    let mut done = Done {
        to_add: notes.clone(),
        ..Done::default()
    };
    match &comments {
        Some(link) => {
            let old = package.needed(&link.target)?;
            let new = done.edit_comments(&old)?;
            if done.is_empty {
                package.remove(&link.target)?;
                package.unrelate(place.path, &link.id)?;
            } else if let Some(new) = new {
                package.set(&link.target, new);
            }
        }
        None if notes.is_empty() => return Ok(None),
        None => {
            let path = package.free_path("xl/comments", ".xml");
            let empty = format!(
                "{}\n<comments xmlns=\"{}\"><authors></authors><commentList></commentList></comments>",
                super::XML_HEAD,
                place.main
            );
            if let Some(text) = done.edit_comments(&empty)? {
                package.set(&path, text);
            }
            package.declare(&path, COMMENTS_TYPE)?;
            package.relate(place.path, &format!("{}/comments", place.link_types), &path)?;
        }
    }
    let shapes = |first: usize| {
        let shapes = done.added.iter().enumerate();
        let boxes = Boxes {
            sheet,
            last_col: place.last_col,
        };
        shapes
            .map(|(idx, (at, text))| boxes.shape(*at, text, first + idx))
            .collect::<String>()
    };
    match drawing {
        Some(link) => {
            let old = package.needed(&link.target)?;
            let (kept, n_shapes) = without_shapes(&old, &done.removed);
            let boxes = Boxes {
                sheet,
                last_col: place.last_col,
            };
            let kept = boxes.enlarged(kept, &done.continued);
            if n_shapes == 0 && done.added.is_empty() {
                package.remove(&link.target)?;
                package.unrelate(place.path, &link.id)?;
                return Ok(Some(Legacy::Remove));
            }
            let new = match done.added.is_empty() {
                true => kept,
                false => with_shapes(&kept, &shapes(next_shape(&kept)))
                    .ok_or_else(|| AnnotateError::part(&link.target, "no end"))?,
            };
            if new != old {
                package.set(&link.target, new);
            }
            Ok(None)
        }
        None if done.added.is_empty() => Ok(None),
        None => {
            let block = free_block(package)?;
            let path = package.free_path("xl/drawings/vmlDrawing", ".vml");
            package.set(&path, new_drawing(block, &shapes(block * 1024 + 1)));
            package.declare_by_extension(&path, VML_TYPE)?;
            let kind = format!("{}/vmlDrawing", place.link_types);
            let id = package.relate(place.path, &kind, &path)?;
            Ok(Some(Legacy::Add(id)))
        }
    }
}

/// A drawing with the shapes of one block of numbers.
fn new_drawing(block: usize, shapes: &str) -> String {
    let empty = format!(
        "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
         xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\">\
         <o:idmap v:ext=\"edit\" data=\"{block}\"/></o:shapelayout></xml>"
    );
    with_shapes(&empty, shapes).unwrap_or_default()
}

/// The drawing of the notes that a sheet has itself.
pub(super) fn drawing(
    sheet: &SheetPart,
    last_col: &dyn Fn(CellRef) -> u32,
    notes: &[(CellRef, &str)],
    block: usize,
) -> String {
    let boxes = Boxes { sheet, last_col };
    let shapes = notes.iter().enumerate();
    let shapes: String = shapes
        .map(|(idx, (at, text))| boxes.shape(*at, text, block * 1024 + 1 + idx))
        .collect();
    new_drawing(block, &shapes)
}

/// Pixels of a box in which a text can be read.
pub(super) fn box_size(text: &str) -> (u32, u32) {
    Boxes::needed(text, 0)
}

/// What became of a sheet's list of notes.
#[derive(Default)]
struct Done {
    to_add: BTreeMap<CellRef, String>,
    /// Notes that were ours alone.
    removed: BTreeSet<CellRef>,
    /// Notes on cells that had none.
    added: BTreeMap<CellRef, String>,
    /// The whole of the notes that were put behind the clerk's own words.
    continued: BTreeMap<CellRef, String>,
    /// No note is left.
    is_empty: bool,
}

/// A note as it stands in the list.
#[derive(Default)]
struct Comment {
    at: Option<CellRef>,
    span: Range<usize>,
    /// Its `text` element: whole, and where its content ends.
    text: Range<usize>,
    content_end: usize,
    text_is_empty: bool,
    /// Runs (or the only text): whole element, content of its `t`, whether it is a run.
    parts: Vec<(Range<usize>, Range<usize>, bool)>,
    prefix: String,
}

impl Done {
    /// The list without our old notes and with the new ones; `None` where nothing changes.
    fn edit_comments(&mut self, text: &str) -> Result<Option<String>, AnnotateError> {
        let list = List::read(text)?;
        let mut edits = Edits::default();
        let mut n_kept = 0;
        for comment in &list.comments {
            let Some(at) = comment.at else {
                n_kept += 1;
                continue;
            };
            let pieces: Vec<String> = comment
                .parts
                .iter()
                .map(|(_, t, _)| unescape(&text[t.clone()]))
                .collect();
            let whole = pieces.concat();
            let ours = ours(&whole);
            let rest = match &ours {
                Some(span) => format!("{}{}", &whole[..span.start], &whole[span.end..]),
                None => whole.clone(),
            };
            if ours.is_some() && rest.trim().is_empty() {
                edits.replace(comment.span.clone(), "");
                self.removed.insert(at);
                continue;
            }
            n_kept += 1;
            let new = self.to_add.remove(&at);
            if let Some(span) = ours {
                cut_pieces(comment, &pieces, span, new.is_some(), &mut edits);
            } else if new.is_some() {
                wrap_plain_text(comment, text, &mut edits);
            }
            if let Some(new) = new {
                self.continued.insert(at, format!("{rest}\n{new}"));
                let run = run(&format!("\n{new}"), &comment.prefix);
                match comment.text_is_empty {
                    true => {
                        let prefix = &comment.prefix;
                        let whole = format!("<{prefix}text>{run}</{prefix}text>");
                        edits.replace(comment.text.clone(), whole);
                    }
                    false => edits.insert(comment.content_end, run),
                }
            }
        }
        self.added = std::mem::take(&mut self.to_add);
        self.is_empty = n_kept == 0 && self.added.is_empty();
        if !self.added.is_empty() {
            let prefix = &list.prefix;
            let known = list.authors.iter().position(|author| author == AUTHOR);
            let author = known.unwrap_or(list.authors.len());
            if known.is_none() {
                let author = format!("<{prefix}author>{AUTHOR}</{prefix}author>");
                list.authors_end.put(prefix, "authors", &author, &mut edits);
            }
            let comments: String = self
                .added
                .iter()
                .map(|(at, text)| {
                    let run = run(text, prefix);
                    format!(
                        "<{prefix}comment ref=\"{at}\" authorId=\"{author}\"><{prefix}text>{run}</{prefix}text></{prefix}comment>"
                    )
                })
                .collect();
            list.list_end
                .put(prefix, "commentList", &comments, &mut edits);
        }
        Ok((!edits.is_empty()).then(|| edits.apply(text)))
    }
}

/// Cuts our text out of the runs that it lies in; runs of which nothing is left go. A text without a
/// run around it is given one where a run will follow.
fn cut_pieces(
    comment: &Comment,
    pieces: &[String],
    cut: Range<usize>,
    as_runs: bool,
    edits: &mut Edits,
) {
    let mut start = 0;
    for ((whole, content, is_run), piece) in comment.parts.iter().zip(pieces) {
        let span = start..start + piece.len();
        start = span.end;
        let head = &piece[..cut.start.clamp(span.start, span.end) - span.start];
        let tail = &piece[cut.end.clamp(span.start, span.end) - span.start..];
        let left = match (cut.start >= span.end, cut.end <= span.start) {
            (true, _) | (_, true) => piece.clone(),
            _ => format!("{head}{tail}"),
        };
        if left == *piece {
            continue;
        }
        let prefix = &comment.prefix;
        if *is_run && left.is_empty() {
            edits.replace(whole.clone(), "");
        } else if !*is_run && as_runs {
            edits.replace(
                whole.clone(),
                format!(
                    "<{prefix}r><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}r>",
                    escape(&left)
                ),
            );
        } else {
            edits.replace(content.clone(), escape(&left));
        }
    }
}

/// A run may not follow a text that has none around it.
fn wrap_plain_text(comment: &Comment, text: &str, edits: &mut Edits) {
    let prefix = &comment.prefix;
    for (whole, content, is_run) in &comment.parts {
        if !is_run {
            let content = &text[content.clone()];
            edits.replace(
                whole.clone(),
                format!(
                    "<{prefix}r><{prefix}t xml:space=\"preserve\">{content}</{prefix}t></{prefix}r>"
                ),
            );
        }
    }
}

fn run(text: &str, prefix: &str) -> String {
    format!(
        "<{prefix}r><{prefix}rPr><{prefix}sz val=\"9\"/><{prefix}color indexed=\"81\"/><{prefix}rFont val=\"宋体\"/>\
         <{prefix}charset val=\"134\"/></{prefix}rPr><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}r>",
        escape(text)
    )
}

/// The list of notes of a sheet.
struct List {
    prefix: String,
    authors: Vec<String>,
    authors_end: End,
    list_end: End,
    comments: Vec<Comment>,
}

/// Where an element takes more children.
enum End {
    Before(usize),
    /// It has only one tag.
    Whole(Range<usize>),
}

impl End {
    fn put(&self, prefix: &str, name: &str, children: &str, edits: &mut Edits) {
        match self {
            End::Before(at) => edits.insert(*at, children),
            End::Whole(span) => edits.replace(
                span.clone(),
                format!("<{prefix}{name}>{children}</{prefix}{name}>"),
            ),
        }
    }
}

impl List {
    fn read(text: &str) -> Result<Self, AnnotateError> {
        let mut prefix = String::new();
        let (mut authors, mut comments) = (Vec::new(), Vec::<Comment>::new());
        let (mut authors_end, mut list_end) = (None, None);
        let mut author_start = 0;
        // The run that is open, and the `t` in it.
        let mut run_start = None;
        let mut t_start = 0;
        let mut t: Option<Range<usize>> = None;
        let mut scanner = Scanner::new(text);
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 1) => prefix = tag.prefix.to_owned(),
                Step::Open(tag, 2) if tag.is_empty => match tag.name {
                    "authors" => authors_end = Some(End::Whole(tag.span)),
                    "commentList" => list_end = Some(End::Whole(tag.span)),
                    _ => {}
                },
                Step::Open(tag, 3) if tag.name == "author" => {
                    author_start = tag.span.end;
                    if tag.is_empty {
                        authors.push(String::new());
                    }
                }
                Step::Close("author", span, 3) => {
                    authors.push(unescape(&text[author_start..span.start]));
                }
                Step::Close("authors", span, 2) => authors_end = Some(End::Before(span.start)),
                Step::Close("commentList", span, 2) => list_end = Some(End::Before(span.start)),
                Step::Open(tag, 3) if tag.name == "comment" => {
                    comments.push(Comment {
                        at: tag.value("ref").and_then(|r| r.parse().ok()),
                        span: tag.span,
                        prefix: tag.prefix.to_owned(),
                        ..Comment::default()
                    });
                }
                Step::Close("comment", span, 3) => {
                    if let Some(comment) = comments.last_mut() {
                        comment.span.end = span.end;
                    }
                }
                Step::Open(tag, 4) if tag.name == "text" => {
                    if let Some(comment) = comments.last_mut() {
                        comment.content_end = tag.span.end;
                        comment.text_is_empty = tag.is_empty;
                        comment.text = tag.span;
                    }
                }
                Step::Close("text", span, 4) => {
                    if let Some(comment) = comments.last_mut() {
                        comment.text.end = span.end;
                        if comment.parts.is_empty() {
                            comment.content_end = span.start;
                        }
                    }
                }
                Step::Open(tag, 5) if tag.name == "r" && !tag.is_empty => {
                    run_start = Some(tag.span.start);
                    t = None;
                }
                Step::Open(tag, depth @ (5 | 6)) if tag.name == "t" => {
                    if depth == 5 {
                        run_start = None;
                    }
                    t_start = tag.span.end;
                    if tag.is_empty {
                        continue;
                    }
                }
                Step::Close("t", span, 6) if run_start.is_some() => t = Some(t_start..span.start),
                Step::Close("t", span, 5) => {
                    if let Some(comment) = comments.last_mut() {
                        let whole = text[..t_start].rfind('<').unwrap_or(t_start)..span.end;
                        comment.content_end = span.end;
                        comment.parts.push((whole, t_start..span.start, false));
                    }
                }
                Step::Close("r", span, 5) => {
                    if let (Some(comment), Some(start)) = (comments.last_mut(), run_start.take()) {
                        comment.content_end = span.end;
                        if let Some(t) = t.take() {
                            comment.parts.push((start..span.end, t, true));
                        }
                    }
                }
                _ => {}
            }
        }
        let missing = || AnnotateError::part("comments", "no list");
        Ok(Self {
            prefix,
            authors,
            authors_end: authors_end.ok_or_else(missing)?,
            list_end: list_end.ok_or_else(missing)?,
            comments,
        })
    }
}

/// The drawing without the boxes of some notes, and how many shapes are left. Such drawings are not
/// always well-formed (`<br>`), so they are taken for plain text.
fn without_shapes(text: &str, removed: &BTreeSet<CellRef>) -> (String, usize) {
    let mut edits = Edits::default();
    let mut n_left = 0;
    let mut at = 0;
    while let Some(start) = find_tag(&text[at..], "shape").map(|idx| at + idx) {
        let close = closing(text, start);
        let end = match text[start..].find(&close) {
            Some(idx) => start + idx + close.len(),
            None => text.len(),
        };
        let shape = &text[start..end];
        let cell = number_in(shape, "Row").zip(number_in(shape, "Column"));
        let is_note = shape.contains("ObjectType=\"Note\"") || shape.contains("ObjectType='Note'");
        match cell {
            Some((row, col)) if is_note && removed.contains(&CellRef::new(row, col)) => {
                edits.replace(start..end, "");
            }
            _ => n_left += 1,
        }
        at = end;
    }
    (edits.apply(text), n_left)
}

/// Where `<shape` or `<v:shape` begins; `<v:shapetype` is none.
fn find_tag(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(open) = text[from..].find('<').map(|idx| from + idx) {
        let tag = &text[open + 1..];
        let end = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/' | '<'));
        let full = &tag[..end.unwrap_or(tag.len())];
        if full.rsplit(':').next() == Some(name) {
            return Some(open);
        }
        from = open + 1;
    }
    None
}

/// The end tag of the element that begins at `start`.
fn closing(text: &str, start: usize) -> String {
    let tag = &text[start + 1..];
    let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '>');
    format!("</{}>", &tag[..end.unwrap_or(tag.len())])
}

fn number_in(shape: &str, name: &str) -> Option<u32> {
    let start = find_tag(shape, name)?;
    let content = shape[start..].split_once('>')?.1;
    content.split('<').next()?.trim().parse().ok()
}

/// The drawing with more shapes at its end.
fn with_shapes(text: &str, shapes: &str) -> Option<String> {
    let end = text
        .rfind("</")
        .filter(|end| text[*end..].contains("xml"))?;
    let shapetype = match text.contains("\"_x0000_t202\"") || text.contains("'_x0000_t202'") {
        true => "",
        false => {
            "<v:shapetype xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
             id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">\
             <v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>"
        }
    };
    Some(format!(
        "{}{shapetype}{shapes}{}",
        &text[..end],
        &text[end..]
    ))
}

/// A number that no shape of the drawing has.
fn next_shape(text: &str) -> usize {
    let numbers = text.split("_x0000_s").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse::<usize>().ok()
    });
    let first = blocks(text).into_iter().min().unwrap_or(1) * 1024;
    let last = numbers.filter(|n| *n < 1 << 30).fold(first, usize::max);
    last + 1
}

/// The blocks of shape numbers that a drawing has: `data="1,3"`.
fn blocks(text: &str) -> Vec<usize> {
    let lists = text.split(" data=").skip(1).map(|rest| {
        let list = rest.get(1..).unwrap_or_default();
        list.split(['"', '\'']).next().unwrap_or_default()
    });
    let numbers = lists
        .flat_map(|list| list.split(','))
        .filter_map(|n| n.trim().parse().ok());
    numbers.filter(|n| *n < 1 << 16).collect()
}

/// Shapes are numbered in blocks of 1024, one or more to a sheet; the first that no sheet has.
fn free_block(package: &mut Package<'_>) -> Result<usize, AnnotateError> {
    let mut last = 0;
    for path in package.paths() {
        if !path.to_ascii_lowercase().ends_with(".vml") {
            continue;
        }
        // A drawing in another encoding keeps its numbers to itself.
        let Ok(Some(text)) = package.text(&path) else {
            continue;
        };
        last = blocks(&text).into_iter().fold(last, usize::max);
    }
    Ok(last + 1)
}

/// The boxes of notes on a sheet.
struct Boxes<'a> {
    sheet: &'a SheetPart,
    /// Where the merged region of a cell ends.
    last_col: &'a dyn Fn(CellRef) -> u32,
}

/// A way along rows or columns: the first or last, and pixels behind its start.
type Edge = (u32, u32);

impl Boxes<'_> {
    const LAST: (u32, u32) = ((1 << 20) - 1, (1 << 14) - 1);
    /// Characters in a line of ours.
    const DIGITS: usize = 46;

    /// Pixels that a text needs in a box at least so wide.
    fn needed(text: &str, width: u32) -> (u32, u32) {
        let digits = text::width(text).clamp(24, Self::DIGITS);
        let width = width.max(digits as u32 * 7 + 20);
        let digits = f64::from(width.saturating_sub(20)) / 7.0;
        let lines = text::lines(text, digits + 1.5);
        (width, (lines as u32).min(60) * 16 + 14)
    }

    /// Where something ends that begins at `first` and is so long.
    fn end(first: u32, last: u32, wanted: u32, pixels: &dyn Fn(u32) -> u32) -> Edge {
        let mut rest = wanted;
        let most = first.saturating_add(200).min(last);
        for idx in first..most {
            let size = pixels(idx);
            if rest <= size {
                return (idx, rest);
            }
            rest -= size;
        }
        (most, 0)
    }

    /// How long it is.
    fn length(from: Edge, to: Edge, pixels: &dyn Fn(u32) -> u32) -> u32 {
        let between = (from.0..to.0).take(300).map(pixels);
        let whole = between.fold(to.1, u32::saturating_add);
        whole.saturating_sub(from.1)
    }

    /// The box of one note, beside its cell and as large as its text needs.
    fn shape(&self, at: CellRef, text: &str, number: usize) -> String {
        let (width, height) = Self::needed(text, 0);
        let left = ((self.last_col)(at) + 1).min(Self::LAST.1 - 1);
        let top = at.row.saturating_sub(1);
        let (right, right_rest) = Self::end(left, Self::LAST.1, width + 12, &|col| {
            self.sheet.column_pixels(col)
        });
        let (bottom, bottom_rest) = Self::end(top, Self::LAST.0, height + 8, &|row| {
            self.sheet.row_pixels(row)
        });
        format!(
            "<v:shape xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
             xmlns:x=\"urn:schemas-microsoft-com:office:excel\" id=\"_x0000_s{number}\" type=\"#_x0000_t202\" \
             style=\"position:absolute;margin-left:80pt;margin-top:5pt;width:{}pt;height:{}pt;z-index:1;visibility:hidden\" \
             fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/>\
             <v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>\
             <v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox>\
             <x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>\
             <x:Anchor>{left}, 12, {top}, 8, {right}, {right_rest}, {bottom}, {bottom_rest}</x:Anchor>\
             <x:AutoFill>False</x:AutoFill><x:Row>{}</x:Row><x:Column>{}</x:Column></x:ClientData></v:shape>",
            width * 3 / 4,
            height * 3 / 4,
            at.row,
            at.col
        )
    }

    /// The drawing with larger boxes for notes that have become longer.
    fn enlarged(&self, drawing: String, notes: &BTreeMap<CellRef, String>) -> String {
        if notes.is_empty() {
            return drawing;
        }
        let mut edits = Edits::default();
        let mut at = 0;
        while let Some(start) = find_tag(&drawing[at..], "shape").map(|idx| at + idx) {
            let close = closing(&drawing, start);
            let end = match drawing[start..].find(&close) {
                Some(idx) => start + idx + close.len(),
                None => drawing.len(),
            };
            let shape = &drawing[start..end];
            let cell = number_in(shape, "Row").zip(number_in(shape, "Column"));
            let text = cell.and_then(|(row, col)| notes.get(&CellRef::new(row, col)));
            if let Some(text) = text {
                self.enlarge(start, shape, text, &mut edits);
            }
            at = end;
        }
        edits.apply(&drawing)
    }

    /// Where a box is too small for its text, lets it go on further to the right and down.
    fn enlarge(&self, start: usize, shape: &str, text: &str, edits: &mut Edits) -> Option<()> {
        let tag = find_tag(shape, "Anchor")?;
        let from = tag + shape[tag..].find('>')? + 1;
        let to = from + shape[from..].find('<')?;
        let numbers: Option<Vec<u32>> = shape[from..to]
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect();
        let [
            left,
            left_rest,
            top,
            top_rest,
            right,
            right_rest,
            bottom,
            bottom_rest,
        ] = numbers?[..]
        else {
            return None;
        };
        let cols = |col: u32| self.sheet.column_pixels(col);
        let rows = |row: u32| self.sheet.row_pixels(row);
        let width = Self::length((left, left_rest), (right, right_rest), &cols);
        let height = Self::length((top, top_rest), (bottom, bottom_rest), &rows);
        let needed = Self::needed(text, width);
        if needed.0 <= width && needed.1 <= height {
            return None;
        }
        let (width, height) = (needed.0.max(width), needed.1.max(height));
        let right = Self::end(left, Self::LAST.1, width + left_rest, &cols);
        let bottom = Self::end(top, Self::LAST.0, height + top_rest, &rows);
        edits.replace(
            start + from..start + to,
            format!(
                "{left}, {left_rest}, {top}, {top_rest}, {}, {}, {}, {}",
                right.0, right.1, bottom.0, bottom.1
            ),
        );
        // Some programs go by the size in the style.
        let tag = &shape[..shape.find('>')?];
        for (name, size) in [("width:", width), ("height:", height)] {
            let is_own =
                |at: &usize| !tag[..*at].ends_with(|c: char| c == '-' || c.is_alphanumeric());
            let found = tag.match_indices(name).map(|(at, _)| at).find(is_own);
            if let Some(at) = found {
                let value = at + name.len();
                let length = tag[value..].find([';', '"', '\''])?;
                let span = start + value..start + value + length;
                edits.replace(span, format!("{}pt", size * 3 / 4));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "<c:comments xmlns:c=\"m\"><c:authors><c:author>王</c:author></c:authors><c:commentList>";
    const TAIL: &str = "</c:commentList></c:comments>";

    fn edited(comments: &str, notes: &[(&str, &str)]) -> (String, Done) {
        let to_add = notes
            .iter()
            .map(|(at, text)| (at.parse().expect("an address"), framed(text, Lang::Zh)));
        let mut done = Done {
            to_add: to_add.collect(),
            ..Done::default()
        };
        let text = format!("{HEAD}{comments}{TAIL}");
        let new = done.edit_comments(&text).expect("a list").unwrap_or(text);
        (new.replace(HEAD, "").replace(TAIL, ""), done)
    }

    #[test]
    fn our_text_is_put_below_the_clerk_s_own_and_taken_out_again() {
        for own in [
            "<c:comment ref=\"B2\" authorId=\"0\"><c:text><c:t>请看</c:t></c:text></c:comment>",
            "<c:comment ref=\"B2\" authorId=\"0\"><c:text><c:r><c:rPr><c:b/></c:rPr><c:t>请</c:t></c:r><c:r><c:t>看</c:t></c:r></c:text></c:comment>",
        ] {
            let (marked, done) = edited(own, &[("B2", "合计不符 & 差 3")]);
            assert!(done.added.is_empty() && done.removed.is_empty());
            assert!(
                marked.contains("—— 审核 ——\n合计不符 &amp; 差 3\n—— 审核完 ——"),
                "{marked}"
            );
            let (again, _) = edited(&marked, &[("B2", "合计不符 & 差 3")]);
            assert_eq!(again, marked);
            let (bare, _) = edited(&marked, &[]);
            assert_eq!(
                bare,
                own.replace(
                    "<c:text><c:t>请看</c:t></c:text>",
                    "<c:text><c:r><c:t xml:space=\"preserve\">请看</c:t></c:r></c:text>"
                )
            );
        }
    }

    #[test]
    fn what_a_clerk_adds_to_our_note_is_kept() {
        let ours = framed("合计不符", Lang::Zh);
        let note = format!(
            "<c:comment ref=\"C3\" authorId=\"0\"><c:text><c:t>{ours}\n已核实</c:t></c:text></c:comment>"
        );
        let (bare, done) = edited(&note, &[]);
        assert!(bare.contains("<c:t>\n已核实</c:t>"), "{bare}");
        assert!(done.removed.is_empty());
        let note = note.replace("\n已核实", "");
        let (bare, done) = edited(&note, &[]);
        assert_eq!(bare, "");
        assert!(done.is_empty && done.removed.len() == 1);
    }

    #[test]
    fn boxes_are_found_in_drawings_that_are_not_well_formed() {
        let text = "<ns0:xml><ns0:shapetype id=\"_x0000_t202\"/><ns0:shape id='_x0000_s1030'><br>\
            <x:ClientData ObjectType='Note'><x:Row>2</x:Row><x:Column>1</x:Column></x:ClientData></ns0:shape>\
            <ns0:shape><x:ClientData ObjectType=\"Button\"/></ns0:shape></ns0:xml>";
        assert_eq!(next_shape(text), 1031);
        let removed = BTreeSet::from([CellRef::new(2, 1)]);
        let (left, n_left) = without_shapes(text, &removed);
        assert_eq!(n_left, 1);
        assert!(!left.contains("<br>") && left.contains("Button"), "{left}");
        let with = with_shapes(&left, "<s/>").expect("it has an end");
        assert!(with.ends_with("</ns0:shape><s/></ns0:xml>"), "{with}");
    }
}
