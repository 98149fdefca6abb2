//! The first stages: what is known before anything is sent. The issue, the list and the ledger are
//! read and compared.
//!
//! Must never change a file that is there, and must make none before the lock is taken.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::content::{Content, Files};
use super::erratum::SentErratum;
use super::locked::Locked;
use super::plan::{PartCounts, Plan};
use super::renamed::{self, Beside, Folders, Lookalikes, Renamed};
use super::replaced::{self, Replaced};
use super::{ListFault, SendError, SendOptions};
use crate::check::{self, Lacking};
use crate::delivery::id::RunId;
use crate::delivery::intake::{self, Choice, Intake, IntakeError};
use crate::delivery::ledger::bounces::IssueComplaints;
use crate::delivery::ledger::copies::OneRow;
use crate::delivery::ledger::origin::{LastReaders, RunOrigin};
use crate::delivery::ledger::secret_keys::SentKeys;
use crate::delivery::ledger::staging::Standing;
use crate::delivery::ledger::undecided::{self, UndecidedReport};
use crate::delivery::ledger::wishes::Reopened;
use crate::delivery::ledger::{self, Ledger, overview};
use crate::delivery::receipt::{self, AlreadySent, KnownSends, OtherIssue, StandingReceipt};
use crate::delivery::recovery::{self, Look};
use crate::delivery::source;
use crate::diagnostic::Diagnostic;
use crate::issue::only::Only;
use crate::message::splice::Identity;
use crate::message::token::KeyFingerprint;
use crate::store::home::Moved;
use crate::store::{Quiet, Store, StoreAddress};

/// Domains that a plan counts by name.
const DOMAINS: i64 = 10;

/// What was read. Nothing is judged yet.
#[derive(Debug)]
pub struct Survey {
    pub(super) options: SendOptions,
    pub(super) content: Content,
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    intake: Intake,
    erratum: Option<SentErratum>,
    compared: Mutex<Option<ComparedSends>>,
    /// The list's identifier, and the keys that messages are made with.
    pub(super) signed_with: (String, Vec<KeyFingerprint>),
}

/// What an issue was compared with, and what was found: each text that was ever sent is read for it.
#[derive(Debug)]
struct ComparedSends {
    known: KnownSends,
    receipts: Vec<StandingReceipt>,
    found: Lookalikes,
}

/// The people of the plan, as far as the rules need to know them.
#[derive(Debug)]
pub struct PlannedReaders {
    people: u64,
    lacking: BTreeMap<String, Lacking>,
}

impl PlannedReaders {
    /// How many.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// Those without a value, for each field that the rules ask about.
    pub fn lacking(&self) -> &BTreeMap<String, Lacking> {
        &self.lacking
    }
}

/// A survey that nothing stands against.
#[derive(Debug)]
pub struct Ready {
    survey: Survey,
}

impl Survey {
    /// Reads all. Without a ledger it asks one that is nowhere.
    ///
    /// # Errors
    /// The ledger or the list cannot be read; or the files have errors and nothing was planned.
    pub async fn take(mut options: SendOptions, files: Files) -> Result<Survey, SendError> {
        let address = &options.ledger;
        let store = if address.is_there() {
            Store::read(address, &ledger::STEPS).await?
        } else {
            Store::nowhere(address, &ledger::STEPS).await?
        };
        let ledger = Ledger::new(store.clone(), &options.issue);
        if let Some(error) = of_another(&ledger, &options).await? {
            return Err(error);
        }
        let revisions = ledger.revisions().await?;
        let had = recovery::may_be_had(&ledger, &options.boot, &(options.clock)()).await?;
        let content = Content::choose(&options, files, revisions, had)?;
        content.is_expected(options.expect.as_ref(), &[])?;
        let erratum = SentErratum::found(&ledger, options.suppressed_in.as_ref()).await?;
        match content.issue().and_then(|issue| issue.corrects.clone()) {
            _ if erratum.is_some() => options.origin.list = None,
            Some(corrected) => return Err(SendError::NoCorrection(corrected)),
            None => {}
        }
        let intake = stage(&ledger, &options, &content, erratum.as_ref()).await?;
        let (compared, signed_with) = (Mutex::default(), Default::default());
        Ok(Survey { options, content, store, ledger, intake, erratum, compared, signed_with })
    }

