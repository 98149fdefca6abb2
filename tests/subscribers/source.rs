//! Which list is used: a file, or that of the store; and that both give the same mail.

use sejong_digest::delivery::ledger;
use sejong_digest::store::{Store, sql};

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Output, Publication};
use crate::relay::Relay;
use crate::{done, import};

const MEMBERS: &str = "email,first_name,tags,status,language\n\
    kim@example.org,Minji,board,subscribed,ko\n\
    ada@example.org,,,subscribed,\n\
    lee@example.org,Narae,,unsubscribed,\n\
    new@example.org,,,pending,\n";

/// Four people in the store, and no file.
fn with_store() -> Publication {
    let here = Publication::new().write("members.csv", MEMBERS);
    import(&here, &["members.csv"]);
    here
}

/// What a plan says as JSON.
fn plan(here: &Publication, line: &[&str]) -> serde_json::Value {
    let told = here.run(&[&["plan", "2025-11", "--json"], line].concat());
    assert_eq!(told.code, 0, "{told:?}");
    serde_json::from_str(&told.stdout).expect("JSON")
}

/// The addresses that a rehearsal has caught.
fn caught(here: &Publication, line: &[&str]) -> (Output, Vec<String>) {
    let told = here.run(&[&["send", "2025-11", "--catch", "out", "--yes"], line].concat());
    let mails = here.files().into_iter().filter(|file| file.starts_with("out/new/"));
    let to = |mail: String| {
        let text = here.read(&mail);
        let line = text.lines().find(|line| line.starts_with("To: ")).expect("To").to_owned();
        let address = line.rsplit(' ').next().expect("an address");
        address.trim_matches(['<', '>']).to_owned()
    };
    let mut all: Vec<String> = mails.map(to).collect();
    all.sort();
    (told, all)
}

#[test]
fn the_list_of_the_store_is_used_where_there_is_no_file() {
    let here = with_store();
    let told = done_plan(&here);
    assert!(told.contains("List      the store, digest.db\n"), "{told}");
    let of_store = plan(&here, &[]);
    assert_eq!((&of_store["list_source"], &of_store["to_send"]), (&"store".into(), &2.into()));
    assert_eq!(of_store["left_out"], 2);
    let of_file = plan(&here, &["--subscribers", "members.csv"]);
    assert_eq!(
        (&of_file["list_source"], &of_file["list"]),
        (&"file".into(), &"members.csv".into())
    );
    for name in ["to_send", "left_out", "suppressed", "content_hash", "domains"] {
        assert_eq!(of_store[name], of_file[name], "{name}");
    }
    let (told, people) = caught(&here, &[]);
    assert_eq!((told.code, people), (0, vec!["ada@example.org".into(), "kim@example.org".into()]));
}

fn done_plan(here: &Publication) -> String {
    let told = here.run(&["plan", "2025-11"]);
    assert_eq!(told.code, 0, "{told:?}");
    told.stdout
}

#[test]
fn a_send_from_the_store_greets_people_and_stops_for_nobody_else() {
    let here = with_store();
    let (_, people) = caught(&here, &["--only", "tag:board and language=ko"]);
    assert_eq!(people, ["kim@example.org"]);
    let mail = here.files().into_iter().find(|file| file.starts_with("out/new/")).expect("a mail");
    assert!(here.read(&mail).contains("Hello Minji"));
    let told = here.run(&["plan", "2025-11", "--to", "lee@example.org"]);
    assert!(told.stderr.contains("lee@example.org"), "{told:?}");
    assert_ne!(told.code, 0);
    let slip = here.run(&["plan", "2025-11", "--only", "city=Seoul"]);
    assert!(slip.code == 2 && slip.stderr.contains("nobody in the list has a city"), "{slip:?}");
}

#[test]
fn two_lists_without_a_word_are_an_error_that_says_so() {
    let here = with_store().write("subscribers.csv", "email\nzoe@example.org\n");
    for line in [&["plan", "2025-11"][..], &["check"], &["test", "2025-11", "--to", "a@x.example"]]
    {
        let told = here.run(line);
        assert_eq!(told.code, 3, "{line:?}: {told:?}");
        assert!(
            told.stderr.contains(
                "subscribers.csv (1 person), and people in the store digest.db (2 people)"
            )
        );
        assert!(told.stderr.contains("[audience] in digest.toml"), "{told:?}");
    }
    let toml = here.read("digest.toml");
    for (source, to_send) in [("store", 2), ("file", 1)] {
        let text = format!("{toml}\n[audience]\nsource = \"{source}\"\n");
        let here = with_store()
            .write("subscribers.csv", "email\nzoe@example.org\n")
            .write("digest.toml", text);
        assert_eq!(plan(&here, &[])["to_send"], to_send, "{source}");
    }
    // A ledger in which nobody subscribes is no second list.
    let here = Publication::with_subscribers();
    done(&here, &["suppress", "gone@example.org", "--why", "asked"]);
    assert_eq!(plan(&here, &[])["to_send"], 3);
}

