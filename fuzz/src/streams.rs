//! Workbooks of the years before 2007, .xls and WPS .et: records in a stream of an OLE file.

use std::io::{Cursor, Write};

use cfb::CompoundFile;

use crate::Sections;

/// Streams that an input may fill.
const NAMES: [&str; 5] = [
    "Workbook",
    "Book",
    "\u{5}SummaryInformation",
    "EncryptedPackage",
    "EncryptionInfo",
];

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const BOUND_SHEET: u16 = 0x0085;

/// The file that an input makes. Its sections are streams as they are, or for what comes behind the last name,
/// records out of which the stream of the workbook is made: globals, then the sheets.
pub fn file(data: &[u8]) -> Vec<u8> {
    let mut streams: [Vec<u8>; NAMES.len()] = Default::default();
    let mut parts: Vec<&[u8]> = Vec::new();
    for (idx, content) in Sections::of(data).selected(2 * NAMES.len()) {
        match streams.get_mut(idx) {
            Some(stream) => *stream = content.to_vec(),
            None => parts.push(content),
        }
    }
    if !parts.is_empty() {
        streams[0] = stream(&parts);
    }
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    for (name, content) in NAMES.iter().zip(&streams) {
        if !content.is_empty() {
            let stream = file.create_stream(name);
            stream
                .and_then(|mut stream| stream.write_all(content))
                .expect("memory");
        }
    }
    file.into_inner().into_inner()
}

/// The stream of a workbook: its first part holds the records of the globals, each other one those of a sheet.
/// Beginnings and ends, lengths and where the sheets begin are right, whatever the input says.
pub fn stream(parts: &[&[u8]]) -> Vec<u8> {
    let mut stream = Vec::new();
    record(&mut stream, BOF, &[0, 6, 5, 0, 0, 0, 0, 0]);
    records(&mut stream, parts[0]);
    let mut starts = Vec::new();
    for idx in 1..parts.len() {
        starts.push(stream.len() + 4);
        let name = [b'A' + (idx % 26) as u8];
        let data = [&[0, 0, 0, 0, 0, 0, 1, 0], &name[..]].concat();
        record(&mut stream, BOUND_SHEET, &data);
    }
    record(&mut stream, EOF, &[]);
    for (start, part) in starts.iter().zip(&parts[1..]) {
        let here = u32::try_from(stream.len()).expect("a short stream");
        stream[*start..start + 4].copy_from_slice(&here.to_le_bytes());
        record(&mut stream, BOF, &[0, 6, 0x10, 0, 0, 0, 0, 0]);
        records(&mut stream, part);
        record(&mut stream, EOF, &[]);
    }
    stream
}

/// Records as an input writes them: kind in two bytes, length in one, data.
fn records(stream: &mut Vec<u8>, mut input: &[u8]) {
    while let [low, high, length, rest @ ..] = input {
        let length = usize::from(*length).min(rest.len());
        record(stream, u16::from_le_bytes([*low, *high]), &rest[..length]);
        input = &rest[length..];
    }
}

fn record(stream: &mut Vec<u8>, kind: u16, data: &[u8]) {
    stream.extend(kind.to_le_bytes());
    stream.extend((data.len() as u16).to_le_bytes());
    stream.extend(data);
}

/// The input that makes the same records as a stream, as far as it can: globals and sheets in turn.
pub fn input(stream: &[u8]) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    while let Some([a, b, c, d]) = stream.get(at..at + 4) {
        let kind = u16::from_le_bytes([*a, *b]);
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let Some(data) = stream.get(at + 4..at + 4 + length) else {
            break;
        };
        at += 4 + length;
        match (kind, parts.last_mut()) {
            (BOF, _) => parts.push(Vec::new()),
            (EOF | BOUND_SHEET, _) => {}
            (_, Some(part)) => {
                let short = &data[..data.len().min(255)];
                part.extend(kind.to_le_bytes());
                part.push(short.len() as u8);
                part.extend(short);
            }
            (_, None) => {}
        }
    }
    let sections: Vec<(usize, &[u8])> = parts
        .iter()
        .map(|part| (NAMES.len(), part.as_slice()))
        .collect();
    crate::joined(&sections)
}

/// The stream of the workbook in a file.
pub fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = CompoundFile::open(Cursor::new(bytes)).ok()?;
    let name = NAMES[..2].iter().find(|name| file.exists(name))?;
    content(&mut file, name)
}

/// The input that makes the same encrypted package.
pub fn encrypted_input(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = CompoundFile::open(Cursor::new(bytes)).ok()?;
    let package = content(&mut file, NAMES[3])?;
    let info = content(&mut file, NAMES[4])?;
    Some(crate::joined(&[(4, &info), (3, &package)]))
}

fn content(file: &mut CompoundFile<Cursor<&[u8]>>, name: &str) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    std::io::copy(&mut file.open_stream(name).ok()?, &mut content).ok()?;
    Some(content)
}
