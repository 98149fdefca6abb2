//! Articles and style sheets: read, checked, composed and made into a message, as `digest check` and
//! `digest send` do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sejong_digest::check::{self, Input};
use sejong_digest::compose::{Composition, Segment, compose, widths};
use sejong_digest::config::{self, Config, Secret};
use sejong_digest::diagnostic::capped::capped;
use sejong_digest::diagnostic::{Diagnostic, render, sarif};
use sejong_digest::issue::{Issue, image, load, slot};
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{MailKind, Occasion, Template, part_text};
use sejong_digest::picture::Cache;

use super::{files, signature};

/// See `Target::words`.
pub(super) const FRONT_MATTER_WORDS: &[&str] = &[
    "---\n",
    "+++\n",
    "title: ",
    "title = \"a\"\n",
    "date: 2025-11-06\n",
    "tags: [a, b]\n",
    "author: ",
    "summary: ",
    "image: a.png\n",
    "url: https://a.example/\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!binary ",
    "- ",
    "? ",
    "{a: ",
    "[",
    "]",
    "}",
    "|\n  ",
    ">-\n  ",
    "\"",
    "'''",
    "\"\"\"",
    "\\u",
    "\\x",
    "[[section]]\n",
    "articles = [\"hangul\"]\n",
    "allow = [{rule=\"a\",reason=\"b\"}]\n",
    "\u{e000}",
    "\\uE000",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "{{ a }}",
    "{{",
    "0x",
    "1e999",
    "inf",
    "1979-05-27T07:32:00Z",
    "language = \"ko\"\n",
    "layout = \"columns\"\n",
    "a.b.c = 1\n",
    "\t",
    "%",
];
/// See `Target::words`.
pub(super) const MARKDOWN_WORDS: &[&str] = &[
    "{{ first_name | reader }}",
    "{{ a }}",
    "{{",
    "}}",
    "\\{{",
    "{{ unsubscribe_url }}",
    "[a](",
    "](https://a.example/)",
    "![a](a.png \"b\")",
    "[a]: https://a.example/\n",
    "[^a]",
    "[^a]: b\n",
    "{.button}",
    "::: note\n",
    "::: only tag:t\n",
    ":::\n",
    "> ",
    "- ",
    "1. ",
    "# ",
    "```\n",
    "|a|b|\n",
    "|-|:-:|\n",
    "<b>",
    "</b>",
    "<div>",
    "</div>",
    "</table>",
    "<table><tr><td>",
    "<!--",
    "-->",
    "<style>",
    "<script>",
    "</body>",
    "</html>",
    "<svg>",
    "<math>",
    "<a href=\"javascript:x\">",
    "<img src=\"//a.example/b\" onerror=\"x\">",
    " style=\"position:fixed\"",
    " hidden",
    "<p dir=rtl>",
    "&#xE000;",
    "&#x91;",
    "\u{e000}",
    "\u{e001}",
    "\u{91}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\0",
    "한글",
    "日本語",
    "שלום",
    "https://a.example/",
    "www.a.example",
    "a@b.example",
    "**",
    "*",
    "_",
    "~~",
    "`",
    "  \n",
    "\\",
    "&amp;",
    "<title>",
    "<![endif]-->",
    "<!--[if mso]>",
    "<center>",
    "<td>",
    "\r\n",
];
/// See `Target::words`.
pub(super) const CSS_WORDS: &[&str] = &[
    "url(",
    "url(\"//a.example\")",
    "image-set(",
    "src(",
    "@import \"a\";",
    "@font-face{",
    "@media x{",
    "@supports(",
    "@charset \"a\";",
    "@namespace",
    "\\75 rl(",
    "\\",
    "/*",
    "*/",
    "//",
    "</style>",
    "<!--",
    "-->",
    "\"",
    "'",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ":",
    "!important",
    "expression(",
    "behavior:",
    "-moz-binding:",
    "content:",
    "var(--a)",
    "--a:",
    "attr(href url)",
    "calc(",
    "p",
    ".s",
    "*",
    ":hover",
    ":not(",
    "::before",
    "[href^=\"https://a\"]",
    "color:red",
    "display:none",
    "position:fixed",
    "\n",
    "\u{0}",
    "\u{2028}",
    "\r",
    "\u{c}",
    "u\u{0131}",
    "element(#a)",
    "cross-fade(",
    "env(",
    "paint(a)",
    ",",
    ">",
    "~",
    "+",
    "@layer a;",
    "@container x{",
    "@keyframes a{",
    "data:,",
    "https:",
];

