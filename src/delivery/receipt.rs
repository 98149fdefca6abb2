//! A receipt: what became of an issue, in numbers and without addresses, in a small file that is made
//! to be committed. A copy of the publication that lacks the ledger reads in it that the issue was
//! sent. It is written when a send begins, so that one that is killed leaves it too, and again when
//! the send ends.
//!
//! What a receipt says is believed for one purpose, to ask before an issue is sent a second time.
//! Must never be taken for the ledger, and no text of it is shown, only numbers, times and the hash:
//! anybody may propose one. Whoever is asked is told that it may be forged or damaged.

mod file;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ledger::overview::Counts;
use crate::crypto;
use crate::files;

use file::read;
pub use file::{WriteFault, WrittenReceipt, has_conflict};

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
    /// The part of the list that the command is for, as it was named; empty for the whole list.
    pub part: String,
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
    /// Empty where the receipt names none. Of a receipt that cannot be read, what [`UnreadText`] says;
    /// of one that is of another issue, the hash of its text.
    pub run: String,
    /// How many people it named.
    pub reached: u64,
    /// For which part of the list it was said, as the command named it; empty for the whole list. Of a
    /// receipt of another issue, the name of that.
    pub part: String,
}

/// What is in the place of a receipt and cannot be read: a text by a hash of it, all else by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadText(Cow<'static, str>);

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
    /// The text that is there is no receipt.
    Unreadable(UnreadText),
    /// It has all that a receipt has, and its check does not fit that: somebody has edited it, or a
    /// merge has mixed the lines of two.
    Altered(UnreadText),
    /// Git has left the marks of a conflict in it, and not both sides are receipts.
    Conflict(UnreadText),
    /// What has its name is no file that can be read.
    Place(PlaceFault),
    /// The folder of all receipts cannot be looked into.
    Folder(FolderFault),
}

/// Why nobody can read what has the name of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceFault {
    /// It is a link, which may lead anywhere.
    Link,
    /// It is a folder, or a pipe.
    NoFile,
    /// It is larger than a receipt can be.
    Large,
    /// The system does not let us.
    Closed,
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
    /// Whether the ledger here has sent anything, of whatever issue: then no other one may be copied
    /// over it.
    pub has_ledger: bool,
    /// Whose send it was.
    pub by: SentBy,
    /// All that has to be agreed to.
    pub all: Vec<AgreedReceipt>,
    /// Where the publication is: its times are told so.
    pub zone: TimeZone,
}

/// A receipt that lies in its folder, whoever put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingReceipt {
    /// The issue, by the file's name.
    pub issue: String,
    /// The file; where there is no receipt, what once stood in its place.
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

/// The receipts of a publication, by the names of their issues, and what was set aside where there is
/// no receipt. A folder that is a link has none, and a name that could do something to a terminal is
/// none of ours.
pub fn standing(root: &Path) -> Vec<StandingReceipt> {
    let folder = root.join(FOLDER);
    if fault(&folder).is_some() {
        return Vec::new();
    }
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let aside = file::stood_at(&name);
        let issue = aside.unwrap_or(&name).strip_suffix(".toml")?.to_owned();
        let is_alone = aside.is_none_or(|receipt| !files::is_there(&folder.join(receipt)));
        let ours = !issue.is_empty() && !issue.chars().any(char::is_control);
        (ours && is_alone).then_some((issue, name))
    });
    let mut names: Vec<(String, String)> = named.collect();
    names.sort_unstable();
    let read = |(issue, name): (String, String)| {
        let path = folder.join(name);
        StandingReceipt { found: read(&path), issue, path }
    };
    names.into_iter().map(read).collect()
}

/// What may show that mail of any issue was sent, and where it is. A receipt of zeros shows nothing.
pub fn of_any_send(root: &Path) -> Option<(PathBuf, ReceiptFound)> {
    if let Some(folder) = closed_folder(root) {
        return Some(folder);
    }
    standing(root).into_iter().find_map(|one| match one.found {
        ReceiptFound::Read(receipt) if receipt.words().all(|one| one.reached() == 0) => None,
        found => Some((one.path, found)),
    })
}

/// The folder of receipts where nobody can tell what lies in it, and why.
pub fn closed_folder(root: &Path) -> Option<(PathBuf, ReceiptFound)> {
    let folder = root.join(FOLDER);
    let fault = fault(&folder)?;
    Some((folder, ReceiptFound::Folder(fault)))
}

/// Whether something may tell of an issue whose receipt has this place, whatever it is.
pub fn may_stand(path: &Path) -> bool {
    is_taken(path) || !file::beside(path).is_empty()
}

/// The receipt in whose place a file stood that was set aside; `None` where it was not.
pub fn stood_at(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    file::stood_at(name).map(|receipt| path.with_file_name(receipt))
}

