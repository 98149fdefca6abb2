//! What is asked before a send although nothing is an error: a list that lacks most of those who wait,
//! and a clock that contradicts the ledger.

use jiff::{SignedDuration, Timestamp};
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::relay::Relay;
use crate::{LIST, book, counts, list, send, summary, with_readers};

/// A publication of which nobody has got the issue, and all wait for it.
fn waiting(count: usize) -> Publication {
    let here = with_readers(count);
    let nobody = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:9?tls=none"];
    assert_eq!(here.run(&nobody).code, 1);
    assert_eq!(book(&here).of("pending").len(), count);
    here
}

#[test]
fn a_list_that_lacks_most_of_those_who_wait_stops_the_send_before_the_first_message() {
    let (here, relay) = (waiting(30), Relay::new());
    let here = here.write("other.csv", "email\nr001@x.example\nnew@x.example\n");
    let other = ["--subscribers", "other.csv"];
    let told = send(&here, &relay, &other);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    for words in [
        "29 of 30 people who wait for 2025-11 are not in other.csv, or are left out of it",
        "it may be the wrong file; nothing was sent",
        "--subscribers FILE",
        "add --despite-list",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert_eq!(book(&here).of("pending").len(), 30, "nobody was suppressed");
    let plan = here.run(&["plan", "2025-11", "--subscribers", "other.csv"]);
    assert!(
        plan.code == 0 && plan.stderr.contains("stops (exit 3) without --despite-list"),
        "{plan:?}"
    );
    // So does one in which nobody is left to send to.
    let here = here.write("other.csv", "email\nnew@x.example\n").write(LIST, list(30));
    assert_eq!(send(&here, &relay, &other).code, 3);
    let said = send(&here, &relay, &[&other[..], &["--despite-list"]].concat());
    assert_eq!((said.code, counts(&here, &said)), (0, [1, 0, 0, 0, 30, 0]), "{said:?}");
    // Whoever was suppressed gets it from the right list.
    let all = send(&here, &relay, &[]);
    assert_eq!((all.code, relay.counts().accepted), (0, 31), "{all:?}");
}

/// A computer that has lost its time says 1998, and no ledger shows it: for the program that is the same
/// as an issue of a far year.
#[test]
fn a_first_send_that_is_dated_years_from_now_is_asked_about() {
    let far = || with_readers(3).edit("issues/2025-11/issue.toml", "2025-11-06", "2099-11-06");
    let (here, relay) = (far(), Relay::new());
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    for words in
        ["the clock of this computer says", "the issue is dated 2099-11-06", "--despite-clock"]
    {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(!here.exists("digest.db") && !here.exists("receipts"));
    let plan = here.run(&["plan", "2025-11"]);
    assert!(
        plan.code == 0 && plan.stderr.contains("stops (exit 3) without --despite-clock"),
        "{plan:?}"
    );
    // Once it has begun, nobody is asked again; nor where the date is allowed, or it is a rehearsal.
    let said = send(&here, &relay, &["--despite-clock"]);
    assert_eq!((said.code, relay.counts().accepted), (0, 3), "{said:?}");
    let here = here.write(LIST, list(4));
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 4));
    let rehearsed = far().run(&["send", "2025-11", "--yes", "--catch", "out"]);
    assert_eq!(rehearsed.code, 0, "{rehearsed:?}");
    assert_eq!(send(&far(), &Relay::new(), &["--allow", "issue-date"]).code, 0);
}