    /// What recipients get.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What was found in the list.
    pub fn list(&self) -> &Intake {
        &self.intake
    }

    /// The people of the plan, if the list can be used.
    ///
    /// # Errors
    /// It is not known who of it may be mailed, or it has rows that cannot be used, or holds nobody who is meant.
    pub async fn readers(&self) -> Result<PlannedReaders, SendError> {
        let intake = &self.intake;
        if intake.unclear > 0 {
            return Err(self.faulty(ListFault::Unclear(intake.unclear)));
        }
        if intake.rejected > 0 && !self.options.skip_invalid {
            return Err(self.faulty(ListFault::Rejected(intake.rejected)));
        }
        if let Some(field) = intake.unknown_fields.first() {
            let (field, columns) = (field.clone(), intake.columns.clone());
            return Err(self.faulty(ListFault::UnknownField { field, columns }));
        }
        let (people, outside) = self.ledger.planned_counts().await?;
        if let (0, Some(to)) = (people, &self.options.to) {
            let address = to.address.clone();
            if let Some(now) = self.ledger.moved_to(&address).await? {
                return Err(self.faulty(ListFault::Moved { address, now }));
            }
            return Err(self.faulty(match self.ledger.standing(&address).await? {
                Standing::Left(reason) => ListFault::Left { address, reason },
                Standing::Kept(_) | Standing::Absent => {
                    let meant = self.ledger.written_like(&address).await?;
                    ListFault::NotInList { address, meant }
                }
            }));
        }
        if people == 0 && intake.unserved > 0 {
            return Err(self.faulty(ListFault::NoSection(intake.unserved)));
        }
        if people == 0 {
            let others = self.options.only.is_some() && outside > 0;
            return Err(self.faulty(ListFault::Nobody { others }));
        }
        let asked = check::asked(self.content.composition(), &intake.columns);
        let lacking = self.ledger.lacking(&asked.iter().map(String::as_str).collect()).await?;
        Ok(PlannedReaders { people, lacking })
    }

    fn faulty(&self, fault: ListFault) -> SendError {
        SendError::List(self.options.list.clone(), fault)
    }

    /// Goes on if the rules found no error. `problems` is what they say of the issue and of
    /// `readers`.
    ///
    /// # Errors
    /// [`SendError::Checks`], or [`SendError::Broken`] where it is about the files.
    pub fn passed(
        self,
        _readers: PlannedReaders,
        problems: &[Diagnostic],
    ) -> Result<Ready, SendError> {
        let mut errors = problems.iter().filter(|problem| problem.is_error()).peekable();
        if errors.peek().is_some() {
            let readers_alone = errors.all(check::is_about_readers);
            return Err(if readers_alone { SendError::Checks } else { SendError::Broken });
        }
        Ok(Ready { survey: self })
    }

    /// Reads the list again, as it and the files of exceptions are `now`. Whom `run` was not for is
    /// not asked for; returns how many came in so.
    pub(super) async fn read_again(
        &mut self,
        now: SendOptions,
        run: RunId,
    ) -> Result<u64, SendError> {
        let list = now.origin.list.clone().filter(|_| self.erratum.is_none());
        self.options = SendOptions { origin: RunOrigin { list, ..now.origin.clone() }, ..now };
        let erratum = self.erratum.as_ref();
        self.intake = stage(&self.ledger, &self.options, &self.content, erratum).await?;
        Ok(self.ledger.leave_newcomers(run).await?)
    }

    /// What the ledger and its journal know of the issue's sends, to compare it with the receipt.
    pub(super) async fn known_sends(&self) -> Result<KnownSends, SendError> {
        let (boot, now) = (&self.options.boot, (self.options.clock)());
        let known = recovery::known_sends(&self.ledger, boot, &now).await?;
        Ok(KnownSends { part: self.options.part.clone(), ..known })
    }

