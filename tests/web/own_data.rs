//! What is kept of a reader: only a link that is fresh shows it, and whoever asks to be erased is.

use std::time::Duration;

use sejong_digest::config;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;
use sejong_digest::store::sql;
use tokio::runtime::Runtime;

use crate::client::{self, Answer};
use crate::confirming::written;
use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::harness::server::only_files;
use crate::mail::Mail;
use crate::preferences::{code, path};
use crate::relay::{open, store_of};
use crate::subscribing::{Subscribed, confirm_path};
use crate::{HOST, Served};

const KIM: &str = "kim@example.org";

/// The path of the link in a mail that brings one.
fn data_path(mail: &Mail) -> String {
    let start = format!("https://{HOST}");
    let link = mail.text.lines().find_map(|line| line.trim().strip_prefix(&start));
    let link = link.unwrap_or_else(|| panic!("no link in {}", mail.text));
    assert!(link.starts_with("/data/"), "{link}");
    link.to_owned()
}

/// A link for somebody that ends at a moment, in seconds since 1970.
pub(crate) fn link_until(here: &Publication, address: &str, end: i64) -> String {
    let secret = config::known_secret(&here.path(""), &[]).expect("read").expect("there");
    let keys = Keys::numbered(secret.newest(), secret.older());
    let (address, end) = (Address::parse(address).expect("one"), jiff::Timestamp::from_second(end));
    let end = end.expect("a moment");
    format!("/data/{}", keys.data_token("digest.sejong.example", &address, end))
}

pub(crate) const FAR: i64 = 4_000_000_000;

