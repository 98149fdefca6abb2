//! The publication that a command works on, and its issues as far as they can be composed.
//!
//! Every verb that touches an issue comes through here, so that preview, render, test and send
//! start from the same composition. Must never change a file, the cache of prepared pictures aside.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sejong_digest::audience::suppression;
use sejong_digest::check::allow::AllowedRules;
use sejong_digest::compose::{self, Composition};
use sejong_digest::config::{self, Config, Secret};
use sejong_digest::delivery::ledger::origin::SendingPublication;
use sejong_digest::delivery::ledger::secret_keys::SentKeys;
use sejong_digest::delivery::ledger::{Ledger, STEPS, overview};
use sejong_digest::delivery::receipt::{self, ReceiptFound};
use sejong_digest::diagnostic::{Diagnostic, render};
use sejong_digest::files;
use sejong_digest::issue::{Issue, load};
use sejong_digest::message::dkim::Signer;
use sejong_digest::message::splice::Identity;
use sejong_digest::store::{Store, StoreAddress, StoreError};

use super::failure::Failure;
use super::files::{describe, describe_store};
use super::{Global, pictures, print, receipts};

/// A publication, open for work.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder with `digest.toml`.
    pub(crate) root: PathBuf,
    /// The process's environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What `digest.toml` and the environment say.
    pub(crate) config: Config,
    /// Whether the command may be run on a `digest.toml` of strangers: then no store is asked but a file
    /// inside the publication.
    pub(crate) is_of_strangers: bool,
}

/// An issue as far as it can be read and composed.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// What to do instead, where the folder does not exist.
    pub(crate) missing: Option<String>,
    /// `None` when `issue.toml` cannot be read.
    pub(crate) issue: Option<Issue>,
    /// `None` when there is no issue, or its style sheet cannot be used.
    pub(crate) composition: Option<Composition>,
    /// Everything that is wrong with it and not allowed.
    pub(crate) problems: Vec<Diagnostic>,
    /// What `issue.toml` allows.
    pub(crate) allowed: AllowedRules,
}

/// The folder of the publication: the one that was named, or the nearest one upwards.
pub(crate) fn root(global: &Global) -> Result<PathBuf, Failure> {
    let help = "make a publication here with `digest init`, or name one with --publication DIR";
    match &global.publication {
        Some(folder) if files::is_there(&folder.join("digest.toml")) => Ok(folder.clone()),
        Some(folder) => {
            Err(Failure::new(format!("there is no digest.toml in {}", folder.display())).help(help))
        }
        None => {
            let here = std::env::current_dir()?;
            config::find_root(&here).ok_or_else(|| {
                Failure::new("there is no digest.toml in this folder or above it").help(help)
            })
        }
    }
}

/// The process's environment. Variables that are not Unicode are none of ours, but must not stop
/// the program as `std::env::vars` would.
pub(crate) fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
        .collect()
}

impl Workspace {
    /// Opens the publication; `Err` inside are the problems of `digest.toml`, not yet shown.
    pub(crate) fn try_open(global: &Global) -> Result<Result<Workspace, Vec<Diagnostic>>, Failure> {
        let root = root(global)?;
        let environment = environment();
        let read = config::read(&root, &environment);
        Ok(read.map(|config| Workspace { root, environment, config, is_of_strangers: false }))
    }

    /// The same for a command that is promised to be harmless whoever wrote `digest.toml`.
    pub(crate) fn of_strangers(self) -> Workspace {
        Workspace { is_of_strangers: true, ..self }
    }

    /// Opens the publication, or shows what is wrong with `digest.toml`.
    pub(crate) fn open(global: &Global) -> Result<Workspace, Failure> {
        Workspace::try_open(global)?.map_err(|problems| {
            print::problems(&problems);
            Failure::checks("the publication's digest.toml has errors")
        })
    }

    /// Reads and composes the issue that `name` means: a folder under `issues/`, or a path.
    pub(crate) fn draft(&self, name: &str) -> Draft {
        let folder = load::folder(&self.config.publication, name);
        let load::Loaded { mut issue, mut problems } =
            load::load(&self.config.publication, &folder);
        let mut composition = None;
        if let Some(issue) = &mut issue {
            problems.extend(pictures::prepare(issue, &self.root, &self.environment));
            let theme = &self.config.theme;
            let (composed, found) = compose::compose(&self.config.publication, issue, theme);
            composition = composed;
            problems.extend(found);
        }
        let mut allowed = issue.as_ref().map(AllowedRules::of_issue).unwrap_or_default();
        let mut problems = allowed.remaining(problems);
        problems.extend(allowed.refused());
        let publication = &self.config.publication;
        let missing = (!folder.is_dir()).then(|| load::instead(publication, &folder));
        Draft { folder, missing, issue, composition, problems, allowed }
    }

