//! `styles.xml`: our colours over the clerk's own formats, and the way back.
//!
//! A marked cell gets a copy of its own format that differs in the fill alone, so its number format,
//! font, border and protection stay. Formats are only ever added: what other cells refer to by number
//! does not move. What is there already is used again, so marking twice adds nothing.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::model::Level;
use crate::report::workbook::marks::{MarkLook, Marked};

use super::AnnotateError;
use super::xml::{Edits, Scanner, Step, attribute_of, with_attribute, without_attributes};

/// The fill of a marked cell.
///
/// Each is one step beside the colour that office programs offer (`FFC7CE` is Excel's own “bad”), so
/// that nobody else's fill is taken for ours: the colour is the record that survives any program
/// that saves the file.
pub(super) fn fill_colour(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "FFFFC8CE",
        Level::QuasiMandatory | Level::Verification => "FFFFD9A6",
        Level::Hint => "FFFFF2CB",
    }
}

/// The fill of a cell that is right as far as anybody can tell, but is held against a wrong one.
pub(super) const RELATED: &str = "FFE4EAF3";

/// The frame of a cell that may be wrong, as others may. Its colour is the record, as that of a fill is.
fn frame_colour(level: Level) -> &'static str {
    match level {
        Level::Mandatory => "FFC00001",
        Level::QuasiMandatory | Level::Verification => "FFC65912",
        Level::Hint => "FFBF9001",
    }
}

/// The line of that frame.
const FRAME: &str = "mediumDashed";

/// Excel takes no workbook with more formats.
const MOST_FORMATS: usize = 64_000;

/// The style sheet of a workbook, with what is added to it.
pub(super) struct Styles {
    text: String,
    prefix: String,
    root_end: usize,
    /// In the order of [`Part`].
    sections: [Section; 5],
    /// Sections that the part has, by name and start, for finding the place of one that it lacks.
    present: Vec<(String, usize)>,
    marked: HashMap<(usize, MarkLook), usize>,
    known: Known,
}

/// Where items are found by what they say: a workbook may have some ten thousands, and each may be marked.
#[derive(Default)]
struct Known {
    /// The first item of each text, by part.
    items: [HashMap<String, usize>; 5],
    fills: Vec<Fill>,
    /// The first of each fill.
    fill_ids: HashMap<Fill, usize>,
    /// What fill each format has.
    fills_of_formats: Vec<Fill>,
    /// The first of the formats that differ in nothing, by all but their fill and their fill.
    formats: HashMap<(String, Fill), usize>,
    /// Whether each border is a frame of ours.
    frames: Vec<bool>,
    /// Whether each format has such a frame.
    framed: Vec<bool>,
}

/// The lists that formats are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Font,
    Fill,
    Border,
    /// Formats of named styles.
    StyleFormat,
    Format,
}

#[derive(Default)]
struct Section {
    /// The start tag; `None` where the section is missing.
    tag: Option<Range<usize>>,
    is_empty: bool,
    count: Option<Range<usize>>,
    /// Where new items go.
    end: usize,
    items: Vec<Range<usize>>,
    added: Vec<String>,
}

const SECTIONS: [&str; 5] = ["fonts", "fills", "borders", "cellStyleXfs", "cellXfs"];

/// All sections in the order in which they must stand (ECMA-376, 18.8.39).
const ORDER: [&str; 11] = [
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
    "colors",
    "extLst",
];

