//! Posts of social networks that were embedded with the HTML that these write for web pages. Their
//! script is left out of a mail, and that is told; what else is odd in such HTML nobody has written,
//! and is not told again.

use std::collections::HashSet;
use std::sync::Arc;

use super::author::Author;
use super::spot::Spot;
use crate::diagnostic::Source;
use crate::issue::sanitize::is_post;

/// Where embedded posts stand.
#[derive(Debug, Default)]
pub(super) struct EmbeddedPosts {
    /// Each by its file and its first byte.
    blocks: HashSet<(*const Source, usize)>,
    /// Files of which the script of a post was told.
    told: HashSet<*const Source>,
}

impl EmbeddedPosts {
    pub(super) fn new(author: &Author<'_>) -> EmbeddedPosts {
        let mut posts = EmbeddedPosts::default();
        let mut seen = HashSet::new();
        for (spot, _) in &author.raw {
            let span = spot.source.within(spot.span.clone());
            let source = Arc::as_ptr(spot.source);
            let text = spot.source.text();
            if !is_post(&text[span.clone()]) {
                continue;
            }
            posts.blocks.insert((source, span.start));
            // One script may be for all posts of a file, wherever it stands in it.
            if seen.insert(source) && ["<script", "<SCRIPT"].iter().any(|tag| text.contains(tag)) {
                posts.told.insert(source);
            }
        }
        posts
    }

    /// Whether a stretch is a post.
    pub(super) fn hold(&self, spot: &Spot<'_>) -> bool {
        let span = spot.source.within(spot.span.clone());
        self.blocks.contains(&(Arc::as_ptr(spot.source), span.start))
    }

    /// Whether a stretch is a post of which something was told.
    pub(super) fn are_told(&self, spot: &Spot<'_>) -> bool {
        self.hold(spot) && self.told.contains(&Arc::as_ptr(spot.source))
    }
}
