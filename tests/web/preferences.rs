//! What readers choose by the link in their mail: seen by nobody else, changed by nothing but the form.

use sejong_digest::config;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;

use crate::client::{self, Answer};
use crate::harness::Publication;
use crate::{HOST, Served, publication};

const WEB: &str = "\n[audience]\nsource = \"store\"\n\n[web]\n\n[topic.events]\nname = \"Events\"\n\n\
    [topic.jobs]\nname = \"Jobs\"\n\n[topic.inner]\nname = \"Inner\"\n\n[form]\ntopics = [\"events\", \
    \"jobs\"]\nlanguages = [\"en\", \"ko\"]\n\n[[form.field]]\nname = \"first_name\"\nlabel = \"First \
    name\"\n\n[[form.field]]\nname = \"city\"\nlabel = \"City\"\n\n[[relay]]\nurl = \
    \"smtp://127.0.0.1:1\"\n";

fn with(toml: &str) -> Publication {
    let here = publication();
    let old = here.read("digest.toml");
    here.write("digest.toml", format!("{old}{toml}"))
}

pub(crate) fn started() -> Served {
    let here = with(WEB);
    let set = [
        "subscribers",
        "set",
        "kim@example.org",
        "--set",
        "first_name=Kim",
        "--set",
        "city=Pyeongchang",
        "--language",
        "en",
        "--topics",
        "-jobs;-inner",
    ];
    let told = here.run(&set);
    assert_eq!(told.code, 0, "{told:?}");
    Served::start(here)
}

pub(crate) fn path(here: &Publication, address: &str) -> String {
    let secret = config::known_secret(&here.path(""), &[]).expect("read").expect("there");
    let keys = Keys::numbered(secret.newest(), secret.older());
    let address = Address::parse(address).expect("one");
    format!("/preferences/{}", keys.preferences_token("digest.sejong.example", &address))
}

/// The code of the form on a page.
pub(crate) fn code(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"code\" value=\"").expect("a code");
    rest.split('"').next().expect("an end").to_owned()
}

fn mail(here: &Publication, format: &str) -> String {
    let told = here.run(&["render", "2025-11", "--format", format, "--as", "kim@example.org"]);
    assert_eq!(told.code, 0, "{told:?}");
    told.stdout
}

#[test]
fn each_mail_leads_to_the_readers_own_page_where_there_is_one() {
    let here = with("\n[audience]\nsource = \"store\"\n\n[web]\n");
    for format in ["html", "text"] {
        let text = mail(&here, format);
        let start = text.find(&format!("https://{HOST}/preferences/")).expect("a link");
        let link = text[start..].split(['"', '\n', ' ']).next().expect("an end");
        let keys = config::known_secret(&here.path(""), &[]).expect("read").expect("there");
        let keys = Keys::numbered(keys.newest(), keys.older());
        let token = link.rsplit('/').next().expect("a token");
        let whose = keys.read_preferences_token("digest.sejong.example", token);
        assert_eq!(whose.expect("a person").as_str(), "kim@example.org", "{format}");
    }
    let checked = here.run(&["check", "2025-11"]);
    assert!(!format!("{checked:?}").contains("preferences"), "{checked:?}");
    // One page for all stays what digest.toml says, also in a slot.
    let fixed = "[publication]\npreferences_url = \"https://members.example.org/me\"";
    let here = here.edit("digest.toml", "[publication]", fixed);
    let text = mail(&here, "html");
    assert!(text.contains("https://members.example.org/me") && !text.contains("/preferences/"));
    // Without pages, and where the list is a file that no page changes, there is no link.
    for toml in ["\n[audience]\nsource = \"store\"\n", "\n[web]\n[audience]\nsource = \"file\"\n"] {
        let here = with(toml).write("subscribers.csv", "email\nkim@example.org\n");
        assert!(!mail(&here, "html").contains("/preferences/"), "{toml}");
    }
}

