//! What servers said of an issue's links, at the author's line. Who asked them is `fetch`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::compose::{Composition, Segment};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::fetch::links::Visit;
use crate::fetch::{self, NoAnswer};
use crate::issue::Issue;
use crate::net::dial::DialError;

/// Stands for a slot in a link: what fills it is not known, so the link cannot be asked.
const SLOT: char = '\u{0}';
/// Pictures that are named.
const NAMED: usize = 10;

/// The web addresses that the message links to, in its order, each once. Those with a slot are left
/// out: they differ between readers.
fn links(composition: &Composition) -> Vec<String> {
    let mut html = String::new();
    for segment in &composition.html {
        match segment {
            Segment::Literal(text) => html.push_str(text),
            Segment::Slot(..) => html.push(SLOT),
            Segment::When(_) | Segment::EndWhen => {}
        }
    }
    let mut found: Vec<String> = Vec::new();
    let mut rest = html.as_str();
    while let Some(at) = rest.find(" href=\"") {
        rest = &rest[at + " href=\"".len()..];
        let Some(end) = rest.find('"') else { break };
        let link = unescaped(&rest[..end]);
        let lower = link.to_ascii_lowercase();
        let of_the_web = lower.starts_with("https://") || lower.starts_with("http://");
        if of_the_web && !link.contains(SLOT) && !found.contains(&link) {
            found.push(link);
        }
        rest = &rest[end..];
    }
    found
}

