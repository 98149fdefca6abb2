//! What an inbox shows before a mail is opened: subject and preheader.

use unicode_width::UnicodeWidthStr as _;

use super::view::View;
use crate::diagnostic::{Diagnostic, Place};

/// Phones show about half of this; desktop lists cut it off.
const SUBJECT_COLUMNS: usize = 60;
/// Below this the inbox fills up with the first words of the letter.
const PREHEADER_LEAST: usize = 40;
/// No inbox shows more.
const PREHEADER_MOST: usize = 130;

/// A subject that is cut off; slots count as their fallback.
pub(super) fn subject_length(view: &View<'_>) -> Vec<Diagnostic> {
    let columns = view.subject.width();
    if columns <= SUBJECT_COLUMNS {
        return Vec::new();
    }
    let message = format!("the subject is {columns} columns wide, so inboxes cut it off");
    let problem = Diagnostic::warning("subject-length", message)
        .at(view.subject_place())
        .help(format!("put the important words within the first {SUBJECT_COLUMNS} columns"));
    vec![problem]
}

/// Capitals throughout (SpamAssassin SUBJ_ALL_CAPS).
pub(super) fn subject_caps(view: &View<'_>) -> Vec<Diagnostic> {
    let cased = view.subject.chars().filter(|c| c.is_uppercase() != c.is_lowercase());
    let (upper, lower): (Vec<char>, Vec<char>) = cased.partition(|c| c.is_uppercase());
    if upper.len() < 8 || !lower.is_empty() {
        return Vec::new();
    }
    let problem = Diagnostic::warning("subject-caps", "the subject is written in capitals only")
        .at(view.subject_place())
        .help("write it as a normal sentence; spam filters count capitals (SUBJ_ALL_CAPS)");
    vec![problem]
}

/// Marks in a row (SpamAssassin PLING_QUERY and others).
pub(super) fn subject_marks(view: &View<'_>) -> Vec<Diagnostic> {
    let marks: Vec<bool> =
        view.subject.chars().map(|c| matches!(c, '!' | '?' | '！' | '？')).collect();
    let in_a_row = marks.windows(2).any(|pair| pair[0] && pair[1]);
    if !in_a_row && marks.iter().filter(|mark| **mark).count() < 3 {
        return Vec::new();
    }
    let problem = Diagnostic::warning(
        "subject-marks",
        "the subject has too many exclamation or question marks",
    )
    .at(view.subject_place())
    .help("one mark is enough; spam filters count more of them (PLING_QUERY)");
    vec![problem]
}

/// No letter and no digit: nothing to read aloud.
pub(super) fn subject_emoji(view: &View<'_>) -> Vec<Diagnostic> {
    if view.subject.contains(char::is_alphanumeric) {
        return Vec::new();
    }
    let problem = Diagnostic::error("subject-emoji", "the subject has no words")
        .at(view.subject_place())
        .help("write in words what the issue is about; a screen reader can read only words");
    vec![problem]
}

/// An answer that is none.
pub(super) fn subject_reply(view: &View<'_>) -> Vec<Diagnostic> {
    let lower = view.subject.trim_start().to_lowercase();
    let marks = ["re:", "fw:", "fwd:", "aw:", "wg:", "sv:", "회신:", "전달:", "답장:"];
    let Some(mark) = marks.into_iter().find(|mark| lower.starts_with(mark)) else {
        return Vec::new();
    };
    let what = format!("the subject begins with {mark:?}, but it is not a reply");
    let problem = Diagnostic::warning("subject-reply", what)
        .at(view.subject_place())
        .help("delete it; mail programs would put the issue into another conversation");
    vec![problem]
}

/// Letters apart (SpamAssassin GAPPY_SUBJECT).
pub(super) fn subject_gappy(view: &View<'_>) -> Vec<Diagnostic> {
    let words: Vec<&str> = view.subject.split([' ', '.', '-', '_', '*']).collect();
    let is_letter = |word: &&str| {
        let mut chars = word.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next().is_none()
    };
    if !words.windows(4).any(|four| four.iter().all(is_letter)) {
        return Vec::new();
    }
    let problem =
        Diagnostic::warning("subject-gappy", "the subject has spaces between its letters")
            .at(view.subject_place())
            .help("write whole words; spam is often written like this (GAPPY_SUBJECT)");
    vec![problem]
}

/// The subject of another issue.
pub(super) fn subject_repeated(view: &View<'_>) -> Vec<Diagnostic> {
    let own = flat(&view.input.issue.subject.value);
    let raw = &view.input.issue.manifest.text()[view.input.issue.subject.span.clone()];
    let raw = flat(raw.trim_matches(['"', '\'']));
    let same = |subject: &&String| [&own, &raw].contains(&&flat(subject));
    let mut others = view.input.siblings.iter();
    let Some(other) = others.find(|other| other.subject.as_ref().is_some_and(|s| same(&s))) else {
        return Vec::new();
    };
    let what = format!("the issue {} has the same subject", other.name);
    let problem = Diagnostic::warning("subject-repeated", what).at(view.subject_place()).help(
        "say what is new; mail programs put mails with the same subject into one conversation",
    );
    vec![problem]
}

/// No preheader: the inbox shows whatever comes first.
pub(super) fn preheader_missing(view: &View<'_>) -> Vec<Diagnostic> {
    if view.preheader.as_ref().is_some_and(|text| !text.is_empty()) {
        return Vec::new();
    }
    let help = "add preheader = \"…\": a sentence that an inbox shows after the subject";
    let problem = Diagnostic::warning("preheader-missing", "there is no preheader")
        .at(Place::File(view.input.issue.manifest.path().to_owned()))
        .help(help);
    vec![problem]
}

/// A preheader that is too short to fill its line, or too long to be seen.
pub(super) fn preheader_length(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(preheader) = view.preheader.as_ref().filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    let length = preheader.chars().count();
    // A wide character says as much as two letters.
    let what = match (preheader.width(), length) {
        (0..PREHEADER_LEAST, _) => {
            "inboxes fill the rest of the line with the first words of the mail"
        }
        (_, 0..=PREHEADER_MOST) => return Vec::new(),
        _ => "inboxes do not show its end",
    };
    let problem = Diagnostic::warning(
        "preheader-length",
        format!("the preheader has {length} characters: {what}"),
    )
    .at(view.preheader_place())
    .help(format!("write {PREHEADER_LEAST} to {PREHEADER_MOST} characters"));
    vec![problem]
}

/// A preheader that says what the title says.
pub(super) fn preheader_title(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(preheader) = &view.preheader else { return Vec::new() };
    if flat(preheader) != flat(&view.input.issue.title) {
        return Vec::new();
    }
    let problem = Diagnostic::warning("preheader-title", "the preheader repeats the title")
        .at(view.preheader_place())
        .help("say what else is in the issue");
    vec![problem]
}

/// A preheader that says what stands right before it.
pub(super) fn preheader_subject(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(preheader) = &view.preheader else { return Vec::new() };
    if preheader.is_empty() || flat(preheader) != flat(&view.subject) {
        return Vec::new();
    }
    let problem = Diagnostic::warning("preheader-subject", "the preheader repeats the subject")
        .at(view.preheader_place())
        .help("an inbox shows it after the subject: say what else is in the issue");
    vec![problem]
}

fn flat(text: &str) -> String {
    text.trim().trim_end_matches('.').to_lowercase()
}
