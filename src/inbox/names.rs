//! File names as people read them, and none of them twice.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use encoding_rs::GB18030;

use super::InboxFile;
use crate::model::is_unseen;

/// A path as people read it, with `/`.
pub fn readable(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_end = |byte: &u8| *byte == b'/' || (cfg!(windows) && *byte == b'\\');
    // No byte of a separator is a part of another character, in GBK neither: its second bytes begin at 0x40. But
    // 0x5C, `\`, is one there, and separates nothing outside of Windows.
    let parts: Vec<Cow<'_, str>> = bytes.split(is_end).map(readable_bytes).collect();
    parts.join("/")
}

/// Names as people read them, in the order that `found` is put in: that of their bytes. A name that is a text keeps it; of
/// others that read the same, the later ones are marked.
pub(super) fn distinct<T>(found: &mut [T], name: impl Fn(&T) -> &OsString) -> Vec<String> {
    found.sort_by(|a, b| {
        let [a, b] = [a, b].map(|one| name(one).as_encoded_bytes());
        a.cmp(b)
    });
    let read = |one: &T| readable_bytes(name(one).as_encoded_bytes()).into_owned();
    let mut names: Vec<String> = found.iter().map(read).collect();
    let is_own = |(one, shown): (&T, &String)| name(one).as_os_str() == OsStr::new(shown.as_str());
    if found.iter().zip(&names).all(is_own) {
        return names;
    }
    let own = found.iter().zip(&names).filter(|pair| is_own(*pair));
    let mut taken = Taken::default();
    taken.names.extend(own.map(|(_, shown)| shown.clone()));
    for (one, shown) in found.iter().zip(&mut names) {
        if name(one).as_os_str() != OsStr::new(shown.as_str()) {
            *shown = taken.free(shown);
        }
    }
    names
}

/// Marks the paths of files that read as an earlier one does.
pub fn keep_apart(files: &mut [InboxFile]) {
    let mut taken = Taken::default();
    for file in files {
        let path = taken.free(&file.path);
        if *path != *file.path {
            file.path = Arc::from(path);
        }
    }
}

/// Names that files have.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    /// For a name that several have, the first number that may be free.
    next: HashMap<String, usize>,
}

impl Taken {
    /// The name, or where that is taken, one with a mark before its extension; it is taken then.
    fn free(&mut self, name: &str) -> String {
        if self.names.insert(name.to_owned()) {
            return name.to_owned();
        }
        let (stem, extension) = match name.rfind('.') {
            Some(at) if at > 0 && !name[at..].contains('/') => name.split_at(at),
            _ => (name, ""),
        };
        let next = self.next.entry(name.to_owned()).or_insert(2);
        loop {
            // The blank keeps what the name ends in, such as 改, an end. Round brackets would say which version it is.
            let marked = format!("{stem} 〔同名{next}〕{extension}");
            *next += 1;
            if self.names.insert(marked.clone()) {
                return marked;
            }
        }
    }
}

/// A name as people read it: as the text that it is, else as GBK, else with what is no text as `％FF`. A plain `%` begins a
/// code in links, which names of copies therefore do not have.
fn readable_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_to_be_escaped) => Cow::Borrowed(text),
        Ok(text) => Cow::Owned(shown(text)),
        Err(_) => match gbk(bytes) {
            Some(text) => Cow::Owned(shown(&text)),
            None => Cow::Owned(escaped(bytes)),
        },
    }
}

/// The text, if the bytes are one in GBK or in what grew out of it. Names of Windows are in no other encoding than their own.
fn gbk(bytes: &[u8]) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    // Two names must not become one: what was read in writes the same bytes.
    let (written, _, is_wrong) = GB18030.encode(&text);
    (!is_wrong && *written == *bytes).then(|| text.into_owned())
}

/// Text, with its unseen characters as their bytes.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_to_be_escaped(c) {
            true => push_bytes(&mut shown, c.encode_utf8(&mut [0; 4]).as_bytes()),
            false => shown.push(c),
        }
    }
    shown
}

