//! A ledger that is moved between a file and a server, or saved while a send goes on.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;

use crate::relay::{Book, Relay, open};
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
    // The rest leaves from the server, which is the only one that goes on.
    let here = here.sending_from(&url);
    let relay_after = Relay::new();
    let asked = start(&here, &relay_after, &[]).wait();
    assert!(asked.code == 3 && asked.stderr.contains("was a file when it last sent"), "{asked:?}");
    let rest = start(&here, &relay_after, &["--despite-copy"]).wait();
    assert_eq!(rest.code, 0, "{rest:?}");
    let (before, after) = (relay.copies(), relay_after.copies());
    assert!(after.keys().all(|email| !before.contains_key(email)), "{after:?}");
    assert!(!after.contains_key("r0007@x.example"), "who is suppressed got it");
    let all = before.len() + after.len();
    assert!((199..=200).contains(&all), "{all}");
    // Numbers go on behind those that were copied.
    assert_eq!(here.run(&["subscribers", "suppress", "r0008@x.example", "--why", "x"]).code, 0);
}

/// What the pages for readers have written.
const OF_READERS: [&str; 6] = [
    "INSERT INTO signup (id, identity, email, fields, language, topics, words, asked_at, ends_at) VALUES \
     ('abc', 'new@x.example', 'New@x.example', '{}', 'ko', '+events;-jobs', 'Yes.', 1, 9999999999999)",
    "INSERT INTO signup_mail (person, at, asked) VALUES ('f00d', 1, 2)",
    "INSERT INTO signup_words (hash, words, since) VALUES ('f00d', 'Yes, \u{201c}send\u{201d} it.', 1)",
    "INSERT INTO erasure (person, email, asked_at) VALUES ('ada@x.example', 'Ada@x.example', 1)",
    "INSERT INTO outbox (kind, identity, email, language, not_after, added_at, at) VALUES \
     ('welcome', 'new@x.example', 'New@x.example', 'en', 9999999999999, 1, 1)",
    "INSERT INTO correction (issue, number, revisions, content_hash, web, web_checksum, files, changes, \
     note, at, day) VALUES ('2025-11', 1, 1, 'f00d', '{}', 'f00d', '[]', '[]', 'A name was wrong.', \
     '2026-01-02T03:04:05Z', '2026-01-02')",
];

#[test]
fn what_readers_have_asked_for_on_the_web_goes_to_a_server_and_back() {
    let Some((server, _steady)) = steady() else { return };
    let here = readers(2);
    for line in [
        &["subscribers", "add", "kim@x.example", "--consent", "by mail"][..],
        &["subscribers", "set", "kim@x.example", "--set", "paused_until=2099-01-02"],
    ] {
        let told = here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
    }
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&here.path("digest.db").into()).await;
        for statement in OF_READERS {
            sql::query(statement).execute(store.pool()).await.expect("written");
        }
        store.try_to_write(7).await.expect("tried");
        store.close().await;
    });
    let url = server.fresh();
    let here = here.env("DIGEST_STORE_PASSWORD", crate::harness::server::PASSWORD);
    let copied = |from: &str, to: &str| {
        let told = here.run(&["store", "copy", from, to, "--json"]);
        assert_eq!(told.code, 0, "{told:?}");
        let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
        told["tables"].clone()
    };
    let there = copied("sqlite:digest.db", &url);
    assert_eq!(copied(&url, "sqlite:back.db"), there);
    for table in
        ["signup", "signup_mail", "signup_words", "erasure", "outbox", "correction", "trial"]
    {
        let is_it = |one: &&serde_json::Value| one["table"] == table;
        let told = there.as_array().and_then(|all| all.iter().find(is_it));
        assert_eq!(told.map(|told| told["rows"].clone()), Some(1.into()), "{table}: {there}");
    }
    let paused = "SELECT paused_until FROM subscriber WHERE identity = 'kim@x.example'";
    let (_, schema) = url.rsplit_once('=').expect("a schema");
    let there = server.ask(&paused.replace("FROM ", &format!("FROM {schema}.")));
    assert_eq!(there.trim(), "2099-01-02");
    runtime.block_on(async {
        let store = open(&here.path("back.db").into()).await;
        let known: String = sql::query_scalar(paused).fetch_one(store.pool()).await.expect("kept");
        let topics: String = sql::query_scalar("SELECT topics FROM signup")
            .fetch_one(store.pool())
            .await
            .expect("kept");
        store.close().await;
        assert_eq!((&*known, &*topics), ("2099-01-02", "+events;-jobs"));
    });
}

