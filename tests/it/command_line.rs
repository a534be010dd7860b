//! The program as a clerk runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calamine::Reader;

/// A folder of its own, gone when the test ends.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("hebiao-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn hebiao(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hebiao"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs")
}

fn merge_plan(outbox: &Path) -> Output {
    hebiao(&[
        "merge",
        "plan",
        "--outbox",
        outbox.to_str().expect("a path"),
    ])
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Every file under a folder: relative path and bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_owned();
                found.push((name, fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

/// Merges what lies in the inbox of a desk.
fn merge_desk(desk: &Desk) -> Output {
    let (inbox, out) = (desk.path("inbox"), desk.path("out"));
    hebiao(&[
        "merge",
        "plan",
        "--inbox",
        inbox.to_str().expect("a path"),
        "--outbox",
        out.to_str().expect("a path"),
    ])
}

#[test]
fn merging_the_plan_says_what_came_and_what_is_open() {
    let desk = Desk::new("merge");
    let output = merge_plan(&desk.path("out"));
    // The plan's own disagreements are mandatory findings.
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let said = stdout(&output);
    for line in [
        "收到文件 19 个（读不了 0 个），报表 44 张",
        "应报 41 份，已报 41 份，未报 0 份",
        // Twice a township mixed up two of its districts, which two rows show.
        "问题：强制 9，准强制 0，核实 2，提示",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    let (scheme, written): (Vec<_>, Vec<_>) = contents(&desk.path("out/plan"))
        .into_iter()
        .partition(|(name, _)| name.starts_with("报表制度"));
    let names: Vec<String> = (written.iter())
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| !name.contains("退回"))
        .collect();
    assert_eq!(
        names,
        [
            ".files.json",
            "findings.json",
            "records.parquet",
            "轮台县-plan-汇总.xlsx"
        ]
    );
    // The scheme that it was made with is kept as it was.
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025");
    let kept: Vec<(PathBuf, Vec<u8>)> = (scheme.into_iter())
        .map(|(name, bytes)| (name.iter().skip(1).collect(), bytes))
        .collect();
    assert!(kept == contents(&templates), "{} files", kept.len());
}

#[test]
fn the_same_inbox_gives_the_same_bytes() {
    let desk = Desk::new("same");
    merge_plan(&desk.path("one"));
    // Copied, the files have other times and come from the disk in another order.
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan"),
        &desk.path("inbox/plan"),
    );
    let (inbox, two) = (desk.path("inbox"), desk.path("two"));
    let output = Command::new(env!("CARGO_BIN_EXE_hebiao"))
        .args(["merge", "plan", "--inbox"])
        .arg(&inbox)
        .arg("--outbox")
        .arg(&two)
        .env("RAYON_NUM_THREADS", "1")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let (one, two) = (
        contents(&desk.path("one/plan")),
        contents(&desk.path("two/plan")),
    );
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|file| file.0.clone()).collect()
    };
    assert_eq!(names(&one), names(&two));
    for (a, b) in one.iter().zip(&two) {
        assert!(a.1 == b.1, "{} differs", a.0.display());
    }
}

