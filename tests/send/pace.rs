//! Who may be sent to how fast, over which relay: rate replies, lanes, several relays.

use std::collections::BTreeMap;
use std::time::Duration;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication};
use crate::limited::Limited;
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{LIST, book, counts, send, summary, with_readers};

/// Sends over the relays of `digest.toml`.
pub(crate) fn send_configured(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["send", "2025-11", "--yes", "--json"], more].concat())
}

pub(crate) fn two_relays(count: usize, one: (&Relay, &str), other: (&Relay, &str)) -> Publication {
    let relay =
        |(relay, more): (&Relay, &str)| format!("[[relay]]\nurl = \"{}\"\n{more}\n", relay.url());
    with_settings(count, &format!("{}{}", relay(one), relay(other)))
}

pub(crate) fn slow() -> Do {
    Do::Delay(Duration::from_millis(30))
}

#[test]
fn a_few_rate_replies_slow_nobody_and_everybody_gets_it_once() {
    let slow_down = || Do::reply_then_close("421 4.7.0 too many messages, slow down");
    let script = Script::new()
        .rule(At::Rcpt, When::Message(20), slow_down())
        .rule(At::Mail, When::Message(30), slow_down())
        .rule(At::Rcpt, When::Message(40), slow_down());
    let (here, relay) = (with_readers(60), Relay::scripted(script));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [60, 0, 0, 0, 0, 0]), "{output:?}");
    let copies = relay.copies();
    assert!(copies.len() == 60 && copies.into_values().all(|copies| copies == 1));
    let took = summary(&output)["elapsed_s"].as_f64().expect("a number");
    assert!(took < 2.0, "{took}");
}

#[test]
fn rate_replies_by_chance_cost_little_time() {
    // Every twentieth is refused at the first try, whatever the rate.
    let chance = Do::reply("450 4.7.1 try again later");
    let script = Script::new().rule(At::Rcpt, When::Fraction(0.05, 11), chance);
    let relay = Relay::scripted(script);
    let here = with_settings(2_000, "[retry]\nfirst = \"300ms\"");
    let output = send(&here, &relay, &["--wait", "20s"]);
    assert_eq!((output.code, relay.copies().len()), (0, 2_000), "{output:?}");
    let took = summary(&output)["elapsed_s"].as_f64().expect("a number");
    // At the full rate this takes one or two; held back for each refusal, minutes.
    assert!(took < 30.0, "{took}");
}

#[test]
fn a_relay_that_limits_gets_what_it_allows_and_is_seldom_asked_for_more() {
    let row = |n| format!("r{n:04}@d{}.example,Reader {n}\n", n % 50);
    let list = format!("email,first_name\n{}", (1..=1_500).map(row).collect::<String>());
    let (here, relay) = (with_readers(1).write(LIST, list), Limited::start(150.0, 50.0));
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--connections", "4"];
    let output = here.start(&line).wait();
    let (accepted, refused) = relay.counts();
    assert_eq!(accepted + refused, 1_500, "{output:?}");
    assert!(refused < 75, "{refused} refusals beside {accepted}");
    let took = summary(&output)["elapsed_s"].as_f64().expect("a number");
    let allowed = 50.0 + 150.0 * took;
    assert!(accepted as f64 > allowed * 0.5, "{accepted} of {allowed} in {took} s");
}

#[test]
fn a_probe_that_hangs_holds_up_nobody_for_long() {
    // The relay refuses seven in a row for their rate. The text of the one behind them gets no
    // answer, and its connection stays open.
    let full = || Do::reply("450 4.3.2 too many messages, slow down");
    let refusing = |script: Script, at| script.rule(At::Rcpt, When::Message(at), full());
    let script = (21..28).fold(Script::new(), refusing).once(At::Dot, When::Message(28), Do::Stall);
    let (here, relay) = (with_readers(120), Relay::scripted(script));
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--connections", "2"];
    let running = here.start(&line);
    let others = 120 - 7 - 1;
    let took = || relay.copies().len() == others;
    assert!(wait_until(Duration::from_secs(40), took), "{}", relay.copies().len());
    running.signal("INT");
    running.says("a second Ctrl-C stops at once");
    running.signal("INT");
    let output = running.wait();
    assert_eq!(counts(&here, &output), [others as u64, 0, 7, 1, 0, 0], "{output:?}");
}

