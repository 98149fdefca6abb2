//! A receipt and its file: TOML that people read and git merges. It is written whole or not at all,
//! and both sides of a merge that somebody has left open are read. Must never follow a link, wait for
//! a pipe, or read more than a receipt can be.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    Counts, FolderFault, KnownSends, NAME_BYTES, PlaceFault, Receipt, ReceiptFound, ReceiptPhase,
    UnreadText, fault,
};
use crate::crypto;
use crate::diagnostic::{Diagnostic, Source};
use crate::files::{self, FileError};
use crate::manifest::{self, Table};

/// A larger file is none of ours. It has room for the words of a hundred ledgers.
const MAX_BYTES: u64 = 65_536;

/// Of the hash that ties the lines of one ledger's word together.
const CHECK_DIGITS: usize = 16;

/// No list has so many: what says more was made to be more than anybody could say yes to.
const MAX_PEOPLE: i64 = 1_000_000_000;

/// Ends the name of what stood in the place of a receipt; a number may follow.
const ASIDE: &str = ".unread";

const HEAD: &str = "\
# What became of this issue when it was sent. It holds no addresses; commit it: a copy of this folder
# that lacks the ledger then asks before it sends the issue a second time.
";

const BEGUN_HEAD: &str = "\
# A send of this issue has begun, and this file is written again when it ends. It holds no addresses;
# a copy of this folder that lacks the ledger asks before it sends the issue a second time.
";

const ALSO_HEAD: &str = "
# What another ledger said of the same issue. It stays here so that no copy forgets it.
[[also]]
";

/// What became of a receipt that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenReceipt {
    /// Whether it did not stand there already.
    pub is_new: bool,
    /// Where the text is now that stood in its place and was not ours.
    pub kept: Option<PathBuf>,
}

/// Why a receipt is not written.
#[derive(Debug)]
pub enum WriteFault {
    /// What is there stays as it is: nobody has said to send in spite of it.
    Left(ReceiptFound),
    /// The system's reason, or what is wrong with the folder.
    System(io::Error),
}

impl From<io::Error> for WriteFault {
    fn from(error: io::Error) -> WriteFault {
        WriteFault::System(error)
    }
}

impl Receipt {
    /// As it stands in its file.
    pub fn to_toml(&self) -> String {
        let head = if self.is_begun() { BEGUN_HEAD } else { HEAD };
        let own = self.to_table("recipients");
        let others = self.others.iter().map(|one| one.to_table("also.recipients"));
        let others: String = others.map(|one| format!("{ALSO_HEAD}{one}")).collect();
        format!("{head}{own}{others}")
    }

    fn to_table(&self, recipients: &str) -> String {
        let (values, counts) = self.to_lines();
        let check = self.check();
        format!("{values}check = \"{check}\"\n\n[{recipients}]\n{counts}")
    }

    /// The same for the same values. A merge by git may put lines of one ledger's word among those of
    /// another's without a conflict: then the word is none.
    fn check(&self) -> String {
        let (values, counts) = self.to_lines();
        let hash = crypto::sha256([values.as_bytes(), b"\n", counts.as_bytes()]);
        data_encoding::HEXLOWER.encode(&hash[..CHECK_DIGITS / 2])
    }

    /// What stands before its table of recipients, and in it.
    fn to_lines(&self) -> (String, String) {
        let time = |time: Timestamp| time.strftime("%FT%TZ").to_string();
        let line = |key: &str, value: Option<String>| {
            value.map_or(String::new(), |value| format!("{key} = {value}\n"))
        };
        let quoted = |text: &str| Some(format!("\"{text}\""));
        let end = match self.phase {
            ReceiptPhase::Begun => None,
            ReceiptPhase::Over { end } => quoted(&time(end)),
        };
        let lines = [
            line("state", if self.is_begun() { quoted("begun") } else { None }),
            line("content_hash", quoted(&self.content_hash)),
            line("begin", quoted(&time(self.begin))),
            line("end", end),
            line("ledger", self.ledger.as_deref().and_then(quoted)),
            line("run", self.run.as_deref().and_then(quoted)),
            line("number", self.number.map(|number| number.to_string())),
            line("date", self.date.and_then(|date| quoted(&date.to_string()))),
        ];
        let Counts { planned, accepted, refused, deferred, uncertain, suppressed, pending } =
            self.counts;
        let counts = format!(
            "planned = {planned}\naccepted = {accepted}\nrefused = {refused}\n\
             deferred = {deferred}\nuncertain = {uncertain}\nsuppressed = {suppressed}\n\
             pending = {pending}\nreached = {}\n",
            self.had,
        );
        (lines.concat(), counts)
    }