impl Styles {
    pub(super) fn read(text: String) -> Result<Self, AnnotateError> {
        let mut sections: [Section; 5] = Default::default();
        let mut present = Vec::new();
        let mut prefix = String::new();
        let mut root_end = None;
        let mut scanner = Scanner::new(&text);
        // The section that is open, and the start of its item.
        let mut current: Option<usize> = None;
        let mut item = 0;
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, 1) => {
                    prefix = tag.prefix.to_owned();
                    if tag.is_empty || tag.name != "styleSheet" {
                        return Err(AnnotateError::part("styles", "empty or something else"));
                    }
                }
                Step::Open(tag, 2) => {
                    present.push((tag.name.to_owned(), tag.span.start));
                    current = SECTIONS.iter().position(|name| *name == tag.name);
                    if let Some(idx) = current {
                        sections[idx] = Section {
                            is_empty: tag.is_empty,
                            count: tag.attribute("count").map(|(_, span)| span),
                            end: tag.end_of_attributes(),
                            tag: Some(tag.span),
                            ..Section::default()
                        };
                    }
                }
                Step::Open(tag, 3) => {
                    item = tag.span.start;
                    if let Some(idx) = current.filter(|_| tag.is_empty) {
                        sections[idx].items.push(tag.span);
                    }
                }
                Step::Close(_, span, 3) => {
                    if let Some(idx) = current {
                        sections[idx].items.push(item..span.end);
                    }
                }
                Step::Close(_, span, 2) => {
                    if let Some(idx) = current.take() {
                        sections[idx].end = span.start;
                    }
                }
                Step::Close(_, span, 1) => root_end = Some(span.start),
                _ => {}
            }
        }
        let root_end = root_end.ok_or_else(|| AnnotateError::part("styles", "no end"))?;
        let mut styles = Self {
            text,
            prefix,
            root_end,
            sections,
            present,
            marked: HashMap::new(),
            known: Known::default(),
        };
        styles.complete();
        Ok(styles)
    }

    /// Looks through what is there. What cells refer to by default must be there before anything is added behind it.
    fn complete(&mut self) {
        const ITEMS: [(Part, &[&str]); 5] = [
            (Part::Font, &["<~font/>"]),
            (
                Part::Fill,
                &[
                    "<~fill><~patternFill patternType=\"none\"/></~fill>",
                    "<~fill><~patternFill patternType=\"gray125\"/></~fill>",
                ],
            ),
            (
                Part::Border,
                &["<~border><~left/><~right/><~top/><~bottom/><~diagonal/></~border>"],
            ),
            (Part::StyleFormat, &[]),
            (
                Part::Format,
                &["<~xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"],
            ),
        ];
        for (part, base) in ITEMS {
            for idx in 0..self.len(part) {
                if let Some(item) = self.item(part, idx) {
                    let item = item.to_owned();
                    self.known.note(part, idx, item);
                }
            }
            if self.len(part) == 0 {
                for item in base {
                    self.push(part, self.prefixed(item));
                }
            }
        }
    }

    /// Adds an item, and gives its number.
    fn push(&mut self, part: Part, item: String) -> usize {
        let idx = self.len(part);
        self.sections[part as usize].added.push(item.clone());
        self.known.note(part, idx, item);
        idx
    }

    /// The number of an item as it is to be written; it is added if it is not there.
    fn place(&mut self, part: Part, item: String) -> usize {
        match self.known.items[part as usize].get(&item) {
            Some(idx) => *idx,
            None => self.push(part, item),
        }
    }

    fn len(&self, part: Part) -> usize {
        let section = &self.sections[part as usize];
        section.items.len() + section.added.len()
    }

    fn item(&self, part: Part, idx: usize) -> Option<&str> {
        let section = &self.sections[part as usize];
        match section.items.get(idx) {
            Some(span) => Some(&self.text[span.clone()]),
            None => section
                .added
                .get(idx - section.items.len())
                .map(String::as_str),
        }
    }

    /// Templates have `~` where the part's prefix goes.
    fn prefixed(&self, template: &str) -> String {
        template.replace('~', &self.prefix)
    }

    /// The number of an item, written with `~` for the prefix; it is added if it is not there.
    pub(super) fn add(&mut self, part: Part, template: &str) -> usize {
        let item = self.prefixed(template);
        self.place(part, item)
    }

    /// Whether cell formats may refer to a named style.
    /// How many formats cells may ask for.
    pub(super) fn n_formats(&self) -> usize {
        self.sections[Part::Format as usize].items.len()
    }

    pub(super) fn has_named_styles(&self) -> bool {
        self.len(Part::StyleFormat) > 0
    }

    fn format(&self, idx: usize) -> (usize, String) {
        match self.item(Part::Format, idx) {
            Some(format) => (idx, format.to_owned()),
            None => (0, self.item(Part::Format, 0).unwrap_or_default().to_owned()),
        }
    }

    /// The fill of cells with a format.
    pub(super) fn fill(&self, format: usize) -> &Fill {
        let fills = &self.known.fills_of_formats;
        fills.get(format).or(fills.first()).unwrap_or(&Fill::None)
    }

    /// Whether cells with a format have marks of ours.
    pub(super) fn is_ours(&self, format: usize) -> bool {
        self.fill(format).is_ours() || self.is_framed(format)
    }

    fn is_framed(&self, format: usize) -> bool {
        let framed = &self.known.framed;
        framed.get(format).copied().unwrap_or(false)
    }

    /// What a mark would take the place of.
    pub(super) fn before(&self, format: usize, (marked, _): MarkLook) -> Before {
        match marked {
            Marked::Wrong | Marked::Related => Before {
                fill: self.fill(format).clone(),
                border: None,
            },
            Marked::Candidate => Before {
                fill: Fill::None,
                border: Some(self.border(format)),
            },
        }
    }

    /// The format with our colour in place of its fill, or our frame in place of its border.
    pub(super) fn mark(&mut self, format: usize, look: MarkLook) -> usize {
        let (format, text) = self.format(format);
        if let Some(&marked) = self.marked.get(&(format, look)) {
            return marked;
        }
        let solid = |colour: &str| Fill::Pattern {
            pattern: "solid".to_owned(),
            front: Colour(Some(format!("rgb:{colour}"))),
            back: Colour(Some("indexed:64".to_owned())),
        };
        let marked = match look {
            (Marked::Wrong, level) => self.with_fill(&text, &solid(fill_colour(level))),
            (Marked::Related, _) => self.with_fill(&text, &solid(RELATED)),
            (Marked::Candidate, level) => self.with_border(&text, &Border::frame(level)),
        };
        self.marked.insert((format, look), marked);
        marked
    }

    /// The format as it was before [`mark`](Self::mark), where it has our colour or our frame.
    pub(super) fn unmark(&mut self, format: usize, before: &Before) -> usize {
        let format = match self.is_framed(format) {
            true => {
                let (_, text) = self.format(format);
                let border = before.border.clone().unwrap_or_default();
                self.with_border(&text, &border)
            }
            false => format,
        };
        if !self.fill(format).is_ours() {
            return format;
        }
        let (_, text) = self.format(format);
        let same = self.known.formats.get(&(bare(&text), before.fill.clone()));
        match (same, &before.fill) {
            (Some(same), _) => *same,
            // A gradient that is gone cannot be drawn again.
            (None, Fill::Gradient) => self.with_fill(&text, &Fill::None),
            (None, fill) => self.with_fill(&text, fill),
        }
    }

    /// The lines around cells with a format.
    fn border(&self, format: usize) -> Border {
        let (_, text) = self.format(format);
        let id = attribute_of(&text, "borderId").and_then(|id| id.trim().parse().ok());
        let item = self.item(Part::Border, id.unwrap_or(0));
        item.map_or(Border::default(), Border::read)
    }

    fn with_border(&mut self, format: &str, border: &Border) -> usize {
        let known = (0..self.len(Part::Border)).find(|idx| {
            let item = self.item(Part::Border, *idx);
            item.is_some_and(|item| Border::read(item) == *border)
        });
        let id = known.unwrap_or_else(|| self.add(Part::Border, &border.template()));
        let id = id.to_string();
        // What differs in nothing else is the format that the cell had.
        let same = |text: &str| {
            let has_border = attribute_of(text, "borderId").unwrap_or("0") == id;
            has_border && without_border(text) == without_border(format)
        };
        let known = (0..self.len(Part::Format)).find(|idx| {
            let item = self.item(Part::Format, *idx);
            item.is_some_and(same)
        });
        known.unwrap_or_else(|| {
            let format = with_attribute(format, "borderId", &id);
            let format = with_attribute(&format, "applyBorder", "1");
            self.place(Part::Format, format)
        })
    }

    fn with_fill(&mut self, format: &str, fill: &Fill) -> usize {
        let id = match self.known.fill_ids.get(fill) {
            Some(id) => *id,
            None => self.add(Part::Fill, &fill.template()),
        };
        let format = with_attribute(format, "fillId", &id.to_string());
        let format = with_attribute(&format, "applyFill", "1");
        // Prefixes are in it already.
        self.place(Part::Format, format)
    }

    /// The part with what was added; `None` where nothing was.
    pub(super) fn finish(self) -> Result<Option<String>, AnnotateError> {
        if self.len(Part::Format) > MOST_FORMATS {
            return Err(AnnotateError::part("styles", "too many formats"));
        }
        let mut edits = Edits::default();
        for (idx, name) in SECTIONS.iter().enumerate() {
            let section = &self.sections[idx];
            if section.added.is_empty() {
                continue;
            }
            let n_items = section.items.len() + section.added.len();
            let items = section.added.concat();
            let prefix = &self.prefix;
            match &section.tag {
                None => {
                    let whole =
                        format!("<{prefix}{name} count=\"{n_items}\">{items}</{prefix}{name}>");
                    edits.insert(self.place_for(name), whole);
                }
                Some(tag) => {
                    if let Some(count) = &section.count {
                        edits.replace(count.clone(), n_items.to_string());
                    }
                    match section.is_empty {
                        true => edits
                            .replace(section.end..tag.end, format!(">{items}</{prefix}{name}>")),
                        false => edits.insert(section.end, items),
                    }
                }
            }
        }
        Ok((!edits.is_empty()).then(|| edits.apply(&self.text)))
    }

    fn place_for(&self, section: &str) -> usize {
        let rank = |name: &str| ORDER.iter().position(|known| *known == name);
        let own = rank(section);
        let next = self.present.iter().find(|(name, _)| rank(name) > own);
        next.map_or(self.root_end, |(_, start)| *start)
    }
}

