//! The README's commands, run as they are written: `$` lines of its `console` blocks one after the
//! other in one folder, and the line that tries the sample issue in a copy of this publication.
//!
//! Exists so that a stranger who copies a line gets what the page says.

mod harness;

use std::path::Path;

use harness::Publication;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("read")
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

/// Copies what the sample issue needs.
fn sample() -> Publication {
    let mut here = Publication::nothing();
    for name in ["digest.toml", "subscribers.example.csv", "issues", "theme"] {
        here = copy(here, name);
    }
    here
}

fn copy(here: Publication, name: &str) -> Publication {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if path.is_file() {
        return here.write(name, std::fs::read(path).expect("read"));
    }
    let entries = std::fs::read_dir(path).expect("a folder").flatten();
    entries.fold(here, |here, entry| {
        copy(here, &format!("{name}/{}", entry.file_name().to_string_lossy()))
    })
}

#[test]
fn the_sample_issue_reaches_its_subscribers() {
    let line = lines_of(&readme(), "sh")
        .into_iter()
        .find_map(|line| line.strip_prefix("cargo run --release -- ").map(str::to_owned))
        .expect("the README says how to try it");
    let here = sample();
    let output = here.shell(&format!("digest {line}"));
    assert_eq!(output.code, 0, "{output:?}");
    let subscribers = here.read("subscribers.example.csv").lines().count() - 1;
    let caught = here.files().iter().filter(|file| file.starts_with("out/new/")).count();
    assert_eq!(caught, subscribers);
    let again = here.shell(&format!("digest {line}"));
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stderr.contains("who have it already"), "{again:?}");
}

#[test]
fn the_first_issue_can_be_made_as_written() {
    let text = readme();
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
