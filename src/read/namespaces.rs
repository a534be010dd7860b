//! The prefixes of OpenDocument's namespaces.
//!
//! A document may name its namespaces as it likes (Namespaces in XML 1.0). Nearly all use the prefixes of the
//! standard, and those are read as they are written; the others are rewritten to them first.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memmem;

use super::Unreadable;
use super::budget::Budget;
use super::xml::{Event, Xml, unescape};

/// Prefixes of what is read, as the standard writes them.
const USUAL: [&str; 8] = [
    "office", "table", "text", "style", "number", "meta", "dc", "calcext",
];

/// What an element or attribute is called whose namespace is another than its prefix says.
const FOREIGN: &str = "foreign";

/// `text` with the usual prefixes; what it takes more than it had is counted as held.
pub(super) fn with_usual_prefixes<'t>(
    text: &'t str,
    budget: &mut Budget,
) -> Result<Cow<'t, str>, Unreadable> {
    if is_usual(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut xml = Xml::new(text);
    let mut names = Names::default();
    budget.hold(text.len())?;
    let mut held = text.len();
    let mut rewritten = String::with_capacity(text.len());
    loop {
        match xml.next()? {
            Event::Start(tag) => {
                for (name, namespace) in tag.attributes() {
                    if let Some(prefix) = declared(name) {
                        names.declare(xml.depth(), prefix, namespace)?;
                    }
                }
                rewritten.push('<');
                names.write(tag.full_name, &mut rewritten);
                for (name, value) in tag.attributes() {
                    if declared(name).is_some() {
                        continue;
                    }
                    rewritten.push(' ');
                    // Without a prefix, an attribute is of no namespace.
                    match name.contains(':') {
                        true => names.write(name, &mut rewritten),
                        false => rewritten.push_str(name),
                    }
                    let quote = if value.contains('"') { '\'' } else { '"' };
                    rewritten.extend(['=', quote]);
                    rewritten.push_str(value);
                    rewritten.push(quote);
                }
                rewritten.push('>');
            }
            Event::End => {
                names.close(xml.depth());
                rewritten.push_str("</>");
            }
            Event::Text(raw) => rewritten.push_str(raw),
            Event::Literal(raw) => {
                rewritten.push_str("<![CDATA[");
                rewritten.push_str(raw);
                rewritten.push_str("]]>");
            }
            Event::Eof => break,
        }
        if rewritten.len() > held {
            budget.hold(held)?;
            held *= 2;
        }
    }
    budget.release(held);
    budget.hold(rewritten.len())?;
    Ok(Cow::Owned(rewritten))
}

/// Whether every declaration in `text` gives a namespace the prefix that the standard gives it.
fn is_usual(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), "xmlns").all(|at| {
        let declaration = text[at + "xmlns".len()..].split_once('=');
        let Some((name, namespace)) = declaration.filter(|(name, _)| name.len() < 64) else {
            return false;
        };
        let namespace = namespace.trim_ascii_start();
        let quote = namespace.chars().next().filter(|c| matches!(c, '"' | '\''));
        let namespace = quote.and_then(|quote| namespace[1..].split(quote).next());
        let Some(namespace) = namespace else {
            return false;
        };
        let prefix = name.trim_ascii().trim_start_matches(':');
        match usual_prefix(namespace) {
            Some(usual) => prefix == usual,
            None => !USUAL.contains(&prefix) && !namespace.contains('&'),
        }
    })
}

/// The prefix that an attribute declares; empty where it is the namespace of names without one.
fn declared(attribute: &str) -> Option<&str> {
    match attribute.strip_prefix("xmlns")? {
        "" => Some(""),
        prefix => prefix.strip_prefix(':'),
    }
}

/// The prefix that the standard gives a namespace, if it is one that is read: those of OpenDocument, and of
/// OpenOffice before it.
fn usual_prefix(namespace: &str) -> Option<&'static str> {
    let namespace = namespace.trim();
    if namespace == "http://purl.org/dc/elements/1.1/" {
        return Some("dc");
    }
    let name = namespace
        .strip_prefix("urn:oasis:names:tc:opendocument:xmlns:")
        .or_else(|| {
            namespace.strip_prefix("urn:org:documentfoundation:names:experimental:calc:xmlns:")
        })
        .and_then(|rest| rest.split(':').next())
        .or_else(|| namespace.strip_prefix("http://openoffice.org/2000/"))?;
    let name = if name == "datastyle" { "number" } else { name };
    USUAL.into_iter().find(|&usual| usual == name)
}

/// What prefixes mean where the document is being read.
#[derive(Default)]
struct Names<'t> {
    /// By prefix, the innermost declaration last: the usual prefix, if the namespace is one that is read.
    meanings: HashMap<&'t str, Vec<Option<&'static str>>>,
    /// `(how many elements are open inside the one that declares it, prefix)`
    open: Vec<(u32, &'t str)>,
}

impl<'t> Names<'t> {
    fn declare(&mut self, depth: u32, prefix: &'t str, namespace: &str) -> Result<(), Unreadable> {
        let meaning = usual_prefix(&unescape(namespace)?);
        self.meanings.entry(prefix).or_default().push(meaning);
        self.open.push((depth, prefix));
        Ok(())
    }

    /// Forgets what was declared by elements that are closed.
    fn close(&mut self, depth: u32) {
        while let Some((_, prefix)) = self.open.pop_if(|&mut (declared, _)| declared > depth) {
            if let Some(meanings) = self.meanings.get_mut(prefix) {
                meanings.pop();
            }
        }
    }

    fn write(&self, name: &str, out: &mut String) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let meaning = self.meanings.get(prefix).and_then(|all| all.last());
        let usual = match meaning {
            Some(&Some(usual)) => usual,
            Some(None) if USUAL.contains(&prefix) => FOREIGN,
            // Of another namespace; or it is not said which, and then the prefix says it.
            _ => return out.push_str(name),
        };
        out.push_str(usual);
        out.push(':');
        out.push_str(local);
    }
}
