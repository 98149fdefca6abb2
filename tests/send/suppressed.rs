//! `digest subscribers` and what it means for every command that mails: who is suppressed gets
//! nothing, whatever a list says, and it is said why.

use std::io::Write as _;
use std::process::Stdio;

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Output, Publication};
use crate::outcomes;
use crate::relay::Relay;
use crate::{book, counts, send, with_readers};

/// Suppresses somebody, and expects no trouble.
fn suppress(here: &Publication, line: &[&str]) -> Output {
    let told = here.run(&[&["subscribers", "suppress"], line].concat());
    assert_eq!(told.code, 0, "{told:?}");
    told
}

fn json(here: &Publication, line: &[&str]) -> Value {
    let told = here.run(line);
    assert_eq!(told.code, 0, "{told:?}");
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

/// Three people of six, for two reasons, one of them by a domain.
fn with_three_out() -> Publication {
    let list = "email,first_name\nr001@x.example,A\nr002@x.example,B\nr003@x.example,C\n\
                r004@x.example,D\nkim@y.example,E\nkim@sub.y.example,F\n";
    let here = with_readers(0).write(crate::LIST, list);
    suppress(
        &here,
        &["R001@X.example", "r002@x.example", "--why", "asked", "--reason"]
            .into_iter()
            .chain(["unsubscribed"])
            .collect::<Vec<_>>(),
    );
    suppress(&here, &["@y.example", "--domain", "--why", "dead", "--reason", "hard-bounce"]);
    here
}

#[test]
fn who_is_suppressed_gets_nothing_and_the_plan_says_why() {
    let (here, relay) = (with_three_out(), Relay::new());
    let plan = here.run(&["plan", "2025-11"]);
    let line = "Not to    3 suppressed: 2 unsubscribed, 1 hard bounce\n";
    assert!(plan.code == 0 && plan.stdout.contains(line), "{plan:?}");
    assert!(plan.stdout.contains("To        3 recipients"), "{plan:?}");
    let plan = json(&here, &["plan", "2025-11", "--json"]);
    let reasons = serde_json::json!({"unsubscribed": 2, "hard-bounce": 1});
    assert_eq!((&plan["suppressed"], &plan["suppressed_by_reason"]), (&3.into(), &reasons));
    assert_eq!((&plan["to_send"], &plan["left_out"]), (&3.into(), &0.into()));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [3, 0, 0, 0, 0, 0]), "{told:?}");
    let got: Vec<String> = relay.copies().into_keys().collect();
    assert_eq!(got, ["kim@sub.y.example", "r003@x.example", "r004@x.example"]);
    // One person alone, and a fresh rehearsal, are no way around it.
    let told = send(&here, &relay, &["--to", "r001@x.example"]);
    assert_eq!((told.code, relay.counts().accepted), (3, 3), "{told:?}");
    for words in ["r001@x.example is suppressed (unsubscribed)", "digest subscribers release"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

#[test]
fn who_waited_and_is_suppressed_since_is_told_with_the_reason_and_gets_it_once_released() {
    let here = with_readers(20);
    let busy = outcomes::script(&["r002", "r003"], "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &[]).code, 4);
    suppress(&here, &["r002@x.example", "r003@x.example", "--why", "wrote to us"]);
    let waits = here.run(&["status", "2025-11", "--missed"]);
    let row = "r002@x.example\tdeferred\tsuppressed since: the next send leaves them out\t";
    assert!(waits.stdout.contains(row), "{waits:?}");
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [18, 0, 0, 0, 2, 0]), "{told:?}");
    assert_eq!(relay.counts().accepted, 0);
    let missed = here.run(&["status", "2025-11", "--missed"]);
    let row = "r002@x.example\tsuppressed\tsuppressed: no send goes to this person\t";
    assert!(missed.stdout.contains(row) && missed.stdout.contains("\tsuppressed: manual\n"));
    let listed = here.run(&["status", "2025-11", "--list", "suppressed"]);
    assert_eq!(listed.stdout.matches("suppressed: manual").count(), 2, "{listed:?}");
    let shown = here.run(&["subscribers", "show", "r002@x.example"]);
    for words in ["(by hand): wrote to us\n", "  2025-11: suppressed (suppressed: manual)\n"] {
        assert!(shown.stdout.contains(words), "no {words:?} in {}", shown.stdout);
    }
    let released =
        here.run(&["subscribers", "release", "R002@x.example", "--why", "wants it after all"]);
    assert_eq!((released.code, released.stdout.as_str()), (0, "r002@x.example: released\n"));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [19, 0, 0, 0, 1, 0]), "{told:?}");
    assert_eq!(relay.copies().into_keys().collect::<Vec<_>>(), ["r002@x.example"]);
    let shown = json(&here, &["subscribers", "show", "r002@x.example", "--json"]);
    assert_eq!(shown["suppressed"], false);
    assert_eq!(shown["history"][0]["released_why"], "wants it after all");
    assert_eq!(shown["issues"][0]["state"], "accepted");
}

