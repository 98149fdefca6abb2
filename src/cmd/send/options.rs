//! What `send` and `plan` are both told: which issue, to whom of which list, and how fast. The command
//! line is read once, into [`PlanOptions`], and the stages go by those.

use std::path::{Path, PathBuf};

use jiff::ZonedDateTime;
use sejong_digest::audience::consent::Meaning;
use sejong_digest::audience::except::Exceptions;
use sejong_digest::audience::list::ReadOptions;
use sejong_digest::delivery::ledger::origin::{RunOrigin, USUAL_LIST};
use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::receipt;
use sejong_digest::delivery::send::content::ExpectedHash;
use sejong_digest::delivery::send::{OnePerson, SendOptions};
use sejong_digest::issue::load;
use sejong_digest::issue::only::Only;
use sejong_digest::message::address::Address;
use sejong_digest::store::{self, StoreAddress};

use crate::cmd::clock;
use crate::cmd::failure::Failure;
use crate::cmd::files::{option, quoted};
use crate::cmd::looking::boot;
use crate::cmd::print;
use crate::cmd::readers::{ListArgs, ListPlace, forgetting_keys, is_foreign};
use crate::cmd::relays::{RelayArgs, RelayChoice};
use crate::cmd::workspace::Workspace;

/// See the file's head.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// The issue: a folder under issues/, or a path
    pub(super) issue: String,
    #[command(flatten)]
    list: ListArgs,
    /// A part of the list: tag:member, !tag:press, language=ko, points>=10, topic:events,
    /// got:2025-10, segment:board, with and, or, not, ( )
    #[arg(long, value_name = "EXPR")]
    only: Option<String>,
    /// Nobody in this file gets it: one address a line, or CSV
    #[arg(long, value_name = "FILE")]
    except: Option<PathBuf>,
    #[command(flatten)]
    relay: RelayArgs,
    /// The ledger, instead of the one in digest.toml: sqlite:digest.db
    #[arg(long, value_name = "URL", hide_short_help = true, conflicts_with = "catch")]
    store: Option<String>,
    /// End with one JSON object on stdout
    #[arg(long)]
    pub(super) json: bool,
    /// Send the files as they are now to the people who cannot have the issue yet
    #[arg(long, hide_short_help = true)]
    recompose: bool,
    /// Leave out rows of the list that cannot be used, instead of stopping
    #[arg(long)]
    skip_invalid: bool,
    /// Let problems of this rule pass; repeat it for several
    #[arg(long, value_name = "RULE", hide_short_help = true)]
    allow: Vec<String>,
    /// How fast at most: 50/second, 30/minute, 2000/hour
    #[arg(long, value_name = "RATE")]
    limit: Option<Rate>,
    /// How many connections at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    #[arg(hide_short_help = true)]
    connections: Option<u16>,
    /// Send only the content with this hash, of which `digest plan` shows the first 12 digits
    #[arg(long, value_name = "HASH", hide_short_help = true)]
    expect: Option<ExpectedHash>,
    /// Send to this person of the list alone
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse, conflicts_with = "only")]
    #[arg(hide_short_help = true)]
    to: Option<Address>,
    /// With --to: send once more if they have it already
    #[arg(long, requires = "to", conflicts_with = "only", hide_short_help = true)]
    again: bool,
    /// What to do with people who may or may not have it: ask, hold or resend
    #[arg(long, value_name = "WHAT", default_value = "ask", hide_possible_values = true)]
    #[arg(hide_short_help = true)]
    uncertain: Uncertain,
    /// Send once more to the people whom the relay refused for good, or who were given up; it shows
    /// who and why, and asks. After a no nobody gets anything
    #[arg(long, hide_short_help = true)]
    retry_refused: bool,
}

/// Commands that settle who may have the issue, as a person types them: with what this one was told
/// of the list, the ledger and the relay.
#[derive(Debug)]
pub(super) struct SettleCommands {
    /// Reads the relay's log.
    pub(super) reconcile: String,
    /// Sends once more to those whom this command was for, and leaves a further copy alone.
    pub(super) resend: String,
    /// The same to the whole list.
    pub(super) resend_all: String,
}

