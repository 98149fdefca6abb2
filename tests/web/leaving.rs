//! Who leaves by the link in a mail: at once, by one click, and by nothing less.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::client::{self, Answer};
use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::harness::server::only_files;
use crate::{Served, link, publication};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

const WISH: &str = "From: kim@example.org\r\nTo: digest@sejong.example\r\nSubject: unsubscribe\r\n\
    Message-ID: <1@example.org>\r\nDate: Thu, 6 Nov 2025 15:00:00 +0000\r\n\r\nPlease unsubscribe me.\r\n";

fn nobody_has_left(served: &Served) {
    for address in ["kim@example.org", "ada@example.org"] {
        assert_eq!(served.standing(address), ("confirmed".to_owned(), Vec::new()), "{address}");
    }
}

// Row 37 of the faults of input: both forms of the body, repeated, without cookie or redirect.
#[test]
fn one_click_is_written_down_before_it_is_answered() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n\
                     One-Click\r\n--x--\r\n";
    let kind = [("Content-Type", "multipart/form-data; boundary=x")];
    let first = served.post(&link, ONE_CLICK);
    assert_eq!((first.status, &*first.body), (200, "You are unsubscribed.\n"), "{first:?}");
    assert_eq!((first.header("location"), first.header("set-cookie")), (None, None));
    let unsubscribed = ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]);
    assert_eq!(served.standing("kim@example.org"), unsubscribed);
    let again = client::ask(served.port, "POST", &link, &kind, multipart);
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(served.standing("kim@example.org"), unsubscribed);
    let known = served.known("kim@example.org");
    let changes = known["changes"].as_array().expect("a list");
    assert_eq!(changes.last().expect("a change")["origin"], "web", "{known}");
    assert_eq!(served.standing("ada@example.org").0, "confirmed");
    let plan = served.here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("To        1 recipient"), "{plan:?}");
    let other = client::ask(served.port, "POST", &served.link("ada@example.org"), &kind, multipart);
    assert_eq!((other.status, served.standing("ada@example.org")), (200, unsubscribed));
}

// Rows 36 and 37: link scanners follow every link, with every method.
#[test]
fn nothing_that_only_looks_takes_anybody_out() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let in_query = format!("{link}?{ONE_CLICK}");
    let page = served.get(&link);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<form method=\"post\">") && !page.body.contains("<script"));
    assert!(page.body.contains("…@example.org") && !page.body.contains("kim@"), "{page:?}");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"] {
        for path in [&link, &in_query] {
            let answer = client::ask(served.port, method, path, &[], "");
            let expected = if matches!(method, "GET" | "HEAD") { 200 } else { 405 };
            assert_eq!(answer.status, expected, "{method} {path}");
            if method == "HEAD" {
                assert_eq!(answer.body, "");
            }
        }
    }
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (path, kind, body) in [
        (&link, form, ""),
        (&in_query, form, ""),
        (&link, form, "List-Unsubscribe=one-click"),
        (&link, form, "leave=no"),
        (&link, ("Content-Type", "text/plain"), ONE_CLICK),
        (&link, ("Content-Type", "application/json"), "{\"List-Unsubscribe\":\"One-Click\"}"),
    ] {
        let answer = client::ask(served.port, "POST", path, &[kind], body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.body.contains("<form method=\"post\">"), "no way on: {answer:?}");
    }
    nobody_has_left(&served);
}

// Row 34: whatever is wrong with a token, the answer is the same.
#[test]
fn a_token_that_is_none_says_nothing_and_keeps_nobody_from_leaving() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let mut turned = token.clone().into_bytes();
    turned[20] = if turned[20] == b'A' { b'B' } else { b'A' };
    let turned = String::from_utf8(turned).expect("letters");
    let long = "A".repeat(9_000);
    let mut seen: Vec<Answer> = Vec::new();
    for wrong in ["x", &token[1..], &token[..token.len() - 1], &turned, "%ff%00", &long, "a%2Fb"] {
        let mut answer = served.post(&format!("/unsubscribe/{wrong}"), ONE_CLICK);
        assert_eq!(answer.status, 400, "{wrong}");
        answer.head.retain(|line| !line.starts_with("date:"));
        seen.push(answer);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    // Somebody who tries many gets slower; whoever has a token from the same address does not.
    let statuses: Vec<u16> =
        (0..60).map(|_| served.post("/unsubscribe/none", ONE_CLICK).status).collect();
    assert!(statuses.contains(&429) && statuses.iter().all(|one| matches!(one, 400 | 429)));
    nobody_has_left(&served);
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
}

