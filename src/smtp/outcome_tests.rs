//! The catalogue of faults as a table: row, stage, reply, outcome.

use std::time::Duration;

use super::super::reply::ReplyReader;
use super::*;

fn reply(line: &str) -> Reply {
    ReplyReader::default().take(&mut format!("{line}\r\n").as_bytes()).unwrap().unwrap()
}

/// Outcome and scope as words: `refused recipient`, `go on`.
fn judged(stage: Stage, line: &str) -> String {
    let outcome = of_reply(stage, reply(line));
    let word = match &outcome {
        None => "go on",
        Some(Outcome::Accepted(_)) => "accepted",
        Some(Outcome::Deferred(_)) => "deferred",
        Some(Outcome::Refused(_)) => "refused",
        Some(Outcome::Uncertain(_)) => "uncertain",
        Some(Outcome::Unsent(_)) => "unsent",
    };
    match outcome.as_ref().and_then(Outcome::failure) {
        None => word.to_owned(),
        Some(failure) => format!("{word} {}", format!("{:?}", failure.scope).to_lowercase()),
    }
}

#[test]
fn each_row_of_the_catalogue_has_its_outcome() {
    use Stage::{Data, Dot, Mail, Rcpt};
    let rows = [
        (13, Mail, "530 5.7.0 Authentication required", "unsent relay"),
        (14, Mail, "451 4.3.0 try again", "deferred recipient"),
        (14, Mail, "452 4.3.1 out of storage", "deferred recipient"),
        (15, Mail, "553 5.1.8 sender domain does not exist", "unsent message"),
        (15, Mail, "550 5.7.1 sender refused", "unsent message"),
        (16, Rcpt, "450 4.1.1 not now", "deferred recipient"),
        (16, Rcpt, "451 local error", "deferred recipient"),
        (16, Rcpt, "452 4.2.2 full", "deferred recipient"),
        (17, Rcpt, "450 4.2.0 Greylisted, see http://postgrey", "deferred recipient"),
        (18, Rcpt, "450 4.7.1 rate limited", "deferred recipient"),
        (18, Rcpt, "421 4.7.28 rate limited", "unsent session"),
        (19, Rcpt, "550 5.1.1 no such user", "refused recipient"),
        (20, Rcpt, "550 5.7.1 policy", "refused recipient"),
        (20, Rcpt, "550 5.7.26 unauthenticated", "refused message"),
        (20, Rcpt, "550 5.7.515 does not meet the required level", "refused message"),
        (21, Rcpt, "552 5.2.2 mailbox full", "refused recipient"),
        (21, Rcpt, "552 quota", "refused recipient"),
        (22, Rcpt, "251 will forward", "go on"),
        (22, Rcpt, "252 cannot verify", "go on"),
        (23, Mail, "421 4.3.2 shutting down", "unsent session"),
        (23, Data, "421 closing", "unsent session"),
        (23, Dot, "421 4.3.2 shutting down", "unsent session"),
        (25, Data, "451 4.3.0 queue trouble", "deferred recipient"),
        (25, Data, "554 5.6.0 no", "refused message"),
        (25, Data, "503 5.5.1 bad sequence", "unsent session"),
        (28, Dot, "451 4.3.0 not now", "deferred recipient"),
        (29, Dot, "554 5.7.1 spam", "refused message"),
        (29, Dot, "550 5.7.26 DMARC", "refused message"),
        (29, Dot, "550 5.6.0 malformed", "refused message"),
        (29, Dot, "550 5.1.1 no such user after all", "refused recipient"),
        (29, Dot, "552 5.2.2 over quota", "refused recipient"),
        (31, Dot, "451 accepted, yet", "deferred recipient"),
        (33, Dot, "250", "accepted"),
        (33, Dot, "250 2.0.0 queued as 4c1", "accepted"),
        (34, Dot, "354 go on", "uncertain session"),
        (34, Dot, "220 mail.example ESMTP", "uncertain session"),
        (34, Data, "250 ok", "unsent session"),
        (34, Mail, "354 go on", "unsent session"),
        (34, Rcpt, "220 hello", "unsent session"),
        (38, Mail, "552 5.3.4 too big", "refused message"),
        (38, Mail, "552 message size exceeds fixed limit", "refused message"),
        (38, Dot, "552 5.3.4 too big", "refused message"),
        (42, Rcpt, "452 4.5.3 too many recipients", "deferred recipient"),
        (0, Mail, "250 2.1.0 ok", "go on"),
        (0, Rcpt, "250 2.1.5 ok", "go on"),
        (0, Data, "354 end with .", "go on"),
        (0, Rcpt, "530 5.7.0 STARTTLS first", "refused message"),
        (0, Rcpt, "535 5.7.8 not for this one", "refused message"),
        (21, Dot, "552 mailbox quota exceeded", "refused recipient"),
        (
            21,
            Dot,
            "552 Requested mail action aborted: exceeded storage allocation",
            "refused recipient",
        ),
        (38, Dot, "552 message size exceeds fixed maximum message size", "refused message"),
    ];
    for (row, stage, line, expected) in rows {
        assert_eq!(judged(stage, line), expected, "row {row}: {line:?} at {stage:?}");
    }
}