/// See [`PlanArgs::uncertain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Uncertain {
    /// Ask on a terminal; elsewhere hold
    Ask,
    /// Leave them; they are listed
    Hold,
    /// Send again, with the same Message-ID
    Resend,
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct PlanOptions {
    /// The issue, as it was named.
    pub(super) issue: String,
    /// What the stages of a send are told.
    pub(super) send: SendOptions,
    pub(super) relay: RelayChoice,
    /// Rules whose problems pass.
    pub(super) allow: Vec<String>,
    pub(super) limit: Option<Rate>,
    pub(super) connections: Option<u16>,
    pub(super) uncertain: Uncertain,
    pub(super) retry_refused: bool,
    pub(super) settle: SettleCommands,
    /// The file of `--except`, as it was named.
    pub(super) except: Option<PathBuf>,
    pub(super) json: bool,
}

impl PlanOptions {
    /// Whether an issue goes out for good to people who were chosen, and not to the whole list.
    pub(super) fn is_part(&self) -> bool {
        let is_chosen = self.send.only.is_some() || self.send.to.is_some();
        is_chosen && self.relay.rehearsal().is_none()
    }

    /// Who is sent to again, as far as no person is asked.
    pub(super) fn reopened(&self) -> Reopened {
        let uncertain = self.uncertain == Uncertain::Resend;
        Reopened { uncertain, refused: self.retry_refused }
    }

    /// The same with whomever a person may still say to send to again, if somebody is there to ask.
    pub(super) fn perhaps_reopened(&self, asked: bool) -> Reopened {
        let uncertain = asked && self.uncertain == Uncertain::Ask;
        let reopened = self.reopened();
        Reopened { uncertain: reopened.uncertain || uncertain, ..reopened }
    }

    /// What the stages of a send are told when they read the list again, with whom `--except` names
    /// now.
    pub(super) fn now(&self) -> Result<SendOptions, Failure> {
        let is_foreign = is_foreign(&self.send.list);
        let today = Some(clock::now_in(self.send.begin.time_zone()).date());
        let read = ReadOptions { is_foreign, today, ..self.send.read.clone() };
        let except = self.except.as_deref().map(|file| exceptions(file, &read)).transpose()?;
        Ok(SendOptions { read, except, ..self.send.clone() })
    }

    /// Says no to a wait for whose end there is nothing to read: people may leave the list meanwhile,
    /// and what comes through a pipe comes once.
    pub(super) fn can_be_read_again(&self) -> Result<(), Failure> {
        let mut files = std::iter::once(&self.send.list).chain(&self.except);
        let once = files.find(|file| file.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir()));
        let Some(once) = once else { return Ok(()) };
        Err(Failure::usage(format!(
            "--at: {} is read again when the time has come, as people may leave it meanwhile, and it \
             is no file; nothing was sent",
            once.display()
        ))
        .help("write it into a file, and name that one"))
    }
}

impl PlanArgs {
    /// Those of a command that knows an issue, a list, a relay and a limit, and nothing else.
    pub(super) fn of_issue(
        issue: String,
        (list, relay, limit): (ListArgs, RelayArgs, Option<Rate>),
        json: bool,
    ) -> PlanArgs {
        PlanArgs {
            issue,
            list,
            only: None,
            except: None,
            relay,
            store: None,
            json,
            recompose: false,
            skip_invalid: false,
            allow: Vec::new(),
            limit,
            connections: None,
            expect: None,
            to: None,
            again: false,
            uncertain: Uncertain::Ask,
            retry_refused: false,
        }
    }

