//! Faults at MAIL, RCPT and DATA.

use std::time::{Duration, Instant};

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::smtp::outcome::{About, Outcome, Scope, Stage};
use sejong_digest::smtp::relay::Timeouts;
use sejong_digest::smtp::transaction::End;
use sejong_digest::smtp::trouble::Remedy;

use super::{
    Tape, both_ways, carry, catcher, catcher_with, message, messages, open, relay_to, short,
};

const ACCEPTED: &str = "accepted";

fn at_second(at: At, line: &'static str) -> Script {
    Script::new().rule(at, When::Message(2), Do::reply(line))
}

// Row 14.
#[tokio::test]
async fn a_4xx_at_mail_defers_one_recipient() {
    let script = || at_second(At::Mail, "451 4.3.0 try again");
    both_ways(script, 3, &[ACCEPTED, "deferred recipient mail", ACCEPTED]).await;
}

// Row 15.
#[tokio::test]
async fn a_refused_sender_is_no_ones_bounce() {
    let script = || at_second(At::Mail, "553 5.1.8 sender unknown");
    both_ways(script, 3, &[ACCEPTED, "unsent message mail", ACCEPTED]).await;
}

// Rows 16, 17, 19 to 21, 42.
#[tokio::test]
async fn a_refusal_at_rcpt_concerns_one_recipient_and_is_reset() {
    let rows = [
        ("450 4.2.0 Greylisted", "deferred recipient rcpt"),
        ("452 4.5.3 too many recipients", "deferred recipient rcpt"),
        ("550 5.1.1 no such user", "refused recipient rcpt"),
        ("550 5.7.1 policy", "refused recipient rcpt"),
        ("552 5.2.2 mailbox full", "refused recipient rcpt"),
    ];
    for (line, expected) in rows {
        for pipelining in [true, false] {
            let script = at_second(At::Rcpt, line);
            let options = CatcherOptions { script, pipelining, ..CatcherOptions::default() };
            let catcher = catcher_with(options).await;
            let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
            assert_eq!(tape.outcomes(), [ACCEPTED, expected, ACCEPTED], "{line}");
            assert_eq!(end, Ok(End::Drained));
            assert_eq!(catcher.counts().resets, 1);
            assert_eq!(catcher.counts().accepted, 2);
        }
    }
}

// Row 18.
#[tokio::test]
async fn rate_words_ask_to_slow_down() {
    let catcher = catcher(at_second(At::Rcpt, "450 4.7.1 too many messages")).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(2))).await;
    let Outcome::Deferred(failure) = &tape.settled[1].1 else { panic!("{:?}", tape.settled) };
    assert!(failure.asks_to_slow_down());
}

// Row 22.
#[tokio::test]
async fn a_forwarded_recipient_is_accepted() {
    let script = || at_second(At::Rcpt, "251 will forward");
    both_ways(script, 2, &[ACCEPTED, ACCEPTED]).await;
}

// Row 23.
#[tokio::test]
async fn a_421_ends_the_session_and_charges_nobody() {
    for (at, stage) in
        [(At::Mail, "mail"), (At::Rcpt, "rcpt"), (At::Data, "data"), (At::Dot, "dot")]
    {
        let action = || Do::reply_then_close("421 4.3.2 shutting down");
        let catcher = catcher(Script::new().rule(at, When::Message(2), action())).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(4))).await;
        assert_eq!(tape.outcomes()[..2], [ACCEPTED.to_owned(), format!("unsent session {stage}")]);
        let trouble = end.unwrap_err();
        assert_eq!((trouble.scope, trouble.remedy), (Scope::Session, Remedy::Reconnect));
    }
}

