//! Files of streams, as Office wrote before 2007 and still writes around encrypted files ([MS-CFB]).
//!
//! Read here because the `cfb` crate refuses, in its permissive mode as well, what libraries for the web write and
//! Excel opens: an allocation table with entries beyond the end of the file. It also refuses a whole file for one
//! sector that two chains name.

use super::Unreadable;

/// Sector numbers from here on are not sectors but marks.
const FIRST_MARK: u32 = 0xFFFF_FFFA;

/// Sectors as small as this hold the small streams.
const SMALL_SECTOR: usize = 64;

/// A file of streams.
pub(super) struct Ole2<'b> {
    bytes: &'b [u8],
    sector: usize,
    /// The sector that follows each sector.
    next: Vec<u32>,
    /// The same for the small sectors.
    next_small: Vec<u32>,
    small_sectors: Vec<u8>,
    /// Streams shorter than this are in small sectors.
    small_below: u32,
    /// Of the root, not of what is embedded.
    streams: Vec<Entry>,
    /// The end of the file seems to be missing.
    is_cut: bool,
}

struct Entry {
    name: String,
    start: u32,
    length: u32,
}

impl<'b> Ole2<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, Unreadable> {
        if bytes.len() < 1536 {
            return Err(Unreadable::truncated("OLE2: no room for a directory"));
        }
        let sector = match bytes[30] {
            12 => 4096,
            _ => 512,
        };
        let mut file = Self {
            bytes,
            sector,
            next: Vec::new(),
            next_small: Vec::new(),
            small_sectors: Vec::new(),
            small_below: number(bytes, 56).min(1 << 16),
            streams: Vec::new(),
            is_cut: false,
        };
        file.read_table();
        let directory = file.chain(number(bytes, 48), usize::MAX);
        let (entries, _) = directory.content.as_chunks::<128>();
        let Some(root) = entries.first() else {
            let reason = Unreadable::damaged("OLE2: the directory is empty");
            return Err(directory.broken.unwrap_or(reason));
        };
        // Older writers leave these out where there are no small streams.
        let table = file.chain(number(bytes, 60), usize::MAX).content;
        let table = table.as_chunks().0.iter();
        file.next_small = table.map(|&n| u32::from_le_bytes(n)).collect();
        file.small_sectors = file.chain(number(root, 116), usize::MAX).content;
        file.streams = streams(entries);
        let whole_sectors = bytes.len().is_multiple_of(512);
        file.is_cut |= directory.broken.is_some() || !whole_sectors;
        Ok(file)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// A stream that is not found may be one that was lost.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The content of a stream of the root.
    pub(super) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(entry) = self.entry(name) else {
            return Ok(None);
        };
        let length = entry.length as usize;
        let chain = if entry.length < self.small_below {
            follow(&self.next_small, entry.start, length, |idx| {
                piece(&self.small_sectors, idx, SMALL_SECTOR)
            })
        } else {
            self.chain(entry.start, length)
        };
        let mut content = chain.content;
        if content.len() < length {
            let reason = || Unreadable::truncated(format!("OLE2: stream {name}"));
            return Err(chain.broken.unwrap_or_else(reason));
        }
        content.truncate(length);
        Ok(Some(content))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.streams
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The sector of a number; before the first stands the header.
    fn sector(&self, idx: usize) -> Option<&'b [u8]> {
        piece(self.bytes, idx.checked_add(1)?, self.sector)
    }

    fn chain(&self, start: u32, wanted: usize) -> Chain {
        follow(&self.next, start, wanted, |idx| self.sector(idx))
    }

    /// The allocation table, whose own sectors are listed in the header and in sectors of their own.
    fn read_table(&mut self) {
        let sectors = self.bytes.len() / self.sector;
        let mut listed: Vec<u32> = (0..109)
            .map(|idx| number(self.bytes, 76 + 4 * idx))
            .collect();
        let mut list = number(self.bytes, 68);
        while let Some(sector) = self.sector(list as usize).filter(|_| list < FIRST_MARK) {
            let Some(last) = (sector.len() / 4).checked_sub(1) else {
                break;
            };
            listed.extend((0..last).map(|idx| number(sector, 4 * idx)));
            list = number(sector, 4 * last);
            // More would be a circle.
            if listed.len() > sectors + 109 {
                break;
            }
        }
        let n_entries = self.sector / 4;
        for idx in listed.into_iter().filter(|&idx| idx < FIRST_MARK) {
            let sector = self.sector(idx as usize).unwrap_or_default();
            self.is_cut |= sector.len() < self.sector;
            let entries = sector.as_chunks().0.iter();
            let entries = entries.map(|&n| u32::from_le_bytes(n));
            // What is missing must not shift what follows.
            let missing = std::iter::repeat(u32::MAX);
            self.next.extend(entries.chain(missing).take(n_entries));
            // What lies beyond the end of the file belongs to nothing.
            if self.next.len() > sectors {
                break;
            }
        }
    }
}

