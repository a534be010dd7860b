//! The command line: parses, calls, renders. The only place that prints.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what it is for"
)]

mod arguments;
mod check;
mod confirm;
#[cfg(feature = "consolidate")]
mod earlier;
mod explain;
mod failure;
mod form;
#[cfg(feature = "consolidate")]
mod merge;
#[cfg(feature = "consolidate")]
mod publish;
#[cfg(feature = "consolidate")]
mod rollup;
mod scheme;
mod status;
#[cfg(feature = "consolidate")]
mod watch;

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::model::{Earlier, Period};
use crate::read::caught;
use crate::report::Lang;
use crate::scheme::Scheme;

use failure::NotPrinted;

/// Nothing mandatory or quasi-mandatory is open.
pub const ALL_CLEAR: u8 = 0;
/// Something mandatory or quasi-mandatory is open.
pub const FINDINGS_OPEN: u8 = 1;
/// The work could not be done: usage, scheme, disk.
pub const NOT_DONE: u8 = 2;

/// Prints what was asked for.
fn put(text: &str) -> Result<()> {
    put_with(|out| out.write_all(text.as_bytes()))
}

/// The same, where it is written piece by piece.
fn put_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    printed(write(&mut out).and_then(|()| out.flush()))
}

/// The same, with colours where a terminal shows them.
fn put_coloured(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes());
    printed(written.and_then(|()| out.flush()))
}

/// Who has read enough of it (`| head`) closes the pipe; that is no reason to fail.
fn printed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.map_err(NotPrinted)?),
    }
}

/// Tells whoever runs the program something beside what was asked for. Where even this cannot be printed there is nobody
/// to tell.
fn tell(text: &str) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Where things are, and in which language to speak.
struct Surroundings {
    lang: Lang,
    inbox: PathBuf,
    #[cfg(feature = "consolidate")]
    outbox: PathBuf,
    /// The scheme's folder; `None` for the only one under `templates/`.
    scheme: Option<PathBuf>,
}

/// A file that grows beyond what the system allows a user fails to be written, like one on a disk that is full: by default it
/// would end the program where it stands.
#[cfg(unix)]
fn outlive_file_limits() {
    use std::sync::atomic::AtomicBool;

    static IS_BEYOND: AtomicBool = AtomicBool::new(false);
    // Where that cannot be asked for, all is as it is without.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, &IS_BEYOND);
}

/// Runs one command.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    #[cfg(unix)]
    outlive_file_limits();
    let arguments: Vec<OsString> = arguments.collect();
    let lang = arguments::language(&arguments);
    let matches = match arguments::command(lang).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are asked for; anything else is a mistake of usage.
            let code = if error.use_stderr() {
                NOT_DONE
            } else {
                ALL_CLEAR
            };
            match failure::usage(&error, lang) {
                Some(said) => tell(&said),
                None => {
                    let shown = printed(error.print().and_then(|()| io::stdout().flush()));
                    if let Err(error) = shown {
                        return not_done(&error, lang);
                    }
                }
            }
            return ExitCode::from(code);
        }
    };
    let surroundings = Surroundings {
        lang,
        inbox: arguments::path(&matches, "inbox").unwrap_or_else(|| "inbox".into()),
        #[cfg(feature = "consolidate")]
        outbox: arguments::path(&matches, "outbox").unwrap_or_else(|| "outbox".into()),
        scheme: arguments::path(&matches, "scheme"),
    };
    // What nobody foresaw is said like any other failure; what was written so far is cleared away.
    let done = caught(|| match matches.subcommand() {
        #[cfg(feature = "consolidate")]
        Some(("merge", matches)) => merge::run(&surroundings, &arguments::merge_options(matches)),
        #[cfg(feature = "consolidate")]
        Some(("rollup", matches)) => {
            rollup::run(&surroundings, &arguments::rollup_order(matches, lang))
        }
        Some(("status", matches)) => status::run(
            &surroundings,
            matches.get_one::<String>("period").map(String::as_str),
            arguments::is_json(matches),
        ),
        Some(("check", matches)) => check::run(&surroundings, &arguments::check_options(matches)),
        Some(("confirm", matches)) => {
            confirm::run(&surroundings, &arguments::confirm_options(matches))
        }
        Some(("form", matches)) => form::run(&surroundings, &form::Order::of(matches)),
        Some(("scheme", _)) => scheme::run(&surroundings),
        Some(("explain", matches)) => explain::run(
            &surroundings,
            matches.get_one::<String>("what").map(String::as_str),
        ),
        _ => Ok(NOT_DONE),
    });
    match done.unwrap_or_else(|detail| Err(failure::of_program(&detail, lang))) {
        Ok(code) => ExitCode::from(code),
        Err(error) => not_done(&error, lang),
    }
}

/// Says why the work could not be done.
fn not_done(error: &anyhow::Error, lang: Lang) -> ExitCode {
    let said = failure::causes(error, lang);
    tell(&format!(
        "{}{said}",
        lang.pick("做不下去：", "could not go on: ")
    ));
    ExitCode::from(NOT_DONE)
}

/// A period as it is written on the command line.
fn named_period(text: &str, lang: Lang) -> Result<Period> {
    Period::parse(text).with_context(|| match lang {
        Lang::Zh => format!("报告期应为 plan 或月份（如 2024-05），写的是“{text}”"),
        Lang::En => format!("a period is plan or a month such as 2024-05, not “{text}”"),
    })
}

/// The period asked for, else the newest in the inbox.
fn asked_period(surroundings: &Surroundings, period: Option<&str>) -> Result<Period> {
    match period {
        Some(period) => named_period(period, surroundings.lang),
        None => newest_period(&surroundings.inbox, surroundings.lang),
    }
}

/// The latest month in the inbox, else the plan.
fn newest_period(inbox: &Path, lang: Lang) -> Result<Period> {
    let entries = std::fs::read_dir(inbox).with_context(|| {
        format!(
            "{}{}",
            lang.pick("读不了收件文件夹 ", "cannot read the inbox "),
            inbox.display()
        )
    })?;
    let periods = entries
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| Period::parse(&name));
    periods.max().with_context(|| {
        format!(
            "{}{}",
            inbox.display(),
            lang.pick(
                " 里没有报告期文件夹（plan 或 2024-05）",
                " holds no period (plan or 2024-05)"
            )
        )
    })
}

/// What was consolidated before a period, where this computer has consolidated it.
#[cfg(feature = "consolidate")]
fn known_before(surroundings: &Surroundings, scheme: &Scheme, period: Period) -> Earlier {
    earlier::usable_earlier(scheme, &surroundings.outbox, period, surroundings.lang)
}

/// Without polars nothing can be.
#[cfg(not(feature = "consolidate"))]
fn known_before(_: &Surroundings, _: &Scheme, _: Period) -> Earlier {
    Earlier::default()
}

/// A bar on a terminal; nothing in a pipe.
fn progress(n_files: usize) -> ProgressBar {
    // Where it is done before it could be seen, a bar only flickers.
    if n_files < 20 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(n_files as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
