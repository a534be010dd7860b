//! How one string of digits may have been mistyped for another.

/// What a typist did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// One digit is another.
    Changed,
    /// A digit that should be there was left out.
    Missing,
    /// A digit was typed that should not be there.
    Extra,
    /// Two neighbours changed places.
    Swapped,
    /// Two of these.
    Two,
}

/// The edits that make `right` into `typed`: one or two in optimal string alignment (the distance that
/// Scholtus 2009, *Automatic correction of simple typing errors in numerical data*, uses), or none that
/// are so few.
pub(super) fn edit(right: &str, typed: &str) -> Option<Edit> {
    let (a, b) = (right.as_bytes(), typed.as_bytes());
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    match (a, b) {
        ([], []) => None,
        ([_], [_]) => Some(Edit::Changed),
        ([_], []) => Some(Edit::Missing),
        ([], [_]) => Some(Edit::Extra),
        ([p, q], [r, s]) if p == s && q == r => Some(Edit::Swapped),
        _ if a.len().abs_diff(b.len()) <= 2 && strsim::osa_distance(text(a), text(b)) == 2 => {
            Some(Edit::Two)
        }
        _ => None,
    }
}

fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_edits_are_told_apart() {
        for (right, typed, expected) in [
            ("1234", "1284", Some(Edit::Changed)),
            ("1234", "124", Some(Edit::Missing)),
            ("1234", "12334", Some(Edit::Extra)),
            ("1234", "1324", Some(Edit::Swapped)),
            ("1234", "1243", Some(Edit::Swapped)),
            ("1111", "111", Some(Edit::Missing)),
            ("1234", "1285", Some(Edit::Two)),
            ("1234", "2143", Some(Edit::Two)),
            ("1234", "1234", None),
            ("1234", "8888", None),
            ("1234", "12", Some(Edit::Two)),
            ("", "7", Some(Edit::Extra)),
        ] {
            assert_eq!(edit(right, typed), expected, "{right} → {typed}");
        }
    }
}
