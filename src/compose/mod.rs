//! Issue -> Composition, once per issue: Markdown blocks become HTML with its CSS inlined, and a
//! plain text part. What differs between recipients is a declared slot, and nothing else can.
//!
//! Synchronous and pure: no clock, no randomness, no network, no files.

mod article;
mod blocks;
mod components;
mod class_names;
mod contents;
mod footer_style;
mod ink;
pub mod selector;
mod sheet;
mod sheet_text;
pub mod kept_colors;
mod outdone;
mod auto_excerpt;
pub mod frozen;
mod table;
mod inline;
pub(crate) mod language;
pub mod letters;
mod letter_size;
mod masthead;
pub(crate) mod pictures;
mod plain;
mod rows;
pub(crate) mod slots;
mod style;
pub mod theme;
mod topics;
mod prune_css;
pub mod article_sizes;
pub(crate) mod phrases;
mod uneven;
mod variables;
mod word;
mod word_room;
mod word_width;

use std::borrow::Cow;
use std::sync::Arc;

use crate::crypto;
use crate::diagnostic::{Diagnostic, Place, unseen};
use crate::issue::slot::{self, Slot};
use crate::issue::{Issue, Publication};
use components::Letter;
pub use pictures::widths;
pub use slots::{Segment, SlotContext};
use theme::presets::Preset;
use theme::{LEAST_CONTRAST, Theme};

/// A composed issue.
#[derive(Clone, Debug)]
pub struct Composition {
    /// The issue's folder name.
    pub issue: String,
    /// The Subject.
    pub subject: Vec<Segment>,
    /// `text/plain`, lines ended by LF.
    pub text: Vec<Segment>,
    /// `text/html`.
    pub html: Vec<Segment>,
    /// Pictures that travel in the message; empty where they are hosted.
    pub pictures: Vec<Picture>,
    /// BCP 47, for Content-Language.
    pub language: String,
    /// What segments' slots stand for, by index; `None` for one that is never used.
    pub slots: Vec<Option<Slot>>,
    /// Where each used slot is written: the first place, and then others.
    pub slot_places: Vec<(usize, Place)>,
    /// Who gets it, as an expression of [`crate::issue::only`]: those for whom a section is left;
    /// `None` for everybody.
    pub sent_to: Option<String>,
    /// SHA-256 over everything above: the same hash, the same messages.
    pub content_hash: [u8; 32],
}

impl Composition {
    /// The content hash as hexadecimal digits.
    pub fn hash_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.content_hash)
    }

    /// The content hash that it would have if the issue's folder were called `name`: the folder is
    /// in the addresses of pictures and pages.
    pub fn hash_hex_as(&self, name: &str) -> String {
        let mut other = self.clone();
        for segments in [&mut other.subject, &mut other.text, &mut other.html] {
            for segment in segments {
                if let Segment::Literal(text) = segment {
                    *text = text.replace(&self.issue, name);
                }
            }
        }
        other.issue = name.to_owned();
        data_encoding::HEXLOWER.encode(&hash(&other))
    }
}

/// A picture that travels in the message (RFC 2387).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Without angle brackets; the HTML refers to it as `cid:…`.
    pub content_id: String,
    /// Its last path segment.
    pub file_name: String,
    /// `image/png`…
    pub media_type: String,
    /// The file.
    pub bytes: Arc<[u8]>,
}

/// A mail of 100 kB is cut off; what is this large is no mail, and is not worked on.
const MAX_PART: usize = 1024 * 1024;

/// Why there is no letter.
enum NoLetter {
    /// HTML or text of over [`MAX_PART`] bytes.
    Large(usize),
    /// The author's rules and the letter are too much together.
    Laden(String),
    Style(inline::InlineError),
}