/// Where the page's forms go.
fn action(page: &Answer) -> String {
    let start = page.body.find("action=\"").expect("a form") + 8;
    page.body[start..].split('"').next().expect("an end").to_owned()
}

#[test]
fn whoever_has_left_may_take_it_back_and_say_why() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let left = served.post(&link, "leave=yes");
    assert!(left.status == 200 && left.body.contains("You are unsubscribed"), "{left:?}");
    let back = action(&left);
    // To open or scan the link of the answer does nothing.
    assert_eq!(served.get(&back).status, 200);
    assert_eq!(served.post(&back, "").status, 200);
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
    let thanks = served.post(&back, "act=why&why=too+many+messages");
    assert!(thanks.status == 200 && thanks.body.contains("Thank you"), "{thanks:?}");
    assert_eq!(
        served.known("kim@example.org")["history"][0]["why"],
        "left by the link in a mail: too many messages"
    );
    assert!(served.get(&back).body.contains(&back), "the page does not show its own link again");
    let told = served.post(&back, "act=why&why=<script>");
    assert!(told.status == 200 && !told.body.contains("<script"), "{told:?}");
    for _ in 0..2 {
        let stays = served.post(&back, "act=undo");
        assert!(stays.body.contains("You are on the list again"), "{stays:?}");
        assert_eq!(served.standing("kim@example.org"), ("confirmed".to_owned(), Vec::new()));
    }
    let plan = served.here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("To        2 recipients"), "{plan:?}");
    assert!(served.get(&back).body.contains("You are on the list again"));
    let told = served.post(&back, "act=why&why=never+asked+for+it");
    assert!(!told.body.contains("Thank you"), "nothing was kept: {told:?}");
    // A token for one is none for the other.
    let token = back.rsplit('/').next().expect("a token");
    assert_eq!(served.post(&format!("/unsubscribe/{token}"), ONE_CLICK).status, 400);
}

/// The mail is in the old mailbox, and the person reads it there.
#[test]
fn the_link_in_a_mail_to_an_earlier_address_takes_the_person_out_and_lets_them_come_back() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let line = ["subscribers", "set", "kim@example.org", "--set", "email=minji@new.example"];
    assert_eq!(served.here.run(&line).code, 0);
    assert!(served.get(&link).body.contains("<form method=\"post\">"));
    let left = served.post(&link, "leave=yes");
    assert!(left.status == 200 && left.body.contains("You are unsubscribed"), "{left:?}");
    let unsubscribed = ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]);
    assert_eq!(served.standing("minji@new.example"), unsubscribed);
    let stays = served.post(&action(&left), "act=undo");
    assert!(stays.body.contains("You are on the list again"), "{stays:?}");
    assert_eq!(served.standing("minji@new.example"), ("confirmed".to_owned(), Vec::new()));
    assert_eq!(served.standing("kim@example.org").1, ["moved"]);
    assert!(!stays.body.contains("minji"), "whoever has the old mailbox learns no new address");
}

// Whoever was passed on a mail has its link, too.
#[test]
fn only_who_has_just_left_may_take_it_back() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    let again = served.post(&link, "leave=yes");
    assert!(again.status == 200 && !again.body.contains("/undo/"), "{again:?}");
    assert!(again.body.contains("please write to"), "{again:?}");
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
    // A link for taking back is for one leaving, and works once.
    let link = served.link("ada@example.org");
    let first = action(&served.post(&link, "leave=yes"));
    served.post(&first, "act=undo");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    let stays_out = served.post(&first, "act=undo");
    assert!(stays_out.body.contains("You are unsubscribed"), "{stays_out:?}");
    assert_eq!(served.standing("ada@example.org").0, "unsubscribed");
}

