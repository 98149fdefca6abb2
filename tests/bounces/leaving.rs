//! Leaving by mail: the second address of List-Unsubscribe, as mail programs use it.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::acting::{SentIssue, UNKNOWN, report};
use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::relay::Relay;

/// The mail that a program writes for a `mailto:` URI; `keeps_subject` unless it ignores that.
pub(crate) fn written_for(uri: &str, from: &str, keeps_subject: bool) -> (String, String) {
    let uri = uri.strip_prefix("mailto:").expect("a mailto URI");
    let (address, query) = uri.split_once('?').expect("a query");
    let subject = query.strip_prefix("subject=").expect("a subject");
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
    let (address, subject) = (decoded(address), decoded(subject));
    let subject = if keeps_subject { subject } else { "Please".to_owned() };
    let mail =
        format!("From: {from}\nTo: {address}\nSubject: {subject}\nMessage-ID: <{subject}@x>\n\n\n");
    (address, mail)
}

pub(crate) fn uri(sent: &SentIssue, person: &str) -> String {
    let field = sent.field(person, "List-Unsubscribe");
    let (https, mailto) = field.split_once(", ").expect("two URIs");
    assert!(https.starts_with("<https://"), "{field}");
    mailto.trim_matches(['<', '>']).to_owned()
}

fn unsubscribed(person: &str) -> [(String, String); 1] {
    [(person.to_owned(), "unsubscribed".to_owned())]
}

#[test]
fn the_mail_of_the_header_lets_its_reader_leave_whatever_address_it_comes_from() {
    let sent = SentIssue::new();
    let (address, mail) = written_for(&uri(&sent, "kim@example.org"), "else@where.example", true);
    assert!(address.starts_with("bounces+u"), "it goes to the mailbox of reports: {address}");
    let sent = sent.write("box/new/1", &mail);
    let output = sent.read(&["box"]);
    let told =
        "kim@example.org: suppressed (unsubscribed), known by the unsubscribe token of 2025-11";
    assert!(output.stdout.contains(told), "{output:?}");
    assert_eq!(sent.suppressed(), unsubscribed("kim@example.org"));
    assert!(sent.here.exists("box/cur/1:2,S"));
}

/// Whoever has the token of a mail may let its reader leave: nobody is shown the whole of it.
#[test]
fn a_token_is_told_by_its_beginning_and_kept_no_longer() {
    if only_files("bytes of a file") {
        return;
    }
    let sent = SentIssue::new();
    let (_, mail) = written_for(&uri(&sent, "kim@example.org"), "kim@example.org", true);
    let token = mail.split("Subject: unsubscribe ").nth(1).unwrap().lines().next().unwrap();
    let begins = format!("unsubscribe {}…\n", &token[..6]);
    // One that nobody has made is told in the same way.
    let (start, end) = token.split_at(20);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    let false_token = format!("Subject: unsubscribe {start}{other}{}", &end[1..]);
    let (head, _) = mail.split_once("Subject: ").unwrap();
    let head = head.replace("To: bounces+", "To: digest+no").replace("kim@", "ada@");
    let sent =
        sent.write("box/new/1", &mail).write("box/new/2", &format!("{head}{false_token}\n\n"));
    let json = sent.read(&["box", "--dry-run", "--json"]).stdout;
    let told = sent.read(&["box"]).stdout;
    assert_eq!(told.matches(&begins).count(), 2, "{told}");
    let shown = sent.here.run(&["subscribers", "show", "kim@example.org"]).stdout;
    let listed = sent.here.run(&["bounces", "list"]).stdout;
    assert!(listed.contains(begins.trim_end()), "{listed}");
    let status = sent.here.run(&["status", "2025-11", "--list", "bounced", "--json"]).stdout;
    for text in [json, told, shown, listed, status] {
        assert!(!text.contains(&token[..12]), "{token}: {text}");
    }
    let bytes = std::fs::read(sent.here.path("digest.db")).unwrap();
    assert!(!bytes.windows(12).any(|found| found == &token.as_bytes()[..12]), "it is in the store");
    assert!(sent.here.run(&["who", token]).stdout.starts_with("kim@example.org"));
}

