//! `digest bounces read`: says what messages of the bounce mailbox report. Changes nothing.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use sejong_digest::bounce::original::OriginalMessage;
use sejong_digest::bounce::reason::BounceClass;
use sejong_digest::bounce::{self, BounceReport, ReportedRecipient, mbox};
use sejong_digest::diagnostic::counted;
use sejong_digest::files::{self, FileError};
use serde::Serialize;

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::{Global, print};

/// Bytes of the largest message, and of the largest mbox file.
const MOST_MESSAGE: u64 = 50 * 1024 * 1024;
const MOST_MBOX: u64 = 512 * 1024 * 1024;

/// Read reports of mail that did not arrive, and complaints
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Read(ReadArgs),
}

const EXAMPLES: &str = "\
A SOURCE is a file with one message, an mbox file, a Maildir folder, or - for standard input.

Examples:
  digest bounces read report.eml --dry-run
  digest bounces read ~/Maildir --dry-run
  digest bounces read mbox --dry-run --json
  digest bounces read - --dry-run < report.eml";

/// Say what messages report of whom: bounces, complaints, automatic answers
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct ReadArgs {
    /// Where the messages are
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<PathBuf>,
    /// Print what each message says, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON to stdout, an object for each recipient on a line of its own
    #[arg(long)]
    json: bool,
}

/// One row of `--json`.
#[derive(Serialize)]
struct RowInJson<'a> {
    file: &'a str,
    /// The number of the message in an mbox file, from 1.
    message: usize,
    recipient: Option<&'a str>,
    original_recipient: Option<&'a str>,
    class: BounceClass,
    status: Option<String>,
    code: Option<u16>,
    reason: &'static str,
    text: &'a str,
    part: &'a str,
    line: usize,
    message_id: Option<&'a str>,
    addressed_to: &'a [String],
    return_paths: &'a [String],
    unsubscribe_tokens: &'a [String],
    tokens: &'a [String],
}

/// What was read so far.
#[derive(Default)]
struct Readings {
    messages: u64,
    classes: BTreeMap<BounceClass, u64>,
    unread: u64,
}

/// Runs `digest bounces`.
pub(crate) fn run(_: &Global, args: &Args) -> Ending {
    let Command::Read(args) = &args.command;
    if !args.dry_run {
        return Err(Failure::usage("bounces can be read but not acted on yet").help(
            "add --dry-run to see what the messages say, and suppress people by hand whose class is \
             hard, complaint or unsubscribe: digest subscribers suppress ADDRESS --why TEXT",
        ));
    }
    let mut readings = Readings::default();
    for source in &args.sources {
        read_source(source, args, &mut readings)?;
    }
    if !args.json {
        print::words(&summary(&readings))?;
    }
    if readings.unread > 0 {
        let unread = counted(readings.unread, "source");
        return Err(Failure::new(format!("{unread} could not be read")).behind_an_answer());
    }
    Ok(Exit::Done)
}

fn read_source(source: &Path, args: &ReadArgs, readings: &mut Readings) -> Result<(), Failure> {
    if source.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(MOST_MBOX + 1).read_to_end(&mut bytes)?;
        return read_bytes("-", &bytes, args, readings);
    }
    if !source.is_dir() {
        return read_file(source, args, readings);
    }
    let MaildirSource { messages, unread } = maildir(source);
    for what in unread {
        print::note(&what);
        readings.unread += 1;
    }
    messages.iter().try_for_each(|path| read_file(path, args, readings))
}

/// What is in a Maildir: its messages in the order of their names, and what could not be read of it.
struct MaildirSource {
    messages: Vec<PathBuf>,
    unread: Vec<String>,
}

/// Reads `new` and `cur`; `tmp` has messages that are not there yet. Half of a Maildir is never taken for
/// the whole of it: who is reported in the other half would go on getting mail.
fn maildir(folder: &Path) -> MaildirSource {
    let is_missing = |name: &&str| folder.join(name).symlink_metadata().is_err();
    let mut found = MaildirSource { messages: Vec::new(), unread: Vec::new() };
    if ["new", "cur"].iter().all(is_missing) {
        let kind = "this folder is no Maildir: it has no folder `new` or `cur`";
        found.unread.push(format!("{}: {kind}. Name its files", describe(folder)));
        return found;
    }
    for name in ["new", "cur"] {
        let inner = folder.join(name);
        let told = |error: std::io::Error| format!("{}: {error}", describe(&inner));
        let entries = match std::fs::read_dir(&inner) {
            Ok(entries) => entries,
            Err(error) => {
                found.unread.push(told(error));
                continue;
            }
        };
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_name().as_encoded_bytes().starts_with(b".") => {}
                Ok(entry) => found.messages.push(entry.path()),
                Err(error) => found.unread.push(told(error)),
            }
        }
    }
    found.messages.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    found
}