// Rows 26, 27, 30, 32, 34.
#[test]
fn only_a_lost_dot_is_uncertain() {
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Body] {
        assert!(matches!(of_loss(stage, &Loss::Closed), Outcome::Unsent(_)), "{stage:?}");
        assert!(matches!(of_loss(stage, &Loss::OutOfTurn), Outcome::Deferred(_)), "{stage:?}");
    }
    for loss in [Loss::Closed, Loss::OutOfTurn, Loss::Timeout(Duration::from_secs(600))] {
        assert!(matches!(of_loss(Stage::Dot, &loss), Outcome::Uncertain(_)), "{loss:?}");
    }
}

// Rows 17, 18, 38.
#[test]
fn hints_are_read_from_the_reply() {
    let failure = |stage, line| of_reply(stage, reply(line)).unwrap().failure().unwrap().clone();
    assert!(failure(Stage::Rcpt, "450 4.2.0 Greylisting in action").is_greylisting());
    assert!(!failure(Stage::Rcpt, "450 4.2.0 mailbox busy").is_greylisting());
    assert!(failure(Stage::Rcpt, "421 4.7.28 unusual rate").asks_to_slow_down());
    assert!(failure(Stage::Mail, "452 4.3.1 queue full").asks_to_slow_down());
    assert!(!failure(Stage::Rcpt, "550 5.7.1 rate").asks_to_slow_down());
}

#[test]
fn a_refusal_says_whom_it_is_about_or_leaves_it_open() {
    use About::{Recipient, Unclear, Us};
    use Stage::{Dot, Mail, Rcpt};
    let rows = [
        (Rcpt, "554 5.7.1 <kim@a.example>: Relay access denied", Us),
        (Rcpt, "550 relay not permitted", Us),
        (Rcpt, "550 5.7.1 Unable to relay", Us),
        (Rcpt, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", Us),
        (
            Rcpt,
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            Us,
        ),
        (Rcpt, "504 5.5.2 <news>: Helo command rejected: need fully-qualified hostname", Us),
        (Rcpt, "553 5.7.1 <digest@a.example>: Sender address rejected: not owned by user kim", Us),
        (Rcpt, "553 Sender address rejected", Us),
        (Rcpt, "550 5.1.8 <digest@a.example>: Sender address rejected: Domain not found", Us),
        (Rcpt, "550 5.1.8 nobody", Us),
        (Rcpt, "530 5.7.0 Must issue a STARTTLS command first", Us),
        (Rcpt, "550 5.7.26 SPF and DKIM fail", Us),
        (Dot, "552 5.3.4 too big", Us),
        (Dot, "552 message size exceeds fixed maximum message size", Us),
        (Mail, "552 no", Us),
        (Rcpt, "550 5.1.1 no", Recipient),
        (
            Rcpt,
            "550 5.1.1 <kim@a.example>: Recipient address rejected: User unknown in relay recipient table",
            Recipient,
        ),
        (Rcpt, "556 5.1.10 null MX", Recipient),
        (Rcpt, "550 5.2.1 disabled", Recipient),
        (Rcpt, "551 5.1.6 moved", Recipient),
        (Rcpt, "550 5.1.2 no such system", Recipient),
        (Rcpt, "552 5.2.2 full", Recipient),
        (Rcpt, "550 No such user here", Recipient),
        (Rcpt, "550 5.5.0 Requested action not taken: mailbox unavailable", Recipient),
        (Rcpt, "550 spam@relay.example user unknown", Recipient),
        (Rcpt, "550 Unknown recipient: kim@a.example", Recipient),
        (Rcpt, "550 the mailbox kim does not exist", Recipient),
        (Dot, "552 mailbox quota exceeded", Recipient),
        (Rcpt, "550 5.7.1 members only", Unclear),
        (Rcpt, "550 mailbox unavailable: reject due to policy restrictions", Unclear),
        (Rcpt, "550 5.1.0 address rejected", Unclear),
        (Rcpt, "550 the domain of the sender does not exist", Unclear),
        (Rcpt, "550 no", Unclear),
        (Dot, "554 5.7.1 spam", Unclear),
        (Dot, "552 no", Unclear),
        (Rcpt, "454 4.7.1 <kim@a.example>: Relay access denied", Us),
        (Rcpt, "450 4.7.1 Client host rejected: cannot find your hostname", Us),
        (Rcpt, "450 4.7.1 Client host rejected: greylisted", Unclear),
        (Rcpt, "450 4.7.28 unusual rate of mail from your IP address", Unclear),
        (Rcpt, "450 4.2.1 mailbox busy", Recipient),
    ];
    for (stage, line, expected) in rows {
        let failure = of_reply(stage, reply(line)).unwrap().failure().unwrap().clone();
        assert_eq!(failure.about(), expected, "{line:?} at {stage:?}");
    }
}

#[test]
fn replies_are_alike_whatever_differs_from_one_recipient_to_the_next() {
    let likeness = |address: &str, line: &str| {
        let failure = of_reply(Stage::Rcpt, reply(line)).unwrap().failure().unwrap().clone();
        failure.likeness(&Address::parse(address).unwrap())
    };
    let one = likeness(
        "kim@a.example",
        "550 5.7.1 <kim@a.example>: not here, see http://a.example/k?9 (4XbC1z)",
    );
    let other = likeness(
        "ada.l@b.example",
        "550 5.7.1 <Ada.L@b.example>: not here, see http://a.example/k?12 (9Yq7)",
    );
    assert_eq!(one, other);
    assert_eq!(one, "550 5.7.1 not here, see");
    assert_ne!(one, likeness("kim@a.example", "550 5.7.1 <kim@a.example>: members only"));
    assert_ne!(one, likeness("kim@a.example", "550 5.7.2 <kim@a.example>: not here, see"));
}
