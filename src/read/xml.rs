//! A pull parser for the XML of spreadsheet parts: elements, attributes and text, without copying.
//!
//! Reading a month of forms is mostly reading XML, and a general parser is three to four times slower
//! than what cells need. What it leaves out on purpose: namespaces (a tag gives its name with its
//! prefix and without) and document types with entities of their own, which no spreadsheet program writes and
//! which only serve to make small files large.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::Unreadable;

/// One step through a document. An empty element gives a start and an end.
#[derive(Debug)]
pub(super) enum Event<'a> {
    Start(Tag<'a>),
    End,
    /// As written, entities and all.
    Text(&'a str),
    /// Text that knows no entities.
    Literal(&'a str),
    Eof,
}

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    /// Without its prefix.
    pub(super) name: &'a str,
    /// With it.
    pub(super) full_name: &'a str,
    attributes: &'a str,
}

/// Walks through one document.
pub(super) struct Xml<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// The start just given was an empty element, whose end is due.
    end_due: bool,
}

impl<'a> Xml<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.strip_prefix('\u{FEFF}').unwrap_or(text),
            at: 0,
            depth: 0,
            end_due: false,
        }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn next(&mut self) -> Result<Event<'a>, Unreadable> {
        if self.end_due {
            self.end_due = false;
            self.depth -= 1;
            return Ok(Event::End);
        }
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            match rest {
                [] if self.depth == 0 => return Ok(Event::Eof),
                [] => return Err(self.broken("the document ends inside an element")),
                [b'<', b'/', ..] => {
                    let length =
                        short_find(b'>', rest).ok_or_else(|| self.broken("a tag does not end"))?;
                    self.at += length + 1;
                    self.depth = self
                        .depth
                        .checked_sub(1)
                        .ok_or_else(|| self.broken("an end without a start"))?;
                    return Ok(Event::End);
                }
                [b'<', b'?', ..] => self.at += self.find_text(rest, "?>")?,
                [b'<', b'!', b'-', b'-', ..] => {
                    self.at += 4 + self.find_text(&rest[4..], "-->")?;
                }
                [b'<', b'!', b'[', ..] => {
                    let length = self.find_text(rest, "]]>")?;
                    let text = self.text[self.at..self.at + length]
                        .strip_prefix("<![CDATA[")
                        .and_then(|text| text.strip_suffix("]]>"))
                        .ok_or_else(|| self.broken("an unknown section"))?;
                    self.at += length;
                    return Ok(Event::Literal(text));
                }
                [b'<', b'!', ..] => {
                    let length = self.find(rest, b'>')?;
                    if memchr(b'[', &rest[..length]).is_some() {
                        return Err(self.broken("a document type with declarations of its own"));
                    }
                    self.at += length + 1;
                }
                [b'<', ..] => return self.start(),
                _ => {
                    let length = memchr(b'<', rest).unwrap_or(rest.len());
                    let text = &self.text[self.at..self.at + length];
                    self.at += length;
                    if self.depth > 0 {
                        return Ok(Event::Text(text));
                    }
                    if !text.bytes().all(|b| b.is_ascii_whitespace() || b == 0) {
                        return Err(self.broken("text outside the document"));
                    }
                }
            }
        }
    }

    /// Passes over the rest of the element whose start was given last.
    pub(super) fn skip(&mut self) -> Result<(), Unreadable> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// The text of the element whose start was given last; elements inside it are passed over.
    pub(super) fn element_text(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(raw) if text.is_empty() => text = unescape(raw)?,
                Event::Text(raw) => text.to_mut().push_str(&unescape(raw)?),
                Event::Literal(raw) => text.to_mut().push_str(raw),
                Event::Start(_) => self.skip()?,
                Event::End | Event::Eof => return Ok(text),
            }
        }
    }

    fn start(&mut self) -> Result<Event<'a>, Unreadable> {
        let bytes = self.text.as_bytes();
        let name_start = self.at + 1;
        let mut i = name_start;
        let mut local_start = name_start;
        while let Some(&b) = bytes.get(i) {
            match b {
                b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' => break,
                b':' => local_start = i + 1,
                _ => {}
            }
            i += 1;
        }
        let name_end = i;
        // A `>` inside quotes does not end the tag.
        loop {
            match bytes.get(i) {
                Some(b'>') => break,
                Some(&quote @ (b'"' | b'\'')) => {
                    i += 2 + short_find(quote, &bytes[i + 1..])
                        .ok_or_else(|| self.broken("an attribute does not end"))?;
                }
                Some(_) => i += 1,
                None => return Err(self.broken("a tag does not end")),
            }
        }
        let empty = i > name_end && bytes[i - 1] == b'/';
        let tag = Tag {
            name: &self.text[local_start..name_end],
            full_name: &self.text[name_start..name_end],
            attributes: &self.text[name_end..i - usize::from(empty)],
        };
        self.at = i + 1;
        self.depth += 1;
        self.end_due = empty;
        Ok(Event::Start(tag))
    }

    fn find(&self, rest: &[u8], byte: u8) -> Result<usize, Unreadable> {
        memchr(byte, rest).ok_or_else(|| self.broken("a tag does not end"))
    }

    /// Up to and with `text`.
    fn find_text(&self, rest: &[u8], text: &str) -> Result<usize, Unreadable> {
        memmem::find(rest, text.as_bytes())
            .map(|at| at + text.len())
            .ok_or_else(|| self.broken("a section does not end"))
    }

    fn broken(&self, what: &str) -> Unreadable {
        Unreadable::damaged(format!("XML: {what} (byte {})", self.at))
    }
}

