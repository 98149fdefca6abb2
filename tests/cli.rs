//! The binary as somebody at a terminal and somebody's script meet it.

mod harness;

use std::io::Read as _;
use std::process::Stdio;

use harness::{DIGEST, Publication};
use serde_json::Value;

const VERBS: [&str; 11] = [
    "init",
    "new",
    "check",
    "render",
    "test",
    "plan",
    "send",
    "amend",
    "status",
    "reconcile",
    "doctor",
];

#[test]
fn help_says_what_each_verb_does() {
    let here = Publication::nothing();
    let help = here.run(&["-h"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("help", help.stdout);
    for verb in VERBS {
        let short = here.run(&[verb, "-h"]).stdout;
        assert!(short.lines().count() <= 24, "one screen: {short}");
        insta::assert_snapshot!(format!("help_{verb}"), here.run(&[verb, "--help"]).stdout);
    }
    insta::assert_snapshot!("help_who", here.run(&["who", "--help"]).stdout);
    insta::assert_snapshot!("help_store", here.run(&["store", "--help"]).stdout);
    for verb in ["upgrade", "check", "backup", "copy"] {
        let help = here.run(&["store", verb, "--help"]).stdout;
        insta::assert_snapshot!(format!("help_store_{verb}"), help);
    }
    insta::assert_snapshot!("help_secret", here.run(&["secret", "--help"]).stdout);
    insta::assert_snapshot!("help_secret_rotate", here.run(&["secret", "rotate", "--help"]).stdout);
}

#[test]
fn help_of_subscribers_is_a_screen_for_each_verb_and_its_examples_run() {
    let here = Publication::nothing();
    insta::assert_snapshot!("help_subscribers", here.run(&["subscribers", "--help"]).stdout);
    let export = here.run(&["subscribers", "export", "--help"]).stdout;
    insta::assert_snapshot!("help_subscribers_export", export);
    for verb in
        ["import", "add", "set", "tag", "remove", "forget", "suppress", "release", "list", "show"]
    {
        let short = here.run(&["subscribers", verb, "-h"]).stdout;
        assert!(short.lines().count() <= 24, "one screen: {short}");
        let help = here.run(&["subscribers", verb, "--help"]).stdout;
        insta::assert_snapshot!(format!("help_subscribers_{verb}"), help);
        let examples = help.split("Examples:\n").nth(1).expect("examples");
        for line in examples.lines().filter(|line| line.starts_with("  digest")) {
            let here = Publication::with_subscribers()
                .write("gone.csv", "lee@example.org\n")
                .write("members.csv", "email\nlee@example.org\n")
                .write("contacts.csv", "Contact address\nlee@example.org\n");
            let first = ["subscribers", "import", "subscribers.csv", "--consent", "by mail"];
            assert_eq!(here.run(&first).code, 0);
            let known = ["subscribers", "suppress", "kim@example.org", "--why", "asked"];
            assert_eq!(here.run(&known).code, 0);
            let output = here.shell(line.trim());
            assert_eq!(output.code, 0, "{line}: {output:?}");
        }
    }
}

#[test]
fn every_example_in_the_help_runs() {
    for verb in VERBS {
        let help = Publication::nothing().run(&[verb, "--help"]).stdout;
        let examples = help.split("Examples:\n").nth(1).expect("examples");
        for line in examples.lines() {
            // These need a relay, or a ledger that a send has left.
            let needs_more = ["test", "send"].contains(&verb)
                && !line.contains("--catch")
                && !line.contains("--dry-run");
            if needs_more || ["amend", "status", "reconcile"].contains(&verb) {
                continue;
            }
            // `new` makes an article in an issue that the example before has made.
            let mut here = match verb {
                "init" => Publication::nothing(),
                _ => Publication::with_subscribers(),
            };
            if line.contains("2025-12/") {
                here = here.write("issues/2025-12/issue.toml", "number = 2\n");
            }
            let output = here.shell(line.trim());
            assert_eq!(output.code, 0, "{line}: {output:?}");
        }
    }
}

#[test]
fn a_slip_in_a_verb_or_a_flag_is_met_with_the_right_one() {
    let here = Publication::new();
    let verb = here.run(&["rendr", "2025-11"]);
    assert_eq!((verb.code, verb.stdout.as_str()), (2, ""));
    assert!(verb.stderr.contains("'render'"), "{}", verb.stderr);
    let flag = here.run(&["render", "2025-11", "--fromat", "text"]);
    assert_eq!(flag.code, 2);
    assert!(flag.stderr.contains("--format"), "{}", flag.stderr);
    let issue = here.run(&["render", "2025-1"]);
    assert_eq!(issue.code, 3);
    assert!(issue.stderr.contains("did you mean 2025-11?"), "{}", issue.stderr);
}

#[test]
fn outside_a_publication_nothing_runs() {
    let here = Publication::nothing();
    for arguments in [&["check"][..], &["render", "1"], &["new", "1"]] {
        let output = here.run(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""));
        assert!(output.stderr.starts_with("error: there is no digest.toml"), "{}", output.stderr);
        assert!(
            output.stderr.contains("help: make a publication here with `digest init`"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_publication_is_found_from_inside_and_by_name() {
    let here = Publication::new();
    let inside = here.run_in("issues/2025-11", &["render", ".", "--format", "text"]);
    assert_eq!(inside.code, 0, "{}", inside.stderr);
    let elsewhere = Publication::nothing();
    let root = here.path("").display().to_string();
    let named = elsewhere.run(&["--publication", &root, "render", "2025-11", "--format", "text"]);
    assert_eq!(named.stdout, inside.stdout);
    let path = ["--publication", &root, "render", "issues/2025-11", "--format", "text"];
    assert_eq!(elsewhere.run(&path).stdout, inside.stdout);
    assert_eq!(elsewhere.run(&["check", "--publication", "gone"]).code, 1);
}

#[test]
fn render_gives_html_text_and_the_message() {
    let here = Publication::new();
    let html = here.run(&["render", "2025-11"]);
    assert_eq!((html.code, html.stderr.as_str()), (0, ""));
    assert!(html.stdout.starts_with("<!DOCTYPE html><html lang=\"en\""));
    let text = here.run(&["render", "2025-11", "--format", "text"]).stdout;
    assert!(text.starts_with("Sejong Digest\nNo. 1"), "{text}");
    let message = here.run(&["render", "2025-11", "--format", "eml"]).stdout;
    assert!(message.starts_with("From: Sejong Digest <digest@sejong.example>\r\n"), "{message}");
    assert!(message.contains("\r\nSubject: Hello reader\r\n"));
    assert!(message.contains("\r\nList-Unsubscribe-Post: "));
    assert_eq!(message.matches('\n').count(), message.matches("\r\n").count());
    // Looking leaves no trace.
    assert!(!here.exists(".digest-secret"));
}

#[test]
fn render_as_somebody_is_what_they_are_sent() {
    let here = Publication::with_subscribers();
    let as_kim = |more: &[&str]| {
        here.run(&[&["render", "2025-11", "--as", "KIM@example.org"], more].concat())
    };
    let message = as_kim(&["--format", "eml"]).stdout;
    assert!(message.contains("\r\nTo: Minji <kim@example.org>\r\n"), "{message}");
    assert!(message.contains("\r\nSubject: Hello Minji\r\n"), "{message}");
    // Their own unsubscribe link, the same each time.
    let link = |html: &str| {
        let from = html.find("/unsubscribe/").expect("a link");
        html[from..].split('"').next().unwrap_or_default().to_owned()
    };
    assert_eq!(link(&as_kim(&[]).stdout), link(&as_kim(&[]).stdout));
    assert_ne!(link(&as_kim(&[]).stdout), link(&here.run(&["render", "2025-11"]).stdout));
    let stranger = here.run(&["render", "2025-11", "--as", "new@example.org", "--format", "eml"]);
    assert!(stranger.stdout.contains("Subject: Hello reader"), "{}", stranger.stdout);
    assert!(stranger.stderr.contains("is not in subscribers.csv"), "{}", stranger.stderr);
    assert_eq!(here.run(&["render", "2025-11", "--as", "nobody"]).code, 2);
}

#[test]
fn a_slot_without_fallback_shows_its_name_or_stops_for_a_reader_without_it() {
    let here = Publication::with_subscribers().edit(
        "issues/2025-11/hangul.md",
        "letters",
        "letters at {{ affiliation }}",
    );
    let anybody = here.run(&["render", "2025-11", "--format", "text"]);
    assert_eq!(anybody.code, 0);
    assert!(anybody.stdout.contains("letters at «affiliation»"), "{}", anybody.stdout);
    assert!(anybody.stderr.contains("«affiliation»"), "{}", anybody.stderr);
    let ada = here.run(&["render", "2025-11", "--as", "ada@example.org"]);
    assert_eq!((ada.code, ada.stdout.as_str()), (3, ""));
    assert!(ada.stderr.contains("error: ada@example.org has no affiliation"), "{}", ada.stderr);
    assert_eq!(here.run(&["render", "2025-11", "--as", "kim@example.org"]).code, 0);
}

#[test]
fn render_writes_a_file_whole_and_only_that() {
    let here = Publication::new().write("out.html", "before");
    let output = here.run(&["render", "2025-11", "-o", "out.html"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, ""));
    assert!(here.read("out.html").starts_with("<!DOCTYPE html>"));
    assert_eq!(
        here.files(),
        ["digest.toml", "issues/2025-11/hangul.md", "issues/2025-11/issue.toml", "out.html"]
    );
    let nowhere = here.run(&["render", "2025-11", "-o", "gone/out.html"]);
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.stderr.contains("gone/out.html cannot be written"), "{}", nowhere.stderr);
    let here = here.edit("issues/2025-11/issue.toml", "title", "titel");
    assert_eq!(here.run(&["render", "2025-11", "-o", "out.html"]).code, 3);
    assert!(here.read("out.html").starts_with("<!DOCTYPE html>"), "a failure leaves it alone");
}

#[test]
fn check_tells_people_and_programs_the_same() {
    let here = Publication::with_subscribers().edit(
        "issues/2025-11/hangul.md",
        "letters",
        "letters {{ afiliation }}",
    );
    let human = here.run(&["check"]);
    assert_eq!((human.code, human.stderr.as_str()), (3, ""));
    assert!(human.stdout.contains("issues/2025-11/hangul.md:5:22"), "{}", human.stdout);
    assert!(human.stdout.ends_with("1 error in 1 issue\n"), "{}", human.stdout);

    let json: Value = parse(&here.run(&["check", "--format", "json"]).stdout);
    assert_eq!(json[0]["rule"], "slot-unknown");
    assert_eq!((&json[0]["line"], &json[0]["column"]), (&5.into(), &22.into()));
    assert_eq!(json[0]["help"], "did you mean affiliation?");

    let sarif: Value = parse(&here.run(&["check", "--format", "sarif"]).stdout);
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"slot-unknown".into(), &"error".into()));
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "issues/2025-11/hangul.md");
    assert_eq!(location["region"]["startLine"], 5);
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"], "slot-unknown");

    let github = here.run(&["check", "--format", "github"]);
    assert_eq!(github.code, 3);
    let start = "::error file=issues/2025-11/hangul.md,line=5,col=22,title=slot-unknown::";
    assert!(github.stdout.starts_with(start), "{}", github.stdout);
    assert_eq!(github.stdout.lines().count(), 1);
}

#[test]
fn check_says_so_when_nothing_is_wrong() {
    let here = Publication::with_subscribers();
    assert_eq!(here.run(&["check", "2025-11"]).stdout, "no problems in 1 issue\n");
    assert_eq!(here.run(&["check", "--format", "json"]).stdout, "[]\n");
    assert_eq!(here.run(&["check", "--format", "github"]).stdout, "");
}

#[test]
fn init_then_check_then_render_needs_no_edit() {
    let here = Publication::nothing();
    let made = here.run(&["init", "my-newsletter"]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));
    assert!(made.stdout.contains("cd my-newsletter\n  digest check\n"), "{}", made.stdout);
    assert!(here.read("my-newsletter/.gitignore").contains(".digest-secret\n"));
    let check = here.run_in("my-newsletter", &["check"]);
    assert_eq!((check.code, check.stdout.as_str()), (0, "no problems in 1 issue\n"));
    let last = made.stdout.lines().last().unwrap_or_default().trim();
    let render = here.shell(&format!("cd my-newsletter && {last}"));
    assert_eq!(render.code, 0, "{}", render.stderr);
    assert!(here.read("my-newsletter/out.html").contains("Welcome"));
}

