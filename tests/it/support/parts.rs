//! The parts of zip files: of .xlsx and .ods.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Contents by the names of parts.
pub(crate) type Parts = BTreeMap<String, Vec<u8>>;

pub(crate) fn parts(bytes: &[u8]) -> Parts {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip file");
    let mut parts = Parts::new();
    for idx in 0..zip.len() {
        let mut part = zip.by_index(idx).expect("a part");
        let mut content = Vec::new();
        part.read_to_end(&mut content).expect("it unpacks");
        let name = part.name().expect("a name").into_owned();
        assert!(parts.insert(name, content).is_none(), "no part twice");
    }
    parts
}

pub(crate) fn zipped(parts: &Parts) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        let options = SimpleFileOptions::default();
        zip.start_file(name.as_str(), options).expect("a part");
        zip.write_all(content).expect("a part");
    }
    zip.finish().expect("a zip file").into_inner()
}

/// A part that is a text.
pub(crate) fn text(parts: &Parts, name: &str) -> String {
    String::from_utf8(parts[name].clone()).expect(name)
}
