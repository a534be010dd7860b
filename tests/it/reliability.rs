//! Kills, races, full disks and interruptions around what the program writes: it is there whole, old or new, and once.
//!
//! `scripts/reliability.py` does the same at every call of the system, and over and over; see docs/reliability.md.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hebiao::inbox::InboxFile;
use hebiao::model::{Detail, Earlier, FileRecord, Format, NoCopy};
use hebiao::pipeline::check_files;
use hebiao::report::Lang;
use hebiao::report::annotate::{no_copy, send_back};

use crate::desk::luntai;
use crate::month::{Desk, Running, wait_for};

/// Every file under a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Only what people see.
fn shown(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_hidden = |name: &PathBuf| name.to_string_lossy().starts_with('.');
    let all = contents(folder).into_iter();
    all.filter(|(name, _)| !is_hidden(name)).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
    names.sort();
    names
}

/// Starts a command again and again and kills it while it writes into a folder, later each time, until it ends by itself.
/// `check` looks at what is there after each. What a run with the number 4711 is writing has `-4711` in its name.
fn kill_ever_later(folder: &Path, mut command: impl FnMut() -> Command, mut check: impl FnMut()) {
    const KILLS: u32 = 12;
    let quiet = |mut command: Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    };
    let is_writing = |run: &Child| {
        let mark = format!("-{}", run.id());
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.any(|name| name.starts_with('.') && name.contains(&mark))
    };
    // Until it writes, or has ended without being seen to.
    let wait_for_it = |run: &mut Child| {
        while !is_writing(run) && run.try_wait().is_ok_and(|ended| ended.is_none()) {
            std::thread::sleep(Duration::from_micros(200));
        }
        Instant::now()
    };
    let mut run = quiet(command());
    let began = wait_for_it(&mut run);
    run.wait().expect("it ends");
    let writing = began.elapsed();
    check();
    let mut n_hit = 0;
    for nth in 0..=KILLS {
        let mut run = quiet(command());
        wait_for_it(&mut run);
        // Most of them early: the first files are written while others still are worked at.
        std::thread::sleep(writing * nth.pow(3) / KILLS.pow(3));
        let _ = run.kill();
        run.wait().expect("it is dead");
        // What it was writing is left.
        n_hit += u32::from(is_writing(&run));
        check();
    }
    assert!(n_hit > 0, "none died while it wrote");
}

#[test]
fn a_merge_that_is_killed_leaves_the_old_outbox_or_the_new_one() {
    let desk = Desk::new("killed");
    desk.may();
    let merged = |inbox: &str| {
        desk.run(&["merge", "2024-05"]);
        let now = contents(&desk.path("out/2024-05"));
        assert!(now.len() > 5, "{inbox}");
        now
    };
    let old = merged("without 南坪乡");
    desk.returned(
        "2024-05/南坪乡.xlsx",
        "2024-06-04T02:00:00Z",
        "南坪乡|20|30|30|81",
    );
    let new = merged("with it");
    assert_ne!(old.len(), new.len());

    let form = desk.path("inbox/2024-05/南坪乡.xlsx");
    let bytes = fs::read(&form).expect("a form");
    let mut is_new = false;
    let command = || {
        // Each run makes another outbox than the one before it.
        is_new = !is_new;
        match is_new {
            false => fs::remove_file(&form).expect("a form"),
            true => fs::write(&form, &bytes).expect("a form"),
        }
        desk.command(&["merge", "2024-05"])
    };
    kill_ever_later(&desk.path("out"), command, || {
        let now = contents(&desk.path("out/2024-05"));
        assert!(now == old || now == new, "{:?}", now.keys());
    });
    fs::write(&form, &bytes).expect("a form");
    assert!(merged("with it") == new);
    assert_eq!(names(&desk.path("out")), ["2024-05"], "nothing is left");
}

