//! What somebody meant who wrote an address with a slip: `www.sejong.example`, `https:/x.example`,
//! `htps://x.example`, `kim@x.example`.
//!
//! A slip in the marks, or a part that is always the same, can mean only one thing, and is read as it
//! is meant. A slip in the letters is told. Must never make of a path, a script or an unknown scheme
//! a link that leads somewhere.

/// An address with a slip.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AddressSlip {
    /// It can only mean this.
    Sure(String),
    /// It probably means this.
    Likely(String),
}

use AddressSlip::{Likely, Sure};

/// Marks that stand, or should not stand, between a scheme and what follows.
const MARKS: &str = ":/\\;.,|";

/// Endings of files, which are no domains.
const FILES: &str = "html htm pdf doc docx odt rtf txt csv xls xlsx ods ppt pptx odp hwp hwpx epub png jpg \
    jpeg gif webp svg heic mp3 mp4 m4a mov wav ics vcf zip php asp aspx jsp js css json xml yml yaml \
    toml rs py ts";

/// What is meant by an address, without white space, that has a slip; `None` where it has none, or
/// nobody can tell.
pub(super) fn read(address: &str) -> Option<AddressSlip> {
    let letters = address.len() - address.trim_start_matches(is_scheme_letter).len();
    let (head, rest) = address.split_at(letters);
    let head = head.to_ascii_lowercase();
    if is_person(address) {
        return Some(Sure(format!("mailto:{address}")));
    }
    let behind = behind_marks(rest);
    let marks = &rest[..rest.len() - behind.len()];
    mail(&head, marks, behind)
        .or_else(|| web(&head, marks, behind))
        .or_else(|| phone(&head, marks, behind, address))
        .or_else(|| without_scheme(address))
}

fn is_scheme_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '-' || c == '_'
}

/// What stands behind the marks, and spaces, that `rest` begins with.
fn behind_marks(rest: &str) -> &str {
    let mut rest = rest;
    loop {
        let next = rest.trim_start_matches(|c| MARKS.contains(c));
        let next = next.strip_prefix("%20").unwrap_or(next);
        if next.len() == rest.len() {
            return rest;
        }
        rest = next;
    }
}

/// `mailto://kim@x.example`, `maito:kim@x.example`, `email:kim@x.example`.
fn mail(head: &str, marks: &str, person: &str) -> Option<AddressSlip> {
    const NAMES: [&str; 5] = ["mailto", "mail", "email", "e-mail", "mail-to"];
    if marks.is_empty() || head == "mailto" && marks == ":" || !is_person(person) {
        return None;
    }
    let is_name = NAMES.contains(&head) || is_near(head, "mailto", 2);
    is_name.then(|| Sure(format!("mailto:{person}")))
}

/// `https:/x.example`, `http//x.example`, `htps://x.example`.
fn web(head: &str, marks: &str, behind: &str) -> Option<AddressSlip> {
    if !is_host(behind) {
        return None;
    }
    let is_exact = ["http", "https"].contains(&head);
    if is_exact {
        let is_slip = marks != "://" && (marks.contains(':') || marks.contains("//"));
        // More slashes may stand for a host that was left out.
        return (is_slip && marks.matches(['/', '\\']).count() < 4)
            .then(|| Sure(format!("{head}://{behind}")));
    }
    let is_scheme = marks.contains("//") || marks.starts_with(":/") || marks.starts_with(":\\");
    let is_near = head.len() > 2 && (is_near(head, "https", 2) || is_near(head, "http", 1));
    // These are schemes of their own.
    let is_other = ["sftp", "ftp", "ftps", "ntp", "nntp", "tcp", "sip", "sips"].contains(&head);
    let scheme = if head.ends_with("tp") || head.ends_with("pt") { "http" } else { "https" };
    (is_scheme && is_near && !is_other).then(|| Likely(format!("{scheme}://{behind}")))
}

/// `tel://+82…`, and a number alone.
fn phone(head: &str, marks: &str, behind: &str, whole: &str) -> Option<AddressSlip> {
    let is_number = |text: &str| {
        let text = text.replace("%20", "");
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let odd = |c: char| !c.is_ascii_digit() && !"+-().".contains(c);
        (7..16).contains(&digits) && !text.contains(odd)
    };
    match (head, marks) {
        ("tel", "://") if is_number(behind) => Some(Sure(format!("tel:{behind}"))),
        // A date has as many digits.
        ("" | "-", _) if is_number(whole) && whole.starts_with(['+', '0', '(']) => {
            Some(Likely(format!("tel:{}", whole.replace("%20", "-"))))
        }
        _ => None,
    }
}

/// `www.x.example`, `x.example/plan`, `plan.md`.
fn without_scheme(address: &str) -> Option<AddressSlip> {
    let host = address.split(['/', '?', '#']).next().unwrap_or_default();
    let file = address.split(['?', '#']).next().unwrap_or_default();
    if let Some(slug) = file.strip_suffix(".md").filter(|_| !file.contains(':')) {
        let slug = slug.rsplit('/').next().unwrap_or_default();
        return (!slug.is_empty()).then(|| Likely(format!("#{slug}")));
    }
    if !is_host(address) {
        return None;
    }
    let end = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if host.to_ascii_lowercase().starts_with("www.") && host.matches('.').count() > 1 {
        return Some(Sure(format!("https://{address}")));
    }
    let is_file = FILES.split_whitespace().any(|file| file == end);
    (!is_file).then(|| Likely(format!("https://{address}")))
}

