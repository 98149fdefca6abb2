//! The words of the site in English.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "en",
    reader: "reader",
    your_address: "your address",
    skip: "Skip to the text",
    all_issues: "All issues",
    previous: "Previous issue",
    next: "Next issue",
    search: "Search",
    search_label: "Search all issues",
    found: "Articles found: {count}",
    newest: "Newest articles",
    feed: "Feed",
    no_issue: "No issue has appeared yet.",
    subscribe: "Subscribe to {name}",
    leave_title: "Unsubscribe from {name}",
    leave_text: "This page cannot know who you are. Use the link at the end of any message that you got from us, or write to {contact}.",
    missing_title: "There is no such page",
    missing_text: "The address may be mistyped, or the page has moved. These lead on:",
    corrected: "Corrected on {date}: {note}",
    removed: "This article was taken out of the issue after it was sent.",
    erratum: "Correction: {subject}",
    erratum_title: "A correction",
    corrected_text: "The corrected text:",
};