#[test]
fn who_was_forgotten_or_never_confirmed_is_promised_nothing() {
    let served = Served::start(publication());
    let (kim, ada) = (served.link("kim@example.org"), served.link("ada@example.org"));
    assert_eq!(served.here.run(&["subscribers", "forget", "kim@example.org"]).code, 0);
    let left = served.post(&kim, "leave=yes");
    assert!(left.status == 200 && !left.body.contains("/undo/"), "{left:?}");
    let file = "email,status\nada@example.org,unconfirmed\n";
    let here = &served.here;
    std::fs::write(here.path("asked.csv"), file).expect("written");
    let import = ["subscribers", "import", "asked.csv", "--consent", "x", "--update", "overwrite"];
    assert_eq!(here.run(&import).code, 0);
    assert_eq!(served.standing("ada@example.org").0, "unconfirmed");
    let back = action(&served.post(&ada, "leave=yes"));
    let kept = served.post(&back, "act=undo");
    assert!(kept.body.contains("cannot be undone here"), "{kept:?}");
}

// A server runs for months, and a secret is rotated once a year.
#[test]
fn links_of_a_key_that_is_made_while_it_runs_are_read() {
    let served = Served::start(publication());
    let older = served.link("kim@example.org");
    assert_eq!(served.here.run(&["secret", "rotate"]).code, 0);
    let newer = served.link("ada@example.org");
    assert_ne!(older, newer);
    let read = || served.post(&newer, ONE_CLICK).status == 200;
    assert!(wait_until(Duration::from_secs(10), read), "the new key is not known");
    assert_eq!(served.post(&older, ONE_CLICK).status, 200);
}

// Nobody can tell any more who was forgotten; a no is written all the same.
#[test]
fn a_key_that_is_gone_keeps_nobody_from_leaving() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    assert_eq!(served.here.run(&["secret", "rotate"]).code, 0);
    assert_eq!(served.here.run(&["subscribers", "forget", "ada@example.org"]).code, 0);
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
}

#[test]
fn taking_back_ends_no_other_no() {
    let served = Served::start(publication());
    let whose = ["subscribers", "suppress", "kim@example.org", "--why", "dead"];
    let reason = ["--reason", "hard-bounce"];
    assert_eq!(served.here.run(&[&whose[..], &reason].concat()).code, 0);
    let left = served.post(&served.link("kim@example.org"), "leave=yes");
    let kept = served.post(&action(&left), "act=undo");
    assert!(kept.status == 200 && kept.body.contains("cannot be undone here"), "{kept:?}");
    assert!(kept.body.contains("mailto:digest@sejong.example"), "{kept:?}");
    assert_eq!(served.standing("kim@example.org").1, ["hard-bounce"]);
    // What somebody typed stays, too.
    let typed = ["subscribers", "remove", "ada@example.org", "--why", "asked on the phone"];
    assert_eq!(served.here.run(&typed).code, 0);
    let left = served.post(&served.link("ada@example.org"), "leave=yes");
    assert!(left.status == 200 && !left.body.contains("/undo/"), "{left:?}");
    assert_eq!(
        served.standing("ada@example.org"),
        ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned(); 2])
    );
}

/// Whoever has a mail that was passed on may open an undo. Whatever the person says then ends it.
#[test]
fn a_no_that_is_said_again_is_taken_back_by_no_undo() {
    for way in ["one click", "the button", "the link of now", "a file", "a mail"] {
        let here = publication()
            .write("no.csv", "email,status\nkim@example.org,unsubscribed\n")
            .write("wish.eml", WISH);
        let served = Served::start(here);
        let (old, new) = ("kim@example.org", "minji@new.example");
        let link = served.link(old);
        let moves = way == "the link of now";
        let who = if moves { new } else { old };
        if moves {
            let line = ["subscribers", "set", old, "--set", "email=minji@new.example"];
            assert_eq!(served.here.run(&line).code, 0);
        }
        let undo = action(&served.post(&link, "leave=yes"));
        match way {
            "one click" => drop(served.post(&link, ONE_CLICK)),
            "the button" => drop(served.post(&link, "leave=yes")),
            "the link of now" => drop(served.post(&served.link(new), "leave=yes")),
            "a file" => drop(served.here.run(&["subscribers", "import", "no.csv"])),
            _ => drop(served.here.run(&["bounces", "read", "wish.eml"])),
        };
        // The page says so, and offers no button that does nothing.
        for told in [served.get(&undo), served.post(&undo, "act=undo"), served.get(&undo)] {
            assert!(told.body.contains("cannot be undone here"), "{way}: {told:?}");
            assert!(told.body.contains("mailto:digest@sejong.example"), "{way}: {told:?}");
            assert!(!told.body.contains("<form"), "{way}: {told:?}");
        }
        let unsubscribed = ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]);
        assert_eq!(served.standing(who), unsubscribed, "{way}");
    }
}

