//! An issue whose folder has another name and whose words were changed here and there, and what is only
//! a letter of the same kind.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::renamed::{send_as, with_issue};
use crate::with_readers;

/// Words that a letter of a small society is made of.
const WORDS: &str = "the a our we you of in to and for with on at by was is will house garden school river \
    winter summer friends people music soup bread letter meeting members hall road train morning \
    evening children neighbours book story help work time week year home church market table chair \
    window door water light work song choir teacher doctor baker farmer visit walk sing cook read write \
    build paint carry bring take give find show tell ask answer open close early late warm cold new old \
    small long quiet loud green white first last next other many few always often never again together";

/// So many paragraphs of about forty words of which no other letter has one; `about` tells letters apart.
pub(crate) fn letter(about: u64, paragraphs: u64) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut seed = about.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        words[(seed >> 33) as usize % words.len()]
    };
    let mut paragraph =
        || format!("{}.\n\n", (0..40).map(|_| word()).collect::<Vec<_>>().join(" "));
    (0..paragraphs).map(|_| paragraph()).collect()
}

pub(crate) fn titled(title: &str, text: &str) -> String {
    format!("---\ntitle: {title}\n---\n\n{text}")
}

/// The same with each so manieth word changed.
fn reworded(text: &str, each: usize) -> String {
    let mut at = 0;
    let changed = text.split(' ').map(|word| {
        at += 1;
        if at % each == 0 {
            word.replace(char::is_alphabetic, "") + "instead"
        } else {
            word.to_owned()
        }
    });
    changed.collect::<Vec<_>>().join(" ")
}

fn without_folder(here: Publication, issue: &str) -> Publication {
    std::fs::remove_dir_all(here.path(&format!("issues/{issue}"))).expect("removed");
    here
}

/// Three letters that four people have.
fn sent(relay: &Relay) -> (Publication, Vec<(&'static str, String)>) {
    let texts: Vec<(&str, String)> = [("walk", 1), ("choir", 2), ("soup", 3)]
        .map(|(name, about)| (name, titled(name, &letter(about, 4))))
        .to_vec();
    let here = without_folder(with_readers(4), "2025-11");
    let here = with_issue(here, "2025-11", ("number = 1\n", "Our letter", "2025-11-06"), &texts);
    let told = send_as(&here, relay, "2025-11", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    (here, texts)
}

/// Fifty of five hundred words are others, in each paragraph some; the number, the day and perhaps the
/// subject are new.
#[test]
fn an_issue_whose_words_were_changed_everywhere_is_asked_about() {
    for (subject, each, is_gone, words) in [
        ("Our letter", 9, true, "its folder is gone; issues/2025-12 has about"),
        ("Another letter", 9, true, "its folder is gone; issues/2025-12 has about"),
        ("Our letter", 4, true, "its folder is gone; issues/2025-12 has about"),
        ("Another letter", 9, false, "its folder is still there; issues/2025-12 has about"),
    ] {
        let relay = Relay::new();
        let (mut here, texts) = sent(&relay);
        let texts: Vec<_> =
            texts.into_iter().map(|(name, text)| (name, reworded(&text, each))).collect();
        if is_gone {
            here = without_folder(here, "2025-11");
        }
        let head = ("number = 2\n", subject, "2025-12-04");
        let here = with_issue(here, "2025-12", head, &texts);
        let plan = here.run(&["plan", "2025-12", "--relay", &relay.url()]);
        assert!(plan.code == 0 && plan.stderr.contains(words), "{subject} {each}: {plan:?}");
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 4), "{subject} {each}: {told:?}");
        assert!(told.stderr.contains(words), "{subject} {each}: {}", told.stderr);
        assert_eq!(send_as(&here, &relay, "2025-12", &["--new-issue"]).code, 0);
    }
}

/// In a short letter the same number of words is more of one article than of another.
#[test]
fn a_short_issue_is_known_by_all_of_its_words_together() {
    let relay = Relay::new();
    let here = without_folder(with_readers(4), "2025-11");
    let (long, short) = (letter(1, 4), letter(2, 1));
    let texts =
        |long: &str, short: &str| [("long", titled("A", long)), ("short", titled("B", short))];
    let head = ("number = 1\n", "Our letter", "2025-11-06");
    let here = with_issue(here, "2025-11", head, &texts(&long, &short));
    assert_eq!(send_as(&here, &relay, "2025-11", &[]).code, 0);
    let head = ("number = 2\n", "Our letter", "2025-12-04");
    let texts = texts(&reworded(&long, 7), &reworded(&short, 2));
    let here = with_issue(without_folder(here, "2025-11"), "2025-12", head, &texts);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
}