/// A file that was cut off in the middle, however far the send was, and whoever was put off.
#[test]
fn a_list_that_was_cut_off_is_asked_about() {
    let cases: [(Publication, usize, &str); 4] = [
        (waiting(40), 22, "18 of 40 people who wait for 2025-11 are not in"),
        (put_off(40, 18), 22, "18 of 18 people who wait for 2025-11 are not in"),
        (put_off(60, 9), 40, "9 of 9 people who wait for 2025-11 are not in"),
        (put_off(60, 9), 54, ""),
    ];
    for (here, left, words) in cases {
        let rows = format!("{}new@x.example,New\n", list(left));
        let (here, relay) = (here.write(LIST, rows), Relay::new());
        let told = send(&here, &relay, &[]);
        let is_asked = !words.is_empty();
        assert_eq!(told.code == 3, is_asked, "{told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        assert_eq!(told.stderr.contains("--despite-list"), is_asked, "{told:?}");
    }
    // Those who have it are missing as well.
    let here = put_off(60, 9).write(LIST, list(40));
    let words = "and neither are 11 of the 51 who have it: it may be the wrong file";
    assert!(here.run(&["plan", "2025-11"]).stderr.contains(words));
    // A part of the list is chosen by `--only`, or left out by `--except`.
    let (here, relay) = (waiting(30), Relay::new());
    let only = send(&here, &relay, &["--only", "email=r001@x.example"]);
    assert!(relay.counts().accepted == 1 && !only.stderr.contains("wrong file"), "{only:?}");
    let most: String = (3..=14).map(|n| format!("r{n:03}@x.example\n")).collect();
    let here = here.write("not.txt", most);
    let except = send(&here, &relay, &["--except", "not.txt"]);
    assert!(relay.counts().accepted == 18 && !except.stderr.contains("wrong file"), "{except:?}");
}

/// Whoever answers one question must not believe that it was the only one.
#[test]
fn all_that_is_doubted_is_told_at_once_with_one_line_of_flags() {
    if only_files("the file is taken away and put back") {
        return;
    }
    let here = put_off(60, 9);
    moved(&here, SignedDuration::from_hours(24 * 365 * 6));
    let ledger = std::fs::read(here.path("digest.db")).expect("a ledger");
    let receipt = here.read("receipts/2025-11.toml").replace("refused = 0", "refused = 1");
    let others: String = (0..70).map(|n| format!("o{n}@y.example,Other\n")).collect();
    let here = here
        .remove("digest.db")
        .write("other.db", &ledger)
        .write("receipts/2025-11.toml", receipt)
        .remove(".digest-secret")
        .write(LIST, format!("{}{others}", list(1)));
    std::fs::rename(here.path("other.db"), here.path("digest.db")).expect("put back");
    let flags = [
        "--despite-clock",
        "--despite-copy",
        "--despite-list",
        "--despite-receipt",
        "--new-secret",
    ];
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    let line = format!("each is right, add {}", flags.join(" "));
    for words in [
        "later: one of the two is wrong",
        "was copied, moved or put back",
        "was edited by hand or merged",
        ".digest-secret is missing",
        "9 of 9 people who wait for 2025-11 are not in",
        &line,
    ] {
        assert_eq!(told.stderr.matches(words).count(), 1, "{words:?}: {}", told.stderr);
    }
    assert_eq!(told.stderr.matches("nothing was sent").count(), 1, "{}", told.stderr);
    // A plan says the same, and ends with 0.
    let plan = here.run(&["plan", "2025-11", "--json"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    let doubts = summary(&plan)["doubts"].as_array().expect("a list").clone();
    let mut found: Vec<&str> = doubts.iter().filter_map(|one| one["flag"].as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, flags, "{plan:?}");
    for one in &doubts {
        let says = one["says"].as_str().expect("words");
        assert!(plan.stderr.contains(says) && told.stderr.contains(&says[..30]), "{says}");
    }
    // With one of them less, that one alone is asked.
    for left_out in flags {
        let more: Vec<&str> = flags.into_iter().filter(|flag| *flag != left_out).collect();
        let told = send(&here, &relay, &more);
        assert_eq!((told.code, relay.counts().connections), (3, 0), "{left_out}: {told:?}");
        assert!(told.stderr.contains(left_out), "{left_out}: {told:?}");
    }
    let told = send(&here, &relay, &flags);
    assert_eq!((told.code, relay.counts().accepted), (0, 70), "{told:?}");
}

/// Some leave between two runs, and a small list may lose most.
#[test]
fn a_list_that_lacks_a_few_of_those_who_wait_is_an_ordinary_one() {
    for (before, after) in [(30, 27), (4, 1)] {
        let here = waiting(before).write(LIST, list(after));
        let relay = Relay::new();
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, after as u64), "{told:?}");
        assert!(!told.stderr.contains("wrong file"), "{}", told.stderr);
    }
    // A rehearsal asks nothing.
    let here = with_readers(30);
    let rehearse = ["send", "2025-11", "--yes", "--catch", "out"];
    assert_eq!(here.run(&rehearse).code, 0);
    assert_eq!(here.write(LIST, list(1)).run(&rehearse).code, 0);
}

/// Everybody has the issue but the last ones, whose mailboxes are full.
fn put_off(count: usize, last: usize) -> Publication {
    let here = with_readers(count);
    let busy = |script: Script, n: usize| {
        let who = format!("r{n:03}");
        script.rule(At::Rcpt, When::recipient(&who), Do::reply("452 4.2.2 mailbox full"))
    };
    let relay = Relay::scripted((count - last + 1..=count).fold(Script::new(), busy));
    let told = send(&here, &relay, &[]);
    assert_eq!(counts(&here, &told)[..3], [(count - last) as u64, 0, last as u64], "{told:?}");
    here
}

#[test]
fn a_list_without_the_full_mailboxes_is_the_right_one_and_another_list_is_not() {
    let (here, relay) = (put_off(60, 9), Relay::new());
    let new: String = (0..10).map(|n| format!("n{n}@x.example,New\n")).collect();
    let cleaned = format!("{}{new}", list(51));
    // Others have one reader in common.
    let others: String = (0..70).map(|n| format!("o{n}@y.example,Other\n")).collect();
    let here = here.write("others.csv", format!("{}{others}", list(1)));
    let told = send(&here, &relay, &["--subscribers", "others.csv"]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    assert!(told.stderr.contains("9 of 9 people who wait for 2025-11 are not in"), "{told:?}");
    let here = here.write(LIST, cleaned);
    let plan = here.run(&["plan", "2025-11"]);
    assert!(!plan.stderr.contains("wrong file"), "{plan:?}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 10), "{told:?}");
    assert!(!told.stderr.contains("wrong file"), "{told:?}");
    // Nobody is left: that of another list is told, and nobody is asked.
    let (here, relay) = (put_off(30, 25).write(LIST, list(5)), Relay::new());
    let plan = here.run(&["plan", "2025-11"]);
    let words = "25 of 25 people who wait for 2025-11 are not in";
    assert!(plan.stderr.contains(words) && !plan.stderr.contains("--despite-list"), "{plan:?}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().connections), (0, 0), "{told:?}");
    assert!(told.stderr.contains(words), "{told:?}");
}

#[allow(clippy::disallowed_methods, reason = "the binary reads the clock too")]
fn now() -> String {
    Timestamp::now().to_string()
}

/// Moves all times of the runs, as a clock that was wrong has written them.
fn moved(here: &Publication, by: SignedDuration) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(here)).await;
        let rows: Vec<(i64, String, String)> =
            sql::query_as("SELECT id, started_at, last_at FROM run")
                .fetch_all(store.pool())
                .await
                .expect("runs");
        for (run, begin, last) in rows {
            let later = |text: String| {
                let at: Timestamp = text.parse().expect("a time");
                (at + by).to_string()
            };
            sql::query("UPDATE run SET started_at = ?2, last_at = ?3 WHERE id = ?1")
                .bind(run)
                .bind(later(begin))
                .bind(later(last))
                .execute(store.pool())
                .await
                .expect("moved");
        }
        store.close().await;
    });
}

