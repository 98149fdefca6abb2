//! Sections and passages that name topics and segments: what digest.toml knows is put in the place of its name, and
//! the rest is told. What is composed then stands by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::Publication;
use crate::issue::block::{Block, BlockKind};
use crate::issue::only::{Only, OnlyCondition, OnlyError, authored};
use crate::issue::topics;
use crate::manifest::{Located, Table};

/// The topic of a section, which digest.toml has to know: nobody could say no to another one.
pub(super) fn topic(
    publication: &Publication,
    text: &Located<String>,
    table: &mut Table,
) -> Option<String> {
    let topics = &publication.topics;
    let name = text.value.trim();
    if topics.iter().any(|topic| topic.name == name) {
        return Some(name.to_owned());
    }
    let problem = Diagnostic::error("topic-unknown", format!("digest.toml has no topic {name:?}"))
        .at(table.place(&text.span));
    table.report(problem.help(topics::instead(name, topics)));
    None
}

/// The passages of a text.
pub(super) fn settle(
    publication: &Publication,
    source: &Arc<Source>,
    blocks: &mut [Block],
    problems: &mut Vec<Diagnostic>,
) {
    PassageSettling { publication, source, told: BTreeSet::new(), problems }.blocks(blocks);
}

struct PassageSettling<'a> {
    publication: &'a Publication,
    source: &'a Arc<Source>,
    /// Where something was told: a passage and its `else` are one.
    told: BTreeSet<usize>,
    problems: &'a mut Vec<Diagnostic>,
}

impl PassageSettling<'_> {
    fn blocks(&mut self, blocks: &mut [Block]) {
        for block in blocks {
            match &mut block.kind {
                BlockKind::List { items, .. } => {
                    items.iter_mut().for_each(|item| self.blocks(&mut item.blocks));
                }
                BlockKind::Quote(inner, _)
                | BlockKind::Callout(inner)
                | BlockKind::Language(_, inner) => self.blocks(inner),
                BlockKind::Only(text, inner) => {
                    self.blocks(inner);
                    match settled(self.publication, text) {
                        Ok(None) => {}
                        Ok(Some(whole)) => *text = authored(whole),
                        Err((needle, error)) => self.tell(block, &needle, &error),
                    }
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, block: &Block, needle: &str, error: &OnlyError) {
        if !self.told.insert(block.span.start) {
            return;
        }
        let written = self.source.text().get(block.span.clone()).unwrap_or_default();
        let at = written.find(needle).unwrap_or(0);
        let start = block.span.start + at;
        let end = start + if at > 0 { needle.len() } else { 0 };
        let what = format!("this `only` cannot be used: {}", error.reason);
        let place = Place::span(self.source, start..end);
        self.problems.push(Diagnostic::error("only-name", what).at(place).help(
            "name a topic or a segment of digest.toml, or write a tag or a field, such as tag:member",
        ));
    }
}

/// The expression with the names in it replaced, where it has some; or the word that is wrong.
fn settled(publication: &Publication, text: &str) -> Result<Option<String>, (String, OnlyError)> {
    // A tag alone is no expression.
    let Ok(only) = text.parse::<Only>() else { return Ok(None) };
    if let Some(issue) = only.issues().first() {
        let reason = "got: is for --only: a text cannot depend on the ledger".to_owned();
        let needle = OnlyCondition::Got((*issue).to_owned()).to_string();
        return Err((needle, OnlyError { column: 1, reason }));
    }
    match Only::read(text, publication.names()) {
        Ok(whole) if only.segments().is_empty() && whole == only => Ok(None),
        Ok(whole) => {
            let whole = whole.to_string();
            match whole.parse::<Only>() {
                Ok(_) => Ok(Some(whole)),
                Err(error) => Err((String::new(), error)),
            }
        }
        Err(error) => {
            let at = text.char_indices().nth(error.column - 1).map_or(0, |(at, _)| at);
            let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
            let word = text[at..].split(is_end).next().unwrap_or_default();
            Err((word.to_owned(), error))
        }
    }
}
