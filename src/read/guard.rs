//! Panics of parsers, calamine among them, as ordinary refusals; and those of later stages, for who must go on.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Unreadable;

/// Runs a piece of calamine. Where it panics the file is damaged: it does sums with the numbers in a
/// file, and looks for bytes that are not there, without asking first.
pub(super) fn calamine<T, E: Display>(run: impl FnOnce() -> Result<T, E>) -> Result<T, Unreadable> {
    catch_panics(|| run().map_err(|error| Unreadable::damaged(error.to_string()))).map_err(
        |reason| match reason {
            Unreadable::ParserPanicked { detail } => Unreadable::damaged(detail),
            reason => reason,
        },
    )
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// How many pieces of work are guarded just now. They may have parts of theirs done on other threads of the pool.
static GUARDED: AtomicUsize = AtomicUsize::new(0);

/// Runs `parse`; a panic inside it is returned, and says nothing on standard error.
pub(crate) fn catch_panics<T>(
    parse: impl FnOnce() -> Result<T, Unreadable>,
) -> Result<T, Unreadable> {
    let result = caught(parse);
    result.unwrap_or_else(|detail| Err(Unreadable::ParserPanicked { detail }))
}

/// Runs `work`; where it panics its last words are returned, and nothing is said on standard error.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    silence_own_panics();
    let outer = QUIET.replace(true);
    GUARDED.fetch_add(1, Ordering::Relaxed);
    // What `work` may leave half done is its own and goes with it.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.fetch_sub(1, Ordering::Relaxed);
    QUIET.set(outer);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_default()
    })
}

/// The hook is shared by the whole program, so it is wrapped once and asks each thread.
fn silence_own_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_of_pool = || rayon::current_thread_index().is_some();
            let is_guarded = QUIET.get() || GUARDED.load(Ordering::Relaxed) > 0 && is_of_pool();
            if !is_guarded {
                others(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_reason() {
        let result: Result<(), _> = catch_panics(|| panic!("row {}", 7));
        let detail = "row 7".to_owned();
        assert_eq!(result, Err(Unreadable::ParserPanicked { detail }));
        assert!(!QUIET.get());
    }
}
