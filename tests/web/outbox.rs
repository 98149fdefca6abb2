//! Mails to one reader: what relays do with them, what a killed server leaves, and what they say.

use std::net::SocketAddr;
use std::time::Duration;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;
use tokio::runtime::Runtime;

use crate::harness::running::wait_until;
use crate::relay::{Relay, open, store_of};
use crate::subscribing::{Subscribed, asks, confirm_path};
use crate::{Served, port};

const SOON: &str = "[retry]\nfirst = \"1s\"\n";
const YES: &str = "confirm=yes";

/// State, attempts and text of the mail to somebody that was written down last.
fn row(here: &Served, email: &str) -> (String, i64, String) {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&store_of(&here.here)).await;
        let row = sql::query_as(
            "SELECT state, attempts, coalesce(text, '') FROM outbox WHERE email = ?1 \
             ORDER BY number DESC LIMIT 1",
        );
        let row = row.bind(email).fetch_one(store.pool()).await.expect("a row");
        store.close().await;
        row
    })
}

fn becomes(here: &Served, email: &str, state: &str) -> (String, i64, String) {
    let is_so = || row(here, email).0 == state;
    assert!(wait_until(Duration::from_secs(20), is_so), "{state}: {:?}", row(here, email));
    row(here, email)
}

fn statement(here: &Served, text: &'static str) {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&store_of(&here.here)).await;
        sql::query(text).execute(store.pool()).await.expect("changed");
        store.close().await;
    });
}

#[test]
fn what_a_relay_puts_off_is_tried_again_and_what_it_refuses_is_not() {
    let script = Script::new()
        .once(At::Rcpt, When::recipient("later@"), Do::reply("451 4.2.1 not now"))
        .once(At::Mail, When::Message(2), Do::reply_then_close("421 4.3.2 going down"))
        .rule(At::Rcpt, When::recipient("never@"), Do::reply("550 5.1.1 no such user"));
    let here = Subscribed::over(Relay::scripted(script), SOON);
    for (at, email) in ["later@a.example", "second@a.example", "never@a.example"].iter().enumerate()
    {
        assert_eq!(here.asks(email, &format!("192.0.2.{at}")).status, 303);
    }
    let (_, attempts, text) = becomes(&here.served, "never@a.example", "refused");
    assert!(attempts == 1 && text.contains("no such user"), "{text}");
    let (_, attempts, _) = becomes(&here.served, "later@a.example", "accepted");
    assert_eq!(attempts, 2);
    becomes(&here.served, "second@a.example", "accepted");
    let copies = here.relay.copies();
    assert_eq!(copies.values().copied().collect::<Vec<_>>(), [1, 1], "{copies:?}");
    let told = here.served.here.run(&["status"]);
    assert!(told.stderr.contains("mails to people who subscribe: 1 refused"), "{told:?}");
    let told = here.served.here.run(&["doctor", "--offline"]);
    assert!(told.stdout.contains("mails to people who subscribe: 1 refused"), "{told:?}");
}

// A second confirmation does nothing but come; a second greeting is one too many.
#[test]
fn where_nobody_knows_whether_it_came_only_a_confirmation_is_sent_again() {
    let script = Script::new().once(At::Dot, When::Message(1), Do::AcceptThenReset).once(
        At::Dot,
        When::Message(3),
        Do::AcceptThenReset,
    );
    let here = Subscribed::over(Relay::scripted(script), SOON);
    here.asks("new@example.org", "192.0.2.1");
    let mails = here.mails("new@example.org", 2);
    assert_eq!(mails[0].id(), mails[1].id());
    assert_eq!(confirm_path(&mails[0]), confirm_path(&mails[1]));
    becomes(&here.served, "new@example.org", "accepted");
    assert_eq!(here.served.post(&confirm_path(&mails[0]), YES).status, 200);
    becomes(&here.served, "new@example.org", "uncertain");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(here.relay.counts().accepted, 3);
    let told = here.served.here.run(&["status"]);
    assert!(told.stderr.contains("mails to people who subscribe: 1 uncertain"), "{told:?}");
}

