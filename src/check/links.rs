//! Links: where they lead, and whether who presses them knows.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use super::author::Anchor;
use super::view::View;
use crate::diagnostic::Diagnostic;
use crate::message::address::Address;
use crate::net::host::is_private;

/// Texts that say nothing of where a link leads, in the languages that newsletters use.
const VAGUE: [&str; 60] = [
    "here",
    "click here",
    "click",
    "read more",
    "more",
    "learn more",
    "this",
    "this link",
    "link",
    "continue reading",
    "read on",
    "find out more",
    "see more",
    "details",
    "more details",
    "go",
    "read",
    "see here",
    "more info",
    "more information",
    "full story",
    "read it",
    "read this",
    "여기",
    "여기를 클릭",
    "여기를 클릭하세요",
    "클릭",
    "클릭하세요",
    "자세히",
    "자세히 보기",
    "자세히보기",
    "더 보기",
    "더보기",
    "더 읽기",
    "더 알아보기",
    "바로가기",
    "바로 가기",
    "링크",
    "보기",
    "원문",
    "こちら",
    "ここ",
    "詳細",
    "詳しくはこちら",
    "続きを読む",
    "もっと見る",
    "点击这里",
    "这里",
    "了解更多",
    "阅读更多",
    "hier",
    "mehr",
    "mehr erfahren",
    "weiterlesen",
    "ici",
    "en savoir plus",
    "lire la suite",
    "aquí",
    "leer más",
    "más información",
];

/// Services that hide where a link leads; blocklists know them.
const SHORTENERS: [&str; 18] = [
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "buff.ly",
    "is.gd",
    "v.gd",
    "rebrand.ly",
    "cutt.ly",
    "t.ly",
    "shorturl.at",
    "lnkd.in",
    "me2.do",
    "url.kr",
    "han.gl",
    "vo.la",
    "bitly.kr",
];

/// Parameters that tell a site who pressed, or from where.
const TRACKING: [&str; 16] = [
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_eid",
    "mc_cid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "vero_id",
    "oly_enc_id",
    "twclid",
    "ttclid",
    "li_fat_id",
];

/// A web address taken apart as it is written. Not by the `url` crate, which mends what is to be
/// told (a host without dots, a port that is no number) and refuses a host with a slot in it.
struct Web<'a> {
    user: bool,
    host: &'a str,
    port: Option<&'a str>,
}

fn web(href: &str) -> Option<Web<'_>> {
    let (scheme, rest) = href.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    let ends = host.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match host[ends..].rfind(':') {
        Some(at) => (&host[..ends + at], Some(&host[ends + at + 1..])),
        None => (host, None),
    };
    Some(Web { user, host, port })
}

/// The host of a web address, in lower case.
pub(super) fn lower_host(href: &str) -> Option<String> {
    web(href).map(|web| web.host.to_lowercase().trim_end_matches('.').to_owned())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A link's text as it is compared: lower case, without the marks around it.
fn bare(text: &str) -> String {
    let is_mark = |c: char| !c.is_alphanumeric();
    text.trim_matches(is_mark).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn each(view: &View<'_>, rule: impl Fn(&Anchor<'_>) -> Option<Diagnostic>) -> Vec<Diagnostic> {
    view.author.links.iter().filter_map(rule).collect()
}

/// Text that says nothing of where the link leads (WCAG 2.4.4).
pub(super) fn vague(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let is_vague = !link.has_picture && VAGUE.contains(&bare(&link.text).as_str());
        is_vague.then(|| {
            let text = link.text.trim();
            Diagnostic::warning(
                "link-vague",
                format!("the link text {text:?} does not say where the link leads"),
            )
            .at(link.label())
            .help("name the page; screen readers list links without the text around them")
        })
    })
}

/// Text of symbols alone: a screen reader says "rightwards arrow".
pub(super) fn symbols(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let text = link.text.trim();
        let only = !link.has_picture && !text.is_empty() && !text.contains(char::is_alphanumeric);
        only.then(|| {
            Diagnostic::warning("link-emoji", format!("the text of this link is only {text:?}"))
                .at(link.label())
                .help("add words: a screen reader reads the names of the symbols")
        })
    })
}

