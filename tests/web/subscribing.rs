//! Who subscribes: by a form that tells nobody anything, and by a link that works once.

use std::time::{Duration, Instant};

use crate::client::{self, Answer};
use crate::confirming::written;
use crate::harness::running::wait_until;
use crate::harness::server::only_files;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{HOST, Served, publication};

/// A server at which people can subscribe, and the relay that it writes to.
pub(crate) struct Subscribed {
    pub(crate) served: Served,
    pub(crate) relay: Relay,
}

const FORM: &str = "\n[audience]\nsource = \"store\"\n\n[form]\n";

impl Subscribed {
    pub(crate) fn start(form: &str) -> Subscribed {
        Subscribed::over(Relay::new(), form)
    }

    pub(crate) fn over(relay: Relay, form: &str) -> Subscribed {
        let here = publication();
        let toml = here.read("digest.toml");
        let relays = format!("\n[[relay]]\nurl = \"{}\"\n", relay.url());
        let here = here.write("digest.toml", format!("{toml}{FORM}{form}{relays}"));
        Subscribed { served: Served::start(here), relay }
    }

    /// What a form for an address is answered with, from a visitor's address.
    pub(crate) fn asks(&self, email: &str, visitor: &str) -> Answer {
        asks(self.served.port, email, visitor)
    }

    /// The messages that somebody was sent, when there are so many.
    pub(crate) fn mails(&self, email: &str, count: usize) -> Vec<Mail> {
        let own = || {
            let mut all = self.relay.accepted();
            all.retain(|one| one.recipients.concat() == email);
            all
        };
        let in_time = wait_until(Duration::from_secs(20), || own().len() >= count);
        assert!(in_time, "{} for {email}: {}", own().len(), self.served.running.stderr());
        own().iter().map(|one| Mail::read(&one.bytes)).collect()
    }

    /// The path of the link in somebody's only message.
    pub(crate) fn link(&self, email: &str) -> String {
        confirm_path(&self.mails(email, 1)[0])
    }
}

