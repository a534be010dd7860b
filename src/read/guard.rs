//! Panics of parsers, calamine among them, as ordinary refusals; and those of later stages, for who must go on.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe, Location, PanicHookInfo};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use super::Unreadable;

/// Runs a piece of calamine. Where it panics the file is damaged: it does sums with the numbers in a
/// file, and looks for bytes that are not there, without asking first.
pub(super) fn calamine<T, E: Display>(run: impl FnOnce() -> Result<T, E>) -> Result<T, Unreadable> {
    let result = caught(|| run().map_err(|error| error.to_string()));
    result
        .and_then(|result| result)
        .map_err(Unreadable::damaged)
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// How many pieces of work are guarded just now. They may have parts of theirs done on other threads of the pool.
static GUARDED: AtomicUsize = AtomicUsize::new(0);

/// The last words of the panics that were kept quiet of late, and where in the source each was said. The hook hears of them on
/// the thread that panicked, which need not be the one that guards the work.
static HEARD: Mutex<VecDeque<(String, String)>> = Mutex::new(VecDeque::new());

/// More do not happen between a panic and the time that it is caught.
const MOST_HEARD: usize = 64;

/// Runs `work`; where it panics its last words and their place in the source are returned, and nothing is said on standard
/// error.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    silence_own_panics();
    let outer = QUIET.replace(true);
    GUARDED.fetch_add(1, Ordering::Relaxed);
    // What `work` may leave half done is its own and goes with it.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.fetch_sub(1, Ordering::Relaxed);
    QUIET.set(outer);
    result.map_err(|payload| {
        let words = last_words(&*payload);
        let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        match heard.iter().find(|(said, _)| *said == words) {
            Some((_, place)) => format!("{words} ({place})"),
            None => words,
        }
    })
}

fn last_words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .unwrap_or_default()
}

/// File and line of the source, without the folders that it was built in.
fn place(location: &Location<'_>) -> String {
    let path = location.file().replace('\\', "/");
    let package = path.rfind("/src/").and_then(|at| path[..at].rfind('/'));
    let short = package.map_or(&*path, |at| &path[at + 1..]);
    format!("{short}:{}", location.line())
}

/// Keeps what a panic says that nothing else tells of.
fn hear(info: &PanicHookInfo<'_>) {
    let words = last_words(info.payload());
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.truncate(MOST_HEARD - 1);
    heard.push_front((words, info.location().map(place).unwrap_or_default()));
}

/// The hook is shared by the whole program, so it is wrapped once and asks each thread.
fn silence_own_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_of_pool = || rayon::current_thread_index().is_some();
            let is_guarded = QUIET.get() || GUARDED.load(Ordering::Relaxed) > 0 && is_of_pool();
            match is_guarded {
                true => hear(info),
                false => others(info),
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_reason() {
        let line = line!() + 1;
        let result: Result<(), _> = caught(|| panic!("row {}", 7));
        assert_eq!(result, Err(format!("row 7 (src/read/guard.rs:{line})")));
        assert!(!QUIET.get());
    }
}
