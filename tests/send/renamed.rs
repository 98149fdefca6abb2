//! An issue whose folder was renamed after it was sent: the people who have it are not sent it again
//! without a word.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, list, send, summary, with_readers};

/// The issue went to 40 people. Then 20 more came, and its folder was renamed.
fn renamed(relay: &Relay) -> Publication {
    let here = with_readers(40);
    assert_eq!(send(&here, relay, &[]).code, 0);
    let here = here.write(LIST, list(60));
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    here
}

pub(crate) fn send_as(here: &Publication, relay: &Relay, issue: &str, more: &[&str]) -> Output {
    let url = relay.url();
    here.run(&[&["send", issue, "--yes", "--json", "--relay", &url], more].concat())
}

#[test]
fn a_renamed_issue_stops_until_somebody_says_what_it_is() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let files = here.files();
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    for words in [
        "issues/2025-11 was sent to 40 people, and its folder is gone",
        "issues/2025-11-winter has the same issue.toml",
        "`mv issues/2025-11-winter issues/2025-11`",
        "--new-issue",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(summary(&told)["error"].as_str().unwrap().contains("its folder is gone"));
    let plan = here.run(&["plan", "2025-11-winter", "--relay", &relay.url()]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stderr.contains("was sent to 40 people, and its folder is gone"), "{plan:?}");
    assert_eq!(here.files(), files);
    // The old name again: only the new people get it.
    std::fs::rename(here.path("issues/2025-11-winter"), here.path("issues/2025-11")).unwrap();
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 60));
}