// Row 24.
#[tokio::test]
async fn the_end_of_a_connections_quota_asks_for_another() {
    for action in [Do::reply_then_close("421 4.7.0 enough"), Do::Close] {
        let catcher = catcher(Script::new().rule(At::Mail, When::Message(3), action)).await;
        let relay = relay_to(&catcher);
        let mut session = open(&relay).await.unwrap();
        let mut tape = Tape::of(messages(5));
        let trouble = session.carry(&mut tape).await.unwrap_err();
        assert_eq!(trouble.remedy, Remedy::Reconnect, "{trouble}");
        assert_eq!(session.carried(), 2);
        assert_eq!(tape.outcomes()[2..], ["unsent session mail"]);
        let (again, _) = carry(&relay, Tape { taken: vec![], settled: vec![], ..tape }).await;
        assert_eq!(again.outcomes(), [ACCEPTED, ACCEPTED]);
    }
}

#[tokio::test]
async fn a_known_quota_is_kept() {
    let catcher = catcher(Script::new()).await;
    let relay = relay_to(&catcher).with_max_messages_per_connection(2);
    let (tape, end) = carry(&relay, Tape::of(messages(5))).await;
    assert_eq!((tape.settled.len(), tape.waiting.len(), end), (2, 3, Ok(End::MaxMessages)));
}

// Row 25.
#[tokio::test]
async fn a_refusal_of_data_is_noted_at_its_stage() {
    let later = || at_second(At::Data, "451 4.3.0 queue trouble");
    both_ways(later, 3, &[ACCEPTED, "deferred recipient data", ACCEPTED]).await;
    let never = || at_second(At::Data, "554 5.6.0 no");
    both_ways(never, 3, &[ACCEPTED, "refused message data", ACCEPTED]).await;
}

#[tokio::test]
async fn a_354_after_a_refused_recipient_is_answered_by_a_lone_dot() {
    let script = Script::new()
        .rule(At::Rcpt, When::Message(2), Do::reply("550 5.1.1 no such user"))
        .rule(At::Data, When::Message(2), Do::reply("354 go on"));
    let catcher = catcher(script).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED, "refused recipient rcpt", ACCEPTED]);
    assert_eq!(end, Ok(End::Drained));
    assert_eq!((catcher.counts().accepted, catcher.counts().resets), (2, 0));
    assert_eq!(catcher.received()[1].bytes, b"");
}

// Row 34, before the dot.
#[tokio::test]
async fn garbage_before_the_dot_ends_the_session() {
    let garbage: [&[u8]; 4] = [b"+OK\r\n", b"150 x\r\n", b"250-a\r\n550 b\r\n", b"650 x\r\n"];
    for bytes in garbage {
        let rule = Do::Reply(bytes.to_vec());
        let catcher = catcher(Script::new().rule(At::Rcpt, When::Message(2), rule)).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
        assert_eq!(tape.outcomes(), [ACCEPTED, "deferred session rcpt"]);
        assert_eq!(end.unwrap_err().remedy, Remedy::Lockstep);
    }
}

// Row 35.
#[tokio::test]
async fn a_421_while_idle_is_seen_before_anything_is_sent() {
    let catcher = catcher(Script::new()).await;
    let addr = catcher.addr();
    let relay = relay_to(&catcher);
    let pause = Duration::from_millis(300);
    let tape = Tape { slow: true, pause, ..Tape::of(messages(3)) };
    let carrying = tokio::spawn(async move { carry(&relay, tape).await });
    tokio::time::sleep(pause / 2).await;
    catcher.stop().await;
    let (tape, end) = carrying.await.unwrap();
    assert_eq!(tape.outcomes(), [ACCEPTED, "unsent session mail"]);
    let trouble = end.unwrap_err();
    assert_eq!((trouble.stage, trouble.reply().map(|reply| reply.code)), (Stage::Mail, Some(421)));
    assert!(std::net::TcpStream::connect(addr).is_err());
}

// Row 36: a peer that is gone without a FIN looks like one that never answers.
#[tokio::test]
async fn silence_ends_the_session_in_time() {
    let catcher = catcher(Script::new().rule(At::Mail, When::Message(1), Do::Stall)).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(2))).await;
    assert_eq!(tape.outcomes(), ["unsent session mail"]);
    assert!(end.unwrap_err().text.contains("no answer within"));
}

