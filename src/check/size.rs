//! How large a mail may be.

use std::cmp::Reverse;

use crate::compose::article_sizes::{self, CUT_OFF, NEAR};
use crate::compose::{Composition, Segment};
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::Issue;

/// What a slot without a fallback is reckoned with.
const SLOT: usize = 24;
/// More articles than this are only counted.
const NAMED: usize = 8;

/// HTML that Gmail cuts off, or nearly, with what each article adds to it.
pub(super) fn html_size(issue: &Issue, composition: &Composition) -> Option<Diagnostic> {
    let html = filled(composition);
    let wire = article_sizes::on_the_wire(&html);
    let most = html.len().max(wire);
    let measured = if wire > html.len() {
        format!("{} large when it is sent", kilobytes(wire))
    } else {
        format!("{} large", kilobytes(html.len()))
    };
    let problem = match most {
        0..=NEAR => return None,
        most if most <= CUT_OFF => Diagnostic::warning(
            "html-size",
            format!("the HTML is {measured}; Gmail cuts off everything after 100 kB"),
        ),
        _ => Diagnostic::error(
            "html-size",
            format!(
                "the HTML is {measured}; Gmail cuts it off after 100 kB, and readers lose the \
                 unsubscribe link"
            ),
        ),
    };
    let help = format!(
        "{}: give long articles a url and length: auto or excerpt, or split the issue",
        breakdown(issue, &html)
    );
    Some(problem.at(Place::File(issue.manifest.path().to_owned())).help(help))
}

/// The HTML that a reader gets who has no fields of their own.
fn filled(composition: &Composition) -> String {
    let slot = |index: usize| {
        let slot = composition.slots.get(index).and_then(Option::as_ref);
        slot.and_then(|slot| slot.fallback.clone()).unwrap_or_else(|| "x".repeat(SLOT))
    };
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Slot(index, _) => slot(*index),
        Segment::When(_) | Segment::EndWhen => String::new(),
    };
    composition.html.iter().map(segment).collect()
}

fn kilobytes(bytes: usize) -> String {
    format!("{:.0} kB", bytes as f64 / 1024.0)
}

/// What each article weighs, the heaviest first.
fn breakdown(issue: &Issue, html: &str) -> String {
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let mut sizes: Vec<_> =
        article_sizes::articles(issue, html).into_iter().zip(articles).collect();
    sizes.sort_by_key(|(bytes, _)| Reverse(*bytes));
    let mut named: Vec<String> = sizes
        .iter()
        .take(NAMED)
        .map(|(bytes, article)| format!("{}.md {bytes} bytes", article.slug))
        .collect();
    if sizes.len() > NAMED {
        named.push(format!("{} more", sizes.len() - NAMED));
    }
    named.join(", ")
}