/// A piece by its number, of pieces of one size; the last one may have been cut.
fn piece(bytes: &[u8], idx: usize, size: usize) -> Option<&[u8]> {
    let rest = bytes.get(idx.checked_mul(size)?..)?;
    let piece = &rest[..rest.len().min(size)];
    (!piece.is_empty()).then_some(piece)
}

/// The sectors of a stream, one behind the other.
struct Chain {
    content: Vec<u8>,
    /// Why it does not go on.
    broken: Option<Unreadable>,
}

/// Follows a chain from `start` on until it ends, or as many bytes as are `wanted` are there: what it names
/// beyond them belongs to nothing, and may not be in the file.
fn follow<'a>(
    next: &[u32],
    start: u32,
    wanted: usize,
    sector: impl Fn(usize) -> Option<&'a [u8]>,
) -> Chain {
    let mut content = Vec::new();
    let mut idx = start;
    let mut steps = 0;
    let mut broken = None;
    while idx < FIRST_MARK && content.len() < wanted {
        let (Some(bytes), Some(&following)) = (sector(idx as usize), next.get(idx as usize)) else {
            let reason = Unreadable::truncated(format!("OLE2: sector {idx} is missing"));
            broken = Some(reason);
            break;
        };
        content.extend_from_slice(bytes);
        steps += 1;
        if steps > next.len() {
            broken = Some(Unreadable::damaged("OLE2: sectors in a circle"));
            break;
        }
        idx = following;
    }
    Chain { content, broken }
}

/// The streams below the root. The entries of a folder are a tree of left and right neighbours.
fn streams(entries: &[[u8; 128]]) -> Vec<Entry> {
    const STREAM: u8 = 2;
    let mut streams = Vec::new();
    let mut seen = vec![false; entries.len()];
    let mut due = vec![number(&entries[0], 76)];
    while let Some(idx) = due.pop() {
        let idx = idx as usize;
        let (Some(entry), Some(seen)) = (entries.get(idx), seen.get_mut(idx)) else {
            continue;
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        due.extend([number(entry, 68), number(entry, 72)]);
        if entry[66] == STREAM {
            let length = usize::from(entry[64]).saturating_sub(2).min(62);
            let units = entry[..length].as_chunks().0.iter();
            let units: Vec<u16> = units.map(|&unit| u16::from_le_bytes(unit)).collect();
            streams.push(Entry {
                name: String::from_utf16_lossy(&units),
                start: number(entry, 116),
                length: number(entry, 120),
            });
        }
    }
    streams
}

/// The number at `at`, which is inside.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sector numbers of four bytes times the size of a sector are more than an address of four bytes can tell.
    #[test]
    fn pieces_beyond_all_addresses_are_none() {
        let bytes = [7; 100];
        assert_eq!(piece(&bytes, 0, 64), Some(&[7; 64][..]));
        assert_eq!(piece(&bytes, 1, 64), Some(&[7; 36][..]));
        for beyond in [2, usize::MAX / 64, usize::MAX / 64 + 1, usize::MAX] {
            assert_eq!(piece(&bytes, beyond, 64), None);
        }
    }
}
