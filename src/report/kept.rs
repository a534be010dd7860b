//! What people put into an outbox or changed there: kept when a new one takes its place.
//!
//! A file of the old outbox is this program's if its bytes are those that the list of the old outbox has, or those that
//! the new one has in its place. Where there is no list that can be relied on, it also is if it shows that nobody has
//! saved it since. All others are somebody's work, whatever they are called.
//!
//! The scheme in an outbox is what its figures were made with, so somebody's `.toml` does not stay among its files.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::explanations::KEY_HEADER;

use super::disk::Disk;
use super::written::{LIST, SCHEME_FOLDER, Written, hash};

/// Stands behind the name of a file that was kept beside a new one.
const MARK: &str = "手工改动";

/// The longest name that systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// What follows the last point of a longer name is no extension.
const LONGEST_EXTENSION: usize = 20;

/// Where marked copies go, in either language.
const SENT_BACK: [&str; 2] = ["退回", "sent-back"];

/// Judges what lies in an old outbox.
pub(super) struct Keeper<'a> {
    /// The list of the old outbox, if there is any.
    list: Option<&'a Written>,
    /// The list of the new one.
    new_list: &'a Written,
    /// What every file looked like when it was judged.
    seen: RefCell<HashMap<PathBuf, Seen>>,
    /// Where files of others were put, under the new outbox.
    put: RefCell<HashMap<PathBuf, PathBuf>>,
}

/// What a file looked like, and what it was taken for.
#[derive(Clone, Copy)]
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    is_ours: bool,
}

