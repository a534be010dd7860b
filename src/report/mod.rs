//! Puts what was found into words and workbooks, and decides nothing.

pub mod json;
pub mod outbox;
pub mod words;

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