    /// Reads the arguments; `begin` is when messages are to leave.
    pub(super) async fn read(
        &self,
        workspace: &Workspace,
        begin: ZonedDateTime,
    ) -> Result<PlanOptions, Failure> {
        let relay = self.relay.choice()?;
        let Some(ListPlace { path: list, store: list_in_store }) =
            self.list.place(workspace).await?
        else {
            return Err(Failure::usage("there is no list of subscribers")
                .help("name one: --subscribers FILE.csv, or bring people into the store with `digest subscribers \
                    import FILE`"));
        };
        let issue = workspace.issue_name(&self.issue)?;
        // A rehearsal is no send: it neither leaves a receipt nor asks whether a folder was renamed.
        let receipt = relay.rehearsal().is_none();
        let receipt = receipt.then(|| receipt::place(&workspace.root, &issue));
        let settle = self.settle_commands(&issue);
        let origin = RunOrigin {
            publication: workspace.sending_publication(),
            list: self.whole_list(&list, workspace),
        };
        // Whoever comes back before it leaves gets it.
        let read = ReadOptions { today: Some(begin.date()), ..self.list.options(workspace) };
        let except = self.except.as_deref().map(|file| exceptions(file, &read)).transpose()?;
        let only = self.only.as_deref().map(|text| chosen(text, workspace)).transpose()?;
        let ledger = store_address(workspace, self.store.as_deref(), &relay)?;
        let send = SendOptions {
            issue,
            suppressed_in: suppressed_beside(workspace, &ledger)?,
            forgetting: forgetting_keys(workspace)?,
            ledger,
            list,
            list_in_store,
            read,
            except,
            only,
            to: self.to.clone().map(|address| OnePerson { address, again: self.again }),
            part: self.part(workspace),
            origin,
            skip_invalid: self.skip_invalid,
            recompose: self.recompose,
            expect: self.expect.clone(),
            receipt,
            folders: folders(workspace).filter(|_| relay.rehearsal().is_none()),
            begin,
            boot: boot(),
            clock: || clock::now().to_string(),
        };
        Ok(PlanOptions {
            issue: self.issue.clone(),
            send,
            relay,
            allow: self.allow.clone(),
            limit: self.limit,
            connections: self.connections,
            uncertain: self.uncertain,
            retry_refused: self.retry_refused,
            settle,
            except: self.except.clone(),
            json: self.json,
        })
    }

    /// For whom the command is, where it is not the whole of the usual list: whatever a person says is
    /// said of these people alone.
    fn part(&self, workspace: &Workspace) -> String {
        self.list
            .unusual(workspace)
            .map_or(String::new(), |list| option("--subscribers", &list.display().to_string()))
            + &self.chosen()
    }

    /// What the list is known by from one issue to the next, unless a part of it is chosen.
    fn whole_list(&self, list: &Path, workspace: &Workspace) -> Option<String> {
        if self.only.is_some() || self.to.is_some() {
            return None;
        }
        if self.list.subscribers.is_none() {
            return Some(USUAL_LIST.to_owned());
        }
        let (list, root) = (list.canonicalize().ok()?, workspace.root.canonicalize().ok()?);
        Some(list.strip_prefix(root).unwrap_or(&list).to_string_lossy().into_owned())
    }

    /// The flags that choose a part of the list, with what they name. Whoever `--except` leaves out is
    /// not among those of whom a person has said something.
    fn chosen(&self) -> String {
        let to = self.to.as_ref().map(|to| option("--to", to.as_str()));
        let only = self.only.as_ref().map(|only| option("--only", only));
        let except = self.except.as_ref().map(|file| file.display().to_string());
        let except = except.map(|file| option("--except", &file));
        [only, to, except].into_iter().flatten().collect()
    }