// Row 40: a mail that was passed on tells no more than is needed to choose.
#[test]
fn the_page_shows_what_can_be_chosen_and_looking_changes_nothing() {
    let served = started();
    let path = path(&served.here, "kim@example.org");
    let page = served.get(&path);
    assert_eq!(page.status, 200, "{page:?}");
    let text = &page.body;
    assert!(text.contains("value=\"Kim\"") && text.contains("…@example.org"), "{text}");
    assert!(
        text.contains("value=\"events\" checked") && text.contains("value=\"jobs\">"),
        "{text}"
    );
    assert!(text.contains("value=\"en\" selected"), "{text}");
    for hidden in ["kim@", "Pyeongchang", "city", "inner", "asked by mail", "<script"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let before = served.known("kim@example.org");
    for at in 0..8 {
        let method = ["GET", "HEAD", "OPTIONS", "PUT"][at % 4];
        let asked = format!("{path}?code={}&first_name=Eve&topics=shown", code(&page));
        let status = client::ask(served.port, method, &asked, &[], "").status;
        assert_eq!(status, if at % 4 < 2 { 200 } else { 405 });
    }
    assert_eq!(served.known("kim@example.org"), before);
}

#[test]
fn what_is_chosen_is_kept_with_what_was_before() {
    let served = started();
    let path = path(&served.here, "kim@example.org");
    let code = code(&served.get(&path));
    let form = format!(
        "code={code}&first_name=Ada+%F0%9F%90%88&language=ko&topics=shown&topic=jobs&city=x"
    );
    for _ in 0..2 {
        let saved = served.post(&path, &form);
        assert!(saved.status == 200 && saved.body.contains("Saved."), "{saved:?}");
        assert!(saved.body.contains("value=\"jobs\" checked"), "{saved:?}");
    }
    let known = served.known("kim@example.org");
    let person = &known["subscriber"];
    assert_eq!(person["fields"]["first_name"], "Ada 🐈", "{known}");
    assert_eq!(person["fields"]["city"], "Pyeongchang", "only what is shown is changed");
    assert_eq!((&person["language"], &person["topics"]), (&"ko".into(), &"-events;-inner".into()));
    assert_eq!(person["status"], "confirmed");
    let changes = known["changes"].as_array().expect("a list");
    let by_web: Vec<_> = changes.iter().filter(|one| one["origin"] == "web").collect();
    assert_eq!(by_web.len(), 1, "to save twice changes nothing more: {known}");
    // An emptied name is taken away; a language that nobody offers is passed over.
    let form = format!("code={code}&first_name=&language=tlh&topics=shown");
    assert_eq!(served.post(&path, &form).status, 200);
    let person = served.known("kim@example.org")["subscriber"].clone();
    assert!(person["fields"]["first_name"].is_null(), "{person}");
    assert_eq!(
        (&person["language"], &person["topics"]),
        (&"ko".into(), &"-events;-inner;-jobs".into())
    );
    for name in
        ["see+https%3A%2F%2Fevil.example", "see+evil.example", "me%40evil.example", "J%F6rg"]
    {
        let wrong = served.post(&path, &format!("code={code}&first_name={name}"));
        assert!(wrong.status == 422 && wrong.body.contains("aria-invalid"), "{name}: {wrong:?}");
        assert_eq!(served.known("kim@example.org")["subscriber"], person, "{name}");
    }
    // What the list has brought in keeps nobody from choosing something else.
    let set = ["subscribers", "set", "kim@example.org", "--set", "first_name=kim.lee"];
    assert_eq!(served.here.run(&set).code, 0);
    let form = format!("code={code}&first_name=kim.lee&language=en");
    assert_eq!(served.post(&path, &form).status, 200);
    let person = served.known("kim@example.org")["subscriber"].clone();
    assert_eq!(
        (&person["fields"]["first_name"], &person["language"]),
        (&"kim.lee".into(), &"en".into())
    );
}

// Row 41: another site's form, or another person's, changes nobody.
#[test]
fn only_the_form_of_the_very_page_changes_anything() {
    let served = started();
    let (kim, ada) = (path(&served.here, "kim@example.org"), path(&served.here, "ada@example.org"));
    let own = code(&served.get(&kim));
    let others = code(&served.get(&ada));
    assert_ne!(own, others);
    let before = served.known("kim@example.org");
    let rest = "first_name=Eve&topics=shown";
    for form in [rest.to_owned(), format!("code=&{rest}"), format!("code={others}&{rest}")] {
        let refused = served.post(&kim, &form);
        assert!(refused.status == 403 && refused.body.contains("Nothing was saved"), "{refused:?}");
    }
    let form = format!("code={own}&{rest}");
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    for site in ["cross-site", "same-site"] {
        let head = [kind, ("Sec-Fetch-Site", site)];
        assert_eq!(client::ask(served.port, "POST", &kim, &head, &form).status, 403, "{site}");
    }
    assert_eq!(served.known("kim@example.org"), before);
    let head = [kind, ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(client::ask(served.port, "POST", &kim, &head, &form).status, 200);
    assert_eq!(served.known("kim@example.org")["subscriber"]["fields"]["first_name"], "Eve");
}

#[test]
fn who_gets_nothing_at_an_address_learns_nothing_of_why() {
    let served = started();
    let here = &served.here;
    let person = |name: &str| format!("{name}@example.org");
    for name in ["gone1", "move1", "supp1"] {
        let told = here.run(&["subscribers", "add", &person(name), "--consent", "by mail"]);
        assert_eq!(told.code, 0, "{told:?}");
    }
    let paths: Vec<String> =
        ["gone1", "move1", "supp1", "none1"].map(|name| path(here, &person(name))).into();
    let code = code(&served.get(&paths[0]));
    for line in [
        &["subscribers", "forget", "gone1@example.org"][..],
        &["subscribers", "set", "move1@example.org", "--set", "email=secret-new@example.org"],
        &["subscribers", "suppress", "supp1@example.org", "--why", "asked by phone"],
    ] {
        let told = here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
    }
    let leave = served.link("ada@example.org");
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    let left = path(here, "ada@example.org");
    assert_eq!(served.get(&left).status, 410);
    let pages = paths.iter().flat_map(|path| {
        [served.get(path), served.post(path, &format!("code={code}&first_name=Eve"))]
    });
    let pages: Vec<String> = pages
        .map(|answer| {
            assert_eq!(answer.status, 410, "{answer:?}");
            ["g…", "m…", "s…", "n…"].iter().fold(answer.body, |text, who| text.replace(who, "…"))
        })
        .collect();
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{pages:?}");
    assert!(pages[0].contains("nothing to choose here") && !pages[0].contains("secret"));
    // A link for leaving chooses nothing, and whatever else is wrong is answered the same.
    let wrong = [leave.replace("/unsubscribe/", "/preferences/"), "/preferences/x".to_owned()];
    let answers = wrong.map(|path| served.get(&path));
    assert!(answers.iter().all(|one| one.status == 400 && one.body == answers[0].body));
}

#[test]
fn who_opens_the_link_to_leave_may_leave_topics_out_instead() {
    let served = started();
    let link = served.link("kim@example.org");
    let page = served.get(&link);
    assert!(
        page.body.contains("value=\"jobs\"") && page.body.contains("value=\"less\""),
        "{page:?}"
    );
    // The link is for leaving, and shows nothing of what was chosen.
    for hidden in ["checked", "inner", "Kim"] {
        assert!(!page.body.contains(hidden), "{hidden}: {page:?}");
    }
    for form in ["act=less", "act=less&topic=inner", "topic=events"] {
        assert_eq!(served.post(&link, form).status, 400, "{form}");
    }
    let saved = served.post(&link, "act=less&topic=events");
    assert!(saved.status == 200 && saved.body.contains("without these topics"), "{saved:?}");
    let known = served.known("kim@example.org");
    let person = &known["subscriber"];
    assert_eq!(person["topics"], "-events;-inner;-jobs", "{known}");
    assert_eq!(served.standing("kim@example.org"), ("confirmed".to_owned(), Vec::new()));
    // One click leaves, whatever else is said.
    let both = "List-Unsubscribe=One-Click&act=less&topic=jobs";
    assert_eq!(served.post(&link, both).body, "You are unsubscribed.\n");
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
    assert_eq!(served.post(&link, "act=less&topic=jobs").status, 410);
}

// Whoever has one link could fill the store with what was before, and the person's history.
#[test]
fn one_person_changes_so_much_at_once_and_leaves_as_often_as_they_like() {
    let served = started();
    let (kim, ada) = (path(&served.here, "kim@example.org"), path(&served.here, "ada@example.org"));
    let own = code(&served.get(&kim));
    let save = |number: usize| served.post(&kim, &format!("code={own}&first_name=Kim{number}"));
    assert!((0..20).all(|number| save(number).status == 200));
    let refused = save(20);
    assert!(refused.status == 429 && refused.body.contains("in a few minutes"), "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(served.known("kim@example.org")["subscriber"]["fields"]["first_name"], "Kim19");
    let link = served.link("kim@example.org");
    let pause = served.post(&link, "act=less&topic=events");
    assert_eq!(pause.status, 429, "{pause:?}");
    // Nobody else is kept waiting, nor anybody who leaves.
    let others = code(&served.get(&ada));
    assert_eq!(served.post(&ada, &format!("code={others}&first_name=Ada")).status, 200);
    let left = served.post(&link, "leave=yes");
    assert!(left.status == 200 && left.body.contains("You are unsubscribed"), "{left:?}");
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
    let back = left.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
    let back = back.expect("a way back");
    for form in ["act=undo", "act=why&why=too+many+messages"] {
        assert_eq!(served.post(back, form).status, 429, "{form}");
    }
    assert_eq!(served.post(&link, "List-Unsubscribe=One-Click").status, 200);
}
