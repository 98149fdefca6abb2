//! The link in the mail: followed by anything, pressed by a person, once.

use sejong_digest::config;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;
use sejong_digest::store::sql;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::client::{self, Answer};
use crate::relay::{open, store_of};
use crate::subscribing::{Subscribed, confirm_path};

const YES: &str = "confirm=yes";

/// Changes rows of the store, as time would.
fn change(here: &Subscribed, statement: &'static str) {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&store_of(&here.served.here)).await;
        sql::query(statement).execute(store.pool()).await.expect("changed");
        store.close().await;
    });
}

fn says(answer: &Answer, status: u16, text: &str) {
    assert!(answer.status == status && answer.body.contains(text), "{text}: {answer:?}");
}

const DONE: &str = "Your subscription is confirmed";
const ENDED: &str = "not valid any more";

// Row 38: scanners follow every link, and some fill in no form.
#[test]
fn whatever_only_looks_confirms_nothing_and_uses_nothing_up() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    let link = here.link("new@example.org");
    for at in 0..20 {
        let method = ["GET", "HEAD", "OPTIONS", "PUT"][at % 4];
        let answer = client::ask(here.served.port, method, &format!("{link}?{YES}"), &[], "");
        let expected = if matches!(method, "GET" | "HEAD") { 200 } else { 405 };
        assert_eq!(answer.status, expected, "{method}: {answer:?}");
    }
    for body in ["", "confirm=no", "List-Unsubscribe=One-Click"] {
        says(&here.served.post(&link, body), 400, "<form method=\"post\">");
    }
    let told = here.served.here.run(&["subscribers", "show", "new@example.org", "--json"]);
    assert!(told.stdout.contains("\"subscriber\":null"), "{told:?}");
    says(&here.served.post(&link, YES), 200, DONE);
    assert_eq!(here.served.standing("new@example.org").0, "confirmed");
}

#[test]
fn a_link_works_once_and_never_against_what_was_decided_since() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    let link = here.link("new@example.org");
    let first = here.served.post(&link, YES);
    says(&first, 200, DONE);
    assert_eq!(here.served.post(&link, YES).body, first.body);
    let mails = here.mails("new@example.org", 2);
    let leave = mails[1].unsubscribe().replace("https://digest.sejong.example", "");
    assert_eq!(here.served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    // What the page would say of them is not so any more, to whoever looks or presses.
    for answer in [here.served.post(&link, YES), here.served.get(&link)] {
        says(&answer, 410, ENDED);
        assert!(answer.body.contains("href=\"/subscribe\""), "{answer:?}");
    }
    let left = ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]);
    assert_eq!(here.served.standing("new@example.org"), left);
    assert_eq!(here.relay.counts().accepted, 2, "nobody is greeted twice");
    // They sign up again at once, which is another link, and still one mail.
    for visitor in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(here.asks("new@example.org", visitor).status, 303);
    }
    let again = confirm_path(&here.mails("new@example.org", 3)[2]);
    assert_ne!(again, link);
    says(&here.served.post(&again, YES), 200, DONE);
    assert_eq!(here.served.standing("new@example.org"), ("confirmed".to_owned(), Vec::new()));
    let known = here.served.known("new@example.org");
    assert_eq!(known["history"][0]["released_why"], "subscribed again on the web", "{known}");
    assert_eq!(known["changes"].as_array().map(Vec::len), Some(3), "{known}");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(here.relay.counts().accepted, 4, "two questions and two greetings");
}

const ASKED: &str = "\n[[form.field]]\nname = \"first_name\"\nlabel = \"First name\"\n\n\
    [topic.events]\nname = \"Events\"\n\n[topic.jobs]\nname = \"Jobs\"\n";