    /// Writes it to its place, whole or not at all. What is there and was not written by us is kept
    /// beside it, once a person has said to send in spite of that.
    ///
    /// # Errors
    /// The system's; a folder that is none, or a link, which may lead anywhere; and a text that cannot
    /// be read, and that nobody has said anything about: it may be the word of another ledger.
    pub fn write(&self, path: &Path, known: &KnownSends) -> Result<WrittenReceipt, WriteFault> {
        let text = self.to_toml();
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("it would name too many ledgers").into());
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let what = match fault(folder) {
            Some(FolderFault::Link) => Some("is a link"),
            Some(FolderFault::NoFolder) => Some("is not a folder"),
            Some(FolderFault::Closed) | None => None,
        };
        if let Some(what) = what {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            return Err(io::Error::other(format!("{name} {what}")).into());
        }
        let there = self::text(path).ok();
        if there.as_ref().is_some_and(|there| *there == text) {
            return Ok(WrittenReceipt::default());
        }
        make_folder(folder)?;
        let found = read(path);
        let unread = found.unread().filter(|_| files::is_there(path));
        if unread.is_some_and(|unread| !known.gives_up(unread)) {
            return Err(WriteFault::Left(found));
        }
        let there = there.unwrap_or_default();
        let (mut moved, mut kept) = (None, None);
        match &found {
            ReceiptFound::Read(receipt) if !is_edited(&there, receipt) => {}
            ReceiptFound::Place(_) if is_movable(path) => moved = Some(set_aside(path)?),
            ReceiptFound::Place(_) | ReceiptFound::Folder(_) => {}
            _ => kept = Some(keep_unread(path)?),
        }
        if let Err(error) = replace(path, &text) {
            // What was there goes on asking.
            moved.map(|moved| fs::rename(moved, path));
            return Err(error.into());
        }
        Ok(WrittenReceipt { is_new: true, kept: kept.or(moved) })
    }
}

/// Writes the text beside its place, and moves it there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
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
        sync_names(folder);
        Ok(())
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// New names, too, are to stand after a loss of power.
fn sync_names(folder: &Path) {
    #[cfg(unix)]
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = folder;
}

/// Whether somebody has changed a receipt that can be read. Of a conflict that is asked of each side,
/// and of what both come from.
fn is_edited(text: &str, receipt: &Receipt) -> bool {
    let is_foreign =
        |side: &String| parse(side).is_none_or(|receipt| has_other_lines(side, &receipt));
    match sides(text) {
        Marks::None => has_other_lines(text, receipt),
        Marks::Sides { ours, base, theirs } => {
            [Some(ours), base, Some(theirs)].iter().flatten().any(is_foreign)
        }
        Marks::Torn => true,
    }
}

/// Whether a text has a line that we would not write, or lacks the check of a ledger that is named.
fn has_other_lines(text: &str, receipt: &Receipt) -> bool {
    let ours = receipt.to_toml();
    let ours: BTreeSet<&str> = ours.lines().collect();
    let named = receipt.words().filter(|word| word.ledger.is_some()).count();
    let checks = text.lines().filter(|line| line.starts_with("check")).count();
    checks < named || text.lines().any(|line| !ours.contains(line.trim_end()))
}

/// What stood in the place of a receipt, was not ours and lies beside it; the newest last, because it
/// has the highest number.
pub(super) fn beside(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let Some(own) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let number = number_of(&name).filter(|_| stood_at(&name) == Some(own))?;
        Some((number, folder.join(name)))
    });
    let mut ours: Vec<(u64, PathBuf)> = ours.collect();
    ours.sort_unstable();
    ours.into_iter().map(|(_, path)| path).collect()
}

/// A name for what is set aside, behind all that are there: a number that became free is not used
/// again, or the file would pass for an older one.
fn next_beside(path: &Path) -> io::Result<PathBuf> {
    let taken = beside(path);
    let last = taken.last().and_then(|last| number_of(last.file_name()?.to_str()?));
    let next = last.unwrap_or(0).checked_add(1);
    let next = next.ok_or_else(|| io::Error::other("the file beside it has too high a number"))?;
    let end = if next == 1 { String::new() } else { format!(".{next}") };
    Ok(path.with_extension(format!("toml{ASIDE}{end}")))
}

