//! Each rule on a few lines that break it and a few that do not.

use crate::rules::*;
use crate::scan::{Function, TestModule, functions, paths, tokens, without_tests};
use crate::tree::{File, mark_tests};

fn rooms_of_three() -> Vec<String> {
    let lib = File::new("src/lib.rs", "//! a\npub mod issue;\npub mod compose;\npub mod smtp;\n");
    assert_eq!(lib_is_a_list(&lib), [""; 0]);
    rooms(&lib)
}

/// `file:line` of each finding.
fn places(findings: Vec<String>) -> Vec<String> {
    let place = |finding: &String| finding.split(": ").next().unwrap_or_default().to_owned();
    findings.iter().map(place).collect()
}

fn edges(path: &str, text: &str) -> Vec<String> {
    places(room_edges(&[File::new(path, text)], &rooms_of_three(), &[]))
}

fn written(source: &str) -> Vec<String> {
    let join = |path: Vec<(String, usize)>| {
        path.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join("::")
    };
    paths(&tokens(source)).into_iter().map(join).collect()
}

#[test]
fn comments_strings_and_characters_are_no_code() {
    let source = r##"// todo!()
/* a /* nested */ crate::smtp */
let a = "crate::smtp \" todo!()"; let b = r#"x" .unwrap()"#; let c = b"{"; let d = '{';
let e = '\''; let f: &'static str = br"{"; let g = b'"'; let r#type = '"'; let h = "\\";
last"##;
    let tokens = tokens(source);
    assert!(tokens.iter().all(|token| token.text != "{" && token.text != "todo"), "{tokens:?}");
    assert_eq!(tokens.last().map(|token| (token.text.as_str(), token.line)), Some(("last", 5)));
}

#[test]
fn groups_are_written_out() {
    let source = "use crate::{issue::{self, Block as B}, smtp, diagnostic::*};\nx.crate_y();";
    let expected =
        ["use", "crate::issue::self", "crate::issue::Block", "crate::smtp", "crate::diagnostic"];
    assert_eq!(written(source)[..5], expected);
    assert_eq!(written("a::<b::C>::d; ::e::f"), ["a", "b::C", "d", "e::f"]);
}

#[test]
fn a_room_may_not_use_a_room_below() {
    assert_eq!(edges("src/compose/mod.rs", "use crate::issue;\nuse crate::compose::b;"), [""; 0]);
    assert_eq!(edges("src/issue.rs", "\nuse crate::compose::A;"), ["src/issue.rs:2"]);
    let grouped = "use crate::{\n    issue::{A, B},\n    smtp::C,\n};";
    assert_eq!(edges("src/compose/a.rs", grouped), ["src/compose/a.rs:3"]);
    assert_eq!(edges("src/issue.rs", "fn f() -> u8 {\n crate::smtp::g() }"), ["src/issue.rs:2"]);
    assert_eq!(edges("src/issue/a.rs", "use super::super::smtp::A;"), ["src/issue/a.rs:1"]);
    assert_eq!(edges("src/issue/a.rs", "use super::smtp::A; // the room's own"), [""; 0]);
    assert_eq!(
        edges("src/issue.rs", "//! [`crate::smtp`]\nconst A: &str = \"crate::smtp\";"),
        [""; 0]
    );
    assert_eq!(edges("src/issue.rs", "#[cfg(test)]\nmod tests { use crate::smtp::A; }"), [""; 0]);
    assert_eq!(edges("src/issue.rs", "use crate::Thing;"), ["src/issue.rs:1"]);
    assert_eq!(edges("src/odd.rs", "//! a"), ["src/odd.rs:1"]);
    let files = [File::new("src/issue.rs", "use crate::smtp::A;")];
    let allowed = [("issue", "smtp", "because")];
    assert_eq!(room_edges(&files, &rooms_of_three(), &allowed), [""; 0]);
}