#[test]
fn a_slow_lane_does_not_slow_the_rest() {
    let row = |n| {
        let domain = if n <= 450 { "slow.example" } else { "fast.example" };
        format!("r{n:03}@{domain},Reader {n}\n")
    };
    let list = format!("email,first_name\n{}", (1..=650).map(row).collect::<String>());
    let settings = "[lane.\"slow.example\"]\nlimit = \"2/second\"\nconnections = 1";
    let (here, relay) = (with_settings(1, settings).write(LIST, list), Relay::new());
    let running = here.start(&["send", "2025-11", "--yes", "--json", "--relay", &relay.url()]);
    let to = |domain: &str| relay.copies().keys().filter(|to| to.ends_with(domain)).count();
    let fast = || to("fast.example") == 200;
    assert!(wait_until(Duration::from_secs(8), fast), "{}", to("fast.example"));
    let count = to("slow.example");
    assert!((1..=16).contains(&count), "{count} of the slow lane");
    running.signal("INT");
    let output = running.wait();
    let [accepted, _, _, _, _, pending] = counts(&here, &output);
    assert_eq!((output.code, accepted + pending), (130, 650), "{output:?}");
}

#[test]
fn lanes_retries_and_two_relays_together_lose_nobody() {
    let moody = |seed| {
        let script = Script::new()
            .rule(At::Rcpt, When::Fraction(0.1, seed), Do::reply("450 4.2.1 mailbox busy"))
            .rule(At::Dot, When::Fraction(0.05, seed + 1), Do::reply("451 4.3.0 try again"))
            .rule(At::Mail, When::Fraction(0.02, seed + 2), Do::reply_then_close("421 4.3.2 bye"));
        Relay::scripted(script)
    };
    let row = |n| {
        let domain = if n <= 450 { "slow.example" } else { "fast.example" };
        format!("r{n:03}@{domain},Reader {n}\n")
    };
    let list = format!("email,first_name\n{}", (1..=650).map(row).collect::<String>());
    let (one, other) = (moody(7), moody(17));
    let here = two_relays(1, (&one, ""), (&other, "")).write(LIST, list);
    let settings = "[lane.\"slow.example\"]\nlimit = \"300/second\"\nconnections = 2\n\
                    [retry]\nfirst = \"300ms\"\ncap = \"500ms\"\n";
    let text = format!("{}{settings}", here.read("digest.toml"));
    let here = here.write("digest.toml", text);
    let output = send_configured(&here, &["--wait", "30s"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [650, 0, 0, 0, 0, 0]), "{output:?}");
    let mut copies: BTreeMap<String, usize> = one.copies();
    for (to, count) in other.copies() {
        *copies.entry(to).or_default() += count;
    }
    assert!(copies.len() == 650 && copies.values().all(|count| *count == 1), "{copies:?}");
}

#[test]
fn a_relay_that_dies_leaves_its_share_to_the_other() {
    let gone = || Do::reply_then_close("421 4.3.0 out of order");
    let dying = (20..60).fold(Script::new(), |script, at| {
        script.rule(At::Mail, When::Message(at), Do::Close).rule(
            At::Banner,
            When::Connection(at - 15),
            gone(),
        )
    });
    let dies = Relay::scripted(dying);
    let lives = Relay::scripted(Script::new().rule(At::Dot, When::Always, slow()));
    let here = two_relays(200, (&dies, ""), (&lives, ""));
    let output = send_configured(&here, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [200, 0, 0, 0, 0, 0]), "{output:?}");
    let mut copies: BTreeMap<String, usize> = dies.copies();
    for (to, count) in lives.copies() {
        *copies.entry(to).or_default() += count;
    }
    assert!(copies.len() == 200 && copies.values().all(|count| *count == 1), "{copies:?}");
    assert!(dies.counts().accepted > 0, "{:?}", dies.counts());
    let words = "left to the other relays";
    assert!(output.stderr.contains(words), "{}", output.stderr);
}

