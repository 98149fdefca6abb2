//! What is said of a receipt that tells nothing: each way to be so, beside a ledger that knows people
//! and beside one that knows nobody. Each sentence is true, and no advice loses a word.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::relay::Relay;
use crate::{LIST, list, send, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";
const SECRET: &str = ".digest-secret";

/// How a receipt is made so, from the one that was written, and what is said of it.
struct Odd {
    make: &'static (dyn Fn(&Publication, &str) + Sync),
    says: &'static str,
    advice: &'static str,
}

fn replaced(here: &Publication, text: impl AsRef<[u8]>) {
    let _ = std::fs::create_dir_all(here.path("receipts"));
    std::fs::write(here.path(RECEIPT), text).expect("written");
}

#[cfg(unix)]
fn linked(here: &Publication, path: &str) {
    let _ = std::fs::remove_file(here.path(RECEIPT));
    std::os::unix::fs::symlink("nowhere", here.path(path)).expect("linked");
}

#[cfg(unix)]
const ODD: [Odd; 9] = [
    Odd {
        make: &|here, text| replaced(here, text.replacen("planned = 2", "planned = 3", 1)),
        says: "was edited by hand or merged (its check line does not fit its other lines), so it",
        advice: "`git checkout COMMIT -- receipts/2025-11.toml`",
    },
    Odd {
        make: &|here, _| replaced(here, "who = [\n"),
        says: "is no receipt that can be read, so it does not tell who has the issue",
        advice: "`git log -p -- receipts/2025-11.toml` shows who changed it",
    },
    Odd {
        make: &|here, _| replaced(here, [0xff, 0xfe, 0, 1]),
        says: "is no receipt that can be read, so",
        advice: "ut the last whole version back",
    },
    Odd {
        make: &|here, _| replaced(here, ""),
        says: "is no receipt that can be read, so",
        advice: "ut the last whole version back",
    },
    Odd {
        make: &|here, text| {
            replaced(here, format!("<<<<<<< HEAD\n{text}=======\nx = [\n>>>>>>> b\n"));
        },
        says: "has a conflict in it that git has left, and its sides are not whole receipts, so",
        advice: "`git checkout --theirs -- receipts/2025-11.toml` take one side each",
    },
    Odd {
        make: &|here, text| replaced(here, format!("{text}=======\n")),
        says: "has a conflict in it that git has left, and its sides are not whole receipts, so",
        advice: "Take the one that tells of a send which this ledger does not know",
    },
    Odd {
        make: &|here, _| {
            let _ = std::fs::create_dir(here.path("receipts"));
            linked(here, RECEIPT);
        },
        says: "receipts/2025-11.toml is a link, so it does not tell who has the issue",
        advice: "`git log -- receipts/2025-11.toml` shows who put that there",
    },
    Odd {
        make: &|here, _| {
            let _ = std::fs::remove_file(here.path(RECEIPT));
            std::fs::create_dir_all(here.path(RECEIPT)).expect("made");
        },
        says: "receipts/2025-11.toml is not a file, so it does not tell who has the issue",
        advice: "`git log -- receipts/2025-11.toml` shows who put that there",
    },
    Odd {
        make: &|here, _| replaced(here, "#".repeat(70_000)),
        says: "receipts/2025-11.toml is larger than any receipt, so",
        advice: "`git log -- receipts/2025-11.toml` shows who put that there",
    },
];

/// What no receipt may be told: untrue words, and advice that loses what it says.
const NEVER: [&str; 6] = [
    "has no record of that",
    "still says that",
    "or remove it",
    "cannot be read, and",
    "says that the issue",
    "stays as it is, because it cannot be read",
];

#[cfg(unix)]
#[test]
fn each_receipt_that_tells_nothing_is_told_as_it_is_beside_whatever_ledger() {
    if only_files("copies of the file") {
        return;
    }
    let (sent, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&sent, &relay, &[]).code, 0);
    let receipt = sent.read(RECEIPT);
    for Odd { make, says, advice } in ODD {
        for knows_people in [false, true] {
            let here = with_readers(3);
            std::fs::copy(sent.path(SECRET), here.path(SECRET)).expect("copied");
            if knows_people {
                std::fs::copy(sent.path("digest.db"), here.path("digest.db")).expect("copied");
            }
            make(&here, &receipt);
            let open = Relay::new();
            let told = send(&here, &open, &[]);
            assert_eq!(told.code, 3, "{knows_people} {says}: {told:?}");
            let knows = if knows_people {
                "this ledger knows of 2 people who have it or may have it"
            } else {
                "there is no ledger here that knows of a send"
            };
            for words in [says, knows, advice] {
                assert!(told.stderr.contains(words), "{words:?}: {}", told.stderr);
            }
            // Where it asks, the ledger that is here is not to be written over.
            let bring = told.stderr.contains("ring the ledger here");
            assert_eq!(bring, !knows_people, "{}", told.stderr);
            for words in NEVER {
                assert!(!told.stderr.contains(words), "{words:?} in {}", told.stderr);
            }
            let plan = here.run(&["plan", "2025-11"]);
            assert!(plan.stderr.contains(says), "{}", plan.stderr);
            // For one person the text stays, and that is told once.
            let to = ["--despite-receipt", "--despite-copy", "--to", "r003@x.example"];
            let one = send(&here, &open, &to);
            assert_eq!(one.code, 0, "{one:?}");
            let stays = "stays as it is: it ";
            assert_eq!(one.stderr.matches(stays).count(), 1, "{}", one.stderr);
            for words in NEVER.iter().chain(&["cannot be written: receipts"]) {
                assert!(!one.stderr.contains(words), "{words:?} in {}", one.stderr);
            }
        }
    }
}

