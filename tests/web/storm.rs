//! People subscribe and confirm while the server is killed at any moment (SIGKILL), again and again.
//!
//! Nobody is subscribed who has not confirmed; whoever was told that they are, is; whoever was told that
//! a mail comes gets it; and no step is half done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sejong_digest::store::sql;
use tokio::runtime::Runtime;

use crate::harness::running::wait_until;
use crate::harness::{Publication, server};
use crate::mail::Mail;
use crate::relay::{Relay, open, store_of};
use crate::subscribing::{asks, confirm_path};
use crate::{Served, client};

/// What people were told.
#[derive(Default)]
struct Promised {
    /// That a mail comes.
    asked: Mutex<BTreeSet<String>>,
    /// That they are subscribed.
    confirmed: Mutex<BTreeSet<String>>,
    /// They pressed the button, and may have got no answer.
    pressed: Mutex<BTreeSet<String>>,
}

impl Promised {
    fn add(set: &Mutex<BTreeSet<String>>, email: &str) {
        set.lock().expect("unbroken").insert(email.to_owned());
    }

    fn of(set: &Mutex<BTreeSet<String>>) -> BTreeSet<String> {
        set.lock().expect("unbroken").clone()
    }
}

/// The first link that somebody was sent.
fn links(relay: &Relay) -> BTreeMap<String, String> {
    let mut links = BTreeMap::new();
    for one in relay.accepted() {
        let mail = Mail::read(&one.bytes);
        if mail.subject().starts_with("Please confirm") {
            links.entry(one.recipients.concat()).or_insert_with(|| confirm_path(&mail));
        }
    }
    links
}

/// Whoever has an even number presses the button; the others never do.
fn presses(email: &str) -> bool {
    email
        .trim_start_matches('n')
        .split('-')
        .next()
        .is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number.is_multiple_of(2)))
}

/// Asks and confirms until the server is gone.
fn visit(
    port: u16,
    (round, thread): (usize, usize),
    relay: &Relay,
    told: &Promised,
    over: &AtomicBool,
) {
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    for number in 0..40 {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let email = format!("n{number}-{thread}-{round}@a.example");
        let asked = asks(port, &email, &format!("198.{round}.{thread}.{number}"));
        if asked.status == 303 {
            Promised::add(&told.asked, &email);
        }
        for (email, link) in links(relay) {
            let is_own = email.contains(&format!("-{thread}-"));
            let is_done = told.confirmed.lock().expect("unbroken").contains(&email);
            if !is_own || is_done || !presses(&email) {
                continue;
            }
            Promised::add(&told.pressed, &email);
            if client::ask_if_there(port, "POST", &link, &[kind], "confirm=yes").status == 200 {
                Promised::add(&told.confirmed, &email);
            }
        }
    }
}

/// A publication whose list is in its store, with a form.
fn with_form(here: Publication, relay: &Relay) -> Publication {
    let told = here.run(&["subscribers", "add", "kim@example.org", "--consent", "asked"]);
    assert_eq!(told.code, 0, "{told:?}");
    crate::link(&here, "kim@example.org");
    let toml = format!(
        "{}\n[audience]\nsource = \"store\"\n[form]\n[[relay]]\nurl = \"{}\"\n",
        here.read("digest.toml"),
        relay.url()
    );
    here.write("digest.toml", toml)
}

/// `least` is how long a server lives at least, in milliseconds.
fn storm(here: Publication, rounds: usize, least: usize) {
    let relay = Relay::new();
    let mut here = with_form(here, &relay);
    let told = Promised::default();
    for round in 0..rounds {
        let served = Served::start(here);
        let (port, over) = (served.port, AtomicBool::new(false));
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (relay, told, over) = (&relay, &told, &over);
                scope.spawn(move || visit(port, (round, thread), relay, told, over));
            }
            // Another moment each time, and the same ones in each run.
            let moment = least + (round * 7_919 + 13) % 1_100;
            std::thread::sleep(Duration::from_millis(moment as u64));
            over.store(true, Ordering::Relaxed);
            served.running.signal("KILL");
        });
        let Served { here: there, running, .. } = served;
        drop(running);
        here = there;
    }
    let served = Served::start(here);
    let asked = Promised::of(&told.asked);
    assert!(asked.len() > rounds, "the server answered nobody");
    let lacking = || asked.iter().filter(|email| !links(&relay).contains_key(*email)).count();
    let all_came = wait_until(Duration::from_secs(90), || {
        std::thread::sleep(Duration::from_millis(200));
        lacking() == 0
    });
    assert!(all_came, "{} of {} got no mail", lacking(), asked.len());
    let (confirmed, pressed) = (Promised::of(&told.confirmed), Promised::of(&told.pressed));
    assert!(!confirmed.is_empty(), "nobody confirmed");
    let subscribed = subscribed(&served);
    assert!(confirmed.is_subset(&subscribed), "{:?}", confirmed.difference(&subscribed));
    assert!(subscribed.is_subset(&pressed), "{:?}", subscribed.difference(&pressed));
    for (email, link) in links(&relay) {
        if presses(&email) {
            assert_eq!(served.post(&link, "confirm=yes").status, 200, "{email}");
        }
    }
    nothing_is_half_done(&served);
    let mut copies: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut welcomes: BTreeMap<String, usize> = BTreeMap::new();
    for one in relay.accepted() {
        let (mail, who) = (Mail::read(&one.bytes), one.recipients.concat());
        if mail.subject().starts_with("Welcome") {
            *welcomes.entry(who.clone()).or_default() += 1;
        }
        copies.entry((who, mail.subject())).or_default().insert(mail.id().to_owned());
    }
    assert!(welcomes.values().all(|count| *count == 1), "{welcomes:?}");
    assert!(copies.values().all(|ids| ids.len() == 1), "{copies:?}");
}

