//! Files on their way to the disk.
//!
//! What a program has written is in memory for a while, and is lost when power fails. A disk takes its time, and takes several
//! files together sooner than one after the other; so they are waited for here, while others are made.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Files that are waited for at a time, and that may stand in line. All are open.
const MOST: usize = 4;

/// A file, and what it is called.
type Named = (File, PathBuf);

/// Puts files on the disk.
#[derive(Debug)]
pub(super) struct Disk {
    line: SyncSender<Named>,
    served: Arc<Mutex<Receiver<Named>>>,
    threads: Mutex<Vec<JoinHandle<Result<(), NotSynced>>>>,
}

/// A file that may not be on the disk, and why.
pub(super) type NotSynced = (PathBuf, io::Error);

impl Default for Disk {
    fn default() -> Self {
        let (line, served) = sync_channel(MOST);
        Self {
            line,
            served: Arc::new(Mutex::new(served)),
            threads: Mutex::default(),
        }
    }
}

impl Disk {
    /// Takes a file that is written to its end.
    pub(super) fn put(&self, file: File, name: PathBuf) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.len() < MOST {
            let served = Arc::clone(&self.served);
            threads.push(thread::spawn(move || serve(&served)));
        }
        drop(threads);
        // The line is open as long as its other end is held here.
        let _ = self.line.send((file, name));
    }

    /// Waits until all are on the disk.
    pub(super) fn wait(self) -> Result<(), NotSynced> {
        drop(self.line);
        let threads = self.threads.into_inner();
        let threads = threads.unwrap_or_else(PoisonError::into_inner).into_iter();
        let results: Vec<_> = threads.map(JoinHandle::join).collect();
        let mut results = results.into_iter().map(|result| match result {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.find(Result::is_err).unwrap_or(Ok(()))
    }
}

/// Puts files on the disk until there are no more; says which was the first that failed.
fn serve(line: &Mutex<Receiver<Named>>) -> Result<(), NotSynced> {
    let next = || {
        let line = line.lock().unwrap_or_else(PoisonError::into_inner);
        line.recv()
    };
    let mut result = Ok(());
    while let Ok((file, name)) = next() {
        let synced = file.sync_all().map_err(|err| (name, err));
        result = result.and(synced);
    }
    result
}

/// Puts on the disk which files a folder has, where the file system does that for folders.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // So answer network and shared file systems, which keep folders elsewhere.
        Err(error) if is_not_for_folders(&error) => Ok(()),
        done => done,
    }
}

#[cfg(unix)]
fn is_not_for_folders(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&errno))
}

/// Windows writes folders through by itself, and does not open them as files.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Files of this crate are on the disk already; `/dev/null` has none.
    fn put(disk: &Disk, path: &str) {
        let file = File::open(path).expect(path);
        disk.put(file, PathBuf::from(path));
    }

    #[test]
    fn more_files_than_may_stand_in_line_are_all_waited_for() {
        let disk = Disk::default();
        (0..5 * MOST).for_each(|_| put(&disk, "Cargo.toml"));
        disk.wait().expect("all are there");
        Disk::default()
            .wait()
            .expect("there is nothing to wait for");
    }

    #[test]
    fn a_folder_on_a_file_system_that_puts_no_folders_on_the_disk_is_passed_over() {
        // It is no folder, but answers the same.
        let answered = File::open("/dev/null").and_then(|file| file.sync_all());
        let answered = answered.expect_err("there is no disk under it");
        assert_eq!(answered.kind(), io::ErrorKind::InvalidInput);
        sync_folder(Path::new("/dev/null")).expect("it is passed over");
        sync_folder(Path::new("src")).expect("it is a folder");
        sync_folder(Path::new("no-such-folder")).expect_err("there is none");
    }

    #[test]
    fn a_file_that_cannot_be_put_on_the_disk_is_named() {
        let disk = Disk::default();
        put(&disk, "Cargo.toml");
        put(&disk, "/dev/null");
        (0..5 * MOST).for_each(|_| put(&disk, "Cargo.toml"));
        let (path, _) = disk.wait().expect_err("it is no file on a disk");
        assert_eq!(path, PathBuf::from("/dev/null"));
    }
}
