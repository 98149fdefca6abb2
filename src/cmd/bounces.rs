//! `digest bounces`: reads reports, does what they mean, and says so. A message is marked only when what
//! it means is on disk. What a person has to decide is kept until they have.

pub(super) mod undecided;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use sejong_digest::config;
use sejong_digest::delivery::bounced::evidence::ReportKeys;
use sejong_digest::delivery::bounced::policy::BouncePolicy;
use sejong_digest::delivery::bounced::reading::ReportReader;
use sejong_digest::delivery::ledger;
use sejong_digest::diagnostic::counted;
use sejong_digest::files;
use sejong_digest::mailbox::imap::{ImapAddress, ImapMailbox};
use sejong_digest::mailbox::{FoundMessage, MailBatch, ReportMailbox};
use sejong_digest::store::{Store, StoreError};

use super::failure::{Ending, Exit, Failure};
use super::files::{describe, describe_store};
use super::readers::forgetting_keys;
use super::subscribers::place;
use super::workspace::{self, LostSecret, Workspace};
use super::{Global, LogOptions, clock, looking, print, runtime};
use undecided::{DismissUndecided, ListUndecided};
use words::{Acting, Readings};

/// Read reports of mail that did not arrive, and complaints
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Read(ReadArgs),
    List(ListUndecided),
    Dismiss(DismissUndecided),
}

const ABOUT: &str = "\
Read bounces, complaints and wishes to leave, and act on them

Whose address is bad, who complained and who asked to leave gets no mail any more, as [bounce] in
digest.toml says. Only a report that carries a token of a mail of this publication changes anything,
or the Message-ID of one that was sent without {token} in its reverse-path. A message of a Maildir or
an IMAP server is marked as seen when what it means is written down; what a person has to look at
stays as it is. Read a second time, a message changes nothing.";

const EXAMPLES: &str = "\
A SOURCE is a file with one message, an mbox file, a Maildir folder, imaps://user@host/INBOX, or - for
standard input, as of a pipe of Postfix or Exim: then the exit code is 0, or 75 if the message should
come again later. The password for IMAP is that of DIGEST_IMAP_PASSWORD, or of the file that
DIGEST_IMAP_PASSWORD_FILE names. Behind the address, ?done=FOLDER moves what is done to that folder.

Examples:
  digest bounces read ~/Maildir
  digest bounces read imaps://bounces@mail.sejong.example/INBOX --follow
  digest bounces read mbox --dry-run --json
  digest --publication /srv/newsletter bounces read - < report.eml";

/// Read bounces, complaints and wishes to leave, and act on them
#[derive(Clone, Debug, clap::Args)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
struct ReadArgs {
    /// Where the messages are [default: mailbox of [bounce] in digest.toml]
    #[arg(value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    /// Print what would happen and why, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with what comes later, until it is stopped: of a Maildir or by IMAP
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    /// Print JSON to stdout, an object for each recipient on a line of its own
    #[arg(long)]
    json: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    #[command(flatten)]
    log: LogOptions,
}

impl Args {
    pub(super) fn log_format(&self) -> print::LogFormat {
        match &self.command {
            Command::Read(args) => args.log.log_format,
            _ => print::LogFormat::Text,
        }
    }
}

impl ReadArgs {
    /// Whether a mail system waits for the exit code, and would send a report about this report.
    fn is_pipe(&self) -> bool {
        let is_standard_input = |source: &PathBuf| source.as_os_str() == "-";
        !self.sources.is_empty() && self.sources.iter().all(is_standard_input)
    }
}

/// How long a server is left alone that cannot be reached.
const AGAIN: Duration = Duration::from_secs(5);

/// Reads and tells.
struct ReportReading<'a> {
    args: &'a ReadArgs,
    reader: ReportReader,
    acting: Acting,
    readings: Readings,
}

