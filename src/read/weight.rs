//! How much reading a file takes, before it is read: its parts once they are expanded.

use memchr::memmem;

/// Deflate makes at most so many bytes of one.
pub(crate) const MOST_EXPANDED: u64 = 1_032;

/// Bytes of a file and of all that is packed in it, as far as it says so: how much memory it takes to read it goes with them. A
/// zip file that says less than it has is refused when it is read. What is encrypted says nothing, and weighs the most that can
/// be packed in it.
pub(crate) fn weight(bytes: &[u8]) -> u64 {
    let n_bytes = bytes.len() as u64;
    if is_encrypted(bytes) {
        return n_bytes.saturating_mul(MOST_EXPANDED);
    }
    n_bytes + expanded(bytes).unwrap_or_default()
}

/// Whether a file of streams names the one that an encrypted package is kept in. Its directory has 64 bytes for each, and
/// stands on sectors of a multiple of that.
fn is_encrypted(bytes: &[u8]) -> bool {
    let is_name = |entry: &[u8]| {
        let name = entry.get(..ENCRYPTED_PACKAGE.len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(ENCRYPTED_PACKAGE))
    };
    !bytes.starts_with(b"PK") && bytes.chunks(64).any(is_name)
}

const ENCRYPTED_PACKAGE: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// The sizes that the directory of a zip file states (APPNOTE 4.3.12 and 4.3.16).
fn expanded(bytes: &[u8]) -> Option<u64> {
    if !bytes.starts_with(b"PK") {
        return None;
    }
    // The end of the directory, and behind it a comment of no more than 65,535 bytes.
    let tail = bytes.len().saturating_sub(22 + 0xffff);
    let end = tail + memmem::rfind(&bytes[tail..], b"PK\x05\x06")?;
    let mut at = number(bytes, end + 16, 4)? as usize;
    let mut sum = 0u64;
    while bytes.get(at..at + 4)? == b"PK\x01\x02" {
        let [packed, size] = [20, 24].map(|field| number(bytes, at + field, 4));
        // Beyond four bytes the sizes stand elsewhere; what is so large is not weighed any further.
        sum += size?.min(packed?.saturating_mul(MOST_EXPANDED));
        let [name, extra, comment] = [28, 30, 32].map(|field| number(bytes, at + field, 2));
        at += 46 + (name? + extra? + comment?) as usize;
    }
    Some(sum)
}

fn number(bytes: &[u8], at: usize, n_bytes: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + n_bytes)?;
    let digits = bytes.iter().rev().map(|&byte| u64::from(byte));
    Some(digits.fold(0, |number, byte| number << 8 | byte))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn a_package_weighs_what_it_expands_to() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, n_bytes) in [("a.xml", 100_000), ("xl/b.xml", 23_456)] {
            zip.start_file(name, SimpleFileOptions::default())
                .expect("memory takes it");
            zip.write_all(&vec![b' '; n_bytes])
                .expect("memory takes it");
        }
        let bytes = zip.finish().expect("memory takes it").into_inner();
        assert_eq!(weight(&bytes), bytes.len() as u64 + 123_456);
        for end in 0..bytes.len() {
            // Cut anywhere, it weighs no less than it has, and says no more than it did.
            let cut = weight(&bytes[..end]);
            assert!((end as u64..=weight(&bytes)).contains(&cut), "{end}: {cut}");
        }
        assert_eq!(weight(b"PK\x05\x06"), 4);
    }

    #[test]
    fn an_encrypted_package_weighs_the_most_that_it_can_hold() {
        let name = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes);
        let start = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        let header = start.into_iter().chain([0; 504]);
        let bytes: Vec<u8> = header.chain(name).collect();
        assert_eq!(weight(&bytes), 544 * 1_032);
        assert_eq!(weight(&bytes[..543]), 543);
    }
}