/// The first form may be anybody's.
#[test]
fn the_last_form_is_what_waits_and_the_page_shows_it() {
    let here = Subscribed::start(&format!("languages = [\"en\", \"ko\"]\n{ASKED}"));
    let served = &here.served;
    let form = |rest: &str| {
        let form = format!("email=new%40example.org&topics=shown&{rest}");
        assert_eq!(served.post("/subscribe", &form).status, 303, "{rest}");
    };
    form("first_name=Eve&topic=jobs&language=en");
    let link = here.link("new@example.org");
    let page = served.get(&link);
    says(&page, 200, "First name: <bdi>Eve</bdi>");
    let (_, seen) = page.body.split_once("name=\"seen\" value=\"").expect("what was seen");
    let seen = seen.split('"').next().expect("an end");
    form("first_name=Kim+%3Cb%3E&topic=events&language=ko");
    // What is pressed is what was seen.
    let again = served.post(&link, &format!("{YES}&seen={seen}"));
    says(&again, 409, "First name: <bdi>Kim &lt;b&gt;</bdi>");
    says(&again, 409, "Topics: Events<");
    says(&again, 409, "Language: 한국어");
    assert!(!again.body.contains(">Eve<") && !again.body.contains("Jobs"), "{again:?}");
    let told = served.here.run(&["subscribers", "show", "new@example.org", "--json"]);
    assert!(told.stdout.contains("\"subscriber\":null"), "{told:?}");
    let (_, now) = again.body.split_once("name=\"seen\" value=\"").expect("what was seen");
    let now = now.split('"').next().expect("an end");
    says(&served.post(&link, &format!("{YES}&seen={now}")), 200, DONE);
    let own = served.known("new@example.org")["subscriber"].clone();
    assert_eq!(own["fields"]["first_name"], "Kim <b>", "{own}");
    assert_eq!((&own["topics"], &own["language"]), (&"-jobs".into(), &"ko".into()), "{own}");
    here.mails("new@example.org", 2);
    assert_eq!(here.relay.counts().accepted, 2, "one question and one greeting");
    says(&served.get(&link), 200, DONE);
}

/// Each link that waits is for the same, whichever mail is opened; and nothing of somebody else.
#[test]
fn the_last_form_replaces_what_waits_under_every_link_of_its_address_alone() {
    let here = Subscribed::start(ASKED);
    let served = &here.served;
    let form = |email: &str, name: &str| {
        let form = format!("email={email}%40example.org&first_name={name}");
        assert_eq!(served.post("/subscribe", &form).status, 303, "{form}");
    };
    form("new", "Eve");
    form("other", "Lee");
    let other = here.link("other@example.org");
    let first = here.link("new@example.org");
    change(&here, "UPDATE signup_mail SET at = at - 3600001");
    form("new", "Mallory");
    let second = confirm_path(&here.mails("new@example.org", 2)[1]);
    form("New", "Kim");
    for link in [&first, &second] {
        says(&served.get(link), 200, "<bdi>Kim</bdi>");
    }
    says(&served.get(&other), 200, "<bdi>Lee</bdi>");
    says(&served.post(&first, YES), 200, DONE);
    let own = served.known("new@example.org")["subscriber"].clone();
    assert_eq!(
        (&own["email"], &own["fields"]["first_name"]),
        (&"new@example.org".into(), &"Kim".into())
    );
}

#[test]
fn whoever_gets_no_mail_any_more_is_not_told_that_they_are_confirmed() {
    let here = Subscribed::start("");
    let served = &here.served;
    let confirmed = |email: &str| {
        here.asks(email, "192.0.2.1");
        let link = here.link(email);
        says(&served.post(&link, YES), 200, DONE);
        says(&served.get(&link), 200, DONE);
        link
    };
    let [suppressed, moved, removed] =
        ["full@example.org", "moved@example.org", "left@example.org"].map(confirmed);
    for line in [
        &["subscribers", "suppress", "full@example.org", "--why", "asked by phone"][..],
        &["subscribers", "set", "moved@example.org", "--set", "email=there@example.org"],
        &["subscribers", "remove", "left@example.org", "--why", "asked"],
    ] {
        let told = served.here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
    }
    for link in [suppressed, moved, removed] {
        for answer in [served.get(&link), served.post(&link, YES)] {
            says(&answer, 410, ENDED);
        }
    }
}

#[test]
fn two_who_press_at_once_are_one_subscriber_with_one_greeting() {
    let here = Subscribed::start("");
    here.asks("new@example.org", "192.0.2.1");
    let link = here.link("new@example.org");
    let port = here.served.port;
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let link = &link;
        let press = move || client::ask(port, "POST", link, &[kind], YES);
        let pressing: Vec<_> = (0..10).map(|_| scope.spawn(press)).collect();
        pressing.into_iter().map(|one| one.join().expect("a thread")).collect()
    });
    assert!(answers.iter().all(|one| one.status == 200 && one.body == answers[0].body));
    here.mails("new@example.org", 2);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(here.relay.counts().accepted, 2);
    assert_eq!(here.served.known("new@example.org")["changes"].as_array().map(Vec::len), Some(1));
}

