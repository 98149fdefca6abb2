//! The rules: files in, findings out. A finding says where, what, and what to do.

use std::collections::HashSet;

use crate::scan::{Named, code_lines, functions, items, lines_with, paths};
use crate::tree::File;

/// Lines with code; documentation, comments, empty lines and tests do not count.
pub(crate) const FILE_LINES: usize = 600;
pub(crate) const FUNCTION_LINES: usize = 70;

/// `from` may use `to` although it stands above: the reason stands beside it.
pub(crate) type Edge = (&'static str, &'static str, &'static str);

/// A crate as code names it, and the rooms that may name it.
pub(crate) type Home = (&'static str, &'static [&'static str]);

/// A file, a function in it (or `""` for the file itself), and why it may be longer.
pub(crate) type Long = (&'static str, &'static str, &'static str);

/// The rooms, in the order in which lib.rs declares them.
pub(crate) fn rooms(lib: &File) -> Vec<String> {
    items(&lib.code).into_iter().map(|(name, _)| name).collect()
}

/// lib.rs is the pipeline as prose and its rooms, nothing else.
pub(crate) fn lib_is_a_list(lib: &File) -> Vec<String> {
    let mut findings = Vec::new();
    for statement in lib.code.split(|token| token.text == ";") {
        let words: Vec<&str> = statement.iter().map(|token| token.text.as_str()).collect();
        if !matches!(words.as_slice(), [] | ["pub", "mod", _]) {
            let line = statement[0].line;
            findings.push(format!("{}:{line}: only `pub mod` lines stand here", lib.path));
        }
    }
    findings
}

/// A room uses only rooms above it.
pub(crate) fn room_edges(files: &[File], rooms: &[String], allowed: &[Edge]) -> Vec<String> {
    let rank = |room: &str| rooms.iter().position(|known| known == room);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "src/lib.rs") {
        let (room, depth) = (file.room(), file.modules().len());
        if room != "cmd" && rank(room).is_none() {
            let what = "belongs to no room: declare it in src/lib.rs, or move it";
            findings.push(format!("{}:1: {what}", file.path));
            continue;
        }
        for (to, line) in paths(&file.code).iter().filter_map(|path| from_root(path, depth)) {
            let place = format!("{}:{line}", file.path);
            match (rank(room), rank(to)) {
                // The binary's own modules are its own business.
                (None, None) => {}
                (None, Some(_)) => {
                    findings.push(format!(
                        "{place}: write `sejong_digest::{to}`: the library is another crate here"
                    ));
                }
                (Some(_), None) => {
                    findings.push(format!("{place}: `crate::{to}` is no room of src/lib.rs"));
                }
                (Some(own), Some(other)) if other <= own => {}
                _ if allowed.iter().any(|edge| (edge.0, edge.1) == (room, to)) => {}
                _ => {
                    let help =
                        format!("move what is shared to a room above `{room}`, or pass it in");
                    findings.push(format!(
                        "{place}: `{room}` uses `{to}`, which stands below it: {help}"
                    ));
                }
            }
        }
    }
    findings
}

/// The name that a path takes from the crate's root, where it starts there.
fn from_root(path: &[Named], depth: usize) -> Option<(&str, usize)> {
    let path = if path[0].0 == "self" { &path[1..] } else { path };
    let up = path.iter().take_while(|(name, _)| name == "super").count();
    let (name, line) = match path.first()?.0.as_str() {
        "crate" => path.get(1)?,
        "super" if up >= depth => path.get(up)?,
        _ => return None,
    };
    Some((name, *line))
}

/// The binary reaches the library by its name, not by compiling its files again.
pub(crate) fn binary_stands_apart(files: &[File], rooms: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.room() == "cmd") {
        for line in lines_with(&file.code, &["#", "[", "path"]) {
            findings.push(format!(
                "{}:{line}: no `#[path]` in the binary: name the module's file for the module",
                file.path
            ));
        }
        let main = file.path == "src/main.rs";
        let declared =
            items(&file.code).into_iter().filter(|(name, _)| main && rooms.contains(name));
        for (name, line) in declared {
            findings.push(format!(
                "{}:{line}: `{name}` is the library's: write `sejong_digest::{name}`",
                file.path
            ));
        }
    }
    findings
}

/// A foreign crate is named in its home only.
pub(crate) fn foreign_homes(files: &[File], homes: &[Home]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let imported = lines_of_imports(file);
        for path in paths(&file.code) {
            let (name, line) = &path[0];
            let Some((_, rooms)) = homes.iter().find(|home| home.0 == name) else { continue };
            let used = path.len() > 1 || imported.contains(&(name.as_str(), *line));
            if used && !rooms.contains(&file.room()) {
                let home = rooms.join(" or ");
                let help = "ask that room, or change its home in tests/tidy/main.rs";
                findings.push(format!("{}:{line}: `{name}` lives in `{home}`: {help}", file.path));
            }
        }
    }
    findings
}

/// `use name;` and `use name as other;`, which look like any other word.
fn lines_of_imports(file: &File) -> Vec<(&str, usize)> {
    let pairs = file.code.windows(2).filter(|pair| pair[0].text == "use");
    pairs.map(|pair| (pair[1].text.as_str(), pair[1].line)).collect()
}

/// Every dependency has a home or is declared to be at home everywhere, and none is listed in vain.
pub(crate) fn homes_are_complete(
    manifest: &str,
    homes: &[Home],
    everywhere: &[&str],
) -> Vec<String> {
    let mut findings = Vec::new();
    let mut declared = Vec::new();
    for (name, number) in dependencies(manifest) {
        if !homes.iter().any(|home| home.0 == name) && !everywhere.contains(&name.as_str()) {
            findings
                .push(format!("Cargo.toml:{number}: give `{name}` a home in tests/tidy/main.rs"));
        }
        declared.push(name);
    }
    let listed = homes.iter().map(|home| home.0).chain(everywhere.iter().copied());
    for name in listed.filter(|name| !declared.iter().any(|known| known == name)) {
        findings.push(format!(
            "tests/tidy/main.rs: `{name}` is no dependency any more: remove its line"
        ));
    }
    findings
}

/// The crates of `[dependencies]` as code names them, with their lines.
fn dependencies(manifest: &str) -> Vec<Named> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        }
        if let Some((name, _)) = line.split_once('=').filter(|_| inside && !line.starts_with('#')) {
            found.push((name.trim().replace('-', "_"), number + 1));
        }
    }
    found
}

