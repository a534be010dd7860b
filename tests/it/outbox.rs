//! The outbox is whole at every moment.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hebiao::report::outbox::{Outbox, OutboxError, OutboxErrorKind};

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

/// Every file under a folder, with its content.
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
            found.push((name.to_string_lossy().replace('\\', "/"), text));
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

/// What lies in the outboxes' folder, but for the list of what was written.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("it is a folder");
    let names = entries.map(|entry| entry.expect("it can be listed").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name != ".2024-05.files")
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
