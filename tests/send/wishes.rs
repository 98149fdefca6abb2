//! What a command asks for once more ends with the command: who was not attempted is what they were,
//! and no later send takes them along unnamed.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication, Running};
use crate::relay::Relay;
use crate::{book, counts, send, with_readers};

/// Each wish with the person that it is about, and what an ordinary send says of them.
const WISHES: [(&[&str], &str, &str); 3] = [
    (&["--uncertain", "resend"], "r001@x.example", "uncertain r001@x.example"),
    (&["--retry-refused"], "r002@x.example", "refused   r002@x.example: 550 5.1.1 no"),
    (&["--to", "r003@x.example", "--again"], "r003@x.example", ""),
];

/// An issue that one person may have, that one was refused, and that two have.
fn sent() -> Publication {
    let script = Script::new().rule(At::Dot, When::recipient("r001@"), Do::AcceptThenReset).rule(
        At::Rcpt,
        When::recipient("r002@"),
        Do::reply("550 5.1.1 no"),
    );
    let here = with_readers(4);
    let output = send(&here, &Relay::scripted(script), &[]);
    assert_eq!((output.code, counts(&here, &output)), (4, [2, 1, 0, 1, 0, 0]), "{output:?}");
    here
}

/// A relay that never says a word.
fn mute() -> Relay {
    Relay::scripted(Script::new().rule(At::Banner, When::Always, Do::Stall))
}

const OBJECT: &str = "[sqlite: json_object | postgres: json_build_object]";

/// All that the ledger has of the people, but for the run that had them in its list last.
fn rows(here: &Publication) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(here)).await;
        let columns = "[sqlite: SELECT name FROM pragma_table_xinfo('recipient')
            | postgres: SELECT CAST(column_name AS text) FROM information_schema.columns
              WHERE table_schema = current_schema() AND table_name = 'recipient'
              ORDER BY ordinal_position]";
        let columns: Vec<String> =
            sql::query_scalar(columns).fetch_all(store.pool()).await.expect("columns");
        let columns = columns.iter().filter(|name| *name != "planned_by");
        let all: Vec<String> = columns.map(|name| format!("'{name}', {name}")).collect();
        let statement = format!(
            "SELECT line FROM ( \
                 SELECT 0 AS kind, id, CAST({OBJECT}({}) AS text) AS line FROM recipient UNION ALL \
                 SELECT 1, recipient, CAST({OBJECT}('copy', recipient, 'run', run) AS text) \
                 FROM earlier_copy \
             ) told ORDER BY kind, id",
            all.join(", ")
        );
        let rows = sql::query(statement).fetch_all(store.pool()).await;
        store.close().await;
        rows.expect("rows").iter().map(|row| row.get(0)).collect()
    })
}

fn start(here: &Publication, relay: &Relay, flags: &[&str]) -> Running {
    let url = relay.url();
    here.start(&[&["send", "2025-11", "--yes", "--json", "--relay", &url], flags].concat())
}

/// One that has taken its rows and waits for the relay.
fn waiting(here: &Publication, relay: &Relay, flags: &[&str]) -> Running {
    let running = start(here, relay, flags);
    let connected = || relay.counts().connections > 0;
    assert!(wait_until(Duration::from_secs(20), connected), "it does not connect");
    running
}

/// Nobody is sent to without the wish, the people are named as before, and with it one message leaves.
#[track_caller]
fn nothing_is_left_of(here: &Publication, before: &[String], wish: (&[&str], &str, &str)) {
    let (flags, address, named) = wish;
    let open = Relay::new();
    let looked = here.run(&["status", "2025-11"]);
    assert!(looked.stdout.contains("2 accepted, 1 refused, 1 uncertain\n"), "{looked:?}");
    let plain: Output = send(here, &open, &["--uncertain", "hold"]);
    assert_eq!((plain.code, open.counts().accepted), (4, 0), "{flags:?}: {plain:?}");
    assert!(plain.stderr.contains(named), "{flags:?}: {}", plain.stderr);
    assert_eq!(rows(here), before, "{flags:?}");
    let again = send(here, &open, flags);
    let copies: Vec<_> = open.copies().into_iter().collect();
    assert_eq!(copies, [(address.to_owned(), 1)], "{flags:?}: {again:?}");
    assert_eq!(book(here).state(address), "accepted");
}