    /// See [`SettleCommands`]; `issue` is the name that the ledger knows.
    fn settle_commands(&self, issue: &str) -> SettleCommands {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let with = |flag: &str, value: Option<&str>| {
            value.map_or(String::new(), |value| option(flag, value))
        };
        let store = with("--store", self.store.as_deref());
        let (list, caught) = (path(&self.list.subscribers), path(&self.relay.catch));
        let encoding = self.list.encoding.as_ref().and_then(|read| read.encoding);
        let encoding = encoding.map(|one| one.name());
        let mut checks =
            if self.skip_invalid { " --skip-invalid".to_owned() } else { String::new() };
        let except = path(&self.except);
        checks.push_str(&with("--except", except.as_deref()));
        checks.extend(self.list.consent_column.iter().map(|said| {
            let words = Meaning::WORDS.iter().find(|(_, meaning)| *meaning == said.meaning);
            let word = words.map_or("", |(word, _)| word);
            with("--consent-column", Some(&format!("{}={word}", said.name)))
        }));
        checks.extend(self.allow.iter().map(|rule| with("--allow", Some(rule))));
        let all = format!(
            "digest send {}{}{}{checks}{}{}{store}",
            quoted(&self.issue),
            with("--subscribers", list.as_deref()),
            with("--encoding", encoding),
            with("--relay", self.relay.relay.as_deref()),
            with("--catch", caught.as_deref()),
        );
        let part = self.chosen();
        SettleCommands {
            reconcile: format!("digest reconcile {}{store} --maillog FILE", quoted(issue)),
            resend: format!("{all}{part} --uncertain resend"),
            resend_all: format!("{all} --uncertain resend"),
        }
    }
}

/// Who `--only` means.
pub(crate) fn chosen(text: &str, workspace: &Workspace) -> Result<Only, Failure> {
    let read = Only::read(text, workspace.config.publication.names());
    read.map_err(|error| {
        Failure::usage(format!("--only: {error}")).help(
            "write tag:member, language=ko, points>=10, joined>2025-01-31, topic:NAME, got:ISSUE or \
             segment:NAME, with and, or, not, ( )",
        )
    })
}

/// Who must not be mailed, whatever the list says.
fn exceptions(file: &Path, list: &ReadOptions) -> Result<Exceptions, Failure> {
    let shown = load::path_from_here(file);
    let list = ReadOptions { is_foreign: is_foreign(file), ..list.clone() };
    Exceptions::read("--except", file, &shown, &list).map_err(|problems| {
        print::problems(&problems);
        Failure::checks(format!(
            "--except: {} cannot be read to its last row; nothing was sent",
            shown.display()
        ))
        .help("correct what is named above: an address there may be that of somebody who said no")
    })
}

/// The folders of issues that are there; `None` where nobody can tell.
fn folders(workspace: &Workspace) -> Option<Vec<PathBuf>> {
    let names = load::names(&workspace.config.publication).ok()?;
    let issues = workspace.root.join("issues");
    Some(names.iter().map(|name| issues.join(name)).collect())
}

/// The ledger.
fn store_address(
    workspace: &Workspace,
    named: Option<&str>,
    relay: &RelayChoice,
) -> Result<StoreAddress, Failure> {
    match (named, relay.rehearsal()) {
        (Some(url), _) => workspace.named_store(url),
        (None, Some(folder)) => Ok(rehearsal(folder, workspace)?.into()),
        (None, None) => Ok(workspace.ledger_place()?),
    }
}

/// The publication's own store, where another one is sent from: who said no there has said it to this
/// send too.
fn suppressed_beside(
    workspace: &Workspace,
    ledger: &StoreAddress,
) -> Result<Option<StoreAddress>, Failure> {
    let own = workspace.ledger_place()?;
    Ok((own.is_there() && !own.is_same(ledger)).then_some(own))
}

/// A rehearsal never counts as a send: its ledger lives with what it caught, has a name of its own,
/// and is never the publication's.
fn rehearsal(folder: &Path, workspace: &Workspace) -> Result<PathBuf, Failure> {
    let path = folder.join(store::REHEARSAL);
    // A store of another kind is no file, and told where it is used.
    if workspace.ledger_place().is_ok_and(|real| real.is_same(&StoreAddress::from(&path))) {
        return Err(Failure::usage(format!(
            "--catch {}: {} is the publication's own ledger, and a rehearsal may not write to it",
            folder.display(),
            path.display()
        ))
        .help("name another folder, such as --catch out"));
    }
    let older = folder.join("digest.db");
    if older.exists() && !path.exists() {
        print::note(&format!(
            "this rehearsal starts again in {}; {} is not touched: it may be a real ledger, or the \
             one of a rehearsal by version 0.1.0",
            path.display(),
            older.display()
        ));
    }
    Ok(path)
}