#[test]
fn a_relay_that_refuses_our_password_leaves_its_share_to_the_other() {
    let guarded = |password: &str| {
        let login = Some(("kim".to_owned(), password.to_owned()));
        Relay::with(CatcherOptions { login, ..CatcherOptions::default() })
    };
    let (refuses, takes) = (guarded("another"), guarded("right"));
    let here = two_relays(20, (&refuses, "user = \"kim\""), (&takes, "user = \"kim\""))
        .env("DIGEST_SMTP_PASSWORD", "wrong")
        .env("DIGEST_SMTP_PASSWORD_2", "right");
    let output = send_configured(&here, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [20, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!((refuses.counts().accepted, takes.copies().len()), (0, 20));
}

#[test]
fn when_all_relays_are_down_the_run_ends_and_everybody_waits() {
    let down = || Script::new().rule(At::Banner, When::Always, Do::reply_then_close("421 busy"));
    let (one, other) = (Relay::scripted(down()), Relay::scripted(down()));
    let here = two_relays(20, (&one, ""), (&other, ""));
    let output = send_configured(&here, &[]);
    assert_eq!((output.code, counts(&here, &output)), (1, [0, 0, 0, 0, 0, 20]), "{output:?}");
    assert!(output.stderr.contains("run the same command again"), "{}", output.stderr);
}

#[test]
fn connections_are_shared_out_by_weight_and_each_relay_keeps_its_limit() {
    let slow_relay = || Relay::scripted(Script::new().rule(At::Dot, When::Always, slow()));
    let (heavy, light) = (slow_relay(), slow_relay());
    let here = two_relays(60, (&heavy, "weight = 3"), (&light, "weight = 1\nlimit = \"5/second\""));
    let output = send_configured(&here, &["--connections", "8"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [60, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!((heavy.counts().connections, light.counts().connections), (6, 2));
    let took = summary(&output)["elapsed_s"].as_f64().expect("a number");
    assert!(light.counts().accepted as f64 <= took * 5.0 + 2.0, "{:?} in {took}", light.counts());
}

#[test]
fn a_domain_that_turns_everybody_away_is_asked_no_more_and_others_are_served() {
    let row = |n| {
        let domain = if n % 2 == 0 { "stern.example" } else { "kind.example" };
        format!("r{n:03}@{domain},Reader {n}\n")
    };
    let list = format!("email,first_name\n{}", (1..=200).map(row).collect::<String>());
    let blocked = Do::reply("550 5.7.1 we take no mail from you");
    let script = Script::new().rule(At::Rcpt, When::recipient("stern.example"), blocked);
    let (here, relay) = (with_readers(1).write(LIST, list), Relay::scripted(script));
    let output = send(&here, &relay, &[]);
    let counts = counts(&here, &output);
    let [accepted, refused, deferred, ..] = counts;
    assert_eq!((output.code, accepted, refused, deferred), (4, 100, 0, 100), "{output:?}");
    // Ten refusals, and whoever was under way beside the tenth.
    let asked = relay.lines().iter().filter(|line| line.contains("@stern.example>")).count();
    assert!((10..=18).contains(&asked), "{counts:?}");
    assert_eq!(relay.copies().len(), 100);
    // Those under way are refused before or after the first who is not asked.
    let book = book(&here);
    let told = |n| {
        let words =
            format!("not asked: stern.example refused {n} of {n}, the last reply was: 550 5.7.1");
        let texts =
            book.of("deferred").into_iter().filter_map(|email| book.row(email).text.as_ref());
        texts.into_iter().any(|text| text.starts_with(&words))
    };
    assert!((10..=asked).any(told), "{book:?}");
    // Who was not asked has used nothing of a limit.
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let unasked: i64 = runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(&here)).await;
        let unasked = sql::query_scalar("SELECT count(*) FROM recipient WHERE unasked");
        let unasked = unasked.fetch_one(store.pool()).await.expect("a number");
        store.close().await;
        unasked
    });
    assert_eq!(unasked as usize, 100 - asked);
    // The next run asks again.
    let friendly = Relay::new();
    let output = send(&here, &friendly, &[]);
    assert_eq!((output.code, friendly.copies().len() as u64), (0, deferred), "{output:?}");
}
