//! What was meant to be replaced before the mail went out, and what filters take for spam.

use std::collections::HashMap;

use super::author::Passage;
use super::links;
use super::view::View;
use crate::diagnostic::{Diagnostic, Place};

/// Words that stand for what is still to be written, each as a whole word in this case.
const MARKS: [&str; 7] = ["TODO", "FIXME", "TBD", "TBA", "XXX", "TKTK", "WIP"];
/// The same in any case.
const PHRASES: [&str; 9] = [
    "lorem ipsum",
    "dolor sit amet",
    "insert text here",
    "insert link here",
    "your text here",
    "asdf",
    "test test",
    "placeholder text",
    "여기에 입력",
];

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

/// The byte at which `word` stands as a word of its own.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = text.match_indices(word).map(|(at, _)| at);
    found.find(|at| {
        !is_letter(text[..*at].chars().next_back())
            && !is_letter(text[at + word.len()..].chars().next())
    })
}

/// A text of the mail: whether inboxes show it, and where a part of it is written.
struct MailText<'v> {
    text: &'v str,
    in_inbox: bool,
    place: Box<dyn Fn(&str) -> Place + 'v>,
}

/// The head of the mail and everything in it.
fn texts<'v>(view: &'v View<'_>) -> Vec<MailText<'v>> {
    let subject = Box::new(|_: &str| view.subject_place());
    let mut texts = vec![MailText { text: &view.subject, in_inbox: true, place: subject }];
    if let Some(text) = &view.preheader {
        let place = Box::new(|_: &str| view.preheader_place());
        texts.push(MailText { text, in_inbox: true, place });
    }
    for Passage { spot, text, .. } in &view.author.passages {
        let place = Box::new(|needle: &str| spot.of(needle));
        texts.push(MailText { text, in_inbox: false, place });
    }
    texts
}

/// Words that stand for what is still to be written.
pub(super) fn words(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for MailText { text, in_inbox, place } in texts(view) {
        let lower = text.to_lowercase();
        let mark = MARKS.into_iter().find(|mark| whole_word(text, mark).is_some());
        let phrase = PHRASES.into_iter().find(|phrase| whole_word(&lower, phrase).is_some());
        let Some(found) = mark.or(phrase) else { continue };
        let what = format!("{found:?} looks like unfinished text");
        let problem = if in_inbox {
            Diagnostic::error("leftover-words", what)
        } else {
            Diagnostic::warning("leftover-words", what)
        };
        // A phrase in another case is shown from where its passage starts.
        problems.push(problem.at(place(found)).help("finish it, or delete it"));
    }
    problems
}

/// A field of another program's, which nothing fills in here.
fn merge_tag(text: &str) -> Option<&str> {
    let pairs = [("*|", "|*"), ("%%", "%%"), ("${", "}"), ("[[", "]]"), ("<%", "%>"), ("{%", "%}")];
    for (open, close) in pairs {
        let Some(at) = text.find(open) else { continue };
        let inner = &text[at + open.len()..];
        let Some(end) = inner.find(close) else { continue };
        let named = |c: char| c.is_alphanumeric() || " _:.-=".contains(c);
        if (1..=40).contains(&end) && inner[..end].chars().all(named) {
            return Some(&text[at..at + open.len() + end + close.len()]);
        }
    }
    let words = text.split(|c: char| c.is_whitespace() || ",.!?;:".contains(c));
    words.into_iter().find(|word| {
        let inner = [('%', '%'), ('[', ']'), ('{', '}')]
            .into_iter()
            .find_map(|(open, close)| word.strip_prefix(open)?.strip_suffix(close));
        inner.is_some_and(|inner| {
            let lower = inner.to_ascii_lowercase();
            ["name", "first_name", "firstname", "fname", "lname", "last_name", "lastname", "email"]
                .contains(&lower.as_str())
        })
    })
}

/// Fields of other programs: `*|FNAME|*`.
pub(super) fn merge_tags(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for MailText { text, place, .. } in texts(view) {
        if let Some(tag) = merge_tag(text) {
            problems.push(
                Diagnostic::error("leftover-merge-tag", format!("{tag} would be sent as it is"))
                    .at(place(tag))
                    .help("write a field of the list as {{ first_name | reader }}"),
            );
        }
    }
    problems
}

/// Markdown that found no other half: a footnote or a link without a definition, a space between
/// a link's brackets, emphasis that does not end.
pub(super) fn markdown(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for Passage { spot, text, .. } in &view.author.passages {
        let Some((found, help)) = unread(text) else { continue };
        let what = format!("{found} would be sent as it is");
        problems.push(Diagnostic::warning("leftover-markdown", what).at(spot.of(found)).help(help));
    }
    let articles = view.input.issue.sections.iter().flat_map(|section| &section.articles);
    for article in articles {
        for (at, label) in unused_notes(article.source.text()) {
            let what = format!("no text refers to the footnote {label}, so it is left out");
            problems.push(
                Diagnostic::warning("leftover-markdown", what)
                    .at(Place::span(&article.source, at..at + label.len()))
                    .help(format!(
                        "write {label} in the text where it belongs, or delete the footnote"
                    )),
            );
        }
    }
    problems
}

