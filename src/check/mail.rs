//! The message as it goes over the wire: headers and parts (RFC 5322, RFC 2045, RFC 8058).

use super::view::View;
use crate::diagnostic::Diagnostic;

/// RFC 5322 2.1.1.
const LINE: usize = 998;
/// RFC 5322 2.1.1: what a header's line should keep to.
const HEADER_LINE: usize = 78;
/// RFC 2047 2.
const ENCODED_WORD: usize = 75;
/// Relays commonly refuse more; base64 makes a third more of a picture.
const MOST: usize = 10 * 1024 * 1024;

const OURS: &str = "this is a mistake in digest itself: please report it, with this issue";

fn fault(view: &View<'_>, rule: Diagnostic) -> Diagnostic {
    rule.at(view.manifest()).help(OURS)
}

/// The header block as lines, and the header fields unfolded: name in lower case, and body.
struct Head<'a> {
    lines: Vec<&'a [u8]>,
    fields: Vec<(String, String)>,
}

fn head(message: &[u8]) -> Head<'_> {
    let end = memchr::memmem::find(message, b"\r\n\r\n").unwrap_or(message.len());
    let text = &message[..end];
    let mut lines = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(text, b"\r\n") {
        lines.push(&text[start..at]);
        start = at + 2;
    }
    lines.push(&text[start..]);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in &lines {
        let line = String::from_utf8_lossy(line);
        match (line.starts_with([' ', '\t']), fields.last_mut()) {
            (true, Some((_, body))) => body.push_str(&line),
            _ => {
                let (name, body) = line.split_once(':').unwrap_or((&line, ""));
                fields.push((name.to_ascii_lowercase(), body.trim().to_owned()));
            }
        }
    }
    Head { lines, fields }
}

impl Head<'_> {
    fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, body)| body.as_str())
    }

    fn first(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, body)| body.as_str())
    }
}

/// Lines end in CRLF and stay short; header lines are ASCII and folded.
pub(super) fn lines(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(message) = view.input.message else { return Vec::new() };
    let bare = memchr::memchr2_iter(b'\r', b'\n', message).find(|at| match message[*at] {
        b'\r' => message.get(at + 1) != Some(&b'\n'),
        _ => *at == 0 || message[at - 1] != b'\r',
    });
    let long = message.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or(0);
    let head = head(message);
    // A line can be folded only where it has a space, and not right behind its name.
    let can_fold = |line: &[u8]| {
        let words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let names = usize::from(!line.starts_with(b" "));
        words.count() > 1 + names
    };
    let unfolded = head.lines.iter().find(|line| line.len() > HEADER_LINE && can_fold(line));
    let wrong = [
        bare.map(|at| format!("a line ends without CRLF at byte {at}")),
        (long > LINE + 1).then(|| format!("a line has {long} bytes; at most {LINE} are allowed")),
        (!head.lines.concat().is_ascii()).then(|| "a header is not ASCII".to_owned()),
        unfolded.map(|line| format!("a line of a header has {} characters", line.len())),
    ];
    let wrong = wrong.into_iter().flatten();
    wrong.map(|what| fault(view, Diagnostic::error("message-lines", what))).collect()
}

/// Each header that must be there is, once, and none that must not (EMAIL M4 to M6).
pub(super) fn headers(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(message) = view.input.message else { return Vec::new() };
    let head = head(message);
    let mut problems = Vec::new();
    let once =
        ["from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id"];
    for name in once {
        let count = head.all(name).count();
        if count != 1 || head.first(name).is_empty() {
            problems.push(format!("the message has {count} headers {name}, but should have one"));
        }
    }
    for name in ["bcc", "precedence"] {
        if head.all(name).count() > 0 {
            problems.push(format!(
                "the message has a header {name}, but should have none, but \
                 should have none"
            ));
        }
    }
    let id = head.first("message-id");
    if !(id.starts_with('<') && id.ends_with('>') && id.contains('@')) {
        problems.push(format!("{id:?} is not a valid Message-ID"));
    }
    let long = head.fields.iter().flat_map(|(_, body)| body.split([' ', '\t']));
    let mut long = long.filter(|word| word.starts_with("=?") && word.len() > ENCODED_WORD);
    if let Some(word) = long.next() {
        problems.push(format!("an encoded word has {} characters", word.len()));
    }
    let errors = problems.into_iter();
    errors.map(|what| fault(view, Diagnostic::error("message-headers", what))).collect()
}

/// One-click unsubscribing (RFC 8058): Gmail, Yahoo and Outlook.com ask it of bulk mail.
pub(super) fn unsubscribe(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(message) = view.input.message else { return Vec::new() };
    let head = head(message);
    let list = head.first("list-unsubscribe");
    let post = head.first("list-unsubscribe-post");
    if list.contains("<http://") {
        let what = "one-click unsubscribing needs https:, but base_url has http:";
        let problem = Diagnostic::error("message-unsubscribe", what).at(view.publication()).help(
            "write https: in base_url (RFC 8058 3.1); Gmail and Yahoo require it for bulk mail",
        );
        return vec![problem];
    }
    if list.contains("<https://") && post == "List-Unsubscribe=One-Click" && !list.contains("=?") {
        return Vec::new();
    }
    let what = "the message has no List-Unsubscribe header for one-click unsubscribing";
    vec![fault(view, Diagnostic::error("message-unsubscribe", what))]
}

/// Text before HTML in one `multipart/alternative`, both UTF-8 in an encoding that travels.
pub(super) fn parts(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(message) = view.input.message else { return Vec::new() };
    let find = |needle: &[u8]| memchr::memmem::find(message, needle);
    let text = find(b"\r\nContent-Type: text/plain; charset=utf-8\r\n");
    let html = find(b"\r\nContent-Type: text/html; charset=utf-8\r\n");
    let ordered = matches!((text, html), (Some(text), Some(html)) if text < html);
    let head = head(message);
    let outer = head.first("content-type").to_ascii_lowercase();
    let alternative = find(b"multipart/alternative").is_some();
    let related =
        outer.starts_with("multipart/related") || outer.starts_with("multipart/alternative");
    let eight_bit = message.iter().any(|byte| *byte >= 0x80);
    let wrong = [
        (!ordered, "has no plain text before its HTML, both in UTF-8"),
        (!(alternative && related), "is not multipart/alternative"),
        (eight_bit, "has bytes above 127, which a relay would encode again"),
    ];
    let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong
        .map(|(_, what)| {
            fault(view, Diagnostic::error("message-parts", format!("the message {what}")))
        })
        .collect()
}

/// A message that relays refuse for its size.
pub(super) fn size(view: &View<'_>) -> Vec<Diagnostic> {
    let bytes = view.input.message.map_or(0, <[u8]>::len);
    if bytes <= MOST {
        return Vec::new();
    }
    let what = format!("the message is {} MB large; many relays refuse it", bytes / 1024 / 1024);
    let problem = Diagnostic::error("message-size", what)
        .at(view.manifest())
        .help("set images = \"host\", so that the pictures stay on the web");
    vec![problem]
}
