//! Nothing of a reader and nothing for some readers is in a public byte.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{HOST, build, page, publication, send, site};

const ARTICLE: &str = "---\ntitle: Hangul\nauthor: Aoife Daly\n---\n\n\
Dear {{ first_name }}, dear {{ first_name | colleague }}, you have {{ points }} points.\n\n\
[Your survey](https://digest.sejong.example/survey?who={{ email }}&n={{ points }}), or [leave]({{ unsubscribe_url }}), \
at {{ email }}.\n\n\
::: only tag:board\nThe board meets in the cellar.\n\n![The cellar's plan](cellar.png)\n:::\n\n\
::: only not topic:events\nFor whoever stays at home.\n:::\n\n\
::: only topic:events\nThe evening is open to all.\n:::\n\n\
![The river](river.png)\n";

fn with_secrets(here: Publication) -> Publication {
    here.write("issues/2025-11/hangul.md", ARTICLE)
        .write("issues/2025-11/river.png", png(40))
        .write("issues/2025-11/cellar.png", png(60))
}

/// A grey picture.
fn png(size: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a head");
    writer.write_image_data(&vec![128; (size * size) as usize]).expect("written");
    drop(writer);
    bytes
}

#[test]
fn no_public_byte_tells_of_a_reader() {
    let relay = Relay::new();
    let here = with_secrets(publication());
    send(&here, &relay, "2025-11");
    let mails = relay.accepted();
    assert_eq!(mails.len(), 2);
    build(&here);
    let site = site(&here);
    let tokens: Vec<String> = mails
        .iter()
        .map(|mail| {
            let text = String::from_utf8_lossy(&mail.bytes).replace("\r\n ", " ");
            let link = text.split(&format!("<https://{HOST}/unsubscribe/")).nth(1).expect("a link");
            link.split('>').next().expect("an end").to_owned()
        })
        .collect();
    assert!(tokens.iter().all(|token| token.len() > 20), "{tokens:?}");
    let names = ["Zephyrine", "zephyrine", "Quux", "ngus", "grady", "reader.example"];
    let values = ["987123", "555777", "cellar", "board meets", "stays at home", "{{", "first_name"];
    for (path, bytes) in &site {
        let text = String::from_utf8_lossy(bytes);
        let private = tokens.iter().map(String::as_str).chain(names).chain(values);
        for word in private {
            assert!(!text.contains(word) && !path.contains(word), "{path} has {word}");
        }
    }
    let article = page(&here, "issues/2025-11/hangul/");
    for public in [
        "Dear reader, dear colleague, you have … points.",
        "https://digest.sejong.example/survey?who=&amp;n=",
        "href=\"/unsubscribe/\"",
        "at your address.",
        "The evening is open to all.",
        "src=\"/issues/2025-11/river.png\"",
    ] {
        assert!(article.contains(public), "{public}: {article}");
    }
    assert!(site.contains_key("issues/2025-11/river.png"));
    // The subject of the mail is nobody's either.
    assert!(!page(&here, "issues/2025-11/").contains("Hello"));
}

#[test]
fn a_picture_for_some_that_travels_in_the_mail_is_not_kept() {
    let relay = Relay::new();
    let here = with_secrets(publication());
    let here = here.edit("issues/2025-11/issue.toml", "number", "images = \"embed\"\nnumber");
    send(&here, &relay, "2025-11");
    assert!(here.exists("published/issues/2025-11/river.png"));
    assert!(!here.exists("published/issues/2025-11/cellar.png"));
    build(&here);
    assert!(here.exists("site/issues/2025-11/river.png"));
}

#[test]
fn an_issue_that_is_not_for_everybody_is_on_no_page() {
    let relay = Relay::new();
    let here = publication();
    let here = here.edit("issues/2025-11/issue.toml", "number", "archive = false\nnumber");
    send(&here, &relay, "2025-11");
    let mail = String::from_utf8_lossy(&relay.accepted()[0].bytes).replace("=\r\n", "");
    assert!(!mail.contains("sejong.example/issues/2025-11"), "{mail}");
    build(&here);
    assert!(!site(&here).keys().any(|path| path.contains("2025-11")), "{:?}", site(&here).keys());
}

#[test]
fn an_issue_that_is_taken_back_goes() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    build(&here);
    assert!(here.exists("site/issues/2025-11/hangul/index.html"));
    let here = here.edit("issues/2025-11/issue.toml", "number", "archive = false\nnumber");
    let told = build(&here);
    assert!(told.stdout.contains("removed"), "{told:?}");
    assert!(!here.exists("site/issues/2025-11"));
    let here = here.edit("issues/2025-11/issue.toml", "archive = false\n", "").edit(
        "digest.toml",
        "[archive]",
        "[archive]\npublish = \"none\"",
    );
    build(&here);
    assert!(!here.exists("site/issues/2025-11"));
    let here = here.edit("digest.toml", "\"none\"", "\"all\"");
    build(&here);
    assert!(here.exists("site/issues/2025-11/hangul/index.html"));
}