#[test]
fn a_check_or_a_form_that_is_killed_leaves_no_half_file() {
    let desk = Desk::new("killed-copies");
    desk.may();
    let (marked, forms) = (desk.path("marked"), desk.path("forms"));
    let check = || {
        let mut command = desk.command(&["check"]);
        command
            .arg("--annotate")
            .arg(&marked)
            .arg(desk.path("inbox/2024-05"));
        command
    };
    let form = || {
        let mut command = desk.command(&["form", "--force"]);
        command.arg("--output").arg(&forms);
        command
    };
    for (folder, command) in [(&marked, &check as &dyn Fn() -> Command), (&forms, &form)] {
        command().output().expect("it runs");
        let whole = shown(folder);
        assert!(whole.len() > 1, "{:?}", whole.keys());
        let first = folder.join(whole.keys().next().expect("a file"));
        let again = || {
            // At least this one is written anew.
            let _ = fs::remove_file(&first);
            command()
        };
        kill_ever_later(folder, again, || {
            for (name, bytes) in shown(folder) {
                assert!(whole.get(&name) == Some(&bytes), "{}", name.display());
            }
        });
        command().output().expect("it runs");
        assert!(contents(folder) == whole, "{:?}", names(folder));
    }
}

#[cfg(unix)]
#[test]
fn two_merges_at_once_leave_one_whole_outbox() {
    let desk = Desk::new("race");
    desk.may();
    desk.run(&["merge", "2024-05"]);
    let whole = contents(&desk.path("out/2024-05"));
    let mut n_refused = 0;
    for _ in 0..5 {
        let both = [0, 1].map(|_| {
            let mut command = desk.command(&["merge", "2024-05"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        });
        let outputs = both.map(|run| run.wait_with_output().expect("it ends"));
        let codes = outputs.map(|output| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = output.status.code();
            // Who comes second is told so.
            let is_told = said.contains("另一次运行正在做这一期");
            assert!(code == Some(1) || code == Some(2) && is_told, "{said}");
            code
        });
        assert!(codes.contains(&Some(1)));
        n_refused += codes.iter().filter(|code| **code == Some(2)).count();
        assert!(contents(&desk.path("out/2024-05")) == whole);
    }
    assert!(n_refused > 0, "never at once");
    assert_eq!(names(&desk.path("out")), ["2024-05"]);
}

/// Who writes more than this is told that the file is too large, as a full disk would.
#[cfg(target_os = "linux")]
#[test]
fn where_no_more_can_be_written_all_stays_as_it_was() {
    let desk = Desk::new("full");
    desk.may();
    desk.run(&["merge", "2024-05"]);
    let old = contents(&desk.path("out/2024-05"));
    desk.returned(
        "2024-05/南坪乡.xlsx",
        "2024-06-04T02:00:00Z",
        "南坪乡|20|30|30|81",
    );
    fs::create_dir(desk.path("marked")).expect("a folder");
    let limited = |command: Command, blocks: u32| {
        let arguments = command.get_args().map(|argument| argument.to_owned());
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(script).arg(command.get_program());
        limited.args(arguments).output().expect("it runs")
    };
    for blocks in [0, 1, 4, 8] {
        let output = limited(desk.command(&["merge", "2024-05"]), blocks);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("做不下去：写不了文件："), "{said}");
        assert!(said.contains("文件大小超过了系统的限制"), "{said}");
        assert!(contents(&desk.path("out/2024-05")) == old, "{blocks}");
        assert_eq!(names(&desk.path("out")), ["2024-05"]);

        let mut check = desk.command(&["check"]);
        check
            .arg("--annotate")
            .arg(desk.path("marked"))
            .arg(desk.path("inbox/2024-05"));
        let output = limited(check, blocks);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("做不下去：写不了 "), "{said}");
        assert!(!output.stdout.is_empty(), "what was found is told");
        assert_eq!(names(&desk.path("marked")), [""; 0]);

        let mut form = desk.command(&["form"]);
        form.arg("--output").arg(desk.path("forms"));
        let output = limited(form, blocks);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(names(&desk.path("forms")), [""; 0], "all or none");
    }
}