/// Composes `issue`. Problems are collected; `None` only where the style sheet cannot be inlined or
/// the letter is far too large.
pub fn compose(
    publication: &Publication,
    issue: &Issue,
    theme: &Theme,
) -> (Option<Composition>, Vec<Diagnostic>) {
    let mut problems = contrast_problems(theme);
    let mut issue = issue.clone();
    let place = Place::File(issue.manifest.path().to_owned());
    let publication = &of_issue(publication, &mut issue, &place);
    let theme = &Preset::in_language(theme, &issue.language);
    let unsubscribe = issue.slots.built_in("unsubscribe_url", place);
    let pictures = pictures::travelling(&issue);
    let sources = pictures::sources(publication, &issue, &pictures);

    let mut kept = style::kept(theme);
    let mut css = style::inlined(theme);
    let mut own = String::new();
    if let Some(source) = &issue.style {
        let author = style::author(source, theme);
        css.push_str(&author.inlined);
        own = author.inlined;
        kept.extend(author.kept);
        problems.extend(author.problems);
    }
    let write = |issue: &Issue| {
        let letter =
            Letter { publication, issue, theme, sources: &sources, unsubscribe: &unsubscribe };
        let body = letter.body();
        let used = prune_css::UsedNames::of(&body.0);
        let kept: Vec<String> = kept.iter().map(|css| used.rules(css)).collect();
        let document = letter.document(&kept, &body).into_string();
        within_bounds(&document)?;
        style::excess(&own, &document).map_or(Ok(()), |what| Err(NoLetter::Laden(what)))?;
        let html = inline::inline(&document, &css, &kept).map_err(NoLetter::Style)?;
        let html = topics::settle(&html);
        within_bounds(&html)?;
        Ok(html)
    };
    let page = publication.page_of(&issue.name);
    problems.extend(auto_excerpt::lead_to_rest(&mut issue, page.as_deref()));
    let html = match auto_excerpt::shorten(&mut issue, page.as_deref(), write) {
        Ok((html, notes)) => {
            problems.extend(notes);
            let author = issue.style.iter();
            problems.extend(author.flat_map(|source| outdone::problems(source, &html)));
            html
        }
        Err(why) => {
            problems.push(no_letter(&why, &issue));
            return (None, problems);
        }
    };
    let text = plain::letter(publication, &issue, theme.footer.as_deref(), &unsubscribe);
    if let Err(why) = within_bounds(&text) {
        problems.push(no_letter(&why, &issue));
        return (None, problems);
    }
    // A part that nothing refers to would show as an attachment.
    let is_shown = |picture: &Picture| html.contains(&format!("cid:{}", picture.content_id));
    let pictures = pictures.into_iter().filter(is_shown).collect();
    // What was pasted with a text and does nothing is told by a rule, and goes to nobody.
    let (html, text) = (unseen::without_pasted(&html), unseen::without_pasted(&text));
    let composition = assemble(&issue, &html, &text, pictures);
    (Some(composition), problems)
}

fn within_bounds(part: &str) -> Result<(), NoLetter> {
    if part.len() > MAX_PART { Err(NoLetter::Large(part.len())) } else { Ok(()) }
}

fn no_letter(why: &NoLetter, issue: &Issue) -> Diagnostic {
    match why {
        NoLetter::Style(error) => {
            style_broken(&error.to_string(), issue).help("correct style.css, or remove it")
        }
        NoLetter::Laden(what) => style_broken(what, issue)
            .help("delete rules that the letter does not use, or make two issues"),
        NoLetter::Large(bytes) => Diagnostic::error(
            "issue-large",
            format!("this issue becomes a mail of over {} kB", bytes / 1024),
        )
        .at(Place::File(issue.manifest.path().to_owned()))
        .help("show articles as excerpts, or make two issues: Gmail cuts a mail off at 100 kB"),
    }
}

/// The publication as this issue may name it: one that is not for everybody has no page, and where each
/// reader chooses on a page of their own, its mark stands for the address.
fn of_issue<'p>(
    publication: &'p Publication,
    issue: &mut Issue,
    place: &Place,
) -> Cow<'p, Publication> {
    let mut publication = Cow::Borrowed(publication);
    if !issue.archive && publication.has_archive {
        publication.to_mut().browser_url = None;
    }
    let is_own = publication.has_preferences && publication.preferences_url.is_none();
    if is_own && !issue.asks_to_confirm {
        let mark = issue.slots.built_in("preferences_url", place.clone());
        publication.to_mut().preferences_url = Some(mark);
    }
    publication
}

