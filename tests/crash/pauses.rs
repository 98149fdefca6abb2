//! A sender that stands still for a while, and clocks that do not agree.

use std::collections::BTreeMap;
use std::time::Duration;

use sejong_digest::catcher::Received;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;

use crate::harness::Running;
use crate::harness::running::wait_until;
use crate::harness::{DIGEST, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{CONNECTIONS, book, slow, start, with_readers};

const READERS: usize = 300;

/// Waits for the end of a run of [`READERS`]: nobody is lost, and nobody got it twice.
fn all_have_it(here: &Publication, relay: &Relay, running: Running) {
    let output = running.wait();
    let book = book(here);
    let uncertain = book.of("uncertain");
    assert!(uncertain.len() <= CONNECTIONS, "{output:?}");
    assert_eq!(output.code, if uncertain.is_empty() { 0 } else { 4 }, "{output:?}");
    assert_eq!(book.of("accepted").len() + uncertain.len(), READERS, "{output:?}");
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    assert!(book.of("accepted").iter().all(|email| copies.contains_key(*email)));
}

// A closed lid: the relay has hung up when the sender wakes.
#[test]
fn a_sender_that_sleeps_while_its_connections_are_dropped_goes_on_without_a_storm() {
    let (here, relay) = (with_readers(READERS), slow(21));
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    running.signal("STOP");
    let before = relay.counts();
    // The peer goes away as a server does that has waited for too long.
    relay.drop_connections();
    let gone = || relay.counts().open == 0;
    assert!(wait_until(Duration::from_secs(10), gone), "{:?}", relay.counts());
    std::thread::sleep(Duration::from_secs(2));
    running.signal("CONT");
    all_have_it(&here, &relay, running);
    let more = relay.counts().connections - before.connections;
    assert!((1..=2 * CONNECTIONS as u64).contains(&more), "{more} connections after the pause");
}

#[test]
fn a_short_sleep_changes_nothing() {
    let (here, relay) = (with_readers(READERS), slow(22));
    let running = start(&here, &relay, &[]);
    for _ in 0..3 {
        let before = relay.counts().accepted;
        relay.has_taken(before + 30);
        running.signal("STOP");
        std::thread::sleep(Duration::from_millis(300));
        running.signal("CONT");
    }
    all_have_it(&here, &relay, running);
    assert_eq!((book(&here).of("uncertain").len(), relay.counts().connections), (0, 4));
}

#[test]
fn a_hangup_that_nohup_ignores_ends_nothing() {
    let (here, relay) = (with_readers(READERS), slow(23));
    let url = relay.url();
    let line = ["-c", "trap '' HUP; exec \"$0\" \"$@\"", DIGEST, "send", "2025-11", "--yes"];
    let line = [&line[..], &["--json", "--relay", &url]].concat();
    let running = Running::start(here.command("sh").args(line));
    relay.has_taken(30);
    running.signal("HUP");
    all_have_it(&here, &relay, running);
}

// Row 45. Before the dot nothing can have been delivered, so nobody waits out a silent relay there.
#[test]
fn a_signal_does_not_wait_for_a_relay_that_is_silent_before_the_dot() {
    for (at, query) in [
        (At::Mail, ""),
        (At::Rcpt, ""),
        (At::Data, ""),
        (At::Mail, "?pipelining=off"),
        (At::Rcpt, "?pipelining=off"),
        (At::Data, "?pipelining=off"),
    ] {
        let script = Script::new().once(at, When::Message(5), Do::Stall);
        let (here, relay) = (with_readers(20), Relay::scripted(script));
        let url = format!("{}{query}", relay.url());
        let line = ["send", "2025-11", "--yes", "--json", "--connections", "1", "--relay", &url];
        let running = here.start(&line);
        relay.has_taken(4);
        let fifth = || relay.lines().iter().filter(|line| line.starts_with("MAIL")).count() >= 5;
        assert!(wait_until(Duration::from_secs(10), fifth), "{:?}", relay.lines());
        std::thread::sleep(Duration::from_millis(200));
        running.signal("TERM");
        let output = running.wait_for(Duration::from_secs(8));
        assert_eq!(output.code, 130, "{at:?} {query} {output:?}");
        // Who was in the middle of it waits as if nobody had tried.
        let book = book(&here);
        let counts = ["accepted", "pending"].map(|state| book.of(state).len());
        assert_eq!(counts, [4, 16], "{at:?} {query} {book:?}");
        assert_eq!(book.row("r0005@x.example").attempts, 0);
        assert_eq!(here.run(&line).code, 0);
        let copies = relay.copies();
        assert!(copies.len() == 20 && copies.values().all(|count| *count == 1), "{copies:?}");
    }
}

// Behind the dot only the reply tells whether somebody has the issue.
#[test]
fn a_signal_waits_for_the_reply_to_a_message_that_the_relay_has() {
    let script = Script::new().once(At::Dot, When::Message(5), Do::Delay(Duration::from_secs(7)));
    let (here, relay) = (with_readers(20), Relay::scripted(script));
    let running = start(&here, &relay, &["--connections", "1"]);
    relay.has_taken(4);
    let fifth = || relay.lines().iter().any(|line| line.contains("r0005"));
    assert!(wait_until(Duration::from_secs(10), fifth), "{:?}", relay.lines());
    std::thread::sleep(Duration::from_millis(300));
    running.signal("TERM");
    let output = running.wait_for(Duration::from_secs(20));
    assert_eq!(output.code, 130, "{output:?}");
    let book = book(&here);
    assert_eq!(book.state("r0005@x.example"), "accepted", "{book:?}");
    assert!(book.of("uncertain").is_empty(), "{book:?}");
}

/// Moves the times that the ledger has of its rows, as if the clock had been wrong.
fn shift_times(here: &Publication, by_ms: i64) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = Store::open(&here.path("digest.db"), &ledger::STEPS).await.expect("a ledger");
        sql::query("UPDATE recipient SET first_attempt = first_attempt + ?1, next_attempt = ?1")
            .bind(by_ms)
            .execute(store.pool())
            .await
            .expect("shifted");
        store.close().await;
    });
}

