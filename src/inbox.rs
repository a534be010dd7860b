//! The inbox: which files were returned. Never written to.
//!
//! Whatever lies there is listed with what became of it, and only regular files are opened: a pipe that nobody writes to
//! would be waited for forever. What cannot be looked into stands in the list as a file that was not read.
//!
//! Names are told as people read them. On Unix a name is any bytes: out of an archive made on a Chinese Windows they
//! are GBK. Names that look alike are kept apart by a mark, so a path means one file in everything that is written.

mod names;

use std::fs::{self, File, FileType, ReadDir};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::{NoCopy, Quantity, Unreadable};

pub use names::{keep_apart, readable};

/// A file of the inbox, or what lies there in the place of one.
#[derive(Clone, Debug)]
pub struct InboxFile {
    /// Path relative to the inbox's folder of the period, with `/`, as people read it; that of a folder ends in `/`.
    pub path: Arc<str>,
    /// Where it lies.
    pub source: PathBuf,
    /// Whether it is no return: a lock file, a hidden file, a file manager's own, the county's note.
    pub ignored: bool,
    /// Why it is not opened at all.
    pub refused: Option<Unreadable>,
}

/// What a file held when it was read.
#[derive(Debug)]
pub struct Content {
    /// All of it.
    pub bytes: Vec<u8>,
    /// When it was last changed, where the system knows.
    pub modified: Option<SystemTime>,
}

/// A file that is open, and was found to be one that can be read to its end.
#[derive(Debug)]
pub struct Opened {
    file: File,
    n_bytes: u64,
    modified: Option<SystemTime>,
    limit: usize,
}

impl InboxFile {
    /// A file that is to be read; `path` is how it is called.
    pub fn new(path: &str, source: &Path) -> Self {
        Self {
            path: path.into(),
            source: source.to_owned(),
            ignored: false,
            refused: None,
        }
    }

    /// What is named by itself, on a command line. Fails where there is nothing.
    pub fn named(path: &str, source: &Path) -> io::Result<Self> {
        let kind = fs::symlink_metadata(source)?.file_type();
        Ok(Self {
            refused: refused(source, kind),
            ..Self::new(path, source)
        })
    }

    /// A folder that could not be listed.
    pub fn unlisted(path: &str, source: &Path, error: &io::Error) -> Self {
        let refused = Unreadable::FolderNotOpened {
            kind: error.kind(),
            detail: error.to_string(),
        };
        Self {
            refused: Some(refused),
            ..Self::new(&format!("{}/", path.trim_end_matches('/')), source)
        }
    }

    /// Whether it is what the county wrote down about the period.
    pub fn is_note(&self) -> bool {
        &*self.path == NOTE
    }

    /// Opens it, if it is a regular file of no more than `limit` bytes. Nothing of it is read yet.
    pub fn open(&self, limit: usize) -> Result<Opened, Unreadable> {
        if let Some(reason) = &self.refused {
            return Err(reason.clone());
        }
        let file = open(&self.source).map_err(|error| not_opened(&error))?;
        let found = file.metadata().map_err(|error| not_opened(&error))?;
        // It may be another thing by now than it was when it was listed.
        if !found.is_file() {
            return Err(Unreadable::NotAFile);
        }
        if found.len() > limit as u64 {
            return Err(Unreadable::too_large(Quantity::FileBytes, limit));
        }
        Ok(Opened {
            n_bytes: found.len(),
            modified: found.modified().ok(),
            file,
            limit,
        })
    }

    /// Reads the whole of it, likewise.
    pub fn read(&self, limit: usize) -> Result<Content, Unreadable> {
        self.open(limit)?.read()
    }

    /// Reads once more what was read before, for a copy of it. It may have become something else since.
    pub fn read_again(&self, limit: usize) -> Result<Vec<u8>, NoCopy> {
        match self.read(limit) {
            Ok(content) => Ok(content.bytes),
            Err(Unreadable::Vanished) => Err(NoCopy::NotOpened(ErrorKind::NotFound)),
            Err(Unreadable::NotAFile | Unreadable::TooLarge { .. }) => Err(NoCopy::Changed),
            Err(why) => Err(NoCopy::Unreadable(why)),
        }
    }
}

impl Opened {
    /// How many bytes it had when it was opened.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Reads the whole of it, unless it has grown beyond its limit.
    pub fn read(self) -> Result<Content, Unreadable> {
        // One more shows at once that there are no more.
        let mut bytes = Vec::with_capacity(self.n_bytes as usize + 1);
        let mut limited = self.file.take(self.limit as u64 + 1);
        (limited.read_to_end(&mut bytes)).map_err(|error| not_opened(&error))?;
        if bytes.len() > self.limit {
            return Err(Unreadable::too_large(Quantity::FileBytes, self.limit));
        }
        Ok(Content {
            bytes,
            modified: self.modified,
        })
    }
}

/// Opens a file without waiting for whoever should write to it, should it be a pipe by now.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

fn not_opened(error: &io::Error) -> Unreadable {
    match error.kind() {
        ErrorKind::NotFound => Unreadable::Vanished,
        _ if is_circle(error) => Unreadable::DanglingLink,
        kind => Unreadable::NotOpened {
            kind,
            detail: error.to_string(),
        },
    }
}

/// Whether links lead to each other and to no file.
fn is_circle(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return false;
}

/// The file in which the county writes down what readers of a period must know.
const NOTE: &str = "说明.txt";

/// The most that a note may have; a cell of a workbook holds a tenth of it.
const NOTE_BYTES: usize = 1 << 20;

