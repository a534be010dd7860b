//! A file that one run at a time holds; given back by the system if the run is killed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: Option<File>,
}

impl Lock {
    /// Takes the lock; `None` where another run holds it.
    pub(super) fn take(path: PathBuf) -> io::Result<Option<Self>> {
        let file = open_locked(&path)?;
        Ok(file.map(|file| Self {
            path,
            file: Some(file),
        }))
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

/// Opens a file, makes it where there is none, and holds it; `None` where another run does.
#[cfg(unix)]
pub(super) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt;

    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = match options.open(path) {
        Ok(file) => file,
        // What a run of somebody else left can be held, and removed, without being written to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            File::open(path).map_err(|_| error)?
        }
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // A run that just ended may have removed the file after it was opened here.
    let held = file.metadata()?;
    let is_there = fs::metadata(path).is_ok_and(|found| found.ino() == held.ino());
    Ok(is_there.then_some(file))
}

#[cfg(not(unix))]
pub(super) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What Windows answers for a file that another program has open.
#[cfg(not(unix))]
const SHARING_VIOLATION: i32 = 32;