/// What became of what others left.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Where it is in the new outbox.
    pub(super) kept: Vec<PathBuf>,
    /// What could not be put there.
    pub(super) left: Vec<PathBuf>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(list: Option<&'a Written>, new_list: &'a Written) -> Self {
        Self {
            list,
            new_list,
            seen: RefCell::default(),
            put: RefCell::default(),
        }
    }

    /// Puts what others left in `old` into `new` as well: under its own name, or beside the file that has this name
    /// now. Until the new outbox is in its place both have it, but for folders that cannot be listed: those can only be
    /// moved, which [`rest`](Keeper::rest) does.
    pub(super) fn keep(&self, old: &Path, new: &Path, disk: &Disk) -> Kept {
        let found = Found::under(old);
        let mut others: Vec<&PathBuf> = (found.files.iter())
            .filter(|name| !self.judge(old, new, name))
            .collect();
        // Who can have its own name has it, before others are called after it.
        others.sort_by_key(|name| !is_free(&new.join(name)));
        let kept = place(others, old, new, |to, from| {
            put(from, to, disk)?;
            let of = |path: &Path, root| path.strip_prefix(root).map(Path::to_owned);
            let pair = of(from, old).ok().zip(of(to, new).ok());
            self.put.borrow_mut().extend(pair);
            Ok(())
        });
        for folder in found.empty.iter().filter(|name| !self.is_our_folder(name)) {
            // That one is lost would be no great loss.
            let _ = fs::create_dir_all(new.join(folder));
        }
        kept
    }

    /// Moves to `new` what is somebody's in an outbox that was swapped out and is not in `new`: what could not be
    /// linked or copied, and what came or changed meanwhile.
    pub(super) fn rest(&self, old: &Path, new: &Path) -> Kept {
        let found = Found::under(old);
        let others = (found.files.iter())
            .filter(|name| !self.is_as_judged(old, name))
            .filter(|name| !self.is_there(old, new, name))
            .filter(|name| !self.judge(old, new, name));
        place(others.chain(&found.closed), old, new, |to, from| {
            fs::create_dir_all(to.parent().unwrap_or(new))?;
            rename(from, to)
        })
    }

    /// Whether a file is as this program wrote it; remembers what was judged.
    fn judge(&self, old: &Path, new: &Path, name: &Path) -> bool {
        let path = old.join(name);
        let before = look(&path);
        // What cannot be read may be anything.
        let is_ours = self.is_ours(&path, new, name).unwrap_or(false);
        if let Some((size, changed)) = before {
            let seen = Seen {
                size,
                changed,
                is_ours,
            };
            self.seen.borrow_mut().insert(name.to_owned(), seen);
        }
        is_ours
    }

    /// Whether a file was this program's, and is what it was then.
    fn is_as_judged(&self, old: &Path, name: &Path) -> bool {
        let seen = self.seen.borrow().get(name).copied();
        let now = look(&old.join(name));
        seen.zip(now)
            .is_some_and(|(seen, now)| seen.is_ours && (seen.size, seen.changed) == now)
    }

    /// Whether the new outbox has a file: where it was put, under its name, or beside what has that now. In a folder that a
    /// killed run left unfinished it may have our mark already, and in the outbox not yet.
    fn is_there(&self, old: &Path, new: &Path, name: &Path) -> bool {
        let path = old.join(name);
        let destination = destination(name);
        let file = destination.file_name().unwrap_or_default();
        let put = self.put.borrow().get(name).map(|put| new.join(put));
        let known = put
            .into_iter()
            .chain([new.join(name), new.join(&destination)]);
        let folder = destination.parent().unwrap_or(Path::new(""));
        let folders = [
            folder.to_owned(),
            folder.iter().map(unmarked_part).collect(),
        ];
        let alike = (folders.iter()).flat_map(|folder| called_alike(&new.join(folder), file));
        (known.chain(alike)).any(|there| is_same(&path, &there).unwrap_or(false))
    }

    fn is_ours(&self, path: &Path, new: &Path, name: &Path) -> io::Result<bool> {
        let (Some(name), true) = (slashed(name), is_regular(path)) else {
            return Ok(false);
        };
        // A file that an earlier run took for changed by hand may have the bytes of one of ours.
        let base = unmarked(&name);
        let lists = self.list.into_iter().chain([self.new_list]);
        let names = lists.flat_map(|list| [(list, &*name), (list, &*base)]);
        let known: Vec<(&Written, &str)> =
            names.filter(|(list, name)| list.has_name(name)).collect();
        // What somebody put there may be large, and is not read where its name says enough.
        if !known.is_empty() {
            let hash = hash(path)?;
            if known.iter().any(|(list, name)| list.has(name, &hash)) {
                return Ok(true);
            }
        }
        // A list of an earlier version may lack names; what it names with another hash was changed since.
        if (self.list).is_some_and(|list| list.is_sure || list.has_name(&name)) {
            return Ok(false);
        }
        Ok(self.seems_ours(path, new, &name))
    }

    /// Whether a file that no list knows was made by this program, and not saved by another since.
    fn seems_ours(&self, path: &Path, new: &Path, name: &str) -> bool {
        let is_again = self.new_list.has_name(name);
        let is_below = |folder: &&str| {
            let rest = name.strip_prefix(*folder);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        if matches!(name, "findings.json" | "records.parquet") {
            return true;
        }
        if is_below(&SCHEME_FOLDER) {
            return is_again;
        }
        if SENT_BACK.iter().any(is_below) {
            return is_marked_copy(path);
        }
        is_again && is_same_save(path, &new.join(name))
    }

    fn is_our_folder(&self, name: &Path) -> bool {
        let Some(name) = slashed(name) else {
            return false;
        };
        let inside = format!("{name}/");
        let lists = self.list.into_iter().chain([self.new_list]);
        let mut names = lists.flat_map(Written::names);
        names.any(|name| name.starts_with(&inside))
            || (SENT_BACK.iter()).any(|folder| name.starts_with(folder))
    }
}

/// Puts each of some files where it is free, and says which could not be.
fn place<'n>(
    names: impl IntoIterator<Item = &'n PathBuf>,
    old: &Path,
    new: &Path,
    put: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Kept {
    let mut kept = Kept::default();
    for name in names {
        let to = free_path(new, &destination(name));
        // An outbox that cannot be listed is no file that can be put into another.
        let is_whole = name.as_os_str().is_empty();
        if is_whole || put(&to, &old.join(name)).is_err() {
            kept.left.push(name.clone());
        } else {
            let to = to.strip_prefix(new).unwrap_or(&to);
            kept.kept.push(to.to_owned());
        }
    }
    kept
}

