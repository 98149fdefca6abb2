//! A receipt: what became of an issue, in numbers and without addresses, in a small file that is made
//! to be committed. A copy of the publication that lacks the ledger reads in it that the issue was
//! sent. It is written when a send begins, so that one that is killed leaves it too, and again when
//! the send ends.
//!
//! What a receipt says is believed for one purpose, to ask before an issue is sent a second time.
//! Must never be taken for the ledger, and no text of it is shown, only numbers, times and the hash:
//! anybody may propose one. Whoever is asked is told that it may be forged or damaged.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::ledger::overview::Counts;
use crate::crypto;
use crate::diagnostic::Source;
use crate::manifest::{self, Table};

/// A larger file is none of ours.
const MAX_BYTES: u64 = 4_096;

/// Beside `digest.toml`.
const FOLDER: &str = "receipts";

/// Of the name of a run: enough that no two runs have the same.
const RUN_BYTES: usize = 16;

const HEAD: &str = "\
# What became of this issue when it was sent. It holds no addresses; commit it: a copy of this folder
# that lacks the ledger then asks before it sends the issue a second time.
";

const BEGUN_HEAD: &str = "\
# A send of this issue has begun, and this file is written again when it ends. It holds no addresses;
# a copy of this folder that lacks the ledger asks before it sends the issue a second time.
";

/// See the file's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the last recipients got, 64 hexadecimal digits.
    pub content_hash: String,
    /// Which issue of the newsletter it is.
    pub number: Option<i64>,
    /// The day that the issue is dated.
    pub date: Option<Date>,
    /// When the first recipient was settled, or when the send began that is not over.
    pub begin: Timestamp,
    /// How far the send was when this was written.
    pub phase: ReceiptPhase,
    /// What became of the recipients.
    pub counts: Counts,
}

/// How far a send was when its receipt was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptPhase {
    /// No message had left. Where the receipt stays so, the sender was killed.
    Begun {
        /// Names the run, as [`run_name`] does: its ledger knows it.
        run: String,
    },
    /// It was over.
    Over {
        /// When the last recipient was settled.
        end: Timestamp,
    },
}

/// What a ledger knows of the sends of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownSends {
    /// People who were attempted.
    pub attempted: u64,
    /// The runs, as [`run_name`] names them.
    pub runs: Vec<String>,
}

/// What a receipt says, or why it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptFound {
    /// It says this.
    Read(Receipt),
    /// Its file cannot be read.
    Unreadable,
    /// The folder of all receipts cannot be looked into.
    Folder(FolderFault),
}

/// Why nobody can tell what lies in the folder of receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderFault {
    /// It is a link, which may lead anywhere.
    Link,
    /// It is a file, or a pipe.
    NoFolder,
    /// The system does not let us.
    Closed,
}

/// A receipt that knows more people than the ledger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlreadySent {
    /// The receipt's file, or the folder that cannot be looked into.
    pub path: PathBuf,
    /// What it says.
    pub found: ReceiptFound,
    /// People of the issue who were attempted, as far as the ledger knows.
    pub known: u64,
}

/// A receipt that lies in its folder, whoever put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingReceipt {
    /// The issue, by the file's name.
    pub issue: String,
    /// The file.
    pub path: PathBuf,
    /// What it says; `None` where it cannot be read.
    pub receipt: Option<Receipt>,
}

/// Where the receipt of an issue is; `root` is the publication's folder.
pub fn place(root: &Path, issue: &str) -> PathBuf {
    root.join(FOLDER).join(format!("{issue}.toml"))
}

/// What names a run in a receipt: it cannot be turned back into the `token` of the run, which names
/// it in its journal.
pub fn run_name(token: &str) -> String {
    let hash = crypto::sha256([&b"run "[..], token.as_bytes()]);
    data_encoding::HEXLOWER.encode(&hash[..RUN_BYTES])
}

/// The receipts of a publication, by the names of their issues. A folder that is a link has none,
/// and a name that could do something to a terminal is none of ours.
pub fn standing(root: &Path) -> Vec<StandingReceipt> {
    let folder = root.join(FOLDER);
    if fault(&folder).is_some() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let issue = name.strip_suffix(".toml")?;
        let ours = !issue.is_empty() && !issue.chars().any(char::is_control);
        ours.then(|| issue.to_owned())
    });
    let mut issues: Vec<String> = named.collect();
    issues.sort_unstable();
    let read = |issue: String| {
        let path = place(root, &issue);
        StandingReceipt { receipt: read(&path).ok(), issue, path }
    };
    issues.into_iter().map(read).collect()
}

