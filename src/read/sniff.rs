//! Tells by its first bytes what a file is.

use encoding_rs::GB18030;
use memchr::memmem;

use super::markup::is_element;
use super::{FileKind, Limits, Quantity, Unreadable};

/// Content that one of the readers takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A zip file.
    Package,
    /// A file of streams, as Office wrote before 2007.
    Ole2,
    /// The workbook stream of an .xls without the file around it.
    BiffStream,
    /// OpenDocument in a single XML file.
    FlatOds,
}

/// What `bytes` are, or why nobody can read them.
pub(super) fn content(bytes: &[u8], limits: &Limits) -> Result<Content, Unreadable> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => {
            check_entries(bytes, limits)?;
            Ok(Content::Package)
        }
        [b'P', b'K', 5, 6, ..] => Err(Unreadable::NotASpreadsheet(FileKind::Archive)),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Ok(Content::Ole2),
        [0x09, 0x08, _, 0, 0, 5 | 6, ..] => Ok(Content::BiffStream),
        [0x09, 0x00, 4..=16, 0, ..] => Err(old("Excel 2")),
        [0x09, 0x02, 4..=16, 0, ..] => Err(old("Excel 3")),
        [0x09, 0x04, 4..=16, 0, ..] => Err(old("Excel 4")),
        [0, 0, 2, 0, 4 | 6, 4, ..] | [0, 0, 0x1A, 0, _, 0x10, ..] => Err(old("Lotus 1-2-3")),
        [0, 0, 2, 0, 1 | 2, 0x10, ..] | [0, 0, 2, 0, 0x20 | 0x21, 0x51, ..] => {
            Err(old("Quattro Pro"))
        }
        [0, 0, 2, 0, ..] => Err(old("Lotus 1-2-3 / Quattro Pro")),
        [0xFF, 0, 2, 0, 4, 4, ..] | [0x20, 0x54, 2, 0, 0, 0, 5, 0x54, ..] => {
            Err(old("Microsoft Works"))
        }
        _ if is_dbase(bytes) => Err(old("dBase")),
        _ if bytes.starts_with(b"ID;P") => Err(old("SYLK")),
        _ if bytes.starts_with(b"TABLE\r\n") || bytes.starts_with(b"TABLE\n0,1") => Err(old("DIF")),
        _ => match binary_kind(bytes).map_or_else(|| text_content(bytes), refused) {
            // Spoilt in its first bytes, which say nothing that stands nowhere else.
            Err(
                Unreadable::NotASpreadsheet(FileKind::Archive | FileKind::Unknown)
                | Unreadable::Empty,
            ) if holds_workbook_parts(bytes) => {
                check_entries(bytes, limits)?;
                Ok(Content::Package)
            }
            Err(Unreadable::NotASpreadsheet(FileKind::Unknown)) if is_ole2_inside(bytes) => {
                Ok(Content::Ole2)
            }
            content => content,
        },
    }
}

/// Whether what stands behind the first bytes of a file of streams is there: version, order of bytes, sizes of sectors.
fn is_ole2_inside(bytes: &[u8]) -> bool {
    matches!(
        bytes.get(26..34),
        Some([3, 0, 0xFE, 0xFF, 9, 0, 6, 0] | [4, 0, 0xFE, 0xFF, 12, 0, 6, 0])
    )
}

fn refused(kind: FileKind) -> Result<Content, Unreadable> {
    Err(Unreadable::NotASpreadsheet(kind))
}

/// Whether the directory of a zip file names parts of a workbook.
fn holds_workbook_parts(bytes: &[u8]) -> bool {
    const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
    const NAME: usize = 46;
    memmem::find_iter(bytes, DIRECTORY_ENTRY).any(|at| {
        let name = bytes.get(at + NAME..).unwrap_or_default();
        name.starts_with(b"xl/") || name.starts_with(b"content.xml")
    })
}

/// A table of dBase, FoxPro or their like: a version, a date, and where its rows begin.
fn is_dbase(bytes: &[u8]) -> bool {
    const HEADER: usize = 32;
    let [
        3 | 4 | 5 | 0x30..=0x32 | 0x43 | 0x63 | 0x83 | 0x8B | 0x8E | 0xCB | 0xF5,
        _,
        month,
        day,
        ..,
    ] = *bytes
    else {
        return false;
    };
    let Some(&[low, high]) = bytes.get(8..10).and_then(|b| b.first_chunk()) else {
        return false;
    };
    let start = usize::from(u16::from_le_bytes([low, high]));
    // Columns are described in 32 bytes each, and behind them stands one byte.
    let described = (1..=12).contains(&month) && (1..=31).contains(&day) && start > HEADER;
    described && bytes.get(start / 32 * 32) == Some(&0x0D)
}