/// Bytes that are no text as a whole: what of them is text, and the others as numbers.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match is_to_be_escaped(c) || c == '％' {
                true => push_bytes(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                false => text.push(c),
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    text.extend(bytes.iter().map(|byte| format!("％{byte:02X}")));
}

/// Characters that nobody sees, or that change what others look like: a terminal obeys some of them.
fn is_to_be_escaped(c: char) -> bool {
    c.is_control() || is_unseen(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn names(names: &[&[u8]]) -> Vec<String> {
        let mut found: Vec<OsString> = (names.iter())
            .map(|name| OsString::from_vec(name.to_vec()))
            .collect();
        distinct(&mut found, |name| name)
    }

    /// 轮台镇 in GBK.
    const TOWN: &[u8] = b"\xc2\xd6\xcc\xa8\xd5\xf2.xlsx";

    #[test]
    fn names_out_of_an_archive_are_read_in_gbk() {
        assert_eq!(names(&[TOWN]), ["轮台镇.xlsx"]);
        // The second byte of 乗 is that of a backslash.
        assert_eq!(names(&[b"\x81\x5c.xls"]), ["乗.xls"]);
        assert_eq!(readable(Path::new("a/乗\\b")), "a/乗\\b");
    }

    #[test]
    fn names_that_read_alike_are_marked_and_texts_keep_theirs() {
        let text = "轮台镇.xlsx".as_bytes();
        let marked = "轮台镇 〔同名2〕.xlsx".as_bytes();
        assert_eq!(
            names(&[text, TOWN]),
            ["轮台镇 〔同名2〕.xlsx", "轮台镇.xlsx"]
        );
        assert_eq!(
            names(&[TOWN, marked, text]),
            [
                "轮台镇 〔同名3〕.xlsx",
                "轮台镇 〔同名2〕.xlsx",
                "轮台镇.xlsx"
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_told_by_their_numbers() {
        assert_eq!(
            names(&[b"a\xff.xls", b"a\xfe.xls", b"a%FF\xff.xls"]),
            ["a%FF％FF.xls", "a％FE.xls", "a％FF.xls"]
        );
        assert_eq!(names(&[b"a\xff", b"a%FF"]), ["a%FF", "a％FF"]);
        assert_eq!(
            names(&[b"a\xff", "a％FF".as_bytes()]),
            ["a％FF", "a％FF 〔同名2〕"]
        );
    }

    #[test]
    fn what_nobody_sees_is_shown_and_a_terminal_obeys_no_name() {
        assert_eq!(
            names(&[b"a\x1b[2J\n.xls", "b\u{202e}slx.".as_bytes()]),
            ["a％1B[2J％0A.xls", "b％E2％80％AEslx."]
        );
    }

    /// Counted from the first each time, so many would take minutes.
    #[test]
    fn twenty_thousand_files_of_one_name_cost_what_files_cost() {
        let begun = std::time::Instant::now();
        let mut files = vec![InboxFile::new("a/甲.xlsx", Path::new("a/甲.xlsx")); 20_000];
        files[7].path = "a/甲 〔同名3〕.xlsx".into();
        keep_apart(&mut files);
        assert_eq!(&*files[2].path, "a/甲 〔同名3〕.xlsx");
        assert_eq!(&*files[7].path, "a/甲 〔同名3〕 〔同名2〕.xlsx");
        assert_eq!(&*files[19_999].path, "a/甲 〔同名19999〕.xlsx");
        let names: HashSet<&str> = files.iter().map(|file| &*file.path).collect();
        assert_eq!(names.len(), files.len());
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    }

    #[test]
    fn files_named_one_by_one_are_kept_apart() {
        let file = |path| InboxFile::new(path, Path::new(path));
        let mut files = [
            file("a/b.c/d"),
            file("a/b.c/d"),
            file("x.xls"),
            file("x.xls"),
        ];
        keep_apart(&mut files);
        let paths: Vec<&str> = files.iter().map(|file| &*file.path).collect();
        assert_eq!(
            paths,
            ["a/b.c/d", "a/b.c/d 〔同名2〕", "x.xls", "x 〔同名2〕.xls"]
        );
    }
}