pub(crate) fn asks(port: u16, email: &str, visitor: &str) -> Answer {
    let email = email.replace('@', "%40").replace('+', "%2B");
    let head =
        [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", visitor)];
    client::ask_if_there(port, "POST", "/subscribe", &head, &format!("email={email}&homepage="))
}

pub(crate) fn confirm_path(mail: &Mail) -> String {
    let start = format!("https://{HOST}");
    let link = mail.text.lines().find_map(|line| line.trim().strip_prefix(&start));
    let link = link.unwrap_or_else(|| panic!("no link in {}", mail.text));
    assert!(link.starts_with("/confirm/"), "{link}");
    link.to_owned()
}

/// What stands the same in every answer.
fn same(mut answer: Answer) -> Answer {
    answer.head.retain(|line| !line.starts_with("date:"));
    answer
}

#[test]
fn a_form_a_mail_and_a_button_make_a_subscriber() {
    let here = Subscribed::start("");
    let served = &here.served;
    let page = served.get("/subscribe");
    assert!(page.status == 200 && page.body.contains("<form method=\"post\""), "{page:?}");
    assert!(!page.body.contains("<script") && page.body.contains("unsubscribe at any time"));
    let asked = here.asks("Newcomer@example.org", "192.0.2.1");
    assert_eq!(asked.status, 303, "{asked:?}");
    assert_eq!(asked.header("location"), Some("https://digest.sejong.example/subscribe/sent"));
    let sent = served.get("/subscribe/sent");
    assert!(sent.status == 200 && sent.body.contains("look into your mailbox"), "{sent:?}");
    // Some get no mail, and nobody is told who: everybody hears whom to write to.
    assert!(sent.body.contains("or write to <a href=\"mailto:"), "{sent:?}");
    let mail = &here.mails("Newcomer@example.org", 1)[0];
    assert_eq!(mail.subject(), "Please confirm your subscription to Sejong Digest");
    assert_eq!(mail.field("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.field("List-Id"), "Sejong Digest <digest.sejong.example>");
    let names: Vec<&str> = mail.fields.iter().map(|(name, _)| name.as_str()).collect();
    for absent in ["List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "List-Archive"] {
        assert!(!names.contains(&absent), "{names:?}");
    }
    assert!(!mail.html.contains("/unsubscribe/") && mail.html.contains("/confirm/"));
    let link = confirm_path(mail);
    let question = served.get(&link);
    assert!(question.status == 200 && question.body.contains("N…@example.org"), "{question:?}");
    let done = served.post(&link, "confirm=yes");
    assert!(done.status == 200 && done.body.contains("Your subscription is confirmed"), "{done:?}");
    let (_, way) = done.body.split_once("href=\"/preferences/").expect("a way on");
    let way = format!("/preferences/{}", way.split('"').next().expect("an end"));
    assert_eq!(served.get(&way).status, 200);
    let known = served.known("newcomer@example.org");
    let (subscriber, consent) = (&known["subscriber"], &known["subscriber"]["consent"]);
    assert_eq!((&subscriber["status"], &consent["how"]), (&"confirmed".into(), &"form".into()));
    let words = consent["words"].as_str().expect("words");
    assert!(words.starts_with("I would like to get Sejong Digest by email."), "{words}");
    assert!(words.contains("(asked 20") && words.contains(", confirmed 20"), "{words}");
    let hash = consent["ip_hash"].as_str().expect("a hash");
    assert!(hash.len() == 32 && !hash.contains("192.0"), "{hash}");
    let welcome = &here.mails("Newcomer@example.org", 2)[1];
    assert_eq!(welcome.subject(), "Welcome to Sejong Digest");
    assert!(welcome.unsubscribe().contains("/unsubscribe/"));
    assert_eq!(welcome.field("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_ne!(welcome.id(), mail.id());
    let plan = served.here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("To        3 recipients"), "{plan:?}");
}

// Row 39: nobody learns from the page who is on the list, and nobody's mailbox is filled by it.
#[test]
fn every_address_looks_the_same_and_is_written_to_once_an_hour() {
    let here = Subscribed::start("");
    let served = &here.served;
    let run = |line: &[&str]| assert_eq!(served.here.run(line).code, 0, "{line:?}");
    run(&["subscribers", "suppress", "no@example.org", "--why", "asked by phone"]);
    run(&["subscribers", "suppress", "dead@example.org", "--why", "x", "--reason", "hard-bounce"]);
    run(&["subscribers", "suppress", "--domain", "full.example", "--why", "a competitor"]);
    run(&["subscribers", "add", "gone@example.org", "--consent", "x"]);
    run(&["subscribers", "forget", "gone@example.org"]);
    run(&["subscribers", "remove", "ada@example.org", "--why", "left"]);
    let silent = ["no@example.org", "dead@example.org", "kim@full.example", "gone@example.org"];
    let people = ["kim@example.org", "ada@example.org", "new@example.org"];
    let people: Vec<&str> = people.into_iter().chain(silent).collect();
    let mut times = Vec::new();
    let answers: Vec<Answer> = people
        .iter()
        .chain(&people)
        .enumerate()
        .map(|(at, email)| {
            let begun = Instant::now();
            let answer = same(here.asks(email, &format!("192.0.2.{at}")));
            times.push(begun.elapsed());
            answer
        })
        .collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(times.iter().all(|time| *time >= Duration::from_millis(100)), "{times:?}");
    let mails = here.mails("kim@example.org", 1);
    assert_eq!(mails[0].subject(), "You are already subscribed to Sejong Digest");
    assert!(mails[0].unsubscribe().contains("/unsubscribe/"));
    here.link("ada@example.org");
    here.link("new@example.org");
    std::thread::sleep(Duration::from_millis(500));
    let copies = here.relay.copies();
    assert!(copies.len() == 3 && copies.values().all(|count| *count == 1), "{copies:?}");
    assert_eq!(served.standing("kim@example.org"), ("confirmed".to_owned(), Vec::new()));
    assert_eq!(served.standing("dead@example.org").1, ["hard-bounce"]);
}

#[test]
fn two_hundred_forms_at_once_bring_one_mail() {
    let here = Subscribed::start("");
    let port = here.served.port;
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asking = (0..8).map(|thread| {
            scope.spawn(move || {
                let visitor = |at: usize| format!("198.51.{thread}.{at}");
                (0..25).map(|at| same(asks(port, "new@example.org", &visitor(at)))).collect()
            })
        });
        let asking: Vec<std::thread::ScopedJoinHandle<'_, Vec<Answer>>> = asking.collect();
        asking.into_iter().flat_map(|one| one.join().expect("a thread")).collect()
    });
    assert_eq!(answers.len(), 200);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", answers[0]);
    here.link("new@example.org");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(here.relay.counts().accepted, 1);
}

#[test]
fn one_visitor_sends_some_forms_and_others_are_not_kept_waiting() {
    let here = Subscribed::start("");
    let statuses: Vec<u16> =
        (0..24).map(|at| here.asks(&format!("n{at}@example.org"), "192.0.2.9").status).collect();
    assert!(statuses[..20].iter().all(|status| *status == 303), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(here.asks("other@example.org", "192.0.2.10").status, 303);
}

#[test]
fn what_is_wrong_is_told_by_the_form_alone() {
    let form = "consent = \"Yes, send it.\"\nlanguages = [\"en\", \"ko\"]\n\n\
                [[form.field]]\nname = \"first_name\"\nlabel = \"First <name>\"\nrequired = true\n\
                [topic.events]\nname = \"Events\"\n[topic.jobs]\nname = \"Jobs\"\n";
    let here = Subscribed::start(form);
    let served = &here.served;
    let page = served.get("/subscribe");
    for part in ["First &lt;name&gt;", "Yes, send it.", "한국어", "value=\"events\"", "required"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    for (form, words, kept) in [
        ("email=nobody&first_name=Kim", "This is not an email address.", "value=\"Kim\""),
        ("email=n%40example.org", "Please fill this in.", "value=\"n@example.org\""),
        (
            "email=n%40example.org&first_name=win+at+https%3A%2F%2Fevil.example",
            "without a web address",
            "aria-invalid=\"true\"",
        ),
        // What a mail program makes a link of, without a scheme too.
        ("email=n%40example.org&first_name=Win+at+evil.example", "without a web address", "Win at"),
        ("email=n%40example.org&first_name=www.evil", "without a web address", "www.evil"),
        ("email=n%40example.org&first_name=me%40evil.example", "without a web address", "me@"),
        ("email=n%40example.org&first_name=evil%E3%80%82example", "without a web address", "evil"),
        ("email=n%40example.org&first_name=1.2.3.4%2Fx", "without a web address", "1.2.3.4/x"),
        // "Jörg" in another encoding than that of the form.
        ("email=n%40example.org&first_name=J%F6rg", "without a web address", "aria-invalid"),
        (
            "email=n%40example.org&first_name=K&topics=shown&topic=jobs&topic=job",
            "There is no such topic here.",
            "value=\"jobs\" checked",
        ),
        (
            "email=%22%3E%3Cscript%3E&first_name=K",
            "This is not",
            "value=\"&quot;&gt;&lt;script&gt;\"",
        ),
    ] {
        let answer = served.post("/subscribe", form);
        assert_eq!(answer.status, 422, "{form}: {answer:?}");
        assert!(answer.body.contains(words) && answer.body.contains(kept), "{form}: {answer:?}");
        assert!(!answer.body.contains("<script"), "{answer:?}");
    }
    // Whoever fills in what nobody sees is a program.
    let bot = "email=bot%40example.org&first_name=B&homepage=x";
    assert_eq!(served.post("/subscribe", bot).status, 303);
    let person =
        "email=new%40example.org&first_name=J.R.+Kim&topics=shown&topic=Jobs&language=ko-KR";
    assert_eq!(served.post("/subscribe", person).status, 303);
    let mail = &here.mails("new@example.org", 1)[0];
    assert_eq!(mail.subject(), "Sejong Digest 구독을 확인해 주세요");
    assert!(mail.text.contains("new@example.org"), "{}", mail.text);
    assert_eq!(served.post(&confirm_path(mail), "confirm=yes").status, 200);
    let known = served.known("new@example.org");
    let own = &known["subscriber"];
    assert_eq!((&own["language"], &own["topics"]), (&"ko".into(), &"-events".into()), "{known}");
    assert_eq!(own["fields"]["first_name"], "J.R. Kim", "{known}");
    let words = own["consent"]["words"].as_str().expect("words");
    let unsaid = "Yes, send it. [of that day: the form did not say which words it showed] (asked";
    assert!(words.starts_with(unsaid), "{known}");
    assert_eq!(here.relay.copies().get("bot@example.org"), None);
}

#[test]
fn a_program_of_a_named_site_gets_the_same_by_json() {
    let here = Subscribed::start(
        "\n[[form.field]]\nname = \"first_name\"\nlabel = \"First name\"\nrequired = true\n\
         [topic.events]\nname = \"Events\"\n[topic.jobs]\nname = \"Jobs\"\n\
         [web]\norigins = [\"https://www.sejong.example\"]\n",
    );
    let port = here.served.port;
    let own = ("Origin", "https://www.sejong.example");
    let json = ("Content-Type", "application/json");
    let asks = client::ask(port, "OPTIONS", "/api/subscribe", &[own], "");
    assert_eq!(asks.status, 204, "{asks:?}");
    assert_eq!(asks.header("access-control-allow-origin"), Some("https://www.sejong.example"));
    assert_eq!(asks.header("access-control-allow-headers"), Some("content-type"));
    let other = ("Origin", "https://evil.example");
    let asks = client::ask(port, "OPTIONS", "/api/subscribe", &[other], "");
    assert_eq!(asks.header("access-control-allow-origin"), None, "{asks:?}");
    let ask =
        |head: &[(&str, &str)], body: &str| client::ask(port, "POST", "/api/subscribe", head, body);
    let good = "{\"email\": \"new@example.org\", \"first_name\": \"Kim\"}";
    assert_eq!(ask(&[json, other], good).status, 403);
    assert_eq!(ask(&[own], good).status, 415);
    assert_eq!(ask(&[json, own], "no JSON").status, 400);
    let wrong = ask(&[json, own], "{\"email\": \"new@example.org\"}");
    assert_eq!(wrong.status, 422, "{wrong:?}");
    assert!(wrong.body.contains("\"field\":\"first_name\""), "{wrong:?}");
    let with = |topics: &str| good.replace('}', &format!(", \"topics\": {topics}}}"));
    let unknown = ask(&[json, own], &with("[\"job\"]"));
    assert_eq!(unknown.status, 422, "{unknown:?}");
    assert!(unknown.body.contains("\"field\":\"topics\""), "{unknown:?}");
    assert_eq!(ask(&[json, own], &with("\"jobs\"")).status, 400);
    let good = &with("[\"JOBS\"]");
    let known = ask(&[json, own], &good.replace("new@", "kim@"));
    let new = ask(&[json, own], good);
    assert_eq!((new.status, same(new)), (202, same(known)));
    let link = here.link("new@example.org");
    assert_eq!(here.served.post(&link, "confirm=yes").status, 200);
    assert_eq!(here.served.known("new@example.org")["subscriber"]["topics"], "-events");
}

#[test]
fn the_form_for_another_site_is_plain_html_and_works() {
    let here = Subscribed::start("[[form.field]]\nname = \"city\"\nlabel = \"City\"\n");
    let told = here.served.here.run(&["serve", "--snippet"]);
    assert_eq!(told.code, 0, "{told:?}");
    let html = &told.stdout;
    assert!(html.contains("action=\"https://digest.sejong.example/subscribe\""), "{html}");
    assert!(!html.contains("<script") && html.contains("name=\"city\""), "{html}");
    // The page around it may be in another encoding.
    assert!(html.contains("accept-charset=\"utf-8\""), "{html}");
    let from = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Origin", "https://elsewhere.example"),
        ("Referer", "https://elsewhere.example/"),
    ];
    let form = "words=en&email=new%40example.org&city=Seoul&homepage=";
    let asked = client::ask(here.served.port, "POST", "/subscribe", &from, form);
    assert_eq!(asked.status, 303, "{asked:?}");
    here.link("new@example.org");
    let without = publication();
    let told = without.run(&["serve", "--snippet"]);
    assert!(told.code == 3 && told.stderr.contains("no [form]"), "{told:?}");
}

#[test]
fn where_nobody_can_subscribe_the_server_says_so() {
    let served = Served::start(publication());
    for path in ["/subscribe", "/subscribe/sent", "/confirm/x"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    assert_eq!(served.post("/subscribe", "email=new%40example.org").status, 404);
    let kind = ("Content-Type", "application/json");
    let api =
        client::ask(served.port, "POST", "/api/subscribe", &[kind], "{\"email\": \"n@a.example\"}");
    assert_eq!(api.status, 404, "{api:?}");
    // A list in a file is nobody's to write.
    let relay = Relay::new();
    let here = publication();
    let toml = here.read("digest.toml");
    let toml = format!("{toml}\n[form]\n\n[[relay]]\nurl = \"{}\"\n", relay.url());
    let here =
        here.write("digest.toml", &toml).write("subscribers.csv", "email\nlee@example.org\n");
    let told = here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    assert!(told.stderr.contains("the list is a file"), "{told:?}");
    let served = Served::start(here);
    assert_eq!(served.get("/subscribe").status, 404);
    // Without a relay nobody could be asked.
    let here = publication();
    let toml = format!("{}\n[audience]\nsource = \"store\"\n[form]\n", here.read("digest.toml"));
    let here = here.write("digest.toml", toml);
    let told = here.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.code == 3 && told.stderr.contains("there is no relay"), "{told:?}");
}

#[test]
fn check_says_whether_the_relay_answers() {
    let here = Subscribed::start("");
    let check = ["serve", "--check", "--listen", "127.0.0.1:0"];
    let told = here.served.here.run(&check);
    assert!(told.code == 0 && told.stdout.contains("can be answered"), "{told:?}");
    let relay = format!("/subscribe; mails leave by smtp://127.0.0.1:{}", here.relay.port());
    assert!(told.stdout.contains(&relay), "{told:?}");
    let Subscribed { served, relay } = here;
    drop(relay);
    let told = served.here.run(&check);
    assert!(told.code == 1 && told.stderr.contains("check the host and the port"), "{told:?}");
}

#[test]
fn a_store_that_is_gone_promises_no_mail() {
    if only_files("moves digest.db") {
        return;
    }
    let here = Subscribed::start("");
    let away = here.served.here.path("away.db");
    let file = here.served.here.path("digest.db");
    std::fs::rename(&file, &away).expect("moved");
    let asked = here.asks("new@example.org", "192.0.2.1");
    assert_eq!((asked.status, asked.header("retry-after")), (503, Some("60")), "{asked:?}");
    let _ = std::fs::remove_file(&file);
    std::fs::rename(&away, &file).expect("moved");
    assert_eq!(here.asks("new@example.org", "192.0.2.1").status, 303);
    here.link("new@example.org");
}

#[test]
fn the_form_speaks_the_readers_language_below_the_path_of_the_base() {
    let here = Subscribed::start("");
    let Subscribed { served, relay } = here;
    let Served { here, running, .. } = served;
    drop(running);
    let here = here.edit("digest.toml", "sejong.example\"\n", "sejong.example/news\"\n");
    let here = Subscribed { served: Served::start(here), relay };
    let port = here.served.port;
    assert_eq!(here.served.get("/subscribe").status, 404);
    for (asked, start, words) in [
        ("ko-KR,ko;q=0.9", "<html lang=\"ko\" dir=\"ltr\">", "Sejong Digest 구독하기"),
        ("ar", "<html lang=\"ar\" dir=\"rtl\">", "الاشتراك في Sejong Digest"),
    ] {
        let head = [("Accept-Language", asked)];
        let page = client::ask(port, "GET", "/news/subscribe", &head, "");
        assert!(page.body.contains(start) && page.body.contains(words), "{asked}: {page:?}");
        assert!(page.body.contains("action=\"/news/subscribe\""), "{page:?}");
    }
    let head = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept-Language", "ko")];
    let asked = client::ask(port, "POST", "/news/subscribe", &head, "email=new%40example.org");
    assert_eq!(asked.header("location"), Some("https://digest.sejong.example/news/subscribe/sent"));
    let mail = &here.mails("new@example.org", 1)[0];
    assert_eq!(mail.subject(), "Sejong Digest 구독을 확인해 주세요");
    let start = mail.text.find("/news/confirm/").expect("a link");
    let path: String = mail.text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    let done = client::ask(port, "POST", &path, &head, "confirm=yes");
    assert!(done.status == 200 && done.body.contains("구독이 확인되었습니다"), "{done:?}");
    assert_eq!(here.mails("new@example.org", 2)[1].subject(), "Sejong Digest 구독을 환영합니다");
}

// Who has one mailbox can invent as many addresses of it as they like, and fill somebody else's.
#[test]
fn addresses_of_one_mailbox_share_its_hour_and_are_different_people() {
    let here = Subscribed::start("");
    for (at, email) in ["kim+1@a.example", "kim+2@a.example", "kim@a.example", "k.im@a.example"]
        .into_iter()
        .chain(["ki.m@gmail.com", "k.im+x@googlemail.com", "k.i.m@gmail.com"])
        .enumerate()
    {
        assert_eq!(here.asks(email, &format!("192.0.2.{at}")).status, 303, "{email}");
    }
    for email in ["kim+1@a.example", "k.im@a.example", "ki.m@gmail.com"] {
        here.mails(email, 1);
    }
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(here.relay.counts().accepted, 3, "{:?}", here.relay.copies());
    // An accent in one sign or in two.
    for (at, email) in ["zo\u{eb}@a.example", "zoe\u{308}@a.example"].into_iter().enumerate() {
        assert_eq!(here.asks(email, &format!("192.0.3.{at}")).status, 303, "{email}");
    }
    assert_eq!(written(&here, "zo%"), 1);
    let link = here.link("kim+1@a.example");
    assert_eq!(here.served.post(&link, "confirm=yes").status, 200);
    assert_eq!(here.served.standing("kim+1@a.example").0, "confirmed");
    let other = here.served.here.run(&["subscribers", "show", "kim@a.example", "--json"]);
    assert!(other.stdout.contains("\"subscriber\":null"), "{other:?}");
}

#[test]
fn an_address_that_is_nearly_a_known_one_is_asked_about_and_full_width_is_read() {
    let here = Subscribed::start("");
    let served = &here.served;
    let slip = "email=kim%40gmial.com";
    let asked = served.post("/subscribe", slip);
    assert_eq!(asked.status, 422, "{asked:?}");
    for part in ["Did you mean kim@gmail.com?", "name=\"sure\" value=\"kim@gmial.com\""] {
        assert!(asked.body.contains(part), "{part}: {asked:?}");
    }
    let korean = served.post("/subscribe", &format!("{slip}&words=ko"));
    assert!(korean.body.contains("kim@gmail.com 주소인가요?"), "{korean:?}");
    assert_eq!(served.post("/subscribe", &format!("{slip}&sure=ada%40gmial.com")).status, 422);
    assert_eq!(served.post("/subscribe", &format!("{slip}&sure=kim%40gmial.com")).status, 303);
    here.mails("kim@gmial.com", 1);
    let json = |body: serde_json::Value| {
        let kind = [("Content-Type", "application/json")];
        client::ask(served.port, "POST", "/api/subscribe", &kind, &body.to_string())
    };
    let told = json(serde_json::json!({"email": "lee@exmaple.org"}));
    let told: serde_json::Value = serde_json::from_str(&told.body).expect("JSON");
    let (suggestion, sure) = (&told["suggestion"], &told["sure"]);
    assert_eq!((suggestion, sure), (&"lee@example.org".into(), &"lee@exmaple.org".into()));
    let sure = json(serde_json::json!({"email": "lee@exmaple.org", "sure": sure}));
    assert_eq!(sure.status, 202, "{sure:?}");
    // ｋｉｍ＠ａ．ｅｘａｍｐｌｅ
    let wide: String =
        "kim@a.example".chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0)).collect();
    assert_eq!(json(serde_json::json!({"email": wide})).status, 202);
    here.mails("kim@a.example", 1);
}

// A form on another site stands there for years.
#[test]
fn the_words_that_stood_on_the_form_are_recorded_and_not_those_of_today() {
    let here = Subscribed::start("consent = \"The old words.\"\n");
    let consent = |page: &str| {
        let (_, rest) = page.split_once("name=\"consent\" value=\"").expect("a hash");
        rest.split('"').next().expect("an end").to_owned()
    };
    let snippet = here.served.here.run(&["serve", "--snippet"]);
    let old = consent(&snippet.stdout);
    assert_eq!(consent(&here.served.get("/subscribe").body), old);
    let Subscribed { served: Served { here, running, .. }, relay } = here;
    drop(running);
    let toml = here.read("digest.toml").replace("The old words.", "The new words.");
    let served = Served::start(here.write("digest.toml", toml));
    let here = Subscribed { served, relay };
    let new = consent(&here.served.get("/subscribe").body);
    assert_ne!(old, new);
    for (at, (shown, words)) in [
        (format!("&consent={old}"), "The old words. (asked "),
        (format!("&consent={new}"), "The new words. (asked "),
        (
            "&consent=0123456789abcdef".to_owned(),
            "[unknown words, of the hash \"0123456789abcdef\"] (asked ",
        ),
        ("&consent=%22%3E%00x".to_owned(), "[unknown words, of the hash \"x\"] (asked "),
        (
            String::new(),
            "The new words. [of that day: the form did not say which words it showed] (asked ",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("reader{at}@a.example");
        let form = format!("email=reader{at}%40a.example{shown}");
        assert_eq!(here.served.post("/subscribe", &form).status, 303, "{form}");
        assert_eq!(here.served.post(&here.link(&email), "confirm=yes").status, 200);
        let known = here.served.known(&email)["subscriber"]["consent"]["words"].clone();
        assert!(known.as_str().is_some_and(|known| known.starts_with(words)), "{known}: {words}");
    }
}
