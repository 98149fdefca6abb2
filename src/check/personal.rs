//! What is one reader's own, in addresses of others: who serves such an address learns who reads,
//! and with the link to unsubscribe could do so in the reader's name.
//!
//! Looks at the finished HTML and text with their slots still open, so that it does not matter in
//! which way an author wrote the address.

use percent_encoding::percent_decode_str;

use super::html::Tree;
use super::view::View;
use crate::compose::Segment;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::slot::{self, Piece};

/// Fields that open a page in the reader's name.
const DOORS: [&str; 2] = ["unsubscribe_url", "preferences_url"];

/// A reader's email address in the address of another server.
pub(super) fn email(view: &View<'_>) -> Vec<Diagnostic> {
    let scan = PersonalScan { view, is_personal: |field| field == "email" };
    scan.problems(|view, foreign| {
        let what = format!("{} tells {} who reads this", foreign.written(view), foreign.host);
        let own = own_hosts(view).join(", ");
        Diagnostic::error("link-email", what).help(format!(
            "leave the slot out, or lead to your own pages ({own}); if readers know that it is told, \
             allow the rule with the reason"
        ))
    })
}

/// A link to unsubscribe in the address of another server.
pub(super) fn doors(view: &View<'_>) -> Vec<Diagnostic> {
    let scan = PersonalScan { view, is_personal: |field| DOORS.contains(&field) };
    scan.problems(|view, foreign| {
        let what = format!(
            "{} gives {} a link that works in the reader's name",
            foreign.written(view),
            foreign.host
        );
        Diagnostic::error("link-private", what)
            .help("delete the slot from this address; alone it is a link that readers can follow")
    })
}

/// An address of others with a personal slot in it.
struct Foreign {
    /// With its slots as marks.
    address: String,
    /// The index of the slot.
    slot: usize,
    /// Who learns it, for people.
    host: String,
}

impl Foreign {
    /// The slot as the author typed it.
    fn written(&self, view: &View<'_>) -> String {
        view.input.issue.slots.restore(&slot::mark(self.slot))
    }

    /// The address as it is written, or else the line with the slot and the same host.
    fn place(&self, view: &View<'_>) -> Place {
        let issue = view.input.issue;
        let raw = self.written(view);
        let whole = issue.slots.restore(&self.address);
        let before = whole.split(&raw).next().unwrap_or_default();
        // Nobody wrote the scheme of `www.sejong.example`.
        let bare = before.split_once("://").map_or(before, |(_, bare)| bare);
        let needles = [before, bare].into_iter().filter(|needle| !needle.is_empty());
        let mut places = needles.filter_map(|needle| view.written(&format!("{needle}{raw}")));
        if let Some(place) = places.next() {
            return place;
        }
        let articles = issue.sections.iter().flat_map(|section| &section.articles);
        let sources = articles.map(|article| &article.source).chain([&issue.manifest]);
        for source in sources {
            let text = source.text();
            let with_host = |at: &usize| {
                let start = text[..*at].rfind('\n').map_or(0, |at| at + 1);
                let end = text[*at..].find('\n').map_or(text.len(), |end| at + end);
                text[start..end].contains(&self.host)
            };
            let mut found = text.match_indices(&raw).map(|(at, _)| at);
            if let Some(at) = found.find(with_host) {
                return Place::span(source, at..at + raw.len());
            }
        }
        let mut places = view.input.composition.slot_places.iter();
        let first = places.find(|(index, _)| *index == self.slot);
        first.map_or_else(|| view.manifest(), |(_, place)| place.clone())
    }
}

struct PersonalScan<'a> {
    view: &'a View<'a>,
    is_personal: fn(&str) -> bool,
}