const ISSUE: &str = "number = 1\ntitle = \"Letters\"\nsubject = \"Letters for {{ first_name | all }}\"\n\
    preheader = \"What an alphabet is, who made it, and how it came to be what it is today.\"\n\
    date = 2025-11-06\nlanguage = \"en\"\n[[section]]\nheading = \"First\"\narticles = [\"hangul\"]\n";
const ARTICLE: &str = "+++\ntitle = \"Hangul\"\n+++\n\nHello there, {{ first_name | reader }}.\n\n\
    > A king said so.\n\n| a | b |\n|---|---|\n| c | d |\n\n[Read](https://a.example/){.button}\n";
const POSTAL: &str = "P.O. Box 0000, Washington, DC 20000";
const BASE: &str = "https://digest.sejong.example";

/// A publication in a folder of its own, one for each process.
struct Ground {
    root: PathBuf,
    config: Config,
    cache: Cache,
    /// The addresses and names in its headers, without a stranger's article.
    headers: Vec<String>,
    _folder: tempfile::TempDir,
}

fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        let toml = format!(
            "[publication]\nname = \"Sejong\"\nfrom = \"Sejong <digest@sejong.example>\"\n\
             postal_address = \"{POSTAL}\"\nlanguage = \"en\"\nbase_url = \"{BASE}\"\n\
             timezone = \"UTC\"\n"
        );
        write(&root.join("digest.toml"), toml.as_bytes());
        let config = config::read(&root, &[]).expect("a publication");
        let cache = Cache::of(&root, None);
        let mut ground = Ground { root, config, cache, headers: Vec::new(), _folder: folder };
        write(&ground.issue("plain").join("issue.toml"), ISSUE.as_bytes());
        write(&ground.issue("plain").join("hangul.md"), ARTICLE.as_bytes());
        let draft = ground.draft("plain");
        let (issue, composition) =
            (draft.issue.expect("read"), draft.composition.expect("composed"));
        let made = ground.messages(&issue, &composition);
        ground.headers = header_names(&made[0].0);
        ground
    })
}

/// An issue as far as it could be made.
struct Made {
    issue: Option<Issue>,
    composition: Option<Composition>,
    problems: Vec<Diagnostic>,
}

impl Ground {
    fn issue(&self, name: &str) -> PathBuf {
        self.root.join("issues").join(name)
    }

    fn draft(&self, name: &str) -> Made {
        let publication = &self.config.publication;
        let load::Loaded { mut issue, mut problems } = load::load(publication, &self.issue(name));
        let mut composition = None;
        if let Some(issue) = &mut issue {
            let widths = widths(issue);
            problems.extend(image::prepare(&mut issue.images, &widths, &self.cache, &|_, _| {}));
            let (composed, found) = compose(publication, issue, &self.config.theme);
            composition = composed;
            problems.extend(found);
        }
        if let (Some(issue), Some(composition)) = (&issue, &composition) {
            let message = &self.messages(issue, composition)[0].0;
            let input = Input {
                publication,
                theme: &self.config.theme,
                issue,
                composition,
                message: Some(message),
                siblings: &[],
                sent: &std::collections::BTreeSet::new(),
                clients: &self.config.clients,
                today: Some(issue.date),
            };
            problems.extend(check::issue(&input, None));
        }
        Made { issue, composition, problems }
    }

