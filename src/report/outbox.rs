//! `outbox/<period>`: made beside the old one, and swapped in whole at the end.
//!
//! ```text
//! outbox/2024-05/             what everyone sees: the old one until the swap, the new one after it
//! outbox/2024-05/.files.json  what this program wrote, so that what others put there is kept
//! outbox/.2024-05.new-4711/   the new one in the making
//! outbox/.2024-05.whole-4711/ the new one just before the swap; after it, the old one being removed
//! outbox/.2024-05.old/        the old one for a moment, where two folders cannot be swapped in one step
//! outbox/.2024-05.lock        held while the period is being made
//! ```
//!
//! Killed at any moment, the next run finds what was left and clears it away, or puts the old one back
//! if the kill came between the two renames. Of a folder that may have been in its place, whatever is in it, first goes
//! to the outbox what is somebody's. What cannot be cleared away is told of and passed over.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::disk::{Disk, sync_folder};
use super::kept::{Keeper, clear_but, unmarked};
use super::lock::Lock;
use super::written::{LIST, beside};
use crate::model::hex;

pub use super::written::{SCHEME_FOLDER, Written};

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
    /// What earlier runs left.
    left: Left,
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
    /// Files of others that could not be put into it, where they are now.
    pub not_kept: Vec<PathBuf>,
    /// What is of no use any more and could not be cleared away.
    pub not_cleared: Vec<PathBuf>,
}

/// What earlier runs left: somebody's files, and what could not be cleared away.
#[derive(Debug, Default)]
struct Left {
    kept: Vec<PathBuf>,
    not_kept: Vec<PathBuf>,
    not_cleared: Vec<PathBuf>,
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
    /// Its place is taken by a link.
    Linked,
    /// Another run is making the same period.
    Busy,
    /// Something that is no plain file has the name of the lock.
    NoLock,
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
        let path = dir.join(format!(".{period}.lock"));
        let lock = Lock::take(path.clone()).map_err(|err| {
            let found = fs::symlink_metadata(&path);
            match found.is_ok_and(|found| !found.is_file()) {
                true => OutboxError::from_io(OutboxErrorKind::NoLock, &path, err),
                false => not_writable(&path, err),
            }
        })?;
        let lock = lock.ok_or_else(|| OutboxError::new(OutboxErrorKind::Busy, &path))?;
        let left = recover(dir, period)?;
        let target = dir.join(period);
        let found = fs::symlink_metadata(&target);
        if found.as_ref().is_ok_and(fs::Metadata::is_symlink) {
            // What it leads to may be somebody's, and a link cannot be swapped for a folder without losing it.
            return Err(OutboxError::new(OutboxErrorKind::Linked, &target));
        }
        if found.is_ok_and(|found| !found.is_dir()) {
            let err = io::Error::from(ErrorKind::NotADirectory);
            return Err(not_writable(&target, err));
        }
        let new = make_new(dir, period).map_err(|(path, err)| not_writable(&path, err))?;
        Ok(Self {
            dir: dir.to_owned(),
            period: period.to_owned(),
            new,
            files: Mutex::default(),
            disk: Disk::default(),
            left,
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
            refused: None,
        });
        let written = match content(&mut writer) {
            Ok(()) => writer.into_inner().map_err(|err| err.into_error().into()),
            // What the system said, and not what others made of it.
            Err(err) => Err(match writer.get_ref().refused {
                Some(code) => io::Error::from_raw_os_error(code).into(),
                None => err.into(),
            }),
        };
        let Output { file, hash, .. } = written.map_err(|err: Box<dyn Error + Send + Sync>| {
            // Half a file is no part of an outbox, whatever becomes of the rest.
            let _ = fs::remove_file(&path);
            failed(err)
        })?;
        self.disk.put(file, shown);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.add(name.to_owned(), hex(&hash.finalize()));
        Ok(())
    }

    /// Puts the new outbox in the place of the old one. What others put into the old one goes along.
    pub fn commit(mut self) -> Result<Committed, OutboxError> {
        let target = self.dir.join(&self.period);
        let not_written = |err| OutboxError::from_io(OutboxErrorKind::Write, &target, err);
        free_list_name(&target)?;
        let files = std::mem::take(&mut self.files);
        let new_list = files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let old_list = Written::of(&self.dir, &self.period);
        let keeper = Keeper::new(old_list.as_ref(), &new_list);
        let mut kept = keeper.keep(&target, &self.new, &self.disk).kept;
        let list = File::create_new(self.new.join(LIST)).and_then(|mut file| {
            file.write_all(new_list.text().as_bytes())?;
            Ok(file)
        });
        self.disk.put(list.map_err(not_written)?, target.join(LIST));
        (std::mem::take(&mut self.disk).wait())
            .map_err(|(path, err)| OutboxError::from_io(OutboxErrorKind::Write, &path, err))?;
        let names = new_list.names().map(Path::new);
        let names = names.chain(kept.iter().map(PathBuf::as_path));
        sync_folders(&self.new, names).map_err(not_written)?;
        // From here on it is not cleared away unseen: soon it is the old one that lies there.
        let whole = free_name(&target, "whole");
        fs::rename(&self.new, &whole)
            .map_err(|err| OutboxError::from_io(OutboxErrorKind::Swap, &target, err))?;
        self.new = whole;
        swap(&self.new, &target, &self.dir, &self.period)?;
        // Somebody's files may lie in it, so it is not cleared away with this.
        let old = std::mem::take(&mut self.new);
        // The new one is in place, and nothing that fails from here on is a reason to say otherwise. Should power fail
        // before the disk has the names, both are whole.
        let _ = sync_folder(&self.dir);
        let mut left = std::mem::take(&mut self.left);
        left.take_out(&old, &target, &keeper);
        // A run that is killed before this leaves it to the next.
        let _ = fs::remove_file(beside(&self.dir, &self.period));
        kept.append(&mut left.kept);
        Ok(Committed {
            path: target,
            kept,
            not_kept: left.not_kept,
            not_cleared: left.not_cleared,
        })
    }
}