/// What may show that mail of any issue was sent, and where it is. A receipt of zeros shows nothing.
pub fn of_any_send(root: &Path) -> Option<(PathBuf, ReceiptFound)> {
    let folder = root.join(FOLDER);
    if let Some(fault) = fault(&folder) {
        return Some((folder, ReceiptFound::Folder(fault)));
    }
    standing(root).into_iter().find_map(|one| match one.receipt {
        Some(receipt) if receipt.reached() == 0 => None,
        Some(receipt) => Some((one.path, ReceiptFound::Read(receipt))),
        None => Some((one.path, ReceiptFound::Unreadable)),
    })
}

/// Whether something may be at the place of a receipt, whatever it is.
pub fn may_stand(path: &Path) -> bool {
    let is_absent = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
    path.parent().is_some_and(|folder| fault(folder).is_some())
        || !fs::symlink_metadata(path).is_err_and(is_absent)
}

/// What is wrong with a folder of receipts; nothing where there is none.
fn fault(folder: &Path) -> Option<FolderFault> {
    let metadata = match fs::symlink_metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return Some(FolderFault::Closed),
    };
    if metadata.is_symlink() {
        return Some(FolderFault::Link);
    }
    if !metadata.is_dir() {
        return Some(FolderFault::NoFolder);
    }
    fs::read_dir(folder).is_err().then_some(FolderFault::Closed)
}

impl StandingReceipt {
    /// What it knows beyond a ledger that knows so much of the issue.
    pub fn beyond(self, known: &KnownSends) -> Option<AlreadySent> {
        let knows_more = match &self.receipt {
            Some(receipt) => receipt.reached() > known.attempted && !receipt.is_of(known),
            None => known.attempted == 0,
        };
        let found = self.receipt.map_or(ReceiptFound::Unreadable, ReceiptFound::Read);
        let (path, known) = (self.path, known.attempted);
        knows_more.then_some(AlreadySent { path, found, known })
    }
}

impl AlreadySent {
    /// Compares the receipt at `path` with a ledger that knows so much of the issue.
    pub fn found(path: &Path, known: &KnownSends) -> Option<AlreadySent> {
        let folder = path.parent().unwrap_or(Path::new("."));
        if let Some(fault) = fault(folder) {
            let (path, found) = (folder.to_owned(), ReceiptFound::Folder(fault));
            let (nobody, known) = (known.attempted == 0, known.attempted);
            return nobody.then_some(AlreadySent { path, found, known });
        }
        if !may_stand(path) {
            return None;
        }
        let (issue, path) = (String::new(), path.to_owned());
        StandingReceipt { issue, receipt: read(&path).ok(), path }.beyond(known)
    }
}

impl Receipt {
    /// How many have the issue, or may have it. Of a send whose end is not recorded that is everybody
    /// who was not refused before.
    pub fn reached(&self) -> u64 {
        let Counts { accepted, uncertain, pending, deferred, .. } = self.counts;
        let sent = accepted.saturating_add(uncertain);
        match self.phase {
            ReceiptPhase::Begun { .. } => sent.saturating_add(pending).saturating_add(deferred),
            ReceiptPhase::Over { .. } => sent,
        }
    }

    /// Whether a ledger knows the send that had begun: then it knows what became of it, too.
    pub fn is_of(&self, known: &KnownSends) -> bool {
        matches!(&self.phase, ReceiptPhase::Begun { run } if known.runs.contains(run))
    }

    /// As it stands in its file.
    pub fn to_toml(&self) -> String {
        let time = |time: Timestamp| time.strftime("%FT%TZ").to_string();
        let Receipt { content_hash, number, date, begin, phase, counts } = self;
        let begin = time(*begin);
        let number = number.map_or(String::new(), |number| format!("number = {number}\n"));
        let date = date.map_or(String::new(), |date| format!("date = \"{date}\"\n"));
        let send = match phase {
            ReceiptPhase::Begun { run } => {
                format!(
                    "{BEGUN_HEAD}state = \"begun\"\ncontent_hash = \"{content_hash}\"\n\
                     begin = \"{begin}\"\nrun = \"{run}\"\n"
                )
            }
            ReceiptPhase::Over { end } => format!(
                "{HEAD}content_hash = \"{content_hash}\"\nbegin = \"{begin}\"\nend = \"{}\"\n",
                time(*end)
            ),
        };
        format!(
            "{send}{number}{date}\n[recipients]\nplanned = {}\naccepted = {}\nrefused = {}\ndeferred = {}\n\
             uncertain = {}\nsuppressed = {}\npending = {}\n",
            counts.planned,
            counts.accepted,
            counts.refused,
            counts.deferred,
            counts.uncertain,
            counts.suppressed,
            counts.pending,
        )
    }

