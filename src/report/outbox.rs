//! `outbox/<period>`: made beside the old one, and swapped in whole at the end.
//!
//! ```text
//! outbox/2024-05/            what everyone sees: the old one until the swap, the new one after it
//! outbox/.2024-05.new-4711/  the new one in the making; after the swap, the old one being removed
//! outbox/.2024-05.old/       the old one for a moment, where two folders cannot be swapped in one step
//! outbox/.2024-05.lock       held while the period is being made
//! outbox/.2024-05.files      what this program wrote, so that what others put there is kept
//! ```
//!
//! Killed at any moment, the next run finds what was left and clears it away, or puts the old one back
//! if the kill came between the two renames.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::disk::Disk;
use super::kept::{Written, keep};
use crate::model::hex;

/// A new `outbox/<period>` in the making. Dropped without [`commit`](Outbox::commit), it leaves the
/// old one as it was.
#[derive(Debug)]
pub struct Outbox {
    dir: PathBuf,
    period: String,
    /// The folder in the making.
    new: PathBuf,
    /// Files written so far.
    files: Mutex<Written>,
    /// On the disk before anything points to them.
    disk: Disk,
    /// Given back when all else is done.
    _lock: Lock,
}

/// An outbox in its place.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Where it is.
    pub path: PathBuf,
    /// Files in it that others had put into the old one, or changed there.
    pub kept: Vec<PathBuf>,
}

/// Why the outbox could not be written, and where.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {}", path.display())]
pub struct OutboxError {
    /// What went wrong.
    pub kind: OutboxErrorKind,
    /// The file or folder.
    pub path: PathBuf,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxErrorKind {
    /// It cannot be written at all; found before anything is read.
    NotWritable,
    /// Another run is making the same period.
    Busy,
    /// A name that is not inside the outbox.
    Name,
    /// Writing one of its files failed.
    Write,
    /// A file of the old outbox is open in another program, so it cannot be replaced.
    InUse,
    /// The new outbox could not be put in its place.
    Swap,
}

impl Outbox {
    /// Makes sure that `dir/<period>` can be written, and clears away what an earlier run left.
    pub fn prepare(dir: &Path, period: &str) -> Result<Self, OutboxError> {
        if !is_plain_name(Path::new(period)) || period.contains(['/', '\\']) {
            return Err(OutboxError::new(OutboxErrorKind::Name, Path::new(period)));
        }
        let not_writable =
            |path: &Path, err| OutboxError::from_io(OutboxErrorKind::NotWritable, path, err);
        fs::create_dir_all(dir).map_err(|err| not_writable(dir, err))?;
        let lock = Lock::take(dir.join(format!(".{period}.lock")))?;
        recover(dir, period)?;
        let target = dir.join(period);
        if fs::symlink_metadata(&target).is_ok_and(|found| !found.is_dir()) {
            let err = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(not_writable(&target, err));
        }
        let new = dir.join(format!(".{period}.new-{}", std::process::id()));
        fs::create_dir(&new).map_err(|err| not_writable(&new, err))?;
        Ok(Self {
            dir: dir.to_owned(),
            period: period.to_owned(),
            new,
            files: Mutex::default(),
            disk: Disk::default(),
            _lock: lock,
        })
    }

