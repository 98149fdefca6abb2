//! What is asked about: pairs of issues, and whole years of them.

use std::collections::BTreeMap;
use std::time::Instant;

use super::*;
use crate::delivery::sketch::Sketch;

fn features(subject: &str, files: &[(&str, &str)]) -> Features {
    let files = files.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned()));
    let headline = Headline { subject: Some(subject.to_owned()), ..Headline::default() };
    Features { headline, files: files.collect(), ..Features::default() }
}

/// The same with a number and a day.
fn dated(features: Features, number: Option<i64>, date: &str) -> Features {
    let date = Some(date.parse().unwrap());
    Features { headline: Headline { number, date, ..features.headline }, ..features }
}

fn of(now: &Features, then: &Features, sent: &[Features]) -> Option<Likeness> {
    let known = KnownIssues::of(sent, now);
    likeness(&known.numbered(now), &known.numbered(then), &known)
}

fn still(there: &Features, then: &Features) -> bool {
    let known = KnownIssues::of(std::slice::from_ref(then), there);
    is_still(&known.numbered(there), &known.numbered(then), &known)
}

fn sent() -> Features {
    features("Hangul", &[("issue.toml", "i1"), ("a.md", "a1"), ("b.md", "b1"), ("imprint.md", "s")])
}

#[test]
fn a_renamed_issue_is_known_by_its_files_or_its_subject() {
    let known = [sent(), features("Kimchi", &[])];
    let of = |now: &Features| of(now, &sent(), &known);
    assert_eq!(of(&sent()), Some(Likeness::Manifest));
    let edited = [("issue.toml", "i2"), ("a.md", "a2"), ("c.md", "b1"), ("imprint.md", "s")];
    assert_eq!(of(&features("Another", &edited)), Some(Likeness::Articles(2, 3)));
    let rewritten = [("issue.toml", "i2"), ("a.md", "a2"), ("b.md", "b2"), ("imprint.md", "s")];
    let subject = Some(Likeness::Subject("Hangul".to_owned()));
    assert_eq!(of(&features("Hangul", &rewritten)), subject);
}

#[test]
fn a_standing_article_or_subject_makes_no_two_issues_one() {
    let next = [("issue.toml", "i2"), ("x.md", "x"), ("y.md", "y"), ("imprint.md", "s")];
    let next_of = |subject: &str, known: &[Features]| of(&features(subject, &next), &sent(), known);
    assert_eq!(next_of("Kimchi", &[sent()]), None);
    assert_eq!(next_of("Hangul", &[sent(), features("Hangul", &[])]), None);
    let (now, nothing) = (features("Hangul", &next), Features::default());
    assert_eq!(of(&now, &nothing, &[]), None);
    assert_eq!(of(&nothing, &nothing, &[]), None);
    // One of two articles stands in each issue.
    let two = |own: &'_ str| features(own, &[("own.md", own), ("imprint.md", "s")]);
    let known = [two("a"), two("b")];
    assert_eq!(of(&two("c"), &known[1], &known), None);
    let again = features("c", &[("other.md", "b"), ("imprint.md", "s")]);
    assert_eq!(of(&again, &known[1], &known), Some(Likeness::Articles(1, 1)));
}

#[test]
fn what_was_edited_all_over_is_known_by_its_number_or_its_day() {
    let then = dated(features("Snow in Seoul", &[("a.md", "a1")]), Some(7), "2025-11-06");
    let edited = |subject: &str, number, date: &str| {
        let now = dated(features(subject, &[("a.md", "a2")]), number, date);
        of(&now, &then, std::slice::from_ref(&then))
    };
    assert_eq!(edited("Kimchi", Some(7), "2025-11-09"), Some(Likeness::Number(7)));
    assert_eq!(edited("Kimchi", Some(7), "2026-11-05"), None, "it counts anew each year");
    let day = Some(Likeness::Date("2025-11-06".parse().unwrap()));
    assert_eq!(edited("Much snow in Seoul", Some(8), "2025-11-06"), day);
    assert_eq!(edited("Kimchi", Some(8), "2025-11-06"), None, "two issues of one day");
    assert_eq!(edited("Snow in Seoul", Some(8), "2025-11-13"), None, "a standing subject");
    let second = dated(features("Kimchi", &[]), Some(7), "2025-10-30");
    let now = dated(features("Rain", &[]), Some(7), "2025-11-13");
    assert_eq!(of(&now, &then, &[then.clone(), second]), None, "nobody counts");
}

