//! One person of the store's list: brought in, changed, ended, shown and forgotten.

use sejong_digest::delivery::ledger;
use sejong_digest::store::{Store, sql};
use serde_json::{Value, json as value};

use crate::harness::Publication;
use crate::harness::server::only_files;
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
    if only_files("bytes of a file") {
        return;
    }
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

/// A list that somebody keeps in a file is lost by one slip of the name.
#[test]
fn an_export_replaces_an_earlier_one_and_no_other_file() {
    let here = with_two();
    let list = here.read("members.csv");
    let told = fails(&here, &["export", "-o", "members.csv"], 1);
    assert!(told.contains("members.csv exists and is no export of this program"), "{told}");
    assert_eq!(here.read("members.csv"), list);
    done(&here, &["export", "-o", "out.csv"]);
    // The same again is nothing that anybody could lose.
    done(&here, &["export", "-o", "out.csv"]);
    // What somebody has written into it is in no other place.
    let edited =
        here.read("out.csv").replace("ada@example.org,confirmed", "ada@example.org,unsubscribed");
    for text in [edited.clone(), format!("{edited}zoe@example.org"), here.read("out.csv") + "\n"] {
        std::fs::write(here.path("edited.csv"), &text).expect("a file");
        let told = fails(&here, &["export", "-o", "edited.csv"], 1);
        for words in ["edited.csv exists", "import edited.csv --update overwrite", "--replace"] {
            assert!(told.contains(words), "no {words:?} in {told}");
        }
        assert_eq!(here.read("edited.csv"), text);
    }
    done(&here, &["set", KIM, "--set", "city=Seoul"]);
    assert!(fails(&here, &["export", "-o", "out.csv"], 1).contains("--replace"));
    done(&here, &["export", "-o", "out.csv", "--replace"]);
    assert_eq!(here.read("out.csv"), export(&here));
    assert!(here.read("out.csv").contains(",city,first_name,"));
    assert!(fails(&here, &["export", "-o", "members.csv", "--replace"], 1).contains("no export"));
    // Nor one with our columns and others.
    let mine = here.read("out.csv").replace("email,status", "email,my_notes,status");
    let here = here.write("mine.csv", mine).write("empty.csv", "");
    assert!(fails(&here, &["export", "-o", "mine.csv"], 1).contains("nothing is written over it"));
    done(&here, &["export", "-o", "empty.csv"]);
}