/// Whether something may be at the place of a receipt, whatever it is.
fn is_taken(path: &Path) -> bool {
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
        self.agreed.iter().any(|agreed| agreed.covers(&asked, &self.part))
    }

    /// Whether a text that cannot be read may be written over: a person has said to send to the whole
    /// list in spite of it.
    pub fn gives_up(&self, text: &UnreadText) -> bool {
        self.agreed.iter().any(|agreed| agreed.covers(&text.agreed(), ""))
    }

    /// The last run of the issue whose end the ledger knows, or that it is at. A copy that was made
    /// while a run went on must not speak for that run.
    pub fn last_run(&self) -> Option<&str> {
        let mut runs = self.runs.iter().rev();
        let run = runs.find(|run| run.issue == self.issue && run.is_settled);
        run.map(|run| run.name.as_str())
    }
}

impl AgreedReceipt {
    /// What is remembered of a receipt.
    pub fn of(receipt: &Receipt) -> AgreedReceipt {
        let Receipt { ledger, run, .. } = receipt;
        let (ledger, run) = (ledger.clone().unwrap_or_default(), run.clone().unwrap_or_default());
        AgreedReceipt { ledger, run, reached: receipt.reached(), part: String::new() }
    }

    /// Whether a yes to this is a yes to what is `asked`, for this part of the list. The same run may
    /// have come to its end meanwhile, with fewer people. Who goes on to send is asked about again.
    pub fn covers(&self, asked: &AgreedReceipt, part: &str) -> bool {
        (self.part.is_empty() || self.part == part)
            && self.ledger == asked.ledger
            && self.run == asked.run
            && self.reached >= asked.reached
    }
}

/// An issue that another one looks like, of which a person has said that it is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherIssue {
    /// The name of its folder.
    pub name: String,
    /// The ledger that has sent it, where a receipt alone tells of it; empty where this one has.
    pub ledger: String,
    /// Its text, in the same way.
    pub content_hash: String,
}

impl OtherIssue {
    /// One that this ledger knows.
    pub fn of_ledger(name: &str) -> OtherIssue {
        let (ledger, content_hash) = (String::new(), String::new());
        OtherIssue { name: name.to_owned(), ledger, content_hash }
    }

    /// What a receipt tells of, `named` by its file: neither a further run of that nor more people make
    /// it another one.
    fn of(receipt: &Receipt, named: &str) -> OtherIssue {
        let ledger = receipt.ledger.clone().unwrap_or_default();
        OtherIssue { name: named.to_owned(), ledger, content_hash: receipt.content_hash.clone() }
    }
}

impl UnreadText {
    fn of(text: &str) -> UnreadText {
        UnreadText(Cow::Owned(name("text ", text)))
    }

    fn agreed(&self) -> AgreedReceipt {
        let (ledger, part) = (String::new(), String::new());
        AgreedReceipt { ledger, run: self.0.clone().into_owned(), reached: 0, part }
    }
}

impl ReceiptFound {
    /// What is there, where it says nothing that can be believed.
    pub fn unread(&self) -> Option<&UnreadText> {
        Some(match self {
            ReceiptFound::Read(_) => return None,
            ReceiptFound::Unreadable(text)
            | ReceiptFound::Altered(text)
            | ReceiptFound::Conflict(text) => text,
            ReceiptFound::Place(fault) => fault.as_text(),
            ReceiptFound::Folder(fault) => fault.as_text(),
        })
    }
}

impl PlaceFault {
    /// What is remembered of a yes to such a place, whatever lies there another time.
    fn as_text(self) -> &'static UnreadText {
        match self {
            PlaceFault::Link => const { &UnreadText(Cow::Borrowed("link")) },
            PlaceFault::NoFile => const { &UnreadText(Cow::Borrowed("no file")) },
            PlaceFault::Large => const { &UnreadText(Cow::Borrowed("large")) },
            PlaceFault::Closed => const { &UnreadText(Cow::Borrowed("closed")) },
        }
    }
}

impl FolderFault {
    /// Likewise.
    fn as_text(self) -> &'static UnreadText {
        match self {
            FolderFault::Link => const { &UnreadText(Cow::Borrowed("folder: link")) },
            FolderFault::NoFolder => const { &UnreadText(Cow::Borrowed("folder: none")) },
            FolderFault::Closed => const { &UnreadText(Cow::Borrowed("folder: closed")) },
        }
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
    pub fn beyond(self, known: &KnownSends, zone: &TimeZone) -> Option<AlreadySent> {
        let (path, found) = (self.path, self.found);
        let reached = known.reached;
        let has_ledger = !known.runs.is_empty();
        let unread = |found, all| AlreadySent {
            path: path.clone(),
            found,
            known: reached,
            has_ledger,
            by: SentBy::Unknown,
            all,
            zone: zone.clone(),
        };
        match found {
            ReceiptFound::Read(receipt) => {
                let asks =
                    receipt.words().filter(|one| !receipt.has_end_of(one) && !known.agrees(one));
                let asks = asks.filter_map(|one| Some((one.unknown_to(known)?, one.alone())));
                let all: Vec<(SentBy, Receipt)> = asks.collect();
                // The one with the most people tells most.
                let (by, most) = all.iter().max_by_key(|(_, one)| one.reached())?.clone();
                let all = all.iter().map(|(_, one)| AgreedReceipt::of(one)).collect();
                Some(AlreadySent {
                    path,
                    found: ReceiptFound::Read(Box::new(most)),
                    known: reached,
                    has_ledger,
                    by,
                    all,
                    zone: zone.clone(),
                })
            }
            // It may be the word of another ledger, whatever this one knows.
            found => {
                let asked = found.unread()?.agreed();
                let is_agreed = known.agreed.iter().any(|yes| yes.covers(&asked, &known.part));
                (!is_agreed).then(|| unread(found, vec![asked]))
            }
        }
    }
}