impl Known {
    fn note(&mut self, part: Part, idx: usize, item: String) {
        match part {
            Part::Fill => {
                let fill = Fill::read(&item);
                self.fills.push(fill.clone());
                self.fill_ids.entry(fill).or_insert(idx);
            }
            Part::Format => {
                let id = attribute_of(&item, "fillId").and_then(|id| id.trim().parse().ok());
                let fill = self.fills.get(id.unwrap_or(0)).unwrap_or(&Fill::None);
                self.fills_of_formats.push(fill.clone());
                let id = attribute_of(&item, "borderId").and_then(|id| id.trim().parse().ok());
                let framed = self.frames.get(id.unwrap_or(0)).copied();
                self.framed.push(framed.unwrap_or(false));
                let key = (bare(&item), fill.clone());
                self.formats.entry(key).or_insert(idx);
            }
            Part::Border => self.frames.push(Border::read(&item).is_ours()),
            Part::Font | Part::StyleFormat => {}
        }
        self.items[part as usize].entry(item).or_insert(idx);
    }
}

/// A format without its fill, for comparing.
fn bare(format: &str) -> String {
    without_attributes(format, &["fillId", "applyFill"])
}

/// A format without its border, for comparing.
fn without_border(format: &str) -> String {
    without_attributes(format, &["borderId", "applyBorder"])
}