    /// The message, the text and the HTML for somebody with every tag and for somebody with none.
    fn messages(&self, issue: &Issue, composition: &Composition) -> [(Vec<u8>, String, String); 2] {
        let occasion = Occasion {
            date: "Thu, 6 Nov 2025 09:00:00 -0500".to_owned(),
            time: 1_762_437_600,
            test: false,
            kind: MailKind::Issue,
        };
        let identity = self.config.sender.identity(&Secret::for_nobody());
        let template = Template::new(composition, identity, &occasion);
        let fields: Vec<&str> =
            composition.slots.iter().flatten().map(|slot| slot.field.as_str()).collect();
        let tags: Vec<&str> =
            composition.text.iter().chain(&composition.html).filter_map(tag).collect();
        assert!(!issue.name.is_empty());
        [tags, Vec::new()].map(|tags| {
            let address = Address::parse("reader@example.org").expect("an address");
            let values = fields.iter().map(|field| (*field, "<script>{{ x }}\u{e000}\"'&"));
            let reader = Recipient::new(address, values, tags);
            let message = template.splice(&reader).expect("a value for each slot").bytes;
            let text = part_text(&template, &composition.text, &reader).expect("as above");
            let html = part_text(&template, &composition.html, &reader).expect("as above");
            (message, text, html)
        })
    }
}

fn tag(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::When(tag) => Some(tag),
        _ => None,
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

/// The front matter of the articles of this repository, and its issues.
pub(super) fn front_matter_seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = articles(root);
    for article in &mut seeds {
        let end =
            article.windows(5).skip(1).position(|part| part == b"\n---\n" || part == b"\n+++\n");
        article.truncate(end.map_or(200, |end| end + 6));
        article.extend_from_slice(b"\nHello there\n");
    }
    seeds.push(ARTICLE.as_bytes().to_vec());
    seeds.push(ISSUE.as_bytes().to_vec());
    for folder in ["issues", "tests/checks/cases"] {
        seeds.extend(files(&root.join(folder), &["issue.toml"]));
    }
    seeds
}

/// The articles of this repository.
pub(super) fn message_seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = articles(root);
    seeds.push(ARTICLE.as_bytes().to_vec());
    seeds
}

fn articles(root: &Path) -> Vec<Vec<u8>> {
    let folders = ["issues", "tests/checks/cases", "tools/screenshot/scenes", "src/cmd/templates"];
    folders.iter().flat_map(|folder| files(&root.join(folder), &["md"])).collect()
}

/// The style sheets of this repository.
pub(super) fn style_sheet_seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["tests", "tools/screenshot/scenes", "bench/render", "theme"] {
        seeds.extend(files(&root.join(folder), &["css"]));
    }
    for css in [
        "p{color:red}.s{padding:0 !important}a:hover{color:#123}",
        "@media (max-width:599px){.s{padding:8px}h1{font:bold 20px/1.2 Georgia,serif}}",
        "/* a */ blockquote{border-left:4px solid rgb(1,2,3);content:\"(\"}td,th{padding:calc(1px + 2px)}",
        "a[href^=\"https://a.example/\"]{color:var(--a)}:root{--a:red}p:not(.m):nth-child(2n+1){margin:0}",
    ] {
        seeds.push(css.as_bytes().to_vec());
    }
    seeds
}

/// What stands before an article, and an issue's own file: read, or refused at a place in the file.
pub(super) fn front_matter(bytes: &[u8]) -> u64 {
    let ground = ground();
    let folder = ground.issue("front");
    write(&folder.join("issue.toml"), ISSUE.as_bytes());
    write(&folder.join("hangul.md"), bytes);
    let article = load::load(&ground.config.publication, &folder);
    let mut told = told(&article.problems);
    if let Some(issue) = &article.issue {
        for article in issue.sections.iter().flat_map(|section| &section.articles) {
            // A heading may be the title, and a slot in it is filled.
            let title = slot::fill(&article.title, |_| String::new());
            assert!(!has_mark(&title), "a mark in the title {title:?}");
        }
    }
    write(&folder.join("issue.toml"), bytes);
    write(&folder.join("hangul.md"), ARTICLE.as_bytes());
    let manifest = load::load(&ground.config.publication, &folder);
    told.extend(self::told(&manifest.problems));
    let is_silent = manifest.problems.is_empty();
    assert!(manifest.issue.is_some() || !is_silent, "no issue, and nothing said");
    signature(told)
}

