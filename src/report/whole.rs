//! Files that the program writes outside the outbox: each is there whole, or as it was before.
//!
//! A file is written beside its place, put on the disk, and given its name in one step. A run that is killed leaves at most
//! a hidden `.hebiao-….tmp`, which the next run in that folder clears away. Such a file is somebody's work in hand as long as
//! its process holds one of its own there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::lock::{create_locked, open_locked};

pub use super::disk::sync_folder;

/// A file that is on the disk and has no name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Unnamed {
    path: PathBuf,
    /// Held, so that nobody takes it, and others of this process, for what a killed run left.
    file: Option<File>,
}

impl Unnamed {
    /// Writes a file in a folder, and waits until the disk has it.
    pub fn write(folder: &Path, bytes: &[u8]) -> io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        // Where programs run in containers, others may have our number, and files under it.
        for _ in 0..MOST_TAKEN {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{START}{}-{number}{END}", std::process::id()));
            if let Some(file) = create_locked(&path)? {
                return Self::filled(path, file, bytes);
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn filled(path: PathBuf, file: File, bytes: &[u8]) -> io::Result<Self> {
        let mut unnamed = Self {
            path,
            file: Some(file),
        };
        if let Some(file) = &mut unnamed.file {
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        Ok(unnamed)
    }

    /// Holds it no more: a system has only so many files open at once. It stays as long as `held`, in the same folder.
    pub fn kept_by(mut self, _held: &Self) -> Self {
        self.file = None;
        self
    }

    /// Gives it the name of `target`, whatever has that name now.
    pub fn replace(mut self, target: &Path) -> io::Result<()> {
        self.let_go();
        fs::rename(&self.path, target)?;
        self.path = PathBuf::new();
        Ok(())
    }

    /// Gives it the name of `target` if nothing has it, and says whether it does.
    pub fn name(&mut self, target: &Path) -> io::Result<bool> {
        self.let_go();
        match rename_new(&self.path, target) {
            Ok(()) => {
                self.path = PathBuf::new();
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Windows renames no file that is held.
    fn let_go(&mut self) {
        if cfg!(not(unix)) {
            self.file = None;
        }
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        self.let_go();
        if self.path != Path::new("") {
            // What is left is of no use; that it cannot be removed is the smaller of two troubles.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// After so many names that are taken, something else is wrong.
const MOST_TAKEN: usize = 100_000;

const START: &str = ".hebiao-";
const END: &str = ".tmp";

/// Clears away what killed runs left in a folder.
pub fn clear_unnamed(folder: &Path) {
    let found = unnamed(folder);
    // Listed once more: whoever had one of those in hand held another before.
    let others = unnamed(folder).into_iter();
    let at_work: BTreeSet<String> = others
        .filter(|(_, path)| matches!(open_locked(path), Ok(None)))
        .map(|(process, _)| process)
        .collect();
    for (_, path) in (found.into_iter()).filter(|(process, _)| !at_work.contains(process)) {
        if let Ok(Some(held)) = open_locked(&path) {
            #[cfg(not(unix))]
            drop(held);
            let _ = fs::remove_file(&path);
            #[cfg(unix)]
            drop(held);
        }
    }
}

/// The files in a folder that have no name yet, with the process that each is of.
fn unnamed(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter_map(|entry| {
        let name = entry.file_name();
        let number = name.to_str()?.strip_prefix(START)?.strip_suffix(END)?;
        let process = number
            .rsplit_once('-')
            .map_or(number, |(process, _)| process);
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file.then(|| (process.to_owned(), entry.path()))
    });
    ours.collect()
}

/// Renames a file in one step, unless the new name is taken.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system can.
            Err(
                rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP,
            ) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    match fs::hard_link(from, to) {
        Ok(()) => {
            // It has its name; the other is cleared away by the next run if not now.
            let _ = fs::remove_file(from);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Memory sticks know no links. Somebody else would have to take the name in just this moment.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test alone, empty.
    fn folder(test: &str) -> PathBuf {
        let name = format!("hebiao-whole-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_name_that_is_taken_is_not_taken_again() {
        let folder = folder("taken");
        fs::write(folder.join("a"), "hers").expect("a file");
        let mut unnamed = Unnamed::write(&folder, b"ours").expect("it can be written");
        assert!(!unnamed.name(&folder.join("a")).expect("it is told"));
        assert!(unnamed.name(&folder.join("b")).expect("it is free"));
        drop(unnamed);
        assert_eq!(names(&folder), ["a", "b"]);
        assert_eq!(fs::read(folder.join("a")).expect("a file"), b"hers");
        assert_eq!(fs::read(folder.join("b")).expect("a file"), b"ours");
        let unnamed = Unnamed::write(&folder, b"newer").expect("it can be written");
        unnamed.replace(&folder.join("b")).expect("it replaces");
        assert_eq!(fs::read(folder.join("b")).expect("a file"), b"newer");
        assert_eq!(names(&folder), ["a", "b"]);
        fs::remove_dir_all(folder).expect("it is there");
    }

    #[test]
    fn a_name_that_another_with_our_number_has_is_left_to_it() {
        let folder = folder("number");
        // Another test of this process may have had all up to here, and takes the next ones meanwhile.
        let first = Unnamed::write(&folder, b"ours").expect("it can be written");
        let name = first.path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(END)?.rsplit_once('-'));
        let (start, number) = number.expect("a number");
        let number: usize = number.parse().expect("a number");
        let taken = |nth: usize| folder.join(format!("{start}-{}{END}", number + nth));
        for nth in 1..200 {
            fs::write(taken(nth), "theirs").expect("a file");
        }
        #[cfg(unix)]
        {
            // A link under the next name leads to no file of ours.
            fs::remove_file(taken(1)).expect("it is there");
            fs::write(folder.join("hers"), "hers").expect("a file");
            std::os::unix::fs::symlink("hers", taken(1)).expect("a link");
        }
        let next = Unnamed::write(&folder, b"ours").expect("it can be written");
        assert!((1..200).all(|nth| next.path != taken(nth)));
        assert_eq!(fs::read(&next.path).expect("a file"), b"ours");
        assert!((2..200).all(|nth| fs::read(taken(nth)).is_ok_and(|text| text == b"theirs")));
        #[cfg(unix)]
        assert_eq!(fs::read(folder.join("hers")).expect("a file"), b"hers");
        drop((first, next));
        fs::remove_dir_all(folder).expect("it is there");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_cleared_away_and_what_another_writes_is_not() {
        let folder = folder("left");
        fs::write(folder.join(".hebiao-1-1.tmp"), "left").expect("a file");
        fs::write(folder.join(".hebiao-名单"), "hers").expect("a file");
        let unnamed = Unnamed::write(&folder, b"ours").expect("it can be written");
        clear_unnamed(&folder);
        assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
        // One that is not held itself is in hand as long as another of the same process is.
        let loose = Unnamed::write(&folder, b"ours").expect("it can be written");
        let loose = loose.kept_by(&unnamed);
        clear_unnamed(&folder);
        assert_eq!(names(&folder).len(), 3, "{:?}", names(&folder));
        drop(unnamed);
        clear_unnamed(&folder);
        assert_eq!(names(&folder), [".hebiao-名单"]);
        drop(loose);
        fs::remove_dir_all(folder).expect("it is there");
    }
}
