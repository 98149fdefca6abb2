//! A receipt and its file: TOML that people read and git merges. It is written whole or not at all,
//! and both sides of a merge that somebody has left open are read. Must never follow a link, wait for
//! a pipe, or read more than a receipt can be.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;

use super::{Counts, FolderFault, NAME_BYTES, Receipt, ReceiptFound, ReceiptPhase, fault};
use crate::diagnostic::Source;
use crate::files;
use crate::manifest::{self, Table};

/// A larger file is none of ours. It has room for the words of thirty ledgers.
const MAX_BYTES: u64 = 16_384;

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
        format!(
            "{}\n[{recipients}]\nplanned = {planned}\naccepted = {accepted}\nrefused = {refused}\n\
             deferred = {deferred}\nuncertain = {uncertain}\nsuppressed = {suppressed}\n\
             pending = {pending}\nreached = {}\n",
            lines.concat(),
            self.had,
        )
    }

    /// Writes it to its place, whole or not at all; `false` where it stands there already.
    ///
    /// # Errors
    /// The system's; and a folder that is none, or a link, which may lead anywhere.
    pub fn write(&self, path: &Path) -> io::Result<bool> {
        let text = self.to_toml();
        if text.len() as u64 > MAX_BYTES {
            let what = format!("{} would name too many ledgers", path.display());
            return Err(io::Error::other(what));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let what = match fault(folder) {
            Some(FolderFault::Link) => Some("is a link"),
            Some(FolderFault::NoFolder) => Some("is not a folder"),
            Some(FolderFault::Closed) | None => None,
        };
        if let Some(what) = what {
            return Err(io::Error::other(format!("{} {what}", folder.display())));
        }
        if self::text(path).is_some_and(|there| there == text) {
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

/// A receipt is there for all who read the publication, and for its owner alone to write.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    // The folder's own name, too, is to stand after a loss of power.
    #[cfg(unix)]
    if let Some(above) = folder.parent() {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let _ = fs::File::open(above).and_then(|above| above.sync_all());
    }
    Ok(())
}

/// Reads a receipt.
pub(super) fn read(path: &Path) -> ReceiptFound {
    let Some(text) = text(path) else { return ReceiptFound::Unreadable };
    if let Some(receipt) = parse(&text) {
        return ReceiptFound::Read(Box::new(receipt));
    }
    let Some((ours, theirs)) = sides(&text) else { return ReceiptFound::Unreadable };
    match (parse(&ours), parse(&theirs)) {
        (Some(ours), Some(theirs)) => ReceiptFound::Read(Box::new(ours.beside(&theirs))),
        _ => ReceiptFound::Conflict,
    }
}

/// Whether git has left the marks of a conflict in a receipt.
pub fn has_conflict(path: &Path) -> bool {
    text(path).is_some_and(|text| sides(&text).is_some())
}

fn text(path: &Path) -> Option<String> {
    if path.is_symlink() {
        return None;
    }
    String::from_utf8(files::read(path, MAX_BYTES).ok()?).ok()
}

/// The two texts of a file in which git has left the marks of a conflict.
pub(super) fn sides(text: &str) -> Option<(String, String)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Side {
        Both,
        Ours,
        Base,
        Theirs,
    }
    let (mut ours, mut theirs, mut side, mut is_marked) =
        (String::new(), String::new(), Side::Both, false);
    for line in text.lines() {
        side = match line.get(..7) {
            Some("<<<<<<<") => Side::Ours,
            Some("|||||||") => Side::Base,
            Some("=======") => Side::Theirs,
            Some(">>>>>>>") => Side::Both,
            _ => {
                for (whose, text) in [(Side::Ours, &mut ours), (Side::Theirs, &mut theirs)] {
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
    is_marked.then_some((ours, theirs))
}

pub(super) fn parse(text: &str) -> Option<Receipt> {
    let source = Source::new("receipt", text);
    let mut problems = Vec::new();
    let value = manifest::toml(&source, 0..text.len(), &mut problems);
    let mut table = Table::new(&source, "receipt", value);
    let others = table.tables("also").iter_mut().map(word).collect::<Option<Vec<Receipt>>>()?;
    Some(Receipt { others, ..word(&mut table)? })
}

/// What one ledger says.
fn word(table: &mut Table) -> Option<Receipt> {
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
    // An older version did not write it.
    let had = count("reached").unwrap_or(0).max(counts.accepted.saturating_add(counts.uncertain));
    let others = Vec::new();
    Some(Receipt { content_hash, ledger, run, number, date, begin, phase, counts, had, others })
}
