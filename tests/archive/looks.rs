//! What pages and feeds say in their languages, and to programs.

use serde_json::Value;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{DIGEST, build, page, publication, send, site, with_issue};

fn in_language(language: &str, title: &str) -> Publication {
    let digest = DIGEST.replace("postal", &format!("language = \"{language}\"\npostal"));
    let here = publication().write("digest.toml", digest);
    let here = with_issue(here, "2025-10", (7, "2025-10-02"));
    here.edit("issues/2025-11/hangul.md", "Hangul", title)
}

#[test]
fn pages_speak_the_language_of_the_letter() {
    for (language, direction, title, words) in [
        ("ko", "ltr", "훈민정음", ["전체 호", "이전 호", "제1호", "2025년 11월 6일"]),
        ("ar", "rtl", "ثمانية وعشرون حرفا", ["كل الأعداد", "العدد السابق", "العدد 1", "06/11/2025"]),
        (
            "he",
            "rtl",
            "עשרים ושמונה אותיות",
            ["כל הגיליונות", "הגיליון הקודם", "גיליון 1", "06.11.2025"],
        ),
    ] {
        let relay = Relay::new();
        let here = in_language(language, title);
        send(&here, &relay, "2025-10");
        send(&here, &relay, "2025-11");
        build(&here);
        let issue = page(&here, "issues/2025-11/");
        assert!(issue.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")));
        for words in words {
            assert!(issue.contains(words), "{words}: {issue}");
        }
        for path in ["", "search/", "issues/", "unsubscribe/"] {
            let page = page(&here, path);
            assert!(page.contains(&format!("lang=\"{language}\" dir=\"{direction}\"")), "{page}");
            assert!(!page.contains("All issues"), "{path}: {page}");
        }
        // A name of a file in any script is an address.
        assert!(page(&here, "issues/2025-11/hangul/").contains(title));
    }
}

#[test]
fn a_korean_title_is_found_by_a_part_of_its_words() {
    let relay = Relay::new();
    let here = in_language("ko", "훈민정음 해례본");
    send(&here, &relay, "2025-11");
    build(&here);
    let index: Value = serde_json::from_slice(&site(&here)["search/index.json"]).expect("JSON");
    assert_eq!(index["articles"][0][0], "훈민정음 해례본");
    assert_eq!(index["articles"][0][1], "issues/2025-11/hangul/");
    for term in ["훈민", "민정", "정음", "해례", "례본", "letters"] {
        assert_eq!(index["terms"][term][0], 0, "{term}: {index}");
    }
}

#[test]
fn an_article_tells_programs_what_it_is() {
    let relay = Relay::new();
    let here = publication().write(
        "issues/2025-11/hangul.md",
        "---\ntitle: \"Hangul </script> & \\\"more\\\"\"\nauthor: Aoife Daly\naffiliation: Hanbit\n\
         summary: How the letters came to be.\ntags: [letters, history]\n---\n\nTwenty-eight letters.\n",
    );
    send(&here, &relay, "2025-11");
    build(&here);
    let page = page(&here, "issues/2025-11/hangul/");
    let address = "https://digest.sejong.example/issues/2025-11/hangul/";
    for words in [
        format!("<link rel=\"canonical\" href=\"{address}\">"),
        "<meta name=\"description\" content=\"How the letters came to be.\">".to_owned(),
        "<meta name=\"author\" content=\"Aoife Daly\">".to_owned(),
        "<meta property=\"og:type\" content=\"article\">".to_owned(),
        "<title>Hangul &lt;/script&gt; &amp; &quot;more&quot; · Sejong Digest</title>".to_owned(),
    ] {
        assert!(page.contains(&words), "{words}: {page}");
    }
    let data = page.split("<script type=\"application/ld+json\">").nth(1).expect("data");
    let data: Value =
        serde_json::from_str(data.split("</script>").next().expect("an end")).expect("JSON");
    assert_eq!(data["headline"], "Hangul </script> & \"more\"");
    assert_eq!(data["url"], address);
    assert_eq!(data["author"]["affiliation"]["name"], "Hanbit");
    assert_eq!(data["datePublished"], "2025-11-06");
    assert!(!page.replace("<script type=\"application/ld+json\">", "").contains("<script"));
}

#[test]
fn feeds_and_the_map_are_whole_and_lead_to_the_pages() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    let here = here.edit("issues/2025-12/one.md", "Words of", "5 < 6 & “7” in");
    send(&here, &relay, "2025-11");
    send(&here, &relay, "2025-12");
    build(&here);
    let site = site(&here);
    let text = |path: &str| String::from_utf8(site[path].clone()).expect("text");
    for (path, entries, first) in
        [("feed.xml", 2, "issues/2025-12/"), ("articles.xml", 4, "issues/2025-12/one/")]
    {
        let text = text(path);
        let feed = roxmltree::Document::parse(&text).expect("XML");
        let space = "http://www.w3.org/2005/Atom";
        let root = feed.root_element();
        assert!(root.has_tag_name((space, "feed")));
        let all: Vec<_> =
            root.children().filter(|one| one.has_tag_name((space, "entry"))).collect();
        assert_eq!(all.len(), entries, "{text}");
        for part in [root].iter().chain(&all) {
            for name in ["id", "title", "updated"] {
                let found = part.children().filter(|one| one.has_tag_name((space, name))).count();
                assert_eq!(found, 1, "{path}: {name}");
            }
        }
        let id = all[0].children().find(|one| one.has_tag_name((space, "id"))).expect("an id");
        assert_eq!(id.text(), Some(&*format!("https://digest.sejong.example/{first}")));
        assert!(!text.contains("page:"), "{text}");
    }
    assert!(text("articles.xml").contains("&lt;p&gt;5 &amp;lt; 6 &amp;amp; “7” in one."));
    for (path, count) in [("feed.json", 2), ("articles.json", 4)] {
        let feed: Value = serde_json::from_str(&text(path)).expect("JSON");
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        let items = feed["items"].as_array().expect("items");
        assert_eq!(items.len(), count);
        assert!(items.iter().all(|item| item["content_html"].is_string()), "{feed}");
    }
    let map = text("sitemap.xml");
    let map = roxmltree::Document::parse(&map).expect("XML");
    let places: Vec<&str> = map
        .descendants()
        .filter(|one| one.has_tag_name(("http://www.sitemaps.org/schemas/sitemap/0.9", "loc")))
        .filter_map(|one| one.text())
        .collect();
    assert_eq!(places.len(), 7, "{places:?}");
    assert!(text("robots.txt").contains("Sitemap: https://digest.sejong.example/sitemap.xml"));
}