// Row 50. Within a run only its steady clock counts; between runs the machine's may have been set.
#[test]
fn a_clock_that_was_set_between_two_runs_gives_nobody_up_and_keeps_nobody_waiting() {
    const DAY_MS: i64 = 86_400_000;
    for by_ms in [DAY_MS, -DAY_MS, 3_600_000] {
        let busy = || Do::reply("450 4.2.1 mailbox busy");
        let script = Script::new().times(2, At::Rcpt, When::recipient("r0002"), busy());
        let (here, relay) = (with_readers(3), Relay::scripted(script));
        assert_eq!(start(&here, &relay, &[]).wait().code, 4);
        shift_times(&here, by_ms);
        assert_eq!(start(&here, &relay, &[]).wait().code, 4);
        let row = |book: &crate::relay::Book| book.row("r0002@x.example").state;
        assert_eq!(row(&book(&here)).word(), "deferred", "by {by_ms} ms");
        assert_eq!(start(&here, &relay, &[]).wait().code, 0);
        let copies = relay.copies();
        assert!(copies.len() == 3 && copies.values().all(|count| *count == 1), "{copies:?}");
    }
}

/// Moves all times that the ledger has of its rows, as if its runs had been so long ago.
fn age(here: &Publication, by: jiff::SignedDuration) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = Store::open(&here.path("digest.db"), &ledger::STEPS).await.expect("a ledger");
        let rows: Vec<(i64, String)> = sql::query_as("SELECT id, at FROM recipient WHERE at <> ''")
            .fetch_all(store.pool())
            .await
            .expect("rows");
        for (row, at) in rows {
            let at = at.parse::<jiff::Timestamp>().expect("a time") - by;
            sql::query(
                "UPDATE recipient SET at = ?2, first_attempt = first_attempt - ?3 WHERE id = ?1",
            )
            .bind(row)
            .bind(at.to_string())
            .bind(i64::try_from(by.as_millis()).expect("a number"))
            .execute(store.pool())
            .await
            .expect("aged");
        }
        store.close().await;
    });
}

// Row 50. For the third run the two before it were 25 hours ago, by a clock that is 25 hours ahead:
// it would have given the recipient up after two tries of a minute. Real days do give up.
#[test]
fn a_clock_that_is_a_day_ahead_gives_nobody_up_and_two_days_do() {
    let hours = jiff::SignedDuration::from_hours;
    for (pauses, last) in [([0, 25, -25], "deferred"), ([25, 25, 25], "refused")] {
        let busy = Do::reply("450 4.2.1 mailbox busy");
        let script = Script::new().rule(At::Rcpt, When::recipient("r0002"), busy);
        let (here, relay) = (with_readers(3), Relay::scripted(script));
        assert_eq!(start(&here, &relay, &[]).wait().code, 4);
        for pause in pauses {
            age(&here, hours(pause));
            start(&here, &relay, &[]).wait();
        }
        assert_eq!(book(&here).state("r0002@x.example"), last, "{pauses:?}");
        assert_eq!(relay.copies().len(), 2);
    }
}

