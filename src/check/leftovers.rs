//! What was meant to be replaced before the mail went out, and what filters take for spam.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::author::{Passage, unfilled};
use super::links;
use super::spot::Spot;
use super::unfinished::{self, Shown, unfinished};
use super::view::View;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::{Publication, load};

/// Phrases that filters count, with the rule of SpamAssassin where there is one.
const SPAM: [(&str, &str); 16] = [
    ("dear friend", "DEAR_FRIEND"),
    ("dear sir", "DEAR_SOMETHING"),
    ("dear madam", "DEAR_SOMETHING"),
    ("money back guarantee", "MONEY_BACK"),
    ("billion dollars", "BILLION_DOLLARS"),
    ("urgent business", "URG_BIZ"),
    ("urgent assistance", "URG_BIZ"),
    ("investment advice", "INVESTMENT_ADVICE"),
    ("100% free", ""),
    ("risk free", ""),
    ("act now", ""),
    ("limited time offer", ""),
    ("you have won", ""),
    ("this is not spam", ""),
    ("make money fast", ""),
    ("click below to", ""),
];

/// Rules that count a phrase only where it opens a letter.
const SALUTATIONS: [&str; 2] = ["DEAR_FRIEND", "DEAR_SOMETHING"];

/// A text of the mail: how it is shown, and where a part of it is written.
pub(super) struct MailText<'v> {
    pub(super) text: &'v str,
    /// With the names of its slots instead of their fallbacks.
    unfilled: Cow<'v, str>,
    shown: Shown,
    language: &'v str,
    /// The stretch of a file that it was read from.
    stretch: Option<Stretch>,
    /// Whether it is known which bytes of a file it was read from.
    pub(super) is_stretch: bool,
    spot: Option<&'v Spot<'v>>,
    pub(super) place: Box<dyn Fn(&str) -> Place + 'v>,
}

/// A file, and the byte at which a stretch of it starts.
type Stretch = (*const Source, usize);

fn stretch(spot: &Spot<'_>) -> Option<Stretch> {
    spot.stretch().map(|(source, span)| (Arc::as_ptr(source), span.start))
}

/// The head of the mail and everything in it.
pub(super) fn texts<'v>(view: &'v View<'_>) -> Vec<MailText<'v>> {
    let issue = view.input.issue;
    let head = |text: &str| Cow::Owned(unfilled(text, &issue.slots));
    let place = Box::new(|_: &str| view.subject_place());
    let unfilled = head(&issue.subject.value);
    let language = issue.language.as_str();
    let of_head = |text, unfilled, shown, place| {
        let (is_stretch, stretch, spot) = (false, None, None);
        MailText { text, unfilled, shown, language, stretch, is_stretch, spot, place }
    };
    let mut texts = vec![of_head(&view.subject, unfilled, Shown::Inbox, place)];
    if let (Some(text), Some(written)) = (&view.preheader, &issue.preheader) {
        let place = Box::new(|_: &str| view.preheader_place());
        let unfilled = head(&written.value);
        texts.push(of_head(text, unfilled, Shown::Inbox, place));
    }
    let tables: HashSet<Stretch> =
        view.author.tables.iter().filter_map(|(spot, _)| stretch(spot)).collect();
    for Passage { spot, text, unfilled, is_heading, language, .. } in &view.author.passages {
        let stretch = stretch(spot);
        let shown = match stretch {
            _ if *is_heading => Shown::Title,
            Some(stretch) if tables.contains(&stretch) => Shown::Cell,
            _ => Shown::Body,
        };
        let place = Box::new(|needle: &str| spot.of(needle));
        let unfilled = Cow::Borrowed(unfilled.as_ref().unwrap_or(text).as_str());
        let is_stretch = spot.stretch().is_some();
        let spot = Some(spot).filter(|_| is_stretch);
        texts.push(MailText { text, unfilled, shown, language, stretch, is_stretch, spot, place });
    }
    if let Some(text) = &view.input.theme.footer {
        let place = Box::new(|_: &str| view.publication());
        let unfilled = Cow::Borrowed(text.as_str());
        texts.push(of_head(text, unfilled, Shown::Body, place));
    }
    texts
}

/// Words that stand for what is still to be written, each word once with all its places.
pub(super) fn words(view: &View<'_>) -> Vec<Diagnostic> {
    let links = view.author.links.iter();
    let in_links: HashSet<(Option<Stretch>, &str)> = links
        .filter_map(|link| Some((stretch(&link.spot), unfinished::as_link(&link.text)?)))
        .collect();
    let mut problems = Vec::new();
    for MailText { text, shown, language, stretch, spot, place, .. } in texts(view) {
        let is_link = |mark: &str| in_links.contains(&(stretch, mark));
        let mut written = ("", Vec::new());
        for (found, nth) in unfinished(text, shown, language, is_link) {
            let what = format!("{found:?} looks like unfinished text");
            let is_inbox = shown == Shown::Inbox;
            let problem = match shown {
                Shown::Inbox => Diagnostic::error("leftover-words", what),
                _ => Diagnostic::warning("leftover-words", what),
            };
            if written.0 != found {
                let all = spot.map(|spot| spot.all(found, unfinished::MOST)).unwrap_or_default();
                written = (found, all);
            }
            // A phrase in another case is shown from where its passage starts.
            let at = written.1.get(nth).cloned().unwrap_or_else(|| place(found));
            let key = format!("{is_inbox} {found}");
            problems.push((key, problem.at(at).help("finish it, or delete it")));
        }
    }
    grouped(problems)
}

