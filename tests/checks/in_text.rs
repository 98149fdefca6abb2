//! Pictures that share a paragraph with words or with each other, and the ways in which their paths
//! are written.

use crate::cases::png;
use crate::harness::Publication;

const WORDS: &str = "A paragraph that says what a newsletter says, and that goes on for a while.";

/// An issue with an icon of 48 pixels, a photograph and a logo.
fn article(text: &str) -> Publication {
    let words = format!("{WORDS}\n\n").repeat(6);
    let text = format!("---\ntitle: Hangul\n---\n\n{text}\n\n{words}");
    Publication::new()
        .write("issues/2025-11/hangul.md", text)
        .write("issues/2025-11/images/p.png", png(1104, 600, 255, false))
        .write("issues/2025-11/images/icon.png", png(48, 48, 255, false))
        .write("issues/2025-11/images/logo.png", png(400, 160, 255, false))
}

/// `alt width x height`, and the width that its style says, of each picture.
fn pictures(here: &Publication) -> Vec<String> {
    let html = here.run(&["render", "2025-11"]).stdout;
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    };
    let tags = html.split("<img").skip(1).map(|rest| rest.split('>').next().unwrap());
    tags.map(|tag| {
        let style = attribute(tag, "style");
        let mut declarations = style.split(';').rev();
        let width = declarations.find_map(|one| one.trim().strip_prefix("width:")).unwrap();
        let (wide, high) = (attribute(tag, "width"), attribute(tag, "height"));
        let bound = if style.contains("max-width:") { "" } else { " unbounded" };
        format!("{} {wide}x{high} {width}{bound}", attribute(tag, "alt"))
    })
    .collect()
}

#[test]
fn a_picture_between_words_is_as_high_as_its_attributes_say() {
    let here = article(
        "![The quay at dawn](images/p.png)\n\nA small ![wheel](images/icon.png) wheel, and the \
         ![quay](images/p.png) quay.\n\n| Ship | Sign |\n|---|---|\n| Gull | ![sign](images/p.png) |",
    );
    assert_eq!(
        pictures(&here),
        ["The quay at dawn 552x300 100%", "wheel 24x24 24px", "quay 44x24 44px", "sign 44x24 44px"]
    );
    let text = here.run(&["render", "2025-11", "--format", "text"]).stdout;
    for words in
        ["[The quay at dawn]\n", "A small [wheel] wheel, and the [quay] quay.", "Gull  sign"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_photograph_is_never_a_thumbnail() {
    let whole = "p 552x300 100%";
    for (text, expected) in [
        (format!("{WORDS}\n![p](images/p.png)\n{WORDS}"), vec![whole]),
        (format!("![p](images/p.png)\n{WORDS}"), vec![whole]),
        (format!("![p](images/p.png) {WORDS}"), vec![whole]),
        (format!("{WORDS}  \n[![p](images/p.png)](https://a.sejong.example/)"), vec![whole]),
        ("[![p](images/p.png)](https://a.sejong.example/)".to_owned(), vec![whole]),
        (format!("- ![p](images/p.png) {WORDS}"), vec![whole]),
        ("![p](images/p.png)\n![p](images/p.png)".to_owned(), vec!["p 260x142 100%"; 2]),
        ("![p](images/p.png \"Noon\")\n![p](images/p.png)".to_owned(), vec![whole; 2]),
        (format!("![i](images/icon.png) {WORDS}"), vec!["i 24x24 24px"]),
        (format!("{WORDS}\n![i](images/icon.png)\n{WORDS}"), vec!["i 24x24 24px"]),
    ] {
        assert_eq!(pictures(&article(&text)), expected, "{text}");
    }
}

#[test]
fn sponsors_stand_in_a_row_with_their_links() {
    let logo = |name: &str| format!("[![{name}](images/logo.png)](https://{name}.sejong.example/)");
    for apart in [" ", "\n", " | "] {
        let here = article(&["gull", "tern", "kite"].map(logo).join(apart));
        let sizes: Vec<String> =
            ["gull", "tern", "kite"].map(|name| format!("{name} 168x68 168px")).into();
        assert_eq!(pictures(&here), sizes);
        let output = here.run(&["check"]);
        assert!(output.stdout.contains("no problems"), "{output:?}");
        let html = here.run(&["render", "2025-11"]).stdout;
        assert!(html.contains("<a href=\"https://tern.sejong.example/\""), "{html}");
        let text = here.run(&["render", "2025-11", "--format", "text"]).stdout;
        assert!(text.contains("tern:\nhttps://tern.sejong.example/\n"), "{text}");
    }
}

#[test]
fn a_path_is_found_in_each_of_its_spellings() {
    let apart = "\u{1107}\u{116e}\u{1109}\u{1161}\u{11ab}";
    let here = |text: &str| {
        article(text)
            .write("issues/2025-11/images/my photo.png", png(1104, 600, 255, false))
            .write(&format!("issues/2025-11/images/{apart}.png"), png(1104, 600, 255, false))
            .write("issues/2025-11/images/caf\u{e9}.png", png(1104, 600, 255, false))
    };
    for path in [
        "images/my%20photo.png",
        "<images/my photo.png>",
        "<“images/my photo.png”>",
        "“images/p.png”",
        "images/부산.png",
        "images/%EB%B6%80%EC%82%B0.png",
        "images/cafe\u{301}.png",
        "images/caf%C3%A9.png",
        "images\\p.png",
        "./images/p.png",
    ] {
        let output = here(&format!("![A view]({path})")).run(&["check"]);
        assert!(output.stdout.contains("no problems"), "{path}: {output:?}");
    }
    let lead = here(WORDS).write(
        "issues/2025-11/hangul.md",
        format!(
            "---\ntitle: Hangul\nimage: images/my%20photo.png\nalt: A view\n---\n{}",
            WORDS.repeat(6)
        ),
    );
    assert!(lead.run(&["check"]).stdout.contains("no problems"));
}

#[test]
fn a_wrong_path_names_the_nearest() {
    for (path, meant) in [
        ("images/P.png", "images/p.png"),
        ("p.png", "images/p.png"),
        ("/images/p.png", "images/p.png"),
        ("images/p.jpg", "images/p.png"),
        ("images/logos.png", "images/logo.png"),
        ("img/icon.png", "images/icon.png"),
    ] {
        let output = article(&format!("![A view]({path})")).run(&["check"]);
        let help = format!("did you mean {meant}?");
        assert!(output.code == 3 && output.stdout.contains(&help), "{path}: {output:?}");
    }
    let output = article("![A view](images/zebra-crossing.png)").run(&["check"]);
    assert!(output.code == 3 && !output.stdout.contains("did you mean"), "{output:?}");
    // A path with a space is no picture in Markdown: readers would see the brackets.
    let output = article("![A view](images/my photo.png)").run(&["check"]);
    assert!(output.stdout.contains("between < and >"), "{output:?}");
}
