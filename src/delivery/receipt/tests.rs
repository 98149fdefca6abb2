//! What a receipt says, to whom, and what it may not silence.

use proptest::prelude::*;

use super::file::parse;
use super::*;

fn receipt() -> Receipt {
    let time = |text: &str| text.parse().unwrap();
    Receipt {
        ledger: Some(ledger_name("a")),
        run: Some(run_name("a1")),
        content_hash: "0123456789abcdef".repeat(4),
        number: Some(1),
        date: Some("2025-11-06".parse().unwrap()),
        begin: time("2025-11-06T14:00:00Z"),
        phase: ReceiptPhase::Over { end: time("2025-11-06T14:02:11Z") },
        counts: Counts { planned: 12, accepted: 10, uncertain: 1, refused: 1, ..Counts::default() },
        had: 11,
        others: Vec::new(),
    }
}

/// As an older version wrote it.
fn unnamed() -> Receipt {
    Receipt { ledger: None, run: None, ..receipt() }
}

fn begun() -> Receipt {
    Receipt {
        phase: ReceiptPhase::Begun,
        counts: Counts { planned: 8, pending: 5, deferred: 1, refused: 2, ..Counts::default() },
        had: 0,
        ..receipt()
    }
}

/// A ledger with these runs of the issue.
fn ledger(name: &str, reached: u64, runs: &[(&str, bool)]) -> KnownSends {
    let run = |(token, is_settled): &(&str, bool)| NamedRun {
        name: run_name(token),
        issue: "x".to_owned(),
        is_settled: *is_settled,
    };
    KnownSends {
        issue: "x".to_owned(),
        ledger: ledger_name(name),
        reached,
        runs: runs.iter().map(run).collect(),
        agreed: Vec::new(),
        part: String::new(),
    }
}

fn compared(path: &Path, known: &KnownSends) -> Option<AlreadySent> {
    AlreadySent::found(path, known, &TimeZone::UTC)
}

#[test]
fn a_receipt_reads_back_and_names_nobody() {
    let of_another = Receipt { ledger: Some(ledger_name("b")), ..begun() };
    for written in [
        receipt(),
        unnamed(),
        begun(),
        Receipt { others: vec![of_another, unnamed()], ..receipt() },
    ] {
        let text = written.to_toml();
        assert_eq!(parse(&text), Some(written));
        assert!(!text.contains('@'), "{text}");
    }
}

#[test]
fn a_receipt_of_an_older_version_asks_where_the_ledger_knows_fewer_people_who_may_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipts/x.toml");
    assert_eq!(compared(&path, &ledger("a", 0, &[])), None);
    assert!(unnamed().write(&path, &KnownSends::default()).unwrap().is_new);
    let again = unnamed().write(&path, &KnownSends::default()).unwrap();
    assert!(!again.is_new, "it stands there");
    for (known, asks) in [(0, true), (10, true), (11, false), (12, false)] {
        let sent = compared(&path, &ledger("a", known, &[]));
        assert_eq!(sent.map(|sent| sent.by), asks.then_some(SentBy::Unknown), "{known}");
    }
    assert_eq!(fs::read_dir(dir.path().join("receipts")).unwrap().count(), 1, "no draft stays");
}

#[test]
fn its_own_ledger_is_asked_only_as_a_copy_and_another_one_always() {
    let by = |receipt: &Receipt, known: &KnownSends| receipt.unknown_to(known);
    let own = |reached, settled| ledger("a", reached, &[("a1", settled)]);
    assert_eq!(by(&receipt(), &own(11, true)), None);
    assert_eq!(by(&receipt(), &own(10, true)), Some(SentBy::Copied), "from the middle of it");
    assert_eq!(by(&receipt(), &ledger("a", 12, &[])), Some(SentBy::Copied), "from before it");
    assert_eq!(by(&receipt(), &ledger("b", 12, &[])), Some(SentBy::Another), "another half");
    assert_eq!(by(&begun(), &own(0, true)), None, "this ledger knows who has it");
    assert_eq!(by(&begun(), &own(0, false)), Some(SentBy::Copied), "while it went on");
    assert_eq!(by(&begun(), &ledger("b", 9, &[])), Some(SentBy::Another));
    let mut renamed = own(0, true);
    renamed.runs[0].issue = "y".to_owned();
    assert_eq!(by(&begun(), &renamed), Some(SentBy::Renamed("y".to_owned())));
    let nobody = Receipt { counts: Counts::default(), had: 0, ..receipt() };
    assert_eq!(by(&nobody, &ledger("b", 0, &[])), None);
}

