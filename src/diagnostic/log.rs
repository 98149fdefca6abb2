//! What a program that runs for long says of itself: an event with a stable name, for people in a line
//! and for programs as JSON.
//!
//! Logs are kept, copied and read by others. Must never name a person or repeat a link.

use serde_json::{Map, Value};

use super::{Severity, unnamed};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    event: &'static str,
    severity: Severity,
    message: String,
    more: Map<String, Value>,
}

impl LogEntry {
    /// All is well.
    pub fn new(event: &'static str, message: impl Into<String>) -> LogEntry {
        let message = message.into();
        LogEntry { event, severity: Severity::Note, message, more: Map::new() }
    }

    /// Somebody should look.
    pub fn warning(event: &'static str, message: impl Into<String>) -> LogEntry {
        LogEntry { severity: Severity::Warning, ..LogEntry::new(event, message) }
    }

    /// It has ended.
    pub fn error(event: &'static str, message: impl Into<String>) -> LogEntry {
        LogEntry { severity: Severity::Error, ..LogEntry::new(event, message) }
    }

    /// With a value that stands in the message, for programs.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> LogEntry {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// In a line, for people.
    pub fn line(&self) -> String {
        unnamed::words(&self.message).into_owned()
    }

    /// As a JSON object on one line: `time`, `level`, `event`, `message`, and what else there is. The
    /// time is RFC 3339.
    pub fn json(&self, time: &str) -> String {
        let level = match self.severity {
            Severity::Note => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let own =
            [("time", time), ("level", level), ("event", self.event), ("message", &*self.message)];
        let mut parts: Vec<String> = own.map(|(name, text)| part(name, &Value::from(text))).into();
        let more = self.more.iter().filter(|(more, _)| own.iter().all(|(name, _)| name != more));
        parts.extend(more.map(|(name, value)| part(name, value)));
        format!("{{{}}}", parts.join(","))
    }
}

/// A member of an object.
fn part(name: &str, value: &Value) -> String {
    let value = match value {
        Value::String(text) => Value::from(unnamed::words(text)),
        value => value.clone(),
    };
    format!("{}:{value}", Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_what_happened_and_no_address() {
        let notice = LogEntry::warning("relay_lost", "550 no kim@example.org\nhere")
            .with("waiting", 3)
            .with("message", "not this one");
        let json = notice.json("2026-01-02T03:04:05Z");
        assert_eq!(
            json,
            "{\"time\":\"2026-01-02T03:04:05Z\",\"level\":\"warning\",\"event\":\"relay_lost\",\
             \"message\":\"550 no [address]\\nhere\",\"waiting\":3}"
        );
        assert_eq!(notice.line(), "550 no [address]\nhere");
    }
}
