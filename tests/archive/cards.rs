//! Cards: the picture that programs show for a link to an issue or an article.

use serde_json::Value;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{DIGEST, build, page, publication, send, site, with_issue};

const BASE: &str = "https://digest.sejong.example/";

/// What a page says in an element of its head.
fn said<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\"{name}\" content=\""))?;
    rest.split('"').next()
}

/// Width and height of a PNG (W3C PNG 11.2.1).
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}

fn sent(here: Publication) -> Publication {
    let relay = Relay::new();
    send(&here, &relay, "2025-11");
    here
}

#[test]
fn an_issue_and_an_article_have_a_card_and_say_where() {
    let here = sent(publication());
    build(&here);
    let site = site(&here);
    let feeds: [Value; 2] = ["feed.json", "articles.json"]
        .map(|feed| serde_json::from_slice(&site[feed]).expect("JSON"));
    for (path, feed) in [("issues/2025-11/", &feeds[0]), ("issues/2025-11/hangul/", &feeds[1])] {
        let page = page(&here, path);
        let address = said(&page, "og:image").expect("a card");
        let file = address.strip_prefix(BASE).and_then(|path| path.split('?').next());
        assert_eq!(file, Some(&*format!("{path}card.png")), "{address}");
        assert_eq!(size(&site[file.expect("one")]), (1200, 630));
        assert_eq!(said(&page, "og:image:width"), Some("1200"));
        assert_eq!(said(&page, "og:image:height"), Some("630"));
        assert!(said(&page, "og:image:alt").is_some_and(|alt| alt.ends_with("· Sejong Digest")));
        assert_eq!(said(&page, "twitter:card"), Some("summary_large_image"));
        assert!(page.contains(&format!("\"image\":\"{address}\"")), "{page}");
        assert!(feed["items"].to_string().contains(address), "{feed}");
    }
    assert_ne!(site["issues/2025-11/card.png"], site["issues/2025-11/hangul/card.png"]);
    // A card that is gone is a broken link.
    std::fs::remove_file(here.path("site/issues/2025-11/card.png")).expect("removed");
    let told = here.run(&["archive", "check", "site"]);
    assert!(told.code != 0 && told.stdout.contains("issues/2025-11/card.png"), "{told:?}");
}

#[test]
fn only_cards_that_changed_are_drawn_and_those_of_no_page_go() {
    let here = sent(with_issue(publication(), "2025-12", (2, "2025-12-04")));
    let first = build(&here);
    let before = site(&here);
    assert!(first.stdout.contains(" written"), "{first:?}");
    send(&here, &Relay::new(), "2025-12");
    build(&here);
    let now = site(&here);
    assert_eq!(now["issues/2025-11/card.png"], before["issues/2025-11/card.png"]);
    assert!(now.contains_key("issues/2025-12/one/card.png"));
    let here = here.write("issues/2025-12/issue.toml", "archive = false\ntitle = \"x\"\n");
    let told = build(&here);
    assert!(told.stdout.contains("removed"), "{told:?}");
    let left = site(&here);
    assert!(!left.keys().any(|path| path.starts_with("issues/2025-12/")), "{:?}", left.keys());
    // Another colour, another picture of the same words.
    let here = here.write("digest.toml", format!("{DIGEST}\n[theme]\npreset = \"studio\"\n"));
    build(&here);
    assert_ne!(site(&here)["issues/2025-11/card.png"], before["issues/2025-11/card.png"]);
}

#[test]
fn a_title_that_no_font_can_draw_is_left_out_and_told() {
    let title = |here: Publication| here.edit("issues/2025-11/hangul.md", "Hangul", "훈민정음");
    let here = sent(title(publication()));
    let told = build(&here);
    for words in ["1 page have no title", "'훈'", "issues/2025-11/hangul/", "card_fonts"] {
        assert!(told.stderr.contains(words), "{words}: {told:?}");
    }
    assert_eq!(size(&site(&here)["issues/2025-11/hangul/card.png"]), (1200, 630));
    // With neither title nor name, the picture would say nothing.
    let korean = DIGEST.replace("name = \"Sejong Digest\"", "name = \"세종\"");
    let here = sent(title(publication().write("digest.toml", korean)));
    build(&here);
    assert_eq!(said(&page(&here, "issues/2025-11/hangul/"), "og:image"), None);
    assert!(!site(&here).contains_key("issues/2025-11/hangul/card.png"));
}

#[test]
fn a_font_of_the_publication_is_used_and_a_broken_one_is_told() {
    let font = include_bytes!("../../src/picture/card/NotoSans-Bold.ttf");
    let theme = format!("{DIGEST}\n[theme]\ncard_fonts = [\"theme/own.ttf\"]\n");
    let here = sent(publication().write("digest.toml", theme).write("theme/own.ttf", &font[..]));
    build(&here);
    assert_eq!(size(&site(&here)["issues/2025-11/card.png"]), (1200, 630));
    let here = here.write("theme/own.ttf", "no font");
    for command in [&["archive", "build", "-o", "other"][..], &["check"]] {
        let told = here.run(command);
        let words = [&*told.stdout, &*told.stderr].concat();
        assert!(told.code == 3 && words.contains("theme/own.ttf is not a font"), "{told:?}");
    }
}

#[test]
fn a_large_picture_of_an_article_is_shown_instead_of_a_card() {
    let drawing = |wide: u32| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"300\">\
             <rect width=\"{wide}\" height=\"300\" fill=\"#135\"/></svg>"
        )
    };
    let article = "---\ntitle: Hangul\nimage: river.svg\nalt: A river\n---\n\nText.\n";
    for (wide, has_card) in [(700, false), (100, true)] {
        let here = publication()
            .write("issues/2025-11/river.svg", drawing(wide))
            .write("issues/2025-11/hangul.md", article);
        let here = sent(here);
        build(&here);
        let page = page(&here, "issues/2025-11/hangul/");
        let address = said(&page, "og:image").expect("a picture");
        assert_eq!(address.contains("card.png?"), has_card, "{address}");
        let site = site(&here);
        let path = "issues/2025-11/hangul/card.png";
        assert_eq!(site.contains_key(path), has_card);
        let shown = address.strip_prefix(BASE).and_then(|path| path.split('?').next());
        let (width, _) = size(&site[shown.expect("a file of the site")]);
        assert_eq!(said(&page, "og:image:width"), Some(&*width.to_string()));
    }
}
