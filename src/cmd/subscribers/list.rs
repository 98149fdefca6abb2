//! `digest subscribers list` and `export`: who is on the list of the store. Changes nothing.

use std::cell::RefCell;
use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::Date;
use sejong_digest::audience::pause;
use sejong_digest::audience::subscribers::SubscriptionStatus;
use sejong_digest::audience::subscribers::export::{
    ExportError, Subscriber, Subscribers, is_header, write_csv,
};
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::diagnostic::{counted, nearest};
use sejong_digest::issue::only::by_issues::OnlyByIssues;
use sejong_digest::issue::only::{Only, STATUS_WORDS, TermsToMeet};
use sejong_digest::message::recipient::Recipient;
use sejong_digest::store::Store;

use super::look;
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::{DraftFile, Readable, describe, quoted};
use crate::cmd::send::chosen;
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, print, runtime};

const LIST_EXAMPLES: &str = "\
Examples:
  digest subscribers list --only tag:board
  digest subscribers list --status unconfirmed --count
  digest subscribers list --only 'paused_until >= 2027-01-10'
  digest subscribers list --suppressed --csv > suppressed.csv
";

/// List who is in the store, or who is suppressed
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(super) struct ListSubscribers {
    /// Those who get no mail any more: the reason, since when, and why
    #[arg(long, conflicts_with_all = ["only", "status", "count"])]
    suppressed: bool,
    /// A part of the list: tag:member, !tag:press, language=ko, with and, or, ( )
    #[arg(long, value_name = "EXPR")]
    only: Option<String>,
    /// Those who stand so
    #[arg(long, value_name = "STATUS", value_parser = statuses())]
    status: Option<SubscriptionStatus>,
    /// Print how many they are, and nothing else
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    count: bool,
    /// Print JSON to stdout
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV to stdout; a cell that a spreadsheet would compute has a ' before it
    #[arg(long)]
    csv: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

const EXPORT: &str = "\
Write the list of the store as CSV

The file has all that the list knows of people, and importing it gives the same list again. A cell
that a spreadsheet would compute has a ' before it, which an import takes away. Without -o it is
written to stdout. A FILE that is there already stays as it is, because somebody may have edited it.
Over an earlier export --replace writes; any other file is never written over.";

/// Write the list of the store as CSV
#[derive(Debug, clap::Args)]
#[command(long_about = EXPORT)]
pub(super) struct Export {
    /// The file, instead of stdout; only you can read it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over an earlier export, and over what somebody has edited in it
    #[arg(long, requires = "output")]
    replace: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

fn statuses() -> impl TypedValueParser<Value = SubscriptionStatus> {
    let words = SubscriptionStatus::ALL.map(SubscriptionStatus::word);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<SubscriptionStatus>())
}

/// The first line of an export has no more bytes.
const HEADER_BYTES: u64 = 1024 * 1024;

/// Runs `digest subscribers list`.
pub(super) fn list(workspace: &Workspace, args: &ListSubscribers) -> Ending {
    if args.suppressed {
        return look::suppressed(workspace, args.store.as_deref(), (args.json, args.csv));
    }
    let only = args.only.as_deref().map(|text| chosen(text, workspace)).transpose()?;
    let slips = RefCell::new(Slips::of(only.as_ref()));
    runtime()?.block_on(async {
        let Some(store) = look::existing(workspace, args.store.as_deref()).await? else {
            let nobody = if args.count {
                "0\n"
            } else if args.json {
                "[]\n"
            } else {
                ""
            };
            return print::words(nobody);
        };
        let by_issues = only.as_ref().map(OnlyByIssues::new);
        let issues = by_issues.as_ref().map_or(&[][..], OnlyByIssues::issues);
        let had = Ledger::new(store.clone(), "").issues_had(issues).await;
        let had = had.map_err(|error| Failure::usage(error.to_string()))?;
        let is_meant = |person: &Subscriber| {
            let stands_so = args.status.is_none_or(|status| person.profile.status == status);
            let Some(only) = &by_issues else { return stands_so };
            let Ok(recipient) = person.recipient() else { return false };
            slips.borrow_mut().meet(&recipient);
            let set = had.get(&person.identity).copied().unwrap_or_default();
            stands_so && only.meant(&recipient) >> set & 1 == 1
        };
        let mut out = LongAnswer::default();
        let today = clock::now_in(&workspace.config.time_zone).date();
        let listed = match (args.csv, args.count) {
            (true, _) => write_csv(&store, &mut out, &is_meant).await.map_err(Failure::from),
            (false, count_only) => {
                each(&store, &mut out, &is_meant, (args.json, count_only), today).await
            }
        };
        store.close().await;
        let count = listed?;
        if args.count {
            return print::words(&format!("{count}\n"));
        }
        out.finish()
    })?;
    slips.into_inner().tell();
    Ok(Exit::Done)
}

/// What `--only` asks about and nobody has: a slip of the pen, most often.
struct Slips<'a> {
    terms: TermsToMeet<'a>,
    fields: Vec<String>,
}

