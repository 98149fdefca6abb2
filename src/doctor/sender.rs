//! What can be said of a sender without asking anybody: its address, its domains, its headers.

use super::Finding;
pub use super::records::Modes;
use crate::message::address::Address;
use crate::message::dkim::related;

/// The domains of a sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    /// Of From.
    pub from: String,
    /// Of Reply-To, where there is one.
    pub reply_to: Option<String>,
    /// Of the reverse-path, where bounces go.
    pub reverse_path: String,
    /// `d=` of our signatures, if we sign.
    pub signing: Option<String>,
}

impl Domains {
    /// Each once.
    pub(super) fn that_receive(&self) -> Vec<String> {
        let mut all = vec![self.from.clone(), self.reverse_path.clone()];
        all.extend(self.reply_to.clone());
        let mut once: Vec<String> = Vec::new();
        for domain in all {
            if !once.contains(&domain) {
                once.push(domain);
            }
        }
        once
    }
}

/// Providers whose domains only they may send for.
const FREEMAIL: [&str; 24] = [
    "aol.com",
    "daum.net",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hotmail.com",
    "icloud.com",
    "kakao.com",
    "live.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "nate.com",
    "naver.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "ymail.com",
];

/// From at a domain that belongs to a mailbox provider, unless its own relays send.
pub fn from_domain(from: &str, relay_hosts: &[&str]) -> Finding {
    const CHECK: &str = "from";
    if !FREEMAIL.contains(&from) {
        return Finding::ok(CHECK, format!("From uses {from}, a domain of your own"));
    }
    let help = "send from an address of your own domain";
    let own = |host: &&str| host.strip_suffix(from).is_some_and(|rest| rest.ends_with('.'));
    if !relay_hosts.is_empty() && relay_hosts.iter().all(own) {
        let message =
            format!("From uses {from}, and this provider limits how much one account may send");
        return Finding::warning(CHECK, message).help(help);
    }
    let message =
        format!("From uses {from}, but only {from} itself may send mail for its addresses");
    Finding::error(CHECK, message).help(help)
}

/// What the name of a mailbox begins with that nobody reads, without its dots and dashes.
const UNANSWERED: [&str; 4] = ["noreply", "donotreply", "dontreply", "noanswer"];

/// Whether answers go to somebody: Microsoft asks bulk senders for a Reply-To that is read, and readers
/// who find nobody there report the mail as spam.
pub fn answered(to: &Address) -> Finding {
    const CHECK: &str = "reply-to";
    let local = to.local_part().to_ascii_lowercase().replace(['.', '-', '_'], "");
    if UNANSWERED.iter().any(|name| local.starts_with(name)) {
        return Finding::warning(
            CHECK,
            format!("answers go to {to}, where nobody seems to read them"),
        )
        .help(
            "write an address that somebody reads as reply_to: whoever is not heard reports spam",
        );
    }
    Finding::ok(CHECK, format!("answers go to {to}"))
}

/// Whether a report of a bounce has to bring a token that only its own mail has. `from` is where reports
/// come to without.
pub fn reverse_path(pattern: Option<&str>, from: &Address) -> Finding {
    const CHECK: &str = "reverse-path";
    if let Some(pattern) = pattern.filter(|pattern| pattern.contains("{token}")) {
        let what = format!("each message has a reverse-path of its own: {pattern}");
        return Finding::ok(CHECK, what);
    }
    let path = pattern.map_or_else(|| from.to_string(), str::to_owned);
    let (local, domain) = path.rsplit_once('@').unwrap_or(("bounces", from.domain()));
    let local = if pattern.is_some() { local } else { "bounces" };
    Finding::warning(
        CHECK,
        format!(
            "reports of all bounces come to {path}, so a Message-ID is enough to prove one: whoever has a \
             mail, or an answer to it, can make up a report that its reader cannot be reached"
        ),
    )
    .help(format!(
        "write reverse_path = \"{local}+{{token}}@{domain}\" under [bounce] in digest.toml, with mail to \
         {local}+ANYTHING@{domain} going to the mailbox that `digest bounces read` reads"
    ))
}

/// Links for unsubscribing count for one click over https only (RFC 8058 3.1).
pub fn base_url(url: &str) -> Finding {
    const CHECK: &str = "base-url";
    if url.starts_with("https://") {
        Finding::ok(CHECK, format!("base_url is {url}"))
    } else {
        Finding::error(CHECK, format!("base_url is {url}, without encryption")).help(
            "write https://: mailbox providers accept no other link for one-click unsubscribing",
        )
    }
}

/// The law asks for it in bulk mail.
pub fn postal_address(address: Option<&str>) -> Finding {
    const CHECK: &str = "postal-address";
    match address.map(str::trim).filter(|text| !text.is_empty()) {
        Some(_) => Finding::ok(CHECK, "there is a postal address for the footer"),
        None => Finding::error(CHECK, "there is no postal address for the footer")
            .help("add postal_address = \"…\" to [publication]"),
    }
}