// Row 36.
#[tokio::test]
async fn after_a_long_pause_the_relay_is_asked_whether_it_is_there() {
    let idle = Duration::from_millis(100);
    for (rule, expected) in [(None, ACCEPTED), (Some(Do::Stall), "unsent session mail")] {
        let script = match rule {
            Some(action) => Script::new().rule(At::Noop, When::Always, action),
            None => Script::new(),
        };
        let catcher = catcher(script).await;
        let relay = relay_to(&catcher).with_timeouts(Timeouts { idle, ..short() });
        let tape = Tape { slow: true, pause: idle * 2, ..Tape::of(messages(2)) };
        let (tape, _) = carry(&relay, tape).await;
        assert_eq!(tape.outcomes(), [ACCEPTED, expected]);
        let count = |verb: &str| catcher.lines().iter().filter(|l| l.starts_with(verb)).count();
        assert_eq!(count("NOOP"), 1, "{:?}", catcher.lines());
        assert_eq!(count("MAIL"), if expected == ACCEPTED { 2 } else { 1 });
    }
    let catcher = catcher(Script::new()).await;
    let busy = Tape { slow: true, ..Tape::of(messages(20)) };
    assert_eq!(carry(&relay_to(&catcher), busy).await.1, Ok(End::Drained));
    assert!(!catcher.lines().iter().any(|line| line == "NOOP"), "a busy session has no doubt");
}

// Row 37.
#[tokio::test]
async fn a_message_above_the_offered_size_is_not_tried() {
    let options = CatcherOptions { size_limit: Some(1_000), ..CatcherOptions::default() };
    let catcher = catcher_with(options).await;
    let big = message("big@x.example", "x\r\n".repeat(400).as_bytes());
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(vec![big, messages(1).remove(0)])).await;
    assert_eq!(
        (tape.outcomes(), end),
        (vec!["refused message mail".into(), ACCEPTED.into()], Ok(End::Drained))
    );
    assert_eq!(tape.settled[0].1.failure().unwrap().about(), About::Us);
    assert!(catcher.lines().iter().any(|line| line.ends_with(" SIZE=33")), "{:?}", catcher.lines());
}

// Row 38, at MAIL.
#[tokio::test]
async fn too_large_at_mail_is_the_same_for_everyone() {
    let script = || at_second(At::Mail, "552 5.3.4 too large");
    both_ways(script, 2, &[ACCEPTED, "refused message mail"]).await;
}

// Row 39.
#[tokio::test]
async fn an_international_address_needs_smtputf8() {
    for smtputf8 in [true, false] {
        let catcher = catcher_with(CatcherOptions { smtputf8, ..CatcherOptions::default() }).await;
        let mut all = messages(2);
        all.insert(1, message("민지@한국.example", b"x\r\n"));
        let (tape, _) = carry(&relay_to(&catcher), Tape::of(all)).await;
        let middle = if smtputf8 { ACCEPTED } else { "refused recipient mail" };
        assert_eq!(tape.outcomes(), [ACCEPTED, middle, ACCEPTED]);
        let lines = catcher.lines();
        assert_eq!(
            lines.iter().filter(|line| line.contains("SMTPUTF8")).count(),
            usize::from(smtputf8)
        );
        assert_eq!(lines.iter().any(|l| l == "RCPT TO:<민지@xn--3e0b707e.example>"), smtputf8);
    }
}

// Row 41.
#[tokio::test]
async fn without_pipelining_one_command_is_sent_at_a_time() {
    // This server refuses commands that come before their turn.
    let catcher =
        catcher_with(CatcherOptions { pipelining: false, ..CatcherOptions::default() }).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(5))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED; 5]);
}

