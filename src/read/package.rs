//! Files that are zip files of parts: .xlsx, .xlsm, .xlsb and .ods.

use std::fmt::Display;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use libdeflater::{DecompressionError, Decompressor, crc32};
use memchr::{memchr, memmem};
use quick_xml::events::Event;
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::budget::Budget;
use super::markup::{attribute, broken, reader};
use super::part_names::PartNames;
use super::pieces::Pieces;
use super::{FileKind, Quantity, Unreadable, ods, xlsb, xlsx};
use crate::model::Workbook;

/// Reads the workbook in a zip file, if there is one.
pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Result<Workbook, Unreadable> {
    let mut package = Package::open(bytes)?;
    let relationships =
        package.unneeded("_rels/.rels", budget, |text| Relationship::all(text, ""))?;
    let main = relationships
        .unwrap_or_default()
        .into_iter()
        .find(|relationship| relationship.kind == "officeDocument");
    // Some exporters leave the relationships of the package out.
    let main = match main {
        Some(relationship) => relationship.target,
        None => ["xl/workbook.xml", "xl/workbook.bin"]
            .into_iter()
            .find(|path| package.has(path))
            .unwrap_or_default()
            .to_owned(),
    };
    let workbook = if main.ends_with(".bin") {
        xlsb::read(&mut package, &main, budget)
    } else if package.has(&main) {
        xlsx::read(&mut package, &main, budget)
    } else if package.has("content.xml") && !package.has("uof.xml") {
        ods::read(&mut package, budget)
    } else {
        Err(package.other_kind())
    }?;
    Ok(Workbook {
        damaged_parts: package.damaged,
        ..workbook
    })
}

/// Parts that are larger, once expanded, are read piece by piece.
pub(super) const LARGE: usize = 8 << 20;

/// The parts of a zip file by their paths.
pub(super) struct Package<'b> {
    bytes: &'b [u8],
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// Used for one part after the other: it is large.
    inflate: Decompressor,
    names: PartNames,
    /// Parts that nobody needs and that cannot be read.
    damaged: Vec<String>,
}

