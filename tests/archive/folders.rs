//! The folder: complete, brought up to date with few writes, and checked.

use crate::relay::Relay;
use crate::{DIGEST, build, page, publication, send, site, with_issue};

#[test]
fn every_issue_and_article_has_a_page_and_every_link_leads_somewhere() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    let here = with_issue(here, "2026-01", (3, "2026-01-08"));
    for issue in ["2025-11", "2025-12", "2026-01"] {
        send(&here, &relay, issue);
    }
    build(&here);
    let site = site(&here);
    for path in [
        "index.html",
        "404.html",
        "issues/index.html",
        "issues/in/2025/index.html",
        "issues/in/2026/index.html",
        "issues/2025-11/hangul/index.html",
        "issues/2025-12/two/index.html",
        "search/index.html",
        "search/index.json",
        "unsubscribe/index.html",
        "feed.xml",
        "feed.json",
        "articles.xml",
        "articles.json",
        "sitemap.xml",
        "robots.txt",
    ] {
        assert!(site.contains_key(path), "{path}: {:?}", site.keys());
    }
    let told = here.run(&["archive", "check", "site"]);
    assert_eq!(told.code, 0, "{told:?}");
    let middle = page(&here, "issues/2025-12/");
    for words in [
        "href=\"/issues/2025-11/\"",
        "href=\"/issues/2026-01/\"",
        "Previous issue",
        "Next issue",
        "In this issue",
        "href=\"#two\"",
        "<article class=\"part\" id=\"two\"",
        "No. 2",
    ] {
        assert!(middle.contains(words), "{words}: {middle}");
    }
    // A name that is on the issue's page leads to that article's own.
    let article = page(&here, "issues/2025-12/one/");
    assert!(article.contains("<a href=\"/issues/2025-12/two/\">the next</a>"), "{article}");
    assert!(article.contains("<h1>Article 2.0</h1>") && article.contains("<h2>Below</h2>"));
    assert!(middle.contains("<h4>Below</h4>"), "{middle}");
    // The newest issue stands first.
    let list = page(&here, "issues/");
    let at = |name: &str| list.find(&format!("href=\"/issues/{name}/\"")).expect("a link");
    assert!(at("2026-01") < at("2025-12") && at("2025-12") < at("2025-11"), "{list}");
    for (path, bytes) in &site {
        let text = path.ends_with(".html").then(|| bytes.len() + site["site.css"].len());
        assert!(text.is_none_or(|bytes| bytes < 30_000), "{path}: {text:?}");
    }
}

#[test]
fn links_within_the_letter_lead_somewhere_from_feeds_too() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"))
        .edit(
            "issues/2025-12/issue.toml",
            "[[section]]",
            "intro = \"First [the second](#two), then [a part](#own).\"\n[[section]]",
        )
        .write(
            "issues/2025-12/one.md",
            "---\ntitle: One\nauthor: Aoife Daly\n---\n\nSee [two](#two), [mine](#mine) and \
             [a part](#own).\n\n## Mine\n\nText.\n",
        )
        .write(
            "issues/2025-12/two.md",
            "---\ntitle: Two\nauthor: Aoife Daly\n---\n\nWords.\n\n## Own\n\nText.\n",
        );
    send(&here, &relay, "2025-12");
    build(&here);
    let site = "https://digest.sejong.example/issues/2025-12";
    let (two, elsewhere) = (format!("{site}/two/"), format!("{site}/#own"));
    let here_mine = format!("{site}/one/#mine");
    let feeds: [(&str, &[&str]); 4] = [
        ("articles.xml", &[&two, &here_mine, &elsewhere]),
        ("articles.json", &[&two, &here_mine, &elsewhere]),
        ("feed.xml", &[&two, &elsewhere]),
        ("feed.json", &[&two, &elsewhere]),
    ];
    for (feed, addresses) in feeds {
        // Quoted once more, as the form of the feed has it.
        let text = here.read(&format!("site/{feed}")).replace("&quot;", "\"").replace("\\\"", "\"");
        assert!(!text.contains("href=\"#"), "{feed}: {text}");
        for address in addresses {
            assert!(text.contains(&format!("href=\"{address}\"")), "{feed} {address}: {text}");
        }
    }
}

