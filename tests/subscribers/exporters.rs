//! The exports of newsletter programs: who of each may be mailed, and who may not. In the files of
//! `exports/` an address says so itself: `may.` and `not.`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::Publication;
use crate::{done, import};

/// How many files there are: one for each program, and Mailchimp's four.
const FILES: usize = 24;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/subscribers/exports");
    let entries = std::fs::read_dir(folder).expect("the exports").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// The addresses of a text that begin so.
fn addresses(text: &str, begin: &str) -> BTreeSet<String> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '<' | '>');
    text.split(is_end).filter(|word| word.starts_with(begin)).map(str::to_owned).collect()
}

/// A publication with the file under its own name.
fn with_export(file: &Path) -> (Publication, String, String) {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).expect("text");
    (Publication::new().write(&name, &text), name, text)
}

#[test]
fn who_said_no_in_any_program_is_imported_as_such_and_the_others_are_mailed() {
    let files = files();
    assert_eq!(files.len(), FILES);
    for file in files {
        let (here, name, text) = with_export(&file);
        let told = import(&here, &[&name]);
        assert_eq!(told["reject"]["count"], 0, "{name}: {told}");
        let all = done(&here, &["list"]).stdout;
        let confirmed = |line: &&str| line.split('\t').nth(1) == Some("confirmed");
        let mailed: Vec<&str> = all.lines().filter(confirmed).collect();
        assert_eq!(
            addresses(&mailed.join("\n"), "may."),
            addresses(&text, "may."),
            "{name}: {all}"
        );
        assert_eq!(addresses(&mailed.join("\n"), "not."), BTreeSet::new(), "{name}");
        // They are in the store, so that no other file brings them back.
        assert_eq!(addresses(&all, "not."), addresses(&text, "not."), "{name}: {all}");
        let again = import(&here, &[&name]);
        assert_eq!(again["import"], serde_json::Value::Null, "{name}: {again}");
    }
}

#[test]
fn a_send_from_any_export_goes_to_those_who_may_be_mailed() {
    for file in files() {
        let (here, name, text) = with_export(&file);
        let line = ["send", "2025-11", "--subscribers", &name, "--catch", "out", "--yes"];
        let told = here.run(&line);
        let may = addresses(&text, "may.");
        assert_eq!(told.code, if may.is_empty() { 3 } else { 0 }, "{name}: {told:?}");
        let mails = here.files().into_iter().filter(|path| path.starts_with("out/new/"));
        let to: Vec<String> = mails
            .map(|mail| {
                let text = here.read(&mail);
                text.lines().find(|line| line.starts_with("To: ")).expect("To").to_owned()
            })
            .collect();
        let got = addresses(&to.join("\n"), "may.");
        assert_eq!((got.len(), to.len()), (may.len(), may.len()), "{name}: {to:?}");
        assert_eq!(got, may, "{name}");
    }
}

#[test]
fn what_other_programs_know_of_a_person_comes_with_them() {
    for (file, lines) in [
        (
            "mailchimp-subscribed_members_export.csv",
            &["  first_name: Minji", "  tags: Board; Donor", "  joined: 2023-05-01"][..],
        ),
        ("listmonk.csv", &["  city: Seoul", "  name: Kim Minji"]),
        ("ghost.csv", &["  name: Kim Minji", "  joined: 2023-05-01", "  tags: VIP; Board"]),
        ("cafe24.csv", &["  member_name: 김민지", "  tags: 문화; 교육", "  joined: 2023-05-01"]),
        ("stibee.csv", &["  name: 김민지", "  group: 이사회", "  joined: 2023-05-01"]),
        ("google-contacts.csv", &["  tags: Choir; myContacts", "  last_name: Kim"]),
    ] {
        let file = files().into_iter().find(|path| path.ends_with(file)).expect("a file");
        let (here, name, _) = with_export(&file);
        import(&here, &[&name]);
        let told = done(&here, &["show", "may.kim@example.org"]).stdout;
        for line in lines {
            assert!(told.contains(line), "{name}: no {line:?} in {told}");
        }
        // Nor is the number of a row.
        assert!(!told.contains("row_number"), "{told}");
        // What is no longer true when somebody has left is no field.
        assert!(!told.contains("enabled") && !told.contains("subscribed_to_emails"), "{told}");
    }
}
