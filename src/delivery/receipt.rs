//! A receipt: what became of an issue, in numbers and without addresses, in a small file that is made
//! to be committed. A copy of the publication that lacks the ledger reads in it that the issue was
//! sent.
//!
//! What a receipt says is believed for one purpose, to ask before an issue is sent a second time.
//! Must never be taken for the ledger, and no text of it is shown, only numbers, times and the hash:
//! anybody may propose one. Whoever is asked is told that it may be forged or damaged.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::ledger::overview::Counts;
use crate::diagnostic::Source;
use crate::manifest::{self, Table};

/// A larger file is none of ours.
const MAX_BYTES: u64 = 4_096;

/// Beside `digest.toml`.
const FOLDER: &str = "receipts";

const HEAD: &str = "\
# What became of this issue when it was sent. It holds no addresses; commit it: a copy of this folder
# that lacks the ledger then asks before it sends the issue a second time.
";

/// See the file's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the last recipients got, 64 hexadecimal digits.
    pub content_hash: String,
    /// When the first recipient was settled.
    pub begin: Timestamp,
    /// When the last one was.
    pub end: Timestamp,
    /// What became of the recipients.
    pub counts: Counts,
}

/// A receipt that knows more people than the ledger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlreadySent {
    /// The receipt's file.
    pub path: PathBuf,
    /// What it says; `None` where it cannot be read.
    pub receipt: Option<Receipt>,
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

/// The receipts of a publication, by the names of their issues. A folder that is a link has none,
/// and a name that could do something to a terminal is none of ours.
pub fn standing(root: &Path) -> Vec<StandingReceipt> {
    let folder = root.join(FOLDER);
    if folder.is_symlink() {
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

impl StandingReceipt {
    /// What it knows beyond a ledger that has attempted `known` people of the issue.
    pub fn beyond(self, known: u64) -> Option<AlreadySent> {
        let knows_more = match &self.receipt {
            Some(receipt) => receipt.reached() > known,
            None => known == 0,
        };
        knows_more.then_some(AlreadySent { path: self.path, receipt: self.receipt, known })
    }
}

impl AlreadySent {
    /// Compares the receipt at `path` with a ledger that has attempted `known` people of the issue.
    pub fn found(path: &Path, known: u64) -> Option<AlreadySent> {
        // Not through a link: what it leads to is no receipt.
        fs::symlink_metadata(path).ok()?;
        let (issue, path) = (String::new(), path.to_owned());
        StandingReceipt { issue, receipt: read(&path).ok(), path }.beyond(known)
    }
}

impl Receipt {
    /// How many have the issue, or may have it.
    fn reached(&self) -> u64 {
        self.counts.accepted.saturating_add(self.counts.uncertain)
    }

    /// As it stands in its file.
    pub fn to_toml(&self) -> String {
        let time = |time: Timestamp| time.strftime("%FT%TZ").to_string();
        let Receipt { content_hash, begin, end, counts } = self;
        format!(
            "{HEAD}content_hash = \"{content_hash}\"\nbegin = \"{}\"\nend = \"{}\"\n\n\
             [recipients]\nplanned = {}\naccepted = {}\nrefused = {}\ndeferred = {}\n\
             uncertain = {}\nsuppressed = {}\npending = {}\n",
            time(*begin),
            time(*end),
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
    /// The system's; and a folder that is a link, which may lead anywhere.
    pub fn write(&self, path: &Path) -> io::Result<bool> {
        let text = self.to_toml();
        let folder = path.parent().unwrap_or(Path::new("."));
        if folder.is_symlink() {
            return Err(io::Error::other(format!("{} is a link", folder.display())));
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
        let written = fs::File::create_new(&draft).and_then(|mut file| {
            #[cfg(unix)]
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, path)
        });
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written.map(|()| true)
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
    let (begin, end) = (time(&mut table, "begin")?, time(&mut table, "end")?);
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
    is_hash.then_some(Receipt { content_hash, begin, end, counts })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receipt() -> Receipt {
        let time = |text: &str| text.parse().unwrap();
        Receipt {
            content_hash: "0123456789abcdef".repeat(4),
            begin: time("2025-11-06T14:00:00Z"),
            end: time("2025-11-06T14:02:11Z"),
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

    #[test]
    fn it_asks_where_the_ledger_knows_fewer_people_than_the_receipt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipts/x.toml");
        assert_eq!(AlreadySent::found(&path, 0), None);
        assert!(receipt().write(&path).unwrap());
        assert!(!receipt().write(&path).unwrap(), "it stands there");
        for (known, asks) in [(0, true), (10, true), (11, false), (12, false)] {
            assert_eq!(AlreadySent::found(&path, known).is_some(), asks, "{known}");
        }
        assert_eq!(fs::read_dir(dir.path().join("receipts")).unwrap().count(), 1, "no draft stays");
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
            let found = AlreadySent::found(&path, 0).unwrap();
            assert_eq!(found.receipt, None, "{:?}", &text[..text.len().min(60)]);
            assert_eq!(AlreadySent::found(&path, 1), None, "the ledger knows better");
        }
        let many = receipt().to_toml().replace("accepted = 10", "accepted = 9223372036854775806");
        fs::write(&path, many).unwrap();
        assert!(AlreadySent::found(&path, 12).unwrap().receipt.is_some());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        symlink("/dev/zero", path("x.toml")).unwrap();
        assert_eq!(AlreadySent::found(&path("x.toml"), 0).unwrap().receipt, None);
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
