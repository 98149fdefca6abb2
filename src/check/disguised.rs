//! A text that is one address, and a link to another: how phishing looks, to readers and to filters.
//!
//! Must never tell of what makes no other page of an address: the scheme, `www.`, a slash at the end,
//! capitals, parameters that follow readers, an address that is shown shorter than it is.

use percent_encoding::percent_decode_str;

use super::author::Anchor;
use super::links::{each, lower_host, shortened_address, without_tracking};
use super::site::is_one_site;
use super::view::View;
use crate::diagnostic::Diagnostic;

/// Ends of names that make an address of a word: `Node.js` is a name as well.
const USUAL: &str = "com org net kr io edu gov info example eu de at ch fr es it nl be pt pl cz se dk fi ie uk \
    us ca au nz jp cn tw app dev page";

/// What a text or a target is an address of.
#[derive(Debug, PartialEq, Eq)]
enum Addressed {
    /// A page: its host in lower case, and the whole.
    Page(String, String),
    /// A mailbox, in lower case.
    Mailbox(String),
}

/// The rule `link-disguised`.
pub(super) fn addresses(view: &View<'_>) -> Vec<Diagnostic> {
    let posts = view.posts();
    each(view, |link| {
        let shown = link.text.trim();
        let (says, leads) = (shown_address(shown)?, target(&link.href)?);
        // Twitter writes the address of each link and picture of a post so.
        let is_of_post = matches!((&says, &leads), (Addressed::Page(says, _), Addressed::Page(leads, _))
            if leads == "t.co"
                && (["pic.twitter.com", "pic.x.com"].contains(&says.as_str())
                    || posts.hold(&link.spot)));
        let what = differs(&says, &leads).filter(|_| !is_of_post)?;
        Some(told(link, what))
    })
}

fn told(link: &Anchor<'_>, what: String) -> Diagnostic {
    Diagnostic::warning("link-disguised", what).at(link.label()).help(
        "readers and filters take this for phishing; write the same address in both places, or use \
         words as the text",
    )
}

/// What differs between what a text says and where its link leads.
fn differs(says: &Addressed, leads: &Addressed) -> Option<String> {
    let domain = |mailbox: &str| mailbox.rsplit('@').next().unwrap_or_default().to_owned();
    match (says, leads) {
        (Addressed::Mailbox(says), Addressed::Mailbox(leads)) => {
            (says != leads).then(|| format!("the text says {says}, but the mail goes to {leads}"))
        }
        (Addressed::Mailbox(says), Addressed::Page(host, _)) => (!is_one_site(&domain(says), host))
            .then(|| format!("the text says {says}, but the link leads to the web page {host}")),
        (Addressed::Page(host, _), Addressed::Mailbox(leads)) => {
            (!is_one_site(host, &domain(leads)))
                .then(|| format!("the text says {host}, but the link writes a mail to {leads}"))
        }
        (Addressed::Page(says, shown), Addressed::Page(leads, href)) => {
            if !is_one_site(says, leads) {
                return Some(format!("the text says {says}, but the link leads to {leads}"));
            }
            (is_whole(shown) && !is_page_of(shown, href)).then(|| {
                format!("the text is another address than the link: {}", shortened_address(href))
            })
        }
    }
}

/// A text without the quotation marks, brackets, arrows and pictures around it.
fn bare(shown: &str) -> &str {
    let mut bare = shown.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@');
    while let Some(last) = bare.chars().next_back() {
        let closes_own = last == ')' && bare.matches('(').count() >= bare.matches(')').count();
        if last.is_alphanumeric() || closes_own || "/…._-~%=&#?+".contains(last) {
            break;
        }
        bare = &bare[..bare.len() - last.len_utf8()];
    }
    bare
}

/// The address that a text is, or begins with where nobody takes it for anything else.
fn shown_address(shown: &str) -> Option<Addressed> {
    let shown = bare(shown);
    let first = bare(shown.split_whitespace().next()?);
    let is_begun = first.contains("://") || first.to_ascii_lowercase().starts_with("www.");
    let shown = if is_begun { first } else { shown };
    if shown.contains(char::is_whitespace) || !shown.contains('.') || shown.contains(['«', '»']) {
        return None;
    }
    let is_domain = |host: &str| {
        let end = host.rsplit('.').next().unwrap_or_default();
        host.contains('.') && end.len() > 1 && end.chars().all(char::is_alphabetic)
    };
    if shown.contains('@') && !shown.contains("://") {
        let bare = shown.strip_prefix("mailto:").unwrap_or(shown);
        let (name, host) = bare.split_once('@')?;
        let is_mailbox = !name.is_empty() && !name.contains('/') && !host.contains(['@', '/']);
        return (is_mailbox && is_domain(host)).then(|| Addressed::Mailbox(bare.to_lowercase()));
    }
    let with_scheme =
        if shown.contains("://") { shown.to_owned() } else { format!("https://{shown}") };
    let host = lower_host(&with_scheme)?;
    let end = host.rsplit('.').next().unwrap_or_default();
    let is_usual = USUAL.split_whitespace().any(|usual| usual == end);
    let is_sure = shown.contains("://") || host.starts_with("www.") || is_usual;
    (is_domain(&host) && is_sure).then(|| Addressed::Page(host, shown.to_owned()))
}