#[test]
fn an_issue_that_was_taken_back_stays_away_until_its_file_says_otherwise() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let here = here.edit("issues/2025-11/issue.toml", "number", "archive = false\nnumber");
    let told = build(&here);
    let why = "no issue is shown: archive = false in issue.toml keeps each of them off the web";
    assert!(told.stderr.contains(why), "{told:?}");
    let folder = here.path("issues/2025-11");
    let withdrawn = here.read("issues/2025-11/issue.toml");
    std::fs::rename(&folder, here.path("issues/gone")).expect("renamed");
    let told = build(&here);
    assert!(told.stderr.contains(why), "{told:?}");
    assert!(!here.exists("site/issues/2025-11"));
    std::fs::rename(here.path("issues/gone"), &folder).expect("named as before");
    for text in ["", "archive = ", "archive = \"no\"\n"] {
        std::fs::write(folder.join("issue.toml"), text).expect("written");
        build(&here);
        assert!(!here.exists("site/issues/2025-11"), "{text:?}");
    }
    let shown = withdrawn.replace("archive = false\n", "");
    std::fs::write(folder.join("issue.toml"), &shown).expect("written");
    let told = build(&here);
    assert!(here.exists("site/issues/2025-11/index.html") && told.stderr.is_empty(), "{told:?}");
    // That it is shown holds as well, and is told.
    std::fs::rename(&folder, here.path("issues/gone")).expect("renamed");
    let told = build(&here);
    assert!(here.exists("site/issues/2025-11/index.html"), "{told:?}");
    let stays = "issues/2025-11/issue.toml is not there, so 2025-11 stays on the web";
    assert!(told.stderr.contains(stays), "{told:?}");
}

#[test]
fn an_archive_without_an_issue_says_why() {
    let relay = Relay::new();
    let here = publication();
    assert_eq!(here.run(&["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:1"]).code, 1);
    let told = build(&here);
    assert!(told.stderr.contains("no issue is shown: nobody has one yet"), "{told:?}");
    let again = build(&here);
    assert!(again.stderr.contains("no issue is shown: nobody has one yet"), "{again:?}");
    send(&here, &relay, "2025-11");
    let told = build(&here);
    assert!(!told.stderr.contains("no issue is shown"), "{told:?}");
    let here = here.edit("digest.toml", "[archive]", "[archive]\npublish = \"none\"");
    let told = build(&here);
    assert!(told.stderr.contains("says publish = \"none\""), "{told:?}");
}

#[test]
fn what_goes_to_a_part_of_the_list_and_to_everybody_on_the_web_is_told() {
    let relay = Relay::new();
    let here = publication();
    let web = "Web       everybody can read it at https://digest.sejong.example/issues/2025-11/; \
        archive = false in issue.toml keeps it off\n";
    let plan = |here: &Publication, part: &[&str]| {
        let told =
            here.run(&[&["plan", "2025-11", "--relay", "smtp://127.0.0.1:1"], part].concat());
        assert_eq!(told.code, 0, "{told:?}");
        told.stdout.contains("Web       ").then_some(told.stdout)
    };
    assert_eq!(plan(&here, &[]), None);
    for part in [["--only", "tag:board"], ["--to", "zephyrine.quux@reader.example"]] {
        assert!(plan(&here, &part).is_some_and(|told| told.contains(web)), "{part:?}");
    }
    let here = here.edit("digest.toml", "[archive]", "[archive]\npublish = \"none\"");
    assert_eq!(plan(&here, &["--only", "tag:board"]), None);
    let here = here.edit("digest.toml", "publish = \"none\"", "").edit(
        "issues/2025-11/issue.toml",
        "number",
        "archive = false\nnumber",
    );
    assert_eq!(plan(&here, &["--only", "tag:board"]), None);
    let here = here.edit("issues/2025-11/issue.toml", "archive = false\n", "");
    let line = ["send", "2025-11", "--only", "tag:board", "--yes", "--relay", &relay.url()];
    let told = here.run(&line);
    assert!(told.code == 0 && told.stderr.contains(web), "{told:?}");
}

#[test]
fn an_issue_stays_while_its_only_reader_is_sent_a_further_copy() {
    let relay = Relay::new();
    let here = publication().write("subscribers.csv", "email\nkim@example.org\n");
    send(&here, &relay, "2025-11");
    let refusing =
        Relay::scripted(Script::new().rule(At::Rcpt, When::Always, Do::reply("450 4.2.1 not now")));
    let line = ["send", "2025-11", "--to", "kim@example.org", "--again", "--yes", "--wait", "0s"];
    let told = here.run(&[&line[..], &["--relay", &refusing.url()]].concat());
    assert_ne!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("0 accepted") || told.stderr.contains("deferred"), "{told:?}");
    build(&here);
    assert!(here.exists("site/issues/2025-11/index.html"));
}

#[test]
fn what_nobody_has_yet_is_on_no_page() {
    let here = publication();
    let refusing = Script::new().rule(At::Rcpt, When::Always, Do::reply("450 4.2.1 not now"));
    let relay = Relay::scripted(refusing);
    let told = here.run(&["send", "2025-11", "--yes", "--wait", "0s", "--relay", &relay.url()]);
    assert_ne!(told.code, 0, "{told:?}");
    build(&here);
    assert!(!here.exists("site/issues/2025-11"));
    let here = here.edit("digest.toml", "[archive]", "[archive]\npublish = \"all\"");
    build(&here);
    assert!(here.exists("site/issues/2025-11/index.html"));
}