fn old(name: &'static str) -> Unreadable {
    Unreadable::OldFormat { name }
}

/// The directory of a zip file is read whole before anything can be counted, so it is counted here:
/// each entry of it begins with these four bytes.
pub(super) fn check_entries(bytes: &[u8], limits: &Limits) -> Result<(), Unreadable> {
    let entries = memmem::find_iter(bytes, b"PK\x01\x02")
        .take(limits.entries + 1)
        .count();
    if entries > limits.entries {
        return Err(Unreadable::too_large(Quantity::Entries, limits.entries));
    }
    Ok(())
}

fn binary_kind(bytes: &[u8]) -> Option<FileKind> {
    let head = &bytes[..bytes.len().min(1024)];
    if memmem::find(head, b"%PDF-").is_some() {
        return Some(FileKind::Pdf);
    }
    if matches!(
        bytes,
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..
        ]
    ) || matches!(
        bytes,
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm' | b'a', ..]
    ) {
        return Some(FileKind::Picture);
    }
    if bytes.get(257..262) == Some(b"ustar")
        || matches!(bytes, [_, _, b'-', b'l', b'h' | b'z', _, b'-', ..])
    {
        return Some(FileKind::Archive);
    }
    const STARTS: [(&[u8], FileKind); 18] = [
        (b"{\\rtf", FileKind::TextDocument),
        (b"\x89PNG", FileKind::Picture),
        (b"\xFF\xD8\xFF", FileKind::Picture),
        (b"GIF8", FileKind::Picture),
        (b"BM", FileKind::Picture),
        (b"II*\0", FileKind::Picture),
        (b"MM\0*", FileKind::Picture),
        (b"Rar!", FileKind::Archive),
        (b"7z\xBC\xAF\x27\x1C", FileKind::Archive),
        (b"\x1F\x8B", FileKind::Archive),
        (b"BZh", FileKind::Archive),
        (b"\xFD7zXZ\0", FileKind::Archive),
        (b"MSCF", FileKind::Archive),
        (b"\x28\xB5\x2F\xFD", FileKind::Archive),
        (b"\x04\x22\x4D\x18", FileKind::Archive),
        (b"PK", FileKind::Archive),
        (b"\xDB\xA5-\0", FileKind::TextDocument),
        (b"MZ", FileKind::Unknown),
    ];
    STARTS
        .iter()
        .find(|(start, _)| bytes.starts_with(start))
        // `BM` and `MZ` may begin a text.
        .filter(|(start, _)| start.len() > 2 || head.contains(&0))
        .map(|&(_, kind)| kind)
}

