//! What is one reader's own, in addresses of others: who serves such an address learns who reads,
//! and with the link to unsubscribe could do so in the reader's name.
//!
//! Looks at the finished HTML and text with their slots still open, so that it does not matter in
//! which way an author wrote the address.

use percent_encoding::percent_decode_str;

use super::html::Tree;
use super::view::View;
use crate::compose::{Segment, SlotContext};
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::slot::{self, Piece};
use crate::net::web;

/// A reader's email address in the address of another server.
pub(super) fn email(view: &View<'_>) -> Vec<Diagnostic> {
    let scan = PersonalScan { view, is_personal: |field| field == "email" };
    scan.problems(|view, foreign| {
        let what = format!("{} tells {} who reads this", foreign.written(view), foreign.host);
        let own = own_hosts(view).join(", ");
        let help = if foreign.is_grown {
            "put a space behind the slot: mail programs make a link of it with what follows".into()
        } else {
            format!(
                "leave the slot out, or lead to your own pages ({own}); if readers know that it is \
                 told, whoever sends the issue may use --allow link-email"
            )
        };
        Diagnostic::error("link-email", what).help(help)
    })
}

/// A link to unsubscribe in the address of another server.
pub(super) fn doors(view: &View<'_>) -> Vec<Diagnostic> {
    let scan = PersonalScan { view, is_personal: slot::is_page };
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
    /// Whether the slot begins it, and what follows makes its domain another.
    is_grown: bool,
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
        let needles = needles.map(|needle| format!("{needle}{raw}"));
        let all = std::iter::once(whole.clone()).chain(needles);
        let mut places = all.filter_map(|text| view.written(&text));
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
        let html = self.joined(&composition.html, |index| {
            SlotContext::Html.write(&self.as_text(index)).into_owned()
        });
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
            Some(slot) if !(self.is_personal)(&slot.field) && !slot::is_page(&slot.field) => {
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
            let address = address.to_owned();
            found.push(Foreign { address, slot, host, is_grown: false });
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
            let starts = address_starts(&word[..at]);
            if starts.is_empty() {
                self.grown(word, found);
            }
            for start in starts {
                let written = &word[start..];
                let whole = if written.contains("://") || written.starts_with("mailto:") {
                    written.to_owned()
                } else {
                    format!("https://{written}")
                };
                if !self.is_own(&whole) {
                    let host = self.host_in_words(&whole);
                    let address = written.to_owned();
                    found.push(Foreign { address, slot, host, is_grown: false });
                }
            }
        }
    }

    /// Slots of a word whose value becomes a part of an address of others with what follows:
    /// `{{ email }}.evil.example` is a mailbox there.
    fn grown(&self, word: &str, found: &mut Vec<Foreign>) {
        for (at, piece) in slot::pieces_at(word) {
            let Piece::Slot(index) = piece else { continue };
            let slot = self.view.input.composition.slots.get(index).and_then(Option::as_ref);
            if !slot.is_some_and(|slot| slot.field == "email" && (self.is_personal)("email")) {
                continue;
            }
            let mark = slot::mark(index).len();
            if let Some((length, host)) = grown_host(&word[at + mark..]) {
                let address = word[at..at + mark + length].to_owned();
                found.push(Foreign { address, slot: index, host, is_grown: true });
                return;
            }
        }
    }

    /// Whether the publication itself is at this address.
    fn is_own(&self, address: &str) -> bool {
        let slots = &self.view.input.composition.slots;
        let is_door = |index: usize| {
            slots.get(index).and_then(Option::as_ref).is_some_and(|s| slot::is_page(&s.field))
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
        host(address).is_some_and(|host| {
            own_hosts(self.view).contains(&host) || is_of_sender(self.view, &host)
        })
    }

    fn host_in_words(&self, address: &str) -> String {
        match (real_host(address), address.split_once(':')) {
            (Some(host), _) => host,
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
        let end = text[*start..].find(['/', '?', '#', '\u{FF0F}']).map(|end| start + end);
        end.is_some_and(|end| text[*start..end].contains(is_dot))
    });
    bare.into_iter().collect()
}

fn without_scheme<'a>(address: &'a str, scheme: &str) -> Option<&'a str> {
    let start = address.get(..scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
}

/// Signs that programs take for a dot between the parts of a host (UTS 46).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}')
}

