//! Signatures that are made before the wire asks for them: an interrupt, a message that comes back
//! and a run that is resumed leave nobody out, and every message is the one it claims to be.

use std::time::Duration;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication, Running};
use crate::mail::Mail;
use crate::relay::{Book, Relay};
use crate::signing;
use crate::verify::mail_auth;

const READERS: usize = 150;

fn start(here: &Publication, relay: &Relay) -> Running {
    here.start(&["send", "2025-11", "--yes", "--json", "--relay", &relay.url()])
}

fn finish(here: &Publication, relay: &Relay) -> Output {
    start(here, relay).wait()
}

#[test]
fn what_was_signed_early_is_sent_once_or_waits_for_the_next_run() {
    let row = |n| format!("r{n:03}@x.example,Reader {n}\n");
    let rows: String = (1..=READERS).map(row).collect();
    let here = Publication::new().write("subscribers.csv", format!("email,first_name\n{rows}"));
    let (here, records) = signing(here);
    // A message that comes back unsent is signed again.
    let goodbye = Do::reply_then_close("421 4.3.2 going down");
    let script = Script::new().times(3, At::Rcpt, When::Fraction(0.11, 5), goodbye).rule(
        At::Dot,
        When::Always,
        Do::Delay(Duration::from_millis(15)),
    );
    let relay = Relay::with(CatcherOptions { script, ..CatcherOptions::default() });
    let running = start(&here, &relay);
    relay.has_taken(20);
    running.signal("INT");
    let output = running.wait();
    assert_eq!(output.code, 130, "{output:?}");
    let book = Book::read(&here.path("digest.db"), "2025-11");
    let accepted = book.of("accepted").len();
    assert!((20..READERS).contains(&accepted), "{accepted}");
    assert_eq!(accepted, relay.copies().len());
    assert_eq!(accepted + book.of("pending").len(), READERS, "{book:?}");
    let output = finish(&here, &relay);
    assert_eq!(output.code, 0, "{output:?}");
    let copies = relay.copies();
    assert!(copies.len() == READERS && copies.values().all(|copies| *copies == 1), "{copies:?}");
    let book = Book::read(&here.path("digest.db"), "2025-11");
    for message in relay.accepted() {
        let recipient = message.recipients.concat();
        let mail = Mail::read(&message.bytes);
        assert_eq!(mail.to().1, recipient);
        let id = book.row(&recipient).message_id.as_ref().map(|id| format!("<{id}>"));
        assert_eq!(id.as_deref(), Some(mail.id()));
        assert_eq!(mail_auth(&message.bytes, &records), [true, true], "{recipient}");
    }
}
