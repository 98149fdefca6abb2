//! A receipt: what became of an issue, in numbers and without addresses, in a small file that is made
//! to be committed. A copy of the publication that lacks the ledger reads in it that the issue was
//! sent. It is written when a send begins, so that one that is killed leaves it too, and again when
//! the send ends.
//!
//! What a receipt says is believed for one purpose, to ask before an issue is sent a second time.
//! Must never be taken for the ledger, and no text of it is shown, only numbers, times and the hash:
//! anybody may propose one. Whoever is asked is told that it may be forged or damaged.

mod file;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::ledger::overview::Counts;
use crate::crypto;

pub use file::has_conflict;
use file::read;

/// Beside `digest.toml`.
const FOLDER: &str = "receipts";

/// Of the name of a run or a ledger: enough that no two have the same.
const NAME_BYTES: usize = 16;

/// What one ledger says of an issue, and in `others` what other ledgers said before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The ledger, as [`ledger_name`] names it; none in receipts of an older version.
    pub ledger: Option<String>,
    /// The last run, as [`run_name`] names it: its ledger knows it.
    pub run: Option<String>,
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
    /// How many have the issue, may have it, or may have had it once: more than the counts tell where
    /// somebody was sent to once more, and put off or refused.
    pub had: u64,
    /// What other ledgers said; these have no others.
    pub others: Vec<Receipt>,
}

/// How far a send was when its receipt was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptPhase {
    /// No message had left. Where the receipt stays so, the sender was killed.
    Begun,
    /// It was over.
    Over {
        /// When the last recipient was settled.
        end: Timestamp,
    },
}

/// What a ledger knows of the sends of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownSends {
    /// The issue.
    pub issue: String,
    /// The ledger, as [`ledger_name`] names it.
    pub ledger: String,
    /// People who have the issue, may have it, or may have had it once.
    pub reached: u64,
    /// All runs of the ledger, also of other issues; the last one last.
    pub runs: Vec<NamedRun>,
    /// What a person has said yes to.
    pub agreed: Vec<AgreedReceipt>,
}

/// A run, as receipts name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRun {
    /// By [`run_name`].
    pub name: String,
    /// Its issue.
    pub issue: String,
    /// Whether the ledger knows what became of it. A copy of the ledger that was made while the run
    /// went on knows the run, and not what became of it.
    pub is_settled: bool,
}

/// A receipt, as far as a ledger remembers that a person has said to send in spite of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedReceipt {
    /// Empty where the receipt names none.
    pub ledger: String,
    /// Empty where the receipt names none.
    pub run: String,
    /// How many people it named.
    pub reached: u64,
}

/// Whose send a receipt tells of that a ledger does not know enough of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentBy {
    /// Another ledger's.
    Another,
    /// One of this ledger, which is an older copy, or one that was made while the send went on.
    Copied,
    /// One that this ledger knows under this other name of the issue.
    Renamed(String),
    /// Nobody can tell: an older version wrote it, or it cannot be read.
    Unknown,
}

/// What a receipt says, or why it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptFound {
    /// It says this.
    Read(Box<Receipt>),
    /// Its file cannot be read.
    Unreadable,
    /// Git has left the marks of a conflict in it, and between them nothing that can be read.
    Conflict,
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

/// A receipt of people whom the ledger does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlreadySent {
    /// The receipt's file, or the folder that cannot be looked into.
    pub path: PathBuf,
    /// What it says.
    pub found: ReceiptFound,
    /// People who have the issue, or may have it, as far as the ledger knows.
    pub known: u64,
    /// Whose send it was.
    pub by: SentBy,
    /// All that has to be agreed to.
    pub all: Vec<Receipt>,
}

/// A receipt that lies in its folder, whoever put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingReceipt {
    /// The issue, by the file's name.
    pub issue: String,
    /// The file.
    pub path: PathBuf,
    /// What it says, or why it says nothing.
    pub found: ReceiptFound,
}

/// Where the receipt of an issue is; `root` is the publication's folder.
pub fn place(root: &Path, issue: &str) -> PathBuf {
    root.join(FOLDER).join(format!("{issue}.toml"))
}

/// What names a run in a receipt: it cannot be turned back into the `token` of the run, which names
/// it in its journal.
pub fn run_name(token: &str) -> String {
    name("run ", token)
}

/// What names a ledger in a receipt, likewise.
pub fn ledger_name(token: &str) -> String {
    name("ledger ", token)
}