#[test]
fn a_relay_that_is_away_is_told_once_and_keeps_no_page_waiting() {
    let here = Subscribed::start("");
    let Subscribed { served, relay } = here;
    let address = SocketAddr::from(([127, 0, 0, 1], relay.port()));
    drop(relay);
    for at in 0..3 {
        assert_eq!(asks(served.port, &format!("n{at}@a.example"), "192.0.2.1").status, 303);
    }
    served.running.says("to people who subscribe will be tried again");
    statement(&served, "UPDATE outbox SET not_after = 1 WHERE email = 'n2@a.example'");
    // Whoever says no meanwhile gets nothing.
    let no = ["subscribers", "suppress", "n1@a.example", "--why", "asked by phone"];
    assert_eq!(served.here.run(&no).code, 0);
    let told = served.here.run(&["status"]);
    assert!(told.stderr.contains("mails to people who subscribe: 3 waiting"), "{told:?}");
    std::thread::sleep(Duration::from_secs(3));
    let relay = Relay::with(CatcherOptions { listen: address, ..CatcherOptions::default() });
    let here = Subscribed { served, relay };
    here.link("n0@a.example");
    assert!(becomes(&here.served, "n2@a.example", "dropped").2.starts_with("too late"));
    assert_eq!(becomes(&here.served, "n1@a.example", "dropped").2, "the person is suppressed");
    here.served.running.says("the relay takes mails to people who subscribe again");
    let told = here.served.running.stderr();
    assert_eq!(told.matches("will be tried again").count(), 1, "{told}");
    assert_eq!(here.relay.counts().accepted, 1);
}

// As for an issue: until the dot a mail can be kept back.
#[test]
fn a_no_that_is_said_while_the_relay_thinks_keeps_the_mail_back() {
    let script = Script::new().once(At::Data, When::Message(1), Do::Delay(Duration::from_secs(3)));
    let here = Subscribed::over(Relay::scripted(script), "");
    here.asks("no@a.example", "192.0.2.1");
    here.asks("yes@a.example", "192.0.2.2");
    let has_begun = || here.relay.lines().iter().any(|line| line.starts_with("DATA"));
    assert!(wait_until(Duration::from_secs(10), has_begun), "not begun");
    let no = ["subscribers", "suppress", "no@a.example", "--why", "asked by phone"];
    assert_eq!(here.served.here.run(&no).code, 0);
    here.link("yes@a.example");
    assert_eq!(becomes(&here.served, "no@a.example", "dropped").2, "the person is suppressed");
    assert_eq!(here.relay.copies().get("no@a.example"), None);
}

#[test]
fn what_a_dead_server_left_behind_a_dot_is_settled_by_the_next() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    let first = here.mails("new@example.org", 1)[0].clone();
    becomes(&here.served, "new@example.org", "accepted");
    // As if the server had died behind the dot, and its claim were over.
    statement(
        &here.served,
        "UPDATE outbox SET state = 'attempting', claimed_by = 'another', claimed_until = 1",
    );
    let again = here.mails("new@example.org", 2)[1].clone();
    assert_eq!((again.id(), confirm_path(&again)), (first.id(), confirm_path(&first)));
    becomes(&here.served, "new@example.org", "accepted");
    // Twice is enough.
    statement(
        &here.served,
        "UPDATE outbox SET state = 'attempting', claimed_by = 'another', claimed_until = 1",
    );
    becomes(&here.served, "new@example.org", "uncertain");
    assert_eq!(here.served.post(&confirm_path(&first), YES).status, 200);
    here.mails("new@example.org", 3);
    becomes(&here.served, "new@example.org", "accepted");
    statement(
        &here.served,
        "UPDATE outbox SET state = 'attempting', claimed_by = 'another', claimed_until = 1 \
         WHERE kind = 'welcome'",
    );
    becomes(&here.served, "new@example.org", "uncertain");
    assert_eq!(here.relay.counts().accepted, 3);
}

// SQLite gives the number of a row that is gone to the next one.
#[test]
fn a_second_confirmation_has_a_message_id_of_its_own() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    let first = here.mails("new@example.org", 1)[0].clone();
    becomes(&here.served, "new@example.org", "accepted");
    // As if a month had passed.
    statement(&here.served, "DELETE FROM outbox");
    statement(&here.served, "DELETE FROM signup_mail");
    here.asks("new@example.org", "192.0.2.1");
    let second = here.mails("new@example.org", 2)[1].clone();
    assert_ne!(second.id(), first.id());
}

#[test]
fn a_stop_lets_the_mail_finish_that_is_under_way() {
    let script = Script::new().once(At::Dot, When::Message(1), Do::Delay(Duration::from_secs(2)));
    let here = Subscribed::over(Relay::scripted(script), "");
    here.asks("new@example.org", "192.0.2.1");
    let is_attempted = || row(&here.served, "new@example.org").0 == "attempting";
    assert!(wait_until(Duration::from_secs(10), is_attempted), "not begun");
    here.served.running.signal("TERM");
    let Subscribed { served, relay } = here;
    let Served { here, running, .. } = served;
    assert_eq!(running.wait().code, 0);
    assert_eq!(relay.counts().accepted, 1);
    let served = Served::start(here);
    assert_eq!(row(&served, "new@example.org").0, "accepted");
}

