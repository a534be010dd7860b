//! `hebiao merge --watch`: merges again whenever the inbox of the period has changed.
//!
//! What lies in the folder decides, not what the system tells of it: events only wake us early, and shares
//! often send none, so the folder is looked through every few seconds anyway. A file that is still being
//! copied is waited for, but not for ever. A merge that could not be done (the disk is full, another run is at it, the
//! workbook is open) is tried again until it can.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::inbox::{self, InboxFile};
use crate::model::Unreadable;
use crate::read::caught;
use crate::report::Lang;

use super::failure::{causes, of_program};
use super::{Surroundings, put, tell};

/// How often the folder is looked through when nothing is told of it.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long a folder must not change before it is read.
const SETTLED: Duration = Duration::from_millis(1_500);
/// How long a folder that changes all the time is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a file that grows, or cannot be opened, is waited for before it is merged, or reported, as it is.
const LOCKED: Duration = Duration::from_secs(60);
/// How soon, and how late, a merge that could not be done is tried again.
const RETRIES: [Duration; 5] = [
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(12),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// What a merge is made of, and what it makes.
pub(super) struct Watched {
    /// The folder of returns.
    pub(super) inbox: PathBuf,
    /// The folder of the scheme.
    pub(super) scheme: PathBuf,
    /// Where the results are.
    pub(super) outbox: PathBuf,
}

impl Watched {
    /// What the scheme is read from.
    pub(super) fn scheme_content(&self) -> Content {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // The copy of it in the results is written anew by every merge.
        match real(&self.scheme).starts_with(real(&self.outbox)) {
            true => Content::new(),
            false => content(&self.scheme),
        }
    }

    /// What the next merge would be made of.
    fn settled(&self) -> Content {
        let mut content = settled(&self.inbox);
        content.extend(self.scheme_content());
        content
    }
}

/// Calls `merge` at once, and then for every change of what it is made of, or where its results are gone, until the program is stopped. It says in one line what
/// came of it.
pub(super) fn run(
    surroundings: &Surroundings,
    watched: &Watched,
    mut merge: impl FnMut() -> Result<String>,
) -> Result<u8> {
    let lang = surroundings.lang;
    let folder = &*watched.inbox;
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
    let mut failure: Option<Failure> = None;
    let mut is_new = true;
    loop {
        // The folder may come later, or be made anew.
        if let Some(watcher) = watcher.as_mut().filter(|_| !is_watched) {
            is_watched = watcher.watch(folder, RecursiveMode::Recursive).is_ok();
        }
        let content = watched.settled();
        let is_due = match &failure {
            Some(failure) => failure.is_due(&content),
            None => merged.as_ref() != Some(&content) || !watched.outbox.exists(),
        };
        if is_due {
            match guarded(&mut merge, lang) {
                Ok(said) => {
                    merged = Some(content);
                    failure = None;
                    // Who no longer reads this may still want the merges.
                    let _ = put(&format!("{said}\n"));
                }
                Err(error) => {
                    let said = causes(&error, lang);
                    // Tomorrow's file may be the one that puts it right; until then once is enough.
                    if failure.as_ref().is_none_or(|failure| failure.said != said) {
                        let label = lang.pick("这次没有做成：", "not done this time: ");
                        let again = lang.pick("（稍后自动再试）", " (it will be tried again)");
                        tell(&format!("{label}{said}{again}"));
                    }
                    failure = Some(Failure::again(failure, content, said));
                }
            }
            if is_new {
                let _ = put(&format!(
                    "{}{}{}\n",
                    lang.pick("等待 ", "waiting for changes in "),
                    folder.display(),
                    lang.pick(" 里的变化，按 Ctrl-C 结束", "; Ctrl-C ends it")
                ));
                is_new = false;
            }
        }
        is_watched &= folder.is_dir();
        wait(&woken);
    }
}

/// Merges; what nobody foresaw is a failure like any other, and the next file may be the one that puts it right.
fn guarded(merge: impl FnOnce() -> Result<String>, lang: Lang) -> Result<String> {
    caught(merge).unwrap_or_else(|detail| Err(of_program(&detail, lang)))
}

/// A merge that could not be done.
struct Failure {
    /// What the folder held.
    content: Content,
    /// What was said of it.
    said: String,
    /// How often it was tried in vain.
    n_tries: usize,
    /// When it was tried last.
    at: Instant,
}

impl Failure {
    /// The same once more, or another.
    fn again(before: Option<Self>, content: Content, said: String) -> Self {
        // What fails otherwise, or for other files, is soon tried again.
        let same = before.filter(|before| before.said == said && before.content == content);
        Self {
            content,
            said,
            n_tries: same.map_or(0, |before| before.n_tries) + 1,
            at: Instant::now(),
        }
    }

    /// Whether it is time to try again: the folder has changed, or long enough nothing was tried.
    fn is_due(&self, content: &Content) -> bool {
        let pause = RETRIES[self.n_tries.min(RETRIES.len()) - 1];
        self.content != *content || self.at.elapsed() >= pause
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

/// What lies in a folder: where, size and time of every file that is merged.
pub(super) type Content = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What lies in the folder, once it has not changed for a while and every file of it can be opened; or what lies in it by
/// then, where something changes all the time.
fn settled(folder: &Path) -> Content {
    let mut settling = Settling::of(content(folder), Instant::now());
    while !settling.is_over(Instant::now(), &can_be_read) {
        sleep(SETTLED / 5);
        settling.look(content(folder), Instant::now());
    }
    settling.content
}

/// A folder that is waited for.
struct Settling {
    content: Content,
    /// When it was seen to change.
    changed: Option<Instant>,
    /// When a file of it was seen to grow.
    grown: Option<Instant>,
    /// Since when it is waited for.
    begun: Instant,
    /// Since when it changes without a rest.
    restless: Instant,
    /// Since when it only waits for files that nobody may read.
    kept_out: Option<Instant>,
}

impl Settling {
    fn of(content: Content, now: Instant) -> Self {
        Self {
            content,
            changed: None,
            grown: None,
            begun: now,
            restless: now,
            kept_out: None,
        }
    }

    fn look(&mut self, content: Content, now: Instant) {
        if content != self.content {
            if has_grown(&self.content, &content) {
                self.grown = Some(now);
            }
            (self.content, self.changed) = (content, Some(now));
        }
    }

    /// Whether it is waited for no longer.
    fn is_over(&mut self, now: Instant, can_be_read: &dyn Fn(&Content) -> bool) -> bool {
        let ago = |then: Instant| now.saturating_duration_since(then);
        // The very first time nothing is known of when files came; those of a while ago have settled.
        let is_settled = match self.changed {
            Some(changed) => ago(changed) >= SETTLED,
            None => ago(self.begun) >= SETTLED || is_old(&self.content),
        };
        if is_settled {
            // What changes from here on is another change, with patience of its own.
            self.restless = now;
            let kept_out = *self.kept_out.get_or_insert(now);
            return can_be_read(&self.content) || ago(kept_out) >= LOCKED;
        }
        // Half a file is not merged while more of it comes.
        let is_growing = self.grown.is_some_and(|grown| ago(grown) < SETTLED);
        let patience = if is_growing { LOCKED } else { PATIENCE };
        ago(self.restless) >= patience
    }
}

/// Whether a file that was there is larger now.
fn has_grown(before: &Content, now: &Content) -> bool {
    now.iter().any(|(path, size, _)| {
        let known = before.binary_search_by(|(known, ..)| known.cmp(path));
        known.is_ok_and(|idx| before[idx].1 < *size)
    })
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
    // What the county wrote down about the period is no return, and stands in the workbook.
    let counted = (files.into_iter()).filter(|file| !file.ignored || file.is_note());
    let mut content: Content = counted
        .map(|file| {
            let found = fs::metadata(&file.source).ok();
            let size = found.as_ref().map_or(0, |found| found.len());
            let changed = found.as_ref().and_then(changed);
            (file.source, size, changed)
        })
        .collect();
    content.sort_unstable();
    content
}

/// When a file became what it is: a file that another was renamed to may be as long, and as old.
fn changed(found: &fs::Metadata) -> Option<SystemTime> {
    let modified = found.modified().ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(found.ctime()).ok().map(Duration::from_secs);
        let nanos = u64::try_from(found.ctime_nsec())
            .ok()
            .map(Duration::from_nanos);
        let since = seconds.zip(nanos).map(|(seconds, nanos)| seconds + nanos);
        modified.max(since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)))
    }
    #[cfg(not(unix))]
    modified
}

