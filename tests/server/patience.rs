//! Commands that write while another one writes for long: each waits for it, and says for whom.

use crate::harness::running::wait_until;
use crate::{readers, steady};

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
    let patience = std::time::Duration::from_secs(30);
    assert!(wait_until(patience, || !server.ask(&session).is_empty()), "nobody writes");
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