/// Whoever has a mail that was passed on neither settles the wish of its person by leaving, nor takes back
/// what the person has asked for, too.
#[test]
fn a_wish_that_waits_outlasts_an_undo() {
    for moves in [false, true] {
        let served = Served::start(publication().write("wish.eml", WISH));
        let run = |line: &[&str]| assert_eq!(served.here.run(line).code, 0, "{line:?}");
        let link = served.link("kim@example.org");
        run(&["bounces", "read", "wish.eml"]);
        if moves {
            run(&["subscribers", "set", "kim@example.org", "--set", "email=minji@new.example"]);
        }
        let who = if moves { "minji@new.example" } else { "kim@example.org" };
        let listed = || served.here.run(&["bounces", "list"]).stdout;
        assert!(listed().contains("kim@example.org"));
        let left = served.post(&link, "leave=yes");
        assert!(left.body.contains("You are unsubscribed"), "{left:?}");
        assert!(!left.body.contains("/undo/") && left.body.contains("please write to"), "{left:?}");
        let waits = listed();
        assert!(waits.contains("kim@example.org") && waits.contains("unsubscribed"), "{waits}");
        // Read again, it waits as before.
        let again = served.here.run(&["bounces", "read", "wish.eml"]).stdout;
        assert!(!again.contains("somebody has decided"), "{again}");
        run(&["bounces", "dismiss", who]);
        assert_eq!(served.standing(who).1, ["unsubscribed"]);
        assert!(!listed().contains("kim@example.org"));
        let last = served.post(&link, "leave=yes");
        assert!(!last.body.contains("/undo/"), "{last:?}");
    }
}

/// A wish that was dismissed before is none that waits.
#[test]
fn a_wish_that_was_dismissed_before_keeps_no_undo_away() {
    let served = Served::start(publication().write("wish.eml", WISH));
    for line in [["bounces", "read", "wish.eml"], ["bounces", "dismiss", "kim@example.org"]] {
        assert_eq!(served.here.run(&line).code, 0, "{line:?}");
    }
    let undo = action(&served.post(&served.link("kim@example.org"), "leave=yes"));
    let stays = served.post(&undo, "act=undo");
    assert!(stays.body.contains("You are on the list again"), "{stays:?}");
}

#[test]
fn a_store_that_is_gone_is_no_yes() {
    if only_files("moves digest.db") {
        return;
    }
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let away = served.here.path("away.db");
    std::fs::rename(served.here.path("digest.db"), &away).expect("moved");
    for form in [ONE_CLICK, "leave=yes"] {
        let answer = served.post(&link, form);
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("60")), "{answer:?}");
        assert!(answer.body.contains("could not be written down yet"), "{answer:?}");
    }
    served.running.says("who wants to leave is written down as soon as it can be");
    let _ = std::fs::remove_file(served.here.path("digest.db"));
    std::fs::rename(&away, served.here.path("digest.db")).expect("moved");
    // Nobody asks once more, and it is written before all is said to be well.
    served.running.says("can be written down again");
    let told = served.running.stderr();
    let (late, back) = ("written down: 1 person who wanted to leave", "can be written down again");
    assert!(told.find(late).expect("told") < told.find(back).expect("told"), "{told}");
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    assert_eq!(served.standing("ada@example.org").0, "confirmed");
}

