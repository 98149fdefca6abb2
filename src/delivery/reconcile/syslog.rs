//! One line -> who wrote it and what it says: stamp, host, program, message.
//!
//! A name, a subject or a reply that a stranger chose may stand anywhere in a message and look
//! like a line of its own. So a line is read from its front only, each part at its place, and
//! nothing is ever searched for. Must never know what a message means.

use super::stamp::Stamp;

/// A line with its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyslogLine<'a> {
    pub(super) stamp: Stamp<'a>,
    /// The name of the container that wrote it, or nothing.
    pub(super) container: &'a str,
    pub(super) host: &'a str,
    /// `postfix/qmgr`, `sendmail`, …, without the process's number.
    pub(super) program: &'a str,
    pub(super) message: &'a str,
}

impl<'a> SyslogLine<'a> {
    /// Reads a line, also one that a container's log has put its own words before.
    pub(super) fn read(text: &'a str) -> Option<SyslogLine<'a>> {
        let (mut container, mut rest) = ("", text);
        // A name and a stamp of its own, at most.
        for _ in 0..3 {
            if let Some(line) = headed(rest) {
                return Some(SyslogLine { container, ..line });
            }
            let (name, behind) = behind_container(rest)?;
            container = name.unwrap_or(container);
            rest = behind;
        }
        None
    }
}

/// A line that begins with its own stamp, or with the priority of RFC 3164 or 5424 before it.
fn headed(text: &str) -> Option<SyslogLine<'_>> {
    let text = match text.strip_prefix('<') {
        Some(rest) => {
            let (priority, rest) = rest.split_once('>')?;
            digits(priority).then_some(())?;
            match rest.strip_prefix("1 ") {
                Some(rest) => return structured(rest),
                None => rest,
            }
        }
        None => text,
    };
    let (stamp, rest) = Stamp::cut(text)?;
    let (host, rest) = rest.split_once(' ')?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !in_program(c))?;
    let (program, mut rest) = rest.split_at(end);
    if let Some(inside) = rest.strip_prefix('[') {
        let (process, behind) = inside.split_once(']')?;
        digits(process).then_some(())?;
        rest = behind;
    }
    let message = rest.strip_prefix(':')?;
    let message = message.strip_prefix(' ').unwrap_or(message);
    (!program.is_empty()).then_some(SyslogLine { stamp, container: "", host, program, message })
}

/// RFC 5424 behind its version: stamp, host, program, process, name, data, message.
fn structured(text: &str) -> Option<SyslogLine<'_>> {
    let (stamp, rest) = Stamp::cut(text)?;
    let (host, rest) = rest.split_once(' ')?;
    let (program, rest) = rest.split_once(' ')?;
    let (_process, rest) = rest.split_once(' ')?;
    let (_name, rest) = rest.split_once(' ')?;
    let message = match rest.strip_prefix("- ") {
        Some(message) => message,
        None => behind_data(rest)?.strip_prefix(' ')?,
    };
    let message = message.strip_prefix('\u{FEFF}').unwrap_or(message);
    program.chars().all(in_program).then_some(SyslogLine {
        stamp,
        container: "",
        host,
        program,
        message,
    })
}

/// Behind the elements of structured data, `[name key="value"]…`, in whose values a quote, a
/// backslash and a bracket are escaped.
fn behind_data(text: &str) -> Option<&str> {
    let (mut inside, mut quoted, mut escaped) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if inside => quoted = !quoted,
            b'[' if !inside => inside = true,
            b']' if !quoted => inside = false,
            _ if !inside => return Some(&text[at..]),
            _ => {}
        }
    }
    None
}

/// Behind what a container's log puts before a line, with its name: `name | `, a stamp, a stamp and
/// `stdout F `.
fn behind_container(text: &str) -> Option<(Option<&str>, &str)> {
    if let Some((name, rest)) = text.split_once('|') {
        let name = name.trim_end();
        if !name.is_empty() && name.chars().all(in_name) {
            return Some((Some(name), rest.trim_start()));
        }
    }
    let (_, rest) = Stamp::cut(text)?;
    let streams = ["stdout F ", "stderr F "];
    Some((None, streams.iter().find_map(|stream| rest.strip_prefix(stream)).unwrap_or(rest)))
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

fn in_program(c: char) -> bool {
    in_name(c) || c == '/'
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_form_of_a_line_gives_host_program_and_message() {
        for (text, container) in [
            ("Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("Nov 06 14:00:00.123456 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("Nov  6 14:00:00 mx postfix/qmgr: 4F1: removed", ""),
            ("<22>Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("2025-11-06T14:00:00.123456+01:00 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("2025-11-06T14:00:00+0100 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("2025-11-06T14:00:00Z mx    postfix/qmgr[7]: 4F1: removed", ""),
            ("Thu 2025-11-06 14:00:00 CET mx postfix/qmgr[7]: 4F1: removed", ""),
            ("1762437600.123456 mx postfix/qmgr[7]: 4F1: removed", ""),
            ("<22>1 2025-11-06T14:00:00Z mx postfix/qmgr 7 - - 4F1: removed", ""),
            ("<22>1 2025-11-06T14:00:00Z mx postfix/qmgr 7 - [a b=\"]\\\" \"][c] 4F1: removed", ""),
            ("mail-1  | Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed", "mail-1"),
            ("mail-1  | 2025-11-06T14:00:00Z mx postfix/qmgr[7]: 4F1: removed", "mail-1"),
            ("2025-11-06T14:00:00.1Z Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed", ""),
            (
                "2025-11-06T14:00:00.1Z stdout F Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed",
                "",
            ),
        ] {
            let line = SyslogLine::read(text).unwrap_or_else(|| panic!("{text}"));
            let parts = (line.host, line.program, line.message, line.container);
            assert_eq!(parts, ("mx", "postfix/qmgr", "4F1: removed", container), "{text}");
        }
    }

    #[test]
    fn a_line_inside_a_line_is_not_seen() {
        let inner = "Nov  6 14:00:00 mx postfix/qmgr[7]: 4F1: removed";
        for outer in ["NOQUEUE: helo=<", "x | ", "-- ", "{\"log\":\"", "\t", "a b | ", "é | "] {
            assert_eq!(
                SyslogLine::read(&format!("{outer}{inner}")).filter(|_| outer != "x | "),
                None
            );
            let line = format!("Nov  6 14:00:01 mx postfix/smtpd[8]: {outer}{inner}");
            assert_eq!(SyslogLine::read(&line).map(|line| line.program), Some("postfix/smtpd"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(
            text in "\\PC{0,60}|([a|] ?)?(<22>1? ?)?2025-11-06T14:00:00Z[ a:\\[\\]\"\\\\-]{0,20}"
        ) {
            if let Some(line) = SyslogLine::read(&text) {
                prop_assert!(text.ends_with(line.message));
            }
        }
    }
}