    /// What the issue's receipt knows and the ledger does not.
    pub(super) async fn already_sent(&self) -> Result<Option<AlreadySent>, SendError> {
        let receipt = self.options.receipt.as_ref().filter(|path| receipt::may_stand(path));
        let Some(receipt) = receipt else { return Ok(None) };
        let zone = self.options.begin.time_zone();
        Ok(AlreadySent::found(receipt, &self.known_sends().await?, zone))
    }

    /// What the ledger and the receipts know of the issue under another name. Where nothing was sent
    /// since they were asked, and no receipt is another one, they are not asked again.
    pub(super) async fn lookalikes(&self) -> Result<Lookalikes, SendError> {
        let now = (self.options.clock)();
        let Some(beside) = self.beside(&now) else { return Ok(Lookalikes::default()) };
        let known = self.ledger.known_sends().await?;
        let is_same = |one: &&ComparedSends| one.known == known && one.receipts == beside.receipts;
        if let Some(compared) = self.compared().as_ref().filter(is_same) {
            return Ok(compared.found.clone());
        }
        let found = renamed::lookalikes(&self.ledger, &self.content, &beside).await?;
        let (receipts, found_now) = (beside.receipts, found.clone());
        *self.compared() = Some(ComparedSends { known, receipts, found });
        Ok(found_now)
    }

    fn compared(&self) -> MutexGuard<'_, Option<ComparedSends>> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The issue that is in the folder in the place of the one that was sent.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn replaced(&self) -> Result<Option<Replaced>, SendError> {
        let Some(folders) = self.options.folders.as_deref() else { return Ok(None) };
        let (boot, now) = (&self.options.boot, (self.options.clock)());
        replaced::replaced(&self.ledger, &self.content, &Folders(folders), (boot, &now)).await
    }

    /// Of which receipts a person says that they are of other issues, who is asked about all of them.
    pub(super) async fn of_other_issues(&self) -> Result<Vec<OtherIssue>, SendError> {
        let now = (self.options.clock)();
        match self.beside(&now) {
            Some(beside) => renamed::of_other_issues(&self.ledger, &beside).await,
            None => Ok(Vec::new()),
        }
    }

    /// What the issue is compared with; nothing in a rehearsal.
    fn beside<'a>(&'a self, at: &'a str) -> Option<Beside<'a>> {
        let (folders, receipts) = self.standing()?;
        let SendOptions { part, boot, .. } = &self.options;
        Some(Beside { folders, receipts, part, boot, at })
    }

    /// The standing receipts, and the folders of issues that are there; nothing in a rehearsal.
    fn standing(&self) -> Option<(&[PathBuf], Vec<StandingReceipt>)> {
        let root = self.options.receipt.as_deref().and_then(|path| path.parent()?.parent());
        let folders = self.options.folders.as_deref()?;
        Some((folders, root.map(receipt::standing).unwrap_or_default()))
    }

    /// Who would get the issue, and what the ledger has of the one person whom the send is for.
    /// Nobody may get another text than the one that was approved.
    pub(super) async fn plan(
        &self,
        reopened: Reopened,
    ) -> Result<(Plan, Option<OneRow>), SendError> {
        let census = self.ledger.census(reopened, DOMAINS).await?;
        let plan = Plan::new(&self.intake, census, reopened);
        let plan = Plan { corrects: self.erratum.is_some(), ..plan };
        let Some(to) = &self.options.to else {
            self.is_expected(reopened, None).await?;
            return Ok((plan, None));
        };
        let one = self.ledger.one_person(&to.address).await?;
        let copied = one.as_ref().filter(|one| to.wants_copy(one));
        self.is_expected(reopened, copied).await?;
        let plan = if copied.is_some() { plan.with_copy(to.address.domain()) } else { plan };
        Ok((plan, one))
    }

    /// Whether what was approved is all that somebody would get; `copied` gets a further copy.
    async fn is_expected(
        &self,
        reopened: Reopened,
        copied: Option<&OneRow>,
    ) -> Result<(), SendError> {
        let Some(expected) = &self.options.expect else { return Ok(()) };
        // As long as nobody can have the issue, nobody keeps an earlier text.
        let mut kept = Vec::new();
        if !self.content.is_unsent() {
            kept = self.ledger.kept_revisions(reopened).await?;
        }
        kept.extend(copied.and_then(|one| one.revision));
        self.content.is_expected(Some(expected), &kept)
    }
}

