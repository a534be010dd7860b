//! The outbox is whole at every moment.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hebiao::report::outbox::{Outbox, OutboxError, OutboxErrorKind};

/// The list of what was written, in every outbox.
const LIST: &str = ".files.json";

/// A folder of this test alone, empty.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("outbox-{test}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("an old run's");
    }
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

fn write(outbox: &Outbox, name: &str, text: &str) -> Result<(), OutboxError> {
    outbox.write(name, |writer| writer.write_all(text.as_bytes()))
}

/// Makes 2024-05 with these files.
fn made(dir: &Path, files: &[(&str, &str)]) -> PathBuf {
    let outbox = Outbox::prepare(dir, "2024-05").expect("it can be written");
    for (name, text) in files {
        write(&outbox, name, text).expect("it can be written");
    }
    outbox.commit().expect("it can be swapped in").path
}

/// The same; gives what was kept of others.
fn kept(dir: &Path, files: &[(&str, &str)]) -> Vec<String> {
    let outbox = Outbox::prepare(dir, "2024-05").expect("it can be written");
    for (name, text) in files {
        write(&outbox, name, text).expect("it can be written");
    }
    let committed = outbox.commit().expect("it can be swapped in");
    assert!(committed.not_kept.is_empty(), "{committed:?}");
    assert!(committed.not_cleared.is_empty(), "{committed:?}");
    let mut kept: Vec<String> = (committed.kept.iter())
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    kept.sort();
    kept
}

/// Every file under a folder, with its content, but for the list of what was written.
fn content(dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is a folder") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).expect("it is inside");
            let text = fs::read_to_string(&path).expect("it is text");
            let name = name.to_string_lossy().replace('\\', "/");
            if name != LIST {
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}

fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = files
        .iter()
        .map(|&(name, text)| (name.to_owned(), text.to_owned()));
    owned.collect()
}

/// What lies in the outboxes' folder.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("it is a folder");
    let names = entries.map(|entry| entry.expect("it can be listed").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_new_outbox_replaces_the_whole_of_the_old_one() {
    let dir = folder("replaced").join("outbox");
    let old = [("findings.json", "old"), ("退回/草湖乡/a.xlsx", "marked")];
    let target = made(&dir, &old);
    assert_eq!(target, dir.join("2024-05"));
    assert_eq!(content(&target), files(&old));

    let new = [("findings.json", "new"), ("退回/轮台镇/b.xlsx", "marked")];
    made(&dir, &new);
    assert_eq!(content(&target), files(&new));
    assert_eq!(names(&dir), ["2024-05"], "nothing else is left");
}

#[test]
fn until_the_end_the_old_outbox_is_what_everyone_sees() {
    let dir = folder("unseen");
    made(&dir, &[("a", "old")]);
    let outbox = Outbox::prepare(&dir, "2024-05").expect("it can be written");
    write(&outbox, "a", "new").expect("it can be written");
    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "old")]));
    drop(outbox);
    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "old")]));
    assert_eq!(names(&dir), ["2024-05"]);
}

#[test]
fn a_run_killed_in_the_middle_of_a_file_leaves_the_old_outbox_whole() {
    let dir = folder("killed");
    made(&dir, &[("a", "old")]);
    // This test program again, as a run that writes and never ends.
    let mut run = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "outbox::a_run_that_never_ends", "--ignored"])
        .env("HEBIAO_TEST_OUTBOX", &dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let unfinished = dir.join(format!(".2024-05.new-{}", run.id()));
    let began = Instant::now();
    while !unfinished.join("half").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never wrote");
        std::thread::sleep(Duration::from_millis(5));
    }
    let busy = Outbox::prepare(&dir, "2024-05").expect_err("it is still being made");
    assert_eq!(busy.kind, OutboxErrorKind::Busy);
    run.kill().expect("it was running");
    run.wait().expect("it is dead");

    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "old")]));
    assert!(
        unfinished.exists(),
        "it was killed, so it cleared nothing away"
    );
    made(&dir, &[("a", "new")]);
    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "new")]));
    assert_eq!(names(&dir), ["2024-05"]);
}