/// A program that is still writing a file may keep others out. What is no file, or is gone, is not waited for.
fn can_be_read(content: &Content) -> bool {
    let is_kept = |path: &PathBuf| {
        let opened = InboxFile::named("", path).map(|file| file.open(usize::MAX));
        matches!(opened, Ok(Err(Unreadable::NotOpened { .. })))
    };
    !content.iter().any(|(path, ..)| is_kept(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One file, changed just now.
    fn one_file(size: u64) -> Content {
        vec![("甲镇.xlsx".into(), size, Some(SystemTime::now()))]
    }

    #[test]
    fn a_file_that_nobody_may_read_takes_no_patience_from_one_that_is_being_copied() {
        let begun = Instant::now();
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        let mut settling = Settling::of(one_file(1), begun);
        assert!(!settling.is_over(at(2.0), &|_| false));
        assert!(!settling.is_over(at(30.0), &|_| false));
        // Another file comes after the patience of a restless folder is over.
        settling.look(one_file(2), at(30.3));
        assert!(!settling.is_over(at(30.3), &|_| false), "half a file");
        settling.look(one_file(3), at(31.0));
        assert!(!settling.is_over(at(32.0), &|_| true), "it has just grown");
        assert!(settling.is_over(at(32.6), &|_| true));
        assert_eq!(settling.content[0].1, 3);
        // Nobody waits for ever for what nobody may read, whatever else changes.
        let mut settling = Settling::of(one_file(1), begun);
        let mut over = None;
        for tenth in 0..2_000 {
            let now = at(f64::from(tenth) / 10.0);
            if tenth % 50 == 0 {
                settling.look(one_file(1 + tenth as u64), now);
            }
            if settling.is_over(now, &|_| false) {
                over = Some(tenth / 10);
                break;
            }
        }
        assert!(
            over.is_some_and(|over| (60..70).contains(&over)),
            "{over:?}"
        );
    }

    #[test]
    fn a_folder_that_changes_all_the_time_is_waited_for_ten_seconds_or_a_minute_while_a_file_grows()
    {
        for (grows, seconds) in [(false, 10), (true, 60)] {
            let begun = Instant::now();
            let mut settling = Settling::of(one_file(1), begun);
            let over = (0..1_000u32).find(|tenth| {
                let now = begun + Duration::from_millis(u64::from(*tenth) * 100);
                let size = if grows { 2 + u64::from(*tenth) } else { 1 };
                settling.look(one_file(size), now);
                settling.is_over(now, &|_| true)
            });
            assert_eq!(over, Some(seconds * 10), "{grows}");
        }
    }

    #[test]
    fn a_merge_that_nobody_foresaw_fails_and_the_watch_goes_on() {
        let said = |merge: fn() -> Result<String>| {
            guarded(merge, Lang::Zh).map_err(|error| causes(&error, Lang::Zh))
        };
        let failed = said(|| panic!("no such row")).expect_err("it panics");
        assert!(
            failed.starts_with("程序内部出错（no such row (src/cli/watch.rs:"),
            "{failed}"
        );
        assert_eq!(said(|| Ok("已汇总".into())), Ok("已汇总".to_owned()));
        assert_eq!(
            said(|| anyhow::bail!("磁盘已满")),
            Err("磁盘已满".to_owned())
        );
    }
}
