//! A folder in which another issue stands than the one that was sent under its name: nobody would get
//! the new one, and those who wait would get the old one.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::reworded::{letter, titled};
use crate::{LIST, counts, list, send, with_readers};

const ISSUE: &str = "issues/2025-11/issue.toml";
const ARTICLE: &str = "issues/2025-11/hangul.md";

/// The next issue, written over the one that is here.
pub(crate) fn written_over(here: Publication) -> Publication {
    let next = here
        .read(ISSUE)
        .replace("number = 1", "number = 99")
        .replace("October", "Autumn")
        .replace("Hello {{ first_name | reader }}", "Autumn letter")
        .replace("hangul", "kimchi")
        .replace("11-06", "12-04");
    here.write(ISSUE, next)
        .remove(ARTICLE)
        .write("issues/2025-11/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage and salt.\n")
}

#[test]
fn a_new_issue_in_an_old_folder_is_not_taken_for_sent() {
    let (here, relay) = (with_readers(20), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = written_over(here);
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 20), "{told:?}");
    for words in [
        "issues/2025-11 holds another issue now (number 99, 2025-12-04, \"Autumn letter\") than the one \
         that was sent to 20 people under this name (number 1, 2025-11-06, \"Hello reader\")",
        "nothing was sent",
        "`mv issues/2025-11 issues/NEW`",
        "nobody in the list waits for the old issue",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stderr.contains("stops (exit 3) without --despite-changes"), "{plan:?}");
    // To write it over for those who have nothing is the same slip, and so is a text with a mistake.
    assert!(!told.stderr.contains("--recompose sends"), "{}", told.stderr);
    assert_eq!(send(&here, &relay, &["--recompose"]).code, 3);
    let here =
        here.write("issues/2025-11/kimchi.md", "---\ntitle: Kimchi\n---\n\n![x](gone.png)\n");
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 20));
    // In a folder of its own it is an issue as any other.
    let here = here.write("issues/2025-11/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage.\n");
    std::fs::rename(here.path("issues/2025-11"), here.path("issues/2025-12")).expect("renamed");
    let line = ["send", "2025-12", "--yes", "--json", "--relay", &relay.url()];
    let sent = here.run(&line);
    assert_eq!((sent.code, relay.counts().accepted), (0, 40), "{sent:?}");
}

/// Whoever writes the next issue over the old one may leave its day or its number, and some articles
/// stand in each issue.
#[test]
fn a_new_issue_in_an_old_folder_is_known_although_its_number_or_day_is_the_old_one() {
    let changes: [(&str, &dyn Fn(Publication) -> Publication); 5] = [
        ("the day", &|here| written_over(here).edit(ISSUE, "12-04", "11-06")),
        ("the number", &|here| written_over(here).edit(ISSUE, "number = 99", "number = 1")),
        ("the day, with an error", &|here| {
            let text = "---\ntitle: Kimchi\n---\n\n![x](gone.png)\n";
            written_over(here).edit(ISSUE, "12-04", "11-06").write("issues/2025-11/kimchi.md", text)
        }),
        ("a standing article, where no issue has a number", &|here| {
            let three = "[\"hangul\", \"kimchi\", \"cabbage\", \"salt\"]";
            let hangul = here.read(ARTICLE);
            written_over(here)
                .edit(ISSUE, "number = 99\n", "")
                .edit(ISSUE, "[\"kimchi\"]", three)
                .write(ARTICLE, hangul)
                .write("issues/2025-11/cabbage.md", crate::renamed::article("cabbage", 9))
                .write("issues/2025-11/salt.md", crate::renamed::article("salt", 2))
        }),
        ("both, and a long text", &|here| {
            written_over(here)
                .edit(ISSUE, "12-04", "11-06")
                .edit(ISSUE, "number = 99", "number = 1")
                .write("issues/2025-11/kimchi.md", crate::renamed::article("cabbage", 9))
        }),
    ];
    for (what, change) in changes {
        let (here, relay) = (with_readers(3), Relay::new());
        assert_eq!(send(&here, &relay, &[]).code, 0);
        let here = change(here).write(LIST, list(4));
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 3), "{what}: {told:?}");
        for words in ["holds another issue now", "was sent to 3 people", "--despite-changes"] {
            assert!(told.stderr.contains(words), "{what}: no {words:?} in {}", told.stderr);
        }
        let told = send(&here, &relay, &["--despite-changes"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 4), "{what}: {told:?}");
    }
}