fn read_file(path: &Path, args: &ReadArgs, readings: &mut Readings) -> Result<(), Failure> {
    let name = describe(path);
    match bytes_of(path) {
        Ok(bytes) => read_bytes(&name, &bytes, args, readings),
        Err(error) => {
            print::note(&format!("{name}: {error}"));
            readings.unread += 1;
            Ok(())
        }
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, FileError> {
    let (mut bytes, mut file) = (Vec::new(), files::open_named(path)?);
    file.by_ref().take(MOST_MESSAGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_MESSAGE {
        // Only a file of many messages may be larger than one.
        if !mbox::is_mbox(&bytes) {
            return Err(FileError::Large(MOST_MESSAGE));
        }
        file.take(MOST_MBOX + 1 - MOST_MESSAGE).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn read_bytes(
    name: &str,
    bytes: &[u8],
    args: &ReadArgs,
    readings: &mut Readings,
) -> Result<(), Failure> {
    if bytes.len() as u64 > MOST_MBOX {
        print::note(&format!("{name}: {}", FileError::Large(MOST_MBOX)));
        readings.unread += 1;
        return Ok(());
    }
    let messages = if mbox::is_mbox(bytes) { mbox::messages(bytes) } else { vec![bytes] };
    let messages = if messages.is_empty() { vec![bytes] } else { messages };
    for (index, message) in messages.iter().enumerate() {
        if message.len() as u64 > MOST_MESSAGE {
            print::note(&format!(
                "{name}: message {}: {}",
                index + 1,
                FileError::Large(MOST_MESSAGE)
            ));
            readings.unread += 1;
            continue;
        }
        let report = bounce::read(message);
        readings.messages += 1;
        for row in &report.recipients {
            *readings.classes.entry(row.class).or_default() += 1;
        }
        let place =
            if messages.len() > 1 { format!("{name}#{}", index + 1) } else { name.to_owned() };
        let text =
            if args.json { in_json(name, index + 1, &report)? } else { in_words(&place, &report) };
        if args.json { print::json(&text)? } else { print::words(&text)? }
    }
    Ok(())
}

fn in_json(file: &str, message: usize, report: &BounceReport) -> Result<String, Failure> {
    let OriginalMessage { message_id, return_paths, unsubscribe_tokens, .. } = &report.original;
    let mut lines = String::new();
    for row in &report.recipients {
        let row = RowInJson {
            file,
            message,
            recipient: row.address.as_deref(),
            original_recipient: row.original_address.as_deref(),
            class: row.class,
            status: row.status.map(|status| status.to_string()),
            code: row.code.map(|code| code.0),
            reason: row.reason.name(),
            text: &row.text,
            part: &row.part,
            line: row.line,
            message_id: message_id.as_deref(),
            addressed_to: &report.addressed_to,
            return_paths,
            unsubscribe_tokens,
            tokens: &report.tokens,
        };
        lines.push_str(&serde_json::to_string(&row)?);
        lines.push('\n');
    }
    Ok(lines)
}

/// A line for each recipient, and below it what the report says.
fn in_words(place: &str, report: &BounceReport) -> String {
    let mut text = String::new();
    for row in &report.recipients {
        let class = class_word(row.class);
        let address = row.address.as_deref();
        let about = match row.class {
            BounceClass::Hard | BounceClass::Soft => {
                let address = address.unwrap_or("nobody is named");
                format!("{address}: {}{}", row.reason.words(), codes(row))
            }
            BounceClass::None | BounceClass::Autoreply => {
                text.push_str(&format!("{place}: {class}: {}\n", row.text));
                continue;
            }
            _ => address.unwrap_or("nobody is named").to_owned(),
        };
        text.push_str(&format!("{place}: {class}: {about}\n"));
        text.push_str(&format!("    {} line {}: {}\n", row.part, row.line, row.text));
    }
    text
}

/// ` (550 5.1.1)`
fn codes(row: &ReportedRecipient) -> String {
    let code = row.code.map(|code| code.to_string());
    let status = row.status.map(|status| status.to_string());
    match [code, status].into_iter().flatten().collect::<Vec<_>>() {
        codes if codes.is_empty() => String::new(),
        codes => format!(" ({})", codes.join(" ")),
    }
}

fn class_word(class: BounceClass) -> &'static str {
    match class {
        BounceClass::Hard => "hard",
        BounceClass::Soft => "soft",
        BounceClass::Complaint => "complaint",
        BounceClass::Autoreply => "autoreply",
        BounceClass::Delivered => "delivered",
        BounceClass::Unsubscribe => "unsubscribe",
        BounceClass::None => "none",
    }
}

/// `3 messages: 2 hard, 1 none. Nothing was changed.`
fn summary(readings: &Readings) -> String {
    let classes =
        readings.classes.iter().map(|(class, count)| format!("{count} {}", class_word(*class)));
    let classes: Vec<String> = classes.collect();
    let what = if classes.is_empty() { "nothing".to_owned() } else { classes.join(", ") };
    format!("{}: {what}. Nothing was changed (--dry-run)\n", counted(readings.messages, "message"))
}