#[test]
fn two_servers_of_one_store_send_each_mail_once() {
    let here = Subscribed::start("");
    let other = here.served.here.start(&["serve", "--listen", "127.0.0.1:0"]);
    let ports = [here.served.port, port(&other)];
    std::thread::scope(|scope| {
        for (own, port) in ports.into_iter().enumerate() {
            scope.spawn(move || {
                for at in 0..15 {
                    let email = format!("n{at}-{own}@a.example");
                    assert_eq!(asks(port, &email, &format!("192.0.{own}.{at}")).status, 303);
                }
            });
        }
    });
    here.relay.has_taken(30);
    std::thread::sleep(Duration::from_millis(1_500));
    let copies = here.relay.copies();
    assert!(copies.len() == 30 && copies.values().all(|count| *count == 1), "{copies:?}");
}

#[test]
fn letters_of_the_publication_take_the_place_of_ours_and_are_checked() {
    let here = Subscribed::start("latest_issue = true\n");
    let Subscribed { served, relay } = here;
    let Served { here, running, .. } = served;
    drop(running);
    let toml = here.read("digest.toml");
    let toml = toml.replacen(
        "base_url =",
        "browser_url = \"https://digest.sejong.example/issues/{issue}/\"\nbase_url =",
        1,
    );
    let confirm = "---\nsubject: Is it you, {{ email }}?\ntitle: One question\n---\n\nHello.\n";
    let here = here.write("digest.toml", toml).write("mails/confirm.md", confirm);
    for command in [&["check"][..], &["serve", "--check", "--listen", "127.0.0.1:0"]] {
        let told = here.run(command);
        assert_eq!(told.code, 3, "{command:?}: {told:?}");
        let told = format!("{}{}", told.stdout, told.stderr);
        assert!(told.contains("mails/confirm.md") && told.contains("letter-slot"), "{told}");
    }
    let slot =
        format!("{confirm}\n{{{{ first_name }}}}\n\n[Yes]({{{{ confirm_url }}}}){{.button}}\n");
    let here = here.write("mails/confirm.md", &slot);
    let told = here.run(&["check"]);
    assert!(told.stdout.contains("mails/confirm.md:8"), "{told:?}");
    let here = here.write("mails/confirm.md", slot.replace("first_name", "first_name | reader"));
    // An issue that somebody has.
    let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let here = Subscribed { served: Served::start(here), relay };
    here.asks("new@example.org", "192.0.2.1");
    let mail = here.mails("new@example.org", 1)[0].clone();
    assert_eq!(mail.subject(), "Is it you, new@example.org?");
    assert!(mail.text.contains("reader") && mail.html.contains("One question"), "{}", mail.text);
    let start = mail.text.find("/confirm/").expect("a link");
    let path: String = mail.text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    assert_eq!(here.served.post(&path, YES).status, 200);
    let welcome = here.mails("new@example.org", 2)[1].clone();
    let latest = "https://digest.sejong.example/issues/2025-11/";
    assert!(welcome.html.contains(latest) && welcome.text.contains(latest), "{}", welcome.text);
}

#[test]
fn a_welcome_leads_to_the_newest_issue_that_everybody_may_read() {
    let here = Subscribed::start("latest_issue = true\n[archive]\n");
    let sends = |issue: &str, day: &str, part: &[&str]| {
        let (publication, folder) = (&here.served.here, format!("issues/{issue}"));
        std::fs::create_dir_all(publication.path(&folder)).expect("made");
        let manifest = format!(
            "title = \"The {issue}\"\nsubject = \"All about {issue}\"\ndate = {day}\n[[section]]\narticles = [\"one\"]\n"
        );
        let article = format!("---\ntitle: The {issue}\nauthor: Ada\n---\n\nWords of {day}.\n");
        let write = |name: &str, text: String| {
            std::fs::write(publication.path(&format!("{folder}/{name}")), text).expect("written");
        };
        write("issue.toml", manifest);
        write("one.md", article);
        let line = ["send", issue, "--yes", "--relay", &here.relay.url()];
        let sent = publication.run(&[&line[..], part].concat());
        assert_eq!(sent.code, 0, "{sent:?}");
    };
    let welcome = |email: &str, visitor: &str| {
        here.asks(email, visitor);
        let path = confirm_path(&here.mails(email, 1)[0]);
        assert_eq!(here.served.post(&path, YES).status, 200);
        here.mails(email, 2)[1].text.clone()
    };
    sends("rivers", "2025-09-04", &["--to", "kim@example.org"]);
    let told = welcome("first@example.org", "192.0.2.1");
    assert!(!told.contains("/issues/"), "{told}");
    sends("hills", "2025-10-02", &[]);
    sends("lakes", "2025-11-06", &[]);
    sends("coasts", "2025-12-04", &["--to", "kim@example.org"]);
    let told = welcome("second@example.org", "192.0.2.2");
    assert!(told.contains("https://digest.sejong.example/issues/lakes/"), "{told}");
    let manifest = here.served.here.path("issues/lakes/issue.toml");
    let text = std::fs::read_to_string(&manifest).expect("a file");
    std::fs::write(&manifest, format!("archive = false\n{text}")).expect("written");
    let told = welcome("third@example.org", "192.0.2.3");
    assert!(told.contains("https://digest.sejong.example/issues/hills/"), "{told}");
}