/// One text that leads to several places.
pub(super) fn same_text(view: &View<'_>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for link in view.author.links.iter().filter(|link| !link.has_picture) {
        let text = bare(&link.text);
        if text.is_empty() || VAGUE.contains(&text.as_str()) {
            continue;
        }
        let target = link.href.trim_end_matches('/');
        let before = *first.entry(text).or_insert(target);
        if before != target {
            let before = shortened_address(before);
            let what =
                format!("another link with the text {:?} leads to {before}", link.text.trim());
            problems.push(
                Diagnostic::warning("link-same-text", what)
                    .at(link.label())
                    .help("give each link its own text, or let both lead to the same page"),
            );
        }
    }
    problems
}

/// An address as it is shown beside another: its first 200 letters are enough.
fn shortened_address(address: &str) -> String {
    match address.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &address[..end]),
        None => address.to_owned(),
    }
}

/// `http:`, which anybody on the way can read and change.
pub(super) fn insecure(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let lower = link.href.to_ascii_lowercase();
        // Local addresses are told by their own rule.
        let plain = lower.starts_with("http://") && !is_local(&lower_host(&link.href)?);
        plain.then(|| {
            Diagnostic::warning(
                "link-insecure",
                "this link uses http:, so others on the network can read along",
            )
            .at(link.target())
            .help("write https: if the site supports it")
        })
    })
}

/// A short address that hides the real one.
pub(super) fn shortened(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let host = lower_host(&link.href)?;
        let host = host.strip_prefix("www.").unwrap_or(&host);
        SHORTENERS.contains(&host).then(|| {
            Diagnostic::warning("link-shortener", format!("{host} hides where the link leads"))
                .at(link.target())
                .help("write the full address: spammers use short links, so filters distrust them")
        })
    })
}

fn is_local(host: &str) -> bool {
    let names = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid"];
    match address(host) {
        Some(ip) => is_private(ip),
        None => {
            host == "localhost"
                || names.iter().any(|name| host.ends_with(name))
                // An address that begins twice has a rule of its own.
                || !(host.is_empty() || host.contains(['.', '«']) || ["http", "https"].contains(&host))
        }
    }
}

/// An address that only the author's machine or network knows.
pub(super) fn local(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let host = lower_host(&link.href)?;
        is_local(&host).then(|| {
            Diagnostic::error("link-local", format!("readers cannot reach {host}"))
                .at(link.target())
                .help("write the public address of the page")
        })
    })
}

/// A bare IP address as host (SpamAssassin NORMAL_HTTP_TO_IP).
pub(super) fn numeric(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let host = lower_host(&link.href)?;
        (address(&host).is_some() && !is_local(&host)).then(|| {
            Diagnostic::warning("link-numeric", format!("{host} is a number, not a name"))
                .at(link.target())
                .help("write the name of the site; spam filters count this (NORMAL_HTTP_TO_IP)")
        })
    })
}

/// A port of its own (SpamAssassin WEIRD_PORT).
pub(super) fn port(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let web = web(&link.href)?;
        let port = web.port.filter(|port| !matches!(*port, "" | "80" | "443"))?;
        (!is_local(&web.host.to_lowercase())).then(|| {
            Diagnostic::warning("link-port", format!("the link uses the unusual port {port}"))
                .at(link.target())
                .help("many networks block unusual ports, and spam filters count them (WEIRD_PORT)")
        })
    })
}

/// A name or password in the address.
pub(super) fn credentials(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        web(&link.href)?.user.then(|| {
            Diagnostic::error("link-credentials", "this address has a user name before the host")
                .at(link.target())
                .help(
                    "delete everything before the @: it is a secret, or it hides where the link \
                     leads",
                )
        })
    })
}

