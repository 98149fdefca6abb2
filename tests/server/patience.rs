//! Commands that wait. Those that write while another one writes for long wait for it, and say for whom;
//! a send that waits for its time keeps the right to send, or takes it again.

use std::time::Duration;

use crate::harness::running::wait_until;
use crate::relay::Relay;
use crate::{elsewhere, readers, start, steady};

const PATIENCE: Duration = Duration::from_secs(40);

/// So many seconds from now, as `--at` takes it.
#[allow(clippy::disallowed_methods, reason = "the binary reads the clock, so the test does")]
fn ahead(seconds: u64) -> String {
    (jiff::Timestamp::now() + Duration::from_secs(seconds)).to_string()
}

/// The sessions that may send from a schema.
fn holders(schema: &str) -> String {
    format!(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' \
         AND classid = 1684628339 AND objid = CAST(CAST(hashtext('{schema}') AS bigint) \
         & 4294967295 AS oid)"
    )
}

#[test]
fn a_send_that_waits_for_its_time_takes_the_right_again_when_its_session_is_lost() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let [here, there] = [elsewhere(5, &url), elsewhere(5, &url)];
    let relay = Relay::new();
    let running = start(&here, &relay, &["--at", &ahead(30)]);
    running.says("waiting until");
    let first = server.ask(&holders(&schema));
    assert!(!first.is_empty(), "nobody may send");
    server.cut(&format!("pid = {first}"));
    running.says("the connection to the store was lost, and is there again");
    let second = server.ask(&holders(&schema));
    assert!(!second.is_empty() && second != first, "{first} {second}");
    let other = start(&there, &relay, &[]).wait();
    let words = format!("process {} (issue 2025-11", running.pid());
    assert!(other.code == 1 && other.stderr.contains(&words), "{other:?}");
    let told = running.wait_for(Duration::from_secs(90));
    assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
}

#[test]
fn a_send_that_waits_says_who_has_taken_the_right_and_ends_where_they_have_sent() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let (here, relay) = (elsewhere(5, &url), Relay::new());
    let running = start(&here, &relay, &["--at", &ahead(600)]);
    running.says("waiting until");
    // Whoever stands next in the row has it at once.
    let next = format!(
        "SET application_name = 'process 77 (issue 2025-11, since 09:00)'; \
         SELECT pg_advisory_lock(1684628339, hashtext('{schema}')); SELECT pg_sleep(60)"
    );
    let other = std::thread::spawn(move || server.ask(&next));
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'process 77 %' \
                 AND wait_event = 'advisory'";
    assert!(wait_until(PATIENCE, || server.ask(waits) == "1"), "nobody waits");
    server.cut(&format!("pid = {}", server.ask(&holders(&schema))));
    running.says("process 77 (issue 2025-11, since 09:00)");
    running.says("trying again until it is time to send");
    server.ask(&format!(
        "INSERT INTO {schema}.run (issue, content_hash, boot, started_at, token) \
         SELECT issue, content_hash, boot, started_at, 'other' FROM {schema}.run"
    ));
    server.cut("application_name LIKE 'process 77 %'");
    other.join().expect("a thread");
    let told = running.wait_for(PATIENCE);
    assert_eq!((told.code, relay.counts().accepted), (1, 0), "{told:?}");
    let words = "another send planned the issue meanwhile; nothing was sent";
    assert!(told.stderr.contains(words), "{told:?}");
}

/// Without the right to write, a row of theirs would be in the way of an import, which dies of it.
#[test]
fn every_command_that_writes_waits_for_an_import_and_says_for_whom() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let here = readers(1).sending_from(&url);
    for line in [
        &["subscribers", "add", "old@x.example", "--consent", "paper"][..],
        &["subscribers", "suppress", "gone@x.example", "--why", "phone"],
    ] {
        assert_eq!(here.run(line).code, 0);
    }
    // As an import has it until it is done.
    let holds = format!(
        "SET application_name = 'process 77 (import of people.csv)'; BEGIN; \
         SELECT pg_advisory_xact_lock(1684628336, hashtext('{schema}')); SELECT pg_sleep(60)"
    );
    let held = std::thread::spawn(move || server.ask(&holds));
    let session = format!(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 1684628336 \
         AND objid = CAST(CAST(hashtext('{schema}') AS bigint) & 4294967295 AS oid)"
    );
    assert!(wait_until(PATIENCE, || !server.ask(&session).is_empty()), "nobody writes");
    let session = server.ask(&session);
    let waiting: Vec<_> = [
        (&["subscribers", "add", "new@x.example", "--consent", "paper"][..], 0),
        (&["subscribers", "set", "old@x.example", "--name", "Kim"], 0),
        (&["subscribers", "suppress", "other@x.example", "--why", "phone"], 0),
        (&["subscribers", "release", "gone@x.example", "--why", "phone"], 0),
        // There is none; that it does not know before.
        (&["bounces", "dismiss", "old@x.example"], 1),
    ]
    .map(|(line, code)| (line, code, here.start(line)))
    .into();
    for (_, _, running) in &waiting {
        for words in [
            format!("waiting for process 77 (import of people.csv), session {session} since 20"),
            format!("SELECT pg_terminate_backend({session})"),
        ] {
            running.says(&words);
        }
    }
    server.cut(&format!("pid = {session}"));
    held.join().expect("a thread");
    for (line, code, running) in waiting {
        let done = running.wait();
        assert_eq!(done.code, code, "{line:?}: {done:?}");
    }
}