/// What the county wrote down about a period, if anything. A note that cannot be read is from then on one of the `files`
/// that could not be, so that it is told like any other.
pub fn note(files: &mut [InboxFile]) -> Option<String> {
    let note = files.iter_mut().find(|file| file.is_note())?;
    let read = note.read(NOTE_BYTES);
    match read.and_then(|content| decoded(&content.bytes).ok_or(Unreadable::UnknownEncoding)) {
        Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Err(reason) => {
            note.ignored = false;
            note.refused = Some(reason);
            None
        }
    }
}

/// A text as editors on Windows keep it: in UTF-8, in UTF-16, or in GB 18030 as older ones do.
fn decoded(bytes: &[u8]) -> Option<String> {
    use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
    let in_encoding = |encoding: &'static Encoding, bytes: &[u8]| {
        let (text, is_wrong) = encoding.decode_without_bom_handling(bytes);
        // No text has it.
        (!is_wrong && !text.contains('\0')).then(|| text.into_owned())
    };
    if let Some((encoding, n_bytes)) = Encoding::for_bom(bytes) {
        return in_encoding(encoding, &bytes[n_bytes..]);
    }
    // In UTF-16 one of the two bytes of a blank, a figure or a line end is zero; of few other characters.
    let (even, odd): (Vec<usize>, Vec<usize>) =
        memchr::memchr_iter(0, bytes).partition(|at| at % 2 == 0);
    let of_zeros = match even.len() > odd.len() {
        true => UTF_16BE,
        false => UTF_16LE,
    };
    [UTF_8, GB18030, of_zeros]
        .into_iter()
        .find_map(|encoding| in_encoding(encoding, bytes))
}

/// Lists what is under `folder`, by path. Fails only where the folder itself cannot be listed.
pub fn list(folder: &Path) -> io::Result<Vec<InboxFile>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder)?;
    walk(folder, entries, "", false, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, entries: ReadDir, prefix: &str, hidden: bool, files: &mut Vec<InboxFile>) {
    let mut found = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => found.push((entry.file_name(), entry.file_type())),
            // The rest of it is not known.
            Err(error) => {
                let path = if prefix.is_empty() { "." } else { prefix };
                files.push(InboxFile::unlisted(path, folder, &error));
                break;
            }
        }
    }
    let all = names::distinct(&mut found, |(name, _)| name);
    for (name, (raw, kind)) in all.into_iter().zip(found) {
        let path = format!("{prefix}{name}");
        let mut file = InboxFile {
            ignored: hidden || is_no_return(&name),
            ..InboxFile::new(&path, &folder.join(raw))
        };
        match kind {
            Ok(kind) if kind.is_dir() => {
                if file.is_note() {
                    // Returns may lie in it all the same.
                    let refused = Some(Unreadable::NotAFile);
                    files.push(InboxFile {
                        refused,
                        ..file.clone()
                    });
                }
                match fs::read_dir(&file.source) {
                    Ok(entries) => {
                        let prefix = format!("{path}/");
                        walk(&file.source, entries, &prefix, file.ignored, files);
                    }
                    Err(error) => files.push(InboxFile {
                        ignored: file.ignored,
                        ..InboxFile::unlisted(&path, &file.source, &error)
                    }),
                }
                continue;
            }
            Ok(kind) => file.refused = refused(&file.source, kind),
            Err(error) => file.refused = Some(not_opened(&error)),
        }
        // A note is no return; one that cannot be read is said.
        file.ignored |= file.is_note() && file.refused.is_none();
        files.push(file);
    }
}

/// Why something is not opened, by what kind of thing it is. Links are followed to files, not to folders: a link
/// to a folder above would never end.
fn refused(path: &Path, kind: FileType) -> Option<Unreadable> {
    if kind.is_file() {
        return None;
    }
    if !kind.is_symlink() {
        return Some(Unreadable::NotAFile);
    }
    match fs::metadata(path) {
        Ok(target) if target.is_file() => None,
        Ok(target) if target.is_dir() => Some(Unreadable::LinkToFolder),
        Ok(_) => Some(Unreadable::NotAFile),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(Unreadable::DanglingLink),
        Err(error) => Some(not_opened(&error)),
    }
}

/// What office programs and file managers leave behind.
fn is_no_return(name: &str) -> bool {
    name.starts_with("~$")
        || name.starts_with(".~")
        || name.starts_with('.')
        || matches!(
            name.to_ascii_lowercase().as_str(),
            "thumbs.db" | "desktop.ini"
        )
        || name.ends_with(".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes as Notepad, WPS and older editors save 一、补报。 followed by a line end and 5月.
    #[test]
    fn a_note_is_read_in_the_encodings_that_editors_write() {
        let text = "一、补报。\r\n5月";
        let utf_16 = |bytes_of: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes_of).collect()
        };
        let little = utf_16(u16::to_le_bytes);
        let big = utf_16(u16::to_be_bytes);
        let gbk = b"\xd2\xbb\xa1\xa2\xb2\xb9\xb1\xa8\xa1\xa3\r\n5\xd4\xc2";
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(b"\xef\xbb\xbf", text.as_bytes()),
            marked(b"\xff\xfe", &little),
            marked(b"\xfe\xff", &big),
            little,
            big,
            gbk.to_vec(),
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Some(text), "{bytes:02x?}");
        }
        assert_eq!(decoded(b"\xd0\xcf\x11\xe0\xff\xff\xff"), None);
        assert_eq!(decoded(b"PK\x03\x04\0\0\0"), None);
    }
}
