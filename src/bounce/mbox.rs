//! The line that an mbox file (RFC 4155) puts before each of its messages.

/// Whether bytes begin with such a line.
pub fn is_mbox(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
}

/// A message without that line.
pub(super) fn body_of(bytes: &[u8]) -> &[u8] {
    if !is_mbox(bytes) {
        return bytes;
    }
    let end = memchr::memchr2(b'\n', b'\r', bytes).map_or(bytes.len(), |end| end + 1);
    bytes[end..].strip_prefix(b"\n").unwrap_or(&bytes[end..])
}

/// Whether the first line has a time of day, such as 22:41:08.
pub fn has_time(bytes: &[u8]) -> bool {
    let line = bytes.iter().take(200).take_while(|byte| !matches!(byte, b'\n' | b'\r'));
    let line: Vec<u8> = line.copied().collect();
    line.windows(5)
        .any(|five| five[2] == b':' && [0, 1, 3, 4].iter().all(|at| five[*at].is_ascii_digit()))
}
