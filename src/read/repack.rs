//! Packs parts that have been expanded and looked through once more, for calamine, which opens zip
//! files only. Nothing is compressed, so nothing is expanded twice.

use std::fmt::Display;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Unreadable;

/// A zip file in the making.
pub(super) struct Repack {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Repack {
    /// For parts out of a zip file of so many bytes.
    pub(super) fn new(packed: usize) -> Self {
        // Forms expand to six or eight times their size.
        let capacity = (packed * 8).min(1 << 20);
        Self {
            zip: ZipWriter::new(Cursor::new(Vec::with_capacity(capacity))),
        }
    }

    /// Adds a part; its content may be given in pieces.
    pub(super) fn add(&mut self, path: &str, content: &[&[u8]]) -> Result<(), Unreadable> {
        self.zip
            .start_file(
                path,
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
            )
            .map_err(not_packed)?;
        for piece in content {
            self.zip.write_all(piece).map_err(not_packed)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Cursor<Vec<u8>>, Unreadable> {
        let mut zip = self.zip.finish().map_err(not_packed)?;
        zip.set_position(0);
        Ok(zip)
    }
}

fn not_packed(error: impl Display) -> Unreadable {
    Unreadable::damaged(format!("zip: {error}"))
}