impl AlreadySent {
    /// Compares the receipt at `path` with a ledger that knows so much of the issue; times are told
    /// in `zone`.
    ///
    /// Where a sender was killed before it wrote its own word, or somebody has removed that, what it
    /// had set aside tells nothing, and asks as it did in its place.
    pub fn found(path: &Path, known: &KnownSends, zone: &TimeZone) -> Option<AlreadySent> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let places = if is_taken(path) { vec![path.to_owned()] } else { file::beside(path) };
        places.into_iter().find_map(|place| {
            let (issue, found) = (known.issue.clone(), there(&place)?);
            let path = if let ReceiptFound::Folder(_) = found { folder.to_owned() } else { place };
            StandingReceipt { issue, found, path }.beyond(known, zone)
        })
    }
}

/// What is at the place of a receipt, if anything may be.
pub fn there(path: &Path) -> Option<ReceiptFound> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match fault(folder) {
        Some(fault) => Some(ReceiptFound::Folder(fault)),
        None => is_taken(path).then(|| read(path)),
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
        // Whose an unnamed word is can be told only from its numbers, and a yes has changed those.
        let is_ours = |run: &String| known.runs.iter().any(|known| known.name == *run);
        let is_unnamed = |one: &Receipt| {
            one.ledger.is_none() && one.reached() > 0 && !one.run.as_ref().is_some_and(is_ours)
        };
        let is_kept = |one: &&Receipt| is_unnamed(one) || one.unknown_to(known).is_some();
        let kept = self.words().filter(|one| !self.has_end_of(one)).filter(is_kept);
        kept.map(Receipt::alone).collect()
    }

    /// Whether `one` says that a run has begun of which the end stands here too: whoever wrote that
    /// knew all of it.
    fn has_end_of(&self, one: &Receipt) -> bool {
        one.is_begun() && self.words().any(|that| !that.is_begun() && that.is_of_run(one))
    }

    /// Whether both are of the same run of the same ledger.
    pub fn is_of_run(&self, other: &Receipt) -> bool {
        self.run.is_some() && self.run == other.run && self.ledger == other.ledger
    }

    /// What it tells of, where it is `named` after another issue, of which a ledger that knows so much of
    /// its sends knows nothing: a person has to say that the one that is to be sent is none of these.
    pub fn of_another(&self, named: &str, known: &KnownSends) -> Vec<OtherIssue> {
        let is_unknown = |one: &&Receipt| {
            let by = one.unknown_to(known);
            !self.has_end_of(one) && by.is_some_and(|by| !matches!(by, SentBy::Renamed(_)))
        };
        let unknown = self.words().filter(is_unknown);
        unknown.map(|one| OtherIssue::of(one, named)).collect()
    }

    /// All that it tells of, `named` after another issue.
    pub fn as_others(&self, named: &str) -> Vec<OtherIssue> {
        self.words().map(|one| OtherIssue::of(one, named)).collect()
    }

    /// When the last thing was that it tells of.
    pub fn latest(&self) -> Timestamp {
        let at = |one: &Receipt| match one.phase {
            ReceiptPhase::Begun => one.begin,
            ReceiptPhase::Over { end } => end,
        };
        self.words().map(at).fold(at(self), Timestamp::max)
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
/// and the folder, if nothing else is in it. What another ledger said stays, and what stood there
/// before comes back: `true` where that was set aside.
///
/// # Errors
/// The system's: then the receipt stays, and a clone is asked once more than it has to be.
pub fn withdraw(path: &Path, known: &KnownSends) -> io::Result<bool> {
    let Some(ReceiptFound::Read(receipt)) = there(path) else { return Ok(false) };
    let is_own = |one: &Receipt| one.is_begun() && one.unknown_to(known).is_none();
    if !receipt.words().any(is_own) {
        return Ok(false);
    }
    let mut kept = receipt.kept_beside(known).into_iter();
    let Some(first) = kept.next() else {
        let is_back = file::put_back(path)?;
        if !is_back {
            fs::remove_file(path)?;
            // Other receipts may be in it.
            let _ = fs::remove_dir(path.parent().unwrap_or(Path::new(".")));
        }
        return Ok(is_back);
    };
    let left = Receipt { others: kept.collect(), ..first };
    // With what somebody had written beside these words.
    let aside = file::beside(path).last().map(|aside| read(aside));
    if matches!(aside, Some(ReceiptFound::Read(there)) if there.is_as(&left)) {
        return file::put_back(path);
    }
    match left.write(path, known) {
        Ok(_) => Ok(false),
        Err(WriteFault::System(error)) => Err(error),
        Err(WriteFault::Left(_)) => Err(io::Error::other("another text is there now")),
    }
}

#[cfg(test)]
#[path = "receipt/tests.rs"]
mod tests;