// Row 41.
#[tokio::test]
async fn a_lost_or_doubled_reply_is_noticed_and_lockstep_advised() {
    let merged = Script::new().rule(At::Rcpt, When::Message(2), Do::Reply(Vec::new()));
    let doubled =
        Script::new().rule(At::Mail, When::Message(2), Do::Reply(b"250 a\r\n250 b\r\n".to_vec()));
    for script in [merged, doubled] {
        let catcher = catcher(script).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(4))).await;
        assert_eq!(tape.outcomes()[0], ACCEPTED);
        assert!(tape.outcomes()[1].starts_with("unsent session"), "{:?}", tape.outcomes());
        assert_eq!(end.unwrap_err().remedy, Remedy::Lockstep);
        assert_eq!(catcher.counts().accepted, 1);
    }
}

// Row 41: a relay that offers PIPELINING and forgets what was sent behind a command.
#[tokio::test]
async fn commands_that_a_relay_dropped_are_missed_soon() {
    for at in [At::Mail, At::Rcpt, At::Dot, At::Rset] {
        let refused = Do::reply("550 5.1.1 no such user");
        let script = Script::new().rule(at, When::Always, Do::DropRest).once(
            At::Rcpt,
            When::Message(1),
            refused,
        );
        let catcher = catcher(script).await;
        let missing = Duration::from_millis(300);
        let times = Timeouts { missing, ..Timeouts::default() };
        let started = Instant::now();
        let (tape, end) =
            carry(&relay_to(&catcher).with_timeouts(times), Tape::of(messages(3))).await;
        let trouble = end.unwrap_err();
        assert_eq!((trouble.scope, trouble.remedy), (Scope::Session, Remedy::Lockstep), "{at:?}");
        assert!(trouble.text.contains("only some of the commands"), "{trouble}");
        assert!(started.elapsed() < Duration::from_secs(10), "{at:?}: {:?}", started.elapsed());
        let last = tape.outcomes().pop().unwrap();
        assert!(last.starts_with("unsent session"), "{at:?}: {:?}", tape.outcomes());
    }
}

// Row 41: an answer that has begun is no missing one.
#[tokio::test]
async fn a_relay_that_answers_slowly_keeps_its_session() {
    let slow = Do::Trickle(Duration::from_millis(40));
    let catcher = catcher(Script::new().rule(At::Rcpt, When::Message(2), slow)).await;
    let times = Timeouts { missing: Duration::from_millis(300), ..Timeouts::default() };
    let (tape, end) = carry(&relay_to(&catcher).with_timeouts(times), Tape::of(messages(3))).await;
    assert_eq!((tape.outcomes(), end), (vec![ACCEPTED.to_owned(); 3], Ok(End::Drained)));
}

#[tokio::test]
async fn a_pipelined_message_costs_one_write() {
    let catcher = catcher(Script::new()).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(50))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED; 50]);
    // EHLO, the first envelope, one group a message, QUIT; in lockstep it would be 200 and more.
    assert!(catcher.counts().reads <= 60, "{:?}", catcher.counts());
}

#[tokio::test]
async fn a_feed_that_is_not_ready_loses_nothing() {
    let catcher = catcher(Script::new()).await;
    let tape = Tape { slow: true, ..Tape::of(messages(20)) };
    let (tape, end) = carry(&relay_to(&catcher), tape).await;
    assert_eq!((tape.outcomes(), end), (vec![ACCEPTED.to_owned(); 20], Ok(End::Drained)));
}

#[tokio::test]
async fn a_stop_before_the_text_sends_none_of_it() {
    use sejong_digest::smtp::transaction::Ticket;
    let catcher = catcher(Script::new()).await;
    let tape = Tape { stop_at: Some(Ticket(3)), ..Tape::of(messages(9)) };
    let (tape, end) = carry(&relay_to(&catcher), tape).await;
    assert_eq!(
        (tape.outcomes(), end),
        (vec![ACCEPTED.into(), ACCEPTED.into(), "unsent relay data".into()], Ok(End::Stopped))
    );
    assert_eq!(catcher.received().len(), 2);
}