    /// Whether the issue that `given` means has a folder.
    pub(crate) fn has_issue(&self, given: &str) -> Result<(), Failure> {
        let publication = &self.config.publication;
        let folder = load::folder(publication, given);
        if folder.is_dir() {
            return Ok(());
        }
        Err(no_such_issue(&folder, &load::instead(publication, &folder)))
    }

    /// The folders of all issues.
    pub(crate) fn issue_folders(&self) -> Vec<PathBuf> {
        let issues = self.root.join("issues");
        let names = load::names(&self.config.publication).unwrap_or_default();
        names.into_iter().map(|name| issues.join(name)).collect()
    }

    /// The name by which the ledger knows the issue that `given` means; see [`load::name_of`].
    pub(crate) fn issue_name(&self, given: &str) -> Result<String, Failure> {
        let publication = &self.config.publication;
        load::name_of(publication, &load::folder(publication, given)).map_err(|problem| {
            let failure = Failure::checks(problem.message);
            match problem.help {
                Some(help) => failure.help(help),
                None => failure,
            }
        })
    }

    /// The same of an issue that a ledger with these issues may know: one that an earlier version has
    /// sent under another name is named by that.
    pub(crate) fn known_name(&self, given: &str, known: &[String]) -> String {
        let name = self.issue_name(given).ok();
        name.filter(|name| known.contains(name) || !known.iter().any(|one| one == given))
            .unwrap_or_else(|| given.to_owned())
    }

    /// The files that decide what an issue looks like, and the SHA-256 of each.
    pub(crate) fn files(&self, issue: &Issue) -> BTreeMap<String, String> {
        let mut files = issue.files();
        if let Ok(text) = load::read_text(&self.root, &self.root.join("digest.toml")) {
            let bytes = text.text().as_bytes();
            let hash = sejong_digest::crypto::sha256([bytes]);
            let digits = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            files.insert("digest.toml".to_owned(), digits);
        }
        files
    }

    /// The publication's own ledger, whether it is there or not.
    pub(crate) fn ledger_place(&self) -> Result<StoreAddress, StoreError> {
        let url = self.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
        self.store_at(url, &self.root)
    }

    /// The store that `digest.toml` names where a command on a stranger's publication must not open it:
    /// one on a server, or a file outside. Its password is not looked for.
    pub(crate) fn store_left_out(&self) -> Result<Option<StoreAddress>, StoreError> {
        if !self.is_of_strangers {
            return Ok(None);
        }
        let Some(url) = self.config.store_url.as_deref() else {
            let usual = StoreAddress::File(self.root.join("digest.db"));
            return Ok(Some(usual).filter(|usual| !usual.is_inside(&self.root)));
        };
        let address = StoreAddress::parse(url, &self.root, &self.root, &[])?;
        Ok(Some(address).filter(|address| !address.is_inside(&self.root)))
    }

    /// The store that somebody names on the command line: a file from the folder they are in.
    pub(crate) fn named_store(&self, url: &str) -> Result<StoreAddress, Failure> {
        Ok(self.store_at(url, &std::env::current_dir()?)?)
    }

    fn store_at(&self, url: &str, base: &Path) -> Result<StoreAddress, StoreError> {
        let state = self.root.join(".digest").join("ledger");
        StoreAddress::parse(url, base, &state, &self.environment)
    }

    /// The publication's own secret, which is made if missing.
    pub(crate) fn secret(&self) -> Result<Secret, Failure> {
        Ok(config::secret(&self.root, &self.environment)?)
    }

    /// The secret for a message that is only looked at or tried. None is made where it was lost: the
    /// next send has to notice that.
    pub(crate) async fn trial_secret(&self) -> Result<Secret, Failure> {
        let ledger = match self.store_left_out() {
            Ok(None) => self.ledger_place().ok(),
            _ => None,
        };
        let Some(lost) = LostSecret::of(self, ledger).await? else {
            return self.secret();
        };
        print::note(&format!("{lost}; the unsubscribe links here are not real"));
        Ok(Secret::for_nobody())
    }

    /// Who the publication is in mail, with the keys of `secret` and with those who sign.
    pub(crate) fn identity(&self, secret: &Secret, signers: Vec<Signer>) -> Identity {
        Identity { signers, ..self.config.sender.identity(secret) }
    }

