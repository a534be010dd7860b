//! The scheme that is shipped, whole or a few files of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hebiao::scheme::{Scheme, SchemeFile, load};

use crate::Sections;

/// Files that an input may replace, with what stands in them until it does: few, so that one try takes little.
const FILES: [&str; 7] = [
    "scheme.toml",
    "annex-3.toml",
    "annex-7.toml",
    "annex-4.toml",
    "rules.toml",
    "targets.toml",
    "annex-x.toml",
];
/// So many of them are there from the start.
const N_SHIPPED: usize = 4;

/// A path inside the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The scheme that is shipped.
pub fn luntai() -> &'static Scheme {
    static SCHEME: OnceLock<Scheme> = OnceLock::new();
    SCHEME.get_or_init(|| {
        let folder = std::fs::read_dir(project("templates/luntai-2023-2025"));
        let mut files: Vec<SchemeFile> = folder
            .expect("the shipped scheme")
            .map(|entry| shipped(&entry.expect("a file").file_name().to_string_lossy()))
            .collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        load(&files).expect("the shipped scheme loads")
    })
}

fn shipped(name: &str) -> SchemeFile {
    let path = project("templates/luntai-2023-2025").join(name);
    SchemeFile {
        name: name.to_owned(),
        text: std::fs::read_to_string(path).expect("a file of the shipped scheme"),
    }
}

/// The files that an input makes.
pub fn files(data: &[u8]) -> Vec<SchemeFile> {
    static SHIPPED: OnceLock<Vec<SchemeFile>> = OnceLock::new();
    let shipped = SHIPPED.get_or_init(|| {
        FILES[..N_SHIPPED]
            .iter()
            .map(|name| shipped(name))
            .collect()
    });
    let mut files = shipped.clone();
    for (idx, content) in Sections::of(data).selected(FILES.len()) {
        let text = String::from_utf8_lossy(content).into_owned();
        let name = FILES[idx].to_owned();
        match files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.text = text,
            None => files.push(SchemeFile { name, text }),
        }
    }
    files
}

/// Inputs that are the shipped files, each where it replaces another; for seeds.
pub fn inputs() -> Vec<Vec<u8>> {
    let folder =
        std::fs::read_dir(project("templates/luntai-2023-2025")).expect("the shipped scheme");
    let names = folder.map(|entry| {
        entry
            .expect("a file")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut inputs: Vec<Vec<u8>> = names
        .map(|name| {
            let idx = FILES
                .iter()
                .position(|file| *file == name)
                .unwrap_or(FILES.len() - 1);
            crate::joined(&[(idx, shipped(&name).text.as_bytes())])
        })
        .collect();
    inputs.sort();
    inputs
}