impl<'b> Package<'b> {
    fn open(bytes: &'b [u8]) -> Result<Self, Unreadable> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            if has_whole_end(bytes) {
                Unreadable::damaged(format!("zip: {error}"))
            } else {
                Unreadable::truncated("the zip file has no directory at its end")
            }
        })?;
        // A part whose name nobody can read is one that nobody asks for.
        let names = zip.file_names().enumerate();
        let names: Vec<_> = names
            .filter_map(|(idx, name)| Some((name.ok()?, idx)))
            .collect();
        let names = PartNames::of(names.iter().map(|(name, idx)| (&**name, *idx)));
        Ok(Self {
            bytes,
            zip,
            inflate: Decompressor::new(),
            names,
            damaged: Vec::new(),
        })
    }

    /// The size of the zip file.
    pub(super) fn packed_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.position(path).is_some()
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.names.find(path)
    }

    /// The content of a part, expanded as far as the budget goes.
    pub(super) fn bytes(
        &mut self,
        path: &str,
        budget: &mut Budget,
    ) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(idx) = self.position(path) else {
            return Ok(None);
        };
        // Healthy, but packed as no office program packs.
        const UNUSUAL: [CompressionMethod; 6] = [
            CompressionMethod::DEFLATE64,
            CompressionMethod::BZIP2,
            CompressionMethod::LZMA,
            CompressionMethod::ZSTD,
            CompressionMethod::XZ,
            CompressionMethod::PPMD,
        ];
        let packed_by = (self.zip.by_index_raw(idx).ok()).map(|part| part.compression());
        if packed_by.is_some_and(|method| UNUSUAL.contains(&method)) {
            return Err(Unreadable::UnusualPacking);
        }
        let mut part = self.zip.by_index(idx).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                Unreadable::PasswordProtected
            }
            _ => Unreadable::damaged(format!("zip: {path}: {error}")),
        })?;
        let left = budget.expandable();
        // Deflate makes at most 1,032 bytes of one: what is declared beyond that is not believed.
        let size = part
            .size()
            .min(part.compressed_size().saturating_mul(1_032));
        let size = usize::try_from(size).unwrap_or(left).min(left) + 1;
        let broken = |error: &dyn Display| Unreadable::damaged(format!("zip: {path}: {error}"));
        let is_deflated = part.compression() == CompressionMethod::Deflated;
        let bytes = match packed(self.bytes, &part).filter(|_| is_deflated) {
            Some(packed) => {
                let bytes = expand(&mut self.inflate, packed, size, left + 1);
                let bytes = bytes.map_err(|error| broken(&error))?;
                if bytes.len() <= left && crc32(&bytes) != part.crc32() {
                    return Err(broken(&"Invalid checksum"));
                }
                bytes
            }
            None => {
                let mut bytes = Vec::with_capacity(size);
                let read = part.by_ref().take(left as u64 + 1).read_to_end(&mut bytes);
                read.map_err(|error| broken(&error))?;
                bytes
            }
        };
        if bytes.len() > left {
            return Err(Unreadable::too_large(
                Quantity::ExpandedBytes,
                budget.limits.expanded_bytes,
            ));
        }
        budget.take_expanded(bytes.len())?;
        Ok(Some(bytes))
    }

    /// Bytes that a part is said to have, once expanded.
    pub(super) fn expanded_bytes(&mut self, path: &str) -> usize {
        let idx = self.position(path);
        let part = idx.and_then(|idx| self.zip.by_index_raw(idx).ok());
        part.map_or(0, |part| usize::try_from(part.size()).unwrap_or(usize::MAX))
    }

    /// A part, to be expanded piece by piece.
    pub(super) fn pieces<'p>(&'p mut self, path: &'p str) -> Option<Pieces<'p, 'b>> {
        let idx = self.position(path)?;
        let part = self.zip.by_index(idx).ok()?;
        Some(Pieces::new(path, part))
    }

    /// The same of a part in XML.
    pub(super) fn text(
        &mut self,
        path: &str,
        budget: &mut Budget,
    ) -> Result<Option<String>, Unreadable> {
        let expanded = self.expanded_bytes(path);
        // Of a large one it is so known early where a text is too long.
        let large = match expanded > LARGE {
            true => self.pieces(path).map(|part| part.whole(expanded, budget)),
            false => None,
        };
        let bytes = match large {
            Some(bytes) => bytes?,
            None => match self.bytes(path, budget)? {
                Some(bytes) => bytes,
                None => return Ok(None),
            },
        };
        xml_text(bytes)
            .map(Some)
            .ok_or_else(|| Unreadable::damaged(format!("{path} is not text in its encoding")))
    }

    /// The part that a link of this kind names; where there is none, the one at the usual path, if it is there. A link
    /// to nothing is a fault.
    pub(super) fn related(
        &mut self,
        relationships: &[Relationship],
        kind: &str,
        usual: &str,
        budget: &mut Budget,
    ) -> Result<Option<Vec<u8>>, Unreadable> {
        let link = relationships.iter().find(|link| link.kind == kind);
        let path = link.map_or(usual, |link| &link.target);
        match self.bytes(path, budget)? {
            None if link.is_some() => Err(Unreadable::damaged(format!("{path} is missing"))),
            part => Ok(part),
        }
    }

    /// Reads a part in XML that a workbook can do without. Where it is damaged that is noted, and it is as if it
    /// were not there; only what is too large ends the file.
    pub(super) fn unneeded<T>(
        &mut self,
        path: &str,
        budget: &mut Budget,
        read: impl FnOnce(&str) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        let text = self.text(path, budget);
        match text.and_then(|text| text.as_deref().map(read).transpose()) {
            Err(Unreadable::Damaged { .. } | Unreadable::Truncated { .. }) => {
                self.is_damaged(path);
                Ok(None)
            }
            read => read,
        }
    }

    /// Notes that a part is damaged that a workbook can do without.
    pub(super) fn is_damaged(&mut self, path: &str) {
        self.damaged.push(path.to_owned());
    }

    /// What a zip file without a workbook is.
    fn other_kind(&self) -> Unreadable {
        let any = |start: &str| self.names.keys().any(|path| path.starts_with(start));
        let has = |name: &str| {
            let of_folder = |path: &str| path.strip_suffix(name).is_some_and(|p| p.ends_with('/'));
            self.names.keys().any(|path| path == name) || self.names.keys().any(of_folder)
        };
        // LibreOffice encrypts whole packages.
        if has("encrypted-package") {
            return Unreadable::PasswordProtected;
        }
        let is_numbers = |path: &str| path.ends_with(".iwa");
        Unreadable::NotASpreadsheet(if any("word/") {
            FileKind::TextDocument
        } else if any("ppt/") {
            FileKind::Presentation
        } else if self.names.keys().any(is_numbers)
            || has("index.zip")
            || has("buildversionhistory.plist")
            // Until 2009.
            || ["index.xml", "index.apxl"].iter().any(|name| has(name))
        {
            FileKind::Numbers
        } else if any("xl/") || any("[content_types].xml") && any("docprops/") {
            return Unreadable::damaged("the workbook part is missing");
        } else if any("ofd.xml") {
            FileKind::Ofd
        } else if any("[content_types].xml") || any("uof.xml") {
            FileKind::OtherOffice
        } else {
            FileKind::Archive
        })
    }
}