#[test]
fn a_wish_that_reached_no_relay_is_over_with_its_command() {
    for wish in WISHES {
        let here = sent();
        let before = rows(&here);
        let gone = Relay::new().url();
        let line = ["send", "2025-11", "--yes", "--json", "--relay", &gone];
        let output = here.run(&[&line[..], wish.0].concat());
        assert_eq!((output.code, counts(&here, &output)), (1, [2, 1, 0, 1, 0, 0]), "{output:?}");
        assert!(
            output.stderr.contains("sending once more was not tried for 1 recipient,"),
            "{output:?}"
        );
        assert_eq!(rows(&here), before, "{wish:?}");
        nothing_is_left_of(&here, &before, wish);
    }
}

#[test]
fn a_wish_that_was_interrupted_is_over_with_its_command() {
    for wish in WISHES {
        let here = sent();
        let (before, relay) = (rows(&here), mute());
        let running = waiting(&here, &relay, wish.0);
        running.signal("TERM");
        let output = running.wait();
        assert_eq!((output.code, counts(&here, &output)), (130, [2, 1, 0, 1, 0, 0]), "{output:?}");
        assert!(output.stderr.contains("interrupted: 1 is left"), "{output:?}");
        assert_eq!(rows(&here), before, "{wish:?}");
        nothing_is_left_of(&here, &before, wish);
    }
}

#[test]
fn a_wish_whose_sender_was_killed_before_its_turn_is_over() {
    for wish in WISHES {
        let here = sent();
        let (before, relay) = (rows(&here), mute());
        waiting(&here, &relay, wish.0).kill();
        assert_ne!(rows(&here), before, "it was claimed");
        let looked = here.run(&["status", "2025-11"]);
        assert!(looked.stderr.contains("a send was cut off"), "{looked:?}");
        nothing_is_left_of(&here, &before, wish);
    }
}

#[test]
fn a_wish_that_waits_for_its_hour_and_is_stopped_is_over() {
    for wish in WISHES {
        for signal in ["INT", "KILL"] {
            let here = sent();
            let (before, relay) = (rows(&here), Relay::new());
            let running = start(&here, &relay, &[wish.0, &["--at", "2125-11-06 09:00"]].concat());
            running.says("waiting until ");
            match signal {
                "KILL" => running.kill(),
                _ => {
                    running.signal(signal);
                    assert_eq!(running.wait().code, 130);
                    assert_eq!(rows(&here), before, "{wish:?}");
                }
            }
            nothing_is_left_of(&here, &before, wish);
        }
    }
}

#[test]
fn of_several_only_those_who_were_attempted_are_changed() {
    let here = with_readers(8);
    let script = Script::new().rule(At::Rcpt, When::Always, Do::reply("550 5.1.1 no"));
    assert_eq!(send(&here, &Relay::scripted(script), &[]).code, 1);
    let before = rows(&here);
    // Taken, put off, and then the run is stopped.
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r002@"), Do::reply("450 4.2.1 busy"))
        .rule(At::Mail, When::Message(3), Do::Stall);
    let relay = Relay::scripted(script);
    let running = start(&here, &relay, &["--retry-refused", "--connections", "1"]);
    let stalled = || relay.lines().iter().filter(|line| line.starts_with("MAIL")).count() > 2;
    assert!(wait_until(Duration::from_secs(20), stalled), "{:?}", relay.lines());
    std::thread::sleep(Duration::from_millis(300));
    running.kill();
    let open = Relay::new();
    let plain = send(&here, &open, &[]);
    assert_eq!((plain.code, counts(&here, &plain)), (0, [2, 6, 0, 0, 0, 0]), "{plain:?}");
    // Who was put off waits as anybody else does.
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r002@x.example"]);
    assert_eq!(rows(&here)[2..], before[2..]);
}
