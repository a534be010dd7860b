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

/// Opens a file, makes it where there is none, and holds it; `None` where another run does. Only plain files are held: of a
/// link somebody else would say which file is opened, and a pipe is waited for.
#[cfg(unix)]
pub(super) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    let mut options = own_file();
    options.create(true).truncate(false).write(true);
    let file = match options.open(path) {
        Ok(file) => file,
        // What a run of somebody else left can be held, and removed, without being written to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            (own_file().read(true).open(path)).map_err(|_| error)?
        }
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(hold(&file, path)?.then_some(file))
}

/// Makes a file that is not there yet, and holds it where the file system lets files be held. `None` where something has the
/// name, or takes the file for what a killed run left.
#[cfg(unix)]
pub(super) fn create_locked(path: &Path) -> io::Result<Option<File>> {
    let mut options = own_file();
    let file = match options.create_new(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(error),
    };
    // Where files cannot be held, nobody else can find that this one is not.
    Ok(hold(&file, path).unwrap_or(true).then_some(file))
}

/// How files of our own are opened: no link is followed, and no pipe waited for.
#[cfg(unix)]
fn own_file() -> fs::OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = File::options();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
    options
}

/// Holds an open file; `false` where another run does, or the path is no longer its.
#[cfg(unix)]
fn hold(file: &File, path: &Path) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt;

    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    // A run that just ended may have removed the file after it was opened here.
    let held = file.metadata()?;
    Ok(fs::symlink_metadata(path).is_ok_and(|found| found.ino() == held.ino()))
}

#[cfg(not(unix))]
pub(super) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    open_alone(&mut options, path)
}

#[cfg(not(unix))]
pub(super) fn create_locked(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    match open_alone(options.create_new(true).write(true), path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        done => done,
    }
}

/// Opens a file so that nobody else can; `None` where somebody has it open.
#[cfg(not(unix))]
fn open_alone(options: &mut fs::OpenOptions, path: &Path) -> io::Result<Option<File>> {
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(options, 0);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What Windows answers for a file that another program has open.
#[cfg(not(unix))]
const SHARING_VIOLATION: i32 = 32;
