//! The ends of a session as a table: row of the catalogue, stage, what was heard, remedy.

use std::time::Duration;

use super::super::reply::ReplyReader;
use super::*;

fn reply(line: &str) -> Reply {
    ReplyReader::default().take(&mut format!("{line}\r\n").as_bytes()).unwrap().unwrap()
}

#[test]
fn each_end_of_a_session_has_its_remedy() {
    use Remedy::{BackOff, Lockstep, Reconnect, Stop};
    use Scope::Session;
    let all = Scope::Relay;
    let rows = [
        (1, Stage::Greeting, "421 busy", 0, Session, BackOff),
        (1, Stage::Greeting, "554 no service here", 0, Session, BackOff),
        (6, Stage::Ehlo, "550 go away", 0, all, Stop),
        (8, Stage::Starttls, "454 4.7.0 no TLS now", 0, Session, BackOff),
        (7, Stage::Starttls, "502 not here", 0, all, Stop),
        (11, Stage::Auth, "535 5.7.8 wrong", 0, all, Stop),
        (12, Stage::Auth, "454 4.7.0 not now", 0, all, BackOff),
        (13, Stage::Mail, "530 5.7.0 log in", 0, all, Stop),
        (23, Stage::Mail, "421 4.3.2 down", 0, Session, BackOff),
        (24, Stage::Mail, "421 4.7.0 enough", 7, Session, Reconnect),
        (41, Stage::Data, "250 ok", 3, Session, Lockstep),
        (41, Stage::LoneDot, "354 again", 3, Session, Lockstep),
        (26, Stage::Body, "552 5.3.4 enough", 3, Session, BackOff),
    ];
    let relay = Relay::parse("smtps://relay.example").unwrap();
    for (row, stage, line, carried, scope, remedy) in rows {
        let history = History { relay: &relay, carried, pipelined: true };
        let trouble = trouble_of_reply(stage, reply(line), history);
        assert_eq!((trouble.scope, trouble.remedy), (scope, remedy), "row {row}: {line:?}");
        assert_eq!(trouble.relay, "smtps://relay.example:465");
    }
}

#[test]
fn each_silence_has_its_cause_and_its_remedy() {
    use Remedy::{BackOff, Lockstep, Reconnect, Stop};
    let relay = Relay::parse("smtps://relay.example").unwrap();
    let ended = |stage, loss: &Loss, carried, pipelined| {
        trouble_of_loss(stage, loss, History { relay: &relay, carried, pipelined })
    };
    let missing = || Loss::Missing(Duration::from_secs(10));
    let silent = || Loss::Timeout(Duration::from_secs(300));
    let rows = [
        (4, Stage::Mail, Loss::Closed, 0, true, BackOff),
        (24, Stage::Mail, Loss::Closed, 9, true, Reconnect),
        (36, Stage::Mail, silent(), 9, true, Reconnect),
        (36, Stage::Rcpt, silent(), 9, false, BackOff),
        (41, Stage::Rcpt, Loss::OutOfTurn, 9, true, Lockstep),
        (41, Stage::Rcpt, Loss::OutOfTurn, 9, false, BackOff),
        (41, Stage::Mail, missing(), 9, true, Lockstep),
        (41, Stage::LoneDot, Loss::Closed, 9, true, Lockstep),
        (30, Stage::Dot, Loss::OutOfTurn, 9, true, BackOff),
        (7, Stage::Starttls, Loss::Unfit(String::new()), 0, false, Stop),
    ];
    for (row, stage, loss, carried, pipelined, remedy) in rows {
        let trouble = ended(stage, &loss, carried, pipelined);
        assert_eq!(trouble.remedy, remedy, "row {row}: {loss:?} at {stage:?}");
        assert!(!trouble.is_about_the_name());
    }
    let host = "relay.example".to_owned();
    let unknown = Loss::Dial(DialError::NoSuchHost(host.clone()));
    let unknown = ended(Stage::Connect, &unknown, 0, false);
    assert!(unknown.is_about_the_name() && unknown.remedy == BackOff, "{unknown}");
    // The same stage, scope and remedy may have another cause.
    let dead = Loss::Dial(DialError::Lookup(host.clone(), "later".to_owned()));
    assert!(!ended(Stage::Connect, &dead, 0, false).is_about_the_name());
    let handshake = |error| ended(Stage::Connect, &Loss::Handshake(error), 0, false);
    let untrusted = handshake(HandshakeError::UntrustedIssuer(host));
    assert_eq!(untrusted.remedy, Stop);
    assert!(untrusted.advice().contains("ca_file"), "{}", untrusted.advice());
    assert_eq!(handshake(HandshakeError::Broken(String::new())).remedy, BackOff);
}
