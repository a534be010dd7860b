//! The zip file of a workbook: parts that change are written anew, all others are copied as they are,
//! without so much as packing them again.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::AnnotateError;
use super::xml::{Edits, Scanner, Step, escape_attribute};

/// No part that is edited may be larger once expanded; the reader is as strict.
const LARGEST_PART: u64 = 256 << 20;

const CONTENT_TYPES: &str = "[Content_Types].xml";

/// A workbook's parts, and what becomes of them.
pub(super) struct Package<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// Lower-case path → path as written.
    names: HashMap<String, String>,
    /// By path as written; `None` for parts that go.
    changed: BTreeMap<String, Option<Vec<u8>>>,
}

/// The links of one part.
#[derive(Clone, Debug)]
pub(super) struct Relationship {
    pub(super) id: String,
    /// The whole type.
    pub(super) kind: String,
    /// Path from the root of the package; as written where it leads out of it.
    pub(super) target: String,
}

impl<'b> Package<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, AnnotateError> {
        let zip = ZipArchive::new(Cursor::new(bytes))?;
        let mut names = HashMap::with_capacity(zip.len());
        for name in zip.file_names() {
            let name = name?;
            names.insert(key(&name), name.into_owned());
        }
        Ok(Self {
            zip,
            names,
            changed: BTreeMap::new(),
        })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        match self.names.get(&key(path)) {
            Some(name) => !matches!(self.changed.get(name), Some(None)),
            None => false,
        }
    }

    /// All paths, as written.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.names.values().cloned().collect();
        paths.retain(|path| self.has(path));
        paths.sort();
        paths
    }

    /// A part as text, as it stands now.
    pub(super) fn text(&mut self, path: &str) -> Result<Option<String>, AnnotateError> {
        let Some(name) = self.names.get(&key(path)).cloned() else {
            return Ok(None);
        };
        let bytes = match self.changed.get(&name) {
            Some(None) => return Ok(None),
            Some(Some(bytes)) => bytes.clone(),
            None => {
                let mut bytes = Vec::new();
                let part = self.zip.by_name(&name)?;
                part.take(LARGEST_PART + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > LARGEST_PART {
                    return Err(AnnotateError::part(&name, "too large"));
                }
                bytes
            }
        };
        text_of(bytes)
            .map(Some)
            .ok_or_else(|| AnnotateError::part(&name, "not text in its encoding"))
    }

    /// The same of a part that must be there.
    pub(super) fn needed(&mut self, path: &str) -> Result<String, AnnotateError> {
        self.text(path)?
            .ok_or_else(|| AnnotateError::part(path, "missing"))
    }

    pub(super) fn set(&mut self, path: &str, text: impl Into<Vec<u8>>) {
        let name = match self.names.get(&key(path)) {
            Some(name) => name.clone(),
            None => {
                self.names.insert(key(path), path.to_owned());
                path.to_owned()
            }
        };
        self.changed.insert(name, Some(text.into()));
    }

    /// Takes a part out, with its own links and its content type.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), AnnotateError> {
        for path in [path.to_owned(), rels_path(path)] {
            if let Some(name) = self.names.get(&key(&path)) {
                self.changed.insert(name.clone(), None);
            }
        }
        self.edit_content_types(|types, edits| {
            let mut scanner = Scanner::new(types);
            while let Some(step) = scanner.next()? {
                if let Step::Open(tag, _) = step
                    && tag.name == "Override"
                    && tag
                        .value("PartName")
                        .is_some_and(|name| key(name) == key(path))
                {
                    // Written by others it may have an end tag; then it is better left alone.
                    if tag.is_empty {
                        edits.replace(tag.span, "");
                    }
                }
            }
            Ok(())
        })
    }

    /// A path that no part has: `xl/comments` + number + `.xml`.
    pub(super) fn free_path(&self, start: &str, end: &str) -> String {
        (1..)
            .map(|n| format!("{start}{n}{end}"))
            .find(|path| !self.names.contains_key(&key(path)))
            .unwrap_or_default()
    }

    /// The content type that a part is declared to have.
    pub(super) fn content_type(&mut self, path: &str) -> Result<Option<String>, AnnotateError> {
        let types = self.needed(CONTENT_TYPES)?;
        let mut scanner = Scanner::new(&types);
        while let Some(step) = scanner.next()? {
            if let Step::Open(tag, _) = step
                && tag
                    .value("PartName")
                    .is_some_and(|name| key(name) == key(path))
            {
                return Ok(tag.value("ContentType").map(str::to_owned));
            }
        }
        Ok(None)
    }

    /// Declares the content type of a part.
    pub(super) fn declare(&mut self, path: &str, kind: &str) -> Result<(), AnnotateError> {
        if self.content_type(path)?.is_some() {
            return Ok(());
        }
        let name = escape_attribute(path);
        self.declare_tag(&format!(
            "Override PartName=\"/{name}\" ContentType=\"{kind}\""
        ))
    }

    /// Declares the content type of all parts with an extension.
    pub(super) fn declare_extension(
        &mut self,
        extension: &str,
        kind: &str,
    ) -> Result<(), AnnotateError> {
        let types = self.needed(CONTENT_TYPES)?;
        let mut scanner = Scanner::new(&types);
        while let Some(step) = scanner.next()? {
            if let Step::Open(tag, _) = step
                && tag
                    .value("Extension")
                    .is_some_and(|known| known.eq_ignore_ascii_case(extension))
            {
                return Ok(());
            }
        }
        self.declare_tag(&format!(
            "Default Extension=\"{extension}\" ContentType=\"{kind}\""
        ))
    }

    fn declare_tag(&mut self, tag: &str) -> Result<(), AnnotateError> {
        self.edit_content_types(|types, edits| append_child(types, edits, tag))
    }

    fn edit_content_types(
        &mut self,
        edit: impl FnOnce(&str, &mut Edits) -> Result<(), AnnotateError>,
    ) -> Result<(), AnnotateError> {
        let types = self.needed(CONTENT_TYPES)?;
        let mut edits = Edits::default();
        edit(&types, &mut edits)?;
        if !edits.is_empty() {
            self.set(CONTENT_TYPES, edits.apply(&types));
        }
        Ok(())
    }

    /// The links of a part; of the package itself where `path` is empty.
    pub(super) fn relationships(&mut self, path: &str) -> Result<Vec<Relationship>, AnnotateError> {
        let Some(text) = self.text(&rels_path(path))? else {
            return Ok(Vec::new());
        };
        let folder = path.rfind('/').map_or("", |slash| &path[..slash]);
        let mut found = Vec::new();
        let mut scanner = Scanner::new(&text);
        while let Some(step) = scanner.next()? {
            if let Step::Open(tag, _) = step
                && tag.name == "Relationship"
            {
                let value = |name| super::xml::unescape(tag.value(name).unwrap_or_default());
                let target = value("Target");
                let is_outside = tag.value("TargetMode") == Some("External");
                found.push(Relationship {
                    id: value("Id"),
                    kind: value("Type"),
                    target: match is_outside {
                        true => target,
                        false => resolve(folder, &target),
                    },
                });
            }
        }
        Ok(found)
    }

    /// Links a part to another, and returns the link's id.
    pub(super) fn relate(
        &mut self,
        path: &str,
        kind: &str,
        target: &str,
    ) -> Result<String, AnnotateError> {
        let taken = self.relationships(path)?;
        let id = (1..)
            .map(|n| format!("rId{n}"))
            .find(|id| taken.iter().all(|r| !r.id.eq_ignore_ascii_case(id)))
            .unwrap_or_default();
        let rels = rels_path(path);
        let text = self.text(&rels)?.unwrap_or_else(|| {
            format!(
                "{}\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>",
                super::XML_HEAD
            )
        });
        let target = escape_attribute(target);
        let mut edits = Edits::default();
        let tag = format!("Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"/{target}\"");
        append_child(&text, &mut edits, &tag)?;
        self.set(&rels, edits.apply(&text));
        Ok(id)
    }

    /// Takes a link out.
    pub(super) fn unrelate(&mut self, path: &str, id: &str) -> Result<(), AnnotateError> {
        let rels = rels_path(path);
        let Some(text) = self.text(&rels)? else {
            return Ok(());
        };
        let mut edits = Edits::default();
        let mut scanner = Scanner::new(&text);
        let mut from = None;
        while let Some(step) = scanner.next()? {
            match step {
                Step::Open(tag, _) if tag.name == "Relationship" && tag.value("Id") == Some(id) => {
                    match tag.is_empty {
                        true => edits.replace(tag.span, ""),
                        false => from = Some(tag.span.start),
                    }
                }
                Step::Close("Relationship", span, _) => {
                    if let Some(start) = from.take() {
                        edits.replace(start..span.end, "");
                    }
                }
                _ => {}
            }
        }
        if !edits.is_empty() {
            self.set(&rels, edits.apply(&text));
        }
        Ok(())
    }

    /// The zip file, with every part that did not change as it was.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, AnnotateError> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for idx in 0..self.zip.len() {
            let part = self.zip.by_index_raw(idx)?;
            let name = part.name()?.into_owned();
            match self.changed.remove(&name) {
                None => writer.raw_copy_file(part)?,
                Some(None) => {}
                Some(Some(bytes)) => {
                    writer.start_file(name, options)?;
                    writer.write_all(&bytes)?;
                }
            }
        }
        for (name, bytes) in &self.changed {
            if let Some(bytes) = bytes {
                writer.start_file(name.as_str(), options)?;
                writer.write_all(bytes)?;
            }
        }
        Ok(writer.finish()?.into_inner())
    }
}