#[test]
#[ignore = "started and killed by the test before it"]
fn a_run_that_never_ends() {
    let Some(dir) = std::env::var_os("HEBIAO_TEST_OUTBOX") else {
        return;
    };
    let outbox = Outbox::prepare(Path::new(&dir), "2024-05").expect("it can be written");
    write(&outbox, "a", "new").expect("it can be written");
    let _ = outbox.write("half", |writer| -> io::Result<()> {
        writer.write_all(b"half a wo")?;
        writer.flush()?;
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
}

#[test]
fn a_kill_between_the_two_renames_is_put_right_by_the_next_run() {
    let dir = folder("between");
    made(&dir, &[("a", "old")]);
    fs::rename(dir.join("2024-05"), dir.join(".2024-05.old")).expect("as the swap does");
    fs::create_dir(dir.join(".2024-05.new-1")).expect("as the swap left it");

    let outbox = Outbox::prepare(&dir, "2024-05").expect("it can be written");
    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "old")]));
    drop(outbox);
    assert_eq!(names(&dir), ["2024-05"]);
}

/// A run of an earlier version has no list in its outbox, but beside it; and what is closed cannot be linked beforehand.
#[cfg(unix)]
#[test]
fn a_kill_after_the_swap_loses_nothing_of_somebody_in_an_outbox_without_a_list() {
    use std::os::unix::fs::PermissionsExt;

    let dir = folder("swapped-out");
    let target = made(&dir, &[("findings.json", "new")]);
    let old = dir.join(".2024-05.whole-1");
    fs::create_dir_all(old.join("封存")).expect("as the swap left it");
    for name in ["findings.json", "late.txt", "封存/a.txt"] {
        fs::write(old.join(name), name).expect("a file");
    }
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    mode(&old.join("封存"), 0);

    drop(Outbox::prepare(&dir, "2024-05").expect("it can be written"));
    mode(&target.join("封存"), 0o755);
    let expected = [
        ("findings.json", "new"),
        ("late.txt", "late.txt"),
        ("封存/a.txt", "封存/a.txt"),
    ];
    assert_eq!(content(&target), files(&expected));
    assert_eq!(names(&dir), ["2024-05"]);
}

#[cfg(target_os = "linux")]
#[test]
fn something_else_under_the_name_of_the_lock_is_neither_waited_for_nor_followed() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let dir = folder("no-lock");
    let lock = dir.join(".2024-05.lock");
    let refused = || match Outbox::prepare(&dir, "2024-05") {
        Err(error) => {
            assert_eq!(error.path, lock);
            error.kind
        }
        Ok(_) => panic!("it is no lock"),
    };
    mknodat(CWD, &lock, FileType::Fifo, Mode::from(0o644), 0).expect("a pipe");
    assert_eq!(refused(), OutboxErrorKind::NoLock);
    // With somebody at its other end it can be opened.
    let reader = fs::File::options().read(true).write(true).open(&lock);
    assert_eq!(refused(), OutboxErrorKind::NoLock);
    drop(reader.expect("a pipe"));
    fs::remove_file(&lock).expect("the pipe");

    std::os::unix::fs::symlink("elsewhere", &lock).expect("a link");
    assert_eq!(refused(), OutboxErrorKind::NoLock);
    fs::write(dir.join("elsewhere"), "hers").expect("a file");
    assert_eq!(refused(), OutboxErrorKind::NoLock);
    assert_eq!(fs::read(dir.join("elsewhere")).expect("hers"), b"hers");
    fs::remove_file(&lock).expect("the link");
    drop(Outbox::prepare(&dir, "2024-05").expect("nothing is in the way"));
    assert_eq!(names(&dir), ["elsewhere"]);
}

