//! What the readers ask of quick-xml: elements without their prefixes, attributes, and its errors as
//! reasons.

use std::borrow::Cow;

use quick_xml::events::BytesStart;
use quick_xml::{Reader, XmlVersion};

use super::Unreadable;

/// Walks through `text`, which may begin or end inside a document. An empty element gives a start
/// and an end.
pub(super) fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.expand_empty_elements = true;
    reader
}

/// The attribute of exactly this name.
pub(super) fn attribute<'t>(
    tag: &'t BytesStart,
    name: &str,
) -> Result<Option<Cow<'t, str>>, Unreadable> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(broken)?;
        if attribute.key.as_ref() == name {
            return attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map(Some)
                .map_err(broken);
        }
    }
    Ok(None)
}

/// The attribute of this name as a number, if it is one.
pub(super) fn number<T: std::str::FromStr>(
    tag: &BytesStart,
    name: &str,
) -> Result<Option<T>, Unreadable> {
    Ok(attribute(tag, name)?.and_then(|value| value.trim().parse().ok()))
}

pub(super) fn broken(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::damaged(format!("XML: {error}"))
}

/// Whether a tag begins here whose name, without its prefix, is `name`. Looks no further than the next tag: a
/// file may be nothing but their beginnings.
pub(super) fn is_element(tag: &[u8], name: &[u8]) -> bool {
    let end = tag
        .iter()
        .position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'<'));
    let tag = &tag[..end.unwrap_or(tag.len())];
    tag.strip_suffix(name)
        .is_some_and(|prefix| matches!(prefix, [] | [.., b':']))
}
