//! Cells whose values stand in one piece.
//!
//! XML lets comments, processing instructions, CDATA and references to characters stand inside a value, and a
//! program that writes for people to read puts line ends around it. calamine takes of a value in several
//! pieces only one: 323 written `3&#50;3` was 3. So they are put together before it sees them.

use std::borrow::Cow;

use memchr::memmem;

use super::Unreadable;

/// The cells of a sheet with every value in one piece and without blanks around it; as they are where they are so.
pub(super) fn whole_texts(cells: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !is_in_pieces(cells) {
        return Ok(Cow::Borrowed(cells));
    }
    let mut out = String::with_capacity(cells.len());
    // Where the value that is being read began.
    let mut value_began: Option<usize> = None;
    let mut rest = cells;
    while let Some(at) = rest.find(['<', '&']) {
        push_text(&mut out, &rest[..at], value_began);
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix("<!--") {
            rest = after(inside, "-->")?.1;
        } else if let Some(inside) = rest.strip_prefix("<?") {
            rest = after(inside, "?>")?.1;
        } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let (text, beyond) = after(inside, "]]>")?;
            push_text(&mut out, &escaped(text), value_began);
            rest = beyond;
        } else if rest.starts_with('<') {
            let (tag, beyond) = rest.split_at(end_of_tag(rest)?);
            if let Some(began) = value_began.take() {
                let end = out[began..].trim_end().len();
                out.truncate(began + end);
            }
            out.push_str(tag);
            value_began = is_start_of_value(tag).then_some(out.len());
            rest = beyond;
        } else {
            let (reference, beyond) = after(rest, ";")?;
            match referred(reference) {
                Some(c) => push_text(&mut out, &escaped(c.encode_utf8(&mut [0; 4])), value_began),
                // The five that have names.
                None => {
                    out.push_str(reference);
                    out.push(';');
                }
            }
            rest = beyond;
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Whether anything is to be put together.
fn is_in_pieces(cells: &str) -> bool {
    let bytes = cells.as_bytes();
    let has = |what: &[u8]| memmem::find(bytes, what).is_some();
    let has_blanks = || {
        memmem::find_iter(bytes, b"v>").any(|at| {
            let is_end = bytes[..at].ends_with(b"</");
            let (before, behind) = (at.checked_sub(3), bytes.get(at + 2));
            match is_end {
                true => before.is_some_and(|before| bytes[before].is_ascii_whitespace()),
                false => behind.is_some_and(u8::is_ascii_whitespace),
            }
        })
    };
    [&b"<!"[..], b"<?", b"&#"].into_iter().any(has) || has_blanks()
}

/// Adds text, without blanks where a value begins.
fn push_text(out: &mut String, text: &str, value_began: Option<usize>) {
    let text = match value_began {
        Some(began) if began == out.len() => text.trim_start(),
        _ => text,
    };
    out.push_str(text);
}

/// What stands before an end, and what behind it.
fn after<'t>(text: &'t str, end: &str) -> Result<(&'t str, &'t str), Unreadable> {
    text.split_once(end)
        .ok_or_else(|| Unreadable::damaged(format!("no {end} in the sheet")))
}

/// The length of a tag; `>` may stand in its attributes.
pub(super) fn end_of_tag(text: &str) -> Result<usize, Unreadable> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Ok(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    Err(Unreadable::damaged("a tag of the sheet does not end"))
}

/// Whether a tag begins the value of a cell.
fn is_start_of_value(tag: &str) -> bool {
    let name = tag[1..].trim_end_matches('>');
    let name = name.split_ascii_whitespace().next().unwrap_or_default();
    !tag.ends_with("/>") && (name == "v" || name.ends_with(":v")) && !name.starts_with('/')
}

/// The character that `&#50` or `&#x32` means.
fn referred(reference: &str) -> Option<char> {
    let number = reference.strip_prefix("&#")?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

fn escaped(text: &str) -> Cow<'_, str> {
    quick_xml::escape::partial_escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_in_one_piece() {
        for value in [
            "3&#50;3",
            "3&#x32;3",
            "3<!-- c -->23",
            "<!-- 1 -->323",
            "3<![CDATA[23]]>",
            "<![CDATA[323]]>",
            "32<?x y?>3",
            "\n   323\n ",
            " <!-- > -->3<![CDATA[2]]>3 ",
        ] {
            let cells = format!("<row r=\"1\"><x:c r=\"A1\" s='>'><x:v>{value}</x:v></x:c></row>");
            let whole = whole_texts(&cells).expect("it ends");
            let expected = "<row r=\"1\"><x:c r=\"A1\" s='>'><x:v>323</x:v></x:c></row>";
            assert_eq!(whole, expected, "{value}");
        }
    }

    #[test]
    fn texts_keep_their_blanks_and_what_is_written_plainly_stays_as_it_is() {
        let plain = "<row><c t=\"s\"><v>0</v></c><c><is><t> a &amp; b </t></is></c></row>";
        assert!(matches!(whole_texts(plain), Ok(Cow::Borrowed(same)) if same == plain));
        let text = "<c t=\"inlineStr\"><is><t> <![CDATA[a<b]]> &#38; &lt;c&gt;\n</t></is></c>";
        let whole = "<c t=\"inlineStr\"><is><t> a&lt;b &amp; &lt;c&gt;\n</t></is></c>";
        assert_eq!(whole_texts(text).expect("it ends"), whole);
        for broken in [
            "<c><v>3<!-- 4</v></c>",
            "<c><v>3<![CDATA[4</v></c>",
            "<c a=\"<!--\"",
        ] {
            assert!(whole_texts(broken).is_err(), "{broken}");
        }
    }
}
