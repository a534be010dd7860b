//! Large parts of packages, expanded piece by piece: a sheet of millions of cells takes more memory as text than
//! its cells do.

use std::io::{Cursor, Read};

use memchr::{memmem, memrchr};
use zip::read::ZipFile;

use super::budget::Budget;
use super::{Quantity, Unreadable};

/// Bytes that are expanded at a time.
const STEP: usize = 1 << 20;

/// A part that is being expanded.
pub(super) struct Pieces<'z, 'b> {
    path: &'z str,
    part: ZipFile<'z, Cursor<&'b [u8]>>,
    /// Expanded and not yet given out, from `start` on.
    bytes: Vec<u8>,
    start: usize,
    is_done: bool,
}

impl<'z, 'b> Pieces<'z, 'b> {
    pub(super) fn new(path: &'z str, part: ZipFile<'z, Cursor<&'b [u8]>>) -> Self {
        Self {
            path,
            part,
            bytes: Vec::with_capacity(2 * STEP),
            start: 0,
            is_done: false,
        }
    }

    /// Up to and with the first tag of an element that begins so; nothing where it is not near the start.
    pub(super) fn head(
        &mut self,
        tag: &str,
        budget: &mut Budget,
    ) -> Result<Option<&str>, Unreadable> {
        const LONGEST: usize = 4 << 20;
        loop {
            let bytes = &self.bytes[self.start..];
            if let Some(at) = memmem::find(bytes, tag.as_bytes())
                && let Some(end) = memchr::memchr(b'>', &bytes[at..])
            {
                return Ok(self.take(at + end + 1));
            }
            if self.is_done || bytes.len() > LONGEST {
                return Ok(None);
            }
            self.more(budget)?;
        }
    }

    /// What stands before the last tag that begins so, or up to and with `end`, where that comes first. Nothing
    /// where it is no text.
    pub(super) fn until_last(
        &mut self,
        tag: &str,
        end: &str,
        budget: &mut Budget,
    ) -> Result<Option<&str>, Unreadable> {
        // Longer than the longest row that a spreadsheet program writes.
        const LONGEST: usize = 16 << 20;
        loop {
            let bytes = &self.bytes[self.start..];
            if let Some(at) = memmem::find(bytes, end.as_bytes()) {
                return Ok(self.take(at + end.len()));
            }
            if bytes.len() >= STEP
                && let Some(at) = memmem::rfind(bytes, tag.as_bytes()).filter(|at| *at > 0)
            {
                return Ok(self.take(at));
            }
            if self.is_done || bytes.len() > LONGEST {
                return Ok(None);
            }
            self.more(budget)?;
        }
    }

    /// Everything that is left; nothing where it is no text.
    pub(super) fn rest(&mut self, budget: &mut Budget) -> Result<Option<&str>, Unreadable> {
        // Merged regions, conditional formats, validations.
        const LONGEST: usize = 32 << 20;
        while !self.is_done {
            self.more(budget)?;
            if self.bytes.len() > LONGEST {
                return Err(Unreadable::too_large(Quantity::ExpandedBytes, LONGEST));
            }
        }
        Ok(self.take(self.bytes.len() - self.start))
    }

    /// The whole part, said to be of so many bytes.
    pub(super) fn whole(
        mut self,
        length: usize,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, Unreadable> {
        self.bytes
            .reserve_exact(length.min(budget.expandable()) + 2 * STEP);
        while !self.is_done {
            self.more(budget)?;
        }
        Ok(self.bytes)
    }

    fn take(&mut self, length: usize) -> Option<&str> {
        let start = self.start;
        self.start += length;
        std::str::from_utf8(&self.bytes[start..self.start]).ok()
    }

    /// Expands a little more.
    fn more(&mut self, budget: &mut Budget) -> Result<(), Unreadable> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let before = self.bytes.len();
        let step = STEP.min(budget.expandable() + 1);
        self.bytes.reserve(step);
        let read = (self.part.by_ref().take(step as u64)).read_to_end(&mut self.bytes);
        let read =
            read.map_err(|error| Unreadable::damaged(format!("zip: {}: {error}", self.path)))?;
        budget.take_expanded(read)?;
        self.is_done = read < step;
        check_texts(&self.bytes, before, budget)
    }
}

/// Refuses what has too much text in one place: it would be copied as a whole at every stage. What stands before
/// `from` has been looked through.
fn check_texts(bytes: &[u8], from: usize, budget: &Budget) -> Result<(), Unreadable> {
    let limit = budget.limits.one_text_bytes;
    let tag_before = memrchr(b'<', &bytes[..from]).unwrap_or(0);
    let tags = memchr::memchr_iter(b'<', &bytes[from..]).map(|at| from + at);
    let mut last = tag_before;
    for at in tags.chain([bytes.len()]) {
        if at - last > limit {
            return Err(Unreadable::too_large(Quantity::OneTextBytes, limit));
        }
        last = at;
    }
    Ok(())
}
