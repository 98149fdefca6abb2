//! Topics: one composition, of which everybody gets the sections that they want, in the HTML, in the
//! contents and in the text part.

use std::collections::BTreeMap;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, book, send, summary};

const DIGEST: &str = r#"[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"

[topic.events]
name = "Events"
about = "Evenings in and around Washington"

[topic.jobs]
name = "Jobs"

[topic.books]
name = "Books"

[topic.film]
name = "Film"
"#;

/// Heading, topic, layout and articles.
type Section = (&'static str, &'static str, &'static str, [&'static str; 2]);

const SECTIONS: [Section; 5] = [
    ("Parties", "events", "stack", ["p1", "p2"]),
    ("Headlines", "", "stack", ["h1", "h2"]),
    ("Vacancies", "jobs", "brief", ["v1", "v2"]),
    ("Novels", "books", "columns", ["n1", "n2"]),
    ("Cinema", "film", "stack", ["c1", "c2"]),
];

/// An issue with some of the sections.
fn issue(sections: &[Section], more: &str) -> Publication {
    let mut here =
        Publication::new().write("digest.toml", DIGEST).remove("issues/2025-11/hangul.md");
    let mut manifest = "number = 7\ntitle = \"Autumn\"\nsubject = \"Autumn\"\ndate = 2025-11-06\n\
        preheader = \"A preheader that is long enough to fill its line.\"\n"
        .to_owned()
        + more;
    for (at, (heading, topic, layout, articles)) in sections.iter().enumerate() {
        // Each text leads to one of another section, if there is one.
        let other = sections[(at + 1) % sections.len()].3[0];
        let topic = if topic.is_empty() { String::new() } else { format!("topic = {topic:?}\n") };
        manifest.push_str(&format!(
            "\n[[section]]\nheading = {heading:?}\nlayout = {layout:?}\n{topic}articles = {articles:?}\n"
        ));
        for name in articles {
            let text = format!(
                "---\ntitle: Story {name}\n---\n\nWords of {name}, [other](#{other}) and \
                 [a page](https://{name}.example/).\n"
            );
            here = here.write(&format!("issues/2025-11/{name}.md"), text);
        }
    }
    here.write("issues/2025-11/issue.toml", manifest)
}

/// What a reader sees of a page, in one line.
fn seen(html: &str) -> String {
    let body = html.split_once("<body").expect("a body").1;
    let mut out = String::new();
    for piece in body.split('<').skip(1) {
        out.push_str(piece.split_once('>').map_or("", |(_, text)| text));
    }
    out.replace("&nbsp;", " ").replace('\u{a0}', " ")
}

/// Somebody who wants only these sections gets them, and nothing of the others.
#[track_caller]
fn has_exactly(wanted: &[&Section], others: &[&Section], html: &str, text: &str) {
    let page = seen(html);
    for (heading, _, _, articles) in wanted {
        assert!(
            page.contains(heading) && text.contains(&heading.to_uppercase()),
            "{heading}: {text}"
        );
        for name in articles {
            let words = format!("Words of {name}");
            assert!(page.contains(&words) && text.contains(&words), "{name}: {text}");
        }
    }
    for (heading, _, _, articles) in others {
        let upper = heading.to_uppercase();
        assert!(!html.contains(heading) && !text.contains(heading), "{heading}: {text}");
        assert!(!text.contains(&upper), "{heading}: {text}");
        for name in articles {
            let traces = [format!("Story {name}"), format!("of {name}"), format!("#{name}")];
            assert!(
                traces.iter().all(|it| !html.contains(it) && !text.contains(it)),
                "{name}: {text}"
            );
        }
    }
    assert!(!text.contains("\n\n\n"), "a hole: {text}");
    let anchors = html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for anchor in anchors {
        assert!(html.contains(&format!("id=\"{anchor}\"")), "no {anchor} in {html}");
    }
}

fn split(sections: &[Section], wants: impl Fn(&str) -> bool) -> [Vec<&Section>; 2] {
    let (wanted, others) = sections.iter().partition(|one| one.1.is_empty() || wants(one.1));
    [wanted, others]
}