/// What a link leads to, as far as it can be compared with a text.
fn target(href: &str) -> Option<Addressed> {
    let scheme = href.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    if let Some(scheme) = scheme {
        let to = href[scheme.len()..].split('?').next().unwrap_or_default();
        let to = percent_decode_str(to).decode_utf8_lossy().to_lowercase();
        let is_one = to.contains('@') && !to.contains([',', '«']);
        return is_one.then_some(Addressed::Mailbox(to));
    }
    Some(Addressed::Page(lower_host(href)?, href.to_owned()))
}

/// Whether a text is the whole address of a page below its host, and no shorter name of it.
fn is_whole(shown: &str) -> bool {
    let lower = shown.to_ascii_lowercase();
    (lower.contains("://") || lower.starts_with("www.")) && flat(shown).contains(['/', '?'])
}

/// Whether `shown` is the page of `href`, or the beginning of its address.
fn is_page_of(shown: &str, href: &str) -> bool {
    let cut = shown.trim_end_matches(['…', '.']);
    let (one, other) = (flat(cut), flat(href));
    let is_begun = |rest: &str| {
        rest.is_empty() || cut.len() < shown.len() || rest.starts_with(['/', '?', '.', '&'])
    };
    other.strip_prefix(one.as_str()).is_some_and(is_begun) || href.contains('«')
}

/// An address as it is compared.
fn flat(address: &str) -> String {
    let lower = without_tracking(address).to_lowercase();
    let lower = percent_decode_str(&lower).decode_utf8_lossy().into_owned();
    let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let bare = bare.split('#').next().unwrap_or_default();
    bare.trim_end_matches(['/', '?']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(shown: &str, href: &str) -> bool {
        let pair = shown_address(shown).zip(target(href));
        pair.is_some_and(|(says, leads)| differs(&says, &leads).is_some())
    }

    #[test]
    fn a_text_that_is_another_address_is_told() {
        for (shown, href) in [
            ("https://quay.kr", "https://mole.kr"),
            ("quay.kr/plan", "https://mole.kr"),
            ("www.quay.museum", "https://mole.kr/"),
            ("https://quay.kr/plan", "https://quay.kr/map"),
            ("www.quay.kr/form/a1", "https://quay.kr/form/b2"),
            ("ann@quay.kr", "mailto:ben@quay.kr"),
            ("ann@quay.kr", "https://mole.kr/ann"),
            ("quay.kr", "mailto:ann@mole.kr"),
            ("https://quay.kr/plan/map", "https://quay.kr/plan"),
            ("https://www.quay.kr/ (secure)", "https://mole.kr/r"),
            ("www.quay.kr: sign in", "https://mole.kr/r"),
            ("“quay.kr”", "https://mole.kr"),
            ("«quay.kr»", "https://mole.kr"),
            ("(quay.kr)", "https://mole.kr"),
            ("quay.kr →", "https://mole.kr"),
            ("🔒 quay.kr", "https://mole.kr"),
            ("<ann@quay.kr>", "mailto:ben@quay.kr"),
        ] {
            assert!(told(shown, href), "{shown} {href}");
        }
    }

    #[test]
    fn what_makes_no_other_page_is_not_told() {
        for (shown, href) in [
            ("http://quay.kr/plan", "https://www.quay.kr/plan/"),
            ("HTTPS://Quay.kr/Plan", "https://quay.kr/plan"),
            ("https://quay.kr/plan", "https://quay.kr/plan?utm_source=letter"),
            ("https://quay.kr/plan", "https://quay.kr/plan#map"),
            ("https://quay.kr/plan?utm_source=a", "https://quay.kr/plan"),
            ("https://quay.kr/항구", "https://quay.kr/%ED%95%AD%EA%B5%AC"),
            ("https://quay.kr/very-long…", "https://quay.kr/very-long-name"),
            ("quay.kr/plan", "https://quay.kr/2026/plan.html"),
            ("quay.kr", "https://news.quay.kr/x"),
            ("Ann@Quay.kr", "mailto:ann@quay.kr?subject=Tide"),
            ("ann@quay.kr", "mailto:ann@quay.kr,ben@quay.kr"),
            ("kim@mole.social", "https://mole.social/@kim"),
            ("@kim@mole.social", "https://quay.kr/"),
            ("Node.js", "https://quay.kr/"),
            ("the plan", "https://quay.kr/"),
            ("“https://quay.kr/plan” →", "https://quay.kr/plan"),
            ("(https://quay.kr/plan_(new))", "https://quay.kr/plan_(new)"),
            ("https://quay.kr/plan_(new)", "https://quay.kr/plan_(new)"),
            ("quay.kr (the plan)", "https://mole.kr/"),
            ("https://quay.kr/«name»", "https://mole.kr/"),
            ("ann@quay.kr", "#ann"),
        ] {
            assert!(!told(shown, href), "{shown} {href}");
        }
    }
}