#[test]
fn mail_links_to_the_page_of_its_issue() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let mail = String::from_utf8_lossy(&relay.accepted()[0].bytes).replace("=\r\n", "");
    assert!(mail.contains("https://digest.sejong.example/issues/2025-11/"), "{mail}");
    assert!(mail.contains("List-Archive: <https://digest.sejong.example/issues/>"), "{mail}");
    // A page that digest.toml names is the one.
    let digest = DIGEST.replace("postal", "browser_url = \"https://a.example/{issue}\"\npostal");
    let here = with_issue(here.write("digest.toml", digest), "2025-12", (2, "2025-12-04"));
    send(&here, &relay, "2025-12");
    let mail = String::from_utf8_lossy(&relay.accepted()[2].bytes).replace("=\r\n", "");
    assert!(mail.contains("https://a.example/2025-12"), "{mail}");
    assert!(!mail.contains("sejong.example/issues/2025-12"), "{mail}");
}

#[test]
fn an_excerpt_of_what_stands_elsewhere_stays_one_and_any_other_is_whole() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    let article = |more: &str| {
        format!(
            "---\ntitle: A long one\nlength: excerpt\n{more}---\n\nIts beginning.\n\nIts rest.\n"
        )
    };
    let here = here
        .write("issues/2025-12/one.md", article("url: https://elsewhere.example/long\n"))
        .write("issues/2025-12/two.md", article(""))
        .write("issues/2025-12/three.md", "---\ntitle: A link\nurl: https://a.example/x\n---\n")
        .edit(
            "issues/2025-12/issue.toml",
            ", \"three\"]",
            "]\n[[section]]\nlayout = \"links\"\narticles = [\"three\"]",
        );
    send(&here, &relay, "2025-12");
    build(&here);
    let excerpt = page(&here, "issues/2025-12/one/");
    assert!(excerpt.contains("Its beginning.") && !excerpt.contains("Its rest."), "{excerpt}");
    for link in [
        "<a href=\"https://elsewhere.example/long\">Read “A long one” in full</a>",
        "<link rel=\"canonical\" href=\"https://elsewhere.example/long\">",
    ] {
        assert!(excerpt.contains(link), "{link}: {excerpt}");
    }
    assert!(page(&here, "issues/2025-12/two/").contains("Its rest."));
    let issue = page(&here, "issues/2025-12/");
    assert!(issue.contains("<a href=\"https://a.example/x\">A link</a>"), "{issue}");
    assert!(!here.exists("site/issues/2025-12/three"));
}
