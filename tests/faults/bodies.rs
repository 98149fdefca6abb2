//! Faults in the text and after the final dot: where "accepted" and "not" can become unknowable.

use std::time::Duration;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::smtp::outcome::Scope;
use sejong_digest::smtp::relay::Timeouts;
use sejong_digest::smtp::transaction::{End, Ticket};

use super::opening::{tls_catcher, tls_relay};
use super::{Tape, both_ways, carry, catcher, catcher_with, message, messages, relay_to};

const ACCEPTED: &str = "accepted";

/// More than the socket buffers of both ends hold.
fn huge() -> Vec<u8> {
    format!("{}\r\n", "x".repeat(70)).repeat(400_000).into_bytes()
}

// Rows 26 and 27.
#[tokio::test]
async fn a_connection_lost_inside_the_text_is_certainly_unsent() {
    for action in [Do::Reset, Do::Close, Do::StopReading] {
        let catcher = catcher(Script::new().rule(At::Body(1), When::Always, action)).await;
        let all = vec![message("p1@x.example", &huge()), messages(1).remove(0)];
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(all)).await;
        assert_eq!(tape.outcomes(), ["unsent session body", "unsent session mail"]);
        assert_eq!(end.unwrap_err().scope, Scope::Session);
    }
}

// Row 45. A relay that takes no more bytes of a text is not waited for when the run is to end; the
// same behind the dot is.
#[tokio::test]
async fn a_text_that_cannot_leave_is_given_up_when_the_run_stops_and_a_dot_is_not() {
    let within = Duration::from_secs(20);
    let stop_after = Some(Duration::from_millis(300));
    let stuck = catcher(Script::new().rule(At::Body(1), When::Always, Do::StopReading)).await;
    let relay = relay_to(&stuck).with_timeouts(Timeouts { body: within, ..Timeouts::default() });
    let all = vec![message("p1@x.example", &huge()), messages(1).remove(0)];
    let (tape, end) = carry(&relay, Tape { stop_after, ..Tape::of(all) }).await;
    assert_eq!(tape.outcomes(), ["unsent relay body", "unsent relay body"]);
    assert_eq!(end.unwrap(), End::Stopped);
    let action = Do::Delay(Duration::from_millis(900));
    let slow = catcher(Script::new().rule(At::Dot, When::Always, action)).await;
    let relay = relay_to(&slow).with_timeouts(Timeouts { dot: within, ..Timeouts::default() });
    let (tape, end) = carry(&relay, Tape { stop_after, ..Tape::of(messages(1)) }).await;
    assert_eq!((tape.outcomes(), end.unwrap()), (vec![ACCEPTED.to_owned()], End::Drained));
}

// Row 53. A text that a relay takes slowly is given up as long as its dot has not left; behind the
// dot nobody takes it back.
#[tokio::test]
async fn a_text_that_cannot_leave_is_taken_back_and_a_dot_is_not() {
    let within = Duration::from_secs(20);
    let take_back = Some((Ticket(1), Duration::from_millis(300)));
    let stuck = catcher(Script::new().rule(At::Body(1), When::Always, Do::StopReading)).await;
    let relay = relay_to(&stuck).with_timeouts(Timeouts { body: within, ..Timeouts::default() });
    let all = vec![message("p1@x.example", &huge()), messages(1).remove(0)];
    let (tape, end) = carry(&relay, Tape { take_back, ..Tape::of(all) }).await;
    assert_eq!(tape.outcomes(), ["unsent relay body", "unsent relay body"]);
    assert_eq!((end.unwrap(), stuck.counts().accepted), (End::TakenBack, 0));
    let action = Do::Delay(Duration::from_millis(900));
    let slow = catcher(Script::new().rule(At::Dot, When::Always, action)).await;
    let relay = relay_to(&slow).with_timeouts(Timeouts { dot: within, ..Timeouts::default() });
    let (tape, end) = carry(&relay, Tape { take_back, ..Tape::of(messages(2)) }).await;
    assert_eq!((tape.outcomes(), end.unwrap()), (vec![ACCEPTED.to_owned(); 2], End::Drained));
}

