//! Which link targets may stand in a message.

use super::slot::{self, Piece, Slots};

const SCHEMES: [&str; 5] = ["https:", "http:", "mailto:", "tel:", "sms:"];

/// The target as it will be written, or why it cannot be.
///
/// Control characters and white space are taken out before the scheme is read, as browsers do, so
/// that `java&#10;script:` does not slip through. A slot may fill a part of a target, never its
/// scheme: what a subscriber's row says must not become a `javascript:` link.
pub(super) fn target(href: &str, slots: &Slots) -> Result<String, &'static str> {
    let clean: String =
        href.trim().chars().filter(|c| !c.is_control()).collect::<String>().replace(' ', "%20");
    if clean.is_empty() {
        return Err("this link leads nowhere");
    }
    match slot::pieces(&clean).first() {
        Some(Piece::Slot(index)) => {
            let built_in = slots.get(*index).is_some_and(|slot| slot.field == "unsubscribe_url");
            return if built_in { Ok(clean) } else { Err("a slot cannot be the start of a link") };
        }
        Some(Piece::Text(text)) if text.starts_with('#') && text.len() > 1 => return Ok(clean),
        _ => {}
    }
    let lower = clean.to_ascii_lowercase();
    if SCHEMES.iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len()) {
        return Ok(clean);
    }
    let scheme = lower.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme.contains(':') {
        true => Err("a link in an email can lead to https:, http:, mailto:, tel: and sms: only"),
        false => Err("an email has no folder that a relative link could start from"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_mail_programs_open_pass() {
        let slots = Slots::default();
        for good in ["https://a.example/x?y=1", "HTTP://a.example", "mailto:a@b.example", "#note"] {
            assert!(target(good, &slots).is_ok(), "{good}");
        }
        for bad in [
            "",
            "#",
            "https:",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            " \u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "story.html",
            "/story",
            "//x.example",
        ] {
            assert!(target(bad, &slots).is_err(), "{bad:?}");
        }
    }
}
