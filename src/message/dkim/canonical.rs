//! Canonical form `relaxed/relaxed` (RFC 6376 3.4.2 and 3.4.4): what may change on the way changes
//! nothing here.
//!
//! One pass each, no copy of the body.

/// A header field of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    name: &'a [u8],
    /// What stands behind the colon, folded as it is, without its line end.
    value: &'a [u8],
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Header fields and body of a message whose lines end with CRLF.
pub(super) fn split(message: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields = Vec::with_capacity(24);
    let mut rest = message;
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        let (line, after) = rest.split_at(end_of_field(rest));
        rest = after;
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        // RFC 5322 4.5.2: old programs put white space before the colon.
        let (name, value) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
        fields.push(Field { name, value: value.strip_suffix(b"\r\n").unwrap_or(value) });
    }
    (fields, b"")
}

/// Where the next field begins: behind the first line end that white space does not follow.
fn end_of_field(text: &[u8]) -> usize {
    for at in memchr::memchr_iter(b'\n', text) {
        let whole = at > 0 && text[at - 1] == b'\r';
        if whole && !text.get(at + 1).is_some_and(is_blank) {
            return at + 1;
        }
    }
    text.len()
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 6376 3.4.2: the name in lower case, the value on one line with single spaces.
pub(super) fn field(field: &Field<'_>, out: &mut Vec<u8>) {
    out.extend(field.name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    // A line end within a value is one of folding, and blanks follow it.
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let words = field.value.split(is_white).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    out.extend_from_slice(b"\r\n");
}

/// RFC 6376 3.4.4: no blanks at the ends of lines, single spaces within them, no empty lines at the
/// end. Stretches that are so already, nearly everything, are handed on as they are.
pub(super) fn body(body: &[u8], mut sink: impl FnMut(&[u8])) {
    let body = without_end(body);
    if body.is_empty() {
        return;
    }
    let mut from = 0;
    for at in memchr::memchr2_iter(b' ', b'\t', body) {
        if at < from {
            continue;
        }
        let end = at + body[at..].iter().take_while(|byte| is_blank(byte)).count();
        let ends_line = body[end..].starts_with(b"\r\n");
        if !ends_line && &body[at..end] == b" " {
            continue;
        }
        sink(&body[from..at]);
        if !ends_line {
            sink(b" ");
        }
        from = end;
    }
    sink(&body[from..]);
    sink(b"\r\n");
}

/// The body up to its last line that holds anything, without that line's end.
fn without_end(mut body: &[u8]) -> &[u8] {
    loop {
        body = match body {
            [rest @ .., b'\r', b'\n'] | [rest @ .., b' ' | b'\t'] => rest,
            _ => return body,
        }
    }
}