#[cfg(unix)]
#[test]
fn a_watched_merge_that_could_not_be_done_is_tried_again_and_told_once() {
    let desk = Desk::new("again");
    desk.may();
    fs::create_dir(desk.path("out")).expect("a folder");
    let lock = File::create(desk.path("out/.2024-05.lock")).expect("a file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("a lock");
    let errors = File::create(desk.path("errors")).expect("a file");
    let mut command = desk.command(&["merge", "2024-05", "--watch"]);
    let child = command.stdout(Stdio::null()).stderr(errors).spawn();
    let _running = Running(child.expect("it starts"));
    // Long enough to be tried twice.
    let told = || fs::read_to_string(desk.path("errors")).expect("a file");
    wait_for("the first try", || !told().is_empty());
    std::thread::sleep(Duration::from_secs(5));
    assert!(desk.findings("2024-05").is_none(), "it is held");
    drop(lock);
    wait_for("another try", || desk.findings("2024-05").is_some());
    let said = told();
    assert!(
        said.starts_with("这次没有做成：另一次运行正在做这一期"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    // A changed note is a change.
    let book = desk.path("out/2024-05/东河县-2024-05-汇总.xlsx");
    let before = fs::read(&book).expect("a workbook");
    fs::write(desk.path("inbox/2024-05/说明.txt"), "演示数据").expect("a file");
    wait_for("the note", || {
        fs::read(&book).is_ok_and(|now| now != before)
    });
}

#[test]
fn an_inbox_that_changes_every_second_is_merged_all_the_same() {
    let desk = Desk::new("restless");
    desk.may();
    let mut command = desk.command(&["merge", "2024-05", "--watch"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _running = Running(child.expect("it starts"));
    let form = desk.path("inbox/2024-05/西岭镇.xlsx");
    let bytes = fs::read(&form).expect("a form");
    let began = Instant::now();
    while desk.findings("2024-05").is_none() {
        assert!(began.elapsed() < Duration::from_secs(30), "it starves");
        fs::write(&form, &bytes).expect("a form");
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn no_copy_is_made_of_another_file_than_the_one_that_was_checked() {
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let files = hebiao::inbox::list(&inbox).expect("the sample inbox");
    let scheme = luntai();
    let checked = check_files(scheme, None, &|_| Earlier::default(), &files, &|| ());
    let send = |bytes_of: &(dyn Fn(&str) -> Result<Vec<u8>, NoCopy> + Sync)| {
        send_back(
            scheme,
            &checked.files,
            &checked.findings,
            bytes_of,
            Lang::Zh,
        )
    };
    let read = |path: &str| Ok(fs::read(inbox.join(path)).expect("a file"));
    let all = send(&read);
    assert!(all.failed.is_empty() && all.copies.len() > 2);
    let [changed, gone, other] = [0, 1, 2].map(|idx| all.copies[idx].0);
    // Between the check and the copy one is replaced, and one taken away.
    let sent = send(&|path| match path {
        path if *path == *changed.path => read(&other.path),
        path if *path == *gone.path => Err(NoCopy::NotOpened(std::io::ErrorKind::NotFound)),
        path => read(path),
    });
    let why = [
        (&changed.path, NoCopy::Changed),
        (&gone.path, NoCopy::NotOpened(std::io::ErrorKind::NotFound)),
    ];
    let failed = sent.failed.iter();
    let failed: Vec<_> = failed.map(|(of, why)| (&of.path, why.clone())).collect();
    assert_eq!(failed, why);
    let named = |copies: &[(&FileRecord, String, Vec<u8>)]| -> Vec<_> {
        let copies = copies.iter().cloned();
        copies
            .map(|(of, path, bytes)| (of.path.clone(), path, bytes))
            .collect()
    };
    let others = named(&all.copies[2..]);
    assert_eq!(named(&sent.copies), others, "the others are as they were");

    let finding = no_copy(scheme, changed, NoCopy::Changed);
    assert_eq!(finding.detail, Detail::NoCopy(NoCopy::Changed));
    assert_eq!(finding.place.expect("the file").file, changed.path);
    assert!(finding.reporter.is_some());
}

#[test]
fn a_copy_that_cannot_be_made_is_a_finding_in_the_language_asked_for() {
    let desk = Desk::new("no-copy");
    // A reporter with a name that no folder can have: 270 bytes.
    let long = "西岭镇".repeat(30);
    for file in ["scheme.toml", "annex-3.toml"] {
        let path = desk.path("scheme").join(file);
        let text = fs::read_to_string(&path).expect("a scheme");
        fs::write(path, text.replace("西岭镇", &long)).expect("a scheme");
    }
    let returned = |name: &str, row: &str| {
        let file = format!("2024-05/{name}.xlsx");
        desk.returned(&file, "2024-06-03T02:00:00Z", row);
    };
    returned("西岭", &format!("{long}|30|30|20|98"));
    returned("南坪乡", "南坪乡|20|30|30|98");
    for (lang, said) in [
        (
            "zh",
            "没有做出标注的副本：副本写不进输出文件夹（文件名太长或含有不能用的字符）",
        ),
        (
            "en",
            "There is no marked copy: the copy could not be written to the outbox (the name is too long or has characters that are not allowed)",
        ),
    ] {
        let output = desk.run(&["merge", "2024-05", "--lang", lang]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let findings = desk.findings("2024-05").expect("findings");
        let of_copy = |finding: &&serde_json::Value| finding["kind"] == "no-copy";
        let all = findings["findings"].as_array().expect("a list");
        let [finding] = all.iter().filter(of_copy).collect::<Vec<_>>()[..] else {
            panic!("{all:?}");
        };
        assert_eq!(finding["file"], "西岭.xlsx");
        assert_eq!(finding["level"], "hint");
        assert_eq!(finding["reporter"], long);
        assert_eq!(finding["message"], said);
        let copies = shown(&desk.path("out/2024-05"));
        let copies = copies.keys().map(|name| name.to_string_lossy());
        let n_copies = copies.filter(|name| name.contains("南坪乡（") || name.contains("南坪乡 ("));
        assert_eq!(n_copies.count(), 1, "the other has its copy");
    }
    desk.run(&["merge", "2024-05"]);
    let lines = desk.lines("错误清单");
    assert!(
        lines.iter().any(|line| line.contains("没有做出标注的副本")),
        "{lines:#?}"
    );
}

#[test]
fn two_returns_of_one_name_have_a_copy_each_whatever_their_macros_are_called() {
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let files = ["附件7-群巴克镇.xlsx", "铁热克巴扎乡报表.xlsx"]
        .map(|name| InboxFile::new(name, &inbox.join(name)));
    let scheme = luntai();
    let mut checked = check_files(scheme, None, &|_| Earlier::default(), &files, &|| ());
    // The second is the first one's reporter's, and has macros, but says of itself that it has none: its copy is no .xlsm.
    let reporter = checked.files[0].tables[0].reporter;
    let name: Arc<str> = "附件7-群巴克镇.xlsm".into();
    let second = &mut checked.files[1];
    (second.format, second.tables[0].reporter) = (Some(Format::Xlsm), reporter);
    let old = std::mem::replace(&mut second.path, name.clone());
    for finding in &mut checked.findings {
        finding.change_places(&mut |place| {
            if place.file == old {
                place.file = name.clone();
            }
        });
    }
    let bytes_of = |path: &str| {
        let source = &files[usize::from(*path == *name)].source;
        Ok(fs::read(source).expect("a file"))
    };
    let sent = send_back(
        scheme,
        &checked.files,
        &checked.findings,
        &bytes_of,
        Lang::Zh,
    );
    assert!(sent.failed.is_empty(), "{:?}", sent.failed);
    let paths: Vec<&str> = sent.copies.iter().map(|(_, path, _)| &**path).collect();
    let expected = [
        "退回/群巴克镇/附件7-群巴克镇（已审核）.xlsx",
        "退回/群巴克镇/附件7-群巴克镇（已审核2）.xlsx",
    ];
    assert_eq!(paths, expected);
    let originals = sent.copies.iter().map(|(of, ..)| of.path.clone());
    assert_eq!(originals.collect::<Vec<_>>(), [files[0].path.clone(), name]);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_printed_ends_no_command_with_a_panic() {
    let desk = Desk::new("printed");
    desk.may();
    desk.run(&["merge", "2024-05"]);
    let inbox = desk.path("inbox/2024-05");
    let (inbox, out) = (inbox.to_string_lossy(), desk.path("out"));
    let forms = desk.path("forms");
    let commands: [(&[&str], i32); 10] = [
        (&["merge", "2024-05"], 1),
        (&["status", "2024-05"], 1),
        (&["status", "2024-05", "--format", "json"], 1),
        (&["check", &inbox], 1),
        (&["check", &inbox, "--format", "json"], 1),
        (
            &["form", "--force", "--output", &forms.to_string_lossy()],
            0,
        ),
        (&["rollup", "2024-05", &out.to_string_lossy()], 1),
        (&["scheme"], 0),
        (&["explain"], 0),
        (&["--help"], 0),
    ];
    let full = || {
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("it is there")
    };
    for (arguments, code) in commands {
        let run = |out: Stdio, err: Stdio| {
            let mut command = desk.command(arguments);
            let run = command.stdout(out).stderr(err).spawn().expect("it starts");
            run.wait_with_output().expect("it ends")
        };
        // Who reads it has gone.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = run(writer.into(), Stdio::piped());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {said}");
        assert!(!said.contains("panicked"), "{said}");
        // Where it goes is full: whoever asked for it is told.
        let output = run(full().into(), Stdio::piped());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {said}");
        assert!(
            said.contains("结果打印不出来：磁盘已满"),
            "{arguments:?} {said}"
        );
        let output = run(full().into(), full().into());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let output = run(Stdio::piped(), full().into());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_roll_up_takes_of_a_scheme_only_what_its_figures_were_made_with() {
    let desk = Desk::new("rolled-scheme");
    desk.may();
    desk.run(&["merge", "2024-05"]);
    let scheme = desk.path("out/2024-05/报表制度");
    let rollup = || {
        let mut command = desk.command(&["rollup", "2024-05"]);
        let output = command.arg(desk.path("out")).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let annex = fs::read_to_string(scheme.join("annex-3.toml")).expect("an annex");
    // As somebody keeps it, and as an earlier version doubled it.
    fs::write(scheme.join("旧的.toml"), "title = 1").expect("a file");
    fs::write(scheme.join("annex-3（手工改动）.toml"), &annex).expect("a file");
    assert_eq!(rollup().0, Some(1), "{}", rollup().1);
    // Without a list, what was called after another file is none of it.
    fs::remove_file(scheme.join("旧的.toml")).expect("a file");
    fs::remove_file(desk.path("out/2024-05/.files.json")).expect("the list");
    assert_eq!(rollup().0, Some(1), "{}", rollup().1);
    // Changed, it is not what they were made with.
    let mut file = File::options()
        .append(true)
        .open(scheme.join("annex-3.toml"));
    let written = file.as_mut().map(|file| file.write_all(b"# mine\n"));
    written.expect("a file").expect("a line");
    let (code, said) = rollup();
    assert_eq!(code, Some(2));
    assert!(said.contains("在汇总之后被改动过"), "{said}");
}