#[test]
fn git_takes_nothing_of_a_run_in_a_new_publication() {
    let here = Publication::nothing();
    let made = here.run(&["init"]);
    assert_eq!(made.code, 0, "{made:?}");
    let git = "git -c core.excludesFile= status --porcelain --untracked-files=all";
    let untracked = here.shell(&format!("git init --quiet && {git}"));
    assert_eq!(untracked.code, 0, "{untracked:?}");
    assert_eq!(untracked.stdout.lines().count(), 5, "{}", untracked.stdout);
    // The list has been made, with everybody's address.
    assert!(here.exists("subscribers.csv") && !untracked.stdout.contains("subscribers.csv"));
    let issue = here.shell("ls issues").stdout.trim().to_owned();
    for line in [
        &format!("send {issue} --yes --catch ."),
        &format!("send {issue} --yes --catch another"),
        &format!("test {issue} --to ada@example.org --catch rehearsal"),
        &format!("render {issue} --format eml --as ada@example.org -o ada.eml"),
        "dkim keygen",
    ] {
        let output = here.shell(&format!("digest {line}"));
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
    assert!(here.files().iter().any(|file| file.starts_with("new/")), "{:?}", here.files());
    assert_eq!(here.shell(git).stdout, untracked.stdout);
}

/// Whoever tries the program in its own repository has a list and mails there too.
#[test]
fn git_takes_no_address_and_no_secret_in_the_repository() {
    let ignored = include_str!("../.gitignore");
    let here = Publication::nothing().write(".gitignore", ignored);
    let files = "subscribers.csv .digest-secret .digest-secret.new dkim-2025.pem digest.db digest.db-wal \
                 rehearsal.db out/new/1.eml rehearsal/new/1 ada.eml";
    let git = "git -c core.excludesFile= check-ignore";
    let output = here.shell(&format!("git init --quiet && {git} {files}"));
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout.split_whitespace().collect::<Vec<_>>(), {
        files.split_whitespace().collect::<Vec<_>>()
    });
    // The example is made up, and stays.
    assert_eq!(here.shell(&format!("{git} subscribers.example.csv")).code, 1);
}