#[test]
fn what_a_person_has_said_yes_to_is_not_asked_again_until_more_people_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipts/x.toml");
    receipt().write(&path, &KnownSends::default()).unwrap();
    let mut known = ledger("b", 12, &[]);
    known.agreed.push(AgreedReceipt::of(&receipt()));
    assert_eq!(compared(&path, &known), None);
    let more = Receipt { had: 12, run: Some(run_name("a2")), ..receipt() };
    more.write(&path, &KnownSends::default()).unwrap();
    assert!(compared(&path, &known).is_some());
    // It is not forgotten for that.
    assert_eq!(receipt().kept_beside(&known), [receipt()]);
    // Nor is one that names no ledger, also where the numbers say no more than we know.
    assert_eq!(unnamed().kept_beside(&known), [unnamed()]);
}

#[test]
fn the_word_of_a_ledger_is_read_whole_or_not_at_all() {
    let of_another = Receipt { ledger: Some(ledger_name("b")), ..begun() };
    let text = Receipt { others: vec![of_another], ..receipt() }.to_toml();
    // As a merge does that takes one line from each side.
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_value = line.contains('=') && !line.starts_with("check");
        let mut mixed = lines.clone();
        let Some((key, value)) = line.split_once(" = ").filter(|_| is_value) else { continue };
        let other = if value.starts_with('"') { "\"none\"" } else { "99" };
        let other = format!("{key} = {other}");
        mixed[at] = &other;
        assert_eq!(parse(&mixed.join("\n")), None, "{line}");
    }
    let older = text.lines().filter(|line| !line.starts_with("check"));
    assert!(parse(&older.collect::<Vec<_>>().join("\n")).is_some(), "it had no such line");
}

#[test]
fn only_a_send_that_had_begun_is_withdrawn_and_what_others_said_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipts/x.toml");
    let known = ledger("a", 0, &[("a1", true)]);
    begun().write(&path, &KnownSends::default()).unwrap();
    withdraw(&path, &ledger("b", 9, &[])).unwrap();
    assert!(path.is_file(), "another ledger wrote it");
    receipt().write(&path, &KnownSends::default()).unwrap();
    withdraw(&path, &ledger("a", 11, &[("a1", true)])).unwrap();
    assert!(path.is_file(), "the send is over");
    let other = Receipt { ledger: Some(ledger_name("b")), run: Some(run_name("b1")), ..receipt() };
    Receipt { others: vec![other.clone()], ..begun() }
        .write(&path, &KnownSends::default())
        .unwrap();
    withdraw(&path, &known).unwrap();
    assert_eq!(there(&path), Some(ReceiptFound::Read(Box::new(other))));
    begun().write(&path, &KnownSends::default()).unwrap();
    withdraw(&path, &known).unwrap();
    assert!(!dir.path().join("receipts").exists());
}

#[test]
fn what_was_set_aside_last_comes_back_whatever_numbers_are_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipts/x.toml");
    let at = |name: &str| dir.path().join("receipts").join(name);
    let known = ledger("a", 0, &[("a1", true)]);
    let agrees = |text: &str| {
        let agreed = vec![UnreadText::of(text).agreed()];
        KnownSends { agreed, ..ledger("a", 0, &[("a1", true)]) }
    };
    fs::create_dir(at("")).unwrap();
    // Somebody has removed the first one.
    for (name, text) in [("x.toml.unread.2", "older"), ("x.toml.unread.10", "old")] {
        fs::write(at(name), text).unwrap();
    }
    for text in ["newest", "older"] {
        fs::write(&path, text).unwrap();
        let written = begun().write(&path, &agrees(text)).unwrap();
        assert_eq!(written.kept, Some(at("x.toml.unread.11")));
        assert!(withdraw(&path, &known).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(!at("x.toml.unread.11").exists());
    }
    assert!(!at("x.toml.unread.2").exists(), "the same text lies there once");
    // Nobody can put a file with a name that leaves no room behind it in the way of what is there.
    fs::write(at(&format!("x.toml.unread.{}", u64::MAX)), "").unwrap();
    fs::write(&path, "newest").unwrap();
    assert!(begun().write(&path, &agrees("newest")).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "newest");
}