/// Whatever way it has gone: what the first one has sent since, the copy does not know.
#[test]
fn a_copy_of_a_ledger_on_a_server_sends_only_when_somebody_says_that_it_goes_on() {
    let Some((server, _alone)) = crate::alone() else { return };
    let (url, other) = (server.fresh(), server.fresh());
    let (here, relay) = (readers(2).sending_from(&url), Relay::new());
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    for line in [
        &["store", "backup", "saved.db"][..],
        &["store", "copy", &url, &other],
        &["store", "copy", &url, "sqlite:copied.db"],
    ] {
        assert_eq!(here.run(line).code, 0, "{line:?}");
    }
    // Nothing has changed for the first one.
    let rows = "email,first_name\nr0001@x.example,A\nr0002@x.example,B\nr0003@x.example,C\n";
    let here = here.write("subscribers.csv", rows);
    let next = start(&here, &relay, &[]).wait();
    assert_eq!((next.code, relay.counts().accepted), (0, 3), "{next:?}");
    for (store, words) in [
        ("sqlite:saved.db", "was on a PostgreSQL server when it last sent"),
        ("sqlite:copied.db", "was on a PostgreSQL server when it last sent"),
        (&*other, "last sent from other tables"),
    ] {
        let plan = here.run(&["plan", "2025-11", "--store", store]);
        assert!(plan.stderr.contains("(exit 3) without --despite-copy"), "{store}: {plan:?}");
        // Another folder has no receipt that tells.
        std::fs::remove_dir_all(here.path("receipts")).ok();
        let asked = start(&here, &relay, &["--store", store]).wait();
        assert_eq!((asked.code, relay.counts().accepted), (3, 3), "{store}: {asked:?}");
        assert!(asked.stderr.contains(words), "{store}: no {words:?} in {asked:?}");
    }
    let told = start(&here, &relay, &["--store", &other, "--despite-copy"]).wait();
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    let here = here.write("subscribers.csv", format!("{rows}r0004@x.example,D\n"));
    let last = start(&here, &relay, &["--store", &other]).wait();
    assert_eq!((last.code, relay.counts().accepted), (0, 5), "{last:?}");
    // As a dump is put back: the same rows in tables that are made anew.
    let schema = other.rsplit('=').next().expect("a schema");
    server.ask(&format!(
        "CREATE TABLE {schema}.restored (LIKE {schema}.ledger_home INCLUDING ALL); \
         INSERT INTO {schema}.restored SELECT * FROM {schema}.ledger_home; \
         DROP TABLE {schema}.ledger_home; ALTER TABLE {schema}.restored RENAME TO ledger_home"
    ));
    let here = here.write("subscribers.csv", format!("{rows}r0005@x.example,E\n"));
    let asked = start(&here, &relay, &["--store", &other]).wait();
    assert_eq!((asked.code, relay.counts().accepted), (3, 5), "{asked:?}");
}

