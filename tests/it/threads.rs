//! The same inbox gives the same bytes, whatever the number of threads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below it").to_owned();
            found.insert(name, fs::read(path).expect("a file"));
        }
    }
    found
}

/// What the plan and a month compared with it come to with so many threads of the program and of polars.
fn merged(n_threads: usize) -> BTreeMap<PathBuf, Vec<u8>> {
    let name = format!("hebiao-threads-{n_threads}-{}", std::process::id());
    let outbox = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&outbox);
    for period in ["plan", "2024-04"] {
        let done = Command::new(env!("CARGO_BIN_EXE_hebiao"))
            .args(["merge", period, "--outbox"])
            .arg(&outbox)
            .env("RAYON_NUM_THREADS", n_threads.to_string())
            .env("POLARS_MAX_THREADS", n_threads.to_string())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the program runs");
        assert_eq!(done.status.code(), Some(1), "{period} has open findings");
    }
    let written = files(&outbox);
    let _ = fs::remove_dir_all(&outbox);
    written
}

#[test]
fn one_two_and_five_threads_write_the_same_bytes() {
    let one = merged(1);
    let records = Path::new("2024-04/records.parquet");
    assert!(one.contains_key(records), "{:?}", one.keys());
    for n_threads in [2, 5] {
        let more = merged(n_threads);
        assert!(one.keys().eq(more.keys()), "other files");
        for (name, bytes) in &one {
            assert!(more[name] == *bytes, "{} differs", name.display());
        }
    }
}