#[test]
fn what_cannot_be_put_back_is_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipts/x.toml");
    begun().write(&path, &KnownSends::default()).unwrap();
    // A folder cannot take the place of a file.
    fs::create_dir(dir.path().join("receipts/x.toml.unread")).unwrap();
    assert!(withdraw(&path, &ledger("a", 0, &[("a1", true)])).is_err());
    assert!(path.is_file(), "it asks");
}

#[test]
fn both_sides_of_a_conflict_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    let other = Receipt { ledger: Some(ledger_name("b")), run: Some(run_name("b1")), ..receipt() };
    let conflict = |ours: &str, theirs: &str| {
        format!("<<<<<<< HEAD\n{ours}||||||| base\nx\n=======\n{theirs}>>>>>>> b\n")
    };
    fs::write(&path, conflict(&receipt().to_toml(), &other.to_toml())).unwrap();
    let both = Receipt { others: vec![other.clone()], ..receipt() };
    assert_eq!(read(&path), ReceiptFound::Read(Box::new(both)));
    let asks = |reached| compared(&path, &ledger("a", reached, &[("a1", true)]));
    assert_eq!(asks(11).unwrap().all, [AgreedReceipt::of(&other)]);
    fs::write(&path, conflict("a = [\n", "b\n")).unwrap();
    let found = asks(11).unwrap().found;
    assert!(matches!(found, ReceiptFound::Conflict(_)), "nobody knows what it said: {found:?}");
    // Marks of which somebody has taken some away hide nothing.
    let whole = Receipt { others: vec![other], ..receipt() }.to_toml();
    for mark in ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> b"] {
        for at in 0..whole.lines().count() {
            let mut lines: Vec<&str> = whole.lines().collect();
            lines.insert(at, mark);
            fs::write(&path, lines.join("\n")).unwrap();
            let found = asks(11).unwrap().found;
            assert!(matches!(found, ReceiptFound::Conflict(_)), "{mark} {at}: {found:?}");
        }
    }
}

#[test]
fn a_receipt_of_zeros_shows_no_send() {
    let dir = tempfile::tempdir().unwrap();
    let zeros = Receipt { counts: Counts::default(), had: 0, ..receipt() };
    let path = dir.path();
    assert_eq!(of_any_send(path), None);
    zeros.write(&place(path, "a"), &KnownSends::default()).unwrap();
    assert_eq!(of_any_send(path), None);
    receipt().write(&place(path, "b"), &KnownSends::default()).unwrap();
    let shown = (place(path, "b"), ReceiptFound::Read(Box::new(receipt())));
    assert_eq!(of_any_send(path), Some(shown));
    fs::write(place(path, "a"), "").unwrap();
    assert_eq!(
        of_any_send(path),
        Some((place(path, "a"), ReceiptFound::Unreadable(UnreadText::of(""))))
    );
}

#[test]
fn a_byte_that_is_no_utf_8_silences_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    let mut bytes = receipt().to_toml().into_bytes();
    bytes.extend(b"# Z\xfcrich\n");
    for bytes in [bytes, vec![0xff, 0xfe, b'a', 0], vec![0x80; 300]] {
        fs::write(&path, bytes).unwrap();
        assert!(compared(&path, &ledger("b", 1, &[])).is_some(), "another ledger's");
    }
}