#[test]
fn the_binary_may_not_reach_into_the_library() {
    assert_eq!(
        edges("src/cmd/send.rs", "use crate::cmd::a;\nuse crate::smtp::A;"),
        ["src/cmd/send.rs:2"]
    );
    assert_eq!(edges("src/cmd/send.rs", "use sejong_digest::smtp::A;"), [""; 0]);
    let main = File::new("src/main.rs", "mod cmd;\nmod smtp;\n#[path = \"issue.rs\"]\nmod a;");
    let found = binary_stands_apart(&[main], &rooms_of_three());
    assert_eq!(places(found), ["src/main.rs:3", "src/main.rs:2"]);
}

#[test]
fn lib_may_not_hold_code() {
    let lib = File::new("src/lib.rs", "pub mod a;\npub use a::B;\nmod c;");
    assert_eq!(places(lib_is_a_list(&lib)), ["src/lib.rs:2", "src/lib.rs:3"]);
}

#[test]
fn a_foreign_crate_stays_at_home() {
    let homes: [Home; 2] = [("csv", &["audience"]), ("clap", &["cmd"])];
    let find = |path, text| places(foreign_homes(&[File::new(path, text)], &homes));
    assert_eq!(find("src/audience/read.rs", "use csv::Reader;"), [""; 0]);
    assert_eq!(find("src/issue.rs", "fn f() {\n csv::Reader::new() }"), ["src/issue.rs:2"]);
    assert_eq!(find("src/issue.rs", "use csv;\nlet csv = 1;"), ["src/issue.rs:1"]);
    assert_eq!(
        find("src/issue.rs", "use crate::{csv::A}; use a::csv::B; let csv = a.csv;"),
        [""; 0]
    );
    assert_eq!(find("src/main.rs", "use clap::Parser;"), [""; 0]);
    assert_eq!(find("src/smtp.rs", "#[derive(clap::Args)] struct A;"), ["src/smtp.rs:1"]);
    let manifest = "[dependencies]\n# words\ncsv = \"1\"\nnew-one = \"1\"\n[lints.rust]\nx = 1\n";
    let found = homes_are_complete(manifest, &homes, &[]);
    assert_eq!(places(found), ["Cargo.toml:4", "tests/tidy/main.rs"]);
}

#[test]
fn functions_are_measured_by_their_braces() {
    let source = "fn a<T>(b: [u8; 2]) -> T\nwhere\n    T: Fn(u8),\n{\n    '}';\n    \"}\"; // }\n}\n\
                  trait T { fn none(&self); fn some(&self) { f::<fn(u8)>() } }\n";
    let function = |name: &str, line, lines| Function { name: name.to_owned(), line, lines };
    assert_eq!(functions(&tokens(source)), [function("a", 1, 7), function("some", 8, 1)]);
}

#[test]
fn long_files_and_functions_are_found_unless_excused() {
    let body = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines - 2));
    let file = |text: String| [File::new("src/a.rs", &text)];
    assert_eq!(lengths(&file(body(FUNCTION_LINES)), &[]), [""; 0]);
    assert_eq!(places(lengths(&file(body(FUNCTION_LINES + 1)), &[])), ["src/a.rs:1"]);
    let excuse: [Long; 1] = [("src/a.rs", "a", "a table")];
    assert_eq!(lengths(&file(body(FUNCTION_LINES + 1)), &excuse), [""; 0]);
    assert_eq!(places(lengths(&file(body(3)), &excuse)), ["src/a.rs"]);
    assert_eq!(lengths(&file("a;\n".repeat(FILE_LINES)), &[]), [""; 0]);
    assert_eq!(places(lengths(&file("a;\n".repeat(FILE_LINES + 1)), &[])), ["src/a.rs:1"]);
    let prose = "/// b\n// c\n\na;\n".repeat(FILE_LINES);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "d;\n".repeat(FILE_LINES));
    assert_eq!(lengths(&file(prose + &tests), &[]), [""; 0]);
    let literal = format!("a(\"{}\");\n", "\\\n".repeat(FILE_LINES));
    assert_eq!(places(lengths(&file(literal), &[])), ["src/a.rs:1"]);
}