/// What has the name of a receipt or begins with it, and what it says or where it leads.
#[cfg(unix)]
fn receipts_of(here: &Publication) -> Vec<(String, Option<Vec<u8>>)> {
    let entries = std::fs::read_dir(here.path("receipts")).expect("a folder");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path())).expect("an entry");
        let text = match std::fs::read_link(&path) {
            Ok(target) => Some(target.into_os_string().into_encoded_bytes()),
            Err(_) => std::fs::read(&path).ok(),
        };
        (name.into_string().expect("a name"), text)
    };
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}

/// What a copy of the folder has: neither the ledger nor what lies beside it.
#[cfg(unix)]
fn as_copied(here: &Publication) {
    for file in here.files().iter().filter(|file| file.starts_with("digest.db")) {
        std::fs::remove_file(here.path(file)).expect("removed");
    }
}

/// One kind of what is no receipt, where the relay is down.
#[cfg(unix)]
fn stays_where_the_relay_is_down(sent: &Publication, receipt: &str, odd: &Odd, down: &[&str]) {
    let Odd { make, says, .. } = odd;
    let here = with_readers(3);
    std::fs::copy(sent.path(SECRET), here.path(SECRET)).expect("copied");
    make(&here, receipt);
    let before = receipts_of(&here);
    for _ in 0..2 {
        let told = here.run(down);
        assert_eq!((told.code, receipts_of(&here)), (1, before.clone()), "{says}: {told:?}");
        let is_folder = here.path(RECEIPT).is_dir();
        let words = "receipts/2025-11.toml is again what stood there before it";
        assert_eq!(told.stderr.contains(words), !is_folder, "{}", told.stderr);
    }
    as_copied(&here);
    let open = Relay::new();
    let told = send(&here, &open, &[]);
    assert_eq!((told.code, open.counts().connections), (3, 0), "{says}: {told:?}");
    assert!(told.stderr.contains(*says), "no {says:?} in {}", told.stderr);
    // A sender that was killed had set it aside, and had not written its own word.
    if here.path(RECEIPT).is_dir() {
        return;
    }
    let aside = here.path("receipts/2025-11.toml.unread.2");
    std::fs::rename(here.path(RECEIPT), aside).expect("moved");
    let told = send(&here, &open, &[]);
    assert_eq!((told.code, open.counts().connections), (3, 0), "{says}: {told:?}");
    for words in ["receipts/2025-11.toml.unread.2 ", "stood in the place of receipts/2025-11"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(here.run(&["status"]).stdout.contains("2025-11.toml.unread.2 "));
    let here = here.remove(SECRET);
    let told = here.run(&["send", "2025-11", "--yes", "--despite-receipt"]);
    assert!(told.code == 3 && told.stderr.contains(".digest-secret is missing"), "{told:?}");
}

/// A relay that is down makes no word of a receipt go.
#[cfg(unix)]
#[test]
fn a_send_that_reaches_nobody_leaves_what_stood_there_and_a_copy_asks_again() {
    if only_files("the file is taken away") {
        return;
    }
    let (sent, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&sent, &relay, &[]).code, 0);
    let receipt = sent.read(RECEIPT);
    let down = ["send", "2025-11", "--yes", "--despite-receipt", "--relay", "smtp://127.0.0.1:1"];
    // A relay that is down is waited for, several times.
    let (sent, receipt, down) = (&sent, &receipt, &down);
    std::thread::scope(|scope| {
        for odd in &ODD {
            scope.spawn(move || stays_where_the_relay_is_down(sent, receipt, odd, down));
        }
    });
    // A note beside zeros, which ask nothing, is somebody's text too.
    let zeros = receipt.replace("check = ", "# ").replace(" = 2\n", " = 0\n");
    let here = with_readers(3).write(RECEIPT, &zeros);
    assert_eq!(here.run(down).code, 1);
    assert_eq!(receipts_of(&here), [("2025-11.toml".to_owned(), Some(zeros.into_bytes()))]);
}