/// Clears a folder but for some of what is in it.
pub(super) fn clear_but(folder: &Path, left: &[PathBuf]) {
    let is_left = |name: &Path| left.iter().any(|left| name.starts_with(left));
    let mut todo = vec![(PathBuf::new(), false)];
    while let Some((below, is_done)) = todo.pop() {
        let path = folder.join(&below);
        if is_left(&below) {
            continue;
        }
        if is_done {
            // Nothing happens where something is left in it.
            let _ = fs::remove_dir(path);
            continue;
        }
        todo.push((below.clone(), true));
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let name = below.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push((name, false));
            } else if !is_left(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether a file of an outbox, `name` under the folder of its `period`, has the hash that this program wrote it with; also
/// where nothing is known of it, as of an outbox that was copied without its list.
#[cfg(feature = "consolidate")]
pub(crate) fn is_as_written(outbox: &Path, period: &str, name: &str, hash: &str) -> bool {
    let written = Written::of(outbox, period);
    written.is_none_or(|written| match written.has_name(name) {
        true => written.has(name, hash),
        // A list of an earlier version may lack it.
        false => !written.is_sure,
    })
}

/// What lies in a folder, by its path there.
#[derive(Default)]
struct Found {
    /// Everything but folders.
    files: Vec<PathBuf>,
    /// Folders with nothing in them.
    empty: Vec<PathBuf>,
    /// Folders that cannot be listed.
    closed: Vec<PathBuf>,
}

impl Found {
    /// Everything under a folder, sorted, without what programs leave beside open files.
    fn under(folder: &Path) -> Self {
        let mut found = Self::default();
        let mut todo = vec![PathBuf::new()];
        while let Some(below) = todo.pop() {
            let entries = fs::read_dir(folder.join(&below)).and_then(Iterator::collect);
            let entries: Vec<fs::DirEntry> = match entries {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => {
                    found.closed.push(below);
                    continue;
                }
            };
            if entries.is_empty() && below != Path::new("") {
                found.empty.push(below.clone());
            }
            for entry in entries {
                let name = entry.file_name();
                let path = below.join(&name);
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder {
                    todo.push(path);
                } else if !is_nobodys(&name) && path != Path::new(LIST) {
                    found.files.push(path);
                }
            }
        }
        let lists = [&mut found.files, &mut found.empty, &mut found.closed];
        lists.into_iter().for_each(|list| list.sort_unstable());
        found
    }
}

/// Locks that office programs put beside an open file, and what file managers make anew by themselves.
fn is_nobodys(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_made_anew = ["Thumbs.db", ".DS_Store"].contains(&&*name);
    name.starts_with("~$") || name.starts_with(".~") || is_made_anew
}

/// A link to a file elsewhere, a pipe or the like was not written here.
fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

fn look(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.len(), found.modified().ok()))
}

/// A path with `/`; `None` where it is not Unicode, as all of ours are.
fn slashed(name: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = name.iter().map(OsStr::to_str).collect();
    Some(parts?.join("/"))
}

/// Where somebody's file goes.
fn destination(name: &Path) -> PathBuf {
    let is_scheme = name
        .extension()
        .is_some_and(|extension| extension == "toml");
    // A folder of the list's name would stand in its way.
    if let Ok(rest) = name.strip_prefix(LIST) {
        return Path::new(&marked(LIST.as_ref(), 1)).join(rest);
    }
    match name.strip_prefix(SCHEME_FOLDER) {
        Ok(rest) if is_scheme => Path::new(&marked(SCHEME_FOLDER.as_ref(), 1)).join(rest),
        _ => name.to_owned(),
    }
}

/// Whether two names have the same file, or the same content.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (found, there) = (fs::symlink_metadata(one)?, fs::symlink_metadata(other)?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (found.dev(), found.ino()) == (there.dev(), there.ino()) {
            return Ok(true);
        }
    }
    if found.is_symlink() && there.is_symlink() {
        return Ok(fs::read_link(one)? == fs::read_link(other)?);
    }
    let are_alike = found.is_file() && there.is_file() && found.len() == there.len();
    Ok(are_alike && hash(one)? == hash(other)?)
}

/// Links a file to another place, or copies it where that cannot be done.
fn put(from: &Path, to: &Path, disk: &Disk) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let found = fs::symlink_metadata(from)?;
    #[cfg(unix)]
    if found.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if !found.is_file() {
        return Err(ErrorKind::Unsupported.into());
    }
    let mut source = File::open(from)?;
    let mut copy = File::create_new(to)?;
    if let Err(error) = io::copy(&mut source, &mut copy) {
        drop(copy);
        fs::remove_file(to)?;
        return Err(error);
    }
    // Some file systems have no permissions to take over.
    let _ = copy.set_permissions(found.permissions());
    disk.put(copy, to.to_owned());
    Ok(())
}