// Row 35: a link ends, and is answered as one that has.
#[test]
fn a_link_ends_with_its_time_and_with_what_it_was_for() {
    let here = Subscribed::start("");
    let served = &here.served;
    // Older than seven days, by its own word.
    let secret = config::known_secret(&served.here.path(""), &[]).expect("read").expect("there");
    let keys = Keys::numbered(secret.newest(), secret.older());
    let (kim, end) = (Address::parse("kim@example.org").expect("one"), "2026-01-01T00:00:00Z");
    let end = end.parse().expect("a time");
    let token = keys.confirm_token("digest.sejong.example", &kim, (&[1; 16], end));
    let old = format!("/confirm/{token}");
    for answer in [served.get(&old), served.post(&old, YES)] {
        says(&answer, 410, ENDED);
        assert!(answer.body.contains("href=\"/subscribe\""), "{answer:?}");
    }
    // By the store's word: forgotten, withdrawn, too old.
    let ask = |email: &str, at: usize| {
        here.asks(email, &format!("192.0.2.{at}"));
        here.link(email)
    };
    let forgotten = ask("gone@example.org", 1);
    assert_eq!(served.here.run(&["subscribers", "forget", "gone@example.org"]).code, 0);
    says(&served.post(&forgotten, YES), 410, ENDED);
    let late = ask("late@example.org", 2);
    change(&here, "UPDATE signup SET ends_at = 1 WHERE email = 'late@example.org'");
    says(&served.post(&late, YES), 410, ENDED);
    // A no that was said since holds, whoever said it, and says so to whoever has the link.
    let barred = ask("barred@example.org", 3);
    let suppress = ["subscribers", "suppress", "barred@example.org", "--why", "asked by phone"];
    assert_eq!(served.here.run(&suppress).code, 0);
    says(&served.post(&barred, YES), 200, "This address gets no mail");
    let told = served.here.run(&["subscribers", "list"]);
    for email in ["gone@", "late@", "barred@"] {
        assert!(!told.stdout.contains(email), "{told:?}");
    }
    assert_eq!(here.relay.counts().accepted, 3, "nobody is greeted");
    // Whatever is wrong with a link, the answer is the same.
    let answers: Vec<String> = ["x", &token[1..], &"A".repeat(5_000), "%ff"]
        .iter()
        .map(|wrong| served.post(&format!("/confirm/{wrong}"), YES))
        .map(|answer| format!("{} {}", answer.status, answer.body))
        .collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(answers[0].starts_with("400 "), "{}", answers[0]);
    // A link for leaving confirms nothing.
    let leave = served.link("kim@example.org").replace("/unsubscribe/", "/confirm/");
    assert_eq!(served.post(&leave, YES).status, 400);
}

#[test]
fn leaving_withdraws_what_waits_to_be_confirmed() {
    let here = Subscribed::start("");
    let served = &here.served;
    let leave = served.link("ada@example.org");
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    here.asks("ada@example.org", "192.0.2.1");
    let link = here.link("ada@example.org");
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    says(&served.post(&link, YES), 410, ENDED);
    assert_eq!(served.standing("ada@example.org").0, "unsubscribed");
}

/// Whoever was told that they are subscribed, and leaves, may ask again at once: by one mail.
#[test]
fn leaving_ends_the_hour_in_which_nobody_is_written_to_again() {
    let here = Subscribed::start("");
    let served = &here.served;
    here.asks("ada@example.org", "192.0.2.1");
    here.mails("ada@example.org", 1);
    let leave = served.link("ada@example.org");
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    for visitor in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        assert_eq!(here.asks("ada@example.org", visitor).status, 303);
    }
    let link = confirm_path(&here.mails("ada@example.org", 2)[1]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(here.relay.counts().accepted, 2, "one of each");
    says(&served.post(&link, YES), 200, DONE);
    assert_eq!(served.standing("ada@example.org"), ("confirmed".to_owned(), Vec::new()));
}

#[test]
fn what_is_not_confirmed_yet_is_told_and_forgotten_by_name() {
    let here = Subscribed::start("");
    here.asks("New@example.org", "192.0.2.1");
    here.link("New@example.org");
    let run = |line: &[&str]| here.served.here.run(line);
    let known = here.served.known("new@example.org");
    let (signup, mail) = (&known["signups"][0], &known["mails"][0]);
    assert_eq!(signup["email"], "New@example.org", "{known}");
    let words = signup["words"].as_str().expect("words");
    assert!(words.starts_with("I would like to get Sejong Digest by email."), "{words}");
    assert!(signup["asked_at"].is_string() && signup["ends_at"].is_string(), "{known}");
    assert!(mail["kind"] == "confirm" && mail["at"].is_string(), "{known}");
    let shown = run(&["subscribers", "show", "new@example.org"]).stdout;
    assert!(shown.contains("asked to subscribe: ") && shown.contains("until 20"), "{shown}");
    assert!(
        shown.contains("agreed to: I would like") && shown.contains("mail confirm: "),
        "{shown}"
    );
    let told = run(&["subscribers", "forget", "new@example.org"]).stdout;
    let erased =
        "forgotten, and never mailed again; erased: 1 sign-up and 1 mail about a subscription";
    assert!(told.contains(erased), "{told}");
    let known = here.served.known("new@example.org");
    assert_eq!((&known["signups"], &known["mails"]), (&json!([]), &json!([])));
    let told = run(&["subscribers", "forget", "nobody@example.org"]).stdout;
    assert!(told.contains("the store knew nothing of this address"), "{told}");
    // A no is something that is known, and a person that is suppressed is not unknown.
    let no = ["subscribers", "suppress", "no@example.org", "--why", "asked by phone"];
    assert_eq!(run(&no).code, 0);
    let told = run(&["subscribers", "forget", "no@example.org"]).stdout;
    assert!(told.contains("forgotten, and never mailed again\n"), "{told}");
}

