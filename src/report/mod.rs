//! Puts what was found into words and workbooks, and decides nothing.
//!
//! [`words`] has every sentence that a clerk reads, in Chinese and English. [`workbook`] writes the
//! county workbook, [`annotate`] marks the returns themselves, [`json`] writes `findings.json` and
//! [`text`] and [`status`] what a terminal shows; [`outbox`] puts everything in its place at once. No other
//! stage chooses words or knows a colour, and this one never judges a figure: levels, differences
//! and suspects come with the findings.

pub mod annotate;
mod disk;
pub mod explain;
pub mod json;
pub(crate) mod kept;
mod lock;
pub mod outbox;
mod overview;
pub mod status;
pub mod text;
pub mod whole;
pub mod words;
pub mod workbook;
mod written;

/// The language of what is ours: sentences, labels, names of sheets. What the annexes print stays
/// Chinese.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}