impl<'a> Slips<'a> {
    fn of(only: Option<&'a Only>) -> Slips<'a> {
        let mut terms = TermsToMeet::of(only);
        terms.know("status", &STATUS_WORDS);
        Slips { terms, fields: Vec::new() }
    }

    fn meet(&mut self, person: &Recipient) {
        self.terms.meet(person);
        for (name, _) in person.fields() {
            if !self.fields.iter().any(|known| known == name) {
                self.fields.push(name.to_owned());
            }
        }
    }

    fn tell(mut self) {
        for unmet in self.terms.unmet() {
            print::note(&format!("--only: nobody has {}: {}", unmet.term, unmet.instead()));
        }
        self.fields.sort();
        for field in self.terms.unknown_fields(&self.fields) {
            let instead = match nearest(&field, self.fields.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("there is {}", self.fields.join(", ")),
            };
            print::note(&format!("--only: nobody has a field {field}: {instead}"));
        }
    }
}

/// Writes who is meant, a line each or as one array; how many they are.
async fn each(
    store: &Store,
    out: &mut LongAnswer,
    is_meant: &dyn Fn(&Subscriber) -> bool,
    (json, count_only): (bool, bool),
    today: Date,
) -> Result<u64, Failure> {
    let mut people = Subscribers::of(store);
    let mut count = 0;
    loop {
        let batch = people.next().await?;
        if batch.is_empty() {
            break;
        }
        for person in batch.iter().filter(|person| is_meant(person)) {
            count += 1;
            if json {
                let sign = if count == 1 { '[' } else { ',' };
                write!(out, "{sign}{}", serde_json::to_string(&person.object())?)?;
            } else if !count_only {
                out.write_all(line(person, today).as_bytes())?;
            }
        }
    }
    if json {
        out.write_all(if count == 0 { b"[]\n" } else { b"]\n" })?;
    }
    Ok(count)
}

fn line(person: &Subscriber, today: Date) -> String {
    let profile = &person.profile;
    let how = match person.suppressed {
        Some(reason) => format!("suppressed ({reason})"),
        None => profile.status.to_string(),
    };
    let recipient = person.recipient().ok();
    let until = recipient.as_ref().and_then(|recipient| pause::until(recipient, today));
    let how = match until.filter(|_| person.gets_mail()) {
        Some(until) => format!("{how}, {}", pause::reason(until)),
        None => how,
    };
    let name = recipient.as_ref().and_then(|recipient| recipient.display_name());
    let (name, tags) = (name.unwrap_or_default(), profile.tags.join("; "));
    let line = format!("{}\t{how}\t{name}\t{tags}", profile.email);
    format!("{}\n", line.trim_end_matches('\t'))
}

/// An answer that may be long: what does not fit is printed meanwhile.
#[derive(Default)]
struct LongAnswer(Vec<u8>);

/// So much is printed at once.
const PRINTED: usize = 64 * 1024;

impl LongAnswer {
    fn finish(mut self) -> Result<(), Failure> {
        self.print()
    }