    /// Writes the file `name`, with `/` between folders; folders are made as needed. Several may be written at once.
    pub fn write<E>(
        &self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<Output>) -> Result<(), E>,
    ) -> Result<(), OutboxError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        // Names come from what was returned, and that may be hostile.
        if !is_plain_name(Path::new(name)) || name.contains('\\') {
            return Err(OutboxError::new(OutboxErrorKind::Name, Path::new(name)));
        }
        let path = self.new.join(name);
        // The path that the user knows, not the one in the making.
        let shown = self.dir.join(&self.period).join(name);
        let failed = |err: Box<dyn Error + Send + Sync>| OutboxError {
            kind: OutboxErrorKind::Write,
            path: shown.clone(),
            source: Some(err),
        };
        let folder = path.parent().unwrap_or(&self.new);
        fs::create_dir_all(folder).map_err(|err| failed(err.into()))?;
        // Two returns must not end in one file.
        let file = File::create_new(&path).map_err(|err| failed(err.into()))?;
        let mut writer = BufWriter::new(Output {
            file,
            hash: Sha256::new(),
        });
        content(&mut writer).map_err(|err| failed(err.into()))?;
        let output = writer.into_inner();
        let Output { file, hash } = output.map_err(|err| failed(err.into_error().into()))?;
        self.disk.put(file, shown);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.add(name.to_owned(), hex(&hash.finalize()));
        Ok(())
    }

    /// Puts the new outbox in the place of the old one. What others put into the old one goes along.
    pub fn commit(mut self) -> Result<Committed, OutboxError> {
        let target = self.dir.join(&self.period);
        let list = self.dir.join(format!(".{}.files", self.period));
        let not_written = |err| OutboxError::from_io(OutboxErrorKind::Write, &target, err);
        let old = Written::read(&list).map_err(not_written)?;
        let files = std::mem::take(&mut self.files);
        let new = files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let kept = keep(&target, &self.new, old.as_ref()).map_err(not_written)?;
        // Killed before or after the swap, the list has what lies there.
        new.write(old.as_ref(), &list).map_err(not_written)?;
        (std::mem::take(&mut self.disk).wait())
            .map_err(|(path, err)| OutboxError::from_io(OutboxErrorKind::Write, &path, err))?;
        self.sync(&new).map_err(not_written)?;
        let parked = self.dir.join(format!(".{}.old", self.period));
        swap(&self.new, &target, &parked)?;
        let synced = sync_folder(&self.dir);
        synced.map_err(|err| OutboxError::from_io(OutboxErrorKind::Swap, &target, err))?;
        // The new one is in place; what cannot be cleared away now is cleared away by the next run.
        let _ = fs::remove_dir_all(&parked);
        let _ = new.write(None, &list);
        Ok(Committed { path: target, kept })
    }

    /// The folders of all files on the disk, as the files themselves are.
    fn sync(&self, files: &Written) -> io::Result<()> {
        let folders: BTreeSet<&Path> = (files.names())
            .flat_map(|name| Path::new(name).ancestors().skip(1))
            .collect();
        // The last of a name's folders is none: the outbox itself.
        (folders.into_iter()).try_for_each(|folder| sync_folder(&self.new.join(folder)))
    }
}

impl Drop for Outbox {
    /// Clears away what was not swapped in, or what was swapped out.
    fn drop(&mut self) {
        // Windows removes no open file.
        let _ = std::mem::take(&mut self.disk).wait();
        let _ = fs::remove_dir_all(&self.new);
    }
}

/// A file in the making, and the hash of what is in it.
#[derive(Debug)]
pub struct Output {
    file: File,
    hash: Sha256,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Only names: no root, no drive, no `..`.
fn is_plain_name(path: &Path) -> bool {
    path.components().next().is_some()
        && (path.components()).all(|part| matches!(part, Component::Normal(_)))
}

/// Clears away what a killed run left; puts the old outbox back where the kill came between two renames.
fn recover(dir: &Path, period: &str) -> Result<(), OutboxError> {
    let failed = |path: &Path, err| OutboxError::from_io(OutboxErrorKind::NotWritable, path, err);
    let target = dir.join(period);
    let parked = dir.join(format!(".{period}.old"));
    if parked.is_dir() && !target.exists() {
        fs::rename(&parked, &target).map_err(|err| failed(&target, err))?;
    }
    let unfinished = format!(".{period}.new-");
    for entry in fs::read_dir(dir).map_err(|err| failed(dir, err))? {
        let path = entry.map_err(|err| failed(dir, err))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(&unfinished)) || path == parked {
            fs::remove_dir_all(&path).map_err(|err| failed(&path, err))?;
        }
    }
    Ok(())
}

/// Puts `new` in the place of `target`. Afterwards the old one, if any, is at `new` or at `parked`.
fn swap(new: &Path, target: &Path, parked: &Path) -> Result<(), OutboxError> {
    let failed = |err| OutboxError::from_io(OutboxErrorKind::Swap, target, err);
    if !target.exists() {
        return fs::rename(new, target).map_err(failed);
    }
    if exchange(new, target) {
        return Ok(());
    }
    replace(new, target, parked).map_err(failed)
}

/// The same in two steps, for everywhere else; between them only `parked` is there.
fn replace(new: &Path, target: &Path, parked: &Path) -> io::Result<()> {
    fs::rename(target, parked)?;
    fs::rename(new, target).inspect_err(|_| {
        // Better the old one than none.
        let _ = fs::rename(parked, target);
    })
}

/// Swaps two folders in one step, where system and file system can.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_one: &Path, _other: &Path) -> bool {
    false
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows writes folders through by itself, and does not open them as files.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Held by one run at a time; given back by the system if the run is killed.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: Option<File>,
}

