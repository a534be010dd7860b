//! Packs parts that have been expanded and looked through once more, for calamine, which opens zip
//! files only. Nothing is compressed, so nothing is expanded twice.

use std::fmt::Display;
use std::io::{self, Cursor, Seek, SeekFrom, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Unreadable;

/// A zip file in the making.
pub(super) struct Repack {
    zip: ZipWriter<Growing>,
}

impl Repack {
    /// For parts out of a zip file of so many bytes.
    pub(super) fn new(packed: usize) -> Self {
        // Forms expand to six or eight times their size.
        let capacity = (packed * 8).min(1 << 20);
        Self {
            zip: ZipWriter::new(Growing(Cursor::new(Vec::with_capacity(capacity)))),
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
        let Growing(mut zip) = self.zip.finish().map_err(not_packed)?;
        zip.set_position(0);
        Ok(zip)
    }
}

/// Bytes that grow by what is written where that is much: doubled as usual, a large sheet would take its memory
/// three times.
struct Growing(Cursor<Vec<u8>>);

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let known = self.0.get_mut();
        if bytes.len() > known.len() / 2 {
            known.reserve_exact(bytes.len());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Growing {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.0.seek(place)
    }
}

fn not_packed(error: impl Display) -> Unreadable {
    Unreadable::damaged(format!("zip: {error}"))
}
