//! Characters that steer a terminal, hide text or forge our own marks, at every entrance.

use crate::harness::{Output, Publication};

const MARK: &str = "\u{E002}766970\u{E003}";
/// ESC, BEL, a C1 control, an override of direction, a line separator.
const ODD: &str = "\u{1b}]0;x\u{7}\u{9b}31m\u{202E}\u{2028}";
const ODD_IN_TOML: &str = "\\u001b]0;x\\u0007\\u009b31m\\u202e\\u2028";

/// Nothing of [`ODD`] is on either stream, colours or not.
#[track_caller]
fn tells_plainly(output: &Output, about: &str) {
    for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        for odd in ["\u{1b}]", "\u{7}", "\u{9b}", "\u{202E}", "\u{2028}", "\u{9d}"] {
            assert!(!text.contains(odd), "{about}: {odd:?} on {stream}: {text:?}");
        }
    }
}

fn runs(here: Publication, about: &str) {
    let colored = here.env("CLICOLOR_FORCE", "1");
    let commands: [&[&str]; 12] = [
        &["check"],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["check", ODD],
        &["status", ODD],
        &["status", ODD, "--json"],
        &["plan", "2025-11"],
        &["send", "2025-11", "--only", ODD, "--json"],
        &["render", ODD],
        &["doctor", "--offline"],
        &[ODD, "--flag"],
    ];
    for command in commands {
        tells_plainly(&colored.run(command), &format!("{about}: {command:?}"));
    }
}

#[test]
fn nothing_that_steers_a_terminal_is_printed() {
    let place = "issues/2025-11";
    let issue = format!("{place}/issue.toml");
    runs(Publication::with_subscribers(), "arguments");
    let subject = Publication::with_subscribers().edit(
        &issue,
        "subject = \"Hello",
        &format!("subject = \"{ODD_IN_TOML}"),
    );
    runs(subject, "subject");
    let key = Publication::with_subscribers().edit(
        &issue,
        "number = 1",
        &format!("number = 1\n\"{ODD_IN_TOML}\" = 1"),
    );
    runs(key, "a key");
    let listed = Publication::with_subscribers().edit(
        &issue,
        "[\"hangul\"]",
        &format!("[\"hangul\", \"{ODD_IN_TOML}\"]"),
    );
    runs(listed, "a name in a list");
    let file = Publication::with_subscribers()
        .write(&format!("{place}/{ODD}.md"), "---\ntitle: {{ x\n---\nWords {{ x }} [a](b).\n");
    runs(file, "the name of a file");
    let folder = Publication::with_subscribers();
    let text = folder.read(&issue);
    runs(folder.write(&format!("issues/{ODD}/issue.toml"), text), "the name of a folder");
    let list = Publication::with_subscribers()
        .write("subscribers.csv", format!("email,{ODD}\nkim{ODD}@x,{ODD}\n{ODD},a,b\n"));
    runs(list, "a list");
    let publication = Publication::with_subscribers().edit(
        "digest.toml",
        "name = \"Sejong Digest\"",
        &format!("name = \"{ODD_IN_TOML}\""),
    );
    runs(publication, "digest.toml");
    runs(Publication::with_subscribers().env("DIGEST_PUBLICATION__NAME", ODD), "the environment");
    let article = Publication::with_subscribers().write(
        &format!("{place}/hangul.md"),
        format!("---\ntitle: \"{ODD_IN_TOML}\"\n---\n{ODD} [x](y)\n"),
    );
    runs(article, "an article");
}

#[test]
fn a_mark_in_a_name_of_a_file_hides_nothing() {
    let article = "---\ntitle: Hangul\n---\n\nTwenty-eight letters.\n";
    let here =
        Publication::with_subscribers().write(&format!("issues/2025-11/x{MARK}.md"), article).edit(
            "issues/2025-11/issue.toml",
            "[[section]]\nheading = \"In focus\"\narticles = [\"hangul\"]\n",
            "",
        );
    let output = here.run(&["check"]);
    assert_eq!(output.code, 3, "{}", output.stdout);
    assert!(output.stdout.contains("character"), "{}", output.stdout);
    let folder = Publication::with_subscribers();
    let text = folder.read("issues/2025-11/issue.toml");
    let folder = folder
        .write(&format!("issues/{MARK}/issue.toml"), text)
        .write(&format!("issues/{MARK}/hangul.md"), article);
    assert_eq!(folder.run(&["check", MARK]).code, 3);
}

#[test]
fn no_text_of_any_file_forges_a_mark() {
    let mark = "\\uE002766970\\uE003";
    let of_publication = [
        "name",
        "organization",
        "postal_address",
        "from",
        "reply_to",
        "base_url",
        "browser_url",
        "preferences_url",
        "list_id",
        "language",
        "timezone",
        "images",
    ];
    let of_issue = ["title", "subject", "preheader", "intro", "language", "images", "length"];
    let of_article = [
        "title",
        "author",
        "affiliation",
        "summary",
        "url",
        "note",
        "length",
        "language",
        "image",
        "alt",
        "caption",
        "credit",
    ];
    let told = |here: Publication, about: &str| {
        let output = here.run(&["check"]);
        assert_eq!(output.code, 3, "{about}: {}", output.stdout);
        assert!(output.stdout.contains("U+E002"), "{about}: {}", output.stdout);
    };
    let without = |text: &str, key: &str| {
        let start = format!("{key} =");
        text.lines()
            .filter(|line| !line.starts_with(&start))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let new = Publication::new;
    for key in of_publication {
        let text = without(&new().read("digest.toml"), key)
            .replace("[publication]\n", &format!("[publication]\n{key} = \"x {mark}\"\n"));
        told(new().write("digest.toml", text), key);
    }
    for key in ["footer", "font", "heading_font", "logo", "logo_alt", "preset"] {
        let text = format!("{}\n[theme]\n{key} = \"x {mark}\"\n", new().read("digest.toml"));
        told(new().write("digest.toml", text), key);
    }
    for key in of_issue {
        let text = without(&new().read("issues/2025-11/issue.toml"), key);
        let text = format!("{key} = \"x {mark}\"\n{text}");
        told(new().write("issues/2025-11/issue.toml", text), key);
    }
    for key in ["heading", "topic", "layout"] {
        let text = without(&new().read("issues/2025-11/issue.toml"), key)
            .replace("[[section]]\n", &format!("[[section]]\n{key} = \"x {mark}\"\n"));
        told(new().write("issues/2025-11/issue.toml", text), key);
    }
    for key in of_article {
        for (fence, sign) in [("---", ":"), ("+++", " =")] {
            let text = format!("{fence}\n{key}{sign} \"x {mark}\"\n{fence}\n\nWords.\n");
            told(new().write("issues/2025-11/hangul.md", text), key);
        }
    }
    for body in
        ["a \u{E002}b", "a &#xE002;b", "![a](b.png \"\u{E002}\")", "`\u{E002}`", "<p>&#57346;</p>"]
    {
        let text = format!("---\ntitle: Hangul\n---\n\nWords.\n\n{body}\n");
        told(new().write("issues/2025-11/hangul.md", text), body);
    }
    told(new().write("style.css", ".x\u{E002} { color: #222 }"), "style.css");
    told(new().env("DIGEST_PUBLICATION__NAME", &format!("x{}", MARK)), "the environment");
}