impl Ready {
    /// Who gets the issue, as the ledger is now. Those who are `reopened` are sent to again.
    ///
    /// # Errors
    /// Somebody would get another text than the one that was approved; or the ledger's.
    pub async fn plan(&self, reopened: Reopened) -> Result<Plan, SendError> {
        self.survey.plan(reopened).await.map(|(plan, _)| plan)
    }

    /// How many people get which parts of the issue, where not everybody gets all of it.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn parts(&self) -> Result<PartCounts, SendError> {
        let people = self.survey.ledger.part_counts().await?;
        Ok(self.survey.intake.parts.counts(&people))
    }

    /// Whether a send of the issue was begun and only goes on: somebody waits of an earlier plan, or
    /// nobody is left to send to.
    ///
    /// # Errors
    /// As those of [`Ready::plan`].
    pub async fn goes_on(&self, reopened: Reopened) -> Result<bool, SendError> {
        let plan = self.plan(reopened).await?;
        Ok(plan.waiting > 0 || plan.to_send == 0)
    }

    /// Lets a dry run see the ledger as it will be when what a dead sender left has been settled;
    /// see [`recovery::look`].
    ///
    /// # Errors
    /// The ledger's.
    pub async fn look(&self) -> Result<Look, SendError> {
        let Survey { ledger, options, .. } = &self.survey;
        Ok(recovery::look(ledger, &options.boot, &(options.clock)()).await?)
    }

    /// Who gets the issue once what a dead sender left has been settled: as [`Ready::plan`] says under the
    /// lock.
    ///
    /// # Errors
    /// As those of [`Ready::plan`].
    pub async fn plan_ahead(&self, reopened: Reopened) -> Result<Plan, SendError> {
        self.look().await?;
        let plan = self.plan(reopened).await;
        recovery::look_away(&self.survey.ledger).await?;
        plan
    }

    /// What recipients get.
    pub fn content(&self) -> &Content {
        &self.survey.content
    }

    /// What was found in the list.
    pub fn list(&self) -> &Intake {
        &self.survey.intake
    }

    /// What the issue's receipt knows and the ledger does not: a person has to say whether the issue
    /// is to be sent all the same.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn already_sent(&self) -> Result<Option<AlreadySent>, SendError> {
        self.survey.already_sent().await
    }

    /// The issue that this one was before its folder was renamed, as it seems: a person has to say
    /// whether it is another one.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn renamed(&self) -> Result<Option<Renamed>, SendError> {
        Ok(self.survey.lookalikes().await?.first)
    }

    /// The issue that is in the folder, where another one was sent under its name: nobody would get
    /// it, and a person has to say whether the one that was sent is to go on.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn replaced(&self) -> Result<Option<Replaced>, SendError> {
        self.survey.replaced().await
    }

    /// How many issues were sent by their receipts, and none by the word of this ledger. Then this
    /// issue may have been sent too, by the ledger that is not here, and only its receipt is missing.
    ///
    /// # Errors
    /// The store's.
    pub async fn sent_elsewhere(&self) -> Result<u64, SendError> {
        let Survey { options, store, content, .. } = &self.survey;
        let is_begun = options.receipt.as_deref().is_none_or(receipt::may_stand);
        if is_begun || content.unsent().is_none() || self.has_reached_somebody().await? {
            return Ok(0);
        }
        let own = Ledger::new(store.clone(), &options.issue).known_sends().await?.ledger;
        let (_, receipts) = self.survey.standing().unwrap_or_default();
        let is_others = |one: &receipt::Receipt| {
            one.reached() > 0 && one.ledger.as_ref().is_none_or(|ledger| *ledger != own)
        };
        let sent = receipts
            .iter()
            .filter(|one| one.receipt().is_some_and(|receipt| receipt.words().any(is_others)));
        Ok(sent.count() as u64)
    }

    /// The time of the ledger's last entry, of whatever issue, by the clock that its run had.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_entry(&self) -> Result<Option<Timestamp>, SendError> {
        Ok(self.survey.ledger.last_entry().await?)
    }

    /// What shows that the ledger has sent from elsewhere: another copy of it may have sent since.
    ///
    /// # Errors
    /// The store's.
    pub async fn moved(&self) -> Result<Option<Moved>, SendError> {
        let Survey { ledger, options, .. } = &self.survey;
        let Some(moved) = ledger.moved().await? else { return Ok(None) };
        // A journal that is not of this ledger says more, and stops the send under the lock.
        let is_whole = recovery::plan(ledger, &options.boot, &(options.clock)()).await.is_ok();
        Ok(Some(moved).filter(|_| is_whole))
    }

    /// Who of the last complete issue that went to this list is not in it; nothing where the list is not
    /// meant as a whole, or this issue went to a list before.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_readers(&self) -> Result<Option<LastReaders>, SendError> {
        let Survey { ledger, options, .. } = &self.survey;
        let Some(list) = &options.origin.list else { return Ok(None) };
        Ok(ledger.last_readers(list).await?)
    }

    /// The complaints about the last issue that somebody got, if there are any.
    ///
    /// # Errors
    /// The store's.
    pub async fn complaints(&self) -> Result<Option<IssueComplaints>, SendError> {
        Ok(self.survey.ledger.last_complaints().await?)
    }

    /// What a person has to decide about, such as wishes to leave without a token.
    ///
    /// # Errors
    /// The store's.
    pub async fn undecided(&self) -> Result<Vec<UndecidedReport>, SendError> {
        Ok(undecided::all(&self.survey.store, None).await?)
    }

    /// When the issue was completed, where nobody waits for it in the ledger and somebody has it.
    ///
    /// # Errors
    /// The store's.
    pub async fn completed_at(&self) -> Result<Option<Timestamp>, SendError> {
        let ledger = &self.survey.ledger;
        let counts = ledger.counts().await?;
        if counts.accepted == 0 || counts.pending + counts.deferred > 0 {
            return Ok(None);
        }
        Ok(ledger.times().await?.map(|times| times.last))
    }

    /// Whether nobody can have another `issue` by this ledger.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_unsent(&self, issue: &str) -> Result<bool, SendError> {
        let Survey { store, options, .. } = &self.survey;
        let other = Ledger::new(store.clone(), issue);
        Ok(!recovery::may_be_had(&other, &options.boot, &(options.clock)()).await?)
    }

    /// Whether there was a ledger when the survey was taken.
    pub fn has_ledger(&self) -> bool {
        !self.survey.store.is_nowhere()
    }

    /// Where the ledger is, or would be.
    pub fn ledger(&self) -> &StoreAddress {
        self.survey.store.address()
    }

    /// Whether somebody may have mail of any issue in the ledger.
    ///
    /// # Errors
    /// The store's.
    pub async fn has_reached_somebody(&self) -> Result<bool, SendError> {
        Ok(overview::has_reached_somebody(&self.survey.store).await?)
    }

    /// The keys that mail of the publication with this `list_id` was sent with from this ledger.
    ///
    /// # Errors
    /// The store's.
    pub async fn sent_keys(&self, list_id: &str) -> Result<SentKeys, SendError> {
        Ok(self.survey.ledger.sent_keys(list_id).await?)
    }

    /// Whether somebody sends now, or has made the ledger since the survey found none: the lock tells
    /// more.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_overtaken(&self) -> Result<bool, SendError> {
        let store = &self.survey.store;
        let is_made = store.is_nowhere() && store.address().is_there();
        Ok(is_made || matches!(store.quiet().await?, Quiet::Sending(_)))
    }

    /// Whether the ledger may be made where there is none: what a lost one has left beside it says
    /// more than a receipt does.
    ///
    /// # Errors
    /// The store's.
    pub fn may_be_made(&self) -> Result<(), SendError> {
        Ok(Store::belongs_here(self.survey.store.address())?)
    }

    /// Puts the pictures that would be fetched from under `base_url` into the messages: for a
    /// rehearsal, before they are published.
    pub fn put_pictures_inside(&mut self, base_url: &str) {
        self.survey.content.put_pictures_inside(base_url);
    }

    /// Ends here: nothing is sent.
    pub async fn close(self) {
        self.survey.store.close().await;
    }

    /// Takes the right to send, then reads again what may have changed meanwhile, then settles what
    /// a dead sender left. The ledger is made if there is none. `identity` is who the publication is
    /// in mail, and `who` what another sender is told of this one.
    ///
    /// # Errors
    /// Somebody else sends, or has planned the issue since the survey; or the ledger's.
    pub async fn lock(self, identity: &Identity, who: &str) -> Result<Locked, SendError> {
        let templates = Arc::new(self.survey.content.templates(identity)?);
        let Survey { options, content, store, intake, erratum, compared, .. } = self.survey;
        let store = store.settle(&ledger::STEPS).await?;
        let ledger = Ledger::new(store.clone(), &options.issue);
        let signed_with = (identity.list_id.clone(), identity.keys.fingerprints());
        let survey =
            Survey { options, content, store, ledger, intake, erratum, compared, signed_with };
        Locked::take(survey, templates, who).await
    }
}

