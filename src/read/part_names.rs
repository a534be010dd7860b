//! The parts of a package by their names, for whoever reads them and for whoever writes them anew.
//!
//! Windows programs mix cases, and links may have `%73` for a letter. Reader and marked copy must find the same part under
//! a name: else what was read is not what is marked.

use std::collections::HashMap;

/// Where parts stand, by name.
#[derive(Debug, Default)]
pub(crate) struct PartNames {
    /// By the name in lower case; of several the first. Names with codes are also there without.
    by_key: HashMap<String, usize>,
    /// By the name as it is, where several differ in case only.
    exact: HashMap<String, usize>,
}

impl PartNames {
    /// Names with the positions of their parts.
    pub(crate) fn of<'n>(names: impl Iterator<Item = (&'n str, usize)> + Clone) -> Self {
        let mut found = Self::default();
        let mut any_alike = false;
        for (name, idx) in names.clone() {
            let first = found.by_key.entry(key(name)).or_insert(idx);
            any_alike |= *first != idx;
        }
        for (name, idx) in names.clone() {
            if let Some(decoded) = percent_decoded(name) {
                found.by_key.entry(key(&decoded)).or_insert(idx);
            }
        }
        if any_alike {
            for (name, idx) in names {
                found.exact.entry(part_name(name)).or_insert(idx);
            }
        }
        found
    }

    /// Adds a part whose name [`find`](Self::find) does not know.
    pub(crate) fn add(&mut self, name: &str, idx: usize) {
        self.by_key.insert(key(name), idx);
    }

    /// Where a part stands: the one of exactly this name, else one that differs in case only, or in characters that
    /// stand as `%73` in one of them.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let exact = || self.exact.get(&part_name(path));
        let exact = (!self.exact.is_empty()).then(exact).flatten();
        let decoded = || self.by_key.get(&key(&percent_decoded(path)?));
        exact
            .or_else(|| self.by_key.get(&key(path)))
            .or_else(decoded)
            .copied()
    }

    /// All names, in lower case.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }
}

/// What a part is called: `/` between folders, and none before the first. Some programs write `\`.
pub(crate) fn part_name(path: &str) -> String {
    path.strip_prefix(['/', '\\'])
        .unwrap_or(path)
        .replace('\\', "/")
}

fn key(path: &str) -> String {
    part_name(path).to_ascii_lowercase()
}

/// A path as a link means it that has `%73` for `s`, as the standard allows (ECMA-376, part 2, 6.2.2); nothing where it
/// has nothing of the kind, or means no text.
pub(crate) fn percent_decoded(path: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |idx: usize| char::from(*after.get(idx)?).to_digit(16);
        let (meant, behind) = match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, &after[2..]),
            _ => (byte, after),
        };
        decoded.push(meant);
        rest = behind;
    }
    let is_other = decoded.len() < path.len();
    String::from_utf8(decoded).ok().filter(|_| is_other)
}
