//! Bytes: what an HTML part weighs, here and on the wire, and each article in it. Gmail cuts off
//! what is too heavy, so that both the author and `length = "auto"` have to know.
//!
//! Searches the text of our own document, whose form is known, instead of reading it into a tree:
//! what is asked for are places in that text, and an issue that is cut to length asks many times.

use super::components::anchor;
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

/// The bytes of each article of `issue` in its `html`, in reading order.
pub fn articles(issue: &Issue, html: &str) -> Vec<usize> {
    let mut from = 0;
    issue
        .sections
        .iter()
        .flat_map(|section| &section.articles)
        .map(|article| {
            let id = format!(" id=\"{}\"", anchor(article).replace('&', "&amp;"));
            let Some(at) = html[from..].find(&id).map(|at| from + at) else { return 0 };
            let start = html[..at].rfind('<').unwrap_or(at);
            from = start + element(&html[start..]);
            from - start
        })
        .collect()
}

/// The length of the `div` that `html` begins with.
fn element(html: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in html.match_indices('<') {
        if html[at..].starts_with("<div") {
            depth += 1;
        } else if html[at..].starts_with("</div>") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + "</div>".len();
            }
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_ends_where_it_is_closed() {
        assert_eq!(element("<div a><div>x</div></div></div>"), 25);
        assert_eq!(element("<div a>x"), 8);
    }

    #[test]
    fn the_smaller_encoding_counts() {
        assert_eq!(on_the_wire(&"a".repeat(750)), 750 + 30);
        assert_eq!(on_the_wire(&"가".repeat(1000)), 4000 + 104);
        assert_eq!(on_the_wire("a=\n"), 4);
    }
}
