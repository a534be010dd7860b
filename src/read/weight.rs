//! How much reading a file takes, before it is read: its parts once they are expanded.

use memchr::memmem;

/// Deflate makes at most so many bytes of one.
pub(crate) const MOST_EXPANDED: u64 = 1_032;

/// Bytes of a file and of all that is packed in it, as far as it says so: how much memory it takes to read it goes with them. A
/// zip file that says less than it has is refused when it is read.
pub(crate) fn weight(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + expanded(bytes).unwrap_or_default()
}

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
}
