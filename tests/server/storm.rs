//! Senders that are killed, servers that are restarted, sessions that are cut: nobody is lost, and
//! nobody gets the issue twice but for rows that were listed as uncertain.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::running::wait_until;
use crate::harness::server::Server;
use crate::relay::Relay;
use crate::{alone, book, elsewhere, readers, start, steady};

const READERS: usize = 500;
const CONNECTIONS: usize = 4;

/// A relay that takes its time now and then.
fn slow(seed: u64) -> Relay {
    let ms = Duration::from_millis;
    let script = Script::new()
        .rule(At::Dot, When::Fraction(0.3, seed), Do::Delay(ms(8)))
        .rule(At::Dot, When::Fraction(0.1, seed + 1), Do::Delay(ms(25)))
        .rule(At::Rcpt, When::Fraction(0.1, seed + 2), Do::Delay(ms(10)));
    Relay::scripted(script)
}

/// What happens to a sender in one round.
fn strike(server: &Server, round: u64) -> &'static str {
    match round % 4 {
        0 => "kill",
        1 => {
            server.control("restart");
            "restart"
        }
        2 => {
            server.cut("application_name LIKE 'process %'");
            "cut of the session that writes"
        }
        _ => {
            server.cut("application_name = 'digest'");
            "cut of the session that watches"
        }
    }
}

/// What happened to the senders of one storm, or of several.
#[derive(Debug, Default)]
struct Log {
    storms: usize,
    recipients: usize,
    runs: usize,
    /// How often each kind of strike met a sender that was still at work.
    strikes: BTreeMap<&'static str, usize>,
    /// Rows that were listed as uncertain, and how many of those people have the issue twice after
    /// somebody said `--uncertain resend`.
    uncertain: usize,
    twice: usize,
}

impl Log {
    fn add(&mut self, other: Log) {
        self.storms += other.storms;
        self.recipients += other.recipients;
        self.runs += other.runs;
        for (what, count) in other.strikes {
            *self.strikes.entry(what).or_default() += count;
        }
        self.uncertain += other.uncertain;
        self.twice += other.twice;
    }
}

/// One storm from beginning to end. It fails where somebody is lost, or has the issue twice without
/// having been listed.
fn weathered(server: &Server, seed: u64) -> Log {
    let (here, relay) = (readers(READERS).sending_from(&server.fresh()), slow(seed));
    let mut log = Log { storms: 1, recipients: READERS, ..Log::default() };
    let mut known = 0;
    for round in seed..seed + 60 {
        let before = relay.counts().accepted;
        let mut running = start(&here, &relay, &[]);
        log.runs += 1;
        let share = 20 + (round * 37) % 70;
        let reached = || running.is_over() || relay.counts().accepted >= before + share;
        assert!(wait_until(Duration::from_secs(60), reached), "it stands still");
        if running.is_over() {
            let last = running.wait();
            assert!(matches!(last.code, 0 | 4), "{last:?}");
            break;
        }
        let what = strike(server, round);
        *log.strikes.entry(what).or_default() += 1;
        if what == "kill" {
            running.kill();
        } else {
            let output = running.wait();
            // It may have been done a moment before.
            assert!(matches!(output.code, 0 | 1 | 4), "{what}: {output:?}");
            if output.code == 1 {
                let words = "the connection to postgres://tester@127.0.0.1";
                assert!(output.stderr.contains(words), "{what}: {output:?}");
                assert!(output.stderr.contains("run the same command again"), "{output:?}");
            }
        }
        let uncertain = book(&here).of("uncertain").len();
        assert!(uncertain - known <= CONNECTIONS, "{what}: {known} and then {uncertain}");
        known = uncertain;
    }
    assert!(log.strikes.values().sum::<usize>() >= 5, "{log:?} proves little");
    let held = book(&here);
    let uncertain: BTreeSet<String> = held.of("uncertain").into_iter().map(str::to_owned).collect();
    assert_eq!(held.of("accepted").len() + uncertain.len(), READERS, "{held:?}");
    let copies = relay.copies();
    for email in held.of("accepted") {
        assert_eq!(copies.get(email), Some(&1), "{:?}", held.row(email));
    }
    for email in &uncertain {
        assert!(copies.get(email).is_none_or(|count| *count == 1), "{:?}", held.row(email));
    }
    let resent = start(&here, &relay, &["--uncertain", "resend"]).wait();
    assert_eq!(resent.code, 0, "{resent:?}");
    for (email, count) in relay.copies() {
        assert!(count == 1 || count == 2 && uncertain.contains(&email), "{email}: {count}");
        log.twice += count - 1;
    }
    assert_eq!(relay.copies().len(), READERS, "somebody has nothing");
    log.runs += 1;
    log.uncertain = uncertain.len();
    log
}