/// What comes of somebody who was forgotten is not written: it would name them anew.
#[test]
fn who_is_forgotten_is_written_by_nothing_that_names_them_again() {
    if only_files("bytes of a file") {
        return;
    }
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

#[test]
fn the_list_says_who_has_an_earlier_issue() {
    let here = with_two();
    let relay = Relay::new();
    let line = ["send", "2025-11", "--yes", "--to", KIM, "--relay", &relay.url()];
    assert_eq!(here.run(&line).code, 0);
    for (only, count) in [
        ("got:2025-11", "1\n"),
        ("not got:2025-11", "1\n"),
        ("got:2025-11 or email=ada@example.org", "2\n"),
    ] {
        assert_eq!(done(&here, &["list", "--only", only, "--count"]).stdout, count, "{only}");
    }
    let told = fails(&here, &["list", "--only", "got:2025-12"], 2);
    assert!(told.contains("2025-12"), "{told}");
}

/// Who gets no mail needs no record of a consent.
#[test]
fn doctor_counts_no_consent_of_people_who_get_no_mail() {
    let here = with_two();
    for (who, domain) in
        [("zoe@example.org", false), ("max@x.example", true), ("tim@example.org", false)]
    {
        done(&here, &["add", who]);
        let what = if domain { "x.example" } else { who };
        let line = ["suppress", what, "--why", "w"];
        let more: &[&str] = if domain { &["--domain"] } else { &[] };
        done(&here, &[&line[..], more].concat());
    }
    let told = || here.run(&["doctor", "--offline"]).stdout;
    assert!(told().contains("how they agreed: 2 people of the store"), "{}", told());
    done(&here, &["release", "tim@example.org", "--why", "w"]);
    assert!(told().contains("of 3 people of the store who get mail, 1 is without"), "{}", told());
}

/// A release alone brings nobody in.
#[test]
fn a_release_of_somebody_whom_no_list_has_says_what_brings_them_in() {
    let here = with_two();
    let release = |here: &Publication, who: &str| {
        done(here, &["suppress", who, "--why", "w"]);
        done(here, &["release", who, "--why", "w"]).stderr
    };
    assert_eq!(release(&here, KIM), "");
    let told = release(&here, "zoe@example.org");
    assert!(told.contains("digest subscribers add zoe@example.org --consent TEXT"), "{told}");
    let here = here.write("subscribers.csv", "email\nzoe@example.org\n");
    let toml = here.read("digest.toml") + "\n[audience]\nsource = \"file\"\n";
    let here = here.write("digest.toml", toml);
    assert_eq!(release(&here, "zoe@example.org"), "");
    let told = release(&here, KIM);
    assert!(told.contains("is not in subscribers.csv: for the next issue, write"), "{told}");
}

/// What is changed in the store is in no mail where sends use a file.
#[test]
fn a_change_in_a_store_that_no_send_uses_is_told() {
    let here = with_two().write("subscribers.csv", "email\nkim@example.org\n");
    let lines: [&[&str]; 3] = [
        &["set", KIM, "--language", "ko"],
        &["tag", "board", KIM],
        &["import", "members.csv", "--consent", "c"],
    ];
    let toml = here.read("digest.toml");
    for (source, is_told) in [("file", true), ("store", false)] {
        let toml = format!("{toml}\n[audience]\nsource = \"{source}\"\n");
        std::fs::write(here.path("digest.toml"), toml).expect("a file");
        for line in lines {
            let told = done(&here, line).stderr;
            let words = "this is in the store, and the next send uses subscribers.csv";
            assert_eq!(told.contains(words), is_told, "{line:?}: {told}");
        }
        let told = done(&here, &["remove", "ada@example.org"]).stderr;
        assert_eq!(told, "", "who is suppressed is so for every list");
    }
}

/// Somebody who reads for a moment is waited for.
#[test]
fn a_person_is_forgotten_beside_somebody_who_reads() {
    let here = with_two();
    if !here.store_url().starts_with("sqlite:") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (reader, reading) = runtime.block_on(async {
        let store = Store::read(here.path("digest.db"), &ledger::STEPS).await.expect("the store");
        let mut reading = store.pool().begin().await.expect("a transaction");
        let people = "SELECT count(*) FROM subscriber";
        let people: i64 =
            sql::query_scalar(people).fetch_one(&mut *reading).await.expect("a count");
        assert_eq!(people, 2);
        (store, reading)
    });
    let forgetting = here.start(&["subscribers", "forget", KIM]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    runtime.block_on(async {
        drop(reading);
        reader.close().await;
    });
    let told = forgetting.wait();
    assert!(told.code == 0 && !told.stderr.contains("once more"), "{told:?}");
    let bytes = std::fs::read(here.path("digest.db")).expect("the store");
    assert!(!bytes.windows(4).any(|found| found == b"kim@"), "the address is in the store");
}

/// A large import has the store for a while. Nobody's no is lost for that, and whoever waits is told for
/// whom.
#[test]
fn who_leaves_while_an_import_has_the_store_waits_and_is_suppressed() {
    let rows = |city: &str| -> String {
        let row = |at: u32| format!("p{at}@x.example,{city}\n");
        "email,city\n".to_owned() + &(0..40_000).map(row).collect::<String>()
    };
    let here =
        Publication::new().write("members.csv", rows("Seoul")).write("moved.csv", rows("Busan"));
    import(&here, &["members.csv"]);
    let line = ["subscribers", "import", "moved.csv", "--update", "overwrite", "--consent", "c"];
    let importing = here.start(&line);
    let mut left = 0;
    // Before it has begun to write, meanwhile, and at its end.
    for at in 0..200 {
        let who = format!("p{at}@x.example");
        done(&here, &["suppress", &who, "--why", "asked", "--reason", "unsubscribed"]);
        left = at + 1;
        if here.run(&["subscribers", "list", "--only", "city=Busan", "--count"]).stdout != "0\n" {
            break;
        }
    }
    assert_eq!(importing.wait().code, 0);
    let count = |line: &[&str]| done(&here, line).stdout.lines().count();
    assert_eq!(count(&["list", "--suppressed"]), left);
    assert_eq!(plan(&here, &[])["to_send"], 40_000 - left);
}

#[test]
fn who_waits_for_somebody_that_writes_to_the_store_says_so() {
    let here = with_two();
    if !here.store_url().starts_with("sqlite:") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let path = here.path("digest.db");
    let (store, lock, writing) = runtime.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.expect("the store");
        let lock = store.lock("process 1 (import of members.csv)").await.expect("the lock");
        let writing = store.begin().await.expect("a transaction");
        (store, lock, writing)
    });
    let lines: [&[&str]; 3] = [
        &["subscribers", "suppress", KIM, "--why", "asked"],
        &["subscribers", "set", "ada@example.org", "--language", "ko"],
        &["subscribers", "remove", "ada@example.org"],
    ];
    let all = lines.map(|line| here.start(line));
    for running in &all {
        running.says("waiting for process 1 (import of members.csv), which writes to digest.db");
    }
    runtime.block_on(async {
        drop(writing);
        drop(lock);
        store.close().await;
    });
    for running in all {
        let told = running.wait();
        assert_eq!(told.code, 0, "{told:?}");
    }
    assert_eq!(show(&here, KIM)["suppressed"], true);
    assert_eq!(show(&here, "ada@example.org")["subscriber"]["language"], "ko");
}