#[test]
fn merging_again_replaces_the_outbox_and_keeps_what_others_put_there() {
    let desk = Desk::new("again");
    merge_plan(&desk.path("out"));
    let before = contents(&desk.path("out/plan"));
    fs::write(desk.path("out/plan/批示.txt"), "请核实").expect("a file");
    let again = merge_plan(&desk.path("out"));
    let kept = desk.path("out/plan/批示.txt");
    assert_eq!(fs::read_to_string(&kept).expect("it is kept"), "请核实");
    assert!(
        stderr(&again).contains("已原样保留：批示.txt"),
        "{}",
        stderr(&again)
    );
    fs::remove_file(kept).expect("a file");
    assert!(contents(&desk.path("out/plan")) == before);
    let left: Vec<_> = fs::read_dir(desk.path("out"))
        .expect("the outbox")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name != "plan")
        .filter(|name| !name.to_string_lossy().ends_with(".lock"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_broken_file_is_reported_and_the_rest_goes_on() {
    let desk = Desk::new("broken");
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan"),
        &desk.path("inbox/plan"),
    );
    fs::write(desk.path("inbox/plan/空.xlsx"), "").expect("a file");
    fs::write(
        desk.path("inbox/plan/网页.xls"),
        "<html><body><table><tr><td>1</td></tr></table></body></html>",
    )
    .expect("a file");
    fs::write(desk.path("inbox/plan/~$轮台镇.xlsx"), "lock").expect("a file");
    let whole = fs::read(desk.path("inbox/plan/轮台镇(报送稿).xlsx")).expect("a file");
    fs::write(desk.path("inbox/plan/半截.xlsx"), &whole[..whole.len() / 2]).expect("a file");
    let output = merge_desk(&desk);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("收到文件 22 个（读不了 3 个），报表 44 张"),
        "{}",
        stdout(&output)
    );
    let findings: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.path("out/plan/findings.json")).expect("findings"))
            .expect("JSON");
    let files = findings["files"].as_array().expect("a list");
    let status = |name: &str| {
        let file = files.iter().find(|file| file["path"] == name).expect(name);
        (
            file["status"].as_str().expect("a status").to_owned(),
            file["reason"].as_str().unwrap_or("").to_owned(),
        )
    };
    assert_eq!(status("空.xlsx").0, "unreadable");
    assert_eq!(status("网页.xls").0, "unreadable");
    assert_eq!(status("半截.xlsx").0, "unreadable");
    assert_eq!(status("~$轮台镇.xlsx").0, "ignored");
    assert!(!status("网页.xls").1.is_empty() && !status("~$轮台镇.xlsx").1.is_empty());
}