impl Drop for Outbox {
    /// Clears away what was not swapped in.
    fn drop(&mut self) {
        // Windows removes no open file.
        let _ = std::mem::take(&mut self.disk).wait();
        let _ = clear(&self.new);
    }
}

impl Left {
    /// Clears an outbox away that was swapped out. What is somebody's in it goes to `target`, or, where that cannot be
    /// done, to where it will be found.
    fn take_out(&mut self, old: &Path, target: &Path, keeper: &Keeper<'_>) {
        if fs::symlink_metadata(old).is_err() {
            return;
        }
        let mut rest = keeper.rest(old, target);
        // That these are on the disk is not worth failing for: the old ones are.
        let _ = sync_folders(target, rest.kept.iter().map(PathBuf::as_path));
        self.kept.append(&mut rest.kept);
        if rest.left.is_empty() {
            // Half cleared it may lack its list, and nothing in it is to be taken for somebody's then.
            let to_clear = free_name(target, "new");
            let (now, is_cleared) = match fs::rename(old, &to_clear) {
                Ok(()) => (&*to_clear, clear(&to_clear).is_ok()),
                Err(_) => (old, false),
            };
            if !is_cleared {
                self.not_cleared.push(now.to_owned());
            }
            return;
        }
        let names = (1..1_000).map(|nth| match nth {
            1 => beside_target(target, "（未能移入）"),
            nth => beside_target(target, &format!("（未能移入{nth}）")),
        });
        let to = names.into_iter().find(|path| !path.exists());
        let moved = to.filter(|to| fs::rename(old, to).is_ok());
        if let Some(moved) = &moved {
            clear_but(moved, &rest.left);
        }
        // Where not even this could be done, the next run tries again.
        let now = moved.unwrap_or_else(|| old.to_owned());
        (self.not_kept).extend(rest.left.iter().map(|name| now.join(name)));
    }
}