/// What this send has set aside comes back, and not what lay there from before.
#[test]
fn a_send_that_reaches_nobody_gives_back_what_it_has_set_aside_or_says_that_it_could_not() {
    let line = ["send", "2025-11", "--yes", "--despite-receipt", "--new-secret", "--relay"];
    let here = with_readers(3).write(&format!("{RECEIPT}.unread.2"), "older");
    let here = here.write(RECEIPT, "newest");
    let told = here.run(&[&line[..], &["smtp://127.0.0.1:1"]].concat());
    assert_eq!((told.code, here.read(RECEIPT)), (1, "newest".to_owned()), "{told:?}");
    assert_eq!(here.read(&format!("{RECEIPT}.unread.2")), "older");
    // What it has set aside is gone when it ends.
    let silent = Script::new().rule(At::Rcpt, When::Always, Do::Stall);
    let relay = Relay::scripted(silent);
    let running = here.start(&[&line[..], &[&relay.url()]].concat());
    running.says("kept as receipts/2025-11.toml.unread.3");
    let begun = || here.read(RECEIPT).contains("\"begun\"") && relay.counts().connections > 0;
    assert!(crate::harness::running::wait_until(std::time::Duration::from_secs(20), begun));
    let aside = here.path(&format!("{RECEIPT}.unread.3"));
    std::fs::remove_file(&aside).expect("set aside");
    std::fs::create_dir(&aside).expect("made");
    running.signal("INT");
    let told = running.wait();
    assert!(told.code == 130 && here.read(RECEIPT).contains("\"begun\""), "{told:?}");
    assert!(!told.stderr.contains("is again what stood there before"), "{told:?}");
    let words = "this send is not in its receipt: receipts/2025-11.toml cannot be written: ";
    assert!(told.stderr.contains(words), "{told:?}");
    assert!(told.stderr.contains("still says that a send began"), "{told:?}");
}