fn name(kind: &str, token: &str) -> String {
    let hash = crypto::sha256([kind.as_bytes(), token.as_bytes()]);
    data_encoding::HEXLOWER.encode(&hash[..NAME_BYTES])
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
        StandingReceipt { found: read(&path), issue, path }
    };
    issues.into_iter().map(read).collect()
}

/// What may show that mail of any issue was sent, and where it is. A receipt of zeros shows nothing.
pub fn of_any_send(root: &Path) -> Option<(PathBuf, ReceiptFound)> {
    let folder = root.join(FOLDER);
    if let Some(fault) = fault(&folder) {
        return Some((folder, ReceiptFound::Folder(fault)));
    }
    standing(root).into_iter().find_map(|one| match one.found {
        ReceiptFound::Read(receipt) if receipt.words().all(|one| one.reached() == 0) => None,
        found => Some((one.path, found)),
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

impl KnownSends {
    fn agrees(&self, receipt: &Receipt) -> bool {
        let asked = AgreedReceipt::of(receipt);
        let is_own = asked.ledger == self.ledger;
        self.agreed.iter().any(|agreed| {
            agreed.ledger == asked.ledger
                && agreed.reached >= asked.reached
                // Two copies of one ledger have one name: their runs tell them apart.
                && (!is_own || agreed.run == asked.run)
        })
    }

    /// The last run of the issue.
    pub fn last_run(&self) -> Option<&str> {
        let run = self.runs.iter().rev().find(|run| run.issue == self.issue);
        run.map(|run| run.name.as_str())
    }
}

impl AgreedReceipt {
    /// What is remembered of a receipt.
    pub fn of(receipt: &Receipt) -> AgreedReceipt {
        let Receipt { ledger, run, .. } = receipt;
        let (ledger, run) = (ledger.clone().unwrap_or_default(), run.clone().unwrap_or_default());
        AgreedReceipt { ledger, run, reached: receipt.reached() }
    }
}

impl StandingReceipt {
    /// The receipt, if it can be read.
    pub fn receipt(&self) -> Option<&Receipt> {
        match &self.found {
            ReceiptFound::Read(receipt) => Some(receipt),
            _ => None,
        }
    }

    /// What it knows beyond a ledger that knows so much of the issue, and that no person has said yes
    /// to.
    pub fn beyond(self, known: &KnownSends) -> Option<AlreadySent> {
        let (path, found, all) = (self.path, self.found, Vec::new());
        let (nobody, reached) = (known.reached == 0, known.reached);
        let unread = |found| AlreadySent {
            path: path.clone(),
            found,
            known: reached,
            by: SentBy::Unknown,
            all,
        };
        match found {
            ReceiptFound::Read(receipt) => {
                let asks = receipt.words().filter(|one| !known.agrees(one));
                let asks = asks.filter_map(|one| Some((one.unknown_to(known)?, one.alone())));
                let all: Vec<(SentBy, Receipt)> = asks.collect();
                // The one with the most people tells most.
                let (by, most) = all.iter().max_by_key(|(_, one)| one.reached())?.clone();
                let all = all.into_iter().map(|(_, one)| one).collect();
                Some(AlreadySent {
                    path,
                    found: ReceiptFound::Read(Box::new(most)),
                    known: reached,
                    by,
                    all,
                })
            }
            ReceiptFound::Conflict => Some(unread(ReceiptFound::Conflict)),
            found => nobody.then(|| unread(found)),
        }
    }
}

impl AlreadySent {
    /// Compares the receipt at `path` with a ledger that knows so much of the issue.
    pub fn found(path: &Path, known: &KnownSends) -> Option<AlreadySent> {
        let (issue, found) = (known.issue.clone(), there(path)?);
        let folder = path.parent().unwrap_or(Path::new("."));
        let path = if let ReceiptFound::Folder(_) = found { folder } else { path };
        StandingReceipt { issue, found, path: path.to_owned() }.beyond(known)
    }
}

/// What is at the place of a receipt, if anything may be.
pub fn there(path: &Path) -> Option<ReceiptFound> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match fault(folder) {
        Some(fault) => Some(ReceiptFound::Folder(fault)),
        None => may_stand(path).then(|| read(path)),
    }
}

impl Receipt {
    /// What each ledger says, its own words first.
    pub fn words(&self) -> impl Iterator<Item = &Receipt> {
        std::iter::once(self).chain(&self.others)
    }

    /// Without what others say.
    fn alone(&self) -> Receipt {
        Receipt { others: Vec::new(), ..self.clone() }
    }

    /// How many have the issue, or may have it, by this ledger's word. Of a send whose end is not
    /// recorded that is everybody who was not refused before.
    pub fn reached(&self) -> u64 {
        let Counts { accepted, uncertain, pending, deferred, .. } = self.counts;
        let sent = accepted.saturating_add(uncertain);
        let people = match self.phase {
            ReceiptPhase::Begun => sent.saturating_add(pending).saturating_add(deferred),
            ReceiptPhase::Over { .. } => sent,
        };
        people.max(self.had)
    }

    /// How many have the issue or may have it, by everybody's word.
    pub fn reached_by_all(&self) -> u64 {
        self.words().fold(0, |sum, one| sum.saturating_add(one.reached()))
    }

    /// Whether the send had begun, and its end is not recorded.
    pub fn is_begun(&self) -> bool {
        self.phase == ReceiptPhase::Begun
    }

    /// Whose send it tells of, if a ledger does not know what became of that. Numbers of people are
    /// compared only where it is the same ledger's: two halves of a list are of one size.
    fn unknown_to(&self, known: &KnownSends) -> Option<SentBy> {
        if self.reached() == 0 {
            return None;
        }
        let is_more = self.reached() > known.reached;
        let run =
            self.run.as_ref().and_then(|name| known.runs.iter().find(|run| run.name == *name));
        match (run, &self.ledger) {
            (Some(run), _) if run.issue != known.issue => Some(SentBy::Renamed(run.issue.clone())),
            (Some(run), _) if self.is_begun() => (!run.is_settled).then_some(SentBy::Copied),
            (Some(_), _) => is_more.then_some(SentBy::Copied),
            (None, Some(ledger)) if *ledger != known.ledger => Some(SentBy::Another),
            (None, Some(_)) => (is_more || self.run.is_some()).then_some(SentBy::Copied),
            (None, None) => (is_more || self.is_begun()).then_some(SentBy::Unknown),
        }
    }

    /// What of it a ledger must not write over when it writes its own word: whatever it does not know
    /// of, also where a person has said yes to that. A receipt never forgets.
    pub fn kept_beside(&self, known: &KnownSends) -> Vec<Receipt> {
        let kept = self.words().filter(|one| one.unknown_to(known).is_some());
        kept.map(Receipt::alone).collect()
    }

    /// What both say, each ledger's word once where it is of one run.
    fn beside(&self, other: &Receipt) -> Receipt {
        let mut others: Vec<Receipt> = self.others.clone();
        for one in other.words() {
            let is_same = |that: &Receipt| that.alone() == one.alone();
            if !is_same(self) && !others.iter().any(is_same) {
                others.push(one.alone());
            }
        }
        Receipt { others, ..self.clone() }
    }

    /// Whether it says what another one says, in whatever order.
    pub fn is_as(&self, other: &Receipt) -> bool {
        let (mine, theirs) = (self.words().count(), other.words().count());
        let alone = |one: &Receipt| other.words().any(|that| that.alone() == one.alone());
        mine == theirs && self.words().all(alone)
    }
}

/// Takes away what a ledger has said of a send that had begun and has reached nobody; and the file,
/// and the folder, if nothing else is in it. What another ledger said stays.
pub fn withdraw(path: &Path, known: &KnownSends) {
    let Some(ReceiptFound::Read(receipt)) = there(path) else { return };
    let is_own = |one: &Receipt| one.is_begun() && one.unknown_to(known).is_none();
    if !receipt.words().any(is_own) {
        return;
    }
    // Where that fails, the receipt asks in a clone once more than it has to.
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut kept = receipt.kept_beside(known).into_iter();
    if let Some(first) = kept.next() {
        let _ = Receipt { others: kept.collect(), ..first }.write(path);
    } else {
        let _ = fs::remove_file(path);
        let _ = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
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
            counts: Counts {
                planned: 12,
                accepted: 10,
                uncertain: 1,
                refused: 1,
                ..Counts::default()
            },
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
        }
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
        assert_eq!(AlreadySent::found(&path, &ledger("a", 0, &[])), None);
        assert!(unnamed().write(&path).unwrap());
        assert!(!unnamed().write(&path).unwrap(), "it stands there");
        for (known, asks) in [(0, true), (10, true), (11, false), (12, false)] {
            let found = AlreadySent::found(&path, &ledger("a", known, &[]));
            assert_eq!(found.map(|sent| sent.by), asks.then_some(SentBy::Unknown), "{known}");
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
        receipt().write(&path).unwrap();
        let mut known = ledger("b", 12, &[]);
        known.agreed.push(AgreedReceipt::of(&receipt()));
        assert_eq!(AlreadySent::found(&path, &known), None);
        let more = Receipt { had: 12, run: Some(run_name("a2")), ..receipt() };
        more.write(&path).unwrap();
        assert!(AlreadySent::found(&path, &known).is_some());
        // It is not forgotten for that.
        assert_eq!(receipt().kept_beside(&known), [receipt()]);
    }

    #[test]
    fn only_a_send_that_had_begun_is_withdrawn_and_what_others_said_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipts/x.toml");
        let known = ledger("a", 0, &[("a1", true)]);
        begun().write(&path).unwrap();
        withdraw(&path, &ledger("b", 9, &[]));
        assert!(path.is_file(), "another ledger wrote it");
        receipt().write(&path).unwrap();
        withdraw(&path, &ledger("a", 11, &[("a1", true)]));
        assert!(path.is_file(), "the send is over");
        let other =
            Receipt { ledger: Some(ledger_name("b")), run: Some(run_name("b1")), ..receipt() };
        Receipt { others: vec![other.clone()], ..begun() }.write(&path).unwrap();
        withdraw(&path, &known);
        assert_eq!(there(&path), Some(ReceiptFound::Read(Box::new(other))));
        begun().write(&path).unwrap();
        withdraw(&path, &known);
        assert!(!dir.path().join("receipts").exists());
    }

    #[test]
    fn both_sides_of_a_conflict_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let other =
            Receipt { ledger: Some(ledger_name("b")), run: Some(run_name("b1")), ..receipt() };
        let conflict = |ours: &str, theirs: &str| {
            format!("<<<<<<< HEAD\n{ours}||||||| base\nx\n=======\n{theirs}>>>>>>> b\n")
        };
        fs::write(&path, conflict(&receipt().to_toml(), &other.to_toml())).unwrap();
        let both = Receipt { others: vec![other.clone()], ..receipt() };
        assert_eq!(read(&path), ReceiptFound::Read(Box::new(both)));
        let asks = |reached| AlreadySent::found(&path, &ledger("a", reached, &[("a1", true)]));
        assert_eq!(asks(11).unwrap().all, [other]);
        fs::write(&path, conflict("a = [\n", "b\n")).unwrap();
        assert_eq!(asks(11).unwrap().found, ReceiptFound::Conflict, "nobody knows what it said");
    }

    #[test]
    fn a_receipt_of_zeros_shows_no_send() {
        let dir = tempfile::tempdir().unwrap();
        let zeros = Receipt { counts: Counts::default(), had: 0, ..receipt() };
        let path = dir.path();
        assert_eq!(of_any_send(path), None);
        zeros.write(&place(path, "a")).unwrap();
        assert_eq!(of_any_send(path), None);
        receipt().write(&place(path, "b")).unwrap();
        let shown = (place(path, "b"), ReceiptFound::Read(Box::new(receipt())));
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
            let sent = AlreadySent::found(&path, &ledger("a", 0, &[])).unwrap();
            let unreadable = ReceiptFound::Unreadable;
            assert_eq!(sent.found, unreadable, "{:?}", &text[..text.len().min(60)]);
            assert_eq!(
                AlreadySent::found(&path, &ledger("a", 1, &[])),
                None,
                "the ledger knows better"
            );
        }
        let many = receipt().to_toml().replace("accepted = 10", "accepted = 9223372036854775806");
        fs::write(&path, many).unwrap();
        let sent = AlreadySent::found(&path, &ledger("b", 12, &[])).unwrap();
        assert!(matches!(sent.found, ReceiptFound::Read(_)));
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        symlink("/dev/zero", path("x.toml")).unwrap();
        let sent = AlreadySent::found(&path("x.toml"), &ledger("a", 0, &[])).unwrap();
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
            let sent = AlreadySent::found(&path, &ledger("a", 0, &[])).unwrap();
            assert_eq!((&sent.path, &sent.found), (&folder, &found));
            assert_eq!(
                AlreadySent::found(&path, &ledger("a", 1, &[])),
                None,
                "the ledger knows better"
            );
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
