//! Keys of rows as one text, and back.
//!
//! The parts stand one after the other with `·` between them, as people read them. A part may have a `·` itself
//! (阿不都·热合曼): it is written `\·`, and `\` is written `\\`, so that each key has a text of its own.

use std::sync::Arc;

/// Between two parts.
const BETWEEN: char = '·';
/// Before a character that is the part's own.
const OWN: char = '\\';

/// The key in one text; `None` where there is nothing to write.
pub(super) fn written(key: &[Arc<str>]) -> Option<String> {
    let mut text = String::with_capacity(key.iter().map(|part| part.len() + 2).sum());
    for (idx, part) in key.iter().enumerate() {
        if idx > 0 {
            text.push(BETWEEN);
        }
        for c in part.chars() {
            if matches!(c, BETWEEN | OWN) {
                text.push(OWN);
            }
            text.push(c);
        }
    }
    Some(text).filter(|text| !text.is_empty())
}

/// The parts of a key of `n_parts`, as it was written.
///
/// Earlier versions did not mark what is a part's own: there more parts are found than there are, and the last
/// takes what is left over, as it did when they read it. Which of several ways to split such a text is right, who knows
/// the rows may tell.
pub(super) fn read(text: Option<&str>, n_parts: usize) -> Box<[Arc<str>]> {
    let Some(text) = text else {
        // One blank part is written as nothing, like none at all.
        return (0..n_parts).take(1).map(|_| Arc::from("")).collect();
    };
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("never empty");
        match c {
            BETWEEN => parts.push(String::new()),
            OWN => part.push(
                chars
                    .next_if(|c| matches!(*c, BETWEEN | OWN))
                    .unwrap_or(OWN),
            ),
            c => part.push(c),
        }
    }
    if parts.len() > n_parts {
        return text
            .splitn(n_parts.max(1), BETWEEN)
            .map(Arc::from)
            .collect();
    }
    parts.into_iter().map(Arc::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(parts: &[&str]) -> Vec<Arc<str>> {
        parts.iter().map(|&part| Arc::from(part)).collect()
    }

    #[test]
    fn keys_are_written_as_people_read_them_and_a_dot_of_a_name_stays_its_own() {
        for (parts, text) in [
            (&["迪那河灌区", "轮台镇"][..], Some("迪那河灌区·轮台镇")),
            (&["阿不都·热合曼", "1"], Some("阿不都\\·热合曼·1")),
            (&["a\\b"], Some("a\\\\b")),
            (&["", "x", ""], Some("·x·")),
            (&[], None),
        ] {
            assert_eq!(written(&key(parts)).as_deref(), text);
            assert_eq!(*read(text, parts.len()), key(parts));
        }
    }

    #[test]
    fn keys_of_earlier_versions_are_read_as_they_were() {
        assert_eq!(
            *read(Some("灌区·阿不都·热合曼"), 2),
            key(&["灌区", "阿不都·热合曼"])
        );
        assert_eq!(*read(Some("a\\b·c"), 2), key(&["a\\b", "c"]));
    }

    proptest! {
        #[test]
        fn every_key_comes_back(parts in prop::collection::vec("[·\\\\a轮]{0,4}", 1..4)) {
            let parts: Vec<Arc<str>> = parts.into_iter().map(Arc::from).collect();
            prop_assert_eq!(&*read(written(&parts).as_deref(), parts.len()), &*parts);
        }
    }
}