const TOPICS: [&str; 4] = ["events", "jobs", "books", "film"];

/// A cell that leaves out the topics whose bit is set, written in one of the ways.
fn cell(without: usize, chosen: bool) -> String {
    let bit = |at: usize| without >> at & 1 == 1;
    let named = |is_named: bool| (0..4).filter(move |at| bit(*at) == is_named).map(|at| TOPICS[at]);
    let cells: Vec<String> = if chosen {
        named(false).map(str::to_owned).collect()
    } else {
        named(true).map(|topic| format!("-{topic}")).collect()
    };
    if chosen && cells.is_empty() { "none".to_owned() } else { cells.join(";") }
}

#[test]
fn each_of_ten_thousand_gets_exactly_the_sections_of_their_topics() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut list = "email,topics\n".to_owned();
    let mut wishes = BTreeMap::new();
    for number in 0..10_000 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let without = (random >> 33) as usize % 16;
        list.push_str(&format!("r{number}@x.example,{}\n", cell(without, random >> 63 == 1)));
        wishes.insert(format!("r{number}@x.example"), without);
    }
    let here = issue(&SECTIONS, "").write(LIST, list);
    let told = here.run(&["send", "2025-11", "--catch", "out", "--yes", "--json"]);
    assert_eq!((told.code, &summary(&told)["accepted"]), (0, &10_000.into()), "{}", told.stderr);
    let mut received = 0;
    for file in std::fs::read_dir(here.path("out/new")).expect("a Maildir") {
        let mail = Mail::read(&std::fs::read(file.expect("a file").path()).expect("a message"));
        let without = wishes.remove(&mail.to().1).expect("one message each");
        let is_wanted = |topic: &str| {
            TOPICS.iter().position(|one| *one == topic).is_some_and(|at| without >> at & 1 == 0)
        };
        let [wanted, others] = split(&SECTIONS, is_wanted);
        let text = mail.text.replace("\r\n", "\n");
        has_exactly(&wanted, &others, &mail.html, &text);
        // The first section that has a heading names its articles.
        let entry = |one: &&Section| match one {
            ("Parties", ..) => "Parties: Story p1, Story p2".to_owned(),
            (heading, ..) => format!("{heading} (2)"),
        };
        let entries: Vec<String> = wanted.iter().map(entry).collect();
        let (contents, lines) = (entries.join(" · "), entries.join("\n* "));
        let page = seen(&mail.html);
        let (_, above) = page.split_once("Autumn").expect("the title");
        assert!(above.starts_with(&format!("{contents}{}", wanted[0].0)), "{contents}: {page}");
        let lines = format!("In this issue\n-------------\n\n* {lines}\n\n====");
        assert!(text.contains(&lines), "no {lines:?} in {text}");
        received += 1;
    }
    assert_eq!((received, wishes.len()), (10_000, 0));
}

/// Also where the contents are a list of links, and where the last or the first is left out.
#[test]
fn every_set_of_sections_is_a_whole_letter() {
    for sections in [&SECTIONS[..3], &[SECTIONS[1], SECTIONS[2], SECTIONS[3]], &SECTIONS[2..]] {
        for more in ["", "contents = \"text\"\n"] {
            let here = issue(sections, more);
            for without in 0..15 {
                let topics = cell(without, false);
                let line = ["render", "2025-11", "--topics", &topics, "--format"];
                let html = here.run(&[&line[..], &["html"]].concat());
                let text = here.run(&[&line[..], &["text"]].concat());
                assert_eq!((html.code, text.code), (0, 0), "{html:?}");
                let is_wanted = |topic: &str| !topics.contains(topic);
                let [wanted, others] = split(sections, is_wanted);
                if wanted.is_empty() {
                    assert!(text.stderr.contains("a send leaves this reader out"), "{text:?}");
                    continue;
                }
                has_exactly(&wanted, &others, &html.stdout, &text.stdout);
                let page = seen(&html.stdout);
                assert!(!page.contains("· ·") && !page.contains("Autumn ·"), "{page}");
            }
        }
    }
}

