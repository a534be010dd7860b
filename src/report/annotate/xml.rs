//! Where things stand in the XML of a part, and changes to it that leave every other byte alone.
//!
//! A part is never read into a tree and written again: what no library knows would be lost.
//! quick-xml walks through the text only for the offsets of tags; changes are spliced in.

use std::fmt::Write;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::AnnotateError;

/// Walks through a document by tags.
pub(super) struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    depth: usize,
}

/// A tag, or the end of an element.
pub(super) enum Step<'a> {
    /// A start tag, or an element without content. The root's depth is 1.
    Open(Tag<'a>, usize),
    /// An end tag: local name, span, and the depth of its element.
    Close(&'a str, Range<usize>, usize),
}

/// A start tag.
#[derive(Clone, Debug)]
pub(super) struct Tag<'a> {
    /// Without its prefix.
    pub(super) name: &'a str,
    /// With its colon; empty where there is none.
    pub(super) prefix: &'a str,
    /// Where it stands, brackets included.
    pub(super) span: Range<usize>,
    /// `<a/>`
    pub(super) is_empty: bool,
    document: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            reader: Reader::from_str(text),
            depth: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Step<'a>>, AnnotateError> {
        loop {
            let start = self.reader.buffer_position() as usize;
            let event = self.reader.read_event().map_err(AnnotateError::xml)?;
            let span = start..self.reader.buffer_position() as usize;
            match event {
                Event::Start(_) => {
                    self.depth += 1;
                    return Ok(Some(Step::Open(self.tag(span, false), self.depth)));
                }
                Event::Empty(_) => {
                    return Ok(Some(Step::Open(self.tag(span, true), self.depth + 1)));
                }
                Event::End(_) => {
                    let name = self.text[span.clone()].trim_start_matches("</");
                    let name = name.trim_end_matches('>').trim_ascii();
                    let name = name.rsplit(':').next().unwrap_or(name);
                    let depth = self.depth;
                    self.depth = depth.saturating_sub(1);
                    return Ok(Some(Step::Close(name, span, depth)));
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    fn tag(&self, span: Range<usize>, is_empty: bool) -> Tag<'a> {
        let text = &self.text[span.clone()];
        let name = text.trim_start_matches('<');
        let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        let name = &name[..end.unwrap_or(name.len())];
        let (prefix, name) = match name.find(':') {
            Some(colon) => name.split_at(colon + 1),
            None => ("", name),
        };
        Tag {
            name,
            prefix,
            span,
            is_empty,
            document: self.text,
        }
    }
}

impl<'a> Tag<'a> {
    /// All attributes: name, value as written, where the value stands.
    pub(super) fn attributes(&self) -> Vec<(&'a str, &'a str, Range<usize>)> {
        let text = &self.document[self.span.clone()];
        attributes(text)
            .into_iter()
            .map(|(name, value)| {
                let span = self.span.start + value.start..self.span.start + value.end;
                (&text[name], &text[value], span)
            })
            .collect()
    }

    /// The value of exactly this attribute, as written, and where it stands.
    pub(super) fn attribute(&self, name: &str) -> Option<(&'a str, Range<usize>)> {
        let found = self.attributes().into_iter().find(|(n, ..)| *n == name)?;
        Some((found.1, found.2))
    }

    /// The value of exactly this attribute, as written.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.attribute(name).map(|(value, _)| value)
    }

    /// The value of this attribute under any prefix.
    pub(super) fn prefixed_value(&self, name: &str) -> Option<&'a str> {
        let attributes = self.attributes();
        let found = attributes.into_iter().find(|(n, ..)| {
            n.split_once(':')
                .is_some_and(|(prefix, local)| local == name && prefix != "xmlns")
        })?;
        Some(found.1)
    }

    /// The prefix that this tag binds to a namespace, with its colon.
    pub(super) fn prefix_of(&self, namespace: &str) -> Option<String> {
        let attributes = self.attributes();
        attributes
            .iter()
            .filter(|(_, value, _)| *value == namespace)
            .find_map(|(name, ..)| name.strip_prefix("xmlns:"))
            .map(|prefix| format!("{prefix}:"))
    }

    /// Where the name of the attribute begins whose value stands at `value`, with the blank before it.
    pub(super) fn name_start(&self, name: &str, value: usize) -> usize {
        let before = &self.document[..value];
        let start = before.rfind(name).unwrap_or(value);
        start - usize::from(before[..start].ends_with(|c: char| c.is_ascii_whitespace()))
    }

    /// Where `>` or `/>` begins.
    pub(super) fn end_of_attributes(&self) -> usize {
        self.span.end - 1 - usize::from(self.is_empty)
    }
}

/// Names and values of the attributes of a start tag, as spans of it.
fn attributes(tag: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let bytes = tag.as_bytes();
    let mut found = Vec::new();
    let mut at = tag
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(tag.len());
    while let Some(equals) = tag[at..].find('=').map(|idx| at + idx) {
        let name = tag[at..equals].trim_ascii();
        let name_start = equals - tag[at..equals].trim_ascii_start().len();
        let Some(quote) = (equals + 1..bytes.len()).find(|&i| matches!(bytes[i], b'"' | b'\''))
        else {
            break;
        };
        let Some(length) = tag[quote + 1..].find(char::from(bytes[quote])) else {
            break;
        };
        let value = quote + 1..quote + 1 + length;
        at = value.end + 1;
        found.push((name_start..name_start + name.len(), value));
    }
    found
}