// Row 35, between the 354 and the text.
#[tokio::test]
async fn a_connection_lost_before_the_text_is_certainly_unsent() {
    let action = Do::ReplyThenClose(b"354 go on\r\n421 4.3.2 no, stop\r\n".to_vec());
    let catcher = catcher(Script::new().rule(At::Data, When::Message(2), action)).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED, "unsent session data"]);
    assert!(end.is_err());
}

// Rows 26 and 30: what left us is counted below TLS.
#[tokio::test]
async fn under_tls_too_a_lost_text_is_unsent_and_a_lost_dot_uncertain() {
    let rows = [
        (At::Body(1), huge(), "unsent session body"),
        (At::Dot, b"x\r\n".to_vec(), "uncertain session dot"),
    ];
    for (at, text, expected) in rows {
        let script = Script::new().rule(at, When::Message(2), Do::Reset);
        let (catcher, dir) = tls_catcher(script, true).await;
        let all = vec![messages(1).remove(0), message("p2@x.example", &text)];
        let relay = tls_relay(&catcher, "smtps", "kim:p%40ss", &dir);
        let (tape, _) = carry(&relay, Tape::of(all)).await;
        assert_eq!(tape.outcomes(), [ACCEPTED, expected]);
    }
}

#[tokio::test]
async fn a_connection_lost_once_the_dot_may_be_out_is_uncertain() {
    // The text fits into the socket's buffer, so its dot has left although nobody read it.
    let catcher = catcher(Script::new().rule(At::Body(1), When::Message(1), Do::Reset)).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(1))).await;
    assert_eq!(tape.outcomes(), ["uncertain session dot"]);
}

// Rows 28, 31.
#[tokio::test]
async fn a_4xx_after_the_dot_defers() {
    let refused = || Script::new().rule(At::Dot, When::Message(2), Do::reply("451 4.3.0 later"));
    both_ways(refused, 3, &[ACCEPTED, "deferred recipient dot", ACCEPTED]).await;
    let accepted = || {
        let action = Do::AcceptThenReply(b"451 4.3.0 later\r\n".to_vec());
        Script::new().rule(At::Dot, When::Message(2), action)
    };
    both_ways(accepted, 3, &[ACCEPTED, "deferred recipient dot", ACCEPTED]).await;
}

// Rows 29 and 38.
#[tokio::test]
async fn a_5xx_after_the_dot_refuses_and_the_session_goes_on() {
    let spam = || Script::new().rule(At::Dot, When::Message(2), Do::reply("554 5.7.1 spam"));
    both_ways(spam, 3, &[ACCEPTED, "refused message dot", ACCEPTED]).await;
    let large = || Script::new().rule(At::Dot, When::Message(1), Do::reply("552 5.3.4 too large"));
    both_ways(large, 2, &["refused message dot", ACCEPTED]).await;
}

// Rows 30 and 32.
#[tokio::test]
async fn no_reply_after_the_dot_is_uncertain_and_the_next_message_unsent() {
    for action in [Do::AcceptThenClose, Do::AcceptThenReset, Do::Close, Do::Reset, Do::Stall] {
        let catcher = catcher(Script::new().rule(At::Dot, When::Message(2), action.clone())).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(4))).await;
        let expected = [ACCEPTED, "uncertain session dot", "unsent session mail"];
        assert_eq!(tape.outcomes(), expected, "{action:?}");
        assert_eq!(end.unwrap_err().scope, Scope::Session);
    }
}

// Row 32.
#[tokio::test]
async fn a_late_reply_within_the_time_is_waited_for() {
    let late = Do::Delay(Duration::from_millis(300));
    let catcher = catcher(Script::new().rule(At::Dot, When::Message(2), late)).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
    assert_eq!((tape.outcomes(), end), (vec![ACCEPTED.to_owned(); 3], Ok(End::Drained)));
}