fn unescaped(attribute: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(attribute.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

/// An address as a server is asked for it: without the part that only the reader's program needs.
fn asked(link: &str) -> &str {
    link.split('#').next().unwrap_or(link)
}

/// The addresses to ask for the links of a composition.
pub fn addresses(composition: &Composition) -> BTreeSet<String> {
    links(composition).iter().map(|link| asked(link).to_owned()).collect()
}

/// What became of each link of an issue, at every place that names it. `own` is where the
/// publication lives: its own links, which nobody wrote, may lead to what is not there yet.
pub fn rules(
    issue: &Issue,
    composition: &Composition,
    own: &str,
    visits: &BTreeMap<String, Visit>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for link in links(composition) {
        let Some(visit) = visits.get(asked(&link)) else { continue };
        let found: Vec<Diagnostic> =
            dead(&link, visit).into_iter().chain(moved(&link, visit)).collect();
        if found.is_empty() {
            continue;
        }
        let mut places = places(issue, &link);
        if places.is_empty() && !link.starts_with(own) {
            places.push(Place::File(issue.manifest.path().to_owned()));
        }
        for place in places {
            problems.extend(found.iter().cloned().map(|problem| problem.at(place.clone())));
        }
    }
    problems
}

/// Pictures under `base_url` that readers would not see, because they are not there yet, and those of
/// which nobody can tell. `issue` says where a picture is written; a composition that was frozen has
/// none.
pub fn pictures(
    issue: Option<&Issue>,
    composition: &Composition,
    base_url: &str,
    visits: &BTreeMap<String, Visit>,
) -> Vec<Diagnostic> {
    let all = composition.hosted_pictures(base_url);
    let visits = || all.iter().filter_map(|address| Some((address, visits.get(address)?)));
    let path = |address: &str| {
        let path = address.strip_prefix(base_url).unwrap_or(address).trim_start_matches('/');
        percent_decode_str(path).decode_utf8_lossy().into_owned()
    };
    let place = |address: &str| {
        let (issue, path) = (issue?, path(address));
        let image = issue.images.iter().find(|image| image.sent.path == path);
        Some(image.map_or_else(
            || Place::File(issue.manifest.path().to_owned()),
            |image| image.place.clone(),
        ))
    };
    let placed = |problem: Diagnostic, address: &str| match place(address) {
        Some(place) => problem.at(place),
        None => problem,
    };
    let gone: Vec<(&String, u16)> = visits()
        .filter_map(|(address, visit)| match visit.end {
            Ok(status @ (401 | 403 | 404 | 407 | 410)) => Some((address, status)),
            _ => None,
        })
        .collect();
    let mut problems = Vec::new();
    if let Some((first, status)) = gone.first() {
        let named: Vec<String> = gone.iter().take(NAMED).map(|(one, _)| path(one)).collect();
        let more = match gone.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = format!(
            "{} of {} not published at {base_url}: {}{more} ({status})",
            gone.len(),
            if all.len() == 1 {
                "1 picture is".to_owned()
            } else {
                format!("{} pictures are", all.len())
            },
            named.join(", ")
        );
        let help = format!(
            "`digest render {} --assets DIR` writes them: publish that folder",
            composition.issue
        );
        problems.push(placed(Diagnostic::error("picture-unpublished", what), first).help(help));
    }
    let unsure = visits().find_map(|(address, visit)| {
        let why = match &visit.end {
            Ok(200..=399 | 401 | 403 | 404 | 407 | 410) => return None,
            Ok(status) => format!("the server answered {status}"),
            Err(error) => error.to_string(),
        };
        Some((address, why))
    });
    if let Some((address, why)) = unsure {
        let what = format!("it is not known whether the pictures are published: {why}");
        let help = format!("open {address} in a browser");
        problems.push(placed(Diagnostic::warning("picture-unpublished", what), address).help(help));
    }
    problems
}

/// Whether anybody can be at a web address: of some names it is certain that nobody is (RFC 6761).
pub fn can_be_asked(address: &str) -> bool {
    let host = fetch::host(address).unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let end = host.rsplit('.').next().unwrap_or_default();
    !host.is_empty() && !["example", "test", "invalid", "localhost"].contains(&end)
}

/// A link that leads nowhere, or of which nobody can tell.
fn dead(link: &str, visit: &Visit) -> Option<Diagnostic> {
    let unsure = |what: String| {
        Some(
            Diagnostic::warning("dead-link", format!("{link} could not be checked: {what}"))
                .help("open it in a browser, or check again later"),
        )
    };
    match &visit.end {
        Ok(status @ (404 | 410)) => Some(
            Diagnostic::error("dead-link", format!("{link} leads nowhere ({status})"))
                .help("correct the address, or take the link out"),
        ),
        Ok(401 | 407) => unsure("it asks for a login".to_owned()),
        Ok(200..=399) => None,
        Ok(429) => unsure("the server asks for fewer requests (429)".to_owned()),
        Ok(status) => unsure(format!("the server answered {status}")),
        Err(NoAnswer::Dial(DialError::NoSuchHost(host))) => Some(
            Diagnostic::error(
                "dead-link",
                format!("{link} leads nowhere: there is no host {host}"),
            )
            .help("correct the address, or take the link out"),
        ),
        Err(NoAnswer::Private(host)) => Some(
            Diagnostic::warning(
                "dead-link",
                format!("{link} could not be checked: {host} is no public address"),
            )
            .help(
                "readers cannot reach it; `--allow-private` asks servers in your own network as well",
            ),
        ),
        Err(error) => unsure(error.to_string()),
    }
}

/// A link that has another address for good.
fn moved(link: &str, visit: &Visit) -> Option<Diagnostic> {
    let reached = matches!(visit.end, Ok(200..=399));
    let to = visit.moved.as_ref().filter(|_| reached)?;
    // The part behind # stays with the link, unless the new address has its own (RFC 9110 10.2.2).
    let part = link.split_once('#').filter(|_| !to.contains('#'));
    let to = part.map_or_else(|| to.clone(), |(_, part)| format!("{to}#{part}"));
    (to != link).then(|| {
        Diagnostic::warning("moved-link", format!("{link} has moved for good"))
            .help(format!("write {to}"))
    })
}

/// Every place in the issue's files where the address is written.
fn places(issue: &Issue, link: &str) -> Vec<Place> {
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let sources: Vec<&Arc<Source>> =
        std::iter::once(&issue.manifest).chain(articles.map(|article| &article.source)).collect();
    // HTML, and Markdown as well, may write & as an entity.
    let spellings = BTreeSet::from([link.to_owned(), link.replace('&', "&amp;")]);
    let mut places = Vec::new();
    for source in sources {
        for written in &spellings {
            for (at, _) in source.text().match_indices(written.as_str()) {
                let end = at + written.len();
                if ends(&source.text()[end..]) {
                    places.push(Place::span(source, at..end));
                }
            }
        }
    }
    places
}

/// Whether an address that stands before `rest` ends there, and is not the start of a longer one.
fn ends(rest: &str) -> bool {
    let mut rest = rest.chars().skip_while(|c| ".,;:!?*_)".contains(*c));
    rest.next().is_none_or(|c| c.is_whitespace() || "<>\"'`[]{}|\\(".contains(c) || !c.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_no_letter_of_it_can_follow() {
        for rest in ["", ")", ") and", ".", ". And", ">", "\" title", "에서", "**", "\n", "){.x}"]
        {
            assert!(ends(rest), "{rest:?}");
        }
        for rest in ["x", "/", "/x", ".html", "?q=1", "#a", "-b", "&c=1", ":81"] {
            assert!(!ends(rest), "{rest:?}");
        }
    }

    #[test]
    fn nobody_is_asked_where_nobody_can_be() {
        for address in [
            "https://letter.harbour.example",
            "https://example/x",
            "https://a.TEST./x",
            "http://localhost:8080/x",
            "http://x.localhost/",
            "https://no.invalid",
            "nothing",
        ] {
            assert!(!can_be_asked(address), "{address}");
        }
        for address in ["https://example.org/x", "http://127.0.0.1:80/", "https://test.kr/"] {
            assert!(can_be_asked(address), "{address}");
        }
    }

    #[test]
    fn a_login_a_limit_and_a_failure_are_no_dead_links() {
        let judge = |end| dead("https://a.example/", &Visit { end, moved: None });
        let level = |status| judge(Ok(status)).map(|problem| problem.is_error());
        for status in [404, 410] {
            assert_eq!(level(status), Some(true), "{status}");
        }
        for status in [400, 401, 403, 405, 418, 429, 500, 503, 999] {
            assert_eq!(level(status), Some(false), "{status}");
        }
        assert_eq!((level(200), level(204)), (None, None));
        let no_host = judge(Err(DialError::NoSuchHost("a.example".to_owned()).into()));
        assert!(no_host.is_some_and(|problem| problem.is_error()));
        let silent = DialError::Lookup("a.example".to_owned(), "later".to_owned());
        assert!(judge(Err(silent.into())).is_some_and(|problem| !problem.is_error()));
    }

    #[test]
    fn a_new_address_keeps_the_part_of_the_page() {
        let visit = |end, to: &str| Visit { end: Ok(end), moved: Some(to.to_owned()) };
        let told = |link: &str, visit: &Visit| moved(link, visit).and_then(|problem| problem.help);
        let new = visit(200, "https://b.example/");
        assert_eq!(
            told("https://a.example/#x", &new).as_deref(),
            Some("write https://b.example/#x")
        );
        assert_eq!(told("https://b.example/", &new), None);
        // Where the new address leads nowhere, that is what matters.
        assert_eq!(told("https://a.example/", &visit(404, "https://b.example/")), None);
    }
}