/// What a marked cell looked like before: its fill, or the lines around it, whichever the mark took the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) fill: Fill,
    pub(super) border: Option<Border>,
}

impl Before {
    /// Whether there is nothing to say of it.
    pub(super) fn is_plain(&self) -> bool {
        self.fill == Fill::None
            && self
                .border
                .as_ref()
                .is_none_or(|it| *it == Border::default())
    }

    /// Whether it is a mark itself.
    pub(super) fn is_ours(&self) -> bool {
        self.fill.is_ours() || self.border.as_ref().is_some_and(Border::is_ours)
    }

    /// A cell of which nothing is known.
    pub(super) const PLAIN: Self = Self {
        fill: Fill::None,
        border: None,
    };
}

impl fmt::Display for Before {
    /// As its fill is written, or `border` and the four sides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.border {
            Some(border) => write!(f, "{border}"),
            None => write!(f, "{}", self.fill),
        }
    }
}

impl FromStr for Before {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix("border") {
            Some(_) => Ok(Self {
                fill: Fill::None,
                border: Some(text.parse()?),
            }),
            None => Ok(Self {
                fill: text.parse()?,
                border: None,
            }),
        }
    }
}

/// The lines around a cell, as far as they can be told in a few words: left, right, top and bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Border([Side; 4]);

/// One line; no style where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    style: String,
    colour: Colour,
}

impl Default for Side {
    fn default() -> Self {
        Self {
            style: String::new(),
            colour: Colour(None),
        }
    }
}

const SIDES: [&str; 4] = ["left", "right", "top", "bottom"];

