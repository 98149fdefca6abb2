//! Everything outside an issue that decides whether its mail arrives: relays, certificates, DNS,
//! the page for unsubscribing.
//!
//! Each check hands back a [`Finding`]: what is so, and what to do where it is not well. Must never
//! change anything, send a message, or wait without an end: what cannot be asked is a warning.

pub mod dns;
pub mod mailbox;
pub mod names;
pub mod one_click;
pub mod origin;
mod records;
pub mod relay;
pub mod sender;
mod spf;

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Mail goes out, but something is missing or could not be looked at.
    Warning,
    /// Mail will not go out, or will be refused.
    Error,
}

impl Level {
    /// `ok`, `warning`, `error`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name, the same in every run.
    pub check: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, message: impl Into<String>) -> Finding {
        Finding { check, level: Level::Ok, message: message.into(), help: None }
    }

    /// Something is missing.
    pub fn warning(check: &'static str, message: impl Into<String>) -> Finding {
        Finding { level: Level::Warning, ..Finding::ok(check, message) }
    }

    /// Something is wrong.
    pub fn error(check: &'static str, message: impl Into<String>) -> Finding {
        Finding { level: Level::Error, ..Finding::ok(check, message) }
    }

    /// The same, with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }
}
