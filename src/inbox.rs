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
    /// Whether it is no return: a lock file, a hidden file, a file manager's own.
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
        let ignored = hidden || is_no_return(&name);
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
