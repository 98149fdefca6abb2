//! A run whose end cannot be noted in the ledger, as on a full disk: it is not taken for another
//! ledger's, and the same command goes on.

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, list, send, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";

/// Statements that refuse to write: `what` of a row, as in `UPDATE OF ended ON run`.
fn no_room(here: &Publication, what: &str) {
    if here.store_url().starts_with("sqlite:") {
        let trigger = "BEGIN SELECT RAISE(ABORT, 'no room'); END";
        return change(here, &format!("CREATE TRIGGER no_room BEFORE {what} {trigger}"));
    }
    change(
        here,
        "CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no room'; END $$",
    );
    let each = "FOR EACH ROW EXECUTE FUNCTION no_room()";
    change(here, &format!("CREATE TRIGGER no_room BEFORE {what} {each}"));
}

/// The same where there is room again.
fn room(here: &Publication, table: &str) {
    let is_file = here.store_url().starts_with("sqlite:");
    let on = if is_file { String::new() } else { format!(" ON {table}") };
    change(here, &format!("DROP TRIGGER no_room{on}"));
}

fn change(here: &Publication, statement: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(here)).await;
        let statement = statement.to_owned();
        sql::raw(statement).execute(store.pool()).await.expect("changed");
        store.close().await;
    });
}

#[test]
fn a_run_whose_end_is_not_noted_keeps_its_journal_and_is_nobody_elses() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &["--to", "r001@x.example"]).code, 0);
    no_room(&here, "UPDATE OF ended ON run");
    let failed = send(&here, &relay, &[]);
    assert_eq!((failed.code, relay.counts().accepted), (1, 3), "{failed:?}");
    assert!(!failed.stderr.contains("another ledger"), "{}", failed.stderr);
    assert!(here.exists(&here.journal()), "nothing else knows the end");
    let receipt = here.read(RECEIPT);
    assert!(!receipt.contains("[[also]]") && receipt.contains("\naccepted = 3\n"), "{receipt}");
    room(&here, "run");
    let here = here.write(LIST, list(4));
    let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
    assert!(plan.code == 0 && !plan.stderr.contains("receipt"), "{plan:?}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    assert!(!here.exists(&here.journal()) && !here.read(RECEIPT).contains("[[also]]"));
}

/// Whatever cannot be written behind the last message, the receipt tells of the send, and the report of
/// what is missing.
#[test]
fn what_cannot_be_noted_at_the_end_keeps_nobody_from_the_receipt() {
    for (kind, refuses) in
        [("UPDATE OF closed", true), ("UPDATE OF told", true), ("UPDATE OF told", false)]
    {
        let (here, relay) = (with_readers(3), Relay::new());
        assert_eq!(send(&here, &relay, &[]).code, 0);
        no_room(&here, &format!("{kind} ON earlier_copy"));
        let gone = When::recipient("r002");
        let script = Script::new().rule(At::Rcpt, gone, Do::reply("550 5.1.1 no such user"));
        let then = if refuses { Relay::scripted(script) } else { Relay::new() };
        let again = ["--to", "r002@x.example", "--again"];
        let failed = send(&here, &then, &again);
        assert_eq!((failed.code, then.counts().accepted), (1, u64::from(!refuses)), "{failed:?}");
        for words in ["the send is over", "no room", "run the same command again"] {
            assert!(failed.stderr.contains(words), "no {words:?} in {}", failed.stderr);
        }
        assert_eq!(failed.stdout.lines().count(), 1, "{failed:?}");
        let receipt = here.read(RECEIPT);
        assert!(!receipt.contains("begun") && receipt.contains("\nreached = 3\n"), "{receipt}");
        // The same command writes what is missing.
        room(&here, "earlier_copy");
        let open = Relay::new();
        assert_eq!(send(&here, &open, &[]).code, 0);
        assert_eq!(open.counts().accepted, 0);
    }
}

/// An older version could leave the journal out and keep the word of the begin beside that of the end.
#[test]
fn a_word_of_a_begin_beside_that_of_the_end_of_the_same_run_asks_nothing() {
    let (here, relay) = (with_readers(3), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "5/second"];
    let running = here.start(&line);
    relay.has_taken(1);
    let begun = here.read(RECEIPT);
    assert!(begun.contains("state = \"begun\""), "{begun}");
    running.wait();
    let over = here.read(RECEIPT);
    let also = begun.replace("[recipients]", "[also.recipients]");
    let here = here.write(RECEIPT, format!("{over}\n[[also]]\n{also}"));
    change(&here, "UPDATE run SET ended = 0");
    let here = here.write(LIST, list(4));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    assert!(!here.read(RECEIPT).contains("[[also]]"), "{}", here.read(RECEIPT));
}