/// A dependency that only tests name is none of the program's.
pub(crate) fn used_by_tests_only(manifest: &str, files: &[File]) -> Vec<String> {
    let mut named: HashSet<String> = HashSet::new();
    for file in files {
        named.extend(lines_of_imports(file).into_iter().map(|(name, _)| name.to_owned()));
        // `super::csv` is a module of ours.
        let paths = paths(&file.code).into_iter().filter(|path| path.len() > 1);
        named.extend(paths.map(|mut path| path.swap_remove(0).0));
    }
    let unused = dependencies(manifest).into_iter().filter(|(name, _)| !named.contains(name));
    unused
        .map(|(name, line)| {
            format!("Cargo.toml:{line}: only tests use `{name}`: move it to [dev-dependencies]")
        })
        .collect()
}

/// How a statement begins.
const STATEMENTS: [&str; 12] = [
    "ALTER TABLE ",
    "ATTACH ",
    "CREATE ",
    "DELETE FROM ",
    "DETACH ",
    "DROP ",
    "INSERT INTO ",
    "PRAGMA ",
    "SELECT ",
    "UPDATE ",
    "VACUUM",
    "WITH ",
];

/// SQL stands beside the tables that it speaks of.
pub(crate) fn sql_homes(files: &[File], rooms: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !rooms.contains(&file.room())) {
        for token in &file.code {
            let text = token.text.trim_start_matches(['b', 'c', 'r', '#']);
            let Some(text) = text.strip_prefix('"') else { continue };
            let is_sql = |line: &str| STATEMENTS.iter().any(|word| line.trim().starts_with(word));
            if text.lines().any(is_sql) {
                findings.push(format!(
                    "{}:{}: SQL stands in {}: ask one of them",
                    file.path,
                    token.line,
                    rooms.join(" and ")
                ));
            }
        }
    }
    findings
}

/// Files and functions that can be read in one go.
pub(crate) fn lengths(files: &[File], long: &[Long]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut needed = Vec::new();
    let mut check = |path: &str, name: &str, finding: String| match long
        .iter()
        .position(|entry| (entry.0, entry.1) == (path, name))
    {
        Some(entry) => needed.push(entry),
        None => findings.push(finding),
    };
    for File { path, code, tokens, .. } in files {
        let lines = code_lines(code);
        if lines > FILE_LINES {
            let help = "move a part with a name of its own to its own file";
            check(
                path,
                "",
                format!("{path}:1: {lines} lines of code, {FILE_LINES} at most: {help}"),
            );
        }
        for function in functions(tokens).iter().filter(|function| function.lines > FUNCTION_LINES)
        {
            let (name, line, lines) = (&function.name, function.line, function.lines);
            let help = "name its steps and call them";
            check(
                path,
                name,
                format!(
                    "{path}:{line}: `{name}` has {lines} lines, {FUNCTION_LINES} at most: {help}"
                ),
            );
        }
    }
    for (_, (path, name, _)) in long.iter().enumerate().filter(|(entry, _)| !needed.contains(entry))
    {
        findings.push(format!(
            "{path}: `{name}` is short now: remove its line from tests/tidy/main.rs"
        ));
    }
    findings
}

/// A file says first what it is.
pub(crate) fn openings(files: &[File]) -> Vec<String> {
    let silent = files.iter().filter(|file| !file.text.starts_with("//! "));
    silent
        .map(|file| {
            format!(
                "{}:1: open with `//! ` and what this file is, why, and what it must never do",
                file.path
            )
        })
        .collect()
}

/// Each folder is named in the first cell of a row.
pub(crate) fn folders_have_rows(folders: &[String], page: &str) -> Vec<String> {
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let has_row = |folder: &str| rows.iter().any(|row| row.contains(&format!("`{folder}/`")));
    let missing = folders.iter().filter(|folder| !has_row(folder));
    missing.map(|folder| format!("ARCHITECTURE.md: say in a row what `{folder}/` holds")).collect()
}

/// Nothing unfinished, and nothing that panics on bad input.
pub(crate) fn panics(files: &[File]) -> Vec<String> {
    const BANNED: [(&[&str], &str); 3] = [
        (&["todo", "!"], "finish it, or refuse with an error that says so"),
        (&["unimplemented", "!"], "finish it, or refuse with an error that says so"),
        (
            &[".", "unwrap", "(", ")"],
            "return an error, or `expect` with the reason why it cannot fail",
        ),
    ];
    let mut findings = Vec::new();
    for file in files {
        for (sequence, help) in BANNED {
            for line in lines_with(&file.code, sequence) {
                findings.push(format!("{}:{line}: `{}`: {help}", file.path, sequence.concat()));
            }
        }
    }
    findings
}
