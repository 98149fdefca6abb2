//! `digest bounces read`: reads reports, does what they mean, and says so. A message is marked only
//! when what it means is on disk.

mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sejong_digest::config;
use sejong_digest::delivery::bounced::evidence::ReportKeys;
use sejong_digest::delivery::bounced::policy::BouncePolicy;
use sejong_digest::delivery::bounced::reading::ReportReader;
use sejong_digest::delivery::ledger;
use sejong_digest::diagnostic::counted;
use sejong_digest::mailbox::{self, FoundMessage, MailBatch, ReportMailbox};
use sejong_digest::store::Store;

use super::failure::{Ending, Exit, Failure};
use super::files::{describe, describe_store};
use super::subscribers::place;
use super::workspace::{self, Workspace};
use super::{Global, clock, looking, print, runtime};
use words::{Acting, Readings};

/// How often a Maildir is looked at that is followed.
const EVERY: Duration = Duration::from_secs(2);

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

const ABOUT: &str = "\
Read bounces, complaints and wishes to leave, and act on them

Whose address is bad, who complained and who asked to leave gets no mail any more, as [bounce] in
digest.toml says. Only a report that carries a token or the Message-ID of a mail of this publication
changes anything. A message of a Maildir gets the flag S when what it means is written down; what a
person has to look at stays as it is. Read a second time, a message changes nothing.";

const EXAMPLES: &str = "\
A SOURCE is a file with one message, an mbox file, a Maildir folder, or - for standard input, as of
a pipe of Postfix or Exim: then the exit code is 0, or 75 if the message should come again later.

Examples:
  digest bounces read ~/Maildir
  digest bounces read ~/Maildir --follow
  digest bounces read mbox --dry-run --json
  digest --publication /srv/newsletter bounces read - < report.eml";

/// Read bounces, complaints and wishes to leave, and act on them
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
struct ReadArgs {
    /// Where the messages are
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<PathBuf>,
    /// Print what would happen and why, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with what comes later, until it is stopped: of a Maildir
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    /// Print JSON to stdout, an object for each recipient on a line of its own
    #[arg(long)]
    json: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl ReadArgs {
    /// Whether a mail system waits for the exit code, and would send a report about this report.
    fn is_pipe(&self) -> bool {
        self.sources.iter().all(|source| source.as_os_str() == "-")
    }
}

/// Reads and tells.
struct ReportReading<'a> {
    args: &'a ReadArgs,
    reader: ReportReader,
    acting: Acting,
    readings: Readings,
}

/// Runs `digest bounces`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let Command::Read(args) = &args.command;
    if args.follow && !args.sources.iter().all(|source| source.is_dir()) {
        return Err(Failure::usage("--follow goes on with a Maildir, and with nothing else"));
    }
    let ending = runtime()?.block_on(async {
        let (reader, acting) = reader(global, args).await?;
        let mut reading = ReportReading { args, reader, acting, readings: Readings::default() };
        let read = reading.all().await;
        if let Some(store) = reading.reader.store.take() {
            store.close().await;
        }
        read?;
        reading.end()
    });
    match ending {
        Err(failure) if args.is_pipe() && !args.dry_run => {
            Err(Failure { exit: Exit::TryLater, ..failure })
        }
        ending => ending,
    }
}

/// Opens what reports are compared with. A dry run needs no publication.
async fn reader(global: &Global, args: &ReadArgs) -> Result<(ReportReader, Acting), Failure> {
    if args.dry_run && workspace::root(global).is_err() {
        let policy = BouncePolicy::default();
        return Ok((ReportReader::new(None, None, policy, false), Acting::ReadOnly));
    }
    let workspace = Workspace::open(global)?;
    let keys = keys(&workspace)?;
    let path = place(&workspace, args.store.as_deref())?;
    let store = match (args.dry_run, path.is_there()) {
        (true, false) => None,
        (true, true) => Some(Store::read(&path, &ledger::STEPS).await.map_err(looking::unusable)?),
        (false, is_there) => {
            let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
            if !is_there {
                print::note(&format!("{} was made", describe_store(&path)));
            }
            Some(store)
        }
    };
    let acting = if args.dry_run { Acting::DryRun } else { Acting::Done };
    let reader = ReportReader::new(store, Some(keys), workspace.config.bounce, !args.dry_run);
    Ok((reader, acting))
}