#[test]
fn forgetting_leaves_nothing_of_a_sign_up() {
    let here = Subscribed::start("");
    here.asks("gone@example.org", "192.0.2.1");
    let link = here.link("gone@example.org");
    assert_eq!(here.served.post(&link, YES).status, 200);
    here.mails("gone@example.org", 2);
    assert_eq!(here.served.here.run(&["subscribers", "forget", "gone@example.org"]).code, 0);
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = open(&store_of(&here.served.here)).await;
        for table in ["signup", "outbox"] {
            let count = sql::query_scalar::<i64>(format!("SELECT count(*) FROM {table}"));
            assert_eq!(count.fetch_one(store.pool()).await.expect("a number"), 0, "{table}");
        }
        store.close().await;
    });
}

#[test]
fn a_form_that_asks_for_no_topics_leaves_them_as_they_are() {
    let here = Subscribed::start(ASKED);
    let served = &here.served;
    let set = ["subscribers", "set", "kim@example.org", "--topics", "-jobs"];
    assert_eq!(served.here.run(&set).code, 0);
    let leave = served.link("kim@example.org");
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    let ask = |email: &str, more: serde_json::Value| {
        let mut form = json!({"email": email});
        form.as_object_mut().expect("one").extend(more.as_object().cloned().unwrap_or_default());
        let kind = [("Content-Type", "application/json")];
        let answer = client::ask(served.port, "POST", "/api/subscribe", &kind, &form.to_string());
        assert_eq!(answer.status, 202, "{answer:?}");
        let link = here.link(email);
        let page = served.get(&link);
        assert_eq!(served.post(&link, YES).status, 200);
        (page.body, served.known(email)["subscriber"]["topics"].clone())
    };
    let (page, topics) = ask("kim@example.org", json!({}));
    assert!(!page.contains("Topics:") && topics == "-jobs", "{topics}: {page}");
    let (_, topics) = ask("new@example.org", json!({}));
    assert_eq!(topics, "");
    let (page, topics) = ask("ada2@example.org", json!({"topics": ["jobs"]}));
    assert!(page.contains("Topics: Jobs") && topics == "-events", "{topics}: {page}");
}

#[test]
fn a_form_leaves_topics_as_they_are_that_it_does_not_show() {
    let inner = "\n[topic.inner]\nname = \"Inner\"\n";
    let here = Subscribed::start(&format!("topics = [\"events\", \"jobs\"]\n{ASKED}{inner}"));
    let served = &here.served;
    let page = served.get("/subscribe");
    says(&page, 200, "name=\"topics\" value=\"events;jobs\"");
    assert!(!page.body.contains("Inner"), "{page:?}");
    let again = |email: &str, before: &str, said: &str| {
        let known = ["subscribers", "add", email, "--consent", "asked by mail"];
        assert_eq!(served.here.run(&known).code, 0);
        let set = ["subscribers", "set", email, "--topics", before];
        assert_eq!(served.here.run(&set).code, 0);
        assert_eq!(served.post(&served.link(email), "List-Unsubscribe=One-Click").status, 200);
        let form = format!("email={}&{said}", email.replace('@', "%40"));
        assert_eq!(served.post("/subscribe", &form).status, 303);
        let link = here.link(email);
        let page = served.get(&link).body;
        assert_eq!(served.post(&link, YES).status, 200);
        (page, served.known(email)["subscriber"]["topics"].clone())
    };
    let (page, topics) = again("a@a.example", "-jobs;-inner", "topics=events;jobs&topic=jobs");
    assert!(page.contains("Topics: Jobs<") && topics == "-events;-inner", "{topics}: {page}");
    let (_, topics) = again("b@a.example", "inner", "topics=events;jobs&topic=events");
    assert_eq!(topics, "events;inner");
    let (_, topics) = again("c@a.example", "-inner", "topics=shown&topic=events&topic=jobs");
    assert_eq!(topics, "-inner");
    // A form on another site, from the days before there were jobs.
    let (page, topics) = again("d@a.example", "-inner", "topics=events");
    assert!(page.contains("Topics: –<") && topics == "-events;-inner", "{topics}: {page}");
}
