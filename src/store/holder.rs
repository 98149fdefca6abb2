//! Who holds a store, in words for those who have to wait: what it does, from where, and how it is
//! ended where nobody is left who could end it.

use std::fmt;

/// What `digest serve` says of itself while it takes somebody out of the tables. It goes on behind that, and
/// nobody has to end it.
pub const ERASING: &str = "(erases a person who asked for it)";

/// Who has the lock of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockHolder {
    /// What it says of itself, such as `process 4711 (issue 2025-11, since 09:00)`; empty where nobody
    /// can tell.
    pub(super) words: String,
    /// Its session on a server.
    pub(super) session: Option<HoldingSession>,
}

/// A session, as far as the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HoldingSession {
    /// The server's process for it.
    pub(super) pid: i64,
    /// Where its program runs; none on the server's own machine, or where that may not be seen.
    pub(super) address: Option<String>,
    /// When it began, in UTC.
    pub(super) since: Option<String>,
}

impl LockHolder {
    /// What it does with the store. Only who sends names an issue.
    pub fn does(&self) -> &'static str {
        let what = self.words.splitn(3, ' ').nth(2).unwrap_or_default();
        if what.starts_with("(issue ") { "is sending from" } else { "is working with" }
    }

    /// Whether it sends.
    pub fn is_sending(&self) -> bool {
        self.does() == "is sending from"
    }

    /// Whether it is `digest serve`, which takes a person out of the tables who has asked for it.
    pub(super) fn is_erasing(&self) -> bool {
        self.words.splitn(3, ' ').nth(2) == Some(ERASING)
    }

    /// What whoever waits can do.
    pub fn way_out(&self) -> String {
        let wait = if self.is_erasing() {
            "that takes a moment: run this again"
        } else {
            "wait until it has ended, or stop it with Ctrl-C"
        };
        self.if_dead().map_or_else(|| wait.to_owned(), |dead| format!("{wait}. {dead}"))
    }

    /// What can be done where nobody is left to stop it.
    pub fn if_dead(&self) -> Option<String> {
        self.session.as_ref().map(|HoldingSession { pid, .. }| {
            format!(
                "If its computer is dead or has lost the network, the server lets go of it after two \
                 minutes, or at once by: SELECT pg_terminate_backend({pid})"
            )
        })
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.words.is_empty() { "another process" } else { &self.words })?;
        let Some(HoldingSession { pid, address, since }) = &self.session else { return Ok(()) };
        match address {
            Some(address) => write!(f, " at {address}, session {pid}")?,
            None => write!(f, ", session {pid}")?,
        }
        since.iter().try_for_each(|since| write!(f, " since {since} UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_names_an_issue_sends() {
        for (words, does) in [
            ("process 12 (issue 2025-11, since 09:00)", "is sending from"),
            ("process 12 (import of a (issue 3).csv)", "is working with"),
            ("process 12 (copying the store)", "is working with"),
            ("", "is working with"),
        ] {
            let holder = LockHolder { words: words.to_owned(), session: None };
            assert_eq!(holder.does(), does, "{words}");
        }
    }

    #[test]
    fn a_session_is_told_with_its_machine_and_a_way_out() {
        let session = HoldingSession {
            pid: 4242,
            address: Some("10.0.0.7".to_owned()),
            since: Some("2025-11-06 09:00".to_owned()),
        };
        let words = "process 12 (issue 2025-11, since 10:00)".to_owned();
        let mut holder = LockHolder { words, session: Some(session) };
        let told = "process 12 (issue 2025-11, since 10:00) at 10.0.0.7, session 4242 since \
                    2025-11-06 09:00 UTC";
        assert_eq!(holder.to_string(), told);
        assert!(holder.way_out().ends_with("SELECT pg_terminate_backend(4242)"));
        holder.words = format!("process 12 {ERASING}");
        assert!(
            !holder.way_out().contains("Ctrl-C") && holder.way_out().contains("run this again")
        );
        holder = LockHolder::default();
        assert_eq!(holder.to_string(), "another process");
        assert!(!holder.way_out().contains("SELECT"));
    }
}