    /// Writes it to its place, whole or not at all; `false` where it stands there already.
    ///
    /// # Errors
    /// The system's; and a folder that is none, or a link, which may lead anywhere.
    pub fn write(&self, path: &Path) -> io::Result<bool> {
        let text = self.to_toml();
        let folder = path.parent().unwrap_or(Path::new("."));
        let what = match fault(folder) {
            Some(FolderFault::Link) => Some("is a link"),
            Some(FolderFault::NoFolder) => Some("is not a folder"),
            Some(FolderFault::Closed) | None => None,
        };
        if let Some(what) = what {
            return Err(io::Error::other(format!("{} {what}", folder.display())));
        }
        // A pipe in its place would be waited for without an end, and a huge file read whole.
        let may_be_the_same = fs::symlink_metadata(path)
            .is_ok_and(|there| there.is_file() && there.len() == text.len() as u64);
        if may_be_the_same && fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(false);
        }
        make_folder(folder)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.draft", std::process::id()));
        let draft = folder.join(name);
        // A sender with the same number, as in a container, may have been killed here.
        let _ = fs::remove_file(&draft);
        let written = fs::File::create_new(&draft).and_then(|mut file| {
            #[cfg(unix)]
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            // The new name, too, is to stand after a loss of power.
            #[cfg(unix)]
            let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
            Ok(())
        });
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written.map(|()| true)
    }
}

/// Removes the receipt of a send that had begun and has reached nobody, if the ledger knows that
/// send; and the folder, if nothing else is in it. What another ledger wrote stays.
pub fn withdraw(path: &Path, known: &KnownSends) {
    let folder = path.parent().unwrap_or(Path::new("."));
    if fault(folder).is_none() && read(path).is_ok_and(|receipt| receipt.is_of(known)) {
        // Where that fails, the receipt asks in a clone once more than it has to.
        let _ = fs::remove_file(path);
        let _ = fs::remove_dir(folder);
    }
}

/// A receipt is there for all who read the publication, and for its owner alone to write.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

/// Reads a receipt.
fn read(path: &Path) -> Result<Receipt, NoReceipt> {
    let metadata = fs::symlink_metadata(path).map_err(|_| NoReceipt)?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(NoReceipt);
    }
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|_| NoReceipt)?;
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|_| NoReceipt)?;
    parse(&text).ok_or(NoReceipt)
}

/// It is not there, or says something else.
#[derive(Debug)]
struct NoReceipt;