/// Whether the issue of this name is another publication's; in a rehearsal it does not matter.
async fn of_another(
    ledger: &Ledger,
    options: &SendOptions,
) -> Result<Option<SendError>, SendError> {
    let now = &options.origin.publication;
    let sent = ledger.publications().await?;
    // Where one of several changes was made after the other, an earlier run has what did not change.
    let is_another = sent.iter().all(|before| now.is_another_than(before));
    let before = sent.into_iter().next().filter(|_| is_another && options.receipt.is_some());
    Ok(before.map(|before| SendError::OtherPublication {
        issue: options.issue.clone(),
        before: Box::new(before),
        now: Box::new(now.clone()),
    }))
}

async fn stage(
    ledger: &Ledger,
    options: &SendOptions,
    content: &Content,
    erratum: Option<&SentErratum>,
) -> Result<Intake, SendError> {
    let sent_to = content.composition().sent_to.as_deref().map(Only::of_passage);
    let one = options.to.as_ref().map(|to| Only::person(to.address.identity()));
    let only = one.or_else(|| options.only.clone());
    let SendOptions { list, list_in_store, read, .. } = options;
    let staged = match source::open(ledger, list, list_in_store.as_ref(), read).await {
        Ok(rows) => {
            let choice = Choice {
                only: only.as_ref(),
                sent_to: sent_to.as_ref(),
                except: options.except.as_ref(),
                suppressed_in: options.suppressed_in.as_ref(),
                forgetting: Some(&options.forgetting),
                composition: Some(content.composition()),
            };
            intake::stage(ledger, rows, choice).await
        }
        Err(error) => Err(error),
    };
    let intake = staged.map_err(|error| match error {
        IntakeError::List(problem) => {
            SendError::List(options.list.clone(), ListFault::Unreadable(problem))
        }
        IntakeError::Store(error) => SendError::Store(error),
        IntakeError::Forgotten(error) => SendError::Forgotten(error),
        IntakeError::UnknownIssue { issue, meant } => {
            SendError::List(options.list.clone(), ListFault::UnknownIssue { issue, meant })
        }
    })?;
    if let Some(erratum) = erratum {
        erratum.choose(ledger).await?;
    }
    Ok(intake)
}