/// Moves a file, or a folder whole.
#[cfg(unix)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let refused = match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && from.is_dir() => error,
        done => return done,
    };
    // A folder that may not be written cannot be moved to another, since `..` changes in it.
    let own = fs::symlink_metadata(from)?.permissions();
    let opened = fs::Permissions::from_mode(own.mode() | 0o700);
    fs::set_permissions(from, opened).map_err(|_| refused)?;
    let moved = fs::rename(from, to);
    let now = if moved.is_ok() { to } else { from };
    fs::set_permissions(now, own)?;
    moved
}

#[cfg(not(unix))]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// `汇总.xlsx`, or where that is taken `汇总（手工改动）.xlsx`, `汇总（手工改动2）.xlsx` …; likewise for the folders above it,
/// where a file has the name of one.
fn free_path(root: &Path, name: &Path) -> PathBuf {
    let mut at = root.to_owned();
    let file = name.file_name().unwrap_or_default();
    let is_open = |path: &PathBuf| {
        is_free(path) || fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
    };
    for folder in name.parent().into_iter().flat_map(Path::iter) {
        let names = (0..).map(|nth| at.join(marked(folder, nth)));
        let found = names.take(MOST_NAMES).find(is_open);
        at = found.unwrap_or_else(|| at.join(folder));
    }
    let names = (0..).map(|nth| at.join(marked(file, nth)));
    let found = names.take(MOST_NAMES).find(|path| is_free(path));
    found.unwrap_or_else(|| at.join(file))
}

/// Beyond this, a file is no longer called after another.
const MOST_NAMES: usize = 10_000;

fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A name with our mark and a number from 2; the name itself for 0.
fn marked(name: &OsStr, nth: usize) -> OsString {
    let mark = match nth {
        0 => return name.to_owned(),
        1 => format!("（{MARK}）"),
        nth => format!("（{MARK}{nth}）"),
    };
    let path = Path::new(name);
    let extension = (path.extension()).filter(|extension| extension.len() <= LONGEST_EXTENSION);
    let stem = extension.and(path.file_stem()).unwrap_or(name);
    let room = LONGEST_NAME - mark.len() - extension.map_or(0, |extension| extension.len() + 1);
    let mut marked = match stem.to_str() {
        Some(stem) => cut(bare(stem), room).into(),
        None if stem.len() <= room => stem.to_owned(),
        None => cut(&stem.to_string_lossy(), room).into(),
    };
    marked.push(mark);
    if let Some(extension) = extension {
        marked.push(".");
        marked.push(extension);
    }
    marked
}

/// What is in a folder under a name or under others that come of it, or that it comes of, by our mark.
fn called_alike(folder: &Path, name: &OsStr) -> Vec<PathBuf> {
    // Cut as short as a name ever is, for the longest of marks.
    let key = marked(name, MOST_NAMES);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let alike = entries.filter(|entry| marked(&entry.file_name(), MOST_NAMES) == key);
    alike.map(|entry| entry.path()).collect()
}

/// As much of a text as so many bytes hold.
fn cut(text: &str, room: usize) -> &str {
    let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    &text[..ends.take_while(|end| *end <= room).last().unwrap_or(0)]
}

/// A path without our mark in its last name.
pub(super) fn unmarked(name: &str) -> String {
    let (folder, file) = match name.rsplit_once('/') {
        Some((folder, file)) => (format!("{folder}/"), file),
        None => (String::new(), name),
    };
    match file.rsplit_once('.') {
        // The mark stands behind all of a name that has no extension.
        Some((stem, extension)) if bare(file) == file => {
            format!("{folder}{}.{extension}", bare(stem))
        }
        _ => format!("{folder}{}", bare(file)),
    }
}

/// One name of a path, without our mark.
fn unmarked_part(part: &OsStr) -> OsString {
    (part.to_str()).map_or_else(|| part.to_owned(), |part| unmarked(part).into())
}

/// A name without our mark.
fn bare(stem: &str) -> &str {
    let marked = stem.strip_suffix('）').and_then(|stem| {
        let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.strip_suffix(MARK)?.strip_suffix('（')
    });
    marked.filter(|stem| !stem.is_empty()).unwrap_or(stem)
}

/// Whether a workbook is a marked copy as it was made here. Other programs put the texts of a sheet together elsewhere
/// when they save it.
fn is_marked_copy(path: &Path) -> bool {
    let is_ours = |text: &str| text.contains("inlineStr") && text.contains(KEY_HEADER);
    let sheets = parts(path, |name| name.starts_with("xl/worksheets/"));
    sheets.is_some_and(|sheets| sheets.iter().any(|sheet| is_ours(sheet)))
}