fn parse(text: &str) -> Option<Receipt> {
    let source = Source::new("receipt", text);
    let mut problems = Vec::new();
    let value = manifest::toml(&source, 0..text.len(), &mut problems);
    let mut table = Table::new(&source, "receipt", value);
    let content_hash = table.text("content_hash")?.value;
    let is_hash = content_hash.len() == 64 && content_hash.bytes().all(|b| b.is_ascii_hexdigit());
    let time = |table: &mut Table, key| table.text(key)?.value.parse::<Timestamp>().ok();
    let begin = time(&mut table, "begin")?;
    let (number, date) = (table.integer("number", 0..1_000_000), table.date("date"));
    let phase = match table.text("state") {
        None => ReceiptPhase::Over { end: time(&mut table, "end")? },
        Some(state) if state.value == "begun" => {
            ReceiptPhase::Begun { run: table.text("run")?.value }
        }
        Some(_) => return None,
    };
    let mut recipients = table.table("recipients");
    let mut count = |key| recipients.integer(key, 0..i64::MAX).map(i64::unsigned_abs);
    let counts = Counts {
        planned: count("planned")?,
        accepted: count("accepted")?,
        refused: count("refused")?,
        deferred: count("deferred")?,
        uncertain: count("uncertain")?,
        suppressed: count("suppressed")?,
        pending: count("pending")?,
    };
    is_hash.then_some(Receipt { content_hash, number, date, begin, phase, counts })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receipt() -> Receipt {
        let time = |text: &str| text.parse().unwrap();
        Receipt {
            content_hash: "0123456789abcdef".repeat(4),
            number: Some(1),
            date: Some("2025-11-06".parse().unwrap()),
            begin: time("2025-11-06T14:00:00Z"),
            phase: ReceiptPhase::Over { end: time("2025-11-06T14:02:11Z") },
            counts: Counts {
                planned: 12,
                accepted: 10,
                uncertain: 1,
                refused: 1,
                ..Counts::default()
            },
        }
    }

    #[test]
    fn a_receipt_reads_back_and_names_nobody() {
        let text = receipt().to_toml();
        assert_eq!(parse(&text), Some(receipt()));
        assert!(!text.contains('@'), "{text}");
    }

    fn of_people(attempted: u64) -> KnownSends {
        KnownSends { attempted, runs: Vec::new() }
    }

    #[test]
    fn it_asks_where_the_ledger_knows_fewer_people_than_the_receipt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipts/x.toml");
        assert_eq!(AlreadySent::found(&path, &of_people(0)), None);
        assert!(receipt().write(&path).unwrap());
        assert!(!receipt().write(&path).unwrap(), "it stands there");
        for (known, asks) in [(0, true), (10, true), (11, false), (12, false)] {
            let found = AlreadySent::found(&path, &of_people(known));
            assert_eq!(found.is_some(), asks, "{known}");
        }
        assert_eq!(fs::read_dir(dir.path().join("receipts")).unwrap().count(), 1, "no draft stays");
    }

    #[test]
    fn a_send_that_had_begun_is_asked_about_where_the_ledger_does_not_know_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipts/x.toml");
        let run = run_name("0123456789abcdef");
        let begun = Receipt {
            phase: ReceiptPhase::Begun { run: run.clone() },
            counts: Counts { planned: 8, pending: 5, deferred: 1, refused: 2, ..Counts::default() },
            ..receipt()
        };
        assert_eq!(parse(&begun.to_toml()), Some(begun.clone()));
        begun.write(&path).unwrap();
        for (known, asks) in [(0, true), (5, true), (6, false)] {
            let found = AlreadySent::found(&path, &of_people(known));
            assert_eq!(found.is_some(), asks, "{known}");
        }
        let known = KnownSends { attempted: 0, runs: vec![run] };
        assert_eq!(AlreadySent::found(&path, &known), None, "this ledger knows who has it");
        withdraw(&path, &of_people(9));
        assert!(path.is_file(), "another ledger wrote it");
        receipt().write(&path).unwrap();
        withdraw(&path, &known);
        assert!(path.is_file(), "the send is over");
        begun.write(&path).unwrap();
        withdraw(&path, &known);
        assert!(!dir.path().join("receipts").exists());
    }

    #[test]
    fn a_receipt_of_zeros_shows_no_send() {
        let dir = tempfile::tempdir().unwrap();
        let (zeros, path) = (Receipt { counts: Counts::default(), ..receipt() }, dir.path());
        assert_eq!(of_any_send(path), None);
        zeros.write(&place(path, "a")).unwrap();
        assert_eq!(of_any_send(path), None);
        receipt().write(&place(path, "b")).unwrap();
        let shown = (place(path, "b"), ReceiptFound::Read(receipt()));
        assert_eq!(of_any_send(path), Some(shown));
        fs::write(place(path, "a"), "").unwrap();
        assert_eq!(of_any_send(path), Some((place(path, "a"), ReceiptFound::Unreadable)));
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
            let sent = AlreadySent::found(&path, &of_people(0)).unwrap();
            let unreadable = ReceiptFound::Unreadable;
            assert_eq!(sent.found, unreadable, "{:?}", &text[..text.len().min(60)]);
            assert_eq!(AlreadySent::found(&path, &of_people(1)), None, "the ledger knows better");
        }
        let many = receipt().to_toml().replace("accepted = 10", "accepted = 9223372036854775806");
        fs::write(&path, many).unwrap();
        let sent = AlreadySent::found(&path, &of_people(12)).unwrap();
        assert!(matches!(sent.found, ReceiptFound::Read(_)));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        symlink("/dev/zero", path("x.toml")).unwrap();
        let sent = AlreadySent::found(&path("x.toml"), &of_people(0)).unwrap();
        assert_eq!(sent.found, ReceiptFound::Unreadable);
        fs::write(path("kept"), "kept").unwrap();
        symlink(path("kept"), path("y.toml")).unwrap();
        receipt().write(&path("y.toml")).unwrap();
        assert_eq!(fs::read_to_string(path("kept")).unwrap(), "kept");
        assert_eq!(fs::read_to_string(path("y.toml")).unwrap(), receipt().to_toml());
        fs::create_dir(path("elsewhere")).unwrap();
        symlink(path("elsewhere"), path("receipts")).unwrap();
        assert!(receipt().write(&path("receipts/x.toml")).is_err());
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
            let sent = AlreadySent::found(&path, &of_people(0)).unwrap();
            assert_eq!((&sent.path, &sent.found), (&folder, &found));
            assert_eq!(AlreadySent::found(&path, &of_people(1)), None, "the ledger knows better");
            assert_eq!(of_any_send(dir.path()), Some((folder.clone(), found)));
            assert!(may_stand(&path) && standing(dir.path()).is_empty());
            assert!(receipt().write(&path).is_err());
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
        assert!(receipt().write(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), receipt().to_toml());
    }

    proptest! {
        #[test]
        fn no_text_ends_the_program(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }
    }
}