    fn print(&mut self) -> Result<(), Failure> {
        print::words(&String::from_utf8_lossy(&std::mem::take(&mut self.0)))
    }
}

impl Write for LongAnswer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        if self.0.len() > PRINTED && self.0.ends_with(b"\n") {
            self.print().map_err(|failure| io::Error::other(failure.message))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is at the place that an export is written to.
enum ExportPlace {
    /// Nothing that would be lost.
    Free,
    /// An earlier export, as far as its first line says. Somebody may have edited it.
    Earlier,
}

impl ExportPlace {
    /// Of a path; any other file may be somebody's own list.
    fn of(path: &Path) -> Result<ExportPlace, Failure> {
        let Ok(metadata) = fs::metadata(path) else { return Ok(ExportPlace::Free) };
        if !metadata.is_file() || metadata.len() == 0 {
            return Ok(ExportPlace::Free);
        }
        let mut first = String::new();
        let read = fs::File::open(path).and_then(|file| {
            BufReader::new(file.take(HEADER_BYTES)).read_line(&mut first).map(drop)
        });
        if read.is_ok() && is_header(first.trim_end()) {
            return Ok(ExportPlace::Earlier);
        }
        let path = describe(path);
        Err(Failure::new(format!(
            "{path} exists and is no export of this program: nothing is written over it"
        ))
        .help("name a new file, or remove this one"))
    }
}

/// Compares what is written to it with a file.
struct WithFile {
    file: BufReader<fs::File>,
    is_same: bool,
}

impl WithFile {
    /// Whether the file has the same bytes, and no more.
    fn ends_same(mut self) -> io::Result<bool> {
        Ok(self.is_same && self.file.fill_buf()?.is_empty())
    }
}

impl Write for WithFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut there = vec![0; bytes.len()];
        self.is_same = self.is_same
            && match self.file.read_exact(&mut there) {
                Ok(()) => there == bytes,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
                Err(error) => return Err(error),
            };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the list to a file; how many people there are. What somebody has edited in an earlier export
/// is in no other place: without a word of them it stays.
async fn to_file(store: &Store, path: &Path, may_replace: bool) -> Result<u64, Failure> {
    let everybody = |_: &Subscriber| true;
    if matches!(ExportPlace::of(path)?, ExportPlace::Earlier) && !may_replace {
        let file = fs::File::open(path).map_err(ExportError::Written)?;
        let mut with_file = WithFile { file: BufReader::new(file), is_same: true };
        let count = write_csv(store, &mut with_file, &everybody).await?;
        if with_file.ends_same().map_err(ExportError::Written)? {
            return Ok(count);
        }
        let (shown, name) = (describe(path), quoted(&path.display().to_string()));
        return Err(Failure::new(format!(
            "{shown} exists and has not the same rows as the store: somebody may have edited it, and \
             nothing is written over it"
        ))
        .help(format!(
            "name a new file; or look at what was edited with `digest subscribers import {name} --update \
             overwrite --plan`, and import it; or write over it with --replace"
        )));
    }
    let mut file = DraftFile::begin(path, Readable::Owner)?;
    let count = write_csv(store, &mut file, &everybody).await?;
    file.finish()?;
    Ok(count)
}

/// Writes the list to stdout.
async fn to_stdout(store: &Store) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write_csv(store, &mut out, &|_: &Subscriber| true).await;
    match written.and_then(|_| Ok(out.flush()?)) {
        // Whoever reads through `head` has seen enough.
        Err(ExportError::Written(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::from),
    }
}

/// Runs `digest subscribers export`.
pub(super) fn export(workspace: &Workspace, args: &Export) -> Ending {
    runtime()?.block_on(async {
        let Some(store) = look::existing(workspace, args.store.as_deref()).await? else {
            return Err(Failure::new("there is no list to export: nobody is in the store")
                .help("bring people in with `digest subscribers import FILE`"));
        };
        let written = match &args.output {
            Some(path) => to_file(&store, path, args.replace).await.map(Some),
            None => to_stdout(&store).await.map(|()| None),
        };
        store.close().await;
        if let (Some(count), Some(path)) = (written?, &args.output) {
            print::note(&format!("{} in {}", counted(count, "person"), describe(path)));
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