/// The number of a file that was set aside; the first one has none in its name.
fn number_of(name: &str) -> Option<u64> {
    let (_, end) = name.rsplit_once(ASIDE)?;
    end.strip_prefix('.').map_or(Some(1), |number| number.parse().ok())
}

/// The name of the receipt in whose place a file stood that has this name; `None` where it is no
/// such file.
pub(super) fn stood_at(name: &str) -> Option<&str> {
    let (receipt, end) = name.rsplit_once(ASIDE)?;
    let is_number = |end: &str| end.bytes().all(|byte| byte.is_ascii_digit());
    let is_ours = end.is_empty() || end.strip_prefix('.').is_some_and(is_number);
    Some(receipt).filter(|receipt| is_ours && receipt.ends_with(".toml"))
}

/// Gives the newest text that was set aside its place back: `true` if there was one.
///
/// # Errors
/// The system's. Then what is in its place stays, and asks.
pub(super) fn put_back(path: &Path) -> io::Result<bool> {
    let Some(kept) = beside(path).pop() else { return Ok(false) };
    fs::rename(kept, path)?;
    sync_names(path.parent().unwrap_or(Path::new(".")));
    Ok(true)
}

/// Whether something is there that can be moved, and whose place a file can take.
fn is_movable(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir())
}

/// Moves a file that cannot be read, or a link or a pipe, to a name that is free.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let kept = next_beside(path)?;
    fs::rename(path, &kept)?;
    Ok(kept)
}

/// Keeps a text that is not ours, byte for byte, before anything takes its place: as the newest one of
/// those that lie there.
fn keep_unread(path: &Path) -> io::Result<PathBuf> {
    let bytes = |path: &Path| {
        files::read(path, MAX_BYTES).map_err(|error| match error {
            FileError::System(error) => error,
            other => io::Error::other(other.to_string()),
        })
    };
    let text = bytes(path)?;
    let is_same =
        |kept: &PathBuf| !kept.is_symlink() && bytes(kept).is_ok_and(|there| there == text);
    let there = beside(path);
    if let Some(newest) = there.last().filter(|newest| is_same(newest)) {
        return Ok(newest.clone());
    }
    let kept = next_beside(path)?;
    // Whoever puts the same text back again and again has it here once.
    let older = there.into_iter().find(is_same);
    if older.is_some_and(|older| fs::rename(older, &kept).is_ok()) {
        return Ok(kept);
    }
    let mut file = fs::File::create_new(&kept)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(&kept);
    }
    written.map(|()| kept)
}

/// A receipt is there for all who read the publication, and for its owner alone to write.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    if let Some(above) = folder.parent() {
        sync_names(if above.as_os_str().is_empty() { Path::new(".") } else { above });
    }
    Ok(())
}

/// Reads a receipt.
pub(super) fn read(path: &Path) -> ReceiptFound {
    let text = match text(path) {
        Ok(text) => text,
        Err(fault) => return ReceiptFound::Place(fault),
    };
    let unread = || UnreadText::of(&text);
    let receipt = match sides(&text) {
        Marks::None => match loosely(&text) {
            Some((receipt, true)) => Ok(receipt),
            Some((_, false)) => Err(ReceiptFound::Altered(unread())),
            None => Err(ReceiptFound::Unreadable(unread())),
        },
        Marks::Sides { ours, theirs, .. } => {
            let both = parse(&ours).zip(parse(&theirs)).map(|(ours, theirs)| ours.beside(&theirs));
            both.ok_or_else(|| ReceiptFound::Conflict(unread()))
        }
        Marks::Torn => Err(ReceiptFound::Conflict(unread())),
    };
    receipt.map_or_else(|unread| unread, |receipt| ReceiptFound::Read(Box::new(receipt)))
}

/// Whether git has left the marks of a conflict in a receipt.
pub fn has_conflict(path: &Path) -> bool {
    text(path).is_ok_and(|text| sides(&text) != Marks::None)
}

fn text(path: &Path) -> Result<String, PlaceFault> {
    if path.is_symlink() {
        return Err(PlaceFault::Link);
    }
    let bytes = files::read(path, MAX_BYTES).map_err(|error| match error {
        FileError::NotAFile(_) => PlaceFault::NoFile,
        FileError::Large(_) => PlaceFault::Large,
        _ => PlaceFault::Closed,
    })?;
    // One odd byte, as in somebody's comment, silences nothing.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What git has left of a merge in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// Nothing.
    None,
    /// Both texts, and the one that both come from, where git has written it too.
    Sides { ours: String, base: Option<String>, theirs: String },
    /// Marks that do not belong together: somebody has taken some away.
    Torn,
}

