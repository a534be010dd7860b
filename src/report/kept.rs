//! What people put into an outbox or changed there: kept when a new one takes its place.
//!
//! `outbox/.2024-05.files` lists what this program wrote, each file with the SHA-256 of its bytes. A file of the
//! old outbox that is not on the list, or not as it was written, is somebody's work.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::hex;

/// Path under the outbox → hashes that this program wrote it with.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<String, Vec<String>>);

impl Written {
    /// Reads the list; `None` where there is none, as after an outbox was copied without it.
    pub(super) fn read(list: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(list) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut written = Self::default();
        for (hash, name) in text.lines().filter_map(|line| line.split_once("  ")) {
            written.add(name.to_owned(), hash.to_owned());
        }
        Ok(Some(written))
    }

    /// Adds a file with its hash.
    pub(super) fn add(&mut self, name: String, hash: String) {
        self.0.entry(name).or_default().push(hash);
    }

    /// The paths of all files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Writes the list, with what `other` lists as well.
    pub(super) fn write(&self, other: Option<&Self>, list: &Path) -> io::Result<()> {
        let entries = |written: &Self| -> Vec<String> {
            let names = written.0.iter();
            names
                .flat_map(|(name, hashes)| {
                    hashes.iter().map(move |hash| format!("{hash}  {name}\n"))
                })
                .collect()
        };
        let mut lines = entries(self);
        lines.extend(other.into_iter().flat_map(entries));
        lines.sort_unstable();
        lines.dedup();
        fs::write(list, lines.concat())
    }

    /// Whether a file lies there as this program wrote it.
    fn has(&self, name: &str, path: &Path) -> io::Result<bool> {
        match self.0.get(name) {
            Some(hashes) => Ok(hashes.contains(&hash(path)?)),
            None => Ok(false),
        }
    }
}

/// Puts what others left in `old` into `new` as well, and says where: under its own name, or beside the file that has
/// this name now.
pub(super) fn keep(old: &Path, new: &Path, written: Option<&Written>) -> io::Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    if !old.is_dir() {
        return Ok(kept);
    }
    for name in files_under(old)? {
        let from = old.join(&name);
        let is_ours = match written {
            Some(written) => written.has(&name, &from)?,
            // Without a list a name that is written again is taken for the same file.
            None => new.join(&name).exists() || name.starts_with("退回/"),
        };
        if is_ours {
            continue;
        }
        let to = free_name(new, &name);
        fs::create_dir_all(to.parent().unwrap_or(new))?;
        // Until the new outbox is in its place both have the file.
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
        }
        kept.push(to.strip_prefix(new).unwrap_or(&to).to_owned());
    }
    Ok(kept)
}

/// `汇总.xlsx`, or where that is taken `汇总（手工改动）.xlsx`, `汇总（手工改动2）.xlsx` …
fn free_name(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    if !path.exists() {
        return path;
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    // A file that was kept before keeps its mark.
    let stem = stem.strip_suffix("（手工改动）").unwrap_or(stem);
    let marked = |nth: usize| match nth {
        1 => folder.join(format!("{stem}（手工改动）{extension}")),
        nth => folder.join(format!("{stem}（手工改动{nth}）{extension}")),
    };
    let mut nth = 1;
    while marked(nth).exists() {
        nth += 1;
    }
    marked(nth)
}

/// Paths of all files under a folder, with `/`, sorted; without what programs leave beside open files.
fn files_under(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut todo = vec![String::new()];
    while let Some(prefix) = todo.pop() {
        for entry in fs::read_dir(folder.join(&prefix))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type()?.is_dir() {
                todo.push(format!("{prefix}{name}/"));
            } else if !name.starts_with("~$") && !name.starts_with('.') {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether a file of an outbox, `name` under the folder of its `period`, has the hash that this program wrote it with; also
/// where nothing is known of it, as of an outbox that was copied without its list.
#[cfg(feature = "consolidate")]
pub(crate) fn is_as_written(outbox: &Path, period: &str, name: &str, hash: &str) -> bool {
    let list = Written::read(&outbox.join(format!(".{period}.files")));
    let list = list.ok().flatten();
    let hashes = list.as_ref().and_then(|written| written.0.get(name));
    hashes.is_none_or(|hashes| hashes.iter().any(|known| known == hash))
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}
