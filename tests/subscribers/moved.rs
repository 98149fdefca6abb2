//! A change of address: the person stays who they are, the old address is kept out, and whoever says no
//! under either has said it.

use serde_json::Value;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{counts, done, export, import, json};

const OLD: &str = "kim@example.org";
const NEW: &str = "minji@new.example";

/// Kim and Ada, by an import.
fn with_two() -> Publication {
    let here = Publication::new().write(
        "members.csv",
        "email,first_name,tags,topics\nKim@example.org,Minji,board,-events\nada@example.org,Ada,,\n",
    );
    import(&here, &["members.csv"]);
    here
}

fn to(here: &Publication, old: &str, new: &str) -> String {
    done(here, &["set", old, "--set", &format!("email={new}")]).stdout
}

/// What a command says that fails so.
#[track_caller]
fn fails(here: &Publication, line: &[&str]) -> String {
    let told = here.run(&[&["subscribers"], line].concat());
    assert_eq!(told.code, 1, "{line:?}: {told:?}");
    told.stderr
}

fn plan(here: &Publication, line: &[&str]) -> Value {
    let told = here.run(&[&["plan", "2025-11", "--json"], line].concat());
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

fn is_suppressed(here: &Publication, who: &str) -> bool {
    json(here, &["show", who])["suppressed"] == true
}

#[test]
fn who_has_another_address_keeps_all_and_the_old_one_is_kept_out() {
    let here = with_two();
    done(&here, &["set", OLD, "--set", "city=Seoul"]);
    let list = export(&here);
    let here = here.write("earlier.csv", &list);
    assert_eq!(
        to(&here, OLD, "Minji@New.example"),
        format!("{OLD}: address changed to Minji@new.example\n")
    );
    let known = json(&here, &["show", NEW]);
    let found = &known["subscriber"];
    assert_eq!(found["email"], "Minji@new.example");
    assert_eq!(found["fields"], serde_json::json!({"city": "Seoul", "first_name": "Minji"}));
    assert_eq!((&found["tags"][0], &found["topics"]), (&"board".into(), &"-events".into()));
    assert_eq!(found["consent"]["words"], "signed up on our site");
    assert_eq!(known["changes"][0]["import"], 1);
    let last = known["changes"].as_array().and_then(|all| all.last()).expect("a change");
    let change = serde_json::json!([["email", "Kim@example.org", "Minji@new.example"]]);
    assert_eq!((&last["changes"], &last["origin"]), (&change, &"command".into()));
    assert_eq!(known["former"][0]["address"], OLD);
    let told = done(&here, &["show", OLD]).stdout;
    for words in
        ["  address now: minji@new.example\n", "(address changed): address changed to minji@"]
    {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    // No old file brings the old address back, and the person does not look as if they had left.
    assert_eq!(plan(&here, &[])["to_send"], 2);
    assert_eq!(import(&here, &["members.csv"])["stays_suppressed"]["count"], 1);
    let told = done(&here, &["import", "earlier.csv", "--update", "overwrite"]).stdout;
    assert!(told.contains("stays suppressed         1"), "{told}");
    assert_eq!(done(&here, &["list", "--count"]).stdout, "2\n");
    let told = plan(&here, &["--subscribers", "members.csv"]);
    assert_eq!((&told["to_send"], &told["suppressed"]), (&1.into(), &1.into()));
    let told = done(&here, &["list", "--suppressed"]).stdout;
    assert!(told.starts_with("kim@example.org\taddress changed\t"), "{told}");
    let told = fails(&here, &["set", OLD, "--language", "ko"]);
    assert!(told.contains("kim@example.org is an earlier address of minji@new.example"), "{told}");
    // What is written out now is the same list again, here and elsewhere.
    let list = export(&here);
    let here = here.write("list.csv", &list);
    assert_eq!(import(&here, &["list.csv"])["import"], Value::Null);
    import(&here, &["list.csv", "--store", "sqlite:other.db"]);
    assert_eq!(done(&here, &["export", "--store", "sqlite:other.db"]).stdout, list);
    // Whoever has changed since an import stays when it is taken back.
    let undone = done(&here, &["import", "--undo", "1"]).stdout;
    assert!(
        undone.contains("1 person removed") && undone.contains("  Minji@new.example\n"),
        "{undone}"
    );
}

#[test]
fn an_issue_that_went_to_the_old_address_is_one_that_the_person_has() {
    let here = with_two();
    let relay = Relay::new();
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    assert_eq!(here.run(&send).code, 0);
    to(&here, OLD, "k@second.example");
    to(&here, "k@second.example", NEW);
    for (only, count) in [("got:2025-11", "2\n"), ("not got:2025-11", "0\n")] {
        assert_eq!(done(&here, &["list", "--only", only, "--count"]).stdout, count, "{only}");
    }
    let told = plan(&here, &["--only", "got:2025-11"]);
    assert_eq!(told["got"][0]["people"], 2, "{told}");
    // Nobody gets a second copy, and it is said why.
    let told = here.run(&["plan", "2025-11"]);
    assert!(told.stdout.contains("1 of them at an earlier address"), "{told:?}");
    here.run(&send);
    assert_eq!(relay.counts().accepted, 2);
    let told = done(&here, &["show", NEW]).stdout;
    assert!(
        told.contains("  2025-11: accepted, 20") && told.contains(", to kim@example.org\n"),
        "{told}"
    );
    let known = json(&here, &["show", NEW]);
    assert_eq!(known["former"].as_array().map(Vec::len), Some(2), "{known}");
    // The link of that mail is still theirs.
    let link = link_to(&relay, OLD);
    let told = here.run(&["who", &link]).stdout;
    assert!(told.contains("  address now: minji@new.example\n"), "{told}");
    let told = done(&here, &["suppress", "--token", &link]);
    assert!(told.stderr.contains("an earlier address of minji@new.example"), "{told:?}");
    assert!(is_suppressed(&here, NEW));
}

fn link_to(relay: &Relay, who: &str) -> String {
    let accepted = relay.accepted();
    let one = accepted.iter().find(|one| one.recipients[0].eq_ignore_ascii_case(who));
    let text = String::from_utf8_lossy(&one.expect("a mail").bytes).replace("\r\n ", " ");
    let field = text.split("List-Unsubscribe:").nth(1).expect("the field");
    let link = field.split("<https:").nth(1).and_then(|rest| rest.split('>').next());
    format!("https:{}", link.expect("a link"))
}

#[test]
fn a_no_under_an_earlier_address_is_one_of_the_person() {
    for (line, follows) in [
        (&["suppress", OLD, "--why", "by phone", "--reason", "unsubscribed"][..], true),
        (&["suppress", OLD, "--why", "by phone"], true),
        (&["suppress", OLD, "--why", "gone", "--reason", "hard-bounce"], false),
        (&["suppress", "--file", "gone.csv", "--why", "the list of the gone"], false),
        (&["import", "no.csv"], true),
        (&["import", "bounced.csv"], false),
        (&["import", "inactive.csv"], false),
    ] {
        let here = with_two()
            .write("no.csv", "email,status\nkim@example.org,unsubscribed\n")
            .write("gone.csv", "kim@example.org\n")
            .write("inactive.csv", "email,status\nkim@example.org,inactive\n")
            .write("bounced.csv", "email,status\nkim@example.org,bounced\n");
        to(&here, OLD, NEW);
        let told = done(&here, line);
        let name = "an earlier address of minji@new.example, who gets ";
        let what = if follows { "no mail either" } else { "mail there" };
        match line[0] {
            "suppress" => assert!(told.stderr.contains(&format!("{name}{what}")), "{told:?}"),
            _ => assert!(told.stdout.contains("  kim@example.org, now minji@"), "{told:?}"),
        }
        assert_eq!(is_suppressed(&here, NEW), follows, "{line:?}");
        assert!(is_suppressed(&here, OLD), "{line:?}");
        let to_send = if follows { 1 } else { 2 };
        assert_eq!(plan(&here, &[])["to_send"], to_send, "{line:?}");
        if line[0] == "import" {
            done(&here, &["import", "--undo", "2"]);
            assert!(!is_suppressed(&here, NEW) && is_suppressed(&here, OLD), "{line:?}");
        }
    }
}

#[test]
fn an_address_is_changed_only_for_somebody_who_gets_mail_and_to_one_that_may() {
    let here = with_two();
    let line = |old: &'static str, new: &'static str| -> Vec<&'static str> {
        vec!["set", old, "--set", Box::leak(format!("email={new}").into_boxed_str())]
    };
    done(&here, &["suppress", "no@new.example", "--why", "asked"]);
    done(&here, &["suppress", "x.example", "--domain", "--why", "asked"]);
    done(&here, &["forget", "gone@new.example"]);
    done(&here, &["add", "left@example.org"]);
    done(&here, &["remove", "left@example.org"]);
    for (old, new, words) in [
        (OLD, "ada@example.org", "is in the list already, as a person of its own"),
        (OLD, "no@new.example", "is suppressed (by hand: asked) and gets no mail"),
        (OLD, "kim@x.example", "is suppressed (by hand: asked) and gets no mail"),
        (OLD, "gone@new.example", "was forgotten and gets no mail"),
        (OLD, "left@example.org", "is in the list already"),
        ("left@example.org", NEW, "has left, and a new address would bring them back"),
        ("zoe@example.org", NEW, "is not in the list of the store"),
    ] {
        let before = export(&here);
        let told = fails(&here, &line(old, new));
        assert!(told.contains(words), "{old} {new}: {told}");
        assert_eq!(export(&here), before, "{old} {new}");
    }
    done(&here, &["suppress", "ada@example.org", "--why", "asked"]);
    assert!(fails(&here, &line("ada@example.org", NEW)).contains("would bring them back"));
    for text in ["email=x", "email=", "email=a@b.example"] {
        let told =
            here.run(&["subscribers", "set", OLD, "--set", text, "--set", "email=c@d.example"]);
        assert_eq!(told.code, 2, "{told:?}");
    }
    // A mailbox that is gone is a reason to have another one.
    done(&here, &["suppress", OLD, "--why", "gone", "--reason", "hard-bounce"]);
    let told = done(&here, &["set", OLD, "--set", "email=minji@new.example", "--language", "ko"]);
    assert!(told.stdout.contains("address changed to"), "{told:?}");
    assert_eq!(json(&here, &["show", NEW])["subscriber"]["language"], "ko");
    assert!(!is_suppressed(&here, NEW));
}

#[test]
fn an_address_is_changed_back_and_spelled_otherwise() {
    let here = with_two();
    to(&here, OLD, NEW);
    to(&here, NEW, OLD);
    assert!(is_suppressed(&here, NEW) && !is_suppressed(&here, OLD));
    assert_eq!(plan(&here, &[])["to_send"], 2);
    assert_eq!(
        to(&here, OLD, "KIM@example.org"),
        "kim@example.org: address changed to KIM@example.org\n"
    );
    assert!(export(&here).contains("KIM@example.org,confirmed"));
}

#[test]
fn whose_address_it_was_is_no_reason_that_passes_by_itself() {
    let here = with_two();
    let relay = Relay::new();
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    assert_eq!(here.run(&send).code, 0);
    done(&here, &["suppress", OLD, "--why", "gone", "--reason", "hard-bounce"]);
    to(&here, OLD, NEW);
    let back = "digest subscribers set minji@new.example --set email=kim@example.org";
    let other = "digest subscribers release kim@example.org --reason moved --why TEXT";
    for line in [
        &["release", OLD, "--why", "x"][..],
        &["release", OLD, "--why", "x", "--reason", "all"],
        &["add", OLD],
        &["set", "ada@example.org", "--set", "email=kim@example.org"],
    ] {
        let told = fails(&here, line);
        for words in ["kim@example.org is an earlier address of minji@new.example", back, other] {
            assert!(told.contains(words), "{line:?}: no {words:?} in {told}");
        }
        assert!(is_suppressed(&here, OLD) && !is_suppressed(&here, NEW), "{line:?}");
    }
    let told = done(&here, &["import", "members.csv", "--plan"]).stdout;
    for words in
        ["1 row has an earlier address of somebody", "  kim@example.org, now minji@new.example\n"]
    {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    // Of two reasons the one ends that is over. That it is an earlier address does so alone.
    done(&here, &["release", OLD, "--why", "works again", "--reason", "hard-bounce"]);
    assert!(is_suppressed(&here, OLD));
    done(&here, &["release", OLD, "--why", "another person", "--reason", "moved"]);
    assert!(!is_suppressed(&here, OLD));
    done(&here, &["add", OLD, "--consent", "c"]);
    assert_eq!(json(&here, &["show", NEW])["former"][0]["address"], OLD);
    // The person who has it now has it as an earlier address in turn, and so do both.
    to(&here, OLD, "second@new.example");
    for who in [NEW, "second@new.example"] {
        assert_eq!(json(&here, &["show", who])["former"][0]["address"], OLD, "{who}");
    }
    // Nobody can tell of a link to it who of the two says no: no no is lost.
    done(&here, &["suppress", "--token", &link_to(&relay, OLD)]);
    for who in [OLD, NEW, "second@new.example"] {
        assert!(is_suppressed(&here, who), "{who}");
    }
}

#[test]
fn what_went_to_an_address_stays_with_who_had_it_when_somebody_else_takes_it() {
    let here = with_two();
    let relay = Relay::new();
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    assert_eq!(here.run(&send).code, 0);
    to(&here, OLD, NEW);
    done(&here, &["release", OLD, "--why", "another person", "--reason", "moved"]);
    let plan = here.run(&["plan", "2025-11", "--json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(plan["to_send"], 0, "{plan}");
    done(&here, &["add", OLD, "--consent", "c"]);
    let got = |only: &str| done(&here, &["list", "--only", only]).stdout;
    assert!(got("got:2025-11").contains(NEW) && !got("got:2025-11").contains(OLD));
    let before = relay.accepted().len();
    assert_eq!(here.run(&send).code, 0);
    let new: Vec<_> = relay.accepted().drain(before..).flat_map(|mail| mail.recipients).collect();
    assert_eq!(new, [OLD], "who has the address now gets it, and nobody twice");
    // What goes to the one is not told to the other.
    let issues = json(&here, &["show", NEW])["issues"].clone();
    assert_eq!(issues.as_array().map(Vec::len), Some(1), "{issues}");
}

#[test]
fn an_exception_by_an_earlier_address_holds() {
    let here = with_two().write("gone.txt", "kim@example.org\n");
    to(&here, OLD, NEW);
    let plan = here.run(&["plan", "2025-11", "--json", "--except", "gone.txt"]);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(plan["to_send"], 1, "{plan}");
}

#[test]
fn who_is_forgotten_leaves_an_address_to_whoever_has_it_now() {
    let here = with_two();
    to(&here, OLD, NEW);
    done(&here, &["release", OLD, "--why", "another person", "--reason", "moved"]);
    done(&here, &["add", OLD, "--consent", "c"]);
    let told = done(&here, &["forget", NEW]);
    assert!(told.stderr.contains("kim@example.org was an address of this person"), "{told:?}");
    let known = json(&here, &["show", OLD]);
    assert_eq!((&known["forgotten"], &known["now"]), (&false.into(), &Value::Null));
    assert_eq!(known["subscriber"]["status"], "confirmed");
    done(&here, &["forget", OLD]);
    assert_eq!(json(&here, &["show", OLD])["forgotten"], true);
}

#[test]
fn the_way_back_names_what_else_keeps_the_address_out() {
    let here = with_two();
    to(&here, OLD, NEW);
    done(&here, &["suppress", OLD, "--why", "gone", "--reason", "hard-bounce"]);
    let back = ["set", NEW, "--set", "email=kim@example.org"];
    let told = fails(&here, &back);
    let release = "digest subscribers release kim@example.org --reason hard-bounce --why TEXT";
    assert!(told.contains(release), "{told}");
    done(&here, &["release", OLD, "--reason", "hard-bounce", "--why", "works again"]);
    done(&here, &back);
    assert!(!is_suppressed(&here, OLD) && is_suppressed(&here, NEW));
    let told = here.run(&["subscribers", "set", OLD, "--set", "e-mail=a@b.example"]);
    assert!(told.code == 2 && told.stderr.contains("the address is called email"), "{told:?}");
    let told = here.run(&["subscribers", "set", NEW, "--set", "city=Seoul"]);
    assert!(told.code == 1 && !told.stderr.contains("new field"), "{told:?}");
    let told = here.run(&["subscribers", "tag", "board", NEW]);
    assert!(told.stdout.contains("an earlier address of kim@example.org"), "{told:?}");
}

#[test]
fn who_is_forgotten_is_so_under_each_of_their_addresses() {
    let here = with_two();
    let relay = Relay::new();
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    assert_eq!(here.run(&send).code, 0);
    to(&here, OLD, NEW);
    let told = fails(&here, &["forget", OLD]);
    assert!(told.contains("digest subscribers forget minji@new.example"), "{told}");
    done(&here, &["forget", NEW]);
    for who in [OLD, NEW] {
        let known = json(&here, &["show", who]);
        assert_eq!((&known["forgotten"], &known["subscriber"]), (&true.into(), &Value::Null));
        assert_eq!((&known["former"], &known["now"]), (&serde_json::json!([]), &Value::Null));
    }
    assert_eq!(counts(&import(&here, &["members.csv"])), [("forgotten", 1), ("same", 1)]);
    if let Ok(bytes) = std::fs::read(here.path("digest.db")) {
        for word in ["kim@", "Kim@", "minji@", "Minji"] {
            let is_there = bytes.windows(word.len()).any(|found| found == word.as_bytes());
            assert!(!is_there, "{word} is in the store");
        }
    }
}

#[test]
fn a_wish_under_an_earlier_address_is_one_of_the_person() {
    let wish = "From: kim@example.org\r\nTo: digest@sejong.example\r\nSubject: unsubscribe\r\n\
        Message-ID: <1@example.org>\r\nDate: Thu, 6 Nov 2025 15:00:00 +0000\r\n\r\nPlease unsubscribe me.\r\n";
    for (settle, is_out) in [
        (&["subscribers", "remove", NEW, "--why", "by mail"][..], true),
        (&["subscribers", "suppress", NEW, "--why", "by mail", "--reason", "unsubscribed"], true),
        (&["bounces", "dismiss", NEW], false),
    ] {
        let here = with_two().write("wish.eml", wish);
        assert_eq!(here.run(&["bounces", "read", "wish.eml"]).code, 0);
        let told = done(&here, &["set", OLD, "--set", "email=minji@new.example"]);
        for words in
            ["under kim@example.org this person asked to leave", "remove minji@new.example"]
        {
            assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
        }
        let told = done(&here, &["show", NEW]).stdout;
        assert!(
            told.contains("for a person to decide: unsubscribe (under kim@example.org)"),
            "{told}"
        );
        let told = here.run(&["bounces", "list"]).stdout;
        assert!(told.contains("\tis minji@new.example now\t"), "{told}");
        done(&here, &["suppress", NEW, "--why", "gone", "--reason", "hard-bounce"]);
        let told = here.run(&["subscribers", "release", NEW, "--why", "works again"]);
        assert!(told.code == 3 && told.stderr.contains("asked to leave under kim@"), "{told:?}");
        assert_eq!(here.run(settle).code, 0, "{settle:?}");
        assert_eq!(here.run(&["bounces", "list"]).stdout, "", "{settle:?}");
        let released =
            here.run(&["subscribers", "release", NEW, "--why", "x", "--reason", "hard-bounce"]);
        assert_eq!((released.code, is_suppressed(&here, NEW)), (0, is_out), "{settle:?}");
    }
}

#[test]
fn where_a_file_is_sent_to_the_new_address_belongs_into_it() {
    let list = "email\nkim@example.org\nada@example.org\n";
    let here = with_two().write("subscribers.csv", list);
    let source = "[audience]\nsource = \"file\"\n";
    let config = format!("{}\n{source}", here.read("digest.toml"));
    let here = here.write("digest.toml", &config);
    let told = done(&here, &["set", OLD, "--set", "email=minji@new.example"]);
    assert!(told.stderr.contains("write minji@new.example in its place there"), "{told:?}");
}

#[test]
fn an_address_that_is_changed_in_an_export_is_no_second_person() {
    let here = with_two();
    let list = export(&here).replace("Kim@example.org", NEW);
    let here = here.write("list.csv", &list);
    let set = "digest subscribers set Kim@example.org --set email=minji@new.example";
    // The plan is shown, and ends as the import does.
    let told = here.run(&["subscribers", "import", "list.csv", "--plan"]);
    assert!(told.code == 3 && told.stderr.contains(set), "{told:?}");
    assert!(told.stdout.contains("add                      1\n"), "{told:?}");
    let told = here.run(&["subscribers", "import", "list.csv"]);
    assert!(told.code == 3 && told.stderr.contains(set), "{told:?}");
    assert_eq!(done(&here, &["list", "--count"]).stdout, "2\n");
    to(&here, OLD, NEW);
    done(&here, &["import", "list.csv"]);
    assert_eq!(done(&here, &["list", "--count"]).stdout, "2\n");
    // Whose row says something else is somebody else.
    let list = export(&here).replace(NEW, "lee@x.example").replace("Minji", "Lee");
    let here = here.write("list.csv", &list);
    let told = done(&here, &["import", "list.csv", "--plan"]);
    assert!(!told.stderr.contains("second time"), "{told:?}");
}

#[test]
fn a_no_in_a_row_with_another_address_names_who_still_gets_mail() {
    let remove = "digest subscribers remove Kim@example.org";
    // In the column of the status, and in that of those who are suppressed.
    for (before, after) in [
        ("Kim@example.org,confirmed,", "minji@new.example,unsubscribed,"),
        ("Kim@example.org,confirmed,", "minji@new.example,confirmed,unsubscribed"),
        ("Kim@example.org,confirmed,", "minji@new.example,complained,"),
    ] {
        let here = with_two();
        let list = export(&here).replace(before, after);
        let here = here.write("list.csv", &list);
        let says = format!(
            "line 3 looks like Kim@example.org with another address, who still gets mail: `{remove}`"
        );
        for line in [&["import", "list.csv", "--plan"][..], &["import", "list.csv"]] {
            let told = fails(&here, line);
            assert!(told.contains(&says) && !told.contains("second time"), "{after}: {told}");
        }
        assert!(is_suppressed(&here, NEW) && !is_suppressed(&here, OLD), "{after}");
        done(&here, &["remove", OLD]);
        assert_eq!(plan(&here, &[])["to_send"], 1, "{after}");
    }
    // Who gets no mail any more is not named, nor is anybody whose row says something else.
    let here = with_two();
    let list = export(&here).replace("Kim@example.org,confirmed", "minji@new.example,unsubscribed");
    let other = list.replace(",Minji,", ",Lee,");
    assert_ne!(list, other);
    let here = here.write("list.csv", &list).write("other.csv", other);
    assert!(!done(&here, &["import", "other.csv", "--plan"]).stderr.contains("looks like"));
    done(&here, &["suppress", "example.org", "--domain", "--why", "the company asked"]);
    assert!(!done(&here, &["import", "list.csv"]).stderr.contains("looks like"));
}