// Row 33.
#[tokio::test]
async fn unusual_replies_to_the_dot_are_accepted() {
    let long = format!("250 {}\r\n", "x".repeat(1_990)).into_bytes();
    let replies: [&[u8]; 5] =
        [b"250-one\r\n250 two\r\n", b"250\r\n", b"250 ok\n", b"250 2.0.0 gesp\xe4tet\r\n", &long];
    for bytes in replies {
        let action = Do::Reply(bytes.to_vec());
        let catcher = catcher(Script::new().rule(At::Dot, When::Always, action)).await;
        let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
        assert_eq!(tape.outcomes(), [ACCEPTED; 3]);
    }
    let trickle = Do::Trickle(Duration::from_millis(5));
    let catcher = catcher(Script::new().rule(At::Dot, When::Always, trickle)).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED; 3]);
}

// Row 34, after the dot.
#[tokio::test]
async fn garbage_after_the_dot_is_uncertain() {
    let replies: [&[u8]; 5] =
        [b"hello\r\n", b"250-a\r\n550 b\r\n", b"150 x\r\n", b"650 x\r\n", b"354 go on\r\n"];
    for bytes in replies {
        let action = Do::Reply(bytes.to_vec());
        let catcher = catcher(Script::new().rule(At::Dot, When::Message(2), action)).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(4))).await;
        assert_eq!(tape.outcomes(), [ACCEPTED, "uncertain session dot", "unsent session mail"]);
        assert!(end.is_err());
    }
}

#[tokio::test]
async fn a_reply_before_the_text_is_never_taken_for_the_verdict() {
    let early = Do::Reply(b"354 go on\r\n250 2.0.0 queued\r\n".to_vec());
    let catcher = catcher(Script::new().rule(At::Data, When::Message(1), early)).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(2))).await;
    assert_eq!(tape.outcomes(), ["unsent session data"]);
    assert!(end.is_err());
    assert!(tape.announced.is_empty());
}

#[tokio::test]
async fn what_arrives_is_byte_for_byte_what_was_sent() {
    let catcher = catcher(Script::new()).await;
    let texts: [&[u8]; 4] = [b"", b".\r\n", b"..\r\n.a\r\n\r\n.\r\n", b"a\r\n\r\nb\r\n"];
    let all = texts.iter().map(|text| message("p@x.example", text)).collect();
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(all)).await;
    assert_eq!(tape.outcomes(), [ACCEPTED; 4]);
    let received: Vec<Vec<u8>> = catcher.received().into_iter().map(|r| r.bytes).collect();
    assert_eq!(received, texts);
}

#[tokio::test]
async fn smuggled_line_ends_arrive_as_lines_of_one_message() {
    let catcher = catcher(Script::new()).await;
    let text = b"a\n.\r\nMAIL FROM:<evil@x.example>\n.\nb\r.\rc";
    let tape = Tape::of(vec![message("p@x.example", text)]);
    assert_eq!(carry(&relay_to(&catcher), tape).await.1, Ok(End::Drained));
    let received = catcher.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].bytes, b"a\r\n.\r\nMAIL FROM:<evil@x.example>\r\n.\r\nb\r\n.\r\nc\r\n");
}

#[tokio::test]
async fn a_maildir_holds_each_message_before_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let maildir = Some(dir.path().to_owned());
    let options = CatcherOptions { maildir, ..CatcherOptions::default() };
    let catcher = catcher_with(options).await;
    let (tape, _) = carry(&relay_to(&catcher), Tape::of(messages(20))).await;
    assert_eq!(tape.outcomes(), [ACCEPTED; 20]);
    let mut files: Vec<_> =
        std::fs::read_dir(dir.path().join("new")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 20);
    assert!(files[4].to_str().unwrap().ends_with(".p5@x.example.eml"));
    assert_eq!(std::fs::read(&files[4]).unwrap(), messages(1)[0].bytes);
}
