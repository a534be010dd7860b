//! What may lie in an inbox and is no form: none of it stops the rest, and all of it is told.
//!
//! The county is that of [`month`](crate::month), with three good returns in April beside each accident.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use calamine::{Reader, Xlsx, open_workbook};
use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};
use serde_json::Value;

use crate::month::{Desk, form, list, texts};

/// A folder under the inbox of April.
fn folder(desk: &Desk, name: &str) -> PathBuf {
    let folder = desk.path("inbox/2024-04").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The program must be through in this time; it must never wait for what lies in an inbox.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(desk: &Desk, arguments: &[&str]) -> Output {
    let mut command = desk.command(arguments);
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut child: Child = command.spawn().expect("the program runs");
    let began = Instant::now();
    while child.try_wait().expect("it is ours").is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().expect("it is ours");
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("it has ended")
}

fn merge(desk: &Desk) -> Value {
    let done = run(desk, &["merge", "2024-04"]);
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    desk.findings("2024-04").expect("findings.json")
}

/// The files of findings.json: path, status and reason.
fn files(findings: &Value) -> Vec<String> {
    let shown = |file: &Value| texts(file, &["path", "status", "reason"]);
    list(findings, "files").iter().map(shown).collect()
}

/// Its findings of a kind: level, reporter, file and message.
fn told(findings: &Value, kind: &str) -> Vec<String> {
    let all = list(findings, "findings").iter();
    let of_kind = all.filter(|finding| finding["kind"] == kind);
    of_kind
        .map(|finding| texts(finding, &["level", "reporter", "file", "message"]))
        .collect()
}

/// All three of April came, and count.
fn all_came(findings: &Value) {
    let mut returns = list(findings, "returns").iter();
    assert!(returns.all(|one| one["status"] == "returned"), "{findings}");
}

#[test]
fn what_is_no_regular_file_is_told_and_not_waited_for() {
    let desk = Desk::new("no-file");
    desk.april();
    let inbox = folder(&desk, "");
    mknodat(
        CWD,
        inbox.join("西岭镇管道.xlsx"),
        FileType::Fifo,
        Mode::from(0o644),
        0,
    )
    .expect("a pipe");
    let _socket = UnixListener::bind(inbox.join("插座.xlsx")).expect("a socket");
    symlink("/dev/zero", inbox.join("零.xlsx")).expect("a link");
    let none = "unreadable 不是普通文件（是管道、套接字、设备或文件夹）";
    let found = merge(&desk);
    all_came(&found);
    let files = files(&found);
    for name in ["西岭镇管道.xlsx", "插座.xlsx", "零.xlsx"] {
        assert!(files.contains(&format!("{name} {none}")), "{files:#?}");
    }
    let told = told(&found, "unreadable-file");
    let of_pipe = "mandatory 西岭镇 西岭镇管道.xlsx 文件无法读取：不是普通文件（是管道、套接字、设备或文件夹）";
    assert!(told.contains(&of_pipe.to_owned()), "{told:#?}");

    assert_eq!(run(&desk, &["status", "2024-04"]).status.code(), Some(1));
    let pipe = inbox.join("西岭镇管道.xlsx");
    let pipe = pipe.to_str().expect("a text");
    let checked = run(&desk, &["check", pipe, inbox.to_str().expect("a text")]);
    assert_eq!(checked.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(shown.matches("不是普通文件").count(), 3, "{shown}");
}

#[test]
fn links_that_lead_to_no_file_are_told_and_those_to_files_are_followed() {
    let desk = Desk::new("links");
    desk.april();
    let inbox = folder(&desk, "");
    let elsewhere = desk.path("elsewhere");
    fs::create_dir_all(&elsewhere).expect("a folder");
    fs::rename(inbox.join("西岭镇.xlsx"), elsewhere.join("西岭镇.xlsx")).expect("moved");
    symlink(elsewhere.join("西岭镇.xlsx"), inbox.join("西岭镇.xlsx")).expect("a link");
    symlink(&elsewhere, inbox.join("别处")).expect("a link");
    symlink(&inbox, inbox.join("自身")).expect("a link");
    symlink("nothing", inbox.join("空.xlsx")).expect("a link");
    let found = merge(&desk);
    all_came(&found);
    assert_eq!(
        files(&found),
        [
            "东河镇.xlsx read null",
            "别处 unreadable 是指向文件夹的链接，没有跟进去",
            "南坪乡.xlsx read null",
            "空.xlsx unreadable 是链接，所指的文件不存在",
            "自身 unreadable 是指向文件夹的链接，没有跟进去",
            "西岭镇.xlsx read null",
        ]
    );
}

/// Deeper than any path may be long: nobody can open it, not even who may open everything.
fn too_deep(folder: &Path) {
    let name = "深".repeat(80);
    let mut at = openat(CWD, folder, OFlags::DIRECTORY, Mode::empty()).expect("a folder");
    for _ in 0..20 {
        mkdirat(&at, &name, Mode::from(0o755)).expect("a folder");
        at = openat(&at, &name, OFlags::DIRECTORY, Mode::empty()).expect("a folder");
    }
}

#[test]
fn a_folder_that_cannot_be_opened_is_told_and_the_others_are_read() {
    let desk = Desk::new("too-deep");
    desk.april();
    too_deep(&folder(&desk, "东河镇"));
    let found = merge(&desk);
    all_came(&found);
    let [told] = &told(&found, "unreadable-file")[..] else {
        panic!("one folder: {found}")
    };
    assert!(told.starts_with("mandatory 东河镇 东河镇/"), "{told}");
    let reason = "/ 文件夹无法读取：系统打不开这个文件夹（文件名太长或含有不能用的字符），里面的文件都没有读取";
    assert!(told.ends_with(reason), "{told}");
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let desk = Desk::new("too-large");
    desk.april();
    let large = folder(&desk, "").join("大.xlsx");
    // Three gigabytes that take no room: read, they would take three gigabytes of memory and seconds.
    let file = fs::File::create(&large).expect("a file");
    file.set_len(3 << 30).expect("a sparse file");
    let began = Instant::now();
    let found = merge(&desk);
    assert!(began.elapsed() < Duration::from_secs(20));
    all_came(&found);
    let reason = "大.xlsx unreadable 文件大小超过限度（64 MB）";
    assert!(files(&found).contains(&reason.to_owned()));
}

#[test]
fn names_in_gbk_are_read_and_go_back_to_whom_they_name() {
    let desk = Desk::new("gbk");
    desk.april();
    let inbox = folder(&desk, "");
    // 西岭镇.xlsx in GBK beside the same name in UTF-8, with another figure; the form says 东河镇.
    let (gbk, _, _) = encoding_rs::GBK.encode("西岭镇.xlsx");
    let returned = form("2024-05-04T02:00:00Z", "东河镇|10|20|10|77");
    fs::write(inbox.join(OsStr::from_bytes(&gbk)), returned).expect("a file");
    // Two names that are no text in any encoding, and decode alike where what cannot be decoded is dropped.
    for (name, figure) in [(&b"\xff.xlsx"[..], "78"), (b"\xfe.xlsx", "79")] {
        let returned = form("2024-05-05T02:00:00Z", &format!("南坪乡|20|30|30|{figure}"));
        fs::write(inbox.join(OsStr::from_bytes(name)), returned).expect("a file");
    }
    let found = merge(&desk);
    let shown: Vec<String> = files(&found);
    let path = |line: &String| line.split(" read").next().unwrap_or_default().to_owned();
    let paths: Vec<String> = shown.iter().map(path).collect();
    for name in [
        "％FE.xlsx",
        "％FF.xlsx",
        "西岭镇 〔同名2〕.xlsx",
        "西岭镇.xlsx",
    ] {
        assert!(
            paths.iter().any(|path| path.starts_with(name)),
            "{name}: {shown:#?}"
        );
    }
    // The copy of each is its own: 东河镇 gets the form with 77, whatever its file is called.
    let copies = desk.path("out/2024-04/退回/东河镇");
    let copies: Vec<String> = fs::read_dir(copies)
        .expect("it is sent back")
        .map(|copy| copy.expect("a copy").file_name().into_string())
        .collect::<Result<_, _>>()
        .expect("names are texts");
    assert_eq!(copies, ["西岭镇 〔同名2〕（已审核）.xlsx"]);
    assert!(!desk.path("out/2024-04/退回/西岭镇").exists());
}

#[test]
fn a_reporter_is_known_by_a_name_in_gbk() {
    let desk = Desk::new("gbk-name");
    desk.april();
    let (gbk, _, _) = encoding_rs::GBK.encode("南坪乡");
    let of_town = folder(&desk, "").join(OsStr::from_bytes(&gbk));
    fs::create_dir_all(&of_town).expect("a folder");
    fs::write(of_town.join("1.xlsx"), "half").expect("a file");
    let found = merge(&desk);
    let told = told(&found, "unreadable-file");
    assert_eq!(
        told,
        ["mandatory 南坪乡 南坪乡/1.xlsx 文件无法读取：是纯文本，不是表格"]
    );
}

#[test]
fn a_note_that_cannot_be_read_is_told_and_stops_nothing() {
    let told_of = |name: &str, make: &dyn Fn(&Path)| {
        let desk = Desk::new(name);
        desk.april();
        make(&folder(&desk, "").join("说明.txt"));
        let found = merge_any(&desk);
        all_came(&found);
        told(&found, "unreadable-file")
    };
    let nothing: [String; 0] = [];
    let large = |path: &Path| {
        let file = fs::File::create(path).expect("a file");
        file.set_len(100 << 20).expect("a sparse file");
    };
    assert_eq!(
        told_of("note-large", &large),
        ["verification null 说明.txt 文件无法读取：文件大小超过限度（1 MB）"]
    );
    let of_bytes = |path: &Path| fs::write(path, b"\xff\xd8\xff\xe0\0\0").expect("a file");
    assert_eq!(
        told_of("note-bytes", &of_bytes),
        ["verification null 说明.txt 文件无法读取：文字的编码认不出"]
    );
    let in_utf_16 = |path: &Path| {
        let text = "\u{feff}本期数据已核对。".encode_utf16();
        let bytes: Vec<u8> = text.flat_map(u16::to_le_bytes).collect();
        fs::write(path, bytes).expect("a file");
    };
    assert_eq!(told_of("note-utf-16", &in_utf_16), nothing);
    // A folder of that name may hold returns.
    let a_folder = |path: &Path| {
        fs::create_dir_all(path).expect("a folder");
        fs::write(path.join("东河镇.txt"), "half").expect("a file");
    };
    assert_eq!(
        told_of("note-folder", &a_folder),
        [
            "verification null 说明.txt 文件无法读取：不是普通文件（是管道、套接字、设备或文件夹）",
            "mandatory 东河镇 说明.txt/东河镇.txt 文件无法读取：是纯文本，不是表格",
        ]
    );
}

/// Beside the returns lie a note, a picture and slides that are nobody's; a picture that bears a township's name may be
/// its form.
#[test]
fn what_is_no_form_and_nobodys_is_a_hint_and_no_call() {
    let desk = Desk::new("stray");
    desk.april();
    let inbox = folder(&desk, "");
    let stray = [
        ("备忘.txt", &b"meeting at ten"[..]),
        ("IMG_0001.jpg", b"\xff\xd8\xff\xe0\0\0JFIF"),
        ("scan.png", b"\x89PNG\r\n\x1a\n"),
        ("报表.xls", b"sent from my phone"),
        ("东河镇.jpg", b"\xff\xd8\xff\xe0\0\0JFIF\0"),
    ];
    for (name, bytes) in stray {
        fs::write(inbox.join(name), bytes).expect("a file");
    }
    fs::write(inbox.join("说明.txt"), "本期数据已核对。").expect("a note");
    let done = run(&desk, &["merge", "2024-04"]);
    let found = desk.findings("2024-04").expect("findings.json");
    all_came(&found);
    assert_eq!(
        told(&found, "unreadable-file"),
        [
            "hint null IMG_0001.jpg 文件无法读取：是图片，不是表格",
            "hint null scan.png 文件无法读取：是图片，不是表格",
            "hint null 备忘.txt 文件无法读取：是纯文本，不是表格",
            "mandatory null 报表.xls 文件无法读取：是纯文本，不是表格",
            "mandatory 东河镇 东河镇.jpg 文件无法读取：是图片，不是表格",
        ]
    );
    let calls = list(&found, "calls").iter();
    let calls: Vec<String> = calls.map(|call| texts(call, &["reporter"])).collect();
    assert_eq!(
        calls.iter().filter(|by| *by == "null").count(),
        1,
        "{calls:?}"
    );
    // Who has a picture checked does not hear that all is well.
    let picture = inbox.join("IMG_0001.jpg");
    let checked = run(&desk, &["check", picture.to_str().expect("a text")]);
    assert_eq!(checked.status.code(), Some(1));
    // Three returns and five others: the note is the county's own. The console and the workbook say the same.
    let shown = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(shown.contains("收到文件 8 个（读不了 5 个）"), "{shown}");
    let book = desk.path("out/2024-04/东河县-2024-04-汇总.xlsx");
    let mut book: Xlsx<_> = open_workbook(book).expect("a workbook");
    let sheets = book.sheet_names().to_vec();
    let says = sheets.iter().any(|sheet| {
        let cells = book.worksheet_range(sheet).expect("a sheet");
        cells
            .cells()
            .any(|(.., cell)| *cell == "8（已读取 3，无法读取 5）；另有 1 个不是报表")
    });
    assert!(says);
}

/// A merge whose files may not grow beyond 4 KiB, as on a disk that is full.
#[test]
fn a_limit_on_files_leaves_the_outbox_as_it_was() {
    let desk = Desk::new("file-limit");
    desk.april();
    merge_any(&desk);
    let whole = fs::read(desk.path("out/2024-04/records.parquet")).expect("records");
    let returned = form("2024-05-06T02:00:00Z", "南坪乡|20|30|30|81");
    fs::write(folder(&desk, "").join("南坪乡改.xlsx"), returned).expect("a file");
    let command = desk.command(&["merge", "2024-04"]);
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 8; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&limited.stderr).into_owned();
    assert_eq!(limited.status.code(), Some(2), "{errors}");
    assert!(errors.starts_with("做不下去："), "{errors}");
    let now = fs::read(desk.path("out/2024-04/records.parquet")).expect("records");
    assert!(now == whole);
    merge_any(&desk);
}

/// A merge that may find nothing to be put right.
fn merge_any(desk: &Desk) -> Value {
    let done = run(desk, &["merge", "2024-04"]);
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(matches!(done.status.code(), Some(0 | 1)), "{stderr}");
    desk.findings("2024-04").expect("findings.json")
}

#[test]
fn a_file_that_is_gone_when_it_should_be_read_is_told() {
    use hebiao::inbox;
    use hebiao::model::{Earlier, FileStatus, Period, Unreadable};

    let desk = Desk::new("gone");
    desk.april();
    let inbox = folder(&desk, "");
    let files = inbox::list(&inbox).expect("the inbox");
    fs::remove_file(inbox.join("西岭镇.xlsx")).expect("it is there");
    // What became a pipe after it was listed is not waited for either.
    let pipe = inbox.join("南坪乡.xlsx");
    fs::remove_file(&pipe).expect("it is there");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from(0o644), 0).expect("a pipe");
    let april = Period::parse("2024-04").expect("a month");
    let scheme: Vec<_> = ["scheme.toml", "annex-3.toml"]
        .map(|name| {
            let path = desk.path("scheme").join(name);
            crate::desk::file(name, &fs::read_to_string(path).expect("a text"))
        })
        .into();
    let scheme = crate::desk::load_files(&scheme).expect("it is a scheme");
    let earlier = Earlier::default();
    let merged = hebiao::pipeline::merge(&scheme, april, earlier, &files, &|| {});
    let status: Vec<_> = merged.files.iter().map(|file| &file.status).collect();
    assert_eq!(
        status,
        [
            &FileStatus::Read,
            &FileStatus::Unreadable(Unreadable::NotAFile),
            &FileStatus::Unreadable(Unreadable::Vanished),
        ]
    );
}

