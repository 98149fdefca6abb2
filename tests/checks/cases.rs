//! The folders of `cases/`, one after the other: what is expected in their comments, and only that,
//! is reported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Publication;

/// What a folder has where it brings no file of its own.
const DIGEST_TOML: &str = r#"[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"
"#;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checks/cases")
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A PNG: `opacity` of each pixel, and whether its colours are as uneven as they can be, so that no
/// coding makes it small.
pub(crate) fn png(width: u32, height: u32, opacity: u8, uneven: bool) -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(width, height, |x, y| {
        let mixed = (x ^ y.rotate_left(16)).wrapping_mul(0x9e37_79b1) ^ x.wrapping_mul(0x85eb_ca6b);
        let [red, green, blue, _] = mixed.wrapping_mul(mixed | 1).to_be_bytes();
        if uneven {
            image::Rgba([red, green, blue, opacity])
        } else {
            image::Rgba([(x / 90) as u8 * 9, 90, 120, opacity])
        }
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The case as a publication, with pictures that a text file cannot hold.
pub(crate) fn publication(case: &Path) -> Publication {
    let mut here = Publication::nothing().write("digest.toml", DIGEST_TOML);
    for file in files(case) {
        let name = file.strip_prefix(case).unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        // What no repository should hold: a cell longer than any person's.
        let bytes = match String::from_utf8(bytes.clone()) {
            Ok(text) if text.contains("«long»") => {
                text.replace("«long»", &"x".repeat(70_000)).into()
            }
            _ => bytes,
        };
        here = here.write(&name, bytes);
    }
    if case.file_name().is_some_and(|name| name == "pictures") {
        here = here
            .write("issues/2025-11/night.png", png(1104, 700, 255, false))
            .write("issues/2025-11/IMG_2031.png", png(1104, 700, 255, false))
            .write("issues/2025-11/small.png", png(300, 200, 255, false))
            .write("issues/2025-11/heavy.png", png(1104, 700, 255, true))
            .write("issues/2025-11/huge.png", png(1104, 700, 200, true));
    }
    #[cfg(unix)]
    if case.file_name().is_some_and(|name| name == "relay-password") {
        use std::os::unix::fs::PermissionsExt as _;
        let file = here.path("relay-password.txt");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    // A picture for who names it.
    here = here.write("theme/night.png", png(1104, 700, 255, false));
    here
}

/// What comments expect: rule and place.
fn expected(case: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files(case) {
        let name = file.strip_prefix(case).unwrap().to_str().unwrap().to_owned();
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        for (_, rest) in
            text.match_indices("expect: ").map(|(at, mark)| text.split_at(at + mark.len()))
        {
            let line = rest.lines().next().unwrap();
            let line = line.split("-->").next().unwrap().split("*/").next().unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            found.insert(match words[..] {
                [rule] => format!("{name} {rule}"),
                [rule, place] if place.contains(|c: char| c.is_alphabetic()) => {
                    format!("{place} {rule}")
                }
                [rule, place] => format!("{name}:{place} {rule}"),
                _ => panic!("{name}: {line:?} is no expectation"),
            });
        }
    }
    found
}

fn reported(here: &Publication, case: &Path) -> BTreeSet<String> {
    let output = here.run(&["check", "--format", "json"]);
    let told: Vec<Value> = serde_json::from_str(&output.stdout).expect(&output.stderr);
    let errors = told.iter().any(|problem| problem["severity"] == "error");
    assert_eq!(output.code, if errors { 3 } else { 0 }, "{}", case.display());
    let place = |problem: &Value| {
        let file = problem["file"].as_str().unwrap_or("nowhere");
        match (problem["line"].as_u64(), problem["column"].as_u64()) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            _ => file.to_owned(),
        }
    };
    // What is allowed is a note.
    told.iter()
        .filter(|problem| problem["severity"] != "note")
        .map(|problem| format!("{} {}", place(problem), problem["rule"].as_str().unwrap()))
        .collect()
}

#[test]
fn each_case_reports_what_its_comments_say_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let case = entry.unwrap().path();
        let here = publication(&case);
        let (expected, reported) = (expected(&case), reported(&here, &case));
        count += 1;
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        wrong.extend(expected.difference(&reported).map(|what| format!("{name}: no {what}")));
        wrong.extend(reported.difference(&expected).map(|what| format!("{name}: also {what}")));
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 12, "{count}");
}

#[test]
fn a_syntax_error_beside_a_password_does_not_show_it() {
    let plain = Publication::new().read("digest.toml");
    for (line, shown) in [
        ("url = \"smtps://kim:correct-horse@mx.example", "url = *********"),
        ("url = \"smtps://kim:correct-\"horse@mx.example\"", "url = *********"),
        ("url = \"smtps://kim:correct-horse", "url = *********"),
        ("{ url = \"smtps://kim:correct-horse@mx.example\", ur = 1 }", "{ url = *********"),
        ("password = \"correct-horse", "password = *********"),
    ] {
        let here = Publication::new().write("digest.toml", format!("{plain}\n[[relay]]\n{line}\n"));
        for command in [&["check", "2025-11"][..], &["doctor", "--offline"], &["status"]] {
            let output = here.run(command);
            let told = format!("{}{}", output.stdout, output.stderr);
            assert!(told.contains("not valid TOML"), "{line}: {output:?}");
            for part in ["correct-", "horse"] {
                assert!(!told.contains(part), "{line}: {output:?}");
            }
            assert!(told.contains(shown) || command[0] == "doctor", "{line}: {output:?}");
        }
    }
}

#[test]
fn a_password_in_digest_toml_is_told_and_not_shown() {
    let here = publication(&folder().join("relay-password"));
    for form in ["human", "json", "sarif", "github"] {
        let output = here.run(&["check", "--format", form]);
        assert!(output.stdout.contains("password-in-url"), "{form}: {output:?}");
        assert!(!format!("{output:?}").contains("correct-horse"), "{form}: {output:?}");
    }
    // A URL that cannot be read may hold one too.
    let here = here.edit("digest.toml", "@mail.sejong.example\" #", "@mail.sejong.example:x\" #");
    let output = here.run(&["check"]);
    assert!(output.code == 3 && output.stdout.contains("is not a port"), "{output:?}");
    assert!(!format!("{output:?}").contains("correct-horse"), "{output:?}");
}

#[test]
fn our_own_issue_and_a_new_publication_are_clean() {
    let clean = |here: &Publication| {
        let output = here.run(&["check"]);
        assert_eq!(output.code, 0, "{}", output.stdout);
        assert!(output.stdout.contains("no problems in"), "{}", output.stdout);
    };
    clean(&Publication::repository());
    let here = Publication::nothing();
    assert_eq!(here.run(&["init"]).code, 0);
    clean(&here);
}