#[test]
fn a_store_without_people_or_a_word_for_another_source_is_told() {
    let here = Publication::new();
    let toml = here.read("digest.toml");
    let here = here.write("digest.toml", format!("{toml}\n[audience]\nsource = \"store\"\n"));
    let told = here.run(&["plan", "2025-11"]);
    assert!(told.code == 3 && told.stderr.contains("nobody is in the store"), "{told:?}");
    let here = here.write("digest.toml", format!("{toml}\n[audience]\nsource = \"sql\"\n"));
    let told = here.run(&["check"]);
    assert!(told.code == 3 && told.stdout.contains("\"file\" or \"store\""), "{told:?}");
}

#[test]
fn trials_and_checks_read_the_store_as_well() {
    let here =
        with_store().edit("issues/2025-11/hangul.md", "letters.", "letters, {{ affiliation }}.");
    let check = here.run(&["check"]);
    assert!(check.code == 3 && check.stdout.contains("affiliation"), "{check:?}");
    let here = with_store();
    let shown = here.run(&["render", "2025-11", "--as", "kim@example.org", "--format", "eml"]);
    assert!(shown.stdout.contains("Hello Minji"), "{shown:?}");
    let shown = here.run(&["render", "2025-11", "--as", "lee@example.org", "--format", "eml"]);
    assert!(shown.stderr.contains("because digest.db says unsubscribed"), "{shown:?}");
}

#[test]
fn who_is_suppressed_is_left_out_of_the_store_s_list_too() {
    let here = with_store();
    done(&here, &["suppress", "kim@example.org", "--why", "asked"]);
    let told = plan(&here, &[]);
    assert_eq!((&told["to_send"], &told["suppressed"]), (&1.into(), &1.into()));
    let (_, people) = caught(&here, &[]);
    assert_eq!(people, ["ada@example.org"]);
}

/// People of a file, and one who was added: a list that loses most of its readers on the way into the
/// store is no list to send to without a word.
#[test]
fn a_person_who_is_added_beside_a_file_is_told_to_make_a_second_list() {
    let here = Publication::with_subscribers();
    let told = done(&here, &["add", "new@x.example"]);
    for words in ["your list is subscribers.csv", "two lists", "import subscribers.csv"] {
        assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
    }
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.code == 3 && plan.stderr.contains("subscribers.csv (3 people)"), "{plan:?}");
    // Once there are two, it was said; and where the store is the list, nothing is.
    let more = done(&here, &["add", "more@x.example"]);
    assert!(!more.stderr.contains("your list"), "{more:?}");
    let told = done(&with_store(), &["add", "new@x.example"]);
    assert!(!told.stderr.contains("your list"), "{told:?}");
    let toml = here.read("digest.toml");
    let here = here.write("digest.toml", format!("{toml}\n[audience]\nsource = \"file\"\n"));
    let told = done(&here, &["add", "late@x.example"]);
    assert!(
        told.stderr.contains("your list is subscribers.csv") && !told.stderr.contains("two lists"),
        "{told:?}"
    );
}

#[test]
fn whoever_is_in_the_file_alone_is_ended_and_changed_where_they_are() {
    let here = Publication::new().write("subscribers.csv", "email\nr3@x.example\nkim@x.example\n");
    for (line, says, not) in [
        (
            &["remove", "r3@x.example"][..],
            "digest subscribers suppress r3@x.example --reason unsubscribed --why",
            "subscribers add",
        ),
        (&["remove", "kin@x.example"], "did you mean kim@x.example?", "subscribers add"),
        (&["remove", "zoe@y.example"], "subscribers suppress zoe@y.example", "subscribers add"),
        (&["set", "r3@x.example", "--name", "R"], "in subscribers.csv", "subscribers add"),
        (&["tag", "board", "r3@x.example"], "in subscribers.csv", "subscribers add"),
        (&["set", "kin@x.example", "--name", "R"], "did you mean kim@x.example?", "suppress"),
        (&["set", "zoe@y.example", "--name", "R"], "subscribers add zoe@y.example", "suppress"),
    ] {
        let told = here.run(&[&["subscribers"], line].concat());
        assert_eq!(told.code, 1, "{line:?}: {told:?}");
        assert!(told.stderr.contains(says), "{line:?}: no {says:?} in {told:?}");
        assert!(!told.stderr.contains(not), "{line:?}: {not:?} in {told:?}");
    }
    // What it says does what was asked.
    let said = ["suppress", "r3@x.example", "--reason", "unsubscribed", "--why", "by phone"];
    done(&here, &said);
    assert_eq!(plan(&here, &[])["to_send"], 1);
}