#[test]
fn a_plan_says_how_many_get_which_sections() {
    let rows = "a@x.example,\nb@x.example,-jobs\nc@x.example,-events;-jobs\nd@x.example,-jobs\n";
    let here = issue(&SECTIONS, "").write(LIST, format!("email,topics\n{rows}"));
    let line = ["plan", "2025-11", "--relay", "smtp://127.0.0.1:1"];
    let told = here.run(&line);
    for words in [
        "Sections  2 of 4 without jobs\n",
        "Sections  1 of 4 get all sections\n",
        "Sections  1 of 4 without events, jobs\n",
    ] {
        assert!(told.stdout.contains(words), "no {words:?} in {}", told.stdout);
    }
    assert!(!told.stdout.contains("Passage"), "{}", told.stdout);
    let json = summary(&here.run(&[&line[..], &["--json"]].concat()));
    let expected = serde_json::json!([
        {"without": ["jobs"], "people": 2},
        {"without": [], "people": 1},
        {"without": ["events", "jobs"], "people": 1},
    ]);
    assert_eq!((&json["variants"], &json["no_section"]), (&expected, &0.into()), "{json}");
}

#[test]
fn a_plan_names_twenty_sets_and_counts_the_others() {
    let topics: String = (0..6).map(|n| format!("[topic.t{n}]\nname = \"T{n}\"\n")).collect();
    let mut here = issue(&[], "").write("digest.toml", format!("{DIGEST}{topics}"));
    let mut manifest = here.read("issues/2025-11/issue.toml");
    for n in 0..6 {
        manifest.push_str(&format!(
            "[[section]]\nheading = \"S{n}\"\ntopic = \"t{n}\"\narticles = [\"a{n}\"]\n"
        ));
        here = here.write(
            &format!("issues/2025-11/a{n}.md"),
            format!("---\ntitle: A {n}\n---\n\nText.\n"),
        );
    }
    manifest.push_str("[[section]]\nheading = \"For all\"\narticles = [\"x\"]\n");
    let here = here
        .write("issues/2025-11/issue.toml", manifest)
        .write("issues/2025-11/x.md", "---\ntitle: X\n---\n\nText.\n");
    let row = |n: usize| {
        let without = (0..6).filter(|at| n >> at & 1 == 1).map(|at| format!("-t{at}"));
        format!("r{n}@x.example,{}\n", without.collect::<Vec<_>>().join(";"))
    };
    let rows: String = (0..30).map(row).collect();
    let here = here.write(LIST, format!("email,topics\n{rows}"));
    let told = here.run(&["plan", "2025-11", "--relay", "smtp://127.0.0.1:1"]);
    assert_eq!(told.stdout.matches("Sections  1 of 30 ").count(), 20, "{told:?}");
    assert!(told.stdout.contains("Sections  10 of 30 with 10 more sets\n"), "{}", told.stdout);
}