#[test]
fn what_cannot_be_done_is_said_and_ends_with_two() {
    let desk = Desk::new("cannot");
    let out = desk.path("out");
    let out = out.to_str().expect("a path");
    for (arguments, said) in [
        (
            vec!["merge", "五月", "--outbox", out],
            "报告期应为 plan 或月份（如 2024-05），写的是“五月”",
        ),
        (
            vec!["merge", "2031-01", "--outbox", out],
            "读不了收件文件夹",
        ),
        (
            vec!["merge", "--inbox", "no-such-folder", "--outbox", out],
            "读不了收件文件夹",
        ),
        (
            vec!["scheme", "--scheme", "no-such-folder"],
            "no-such-folder",
        ),
        (
            vec!["explain", "A99-99"],
            "没有这样的审核关系或类别：A99-99",
        ),
        (
            vec!["merg"],
            "没有“merg”这个命令，是否指“merge”？\n写法见 --help",
        ),
        (
            vec!["merge", "--outbx", "x"],
            "没有“--outbx”这个选项，是否指“--outbox”？",
        ),
        (
            vec!["merge", "--lang", "fr"],
            "“--lang <语言>”不能是“fr”，应为zh、en之一",
        ),
        (vec!["check"], "没有写<文件>..."),
        (vec!["merge", "plan", "2024-05"], "多写了“2024-05”"),
    ] {
        let output = hebiao(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).contains(said),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(stdout(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn results_do_not_go_into_the_inbox() {
    let desk = Desk::new("inside");
    fs::create_dir_all(desk.path("inbox/plan")).expect("a folder");
    let form = "inbox/plan/县直部门/县水利局附件7合计.xlsx";
    let form = Path::new(env!("CARGO_MANIFEST_DIR")).join(form);
    fs::copy(form, desk.path("inbox/plan/附件7.xlsx")).expect("a copy");
    let inbox = desk.path("inbox");
    for out in ["inbox", "inbox/../inbox", "inbox/plan/out"] {
        let out = desk.path(out);
        let (inbox, out) = (inbox.to_str(), out.to_str());
        let (inbox, out) = (inbox.expect("a path"), out.expect("a path"));
        let output = hebiao(&["merge", "plan", "--inbox", inbox, "--outbox", out]);
        assert_eq!(output.status.code(), Some(2), "{out}");
        let said = stderr(&output);
        assert!(
            said.starts_with("做不下去：结果不能放在收件文件夹里："),
            "{said}"
        );
    }
    let left: Vec<PathBuf> = contents(&inbox).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, [Path::new("plan/附件7.xlsx")]);
}

#[test]
fn a_return_with_a_name_as_long_as_systems_take_is_sent_back_too() {
    let desk = Desk::new("long-name");
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    fs::create_dir_all(desk.path("inbox/plan")).expect("a folder");
    // 245 bytes; our addition would make it more than 255.
    let name = format!("铁热克巴扎乡{}.xlsx", "长".repeat(74));
    let form = inbox.join("铁热克巴扎乡报表.xlsx");
    fs::copy(form, desk.path("inbox/plan").join(name)).expect("a copy");
    let output = merge_desk(&desk);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let copies = contents(&desk.path("out/plan/退回/铁热克巴扎乡"));
    let [(copy, _)] = &copies[..] else {
        panic!("{copies:?}");
    };
    assert!(copy.to_string_lossy().ends_with("…（已审核）.xlsx"));
}

#[cfg(unix)]
#[test]
fn why_the_outbox_cannot_be_written_is_said_in_chinese() {
    let desk = Desk::new("not-written");
    fs::write(desk.path("file"), "").expect("a file");
    let output = merge_plan(&desk.path("file"));
    assert_eq!(output.status.code(), Some(2));
    let said = format!(
        "做不下去：写不了输出文件夹：{}：已有同名的文件或文件夹\n",
        desk.path("file").display()
    );
    assert_eq!(stderr(&output), said);

    fs::create_dir(desk.path("out")).expect("a folder");
    let lock = fs::File::create(desk.path("out/.plan.lock")).expect("a file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("a lock");
    let output = merge_plan(&desk.path("out"));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("做不下去：另一次运行正在做这一期，请等它做完再运行："),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_wrong_scheme_is_shown_in_its_source() {
    let desk = Desk::new("scheme");
    let folder = desk.path("scheme");
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/luntai-2023-2025"),
        &folder,
    );
    let annex = folder.join("annex-3.toml");
    let text = fs::read_to_string(&annex).expect("the annex");
    fs::write(
        &annex,
        text.replacen("total = \"三年合计\"", "total = \"三年合记\"", 1),
    )
    .expect("the annex");
    let output = hebiao(&["scheme", "--scheme", folder.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("没有名为“三年合记”的列，是否指“三年合计”？"),
        "{said}"
    );
    assert!(said.contains("annex-3.toml:"), "{said}");
}

#[test]
fn help_and_lists_come_in_both_languages() {
    let output = hebiao(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("用法：")
            && stdout(&output).contains("汇总一个报告期收到的全部报表")
    );
    let output = hebiao(&["--lang", "en", "--help"]);
    assert!(
        stdout(&output).contains("Usage:")
            && stdout(&output).contains("consolidate everything returned")
    );
    let output = hebiao(&["scheme"]);
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "附件6.2  轮台县2023年煤改电工程分布情况统计表（各乡镇；10 行，户）",
        "A7-02",
        "巴州生态环境局轮台县分局",
    ] {
        assert!(
            stdout(&output).contains(part),
            "{part} is not in\n{}",
            stdout(&output)
        );
    }
    let output = hebiao(&["explain", "A7-02"]);
    assert!(stdout(&output).contains("工业、农业、生活用水之和应等于用水总量"));
}

#[test]
fn what_the_county_wrote_down_about_a_period_stands_on_the_first_sheet() {
    let desk = Desk::new("note");
    let inbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    fs::create_dir_all(desk.path("inbox/plan")).expect("a folder");
    let form = "县直部门/县水利局附件7合计.xlsx";
    fs::copy(inbox.join(form), desk.path("inbox/plan/附件7.xlsx")).expect("a copy");
    // As Notepad keeps it on an older Chinese PC.
    let (gbk, _, _) = encoding_rs::GB18030.encode("演示数据，不是真实数据。");
    fs::write(desk.path("inbox/plan/说明.txt"), gbk).expect("a file");
    merge_desk(&desk);
    let book = desk.path("out/plan/轮台县-plan-汇总.xlsx");
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(book).expect("a workbook");
    let sheet = book.worksheet_range("说明").expect("the first sheet");
    let line = sheet.rows().find(|row| row[0] == "本期说明");
    assert_eq!(
        line.expect("the note")[1].to_string(),
        "演示数据，不是真实数据。"
    );
    let findings = fs::read_to_string(desk.path("out/plan/findings.json")).expect("a file");
    let findings: serde_json::Value = serde_json::from_str(&findings).expect("JSON");
    let files = findings["files"].as_array().expect("files");
    let note = files.iter().find(|file| file["path"] == "说明.txt");
    assert_eq!(note.expect("it is in the list")["status"], "ignored");
}