#[test]
fn half_of_the_articles_make_no_issue_one_that_has_its_own_number_and_day() {
    let files = |own: &'static str| [("own.md", own), ("imprint.md", "s")];
    let then = dated(features("Snow", &files("a")), Some(7), "2025-11-06");
    let known = [then.clone()];
    let next = dated(features("Rain", &files("b")), Some(8), "2025-11-13");
    assert_eq!(of(&next, &then, &known), None);
    let unnumbered = dated(features("Rain", &files("b")), None, "2025-11-13");
    assert_eq!(of(&unnumbered, &then, &known), None);
    let same = dated(features("Rain", &files("a")), Some(8), "2025-11-13");
    assert_eq!(of(&same, &then, &known), Some(Likeness::Articles(2, 2)));
    // One of six was corrected.
    let six = |last: &'static str| {
        let names = ["a.md", "b.md", "c.md", "d.md", "e.md"];
        let mut files: Vec<(&str, &str)> = names.map(|name| (name, name)).to_vec();
        files.push(("f.md", last));
        features("Rain", &files)
    };
    let (then, now) = (six("f"), dated(six("g"), Some(8), "2025-11-13"));
    let then = dated(then, Some(7), "2025-11-06");
    let known = [then.clone()];
    assert_eq!(of(&now, &then, &known), Some(Likeness::Articles(5, 6)));
}

#[test]
fn a_folder_holds_its_issue_until_nothing_of_it_is_left() {
    let files = [("a.md", "a1"), ("b.md", "b1"), ("c.md", "c1")];
    let then = dated(features("Snow", &files), Some(7), "2025-11-06");
    let decoy = dated(features("Rain", &[("a.md", "x")]), Some(9), "2026-01-06");
    assert!(!still(&decoy, &then));
    let edited = Features { files: BTreeMap::new(), ..then.clone() };
    assert!(still(&edited, &then));
    let files = [("a.md", "x"), ("b.md", "y"), ("c.md", "c1")];
    let one_article = dated(features("Rain", &files), Some(9), "2026-01-06");
    assert!(still(&one_article, &then));
}

#[test]
fn a_folder_of_which_the_head_alone_was_left_holds_another_issue() {
    let head = (Some(7), Some("2025-11-06"));
    let of = |texts: &[String]| with(head, "Snow", texts);
    let (rain, snow) = (article("rain", 90), article("snow", 90));
    let then = of(&[rain.clone(), snow.clone()]);
    for (what, texts, expected) in [
        ("all is new", vec![article("sun", 38)], false),
        ("too short to tell", vec![article("sun", 20)], true),
        ("one article stays", vec![snow.clone(), article("sun", 400)], true),
        ("a part of one stays", vec![[article("snow", 30), article("sun", 30)].join("\n")], true),
        ("most words are others", vec![reworded("rain", 90, 3), reworded("snow", 90, 3)], true),
    ] {
        assert_eq!(still(&of(&texts), &then), expected, "{what}");
    }
    // An older version has kept no texts.
    let older = Features { sketches: BTreeMap::new(), ..then };
    assert!(still(&of(&[article("sun", 90)]), &older));
}

/// An issue of these articles; a file's text stands for its hash.
fn issue(number: Option<i64>, date: Option<&str>, subject: &str, articles: &[String]) -> Features {
    // The title is that of the last article.
    let head = format!("{number:?} {date:?} {subject} {:?}", articles.last());
    let head = ("issue.toml".to_owned(), head);
    let named = |(at, text): (usize, &String)| (format!("{at}.md"), text.clone());
    let texts: Vec<(String, String)> = articles.iter().enumerate().map(named).collect();
    Features {
        headline: Headline {
            number,
            date: date.map(|date| date.parse().unwrap()),
            subject: Some(subject.to_owned()),
            ..Headline::default()
        },
        sketches: texts.iter().map(|(name, text)| (name.clone(), Sketch::of(text))).collect(),
        files: texts.into_iter().chain([head]).collect(),
        ..Features::default()
    }
}

/// A letter of so many words about something that no other one is about.
fn article(about: &str, words: usize) -> String {
    let word = |n: usize| format!("{about}{n} ");
    format!("title: About {about}\n\n{}", (0..words).map(word).collect::<String>())
}

