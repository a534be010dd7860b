//! What the fuzz targets share: files built from a fuzzer's bytes, and what must hold of everything that was read.
//!
//! Plain bytes would hardly ever pass the layer of a zip or OLE file, so a target takes its bytes as the
//! *parts* of a file, and builds the file around them ([`Sections`], [`packages`], [`streams`]). Where a
//! reader takes texts, they are lines and cells of a [`grid`].

pub mod forms;
pub mod grid;
pub mod packages;
pub mod scheme;
pub mod sound;
pub mod streams;

use hebiao::read::Limits;

/// Stands between the sections of an input. In UTF-8 no such bytes occur, in binary parts hardly ever.
pub const SEPARATOR: &[u8] = b"\xFF\xFE\xFD\xFC";

/// The sections of an input: each is for what its first byte selects, `0` to `9` and on.
pub struct Sections<'d>(Vec<&'d [u8]>);

impl<'d> Sections<'d> {
    /// Cuts an input.
    pub fn of(data: &'d [u8]) -> Self {
        let mut sections = Vec::new();
        let mut rest = data;
        while let Some(at) = rest
            .windows(SEPARATOR.len())
            .position(|bytes| bytes == SEPARATOR)
        {
            sections.push(&rest[..at]);
            rest = &rest[at + SEPARATOR.len()..];
        }
        sections.push(rest);
        Self(sections)
    }

    /// Each section with what it selects of `n` things.
    pub fn selected(&self, n: usize) -> impl Iterator<Item = (usize, &'d [u8])> + '_ {
        self.0.iter().filter_map(move |section| {
            let (selector, content) = section.split_first()?;
            Some((usize::from(selector.wrapping_sub(b'0')) % n, content))
        })
    }

    /// Whether an input of these sections is to be packed: the seeds are not, since a fuzzer changes what
    /// it can see through.
    pub fn packed(&self) -> bool {
        self.0.len().is_multiple_of(5)
    }
}

/// An input of these sections.
pub fn joined(sections: &[(usize, &[u8])]) -> Vec<u8> {
    let mut joined = Vec::new();
    for (idx, (selector, content)) in sections.iter().enumerate() {
        if idx > 0 {
            joined.extend(SEPARATOR);
        }
        joined.push(b'0' + u8::try_from(*selector).expect("few sections"));
        joined.extend(*content);
    }
    joined
}

/// Small limits, so that a breach of one costs little and is soon found.
pub fn limits() -> Limits {
    Limits {
        file_bytes: 4 << 20,
        entries: 200,
        expanded_bytes: 4 << 20,
        sheets: 20,
        shared_strings: 5_000,
        cells: 20_000,
        merges: 500,
        text_bytes: 1 << 20,
        shared_text_bytes: 1 << 20,
        ..Limits::default()
    }
}
