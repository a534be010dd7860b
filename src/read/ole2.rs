//! Files of streams, as Office wrote before 2007 and still writes around encrypted files ([MS-CFB]).
//!
//! Read here because a strict reader refuses what libraries for the web write and Excel opens: an
//! allocation table with entries beyond the end of the file.

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
        };
        file.read_table();
        let directory = file.chain(number(bytes, 48))?;
        let (entries, _) = directory.as_chunks::<128>();
        let Some(root) = entries.first() else {
            return Err(Unreadable::damaged("OLE2: the directory is empty"));
        };
        // Older writers leave these out where there are no small streams.
        file.next_small = file.chain(number(bytes, 60)).map_or(Vec::new(), |table| {
            table
                .as_chunks()
                .0
                .iter()
                .map(|&n| u32::from_le_bytes(n))
                .collect()
        });
        file.small_sectors = file.chain(number(root, 116)).unwrap_or_default();
        file.streams = streams(entries);
        Ok(file)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// The content of a stream of the root.
    pub(super) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(entry) = self.entry(name) else {
            return Ok(None);
        };
        let mut content = if entry.length < self.small_below {
            follow(&self.next_small, entry.start, |idx| {
                self.small_sectors
                    .get(idx * SMALL_SECTOR..(idx + 1) * SMALL_SECTOR)
            })?
        } else {
            self.chain(entry.start)?
        };
        if content.len() < entry.length as usize {
            return Err(Unreadable::truncated(format!("OLE2: stream {name}")));
        }
        content.truncate(entry.length as usize);
        Ok(Some(content))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.streams
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The sector of a number; the last one may have been cut.
    fn sector(&self, idx: usize) -> Option<&'b [u8]> {
        let start = (idx + 1) * self.sector;
        let end = self.bytes.len().min(start + self.sector);
        self.bytes
            .get(start..end)
            .filter(|sector| !sector.is_empty())
    }

    fn chain(&self, start: u32) -> Result<Vec<u8>, Unreadable> {
        follow(&self.next, start, |idx| self.sector(idx))
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
        for idx in listed.into_iter().filter(|&idx| idx < FIRST_MARK) {
            if let Some(sector) = self.sector(idx as usize) {
                let entries = sector.as_chunks().0;
                self.next
                    .extend(entries.iter().map(|&n| u32::from_le_bytes(n)));
            }
            // What lies beyond the end of the file belongs to nothing.
            if self.next.len() > sectors {
                break;
            }
        }
    }
}

/// The sectors from `start` on, one behind the other.
fn follow<'a>(
    next: &[u32],
    start: u32,
    sector: impl Fn(usize) -> Option<&'a [u8]>,
) -> Result<Vec<u8>, Unreadable> {
    let mut content = Vec::new();
    let mut idx = start;
    let mut steps = 0;
    while idx < FIRST_MARK {
        let (Some(bytes), Some(&following)) = (sector(idx as usize), next.get(idx as usize)) else {
            return Err(Unreadable::truncated(format!(
                "OLE2: sector {idx} is missing"
            )));
        };
        content.extend_from_slice(bytes);
        steps += 1;
        if steps > next.len() {
            return Err(Unreadable::damaged("OLE2: sectors in a circle"));
        }
        idx = following;
    }
    Ok(content)
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