// A cron job each day. The same relay took the same text for the others: it is no fault of the relay
// that one person's server has no time.
#[test]
fn one_person_who_is_put_off_for_days_is_given_up_and_no_relay_is_blamed() {
    let busy = Do::reply("451 4.7.1 try later");
    let script = Script::new().rule(At::Rcpt, When::recipient("r0002"), busy);
    let (here, relay) = (with_readers(30), Relay::scripted(script));
    let missed = || here.run(&["status", "2025-11", "--missed"]).stdout;
    let mut codes = Vec::new();
    for day in 0..6 {
        let output = start(&here, &relay, &[]).wait();
        codes.push(output.code);
        assert!(!output.stderr.contains("the relay refuses"), "day {day}: {}", output.stderr);
        let deferred = book(&here).state("r0002@x.example") == "deferred";
        assert_eq!(deferred, output.code == 4, "day {day}: {output:?}");
        // Both say whether the next send tries again.
        let told = missed();
        assert_eq!(told.contains("put off: the next send tries again"), deferred, "{told}");
        assert_eq!(told.contains("given up"), !deferred, "{told}");
        age(&here, jiff::SignedDuration::from_hours(24));
    }
    assert!(codes.starts_with(&[4, 4]) && codes.ends_with(&[0, 0]), "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, 0 | 4)), "{codes:?}");
    let book = book(&here);
    let text = book.row("r0002@x.example").text.clone().unwrap_or_default();
    assert!(text.starts_with("given up after") && text.ends_with(": try later"), "{text}");
    assert_eq!((book.of("accepted").len(), relay.copies().len()), (29, 29));
}

// Where so many are put off that it may be the relay, nobody is given up, and no relay is blamed.
#[test]
fn many_who_are_put_off_for_days_stay_put_off() {
    let busy = || Do::reply("450 4.7.1 not now");
    let busy_with = |script: Script, n: usize| {
        script.rule(At::Rcpt, When::recipient(&format!("b{n}@")), busy())
    };
    let relay = Relay::scripted((0..8).fold(Script::new(), busy_with));
    let rows: String = (0..8).map(|n| format!("b{n}@d{n}.example,B\nr{n}@x.example,R\n")).collect();
    let here = with_readers(1).write("subscribers.csv", format!("email,first_name\n{rows}"));
    for day in 0..4 {
        let output = start(&here, &relay, &[]).wait();
        assert_eq!((output.code, book(&here).of("deferred").len()), (4, 8), "{day}: {output:?}");
        age(&here, jiff::SignedDuration::from_hours(24));
    }
    let listed = here.run(&["status", "2025-11", "--list", "deferred"]).stdout;
    assert!(listed.contains("put off for") && !listed.contains("given up"), "{listed}");
}

// What a relay says before anybody is named, or of its own state, is nobody's own: one person is kept,
// and once the time is over it is an error with the reply, not a matter of one person.
#[test]
fn a_relay_that_is_broken_for_days_gives_nobody_up_and_is_told() {
    for (at, broken) in
        [(At::Mail, "451 4.3.0 Temporary lookup failure"), (At::Rcpt, "452 4.3.1 disk full")]
    {
        let gray = Do::reply("450 4.7.1 greylisted");
        let script = Script::new().rule(At::Rcpt, When::recipient("r0002"), gray);
        let (here, relay) = (with_readers(3), Relay::scripted(script));
        assert_eq!(start(&here, &relay, &[]).wait().code, 4);
        let down = Relay::scripted(Script::new().rule(at, When::Always, Do::reply(broken)));
        let mut codes = Vec::new();
        for day in 1..4 {
            age(&here, jiff::SignedDuration::from_hours(24));
            let output = start(&here, &down, &[]).wait();
            let book = book(&here);
            assert_eq!(book.of("refused").len(), 0, "{broken}, day {day}: {output:?}");
            let told = output.stderr.contains(&format!("a recipient: {broken}"));
            assert_eq!(output.code == 1, told, "{output:?}");
            codes.push(output.code);
        }
        assert_eq!((codes[0], codes[2]), (4, 1), "{broken}: {codes:?}");
        let mended = Relay::new();
        age(&here, jiff::SignedDuration::from_hours(24));
        assert_eq!(start(&here, &mended, &[]).wait().code, 0);
        assert_eq!((book(&here).of("accepted").len(), mended.copies().len()), (3, 1));
    }
}

// A quota of the relay is no matter of the sender, however long these people have waited: whoever has
// met it goes with the next run, and the others go with this one.
#[test]
fn a_rate_that_is_reached_at_mail_stops_no_run_of_people_whose_time_is_over() {
    let gray = |script: Script, n: usize| {
        let gray = Do::reply("450 4.7.1 greylisted");
        script.rule(At::Rcpt, When::recipient(&format!("r000{n}")), gray)
    };
    for reply in ["450 4.7.1 too many messages", "451 4.7.0 try again later"] {
        let (here, relay) = (with_readers(9), Relay::scripted((1..9).fold(Script::new(), gray)));
        for day in 0..3 {
            assert_eq!(start(&here, &relay, &[]).wait().code, 4, "{day}");
            age(&here, jiff::SignedDuration::from_hours(24));
        }
        let enough = Script::new().times(7, At::Mail, When::Always, Do::reply(reply));
        let output = start(&here, &Relay::scripted(enough), &[]).wait();
        let book = book(&here);
        let counts = ["accepted", "deferred", "refused"].map(|state| book.of(state).len());
        assert_eq!((output.code, counts), (4, [2, 7, 0]), "{reply}: {output:?}");
        assert!(!output.stderr.contains("refuses"), "{}", output.stderr);
        let listed = here.run(&["status", "2025-11", "--list", "deferred"]).stdout;
        assert!(listed.contains("put off for") && !listed.contains("given up"), "{listed}");
        let open = Relay::new();
        assert_eq!((start(&here, &open, &[]).wait().code, open.copies().len()), (0, 7));
    }
}

/// People whose time is over: nobody but the first has the issue.
fn gray_for_days(people: usize) -> Publication {
    let gray = |script: Script, n: usize| {
        let gray = Do::reply("450 4.7.1 greylisted");
        script.rule(At::Rcpt, When::recipient(&format!("r{n:04}")), gray)
    };
    let (here, relay) = (with_readers(people), (2..=people).fold(Script::new(), gray));
    let relay = Relay::scripted(relay);
    for _ in 0..3 {
        assert_eq!(start(&here, &relay, &[]).wait().code, 4);
        age(&here, jiff::SignedDuration::from_hours(24));
    }
    here
}

// By its code a login or a rule that fails may be a rate. Where nobody is let in for days, the run says
// so, and does not go on asking for all of them.
#[test]
fn a_relay_that_lets_nobody_in_for_days_is_told_whatever_it_says() {
    for (people, reply) in [
        (4, "451 4.7.0 Temporary authentication failure"),
        (4, "454 4.7.0 TLS not available due to local problem"),
        (4, "450 4.7.1 Relaying temporarily denied"),
        (4, "450 4.7.1 too many messages"),
        (120, "451 4.7.0 Temporary authentication failure"),
    ] {
        let here = gray_for_days(people);
        let shut = Relay::scripted(Script::new().rule(At::Mail, When::Always, Do::reply(reply)));
        let begun = std::time::Instant::now();
        let output = start(&here, &shut, &[]).wait();
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        assert_eq!(output.code, 1, "{reply}: {output:?}");
        assert!(output.stderr.contains(reply), "{}", output.stderr);
        let asked = shut.lines().iter().filter(|line| line.starts_with("MAIL")).count();
        assert!(asked <= 40, "{asked}");
        let listed = here.run(&["status", "2025-11", "--list", "deferred"]).stdout;
        assert!(people < 9 || !listed.contains("too many messages"), "{listed}");
        let open = Relay::new();
        let output = start(&here, &open, &[]).wait();
        assert_eq!((output.code, open.copies().len()), (0, people - 1), "{output:?}");
    }
}

// Whoever is left is alone in the run, so that nobody is accepted beside them.
#[test]
fn nobody_waits_for_ever() {
    for (left, reply) in [(2, "450 4.7.1 try again later"), (1, "451 4.3.0 try later")] {
        let with = |script: Script, n: usize| {
            script.rule(At::Rcpt, When::recipient(&format!("r000{n}")), Do::reply(reply))
        };
        let relay = Relay::scripted((1..=left).fold(Script::new(), with));
        let here = with_readers(6);
        let mut codes = Vec::new();
        for _ in 0..9 {
            codes.push(start(&here, &relay, &[]).wait().code);
            age(&here, jiff::SignedDuration::from_hours(24));
        }
        assert!(codes[0] == 4 && !codes[..4].contains(&0), "{codes:?}");
        assert!(codes.ends_with(&[0, 0]), "{reply}: {codes:?}");
        let book = book(&here);
        assert_eq!((book.of("refused").len(), book.of("accepted").len()), (left, 6 - left));
    }
}

// Deferred, claimed again and killed before its dot: its first try is counted once.
#[test]
fn an_attempt_is_counted_once_however_the_next_one_ends() {
    let script = Script::new()
        .once(At::Rcpt, When::recipient("r0002"), Do::reply("450 4.2.1 mailbox busy"))
        .rule(At::Rcpt, When::recipient("r0002"), Do::Delay(Duration::from_secs(20)));
    let relay = Relay::scripted(script);
    let here = with_readers(3);
    let text = format!("{}\n[retry]\nfirst = \"300ms\"\n", here.read("digest.toml"));
    let here = here.write("digest.toml", text);
    let running = start(&here, &relay, &["--wait", "30s"]);
    let again = || relay.lines().iter().filter(|line| line.contains("r0002")).count() == 2;
    assert!(wait_until(Duration::from_secs(20), again), "{:?}", relay.lines());
    running.kill();
    let other = Relay::new();
    assert_eq!(start(&here, &other, &[]).wait().code, 0);
    assert_eq!(book(&here).row("r0002@x.example").attempts, 2);
}

// Row 47. The journal is whole, but nobody can tell that once the machine was started again: what
// counts is what it says, and of the rest of the claim nobody knows.
#[test]
fn a_kill_and_a_restart_of_the_machine_leave_a_whole_claim_uncertain() {
    let (here, relay) = (with_readers(READERS), slow(25));
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    running.kill();
    let mut lines = crate::marks::contents(&here);
    lines[0] = lines[0].replacen("\"boot\":\"", "\"boot\":\"another-", 1);
    let here = here.with_journal(crate::marks::journal(&lines));
    let output = start(&here, &relay, &[]).wait();
    let book = book(&here);
    let uncertain = book.of("uncertain").len();
    assert!(output.code == 4 && (CONNECTIONS + 1..=200).contains(&uncertain), "{output:?}");
    let settle = format!("settle {uncertain} people who may or may not have it");
    assert!(output.stderr.contains(&settle), "{}", output.stderr);
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    // No Message-ID of theirs was written down; it is made again, and is the one that left.
    let open = Relay::new();
    start(&here, &open, &["--uncertain", "resend"]).wait();
    let id = |received: &Received| {
        let id = Mail::read(&received.bytes).id().to_owned();
        (received.recipients[0].clone(), id)
    };
    let before: BTreeMap<String, String> = relay.accepted().iter().map(id).collect();
    let again: BTreeMap<String, String> = open.accepted().iter().map(id).collect();
    assert_eq!(again.len(), uncertain);
    assert!(again.values().all(|id| id.ends_with("@sejong.example>")), "{again:?}");
    for (recipient, id) in &again {
        assert!(before.get(recipient).is_none_or(|known| known == id), "{recipient}");
    }
}

// Row 47. What was not synced is lost with the power: the marks, here, and perhaps their file.
#[test]
fn after_another_boot_whoever_was_claimed_is_uncertain_and_held() {
    for lost in [false, true] {
        let (here, relay) = (with_readers(READERS), slow(24));
        let running = start(&here, &relay, &[]);
        relay.has_taken(60);
        running.kill();
        let mut lines = crate::marks::contents(&here);
        assert!(lines[0].contains("\"boot\":\""), "{}", lines[0]);
        // The marks of the last moments are gone, and the machine has been started again.
        lines.truncate(21);
        lines[0] = lines[0].replacen("\"boot\":\"", "\"boot\":\"another-", 1);
        let here = if lost {
            here.without_journal()
        } else {
            here.with_journal(crate::marks::journal(&lines))
        };
        let mut flags = Vec::new();
        if lost {
            // A copy of the ledger from the middle of the run looks the same.
            let asked = start(&here, &relay, &[]).wait();
            assert_eq!(asked.code, 3, "{asked:?}");
            flags.push("--despite-receipt");
        }
        let output = start(&here, &relay, &flags).wait();
        let book = book(&here);
        let uncertain = book.of("uncertain").len();
        assert_eq!(output.code, 4, "{output:?}");
        assert!((1..=200).contains(&uncertain), "{uncertain}");
        assert_eq!(book.of("accepted").len() + uncertain, READERS);
        let copies = relay.copies();
        assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    }
}
