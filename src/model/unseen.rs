//! Characters that nobody sees: they come along when something is copied out of a page or a chat.

/// Whether a character takes no room and has no shape: zero width, joiners, direction marks, soft hyphens,
/// byte order marks, variation selectors, fillers, tags, and control characters that are no blanks.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}'
            | '\u{e}'..='\u{1f}'
            | '\u{7f}'..='\u{84}'
            | '\u{86}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_letters_are_seen() {
        for c in [
            ' ', '\t', '\n', '\r', '\u{85}', '\u{a0}', '\u{3000}', '-', '.', '轮', '①',
        ] {
            assert!(!is_unseen(c), "{c:?}");
        }
        for c in [
            '\u{7}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{feff}',
            '\u{e0100}',
        ] {
            assert!(is_unseen(c), "{c:?}");
        }
    }
}
