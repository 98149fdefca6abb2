//! Links: where they lead, and whether who presses them knows.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use super::author::Anchor;
use super::following::says_from_where;
use super::view::View;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::grouped::grouped;
use crate::message::address::Address;
use crate::net::host::is_private;
use crate::net::web::{other_host, read};

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
const TRACKING: [&str; 26] = [
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
    "gclsrc",
    "gbraid",
    "wbraid",
    "srsltid",
    "igsh",
    "mc_tc",
    "_kx",
    "epik",
    "s_kwcid",
    "napm",
];

/// What names of such parameters begin with.
const FOLLOWING: [&str; 6] = ["utm_", "mtm_", "pk_", "hsa_", "ml_subscriber", "__hs"];

/// A web address taken apart as it is written. The `url` crate mends what is to be told (a host
/// without dots, a port that is no number) and refuses a host with a slot in it; where both read
/// another host, [`real_host`] has the true one.
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

/// The host that web browsers ask for, in lower case.
pub(super) fn lower_host(href: &str) -> Option<String> {
    let host = match real_host(href) {
        Some(real) => real,
        None => web(href)?.host.to_lowercase(),
    };
    Some(host.trim_end_matches('.').to_owned())
}

/// The host that browsers read, where another one is written.
fn real_host(href: &str) -> Option<String> {
    let written = web(href)?.host;
    if written.is_empty() || written.contains('«') {
        return None;
    }
    other_host(href, written)
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

pub(super) fn each(
    view: &View<'_>,
    rule: impl Fn(&Anchor<'_>) -> Option<Diagnostic>,
) -> Vec<Diagnostic> {
    view.author.links.iter().filter_map(rule).collect()
}

/// The same, told once for each host.
fn each_host(view: &View<'_>, rule: impl Fn(&Anchor<'_>) -> Option<Diagnostic>) -> Vec<Diagnostic> {
    let links = view.author.links.iter();
    grouped(links.filter_map(|link| {
        let host = lower_host(&link.href).unwrap_or_default();
        rule(link).map(|problem| (host, problem))
    }))
}

/// An address as it is shown beside another: its first 200 letters are enough.
pub(super) fn shortened_address(address: &str) -> String {
    match address.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &address[..end]),
        None => address.to_owned(),
    }
}

/// `http:`, which anybody on the way can read and change.
pub(super) fn insecure(view: &View<'_>) -> Vec<Diagnostic> {
    each_host(view, |link| {
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
    let posts = view.posts();
    each_host(view, |link| {
        if posts.are_told(&link.spot) {
            return None;
        }
        let host = lower_host(&link.href)?;
        let host = host.strip_prefix("www.").unwrap_or(&host);
        SHORTENERS.contains(&host).then(|| {
            Diagnostic::warning("link-shortener", format!("{host} hides where the link leads"))
                .at(link.target())
                .help("write the full address: spammers use short links, so filters distrust them")
        })
    })
}

/// Whether a host is known on one machine or in one network only.
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
    let told = |host: &str| {
        Diagnostic::error("link-local", format!("readers cannot reach {host}"))
            .help("write the public address of the page")
    };
    let mut problems = each_host(view, |link| {
        let host = lower_host(&link.href)?;
        is_local(&host).then(|| told(&host).at(link.target()))
    });
    let publication = view.input.publication;
    let others = [&publication.browser_url, &publication.preferences_url];
    let own = std::iter::once(&publication.base_url).chain(others.into_iter().flatten());
    let hosts: BTreeSet<String> = own.filter_map(|address| lower_host(address)).collect();
    let hosts = hosts.iter().filter(|host| is_local(host));
    problems.extend(hosts.map(|host| told(host).at(view.publication())));
    problems
}

/// A bare IP address as host (SpamAssassin NORMAL_HTTP_TO_IP).
pub(super) fn numeric(view: &View<'_>) -> Vec<Diagnostic> {
    each_host(view, |link| {
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
    each_host(view, |link| {
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
        } else if let Some(real) = real_host(&link.href) {
            return Some(
                Diagnostic::error(
                    "link-syntax",
                    format!("{host} is written here, but web browsers go to {real}"),
                )
                .at(link.target())
                .help(format!("write {real} if that is the site that you mean")),
            );
        } else if host.trim_end_matches('.').split('.').any(bad_label) {
            "no web server can have this name"
        } else if web.port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err()) {
            "this is not a port number"
        } else if read(&link.href).is_none() {
            "web browsers cannot read this address: a sign in the host may stand for another"
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
                .help(
                    "use the name of an article's file (#hangul leads to hangul.md), of a heading \
                     (#the-tide for The tide), or one in the text: <a id=\"tide\"></a>",
                )
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

/// Parameters that follow readers: told once, all of them by name and with each place.
pub(super) fn tracking(view: &View<'_>) -> Vec<Diagnostic> {
    let posts = view.posts();
    let links = view.author.links.iter().filter(|link| !posts.hold(&link.spot));
    let found: Vec<(&Anchor<'_>, Vec<&str>)> = links
        .map(|link| (link, tracking_names(&link.href)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let mut known = HashSet::new();
    let all = found.iter().flat_map(|(_, names)| names).copied();
    let mut names: Vec<&str> = all.filter(|name| known.insert(*name)).collect();
    let more = names.len().saturating_sub(NAMED_PARAMETERS);
    names.truncate(NAMED_PARAMETERS);
    let listed = match names.split_last() {
        Some(_) if more > 0 => format!("{} and {more} more", names.join(", ")),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => return Vec::new(),
    };
    let stand = if known.len() == 1 { "stands" } else { "stand" };
    let what = format!("{listed} {stand} in addresses only to count and follow readers");
    let help = match found.as_slice() {
        [(link, _)] => {
            let clean = shortened_address(&without_tracking(&link.href));
            format!("the page is the same without it: write {clean}")
        }
        _ => "delete them: the pages are the same without them".to_owned(),
    };
    grouped(found.into_iter().map(|(link, _)| {
        let problem = Diagnostic::warning("link-tracking", what.clone());
        (String::new(), problem.at(link.target()).help(help.clone()))
    }))
}

/// Parameters that are named.
const NAMED_PARAMETERS: usize = 12;

/// The parts of a query, without the anchor behind it: where it starts, and where it ends.
fn query(href: &str) -> Option<std::ops::Range<usize>> {
    let start = href.find('?')? + 1;
    let end = href[start..].find('#').map_or(href.len(), |end| start + end);
    Some(start..end)
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    FOLLOWING.iter().any(|start| name.starts_with(start))
        || TRACKING.contains(&name.as_str())
        || says_from_where(pair)
}

/// The parameters of an address that follow readers.
fn tracking_names(href: &str) -> Vec<&str> {
    let query = query(href).map_or("", |range| &href[range]);
    let pairs = query.split(['&', ';']).map(|pair| pair.strip_prefix("amp;").unwrap_or(pair));
    let followed = pairs.filter(|pair| is_tracking(pair));
    followed.map(|pair| pair.split('=').next().unwrap_or_default()).collect()
}

/// The address without them.
pub(super) fn without_tracking(href: &str) -> String {
    let Some(range) = query(href) else { return href.to_owned() };
    let kept: Vec<&str> =
        href[range.clone()].split('&').filter(|pair| !is_tracking(pair)).collect();
    let end = if kept.is_empty() { range.start - 1 } else { range.start };
    format!("{}{}{}", &href[..end], kept.join("&"), &href[range.end..])
}
