//! The words of the pages in English.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "en",
    leave_title: "Unsubscribe from {name}",
    leave_question: "{address} will get no further issues of {name}.",
    leave_button: "Unsubscribe",
    left_title: "You are unsubscribed",
    left_text: "{address} gets no further issues of {name}. A message that is on its way at this moment may still arrive.",
    undo_button: "Undo: keep me on the list",
    undone_title: "You are on the list again",
    undone_text: "{address} gets the next issue of {name}.",
    kept_title: "This cannot be undone here",
    kept_text: "Something else keeps mail from {address}. Please write to {contact}.",
    why_question: "Will you tell us why? You need not.",
    why_choices: [
        "Too many messages",
        "It is not what I expected",
        "I never asked for it",
        "Another reason",
    ],
    why_button: "Send",
    thanks_title: "Thank you",
    thanks_text: "Your answer is kept without a message to anybody.",
    broken_title: "This link does not work",
    broken_text: "It is not complete, or not from a message of ours. Please use the whole link in the message, or reply to the message with “unsubscribe” as the subject.",
    late_title: "It is too late to undo this here",
    late_text: "If you would like to get {name} again, please write to {contact}.",
    busy_title: "Please try again in a minute",
    busy_text: "It could not be written down yet. If it happens again, reply to the message with “unsubscribe” as the subject.",
    missing_title: "There is no such page",
    missing_text: "The address may be mistyped.",
};