/// An article becomes a message that says whose it is and how to leave, or is refused.
pub(super) fn message(bytes: &[u8]) -> u64 {
    let ground = ground();
    let folder = ground.issue("article");
    write(&folder.join("issue.toml"), ISSUE.as_bytes());
    write(&folder.join("hangul.md"), bytes);
    let made = ground.draft("article");
    if let (Some(issue), Some(composition)) = (&made.issue, &made.composition) {
        for (message, text, html) in &ground.messages(issue, composition) {
            is_a_message(message, &ground.headers);
            is_whole(text, html);
            is_harmless(html);
        }
    } else {
        assert!(made.problems.iter().any(Diagnostic::is_error), "no letter, and nothing said");
    }
    signature(told(&made.problems))
}

/// A style sheet fetches nothing and ends nothing, whatever is in it.
pub(super) fn style_sheet(bytes: &[u8]) -> u64 {
    let ground = ground();
    let folder = ground.issue("styled");
    write(&folder.join("issue.toml"), ISSUE.as_bytes());
    write(&folder.join("hangul.md"), ARTICLE.as_bytes());
    let path = ground.root.join("style.css");
    write(&path, bytes);
    let made = ground.draft("styled");
    std::fs::remove_file(&path).expect("removed");
    if let (Some(issue), Some(composition)) = (&made.issue, &made.composition) {
        for (_, text, html) in &ground.messages(issue, composition) {
            is_whole(text, html);
            is_harmless(html);
        }
    } else {
        assert!(made.problems.iter().any(Diagnostic::is_error), "no letter, and nothing said");
    }
    signature(told(&made.problems))
}

/// The rules that were broken. What is told is shown in every form, and each place is one.
fn told(problems: &[Diagnostic]) -> BTreeSet<&'static str> {
    for problem in problems {
        assert!(!problem.message.is_empty(), "{}", problem.rule);
        if let Some(place) = &problem.place {
            let place = place.line_column();
            assert!(place.is_none_or(|(line, column)| line > 0 && column > 0), "{place:?}");
        }
    }
    let shown = capped(problems);
    let human = render::human(&shown, false);
    // What is not ASCII is written out where it is printed; our colours are not.
    let odd = |c: &char| c.is_ascii_control() && !matches!(c, '\n' | '\t');
    assert_eq!(human.chars().find(odd), None, "a control character on the terminal: {human:?}");
    let json = render::json(&shown);
    assert!(json.len() < 1_000_000, "{} bytes are told", json.len());
    let _ = sarif::github(&shown);
    let _ = sarif::sarif(&shown, &|_| None).to_string();
    problems.iter().map(|problem| problem.rule).collect()
}

fn has_mark(text: &str) -> bool {
    text.contains(['\u{e000}', '\u{e001}', '\u{91}'])
}

/// RFC 5322 2.1.1 and 2.2: ASCII, short lines, and no header field that an article brought.
fn is_a_message(message: &[u8], headers: &[String]) {
    assert!(message.is_ascii(), "a byte beyond ASCII");
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.len() <= 1000, "a line of {} bytes", line.len());
        assert!(line.ends_with(b"\r\n"), "a line that ends with LF alone");
        let bare = &line[..line.len() - 2];
        assert!(!bare.contains(&b'\r') && !bare.contains(&0), "CR or NUL inside a line");
    }
    assert_eq!(header_names(message), headers, "other header fields");
}

fn header_names(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let lines = text.split("\r\n").take_while(|line| !line.is_empty());
    let fields = lines.filter(|line| !line.starts_with([' ', '\t']));
    fields.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Both parts name the sender's address and the page for leaving, where a reader can see them.
fn is_whole(text: &str, html: &str) {
    let without_marks = |part: &str| part.replace("{{ x }}\u{e000}", "");
    assert!(!has_mark(&without_marks(text)), "a mark in the text");
    assert!(!has_mark(&without_marks(html)), "a mark in the HTML");
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains(POSTAL), "no postal address in the text");
    let link = format!("{BASE}/unsubscribe/");
    assert!(text.contains(&link), "no way to leave in the text");
    let shown = visible(html);
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains(POSTAL), "no postal address in the HTML");
    let is_link = |tag: &str| tag.starts_with("a ") && tag.contains(&format!("href=\"{link}"));
    assert!(tags(html).into_iter().any(is_link), "no way to leave in the HTML");
}