    /// What the ledger knows the publication by.
    pub(crate) fn sending_publication(&self) -> SendingPublication {
        let sender = &self.config.sender;
        SendingPublication {
            name: self.config.publication.name.clone(),
            from: sender.from().address.to_string(),
            list_id: sender.list_id().map(str::to_owned),
        }
    }

    /// Those who sign. Problems with a key are shown, and end it here: before the first message.
    pub(crate) fn signers(&self) -> Result<Vec<Signer>, Failure> {
        let Some(dkim) = &self.config.dkim else { return Ok(Vec::new()) };
        if let Some(warning) = dkim.warning() {
            print::problems(std::slice::from_ref(warning));
        }
        dkim.signers().map_err(|problems| {
            print::problems(&problems);
            Failure::checks("messages cannot be signed as digest.toml says")
        })
    }
}

/// The publication has sent before, as it seems, and its secret is not here, or not all of it: a clone,
/// a folder that was moved without its hidden files, or an old copy of the secret.
#[derive(Debug)]
pub(crate) struct LostSecret {
    /// Where it would be made, or is.
    place: PathBuf,
    lost: LostPart,
    shown_by: ShownBy,
}

/// What of a secret is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LostPart {
    All,
    /// There is no key of this number.
    Key(u8),
    /// The key of this number is another one.
    Other(u8),
}

/// What shows an earlier send.
#[derive(Debug)]
pub(crate) enum ShownBy {
    /// A ledger with outcomes.
    Ledger(StoreAddress),
    /// A store of which somebody was forgotten.
    Forgotten(StoreAddress),
    /// What lies where receipts are, whoever put it there.
    Receipt(PathBuf, ReceiptFound),
}

impl LostSecret {
    /// Looks for what an earlier send has left: a `ledger` with outcomes, and receipts. It must not
    /// be open in this process already: a second opening that ends takes the first one's locks. Who
    /// has it open calls [`LostSecret::shown`].
    pub(crate) async fn of(
        workspace: &Workspace,
        ledger: Option<StoreAddress>,
    ) -> Result<Option<LostSecret>, Failure> {
        LostSecret::shown(workspace, async || {
            let Some(ledger) = ledger.filter(StoreAddress::is_there) else { return Ok(None) };
            let store = Store::read(&ledger, &STEPS).await?;
            let reached = overview::has_reached_somebody(&store).await;
            // Mails to who subscribes are in no row of an issue.
            let list_id = workspace.config.sender.list_id_in_mail();
            let keys = Ledger::new(store.clone(), "").sent_keys(list_id).await;
            let forgotten = suppression::forgotten_hashes(&store).await;
            store.close().await;
            Ok(if reached? || !keys?.wanted.is_empty() {
                Some(ShownBy::Ledger(ledger))
            } else {
                (!forgotten?.is_empty()).then_some(ShownBy::Forgotten(ledger))
            })
        })
        .await
    }

    /// `ledger` is the one that shows an earlier send, if it does: it is no one's to forge, so
    /// receipts are asked only after it.
    pub(crate) async fn shown(
        workspace: &Workspace,
        ledger: impl AsyncFnOnce() -> Result<Option<ShownBy>, Failure>,
    ) -> Result<Option<LostSecret>, Failure> {
        let missing = config::missing_secret(&workspace.root, &workspace.environment)?;
        let Some(place) = missing else { return Ok(None) };
        let of_receipts = || {
            let (path, found) = receipt::of_any_send(&workspace.root)?;
            Some(ShownBy::Receipt(path, found))
        };
        let shown_by = ledger().await?.or_else(of_receipts);
        Ok(shown_by.map(|shown_by| LostSecret { place, lost: LostPart::All, shown_by }))
    }

    /// The key that mail was `sent` with, as a `ledger` says, and that the secret does not have: it was
    /// put back from an old copy, or made anew.
    pub(crate) fn in_part(
        workspace: &Workspace,
        sent: &SentKeys,
        ledger: &StoreAddress,
    ) -> Result<Option<LostSecret>, Failure> {
        let Some(secret) = config::known_secret(&workspace.root, &workspace.environment)? else {
            return Ok(None);
        };
        let here = workspace.identity(&secret, Vec::new()).keys.fingerprints();
        let Some(key) = sent.lacking_in(&here) else { return Ok(None) };
        let is_other = here.iter().any(|other| other.number == key.number);
        let lost = if is_other { LostPart::Other(key.number) } else { LostPart::Key(key.number) };
        let place = config::secret_place(&workspace.root, &workspace.environment);
        Ok(Some(LostSecret { place, lost, shown_by: ShownBy::Ledger(ledger.clone()) }))
    }

