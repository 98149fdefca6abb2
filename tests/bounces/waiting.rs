//! What waits for a person to decide: nobody is lost in it, and nothing is decided with something else.

use serde_json::Value;

use crate::acting::{SentIssue, UNKNOWN, report};
use crate::harness::Publication;

fn mail(from: &str, subject: &str) -> String {
    format!(
        "{from}To: digest@sejong.example\nDate: Fri, 7 Nov 2025 09:00:00 +0000\nSubject: {subject}\n\n\n"
    )
}

fn wish(from: &str) -> String {
    mail(&format!("From: {from}\n"), "unsubscribe")
}

/// A mail of which nobody can tell who wrote it may be handed over by a pipe, and is nowhere else then.
#[test]
fn a_wish_that_does_not_come_from_one_address_is_listed_by_what_its_from_says() {
    let sent = SentIssue::new();
    let several = "Ada <ada@example.org>, kim@example.org";
    let mails = [
        (wish(several), "unsubscribe; From: ada@example.org, kim@example.org"),
        (wish("Kim Minji <>"), "unsubscribe; From: Kim Minji <>"),
        (mail("", "remove me"), "remove me; From: nobody"),
    ];
    let mut sent = sent;
    for (number, (mail, _)) in mails.iter().enumerate() {
        sent = sent.write(&format!("{number}.eml"), mail);
    }
    let digest = |line: &[&str]| sent.here.run(line);
    assert_eq!(sent.read(&["0.eml", "1.eml", "2.eml"]).code, 0);
    let listed = digest(&["bounces", "list"]).stdout;
    for (_, text) in &mails {
        let line = listed.lines().find(|line| line.contains(&format!("\t{text}\t")));
        let line = line.unwrap_or_else(|| panic!("no {text:?} in {listed}"));
        assert!(line.starts_with("message:"), "{line}");
        assert!(line.ends_with("\tdoes not come from one address"), "{line}");
    }
    let plan = digest(&["plan", "2025-11"]);
    assert!(plan.stderr.contains("3 people asked to leave by a mail without a token"), "{plan:?}");
    // Whom it names is forgotten there, too.
    assert_eq!(digest(&["subscribers", "forget", "kim@example.org"]).code, 0);
    let listed = digest(&["bounces", "list"]).stdout;
    assert!(listed.contains("From: ada@example.org, <…>\t"), "{listed}");
    let name = listed.split('\t').next().expect("a name").to_owned();
    let dismissed = digest(&["bounces", "dismiss", &name]);
    assert_eq!(dismissed.stdout, format!("{name}: 1 report dismissed\n"), "{dismissed:?}");
    assert_eq!(digest(&["bounces", "list"]).stdout.lines().count(), 2);
    // A mail that comes later names them anew.
    let sent = sent.write("3.eml", &format!("X-A: b\n{}\n\nb", wish(several)));
    assert_eq!(sent.read(&["3.eml"]).code, 0);
    let listed = sent.here.run(&["bounces", "list"]).stdout;
    assert!(
        listed.contains("From: ada@example.org, <…>\t") && !listed.contains("kim@"),
        "{listed}"
    );
}

/// Quotation marks before the @ may hold what elsewhere ends an address or begins a comment.
#[test]
fn a_wish_of_an_address_in_quotation_marks_has_the_whole_of_it() {
    let people = [r#""fay(x)"@example.org"#, r#""$(touch x)"@evil.test"#];
    let mut sent = SentIssue::new();
    for (number, person) in people.iter().enumerate() {
        sent = sent.write(&format!("{number}.eml"), &wish(person));
    }
    let told = sent.read(&["0.eml", "1.eml"]).stdout;
    let listed = sent.here.run(&["bounces", "list"]).stdout;
    for person in people {
        assert!(listed.contains(&format!("{person}\tunsubscribe\t")), "{listed}");
        let command = format!("subscribers suppress '{person}' --reason unsubscribed");
        assert!(told.contains(&command), "{told}");
        assert_eq!(sent.here.run(&["bounces", "dismiss", person]).code, 0);
    }
}

/// Somebody may forge a wish over a report, or a report over a wish.
#[test]
fn reports_of_several_classes_are_not_dismissed_together_without_a_word() {
    let sent = SentIssue::new();
    let id = format!("Message-ID: {}\n", sent.field("kim@example.org", "Message-ID"));
    let bad = report("digest@sejong.example", "kim@example.org", UNKNOWN, &id);
    let sent = sent.write("1.eml", &bad).write("2.eml", &wish("kim@example.org"));
    sent.read(&["1.eml", "2.eml"]);
    let digest = |line: &[&str]| sent.here.run(line);
    let listed = || digest(&["bounces", "list"]).stdout;
    assert_eq!(listed().lines().count(), 2, "{}", listed());
    let told = digest(&["bounces", "dismiss", "kim@example.org"]);
    assert_eq!(told.code, 3, "{told:?}");
    for words in [
        "(hard, unsubscribe); nothing was dismissed",
        "`digest bounces dismiss kim@example.org --class hard`",
        "`digest bounces dismiss kim@example.org --class all`",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
    }
    assert_eq!(listed().lines().count(), 2, "{}", listed());
    let told = digest(&["bounces", "dismiss", "kim@example.org", "--class", "hard"]);
    assert_eq!(
        (told.code, &*told.stdout),
        (0, "kim@example.org: 1 report dismissed\n"),
        "{told:?}"
    );
    assert!(listed().starts_with("kim@example.org\tunsubscribe\t"), "{}", listed());
    assert_eq!(digest(&["bounces", "dismiss", "kim@example.org"]).code, 0);
    assert_eq!(listed(), "");
}

/// Anybody can write wishes of addresses that no list has, and say that they are old.
#[test]
fn a_wish_of_a_reader_does_not_stand_behind_those_of_strangers() {
    let mut sent = SentIssue::new();
    for number in 0..20 {
        let old = wish(&format!("a{number}@else.example")).replace("2025", "1999");
        sent = sent.write(&format!("box/new/{number}"), &old);
    }
    let sent = sent.write("box/new/z", &wish("kim@example.org"));
    assert!(sent.read(&["box"]).stdout.ends_with("21 for a person to decide\n"));
    let listed = sent.here.run(&["bounces", "list"]).stdout;
    assert!(listed.starts_with("kim@example.org\t") && listed.lines().count() == 21, "{listed}");
    let status: Value =
        serde_json::from_str(&sent.here.run(&["status", "2025-11", "--json"]).stdout)
            .expect("JSON");
    assert_eq!(status["wishes"]["waiting"][0]["email"], "kim@example.org");
}

/// There may be no issue yet with which they would be told.
#[test]
fn status_tells_of_wishes_before_the_first_send() {
    let here = Publication::with_subscribers().write("1.eml", wish("kim@example.org"));
    assert_eq!(here.run(&["bounces", "read", "1.eml"]).code, 0);
    for line in [&["status"][..], &["status", "--json"]] {
        let told = here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.stderr.contains("1 person asked to leave by a mail"), "{line:?}: {told:?}");
    }
}