pub(super) fn sides(text: &str) -> Marks {
    #[derive(Clone, Copy, PartialEq)]
    enum Side {
        Both,
        Ours,
        Base,
        Theirs,
    }
    let [mut ours, mut base, mut theirs] = [const { String::new() }; 3];
    let (mut side, mut is_marked, mut has_base) = (Side::Both, false, false);
    for line in text.lines() {
        side = match (line.get(..7), side) {
            (Some("<<<<<<<"), Side::Both) => Side::Ours,
            (Some("|||||||"), Side::Ours) => Side::Base,
            (Some("======="), Side::Ours | Side::Base) => Side::Theirs,
            (Some(">>>>>>>"), Side::Theirs) => Side::Both,
            (Some("<<<<<<<" | "|||||||" | "=======" | ">>>>>>>"), _) => return Marks::Torn,
            _ => {
                has_base |= side == Side::Base;
                for (whose, text) in
                    [(Side::Ours, &mut ours), (Side::Base, &mut base), (Side::Theirs, &mut theirs)]
                {
                    if side == whose || side == Side::Both {
                        text.push_str(line);
                        text.push('\n');
                    }
                }
                continue;
            }
        };
        is_marked = true;
    }
    match side {
        Side::Both if is_marked => Marks::Sides { ours, base: has_base.then_some(base), theirs },
        Side::Both => Marks::None,
        Side::Ours | Side::Base | Side::Theirs => Marks::Torn,
    }
}

pub(super) fn parse(text: &str) -> Option<Receipt> {
    loosely(text).and_then(|(receipt, is_whole)| is_whole.then_some(receipt))
}

/// The same, and whether each word fits its check.
fn loosely(text: &str) -> Option<(Receipt, bool)> {
    let source = Source::new("receipt", text);
    let mut problems = Vec::new();
    let value = manifest::toml(&source, 0..text.len(), &mut problems);
    // What stands behind a mistake is not read, and may be the word of another ledger.
    if problems.iter().any(Diagnostic::is_error) {
        return None;
    }
    let mut table = Table::new(&source, "receipt", value);
    let others = table.tables("also").iter_mut().map(word).collect::<Option<Vec<_>>>()?;
    let (own, mut is_whole) = word(&mut table)?;
    is_whole &= others.iter().all(|(_, is_whole)| *is_whole);
    let others = others.into_iter().map(|(other, _)| other).collect();
    Some((Receipt { others, ..own }, is_whole))
}

/// What one ledger says, and whether its check fits that.
fn word(table: &mut Table) -> Option<(Receipt, bool)> {
    let is_hex = |text: &str, digits| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let content_hash = table.text("content_hash").filter(|text| is_hex(&text.value, 64))?.value;
    let time = |table: &mut Table, key| table.text(key)?.value.parse::<Timestamp>().ok();
    let begin = time(table, "begin")?;
    let (number, date) = (table.integer("number", 0..1_000_000), table.date("date"));
    let mut names = [None, None];
    for (key, name) in ["ledger", "run"].into_iter().zip(&mut names) {
        *name = table.text(key).map(|text| text.value);
        if name.as_ref().is_some_and(|name| !is_hex(name, 2 * NAME_BYTES)) {
            return None;
        }
    }
    let [ledger, run] = names;
    let phase = match table.text("state") {
        None => ReceiptPhase::Over { end: time(table, "end")? },
        Some(state) if state.value == "begun" && run.is_some() => ReceiptPhase::Begun,
        Some(_) => return None,
    };
    let mut recipients = table.table("recipients");
    let mut count = |key| recipients.integer(key, 0..MAX_PEOPLE).map(i64::unsigned_abs);
    let counts = Counts {
        planned: count("planned")?,
        accepted: count("accepted")?,
        refused: count("refused")?,
        deferred: count("deferred")?,
        uncertain: count("uncertain")?,
        suppressed: count("suppressed")?,
        pending: count("pending")?,
    };
    // An older version did not write it.
    let had = count("reached").unwrap_or(0).max(counts.accepted.saturating_add(counts.uncertain));
    let others = Vec::new();
    let word =
        Receipt { content_hash, ledger, run, number, date, begin, phase, counts, had, others };
    // An older version did not write this either.
    let is_whole = table.text("check").is_none_or(|check| check.value == word.check());
    Some((word, is_whole))
}
