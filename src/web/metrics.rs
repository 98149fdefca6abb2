//! What is counted of the pages, and how it is written for Prometheus (OpenMetrics text).
//!
//! Must never have a label that a visitor or a reader makes: no address, no path, no host, no token.

use std::fmt;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::delivery::outbox::OutboxCounts;

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Pages, by the first word of their path below `base_url`; any other path is `other`, the archive is
/// known by its pages.
const CLASSES: [&str; 9] = [
    "unsubscribe",
    "undo",
    "subscribe",
    "confirm",
    "preferences",
    "data",
    "address",
    "restore",
    "api",
];
/// The class of the archive's pages.
pub(super) const ARCHIVE: &str = "archive";
/// The class of a request that was refused before anybody looked at its path.
pub(super) const REFUSED: &str = "refused";

/// Most answers take a millisecond; a written one waits for the disk, and for others beside it.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

type Label<T> = [(&'static str, T); 1];

/// What readers have done by a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReaderEvent {
    /// They have left, and had not before.
    Left,
    /// They have taken that back.
    CameBack,
    /// They have sent the form; whether it means anything is not said here either.
    Asked,
    /// They have confirmed, and had not before.
    Confirmed,
}

impl ReaderEvent {
    const fn word(self) -> &'static str {
        match self {
            ReaderEvent::Left => "left",
            ReaderEvent::CameBack => "came_back",
            ReaderEvent::Asked => "asked",
            ReaderEvent::Confirmed => "confirmed",
        }
    }
}

#[derive(Clone, Debug)]
struct ByMilliseconds;

impl MetricConstructor<Histogram> for ByMilliseconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

/// All that is counted since the server began.
pub(super) struct WebMetrics {
    registry: Registry,
    requests: Family<(Label<&'static str>, Label<u16>), Counter>,
    durations: Family<Label<&'static str>, Histogram, ByMilliseconds>,
    events: Family<Label<&'static str>, Counter>,
    owed: Gauge,
}

impl fmt::Debug for WebMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebMetrics")
    }
}

impl WebMetrics {
    pub(super) fn new() -> WebMetrics {
        let mut registry = Registry::with_prefix("digest");
        let requests = Family::default();
        let durations = Family::new_with_constructor(ByMilliseconds);
        let events = Family::default();
        let owed = Gauge::default();
        registry.register(
            "web_requests",
            "Requests that were answered, by kind of page and status",
            requests.clone(),
        );
        registry.register(
            "web_request_duration_seconds",
            "From the whole request to the answer",
            durations.clone(),
        );
        registry.register("reader_events", "What readers have done by a page", events.clone());
        registry.register(
            "leavers_waiting",
            "People who want to leave and cannot be written down now",
            owed.clone(),
        );
        for event in
            [ReaderEvent::Left, ReaderEvent::CameBack, ReaderEvent::Asked, ReaderEvent::Confirmed]
        {
            // A rate begins at nought.
            drop(events.get_or_create(&[("event", event.word())]));
        }
        WebMetrics { registry, requests, durations, events, owed }
    }

    pub(super) fn answered(&self, class: &'static str, status: StatusCode, took: Duration) {
        let labels = ([("class", class)], [("status", status.as_u16())]);
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&[("class", class)]).observe(took.as_secs_f64());
    }

    /// An answer before the request was whole: it says nothing of how long ours take.
    pub(super) fn refused(&self, status: StatusCode) {
        self.requests.get_or_create(&([("class", REFUSED)], [("status", status.as_u16())])).inc();
    }

    pub(super) fn happened(&self, event: ReaderEvent, times: usize) {
        self.events.get_or_create(&[("event", event.word())]).inc_by(times as u64);
    }

    /// How many who leave wait for the store.
    pub(super) fn leavers_wait(&self, count: usize) {
        self.owed.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// All of it, with what is known of the store.
    pub(super) fn text(&self, of_store: &str) -> String {
        let mut written = String::new();
        // A `String` takes all that is written to it.
        let _ = text::encode_registry(&mut written, &self.registry);
        written.push_str(of_store);
        let _ = text::encode_eof(&mut written);
        written
    }
}

