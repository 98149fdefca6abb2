//! Bytes: what an HTML part weighs, here and on the wire, and each article in it. Gmail cuts off
//! what is too heavy, so that both the author and `length = "auto"` have to know.
//!
//! Searches the text of our own document, whose form is known, instead of reading it into a tree:
//! what is asked for are places in that text, and an issue that is cut to length asks many times.

use super::article::anchor;
use crate::issue::Issue;

/// Gmail cuts a mail off behind this many bytes of HTML, the unsubscribe link included. Reports
/// differ on whether it counts before or after transfer encoding, so both count here.
pub const CUT_OFF: usize = 102_400;
/// Room for what relays and forwarders add.
pub const NEAR: usize = 90 * 1024;

/// Bytes of `html` in the smaller of quoted-printable and base64 (RFC 2045, 6.7 and 6.8), to within
/// a line.
pub fn on_the_wire(html: &str) -> usize {
    let quoted = |byte: u8| match byte {
        b'\n' => 2,
        b'=' => 3,
        b' '..=b'~' => 1,
        _ => 3,
    };
    let quoted: usize = html.bytes().map(quoted).sum();
    // Each line of 75 characters ends in an equals sign and a line break.
    let quoted = quoted + quoted / 75 * 3;
    let encoded = html.len().div_ceil(3) * 4;
    quoted.min(encoded + encoded / 76 * 2)
}

/// The bytes of each article of `issue` in its `html`, in reading order: from its anchor to that of
/// the next one.
pub fn articles(issue: &Issue, html: &str) -> Vec<usize> {
    let mut from = 0;
    let mut starts: Vec<usize> = Vec::new();
    for article in issue.articles() {
        let id = format!(" id=\"{}\"", anchor(article).replace('&', "&amp;"));
        let at = html[from..].find(&id).map_or(from, |at| from + at);
        let start = html[from..at].rfind("<div").map_or(at, |start| from + start);
        starts.push(start);
        from = at;
    }
    let ends = starts.iter().skip(1).copied().chain([end_of_articles(html)]);
    starts.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start)).collect()
}

/// Where the last article ends: at the cell before the footer's.
fn end_of_articles(html: &str) -> usize {
    html.rfind("</td></tr><tr>").unwrap_or(html.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_encoding_counts() {
        assert_eq!(on_the_wire(&"a".repeat(750)), 750 + 30);
        assert_eq!(on_the_wire(&"가".repeat(1000)), 4000 + 104);
        assert_eq!(on_the_wire("a=\n"), 4);
    }
}