/// How much of `behind`, which follows an email address, belongs to a longer address, and whose that
/// is. The end of a sentence is none, nor is the next word of Korean or Japanese.
fn grown_host(behind: &str) -> Option<(usize, String)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || is_dot(c);
    // `:word@` between two addresses, as in `https://name:word@host`.
    let start = match behind.find(|c: char| !is_part(c)) {
        Some(at) if behind[at..].starts_with(['@', ':']) => {
            behind.rfind('@').map_or(0, |at| at + 1)
        }
        _ => 0,
    };
    let end = behind[start..].find(|c| !is_part(c)).map_or(behind.len(), |end| start + end);
    let written = behind[start..end].trim_end_matches(is_dot);
    let goes_on =
        behind[start + written.len()..].starts_with(['/', '\u{FF0F}', '\\', '?', '#', ':']);
    let labels: Vec<&str> = written.split(is_dot).filter(|label| !label.is_empty()).collect();
    let last = labels.last()?;
    let is_usual = last.len() > 1 && last.chars().all(|c| c.is_ascii_alphabetic())
        || last.to_ascii_lowercase().starts_with("xn--");
    // Behind a full stop of Japanese a sentence begins, and only more than a word is an address.
    let is_full = written.starts_with('.') || labels.len() > 1;
    let is_address = written.contains(is_dot) && (goes_on || is_usual && is_full);
    is_address.then(|| (start + written.len(), labels.join(".").to_lowercase()))
}

/// The address with a word for each slot, as a parser can read it.
fn with_words(address: &str) -> String {
    slot::fill(address, |_| "slot".to_owned())
}

/// The host as web browsers read an address, if no slot is a part of it.
fn real_host(address: &str) -> Option<String> {
    let after = address.split_once("://").map_or(address, |(_, after)| after);
    let authority = after.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if slot::has_slot(host) {
        return None;
    }
    Some(web::read(&with_words(address))?.host_str()?.to_owned())
}

/// The host of a web address that is written in the one way that all programs read alike.
fn host(address: &str) -> Option<String> {
    let address = &with_words(address);
    let rest =
        without_scheme(address, "https://").or_else(|| without_scheme(address, "http://"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, port) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    let real = web::read(address)?.host_str()?.to_owned();
    (is_port && web::other_host(address, host).is_none()).then_some(real)
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
/// Whether a host is below the domain that the mail comes from, as `news.sejong.example` is below
/// `sejong.example`. Below the domain of a mailbox provider, or of hosts for everybody, anybody may be.
fn is_of_sender(view: &View<'_>, host: &str) -> bool {
    let from = &view.input.publication.from;
    let Some((_, domain)) = from.trim_end_matches('>').rsplit_once('@') else { return false };
    let Some(domain) = self::host(&format!("https://{domain}/")) else { return false };
    let labels = domain.split('.').count();
    let is_shared = SHARED.split_whitespace().any(|shared| {
        domain == shared
            || domain.ends_with(shared) && domain[..domain.len() - shared.len()].ends_with('.')
    });
    let below = host.strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'));
    labels > 1 && !is_shared && below.is_some_and(|rest| !rest.is_empty())
}

/// Domains of which everybody may have a name, or a mailbox, and that belong to none of them.
const SHARED: &str = "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com \
    yahoo.co.jp yahoo.co.uk ymail.com aol.com icloud.com me.com mac.com proton.me protonmail.com \
    pm.me gmx.de gmx.net gmx.com gmx.at web.de t-online.de freenet.de mail.ru yandex.ru yandex.com \
    naver.com daum.net hanmail.net kakao.com nate.com qq.com 163.com 126.com sina.com orange.fr \
    free.fr laposte.net wanadoo.fr libero.it fastmail.com hey.com zoho.com tuta.com posteo.de \
    github.io githubusercontent.com gitlab.io pages.dev netlify.app vercel.app herokuapp.com \
    blogspot.com wordpress.com tistory.com substack.com ghost.io wixsite.com weebly.com \
    squarespace.com azurewebsites.net cloudfront.net amazonaws.com web.app firebaseapp.com \
    appspot.com fly.dev onrender.com workers.dev translate.goog";

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
            ("https://a.example@b.example/", None),
            ("https://b.example\u{3002}a.example/", None),
            ("https://a.example\u{FF0F}@b.example/", None),
            ("https://항구.example/", Some("xn--2e0bp27e.example")),
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
    fn what_follows_an_address_may_make_it_another() {
        for (behind, expected) in [
            (".evil.example/", Some((13, "evil.example"))),
            (".evil.example", Some((13, "evil.example"))),
            (".evil.example, and", Some((13, "evil.example"))),
            ("evil.example", Some((12, "evil.example"))),
            ("-x.evil.example", Some((15, "-x.evil.example"))),
            ("@evil.example", Some((13, "evil.example"))),
            (":pw@evil.example/", Some((16, "evil.example"))),
            ("\u{3002}evil\u{FF0E}example", Some((17, "evil.example"))),
            (".evil/", Some((5, "evil"))),
            (".한국/", Some((7, "한국"))),
            (".", None),
            ("", None),
            (").", None),
            (",", None),
            ("님께", None),
            ("님.", None),
            ("\u{3002}次の", None),
            ("\u{3002}Please", None),
            ("/you", None),
            ("으로.보냅니다", None),
            ("...", None),
            (".1", None),
        ] {
            let found = grown_host(behind);
            let found = found.as_ref().map(|(length, host)| (*length, host.as_str()));
            assert_eq!(found, expected, "{behind}");
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