#[test]
fn those_who_wait_do_not_get_the_old_issue_from_the_folder_of_a_new_one() {
    let here = with_readers(20);
    let busy: Vec<String> = (12..=20).map(|n| format!("r{n:03}")).collect();
    let busy: Vec<&str> = busy.iter().map(String::as_str).collect();
    let relay = Relay::scripted(crate::outcomes::script(&busy, "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let (here, relay) = (written_over(here), Relay::new());
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    for words in
        ["holds another issue now (number 99", "was sent to 11 people", "--despite-changes"]
    {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let finished = send(&here, &relay, &["--despite-changes"]);
    assert_eq!((finished.code, relay.counts().accepted), (0, 9), "{finished:?}");
    assert_eq!(counts(&here, &finished), [20, 0, 0, 0, 0, 0]);
}

/// The head was left as it was, and all of the text is another one.
#[test]
fn a_new_text_under_the_old_head_is_asked_about_where_nothing_of_the_old_one_is_left() {
    let waiting = || {
        let here = with_readers(20);
        let here = here.write(ARTICLE, titled("Hangul", &letter(1, 4)));
        let busy: Vec<String> = (12..=20).map(|n| format!("r{n:03}")).collect();
        let busy: Vec<&str> = busy.iter().map(String::as_str).collect();
        let relay = Relay::scripted(crate::outcomes::script(&busy, "450 4.2.1 busy"));
        assert_eq!(send(&here, &relay, &[]).code, 4);
        here
    };
    let (here, relay) = (waiting().write(ARTICLE, titled("Kimchi", &letter(2, 4))), Relay::new());
    for more in [&[][..], &["--recompose"]] {
        let told = send(&here, &relay, more);
        assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
        for words in [
            "issues/2025-11 holds another text now than the one that was sent to 11 people under this \
             name, of which nothing is left but the head (number 1, 2025-11-06, \"Hello reader\")",
            "`mv issues/2025-11 issues/NEW`",
            "--despite-changes",
        ] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
    let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
    assert!(plan.code == 0 && plan.stderr.contains("holds another text now"), "{plan:?}");
    let told = send(&here, &relay, &["--despite-changes"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
    // A short text is a correction, and so is one with a part of the old one.
    let part = titled("Hangul", &format!("{}{}", letter(1, 2), letter(2, 4)));
    for text in ["---\ntitle: Hangul\n---\n\nWe were wrong.\n".to_owned(), part] {
        let (here, relay) = (waiting().write(ARTICLE, text), Relay::new());
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
    }
}

/// What is still the same says that it is the issue which was sent.
#[test]
fn an_issue_that_was_corrected_goes_on_without_a_question() {
    let changes: [&dyn Fn(Publication) -> Publication; 5] = [
        // A typo, and a further article.
        &|here| {
            here.edit(ARTICLE, "Twenty-eight", "Twenty-four")
                .edit(ISSUE, "[\"hangul\"]", "[\"hangul\", \"kimchi\"]")
                .write("issues/2025-11/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage.\n")
        },
        // Another day and another subject, with the same article.
        &|here| here.edit(ISSUE, "11-06", "11-09").edit(ISSUE, "Hello", "Good day"),
        // The number alone, and the day alone.
        &|here| here.edit(ISSUE, "number = 1", "number = 2"),
        &|here| here.edit(ISSUE, "11-06", "11-09"),
        // Number, day and subject, and most of the article stays.
        &|here| {
            here.edit(ISSUE, "number = 1", "number = 2").edit(ISSUE, "Hello", "Good day").edit(
                ARTICLE,
                "Twenty-eight",
                "Twenty-four",
            )
        },
    ];
    for (at, change) in changes.iter().enumerate() {
        let (here, relay) = (with_readers(3), Relay::new());
        assert_eq!(send(&here, &relay, &[]).code, 0);
        let here = change(here).write(LIST, list(4));
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 4), "{at}: {told:?}");
        assert!(!told.stderr.contains("another issue"), "{at}: {}", told.stderr);
    }
}

/// One folder that is filled anew each week, in which the subject and an article always stay.
#[test]
fn another_number_and_another_day_are_another_issue_whatever_else_stayed() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.edit(ISSUE, "number = 1", "number = 2").edit(ISSUE, "11-06", "11-13");
    for readers in [3, 4] {
        std::fs::write(here.path(LIST), list(readers)).expect("written");
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 3), "{readers}: {told:?}");
        for words in [
            "issues/2025-11 holds another issue now (number 2, 2025-11-13, \"Hello reader\") than the \
             one that was sent to 3 people under this name (number 1, 2025-11-06, \"Hello reader\")",
            "`mv issues/2025-11 issues/NEW`",
        ] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
        assert!(plan.code == 0 && plan.stderr.contains("holds another issue now"), "{plan:?}");
    }
}