#[test]
fn a_kill_after_the_swap_leaves_only_what_the_next_run_clears_away() {
    let dir = folder("after");
    made(&dir, &[("a", "new")]);
    fs::create_dir_all(dir.join(".2024-05.old/退回")).expect("as the swap left it");
    fs::create_dir_all(dir.join(".2024-05.new-1/退回")).expect("as the swap left it");
    fs::create_dir_all(dir.join(".2024-06.new-1")).expect("another period's");

    drop(Outbox::prepare(&dir, "2024-05").expect("it can be written"));
    assert_eq!(content(&dir.join("2024-05")), files(&[("a", "new")]));
    assert_eq!(names(&dir), [".2024-06.new-1", "2024-05"]);
}

#[test]
fn a_kill_just_before_the_swap_doubles_no_file_of_somebody() {
    let dir = folder("just-before").join("outbox");
    let long = format!("{}.xlsx", "长".repeat(83));
    let names_of_ours = ["汇总.xlsx", "报表制度/scheme.toml", &long, "来文"];
    let of = |text| names_of_ours.map(|name| (name, text));
    let target = made(&dir, &of("old"));
    for name in &names_of_ours[..3] {
        fs::write(target.join(name), format!("hers in {name}")).expect("a file");
    }
    fs::remove_file(target.join("来文")).expect("it is there");
    fs::create_dir(target.join("来文")).expect("the name is free");
    fs::write(target.join("来文/a.txt"), "hers").expect("a file");

    // What a run leaves that is killed while it waits for the disk: all of the new outbox, with what was kept.
    let unfinished = dir.join(".2024-05.new-1");
    let other = folder("just-before-other");
    fs::rename(made(&other, &of("new")), &unfinished).expect("one disk");
    let marked_long = format!("{}（手工改动）.xlsx", "长".repeat(77));
    let marked = [
        ("汇总.xlsx", "汇总（手工改动）.xlsx"),
        ("报表制度/scheme.toml", "报表制度（手工改动）/scheme.toml"),
        (&long, &marked_long),
        ("来文/a.txt", "来文（手工改动）/a.txt"),
    ];
    for (name, marked) in marked {
        let to = unfinished.join(marked);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::hard_link(target.join(name), to).expect("one disk");
    }

    let kept = kept(&dir, &of("new"));
    let mut expected: Vec<String> = marked.map(|(_, marked)| marked.to_owned()).into();
    expected.sort();
    assert_eq!(kept, expected);
    let mut expected = files(&of("new"));
    let hers = |(name, marked): (&str, &str)| match name {
        "来文/a.txt" => (marked.to_owned(), "hers".to_owned()),
        _ => (marked.to_owned(), format!("hers in {name}")),
    };
    expected.extend(marked.map(hers));
    expected.sort();
    assert_eq!(content(&target), expected);
    assert_eq!(names(&dir), ["2024-05"]);
}

