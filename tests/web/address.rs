//! A change of address: both mailboxes agree, nobody learns who is on the list, and the old one can put it
//! back.

use std::time::{Duration, Instant};

use sejong_digest::config;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;
use sejong_digest::store::sql;
use tokio::runtime::Runtime;

use crate::client::{self, Answer};
use crate::harness::Publication;
use crate::mail::Mail;
use crate::own_data::{FAR, link_until, without_date};
use crate::pausing::day;
use crate::preferences::code;
use crate::relay::{open, store_of};
use crate::subscribing::Subscribed;
use crate::{HOST, Served};

const KIM: &str = "kim@example.org";
const YES: &str = "confirm=yes";

/// The path of the link in a mail, which is one of these.
fn path_in(mail: &Mail, purpose: &str) -> String {
    let start = format!("https://{HOST}");
    let link = mail.text.lines().find_map(|line| line.trim().strip_prefix(&start));
    let link = link.unwrap_or_else(|| panic!("no link in {}", mail.text));
    assert!(link.starts_with(&format!("/{purpose}/")), "{link}");
    link.to_owned()
}

/// What the form behind somebody's fresh link answers, from a visitor's address.
fn wants(served: &Served, link: &str, email: &str, (visitor, sure): (&str, &str)) -> Answer {
    let code = code(&served.get(link));
    let [email, sure] = [email, sure].map(|text| text.replace('@', "%40").replace('+', "%2B"));
    let head =
        [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", visitor)];
    let form = format!("code={code}&act=move&email={email}&sure={sure}");
    client::ask(served.port, "POST", link, &head, &form)
}

fn asks(here: &Subscribed, from: &str, to: &str) {
    let link = link_until(&here.served.here, from, FAR);
    let asked = wants(&here.served, &link, to, ("192.0.2.1", ""));
    assert!(asked.status == 200 && asked.body.contains("look into your mailbox"), "{asked:?}");
}

/// Asks for another address, and the path of the link in the mail to it.
fn link_for(here: &Subscribed, from: &str, to: &str) -> String {
    asks(here, from, to);
    path_in(&here.mails(to, 1)[0], "address")
}

/// Runs a statement beside the server; the number that it gives.
fn beside(here: &Publication, statement: &'static str) -> i64 {
    Runtime::new().expect("threads").block_on(async {
        let store = open(&store_of(here)).await;
        let found: i64 = if statement.starts_with("SELECT") {
            let found = sql::query_scalar(statement).fetch_one(store.pool()).await;
            found.expect("a number")
        } else {
            sql::query(statement).execute(store.pool()).await.expect("changed");
            0
        };
        store.close().await;
        found
    })
}

#[test]
fn both_mailboxes_agree_and_the_old_one_can_put_it_back() {
    let here = Subscribed::start("");
    let served = &here.served;
    let set = ["subscribers", "set", KIM, "--set", "first_name=Minji"];
    assert_eq!(served.here.run(&set).code, 0);
    let page = served.get(&link_until(&served.here, KIM, FAR));
    assert!(page.body.contains("value=\"move\"") && page.body.contains("New email"), "{page:?}");
    let link = link_for(&here, KIM, "New@example.org");
    assert!(!link.contains("ew@") && !link.contains("kim"), "{link}");
    let mail = &here.mails("New@example.org", 1)[0];
    assert_eq!(mail.subject(), "Please confirm your new address for Sejong Digest");
    // A slip sends it to a stranger, who leaves no list by it and learns nothing of the other address.
    assert!(!mail.fields.iter().any(|(name, _)| name.starts_with("List-Unsubscribe")));
    assert!(!mail.text.contains("kim@") && !mail.html.contains("Minji"), "{}", mail.text);
    // Looking does nothing, nor a request without the button.
    for method in ["GET", "HEAD"] {
        let asked = format!("{link}?{YES}");
        assert_eq!(client::ask(served.port, method, &asked, &[], "").status, 200, "{method}");
    }
    let question = served.get(&link);
    assert!(question.body.contains("…@example.org") && question.body.contains("Confirm"));
    assert_eq!(served.post(&link, "confirm=no").status, 400);
    assert_eq!(served.standing(KIM), ("confirmed".to_owned(), Vec::new()));
    let waiting = served.known(KIM);
    assert_eq!(waiting["address_changes"][0]["email"], "New@example.org", "{waiting}");
    let told = served.here.run(&["subscribers", "show", KIM]);
    assert!(told.stdout.contains("  wants mail at New@example.org: 20"), "{told:?}");

    let done = served.post(&link, YES);
    assert!(done.status == 200 && done.body.contains("Your address is changed"), "{done:?}");
    let known = served.known("new@example.org");
    let subscriber = &known["subscriber"];
    assert_eq!(subscriber["email"], "New@example.org", "{known}");
    assert_eq!(subscriber["fields"]["first_name"], "Minji", "{known}");
    assert_eq!(subscriber["consent"]["words"], "asked by mail", "{known}");
    assert_eq!(known["former"][0]["address"], KIM, "{known}");
    let last = known["changes"].as_array().expect("a list").last().expect("one").to_string();
    assert!(last.contains("\"web\""), "{last}");
    assert_eq!(served.standing(KIM).1, ["moved"]);
    assert_eq!(served.known(KIM)["now"], "new@example.org");

    let told = &here.mails(KIM, 1)[0];
    assert_eq!(told.subject(), "Sejong Digest goes to another address now");
    assert!(!told.text.contains("ew@example.org"), "{}", told.text);
    let back = path_in(told, "restore");
    // Once is enough: no second mail, and the same page.
    let again = served.post(&link, YES);
    assert_eq!(without_date(again), without_date(done));
    // The old fresh link is nobody's.
    assert_eq!(served.get(&link_until(&served.here, KIM, FAR)).status, 410);

    let question = served.get(&back);
    assert!(question.status == 200 && question.body.contains("Change it back"), "{question:?}");
    assert_eq!(served.standing("new@example.org").0, "confirmed");
    let done = served.post(&back, YES);
    assert!(done.status == 200 && done.body.contains("is changed back"), "{done:?}");
    let expected = ("confirmed".to_owned(), Vec::new());
    assert_eq!(served.standing(KIM), expected);
    assert_eq!(served.known(KIM)["subscriber"]["fields"]["first_name"], "Minji");
    assert_eq!(served.standing("new@example.org").1, ["moved"]);
    assert_eq!(without_date(served.post(&back, YES)), without_date(done));
    for over in [served.get(&link), served.post(&link, YES)] {
        assert!(over.status == 410 && over.body.contains("/preferences\""), "{over:?}");
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(here.relay.counts().accepted, 2);
    let stderr = served.running.stderr();
    assert!(!stderr.contains("example.org"), "{stderr}");
    // They may ask again, for an address that was theirs for a day, an hour later.
    beside(&served.here, "DELETE FROM signup_mail");
    asks(&here, KIM, "New@example.org");
    let link = path_in(&here.mails("New@example.org", 2)[1], "address");
    assert_eq!(served.post(&link, YES).status, 200);
    assert_eq!(served.standing("new@example.org"), expected);
}

#[test]
fn every_new_address_looks_the_same_and_a_mailbox_is_written_to_once_an_hour() {
    let here = Subscribed::start("");
    let served = &here.served;
    let run = |line: &[&str]| assert_eq!(served.here.run(line).code, 0, "{line:?}");
    run(&["subscribers", "suppress", "no@example.org", "--why", "asked by phone"]);
    run(&["subscribers", "suppress", "dead@example.org", "--why", "x", "--reason", "hard-bounce"]);
    run(&["subscribers", "suppress", "spam@example.org", "--why", "x", "--reason", "complaint"]);
    run(&["subscribers", "suppress", "--domain", "full.example", "--why", "a competitor"]);
    run(&["subscribers", "add", "gone@example.org", "--consent", "x"]);
    run(&["subscribers", "forget", "gone@example.org"]);
    run(&["subscribers", "add", "left@example.org", "--consent", "x"]);
    run(&["subscribers", "remove", "left@example.org", "--why", "left"]);
    let silent = ["no", "dead", "spam", "gone", "left"].map(|name| format!("{name}@example.org"));
    let mut people = vec!["new@example.org", "ada@example.org", "x@full.example"];
    people.extend(silent.iter().map(String::as_str));
    let link = link_until(&served.here, KIM, FAR);
    let mut times = Vec::new();
    let mut answers = Vec::new();
    for (at, email) in people.iter().chain(&people).enumerate() {
        let begun = Instant::now();
        let visitor = format!("192.0.2.{at}");
        answers.push(without_date(wants(served, &link, email, (&visitor, ""))));
        times.push(begun.elapsed());
    }
    assert_eq!(answers[0].status, 200, "{answers:?}");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(times.iter().all(|time| *time >= Duration::from_millis(100)), "{times:?}");
    // What a page may say: it tells of nobody else.
    for (typed, told) in [
        ("KIM@example.org", "at this address already"),
        ("nobody", "not an email address"),
        ("kim@gmial.com", "Did you mean kim@gmail.com?"),
    ] {
        let wrong = wants(served, &link, typed, ("192.0.2.90", ""));
        assert!(wrong.status == 422 && wrong.body.contains(told), "{typed}: {wrong:?}");
    }
    let sure = wants(served, &link, "kim@gmial.com", ("192.0.2.90", "kim@gmial.com"));
    assert_eq!(sure.status, 200, "{sure:?}");
    assert_eq!(here.mails("kim@gmial.com", 1).len(), 1);
    let already = &here.mails("ada@example.org", 1)[0];
    assert_eq!(already.subject(), "You are already subscribed to Sejong Digest");
    assert!(!already.text.contains("kim"), "{}", already.text);
    // The form for subscribing counts as well, and so do all spellings of a mailbox.
    assert_eq!(here.asks("new@example.org", "192.0.2.91").status, 303);
    let more = wants(served, &link, "new+1@example.org", ("192.0.2.92", ""));
    assert_eq!(more.status, 200);
    std::thread::sleep(Duration::from_secs(1));
    // The mail to the first of them may have been replaced before it left.
    let accepted = here.relay.accepted();
    for silent in silent.iter().map(String::as_str).chain(["x@full.example", "new+1@example.org"]) {
        assert!(!accepted.iter().any(|one| one.recipients.concat() == silent), "{silent}");
    }
    let to_new = accepted.iter().filter(|one| one.recipients.concat() == "new@example.org").count();
    assert!(to_new <= 1 && accepted.len() == 2 + to_new, "{to_new} of {}", accepted.len());
    assert_eq!(served.standing(KIM), ("confirmed".to_owned(), Vec::new()));
    let statuses: Vec<u16> =
        (0..25).map(|_| wants(served, &link, "y@example.org", ("192.0.2.77", "")).status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

/// What both of its methods say of a link that is over.
fn is_over(served: &Served, link: &str) {
    for answer in [served.get(link), served.post(link, YES)] {
        assert!(answer.status == 410, "{answer:?}");
        assert!(answer.body.contains("not valid any more"), "{answer:?}");
    }
}

#[test]
fn what_happened_in_between_counts() {
    let here = Subscribed::start("");
    let served = &here.served;
    let run = |line: &[&str]| {
        let told = served.here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
    };
    for name in ["leaver", "banned", "erased", "mover", "late", "taken", "idle"] {
        run(&["subscribers", "add", &format!("{name}@a.example"), "--consent", "x"]);
    }
    let link =
        |name: &str| link_for(&here, &format!("{name}@a.example"), &format!("{name}@b.example"));
    let links = ["leaver", "banned", "erased", "mover", "late", "taken"].map(link);
    assert_eq!(
        served.post(&served.link("leaver@a.example"), "List-Unsubscribe=One-Click").status,
        200
    );
    run(&["subscribers", "suppress", "banned@a.example", "--why", "asked by phone"]);
    run(&["subscribers", "forget", "erased@a.example"]);
    run(&["subscribers", "set", "mover@a.example", "--set", "email=mover@c.example"]);
    run(&["subscribers", "suppress", "late@b.example", "--why", "asked by phone"]);
    run(&["subscribers", "add", "taken@b.example", "--consent", "x"]);
    let changes = served.known("taken@b.example");
    for link in &links {
        is_over(served, link);
    }
    for (name, now) in [("leaver", "unsubscribed"), ("banned", "confirmed"), ("late", "confirmed")]
    {
        assert_eq!(served.standing(&format!("{name}@a.example")).0, now, "{name}");
        let there = served.known(&format!("{name}@b.example"));
        assert!(there["subscriber"].is_null(), "{there}");
    }
    assert_eq!(served.standing("mover@c.example").0, "confirmed");
    assert_eq!(served.known("taken@b.example")["changes"], changes["changes"]);
    let of_erased = "SELECT count(*) FROM address_change \
        WHERE former LIKE 'erased@%' OR identity LIKE 'erased@%' OR email LIKE 'erased@%'";
    assert_eq!(beside(&served.here, of_erased), 0);
    // A pause is no change of mind: it goes with them.
    let idle = link("idle");
    let until = day(&served.here, 20).to_string();
    run(&["subscribers", "set", "idle@a.example", "--set", &format!("paused_until={until}")]);
    assert_eq!(served.post(&idle, YES).status, 200);
    let known = served.known("idle@b.example");
    assert!(known["subscriber"].to_string().contains(&until), "{known}");

    // So it is with the way back: by then they have moved on, or left.
    let back = path_in(&here.mails("idle@a.example", 1)[0], "restore");
    run(&["subscribers", "set", "idle@b.example", "--set", "email=idle@c.example"]);
    is_over(served, &back);
    assert_eq!(served.standing("idle@c.example").0, "confirmed");
    assert_eq!(served.post(&link_for(&here, KIM, "kim@b.example"), YES).status, 200);
    let back = path_in(&here.mails(KIM, 1)[0], "restore");
    assert_eq!(served.get(&back).status, 200);
    assert_eq!(
        served.post(&served.link("kim@b.example"), "List-Unsubscribe=One-Click").status,
        200
    );
    is_over(served, &back);
    assert_eq!(served.standing("kim@b.example").0, "unsubscribed");
    assert!(served.known(KIM)["subscriber"].is_null());
}

#[test]
fn of_two_wishes_the_newest_counts_and_many_clicks_are_one() {
    let here = Subscribed::start("");
    let served = &here.served;
    let first = link_for(&here, KIM, "first@b.example");
    let second = link_for(&here, KIM, "second@b.example");
    is_over(served, &first);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..8).map(|_| scope.spawn(|| served.post(&second, YES).status)).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    assert_eq!(statuses, [200; 8]);
    let known = served.known("second@b.example");
    assert_eq!(known["former"].as_array().map(Vec::len), Some(1), "{known}");
    // Two people want one address: who confirms first has it.
    let add = ["subscribers", "add", "lee@a.example", "--consent", "x"];
    assert_eq!(served.here.run(&add).code, 0);
    let of_ada = link_for(&here, "ada@example.org", "both@b.example");
    beside(&served.here, "DELETE FROM signup_mail");
    asks(&here, "lee@a.example", "both@b.example");
    let of_lee = path_in(&here.mails("both@b.example", 2)[1], "address");
    assert_ne!(of_ada, of_lee);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let both = [&of_ada, &of_lee].map(|link| scope.spawn(|| served.post(link, YES).status));
        both.map(|one| one.join().expect("an answer")).to_vec()
    });
    assert!(statuses == [200, 410] || statuses == [410, 200], "{statuses:?}");
    let moved = "SELECT count(*) FROM subscriber_earlier WHERE identity = 'both@b.example'";
    assert_eq!(beside(&served.here, moved), 1);
    std::thread::sleep(Duration::from_secs(1));
    let accepted = here.relay.accepted();
    let told = accepted.iter().filter(|one| {
        [KIM, "ada@example.org", "lee@a.example"].contains(&&*one.recipients.concat())
    });
    assert_eq!(told.count(), 2);
}

// The change and the mail about it are one: without the one there is not the other.
#[test]
fn nobody_moves_without_a_word_to_the_old_mailbox() {
    let here = Subscribed::start("");
    let served = &here.served;
    let link = link_for(&here, KIM, "new@b.example");
    beside(&served.here, "ALTER TABLE outbox RENAME TO outbox_away");
    assert_eq!(served.post(&link, YES).status, 503);
    beside(&served.here, "ALTER TABLE outbox_away RENAME TO outbox");
    assert_eq!(served.standing(KIM), ("confirmed".to_owned(), Vec::new()));
    let done = || served.post(&link, YES).status == 200;
    assert!(crate::harness::running::wait_until(Duration::from_secs(20), done));
    path_in(&here.mails(KIM, 1)[0], "restore");
}

#[test]
fn a_link_of_a_change_is_for_nothing_else_and_ends() {
    let here = Subscribed::start("");
    let served = &here.served;
    let secret = config::known_secret(&served.here.path(""), &[]).expect("read").expect("there");
    let keys = Keys::numbered(secret.newest(), secret.older());
    let kim = Address::parse(KIM).expect("one");
    let moment = |second| jiff::Timestamp::from_second(second).expect("a moment");
    let list = "digest.sejong.example";
    for end in [FAR, 1_700_000_000] {
        let one = (&[7; 16], moment(end));
        // Of no change that anybody asked for.
        is_over(served, &format!("/address/{}", keys.address_token(list, &kim, one)));
        is_over(served, &format!("/restore/{}", keys.restore_token(list, &kim, one)));
    }
    let link = link_for(&here, KIM, "new@b.example");
    let token = link.rsplit('/').next().expect("a token");
    for other in ["preferences", "unsubscribe", "confirm", "undo", "data", "restore"] {
        assert_eq!(served.post(&format!("/{other}/{token}"), YES).status, 400, "{other}");
    }
    let data = link_until(&served.here, KIM, FAR);
    let data_token = data.rsplit('/').next().expect("a token");
    for purpose in ["address", "restore"] {
        assert_eq!(served.post(&format!("/{purpose}/{data_token}"), YES).status, 400);
    }
    // The form has a code, and another site cannot send it.
    let form = "act=move&email=x%40b.example";
    assert_eq!(served.post(&data, form).status, 403);
    let form = format!("code={}&{form}", code(&served.get(&data)));
    let head =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(client::ask(served.port, "POST", &data, &head, &form).status, 403);
    assert_eq!(served.get(&link).status, 200, "it still waits");
    // Without mails nobody can confirm, so there is no form.
    let plain = Served::start(crate::publication());
    let data = link_until(&plain.here, KIM, FAR);
    let page = plain.get(&data);
    assert!(page.status == 200 && !page.body.contains("value=\"move\""), "{page:?}");
    let form = format!("code={}&act=move&email=x%40b.example", code(&page));
    plain.post(&data, &form);
    assert_eq!(beside(&plain.here, "SELECT count(*) FROM address_change"), 0);
}
