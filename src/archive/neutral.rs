//! What stands in a public page where a mail has something of its reader: a fallback, or a word that is
//! true of everybody. Passages for some readers are left out, but for those of topics, which anybody
//! may choose.
//!
//! Must never show what one reader got and another did not.

use super::words::ArchiveWords;
use crate::compose::slots::cut_html;
use crate::compose::{Segment, SlotContext};
use crate::diagnostic::unseen;
use crate::issue::only::{Only, Traits};
use crate::issue::slot::{self, Slot, Slots};

/// What addresses within the site begin with until it is known where the site is. No author can write
/// such an address: links of articles lead to `https:`, `http:`, `mailto:` or `tel:`.
pub(super) const OWN: &str = "page:";

/// The page that says how to leave.
pub(super) const LEAVE: &str = "unsubscribe/";

/// Somebody who reads the site, of whom nothing is known but that they may want any topic.
struct Anybody;

impl Traits for Anybody {
    fn identity(&self) -> String {
        String::new()
    }

    fn has_tag(&self, _tag: &str) -> bool {
        false
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }
}

/// Whether a passage for those whom `only` means is for everybody who reads the site.
pub(super) fn is_public(only: &str) -> bool {
    let only = Only::of_passage(only);
    only.is_of_topics() && only.means(&Anybody)
}

/// HTML with marks of slots, as anybody may read it.
pub(super) fn html(html: &str, slots: &Slots, words: &ArchiveWords) -> String {
    let is_url = |index: usize| slots.get(index).is_some_and(|slot| slot::is_page(&slot.field));
    segments(&cut_html(html, is_url), |index| slots.get(index), words)
}

/// A text with marks of slots, as anybody may read it.
pub(super) fn text(text: &str, slots: &Slots, words: &ArchiveWords) -> String {
    slot::fill(text, |index| match slots.get(index) {
        Some(slot) => word(slot, SlotContext::Plain, words),
        None => String::new(),
    })
}

/// Cut text, as anybody may read it.
pub(super) fn segments<'s>(
    segments: &[Segment],
    slot: impl Fn(usize) -> Option<&'s Slot>,
    words: &ArchiveWords,
) -> String {
    let mut out = String::new();
    let mut open: Vec<bool> = Vec::new();
    for segment in segments {
        match segment {
            Segment::When(only) => open.push(is_public(only)),
            Segment::EndWhen => {
                open.pop();
            }
            _ if open.contains(&false) => {}
            Segment::Literal(text) => out.push_str(text),
            Segment::Slot(index, context) => {
                let Some(slot) = slot(*index) else { continue };
                if slot::is_page(&slot.field) && out.ends_with("=\"") {
                    out.push_str(OWN);
                    out.push_str(LEAVE);
                } else {
                    out.push_str(&context.write(&word(slot, *context, words)));
                }
            }
        }
    }
    out
}

fn word(slot: &Slot, context: SlotContext, words: &ArchiveWords) -> String {
    if let Some(fallback) = &slot.fallback {
        return unseen::without_pasted(fallback).into_owned();
    }
    match (context, &*slot.field) {
        (SlotContext::UrlPart | SlotContext::PlainUrlPart, _) => String::new(),
        (_, "email") => words.your_address.to_owned(),
        (_, field) if field.split('_').any(|part| part == "name") => words.reader.to_owned(),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_anybody_may_choose_is_public() {
        for (only, public) in [
            ("topic:events", true),
            ("topic:events or topic:jobs", true),
            ("not topic:events", false),
            ("tag:board", false),
            ("board", false),
            ("topic:events and tag:board", false),
            ("topic:events or tag:board", false),
            ("not tag:board", false),
            ("language=ko", false),
            ("got:2025-10", false),
        ] {
            assert_eq!(is_public(only), public, "{only}");
        }
    }

    #[test]
    fn a_reader_of_the_site_is_nobody() {
        let slot = |field: &str, fallback: Option<&str>| Slot {
            field: field.to_owned(),
            fallback: fallback.map(str::to_owned),
        };
        let slots = [
            slot("first_name", None),
            slot("first_name", Some("friend & all")),
            slot("email", None),
            slot("unsubscribe_url", None),
            slot("points", None),
        ];
        let parts = [
            Segment::Literal("<p>".to_owned()),
            Segment::Slot(0, SlotContext::Html),
            Segment::Slot(1, SlotContext::Html),
            Segment::Literal("<a href=\"https://a.example/?e=".to_owned()),
            Segment::Slot(2, SlotContext::UrlPart),
            Segment::Literal("\">".to_owned()),
            Segment::Slot(2, SlotContext::Html),
            Segment::Literal("</a><a href=\"".to_owned()),
            Segment::Slot(3, SlotContext::Html),
            Segment::Literal("\">".to_owned()),
            Segment::When("tag:board".to_owned()),
            Segment::Literal("secret".to_owned()),
            Segment::When("topic:a".to_owned()),
            Segment::Slot(4, SlotContext::Html),
            Segment::EndWhen,
            Segment::EndWhen,
            Segment::Slot(4, SlotContext::Html),
        ];
        let english = ArchiveWords::of("en");
        assert_eq!(
            segments(&parts, |index| slots.get(index), english),
            "<p>readerfriend &amp; all<a href=\"https://a.example/?e=\">your address</a>\
             <a href=\"page:unsubscribe/\">…"
        );
    }
}
