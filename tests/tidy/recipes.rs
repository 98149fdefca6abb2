//! The recipes for contributors name files and tests that exist.

use std::path::Path;

use crate::tree;

/// What stands between backquotes on a page.
fn in_code(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

#[test]
fn each_file_of_a_recipe_exists() {
    let page = tree::text("CONTRIBUTING.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_path = |text: &&str| {
        let starts = ["src/", "tests/", "docs/", "tools/", ".ci/"];
        starts.iter().any(|start| text.starts_with(start)) && !text.contains([' ', ':'])
    };
    let paths: Vec<&str> = in_code(&page).filter(is_path).collect();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        assert!(root.join(path).exists(), "CONTRIBUTING.md names {path}, which is not there");
    }
}

#[test]
fn each_test_of_a_recipe_exists() {
    let page = tree::text("CONTRIBUTING.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let commands = in_code(&page).filter_map(|text| text.split_once("cargo test --test "));
    let mut count = 0;
    for (_, rest) in commands {
        let mut words = rest.split_whitespace();
        let program = words.next().unwrap_or_default();
        let file = root.join(format!("{program}.rs"));
        let folder = root.join(program);
        assert!(file.is_file() || folder.is_dir(), "there is no test program {program}");
        // A room of tests, or the beginning of a name.
        if let Some(filter) = words.next().filter(|filter| !filter.starts_with('-')) {
            let room = filter.trim_end_matches("::");
            let is_room = folder.join(format!("{room}.rs")).is_file();
            let texts = folder.read_dir().into_iter().flatten().flatten();
            let has_name = texts
                .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
                .any(|text| text.contains(&format!("fn {room}")));
            assert!(is_room || has_name, "{program} has no tests {filter}");
        }
        count += 1;
    }
    assert!(count > 5, "{count} commands");
}