#[test]
fn a_storm_of_kills_restarts_and_cuts_loses_nobody_and_doubles_only_who_was_listed() {
    let Some((server, _alone)) = alone() else { return };
    weathered(server, 8);
}

#[test]
#[ignore = "minutes: DIGEST_CRASH_SECONDS=600 cargo test --test server -- --ignored --nocapture"]
fn a_long_storm_of_kills_restarts_and_cuts() {
    let Some((server, _alone)) = alone() else { return };
    let seconds = std::env::var("DIGEST_CRASH_SECONDS").unwrap_or_else(|_| "60".to_owned());
    let seconds = Duration::from_secs(seconds.parse().expect("DIGEST_CRASH_SECONDS is a number"));
    let (began, mut all) = (Instant::now(), Log::default());
    for seed in 1.. {
        all.add(weathered(server, seed));
        eprintln!("{} s: {all:?}; lost 0; twice without being listed 0", began.elapsed().as_secs());
        if began.elapsed() >= seconds {
            break;
        }
    }
}

/// What was on the wire has its outcome in the journal of this machine, and nothing more leaves.
#[test]
fn a_sender_whose_session_is_cut_sends_nothing_more_and_its_outcomes_are_kept() {
    let Some((server, _alone)) = alone() else { return };
    let (here, relay) = (readers(READERS).sending_from(&server.fresh()), slow(11));
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    server.cut("application_name LIKE 'process %'");
    let output = running.wait();
    let taken = relay.taken_in_the_end() as usize;
    assert_eq!(output.code, 1, "{output:?}");
    assert!(taken < READERS, "all had left before");
    // The ledger cannot be asked, and the journal knows.
    assert!(
        output.stdout.contains(&format!("\"planned\":500,\"accepted\":{taken},")),
        "{output:?}"
    );
    assert!(output.stderr.contains("are what the journal says"), "{output:?}");
    let receipt = std::fs::read_dir(here.path("receipts")).unwrap().next().unwrap().unwrap();
    let receipt = std::fs::read_to_string(receipt.path()).unwrap();
    assert!(receipt.contains(&taken.to_string()), "{taken} in {receipt}");
    let status = here.run(&["status", "2025-11"]);
    let told = format!("500 planned: {taken} accepted");
    assert!(status.stdout.contains(&told), "no {told:?} in {status:?}");
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    assert!(relay.copies().values().all(|count| *count == 1));
    assert_eq!(book(&here).of("accepted").len(), READERS);
}

/// It keeps the connection and says nothing more: nobody waits for that without an end.
#[test]
fn a_server_that_answers_nothing_is_told_and_a_second_signal_ends_the_send() {
    let Some((server, _alone)) = alone() else { return };
    let (here, relay) = (readers(READERS).sending_from(&server.fresh()), slow(13));
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    let silence = server.silence();
    running.says("has not answered for ");
    running.signal("TERM");
    running.says("stopping when the store answers: the store postgres://");
    running.signal("TERM");
    let output = running.wait_for(Duration::from_secs(15));
    for words in ["the relay still has to answer", "closed pool"] {
        assert!(!output.stderr.contains(words), "{words:?} in {output:?}");
    }
    assert_eq!(output.code, 1, "{output:?}");
    let taken = relay.taken_in_the_end() as usize;
    assert!(taken < READERS, "all had left before");
    let words = ["the server has not answered for", "run the same command again"];
    assert!(words.iter().all(|words| output.stderr.contains(words)), "{output:?}");
    assert!(output.stdout.contains(&format!("\"accepted\":{taken},")), "{taken}: {output:?}");
    drop(silence);
    let status = here.run(&["status", "2025-11"]);
    let told = format!("500 planned: {taken} accepted");
    assert!(status.stdout.contains(&told), "no {told:?} in {status:?}");
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    assert!(relay.copies().values().all(|count| *count == 1));
}