/// Of those who wait most are suppressed: that says nothing about the list.
#[test]
fn people_who_are_suppressed_are_not_missing_in_the_list() {
    let here = with_readers(30);
    let all: Vec<String> = (1..=28).map(|at| format!("r{at:03}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let busy = outcomes::script(&all, "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &[]).code, 4);
    let gone: String = (1..=15).map(|at| format!("r{at:03}@x.example\n")).collect();
    let here = here.write("gone.txt", gone);
    let told = suppress(&here, &["--file", "gone.txt", "--why", "left the society"]);
    assert_eq!(told.stdout.lines().count(), 15, "{told:?}");
    let told = send(&here, &Relay::new(), &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [15, 0, 0, 0, 15, 0]), "{told:?}");
}

#[test]
fn a_rehearsal_and_another_store_leave_out_whom_the_publications_own_store_names() {
    if only_files("the bytes of the file") {
        return;
    }
    let (here, relay) = (with_three_out(), Relay::new());
    let before = std::fs::read(here.path("digest.db")).expect("a store");
    let told = here.run(&["send", "2025-11", "--catch", "out", "--yes", "--json"]);
    let counted: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!((told.code, &counted["accepted"]), (0, &3.into()), "{told:?}");
    assert_eq!(std::fs::read(here.path("digest.db")).expect("a store"), before);
    let told = send(&here, &relay, &["--store", "sqlite:other.db"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    let plan = here.run(&["plan", "2025-11", "--catch", "new"]);
    assert!(plan.stdout.contains("Not to    3 suppressed: 2 unsub"), "{plan:?}");
}

#[test]
fn a_trial_to_somebody_suppressed_is_refused_unless_said_so_and_render_tells() {
    if only_files("`render` asks no server") {
        return;
    }
    let (here, relay) = (with_three_out(), Relay::new());
    let url = relay.url();
    let line = ["test", "2025-11", "--to", "r003@x.example", "r001@x.example", "--relay", &url];
    let told = here.run(&line);
    assert_eq!((told.code, relay.counts().accepted), (3, 0), "{told:?}");
    let words = "r001@x.example is suppressed (unsubscribed) and gets no mail; nothing was sent";
    assert!(told.stderr.contains(words), "{}", told.stderr);
    assert!(told.stderr.contains("--despite-suppression"), "{}", told.stderr);
    let told = here.run(&[&line[..], &["--despite-suppression"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
    let shown = here.run(&["render", "2025-11", "--format", "text", "--as", "kim@y.example"]);
    let words = "kim@y.example is suppressed since ";
    assert!(shown.code == 0 && shown.stderr.contains(words), "{}", shown.stderr);
    assert!(shown.stderr.contains("(hard bounce) and gets no mail: dead"), "{}", shown.stderr);
}

/// Who gets no mail needs no name.
#[test]
fn check_does_not_ask_for_fields_of_somebody_who_is_suppressed() {
    if only_files("`check` asks no server") {
        return;
    }
    let here = Publication::new()
        .write("subscribers.csv", "email,town\nkim@x.example,Seoul\nlee@x.example,\n")
        .edit("issues/2025-11/issue.toml", "{{ first_name | reader }}", "{{ town }}");
    assert_eq!(here.run(&["check"]).code, 3);
    suppress(&here, &["lee@x.example", "--why", "asked"]);
    let told = here.run(&["check"]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn addresses_come_from_a_file_a_pipe_or_a_link() {
    let here = with_readers(3);
    let csv = "Email Address,Name\nr001@x.example,A\n\"R002@x.example\",B\n";
    let here = here.write("gone.csv", csv);
    suppress(&here, &["--file", "gone.csv", "--why", "left"]);
    let mut piped = here.command(DIGEST);
    piped.args(["subscribers", "suppress", "-", "--why", "a pipe"]).stdin(Stdio::piped());
    let mut child = piped.stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(b"ada@x.example\nlee@x.example\n").expect("read");
    let told = child.wait_with_output().expect("it ends");
    let told = String::from_utf8(told.stdout).expect("text");
    assert_eq!(told, "ada@x.example: suppressed (by hand)\nlee@x.example: suppressed (by hand)\n");
    let message = here.run(&["render", "2025-11", "--format", "text", "--as", "r003@x.example"]);
    let link = message.stdout.split_whitespace().find(|word| word.contains("/unsubscribe/"));
    let told = suppress(&here, &["--token", link.expect("a link")]);
    assert_eq!(told.stdout, "r003@x.example: suppressed (unsubscribed)\n");
    let all = json(&here, &["subscribers", "list", "--suppressed", "--json"]);
    let all: Vec<(&str, &str)> = all
        .as_array()
        .expect("rows")
        .iter()
        .map(|one| (one["what"].as_str().expect("text"), one["reason"].as_str().expect("text")))
        .collect();
    let by_hand = ["r001@x.example", "r002@x.example", "ada@x.example", "lee@x.example"];
    let mut expected = by_hand.map(|one| (one, "manual")).to_vec();
    expected.push(("r003@x.example", "unsubscribed"));
    assert_eq!(all, expected);
    let csv = here.run(&["subscribers", "list", "--suppressed", "--csv"]).stdout;
    let begin = "email,reason,why,origin,at\nr001@x.example,manual,left,command,20";
    assert!(csv.starts_with(begin), "{csv}");
    assert_eq!(csv.lines().count(), 6, "{csv}");
}

/// On another computer, or for another publication.
#[test]
fn who_is_suppressed_is_listed_in_a_form_that_can_be_read_back() {
    let here = with_three_out();
    let csv = here.run(&["subscribers", "list", "--suppressed", "--csv"]).stdout;
    let other = with_readers(0)
        .write("gone.csv", &csv)
        .write(crate::LIST, "email\nr001@x.example\nr003@x.example\nkim@y.example\n");
    let plan = other.run(&["plan", "2025-11", "--except", "gone.csv"]);
    assert!(plan.stdout.contains("To        1 recipient"), "{plan:?}");
    let told = suppress(&other, &["--file", "gone.csv", "--why", "moved here"]);
    // Each keeps the reason that the file has.
    let words = "everybody at y.example: suppressed (hard bounce)\n";
    assert!(told.stdout.contains(words) && told.stdout.lines().count() == 3, "{told:?}");
}

/// Somebody names a whole export and means those in it who left.
#[test]
fn of_a_file_in_which_only_some_have_left_it_is_asked_who_is_meant() {
    let csv = "Email,Status\nr001@x.example,subscribed\nr002@x.example,unsubscribed\n\
               r003@x.example,subscribed\n";
    let here = with_readers(3).write("all.csv", csv);
    let line = ["subscribers", "suppress", "--file", "all.csv", "--why", "left"];
    let told = here.run(&line);
    assert_eq!((told.code, here.exists("digest.db")), (3, false), "{told:?}");
    for words in ["says of 1 person that they left, and 2 rows in it", "--rows left suppresses"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let told = here.run(&[&line[..], &["--rows", "left"]].concat());
    assert_eq!(told.stdout, "r002@x.example: suppressed (by hand)\n", "{told:?}");
    let told = here.run(&[&line[..], &["--rows", "all"]].concat());
    assert_eq!(told.stdout.lines().count(), 3, "{told:?}");
}

#[test]
fn an_address_may_be_pasted_and_a_slip_in_it_is_told() {
    let here = with_readers(3);
    let told = suppress(&here, &["Kim <R001@x.example>", "mailto:r002@x.example", "--why", "x"]);
    let lines = "r001@x.example: suppressed (by hand)\nr002@x.example: suppressed (by hand)\n";
    assert_eq!((told.stdout.as_str(), told.stderr.contains("not in")), (lines, false), "{told:?}");
    let told = suppress(&here, &["r003@x.exmaple", "--why", "x"]);
    let words = "r003@x.exmaple is not in subscribers.csv, and no issue was for this address; did you \
                 mean r003@x.example?";
    assert!(told.stderr.contains(words), "{told:?}");
    let line = ["subscribers", "release", "r001@x.example", "r002@x.example", "--why", "asked"];
    let told = here.run(&line);
    let lines = "r001@x.example: released\nr002@x.example: released\n";
    assert_eq!((told.code, told.stdout.as_str()), (0, lines), "{told:?}");
    let message = here.run(&["render", "2025-11", "--format", "text", "--as", "r001@x.example"]);
    let link = message.stdout.split_whitespace().find(|word| word.contains("/unsubscribe/"));
    let told = here.run(&["subscribers", "suppress", link.expect("a link"), "--why", "x"]);
    assert!(told.code == 2 && told.stderr.contains("--token LINK means"), "{told:?}");
    suppress(&here, &["--token", link.expect("a link")]);
    let told = here.run(&["who", link.expect("a link")]);
    let words = "  suppressed (unsubscribed): gets no mail, whatever the list says\n";
    assert!(told.stdout.contains(words), "{told:?}");
}

/// An address that cannot be read may be that of somebody who said no.
#[test]
fn what_cannot_be_read_suppresses_nobody_and_says_what_to_do() {
    let here = with_readers(2).write("gone.txt", "r001@x.example\nr002 at x.example\n");
    let suppress = |line: &[&str]| here.run(&[&["subscribers", "suppress"], line].concat());
    for (line, code, words) in [
        (&["--file", "gone.txt", "--why", "x"][..], 3, "gone.txt cannot be read to its last row"),
        (&["--file", "no.txt", "--why", "x"], 3, "name a file with --file"),
        (&["x.example", "--why", "x"], 2, "x.example with --domain means everybody there"),
        (&["kim@x.example", "--domain", "--why", "x"], 2, "kim@x.example is no domain"),
        (&["kim@x.example"], 2, "--why"),
        (&["kim@x.example", "--why", "  "], 2, "--why is empty"),
        (&["--why", "x"], 2, "<ADDRESS>"),
        (&["kim@x.example", "--why", "x", "--reason", "bored"], 2, "hard-bounce"),
        (&["--token", "AbCd"], 1, "link"),
    ] {
        let told = suppress(line);
        assert_eq!(told.code, code, "{line:?}: {told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        assert!(!here.exists("digest.db"), "{line:?}");
    }
    let told = here.run(&["subscribers", "release", "r001@x.example", "--why", "x"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("r001@x.example is not suppressed"), "{}", told.stderr);
    let shown = here.run(&["subscribers", "show", "r001@x.example"]);
    assert!(shown.code == 0 && shown.stdout.contains("not suppressed"), "{shown:?}");
    assert!(!here.exists("digest.db"));
}

/// Whoever repairs a bounce does not bring back somebody who asked to leave.
#[test]
fn a_wish_to_leave_is_not_released_with_something_else() {
    let here = with_readers(3);
    for reason in ["hard-bounce", "unsubscribed"] {
        suppress(&here, &["r001@x.example", "--why", "x", "--reason", reason]);
    }
    let line = ["subscribers", "release", "r001@x.example", "r002@x.example", "--why", "mended"];
    let told = here.run(&line);
    assert_eq!(told.code, 3, "{told:?}");
    for words in ["is suppressed for several reasons: unsubscribed since", "--reason hard-bounce"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let line = ["subscribers", "release", "r001@x.example", "--why", "mended", "--reason"];
    let told = here.run(&[&line[..], &["hard-bounce"]].concat());
    assert_eq!((told.code, told.stdout.as_str()), (0, "r001@x.example: released\n"), "{told:?}");
    assert!(told.stderr.contains("r001@x.example is still suppressed (unsubscribed)"), "{told:?}");
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("Not to    1 suppressed: 1 unsubscribed\n"), "{plan:?}");
    // One reason alone needs no flag.
    assert_eq!(here.run(&line[..5]).code, 0);
    let plan = here.run(&["plan", "2025-11"]);
    assert!(!plan.stdout.contains("suppressed"), "{plan:?}");
}

/// Whoever came with an import has their message on its way already.
#[test]
fn no_import_is_made_or_taken_back_while_an_issue_is_sent_from_the_store() {
    let people = "email\nada@x.example\nkim@x.example\n";
    let here = with_readers(0).remove(crate::LIST).write("members.csv", people);
    let import = ["subscribers", "import", "members.csv", "--consent", "c"];
    assert_eq!(here.run(&import).code, 0);
    let relay = Relay::scripted(Script::new().rule(At::Rcpt, When::recipient("kim@"), Do::Stall));
    let url = relay.url();
    let running = here.start(&["send", "2025-11", "--yes", "--connections", "1", "--relay", &url]);
    relay.has_taken(1);
    for line in [&import[..], &["subscribers", "import", "--undo", "1"]] {
        let told = here.run(line);
        assert_eq!(told.code, 1, "{told:?}");
        for words in ["(issue 2025-11, since ", "is sending from", "or stop it with Ctrl-C"] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
    // A plan writes nothing.
    assert_eq!(here.run(&[&import[..], &["--plan"]].concat()).code, 0);
    running.kill();
    let told = here.run(&["subscribers", "import", "--undo", "1"]);
    assert!(told.code == 0 && told.stdout.contains("2 people removed"), "{told:?}");
}

#[test]
fn a_person_at_a_suppressed_domain_is_released_with_the_domain() {
    let here = with_three_out();
    let told = here.run(&["subscribers", "release", "kim@y.example", "--why", "x"]);
    assert_eq!(told.code, 1, "{told:?}");
    let words = "`digest subscribers release y.example --domain --why TEXT` releases all of them";
    assert!(told.stderr.contains(words), "{}", told.stderr);
    let told = here.run(&["subscribers", "release", "y.example", "--domain", "--why", "x"]);
    assert_eq!((told.code, told.stdout.as_str()), (0, "everybody at y.example: released\n"));
    let again = suppress(&here, &["r001@x.example", "--why", "x", "--reason", "unsubscribed"]);
    assert_eq!(again.stdout, "r001@x.example: suppressed before (unsubscribed)\n");
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("Not to    2 suppressed: 2 unsubscribed\n"), "{plan:?}");
}

/// In a clone the ledger is elsewhere, and a no that is written to a new one is lost.
#[test]
fn where_the_ledger_is_elsewhere_no_new_one_is_made_for_a_no() {
    if only_files("no file is made") {
        return;
    }
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    for name in ["digest.db", "digest.db-lock"] {
        std::fs::remove_file(here.path(name)).expect("removed");
    }
    let told = here.run(&["subscribers", "suppress", "r001@x.example", "--why", "x"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("the ledger is not here"), "{}", told.stderr);
    assert!(!here.exists("digest.db"));
}

/// A copy that somebody asked for once more is none for somebody who has left: they are what they
/// were.
#[test]
fn a_wish_for_somebody_who_is_suppressed_changes_nothing() {
    let here = with_readers(3);
    let refused = outcomes::script(&["r002"], "550 5.1.1 no");
    let told = send(&here, &Relay::scripted(refused), &[]);
    assert_eq!(counts(&here, &told), [2, 1, 0, 0, 0, 0]);
    suppress(&here, &["r001@x.example", "r002@x.example", "--why", "x"]);
    let relay = Relay::new();
    for flags in [&["--to", "r001@x.example", "--again"][..], &["--retry-refused"]] {
        send(&here, &relay, flags);
        let book = book(&here);
        let states = ["r001", "r002", "r003"].map(|name| book.state(&format!("{name}@x.example")));
        assert_eq!(states, ["accepted", "refused", "accepted"], "{flags:?}");
    }
    assert_eq!(relay.counts().accepted, 0);
}