fn keys(workspace: &Workspace) -> Result<ReportKeys, Failure> {
    let Some(secret) = config::known_secret(&workspace.root, &workspace.environment)? else {
        return Err(Failure::new("there is no secret here, so no report can be proven").help(
            "copy .digest-secret here from the computer that sends the mail, or set DIGEST_SECRET",
        ));
    };
    let identity = workspace.identity(&secret, Vec::new());
    let (keys, list_id, reverse_path) = (identity.keys, identity.list_id, identity.reverse_path);
    Ok(ReportKeys { keys, list_id, reverse_path })
}

impl ReportReading<'_> {
    async fn all(&mut self) -> Result<(), Failure> {
        let mut mailboxes = Vec::new();
        for source in &self.args.sources {
            let mut mailbox = match source.as_os_str().to_str() {
                Some("-") => ReportMailbox::of(source, Box::new(std::io::stdin())),
                _ => ReportMailbox::open(source),
            };
            self.mailbox(source, &mut mailbox).await?;
            mailboxes.push((source, mailbox));
        }
        while self.args.follow {
            tokio::time::sleep(EVERY).await;
            for (source, mailbox) in &mut mailboxes {
                mailbox.look_again();
                self.mailbox(source, mailbox).await?;
            }
        }
        Ok(())
    }

    async fn mailbox(&mut self, source: &Path, mailbox: &mut ReportMailbox) -> Result<(), Failure> {
        loop {
            let batch = mailbox.next_batch();
            if batch.is_end() {
                return Ok(());
            }
            self.batch(&describe(source), batch).await?;
        }
    }

    /// What is in some messages is written down, told, and then they are marked.
    async fn batch(&mut self, source: &str, batch: MailBatch) -> Result<(), Failure> {
        for (path, why) in &batch.unread {
            print::note(&format!("{}: {why}", describe(path)));
            self.readings.unread += 1;
        }
        let bytes: Vec<&[u8]> = batch.messages.iter().map(|message| &message.bytes[..]).collect();
        let read = self.reader.read(&bytes, source, clock::now()).await?;
        let mut text = String::new();
        for (found, message) in batch.messages.iter().zip(&read) {
            self.readings.add(message);
            let Some(report) = &message.report else { continue };
            let file = describe(&found.place);
            if self.args.json {
                let place = (file.as_str(), found.number);
                text.push_str(&words::in_json(place, report, &message.decided, self.acting)?);
            } else {
                let place = found.number.map_or(file.clone(), |number| format!("{file}#{number}"));
                text.push_str(&words::in_words(&place, report, &message.decided, self.acting));
            }
        }
        if self.acting == Acting::Done {
            let done = batch.messages.iter().zip(&read).filter(|(_, message)| message.is_done());
            done.for_each(|(found, _)| self.mark(found));
        }
        if self.args.json { print::json(&text) } else { print::words(&text) }
    }

    fn mark(&mut self, found: &FoundMessage) {
        if let Err(error) = mailbox::mark_as_done(&found.mark) {
            let place = describe(&found.place);
            print::note(&format!("{place} was read and acted on, but cannot be marked: {error}"));
            self.readings.unmarked += 1;
        }
    }

    fn end(&self) -> Ending {
        if !self.args.json {
            print::words(&self.readings.summary(self.acting))?;
        }
        let Readings { unread, unmarked, .. } = self.readings;
        // A mail system would hand over again and again what cannot be read.
        if self.args.is_pipe() && !self.args.dry_run {
            return Ok(Exit::Done);
        }
        match (unread, unmarked) {
            (0, 0) => Ok(Exit::Done),
            (0, unmarked) => {
                let messages = counted(unmarked, "message");
                Err(Failure::new(format!("{messages} could not be marked")).behind_an_answer())
            }
            (unread, _) => {
                let unread = counted(unread, "source");
                Err(Failure::new(format!("{unread} could not be read")).behind_an_answer())
            }
        }
    }
}