#[test]
fn a_file_that_became_something_else_since_it_was_read_is_not_waited_for() {
    use hebiao::inbox::InboxFile;
    use hebiao::model::NoCopy;

    let desk = Desk::new("again");
    desk.april();
    let source = folder(&desk, "").join("南坪乡.xlsx");
    let file = InboxFile::named("南坪乡.xlsx", &source).expect("it is there");
    let bytes = fs::read(&source).expect("a file");
    assert_eq!(file.read_again(bytes.len()), Ok(bytes.clone()));
    assert_eq!(
        file.read_again(bytes.len() - 1),
        Err(NoCopy::Changed),
        "it has grown"
    );
    fs::remove_file(&source).expect("it is there");
    let gone = NoCopy::NotOpened(std::io::ErrorKind::NotFound);
    assert_eq!(file.read_again(bytes.len()), Err(gone));
    mknodat(CWD, &source, FileType::Fifo, Mode::from(0o644), 0).expect("a pipe");
    assert_eq!(file.read_again(bytes.len()), Err(NoCopy::Changed));
}

#[test]
fn a_watched_inbox_with_a_pipe_in_it_is_merged() {
    let desk = Desk::new("watched-pipe");
    desk.april();
    let pipe = folder(&desk, "").join("管道.xlsx");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from(0o644), 0).expect("a pipe");
    let mut watching = desk
        .command(&["merge", "2024-04", "--watch"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let began = Instant::now();
    while desk.findings("2024-04").is_none() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    let merged = desk.findings("2024-04");
    watching.kill().expect("it is ours");
    watching.wait().expect("it has ended");
    all_came(&merged.expect("it was merged"));
}

#[test]
fn the_status_names_a_note_that_cannot_be_read() {
    let desk = Desk::new("status-note");
    desk.april();
    let note = folder(&desk, "").join("说明.txt");
    fs::write(&note, b"\xff\xd8\xff\xe0\0\0").expect("a file");
    let done = run(&desk, &["status", "2024-04", "--format", "json"]);
    let said: Value = serde_json::from_slice(&done.stdout).expect("findings");
    assert_eq!(
        told(&said, "unreadable-file"),
        ["verification null 说明.txt 文件无法读取：文字的编码认不出"]
    );
    fs::write(&note, "本期数据已核对。").expect("a note");
    let done = run(&desk, &["status", "2024-04", "--format", "json"]);
    let said: Value = serde_json::from_slice(&done.stdout).expect("findings");
    assert_eq!(told(&said, "unreadable-file"), [""; 0]);
}