/// Runs `digest bounces`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let args = match &args.command {
        Command::Read(args) => args,
        Command::List(args) => return undecided::list(global, args),
        Command::Dismiss(args) => return undecided::dismiss(global, args),
    };
    let args = &with_sources(global, args)?;
    let is_imap = |source: &PathBuf| imap_address(source).is_some();
    let any_imap = args.sources.iter().any(is_imap);
    let can_be_followed = |source: &PathBuf| is_imap(source) || source.is_dir();
    if args.follow && !args.sources.iter().all(can_be_followed) {
        return Err(Failure::usage(
            "--follow goes on with Maildirs or a mailbox on an IMAP server",
        ));
    }
    if args.follow && any_imap && args.sources.len() > 1 {
        return Err(Failure::usage("--follow waits for one IMAP server: run a command for each"));
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

/// The mailbox that digest.toml names, where no source is.
fn with_sources(global: &Global, args: &ReadArgs) -> Result<ReadArgs, Failure> {
    if !args.sources.is_empty() {
        return Ok(args.clone());
    }
    let named = match workspace::root(global) {
        Ok(_) => named_mailbox(&Workspace::open(global)?),
        Err(_) => None,
    };
    let Some(source) = named else {
        return Err(Failure::usage(
            "no SOURCE is named: write where the messages are, or mailbox in [bounce] of digest.toml",
        ));
    };
    Ok(ReadArgs { sources: vec![source], ..args.clone() })
}

/// The mailbox that digest.toml names; a path starts at its folder.
pub(super) fn named_mailbox(workspace: &Workspace) -> Option<PathBuf> {
    let text = workspace.config.bounce_mailbox.as_ref()?;
    let is_imap = ImapAddress::is_meant(text);
    Some(if is_imap { PathBuf::from(text) } else { workspace.root.join(text) })
}

/// Opens what reports are compared with. A dry run needs no publication.
async fn reader(global: &Global, args: &ReadArgs) -> Result<(ReportReader, Acting), Failure> {
    if args.dry_run && workspace::root(global).is_err() {
        return Ok(reading_only());
    }
    let workspace = Workspace::open(global)?;
    let (path, keys) = (place(&workspace, args.store.as_deref()), keys(&workspace)?);
    if keys.is_none() {
        let ledger = path.as_ref().ok().cloned();
        let is_lost = LostSecret::of(&workspace, ledger).await?.is_some();
        if is_lost && args.dry_run {
            print::note(&format!("{NO_SECRET}; what would happen is not told"));
            return Ok(reading_only());
        }
        if is_lost {
            return Err(Failure::new(NO_SECRET).help(
                "copy .digest-secret here from the computer that sends the mail, or set DIGEST_SECRET",
            ));
        }
        print::note(&format!(
            "{NO_SECRET}; wishes to leave are kept for a person to decide. The first send makes the secret"
        ));
    }
    let path = path?;
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
    let names = names(&workspace);
    let policy = workspace.config.bounce;
    let reader = ReportReader::new(store, keys, (names, policy), !args.dry_run);
    Ok((reader, acting))
}

const NO_SECRET: &str = "there is no secret here, so no report can be proven";

/// What says what is in a report, and not what it means for anybody.
fn reading_only() -> (ReportReader, Acting) {
    let policy = BouncePolicy::default();
    (ReportReader::new(None, None, (Vec::new(), policy), false), Acting::ReadOnly)
}

/// What readers may call the publication who leave it.
fn names(workspace: &Workspace) -> Vec<String> {
    let sender = &workspace.config.sender;
    let label = sender.list_id_in_mail().split('.').next().unwrap_or_default();
    let from = sender.from().name.as_ref().map(|name| name.as_str().to_owned());
    let name = workspace.config.publication.name.clone();
    [Some(name), from, Some(label.to_owned())].into_iter().flatten().collect()
}

/// By what reports are known to be ours; nothing without a secret.
fn keys(workspace: &Workspace) -> Result<Option<ReportKeys>, Failure> {
    let known = config::known_secret(&workspace.root, &workspace.environment)?;
    let Some(secret) = known else { return Ok(None) };
    let identity = workspace.identity(&secret, Vec::new());
    let (keys, list_id, reverse_path) = (identity.keys, identity.list_id, identity.reverse_path);
    let forgetting = forgetting_keys(workspace)?;
    Ok(Some(ReportKeys { keys, list_id, reverse_path, forgetting }))
}

/// What a source means that is on a server.
pub(super) fn imap_address(source: &Path) -> Option<Result<ImapAddress, Failure>> {
    let text = source.to_str().filter(|text| ImapAddress::is_meant(text))?;
    Some(ImapAddress::read(text).map_err(|error| Failure::usage(error.to_string())))
}

async fn open(source: &Path) -> Result<ReportMailbox, Failure> {
    if let Some(address) = imap_address(source) {
        let address = address?;
        let password = imap_password(&address)?;
        return Ok(ReportMailbox::Imap(Box::new(ImapMailbox::open(address, password).await?)));
    }
    Ok(match source.as_os_str().to_str() {
        Some("-") => ReportMailbox::of(source, Box::new(std::io::stdin())),
        _ => ReportMailbox::open(source),
    })
}

/// From the environment, or from the file that it names.
pub(super) fn imap_password(address: &ImapAddress) -> Result<SecretString, Failure> {
    let environment = workspace::environment();
    let variable = |name: &str| environment.iter().find(|(known, _)| known == name);
    let variable = |name: &str| variable(name).filter(|(_, value)| !value.is_empty());
    if let Some((_, password)) = variable("DIGEST_IMAP_PASSWORD") {
        return Ok(SecretString::from(password.clone()));
    }
    let whom = address.account();
    let Some((name, file)) = variable("DIGEST_IMAP_PASSWORD_FILE") else {
        return Err(Failure::new(format!(
            "there is no password for {whom}: set DIGEST_IMAP_PASSWORD, or DIGEST_IMAP_PASSWORD_FILE to a \
             file with it that only you can read"
        )));
    };
    let bytes = files::read_private(Path::new(file)).map_err(|error| {
        let what = format!("{file} ({name}) with the password for {whom} cannot be used");
        Failure::new(format!("{what}: {error}"))
    })?;
    let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
    Ok(SecretString::from(text))
}

impl ReportReading<'_> {
    async fn all(&mut self) -> Result<(), Failure> {
        let mut mailboxes = Vec::new();
        for source in &self.args.sources {
            let mut mailbox = open(source).await?;
            self.mailbox(source, &mut mailbox).await?;
            mailboxes.push((source, mailbox));
        }
        while self.args.follow {
            for (source, mailbox) in &mut mailboxes {
                mailbox.look_again().await;
                self.mailbox(source, mailbox).await?;
            }
        }
        Ok(())
    }

    async fn mailbox(&mut self, source: &Path, mailbox: &mut ReportMailbox) -> Result<(), Failure> {
        loop {
            let batch = mailbox.next_batch().await?;
            if batch.is_end() {
                return Ok(());
            }
            for (path, why) in &batch.unread {
                print::note(&format!("{}: {why}", describe(path)));
                self.readings.unread += 1;
            }
            let done = self.batch(source, &batch).await?;
            for (place, why) in mailbox.mark_as_done(&done).await {
                let place = describe(place);
                print::note(&format!("{place} was read and acted on, but cannot be marked: {why}"));
                self.readings.unmarked += 1;
            }
        }
    }

    /// Waits until a server that has ended the connection can be reached again. What was not committed
    /// is read again.
    async fn wait(&mut self, lost: StoreError) -> Result<(), Failure> {
        let Some(store) = self.reader.store.take() else { return Err(lost.into()) };
        let (address, mut told) = (store.address().clone(), String::new());
        store.close().await;
        let mut error = lost;
        loop {
            if told != error.to_string() {
                told = error.to_string();
                print::note(&format!("{told}; trying again"));
            }
            tokio::time::sleep(AGAIN).await;
            match Store::open(&address, &ledger::STEPS).await {
                Ok(store) => {
                    print::note(&format!("{} can be reached again", describe_store(&address)));
                    self.reader.store = Some(store);
                    return Ok(());
                }
                Err(again) if again.is_passing() => error = again,
                Err(again) => return Err(looking::unusable(again)),
            }
        }
    }

    /// What is in some messages is written down and told; those with which nothing is left to do.
    async fn batch<'a>(
        &mut self,
        source: &Path,
        batch: &'a MailBatch,
    ) -> Result<Vec<&'a FoundMessage>, Failure> {
        let source = match imap_address(source) {
            Some(Ok(address)) => address.to_string(),
            _ => describe(source),
        };
        let bytes: Vec<&[u8]> = batch.messages.iter().map(|message| &message.bytes[..]).collect();
        let read = loop {
            match self.reader.read(&bytes, &source, clock::now()).await {
                Err(error) if self.args.follow && error.is_passing() => self.wait(error).await?,
                read => break read?,
            }
        };
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
        if self.args.json {
            print::json(&text)?
        } else {
            print::words(&text)?
        }
        let done = batch.messages.iter().zip(&read).filter(|(_, message)| message.is_done());
        let done = done.filter(|_| self.acting == Acting::Done);
        Ok(done.map(|(found, _)| found).collect())
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
