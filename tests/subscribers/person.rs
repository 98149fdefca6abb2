//! One person of the store's list: brought in, changed, ended, shown and forgotten.

use serde_json::{Value, json as value};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{done, export, import, json};

const KIM: &str = "kim@example.org";

/// Kim and Ada, by an import.
fn with_two() -> Publication {
    let here = Publication::new()
        .write("members.csv", "email,first_name\nKim@example.org,Minji\nada@example.org,Ada\n");
    import(&here, &["members.csv"]);
    here
}

fn show(here: &Publication, who: &str) -> Value {
    json(here, &["show", who])
}

fn plan(here: &Publication, line: &[&str]) -> Value {
    let told = here.run(&[&["plan", "2025-11", "--json"], line].concat());
    assert_eq!(told.code, 0, "{told:?}");
    serde_json::from_str(&told.stdout).expect("JSON")
}

/// A command of `subscribers` that ends with this code, and what it says.
fn fails(here: &Publication, line: &[&str], code: i32) -> String {
    let told = here.run(&[&["subscribers"], line].concat());
    assert_eq!(told.code, code, "{line:?}: {told:?}");
    told.stderr
}

#[test]
fn a_person_is_added_with_consent_and_shown_with_all_that_is_known() {
    let here = Publication::new();
    let line = ["add", "Park@Example.org", "--name", "Park Jiwoo", "--set", "city=Seoul", "--tag"];
    let more =
        ["board", "--language", "ko", "--topics", "-events; -jobs", "--consent", "by  phone"];
    done(&here, &[&line[..], &more[..]].concat());
    let known = show(&here, "park@example.org");
    let found = &known["subscriber"];
    assert_eq!(found["email"], "Park@example.org");
    assert_eq!(found["fields"], value!({"name": "Park Jiwoo", "city": "Seoul"}));
    assert_eq!((&found["tags"], &found["topics"]), (&value!(["board"]), &"-events;-jobs".into()));
    assert_eq!(
        (&found["consent"]["how"], &found["consent"]["words"]),
        (&"by hand".into(), &"by phone".into())
    );
    assert_eq!(
        (&known["changes"][0]["origin"], &known["suppressed"]),
        (&"command".into(), &false.into())
    );
    let told = done(&here, &["show", "park@example.org"]).stdout;
    for words in
        ["  status: confirmed\n", "  city: Seoul\n", "  consent: by hand, ", ": added (command)\n"]
    {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(fails(&here, &["add", "park@example.org"], 1).contains("in the list already"));
    assert_eq!(plan(&here, &[])["to_send"], 1);
}

#[test]
fn what_is_said_of_a_person_is_changed_and_what_was_before_is_kept() {
    let here = with_two();
    done(&here, &["set", KIM, "--set", "city=Seoul", "--set", "first_name=", "--language", "ko"]);
    done(&here, &["tag", "board", KIM, "ada@example.org"]);
    done(&here, &["tag", "board", "ada@example.org", "--remove"]);
    assert_eq!(
        done(&here, &["set", KIM, "--language", "ko"]).stdout,
        "kim@example.org: nothing to change\n"
    );
    let known = show(&here, KIM);
    assert_eq!(known["subscriber"]["fields"], value!({"city": "Seoul"}));
    assert_eq!(known["changes"][0]["import"], 1);
    let changes: Vec<&Value> =
        known["changes"].as_array().expect("events").iter().skip(1).collect();
    let both = value!([["language", "", "ko"], ["city", "", "Seoul"], ["first_name", "Minji", ""]]);
    assert_eq!((changes.len(), &changes[0]["changes"]), (2, &both));
    assert_eq!(changes[1]["changes"], value!([["tags", "", "board"]]));
    assert_eq!(done(&here, &["list", "--only", "tag:board", "--count"]).stdout, "1\n");
    assert_eq!(done(&here, &["list", "--only", "status=confirmed", "--count"]).stdout, "2\n");
    for (line, told) in [
        (&["set", "zoe@example.org", "--name", "Zoe"][..], "is not in the list"),
        (&["set", KIM, "--set", "Status=gone"], "no name of a field"),
        (&["set", KIM, "--set", "status=gone"], "the store keeps it by itself"),
        (&["set", KIM, "--set", "city"], "such as --set city=Seoul"),
        (&["set", KIM, "--topics", "events;-jobs"], "mixes topics"),
        (&["tag", "=cmd()", KIM], "cannot be a tag"),
    ] {
        let here = here.run(&[&["subscribers"], line].concat());
        assert!(here.code > 0 && here.stderr.contains(told), "{line:?}: {here:?}");
    }
}

#[test]
fn a_removed_person_gets_nothing_until_they_are_released() {
    let here = with_two();
    done(&here, &["remove", KIM, "--why", "asked by phone"]);
    let told = plan(&here, &[]);
    assert_eq!((&told["to_send"], &told["left_out"]), (&1.into(), &1.into()));
    let known = show(&here, KIM);
    assert_eq!(
        (&known["subscriber"]["status"], &known["suppressed"]),
        (&"unsubscribed".into(), &true.into())
    );
    assert_eq!(known["history"][0]["why"], "asked by phone");
    assert!(fails(&here, &["add", KIM], 1).contains("is suppressed (unsubscribed)"));
    assert_eq!(
        import(&here, &["members.csv", "--update", "overwrite"])["stays_suppressed"]["count"],
        1
    );
    done(&here, &["release", KIM, "--why", "asked for it again"]);
    assert_eq!(show(&here, KIM)["subscriber"]["status"], "confirmed");
    assert_eq!(plan(&here, &[])["to_send"], 2);
    assert!(fails(&here, &["remove", "zoe@example.org"], 1).contains("is not in the list"));
}

#[test]
fn a_release_of_somebody_with_several_reasons_names_all_of_them_and_how_each_ends() {
    let here = with_two();
    for reason in ["manual", "hard-bounce", "unsubscribed"] {
        done(&here, &["suppress", KIM, "--why", "w", "--reason", reason]);
    }
    let told = fails(&here, &["release", KIM, "--why", "mended"], 3);
    for words in [
        "several reasons: unsubscribed since 20",
        "(--reason unsubscribed), by hand since 20",
        "(--reason manual), hard bounce since 20",
        "(--reason hard-bounce); nobody was released",
        "--reason all ends all of them",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    let told = done(&here, &["release", KIM, "--why", "mended", "--reason", "hard-bounce"]);
    assert!(told.stderr.contains("is still suppressed (by hand, unsubscribed)"), "{told:?}");
    done(&here, &["release", KIM, "--why", "asked again", "--reason", "all"]);
    assert_eq!(show(&here, KIM)["suppressed"], false);
}

#[test]
fn who_is_forgotten_is_in_no_file_and_is_never_mailed_again() {
    let here = with_two();
    done(&here, &["set", KIM, "--set", "city=Gwangju"]);
    done(&here, &["suppress", KIM, "--why", "Minji wrote to us"]);
    done(&here, &["release", KIM, "--why", "Minji wrote again"]);
    let relay = Relay::new();
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &relay.url()];
    assert_eq!((here.run(&line).code, relay.counts().accepted), (0, 2));
    done(&here, &["forget", "KIM@example.org"]);
    let known = show(&here, KIM);
    assert_eq!((&known["subscriber"], &known["forgotten"]), (&Value::Null, &true.into()));
    assert_eq!(known["issues"], value!([]));
    let status = here.run(&["status", "2025-11", "--json"]).stdout;
    assert!(status.contains("\"accepted\":2"), "{status}");
    assert_eq!((&known["history"], &known["changes"]), (&value!([]), &value!([])));
    let bytes = std::fs::read(here.path("digest.db")).expect("the store");
    for word in ["kim@", "Kim@", "Minji", "Gwangju"] {
        let is_there = bytes.windows(word.len()).any(|found| found == word.as_bytes());
        assert!(!is_there, "{word} is in the store");
    }
    // Neither a file that is imported, nor one that is sent from, nor a hand brings them back.
    assert_eq!(import(&here, &["members.csv"])["forgotten"]["count"], 1);
    let told = plan(&here, &["--subscribers", "members.csv"]);
    assert_eq!((&told["to_send"], &told["suppressed"]), (&0.into(), &1.into()));
    assert!(fails(&here, &["add", KIM], 1).contains("was forgotten"));
    let test = here.run(&["test", "2025-11", "--to", KIM, "--catch", "trial"]);
    assert!(test.code == 3 && test.stderr.contains("was forgotten"), "{test:?}");
    assert!(!export(&here).contains("kim@"));
    // Whoever does not have the secret cannot tell who it was, and sends to nobody.
    let here = here.remove(".digest-secret");
    let told = here.run(&["plan", "2025-11", "--subscribers", "members.csv"]);
    assert!(told.code != 0 && told.stderr.contains("put back .digest-secret"), "{told:?}");
}

/// What comes of somebody who was forgotten is not written: it would name them anew.
#[test]
fn who_is_forgotten_is_written_by_nothing_that_names_them_again() {
    let here = with_two().write("gone.txt", "kim@example.org\nada@example.org\n");
    done(&here, &["forget", KIM]);
    let told = done(&here, &["suppress", KIM, "--why", "by phone"]);
    assert_eq!(told.stdout, "kim@example.org: was forgotten, nothing to do\n");
    assert_eq!(told.stderr, "", "{told:?}");
    let told = done(&here, &["suppress", "--file", "gone.txt", "--why", "a list"]).stdout;
    assert!(told.contains("ada@example.org: suppressed (by hand)\n"), "{told}");
    assert!(told.contains("kim@example.org: was forgotten, nothing to do\n"), "{told}");
    let people: String = (0..25).map(|number| format!("r{number}@x.example\n")).collect();
    let here = here.write("many.txt", format!("{people}{KIM}\n"));
    let told = done(&here, &["suppress", "--file", "many.txt", "--why", "a list"]).stdout;
    let words =
        "25 suppressed (by hand); 0 were suppressed before; 1 was forgotten, nothing to do\n";
    assert_eq!(told, words);
    let bytes = std::fs::read(here.path("digest.db")).expect("the store");
    assert!(!bytes.windows(4).any(|found| found == b"kim@"), "the address is in the store");
    let known = done(&here, &["show", KIM]).stdout;
    assert!(known.contains("  forgotten: ") && !known.contains("suppressed"), "{known}");
    // No trial goes to them, whatever is allowed.
    let trial = ["test", "2025-11", "--to", KIM, "--catch", "trial", "--despite-suppression"];
    let told = here.run(&trial);
    assert!(told.code == 3 && told.stderr.contains("was forgotten and gets no mail"), "{told:?}");
    assert!(!here.exists("trial"));
    // Without the key nobody can tell who was forgotten: a no is written all the same.
    let here = here.remove(".digest-secret");
    let told = done(&here, &["suppress", "zoe@example.org", "--why", "by phone"]).stdout;
    assert_eq!(told, "zoe@example.org: suppressed (by hand)\n");
}

#[test]
fn doctor_says_of_how_many_nobody_has_written_down_how_they_agreed() {
    let consent = |here: &Publication| -> Vec<Value> {
        let told = here.run(&["doctor", "--offline", "--json"]);
        let all: Vec<Value> = serde_json::from_str(&told.stdout).expect("JSON");
        all.into_iter().filter(|one| one["check"] == "consent").collect()
    };
    assert_eq!(consent(&Publication::with_subscribers()), [] as [Value; 0]);
    let here = with_two();
    let found = consent(&here);
    assert_eq!(found[0]["level"], "ok", "{found:?}");
    done(&here, &["add", "zoe@example.org"]);
    let found = consent(&here);
    assert_eq!(found[0]["level"], "warning", "{found:?}");
    let words = "of 3 people of the store who get mail, 1 is without a record of how they agreed, \
         such as zoe@example.org";
    assert_eq!(found[0]["message"], words);
    assert!(found[0]["help"].as_str().expect("help").contains("set ADDRESS --consent TEXT"));
    done(&here, &["set", "zoe@example.org", "--consent", "wrote to us"]);
    assert_eq!(consent(&here)[0]["level"], "ok");
}