#[test]
fn a_clock_that_contradicts_the_ledger_stops_a_send_until_somebody_says_that_it_is_right() {
    let years = SignedDuration::from_hours(24 * 365 * 6);
    for (by, words) in [
        (years, "later: one of the two is wrong"),
        (-years, "earlier, and the issue is dated 2019-11-06: the clock may be wrong"),
    ] {
        let relay = Relay::new();
        let manifest = "issues/2025-11/issue.toml";
        let here = with_readers(2).edit(manifest, "2025-11-06", "2019-11-06");
        assert_eq!(send(&here, &relay, &[]).code, 0);
        moved(&here, by);
        let here = here.write(LIST, list(3));
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 2), "{told:?}");
        let says = format!("the clock of this computer says {}", &now()[..10]);
        for words in
            [&says[..], "and the ledger's last entry is of 20", words, "add --despite-clock"]
        {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        let plan = here.run(&["plan", "2025-11"]);
        assert!(plan.code == 0 && plan.stderr.contains("without --despite-clock"), "{plan:?}");
        // Neither a wait nor a time that is past hides it.
        let late = send(&here, &relay, &["--at", "2099-01-01 09:00"]);
        assert_eq!(late.code, 3, "{late:?}");
        let said = send(&here, &relay, &["--despite-clock"]);
        assert_eq!((said.code, relay.counts().accepted), (0, 3), "{said:?}");
        // Once it has sent, the ledger goes by this clock.
        let here = here.write(LIST, list(4));
        assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 4));
    }
}

