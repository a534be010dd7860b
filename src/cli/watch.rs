//! `hebiao merge --watch`: merges again whenever the inbox of the period has changed.
//!
//! What lies in the folder decides, not what the system tells of it: events only wake us early, and shares
//! often send none, so the folder is looked through every few seconds anyway. A file that is still being
//! copied is waited for.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::inbox;
use crate::model::Unreadable;

use super::Surroundings;

/// How often the folder is looked through when nothing is told of it.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long a folder must not change before it is read.
const SETTLED: Duration = Duration::from_millis(1_500);
/// How long a file that cannot be opened is waited for before it is reported as one.
const LOCKED: Duration = Duration::from_secs(60);

/// Calls `merge` at once, and then for every change of `folder`, until the program is stopped.
pub(super) fn run(
    surroundings: &Surroundings,
    folder: &Path,
    mut merge: impl FnMut() -> Result<()>,
) -> Result<u8> {
    let lang = surroundings.lang;
    let (sender, woken) = channel();
    // Who cannot be told is not woken early.
    let watcher = RecommendedWatcher::new(
        move |_| {
            let _ = sender.send(());
        },
        notify::Config::default(),
    );
    let mut watcher = watcher.ok();
    let mut is_watched = false;
    let mut merged: Option<Content> = None;
    loop {
        // The folder may come later, or be made anew.
        if let Some(watcher) = watcher.as_mut().filter(|_| !is_watched) {
            is_watched = watcher.watch(folder, RecursiveMode::Recursive).is_ok();
        }
        let content = settled(folder);
        if merged.as_ref() != Some(&content) {
            if let Err(error) = merge() {
                // Tomorrow's file may be the one that puts it right.
                eprintln!(
                    "{}{error:#}",
                    lang.pick("这次没有做成：", "not done this time: ")
                );
            }
            if merged.is_none() {
                println!(
                    "{}{}{}",
                    lang.pick("等待 ", "waiting for changes in "),
                    folder.display(),
                    lang.pick(" 里的变化，按 Ctrl-C 结束", "; Ctrl-C ends it")
                );
            }
            merged = Some(content);
        }
        is_watched &= folder.is_dir();
        wait(&woken);
    }
}

/// Until something is told of the folder, or it is time to look. Several events come of one file.
fn wait(woken: &Receiver<()>) {
    match woken.recv_timeout(LOOK_EVERY) {
        Ok(()) => while woken.try_recv().is_ok() {},
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => sleep(LOOK_EVERY),
    }
}

/// What lies in a folder: path, size and time of every file that may be a return.
type Content = Vec<(String, u64, Option<SystemTime>)>;

/// What lies in the folder, once it has not changed for a while and every file of it can be opened.
fn settled(folder: &Path) -> Content {
    let mut content = content(folder);
    let (mut since, begun) = (Instant::now(), Instant::now());
    loop {
        let is_settled = since.elapsed() >= SETTLED;
        if is_settled && (can_be_read(folder) || since.elapsed() >= LOCKED) {
            return content;
        }
        // The very first time nothing is known of when files came; those of a while ago have settled.
        if begun == since && is_old(&content) && can_be_read(folder) {
            return content;
        }
        sleep(SETTLED / 5);
        let now = self::content(folder);
        if now != content {
            (content, since) = (now, Instant::now());
        }
    }
}

/// Whether nothing was changed of late.
fn is_old(content: &Content) -> bool {
    let now = SystemTime::now();
    content.iter().all(|(_, _, changed)| {
        let age = changed.and_then(|changed| now.duration_since(changed).ok());
        age.is_some_and(|age| age >= 10 * SETTLED)
    })
}

/// A folder that cannot be listed holds nothing; merging it says why.
fn content(folder: &Path) -> Content {
    let files = inbox::list(folder).unwrap_or_default();
    let returns = files.into_iter().filter(|file| !file.ignored);
    returns
        .map(|file| {
            let found = std::fs::metadata(&file.source).ok();
            let size = found.as_ref().map_or(0, |found| found.len());
            let changed = found.and_then(|found| found.modified().ok());
            (file.path.to_string(), size, changed)
        })
        .collect()
}

/// A program that is still writing a file may keep others out. What is never opened is not waited for.
fn can_be_read(folder: &Path) -> bool {
    let files = inbox::list(folder).unwrap_or_default();
    let mut returns = files.iter().filter(|file| !file.ignored);
    returns.all(|file| !matches!(file.open(usize::MAX), Err(Unreadable::NotOpened { .. })))
}