/// Whether the end of the directory of a zip file is there as a whole: 22 bytes, and a remark whose length stands
/// in the last two of them.
fn has_whole_end(bytes: &[u8]) -> bool {
    let Some(at) = memmem::rfind(bytes, b"PK\x05\x06") else {
        return false;
    };
    let end = bytes.get(at..at + 22);
    let remark = end.map(|end| usize::from(u16::from_le_bytes([end[20], end[21]])));
    remark.is_some_and(|length| bytes.len() - at - 22 >= length)
}

/// XML is in UTF-8; in UTF-16, which shows in its first bytes; or in what it says itself (XML 1.0, appendix F).
pub(super) fn xml_text(bytes: Vec<u8>) -> Option<String> {
    let decoded = |encoding: &'static Encoding, bytes: &[u8]| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        text.map(Into::into)
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => decoded(UTF_16LE, rest),
        [0xFE, 0xFF, rest @ ..] => decoded(UTF_16BE, rest),
        [b'<', 0, ..] => decoded(UTF_16LE, &bytes),
        [0, b'<', ..] => decoded(UTF_16BE, &bytes),
        _ => match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let bytes = error.into_bytes();
                decoded(declared_encoding(&bytes)?, &bytes)
            }
        },
    }
}

/// What the first line of a document says that it is written in.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let line = &bytes[..memchr(b'>', bytes)?];
    let label = memmem::find(line, b"encoding=").map(|at| &line[at + "encoding=".len()..])?;
    let (quote, label) = label.split_first()?;
    Encoding::for_label(&label[..memchr(*quote, label)?])
}

/// What is too large ends the file; other faults only what needs what was to be read.
pub(super) fn tolerated<T>(
    read: Result<T, Unreadable>,
) -> Result<Result<T, Unreadable>, Unreadable> {
    match read {
        Err(reason @ Unreadable::TooLarge { .. }) => Err(reason),
        read => Ok(read),
    }
}

/// A link from one part to another.
#[derive(Debug)]
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last word of its type; the words before it differ between editions of the standard.
    pub(super) kind: String,
    /// Path from the root of the package.
    pub(super) target: String,
}

impl Relationship {
    /// Those that the part at `path` has.
    pub(super) fn of(
        package: &mut Package,
        path: &str,
        budget: &mut Budget,
    ) -> Result<Vec<Self>, Unreadable> {
        let (folder, name) = split_path(path);
        match package.text(&format!("{folder}_rels/{name}.rels"), budget)? {
            Some(text) => Self::all(&text, folder),
            None => Ok(Vec::new()),
        }
    }

    fn all(text: &str, folder: &str) -> Result<Vec<Self>, Unreadable> {
        let mut xml = reader(text);
        let mut all = Vec::new();
        loop {
            match xml.read_event().map_err(broken)? {
                Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                    let value = |name| Ok(attribute(&tag, name)?.unwrap_or_default());
                    let kind: std::borrow::Cow<str> = value("Type")?;
                    all.push(Self {
                        id: value("Id")?.into_owned(),
                        kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                        target: resolve(folder, &value("Target")?),
                    });
                }
                Event::Eof => return Ok(all),
                _ => {}
            }
        }
    }
}

fn split_path(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |slash| slash + 1))
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

/// What a part takes of the zip file.
fn packed<'b>(zip: &'b [u8], part: &ZipFile<'_, Cursor<&'b [u8]>>) -> Option<&'b [u8]> {
    let start = usize::try_from(part.data_start()?).ok()?;
    let length = usize::try_from(part.compressed_size()).ok()?;
    zip.get(start..start.checked_add(length)?)
}

/// Expands a part; `size` is what it is said to come to. What comes to more than `limit` bytes is given as so many.
fn expand(
    inflate: &mut Decompressor,
    packed: &[u8],
    size: usize,
    limit: usize,
) -> Result<Vec<u8>, DecompressionError> {
    let mut bytes = vec![0; size];
    loop {
        match inflate.deflate_decompress(packed, &mut bytes) {
            Ok(length) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Err(DecompressionError::InsufficientSpace) if bytes.len() >= limit => return Ok(bytes),
            // More than was said.
            Err(DecompressionError::InsufficientSpace) => {
                bytes.resize(limit.min(bytes.len() * 2), 0);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_their_part_or_to_the_root() {
        for (folder, target, path) in [
            ("xl/", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            (
                "xl/",
                "/xl/worksheets/sheet1.xml",
                "xl/worksheets/sheet1.xml",
            ),
            ("xl/", "../docProps/custom.xml", "docProps/custom.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
            ("", "../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), path);
        }
    }
}