/// Puts an element without content at the end of the root.
fn append_child(text: &str, edits: &mut Edits, tag: &str) -> Result<(), AnnotateError> {
    let mut scanner = Scanner::new(text);
    let mut root = None;
    while let Some(step) = scanner.next()? {
        match step {
            Step::Open(open, 1) if open.is_empty => {
                let name = &text[open.span.start + 1..open.span.end];
                let name = name.split([' ', '/', '>', '\n', '\t', '\r']).next();
                let name = name.unwrap_or_default();
                let child = format!("><{}{tag}/></{name}>", open.prefix);
                edits.replace(open.end_of_attributes()..open.span.end, child);
                return Ok(());
            }
            Step::Open(open, 1) => root = Some(open),
            Step::Close(_, span, 1) => {
                let prefix = root.as_ref().map_or("", |root| root.prefix);
                edits.insert(span.start, format!("<{prefix}{tag}/>"));
                return Ok(());
            }
            _ => {}
        }
    }
    Err(AnnotateError::part("", "no element"))
}

/// Windows programs mix cases and slashes.
fn key(path: &str) -> String {
    let path = path.replace('\\', "/").to_ascii_lowercase();
    path.trim_start_matches('/').to_owned()
}

fn rels_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{path}.rels"),
    }
}

/// The path that `target` means to a part in `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let from_root = target.starts_with(['/', '\\']);
    let folder = if from_root { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(target.split(['/', '\\'])) {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            _ => path.push(step),
        }
    }
    path.join("/")
}

/// XML is in UTF-8, or in UTF-16 with a mark at its start; what is written again is in UTF-8.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    let utf_16 = |encoding: &'static encoding_rs::Encoding| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[2..])?;
        let end = text.find("?>").unwrap_or(0);
        let head = text[..end]
            .replace("UTF-16", "UTF-8")
            .replace("utf-16", "UTF-8");
        Some(format!("{head}{}", &text[end..]))
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] => utf_16(encoding_rs::UTF_16LE),
        [0xFE, 0xFF, ..] => utf_16(encoding_rs::UTF_16BE),
        [0xEF, 0xBB, 0xBF, ..] => String::from_utf8(bytes[3..].to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}
