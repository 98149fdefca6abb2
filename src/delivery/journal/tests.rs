//! Journals of every kind: whole, torn by a kill, cut short, overwritten, exchanged, of an older
//! version.

use proptest::prelude::*;

use super::*;
use crate::delivery::id::{RowId, RunId};

fn id(row: i64) -> String {
    format!("{row}@a.example")
}

fn settled(row: i64) -> Settled {
    Settled {
        row: RowId(row),
        state: State::Accepted,
        code: Some(250),
        enhanced: Some("2.0.0".to_owned()),
        text: "queued\nas 1".to_owned(),
        at: "2025-11-06T14:00:00Z".to_owned(),
        message_id: id(row),
        retry: None,
        stage: None,
        unasked: false,
    }
}

fn head() -> JournalHead {
    JournalHead { boot: "boot".to_owned(), run: RunId(7), token: "a1b2".to_owned(), recorded: 0 }
}

fn left(path: &Path) -> Left {
    match read(path).unwrap() {
        Found::Journal(left) => left,
        other => panic!("{other:?}"),
    }
}

/// What is left when the file holds these bytes.
fn of_bytes(bytes: &[u8]) -> Found {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    std::fs::write(&path, bytes).unwrap();
    read(&path).unwrap()
}

/// Marks for the rows 1 to `rows`, of which every third one has no outcome yet.
fn whole(rows: i64) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    let mut journal = Journal::begin(&path, head()).unwrap();
    for row in 1..=rows {
        journal.dot(RowId(row), id(row)).unwrap();
        if row % 3 > 0 {
            journal.settled(settled(row)).unwrap();
        }
    }
    std::fs::read(&path).unwrap()
}

#[test]
fn marks_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    assert_eq!(read(&path).unwrap(), Found::Nothing);
    let mut journal = Journal::begin(&path, head()).unwrap();
    for row in 1..5 {
        journal.dot(RowId(row), id(row)).unwrap();
    }
    journal.settled(settled(2)).unwrap();
    journal.unsent(RowId(4)).unwrap();
    journal.settled(settled(5)).unwrap();
    journal.saved([RowId(5)], vec![RowId(5)], 8).unwrap();
    let left = left(&path);
    assert_eq!((&left.head, left.last, left.gap), (&head(), journal.last(), false));
    assert_eq!(left.open, HashMap::from([(RowId(1), id(1)), (RowId(3), id(3))]));
    assert_eq!(left.settled, HashMap::from([(RowId(2), settled(2))]));
}

#[test]
fn a_large_journal_begins_anew_and_forgets_nothing_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    let mut journal = Journal::begin(&path, head()).unwrap();
    let rows = 30_000;
    for row in 0..rows {
        journal.dot(RowId(row), id(row)).unwrap();
        if row > 2 {
            journal.settled(settled(row)).unwrap();
        }
        if row % 100 == 99 {
            let recorded = journal.last();
            journal.saved((row - 99..row - 1).map(RowId), Vec::new(), recorded).unwrap();
        }
    }
    assert!(std::fs::metadata(&path).unwrap().len() < ROTATE_BYTES + 64 * 1024);
    let left = left(&path);
    assert_eq!((left.last, left.gap), (journal.last(), false));
    // Lines are numbered on, and the first one says up to where the ledger needs none of them.
    assert!(left.last > 2 * rows as u64 - 10 && left.head.recorded > 0, "{:?}", left.head);
    assert_eq!(left.open, HashMap::from([0, 1, 2].map(|row| (RowId(row), id(row)))));
    assert!(left.settled.contains_key(&RowId(rows - 1)));
}

#[test]
fn a_line_that_did_not_fit_on_the_disk_leaves_the_journal_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    let mut journal = Journal::begin(&path, head()).unwrap();
    journal.dot(RowId(1), id(1)).unwrap();
    let before = std::fs::read(&path).unwrap();
    // As a write does that found no place for its second half.
    let mut torn = before.clone();
    torn.truncate(usize::try_from(journal.length).unwrap());
    torn.extend_from_slice(b"{\"n\":3,\"dot\":[2,\"2@a.exam");
    std::fs::write(&path, &torn).unwrap();
    journal.file = File::open(&path).unwrap();
    assert!(journal.dot(RowId(2), id(2)).is_err(), "it was opened for reading");
    assert!(left(&path).gap);
    journal.file = File::options().write(true).open(&path).unwrap();
    journal.dot(RowId(2), id(2)).unwrap();
    let left = left(&path);
    assert_eq!((left.gap, left.open.len()), (false, 2));
}