#[test]
fn a_copy_without_the_ledger_knows_a_renamed_issue_by_its_receipt() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let clone = with_readers(3).write("receipts/2025-11.toml", here.read("receipts/2025-11.toml"));
    let folder = |name| clone.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    let told = send_as(&clone, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    let said = "receipts/2025-11.toml says that issues/2025-11 was sent to 40 people";
    for words in [said, "issues/2025-11-winter has the text that is named there"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(!clone.exists("digest.db"));
    let more = ["--new-issue", "--new-secret"];
    assert_eq!(send_as(&clone, &relay, "2025-11-winter", &more).code, 0);
}

/// The folder was renamed twice, and was sent under each of its names.
#[test]
fn a_copy_without_the_ledger_names_each_receipt_of_an_issue_that_was_renamed_twice() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let one = ["--to", "r001@x.example", "--new-issue"];
    assert_eq!(send_as(&here, &relay, "2025-11-winter", &one).code, 0);
    std::fs::rename(here.path("issues/2025-11-winter"), here.path("issues/spring"))
        .expect("renamed");
    let here = here.without_ledger();
    let told = send_as(&here, &relay, "spring", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 41), "{told:?}");
    for words in [
        "receipts/2025-11-winter.toml says that issues/2025-11-winter was sent to 1 person",
        "like issues/2025-11, which was sent to 40 people, as receipts/2025-11.toml says",
        "`mv issues/spring issues/2025-11`",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

#[test]
fn another_issue_is_sent_to_all_once_somebody_has_said_so_and_goes_on_without_the_flag() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let told = send_as(&here, &relay, "2025-11-winter", &["--new-issue"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
    let here = here.write(LIST, list(61));
    let again = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((again.code, relay.counts().accepted), (0, 101), "{again:?}");
}

#[test]
fn a_renamed_issue_that_was_edited_is_known_by_its_articles_or_its_subject() {
    let relay = Relay::new();
    let here = renamed(&relay).edit("issues/2025-11-winter/issue.toml", "October", "Winter").edit(
        "issues/2025-11-winter/issue.toml",
        "Hello",
        "Good day",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stderr.contains("issues/2025-11-winter has the same article"), "{}", told.stderr);
    let here = here.edit("issues/2025-11-winter/issue.toml", "Good day", "Hello").edit(
        "issues/2025-11-winter/hangul.md",
        "Twenty-eight",
        "Twenty-four",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    assert!(told.stderr.contains("has the same subject, \"Hello reader\""), "{}", told.stderr);
}

#[test]
fn a_publication_that_deletes_old_issues_is_not_asked() {
    let relay = Relay::new();
    let here = with_readers(3);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let next = here
        .read("issues/2025-11/issue.toml")
        .replace("number = 1", "number = 2")
        .replace("October", "November")
        .replace("Hello", "News for")
        .replace("hangul", "kimchi")
        .replace("11-06", "12-04");
    let here = here
        .write("issues/2025-12/issue.toml", next)
        .write("issues/2025-12/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage.\n");
    std::fs::remove_dir_all(here.path("issues/2025-11")).unwrap();
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
    assert!(!told.stderr.contains("is gone"), "{}", told.stderr);
}

#[test]
fn nobody_is_asked_where_the_folder_is_there_or_in_a_rehearsal() {
    let relay = Relay::new();
    let here = with_readers(40);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, list(60));
    // A copy for the next issue, with an article of its own and one that was kept.
    let issue = here.read("issues/2025-11/issue.toml");
    let next = issue
        .replace("number = 1", "number = 2")
        .replace("October", "November")
        .replace("Hello", "News for")
        .replace("11-06", "12-04")
        .replace("\"hangul\"", "\"hangul\", \"kimchi\"");
    let article = here.read("issues/2025-11/hangul.md");
    let here = here
        .write("issues/2025-12/issue.toml", next)
        .write("issues/2025-12/hangul.md", article)
        .write("issues/2025-12/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage.\n");
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
    let here = renamed(&Relay::new());
    let caught = here.run(&["send", "2025-11-winter", "--yes", "--catch", "out"]);
    assert_eq!(caught.code, 0, "{caught:?}");
}

/// Every article, the title, the subject and the preheader were edited after the rename.
fn rewritten(here: Publication) -> Publication {
    let head = "issues/2025-11-winter/issue.toml";
    here.edit(head, "October", "Winter")
        .edit(head, "Hello {{ first_name | reader }}", "Snow and soup")
        .edit(head, "A preheader", "Another one")
        .edit("issues/2025-11-winter/hangul.md", "Twenty-eight", "Twenty-four")
}

#[test]
fn a_renamed_issue_that_was_edited_all_over_is_known_by_its_number_or_its_day() {
    let relay = Relay::new();
    let head = "issues/2025-11-winter/issue.toml";
    let here = rewritten(renamed(&relay)).edit(head, "11-06", "11-09");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    let words = "its folder is gone; issues/2025-11-winter has the same number, 1";
    assert!(told.stderr.contains(words), "{}", told.stderr);
    let here = here.edit(head, "11-09", "11-06").edit(head, "number = 1", "number = 2").edit(
        head,
        "Snow and soup",
        "Good day, {{ first_name | reader }}, and hello",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    assert!(told.stderr.contains("is of the same day, 2025-11-06"), "{}", told.stderr);
    // Neither the number nor the day, nor anything else.
    let here = here.edit(head, "11-06", "12-04");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
}

#[test]
fn a_copy_without_the_ledger_knows_a_rewritten_issue_by_the_number_in_its_receipt() {
    let relay = Relay::new();
    let here = rewritten(renamed(&relay));
    let receipt = here.read("receipts/2025-11.toml");
    assert!(receipt.contains("number = 1\n") && receipt.contains("date = \"2025-11-06\"\n"));
    let here = here.without_ledger();
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    for words in [
        "receipts/2025-11.toml says that issues/2025-11 was sent to 40 people",
        "issues/2025-11-winter has the same number, 1",
        "may be forged",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

/// What only looks like a second issue of that number switches no question off.
#[test]
fn a_second_receipt_of_the_same_number_does_not_silence_the_question() {
    let relay = Relay::new();
    let here = rewritten(renamed(&relay)).without_ledger();
    let receipt = here.read("receipts/2025-11.toml");
    let zeros = receipt.replace(" = 40\n", " = 0\n");
    let mut here = here;
    for second in [zeros, receipt] {
        here = here.write("receipts/2025-10.toml", second);
        let told = send_as(&here, &relay, "2025-11-winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
        assert!(told.stderr.contains("receipts/2025-11.toml says that issues/2025-11 was sent"));
    }
}

/// Neither of the two issues has a number, and the day is another one.
#[test]
fn a_copy_without_the_ledger_is_asked_about_a_receipt_whose_folder_is_gone() {
    let relay = Relay::new();
    let here = with_readers(2).edit("issues/2025-11/issue.toml", "number = 1\n", "");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.without_ledger();
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-12")).expect("renamed");
    let here = here.edit("issues/2025-12/issue.toml", "11-06", "12-04");
    let words = "its receipt may be missing, or have an older name of its folder";
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 2), "{told:?}");
    assert!(told.stderr.contains(words), "{told:?}");
    let told = send_as(&here, &relay, "2025-12", &["--despite-receipt"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    // Once the ledger knows this issue there is nothing to say.
    assert!(!send_as(&here, &relay, "2025-12", &[]).stderr.contains(words));
}

/// What was sent counts, also where its folder was moved away.
#[test]
fn a_new_issue_gets_the_number_behind_that_of_the_last_receipt() {
    let here = with_readers(1).edit("issues/2025-11/issue.toml", "number = 1", "number = 12");
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    std::fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    assert_eq!(here.run(&["new", "2025-12"]).code, 0);
    assert!(here.read("issues/2025-12/issue.toml").starts_with("number = 13\n"));
}

/// Whoever may have it is sent to once more and put off: they may still have it.
#[test]
fn a_renamed_issue_whose_resend_was_put_off_is_asked_about() {
    use sejong_digest::catcher::script::{At, Do, Script, When};
    let lost = Relay::scripted(Script::new().rule(At::Dot, When::Always, Do::AcceptThenClose));
    let here = with_readers(1);
    assert_ne!(send(&here, &lost, &[]).code, 0);
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &["--uncertain", "resend"]).code, 4);
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    let relay = Relay::new();
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 0), "{told:?}");
    let words = "issues/2025-11 may have reached 1 person, and its folder is gone";
    assert!(told.stderr.contains(words), "{}", told.stderr);
}

/// A folder of the old name says nothing where another issue is in it.
#[test]
fn another_issue_in_the_folder_of_the_old_name_does_not_silence_the_question() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let decoy = here
        .read("issues/2025-11-winter/issue.toml")
        .replace("number = 1", "number = 2")
        .replace("October", "May")
        .replace("Hello {{ first_name | reader }}", "News for May")
        .replace("11-06", "12-04");
    let here = here
        .write("issues/2025-11/issue.toml", decoy)
        .write("issues/2025-11/hangul.md", "---\ntitle: Hangul\n---\n\nOther letters.\n");
    let words = "another issue is in its folder now; issues/2025-11-winter has the same ";
    for here in [here, rewritten(renamed(&relay))] {
        let decoy = "number = 9\ntitle = \"May\"\nsubject = \"News\"\ndate = 2026-05-07\n";
        let here = if here.exists("issues/2025-11") {
            here
        } else {
            here.write("issues/2025-11/issue.toml", decoy)
        };
        let before = relay.counts().accepted;
        let told = send_as(&here, &relay, "2025-11-winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, before), "{told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        assert!(!told.stderr.contains("`mv "), "{}", told.stderr);
    }
}

/// Issue after issue with a standing article and a standing text in the subject: whether old folders
/// stay or go, nobody is asked.
#[test]
fn twelve_ordinary_issues_in_a_row_ask_nothing() {
    for (stays, numbered) in [(true, true), (true, false), (false, true), (false, false)] {
        let relay = Relay::new();
        let mut here = with_readers(2);
        std::fs::remove_dir_all(here.path("issues/2025-11")).unwrap();
        for month in 1..=12 {
            let number = if numbered { format!("number = {month}\n") } else { String::new() };
            // Without a number, only the words of the subject tell that it is another one.
            let subject = if numbered { "Our digest".to_owned() } else { format!("News {month}") };
            let head = format!(
                "{number}title = \"Month {month}\"\nsubject = \"{subject}\"\n\
                 preheader = \"What happened in month {month}, and what comes next to us.\"\n\
                 date = 2025-{month:02}-06\n"
            );
            let issue = format!("2025-{month:02}");
            let own = format!("---\ntitle: Own\n---\n\nOnly in month {month}.\n");
            // Brought up to date each month, and otherwise the same.
            let event = |n: u64| {
                format!(
                    "On day {} of month {month} choir {n} sings in the hall. Doors open at seven, \
                     songs {n} to {n}{n} come first, and cake number {n} is for everybody who sang \
                     with choir {n} in the spring; bring a cup of your own and a chair.\n\n",
                    n * month
                )
            };
            let events: String = (1..4).map(event).collect();
            let events = format!("---\ntitle: Events\n---\n\n{events}");
            here = here
                .write(&format!("issues/{issue}/issue.toml"), head)
                .write(&format!("issues/{issue}/own.md"), own)
                .write(&format!("issues/{issue}/events.md"), events)
                .write(&format!("issues/{issue}/imprint.md"), "---\ntitle: Us\n---\n\nWe.\n");
            let told = send_as(&here, &relay, &issue, &[]);
            assert_eq!((told.code, relay.counts().accepted), (0, 2 * month), "{told:?}");
            assert!(!told.stderr.contains("was sent to"), "{}", told.stderr);
            if !stays {
                std::fs::remove_dir_all(here.path(&format!("issues/{issue}"))).unwrap();
            }
        }
    }
}

/// An article of so many sentences of which no other has one.
pub(crate) fn article(name: &str, sentences: usize) -> String {
    let sentence = |n: usize| {
        format!("In the {name} of week {n} nobody has seen {name}{n} or heard of {n}{name} yet.\n")
    };
    format!("---\ntitle: About {name}\n---\n\n{}", (0..sentences).map(sentence).collect::<String>())
}

/// An issue with these articles.
pub(crate) fn with_issue(
    here: Publication,
    issue: &str,
    (number, subject, date): (&str, &str, &str),
    articles: &[(&str, String)],
) -> Publication {
    let names: Vec<String> = articles.iter().map(|(name, _)| format!("{name:?}")).collect();
    let head = format!(
        "{number}title = \"Of {date}\"\nsubject = \"{subject}\"\n\
         preheader = \"What happened until {date}, and what comes next to us.\"\ndate = {date}\n\n\
         [[section]]\narticles = [{}]\n",
        names.join(", ")
    );
    let here = here.write(&format!("issues/{issue}/issue.toml"), head);
    articles
        .iter()
        .fold(here, |here, (name, text)| here.write(&format!("issues/{issue}/{name}.md"), text))
}

fn without_the_first(here: Publication) -> Publication {
    std::fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    here
}

/// The old folder is still there: it was copied, and nothing but its head was changed.
#[test]
fn a_copied_issue_with_nothing_new_in_it_is_asked_about() {
    let first = [("rain", article("rain", 9)), ("snow", article("snow", 9))];
    let edited = |text: &str| text.replacen("nobody", "hardly anybody", 1);
    let same = first.clone();
    let worded = [("rain", edited(&first[0].1)), ("snow", edited(&first[1].1))];
    let one_new = [&first[..], &[("wind", article("wind", 9))]].concat();
    for (subject, second, words) in [
        ("Weather", &same[..], "issues/2025-12 has 2 of its 2 articles from there"),
        ("More of it", &same[..], "issues/2025-12 has 2 of its 2 articles from there"),
        ("More of it", &worded[..], "has 2 of its 2 articles from there, nearly the same"),
        ("Weather", &one_new[..], "issues/2025-12 has the same subject, \"Weather\""),
    ] {
        let relay = Relay::new();
        let here = without_the_first(with_readers(4));
        let head = ("number = 1\n", "Weather", "2025-11-06");
        let here = with_issue(here, "2025-11", head, &first);
        assert_eq!(send(&here, &relay, &[]).code, 0);
        let here = with_issue(here, "2025-12", ("number = 2\n", subject, "2025-12-04"), second);
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
        for words in [
            "issues/2025-11 was sent to 4 people, and its folder is still there",
            words,
            "send issues/2025-11, whose folder is there",
            "--new-issue",
        ] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        assert!(!told.stderr.contains("`mv "), "{}", told.stderr);
        assert_eq!(send_as(&here, &relay, "2025-12", &["--new-issue"]).code, 0);
    }
}

/// Sends an issue with these articles: the code, and the code once somebody says that it is new.
fn sent_as_new(here: &Publication, relay: &Relay, issue: &str) -> (i32, i32) {
    let told = send_as(here, relay, issue, &[]);
    if told.code == 3 {
        assert!(told.stderr.contains("was sent to 2 people"), "{}", told.stderr);
        (3, send_as(here, relay, issue, &["--new-issue"]).code)
    } else {
        (told.code, told.code)
    }
}

/// What a person has said of one copy says nothing of the next one.
#[test]
fn a_further_copy_is_asked_about_although_one_was_sent_as_a_new_issue() {
    let texts = [("rain", article("rain", 9)), ("snow", article("snow", 9))];
    let worded = texts.clone().map(|(name, text)| (name, text.replacen("nobody", "no one", 1)));
    for (stays, numbered) in [(true, true), (false, true), (true, false), (false, false)] {
        let relay = Relay::new();
        let mut here = without_the_first(with_readers(2));
        for (at, (issue, subject, date, articles)) in [
            ("2025-11", "Weather", "2025-11-06", &texts),
            ("2025-12", "Weather", "2025-12-04", &texts),
            // Nothing but a number was changed, or the day, or the subject, or a word in each article.
            ("copy", "Weather", "2025-11-06", &texts),
            ("later", "Weather", "2026-01-08", &texts),
            ("subject", "Rain and snow", "2026-01-08", &texts),
            ("worded", "Weather", "2026-01-08", &worded),
        ]
        .into_iter()
        .enumerate()
        {
            let number = if numbered { format!("number = {}\n", at + 1) } else { String::new() };
            here = with_issue(here, issue, (&number, subject, date), articles);
            let before = relay.counts().accepted;
            let expected = if at == 0 { (0, 0) } else { (3, 0) };
            let told = sent_as_new(&here, &relay, issue);
            assert_eq!((told, relay.counts().accepted), (expected, before + 2), "{issue} {stays}");
            if !stays {
                std::fs::remove_dir_all(here.path(&format!("issues/{issue}"))).expect("removed");
            }
        }
    }
}

/// The same letter each month, with a head of its own: it is asked about once, also where one number
/// changes, and not at all where its days are brought up to date. Where the folder of the last one is
/// gone, it may be that one.
#[test]
fn a_letter_that_is_sent_each_month_is_asked_about_once() {
    let reminder = |_: usize| article("dues", 9);
    let one_day =
        |month: usize| article("events", 9).replacen("week 4", &format!("week 5{month}"), 1);
    let dated = |month: usize| {
        let events = article("events", 9);
        (0..9).fold(events, |events, n| {
            let events = events.replace(&format!("week {n} "), &format!("week {n}{month} "));
            events.replace(&format!("of {n}events"), &format!("of {n}{month} events"))
        })
    };
    let reminder: &dyn Fn(usize) -> String = &reminder;
    for (stays, text, expected) in [
        (true, reminder, [0, 3, 0, 0, 0]),
        (false, reminder, [0, 3, 3, 3, 3]),
        (true, &one_day, [0, 3, 0, 0, 0]),
        (true, &dated, [0; 5]),
        (false, &dated, [0; 5]),
    ] {
        let relay = Relay::new();
        let mut here = without_the_first(with_readers(2));
        let mut codes = Vec::new();
        for month in 1..6 {
            let (issue, number) = (format!("2026-{month:02}"), format!("number = {month}\n"));
            let (subject, date) = (format!("Letter {month}"), format!("{issue}-05"));
            let texts = [("letter", text(month)), ("us", article("us", 3))];
            here = with_issue(here, &issue, (&number, &subject, &date), &texts);
            let (code, after) = sent_as_new(&here, &relay, &issue);
            assert_eq!(after, 0, "{issue}");
            codes.push(code);
            if !stays {
                std::fs::remove_dir_all(here.path(&format!("issues/{issue}"))).expect("removed");
            }
        }
        assert_eq!(codes, expected);
    }
}

/// Number, day and title are others, and each article has a word more.
#[test]
fn a_renamed_issue_with_a_word_more_in_each_article_is_known_by_its_subject() {
    for sentences in [1, 9] {
        let relay = Relay::new();
        let texts = [("rain", article("rain", sentences)), ("snow", article("snow", sentences))];
        let head = ("number = 1\n", "Weather", "2025-11-06");
        let here = with_issue(without_the_first(with_readers(4)), "2025-11", head, &texts);
        assert_eq!(send(&here, &relay, &[]).code, 0);
        let more = texts.map(|(name, text)| (name, text.replacen("nobody", "nearly nobody", 1)));
        let head = ("number = 2\n", "Weather", "2025-12-04");
        let here = with_issue(without_the_first(here), "2025-12", head, &more);
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
        let words = "issues/2025-11 was sent to 4 people, and its folder is gone";
        assert!(told.stderr.contains(words), "{}", told.stderr);
    }
}

/// Neither has a number; both have the standing subject and a standing article.
#[test]
fn a_second_issue_with_a_standing_article_and_subject_asks_nothing() {
    for stays in [true, false] {
        for standing in [2, 20] {
            let relay = Relay::new();
            let about = ("about", article("us", standing));
            let first = [("rain", article("rain", 9)), about.clone()];
            let head = ("", "Our letter", "2025-11-06");
            let here = with_issue(without_the_first(with_readers(4)), "2025-11", head, &first);
            assert_eq!(send(&here, &relay, &[]).code, 0);
            let here = if stays { here } else { without_the_first(here) };
            let second = [("snow", article("snow", 9)), about];
            let here = with_issue(here, "2025-12", ("", "Our letter", "2025-12-04"), &second);
            let told = send_as(&here, &relay, "2025-12", &[]);
            assert_eq!((told.code, relay.counts().accepted), (0, 8), "{told:?}");
        }
    }
}

/// What a killed sender's journal alone knows counts too, whoever tells it.
#[test]
fn plan_and_send_tell_the_same_numbers_of_a_renamed_issue_whose_sender_was_killed() {
    let (here, relay) = (with_readers(40), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"];
    let running = here.start(&line);
    relay.has_taken(5);
    running.kill();
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-12")).expect("renamed");
    let said = |stderr: &str| {
        let (_, behind) =
            stderr.split_once("issues/2025-11 was sent to ").expect("a renamed issue");
        behind.split_once(", and its folder").expect("the end").0.to_owned()
    };
    let planned = said(&here.run(&["plan", "2025-12"]).stderr);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, said(&told.stderr)), (3, planned), "{told:?}");
}

/// A letter for one evening. Two of three people have it, one was put off.
fn put_off_evening(relay: &Relay, number: &str) -> Publication {
    let note = ("note", evening("4 December"));
    let head = (number, "An evening with songs", "2025-12-04");
    let here = with_issue(without_the_first(with_readers(3)), "2025-11", head, &[note]);
    assert_eq!(send(&here, relay, &[]).code, 4);
    here
}

fn evening(day: &str) -> String {
    format!(
        "---\ntitle: Songs\n---\n\nWe meet on {day} in the old school by the lake, sing what everybody \
         knows, and eat soup. Bring a cup, warm shoes and whoever likes to sing with us.\n"
    )
}

/// Its folder's name, its day and the day in its text are moved by a week.
#[test]
fn a_renamed_issue_that_was_put_off_is_asked_about_although_its_text_names_another_day() {
    for (numbers, day) in
        [(["", ""], "11 December"), (["number = 4\n", "number = 5\n"], "5 December")]
    {
        let busy = Do::reply("450 4.2.1 mailbox busy");
        let relay = Relay::scripted(Script::new().rule(At::Rcpt, When::recipient("r002"), busy));
        let here = without_the_first(put_off_evening(&relay, numbers[0]));
        let head = (numbers[1], "An evening with songs", "2025-12-11");
        let here = with_issue(here, "2025-12", head, &[("note", evening(day))]);
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 2), "{told:?}");
        for words in [
            "issues/2025-11 was sent to 2 people, and its folder is gone",
            "issues/2025-12 has nearly the same article",
            "2 people of this list got it, and would get it again",
        ] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
}

/// Two editions with the same articles but one, for two lists. Once somebody is on both of them, it is
/// asked about, and said how many are.
#[test]
fn an_edition_for_other_people_is_asked_about_only_where_some_have_the_other_one() {
    let relay = Relay::new();
    let mut here = without_the_first(with_readers(2));
    let list = |names: &[&str]| -> String {
        let row = |name: &&str| format!("{name}@x.example,{name}\n");
        format!("email,first_name\n{}", names.iter().map(row).collect::<String>())
    };
    for (month, date) in [("2025-11", "2025-11-06"), ("2025-12", "2025-12-04")] {
        for (edition, people) in [("north", &["n1", "n2", "n3"][..]), ("south", &["s1", "s2"])] {
            let shared = ["rain", "snow", "wind", "fog"];
            let shared = shared.map(|name| (name, article(&format!("{name}{month}"), 9)));
            let own = ("own", article(&format!("{edition}{month}"), 9));
            let issue = format!("{month}-{edition}");
            let articles = [&shared[..], &[own]].concat();
            here = with_issue(here, &issue, ("", "Our letter", date), &articles);
            here = here.write(LIST, list(people));
            let told = send_as(&here, &relay, &issue, &[]);
            assert_eq!(told.code, 0, "{issue}: {told:?}");
            assert!(!told.stderr.contains("again"), "{}", told.stderr);
            assert!(!here.run(&["plan", &issue]).stderr.contains("again"));
        }
    }
    assert_eq!(relay.counts().accepted, 10);
    // One of the other list, who has the articles.
    here = here.write(LIST, list(&["n2", "m1", "m2"]));
    let shared = ["rain", "snow", "wind", "fog"];
    let articles = shared.map(|name| (name, article(&format!("{name}2025-12"), 9)));
    here = with_issue(here, "2025-12-both", ("", "Our letter", "2025-12-05"), &articles);
    // Where the command is for somebody else nobody is asked, and afterwards as before.
    let words = "1 person of this list got it, and would get it again";
    for accepted in [10, 11] {
        let told = send_as(&here, &relay, "2025-12-both", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, accepted), "{told:?}");
        assert!(told.stderr.contains(words), "{}", told.stderr);
        let told = send_as(&here, &relay, "2025-12-both", &["--to", "m1@x.example"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 11), "{told:?}");
    }
}

/// Whoever sends a renamed issue to a new reader first would send it to all others next, unasked.
#[test]
fn a_renamed_issue_is_asked_about_also_where_the_list_has_only_new_readers() {
    let relay = Relay::new();
    let articles = ["rain", "snow"].map(|name| (name, article(&format!("{name} of the month"), 9)));
    let here = with_issue(
        without_the_first(with_readers(2)),
        "2025-11",
        ("", "Our letter", "2025-11-06"),
        &articles,
    );
    let here = here.write(LIST, "email\nn1@x.example\nn2@x.example\n");
    assert_eq!(send_as(&here, &relay, "2025-11", &[]).code, 0);
    std::fs::rename(here.path("issues/2025-11"), here.path("issues/2025-12")).expect("renamed");
    let here = here.write("new.csv", "email\nnew@x.example\n");
    let told = send_as(&here, &relay, "2025-12", &["--subscribers", "new.csv"]);
    assert_eq!((told.code, relay.counts().accepted), (3, 2), "{told:?}");
    assert!(told.stderr.contains("nobody of this list has it"), "{}", told.stderr);
}