/// What a person has said of a copy for a part of the list makes none of its texts a standing one.
#[test]
fn a_copy_with_a_new_article_that_was_let_go_for_some_leaves_the_others_its_own() {
    let names = ["rain", "snow", "wind", "fog", "hail"].map(|name| article(name, 90));
    let six = |last: &str| [&names[..], &[article(last, 90)]].concat();
    let named = |name: &str, at: usize, last: &str| {
        let head = (Some(at as i64 + 1), Some(DAYS[at]));
        let mut issue = with(head, &format!("Letter {at}"), &six(last));
        issue.headline.name = name.to_owned();
        issue
    };
    let (first, mut second, third) =
        (named("first", 0, "sun"), named("second", 1, "moon"), named("third", 2, "star"));
    let said = BTreeSet::from(["first".to_owned()]);
    for (is_for_all, expected) in [(true, None), (false, Some(Likeness::Articles(5, 6)))] {
        let (all, some) = (&mut second.another_than, &mut second.another_for_some);
        (*all, *some) = Default::default();
        *(if is_for_all { all } else { some }) = said.clone();
        let sent = [first.clone(), second.clone()];
        assert_eq!(of(&third, &first, &sent), expected, "{is_for_all}");
    }
}

/// What is on, with the days of a month in it.
fn events(month: i64) -> String {
    let event = |n: i64| {
        let what = article(&format!("event{n}x"), 60);
        format!("{what} on day {} of month {month} in the hall\n", n * month % 28)
    };
    (1..4).map(event).collect()
}

/// Which of the issues, sent one after the other, are asked about (`a`) and which are not (`.`). A
/// person says each time that it is another one.
fn asked(issues: &[Features], stays: impl Fn(usize) -> bool) -> String {
    asked_while(issues, |at, _| stays(at))
}

/// The same where folders are deleted after a while: whether that of one stays until another one is sent.
fn asked_while(issues: &[Features], stays: impl Fn(usize, usize) -> bool) -> String {
    let mut sent: Vec<Features> = Vec::new();
    let mut told = String::new();
    for (next, now) in issues.iter().enumerate() {
        let mut said = now.clone();
        said.headline.name = format!("issue{next}");
        let known = KnownIssues::of(&sent, now);
        let now = known.numbered(now);
        let same = |then: &Features| made_of(&now, &known.numbered(then), &known);
        let made_of: Vec<Option<Likeness>> = sent.iter().map(same).collect();
        let is_there = |then: &Features| {
            sent.iter()
                .position(|one| one.headline == then.headline)
                .is_some_and(|at| stays(at, next))
        };
        let is_letter = is_letter(&sent, &made_of, is_there);
        for (at, (then, same)) in sent.iter().zip(made_of).enumerate() {
            let seems = if stays(at, next) { copied } else { likeness };
            let same = same.filter(|_| !is_letter);
            if seems(&now, &known.numbered(then), &known).or(same).is_some() {
                said.another_than.insert(then.headline.name.clone());
            }
        }
        told.push(if said.another_than.is_empty() { '.' } else { 'a' });
        drop(known);
        sent.push(said);
    }
    told
}

const DAYS: [&str; 6] =
    ["2025-11-06", "2025-12-04", "2026-01-08", "2026-02-05", "2026-03-05", "2026-04-02"];