impl PersonalScan<'_> {
    fn problems(&self, problem: impl Fn(&View<'_>, &Foreign) -> Diagnostic) -> Vec<Diagnostic> {
        let composition = self.view.input.composition;
        let fields = composition.slots.iter().flatten();
        if !fields.into_iter().any(|slot| (self.is_personal)(&slot.field)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let html = self.joined(&composition.html, slot::mark);
        for element in &Tree::read(&html).elements {
            for (name, value) in &element.attributes {
                if is_link(name) {
                    self.address(value, &mut found);
                } else {
                    self.words(value, &mut found);
                }
            }
        }
        // A fallback may hold the address that an open slot follows.
        let html = self.joined(&composition.html, |index| self.as_text(index));
        for words in &Tree::read(&html).texts {
            self.words(&words.text, &mut found);
        }
        self.words(&self.joined(&composition.text, |index| self.as_text(index)), &mut found);
        let mut problems: Vec<Diagnostic> = Vec::new();
        for foreign in found {
            let told = problem(self.view, &foreign).at(foreign.place(self.view));
            if !problems.contains(&told) {
                problems.push(told);
            }
        }
        problems
    }

    fn joined(&self, segments: &[Segment], slot: impl Fn(usize) -> String) -> String {
        let written = segments.iter().map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Slot(index, _) => slot(*index),
            Segment::When(_) | Segment::EndWhen => String::new(),
        });
        written.collect()
    }

    fn as_text(&self, index: usize) -> String {
        match self.view.input.composition.slots.get(index).and_then(Option::as_ref) {
            Some(slot) if !(self.is_personal)(&slot.field) && slot.field != "unsubscribe_url" => {
                slot.fallback.clone().unwrap_or_default()
            }
            _ => slot::mark(index),
        }
    }

    /// The first personal slot of a text, and where it stands.
    fn personal(&self, text: &str) -> Option<(usize, usize)> {
        if !slot::has_slot(text) {
            return None;
        }
        slot::pieces_at(text).into_iter().find_map(|(at, piece)| match piece {
            Piece::Slot(index) => {
                let slot = self.view.input.composition.slots.get(index)?.as_ref()?;
                (self.is_personal)(&slot.field).then_some((at, index))
            }
            Piece::Text(_) => None,
        })
    }

    /// A whole address.
    fn address(&self, address: &str, found: &mut Vec<Foreign>) {
        let Some((_, slot)) = self.personal(address) else { return };
        if !self.is_own(address) {
            let host = self.host_in_words(address);
            found.push(Foreign { address: address.to_owned(), slot, host });
        }
    }

    /// Text in which a mail program makes links of what looks like an address.
    fn words(&self, text: &str, found: &mut Vec<Foreign>) {
        if self.personal(text).is_none() {
            return;
        }
        let ends = |c: char| c.is_whitespace() || "<>\"".contains(c);
        for word in text.split(ends) {
            let Some((at, slot)) = self.personal(word) else { continue };
            for start in address_starts(&word[..at]) {
                let written = &word[start..];
                let whole = if written.contains("://") || written.starts_with("mailto:") {
                    written.to_owned()
                } else {
                    format!("https://{written}")
                };
                if !self.is_own(&whole) {
                    let host = self.host_in_words(&whole);
                    found.push(Foreign { address: written.to_owned(), slot, host });
                }
            }
        }
    }

    /// Whether the publication itself is at this address.
    fn is_own(&self, address: &str) -> bool {
        let slots = &self.view.input.composition.slots;
        let is_door = |index: usize| {
            slots.get(index).and_then(Option::as_ref).is_some_and(|s| s.field == "unsubscribe_url")
        };
        match slot::pieces(address).first() {
            // It is an address under base_url, with its path.
            Some(Piece::Slot(index)) => return is_door(*index),
            Some(Piece::Text(text)) if text.starts_with('#') => return true,
            _ => {}
        }
        if let Some(to) = without_scheme(address, "mailto:") {
            return recipients(to).iter().all(|to| own_mailboxes(self.view).contains(to));
        }
        host(address).is_some_and(|host| own_hosts(self.view).contains(&host))
    }

    fn host_in_words(&self, address: &str) -> String {
        match (host(address), address.split_once(':')) {
            (Some(host), _) if !slot::has_slot(&host) => host,
            (_, Some(("mailto", to))) => {
                let own = own_mailboxes(self.view);
                let others = recipients(to).into_iter().find(|to| !own.contains(to));
                others.filter(|to| !slot::has_slot(to)).unwrap_or_else(|| "others".to_owned())
            }
            _ => "others".to_owned(),
        }
    }
}

