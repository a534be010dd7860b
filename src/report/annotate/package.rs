//! The zip file of a workbook: parts that change are written anew, all others are copied as they are,
//! without so much as packing them again.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read, Write};
use std::ops::Range;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::AnnotateError;
use super::xml::{Edits, Scanner, Step, escape_attribute, unescape};
use crate::read::{PartNames, percent_decoded};

/// No part that is edited may be larger once expanded; the reader is as strict.
const LARGEST_PART: u64 = 256 << 20;

const CONTENT_TYPES: &str = "[Content_Types].xml";

const RELATIONSHIPS_TYPE: &str = "application/vnd.openxmlformats-package.relationships+xml";

/// A workbook's parts, and what becomes of them.
pub(super) struct Package<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// By the position in `written`.
    names: PartNames,
    /// Paths as written, those of new parts behind those of the file.
    written: Vec<String>,
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
        let written = zip.file_names().map(|name| Ok(name?.into_owned()));
        let written = written.collect::<Result<Vec<String>, AnnotateError>>()?;
        let names = written.iter().map(String::as_str).zip(0..);
        let names = PartNames::of(names);
        Ok(Self {
            zip,
            names,
            written,
            changed: BTreeMap::new(),
        })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        match self.name_of(path) {
            Some(name) => !matches!(self.changed.get(name), Some(None)),
            None => false,
        }
    }

    /// The path as the file writes it, of the very part that the reader finds under it.
    fn name_of(&self, path: &str) -> Option<&str> {
        Some(&self.written[self.names.find(path)?])
    }

    /// The path of a part that a link names so, or writes `%73` for a letter of.
    fn meant(&self, path: String) -> String {
        let decoded = percent_decoded(&path).filter(|decoded| self.has(decoded));
        match decoded {
            Some(decoded) if !self.has(&path) => decoded,
            _ => path,
        }
    }

    /// All paths, as written.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = self.written.clone();
        paths.retain(|path| self.has(path));
        paths.sort();
        paths
    }

    /// A part as text, as it stands now.
    pub(super) fn text(&mut self, path: &str) -> Result<Option<String>, AnnotateError> {
        let Some(name) = self.name_of(path).map(str::to_owned) else {
            return Ok(None);
        };
        let bytes = match self.changed.get(&name) {
            Some(None) => return Ok(None),
            Some(Some(bytes)) => bytes.clone(),
            None => {
                let mut bytes = Vec::new();
                let part = self.zip.by_name(&name)?;
                // A damaged part is no failure of ours: the copy is then made anew from what can be read.
                let read = part.take(LARGEST_PART + 1).read_to_end(&mut bytes);
                read.map_err(|error| AnnotateError::part(&name, &error.to_string()))?;
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
        let name = match self.name_of(path) {
            Some(name) => name.to_owned(),
            None => {
                self.names.add(path, self.written.len());
                self.written.push(path.to_owned());
                path.to_owned()
            }
        };
        self.changed.insert(name, Some(text.into()));
    }

    /// Takes a part out, with its own links and its content type.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), AnnotateError> {
        for path in [path.to_owned(), rels_path(path)] {
            if let Some(name) = self.name_of(&path).map(str::to_owned) {
                self.changed.insert(name, None);
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
            .find(|path| self.names.find(path).is_none())
            .unwrap_or_default()
    }

    /// The content type that a part is declared to have, by itself or by its extension.
    pub(super) fn content_type(&mut self, path: &str) -> Result<Option<String>, AnnotateError> {
        let types = self.needed(CONTENT_TYPES)?;
        let declared = Declared::of(&types, path)?;
        let kind = declared.own.first().map(|(kind, _)| *kind);
        Ok(kind.or(declared.by_extension).map(str::to_owned))
    }

    /// Declares the content type of a part.
    pub(super) fn declare(&mut self, path: &str, kind: &str) -> Result<(), AnnotateError> {
        self.edit_content_types(|types, edits| {
            let declared = Declared::of(types, path)?;
            // What a part of this name was once said to be may be left over.
            for (known, span) in &declared.own {
                if !is_same_kind(known, kind) {
                    edits.replace(span.clone(), kind);
                }
            }
            let is_declared = declared.by_extension.is_some_and(|k| is_same_kind(k, kind));
            if !declared.own.is_empty() || is_declared {
                return Ok(());
            }
            let name = escape_attribute(path);
            let tag = format!("Override PartName=\"/{name}\" ContentType=\"{kind}\"");
            append_child(types, edits, &tag)
        })
    }

    /// The same for a part of a kind that its extension stands for. Where other parts have that extension for
    /// another kind, it is declared by itself.
    pub(super) fn declare_by_extension(
        &mut self,
        path: &str,
        kind: &str,
    ) -> Result<(), AnnotateError> {
        let types = self.needed(CONTENT_TYPES)?;
        let declared = Declared::of(&types, path)?;
        if !declared.own.is_empty() || declared.by_extension.is_some() {
            return self.declare(path, kind);
        }
        let extension = extension(path);
        let tag = format!("Default Extension=\"{extension}\" ContentType=\"{kind}\"");
        self.edit_content_types(|types, edits| append_child(types, edits, &tag))
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
                let value = |name| unescape(tag.value(name).unwrap_or_default());
                let target = value("Target");
                let is_outside = tag.value("TargetMode") == Some("External");
                found.push(Relationship {
                    id: value("Id"),
                    kind: value("Type"),
                    target: match is_outside {
                        true => target,
                        false => self.meant(resolve(folder, &target)),
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
        // They belong to the part under the name that it has in the file.
        let rels = rels_path(&item_name(self.name_of(path).unwrap_or(path)));
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
        self.declare_by_extension(&rels, RELATIONSHIPS_TYPE)?;
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
        self.edit_content_types(without_repeats)?;
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for idx in 0..self.zip.len() {
            let part = self.zip.by_index_raw(idx)?;
            let name = part.name()?.into_owned();
            match self.changed.remove(&name) {
                // Some programs write \ between folders, which the standard does not know.
                None if item_name(&name) != name => {
                    writer.raw_copy_file_rename(part, item_name(&name))?;
                }
                None => writer.raw_copy_file(part)?,
                Some(None) => {}
                Some(Some(bytes)) => {
                    writer.start_file(item_name(&name), options)?;
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

/// What is declared about one part.
#[derive(Default)]
struct Declared<'t> {
    /// By itself: the content type, and where it stands.
    own: Vec<(&'t str, Range<usize>)>,
    by_extension: Option<&'t str>,
}

impl<'t> Declared<'t> {
    fn of(types: &'t str, path: &str) -> Result<Self, AnnotateError> {
        let mut declared = Self::default();
        let mut scanner = Scanner::new(types);
        while let Some(step) = scanner.next()? {
            let Step::Open(tag, _) = step else { continue };
            match tag.name {
                "Override" => {
                    let name = unescape(tag.value("PartName").unwrap_or_default());
                    if key(&name) == key(path) {
                        declared.own.extend(tag.attribute("ContentType"));
                    }
                }
                "Default" => {
                    let known = tag.value("Extension").unwrap_or_default();
                    if known.eq_ignore_ascii_case(extension(path)) {
                        let kind = tag.value("ContentType");
                        declared.by_extension = declared.by_extension.or(kind);
                    }
                }
                _ => {}
            }
        }
        Ok(declared)
    }
}

/// Content types are told apart without regard to case.
fn is_same_kind(kind: &str, other: &str) -> bool {
    kind.trim().eq_ignore_ascii_case(other)
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Takes out what is declared twice, which the standard forbids (ECMA-376 part 2, 10.1.2.2): the first counts.
fn without_repeats(types: &str, edits: &mut Edits) -> Result<(), AnnotateError> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut repeated = None;
    let mut scanner = Scanner::new(types);
    while let Some(step) = scanner.next()? {
        match step {
            Step::Open(tag, 2) => {
                let about = match tag.name {
                    "Override" => format!(
                        "/{}",
                        key(&unescape(tag.value("PartName").unwrap_or_default()))
                    ),
                    "Default" => tag
                        .value("Extension")
                        .unwrap_or_default()
                        .to_ascii_lowercase(),
                    _ => continue,
                };
                match (seen.insert(about), tag.is_empty) {
                    (true, _) => {}
                    (false, true) => edits.replace(tag.span, ""),
                    (false, false) => repeated = Some(tag.span.start),
                }
            }
            Step::Close(_, span, 2) => {
                if let Some(start) = repeated.take() {
                    edits.replace(start..span.end, "");
                }
            }
            _ => {}
        }
    }
    Ok(())
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
    item_name(path).to_ascii_lowercase()
}

/// What a part is called in a zip file.
fn item_name(path: &str) -> String {
    path.replace('\\', "/").trim_start_matches('/').to_owned()
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
pub(super) fn text_of(bytes: Vec<u8>) -> Option<String> {
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
