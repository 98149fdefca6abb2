//! The words of an `issue.toml`: the keys above its sections, and the values that some keys can have.

use crate::issue::{Contents, Layout, Pictures};

/// Keys that stand above the sections.
pub(super) const OF_THE_ISSUE: [&str; 14] = [
    "number",
    "archive",
    "title",
    "subject",
    "preheader",
    "date",
    "language",
    "intro",
    "images",
    "length",
    "advertising",
    "allow",
    "contents",
    "sign_off",
];
pub(super) const PICTURES: [(&str, Pictures); 2] =
    [("host", Pictures::Hosted), ("embed", Pictures::Embedded)];
pub(super) const LAYOUTS: [(&str, Layout); 4] = [
    ("stack", Layout::Stack),
    ("columns", Layout::Columns),
    ("brief", Layout::Brief),
    ("links", Layout::Links),
];
pub(super) const CONTENTS: [(&str, Contents); 5] = [
    ("auto", Contents::Auto),
    ("links", Contents::Links),
    ("text", Contents::Text),
    ("web", Contents::Web),
    ("off", Contents::Off),
];

/// The values that `images` can have, for `config` too.
pub fn pictures_choices() -> &'static [(&'static str, Pictures)] {
    &PICTURES
}

/// The values that `contents` can have, for `config` too.
pub fn contents_choices() -> &'static [(&'static str, Contents)] {
    &CONTENTS
}