impl Lock {
    fn take(path: PathBuf) -> Result<Self, OutboxError> {
        let file = open_locked(&path)?;
        Ok(Self {
            path,
            file: Some(file),
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if cfg!(unix) {
            // While it is held nobody else can take it, so nobody's lock is removed but this.
            let _ = fs::remove_file(&self.path);
        } else {
            // Windows removes no open file; if another run has opened it since, it stays.
            self.file = None;
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn open_locked(path: &Path) -> Result<File, OutboxError> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt;

    let failed = |err| OutboxError::from_io(OutboxErrorKind::NotWritable, path, err);
    let file = (File::options().create(true).truncate(false).write(true))
        .open(path)
        .map_err(failed)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|err| match err {
        rustix::io::Errno::WOULDBLOCK => OutboxError::new(OutboxErrorKind::Busy, path),
        err => failed(err.into()),
    })?;
    // A run that just ended may have removed the file after it was opened here.
    let held = file.metadata().map_err(failed)?;
    let is_there = fs::metadata(path).is_ok_and(|found| found.ino() == held.ino());
    is_there
        .then_some(file)
        .ok_or_else(|| OutboxError::new(OutboxErrorKind::Busy, path))
}

#[cfg(not(unix))]
fn open_locked(path: &Path) -> Result<File, OutboxError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    options.open(path).map_err(|err| {
        let kind = match err.raw_os_error() {
            Some(SHARING_VIOLATION) => OutboxErrorKind::Busy,
            _ => OutboxErrorKind::NotWritable,
        };
        OutboxError::from_io(kind, path, err)
    })
}

impl OutboxError {
    fn new(kind: OutboxErrorKind, path: &Path) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            source: None,
        }
    }

    fn from_io(kind: OutboxErrorKind, path: &Path, err: io::Error) -> Self {
        let in_use = cfg!(windows) && kind == OutboxErrorKind::Swap && is_in_use(&err);
        Self {
            kind: if in_use { OutboxErrorKind::InUse } else { kind },
            path: path.to_owned(),
            source: Some(err.into()),
        }
    }
}

/// What Windows answers for a folder that holds an open file.
const ACCESS_DENIED: i32 = 5;
/// What it answers for an open file.
const SHARING_VIOLATION: i32 = 32;
/// What it answers for a file that another program has locked.
const LOCK_VIOLATION: i32 = 33;

/// Whether Windows refuses because a file is open.
fn is_in_use(err: &io::Error) -> bool {
    matches!(
        err.raw_os_error(),
        Some(ACCESS_DENIED | SHARING_VIOLATION | LOCK_VIOLATION)
    )
}

impl fmt::Display for OutboxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OutboxErrorKind::NotWritable => "cannot write to the outbox",
            OutboxErrorKind::Busy => "another run is making the same period",
            OutboxErrorKind::Name => "not a name inside the outbox",
            OutboxErrorKind::Write => "cannot write the file",
            OutboxErrorKind::InUse => {
                "a file of the old outbox is open in another program; close it and run again"
            }
            OutboxErrorKind::Swap => "cannot replace the old outbox",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_folders_cannot_be_swapped_the_old_one_steps_aside() {
        let dir = std::env::temp_dir().join(format!("hebiao-replace-{}", std::process::id()));
        let [new, target, parked] = ["new", "target", "parked"].map(|name| dir.join(name));
        for (folder, text) in [(&new, "new"), (&target, "old")] {
            fs::create_dir_all(folder).expect("a temporary folder");
            fs::write(folder.join("a"), text).expect("a temporary file");
        }
        let content = |folder: &Path| fs::read_to_string(folder.join("a")).ok();

        replace(&new, &target, &parked).expect("both are there");
        assert_eq!(content(&target).as_deref(), Some("new"));
        assert_eq!(content(&parked).as_deref(), Some("old"));

        fs::remove_dir_all(&parked).expect("it is there");
        replace(&new, &target, &parked).expect_err("there is nothing new any more");
        assert_eq!(content(&target).as_deref(), Some("new"), "put back");
        fs::remove_dir_all(&dir).expect("it is there");
    }

    #[test]
    fn a_folder_with_an_open_workbook_is_told_from_other_failures() {
        for (code, in_use) in [(5, true), (32, true), (33, true), (2, false), (112, false)] {
            assert_eq!(
                is_in_use(&io::Error::from_raw_os_error(code)),
                in_use,
                "{code}"
            );
        }
    }
}