/// Slips of the pen are told where they are made.
#[test]
fn a_slip_in_a_tag_a_field_or_an_expression_is_told() {
    let here = with_two();
    done(&here, &["tag", "board", KIM]);
    done(&here, &["set", KIM, "--set", "city=Seoul"]);
    for (line, told) in [
        (
            &["set", KIM, "--set", "citty=Busan"][..],
            "citty is a new field: nobody had it before; did you mean city?",
        ),
        (&["list", "--only", "tag:bord"], "nobody has tag:bord: did you mean tag:board?"),
        (&["list", "--only", "cty=Seoul"], "nobody has a field cty: did you mean city?"),
        (
            &["list", "--only", "status=confirmd", "--count"],
            "nobody has status=confirmd: did you mean",
        ),
        (
            &["list", "--only", "status=gone", "--count"],
            "status=confirmed, status=unconfirmed, status=unsubscribed",
        ),
    ] {
        let output = done(&here, line);
        assert!(output.stderr.contains(told), "{line:?}: {output:?}");
    }
    let toml = here.read("digest.toml") + "[segment.board]\nonly = \"tag:board\"\n";
    let here = here.write("digest.toml", toml);
    assert_eq!(done(&here, &["list", "--only", "segment:board", "--count"]).stdout, "1\n");
    let told = fails(&here, &["list", "--only", "\"\" in status"], 2);
    assert!(told.contains("status=confirmed, status=unconfirmed, status=unsubscribed"), "{told}");
    let told = fails(&here, &["list", "--only", "segment:bord"], 2);
    assert!(told.contains("board"), "{told}");
    let told = here.run(&["subscribers", "tag", "press", "zoe@example.org", "ada@example.org"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert_eq!(told.stdout, "zoe@example.org: not in the list\nada@example.org: tagged\n");
    for line in [
        &["set", KIM, "--set", "city=Busan"][..],
        &["list", "--only", "tag:board or city=Busan"],
        &["list", "--only", "status=confirmed", "--count"],
        &["list", "--only", "status=unconfirmed", "--count"],
    ] {
        assert_eq!(done(&here, line).stderr, "", "{line:?}");
    }
    for (line, told) in [
        (&["tag", "board, press", KIM][..], "a semicolon stands between tags: 'board;press'"),
        (&["add", "zoe@example.org", "--tag", "board,press"], "'board;press'"),
        (&["set", KIM, "--set", "City=Seoul"], "such as city"),
        (&["show", "kim@example.org."], "delete the full stop at the end"),
    ] {
        let told_all = fails(&here, line, 2);
        assert!(told_all.contains(told), "{line:?}: {told_all}");
    }
    assert!(done(&here, &["show", "Kim <kim@example.org>"]).stdout.contains("city: Busan"));
    assert!(fails(&here, &["import", ".", "--plan"], 3).contains("error: . cannot be read"));
    let list = export(&here).replace(",import,", ",,").replace("signed up on our site", "");
    let here = here.write("list.csv", list);
    // Who is there already has said so: nothing is asked.
    done(&here, &["import", "list.csv"]);
}
