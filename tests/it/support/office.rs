//! Other programs that open our workbooks; LibreOffice stands in for the office programs of clerks.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// Says that a test was skipped for want of a program: on the real stderr, since what a test that passes
/// prints is not shown.
pub(crate) fn skipped(test: &str, program: &str) {
    writeln!(io::stderr(), "skipped: {test} (there is no {program})").expect("stderr");
}

/// A workbook as LibreOffice saves it again; without LibreOffice there is none, and the test is skipped.
pub(crate) fn saved_again(test: &str, workbook: &[u8]) -> Option<Vec<u8>> {
    if Command::new("soffice").arg("--version").output().is_err() {
        skipped(test, "LibreOffice");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("hebiao-{test}-{}", std::process::id()));
    let source = folder.join("workbook.xlsx");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(&source, workbook).expect("a file");
    let run = convert(&source, &folder);
    assert!(run.status.success(), "{run:?}");
    let saved = fs::read(folder.join("saved/workbook.xlsx")).expect("its output");
    fs::remove_dir_all(&folder).expect("its folder removed");
    Some(saved)
}

fn convert(source: &Path, folder: &Path) -> std::process::Output {
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let mut command = Command::new("soffice");
    command.args(["--headless", &profile, "--convert-to", "xlsx", "--outdir"]);
    command.arg(folder.join("saved")).arg(source);
    command.output().expect("soffice runs")
}

/// Lets LibreOffice save a file of a folder in another format beside it; false where there is no LibreOffice.
pub(crate) fn converted(folder: &Path, file: &str, kind: &str) -> bool {
    if Command::new("soffice").arg("--version").output().is_err() {
        return false;
    }
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let mut command = Command::new("soffice");
    command.args(["--headless", &profile, "--convert-to", kind, "--outdir"]);
    let run = command.arg(folder).arg(folder.join(file)).output();
    let run = run.expect("soffice runs");
    assert!(run.status.success(), "{run:?}");
    true
}