/// Two folders are two machines: what they have in common is the server.
#[test]
fn a_second_sender_from_another_machine_is_told_who_is_sending() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let [here, there] = [elsewhere(40, &url), elsewhere(40, &url)];
    let wait = Do::Delay(Duration::from_secs(1));
    let relay = Relay::scripted(Script::new().rule(At::Dot, When::Always, wait));
    let first = start(&here, &relay, &["--connections", "20"]);
    relay.has_taken(1);
    let second = start(&there, &relay, &[]).wait();
    assert_eq!(second.code, 1, "{second:?}");
    let words = format!("process {} (issue 2025-11", first.pid());
    assert!(second.stderr.contains(&words), "no {words:?} in {}", second.stderr);
    // By what the server calls it, which ends it where nobody else can.
    let schema = url.rsplit('=').next().expect("a schema");
    let session = server.ask(&format!(
        "SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' \
         AND l.classid = 1684628339 AND l.objid = CAST(CAST(hashtext('{schema}') AS bigint) \
         & 4294967295 AS oid)"
    ));
    for words in [
        format!(" at 127.0.0.1, session {session} since 20"),
        format!("SELECT pg_terminate_backend({session})"),
    ] {
        assert!(second.stderr.contains(&words), "no {words:?} in {}", second.stderr);
    }
    let looking = there.run(&["status", "2025-11"]);
    assert!(looking.stderr.contains("is sending now"), "{looking:?}");
    assert_eq!(first.wait().code, 0);
    let copies = relay.copies();
    assert!(copies.len() == 40 && copies.values().all(|count| *count == 1), "{copies:?}");
}

/// The journal lies on the machine that was killed. Another one cannot read it, so nobody whom it had
/// claimed is sent to again unasked.
#[test]
fn what_a_killed_sender_left_is_uncertain_for_another_machine() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let [here, there] = [elsewhere(300, &url), elsewhere(300, &url)];
    let relay = slow(5);
    let running = start(&here, &relay, &[]);
    relay.has_taken(30);
    running.kill();
    let other = start(&there, &relay, &[]).wait();
    assert_eq!(other.code, 4, "{other:?}");
    assert!(other.stderr.contains("is missing"), "{}", other.stderr);
    let held = book(&there);
    assert!(held.of("pending").is_empty() && !held.of("uncertain").is_empty(), "{held:?}");
    assert!(relay.copies().values().all(|count| *count == 1));
    // The machine comes back, and its journal knows of nearly all of them.
    let before = held.of("uncertain").len();
    assert!(before > CONNECTIONS, "{before} uncertain prove little");
    let looking = here.run(&["status", "2025-11"]);
    let back = start(&here, &relay, &[]).wait();
    assert!(matches!(back.code, 0 | 4), "{back:?}");
    let settled = book(&here);
    let uncertain = settled.of("uncertain").len();
    assert!(uncertain <= CONNECTIONS, "{uncertain} of {before}: {back:?}");
    assert!(looking.stdout.contains(&format!("{uncertain} uncertain")), "{looking:?}");
    assert_eq!(settled.of("accepted").len() + uncertain, 300, "{settled:?}");
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    for email in settled.of("accepted") {
        assert!(copies.contains_key(email), "{email}: {:?}", settled.row(email));
    }
    // Once is enough.
    let again = start(&here, &relay, &[]).wait();
    assert_eq!(
        (again.code, book(&here).of("uncertain").len()),
        (back.code, uncertain),
        "{again:?}"
    );
}

/// Whoever was sent to once more from the other machine keeps what came of that.
#[test]
fn what_a_later_send_has_decided_stays_when_the_journal_of_a_killed_one_comes_back() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let [here, there] = [elsewhere(300, &url), elsewhere(300, &url)];
    let relay = slow(6);
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    running.kill();
    let other = start(&there, &relay, &["--uncertain", "resend"]).wait();
    // Who was claimed is uncertain only once that send has begun.
    assert!(matches!(other.code, 0 | 4), "{other:?}");
    let other = start(&there, &relay, &["--uncertain", "resend"]).wait();
    assert_eq!(other.code, 0, "{other:?}");
    let before = book(&there);
    let copies = relay.copies();
    let back = start(&here, &relay, &[]).wait();
    assert_eq!(back.code, 0, "{back:?}");
    assert!(back.stderr.contains("they may have it twice"), "{back:?}");
    assert_eq!(format!("{:?}", book(&here)), format!("{before:?}"));
    assert_eq!(relay.copies(), copies);
}