/// Addresses that are reserved for examples (RFC 2606), except where the publication itself has
/// one.
pub(super) fn addresses(view: &View<'_>) -> Vec<Diagnostic> {
    let own = view.input.publication.base_url.as_str();
    let links = view.author.links.iter().filter(|link| !link.href.starts_with(own));
    grouped(links.filter_map(|link| {
        let host = match link.href.strip_prefix("mailto:") {
            Some(mailbox) => mailbox.split('?').next()?.rsplit('@').next()?.to_owned(),
            None => links::lower_host(&link.href)?,
        };
        let problem = is_example(&host).then(|| {
            Diagnostic::warning(
                "leftover-address",
                format!("{host} is only an example and belongs to nobody"),
            )
            .at(link.target())
            .help("write the real address")
        });
        problem.map(|problem| (host, problem))
    }))
}

/// The text of an article that `digest new` has made.
const TO_WRITE: [&str; 2] = ["Write here.", "Write here"];
/// What `digest init` writes where an address belongs.
const SAMPLE_ADDRESS: &str = "1 Example Street";

/// Texts that `digest new` and `digest init` have written, for somebody to write others.
pub(super) fn templates(view: &View<'_>) -> Vec<Diagnostic> {
    let passages = view.author.passages.iter();
    passages
        .filter(|passage| TO_WRITE.contains(&passage.text.trim()))
        .map(|passage| {
            Diagnostic::warning("leftover-template", "this text is what `digest new` has written")
                .at(passage.spot.of(TO_WRITE[1]))
                .help("write your own, or delete the article: as long as it stands here, `send` stops")
        })
        .collect()
}

/// Settings of a publication that are examples still. A check of a new publication says nothing of
/// them; a send to people does.
pub(super) fn settings(publication: &Publication) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let sample = publication.postal_address.as_ref().filter(|text| text.contains(SAMPLE_ADDRESS));
    found.extend(sample.map(|text| ("postal_address", text.clone())));
    let domain =
        |address: &str| address.rsplit('@').next().map(|end| end.trim_end_matches('>').to_owned());
    let hosts = [
        ("from", domain(&publication.from)),
        ("reply_to", publication.reply_to.as_deref().and_then(domain)),
        ("base_url", links::lower_host(&publication.base_url)),
    ];
    for (key, host) in hosts {
        found.extend(host.filter(|host| is_example(host)).map(|host| (key, host)));
    }
    let place = Place::File(load::path_from_here(&publication.root.join("digest.toml")));
    found
        .into_iter()
        .map(|(key, value)| {
            Diagnostic::error("leftover-template", format!("{key} is only an example: {value}"))
                .at(place.clone())
                .help(format!("write your own {key} in digest.toml"))
        })
        .collect()
}

/// Whether a host is reserved for examples (RFC 2606).
fn is_example(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// Phrases that filters count.
pub(super) fn spam(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for MailText { unfilled: text, place, .. } in texts(view) {
        let lower = text.to_lowercase();
        let stands = |phrase: &str, rule: &str| {
            let mut places = unfinished::places(&lower, phrase);
            places.find(|at| !SALUTATIONS.contains(&rule) || opens(&lower, *at, phrase))
        };
        let found = SPAM.iter().find_map(|one| Some((one, stands(one.0, one.1)?)));
        let Some(((phrase, rule), at)) = found else { continue };
        let written = text.get(at..at + phrase.len());
        let help = match *rule {
            "" => "use other words; spam filters count this phrase".to_owned(),
            rule => format!("use other words; SpamAssassin counts this phrase ({rule})"),
        };
        problems.push(
            Diagnostic::warning("spam-phrase", format!("{phrase:?} is typical of spam"))
                .at(place(written.unwrap_or(phrase)))
                .help(help),
        );
    }
    problems
}

/// Bytes before a salutation that are looked at.
const BEFORE: usize = 40;

/// Whether a phrase at `at` opens the text or a line of it, as filters look for a salutation. With a
/// word of greeting before it, a mark or nothing comes behind it.
fn opens(lower: &str, at: usize, phrase: &str) -> bool {
    let start = lower.floor_char_boundary(at.saturating_sub(BEFORE));
    let near = &lower[start..at];
    let line = match near.rfind('\n') {
        Some(end) => &near[end + 1..],
        None if start == 0 => near,
        None => return false,
    };
    let behind = lower[at + phrase.len()..].chars().next();
    match line.trim_matches(|c: char| !c.is_alphanumeric()) {
        "" => true,
        "hello" | "hello my" | "hi" | "my" | "oh" | "good morning" | "good day" => {
            behind.is_none_or(|c| !c.is_whitespace())
        }
        _ => false,
    }
}
