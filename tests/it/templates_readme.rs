//! templates/README: its examples are one scheme that loads, the same in both languages.

use std::collections::BTreeSet;
use std::path::Path;

use hebiao::check::explanation;
use hebiao::model::Kind;
use hebiao::scheme::{Scheme, SchemeFile};

use crate::desk::{file, load_files};

const CHINESE: &str = "README.md";
const ENGLISH: &str = "README.en.md";

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    std::fs::read_to_string(folder.join(name)).expect("a page")
}

/// The examples in TOML, each the file that its first line names.
fn examples(page: &str) -> Vec<SchemeFile> {
    let blocks = page.split("\n```toml\n").skip(1);
    let files = blocks.map(|block| {
        let (text, _) = block.split_once("\n```").expect("the end of an example");
        let first = text.lines().next().unwrap_or_default();
        let name = first.strip_prefix("# ").expect("the name of its file");
        file(name, &format!("{text}\n"))
    });
    files.collect()
}

fn loaded(page: &str) -> Scheme {
    load_files(&examples(page)).unwrap_or_else(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{}", mistakes.join("\n"))
    })
}

/// A line without its comment.
fn code(line: &str) -> &str {
    let mut in_text = false;
    let end = line.find(|c| {
        in_text ^= c == '"';
        c == '#' && !in_text
    });
    line[..end.unwrap_or(line.len())].trim_end()
}

#[test]
fn the_examples_of_both_pages_load() {
    for name in [CHINESE, ENGLISH] {
        let scheme = loaded(&read(name));
        assert_eq!(scheme.annexes.len(), 7, "{name}");
    }
}

#[test]
fn there_is_an_example_of_every_kind_of_rule() {
    let scheme = loaded(&read(CHINESE));
    let shown: BTreeSet<&str> = (scheme.rules.iter())
        .map(|rule| rule.relation.kind().name())
        .collect();
    let kinds = Kind::ALL.iter().copied();
    let kinds: BTreeSet<&str> = kinds
        .filter(|&kind| explanation(kind).is_some())
        .map(Kind::name)
        .collect();
    assert_eq!(shown, kinds);
}

#[test]
fn both_pages_have_the_same_examples_but_for_comments() {
    let [chinese, english] = [CHINESE, ENGLISH].map(|name| examples(&read(name)));
    assert_eq!(chinese.len(), english.len());
    for (one, other) in chinese.iter().zip(&english) {
        assert_eq!(one.name, other.name);
        let name = &one.name;
        let [one, other] = [one, other].map(|file| file.text.lines().map(code));
        assert!(one.eq(other), "{name}");
    }
}

#[test]
fn both_pages_explain_the_same_slots() {
    // What stands first in the lines of tables: `number`, `title`.
    let slots = |page: &str| -> Vec<String> {
        let lines = page.lines().filter(|line| line.starts_with("| `"));
        let first = lines.map(|line| {
            line.split('|')
                .nth(1)
                .expect("a cell")
                .trim()
                .replace('、', ", ")
        });
        first.collect()
    };
    let [chinese, english] = [CHINESE, ENGLISH].map(|name| slots(&read(name)));
    assert_eq!(chinese, english);
    assert!(chinese.len() > 50, "{}", chinese.len());
}