impl Border {
    /// Our frame.
    fn frame(level: Level) -> Self {
        let colour = frame_colour(level);
        Self(SIDES.map(|_| Side {
            style: FRAME.to_owned(),
            colour: Colour(Some(format!("rgb:{colour}"))),
        }))
    }

    fn read(xml: &str) -> Self {
        let mut sides: [Side; 4] = Default::default();
        let mut scanner = Scanner::new(xml);
        let mut current = None;
        while let Ok(Some(step)) = scanner.next() {
            let Step::Open(tag, _) = step else { continue };
            match SIDES.iter().position(|side| *side == tag.name) {
                Some(side) => {
                    let style = tag.value("style").filter(|style| *style != "none");
                    sides[side].style = style.unwrap_or_default().to_owned();
                    current = Some(side);
                }
                None if tag.name == "color" => {
                    if let Some(side) = current {
                        sides[side].colour = Colour::read(&tag.attributes());
                    }
                }
                None => current = None,
            }
        }
        Self(sides)
    }

    /// Whether it is a frame of ours.
    fn is_ours(&self) -> bool {
        const LEVELS: [Level; 3] = [Level::Mandatory, Level::Verification, Level::Hint];
        self.0.iter().all(|side| {
            let rgb = side
                .colour
                .0
                .as_deref()
                .and_then(|it| it.strip_prefix("rgb:"));
            // Some programs leave the opacity out, or say that it is nought.
            let rgb = rgb.map_or("", |rgb| &rgb[rgb.len().saturating_sub(6)..]);
            let is_ours = |level: &Level| frame_colour(*level)[2..].eq_ignore_ascii_case(rgb);
            !side.style.is_empty() && LEVELS.iter().any(is_ours)
        })
    }

    fn template(&self) -> String {
        let sides = SIDES
            .iter()
            .zip(&self.0)
            .map(|(name, side)| match side.style.as_str() {
                "" => format!("<~{name}/>"),
                style => format!(
                    "<~{name} style=\"{style}\">{}</~{name}>",
                    side.colour.template("color")
                ),
            });
        format!(
            "<~border>{}<~diagonal/></~border>",
            sides.collect::<String>()
        )
    }
}

impl fmt::Display for Border {
    /// `border(thin,rgb:FF000000)(…)(…)(…)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("border")?;
        for side in &self.0 {
            let colour = side.colour.0.as_deref().unwrap_or_default();
            write!(f, "({},{colour})", side.style)?;
        }
        Ok(())
    }
}

impl FromStr for Border {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let inner = text
            .strip_prefix("border(")
            .and_then(|it| it.strip_suffix(')'));
        let sides: Vec<&str> = inner.ok_or(())?.split(")(").collect();
        let sides: [&str; 4] = sides.try_into().map_err(|_| ())?;
        let mut border = Self::default();
        for (side, text) in border.0.iter_mut().zip(sides) {
            let (style, colour) = text.split_once(',').ok_or(())?;
            // Only what can stand in a file, since it comes from a cell that anybody may have edited.
            if style.len() > 20 || !style.bytes().all(|b| b.is_ascii_alphabetic()) {
                return Err(());
            }
            *side = Side {
                style: style.to_owned(),
                colour: Colour::checked(colour).ok_or(())?,
            };
        }
        Ok(border)
    }
}

/// A cell's fill, as far as it can be told in a few words and made again from them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fill {
    None,
    Pattern {
        pattern: String,
        front: Colour,
        back: Colour,
    },
    Gradient,
}

/// `rgb:FFAABBCC`, `theme:4:0.6`, `indexed:64`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Colour(Option<String>);

impl Fill {
    fn read(xml: &str) -> Self {
        let mut scanner = Scanner::new(xml);
        let (mut pattern, mut front, mut back) = (None, Colour(None), Colour(None));
        while let Ok(Some(step)) = scanner.next() {
            let Step::Open(tag, _) = step else { continue };
            match tag.name {
                "gradientFill" => return Self::Gradient,
                "patternFill" => pattern = tag.value("patternType").map(str::to_owned),
                "fgColor" => front = Colour::read(&tag.attributes()),
                "bgColor" => back = Colour::read(&tag.attributes()),
                _ => {}
            }
        }
        match pattern {
            None => Self::None,
            Some(pattern) if pattern == "none" => Self::None,
            Some(pattern) => Self::Pattern {
                pattern,
                front,
                back,
            },
        }
    }