/// Whatever stands there, no more than the question is asked.
#[test]
fn a_hostile_receipt_asks_the_question_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    let deep = format!("a = {}", "[".repeat(4_000));
    let large = "#".repeat(1_000_000);
    let negative = receipt().to_toml().replace("accepted = 10", "accepted = -1");
    for text in ["", "\0\u{1b}[2J", "content_hash = \"x\"", &deep, &large, &negative] {
        fs::write(&path, text).unwrap();
        let sent = compared(&path, &ledger("a", 0, &[])).unwrap();
        let is_text = text.len() < 100_000;
        let large = ReceiptFound::Place(PlaceFault::Large);
        let unread = if is_text { ReceiptFound::Unreadable(UnreadText::of(text)) } else { large };
        assert_eq!(sent.found, unread, "{:?}", &text[..text.len().min(60)]);
        // It may be the word of another ledger, whatever this one knows.
        let mut known = ledger("a", 1, &[]);
        let asked = compared(&path, &known);
        known.agreed.extend(asked.expect("a question").all);
        assert_eq!(compared(&path, &known), None, "a person has said yes");
    }
    let many = receipt().to_toml().replace("accepted = 10", "accepted = 9223372036854775806");
    fs::write(&path, many).unwrap();
    let sent = compared(&path, &ledger("b", 0, &[])).unwrap();
    let found = sent.found;
    assert!(matches!(found, ReceiptFound::Unreadable(_)), "so many are none: {found:?}");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    symlink("/dev/zero", path("x.toml")).unwrap();
    let sent = compared(&path("x.toml"), &ledger("a", 0, &[])).unwrap();
    assert_eq!(sent.found, ReceiptFound::Place(PlaceFault::Link));
    fs::write(path("kept"), "kept").unwrap();
    symlink(path("kept"), path("y.toml")).unwrap();
    let mut known = KnownSends::default();
    let left = receipt().write(&path("y.toml"), &known);
    assert!(matches!(left, Err(WriteFault::Left(_))), "nobody has said yes: {left:?}");
    known.agreed.extend(compared(&path("y.toml"), &known).unwrap().all);
    receipt().write(&path("y.toml"), &known).unwrap();
    assert_eq!(fs::read_to_string(path("kept")).unwrap(), "kept");
    assert_eq!(fs::read_to_string(path("y.toml")).unwrap(), receipt().to_toml());
    fs::create_dir(path("elsewhere")).unwrap();
    symlink(path("elsewhere"), path("receipts")).unwrap();
    assert!(receipt().write(&path("receipts/x.toml"), &KnownSends::default()).is_err());
    assert_eq!(fs::read_dir(path("elsewhere")).unwrap().count(), 0);
}

/// Whoever can put something there must not be able to switch the question off.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_looked_into_is_told() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (folder, path) = (dir.path().join(FOLDER), place(dir.path(), "x"));
    let told = |fault| {
        let found = ReceiptFound::Folder(fault);
        let sent = compared(&path, &ledger("a", 0, &[])).unwrap();
        assert_eq!((&sent.path, &sent.found), (&folder, &found));
        let mut known = ledger("a", 1, &[]);
        known.agreed.extend(compared(&path, &known).expect("a question").all);
        assert_eq!(compared(&path, &known), None, "a person has said yes");
        assert_eq!(of_any_send(dir.path()), Some((folder.clone(), found)));
        assert!(may_stand(&path) && standing(dir.path()).is_empty());
        assert!(receipt().write(&path, &KnownSends::default()).is_err());
    };
    assert!(!may_stand(&path));
    for target in ["elsewhere", "nowhere"] {
        let _ = fs::create_dir(dir.path().join("elsewhere"));
        symlink(dir.path().join(target), &folder).unwrap();
        told(FolderFault::Link);
        fs::remove_file(&folder).unwrap();
    }
    fs::write(&folder, "").unwrap();
    told(FolderFault::NoFolder);
    fs::remove_file(&folder).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&folder).status().unwrap().success());
    told(FolderFault::NoFolder);
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    assert!(!may_stand(&path), "an empty folder has no receipts");
}

#[test]
fn a_pipe_in_its_place_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let mut known = KnownSends::default();
    known.agreed.extend(compared(&path, &known).unwrap().all);
    assert!(receipt().write(&path, &known).unwrap().is_new);
    assert_eq!(fs::read_to_string(&path).unwrap(), receipt().to_toml());
}

proptest! {
    #[test]
    fn no_text_ends_the_program(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }
}