/// Both sides of the conflict are whole receipts, and somebody has written into one.
#[test]
fn what_somebody_has_written_into_a_conflict_is_kept() {
    if only_files("copies of the file") {
        return;
    }
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let own = here.read(RECEIPT);
    let there = with_readers(3);
    assert_eq!(send(&there, &relay, &[]).code, 0);
    let other = there.read(RECEIPT);
    let by_hand = format!("{other}by_hand = 40\n");
    let note = format!("# Kim sent it to 40 people by hand\n{other}");
    let plain = format!("<<<<<<< HEAD\n{own}=======\n{other}>>>>>>> b\n");
    for (text, is_kept) in [
        (plain.clone(), false),
        (plain.replace('\n', "\r\n"), false),
        (format!("<<<<<<< HEAD\n{own}||||||| a\n{own}=======\n{other}>>>>>>> b\n"), false),
        (format!("<<<<<<< HEAD\n{own}=======\n{by_hand}>>>>>>> b\n"), true),
        (format!("<<<<<<< HEAD\n{note}=======\n{own}>>>>>>> b\n"), true),
        (format!("{plain}# Kim sent it to 40 people by hand\n"), true),
        (format!("<<<<<<< HEAD\n{own}||||||| a\n{note}=======\n{other}>>>>>>> b\n"), true),
    ] {
        let (mine, open) = (with_readers(4), Relay::new());
        for file in ["digest.db", SECRET] {
            std::fs::copy(here.path(file), mine.path(file)).expect("copied");
        }
        replaced(&mine, &text);
        let told = send(&mine, &open, &["--despite-receipt", "--despite-copy"]);
        assert_eq!((told.code, open.counts().accepted), (0, 2), "{told:?}");
        let unread = format!("{RECEIPT}.unread");
        assert_eq!(mine.exists(&unread), is_kept, "{text}\n{told:?}");
        if is_kept {
            assert_eq!(mine.read(&unread), text);
            assert!(told.stderr.contains("is kept as receipts/2025-11.toml.unread"), "{told:?}");
        }
        let receipt = mine.read(RECEIPT);
        assert!(receipt.contains("accepted = 4") && receipt.contains("accepted = 3"), "{receipt}");
    }
    // A byte that is no UTF-8 is kept as it is.
    let mine = with_readers(3);
    for file in ["digest.db", SECRET] {
        std::fs::copy(here.path(file), mine.path(file)).expect("copied");
    }
    let odd = [own.as_bytes(), b"# Z\xfcrich\n"].concat();
    replaced(&mine, &odd);
    assert_eq!(send(&mine, &Relay::new(), &["--despite-copy"]).code, 0);
    assert_eq!(std::fs::read(mine.path(&format!("{RECEIPT}.unread"))).expect("kept"), odd);
}

/// What stands in the place of a receipt and cannot be written over is told once.
#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_written_is_told_once_in_a_send() {
    type Making<'a> = &'a dyn Fn(&Publication);
    let odd: [(&str, Making); 2] = [
        ("no receipt: receipts/2025-11.toml cannot be written", &|here| {
            std::fs::create_dir_all(here.path(RECEIPT)).expect("made");
        }),
        ("no receipt: receipts is a link. Only the ledger here knows", &|here| {
            linked(here, "receipts");
        }),
    ];
    for (words, make) in odd {
        let (here, relay) = (with_readers(2), Relay::new());
        make(&here);
        let told = send(&here, &relay, &["--despite-receipt", "--new-secret"]);
        assert_eq!((told.code, told.stderr.matches(words).count()), (0, 1), "{told:?}");
        assert!(told.stderr.contains("cannot tell that the issue was sent"), "{told:?}");
        assert!(!told.stderr.contains("nothing would ask"), "it asks: {told:?}");
    }
}