/// The first piece of Markdown in a text that was read as text, and what to do.
fn unread(text: &str) -> Option<(&str, &'static str)> {
    let mut next = 0;
    for (at, _) in text.match_indices('[') {
        let rest = &text[at..];
        // The bracket that closes this one may be the one that was found for those before.
        if next <= at {
            let Some(close) = rest.find(']') else { break };
            next = at + close;
        }
        let close = next - at;
        if close <= 1 {
            continue;
        }
        let behind = &rest[close + 1..];
        let is_label = rest.starts_with("[^") && close < 1_000;
        if is_label && !rest[..close].contains(char::is_whitespace) {
            let help = "write the footnote on a line of its own: [^1]: See the minutes.";
            return Some((&rest[..=close], help));
        }
        if behind.trim_start().starts_with("(http") || behind.starts_with("(mailto:") {
            let help = "write a link without a space between its brackets: [the \
                        minutes](https://…)";
            return Some((&rest[..=close], help));
        }
        let label = behind.strip_prefix('[').and_then(|label| label.find(['[', ']', '\n']));
        let label = label.filter(|end| behind[end + 1..].starts_with(']'));
        // [1][2] may be how a writer cites.
        let cites = rest[1..close].bytes().all(|byte| byte.is_ascii_digit());
        if let Some(end) = label.filter(|end| *end > 0 && !cites) {
            let help = "write the address for the label on a line of its own: [label]: https://…";
            return Some((&rest[..close + 2 + end + 1], help));
        }
    }
    let at = text.find("**").filter(|at| !text[at + 2..].starts_with(['*', ' ']))?;
    let end = text[at + 2..].find("**").filter(|end| *end > 0)?;
    let help = "write **Note**: text, not **Note:**text";
    Some((&text[at..at + end + 4], help))
}

/// Definitions of footnotes that nothing refers to: where each label stands.
fn unused_notes(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let lower = source.to_lowercase();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (at, _) in lower.match_indices("[^") {
        // A label of a thousand bytes is none.
        let rest = lower.as_bytes()[at..].iter().take(1_000);
        let end = rest.take_while(|byte| **byte != b'\n').position(|byte| *byte == b']');
        *uses.entry(end.map_or("", |end| &lower[at..=at + end])).or_default() += 1;
    }
    let (mut at, mut in_code) = (0, false);
    for line in source.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let inner = line.trim_start();
        in_code ^= inner.starts_with("```") || inner.starts_with("~~~");
        let Some(label) = inner.starts_with("[^").then(|| inner.split("]:").next()).flatten()
        else {
            continue;
        };
        let label = &inner[..(label.len() + 1).min(inner.len())];
        let is_definition = inner[label.len()..].starts_with(':') && !label.contains(' ');
        let uses = uses.get(label.to_lowercase().as_str());
        if is_definition && !in_code && uses == Some(&1) {
            found.push((start, label));
        }
    }
    found
}

/// Addresses that are reserved for examples (RFC 2606), except where the publication itself has
/// one.
pub(super) fn addresses(view: &View<'_>) -> Vec<Diagnostic> {
    let reserved = |host: &str| {
        let host = host.to_ascii_lowercase();
        ["example.com", "example.org", "example.net"]
            .iter()
            .any(|name| host == *name || host.ends_with(&format!(".{name}")))
    };
    let own = view.input.publication.base_url.as_str();
    let links = view.author.links.iter().filter(|link| !link.href.starts_with(own));
    links
        .filter_map(|link| {
            let host = match link.href.strip_prefix("mailto:") {
                Some(mailbox) => mailbox.split('?').next()?.rsplit('@').next()?.to_owned(),
                None => links::lower_host(&link.href)?,
            };
            reserved(&host).then(|| {
                Diagnostic::warning(
                    "leftover-address",
                    format!("{host} is only an example and belongs to nobody"),
                )
                .at(link.target())
                .help("write the real address")
            })
        })
        .collect()
}

/// Phrases that filters count.
pub(super) fn spam(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for MailText { text, place, .. } in texts(view) {
        let lower = text.to_lowercase();
        let found = SPAM.iter().find(|(phrase, _)| whole_word(&lower, phrase).is_some());
        let Some((phrase, rule)) = found else { continue };
        let at = whole_word(&lower, phrase).and_then(|at| text.get(at..at + phrase.len()));
        let help = match *rule {
            "" => "use other words; spam filters count this phrase".to_owned(),
            rule => format!("use other words; SpamAssassin counts this phrase ({rule})"),
        };
        problems.push(
            Diagnostic::warning("spam-phrase", format!("{phrase:?} is typical of spam"))
                .at(place(at.unwrap_or(phrase)))
                .help(help),
        );
    }
    problems
}