impl<'a> Tag<'a> {
    /// All attributes, `(name with its prefix, value as written)`.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes {
            rest: self.attributes,
        }
    }

    /// The attribute of exactly this name, as written.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.attributes()
            .find(|&(n, _)| n == name)
            .map(|(_, value)| value)
    }

    /// The attribute of exactly this name.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<Cow<'a, str>>, Unreadable> {
        self.raw(name).map(unescape).transpose()
    }
}

/// The attributes that stand behind the name of a tag.
pub(super) fn attributes(rest: &str) -> Attributes<'_> {
    Attributes { rest }
}

/// See [`Tag::attributes`].
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.rest.as_bytes();
        let name_start = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
        let equals = name_start + short_find(b'=', &bytes[name_start..])?;
        let mut open = equals + 1;
        while bytes.get(open)?.is_ascii_whitespace() {
            open += 1;
        }
        let quote = bytes[open];
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let close = open + 1 + short_find(quote, &bytes[open + 1..])?;
        let name = self.rest[name_start..equals].trim_ascii_end();
        let value = &self.rest[open + 1..close];
        self.rest = &self.rest[close + 1..];
        Some((name, value))
    }
}

/// `memchr` for what is expected a few bytes on, where its preparations cost more than they save.
fn short_find(byte: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&b| b == byte)
}

/// Text with its entities replaced and its line ends made one, as the XML standard asks.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !raw.bytes().any(|b| b == b'&' || b == b'\r') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\r']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\r') {
            text.push('\n');
            rest = after.strip_prefix('\n').unwrap_or(after);
            continue;
        }
        let end = rest
            .bytes()
            .take(12)
            .position(|b| b == b';')
            .ok_or_else(|| Unreadable::damaged("XML: a stray &"))?;
        text.push(entity(&rest[1..end])?);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

fn entity(name: &str) -> Result<char, Unreadable> {
    let character = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name
            .strip_prefix('#')
            .and_then(|code| match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => code.parse().ok(),
            })
            .and_then(char::from_u32),
    };
    character.ok_or_else(|| Unreadable::damaged(format!("XML: unknown entity {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Result<String, Unreadable> {
        let mut xml = Xml::new(text);
        let mut shown = String::new();
        loop {
            match xml.next()? {
                Event::Start(tag) => {
                    shown += &format!("<{}", tag.name);
                    for (name, value) in tag.attributes() {
                        shown += &format!(" {name}={}", unescape(value)?);
                    }
                    shown += ">";
                }
                Event::End => shown += "</>",
                Event::Text(raw) => shown += &unescape(raw)?,
                Event::Literal(raw) => shown += raw,
                Event::Eof => return Ok(shown),
            }
        }
    }

    #[test]
    fn elements_attributes_and_text_are_given_in_turn() {
        assert_eq!(
            events(
                "\u{FEFF}<?xml version='1.0'?><!DOCTYPE a PUBLIC 'x' \"y\">\n<x:a b='1>2' xml:c = \"&lt;\"><d/>\
                 <!-- <e> -->t&#x4E00;&#33;\r\n<![CDATA[<&]]></x:a>\n"
            ),
            Ok("<a b=1>2 xml:c=<><d></>t一!\n<&</>".to_owned())
        );
    }

    #[test]
    fn broken_documents_are_refused() {
        for text in [
            "<a>",
            "<a",
            "<a b='",
            "</a>",
            "<a>&unknown;</a>",
            "<a>&</a>",
            "<a><![CDATA[",
            "<!-- ",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
            "text",
        ] {
            assert!(events(text).is_err(), "{text}");
        }
    }
}