#[test]
fn nothing_is_copied_while_somebody_sends_and_a_killed_send_is_settled_first() {
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
    assert!(!here.exists("moved.db"));
    let copied = copy();
    assert_eq!(copied.code, 0, "{copied:?}");
    let book = Book::read(&here.path("moved.db"), "2025-11");
    // Whose answer the killed one had heard, and whose not.
    let settled = book.of("accepted").len() + book.of("uncertain").len();
    assert!(settled >= 4, "{book:?}");
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

/// Cut off at any moment, a backup or a copy is there as a whole or not at all, and the next try needs
/// no hand.
#[test]
fn a_copy_that_is_cut_off_has_no_name_and_the_next_try_makes_it() {
    let Some((server, _steady)) = steady() else { return };
    let (here, _relay) = half_sent();
    assert_eq!(here.run(&["subscribers", "suppress", "r0007@x.example", "--why", "phone"]).code, 0);
    let full = server.fresh();
    let here = here.env("DIGEST_STORE_PASSWORD", crate::harness::server::PASSWORD);
    assert_eq!(here.run(&["store", "copy", "sqlite:digest.db", &full]).code, 0);
    for (from, verb) in [("sqlite:digest.db", "backup"), (&full, "backup"), (&full, "copy")] {
        let saved = |name: &str| match verb {
            "backup" => ["store", "backup", name, "--store", from].map(str::to_owned).to_vec(),
            _ => ["store", "copy", from, &format!("sqlite:{name}")].map(str::to_owned).to_vec(),
        };
        for wait in [0, 15, 30, 45, 60, 90, 130, 200] {
            let name = "saved.db";
            let arguments = saved(name);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let running = here.start(&arguments);
            std::thread::sleep(Duration::from_millis(wait));
            running.kill();
            let url = format!("sqlite:{name}");
            if here.exists(name) {
                let check = here.run(&["store", "check", "--store", &url]);
                let all = "1 issue, 200 rows, 0 subscribers, 1 suppression;";
                assert!(check.stdout.contains(all), "{from} {verb} {wait}: {check:?}");
                std::fs::remove_file(here.path(name)).expect("the copy");
                continue;
            }
            // The session of the one that was killed may have the lock for a moment.
            let again = here.run(&arguments);
            assert_eq!(again.code, 0, "{from} {verb} {wait}: {again:?}");
            assert!(!here.exists("saved.db.part"), "{from} {verb} {wait}");
            std::fs::remove_file(here.path(name)).expect("the copy");
        }
    }
    // On a server all is made in one transaction.
    for wait in [30, 60, 90, 130] {
        let to = server.fresh();
        let arguments = ["store", "copy", "sqlite:digest.db", &to];
        let running = here.start(&arguments);
        std::thread::sleep(Duration::from_millis(wait));
        running.kill();
        std::thread::sleep(Duration::from_millis(500));
        let check = here.run(&["store", "check", "--store", &to]);
        if check.code == 0 {
            assert!(check.stdout.contains("200 rows, 0 subscribers, 1 suppression;"), "{check:?}");
            continue;
        }
        assert!(check.stderr.contains("is empty: not a store"), "{check:?}");
        let again = here.run(&arguments);
        assert_eq!(again.code, 0, "{wait}: {again:?}");
    }
}

#[test]
fn an_empty_file_is_no_store_and_what_is_too_large_for_the_disk_leaves_nothing() {
    let (here, _relay) = half_sent();
    std::fs::write(here.path("empty.db"), "").expect("an empty file");
    for arguments in [
        ["store", "check", "--store", "sqlite:empty.db"].as_slice(),
        &["store", "backup", "b.db", "--store", "sqlite:empty.db"],
        &["store", "copy", "sqlite:empty.db", "sqlite:b.db"],
    ] {
        let refused = here.run(arguments);
        let told = refused.stderr.contains("empty.db is empty: not a store");
        assert!(refused.code == 1 && told, "{refused:?}");
    }
    for verb in [
        ["store", "backup", "b.db"].as_slice(),
        &["store", "copy", "sqlite:digest.db", "sqlite:b.db"],
    ] {
        let full = {
            let shell = "ulimit -f 64; exec \"$0\" \"$@\"";
            let line = [&["-c", shell, crate::harness::DIGEST], verb].concat();
            crate::Running::start(here.command("sh").args(line)).wait()
        };
        assert!(full.code != 0, "{full:?}");
        let left: Vec<_> = ["b.db", "b.db.part", "b.db.part-wal"]
            .into_iter()
            .filter(|it| here.exists(it))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // Nor does a file that was there and empty look like a store.
    std::fs::write(here.path("b.db"), "").expect("an empty file");
    let copy = ["store", "copy", "sqlite:digest.db", "sqlite:b.db"];
    let shell = "ulimit -f 64; exec \"$0\" \"$@\"";
    let line = [&["-c", shell, crate::harness::DIGEST], &copy[..]].concat();
    let full = crate::Running::start(here.command("sh").args(line)).wait();
    let length = || std::fs::metadata(here.path("b.db")).map(|there| there.len()).ok();
    assert!(full.code != 0 && length() == Some(0), "{:?} {full:?}", length());
    let whole = here.run(&copy);
    assert!(whole.code == 0 && length() > Some(0), "{whole:?}");
}