/// What is asked where folders stay, and where they go.
type Expected = [&'static str; 2];
const EACH: Expected = [".aaaaa"; 2];
const ONCE: Expected = [".a...."; 2];
const A_HABIT: Expected = [".aaa..", ".aaaaa"];
const A_LETTER: Expected = [".a....", ".aaaaa"];

#[test]
fn each_copy_of_an_issue_is_asked_about_and_a_letter_that_is_sent_again_and_again_is_not() {
    let texts = [article("rain", 90), article("snow", 90)];
    let five = |last: usize| -> Vec<String> {
        let names = ["rain", "snow", "wind", "fog"].map(|name| article(name, 90));
        names.into_iter().chain([article(&format!("own{last}x"), 90)]).collect()
    };
    let worded = |at: usize| texts.clone().map(|text| format!("{text} {}", "more ".repeat(at)));
    let own = |at: usize| (Some(at as i64 + 1), Some(DAYS[at]));
    let first = |_: usize| (Some(1), Some(DAYS[0]));
    let subject = |at: usize| format!("Weather {at}");
    let all = |of: &dyn Fn(usize) -> Features| (0..6).map(of).collect::<Vec<Features>>();
    let with = |(number, date): (Option<i64>, Option<&str>), subject: &str, texts: &[String]| {
        issue(number, date, subject, texts)
    };
    let day_alone = |at: usize| (None, Some(DAYS[at]));
    let day_kept = |at: usize| (Some(at as i64 + 1), Some(DAYS[0]));
    for (what, issues, expected) in [
        ("nothing was changed", all(&|at| with(first(at), "Weather", &texts)), EACH),
        ("the subject was changed", all(&|at| with(first(at), &subject(at), &texts)), EACH),
        ("the day was kept", all(&|at| with(day_kept(at), &subject(at), &texts)), EACH),
        ("words were added", all(&|at| with(first(at), "Weather", &worded(at))), EACH),
        ("one of five is another", all(&|at| with(first(at), "Weather", &five(at))), EACH),
        // Four such issues show that it is a habit. Where the folder of the last one is gone, this may
        // be that one.
        ("number and day were changed", all(&|at| with(own(at), "Weather", &texts)), A_HABIT),
        ("the same without numbers", all(&|at| with(day_alone(at), "Weather", &texts)), A_HABIT),
        ("and words were added", all(&|at| with(own(at), "Weather", &worded(at))), A_HABIT),
        // A reminder: it has a head of its own each time.
        ("all of the head is new", all(&|at| with(own(at), &subject(at), &texts)), A_LETTER),
        ("without numbers", all(&|at| with(day_alone(at), &subject(at), &texts)), A_LETTER),
        ("words as well", all(&|at| with(own(at), &subject(at), &worded(at))), A_LETTER),
        // Four articles stand in each, and one is new.
        ("four stand in each", all(&|at| with(own(at), "Weather", &five(at))), ONCE),
    ] {
        for (stays, expected) in [true, false].into_iter().zip(expected) {
            assert_eq!(asked(&issues, |_| stays), expected, "{what}; folders stay: {stays}");
        }
    }
}

/// The same text with a number, a day and a subject of its own each time.
#[test]
fn a_reminder_is_asked_about_once_as_long_as_the_folder_of_the_last_one_is_there() {
    let texts = [article("rain", 90), article("snow", 90)];
    let reminder =
        |at: usize, subject: &str| with((Some(at as i64 + 1), Some(DAYS[at])), subject, &texts);
    let mut reminders: Vec<Features> =
        (0..6).map(|at| reminder(at, &format!("Weather {at}"))).collect();
    // Old folders are deleted.
    assert_eq!(asked_while(&reminders, |at, next| next - at < 2), ".a....");
    // The last folder was renamed.
    assert_eq!(asked_while(&reminders, |at, next| at < 4 || next < 5), ".a...a");
    // A copy of a reminder is still a copy.
    reminders.truncate(4);
    reminders.push(reminder(3, "Weather and more"));
    reminders.push(reminder(4, "Weather 3"));
    assert_eq!(asked(&reminders, |_| true), ".a..aa");
}

/// The tests below rest on it.
#[test]
fn two_lists_of_events_are_alike_and_not_the_same() {
    let [one, other] = [1, 2].map(events);
    assert!(one != other && Sketch::of(&one).is_alike(&Sketch::of(&other)));
    assert!(Sketch::of(&events(11)).is_alike(&Sketch::of(&events(23))));
}

#[test]
fn two_years_of_ordinary_issues_ask_nothing() {
    let day = |month: i64| format!("{}-{:02}-06", 2025 + (month - 1) / 12, (month - 1) % 12 + 1);
    for numbered in [true, false] {
        for dated in [true, false] {
            for standing_subject in [true, false] {
                let year: Vec<Features> = (1..=24)
                    .map(|month| {
                        let subject = format!("News {month}");
                        let subject = if standing_subject { "Our letter" } else { &subject };
                        let own = article(&format!("month{month}x"), 40);
                        let texts = [article("imprint", 30), events(month), own];
                        // In some months there is nothing but what stands in each.
                        let is_standing = month % 9 == 0 && (numbered || dated);
                        let texts = if is_standing { &texts[..2] } else { &texts };
                        let day = day(month);
                        let date = dated.then_some(day.as_str());
                        issue(numbered.then_some(month), date, subject, texts)
                    })
                    .collect();
                for stays in [|_| true, |_| false, |at: usize| !at.is_multiple_of(3)] {
                    // Without a day, which an issue always has now, the second one may be asked about.
                    let from = if dated { 0 } else { 2 };
                    let asked = asked(&year, stays);
                    assert!(!asked[from..].contains('a'), "{numbered} {dated}: {asked}");
                }
            }
        }
    }
}

#[test]
fn a_notice_or_a_list_that_is_brought_up_to_date_each_month_asks_nothing() {
    let meeting = |at: usize| {
        format!(
            "title: Meeting\n\nMeeting on the {at}rd of May. Come to the hall at seven; bring cake."
        )
    };
    let months = |subject: &dyn Fn(usize) -> String, text: &dyn Fn(usize) -> Vec<String>| {
        let month = |at: usize| issue(Some(at as i64 + 1), Some(DAYS[at]), &subject(at), &text(at));
        (0..6).map(month).collect::<Vec<Features>>()
    };
    let (own, standing) = (|at: usize| format!("Month {at}"), |_: usize| "Our letter".to_owned());
    let notice = |at: usize| vec![meeting(at)];
    let list = |at: usize| vec![article("imprint", 30), events(at as i64 + 1)];
    for subject in [&own as &dyn Fn(usize) -> String, &standing] {
        for text in [&notice as &dyn Fn(usize) -> Vec<String>, &list] {
            let mut issues = months(subject, text);
            for stays in [true, false] {
                assert_eq!(asked(&issues, |_| stays), "......");
            }
            // An older version has not kept the figures.
            for sketch in issues.iter_mut().flat_map(|issue| issue.sketches.values_mut()) {
                let mut older = serde_json::to_value(&sketch).unwrap();
                older.as_object_mut().unwrap().remove("numbers").unwrap();
                *sketch = serde_json::from_value(older).unwrap();
            }
            let asked = asked(&issues, |_| true);
            assert!(asked.matches('a').count() <= 3 && asked.ends_with(".."), "{asked}");
        }
    }
}

/// A note about one evening.
fn note(day: i64) -> String {
    format!(
        "title: Concert\n\nOur choir sings on {day} December, in the old church by the lake. Bring \
         friends, and warm shoes; the soup afterwards is free for all."
    )
}

type Head = (Option<i64>, Option<&'static str>);
const FIRST: Head = (None, Some("2025-12-04"));
const LATER: Head = (None, Some("2025-12-11"));
const FOUR: Head = (Some(4), Some("2025-12-04"));
const FIVE: Head = (Some(5), Some("2025-12-11"));

fn with((number, date): Head, subject: &str, texts: &[String]) -> Features {
    issue(number, date, subject, texts)
}

fn waited(then: Features) -> Features {
    Features { is_unfinished: true, ..then }
}

/// What was sent, what is to be sent, and whether it is asked about where the folder of the last one is
/// gone, and where it is there.
fn are_asked(lines: Vec<(&str, Vec<Features>, Features, [char; 2])>) {
    for (what, sent, now, expected) in lines {
        let asked = |seems: fn(&_, &_, &_) -> Option<Likeness>| {
            let known = KnownIssues::of(&sent, &now);
            let then = known.numbered(sent.last().unwrap());
            seems(&known.numbered(&now), &then, &known).map_or('.', |_| 'a')
        };
        assert_eq!([asked(likeness), asked(copied)], expected, "{what}");
    }
}

#[test]
fn an_issue_that_was_put_off_is_asked_about_although_its_text_names_another_day() {
    let news = with((Some(3), Some("2025-11-06")), "News", &[article("rain", 90)]);
    are_asked(vec![
        (
            "the day and one figure",
            vec![with(FIRST, "Concert", &[note(4)])],
            with(LATER, "Concert", &[note(11)]),
            ['a', '.'],
        ),
        (
            "the same, and people wait",
            vec![waited(with(FIRST, "Concert", &[note(4)]))],
            with(LATER, "Concert", &[note(11)]),
            ['a', '.'],
        ),
        (
            "number, day and one figure, and people wait",
            vec![waited(with(FOUR, "Concert", &[note(4)]))],
            with(FIVE, "Concert", &[note(5)]),
            ['a', '.'],
        ),
        (
            "the subject names the day too, and people wait",
            vec![waited(with(FOUR, "Concert, 4 December", &[note(4)]))],
            with(FIVE, "Concert, 11 December", &[note(11)]),
            ['a', '.'],
        ),
        (
            "number, day and one figure, where others have other subjects",
            vec![news, with(FOUR, "Concert", &[note(4)])],
            with(FIVE, "Concert", &[note(11)]),
            ['a', '.'],
        ),
    ]);
}

#[test]
fn what_else_was_changed_tells_whether_a_moved_issue_is_another_one() {
    let (own, other) = (article("rain", 90), article("snow", 90));
    let long =
        |phone: &str| format!("{} Come at 7:30 to room 12, or call {phone}.", article("choir", 90));
    are_asked(vec![
        (
            "the next notice, whose number is its own",
            vec![with(FOUR, "Concert", &[note(4)])],
            with(FIVE, "Concert", &[note(11)]),
            ['.', '.'],
        ),
        (
            "all is written anew, and people wait",
            vec![waited(with(FIRST, "Concert", std::slice::from_ref(&own)))],
            with(LATER, "Concert", std::slice::from_ref(&other)),
            ['a', '.'],
        ),
        (
            "all but the subject is new",
            vec![with(FIRST, "Concert", std::slice::from_ref(&own))],
            with(LATER, "Concert", std::slice::from_ref(&other)),
            ['.', '.'],
        ),
        (
            "a corrected number in a long letter",
            vec![with(FOUR, "Concert", &[long("044 123 45 67")])],
            with(FIVE, "The choir", &[long("044 123 45 68")]),
            ['a', 'a'],
        ),
        (
            "the day alone",
            vec![with(FIRST, "Concert", &[note(4)])],
            with(LATER, "Concert", &[note(4)]),
            ['a', 'a'],
        ),
        (
            "the number alone",
            vec![with(FOUR, "Concert", &[note(4)])],
            with((Some(5), Some("2025-12-04")), "Concert", &[note(11)]),
            ['a', 'a'],
        ),
        (
            "one of two articles names the day",
            vec![with(FIRST, "Concert", &[note(4), own.clone()])],
            with(LATER, "Concert", &[note(11), own.clone()]),
            ['a', '.'],
        ),
        (
            "both were edited",
            vec![with(FIRST, "Concert", &[note(4), own.clone()])],
            with(LATER, "Concert", &[note(11), format!("{own} indeed")]),
            ['a', '.'],
        ),
    ]);
}

/// A list that is brought up to date each month, whose folder is removed while somebody waits. The
/// second issue may be the first one; after that it shows what stands in each.
#[test]
fn ordinary_issues_that_people_wait_for_are_asked_about_once_at_most() {
    for standing_subject in [true, false] {
        let month = |at: usize| {
            let month = at as i64 + 1;
            let subject = format!("News {month}");
            let subject = if standing_subject { "Our letter" } else { &subject };
            let own = article(&format!("month{month}x"), 40);
            let texts = [article("imprint", 30), events(month), own];
            Features { is_unfinished: true, ..issue(Some(month), Some(DAYS[at]), subject, &texts) }
        };
        let months: Vec<Features> = (0..6).map(month).collect();
        assert_eq!(asked(&months, |_| true), "......");
        assert_eq!(asked(&months, |_| false), ".a....");
    }
}

/// A letter of unlike words in which each so manieth one is another one.
fn reworded(about: &str, words: usize, each: usize) -> String {
    let word = |n: usize| {
        let new = if n.is_multiple_of(each) { "new" } else { "" };
        format!("{about}{n}{new} ")
    };
    format!("title: About {about}\n\n{}", (0..words).map(word).collect::<String>())
}

#[test]
fn how_many_words_stayed_tells_whether_a_renamed_or_copied_issue_is_the_same() {
    let never = usize::MAX;
    let two = |each: usize| ["rain", "snow"].map(|about| reworded(about, 250, each));
    let then = || vec![with(FOUR, "Weather", &two(never))];
    let news = || with((Some(3), Some("2025-11-06")), "News", &[article("wind", 90)]);
    let one_new = |each| [&two(each)[..], &[article("fog", 400)]].concat();
    let imprint = article("imprint", 300);
    let with_imprint = |own: &str| [article(own, 200), imprint.clone()];
    are_asked(vec![
        ("each tenth word", then(), with(FIVE, "Weather", &two(10)), ['a', 'a']),
        ("and the subject", then(), with(FIVE, "Rain", &two(10)), ['a', 'a']),
        ("each fifth word", then(), with(FIVE, "Rain", &two(5)), ['a', '.']),
        ("each third word", then(), with(FIVE, "Rain", &two(3)), ['.', '.']),
        ("each second word", then(), with(FIVE, "Weather", &two(2)), ['.', '.']),
        (
            "where there are others",
            vec![news(), then().remove(0)],
            with(FIVE, "Rain", &two(5)),
            ['a', '.'],
        ),
        ("a long article more", then(), with(FIVE, "Rain", &one_new(10)), ['.', '.']),
        ("with the subject", then(), with(FIVE, "Weather", &one_new(10)), ['a', '.']),
        ("one article of both", then(), with(FIVE, "Rain", &[two(10).join("\n")]), ['a', 'a']),
        (
            "a long imprint that stands perhaps",
            vec![with(FOUR, "Letter 4", &with_imprint("rain"))],
            with(FIVE, "Letter 5", &with_imprint("snow")),
            ['.', '.'],
        ),
        (
            "the same with the subject",
            vec![with(FOUR, "Letter", &with_imprint("rain"))],
            with(FIVE, "Letter", &with_imprint("snow")),
            ['.', '.'],
        ),
    ]);
}

/// Letters whose frame is the same each month, of so many words beside a hundred that are new.
fn framed(frame: usize) -> Vec<Features> {
    let month = |at: usize| {
        let greeting = article("greeting", frame / 2);
        let own = article(&format!("month{at}x"), 100);
        let letter = format!("{greeting}{own}{}", article("farewell", frame / 2));
        with((Some(at as i64 + 1), Some(DAYS[at])), "Our letter", &[letter, article("imprint", 60)])
    };
    (0..6).map(month).collect()
}

/// In a letter with a frame nobody sees at the second one whether it is the first one. After that it
/// shows.
#[test]
fn a_frame_that_is_the_same_each_month_is_asked_about_once_at_most() {
    for (frame, gone, there) in
        [(40, "......", "......"), (120, ".a....", "......"), (300, ".a....", ".a....")]
    {
        let months = framed(frame);
        for (stays, expected) in [(false, gone), (true, there)] {
            assert_eq!(asked(&months, |_| stays), expected, "{frame}; folders stay: {stays}");
        }
        assert_eq!(asked_while(&months, |at, next| next - at < 2), there, "{frame}");
    }
}

/// Numbers that stay, and one day that is new.
#[test]
fn a_notice_with_one_new_day_is_asked_about_once_where_the_folders_stay() {
    let notice = |at: usize| {
        let text = format!(
            "title: Choir\n\nWe meet on {} March at 19:30 in room 12, 4 Lake Road, 8001 Zurich; tram 9 \
             or 11. Bring 5 francs. Questions: 044 123 45 67. {}",
            at + 13,
            article("song", 60)
        );
        with((Some(at as i64 + 1), Some(DAYS[at])), "The choir sings", &[text])
    };
    let weeks: Vec<Features> = (0..6).map(notice).collect();
    assert_eq!(asked(&weeks, |_| true), ".a....");
    assert_eq!(asked(&weeks, |_| false), ".aaaaa");
    // Who changes nothing but the figure is asked each time where number and day are the old ones.
    let copies: Vec<Features> = (0..6)
        .map(|at| Features { headline: weeks[0].headline.clone(), ..weeks[at].clone() })
        .collect();
    assert_eq!(asked(&copies, |_| true), ".aaaaa");
}

/// Each article is looked up once among all, and that costs less than to sketch it. A comparison of
/// each article with each one of each issue costs a hundred times as much.
#[test]
fn many_long_issues_are_compared_at_once() {
    let texts = |issue: usize| -> Vec<String> {
        (0..60).map(|at| article(&format!("i{issue}a{at}x"), 150)).collect()
    };
    let head = |at: usize| format!("Issue {at}");
    let started = Instant::now();
    let sent: Vec<Features> = (0..15).map(|at| issue(None, None, &head(at), &texts(at))).collect();
    let sketched = started.elapsed();
    let now = issue(None, None, "Now", &texts(99_999));
    let started = Instant::now();
    let known = KnownIssues::of(&sent, &now);
    let now = known.numbered(&now);
    for then in &sent {
        let then = known.numbered(then);
        assert_eq!((copied(&now, &then, &known), likeness(&now, &then, &known)), (None, None));
    }
    let compared = started.elapsed();
    assert!(compared < sketched * 4, "{compared:?}, and {sketched:?} to sketch them");
}