fn text_content(bytes: &[u8]) -> Result<Content, Unreadable> {
    let head = head_as_text(bytes).ok_or(Unreadable::NotASpreadsheet(FileKind::Unknown))?;
    let text = head.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n', '\0']);
    if text.is_empty() {
        return Err(Unreadable::Empty);
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("mime-version:")
        || lower.contains("<html")
        || lower.contains("<!doctype html")
        || lower.starts_with('<')
            && lower.contains("<table")
            && !(lower.starts_with("<?xml") || is_open_document(&lower))
    {
        return Err(Unreadable::HtmlPage);
    }
    if lower.starts_with('<') {
        return if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") {
            Err(Unreadable::XmlSpreadsheet2003)
        } else if is_open_document(&lower) {
            if lower.contains("opendocument.text") {
                Err(Unreadable::NotASpreadsheet(FileKind::TextDocument))
            } else {
                Ok(Content::FlatOds)
            }
        } else if lower.contains("<table") {
            Err(Unreadable::HtmlPage)
        } else {
            Err(Unreadable::NotASpreadsheet(FileKind::Xml))
        };
    }
    // JSON divides by commas what is no table.
    let mut first = text.chars().filter(|c| !c.is_ascii_whitespace());
    if matches!(
        (first.next(), first.next()),
        (Some('{'), Some('"')) | (Some('['), Some('{' | '[' | '"'))
    ) {
        return Err(Unreadable::NotASpreadsheet(FileKind::Text));
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let divided = |separator| lines.iter().filter(|l| l.contains(separator)).count();
    let table = [',', '\t', ';', '|', '，']
        .into_iter()
        .any(|separator| divided(separator) * 3 >= lines.len() * 2);
    Err(if table {
        Unreadable::TextTable
    } else {
        Unreadable::NotASpreadsheet(FileKind::Text)
    })
}

/// Whether a document of OpenDocument begins here, whatever prefix its elements have.
fn is_open_document(text: &str) -> bool {
    text.contains("urn:oasis:names:tc:opendocument:xmlns:office")
        && text.split('<').any(|tag| {
            ["document", "document-content"]
                .iter()
                .any(|name| is_element(tag.as_bytes(), name.as_bytes()))
        })
}

/// The beginning of a text file, whether in UTF-8, UTF-16 or the Chinese code page.
fn head_as_text(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(4096)];
    let utf_16 = |decode: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = head[2..].as_chunks().0.iter().map(|&b| decode(b)).collect();
        String::from_utf16_lossy(&units)
    };
    match head {
        [0xFF, 0xFE, ..] => return Some(utf_16(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => return Some(utf_16(u16::from_be_bytes)),
        _ => {}
    }
    if bytes.iter().all(|&b| b == 0) {
        return Some(String::new());
    }
    if head.contains(&0) {
        return None;
    }
    // The cut at the end may go through a character.
    match std::str::from_utf8(head) {
        Ok(text) => return Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            return Some(String::from_utf8_lossy(&head[..error.valid_up_to()]).into_owned());
        }
        Err(_) => {}
    }
    let (text, _) = GB18030.decode_without_bom_handling(head);
    let wrong = text
        .chars()
        .filter(|&c| c == '\u{FFFD}' || c < '\t')
        .count();
    (wrong * 50 <= text.chars().count()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_content() {
        use Unreadable::{Empty, HtmlPage, NotASpreadsheet, TextTable, XmlSpreadsheet2003};
        // A version, a date, no rows, which would begin at 65, one column, and its end.
        let dbase = [
            &[3, 124, 5, 31, 0, 0, 0, 0, 65, 0, 11, 0][..],
            &[0; 20],
            b"NAME\0\0\0\0\0\0\0C",
            &[0; 20],
            &[0x0D],
        ];
        let dbase = dbase.concat();
        let (gbk, _, _) = GB18030.encode("乡镇,合计\r\n轮台镇,35\r\n");
        let mut tar = b"a.xls".to_vec();
        tar.resize(257, 0);
        tar.extend(b"ustar\x0000");
        let mut late = vec![0; 32 << 10];
        late.extend(b"\x01CD001\x01");
        let cases: [(&[u8], Unreadable); 26] = [
            (b"", Empty),
            (b" \r\n", Empty),
            (b"\0\0\0\0\0\0", Empty),
            (b"%PDF-1.4", NotASpreadsheet(FileKind::Pdf)),
            (b"\x89PNG\r\n", NotASpreadsheet(FileKind::Picture)),
            (b"{\\rtf1", NotASpreadsheet(FileKind::TextDocument)),
            (b"Rar!\x1A\x07", NotASpreadsheet(FileKind::Archive)),
            (b"<html><table>", HtmlPage),
            (b"<table border=1><tr>", HtmlPage),
            (
                b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
                XmlSpreadsheet2003,
            ),
            (b"<?xml version='1.0'?><a/>", NotASpreadsheet(FileKind::Xml)),
            ("乡镇,合计\n轮台镇,35\n".as_bytes(), TextTable),
            (&gbk, TextTable),
            ("关于报送的通知".as_bytes(), NotASpreadsheet(FileKind::Text)),
            (b"\x09\x04\x06\0\0\0\x10\0", old("Excel 4")),
            (b"\0\0\x02\0\x21\x51\0\0", old("Quattro Pro")),
            (b"\x20\x54\x02\0\0\0\x05\x54", old("Microsoft Works")),
            (&dbase, old("dBase")),
            (b"\x01\x02\0\xFF", NotASpreadsheet(FileKind::Unknown)),
            (&tar, NotASpreadsheet(FileKind::Archive)),
            (b"\x28\xB5\x2F\xFD\0", NotASpreadsheet(FileKind::Archive)),
            (b"\x04\x22\x4D\x18\0", NotASpreadsheet(FileKind::Archive)),
            (b"  -lh5-\0\0", NotASpreadsheet(FileKind::Archive)),
            (b"{\"a\":1,\n\"b\":2}", NotASpreadsheet(FileKind::Text)),
            (&late, NotASpreadsheet(FileKind::Unknown)),
            (b"\0\0\x02\0\x07\x10\0\0", old("Lotus 1-2-3 / Quattro Pro")),
        ];
        for (bytes, reason) in cases {
            let found = content(bytes, &Limits::default());
            assert_eq!(found, Err(reason), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