/// Whether this is the address of a person, perhaps with a subject behind it.
fn is_person(address: &str) -> bool {
    let bare = address.split('?').next().unwrap_or_default();
    let Some((local, domain)) = bare.split_once('@') else { return false };
    let is_local = |c: char| c.is_alphanumeric() || "!#$&'*+-_.=^`{|}~".contains(c);
    !local.is_empty() && local.chars().all(is_local) && is_name(domain)
}

/// Whether an address without a scheme begins with the name of a site.
fn is_host(address: &str) -> bool {
    let host = address.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    is_name(name) && port.chars().all(|c| c.is_ascii_digit())
}

/// Whether this is the name of a domain: labels, and an end of letters.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let end = name.rsplit('.').next().unwrap_or_default();
    name.len() < 254
        && name.contains('.')
        && name.split('.').all(is_label)
        && end.chars().count() > 1
        && (end.chars().all(char::is_alphabetic) || end.starts_with("xn--"))
}

/// Whether two words differ by no more than so many letters.
fn is_near(word: &str, other: &str, most: usize) -> bool {
    word.len().abs_diff(other.len()) <= most && distance(word, other) <= most
}

/// How many letters were added, left out, changed or swapped. Both words are short.
fn distance(word: &str, other: &str) -> usize {
    let (a, b) = (word.as_bytes(), other.as_bytes());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                rows[i][j] = i + j;
                continue;
            }
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_mean_only_one_thing_is_read_so() {
        for (written, meant) in [
            ("kim@sejong.kr", "mailto:kim@sejong.kr"),
            ("kim.min+x@sejong.co.kr?subject=A", "mailto:kim.min+x@sejong.co.kr?subject=A"),
            ("mailto://kim@sejong.kr", "mailto:kim@sejong.kr"),
            ("mailto:%20kim@sejong.kr", "mailto:kim@sejong.kr"),
            ("maito:kim@sejong.kr", "mailto:kim@sejong.kr"),
            ("email:kim@sejong.kr", "mailto:kim@sejong.kr"),
            ("www.sejong.kr/x?y=1", "https://www.sejong.kr/x?y=1"),
            ("WWW.Sejong.kr", "https://WWW.Sejong.kr"),
            ("https:/sejong.kr/x", "https://sejong.kr/x"),
            ("https:sejong.kr", "https://sejong.kr"),
            ("http//sejong.kr/x", "http://sejong.kr/x"),
            ("https//:sejong.kr", "https://sejong.kr"),
            ("https:://sejong.kr", "https://sejong.kr"),
            ("https;//sejong.kr", "https://sejong.kr"),
            ("https.//sejong.kr", "https://sejong.kr"),
            ("https:\\\\sejong.kr/x", "https://sejong.kr/x"),
            ("https:%20//sejong.kr", "https://sejong.kr"),
            ("HTTPS:/한국.kr:8080/x", "https://한국.kr:8080/x"),
            ("tel://+82-2-123-4567", "tel:+82-2-123-4567"),
        ] {
            assert_eq!(read(written), Some(Sure(meant.to_owned())), "{written}");
        }
    }

    #[test]
    fn what_is_probably_meant_is_told() {
        for (written, meant) in [
            ("htps://sejong.kr", "https://sejong.kr"),
            ("hhtps://sejong.kr/x", "https://sejong.kr/x"),
            ("ttps://sejong.kr", "https://sejong.kr"),
            ("htpps://sejong.kr", "https://sejong.kr"),
            ("httsp//sejong.kr", "https://sejong.kr"),
            ("htp://sejong.kr", "http://sejong.kr"),
            ("sejong.kr", "https://sejong.kr"),
            ("sejong.kr/plan.pdf", "https://sejong.kr/plan.pdf"),
            ("hangul.md", "#hangul"),
            ("../2025-11/hangul.md#x", "#hangul"),
            ("010-1234-5678", "tel:010-1234-5678"),
            ("+82%202%20123%204567", "tel:+82-2-123-4567"),
        ] {
            assert_eq!(read(written), Some(Likely(meant.to_owned())), "{written}");
        }
    }

    #[test]
    fn what_is_right_or_nobody_can_tell_is_left_alone() {
        for written in [
            "https://sejong.kr/x",
            "http://sejong.kr",
            "https://sejong.kr/kim@sejong.kr",
            "mailto:kim@sejong.kr?subject=x",
            "tel:+82212345678",
            "sftp://sejong.kr",
            "ftp://sejong.kr",
            "plan.pdf",
            "/plan",
            "../plan",
            "plan",
            "https://localhost/x",
            "https:////x",
            "javascript:alert(1)",
            "javascript://sejong.kr/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//sejong.kr",
            "20251106",
            "#hangul",
            "@kim",
            "kim@",
            "x:kim@sejong.kr",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }

    proptest! {
        #[test]
        fn only_safe_schemes_come_of_it(text in "([a-z:/.@%?#;]|http|mailto|\\PC){0,40}") {
            let safe = ["https://", "http://", "mailto:", "tel:"];
            match read(&text) {
                Some(Sure(meant)) => prop_assert!(safe.iter().any(|start| meant.starts_with(start))),
                Some(Likely(meant)) => {
                    let is_safe = safe.iter().any(|start| meant.starts_with(start));
                    prop_assert!(is_safe || meant.starts_with('#'));
                }
                None => {}
            }
        }
    }
}
