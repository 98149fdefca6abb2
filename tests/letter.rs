//! What a letter looks like to its readers: masthead, titles, contents, layouts and the text part,
//! through the real binary.

mod harness;

use harness::Publication;

const ISSUE: &str = "issues/2025-11/issue.toml";

/// Name, front matter and text of an article.
type Written<'a> = (&'a str, &'a str, &'a str);

/// An issue with sections, each a line of TOML and the articles below it.
fn letter(sections: &[(&str, &[Written<'_>])]) -> Publication {
    let mut manifest = "number = 7\ntitle = \"Autumn\"\nsubject = \"Autumn\"\ndate = 2025-11-06\n\
        intro = \"Two lines of a greeting that the editor writes at the top of every issue.\"\n"
        .to_owned();
    let mut here = Publication::new().remove("issues/2025-11/hangul.md");
    for (keys, articles) in sections {
        let names: Vec<String> = articles.iter().map(|(name, ..)| format!("{name:?}")).collect();
        let names = names.join(", ");
        manifest.push_str(&format!("[[section]]\n{keys}\narticles = [{names}]\n"));
        for (name, front, body) in *articles {
            let text = format!("---\ntitle: Story {name}\n{front}---\n\n{body}\n");
            here = here.write(&format!("issues/2025-11/{name}.md"), text);
        }
    }
    here.write(ISSUE, manifest)
}

fn render(here: &Publication, format: &str) -> String {
    let output = here.run(&["render", "2025-11", "--format", format]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output.stdout
}

/// Articles `a`, `b`… of one paragraph each.
const MANY: [(&str, &str, &str); 9] = [
    ("a", "", "Text."),
    ("b", "", "Text."),
    ("c", "", "Text."),
    ("d", "", "Text."),
    ("e", "", "Text."),
    ("f", "", "Text."),
    ("g", "", "Text."),
    ("h", "", "Text."),
    ("i", "", "Text."),
];

/// What links within `html` lead to, and the names and ids that are there.
fn jumps(html: &str) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let of = |start: &str| -> Vec<&str> {
        html.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    (of("href=\"#"), of(" name=\""), of(" id=\""))
}

#[test]
fn every_jump_leads_to_a_name_and_to_an_id() {
    let note = "Text.[^1] More.[^1]\n\n[^1]: The note.";
    let many: Vec<(&str, &str, &str)> =
        MANY.iter().map(|(name, front, _)| (*name, *front, note)).collect();
    for count in [4, 9] {
        let here = letter(&[
            ("heading = \"One\"", &many[..2]),
            ("heading = \"Two\"\nlayout = \"columns\"", &many[2..count]),
        ]);
        let html = render(&here, "html");
        let (links, names, ids) = jumps(&html);
        assert!(links.len() > count, "{links:?}");
        for link in links {
            assert_eq!(names.iter().filter(|name| **name == link).count(), 1, "{link}");
            assert_eq!(ids.iter().filter(|id| **id == link).count(), 1, "{link}");
        }
    }
}

#[test]
fn contents_grow_with_the_issue() {
    let contents = |count: usize, key: &str| {
        let here =
            letter(&[("heading = \"One\"", &MANY[..1]), ("heading = \"Two\"", &MANY[1..count])]);
        let here = here.edit(ISSUE, "[[section]]", &format!("{key}\n[[section]]"));
        (render(&here, "html"), render(&here, "text"))
    };
    let (html, text) = contents(2, "");
    assert!(!html.contains("href=\"#") && !text.contains("In this issue"), "{text}");
    let (html, text) = contents(7, "");
    assert!(html.contains("<li><a href=\"#g\""), "{html}");
    assert!(text.contains("* Story a\n* Story b\n"), "{text}");
    let (html, text) = contents(9, "");
    assert!(!html.contains("<li>") && html.contains(">Two</a> (8)"), "{html}");
    assert!(html.contains(">One:</strong> <a"), "{html}");
    assert!(text.contains("* One: Story a\n* Two (8)\n"), "{text}");
    let (html, _) = contents(9, "contents = \"links\"");
    assert!(html.contains("<li><a href=\"#i\""), "{html}");
    let (html, text) = contents(7, "contents = \"off\"");
    assert!(!html.contains("href=\"#") && !text.contains("In this issue"), "{text}");
    // There is no page to lead to.
    let (html, _) = contents(7, "contents = \"web\"");
    assert!(!html.contains("href=\"#") && !html.contains("Read on the web"), "{html}");
}

#[test]
fn the_web_is_beside_the_contents_where_the_issue_is_there() {
    let page = "DIGEST_PUBLICATION__BROWSER_URL";
    let url = "https://digest.sejong.example/i/2025-11/";
    let here = letter(&[("heading = \"One\"", &MANY[..9])])
        .env(page, "https://digest.sejong.example/i/{issue}/");
    let html = render(&here, "html");
    let first = html.find(&format!("href=\"{url}\"")).expect("a link");
    assert!(first < html.find("Story b</h").expect("a title"), "{html}");
    assert!(render(&here, "text").contains(&format!("Read on the web:\n{url}\n")));
    let here = here.env("DIGEST_PUBLICATION__CONTENTS", "web");
    let html = render(&here, "html");
    assert!(html.contains(">Read on the web</a>") && !html.contains("href=\"#"), "{html}");
}

#[test]
fn a_letter_of_one_article_has_one_title_and_one_date() {
    let front = "author: Ada\ndate: 2025-11-05\n";
    let one =
        |title: &str| {
            letter(&[("heading = \"Essay\"", &[("a", front, "Text.\n\n## The light\n\nMore.")])])
                .edit("issues/2025-11/a.md", "Story a", title)
        };
    let here = one("autumn");
    let (html, text) = (render(&here, "html"), render(&here, "text"));
    assert_eq!(html.matches("<h1").count(), 1);
    let body = html.split("<body").nth(1).expect("a body");
    assert!(body.contains(">autumn</h1>") || body.contains("autumn</h1>"), "{body}");
    assert!(!body.contains(">Autumn<"), "{body}");
    assert!(html.contains("<h2") && html.contains(">The light</h2>"), "{html}");
    assert_eq!(html.matches("November 2025").count(), 1, "{html}");
    assert_eq!(text.matches("November 2025").count(), 1, "{text}");
    assert!(text.contains("autumn\n======") && !text.contains("\nAutumn\n"), "{text}");
    assert_eq!((html.matches("Ada").count(), text.matches("Ada").count()), (1, 1));
    // What the issue is called besides is not lost.
    let here = one("The pier");
    let (html, text) = (render(&here, "html"), render(&here, "text"));
    assert!(html.contains(">Autumn&nbsp;· Essay</p>"), "{html}");
    // That line stands off the masthead and close to the title, without negative margins, which
    // some programs leave out.
    let above = html.split(">Autumn&nbsp;").next().and_then(|html| html.rsplit('<').next());
    assert!(above.is_some_and(|tag| tag.contains("margin:16px 0 0\"")), "{above:?}");
    let title = html.split("<h1 ").nth(1).and_then(|html| html.split('>').next());
    assert!(title.is_some_and(|tag| tag.contains("margin:4px 0 8px")), "{title:?}");
    assert!(text.contains("Autumn · Essay\n\nThe pier\n========"), "{text}");
}

#[test]
fn the_first_story_leads_unless_another_does() {
    let size = |html: &str, title: &str| {
        let before = html.split(&format!("{title}</h3>")).next().expect("a title");
        let tag = before.rsplit("<h3").next().expect("a heading");
        let after = tag.split("px/").next().expect("a size").rsplit(' ').next();
        after.expect("digits").to_owned()
    };
    let sections = |front: [&'static str; 2]| {
        letter(&[
            ("heading = \"One\"", &[("a", front[0], "Text."), ("b", "", "Text.")]),
            (
                "heading = \"Two\"\nlayout = \"columns\"",
                &[("c", front[1], "Text."), ("d", "", "Text.")],
            ),
        ])
    };
    let html = render(&sections(["", ""]), "html");
    let sizes = ["a", "b", "c", "d"].map(|name| size(&html, &format!("Story {name}")));
    assert_eq!(sizes, ["28", "22", "18", "18"]);
    let html = render(&sections(["", "lead: true\n"]), "html");
    assert_eq!(["a", "c"].map(|name| size(&html, &format!("Story {name}"))), ["22", "28"]);
    let html = render(&sections(["lead: false\n", ""]), "html");
    assert_eq!(size(&html, "Story a"), "22");
}

#[test]
fn brief_notes_and_links_have_their_own_layouts() {
    let here = letter(&[
        (
            "heading = \"In brief\"\nlayout = \"brief\"",
            &[
                ("a", "", "After nine years it sails.\n\nTwice a day."),
                ("b", "author: Ada\nurl: https://sejong.example/b\n", "Text."),
            ],
        ),
        (
            "heading = \"Links\"\nlayout = \"links\"",
            &[
                ("c", "url: https://www.sejong.example/c\n", ""),
                ("d", "url: https://sejong.example/d\nauthor: Lee\n", "What it says."),
                ("e", "", "- [First](https://sejong.example/1) a source\n- plain"),
            ],
        ),
    ]);
    let html = render(&here, "html");
    assert!(html.contains(">Story a.</strong> After nine years it sails.</p>"), "{html}");
    assert!(!html.contains("</h3>") || !html.contains("Story a</h3>"), "{html}");
    assert!(html.contains(">Story c</a> <span"), "{html}");
    assert!(html.contains(">sejong.example</span>") && html.contains(">Lee</span>"), "{html}");
    assert!(html.contains("list-style:none"), "{html}");
    assert!(html.contains("> a source</span>"), "{html}");
    let text = render(&here, "text");
    assert!(text.contains("*Story a.* After nine years it sails.\n\nTwice a day."), "{text}");
    assert!(
        text.contains("* Story c (sejong.example)\n  https://www.sejong.example/c\n"),
        "{text}"
    );
    let checked = here.run(&["check"]);
    let told = checked.stdout + &checked.stderr;
    assert!(!told.contains("article-empty"), "{told}");
    // Elsewhere a title alone is no article.
    let here = here.edit(ISSUE, "layout = \"links\"", "");
    let checked = here.run(&["check"]);
    assert!((checked.stdout + &checked.stderr).contains("article-empty"));
}

#[test]
fn titles_lead_to_their_article_and_code_keeps_the_colour_of_its_link() {
    let front = "url: https://sejong.example/whole\n";
    let here = letter(&[(
        "heading = \"One\"",
        &[
            (
                "a",
                front,
                "See [the `x` command](https://sejong.example/x) and `y`.\n\n> It is long.",
            ),
            ("b", "", "Text."),
        ],
    )]);
    let html = render(&here, "html");
    let title = html.split("Story a</a></h3>").next().expect("a title");
    let link = title.rsplit("<a ").next().expect("a link");
    assert!(link.contains("href=\"https://sejong.example/whole\""), "{link}");
    assert!(link.contains("text-decoration:none"), "{link}");
    let codes = html.split("<code").skip(1);
    let codes: Vec<&str> = codes.filter_map(|rest| rest.split('>').next()).collect();
    assert!(codes[0].contains("color:#149") && !codes[1].contains("color:#149"), "{codes:?}");
    assert!(
        html.contains("[data-ogsc] .ca{color:#9fc0e8 !important}")
            || html.contains(",[data-ogsc] .ca{color:"),
        "{html}"
    );
    // A few words that stand alone are a pull quote, and its padding is a cell's.
    assert!(html.contains("<p style=\"") && html.contains("font:italic 21px/1.4"), "{html}");
    for tag in ["<blockquote", "<h2"] {
        let styles = html.split(tag).skip(1).filter_map(|rest| rest.split('>').next());
        assert!(
            styles.clone().count() > 0 && styles.into_iter().all(|tag| !tag.contains("padding"))
        );
    }
    assert!(render(&here, "text").contains("\nhttps://sejong.example/whole\n"));
}

#[test]
fn each_look_has_its_own_masthead_also_with_a_logo() {
    let base = letter(&[("heading = \"One\"", &MANY[..2])]);
    let logo =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/theme/logo.png")).expect("a logo");
    let base = base.write("logo.png", logo);
    let mut seen = Vec::new();
    for logo in [false, true] {
        for look in ["ink", "gazette", "studio", "celadon"] {
            let mut command = base.command(env!("CARGO_BIN_EXE_digest"));
            command.args(["render", "2025-11"]).env("DIGEST_THEME__PRESET", look);
            if logo {
                command.env("DIGEST_THEME__LOGO", "logo.png");
            }
            let html = command.output().expect("it ran").stdout;
            let html = String::from_utf8(html).expect("UTF-8");
            let cell = html.split("<td class=\"p").nth(1).expect("a cell");
            let cell = cell.split("</td>").next().expect("its end").to_owned();
            assert_eq!(cell.contains("<img"), logo, "{cell}");
            assert!(cell.contains("No. 7 · 6 November 2025"), "{cell}");
            if logo {
                // Where pictures are blocked the alt text is the wordmark.
                assert!(cell.contains("font:bold 2"), "{cell}");
            }
            seen.push(html.split("<body").nth(1).expect("a body").to_owned());
            match look {
                "gazette" => assert!(cell.contains("text-align:center") && cell.contains("double")),
                "studio" => assert!(cell.contains("#4a3fc7"), "{cell}"),
                "celadon" => assert!(seen.last().is_some_and(|html| html.contains(">S</span>"))),
                _ => {}
            }
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

#[test]
fn the_letter_ends_with_a_mark_and_the_last_words() {
    let here = letter(&[("heading = \"One\"", &MANY[..2])])
        .env("DIGEST_PUBLICATION__SIGN_OFF", "Until April,\nthe editors");
    let html = render(&here, "html");
    assert!(html.contains("aria-hidden=\"true\">■</p>") || html.contains(">■</p>"), "{html}");
    assert!(html.contains(">Until April,<br>the editors</p>"), "{html}");
    assert!(render(&here, "text").contains("\nUntil April,\nthe editors\n"));
    let own = here.edit(ISSUE, "[[section]]", "sign_off = \"Bye\"\n[[section]]");
    assert!(render(&own, "html").contains(">Bye</p>") && !render(&own, "html").contains("Until"));
    let none = own.edit(ISSUE, "\"Bye\"", "\"\"");
    assert!(!render(&none, "html").contains("Until"));
}

#[test]
fn word_gets_a_row_for_each_section_and_no_tall_cell() {
    let long = "Some words that fill a line of the letter with nothing at all. ".repeat(8) + "\n\n";
    let essay = long.repeat(14);
    let here = letter(&[
        ("heading = \"One\"", &[("a", "", &essay), ("b", "", "Text.")]),
        ("heading = \"Two\"", &[("c", "", "Text.")]),
    ]);
    let html = render(&here, "html");
    let cells: Vec<&str> = html.split("<td class=\"p").skip(1).collect();
    assert!(cells.len() > 5, "{}", cells.len());
    for heading in ["One</h2>", "Two</h2>"] {
        let cell = cells.iter().find(|cell| cell.contains(heading)).expect("a cell");
        assert!(cell.split("<h2").next().is_some_and(|before| !before.contains("<p")), "{cell}");
    }
    for cell in cells {
        assert!(cell.matches("<p ").count() < 12, "{cell}");
        let cell = cell.split("</td>").next().expect("its end");
        assert_eq!(cell.matches("<div").count(), cell.matches("</div>").count());
    }
    let head = html.split("<!--[if mso]>").nth(1).expect("Word's head");
    let head = head.split("<![endif]").next().expect("its end");
    assert!(head.contains("'Segoe UI'") && head.contains("line-height:150%"), "{head}");
    assert!(html.contains("[data-ogsc] .h,[data-ogsc] .hd{border-color:"), "{html}");
}

#[test]
fn a_korean_newspaper_leads_with_a_korean_face() {
    let here = letter(&[("heading = \"One\"", &MANY[..2])]).env("DIGEST_THEME__PRESET", "gazette");
    assert!(!render(&here, "html").contains("Noto Serif KR"));
    let here = here.edit(ISSUE, "number = 7", "number = 7\nlanguage = \"ko\"");
    assert!(render(&here, "html").contains("font-family:'Noto Serif KR',"));
}

#[test]
fn the_text_part_is_clear_about_links_code_and_levels() {
    let body = "- [The form](https://sejong.example/form)\n- [A note](https://sejong.example/note), short\n\n\
        Use `--yes` or ``a`b``.\n\n## Two\n\n### Three\n\n#### Four\n\nEnd.";
    let here = letter(&[(
        "heading = \"One\"",
        &[("a", "", body), ("b", "language: ko\ndate: 2025-11-05\n", "글.")],
    )]);
    let text = render(&here, "text");
    assert!(
        text.contains("* The form\n  https://sejong.example/form\n* A note [1], short\n"),
        "{text}"
    );
    assert!(text.contains("Use `--yes` or ``a`b``."), "{text}");
    assert!(text.contains("Two\n~~~\n") && text.contains("Three\n.....\n"), "{text}");
    assert!(text.contains("~ Four ~\n"), "{text}");
    assert!(text.contains("2025년 11월 5일"), "{text}");
    assert!(text.lines().all(|line| !line.starts_with("[1] ,")), "{text}");
}

/// A PNG of one colour; `transparent` with an alpha channel.
fn picture(transparent: bool) -> Vec<u8> {
    let color = if transparent { image::ColorType::Rgba8 } else { image::ColorType::Rgb8 };
    let pixels = vec![128; 64 * 48 * usize::from(color.bytes_per_pixel())];
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut bytes, &pixels, 64, 48, color, image::ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

#[test]
fn missing_pictures_have_a_ground_unless_one_would_shine_through() {
    let shows = "![A lamp](lamp.png)";
    let page = |transparent: bool| {
        let here = letter(&[("heading = \"One\"", &[("a", "", shows), ("b", "", "Text.")])])
            .write("issues/2025-11/lamp.png", picture(transparent));
        let html = render(&here, "html");
        html.split("<img").nth(1).expect("a picture").split('>').next().expect("its end").to_owned()
    };
    assert!(page(false).contains("background:#f0f3f2"), "{}", page(false));
    assert!(page(true).contains("background:none"), "{}", page(true));
}

#[test]
fn pictures_are_seen_before_they_are_published() {
    let here =
        letter(&[("heading = \"One\"", &[("a", "", "![A lamp](lamp.png)"), ("b", "", "Text.")])])
            .write("issues/2025-11/lamp.png", picture(false))
            .write("subscribers.csv", "email\nkim@example.org\n");
    let output = here.run(&["render", "2025-11", "-o", "out/../page.html"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    let html = here.read("page.html");
    let address =
        html.split(" src=\"").nth(1).expect("a picture").split('"').next().expect("an end");
    assert!(address.starts_with("page-pictures/issues/2025-11/lamp"), "{address}");
    assert!(here.exists(address), "{:?}", here.files());
    // What is for the web goes on naming the web.
    let output = here.run(&["render", "2025-11", "-o", "web.html", "--assets", "public"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(here.read("web.html").contains(" src=\"https://digest.sejong.example/"));
    assert!(!here.exists("web-pictures"));
    // What travels inside the mail is beside the page too, and stays inside the mail.
    let inside = letter(&[("heading = \"One\"", &[("a", "", "![A lamp](lamp.png)")])])
        .write("issues/2025-11/lamp.png", picture(false))
        .env("DIGEST_PUBLICATION__IMAGES", "embed");
    for more in [&[][..], &["--assets", "public"]] {
        let output = inside.run(&[&["render", "2025-11", "-o", "page.html"][..], more].concat());
        assert_eq!(output.code, 0, "{output:?}");
        let html = inside.read("page.html");
        assert!(html.contains(" src=\"page-pictures/") && !html.contains("cid:"), "{html}");
    }
    assert!(inside.exists("page-pictures/issues/2025-11"), "{:?}", inside.files());
    assert!(render(&inside, "eml").contains("cid:"));

    let caught = |arguments: &[&str], folder: &str| {
        let output = here.run(arguments);
        assert_eq!(output.code, 0, "{output:?}");
        assert_eq!(output.stderr.matches("pictures are inside").count(), 1, "{output:?}");
        let mut mails = std::fs::read_dir(here.path(folder)).expect("a folder");
        let mail = mails.next().expect("a mail").expect("read").path();
        let mail = std::fs::read(mail).expect("read");
        let message = mail_parser::MessageParser::default().parse(&mail).expect("a message");
        let html = message.body_html(0).expect("HTML").into_owned();
        assert!(html.contains(" src=\"cid:") && message.attachments().count() == 1, "{html}");
    };
    caught(&["test", "2025-11", "--to", "kim@example.org", "--catch", "one"], "one/new");
    let send = ["send", "2025-11", "--subscribers", "subscribers.csv", "--catch", "two", "--yes"];
    caught(&send, "two/new");
    // The content is the same, whether its pictures are seen or not.
    let plan = here.run(&["plan", "2025-11", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    let hash = json["content_hash"].as_str().expect("a hash").to_owned();
    let again = [&send[..], &["--fresh", "--expect", &hash]].concat();
    let output = here.run(&again);
    assert_eq!(output.code, 0, "{output:?}");
}