/// What was three articles is one, and what was one is two.
#[test]
fn the_words_are_found_again_in_whatever_article_they_stand() {
    for is_one in [true, false] {
        let relay = Relay::new();
        let (here, texts) = sent(&relay);
        let all: String = texts.iter().map(|(_, text)| reworded(text, 9)).collect();
        let (first, second) = all.split_at(all[..all.len() / 2].rfind(' ').expect("a word"));
        let texts = if is_one {
            vec![("all", titled("All", &all.replace("---", "")))]
        } else {
            let halves = [("first", first), ("second", second)];
            halves.map(|(name, text)| (name, titled(name, &text.replace("---", "")))).to_vec()
        };
        let head = ("number = 2\n", "Something else", "2025-12-04");
        let here = with_issue(without_folder(here, "2025-11"), "2025-12", head, &texts);
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    }
}

/// A letter with a standing subject, the same greeting and the same last words each month, and an
/// imprint. Old folders are deleted after two months.
#[test]
fn ordinary_months_with_a_standing_frame_ask_nothing() {
    let relay = Relay::new();
    let mut here = without_folder(with_readers(2), "2025-11");
    let (greeting, last_words) = (letter(100, 1), letter(101, 1));
    for month in 1..=8_u64 {
        let own = letter(month, 5);
        let texts = [
            ("letter", titled("Letter", &format!("{greeting}{own}{last_words}"))),
            ("imprint", titled("Us", &letter(102, 2))),
        ];
        let (issue, number) = (format!("2025-{month:02}"), format!("number = {month}\n"));
        let head = (number.as_str(), "Our letter", &*format!("{issue}-06"));
        here = with_issue(here, &issue, head, &texts);
        let told = send_as(&here, &relay, &issue, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 2 * month), "{month}: {told:?}");
        assert!(!told.stderr.contains("was sent to"), "{}", told.stderr);
        if month > 2 {
            here = without_folder(here, &format!("2025-{:02}", month - 2));
        }
    }
}

/// A letter that never changes its number and its subject, in a folder of a new name each week. It is
/// asked about where something of the text is the old one.
#[test]
fn a_new_text_of_another_day_asks_nothing_although_number_and_subject_are_as_always() {
    let relay = Relay::new();
    let mut here = without_folder(with_readers(2), "2025-11");
    for week in 1..=3 {
        let (issue, date) = (format!("2026-w{week}"), format!("2026-03-{:02}", 7 * week));
        let texts = [("letter", titled("Letter", &letter(week, 3)))];
        here = with_issue(here, &issue, ("number = 1\n", "Our letter", &date), &texts);
        let told = send_as(&here, &relay, &issue, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 2 * week), "{told:?}");
        here = without_folder(here, &issue);
    }
    let text = format!("{}{}", letter(3, 1), letter(4, 2));
    let texts = [("letter", titled("Letter", &text))];
    let head = ("number = 7\n", "Another letter", "2026-03-28");
    let here = with_issue(here, "2026-w4", head, &texts);
    assert_eq!(send_as(&here, &relay, "2026-w4", &[]).code, 0);
    let texts = [("letter", titled("Letter", &format!("{}{}", letter(4, 1), letter(5, 2))))];
    let head = ("number = 7\n", "Another letter", "2026-04-04");
    let here = with_issue(without_folder(here, "2026-w4"), "2026-w5", head, &texts);
    let told = send_as(&here, &relay, "2026-w5", &[]);
    assert_eq!(told.code, 3, "{told:?}");
}

/// Telephone numbers, a sum and an address that stay, and one day that is new.
#[test]
fn a_weekly_notice_with_one_new_day_is_asked_about_once() {
    let relay = Relay::new();
    let mut here = without_folder(with_readers(2), "2025-11");
    let mut codes = Vec::new();
    for week in 1..=6 {
        let day = 5 + week;
        let text = format!(
            "We meet on {day} March at 19:30 in room 12, 4 Lake Road, 8001 Zurich; tram 9 or 11. Bring 5 \
             francs. Questions: 044 123 45 67. Everybody who likes to sing is welcome, and there is soup \
             for all of us in the break, bread from the baker at the corner, and tea in the large can. \
             Whoever comes by car finds a place behind the church, where the light is left on for us.\n"
        );
        let texts = [("notice", titled("Choir", &text))];
        let (issue, number) = (format!("2026-w{week}"), format!("number = {week}\n"));
        let date = format!("2026-03-{:02}", day - 3);
        here = with_issue(here, &issue, (&number, "The choir sings", &date), &texts);
        let told = send_as(&here, &relay, &issue, &[]);
        codes.push(told.code);
        if told.code == 3 {
            assert_eq!(send_as(&here, &relay, &issue, &["--new-issue"]).code, 0);
        }
        assert_eq!(relay.counts().accepted, 2 * week, "{week}");
    }
    assert_eq!(codes, [0, 3, 0, 0, 0, 0]);
}
