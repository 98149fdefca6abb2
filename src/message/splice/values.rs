//! What one recipient has for the slots, written for the place where it stands, and which passages
//! they see.

use std::borrow::Cow;

use crate::compose::{Segment, SlotContext};
use crate::issue::only::Only;
use crate::message::recipient::Recipient;

/// The values of one recipient, by slot.
pub(super) struct Values<'a>(pub(super) Vec<Cow<'a, str>>);

impl Values<'_> {
    pub(super) fn get(&self, slot: usize, context: SlotContext) -> Cow<'_, str> {
        context.write(self.0.get(slot).map_or("", |value| value.as_ref()))
    }
}

/// Segments as one text for one recipient.
pub(super) fn plain_text(
    segments: &[Segment],
    values: &Values<'_>,
    recipient: &Recipient,
) -> String {
    let mut out = String::new();
    let mut passages = Passages::default();
    for segment in segments {
        match segment {
            Segment::When(only) => passages.open(Only::of_passage(only).means(recipient)),
            Segment::EndWhen => passages.close(),
            _ if passages.hidden() => {}
            Segment::Literal(text) => out.push_str(text),
            Segment::Slot(index, context) => out.push_str(&values.get(*index, *context)),
        }
    }
    out
}

/// Which passages for some readers are open, and whether this reader sees what stands here.
#[derive(Default)]
pub(super) struct Passages {
    depth: usize,
    hidden_since: Option<usize>,
}

impl Passages {
    pub(super) fn open(&mut self, shown: bool) {
        self.depth += 1;
        if !shown && self.hidden_since.is_none() {
            self.hidden_since = Some(self.depth);
        }
    }

    pub(super) fn close(&mut self) {
        if self.hidden_since == Some(self.depth) {
            self.hidden_since = None;
        }
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn hidden(&self) -> bool {
        self.hidden_since.is_some()
    }
}