#[test]
fn a_letter_is_signed_as_an_issue_is() {
    let here = crate::publication();
    let key = here.run(&["dkim", "keygen", "-o", "dkim.pem"]);
    assert_eq!(key.code, 0, "{key:?}");
    let relay = Relay::new();
    let toml = format!(
        "{}\n[audience]\nsource = \"store\"\n[form]\n[[relay]]\nurl = \"{}\"\n[dkim]\n\
         selector = \"digest\"\nkey_file = \"dkim.pem\"\n",
        here.read("digest.toml"),
        relay.url(),
    );
    let served = Served::start(here.write("digest.toml", toml));
    let here = Subscribed { served, relay };
    here.asks("new@example.org", "192.0.2.1");
    let mail = here.mails("new@example.org", 1)[0].clone();
    let signed = mail.field("DKIM-Signature").to_ascii_lowercase();
    assert!(signed.contains("auto-submitted") && signed.contains("message-id"), "{signed}");
}

// Links in mails to who subscribes work as long as their key is kept.
#[test]
fn a_secret_that_is_lost_behind_the_first_mail_is_noticed() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    here.link("new@example.org");
    becomes(&here.served, "new@example.org", "accepted");
    let Subscribed { served, relay } = here;
    let Served { here, running, .. } = served;
    drop(running);
    let (secret, away) = (here.path(".digest-secret"), here.path("away"));
    std::fs::rename(&secret, &away).expect("moved");
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    for command in [&send[..], &["serve", "--listen", "127.0.0.1:0"]] {
        let told = here.run(command);
        assert_ne!(told.code, 0, "{command:?}: {told:?}");
        assert!(told.stderr.contains("shows that mail was sent with it before"), "{told:?}");
    }
    assert_eq!(relay.counts().accepted, 1);
    std::fs::rename(&away, &secret).expect("moved");
    let told = here.run(&send);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn a_mail_that_nobody_can_read_is_told_once_and_the_others_go_on() {
    let here = Subscribed::start("");
    let row = "INSERT INTO outbox (kind, identity, email, language, not_after, added_at, at) VALUES \
               ('of-another-year', 'kim@example.org', 'kim@example.org', 'en', 9999999999999, 0, 0)";
    statement(&here.served, row);
    here.served.running.says("mail 1 of the outbox cannot be read");
    here.asks("new@example.org", "192.0.2.1");
    here.link("new@example.org");
    statement(&here.served, "UPDATE outbox SET next_attempt = NULL WHERE number = 1");
    assert_eq!(becomes(&here.served, "kim@example.org", "deferred").2, "this row cannot be read");
    here.asks("second@example.org", "192.0.2.2");
    here.link("second@example.org");
    let told = here.served.running.stderr();
    assert_eq!(told.matches("cannot be read").count(), 1, "{told}");
    assert!(!told.contains("come again in a minute"), "{told}");
}

#[test]
fn an_outbox_that_fails_by_itself_is_told_once_and_is_no_lost_store() {
    let here = Subscribed::start("");
    statement(&here.served, "ALTER TABLE outbox RENAME COLUMN claimed_until TO claimed_for");
    here.served.running.says("mails to people who subscribe cannot be sent: ");
    // Longer than a store that fails is looked at again.
    std::thread::sleep(Duration::from_secs(4));
    let link = here.served.link("kim@example.org");
    assert_eq!(here.served.post(&link, "List-Unsubscribe=One-Click").status, 200);
    let told = here.served.running.stderr();
    assert_eq!(told.matches("cannot be sent").count(), 1, "{told}");
    assert!(!told.contains("come again") && !told.contains("written down again"), "{told}");
    statement(&here.served, "ALTER TABLE outbox RENAME COLUMN claimed_for TO claimed_until");
    here.served.running.says("mails to people who subscribe can be sent again");
    here.asks("new@example.org", "192.0.2.1");
    here.link("new@example.org");
}

#[test]
fn mails_need_no_secret_but_that_which_is_known() {
    let here = Subscribed::start("");
    let (secret, away) = (here.served.here.path(".digest-secret"), here.served.here.path("away"));
    std::fs::rename(&secret, &away).expect("moved");
    here.asks("new@example.org", "192.0.2.1");
    let link = here.link("new@example.org");
    assert_eq!(here.served.post(&link, YES).status, 200);
    here.mails("new@example.org", 2);
}