/// The tag with an attribute set to a value that needs no escaping.
pub(super) fn with_attribute(element: &str, name: &str, value: &str) -> String {
    let end = tag_end(element);
    let tag = &element[..end];
    let found = attributes(tag)
        .into_iter()
        .find(|(n, _)| &tag[n.clone()] == name);
    match found {
        Some((_, span)) => format!("{}{value}{}", &element[..span.start], &element[span.end..]),
        None => {
            let close = end - 1 - usize::from(tag.ends_with("/>"));
            format!(
                "{} {name}=\"{value}\"{}",
                &element[..close],
                &element[close..]
            )
        }
    }
}

/// The value of an attribute of an element's own tag.
pub(super) fn attribute_of<'e>(element: &'e str, name: &str) -> Option<&'e str> {
    let tag = &element[..tag_end(element)];
    let found = attributes(tag)
        .into_iter()
        .find(|(n, _)| &tag[n.clone()] == name)?;
    Some(&tag[found.1])
}

/// The element without some of its own attributes, for comparing.
pub(super) fn without_attributes(element: &str, names: &[&str]) -> String {
    let end = tag_end(element);
    let tag = &element[..end];
    let mut kept: Vec<&str> = Vec::new();
    for (name, value) in attributes(tag) {
        if !names.contains(&&tag[name.clone()]) {
            kept.push(&tag[name.start..value.end + 1]);
        }
    }
    kept.sort_unstable();
    let name_end = tag
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .unwrap_or(end);
    let content = element[end..].trim_ascii();
    let closing = format!("</{}>", &tag[1..name_end]);
    // `<a></a>` is `<a/>`.
    let content = content.strip_suffix(closing.as_str()).unwrap_or(content);
    format!("{} {}>{content}", &tag[..name_end], kept.join(" "))
}

/// Where the first tag of an element ends; a `>` inside quotes does not end it.
fn tag_end(element: &str) -> usize {
    let mut quote = None;
    for (at, byte) in element.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return at + 1,
            _ => {}
        }
    }
    element.len()
}

/// Changes to a text, by the offsets of the text as it was.
#[derive(Debug, Default)]
pub(super) struct Edits {
    list: Vec<(Range<usize>, String)>,
}

impl Edits {
    /// Puts text in; of several at one place the first comes first.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.list.push((at..at, text.into()));
    }

    /// Puts text in the place of what stands there.
    pub(super) fn replace(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.list.push((span, text.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The text with all changes. Changes never overlap.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.list.sort_by_key(|(span, _)| span.start);
        let added: usize = self.list.iter().map(|(_, text)| text.len()).sum();
        let mut changed = String::with_capacity(text.len() + added);
        let mut at = 0;
        for (span, new) in &self.list {
            changed.push_str(&text[at..span.start]);
            changed.push_str(new);
            at = span.end;
        }
        changed.push_str(&text[at..]);
        changed
    }
}

/// Text for the content of an element or an attribute. What XML cannot hold is written as
/// spreadsheets do (`_x0007_`; ECMA-376, 22.9.2.19), and what only looks so is told apart.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '_' if looks_escaped(&text[at..]) => escaped.push_str("_x005F_"),
            '\n' | '\t' => escaped.push(c),
            '\r' => {}
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {
                let _ = write!(escaped, "_x{:04X}_", c as u32);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn looks_escaped(text: &str) -> bool {
    let code = text.strip_prefix("_x").and_then(|rest| rest.get(..5));
    code.is_some_and(|code| code.ends_with('_') && code[..4].bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The same for an attribute, where a line break would be read as a blank.
pub(super) fn escape_attribute(text: &str) -> String {
    escape(text).replace('\n', "&#10;")
}

/// The text that an element's content means.
pub(super) fn unescape(raw: &str) -> String {
    quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_values_are_found_where_they_stand() {
        let text = "<?xml version='1.0'?><x:a q = '1>2'><b c=\"3\" x:c='4'/>t&amp;</x:a >";
        let mut scanner = Scanner::new(text);
        let mut seen = Vec::new();
        while let Some(step) = scanner.next().expect("it is well-formed") {
            match step {
                Step::Open(tag, depth) => {
                    for (name, value, span) in tag.attributes() {
                        assert_eq!(&text[span], value);
                        seen.push(format!("{}{} {name}={value} {depth}", tag.prefix, tag.name));
                    }
                }
                Step::Close(name, span, depth) => {
                    seen.push(format!("/{name} {} {depth}", &text[span]));
                }
            }
        }
        assert_eq!(
            seen,
            ["x:a q=1>2 1", "b c=3 2", "b x:c=4 2", "/a </x:a > 1"]
        );
    }

    #[test]
    fn one_attribute_is_set_and_the_rest_stays() {
        let element = "<xf numFmtId=\"2\" fillId='0'><alignment x=\"1\"/></xf>";
        assert_eq!(
            with_attribute(&with_attribute(element, "fillId", "7"), "applyFill", "1"),
            "<xf numFmtId=\"2\" fillId='7' applyFill=\"1\"><alignment x=\"1\"/></xf>"
        );
        assert_eq!(with_attribute("<xf/>", "a", "1"), "<xf a=\"1\"/>");
        assert_eq!(attribute_of(element, "numFmtId"), Some("2"));
        assert_eq!(
            without_attributes("<xf b=\"1\" fillId=\"3\" a=\"2\"></xf>", &["fillId"]),
            without_attributes("<xf a=\"2\" b=\"1\" fillId=\"4\"/>", &["fillId"])
                .replace("/>", ">")
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_written_as_spreadsheets_do() {
        assert_eq!(
            escape("a<\u{7}_x0007_&\r\n"),
            "a&lt;_x0007__x005F_x0007_&amp;\n"
        );
        assert_eq!(unescape("a&lt;&#10;"), "a<\n");
    }
}