/// Whoever has edited a receipt finds the text again, also where this ledger wrote the receipt.
#[test]
fn what_somebody_has_written_into_a_receipt_is_kept_beside_it_and_told() {
    type Editing<'a> = &'a dyn Fn(&str) -> String;
    let edits: [(&str, Editing, &[&str]); 4] = [
        ("a note", &|text| format!("{text}# Kim has it from me\n"), &[]),
        ("a number", &|text| text.replace("refused = 0", "refused = 1"), &["--despite-receipt"]),
        (
            "a number without its check",
            &|text| {
                let lines = text.lines().filter(|line| !line.starts_with("check"));
                lines
                    .map(|line| format!("{line}\n"))
                    .collect::<String>()
                    .replace("refused = 0", "refused = 1")
            },
            &[],
        ),
        ("a key", &|text| text.replace("[recipients]", "who = \"Kim\"\n\n[recipients]"), &[]),
    ];
    for (what, edit, more) in edits {
        let (here, relay) = (with_readers(2), Relay::new());
        assert_eq!(send(&here, &relay, &[]).code, 0);
        let edited = edit(&here.read(RECEIPT));
        let here = here.write(RECEIPT, &edited).write(LIST, list(3));
        if !more.is_empty() {
            assert_eq!(send(&here, &relay, &[]).code, 3, "{what}");
        }
        let told = send(&here, &relay, more);
        assert_eq!(told.code, 0, "{what}: {told:?}");
        let words = "what stood there is kept as receipts/2025-11.toml.unread";
        assert_eq!(told.stderr.matches(words).count(), 1, "{what}: {}", told.stderr);
        assert_eq!(here.read(&format!("{RECEIPT}.unread")), edited, "{what}");
        assert!(here.read(RECEIPT).contains("accepted = 3"), "{what}");
    }
    // What nobody can read is moved, and not written over.
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let large = "# who\n".repeat(12_000);
    let here = here.write(RECEIPT, &large).write(LIST, list(3));
    let told = send(&here, &relay, &["--despite-receipt"]);
    assert!(told.code == 0 && told.stderr.contains("is kept as receipts/2025-11"), "{told:?}");
    assert_eq!(here.read(&format!("{RECEIPT}.unread")), large);
    // Its own receipt, as it was written or with the line ends of Windows, is nobody's edit.
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let windows = here.read(RECEIPT).replace('\n', "\r\n");
    for (count, text) in [(3, None), (4, Some(windows))] {
        if let Some(text) = text {
            std::fs::write(here.path(RECEIPT), text).expect("written");
        }
        std::fs::write(here.path(LIST), list(count)).expect("written");
        let told = send(&here, &relay, &[]);
        assert!(told.code == 0 && !told.stderr.contains("unread"), "{told:?}");
    }
    assert!(!here.exists(&format!("{RECEIPT}.unread")));
}

/// A ledger that is here is not to be written over by another one.
#[test]
fn no_advice_brings_a_ledger_over_the_one_that_is_here() {
    let (there, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&there, &relay, &[]).code, 0);
    let (here, first) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let here = here.write(RECEIPT, there.read(RECEIPT)).write(LIST, list(3));
    let here = here.write("receipts/2025-10.toml", there.read(RECEIPT));
    for told in [send(&here, &first, &[]), here.run(&["status", "2025-10"])] {
        assert_ne!(told.code, 0);
        assert!(
            told.stderr.contains("do not copy it over the one here")
                || told.stderr.contains("Do not copy it over the one here"),
            "{}",
            told.stderr
        );
        assert!(!told.stderr.contains("ring the ledger here"), "{}", told.stderr);
    }
    // The ledger is here, and its secret is not.
    let here = here.write(RECEIPT, "").remove(RECEIPT).remove(SECRET);
    let told = send(&here, &first, &[]);
    assert!(told.code == 3 && told.stderr.contains("opy .digest-secret here"), "{told:?}");
    assert!(!told.stderr.contains("and digest.db with the files"), "{}", told.stderr);
}
