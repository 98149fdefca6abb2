//! Rules over an issue, its composition and its readers: what composes without a complaint and
//! would still be a mistake in an inbox.
//!
//! A function per rule, each returning its own diagnostic with the author's place. Must never read
//! a file or send anything: what is looked at comes in as an argument.

mod head;
mod size;
mod slots;

use crate::compose::Composition;
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::message::recipient::Recipient;

/// Who a list holds, as far as the rules need to know it.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// The names of the list's columns, as slots call them.
    pub columns: &'a [String],
    /// Everybody on it.
    pub recipients: &'a [Recipient],
}

/// The rules about slots alone, for a composition whose files have changed since.
pub fn readers(composition: &Composition, audience: &Audience<'_>) -> Vec<Diagnostic> {
    slots::against_list(composition, audience)
}

/// Every rule; those about slots ask the list where there is one.
pub fn issue(
    issue: &Issue,
    composition: &Composition,
    audience: Option<Audience<'_>>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    problems.extend(head::subject_length(issue));
    problems.extend(head::preheader_missing(issue));
    problems.extend(head::preheader_length(issue));
    problems.extend(head::preheader_repeats_title(issue));
    problems.extend(size::html_size(issue, composition));
    match audience {
        Some(audience) => problems.extend(slots::against_list(composition, &audience)),
        None => problems.extend(slots::without_list(composition)),
    }
    problems
}