// The last write covers the old end mark, and a kill can end it where a page ends.
#[test]
fn a_kill_in_the_middle_of_a_write_is_no_gap() {
    let mut cut = 0;
    for rows in 1..120 {
        let (before, after) = (whole(rows), whole(rows + 1));
        let lines = before.len() - end_mark(left_of(&before).last).len();
        // Of the next dot's write everything up to the page's end is there.
        let page_end = lines.next_multiple_of(PAGE);
        if page_end == lines || page_end >= after.len() {
            continue;
        }
        let mut torn = after[..page_end].to_vec();
        torn.extend_from_slice(before.get(page_end..).unwrap_or_default());
        let mut left = left_of(&torn);
        assert!(!left.gap, "{rows} rows");
        // The dot's line may be whole, and only its end mark not.
        left.open.remove(&RowId(rows + 1));
        assert_eq!(left.open, left_of(&before).open);
        cut += 1;
    }
    assert!(cut > 1, "{cut}");
}

fn left_of(bytes: &[u8]) -> Left {
    match of_bytes(bytes) {
        Found::Journal(left) => left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journal_that_was_cut_between_two_lines_is_not_whole() {
    let bytes = whole(20);
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    for end in &ends[..ends.len() - 1] {
        let found = of_bytes(&bytes[..=*end]);
        assert!(matches!(&found, Found::Journal(left) if left.gap), "at {end}: {found:?}");
    }
}

#[test]
fn lines_behind_a_damaged_one_still_count() {
    let text = String::from_utf8(whole(9)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for damaged in 1..lines.len() - 2 {
        let bad = lines[damaged].replacen("a.example", "b.example", 1);
        let mut lines = lines.clone();
        lines[damaged] = &bad;
        let left = left_of((lines.join("\n") + "\n").as_bytes());
        assert!(left.gap && left.last == 16, "line {damaged}: {left:?}");
        // Rows 8 and 9 come last.
        assert!(damaged > 12 || left.settled.contains_key(&RowId(8)), "line {damaged}: {left:?}");
        // A line that is left out shows as well.
        let without: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != damaged)
            .map(|(_, line)| *line)
            .collect();
        assert!(left_of((without.join("\n") + "\n").as_bytes()).gap, "without line {damaged}");
    }
}

#[test]
fn a_line_of_another_journal_is_none_of_this_one() {
    let (short, long) = (whole(4), whole(12));
    // What an older copy of the same journal left of itself over the younger one.
    let mixed = [&short[..], &long[short.len()..]].concat();
    assert!(left_of(&mixed).gap);
}

#[test]
fn a_journal_without_a_first_line_is_nobodys() {
    let bytes = whole(5);
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    assert_eq!(of_bytes(&bytes[first + 1..]), Found::Unreadable);
    let mut other = bytes.clone();
    other[20] ^= 1;
    assert_eq!(of_bytes(&other), Found::Unreadable);
    assert_eq!(of_bytes(b"somebody's letter\n"), Found::Unreadable);
    assert_eq!(of_bytes(b""), Found::Nothing);
    assert_eq!(of_bytes(&[0; 5_000]), Found::Nothing);
}

#[test]
fn a_journal_of_version_0_1_0_is_read() {
    let text = "{\"boot\":[\"5a0f\",3]}\n{\"dot\":[1,\"1@a\"]}\n\
        {\"settled\":{\"row\":1,\"state\":\"accepted\",\"code\":250,\"enhanced\":null,\
        \"text\":\"ok\",\"at\":\"2025-11-06T14:00:00Z\",\"message_id\":\"1@a\"}}\n\
        {\"dot\":[2,\"2@a\"]}\n{\"dot\":[3,\"3@a\"]}\n{\"unsent\":3}\n";
    let found = left_of(format!("{text}{{\"dot\":[4,\"4").as_bytes());
    assert_eq!((found.head.boot.as_str(), found.head.run, found.gap), ("5a0f", RunId(3), false));
    assert_eq!(found.open, HashMap::from([(RowId(2), "2@a".to_owned())]));
    assert_eq!(found.settled.len(), 1);
    assert!(left_of(text.replace("{\"dot\":[2", "{\"dxt\":[2").as_bytes()).gap);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    // Whatever is done to a journal, it does not pass for whole with something missing.
    #[test]
    fn no_damage_passes_for_a_whole_journal(at in 0usize..9_000, len in 0usize..200, kind in 0u8..5) {
        let bytes = whole(40);
        let (at, len) = (at % bytes.len(), len.max(1));
        let end = (at + len).min(bytes.len());
        let damaged = match kind {
            0 => bytes[..at].to_vec(),
            1 => [&bytes[..at], &bytes[end..]].concat(),
            2 => [&bytes[..at], &vec![0; end - at][..], &bytes[end..]].concat(),
            3 => [&bytes[..at], &vec![b'x'; len][..], &bytes[at..]].concat(),
            _ => bytes.iter().enumerate().map(|(n, b)| if n == at { b ^ 0x11 } else { *b }).collect(),
        };
        if damaged != bytes && damaged.len() % PAGE > 0 {
            match of_bytes(&damaged) {
                Found::Journal(left) => prop_assert!(left.gap, "kind {kind} at {at}"),
                Found::Nothing => prop_assert!(damaged.is_empty()),
                Found::Unreadable => {}
            }
        }
    }
}