/// A file in the making, and the hash of what is in it.
#[derive(Debug)]
pub struct Output {
    file: File,
    hash: Sha256,
    /// Why the system wrote no more.
    refused: Option<i32>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        let n = written.inspect_err(|err| self.refused = err.raw_os_error())?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Tells which files of a scheme's folder are the scheme. Where that is the folder in an outbox, these are the ones that
/// were written with it, and where that is not known, all but what was called after another of them.
pub fn is_of_scheme(folder: &Path, paths: &[PathBuf]) -> impl Fn(&PathBuf) -> bool + use<> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let is_in_outbox = folder.file_name().is_some_and(|name| name == SCHEME_FOLDER);
    let place = folder
        .parent()
        .and_then(|period| Some((period.parent()?, period.file_name()?)));
    let list = place.and_then(|(outbox, period)| Written::of(outbox, period.to_str()?));
    let main = format!("{SCHEME_FOLDER}/scheme.toml");
    let list = list.filter(|list| is_in_outbox && list.has_name(&main));
    let all: BTreeSet<String> = paths.iter().filter_map(|path| file_name(path)).collect();
    move |path| {
        let Some(name) = file_name(path).filter(|_| is_in_outbox) else {
            return true;
        };
        match &list {
            Some(list) => list.has_name(&format!("{SCHEME_FOLDER}/{name}")),
            None => {
                let base = unmarked(&name);
                base == name || !all.contains(&base)
            }
        }
    }
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

/// Gives somebody's folder in an outbox that has the list's name another name, so that it is kept like all else.
fn free_list_name(target: &Path) -> Result<(), OutboxError> {
    let list = target.join(LIST);
    if !fs::symlink_metadata(&list).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let visible = LIST.trim_start_matches('.');
    let names = (1..1_000).map(|nth| match nth {
        1 => format!("{visible}（文件夹）"),
        nth => format!("{visible}（文件夹{nth}）"),
    });
    let mut paths = names.map(|name| target.join(name));
    let free = paths.find(|path| fs::symlink_metadata(path).is_err());
    let failed = |err| OutboxError::from_io(OutboxErrorKind::Write, &list, err);
    let free = free.ok_or_else(|| failed(ErrorKind::AlreadyExists.into()))?;
    fs::rename(&list, free).map_err(failed)
}

/// Only names: no root, no drive, no `..`.
fn is_plain_name(path: &Path) -> bool {
    path.components().next().is_some()
        && (path.components()).all(|part| matches!(part, Component::Normal(_)))
}

/// `outbox/2024-05` → `outbox/2024-05<addition>`.
fn beside_target(target: &Path, addition: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(addition);
    target.with_file_name(name)
}

/// Makes the folder that the new outbox is made in; one that a run with the same number left may still be there.
fn make_new(dir: &Path, period: &str) -> Result<PathBuf, (PathBuf, io::Error)> {
    let id = std::process::id();
    let first = dir.join(format!(".{period}.new-{id}"));
    let others = (2..100).map(|nth| dir.join(format!(".{period}.new-{id}-{nth}")));
    let mut refused = None;
    for path in std::iter::once(first).chain(others) {
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(err) => {
                let is_taken = err.kind() == ErrorKind::AlreadyExists;
                refused = Some((path, err));
                if !is_taken {
                    break;
                }
            }
        }
    }
    Err(refused.unwrap_or_else(|| (dir.to_owned(), ErrorKind::AlreadyExists.into())))
}

/// `outbox/2024-05` → `outbox/.2024-05.<kind>-4711`, or that with a number behind it.
fn free_name(target: &Path, kind: &str) -> PathBuf {
    let period = target.file_name().unwrap_or_default().to_string_lossy();
    let first = format!(".{period}.{kind}-{}", std::process::id());
    let others = (2..).map(|nth| target.with_file_name(format!("{first}-{nth}")));
    let mut names = std::iter::once(target.with_file_name(&first)).chain(others);
    // One that could not be cleared away may still be there.
    let free = names.find(|path| fs::symlink_metadata(path).is_err());
    free.unwrap_or_default()
}