/// What stands between tags, outside comments and style sheets.
fn visible(html: &str) -> String {
    let mut out = String::new();
    pieces(html, |_| {}, |text| out.push_str(text), |_| {});
    out.replace("&nbsp;", " ").replace('\u{a0}', " ")
}

/// What stands between `<` and `>`.
fn tags(html: &str) -> Vec<&str> {
    let mut out = Vec::new();
    pieces(html, |tag| out.push(tag), |_| {}, |_| {});
    out
}

/// HTML as a browser cuts it (13.2.5 of the standard): a quoted value may hold `>`, a comment ends
/// with `-->`, a style sheet with its end tag.
fn pieces<'a>(
    html: &'a str,
    mut tag: impl FnMut(&'a str),
    mut text: impl FnMut(&'a str),
    mut style: impl FnMut(&'a str),
) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let mut quote = None;
        let end = rest.find(|c| {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                _ => {}
            }
            quote.is_none() && c == '>'
        });
        let Some(end) = end else { return };
        tag(&rest[..end]);
        let is_style = rest.starts_with("style");
        rest = &rest[end + 1..];
        if is_style {
            let (css, behind) = rest.split_at(rest.find("</style").unwrap_or(rest.len()));
            style(css);
            rest = behind;
        }
    }
    text(rest);
}

/// Elements that run, load or ask something.
const ACTIVE: [&str; 16] = [
    "script", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "base",
    "link", "svg", "math", "video", "audio", "noscript",
];

/// Nothing in the letter runs anything, and nothing is fetched from a server of a stranger's choice.
fn is_harmless(html: &str) {
    for tag in tags(html) {
        let name =
            tag.split([' ', '\n', '/', '>']).find(|part| !part.is_empty()).unwrap_or_default();
        assert!(!ACTIVE.contains(&name.to_ascii_lowercase().as_str()), "<{tag}>");
        for (name, value) in attributes(tag) {
            assert!(!name.to_ascii_lowercase().starts_with("on"), "<{tag}>");
            let start = value.trim_start().to_ascii_lowercase();
            let fetched = ["src", "background", "poster", "srcset"].contains(&name);
            assert!(!fetched || start.starts_with(BASE) || start.starts_with("cid:"), "<{tag}>");
            let runs =
                ["javascript:", "vbscript:", "data:"].iter().any(|one| start.starts_with(one));
            assert!(!runs, "<{tag}>");
            if name == "style" {
                fetches_nothing(value);
            }
        }
    }
    pieces(html, |_| {}, |_| {}, fetches_nothing);
}

/// The attributes of a tag that our own composer writes: `name="value"`.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut parts = tag.split('"');
    let mut found = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        found.push((name.trim_end_matches('=').rsplit(' ').next().unwrap_or_default(), value));
    }
    found
}

/// Functions and at-rules that fetch, in browsers and in old programs.
const FETCHING: [&str; 11] = [
    "url(",
    "src(",
    "image(",
    "image-set(",
    "cross-fade(",
    "element(",
    "paint(",
    "@import",
    "@font-face",
    "@namespace",
    "expression(",
];
/// Properties that name a program.
const RUNNING: [&str; 3] = ["behavior:", "-ms-behavior:", "-moz-binding:"];

/// CSS as an old program reads it: strings and comments left out, escapes taken for what they mean.
fn fetches_nothing(css: &str) {
    let css = css.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    assert!(!css.contains("</") && !css.contains("<!"), "a tag in {css:?}");
    let mut bare = String::new();
    let mut quote = None;
    for c in css.chars() {
        match (quote, c) {
            (Some(open), c) if c == open || c == '\n' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            // In a string it is a letter, as in `content: "\2014"`; in a name it hides one.
            (None, '\\') => panic!("an escape in {css:?}"),
            (None, c) => bare.extend(c.to_lowercase().filter(|c| !c.is_whitespace())),
        }
    }
    let found = FETCHING.iter().find(|word| bare.contains(*word));
    assert_eq!(found, None, "in {css:?}");
    let mut properties = bare.split(['{', ';', '}']);
    let runs = |property: &str| RUNNING.iter().any(|name| property.starts_with(name));
    assert!(!properties.any(runs), "a program in {css:?}");
}