fn asks_for_link(served: &Served, email: &str, visitor: &str) -> Answer {
    let email = email.replace('@', "%40");
    let head =
        [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", visitor)];
    client::ask(served.port, "POST", "/preferences", &head, &format!("email={email}"))
}

pub(crate) fn without_date(mut answer: Answer) -> Answer {
    answer.head.retain(|line| !line.starts_with("date:"));
    answer
}

#[test]
fn a_fresh_link_comes_by_mail_once_an_hour_and_brings_all_that_is_kept() {
    let here = Subscribed::start("");
    let served = &here.served;
    let page = served.get(&path(&served.here, KIM));
    assert!(page.body.contains("value=\"link\""), "{page:?}");
    // What the link of an issue shows is no more than before.
    for hidden in ["kim@", "asked by mail", "/data/"] {
        assert!(!page.body.contains(hidden), "{hidden}: {page:?}");
    }
    let form = format!("code={}&act=link", code(&page));
    let refused = served.post(&path(&served.here, KIM), "act=link");
    assert_eq!(refused.status, 403, "{refused:?}");
    let first = served.post(&path(&served.here, KIM), &form);
    let again = served.post(&path(&served.here, KIM), &form);
    assert!(first.status == 200 && first.body.contains("valid for one hour"), "{first:?}");
    assert_eq!(first.body, again.body);
    let mail = &here.mails(KIM, 1)[0];
    assert_eq!(mail.subject(), "Your link for Sejong Digest");
    let link = data_path(mail);
    let page = served.get(&link);
    assert!(page.status == 200 && page.body.contains("value=\"take\""), "{page:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(!page.body.contains("kim@") && !page.body.contains("<script"), "{page:?}");
    let before = served.known(KIM);
    let code = code(&page);
    for form in
        ["act=take".to_owned(), "act=erase-for-good".to_owned(), format!("code=x{code}&act=take")]
    {
        let refused = served.post(&link, &form);
        assert!(refused.status == 403 && !refused.body.contains("asked by mail"), "{refused:?}");
    }
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    for site in ["cross-site", "same-site"] {
        let head = [kind, ("Sec-Fetch-Site", site)];
        let form = format!("code={code}&act=erase-for-good");
        assert_eq!(client::ask(served.port, "POST", &link, &head, &form).status, 403, "{site}");
    }
    // Looking does nothing, whatever stands in the address.
    for method in ["GET", "HEAD"] {
        let asked = format!("{link}?code={code}&act=erase-for-good");
        assert_eq!(client::ask(served.port, method, &asked, &[], "").status, 200);
    }
    assert_eq!(served.standing(KIM), ("confirmed".to_owned(), Vec::new()));
    let taken = served.post(&link, &format!("code={code}&act=take"));
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.header("cache-control"), Some("no-store"));
    let how = taken.header("content-disposition").expect("a header");
    assert!(how.starts_with("attachment;") && !how.contains("kim"), "{how}");
    let taken: serde_json::Value = serde_json::from_str(&taken.body).expect("JSON");
    assert_eq!(taken["subscriber"]["consent"]["words"], "asked by mail", "{taken}");
    assert_eq!(taken["mails"][0]["kind"], "link", "{taken}");
    assert_eq!(
        (&taken["subscriber"], &taken["history"]),
        (&before["subscriber"], &before["history"])
    );
    assert_eq!(here.relay.counts().accepted, 1, "one an hour");
}

#[test]
fn a_welcome_leads_to_the_readers_own_page() {
    let here = Subscribed::start("\n[web]\n");
    assert_eq!(here.asks("new@example.org", "192.0.2.1").status, 303);
    assert_eq!(here.served.post(&here.link("new@example.org"), "confirm=yes").status, 200);
    let welcome = &here.mails("new@example.org", 2)[1];
    assert!(welcome.html.contains("/preferences/") && welcome.text.contains("/preferences/"));
}

// Row 39: the form for who has lost the link tells nobody who is on the list.
#[test]
fn who_has_lost_the_link_gets_one_and_nobody_learns_who_is_on_the_list() {
    let here = Subscribed::start("");
    let served = &here.served;
    let run = |line: &[&str]| assert_eq!(served.here.run(line).code, 0, "{line:?}");
    run(&["subscribers", "add", "gone@example.org", "--consent", "x"]);
    run(&["subscribers", "forget", "gone@example.org"]);
    run(&["subscribers", "suppress", "ada@example.org", "--why", "asked by phone"]);
    let page = served.get("/preferences");
    assert!(page.status == 200 && page.body.contains("type=\"email\""), "{page:?}");
    let people = ["new@example.org", "gone@example.org", "ada@example.org", KIM, KIM];
    let answers: Vec<Answer> = people
        .iter()
        .enumerate()
        .map(|(at, email)| without_date(asks_for_link(served, email, &format!("192.0.2.{at}"))))
        .collect();
    assert!(answers[0].status == 200 && answers.windows(2).all(|pair| pair[0] == pair[1]));
    let wrong = asks_for_link(served, "nobody", "192.0.2.9");
    assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{wrong:?}");
    data_path(&here.mails(KIM, 1)[0]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(here.relay.counts().accepted, 1);
    let statuses: Vec<u16> =
        (0..25).map(|_| asks_for_link(served, "x@example.org", "192.0.2.77").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_link_ends_and_is_for_nothing_else() {
    let here = Subscribed::start("");
    let served = &here.served;
    let ended = served.get(&link_until(&served.here, KIM, 1_700_000_000));
    assert!(ended.status == 410 && ended.body.contains("href=\"/preferences\""), "{ended:?}");
    let link = link_until(&served.here, KIM, FAR);
    assert_eq!(served.get(&link).status, 200);
    let token = link.rsplit('/').next().expect("a token");
    for other in ["preferences", "unsubscribe", "confirm", "undo"] {
        assert_eq!(served.get(&format!("/{other}/{token}")).status, 400, "{other}");
    }
    let preferences = path(&served.here, KIM);
    let leave = served.link(KIM);
    for wrong in [preferences, leave] {
        let token = wrong.rsplit('/').next().expect("a token");
        assert_eq!(served.get(&format!("/data/{token}")).status, 400);
    }
    // Whoever was never there is nobody here.
    assert_eq!(served.get(&link_until(&served.here, "none@example.org", FAR)).status, 410);
    let ada = link_until(&served.here, "ada@example.org", FAR);
    assert_eq!(
        served.post(&served.link("ada@example.org"), "List-Unsubscribe=One-Click").status,
        200
    );
    assert_eq!(served.get(&ada).status, 200, "what is kept of them is theirs");
    // Without mails there is no link, and no form for it.
    let plain = Served::start(crate::publication());
    assert_eq!(plain.get("/preferences").status, 404);
}

#[test]
fn who_has_left_or_gets_no_mail_takes_their_data_and_is_erased() {
    let here = Subscribed::start("");
    let served = &here.served;
    let run = |line: &[&str]| assert_eq!(served.here.run(line).code, 0, "{line:?}");
    for (email, reason) in [
        ("dead@example.org", "hard-bounce"),
        ("spam@example.org", "complaint"),
        ("no@example.org", "manual"),
    ] {
        run(&["subscribers", "add", email, "--consent", "x"]);
        run(&["subscribers", "suppress", email, "--why", "x", "--reason", reason]);
    }
    // A link that was asked for before somebody left is theirs behind it.
    assert_eq!(asks_for_link(served, KIM, "192.0.2.1").status, 200);
    let link = data_path(&here.mails(KIM, 1)[0]);
    assert!(served.get(&link).body.contains("/preferences/"));
    for email in [KIM, "ada@example.org"] {
        let left = served.post(&served.link(email), "List-Unsubscribe=One-Click");
        assert_eq!(left.status, 200);
    }
    let page = served.get(&link);
    assert!(page.status == 200 && page.body.contains("value=\"take\""), "{page:?}");
    assert!(!page.body.contains("/preferences/"), "nothing is to be chosen: {page:?}");
    let taken = served.post(&link, &format!("code={}&act=take", code(&page)));
    assert_eq!(taken.status, 200, "{taken:?}");
    let taken: serde_json::Value = serde_json::from_str(&taken.body).expect("JSON");
    assert_eq!(taken["history"][0]["reason"], "unsubscribed", "{taken}");
    // Who has left gets the one mail that they ask for; who must not be written to gets none.
    let people = ["dead@example.org", "spam@example.org", "no@example.org", "ada@example.org"];
    let answers = people.map(|email| without_date(asks_for_link(served, email, "192.0.2.2")));
    assert!(answers[0].status == 200 && answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(answers[0].body.contains("mailto:"), "{:?}", answers[0]);
    data_path(&here.mails("ada@example.org", 1)[0]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(here.relay.counts().accepted, 2);
    for email in people.into_iter().chain([KIM]) {
        let link = if email == KIM { link.clone() } else { link_until(&served.here, email, FAR) };
        let page = served.get(&link);
        assert_eq!(page.status, 200, "{email}: {page:?}");
        let form = format!("code={}&act=erase-for-good", code(&page));
        assert_eq!(served.post(&link, &form).status, 200, "{email}");
    }
    let all = || erasures(&served.here, None) == 0;
    let is_gone = || is_forgotten(&served.here) && all();
    assert!(wait_until(Duration::from_secs(40), is_gone), "{}", served.running.stderr());
    let nobody = served.get(&link);
    assert!(nobody.status == 410 && nobody.body.contains("nothing to show"), "{nobody:?}");
}

// As the form for subscribing takes it: an input method for Korean leaves signs of full width.
#[test]
fn an_address_of_full_width_is_understood_by_who_has_lost_the_link() {
    let here = Subscribed::start("");
    let wide = "%EF%BD%8B%EF%BD%89%EF%BD%8D%EF%BC%A0example.org";
    assert_eq!(asks_for_link(&here.served, wide, "192.0.2.1").status, 200);
    data_path(&here.mails(KIM, 1)[0]);
}

/// Asks to be erased, as a reader does: once, and once more.
fn erase(served: &Served, link: &str) -> Answer {
    let code = code(&served.get(link));
    let question = served.post(link, &format!("code={code}&act=erase"));
    assert!(question.status == 200 && question.body.contains("cannot be undone"), "{question:?}");
    assert_eq!(served.standing(KIM).0, "confirmed", "nothing is done by the first button");
    served.post(link, &format!("code={code}&act=erase-for-good"))
}

fn is_forgotten(here: &Publication) -> bool {
    let told = here.run(&["subscribers", "show", KIM, "--json"]);
    let known: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    known["forgotten"] == true
        && known["subscriber"].is_null()
        && known["mails"] == serde_json::json!([])
}

#[test]
fn who_asks_to_be_erased_gets_no_mail_at_once_and_is_gone_soon() {
    let here = Subscribed::start("");
    let served = &here.served;
    asks_for_link(served, KIM, "192.0.2.1");
    let link = data_path(&here.mails(KIM, 1)[0]);
    let done = erase(served, &link);
    assert!(done.status == 200 && done.body.contains("You get no further mail"), "{done:?}");
    let is_gone = || is_forgotten(&served.here);
    assert!(wait_until(Duration::from_secs(20), is_gone), "{}", served.running.stderr());
    served.running.says("erased, as they have asked for: 1 person");
    assert!(!served.running.stderr().contains("kim"), "{}", served.running.stderr());
    // The link is nobody's now, and no list brings the person back.
    assert_eq!(served.get(&link).status, 410);
    let add = served.here.run(&["subscribers", "add", KIM, "--consent", "an old list"]);
    assert_eq!(add.code, 1, "{add:?}");
    assert_eq!(served.standing("ada@example.org").0, "confirmed");
    let is_over = || erasures(&served.here, None) == 0;
    assert!(wait_until(Duration::from_secs(40), is_over), "{}", served.running.stderr());
    if only_files("looks for bytes in a file") {
        return;
    }
    let no_bytes = || {
        ["digest.db", "digest.db-wal"].iter().all(|name| {
            let bytes = std::fs::read(served.here.path(name)).unwrap_or_default();
            memchr::memmem::find(&bytes, KIM.as_bytes()).is_none()
        })
    };
    assert!(wait_until(Duration::from_secs(20), no_bytes), "{}", served.running.stderr());
    // The file is written anew once a day and no more: all who want something wait for that.
    let link = link_until(&served.here, "ada@example.org", FAR);
    let form = format!("code={}&act=erase-for-good", code(&served.get(&link)));
    assert_eq!(served.post(&link, &form).status, 200);
    let is_gone = || served.get(&link).status == 410;
    assert!(wait_until(Duration::from_secs(20), is_gone), "{}", served.running.stderr());
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(erasures(&served.here, None), 1);
}

// Nobody has to end the server for a send, nor to wait until a large file is written anew.
#[test]
fn a_send_waits_a_moment_for_an_erasure() {
    let here = Subscribed::start("");
    let served = &here.served;
    let runtime = Runtime::new().expect("threads");
    let _within = runtime.enter();
    let (store, reader) = runtime.block_on(async {
        (open(&store_of(&served.here)).await, open(&store_of(&served.here)).await)
    });
    let reading = runtime.block_on(async {
        let mut reading = reader.pool().begin().await.expect("a transaction");
        let count = sql::query_scalar("SELECT count(*) FROM subscriber");
        let _: i64 = count.fetch_one(&mut *reading).await.expect("a number");
        reading
    });
    assert_eq!(erase(served, &link_until(&served.here, KIM, FAR)).status, 200);
    let is_gone = || is_forgotten(&served.here);
    assert!(wait_until(Duration::from_secs(20), is_gone), "{}", served.running.stderr());
    // Old bytes cannot be overwritten as long as somebody reads: the lock is free meanwhile.
    let begun = std::time::Instant::now();
    drop(runtime.block_on(store.lock("a send")).expect("free"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    drop(reading);
    // As serve has it while it takes somebody out of the tables.
    let words = format!("process 1 {}", sejong_digest::store::holder::ERASING);
    let lock = runtime.block_on(store.lock(&words)).expect("free");
    let within = runtime.handle().clone();
    let freeing = std::thread::spawn(move || {
        let _within = within.enter();
        std::thread::sleep(Duration::from_secs(2));
        drop(lock);
    });
    let sent = served.here.run(&["send", "2025-11", "--yes", "--relay", &here.relay.url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    freeing.join().expect("freed");
    runtime.block_on(store.close());
}

// They were erased because they asked for it; to ask again, and to confirm it, is theirs as well.
#[test]
fn who_was_erased_on_the_web_comes_back_by_the_form_and_whom_we_have_forgotten_does_not() {
    let here = Subscribed::start("");
    let served = &here.served;
    asks_for_link(served, KIM, "192.0.2.1");
    let link = data_path(&here.mails(KIM, 1)[0]);
    assert_eq!(erase(served, &link).status, 200);
    assert!(wait_until(Duration::from_secs(20), || is_forgotten(&served.here)));
    assert_eq!(here.asks(KIM, "192.0.2.2").status, 303);
    let confirm = confirm_path(&here.mails(KIM, 2)[1]);
    assert!(is_kept_out(&served.here), "a form alone brings nobody back");
    assert_eq!(served.here.run(&["subscribers", "add", KIM, "--consent", "a list"]).code, 1);
    let done = served.post(&confirm, "confirm=yes");
    assert!(done.status == 200 && done.body.contains("is confirmed"), "{done:?}");
    assert_eq!(served.standing(KIM), ("confirmed".to_owned(), Vec::new()));
    assert_eq!(here.mails(KIM, 3)[2].subject(), "Welcome to Sejong Digest");
    let plan = served.here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("To        2 recipients"), "{plan:?}");
    let leave = served.link(KIM);
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(served.standing(KIM).0, "unsubscribed");
    // What somebody of the publication has done stays, whatever the person has asked for before.
    assert_eq!(served.here.run(&["subscribers", "forget", KIM]).code, 0);
    let before = written(&here, "kim@%");
    assert_eq!(here.asks(KIM, "192.0.2.3").status, 303);
    assert_eq!((before, written(&here, "kim@%")), (0, 0));
}

/// Whether a person is forgotten, whatever they have asked for since.
fn is_kept_out(here: &Publication) -> bool {
    let told = here.run(&["subscribers", "show", KIM, "--json"]);
    let known: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    known["forgotten"] == true && known["subscriber"].is_null()
}

/// How many rows of requests there are, behind a statement.
fn erasures(here: &Publication, statement: Option<&'static str>) -> i64 {
    Runtime::new().expect("threads").block_on(async {
        let store = open(&store_of(here)).await;
        if let Some(statement) = statement {
            sql::query(statement).execute(store.pool()).await.expect("changed");
        }
        let count = sql::query_scalar("SELECT count(*) FROM erasure");
        let count = count.fetch_one(store.pool()).await.expect("a number");
        store.close().await;
        count
    })
}

// Killed while an issue keeps the lock: the no holds, the request waits, and the next server does it.
#[test]
fn a_killed_server_forgets_no_request_to_be_erased() {
    let here = Subscribed::start("");
    let Subscribed { served, relay: _relay } = here;
    let runtime = Runtime::new().expect("threads");
    let (store, lock) = runtime.block_on(async {
        let store = open(&store_of(&served.here)).await;
        let lock = store.lock("a send").await.expect("free");
        (store, lock)
    });
    let link = link_until(&served.here, KIM, FAR);
    assert_eq!(erase(&served, &link).status, 200);
    let waits = served.get(&link);
    assert!(waits.status == 200 && waits.body.contains("You get no further mail"), "{waits:?}");
    assert_eq!(served.standing(KIM), ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]));
    let told = served.here.run(&["status"]);
    assert!(
        told.stderr.contains("to be erased") && told.stderr.contains(": 1 person\n"),
        "{told:?}"
    );
    let Served { here, running, .. } = served;
    running.kill();
    assert!(!is_forgotten(&here));
    runtime.block_on(async {
        let old = sql::query("UPDATE erasure SET asked_at = asked_at - 90000000");
        old.execute(store.pool()).await.expect("changed");
    });
    let told = here.run(&["status"]);
    assert!(told.stderr.contains("1 person, the first for more than a day"), "{told:?}");
    let told = here.run(&["doctor", "--offline"]);
    assert!(told.stdout.contains("for more than a day"), "{told:?}");
    drop(lock);
    runtime.block_on(store.close());
    let served = Served::start(here);
    let is_gone = || is_forgotten(&served.here);
    assert!(wait_until(Duration::from_secs(20), is_gone), "{}", served.running.stderr());
    let told = served.here.run(&["status"]);
    assert!(!told.stderr.contains("to be erased"), "{told:?}");
    // One that died before the old bytes were overwritten leaves that to the next.
    let Served { here, running, .. } = served;
    running.kill();
    erasures(&here, Some("INSERT INTO erasure VALUES ('1-aa:bb', NULL, 1, 2)"));
    assert_eq!(erasures(&here, None), 2);
    let served = Served::start(here);
    let is_over = || erasures(&served.here, None) == 0;
    assert!(wait_until(Duration::from_secs(20), is_over), "{}", served.running.stderr());
}