/// Whether two workbooks say of themselves that they were saved by the same program at the same time; those that are made
/// here have the date of their period.
fn is_same_save(one: &Path, other: &Path) -> bool {
    let properties = |path| parts(path, |name| name == "docProps/core.xml");
    let known = |texts: &Vec<String>| texts.iter().any(|text| text.contains("hebiao"));
    let one = properties(one).filter(known);
    one.is_some() && one == properties(other)
}

/// Texts of some parts of a workbook; `None` for what is none.
fn parts(path: &Path, is_wanted: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    const LONGEST: u64 = 64 << 20;
    let mut archive = zip::ZipArchive::new(File::open(path).ok()?).ok()?;
    let mut texts = Vec::new();
    for idx in 0..archive.len() {
        let part = archive.by_index(idx).ok()?;
        if is_wanted(&part.name().ok()?) {
            let mut bytes = Vec::new();
            part.take(LONGEST).read_to_end(&mut bytes).ok()?;
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_marked_once_and_stays_as_short_as_systems_take() {
        let of = |name: &str, nth| marked(name.as_ref(), nth).into_string().expect("a text");
        assert_eq!(of("汇总.xlsx", 1), "汇总（手工改动）.xlsx");
        assert_eq!(of("汇总（手工改动）.xlsx", 2), "汇总（手工改动2）.xlsx");
        assert_eq!(of("汇总（手工改动12）.xlsx", 3), "汇总（手工改动3）.xlsx");
        assert_eq!(of(".名单", 1), ".名单（手工改动）");
        assert_eq!(of("（手工改动）", 1), "（手工改动）（手工改动）");
        let long = of(&format!("{}.xlsx", "长".repeat(83)), 2);
        assert!(
            long.len() <= LONGEST_NAME && long.ends_with("长（手工改动2）.xlsx"),
            "{long}"
        );
        assert_eq!(
            unmarked("退回/甲镇/a（手工改动2）.xlsx"),
            "退回/甲镇/a.xlsx"
        );
        assert_eq!(unmarked("a.b/c"), "a.b/c");
        assert_eq!(unmarked(".名单（手工改动）"), ".名单");
    }

    /// A folder of this test alone, empty.
    fn folder(test: &str) -> PathBuf {
        let name = format!("hebiao-kept-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("old")).expect("a temporary folder");
        fs::create_dir_all(folder.join("new")).expect("a temporary folder");
        folder
    }

    #[test]
    fn what_is_saved_while_the_outboxes_are_swapped_is_kept_too() {
        let dir = folder("late");
        let (old, new) = (dir.join("old"), dir.join("new"));
        for name in ["汇总.xlsx", "hers.txt"] {
            fs::write(old.join(name), "1").expect("a file");
        }
        let mut list = Written::default();
        list.is_sure = true;
        list.add(
            "汇总.xlsx".into(),
            hash(&old.join("汇总.xlsx")).expect("a file"),
        );
        fs::write(new.join("汇总.xlsx"), "2").expect("a file");
        let mut new_list = Written::default();
        new_list.add(
            "汇总.xlsx".into(),
            hash(&new.join("汇总.xlsx")).expect("a file"),
        );
        let keeper = Keeper::new(Some(&list), &new_list);
        let disk = Disk::default();
        assert_eq!(keeper.keep(&old, &new, &disk).kept, [Path::new("hers.txt")]);
        disk.wait().expect("it is there");
        assert!(keeper.rest(&old, &new).kept.is_empty(), "all was kept");

        fs::write(old.join("汇总.xlsx"), "written into").expect("a file");
        fs::write(old.join("late.txt"), "hers").expect("a file");
        let rest = keeper.rest(&old, &new);
        let marked = Path::new("汇总（手工改动）.xlsx");
        assert_eq!(rest.kept, [Path::new("late.txt"), marked]);
        assert_eq!(fs::read(new.join(marked)).expect("a file"), b"written into");
        fs::remove_dir_all(dir).expect("it is there");
    }

    #[test]
    fn of_a_scheme_that_was_changed_nothing_stays_among_its_files() {
        let to = |name: &str| destination(Path::new(name));
        assert_eq!(
            to("报表制度/annex-3.toml"),
            Path::new("报表制度（手工改动）/annex-3.toml")
        );
        assert_eq!(to("报表制度/来文.txt"), Path::new("报表制度/来文.txt"));
        assert_eq!(to("来文/a.toml"), Path::new("来文/a.toml"));
    }
}