/// DMARC wants From's domain, or its owner's, in the signature or in the reverse-path
/// (RFC 7489 3.1); `modes` says how close.
pub fn alignment(domains: &Domains, modes: Modes) -> Finding {
    const CHECK: &str = "alignment";
    let from = &domains.from;
    let fits = |what: &str, other: &str| {
        if other == from {
            format!("From and {what} both use {from}")
        } else {
            format!(
                "From uses {from} and {what} uses {other}; they match, because one is below the \
                 other (the public suffix list was not checked)"
            )
        }
    };
    let close = |other: &str, strict| if strict { other == from } else { related(other, from) };
    // What would be close enough, were DMARC not strict.
    let strict = |other: &str, is_strict: bool, tag: &str| {
        if is_strict && related(other, from) {
            format!(", and DMARC requires exactly the same domain ({tag}=s)")
        } else {
            String::new()
        }
    };
    let by_path = close(&domains.reverse_path, modes.spf_strict);
    match domains.signing.as_deref() {
        Some(signing) if close(signing, modes.dkim_strict) => {
            Finding::ok(CHECK, fits("the signature", signing))
        }
        Some(signing) => {
            let why = strict(signing, modes.dkim_strict, "adkim");
            let message = format!("From uses {from}, but messages are signed for {signing}{why}");
            let finding = if by_path {
                Finding::warning(CHECK, message)
            } else {
                Finding::error(CHECK, message)
            };
            finding.help(format!("sign for {from}, or send from {signing}"))
        }
        None if by_path => Finding::ok(CHECK, fits("the reverse-path", &domains.reverse_path)),
        None => {
            let path = &domains.reverse_path;
            let why = strict(path, modes.spf_strict, "aspf");
            Finding::warning(CHECK, format!("From uses {from}, but bounces go to {path}{why}"))
                .help(format!("sign for {from} with [dkim], unless the relay does"))
        }
    }
}

/// Nobody signs here.
pub fn unsigned() -> Finding {
    Finding::warning("dkim", "there is no [dkim], so messages are signed only if the relay does it")
        .help("if your relay does not sign, make a key with `digest dkim keygen`")
}

/// The headers for one click (RFC 8058) of a message.
pub fn one_click(message: &[u8]) -> Finding {
    const CHECK: &str = "one-click";
    let head = message.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(message.len());
    let head = String::from_utf8_lossy(&message[..head]);
    let post = "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click";
    if head.contains("\r\nList-Unsubscribe: <https://") && head.contains(post) {
        Finding::ok(CHECK, "messages have both headers for one-click unsubscribing")
    } else {
        Finding::error(CHECK, "messages lack a header for one-click unsubscribing")
            .help("base_url must start with https://")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn answers_go_to_somebody() {
        for (to, level) in [
            ("digest@sejong.example", Level::Ok),
            ("noreply@sejong.example", Level::Warning),
            ("No-Reply+x@sejong.example", Level::Warning),
            ("do_not_reply@sejong.example", Level::Warning),
            ("noah@sejong.example", Level::Ok),
        ] {
            assert_eq!(answered(&Address::parse(to).unwrap()).level, level, "{to}");
        }
    }

    #[test]
    fn only_the_provider_itself_may_send_for_it() {
        let level = |from, hosts: &[&str]| from_domain(from, hosts).level;
        assert_eq!(level("sejong.example", &[]), Level::Ok);
        assert_eq!(level("naver.com", &[]), Level::Error);
        assert_eq!(level("gmail.com", &["smtp.gmail.com"]), Level::Warning);
        assert_eq!(level("gmail.com", &["smtp.gmail.com", "notgmail.com"]), Level::Error);
    }

    #[test]
    fn a_signature_or_the_reverse_path_must_belong_to_from() {
        let judge = |from: &str, path: &str, signing: Option<&str>, modes| {
            let domains = Domains {
                from: from.to_owned(),
                reverse_path: path.to_owned(),
                signing: signing.map(str::to_owned),
                ..Domains::default()
            };
            alignment(&domains, modes).level
        };
        let level = |from, path, signing| judge(from, path, signing, Modes::default());
        assert_eq!(level("a.example", "b.example", Some("news.a.example")), Level::Ok);
        assert_eq!(level("a.example", "a.example", Some("b.example")), Level::Warning);
        assert_eq!(level("a.example", "b.example", Some("b.example")), Level::Error);
        assert_eq!(level("news.a.example", "a.example", None), Level::Ok);
        assert_eq!(level("a.example", "b.example", None), Level::Warning);
        assert_eq!(level("xa.example", "a.example", Some("a.example")), Level::Error);
        let strict = |path, signing| {
            judge("a.example", path, signing, Modes { dkim_strict: true, spf_strict: true })
        };
        assert_eq!(strict("b.a.example", Some("a.example")), Level::Ok);
        assert_eq!(strict("b.a.example", Some("b.a.example")), Level::Error);
        assert_eq!(strict("a.example", Some("b.a.example")), Level::Warning);
        assert_eq!(strict("b.a.example", None), Level::Warning);
    }

    #[test]
    fn both_headers_are_wanted_above_the_text() {
        let level = |text: &str| one_click(text.as_bytes()).level;
        let link = "From: a\r\nList-Unsubscribe: <https://x/u>,\r\n <mailto:a@x>\r\n";
        let post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
        assert_eq!(level(&format!("{link}{post}\r\ntext")), Level::Ok);
        assert_eq!(level(&format!("{link}\r\n{post}")), Level::Error);
        let plain = link.replace("https", "http");
        assert_eq!(level(&format!("{plain}{post}\r\n")), Level::Error);
    }
}