#[test]
fn a_server_that_ends_without_its_store_says_how_many_it_could_not_write_down() {
    if only_files("moves digest.db") {
        return;
    }
    let served = Served::start(publication());
    let links = ["kim@example.org", "ada@example.org", "kim@example.org"];
    let links = links.map(|address| served.link(address));
    let away = served.here.path("away.db");
    std::fs::rename(served.here.path("digest.db"), &away).expect("moved");
    for link in &links {
        assert_eq!(served.post(link, ONE_CLICK).status, 503);
    }
    served.running.signal("TERM");
    let Served { running, .. } = served;
    let end = running.wait();
    let told = "2 people wanted to leave and could not be written down";
    assert!(end.code == 0 && end.stderr.contains(told), "{end:?}");
    assert!(!end.stderr.contains("kim"), "{end:?}");
}

#[test]
fn nothing_is_written_again_of_whoever_was_forgotten() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    assert_eq!(served.here.run(&["subscribers", "forget", "kim@example.org"]).code, 0);
    assert_eq!(served.post(&link, ONE_CLICK).status, 200);
    let told = served.here.run(&["subscribers", "list", "--suppressed"]);
    assert!(!told.stdout.contains("kim@example.org"), "{told:?}");
}

#[test]
fn a_page_speaks_the_language_that_a_browser_asks_for() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    for (asked, start, words) in [
        ("ko-KR,ko;q=0.9,en;q=0.5", "<html lang=\"ko\" dir=\"ltr\">", "수신 거부"),
        ("de", "<html lang=\"de\" dir=\"ltr\">", "Abbestellen"),
        ("ar", "<html lang=\"ar\" dir=\"rtl\">", "إلغاء الاشتراك"),
        ("fi", "<html lang=\"en\" dir=\"ltr\">", "Unsubscribe"),
    ] {
        let head = [("Accept-Language", asked)];
        let page = client::ask(served.port, "GET", &link, &head, "");
        assert!(page.body.contains(start) && page.body.contains(words), "{asked}: {page:?}");
    }
}

// Everybody who was told that they are out is out, however the server ends.
#[test]
fn a_killed_server_has_kept_whatever_it_has_answered() {
    let here = Publication::new().write("people.csv", people(300));
    let import = ["subscribers", "import", "people.csv", "--consent", "asked by mail"];
    let told = here.run(&import);
    assert_eq!(told.code, 0, "{told:?}");
    let links: Vec<(String, String)> = (0..40)
        .map(|number| format!("r{number:03}@x.example"))
        .map(|address| (link(&here, &address), address))
        .collect();
    let served = Served::start(here);
    let (port, number) = (served.port, AtomicUsize::new(0));
    let answered = std::thread::scope(|scope| {
        let number = &number;
        let asking = links.chunks(5).map(|links| {
            scope.spawn(move || {
                let kind = ("Content-Type", "application/x-www-form-urlencoded");
                let ask = |link: &str| client::ask(port, "POST", link, &[kind], ONE_CLICK).status;
                let mut answered = Vec::new();
                for (link, address) in links {
                    // Nobody answers a connection any more when the server is dead.
                    if std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
                        break;
                    }
                    if std::panic::catch_unwind(|| ask(link)).is_ok_and(|status| status == 200) {
                        answered.push(address.clone());
                        number.fetch_add(1, Ordering::Relaxed);
                    }
                }
                answered
            })
        });
        let asking: Vec<_> = asking.collect();
        let some = || number.load(Ordering::Relaxed) >= 4;
        assert!(wait_until(Duration::from_secs(30), some), "nobody was answered");
        served.running.signal("KILL");
        asking.into_iter().flat_map(|one| one.join().expect("a thread")).collect::<Vec<_>>()
    });
    assert!(answered.len() >= 4);
    for address in &answered {
        assert_eq!(served.standing(address).0, "unsubscribed", "{address}");
    }
}

fn people(number: u32) -> String {
    let rows = (0..number).map(|number| format!("r{number:03}@x.example,R\n"));
    format!("email,first_name\n{}", rows.collect::<String>())
}
