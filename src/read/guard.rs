//! Panics of parsers, calamine among them, as ordinary refusals.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

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

/// Runs `parse`; a panic inside it is returned, and says nothing on standard error.
pub(crate) fn catch_panics<T>(
    parse: impl FnOnce() -> Result<T, Unreadable>,
) -> Result<T, Unreadable> {
    silence_own_panics();
    let outer = QUIET.replace(true);
    // What `parse` may leave half done is its own and goes with it.
    let result = panic::catch_unwind(AssertUnwindSafe(parse));
    QUIET.set(outer);
    result.unwrap_or_else(|payload| {
        let detail = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|&s| s.to_owned()))
            .unwrap_or_default();
        Err(Unreadable::ParserPanicked { detail })
    })
}

/// The hook is shared by the whole program, so it is wrapped once and asks each thread.
fn silence_own_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
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
