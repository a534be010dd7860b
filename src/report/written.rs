//! The list of what this program wrote into an outbox, so that what others put there is kept.
//!
//! It lies in the outbox itself, as `.files.json`: one step puts both in their place, and whoever copies the folder
//! copies the list. Earlier versions kept it beside the folder, as `outbox/.2024-05.files`; such a list is still read, but
//! may be cut short or older than the folder, so what it lacks is judged by other evidence.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::hex;

/// Where an outbox keeps the scheme that it was made with.
pub const SCHEME_FOLDER: &str = "报表制度";

/// The list's name in its outbox.
pub(super) const LIST: &str = ".files.json";

/// Longer than any list: a file of this name may be somebody's.
const LONGEST: u64 = 64 << 20;

/// Path under the outbox, with `/`, → hashes that this program wrote it with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    files: BTreeMap<String, Vec<String>>,
    /// Whether a file that is not on it was surely written by somebody else.
    pub(super) is_sure: bool,
}

/// The list as it is written.
#[derive(Deserialize, Serialize)]
struct ListFile {
    /// Path → SHA-256 in hexadecimal.
    files: BTreeMap<String, String>,
}

impl Written {
    /// The list of `outbox/<period>`; `None` where there is none that can be read, as after an outbox was copied
    /// without it.
    pub fn of(outbox: &Path, period: &str) -> Option<Self> {
        Self::inside(&outbox.join(period)).or_else(|| Self::beside(&beside(outbox, period)))
    }

    /// The list that lies in an outbox's folder.
    pub(super) fn inside(folder: &Path) -> Option<Self> {
        let text = read_text(&folder.join(LIST))?;
        let list: ListFile = serde_json::from_str(&text).ok()?;
        let files = list.files.into_iter();
        let files: BTreeMap<_, _> = files.map(|(name, hash)| (name, vec![hash])).collect();
        let is_sure = true;
        (!files.is_empty()).then_some(Self { files, is_sure })
    }

    /// The list of an earlier version: `hash  name` in every line.
    pub(super) fn beside(path: &Path) -> Option<Self> {
        let mut written = Self::default();
        let text = read_text(path)?;
        // What follows the last line break was cut off.
        let (lines, _) = text.rsplit_once('\n')?;
        for (hash, name) in lines.lines().filter_map(|line| line.split_once("  ")) {
            written.add(name.to_owned(), hash.to_owned());
        }
        (!written.files.is_empty()).then_some(written)
    }

    /// Adds a file with its hash.
    pub(super) fn add(&mut self, name: String, hash: String) {
        self.files.entry(name).or_default().push(hash);
    }

    /// The paths of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether this program wrote a file with this hash under this path.
    pub fn has(&self, name: &str, hash: &str) -> bool {
        let hashes = self.files.get(name);
        hashes.is_some_and(|hashes| hashes.iter().any(|known| known == hash))
    }

    /// Whether this program wrote a file under this path.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The list as text, the same for the same files.
    pub(super) fn text(&self) -> String {
        let last = |hashes: &Vec<String>| hashes.last().cloned().unwrap_or_default();
        let files = self.files.iter();
        let files = files
            .map(|(name, hashes)| (name.clone(), last(hashes)))
            .collect();
        // Texts under texts are always written.
        let text = serde_json::to_string_pretty(&ListFile { files }).unwrap_or_default();
        text + "\n"
    }
}

/// Where earlier versions kept the list.
pub(super) fn beside(outbox: &Path, period: &str) -> PathBuf {
    outbox.join(format!(".{period}.files"))
}

/// A text that is a plain file of a sensible length.
fn read_text(path: &Path) -> Option<String> {
    let is_plain = |found: &fs::Metadata| found.is_file() && found.len() <= LONGEST;
    fs::metadata(path).ok().filter(is_plain)?;
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// SHA-256 of a file's bytes, in hexadecimal.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test alone, empty.
    fn folder(test: &str) -> PathBuf {
        let name = format!("hebiao-written-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("plan")).expect("a temporary folder");
        folder
    }

    #[test]
    fn a_list_that_was_cut_short_is_no_list() {
        let outbox = folder("cut");
        let mut written = Written::default();
        written.add("a".into(), "01".into());
        written.add("退回/甲镇/b\n\".xlsx".into(), "02".into());
        let text = written.text();
        for end in text.char_indices().map(|(end, _)| end) {
            fs::write(outbox.join("plan").join(LIST), &text[..end]).expect("a file");
            let read = Written::of(&outbox, "plan");
            // Only the line break at the end is not missed.
            assert_eq!(read.is_some(), end == text.len() - 1, "{end}");
        }
        fs::write(outbox.join("plan").join(LIST), &text).expect("a file");
        let read = Written::of(&outbox, "plan").expect("it is whole");
        assert!(read.is_sure && read.has("退回/甲镇/b\n\".xlsx", "02") && !read.has("a", "02"));
        fs::remove_dir_all(outbox).expect("it is there");
    }

    #[test]
    fn a_list_of_an_earlier_version_is_read_as_far_as_it_goes() {
        let outbox = folder("beside");
        let list = beside(&outbox, "plan");
        for empty in ["", "\n", "01  a"] {
            fs::write(&list, empty).expect("a file");
            assert_eq!(Written::of(&outbox, "plan"), None, "{empty:?}");
        }
        fs::write(&list, "01  a\n02  a\n03  b b\n04  c").expect("a file");
        let read = Written::of(&outbox, "plan").expect("three lines");
        assert!(read.has("a", "01") && read.has("a", "02") && read.has("b b", "03"));
        assert!(!read.is_sure && !read.has_name("c"));
        fs::remove_dir_all(outbox).expect("it is there");
    }
}