#[test]
fn whoever_was_forgotten_comes_back_by_the_list_that_is_used() {
    for (here, says) in [
        (Publication::with_subscribers(), "into subscribers.csv again"),
        (with_store(), "digest subscribers add kim@example.org"),
    ] {
        let sent = here.run(&["send", "2025-11", "--catch", "out", "--yes"]);
        assert_eq!(sent.code, 0, "{sent:?}");
        done(&here, &["forget", "kim@example.org"]);
        let told = done(&here, &["release", "kim@example.org", "--why", "asked again"]);
        assert!(told.stderr.contains(says), "no {says:?} in {told:?}");
    }
}

#[test]
fn a_person_whose_row_is_damaged_is_named_and_nobody_is_planned() {
    if only_files("a server keeps no text that is no text") {
        return;
    }
    for (column, damage) in [
        ("fields", "x'00ff'"),
        ("fields", "'{\"first_name\"'"),
        ("tags", "'[\"board\"'"),
        ("joined_at", "'soon'"),
    ] {
        let here = with_store();
        let sql = format!("UPDATE subscriber SET {column} = {damage} WHERE identity LIKE 'kim%'");
        damage_store(&here, sql);
        let told = here.run(&["plan", "2025-11"]);
        assert_eq!(told.code, 1, "{column}: {told:?}");
        assert!(told.stderr.contains("the subscriber kim@example.org"), "{column}: {told:?}");
        assert!(!told.stdout.contains("To   "), "{column}: {told:?}");
    }
}

/// Changes the store behind digest's back.
fn damage_store(here: &Publication, statement: String) {
    tokio::runtime::Runtime::new().expect("threads").block_on(async {
        let store = Store::open(here.path("digest.db"), &ledger::STEPS).await.expect("a store");
        sql::raw(statement).execute(store.pool()).await.expect("changed");
        store.close().await;
    });
}

#[test]
fn addresses_of_a_file_or_a_pipe_that_no_list_has_are_told_with_who_may_be_meant() {
    let slips = "adda@x.example\nkim@x.example\nzoe@elsewhere.example\n";
    let told_of = |here: &Publication, place: &str| {
        let says = format!(
            "2 addresses are {place}, and no issue was for them: adda@x.example (did you mean \
             ada@x.example?), zoe@elsewhere.example\n"
        );
        let told = done(here, &["suppress", "--file", "gone.txt", "--why", "a list"]);
        assert!(told.stderr.contains(&says), "no {says:?} in {told:?}");
        let mut piped = here.command(DIGEST);
        piped.args(["subscribers", "suppress", "-", "--why", "a pipe"]);
        piped.stdin(std::fs::File::open(here.path("gone.txt")).expect("the file"));
        let piped = piped.output().expect("an answer");
        let told = String::from_utf8_lossy(&piped.stderr);
        assert!(piped.status.success() && told.contains(&says), "no {says:?} in {told}");
    };
    let list = "email\nada@x.example\nkim@x.example\nlee@x.example\n";
    let here = Publication::new().write("subscribers.csv", list).write("gone.txt", slips);
    told_of(&here, "not in subscribers.csv");
    let here = Publication::new().write("members.csv", list).write("gone.txt", slips);
    import(&here, &["members.csv"]);
    told_of(&here, "not in the list of the store");
    // Of many the first are named, those before all who may be somebody else.
    let many: String = (0..30).map(|number| format!("a{number}@far.example.net\n")).collect();
    let here = here.write("many.txt", format!("{many}ada@y.example\nleee@x.example\n"));
    let told = done(&here, &["suppress", "--file", "many.txt", "--why", "a list"]).stderr;
    assert!(told.contains("32 addresses are not in the list of the store"), "{told}");
    assert!(told.contains("for them: ada@y.example (did you mean ada@x.example?), "), "{told}");
    assert!(told.contains("leee@x.example (did you mean lee@x.example?), a0@"), "{told}");
    assert!(told.ends_with(" and 22 more\n"), "{told}");
}

#[test]
fn whom_an_issue_was_for_is_no_stranger_in_a_file() {
    let here = Publication::new().write("subscribers.csv", "email\nada@x.example\nkim@x.example\n");
    let relay = Relay::new();
    let url = relay.url();
    let sent = here.run(&["send", "2025-11", "--yes", "--relay", &url]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let here = here.write("subscribers.csv", "email\nada@x.example\n");
    let here = here.write("gone.txt", "Ada@x.example\nkim@x.example\n");
    let told = done(&here, &["suppress", "--file", "gone.txt", "--why", "a list"]).stderr;
    assert!(!told.contains("no issue was for"), "{told}");
}