/// Who is in the list because of a form.
fn subscribed(served: &Served) -> BTreeSet<String> {
    let told = served.here.run(&["subscribers", "list"]);
    assert_eq!(told.code, 0, "{told:?}");
    let words = told.stdout.split_whitespace();
    words.filter(|word| word.ends_with("@a.example")).map(str::to_owned).collect()
}

/// A confirmed sign-up is a subscriber with a consent, and one greeting; another one is none of these.
fn nothing_is_half_done(served: &Served) {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&store_of(&served.here)).await;
        for (what, statement) in [
            (
                "confirmed and no subscriber",
                "SELECT count(*) FROM signup s WHERE s.confirmed_at IS NOT NULL AND NOT EXISTS \
                 (SELECT 1 FROM subscriber p WHERE p.identity = s.identity \
                  AND p.status = 'confirmed' AND p.consent_how = 'form')",
            ),
            (
                "subscriber and not confirmed",
                "SELECT count(*) FROM subscriber p WHERE p.consent_how = 'form' AND NOT EXISTS \
                 (SELECT 1 FROM signup s WHERE s.identity = p.identity \
                  AND s.confirmed_at IS NOT NULL)",
            ),
            (
                "no greeting, or two",
                "SELECT count(*) FROM subscriber p WHERE p.consent_how = 'form' AND 1 <> \
                 (SELECT count(*) FROM outbox o WHERE o.identity = p.identity \
                  AND o.kind = 'welcome')",
            ),
            (
                "a sign-up without a mail, or with two",
                "SELECT count(*) FROM signup s WHERE 1 <> \
                 (SELECT count(*) FROM outbox o WHERE o.signup = s.id)",
            ),
        ] {
            let count = sql::query_scalar::<i64>(statement).fetch_one(store.pool()).await;
            assert_eq!(count.expect("a number"), 0, "{what}");
        }
        store.close().await;
    });
}

#[test]
fn a_server_that_is_killed_again_and_again_breaks_no_promise() {
    storm(Publication::new(), 8, 400);
}

/// Of the tests that use the server, one cuts all sessions.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn the_same_on_a_server() {
    let Some(server) = server::server() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    storm(Publication::new().sending_from(&server.fresh()), 4, 2_000);
}

// A server is restarted, or an administrator ends its sessions: pages and mails go on.
#[test]
fn sessions_that_are_cut_are_opened_again() {
    // All other tests would lose theirs, too.
    let Some(server) = server::server().filter(|_| !server::is_wanted()) else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let relay = Relay::new();
    let here = Publication::new().sending_from(&server.fresh());
    let served = Served::start(with_form(here, &relay));
    for at in 0..4 {
        server.cut("usename = 'tester' AND pid <> pg_backend_pid()");
        let email = format!("n{at}@a.example");
        let answer = asks(served.port, &email, &format!("192.0.2.{at}"));
        assert_eq!(answer.status, 303, "{at}: {}", served.running.stderr());
        server.cut("usename = 'tester' AND pid <> pg_backend_pid()");
        let came = || links(&relay).contains_key(&email);
        assert!(wait_until(Duration::from_secs(60), came), "{email}: {}", served.running.stderr());
        let link = links(&relay)[&email].clone();
        assert_eq!(served.post(&link, "confirm=yes").status, 200, "{at}");
    }
    assert_eq!(subscribed(&served).len(), 4);
    nothing_is_half_done(&served);
}