#[test]
fn nothing_is_written_where_nothing_has_changed() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let told = build(&here);
    assert!(!told.stdout.contains(" 0 written"), "{told:?}");
    let written = |path: &str| {
        let file = std::fs::metadata(here.path(path)).expect("a file");
        file.modified().expect("a time")
    };
    let before = written("site/issues/2025-11/hangul/index.html");
    let told = build(&here);
    assert!(told.stdout.contains(" 0 written"), "{told:?}");
    let here = with_issue(here, "2025-12", (2, "2025-12-04"));
    send(&here, &relay, "2025-12");
    build(&here);
    assert!(here.exists("site/issues/2025-12/one/index.html"));
    let written = |path: &str| {
        let file = std::fs::metadata(here.path(path)).expect("a file");
        file.modified().expect("a time")
    };
    assert_eq!(written("site/issues/2025-11/hangul/index.html"), before);
    // What was lost is written again.
    let here = here.remove("site/issues/2025-11/index.html");
    let told = here.run(&["archive", "check", "site"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stdout.contains("issues/2025-11/index.html: is missing"), "{told:?}");
    let told = build(&here);
    assert!(told.stdout.contains(" 1 written"), "{told:?}");
}

#[test]
fn pages_lead_to_the_form_where_there_is_one() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    build(&here);
    assert!(!page(&here, "issues/2025-11/").contains("/subscribe"));
    let digest = format!("{DIGEST}\n[form]\n");
    let here = here.write("digest.toml", digest);
    build(&here);
    let link = "<a href=\"/subscribe\">Subscribe to <bdi>Sejong Digest</bdi></a>";
    for path in ["", "issues/2025-11/", "issues/2025-11/hangul/", "search/"] {
        assert!(page(&here, path).contains(link), "{path}: {}", page(&here, path));
    }
    let told = here.run(&["archive", "check", "site"]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn a_file_of_somebody_else_stays_and_is_told() {
    let relay = Relay::new();
    let here = publication().write("site/robots.txt", "mine").write("site/about.html", "mine");
    send(&here, &relay, "2025-11");
    let told = here.run(&["archive", "build", "-o", "site"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("robots.txt is there already"), "{told:?}");
    let here = here.remove("site/robots.txt");
    build(&here);
    build(&here);
    assert_eq!(here.read("site/about.html"), "mine");
}

#[test]
fn a_picture_that_is_nowhere_is_told_and_a_kept_one_outlives_its_file() {
    let relay = Relay::new();
    let river = "---\ntitle: Hangul\n---\n\nText.\n\n![The river](river.svg)\n";
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\">\
        <rect width=\"90\" height=\"30\" fill=\"#135\"/></svg>";
    let here = publication()
        .write("issues/2025-11/hangul.md", river)
        .write("issues/2025-11/river.svg", drawing);
    send(&here, &relay, "2025-11");
    let here = here.remove("issues/2025-11/river.svg");
    build(&here);
    let kept: Vec<String> =
        here.files().into_iter().filter(|path| path.starts_with("published/")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let path = kept[0].trim_start_matches("published/");
    assert!(page(&here, "issues/2025-11/hangul/").contains(path));
    assert!(here.exists(&format!("site/{path}")));
    let here = here.remove(&kept[0]).remove(&format!("site/{path}"));
    let told = here.run(&["archive", "build", "-o", "site"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stderr.contains(&format!("the picture {path} is missing")), "{told:?}");
    let told = here.run(&["archive", "check", "site"]);
    assert!(told.code == 3 && told.stdout.contains("leads to nothing"), "{told:?}");
}