/// A host that cannot be one.
pub(super) fn syntax(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let web = web(&link.href)?;
        let host = web.host;
        let bad_label = |label: &str| {
            label.is_empty()
                || label.len() > 63
                || label.starts_with('-')
                || label.ends_with('-')
                || label.contains(|c: char| {
                    c.is_ascii() && !c.is_ascii_alphanumeric() && c != '-' && c != '_'
                })
        };
        let what = if host.contains('«') || address(host).is_some() {
            return None;
        } else if ["http", "https"].contains(&host.to_ascii_lowercase().as_str()) {
            "this address begins twice"
        } else if host.trim_end_matches('.').split('.').any(bad_label) {
            "no web server can have this name"
        } else if web.port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err()) {
            "this is not a port number"
        } else {
            return None;
        };
        Some(
            Diagnostic::error("link-syntax", what)
                .at(link.target())
                .help("copy the address again, from the browser's address bar"),
        )
    })
}

/// `#name` without anything of that name in the mail.
pub(super) fn anchor(view: &View<'_>) -> Vec<Diagnostic> {
    let elements = view.tree.elements.iter();
    let names: HashSet<&str> = elements
        .filter_map(|element| element.attribute("id").or_else(|| element.attribute("name")))
        .collect();
    each(view, |link| {
        let name = link.href.strip_prefix('#')?;
        (!names.contains(name)).then(|| {
            Diagnostic::error("link-anchor", format!("nothing in this mail has the name {name:?}"))
                .at(link.target())
                .help("use the name of an article's file: #hangul leads to hangul.md")
        })
    })
}

/// `mailto:` as RFC 6068 has it.
pub(super) fn mailto(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let scheme = link.href.get(..7)?;
        if !scheme.eq_ignore_ascii_case("mailto:") || link.href.contains('«') {
            return None;
        }
        let (to, query) = link.href[7..].split_once('?').unwrap_or((&link.href[7..], ""));
        let bad_address = to
            .split(',')
            .find(|to| Address::parse(&to.replace("%40", "@").replace("%20", "")).is_err());
        let known = ["subject", "body", "cc", "bcc", "to", "in-reply-to", "keywords"];
        let bad_key = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        let bad_key = bad_key
            .into_iter()
            .find(|key| !key.is_empty() && !known.contains(&key.to_ascii_lowercase().as_str()));
        let what = match (bad_address, bad_key) {
            (Some(_), _) if to.is_empty() && query.to_ascii_lowercase().contains("to=") => {
                return None;
            }
            (Some(address), _) => format!("{address:?} is not a mail address"),
            (None, Some(key)) => format!("mail programs do not know {key:?} in a mailto: link"),
            (None, None) => return None,
        };
        let help = "write it like mailto:editor@sejong.example?subject=An%20answer";
        Some(Diagnostic::error("link-mailto", what).at(link.target()).help(help))
    })
}

/// Parameters that follow readers.
pub(super) fn tracking(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let query = link.href.split_once('?')?.1;
        let query = query.split('#').next().unwrap_or_default();
        let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        let name = names.find(|name| name.starts_with("utm_") || TRACKING.contains(name))?;
        Some(
            Diagnostic::warning("link-tracking", format!("{name} lets the site track readers"))
                .at(link.target())
                .help(format!("delete {name}=…; the page is the same without it")),
        )
    })
}

/// A text that is one address, and a link to another: how phishing looks.
pub(super) fn disguised(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let shown = link.text.trim();
        if shown.contains(char::is_whitespace) || !shown.contains('.') || shown.contains('@') {
            return None;
        }
        let with_scheme =
            if shown.contains("://") { shown.to_owned() } else { format!("https://{shown}") };
        let (says, leads) = (lower_host(&with_scheme)?, lower_host(&link.href)?);
        let end = says.rsplit('.').next().unwrap_or_default();
        let is_name = end.len() > 1 && end.chars().all(char::is_alphabetic) && says.contains('.');
        // `Node.js` is a name as well; only a usual ending makes a text an address.
        let usual = ["com", "org", "net", "kr", "io", "edu", "gov", "info", "example", "eu", "de"];
        if !is_name || !(shown.contains("://") || says.starts_with("www.") || usual.contains(&end))
        {
            return None;
        }
        let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
        (bare(&says) != bare(&leads)).then(|| {
            Diagnostic::warning(
                "link-disguised",
                format!("the text says {says}, but the link leads to {leads}"),
            )
            .at(link.label())
            .help("filters take this for phishing; write the true address, or use words")
        })
    })
}