    /// Whether it is one of our colours, whatever lies behind it.
    pub(super) fn is_ours(&self) -> bool {
        const LEVELS: [Level; 3] = [Level::Mandatory, Level::Verification, Level::Hint];
        let Self::Pattern { pattern, front, .. } = self else {
            return false;
        };
        let Some(rgb) = front.0.as_deref().and_then(|c| c.strip_prefix("rgb:")) else {
            return false;
        };
        // Some programs leave the opacity out, or say that it is nought.
        let rgb = &rgb[rgb.len().saturating_sub(6)..];
        let mut colours = LEVELS.map(fill_colour).into_iter().chain([RELATED]);
        pattern == "solid" && colours.any(|colour| colour[2..].eq_ignore_ascii_case(rgb))
    }

    fn template(&self) -> String {
        let pattern = match self {
            Self::None | Self::Gradient => "<~patternFill patternType=\"none\"/>".to_owned(),
            Self::Pattern {
                pattern,
                front,
                back,
            } => format!(
                "<~patternFill patternType=\"{pattern}\">{}{}</~patternFill>",
                front.template("fgColor"),
                back.template("bgColor")
            ),
        };
        format!("<~fill>{pattern}</~fill>")
    }
}

impl Colour {
    fn read(attributes: &[(&str, &str, Range<usize>)]) -> Self {
        let value = |name| attributes.iter().find(|(n, ..)| *n == name).map(|a| a.1);
        let text = if let Some(rgb) = value("rgb") {
            Some(format!("rgb:{rgb}"))
        } else if let Some(theme) = value("theme") {
            Some(match value("tint") {
                Some(tint) => format!("theme:{theme}:{tint}"),
                None => format!("theme:{theme}"),
            })
        } else {
            value("indexed").map(|indexed| format!("indexed:{indexed}"))
        };
        Self(text)
    }

    fn template(&self, name: &str) -> String {
        let Some(text) = &self.0 else {
            return String::new();
        };
        let mut words = text.split(':');
        let kind = words.next().unwrap_or_default();
        let value = words.next().unwrap_or_default();
        match words.next() {
            Some(tint) => format!("<~{name} {kind}=\"{value}\" tint=\"{tint}\"/>"),
            None => format!("<~{name} {kind}=\"{value}\"/>"),
        }
    }

    /// Only what can stand in a file, since it comes from a cell that anybody may have edited.
    fn checked(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let words: Vec<&str> = text.split(':').collect();
        let is_number = |text: &str| text.len() < 4 && text.bytes().all(|b| b.is_ascii_digit());
        let fits = match words.as_slice() {
            ["rgb", rgb] => {
                matches!(rgb.len(), 6 | 8) && rgb.bytes().all(|b| b.is_ascii_hexdigit())
            }
            ["indexed" | "theme", number] => is_number(number) && !number.is_empty(),
            ["theme", number, tint] => {
                is_number(number)
                    && !number.is_empty()
                    && tint.len() < 32
                    && tint.parse::<f64>().is_ok_and(|tint| tint.abs() <= 1.0)
            }
            _ => false,
        };
        fits.then(|| Self(Some(text.to_owned())))
    }
}

impl fmt::Display for Fill {
    /// `solid/rgb:FFE2EFDA/indexed:64`; nothing where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Gradient => f.write_str("gradient"),
            Self::Pattern {
                pattern,
                front,
                back,
            } => {
                let text = |colour: &Colour| colour.0.clone().unwrap_or_default();
                write!(f, "{pattern}/{}/{}", text(front), text(back))
            }
        }
    }
}

impl FromStr for Fill {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [""] => Ok(Self::None),
            ["gradient"] => Ok(Self::Gradient),
            [pattern, front, back]
                if !pattern.is_empty() && pattern.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Ok(Self::Pattern {
                    pattern: (*pattern).to_owned(),
                    front: Colour::checked(front).ok_or(())?,
                    back: Colour::checked(back).ok_or(())?,
                })
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "<x:styleSheet xmlns:x=\"m\"><x:fonts count=\"1\"><x:font/></x:fonts>\
        <x:fills count=\"3\"><x:fill><x:patternFill patternType=\"none\"/></x:fill>\
        <x:fill><x:patternFill patternType=\"gray125\"/></x:fill>\
        <x:fill><x:patternFill patternType=\"solid\"><x:fgColor theme=\"4\" tint=\"0.6\"/></x:patternFill></x:fill></x:fills>\
        <x:cellXfs count=\"2\"><x:xf fillId=\"0\" numFmtId=\"2\"/>\
        <x:xf numFmtId=\"9\" fillId=\"2\"><x:protection locked=\"0\"/></x:xf></x:cellXfs></x:styleSheet>";

