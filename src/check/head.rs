//! What an inbox shows before a mail is opened: subject and preheader.

use unicode_width::UnicodeWidthStr as _;

use crate::compose;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::Issue;
use crate::manifest::Located;

/// Phones show about half of this; desktop lists cut it off.
const SUBJECT_COLUMNS: usize = 60;
/// Below this the inbox fills up with the first words of the letter.
const PREHEADER_LEAST: usize = 40;
/// No inbox shows more.
const PREHEADER_MOST: usize = 130;

fn place(issue: &Issue, text: &Located<String>) -> Place {
    Place::span(&issue.manifest, text.span.clone())
}

/// A subject that is cut off; slots count as their fallback.
pub(super) fn subject_length(issue: &Issue) -> Option<Diagnostic> {
    let columns = compose::readable(&issue.subject.value, &issue.slots).width();
    (columns > SUBJECT_COLUMNS).then(|| {
        let message = format!("the subject is {columns} columns wide; inboxes cut it off");
        Diagnostic::warning("subject-length", message)
            .at(place(issue, &issue.subject))
            .help(format!("say what matters within {SUBJECT_COLUMNS} columns"))
    })
}

/// No preheader: the inbox shows whatever comes first.
pub(super) fn preheader_missing(issue: &Issue) -> Option<Diagnostic> {
    let missing = issue.preheader.as_ref().is_none_or(|text| text.value.is_empty());
    missing.then(|| {
        let help = "add preheader = \"…\": a sentence that an inbox shows behind the subject";
        Diagnostic::warning("preheader-missing", "there is no preheader")
            .at(Place::File(issue.manifest.path().to_owned()))
            .help(help)
    })
}

/// A preheader that is too short to fill its line, or too long to be seen.
pub(super) fn preheader_length(issue: &Issue) -> Option<Diagnostic> {
    let preheader = issue.preheader.as_ref().filter(|text| !text.value.is_empty())?;
    let length = compose::readable(&preheader.value, &issue.slots).chars().count();
    let what = match length {
        0..PREHEADER_LEAST => "an inbox fills the line with the mail's first words",
        PREHEADER_LEAST..=PREHEADER_MOST => return None,
        _ => "no inbox shows its end",
    };
    Some(
        Diagnostic::warning(
            "preheader-length",
            format!("{length} characters of preheader: {what}"),
        )
        .at(place(issue, preheader))
        .help(format!("write {PREHEADER_LEAST} to {PREHEADER_MOST} characters")),
    )
}

/// A preheader that says what the title says.
pub(super) fn preheader_repeats_title(issue: &Issue) -> Option<Diagnostic> {
    let preheader = issue.preheader.as_ref()?;
    let flat = |text: &str| text.trim().trim_end_matches('.').to_lowercase();
    (flat(&compose::readable(&preheader.value, &issue.slots)) == flat(&issue.title)).then(|| {
        Diagnostic::warning("preheader-title", "the preheader repeats the title")
            .at(place(issue, preheader))
            .help("say what else is in the issue")
    })
}