/// Where a slot is written.
fn places(issue: &Issue, index: usize) -> impl Iterator<Item = (usize, Place)> {
    issue.slots.places(index).map(move |place| (index, place.clone()))
}

fn assemble(issue: &Issue, html: &str, text: &str, pictures: Vec<Picture>) -> Composition {
    let is_url = |index: usize| issue.slots.is_url(index);
    let used: Vec<(usize, Slot)> =
        issue.slots.used().map(|(index, slot)| (index, slot.clone())).collect();
    let count = used.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
    let mut slots = vec![None; count];
    for (index, slot) in &used {
        let mut slot = slot.clone();
        slot.fallback = slot.fallback.map(|text| unseen::without_pasted(&text).into_owned());
        slots[*index] = Some(slot);
    }
    let mut composition = Composition {
        issue: issue.name.clone(),
        subject: slots::cut_plain(&issue.subject.value, is_url),
        text: slots::cut_plain(text, is_url),
        html: slots::cut_html(html, is_url),
        pictures,
        language: issue.language.clone(),
        slots,
        sent_to: topics::sent_to(issue),
        slot_places: used.iter().flat_map(|(index, _)| places(issue, *index)).collect(),
        content_hash: [0; 32],
    };
    composition.content_hash = hash(&composition);
    composition
}

fn hash(composition: &Composition) -> [u8; 32] {
    let mut parts: Vec<Vec<u8>> =
        vec![composition.issue.clone().into_bytes(), composition.language.clone().into_bytes()];
    for segments in [&composition.subject, &composition.text, &composition.html] {
        parts.push(segments.len().to_be_bytes().to_vec());
        for segment in segments {
            match segment {
                Segment::Literal(text) => parts.push(text.clone().into_bytes()),
                Segment::Slot(index, context) => {
                    let slot = composition.slots.get(*index).and_then(Option::as_ref);
                    let slot = slot.map(|slot| (&slot.field, &slot.fallback));
                    parts.push(format!("{context:?} {slot:?}").into_bytes());
                }
                Segment::When(tag) => parts.push(format!("when {tag}").into_bytes()),
                Segment::EndWhen => parts.push(b"end when".to_vec()),
            }
        }
    }
    parts.extend(composition.sent_to.as_ref().map(|only| format!("to {only}").into_bytes()));
    let pictures = composition.pictures.iter().map(|picture| &picture.bytes[..]);
    crypto::sha256(parts.iter().map(Vec::as_slice).chain(pictures))
}

fn contrast_problems(theme: &Theme) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (scheme, palette) in [("light", &theme.light), ("dark", &theme.dark)] {
        for (text, color, surface, behind) in palette.pairs() {
            let ratio = color.contrast(behind);
            if ratio < LEAST_CONTRAST {
                problems.push(
                    Diagnostic::error(
                        "contrast",
                        format!(
                            "{text} {color} on {surface} {behind} in theme.{scheme} has a contrast \
                             of {ratio:.2}; it must be at least {LEAST_CONTRAST}"
                        ),
                    )
                    .help(format!("make {text} or {surface} darker or lighter in digest.toml")),
                );
            }
        }
    }
    problems
}

fn style_broken(why: &str, issue: &Issue) -> Diagnostic {
    let problem = Diagnostic::error("style", format!("the style sheet cannot be used: {why}"));
    match &issue.style {
        Some(source) => problem.at(Place::File(source.path().to_owned())),
        None => problem,
    }
}

/// The value of a preheader or subject with its slots as people would read them in a list.
pub fn readable(text: &str, slots: &slot::Slots) -> String {
    slot::fill(text, |index| match slots.get(index) {
        Some(Slot { fallback: Some(fallback), .. }) => fallback.clone(),
        Some(Slot { field, .. }) => format!("{{{{ {field} }}}}"),
        None => String::new(),
    })
}
