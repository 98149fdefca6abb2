//! What rules look at: an issue and all that was made of it, read once for all of them.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::Input;
use super::author::{Author, readable};
use super::html::Tree;
use super::posts::EmbeddedPosts;
use super::written::StyleIndex;
use crate::compose::{Composition, Segment, SlotContext};
use crate::diagnostic::Place;
use crate::issue::load;
use crate::issue::only::Only;

/// Stands for the unsubscribe link, which is another for each recipient.
pub(super) const UNSUBSCRIBE: &str = "https://unsubscribe.invalid/";
/// The same for the page of preferences.
pub(super) const PREFERENCES: &str = "https://preferences.invalid/";

/// See the file's head.
pub(super) struct View<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) author: Author<'a>,
    /// The HTML, with slots as readers without the fields get them, passages for some included.
    pub(super) html: String,
    pub(super) tree: Tree,
    /// The plain text, in the same way.
    pub(super) text: String,
    pub(super) subject: String,
    pub(super) preheader: Option<String>,
    /// The HTML and the text as somebody without any tag and any field gets them, where that is not
    /// the same.
    pub(super) untagged: Option<(Tree, String)>,
    /// Where styles are written; read when the first is asked for.
    pub(super) styles: OnceCell<StyleIndex>,
    posts: OnceCell<EmbeddedPosts>,
}

impl<'a> View<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> View<'a> {
        let issue = input.issue;
        let html = joined(input, &input.composition.html);
        let Composition { html: segments, text, .. } = input.composition;
        let has_passages =
            [segments, text].into_iter().flatten().any(|one| matches!(one, Segment::When(_)));
        let untagged = has_passages.then(|| {
            // Whoever wants none of the topics of all sections gets no mail.
            let is_read = input.composition.sent_to.is_some();
            let html = joined(input, &without_passages(segments, is_read));
            (Tree::read(&html), joined(input, &without_passages(text, is_read)))
        });
        View {
            untagged,
            styles: OnceCell::new(),
            posts: OnceCell::new(),
            input,
            author: Author::new(issue),
            tree: Tree::read(&html),
            html,
            text: joined(input, &input.composition.text),
            subject: readable(&issue.subject.value, &issue.slots),
            preheader: issue.preheader.as_ref().map(|text| readable(&text.value, &issue.slots)),
        }
    }

    /// Where embedded posts of social networks stand.
    pub(super) fn posts(&self) -> &EmbeddedPosts {
        self.posts.get_or_init(|| EmbeddedPosts::new(&self.author))
    }

    /// `issue.toml` as a whole.
    pub(super) fn manifest(&self) -> Place {
        Place::File(self.input.issue.manifest.path().to_owned())
    }

    /// `digest.toml` as a whole.
    pub(super) fn publication(&self) -> Place {
        Place::File(load::path_from_here(&self.input.publication.root.join("digest.toml")))
    }

    /// The value of the subject.
    pub(super) fn subject_place(&self) -> Place {
        Place::span(&self.input.issue.manifest, self.input.issue.subject.span.clone())
    }

    /// The value of the preheader.
    pub(super) fn preheader_place(&self) -> Place {
        let issue = self.input.issue;
        match &issue.preheader {
            Some(text) => Place::span(&issue.manifest, text.span.clone()),
            None => self.manifest(),
        }
    }

    /// Where an author wrote `needle`: in the style sheet, an article or `issue.toml`.
    pub(super) fn written(&self, needle: &str) -> Option<Place> {
        let issue = self.input.issue;
        let articles = issue.sections.iter().flat_map(|section| &section.articles);
        let articles = articles.map(|article| &article.source);
        let sources = issue.style.iter().chain(articles).chain([&issue.manifest]);
        sources.into_iter().find_map(|source| {
            let at = memchr::memmem::find(source.text().as_bytes(), needle.as_bytes());
            let at = at.filter(|_| !needle.is_empty())?;
            Some(Place::span(source, at..at + needle.len()))
        })
    }

    /// Where an author wrote a heading with this text; else where the text stands at all.
    pub(super) fn heading_place(&self, text: &str) -> Place {
        let mut headings = self.author.passages.iter().filter(|passage| passage.is_heading);
        let found = headings.find(|passage| passage.text.trim() == text);
        found.map_or_else(|| self.place_of(text), |passage| passage.spot.of(text))
    }

    /// The same, or else `issue.toml` as a whole.
    pub(super) fn place_of(&self, needle: &str) -> Place {
        self.written(needle).unwrap_or_else(|| self.manifest())
    }

    /// What readers see of the HTML, in one line.
    pub(super) fn visible(&self) -> String {
        visible(&self.tree)
    }

    /// The mail as everybody gets it who has all tags, and as those do who have none.
    pub(super) fn readings(&self) -> Vec<(&Tree, &str)> {
        let untagged = self.untagged.as_ref().map(|(tree, text)| (tree, text.as_str()));
        std::iter::once((&self.tree, self.text.as_str())).chain(untagged).collect()
    }

    /// The targets of all links of the HTML.
    pub(super) fn targets(&self) -> BTreeSet<&str> {
        self.tree.named("a").filter_map(|link| link.attribute("href")).collect()
    }
}

/// What readers see of the HTML, in one line.
pub(super) fn visible(tree: &Tree) -> String {
    let seen = tree.texts.iter().filter(|words| !tree.is_hidden(words.parent));
    let all: Vec<&str> = seen.map(|words| words.text.as_str()).collect();
    all.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What somebody gets who has none of the tags, and none of the topics, unless `with_topics`. A passage
/// that never ends takes all with it.
fn without_passages(segments: &[Segment], with_topics: bool) -> Vec<Segment> {
    let mut around: Vec<bool> = Vec::new();
    let mut hidden = 0_usize;
    let mut kept = Vec::new();
    for segment in segments {
        match segment {
            Segment::When(text) => {
                let is_hidden = !with_topics || !Only::of_passage(text).is_of_topics();
                around.push(is_hidden);
                hidden += usize::from(is_hidden);
            }
            Segment::EndWhen => hidden -= usize::from(around.pop().unwrap_or_default()),
            other if hidden == 0 => kept.push(other.clone()),
            _ => {}
        }
    }
    kept
}

fn joined(input: &Input<'_>, segments: &[Segment]) -> String {
    let slot = |index: usize, context: SlotContext| {
        let slot = input.composition.slots.get(index).and_then(Option::as_ref);
        match slot {
            Some(slot) if slot.field == "unsubscribe_url" => UNSUBSCRIBE.to_owned(),
            Some(slot) if slot.field == "preferences_url" => PREFERENCES.to_owned(),
            Some(slot) => match &slot.fallback {
                // As it is sent: a fallback may hold a tag, or a quotation mark.
                Some(fallback) => context.write(fallback).into_owned(),
                None => format!("«{}»", slot.field),
            },
            None => String::new(),
        }
    };
    // A paragraph that is nothing without its fields is left out with them.
    let mut empty = 0_usize;
    let shown = segments.iter().filter(|segment| {
        let is_hidden = empty > 0;
        match segment {
            Segment::When(text) if is_hidden || Only::is_filled(text) => empty += 1,
            Segment::EndWhen if is_hidden => empty -= 1,
            _ => {}
        }
        !is_hidden
    });
    shown
        .map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Slot(index, context) => slot(*index, *context),
            Segment::When(_) | Segment::EndWhen => String::new(),
        })
        .collect()
}
