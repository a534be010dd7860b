//! The library in a few lines: reads one form with a scheme, and prints what is wrong with it.
//!
//! ```sh
//! cargo run --example check_a_form -- templates/luntai-2023-2025 inbox/plan/阳霞镇三年行动方案附件.xls
//! ```

use std::path::Path;

use hebiao::inbox::InboxFile;
use hebiao::model::Earlier;
use hebiao::pipeline::check_files;
use hebiao::report::{Lang, words};
use hebiao::scheme::{SchemeFile, load};

#[allow(clippy::print_stdout)]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("check_a_form SCHEME FORM");
    let (scheme, form) = (next(), next());
    for line in check(Path::new(&scheme), Path::new(&form)) {
        println!("{line}");
    }
}

/// One line for each finding: how serious it is, where, and what is wrong.
pub(crate) fn check(scheme: &Path, form: &Path) -> Vec<String> {
    let files = std::fs::read_dir(scheme).expect("the scheme's folder");
    let files: Vec<SchemeFile> = files
        .map(|entry| entry.expect("an entry").path())
        .map(|path| SchemeFile {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            text: std::fs::read_to_string(&path).expect("a text"),
        })
        .collect();
    let scheme = load(&files).expect("a scheme");
    let form = InboxFile::new(&form.to_string_lossy(), form);
    // Without earlier periods nothing is compared with them.
    let checked = check_files(&scheme, None, &|_| Earlier::default(), &[form], &|| {});
    let said = checked.findings.iter().map(|finding| {
        let level = words::level(finding.level, Lang::Zh);
        let cell = finding.place.as_ref().and_then(|place| place.cell);
        let cell = cell.map_or(String::new(), |cell| cell.to_string());
        format!("{level} {cell} {}", words::message(finding, Lang::Zh))
    });
    said.collect()
}
