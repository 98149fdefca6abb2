//! How large a mail may be.

use crate::compose::{Composition, Segment};
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::Issue;

/// Gmail cuts a mail off behind this many bytes of HTML, the unsubscribe link included.
const CUT_OFF: usize = 102_400;
/// Room for what relays and forwarders add.
const NEAR: usize = 90 * 1024;
/// What a slot without a fallback is reckoned with.
const SLOT: usize = 24;

/// HTML that Gmail cuts off, or nearly.
pub(super) fn html_size(issue: &Issue, composition: &Composition) -> Option<Diagnostic> {
    let bytes: usize = composition
        .html
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => text.len(),
            Segment::Slot(index, _) => {
                let slot = composition.slots.get(*index).and_then(Option::as_ref);
                slot.and_then(|slot| slot.fallback.as_ref()).map_or(SLOT, String::len)
            }
            Segment::When(_) | Segment::EndWhen => 0,
        })
        .sum();
    let kilobytes = bytes as f64 / 1024.0;
    let problem = match bytes {
        0..=NEAR => return None,
        bytes if bytes <= CUT_OFF => Diagnostic::warning(
            "html-size",
            format!("the HTML is {kilobytes:.0} kB large; Gmail cuts off behind 100 kB"),
        ),
        _ => Diagnostic::error(
            "html-size",
            format!(
                "the HTML is {kilobytes:.0} kB large; Gmail cuts it off behind 100 kB, and the \
                 unsubscribe link with it"
            ),
        ),
    };
    Some(
        problem
            .at(Place::File(issue.manifest.path().to_owned()))
            .help("show long articles with length: excerpt, or split the issue"),
    )
}