/// However somebody leaves, the list says so, and their history when and how.
#[test]
fn who_leaves_by_mail_is_unsubscribed_in_the_list_until_they_are_released() {
    let people = "email\nkim@example.org\nada@example.org\nlee@example.org\nzoe@example.org\n";
    let here = Publication::with_subscribers().write("subscribers.csv", people);
    let line = ["subscribers", "import", "subscribers.csv", "--consent", "they signed up"];
    assert_eq!(here.run(&line).code, 0);
    let toml = format!(
        "{}\n[bounce]\nreverse_path = \"bounces+{{token}}@sejong.example\"\n",
        here.read("digest.toml")
    );
    let sent = SentIssue::of(here.remove("subscribers.csv").write("digest.toml", toml));
    let show = |person: &str| sent.here.run(&["subscribers", "show", person]).stdout;
    let (_, mail) = written_for(&uri(&sent, "kim@example.org"), "kim@example.org", true);
    let path = sent.reverse_path("ada@example.org").to_owned();
    let gone = report(&path, "ada@example.org", UNKNOWN, "");
    std::fs::write(sent.here.path("1.eml"), &mail).unwrap();
    std::fs::write(sent.here.path("2.eml"), gone).unwrap();
    assert!(show("kim@example.org").contains("  status: confirmed\n"));
    for _ in 0..2 {
        assert_eq!(sent.read(&["1.eml", "2.eml"]).code, 0);
        let told = show("kim@example.org");
        assert!(told.contains("  status: unsubscribed\n"), "{told}");
        assert_eq!(told.matches("status: confirmed -> unsubscribed (mail)\n").count(), 1, "{told}");
        assert!(told.contains("(unsubscribed): asked to leave by mail"), "{told}");
    }
    // A bad address says nothing of what its reader wants.
    let told = show("ada@example.org");
    assert!(told.contains("  status: confirmed\n") && told.contains("(hard bounce)"), "{told}");
    // What the list says and who is suppressed are one reason.
    sent.here.run(&[
        "subscribers",
        "suppress",
        "lee@example.org",
        "--why",
        "w",
        "--reason",
        "unsubscribed",
    ]);
    let plan = sent.here.run(&["plan", "2025-11"]);
    let plan = format!("{}{}", plan.stdout, plan.stderr);
    assert!(plan.contains("Not to    2 unsubscribed\n"), "{plan}");
    assert!(plan.contains("Not to    1 suppressed: 1 hard bounce\n"), "{plan}");
    let release = ["subscribers", "release", "kim@example.org", "--why", "asked again"];
    assert_eq!(sent.here.run(&release).code, 0);
    let told = show("kim@example.org");
    assert!(told.contains("  status: confirmed\n"), "{told}");
    assert!(told.contains("status: unsubscribed -> confirmed (command)\n"), "{told}");
}

/// Before the first send there is no secret, and nothing is proven; what can be read is read all the same.
#[test]
fn before_the_first_send_wishes_are_kept_and_nothing_else_happens() {
    let mail = "From: ada@example.org\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n";
    let bounce = report("bounces+x@sejong.example", "kim@example.org", UNKNOWN, "");
    let here = Publication::with_subscribers().write("box/new/1", mail).write("box/new/2", bounce);
    let line = "there is no secret here, so no report can be proven; wishes to leave are kept";
    let told = here.run(&["bounces", "read", "box", "--dry-run"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains(line), "{told:?}");
    let told = told.stdout;
    assert!(told.contains("new/1: unsubscribe: ada@example.org"), "{told}");
    assert!(
        told.contains("It would be: 1 for a person to decide, 1 unproven. Nothing was"),
        "{told}"
    );
    assert_eq!(here.run(&["bounces", "list"]).stdout, "");
    let told = here.run(&["bounces", "read", "box"]);
    assert!(told.code == 0 && told.stderr.contains(line), "{told:?}");
    assert!(told.stdout.ends_with("1 for a person to decide, 1 unproven\n"), "{told:?}");
    assert!(!here.exists(".digest-secret"), "reading makes no secret");
    assert!(here.exists("box/new/1") && here.exists("box/new/2"), "both are read again");
    assert!(here.run(&["bounces", "list"]).stdout.starts_with("ada@example.org\tunsubscribe\t"));
    let relay = Relay::new();
    let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.stderr.contains("1 person asked to leave by a mail without a token"), "{sent:?}");
}

