//! What tells which of two returns is the newer one.

use std::time::SystemTime;

use super::Moment;

/// What a file tells about when it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// When it was last saved, by the stamp inside it.
    pub saved: Option<Moment>,
    /// Which version its name says that it is.
    pub mark: VersionMark,
    /// When the file was last changed. A copy of the same inbox has other times.
    pub modified: Option<SystemTime>,
}

/// Which version a file's name says that it is: 修改稿, 第二次, v3, (2), 终稿. The greater is the newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionMark {
    /// It calls itself the last.
    pub is_final: bool,
    /// 1 for the first, and where the name says nothing.
    pub number: u32,
    /// The number in brackets that systems give to a second file of one name.
    pub copy: u32,
}

/// By what the newer of two returns was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewerBy {
    /// The stamp inside the files.
    Saved,
    /// The date on the forms.
    Dated,
    /// The version marks in the files' names.
    Mark,
    /// When the files were last changed.
    Modified,
    /// Sheets of the other's file could not be read.
    Whole,
    /// The other is a hidden sheet of the same file.
    Shown,
    /// The files' names, or the sheets', for want of anything better.
    Name,
}

impl Default for VersionMark {
    fn default() -> Self {
        Self {
            is_final: false,
            number: 1,
            copy: 0,
        }
    }
}

impl Version {
    /// Whether it is plainly newer than another: by the stamps inside the files, else by the marks of their names.
    pub fn is_newer_than(self, other: Self) -> bool {
        match (self.saved, other.saved) {
            (Some(saved), Some(before)) if saved != before => saved > before,
            _ => self.mark > other.mark,
        }
    }

    /// What two files of the same content tell together: the newer of each.
    pub fn or_newer(self, other: Self) -> Self {
        Self {
            saved: self.saved.max(other.saved),
            mark: self.mark.max(other.mark),
            modified: self.modified.max(other.modified),
        }
    }
}

impl NewerBy {
    /// The name used in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            NewerBy::Saved => "saved",
            NewerBy::Dated => "dated",
            NewerBy::Mark => "version-mark",
            NewerBy::Modified => "modified",
            NewerBy::Whole => "read-whole",
            NewerBy::Shown => "hidden-sheet",
            NewerBy::Name => "file-name",
        }
    }

    /// Whether the returns themselves say so. Times of files change with every copy, and names without a
    /// mark mean nothing.
    pub fn is_sure(self) -> bool {
        match self {
            NewerBy::Saved | NewerBy::Dated | NewerBy::Mark | NewerBy::Shown => true,
            NewerBy::Modified | NewerBy::Whole | NewerBy::Name => false,
        }
    }
}