/// Clears away what a killed run left; puts the old outbox back where the kill came between two renames.
fn recover(dir: &Path, period: &str) -> Result<Left, OutboxError> {
    let failed = |path: &Path, err| OutboxError::from_io(OutboxErrorKind::NotWritable, path, err);
    let target = dir.join(period);
    let (mut unfinished, mut whole, mut parked) = (Vec::new(), Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).map_err(|err| failed(dir, err))? {
        let path = entry.map_err(|err| failed(dir, err))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let ours = name.and_then(|name| name.strip_prefix('.')?.strip_prefix(period));
        match ours {
            Some(rest) if rest.starts_with(".new-") => unfinished.push(path),
            Some(rest) if rest.starts_with(".whole-") => whole.push(path),
            Some(rest) if rest == ".old" || rest.starts_with(".old-") => parked.push(path),
            _ => {}
        }
    }
    if !target.exists() {
        let changed = |path: &PathBuf| fs::metadata(path).and_then(|found| found.modified()).ok();
        parked.sort_by_key(changed);
        if let Some(last) = parked.pop_if(|path| path.is_dir()) {
            fs::rename(&last, &target).map_err(|err| failed(&target, err))?;
        }
    }
    let mut left = Left::default();
    // Earlier versions left the old one under this name as well; with a list in it, it was not in the making.
    whole.extend(unfinished.extract_if(.., |path| Written::inside(path).is_some()));
    whole.append(&mut parked);
    whole.sort_unstable();
    unfinished.extend(whole.extract_if(.., |path| !path.is_dir()));
    for path in whole {
        // An outbox of an earlier version has its list beside it.
        let list = Written::inside(&path).or_else(|| Written::beside(&beside(dir, period)));
        let now = Written::of(dir, period).unwrap_or_default();
        left.take_out(&path, &target, &Keeper::new(list.as_ref(), &now));
    }
    for path in unfinished {
        if clear(&path).is_err() {
            left.not_cleared.push(path);
        }
    }
    Ok(left)
}

/// Removes a file or folder, with all that is in it.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return fs::remove_file(path),
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(err),
    }
    fs::remove_dir_all(path).or_else(|err| {
        if err.kind() != ErrorKind::PermissionDenied {
            return Err(err);
        }
        open_folders(path);
        fs::remove_dir_all(path)
    })
}

/// Lets folders be cleared whose owner, who we may be, has barred them.
#[cfg(unix)]
fn open_folders(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Where it is somebody else's, clearing says so.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.for_each(|entry| open_folders(&entry.path()));
}

#[cfg(not(unix))]
fn open_folders(_folder: &Path) {}

/// The folders of some files under a folder on the disk, as the files themselves are.
fn sync_folders<'n>(root: &Path, names: impl Iterator<Item = &'n Path>) -> io::Result<()> {
    // The last of a name's folders is none: the root itself.
    let folders: BTreeSet<&Path> = names.flat_map(|name| name.ancestors().skip(1)).collect();
    (folders.into_iter()).try_for_each(|folder| sync_folder(&root.join(folder)))
}

/// Puts `new` in the place of `target`. Afterwards the old one, if any, is at `new`.
fn swap(new: &Path, target: &Path, dir: &Path, period: &str) -> Result<(), OutboxError> {
    let failed = |err| OutboxError::from_io(OutboxErrorKind::Swap, target, err);
    if !target.exists() {
        return fs::rename(new, target).map_err(failed);
    }
    if exchange(new, target) {
        return Ok(());
    }
    let first = dir.join(format!(".{period}.old"));
    let others = (2..).map(|nth| dir.join(format!(".{period}.old-{nth}")));
    let mut names = std::iter::once(first).chain(others);
    // One that could not be cleared away may still be there.
    let parked = names.find(|path| fs::symlink_metadata(path).is_err());
    replace(new, target, &parked.unwrap_or_default()).map_err(failed)
}

/// The same in two steps, for everywhere else; between them only `parked` is there.
fn replace(new: &Path, target: &Path, parked: &Path) -> io::Result<()> {
    fs::rename(target, parked)?;
    fs::rename(new, target).inspect_err(|_| {
        // Better the old one than none.
        let _ = fs::rename(parked, target);
    })?;
    // It is no longer what is put back after a kill. Where this fails, the next run clears it away as well.
    let _ = fs::rename(parked, new);
    Ok(())
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

impl OutboxError {
    /// What the system said, where it did.
    pub fn system(&self) -> Option<ErrorKind> {
        let source = self.source.as_ref()?;
        source.downcast_ref().map(io::Error::kind)
    }

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
            OutboxErrorKind::Linked => {
                "the outbox is a link; put a folder in its place, or name where it leads with --outbox"
            }
            OutboxErrorKind::Busy => "another run is making the same period",
            OutboxErrorKind::NoLock => {
                "something other than the program's lock is here; move it away and run again"
            }
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
        assert_eq!(content(&new).as_deref(), Some("old"));
        assert!(!parked.exists());

        fs::remove_dir_all(&new).expect("it is there");
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