    /// What goes on without it, with `--new-secret`.
    pub(crate) fn without(&self) -> &'static str {
        match self.lost {
            LostPart::All => "--new-secret makes a new one",
            LostPart::Key(_) | LostPart::Other(_) => {
                "--new-secret goes on with the one that is here"
            }
        }
    }

    /// The same as a question.
    pub(crate) fn question(&self) -> &'static str {
        match self.lost {
            LostPart::All => "Make a new one?",
            LostPart::Key(_) | LostPart::Other(_) => "Go on without that key?",
        }
    }

    /// The file that is missing.
    pub(crate) fn file(&self) -> String {
        describe(&self.place)
    }

    /// Whether the ledger that knows of the earlier send is here.
    pub(crate) fn has_ledger(&self) -> bool {
        matches!(self.shown_by, ShownBy::Ledger(_) | ShownBy::Forgotten(_))
    }

    /// How to find out whether there was an earlier send, with a space behind it; nothing where
    /// the ledger knows.
    pub(crate) fn doubt(&self) -> String {
        match &self.shown_by {
            ShownBy::Ledger(_) | ShownBy::Forgotten(_) => String::new(),
            ShownBy::Receipt(path, found) => format!("{}. ", receipts::doubt(path, found)),
        }
    }
}

impl fmt::Display for LostSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lost {
            LostPart::All => write!(f, "{} is missing, and ", describe(&self.place))?,
            LostPart::Key(number) => {
                write!(f, "key {number} is missing in {}, and ", describe(&self.place))?;
            }
            LostPart::Other(number) => {
                write!(f, "key {number} in {} is another one, and ", describe(&self.place))?;
                let ShownBy::Ledger(ledger) = &self.shown_by else { return Ok(()) };
                return write!(f, "{} shows with which one mail was sent", describe_store(ledger));
            }
        }
        match &self.shown_by {
            ShownBy::Ledger(ledger) => {
                write!(f, "{} shows that mail was sent with it before", describe_store(ledger))
            }
            ShownBy::Forgotten(store) => write!(
                f,
                "{} shows that people were forgotten with it: nobody can tell who they were without it",
                describe_store(store)
            ),
            ShownBy::Receipt(path, ReceiptFound::Read(_)) => {
                write!(f, "{} says that mail was sent before", describe(path))
            }
            ShownBy::Receipt(path, found) => {
                let why = receipts::fault(found);
                write!(f, "mail may have been sent before: {} {why}", describe(path))
            }
        }
    }
}

fn no_such_issue(folder: &Path, help: &str) -> Failure {
    let folder = describe(folder);
    Failure::checks(format!("there is no issue {folder}: no such folder exists")).help(help)
}

impl Draft {
    /// Shows the problems on stderr, and counts them. That the issue does not exist is no problem of
    /// it: the command ends with those words.
    pub(crate) fn show(&self) {
        if self.missing.is_none() {
            print::problems(&self.problems);
        }
    }

    /// There is no such issue.
    pub(crate) fn absent(&self) -> Option<Failure> {
        self.missing.as_ref().map(|help| no_such_issue(&self.folder, help))
    }

    /// The issue and its composition, where there are both.
    pub(crate) fn as_composed(&self) -> Option<(&Issue, &Composition)> {
        self.issue.as_ref().zip(self.composition.as_ref())
    }

    /// The issue and its composition, even if they have errors.
    pub(crate) fn composed(self) -> Result<(Issue, Composition), Failure> {
        if let Some(absent) = self.absent() {
            return Err(absent);
        }
        match (self.issue, self.composition) {
            (Some(issue), Some(composition)) => Ok((issue, composition)),
            _ => Err(Failure::checks(format!("{} cannot be composed", describe(&self.folder)))),
        }
    }

    /// The issue and its composition, only if they have no errors.
    pub(crate) fn sendable(self) -> Result<(Issue, Composition), Failure> {
        if let Some(absent) = self.absent() {
            return Err(absent);
        }
        let errors: Vec<Diagnostic> =
            self.problems.iter().filter(|problem| problem.is_error()).cloned().collect();
        match render::summary(&errors) {
            None => self.composed(),
            Some(count) => Err(Failure::checks(format!("{} has {count}", describe(&self.folder)))
                .help("correct them first; `digest check` shows them again")),
        }
    }
}
