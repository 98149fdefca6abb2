//! An mbox file (RFC 4155) -> its messages, without a copy.

/// Whether a file is an mbox of several messages or of one, and no message by itself.
pub fn is_mbox(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
}

/// Each message, from its line `From ` to the next one's. Such a line begins a message if it has a time
/// of day, and an empty line stands before it.
pub fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    for found in memchr::memmem::find_iter(bytes, b"From ") {
        let before = &bytes[..found];
        let is_start = found == 0
            || before.ends_with(b"\n\n")
            || before.ends_with(b"\n\r\n")
            || before.ends_with(b"\r\r");
        if is_start && has_time(&bytes[found..]) {
            starts.push(found);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(start, end)| &bytes[*start..end]).collect()
}

/// Whether the first line has a time of day, such as 22:41:08.
fn has_time(bytes: &[u8]) -> bool {
    let line = bytes.iter().take(200).take_while(|byte| !matches!(byte, b'\n' | b'\r'));
    let line: Vec<u8> = line.copied().collect();
    line.windows(5)
        .any(|five| five[2] == b':' && [0, 1, 3, 4].iter().all(|at| five[*at].is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_behind_an_empty_line() {
        let file = b"From a Mon Jan  5 10:00:00 2026\nSubject: 1\n\nFrom here on\n>From x\n\n\
                     From b Tue Jan  6 11:30:00 2026\nSubject: 2\n\nb\n";
        let found = messages(file);
        assert!(is_mbox(file));
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with(b">From x\n\n") && found[1].ends_with(b"b\n"));
        assert!(messages(b"Subject: x\n\ny").is_empty());
    }
}