#[test]
fn init_never_overwrites() {
    let here = Publication::new();
    let before = here.files();
    let output = here.run(&["init"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.contains("digest.toml already exists"), "{}", output.stderr);
    assert_eq!(here.files(), before);
    let here = Publication::nothing().write(".gitignore", "mine\n");
    let output = here.run(&["init"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains(".gitignore already exists: add .digest-secret"),
        "{}",
        output.stderr
    );
    assert_eq!(here.read(".gitignore"), "mine\n");
}

#[test]
fn new_numbers_issues_and_never_overwrites() {
    let here = Publication::new().edit("issues/2025-11/issue.toml", "number = 1", "number = 7");
    assert_eq!(here.run(&["new", "2025-12"]).code, 0);
    assert!(here.read("issues/2025-12/issue.toml").starts_with("number = 8\n"));
    let article = here.run(&["new", "2025-12/winter-in-seoul"]);
    assert_eq!(article.stdout, "made issues/2025-12/winter-in-seoul.md\n");
    let check = here.run(&["check", "2025-12"]);
    assert_eq!(check.code, 0, "{}", check.stdout);
    assert!(check.stdout.ends_with("2 warnings in 1 issue\n"), "{}", check.stdout);
    let listed = here.run(&["new", "2025-11/chimaek"]);
    assert!(listed.stdout.contains("articles = [\"chimaek\"]"), "{}", listed.stdout);
    for taken in ["2025-11", "2025-11/hangul"] {
        let output = here.run(&["new", taken]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{taken}");
        assert!(output.stderr.contains("already exists"), "{}", output.stderr);
    }
    assert!(here.read("issues/2025-11/hangul.md").contains("Twenty-eight"));
    for odd in ["../out", "a/../../b", ".hidden", "", "a b", "2025-11/../x", "a/b/c"] {
        assert_eq!(here.run(&["new", odd]).code, 2, "{odd:?}");
    }
    assert_eq!(here.run(&["new", "2026-01/first"]).code, 1, "no such issue");
}

#[test]
fn an_editor_needs_no_password() {
    let relay = "\n[[relay]]\nurl = \"smtps://kim@mail.sejong.example\"\n";
    let here = Publication::new();
    let config = here.read("digest.toml") + relay;
    let here = here.write("digest.toml", config);
    assert_eq!(here.run(&["check"]).code, 0);
    assert_eq!(here.run(&["render", "2025-11"]).code, 0);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let article = format!("---\ntitle: Long\n---\n\n{}", "A paragraph of text.\n\n".repeat(5000));
    let here = Publication::new().write("issues/2025-11/hangul.md", article);
    let mut child = here
        .command(DIGEST)
        .args(["render", "2025-11"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut [0; 16]).expect("a beginning");
    drop(stdout);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let here = Publication::new().edit("issues/2025-11/issue.toml", "title", "titel");
    assert!(!here.run(&["check"]).stdout.contains('\u{1b}'));
    let here = here.env("CLICOLOR_FORCE", "1");
    assert!(here.run(&["check"]).stdout.contains('\u{1b}'));
    let failure = here.run(&["render", "2025-12"]).stderr;
    assert!(failure.contains("\u{1b}[1m\u{1b}[91merror"), "{failure:?}");
    let json = here.run(&["check", "--format", "json"]).stdout;
    assert!(!json.contains('\u{1b}'));
    let here = here.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0");
    assert!(!here.run(&["check"]).stdout.contains('\u{1b}'));
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_message_with_its_pictures_has_short_lines() {
    let here = Publication::repository().edit(
        "issues/2025-11/issue.toml",
        "\n[[section]]",
        "images = \"embed\"\n\n[[section]]",
    );
    let eml = here.run(&["render", "2025-11", "--format", "eml"]);
    assert_eq!(eml.code, 0, "{}", eml.stderr);
    assert!(eml.stdout.contains("Content-Type: multipart/related;"), "{}", eml.stdout);
    // An address is not folded.
    let is_address =
        |line: &str| line.starts_with("List-Unsubscribe: <") || line.starts_with(" <mailto:");
    for line in eml.stdout.lines().filter(|line| !is_address(line)) {
        assert!(line.len() <= 78, "{line}");
    }
}

#[test]
fn a_letter_from_right_to_left_is_set_from_the_right() {
    let here = Publication::new()
        .edit("issues/2025-11/issue.toml", "title", "language = \"ar\"\ntitle")
        .write("issues/2025-11/hangul.md", "---\ntitle: A\n---\n\n- a\n\n> b\n\n|c|\n|-|\n|d|\n");
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(html.contains("<ul style=\"margin:0 0 16px;padding:0 24px 0 0\""), "{html}");
    assert!(html.contains("border-right:3px") && !html.contains("text-align:left"), "{html}");
}

#[test]
fn an_article_s_file_name_may_have_spaces() {
    let article = "---\ntitle: A\n---\n\nText[^n].\n\n[^n]: Note.\n";
    let here = Publication::new()
        .edit("issues/2025-11/issue.toml", "\"hangul\"", "\"hangul\", \"a b\", \"c\"")
        .write("issues/2025-11/a b.md", article)
        .write("issues/2025-11/c.md", article);
    let html = here.run(&["render", "2025-11"]).stdout;
    for part in ["href=\"#a-b\"", "id=\"a-b\"", "href=\"#a-b-note-1\"", "id=\"a-b-note-1\""] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}