#[test]
fn tests_are_told_from_code() {
    let source = "a;\n#[cfg(test)]\nuse x::{y, z};\nb;\n#[cfg(test)]\nmod tests { c; }\n\
                  #[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\n#[cfg(test)]\nmod more;\nd;";
    let (code, modules) = without_tests(&tokens(source));
    let words: Vec<_> = code.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(words, ["a", ";", "b", ";", "d", ";"]);
    let module = |name: &str, path: Option<&str>| TestModule {
        name: name.to_owned(),
        path: path.map(str::to_owned),
    };
    assert_eq!(modules, [module("tests", Some("a_tests.rs")), module("more", None)]);
    let unwraps = "x.unwrap();";
    let mut files = ["src/b/a_tests.rs", "src/b/a/more.rs", "src/b/more.rs"]
        .map(|path| File::new(path, unwraps))
        .into_iter()
        .chain([File::new("src/b/a.rs", source)])
        .collect::<Vec<_>>();
    mark_tests(&mut files);
    assert_eq!(places(panics(&files)), ["src/b/more.rs:1"]);
}

#[test]
fn a_file_opens_with_what_it_is() {
    let files = [File::new("src/a.rs", "//! What it is.\n"), File::new("src/b.rs", "\nuse a;\n")];
    assert_eq!(places(openings(&files)), ["src/b.rs:1"]);
}

#[test]
fn folders_without_a_row_are_found() {
    let page = "| Where | What |\n| `tests/a/`, `tests/b/` | x |\n| y | `tests/c/` |\n`tests/d/`\n";
    let folders = ["a", "b", "c", "d"].map(|name| format!("tests/{name}"));
    let found = folders_have_rows(&folders, page).join("\n");
    assert!(found.contains("`tests/c/`") && found.contains("`tests/d/`"), "{found}");
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn stubs_and_unwraps_are_found() {
    let text = "fn a() {\n    todo!();\n    unimplemented!(\"later\");\n    b.unwrap();\n    \
                b.unwrap_or(1);\n    // todo!()\n}\n#[cfg(test)]\nfn c() { d.unwrap() }\n";
    let found = places(panics(&[File::new("src/a.rs", text)]));
    assert_eq!(found, ["src/a.rs:2", "src/a.rs:3", "src/a.rs:4"]);
}

#[test]
fn a_dependency_of_tests_alone_is_found() {
    let manifest = "[dependencies]\ncsv = \"1\"\nserde-json = \"1\"\nmemchr = \"2\"\n\
                    [dev-dependencies]\ntempfile = \"3\"\n";
    let source = "use super::csv::Record;\nuse memchr;\nfn a() { serde_json::from_str(b) }\n\
                  #[cfg(test)]\nmod tests { use csv::Reader; }\n";
    let found = places(used_by_tests_only(manifest, &[File::new("src/a.rs", source)]));
    assert_eq!(found, ["Cargo.toml:2"]);
}

#[test]
fn sql_is_found_outside_its_rooms() {
    let find = |path, text| places(sql_homes(&[File::new(path, text)], &["store"]));
    let source = "const A: &str = \"\n  SELECT id FROM a\";\nfn b() { c(r#\"DELETE FROM a\"#) }";
    assert_eq!(find("src/cmd/a.rs", source), ["src/cmd/a.rs:1", "src/cmd/a.rs:3"]);
    assert_eq!(find("src/store/mod.rs", source), [""; 0]);
    let prose = "const A: &str = \"SELECTED, or UPDATE it\"; // SELECT id\n\
                 #[cfg(test)]\nfn b() { c(\"SELECT id FROM a\") }";
    assert_eq!(find("src/cmd/a.rs", prose), [""; 0]);
}
