//! A message's bytes <-> the bytes between 354 and the final dot (RFC 5321 4.5.2).
//!
//! Whatever the input, only CRLF ends a line on the wire and no line of the text is a lone dot:
//! a bare CR or LF that one server takes for a line end and another does not is how messages are
//! smuggled.

/// Appends `bytes` to `out`, dot-stuffed, with every line ended by CRLF.
pub fn stuff(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + bytes.len() / 32 + 8);
    if is_clean(bytes) {
        out.extend_from_slice(bytes);
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
        return;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        let eaten = if after.starts_with(b"\r\n") { 2 } else { usize::from(!after.is_empty()) };
        rest = &after[eaten..];
    }
}

/// Removes the dot that [`stuff`] put before each line that starts with one.
pub fn unstuff(text: Vec<u8>) -> Vec<u8> {
    let finder = memchr::memmem::Finder::new(b"\r\n.");
    if !text.starts_with(b".") && finder.find(&text).is_none() {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.strip_prefix(b".").unwrap_or(&text);
    while let Some(at) = finder.find(rest) {
        out.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 3..];
    }
    out.extend_from_slice(rest);
    out
}

/// Whether the bytes may be copied as they are: only whole CRLFs, no line starts with a dot.
///
/// Each pair of neighbours is judged by itself and without a branch, so that the compiler judges
/// many at once: a newsletter has hundreds of lines, and every message passes here.
fn is_clean(bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return true };
    if matches!(first, b'.' | b'\n') || *last == b'\r' {
        return false;
    }
    let pairs = bytes.iter().zip(&bytes[1..]);
    pairs.fold(0, |wrong, (before, after)| {
        let half_an_end = (*before == b'\r') ^ (*after == b'\n');
        let dot_first = (*before == b'\n') & (*after == b'.');
        wrong | u8::from(half_an_end | dot_first)
    }) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        stuff(bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn dots_are_doubled_and_lines_ended() {
        assert_eq!(stuffed(b""), "");
        assert_eq!(stuffed(b"a\r\nb.\r\n"), "a\r\nb.\r\n");
        assert_eq!(stuffed(b"a"), "a\r\n");
        assert_eq!(stuffed(b".\r\n..\r\n"), "..\r\n...\r\n");
        assert_eq!(stuffed(b"a\r\n.b"), "a\r\n..b\r\n");
        assert_eq!(stuffed(b"a\n.\nb\r.\r\n"), "a\r\n..\r\nb\r\n..\r\n");
        assert_eq!(stuffed(b"a\r"), "a\r\n");
        assert_eq!(stuffed(b"\n"), "\r\n");
    }

    proptest! {
        #[test]
        fn no_smuggling_bytes_and_no_early_end(
            bytes in prop::collection::vec(prop::sample::select(b"\r\n.a".to_vec()), 0..40),
        ) {
            let text = stuffed(&bytes);
            prop_assert!(text.is_empty() || text.ends_with("\r\n"));
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            let stuffed = |line: &str| !line.starts_with('.') || line.starts_with("..");
            prop_assert!(text.split("\r\n").all(stuffed));
        }
    }
}