/// What a path below `base_url` is for.
pub(super) fn class(path: &str) -> &'static str {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    CLASSES.into_iter().find(|class| *class == first).unwrap_or("other")
}

/// Numbers of the store at one moment.
#[derive(Debug, Default)]
pub(super) struct StoreNumbers {
    /// By issue and state.
    pub(super) issues: Vec<(String, &'static str, u64)>,
    /// By issue, group of domains and state.
    pub(super) domains: Vec<(String, String, &'static str, u64)>,
    /// Mails to single readers, by state.
    pub(super) outbox: OutboxCounts,
}

impl StoreNumbers {
    /// As they are written beside what is counted here.
    pub(super) fn text(&self) -> String {
        let mut registry = Registry::with_prefix("digest");
        let set = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
        let issues = Family::<(Label<String>, Label<&'static str>), Gauge>::default();
        for (issue, state, number) in &self.issues {
            let labels = ([("issue", issue.clone())], [("state", *state)]);
            issues.get_or_create(&labels).set(set(number));
        }
        let domains =
            Family::<([(&'static str, String); 2], Label<&'static str>), Gauge>::default();
        for (issue, domain, state, number) in &self.domains {
            let labels =
                ([("issue", issue.clone()), ("domain", domain.clone())], [("state", *state)]);
            domains.get_or_create(&labels).set(set(number));
        }
        let outbox = Family::<Label<&'static str>, Gauge>::default();
        let OutboxCounts { waiting, uncertain, refused } = &self.outbox;
        for (state, number) in
            [("waiting", waiting), ("uncertain", uncertain), ("refused", refused)]
        {
            outbox.get_or_create(&[("state", state)]).set(set(number));
        }
        registry.register(
            "issue_recipients",
            "People of the newest issues, by what became of their mail",
            issues,
        );
        registry.register(
            "issue_domain_recipients",
            "The same by domain; small domains together are \"other\"",
            domains,
        );
        registry.register("outbox_mails", "Mails to single readers, by state", outbox);
        let mut written = String::new();
        let _ = text::encode_registry(&mut written, &registry);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_is_a_label() {
        assert_eq!(class("/unsubscribe/abc"), "unsubscribe");
        assert_eq!(class("/confirm/abc"), "confirm");
        assert_eq!(class("/api/subscribe"), "api");
        for path in ["", "/", "/kim@example.org", "/unsubscribed/abc", "/Unsubscribe/abc"] {
            assert_eq!(class(path), "other", "{path}");
        }
    }

    #[test]
    fn the_text_has_each_number_once_and_an_end() {
        let metrics = WebMetrics::new();
        metrics.answered("unsubscribe", StatusCode::OK, Duration::from_millis(3));
        metrics.answered("unsubscribe", StatusCode::OK, Duration::from_millis(30));
        metrics.refused(StatusCode::MISDIRECTED_REQUEST);
        metrics.happened(ReaderEvent::Left, 2);
        metrics.leavers_wait(3);
        let of_store = StoreNumbers {
            issues: vec![("2025-11".to_owned(), "accepted", 7)],
            domains: vec![("2025-11".to_owned(), "other".to_owned(), "accepted", 7)],
            outbox: OutboxCounts { waiting: 1, ..OutboxCounts::default() },
        };
        let text = metrics.text(&of_store.text());
        for line in [
            "digest_web_requests_total{class=\"unsubscribe\",status=\"200\"} 2",
            "digest_web_requests_total{class=\"refused\",status=\"421\"} 1",
            "digest_web_request_duration_seconds_bucket{le=\"0.005\",class=\"unsubscribe\"} 1",
            "digest_web_request_duration_seconds_count{class=\"unsubscribe\"} 2",
            "digest_reader_events_total{event=\"left\"} 2",
            "digest_leavers_waiting 3",
            "digest_reader_events_total{event=\"confirmed\"} 0",
            "digest_issue_recipients{issue=\"2025-11\",state=\"accepted\"} 7",
            "digest_issue_domain_recipients{issue=\"2025-11\",domain=\"other\",state=\"accepted\"} 7",
            "digest_outbox_mails{state=\"waiting\"} 1",
        ] {
            assert_eq!(text.lines().filter(|one| *one == line).count(), 1, "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    }
}
