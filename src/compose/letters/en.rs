//! The words of the letters to a single reader in English.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "en",
    confirm: LetterSentences {
        subject: "Please confirm your subscription to {{ newsletter }}",
        title: "Please confirm your subscription",
        text: "Somebody, probably you, asked for {{ newsletter }} to be sent to {{ email }}. It begins when you confirm it on the page behind this link:",
    },
    confirm_button: "Confirm the subscription",
    confirm_end: "The link works for seven days. If it was not you, do nothing: you will get no further message.",
    already: LetterSentences {
        subject: "You are already subscribed to {{ newsletter }}",
        title: "You are already subscribed",
        text: "Somebody, probably you, asked for {{ newsletter }} to be sent to {{ email }}. It is sent there already, and nothing has changed. If it was not you, do nothing.",
    },
    welcome: LetterSentences {
        subject: "Welcome to {{ newsletter }}",
        title: "Welcome",
        text: "{{ newsletter }} will be sent to {{ email }} from the next issue on. At the end of every message there is a link to unsubscribe.",
    },
    latest: "Read the latest issue",
    link: LetterSentences {
        subject: "Your link for {{ newsletter }}",
        title: "Your link",
        text: "Somebody, probably you, asked for a link to what is kept of {{ email }}. It leads to a page on which you can change your address, download all that is kept, or have it erased:",
    },
    link_button: "Open the page",
    link_end: "The link works for one hour. If it was not you, do nothing.",
    address: LetterSentences {
        subject: "Please confirm your new address for {{ newsletter }}",
        title: "Please confirm your new address",
        text: "Somebody, probably you, asked for {{ newsletter }} to be sent to {{ email }} from now on, and no longer to the address before. The address changes when you confirm it on the page behind this link:",
    },
    address_button: "Confirm the address",
    moved: LetterSentences {
        subject: "{{ newsletter }} goes to another address now",
        title: "Your address was changed",
        text: "From now on {{ newsletter }} goes to another address, and no longer to {{ email }}: it was asked for by a link that we sent to {{ email }}, and the new address has confirmed it. If that was not you, change it back on the page behind this link:",
    },
    moved_button: "Change it back",
    moved_end: "The link works for seven days. You can also reply to this message.",
};
