//! The inbox: which files were returned. Never written to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A file of the inbox.
#[derive(Clone, Debug)]
pub struct InboxFile {
    /// Path relative to the inbox's folder of the period, with `/`.
    pub path: Arc<str>,
    /// Where it lies.
    pub source: PathBuf,
    /// Whether it is no return: a lock file, a hidden file, a file manager's own, the county's note.
    pub ignored: bool,
}

impl InboxFile {
    /// When it was last changed, where the system knows.
    pub fn modified(&self) -> Option<SystemTime> {
        fs::metadata(&self.source)
            .and_then(|found| found.modified())
            .ok()
    }
}

/// The file in which the county writes down what readers of a period must know.
pub(crate) const NOTE: &str = "说明.txt";

/// What the county wrote down about a period, if anything; in UTF-8, or GB 18030 as older editors keep it.
pub fn note(folder: &Path) -> io::Result<Option<String>> {
    let bytes = match fs::read(folder.join(NOTE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => encoding_rs::GB18030.decode(error.as_bytes()).0.into_owned(),
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Lists the files under `folder`, by path.
pub fn list(folder: &Path) -> io::Result<Vec<InboxFile>> {
    let mut files = Vec::new();
    walk(folder, "", false, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, hidden: bool, files: &mut Vec<InboxFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = format!("{prefix}{name}");
        let ignored = hidden || is_no_return(&name) || path == NOTE;
        // Links are followed to files, not to folders: a link to a folder above would never end.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), ignored, files)?;
        } else if !kind.is_symlink()
            || fs::metadata(entry.path()).is_ok_and(|target| target.is_file())
        {
            files.push(InboxFile {
                path: path.into(),
                source: entry.path(),
                ignored,
            });
        }
    }
    Ok(())
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