#[test]
fn a_clock_is_asked_about_only_where_somebody_is_left_to_send_to() {
    let busy =
        Script::new().rule(At::Rcpt, When::recipient("r002"), Do::reply("550 5.1.1 no such user"));
    let (here, relay) = (with_readers(2), Relay::scripted(busy));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    moved(&here, SignedDuration::from_hours(72));
    let asked = "without --despite-clock";
    for more in [&[][..], &["--despite-clock"], &[]] {
        let told = send(&here, &relay, more);
        assert_eq!(told.code, 0, "{told:?}");
        for words in ["one of the two is wrong", "nothing to send"] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains("one of the two") && !plan.stderr.contains(asked), "{plan:?}");
    // Somebody is to be tried once more, or is new.
    let again = here.run(&["plan", "2025-11", "--retry-refused"]);
    assert!(again.stderr.contains(asked), "{again:?}");
    assert_eq!(send(&here, &relay, &["--retry-refused"]).code, 3);
    let here = here.write(LIST, list(3));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 1), "{told:?}");
    assert!(told.stderr.contains("once a send has begun, it is not asked about again"), "{told:?}");
    assert_eq!((send(&here, &relay, &["--despite-clock"]).code, relay.counts().accepted), (0, 2));
    let here = here.write(LIST, list(4));
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 3));
}

#[test]
fn a_clock_that_is_a_little_behind_is_told_and_sends() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    moved(&here, SignedDuration::from_hours(3));
    let here = here.write(LIST, list(3));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    assert!(told.stderr.contains("one of the two was wrong, by "), "{}", told.stderr);
    // An ordinary send, and a rehearsal, say nothing.
    let here = here.write(LIST, list(4));
    assert!(!send(&here, &relay, &[]).stderr.contains("the clock of"));
    // A publication that begins again after years sends an issue of today.
    moved(&here, SignedDuration::from_hours(-24 * 365 * 4));
    let (today, url) = (now(), relay.url());
    let manifest = here.read("issues/2025-11/issue.toml").replace("2025-11-06", &today[..10]);
    let here = here
        .write("issues/again/issue.toml", manifest.replace("number = 1", "number = 2"))
        .write("issues/again/hangul.md", "---\ntitle: Again\n---\n\nWe are back.\n");
    let told = here.run(&["send", "again", "--yes", "--new-issue", "--relay", &url]);
    assert!(told.code == 0 && !told.stderr.contains("the clock of"), "{told:?}");
}

/// What a killed sender's journal alone knows counts too, whoever tells it.
#[test]
fn plan_and_send_tell_the_same_numbers_of_a_list_after_a_sender_was_killed() {
    let (here, relay) = (with_readers(40), Relay::new());
    let url = relay.url();
    let running =
        here.start(&["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"]);
    relay.has_taken(5);
    running.kill();
    relay.taken_in_the_end();
    let here = here.write(LIST, list(20));
    let said = |stderr: &str| {
        let line = stderr.lines().find(|line| line.contains(" people who wait for 2025-11"));
        let line = line.expect("a doubt").trim_start_matches("error: ");
        line.split(" people").next().unwrap_or_default().to_owned()
    };
    let plan = here.run(&["plan", "2025-11", "--relay", &url]);
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, said(&told.stderr)), (3, said(&plan.stderr)), "{plan:?} {told:?}");
    assert_ne!(said(&told.stderr), "20 of 40");
    // The look is over: the send settles what was left, and goes on.
    let sent = send(&here, &relay, &["--despite-list", "--uncertain", "resend"]);
    assert_eq!(sent.code, 0, "{sent:?}");
}
