//! A ledger that is moved between a file and a server, or saved while a send goes on.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::relay::{Book, Relay};
use crate::{readers, start, steady};

/// Everybody at x is refused at first, so that there is something to go on with.
fn half_sent() -> (crate::Publication, Relay) {
    let script = Script::new().rule(At::Rcpt, When::Fraction(0.4, 3), Do::reply("450 4.2.1 busy"));
    let (here, relay) = (readers(200), Relay::scripted(script));
    let first = start(&here, &relay, &[]).wait();
    assert_eq!(first.code, 4, "{first:?}");
    (here, relay)
}

#[test]
fn a_ledger_goes_to_a_server_and_back_and_nobody_gets_the_issue_twice() {
    let Some((server, _steady)) = steady() else { return };
    let (here, relay) = half_sent();
    assert_eq!(here.run(&["subscribers", "suppress", "r0007@x.example", "--why", "phone"]).code, 0);
    let url = server.fresh();
    let here = here.env("DIGEST_STORE_PASSWORD", crate::harness::server::PASSWORD);
    let copied = here.run(&["store", "copy", "sqlite:digest.db", &url, "--json"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let again = here.run(&["store", "copy", "sqlite:digest.db", &url]);
    assert!(again.code == 1 && again.stderr.contains("is not empty"), "{again:?}");
    let back = here.run(&["store", "copy", &url, "sqlite:back.db", "--json"]);
    assert_eq!(back.code, 0, "{back:?}");
    // The same tables, rows and hashes, whichever way.
    let tables = |json: &str| {
        let told: serde_json::Value = serde_json::from_str(json).expect("JSON");
        told["tables"].clone()
    };
    assert_eq!(tables(&copied.stdout), tables(&back.stdout));
    let [file, back] = ["digest.db", "back.db"].map(|name| Book::read(&here.path(name), "2025-11"));
    assert_eq!(format!("{file:?}"), format!("{back:?}"));
    // The rest leaves from the server.
    let here = here.sending_from(&url);
    let relay_after = Relay::new();
    let rest = start(&here, &relay_after, &[]).wait();
    assert_eq!(rest.code, 0, "{rest:?}");
    let (before, after) = (relay.copies(), relay_after.copies());
    assert!(after.keys().all(|email| !before.contains_key(email)), "{after:?}");
    assert!(!after.contains_key("r0007@x.example"), "who is suppressed got it");
    let all = before.len() + after.len();
    assert!((199..=200).contains(&all), "{all}");
    // Numbers go on behind those that were copied.
    assert_eq!(here.run(&["subscribers", "suppress", "r0008@x.example", "--why", "x"]).code, 0);
}

#[test]
fn nothing_is_copied_while_somebody_sends_or_after_a_send_was_cut_off() {
    let Some((server, _steady)) = steady() else { return };
    let wait = Do::Delay(Duration::from_millis(300));
    let relay = Relay::scripted(Script::new().rule(At::Dot, When::Always, wait));
    let here = readers(200).sending_from(&server.fresh());
    let running = start(&here, &relay, &[]);
    relay.has_taken(4);
    let from = here.store_url();
    let copy = || here.run(&["store", "copy", &from, "sqlite:moved.db"]);
    let refused = copy();
    assert!(refused.code == 1 && refused.stderr.contains("is sending from"), "{refused:?}");
    running.kill();
    let refused = copy();
    assert!(refused.code == 1 && refused.stderr.contains("a send was cut off"), "{refused:?}");
    assert!(!here.exists("moved.db"));
}

/// From a file as from a server: the copy is of one moment.
#[test]
fn a_backup_is_made_while_a_send_goes_on() {
    let Some((server, _steady)) = steady() else { return };
    for url in [None, Some(server.fresh())] {
        let here = readers(300);
        let here = match &url {
            Some(url) => here.sending_from(url),
            None => here,
        };
        let wait = Do::Delay(Duration::from_millis(10));
        let relay = Relay::scripted(Script::new().rule(At::Dot, When::Always, wait));
        let running = start(&here, &relay, &[]);
        relay.has_taken(20);
        let saved = here.run(&["store", "backup", "saved.db"]);
        assert_eq!(saved.code, 0, "{saved:?}");
        let again = here.run(&["store", "backup", "saved.db"]);
        assert!(again.code == 1 && again.stderr.contains("nothing is written over"), "{again:?}");
        let last = running.wait();
        assert_eq!(last.code, 0, "{last:?}");
        let book = Book::read(&here.path("saved.db"), "2025-11");
        assert_eq!(book.len(), 300, "{book:?}");
        let check = here.run(&["store", "check", "--store", "sqlite:saved.db"]);
        assert_eq!(check.code, 0, "{check:?}");
        assert_eq!(relay.copies().len(), 300);
    }
}