/// A secret that is lost is another matter: nobody may go on as if there had been none.
#[test]
fn a_secret_that_is_lost_is_asked_for() {
    let sent = SentIssue::new();
    let mail = "From: ada@example.org\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n";
    let sent = sent.write("1.eml", mail);
    std::fs::remove_file(sent.here.path(".digest-secret")).expect("removed");
    let told = sent.read(&["1.eml"]);
    assert!(told.code == 1 && told.stderr.contains("copy .digest-secret here"), "{told:?}");
    let told = sent.read(&["1.eml", "--dry-run"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.ends_with("1 unsubscribe. Nothing was changed (--dry-run)\n"), "{told:?}");
}

/// People write what they would say to somebody, into the subject or above what they answer to.
#[test]
fn a_wish_is_heard_in_the_words_of_people() {
    let subject = |subject: &str| (subject.to_owned(), "Kim\n");
    let wishes = [
        subject("I want to unsubscribe"),
        subject("Unsubscribe from nl"),
        subject("[nl] unsubscribe"),
        subject("Re: Hello Minji unsubscribe"),
        subject("=?utf-8?B?6rWs64+F7ZW07KeA?="),
        subject("Newsletter abbestellen"),
        ("Re: October".to_owned(), "Please remove me.\n\nOn Thu, Sejong wrote:\n> Hello.\n"),
        ("Re: October".to_owned(), "그만 보내 주세요\n\n> Hello.\n"),
        subject("Unsubscribe link does not work"),
        subject("Bitte melden Sie mich vom Newsletter ab"),
        ("Re: October".to_owned(), "I have tried to unsubscribe. Please remove me, Bob\n"),
        ("Re: October".to_owned(), "안녕하세요. 홍길동입니다. 구독 취소 부탁드립니다.\n"),
        (
            "Re: October".to_owned(),
            "I am retiring at the end of the year and would like to be taken off the mailing list.\n",
        ),
        ("Re: October".to_owned(), "Ich bin umgezogen und möchte keine Mails mehr bekommen.\n"),
        (
            "Re: October".to_owned(),
            "Dr. Byron has passed away. Please remove her from your list.\n",
        ),
    ];
    let others = [
        ("How do I unsubscribe my colleague from the board?", "", "Please help.\n"),
        ("Unsubscribe statistics of October", "", "See below.\n"),
        ("Re: October", "", "Thank you!\n> unsubscribe\n"),
        ("Re: October", "", "Thank you!\n\n-----Original Message-----\nunsubscribe\n"),
        ("Please unsubscribe me", "List-Id: <other.example.org>\n", "unsubscribe\n"),
        ("Re: October", "Auto-Submitted: auto-replied\n", "unsubscribe\n"),
    ];
    let mail = |number: usize, subject: &str, field: &str, text: &str| {
        format!(
            "{field}From: Kim <k{number}@example.org>\nTo: digest@sejong.example\nSubject: {subject}\n\
             Content-Type: text/plain; charset=utf-8\n\n{text}"
        )
    };
    let mut sent = SentIssue::new();
    for (number, (subject, text)) in wishes.iter().enumerate() {
        sent = sent.write(&format!("box/new/{number}"), &mail(number, subject, "", text));
    }
    for (number, (subject, field, text)) in others.iter().enumerate() {
        let number = number + 50;
        sent = sent.write(&format!("box/new/{number}"), &mail(number, subject, field, text));
    }
    let told = sent.read(&["box"]).stdout;
    assert!(told.contains("15 unsubscribe"), "{told}");
    assert!(told.contains("    text line 6: Please remove me."), "{told}");
    let listed = sent.here.run(&["bounces", "list"]).stdout;
    for number in 0..wishes.len() {
        assert!(listed.contains(&format!("k{number}@example.org\t")), "{number}: {listed}");
    }
    assert_eq!(listed.lines().count(), wishes.len(), "{listed}");
}

/// Who asks may be on the list and have no mail yet, or be on it with another address.
#[test]
fn a_wish_says_whether_a_list_has_its_address() {
    let sent = SentIssue::new();
    let people = format!("{}new@example.org,Neu,\n", sent.here.read("subscribers.csv"));
    let mut sent = sent.write("subscribers.csv", &people);
    let added = sent.here.run(&["subscribers", "add", "store@example.org", "--consent", "asked"]);
    assert_eq!(added.code, 0, "{added:?}");
    let all = ["ada@example.org", "new@example.org", "store@example.org", "who@else.example"];
    for (number, person) in all.iter().enumerate() {
        sent = sent.write(&format!("box/new/{number}"), &plain_wish(person));
    }
    assert!(sent.read(&["box"]).stdout.ends_with("4 for a person to decide\n"));
    let listed = || sent.here.run(&["bounces", "list"]).stdout;
    let unknown = |listed: &str| {
        let lines = listed.lines().filter(|line| line.ends_with("\tis on no list that is known"));
        lines.map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed().lines().count(), 4, "{}", listed());
    assert_eq!(unknown(&listed()), ["who@else.example"]);
    let json = |line: &[&str]| -> Value {
        serde_json::from_str(&sent.here.run(line).stdout).expect("JSON")
    };
    let on_list = json(&["bounces", "list", "--json"]);
    let on_list: Vec<Option<bool>> =
        on_list.as_array().unwrap().iter().map(|one| one["on_list"].as_bool()).collect();
    assert_eq!(on_list, [Some(true), Some(true), Some(true), Some(false)]);
    // A list that cannot be read says nothing of anybody.
    std::fs::write(sent.here.path("subscribers.csv"), "no,list\n").expect("written");
    assert!(
        listed().contains("new@example.org\t") && unknown(&listed()).is_empty(),
        "{}",
        listed()
    );
    assert_eq!(listed().matches("the list cannot be read").count(), 2, "{}", listed());
}

/// Scripts watch over what waits.
#[test]
fn plan_and_status_have_the_wishes_that_wait_for_scripts() {
    let sent = SentIssue::new();
    let json = |line: &[&str]| -> Value {
        let told = sent.here.run(line);
        serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
    };
    let (plan, status) = (["plan", "2025-11", "--json"], ["status", "2025-11", "--json"]);
    for line in [&plan, &status] {
        assert_eq!(json(line)["wishes"], serde_json::json!({"people": 0, "waiting": []}));
    }
    let mut sent = sent;
    for (number, person) in ["ada@example.org", "who@else.example"].iter().enumerate() {
        sent = sent.write(&format!("{number}.eml"), &plain_wish(person));
    }
    sent.read(&["0.eml", "1.eml"]);
    let json = |line: &[&str]| -> Value {
        serde_json::from_str(&sent.here.run(line).stdout).expect("JSON")
    };
    let waiting = json(&["bounces", "list", "--json"]);
    assert_eq!(waiting.as_array().map(Vec::len), Some(2));
    let expected = serde_json::json!({"people": 2, "waiting": waiting});
    for line in [&plan, &status] {
        assert_eq!(json(line)["wishes"], expected, "{line:?}");
    }
    assert_eq!(json(&["status", "--json"])[0]["wishes"], expected);
}

/// Some programs take the address of such a URI and nothing else.
#[test]
fn a_token_that_fits_stands_in_the_address_too() {
    let people = "email\nk@a.org\nsomebody.with.a.long.name@department.example.org\n";
    let (sent, people) = (SentIssue::new(), people.to_owned());
    let here = Publication::with_subscribers().write("subscribers.csv", people);
    let sent = SentIssue::of(here.write("digest.toml", sent.here.read("digest.toml")));
    let long = "somebody.with.a.long.name@department.example.org";
    let (address, mail) = written_for(&uri(&sent, long), "a@b.example", true);
    assert_eq!(address, "bounces+unsubscribe@sejong.example");
    let (own, without) = written_for(&uri(&sent, "k@a.org"), "a@b.example", false);
    assert!(own.starts_with("bounces+u-") && own.find('@').is_some_and(|at| at <= 64), "{own}");
    let sent = sent.write("1.eml", &mail).write("2.eml", &without);
    let output = sent.read(&["1.eml", "2.eml"]);
    assert!(output.stdout.contains("2 unsubscribe. 2 suppressed"), "{output:?}");
}

#[test]
fn without_a_reverse_path_of_its_own_it_goes_to_whom_readers_answer() {
    let sent = SentIssue::with("");
    let (address, mail) = written_for(&uri(&sent, "ada@example.org"), "ada@example.org", true);
    assert_eq!(address, "digest@sejong.example");
    let sent = sent.write("1.eml", &mail.replace("Subject: ", "Subject: Re: "));
    let output = sent.read(&["1.eml"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(sent.suppressed(), unsubscribed("ada@example.org"));
}

/// Anybody can write an address as sender, and a changed token is none.
#[test]
fn a_wish_without_a_token_is_listed_for_a_person_and_not_acted_on() {
    let sent = SentIssue::new();
    let mail = "From: Ada <ada@example.org>\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n";
    let stranger = mail.replace("ada@example.org", "who@else.example");
    let (_, own) = written_for(&uri(&sent, "kim@example.org"), "kim@example.org", true);
    let (head, token) = own.rsplit_once("Subject: unsubscribe ").expect("a token");
    // A reply has the word, too, and what was written below.
    let changed = format!("{head}Subject: unsubscribe A{}", &token[1..]);
    let changed = changed.replace("To: bounces+u-", "To: bounces+u-A");
    let sent = sent.write("box/new/1", mail).write("box/new/2", &stranger);
    let sent = sent.write("box/new/3", &changed);
    for _ in 0..2 {
        let output = sent.read(&["box"]);
        let told = "digest subscribers suppress ada@example.org --reason unsubscribed --why TEXT";
        assert!(output.stdout.contains(told), "{output:?}");
        assert!(
            output.stdout.contains("no mail of this ledger went to this address"),
            "{output:?}"
        );
        assert!(output.stdout.ends_with("3 unsubscribe. 3 for a person to decide\n"), "{output:?}");
        assert!(sent.suppressed().is_empty());
        assert!(sent.here.exists("box/new/1") && sent.here.exists("box/new/2"));
    }
}

/// The mail may be gone from the mailbox when somebody asks who wanted to leave.
#[test]
fn a_wish_without_a_token_is_kept_until_somebody_decides() {
    let sent = SentIssue::new();
    let mail = |from: &str| {
        format!(
            "From: {from}\nTo: digest@sejong.example\nDate: Fri, 7 Nov 2025 09:00:00 +0000\n\
                 Subject: unsubscribe\n\n\n"
        )
    };
    let mut sent = sent.write("box/new/x", &mail("who@else.example"));
    for person in ["ada", "kim", "lee"] {
        sent = sent.write(&format!("box/new/{person}"), &mail(&format!("{person}@example.org")));
    }
    let digest = |line: &[&str]| sent.here.run(line);
    let listed = || digest(&["bounces", "list"]).stdout;
    assert_eq!(listed(), "");
    sent.read(&["box", "--dry-run"]);
    assert_eq!(listed(), "", "a dry run keeps nothing");
    for _ in 0..2 {
        sent.read(&["box"]);
        let stranger = "who@else.example\tunsubscribe\t2025-11-07 09:00\tunsubscribe\t\
                        is on no list that is known\n";
        let line =
            |person| format!("{person}@example.org\tunsubscribe\t2025-11-07 09:00\tunsubscribe\n");
        assert_eq!(listed(), format!("{}{stranger}", ["ada", "kim", "lee"].map(line).concat()),);
    }
    let plan = digest(&["plan", "2025-11"]);
    let words = "4 people asked to leave by a mail without a token, and nobody has decided";
    assert!(plan.stderr.contains(words), "{plan:?}");
    let shown = digest(&["subscribers", "show", "ada@example.org"]);
    assert!(shown.stdout.contains("for a person to decide: unsubscribe, 2025-11-07"), "{shown:?}");
    let line = ["subscribers", "suppress", "ada@example.org", "--reason", "unsubscribed"];
    assert_eq!(digest(&[&line[..], &["--why", "asked by mail"]].concat()).code, 0);
    let dismissed = digest(&["bounces", "dismiss", "kim@example.org"]);
    assert_eq!(dismissed.stdout, "kim@example.org: 1 report dismissed\n", "{dismissed:?}");
    assert_eq!(digest(&["bounces", "dismiss", "kim@example.org"]).code, 1);
    let json: Value = serde_json::from_str(&digest(&["bounces", "list", "--json"]).stdout).unwrap();
    assert_eq!(
        (json.as_array().map(Vec::len), &json[0]["email"]),
        (Some(2), &"lee@example.org".into())
    );
    assert_eq!(digest(&["bounces", "dismiss", "who@else.example"]).code, 0);
    // What is decided is done: the message is marked.
    let output = sent.read(&["box"]);
    assert!(output.stdout.contains("somebody has decided about it"), "{output:?}");
    assert!(sent.here.exists("box/cur/ada:2,S") && sent.here.exists("box/cur/kim:2,S"));
    assert!(sent.here.exists("box/new/lee"));
    assert_eq!(digest(&["subscribers", "forget", "lee@example.org"]).code, 0);
    assert_eq!(listed(), "");
    let output = sent.read(&["box"]);
    assert_eq!(listed(), "", "who was forgotten is nobody who is known");
    assert!(output.stdout.contains("nothing to do: they get no mail"), "{output:?}");
    assert!(sent.here.exists("box/cur/lee:2,S"), "nobody is asked again");
}

fn plain_wish(person: &str) -> String {
    format!(
        "From: {person}\nTo: digest@sejong.example\nDate: Fri, 7 Nov 2025 09:00:00 +0000\n\
         Subject: unsubscribe\n\n\n"
    )
}

/// A bounce and an import come to an end, and say nothing of what somebody has asked for.
#[test]
fn what_a_machine_decides_ends_no_wish() {
    let sent = SentIssue::new();
    let bounce =
        |person: &str| report(sent.reverse_path(person), person, "550 5.1.1 no such user", "");
    let (ada, kim) = (bounce("ada@example.org"), bounce("kim@example.org"));
    let sent = sent.write("1.eml", &ada).write("2.eml", &plain_wish("ada@example.org"));
    let sent = sent.write("3.eml", &plain_wish("kim@example.org")).write("4.eml", &kim);
    let sent = sent.write("5.eml", &plain_wish("lee@example.org"));
    let sent = sent.write("left.csv", "email,status\nlee@example.org,unsubscribed\n");
    let output = sent.read(&["1.eml", "2.eml", "3.eml", "4.eml", "5.eml"]);
    assert!(
        output.stdout.contains("suppressed (hard bounce), which does not decide"),
        "{output:?}"
    );
    let digest = |line: &[&str]| sent.here.run(line);
    let imported = digest(&["subscribers", "import", "left.csv"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    let wishes = || digest(&["bounces", "list"]).stdout;
    assert_eq!(wishes().lines().count(), 3, "{}", wishes());
    assert_eq!(wishes().matches("\tsuppressed (hard bounce), which does").count(), 2);
    let undone = digest(&["subscribers", "import", "--undo", "1"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert!(wishes().contains("lee@example.org"), "{}", wishes());
    for person in ["ada@example.org", "kim@example.org"] {
        let release = ["subscribers", "release", person, "--why", "the mailbox is good again"];
        for more in [&[][..], &["--reason", "hard-bounce"]] {
            let told = digest(&[&release[..], more].concat());
            assert_eq!(told.code, 3, "{told:?}");
            assert!(told.stderr.contains("also asked to leave, 2025-11-07"), "{told:?}");
            assert!(told.stderr.contains(&format!("bounces dismiss {person}")), "{told:?}");
        }
    }
    assert_eq!(sent.suppressed().len(), 2);
    assert_eq!(digest(&["bounces", "dismiss", "ada@example.org"]).code, 0);
    let why = ["--why", "good again"];
    for (person, reason) in [("ada@example.org", "hard-bounce"), ("kim@example.org", "all")] {
        let line = ["subscribers", "release", person, "--reason", reason];
        let told = digest(&[&line[..], &why].concat());
        assert_eq!(told.code, 0, "{told:?}");
    }
    assert!(!wishes().contains("ada@") && !wishes().contains("kim@"), "{}", wishes());
}

/// To release everybody of a company must not pass over one of them who wrote that they want no mail.
#[test]
fn a_wish_of_somebody_at_a_domain_is_told_before_all_of_them_are_released() {
    let sent = SentIssue::new();
    let mail = "From: ada@example.org\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n";
    let sent = sent.write("1.eml", mail);
    sent.read(&["1.eml"]);
    let digest = |line: &[&str]| sent.here.run(line);
    let suppress = ["subscribers", "suppress", "example.org", "--domain", "--why", "asked us"];
    assert_eq!(digest(&suppress).code, 0);
    let release = ["subscribers", "release", "example.org", "--domain", "--why", "asked again"];
    let told = digest(&release);
    assert_eq!(told.code, 3, "{told:?}");
    for words in
        ["ada@example.org: this person also asked to leave", "bounces dismiss ada@example.org"]
    {
        assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
    }
    assert!(digest(&["subscribers", "list", "--suppressed"]).stdout.contains("@example.org"));
    assert_eq!(digest(&[&release[..], &["--reason", "all"]].concat()).code, 0);
    assert_eq!(digest(&["bounces", "list"]).stdout, "");
}

/// A server may name whom mail was passed on to, or somebody who was forgotten.
#[test]
fn what_is_kept_of_a_report_names_nobody_but_its_reader() {
    let sent = SentIssue::new();
    assert_eq!(sent.here.run(&["subscribers", "forget", "kim@example.org"]).code, 0);
    let said = "550 5.1.1 <kim@example.org> unknown";
    let text = report(sent.reverse_path("ada@example.org"), "ada@example.org", said, "");
    let sent = sent.write("1.eml", &text);
    assert_eq!(sent.read(&["1.eml"]).code, 0);
    let shown = sent.here.run(&["subscribers", "show", "ada@example.org"]);
    assert!(shown.stdout.contains("550 5.1.1 <…> unknown"), "{shown:?}");
    for name in ["digest.db", "digest.db-wal"].into_iter().filter(|name| sent.here.exists(name)) {
        let bytes = std::fs::read(sent.here.path(name)).expect("the store");
        assert!(!bytes.windows(11).any(|found| found == b"kim@example"), "{name}");
    }
}

/// A mail that waited in the mailbox while its sender was forgotten names them anew.
#[test]
fn a_mail_of_somebody_who_was_forgotten_writes_nothing() {
    if only_files("bytes of a file") {
        return;
    }
    let sent = SentIssue::new();
    let (_, mail) = written_for(&uri(&sent, "kim@example.org"), "kim@example.org", true);
    let told = sent.here.run(&["subscribers", "forget", "kim@example.org"]);
    assert_eq!(told.code, 0, "{told:?}");
    let sent = sent.write("box/new/1", &mail);
    for line in [&["box", "--dry-run"][..], &["box"]] {
        let output = sent.read(line);
        assert_eq!(output.code, 0, "{output:?}");
        let told = "unsubscribe: somebody who was forgotten\n    nothing to do: they get no mail";
        assert!(output.stdout.contains(told), "{output:?}");
        let json = sent.read(&[line, &["--json", "--dry-run"]].concat());
        assert!(!format!("{output:?}{json:?}").contains("kim@"), "{output:?}{json:?}");
    }
    assert!(sent.suppressed().is_empty());
    assert!(sent.here.exists("box/cur/1:2,S"), "nothing is left to do");
    let bytes = std::fs::read(sent.here.path("digest.db")).expect("the store");
    assert!(!bytes.windows(4).any(|found| found == b"kim@"), "the address is in the store");
}

/// The address of a display name or a comment is what the sender wants to be taken for.
#[test]
fn the_command_for_a_wish_names_the_very_address_that_it_comes_from() {
    let mail =
        |from: &str| format!("From: {from}\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n");
    let mut sent = SentIssue::new();
    let told = [
        ("\"ada@example.org\" <kim@example.org>", Some("kim@example.org")),
        ("ada@example.org <kim@example.org>", Some("kim@example.org")),
        ("(ada@example.org) kim@example.org", Some("kim@example.org")),
        ("Kim <kim@example.org> (ada@example.org)", Some("kim@example.org")),
        ("-kim@example.org", Some("-kim@example.org")),
        ("\"ada@example.org\" <>", None),
        ("kim@example.org, ada@example.org", None),
        ("kim@example.org\nFrom: ada@example.org", None),
        ("nobody", None),
    ];
    for (number, (from, expected)) in told.iter().enumerate() {
        let name = format!("{number}.eml");
        sent = sent.write(&name, &mail(from));
        let output = sent.read(&[&name]);
        assert!(output.stdout.contains("a person has to decide"), "{from}: {output:?}");
        assert!(!output.stdout.contains("ada@example.org"), "{from}: {output:?}");
        match expected {
            Some(address) => {
                let command = if address.starts_with('-') {
                    format!("suppress --reason unsubscribed --why TEXT -- {address}")
                } else {
                    format!("suppress {address} --reason unsubscribed")
                };
                assert!(output.stdout.contains(&command), "{from}: {output:?}");
            }
            None => assert!(!output.stdout.contains("To suppress"), "{from}: {output:?}"),
        }
    }
}

/// Apple Mail leaves for its reader with a mail that it calls an automatic reply.
#[test]
fn a_mail_program_that_leaves_for_its_reader_is_heard() {
    let sent = SentIssue::new();
    let (_, mail) = written_for(&uri(&sent, "kim@example.org"), "kim@example.org", true);
    let mail = format!("Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n{mail}");
    let sent = sent.write("1.eml", &mail);
    let output = sent.read(&["1.eml"]);
    assert!(output.stdout.contains("1 unsubscribe. 1 suppressed"), "{output:?}");
    assert_eq!(sent.suppressed(), unsubscribed("kim@example.org"));
}

/// Somebody who is away answers to whatever address there is.
#[test]
fn an_automatic_reply_lets_nobody_leave() {
    let sent = SentIssue::of({
        let here = Publication::with_subscribers().write("subscribers.csv", "email\nk@a.org\n");
        let toml = here.read("digest.toml");
        here.write(
            "digest.toml",
            format!("{toml}\n[bounce]\nreverse_path = \"bounces+{{token}}@sejong.example\"\n"),
        )
    });
    let (address, without) = written_for(&uri(&sent, "k@a.org"), "k@a.org", false);
    assert!(address.starts_with("bounces+u-"), "{address}");
    let (_, with) = written_for(&uri(&sent, "k@a.org"), "k@a.org", true);
    let mut sent = sent;
    let answers = [
        ("Auto-Submitted: auto-replied", &without),
        ("Auto-Submitted: auto-generated", &without),
        ("Auto-Submitted: auto-replied; owner-email=\"k@a.org\"", &with),
        ("X-Autoreply: yes", &without),
        ("Precedence: auto_reply", &without),
    ];
    for (number, (field, mail)) in answers.iter().enumerate() {
        let name = format!("{number}.eml");
        sent = sent.write(&name, &format!("{field}\nDate: {number}\n{mail}"));
        let output = sent.read(&[&name]);
        assert!(output.stdout.contains("autoreply") && output.code == 0, "{field}: {output:?}");
        assert!(sent.suppressed().is_empty(), "{field}");
    }
    let sent = sent.write("own.eml", &format!("Auto-Submitted: no\n{without}"));
    sent.read(&["own.eml"]);
    assert_eq!(sent.suppressed(), unsubscribed("k@a.org"));
}