    #[test]
    fn a_mark_changes_the_fill_alone_and_can_be_taken_back() {
        let mut styles = Styles::read(SHEET.to_owned()).expect("a style sheet");
        assert_eq!(styles.mark(1, (Marked::Wrong, Level::Mandatory)), 2);
        assert_eq!(styles.mark(1, (Marked::Wrong, Level::Mandatory)), 2);
        assert_eq!(styles.mark(0, (Marked::Wrong, Level::Hint)), 3);
        let text = styles.finish().expect("few").expect("something was added");
        assert!(text.contains("<x:cellXfs count=\"4\">"), "{text}");
        assert!(
            text.contains("<x:xf numFmtId=\"9\" fillId=\"3\" applyFill=\"1\"><x:protection locked=\"0\"/></x:xf>"),
            "{text}"
        );
        // The section that was missing stands before the formats.
        assert!(text.find("<x:borders") < text.find("<x:cellXfs"), "{text}");

        let mut styles = Styles::read(text).expect("a style sheet");
        let before: Before = "solid/theme:4:0.6/".parse().expect("a fill");
        assert_eq!(styles.unmark(2, &before), 1);
        assert_eq!(styles.unmark(3, &Before::PLAIN), 0);
        assert_eq!(styles.unmark(1, &Before::PLAIN), 1, "not ours");
        assert_eq!(
            styles.mark(1, (Marked::Wrong, Level::Mandatory)),
            2,
            "used again"
        );
        assert!(styles.finish().expect("few").is_none());
    }

    #[test]
    fn a_frame_changes_the_border_alone_and_can_be_taken_back() {
        const THIN: &str = "<x:border><x:left style=\"thin\"><x:color indexed=\"8\"/></x:left><x:right/><x:top/>\
            <x:bottom/><x:diagonal/></x:border>";
        let sheet = SHEET
            .replace(
                "<x:cellXfs",
                &format!("<x:borders count=\"2\"><x:border><x:left/></x:border>{THIN}</x:borders><x:cellXfs"),
            )
            .replace("fillId=\"2\"", "fillId=\"2\" borderId=\"1\"");
        let mut styles = Styles::read(sheet).expect("a style sheet");
        let look = (Marked::Candidate, Level::Mandatory);
        let before = styles.before(1, look);
        assert_eq!(before.to_string(), "border(thin,indexed:8)(,)(,)(,)");
        assert_eq!(before.to_string().parse(), Ok(before.clone()));
        let framed = styles.mark(1, look);
        assert!(styles.is_ours(framed) && !styles.is_ours(1));
        assert_eq!(styles.fill(framed), styles.fill(1));
        assert_eq!(styles.unmark(framed, &before), 1);
        assert_eq!(styles.mark(0, look), framed + 1);
        assert_eq!(styles.unmark(framed + 1, &Before::PLAIN), 0);
        for text in [
            "border",
            "border(thin)(,)(,)(,)",
            "border(thin,rgb:\")(,)(,)(,)",
        ] {
            assert_eq!(text.parse::<Before>(), Err(()), "{text}");
        }
    }

    #[test]
    fn fills_read_back_as_they_are_recorded() {
        for text in [
            "",
            "gradient",
            "solid/rgb:FFE2EFDA/indexed:64",
            "gray125//",
            "solid/theme:4:-0.25/",
        ] {
            let fill: Fill = text.parse().expect(text);
            assert_eq!(fill.to_string(), text);
        }
        for text in [
            "solid",
            "solid/rgb:\"/",
            "so lid//",
            "solid/theme:4:x/",
            "solid/indexed:/",
        ] {
            assert_eq!(text.parse::<Fill>(), Err(()), "{text}");
        }
    }
}
