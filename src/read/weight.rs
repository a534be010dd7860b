//! How much reading a file takes, before it is read: its parts once they are expanded.

use memchr::memmem;
use rayon::prelude::*;

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

/// Bytes that may be worked on at a time, with all that is packed in them; the work takes some times as much memory.
const IN_FLIGHT: u64 = 128 << 20;

/// Does the work on files on all cores, and gives what came of it in their order. `work` gives the weight of a file that
/// weighs more than it may, and does nothing with it then.
///
/// As many are worked on at a time as there are cores, each with its share of [`IN_FLIGHT`]. What is heavier comes when they
/// are through, as many at a time as that allows. So nobody waits for memory while holding some.
pub(crate) fn by_weight<F: Sync, T: Send>(
    files: &[F],
    work: impl Fn(&F, u64) -> Result<T, u64> + Sync,
) -> Vec<T> {
    let share = IN_FLIGHT / rayon::current_num_threads().max(1) as u64;
    // One at a time, so that all cores have work until the last file.
    let first = files.par_iter().with_max_len(1);
    let mut found: Vec<Result<T, u64>> = first.map(|file| work(file, share)).collect();
    let heavy: Vec<(usize, u64)> = (found.iter().enumerate())
        .filter_map(|(idx, done)| Some((idx, done.as_ref().err().copied()?)))
        .collect();
    for group in groups(&heavy) {
        let done: Vec<_> = (group.par_iter().with_max_len(1))
            .map(|(idx, _)| (*idx, work(&files[*idx], u64::MAX)))
            .collect();
        done.into_iter().for_each(|(idx, done)| found[idx] = done);
    }
    // No file is heavier than there are numbers.
    found.into_iter().filter_map(Result::ok).collect()
}

/// Files in their order, in groups that weigh no more together than may be worked on at a time; what weighs more by itself
/// is alone.
fn groups(heavy: &[(usize, u64)]) -> Vec<&[(usize, u64)]> {
    let mut groups = Vec::new();
    let mut rest = heavy;
    while !rest.is_empty() {
        let mut sum = 0u64;
        let fits = |(_, weight): &&(usize, u64)| {
            sum = sum.saturating_add(*weight);
            sum <= IN_FLIGHT
        };
        let n = rest.iter().take_while(fits).count().max(1);
        let (group, left) = rest.split_at(n);
        groups.push(group);
        rest = left;
    }
    groups
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

    #[test]
    fn heavy_files_are_read_together_as_far_as_memory_allows() {
        let half = IN_FLIGHT / 2;
        let grouped = |weights: &[u64]| -> Vec<usize> {
            let heavy: Vec<_> = weights.iter().copied().enumerate().collect();
            groups(&heavy).iter().map(|group| group.len()).collect()
        };
        assert_eq!(grouped(&[]), [0; 0]);
        assert_eq!(grouped(&[half, half, half]), [2, 1]);
        assert_eq!(grouped(&[u64::MAX, u64::MAX, 1, half, half]), [1, 1, 2, 1]);
    }
}