#[test]
fn an_outbox_that_cannot_be_written_is_refused_at_once() {
    let dir = folder("refused");
    fs::write(dir.join("file"), "").expect("it can be written");
    let error = Outbox::prepare(&dir.join("file"), "2024-05").expect_err("it is a file");
    assert_eq!(error.kind, OutboxErrorKind::NotWritable);
    assert_eq!(error.path, dir.join("file"));

    let error = Outbox::prepare(&dir, "file").expect_err("the period is a file");
    assert_eq!(error.kind, OutboxErrorKind::NotWritable);
    assert_eq!(error.path, dir.join("file"));
    assert_eq!(
        error.to_string(),
        format!("cannot write to the outbox: {}", dir.join("file").display())
    );
    assert_eq!(names(&dir), ["file"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_place_is_refused_at_once() {
    let error = Outbox::prepare(Path::new("/proc/outbox"), "2024-05").expect_err("no folder");
    assert_eq!(error.kind, OutboxErrorKind::NotWritable);
}

#[test]
fn names_that_lead_out_of_the_outbox_are_refused() {
    let dir = folder("names");
    for period in ["", "..", "a/b", "/tmp"] {
        let error = Outbox::prepare(&dir, period).expect_err(period);
        assert_eq!(error.kind, OutboxErrorKind::Name, "{period}");
    }
    let outbox = Outbox::prepare(&dir, "2024-05").expect("it can be written");
    for name in ["", "../a", "退回/../../a", "/tmp/a", "..\\a"] {
        let error = write(&outbox, name, "x").expect_err(name);
        assert_eq!(error.kind, OutboxErrorKind::Name, "{name}");
    }
}

#[test]
fn two_files_of_one_name_are_refused_and_so_is_a_failed_write() {
    let dir = folder("twice");
    let outbox = Outbox::prepare(&dir, "2024-05").expect("it can be written");
    write(&outbox, "退回/a.xlsx", "one").expect("it can be written");
    let error = write(&outbox, "退回/a.xlsx", "two").expect_err("it is there");
    assert_eq!(error.kind, OutboxErrorKind::Write);
    // The place is the one that the user knows.
    assert_eq!(error.path, dir.join("2024-05/退回/a.xlsx"));
    let error = outbox
        .write("b", |_| Err("disk full"))
        .expect_err("the content failed");
    assert_eq!(error.kind, OutboxErrorKind::Write);
    // Half a file is none, and the rest may go on.
    assert!(write(&outbox, "b", "whole").is_ok());
    drop(outbox);
    assert_eq!(names(&dir), [""; 0], "no outbox is better than half of one");
}

#[test]
fn what_others_changed_in_the_old_outbox_is_kept_beside_the_new_file() {
    let dir = folder("kept");
    let first = [
        ("findings.json", "1"),
        ("汇总.xlsx", "一"),
        ("退回/甲/表.xlsx", "甲"),
    ];
    let target = made(&dir, &first);
    // The clerk wrote into the workbook and put a file of her own beside it; a lock file is nobody's work.
    fs::write(target.join("汇总.xlsx"), "一，已批注").expect("a file");
    fs::create_dir(target.join("来文")).expect("a folder");
    fs::write(target.join("来文/通知.txt"), "通知").expect("a file");
    fs::write(target.join("~$汇总.xlsx"), "lock").expect("a file");
    let second = [("findings.json", "2"), ("汇总.xlsx", "二")];
    made(&dir, &second);
    let expected = files(&[
        ("findings.json", "2"),
        ("来文/通知.txt", "通知"),
        ("汇总.xlsx", "二"),
        ("汇总（手工改动）.xlsx", "一，已批注"),
    ]);
    let sorted = |mut files: Vec<(String, String)>| {
        files.sort();
        files
    };
    assert_eq!(content(&target), sorted(expected.clone()));
    // A third run has nothing more to keep, and loses nothing.
    made(&dir, &second);
    assert_eq!(content(&target), sorted(expected));
}

/// An outbox as a merge makes it.
const MERGED: [(&str, &str); 5] = [
    ("findings.json", "{}"),
    ("records.parquet", "PAR1"),
    ("报表制度/annex-3.toml", "number = 3"),
    ("报表制度/scheme.toml", "id = 1"),
    ("退回/甲镇/表（已审核）.xlsx", "marked"),
];

#[test]
fn without_a_list_the_same_results_are_not_taken_for_somebodys() {
    let spoil = |how: &str, list: &Path| match how {
        "emptied" => fs::write(list, "").expect("a file"),
        "cut" => {
            let text = fs::read(list).expect("the list");
            fs::write(list, &text[..text.len() / 2]).expect("a file");
        }
        _ => fs::remove_file(list).expect("the list"),
    };
    for how in ["emptied", "cut", "removed"] {
        let dir = folder(&format!("list-{how}"));
        let target = made(&dir, &MERGED);
        fs::write(target.join("退回/甲镇/电话记录.txt"), "已告知").expect("a file");
        spoil(how, &target.join(LIST));
        let now = [
            ("findings.json", "{\"counts\": 1}"),
            ("records.parquet", "PAR2"),
            ("报表制度/annex-3.toml", "number = 3 # new"),
            ("报表制度/scheme.toml", "id = 1"),
            ("退回/甲镇/表（已审核）.xlsx", "marked"),
        ];
        // Nothing is lost that may be somebody's, and nothing of ours is there twice.
        assert_eq!(kept(&dir, &now), ["退回/甲镇/电话记录.txt"], "{how}");
        let expected = now
            .into_iter()
            .chain([("退回/甲镇/电话记录.txt", "已告知")]);
        let mut expected = files(&expected.collect::<Vec<_>>());
        expected.sort();
        assert_eq!(content(&target), expected, "{how}");
        // And then there is a list again.
        fs::write(target.join("findings.json"), "edited").expect("a file");
        let both = ["findings（手工改动）.json", "退回/甲镇/电话记录.txt"];
        assert_eq!(kept(&dir, &now), both, "{how}");
    }
}

#[test]
fn a_list_of_an_earlier_version_still_holds_and_is_then_kept_with_the_results() {
    let dir = folder("earlier-list");
    let target = made(&dir, &MERGED);
    // As it was kept: beside the results, each line a hash and a name.
    let list = fs::read(target.join(LIST)).expect("the list");
    let list: serde_json::Value = serde_json::from_slice(&list).expect("JSON");
    let lines = list["files"].as_object().expect("files").iter();
    let lines = lines.map(|(name, hash)| format!("{}  {name}\n", hash.as_str().expect("a hash")));
    fs::write(dir.join(".2024-05.files"), lines.collect::<String>()).expect("a file");
    fs::remove_file(target.join(LIST)).expect("the list");

    fs::write(target.join("退回/甲镇/表（已审核）.xlsx"), "written into").expect("a file");
    fs::write(target.join("findings.json"), "edited").expect("a file");
    let now = [
        ("findings.json", "new"),
        ("退回/乙镇/表（已审核）.xlsx", "b"),
    ];
    let both = ["findings（手工改动）.json", "退回/甲镇/表（已审核）.xlsx"];
    assert_eq!(kept(&dir, &now), both);
    let expected = [
        ("findings.json", "new"),
        ("findings（手工改动）.json", "edited"),
        ("退回/乙镇/表（已审核）.xlsx", "b"),
        ("退回/甲镇/表（已审核）.xlsx", "written into"),
    ];
    assert_eq!(content(&target), files(&expected));
    assert_eq!(names(&dir), ["2024-05"], "one list is enough");
}

#[test]
fn a_folder_that_has_the_name_of_the_list_steps_aside() {
    let dir = folder("list-folder");
    let target = made(&dir, &MERGED);
    fs::remove_file(target.join(LIST)).expect("the list");
    fs::create_dir(target.join(LIST)).expect("a folder");
    fs::write(target.join(LIST).join("mine"), "hers").expect("a file");
    assert_eq!(kept(&dir, &MERGED).len(), 1);
    assert!(target.join(LIST).is_file(), "there is a list again");
    let moved = content(&target)
        .into_iter()
        .find(|(_, text)| text == "hers");
    assert!(moved.is_some_and(|(name, _)| name.ends_with("/mine")));
}

#[test]
fn results_that_were_doubled_by_an_earlier_version_are_single_again() {
    let dir = folder("doubled");
    let target = made(&dir, &MERGED);
    for (name, text) in MERGED {
        let twin = name.replacen('.', "（手工改动）.", 1);
        fs::write(target.join(twin), text).expect("a file");
    }
    let hers = "findings（手工改动2）.json";
    fs::write(target.join(hers), "hers").expect("a file");
    assert_eq!(kept(&dir, &MERGED), [hers]);
    let mut expected = files(&MERGED);
    expected.push((hers.into(), "hers".into()));
    expected.sort();
    assert_eq!(content(&target), expected);
}

#[test]
fn among_the_files_of_the_scheme_stays_no_other() {
    let dir = folder("scheme");
    let target = made(&dir, &MERGED);
    fs::write(target.join("报表制度/annex-3.toml"), "edited").expect("a file");
    fs::write(target.join("报表制度/annex-9.toml"), "hers").expect("a file");
    fs::write(target.join("报表制度/来文.txt"), "hers too").expect("a file");
    let aside = [
        "报表制度/来文.txt",
        "报表制度（手工改动）/annex-3.toml",
        "报表制度（手工改动）/annex-9.toml",
    ];
    assert_eq!(kept(&dir, &MERGED), aside);
    assert_eq!(kept(&dir, &MERGED), aside, "and they stay there");
    let mut expected = files(&MERGED);
    expected.extend(
        aside
            .into_iter()
            .zip(["hers too", "edited", "hers"])
            .map(|(name, text)| (name.into(), text.into())),
    );
    expected.sort();
    assert_eq!(content(&target), expected);
}

#[test]
fn hidden_files_of_people_stay_and_locks_of_programs_go() {
    let dir = folder("hidden");
    let target = made(&dir, &MERGED);
    fs::create_dir_all(target.join(".存档/空")).expect("a folder");
    for name in [
        ".名单",
        ".存档/旧.txt",
        "~$汇总.xlsx",
        ".~lock.汇总.xlsx#",
        "Thumbs.db",
    ] {
        fs::write(target.join(name), name).expect("a file");
    }
    assert_eq!(kept(&dir, &MERGED), [".名单", ".存档/旧.txt"]);
    let mut expected = files(&MERGED);
    expected.extend(files(&[
        (".名单", ".名单"),
        (".存档/旧.txt", ".存档/旧.txt"),
    ]));
    expected.sort();
    assert_eq!(content(&target), expected);
    assert!(target.join(".存档/空").is_dir());
}

#[test]
fn a_folder_may_have_the_name_of_a_file_and_the_other_way_round() {
    let dir = folder("kinds");
    let target = made(&dir, &[("a", "ours")]);
    fs::create_dir(target.join("findings.json")).expect("a folder");
    fs::write(target.join("findings.json/b.txt"), "hers").expect("a file");
    fs::write(target.join("退回"), "hers").expect("a file");
    let both = ["findings（手工改动）.json/b.txt", "退回（手工改动）"];
    assert_eq!(kept(&dir, &MERGED), both);
    assert_eq!(kept(&dir, &MERGED), both);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_and_things_that_are_no_files_stay_as_they_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = folder("hostile");
    let target = made(&dir, &MERGED);
    // 通知.txt as an archive of an older Chinese PC names it.
    let gbk = OsStr::from_bytes(b"\xcd\xa8\xd6\xaa.txt");
    fs::create_dir(target.join(gbk)).expect("a folder");
    fs::write(target.join(gbk).join(gbk), "hers").expect("a file");
    std::os::unix::fs::symlink("nowhere", target.join("link")).expect("a link");
    std::os::unix::fs::symlink("/", target.join("root")).expect("a link");
    let pipe = target.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("it runs").success());
    for _ in 0..2 {
        assert_eq!(kept(&dir, &MERGED).len(), 4);
        let hers = fs::read_to_string(target.join(gbk).join(gbk));
        assert_eq!(hers.expect("the very name"), "hers");
        let link = |name: &str| fs::read_link(target.join(name)).expect("a link");
        assert_eq!((link("link"), link("root")), ("nowhere".into(), "/".into()));
        assert!(fs::symlink_metadata(&pipe).is_ok_and(|found| !found.is_file()));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_closed_to_us_goes_along_whole() {
    use std::os::unix::fs::PermissionsExt;

    let dir = folder("closed");
    let target = made(&dir, &MERGED);
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for (name, bits) in [("封存", 0), ("只读", 0o555)] {
        fs::create_dir(target.join(name)).expect("a folder");
        fs::write(target.join(name).join("a.txt"), name).expect("a file");
        mode(&target.join(name), bits);
    }
    assert_eq!(kept(&dir, &MERGED).len(), 2);
    mode(&target.join("封存"), 0o755);
    for name in ["封存", "只读"] {
        let text = fs::read_to_string(target.join(name).join("a.txt"));
        assert_eq!(text.expect("it is kept"), name);
    }
    assert_eq!(names(&dir), ["2024-05"], "the old one is cleared away");
}

/// Makes a file that nobody can remove, where this can be done: by the administrator of a system that has such files.
#[cfg(target_os = "linux")]
fn fixed(path: &Path, is_fixed: bool) -> bool {
    let change = if is_fixed { "+i" } else { "-i" };
    let done = Command::new("chattr")
        .arg(change)
        .arg(path)
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_cleared_away_is_told_and_passed_over() {
    let dir = folder("stuck");
    let target = made(&dir, &MERGED);
    let left = dir.join(".2024-05.new-1");
    fs::create_dir(&left).expect("a folder");
    fs::write(left.join("a"), "left").expect("a file");
    fs::write(target.join("印章.txt"), "hers").expect("a file");
    if !fixed(&left.join("a"), true) || !fixed(&target.join("印章.txt"), true) {
        fixed(&left.join("a"), false);
        return;
    }
    let outbox = Outbox::prepare(&dir, "2024-05").expect("the rest can be written");
    write(&outbox, "findings.json", "new").expect("it can be written");
    let committed = outbox.commit();
    let old = dir.join(format!(".2024-05.new-{}", std::process::id()));
    let now = content(&target);
    fixed(&left.join("a"), false);
    fixed(&old.join("印章.txt"), false);
    let committed = committed.expect("nothing stops it");
    // It can neither be linked nor moved, but copied.
    assert_eq!(committed.kept, [Path::new("印章.txt")]);
    assert_eq!(
        now,
        files(&[("findings.json", "new"), ("印章.txt", "hers")])
    );
    assert_eq!(committed.not_cleared, [left, old]);
    // Once it can be removed, it is.
    assert_eq!(kept(&dir, &[("findings.json", "new")]), ["印章.txt"]);
    assert_eq!(names(&dir), ["2024-05"]);
}

#[test]
fn somebodys_folder_with_the_name_of_the_list_is_kept_under_another() {
    let dir = folder("list-name");
    made(&dir, &[("a", "old")]);
    let list = dir.join("2024-05").join(LIST);
    fs::remove_file(&list).expect("it is there");
    fs::create_dir(&list).expect("a folder");
    fs::write(list.join("note.txt"), "somebody's").expect("a file");
    assert_eq!(
        kept(&dir, &[("b", "new")]),
        ["a", "files.json（文件夹）/note.txt"]
    );
    assert!(list.is_file());
    // From then on it is a folder like any other.
    assert_eq!(
        kept(&dir, &[("b", "newer")]),
        ["a", "files.json（文件夹）/note.txt"]
    );
    let held = content(&dir.join("2024-05"));
    assert_eq!(
        held,
        files(&[
            ("a", "old"),
            ("b", "newer"),
            ("files.json（文件夹）/note.txt", "somebody's")
        ])
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_an_outbox_is_called_a_link() {
    let dir = folder("linked");
    fs::create_dir(dir.join("elsewhere")).expect("a folder");
    fs::write(dir.join("elsewhere/a"), "somebody's").expect("a file");
    std::os::unix::fs::symlink("elsewhere", dir.join("2024-05")).expect("a link");
    let error = Outbox::prepare(&dir, "2024-05").expect_err("it is a link");
    assert_eq!(error.kind, OutboxErrorKind::Linked);
    assert!(error.to_string().contains("is a link"), "{error}");
    let text = fs::read_to_string(dir.join("2024-05/a")).expect("it is untouched");
    assert_eq!(text, "somebody's");
}