/// A greeting without a section is no issue.
#[test]
fn whoever_wants_none_of_its_topics_gets_no_issue_and_is_counted() {
    let rows = "a@x.example,\nb@x.example,none\nc@x.example,film\nd@x.example,-events\n";
    let sections = [SECTIONS[0], SECTIONS[2]];
    let here = issue(&sections, "").write(LIST, format!("email,topics\n{rows}"));
    let relay = Relay::new();
    let url = relay.url();
    let plan = here.run(&["plan", "2025-11", "--relay", &url]);
    assert!(plan.stdout.contains("Not to    2 no section for their topics\n"), "{plan:?}");
    assert!(plan.stdout.contains("To        2 recipients"), "{plan:?}");
    let json = summary(&here.run(&["plan", "2025-11", "--relay", &url, "--json"]));
    assert_eq!((&json["no_section"], &json["to_send"]), (&2.into(), &2.into()), "{json}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
    assert_eq!(book(&here).of("accepted").len(), 2);
    assert_eq!(summary(&told)["planned"], 2, "{told:?}");
    let alone = send(&here, &relay, &["--to", "b@x.example"]);
    let words = "b@x.example gets no issue, because it has no section for their topics";
    assert!(alone.code == 3 && alone.stderr.contains(words), "{alone:?}");
    let nobody = here.write(LIST, "email,topics\nb@x.example,none\n");
    let told = send(&nobody, &relay, &[]);
    let words = "the issue has no section for the topics of 1 person in subscribers.csv";
    assert!(told.code == 3 && told.stderr.contains(words), "{told:?}");
}

/// Who waits and has said no to the topics meanwhile is not sent to.
#[test]
fn a_wish_counts_until_the_message_leaves() {
    let rows = "a@x.example,\nb@x.example,\n";
    let here = issue(&[SECTIONS[0]], "").write(LIST, format!("email,topics\n{rows}"));
    let script =
        Script::new().rule(At::Rcpt, When::recipient("b@"), Do::reply("451 4.2.1 not now"));
    let relay = Relay::scripted(script);
    let first = send(&here, &relay, &["--wait", "1s"]);
    assert_eq!((first.code, book(&here).of("deferred").len()), (4, 1), "{first:?}");
    let here = here.write(LIST, "email,topics\na@x.example,\nb@x.example,jobs\n");
    let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
    assert!(plan.stdout.contains("1 no section for their topics"), "{plan:?}");
    let second = send(&here, &relay, &["--wait", "1s"]);
    assert_eq!(relay.counts().accepted, 1, "{second:?}");
    let row = book(&here).row("b@x.example").clone();
    let text = row.text.as_deref();
    assert_eq!((row.state.word(), text), ("suppressed", Some("no section for their topics")));
}

#[test]
fn one_reader_and_one_choice_are_shown() {
    let here = issue(&SECTIONS, "").write(LIST, "email,topics\nkim@x.example,-events\n");
    let render =
        |more: &[&str]| here.run(&[&["render", "2025-11", "--format", "text"], more].concat());
    let kim = render(&["--as", "kim@x.example"]);
    assert!(!kim.stdout.contains("PARTIES") && kim.stdout.contains("VACANCIES"), "{kim:?}");
    let words = "left out for kim@x.example: the section \"Parties\" of the topic events";
    assert!(kim.stderr.contains(words), "{}", kim.stderr);
    let jobs = render(&["--as", "kim@x.example", "--topics", "-jobs"]);
    assert!(jobs.stdout.contains("PARTIES") && !jobs.stdout.contains("VACANCIES"), "{jobs:?}");
    let only = render(&["--topics", "film"]);
    assert!(only.stdout.contains("CINEMA") && !only.stdout.contains("NOVELS"), "{only:?}");
    for (topics, words) in [
        ("-evnts", "digest.toml has no topic \"evnts\""),
        ("-evnts", "did you mean events?"),
        ("-events;jobs", "mixes topics to leave out"),
    ] {
        let told = render(&["--topics", topics]);
        assert!(told.code == 2 && told.stderr.contains(words), "{told:?}");
    }
}

#[test]
fn a_cell_that_cannot_be_understood_is_a_row_that_cannot_be_used() {
    let rows = "a@x.example,-events;jobs\nb@x.example,#NAME?\nc@x.example,-evnts\nd@x.example,\n";
    let here = issue(&SECTIONS, "").write(LIST, format!("email,topics\n{rows}"));
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    for words in [
        "error[row-topics]: \"-events;jobs\" mixes topics to leave out",
        "subscribers.csv:2:13",
        "error[row-topics]: \"#NAME?\" is not a list of topics",
        "subscribers.csv:3:13",
        "warning[row-topic-unknown]: digest.toml has no topic \"evnts\"",
        "did you mean events?",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let told = send(&here, &relay, &["--skip-invalid"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
}

/// Where the publication has no topics, a column of that name is a field like others.
#[test]
fn without_topics_the_column_is_a_field() {
    let here = Publication::new()
        .edit("issues/2025-11/issue.toml", "first_name | reader", "topics | all")
        .write(LIST, "email,topics\na@x.example,\"Art, music\"\n");
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 1), "{told:?}");
    assert!(Mail::read(&relay.accepted()[0].bytes).subject().contains("Art, music"));
}
