//! The commands of the README and the guide, run as they are written: `$` lines of its `console` blocks one after the
//! other in one folder, and the line that tries the sample issue in a copy of this publication.
//!
//! Exists so that a stranger who copies a line gets what the page says.

mod harness;

use std::path::Path;

use harness::Publication;

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("read")
}

fn readme() -> String {
    page("README.md")
}

/// The lines of every fenced block of a language.
fn lines_of(text: &str, language: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(name), None) => inside = Some(name == language),
            (Some(_), Some(_)) => inside = None,
            (None, Some(true)) => lines.push(line.to_owned()),
            (None, _) => {}
        }
    }
    lines
}

/// The block without a language that follows a command: what the command prints.
fn printed_after(text: &str, command: &str) -> String {
    let (_, after) = text.split_once(command).expect("the command");
    let (_, after) = after.split_once("\n```\n\n```\n").expect("a block with what it prints");
    after.split_once("\n```\n").expect("the end of the block").0.to_owned()
}

/// A line without what differs from run to run: the port of the catcher, and how long it took.
fn steady(line: &str) -> String {
    let (line, _) = line.split_once(" planned in ").unwrap_or((line, ""));
    let Some((before, port)) = line.split_once("127.0.0.1:") else { return line.to_owned() };
    format!("{before}127.0.0.1:{}", port.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn the_sample_issue_reaches_its_subscribers() {
    let line = lines_of(&readme(), "sh")
        .into_iter()
        .find_map(|line| line.strip_prefix("cargo run -- ").map(str::to_owned))
        .expect("the README says how to try it");
    let here = Publication::repository();
    // In one stream, as a terminal shows it.
    let output = here.shell(&format!("digest {line} 2>&1"));
    assert_eq!(output.code, 0, "{output:?}");
    let lines = |text: &str| text.lines().map(steady).collect::<Vec<_>>();
    assert_eq!(lines(&output.stdout), lines(&printed_after(&readme(), &line)));
    let subscribers = here.read("subscribers.example.csv").lines().count() - 1;
    let caught = here.files().iter().filter(|file| file.starts_with("out/new/")).count();
    assert_eq!(caught, subscribers);
    let again = here.shell(&format!("digest {line}"));
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stderr.contains("who have it already"), "{again:?}");
}

#[test]
fn the_first_issue_can_be_made_as_written() {
    // The guide goes on in the same folder.
    let text = readme() + &page("docs/guide.md");
    let lines: Vec<String> = lines_of(&text, "console")
        .into_iter()
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect();
    assert!(lines.len() > 5, "{lines:?}");
    let here = Publication::nothing();
    let mut folder = ".".to_owned();
    for line in lines {
        if let Some(to) = line.strip_prefix("cd ") {
            folder = format!("{folder}/{to}");
            continue;
        }
        assert!(line.starts_with("digest "), "{line}");
        let output = here.shell(&format!("cd {folder} && {line}"));
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
}

#[test]
fn a_newsletter_with_nothing_but_a_form_begins_as_written() {
    let guide = page("docs/guide.md");
    let (_, steps) = guide.split_once("### A newsletter that begins with a form\n").expect("it");
    let (steps, _) = steps.split_once("To have the form on your own site").expect("its end");
    let settings = lines_of(steps, "toml").join("\n");
    let here = Publication::nothing();
    let lines = lines_of(steps, "sh");
    assert_eq!(lines.last().map(String::as_str), Some("digest serve"), "{lines:?}");
    let mut folder = ".";
    for line in &lines[..lines.len() - 1] {
        if line == "cd my-newsletter" {
            folder = "my-newsletter";
            continue;
        }
        if line.starts_with("digest subscribers") {
            let toml = here.read("my-newsletter/digest.toml");
            std::fs::write(here.path("my-newsletter/digest.toml"), format!("{toml}\n{settings}\n"))
                .expect("written");
        }
        // No relay of the reader's is here, and the issue is of the month in which it is read.
        let line = match line.strip_prefix("digest test 2026-11") {
            Some(rest) => format!("digest test $(ls issues) {rest} --catch out"),
            None => line.clone(),
        };
        let output = here.shell(&format!("cd {folder} && {line}"));
        if line == "digest serve --check" {
            assert!(output.stderr.contains("smtp://127.0.0.1:2525: cannot connect"), "{output:?}");
            continue;
        }
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
    let running =
        here.start(&["--publication", "my-newsletter", "serve", "--listen", "127.0.0.1:0"]);
    running.says("requests are answered");
    let told = running.stderr();
    let port = told.split("http://127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next());
    let address = format!("127.0.0.1:{}", port.expect("a port"));
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let request =
        "GET /subscribe HTTP/1.1\r\nHost: newsletter.example.org\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("asked");
    let mut page = String::new();
    let _ = std::io::Read::read_to_string(&mut stream, &mut page);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("name=\"email\""), "{page}");
}
