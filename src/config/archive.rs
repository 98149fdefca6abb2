//! `[archive]` -> which issues everybody may read on the web.

use crate::delivery::ledger::editions::ShownIssues;
use crate::diagnostic::Diagnostic;
use crate::manifest::Table;

/// What `publish` may be.
const CHOICES: [(&str, ShownIssues); 3] =
    [("sent", ShownIssues::Sent), ("all", ShownIssues::All), ("none", ShownIssues::None)];

/// What `[archive]` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveConfig {
    publish: Option<ShownIssues>,
    /// Whether there is `[archive]` or `[web]`: then mail links to the archive.
    is_configured: bool,
    /// Whether pages have cards.
    pub has_cards: bool,
}

impl ArchiveConfig {
    /// What `digest archive build` writes: whoever asks for it wants it.
    pub fn built(&self) -> ShownIssues {
        self.publish.unwrap_or_default()
    }

    /// What `digest serve` shows, and mail links to. A publication that says nothing of the web has
    /// nothing on it.
    pub fn served(&self) -> ShownIssues {
        let unsaid = if self.is_configured { ShownIssues::Sent } else { ShownIssues::None };
        self.publish.unwrap_or(unsaid)
    }
}

pub(super) fn read(table: &mut Table, problems: &mut Vec<Diagnostic>) -> ArchiveConfig {
    let is_configured = table.has("web") || table.has("archive");
    let mut section = table.table("archive");
    let publish = section.choice("publish", &CHOICES);
    let has_cards = section.flag("cards").unwrap_or(true);
    section.finish(problems);
    ArchiveConfig { publish, is_configured, has_cards }
}