/// Whether an attribute of this name is an address.
fn is_link(name: &str) -> bool {
    ["href", "src", "srcset", "background", "action", "cite", "poster", "data"].contains(&name)
}

/// Where addresses start that may go on up to the end of `text`: at each scheme, or else at a host
/// with a path behind it.
fn address_starts(text: &str) -> Vec<usize> {
    let name = |c: &char| c.is_ascii_alphanumeric() || "+-.".contains(*c);
    let lower = text.to_ascii_lowercase();
    let web = lower.match_indices("://");
    let web = web.map(|(at, _)| at - text[..at].chars().rev().take_while(name).count());
    let mail = lower.match_indices("mailto:").map(|(at, _)| at);
    let found: Vec<usize> = web.chain(mail).collect();
    if !found.is_empty() {
        return found;
    }
    let bare = text.find(char::is_alphanumeric).filter(|start| {
        let end = text[*start..].find(['/', '?', '#']).map(|end| start + end);
        end.is_some_and(|end| text[*start..end].contains('.'))
    });
    bare.into_iter().collect()
}

fn without_scheme<'a>(address: &'a str, scheme: &str) -> Option<&'a str> {
    let start = address.get(..scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
}

/// The host of a web address that is written in the one way that all programs read alike.
fn host(address: &str) -> Option<String> {
    let rest =
        without_scheme(address, "https://").or_else(|| without_scheme(address, "http://"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, port) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    (is_port && !host.is_empty()).then(|| host.to_lowercase())
}

/// Everybody to whom a `mailto:` is addressed (RFC 6068), in lower case.
fn recipients(mailto: &str) -> Vec<String> {
    let (to, query) = mailto.split_once('?').unwrap_or((mailto, ""));
    let fields = query.split(['&', ';']).filter_map(|field| field.split_once('='));
    let further = fields.filter(|(name, _)| {
        let name = decoded(name).to_ascii_lowercase();
        ["to", "cc", "bcc"].contains(&name.as_str())
    });
    let all = std::iter::once(to).chain(further.map(|(_, value)| value));
    let all = all.map(decoded).collect::<Vec<_>>().join(",");
    let each = all.split(',').map(|to| to.trim().to_lowercase());
    each.filter(|to| !to.is_empty()).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn own_mailboxes(view: &View<'_>) -> Vec<String> {
    let publication = view.input.publication;
    let own = std::iter::once(&publication.from).chain(&publication.reply_to);
    own.map(|address| address.to_lowercase()).collect()
}

/// The hosts of the publication's own pages, and the domain of its mail.
fn own_hosts(view: &View<'_>) -> Vec<String> {
    let publication = view.input.publication;
    let pages = [Some(&publication.base_url), publication.preferences_url.as_ref()];
    let mut own: Vec<String> = pages.into_iter().flatten().filter_map(|page| host(page)).collect();
    let domain = publication.from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    own.extend(domain);
    own.sort();
    own.dedup();
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_as_all_programs_read_it_or_not_at_all() {
        for (address, expected) in [
            ("https://a.example/x", Some("a.example")),
            ("HTTPS://A.example:8443?x", Some("a.example")),
            ("https://a.example@b.example/", Some("a.example@b.example")),
            ("https://a.example:x@b.example/", None),
            ("https://b.example\\@a.example/", Some("b.example")),
            ("https:b.example", None),
            ("https:///b.example", None),
            ("tel:1", None),
        ] {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn everybody_whom_a_mailto_names_is_a_recipient() {
        assert_eq!(
            recipients("A@x.example,b%40x.example?subject=c@x.example&BCC=d@x.example&%63c=e@x"),
            ["a@x.example", "b@x.example", "d@x.example", "e@x"]
        );
    }

    #[test]
    fn what_a_mail_program_makes_a_link_of_starts_an_address() {
        for (text, expected) in [
            ("(https://a.example/?", vec![1]),
            ("siehe:https://a.example/", vec![6]),
            ("https://a.example/을https://b.example/", vec![0, 21]),
            ("www.a.example/", vec![0]),
            ("//a.example/x", vec![2]),
            ("and/or", vec![]),
            ("Dear ", vec![]),
            ("a.example", vec![]),
        ] {
            assert_eq!(address_starts(text), expected, "{text}");
        }
    }
}
