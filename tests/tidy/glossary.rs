//! One word, one meaning: the glossary of ARCHITECTURE.md against the code. A type's name stands
//! once, a word of the glossary is used, and a word that was given up names nothing.

use std::collections::BTreeMap;

use crate::none;
use crate::scan::{items, types};
use crate::tree::{self, File};

/// Each verb of the binary has its own arguments, and two have commands below them.
const OF_EACH_VERB: [&str; 2] = ["Args", "Command"];

/// The rows of the table below a heading, each cell as it is written; the head is left out.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let rows = lines.take_while(|line| !line.starts_with("## ")).filter(|l| l.starts_with("| "));
    let cells = |line: &str| {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    rows.skip(2).map(cells).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// A type's name means one thing, also where it is private.
fn one_type_each(files: &[File]) -> Vec<String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        for (name, line) in types(&file.code) {
            if OF_EACH_VERB.contains(&name.as_str()) && file.room() == "cmd" {
                continue;
            }
            let place = format!("{}:{line}", file.path);
            // Of two in one file, one is for each kind of machine.
            let in_this_file = |first: &String| first.split(':').next() == Some(&file.path);
            match known.get(&name) {
                Some(first) if in_this_file(first) => {}
                Some(first) => findings.push(format!(
                    "{place}: `{name}` is the name of another type at {first}: choose a longer one"
                )),
                None => _ = known.insert(name, place),
            }
        }
    }
    findings
}

/// Every word has one row, and every name in its row is one of the code.
fn words_are_used(rows: &[Vec<String>], files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    let names: Vec<&str> =
        files.iter().flat_map(|file| &file.code).map(|token| token.text.as_str()).collect();
    for (at, row) in rows.iter().enumerate() {
        let [word, code, meaning] = &row[..] else {
            findings.push(format!("not three cells: {row:?}"));
            continue;
        };
        if rows[..at].iter().any(|earlier| earlier[0] == *word) {
            findings.push(format!("{word} has two rows"));
        }
        if meaning.is_empty() || quoted(code).next().is_none() {
            findings.push(format!("{word} has no meaning, or no name in the code"));
        }
        for name in quoted(code).filter(|name| !names.contains(name)) {
            findings.push(format!("{word}: nothing in src/ is called `{name}`"));
        }
    }
    findings
}

/// `word` forbids a name, `*word*` also every longer name that has it as a part.
fn given_up_words_name_nothing(rows: &[Vec<String>], files: &[File]) -> Vec<String> {
    let words: Vec<&str> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    let mut findings = Vec::new();
    for file in files {
        let modules = file.modules().into_iter().map(|module| (module.to_owned(), 1));
        for (name, line) in modules.chain(items(&file.tokens)) {
            let parts = parts(&name);
            let is_meant = |word: &&&str| match word.strip_prefix('*') {
                Some(word) => parts.iter().any(|part| {
                    let word = word.trim_end_matches('*');
                    part == word || part.strip_suffix('s') == Some(word)
                }),
                None => parts.join("_") == **word,
            };
            if let Some(word) = words.iter().find(is_meant) {
                let help = "the glossary of ARCHITECTURE.md says what to write instead";
                findings
                    .push(format!("{}:{line}: `{name}` has the word `{word}`: {help}", file.path));
            }
        }
    }
    findings
}

/// `snake_case` and `CamelCase` -> lower-case words.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        let starts = c == '_' || c.is_uppercase();
        if starts && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c != '_') {
            part.extend(c.to_lowercase());
        }
    }
    parts
}

fn glossary() -> Vec<Vec<String>> {
    table(&tree::text("ARCHITECTURE.md"), "## Glossary")
}

fn given_up() -> Vec<Vec<String>> {
    table(&tree::text("ARCHITECTURE.md"), "## Words that are given up")
}

#[test]
fn a_type_name_stands_once() {
    none(one_type_each(&tree::read("src")));
}

#[test]
fn every_word_of_the_glossary_is_used_in_the_code() {
    assert!(glossary().len() > 40, "the table is not found");
    none(words_are_used(&glossary(), &tree::read("src")));
}

#[test]
fn words_that_are_given_up_name_nothing() {
    assert!(given_up().len() > 10, "the table is not found");
    none(given_up_words_name_nothing(&given_up(), &tree::read("src")));
    none(given_up_words_name_nothing(&given_up(), &tree::read("tests")));
}

#[test]
fn a_name_with_two_meanings_is_found() {
    let file = |path, text| File::new(path, text);
    let files = [
        file(
            "src/a.rs",
            "pub struct Text;\nimpl Iterator for Text { type Item = u8; }\nenum Kind {}",
        ),
        file("src/b.rs", "trait Feed { type Item; }\ntype Kind = u8;\n#[cfg(test)] struct Text;"),
        file("src/cmd/c.rs", "struct Args;"),
        file("src/cmd/d.rs", "struct Args;\nfn f() -> impl Fn() {}\nstruct Text<T>(T);"),
    ];
    let found = one_type_each(&files);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/b.rs:2: `Kind`") && found[0].contains("src/a.rs:3"));
    assert!(found[1].starts_with("src/cmd/d.rs:3: `Text`") && found[1].contains("src/a.rs:1"));
}

#[test]
fn a_glossary_with_gaps_is_told() {
    let page = "## Glossary\n\n| Word | In code | Meaning |\n| --- | --- | --- |\n\
                | slot | `Slot` | a place |\n| slot | `Slot` | another |\n\
                | reply | `Reply`, `gone` | an answer |\n| relay | no code | a server |\n\n## Next\n| a | b | c |\n";
    let rows = table(page, "## Glossary");
    assert_eq!(rows.len(), 4);
    let files = [File::new("src/a.rs", "struct Slot; struct Reply; // gone")];
    let found = words_are_used(&rows, &files).join("\n");
    for words in ["slot has two rows", "reply: nothing in src/ is called `gone`", "relay has no"] {
        assert!(found.contains(words), "no {words:?} in {found}");
    }
    assert!(!found.contains("`Reply`") && !found.contains("`Slot`"), "{found}");
}

#[test]
fn words_that_are_given_up_are_found_in_names() {
    let rows = ["`*helper*`, `*util*`", "`desk`"].map(|cell| vec![cell.to_owned(), String::new()]);
    let find = |path, text| given_up_words_name_nothing(&rows, &[File::new(path, text)]).len();
    assert_eq!(find("src/a/utils.rs", ""), 1);
    assert_eq!(find("src/a.rs", "struct SendHelper; fn desk() {} mod desk;"), 3);
    assert_eq!(find("src/a.rs", "fn desk_lamp() {} fn utility() {} // helper"), 0);
    assert_eq!(find("src/a.rs", "fn a() { let helper = b.util(); }"), 0);
}
